//! An OpenID provider on a loopback port whose every answer a test can replace, and a clock a test can turn.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{Assertion, Clock, ConnectionId, Micros, Random};
use protocol::oidc::{Algorithm, Attempt, CallbackParams, ClientSettings, OidcError};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use upstream::{Connections, EgressPolicy};

pub const METADATA: &str = "/.well-known/openid-configuration";
pub const TOKEN: &str = "/token";
pub const KEYS: &str = "/jwks";
pub const USERINFO: &str = "/me";

/// How one path answers instead of properly.
#[derive(Clone)]
pub enum Answer {
    Json(u16, Value),
    Text(u16, &'static str, String),
    Redirect(String),
    /// JSON of this many bytes, without saying how many.
    Streamed(usize),
    Slow(Duration),
    /// The connection ends in the middle of the body.
    Broken,
}

pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, time: Micros) {
        self.0.fetch_add(time.0, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::SeqCst))
    }
}

struct Counter(AtomicU64);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_add(1, Ordering::SeqCst) as u8;
        }
    }
}

pub struct Request {
    pub path: String,
    pub body: String,
    pub authorization: Option<String>,
}

struct Shared {
    issuer: String,
    clock: Arc<TestClock>,
    key: Ed25519KeyPair,
    state: Mutex<Behaviour>,
}

struct Behaviour {
    answers: BTreeMap<String, Answer>,
    requests: Vec<Request>,
    /// The id in the key set, and the id in tokens.
    published_kid: String,
    signing_kid: String,
    claims: Value,
    delay: Duration,
}

pub struct Provider {
    shared: Arc<Shared>,
    pub clock: Arc<TestClock>,
    pub connections: Connections,
    pub id: ConnectionId,
}

pub fn policy() -> EgressPolicy {
    EgressPolicy {
        allow_loopback: true,
        total_timeout: Duration::from_millis(1200),
        connect_timeout: Duration::from_millis(1200),
        ..EgressPolicy::default()
    }
}

impl Provider {
    pub async fn start() -> Self {
        Self::start_with(|settings| settings).await
    }

    pub async fn start_with(change: impl FnOnce(ClientSettings) -> ClientSettings) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        // A name below localhost, as in the demonstration.
        let issuer = format!("http://idp.localhost:{}", listener.local_addr().unwrap().port());
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_000_000_000_000)));
        let state = Mutex::new(Behaviour {
            answers: BTreeMap::new(),
            requests: Vec::new(),
            published_kid: "k1".into(),
            signing_kid: "k1".into(),
            claims: json!({}),
            delay: Duration::ZERO,
        });
        let key = Ed25519KeyPair::generate().unwrap();
        let shared = Arc::new(Shared { issuer: issuer.clone(), clock: Arc::clone(&clock), key, state });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

        let id = ConnectionId::parse("idp").unwrap();
        let redirect = "https://selfsame.example/callback/idp";
        let settings = ClientSettings::new(id.clone(), &issuer, "client", redirect, 1);
        let settings = change(ClientSettings { algorithm: Algorithm::EdDSA, ..settings });
        let connections = Connections::new(vec![settings], policy(), clock.clone()).unwrap();
        Self { shared, clock, connections, id }
    }

    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    pub fn metadata(&self) -> Value {
        self.shared.metadata()
    }

    pub fn answer(&self, path: &str, answer: Answer) {
        self.shared.state.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    pub fn answer_properly(&self, path: &str) {
        self.shared.state.lock().unwrap().answers.remove(path);
    }

    pub fn sign_with(&self, kid: &str) {
        kid.clone_into(&mut self.shared.state.lock().unwrap().signing_kid);
    }

    pub fn publish(&self, kid: &str) {
        kid.clone_into(&mut self.shared.state.lock().unwrap().published_kid);
    }

    pub fn claim(&self, claims: Value) {
        self.shared.state.lock().unwrap().claims = claims;
    }

    pub fn delay(&self, delay: Duration) {
        self.shared.state.lock().unwrap().delay = delay;
    }

    pub fn count(&self, path: &str) -> usize {
        self.shared.state.lock().unwrap().requests.iter().filter(|request| request.path == path).count()
    }

    pub fn total(&self) -> usize {
        self.shared.state.lock().unwrap().requests.len()
    }

    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.state.lock().unwrap().requests)
    }

    pub fn attempt(&self) -> Attempt {
        Attempt::new(&Counter(AtomicU64::new(0)), self.clock.now(), &self.id, 1)
    }

    pub async fn redeem(&self) -> Result<Assertion, OidcError> {
        let attempt = self.attempt();
        let params = CallbackParams::from_query(&format!("code=the-code&state={}", attempt.state)).unwrap();
        self.connections.redeem(&self.id, &attempt, &params).await
    }
}

