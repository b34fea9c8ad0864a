//! A client that asks for itself: who it is, and what its request has shown (RFC 6749 §2.3, RFC 7523, RFC 9449).

use crate::journeys::Journeys;
use crate::tokens::TokenFault;
use crate::{ApplyError, Browser, Device};
use model::{Change, Conflict, Expiring, Plan};
use protocol::oauth::{Asked, Client, ErrorCode, Parameters, Possession, Presented, Refused, verify_possession};
use std::sync::Arc;

/// The headers that matter, the form, and the path under our origin that was asked.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    pub path: &'a str,
    pub method: &'a str,
    pub authorization: Option<&'a str>,
    /// The `DPoP` header.
    pub proof: Option<&'a str>,
}

/// A client that has authenticated.
#[derive(Debug, Clone)]
pub struct Caller {
    pub client: Arc<Client>,
    /// What it showed may be shown once: spent with whatever the request changes.
    once: Vec<Expiring>,
    /// The thumbprint of the key whose possession it has shown.
    pub key: Option<String>,
}

impl Caller {
    /// We ourselves, for an application that speaks no OpenID Connect.
    pub(crate) fn ourselves(client: &Arc<Client>) -> Self {
        Self { client: client.clone(), once: Vec::new(), key: None }
    }

    pub(crate) fn spends(&self) -> impl Iterator<Item = Change> + '_ {
        self.once.iter().map(|once| Change::SpendProof(*once))
    }

    /// Nobody's browser: a client speaks for itself.
    pub(crate) fn browser(&self) -> Browser {
        Browser {
            session: None,
            device: Device { id: [0; 16], users: Vec::new(), last_used: None },
            source: Vec::new(),
            user_agent: self.client.name.clone(),
            language: "en".to_owned(),
        }
    }

    /// What came a second time (T62).
    pub(crate) fn replayed(&self) -> TokenFault {
        let shown = self.key.as_ref().map_or(ErrorCode::InvalidClient, |_| ErrorCode::InvalidDpopProof);
        Refused::new(shown, "client_assertion or DPoP proof was used before: make a new one for each request").into()
    }

    /// The key that tokens are bound to, where this client's have to be (RFC 9449 §5).
    pub(crate) fn bound(&self) -> Result<Option<&str>, Refused> {
        if self.key.is_none() && self.client.must_show_a_key() {
            let because = "tokens of this client are bound to a key: send a DPoP proof";
            return Err(Refused::new(ErrorCode::InvalidDpopProof, because));
        }
        Ok(self.key.as_deref())
    }
}

impl Journeys {
    fn asked<'a>(&'a self, shown: &Shown<'a>, uri: &'a str) -> Asked<'a> {
        Asked { issuer: &self.issuer, method: shown.method, uri, now: self.now() }
    }

    /// Who asks. Whatever is wrong says nothing about whether such a client exists.
    pub async fn caller(&self, shown: &Shown<'_>, form: &Parameters) -> Result<Caller, TokenFault> {
        let presented = Presented::read(shown.authorization, form)?;
        let unknown = Refused::new(ErrorCode::InvalidClient, "the client is unknown or its secret wrong");
        let client = self.find_client(&presented.client).await?.ok_or(unknown)?;
        let uri = format!("{}{}", self.issuer, shown.path);
        let assertion = client.authenticate(&presented, &self.asked(shown, &uri))?;
        let possession = self.possession(shown, None)?;
        if client.fapi && possession.as_ref().is_some_and(|possession| !possession.is_strict) {
            let because = "FAPI 2.0 wants DPoP proofs signed with ES256, Ed25519 or PS256";
            return Err(Refused::new(ErrorCode::InvalidDpopProof, because).into());
        }
        let key = possession.as_ref().map(|possession| possession.key.clone());
        let once = assertion.into_iter().chain(possession.map(|possession| possession.once)).collect();
        Ok(Caller { client, once, key })
    }

    /// The key that a request shows (RFC 9449 §4.3), at a resource with the access token it comes with.
    pub fn possession(&self, shown: &Shown<'_>, token: Option<&str>) -> Result<Option<Possession>, Refused> {
        let uri = format!("{}{}", self.issuer, shown.path);
        shown.proof.map(|proof| verify_possession(proof, &self.asked(shown, &uri), token)).transpose()
    }

    /// Spends what a request has shown that changes nothing else. No write where nothing has to be.
    pub(crate) async fn spend(&self, caller: &Caller) -> Result<(), TokenFault> {
        self.apply_for(caller, None).await
    }

    /// Makes a change that rests on no facts, and spends what the request has shown. Where the change was made before,
    /// what was shown is spent all the same (T62); where a race was lost, nothing was written.
    pub(crate) async fn apply_for(&self, caller: &Caller, mut change: Option<Change>) -> Result<(), TokenFault> {
        for _ in 0..3 {
            let changes: Vec<Change> = change.clone().into_iter().chain(caller.spends()).collect();
            if changes.is_empty() {
                return Ok(());
            }
            match self.store.apply(Plan { changes }).await {
                Ok(()) => return Ok(()),
                Err(ApplyError::Conflict(Conflict::ProofSpent)) => return Err(caller.replayed()),
                Err(ApplyError::Conflict(Conflict::FlowSpent)) => change = None,
                Err(ApplyError::Conflict(_)) => {}
                Err(ApplyError::Unavailable(_)) => break,
            }
        }
        Err(TokenFault::Unavailable)
    }
}
