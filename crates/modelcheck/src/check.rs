//! The invariants. Each looks at states and at committed plans with nothing of `linking`'s in its hands but the
//! question which methods are usable, so that a fault there shows here.

use crate::act::{Act, Step, holds, left_behind};
use crate::commit::Commit;
use crate::decide::{Decided, Kind, Seen};
use crate::names::{IDENTITY, TENANT};
use crate::setup::Setup;
use crate::state::{
    ABSORBED, ACCOUNT, ACTIVE, APPLICATION, DELETED, Db, IDENTITIES, LINK, LINKING, METHODS, ORGANISATION, PASSKEY,
    PASSKEYS, PASSWORD, Person, Session, State, USERS, identity_of, owner, passkey_of,
};
use crate::step::Outcome;

/// An invariant that does not hold, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub invariant: &'static str,
    pub what: String,
}

pub type Check = Result<(), Violation>;

pub fn must(holds: bool, invariant: &'static str, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(Violation { invariant, what: what() }) }
}

/// Identities by the epoch their connection is in.
pub fn current(db: &Db, identity: u8) -> bool {
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
        // A merge leaves the tenant's link behind with the user it absorbed: it opens nothing there.
        let left = status == ABSORBED && IDENTITY[usize::from(number)].1 == TENANT;
        must(left || (status != DELETED && status != ABSORBED && status != 0), "I5", || {
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
    for key in 0..PASSKEYS as u8 {
        let Some(user) = db.passkeys[usize::from(key)].of() else { continue };
        must(!matches!(db.users[usize::from(user)].status, DELETED | 0), "I5", || {
            "a passkey of a user who is gone".into()
        })?;
        let (theirs, invariant) = (holds(owner(user), key), if key == 0 { "I3" } else { "I1" });
        must(theirs || setup.trojan && left_behind(db), invariant, || {
            "a passkey opens the user of somebody who does not hold it".to_owned()
        })?;
    }
    must(db.guesses.made <= GUESSES, "I1", || "more guesses at one password than one counter lets through".to_owned())?;
    for (number, address) in db.addresses.iter().enumerate() {
        let Some(user) = address.owner.checked_sub(1) else { continue };
        must(db.users[usize::from(user)].status != DELETED, "I5", || "an address of a deleted user".to_owned())?;
        // A mailbox that passed on is still proven for whom it was.
        let other = !setup.two_mailboxes && (number == 0) != (owner(user) == Person::Victim);
        must(!other || db.recycled, "I1", || "an address is proven for somebody who does not have it".to_owned())?;
    }
    for user in 0..USERS as u8 {
        let password = db.users[usize::from(user)].password;
        must(password == 0 || password == owner(user) as u8 + 1, "I1", || {
            "somebody else knows the password of a user".to_owned()
        })?;
        let factor = db.users[usize::from(user)].factor;
        must(factor == 0 || factor == owner(user) as u8 + 1, "I1", || {
            "the second factor of a user is somebody else's".to_owned()
        })?;
    }
    Ok(())
}

/// Wrong passwords that one account and source let through at once: counted here anew.
const GUESSES: u8 = 5;

/// Nobody's identity opens somebody else's user.
fn owned(setup: &Setup, db: &Db, number: u8, user: u8) -> Check {
    let (name, connection, _, _) = IDENTITY[usize::from(number)];
    // The tenant's people are the tenant's to vouch for, inside its walls.
    if connection == TENANT && db.users[usize::from(user)].member {
        return Ok(());
    }
    // What was left behind before anybody recovered.
    if setup.trojan && number == 3 {
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
    let whose = setup.person_at(slot as u8);
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
    if let Some(key) = session.passkey() {
        let known = db.passkeys[usize::from(key)];
        must(known.of() == Some(user), "I6", || "a session through a passkey that is not there".to_owned())?;
        must(!known.elsewhere, "I6", || "a session through a passkey of another host".to_owned())?;
    }
    must(!needs_two(setup, db, user) || session.two, "I8", || {
        "a session below the level its user requires".to_owned()
    })?;
    let honest = session.passkey().is_some()
        || setup.honest_two && session.link().is_some_and(|i| IDENTITY[usize::from(i)].1 == 0);
    // With a second factor it is looked at where the session is made.
    let shown = honest || setup.events.recovery || setup.policy.local.totp;
    must(!session.two || shown, "I8", || "a session above what was shown for it".to_owned())
}

/// Whether this user is let in by nothing below the second level: because it was set so, or because they have a second
/// factor that policy allows.
pub fn needs_two(setup: &Setup, db: &Db, user: u8) -> bool {
    let user = db.users[usize::from(user)];
    user.two || setup.policy.local.totp && user.factor > 0
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
    if *kind == Kind::Guess {
        // An attempt changes nothing of anybody's; its counter is looked at in the state.
        return Ok(());
    }
    done.not_outlived()?;
    done.replay_by_one()?;
    done.linked_with_proofs()?;
    done.by_policy()?;
    done.account_only_by_own_session()?;
    done.keeps_a_way_in()?;
    done.notices()?;
    done.recovered_evicts()?;
    done.second_factor_shown()?;
    done.within_walls()?;
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
    let fresh = matches!(step.act, Act::Return { i: 2..=4, .. });
    let tells =
        matches!(decided.seen, Seen::AskProof(_) | Seen::AskProofOfOne | Seen::OtherAccount | Seen::AddressTaken);
    must(!(fresh && tells && !setup.vouched && flow.kind != LINKING), "I12", || {
        format!("{:?} before anybody showed the mailbox", decided.seen)
    })
}

/// How many usable methods of their own a user has, by the policy's words: counted here anew.
pub fn ways_in(setup: &Setup, db: &Db, user: u8) -> usize {
    let local = setup.policy.local;
    let record = db.users[usize::from(user)];
    let honest = |method: u8| identity_of(method).is_some_and(|identity| IDENTITY[usize::from(identity)].1 == 0);
    let second = local.totp && record.factor > 0;
    let enough =
        |method: u8| !record.two || second || passkey_of(method).is_some() || (setup.honest_two && honest(method));
    let named = db.addresses.iter().any(|known| known.owner == user + 1);
    (0..METHODS)
        .filter(|&method| enough(method))
        .filter(|&method| match method {
            PASSWORD => local.password && record.password != 0 && named,
            key if passkey_of(key).is_some() => {
                let known = db.passkeys[usize::from(key - PASSKEY)];
                local.passkey && known.of() == Some(user) && !known.elsewhere
            }
            code if code < LINK => local.email_code && db.addresses[usize::from(code - 1)].owner == user + 1,
            link => {
                let identity = link - LINK;
                let (_, connection, _, _) = IDENTITY[usize::from(identity)];
                let id = &crate::names::Names::get().connections[usize::from(connection)];
                db.identities[usize::from(identity)].active() == Some(user)
                    && db.is_on(connection)
                    && current(db, identity)
                    && connection != TENANT
                    && setup.policy.connection(id).is_some_and(|rules| rules.purpose.signs_in())
            }
        })
        .count()
}
