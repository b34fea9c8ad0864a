//! What all pages of the sandbox share: one style sheet, one colour each, and headers that allow neither script nor
//! anything from elsewhere.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The colour of a part, so that people see at once whose page they are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accent {
    Teal,
    Orange,
    Violet,
    Slate,
    Blue,
}

impl Accent {
    /// Colour on light ground, colour on dark ground; each has a contrast of 4.5 or more against its ground and
    /// against the text on a button of that colour.
    fn colours(self) -> (&'static str, &'static str) {
        match self {
            Self::Teal => ("#0b6e66", "#5fd0c5"),
            Self::Orange => ("#a8480b", "#f5a56b"),
            Self::Violet => ("#6a3fb5", "#bfa3f5"),
            Self::Slate => ("#44505f", "#b4c0cf"),
            Self::Blue => ("#1f5bb5", "#8fbaf7"),
        }
    }
}

const STYLE: &str = include_str!("../assets/style.css");

pub(crate) const STYLE_PATH: &str = "/sandbox.css";

pub(crate) fn style(accent: Accent) -> Response {
    let (light, dark) = accent.colours();
    let text =
        format!(":root{{--accent:{light}}}\n@media (prefers-color-scheme:dark){{:root{{--accent:{dark}}}}}\n{STYLE}");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=60")], text).into_response()
}

/// `form-action` is left out on purpose: browsers apply it to every redirect that follows a form, and these forms
/// lead on to other origins.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) fn page(template: &impl Template) -> Response {
    page_with(StatusCode::OK, template)
}

pub(crate) fn page_with(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let headers: [(HeaderName, HeaderValue); 5] = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
                (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
                (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (status, headers, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The first value of a cookie.
pub(crate) fn cookie(headers: &axum::http::HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// A cookie for this host until the browser closes. Not `Secure`: the sandbox speaks plain HTTP on loopback.
pub(crate) fn set_cookie(name: &str, value: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"))
        .unwrap_or_else(|_| HeaderValue::from_static("invalid=; Max-Age=0"))
}

pub(crate) fn clear_cookie(name: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))
        .unwrap_or_else(|_| HeaderValue::from_static("invalid=; Max-Age=0"))
}

/// A redirect that makes any method a GET.
pub(crate) fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(value) => (StatusCode::SEE_OTHER, [(header::LOCATION, value)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// Whether a form was sent by a page of this very host: the browser says so in `Origin`.
pub(crate) fn same_origin(headers: &axum::http::HeaderMap, own_origin: &str) -> bool {
    headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() == own_origin.as_bytes())
}
