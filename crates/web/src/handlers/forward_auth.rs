//! Doors of applications that speak no OpenID Connect: what their proxies ask, and the way in and out for people, on
//! paths of the application's own origin.
//!
//! Errors are shown on our own origin: nothing else of ours, no style and no way on, is there on the application's.

use super::flow::at_its_own_address;
use super::{Page, Site, Visit, see_other};
use crate::pages::route;
use axum::extract::{ConnectInfo, FromRequestParts, RawQuery, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::IntoResponse;
use flows::forward_auth::{Entry, Moved};
use flows::oauth::Client;
use flows::{Fault, FaultKind, Journeys};
use std::net::SocketAddr;
use std::sync::Arc;

const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED_METHOD: &str = "x-forwarded-method";
const FORWARDED_URI: &str = "x-forwarded-uri";

/// Every value of a header; what is no text names nothing.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default())
}

fn one(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Which application it is about, by every header that says so.
fn application(site: &Site, headers: &HeaderMap, uri: &Uri) -> Option<Arc<Client>> {
    let hosts = values(headers, header::HOST.as_str()).chain(values(headers, FORWARDED_HOST));
    // HTTP/2 has no `Host` (RFC 9113 §8.3.1).
    let hosts: Vec<&str> = hosts.chain(uri.authority().map(Authority::as_str)).collect();
    let schemes: Vec<&str> = values(headers, FORWARDED_PROTO).collect();
    let found = site.journeys.behind(&hosts, &schemes);
    if found.is_none() {
        tracing::warn!(?hosts, ?schemes, "no application stands behind this proxy: see `forward_auth` of its client");
    }
    found
}

/// 202 with headers, 401 or 403: what `auth_request` of nginx understands.
pub(super) async fn check(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Page {
    answer(&site, &uri, &headers, false).await
}

/// The same for proxies that hand our answer to the browser: who opens a page is sent to sign in.
pub(super) async fn check_or_start(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Page {
    answer(&site, &uri, &headers, true).await
}

async fn answer(site: &Site, uri: &Uri, headers: &HeaderMap, may_start: bool) -> Page {
    let Some(client) = application(site, headers, uri) else { return StatusCode::FORBIDDEN.into_response() };
    match site.journeys.entry(&client, one(headers, header::COOKIE)).await {
        Ok(Entry::Open(identity)) => {
            let mut response = StatusCode::ACCEPTED.into_response();
            for (name, value) in identity {
                // cannot fail: the values are printable ASCII
                if let Ok(value) = HeaderValue::from_str(&value) {
                    response.headers_mut().insert(HeaderName::from_static(name), value);
                }
            }
            response
        }
        Ok(Entry::Closed) if may_start && is_navigation(headers) => {
            see_other(&Journeys::start_of(&client, one(headers, FORWARDED_URI).unwrap_or_default()), &[])
        }
        Ok(Entry::Closed) => StatusCode::UNAUTHORIZED.into_response(),
        Ok(Entry::Forbidden) => StatusCode::FORBIDDEN.into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")]).into_response(),
    }
}

/// A person opens a page; a script that is sent to a page to sign in would only misread it.
fn is_navigation(headers: &HeaderMap) -> bool {
    let page = one(headers, header::ACCEPT).is_some_and(|accepts| accepts.contains("text/html"));
    let mode = one(headers, "sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    page && mode && one(headers, FORWARDED_METHOD) == Some("GET")
}

/// A person at the door of an application that is there.
pub(super) struct Door {
    visit: Visit,
    client: Arc<Client>,
    headers: HeaderMap,
}

impl FromRequestParts<Site> for Door {
    type Rejection = Page;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Page> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let visit = Visit::from_headers(site, &parts.headers, peer);
        match application(site, &parts.headers, &parts.uri) {
            Some(client) => Ok(Self { visit, client, headers: parts.headers.clone() }),
            None => Err(visit.error(404, "unknown_application")),
        }
    }
}

impl Door {
    fn journeys(&self) -> &Journeys {
        &self.visit.site.journeys
    }

    /// The cookies of the application's origin.
    fn cookie(&self) -> Option<&str> {
        one(&self.headers, header::COOKIE)
    }

    fn move_on(&self, moved: Result<Moved, Fault>) -> Page {
        match moved {
            Ok(moved) => see_other(&moved.to, &moved.cookies),
            // Opening the same address once more may help.
            Err(fault) if fault.kind == FaultKind::Unavailable => self.visit.failed(&fault, None),
            Err(fault) => at_its_own_address(&self.visit.site.public_origin, &fault),
        }
    }
}

pub(super) async fn start(door: Door, RawQuery(query): RawQuery) -> Page {
    let query = query.unwrap_or_default();
    door.move_on(door.journeys().start_entry(&door.client, door.cookie(), &query, route::AUTHORIZE))
}

/// Back from us with a code. Like a provider's answer, a GET that changes something, guarded by the browser's cookie,
/// the sealed state and the spent code.
pub(super) async fn callback(door: Door, RawQuery(query): RawQuery) -> Page {
    let query = query.unwrap_or_default();
    door.move_on(door.journeys().enter(&door.client, door.cookie(), &query).await)
}

/// Out of the application, and on to the question whether out of everything. A page elsewhere can lead here, but then
/// nothing ends before the person has said so (T71).
pub(super) async fn sign_out(door: Door) -> Page {
    let own = matches!(one(&door.headers, "sec-fetch-site"), Some("same-origin" | "none"));
    let cookies = if own { door.journeys().leave_entry(&door.client, door.cookie()).await } else { Ok(Vec::new()) };
    let after = door.client.post_logout_redirect_uris.first();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("client_id", &door.client.id);
    query.extend_pairs(after.map(|uri| ("post_logout_redirect_uri", uri)));
    let to = format!("{}{}?{}", door.visit.site.public_origin, route::LEAVE, query.finish());
    door.move_on(cookies.map(|cookies| Moved { to, cookies }))
}
