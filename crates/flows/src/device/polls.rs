//! When devices asked last, so that a poll that finds no answer costs one read and no write.
//!
//! Of this replica alone and forgotten with it: it keeps load down and decides nothing. How long a device has to wait is
//! in the store, where every replica sees it.

use model::{AuthorizationId, MINUTE, Micros, SECOND};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// More devices than wait at one time.
const DEVICES_MAX: usize = 10_000;
/// What the network may take from one interval.
const JITTER: Micros = SECOND;

#[derive(Default)]
pub(crate) struct Polls(Mutex<BTreeMap<AuthorizationId, Micros>>);

impl Polls {
    /// Notes a poll, and says whether it came before its time.
    pub fn is_early(&self, id: AuthorizationId, interval: Micros, now: Micros) -> bool {
        let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if polls.len() >= DEVICES_MAX {
            polls.retain(|_, last| *last + MINUTE > now);
        }
        if polls.len() >= DEVICES_MAX {
            polls.clear();
        }
        polls.insert(id, now).is_some_and(|last| last + interval > now + JITTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_before_its_time_is_early_and_memory_is_bounded() {
        let polls = Polls::default();
        let (id, five) = (AuthorizationId::from_bytes([1; 16]), SECOND.times(5));
        let at = |seconds: i64| Micros::from_seconds(1_000 + seconds);
        assert!(!polls.is_early(id, five, at(0)), "the first");
        assert!(polls.is_early(id, five, at(2)));
        assert!(!polls.is_early(id, five, at(7)));
        assert!(!polls.is_early(id, five, at(11)), "a second is the network's");
        assert!(polls.is_early(id, five.times(2), at(19)));
        for n in 0..20_000_u32 {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            polls.is_early(AuthorizationId::from_bytes(bytes), five, at(20));
        }
        assert!(polls.0.lock().unwrap().len() <= DEVICES_MAX);
    }
}
