//! What holds for every request and every answer: who may change something from which page, and who may read the
//! answer.
//!
//! Cookies travel with requests that another site caused, so a request that carries any must come from our own exact
//! origin or from one the operator listed (T32). A bearer token does not travel by itself; an application that sends
//! one and no cookies has no origin to show.

use crate::credential::bearer;
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;

/// Nothing here is a page.
static HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The proof is in its body, and no cookie is read.
const HANDOVER: &str = "/handover";

pub(crate) struct Guard {
    pub public_origin: Arc<str>,
    pub allowed_origins: Arc<[String]>,
    pub errors_url: String,
}

impl Guard {
    /// An origin whose pages may read answers. `null` is everybody in a sandbox and never one.
    fn is_listed(&self, origin: &str) -> bool {
        origin != "null" && self.allowed_origins.iter().any(|allowed| allowed == origin)
    }

    fn may_pass(&self, method: &Method, path: &str, headers: &HeaderMap) -> bool {
        if matches!(*method, Method::GET | Method::HEAD) || path == HANDOVER {
            return true;
        }
        let has_cookies = headers.contains_key(header::COOKIE);
        if bearer(headers).is_some() && !has_cookies {
            return true;
        }
        match origin(headers) {
            Origin::One(origin) => *origin == *self.public_origin || self.is_listed(origin),
            // Not a browser, and nothing that a browser could have been made to send.
            Origin::Absent => !has_cookies,
            Origin::Unreadable => false,
        }
    }

    fn listed<'a>(&self, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
        let Origin::One(text) = origin(headers) else { return None };
        self.is_listed(text).then(|| headers.get(header::ORIGIN)).flatten()
    }
}

enum Origin<'a> {
    Absent,
    One(&'a str),
    Unreadable,
}

fn origin(headers: &HeaderMap) -> Origin<'_> {
    let mut all = headers.get_all(header::ORIGIN).iter();
    match (all.next().map(HeaderValue::to_str), all.next()) {
        (None, _) => Origin::Absent,
        (Some(Ok(text)), None) => Origin::One(text),
        _ => Origin::Unreadable,
    }
}

pub(crate) async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let reader = guard.listed(request.headers()).cloned();
    let mut response = if *request.method() == Method::OPTIONS {
        preflight(reader.is_some())
    } else if guard.may_pass(request.method(), request.uri().path(), request.headers()) {
        next.run(request).await
    } else {
        Problem::new(&guard.errors_url, 403, "origin_mismatch").into_response()
    };
    harden(&mut response, reader);
    response
}

/// Answers the question whether a page may ask (Fetch §4.8); the operation itself is not reached.
fn preflight(listed: bool) -> Response {
    if !listed {
        return StatusCode::NO_CONTENT.into_response();
    }
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn harden(response: &mut Response, reader: Option<HeaderValue>) {
    let headers = response.headers_mut();
    for (name, value) in &HEADERS {
        headers.insert(name.clone(), HeaderValue::from_static(value));
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = reader {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Location, Retry-After"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::{get, post};
    use tower::ServiceExt as _;

    const OURS: &str = "https://id.example.com";
    const LISTED: &str = "https://app.example.com";

    fn router() -> Router {
        let guard = Arc::new(Guard {
            public_origin: OURS.into(),
            allowed_origins: Arc::from([LISTED.to_owned(), "null".to_owned()]),
            errors_url: "/errors".to_owned(),
        });
        Router::new()
            .route("/x", get(async || "read").post(async || "changed"))
            .route(HANDOVER, post(async || "handed"))
            .layer(axum::middleware::from_fn_with_state(guard, super::guard))
    }

    async fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn post_status(headers: &[(&str, &str)]) -> u16 {
        ask(Method::POST, "/x", headers).await.status().as_u16()
    }

    #[tokio::test]
    async fn t32_a_change_with_cookies_needs_an_exact_origin() {
        let cookie = ("cookie", "__Host-session=s");
        for good in [OURS, LISTED] {
            assert_eq!(post_status(&[cookie, ("origin", good)]).await, 200, "{good}");
        }
        for bad in [
            "https://id.example.com.evil.example",
            "https://evil.id.example.com",
            "http://id.example.com",
            "https://id.example.com:444",
            "https://ID.example.com",
            "https://example.com",
            "null",
            "",
        ] {
            assert_eq!(post_status(&[cookie, ("origin", bad)]).await, 403, "{bad}");
        }
        assert_eq!(post_status(&[cookie]).await, 403);
        assert_eq!(post_status(&[cookie, ("origin", OURS), ("origin", "https://evil.example")]).await, 403);
        // A token beside the cookies does not excuse them.
        assert_eq!(post_status(&[cookie, ("authorization", "Bearer t")]).await, 403);
        assert_eq!(post_status(&[cookie, ("authorization", "Basic t")]).await, 403);
        // Without anything that travels by itself there is nothing to forge; a foreign page is refused all the same.
        assert_eq!(post_status(&[("authorization", "Bearer t")]).await, 200);
        assert_eq!(post_status(&[]).await, 200);
        assert_eq!(post_status(&[("origin", "https://evil.example")]).await, 403);
        let handover = ask(Method::POST, HANDOVER, &[]).await;
        assert_eq!(handover.status(), 200);
        assert_eq!(ask(Method::GET, "/x", &[cookie, ("origin", "https://evil.example")]).await.status(), 200);
    }

    #[tokio::test]
    async fn only_listed_origins_may_read() {
        let allowed = |response: &Response| {
            response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str().unwrap().to_owned())
        };
        let preflight = [("access-control-request-method", "POST"), ("access-control-request-headers", "content-type")];
        for method in [Method::OPTIONS, Method::GET, Method::POST] {
            let response = ask(method.clone(), "/x", &[preflight[0], preflight[1], ("origin", LISTED)]).await;
            assert!(response.status().is_success());
            assert_eq!(allowed(&response).as_deref(), Some(LISTED));
            assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
            for foreign in ["https://evil.example", "null", "https://app.example.com.evil.example"] {
                let response = ask(method.clone(), "/x", &[preflight[0], ("origin", foreign)]).await;
                assert_eq!(allowed(&response), None, "{method} {foreign}");
                assert!(!response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
                assert!(!response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_METHODS));
                assert_eq!(response.headers()[header::VARY], "Origin");
            }
        }
    }

    #[tokio::test]
    async fn every_answer_is_hardened() {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let response = ask(method, "/x", &[("cookie", "a=b")]).await;
            for (name, value) in &HEADERS {
                assert_eq!(response.headers()[name], *value);
            }
        }
    }
}
