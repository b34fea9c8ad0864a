//! What a client may be (OpenID Connect Dynamic Client Registration 1.0 §2, RFC 7591 §2): the one set of rules that every
//! door goes through, be it the operator's file, the operator's commands or the client itself.
//!
//! A new word of metadata is a field of [`Metadata`], a line each where it is read and written, and a check that
//! [`Metadata::client`] calls.

use super::{AccessTokenFormat, Authentication, Client, GrantType, Metadata, STANDARD_SCOPES, SigningAlgorithm};
use std::borrow::Cow;
use url::{Host, Url};

/// As long as a button can show.
const NAME_MAX: usize = 60;
const URIS_MAX: usize = 50;
/// A request that names it has to fit into an address.
const URI_MAX: usize = 1_000;
const SCOPES_MAX: usize = 50;
const SCOPE_MAX: usize = 100;

/// Who wants the client to be registered, and so what it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registrant {
    Operator,
    /// The client, with nobody looking.
    Itself {
        client_credentials: bool,
    },
}

/// What is wrong with one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataFault {
    /// The name in [`Metadata`], or `client_id`.
    pub field: Cow<'static, str>,
    /// Which of a list.
    pub index: Option<usize>,
    /// Stable.
    pub code: &'static str,
    /// What to do.
    pub cure: Cow<'static, str>,
}

impl MetadataFault {
    pub fn new(field: &'static str, code: &'static str, cure: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), index: None, code, cure: cure.into() }
    }

    /// RFC 7591 §3.2.2.
    pub fn error(&self) -> &'static str {
        if self.field == "redirect_uris" { "invalid_redirect_uri" } else { "invalid_client_metadata" }
    }
}

impl std::fmt::Display for MetadataFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.index {
            Some(index) => write!(f, "{}[{index}]: {}", self.field, self.cure),
            None => write!(f, "{}: {}", self.field, self.cure),
        }
    }
}

impl Metadata {
    /// The client that this describes, or all that is wrong. `secrets` are SHA-256 hashes of those it has.
    pub fn client(
        &self,
        id: &str,
        secrets: Vec<[u8; 32]>,
        registrant: Registrant,
    ) -> Result<Client, Vec<MetadataFault>> {
        let mut check = Check { metadata: self, registrant, faults: Vec::new() };
        check.id(id);
        let name = check.name(id);
        check.uris();
        check.logout_uris();
        let grants = check.grants();
        let scopes = check.scopes();
        let authentication = check.authentication(!secrets.is_empty(), &grants);
        let sector = check.sector();
        let id_token_algorithm = check.algorithm();
        let access_tokens = check.access_tokens();
        let keys = check.keys(authentication);
        check.resources();
        check.fapi(authentication, id_token_algorithm);
        check.privileges(&grants);
        if !check.faults.is_empty() {
            return Err(check.faults);
        }
        Ok(Client {
            authentication,
            secrets,
            redirect_uris: self.redirect_uris.clone(),
            post_logout_redirect_uris: self.post_logout_redirect_uris.clone(),
            backchannel_logout_uri: self.backchannel_logout_uri.clone(),
            frontchannel_logout_uri: self.frontchannel_logout_uri.clone(),
            grants,
            scopes,
            require_pkce: self.require_pkce.unwrap_or(true),
            id_token_algorithm,
            access_tokens,
            first_party: self.first_party,
            introspects: self.introspection,
            keys,
            require_pushed: self.require_pushed_authorization_requests,
            dpop_bound: self.dpop_bound_access_tokens,
            fapi: self.fapi,
            identity_subjects: self.identity_subjects,
            resources: self.resources.clone(),
            sector,
            ..Client::new(id, &name)
        })
    }
}

pub(super) struct Check<'a> {
    pub(super) metadata: &'a Metadata,
    registrant: Registrant,
    faults: Vec<MetadataFault>,
}

