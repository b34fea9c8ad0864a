//! What happens around every request: it is written down, and answered badly where that is scripted.

use super::{Behaviour, Endpoint, Provider};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use model::Micros;
use serde_json::{Value, json};

/// The most that a form may hold.
const BODY_LIMIT: usize = 64 * 1024;
const LOG_LIMIT: usize = 1000;
const PADDING: usize = 1024 * 1024;

/// Answers as the token endpoint does, so that a client that follows the redirect would not notice.
pub(super) const MOVED_TOKEN_PATH: &str = "/token/moved";

/// A request as it came, for assertions. The client's secret is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    pub endpoint: Endpoint,
    pub at: Micros,
    /// Of the form for POST, of the query otherwise; in order, repeated ones too.
    pub parameters: Vec<(String, String)>,
    /// The scheme of the `Authorization` header.
    pub authorization: Option<String>,
}

impl LoggedRequest {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The parameters of a request, parsed once.
#[derive(Debug, Clone)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter must not be there twice (RFC 6749 §3.1 and §3.2).
    pub(super) fn repeated(&self) -> bool {
        self.0.iter().enumerate().any(|(index, (key, _))| self.0[..index].iter().any(|(earlier, _)| earlier == key))
    }
}

pub(super) async fn observe(
    State((provider, endpoint)): State<(Provider, Endpoint)>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let parameters = parameters(&head.method, &head.headers, head.uri.query().unwrap_or_default(), &body);
    let moved = head.uri.path() == MOVED_TOKEN_PATH;
    log(&provider, endpoint, &head.headers, &parameters);
    let faults = provider.state().script.faults(endpoint);
    for fault in &faults {
        match fault {
            Behaviour::Slow(wait) => tokio::time::sleep(*wait).await,
            Behaviour::CloseConnection => return broken(),
            Behaviour::SecretExpired => {
                let headers = [(header::CONTENT_TYPE, "application/json")];
                return (StatusCode::UNAUTHORIZED, headers, r#"{"error":"invalid_client"}"#).into_response();
            }
            Behaviour::ServerError => return (StatusCode::INTERNAL_SERVER_ERROR, "scripted\n").into_response(),
            Behaviour::Garbage => return garbage(),
            Behaviour::RedirectFromToken if endpoint == Endpoint::Token && !moved => {
                let location = format!("{}{MOVED_TOKEN_PATH}", provider.issuer());
                return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response();
            }
            _ => {}
        }
    }
    let mut request = Request::from_parts(head, Body::from(body));
    request.extensions_mut().insert(Parameters(parameters));
    let response = next.run(request).await;
    if faults.contains(&Behaviour::HugeAnswer) { padded(response).await } else { response }
}

fn parameters(method: &Method, headers: &HeaderMap, query: &str, body: &Bytes) -> Vec<(String, String)> {
    let text = if method == Method::POST {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_form = kind
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if is_form { body.as_ref() } else { &[] }
    } else {
        query.as_bytes()
    };
    url::form_urlencoded::parse(text).into_owned().collect()
}

fn log(provider: &Provider, endpoint: Endpoint, headers: &HeaderMap, parameters: &[(String, String)]) {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let entry = LoggedRequest {
        endpoint,
        at: provider.now(),
        parameters: parameters.iter().filter(|(key, _)| key != "client_secret").cloned().collect(),
        authorization: authorization.and_then(|value| value.split(' ').next()).map(str::to_owned),
    };
    let mut state = provider.state();
    if state.log.len() == LOG_LIMIT {
        state.log.pop_front();
    }
    state.log.push_back(entry);
}

/// Announces more than it sends, then ends the connection.
fn broken() -> Response {
    let parts: [Result<Bytes, std::io::Error>; 2] =
        [Ok(Bytes::from_static(b"{")), Err(std::io::ErrorKind::ConnectionReset.into())];
    let body = Body::from_stream(futures_util::stream::iter(parts));
    ([(header::CONTENT_TYPE, "application/json"), (header::CONTENT_LENGTH, "1000")], body).into_response()
}

fn garbage() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], "<html>\u{fffd}}{ this is no JSON \u{0}").into_response()
}

/// The right answer, but a megabyte of it: only a limit refuses it.
async fn padded(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let padding = "x".repeat(PADDING);
    let body = match serde_json::from_slice::<Value>(&bytes) {
        Ok(Value::Object(mut object)) => {
            object.insert("padding".to_owned(), json!(padding));
            Value::Object(object).to_string()
        }
        _ => String::from_utf8_lossy(&bytes).into_owned() + &padding,
    };
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(body))
}
