//! What holds for every answer and every request that changes something.

use super::{Page, Site, Visit};
use crate::pages::route;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;

/// Everything comes from ourselves; nothing may frame us (T46, T47, T53). `form-action` also binds the redirects that
/// follow a form in some browsers, and a sign-in form leads to providers and applications: those are named by scheme.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; frame-ancestors 'none'; form-action 'self' https: http:";

/// Origins that a page may frame, with spaces between them: those of clients that hear of a logout there.
#[derive(Clone)]
pub(super) struct Frames(pub String);

static HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Nothing leaves for other origins; `no-referrer` would make browsers send our own forms with `Origin: null`.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "interest-cohort=(), browsing-topics=()"),
];

/// The provider's answer by form (`response_mode=form_post`) comes from the provider's origin; it changes nothing, it
/// is only turned into the GET that the browser binding guards. So are a client's request and its wish to sign somebody
/// out, but for the answer on our own page, which carries the token of the session.
fn may_come_from_elsewhere(path: &str) -> bool {
    path.starts_with("/callback/") || path == route::AUTHORIZE || path == route::LEAVE
}

pub(super) async fn guard(State(site): State<Site>, request: Request, next: Next) -> Page {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    if changes && !may_come_from_elsewhere(path) && !is_ours(&site, &request) {
        let mut response = Visit::of(&site, &request).error(403, "origin_mismatch");
        harden(&mut response);
        return response;
    }
    let mut response = next.run(request).await;
    harden(&mut response);
    response
}

/// Our exact origin; sibling sub-domains are strangers.
fn is_ours(site: &Site, request: &Request) -> bool {
    let origin = request.headers().get(header::ORIGIN).and_then(|value| value.to_str().ok());
    origin.is_some_and(|origin| *origin == *site.public_origin)
}

fn harden(response: &mut Page) {
    let frames = response.extensions_mut().remove::<Frames>();
    let headers = response.headers_mut();
    for (name, value) in &HEADERS {
        headers.insert(name.clone(), HeaderValue::from_static(value));
    }
    // An origin that was parsed holds nothing that a header cannot.
    let policy = frames.and_then(|frames| HeaderValue::from_str(&format!("{POLICY}; frame-src {}", frames.0)).ok());
    if let Some(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // Pages hold personal values; assets set their own.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
