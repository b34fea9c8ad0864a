//! What clients do with codes and tokens (RFC 6749 §4.1.3, §5, §6; RFC 7009; RFC 7662; RFC 9068; OpenID Connect Core
//! §3.1.3, §5.3).
//!
//! Every token names the authorization it rests on, and counts for as long as that stands: nothing is looked up by a
//! token, and nothing of a token is stored.

mod access;

use crate::Unavailable;
use crate::authorize::Code;
use crate::caller::Caller;
use crate::journeys::Journeys;
use access::NewToken;
use async_trait::async_trait;
use linking::{ClientTerms, Reason, decide_authorization, decide_code_reuse, decide_refresh};
use model::{
    Actor, AuthorizationFacts, AuthorizationId, Change, ClientQueryBy, Conflict, DAY, Expiring, Facts, FactsQuery,
    FlowId, HOUR, MINUTE, Micros, NewAuthorization,
};
use protocol::oauth::{
    self, Client, ErrorCode, Evidence, Frame, GrantType, Person, Refused, SigningAlgorithm, TokenRequest, s256,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

/// Our signing keys.
#[async_trait]
pub trait Signer: Send + Sync {
    /// A JWT by the key that signs with this algorithm now.
    async fn sign(
        &self,
        algorithm: SigningAlgorithm,
        typ: &str,
        claims: &Map<String, Value>,
    ) -> Result<String, Unavailable>;
    /// Sees to it that the next signature needs nothing more.
    async fn ready(&self, algorithm: SigningAlgorithm) -> Result<(), Unavailable>;
    /// The claims of a JWT of this type that we signed, by whichever replica.
    async fn open(&self, typ: &str, token: &str) -> Result<Option<Map<String, Value>>, Unavailable>;
}

const ACCESS_LIFETIME: Micros = MINUTE.times(10);
const ID_TOKEN_LIFETIME: Micros = HOUR;
const REFRESH_IDLE: Micros = DAY.times(30);

/// A scope that is about a person.
fn is_personal(word: &str) -> bool {
    oauth::STANDARD_SCOPES.contains(&word) || oauth::LINKING_SCOPES.contains(&word)
}

/// Why a client gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    Refused(Refused),
    /// 503: the same request may be made again.
    Unavailable,
    /// 429: too many requests from there; the same one may be made after this time.
    Wait(Micros),
}

impl From<Refused> for TokenFault {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Unavailable> for TokenFault {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<crate::Fault> for TokenFault {
    fn from(_: crate::Fault) -> Self {
        Self::Unavailable
    }
}

#[derive(Serialize, Deserialize)]
struct RefreshToken {
    authorization: AuthorizationId,
    generation: i64,
    /// The key of a public client, which alone can use it (RFC 9449 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// When it was given: one that nobody uses for long ends (RFC 9700 §4.14.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued_at: Option<Micros>,
    /// Where its access tokens may be meant for (RFC 8707 §2.2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resource: Vec<String>,
}

pub(crate) fn grant_fault(reason: Reason) -> TokenFault {
    Refused::grant(match reason {
        Reason::ConsentMissing => "the person has not allowed this, or has taken it back",
        Reason::TokenReused => "this was used before; what it gave has ended",
        Reason::UserInactive => "this account cannot be signed in to",
        Reason::LevelTooLow => "the person has to sign in at a higher level",
        _ => "the sign-in behind this has ended",
    })
    .into()
}

impl Journeys {
    /// The token endpoint, after the client has authenticated. One read and one write; none for client credentials.
    pub async fn token(&self, caller: &Caller, request: TokenRequest) -> Result<Map<String, Value>, TokenFault> {
        caller.client.may(request.grant())?;
        caller.bound()?;
        match request {
            TokenRequest::Code { code, redirect_uri, verifier, resource } => {
                let code = self.open_code(caller, &code, &redirect_uri, verifier.as_deref())?;
                Box::pin(self.exchange(caller, code, resource)).await
            }
            TokenRequest::Refresh { token, scope, resource } => {
                Box::pin(self.refresh(caller, &token, scope, resource)).await
            }
            TokenRequest::ClientCredentials { scope, resource } => {
                self.client_credentials(caller, &scope, &resource).await
            }
            TokenRequest::Device { code, resource } => Box::pin(self.device_tokens(caller, &code, resource)).await,
        }
    }

