//! The ports of the journeys, over the real parts.

use crate::cache::{SessionCache, revocations};
use crate::clients::{ClientCache, Remembered, parsed};
use crate::mail::{DueMail, OutboxPort, Rendered};
use crate::passwords::{PasswordError, PasswordPool, Place};
use crate::runner::QueueError;
use async_trait::async_trait;
use flows::oauth::Client;
use flows::{
    Admitted, ApplyError, Clients, Event, KeyRing, MailWriter, NotHashed, OutgoingMail, Passwords, PasswordsBusy,
    Present, Reads, Unavailable, Upstream, Written,
};
use model::{
    Address, Assertion, AuthorizationId, ClientFacts, ClientOfUser, ClientQuery, ClientTokenFacts, Clock, Conflict,
    ConnectionId, Facts, FactsQuery, FlowId, MailId, MailKind, Micros, Plan, Random, RegistryFacts, RegistryQuery,
    Secret, SessionFacts, TokenFacts, UserId, UserStatus,
};
use protocol::oidc::{Attempt, CallbackParams, OidcError};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{AuditChain, Store, StoreError};
use tokio::sync::Notify;

/// The store with what must hear of its commits: the session cache and the mail runner.
#[derive(Clone)]
pub struct Ledger {
    pub store: Store,
    pub cache: Arc<SessionCache>,
    pub clients: Arc<ClientCache>,
    /// With PostgreSQL, whether revocations of other replicas are heard; `None` where there is one process.
    pub trust: Option<Arc<store::Trust>>,
    pub wake_mail: Arc<Notify>,
    pub wake_logouts: Arc<Notify>,
    pub clock: Arc<dyn Clock>,
}

fn unavailable(error: &StoreError) -> Unavailable {
    tracing::error!(%error, "the store failed");
    Unavailable
}

#[async_trait]
impl flows::Store for Ledger {
    async fn facts(&self, query: &FactsQuery) -> Result<Facts, Unavailable> {
        self.store.facts(query).await.map_err(|error| unavailable(&error))
    }

    async fn facts_for_handover(&self, query: &FactsQuery) -> Result<(Facts, Option<String>), Unavailable> {
        self.store.facts_for_handover(query).await.map_err(|error| unavailable(&error))
    }

    async fn facts_for_client(
        &self,
        query: &FactsQuery,
        client: &ClientQuery,
    ) -> Result<(Facts, ClientFacts), Unavailable> {
        self.store.facts_for_client(query, client).await.map_err(|error| unavailable(&error))
    }

    async fn check_token(
        &self,
        authorization: AuthorizationId,
        token: FlowId,
        sector: Option<&str>,
    ) -> Result<Option<TokenFacts>, Unavailable> {
        self.store.check_token(authorization, token, sector).await.map_err(|error| unavailable(&error))
    }

    async fn check_client_token(&self, client: &str, token: FlowId) -> Result<ClientTokenFacts, Unavailable> {
        self.store.check_client_token(client, token).await.map_err(|error| unavailable(&error))
    }

    async fn registry(&self, query: &RegistryQuery) -> Result<RegistryFacts, Unavailable> {
        self.store.registry(query).await.map_err(|error| unavailable(&error))
    }

    async fn apply(&self, plan: Plan) -> Result<(), ApplyError> {
        let revoked = revocations(&plan);
        let clients = clients_of(&plan);
        let tells = store::tells_clients(&plan);
        let mails = plan.changes.iter().any(|change| matches!(change, model::Change::Send(_)));
        match self.store.apply(plan).await {
            Ok(()) => {
                // Before the answer leaves: whoever is told that a session ended finds it ended.
                self.cache.revoke(&revoked);
                self.changed(&clients.changed);
                if mails {
                    self.wake_mail.notify_one();
                }
                if tells {
                    self.wake_logouts.notify_one();
                }
                Ok(())
            }
            Err(StoreError::Conflict(conflict)) => {
                if conflict == Conflict::ClientChanged {
                    self.changed(&clients.expected);
                }
                Err(ApplyError::Conflict(conflict))
            }
            Err(error) => {
                // The outcome may be unknown: what might be revoked is read again.
                self.cache.revoke(&revoked);
                self.changed(&clients.changed);
                Err(unavailable(&error).into())
            }
        }
    }
}

/// Clients that a plan changes, and those it has to find unchanged.
struct ClientsOfPlan {
    changed: Vec<String>,
    expected: Vec<String>,
}

fn clients_of(plan: &Plan) -> ClientsOfPlan {
    let expected = plan.changes.iter().filter_map(|change| match change {
        model::Change::ExpectClient { client, .. } => Some(client.clone()),
        _ => None,
    });
    let changed = store::changed_clients(plan).into_iter().map(str::to_owned).collect();
    ClientsOfPlan { changed, expected: expected.collect() }
}

