//! One request's caller: what `flows` must know of a browser, and the way its cookies go back.

use crate::Shared;
use crate::credential::{Credential, cookie_header};
use crate::problem::Problem;
use axum::extract::{ConnectInfo, FromRequestParts, Path};
use axum::response::Response;
use flows::{Browser, Cookies, Present, source_of};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

pub(crate) struct Caller {
    pub api: Shared,
    pub browser: Browser,
    pub credential: Credential,
    cookie_header: Option<String>,
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self::of(api, &parts.headers, peer.unwrap_or(IpAddr::from([0, 0, 0, 0]))))
    }
}

impl Caller {
    fn of(api: &Shared, headers: &HeaderMap, peer: IpAddr) -> Self {
        let cookie_header = cookie_header(headers).map(str::to_owned);
        let cookies = Cookies::new(cookie_header.as_deref(), api.secure);
        let source = source_of((api.client_address)(headers, peer));
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut browser = api.journeys.browser(cookies, source, agent, &language(headers));
        let credential = Credential::of(headers, api.secure);
        browser.session = credential.hash();
        Self { api: Shared::clone(api), browser, credential, cookie_header }
    }

    pub fn cookies(&self) -> Cookies<'_> {
        Cookies::new(self.cookie_header.as_deref(), self.api.secure)
    }

    pub fn is_bearer(&self) -> bool {
        matches!(self.credential, Credential::Bearer(_))
    }

    /// The live session, by the cached check.
    pub async fn present(&self) -> Result<Present, Box<Problem>> {
        crate::session::check(&*self.api.reads, self.credential, &self.api.errors_url).await
    }
}

/// The language a person prefers most, for mails: its primary subtag (RFC 9110 §12.5.4, RFC 5646 §2.2.1).
fn language(headers: &HeaderMap) -> String {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = (0.0, "en");
    for part in header.split(',').take(16) {
        let mut pieces = part.split(';').map(str::trim);
        let tag = pieces.next().unwrap_or_default().split('-').next().unwrap_or_default();
        let weight: f32 =
            pieces.find_map(|piece| piece.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or_default());
        let plain = (2..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphabetic());
        if plain && weight > best.0 {
            best = (weight, tag);
        }
    }
    best.1.to_ascii_lowercase()
}

/// An id in the path. One that cannot be read names nothing: 404.
pub(crate) struct Id<T>(pub T);

impl<T: FromStr> FromRequestParts<Shared> for Id<T> {
    type Rejection = Box<Problem>;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<Self, Box<Problem>> {
        let text = Path::<String>::from_request_parts(parts, api).await.ok();
        text.and_then(|Path(text)| text.parse().ok()).map(Self).ok_or_else(|| api.problem(404, "not_found"))
    }
}

/// Cookies as `flows` wrote them.
pub(crate) fn add_cookies(response: &mut Response, cookies: &[String]) {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_language_is_a_plain_tag() {
        let of = |text: &'static str| {
            language(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(text))]))
        };
        assert_eq!(of("fr;q=0.5, de-AT;q=0.9, en;q=0.1"), "de");
        assert_eq!(of("JA"), "ja");
        for odd in ["", "*", "../../etc", "a;q=9", "en;q=nan, x", "de;q=x"] {
            assert_eq!(of(odd), "en", "{odd}");
        }
    }
}
