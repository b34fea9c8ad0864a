//! Undoing a link or an unlink: a notice may only freeze; restoring needs a sign-in at the user's full level and passes
//! every guard again.

use crate::access::may_remain;
use crate::draft::{Draft, Told};
use crate::link::at_link_limit;
use crate::record::session_reference;
use crate::session::may_change_account;
use crate::unlink::methods_without;
use crate::{Context, Decision, Reason};
use model::{
    Change, ConnectionId, EventKind, ExternalIdentity, Facts, GrantFacts, LinkId, LinkState, MailKind, SessionFacts,
    SessionId, Undoable, UserFacts, UserStatus,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoOutcome {
    Undone,
    /// The link is on hold; its sessions have ended.
    Held,
    SignInFirst,
    StepUpFirst,
    LastMethod,
    /// The identity is somebody else's by now.
    OtherUsers,
    Refused,
}

type Refusal = (UndoOutcome, Reason);

fn refuse(reason: Reason) -> Refusal {
    (UndoOutcome::Refused, reason)
}

/// The grant the facts were read for, while it counts.
pub(crate) fn open_grant<'a>(context: &Context<'_>, facts: &'a Facts) -> Result<&'a GrantFacts, Reason> {
    let grant = facts.grant.as_ref().ok_or(Reason::UndoUnknown)?;
    if grant.spent {
        Err(Reason::UndoSpent)
    } else if grant.expires_at <= context.now {
        Err(Reason::UndoExpired)
    } else {
        Ok(grant)
    }
}

/// One click in the notice: the new link is held and its sessions end. It gives nobody anything, so the mail is enough;
/// it never takes the last way in.
pub fn decide_freeze(context: &Context<'_>, facts: &Facts) -> Decision<UndoOutcome> {
    freeze(context, facts).unwrap_or_else(|(outcome, reason)| Decision::without_plan(outcome, reason, None))
}

fn freeze(context: &Context<'_>, facts: &Facts) -> Result<Decision<UndoOutcome>, Refusal> {
    let grant = open_grant(context, facts).map_err(refuse)?;
    let Undoable::Link { link, connection, .. } = &grant.what else { return Err(refuse(Reason::UndoUnknown)) };
    let user = facts.user(grant.user).filter(|user| user.status == UserStatus::Active);
    let user = user.ok_or_else(|| refuse(Reason::UserInactive))?;
    if user.link(*link).is_none_or(|known| known.state != LinkState::Active) {
        return Err(refuse(Reason::LinkNotFound));
    }
    let remaining = methods_without(context, facts, user, *link);
    if remaining.is_empty() {
        return Err((UndoOutcome::LastMethod, Reason::LastMethod));
    }
    let reason = Reason::LinkFrozen;
    let mut draft = Draft::new(context, facts);
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    draft.expect_remaining(&remaining);
    draft.push(Change::HoldLink { link: *link, user: user.id });
    draft.push(Change::EndSessionsOfLink { link: *link, user: user.id });
    let proofs = vec![format!("grant:{}", grant.event)];
    let told = Told { link: Some(*link), connection: Some(connection.clone()), proofs, ..Told::default() };
    draft.event(user, EventKind::LinkHeld, reason, told);
    draft.notify(user, MailKind::Undone, &[("connection", connection.to_string())]);
    Ok(Decision { outcome: UndoOutcome::Held, reason, row: None, plan: draft.into_plan() })
}

#[derive(Clone, Copy)]
pub struct UndoInput<'a> {
    /// With the grant, its user, and the identity it names.
    pub facts: &'a Facts,
    pub session: SessionId,
}

/// Undoes a link or an unlink. A merge needs both proofs: [`crate::decide_unmerge`].
pub fn decide_undo(context: &Context<'_>, input: &UndoInput<'_>) -> Decision<UndoOutcome> {
    undo(context, input).unwrap_or_else(|(outcome, reason)| Decision::without_plan(outcome, reason, None))
}

fn undo(context: &Context<'_>, input: &UndoInput<'_>) -> Result<Decision<UndoOutcome>, Refusal> {
    let grant = open_grant(context, input.facts).map_err(refuse)?;
    let (session, user) = input
        .facts
        .live_session(context.now)
        .filter(|(session, user)| session.id == input.session && user.id == grant.user)
        .ok_or((UndoOutcome::SignInFirst, Reason::SessionExpired))?;
    may_change_account(context, session, user).map_err(|reason| (UndoOutcome::StepUpFirst, reason))?;
    let undone = Undone { context, facts: input.facts, grant, session, user };
    match &grant.what {
        Undoable::Link { link, connection, identity } => undone.remove(*link, connection, identity),
        Undoable::Unlink { link, connection, identity } => undone.restore(*link, connection, identity),
        Undoable::Merge { .. } => Err(refuse(Reason::MoreProofsNeeded)),
    }
}

