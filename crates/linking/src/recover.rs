//! The way back in, and what it holds until the owner has looked.

use crate::access::{may_remain, rests_on};
use crate::draft::{Draft, Told, reference};
use crate::methods::{FACTOR_LEVEL, own_methods, required_level, ways_in};
use crate::session::{SessionTerms, end_present, may_change_account, mint};
use crate::{Context, Decision, Reason, UNDO, is_fresh_at};
use model::{
    ActiveUser, Change, EventKind, Facts, Level, LinkId, LinkState, MailKind, Method, Policy, Proof, SessionId,
    UserFacts, UserId,
};

/// Proofs given in one flow, each by a usable method of the user's own: nobody else's connection recovers an account (T97).
#[derive(Clone, Copy)]
pub struct RecoverInput<'a> {
    pub facts: &'a Facts,
    pub user: UserId,
    pub proofs: &'a [Proof],
    /// Somebody else is signed in in this browser, and the person chose to switch.
    pub switch_confirmed: bool,
    pub terms: &'a SessionTerms,
    /// Failure counters that the success clears.
    pub clear: &'a [Vec<u8>],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecoverOutcome {
    /// Signed in; these links were added lately and are on hold until they are confirmed.
    Recovered {
        held: Vec<LinkId>,
    },
    /// Another proof is needed that does not hang on what was shown already: one of these, if there is one.
    MoreProofs {
        methods: Vec<Method>,
    },
    /// Somebody else is signed in here.
    AskSwitch {
        current: UserId,
    },
    Refused,
}

pub fn decide_recover(context: &Context<'_>, input: &RecoverInput<'_>) -> Decision<RecoverOutcome> {
    let no = |outcome, reason| Decision::without_plan(outcome, reason, None);
    let refuse = |reason| no(RecoverOutcome::Refused, reason);
    let Some(user) = input.facts.user(input.user) else { return refuse(Reason::UserInactive) };
    if ActiveUser::check(user).is_none() {
        return refuse(Reason::UserInactive);
    }
    let own = own_methods(user, &input.facts.connections, context.policy);
    for proof in input.proofs {
        if proof.user() != user.id {
            return refuse(Reason::WrongUserProved);
        }
        if !own.contains(proof.method()) {
            return refuse(Reason::MethodNotAllowed);
        }
        if !is_fresh_at(proof.at(), context.now) {
            return refuse(Reason::NotFresh);
        }
    }
    // A second factor that came lately goes with the recovery, as links and passkeys do (T25): whoever set it up in somebody's
    // session must not ask more of the owner by it. What is left has to be a way in.
    let late = user.totp.as_ref().is_some_and(|totp| totp.added_at + UNDO > context.now);
    let without = UserFacts { totp: None, ..user.clone() };
    let left = ways_in(&without, &input.facts.connections, context.policy);
    let drops_factor = late && may_remain(&without, &left, context.policy).is_ok();
    let judged = if drops_factor { &without } else { user };
    let Some(active) = ActiveUser::check(judged) else { return refuse(Reason::UserInactive) };
    let level = required_level(judged, context.policy);
    let needed = if level > Level::One || user.protected { 2 } else { 1 };
    let independent = independent(context.policy, user, input.proofs);
    let Some(strongest) = independent.iter().max_by_key(|proof| proof.level()).filter(|_| independent.len() >= needed)
    else {
        let shown =
            |method: &Method| independent.iter().any(|proof| depends(context.policy, user, proof.method(), method));
        let methods = own.into_iter().filter(|method| !shown(method)).collect();
        return no(RecoverOutcome::MoreProofs { methods }, Reason::MoreProofsNeeded);
    };
    if let Some((_, signed_in)) = input.facts.live_session(context.now)
        && signed_in.id != user.id
        && !input.switch_confirmed
    {
        return no(RecoverOutcome::AskSwitch { current: signed_in.id }, Reason::OtherUserSignedIn);
    }

    let reason = Reason::Recovered;
    let shown: Vec<LinkId> = input.proofs.iter().filter_map(|proof| proof.method().link()).collect();
    let held: Vec<LinkId> = user
        .active_links()
        .filter(|link| link.linked_at + UNDO > context.now && !shown.contains(&link.id))
        .map(|link| link.id)
        .collect();
    let mut draft = Draft::new(context, input.facts);
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    for proof in &independent {
        draft.expect_method(proof.method());
    }
    for link in &held {
        draft.push(Change::HoldLink { link: *link, user: user.id });
    }
    // So does a passkey that came lately; there is no holding it, and the owner can add it again (T25).
    let shown: Vec<_> = independent.iter().filter_map(|proof| proof.method().passkey()).collect();
    let recent = user.passkeys.iter().filter(|known| known.added_at + UNDO > context.now && !shown.contains(&known.id));
    for passkey in recent {
        draft.push(Change::RemovePasskey { passkey: passkey.id, user: user.id });
    }
    if drops_factor {
        draft.push(Change::RemoveTotp { user: user.id });
    }
    // First, while the store still sees which clients the present session has let in.
    draft.push(Change::EndSessionsOfUser { user: user.id });
    end_present(&mut draft, Some(user.id));
    let at = strongest.at();
    // Independent proofs together are worth level two at most: no two of them are more (NIST SP 800-63B-4 §2.2).
    let together = if independent.len() >= 2 { level.min(FACTOR_LEVEL) } else { Level::One };
    let reached = strongest.level().max(together);
    let session = match mint(&mut draft, active, strongest.method(), reached, at, input.terms) {
        Ok(session) => session,
        Err(reason) => return refuse(reason),
    };
    for key in input.clear {
        draft.push(Change::ClearThrottle { key: key.clone() });
    }
    let proofs = independent.iter().map(|proof| reference(proof)).collect();
    draft.own_event(user, EventKind::Recovered, reason, Told { session: Some(session), proofs, ..Told::default() });
    draft.notify(user, MailKind::Recovered, &[]);
    Decision { outcome: RecoverOutcome::Recovered { held }, reason, row: None, plan: draft.into_plan() }
}

