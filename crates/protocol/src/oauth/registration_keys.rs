//! What a client may be, continued: its keys, the resources it asks tokens for, and FAPI 2.0.

use super::registration::Check;
use super::{Authentication, SigningAlgorithm, has_user_info};
use crate::oidc::KeySet;
use serde_json::Value;
use url::Url;

const RESOURCES_MAX: usize = 20;
const PRIVATE: [&str; 3] = ["d", "p", "k"];

impl Check<'_> {
    pub(super) fn keys(&mut self, authentication: Authentication) -> Option<KeySet> {
        let Some(jwks) = &self.metadata.jwks else {
            if authentication == Authentication::PrivateKeyJwt {
                self.fault("jwks", "jwks_missing", "private_key_jwt needs the client's public keys");
            }
            return None;
        };
        let entries = jwks.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if entries.iter().any(|key| PRIVATE.iter().any(|name| key.get(name).is_some())) {
            self.fault("jwks", "jwks_private", "has a private key in it: make a new one and give only the public half");
            return None;
        }
        let keys = KeySet::parse(Value::Object(jwks.clone()).to_string().as_bytes());
        if keys.is_err() {
            let cure = "has no key that can be used: EC P-256 or P-384, Ed25519, or RSA of at least 2048 bits";
            self.fault("jwks", "jwks_unusable", cure);
        }
        keys.ok()
    }

    /// RFC 8707 §2: absolute, without a fragment.
    pub(super) fn resources(&mut self) {
        let resources = &self.metadata.resources;
        if resources.len() > RESOURCES_MAX {
            self.fault("resources", "too_many", "name at most 20 resources");
        }
        for (index, text) in resources.iter().enumerate().take(RESOURCES_MAX) {
            let good = Url::parse(text).is_ok_and(|url| !has_user_info(&url) && !text.contains(['#', ' ']));
            if !good || text.len() > 500 {
                let cure = "write an absolute address without a fragment (RFC 8707 §2)";
                self.fault_in("resources", index, ("resource_form", cure.into()));
            }
        }
    }

    /// FAPI 2.0 Security Profile §5.3.2 and §5.4.
    pub(super) fn fapi(&mut self, authentication: Authentication, algorithm: SigningAlgorithm) {
        if !self.metadata.fapi {
            return;
        }
        if authentication != Authentication::PrivateKeyJwt {
            self.fault("fapi", "fapi_authentication", "FAPI 2.0 clients authenticate by private_key_jwt");
        }
        if algorithm == SigningAlgorithm::Rs256 {
            let cure = "FAPI 2.0 leaves RS256 out; use ES256 or EdDSA";
            self.fault("id_token_signed_response_alg", "fapi_algorithm", cure);
        }
        if self.metadata.require_pkce == Some(false) {
            self.fault("require_pkce", "fapi_pkce", "FAPI 2.0 clients use PKCE");
        }
        let plain = |text: &String| text.starts_with("http:");
        if let Some(index) = self.metadata.redirect_uris.iter().position(plain) {
            self.fault_in("redirect_uris", index, ("fapi_redirect", "FAPI 2.0 clients use https".into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Client, Metadata, Registrant, SigningKey};
    use super::*;
    use serde_json::json;

    fn metadata(more: &Value) -> Metadata {
        let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let key = SigningKey::from_pkcs8(SigningAlgorithm::Es256, key.expose()).unwrap();
        let mut all = json!({
            "redirect_uris": ["https://bank.example/cb"],
            "token_endpoint_auth_method": "private_key_jwt",
            "id_token_signed_response_alg": "ES256",
            "jwks": { "keys": [key.jwk()] },
            "fapi": true,
        });
        for (name, value) in more.as_object().unwrap() {
            all[name] = value.clone();
        }
        Metadata::read(all.as_object().unwrap(), Registrant::Operator).unwrap()
    }

    fn check(more: &Value) -> Result<Client, Vec<&'static str>> {
        let result = metadata(more).client("bank", Vec::new(), Registrant::Operator);
        result.map_err(|faults| faults.iter().map(|fault| fault.code).collect())
    }

    #[test]
    fn a_client_of_fapi_can_only_be_as_fapi_wants_it() {
        let bank = check(&json!({})).unwrap();
        assert_eq!(bank.authentication, Authentication::PrivateKeyJwt);
        assert!(bank.must_push() && bank.must_show_a_key() && !bank.rotates() && bank.require_pkce);
        for (more, code) in [
            (json!({ "token_endpoint_auth_method": "none" }), "fapi_authentication"),
            (json!({ "id_token_signed_response_alg": "RS256" }), "fapi_algorithm"),
            (json!({ "require_pkce": false }), "fapi_pkce"),
            (json!({ "redirect_uris": ["http://127.0.0.1/cb"] }), "fapi_redirect"),
        ] {
            assert_eq!(check(&more).unwrap_err(), [code], "{more}");
            let mut without = more.clone();
            without["fapi"] = false.into();
            assert!(check(&without).is_ok() || code == "fapi_pkce", "{more}");
        }
    }

    #[test]
    fn keys_are_public_and_can_be_used() {
        let plain = |more: Value| {
            let mut all = more;
            all["fapi"] = false.into();
            check(&all)
        };
        assert!(
            plain(json!({})).is_ok_and(|client| !client.must_push() && !client.must_show_a_key() && client.rotates())
        );
        assert_eq!(plain(json!({ "jwks": null })).unwrap_err(), ["jwks_missing"]);
        for keys in [json!([]), json!([{ "kty": "EC" }]), json!("x")] {
            assert_eq!(plain(json!({ "jwks": { "keys": keys } })).unwrap_err(), ["jwks_unusable"]);
        }
        for private in [json!({ "kty": "EC", "d": "x" }), json!({ "kty": "oct", "k": "x" })] {
            assert_eq!(plain(json!({ "jwks": { "keys": [private] } })).unwrap_err(), ["jwks_private"]);
        }
        let secret = metadata(&json!({ "fapi": false })).client("bank", vec![[0; 32]], Registrant::Operator);
        assert_eq!(secret.unwrap_err()[0].code, "auth_method_with_secret");
    }

    #[test]
    fn resources_are_addresses() {
        let many: Vec<String> = (0..21).map(|n| format!("https://api.example/{n}")).collect();
        assert!(check(&json!({ "resources": ["https://api.example/v1", "urn:example:api"] })).is_ok());
        assert_eq!(check(&json!({ "resources": many })).unwrap_err(), ["too_many"]);
        for bad in ["api", "https://api.example/#x", "https://me@api.example/", "https://api.example/ x"] {
            assert_eq!(check(&json!({ "resources": [bad] })).unwrap_err(), ["resource_form"], "{bad}");
        }
    }
}
