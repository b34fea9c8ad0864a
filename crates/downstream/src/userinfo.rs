//! The UserInfo endpoint (OpenID Connect Core §5.3; the token as RFC 6750 §2 says, but never in the address).

use crate::answer::{Answer, fault, form, good, json_answer, one, proof};
use crate::{ENDPOINTS, Provider};
use axum::body::Bytes;
use axum::extract::State;
use flows::oauth::{ErrorCode, Refused, proof_algorithms};
use flows::{Shown, TokenFault};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::json;

pub(crate) async fn userinfo(
    State(provider): State<Provider>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let several = Refused::request("there is more than one Authorization header, or it is not text");
    let by_header = match one(&headers, &header::AUTHORIZATION, several) {
        Ok(text) => text.and_then(presented),
        Err(refused) => return challenge(Some(refused.code), refused.code.status(), Scheme::Bearer),
    };
    let by_form = if method == Method::POST {
        form(&headers, &body).ok().and_then(|form| form.get("access_token").map(str::to_owned))
    } else {
        None
    };
    let (scheme, token) = match (by_header, by_form) {
        (Some((scheme, token)), None) => (scheme, token.to_owned()),
        (None, Some(token)) => (Scheme::Bearer, token),
        // RFC 6750 §3.1: without a token no error is named; two are one too many (§2).
        (None, None) => return challenge(None, 401, Scheme::Bearer),
        (Some((scheme, _)), Some(_)) => return challenge(Some(ErrorCode::InvalidRequest), 400, scheme),
    };
    let journeys = &provider.journeys;
    let shown = proof(&headers).and_then(|proof| match scheme {
        // A proof beside a bearer token shows nothing: what is bound to a key is refused as one (RFC 9449 §7.2).
        Scheme::Bearer => Ok(None),
        Scheme::Dpop => {
            let shown = Shown { path: ENDPOINTS.userinfo, method: method.as_str(), authorization: None, proof };
            journeys.possession(&shown, Some(&token))
        }
    });
    let shown = match shown {
        Ok(shown) => shown,
        Err(refused) => return challenge(Some(refused.code), 401, scheme),
    };
    if scheme == Scheme::Dpop && shown.is_none() {
        return challenge(Some(ErrorCode::InvalidDpopProof), 401, scheme);
    }
    match journeys.userinfo(&token, shown.as_ref()).await {
        Ok(claims) => good(claims),
        Err(TokenFault::Refused(refused)) => challenge(Some(refused.code), refused.code.status(), scheme),
        Err(error) => fault(error),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

fn presented(header: &str) -> Option<(Scheme, &str)> {
    let (scheme, token) = header.split_once(' ')?;
    let scheme = match scheme {
        bearer if bearer.eq_ignore_ascii_case("bearer") => Scheme::Bearer,
        dpop if dpop.eq_ignore_ascii_case("dpop") => Scheme::Dpop,
        _ => return None,
    };
    Some((scheme, token.trim()))
}

/// RFC 6750 §3, RFC 9449 §7.1.
fn challenge(error: Option<ErrorCode>, status: u16, scheme: Scheme) -> Answer {
    let body = error.map_or_else(|| json!({}), |code| json!({ "error": code.name() }));
    let mut answer = json_answer(status, &body);
    let mut parts: Vec<String> = error.iter().map(|code| format!("error=\"{}\"", code.name())).collect();
    if error == Some(ErrorCode::InsufficientScope) {
        parts.push("scope=\"openid\"".to_owned());
    }
    if scheme == Scheme::Dpop {
        parts.push(format!("algs=\"{}\"", proof_algorithms().join(" ")));
    } else if parts.is_empty() {
        parts.push("realm=\"userinfo\"".to_owned());
    }
    let name = if scheme == Scheme::Dpop { "DPoP" } else { "Bearer" };
    if let Ok(value) = HeaderValue::from_str(&format!("{name} {}", parts.join(", "))) {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    answer
}
