//! What an operator fixed for a connection, before any token is seen (T56).

use super::{Algorithm, is_loopback_host};
use model::{AssertedLevels, ConnectionId, Level, Namespace, OrganisationId, Secret};
use url::Url;

/// How we authenticate at the token endpoint (OpenID Connect Core §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenAuth {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
    /// A public client: PKCE alone.
    None,
}

/// One connection as a client of one OpenID provider.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    pub connection: ConnectionId,
    /// Compared byte for byte with every `iss` (T21).
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<Secret<String>>,
    pub token_auth: TokenAuth,
    /// `openid` is added where it is missing.
    pub scopes: Vec<String>,
    pub algorithm: Algorithm,
    /// The claim of the ID token that names a person for ever. `sub`, unless the provider documents another.
    pub subject_claim: String,
    /// The provider's subjects are different for each client.
    pub pairwise: bool,
    /// Audiences beside our client id that a token may carry (T54).
    pub allowed_audiences: Vec<String>,
    /// Hosts beside the issuer's own and those below it that its endpoints may be on (T37).
    pub approved_hosts: Vec<String>,
    pub fetch_userinfo: bool,
    /// What a sign-in there is worth at least, as the operator says.
    pub level: Level,
    /// What the provider's words raise it to, where the operator has said what they are worth (T90).
    pub levels: AssertedLevels,
    /// The provider documents `email_verified` as the text `"true"` (T02).
    pub accept_string_verified: bool,
    pub redirect_uri: String,
    /// Off only as a recorded exception for a provider that fails on it (T38).
    pub pkce: bool,
    /// Trust epoch of the connection.
    pub epoch: i64,
    /// Whose connection it is: what it says has meaning there alone (T97).
    pub organisation: Option<OrganisationId>,
}

/// Settings that cannot work, found at start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("connection `{connection}`: {problem}")]
pub struct InvalidSettings {
    pub connection: ConnectionId,
    pub problem: &'static str,
}

impl ClientSettings {
    /// A public client with the usual values: RS256, `sub`, PKCE, scopes `openid email profile`.
    pub fn new(connection: ConnectionId, issuer: &str, client_id: &str, redirect_uri: &str, epoch: i64) -> Self {
        Self {
            connection,
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: None,
            token_auth: TokenAuth::None,
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            algorithm: Algorithm::RS256,
            subject_claim: "sub".to_owned(),
            pairwise: false,
            allowed_audiences: Vec::new(),
            approved_hosts: Vec::new(),
            fetch_userinfo: false,
            level: Level::One,
            levels: AssertedLevels::default(),
            accept_string_verified: false,
            redirect_uri: redirect_uri.to_owned(),
            pkce: true,
            epoch,
            organisation: None,
        }
    }

    /// The key space of the subjects this connection asserts.
    pub fn namespace(&self) -> Namespace {
        Namespace::of(
            self.organisation.as_ref(),
            &self.issuer,
            self.pairwise.then_some(self.client_id.as_str()),
            self.epoch,
        )
    }

    /// Whether these settings can work at all.
    pub fn check(&self, allow_loopback: bool) -> Result<(), InvalidSettings> {
        let problem = self.problem(allow_loopback);
        problem.map_or(Ok(()), |problem| Err(InvalidSettings { connection: self.connection.clone(), problem }))
    }

    fn problem(&self, allow_loopback: bool) -> Option<&'static str> {
        let Ok(issuer) = Url::parse(&self.issuer) else { return Some("the issuer is not a URL") };
        if !is_usable_url(&issuer, allow_loopback) {
            return Some("the issuer must be an https URL without user, and without fragment");
        }
        if issuer.query().is_some() {
            return Some("the issuer must not have a query");
        }
        if Url::parse(&self.redirect_uri).is_err() {
            return Some("the redirect URI is not a URL");
        }
        if self.client_id.is_empty() {
            return Some("the client id is empty");
        }
        if self.subject_claim.is_empty() {
            return Some("the subject claim is empty");
        }
        let has_secret = self.client_secret.as_ref().is_some_and(|secret| !secret.expose().is_empty());
        if self.token_auth != TokenAuth::None && !has_secret {
            return Some("this way of authenticating at the token endpoint needs a client secret");
        }
        None
    }
}

/// An https URL with a host and nothing hidden in it; http only for loopback hosts, and only where that is allowed.
pub(super) fn is_usable_url(url: &Url, allow_loopback: bool) -> bool {
    let scheme_ok = match url.scheme() {
        "https" => true,
        "http" => allow_loopback && is_loopback_host(url),
        _ => false,
    };
    scheme_ok
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}
