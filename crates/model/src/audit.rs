//! Audit events: one hash chain per user (and one for the whole store for what has no user).

use crate::{ConnectionId, EventId, LinkId, Micros, SessionId, UserId};
use std::collections::BTreeMap;

/// Where a chain ends: the next event has `seq + 1` and is hashed over `hash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainHead {
    pub seq: i64,
    pub hash: [u8; 32],
}

/// What happened. Closed; the stable name is what the log, the API and metrics carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    UserCreated,
    UserDisabled,
    UserEnabled,
    UserDeleted,
    SignedIn,
    SignedOut,
    SteppedUp,
    SessionEnded,
    AddressProven,
    PasswordSet,
    PasskeyAdded,
    PasskeyRemoved,
    TotpAdded,
    TotpRemoved,
    RecoveryCodesMade,
    Linked,
    Unlinked,
    LinkRefused,
    RecycledIdentityNoticed,
    ConnectionDeclared,
    ConnectionEnabled,
    ConnectionDisabled,
    /// An identity went from one user to another of the same person.
    LinkMoved,
    /// Two users became one.
    UsersMerged,
    /// A link was put on hold from a notice.
    LinkHeld,
    LinkReleased,
    ChangeUndone,
    Recovered,
    /// A new epoch of a connection, or back to the one before.
    ConnectionMoved,
    /// An application was told who signed in.
    ApplicationSignedIn,
    ConsentGiven,
    ConsentWithdrawn,
    /// A refresh token or a code came a second time: what rested on it has ended.
    TokenReused,
    ClientRegistered,
    ClientChanged,
    ClientRemoved,
    /// A token that lets clients register themselves was made, or taken back.
    RegistrationTokenMade,
    RegistrationTokenRevoked,
    /// A user became a member of an organisation, or is one no more.
    MemberAdded,
    MemberRemoved,
}

impl EventKind {
    pub const ALL: [Self; 40] = [
        Self::UserCreated,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::UserDeleted,
        Self::SignedIn,
        Self::SignedOut,
        Self::SteppedUp,
        Self::SessionEnded,
        Self::AddressProven,
        Self::PasswordSet,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::TotpAdded,
        Self::TotpRemoved,
        Self::RecoveryCodesMade,
        Self::Linked,
        Self::Unlinked,
        Self::LinkRefused,
        Self::RecycledIdentityNoticed,
        Self::ConnectionDeclared,
        Self::ConnectionEnabled,
        Self::ConnectionDisabled,
        Self::LinkMoved,
        Self::UsersMerged,
        Self::LinkHeld,
        Self::LinkReleased,
        Self::ChangeUndone,
        Self::Recovered,
        Self::ConnectionMoved,
        Self::ApplicationSignedIn,
        Self::ConsentGiven,
        Self::ConsentWithdrawn,
        Self::TokenReused,
        Self::ClientRegistered,
        Self::ClientChanged,
        Self::ClientRemoved,
        Self::RegistrationTokenMade,
        Self::RegistrationTokenRevoked,
        Self::MemberAdded,
        Self::MemberRemoved,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::UserCreated => "user_created",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::UserDeleted => "user_deleted",
            Self::SignedIn => "signed_in",
            Self::SignedOut => "signed_out",
            Self::SteppedUp => "stepped_up",
            Self::SessionEnded => "session_ended",
            Self::AddressProven => "address_proven",
            Self::PasswordSet => "password_set",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRemoved => "passkey_removed",
            Self::TotpAdded => "totp_added",
            Self::TotpRemoved => "totp_removed",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
            Self::LinkRefused => "link_refused",
            Self::RecycledIdentityNoticed => "recycled_identity_noticed",
            Self::ConnectionDeclared => "connection_declared",
            Self::ConnectionEnabled => "connection_enabled",
            Self::ConnectionDisabled => "connection_disabled",
            Self::LinkMoved => "link_moved",
            Self::UsersMerged => "users_merged",
            Self::LinkHeld => "link_held",
            Self::LinkReleased => "link_released",
            Self::ChangeUndone => "change_undone",
            Self::Recovered => "recovered",
            Self::ConnectionMoved => "connection_moved",
            Self::ApplicationSignedIn => "application_signed_in",
            Self::ConsentGiven => "consent_given",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::TokenReused => "token_reused",
            Self::ClientRegistered => "client_registered",
            Self::ClientChanged => "client_changed",
            Self::ClientRemoved => "client_removed",
            Self::RegistrationTokenMade => "registration_token_made",
            Self::RegistrationTokenRevoked => "registration_token_revoked",
            Self::MemberAdded => "member_added",
            Self::MemberRemoved => "member_removed",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Who did it. Never inferred from whom it was done to (T134).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Actor {
    User { user: UserId },
    Operator { name: String },
    System,
}

/// Personal values of an event. They are sealed with the user's key before they are stored, so that deleting the user
/// leaves the chain whole and unreadable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Personal {
    Plain(BTreeMap<&'static str, String>),
    Sealed(Vec<u8>),
}

/// One event as a plan carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    pub id: EventId,
    /// Whose chain; `None` is the store's own.
    pub subject: Option<UserId>,
    /// The head the plan rests on.
    pub after: ChainHead,
    pub at: Micros,
    pub kind: EventKind,
    pub actor: Actor,
    /// Stable code of the decision's reason.
    pub reason: &'static str,
    pub policy_version: String,
    pub link: Option<LinkId>,
    pub connection: Option<ConnectionId>,
    pub session: Option<SessionId>,
    /// References to the proofs the change rests on, in words of the vocabulary (`password@…`, `link:<id>@…`).
    pub proofs: Vec<String>,
    pub personal: Personal,
}
