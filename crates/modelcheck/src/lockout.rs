//! I4 as *always possible*: from every state that was reached and in which the victim still has an account in order,
//! honest steps alone lead to a session of it in the victim's browser.

use crate::act::{Act, Step, steps};
use crate::check::Violation;
use crate::explore::{Bound, Exploration, Found};
use crate::setup::Setup;
use crate::state::{ACTIVE, Person, State, owner};
use crate::step::Memory;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What was looked at.
#[derive(Debug, Clone)]
pub struct Report {
    pub setup: &'static str,
    pub states: usize,
    /// Those in which the promise holds, all of which lead to a sign-in.
    pub promised: usize,
    /// The longest way back that was needed.
    pub longest: usize,
    pub found: Option<Found>,
}

/// As many honest steps as the longest journey takes: a code, a proof, a choice, and time to pass.
const STEPS: usize = 5;

/// Whose account is in order: it is theirs, nobody switched it off, and their mailbox is still theirs.
fn promised(state: &State) -> bool {
    let db = &state.db;
    !db.recycled
        && (0..crate::state::USERS as u8)
            .any(|user| owner(user) == Person::Victim && db.users[usize::from(user)].status == ACTIVE)
}

fn signed_in(state: &State) -> bool {
    let session = state.sessions[0];
    !session.dead && session.of().is_some_and(|user| owner(user) == Person::Victim)
}

/// Explores the setup, then looks for a way back from every state.
pub fn run(run: &Exploration<'_>, bound: Bound) -> (crate::explore::Report, Report) {
    let explored = run.run(bound, &|_, _, _| {});
    let places = run.visited.sample(usize::MAX);
    let (next, promises, longest) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let found = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..bound.threads {
            scope.spawn(|| {
                let mut memory = Memory::default();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&place) = places.get(at) else { break };
                    let state = State::unpack(run.visited.get(place).0);
                    if !promised(&state) {
                        continue;
                    }
                    promises.fetch_add(1, Ordering::Relaxed);
                    match way_back(run, &mut memory, state) {
                        Some(steps) => {
                            longest.fetch_max(steps, Ordering::Relaxed);
                        }
                        None => {
                            let mut found = found.lock().expect("no thread panics");
                            if found.is_none() {
                                let (start, trace) = run.trace(place);
                                let what = "the victim cannot get back in".to_owned();
                                *found = Some(Found { violation: Violation { invariant: "I4", what }, trace, start });
                            }
                            break;
                        }
                    }
                }
            });
        }
    });
    let report = Report {
        setup: explored.setup,
        states: places.len(),
        promised: promises.into_inner(),
        longest: longest.into_inner(),
        found: found.into_inner().expect("no thread panics"),
    };
    (explored, report)
}

/// How many honest steps lead to a session.
fn way_back(run: &Exploration<'_>, memory: &mut Memory, from: State) -> Option<usize> {
    if signed_in(&from) {
        return Some(0);
    }
    let mut seen = HashSet::from([from]);
    let mut frontier = vec![from];
    for depth in 1..=STEPS {
        let mut reached = Vec::new();
        for state in frontier {
            for step in honest(run.world.setup, &state) {
                let Some(outcome) = run.successor(memory, &state, step) else { continue };
                if signed_in(&outcome.next) {
                    return Some(depth);
                }
                if seen.insert(outcome.next) {
                    reached.push(outcome.next);
                }
            }
        }
        frontier = reached;
    }
    None
}

fn honest(setup: &Setup, state: &State) -> impl Iterator<Item = Step> {
    steps(setup, state).into_iter().filter(|step| !step.split && step.act.is_honest() && step.act != Act::Commit)
}
