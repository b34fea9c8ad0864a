//! The token endpoint (RFC 6749 §3.2).

use crate::Provider;
use crate::answer::{Answer, client, fault, form, good};
use axum::body::Bytes;
use axum::extract::State;
use flows::oauth::TokenRequest;
use http::HeaderMap;

pub(crate) async fn token(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Answer {
    let journeys = &provider.journeys;
    let parsed = form(&headers, &body).and_then(|form| {
        let client = client(journeys, &headers, &form)?;
        Ok((client, TokenRequest::parse(&form)?))
    });
    let (client, request) = match parsed {
        Ok(parsed) => parsed,
        Err(refused) => return fault(refused.into()),
    };
    match journeys.token(client, request).await {
        Ok(members) => good(members),
        Err(error) => fault(error),
    }
}
