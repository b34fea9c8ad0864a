//! What applications are given: who signed in, for as long as what that rests on stands.
//!
//! Nothing here joins or parts accounts; it is beside the decisions because an authorization is minted like a session
//! and rests on the same facts: an active user, a live session at the level that user needs, a link that stands.

use crate::draft::{Draft, Told};
use crate::record::session_reference;
use crate::{Context, Decision, Reason, required_level};
use model::{
    ActiveUser, AuthorizationFacts, AuthorizationId, Change, ClientFacts, DeviceFacts, EventKind, Facts, LinkState,
    Micros, NewAuthorization, SessionFacts, SessionId, SessionScope, UserFacts,
};
use std::collections::BTreeMap;

/// The client and what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTerms<'a> {
    pub client: &'a str,
    pub scope: &'a [String],
    /// `public`, or the client's own sector.
    pub sector: &'a str,
    /// What that sector would know the user by, if it does not know them yet.
    pub new_sub: &'a str,
    /// Nobody is asked about a client of ours.
    pub first_party: bool,
    /// The version it was looked at in, of a client that the store keeps.
    pub version: Option<i64>,
    pub lifetime: Micros,
    /// A refresh token is replaced by its use.
    pub rotates: bool,
    /// It wants to be told when the session ends.
    pub hears_of_logout: bool,
}

/// The session of somebody who may let a client in: live, at the level they need, and theirs. One that an application
/// took over lets nobody else in, and one through an organisation's connection is for that organisation's clients only.
pub(crate) fn letting_in<'a>(
    context: &Context<'_>,
    facts: &'a Facts,
) -> Result<(&'a SessionFacts, &'a UserFacts), Reason> {
    let (session, user) = facts.live_session(context.now).ok_or(Reason::SessionExpired)?;
    if session.scope != SessionScope::Account {
        return Err(Reason::SessionScope);
    }
    if session.level < required_level(user, context.policy) {
        return Err(Reason::LevelTooLow);
    }
    Ok((session, user))
}

/// A client that was changed or removed meanwhile is given nothing, however late this replica hears of it (T68). First of
/// all: its removal takes the rows in the same order.
pub(crate) fn expect_client(draft: &mut Draft<'_>, terms: &ClientTerms<'_>) {
    if let Some(version) = terms.version {
        draft.push(Change::ExpectClient { client: terms.client.to_owned(), version });
    }
}

/// Whether the person has said yes to all of this, or need not be asked.
pub fn is_consented(terms: &ClientTerms<'_>, known: &ClientFacts) -> bool {
    terms.first_party || terms.scope.iter().all(|scope| known.allows(scope))
}

/// A code is exchanged: the authorization has the code's own id, so that a second exchange finds what to end.
pub fn decide_authorization(
    context: &Context<'_>,
    facts: &Facts,
    known: &ClientFacts,
    terms: &ClientTerms<'_>,
    id: AuthorizationId,
) -> Decision<Option<NewAuthorization>> {
    authorize(context, facts, known, terms, id, None)
}

