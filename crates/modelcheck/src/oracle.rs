//! I12 in two runs: worlds that differ only in what the victim has here look the same to an attacker who has shown no
//! mailbox.

use crate::act::{Act, Step, steps};
use crate::check::Violation;
use crate::decide::{Mutation, Seen, World};
use crate::names::{HONEST, IDENTITY, Names};
use crate::setup::Setup;
use crate::state::{Address, Identity, Packed, Passkey, Session, State, User};
use crate::step::{Memory, Waiting, forget, step};
use std::collections::HashSet;

/// What was looked at.
#[derive(Debug, Clone)]
pub struct Report {
    pub setup: &'static str,
    /// Pairs of states.
    pub pairs: usize,
    pub found: Option<(Violation, Vec<Step>)>,
}

/// Runs the attacker's steps in two worlds side by side: `start` of the setup, and the same without the victim.
pub fn run(setup: &Setup, names: &Names, mutant: &dyn Mutation, bound: usize) -> Report {
    let world = World { setup, names, mutant };
    let waiting = Waiting::default();
    let mut memory = Memory::default();
    let mut seen: HashSet<(Packed, Packed)> = HashSet::new();
    let mut report = Report { setup: setup.name, pairs: 0, found: None };
    let mut frontier: Vec<(State, State, Vec<Step>)> = Vec::new();
    for start in &setup.start {
        frontier.push((*start, without_victim(*start), Vec::new()));
    }
    while let Some((known, unknown, path)) = frontier.pop() {
        if !seen.insert((known.pack(false), unknown.pack(false))) || seen.len() > bound {
            continue;
        }
        let (mine, others) = (of_attacker(setup, &known), of_attacker(setup, &unknown));
        for next in &mine {
            let mut path = path.clone();
            path.push(*next);
            if !others.contains(next) {
                report.found = Some((violation(*next, "something is offered in one world only"), path));
                return report;
            }
            let one = step(&world, &waiting, &mut memory, &known, *next);
            let other = step(&world, &waiting, &mut memory, &unknown, *next);
            let (Some(one), Some(other)) = (one, other) else { continue };
            let view = |outcome: &crate::step::Outcome| {
                // Numbers of users are ours, not theirs to see.
                outcome.decided.as_ref().map(|decided| {
                    let seen = if matches!(decided.seen, Seen::AskProof(_)) { Seen::AskProof(0) } else { decided.seen };
                    (seen, decided.reason)
                })
            };
            if view(&one) != view(&other) {
                let what = format!("{:?} in one world, {:?} in the other", view(&one), view(&other));
                report.found = Some((violation(*next, &what), path));
                return report;
            }
            let (mut one, mut other) = (one.next, other.next);
            forget(setup, &mut one);
            forget(setup, &mut other);
            frontier.push((one, other, path));
        }
    }
    report.pairs = seen.len();
    report
}

fn violation(step: Step, what: &str) -> Violation {
    Violation { invariant: "I12", what: format!("{:?}: {what}", step.act) }
}

/// The victim has nothing here: no user, so no link, address or session.
fn without_victim(mut state: State) -> State {
    for user in 0..2u8 {
        state.db.users[usize::from(user)] = User::default();
        for address in &mut state.db.addresses {
            if address.owner == user + 1 {
                *address = Address::default();
            }
        }
        for identity in &mut state.db.identities {
            if identity.living() == Some(user) {
                *identity = Identity::default();
            }
        }
        for passkey in &mut state.db.passkeys {
            if passkey.of() == Some(user) {
                *passkey = Passkey::default();
            }
        }
    }
    state.sessions[0] = Session::default();
    state
}

/// The attacker alone, below Vouched: the honest provider's word about the attacker's own mailbox says nothing of the
/// victim's.
fn of_attacker(setup: &Setup, state: &State) -> Vec<Step> {
    steps(setup, state)
        .into_iter()
        .filter(|step| !step.split && step.act.browser() == Some(1))
        .filter(|step| match step.act {
            Act::Return { i, a, .. } => IDENTITY[usize::from(i)].1 != HONEST || a != 1,
            _ => true,
        })
        .collect()
}
