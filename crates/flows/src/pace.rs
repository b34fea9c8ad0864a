//! How often something may happen on this server, whoever asks: what is not counted for somebody is bounded for all.

use model::{Micros, SECOND};
use std::sync::{Mutex, PoisonError};

/// A bucket that fills with time.
#[derive(Debug)]
pub struct Pace {
    per_second: i64,
    burst: i64,
    /// Left in the bucket, in parts of a million, and when that was so.
    state: Mutex<(i64, Micros)>,
}

impl Pace {
    pub const fn new(per_second: i64, burst: i64) -> Self {
        Self { per_second, burst, state: Mutex::new((burst * SECOND.0, Micros(0))) }
    }

    /// Takes one out, if one is there.
    pub fn admits(&self, now: Micros) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, at) = *state;
        // A clock that went back fills nothing.
        let passed = (now.0 - at.0).clamp(0, self.burst * SECOND.0);
        let left = (left + passed * self.per_second).min(self.burst * SECOND.0);
        let admitted = left >= SECOND.0;
        *state = (if admitted { left - SECOND.0 } else { left }, now);
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use model::{Micros, SECOND};

    #[test]
    fn t111_a_burst_is_admitted_and_then_so_many_a_second() {
        let pace = Pace::new(2, 3);
        let at = |seconds: i64| Micros(SECOND.0 * (1_000 + seconds));
        let admitted = |now| (0..10).filter(|_| pace.admits(now)).count();
        assert_eq!(admitted(at(0)), 3);
        assert_eq!(admitted(at(1)), 2);
        assert_eq!(admitted(at(0)), 0, "the clock went back");
        assert_eq!(admitted(at(1_000)), 3, "and no more than a burst is ever saved");
    }
}
