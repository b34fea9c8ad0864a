//! Clients that were registered while the server runs, and the tokens that let one register itself.

use crate::{ChainHead, Micros};

/// Who registered a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisteredBy {
    Operator,
    /// The client, with an initial access token (RFC 7591 §1.2). Nobody vouches for what it says of itself.
    Itself,
}

impl RegisteredBy {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Itself => "itself",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Operator, Self::Itself].into_iter().find(|known| known.name() == name)
    }
}

/// A client as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClient {
    pub id: String,
    /// Raised by every change: what a client is given rests on the version it was decided with.
    pub version: i64,
    /// JSON under the names of RFC 7591 §2.
    pub metadata: String,
    /// SHA-256 of each secret that is good now, the newest first.
    pub secrets: Vec<[u8; 32]>,
    pub registered_by: RegisteredBy,
    /// SHA-256 of the registration access token (RFC 7592 §3), if it has one.
    pub access_token: Option<[u8; 32]>,
    pub created_at: Micros,
    pub changed_at: Micros,
}

/// A token that lets clients register themselves (RFC 7591 §1.2, "initial access token").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationToken {
    /// The beginning of its hash, in hexadecimal: it may be shown.
    pub id: String,
    /// SHA-256.
    pub hash: [u8; 32],
    pub uses_left: i64,
    /// Clients may speak for themselves (RFC 6749 §4.4).
    pub client_credentials: bool,
    pub created_by: String,
    pub created_at: Micros,
    pub expires_at: Micros,
}

/// Where to look before a client is registered, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryQuery {
    pub client: Option<String>,
    /// The id of a registration token.
    pub token: Option<String>,
}

/// What is known of a client and of a token, in one snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryFacts {
    pub store_epoch: i64,
    /// The end of the store's own chain.
    pub chain: ChainHead,
    pub client: Option<StoredClient>,
    /// A client had the id and was removed: tokens with its name may still be about.
    pub was_removed: bool,
    pub token: Option<RegistrationToken>,
}

/// What checking a token without a person behind it needs: one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTokenFacts {
    pub store_epoch: i64,
    /// This very token was revoked.
    pub revoked: bool,
    /// The version of the stored client; `None` where there is none, or none any more.
    pub client_version: Option<i64>,
}
