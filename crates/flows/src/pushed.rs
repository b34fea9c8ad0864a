//! Pushed authorization requests (RFC 9126). Like every other request one is sealed and carried, not stored: its
//! `request_uri` is the request. It begins a sign-in for a minute, and its id is spent with the code it leads to.

use crate::authorize::REQUEST_MAX;
use crate::caller::Caller;
use crate::journeys::{FLOW_LIFETIME, Journeys};
use crate::tokens::TokenFault;
use model::{Expiring, FlowId, MINUTE, Micros};
use protocol::oauth::{Answer, AuthorizationRequest, Client, ErrorCode, Invalid, Parameters, Refused};
use serde_json::{Map, Value};

/// RFC 9126 §2.2.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
const LIFETIME: Micros = MINUTE;

/// The id of a pushed request as it is spent: until no code of it can be exchanged any more.
pub(crate) fn spent_request(flow: FlowId, now: Micros) -> Expiring {
    Expiring { flow, expires_at: now + FLOW_LIFETIME }
}

impl Journeys {
    /// Takes a request in (RFC 9126 §2.1): the client has authenticated, and what it asks is checked as if the person's
    /// browser had brought it. No read, and no write but for what the client showed once.
    pub async fn push(&self, caller: &Caller, form: &Parameters) -> Result<Map<String, Value>, TokenFault> {
        if form.get("request_uri").is_some() {
            return Err(Refused::request("request_uri is what this endpoint gives").into());
        }
        if form.get("client_id").is_some_and(|named| named != caller.client.id) {
            return Err(Refused::request("client_id is another client").into());
        }
        let parsed = AuthorizationRequest::parse(form, Some(&caller.client), self.now());
        let mut request = parsed.map_err(|invalid| match invalid {
            Invalid::Page(refused) | Invalid::Client(_, refused) => refused,
        })?;
        if let Some(hint) = form.get("id_token_hint") {
            request.is_about(self.hinted(hint, &request.client).await?)?;
        }
        // A proof binds the code as dpop_jkt does (RFC 9449 §10.1).
        if let Some(key) = &caller.key {
            if request.dpop_key.as_ref().is_some_and(|named| named != key) {
                return Err(Refused::request("dpop_jkt is not the key of the DPoP proof").into());
            }
            request.dpop_key = Some(key.clone());
        }
        request.pushed = Some(FlowId::generate(self.now(), self.random()));
        self.check_size(&request)?;
        self.spend(caller).await?;
        let sealed = self.keys.seal_value("authorize", b"pushed", &request, self.random());
        let sealed = sealed.map_err(|_| TokenFault::Unavailable)?;
        let mut answer = Map::new();
        answer.insert("request_uri".to_owned(), format!("{PREFIX}{sealed}").into());
        answer.insert("expires_in".to_owned(), LIFETIME.seconds().into());
        Ok(answer)
    }

    /// A request travels in cookies and addresses.
    pub(crate) fn check_size(&self, request: &AuthorizationRequest) -> Result<(), Refused> {
        let size = serde_json::to_vec(request).map_or(usize::MAX, |text| text.len());
        if size > REQUEST_MAX { Err(Refused::request("the request is too long")) } else { Ok(()) }
    }

    /// The request that was pushed, if the browser brings one. Everything else in the address is left alone (RFC 9126
    /// §4); whose it is has to fit.
    pub(crate) fn pushed_request(
        &self,
        parameters: &Parameters,
        client: Option<&Client>,
    ) -> Option<Result<AuthorizationRequest, Invalid>> {
        let sealed = parameters.get("request_uri")?.strip_prefix(PREFIX)?;
        let unknown = Invalid::Page(Refused::request("request_uri is none of ours"));
        let Ok(request) = self.keys.open_value::<AuthorizationRequest>("authorize", b"pushed", sealed) else {
            return Some(Err(unknown));
        };
        if client.is_none_or(|client| client.id != request.client) {
            return Some(Err(unknown));
        }
        if request.at + LIFETIME <= self.now() {
            let because = "this pushed request has expired: push it again";
            return Some(Err(Invalid::Client(request.answer, Refused::new(ErrorCode::InvalidRequestUri, because))));
        }
        Some(Ok(request))
    }

    /// A request that has to be pushed and was not (RFC 9126 §6).
    pub(crate) fn check_pushed(&self, request: &AuthorizationRequest) -> Result<(), (Answer, Refused)> {
        let must = self.client(&request.client).is_some_and(|client| client.must_push());
        if must && request.pushed.is_none() {
            let because = "requests of this client have to be pushed";
            return Err((request.answer.clone(), Refused::request(because)));
        }
        Ok(())
    }
}
