//! The OpenID Provider: what clients themselves ask. Where a person is asked, `web` shows the page.
//!
//! One file for each endpoint. No rule lives here: a request is parsed, its client authenticates, and `flows` answers.

mod answer;
mod device_authorization;
mod discovery;
mod introspection;
mod pushed;
mod registration;
mod revocation;
mod token;
mod userinfo;

use async_trait::async_trait;
use axum::Router;
use axum::routing::{get, post};
use flows::oauth::{Endpoints, metadata};
use flows::{Journeys, Pace, Unavailable};
use http::HeaderMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Our public keys, as ready bytes.
#[async_trait]
pub trait KeySets: Send + Sync {
    /// RFC 7517 §5. Every key that signs, will sign soon, or has signed something that still counts.
    async fn jwks(&self) -> Result<Arc<str>, Unavailable>;
}

/// Finds out where a request really came from. Behind a proxy the operator names its header and address.
pub type ClientAddress = Arc<dyn Fn(&HeaderMap, IpAddr) -> IpAddr + Send + Sync>;

/// Paths of the provider. Those where people come are `web`'s.
pub const ENDPOINTS: Endpoints = Endpoints {
    authorization: "/oauth2/authorize",
    token: "/oauth2/token",
    userinfo: "/oauth2/userinfo",
    jwks: "/oauth2/jwks",
    introspection: "/oauth2/introspect",
    revocation: "/oauth2/revoke",
    end_session: "/oauth2/logout",
    pushed: "/oauth2/par",
    device_authorization: "/oauth2/device_authorization",
    registration: None,
};

/// Where clients register themselves, where they may.
const REGISTRATION: &str = "/oauth2/register";
/// Registrations and looks at one in a second and at once, of everybody together. A token is needed for each besides.
const REGISTRATIONS: (i64, i64) = (10, 30);

/// What the endpoints are made of.
#[derive(Clone)]
pub struct Provider {
    pub journeys: Arc<Journeys>,
    pub keys: Arc<dyn KeySets>,
    client_address: ClientAddress,
    /// Clients may register themselves.
    registration: bool,
    pace: Arc<Pace>,
    /// The discovery document, made once.
    metadata: Arc<str>,
}

impl Provider {
    /// `languages`: those of the pages (BCP 47). `registration`: clients may register themselves.
    pub fn new(
        journeys: Arc<Journeys>,
        keys: Arc<dyn KeySets>,
        client_address: ClientAddress,
        languages: &[&str],
        registration: bool,
    ) -> Self {
        let known = flows::oauth::STANDARD_SCOPES.iter().chain(&flows::oauth::LINKING_SCOPES);
        let scopes: Vec<String> = known.map(|scope| (*scope).to_owned()).collect();
        let levels = journeys.acr_values();
        let endpoints = Endpoints { registration: registration.then_some(REGISTRATION), ..ENDPOINTS };
        let document = metadata(journeys.issuer(), &endpoints, &scopes, &levels, languages);
        Self {
            metadata: document.to_string().into(),
            journeys,
            keys,
            client_address,
            registration,
            pace: Arc::new(Pace::new(REGISTRATIONS.0, REGISTRATIONS.1)),
        }
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.journeys.issuer()).finish_non_exhaustive()
    }
}

pub fn router(provider: Provider) -> Router {
    let mut router = Router::new();
    if provider.registration {
        let one = format!("{REGISTRATION}/{{id}}");
        router = router
            .route(REGISTRATION, post(registration::register))
            .route(&one, get(registration::read).delete(registration::remove));
    }
    router
        .route("/.well-known/openid-configuration", get(discovery::metadata))
        .route("/.well-known/oauth-authorization-server", get(discovery::metadata))
        .route(ENDPOINTS.jwks, get(discovery::jwks))
        .route(ENDPOINTS.token, post(token::token).options(answer::preflight))
        .route(
            ENDPOINTS.device_authorization,
            post(device_authorization::device_authorization).options(answer::preflight),
        )
        .route(ENDPOINTS.userinfo, get(userinfo::userinfo).post(userinfo::userinfo).options(answer::preflight))
        .route(ENDPOINTS.pushed, post(pushed::push).options(answer::preflight))
        .route(ENDPOINTS.introspection, post(introspection::introspect))
        .route(ENDPOINTS.revocation, post(revocation::revoke).options(answer::preflight))
        .layer(axum::middleware::map_response(answer::for_every_origin))
        .with_state(provider)
}
