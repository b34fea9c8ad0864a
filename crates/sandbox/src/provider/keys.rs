//! P-256 keys (ES256, RFC 7518 §3.4), made from the randomness that is passed in.

use crate::bounded::{encode, sha256};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use model::Random;
use serde_json::{Value, json};

pub(super) struct SigningKey {
    kid: String,
    pair: EcdsaKeyPair,
    /// Uncompressed: 0x04, x, y.
    point: Vec<u8>,
}

impl SigningKey {
    pub(super) fn generate(random: &dyn Random) -> Self {
        let seed = random.bytes::<32>();
        // Not every 256-bit number is a private key, but nearly all are: hash on until one is.
        let mut scalar = sha256(&seed);
        loop {
            if let Some(key) = Self::from_scalar(&scalar) {
                return key;
            }
            scalar = sha256(&scalar);
        }
    }

    fn from_scalar(scalar: &[u8]) -> Option<Self> {
        let point = PrivateKey::from_private_key(&ECDH_P256, scalar).ok()?.compute_public_key().ok()?.as_ref().to_vec();
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, scalar, &point).ok()?;
        Some(Self { kid: encode(&sha256(&point)[..9]), pair, point })
    }

    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    /// RFC 7517 §4, RFC 7518 §6.2.1.
    pub(super) fn jwk(&self) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": encode(&self.point[1..33]), "y": encode(&self.point[33..]),
        })
    }

    /// The public key as people find it in files (RFC 7468 §13).
    pub(super) fn public_pem(&self) -> String {
        // SubjectPublicKeyInfo of any P-256 key up to the point (RFC 5480 §2).
        const PREFIX: [u8; 26] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        let der = [PREFIX.as_slice(), &self.point].concat();
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let (first, second) = text.split_at(64);
        format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n")
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        signature.map(|signature| signature.as_ref().to_vec()).unwrap_or_default()
    }
}
