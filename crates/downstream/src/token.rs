//! The token endpoint (RFC 6749 §3.2).

use crate::answer::{Answer, fault, from_client, good};
use crate::{ENDPOINTS, Provider};
use axum::body::Bytes;
use axum::extract::State;
use flows::oauth::TokenRequest;
use http::HeaderMap;

pub(crate) async fn token(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Answer {
    let journeys = &provider.journeys;
    let parsed = from_client(journeys, ENDPOINTS.token, &headers, &body).await.and_then(|(caller, form)| {
        let request = TokenRequest::parse(&form, &caller.client)?;
        Ok((caller, request))
    });
    let (caller, request) = match parsed {
        Ok(parsed) => parsed,
        Err(refused) => return fault(refused),
    };
    match journeys.token(&caller, request).await {
        Ok(members) => good(members),
        Err(error) => fault(error),
    }
}
