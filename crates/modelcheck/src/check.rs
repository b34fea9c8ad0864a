//! The invariants. Each looks at states and at committed plans with nothing of `linking`'s in its hands but the
//! question which methods are usable, so that a fault there shows here.

use crate::act::{Act, Step, can_show};
use crate::decide::{Decided, Kind, Seen};
use crate::facts::is_loop;
use crate::names::{IDENTITY, TENANT};
use crate::plan::Op;
use crate::setup::Setup;
use crate::state::{
    ABSORBED, ACCOUNT, ACTIVE, ADDRESSES, APPLICATION, DELETED, Db, Flow, IDENTITIES, LINK, LINKING, METHODS,
    OF_ATTACKER, ORGANISATION, PASSWORD, Person, Session, State, USERS, owner, person_at,
};
use crate::step::Outcome;
use model::{EventKind, LinkOnMatch, SignUp};

/// An invariant that does not hold, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub invariant: &'static str,
    pub what: String,
}

type Check = Result<(), Violation>;

fn must(holds: bool, invariant: &'static str, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(Violation { invariant, what: what() }) }
}

/// Identities by the epoch their connection is in.
fn current(db: &Db, identity: u8) -> bool {
    IDENTITY[usize::from(identity)].1 != 0 || (identity == 5) == db.second_epoch
}

/// A state on its own.
pub fn state(setup: &Setup, state: &State) -> Check {
    let db = &state.db;
    for (slot, session) in state.sessions.iter().enumerate() {
        if session.user > 0 && !session.dead {
            session_lives(setup, db, slot, *session)?;
        }
    }
    for (number, identity) in (0..IDENTITIES as u8).zip(db.identities) {
        let Some(user) = identity.living() else { continue };
        let status = db.users[usize::from(user)].status;
        must(status != DELETED && status != ABSORBED && status != 0, "I5", || {
            format!("{} is linked to a user who is gone", IDENTITY[usize::from(number)].0)
        })?;
        if identity.active().is_some() && current(db, number) {
            owned(setup, db, number, user)?;
        }
        if IDENTITY[usize::from(number)].1 == TENANT {
            must(db.users[usize::from(user)].member, "I9", || {
                "the tenant's connection is linked to somebody who is no member".to_owned()
            })?;
        }
    }
    for (number, address) in db.addresses.iter().enumerate() {
        let Some(user) = address.owner.checked_sub(1) else { continue };
        must(db.users[usize::from(user)].status != DELETED, "I5", || "an address of a deleted user".to_owned())?;
        // A mailbox that passed on is still proven for whom it was.
        let other = (number == 0) != (owner(user) == Person::Victim);
        must(!other || db.recycled, "I1", || "an address is proven for somebody who does not have it".to_owned())?;
    }
    for user in 0..USERS as u8 {
        let password = db.users[usize::from(user)].password;
        must(password == 0 || password == owner(user) as u8 + 1, "I1", || {
            "somebody else knows the password of a user".to_owned()
        })?;
    }
    Ok(())
}

/// Nobody's identity opens somebody else's user.
fn owned(setup: &Setup, db: &Db, number: u8, user: u8) -> Check {
    let (name, connection, _, _) = IDENTITY[usize::from(number)];
    // The tenant's people are the tenant's to vouch for, inside its walls.
    if connection == TENANT && db.users[usize::from(user)].member {
        return Ok(());
    }
    let by = |person| setup.controls(person, number);
    must(by(owner(user)) || owner(user) == Person::Attacker, "I1", || format!("{name} opens the victim's user"))?;
    must(by(owner(user)) || owner(user) == Person::Victim, "I3", || {
        format!("{name} was captured by the attacker's user")
    })
}

