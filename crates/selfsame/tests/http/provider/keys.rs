//! A client's own key: what it signs for itself.

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flows::oauth::{SigningAlgorithm, SigningKey, s256};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use model::Clock as _;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use testkit::{ORIGIN, World};

/// A key on P-256 or P-384, by another library than ours.
pub(crate) struct Key {
    signs: EncodingKey,
    algorithm: Algorithm,
    pub jwk: Value,
    /// RFC 7638.
    pub thumbprint: String,
    count: AtomicU64,
}

impl Key {
    pub fn new() -> Self {
        let pkcs8 = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let public = SigningKey::from_pkcs8(SigningAlgorithm::Es256, pkcs8.expose()).unwrap();
        let signs = EncodingKey::from_ec_der(pkcs8.expose());
        Self {
            signs,
            algorithm: Algorithm::ES256,
            jwk: public.jwk().clone(),
            thumbprint: public.kid.clone(),
            count: AtomicU64::new(0),
        }
    }

    /// One that signs with ES384, which FAPI 2.0 does not want.
    pub fn p384() -> Self {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(48);
        let jwk =
            json!({ "kty": "EC", "crv": "P-384", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) });
        Self {
            signs: EncodingKey::from_ec_der(pkcs8.as_ref()),
            algorithm: Algorithm::ES384,
            jwk,
            thumbprint: "p384".to_owned(),
            count: AtomicU64::new(0),
        }
    }

    /// Its line in the file.
    pub fn line(&self) -> String {
        format!("jwks = '''{}'''\n", json!({ "keys": [self.jwk] }))
    }

    fn signed(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.signs).unwrap()
    }

    fn id(&self) -> String {
        format!("{}-{}", self.thumbprint, self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// RFC 7523 §3.
    pub fn assertion(&self, world: &World, client: &str) -> String {
        self.assertion_with(world, client, ORIGIN, 0)
    }

    /// For somebody else than the issuer, or by a clock that is so many seconds ahead.
    pub fn assertion_with(&self, world: &World, client: &str, audience: &str, ahead: i64) -> String {
        let now = world.clock.now().seconds() + ahead;
        let claims = json!({
            "iss": client, "sub": client, "aud": audience, "iat": now, "nbf": now, "exp": now + 60, "jti": self.id(),
        });
        self.signed(&Header::new(self.algorithm), &claims)
    }

    /// RFC 9449 §4.2, for a request to one of our paths.
    pub fn proof(&self, world: &World, method: &str, path: &str, token: Option<&str>) -> String {
        self.proof_with(world, method, path, token, 0)
    }

    /// By a clock that is so many seconds ahead.
    pub fn proof_with(&self, world: &World, method: &str, path: &str, token: Option<&str>, ahead: i64) -> String {
        let mut claims = json!({
            "htm": method,
            "htu": format!("{ORIGIN}{path}"),
            "iat": world.clock.now().seconds() + ahead,
            "jti": self.id(),
        });
        if let Some(token) = token {
            claims["ath"] = s256(token).into();
        }
        let mut header = Header::new(self.algorithm);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = Some(serde_json::from_value(self.jwk.clone()).unwrap());
        self.signed(&header, &claims)
    }
}

/// The header of a JWT.
pub(crate) fn header_of(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}
