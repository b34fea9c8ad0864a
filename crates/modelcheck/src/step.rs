//! One step of the world: a journey moves, a decision is made, its plan commits, waits or conflicts.

use crate::act::{Act, Step};
use crate::decide::{Decided, Kind, Mutation, Seen, View, World};
use crate::plan::{Guard, Op};
use crate::setup::Setup;
use crate::state::{
    ACTIVE, ADDRESSES, CODE, DELETED, Db, Flow, IDENTITIES, Identity, LINK, LINKING, LOOP, Pending, Person, SESSIONS,
    SIGN_IN, Session, State, person_at,
};
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

/// Plans that wait, by number, for the whole run.
#[derive(Default)]
pub struct Waiting {
    inner: Mutex<(HashMap<(Kind, Vec<Op>), u32>, Vec<(Kind, Vec<Op>)>)>,
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
            return Some(apply(world.mutant, next, kind, &plan, pending, None));
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
    Some(apply(world.mutant, next, kind, &plan, now, Some(decided)))
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
    state.db.grants = Default::default();
    for identity in &mut state.db.identities {
        identity.recent = false;
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

/// The store: a plan commits whole or not at all.
fn apply(
    mutant: &dyn Mutation,
    before: State,
    kind: Kind,
    plan: &[Op],
    pending: Pending,
    decided: Option<Decided>,
) -> Outcome {
    let mut store = Store { state: before, browser: pending.browser, kind, pending, broken: None };
    for &op in plan {
        if store.holds(op) {
            store.write(op);
            continue;
        }
        let guard = op.guard().expect("only guards fail");
        if mutant.keeps(kind, op) {
            let conflict = Some((kind, guard));
            return Outcome {
                next: before,
                decided,
                committed: None,
                browser: pending.browser,
                conflict,
                broken: None,
            };
        }
        store.force(op);
    }
    let browser = pending.browser;
    let broken = store.broken;
    Outcome { next: store.state, decided, committed: Some((kind, plan.to_vec())), browser, conflict: None, broken }
}

struct Store {
    state: State,
    browser: u8,
    kind: Kind,
    /// What changed since the plan was decided.
    pending: Pending,
    broken: Option<&'static str>,
}

impl Store {
    fn identity(&mut self, i: u8) -> &mut Identity {
        &mut self.state.db.identities[usize::from(i)]
    }

    fn stale(&self, user: u8) -> bool {
        self.pending.users & (1 << user) != 0
    }

    /// The journey that the plan spends, where the browser still carries it. Local sign-ins have journeys of their own,
    /// which end with their one step.
    fn flow(&self) -> Option<usize> {
        let carried = matches!(self.kind, Kind::SignIn | Kind::Link | Kind::Move) && !self.pending.flow;
        carried.then_some(usize::from(self.browser))
    }

    /// Whether the rows a change must touch are there.
    fn holds(&self, op: Op) -> bool {
        let db = &self.state.db;
        let p = &self.pending;
        let link = |i: u8| db.identities[usize::from(i)];
        match op {
            Op::ExpectUser(u) | Op::Raise(u) => !self.stale(u),
            Op::ExpectConnection(c) | Op::Enable(c, _) => p.connections & (1 << c) == 0,
            Op::MoveConnection(_) => p.connections & 1 == 0,
            Op::ExpectStoreEpoch => !p.epoch,
            Op::ExpectSession => !p.session && self.state.sessions[usize::from(self.browser)].user > 0,
            Op::ExpectCohort(c) => p.cohorts & (1 << c) == 0,
            Op::SpendFlow => self.flow().is_none_or(|at| !self.state.flows[at].spent),
            Op::AddLink(i, _) => link(i).holder == 0,
            Op::RestoreLink(i, u) => link(i).holder == 0 && link(i).tombstones & (1 << u) != 0,
            Op::Prove(a, ..) => db.addresses[usize::from(a)].owner == 0,
            Op::Renew(a, u) | Op::MoveAddress(a, u, _) => db.addresses[usize::from(a)].owner == u + 1,
            Op::RemoveLink(i, u) => link(i).living() == Some(u),
            Op::TouchLink(i, u) | Op::HoldLink(i, u) => link(i).active() == Some(u),
            Op::ReleaseLink(i, u) => link(i).held() == Some(u),
            Op::MoveLink(i, from, _) => link(i).living() == Some(from),
            Op::SpendGrant(merge) => {
                if merge {
                    db.grants.merged
                } else {
                    db.grants.change != 0
                }
            }
            _ => true,
        }
    }

    /// A guard was left out and would have failed: the store does what the statement does without it.
    fn force(&mut self, op: Op) {
        match op {
            Op::AddLink(i, u) if self.state.db.identities[usize::from(i)].living() != Some(u) => {
                self.broken = Some("I5: an identity got a second link");
                self.write(op);
            }
            Op::SpendFlow => self.broken = Some("I7: one ticket committed twice"),
            Op::Raise(u) => self.raise(u),
            Op::AddLink(..) | Op::RestoreLink(..) | Op::Enable(..) | Op::MoveConnection(_) => self.write(op),
            Op::Prove(..) => {
                self.broken = Some("I5: an address became a second user's");
                self.write(op);
            }
            Op::SpendGrant(_) => self.broken = Some("I7: one grant was used twice"),
            // Guards and updates that find no row change nothing.
            _ => {}
        }
    }

    fn raise(&mut self, user: u8) {
        self.pending_of_others(|p, db| {
            p.users |= 1 << user;
            for (i, identity) in db.identities.iter().enumerate() {
                if identity.living() == Some(user) {
                    p.cohorts |= 1 << crate::names::IDENTITY[i].1;
                }
            }
        });
        for flow in &mut self.state.flows {
            if flow.kind == LINKING && flow.named == user + 1 {
                flow.outdated = true;
            }
            // A proof that was given before the change is not carried on (T24, T26).
            if flow.proven == user + 1 {
                (flow.proof, flow.proven) = (0, 0);
            }
        }
    }

    /// Marks the plan that waits, if one does and this is not its own commit.
    fn pending_of_others(&mut self, mark: impl Fn(&mut Pending, &Db)) {
        if self.state.pending.plan != 0 {
            let db = self.state.db;
            mark(&mut self.state.pending, &db);
        }
    }

    fn end_session(&mut self, slot: usize) {
        if self.state.sessions[slot].user == 0 {
            return;
        }
        self.state.sessions[slot] = Session::default();
        self.session_changed(slot);
    }

    fn session_changed(&mut self, slot: usize) {
        self.pending_of_others(|p, _| p.session |= usize::from(p.browser) == slot);
        if let Some(flow) = self.state.flows.get_mut(slot)
            && flow.kind == LINKING
        {
            flow.other_session = true;
        }
    }

    fn cohort_changed(&mut self, identity: u8) {
        let connection = crate::names::IDENTITY[usize::from(identity)].1;
        self.pending_of_others(|p, _| p.cohorts |= 1 << connection);
    }

    fn write(&mut self, op: Op) {
        let person = person_at(self.browser);
        match op {
            Op::ExpectUser(_)
            | Op::ExpectConnection(_)
            | Op::ExpectStoreEpoch
            | Op::ExpectSession
            | Op::ExpectCohort(_)
            | Op::TouchLink(..)
            | Op::Audit(..)
            | Op::Notify(_) => {}
            Op::Raise(u) => self.raise(u),
            Op::SpendFlow => {
                if let Some(at) = self.flow() {
                    self.state.flows[at].spent = true;
                }
            }
            Op::CreateUser(u, two) => {
                let user = &mut self.state.db.users[usize::from(u)];
                (user.status, user.two) = (ACTIVE, two);
            }
            Op::Status(u, status) => self.state.db.users[usize::from(u)].status = status,
            Op::Erase(u) => self.erase(u),
            Op::Prove(a, u, proof) => {
                self.state.db.addresses[usize::from(a)] = crate::state::Address { owner: u + 1, proof };
            }
            Op::Renew(a, _) => self.state.db.addresses[usize::from(a)].proof = LOOP,
            Op::Password(u) => self.state.db.users[usize::from(u)].password = person as u8 + 1,
            Op::AddLink(i, u) => {
                let identity = self.identity(i);
                (identity.holder, identity.recent) = (u + 1, true);
                self.cohort_changed(i);
            }
            Op::RestoreLink(i, u) => {
                let identity = self.identity(i);
                (identity.holder, identity.recent) = (u + 1, true);
                identity.tombstones &= !(1 << u);
                self.cohort_changed(i);
            }
            Op::RemoveLink(i, u) => {
                self.cohort_changed(i);
                let identity = self.identity(i);
                *identity = Identity { holder: 0, tombstones: identity.tombstones | 1 << u, recent: false };
            }
            Op::HoldLink(i, u) => self.identity(i).holder = u + 4,
            Op::ReleaseLink(i, u) => self.identity(i).holder = u + 1,
            Op::MoveLink(i, _, to) => {
                let identity = self.identity(i);
                identity.holder = if identity.held().is_some() { to + 4 } else { to + 1 };
                self.cohort_changed(i);
            }
            Op::MoveAddress(a, _, to) => self.state.db.addresses[usize::from(a)].owner = to + 1,
            Op::RequireLevel(u, two) => self.state.db.users[usize::from(u)].two = two,
            Op::AddMember(u) => self.state.db.users[usize::from(u)].member = true,
            Op::CreateSession(session) => self.create_session(session),
            Op::EndOwnSession => {
                // By its hash: if the browser has another session by now, that one stays.
                if !self.pending.session {
                    self.end_session(usize::from(self.browser));
                }
            }
            Op::EndSessionsOfLink(i, u) => {
                self.end_where(|session| session.of() == Some(u) && session.link() == Some(i));
            }
            Op::EndSessionsOfUser(u) => self.end_where(|session| session.of() == Some(u)),
            Op::Grant(new) => self.grant(new),
            Op::SpendGrant(merge) => {
                let old = self.state.db.grants;
                self.state.db.grants = if merge { without_merge(old) } else { without_change(old) };
            }
            Op::Enable(c, on) => {
                let off = &mut self.state.db.off;
                *off = if on { *off & !(1 << c) } else { *off | 1 << c };
                self.pending_of_others(|p, _| p.connections |= 1 << c);
            }
            Op::MoveConnection(second) => {
                self.state.db.second_epoch = second;
                self.pending_of_others(|p, _| p.connections |= 1);
                for flow in &mut self.state.flows {
                    let of_it = flow.identity > 0 && crate::names::IDENTITY[usize::from(flow.identity - 1)].1 == 0;
                    // A ticket that has not been out yet goes to the new issuer.
                    flow.old_epoch |= of_it;
                }
            }
            Op::CarryLinks => self.carry(),
            Op::EndSessionsOfConnection(c) => {
                self.end_where(|session| session.link().is_some_and(|i| crate::names::IDENTITY[usize::from(i)].1 == c));
            }
        }
    }

    fn create_session(&mut self, session: Session) {
        let slot = if session.scope == crate::state::APPLICATION { SESSIONS - 1 } else { usize::from(self.browser) };
        // The browser takes what it is given; if something else came in between, the older secret is simply dropped.
        self.state.sessions[slot] = Session { dead: self.pending.epoch, ..session };
        self.session_changed(slot);
    }

    fn end_where(&mut self, ends: impl Fn(Session) -> bool) {
        for slot in 0..SESSIONS {
            if ends(self.state.sessions[slot]) {
                self.end_session(slot);
            }
        }
    }

    fn erase(&mut self, u: u8) {
        let db = &mut self.state.db;
        db.users[usize::from(u)] = crate::state::User { status: DELETED, ..Default::default() };
        for a in 0..ADDRESSES {
            if db.addresses[a].owner == u + 1 {
                db.addresses[a] = Default::default();
            }
        }
        for i in 0..IDENTITIES {
            if db.identities[i].living() == Some(u) {
                let tombstones = db.identities[i].tombstones | 1 << u;
                db.identities[i] = Identity { holder: 0, tombstones, recent: false };
            }
        }
        self.end_where(|session| session.of() == Some(u));
    }

    fn grant(&mut self, new: crate::state::Grants) {
        let grants = &mut self.state.db.grants;
        *grants = if new.merged {
            crate::state::Grants { change: grants.change, identity: grants.identity, user: grants.user, ..new }
        } else {
            crate::state::Grants { change: new.change, identity: new.identity, user: new.user, ..*grants }
        };
    }

    /// Each active link of the first connection goes to the subject of the same name in the other epoch.
    fn carry(&mut self) {
        const FIRST: u8 = 0;
        const SECOND: u8 = 5;
        let (from, to) = if self.state.db.second_epoch { (FIRST, SECOND) } else { (SECOND, FIRST) };
        let old = *self.identity(from);
        if old.active().is_some() && self.identity(to).holder == 0 {
            let target = self.identity(to);
            (target.holder, target.recent) = (old.holder, old.recent);
            self.identity(from).holder = 0;
            for session in &mut self.state.sessions {
                if session.link() == Some(from) {
                    session.method = crate::state::LINK + to;
                }
            }
        }
    }
}

fn without_merge(grants: crate::state::Grants) -> crate::state::Grants {
    crate::state::Grants { change: grants.change, identity: grants.identity, user: grants.user, ..Default::default() }
}

fn without_change(grants: crate::state::Grants) -> crate::state::Grants {
    crate::state::Grants { change: 0, identity: 0, user: 0, ..grants }
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
    }
    for (browser, flow) in state.flows.iter_mut().enumerate() {
        let kept = events.replay && person_at(browser as u8) == Person::Attacker && !flow.dead;
        if flow.spent && !kept && state.pending.plan == 0 {
            *flow = Flow::default();
        }
        if flow.kind != LINKING {
            flow.other_session = false;
            flow.outdated = false;
        }
    }
}