fn session_lives(setup: &Setup, db: &Db, slot: usize, session: Session) -> Check {
    let user = session.user - 1;
    let whose = if slot == 0 { Person::Victim } else { Person::Attacker };
    let handed_over = slot == 2 && session.scope != ACCOUNT;
    let in_walls = session.scope == ORGANISATION;
    // It was there before; that it changes nothing, and ends, is checked where it would.
    let left_open = setup.left_open && slot == 1 && !session.fresh;
    must(owner(user) == whose || handed_over || in_walls || left_open, "I1", || {
        format!("{whose:?} has a session of the other's user")
    })?;
    must(db.users[usize::from(user)].status == ACTIVE, "I5", || "a session of a user who is not active".to_owned())?;
    must(slot != 2 || session.scope != ACCOUNT, "I8", || "an application has a session of the account".to_owned())?;
    if let Some(identity) = session.link() {
        let known = db.identities[usize::from(identity)];
        must(known.active() == Some(user), "I6", || "a session through a link that is not there".to_owned())?;
        must(current(db, identity), "I10", || "a session through a link of another epoch".to_owned())?;
        let tenant = IDENTITY[usize::from(identity)].1 == TENANT;
        must(tenant == (session.scope == ORGANISATION) || session.scope == APPLICATION, "I9", || {
            "a session through the tenant's connection reaches beyond the tenant".to_owned()
        })?;
    }
    must(!db.users[usize::from(user)].two || session.two, "I8", || {
        "a session below the level its user requires".to_owned()
    })?;
    let honest = setup.honest_two && session.link().is_some_and(|i| IDENTITY[usize::from(i)].1 == 0);
    must(!session.two || honest || setup.events.recovery, "I8", || "a session above what was shown for it".to_owned())
}

/// One step: what it committed, and what it showed.
pub fn outcome(setup: &Setup, before: &State, step: Step, outcome: &Outcome) -> Check {
    if let Some(broken) = outcome.broken {
        let (invariant, what) = broken.split_once(": ").unwrap_or((broken, ""));
        let invariant = if invariant == "I7" { "I7" } else { "I5" };
        return Err(Violation { invariant, what: what.to_owned() });
    }
    if let Some(decided) = &outcome.decided {
        shown(setup, before, step, decided)?;
    }
    let Some((kind, plan)) = &outcome.committed else { return Ok(()) };
    let done =
        Commit { setup, before, after: &outcome.next, kind: *kind, plan, browser: outcome.browser, act: step.act };
    done.not_outlived()?;
    done.replay_by_one()?;
    done.linked_with_proofs()?;
    done.by_policy()?;
    done.account_only_by_own_session()?;
    done.keeps_a_way_in()?;
    done.notices()?;
    done.recovered_evicts()?;
    done.logged()?;
    done.restores_exactly()
}

/// Before proof nothing that is shown depends on who exists: below Vouched the page asks for a code.
fn shown(setup: &Setup, before: &State, step: Step, decided: &Decided) -> Check {
    if decided.kind != Kind::SignIn || !decided.plan.is_empty() {
        return Ok(());
    }
    let Some(browser) = step.act.browser() else { return Ok(()) };
    if let (Seen::AskProof(user), Act::Return { i, .. } | Act::Code { b: _, a: i }) = (decided.seen, step.act) {
        let came = match step.act {
            Act::Return { .. } => i,
            _ => before.flows[usize::from(browser)].identity.max(1) - 1,
        };
        let same = |other: u8| {
            let (a, b) = (IDENTITY[usize::from(other)], IDENTITY[usize::from(came)]);
            other != came && (a.1, a.2) == (b.1, b.2)
        };
        let known = &before.db.identities;
        must(
            !(0..IDENTITIES as u8).any(|other| same(other) && known[usize::from(other)].living() == Some(user)),
            "I1",
            || "another subject of the same provider is offered the account".to_owned(),
        )?;
    }
    let flow = before.flows[usize::from(browser)];
    let fresh = matches!(step.act, Act::Return { i: 2 | 3 | 4, .. });
    let tells =
        matches!(decided.seen, Seen::AskProof(_) | Seen::AskProofOfOne | Seen::OtherAccount | Seen::AddressTaken);
    must(!(fresh && tells && !setup.vouched && flow.kind != LINKING), "I12", || {
        format!("{:?} before anybody showed the mailbox", decided.seen)
    })
}

