//! The device authorization endpoint (RFC 8628 §3.1, §3.2).

use crate::answer::{Answer, fault, from_client, good};
use crate::{ENDPOINTS, Provider};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use flows::oauth::DeviceRequest;
use http::{HeaderMap, header};
use std::net::SocketAddr;

pub(crate) async fn device_authorization(
    State(provider): State<Provider>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let journeys = &provider.journeys;
    let parsed =
        from_client(journeys, ENDPOINTS.device_authorization, &headers, &body).await.and_then(|(caller, form)| {
            let request = DeviceRequest::parse(&form, &caller.client)?;
            Ok((caller, request))
        });
    let (caller, request) = match parsed {
        Ok(parsed) => parsed,
        Err(refused) => return fault(refused),
    };
    let source = flows::source_of((provider.client_address)(&headers, peer.0.ip()));
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match journeys.ask_for_device(&caller, request, &source, user_agent).await {
        Ok(members) => good(members),
        Err(error) => fault(error),
    }
}
