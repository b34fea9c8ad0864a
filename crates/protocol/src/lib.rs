//! Wire types, parsers and verifiers of the protocols we speak upstream.
//!
//! Pure: bytes, keys and `now` are arguments. Nothing here does I/O, waits, or reads a clock, so every check can be
//! shown to fail in a test with one call.

pub mod oidc;
