//! Key sets: what is left out, what is refused, and that a key is never guessed.

use crate::support::*;
use protocol::oidc::{Algorithm, Document, IdTokenClaims, KeySet, OidcError, verify_id_token};
use serde_json::{Value, json};

fn verify_with_keys(jwks: &[Value], header: Value) -> Result<IdTokenClaims, OidcError> {
    let tokens = token(&header, &good_claims(), &ED, Algorithm::EdDSA);
    verify_id_token(&settings(Algorithm::EdDSA), &key_set(jwks)?, &attempt(), &tokens, NOW)
}

fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

#[test]
fn t58_a_key_is_named_or_the_only_one() {
    let (ours, foreign) = (ED.jwk(Some("k")), FOREIGN_ED.jwk(Some("k")));
    let named = || json!({"alg": "EdDSA", "kid": "k"});
    let unnamed = || json!({"alg": "EdDSA"});
    for (jwks, header, expected) in [
        (vec![ours.clone(), foreign.clone()], named(), Some(OidcError::AmbiguousKey)),
        (vec![ours.clone(), ours.clone()], named(), Some(OidcError::AmbiguousKey)),
        (vec![ours.clone(), FOREIGN_ED.jwk(Some("l"))], named(), None),
        (vec![ours.clone(), FOREIGN_ED.jwk(Some("l"))], unnamed(), Some(OidcError::AmbiguousKey)),
        (vec![ED.jwk(None), FOREIGN_ED.jwk(None)], unnamed(), Some(OidcError::AmbiguousKey)),
        (vec![ED.jwk(None)], named(), Some(OidcError::UnknownKey)),
        (vec![FOREIGN_ED.jwk(Some("l"))], named(), Some(OidcError::UnknownKey)),
        (vec![foreign], named(), Some(OidcError::BadSignature)),
        // Keys of other kinds do not count.
        (vec![RSA.jwk(Some("k")), EC.jwk(Some("k")), ours.clone()], named(), None),
        (vec![RSA.jwk(Some("r")), ours.clone()], unnamed(), None),
        (vec![RSA.jwk(Some("k"))], named(), Some(OidcError::UnknownKey)),
        (vec![ED.jwk(Some("K"))], named(), Some(OidcError::UnknownKey)),
        (vec![ours], json!({"alg": "EdDSA", "kid": 1}), Some(OidcError::Malformed(Document::IdToken))),
    ] {
        assert_eq!(verify_with_keys(&jwks, header.clone()).err(), expected, "{header} {jwks:?}");
    }
}

#[test]
fn unusable_keys_are_left_out() {
    let ours = || ED.jwk(Some("k"));
    let small_rsa = with(RSA.jwk(Some("k")), "n", b64([0xff; 128]));
    let unusable = [
        json!({"kty": "oct", "k": b64([1; 32]), "kid": "k"}),
        json!({"kty": "OKP", "crv": "X25519", "x": b64([1; 32]), "kid": "k"}),
        json!({"kty": "EC", "crv": "P-521", "x": b64([1; 66]), "y": b64([1; 66])}),
        json!({"kty": "EC", "crv": "P-256", "x": b64([1; 31]), "y": b64([1; 32])}),
        json!({"kty": "RSA", "n": "", "e": "AQAB"}),
        json!({"kty": "RSA"}),
        json!({}),
        json!(7),
        small_rsa,
        with(RSA.jwk(Some("k")), "e", b64([1])),
        with(RSA.jwk(Some("k")), "e", b64([4])),
        with(ours(), "use", "enc"),
        with(ours(), "key_ops", vec!["sign"]),
        with(ours(), "kid", 5),
        with(ours(), "x", b64([0; 31])),
        with(ours(), "x", "not base64!"),
    ];
    for jwk in &unusable {
        assert_eq!(key_set(std::slice::from_ref(jwk)).unwrap_err(), OidcError::NoUsableKey, "{jwk}");
    }
    let mut jwks = unusable.to_vec();
    jwks.push(with(with(ours(), "use", "sig"), "alg", "EdDSA"));
    verify_with_keys(&jwks, json!({"alg": "EdDSA", "kid": "k"})).unwrap();
    // A key that is for one algorithm serves no other.
    let narrowed = [with(RSA.jwk(Some("k")), "alg", "PS256")];
    let tokens = token(&json!({"alg": "RS256", "kid": "k"}), &good_claims(), &RSA, Algorithm::RS256);
    let keys = key_set(&narrowed).unwrap();
    let result = verify_id_token(&settings(Algorithm::RS256), &keys, &attempt(), &tokens, NOW);
    assert_eq!(result.unwrap_err(), OidcError::UnknownKey);
}

#[test]
fn t58_key_sets_are_bounded() {
    let jwks = |count: usize| -> Vec<Value> { (0..count).map(|n| ED.jwk(Some(&n.to_string()))).collect() };
    assert_eq!(key_set(&jwks(64)).unwrap().ids().count(), 64);
    assert_eq!(key_set(&jwks(65)).unwrap_err(), OidcError::TooLarge(Document::Keys));
    let padded = format!("{{\"keys\":[]{}}}", " ".repeat(64 * 1024));
    assert_eq!(KeySet::parse(padded.as_bytes()).unwrap_err(), OidcError::TooLarge(Document::Keys));
    let malformed = OidcError::Malformed(Document::Keys);
    let deep = format!("{{\"keys\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    for text in ["", "[]", "{}", "null", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, &deep] {
        assert_eq!(KeySet::parse(text.as_bytes()).unwrap_err(), malformed, "{text}");
    }
    assert_eq!(key_set(&[]).unwrap_err(), OidcError::NoUsableKey);
}