impl Check<'_> {
    pub(super) fn fault(&mut self, field: &'static str, code: &'static str, cure: impl Into<Cow<'static, str>>) {
        self.faults.push(MetadataFault::new(field, code, cure));
    }

    pub(super) fn fault_in(
        &mut self,
        field: &'static str,
        index: usize,
        (code, cure): (&'static str, Cow<'static, str>),
    ) {
        self.faults.push(MetadataFault { index: Some(index), ..MetadataFault::new(field, code, cure) });
    }

    fn id(&mut self, id: &str) {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if id.is_empty() || id.len() > 32 || !id.bytes().all(plain) {
            self.fault("client_id", "client_id_form", "use 1 to 32 of a–z, 0–9 and -");
        } else if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            // A token of the client's own has it for its `sub` (RFC 9700 §4.15).
            self.fault("client_id", "client_id_like_sub", "looks like the `sub` of a person; use a word");
        }
    }

    fn name(&mut self, id: &str) -> String {
        match &self.metadata.client_name {
            None => id.to_owned(),
            Some(name) if name.trim().is_empty() => {
                self.fault("client_name", "client_name_empty", "must not be empty");
                String::new()
            }
            Some(name) if plain_name(name) != *name => {
                let cure = "use at most 60 characters that can be seen, in one line";
                self.fault("client_name", "client_name_not_plain", cure);
                String::new()
            }
            Some(name) => name.clone(),
        }
    }

    fn uris(&mut self) {
        let metadata = self.metadata;
        let native = match metadata.application_type.as_deref() {
            None | Some("web") => false,
            Some("native") => true,
            Some(_) => {
                self.fault("application_type", "application_type_unknown", "use `web` or `native`");
                false
            }
        };
        for (field, uris) in [
            ("redirect_uris", &metadata.redirect_uris),
            ("post_logout_redirect_uris", &metadata.post_logout_redirect_uris),
        ] {
            if uris.len() > URIS_MAX {
                self.fault(field, "too_many", "name at most 50 addresses");
            }
            for (index, text) in uris.iter().enumerate().take(URIS_MAX) {
                let schemes = if native { Schemes::Native } else { Schemes::Web };
                if let Some(fault) = redirect_uri_fault(text, schemes) {
                    self.fault_in(field, index, fault);
                }
            }
        }
    }

    /// Back-Channel Logout 1.0 §2.2, Front-Channel Logout 1.0 §2. A browser only frames the client's own pages, and a
    /// client that nobody vouches for sends us nowhere but to itself (T110).
    fn logout_uris(&mut self) {
        let metadata = self.metadata;
        let own: Vec<_> = metadata.redirect_uris.iter().filter_map(|uri| Url::parse(uri).ok()).collect();
        for (field, uri, session_required, only_own) in [
            (
                "backchannel_logout_uri",
                &metadata.backchannel_logout_uri,
                metadata.backchannel_logout_session_required,
                self.registrant != Registrant::Operator,
            ),
            (
                "frontchannel_logout_uri",
                &metadata.frontchannel_logout_uri,
                metadata.frontchannel_logout_session_required,
                true,
            ),
        ] {
            let Some(uri) = uri else {
                if session_required {
                    self.fault(
                        field,
                        "logout_uri_missing",
                        "name where the client is told, or leave out what it needs",
                    );
                }
                continue;
            };
            let elsewhere = || Url::parse(uri).is_ok_and(|url| !own.iter().any(|one| one.origin() == url.origin()));
            if let Some((code, cure)) = redirect_uri_fault(uri, Schemes::Web) {
                self.fault(field, code, cure);
            } else if !has_plain_host(uri) {
                self.fault(field, "logout_uri_host", "use a host of letters, digits, dots and hyphens");
            } else if only_own && elsewhere() {
                self.fault(field, "logout_uri_elsewhere", "use scheme, host and port of a redirect URI");
            }
        }
    }

    fn grants(&mut self) -> Vec<GrantType> {
        let metadata = self.metadata;
        let grants = match &metadata.grant_types {
            None => vec![GrantType::AuthorizationCode],
            Some(names) => {
                let known: Option<Vec<_>> = names.iter().map(|name| GrantType::from_name(name)).collect();
                known.filter(|grants| !grants.is_empty()).unwrap_or_else(|| {
                    let names = GrantType::ALL.map(GrantType::name).join(", ");
                    self.fault("grant_types", "grant_type_unknown", format!("use one or more of {names}"));
                    Vec::new()
                })
            }
        };
        let by_code = grants.contains(&GrantType::AuthorizationCode);
        if by_code && metadata.redirect_uris.is_empty() {
            self.fault("redirect_uris", "redirect_uri_missing", "name where people are sent with a code");
        }
        let response_types = metadata.response_types.as_deref().unwrap_or_default();
        if response_types.iter().any(|name| name != "code") {
            self.fault("response_types", "response_type_unknown", "only `code` is supported");
        } else if !response_types.is_empty() && !by_code && !grants.is_empty() {
            // RFC 7591 §2.1: the two agree.
            self.fault("response_types", "response_type_without_grant", "`code` needs the grant authorization_code");
        }
        grants
    }

    fn scopes(&mut self) -> Vec<String> {
        let Some(words) = &self.metadata.scope else { return STANDARD_SCOPES.map(str::to_owned).to_vec() };
        if words.len() > SCOPES_MAX {
            self.fault("scope", "too_many", "name at most 50 scopes");
        }
        for (index, word) in words.iter().enumerate().take(SCOPES_MAX) {
            if !is_scope(word) || word.len() > SCOPE_MAX {
                self.fault_in("scope", index, ("scope_form", "is not a scope (RFC 6749 §3.3)".into()));
            } else if self.registrant != Registrant::Operator && !STANDARD_SCOPES.contains(&word.as_str()) {
                // What any other scope opens only the operator knows.
                let cure = format!("only {} may be registered here", STANDARD_SCOPES.join(", "));
                self.fault_in("scope", index, ("scope_not_open", cure.into()));
            }
        }
        words.clone()
    }

    fn authentication(&mut self, has_secret: bool, grants: &[GrantType]) -> Authentication {
        const FIELD: &str = "token_endpoint_auth_method";
        let authentication = match (self.metadata.token_endpoint_auth_method.as_deref(), has_secret) {
            // Libraries that name none differ in which of the two they mean.
            (None, true) => Authentication::Secret,
            (Some("client_secret_basic"), true) => Authentication::Basic,
            (Some("client_secret_post"), true) => Authentication::Post,
            (None | Some("none"), false) => Authentication::None,
            (Some("private_key_jwt"), false) => return Authentication::PrivateKeyJwt,
            (Some("private_key_jwt"), true) => {
                self.fault(FIELD, "auth_method_with_secret", "`private_key_jwt` goes without a secret");
                return Authentication::PrivateKeyJwt;
            }
            (Some("none"), true) => {
                self.fault(FIELD, "auth_method_with_secret", "`none` goes without a secret");
                return Authentication::None;
            }
            (Some("client_secret_basic" | "client_secret_post"), false) => {
                self.fault(FIELD, "auth_method_needs_secret", "needs a `secret`");
                return Authentication::Secret;
            }
            (Some(_), _) => {
                let cure = "use client_secret_basic, client_secret_post, private_key_jwt or none";
                self.fault(FIELD, "auth_method_unknown", cure);
                return Authentication::Secret;
            }
        };
        if authentication == Authentication::None {
            if grants.contains(&GrantType::ClientCredentials) {
                let cure = "a client without a secret cannot use client_credentials";
                self.fault("grant_types", "public_client_credentials", cure);
            }
            if self.metadata.require_pkce == Some(false) {
                self.fault("require_pkce", "public_without_pkce", "a client without a secret uses PKCE");
            }
            if self.metadata.introspection {
                let cure = "a client without a secret learns nothing about tokens";
                self.fault("introspection", "public_introspection", cure);
            }
        }
        authentication
    }

    /// OpenID Connect Core §8.1: the host of the redirects, which has to be one.
    fn sector(&mut self) -> Option<String> {
        match self.metadata.subject_type.as_deref() {
            None | Some("public") => return None,
            Some("pairwise") => {}
            Some(_) => {
                self.fault("subject_type", "subject_type_unknown", "use `public` or `pairwise`");
                return None;
            }
        }
        // Of other schemes anybody may write any host (T133); on loopback everybody is at home.
        let itself = self.registrant != Registrant::Operator;
        let host = |text: &String| {
            let url = Url::parse(text).ok()?;
            let own = url.scheme() == "https" || url.scheme() == "http" && !itself;
            url.host_str().filter(|_| own).map(str::to_owned)
        };
        let mut hosts: Vec<Option<String>> = self.metadata.redirect_uris.iter().map(host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        match hosts.as_slice() {
            [Some(host)] => Some(host.clone()),
            _ => {
                let cure = "needs redirect URIs on one host, which is the sector of the subjects";
                self.fault("subject_type", "sector_not_one_host", cure);
                None
            }
        }
    }

    fn algorithm(&mut self) -> SigningAlgorithm {
        let Some(name) = &self.metadata.id_token_signed_response_alg else { return SigningAlgorithm::Rs256 };
        SigningAlgorithm::from_name(name).unwrap_or_else(|| {
            let names = SigningAlgorithm::ALL.map(SigningAlgorithm::name).join(", ");
            self.fault("id_token_signed_response_alg", "algorithm_unknown", format!("use one of {names}"));
            SigningAlgorithm::Rs256
        })
    }

    fn access_tokens(&mut self) -> AccessTokenFormat {
        match self.metadata.access_token_format.as_deref() {
            None | Some("opaque") => AccessTokenFormat::Opaque,
            Some("jwt") => AccessTokenFormat::Jwt,
            Some(_) => {
                self.fault("access_token_format", "access_token_format_unknown", "use `opaque` or `jwt`");
                AccessTokenFormat::Opaque
            }
        }
    }

    /// What only an operator gives.
    fn privileges(&mut self, grants: &[GrantType]) {
        let Registrant::Itself { client_credentials } = self.registrant else { return };
        if self.metadata.first_party {
            self.fault("first_party", "not_for_registration", "is decided by the operator; leave it out");
        }
        if self.metadata.introspection {
            self.fault("introspection", "not_for_registration", "is decided by the operator; leave it out");
        }
        if self.metadata.identity_subjects {
            self.fault("identity_subjects", "not_for_registration", "is decided by the operator; leave it out");
        }
        if !self.metadata.resources.is_empty() {
            self.fault("resources", "not_for_registration", "are decided by the operator; leave them out");
        }
        if self.metadata.require_pkce == Some(false) {
            self.fault("require_pkce", "not_for_registration", "PKCE is asked of every registered client");
        }
        if grants.contains(&GrantType::DeviceCode) {
            // What nobody vouches for asks nobody to type a code (T52).
            self.fault("grant_types", "not_for_registration", "devices are registered by the operator");
        }
        if !client_credentials && grants.contains(&GrantType::ClientCredentials) {
            let cure = "client_credentials may not be registered here; ask the operator";
            self.fault("grant_types", "not_for_registration", cure);
        }
    }
}

