//! A verified statement by a connection about one external identity.

use crate::{Address, ConnectionId, ExternalIdentity, Level, Micros};

/// What an upstream statement about an address is worth, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Not verified, absent, or any JSON type other than the boolean `true` (T02).
    Unproven,
    /// Verified, says a provider nobody vouches for.
    Claimed,
    /// Verified, by a provider known (or named by the operator) to send its own code.
    Vouched,
    /// Verified, by an issuer that may speak for this very domain.
    Authoritative,
}

impl Evidence {
    /// From here up the person has shown the mailbox to somebody we trust.
    pub fn shows_mailbox(self) -> bool {
        self >= Self::Vouched
    }
}

/// The address an assertion brings, already canonical, with what the provider said about it.
/// What that is worth is for `linking` to say.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MailClaim {
    pub address: Address,
    /// The provider said `true`: the JSON boolean, or a form that is documented for this very provider (T02, T03).
    pub verified: bool,
    /// Google's `hd`: the Workspace domain the account belongs to.
    pub hosted_domain: Option<String>,
    /// Microsoft's `xms_edov`: the owner of the domain verified the address.
    pub domain_owner_verified: bool,
}

/// Claims for people to read. Made up freely at many providers: never a key, never a proof.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct DisplayClaims {
    pub name: Option<String>,
    pub user_name: Option<String>,
    /// The address as the provider wrote it, when it is not one we can parse.
    pub raw_address: Option<String>,
}

/// Everything that was verified, as plain data.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AssertionParts {
    pub connection: ConnectionId,
    /// Trust epoch the flow was started in.
    pub epoch: i64,
    pub identity: ExternalIdentity,
    pub mail: Option<MailClaim>,
    pub display: DisplayClaims,
    /// When the person authenticated upstream, if the provider said so in a form we asked for and checked.
    pub authenticated_at: Option<Micros>,
    /// When we verified it.
    pub verified_at: Micros,
    /// The weakest, unless the connection maps what the provider says (T90).
    pub level: Level,
}

/// A verified statement. Only `protocol` makes one, after every check has passed, and only `flows`
/// reads one back from a flow it sealed itself; `cargo xtask tidy` holds the list of callers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Assertion(AssertionParts);

impl Assertion {
    /// Called by `protocol` alone (tidy).
    pub fn from_verified(parts: AssertionParts) -> Self {
        Self(parts)
    }

    pub fn parts(&self) -> &AssertionParts {
        &self.0
    }

    pub fn identity(&self) -> &ExternalIdentity {
        &self.0.identity
    }

    pub fn connection(&self) -> &ConnectionId {
        &self.0.connection
    }

    pub fn mail(&self) -> Option<&MailClaim> {
        self.0.mail.as_ref()
    }
}
