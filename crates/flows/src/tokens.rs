//! What clients do with codes and tokens (RFC 6749 §4.1.3, §5, §6; RFC 7009; RFC 7662; RFC 9068; OpenID Connect Core
//! §3.1.3, §5.3).
//!
//! Every token names the authorization it rests on, and counts for as long as that stands: nothing is looked up by a
//! token, and nothing of a token is stored.

use crate::authorize::Code;
use crate::journeys::Journeys;
use crate::{Browser, Device, Unavailable};
use async_trait::async_trait;
use linking::{ClientTerms, Reason, decide_authorization, decide_code_reuse, decide_refresh};
use model::{
    Actor, AuthorizationFacts, AuthorizationId, Change, ClientQueryBy, Conflict, Expiring, FactsQuery, FlowId, HOUR,
    MINUTE, Micros, Plan, TokenFacts, UserStatus,
};
use protocol::oauth::{
    self, AccessTokenFormat, Client, ErrorCode, Evidence, Frame, GrantType, Person, Refused, SigningAlgorithm,
    TokenRequest, s256,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
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

/// Why a client gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    Refused(Refused),
    /// 503: the same request may be made again.
    Unavailable,
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

/// An access token from the inside. Opaque ones are this, sealed; a JWT says the same in claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AccessToken {
    /// Its own id: what a revocation spends.
    id: FlowId,
    /// None where no person is behind it.
    authorization: Option<AuthorizationId>,
    client: String,
    scope: Vec<String>,
    issued_at: Micros,
    expires_at: Micros,
    store_epoch: i64,
}

#[derive(Serialize, Deserialize)]
struct RefreshToken {
    authorization: AuthorizationId,
    generation: i64,
}

/// An access token that counts, and what it rests on.
struct Checked {
    token: AccessToken,
    facts: Option<TokenFacts>,
}

