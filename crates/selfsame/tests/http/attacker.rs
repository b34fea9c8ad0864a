//! The attacker's story fails on every path.
