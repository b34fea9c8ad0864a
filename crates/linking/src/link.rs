//! Linking from settings: row 4 of the table, and the refusals around it.

use crate::draft::{Draft, Told};
use crate::session::{SessionTerms, renew};
use crate::sign_in::{assertion_reference, identity_values, open_connection, push_link, push_seen};
use crate::{Context, Decision, Reason, is_fresh_at};
use model::{
    Assertion, Change, ConnectionId, EventKind, Facts, LinkId, LinkState, MailKind, SessionFacts, SessionId, UserFacts,
    UserId,
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
    // What is known of another identity says nothing about this one (T05, T43).
    let known = input.facts.identity.as_ref().filter(|known| known.identity == *input.assertion.identity());
    match known.and_then(|identity| identity.link) {
        Some((link, owner, LinkState::Active)) if owner == user.id => {
            return Err((LinkOutcome::AlreadyLinked { link }, Reason::AlreadyLinked, 2));
        }
        Some((_, _, LinkState::Held)) => return Err((LinkOutcome::Refused, Reason::IdentityHeld, 6)),
        Some((_, _, LinkState::Active)) => {
            return Err((LinkOutcome::OtherUsers, Reason::IdentityOfOtherUser, 3));
        }
        Some((_, _, LinkState::Removed)) | None => {}
    }
    if user.version != input.user_version {
        return Err(refuse(Reason::TicketOutdated));
    }
    if !is_fresh(context, session, user) {
        return Err((LinkOutcome::StepUpFirst, Reason::StepUpNeeded, 4));
    }
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

/// Fresh at the user's own level (T88, N22).
pub(crate) fn is_fresh(context: &Context<'_>, session: &SessionFacts, user: &UserFacts) -> bool {
    is_fresh_at(session.authenticated_at, context.now)
        && session.level >= crate::methods::required_level(user, context.policy)
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
    let connection = input.assertion.connection();
    let told = Told {
        link: Some(link),
        connection: Some(connection.clone()),
        session: Some(session),
        proofs,
        personal: identity_values(input.assertion),
    };
    draft.own_event(user, EventKind::Linked, reason, told);
    draft.notify(user, MailKind::Linked, &[("connection", connection.to_string())]);
    Decision { outcome: LinkOutcome::Linked { link }, reason, row: Some(4), plan: draft.into_plan() }
}

pub(crate) fn session_reference(session: &SessionFacts) -> String {
    format!(
        "session:{}:{}@{}/aal{}",
        session.id,
        session.method.name(),
        session.authenticated_at,
        i64::from(session.level)
    )
}
