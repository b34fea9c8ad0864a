//! Pushed authorization requests (RFC 9126 §2).

use crate::answer::{Answer, fault, from_client, json_answer};
use crate::{ENDPOINTS, Provider};
use axum::body::Bytes;
use axum::extract::State;
use http::HeaderMap;
use serde_json::Value;

pub(crate) async fn push(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Answer {
    let journeys = &provider.journeys;
    let (caller, form) = match from_client(journeys, ENDPOINTS.pushed, &headers, &body).await {
        Ok(parsed) => parsed,
        Err(refused) => return fault(refused),
    };
    match journeys.push(&caller, &form).await {
        Ok(members) => json_answer(201, &Value::Object(members)),
        Err(error) => fault(error),
    }
}
