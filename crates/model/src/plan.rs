//! Plans: what a decision wants written, with the guards it rests on.
//!
//! A plan commits whole or not at all. A guard that does not hold any more is a [`Conflict`]: the caller reads facts
//! again and decides again.

use crate::{
    Actor, Address, AddressProof, AuditEvent, AuthorizationId, ConnectionId, ConnectionState, DisplayClaims, EventId,
    ExternalIdentity, FlowId, Level, LinkId, MailId, Method, Micros, Namespace, NewAuthorization, NewDeviceRequest,
    OrganisationId, PasskeyId, RegistrationToken, Secret, SessionId, SessionScope, StoredClient, Undoable, UserId,
    UserStatus,
};

/// A spent id with the time after which nobody can present it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiring {
    pub flow: FlowId,
    pub expires_at: Micros,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    pub id: LinkId,
    pub user: UserId,
    pub connection: ConnectionId,
    pub identity: ExternalIdentity,
    /// How it was proven: reason code and references to proofs.
    pub reason: &'static str,
    pub proofs: Vec<String>,
    pub policy_version: String,
    pub at: Micros,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasskey {
    pub id: PasskeyId,
    pub user: UserId,
    pub credential: Vec<u8>,
    pub handle: Vec<u8>,
    pub host: String,
    /// As in [`crate::CredentialFacts::key`].
    pub key: String,
    pub name: String,
    pub at: Micros,
}

/// As in [`crate::TotpFacts`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTotp {
    pub user: UserId,
    pub secret: Vec<u8>,
    pub last_step: i64,
    pub codes: Vec<[u8; 32]>,
    pub at: Micros,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    pub id: SessionId,
    /// Its own, or that of the session it takes the place of.
    pub sid: SessionId,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    pub user: UserId,
    pub level: Level,
    pub scope: SessionScope,
    /// The one method it rests on.
    pub method: Method,
    /// When the person authenticated: earlier than `at` when only the secret is renewed.
    pub authenticated_at: Micros,
    pub at: Micros,
    pub expires_at: Micros,
    pub store_epoch: i64,
    pub user_agent: String,
}

/// The right to undo an event of this plan, for some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGrant {
    pub event: EventId,
    pub user: UserId,
    pub what: Undoable,
    pub at: Micros,
    pub expires_at: Micros,
}

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// A code that proves the address, for somebody who wants to sign up or sign in.
    Code,
    Linked,
    Unlinked,
    /// Somebody with another account of the same provider brought this address (row 10).
    RecycledIdentity,
    PasswordSet,
    PasskeyAdded,
    PasskeyRemoved,
    TotpAdded,
    TotpRemoved,
    RecoveryCodesMade,
    /// A recovery code opened the account.
    RecoveryCodeUsed,
    UserDisabled,
    /// An identity went to another account of the same person, or came from one.
    Moved,
    Merged,
    /// A change was undone, or its link put on hold.
    Undone,
    Recovered,
}

