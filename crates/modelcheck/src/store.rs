//! The store of the small world: what each change of a plan touches, what each guard asks, and what is left of them when
//! a fault leaves one out. It stands for the executors of `store`, which are compared with a model of their own there.

use crate::decide::{Decided, Kind, World};
use crate::names::IDENTITY;
use crate::plan::Op;
use crate::state::{
    ACTIVE, ADDRESSES, APPLICATION, Address, CONFIRMING, DELETED, Db, Flow, Grants, HALF_WAY, IDENTITIES, Identity,
    LINK, LINKING, LOOP, NO_USER, Passkey, Pending, Person, SESSIONS, Session, State, User,
};
use crate::step::Outcome;

/// The store: a plan commits whole or not at all. `None` where the world has no room for the user that a plan which
/// waited would make: somebody else took the slot, where the product has ids without end.
pub fn apply(
    world: &World<'_>,
    before: State,
    kind: Kind,
    plan: &[Op],
    pending: Pending,
    decided: Option<Decided>,
) -> Option<Outcome> {
    let mut room = true;
    let mut store = Store {
        state: before,
        browser: pending.browser,
        person: world.setup.person_at(pending.browser),
        kind,
        pending,
        broken: None,
    };
    for &op in plan {
        if let Op::CreateUser(slot, _) = op {
            room &= before.db.users[usize::from(slot)].status == NO_USER;
        }
        if store.holds(op) {
            store.write(op);
            continue;
        }
        let guard = op.guard().expect("only guards fail");
        if world.mutant.keeps(kind, op) {
            let conflict = Some((kind, guard));
            return Some(Outcome {
                next: before,
                decided,
                committed: None,
                browser: pending.browser,
                conflict,
                broken: None,
            });
        }
        store.force(op);
    }
    let browser = pending.browser;
    let broken = store.broken;
    let committed = Some((kind, plan.to_vec()));
    let outcome = Outcome { next: store.state, decided, committed, browser, conflict: None, broken };
    (room || broken.is_some()).then_some(outcome)
}

/// The same subject at the first connection, in its first epoch and in its second.
const FIRST: u8 = 0;
const SECOND: u8 = 5;

