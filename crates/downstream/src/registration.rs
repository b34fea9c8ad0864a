//! Dynamic client registration (OpenID Connect Dynamic Client Registration 1.0 §3 and §4, RFC 7591 §3, RFC 7592 §2): only with
//! a token that an operator made. Nothing that a client names is ever fetched (T110).

use crate::Provider;
use crate::answer::{Answer, json_answer};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use flows::oauth::{ErrorCode, MetadataFault};
use flows::{Reason, Registered, RegistryFault};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

/// Far more than any client has to say.
const BODY_MAX: usize = 16 * 1024;

pub(crate) async fn register(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Answer {
    let Some(token) = bearer(&headers) else { return challenge(None) };
    if !provider.pace.admits(provider.journeys.now()) {
        return too_fast();
    }
    let metadata = match metadata(&headers, &body) {
        Ok(metadata) => metadata,
        Err(because) => return refused(400, "invalid_client_metadata", because),
    };
    match provider.journeys.register_client(token, &metadata).await {
        Ok(registered) => json_answer(201, &whole(&provider, &registered)),
        Err(fault) => failed(&fault),
    }
}

pub(crate) async fn read(State(provider): State<Provider>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let Some(token) = bearer(&headers) else { return challenge(None) };
    if !provider.pace.admits(provider.journeys.now()) {
        return too_fast();
    }
    match provider.journeys.registration(&id, token).await {
        Ok(registered) => json_answer(200, &whole(&provider, &registered)),
        Err(fault) => failed(&fault),
    }
}

pub(crate) async fn remove(State(provider): State<Provider>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let Some(token) = bearer(&headers) else { return challenge(None) };
    if !provider.pace.admits(provider.journeys.now()) {
        return too_fast();
    }
    match provider.journeys.unregister_client(&id, token).await {
        Ok(()) => (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response(),
        Err(fault) => failed(&fault),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// RFC 7591 §3.1: JSON and nothing else, so that no page elsewhere can send it without being asked.
fn metadata(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err("send JSON: application/json");
    }
    if body.len() > BODY_MAX {
        return Err("the metadata is longer than 16 KiB");
    }
    serde_json::from_slice(body).map_err(|_| "the body is not a JSON object")
}

/// RFC 7591 §3.2.1, RFC 7592 §3. What is secret is in the answer to the registration alone.
fn whole(provider: &Provider, registered: &Registered) -> Value {
    let client = &registered.client;
    let mut members = registered.metadata.with_defaults(!client.secrets.is_empty()).write();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("client_id", client.id.as_str().into());
    put("client_id_issued_at", client.created_at.seconds().into());
    let path = crate::REGISTRATION;
    put("registration_client_uri", format!("{}{path}/{}", provider.journeys.issuer(), client.id).into());
    if let Some(secret) = &registered.secret {
        put("client_secret", secret.expose().as_str().into());
        // It does not expire.
        put("client_secret_expires_at", 0.into());
    }
    if let Some(token) = &registered.access_token {
        put("registration_access_token", token.expose().as_str().into());
    }
    Value::Object(members)
}

fn failed(fault: &RegistryFault) -> Answer {
    match fault {
        RegistryFault::Metadata(faults) => faulty(faults),
        // RFC 7592 §2.1: a client that is gone and a token that is wrong look the same.
        RegistryFault::Token
        | RegistryFault::Refused(Reason::RegistrationTokenSpent | Reason::ClientUnknown)
        | RegistryFault::Declared => challenge(Some(ErrorCode::InvalidToken)),
        RegistryFault::Refused(_) | RegistryFault::Unavailable => {
            let mut answer = json_answer(503, &json!({ "error": ErrorCode::TemporarilyUnavailable.name() }));
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            answer
        }
    }
}

/// All that is wrong: the first in the words of the standard (RFC 7591 §3.2.2), each with its field and its own code.
fn faulty(faults: &[MetadataFault]) -> Answer {
    let lines: Vec<String> = faults.iter().map(|fault| plain(&fault.to_string())).collect();
    let code = faults.first().map_or("invalid_client_metadata", MetadataFault::error);
    let one = |fault: &MetadataFault| json!({ "field": fault.field, "index": fault.index, "code": fault.code, "cure": fault.cure });
    let details: Vec<Value> = faults.iter().map(one).collect();
    tracing::info!(code, faults = lines.join("; "), "a client was not registered");
    json_answer(400, &json!({ "error": code, "error_description": lines.join("; "), "details": details }))
}

/// RFC 6749 §5.2: what a description may hold.
fn plain(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\') { c } else { '\'' }).collect()
}

fn refused(status: u16, error: &str, because: &str) -> Answer {
    json_answer(status, &json!({ "error": error, "error_description": because }))
}

fn too_fast() -> Answer {
    let mut answer =
        refused(429, ErrorCode::TemporarilyUnavailable.name(), "too many registrations; try again in a moment");
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    answer
}

/// RFC 6750 §3: without a token no error is named.
fn challenge(error: Option<ErrorCode>) -> Answer {
    let (body, value) = match error {
        None => (json!({}), HeaderValue::from_static("Bearer realm=\"registration\"")),
        Some(code) => (
            json!({
                "error": code.name(),
                "error_description": "this token does not count, or not any more; ask the operator for another",
            }),
            HeaderValue::from_static("Bearer error=\"invalid_token\""),
        ),
    };
    let mut answer = json_answer(401, &body);
    answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    answer
}
