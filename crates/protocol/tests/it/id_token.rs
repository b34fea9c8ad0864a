//! Broken tokens, each with the error it must give.

use crate::support::*;
use aws_lc_rs::{digest, hmac};
use model::{MINUTE, Micros};
use protocol::oidc::{Algorithm, Attempt, ClientSettings, Document, OidcError, verify_id_token};
use serde_json::{Value, json};

fn error(claims: &Value) -> OidcError {
    verify(claims).expect_err(&format!("accepted {claims}"))
}

fn header_error(header: &Value) -> OidcError {
    let keys = key_set(&[ED.jwk(Some("k"))]).unwrap();
    let tokens = token(header, &good_claims(), &ED, Algorithm::EdDSA);
    verify_id_token(&settings(Algorithm::EdDSA), &keys, &attempt(), &tokens, NOW)
        .expect_err(&format!("accepted {header}"))
}

#[test]
fn every_algorithm_verifies_with_its_own_key() {
    for algorithm in Algorithm::ALL {
        let key = TestKey::for_algorithm(algorithm);
        let keys = key_set(&[key.jwk(Some("k"))]).unwrap();
        for header in [json!({"alg": algorithm.name(), "kid": "k", "typ": "jwt"}), json!({"alg": algorithm.name()})] {
            let tokens = token(&header, &good_claims(), key, algorithm);
            let claims = verify_id_token(&settings(algorithm), &keys, &attempt(), &tokens, NOW).unwrap();
            assert_eq!(claims.sub().as_str(), "subject-1");
        }
    }
}

