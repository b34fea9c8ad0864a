//! Linking from settings: row 4 of the table, and the refusals around it.

use crate::draft::Draft;
use crate::record::{assertion_reference, push_link, push_seen, session_reference, tell_of_link};
use crate::session::{SessionTerms, may_change_account, renew};
use crate::sign_in::{in_scope, open_connection};
use crate::{Context, Decision, Reason};
use model::{
    Assertion, Change, ConnectionId, Facts, LinkId, LinkState, SessionFacts, SessionId, UserFacts, UserId, UserStatus,
};

/// A link is decided on the live session that asked for it and on the identity that came back.
#[derive(Clone, Copy)]
pub struct LinkInput<'a> {
    pub facts: &'a Facts,
    pub assertion: &'a Assertion,
    /// What the ticket says: who asked, in which session, at which version of the user (T32, T33, T43).
    pub user: UserId,
    pub session: SessionId,
    pub user_version: i64,
    /// The session gets a new secret with the link (T65).
    pub terms: &'a SessionTerms,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkOutcome {
    Linked {
        link: LinkId,
    },
    /// The same identity is linked to this very user already.
    AlreadyLinked {
        link: LinkId,
    },
    /// Row 3: it belongs to another user; moving or merging it needs proof of that one too.
    OtherUsers,
    /// Not signed in any more, or as somebody else.
    SignInFirst,
    StepUpFirst,
    Refused,
}

pub fn decide_link(context: &Context<'_>, input: &LinkInput<'_>) -> Decision<LinkOutcome> {
    match check(context, input) {
        Ok((session, user)) => commit(context, input, session, user),
        Err((outcome, reason, row)) => Decision::without_plan(outcome, reason, Some(row)),
    }
}

type Refusal = (LinkOutcome, Reason, u8);

fn check<'a>(context: &Context<'a>, input: &LinkInput<'a>) -> Result<(&'a SessionFacts, &'a UserFacts), Refusal> {
    let refuse = |reason| (LinkOutcome::Refused, reason, 4);
    let (session, user) = input
        .facts
        .live_session(context.now)
        .filter(|(session, user)| user.id == input.user && session.id == input.session)
        .ok_or((LinkOutcome::SignInFirst, Reason::SessionExpired, 4))?;
    let (rules, _) = open_connection(context, input.facts, input.assertion).map_err(refuse)?;
    if !rules.purpose.links() {
        return Err(refuse(Reason::PurposeForbids));
    }
    if !in_scope(context.policy, input.assertion.connection(), user) {
        return Err(refuse(Reason::OutsideOrganisation));
    }
    match input.facts.identity_of(input.assertion.identity()).and_then(|identity| identity.link) {
        Some((link, owner, LinkState::Active)) if owner == user.id => {
            return Err((LinkOutcome::AlreadyLinked { link }, Reason::AlreadyLinked, 2));
        }
        Some((_, _, LinkState::Held)) => return Err((LinkOutcome::Refused, Reason::IdentityHeld, 6)),
        Some((_, owner, LinkState::Active)) => {
            // Nothing to offer where that user takes no part any more.
            if input.facts.user(owner).is_none_or(|owner| owner.status != UserStatus::Active) {
                return Err((LinkOutcome::Refused, Reason::UserInactive, 3));
            }
            return Err((LinkOutcome::OtherUsers, Reason::IdentityOfOtherUser, 3));
        }
        Some((_, _, LinkState::Removed)) | None => {}
    }
    if user.version != input.user_version {
        return Err(refuse(Reason::TicketOutdated));
    }
    may_change_account(context, session, user).map_err(|reason| (LinkOutcome::StepUpFirst, reason, 4))?;
    if at_link_limit(context, user, input.assertion.connection()) {
        return Err(refuse(Reason::LinkLimit));
    }
    Ok((session, user))
}

/// Whether the user already has as many links of this connection as policy allows, by whichever way they came (T98).
pub(crate) fn at_link_limit(context: &Context<'_>, user: &UserFacts, connection: &ConnectionId) -> bool {
    let present =
        user.links.iter().filter(|link| link.state != LinkState::Removed && link.connection == *connection).count();
    context.policy.connection(connection).is_none_or(|rules| present >= rules.max_links_per_user as usize)
}

fn commit(
    context: &Context<'_>,
    input: &LinkInput<'_>,
    session: &SessionFacts,
    user: &UserFacts,
) -> Decision<LinkOutcome> {
    let reason = Reason::LinkedByOwner;
    let mut draft = Draft::new(context, input.facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    let proofs = vec![session_reference(session), assertion_reference(input.assertion)];
    push_seen(&mut draft, context, input.assertion, true);
    let link = push_link(&mut draft, input.assertion, user.id, reason, &proofs);
    let session = renew(&mut draft, session, input.terms);
    tell_of_link(&mut draft, input.assertion, user, link, session, reason, proofs);
    Decision { outcome: LinkOutcome::Linked { link }, reason, row: Some(4), plan: draft.into_plan() }
}
