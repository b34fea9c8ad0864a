//! How the endpoints read requests and answer them.

use axum::body::Body;
use axum::response::IntoResponse as _;
use flows::oauth::{ErrorCode, Parameters, Refused};
use flows::{Caller, Journeys, Shown, TokenFault};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

pub(crate) type Answer = Response<Body>;

/// JSON that nobody keeps (RFC 6749 §5.1).
pub(crate) fn json_answer(status: u16, body: &Value) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (status, headers, body.to_string()).into_response()
}

pub(crate) fn good(members: Map<String, Value>) -> Answer {
    json_answer(200, &Value::Object(members))
}

/// RFC 6749 §5.2.
pub(crate) fn fault(fault: TokenFault) -> Answer {
    match fault {
        TokenFault::Refused(refused) => {
            tracing::info!(code = refused.code.name(), because = refused.because, "a client was refused");
            let body = json!({ "error": refused.code.name(), "error_description": refused.because });
            let mut answer = json_answer(refused.code.status(), &body);
            if refused.code == ErrorCode::InvalidClient {
                let value = HeaderValue::from_static("Basic realm=\"client\"");
                answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
            }
            answer
        }
        TokenFault::Wait(wait) => {
            let body =
                json!({ "error": ErrorCode::SlowDown.name(), "error_description": "too many requests from there" });
            let mut answer = json_answer(429, &body);
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.seconds() + 1));
            answer
        }
        TokenFault::Unavailable => {
            let body = json!({ "error": ErrorCode::TemporarilyUnavailable.name() });
            let mut answer = json_answer(503, &body);
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            answer
        }
    }
}

/// The form of a request. Anything but a form is refused, so that no page elsewhere can send one without being asked.
pub(crate) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, Refused> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refused::request("send a form: application/x-www-form-urlencoded"));
    }
    Parameters::parse(body)
}

/// The client that a request comes from (RFC 6749 §2.3), and what it sent.
pub(crate) async fn from_client(
    journeys: &Journeys,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Caller, Parameters), TokenFault> {
    let form = form(headers, body)?;
    let because = "the Authorization header is not text";
    let authorization = one(headers, &header::AUTHORIZATION, Refused::new(ErrorCode::InvalidClient, because))?;
    let shown = Shown { path, method: "POST", authorization, proof: proof(headers)? };
    Ok((journeys.caller(&shown, &form).await?, form))
}

/// The `DPoP` header, of which there may be one (RFC 9449 §4.3).
pub(crate) fn proof(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let because = "there is more than one DPoP header, or it is not text";
    one(headers, &HeaderName::from_static("dpop"), Refused::new(ErrorCode::InvalidDpopProof, because))
}

pub(crate) fn one<'a>(headers: &'a HeaderMap, name: &HeaderName, refused: Refused) -> Result<Option<&'a str>, Refused> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(text)), None) => Ok(Some(text)),
        _ => Err(refused),
    }
}

/// Single-page applications ask from their own origin. Nothing here rests on cookies, so every origin may.
pub(crate) async fn for_every_origin(mut response: Answer) -> Answer {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    response
}

/// What a browser asks before it sends an `Authorization` header (Fetch §3.2.2).
pub(crate) async fn preflight() -> Answer {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, DPoP"),
        (header::ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
