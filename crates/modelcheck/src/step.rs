//! One step of the world: a journey moves, a decision is made, its plan commits, waits or conflicts.

use crate::act::{Act, Step};
use crate::decide::{Decided, Kind, Seen, View, World};
use crate::plan::{Guard, Op};
use crate::setup::Setup;
use crate::state::{CODE, CONFIRMING, Db, Flow, Grants, HALF_WAY, LINK, LINKING, Pending, Person, SIGN_IN, State};
use crate::store::{apply, without_change, without_merge};
use std::collections::HashMap;
use std::sync::Mutex;

/// What a step did, for invariants and coverage.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub next: State,
    pub decided: Option<Decided>,
    /// The operations that were committed, in order, by which decision.
    pub committed: Option<(Kind, Vec<Op>)>,
    /// Whose browser the plan was made for.
    pub browser: u8,
    /// The guard that did not hold.
    pub conflict: Option<(Kind, Guard)>,
    /// A rule that only a store without its guards can break.
    pub broken: Option<&'static str>,
}

/// Plans by what they are, and by number.
type Numbered = (HashMap<(Kind, Vec<Op>), u32>, Vec<(Kind, Vec<Op>)>);

/// Plans that wait, by number, for the whole run.
#[derive(Default)]
pub struct Waiting {
    inner: Mutex<Numbered>,
}

impl Waiting {
    fn number(&self, kind: Kind, plan: &[Op]) -> u32 {
        let mut inner = self.inner.lock().expect("no thread panics while it holds this");
        let key = (kind, plan.to_vec());
        if let Some(number) = inner.0.get(&key) {
            return *number;
        }
        inner.1.push(key.clone());
        let number = inner.1.len() as u32;
        inner.0.insert(key, number);
        number
    }

    fn plan(&self, number: u32) -> (Kind, Vec<Op>) {
        self.inner.lock().expect("no thread panics while it holds this").1[number as usize - 1].clone()
    }
}

/// Decisions that were made, by everything they may know. Bounded: it is only there to save time.
#[derive(Default)]
pub struct Memory(HashMap<(u128, u32, u32, Act), Option<Decided>, foldhash::fast::FixedState>);

const REMEMBERED: usize = 400_000;

/// Takes one step; `None` where nothing happens or the small world has no room.
pub fn step(world: &World<'_>, waiting: &Waiting, memory: &mut Memory, state: &State, step: Step) -> Option<Outcome> {
    let mut next = *state;
    let quiet =
        |next: State| Some(Outcome { next, decided: None, committed: None, browser: 0, conflict: None, broken: None });
    world.mutant.environment(step.act, &mut next);
    match step.act {
        Act::Minutes => {
            minutes(&mut next);
            return quiet(next);
        }
        Act::Months => {
            months(&mut next);
            return quiet(next);
        }
        Act::Recycle => {
            next.db.recycled = true;
            return quiet(next);
        }
        Act::Crash => {
            next.pending = Pending::default();
            return quiet(next);
        }
        Act::Restore => {
            restore(world.setup, &mut next);
            return quiet(next);
        }
        Act::StartLink { b } => {
            start_link(&mut next, b);
            begun(&mut next, b);
            return quiet(next);
        }
        Act::Commit => {
            let pending = state.pending;
            let (kind, plan) = waiting.plan(pending.plan);
            next.pending = Pending::default();
            return apply(world, next, kind, &plan, pending, None);
        }
        _ => {}
    }
    let browser = step.act.browser().unwrap_or(0);
    if usize::from(browser) < next.flows.len() {
        let flow = &mut next.flows[usize::from(browser)];
        journey(flow, step.act);
        if matches!(step.act, Act::Return { .. }) {
            begun(&mut next, browser);
        }
        if next.flows[usize::from(browser)].dead {
            // Sealed before a restore: the journey does not open it.
            return None;
        }
    }
    let session = next.sessions[usize::from(browser)];
    let flow = next.flows.get(usize::from(browser)).copied().unwrap_or_default();
    let view = View { db: next.db, session, flow, act: step.act };
    let decided = recall(world, memory, view)?;
    if let Some(flow) = next.flows.get_mut(usize::from(browser)) {
        match decided.seen {
            Seen::AskProof(user) => flow.named = user + 1,
            // Any of them may be proven; the ticket names whom the person chose, and that is whom they prove.
            Seen::AskProofOfOne => flow.named = 1,
            Seen::AskFactor(user) => half_way(flow, step.act, user),
            _ => {}
        }
    }
    if decided.plan.is_empty() {
        // A journey that was already over when it was presented again stays over.
        return Some(Outcome { next, decided: Some(decided), committed: None, browser, conflict: None, broken: None });
    }
    if step.split {
        let plan = waiting.number(decided.kind, &decided.plan);
        next.pending = Pending { plan, browser, ..Pending::default() };
        return Some(Outcome { next, decided: Some(decided), committed: None, browser, conflict: None, broken: None });
    }
    let now = Pending { browser, ..Pending::default() };
    let (kind, plan) = (decided.kind, decided.plan.clone());
    let mut outcome = apply(world, next, kind, &plan, now, Some(decided))?;
    if outcome.committed.is_some()
        && let Some(flow) = outcome.next.flows.get_mut(usize::from(browser))
        && matches!(flow.kind, HALF_WAY | CONFIRMING)
    {
        // Whoever is in, or confirmed, is asked for nothing any more.
        *flow = Flow::default();
    }
    Some(outcome)
}