/// A mail's content before it is rendered and sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailBody {
    Plain {
        kind: MailKind,
        to: Address,
        values: Vec<(&'static str, String)>,
    },
    /// Address, subject and both texts, sealed by the key ring.
    Sealed(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub id: MailId,
    pub at: Micros,
    pub body: MailBody,
}

/// One change or guard. The store knows which rows each must touch; a different count is a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Guard: the user is as it was read. Locks it against a change until commit.
    ExpectUser {
        user: UserId,
        version: i64,
    },
    /// Guard: the connection is as it was read.
    ExpectConnection {
        connection: ConnectionId,
        version: i64,
    },
    /// Guard: the stored client is as it was read. Locks it against a change until commit.
    ExpectClient {
        client: String,
        version: i64,
    },
    /// Guard: no restore happened meanwhile.
    ExpectStoreEpoch {
        epoch: i64,
    },
    /// Guard: the session that asked is still there.
    ExpectSession {
        hash: [u8; 32],
    },
    /// Guard: no method of any user linked through the connection changed since `fingerprint` was read.
    ExpectCohort {
        connection: ConnectionId,
        fingerprint: i64,
    },
    /// Every change to methods, addresses or status: `version` goes from `from` to `from + 1`.
    RaiseUser {
        user: UserId,
        from: i64,
    },
    /// The journey's outcome is committed: a second one conflicts (I7).
    SpendFlow(Expiring),
    /// A client assertion, a proof of possession or a pushed request counts once (RFC 7523 §3, RFC 9449 §11.1).
    SpendProof(Expiring),

    CreateUser {
        user: UserId,
        name: String,
        required_level: Level,
        sealed_key: Secret<Vec<u8>>,
        at: Micros,
    },
    CreateSubject {
        sector: String,
        sub: String,
        user: UserId,
        at: Micros,
    },
    SetUserStatus {
        user: UserId,
        status: UserStatus,
        at: Micros,
    },
    /// Erases what is personal: addresses, password, sessions, data key, links' holds on identities.
    EraseUser {
        user: UserId,
        at: Micros,
    },

    /// The address becomes this user's; it must be nobody's.
    ProveAddress {
        address: Address,
        user: UserId,
        proof: AddressProof,
        at: Micros,
    },
    /// The same user proved the same address again, at least as well.
    RenewAddress {
        address: Address,
        user: UserId,
        proof: AddressProof,
        at: Micros,
    },
    /// Somebody says so. Reserves and attracts nothing.
    ClaimAddress {
        address: Address,
        user: UserId,
        at: Micros,
    },
    SetPassword {
        user: UserId,
        phc: Secret<String>,
        at: Micros,
    },

    /// What the provider said last, on the external identity.
    SeeIdentity {
        identity: ExternalIdentity,
        display: DisplayClaims,
        address: Option<Address>,
        at: Micros,
    },
    /// Nobody has the credential.
    AddPasskey(NewPasskey),
    /// It was used: the verifier's own counter may have moved.
    UsePasskey {
        passkey: PasskeyId,
        user: UserId,
        /// The key as it was read: of two uses at once one counts.
        was: String,
        key: String,
        at: Micros,
    },
    RemovePasskey {
        passkey: PasskeyId,
        user: UserId,
    },
    /// In place of the one there was, if there was one.
    SetTotp(NewTotp),
    /// A code was taken: of two uses at once one counts.
    UseTotp {
        user: UserId,
        was: i64,
        step: i64,
    },
    /// The recovery codes that are left, in place of those that were read.
    SetRecoveryCodes {
        user: UserId,
        was: Vec<[u8; 32]>,
        codes: Vec<[u8; 32]>,
    },
    RemoveTotp {
        user: UserId,
    },
    /// The identity must be held by no link.
    AddLink(NewLink),
    RemoveLink {
        link: LinkId,
        user: UserId,
        identity: ExternalIdentity,
        at: Micros,
    },
    TouchLink {
        link: LinkId,
        user: UserId,
        at: Micros,
    },
    /// Active to held: authenticates nothing until it is released or removed.
    HoldLink {
        link: LinkId,
        user: UserId,
    },
    /// Held to active.
    ReleaseLink {
        link: LinkId,
        user: UserId,
    },
    /// Removed to active; the identity must be held by no link.
    RestoreLink {
        link: LinkId,
        user: UserId,
        identity: ExternalIdentity,
    },
    /// A living link with its identity, from one user to another.
    MoveLink {
        link: LinkId,
        identity: ExternalIdentity,
        from: UserId,
        to: UserId,
    },
    /// A proven address from one user to another, with kind and time of its proof.
    MoveAddress {
        address: Address,
        from: UserId,
        to: UserId,
    },
    /// All subjects of `from` lead to `to`; each remembers where it came from.
    MoveSubjects {
        from: UserId,
        to: UserId,
    },
    /// The subjects of `to` that came from `from` lead there again.
    ReturnSubjects {
        from: UserId,
        to: UserId,
    },
    SetRequiredLevel {
        user: UserId,
        level: Level,
    },
    AddMember {
        organisation: OrganisationId,
        user: UserId,
        at: Micros,
    },
    RemoveMember {
        organisation: OrganisationId,
        user: UserId,
    },
    Grant(NewGrant),
    /// The grant is used; a second use conflicts.
    SpendGrant {
        event: EventId,
    },

    CreateSession(NewSession),
    EndSession {
        hash: [u8; 32],
    },
    EndSessionById {
        session: SessionId,
        user: UserId,
    },
    EndSessionsOfLink {
        link: LinkId,
        user: UserId,
    },
    EndSessionsOfPasskey {
        passkey: PasskeyId,
        user: UserId,
    },
    EndSessionsOfUser {
        user: UserId,
    },
    /// Of everybody, through any link of the connection.
    EndSessionsOfConnection {
        connection: ConnectionId,
    },

    Authorize(NewAuthorization),
    /// The refresh token of this generation was used; a second use conflicts. What is asked for may be less than before.
    Refresh {
        authorization: AuthorizationId,
        generation: i64,
    },
    EndAuthorization {
        authorization: AuthorizationId,
    },
    /// What the client may know and do for the user; replaces what was allowed before.
    GiveConsent {
        client: String,
        user: UserId,
        scope: Vec<String>,
        at: Micros,
    },
    /// The consent, and everything that rests on it.
    WithdrawConsent {
        client: String,
        user: UserId,
    },

    /// A device asks; of two with the same code the second conflicts.
    AskForDevice(NewDeviceRequest),
    /// The code was typed in a session (its `sid`), which alone may answer from now on.
    ClaimDevice {
        code: [u8; 32],
        id: AuthorizationId,
        session: SessionId,
    },
    /// That session answered.
    AnswerDevice {
        code: [u8; 32],
        id: AuthorizationId,
        session: SessionId,
        allowed: bool,
    },
    /// The device takes its tokens; a second use conflicts.
    RedeemDevice {
        code: [u8; 32],
        id: AuthorizationId,
    },
    /// The device asked too often and has to wait longer each time.
    SlowDevice {
        code: [u8; 32],
        id: AuthorizationId,
        from: Micros,
        to: Micros,
    },
    /// The id must be nobody's, nor lately of a client that was removed.
    AddClient(StoredClient),
    ChangeClient {
        client: String,
        version: i64,
        metadata: String,
        secrets: Vec<[u8; 32]>,
        at: Micros,
    },
    /// The client with all that it was given and allowed.
    RemoveClient {
        client: String,
        version: i64,
        at: Micros,
    },
    AddRegistrationToken(RegistrationToken),
    /// One of its uses; none is left, or its time is over, conflicts.
    UseRegistrationToken {
        id: String,
        at: Micros,
    },
    RemoveRegistrationToken {
        id: String,
    },

    /// Sends a code: at most one lives per flow.
    IssueCode {
        flow: FlowId,
        address: Address,
        hash: [u8; 32],
        attempts: i64,
        expires_at: Micros,
    },
    /// One guess was made; `left` is what was read.
    CountGuess {
        flow: FlowId,
        left: i64,
    },
    /// The right code was entered.
    RedeemCode {
        flow: FlowId,
        left: i64,
    },
    /// A failure counter goes from `was` to `failures`.
    Throttle {
        key: Vec<u8>,
        was: i64,
        failures: i64,
        blocked_until: Micros,
        at: Micros,
    },
    ClearThrottle {
        key: Vec<u8>,
    },

    DeclareConnection(ConnectionState),
    SetConnectionEnabled {
        connection: ConnectionId,
        version: i64,
        enabled: bool,
        at: Micros,
    },

    /// The connection means another provider, client or subject claim from now on: a new epoch, or back to one.
    MoveConnection {
        to: ConnectionState,
        version: i64,
    },
    /// Every active link of the connection in namespace `from` goes to the same subject in namespace `to`.
    CarryLinks {
        connection: ConnectionId,
        from: Namespace,
        to: Namespace,
        at: Micros,
    },

    Audit(AuditEvent),
    Send(Mail),
}

