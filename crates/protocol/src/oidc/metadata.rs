//! Provider metadata (OpenID Connect Discovery §3–§4): which endpoints belong to the issuer the operator named.

use super::settings::is_usable_url;
use super::{ClientSettings, Document, OidcError, json};
use serde_json::{Map, Value};
use url::{Host, Url};

/// More than any honest discovery document.
const BYTES_MAX: usize = 256 * 1024;

/// A provider's endpoints, each on a host that may speak for the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    announces_issuer: bool,
}

impl Metadata {
    /// Reads a discovery document. The issuer in it must be the connection's, byte for byte (T21); endpoints are
    /// https (http on loopback hosts where `allow_loopback`), on the issuer's host, below it, or on a host the
    /// operator approved (T37).
    pub fn parse(bytes: &[u8], settings: &ClientSettings, allow_loopback: bool) -> Result<Self, OidcError> {
        if bytes.len() > BYTES_MAX {
            return Err(OidcError::TooLarge(Document::Metadata));
        }
        let document = json::object(bytes).ok_or(OidcError::Malformed(Document::Metadata))?;
        let issuer = json::text(&document, "issuer").ok_or(OidcError::Malformed(Document::Metadata))?;
        if issuer != settings.issuer {
            return Err(OidcError::IssuerMismatch(Document::Metadata));
        }
        let required =
            |name| endpoint(&document, name, settings, allow_loopback)?.ok_or(OidcError::Malformed(Document::Metadata));
        Ok(Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: required("authorization_endpoint")?,
            token_endpoint: required("token_endpoint")?,
            jwks_uri: required("jwks_uri")?,
            userinfo_endpoint: endpoint(&document, "userinfo_endpoint", settings, allow_loopback)?,
            announces_issuer: document.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
        })
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub fn authorization_endpoint(&self) -> &Url {
        &self.authorization_endpoint
    }

    pub fn token_endpoint(&self) -> &Url {
        &self.token_endpoint
    }

    pub fn jwks_uri(&self) -> &Url {
        &self.jwks_uri
    }

    pub fn userinfo_endpoint(&self) -> Option<&Url> {
        self.userinfo_endpoint.as_ref()
    }

    /// The provider promises `iss` in every authorization response (RFC 9207 §3).
    pub fn announces_issuer(&self) -> bool {
        self.announces_issuer
    }
}

fn endpoint(
    document: &Map<String, Value>,
    name: &str,
    settings: &ClientSettings,
    allow_loopback: bool,
) -> Result<Option<Url>, OidcError> {
    let text = match document.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_str().ok_or(OidcError::Malformed(Document::Metadata))?,
    };
    let url = Url::parse(text).map_err(|_| OidcError::Malformed(Document::Metadata))?;
    if is_usable_url(&url, allow_loopback) && may_speak_for(&url, settings) {
        Ok(Some(url))
    } else {
        Err(OidcError::EndpointForbidden)
    }
}

/// The issuer's host, a host below it, or one the operator approved. Stricter than sharing a registrable domain,
/// and it needs no list of public suffixes to be right.
fn may_speak_for(url: &Url, settings: &ClientSettings) -> bool {
    let Some(host) = url.host_str() else { return false };
    if settings.approved_hosts.iter().any(|approved| approved.eq_ignore_ascii_case(host)) {
        return true;
    }
    let Ok(issuer) = Url::parse(&settings.issuer) else { return false };
    match (issuer.host(), url.host()) {
        (Some(Host::Domain(parent)), Some(Host::Domain(host))) => {
            host == parent || host.strip_suffix(parent).is_some_and(|below| below.ends_with('.'))
        }
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// Where an issuer's metadata is (OpenID Connect Discovery §4).
pub fn discovery_url(issuer: &str) -> Result<Url, OidcError> {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    Url::parse(&format!("{base}/.well-known/openid-configuration")).map_err(|_| OidcError::BadSettings)
}

/// A literal loopback address, `localhost` or a name below it (RFC 6761 §6.3).
pub fn is_loopback_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}