struct Commit<'a> {
    setup: &'a Setup,
    before: &'a State,
    after: &'a State,
    kind: Kind,
    plan: &'a [Op],
    browser: u8,
    act: Act,
}

impl Commit<'_> {
    fn person(&self) -> Person {
        person_at(self.browser)
    }

    fn session_before(&self) -> Session {
        self.before.sessions[usize::from(self.browser)]
    }

    /// Which users a plan changes the ways in of.
    fn changed(&self, user: u8) -> bool {
        self.plan.iter().any(|op| match *op {
            Op::AddLink(_, u)
            | Op::RemoveLink(_, u)
            | Op::HoldLink(_, u)
            | Op::ReleaseLink(_, u)
            | Op::RestoreLink(_, u)
            | Op::Password(u)
            | Op::MoveAddress(_, u, _) => u == user,
            Op::MoveLink(_, from, to) => from == user || to == user,
            _ => false,
        })
    }

    /// What a plan rested on still stands when it commits: no restore came between, the session that asked is there, and
    /// nobody who was deleted comes back.
    fn not_outlived(&self) -> Check {
        let pending = self.before.pending;
        let waited = matches!(self.act, Act::Commit);
        must(!(waited && pending.epoch), "I7", || format!("{:?} from before a restore was committed", self.kind))?;
        let asks = matches!(
            self.kind,
            Kind::Link
                | Kind::Unlink
                | Kind::SetPassword
                | Kind::StepUp
                | Kind::Move
                | Kind::Merge
                | Kind::Unmerge
                | Kind::Undo
                | Kind::Release
                | Kind::HandOver
        );
        must(!(waited && asks && pending.session), "I2", || format!("{:?} in a session that had ended", self.kind))?;
        for (was, is) in self.before.db.users.iter().zip(&self.after.db.users) {
            must(was.status != DELETED || is.status == DELETED, "I5", || "a deleted user came back".to_owned())?;
            let merged = matches!(self.kind, Kind::Unmerge);
            must(was.status != ABSORBED || is.status == ABSORBED || merged, "I11", || {
                "a user who was merged away came back".to_owned()
            })?;
        }
        Ok(())
    }

    /// I7: a flow that was spent commits nothing.
    fn replay_by_one(&self) -> Check {
        let flow = self.before.flows.get(usize::from(self.browser)).copied().unwrap_or_default();
        let of_flow = matches!(self.kind, Kind::SignIn | Kind::Link | Kind::Move);
        let waited = matches!(self.act, Act::Commit);
        must(!(of_flow && flow.spent && matches!(self.act, Act::Again { .. }) && !waited), "I7", || {
            "a journey committed a second time".to_owned()
        })?;
        let goes_on = !matches!(self.act, Act::Return { .. } | Act::Commit);
        must(!(flow.dead && of_flow && goes_on), "I7", || "a journey from before a restore committed".to_owned())
    }

    /// I2: every new link rests on a proof of that identity in this browser, and on a proof of the user or row 12.
    fn linked_with_proofs(&self) -> Check {
        for op in self.plan {
            let Op::AddLink(identity, user) = *op else { continue };
            let flow = self.before.flows.get(usize::from(self.browser)).copied().unwrap_or_default();
            let atomic = !matches!(self.act, Act::Commit);
            let created = self.plan.iter().any(|op| matches!(op, Op::CreateUser(made, _) if *made == user));
            // The journey in the browser is this one unless the plan waited and another was begun.
            if atomic && !matches!(self.act, Act::Return { .. } | Act::ReturnToLink { .. }) {
                must(flow.identity == identity + 1, "I2", || {
                    "an identity was linked that did not come back in this journey".to_owned()
                })?;
            }
            let came = self.setup.controls(self.person(), identity);
            must(came, "I2", || "an identity was linked by a browser that did not show it".to_owned())?;
            must(current(&self.after.db, identity), "I10", || "an identity of another epoch was linked".to_owned())?;
            must(self.after.db.is_on(IDENTITY[usize::from(identity)].1) || !atomic, "I2", || {
                "a connection that is off linked somebody".to_owned()
            })?;
            let automatic = self.plan.iter().any(|op| matches!(op, Op::Audit(EventKind::Linked, ..)))
                && self.kind == Kind::SignIn
                && !self.proof_in_flow(user);
            if automatic && !created && atomic {
                self.row_12(user)?;
            }
            if self.kind == Kind::Link && atomic {
                let session = self.session_before();
                must(session.of() == Some(user) && session.fresh && session.scope == ACCOUNT, "I2", || {
                    "linked without a fresh session of that user".to_owned()
                })?;
            }
        }
        Ok(())
    }

    /// The journey as it was when the plan was decided. A plan that waited may be another journey's by now.
    fn flow(&self) -> Flow {
        let mut flow = self.before.flows.get(usize::from(self.browser)).copied().unwrap_or_default();
        crate::step::journey(&mut flow, self.act);
        flow
    }

    /// T98: what policy says holds on every path. Policy does not change while a plan waits.
    fn by_policy(&self) -> Check {
        let atomic = !matches!(self.act, Act::Commit);
        let names = crate::names::Names::new();
        let rules = |identity: u8| {
            let connection = IDENTITY[usize::from(identity)].1;
            self.setup.policy.connection(&names.connections[usize::from(connection)]).expect("a configured connection")
        };
        let created = self.plan.iter().find_map(|op| match *op {
            Op::CreateUser(user, _) => Some(user),
            _ => None,
        });
        for op in self.plan {
            match *op {
                Op::AddLink(identity, user) => {
                    let rules = rules(identity);
                    let existing = created != Some(user);
                    must(!existing || rules.purpose.links(), "I2", || "linked through what links nobody".to_owned())?;
                    must(existing || rules.sign_up == SignUp::Open, "I2", || {
                        "a user where sign-up is not open".to_owned()
                    })?;
                    let matched = existing && self.kind == Kind::SignIn;
                    must(!matched || rules.link_on_match != LinkOnMatch::Off, "I2", || {
                        "linked by a match where matching is off".to_owned()
                    })?;
                    let of_connection = (0..IDENTITIES as u8)
                        .filter(|other| IDENTITY[usize::from(*other)].1 == IDENTITY[usize::from(identity)].1)
                        .filter(|other| self.after.db.identities[usize::from(*other)].living() == Some(user))
                        .count();
                    must(of_connection <= rules.max_links_per_user as usize, "I2", || {
                        "more links of one connection than allowed".to_owned()
                    })?;
                    if atomic && self.kind == Kind::SignIn {
                        self.nothing_automatic(identity, user, existing)?;
                    }
                    if atomic && self.kind == Kind::Link {
                        must(self.flow().named == user + 1, "I2", || {
                            "linked to another user than the ticket names".to_owned()
                        })?;
                    }
                    if let Act::Move { m, .. } = self.act {
                        must(m != LINK + identity, "I2", || "moved by the proof of nothing but itself".to_owned())?;
                    }
                }
                Op::CreateSession(session) if atomic && self.kind == Kind::SignIn => {
                    let Some(identity) = session.link() else { continue };
                    must(rules(identity).purpose.signs_in(), "I2", || {
                        "signed in through what signs nobody in".to_owned()
                    })?;
                    must(self.before.db.is_on(IDENTITY[usize::from(identity)].1), "I2", || {
                        "signed in through a connection that is off".to_owned()
                    })?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Rows 6 and 10: what was removed comes back by the person's word only, and a second subject of one provider is
    /// somebody else.
    fn nothing_automatic(&self, identity: u8, user: u8, existing: bool) -> Check {
        let db = &self.before.db;
        let known = db.identities[usize::from(identity)];
        let removed =
            (0..USERS as u8).any(|u| known.tombstones & (1 << u) != 0 && db.users[usize::from(u)].status != DELETED);
        let asked = self.flow().separate || self.proof_in_flow(user);
        must(!removed || asked, "I6", || "a removed link came back by itself".to_owned())?;
        let (_, connection, epoch, _) = IDENTITY[usize::from(identity)];
        let other_subject = (0..IDENTITIES as u8).any(|other| {
            let (_, of, at, _) = IDENTITY[usize::from(other)];
            other != identity
                && (of, at) == (connection, epoch)
                && db.identities[usize::from(other)].living() == Some(user)
        });
        must(!(existing && other_subject), "I2", || {
            "another subject of the same provider was taken for the same person".to_owned()
        })
    }

    fn proof_in_flow(&self, user: u8) -> bool {
        let flow = self.before.flows.get(usize::from(self.browser)).copied().unwrap_or_default();
        let method = match self.act {
            Act::Prove { u, m, .. } if u == user => Some(m),
            _ => (flow.proven == user + 1).then(|| flow.proof.wrapping_sub(1)),
        };
        method.is_some_and(|method| {
            method != LINK + flow.identity.wrapping_sub(1)
                && can_show(self.setup, &self.before.db, self.person(), user, method)
                && self.forced_through(user, method)
        })
    }

    /// Row 9: a member whose organisation forces a connection proves themselves through it.
    fn forced_through(&self, user: u8, method: u8) -> bool {
        let forced = self.setup.policy.organisations.values().any(|rules| rules.forced_connection.is_some());
        let tenant = method >= LINK && IDENTITY[usize::from(method - LINK)].1 == TENANT;
        !forced || !self.before.db.users[usize::from(user)].member || tenant
    }

    /// Nothing but the mailbox was needed to be this user, lately and by policy.
    fn row_12(&self, user: u8) -> Check {
        let db = &self.before.db;
        let policy = &self.setup.policy;
        let rules = &policy.connections.values().next().map(|rules| rules.link_on_match);
        let address = db.addresses.iter().find(|known| known.owner == user + 1);
        let enough = policy.local.email_code
            && *rules == Some(LinkOnMatch::VerifiedEmail)
            && self.setup.protected & (1 << user) == 0
            && !db.users[usize::from(user)].two
            && address.is_some_and(|known| known.proof == crate::state::LOOP && is_loop(known.proof));
        must(enough && self.forced_through(user, 0), "I2", || "linked by an address alone".to_owned())
    }

    /// Account settings change only in a session of the account, and only the user who is signed in there.
    fn account_only_by_own_session(&self) -> Check {
        if matches!(self.act, Act::Commit) {
            return Ok(());
        }
        let settings = matches!(
            self.kind,
            Kind::Link | Kind::Unlink | Kind::SetPassword | Kind::Undo | Kind::Release | Kind::Move | Kind::Merge
        );
        if !settings {
            return Ok(());
        }
        let session = self.session_before();
        let invariant = if session.scope == ORGANISATION { "I9" } else { "I8" };
        must(session.scope == ACCOUNT, invariant, || {
            format!("{:?} in a session that is not for the account", self.kind)
        })?;
        must(session.fresh && !session.dead, "I2", || format!("{:?} without a fresh sign-in", self.kind))?;
        let user = session.of().unwrap_or(OF_ATTACKER);
        must(!self.before.db.users[usize::from(user)].two || session.two, "I8", || {
            format!("{:?} below the user's level", self.kind)
        })
    }

    /// Nobody is left without a usable method of their own by an unlink, a move, a freeze, an undo, or by the operator
    /// without force.
    fn keeps_a_way_in(&self) -> Check {
        let removes = |user: u8| {
            self.plan.iter().any(|op| match *op {
                Op::RemoveLink(_, u) | Op::HoldLink(_, u) => u == user && self.kind != Kind::Recover,
                Op::MoveLink(_, from, _) => from == user && self.kind == Kind::Unmerge,
                Op::Enable(_, false) => true,
                Op::MoveConnection(_) => !self.setup.carried(),
                _ => false,
            })
        };
        for user in 0..USERS as u8 {
            if self.after.db.users[usize::from(user)].status != ACTIVE || !removes(user) {
                continue;
            }
            let had = ways_in(self.setup, &self.before.db, user) > 0;
            let has = ways_in(self.setup, &self.after.db, user) > 0;
            must(has || !had, "I4", || format!("{:?} left {:?}'s user without a way in", self.kind, owner(user)))?;
        }
        Ok(())
    }

    /// Every change of methods is told to every address that was proven before.
    fn notices(&self) -> Check {
        for user in 0..USERS as u8 {
            let existed = self.before.db.users[usize::from(user)].status == ACTIVE;
            if !existed || !self.changed(user) {
                continue;
            }
            for at in 0..ADDRESSES as u8 {
                // A plan that waited tells the addresses that were known when it was decided.
                let known = self.before.db.addresses[usize::from(at)].owner == user + 1;
                let told = self.plan.contains(&Op::Notify(at));
                must(!known || told || matches!(self.act, Act::Commit), "I13", || {
                    format!("{:?} was not told to an address known before", self.kind)
                })?;
            }
        }
        Ok(())
    }

    /// Recovery and a new password end every session that was left open.
    fn recovered_evicts(&self) -> Check {
        if !matches!(self.kind, Kind::Recover | Kind::SetPassword | Kind::Merge | Kind::Unmerge) {
            return Ok(());
        }
        for (slot, session) in self.after.sessions.iter().enumerate() {
            let Some(user) = session.of() else { continue };
            let touched = self.plan.iter().any(|op| matches!(op, Op::Raise(u) if *u == user));
            must(!touched || slot == usize::from(self.browser) || session.dead, "I1", || {
                format!("a session elsewhere outlived {:?}", self.kind)
            })?;
        }
        if self.kind == Kind::Recover {
            let shown = |i: u8| match self.act {
                Act::Recover { m, second, .. } => m == LINK + i || second == Some(LINK + i),
                _ => true,
            };
            for (i, known) in (0..IDENTITIES as u8).zip(self.after.db.identities) {
                let mine = known.active().is_some_and(|user| self.plan.contains(&Op::Raise(user)));
                must(!(mine && known.recent) || shown(i), "I1", || {
                    "a link that was added lately was not held by recovery".to_owned()
                })?;
            }
            if let Act::Recover { m, second, u, .. } = self.act {
                let two = self.before.db.users[usize::from(u)].two || self.setup.protected & (1 << u) != 0;
                let shared = |x: u8, y: u8| matches!((x, y), (1, 5) | (5, 1));
                must(!two || second.is_some_and(|other| other != m && !shared(m, other)), "I8", || {
                    "a user of the second level was recovered by one proof".to_owned()
                })?;
            }
        }
        Ok(())
    }

    /// I13: the log tells what was done, with proofs; replayed, it gives the same keyed state.
    fn logged(&self) -> Check {
        let events: Vec<(EventKind, Option<u8>, bool)> = self
            .plan
            .iter()
            .filter_map(|op| match *op {
                Op::Audit(kind, user, named) => Some((kind, user, named)),
                _ => None,
            })
            .collect();
        must(!events.is_empty(), "I13", || format!("{:?} left no trace", self.kind))?;
        for (kind, _, named) in &events {
            must(*named || *kind == EventKind::SignedOut || *kind == EventKind::SessionEnded, "I13", || {
                format!("{kind:?} names no proof")
            })?;
        }
        let told = |user: u8, kinds: &[EventKind]| {
            events.iter().any(|(kind, of, _)| *of == Some(user) && kinds.contains(kind))
        };
        use EventKind as E;
        for op in self.plan {
            let right = match *op {
                Op::AddLink(_, u) => told(u, &[E::Linked, E::UserCreated, E::LinkMoved]),
                Op::RemoveLink(_, u) => told(u, &[E::Unlinked, E::ChangeUndone]),
                Op::RestoreLink(_, u) => told(u, &[E::ChangeUndone]),
                Op::HoldLink(_, u) => told(u, &[E::LinkHeld, E::Recovered]),
                Op::ReleaseLink(_, u) => told(u, &[E::LinkReleased]),
                Op::MoveLink(_, from, to) => {
                    told(from, &[E::UsersMerged, E::ChangeUndone]) && told(to, &[E::UsersMerged, E::ChangeUndone])
                }
                Op::CreateUser(u, _) => told(u, &[E::UserCreated]),
                Op::Password(u) => told(u, &[E::PasswordSet, E::UserCreated]),
                Op::Status(u, _) => {
                    told(u, &[E::UserEnabled, E::UserDisabled, E::UserDeleted, E::UsersMerged, E::ChangeUndone])
                }
                Op::CreateSession(session) => told(
                    session.user - 1,
                    &[
                        E::SignedIn,
                        E::SteppedUp,
                        E::Linked,
                        E::UserCreated,
                        E::LinkMoved,
                        E::UsersMerged,
                        E::ChangeUndone,
                        E::PasswordSet,
                        E::Recovered,
                    ],
                ),
                _ => true,
            };
            must(right, "I13", || format!("{op:?} stands in no event of its user"))?;
        }
        Ok(())
    }

    /// I11: what a merge did, its undo takes back exactly, when nothing came between.
    fn restores_exactly(&self) -> Check {
        if self.kind != Kind::Merge || matches!(self.act, Act::Commit) {
            return Ok(());
        }
        let (before, after) = (&self.before.db, &self.after.db);
        let Act::Merge { u: absorbed, .. } = self.act else { return Ok(()) };
        let survivor = self.session_before().of().unwrap_or(0);
        for (i, (old, new)) in before.identities.iter().zip(after.identities).enumerate() {
            let moved = old.living() == Some(absorbed);
            let right = if moved {
                new.living() == Some(survivor) && new.held().is_some() == old.held().is_some()
            } else {
                new.holder == old.holder
            };
            must(right && new.tombstones == old.tombstones, "I11", || {
                format!("the merge changed more than its plan about {}", IDENTITY[i].0)
            })?;
        }
        let (was, is) = (before.users[usize::from(survivor)], after.users[usize::from(survivor)]);
        let gone = before.users[usize::from(absorbed)];
        must(is.two == (was.two || gone.two), "I11", || "the survivor's level is not the higher one".to_owned())?;
        must(is.member == was.member, "I11", || "a membership was united".to_owned())?;
        must(is.password == was.password, "I11", || "a password changed hands".to_owned())
    }
}

/// How many usable methods of their own a user has, by the policy's words: counted here anew.
pub fn ways_in(setup: &Setup, db: &Db, user: u8) -> usize {
    let local = setup.policy.local;
    let record = db.users[usize::from(user)];
    let enough =
        |method: u8| !record.two || (setup.honest_two && method >= LINK && IDENTITY[usize::from(method - LINK)].1 == 0);
    let named = db.addresses.iter().any(|known| known.owner == user + 1);
    (0..METHODS)
        .filter(|&method| enough(method))
        .filter(|&method| match method {
            PASSWORD => local.password && record.password != 0 && named,
            code if code < LINK => local.email_code && db.addresses[usize::from(code - 1)].owner == user + 1,
            link => {
                let identity = link - LINK;
                let (_, connection, _, _) = IDENTITY[usize::from(identity)];
                let id = &crate::names::Names::new().connections[usize::from(connection)];
                db.identities[usize::from(identity)].active() == Some(user)
                    && db.is_on(connection)
                    && current(db, identity)
                    && connection != TENANT
                    && setup.policy.connection(id).is_some_and(|rules| rules.purpose.signs_in())
            }
        })
        .count()
}