impl Ledger {
    fn changed(&self, clients: &[String]) {
        for client in clients {
            self.clients.changed(client);
        }
    }

    /// Reads all clients that the store keeps.
    pub async fn load_clients(&self) -> Result<(), StoreError> {
        self.clients.load(&self.store, self.hearing()).await
    }

    /// How often other replicas were not heard; `None` while they are not.
    fn hearing(&self) -> Option<u64> {
        match &self.trust {
            None => Some(0),
            Some(trust) => trust.holds().then(|| trust.gaps()),
        }
    }
}

#[async_trait]
impl Clients for Ledger {
    fn declared(&self) -> &[Arc<Client>] {
        self.clients.declared()
    }

    fn known(&self, id: &str) -> Option<Arc<Client>> {
        self.clients.known(id)
    }

    async fn find(&self, id: &str) -> Result<Option<Arc<Client>>, Unavailable> {
        let hearing = self.hearing();
        let heard = match self.clients.get(id, hearing, self.clock.now()) {
            Remembered::As(client) => return Ok(client),
            Remembered::Read(heard) => heard,
        };
        let stored = self.store.client(id).await.map_err(|error| unavailable(&error))?;
        let client = stored.as_ref().and_then(parsed);
        self.clients.put(id, client.clone(), heard, hearing);
        Ok(client)
    }

    fn doubt(&self, id: &str) {
        self.clients.changed(id);
    }
}

#[async_trait]
impl Reads for Ledger {
    async fn session(&self, hash: &[u8; 32]) -> Result<Option<Present>, Unavailable> {
        let now = self.clock.now();
        let trusted = self.trust.as_ref().is_none_or(|trust| trust.holds());
        let gaps = self.trust.as_ref().map_or(0, |trust| trust.gaps());
        if trusted && let Some(present) = self.cache.get(hash, now, gaps) {
            return Ok(Some(present));
        }
        let seen = self.cache.before_read();
        let row = self.store.session(hash).await.map_err(|error| unavailable(&error))?;
        let live = row.filter(|row| {
            row.session.expires_at > now
                && row.session.store_epoch == row.store_epoch
                && row.user_status == UserStatus::Active
        });
        let Some(row) = live else { return Ok(None) };
        // Every user is created with one; an application must never be told an empty one instead.
        let sub = row.sub.ok_or_else(|| unavailable(&StoreError::Corrupt("a user has no subject".to_owned())))?;
        let name = if row.name.is_empty() {
            row.address.as_ref().map_or_else(|| format!("…{}", row.session.user.tail()), ToString::to_string)
        } else {
            row.name
        };
        let present = Present {
            session: row.session.id,
            sid: row.session.sid,
            user: row.session.user,
            sub,
            name,
            address: row.address,
            level: row.session.level,
            method: row.session.method,
            authenticated_at: row.session.authenticated_at,
            expires_at: row.session.expires_at,
        };
        if trusted {
            self.cache.put(*hash, present.clone(), seen, now, gaps);
        }
        Ok(Some(present))
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionFacts>, Unavailable> {
        let now = self.clock.now();
        let mut sessions = self.store.sessions_of(user).await.map_err(|error| unavailable(&error))?;
        sessions.retain(|session| session.expires_at > now);
        Ok(sessions)
    }

    async fn clients_of(&self, user: UserId) -> Result<Vec<ClientOfUser>, Unavailable> {
        self.store.clients_of(user).await.map_err(|error| unavailable(&error))
    }

    async fn events_of(&self, user: UserId, before: Option<i64>, limit: u32) -> Result<Vec<Event>, Unavailable> {
        let rows =
            self.store.audit(AuditChain::User(user), limit, before).await.map_err(|error| unavailable(&error))?;
        let event = |row: store::AuditRow| Event {
            id: row.id,
            seq: row.seq,
            at: row.at,
            kind: row.kind,
            actor: row.actor,
            reason: row.reason,
            connection: row.connection,
            link: row.link,
        };
        Ok(rows.into_iter().map(event).collect())
    }

    async fn ready(&self) -> bool {
        self.store.chain_head(AuditChain::Store).await.is_ok()
    }
}

/// The connectors, by connection.
pub struct Providers {
    pub connections: upstream::Connections,
}

#[async_trait]
impl Upstream for Providers {
    fn epoch(&self, connection: &ConnectionId) -> Option<i64> {
        self.connections.settings(connection).map(|settings| settings.epoch)
    }

    async fn authorize(&self, attempt: &Attempt) -> Result<String, OidcError> {
        self.connections.authorize(&attempt.connection, attempt).await.map(String::from)
    }

