//! Policy: data with a version, the other half of every decision.

use crate::{ConnectionId, Level, OrganisationId, SelectionPolicy};
use std::collections::BTreeMap;

/// What to do when an unknown external identity brings an address that is proven for somebody here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkOnMatch {
    /// Say (after a mailbox code where needed) that the address belongs to an account.
    Off,
    /// Ask for proof of the existing user, then link.
    #[default]
    Prove,
    /// As `prove`, and link at once where the mailbox alone could sign the user in (row 12).
    VerifiedEmail,
}

/// By what an unknown identity may be found to be somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct MatchOn {
    pub address: bool,
    /// The user name at the provider against user names here: may only lead to *prove* (row 11).
    pub user_name: bool,
}

impl Default for MatchOn {
    fn default() -> Self {
        Self { address: true, user_name: false }
    }
}

/// What an organisation asks of its members.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct OrganisationPolicy {
    /// Members prove themselves through this connection and no other (row 9).
    pub forced_connection: Option<ConnectionId>,
    pub required_level: Option<Level>,
    /// Who chooses the way in, in place of the policy of all.
    pub selection: Option<SelectionPolicy>,
    /// The most that a match may link to a member by.
    pub link_on_match: Option<LinkOnMatch>,
    /// What it says are its own (A-labels, lower case); each counts while it shows that.
    pub domains: Vec<String>,
}

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignUp {
    #[default]
    Open,
    Invited,
    Closed,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    #[default]
    SignInAndLink,
    LinkOnly,
    SignInOnly,
    DataOnly,
}

impl Purpose {
    pub fn signs_in(self) -> bool {
        matches!(self, Self::SignInAndLink | Self::SignInOnly)
    }

    pub fn links(self) -> bool {
        matches!(self, Self::SignInAndLink | Self::LinkOnly)
    }
}

/// When claims are copied onto the external identity. They never reach the user by themselves (T112).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileSync {
    Never,
    OnLink,
    #[default]
    OnSignIn,
}

/// What the operator says about a connection's statements on addresses, beyond the catalogue that `linking` holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct MailAuthority {
    /// The issuer, byte for byte: the key into the catalogue.
    pub issuer: String,
    /// The operator vouches: this provider sends a code of its own before it says `verified`.
    pub vouched: bool,
    /// Domains (A-labels, lower case) this provider may speak for, because it hosts their mailboxes.
    pub authoritative_domains: Vec<String>,
}

/// What a provider's words about an authentication are worth here (OpenID Connect Core §2, `acr` and `amr`). A word that is
/// not mapped is worth nothing, whatever it sounds like (T90).
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct AssertedLevels {
    pub acr: BTreeMap<String, Level>,
    pub amr: BTreeMap<String, Level>,
}

impl AssertedLevels {
    /// The highest that is mapped, if any.
    pub fn of<'a>(&self, acr: Option<&str>, amr: impl Iterator<Item = &'a str>) -> Option<Level> {
        let by_class = acr.and_then(|acr| self.acr.get(acr));
        amr.filter_map(|method| self.amr.get(method)).chain(by_class).max().copied()
    }
}

/// Policy of one connection.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ConnectionPolicy {
    pub link_on_match: LinkOnMatch,
    pub match_on: MatchOn,
    /// Whose connection it is: it reaches members only, and changes nothing outside.
    pub organisation: Option<OrganisationId>,
    pub sign_up: SignUp,
    pub purpose: Purpose,
    /// What a sign-in through it is worth at least.
    pub level: Level,
    pub levels: AssertedLevels,
    pub max_links_per_user: u32,
    pub profile_sync: ProfileSync,
    pub mail_authority: MailAuthority,
}

impl Default for ConnectionPolicy {
    fn default() -> Self {
        Self {
            link_on_match: LinkOnMatch::default(),
            match_on: MatchOn::default(),
            organisation: None,
            sign_up: SignUp::default(),
            purpose: Purpose::default(),
            level: Level::One,
            levels: AssertedLevels::default(),
            max_links_per_user: 5,
            profile_sync: ProfileSync::default(),
            mail_authority: MailAuthority::default(),
        }
    }
}

/// Which local methods sign people in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct LocalMethods {
    pub password: bool,
    pub email_code: bool,
    pub passkey: bool,
    /// The second factor: an authenticator app, with recovery codes.
    pub totp: bool,
}

/// The whole policy a decision is made under.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Policy {
    /// Names this very policy in links and audit events (a digest of it).
    pub version: String,
    pub local: LocalMethods,
    /// The host of our public origin: passkeys are bound to it.
    pub host: String,
    /// Sign-up with a password.
    pub sign_up: SignUp,
    /// Who chooses the way in.
    pub selection: SelectionPolicy,
    /// The level every session of a user without a requirement of their own must reach.
    pub required_level: Level,
    /// A connection that is not here is not configured, and what needs it is refused.
    pub connections: BTreeMap<ConnectionId, ConnectionPolicy>,
    pub organisations: BTreeMap<OrganisationId, OrganisationPolicy>,
}

impl Policy {
    /// Who chooses the way in to an organisation, or to none.
    pub fn selection_of(&self, organisation: Option<&OrganisationId>) -> &SelectionPolicy {
        let own = organisation.and_then(|id| self.organisations.get(id)?.selection.as_ref());
        own.unwrap_or(&self.selection)
    }

    /// The organisation whose connection this is, if it is one's.
    pub fn organisation_of(&self, connection: &ConnectionId) -> Option<&OrganisationId> {
        self.connection(connection)?.organisation.as_ref()
    }

    pub fn connection(&self, id: &ConnectionId) -> Option<&ConnectionPolicy> {
        self.connections.get(id)
    }
}