#[test]
fn malformed_tokens_are_refused() {
    let keys = key_set(&[ED.jwk(Some("k"))]).unwrap();
    let good = token(&json!({"alg": "EdDSA", "kid": "k"}), &good_claims(), &ED, Algorithm::EdDSA);
    let good = good.id_token.expose();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let malformed = OidcError::Malformed(Document::IdToken);
    for (text, expected) in [
        (String::new(), malformed),
        ("a".into(), malformed),
        ("..".into(), malformed),
        (format!("{message}.{signature}.x"), malformed),
        (format!("{header}=.{payload}.{signature}"), malformed),
        (format!("{header}.{payload}.x.y.{signature}"), malformed),
        (format!("{message}."), OidcError::BadSignature),
        (message.to_owned(), malformed),
        (format!("{message}.{}", b64([0; 64])), OidcError::BadSignature),
        (format!("{header}.{}.{signature}", b64("{}")), OidcError::BadSignature),
        ("a".repeat(33 * 1024), OidcError::TooLarge(Document::IdToken)),
    ] {
        let result = verify_id_token(&settings(Algorithm::EdDSA), &keys, &attempt(), &tokens(text.clone()), NOW);
        assert_eq!(result.unwrap_err(), expected, "{text}");
    }
    // Two readers of one token must not see two subjects.
    let twice = good_claims().to_string().replace(r#""sub":"#, r#""sub":"victim","sub":"#);
    let twice = raw_token(r#"{"alg":"EdDSA","kid":"k"}"#, &twice, &ED, Algorithm::EdDSA);
    let result = verify_id_token(&settings(Algorithm::EdDSA), &keys, &attempt(), &twice, NOW);
    assert_eq!(result.unwrap_err(), malformed);
}

#[test]
fn t14_subject_is_exact_bytes_of_a_string() {
    for (sub, expected) in [
        (json!(null), OidcError::BadSubject),
        (json!(""), OidcError::BadSubject),
        (json!(42), OidcError::BadSubject),
        (json!(["subject-1"]), OidcError::BadSubject),
        (json!("sübject"), OidcError::BadSubject),
        (json!("a\nb"), OidcError::BadSubject),
        (json!("x".repeat(256)), OidcError::BadSubject),
    ] {
        assert_eq!(error(&changed(json!({ "sub": sub }))), expected, "{sub}");
    }
    for sub in [" Subject-1 ", "SUBJECT-1", "0042", "1e3", "9007199254740993"] {
        let assertion = asserted(&settings(Algorithm::EdDSA), &changed(json!({ "sub": sub }))).unwrap();
        assert_eq!(assertion.identity().subject.as_bytes(), sub.as_bytes());
    }
}

#[test]
fn t21_issuer_is_compared_byte_for_byte() {
    for issuer in [
        json!("https://id.example/"),
        json!("http://id.example"),
        json!("https://ID.example"),
        json!("https://id.example:443"),
        json!("id.example"),
        json!("https://id.example.evil.example"),
        json!(["https://id.example"]),
        json!(null),
    ] {
        let expected = OidcError::IssuerMismatch(Document::IdToken);
        assert_eq!(error(&changed(json!({ "iss": issuer }))), expected, "{issuer}");
    }
}

#[test]
fn t54_audience_and_authorized_party_are_ours() {
    for (changes, expected) in [
        (json!({"aud": null}), OidcError::AudienceMismatch),
        (json!({"aud": "another"}), OidcError::AudienceMismatch),
        (json!({"aud": "selfsame-client-2"}), OidcError::AudienceMismatch),
        (json!({"aud": []}), OidcError::AudienceMismatch),
        (json!({"aud": ["another"]}), OidcError::AudienceMismatch),
        (json!({"aud": [CLIENT, "another"]}), OidcError::AudienceMismatch),
        (json!({"aud": [CLIENT, 1]}), OidcError::AudienceMismatch),
        (json!({"aud": {"0": CLIENT}}), OidcError::AudienceMismatch),
        (json!({"azp": "another"}), OidcError::AuthorizedPartyMismatch),
        (json!({"azp": [CLIENT]}), OidcError::AuthorizedPartyMismatch),
        (json!({"azp": ""}), OidcError::AuthorizedPartyMismatch),
    ] {
        assert_eq!(error(&changed(changes.clone())), expected, "{changes}");
    }
    verify(&changed(json!({"aud": [CLIENT], "azp": CLIENT}))).unwrap();
    let listed = ClientSettings { allowed_audiences: vec!["partner".into()], ..settings(Algorithm::EdDSA) };
    verify_with(&listed, &attempt(), &changed(json!({"aud": [CLIENT, "partner"]}))).unwrap();
    // A listed audience alone is not us.
    let alone = verify_with(&listed, &attempt(), &changed(json!({"aud": ["partner"]})));
    assert_eq!(alone.unwrap_err(), OidcError::AudienceMismatch);
}

#[test]
fn t56_the_token_chooses_neither_issuer_nor_keys() {
    let keys = key_set(&[ED.jwk(Some("k"))]).unwrap();
    let evil = changed(json!({"iss": "https://evil.example"}));
    // The attacker's issuer, properly signed by the attacker: our connection's keys do not know the signature.
    let foreign = token(&json!({"alg": "EdDSA", "kid": "k"}), &evil, &FOREIGN_ED, Algorithm::EdDSA);
    let result = verify_id_token(&settings(Algorithm::EdDSA), &keys, &attempt(), &foreign, NOW);
    assert_eq!(result.unwrap_err(), OidcError::BadSignature);
    // Even signed with the connection's key it speaks for the wrong issuer.
    assert_eq!(error(&evil), OidcError::IssuerMismatch(Document::IdToken));
}

#[test]
fn t57_algorithm_is_the_connections() {
    for algorithm in ["none", "None", "HS256", "RS256", "ES256", "eddsa", "Ed25519", ""] {
        assert_eq!(header_error(&json!({"alg": algorithm, "kid": "k"})), OidcError::AlgorithmMismatch, "{algorithm}");
    }
    assert_eq!(header_error(&json!({"kid": "k"})), OidcError::AlgorithmMismatch);

    let unsigned = format!("{}.{}.", b64(r#"{"alg":"none"}"#), b64(good_claims().to_string()));
    let keys = key_set(&[RSA.jwk(Some("k")), ED.jwk(Some("k"))]).unwrap();
    let connection = settings(Algorithm::RS256);
    let result = verify_id_token(&connection, &keys, &attempt(), &tokens(unsigned), NOW);
    assert_eq!(result.unwrap_err(), OidcError::AlgorithmMismatch);

    // HMAC with the public key as its secret, announced as HMAC and as RS256.
    for (name, expected) in [("HS256", OidcError::AlgorithmMismatch), ("RS256", OidcError::BadSignature)] {
        let header = json!({"alg": name, "kid": "k"}).to_string();
        let message = format!("{}.{}", b64(header), b64(good_claims().to_string()));
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &RSA.public_bytes());
        let forged = tokens(format!("{message}.{}", b64(hmac::sign(&secret, message.as_bytes()))));
        let result = verify_id_token(&connection, &keys, &attempt(), &forged, NOW);
        assert_eq!(result.unwrap_err(), expected);
    }

    // Another algorithm of ours, for which the provider does have a key.
    let other = token(&json!({"alg": "EdDSA", "kid": "k"}), &good_claims(), &ED, Algorithm::EdDSA);
    let result = verify_id_token(&connection, &keys, &attempt(), &other, NOW);
    assert_eq!(result.unwrap_err(), OidcError::AlgorithmMismatch);
}

#[test]
fn t57_keys_in_the_header_are_ignored() {
    let keys = key_set(&[ED.jwk(Some("k"))]).unwrap();
    let header = json!({
        "alg": "EdDSA", "kid": "k", "jwk": FOREIGN_ED.jwk(Some("k")), "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/cert", "x5c": ["AA=="],
    });
    let forged = token(&header, &good_claims(), &FOREIGN_ED, Algorithm::EdDSA);
    let result = verify_id_token(&settings(Algorithm::EdDSA), &keys, &attempt(), &forged, NOW);
    assert_eq!(result.unwrap_err(), OidcError::BadSignature);
    for header in [
        json!({"alg": "EdDSA", "kid": "k", "crit": ["exp"]}),
        json!({"alg": "EdDSA", "kid": "k", "crit": []}),
        json!({"alg": "EdDSA", "kid": "k", "b64": false}),
    ] {
        assert_eq!(header_error(&header), OidcError::HeaderRefused, "{header}");
    }
}

#[test]
fn t59_times_are_required_and_bounded() {
    let now = NOW.seconds();
    let malformed = OidcError::Malformed(Document::IdToken);
    for (changes, expected) in [
        (json!({"exp": null}), OidcError::TimeMissing),
        (json!({"iat": null}), OidcError::TimeMissing),
        (json!({"exp": now - 60}), OidcError::Expired),
        (json!({"exp": 0}), OidcError::Expired),
        (json!({"exp": -1}), OidcError::Expired),
        (json!({"iat": now + 61}), OidcError::NotYetValid),
        (json!({"nbf": now + 61}), OidcError::NotYetValid),
        (json!({"iat": now - 601}), OidcError::TooOld),
        (json!({"exp": (now + 300).to_string()}), malformed),
        (json!({"exp": 1e300}), malformed),
        (json!({"exp": u64::MAX}), malformed),
        (json!({"exp": true}), malformed),
        (json!({"iat": [now]}), malformed),
        (json!({"nbf": "soon"}), malformed),
    ] {
        assert_eq!(error(&changed(changes.clone())), expected, "{changes}");
    }
    for changes in [
        json!({"exp": now - 59}),
        json!({"iat": now + 60, "nbf": now + 60}),
        json!({"iat": now - 600}),
        json!({"iat": now as f64 - 0.5, "exp": now as f64 + 0.5}),
    ] {
        verify(&changed(changes.clone())).unwrap_or_else(|error| panic!("{changes}: {error}"));
    }
}

#[test]
fn t59_authentication_is_as_fresh_as_was_asked() {
    let connection = settings(Algorithm::EdDSA);
    let asked = Attempt { max_age: Some(300), ..attempt() };
    let started = asked.started_at.seconds();
    for (at, ok) in [
        (json!(null), false),
        (json!(started - 361), false),
        (json!(started - 360), true),
        (json!(NOW.seconds()), true),
        (json!(NOW.seconds() + 61), false),
        (json!(0), false),
    ] {
        let result = verify_with(&connection, &asked, &changed(json!({ "auth_time": at })));
        assert_eq!(result.err(), (!ok).then_some(OidcError::NotFresh), "{at}");
    }
    let text = verify_with(&connection, &asked, &changed(json!({"auth_time": started.to_string()})));
    assert_eq!(text.unwrap_err(), OidcError::Malformed(Document::IdToken));

    let at = NOW.seconds() - 10;
    let claims = changed(json!({ "auth_time": at }));
    let checked = verify_with(&connection, &asked, &claims).unwrap();
    let assertion = protocol::oidc::assertion(&connection, &checked, NOW).unwrap();
    assert_eq!(assertion.parts().authenticated_at, Some(Micros::from_seconds(at)));
    // Unasked, the claim proves nothing and is not passed on.
    assert_eq!(asserted(&connection, &claims).unwrap().parts().authenticated_at, None);
    // A person who takes nine minutes to consent was still fresh when we asked.
    let slow = Attempt { max_age: Some(0), started_at: NOW - MINUTE.times(9), ..attempt() };
    let just_then = json!({"auth_time": slow.started_at.seconds() + 1});
    verify_with(&connection, &slow, &changed(just_then)).unwrap();
}

#[test]
fn t61_tokens_of_other_types_are_refused() {
    for kind in [json!("logout+jwt"), json!("at+jwt"), json!("secevent+jwt"), json!("JWT2"), json!(""), json!(1)] {
        assert_eq!(header_error(&json!({"alg": "EdDSA", "kid": "k", "typ": kind})), OidcError::TypeMismatch, "{kind}");
    }
    // A logout token that does not say what it is has no nonce.
    let events = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    assert_eq!(error(&changed(json!({"nonce": null, "events": events}))), OidcError::NonceMismatch);
}

#[test]
fn t38_nonce_is_the_attempts() {
    for nonce in [json!(null), json!(""), json!("another"), json!(7), json!([attempt().nonce.expose()])] {
        assert_eq!(error(&changed(json!({ "nonce": nonce }))), OidcError::NonceMismatch, "{nonce}");
    }
}

#[test]
fn access_token_hash_is_checked_where_it_is_there() {
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::PS512] {
        let hash = match algorithm {
            Algorithm::ES256 => &digest::SHA256,
            Algorithm::ES384 => &digest::SHA384,
            _ => &digest::SHA512,
        };
        let full = digest::digest(hash, b"access");
        let half = b64(&full.as_ref()[..full.as_ref().len() / 2]);
        let key = TestKey::for_algorithm(algorithm);
        let keys = key_set(&[key.jwk(None)]).unwrap();
        for (at_hash, ok) in [(json!(half), true), (json!(b64(full)), false), (json!(""), false), (json!(1), false)] {
            let claims = changed(json!({ "at_hash": at_hash }));
            let tokens = token(&json!({"alg": algorithm.name()}), &claims, key, algorithm);
            let result = verify_id_token(&settings(algorithm), &keys, &attempt(), &tokens, NOW);
            assert_eq!(result.err(), (!ok).then_some(OidcError::AccessTokenMismatch), "{algorithm:?} {at_hash}");
        }
    }
}

#[test]
fn t35_an_answer_is_checked_against_the_connection_the_browser_was_sent_to() {
    let elsewhere =
        ClientSettings { connection: model::ConnectionId::parse("other").unwrap(), ..settings(Algorithm::EdDSA) };
    let result = verify_with(&elsewhere, &attempt(), &good_claims());
    assert_eq!(result.unwrap_err(), OidcError::StaleAttempt);
    let next_epoch = ClientSettings { epoch: 2, ..settings(Algorithm::EdDSA) };
    assert_eq!(verify_with(&next_epoch, &attempt(), &good_claims()).unwrap_err(), OidcError::StaleAttempt);
    // Claims of one connection are no assertion of another.
    let claims = verify(&good_claims()).unwrap();
    assert_eq!(protocol::oidc::assertion(&elsewhere, &claims, NOW).unwrap_err(), OidcError::StaleAttempt);
}
