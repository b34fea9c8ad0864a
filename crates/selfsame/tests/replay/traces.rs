//! Which of the model's traces are played: sampled evenly from a bounded exploration, and walked on from there.
//!
//! The model asks every question at any time; pages do not. A trace goes on only by steps that some page, or request of
//! the API, takes.

use modelcheck::act::{Act, Step};
use modelcheck::decide::{Faultless, Mutation, Seen};
use modelcheck::explore::{Bound, Exploration, all_steps};
use modelcheck::mutants::Mutant;
use modelcheck::names::{IDENTITY, Names, OPEN};
use modelcheck::setup::Setup;
use modelcheck::state::{ACCOUNT, BROWSERS, CODE, LINK, PASSKEY, PASSWORD, State};
use modelcheck::step::{Memory, Outcome};
use std::collections::HashSet;
use std::time::Duration;

/// Enough to go some steps deep from every first state.
const STATES: usize = 3_000;
/// Steps that a sampled trace is walked on for.
const FURTHER: usize = 4;

/// A step, what the model says of it, and what the pages need to know beside it.
#[derive(Debug, Clone)]
pub struct Taken {
    pub step: Step,
    pub outcome: Outcome,
    /// For which connection a link is started here.
    pub link: u8,
    /// Whether the account page would start it; the model asks only when the person is back.
    pub startable: bool,
}

#[derive(Debug, Clone)]
pub struct Trace {
    pub start: State,
    pub steps: Vec<Taken>,
}

/// A setup as it is played: the store's races test what happens between read and write.
pub fn whole_steps(setup: Setup) -> Setup {
    let events = modelcheck::setup::Events { split: false, ..setup.events };
    Setup { events, ..setup }
}

/// What each browser's journey shows, as far as it decides what can be done next.
#[derive(Debug, Clone, Default)]
struct Pages {
    journey: [Option<Seen>; BROWSERS],
    /// The state in which a link was started.
    started: [Option<State>; BROWSERS],
}

/// Whether the account page starts a link: in a fresh session of the account, for a connection that links, below the
/// limit.
fn startable(setup: &Setup, names: &Names, state: &State, b: u8, connection: u8) -> bool {
    let session = state.sessions[usize::from(b)];
    let rules = setup.policy.connection(&names.connections[usize::from(connection)]).expect("configured");
    let present = |user: u8| {
        let of = |i: &usize| IDENTITY[*i].1 == connection && state.db.identities[*i].active() == Some(user);
        (0..IDENTITY.len()).filter(of).count()
    };
    session.fresh
        && session.scope == ACCOUNT
        && state.db.is_on(connection)
        && rules.purpose.links()
        && session.of().is_some_and(|user| present(user) < rules.max_links_per_user as usize)
}

impl Pages {
    /// Whether a page takes this step.
    fn take(&self, setup: &Setup, names: &Names, state: &State, act: Act, outcome: &Outcome) -> bool {
        let at = |b: u8| self.journey[usize::from(b)];
        let seen = outcome.decided.as_ref().map(|decided| decided.seen);
        match act {
            Act::Code { b, a } => at(b) == Some(Seen::AskMailbox) && state.flows[usize::from(b)].claim == a + 1,
            Act::Prove { b, u, m } => match at(b) {
                // The page checks what is shown against the user it names; a code goes to that one alone.
                Some(Seen::AskProof(named)) => {
                    u == named || (!(CODE..LINK).contains(&m) && seen == Some(Seen::Refused))
                }
                _ => false,
            },
            Act::Separate { b } => {
                let identity = state.flows[usize::from(b)].identity.saturating_sub(1);
                let id = &names.connections[usize::from(IDENTITY[usize::from(identity)].1)];
                let open = setup.policy.connection(id).is_some_and(|rules| rules.sign_up == model::SignUp::Open);
                let asked = matches!(
                    at(b),
                    Some(Seen::AskProof(_) | Seen::AddressTaken | Seen::OtherAccount | Seen::AskCreate)
                );
                asked && open
            }
            Act::Switch { b } => at(b) == Some(Seen::AskSwitch),
            // Who comes back as who they are gets no second session, where the model makes one.
            Act::SignIn { b, u, m: m @ LINK..PASSKEY } => {
                let session = state.sessions[usize::from(b)];
                !(session.of() == Some(u) && session.method == m && session.fresh)
            }
            // A password is typed with an address.
            Act::SignIn { u, m: PASSWORD, .. } => state.db.addresses.iter().any(|known| known.owner == u + 1),
            Act::ReturnToLink { b, i, .. } => {
                let refused = matches!(seen, Some(Seen::Refused | Seen::StepUpFirst | Seen::SignInFirst));
                let started = self.started[usize::from(b)];
                refused || started.is_some_and(|then| startable(setup, names, &then, b, IDENTITY[usize::from(i)].1))
            }
            Act::Commit | Act::Crash | Act::Months | Act::Restore | Act::MoveConnection { .. } => false,
            _ => true,
        }
    }

