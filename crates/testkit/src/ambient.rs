//! Time and randomness in the hands of a test.

use aws_lc_rs::digest;
use model::{Clock, Micros, Random};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Stands still until it is turned.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn at(start: Micros) -> Self {
        Self(AtomicI64::new(start.0))
    }

    pub fn advance(&self, by: Micros) {
        self.0.fetch_add(by.0, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::SeqCst))
    }
}

/// The same bytes for the same seed, different ones at every call.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    calls: AtomicU64,
}

impl SeededRandom {
    pub fn new(seed: u64) -> Self {
        Self { seed, calls: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        for (block, chunk) in bytes.chunks_mut(32).enumerate() {
            let text = format!("{} {call} {block}", self.seed);
            let hash = digest::digest(&digest::SHA256, text.as_bytes());
            chunk.copy_from_slice(&hash.as_ref()[..chunk.len()]);
        }
    }
}
