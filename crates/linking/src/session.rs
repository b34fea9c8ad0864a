//! The one function that mints sessions.

use crate::draft::{Draft, Told};
use crate::record::session_reference;
use crate::{Reason, is_fresh_at, methods::FACTOR_LEVEL, methods::required_level};
use model::{
    ActiveUser, Change, EventKind, FactorProof, Level, Method, Micros, NewSession, Policy, Secret, SessionFacts,
    SessionId, SessionScope, UserFacts, UserId,
};

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

/// Whether a session may change its account: in scope for that, and fresh at the user's own level (T88, N22).
pub(crate) fn may_change_account(
    context: &crate::Context<'_>,
    session: &SessionFacts,
    user: &UserFacts,
) -> Result<(), Reason> {
    if session.scope != SessionScope::Account {
        Err(Reason::SessionScope)
    } else if !is_fresh_at(session.authenticated_at, context.now)
        || session.level < required_level(user, context.policy)
    {
        Err(Reason::StepUpNeeded)
    } else {
        Ok(())
    }
}

/// A session through an organisation's connection is for that organisation's clients only (row 1).
fn scope_of(method: &Method, policy: &Policy) -> SessionScope {
    let organisation = match method {
        Method::Link { connection, .. } => policy.organisation_of(connection),
        Method::Password | Method::EmailCode { .. } | Method::Passkey { .. } => None,
    };
    organisation
        .map_or(SessionScope::Account, |organisation| SessionScope::Organisation { organisation: organisation.clone() })
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
    let scope = scope_of(method, draft.context.policy);
    let goes_on = going_on(draft, user.facts().id);
    Ok(push(draft, user.facts().id, Evidence { method, level, at, scope, goes_on }, terms))
}

/// Whoever signs in again in their own session goes on in it, and so does what applications were given there; anybody
/// else begins one (T66).
fn going_on(draft: &Draft<'_>, user: UserId) -> Option<SessionId> {
    let live = draft.facts.live_session(draft.context.now);
    live.filter(|(session, _)| session.user == user).map(|(session, _)| session.sid)
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
        let proofs = vec![session_reference(session)];
        let told = Told { session: Some(session.id), proofs, ..Told::default() };
        draft.own_event(user, EventKind::SessionEnded, Reason::OtherUserSignedIn, told);
    }
}

/// A second session beside `present`, with the same evidence, for an application that takes over: it changes nothing
/// about the account, and what was narrower stays so.
pub(crate) fn extend(
    draft: &mut Draft<'_>,
    user: ActiveUser<'_>,
    present: &SessionFacts,
    terms: &SessionTerms,
) -> Result<SessionId, Reason> {
    if present.level < required_level(user.facts(), draft.context.policy) {
        return Err(Reason::LevelTooLow);
    }
    let scope = match &present.scope {
        SessionScope::Account => SessionScope::Application,
        // An organisation's session is for its own applications (row 1), and none is one's yet.
        SessionScope::Organisation { .. } | SessionScope::Application => return Err(Reason::SessionScope),
    };
    let (method, level, at) = (&present.method, present.level, present.authenticated_at);
    let evidence = Evidence { method, level, at, scope, goes_on: None };
    Ok(push(draft, user.facts().id, evidence, terms))
}

/// Renews the secret of a session without new evidence: after a link, say. Level, scope and time of authentication
/// stay.
pub(crate) fn renew(draft: &mut Draft<'_>, old: &SessionFacts, terms: &SessionTerms) -> SessionId {
    draft.push(Change::EndSession { hash: old.hash });
    let evidence = Evidence {
        method: &old.method,
        level: old.level,
        at: old.authenticated_at,
        scope: old.scope.clone(),
        goes_on: Some(old.sid),
    };
    push(draft, old.user, evidence, terms)
}

/// As [`renew`], with a second factor that was just shown for the first time: from now on it is asked for.
pub(crate) fn renew_with(
    draft: &mut Draft<'_>,
    old: &SessionFacts,
    shown: &FactorProof,
    terms: &SessionTerms,
) -> SessionId {
    let level = old.level.max(FACTOR_LEVEL);
    let authenticated_at = old.authenticated_at.min(shown.at());
    renew(draft, &SessionFacts { level, authenticated_at, ..old.clone() }, terms)
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
    let scope = scope_of(method, draft.context.policy);
    let at = draft.context.now;
    Ok(push(draft, user, Evidence { method, level, at, scope, goes_on: None }, terms))
}

/// What a session rests on, and what that allows.
struct Evidence<'a> {
    method: &'a Method,
    level: Level,
    at: Micros,
    scope: SessionScope,
    /// What applications know the session by that this one takes the place of.
    goes_on: Option<SessionId>,
}

fn push(draft: &mut Draft<'_>, user: UserId, evidence: Evidence<'_>, terms: &SessionTerms) -> SessionId {
    let now = draft.context.now;
    let id = SessionId::generate(now, draft.context.random);
    draft.push(Change::CreateSession(NewSession {
        id,
        sid: evidence.goes_on.unwrap_or(id),
        hash: terms.hash,
        user,
        level: evidence.level,
        scope: evidence.scope,
        method: evidence.method.clone(),
        authenticated_at: evidence.at,
        at: now,
        expires_at: now + terms.lifetime,
        store_epoch: draft.facts.store_epoch,
        user_agent: terms.user_agent.clone(),
    }));
    id
}