/// Proofs that do not hang on one another: each method once, and no provider account beside the very mailbox that would
/// reset it (T94).
fn independent<'a>(policy: &Policy, user: &UserFacts, proofs: &'a [Proof]) -> Vec<&'a Proof> {
    let mut kept: Vec<&Proof> = Vec::new();
    for proof in proofs {
        if !kept.iter().any(|other| depends(policy, user, other.method(), proof.method())) {
            kept.push(proof);
        }
    }
    kept
}

/// Whoever has the one may have the other by it.
fn depends(policy: &Policy, user: &UserFacts, one: &Method, other: &Method) -> bool {
    let elements = rests_on(user, other, policy);
    one == other || rests_on(user, one, policy).iter().any(|element| elements.contains(element))
}

/// The owner has looked at a link on hold and says it is theirs.
pub fn decide_release(
    context: &Context<'_>,
    facts: &Facts,
    session: SessionId,
    link: LinkId,
) -> Decision<Option<LinkId>> {
    let no = |reason| Decision::without_plan(None, reason, None);
    let Some((session, user)) = facts.live_session(context.now).filter(|(live, _)| live.id == session) else {
        return no(Reason::SessionExpired);
    };
    if let Err(reason) = may_change_account(context, session, user) {
        return no(reason);
    }
    let Some(held) = user.link(link).filter(|known| known.state == LinkState::Held) else {
        return no(Reason::LinkNotFound);
    };
    let mut draft = Draft::new(context, facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    draft.push(Change::ReleaseLink { link, user: user.id });
    let told = Told {
        link: Some(link),
        connection: Some(held.connection.clone()),
        session: Some(session.id),
        proofs: vec![crate::record::session_reference(session)],
        ..Told::default()
    };
    draft.event(user, EventKind::LinkReleased, Reason::LinkConfirmed, told);
    draft.notify(user, MailKind::Linked, &[("connection", held.connection.to_string())]);
    Decision { outcome: Some(link), reason: Reason::LinkConfirmed, row: None, plan: draft.into_plan() }
}
