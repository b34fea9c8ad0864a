//! The one function that mints sessions.

use crate::draft::{Draft, Told};
use crate::{Reason, methods::required_level};
use model::{ActiveUser, Change, EventKind, Level, Method, Micros, NewSession, Secret, SessionId, UserId};

/// What a new session gets from the surface it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTerms {
    /// SHA-256 of the new secret.
    pub hash: [u8; 32],
    pub lifetime: Micros,
    pub user_agent: String,
}

/// What a user who may be created would get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub id: UserId,
    pub sealed_key: Secret<Vec<u8>>,
    /// The subject clients will know them by: random, never the id.
    pub sub: String,
}

/// Adds a session to the plan if the evidence, given `at` some time, reaches the level this user needs (T69, T92: no
/// half sessions exist).
pub(crate) fn mint(
    draft: &mut Draft<'_>,
    user: ActiveUser<'_>,
    method: &Method,
    level: Level,
    at: Micros,
    terms: &SessionTerms,
) -> Result<SessionId, Reason> {
    if level < required_level(user.facts(), draft.context.policy) {
        return Err(Reason::LevelTooLow);
    }
    Ok(push(draft, user.facts().id, method, level, at, terms))
}

/// A browser holds one session: the present one ends with the plan that makes the new one (T65). Somebody else's leaves
/// a trace on their own chain.
pub(crate) fn end_present(draft: &mut Draft<'_>, next: Option<UserId>) {
    let facts = draft.facts;
    let Some(session) = &facts.session else { return };
    draft.push(Change::EndSession { hash: session.hash });
    if next != Some(session.user)
        && let Some(user) = facts.user(session.user)
    {
        let proofs = vec![crate::link::session_reference(session)];
        let told = Told { session: Some(session.id), proofs, ..Told::default() };
        draft.own_event(user, EventKind::SessionEnded, Reason::OtherUserSignedIn, told);
    }
}

/// A second session beside `present`, with the same evidence: for an application that takes over.
pub(crate) fn extend(
    draft: &mut Draft<'_>,
    user: ActiveUser<'_>,
    present: &model::SessionFacts,
    terms: &SessionTerms,
) -> Result<SessionId, Reason> {
    if present.level < required_level(user.facts(), draft.context.policy) {
        return Err(Reason::LevelTooLow);
    }
    Ok(push(draft, user.facts().id, &present.method, present.level, present.authenticated_at, terms))
}

/// Renews the secret of a session without new evidence: after a link, say. Level and time of authentication stay.
pub(crate) fn renew(draft: &mut Draft<'_>, old: &model::SessionFacts, terms: &SessionTerms) -> SessionId {
    draft.push(Change::EndSession { hash: old.hash });
    push(draft, old.user, &old.method, old.level, old.authenticated_at, terms)
}

/// For a user that this very plan creates; they are active by construction.
pub(crate) fn mint_for_new(
    draft: &mut Draft<'_>,
    user: UserId,
    method: &Method,
    level: Level,
    terms: &SessionTerms,
) -> Result<SessionId, Reason> {
    if level < draft.context.policy.required_level {
        return Err(Reason::LevelTooLow);
    }
    let now = draft.context.now;
    Ok(push(draft, user, method, level, now, terms))
}

fn push(
    draft: &mut Draft<'_>,
    user: UserId,
    method: &Method,
    level: Level,
    authenticated_at: Micros,
    terms: &SessionTerms,
) -> SessionId {
    let now = draft.context.now;
    let id = SessionId::generate(now, draft.context.random);
    draft.push(Change::CreateSession(NewSession {
        id,
        hash: terms.hash,
        user,
        level,
        method: method.clone(),
        authenticated_at,
        at: now,
        expires_at: now + terms.lifetime,
        store_epoch: draft.facts.store_epoch,
        user_agent: terms.user_agent.clone(),
    }));
    id
}
