//! "Notes", an example application. It knows no passwords: people sign in at the server, which hands a session over
//! by a one-time code on the registered address, bound to a secret that only this application holds.

use crate::bounded::{Bounded, challenge, token};
use crate::page::{self, Accent};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use model::{Random, Secret};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Clone)]
pub struct ApplicationSettings {
    /// As the server's configuration names it.
    pub id: String,
    /// For people.
    pub name: String,
    /// Without a slash at the end, as is the next.
    pub server_origin: String,
    /// The server sends people back to `{own_origin}/callback`.
    pub own_origin: String,
}

#[derive(Clone)]
struct Application(Arc<Inner>);

struct Inner {
    settings: ApplicationSettings,
    random: Arc<dyn Random>,
    client: reqwest::Client,
    state: Mutex<ApplicationState>,
}

struct ApplicationState {
    /// Sign-ins that are under way, by the browser's cookie.
    attempts: Bounded<Attempt>,
    /// The server's session for each browser that is signed in.
    sessions: Bounded<Secret<String>>,
}

#[derive(Clone)]
struct Attempt {
    state: String,
    verifier: Secret<String>,
}

const SESSION_COOKIE: &str = "notes_session";
const ATTEMPT_COOKIE: &str = "notes_attempt";
/// The most that is read of an answer of the server.
const ANSWER_LIMIT: usize = 64 * 1024;

/// Who is signed in, in words for the page.
#[derive(Debug, Default, PartialEq, Eq)]
struct Person {
    id: String,
    name: String,
    address: String,
    method: String,
}

#[derive(Template)]
#[template(path = "application.html")]
struct ApplicationPage<'a> {
    name: &'a str,
    initial: String,
    notice: &'a str,
    person: Option<Person>,
    account: String,
}

/// The application. Both origins must be on this machine; elsewhere it answers every request with an error.
pub fn application(settings: ApplicationSettings, random: Arc<dyn Random>) -> Router {
    let inner = Inner {
        settings,
        random,
        client: crate::loopback::client(),
        state: Mutex::new(ApplicationState { attempts: Bounded::new(500), sessions: Bounded::new(500) }),
    };
    Router::new()
        .route("/", get(home))
        .route("/sign-in", post(sign_in))
        .route("/callback", get(callback))
        .route("/sign-out", post(sign_out))
        .route(page::STYLE_PATH, get(async || page::style(Accent::Violet)))
        .with_state(Application(Arc::new(inner)))
}

/// What came of asking the server.
enum Asked {
    Answer(Value),
    /// The session has ended there, or the code was not good.
    Refused,
    Unreachable,
}

impl Application {
    fn settings(&self) -> &ApplicationSettings {
        &self.0.settings
    }

