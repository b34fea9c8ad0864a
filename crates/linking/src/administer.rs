//! What operators decide about users and their sessions.

use crate::draft::{Draft, Told};
use crate::{Context, Decision, Reason};
use model::{Actor, Change, EventKind, Facts, MailKind, SessionId, UserId, UserStatus};

/// Disable, enable or delete a user. All sessions end with the first and the last, in the same plan (T24, T69).
pub fn decide_user_status(context: &Context<'_>, facts: &Facts, user: UserId, to: UserStatus) -> Decision<()> {
    let no = |reason| Decision::without_plan((), reason, None);
    let Some(user) = facts.user(user) else { return no(Reason::UserNotFound) };
    let allowed = match to {
        UserStatus::Active => matches!(user.status, UserStatus::Disabled | UserStatus::Held),
        UserStatus::Disabled => matches!(user.status, UserStatus::Active | UserStatus::Held),
        UserStatus::Held => user.status == UserStatus::Active,
        UserStatus::Deleted => user.status != UserStatus::Deleted,
        // Only a merge absorbs.
        UserStatus::Absorbed => false,
    };
    if !allowed {
        let reason = if user.status == UserStatus::Deleted { Reason::UserNotFound } else { Reason::NothingToChange };
        return no(reason);
    }
    let mut draft = Draft::new(context, facts);
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    draft.push(Change::SetUserStatus { user: user.id, status: to, at: context.now });
    let kind = match to {
        UserStatus::Active => EventKind::UserEnabled,
        UserStatus::Disabled | UserStatus::Held | UserStatus::Absorbed => EventKind::UserDisabled,
        UserStatus::Deleted => EventKind::UserDeleted,
    };
    if to != UserStatus::Active {
        draft.push(Change::EndSessionsOfUser { user: user.id });
        draft.notify(user, MailKind::UserDisabled, &[("deleted", (to == UserStatus::Deleted).to_string())]);
    }
    draft.event(user, kind, Reason::ByOperator, Told::default());
    if to == UserStatus::Deleted {
        draft.push(Change::EraseUser { user: user.id, at: context.now });
    }
    Decision { outcome: (), reason: Reason::ByOperator, row: None, plan: draft.into_plan() }
}

/// Which sessions of a user to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndSessions {
    One(SessionId),
    All,
}

/// Ends one or all sessions of a user, by themselves or by an operator.
pub fn decide_end_session(context: &Context<'_>, facts: &Facts, user: UserId, which: EndSessions) -> Decision<()> {
    let Some(user) = facts.user(user) else { return Decision::without_plan((), Reason::UserNotFound, None) };
    let mut draft = Draft::new(context, facts);
    let session = match which {
        EndSessions::One(session) => {
            draft.push(Change::EndSessionById { session, user: user.id });
            Some(session)
        }
        EndSessions::All => {
            draft.push(Change::EndSessionsOfUser { user: user.id });
            None
        }
    };
    let told = Told { session, ..Told::default() };
    let operator = matches!(context.actor, Actor::Operator { .. });
    let reason = if operator { Reason::ByOperator } else { Reason::SignedOut };
    draft.event(user, EventKind::SessionEnded, reason, told);
    Decision { outcome: (), reason, row: None, plan: draft.into_plan() }
}
