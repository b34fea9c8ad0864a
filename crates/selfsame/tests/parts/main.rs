//! The parts of the binary, each by itself.

mod config;
mod logging;
mod mail;
mod os;
mod passwords;
mod socket;

use model::Random;
use std::sync::atomic::{AtomicU64, Ordering};

/// Randomness that can be repeated.
struct Seeded(AtomicU64);

impl Seeded {
    fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut x = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (x >> 56) as u8;
        }
    }
}
