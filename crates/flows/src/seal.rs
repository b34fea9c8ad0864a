//! Sealing what leaves the server and what must not be read at rest: AES-256-GCM-SIV under a versioned key ring.
//!
//! One key per purpose is derived from each root (HKDF-SHA-256). The nonce-misuse-resistant mode is chosen because
//! flow cookies are sealed in any number, by any number of replicas, with random nonces (RFC 8452 §9).

use aws_lc_rs::{aead, digest as sha, hkdf};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{Random, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The text was not sealed by us, for this purpose, in this context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this was not sealed here")]
pub struct SealError;

const FORMAT: u8 = 1;
const NONCE: usize = 12;
const KEY_ID: usize = 4;
/// Purposes a key is derived for. A text sealed for one opens for no other.
const PURPOSES: [&str; 17] = [
    "flow",
    "device",
    "mail",
    "user-key",
    "handover",
    "authorize",
    "code",
    "access",
    "refresh",
    "signing-key",
    "forward-start",
    "forward-auth",
    "device-code",
    "device-claim",
    "passkey",
    "totp",
    "undo",
];

struct Root {
    /// Derived from the root itself, so that two replicas never disagree about which key an id means.
    id: [u8; KEY_ID],
    keys: Vec<aead::LessSafeKey>,
    secret: hkdf::Prk,
}

/// Root keys, the current one first.
pub struct KeyRing {
    roots: Vec<Root>,
}

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

fn cipher(bytes: &[u8]) -> Result<aead::LessSafeKey, SealError> {
    aead::UnboundKey::new(&aead::AES_256_GCM_SIV, bytes).map(aead::LessSafeKey::new).map_err(|_| SealError)
}

fn derive(root: &[u8; 32], purpose: &str) -> Result<aead::LessSafeKey, SealError> {
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"selfsame").extract(root);
    let mut key = [0; 32];
    secret
        .expand(&[purpose.as_bytes()], KeyLength)
        .and_then(|expanded| expanded.fill(&mut key))
        .map_err(|_| SealError)?;
    cipher(&key)
}

impl KeyRing {
    /// `roots`: 32 bytes each, the current one first. At least one.
    pub fn new(roots: &[Secret<[u8; 32]>]) -> Result<Self, SealError> {
        if roots.is_empty() {
            return Err(SealError);
        }
        let root = |root: &Secret<[u8; 32]>| {
            let keys = PURPOSES.iter().map(|purpose| derive(root.expose(), purpose)).collect::<Result<_, _>>()?;
            let name = digest(&[b"key id", root.expose()]);
            let mut id = [0; KEY_ID];
            id.copy_from_slice(&name[..KEY_ID]);
            let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"selfsame").extract(root.expose());
            Ok(Root { id, keys, secret })
        };
        Ok(Self { roots: roots.iter().map(root).collect::<Result<_, _>>()? })
    }

    /// Seals `plain` for `purpose`; only the same `context` opens it.
    pub fn seal(
        &self,
        purpose: &'static str,
        context: &[u8],
        plain: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, SealError> {
        let root = self.roots.first().ok_or(SealError)?;
        let mut sealed = vec![FORMAT];
        sealed.extend(root.id);
        sealed.extend(seal_with(key_of(root, purpose)?, context, plain, random)?);
        Ok(sealed)
    }

    /// The same 32 bytes for the same parts from every replica, and a secret to everybody else. They change with the
    /// first root key.
    pub fn mac(&self, purpose: &'static str, parts: &[&[u8]]) -> [u8; 32] {
        self.roots.first().map_or([0; 32], |root| mac_of(root, purpose, parts))
    }

    /// As [`Self::mac`], by every root key, the current one first.
    pub fn macs(&self, purpose: &'static str, parts: &[&[u8]]) -> Vec<[u8; 32]> {
        self.roots.iter().map(|root| mac_of(root, purpose, parts)).collect()
    }

    pub fn open(&self, purpose: &'static str, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let [FORMAT, rest @ ..] = sealed else { return Err(SealError) };
        let (id, rest) = rest.split_first_chunk::<KEY_ID>().ok_or(SealError)?;
        let root = self.roots.iter().find(|root| root.id == *id).ok_or(SealError)?;
        open_with(key_of(root, purpose)?, context, rest)
    }

    /// A value as URL-safe text.
    pub fn seal_value<T: Serialize>(
        &self,
        purpose: &'static str,
        context: &[u8],
        value: &T,
        random: &dyn Random,
    ) -> Result<String, SealError> {
        let plain = serde_json::to_vec(value).map_err(|_| SealError)?;
        self.seal(purpose, context, &plain, random).map(|sealed| URL_SAFE_NO_PAD.encode(sealed))
    }

    pub fn open_value<T: DeserializeOwned>(
        &self,
        purpose: &'static str,
        context: &[u8],
        text: &str,
    ) -> Result<T, SealError> {
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError)?;
        let plain = self.open(purpose, context, &sealed)?;
        serde_json::from_slice(&plain).map_err(|_| SealError)
    }
}

