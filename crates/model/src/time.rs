//! Time and randomness, passed in.

use std::fmt;
use std::ops::{Add, Sub};

/// Microseconds since 1970-01-01T00:00:00Z; as a difference, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

pub const SECOND: Micros = Micros(1_000_000);
pub const MINUTE: Micros = Micros(60 * SECOND.0);
pub const HOUR: Micros = Micros(60 * MINUTE.0);
pub const DAY: Micros = Micros(24 * HOUR.0);

impl Micros {
    #[must_use]
    pub const fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND.0))
    }

    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND.0)
    }
}

impl Add for Micros {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Micros {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The wall clock as a port: the binary passes the system's, tests pass one they can turn.
pub trait Clock: Send + Sync {
    fn now(&self) -> Micros;
}

/// Randomness as a port: the binary passes the operating system's generator (T63), tests a seeded one.
pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Random + '_ {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}
