//! Counts of rounds and small words that the suites share.

#![expect(clippy::disallowed_methods, reason = "the count of rounds is set by the environment of the test run")]

use model::Random as _;
use selfsame::os::OsRandom;
use std::time::Duration;

/// The server as it was built for this test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_selfsame");

/// A count of rounds: the environment's, or `default`.
pub fn rounds(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a count of rounds"))
}

fn random() -> u32 {
    let mut bytes = [0; 4];
    OsRandom.fill(&mut bytes);
    u32::from_be_bytes(bytes)
}

/// A span of time up to `longest`, with microseconds.
pub fn random_moment(longest: Duration) -> Duration {
    longest.mul_f64(f64::from(random()) / f64::from(u32::MAX))
}

pub fn random_below(limit: u64) -> u64 {
    u64::from(random()) % limit
}

pub fn coin() -> bool {
    random_below(2) == 0
}
