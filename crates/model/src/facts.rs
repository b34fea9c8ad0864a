//! What a decision rests on: one snapshot of the store, with the versions it was read at.

use crate::{
    Address, ChainHead, ConnectionId, ConnectionState, DeviceFacts, DisplayClaims, EventId, ExternalIdentity, FlowId,
    Level, LinkId, Method, Micros, OrganisationId, PasskeyId, SessionId, UserId,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    Active,
    /// By an administrator.
    Disabled,
    /// By the owner or a rule, until somebody looks.
    Held,
    /// Personal data is gone; the row stays so that the id is never reissued (T22).
    Deleted,
    /// Merged into another user: takes no writes but an undo of the merge.
    Absorbed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    Active,
    Held,
    /// A tombstone: remembered, authenticates nothing.
    Removed,
}

/// How an address was proven for the user who has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressProof {
    /// By a provider known to send its own code.
    Vouched,
    /// By an issuer that may speak for the domain.
    Authoritative,
    /// A code went through the mailbox here.
    Loop,
}

/// A proven address with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressFacts {
    pub address: Address,
    pub proof: AddressProof,
    pub proven_at: Micros,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordFacts {
    /// PHC string. It never leaves the server and is compared only by the password port.
    pub phc: crate::Secret<String>,
    pub set_at: Micros,
}

/// A passkey of a user (WebAuthn Level 3 §4), without its public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyFacts {
    pub id: PasskeyId,
    /// What authenticators call it.
    pub credential: Vec<u8>,
    /// What its authenticator calls its user (§5.4.3); the same for all passkeys of a user.
    pub handle: Vec<u8>,
    /// The host it was made for, and opens nothing but (§5.1.2).
    pub host: String,
    /// As its owner called it.
    pub name: String,
    pub added_at: Micros,
    pub last_used_at: Option<Micros>,
}

/// The second factor of a user: an authenticator app, and codes on paper in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpFacts {
    /// What the app computes its codes from, sealed.
    pub secret: Vec<u8>,
    /// Of the last code that was taken: none of it, nor of an earlier step, counts again (RFC 6238 §5.2).
    pub last_step: i64,
    /// SHA-256 of every recovery code that is left.
    pub codes: Vec<[u8; 32]>,
    pub added_at: Micros,
}

/// The passkey that an authenticator showed, with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialFacts {
    pub passkey: PasskeyId,
    pub user: UserId,
    pub handle: Vec<u8>,
    /// Public key and counter, in the form of whoever verifies.
    pub key: String,
}

/// One link of a user, tombstones included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFacts {
    pub id: LinkId,
    pub connection: ConnectionId,
    pub identity: ExternalIdentity,
    pub state: LinkState,
    pub linked_at: Micros,
    pub last_used_at: Option<Micros>,
    pub removed_at: Option<Micros>,
    /// Claims last seen, for display only.
    pub display: DisplayClaims,
    /// The address the provider last gave, as it stands on the external identity.
    pub address: Option<Address>,
}

/// What an event can be undone to, kept with the grant so that an undo restores exactly what was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "undo")]
pub enum Undoable {
    /// The link was made: it can be held, then removed.
    Link { link: LinkId, connection: ConnectionId, identity: ExternalIdentity },
    /// The link was removed: it can be restored.
    Unlink { link: LinkId, connection: ConnectionId, identity: ExternalIdentity },
    /// `absorbed` was merged into the user of the grant.
    Merge {
        absorbed: UserId,
        links: Vec<LinkId>,
        addresses: Vec<Address>,
        /// What the survivor required before, and since.
        required_level: (Level, Level),
    },
}

/// The right to undo one event, for some days, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantFacts {
    pub event: EventId,
    /// Whose change it was.
    pub user: UserId,
    pub what: Undoable,
    pub made_at: Micros,
    pub expires_at: Micros,
    pub spent: bool,
    /// A merge into the same user came later and stands.
    pub followed: bool,
}

/// What a session may be used for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "scope")]
pub enum SessionScope {
    /// The account and all that is signed in to with it.
    Account,
    /// An application took over: it knows who signed in and changes nothing here.
    Application,
    /// Made through an organisation's connection: for that organisation's clients only. Account settings need a method
    /// of the user's own.
    Organisation { organisation: OrganisationId },
}

/// Everything a decision may ask about one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFacts {
    pub id: UserId,
    pub version: i64,
    pub status: UserStatus,
    /// Administrators and whoever an operator marked: nothing about them is ever automatic.
    pub protected: bool,
    /// The user's own requirement; the policy's may be higher.
    pub required_level: Level,
    pub name: String,
    pub created_at: Micros,
    /// Where the user is a member, in order of name.
    pub organisations: Vec<OrganisationId>,
    pub addresses: Vec<AddressFacts>,
    pub password: Option<PasswordFacts>,
    /// The oldest first.
    pub passkeys: Vec<PasskeyFacts>,
    pub totp: Option<TotpFacts>,
    pub links: Vec<LinkFacts>,
    pub chain: ChainHead,
    /// The user's data key, sealed by the key ring; opens the personal values of the audit log.
    pub sealed_key: Vec<u8>,
}

impl UserFacts {
    pub fn active_links(&self) -> impl Iterator<Item = &LinkFacts> {
        self.links.iter().filter(|link| link.state == LinkState::Active)
    }

    pub fn passkey(&self, id: PasskeyId) -> Option<&PasskeyFacts> {
        self.passkeys.iter().find(|passkey| passkey.id == id)
    }