struct Undone<'a> {
    context: &'a Context<'a>,
    facts: &'a Facts,
    grant: &'a GrantFacts,
    session: &'a SessionFacts,
    user: &'a UserFacts,
}

impl Undone<'_> {
    fn draft(&self) -> Draft<'_> {
        let mut draft = Draft::new(self.context, self.facts);
        draft.push(Change::ExpectSession { hash: self.session.hash });
        draft.push(Change::SpendGrant { event: self.grant.event });
        draft.push(Change::RaiseUser { user: self.user.id, from: self.user.version });
        draft
    }

    fn finish(
        &self,
        mut draft: Draft<'_>,
        link: LinkId,
        connection: &ConnectionId,
        identity: &ExternalIdentity,
        reason: Reason,
    ) -> Decision<UndoOutcome> {
        let told = Told {
            link: Some(link),
            connection: Some(connection.clone()),
            session: Some(self.session.id),
            proofs: vec![session_reference(self.session), format!("grant:{}", self.grant.event)],
            personal: [("subject", identity.subject.as_str().to_owned())].into(),
        };
        draft.event(self.user, EventKind::ChangeUndone, reason, told);
        draft.notify(self.user, MailKind::Undone, &[("connection", connection.to_string())]);
        Decision { outcome: UndoOutcome::Undone, reason, row: None, plan: draft.into_plan() }
    }

    /// The link goes as by an unlink: the same guard, the same end of its sessions.
    fn remove(
        &self,
        link: LinkId,
        connection: &ConnectionId,
        identity: &ExternalIdentity,
    ) -> Result<Decision<UndoOutcome>, Refusal> {
        let living = self.user.link(link).filter(|known| known.state != LinkState::Removed);
        if living.is_none() {
            return Err(refuse(Reason::LinkNotFound));
        }
        let remaining = methods_without(self.context, self.facts, self.user, link);
        may_remain(self.user, &remaining, self.context.policy).map_err(|reason| (UndoOutcome::LastMethod, reason))?;
        let mut draft = self.draft();
        draft.expect_remaining(&remaining);
        let at = self.context.now;
        draft.push(Change::RemoveLink { link, user: self.user.id, identity: identity.clone(), at });
        draft.push(Change::EndSessionsOfLink { link, user: self.user.id });
        Ok(self.finish(draft, link, connection, identity, Reason::LinkUndone))
    }

    /// The link comes back if nobody holds the identity, and the connection still means the same.
    fn restore(
        &self,
        link: LinkId,
        connection: &ConnectionId,
        identity: &ExternalIdentity,
    ) -> Result<Decision<UndoOutcome>, Refusal> {
        let removed = self.user.link(link).filter(|known| known.state == LinkState::Removed);
        if removed.is_none() {
            return Err(refuse(Reason::LinkNotFound));
        }
        let rules = self.context.policy.connection(connection).ok_or_else(|| refuse(Reason::UnknownConnection))?;
        let state = self.facts.connection(connection).ok_or_else(|| refuse(Reason::UnknownConnection))?;
        if !state.enabled {
            return Err(refuse(Reason::ConnectionDisabled));
        }
        if state.namespace != identity.namespace {
            return Err(refuse(Reason::OldEpoch));
        }
        if !rules.purpose.links() {
            return Err(refuse(Reason::PurposeForbids));
        }
        if !crate::sign_in::in_scope(self.context.policy, connection, self.user) {
            return Err(refuse(Reason::OutsideOrganisation));
        }
        if self.facts.identity_of(identity).is_some_and(|known| known.link.is_some()) {
            return Err((UndoOutcome::OtherUsers, Reason::IdentityOfOtherUser));
        }
        if at_link_limit(self.context, self.user, connection) {
            return Err(refuse(Reason::LinkLimit));
        }
        let mut draft = self.draft();
        draft.expect_connection(connection);
        draft.push(Change::RestoreLink { link, user: self.user.id, identity: identity.clone() });
        Ok(self.finish(draft, link, connection, identity, Reason::LinkRestored))
    }
}