    fn turn(&mut self, state: &State, act: Act, outcome: &Outcome) {
        let seen = outcome.decided.as_ref().map(|decided| decided.seen);
        match act {
            Act::Return { b, .. }
            | Act::Code { b, .. }
            | Act::Prove { b, .. }
            | Act::Separate { b }
            | Act::Switch { b } => {
                let over = outcome.committed.is_some() && seen == Some(Seen::Done);
                self.journey[usize::from(b)] = seen.filter(|seen| !over && *seen != Seen::Refused);
                self.started[usize::from(b)] = None;
            }
            Act::StartLink { b } => {
                self.journey[usize::from(b)] = None;
                self.started[usize::from(b)] = Some(*state);
            }
            Act::Minutes => *self = Self::default(),
            _ => {}
        }
    }
}

/// Follows steps from a first state until one that no page takes. `anyhow`: the attacker tries it nevertheless.
struct Walk<'a, 'b> {
    run: &'a Exploration<'b>,
    names: &'a Names,
    memory: Memory,
    pages: Pages,
    now: State,
    trace: Trace,
    anyhow: bool,
}

impl<'a, 'b> Walk<'a, 'b> {
    fn new(run: &'a Exploration<'b>, names: &'a Names, start: State, anyhow: bool) -> Self {
        let trace = Trace { start, steps: Vec::new() };
        Self { run, names, memory: Memory::default(), pages: Pages::default(), now: start, trace, anyhow }
    }

    fn outcome(&mut self, step: Step) -> Option<Outcome> {
        let outcome = self.run.successor(&mut self.memory, &self.now, step)?;
        let taken = self.anyhow || self.pages.take(self.run.world.setup, self.names, &self.now, step.act, &outcome);
        taken.then_some(outcome)
    }

    fn go(&mut self, step: Step) -> bool {
        let Some(outcome) = self.outcome(step) else { return false };
        self.pages.turn(&self.now, step.act, &outcome);
        self.now = outcome.next;
        self.trace.steps.push(Taken { step, outcome, link: OPEN, startable: false });
        true
    }

    /// Any of the steps that pages take, the same at every run.
    fn wander(&mut self, number: u64) {
        for turn in 0..FURTHER as u64 {
            let steps = all_steps(&self.run.world, &self.now);
            let playable: Vec<_> = steps.into_iter().filter(|step| self.outcome(*step).is_some()).collect();
            let mixed = (number * 31 + turn + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            let Some(step) = playable.get(mixed as usize % playable.len().max(1)) else { return };
            self.go(*step);
        }
    }

    fn finish(self) -> Trace {
        let Self { run, names, mut trace, .. } = self;
        let mut now = trace.start;
        for number in 0..trace.steps.len() {
            if let Act::StartLink { b } = trace.steps[number].step.act {
                let later = trace.steps[number + 1..].iter().map(|taken| taken.step.act);
                let back = later.take_while(|act| *act != Act::StartLink { b }).find_map(|act| match act {
                    Act::ReturnToLink { b: other, i, .. } if other == b => Some(IDENTITY[usize::from(i)].1),
                    _ => None,
                });
                let link = back.unwrap_or(OPEN);
                let startable = startable(run.world.setup, names, &now, b, link);
                (trace.steps[number].link, trace.steps[number].startable) = (link, startable);
                let back = trace.steps[number + 1..]
                    .iter_mut()
                    .find(|taken| matches!(taken.step.act, Act::ReturnToLink { b: other, .. } if other == b));
                if let Some(back) = back {
                    back.startable = startable;
                }
            }
            now = trace.steps[number].outcome.next;
        }
        trace
    }
}

/// So many traces of a setup.
pub fn sampled(setup: &Setup, names: &Names, wanted: usize) -> Vec<Trace> {
    let run = Exploration::new(setup, names, &Faultless);
    let bound = Bound { states: STATES, time: Duration::from_mins(10), threads: 1 };
    let report = run.run(bound, &|_, _, _| {});
    assert!(report.found.is_none(), "the model itself is at fault in `{}`", setup.name);
    let mut seen = HashSet::new();
    let mut traces = Vec::new();
    for place in run.visited.sample(wanted * 4) {
        let (start, steps) = run.trace(place);
        let mut walk = Walk::new(&run, names, start, false);
        if !steps.iter().all(|(step, _)| walk.go(*step)) {
            continue;
        }
        walk.wander(traces.len() as u64);
        let acts: Vec<_> = walk.trace.steps.iter().map(|taken| taken.step).collect();
        if !acts.is_empty() && seen.insert((start.pack(false), acts)) {
            traces.push(walk.finish());
        }
    }
    let every = (traces.len() / wanted.max(1)).max(1);
    traces.into_iter().step_by(every).take(wanted).collect()
}

/// The shortest trace to what a fault breaks, in the first of its setups that can be played and shows it.
pub fn of_mutant(mutant: &Mutant, setups: &[Setup], names: &Names) -> Option<(usize, Trace)> {
    for name in mutant.setups {
        let Some(at) = setups.iter().position(|setup| setup.name == *name) else { continue };
        let run = Exploration::new(&setups[at], names, &mutant.fault as &dyn Mutation);
        let bound = Bound { states: 400_000, time: Duration::from_mins(1), threads: 2 };
        let Some(found) = run.run(bound, &|_, _, _| {}).found else { continue };
        let mut walk = Walk::new(&run, names, found.start, true);
        assert!(found.trace.iter().all(|(step, _)| walk.go(*step)), "the trace of {} leads somewhere", mutant.name);
        return Some((at, walk.finish()));
    }
    None
}
