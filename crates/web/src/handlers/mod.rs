//! The pages' HTTP side: parse, let the journey step, redirect, show. No rule lives here.

mod account;
mod authorize;
mod device;
mod flow;
mod forward_auth;
mod guard;
mod language;
mod passkeys;
mod recover;
mod second_factor;
mod show;
mod sign_in;
mod undo;

use crate::assets;
use crate::pages::route;
use crate::pages::{ErrorPage, Mark, Shell, SignedIn, Way};
use crate::texts::Lang;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use flows::forward_auth as entry;
use flows::{Browser, Cookies, Journeys, Present, Reads};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A connection as people know it.
#[derive(Debug, Clone)]
pub struct Provider {
    pub id: model::ConnectionId,
    pub name: String,
    pub mark: Mark,
}

/// Finds out where a request really came from. Behind a proxy the operator names its header and address.
pub type ClientAddress = Arc<dyn Fn(&HeaderMap, IpAddr) -> IpAddr + Send + Sync>;

/// What the pages are made of.
#[derive(Clone)]
pub struct Site {
    pub journeys: Arc<Journeys>,
    pub reads: Arc<dyn Reads>,
    /// In the operator's order.
    pub providers: Arc<[Provider]>,
    /// From configuration, never from a header (T45).
    pub public_origin: Arc<str>,
    /// Cookies carry `Secure` and `__Host-`.
    pub secure: bool,
    pub client_address: ClientAddress,
    /// Where the pages of reasons are, with `{code}` in it.
    pub help_url: Option<Arc<str>>,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("public_origin", &self.public_origin).finish_non_exhaustive()
    }
}

pub(crate) type Page = Response<Body>;

/// All page routes.
pub fn router(site: Site) -> Router {
    let state = site.clone();
    Router::new()
        .route("/", get(home))
        .route(route::SIGN_IN, get(sign_in::sign_in))
        .route(route::SIGN_UP, get(sign_in::sign_up).post(sign_in::submit_sign_up))
        .route(route::START_PROVIDER, post(flow::start_provider))
        .route(route::EMAIL, post(flow::email))
        .route(route::PASSKEY, post(flow::passkey))
        .route(route::PASSWORD, post(flow::password))
        .route(route::FORGET, post(sign_in::forget))
        .route(route::CODE, post(flow::code))
        .route(route::RESEND_CODE, post(flow::resend))
        .route(route::PROVE, post(flow::prove))
        .route(route::STEP_UP, get(account::step_up).post(flow::prove))
        .route(route::CONTINUE_WITHOUT, post(flow::continue_without))
        .route(route::CONTINUE, post(flow::go_on))
        .route(route::CONFIRM_LINK, post(flow::confirm_link))
        .route(route::SWITCH_USER, post(flow::switch_user))
        .route(route::RECOVER, get(recover::start))
        .route(route::RECOVERED, get(recover::recovered))
        .route(route::FAILED, get(flow::failed))
        .route("/flow/{id}", get(flow::show))
        .route("/callback/{connection}", get(flow::callback).post(flow::callback_by_form))
        .route(route::ACCOUNT, get(account::account))
        .route(route::CONNECT, get(account::connect).post(account::start_connect))
        .route(route::REMOVE, get(account::confirm_remove).post(account::remove))
        .route(route::RELEASE, get(undo::confirm_release).post(undo::release))
        .route(route::UNDO, post(undo::act))
        .route("/undo/{token}", get(undo::show))
        .route(route::ACTIVITY, get(account::activity))
        .route(route::ADD_PASSKEY, get(passkeys::page).post(passkeys::add))
        .route(route::SECOND_FACTOR, post(flow::second_factor))
        .route(route::ADD_TOTP, get(second_factor::add_page).post(second_factor::add))
        .route(route::REMOVE_TOTP, get(second_factor::remove_page).post(second_factor::remove))
        .route(route::RECOVERY_CODES, get(second_factor::codes_page).post(second_factor::codes))
        .route(route::SET_PASSWORD, get(account::password).post(account::set_password))
        .route(route::AUTHORIZE, get(authorize::authorize).post(authorize::authorize_by_form))
        .route(flows::RESUME_PATH, get(authorize::resume))
        .route(route::CONSENT, post(authorize::consent))
        .route(route::LEAVE, get(authorize::leave).post(authorize::leave_by_form))
        .route(entry::CHECK, get(forward_auth::check))
        .route(entry::CHECK_OR_START, get(forward_auth::check_or_start))
        .route(entry::START, get(forward_auth::start))
        .route(entry::CALLBACK, get(forward_auth::callback))
        .route(entry::SIGN_OUT, get(forward_auth::sign_out))
        .route(route::DEVICE, get(device::type_code).post(device::typed))
        .route(route::DEVICE_ANSWER, get(device::ask).post(device::answer))
        .route(route::DEVICE_DONE, get(device::done))
        .route(route::APPLICATIONS, get(account::applications))
        .route(route::WITHDRAW, post(account::withdraw))
        .route(route::END_SESSION, post(account::end_session))
        .route(route::SIGN_OUT, post(account::sign_out))
        .route(route::SIGNED_OUT, get(sign_in::signed_out))
        .route("/favicon.ico", get(|| async { asset(assets::path_of("brand.svg")) }))
        .route("/assets/{file}", get(|Path(file): Path<String>| async move { asset(&format!("/assets/{file}")) }))
        .route("/health/live", get(|| async { "ok\n" }))
        .route("/health/ready", get(ready))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(axum::middleware::from_fn_with_state(site.clone(), language::switch))
        .layer(axum::middleware::from_fn_with_state(site, guard::guard))
        .with_state(state)
}