fn grant_fault(reason: Reason) -> TokenFault {
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
    /// Nobody's browser: a client speaks for itself.
    fn nobodys_browser(client: &Client) -> Browser {
        Browser {
            session: None,
            device: Device { id: [0; 16], users: Vec::new(), last_used: None },
            source: Vec::new(),
            user_agent: client.name.clone(),
            language: "en".to_owned(),
        }
    }

    /// The token endpoint, after the client has authenticated. One read and one write; none for client credentials.
    pub async fn token(&self, client: &Client, request: TokenRequest) -> Result<Map<String, Value>, TokenFault> {
        client.may(request.grant())?;
        match request {
            TokenRequest::Code { code, redirect_uri, verifier } => {
                Box::pin(self.exchange(client, &code, &redirect_uri, verifier.as_deref())).await
            }
            TokenRequest::Refresh { token, scope } => Box::pin(self.refresh(client, &token, scope)).await,
            TokenRequest::ClientCredentials { scope } => self.client_credentials(client, scope).await,
        }
    }

    /// The code of this client, for this redirect, with the secret that was promised (T38, T39). Whatever is wrong, the
    /// code stays good for whom it was made, until its minute is over.
    fn open_code(
        &self,
        client: &Client,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
    ) -> Result<Code, Refused> {
        let code: Code =
            self.keys.open_value("code", b"", code).map_err(|_| Refused::grant("this is no code of ours"))?;
        if code.client != client.id {
            return Err(Refused::grant("this code was made for another client"));
        }
        if code.redirect_uri != redirect_uri {
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
        Ok(code)
    }

    async fn exchange(
        &self,
        client: &Client,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
    ) -> Result<Map<String, Value>, TokenFault> {
        let code = self.open_code(client, code, redirect_uri, verifier)?;
        let authorization = AuthorizationId::from_bytes(*code.id.as_bytes());
        if code.expires_at <= self.now() {
            // It may have been used in its time: then this is its second use.
            let _ = self.code_reused(client, authorization).await?;
            return Err(Refused::grant("the code has expired").into());
        }
        self.signer.ready(client.id_token_algorithm).await?;
        let browser = Self::nobodys_browser(client);
        let query = FactsQuery { session: Some(code.session), flow: Some(code.id), ..FactsQuery::default() };
        let of_client = Self::client_query(client, ClientQueryBy::Session(code.session));
        for _ in 0..3 {
            let (facts, known) = self.store.facts_for_client(&query, &of_client).await?;
            if facts.flow_spent {
                return Err(self.code_reused(client, authorization).await?);
            }
            let actor = Actor::System;
            let mut context = self.context(None, &actor, &browser);
            context.flow = Some(Expiring { flow: code.id, expires_at: code.expires_at });
            let new_sub = facts.session.as_ref().map(|session| self.pairwise_sub(client, session.user));
            let new_sub = new_sub.unwrap_or_default();
            let terms = Self::terms(client, &code.scope, &new_sub, self.session_lifetime);
            let decision = decide_authorization(&context, &facts, &known, &terms, authorization);
            let Some(new) = decision.outcome else { return Err(grant_fault(decision.reason)) };
            let person = facts.user(new.user).map(|user| {
                let address = user.addresses.first().map(|known| known.address.to_string());
                (user.name.clone(), address)
            });
            let (name, address) = person.unwrap_or_default();
            match self.apply(decision.plan, &facts, None, "en").await? {
                None => {}
                Some(Conflict::FlowSpent) => return Err(self.code_reused(client, authorization).await?),
                Some(_) => continue,
            }
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
            };
            return self.issue(client, &of).await;
        }
        Err(TokenFault::Unavailable)
    }

    /// One sub for each user and sector, the same from every replica, and telling nothing of the public one.
    fn pairwise_sub(&self, client: &Client, user: model::UserId) -> String {
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

    /// What the first exchange gave ends (RFC 6749 §4.1.2, RFC 9700 §2.1.1).
    async fn code_reused(&self, client: &Client, authorization: AuthorizationId) -> Result<TokenFault, TokenFault> {
        let browser = Self::nobodys_browser(client);
        let of_client = Self::client_query(client, ClientQueryBy::Authorization(authorization));
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
        client: &Client,
        token: &str,
        scope: Option<Vec<String>>,
    ) -> Result<Map<String, Value>, TokenFault> {
        let none_of_ours = Refused::grant("this is no refresh token of ours");
        let token: RefreshToken = self.keys.open_value("refresh", b"", token).map_err(|_| none_of_ours)?;
        self.signer.ready(client.id_token_algorithm).await?;
        let browser = Self::nobodys_browser(client);
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
            let (good, reason) = (decision.outcome, decision.reason);
            if !decision.plan.is_empty() && self.apply(decision.plan, &facts, None, "en").await?.is_some() {
                continue;
            }
            if !good {
                return Err(grant_fault(reason));
            }
            let user = facts.user(given.user);
            let address = user.and_then(|user| user.addresses.first()).map(|known| known.address.to_string());
            let of = Issued {
                authorization: given.id,
                generation: token.generation + 1,
                sub: &given.sub,
                scope: &asked,
                name: user.map_or("", |user| &user.name),
                address: address.as_deref(),
                session: self.sid_for(client, given.session),
                evidence: evidence(&given),
                nonce: None,
                store_epoch: given.store_epoch,
            };
            return self.issue(client, &of).await;
        }
        Err(TokenFault::Unavailable)
    }

    async fn client_credentials(&self, client: &Client, scope: Vec<String>) -> Result<Map<String, Value>, TokenFault> {
        let personal = |word: &String| oauth::STANDARD_SCOPES.contains(&word.as_str());
        if client.is_public() || scope.iter().any(|word| personal(word) || !client.scopes.contains(word)) {
            return Err(Refused::new(ErrorCode::InvalidScope, "this client may ask for none of these scopes").into());
        }
        // The epoch it is issued in: a restore ends it like everything else (T86).
        let store_epoch = self.facts(&FactsQuery::default()).await?.store_epoch;
        let token = self.access_token(client, None, &scope, &client.id, None, store_epoch).await?;
        let mut answer = object(json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": ACCESS_LIFETIME.seconds(),
        }));
        if !scope.is_empty() {
            answer.insert("scope".to_owned(), scope.join(" ").into());
        }
        Ok(answer)
    }

    async fn access_token(
        &self,
        client: &Client,
        authorization: Option<AuthorizationId>,
        scope: &[String],
        sub: &str,
        evidence: Option<&Evidence>,
        store_epoch: i64,
    ) -> Result<String, TokenFault> {
        let now = self.now();
        let token = AccessToken {
            id: FlowId::generate(now, self.random()),
            authorization,
            client: client.id.clone(),
            scope: scope.to_vec(),
            issued_at: now,
            expires_at: now + ACCESS_LIFETIME,
            store_epoch,
        };
        match client.access_tokens {
            AccessTokenFormat::Opaque => {
                self.keys.seal_value("access", b"", &token, self.random()).map_err(|_| TokenFault::Unavailable)
            }
            AccessTokenFormat::Jwt => {
                let frame = self.frame(client, ACCESS_LIFETIME);
                // Both ids and the epoch: what a check needs, in a claim that means nothing to anybody else.
                let behind = authorization.map(|id| id.to_string()).unwrap_or_default();
                let id = format!("{}.{behind}.{store_epoch}", token.id);
                let claims = oauth::access_token(&frame, sub, &self.issuer, scope, &id, evidence);
                Ok(self.signer.sign(client.id_token_algorithm, "at+jwt", &claims).await?)
            }
        }
    }

    fn frame<'a>(&'a self, client: &'a Client, lifetime: Micros) -> Frame<'a> {
        Frame { issuer: &self.issuer, client: &client.id, at: self.now(), lifetime }
    }

    async fn issue(&self, client: &Client, of: &Issued<'_>) -> Result<Map<String, Value>, TokenFault> {
        let (id, evidence) = (Some(of.authorization), Some(&of.evidence));
        let access = self.access_token(client, id, of.scope, of.sub, evidence, of.store_epoch).await?;
        let mut answer = object(json!({
            "token_type": "Bearer",
            "expires_in": ACCESS_LIFETIME.seconds(),
            "scope": of.scope.join(" "),
        }));
        if of.scope.iter().any(|word| word == "openid") {
            let person = Person { sub: of.sub, name: of.name, address: of.address, scope: of.scope };
            let algorithm = client.id_token_algorithm;
            let frame = self.frame(client, ID_TOKEN_LIFETIME);
            let hash = algorithm.half_hash(&access);
            let claims = oauth::id_token(&frame, &person, &of.evidence, &of.session, of.nonce, &hash);
            answer.insert("id_token".to_owned(), self.signer.sign(algorithm, "JWT", &claims).await?.into());
        }
        if client.grants.contains(&GrantType::RefreshToken) {
            let token = RefreshToken { authorization: of.authorization, generation: of.generation };
            let sealed =
                self.keys.seal_value("refresh", b"", &token, self.random()).map_err(|_| TokenFault::Unavailable)?;
            answer.insert("refresh_token".to_owned(), sealed.into());
        }
        answer.insert("access_token".to_owned(), access.into());
        Ok(answer)
    }

    /// The inside of an access token of ours, whether it still counts or not.
    async fn open_access_token(&self, text: &str) -> Result<Option<AccessToken>, Unavailable> {
        if let Ok(token) = self.keys.open_value("access", b"", text) {
            return Ok(Some(token));
        }
        // Nothing is looked up for what cannot be a token.
        if text.split('.').count() != 3 {
            return Ok(None);
        }
        Ok(self.signer.open("at+jwt", text).await?.and_then(|claims| access_token_of(&claims)))
    }

    /// Whether an access token counts now: one read. It dies with its authorization, session, user, consent, client and
    /// the store's epoch (T67, T68).
    async fn check_access_token(&self, text: &str) -> Result<Option<Checked>, Unavailable> {
        let Some(token) = self.open_access_token(text).await? else { return Ok(None) };
        if token.expires_at <= self.now() || self.client(&token.client).is_none() {
            return Ok(None);
        }
        let Some(authorization) = token.authorization else {
            let query = FactsQuery { flow: Some(token.id), ..FactsQuery::default() };
            let facts = self.store.facts(&query).await?;
            let good = !facts.flow_spent && facts.store_epoch == token.store_epoch;
            return Ok(good.then_some(Checked { token, facts: None }));
        };
        let facts = self.store.check_token(authorization, token.id).await?.filter(|facts| {
            !facts.revoked
                && facts.user_status == UserStatus::Active
                && facts.authorization.client == token.client
                && facts.authorization.is_alive(self.now(), facts.store_epoch)
        });
        Ok(facts.map(|facts| Checked { token, facts: Some(facts) }))
    }

    /// OpenID Connect Core §5.3. One read.
    pub async fn userinfo(&self, token: &str) -> Result<Map<String, Value>, TokenFault> {
        let refused = |code, because| TokenFault::Refused(Refused::new(code, because));
        let Some(Checked { token, facts: Some(facts) }) = self.check_access_token(token).await? else {
            return Err(refused(ErrorCode::InvalidToken, "this access token does not count, or not any more"));
        };
        if !token.scope.iter().any(|word| word == "openid") {
            return Err(refused(ErrorCode::InsufficientScope, "the scope openid is needed"));
        }
        let address = facts.address.as_ref().map(ToString::to_string);
        let person = Person {
            sub: &facts.authorization.sub,
            name: &facts.name,
            address: address.as_deref(),
            scope: &token.scope,
        };
        Ok(oauth::userinfo(&person))
    }

    /// RFC 7662 §2.2. One read. A client learns about its own tokens, and about all where it was registered for that;
    /// of anything else it learns nothing.
    pub async fn introspect(&self, client: &Client, text: &str) -> Result<Map<String, Value>, TokenFault> {
        let nothing = || object(json!({ "active": false }));
        let may_know = |owner: &str| owner == client.id || client.introspects;
        if let Some(Checked { token, facts }) = self.check_access_token(text).await? {
            if !may_know(&token.client) {
                return Ok(nothing());
            }
            let mut answer = object(json!({
                "active": true,
                "token_type": "Bearer",
                "client_id": token.client,
                "scope": token.scope.join(" "),
                "iss": self.issuer,
                "aud": self.issuer,
                "iat": token.issued_at.seconds(),
                "exp": token.expires_at.seconds(),
            }));
            let sub = facts.map_or(token.client, |facts| facts.authorization.sub);
            answer.insert("sub".to_owned(), sub.into());
            return Ok(answer);
        }
        let Ok(token) = self.keys.open_value::<RefreshToken>("refresh", b"", text) else { return Ok(nothing()) };
        let Some(facts) = self.store.check_token(token.authorization, FlowId::from_bytes([0; 16])).await? else {
            return Ok(nothing());
        };
        let given = &facts.authorization;
        let alive = given.is_alive(self.now(), facts.store_epoch)
            && facts.user_status == UserStatus::Active
            && given.generation == token.generation;
        if !alive || !may_know(&given.client) {
            return Ok(nothing());
        }
        Ok(object(json!({
            "active": true,
            "client_id": given.client,
            "scope": given.scope.join(" "),
            "sub": given.sub,
            "iss": self.issuer,
            "exp": given.expires_at.seconds(),
        })))
    }

    /// RFC 7009 §2. A refresh token takes its authorization with it, and so all its access tokens; an access token goes
    /// alone. What is not the client's, or no token, is left as it is.
    pub async fn revoke(&self, client: &Client, text: &str) -> Result<(), TokenFault> {
        let plan = if let Ok(token) = self.keys.open_value::<RefreshToken>("refresh", b"", text) {
            let facts = self.store.check_token(token.authorization, FlowId::from_bytes([0; 16])).await?;
            let own = facts.is_some_and(|facts| facts.authorization.client == client.id);
            own.then_some(Change::EndAuthorization { authorization: token.authorization })
        } else {
            let token = self.open_access_token(text).await?.filter(|token| token.client == client.id);
            token.map(|token| Change::SpendFlow(Expiring { flow: token.id, expires_at: token.expires_at }))
        };
        let Some(change) = plan else { return Ok(()) };
        match self.store.apply(Plan { changes: vec![change] }).await {
            // Revoked before: the same answer.
            Ok(()) | Err(crate::ApplyError::Conflict(_)) => Ok(()),
            Err(crate::ApplyError::Unavailable(_)) => Err(TokenFault::Unavailable),
        }
    }
}

/// What a JWT access token says, as the opaque ones are.
fn access_token_of(claims: &Map<String, Value>) -> Option<AccessToken> {
    let word = |name: &str| claims.get(name).and_then(Value::as_str);
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64).map(Micros::from_seconds);
    let mut parts = word("jti")?.split('.');
    let (id, behind, epoch) = (parts.next()?, parts.next()?, parts.next()?);
    let authorization = if behind.is_empty() { None } else { Some(behind.parse().ok()?) };
    Some(AccessToken {
        id: id.parse().ok()?,
        authorization,
        client: word("client_id")?.to_owned(),
        scope: word("scope")?.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        issued_at: seconds("iat")?,
        expires_at: seconds("exp")?,
        store_epoch: epoch.parse().ok()?,
    })
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
