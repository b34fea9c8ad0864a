//! An OpenID provider (OpenID Connect Core 1.0, authorization code flow) that keeps every rule until it is told to
//! break one, so that a test can show which rule of the relying party catches it.

mod authorize;
mod behaviour;
mod id_token;
mod keys;
mod token;
mod wire;

pub use behaviour::{Behaviour, Endpoint};
pub use wire::LoggedRequest;

use crate::bounded::Bounded;
use crate::page::{self, Accent};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use behaviour::Script;
use keys::SigningKey;
use model::{Clock, Micros, Random, Secret};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An account at the provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub sub: String,
    pub name: String,
    pub email: Option<String>,
    /// Any JSON, because providers send any; `null` leaves the claim out.
    pub email_verified: Value,
    pub preferred_username: Option<String>,
    pub hosted_domain: Option<String>,
}

impl Person {
    pub fn new(sub: &str, name: &str) -> Self {
        Self {
            sub: sub.to_owned(),
            name: name.to_owned(),
            email: None,
            email_verified: Value::Null,
            preferred_username: None,
            hosted_domain: None,
        }
    }

    #[must_use]
    pub fn mail(mut self, address: &str, verified: Value) -> Self {
        self.email = Some(address.to_owned());
        self.email_verified = verified;
        self
    }

    #[must_use]
    pub fn user_name(mut self, name: &str) -> Self {
        self.preferred_username = Some(name.to_owned());
        self
    }

    #[must_use]
    pub fn hosted_domain(mut self, domain: &str) -> Self {
        self.hosted_domain = Some(domain.to_owned());
        self
    }
}

#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// An origin on this machine without a slash at the end, such as `http://provider-a.localhost:7001`.
    pub issuer: String,
    /// For people: `Example A`.
    pub name: String,
    /// One letter or sign that stands for the provider.
    pub mark: String,
    pub accent: Accent,
    pub people: Vec<Person>,
    pub client_id: String,
    pub client_secret: Secret<String>,
    /// Compared byte for byte.
    pub redirect_uris: Vec<String>,
    /// Whether the ID token carries address and name as well; UserInfo always does.
    pub claims_in_id_token: bool,
}

/// The provider; a clone is the same provider.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    settings: ProviderSettings,
    /// Cookies do not know ports: two providers on one address must not share one.
    cookie: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    state: Mutex<ProviderState>,
}

struct ProviderState {
    /// The current key first.
    keys: Vec<SigningKey>,
    script: Script,
    log: VecDeque<LoggedRequest>,
    /// Authorization requests whose page is open.
    requests: Bounded<authorize::AuthorizationRequest>,
    codes: Bounded<token::Grant>,
    access_tokens: Bounded<token::Access>,
    /// Every token that left, newest last.
    issued: VecDeque<String>,
    sessions: Bounded<Session>,
    /// Accounts that somebody typed into the page, or that a test put there.
    typed: Bounded<Person>,
}

/// Who is signed in at the provider in one browser, last used last, and since when.
#[derive(Debug, Clone, Default)]
struct Session {
    people: Vec<(String, Micros)>,
}

impl Session {
    fn since(&self, sub: &str) -> Option<Micros> {
        self.people.iter().find(|(known, _)| known == sub).map(|(_, at)| *at)
    }

    fn sign_in(&mut self, sub: &str, at: Micros) {
        self.people.retain(|(known, _)| known != sub);
        self.people.push((sub.to_owned(), at));
    }
}

impl Provider {
    pub fn new(settings: ProviderSettings, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let tail = crate::bounded::encode(&crate::bounded::sha256(settings.issuer.as_bytes())[..6]);
        let state = ProviderState {
            keys: vec![SigningKey::generate(random.as_ref())],
            script: Script::default(),
            log: VecDeque::new(),
            requests: Bounded::new(500),
            codes: Bounded::new(500),
            access_tokens: Bounded::new(500),
            issued: VecDeque::new(),
            sessions: Bounded::new(500),
            typed: Bounded::new(200),
        };
        let inner = Inner { settings, cookie: format!("provider_{tail}"), clock, random, state: Mutex::new(state) };
        Self(Arc::new(inner))
    }

    pub fn issuer(&self) -> &str {
        &self.0.settings.issuer
    }

    /// From now on the provider behaves like this, and no longer as scripted before. An empty list makes it honest.
    /// Faults of transport (`Slow`, `Garbage`, …) hold for everything the relying party fetches itself.
    pub fn script(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.set_script(None, behaviours);
    }

    /// As [`Provider::script`], with faults of transport at one endpoint only.
    pub fn script_at(&self, endpoint: Endpoint, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.set_script(Some(endpoint), behaviours);
    }

    fn set_script(&self, endpoint: Option<Endpoint>, behaviours: impl IntoIterator<Item = Behaviour>) {
        let behaviours: Vec<_> = behaviours.into_iter().collect();
        if behaviours.contains(&Behaviour::RotateKeys) {
            self.rotate_keys();
        }
        self.state().script = Script::new(endpoint, behaviours);
    }

    /// From now on there is this account, or the one with its subject is like this.
    pub fn put_person(&self, person: Person) {
        self.state().typed.insert(person.sub.clone(), person);
    }