    async fn redeem(&self, attempt: &Attempt, answer: &CallbackParams) -> Result<Assertion, OidcError> {
        self.connections.redeem(&attempt.connection, attempt, answer).await
    }
}

/// Argon2id on its bounded pool.
pub struct Hashing {
    pub pool: PasswordPool,
    pub random: Arc<dyn Random>,
}

#[async_trait]
impl Passwords for Hashing {
    async fn hash(&self, password: &Secret<String>, about: &[&str]) -> Result<Secret<String>, NotHashed> {
        self.pool.hash_strong(password, about, &*self.random).await.map_err(|error| match error {
            PasswordError::Weak(weak) => NotHashed::Weak(weak.feedback_key),
            PasswordError::TooLong => NotHashed::Weak("too_long"),
            other => NotHashed::Busy(busy(other)),
        })
    }

    fn admit(&self) -> Result<Box<dyn Admitted>, PasswordsBusy> {
        self.pool.admit().map(|place| Box::new(place) as Box<dyn Admitted>).map_err(busy)
    }
}

#[async_trait]
impl Admitted for Place {
    async fn verify(
        self: Box<Self>,
        password: &Secret<String>,
        phc: Option<&Secret<String>>,
    ) -> Result<bool, PasswordsBusy> {
        Self::verify(*self, password, phc).await.map_err(busy)
    }
}

fn busy(error: PasswordError) -> PasswordsBusy {
    tracing::warn!(%error, "a password was not hashed");
    PasswordsBusy
}

/// Mails in the words of `web`.
pub struct Writer {
    /// From configuration (T45).
    pub origin: String,
    /// Connection id → name people know.
    pub names: BTreeMap<String, String>,
    pub clock: Arc<dyn Clock>,
}

impl MailWriter for Writer {
    fn write(&self, kind: MailKind, _: &Address, values: &[(&'static str, String)], language: &str) -> Written {
        let lang = web::texts::Lang::from_code(language).unwrap_or_default();
        let mut values: Vec<(&'static str, String)> = values
            .iter()
            .map(|(name, value)| match *name {
                "connection" => ("provider", self.names.get(value).unwrap_or(value).clone()),
                "device" => ("device", web::pages::device_name(lang, value)),
                "purpose" => ("action", value.clone()),
                "external_name" => ("account", value.clone()),
                "subject_tail" => ("id_tail", value.clone()),
                name => (name, value.clone()),
            })
            .collect();
        values.push(("at", self.clock.now().to_string()));
        let mail = web::pages::mail::Mail { lang, origin: &self.origin, kind, values: &values };
        match mail.render() {
            Ok(rendered) => Written { subject: rendered.subject, text: rendered.text, html: rendered.html },
            Err(error) => {
                // Formatting into a string does not fail; if it ever did, the notice still says that something happened.
                tracing::error!(%error, "a mail could not be rendered");
                let text = format!("{}\n", self.origin);
                Written { subject: "Selfsame".to_owned(), text: text.clone(), html: text }
            }
        }
    }
}

/// The outbox for the mail runner.
pub struct Outbox {
    pub store: Store,
    pub keys: Arc<KeyRing>,
}

fn waits(error: &StoreError) -> QueueError {
    QueueError(error.to_string())
}

#[async_trait]
impl OutboxPort for Outbox {
    async fn due(&self, now: Micros, limit: usize) -> Result<Vec<DueMail>, QueueError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let due = self.store.due_mail(now, limit).await.map_err(|error| waits(&error))?;
        let mail = |mail: store::DueMail| DueMail {
            id: mail.id,
            sealed: mail.sealed,
            written_at: mail.created_at,
            attempts: mail.attempts,
        };
        Ok(due.into_iter().map(mail).collect())
    }

    async fn claim(&self, id: MailId, attempts: i64, until: Micros) -> Result<bool, QueueError> {
        self.store.mail_claim(id, attempts, until).await.map_err(|error| waits(&error))
    }

    async fn sent(&self, id: MailId, at: Micros) -> Result<(), QueueError> {
        self.store.mail_sent(id, at).await.map_err(|error| waits(&error))
    }

    async fn failed(&self, id: MailId, attempts: i64, next_at: Micros) -> Result<(), QueueError> {
        self.store.mail_put_off(id, attempts, next_at).await.map_err(|error| waits(&error))
    }

    fn open(&self, mail: &DueMail) -> Option<Rendered> {
        let plain = self.keys.open("mail", mail.id.as_bytes(), &mail.sealed).ok()?;
        let outgoing: OutgoingMail = serde_json::from_slice(&plain).ok()?;
        Some(Rendered {
            to: outgoing.to,
            subject: outgoing.written.subject,
            text: outgoing.written.text,
            html: outgoing.written.html,
        })
    }
}
