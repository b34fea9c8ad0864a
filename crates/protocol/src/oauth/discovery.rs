//! What we say of ourselves (OpenID Connect Discovery 1.0 §3, RFC 8414 §2, RFC 8628 §4).

use super::{GrantType, SigningAlgorithm, proof_algorithms};
use serde_json::{Value, json};

/// Paths under the issuer.
#[derive(Debug, Clone, Copy)]
pub struct Endpoints {
    pub authorization: &'static str,
    pub token: &'static str,
    pub userinfo: &'static str,
    pub jwks: &'static str,
    pub introspection: &'static str,
    pub revocation: &'static str,
    pub end_session: &'static str,
    pub pushed: &'static str,
    pub device_authorization: &'static str,
    /// Where clients may register themselves.
    pub registration: Option<&'static str>,
}

/// `acr_values`: the levels that can be reached here.
pub fn metadata(
    issuer: &str,
    endpoints: &Endpoints,
    scopes: &[String],
    acr_values: &[String],
    languages: &[&str],
) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let algorithms = SigningAlgorithm::ALL.map(SigningAlgorithm::name);
    let proofs = proof_algorithms();
    let confidential = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    let all = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": at(endpoints.authorization),
        "token_endpoint": at(endpoints.token),
        "userinfo_endpoint": at(endpoints.userinfo),
        "jwks_uri": at(endpoints.jwks),
        "introspection_endpoint": at(endpoints.introspection),
        "revocation_endpoint": at(endpoints.revocation),
        "end_session_endpoint": at(endpoints.end_session),
        "pushed_authorization_request_endpoint": at(endpoints.pushed),
        "require_pushed_authorization_requests": false,
        "device_authorization_endpoint": at(endpoints.device_authorization),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": GrantType::ALL.map(GrantType::name),
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": all,
        "token_endpoint_auth_signing_alg_values_supported": proofs,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": proofs,
        "revocation_endpoint_auth_methods_supported": all,
        "revocation_endpoint_auth_signing_alg_values_supported": proofs,
        "dpop_signing_alg_values_supported": proofs,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": scopes,
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "nonce", "auth_time", "acr", "amr", "at_hash", "sid", "name", "email",
            "email_verified", "identities", "aliases"
        ],
        "acr_values_supported": acr_values,
        "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
        "claims_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "ui_locales_supported": languages,
    });
    if let Some(path) = endpoints.registration {
        document["registration_endpoint"] = at(path).into();
    }
    document
}
