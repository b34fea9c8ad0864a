//! The connections of this server: where to send a browser, and what an answer proves.

use crate::cache::{Cached, Failure};
use crate::egress::{Answer, Egress, EgressError, EgressPolicy, Failed};
use crate::resolver::{NameResolver, SystemResolver};
use model::{Assertion, Clock, ConnectionId};
use protocol::oidc::{
    Attempt, CallbackParams, ClientSettings, Document, IdTokenClaims, InvalidSettings, KeySet, Metadata, OidcError,
    TokenResponse, assertion, authorization_url, check_callback, discovery_url, merge_userinfo, parse_token_error,
    parse_token_response, token_request, verify_id_token,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

/// Requests that may wait for one provider at a time; more are turned away at once instead of piling up.
const WAITING_MAX: usize = 64;

/// All configured connections. Cloning shares caches and limits.
#[derive(Clone)]
pub struct Connections {
    inner: Arc<Inner>,
}

struct Inner {
    connections: BTreeMap<ConnectionId, Connection>,
    egress: Egress,
    clock: Arc<dyn Clock>,
}

struct Connection {
    settings: ClientSettings,
    metadata: Cached<Metadata>,
    keys: Cached<KeySet>,
    waiting: Semaphore,
}

impl Connections {
    /// Refuses settings that cannot work and ids that come twice. Sends nothing.
    pub fn new(
        settings: Vec<ClientSettings>,
        policy: EgressPolicy,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidSettings> {
        Self::with_resolver(settings, policy, clock, Arc::new(SystemResolver))
    }

    pub fn with_resolver(
        settings: Vec<ClientSettings>,
        policy: EgressPolicy,
        clock: Arc<dyn Clock>,
        names: Arc<dyn NameResolver>,
    ) -> Result<Self, InvalidSettings> {
        let mut connections = BTreeMap::new();
        for settings in settings {
            settings.check(policy.allow_loopback)?;
            let id = settings.connection.clone();
            if connections.insert(id.clone(), Connection::new(settings)).is_some() {
                return Err(InvalidSettings { connection: id, problem: "the id is used by another connection" });
            }
        }
        let egress = Egress::with_resolver(policy, names);
        Ok(Self { inner: Arc::new(Inner { connections, egress, clock }) })
    }

    pub fn ids(&self) -> impl Iterator<Item = &ConnectionId> {
        self.inner.connections.keys()
    }

    pub fn settings(&self, id: &ConnectionId) -> Option<&ClientSettings> {
        self.inner.connections.get(id).map(|connection| &connection.settings)
    }

    /// Where to send the browser. Sends nothing itself while the provider's metadata is cached.
    pub async fn authorize(&self, id: &ConnectionId, attempt: &Attempt) -> Result<Url, OidcError> {
        let result = self.inner.authorize(id, attempt).await;
        logged(id, "start", result)
    }

    /// Turns the provider's answer into an assertion: code to tokens, keys, claims, UserInfo where the connection
    /// asks for it. A code is sent to the token endpoint at most once per call.
    pub async fn redeem(
        &self,
        id: &ConnectionId,
        attempt: &Attempt,
        params: &CallbackParams,
    ) -> Result<Assertion, OidcError> {
        let result = self.inner.redeem(id, attempt, params).await;
        logged(id, "answer", result)
    }
}

/// The boundary at which a cause is logged, once.
fn logged<T>(id: &ConnectionId, step: &'static str, result: Result<T, Failure>) -> Result<T, OidcError> {
    result.map_err(|Failure { error, cause }| {
        let code = error.code();
        if error == OidcError::Denied {
            tracing::debug!(connection = %id, step, code, "the person cancelled at the provider");
        } else {
            tracing::warn!(connection = %id, step, code, cause, "a step with a provider failed: {error}");
        }
        error
    })
}

impl Connection {
    fn new(settings: ClientSettings) -> Self {
        Self {
            settings,
            // A discovery document that has become wrong must not be papered over with an old one.
            metadata: Cached::new(OidcError::is_unavailable),
            keys: Cached::new(|_| true),
            waiting: Semaphore::new(WAITING_MAX),
        }
    }

    fn wait(&self) -> Result<SemaphorePermit<'_>, OidcError> {
        self.waiting.try_acquire().map_err(|_| OidcError::Busy)
    }
}

impl Inner {
    fn connection(&self, id: &ConnectionId) -> Result<&Connection, OidcError> {
        self.connections.get(id).ok_or(OidcError::UnknownConnection)
    }

    async fn authorize(&self, id: &ConnectionId, attempt: &Attempt) -> Result<Url, Failure> {
        let connection = self.connection(id)?;
        let metadata = self.metadata(connection).await?;
        Ok(authorization_url(&connection.settings, &metadata, attempt)?)
    }

    async fn redeem(
        &self,
        id: &ConnectionId,
        attempt: &Attempt,
        params: &CallbackParams,
    ) -> Result<Assertion, Failure> {
        let connection = self.connection(id)?;
        let settings = &connection.settings;
        let metadata = self.metadata(connection).await?;
        let code = check_callback(settings, &metadata, attempt, params)?;

        let _waiting = connection.wait()?;
        let request = token_request(settings, &metadata, attempt, &code)?;
        let answer = self.egress.post_form(&request.url, &request.body, request.authorization.as_ref()).await;
        let tokens = tokens(answer)?;
        let mut claims = self.verified(connection, &metadata, attempt, &tokens).await?;
        if settings.fetch_userinfo {
            let url = metadata.userinfo_endpoint().ok_or(OidcError::Refused(Document::UserInfo))?;
            let answer = self.egress.get(url, Some(&tokens.access_token)).await;
            claims = merge_userinfo(claims, &document(Document::UserInfo, answer)?)?;
        }
        Ok(assertion(settings, &claims, self.clock.now())?)
    }

    async fn metadata(&self, connection: &Connection) -> Result<Arc<Metadata>, Failure> {
        if let Some(metadata) = connection.metadata.fresh(self.clock.now()) {
            return Ok(metadata);
        }
        let _waiting = connection.wait()?;
        let fetch = async || {
            let url = discovery_url(&connection.settings.issuer)?;
            let bytes = document(Document::Metadata, self.egress.get(&url, None).await)?;
            Ok(Metadata::parse(&bytes, &connection.settings, self.egress.policy().allow_loopback)?)
        };
        connection.metadata.get(self.clock.as_ref(), fetch).await
    }

    async fn fetch_keys(&self, connection: &Connection, metadata: &Metadata) -> Result<KeySet, Failure> {
        let bytes = document(Document::Keys, self.egress.get(metadata.jwks_uri(), None).await)?;
        let keys = KeySet::parse(&bytes)?;
        let known = connection.keys.last(self.clock.now());
        if known.is_none_or(|known| known.fingerprint() != keys.fingerprint()) {
            let ids: Vec<&str> = keys.ids().collect();
            tracing::info!(connection = %connection.settings.connection, ?ids, "the provider's key set is new");
        }
        Ok(keys)
    }

    /// Verifies with the keys we have; if none fits, once more with new ones, where a fetch is allowed (T58).
    async fn verified(
        &self,
        connection: &Connection,
        metadata: &Metadata,
        attempt: &Attempt,
        tokens: &TokenResponse,
    ) -> Result<IdTokenClaims, Failure> {
        let clock = self.clock.as_ref();
        let verify = |keys: &KeySet| verify_id_token(&connection.settings, keys, attempt, tokens, self.clock.now());
        let keys = connection.keys.get(clock, async || self.fetch_keys(connection, metadata).await).await?;
        let error = match verify(&keys) {
            Err(error) if error.keys_may_be_stale() => error,
            done => return Ok(done?),
        };
        let newer = connection.keys.newer_than(&keys, clock, async || self.fetch_keys(connection, metadata).await);
        match newer.await {
            Some(keys) => Ok(verify(&keys)?),
            None => Err(error.into()),
        }
    }
}

/// The tokens in a token endpoint's answer, or what it refused with.
fn tokens(answer: Result<Answer, EgressError>) -> Result<TokenResponse, Failure> {
    let answer = answer.map_err(|error| failure(Document::TokenResponse, error))?;
    match answer {
        Answer { status: 200, is_json: true, body } => Ok(parse_token_response(&body)?),
        Answer { status: 200, .. } => Err(OidcError::NotJson(Document::TokenResponse).into()),
        Answer { body, .. } => Err(parse_token_error(&body).into()),
    }
}

/// The bytes of a JSON document.
fn document(kind: Document, answer: Result<Answer, EgressError>) -> Result<Vec<u8>, Failure> {
    match answer.map_err(|error| failure(kind, error))? {
        Answer { status: 200, is_json: true, body } => Ok(body),
        Answer { status: 200, .. } => Err(OidcError::NotJson(kind).into()),
        Answer { status, .. } => {
            Err(Failure { error: OidcError::Refused(kind), cause: Some(format!("answered {status}")) })
        }
    }
}

fn failure(kind: Document, error: EgressError) -> Failure {
    let cause = Some(format!("{kind}: {}", error.cause));
    let error = match error.kind {
        Failed::Down => OidcError::Down,
        Failed::Busy => OidcError::Busy,
        Failed::Slow => OidcError::Slow,
        Failed::Redirected => OidcError::Redirected,
        Failed::Forbidden => OidcError::AddressForbidden,
        Failed::TooLarge => OidcError::TooLarge(kind),
        Failed::Unsendable => OidcError::Malformed(Document::TokenResponse),
    };
    Failure { error, cause }
}
