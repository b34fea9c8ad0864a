//! Our signing keys (RFC 7517, RFC 7518, RFC 8037): made by the library, kept as PKCS #8, ready to sign.
//!
//! The library of JOSE that verifies elsewhere parses a key for each signature, which costs more than the signature;
//! here the parsed key is kept, and what is built around it is a header, two dots and base64url (RFC 7515 §3.1).

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use aws_lc_rs::{digest, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Secret;
use serde_json::{Map, Value, json};

/// What we sign with. A client that names none gets RS256, as the standard says (OpenID Connect Registration §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SigningAlgorithm {
    Es256,
    EdDsa,
    Rs256,
}

impl SigningAlgorithm {
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The value of `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// What `at_hash` is the left half of (OpenID Connect Core §3.1.3.6; Ed25519 hashes with SHA-512).
    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Es256 | Self::Rs256 => &digest::SHA256,
            Self::EdDsa => &digest::SHA512,
        }
    }

    /// Of an access token, for the ID token beside it.
    pub fn half_hash(self, text: &str) -> String {
        let hash = digest::digest(self.digest(), text.as_bytes());
        URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
    }
}

/// The bytes are no key of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key cannot be used")]
pub struct KeyError;

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

/// A key that signs.
pub struct SigningKey {
    pub kid: String,
    pub algorithm: SigningAlgorithm,
    pair: Pair,
    jwk: Value,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl SigningKey {
    /// A new key as PKCS #8. RSA (2048 bits) takes a noticeable part of a second.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Secret<Vec<u8>>, KeyError> {
        let random = SystemRandom::new();
        let bytes = match algorithm {
            SigningAlgorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                .map_err(|_| KeyError)?
                .as_ref()
                .to_vec(),
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| KeyError)?.as_ref().to_vec(),
            SigningAlgorithm::Rs256 => {
                let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(|_| KeyError)?;
                pair.as_der().map_err(|_| KeyError)?.as_ref().to_vec()
            }
        };
        Ok(Secret::new(bytes))
    }

    pub fn from_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let (pair, mut jwk) = match algorithm {
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| KeyError)?;
                // Uncompressed: 0x04, x, y.
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..65).map(|xy| xy.split_at(32)).ok_or(KeyError)?;
                let jwk = json!({ "crv": "P-256", "kty": "EC", "x": b64(x), "y": b64(y) });
                (Pair::Es256(pair), jwk)
            }
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError)?;
                let jwk = json!({ "crv": "Ed25519", "kty": "OKP", "x": b64(pair.public_key().as_ref()) });
                (Pair::EdDsa(pair), jwk)
            }
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError)?;
                let public = pair.public_key();
                let e = b64(public.exponent().big_endian_without_leading_zero());
                let n = b64(public.modulus().big_endian_without_leading_zero());
                (Pair::Rs256(pair), json!({ "e": e, "kty": "RSA", "n": n }))
            }
        };
        // RFC 7638: the members that make the key, in order of name, without white space.
        let kid = b64(digest::digest(&digest::SHA256, jwk.to_string().as_bytes()).as_ref());
        if let Value::Object(members) = &mut jwk {
            members.insert("kid".to_owned(), kid.clone().into());
            members.insert("alg".to_owned(), algorithm.name().into());
            members.insert("use".to_owned(), "sig".into());
        }
        Ok(Self { kid, algorithm, pair, jwk })
    }

    /// The public key (RFC 7517 §4).
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// A compact JWS with an explicit type (RFC 8725 §3.11).
    pub fn jwt(&self, typ: &str, claims: &Map<String, Value>) -> Result<String, KeyError> {
        let header = json!({ "alg": self.algorithm.name(), "kid": self.kid, "typ": typ }).to_string();
        let payload = serde_json::to_vec(claims).map_err(|_| KeyError)?;
        let mut text = format!("{}.{}", b64(header.as_bytes()), b64(&payload));
        let signature = self.sign(text.as_bytes())?;
        text.push('.');
        text.push_str(&b64(&signature));
        Ok(text)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        Ok(match &self.pair {
            Pair::Es256(pair) => pair.sign(&random, message).map_err(|_| KeyError)?.as_ref().to_vec(),
            Pair::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| KeyError)?;
                signature
            }
        })
    }

    fn public(&self) -> &[u8] {
        match &self.pair {
            Pair::Es256(pair) => pair.public_key().as_ref(),
            Pair::EdDsa(pair) => pair.public_key().as_ref(),
            Pair::Rs256(pair) => pair.public_key().as_ref(),
        }
    }
}

/// Our own keys, to recognise what we signed.
pub struct PublicKeys<'a>(pub &'a [&'a SigningKey]);

impl PublicKeys<'_> {
    /// The claims of a JWT of this `typ` that one of our keys signed with its own algorithm (T57, T61). Whether it is
    /// still good is not looked at.
    pub fn open(&self, typ: &str, token: &str) -> Option<Map<String, Value>> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        let header = crate::oidc::json_object(&URL_SAFE_NO_PAD.decode(header).ok()?)?;
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        let key = self.0.iter().find(|key| text("kid") == Some(key.kid.as_str()))?;
        if text("alg") != Some(key.algorithm.name()) || text("typ") != Some(typ) {
            return None;
        }
        let algorithm: &dyn signature::VerificationAlgorithm = match key.algorithm {
            SigningAlgorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
            SigningAlgorithm::EdDsa => &ED25519,
            SigningAlgorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        signature::UnparsedPublicKey::new(algorithm, key.public()).verify(message.as_bytes(), &signature).ok()?;
        crate::oidc::json_object(&URL_SAFE_NO_PAD.decode(payload).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(algorithm: SigningAlgorithm) -> SigningKey {
        SigningKey::from_pkcs8(algorithm, SigningKey::generate(algorithm).unwrap().expose()).unwrap()
    }

    /// What a relying party's library makes of it.
    #[test]
    fn what_is_signed_is_verified_by_another_library() {
        for algorithm in SigningAlgorithm::ALL {
            let key = key(algorithm);
            let claims = json!({ "sub": "s", "exp": 4_000_000_000_i64 });
            let token = key.jwt("JWT", claims.as_object().unwrap()).unwrap();
            let set: jsonwebtoken::jwk::JwkSet =
                serde_json::from_value(json!({ "keys": [key.jwk().clone()] })).unwrap();
            let jwk = set.find(&key.kid).expect("the key is found by its id");
            let public = jsonwebtoken::DecodingKey::from_jwk(jwk).unwrap();
            let alg: jsonwebtoken::Algorithm = algorithm.name().parse().unwrap();
            let read = jsonwebtoken::decode::<Value>(&token, &public, &jsonwebtoken::Validation::new(alg)).unwrap();
            assert_eq!(read.claims["sub"], "s", "{algorithm:?}");
            assert_eq!(jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap(), key.kid);
        }
    }

    #[test]
    fn t61_a_token_is_opened_as_what_it_is_and_by_its_own_key() {
        let (one, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::EdDsa));
        let claims = json!({ "sub": "s" });
        let token = one.jwt("at+jwt", claims.as_object().unwrap()).unwrap();
        let both = [&one, &other];
        assert_eq!(PublicKeys(&both).open("at+jwt", &token).unwrap()["sub"], "s");
        assert_eq!(PublicKeys(&both).open("JWT", &token), None);
        assert_eq!(PublicKeys(&both[1..]).open("at+jwt", &token), None);
        let (message, signature) = token.rsplit_once('.').unwrap();
        assert_eq!(PublicKeys(&both).open("at+jwt", &format!("{message}.")), None);
        let forged = json!({ "alg": "none", "kid": one.kid, "typ": "at+jwt" }).to_string();
        let payload = message.split_once('.').unwrap().1;
        assert_eq!(PublicKeys(&both).open("at+jwt", &format!("{}.{payload}.", b64(forged.as_bytes()))), None);
        let swapped = json!({ "alg": "ES256", "kid": other.kid, "typ": "at+jwt" }).to_string();
        assert_eq!(
            PublicKeys(&both).open("at+jwt", &format!("{}.{payload}.{signature}", b64(swapped.as_bytes()))),
            None
        );
        for bad in ["", ".", "..", "a.b.c", "🦀.🦀.🦀"] {
            assert_eq!(PublicKeys(&both).open("at+jwt", bad), None);
        }
    }

    #[test]
    fn half_hashes_are_as_long_as_half_the_hash() {
        // OpenID Connect Core, appendix A.3: the access token and at_hash of its example.
        assert_eq!(
            SigningAlgorithm::Rs256.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
        assert_eq!(SigningAlgorithm::EdDsa.half_hash("x").len(), 43);
    }
}