struct Store {
    state: State,
    browser: u8,
    person: Person,
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
            Op::MoveConnection(..) => p.connections & 1 == 0,
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
            Op::AddPasskey(k, _) => db.passkeys[usize::from(k)].holder == 0,
            Op::RemovePasskey(k, u) => db.passkeys[usize::from(k)].of() == Some(u),
            Op::Count(counter, was, ..) => db.guesses.counted[usize::from(counter)] == was,
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
            Op::AddLink(i, u) | Op::RestoreLink(i, u)
                if self.state.db.identities[usize::from(i)].living().is_some_and(|holder| holder != u) =>
            {
                self.broken = Some("I5: an identity got a second link");
                self.write(op);
            }
            Op::AddPasskey(..) => {
                self.broken = Some("I5: a credential got a second user");
                self.write(op);
            }
            Op::SpendFlow => self.broken = Some("I7: one ticket committed twice"),
            Op::Raise(u) => self.raise(u),
            Op::AddLink(..) | Op::RestoreLink(..) | Op::Enable(..) | Op::MoveConnection(..) | Op::Count(..) => {
                self.write(op);
            }
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
                    p.cohorts |= 1 << IDENTITY[i].1;
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
                if matches!(flow.kind, HALF_WAY | CONFIRMING) {
                    *flow = Flow::default();
                }
            }
            if flow.factor == user + 1 {
                flow.factor = 0;
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
        let connection = IDENTITY[usize::from(identity)].1;
        self.pending_of_others(|p, _| p.cohorts |= 1 << connection);
    }

    fn write(&mut self, op: Op) {
        let person = self.person;
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
                self.state.db.addresses[usize::from(a)] = Address { owner: u + 1, proof };
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
                // A link that is made later is another one.
                let grants = &mut self.state.db.grants;
                grants.links &= !(1 << i);
                if grants.change == 1 && (grants.identity, grants.user) == (i, u) {
                    *grants = without_change(*grants);
                }
            }
            Op::HoldLink(i, u) => self.identity(i).holder = u + 4,
            Op::ReleaseLink(i, u) => self.identity(i).holder = u + 1,
            Op::MoveLink(i, _, to) => {
                let identity = self.identity(i);
                identity.holder = if identity.held().is_some() { to + 4 } else { to + 1 };
                self.cohort_changed(i);
            }
            Op::MoveAddress(a, _, to) => self.state.db.addresses[usize::from(a)].owner = to + 1,
            Op::AddPasskey(k, u) => {
                self.state.db.passkeys[usize::from(k)] = Passkey { holder: u + 1, recent: true, elsewhere: false };
            }
            Op::RemovePasskey(k, _) => self.state.db.passkeys[usize::from(k)] = Passkey::default(),
            Op::SetFactor(u) => self.state.db.users[usize::from(u)].factor = person as u8 + 1,
            Op::RemoveFactor(u) => self.state.db.users[usize::from(u)].factor = 0,
            Op::Count(counter, _, failures, blocked) => {
                let guesses = &mut self.state.db.guesses;
                guesses.counted[usize::from(counter)] = failures;
                guesses.blocked = guesses.blocked & !(1 << counter) | u8::from(blocked) << counter;
                guesses.made += 1;
            }
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
            Op::EndSessionsOfPasskey(k, u) => {
                self.end_where(|session| session.of() == Some(u) && session.passkey() == Some(k));
            }
            Op::EndSessionsOfUser(u) => self.end_where(|session| session.of() == Some(u)),
            Op::Grant(new) => self.grant(new),
            Op::SpendGrant(merge) => {
                let old = self.state.db.grants;
                self.state.db.grants = if merge { without_merge(old) } else { without_change(old) };
            }
            Op::Enable(c, on) => self.switch(c, on),
            Op::MoveConnection(second, on) => {
                self.state.db.second_epoch = second;
                self.switch(0, on);
                for flow in &mut self.state.flows {
                    let of_it = flow.identity > 0 && IDENTITY[usize::from(flow.identity - 1)].1 == 0;
                    // A ticket that has not been out yet goes to the new issuer.
                    flow.old_epoch |= of_it;
                }
            }
            Op::CarryLinks => self.carry(),
            Op::EndSessionsOfConnection(c) => {
                self.end_where(|session| session.link().is_some_and(|i| IDENTITY[usize::from(i)].1 == c));
            }
        }
    }

    fn switch(&mut self, connection: u8, on: bool) {
        let off = &mut self.state.db.off;
        *off = if on { *off & !(1 << connection) } else { *off | 1 << connection };
        self.pending_of_others(|p, _| p.connections |= 1 << connection);
    }

    fn create_session(&mut self, mut session: Session) {
        // A link keeps its id when it is carried into another epoch, and so does what a plan that waited says of it.
        if let (Some(link @ (FIRST | SECOND)), Some(user)) = (session.link(), session.of()) {
            let other = if link == FIRST { SECOND } else { FIRST };
            if self.identity(link).holder == 0 && self.identity(other).active() == Some(user) {
                session.method = LINK + other;
            }
        }
        let slot = if session.scope == APPLICATION { SESSIONS - 1 } else { usize::from(self.browser) };
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
        db.users[usize::from(u)] = User { status: DELETED, ..Default::default() };
        for a in 0..ADDRESSES {
            if db.addresses[a].owner == u + 1 {
                db.addresses[a] = Address::default();
            }
        }
        for i in 0..IDENTITIES {
            if db.identities[i].living() == Some(u) {
                let tombstones = db.identities[i].tombstones | 1 << u;
                db.identities[i] = Identity { holder: 0, tombstones, recent: false };
            }
        }
        for passkey in &mut self.state.db.passkeys {
            if passkey.of() == Some(u) {
                *passkey = Passkey::default();
            }
        }
        self.end_where(|session| session.of() == Some(u));
    }

    fn grant(&mut self, new: Grants) {
        let grants = &mut self.state.db.grants;
        *grants = if new.merged {
            Grants { change: grants.change, identity: grants.identity, user: grants.user, ..new }
        } else {
            Grants { change: new.change, identity: new.identity, user: new.user, ..*grants }
        };
    }

    /// Each active link of the first connection goes to the subject of the same name in the other epoch.
    fn carry(&mut self) {
        let (from, to) = if self.state.db.second_epoch { (FIRST, SECOND) } else { (SECOND, FIRST) };
        let old = *self.identity(from);
        if old.active().is_some() && self.identity(to).holder == 0 {
            let target = self.identity(to);
            (target.holder, target.recent) = (old.holder, old.recent);
            self.identity(from).holder = 0;
            for session in &mut self.state.sessions {
                if session.link() == Some(from) {
                    session.method = LINK + to;
                }
            }
        }
    }
}

pub fn without_merge(grants: Grants) -> Grants {
    Grants { change: grants.change, identity: grants.identity, user: grants.user, ..Default::default() }
}

pub fn without_change(grants: Grants) -> Grants {
    Grants { change: 0, identity: 0, user: 0, ..grants }
}