impl Shared {
    fn metadata(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at(TOKEN),
            "jwks_uri": at(KEYS),
            "userinfo_endpoint": at(USERINFO),
        })
    }

    fn token(&self, kid: &str, claims: &Value) -> String {
        let now = self.clock.now().seconds();
        // Every attempt of a test has the same values.
        let attempt =
            Attempt::new(&Counter(AtomicU64::new(0)), self.clock.now(), &ConnectionId::parse("idp").unwrap(), 1);
        let mut all = json!({
            "iss": self.issuer, "aud": "client", "sub": "subject-1", "iat": now, "exp": now + 60,
            "nonce": attempt.nonce.expose(), "email": "ada@example.org", "email_verified": true,
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let header = json!({"alg": "EdDSA", "kid": kid}).to_string();
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(all.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    let (special, published, signing, claims, delay) = {
        let mut state = shared.state.lock().unwrap();
        state.requests.push(Request {
            path: path.clone(),
            body: String::from_utf8(body.to_vec()).unwrap(),
            authorization: headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned()),
        });
        let special = state.answers.get(&path).cloned();
        (special, state.published_kid.clone(), state.signing_kid.clone(), state.claims.clone(), state.delay)
    };
    tokio::time::sleep(delay).await;
    if let Some(special) = special {
        return special_answer(special).await;
    }
    let document = match path.as_str() {
        METADATA => shared.metadata(),
        KEYS => {
            let x = URL_SAFE_NO_PAD.encode(shared.key.public_key().as_ref());
            json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": published, "x": x}]})
        }
        TOKEN => {
            json!({"token_type": "Bearer", "access_token": "at-1", "id_token": shared.token(&signing, &claims)})
        }
        USERINFO => json!({"sub": "subject-1", "name": "Ada Lovelace"}),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    axum::Json(document).into_response()
}

async fn special_answer(answer: Answer) -> Response {
    const JSON: &str = "application/json";
    let build = |status: u16, kind: &str, body: Body| {
        Response::builder().status(status).header(header::CONTENT_TYPE, kind).body(body).unwrap()
    };
    match answer {
        Answer::Json(status, document) => build(status, JSON, document.to_string().into()),
        Answer::Text(status, kind, text) => build(status, kind, text.into()),
        Answer::Redirect(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Answer::Streamed(bytes) => {
            let chunk = Bytes::from(vec![b' '; 16 * 1024]);
            let chunks = (0..bytes / chunk.len()).map(move |_| Ok::<_, std::io::Error>(chunk.clone()));
            build(200, JSON, Body::from_stream(Chunks(chunks)))
        }
        Answer::Slow(time) => {
            tokio::time::sleep(time).await;
            build(200, JSON, "{}".into())
        }
        Answer::Broken => {
            let parts = [Ok(Bytes::from_static(b"{\"issuer\":")), Err(std::io::Error::other("broken"))];
            build(200, JSON, Body::from_stream(Chunks(parts.into_iter())))
        }
    }
}

/// An iterator as a stream.
struct Chunks<I>(I);

impl<I: Iterator + Unpin> futures_util::Stream for Chunks<I> {
    type Item = I::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<I::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}
