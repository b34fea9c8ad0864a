//! Client metadata as it travels and is kept: JSON (RFC 7591 §2 and §3.2.1).

use super::{GrantType, MetadataFault, Registrant, STANDARD_SCOPES, SigningAlgorithm};
use serde_json::{Map, Value};

/// What is said of a client, under the names of the standards. A value that is not there has the default of the standards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    pub client_name: Option<String>,
    /// `web` or `native`.
    pub application_type: Option<String>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub grant_types: Option<Vec<String>>,
    pub response_types: Option<Vec<String>>,
    /// Words; one text with spaces between them where it travels.
    pub scope: Option<Vec<String>>,
    pub token_endpoint_auth_method: Option<String>,
    /// `public` or `pairwise`.
    pub subject_type: Option<String>,
    pub id_token_signed_response_alg: Option<String>,
    /// Ours: `false` lets a confidential client send a nonce in place of PKCE.
    pub require_pkce: Option<bool>,
    /// Ours: `opaque` or `jwt`.
    pub access_token_format: Option<String>,
    /// Ours: nobody is asked for consent.
    pub first_party: bool,
    /// Ours: it may ask about tokens of other clients.
    pub introspection: bool,
    /// Public keys (RFC 7517 §5), for `private_key_jwt`.
    pub jwks: Option<Map<String, Value>>,
    /// RFC 9126 §6.
    pub require_pushed_authorization_requests: bool,
    /// RFC 9449 §5.2.
    pub dpop_bound_access_tokens: bool,
    /// Ours: with the scope `identities` it learns what its people are called at their providers.
    pub identity_subjects: bool,
    /// Ours: all that FAPI 2.0 asks of a client is asked of it.
    pub fapi: bool,
    /// Ours: the servers of resources that it may ask tokens for (RFC 8707).
    pub resources: Vec<String>,
    /// OpenID Connect Back-Channel Logout 1.0 §2.2.
    pub backchannel_logout_uri: Option<String>,
    /// Every logout token has a `sid`, whatever this says.
    pub backchannel_logout_session_required: bool,
    /// OpenID Connect Front-Channel Logout 1.0 §2.
    pub frontchannel_logout_uri: Option<String>,
    /// `iss` and `sid` always go along, whatever this says.
    pub frontchannel_logout_session_required: bool,
}

/// What means something to us that we do not do. Whoever relies on it should hear of it.
const UNSUPPORTED: [&str; 13] = [
    "sector_identifier_uri",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_signing_alg",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "require_signed_request_object",
    "tls_client_certificate_bound_access_tokens",
    "default_max_age",
    "default_acr_values",
];

impl Metadata {
    /// From JSON. Words that nobody knows an operator has mistyped; of a client they are left out (RFC 7591 §2). Nothing that
    /// an address in it leads to is ever fetched (T110); a logout token is posted to one.
    pub fn read(members: &Map<String, Value>, registrant: Registrant) -> Result<Self, Vec<MetadataFault>> {
        let mut reader = Reader { members, known: Vec::new(), faults: Vec::new() };
        let metadata = Self {
            client_name: reader.text("client_name"),
            application_type: reader.text("application_type"),
            redirect_uris: reader.list("redirect_uris").unwrap_or_default(),
            post_logout_redirect_uris: reader.list("post_logout_redirect_uris").unwrap_or_default(),
            grant_types: reader.list("grant_types"),
            response_types: reader.list("response_types"),
            scope: reader.text("scope").map(|text| split(&text)),
            token_endpoint_auth_method: reader.text("token_endpoint_auth_method"),
            subject_type: reader.text("subject_type"),
            id_token_signed_response_alg: reader.text("id_token_signed_response_alg"),
            require_pkce: reader.flag("require_pkce"),
            access_token_format: reader.text("access_token_format"),
            first_party: reader.flag("first_party").unwrap_or_default(),
            introspection: reader.flag("introspection").unwrap_or_default(),
            jwks: reader.take("jwks", "write a JWK set as an object", |value| value.as_object().cloned()),
            require_pushed_authorization_requests: reader
                .flag("require_pushed_authorization_requests")
                .unwrap_or_default(),
            dpop_bound_access_tokens: reader.flag("dpop_bound_access_tokens").unwrap_or_default(),
            identity_subjects: reader.flag("identity_subjects").unwrap_or_default(),
            fapi: reader.flag("fapi").unwrap_or_default(),
            resources: reader.list("resources").unwrap_or_default(),
            backchannel_logout_uri: reader.text("backchannel_logout_uri"),
            backchannel_logout_session_required: reader.flag("backchannel_logout_session_required").unwrap_or_default(),
            frontchannel_logout_uri: reader.text("frontchannel_logout_uri"),
            frontchannel_logout_session_required: reader
                .flag("frontchannel_logout_session_required")
                .unwrap_or_default(),
        };
        reader.rest(registrant);
        if reader.faults.is_empty() { Ok(metadata) } else { Err(reader.faults) }
    }