async fn home(State(site): State<Site>, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let to = if visit.cookies().session().is_some() { route::ACCOUNT } else { route::SIGN_IN };
    see_other(to, &[])
}

async fn ready(State(site): State<Site>) -> Page {
    if site.reads.ready().await {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "the database does not answer\n")
            .into_response()
    }
}

async fn not_found(State(site): State<Site>, request: Request) -> Page {
    Visit::of(&site, &request).error(404, "not_found")
}

fn asset(path: &str) -> Page {
    match assets::get(path) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            asset.bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// One request: who asks, from where, in which language.
pub(crate) struct Visit {
    pub site: Site,
    pub browser: Browser,
    pub lang: Lang,
    cookie_header: Option<String>,
    /// Where this page is, if it can be asked for again.
    here: String,
}

impl Visit {
    pub fn of(site: &Site, request: &Request) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let visit = Self::from_headers(site, request.headers(), peer);
        if request.method() != Method::GET {
            return visit;
        }
        Self { here: language::without(request.uri()), ..visit }
    }

    pub fn from_headers(site: &Site, headers: &HeaderMap, peer: Option<IpAddr>) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        // HTTP/2 may split the cookie header (RFC 9113 §8.2.3); HTTP/1.1 may not, and the first one counts.
        let cookie_header = text(header::COOKIE).map(str::to_owned);
        let peer = peer.unwrap_or(IpAddr::from([0, 0, 0, 0]));
        let source = flows::source_of((site.client_address)(headers, peer));
        let cookies = Cookies::new(cookie_header.as_deref(), site.secure);
        let chosen = cookies.language().and_then(Lang::from_code);
        let lang = chosen.unwrap_or_else(|| Lang::negotiate(text(header::ACCEPT_LANGUAGE)));
        let agent = text(header::USER_AGENT).unwrap_or_default();
        let browser = site.journeys.browser(cookies, source, agent, lang.code());
        Self { site: site.clone(), browser, lang, cookie_header, here: "/".to_owned() }
    }

    pub fn cookies(&self) -> Cookies<'_> {
        Cookies::new(self.cookie_header.as_deref(), self.site.secure)
    }

    /// Frame for pages outside the account.
    pub fn shell(&self) -> Shell {
        Shell { lang: self.lang, signed_in: None, csrf: self.form_token(), here: self.here.clone() }
    }

    /// Frame that names who is signed in (T31).
    pub fn shell_for(&self, name: &str, address: &str) -> Shell {
        let signed_in = SignedIn { name: name.to_owned(), address: address.to_owned() };
        Shell { signed_in: Some(signed_in), ..self.shell() }
    }

    pub fn form_token(&self) -> String {
        self.browser.session.as_ref().map(flows::form_token).unwrap_or_default()
    }

    /// The person signed in in this browser, by the cached session check.
    pub async fn present(&self) -> Result<Option<Present>, flows::Fault> {
        match &self.browser.session {
            Some(hash) => Ok(self.site.reads.session(hash).await?),
            None => Ok(None),
        }
    }

    pub fn provider(&self, id: &model::ConnectionId) -> (String, Mark) {
        let known = self.site.providers.iter().find(|provider| provider.id == *id);
        known.map_or_else(|| (id.to_string(), Mark::Key), |provider| (provider.name.clone(), provider.mark))
    }

    pub fn error(&self, status: u16, code: &str) -> Page {
        self.error_with(status, code, vec![(Way::Home, "/".to_owned())], None)
    }

    pub fn error_with(&self, status: u16, code: &str, ways: Vec<(Way, String)>, retry_after: Option<i64>) -> Page {
        let ways = ways.into_iter().map(|(way, href)| crate::pages::Action::new(self.lang, way, href)).collect();
        let reason = flows::Reason::from_code(code);
        let help = self.site.help_url.as_ref().zip(reason).map(|(url, reason)| url.replace("{code}", reason.code()));
        let page = ErrorPage { help, ..ErrorPage::reason(self.shell(), status, code, ways) };
        let mut response = html(status, page.render());
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

pub(crate) fn html(status: u16, body: Result<String, askama::Error>) -> Page {
    match body {
        Ok(body) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// 303 (T53: never 307, which would send a password on).
pub(crate) fn see_other(to: &str, cookies: &[String]) -> Page {
    let Ok(location) = HeaderValue::from_str(to) else { return StatusCode::BAD_REQUEST.into_response() };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    add_cookies(&mut response, cookies);
    response
}

pub(crate) fn add_cookies(response: &mut Page, cookies: &[String]) {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}