/// A sealed flow, and no session of any kind: what was shown first, and whose second factor is asked for.
fn half_way(flow: &mut Flow, act: Act, user: u8) {
    let (kind, method) = match act {
        Act::SignIn { m, .. } => (HALF_WAY, m),
        Act::StepUp { m, .. } => (CONFIRMING, m),
        // The journey knows the rest.
        _ => return,
    };
    *flow = Flow { kind, named: user + 1, proof: method + 1, proven: user + 1, ..Flow::default() };
}

fn recall(world: &World<'_>, memory: &mut Memory, view: View) -> Option<Decided> {
    let key = (view.db.pack(), view.session.pack(), view.flow.pack(), view.act);
    if let Some(known) = memory.0.get(&key) {
        return known.clone();
    }
    let decided = world.decide(&view);
    if memory.0.len() >= REMEMBERED {
        memory.0.clear();
    }
    memory.0.insert(key, decided.clone());
    decided
}

/// The journey's own part: what the browser carries after this step was asked for.
pub fn journey(flow: &mut Flow, act: Act) {
    match act {
        Act::Return { i, a, verified, .. } => {
            *flow = Flow { kind: SIGN_IN, identity: i + 1, claim: a, verified, ..Flow::default() };
        }
        Act::ReturnToLink { i, a, verified, .. } => {
            (flow.identity, flow.claim, flow.verified) = (i + 1, a, verified);
        }
        Act::Code { a, .. } => flow.mailbox = a + 1,
        Act::Prove { u, m, .. } => {
            // Of several, the ticket names the one that is proven.
            (flow.proof, flow.proven) = (m + 1, u + 1);
            // A code that was entered shows its mailbox, whatever it was asked for.
            if (CODE..LINK).contains(&m) {
                flow.mailbox = m - CODE + 1;
            }
        }
        Act::Factor { u, .. } => flow.factor = u + 1,
        Act::Separate { .. } => flow.separate = true,
        Act::Switch { .. } => flow.switch = true,
        _ => {}
    }
}

/// A journey that waits for its commit is not the browser's any more.
fn begun(state: &mut State, browser: u8) {
    state.pending.flow |= state.pending.plan != 0 && state.pending.browser == browser;
}

fn start_link(state: &mut State, b: u8) {
    let slot = usize::from(b);
    let session = state.sessions[slot];
    state.flows[slot] = Flow { kind: LINKING, named: session.user, ..Flow::default() };
}

fn minutes(state: &mut State) {
    for session in &mut state.sessions {
        session.fresh = false;
    }
    // What came back in a journey counts for minutes only.
    state.flows = Default::default();
}

fn months(state: &mut State) {
    state.sessions = Default::default();
    state.flows = Default::default();
    state.db.grants = Grants::default();
    for identity in &mut state.db.identities {
        identity.recent = false;
    }
    for passkey in &mut state.db.passkeys {
        passkey.recent = false;
    }
}

/// The first state's records come back under a new store epoch.
fn restore(setup: &Setup, state: &mut State) {
    state.db = Db { recycled: state.db.recycled, ..setup.start[0].db };
    for session in &mut state.sessions {
        session.dead = session.user > 0;
    }
    for flow in &mut state.flows {
        flow.dead = flow.kind != 0;
        // The record that it was spent is gone with the rest.
        flow.spent = false;
    }
    if state.pending.plan != 0 {
        state.pending.epoch = true;
    }
}

/// Keeps states apart only by what something still reads: grants where nothing can be undone, a spent flow where nobody
/// presents it again, how new a link is where nobody recovers.
pub fn forget(setup: &Setup, state: &mut State) {
    let events = &setup.events;
    if !events.undo {
        state.db.grants = without_change(state.db.grants);
    }
    if !events.merges {
        state.db.grants = without_merge(state.db.grants);
    }
    if !events.recovery {
        for identity in &mut state.db.identities {
            identity.recent = false;
        }
        for passkey in &mut state.db.passkeys {
            passkey.recent = false;
        }
    }
    for (browser, flow) in state.flows.iter_mut().enumerate() {
        let kept = events.replay && setup.person_at(browser as u8) == Person::Attacker && !flow.dead;
        if flow.spent && !kept && state.pending.plan == 0 {
            *flow = Flow::default();
        }
        if flow.kind != LINKING {
            flow.other_session = false;
            flow.outdated = false;
        }
    }
}
