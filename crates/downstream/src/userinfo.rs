//! The UserInfo endpoint (OpenID Connect Core §5.3; the token as RFC 6750 §2 says, but never in the address).

use crate::Provider;
use crate::answer::{Answer, fault, form, good, json_answer};
use axum::body::Bytes;
use axum::extract::State;
use flows::TokenFault;
use flows::oauth::ErrorCode;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::json;

pub(crate) async fn userinfo(
    State(provider): State<Provider>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let by_header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    let by_form = if method == Method::POST {
        form(&headers, &body).ok().and_then(|form| form.get("access_token").map(str::to_owned))
    } else {
        None
    };
    let token = match (by_header, by_form) {
        (Some(token), None) => token.to_owned(),
        (None, Some(token)) => token,
        // RFC 6750 §3.1: without a token no error is named; two are one too many (§2).
        (None, None) => return challenge(None, 401),
        (Some(_), Some(_)) => return challenge(Some(ErrorCode::InvalidRequest), 400),
    };
    match provider.journeys.userinfo(&token).await {
        Ok(claims) => good(claims),
        Err(TokenFault::Refused(refused)) => challenge(Some(refused.code), refused.code.status()),
        Err(error) => fault(error),
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn challenge(error: Option<ErrorCode>, status: u16) -> Answer {
    let body = error.map_or_else(|| json!({}), |code| json!({ "error": code.name() }));
    let mut answer = json_answer(status, &body);
    let text = match error {
        None => "Bearer realm=\"userinfo\"".to_owned(),
        Some(ErrorCode::InsufficientScope) => "Bearer error=\"insufficient_scope\", scope=\"openid\"".to_owned(),
        Some(code) => format!("Bearer error=\"{}\"", code.name()),
    };
    if let Ok(value) = HeaderValue::from_str(&text) {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    answer
}