fn mac_of(root: &Root, purpose: &'static str, parts: &[&[u8]]) -> [u8; 32] {
    let info = digest(parts);
    let mut out = [0; 32];
    // cannot fail: 32 bytes are within what HKDF gives
    let _ = root.secret.expand(&[b"mac", purpose.as_bytes(), &info], KeyLength).and_then(|okm| okm.fill(&mut out));
    out
}

fn key_of<'a>(root: &'a Root, purpose: &str) -> Result<&'a aead::LessSafeKey, SealError> {
    let at = PURPOSES.iter().position(|known| *known == purpose).ok_or(SealError)?;
    root.keys.get(at).ok_or(SealError)
}

fn seal_with(key: &aead::LessSafeKey, context: &[u8], plain: &[u8], random: &dyn Random) -> Result<Vec<u8>, SealError> {
    let nonce: [u8; NONCE] = random.bytes();
    let mut text = plain.to_vec();
    key.seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::from(context), &mut text)
        .map_err(|_| SealError)?;
    let mut sealed = nonce.to_vec();
    sealed.append(&mut text);
    Ok(sealed)
}

fn open_with(key: &aead::LessSafeKey, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE>().ok_or(SealError)?;
    let mut text = text.to_vec();
    let plain = key
        .open_in_place(aead::Nonce::assume_unique_for_key(*nonce), aead::Aad::from(context), &mut text)
        .map_err(|_| SealError)?;
    Ok(plain.to_vec())
}

/// Seals with a user's own data key, so that erasing the key erases the meaning.
pub(crate) fn seal_personal(
    key: &[u8],
    context: &[u8],
    plain: &[u8],
    random: &dyn Random,
) -> Result<Vec<u8>, SealError> {
    seal_with(&cipher(key)?, context, plain, random)
}

pub(crate) fn open_personal(key: &[u8], context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    open_with(&cipher(key)?, context, sealed)
}

/// SHA-256 over length-prefixed parts: how generated secrets are stored. They have 256 bits; a slow hash adds nothing.
pub fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = sha::Context::new(&sha::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter(std::sync::atomic::AtomicU8);

    impl Random for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    fn ring(ids: &[u8]) -> KeyRing {
        let roots: Vec<_> = ids.iter().map(|id| Secret::new([*id; 32])).collect();
        KeyRing::new(&roots).unwrap()
    }

    #[test]
    fn t34_sealed_for_one_context_opens_in_no_other() {
        let random = Counter(0.into());
        let old = ring(&[1]);
        let sealed = old.seal("flow", b"flow-a", b"secret", &random).unwrap();
        assert_eq!(old.open("flow", b"flow-a", &sealed).unwrap(), b"secret");
        assert_eq!(old.open("flow", b"flow-b", &sealed), Err(SealError));
        assert_eq!(old.open("device", b"flow-a", &sealed), Err(SealError));
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] ^= 1;
            assert_eq!(old.open("flow", b"flow-a", &forged), Err(SealError), "byte {at}");
        }
        assert_eq!(old.open("flow", b"flow-a", &sealed[..5]), Err(SealError));
        // After a rotation the old texts still open, and new ones are under the new key.
        let rotated = ring(&[2, 1]);
        assert_eq!(rotated.open("flow", b"flow-a", &sealed).unwrap(), b"secret");
        let new = rotated.seal("flow", b"flow-a", b"secret", &random).unwrap();
        assert_eq!(old.open("flow", b"flow-a", &new), Err(SealError));
    }

    #[test]
    fn digest_parts_do_not_run_together() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
