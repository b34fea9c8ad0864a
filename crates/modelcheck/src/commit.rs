//! What a committed plan must have rested on, and must have left.

use crate::act::{Act, can_show, shows_factor};
use crate::check::{Check, current, must, needs_two, ways_in};
use crate::decide::Kind;
use crate::facts::is_loop;
use crate::names::{IDENTITY, TENANT};
use crate::plan::Op;
use crate::setup::Setup;
use crate::state::{
    ABSORBED, ACCOUNT, ACTIVE, ADDRESSES, DELETED, Flow, IDENTITIES, LINK, OF_ATTACKER, ORGANISATION, PASSKEY,
    PASSKEYS, Person, Session, State, USERS, identity_of, owner,
};
use model::{EventKind, EventKind as E, LinkOnMatch, SignUp};

pub struct Commit<'a> {
    pub setup: &'a Setup,
    pub before: &'a State,
    pub after: &'a State,
    pub kind: Kind,
    pub plan: &'a [Op],
    pub browser: u8,
    pub act: Act,
}

impl Commit<'_> {
    fn person(&self) -> Person {
        self.setup.person_at(self.browser)
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
            | Op::AddPasskey(_, u)
            | Op::RemovePasskey(_, u)
            | Op::Password(u)
            | Op::SetFactor(u)
            | Op::RemoveFactor(u)
            | Op::MoveAddress(_, u, _) => u == user,
            Op::MoveLink(_, from, to) => from == user || to == user,
            _ => false,
        })
    }

    /// What a plan rested on still stands when it commits: no restore came between, the session that asked is there, and
    /// nobody who was deleted comes back.
    pub fn not_outlived(&self) -> Check {
        let pending = self.before.pending;
        let waited = matches!(self.act, Act::Commit);
        must(!(waited && pending.epoch), "I7", || format!("{:?} from before a restore was committed", self.kind))?;
        let asks = matches!(
            self.kind,
            Kind::Link
                | Kind::Unlink
                | Kind::SetPassword
                | Kind::AddPasskey
                | Kind::RemovePasskey
                | Kind::SetFactor
                | Kind::RemoveFactor
                | Kind::StepUp
                | Kind::Move
                | Kind::Merge
                | Kind::Unmerge
                | Kind::Undo
                | Kind::Release
                | Kind::HandOver
        );
        must(!(waited && asks && pending.session), "I2", || format!("{:?} in a session that had ended", self.kind))?;
        let through = matches!(self.kind, Kind::SignIn | Kind::LocalSignIn | Kind::StepUp | Kind::Recover);
        for op in self.plan {
            let Op::CreateSession(session) = op else { continue };
            let on = session.link().is_none_or(|link| self.before.db.is_on(IDENTITY[usize::from(link)].1));
            must(on || !through, "I2", || format!("{:?} through a connection that is off", self.kind))?;
        }
        let moved = self.plan.iter().any(|op| matches!(op, Op::MoveConnection(..)));
        must(!moved || self.before.db.off == self.after.db.off, "I13", || {
            format!("{:?} switched a connection that an operator had switched meanwhile", self.kind)
        })?;
        for (was, is) in self.before.db.users.iter().zip(&self.after.db.users) {
            must(was.status != DELETED || is.status == DELETED, "I5", || "a deleted user came back".to_owned())?;
            let absorbs = was.status != ABSORBED && is.status == ABSORBED;
            must(!absorbs || was.status == ACTIVE, "I11", || "a user who is not active was merged".to_owned())?;
            let merged = matches!(self.kind, Kind::Unmerge);
            must(was.status != ABSORBED || is.status == ABSORBED || merged, "I11", || {
                "a user who was merged away came back".to_owned()
            })?;
        }
        Ok(())
    }

    /// I7: a flow that was spent commits nothing.
    pub fn replay_by_one(&self) -> Check {
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
    pub fn linked_with_proofs(&self) -> Check {
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
            must(self.after.db.is_on(IDENTITY[usize::from(identity)].1), "I2", || {
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
    pub fn by_policy(&self) -> Check {
        let atomic = !matches!(self.act, Act::Commit);
        let names = crate::names::Names::get();
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

    /// I9: what a tenant's connection proves opens nothing beyond the tenant: it neither recovers an account nor links an
    /// account elsewhere to it, unless the tenant forces its members through it.
    pub fn within_walls(&self) -> Check {
        let tenants = |method: u8| identity_of(method).is_some_and(|i| IDENTITY[usize::from(i)].1 == TENANT);
        match self.act {
            Act::Recover { m, second, .. } => must(!tenants(m) && !second.is_some_and(tenants), "I9", || {
                "the tenant's connection recovered an account".to_owned()
            }),
            Act::Commit => Ok(()),
            _ if self.kind == Kind::SignIn => {
                let flow = self.flow();
                let forced = self.setup.policy.organisations.values().any(|rules| rules.forced_connection.is_some());
                let beyond = self.plan.iter().any(|op| match *op {
                    Op::AddLink(identity, user) => {
                        flow.proven == user + 1 && IDENTITY[usize::from(identity)].1 != TENANT
                    }
                    _ => false,
                });
                let by_tenant = flow.proof.checked_sub(1).is_some_and(tenants);
                must(!(beyond && by_tenant && !forced), "I9", || {
                    "the tenant's connection linked an account beyond the tenant".to_owned()
                })
            }
            _ => Ok(()),
        }
    }

    /// Row 9: a member whose organisation forces a connection proves themselves through it.
    fn forced_through(&self, user: u8, method: u8) -> bool {
        let forced = self.setup.policy.organisations.values().any(|rules| rules.forced_connection.is_some());
        let tenant = identity_of(method).is_some_and(|identity| IDENTITY[usize::from(identity)].1 == TENANT);
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
            && !needs_two(self.setup, db, user)
            && address.is_some_and(|known| known.proof == crate::state::LOOP && is_loop(known.proof));
        must(enough && self.forced_through(user, 0), "I2", || "linked by an address alone".to_owned())
    }

    /// Account settings change only in a session of the account, and only the user who is signed in there.
    pub fn account_only_by_own_session(&self) -> Check {
        if matches!(self.act, Act::Commit) {
            return Ok(());
        }
        let settings = matches!(
            self.kind,
            Kind::Link
                | Kind::Unlink
                | Kind::SetPassword
                | Kind::AddPasskey
                | Kind::RemovePasskey
                | Kind::SetFactor
                | Kind::RemoveFactor
                | Kind::Undo
                | Kind::Release
                | Kind::Move
                | Kind::Merge
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
        must(!needs_two(self.setup, &self.before.db, user) || session.two, "I8", || {
            format!("{:?} below the user's level", self.kind)
        })
    }

    /// Nobody is left without a usable method of their own by an unlink, a move, a freeze, an undo, or by the operator
    /// without force.
    pub fn keeps_a_way_in(&self) -> Check {
        let removes = |user: u8| {
            self.plan.iter().any(|op| match *op {
                Op::RemoveLink(_, u) | Op::HoldLink(_, u) | Op::RemovePasskey(_, u) => {
                    u == user && self.kind != Kind::Recover
                }
                Op::RemoveFactor(u) => u == user,
                Op::MoveLink(_, from, _) => from == user && self.kind == Kind::Unmerge,
                Op::Enable(_, false) => true,
                Op::MoveConnection(..) => !self.setup.carried(),
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
    pub fn notices(&self) -> Check {
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

    /// Recovery, a new password and a change of the second factor end every session that was left open.
    pub fn recovered_evicts(&self) -> Check {
        use Kind::{Merge, Recover, RemoveFactor, SetFactor, SetPassword, Unmerge};
        if !matches!(self.kind, Recover | SetPassword | SetFactor | RemoveFactor | Merge | Unmerge) {
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
            for (k, known) in (0..PASSKEYS as u8).zip(self.after.db.passkeys) {
                let mine = known.of().is_some_and(|user| self.plan.contains(&Op::Raise(user)));
                let shown = match self.act {
                    Act::Recover { m, second, .. } => m == PASSKEY + k || second == Some(PASSKEY + k),
                    _ => true,
                };
                must(!(mine && known.recent) || shown, "I1", || {
                    "a passkey that was added lately outlived a recovery".to_owned()
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

    /// I8: a session above the first level, and any of somebody who has a second factor, rests on that factor, on what is
    /// two in one, or on a session that did. One that was shown for somebody else, or in another journey, is none.
    pub fn second_factor_shown(&self) -> Check {
        if matches!(self.act, Act::Commit) || self.kind == Kind::Recover {
            return Ok(());
        }
        let (setup, db, present) = (self.setup, &self.before.db, self.session_before());
        for op in self.plan {
            let Op::CreateSession(session) = *op else { continue };
            let Some(user) = session.of().filter(|user| session.two || needs_two(setup, db, *user)) else { continue };
            let honest = |method| identity_of(method).is_some_and(|i| IDENTITY[usize::from(i)].1 == 0);
            let alone = session.passkey().is_some() || setup.honest_two && honest(session.method);
            let anew = matches!(self.kind, Kind::SignIn | Kind::LocalSignIn | Kind::StepUp);
            let goes_on = !anew && present.of() == Some(user) && present.two;
            let begun = matches!(self.act, Act::SignIn { .. } | Act::StepUp { .. });
            let shown = !begun && self.flow().factor == user + 1 && shows_factor(db, self.person(), user);
            let set_up = self.kind == Kind::SetFactor && present.of() == Some(user);
            must(alone || goes_on || shown || set_up, "I8", || {
                "one factor made a session of somebody who needs two".to_owned()
            })?;
        }
        Ok(())
    }

    /// I13: the log tells what was done, with proofs; replayed, it gives the same keyed state.
    pub fn logged(&self) -> Check {
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
                Op::AddPasskey(_, u) => told(u, &[E::PasskeyAdded]),
                Op::RemovePasskey(_, u) => told(u, &[E::PasskeyRemoved, E::Recovered]),
                Op::SetFactor(u) => told(u, &[E::TotpAdded]),
                Op::RemoveFactor(u) => told(u, &[E::TotpRemoved, E::Recovered]),
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
                        E::TotpAdded,
                        E::TotpRemoved,
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
    pub fn restores_exactly(&self) -> Check {
        if self.kind != Kind::Merge || matches!(self.act, Act::Commit) {
            return Ok(());
        }
        let (before, after) = (&self.before.db, &self.after.db);
        let Act::Merge { u: absorbed, .. } = self.act else { return Ok(()) };
        let survivor = self.session_before().of().unwrap_or(0);
        for (i, (old, new)) in before.identities.iter().zip(after.identities).enumerate() {
            let left = IDENTITY[i].1 == TENANT && !before.users[usize::from(survivor)].member;
            let moved = old.living() == Some(absorbed) && !left;
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
