//! What journeys need from outside.

use async_trait::async_trait;
use model::{
    Actor, Address, Assertion, AuthorizationId, ClientFacts, ClientOfUser, ClientQuery, ClientTokenFacts, Conflict,
    ConnectionId, EventId, EventKind, Facts, FactsQuery, FlowId, Level, LinkId, MailKind, Method, Micros,
    OrganisationId, Plan, RegistryFacts, RegistryQuery, Secret, SessionFacts, SessionId, TokenFacts, UserId,
};
use protocol::oidc::{Attempt, CallbackParams, OidcError};

/// The store cannot be reached. Nothing was written, or it is not known whether the commit went through: the same
/// request may be made again, because every plan spends its flow or guards a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the database cannot be reached")]
pub struct Unavailable;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    #[error("{0}")]
    Conflict(Conflict),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// One snapshot of facts; one plan that commits whole or not at all.
#[async_trait]
pub trait Store: Send + Sync {
    async fn facts(&self, query: &FactsQuery) -> Result<Facts, Unavailable>;
    /// As [`Self::facts`], with the `sub` of the session's user from the same snapshot.
    async fn facts_for_handover(&self, query: &FactsQuery) -> Result<(Facts, Option<String>), Unavailable>;
    /// As [`Self::facts`], with what a client and the user have to do with each other, from the same snapshot.
    async fn facts_for_client(
        &self,
        query: &FactsQuery,
        client: &ClientQuery,
    ) -> Result<(Facts, ClientFacts), Unavailable>;
    /// What an access token rests on: one read. With a `sector` also the identities of the person, and what else that
    /// sector has known them by.
    async fn check_token(
        &self,
        authorization: AuthorizationId,
        token: FlowId,
        sector: Option<&str>,
    ) -> Result<Option<TokenFacts>, Unavailable>;
    /// What a token of a client itself rests on: one read.
    async fn check_client_token(&self, client: &str, token: FlowId) -> Result<ClientTokenFacts, Unavailable>;
    /// What is known of a client and of a registration token: one read.
    async fn registry(&self, query: &RegistryQuery) -> Result<RegistryFacts, Unavailable>;
    async fn apply(&self, plan: Plan) -> Result<(), ApplyError>;
}

/// The leg to a provider and back.
#[async_trait]
pub trait Upstream: Send + Sync {
    /// The trust epoch a new attempt is made in; `None` when there is no such connection.
    fn epoch(&self, connection: &ConnectionId) -> Option<i64>;
    /// Where to send the browser (OpenID Connect Core §3.1.2.1).
    async fn authorize(&self, attempt: &Attempt) -> Result<String, OidcError>;
    /// Redeems the answer and verifies everything in it (OpenID Connect Core §3.1.3).
    async fn redeem(&self, attempt: &Attempt, answer: &CallbackParams) -> Result<Assertion, OidcError>;
}

/// All hashing slots are taken: try again in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at once")]
pub struct PasswordsBusy;

/// Why a password that somebody wants to set was not hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotHashed {
    /// It could be guessed: the key of a translated sentence.
    Weak(&'static str),
    Busy(PasswordsBusy),
}

/// Whose domains are, as they have lately shown.
pub trait Domains: Send + Sync {
    /// `domain` in A-labels and lower case. Asks nobody.
    fn proven(&self, domain: &str, now: Micros) -> Option<OrganisationId>;
}

#[async_trait]
pub trait Passwords: Send + Sync {
    /// Judges a new password by what is known `about` its owner, and hashes it when it is strong enough. Both take long
    /// and happen off the threads that serve requests.
    async fn hash(&self, password: &Secret<String>, about: &[&str]) -> Result<Secret<String>, NotHashed>;
    /// A place in the queue. Taken before an attempt is counted, so that a full queue costs nobody an attempt.
    fn admit(&self) -> Result<Box<dyn Admitted>, PasswordsBusy>;
}

/// A place in the queue of passwords; it is given back when dropped.
#[async_trait]
pub trait Admitted: Send {
    /// Takes as long when there is nothing to compare with (T123).
    async fn verify(
        self: Box<Self>,
        password: &Secret<String>,
        phc: Option<&Secret<String>>,
    ) -> Result<bool, PasswordsBusy>;
}

/// A mail in words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Written {
    pub subject: String,
    pub text: String,
    pub html: String,
}

pub trait MailWriter: Send + Sync {
    fn write(&self, kind: MailKind, to: &Address, values: &[(&'static str, String)], language: &str) -> Written;
}

/// A live session, as the session check sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    pub session: SessionId,
    /// What applications know it by.
    pub sid: SessionId,
    pub user: UserId,
    /// What applications know the user by: never the user's id, and never reissued.
    pub sub: String,
    pub name: String,
    pub address: Option<Address>,
    pub level: Level,
    pub method: Method,
    pub authenticated_at: Micros,
    pub expires_at: Micros,
}

/// One line of a person's activity, personal values still sealed.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: EventId,
    pub seq: i64,
    pub at: Micros,
    pub kind: EventKind,
    pub actor: Actor,
    pub reason: String,
    pub connection: Option<ConnectionId>,
    pub link: Option<LinkId>,
}

/// Reads that lead to no decision.
#[async_trait]
pub trait Reads: Send + Sync {
    /// The session check: cached, and otherwise one indexed read. `None` when there is no live session.
    async fn session(&self, hash: &[u8; 32]) -> Result<Option<Present>, Unavailable>;
    async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionFacts>, Unavailable>;
    /// Applications that a user let in, by the name of the client.
    async fn clients_of(&self, user: UserId) -> Result<Vec<ClientOfUser>, Unavailable>;
    /// Newest first, before `before` where given.
    async fn events_of(&self, user: UserId, before: Option<i64>, limit: u32) -> Result<Vec<Event>, Unavailable>;
    /// Whether the store answers.
    async fn ready(&self) -> bool;
}
