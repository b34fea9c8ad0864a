//! A provider on a free port, a clock that tests turn, seeded randomness, and a relying party made of requests.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use model::{Clock, Micros, Random, Secret};
use sandbox::Accent;
use sandbox::provider::{Provider, ProviderSettings};
use serde_json::Value;
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tokio::net::TcpListener;
use url::Url;

pub const REDIRECT_URI: &str = "http://server.localhost:7000/callback/example-a";
pub const CLIENT_ID: &str = "selfsame";
/// Holds what has to be encoded in both ways of sending it.
pub const CLIENT_SECRET: &str = "a secret: %+&é";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const ADA: &str = "104928310551";

pub struct TurnableClock(AtomicI64);

impl TurnableClock {
    pub fn new() -> Self {
        Self(AtomicI64::new(Micros::from_seconds(1_800_000_000).0))
    }

    pub fn turn(&self, seconds: i64) {
        self.0.fetch_add(Micros::from_seconds(seconds).0, Ordering::SeqCst);
    }
}

impl Clock for TurnableClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::SeqCst))
    }
}

/// SplitMix64.
pub struct Seeded(AtomicU64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

pub async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

pub fn run(listener: TcpListener, router: axum::Router) {
    tokio::spawn(async move { sandbox::serve(listener, router).await.unwrap() });
}

pub struct World {
    pub provider: Provider,
    pub origin: String,
    pub clock: Arc<TurnableClock>,
    pub client: reqwest::Client,
}

/// Where the provider sent the browser.
#[derive(Debug)]
pub struct Answer(pub HashMap<String, String>);

impl Answer {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn code(&self) -> &str {
        self.get("code").unwrap_or_else(|| panic!("no code in {self:?}"))
    }

    pub fn of(response: &reqwest::Response) -> Self {
        assert_eq!(response.status(), 303);
        let location = response.headers()["location"].to_str().unwrap();
        assert!(location.starts_with(REDIRECT_URI), "{location}");
        Self(Url::parse(location).unwrap().query_pairs().into_owned().collect())
    }
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut ProviderSettings)) -> Self {
        let (listener, port) = listener().await;
        let origin = format!("http://provider-a.localhost:{port}");
        let mut settings = ProviderSettings {
            issuer: origin.clone(),
            name: "Example A".to_owned(),
            mark: "A".to_owned(),
            accent: Accent::Teal,
            people: sandbox::seed::people_a(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: Secret::new(CLIENT_SECRET.to_owned()),
            redirect_uris: vec![REDIRECT_URI.to_owned()],
            claims_in_id_token: true,
        };
        change(&mut settings);
        let clock = Arc::new(TurnableClock::new());
        let provider = Provider::new(settings, clock.clone(), Arc::new(Seeded::new(1)));
        run(listener, provider.router());
        Self { provider, origin, clock, client: sandbox::loopback::client() }
    }

    /// A good request with some parameters set otherwise; an empty value leaves one out.
    pub fn authorization(&self, changes: &[(&str, &str)]) -> Url {
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid email profile"),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        Url::parse_with_params(&format!("{}/authorize", self.origin), parameters).unwrap()
    }

    pub async fn authorize(&self, changes: &[(&str, &str)]) -> reqwest::Response {
        self.client.get(self.authorization(changes)).send().await.unwrap()
    }

    /// Ada signs in without the page.
    pub async fn ada(&self) -> Answer {
        Answer::of(&self.authorize(&[("x_person", ADA)]).await)
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)], cookie: &str) -> reqwest::Response {
        let request = self.client.post(format!("{}{path}", self.origin)).header("cookie", cookie).form(form);
        request.send().await.unwrap()
    }

    pub async fn try_token(&self, changes: &[(&str, &str)]) -> Result<reqwest::Response, reqwest::Error> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
        ];
        form.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        form.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        self.client.post(format!("{}/token", self.origin)).form(&form).send().await
    }

    pub async fn token(&self, changes: &[(&str, &str)]) -> (u16, Value) {
        let response = self.try_token(changes).await.unwrap();
        (response.status().as_u16(), json(response).await)
    }

    /// A whole sign-in of Ada; the answer of the token endpoint.
    pub async fn sign_in(&self) -> Value {
        let answer = self.ada().await;
        let (status, body) = self.token(&[("code", answer.code())]).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub async fn userinfo(&self, access_token: &str) -> reqwest::Response {
        self.client.get(format!("{}/userinfo", self.origin)).bearer_auth(access_token).send().await.unwrap()
    }

    pub async fn discovery(&self) -> Value {
        json(self.get("/.well-known/openid-configuration").await).await
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(format!("{}{path}", self.origin)).send().await.unwrap()
    }

    pub async fn keys(&self) -> JwkSet {
        serde_json::from_value(json(self.get("/jwks").await).await).unwrap()
    }

    /// Whether the signature is that of an announced key; another's code checks it.
    pub async fn is_signed(&self, id_token: &str) -> bool {
        let header = jsonwebtoken::decode_header(id_token).unwrap();
        let Some(key) = self.keys().await.find(&header.kid.unwrap()).map(DecodingKey::from_jwk) else { return false };
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode::<Value>(id_token, &key.unwrap(), &validation).is_ok()
    }
}

pub async fn json(response: reqwest::Response) -> Value {
    let bytes = response.bytes().await.unwrap();
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes)))
}

/// Header and claims, unchecked.
pub fn parts(token: &str) -> (Value, Value) {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut parts = token.split('.').take(2).map(|part| serde_json::from_slice(&engine.decode(part).unwrap()).unwrap());
    (parts.next().unwrap(), parts.next().unwrap())
}

pub fn id_token(answer: &Value) -> &str {
    answer["id_token"].as_str().unwrap()
}
