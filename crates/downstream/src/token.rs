//! The token endpoint (RFC 6749 §3.2).

use crate::Provider;
use crate::answer::{Answer, fault, from_client, good};
use axum::body::Bytes;
use axum::extract::State;
use flows::oauth::TokenRequest;
use http::HeaderMap;

pub(crate) async fn token(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Answer {
    let journeys = &provider.journeys;
    let parsed =
        from_client(journeys, &headers, &body).and_then(|(client, form)| Ok((client, TokenRequest::parse(&form)?)));
    let (client, request) = match parsed {
        Ok(parsed) => parsed,
        Err(refused) => return fault(refused.into()),
    };
    match journeys.token(&client, request).await {
        Ok(members) => good(members),
        Err(error) => fault(error),
    }
}
