//! Signature checking (RFC 7515 §5.2) with algorithm and keys that were fixed before the token was read (T57).

use super::{Algorithm, Document, KeySet, OidcError, json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// More than any honest ID token (T111).
const TOKEN_BYTES_MAX: usize = 32 * 1024;

/// The claims of a compact JWS whose signature verifies.
///
/// Of the header only `alg`, `kid`, `typ` and `crit` are looked at. Headers that bring a key along (`jwk`, `jku`,
/// `x5u`, `x5c`) are not read at all.
pub(super) fn verified_claims(
    token: &str,
    keys: &KeySet,
    algorithm: Algorithm,
) -> Result<Map<String, Value>, OidcError> {
    const MALFORMED: OidcError = OidcError::Malformed(Document::IdToken);
    if token.len() > TOKEN_BYTES_MAX {
        return Err(OidcError::TooLarge(Document::IdToken));
    }
    let (message, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
    let (header, payload) = message.split_once('.').ok_or(MALFORMED)?;
    if payload.contains('.') {
        return Err(MALFORMED);
    }
    let decoded_object = |part: &str| json::object(&URL_SAFE_NO_PAD.decode(part).ok()?);

    let header = decoded_object(header).ok_or(MALFORMED)?;
    check_header(&header, algorithm)?;
    let key_id = match header.get("kid") {
        None => None,
        Some(id) => Some(id.as_str().ok_or(MALFORMED)?),
    };
    let key = keys.select(key_id, algorithm)?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm.jws()) {
        Ok(true) => decoded_object(payload).ok_or(MALFORMED),
        Ok(false) | Err(_) => Err(OidcError::BadSignature),
    }
}

fn check_header(header: &Map<String, Value>, algorithm: Algorithm) -> Result<(), OidcError> {
    if json::text(header, "alg") != Some(algorithm.name()) {
        return Err(OidcError::AlgorithmMismatch);
    }
    // RFC 7515 §4.1.11: an extension we do not know that must be understood. RFC 7797 changes what is signed.
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err(OidcError::HeaderRefused);
    }
    // Tokens of a defined other type say so: `at+jwt`, `logout+jwt`, `secevent+jwt` (T61).
    match header.get("typ") {
        None => Ok(()),
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("JWT") => Ok(()),
        Some(_) => Err(OidcError::TypeMismatch),
    }
}
