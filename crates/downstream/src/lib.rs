//! The OpenID Provider: what clients themselves ask. Where a person is asked, `web` shows the page.
//!
//! One file for each endpoint. No rule lives here: a request is parsed, its client authenticates, and `flows` answers.

mod answer;
mod discovery;
mod introspection;
mod pushed;
mod revocation;
mod token;
mod userinfo;

use async_trait::async_trait;
use axum::Router;
use axum::routing::{get, post};
use flows::oauth::{Endpoints, metadata};
use flows::{Journeys, Unavailable};
use std::sync::Arc;

/// Our public keys, as ready bytes.
#[async_trait]
pub trait KeySets: Send + Sync {
    /// RFC 7517 §5. Every key that signs, will sign soon, or has signed something that still counts.
    async fn jwks(&self) -> Result<Arc<str>, Unavailable>;
}

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
};

/// What the endpoints are made of.
#[derive(Clone)]
pub struct Provider {
    pub journeys: Arc<Journeys>,
    pub keys: Arc<dyn KeySets>,
    /// The discovery document, made once.
    metadata: Arc<str>,
}

impl Provider {
    /// `languages`: those of the pages (BCP 47).
    pub fn new(journeys: Arc<Journeys>, keys: Arc<dyn KeySets>, languages: &[&str]) -> Self {
        let known = flows::oauth::STANDARD_SCOPES.iter().chain(&flows::oauth::LINKING_SCOPES);
        let scopes: Vec<String> = known.map(|scope| (*scope).to_owned()).collect();
        let levels = journeys.acr_values();
        let document = metadata(journeys.issuer(), &ENDPOINTS, &scopes, &levels, languages);
        Self { metadata: document.to_string().into(), journeys, keys }
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.journeys.issuer()).finish_non_exhaustive()
    }
}

pub fn router(provider: Provider) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::metadata))
        .route("/.well-known/oauth-authorization-server", get(discovery::metadata))
        .route(ENDPOINTS.jwks, get(discovery::jwks))
        .route(ENDPOINTS.token, post(token::token).options(answer::preflight))
        .route(ENDPOINTS.userinfo, get(userinfo::userinfo).post(userinfo::userinfo).options(answer::preflight))
        .route(ENDPOINTS.pushed, post(pushed::push).options(answer::preflight))
        .route(ENDPOINTS.introspection, post(introspection::introspect))
        .route(ENDPOINTS.revocation, post(revocation::revoke).options(answer::preflight))
        .layer(axum::middleware::map_response(answer::for_every_origin))
        .with_state(provider)
}
