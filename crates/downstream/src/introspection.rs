//! Token introspection (RFC 7662 §2): for confidential clients only.

use crate::answer::{Answer, fault, from_client, good};
use crate::{ENDPOINTS, Provider};
use axum::body::Bytes;
use axum::extract::State;
use flows::oauth::{ErrorCode, Refused};
use http::HeaderMap;

pub(crate) async fn introspect(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Answer {
    let journeys = &provider.journeys;
    let parsed = from_client(journeys, ENDPOINTS.introspection, &headers, &body).await.and_then(|(caller, form)| {
        if caller.client.is_public() {
            let because = "a client without a secret may not ask about tokens";
            return Err(Refused::new(ErrorCode::InvalidClient, because).into());
        }
        Ok((caller, form.need("token", "token is missing")?.to_owned()))
    });
    let (caller, token) = match parsed {
        Ok(parsed) => parsed,
        Err(refused) => return fault(refused),
    };
    match journeys.introspect(&caller, &token).await {
        Ok(members) => good(members),
        Err(error) => fault(error),
    }
}