    /// The code of this client, for this redirect, with the secret that was promised (T38, T39). Whatever is wrong, the
    /// code stays good for whom it was made, until its minute is over.
    pub(crate) fn open_code(
        &self,
        caller: &Caller,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
    ) -> Result<Code, Refused> {
        let code: Code =
            self.keys.open_value("code", b"", code).map_err(|_| Refused::grant("this is no code of ours"))?;
        if code.client != caller.client.id {
            return Err(Refused::grant("this code was made for another client"));
        }
        if code.redirect_uri != redirect_uri || !caller.client.redirects_to(redirect_uri) {
            return Err(Refused::grant("redirect_uri is not the one the code was sent to"));
        }
        match (&code.challenge, verifier) {
            (None, None) => {}
            (Some(challenge), Some(verifier)) => {
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
                if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(fits) {
                    return Err(Refused::grant("code_verifier has to be 43 to 128 unreserved characters"));
                }
                let same: bool = s256(verifier).as_bytes().ct_eq(challenge.as_bytes()).into();
                if !same {
                    return Err(Refused::grant("code_verifier does not fit the code_challenge"));
                }
            }
            (Some(_), None) => return Err(Refused::grant("code_verifier is missing")),
            (None, Some(_)) => return Err(Refused::grant("there was no code_challenge for this code_verifier")),
        }
        if code.dpop_key.is_some() && code.dpop_key != caller.key {
            return Err(Refused::grant("this code was promised to the holder of another key"));
        }
        Ok(code)
    }

    async fn exchange(
        &self,
        caller: &Caller,
        code: Code,
        resource: Vec<String>,
    ) -> Result<Map<String, Value>, TokenFault> {
        let client = &*caller.client;
        let audience = narrowed(resource, &code.resource)?;
        self.signer.ready(client.id_token_algorithm).await?;
        let Redeemed { new, name, address } = self.redeem(caller, &code).await?;
        let of = Issued {
            authorization: new.id,
            generation: 0,
            sub: &new.sub,
            scope: &new.scope,
            name: &name,
            address: address.as_deref(),
            session: self.sid_for(client, new.session),
            evidence: Evidence { at: new.authenticated_at, level: new.level, method: new.method },
            nonce: code.nonce.as_deref(),
            store_epoch: new.store_epoch,
            resource: &code.resource,
            audience: &audience,
        };
        self.issue(caller, &of).await
    }