/// As [`decide_authorization`], where it is `device` that is let in. No browser is behind it: it has a `sid` that no
/// session has, and ends with no session.
pub(crate) fn authorize(
    context: &Context<'_>,
    facts: &Facts,
    known: &ClientFacts,
    terms: &ClientTerms<'_>,
    id: AuthorizationId,
    device: Option<&DeviceFacts>,
) -> Decision<Option<NewAuthorization>> {
    let no = |reason| Decision::without_plan(None, reason, None);
    let (session, user) = match letting_in(context, facts) {
        Ok(found) => found,
        Err(reason) => return no(reason),
    };
    if ActiveUser::check(user).is_none() {
        return no(Reason::UserInactive);
    }
    if !is_consented(terms, known) {
        return no(Reason::ConsentMissing);
    }
    let mut draft = Draft::new(context, facts);
    expect_client(&mut draft, terms);
    draft.push(Change::ExpectUser { user: user.id, version: user.version });
    draft.push(Change::ExpectSession { hash: session.hash });
    let sub = known.sub.clone().unwrap_or_else(|| {
        let (sector, sub) = (terms.sector.to_owned(), terms.new_sub.to_owned());
        draft.push(Change::CreateSubject { sector, sub: sub.clone(), user: user.id, at: context.now });
        sub
    });
    let new = NewAuthorization {
        id,
        client: terms.client.to_owned(),
        user: user.id,
        session: device.map_or(session.sid, |_| SessionId::from_bytes(*id.as_bytes())),
        link: session.method.link(),
        passkey: session.method.passkey(),
        method: session.method.kind(),
        level: session.level,
        authenticated_at: session.authenticated_at,
        sub,
        scope: terms.scope.to_vec(),
        offline: device.is_some() || terms.scope.iter().any(|scope| scope == "offline_access"),
        hears_of_logout: terms.hears_of_logout,
        at: context.now,
        expires_at: context.now + terms.lifetime,
        store_epoch: facts.store_epoch,
    };
    draft.push(Change::Authorize(new.clone()));
    let proofs = vec![session_reference(session)];
    let mut personal = named(terms.client);
    personal.extend(device.map(|device| ("device", device.user_agent.clone())));
    let reason = if device.is_some() { Reason::DeviceLetIn } else { Reason::ApplicationLetIn };
    let told = Told { session: Some(session.id), proofs, personal, ..Told::default() };
    draft.own_event(user, EventKind::ApplicationSignedIn, reason, told);
    Decision { outcome: Some(new), reason, row: None, plan: draft.into_plan() }
}

/// Whether an authorization and everything below it stands (T67, T68).
pub(crate) fn stands<'a>(
    context: &Context<'_>,
    facts: &'a Facts,
    authorization: &AuthorizationFacts,
) -> Result<&'a UserFacts, Reason> {
    if !authorization.is_alive(context.now, facts.store_epoch) {
        return Err(Reason::SessionExpired);
    }
    let user = facts.user(authorization.user).ok_or(Reason::UserInactive)?;
    if ActiveUser::check(user).is_none() {
        return Err(Reason::UserInactive);
    }
    if authorization.level < required_level(user, context.policy) {
        return Err(Reason::LevelTooLow);
    }
    if let Some(id) = authorization.link {
        let link = user.link(id).filter(|link| link.state == LinkState::Active).ok_or(Reason::MethodNotAllowed)?;
        let enabled = facts.connection(&link.connection).is_some_and(|state| state.enabled);
        let allowed = context.policy.connection(&link.connection).is_some_and(|rules| rules.purpose.signs_in());
        if !enabled || !allowed {
            return Err(Reason::MethodNotAllowed);
        }
    }
    Ok(user)
}

/// This client's authorization, as far as it stands.
fn given<'a>(
    context: &Context<'_>,
    facts: &'a Facts,
    known: &'a ClientFacts,
    terms: &ClientTerms<'_>,
) -> Result<(&'a AuthorizationFacts, &'a UserFacts), Reason> {
    let own = known.authorization.as_ref().filter(|known| known.client == terms.client);
    let authorization = own.ok_or(Reason::SessionExpired)?;
    Ok((authorization, stands(context, facts, authorization)?))
}

/// A refresh token of `generation` came in. Of two the first one counts; one from before ends everything (RFC 9700
/// §4.14.2), because only a thief or a broken client has it.
pub fn decide_refresh(
    context: &Context<'_>,
    facts: &Facts,
    known: &ClientFacts,
    terms: &ClientTerms<'_>,
    generation: i64,
) -> Decision<bool> {
    let no = |reason| Decision::without_plan(false, reason, None);
    let (authorization, user) = match given(context, facts, known, terms) {
        Ok(found) => found,
        Err(reason) => return no(reason),
    };
    if generation != authorization.generation {
        return reused(context, facts, user, authorization);
    }
    if !is_consented(terms, known) {
        return no(Reason::ConsentMissing);
    }
    let mut draft = Draft::new(context, facts);
    expect_client(&mut draft, terms);
    draft.push(Change::ExpectUser { user: user.id, version: user.version });
    if terms.rotates {
        draft.push(Change::Refresh { authorization: authorization.id, generation });
    }
    Decision { outcome: true, reason: Reason::ApplicationLetIn, row: None, plan: draft.into_plan() }
}

