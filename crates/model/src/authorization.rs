//! What an application was given by a person: an authorization, which its tokens rest on, and the consent behind it.

use crate::{
    Address, AuthorizationId, ConnectionId, Level, LinkId, MethodKind, Micros, PasskeyId, SessionId, UpstreamSubject,
    UserId, UserStatus,
};

/// What a code is exchanged for (RFC 6749 §4.1.3). Access and refresh tokens name it and live no longer than it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuthorization {
    pub id: AuthorizationId,
    pub client: String,
    pub user: UserId,
    /// The browser's session by its `sid`, which stays when it is renewed.
    pub session: SessionId,
    /// The link the session rests on: removing it ends the authorization (T67).
    pub link: Option<LinkId>,
    /// The passkey it rests on, likewise.
    pub passkey: Option<PasskeyId>,
    pub method: MethodKind,
    pub level: Level,
    pub authenticated_at: Micros,
    /// What the client knows the user by.
    pub sub: String,
    pub scope: Vec<String>,
    /// It goes on without the session (`offline_access`, OpenID Connect Core §11).
    pub offline: bool,
    /// The client wants to hear when the session ends.
    pub hears_of_logout: bool,
    pub at: Micros,
    pub expires_at: Micros,
    pub store_epoch: i64,
}

/// A client that has to be told that the session is over which somebody was signed in to it with (OpenID Connect
/// Back-Channel Logout 1.0 §2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLogout {
    pub client: String,
    /// The session's `sid`.
    pub session: SessionId,
    /// What the client knew the user by.
    pub sub: String,
    /// How often it was tried.
    pub attempts: i64,
    /// The person has signed in to it in the same session again: there is nothing to tell any more.
    pub signed_in_again: bool,
}

/// An authorization as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationFacts {
    pub id: AuthorizationId,
    pub client: String,
    pub user: UserId,
    pub session: SessionId,
    pub link: Option<LinkId>,
    pub method: MethodKind,
    pub level: Level,
    pub authenticated_at: Micros,
    pub sub: String,
    pub scope: Vec<String>,
    pub offline: bool,
    /// How often it was refreshed: the refresh token that counts carries this number.
    pub generation: i64,
    pub created_at: Micros,
    pub expires_at: Micros,
    pub store_epoch: i64,
    /// When the browser's session ends; `None` once it has.
    pub session_expires_at: Option<Micros>,
}

impl AuthorizationFacts {
    /// Whether tokens of it count, as far as user and consent allow.
    pub fn is_alive(&self, now: Micros, store_epoch: i64) -> bool {
        let in_session = self.session_expires_at.is_some_and(|end| end > now);
        self.expires_at > now && self.store_epoch == store_epoch && (self.offline || in_session)
    }
}

/// What a person allowed a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentFacts {
    pub scope: Vec<String>,
    pub given_at: Micros,
}

/// A client of a person, as the page of applications shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOfUser {
    pub client: String,
    pub scope: Vec<String>,
    pub since: Micros,
}

/// Where to look for what a client needs to know, beside the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientQuery {
    pub client: String,
    /// `public`, or the client's own (OpenID Connect Core §8.1).
    pub sector: String,
    pub by: ClientQueryBy,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientQueryBy {
    /// The user whose session has this hash.
    Session([u8; 32]),
    Authorization(AuthorizationId),
}

/// What is known about a client and a user, in the snapshot of the facts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientFacts {
    /// What the sector knows the user by; `None` before the first time.
    pub sub: Option<String>,
    pub consent: Option<ConsentFacts>,
    pub authorization: Option<AuthorizationFacts>,
}

impl ClientFacts {
    /// Whether the person has allowed this scope.
    pub fn allows(&self, scope: &str) -> bool {
        self.consent.as_ref().is_some_and(|consent| consent.scope.iter().any(|allowed| allowed == scope))
    }
}

/// An identity that a person signs in with, as clients may be told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenIdentity {
    pub connection: ConnectionId,
    pub linked_at: Micros,
    pub subject: UpstreamSubject,
}

/// What linking and merging make known of a person, for clients that were allowed to know it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenPerson {
    pub identities: Vec<TokenIdentity>,
    /// What else the client's sector has known the person by.
    pub aliases: Vec<String>,
}

/// What checking an access token needs: one read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    pub authorization: AuthorizationFacts,
    pub user_status: UserStatus,
    pub name: String,
    /// Proven.
    pub address: Option<Address>,
    pub store_epoch: i64,
    /// This very token was revoked.
    pub revoked: bool,
    /// Where it was asked for.
    pub person: TokenPerson,
}
