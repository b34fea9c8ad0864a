//! Providers that are broken, slow or malicious: a typed error each, in time, and nothing asserted.

use crate::provider::{Answer, KEYS, METADATA, Provider, TOKEN, USERINFO};
use protocol::oidc::{ClientSettings, Document, OidcError, ProviderErrorCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PATHS: [(&str, Document); 4] = [
    (METADATA, Document::Metadata),
    (TOKEN, Document::TokenResponse),
    (KEYS, Document::Keys),
    (USERINFO, Document::UserInfo),
];

/// What a sign-in gives when one path answers like this.
async fn failure(path: &str, answer: Answer) -> OidcError {
    let provider = Provider::start_with(|settings| ClientSettings { fetch_userinfo: true, ..settings }).await;
    provider.answer(path, answer);
    let started = Instant::now();
    let error = provider.redeem().await.expect_err("a hostile answer was accepted");
    assert!(started.elapsed() < Duration::from_secs(4), "{path}: {error}");
    error
}

#[tokio::test]
async fn every_bad_answer_is_a_typed_error() {
    for (path, document) in PATHS {
        let elsewhere = "https://selfsame.example/".to_owned();
        for (answer, expected) in [
            (Answer::Text(200, "text/html", "<html>hello</html>".into()), OidcError::NotJson(document)),
            (Answer::Text(200, "application/json", "{ garbage".into()), OidcError::Malformed(document)),
            (Answer::Text(200, "application/json", "\u{0}\u{1}".into()), OidcError::Malformed(document)),
            (Answer::Json(200, json!([])), OidcError::Malformed(document)),
            (Answer::Json(500, json!({})), OidcError::Down),
            (Answer::Json(503, json!({})), OidcError::Down),
            (Answer::Json(429, json!({})), OidcError::Busy),
            (Answer::Redirect(elsewhere), OidcError::Redirected),
            (Answer::Slow(Duration::from_secs(5)), OidcError::Slow),
            (Answer::Broken, OidcError::Down),
        ] {
            assert_eq!(failure(path, answer).await, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn refusals_keep_their_kind() {
    for path in [METADATA, KEYS, USERINFO] {
        let document = PATHS.iter().find(|(known, _)| *known == path).unwrap().1;
        for status in [204, 400, 401, 404] {
            let error = failure(path, Answer::Json(status, json!({"error": "invalid_token"}))).await;
            assert_eq!(error, OidcError::Refused(document), "{path} {status}");
            assert!(!error.is_unavailable());
        }
    }
    let refused = failure(TOKEN, Answer::Json(400, json!({"error": "invalid_grant"}))).await;
    assert_eq!(refused, OidcError::TokenRefused(ProviderErrorCode::InvalidGrant));
    let refused = failure(TOKEN, Answer::Text(401, "text/html", "<b>no</b>".into())).await;
    assert_eq!(refused, OidcError::TokenRefused(ProviderErrorCode::Other));
}

#[tokio::test]
async fn t111_large_answers_are_cut_off() {
    for (path, document) in PATHS {
        let announced = Answer::Text(200, "application/json", " ".repeat(1024 * 1024));
        assert_eq!(failure(path, announced).await, OidcError::TooLarge(document), "{path}");
        assert_eq!(failure(path, Answer::Streamed(1024 * 1024)).await, OidcError::TooLarge(document), "{path}");
    }
}

#[tokio::test]
async fn t21_discovered_issuer_must_be_ours() {
    let provider = Provider::start().await;
    let mut document = provider.metadata();
    document["issuer"] = format!("{}/", provider.issuer()).into();
    provider.answer(METADATA, Answer::Json(200, document));
    let result = provider.connections.authorize(&provider.id, &provider.attempt()).await;
    assert_eq!(result.unwrap_err(), OidcError::IssuerMismatch(Document::Metadata));
}

#[tokio::test]
async fn t37_endpoints_elsewhere_are_refused() {
    for endpoint in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
        let provider = Provider::start().await;
        for url in ["https://evil.example/x", "http://127.0.0.1:1/x", "http://169.254.169.254/latest/meta-data"] {
            let mut document = provider.metadata();
            document[endpoint] = url.into();
            provider.answer(METADATA, Answer::Json(200, document));
            let result = provider.connections.authorize(&provider.id, &provider.attempt()).await;
            assert_eq!(result.unwrap_err(), OidcError::EndpointForbidden, "{endpoint} {url}");
            provider.clock.advance(model::MINUTE);
        }
    }
}

#[tokio::test]
async fn broken_tokens_assert_nothing() {
    for (claims, expected) in [
        (json!({"iss": "https://evil.example"}), OidcError::IssuerMismatch(Document::IdToken)),
        (json!({"aud": "another"}), OidcError::AudienceMismatch),
        (json!({"nonce": "another"}), OidcError::NonceMismatch),
        (json!({"exp": 1}), OidcError::Expired),
        (json!({"sub": 7}), OidcError::BadSubject),
        (json!({"at_hash": "AAAA"}), OidcError::AccessTokenMismatch),
    ] {
        let provider = Provider::start().await;
        provider.claim(claims.clone());
        assert_eq!(provider.redeem().await.unwrap_err(), expected, "{claims}");
    }
    for id_token in [json!("eyJhbGciOiJub25lIn0.e30."), Value::Null, json!("not a token")] {
        let answer = json!({"token_type": "Bearer", "access_token": "a", "id_token": id_token});
        let error = failure(TOKEN, Answer::Json(200, answer)).await;
        let expected =
            [OidcError::AlgorithmMismatch, OidcError::IdTokenMissing, OidcError::Malformed(Document::IdToken)];
        assert!(expected.contains(&error), "{error}");
    }
    // T60 over the wire: UserInfo of somebody else.
    let provider = Provider::start_with(|settings| ClientSettings { fetch_userinfo: true, ..settings }).await;
    provider.answer(USERINFO, Answer::Json(200, json!({"sub": "subject-2"})));
    assert_eq!(provider.redeem().await.unwrap_err(), OidcError::UserInfoMismatch);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_down() {
    let provider = Provider::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let settings = provider.connections.settings(&provider.id).unwrap().clone();
    let gone = ClientSettings { issuer: format!("http://127.0.0.1:{port}"), ..settings };
    let connections =
        upstream::Connections::new(vec![gone], crate::provider::policy(), provider.clock.clone()).unwrap();
    let error = connections.authorize(&provider.id, &provider.attempt()).await.unwrap_err();
    assert_eq!(error, OidcError::Down);
    assert!(error.is_unavailable());
}