    fn state(&self) -> MutexGuard<'_, ApplicationState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, status: StatusCode, notice: &str, person: Option<Person>) -> Response {
        let settings = self.settings();
        let page = ApplicationPage {
            name: &settings.name,
            initial: settings.name.chars().take(1).collect(),
            notice,
            person,
            account: format!("{}/account", settings.server_origin),
        };
        page::page_with(status, &page)
    }

    async fn ask(&self, method: Method, path: &str, bearer: Option<&Secret<String>>, body: Option<Value>) -> Asked {
        let origin = &self.settings().server_origin;
        if !crate::loopback::is_loopback_origin(origin) {
            tracing::error!("the example application talks to servers of this machine only");
            return Asked::Unreachable;
        }
        let mut request = self.0.client.request(method, format!("{origin}{path}"));
        if let Some(token) = bearer {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        match answer(request).await {
            Ok(asked) => asked,
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "the server could not be asked");
                Asked::Unreachable
            }
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Asked, reqwest::Error> {
    let mut response = request.send().await?;
    let status = response.status();
    if status.is_server_error() {
        return Ok(Asked::Unreachable);
    }
    if !status.is_success() {
        return Ok(Asked::Refused);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER_LIMIT {
            return Ok(Asked::Unreachable);
        }
        bytes.extend_from_slice(&chunk);
    }
    // Signing out answers with no content.
    Ok(Asked::Answer(serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
}

async fn home(State(application): State<Application>, headers: HeaderMap) -> Response {
    let Some(id) = page::cookie(&headers, SESSION_COOKIE) else {
        return application.page(StatusCode::OK, "", None);
    };
    let held = application.state().sessions.get(&id).cloned();
    let Some(session) = held else {
        return application.page(StatusCode::OK, "", None);
    };
    match application.ask(Method::GET, "/api/v1/session", Some(&session), None).await {
        Asked::Answer(answer) => application.page(StatusCode::OK, "", Some(person(&answer))),
        Asked::Refused => {
            application.state().sessions.remove(&id);
            let mut response = application.page(StatusCode::OK, "Your session has ended. Please sign in again.", None);
            response.headers_mut().append(header::SET_COOKIE, page::clear_cookie(SESSION_COOKIE));
            response
        }
        Asked::Unreachable => {
            let notice = "The server cannot be reached at the moment. Nothing is lost; please try again.";
            application.page(StatusCode::BAD_GATEWAY, notice, None)
        }
    }
}

async fn sign_in(State(application): State<Application>, headers: HeaderMap) -> Response {
    let settings = application.settings();
    if !page::same_origin(&headers, &settings.own_origin) {
        return application.page(StatusCode::FORBIDDEN, "Please use the button on this page.", None);
    }
    let random = application.0.random.as_ref();
    let (id, state, verifier) = (token(random), token(random), token(random));
    let location = url::Url::parse_with_params(
        &format!("{}/sign-in", settings.server_origin),
        [
            ("application", settings.id.as_str()),
            ("redirect_uri", &format!("{}/callback", settings.own_origin)),
            ("challenge", &challenge(&verifier)),
            ("state", &state),
        ],
    );
    let Ok(location) = location else {
        return application.page(StatusCode::INTERNAL_SERVER_ERROR, "The server's address cannot be read.", None);
    };
    let attempt = Attempt { state, verifier: Secret::new(verifier) };
    application.state().attempts.insert(id.clone(), attempt);
    let mut response = page::see_other(location.as_str());
    response.headers_mut().append(header::SET_COOKIE, page::set_cookie(ATTEMPT_COOKIE, &id));
    response
}

#[derive(Deserialize)]
struct Callback {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

async fn callback(
    State(application): State<Application>,
    headers: HeaderMap,
    Query(callback): Query<Callback>,
) -> Response {
    let id = page::cookie(&headers, ATTEMPT_COOKIE).unwrap_or_default();
    let attempt = application.state().attempts.get(&id).cloned();
    // An answer to a question that this browser did not ask would sign it in as somebody else.
    let attempt = attempt.filter(|attempt| callback.state.as_deref() == Some(attempt.state.as_str()));
    let Some(attempt) = attempt else {
        return application.page(StatusCode::BAD_REQUEST, "This sign-in was not started here. Please try again.", None);
    };
    application.state().attempts.remove(&id);
    let Some(code) = callback.code.filter(|_| callback.error.is_none()) else {
        return application.page(StatusCode::OK, "You were not signed in. You can try again.", None);
    };
    let body = json!({ "code": code, "verifier": attempt.verifier.expose() });
    let answer = match application.ask(Method::POST, "/api/v1/handover", None, Some(body)).await {
        Asked::Answer(answer) => answer,
        Asked::Refused => {
            return application.page(StatusCode::BAD_REQUEST, "This sign-in has expired. Please try again.", None);
        }
        Asked::Unreachable => {
            let notice = "The server cannot be reached at the moment. Please try again.";
            return application.page(StatusCode::BAD_GATEWAY, notice, None);
        }
    };
    let Some(session) = answer.get("token").and_then(Value::as_str) else {
        return application.page(StatusCode::BAD_GATEWAY, "The server's answer cannot be read.", None);
    };
    let id = token(application.0.random.as_ref());
    application.state().sessions.insert(id.clone(), Secret::new(session.to_owned()));
    let mut response = page::see_other("/");
    response.headers_mut().append(header::SET_COOKIE, page::set_cookie(SESSION_COOKIE, &id));
    response.headers_mut().append(header::SET_COOKIE, page::clear_cookie(ATTEMPT_COOKIE));
    response
}

async fn sign_out(State(application): State<Application>, headers: HeaderMap) -> Response {
    if !page::same_origin(&headers, &application.settings().own_origin) {
        return application.page(StatusCode::FORBIDDEN, "Please use the button on this page.", None);
    }
    let id = page::cookie(&headers, SESSION_COOKIE).unwrap_or_default();
    let session = application.state().sessions.remove(&id);
    if let Some(session) = session
        && let Asked::Unreachable = application.ask(Method::DELETE, "/api/v1/session", Some(&session), None).await
    {
        // Kept, so that signing out can be tried again: saying "signed out" would not be true.
        application.state().sessions.insert(id, session);
        let notice = "The server cannot be reached, so you are still signed in. Please try again.";
        return application.page(StatusCode::BAD_GATEWAY, notice, None);
    }
    let mut response = page::see_other("/");
    response.headers_mut().append(header::SET_COOKIE, page::clear_cookie(SESSION_COOKIE));
    response
}

/// Reads what the session endpoint says; what is missing stays empty.
fn person(answer: &Value) -> Person {
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let methods = match answer.pointer("/session/methods") {
        Some(Value::Array(methods)) => methods.iter().map(method).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    };
    Person { id: text("/user/sub"), name: text("/user/name"), address: text("/user/address"), method: methods }
}

/// A method is a name, or an object with a kind and, for a link, its connection.
fn method(value: &Value) -> String {
    let part = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = value.as_str().unwrap_or_else(|| if part("kind").is_empty() { part("name") } else { part("kind") });
    let shown = match kind {
        "password" => "password",
        "email_code" => "code by e-mail",
        "link" => "another provider",
        other => other,
    };
    let connection = part("connection");
    if connection.is_empty() { shown.to_owned() } else { connection.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_session() {
        let answer = json!({
            "user": { "sub": "u1", "name": "Ada", "address": "ada@example.test" },
            "session": { "methods": [{ "kind": "password" }, { "kind": "link", "connection": "example-a" }] },
        });
        let expected = ["u1", "Ada", "ada@example.test", "password, example-a"].map(str::to_owned);
        let [id, name, address, method] = expected;
        assert_eq!(person(&answer), Person { id, name, address, method });
        assert_eq!(person(&json!({ "session": { "methods": ["email_code"] } })).method, "code by e-mail");
        assert_eq!(person(&Value::Null), Person::default());
    }
}
