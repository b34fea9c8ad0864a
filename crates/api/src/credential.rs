//! Who a request says it is: the browser's cookie, or an application's bearer token. Both are session secrets of ours
//! and nothing else (T55).

use flows::{Cookies, session_hash};
use http::{HeaderMap, header};

/// The session a request presents, as the hash it is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// RFC 6750 §2.1. It wins over a cookie: whoever sends it means it.
    Bearer([u8; 32]),
    Cookie([u8; 32]),
    Nothing,
}

impl Credential {
    pub fn of(headers: &HeaderMap, secure: bool) -> Self {
        if let Some(token) = bearer(headers) {
            return Self::Bearer(session_hash(token));
        }
        match Cookies::new(cookie_header(headers), secure).session() {
            Some(secret) => Self::Cookie(session_hash(secret)),
            None => Self::Nothing,
        }
    }

    pub fn hash(self) -> Option<[u8; 32]> {
        match self {
            Self::Bearer(hash) | Self::Cookie(hash) => Some(hash),
            Self::Nothing => None,
        }
    }
}

/// The token of an `Authorization: Bearer` header. Other schemes (a proxy's, say) are none of ours.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub(crate) fn cookie_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::COOKIE)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(all: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_bearer_token_wins_over_the_cookie() {
        let both = headers(&[(header::AUTHORIZATION, "bearer tok"), (header::COOKIE, "__Host-session=sec")]);
        assert_eq!(Credential::of(&both, true), Credential::Bearer(session_hash("tok")));
        let cookie = headers(&[(header::AUTHORIZATION, "Basic eDp5"), (header::COOKIE, "__Host-session=sec")]);
        assert_eq!(Credential::of(&cookie, true), Credential::Cookie(session_hash("sec")));
        assert_eq!(Credential::of(&headers(&[(header::COOKIE, "session=sec")]), true), Credential::Nothing);
        // An empty token is a token that opens nothing, not a fall back to the cookie.
        let empty = headers(&[(header::AUTHORIZATION, "Bearer"), (header::COOKIE, "__Host-session=sec")]);
        assert_eq!(Credential::of(&empty, true), Credential::Bearer(session_hash("")));
    }
}
