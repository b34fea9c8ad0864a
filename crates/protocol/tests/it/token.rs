//! The token request and its answers.

use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Secret;
use protocol::oidc::{
    Algorithm, ClientSettings, Document, OidcError, ProviderErrorCode, TokenAuth, parse_token_error,
    parse_token_response, token_request,
};
use std::collections::BTreeMap;

fn sent(settings: &ClientSettings) -> (BTreeMap<String, String>, Option<String>) {
    let code = Secret::new("the code&".to_owned());
    let request = token_request(settings, &metadata(false), &attempt(), &code).unwrap();
    assert_eq!(request.url.as_str(), "https://id.example/token");
    assert!(!format!("{request:?}").contains("the"), "the code is in the log");
    let form = url::form_urlencoded::parse(request.body.expose().as_bytes()).into_owned().collect();
    (form, request.authorization.map(Secret::into_exposed))
}

#[test]
fn t38_verifier_and_redirect_go_with_the_code() {
    let (form, authorization) = sent(&settings(Algorithm::RS256));
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "the code&");
    assert_eq!(form["redirect_uri"], "https://selfsame.example/callback/idp");
    assert_eq!(form["code_verifier"], *attempt().verifier.expose());
    assert_eq!(form["client_id"], CLIENT);
    assert_eq!(authorization, None);
}

#[test]
fn client_authenticates_as_configured() {
    let confidential = |token_auth| ClientSettings {
        token_auth,
        client_id: "a:b".into(),
        client_secret: Some(Secret::new("p %ä".into())),
        ..settings(Algorithm::RS256)
    };
    let (form, authorization) = sent(&confidential(TokenAuth::Basic));
    assert!(!form.contains_key("client_secret") && !form.contains_key("client_id"));
    assert_eq!(authorization.unwrap(), format!("Basic {}", STANDARD.encode("a%3Ab:p+%25%C3%A4")));

    let (form, authorization) = sent(&confidential(TokenAuth::Post));
    assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), ("a:b", "p %ä"));
    assert_eq!(authorization, None);
}

#[test]
fn answers_are_read_strictly() {
    let malformed = OidcError::Malformed(Document::TokenResponse);
    for (text, expected) in [
        ("", malformed),
        ("[]", malformed),
        (r#"{"id_token":"t"}"#, malformed),
        (r#"{"id_token":"t","access_token":""}"#, malformed),
        (r#"{"id_token":"t","access_token":7}"#, malformed),
        (r#"{"id_token":"t","access_token":"a","token_type":"mac"}"#, malformed),
        (r#"{"id_token":"t","id_token":"u","access_token":"a"}"#, malformed),
        (r#"{"access_token":"a","token_type":"Bearer"}"#, OidcError::IdTokenMissing),
        (r#"{"id_token":null,"access_token":"a"}"#, OidcError::IdTokenMissing),
        (r#"{"error":"invalid_grant"}"#, OidcError::TokenRefused(ProviderErrorCode::InvalidGrant)),
    ] {
        assert_eq!(parse_token_response(text.as_bytes()).unwrap_err(), expected, "{text}");
    }
    let good = parse_token_response(br#"{"id_token":"t","access_token":"a","token_type":"bearer"}"#).unwrap();
    assert_eq!((good.id_token.expose().as_str(), good.access_token.expose().as_str()), ("t", "a"));
    assert!(!format!("{good:?}").contains('"'));
}

#[test]
fn refusals_keep_nothing_of_the_providers_text() {
    let code = |text: &str| parse_token_error(text.as_bytes());
    assert_eq!(code(r#"{"error":"invalid_client"}"#), OidcError::TokenRefused(ProviderErrorCode::InvalidClient));
    for text in [r#"{"error":"<b>"}"#, r#"{"error":1}"#, "<html>", ""] {
        assert_eq!(code(text), OidcError::TokenRefused(ProviderErrorCode::Other));
    }
}
