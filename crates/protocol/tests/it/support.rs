//! Real keys, a signer for any header and claims, and one connection to test with.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{Assertion, ConnectionId, Micros, Random, Secret};
use protocol::oidc::{
    Algorithm, Attempt, ClientSettings, IdTokenClaims, KeySet, Metadata, OidcError, TokenResponse, assertion,
    verify_id_token,
};
use serde_json::{Value, json};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

pub const ISSUER: &str = "https://id.example";
pub const CLIENT: &str = "selfsame-client";
pub const NOW: Micros = Micros(1_795_000_000_000_000);

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Distinct bytes at every call, and a count of how many were asked for.
#[derive(Default)]
pub struct Counting(pub AtomicU64);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            *byte = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u8;
        }
    }
}

pub fn settings(algorithm: Algorithm) -> ClientSettings {
    let id = ConnectionId::parse("idp").unwrap();
    let redirect = "https://selfsame.example/callback/idp";
    ClientSettings { algorithm, ..ClientSettings::new(id, ISSUER, CLIENT, redirect, 1) }
}

pub fn attempt() -> Attempt {
    Attempt::new(&Counting::default(), NOW - Micros::from_seconds(30), &ConnectionId::parse("idp").unwrap(), 1)
}

pub fn metadata_document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://id.example/authorize?tenant=7&state=theirs",
        "token_endpoint": "https://id.example/token",
        "jwks_uri": "https://keys.id.example/jwks",
        "userinfo_endpoint": "https://id.example/me",
    })
}

pub fn metadata(announces_issuer: bool) -> Metadata {
    let mut document = metadata_document();
    document["authorization_response_iss_parameter_supported"] = announces_issuer.into();
    Metadata::parse(document.to_string().as_bytes(), &settings(Algorithm::RS256), false).unwrap()
}

pub enum TestKey {
    Rsa(RsaKeyPair),
    Ec256(EcdsaKeyPair),
    Ec384(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

pub static RSA: LazyLock<TestKey> = LazyLock::new(|| TestKey::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));
pub static EC: LazyLock<TestKey> =
    LazyLock::new(|| TestKey::Ec256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()));
pub static EC384: LazyLock<TestKey> =
    LazyLock::new(|| TestKey::Ec384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap()));
pub static ED: LazyLock<TestKey> = LazyLock::new(|| TestKey::Ed(Ed25519KeyPair::generate().unwrap()));
pub static FOREIGN_ED: LazyLock<TestKey> = LazyLock::new(|| TestKey::Ed(Ed25519KeyPair::generate().unwrap()));

impl TestKey {
    pub fn for_algorithm(algorithm: Algorithm) -> &'static Self {
        match algorithm {
            Algorithm::ES256 => &EC,
            Algorithm::ES384 => &EC384,
            Algorithm::EdDSA => &ED,
            _ => &RSA,
        }
    }

    pub fn public_bytes(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => key.public_key().as_ref().to_vec(),
            Self::Ec256(key) | Self::Ec384(key) => key.public_key().as_ref().to_vec(),
            Self::Ed(key) => key.public_key().as_ref().to_vec(),
        }
    }

    pub fn jwk(&self, id: Option<&str>) -> Value {
        let point = self.public_bytes();
        let mut jwk = match self {
            Self::Rsa(key) => json!({
                "kty": "RSA",
                "n": b64(key.public_key().modulus().big_endian_without_leading_zero()),
                "e": b64(key.public_key().exponent().big_endian_without_leading_zero()),
            }),
            Self::Ec256(_) => json!({"kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..])}),
            Self::Ec384(_) => json!({"kty": "EC", "crv": "P-384", "x": b64(&point[1..49]), "y": b64(&point[49..])}),
            Self::Ed(_) => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(&point)}),
        };
        if let Some(id) = id {
            jwk["kid"] = id.into();
        }
        jwk
    }

    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let encoding: &'static dyn RsaEncoding = match algorithm {
                    Algorithm::RS384 => &RSA_PKCS1_SHA384,
                    Algorithm::RS512 => &RSA_PKCS1_SHA512,
                    Algorithm::PS256 => &RSA_PSS_SHA256,
                    Algorithm::PS384 => &RSA_PSS_SHA384,
                    Algorithm::PS512 => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Ec256(key) | Self::Ec384(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
        }
    }
}

pub fn key_set(jwks: &[Value]) -> Result<KeySet, OidcError> {
    KeySet::parse(json!({ "keys": jwks }).to_string().as_bytes())
}

pub fn good_claims() -> Value {
    json!({
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "subject-1",
        "iat": NOW.seconds() - 5,
        "exp": NOW.seconds() + 300,
        "nonce": attempt().nonce.expose(),
    })
}

pub fn token(header: &Value, claims: &Value, key: &TestKey, algorithm: Algorithm) -> TokenResponse {
    raw_token(&header.to_string(), &claims.to_string(), key, algorithm)
}

pub fn raw_token(header: &str, claims: &str, key: &TestKey, algorithm: Algorithm) -> TokenResponse {
    let message = format!("{}.{}", b64(header), b64(claims));
    let signature = b64(key.sign(algorithm, message.as_bytes()));
    tokens(format!("{message}.{signature}"))
}

pub fn tokens(id_token: String) -> TokenResponse {
    TokenResponse { id_token: Secret::new(id_token), access_token: Secret::new("access".to_owned()) }
}

/// An Ed25519 connection whose provider signed these claims.
pub fn verify(claims: &Value) -> Result<IdTokenClaims, OidcError> {
    verify_with(&settings(Algorithm::EdDSA), &attempt(), claims)
}

pub fn verify_with(settings: &ClientSettings, attempt: &Attempt, claims: &Value) -> Result<IdTokenClaims, OidcError> {
    let tokens = token(&json!({"alg": "EdDSA", "kid": "k"}), claims, &ED, Algorithm::EdDSA);
    verify_id_token(settings, &key_set(&[ED.jwk(Some("k"))]).unwrap(), attempt, &tokens, NOW)
}

pub fn asserted(settings: &ClientSettings, claims: &Value) -> Result<Assertion, OidcError> {
    assertion(settings, &verify_with(settings, &attempt(), claims)?, NOW)
}

/// The good claims with these put over them; `null` takes a claim away.
pub fn changed(changes: Value) -> Value {
    let mut claims = good_claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}