    /// As it was said.
    pub fn write(&self) -> Map<String, Value> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        let texts = [
            ("client_name", &self.client_name),
            ("application_type", &self.application_type),
            ("token_endpoint_auth_method", &self.token_endpoint_auth_method),
            ("subject_type", &self.subject_type),
            ("id_token_signed_response_alg", &self.id_token_signed_response_alg),
            ("access_token_format", &self.access_token_format),
            ("backchannel_logout_uri", &self.backchannel_logout_uri),
            ("frontchannel_logout_uri", &self.frontchannel_logout_uri),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                put(name, text.as_str().into());
            }
        }
        for (name, list) in [("grant_types", &self.grant_types), ("response_types", &self.response_types)] {
            if let Some(list) = list {
                put(name, list.clone().into());
            }
        }
        for (name, list) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
            ("resources", &self.resources),
        ] {
            if !list.is_empty() {
                put(name, list.clone().into());
            }
        }
        if let Some(scope) = &self.scope {
            put("scope", scope.join(" ").into());
        }
        if let Some(require_pkce) = self.require_pkce {
            put("require_pkce", require_pkce.into());
        }
        if let Some(jwks) = &self.jwks {
            put("jwks", Value::Object(jwks.clone()));
        }
        for (name, flag) in [
            ("first_party", self.first_party),
            ("introspection", self.introspection),
            ("require_pushed_authorization_requests", self.require_pushed_authorization_requests),
            ("dpop_bound_access_tokens", self.dpop_bound_access_tokens),
            ("identity_subjects", self.identity_subjects),
            ("fapi", self.fapi),
            ("backchannel_logout_session_required", self.backchannel_logout_session_required),
            ("frontchannel_logout_session_required", self.frontchannel_logout_session_required),
        ] {
            if flag {
                put(name, true.into());
            }
        }
        members
    }

    /// With the defaults spelled out, for the one who registered it (RFC 7591 §3.2.1).
    #[must_use]
    pub fn with_defaults(&self, has_secret: bool) -> Self {
        let mut all = self.clone();
        let code = GrantType::AuthorizationCode.name().to_owned();
        let grants = all.grant_types.get_or_insert_with(|| vec![code.clone()]);
        if grants.contains(&code) {
            all.response_types.get_or_insert_with(|| vec!["code".to_owned()]);
        }
        all.scope.get_or_insert_with(|| STANDARD_SCOPES.map(str::to_owned).to_vec());
        let method = if has_secret { "client_secret_basic" } else { "none" };
        for (field, default) in [
            (&mut all.application_type, "web"),
            (&mut all.token_endpoint_auth_method, method),
            (&mut all.subject_type, "public"),
            (&mut all.id_token_signed_response_alg, SigningAlgorithm::Rs256.name()),
        ] {
            field.get_or_insert_with(|| default.to_owned());
        }
        all
    }

    /// Whether the client is one with a secret. It is unless it says otherwise (RFC 7591 §2).
    pub fn wants_secret(&self) -> bool {
        !matches!(self.token_endpoint_auth_method.as_deref(), Some("none" | "private_key_jwt"))
    }
}

fn split(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

struct Reader<'a> {
    members: &'a Map<String, Value>,
    known: Vec<&'static str>,
    faults: Vec<MetadataFault>,
}

impl<'a> Reader<'a> {
    /// Null is as if it were not there (RFC 7592 §2.2).
    fn take<T>(&mut self, name: &'static str, form: &'static str, read: fn(&'a Value) -> Option<T>) -> Option<T> {
        self.known.push(name);
        let value = self.members.get(name).filter(|value| !value.is_null())?;
        let read = read(value);
        if read.is_none() {
            self.faults.push(MetadataFault::new(name, "form", form));
        }
        read
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        // The store keeps no such text, and no value of ours has one.
        let text = |value: &Value| value.as_str().filter(|text| !text.contains('\0')).map(str::to_owned);
        self.take(name, "write a text", text)
    }

    fn list(&mut self, name: &'static str) -> Option<Vec<String>> {
        self.take(name, "write a list of texts", |value| {
            let texts = value.as_array()?.iter();
            texts.map(|one| one.as_str().filter(|text| !text.contains('\0')).map(str::to_owned)).collect()
        })
    }

    fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.take(name, "write true or false", Value::as_bool)
    }

