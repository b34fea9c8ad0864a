//! One throttle over all doors: failures are counted per account and source, and growing delays follow (T76, T95).
//!
//! Nothing is ever locked hard: other methods stay open, and a device the owner has used before has a budget of its own,
//! so that a stranger's failures do not keep the owner out.

use crate::{Decision, Reason};
use model::{Change, Facts, HOUR, MINUTE, Micros, Plan, SECOND, ThrottleFacts};

/// Whether an attempt may be made; when it may, it is already counted by the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    Allowed,
    /// Try again at this time.
    Wait(Micros),
}

/// The counters of one attempt. `account` names the account asked for (known or not, the same way), `source` where it
/// comes from, `known_device` whether the owner has signed in from that browser before.
pub fn throttle_keys(account: &[u8], source: &[u8], known_device: bool) -> Vec<Vec<u8>> {
    let mut pair = b"pair:".to_vec();
    pair.extend_from_slice(account);
    pair.push(0);
    pair.extend_from_slice(source);
    if known_device {
        // The owner's own browser answers only for itself.
        return vec![pair];
    }
    let mut strangers = b"strangers:".to_vec();
    strangers.extend_from_slice(account);
    let mut from = b"source:".to_vec();
    from.extend_from_slice(source);
    vec![pair, strangers, from]
}

/// Failures that pass without delay, and the longest delay, by kind of counter.
fn limits(key: &[u8]) -> (i64, Micros) {
    if key.starts_with(b"pair:") {
        (5, HOUR)
    } else if key.starts_with(b"mail:") {
        (3, HOUR)
    } else {
        // Many people may share a source, and many strangers may aim at one account: wider, and never long.
        (50, MINUTE.times(15))
    }
}

/// Half a day without a failure forgets them all.
const FORGET: Micros = HOUR.times(12);

/// Counters that many people share leak: one failure is forgotten in this time.
fn leak(key: &[u8]) -> Option<Micros> {
    if key.starts_with(b"pair:") {
        None
    } else if key.starts_with(b"mail:") {
        Some(MINUTE.times(10))
    } else if key.starts_with(b"strangers:") {
        Some(MINUTE)
    } else {
        Some(SECOND.times(6))
    }
}

/// What is left of a counter now.
fn remembered(throttle: &ThrottleFacts, now: Micros) -> i64 {
    let idle = now - throttle.updated_at;
    if idle >= FORGET {
        return 0;
    }
    let leaked = leak(&throttle.key).map_or(0, |each| idle.0.max(0) / each.0);
    throttle.failures.saturating_sub(leaked).max(0)
}

fn delay(key: &[u8], failures: i64) -> Micros {
    let (free, longest) = limits(key);
    let over = failures.saturating_sub(free);
    if over < 0 {
        return Micros(0);
    }
    let first = if key.starts_with(b"mail:") { MINUTE } else { SECOND.times(2) };
    let grown = first.0.saturating_mul(1i64.checked_shl(u32::try_from(over.min(40)).unwrap_or(40)).unwrap_or(i64::MAX));
    Micros(grown.min(longest.0))
}

/// Reserves one attempt on every counter, or says how long to wait. The counters are compare-and-swap: of two attempts
/// that read the same count only one commits, the other reads again.
pub fn decide_attempt(facts: &Facts, keys: &[Vec<u8>], now: Micros) -> Decision<Attempt> {
    let mut plan = Plan::default();
    let mut wait = None;
    for key in keys {
        let known = facts.throttles.iter().find(|throttle| throttle.key == *key);
        let was = known.map_or(0, |throttle| throttle.failures);
        let blocked_until = known.map_or(Micros(0), |throttle| throttle.blocked_until);
        if blocked_until > now {
            wait = wait.max(Some(blocked_until));
        }
        let failures = known.map_or(0, |throttle| remembered(throttle, now)).saturating_add(1);
        let blocked_until = now + delay(key, failures);
        plan.push(Change::Throttle { key: key.clone(), was, failures, blocked_until, at: now });
    }
    match wait {
        Some(until) => Decision::without_plan(Attempt::Wait(until), Reason::Throttled, None),
        None => Decision { outcome: Attempt::Allowed, reason: Reason::AttemptAllowed, row: None, plan },
    }
}