    /// The one way from a code to an authorization. One read and one write.
    pub(crate) async fn redeem(&self, caller: &Caller, code: &Code) -> Result<Redeemed, TokenFault> {
        let client = &*caller.client;
        let authorization = AuthorizationId::from_bytes(*code.id.as_bytes());
        if code.expires_at <= self.now() {
            // It may have been used in its time: then this is its second use.
            let _ = self.code_reused(caller, authorization).await?;
            return Err(Refused::grant("the code has expired").into());
        }
        let browser = caller.browser();
        let query = FactsQuery { session: Some(code.session), flow: Some(code.id), ..FactsQuery::default() };
        let of_client = Self::client_query(client, ClientQueryBy::Session(code.session));
        for _ in 0..3 {
            let (facts, known) = self.store.facts_for_client(&query, &of_client).await?;
            if facts.flow_spent {
                return Err(self.code_reused(caller, authorization).await?);
            }
            let actor = Actor::System;
            let mut context = self.context(None, &actor, &browser);
            context.flow = Some(Expiring { flow: code.id, expires_at: code.expires_at });
            let new_sub = facts.session.as_ref().map(|session| self.pairwise_sub(client, session.user));
            let new_sub = new_sub.unwrap_or_default();
            let terms = Self::terms(client, &code.scope, &new_sub, self.session_lifetime);
            let decision = decide_authorization(&context, &facts, &known, &terms, authorization);
            let Some(new) = decision.outcome else { return Err(grant_fault(decision.reason)) };
            let mut plan = decision.plan;
            plan.changes.extend(caller.spends());
            // One pushed request, one sign-in (RFC 9126 §7.3).
            plan.changes.extend(code.pushed.map(|id| Change::SpendProof(crate::pushed::spent_request(id, self.now()))));
            let person = facts.user(new.user).map(|user| {
                let address = user.addresses.first().map(|known| known.address.to_string());
                (user.name.clone(), address)
            });
            let (name, address) = person.unwrap_or_default();
            match self.apply(plan, &facts, None, "en").await? {
                None => return Ok(Redeemed { new, name, address }),
                Some(Conflict::FlowSpent) => return Err(self.code_reused(caller, authorization).await?),
                Some(Conflict::ProofSpent) => return Err(self.spent_before(caller, code.pushed).await?),
                // It authenticated as it was: as it is, it has to do so again.
                Some(Conflict::ClientChanged) => return Err(TokenFault::Unavailable),
                Some(_) => {}
            }
        }
        Err(TokenFault::Unavailable)
    }

    /// One sub for each user and sector, the same from every replica, and telling nothing of the public one.
    pub(crate) fn pairwise_sub(&self, client: &Client, user: model::UserId) -> String {
        let mac = self.keys.mac("pairwise", &[client.sector_name().as_bytes(), user.as_bytes()]);
        crate::commit::hex(&mac[..16])
    }

    /// What a client knows a session by; those of one sector cannot compare it with others (T133).
    pub fn sid_for(&self, client: &Client, sid: model::SessionId) -> String {
        match &client.sector {
            None => sid.to_string(),
            Some(sector) => crate::commit::hex(&self.keys.mac("sid", &[sector.as_bytes(), sid.as_bytes()])[..16]),
        }
    }

    /// Whether it was the pushed request that had led to a sign-in, or what its client showed now.
    async fn spent_before(&self, caller: &Caller, pushed: Option<FlowId>) -> Result<TokenFault, TokenFault> {
        let facts = self.facts(&FactsQuery { flow: pushed, ..FactsQuery::default() }).await?;
        Ok(if facts.flow_spent {
            Refused::grant("the pushed request behind this code has led to a sign-in already").into()
        } else {
            caller.replayed()
        })
    }

    /// What the first exchange gave ends (RFC 6749 §4.1.2, RFC 9700 §2.1.1).
    async fn code_reused(&self, caller: &Caller, authorization: AuthorizationId) -> Result<TokenFault, TokenFault> {
        let browser = caller.browser();
        let of_client = Self::client_query(&caller.client, ClientQueryBy::Authorization(authorization));
        for _ in 0..3 {
            let (facts, known) = self.store.facts_for_client(&FactsQuery::default(), &of_client).await?;
            let actor = Actor::System;
            let context = self.context(None, &actor, &browser);
            let decision = decide_code_reuse(&context, &facts, &known);
            if decision.plan.is_empty() || self.apply(decision.plan, &facts, None, "en").await?.is_none() {
                break;
            }
        }
        Ok(grant_fault(Reason::TokenReused))
    }

