//! Moving one external identity from another user of the same person (row 3).

use crate::access::may_remain;
use crate::draft::{Draft, Told, reference};
use crate::link::at_link_limit;
use crate::methods::{check_proof_by, own_methods};
use crate::record::{assertion_reference, identity_values, push_link, push_seen, session_reference};
use crate::session::{SessionTerms, may_change_account, renew};
use crate::sign_in::{in_scope, open_connection};
use crate::unlink::methods_without;
use crate::{Context, Decision, Reason};
use model::{
    Assertion, Change, EventKind, Facts, LinkFacts, LinkId, LinkState, MailKind, Proof, SessionFacts, SessionId,
    Undoable, UserFacts, UserId, UserStatus,
};

/// Stepped up here, the other user proven, the identity itself just shown: all in one browser.
#[derive(Clone, Copy)]
pub struct MoveInput<'a> {
    pub facts: &'a Facts,
    pub assertion: &'a Assertion,
    /// What the ticket says: who asked, in which session, at which version of the user.
    pub user: UserId,
    pub session: SessionId,
    pub user_version: i64,
    /// The user the ticket named as the present holder (T43).
    pub from: UserId,
    /// Proof of that user, by a method that is not the identity.
    pub proof: &'a Proof,
    pub terms: &'a SessionTerms,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveOutcome {
    Moved {
        link: LinkId,
    },
    SignInFirst,
    StepUpFirst,
    /// The other user would be left without a way in.
    LastMethod,
    Refused,
}

struct Checked<'a> {
    session: &'a SessionFacts,
    to: &'a UserFacts,
    from: &'a UserFacts,
    link: &'a LinkFacts,
}

pub fn decide_move(context: &Context<'_>, input: &MoveInput<'_>) -> Decision<MoveOutcome> {
    match check(context, input) {
        Ok(checked) => commit(context, input, &checked),
        Err((outcome, reason)) => Decision::without_plan(outcome, reason, Some(3)),
    }
}

fn check<'a>(context: &Context<'a>, input: &MoveInput<'a>) -> Result<Checked<'a>, (MoveOutcome, Reason)> {
    let refuse = |reason| (MoveOutcome::Refused, reason);
    let (session, to) = input
        .facts
        .live_session(context.now)
        .filter(|(session, user)| user.id == input.user && session.id == input.session)
        .ok_or((MoveOutcome::SignInFirst, Reason::SessionExpired))?;
    let (rules, _) = open_connection(context, input.facts, input.assertion).map_err(refuse)?;
    if !rules.purpose.links() {
        return Err(refuse(Reason::PurposeForbids));
    }
    if !in_scope(context.policy, input.assertion.connection(), to) {
        return Err(refuse(Reason::OutsideOrganisation));
    }
    let known = input.facts.identity_of(input.assertion.identity());
    let (from, link) = match known.and_then(|known| known.link) {
        Some((_, owner, _)) if owner == to.id => return Err(refuse(Reason::AlreadyLinked)),
        Some((_, _, LinkState::Held)) => return Err(refuse(Reason::IdentityHeld)),
        Some((link, owner, LinkState::Active)) => {
            let from = input.facts.user(owner).filter(|from| from.status == UserStatus::Active);
            let from = from.ok_or_else(|| refuse(Reason::UserInactive))?;
            (from, from.link(link).ok_or_else(|| refuse(Reason::LinkNotFound))?)
        }
        Some((_, _, LinkState::Removed)) | None => return Err(refuse(Reason::LinkNotFound)),
    };
    if to.version != input.user_version {
        return Err(refuse(Reason::TicketOutdated));
    }
    may_change_account(context, session, to).map_err(|reason| (MoveOutcome::StepUpFirst, reason))?;
    check_proof(context, input, from, link).map_err(refuse)?;
    if at_link_limit(context, to, input.assertion.connection()) {
        return Err(refuse(Reason::LinkLimit));
    }
    // A net: the method that proved the other user is one that stays.
    let remaining = methods_without(context, input.facts, from, link.id);
    may_remain(from, &remaining, context.policy).map_err(|reason| (MoveOutcome::LastMethod, reason))?;
    Ok(Checked { session, to, from, link })
}

fn check_proof(context: &Context<'_>, input: &MoveInput<'_>, from: &UserFacts, link: &LinkFacts) -> Result<(), Reason> {
    let proof = input.proof;
    if proof.user() != from.id || input.from != from.id {
        Err(Reason::WrongUserProved)
    } else if proof.method().link() == Some(link.id) {
        Err(Reason::ProofBySameIdentity)
    } else {
        let own = own_methods(from, &input.facts.connections, context.policy);
        check_proof_by(context, from, &own, proof)
    }
}

fn commit(context: &Context<'_>, input: &MoveInput<'_>, checked: &Checked<'_>) -> Decision<MoveOutcome> {
    let Checked { session, to, from, link: old } = checked;
    let reason = Reason::Moved;
    let identity = input.assertion.identity();
    let connection = input.assertion.connection();
    let mut draft = Draft::new(context, input.facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.raise_both(to, from);
    // What proved the other user remains to them: it is the method that must still work when this commits (T72).
    draft.expect_method(input.proof.method());
    draft.push(Change::RemoveLink { link: old.id, user: from.id, identity: identity.clone(), at: context.now });
    draft.push(Change::EndSessionsOfLink { link: old.id, user: from.id });
    let proofs = vec![session_reference(session), assertion_reference(input.assertion), reference(input.proof)];
    push_seen(&mut draft, context, input.assertion, true);
    let link = push_link(&mut draft, input.assertion, to.id, reason, &proofs);
    let session = renew(&mut draft, session, input.terms);
    let told = |link| Told {
        link: Some(link),
        connection: Some(connection.clone()),
        session: Some(session),
        proofs: proofs.clone(),
        personal: identity_values(input.assertion),
    };
    let event = draft.own_event(to, EventKind::LinkMoved, reason, told(link));
    draft.grant(event, to.id, Undoable::Link { link, connection: connection.clone(), identity: identity.clone() });
    let lost = draft.own_event(from, EventKind::Unlinked, reason, told(old.id));
    let unlinked = Undoable::Unlink { link: old.id, connection: connection.clone(), identity: identity.clone() };
    draft.grant(lost, from.id, unlinked);
    for user in [to, from] {
        draft.notify(user, MailKind::Moved, &[("connection", connection.to_string())]);
    }
    Decision { outcome: MoveOutcome::Moved { link }, reason, row: Some(3), plan: draft.into_plan() }
}