/// A proxy asks about one request of a person: what a refresh asks, at every request anew, and nothing is written.
pub fn decide_entry(
    context: &Context<'_>,
    facts: &Facts,
    known: &ClientFacts,
    terms: &ClientTerms<'_>,
) -> Decision<bool> {
    match given(context, facts, known, terms) {
        Ok(_) if is_consented(terms, known) => Decision::without_plan(true, Reason::ApplicationLetIn, None),
        Ok(_) => Decision::without_plan(false, Reason::ConsentMissing, None),
        Err(reason) => Decision::without_plan(false, reason, None),
    }
}

/// What was used twice ends what rests on it.
fn reused(
    context: &Context<'_>,
    facts: &Facts,
    user: &UserFacts,
    authorization: &AuthorizationFacts,
) -> Decision<bool> {
    let mut draft = Draft::new(context, facts);
    draft.push(Change::EndAuthorization { authorization: authorization.id });
    let told = Told { session: Some(authorization.session), personal: named(&authorization.client), ..Told::default() };
    draft.event(user, EventKind::TokenReused, Reason::TokenReused, told);
    Decision { outcome: false, reason: Reason::TokenReused, row: None, plan: draft.into_plan() }
}

/// A code came a second time: what the first one gave ends (RFC 6749 §4.1.2).
pub fn decide_code_reuse(context: &Context<'_>, facts: &Facts, known: &ClientFacts) -> Decision<bool> {
    let found = known.authorization.as_ref().and_then(|known| Some((known, facts.user(known.user)?)));
    match found {
        Some((authorization, user)) => reused(context, facts, user, authorization),
        None => Decision::without_plan(false, Reason::TokenReused, None),
    }
}

/// The person said yes to all that is asked for now; what was allowed before stays allowed.
pub fn decide_consent(
    context: &Context<'_>,
    facts: &Facts,
    known: &ClientFacts,
    terms: &ClientTerms<'_>,
) -> Decision<bool> {
    let (session, user) = match letting_in(context, facts) {
        Ok(found) => found,
        Err(reason) => return Decision::without_plan(false, reason, None),
    };
    let mut scope = known.consent.as_ref().map(|consent| consent.scope.clone()).unwrap_or_default();
    scope.extend(terms.scope.iter().filter(|word| !known.allows(word)).cloned());
    let mut draft = Draft::new(context, facts);
    expect_client(&mut draft, terms);
    draft.push(Change::ExpectSession { hash: session.hash });
    let client = terms.client.to_owned();
    draft.push(Change::GiveConsent { client, user: user.id, scope, at: context.now });
    let proofs = vec![session_reference(session)];
    let mut personal = named(terms.client);
    personal.insert("scope", terms.scope.join(" "));
    let told = Told { session: Some(session.id), proofs, personal, ..Told::default() };
    draft.own_event(user, EventKind::ConsentGiven, Reason::ConsentGiven, told);
    Decision { outcome: true, reason: Reason::ConsentGiven, row: None, plan: draft.into_plan() }
}

/// The person takes a client's access back: consent, tokens and all.
pub fn decide_withdrawal(context: &Context<'_>, facts: &Facts, client: &str) -> Decision<bool> {
    let Some((session, user)) = facts.live_session(context.now).filter(|(live, _)| live.scope == SessionScope::Account)
    else {
        return Decision::without_plan(false, Reason::SessionExpired, None);
    };
    let mut draft = Draft::new(context, facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.push(Change::WithdrawConsent { client: client.to_owned(), user: user.id });
    let proofs = vec![session_reference(session)];
    let told = Told { session: Some(session.id), proofs, personal: named(client), ..Told::default() };
    draft.own_event(user, EventKind::ConsentWithdrawn, Reason::ConsentWithdrawn, told);
    Decision { outcome: true, reason: Reason::ConsentWithdrawn, row: None, plan: draft.into_plan() }
}

fn named(client: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([("application", client.to_owned())])
}
