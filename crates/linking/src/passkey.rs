//! Passkeys of an account: added by its owner, and removed while another way in remains.

use crate::access::may_remain;
use crate::draft::{Draft, Told};
use crate::methods::ways_in;
use crate::record::session_reference;
use crate::session::may_change_account;
use crate::{Context, Decision, Reason};
use model::{Change, EventKind, Facts, MailKind, NewPasskey, PasskeyId, SessionFacts, SessionId, UserFacts};

/// More than anybody carries, and few enough for one page.
pub const PASSKEYS_MAX: usize = 20;

/// A credential that was just made for this user and verified.
#[derive(Debug, Clone, Copy)]
pub struct Credential<'a> {
    pub id: &'a [u8],
    pub handle: &'a [u8],
    pub key: &'a str,
    pub name: &'a str,
}

/// The person who is signed in, in a session that may change the account.
fn owner<'a>(
    context: &Context<'_>,
    facts: &'a Facts,
    session: SessionId,
) -> Result<(&'a SessionFacts, &'a UserFacts), Reason> {
    let live = facts.live_session(context.now).filter(|(live, _)| live.id == session);
    let (session, user) = live.ok_or(Reason::SessionExpired)?;
    may_change_account(context, session, user)?;
    Ok((session, user))
}

/// A passkey for whoever is signed in. Tickets that were made before die with the raised version (T26).
pub fn decide_add_passkey(
    context: &Context<'_>,
    facts: &Facts,
    session: SessionId,
    credential: &Credential<'_>,
) -> Decision<Option<PasskeyId>> {
    let no = |reason| Decision::without_plan(None, reason, None);
    let (session, user) = match owner(context, facts, session) {
        Ok(found) => found,
        Err(reason) => return no(reason),
    };
    if !context.policy.local.passkey {
        return no(Reason::MethodNotAllowed);
    }
    if facts.credential.is_some() {
        return no(Reason::PasskeyTaken);
    }
    if user.passkeys.len() >= PASSKEYS_MAX {
        return no(Reason::TooManyPasskeys);
    }
    let id = PasskeyId::generate(context.now, context.random);
    let mut draft = Draft::new(context, facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    draft.push(Change::AddPasskey(NewPasskey {
        id,
        user: user.id,
        credential: credential.id.to_vec(),
        handle: credential.handle.to_vec(),
        host: context.policy.host.clone(),
        key: credential.key.to_owned(),
        name: credential.name.to_owned(),
        at: context.now,
    }));
    tell(
        &mut draft,
        session,
        user,
        credential.name,
        EventKind::PasskeyAdded,
        Reason::PasskeyAdded,
        MailKind::PasskeyAdded,
    );
    Decision { outcome: Some(id), reason: Reason::PasskeyAdded, row: None, plan: draft.into_plan() }
}

/// What removing a passkey came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyRemoval {
    Removed {
        /// The session that asked rested on it and ended with it.
        own_session_ended: bool,
    },
    Refused,
}

/// As with a link: another way in has to remain (T72), and what rests on the passkey ends with it (T67).
pub fn decide_remove_passkey(
    context: &Context<'_>,
    facts: &Facts,
    session: SessionId,
    passkey: PasskeyId,
) -> Decision<PasskeyRemoval> {
    let no = |reason| Decision::without_plan(PasskeyRemoval::Refused, reason, None);
    let (session, user) = match owner(context, facts, session) {
        Ok(found) => found,
        Err(reason) => return no(reason),
    };
    let Some(known) = user.passkey(passkey) else { return no(Reason::PasskeyNotFound) };
    let mut remaining = ways_in(user, &facts.connections, context.policy);
    remaining.retain(|method| method.passkey() != Some(passkey));
    if let Err(reason) = may_remain(user, &remaining, context.policy) {
        return no(reason);
    }
    let mut draft = Draft::new(context, facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    draft.expect_remaining(&remaining);
    draft.push(Change::RemovePasskey { passkey, user: user.id });
    draft.push(Change::EndSessionsOfPasskey { passkey, user: user.id });
    tell(
        &mut draft,
        session,
        user,
        &known.name,
        EventKind::PasskeyRemoved,
        Reason::PasskeyRemoved,
        MailKind::PasskeyRemoved,
    );
    let outcome = PasskeyRemoval::Removed { own_session_ended: session.method.passkey() == Some(passkey) };
    Decision { outcome, reason: Reason::PasskeyRemoved, row: None, plan: draft.into_plan() }
}

fn tell(
    draft: &mut Draft<'_>,
    session: &SessionFacts,
    user: &UserFacts,
    name: &str,
    kind: EventKind,
    reason: Reason,
    mail: MailKind,
) {
    let mut personal = std::collections::BTreeMap::new();
    personal.insert("passkey", name.to_owned());
    let told =
        Told { session: Some(session.id), proofs: vec![session_reference(session)], personal, ..Told::default() };
    draft.own_event(user, kind, reason, told);
    draft.notify(user, mail, &[("passkey", name.to_owned())]);
}