    async fn refresh(
        &self,
        caller: &Caller,
        token: &str,
        scope: Option<Vec<String>>,
        resource: Vec<String>,
    ) -> Result<Map<String, Value>, TokenFault> {
        let client = &*caller.client;
        let none_of_ours = Refused::grant("this is no refresh token of ours");
        let token: RefreshToken = self.keys.open_value("refresh", b"", token).map_err(|_| none_of_ours)?;
        if token.key.is_some() && token.key != caller.key {
            return Err(Refused::grant("this refresh token is for the holder of another key").into());
        }
        if client.rotates() && token.issued_at.is_some_and(|at| at + REFRESH_IDLE <= self.now()) {
            return Err(Refused::grant("this refresh token was not used for 30 days").into());
        }
        let audience = narrowed(resource, &token.resource)?;
        self.signer.ready(client.id_token_algorithm).await?;
        let browser = caller.browser();
        let of_client = Self::client_query(client, ClientQueryBy::Authorization(token.authorization));
        for _ in 0..3 {
            let (facts, known) = self.store.facts_for_client(&FactsQuery::default(), &of_client).await?;
            let given = known.authorization.as_ref().filter(|given| given.client == client.id);
            let given = given.cloned().ok_or_else(|| grant_fault(Reason::SessionExpired))?;
            // What the client may not ask for any more it does not get any more.
            let mut asked = scope.clone().unwrap_or_else(|| given.scope.clone());
            asked.retain(|word| client.scopes.contains(word) || !given.scope.contains(word));
            if asked.iter().any(|word| !given.scope.contains(word)) {
                let refused = Refused::new(ErrorCode::InvalidScope, "more is asked for than was given");
                return Err(refused.into());
            }
            let actor = Actor::System;
            let context = self.context(None, &actor, &browser);
            let terms: ClientTerms<'_> = Self::terms(client, &given.scope, "", self.session_lifetime);
            let decision = decide_refresh(&context, &facts, &known, &terms, token.generation);
            let (good, reason, mut plan) = (decision.outcome, decision.reason, decision.plan);
            plan.changes.extend(caller.spends().filter(|_| good));
            match if plan.is_empty() { None } else { self.apply(plan, &facts, None, "en").await? } {
                None => {}
                Some(Conflict::ProofSpent) => return Err(caller.replayed()),
                Some(Conflict::ClientChanged) => return Err(TokenFault::Unavailable),
                Some(_) => continue,
            }
            if !good {
                return Err(grant_fault(reason));
            }
            let of = Standing {
                given: &given,
                generation: token.generation + i64::from(client.rotates()),
                scope: &asked,
                resource: &token.resource,
                audience: &audience,
            };
            let mut answer = self.issue_standing(caller, &facts, &of).await?;
            if !client.rotates() {
                answer.remove("refresh_token");
            }
            return Ok(answer);
        }
        Err(TokenFault::Unavailable)
    }

    /// Tokens of an authorization that is there.
    pub(crate) async fn issue_standing(
        &self,
        caller: &Caller,
        facts: &Facts,
        of: &Standing<'_>,
    ) -> Result<Map<String, Value>, TokenFault> {
        let given = of.given;
        let user = facts.user(given.user);
        let address = user.and_then(|user| user.addresses.first()).map(|known| known.address.to_string());
        let of = Issued {
            authorization: given.id,
            generation: of.generation,
            sub: &given.sub,
            scope: of.scope,
            name: user.map_or("", |user| &user.name),
            address: address.as_deref(),
            session: self.sid_for(&caller.client, given.session),
            evidence: evidence(given),
            nonce: None,
            store_epoch: given.store_epoch,
            resource: of.resource,
            audience: of.audience,
        };
        self.issue(caller, &of).await
    }

    async fn client_credentials(
        &self,
        caller: &Caller,
        scope: &[String],
        resource: &[String],
    ) -> Result<Map<String, Value>, TokenFault> {
        let client = &*caller.client;
        if client.is_public() || scope.iter().any(|word| is_personal(word) || !client.scopes.contains(word)) {
            return Err(Refused::new(ErrorCode::InvalidScope, "this client may ask for none of these scopes").into());
        }
        // The epoch it is issued in: a restore ends it like everything else (T86).
        let facts = self.store.check_client_token(&client.id, FlowId::from_bytes([0; 16])).await?;
        if client.version.is_some() && facts.client_version != client.version {
            self.clients.doubt(&client.id);
            return Err(TokenFault::Unavailable);
        }
        let store_epoch = facts.store_epoch;
        self.spend(caller).await?;
        let new =
            NewToken { authorization: None, scope, sub: &client.id, evidence: None, store_epoch, audience: resource };
        let mut answer = self.access_token(caller, &new).await?;
        if !scope.is_empty() {
            answer.insert("scope".to_owned(), scope.join(" ").into());
        }
        Ok(answer)
    }

