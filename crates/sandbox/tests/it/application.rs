//! The example application against the part of the server's API that it uses.

use crate::world::{Seeded, listener, run};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use sandbox::application::{ApplicationSettings, application};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use url::Url;

/// One code, one session, as the server keeps them.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<ServerState>>);

#[derive(Default)]
struct ServerState {
    challenge: String,
    signed_in: bool,
    down: bool,
}

fn bearer_is_good(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == "Bearer the token")
}

fn challenge(verifier: &str) -> String {
    use base64::Engine as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}

async fn handover(State(server): State<Server>, Json(body): Json<Value>) -> Result<Json<Value>, StatusCode> {
    let mut state = server.0.lock().unwrap();
    let good = body["code"] == "the code" && challenge(body["verifier"].as_str().unwrap()) == state.challenge;
    if !good {
        return Err(StatusCode::BAD_REQUEST);
    }
    state.signed_in = true;
    Ok(Json(json!({ "token": "the token", "user": { "name": "Ada" }, "expires_at": 1 })))
}

async fn session(State(server): State<Server>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let state = server.0.lock().unwrap();
    if state.down {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    if !state.signed_in || !bearer_is_good(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(Json(json!({
        "user": { "sub": "u1", "name": "Ada <b>", "address": "ada@example.test" },
        "session": { "methods": [{ "kind": "link", "connection": "Example A" }] },
    })))
}

async fn end(State(server): State<Server>, headers: HeaderMap) -> StatusCode {
    let mut state = server.0.lock().unwrap();
    if state.down {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    assert!(bearer_is_good(&headers));
    state.signed_in = false;
    StatusCode::NO_CONTENT
}

struct World {
    server: Server,
    server_origin: String,
    origin: String,
    client: reqwest::Client,
}

impl World {
    async fn start() -> Self {
        let server = Server::default();
        let router = Router::new()
            .route("/api/v1/handover", post(handover))
            .route("/api/v1/session", get(session).delete(end))
            .with_state(server.clone());
        let (on, port) = listener().await;
        run(on, router);
        let server_origin = format!("http://server.localhost:{port}");
        let (on, port) = listener().await;
        let origin = format!("http://notes.localhost:{port}");
        let settings = ApplicationSettings {
            id: "notes".to_owned(),
            name: "Notes".to_owned(),
            server_origin: server_origin.clone(),
            own_origin: origin.clone(),
        };
        run(on, application(settings, Arc::new(Seeded::new(2))));
        Self { server, server_origin, origin, client: sandbox::loopback::client() }
    }

    async fn get(&self, path: &str, cookie: &str) -> reqwest::Response {
        self.client.get(format!("{}{path}", self.origin)).header("cookie", cookie).send().await.unwrap()
    }

    async fn post(&self, path: &str, cookie: &str, origin: &str) -> reqwest::Response {
        let request = self.client.post(format!("{}{path}", self.origin));
        request.header("cookie", cookie).header("origin", origin).send().await.unwrap()
    }

    /// The browser's cookie and the state of a sign-in that was started.
    async fn start_sign_in(&self) -> (String, String) {
        let response = self.post("/sign-in", "", &self.origin).await;
        assert_eq!(response.status(), 303);
        let location = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        assert!(location.as_str().starts_with(&format!("{}/sign-in?", self.server_origin)));
        let value = |name: &str| location.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        assert_eq!(value("application"), "notes");
        self.server.0.lock().unwrap().challenge = value("challenge");
        (cookies(&response), value("state"))
    }

    async fn sign_in(&self) -> String {
        let (cookie, state) = self.start_sign_in().await;
        let response = self.get(&format!("/callback?code=the+code&state={state}"), &cookie).await;
        assert_eq!((response.status().as_u16(), &response.headers()["location"]), (303, &"/".parse().unwrap()));
        // A repeat finds nothing to finish.
        assert_eq!(self.get(&format!("/callback?code=the+code&state={state}"), &cookie).await.status(), 400);
        cookies(&response)
    }
}

fn cookies(response: &reqwest::Response) -> String {
    let values = response.headers().get_all("set-cookie").iter();
    let pairs = values.map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned());
    pairs.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn a_person_signs_in_and_out() {
    let world = World::start().await;
    assert!(world.get("/", "").await.text().await.unwrap().contains("Sign in"));
    let cookie = world.sign_in().await;
    let page = world.get("/", &cookie).await.text().await.unwrap();
    assert!(page.contains("ada@example.test") && page.contains("Example A") && page.contains("/account"));
    assert!(!page.contains("<b>") && !page.contains("the token"));

    assert_eq!(world.post("/sign-out", &cookie, "http://evil.localhost").await.status(), 403);
    assert!(world.server.0.lock().unwrap().signed_in);
    assert_eq!(world.post("/sign-out", &cookie, &world.origin).await.status(), 303);
    assert!(!world.server.0.lock().unwrap().signed_in);
    assert!(!world.get("/", &cookie).await.text().await.unwrap().contains("Hello"));
}

#[tokio::test]
async fn an_answer_to_another_browser_is_refused() {
    let world = World::start().await;
    let (cookie, state) = world.start_sign_in().await;
    for (path, cookie) in [
        (format!("/callback?code=the+code&state={state}"), ""),
        ("/callback?code=the+code&state=other".to_owned(), cookie.as_str()),
        ("/callback?code=the+code".to_owned(), cookie.as_str()),
        ("/callback".to_owned(), ""),
    ] {
        assert_eq!(world.get(&path, cookie).await.status(), 400, "{path}");
    }
    assert!(!world.server.0.lock().unwrap().signed_in);
    assert_eq!(world.post("/sign-in", "", "http://evil.localhost").await.status(), 403);
}

#[tokio::test]
async fn refusals_and_ends_have_a_way_on() {
    let world = World::start().await;
    let (cookie, state) = world.start_sign_in().await;
    let page = world.get(&format!("/callback?error=access_denied&state={state}"), &cookie).await;
    assert!(page.text().await.unwrap().contains("Sign in"));
    let (cookie, state) = world.start_sign_in().await;
    assert_eq!(world.get(&format!("/callback?code=wrong&state={state}"), &cookie).await.status(), 400);

    let cookie = world.sign_in().await;
    world.server.0.lock().unwrap().down = true;
    assert_eq!(world.get("/", &cookie).await.status(), 502);
    assert_eq!(world.post("/sign-out", &cookie, &world.origin).await.status(), 502);
    world.server.0.lock().unwrap().down = false;
    assert!(world.get("/", &cookie).await.text().await.unwrap().contains("Hello"));
    world.server.0.lock().unwrap().signed_in = false;
    assert!(world.get("/", &cookie).await.text().await.unwrap().contains("has ended"));
}
