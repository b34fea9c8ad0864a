//! Access tokens: made, opened, asked about and taken back (RFC 6750, RFC 7009, RFC 7662, RFC 9068, RFC 9449).

use super::{ACCESS_LIFETIME, RefreshToken, TokenFault, evidence, is_personal, object};
use crate::Unavailable;
use crate::caller::Caller;
use crate::journeys::Journeys;
use model::{AuthorizationId, Change, Expiring, FlowId, Micros, TokenFacts, UserStatus};
use protocol::oauth::{self, Access, AccessTokenFormat, ErrorCode, Evidence, Person, Possession, Refused};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// An access token from the inside. Opaque ones are this, sealed; a JWT says the same in claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AccessToken {
    /// Its own id: what a revocation spends.
    id: FlowId,
    /// None where no person is behind it.
    authorization: Option<AuthorizationId>,
    client: String,
    scope: Vec<String>,
    /// Where it counts: nowhere named is here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    audience: Vec<String>,
    /// The thumbprint of the key it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    issued_at: Micros,
    expires_at: Micros,
    store_epoch: i64,
}

/// An access token that counts, and what it rests on.
struct Checked {
    token: AccessToken,
    facts: Option<TokenFacts>,
}

/// What a new access token is to be.
pub(super) struct NewToken<'a> {
    pub authorization: Option<AuthorizationId>,
    pub scope: &'a [String],
    pub sub: &'a str,
    pub evidence: Option<&'a Evidence>,
    pub store_epoch: i64,
    pub audience: &'a [String],
}

/// RFC 6750 §2.1, RFC 9449 §5.
fn token_type(key: Option<&str>) -> &'static str {
    if key.is_some() { "DPoP" } else { "Bearer" }
}

/// What of a scope means something where a token counts: what is about the person is for UserInfo, and no other server
/// (RFC 9068 §2.2.3).
fn meant_there(scope: &[String], audience: &[String]) -> Vec<String> {
    scope.iter().filter(|word| audience.is_empty() || !is_personal(word)).cloned().collect()
}

impl Journeys {
    /// A new access token as an answer says it: `access_token`, `token_type`, `expires_in`.
    pub(super) async fn access_token(
        &self,
        caller: &Caller,
        new: &NewToken<'_>,
    ) -> Result<Map<String, Value>, TokenFault> {
        let (now, client) = (self.now(), &*caller.client);
        let scope = meant_there(new.scope, new.audience);
        let token = AccessToken {
            id: FlowId::generate(now, self.random()),
            authorization: new.authorization,
            client: client.id.clone(),
            scope: scope.clone(),
            audience: new.audience.to_vec(),
            key: caller.key.clone(),
            issued_at: now,
            expires_at: now + ACCESS_LIFETIME,
            store_epoch: new.store_epoch,
        };
        let text = match client.access_tokens {
            AccessTokenFormat::Opaque => {
                self.keys.seal_value("access", b"", &token, self.random()).map_err(|_| TokenFault::Unavailable)?
            }
            AccessTokenFormat::Jwt => {
                // Both ids and the epoch: what a check needs, in a claim that means nothing to anybody else.
                let behind = new.authorization.map(|id| id.to_string()).unwrap_or_default();
                let id = format!("{}.{behind}.{}", token.id, new.store_epoch);
                let access = Access {
                    sub: new.sub,
                    audience: new.audience,
                    scope: &scope,
                    id: &id,
                    evidence: new.evidence,
                    key: caller.key.as_deref(),
                };
                let claims = oauth::access_token(&self.frame(client, ACCESS_LIFETIME), &access);
                self.signer.sign(client.id_token_algorithm, "at+jwt", &claims).await?
            }
        };
        Ok(object(json!({
            "access_token": text,
            "token_type": token_type(caller.key.as_deref()),
            "expires_in": ACCESS_LIFETIME.seconds(),
        })))
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
        let claims = self.signer.open("at+jwt", text).await?;
        Ok(claims.and_then(|claims| access_token_of(&claims, &self.issuer)))
    }

    /// Whether an access token counts now: one read. It dies with its authorization, session, user, consent, client and
    /// the store's epoch (T67, T68).
    async fn check_access_token(&self, text: &str) -> Result<Option<Checked>, Unavailable> {
        let Some(token) = self.open_access_token(text).await? else { return Ok(None) };
        if token.expires_at <= self.now() {
            return Ok(None);
        }
        let Some(client) = self.find_client(&token.client).await? else { return Ok(None) };
        let Some(authorization) = token.authorization else {
            let facts = self.store.check_client_token(&token.client, token.id).await?;
            let gone = client.version.is_some() && facts.client_version.is_none();
            let good = !facts.revoked && !gone && facts.store_epoch == token.store_epoch;
            return Ok(good.then_some(Checked { token, facts: None }));
        };
        // What the person has said a client may know of their identities is read with the rest.
        let asks = token.scope.iter().any(|word| word == "identities" || word == "aliases");
        let sector = client.sector_name();
        let facts = self.store.check_token(authorization, token.id, asks.then_some(sector)).await?.filter(|facts| {
            !facts.revoked
                && facts.user_status == UserStatus::Active
                && facts.authorization.client == token.client
                && facts.authorization.is_alive(self.now(), facts.store_epoch)
        });
        Ok(facts.map(|facts| Checked { token, facts: Some(facts) }))
    }

