//! "Notes", an example application. It knows no passwords: people sign in at the server, through OpenID Connect, by a
//! library as any application would use one.

mod party;

use crate::bounded::{Bounded, token};
use crate::page::{self, Accent};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use model::{Clock, Random, Secret};
use party::{Attempt, Held, Known, Party, Trouble};
use serde::Deserialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Clone)]
pub struct ApplicationSettings {
    /// As the server's configuration names it, with the secret of it.
    pub id: String,
    pub secret: Secret<String>,
    /// For people.
    pub name: String,
    /// Without a slash at the end, as is the next.
    pub server_origin: String,
    /// The server sends people back to `{own_origin}/callback`.
    pub own_origin: String,
}

#[derive(Clone)]
struct Application(Arc<Inner>);

struct Inner {
    party: Party,
    random: Arc<dyn Random>,
    state: Mutex<ApplicationState>,
}

struct ApplicationState {
    /// Sign-ins that are under way, by the browser's cookie.
    attempts: Bounded<Attempt>,
    /// What was given for each browser that is signed in.
    sessions: Bounded<Held>,
}

const SESSION_COOKIE: &str = "notes_session";
const ATTEMPT_COOKIE: &str = "notes_attempt";
const UNREACHABLE: &str = "The server cannot be reached at the moment. Nothing is lost; please try again.";

/// Who is signed in, in words for the page.
#[derive(Debug)]
struct Person {
    id: String,
    name: String,
    address: String,
    method: String,
}

#[derive(Template)]
#[template(path = "application.html")]
struct ApplicationPage<'a> {
    name: &'a str,
    initial: String,
    notice: &'a str,
    person: Option<Person>,
    account: String,
}

/// The application. Both origins must be on this machine; elsewhere it answers every request with an error.
pub fn application(settings: ApplicationSettings, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Router {
    let inner = Inner {
        party: Party::new(settings, clock),
        random,
        state: Mutex::new(ApplicationState { attempts: Bounded::new(500), sessions: Bounded::new(500) }),
    };
    Router::new()
        .route("/", get(home))
        .route("/sign-in", post(sign_in))
        .route("/callback", get(callback))
        .route("/sign-out", post(sign_out))
        .route(page::STYLE_PATH, get(async || page::style(Accent::Violet)))
        .with_state(Application(Arc::new(inner)))
}

impl Application {
    fn settings(&self) -> &ApplicationSettings {
        self.0.party.settings()
    }

    fn state(&self) -> MutexGuard<'_, ApplicationState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, status: StatusCode, notice: &str, person: Option<Person>) -> Response {
        let settings = self.settings();
        let page = ApplicationPage {
            name: &settings.name,
            initial: settings.name.chars().take(1).collect(),
            notice,
            person,
            account: format!("{}/account", settings.server_origin),
        };
        page::page_with(status, &page)
    }
}

async fn home(State(application): State<Application>, headers: HeaderMap) -> Response {
    let Some(id) = page::cookie(&headers, SESSION_COOKIE) else {
        return application.page(StatusCode::OK, "", None);
    };
    let held = application.state().sessions.get(&id).cloned();
    let Some(mut held) = held else {
        return application.page(StatusCode::OK, "", None);
    };
    match application.0.party.ask(&mut held).await {
        Ok(Known { sub, name, address }) => {
            let method = held.method.clone();
            if let Some(kept) = application.state().sessions.get_mut(&id) {
                *kept = held;
            }
            application.page(StatusCode::OK, "", Some(Person { id: sub, name, address, method }))
        }
        Err(Trouble::Refused) => {
            application.state().sessions.remove(&id);
            let mut response = application.page(StatusCode::OK, "Your session has ended. Please sign in again.", None);
            response.headers_mut().append(header::SET_COOKIE, page::clear_cookie(SESSION_COOKIE));
            response
        }
        Err(Trouble::Unreachable) => application.page(StatusCode::BAD_GATEWAY, UNREACHABLE, None),
    }
}

async fn sign_in(State(application): State<Application>, headers: HeaderMap) -> Response {
    let settings = application.settings();
    if !page::same_origin(&headers, &settings.own_origin) {
        return application.page(StatusCode::FORBIDDEN, "Please use the button on this page.", None);
    }
    let random = application.0.random.as_ref();
    let Ok((location, attempt)) = application.0.party.start(random).await else {
        return application.page(StatusCode::BAD_GATEWAY, UNREACHABLE, None);
    };
    let id = token(random);
    application.state().attempts.insert(id.clone(), attempt);
    let mut response = page::see_other(location.as_str());
    response.headers_mut().append(header::SET_COOKIE, page::set_cookie(ATTEMPT_COOKIE, &id));
    response
}

#[derive(Deserialize)]
struct Callback {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

async fn callback(
    State(application): State<Application>,
    headers: HeaderMap,
    Query(callback): Query<Callback>,
) -> Response {
    let id = page::cookie(&headers, ATTEMPT_COOKIE).unwrap_or_default();
    let attempt = application.state().attempts.get(&id).cloned();
    // An answer to a question that this browser did not ask would sign it in as somebody else.
    let attempt = attempt.filter(|attempt| callback.state.as_deref() == Some(attempt.state.as_str()));
    let Some(attempt) = attempt else {
        return application.page(StatusCode::BAD_REQUEST, "This sign-in was not started here. Please try again.", None);
    };
    application.state().attempts.remove(&id);
    let Some(code) = callback.code.filter(|_| callback.error.is_none()) else {
        return application.page(StatusCode::OK, "You were not signed in. You can try again.", None);
    };
    let held = match application.0.party.finish(code, attempt).await {
        Ok(held) => held,
        Err(Trouble::Refused) => {
            return application.page(StatusCode::BAD_REQUEST, "This sign-in has expired. Please try again.", None);
        }
        Err(Trouble::Unreachable) => return application.page(StatusCode::BAD_GATEWAY, UNREACHABLE, None),
    };
    let id = token(application.0.random.as_ref());
    application.state().sessions.insert(id.clone(), held);
    let mut response = page::see_other("/");
    response.headers_mut().append(header::SET_COOKIE, page::set_cookie(SESSION_COOKIE, &id));
    response.headers_mut().append(header::SET_COOKIE, page::clear_cookie(ATTEMPT_COOKIE));
    response
}

async fn sign_out(State(application): State<Application>, headers: HeaderMap) -> Response {
    if !page::same_origin(&headers, &application.settings().own_origin) {
        return application.page(StatusCode::FORBIDDEN, "Please use the button on this page.", None);
    }
    let id = page::cookie(&headers, SESSION_COOKIE).unwrap_or_default();
    let held = application.state().sessions.remove(&id);
    if let Some(held) = held
        && let Err(Trouble::Unreachable) = application.0.party.end(&held).await
    {
        // Kept, so that signing out can be tried again: saying "signed out" would not be true.
        application.state().sessions.insert(id, held);
        let notice = "The server cannot be reached, so you are still signed in. Please try again.";
        return application.page(StatusCode::BAD_GATEWAY, notice, None);
    }
    let mut response = page::see_other("/");
    response.headers_mut().append(header::SET_COOKIE, page::clear_cookie(SESSION_COOKIE));
    response
}
