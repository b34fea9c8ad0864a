//! Signature checking (RFC 7515 §5.2) with keys and algorithms that the header cannot choose (T57).

use super::{Algorithm, Document, KeySet, OidcError, json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

/// More than any honest token (T111).
const TOKEN_BYTES_MAX: usize = 32 * 1024;

/// A compact JWS, read and not yet believed.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    pub header: Map<String, Value>,
    /// What is signed.
    message: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Jws<'a> {
    /// `None` for anything but three parts of which the first is an object, and for headers that ask for more than a
    /// signature: `crit` names extensions that have to be understood (RFC 7515 §4.1.11), `b64` changes what is signed
    /// (RFC 7797).
    pub fn parse(token: &'a str) -> Result<Self, OidcError> {
        const MALFORMED: OidcError = OidcError::Malformed(Document::IdToken);
        if token.len() > TOKEN_BYTES_MAX {
            return Err(OidcError::TooLarge(Document::IdToken));
        }
        let (message, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, payload) = message.split_once('.').ok_or(MALFORMED)?;
        if payload.contains('.') {
            return Err(MALFORMED);
        }
        let header = decoded(header).ok_or(MALFORMED)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(OidcError::HeaderRefused);
        }
        Ok(Self { header, message, payload, signature })
    }

    pub fn algorithm(&self) -> Option<Algorithm> {
        match json::text(&self.header, "alg")? {
            // RFC 9864 §2.2: what libraries have begun to call it.
            "Ed25519" => Some(Algorithm::EdDSA),
            name => name.parse().ok(),
        }
    }

    /// The claims, once the signature is that of this key.
    pub fn verify(&self, key: &DecodingKey, algorithm: Algorithm) -> Result<Map<String, Value>, OidcError> {
        match jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), key, algorithm.jws()) {
            Ok(true) => self.unverified().ok_or(OidcError::Malformed(Document::IdToken)),
            Ok(false) | Err(_) => Err(OidcError::BadSignature),
        }
    }

    /// By the one key of a set that fits.
    pub fn verify_with(&self, keys: &KeySet, algorithm: Algorithm) -> Result<Map<String, Value>, OidcError> {
        if self.algorithm() != Some(algorithm) {
            return Err(OidcError::AlgorithmMismatch);
        }
        let id = match self.header.get("kid") {
            None => None,
            Some(id) => Some(id.as_str().ok_or(OidcError::Malformed(Document::IdToken))?),
        };
        self.verify(keys.select(id, algorithm)?, algorithm)
    }

    /// The claims as anybody could have written them: only to find out whose key to verify with.
    pub fn unverified(&self) -> Option<Map<String, Value>> {
        decoded(self.payload)
    }
}

fn decoded(part: &str) -> Option<Map<String, Value>> {
    json::object(&URL_SAFE_NO_PAD.decode(part).ok()?)
}

/// The claims of an ID token whose signature verifies. Headers that bring a key along (`jwk`, `jku`, `x5u`, `x5c`) are
/// not read at all.
pub(super) fn verified_claims(
    token: &str,
    keys: &KeySet,
    algorithm: Algorithm,
) -> Result<Map<String, Value>, OidcError> {
    let jws = Jws::parse(token)?;
    if json::text(&jws.header, "alg") != Some(algorithm.name()) {
        return Err(OidcError::AlgorithmMismatch);
    }
    // Tokens of a defined other type say so: `at+jwt`, `logout+jwt`, `secevent+jwt` (T61).
    match jws.header.get("typ") {
        None => {}
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("JWT") => {}
        Some(_) => return Err(OidcError::TypeMismatch),
    }
    jws.verify_with(keys, algorithm)
}