    /// OpenID Connect Core §5.3. One read. `shown`: the key whose possession was, by the scheme `DPoP`.
    pub async fn userinfo(&self, token: &str, shown: Option<&Possession>) -> Result<Map<String, Value>, TokenFault> {
        let refused = |code, because| TokenFault::Refused(Refused::new(code, because));
        let Some(Checked { token, facts: Some(facts) }) = self.check_access_token(token).await? else {
            return Err(refused(ErrorCode::InvalidToken, "this access token does not count, or not any more"));
        };
        let client = self.client(&token.client);
        let is_fapi = client.as_ref().is_some_and(|client| client.fapi);
        if token.key.as_deref() != shown.map(|shown| &*shown.key) || shown.is_some_and(|key| is_fapi && !key.is_strict)
        {
            return Err(refused(ErrorCode::InvalidToken, "this access token is bound to a key that was not shown"));
        }
        if !token.audience.is_empty() {
            return Err(refused(ErrorCode::InvalidToken, "this access token is meant for another resource"));
        }
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
        let with_subjects = client.is_some_and(|client| client.identity_subjects);
        Ok(oauth::userinfo(&person, &facts.person, with_subjects))
    }

    /// RFC 7662 §2.2. One read. A client learns about its own tokens, and about all where it was registered for that;
    /// of anything else it learns nothing.
    pub async fn introspect(&self, caller: &Caller, text: &str) -> Result<Map<String, Value>, TokenFault> {
        self.spend(caller).await?;
        let client = &*caller.client;
        let nothing = || object(json!({ "active": false }));
        let may_know = |owner: &str| owner == client.id || client.introspects;
        if let Some(Checked { token, facts }) = self.check_access_token(text).await? {
            if !may_know(&token.client) {
                return Ok(nothing());
            }
            let mut answer = object(json!({
                "active": true,
                "token_type": token_type(token.key.as_deref()),
                "client_id": token.client,
                "scope": token.scope.join(" "),
                "iss": self.issuer,
                "aud": oauth::audience(&token.audience, &self.issuer),
                "iat": token.issued_at.seconds(),
                "exp": token.expires_at.seconds(),
            }));
            if token.scope.is_empty() {
                answer.remove("scope");
            }
            if let Some(key) = &token.key {
                answer.insert("cnf".to_owned(), oauth::confirmation(key));
            }
            if let Some(facts) = &facts {
                // What a resource needs to ask for more (RFC 9470 §6.2).
                evidence(&facts.authorization).claims(&mut answer);
            }
            let sub = facts.map_or(token.client, |facts| facts.authorization.sub);
            answer.insert("sub".to_owned(), sub.into());
            return Ok(answer);
        }
        let Ok(token) = self.keys.open_value::<RefreshToken>("refresh", b"", text) else { return Ok(nothing()) };
        let Some(facts) = self.store.check_token(token.authorization, FlowId::from_bytes([0; 16]), None).await? else {
            return Ok(nothing());
        };
        let given = &facts.authorization;
        let alive = self.find_client(&given.client).await?.is_some()
            && given.is_alive(self.now(), facts.store_epoch)
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
    pub async fn revoke(&self, caller: &Caller, text: &str) -> Result<(), TokenFault> {
        let client = &*caller.client;
        let change = if let Ok(token) = self.keys.open_value::<RefreshToken>("refresh", b"", text) {
            let facts = self.store.check_token(token.authorization, FlowId::from_bytes([0; 16]), None).await?;
            let own = facts.is_some_and(|facts| facts.authorization.client == client.id);
            own.then_some(Change::EndAuthorization { authorization: token.authorization })
        } else {
            let token = self.open_access_token(text).await?.filter(|token| token.client == client.id);
            token.map(|token| Change::SpendFlow(Expiring { flow: token.id, expires_at: token.expires_at }))
        };
        self.apply_for(caller, change).await
    }
}

/// What a JWT access token says, as the opaque ones are.
fn access_token_of(claims: &Map<String, Value>, issuer: &str) -> Option<AccessToken> {
    let word = |name: &str| claims.get(name).and_then(Value::as_str);
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64).map(Micros::from_seconds);
    let mut parts = word("jti")?.split('.');
    let (id, behind, epoch) = (parts.next()?, parts.next()?, parts.next()?);
    let authorization = if behind.is_empty() { None } else { Some(behind.parse().ok()?) };
    let audience: Vec<String> = match claims.get("aud")? {
        Value::Array(several) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        one => one.as_str().filter(|one| *one != issuer).map(str::to_owned).into_iter().collect(),
    };
    let key = claims.get("cnf").and_then(|cnf| cnf.get("jkt")).and_then(Value::as_str).map(str::to_owned);
    Some(AccessToken {
        id: id.parse().ok()?,
        authorization,
        client: word("client_id")?.to_owned(),
        scope: word("scope")
            .unwrap_or_default()
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
        audience,
        key,
        issued_at: seconds("iat")?,
        expires_at: seconds("exp")?,
        store_epoch: epoch.parse().ok()?,
    })
}