impl Change {
    /// Whether it ends sessions of somebody.
    pub fn ends_sessions(&self) -> bool {
        matches!(
            self,
            Self::EndSession { .. }
                | Self::EndSessionById { .. }
                | Self::EndSessionsOfLink { .. }
                | Self::EndSessionsOfPasskey { .. }
                | Self::EndSessionsOfUser { .. }
                | Self::EndSessionsOfConnection { .. }
                | Self::EraseUser { .. }
        )
    }
}

/// Changes that commit together, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    pub changes: Vec<Change>,
}

impl Plan {
    pub fn push(&mut self, change: Change) -> &mut Self {
        self.changes.push(change);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Which guard did not hold when the plan was applied. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// User, connection, chain or counter moved on: read again, decide again.
    Stale,
    /// The flow has already committed (replay, double submit).
    FlowSpent,
    /// Another link holds the identity.
    IdentityTaken,
    /// The address is proven for another user.
    AddressTaken,
    /// The session that asked has ended.
    SessionGone,
    /// The undo was used already.
    GrantSpent,
    /// The refresh token was used already, or what it belongs to has ended.
    TokenSpent,
    /// What a request shows for itself was shown before.
    ProofSpent,
    /// The client was changed or removed: look at it again, and let it authenticate again.
    ClientChanged,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stale => "the facts have changed",
            Self::FlowSpent => "this was already done",
            Self::IdentityTaken => "this identity is linked to another user",
            Self::AddressTaken => "this address belongs to another user",
            Self::SessionGone => "the session has ended",
            Self::GrantSpent => "this was already undone",
            Self::TokenSpent => "this token was already used",
            Self::ProofSpent => "this proof was already used",
            Self::ClientChanged => "the client has changed",
        })
    }
}

impl AuditEvent {
    /// The actor is the person themselves.
    pub fn by_self(&self) -> bool {
        matches!((&self.actor, self.subject), (Actor::User { user }, Some(subject)) if *user == subject)
    }
}