    fn rest(&mut self, registrant: Registrant) {
        for (name, value) in self.members {
            if self.known.contains(&name.as_str()) || value.is_null() || *value == Value::Bool(false) {
                continue;
            }
            if let Some(name) = UNSUPPORTED.into_iter().find(|known| known == name) {
                self.faults.push(MetadataFault::new(name, "unsupported", "is not supported; leave it out"));
            } else if registrant == Registrant::Operator {
                let cure = format!("is not known; known are {}", self.known.join(", "));
                self.faults
                    .push(MetadataFault { field: name.clone().into(), ..MetadataFault::new("", "unknown", cure) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value, registrant: Registrant) -> Result<Metadata, Vec<String>> {
        let faults =
            |faults: Vec<MetadataFault>| faults.iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect();
        Metadata::read(value.as_object().unwrap(), registrant).map_err(faults)
    }

    const ITSELF: Registrant = Registrant::Itself { client_credentials: false };

    fn whole() -> Value {
        json!({
            "client_name": "Shop",
            "application_type": "native",
            "redirect_uris": ["https://shop.example/cb"],
            "post_logout_redirect_uris": ["https://shop.example/bye"],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "scope": "openid email",
            "token_endpoint_auth_method": "none",
            "subject_type": "pairwise",
            "id_token_signed_response_alg": "ES256",
            "require_pkce": true,
            "access_token_format": "jwt",
            "first_party": true,
            "introspection": true,
            "jwks": { "keys": [] },
            "require_pushed_authorization_requests": true,
            "dpop_bound_access_tokens": true,
            "identity_subjects": true,
            "fapi": true,
            "resources": ["https://api.example"],
            "backchannel_logout_uri": "https://shop.example/logout",
            "backchannel_logout_session_required": true,
            "frontchannel_logout_uri": "https://shop.example/gone",
            "frontchannel_logout_session_required": true,
        })
    }

    #[test]
    fn what_is_read_is_what_is_written() {
        let metadata = read(&whole(), Registrant::Operator).unwrap();
        assert_eq!(Value::Object(metadata.write()), whole());
        for (name, _) in whole().as_object().unwrap() {
            let mut less = whole();
            less.as_object_mut().unwrap().remove(name);
            let metadata = read(&less, Registrant::Operator).unwrap();
            assert_eq!(Value::Object(metadata.write()), less, "{name}");
            less[name] = Value::Null;
            assert_eq!(read(&less, Registrant::Operator), Ok(metadata), "{name}");
        }
        let filled = Metadata::default().with_defaults(true).write();
        assert_eq!(filled["token_endpoint_auth_method"], "client_secret_basic");
        assert_eq!(filled["id_token_signed_response_alg"], "RS256");
        assert_eq!(filled["response_types"], json!(["code"]));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (name, _) in whole().as_object().unwrap() {
            for odd in [json!(1), json!({}), json!([1]), json!("a\0"), json!(["a\0"])] {
                if name == "jwks" && odd.is_object() {
                    continue;
                }
                let mut bad = whole();
                bad[name] = odd.clone();
                assert_eq!(read(&bad, ITSELF), Err(vec![format!("{name} form")]), "{name} {odd}");
            }
        }
    }

    #[test]
    fn t110_what_leads_elsewhere_is_refused_or_left_out() {
        let mut more = whole();
        more["logo_uri"] = "http://169.254.169.254/".into();
        more["jwks_uri"] = "http://169.254.169.254/".into();
        assert!(read(&more, ITSELF).is_ok_and(|metadata| Value::Object(metadata.write()) == whole()));
        let unknown = Err(vec!["jwks_uri unknown".to_owned(), "logo_uri unknown".to_owned()]);
        assert_eq!(read(&more, Registrant::Operator), unknown);
        for name in UNSUPPORTED {
            let mut more = whole();
            more[name] = "https://elsewhere.example/".into();
            for registrant in [ITSELF, Registrant::Operator] {
                assert_eq!(read(&more, registrant), Err(vec![format!("{name} unsupported")]));
            }
            more[name] = false.into();
            assert!(read(&more, ITSELF).is_ok());
        }
    }
}
