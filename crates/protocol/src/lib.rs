//! Wire types, parsers and verifiers of the protocols we speak: upstream as a relying party (`oidc`), towards
//! applications as their OpenID Provider (`oauth`).
//!
//! Pure: bytes, keys and `now` are arguments. Nothing here does I/O, waits, or reads a clock, so every check can be
//! shown to fail in a test with one call.

pub mod oauth;
pub mod oidc;
pub mod totp;
