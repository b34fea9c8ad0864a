//! One throttle over all doors.

use crate::world::NOW;
use linking::{Attempt, Reason, decide_attempt, throttle_keys};
use model::{Change, Facts, HOUR, MINUTE, Micros, SECOND, ThrottleFacts};

/// Makes one attempt after another at `at`, as the store would keep them.
#[derive(Default)]
struct Counters(Vec<ThrottleFacts>);

impl Counters {
    fn attempt(&mut self, keys: &[Vec<u8>], at: Micros) -> Attempt {
        let facts = Facts { throttles: self.0.clone(), ..Facts::default() };
        let decision = decide_attempt(&facts, keys, at);
        for change in decision.plan.changes {
            let Change::Throttle { key, was, failures, blocked_until, at } = change else { panic!("{change:?}") };
            let known = self.0.iter().position(|throttle| throttle.key == key);
            assert_eq!(known.map_or(0, |place| self.0[place].failures), was, "compare and swap");
            self.0.retain(|throttle| throttle.key != key);
            self.0.push(ThrottleFacts { key, failures, blocked_until, updated_at: at });
        }
        decision.outcome
    }

    /// Tries as soon as it may, `times` times, and returns the longest wait.
    fn insist(&mut self, keys: &[Vec<u8>], times: usize, from: Micros) -> (Micros, Micros) {
        let (mut now, mut longest) = (from, Micros(0));
        for _ in 0..times {
            if let Attempt::Wait(until) = self.attempt(keys, now) {
                longest = longest.max(until - now);
                now = until;
                assert_eq!(self.attempt(keys, now), Attempt::Allowed, "a wait that is over is over");
            }
        }
        (now, longest)
    }
}

fn keys(account: &[u8], source: &[u8]) -> Vec<Vec<u8>> {
    throttle_keys(account, source, false)
}

#[test]
fn a_few_failures_pass_and_then_delays_grow() {
    let mut counters = Counters::default();
    for _ in 0..5 {
        assert_eq!(counters.attempt(&keys(b"vera", b"net"), NOW), Attempt::Allowed);
    }
    let mut now = NOW;
    for wait in [2, 4, 8, 16] {
        let Attempt::Wait(until) = counters.attempt(&keys(b"vera", b"net"), now) else { panic!("not throttled") };
        assert_eq!(until, now + SECOND.times(wait));
        now = until;
        assert_eq!(counters.attempt(&keys(b"vera", b"net"), now), Attempt::Allowed);
    }
}

#[test]
fn an_attempt_that_waits_counts_nothing() {
    let mut counters = Counters::default();
    counters.insist(&keys(b"vera", b"net"), 5, NOW);
    let before = counters.0.clone();
    assert!(matches!(counters.attempt(&keys(b"vera", b"net"), NOW), Attempt::Wait(_)));
    assert_eq!(counters.0, before);
    let facts = Facts { throttles: before, ..Facts::default() };
    assert_eq!(decide_attempt(&facts, &keys(b"vera", b"net"), NOW).reason, Reason::Throttled);
}

#[test]
fn t76_failing_on_purpose_locks_nobody_out() {
    let mut counters = Counters::default();
    // A stranger insists from one place, then from a hundred.
    let (mut now, longest) = counters.insist(&keys(b"vera", b"net"), 200, NOW);
    assert!(longest <= HOUR, "never hard: {longest}");
    for n in 0u8..100 {
        (now, _) = counters.insist(&keys(b"vera", &[n]), 6, now);
    }
    // The owner's own browser has a budget of its own.
    assert_eq!(counters.attempt(&throttle_keys(b"vera", b"device", true), now), Attempt::Allowed);
    // From anywhere else she waits a quarter of an hour at most.
    if let Attempt::Wait(until) = counters.attempt(&keys(b"vera", b"elsewhere"), now) {
        assert!(until - now <= MINUTE.times(15));
    }
    // And nobody else is kept out, not even from next door to the first stranger's.
    assert_eq!(counters.attempt(&keys(b"bob", b"far"), now), Attempt::Allowed);
}

#[test]
fn t76_a_known_device_answers_only_for_itself() {
    let mut counters = Counters::default();
    let own = throttle_keys(b"vera", b"device", true);
    counters.insist(&own, 50, NOW);
    assert!(matches!(counters.attempt(&own, NOW), Attempt::Wait(_)), "its budget has an end as well");
    assert_eq!(counters.attempt(&keys(b"vera", b"net"), NOW), Attempt::Allowed);
}

#[test]
fn t95_one_account_has_one_budget_whatever_the_door_or_the_place() {
    // The keys name no door: sign-in, conflict, step-up and API share them by construction.
    let mut counters = Counters::default();
    let mut allowed = 0;
    for n in 0u8..200 {
        // A new place every time, the same account.
        allowed += usize::from(counters.attempt(&keys(b"vera", &[n]), NOW) == Attempt::Allowed);
    }
    assert_eq!(allowed, 50, "strangers together");
    let mut counters = Counters::default();
    let mut allowed = 0;
    for n in 0u8..200 {
        // The same place, a new account every time.
        allowed += usize::from(counters.attempt(&keys(&[n], b"net"), NOW) == Attempt::Allowed);
    }
    assert_eq!(allowed, 50, "one source over all accounts");
}

#[test]
fn t95_accounts_known_and_unknown_are_counted_alike() {
    let known = keys(&[1; 16], b"net");
    let unknown = keys(&[2; 32], b"net");
    assert_eq!(known.len(), unknown.len());
    let (mut a, mut b) = (Counters::default(), Counters::default());
    for _ in 0..12 {
        assert_eq!(a.attempt(&known, NOW), b.attempt(&unknown, NOW));
    }
}

#[test]
fn mails_are_limited_sooner_and_half_a_day_forgets() {
    let mail = [b"mail:vera".to_vec()];
    let mut counters = Counters::default();
    for _ in 0..3 {
        assert_eq!(counters.attempt(&mail, NOW), Attempt::Allowed);
    }
    assert_eq!(counters.attempt(&mail, NOW), Attempt::Wait(NOW + MINUTE));
    let (later, _) = counters.insist(&mail, 10, NOW);
    let later = later + HOUR.times(12);
    for _ in 0..3 {
        assert_eq!(counters.attempt(&mail, later), Attempt::Allowed);
    }
    assert!(matches!(counters.attempt(&mail, later), Attempt::Wait(_)));
}

#[test]
fn counters_that_many_share_leak() {
    let mut counters = Counters::default();
    // A large office behind one address: each person mistypes once, all within a moment.
    for n in 0u8..50 {
        counters.attempt(&keys(&[n], b"office"), NOW);
    }
    assert!(matches!(counters.attempt(&keys(b"next", b"office"), NOW), Attempt::Wait(_)));
    // Six minutes later nothing of it is left, though nobody ever succeeded.
    let later = NOW + MINUTE.times(6);
    for n in 0u8..49 {
        assert_eq!(counters.attempt(&keys(&[n], b"office"), later), Attempt::Allowed, "{n}");
    }
}

#[test]
fn what_leaks_leaks_one_failure_after_the_other() {
    let office = [b"source:office".to_vec()];
    let mut counters = Counters::default();
    for _ in 0..50 {
        counters.attempt(&office, NOW);
    }
    // After six seconds one of the fifty is forgotten, and not all of them.
    let later = NOW + SECOND.times(6);
    assert_eq!(counters.attempt(&office, later), Attempt::Allowed);
    assert_eq!(counters.attempt(&office, later), Attempt::Wait(later + SECOND.times(2)));
}
