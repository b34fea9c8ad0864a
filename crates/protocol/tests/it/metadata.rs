//! Discovery documents: whose they are, and which endpoints they may name.

use crate::support::*;
use model::Secret;
use protocol::oidc::{
    Algorithm, ClientSettings, Document, Metadata, OidcError, TokenAuth, discovery_url, is_loopback_host,
};
use serde_json::{Value, json};
use url::Url;

fn parsed(document: &Value, settings: &ClientSettings) -> Result<Metadata, OidcError> {
    Metadata::parse(document.to_string().as_bytes(), settings, false)
}

fn with(name: &str, value: Value) -> Value {
    let mut document = metadata_document();
    document[name] = value;
    document
}

#[test]
fn t21_discovered_issuer_is_the_configured_one() {
    for issuer in ["https://id.example/", "http://id.example", "https://ID.example", "https://id.example:443", ""] {
        let result = parsed(&with("issuer", json!(issuer)), &settings(Algorithm::RS256));
        assert_eq!(result.unwrap_err(), OidcError::IssuerMismatch(Document::Metadata), "{issuer}");
    }
    let result = parsed(&with("issuer", json!([ISSUER])), &settings(Algorithm::RS256));
    assert_eq!(result.unwrap_err(), OidcError::Malformed(Document::Metadata));
    assert_eq!(parsed(&metadata_document(), &settings(Algorithm::RS256)).unwrap().issuer(), ISSUER);
}

#[test]
fn t37_endpoints_are_the_issuers_or_approved() {
    let endpoints = ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"];
    for endpoint in endpoints {
        for (url, ok) in [
            ("https://id.example/x", true),
            ("https://id.example:8443/x", true),
            ("https://api.id.example/x", true),
            ("https://example/x", false),
            ("https://evilid.example/x", false),
            ("https://id.example.evil.example/x", false),
            ("https://other.example/x", false),
            ("http://id.example/x", false),
            ("https://user@id.example/x", false),
            ("https://id.example/x#f", false),
            ("https://127.0.0.1/x", false),
            ("http://127.0.0.1/x", false),
            ("file:///etc/passwd", false),
            ("javascript:alert(1)", false),
        ] {
            let result = parsed(&with(endpoint, json!(url)), &settings(Algorithm::RS256));
            assert_eq!(result.err(), (!ok).then_some(OidcError::EndpointForbidden), "{endpoint} {url}");
        }
        let approved = ClientSettings { approved_hosts: vec!["other.example".into()], ..settings(Algorithm::RS256) };
        parsed(&with(endpoint, json!("https://other.example/x")), &approved).unwrap();
        let below = parsed(&with(endpoint, json!("https://a.other.example/x")), &approved);
        assert_eq!(below.unwrap_err(), OidcError::EndpointForbidden, "an approval is for one host");
    }
}

#[test]
fn broken_documents_are_refused() {
    let malformed = OidcError::Malformed(Document::Metadata);
    for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
        for value in [json!(null), json!(1), json!("")] {
            let mut document = with(name, value.clone());
            if value.is_null() {
                document.as_object_mut().unwrap().remove(name);
            }
            let expected =
                if name == "issuer" && value == "" { OidcError::IssuerMismatch(Document::Metadata) } else { malformed };
            assert_eq!(parsed(&document, &settings(Algorithm::RS256)).unwrap_err(), expected, "{document}");
        }
    }
    let connection = settings(Algorithm::RS256);
    for text in ["", "<html>", "[]", r#"{"issuer":"https://id.example","issuer":"https://id.example"}"#] {
        assert_eq!(Metadata::parse(text.as_bytes(), &connection, false).unwrap_err(), malformed);
    }
    let huge = " ".repeat(300 * 1024);
    let result = Metadata::parse(huge.as_bytes(), &connection, false);
    assert_eq!(result.unwrap_err(), OidcError::TooLarge(Document::Metadata));
    let flag = with("authorization_response_iss_parameter_supported", json!("true"));
    assert!(!parsed(&flag, &connection).unwrap().announces_issuer());
}

#[test]
fn loopback_is_for_demonstrations() {
    for (url, loopback) in [
        ("http://localhost:1", true),
        ("http://a.localhost", true),
        ("http://a.localhost.", true),
        ("http://127.9.9.9", true),
        ("http://[::1]:1", true),
        ("http://2130706433", true),
        ("http://localhost.example", false),
        ("http://notlocalhost", false),
        ("http://[::ffff:127.0.0.1]", false),
        ("http://10.0.0.1", false),
    ] {
        assert_eq!(is_loopback_host(&Url::parse(url).unwrap()), loopback, "{url}");
        let issuer = ClientSettings { issuer: url.into(), ..settings(Algorithm::RS256) };
        assert_eq!(issuer.check(true).is_ok(), loopback, "{url}");
        assert!(issuer.check(false).is_err(), "{url}");
    }
}

#[test]
fn settings_that_cannot_work_are_told_at_start() {
    let good = || settings(Algorithm::RS256);
    good().check(false).unwrap();
    let secret = |text: &str| Some(Secret::new(text.to_owned()));
    for (bad, word) in [
        (ClientSettings { issuer: "id.example".into(), ..good() }, "issuer"),
        (ClientSettings { issuer: "https://u:p@id.example".into(), ..good() }, "issuer"),
        (ClientSettings { issuer: "https://id.example?a=b".into(), ..good() }, "query"),
        (ClientSettings { issuer: "https://id.example#a".into(), ..good() }, "fragment"),
        (ClientSettings { redirect_uri: "/callback".into(), ..good() }, "redirect"),
        (ClientSettings { client_id: String::new(), ..good() }, "client id"),
        (ClientSettings { subject_claim: String::new(), ..good() }, "subject claim"),
        (ClientSettings { token_auth: TokenAuth::Basic, ..good() }, "secret"),
        (ClientSettings { token_auth: TokenAuth::Post, client_secret: secret(""), ..good() }, "secret"),
    ] {
        let error = bad.check(false).unwrap_err();
        assert!(error.problem.contains(word), "{error}");
    }
}

#[test]
fn discovery_document_is_below_the_issuer() {
    for (issuer, expected) in [
        ("https://id.example", "https://id.example/.well-known/openid-configuration"),
        ("https://id.example/", "https://id.example/.well-known/openid-configuration"),
        ("https://id.example/t/1", "https://id.example/t/1/.well-known/openid-configuration"),
    ] {
        assert_eq!(discovery_url(issuer).unwrap().as_str(), expected);
    }
}
