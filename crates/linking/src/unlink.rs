//! Unlink: allowed while a usable method of the user's own remains, decided inside the committing write.

use crate::access::may_remain;
use crate::draft::{Draft, Told, UNDO_VALUE};
use crate::methods::ways_in;
use crate::record::session_reference;
use crate::session::may_change_account;
use crate::{Context, Decision, Reason};
use model::{
    Change, ConnectionId, EventKind, ExternalIdentity, Facts, LinkFacts, LinkId, LinkState, MailKind, Method,
    SessionId, Undoable, UserFacts, UserId,
};

#[derive(Clone, Copy)]
pub struct UnlinkInput<'a> {
    pub facts: &'a Facts,
    pub user: UserId,
    pub link: LinkId,
    /// `Some` when the owner asks, in their own session; `None` for an operator, whose right was checked before.
    pub session: Option<SessionId>,
    /// An operator's second confirmation: remove even the last usable method.
    pub force: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnlinkOutcome {
    Removed {
        connection: ConnectionId,
        identity: ExternalIdentity,
        /// The session that asked rested on the removed link and ended with it.
        own_session_ended: bool,
    },
    /// It would leave the user without a way in. Nothing else is wrong.
    LastMethod,
    SignInFirst,
    StepUpFirst,
    NotFound,
}

pub fn decide_unlink(context: &Context<'_>, input: &UnlinkInput<'_>) -> Decision<UnlinkOutcome> {
    let no = |outcome, reason| Decision::without_plan(outcome, reason, None);
    let session = match input.session {
        None => None,
        Some(id) => match input.facts.live_session(context.now) {
            Some((session, user)) if session.id == id && user.id == input.user => Some(session),
            _ => return no(UnlinkOutcome::SignInFirst, Reason::SessionExpired),
        },
    };
    let found = input.facts.user(input.user).and_then(|user| Some((user, user.link(input.link)?)));
    let Some((user, link)) = found.filter(|(_, link)| link.state != LinkState::Removed) else {
        return no(UnlinkOutcome::NotFound, Reason::LinkNotFound);
    };
    if let Some(Err(reason)) = session.map(|session| may_change_account(context, session, user)) {
        return no(UnlinkOutcome::StepUpFirst, reason);
    }
    let remaining = methods_without(context, input.facts, user, link.id);
    if let Err(reason) = may_remain(user, &remaining, context.policy)
        && !(input.force && session.is_none())
    {
        return no(UnlinkOutcome::LastMethod, reason);
    }
    commit(context, input, user, link, &remaining)
}

/// The ways in that remain to the user without this link.
pub(crate) fn methods_without(context: &Context<'_>, facts: &Facts, user: &UserFacts, link: LinkId) -> Vec<Method> {
    let mut methods = ways_in(user, &facts.connections, context.policy);
    methods.retain(|method| method.link() != Some(link));
    methods
}

fn commit(
    context: &Context<'_>,
    input: &UnlinkInput<'_>,
    user: &UserFacts,
    link: &LinkFacts,
    remaining: &[Method],
) -> Decision<UnlinkOutcome> {
    let session = input.session.and(input.facts.session.as_ref());
    let reason = if session.is_some() { Reason::Unlinked } else { Reason::UnlinkedByOperator };
    let mut draft = Draft::new(context, input.facts);
    if let Some(session) = session {
        draft.push(Change::ExpectSession { hash: session.hash });
    }
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    draft.expect_remaining(remaining);
    draft.push(Change::RemoveLink { link: link.id, user: user.id, identity: link.identity.clone(), at: context.now });
    draft.push(Change::EndSessionsOfLink { link: link.id, user: user.id });
    let mut personal = std::collections::BTreeMap::new();
    personal.insert("subject", link.identity.subject.as_str().to_owned());
    personal.insert("namespace", link.identity.namespace.as_str().to_owned());
    let told = Told {
        link: Some(link.id),
        connection: Some(link.connection.clone()),
        session: session.map(|session| session.id),
        proofs: session.map(session_reference).into_iter().collect(),
        personal,
    };
    let event = draft.event(user, EventKind::Unlinked, reason, told);
    let identity = link.identity.clone();
    draft.grant(event, user.id, Undoable::Unlink { link: link.id, connection: link.connection.clone(), identity });
    let values = [("connection", link.connection.to_string()), (UNDO_VALUE, event.to_string())];
    draft.notify(user, MailKind::Unlinked, &values);
    let outcome = UnlinkOutcome::Removed {
        connection: link.connection.clone(),
        identity: link.identity.clone(),
        own_session_ended: session.is_some_and(|session| session.method.link() == Some(link.id)),
    };
    Decision { outcome, reason, row: None, plan: draft.into_plan() }
}
