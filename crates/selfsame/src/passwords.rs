//! Passwords: what is strong enough, and the bounded pool that hashes them.
//!
//! One hash takes a core for 17 ms and 19 MiB. So hashing runs on as many threads as there are cores, each with a memory
//! block of its own that is used again and again, behind a short queue; when that is full the caller hears `Busy` at
//! once. Threads start with the first password and end, with their block, after a minute without one.

mod pool;
mod strength;

pub use pool::{PasswordError, PasswordPool, Place, PoolSettings};
pub use strength::{FEEDBACK_KEYS, MIN_CHARACTERS, Weak, strength};

use unicode_normalization::UnicodeNormalization;

/// Longer passwords are refused before any work is done on them (T111).
pub const MAX_BYTES: usize = 1024;

/// One password typed on two keyboards is one password: NFC, as SP 800-63B-4 §3.1.1.2 asks for a stabilised form and
/// RFC 8265 §4.2 chooses it. NFC joins only what is the same character, so nothing a person distinguishes is lost; case,
/// spaces and width stay as typed.
fn normalized(password: &str) -> String {
    password.nfc().collect()
}