    pub fn link(&self, id: LinkId) -> Option<&LinkFacts> {
        self.links.iter().find(|link| link.id == id)
    }

    pub fn is_member(&self, organisation: &OrganisationId) -> bool {
        self.organisations.contains(organisation)
    }

    pub fn address(&self, address: &Address) -> Option<&AddressFacts> {
        self.addresses.iter().find(|known| known.address == *address)
    }
}

/// The external identity of the assertion, if it was ever seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFacts {
    pub identity: ExternalIdentity,
    /// The link that holds it now (`Active` or `Held`), and whose it is.
    pub link: Option<(LinkId, UserId, LinkState)>,
    /// It was linked once and is not any more: only an explicit link brings it back.
    pub was_removed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    pub id: SessionId,
    /// What applications know it by: that of the first session in a row of renewals.
    pub sid: SessionId,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    pub user: UserId,
    pub level: Level,
    pub scope: SessionScope,
    /// The one method this session rests on.
    pub method: Method,
    /// When the person last authenticated in it.
    pub authenticated_at: Micros,
    pub created_at: Micros,
    pub expires_at: Micros,
    pub store_epoch: i64,
    pub user_agent: String,
}

/// A live code that went to a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFacts {
    pub address: Address,
    /// SHA-256 over flow id and code.
    pub hash: [u8; 32],
    pub attempts_left: i64,
    pub expires_at: Micros,
}

/// One counter of failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottleFacts {
    pub key: Vec<u8>,
    pub failures: i64,
    pub blocked_until: Micros,
    pub updated_at: Micros,
}

/// Which facts to read. Everything named is read in one snapshot, together with the users it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FactsQuery {
    /// SHA-256 of a session secret.
    pub session: Option<[u8; 32]>,
    pub identity: Option<ExternalIdentity>,
    pub address: Option<Address>,
    /// Canonical; see [`Facts::user_name_owner`].
    pub user_name: Option<String>,
    /// The event whose grant of undo is asked for.
    pub grant: Option<EventId>,
    pub users: Vec<UserId>,
    /// Was it spent, and does a code of it live?
    pub flow: Option<FlowId>,
    pub throttles: Vec<Vec<u8>>,
    /// Counters of the account that `address` leads to.
    pub owner_throttles: Vec<OwnerThrottle>,
    /// The code that a device shows, hashed.
    pub device: Option<[u8; 32]>,
    /// Who is signed in to with `session`?
    pub clients_of_session: bool,
    /// What an authenticator calls the passkey it shows.
    pub credential: Option<Vec<u8>>,
    /// Looked for where `address` is nobody's, so that the answer takes the same questions: nobody has this id (T123).
    pub stand_in: Option<UserId>,
}

/// A counter whose key names an account: `prefix`, then the owner's id (or `fallback` where the address is nobody's),
/// then `suffix`. One account has one counter, by whichever of its addresses it was named (T95).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerThrottle {
    pub prefix: &'static [u8],
    pub fallback: Vec<u8>,
    pub suffix: Vec<u8>,
}

impl OwnerThrottle {
    pub fn key(&self, owner: Option<UserId>) -> Vec<u8> {
        let mut key = self.prefix.to_vec();
        match owner {
            Some(user) => key.extend_from_slice(user.as_bytes()),
            None => key.extend_from_slice(&self.fallback),
        }
        key.extend_from_slice(&self.suffix);
        key
    }
}

/// A domain, and whose it has lately shown to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenDomain {
    pub domain: String,
    pub organisation: OrganisationId,
}

/// One snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Raised by a restore: everything issued under another epoch is dead (T86).
    pub store_epoch: i64,
    /// This journey has already committed its outcome.
    pub flow_spent: bool,
    pub session: Option<SessionFacts>,
    pub identity: Option<IdentityFacts>,
    /// For whom the address asked about is proven.
    pub address_owner: Option<UserId>,
    /// Who has the user name asked about.
    pub user_name_owner: Option<UserId>,
    pub grant: Option<GrantFacts>,
    pub code: Option<CodeFacts>,
    pub throttles: Vec<ThrottleFacts>,
    pub device: Option<DeviceFacts>,
    /// Clients that somebody was signed in to with the session, where it was asked for.
    pub clients_of_session: Vec<String>,
    pub credential: Option<CredentialFacts>,
    /// The domain of the address asked about, where it shows that it is an organisation's.
    pub domain: Option<ProvenDomain>,
    pub connections: Vec<ConnectionState>,
    /// Every user named by session, identity or address, and those asked for by id.
    pub users: Vec<UserFacts>,
}

impl Facts {
    pub fn user(&self, id: UserId) -> Option<&UserFacts> {
        self.users.iter().find(|user| user.id == id)
    }

    pub fn connection(&self, id: &ConnectionId) -> Option<&ConnectionState> {
        self.connections.iter().find(|connection| connection.id == *id)
    }

    /// What is known of this very identity: what is known of another one says nothing about it (T05, T43).
    pub fn identity_of(&self, identity: &ExternalIdentity) -> Option<&IdentityFacts> {
        self.identity.as_ref().filter(|known| known.identity == *identity)
    }

    /// The user who is signed in in this browser, if the session still counts at `now`.
    pub fn live_session(&self, now: Micros) -> Option<(&SessionFacts, &UserFacts)> {
        let session = self.session.as_ref()?;
        let user = self.user(session.user)?;
        let live =
            session.expires_at > now && session.store_epoch == self.store_epoch && user.status == UserStatus::Active;
        live.then_some((session, user))
    }
}
