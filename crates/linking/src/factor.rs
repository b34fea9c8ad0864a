//! The second factor of an account: set up, taken away, renewed and used by its owner.

use crate::access::may_remain;
use crate::draft::{Draft, Told};
use crate::methods::{has_factor, ways_in};
use crate::record::session_reference;
use crate::session::{SessionTerms, may_change_account, renew, renew_with};
use crate::{Context, Decision, Reason};
use model::{Change, EventKind, FactorProof, Facts, MailKind, NewTotp, Plan, SessionFacts, SessionId, UserFacts};

/// How many recovery codes somebody writes down.
pub const RECOVERY_CODES: usize = 10;

/// An authenticator app that has just shown a code of this secret.
#[derive(Debug, Clone, Copy)]
pub struct SetTotp<'a> {
    /// Sealed.
    pub secret: &'a [u8],
    /// Of the code that was shown: it is used.
    pub step: i64,
    pub codes: &'a [[u8; 32]],
    pub shown: &'a FactorProof,
}

type Owner<'a> = (&'a SessionFacts, &'a UserFacts);

/// The person who is signed in, in a session that may change the account.
fn owner<'a>(context: &Context<'_>, facts: &'a Facts, session: SessionId) -> Result<Owner<'a>, Reason> {
    let live = facts.live_session(context.now).filter(|(live, _)| live.id == session);
    let (session, user) = live.ok_or(Reason::SessionExpired)?;
    may_change_account(context, session, user)?;
    Ok((session, user))
}

/// Sets the second factor up, or another one in its place. From now on it is asked for at every sign-in, so every other
/// session ends, as it began without it (T24, T88); this one has just shown it.
pub fn decide_set_totp(
    context: &Context<'_>,
    facts: &Facts,
    session: SessionId,
    new: &SetTotp<'_>,
    terms: &SessionTerms,
) -> Decision<bool> {
    let no = |reason| Decision::without_plan(false, reason, None);
    let (session, user) = match owner(context, facts, session) {
        Ok(found) => found,
        Err(reason) => return no(reason),
    };
    if !context.policy.local.totp {
        return no(Reason::MethodNotAllowed);
    }
    if new.shown.user() != user.id {
        return no(Reason::WrongUserProved);
    }
    let mut draft = changing(context, facts, session, user);
    draft.push(Change::SetTotp(NewTotp {
        user: user.id,
        secret: new.secret.to_vec(),
        last_step: new.step,
        codes: new.codes.to_vec(),
        at: context.now,
    }));
    draft.push(Change::EndSessionsOfUser { user: user.id });
    let renewed = renew_with(&mut draft, session, new.shown, terms);
    tell(&mut draft, session, user, Some(renewed), EventKind::TotpAdded, Reason::TotpAdded, MailKind::TotpAdded);
    Decision { outcome: true, reason: Reason::TotpAdded, row: None, plan: draft.into_plan() }
}

/// Takes the second factor away, with its recovery codes, in a session that has shown it. What remains has to reach the
/// level that is required without it (T72, I8).
pub fn decide_remove_totp(
    context: &Context<'_>,
    facts: &Facts,
    session: SessionId,
    terms: &SessionTerms,
) -> Decision<bool> {
    let no = |reason| Decision::without_plan(false, reason, None);
    let (session, user) = match owner(context, facts, session) {
        Ok(found) => found,
        Err(reason) => return no(reason),
    };
    if user.totp.is_none() {
        return no(Reason::NoSecondFactor);
    }
    let without = UserFacts { totp: None, ..user.clone() };
    let remaining = ways_in(&without, &facts.connections, context.policy);
    if let Err(reason) = may_remain(&without, &remaining, context.policy) {
        return no(reason);
    }
    let mut draft = changing(context, facts, session, user);
    draft.expect_remaining(&remaining);
    draft.push(Change::RemoveTotp { user: user.id });
    draft.push(Change::EndSessionsOfUser { user: user.id });
    let renewed = renew(&mut draft, session, terms);
    tell(&mut draft, session, user, Some(renewed), EventKind::TotpRemoved, Reason::TotpRemoved, MailKind::TotpRemoved);
    Decision { outcome: true, reason: Reason::TotpRemoved, row: None, plan: draft.into_plan() }
}

/// New recovery codes in place of those that are left.
pub fn decide_recovery_codes(
    context: &Context<'_>,
    facts: &Facts,
    session: SessionId,
    codes: &[[u8; 32]],
) -> Decision<bool> {
    let no = |reason| Decision::without_plan(false, reason, None);
    let (session, user) = match owner(context, facts, session) {
        Ok(found) => found,
        Err(reason) => return no(reason),
    };
    let Some(totp) = user.totp.as_ref().filter(|_| has_factor(user, context.policy)) else {
        return no(Reason::NoSecondFactor);
    };
    let mut draft = changing(context, facts, session, user);
    draft.push(Change::SetRecoveryCodes { user: user.id, was: totp.codes.clone(), codes: codes.to_vec() });
    let reason = Reason::RecoveryCodesMade;
    tell(&mut draft, session, user, None, EventKind::RecoveryCodesMade, reason, MailKind::RecoveryCodesMade);
    Decision { outcome: true, reason, row: None, plan: draft.into_plan() }
}

fn changing<'a>(context: &'a Context<'a>, facts: &'a Facts, session: &SessionFacts, user: &UserFacts) -> Draft<'a> {
    let mut draft = Draft::new(context, facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    draft
}

fn tell(
    draft: &mut Draft<'_>,
    session: &SessionFacts,
    user: &UserFacts,
    renewed: Option<SessionId>,
    kind: EventKind,
    reason: Reason,
    mail: MailKind,
) {
    let proofs = vec![session_reference(session)];
    let told = Told { session: renewed.or(Some(session.id)), proofs, ..Told::default() };
    draft.own_event(user, kind, reason, told);
    draft.notify(user, mail, &[]);
}

/// What was shown as a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// The code of this time step.
    Step(i64),
    /// The recovery code with this digest.
    Code([u8; 32]),
}

/// What a factor that was shown costs: a code of the app counts once (RFC 6238 §5.2), and so does a recovery code, of
/// which the owner hears. It goes into the plan of what it leads to. Empty where it does not count (any more).
pub fn spend_factor(context: &Context<'_>, facts: &Facts, user: &UserFacts, shown: Spent) -> Plan {
    let Some(totp) = user.totp.as_ref().filter(|_| has_factor(user, context.policy)) else { return Plan::default() };
    // The journey goes on: what it leads to spends it.
    let context = Context { flow: None, ..*context };
    let mut draft = Draft::new(&context, facts);
    match shown {
        Spent::Step(step) if step > totp.last_step => {
            draft.push(Change::UseTotp { user: user.id, was: totp.last_step, step });
        }
        Spent::Code(digest) if totp.codes.contains(&digest) => {
            let codes: Vec<_> = totp.codes.iter().filter(|known| **known != digest).copied().collect();
            let left = codes.len().to_string();
            draft.push(Change::SetRecoveryCodes { user: user.id, was: totp.codes.clone(), codes });
            draft.notify(user, MailKind::RecoveryCodeUsed, &[("left", left)]);
        }
        Spent::Step(_) | Spent::Code(_) => return Plan::default(),
    }
    draft.into_plan()
}
