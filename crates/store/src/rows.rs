//! What reads beside the facts of a decision answer.

use model::{Address, ConnectionId, Level, LinkFacts, Micros, SessionFacts, UserFacts, UserId, UserStatus};

/// Everything the session check needs, from one indexed read. The caller compares expiry, epoch and status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    pub session: SessionFacts,
    pub user_status: UserStatus,
    pub user_version: i64,
    pub required_level: Level,
    /// The epoch of the store now; the session carries the one it was made in.
    pub store_epoch: i64,
    pub name: String,
    /// The address that was proven first, when there is one.
    pub address: Option<Address>,
    /// What applications know the user by.
    pub sub: Option<String>,
}

/// Which users to list, by id upwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFilter {
    /// Only who has proven or claimed exactly this address.
    pub address: Option<Address>,
    pub after: Option<UserId>,
    pub limit: u32,
}

impl Default for UserFilter {
    fn default() -> Self {
        Self { address: None, after: None, limit: 100 }
    }
}

/// One line of a list of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSummary {
    pub id: UserId,
    pub version: i64,
    pub status: UserStatus,
    pub protected: bool,
    pub required_level: Level,
    pub name: String,
    pub created_at: Micros,
    /// The address that was proven first.
    pub address: Option<Address>,
    pub proven_addresses: i64,
    pub has_password: bool,
    pub active_links: i64,
    pub sessions: i64,
    /// From the audit log: the last `signed_in` event.
    pub last_sign_in: Option<Micros>,
}

/// A link of the identity that was looked for, tombstones included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLink {
    /// The connection whose issuer and namespace matched; the link may have been made through another one.
    pub found_through: ConnectionId,
    pub user: UserId,
    pub user_name: String,
    pub user_status: UserStatus,
    pub link: LinkFacts,
}

/// A link with the record of how it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRecord {
    pub user: UserId,
    pub link: LinkFacts,
    /// The code of the reason it was made for.
    pub reason: String,
    pub proofs: Vec<String>,
    pub policy_version: String,
}

/// A page of something that is ordered by user id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub after: Option<UserId>,
    pub limit: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { after: None, limit: 200 }
    }
}

/// Users with an active link through one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    pub users: Vec<UserFacts>,
    /// What [`model::Change::ExpectCohort`] guards. Each page is a snapshot of its own: a walk over several pages is
    /// consistent when all of them carry the same fingerprint.
    pub fingerprint: i64,
    /// Where the next page starts; `None` after the last.
    pub next: Option<UserId>,
}
