//! A device that asks to be let in (RFC 8628): somebody types its code, sees what asks, and answers.
//!
//! The code is claimed by the session in which it was typed, so that nobody else sees or answers the request (T52). The
//! answer is an authorization like any other: by the same decision, with the same consent, resting on the same method.

use crate::application::{authorize, expect_client, letting_in, stands};
use crate::draft::Draft;
use crate::{Attempt, ClientTerms, Context, Decision, Reason, decide_attempt, decide_consent, is_consented};
use model::{
    Change, ClientFacts, ConsentFacts, DeviceFacts, DeviceState, Facts, Micros, NewAuthorization, SessionFacts,
};

/// What a typed code led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceClaim {
    Claimed,
    /// No device shows this code, or not any more, or it was typed elsewhere first: one answer for all of them.
    Unknown,
    /// Too many codes were tried.
    Wait(Micros),
    Refused,
}

/// Somebody typed a code. Every one is counted before its answer is given, wrong or right, in the plan that answers: of
/// many at once one commits for each count. A right one costs the person nothing.
///
/// `keys`: counters of the session that guesses and of its source.
pub fn decide_device_claim(context: &Context<'_>, facts: &Facts, keys: &[Vec<u8>]) -> Decision<DeviceClaim> {
    let no = |outcome, reason| Decision::without_plan(outcome, reason, None);
    let session = match letting_in(context, facts) {
        Ok((session, _)) => session,
        Err(reason) => return no(DeviceClaim::Refused, reason),
    };
    let counted = decide_attempt(facts, keys, context.now);
    if let Attempt::Wait(until) = counted.outcome {
        return no(DeviceClaim::Wait(until), Reason::Throttled);
    }
    let free = |device: &&DeviceFacts| {
        device.is_open(context.now) && device.claimed_by.is_none_or(|claimed| claimed == session.sid)
    };
    let Some(device) = facts.device.as_ref().filter(free) else {
        let (outcome, reason) = (DeviceClaim::Unknown, Reason::DeviceCodeUnknown);
        return Decision { outcome, reason, row: None, plan: counted.plan };
    };
    let mut draft = Draft::new(context, facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.push(Change::ClaimDevice { code: device.code, id: device.id, session: session.sid });
    // What all guesses from there have in common; the counter of the session is for wrong ones.
    let shared = |change: &Change| matches!(change, Change::Throttle { key, .. } if key.starts_with(b"source:"));
    for change in counted.plan.changes.into_iter().filter(shared) {
        draft.push(change);
    }
    let (outcome, reason) = (DeviceClaim::Claimed, Reason::DeviceClaimed);
    Decision { outcome, reason, row: None, plan: draft.into_plan() }
}

/// The request that this session claimed and may answer.
pub fn claimed_device<'a>(
    context: &Context<'_>,
    facts: &'a Facts,
) -> Result<(&'a SessionFacts, &'a DeviceFacts), Reason> {
    let (session, _) = letting_in(context, facts)?;
    let own = |device: &&DeviceFacts| device.is_open(context.now) && device.claimed_by == Some(session.sid);
    let device = facts.device.as_ref().filter(own).ok_or(Reason::DeviceCodeUnknown)?;
    Ok((session, device))
}

/// The person answered. A yes is consent to all that is asked for, and the authorization that the device's tokens will
/// rest on; from then on it ends with whatever ends others.
pub fn decide_device_answer(
    context: &Context<'_>,
    facts: &Facts,
    known: &ClientFacts,
    terms: &ClientTerms<'_>,
    allowed: bool,
) -> Decision<Option<NewAuthorization>> {
    let no = |reason| Decision::without_plan(None, reason, None);
    let (session, device) = match claimed_device(context, facts) {
        Ok((_, device)) if device.client != terms.client => return no(Reason::DeviceCodeUnknown),
        Ok(found) => found,
        Err(reason) => return no(reason),
    };
    let mut draft = Draft::new(context, facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.push(Change::AnswerDevice { code: device.code, id: device.id, session: session.sid, allowed });
    let mut plan = draft.into_plan();
    if !allowed {
        return Decision { outcome: None, reason: Reason::DeviceRefused, row: None, plan };
    }
    let mut known = known.clone();
    if !is_consented(terms, &known) {
        let consent = decide_consent(context, facts, &known, terms);
        if !consent.outcome {
            return no(consent.reason);
        }
        plan.changes.extend(consent.plan.changes);
        known.consent = Some(ConsentFacts { scope: terms.scope.to_vec(), given_at: context.now });
    }
    let given = authorize(context, facts, &known, terms, device.id, Some(device));
    if given.outcome.is_none() {
        return no(given.reason);
    }
    plan.changes.extend(given.plan.changes);
    Decision { outcome: given.outcome, reason: given.reason, row: None, plan }
}

/// The device comes for its tokens, after a yes. What was given may have ended since (T67, T68).
pub fn decide_device_redemption(
    context: &Context<'_>,
    facts: &Facts,
    known: &ClientFacts,
    terms: &ClientTerms<'_>,
) -> Decision<bool> {
    let no = |reason| Decision::without_plan(false, reason, None);
    let approved = |device: &&DeviceFacts| device.state == DeviceState::Approved && device.client == terms.client;
    let Some(device) = facts.device.as_ref().filter(approved) else { return no(Reason::DeviceCodeUnknown) };
    let own = known.authorization.as_ref().filter(|given| given.id == device.id && given.client == terms.client);
    let Some(authorization) = own else { return no(Reason::SessionExpired) };
    let user = match stands(context, facts, authorization) {
        Ok(user) => user,
        Err(reason) => return no(reason),
    };
    if !is_consented(terms, known) {
        return no(Reason::ConsentMissing);
    }
    let mut draft = Draft::new(context, facts);
    expect_client(&mut draft, terms);
    draft.push(Change::ExpectUser { user: user.id, version: user.version });
    draft.push(Change::RedeemDevice { code: device.code, id: device.id });
    Decision { outcome: true, reason: Reason::ApplicationLetIn, row: None, plan: draft.into_plan() }
}
