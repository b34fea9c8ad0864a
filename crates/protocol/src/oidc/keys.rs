//! A provider's key set (RFC 7517): public keys we can use, and the one that fits a token without guessing (T58).

use super::algorithm::KeyKind;
use super::{Algorithm, Document, OidcError, json};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};
use std::fmt;

const BYTES_MAX: usize = 64 * 1024;
const KEYS_MAX: usize = 64;
const KEY_ID_BYTES_MAX: usize = 512;
/// RFC 7518 §3.3: at least 2048 bits; aws-lc verifies up to 8192.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
const RSA_EXPONENT_BYTES_MAX: usize = 4;

/// The keys of a provider that can verify a signature.
#[derive(Clone)]
pub struct KeySet {
    keys: Vec<Key>,
    fingerprint: [u8; 32],
}

#[derive(Clone)]
struct Key {
    id: Option<String>,
    kind: KeyKind,
    /// The key is for this algorithm alone.
    algorithm: Option<String>,
    public: DecodingKey,
}

impl KeySet {
    /// Reads a key set of at most 64 KiB and 64 keys. Keys we cannot use are left out; a set with none left is
    /// refused, so that it never takes the place of a good one.
    pub fn parse(bytes: &[u8]) -> Result<Self, OidcError> {
        if bytes.len() > BYTES_MAX {
            return Err(OidcError::TooLarge(Document::Keys));
        }
        let document = json::object(bytes).ok_or(OidcError::Malformed(Document::Keys))?;
        let Some(Value::Array(entries)) = document.get("keys") else {
            return Err(OidcError::Malformed(Document::Keys));
        };
        if entries.len() > KEYS_MAX {
            return Err(OidcError::TooLarge(Document::Keys));
        }
        let keys: Vec<Key> = entries.iter().filter_map(Value::as_object).filter_map(Key::from_jwk).collect();
        if keys.is_empty() {
            return Err(OidcError::NoUsableKey);
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Ok(Self { keys, fingerprint })
    }

    /// Hash of the document, to see that a provider changed its keys.
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The key ids, for the log entry about a change.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| key.id.as_deref())
    }

    /// The one key that fits. None, or more than one, is an error: we never try keys in turn.
    pub(super) fn select(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&DecodingKey, OidcError> {
        let mut fitting = self
            .keys
            .iter()
            .filter(|key| id.is_none_or(|id| key.id.as_deref() == Some(id)))
            .filter(|key| key.fits(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(&key.public),
            (None, _) => Err(OidcError::UnknownKey),
            (Some(_), Some(_)) => Err(OidcError::AmbiguousKey),
        }
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| (&key.id, key.kind))).finish()
    }
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        self.kind == algorithm.key_kind()
            && self.algorithm.as_deref().is_none_or(|own| own == algorithm.name() || is_ed25519(own, algorithm))
    }

    /// `None` for keys of other kinds or uses, and for malformed ones. Symmetric keys are of another kind (T57).
    fn from_jwk(jwk: &Map<String, Value>) -> Option<Self> {
        let optional_text = |name: &str| match jwk.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => value.as_str().map(Some),
        };
        let id = optional_text("kid")?;
        let algorithm = optional_text("alg")?;
        let for_signatures = optional_text("use")?.is_none_or(|usage| usage == "sig");
        let may_verify = match jwk.get("key_ops") {
            None | Some(Value::Null) => true,
            Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
            Some(_) => false,
        };
        if !for_signatures || !may_verify || id.is_some_and(|id| id.len() > KEY_ID_BYTES_MAX) {
            return None;
        }
        let (kind, public) = material(jwk)?;
        Some(Self { id: id.map(str::to_owned), kind, algorithm: algorithm.map(str::to_owned), public })
    }
}

/// RFC 9864 gives Ed25519 a name of its own beside `EdDSA`.
fn is_ed25519(name: &str, algorithm: Algorithm) -> bool {
    algorithm == Algorithm::EdDSA && name == "Ed25519"
}

/// The public key that a token brings along (RFC 7515 §4.1.3), for this algorithm; never with its private half.
pub(crate) fn brought(jwk: &Map<String, Value>, algorithm: Algorithm) -> Option<DecodingKey> {
    if ["d", "p", "q", "k"].iter().any(|private| jwk.contains_key(*private)) {
        return None;
    }
    let (kind, public) = material(jwk)?;
    (kind == algorithm.key_kind()).then_some(public)
}

/// What names a key wherever it is (RFC 7638 §3): SHA-256 over its required members, in order of name.
pub(crate) fn thumbprint(jwk: &Map<String, Value>) -> Option<String> {
    let names: &[&str] = match json::text(jwk, "kty")? {
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        _ => return None,
    };
    let member = |name: &&str| Some(((*name).to_owned(), Value::from(json::text(jwk, name)?)));
    let members: Map<String, Value> = names.iter().map(member).collect::<Option<_>>()?;
    Some(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, Value::Object(members).to_string().as_bytes())))
}

fn material(jwk: &Map<String, Value>) -> Option<(KeyKind, DecodingKey)> {
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(json::text(jwk, name)?).ok();
    let coordinate = |name: &str, length: usize| {
        let text = json::text(jwk, name)?;
        (URL_SAFE_NO_PAD.decode(text).ok()?.len() == length).then_some(text)
    };
    match (json::text(jwk, "kty")?, json::text(jwk, "crv")) {
        ("RSA", _) => {
            let (modulus, exponent) = (bytes("n")?, bytes("e")?);
            let (modulus, exponent) = (without_leading_zeros(&modulus), without_leading_zeros(&exponent));
            let fits = RSA_MODULUS_BYTES.contains(&modulus.len())
                && (1..=RSA_EXPONENT_BYTES_MAX).contains(&exponent.len())
                && exponent.last().is_some_and(|byte| byte % 2 == 1)
                && exponent != [1];
            fits.then(|| (KeyKind::Rsa, DecodingKey::from_rsa_raw_components(modulus, exponent)))
        }
        ("EC", Some(curve)) => {
            let (kind, length) = match curve {
                "P-256" => (KeyKind::P256, 32),
                "P-384" => (KeyKind::P384, 48),
                _ => return None,
            };
            let key = DecodingKey::from_ec_components(coordinate("x", length)?, coordinate("y", length)?).ok()?;
            Some((kind, key))
        }
        ("OKP", Some("Ed25519")) => {
            Some((KeyKind::Ed25519, DecodingKey::from_ed_components(coordinate("x", 32)?).ok()?))
        }
        _ => None,
    }
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}
