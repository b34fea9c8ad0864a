//! A device asks, and somebody at another browser answers (RFC 8628).
//!
//! Whoever types a code is signed in before it is looked at, and the session that typed it is the only one that sees or
//! answers the request (T52). A sign-in on the way here opens an account that is there; it links, creates and recovers
//! nothing. What the device shows for itself is sealed and names its request: nothing that it holds is stored.

mod polls;

pub(crate) use polls::Polls;

use crate::decide::display_name;
use crate::flow::{Destination, Fault, FaultKind, Field, Flow, Goal};
use crate::journeys::Journeys;
use crate::tokens::{Standing, TokenFault, grant_fault};
use crate::{Browser, Caller};
use linking::{
    Attempt, DeviceClaim, Reason, claimed_device, decide_attempt, decide_code_reuse, decide_device_answer,
    decide_device_claim, decide_device_redemption, required_level, throttle_keys,
};
use model::{
    Actor, AuthorizationId, Change, ClientFacts, ClientQueryBy, Conflict, DeviceFacts, DeviceState, Facts, FactsQuery,
    MINUTE, Micros, NewDeviceRequest, Plan, SECOND, SessionScope,
};
use protocol::oauth::{Client, DeviceRequest, ErrorCode, Refused, UserCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Where a device's code is typed (RFC 8628 §3.2, `verification_uri`).
pub const DEVICE_PATH: &str = "/device";

/// How long a code may be typed and answered.
const LIFETIME: Micros = MINUTE.times(10);
/// An answer in the last moment is still heard.
const GRACE: Micros = MINUTE;
/// Between two polls, and how much longer after each that comes too early (RFC 8628 §3.5).
const INTERVAL: Micros = SECOND.times(5);

/// The page of a code, with the code in it where there is one.
pub(crate) fn typing_at(code: Option<&str>) -> String {
    code.map_or_else(|| DEVICE_PATH.to_owned(), |code| format!("{DEVICE_PATH}?user_code={code}"))
}

/// What a device polls with, sealed.
#[derive(Serialize, Deserialize)]
struct DeviceCode {
    /// The row of the request, and the request in it.
    code: [u8; 32],
    id: AuthorizationId,
    client: String,
    expires_at: Micros,
}

/// A request that was claimed, sealed in the address of the page that asks.
#[derive(Serialize, Deserialize)]
struct Claim {
    code: [u8; 32],
    client: String,
    /// As it was typed, for one more look.
    shown: String,
}

/// What the person is asked.
#[derive(Debug, Clone)]
pub struct DeviceAsked {
    /// The claim, sealed: it comes back with the answer.
    pub request: String,
    pub name: String,
    /// As the device shows it.
    pub code: String,
    pub user_agent: String,
    /// The network that the device asked from ([`crate::source_of`]), and whether the person is in the same one.
    pub source: Vec<u8>,
    pub same_network: bool,
    pub asked_at: Micros,
    /// What is asked for and was not allowed before, and what was.
    pub new: Vec<String>,
    pub known: Vec<String>,
    pub person: String,
    pub address: Option<model::Address>,
}

/// What the page of codes shows.
#[derive(Debug, Clone)]
pub enum DeviceEntry {
    /// A journey first.
    Journey(Box<Flow>),
    /// The field, to this person.
    Type { person: String, address: Option<model::Address> },
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAnswered {
    /// The client's name.
    pub name: String,
    pub allowed: bool,
}

fn refused(code: ErrorCode, because: &'static str) -> TokenFault {
    Refused::new(code, because).into()
}

/// Counters of whoever types codes: the session, so that people behind one address do not block each other, and the
/// source that all its sessions share.
fn typing_keys(session: &[u8; 32], source: &[u8]) -> Vec<Vec<u8>> {
    throttle_keys(&[b"device:".as_slice(), session].concat(), source, false)
}

impl Journeys {
    /// RFC 8628 §3.1 and §3.2. One write; one read before it for a client that shows no secret, so that nobody fills the
    /// store with requests.
    pub async fn ask_for_device(
        &self,
        caller: &Caller,
        request: DeviceRequest,
        source: &[u8],
        user_agent: &str,
    ) -> Result<Map<String, Value>, TokenFault> {
        let client = &*caller.client;
        let keys = [[b"source:device:".as_slice(), source].concat()];
        for _ in 0..3 {
            let mut plan = Plan::default();
            if client.is_public() {
                let query = FactsQuery { throttles: keys.to_vec(), ..FactsQuery::default() };
                let counted = decide_attempt(&self.facts(&query).await?, &keys, self.now());
                if let Attempt::Wait(until) = counted.outcome {
                    return Err(TokenFault::Wait(until - self.now()));
                }
                plan = counted.plan;
            }
            let shown = UserCode::generate(self.random());
            let new = NewDeviceRequest {
                code: self.device_row(shown),
                id: AuthorizationId::generate(self.now(), self.random()),
                client: client.id.clone(),
                scope: request.scope.clone(),
                user_agent: crate::handover::own_words(user_agent),
                source: source.to_vec(),
                interval: INTERVAL,
                at: self.now(),
                expires_at: self.now() + LIFETIME,
            };
            let code = DeviceCode {
                code: new.code,
                id: new.id,
                client: new.client.clone(),
                expires_at: new.expires_at + GRACE,
            };
            let sealed = self.keys.seal_value("device-code", b"", &code, self.random());
            let sealed = sealed.map_err(|_| TokenFault::Unavailable)?;
            plan.push(Change::AskForDevice(new));
            plan.changes.extend(caller.spends());
            match self.store.apply(plan).await {
                Ok(()) => return Ok(self.device_answer(&sealed, shown)),
                Err(crate::ApplyError::Conflict(Conflict::ProofSpent)) => return Err(caller.replayed()),
                // The same code was drawn for somebody else, or the counter moved on.
                Err(crate::ApplyError::Conflict(_)) => {}
                Err(crate::ApplyError::Unavailable(_)) => break,
            }
        }
        Err(TokenFault::Unavailable)
    }

    fn device_answer(&self, sealed: &str, shown: UserCode) -> Map<String, Value> {
        let mut answer = Map::new();
        for (name, value) in [
            ("device_code", json!(sealed)),
            ("user_code", json!(shown.to_string())),
            ("verification_uri", json!(format!("{}{DEVICE_PATH}", self.issuer))),
            ("verification_uri_complete", json!(format!("{}{}", self.issuer, typing_at(Some(&shown.to_string()))))),
            ("expires_in", json!(LIFETIME.seconds())),
            ("interval", json!(INTERVAL.seconds())),
        ] {
            answer.insert(name.to_owned(), value);
        }
        answer
    }

    /// Where the request of a code is kept. Under a key of ours, because 34 bits are soon tried.
    fn device_row(&self, shown: UserCode) -> [u8; 32] {
        self.keys.mac("user-code", &[shown.as_bytes()])
    }

    /// RFC 8628 §3.4 and §3.5: one read while nobody has answered, and a write for who asks too often, or shows what may be
    /// shown once.
    pub(crate) async fn device_tokens(
        &self,
        caller: &Caller,
        code: &str,
        resource: Vec<String>,
    ) -> Result<Map<String, Value>, TokenFault> {
        let client = &*caller.client;
        let none_of_ours = Refused::grant("this is no device code of ours");
        let code: DeviceCode = self.keys.open_value("device-code", b"", code).map_err(|_| none_of_ours)?;
        if code.client != client.id {
            return Err(Refused::grant("this device code was made for another client").into());
        }
        let expired = || refused(ErrorCode::ExpiredToken, "the device code has expired; ask for another");
        if code.expires_at <= self.now() {
            return Err(expired());
        }
        let browser = caller.browser();
        let query = FactsQuery { device: Some(code.code), ..FactsQuery::default() };
        let of_client = Self::client_query(client, ClientQueryBy::Authorization(code.id));
        for _ in 0..3 {
            let (facts, known) = self.store.facts_for_client(&query, &of_client).await?;
            let Some(device) = facts.device.as_ref().filter(|device| device.id == code.id) else {
                return Err(expired());
            };
            let actor = Actor::System;
            let context = self.context(None, &actor, &browser);
            match device.state {
                DeviceState::Pending if device.expires_at <= self.now() => return Err(expired()),
                DeviceState::Pending => return Err(self.still_pending(caller, device).await?),
                DeviceState::Denied => return Err(refused(ErrorCode::AccessDenied, "the person said no")),
                DeviceState::Redeemed => {
                    let decision = decide_code_reuse(&context, &facts, &known);
                    if decision.plan.is_empty() || self.apply(decision.plan, &facts, None, "en").await?.is_none() {
                        return Err(grant_fault(Reason::TokenReused));
                    }
                }
                DeviceState::Approved => {
                    self.signer.ready(client.id_token_algorithm).await?;
                    let terms = Self::terms(client, &device.scope, "", self.session_lifetime);
                    let decision = decide_device_redemption(&context, &facts, &known, &terms);
                    let Some(given) = known.authorization.as_ref().filter(|_| decision.outcome) else {
                        return Err(grant_fault(decision.reason));
                    };
                    let mut plan = decision.plan;
                    plan.changes.extend(caller.spends());
                    match self.apply(plan, &facts, None, "en").await? {
                        None => {}
                        Some(Conflict::ProofSpent) => return Err(caller.replayed()),
                        Some(_) => continue,
                    }
                    let (generation, scope) = (given.generation, client.still_allowed(&given.scope));
                    let of = Standing { given, generation, scope: &scope, resource: &[], audience: &resource };
                    return self.issue_standing(caller, &facts, &of).await;
                }
            }
        }
        Err(TokenFault::Unavailable)
    }

    async fn still_pending(&self, caller: &Caller, device: &DeviceFacts) -> Result<TokenFault, TokenFault> {
        if !self.polls.is_early(device.id, device.interval, self.now()) {
            self.spend(caller).await?;
            return Ok(refused(ErrorCode::AuthorizationPending, "nobody has answered yet"));
        }
        let to = device.interval + INTERVAL;
        let slower = Change::SlowDevice { code: device.code, id: device.id, from: device.interval, to };
        self.apply_for(caller, Some(slower)).await?;
        Ok(refused(ErrorCode::SlowDown, "ask less often: wait five seconds longer than before"))
    }

    /// Whether a code may be typed now. One read; none where nobody is signed in.
    pub async fn device_entry(&self, typed: Option<&str>, browser: &Browser) -> Result<DeviceEntry, Fault> {
        let to = Destination::Device(typed.and_then(UserCode::parse).map(|code| code.to_string()));
        let sign_in = |to| Ok(DeviceEntry::Journey(Box::new(self.begin(Goal::SignIn { to }))));
        let Some(hash) = browser.session else { return sign_in(to) };
        let facts = self.facts(&FactsQuery { session: Some(hash), ..FactsQuery::default() }).await?;
        let live = facts.live_session(self.now()).filter(|(session, _)| session.scope == SessionScope::Account);
        let Some((session, user)) = live else { return sign_in(to) };
        if session.level < required_level(user, &self.policy) {
            return Ok(DeviceEntry::Journey(Box::new(self.step_up_flow(&facts, session, user, to))));
        }
        let address = user.addresses.first().map(|known| known.address.clone());
        Ok(DeviceEntry::Type { person: display_name(user), address })
    }

    /// A code was typed: gives the sealed claim. One read and one write.
    pub async fn claim_device(&self, typed: &str, browser: &Browser) -> Result<String, Fault> {
        let hash = browser.session.ok_or_else(|| Fault::refused(Reason::SessionExpired))?;
        let unknown = || Fault::input(Field::Code, Reason::DeviceCodeUnknown.code());
        // What cannot be a code is no guess.
        let shown = UserCode::parse(typed).ok_or_else(unknown)?;
        let code = self.device_row(shown);
        let keys = typing_keys(&hash, &browser.source);
        let query =
            FactsQuery { session: Some(hash), device: Some(code), throttles: keys.clone(), ..FactsQuery::default() };
        for _ in 0..3 {
            let facts = self.facts(&query).await?;
            let actor = Actor::System;
            let decision = decide_device_claim(&self.context(None, &actor, browser), &facts, &keys);
            tracing::info!(reason = decision.reason.code(), "decided");
            match decision.outcome {
                DeviceClaim::Refused => return Err(Fault::refused(decision.reason)),
                DeviceClaim::Wait(until) => return Err(Fault::wait("throttled", until)),
                DeviceClaim::Claimed | DeviceClaim::Unknown => {}
            }
            let claimed = decision.outcome == DeviceClaim::Claimed;
            if self.apply(decision.plan, &facts, None, &browser.language).await?.is_some() {
                continue;
            }
            let client = facts.device.filter(|_| claimed).map(|device| device.client);
            let claim = Claim { code, client: client.ok_or_else(unknown)?, shown: shown.to_string() };
            return self.keys.seal_value("device-claim", b"", &claim, self.random()).map_err(|_| Fault::unavailable());
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    async fn claimed(
        &self,
        sealed: &str,
        browser: &Browser,
    ) -> Result<(std::sync::Arc<Client>, String, Facts, ClientFacts), Fault> {
        let claim: Claim = self.keys.open_value("device-claim", b"", sealed).map_err(|_| Fault::flow("flow_forged"))?;
        let hash = browser.session.ok_or_else(|| Fault::refused(Reason::SessionExpired))?;
        let client = self.find_client(&claim.client).await?.ok_or_else(|| Fault::flow("unknown_application"))?;
        let query = FactsQuery { session: Some(hash), device: Some(claim.code), ..FactsQuery::default() };
        let of_client = Self::client_query(&client, ClientQueryBy::Session(hash));
        let (facts, known) = self.store.facts_for_client(&query, &of_client).await?;
        Ok((client, claim.shown, facts, known))
    }

    /// What asks, for the session that claimed it and for no other. One read.
    pub async fn device_asked(&self, sealed: &str, browser: &Browser) -> Result<DeviceAsked, Fault> {
        let (client, code, facts, known) = self.claimed(sealed, browser).await?;
        let actor = Actor::System;
        let (session, device) = claimed_device(&self.context(None, &actor, browser), &facts).map_err(Fault::refused)?;
        let user = facts.user(session.user).ok_or_else(|| Fault::refused(Reason::SessionExpired))?;
        let (before, new) = client.still_allowed(&device.scope).into_iter().partition(|scope| known.allows(scope));
        Ok(DeviceAsked {
            request: sealed.to_owned(),
            name: client.name.clone(),
            code,
            user_agent: device.user_agent.clone(),
            source: device.source.clone(),
            same_network: device.source == browser.source,
            asked_at: device.created_at,
            new,
            known: before,
            person: display_name(user),
            address: user.addresses.first().map(|known| known.address.clone()),
        })
    }

    /// The person answered: gives how it ended, sealed for the page that says so. One read and one write.
    pub async fn answer_device(&self, sealed: &str, allowed: bool, browser: &Browser) -> Result<String, Fault> {
        for _ in 0..3 {
            let (client, _, facts, known) = self.claimed(sealed, browser).await?;
            let scope = facts.device.as_ref().map(|device| client.still_allowed(&device.scope)).unwrap_or_default();
            let new_sub = facts.session.as_ref().map(|session| self.pairwise_sub(&client, session.user));
            let new_sub = new_sub.unwrap_or_default();
            let terms = Self::terms(&client, &scope, &new_sub, self.session_lifetime);
            let actor = Actor::System;
            let context = self.context(None, &actor, browser);
            let decision = decide_device_answer(&context, &facts, &known, &terms, allowed);
            tracing::info!(reason = decision.reason.code(), "decided");
            if decision.plan.is_empty() {
                return Err(Fault::refused(decision.reason));
            }
            if self.apply(decision.plan, &facts, None, &browser.language).await?.is_none() {
                let answered = DeviceAnswered { name: client.name.clone(), allowed };
                let sealed = self.keys.seal_value("device-claim", b"answered", &answered, self.random());
                return sealed.map_err(|_| Fault::unavailable());
            }
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    /// How it ended, from the address of the page that says so.
    pub fn device_answered(&self, sealed: &str) -> Option<DeviceAnswered> {
        self.keys.open_value("device-claim", b"answered", sealed).ok()
    }
}