    /// Signs with a new key from now on, and announces only that.
    pub fn rotate_keys(&self) {
        let key = SigningKey::generate(self.0.random.as_ref());
        self.state().keys = vec![key];
    }

    /// What was asked of the provider, oldest first; the last thousand requests.
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.state().log.iter().cloned().collect()
    }

    /// Access tokens and ID tokens that were given out, the last few hundred: for tests that look for them where they
    /// must not be.
    pub fn issued(&self) -> Vec<String> {
        self.state().issued.iter().cloned().collect()
    }

    /// How often an endpoint was asked.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.state().log.iter().filter(|request| request.endpoint == endpoint).count()
    }

    pub fn router(&self) -> Router {
        let at = |endpoint, method: MethodRouter<Self>| {
            method.layer(from_fn_with_state((self.clone(), endpoint), wire::observe))
        };
        Router::new()
            .route("/.well-known/openid-configuration", at(Endpoint::Discovery, get(discovery)))
            .route("/jwks", at(Endpoint::Keys, get(jwks)))
            .route("/authorize", at(Endpoint::Authorize, get(authorize::authorize).post(authorize::authorize)))
            .route("/authorize/choose", at(Endpoint::Choose, post(authorize::choose)))
            .route("/token", at(Endpoint::Token, post(token::token)))
            .route(wire::MOVED_TOKEN_PATH, at(Endpoint::Token, post(token::token)))
            .route("/userinfo", at(Endpoint::UserInfo, get(token::userinfo).post(token::userinfo)))
            .route("/", get(home))
            .route("/sign-out", post(sign_out))
            .route(page::STYLE_PATH, get(async |State(provider): State<Self>| page::style(provider.settings().accent)))
            .with_state(self.clone())
    }

    fn settings(&self) -> &ProviderSettings {
        &self.0.settings
    }

    fn now(&self) -> Micros {
        self.0.clock.now()
    }

    fn token(&self) -> String {
        crate::bounded::token(self.0.random.as_ref())
    }

    fn state(&self) -> MutexGuard<'_, ProviderState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn scripted(&self, behaviour: &Behaviour) -> bool {
        self.state().script.has(behaviour)
    }

    fn person(&self, sub: &str) -> Option<Person> {
        let changed = self.state().typed.get(sub).cloned();
        changed.or_else(|| self.settings().people.iter().find(|person| person.sub == sub).cloned())
    }

    fn session(&self, headers: &HeaderMap) -> Session {
        let id = page::cookie(headers, &self.0.cookie).unwrap_or_default();
        self.state().sessions.get(&id).cloned().unwrap_or_default()
    }

    /// Another issuer than this one, on this machine as well, so that nothing but the name is wrong about it.
    fn other_origin(&self) -> String {
        let Ok(mut url) = url::Url::parse(self.issuer()) else { return "http://elsewhere.localhost".to_owned() };
        if url.set_host(Some("elsewhere.localhost")).is_err() {
            return "http://elsewhere.localhost".to_owned();
        }
        url.as_str().trim_end_matches('/').to_owned()
    }
}

/// OpenID Connect Discovery 1.0 §3, RFC 9207 §3.
async fn discovery(State(provider): State<Provider>) -> Response {
    let origin = provider.issuer();
    let issuer =
        if provider.scripted(&Behaviour::DiscoveryIssuerOther) { provider.other_origin() } else { origin.to_owned() };
    let token_origin = if provider.scripted(&Behaviour::TokenEndpointOnOtherHost) {
        provider.other_origin()
    } else {
        origin.to_owned()
    };
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{origin}/authorize"),
        "token_endpoint": format!("{token_origin}/token"),
        "userinfo_endpoint": format!("{origin}/userinfo"),
        "jwks_uri": format!("{origin}/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": ["openid", "email", "profile"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "email", "email_verified", "name", "preferred_username", "hd"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "select_account"],
        "authorization_response_iss_parameter_supported": true,
    });
    json_response(&document)
}

/// RFC 7517 §5.
async fn jwks(State(provider): State<Provider>) -> Response {
    let mut keys = Vec::new();
    if provider.scripted(&Behaviour::JwksManyKeys) {
        keys.extend((0..200).map(|_| SigningKey::generate(provider.0.random.as_ref()).jwk()));
    }
    keys.extend(provider.state().keys.iter().map(SigningKey::jwk));
    json_response(&json!({ "keys": keys }))
}

fn json_response(value: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, value.to_string()).into_response()
}

#[derive(Template)]
#[template(path = "provider_home.html")]
struct HomePage<'a> {
    name: &'a str,
    mark: &'a str,
    issuer: &'a str,
    signed_in: Vec<String>,
}

async fn home(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    let session = provider.session(&headers);
    let settings = provider.settings();
    let signed_in = session.people.iter().filter_map(|(sub, _)| provider.person(sub)).map(|person| person.name);
    page::page(&HomePage {
        name: &settings.name,
        mark: &settings.mark,
        issuer: &settings.issuer,
        signed_in: signed_in.collect(),
    })
}

async fn sign_out(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    if page::same_origin(&headers, provider.issuer())
        && let Some(id) = page::cookie(&headers, &provider.0.cookie)
    {
        provider.state().sessions.remove(&id);
    }
    page::see_other("/")
}
