//! What we say of ourselves, and our keys: ready bytes, no read (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).

use crate::Provider;
use crate::answer::{Answer, fault};
use axum::extract::State;
use axum::response::IntoResponse as _;
use flows::TokenFault;
use http::header;

/// As long as a new key is known before it signs.
const KEPT: &str = "public, max-age=300";

pub(crate) async fn metadata(State(provider): State<Provider>) -> Answer {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, KEPT)];
    (headers, provider.metadata.to_string()).into_response()
}

pub(crate) async fn jwks(State(provider): State<Provider>) -> Answer {
    match provider.keys.jwks().await {
        Ok(text) => {
            let headers = [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, KEPT)];
            (headers, text.to_string()).into_response()
        }
        Err(error) => fault(TokenFault::from(error)),
    }
}
