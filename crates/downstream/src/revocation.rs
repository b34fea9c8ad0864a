//! Token revocation (RFC 7009 §2). What is no token is answered like one that was revoked.

use crate::answer::{Answer, fault, from_client, good};
use crate::{ENDPOINTS, Provider};
use axum::body::Bytes;
use axum::extract::State;
use http::HeaderMap;
use serde_json::Map;

pub(crate) async fn revoke(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Answer {
    let journeys = &provider.journeys;
    let parsed = from_client(journeys, ENDPOINTS.revocation, &headers, &body)
        .await
        .and_then(|(caller, form)| Ok((caller, form.need("token", "token is missing")?.to_owned())));
    let (caller, token) = match parsed {
        Ok(parsed) => parsed,
        Err(refused) => return fault(refused),
    };
    match journeys.revoke(&caller, &token).await {
        Ok(()) => good(Map::new()),
        Err(error) => fault(error),
    }
}
