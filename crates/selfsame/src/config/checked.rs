//! The configuration after every check: what the rest of the binary reads.

use super::names::{IpNetwork, Origin};
use flows::oauth::{Client, Schemes, redirect_uri_fault};
use model::{
    ConnectionId, ConnectionPolicy, Level, LocalMethods, Micros, OrganisationId, OrganisationPolicy, Secret,
    SelectionPolicy, SignUp,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::{Host, Url};

/// Everything an operator decided. Made only by [`Config::load`] and [`Config::parse`].
#[derive(Debug, Clone)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    /// Not empty; the first seals.
    pub root_keys: Vec<RootKey>,
    pub mail: Mail,
    pub local: LocalMethods,
    pub sign_up: SignUp,
    pub selection: SelectionPolicy,
    pub required_level: Level,
    pub session_lifetime: Micros,
    pub branding: Branding,
    pub organisations: Vec<Organisation>,
    pub applications: Vec<Application>,
    pub clients: Vec<Client>,
    /// Clients may register themselves.
    pub registration: bool,
    pub(super) connections: Vec<Connection>,
}

#[derive(Debug, Clone)]
pub struct Server {
    pub public_origin: Origin,
    pub listen: SocketAddr,
    /// As configured, else beside an SQLite database; none with PostgreSQL.
    pub admin_socket: Option<PathBuf>,
    pub allowed_origins: Vec<Origin>,
    /// Where reasons are explained, with `{code}` in it.
    pub help_url: Option<String>,
    pub client_ip: Option<ClientIp>,
}

/// Whom to believe about the address of a client.
#[derive(Debug, Clone)]
pub struct ClientIp {
    /// Lower case.
    pub header: String,
    pub trusted_proxies: Vec<IpNetwork>,
}

#[derive(Debug, Clone)]
pub enum Database {
    Sqlite(PathBuf),
    /// May hold the password.
    Postgres(Secret<String>),
}

#[derive(Debug, Clone)]
pub struct RootKey {
    pub id: String,
    pub key: Secret<[u8; 32]>,
}

#[derive(Debug, Clone)]
pub struct Mail {
    pub smtp: Smtp,
    /// A mailbox (RFC 5322 §3.4) that lettre has parsed.
    pub from: String,
}

#[derive(Debug, Clone)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub security: SmtpSecurity,
    pub credentials: Option<(String, Secret<String>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// STARTTLS, required.
    StartTls,
    /// For a relay in the operator's own network; never with credentials beyond loopback.
    Plain,
}

#[derive(Debug, Clone)]
pub struct Branding {
    pub name: String,
    pub support_url: Option<String>,
}

/// Signature algorithms for ID tokens: the asymmetric ones of RFC 7518 §3.1 and RFC 8037.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum IdTokenAlgorithm {
    #[default]
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

/// Client authentication at the token endpoint (OpenID Connect Core §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum TokenAuth {
    Basic,
    Post,
    None,
}

/// How a client authenticates at our token endpoint (OpenID Connect Core §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ClientAuth {
    Basic,
    Post,
    PrivateKeyJwt,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ClientGrant {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    // RFC 8628: the person answers at another browser.
    DeviceCode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum ClientAlgorithm {
    RS256,
    #[default]
    ES256,
    EdDSA,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ClientAccessTokens {
    #[default]
    Opaque,
    Jwt,
}

/// A way to sign in without a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum LocalMethod {
    Password,
    EmailCode,
    Passkey,
}

/// What the operator says about a connection's verified addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum EmailEvidence {
    #[default]
    Claimed,
    Vouched,
}

/// One tenant.
#[derive(Debug, Clone)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
    pub policy: OrganisationPolicy,
}

/// One identity provider, as the protocol needs it, with its policy beside it.
#[derive(Debug, Clone)]
pub struct Connection {
    pub id: ConnectionId,
    pub name: String,
    pub mark: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<Secret<String>>,
    pub scopes: Vec<String>,
    pub algorithm: IdTokenAlgorithm,
    pub token_auth: TokenAuth,
    pub subject_claim: String,
    pub pairwise: bool,
    pub allowed_audiences: Vec<String>,
    /// Host names in A-labels, lower case.
    pub approved_hosts: Vec<String>,
    pub fetch_userinfo: bool,
    pub policy: ConnectionPolicy,
}

#[derive(Debug, Clone)]
pub struct Application {
    pub id: String,
    pub name: String,
    pub redirect_uris: Vec<String>,
}

impl Application {
    /// Exact text, except that on an `http` loopback address the port is free, because a native application listens on
    /// the port it gets (RFC 8252 §7.3).
    pub fn allows(&self, redirect_uri: &str) -> bool {
        self.redirect_uris.iter().any(|known| {
            known == redirect_uri || loopback_form(known).is_some_and(|a| Some(a) == loopback_form(redirect_uri))
        })
    }
}

/// A loopback redirect without its port; `None` for any other.
fn loopback_form(uri: &str) -> Option<Url> {
    let mut url = Url::parse(uri).ok()?;
    let address = match url.host()? {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(_) => false,
    };
    // What the parser would rewrite is not the text that was declared.
    if !address || url.scheme() != "http" || redirect_uri_fault(uri, Schemes::Web).is_some() {
        return None;
    }
    url.set_port(None).ok()?;
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t35_redirects_are_exact_but_for_the_loopback_port() {
        let uris = [
            "https://app.example/back",
            "http://127.0.0.1/back",
            "http://[::1]:9/back?a=1",
            "http://localhost:3000/back",
        ];
        let app = Application {
            id: "app".to_owned(),
            name: "App".to_owned(),
            redirect_uris: uris.map(str::to_owned).to_vec(),
        };
        for uri in [
            "https://app.example/back",
            "http://127.0.0.1/back",
            "http://127.0.0.1:49152/back",
            "http://[::1]:49152/back?a=1",
            "http://localhost:3000/back",
        ] {
            assert!(app.allows(uri), "{uri}");
        }
        for uri in [
            "https://app.example/back/",
            "https://app.example/back?x=1",
            "https://app.example:444/back",
            "https://app.example/back#x",
            "https://app.example.evil.example/back",
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:49152/back#x",
            "http://me@127.0.0.1:49152/back",
            "http://127.1:49152/back",
            "http://127.0.0.1:49152/x/../back",
            "http://127.0.0.2/back",
            "http://[::1]/back",
            "http://localhost:3001/back",
            "https://127.0.0.1:49152/back",
            "",
        ] {
            assert!(!app.allows(uri), "{uri}");
        }
    }
}