    pub(crate) fn frame<'a>(&'a self, client: &'a Client, lifetime: Micros) -> Frame<'a> {
        Frame { issuer: &self.issuer, client: &client.id, at: self.now(), lifetime }
    }

    async fn issue(&self, caller: &Caller, of: &Issued<'_>) -> Result<Map<String, Value>, TokenFault> {
        let client = &*caller.client;
        let new = NewToken {
            authorization: Some(of.authorization),
            scope: of.scope,
            sub: of.sub,
            evidence: Some(&of.evidence),
            store_epoch: of.store_epoch,
            audience: of.audience,
        };
        let mut answer = self.access_token(caller, &new).await?;
        answer.insert("scope".to_owned(), of.scope.join(" ").into());
        if of.scope.iter().any(|word| word == "openid") {
            let person = Person { sub: of.sub, name: of.name, address: of.address, scope: of.scope };
            let algorithm = client.id_token_algorithm;
            let frame = self.frame(client, ID_TOKEN_LIFETIME);
            let access = answer.get("access_token").and_then(Value::as_str).unwrap_or_default();
            let hash = algorithm.half_hash(access);
            let claims = oauth::id_token(&frame, &person, &of.evidence, &of.session, of.nonce, &hash);
            answer.insert("id_token".to_owned(), self.signer.sign(algorithm, "JWT", &claims).await?.into());
        }
        if client.grants.contains(&GrantType::RefreshToken) {
            let key = caller.key.clone().filter(|_| client.is_public());
            let (authorization, resource) = (of.authorization, of.resource.to_vec());
            let token =
                RefreshToken { authorization, generation: of.generation, key, issued_at: Some(self.now()), resource };
            let sealed =
                self.keys.seal_value("refresh", b"", &token, self.random()).map_err(|_| TokenFault::Unavailable)?;
            answer.insert("refresh_token".to_owned(), sealed.into());
        }
        Ok(answer)
    }
}

/// What a code became, and whose it is.
pub(crate) struct Redeemed {
    pub new: NewAuthorization,
    name: String,
    address: Option<String>,
}

/// An authorization that is there, and what is asked of it now.
pub(crate) struct Standing<'a> {
    pub given: &'a AuthorizationFacts,
    pub generation: i64,
    pub scope: &'a [String],
    /// Where tokens of it may be meant for, and where this one is.
    pub resource: &'a [String],
    pub audience: &'a [String],
}

/// What an answer of the token endpoint is made of.
struct Issued<'a> {
    authorization: AuthorizationId,
    generation: i64,
    sub: &'a str,
    scope: &'a [String],
    name: &'a str,
    address: Option<&'a str>,
    session: String,
    evidence: Evidence,
    nonce: Option<&'a str>,
    store_epoch: i64,
    /// Where tokens of it may be meant for, and where this one is.
    resource: &'a [String],
    audience: &'a [String],
}

/// Of what was granted, what is asked for now: all without a word (RFC 8707 §2.2).
fn narrowed(asked: Vec<String>, granted: &[String]) -> Result<Vec<String>, Refused> {
    if asked.is_empty() {
        return Ok(granted.to_vec());
    }
    if !granted.is_empty() && asked.iter().any(|resource| !granted.contains(resource)) {
        return Err(Refused::new(ErrorCode::InvalidTarget, "this resource was not asked for at the start"));
    }
    Ok(asked)
}

fn evidence(given: &AuthorizationFacts) -> Evidence {
    Evidence { at: given.authenticated_at, level: given.level, method: given.method }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