/// A name as people may be shown it: without characters that cannot be seen or that turn the text around, in one line,
/// and short (T47).
pub fn plain_name(name: &str) -> String {
    let unseen = |c: char| {
        matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    let spaced: String = name
        .chars()
        .filter(|c| c.is_whitespace() || !(c.is_control() || unseen(*c)))
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    let short: String = words.join(" ").chars().take(NAME_MAX).collect();
    short.trim_end().to_owned()
}

/// RFC 6749 §3.3.
pub fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// Where redirects may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schemes {
    /// https, and http on loopback hosts.
    Web,
    /// Private-use schemes as well (RFC 8252 §7.1).
    Native,
}

/// Why a redirect URI is not one (RFC 9700 §2.1 and §4.1, RFC 8252 §7): code, and what to do. It is compared exactly, so it
/// is written as parsers write it.
pub fn redirect_uri_fault(text: &str, schemes: Schemes) -> Option<(&'static str, Cow<'static, str>)> {
    let Ok(url) = Url::parse(text) else { return Some(("redirect_uri_form", "write a full address".into())) };
    if text.len() > URI_MAX {
        return Some(("redirect_uri_too_long", "use at most 1000 characters".into()));
    }
    if url.as_str() != text {
        return Some(("redirect_uri_not_canonical", format!("write it as `{url}`: it is compared exactly").into()));
    }
    if url.fragment().is_some() || has_user_info(&url) {
        return Some(("redirect_uri_fragment", "leave out fragment and user name".into()));
    }
    if text.contains('*') {
        return Some(("redirect_uri_pattern", "write each address out; patterns are not supported".into()));
    }
    match url.scheme() {
        "https" => None,
        "http" if is_loopback(&url) => None,
        "http" => Some(("redirect_uri_not_https", "use https; http is for loopback hosts only".into())),
        // The reversed name of a domain of theirs, which no scheme that runs something has.
        scheme if schemes == Schemes::Native && scheme.contains('.') && url.path().starts_with('/') => None,
        _ if schemes == Schemes::Native => {
            let cure = "use an https address, loopback, or a scheme that is a reversed domain name, like `org.example.app:/callback`";
            Some(("redirect_uri_scheme", cure.into()))
        }
        _ => Some(("redirect_uri_scheme", "use an https address".into())),
    }
}

/// The host goes into a policy of content, where some characters that hosts may have mean something.
fn has_plain_host(uri: &str) -> bool {
    let plain = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte));
    Url::parse(uri).is_ok_and(|url| url.host_str().is_some_and(plain))
}

pub fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// The names and addresses that never leave the machine (RFC 6761 §6.3, RFC 8252 §7.3).
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
