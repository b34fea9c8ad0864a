//! Local methods: sign-up and sign-in with a password or a mailbox code, step-up, sign-out, setting a password.

use crate::draft::{Draft, Told, reference};
use crate::methods::{check_proof_by, own_methods, usable_methods, wants_factor};
use crate::record::{create_user, session_reference};
use crate::session::{NewUser, SessionTerms, end_present, may_change_account, mint, mint_for_new};
use crate::{Context, Decision, Reason, is_fresh_at};
use model::{
    ActiveUser, Address, AddressProof, Change, EventKind, Facts, Level, MailKind, Method, Proof, Secret, SessionId,
    SessionScope, SignUp, UserId,
};

/// Sign-in with a proof that was just given in this flow.
#[derive(Clone, Copy)]
pub struct LocalSignIn<'a> {
    pub facts: &'a Facts,
    pub proof: &'a Proof,
    /// A mailbox code renews the proof of its address.
    pub switch_confirmed: bool,
    pub terms: &'a SessionTerms,
    /// Failure counters that the success clears.
    pub clear: &'a [Vec<u8>],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalOutcome {
    SignedIn {
        user: UserId,
    },
    AskSwitch {
        current: UserId,
        other: UserId,
    },
    /// The second factor of this user is all that is missing. Until then there is no session of any kind (T92).
    AskFactor {
        user: UserId,
    },
    Refused,
}

pub fn decide_local_sign_in(context: &Context<'_>, input: &LocalSignIn<'_>) -> Decision<LocalOutcome> {
    let refuse = |reason| Decision::without_plan(LocalOutcome::Refused, reason, None);
    let Some(user) = input.facts.user(input.proof.user()) else { return refuse(Reason::UserInactive) };
    let Some(active) = ActiveUser::check(user) else { return refuse(Reason::UserInactive) };
    if !usable_methods(user, &input.facts.connections, context.policy).contains(input.proof.method()) {
        return refuse(Reason::MethodNotAllowed);
    }
    if !is_fresh_at(input.proof.at(), context.now) {
        return refuse(Reason::NotFresh);
    }
    // Before anything about this user is shown.
    if wants_factor(user, context.policy, input.proof.level()) {
        return ask_factor(user.id);
    }
    if let Some((_, signed_in)) = input.facts.live_session(context.now)
        && signed_in.id != user.id
        && !input.switch_confirmed
    {
        let outcome = LocalOutcome::AskSwitch { current: signed_in.id, other: user.id };
        return Decision::without_plan(outcome, Reason::OtherUserSignedIn, None);
    }
    let reason = match input.proof.method() {
        Method::Password => Reason::PasswordCorrect,
        Method::EmailCode { .. } => Reason::CodeCorrect,
        Method::Link { .. } => Reason::LinkedIdentity,
        Method::Passkey { .. } => Reason::PasskeyCorrect,
    };
    let mut draft = Draft::new(context, input.facts);
    draft.push(Change::ExpectUser { user: user.id, version: user.version });
    draft.expect_method(input.proof.method());
    end_present(&mut draft, Some(user.id));
    let session = match mint_by(&mut draft, active, input.proof, input.terms) {
        Ok(session) => session,
        Err(reason) => return refuse(reason),
    };
    if let Method::EmailCode { address } = input.proof.method() {
        draft.push(Change::RenewAddress {
            address: address.clone(),
            user: user.id,
            proof: AddressProof::Loop,
            at: context.now,
        });
    }
    for key in input.clear {
        draft.push(Change::ClearThrottle { key: key.clone() });
    }
    let told = Told { session: Some(session), proofs: vec![reference(input.proof)], ..Told::default() };
    draft.own_event(user, EventKind::SignedIn, reason, told);
    let outcome = LocalOutcome::SignedIn { user: user.id };
    Decision { outcome, reason, row: None, plan: draft.into_plan() }
}

fn ask_factor(user: UserId) -> Decision<LocalOutcome> {
    Decision::without_plan(LocalOutcome::AskFactor { user }, Reason::SecondFactorNeeded, None)
}

/// A session as old as the proof it rests on: what was fresh stays fresh no longer for being carried in a flow.
fn mint_by(
    draft: &mut Draft<'_>,
    user: ActiveUser<'_>,
    proof: &Proof,
    terms: &SessionTerms,
) -> Result<SessionId, Reason> {
    mint(draft, user, proof.method(), proof.level(), proof.at(), terms)
}

/// Sign-up with a password, after the mailbox code was entered. Until now nothing existed but a sealed flow (T23, T77).
#[derive(Clone, Copy)]
pub struct SignUpInput<'a> {
    pub facts: &'a Facts,
    /// The address whose code was just entered.
    pub address: &'a Address,
    pub name: &'a str,
    pub phc: &'a Secret<String>,
    pub switch_confirmed: bool,
    pub terms: &'a SessionTerms,
    pub new_user: &'a NewUser,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignUpOutcome {
    Created {
        user: UserId,
    },
    /// The address is proven for somebody: the password typed here is dropped; sign in instead.
    AddressTaken,
    AskSwitch {
        current: UserId,
    },
    Refused,
}

pub fn decide_sign_up(context: &Context<'_>, input: &SignUpInput<'_>) -> Decision<SignUpOutcome> {
    let no = |outcome, reason| Decision::without_plan(outcome, reason, None);
    if !context.policy.local.password {
        return no(SignUpOutcome::Refused, Reason::MethodNotAllowed);
    }
    match context.policy.sign_up {
        SignUp::Open => {}
        SignUp::Invited => return no(SignUpOutcome::Refused, Reason::SignUpInvited),
        SignUp::Closed => return no(SignUpOutcome::Refused, Reason::SignUpClosed),
    }
    if input.facts.address_owner.is_some() {
        return no(SignUpOutcome::AddressTaken, Reason::AddressBelongsToAccount);
    }
    if let Some((_, signed_in)) = input.facts.live_session(context.now)
        && !input.switch_confirmed
    {
        return no(SignUpOutcome::AskSwitch { current: signed_in.id }, Reason::OtherUserSignedIn);
    }
    let mut draft = Draft::new(context, input.facts);
    let user = input.new_user.id;
    end_present(&mut draft, None);
    create_user(&mut draft, input.new_user, input.name.to_owned());
    draft.push(Change::ProveAddress {
        address: input.address.clone(),
        user,
        proof: AddressProof::Loop,
        at: context.now,
    });
    draft.push(Change::SetPassword { user, phc: input.phc.clone(), at: context.now });
    let session = match mint_for_new(&mut draft, user, &Method::Password, Level::One, input.terms) {
        Ok(session) => session,
        Err(reason) => return no(SignUpOutcome::Refused, reason),
    };
    let mut personal = std::collections::BTreeMap::new();
    personal.insert("proven_address", input.address.to_string());
    let proofs = vec![format!("email_code@{}/aal1", context.now)];
    let told = Told { session: Some(session), proofs, personal, ..Told::default() };
    draft.first_event(user, EventKind::UserCreated, Reason::NewUser, told);
    Decision { outcome: SignUpOutcome::Created { user }, reason: Reason::NewUser, row: None, plan: draft.into_plan() }
}

/// Authenticating again inside a session.
#[derive(Clone, Copy)]
pub struct StepUpInput<'a> {
    pub facts: &'a Facts,
    pub proof: &'a Proof,
    /// Who must come back (T66).
    pub user: UserId,
    pub terms: &'a SessionTerms,
    pub clear: &'a [Vec<u8>],
}

/// The new session rests on the method just shown and on nothing else; the old secret is dead (T65).
pub fn decide_step_up(context: &Context<'_>, input: &StepUpInput<'_>) -> Decision<LocalOutcome> {
    let refuse = |reason| Decision::without_plan(LocalOutcome::Refused, reason, None);
    let Some((session, user)) = input.facts.live_session(context.now) else { return refuse(Reason::SessionExpired) };
    if input.proof.user() != input.user || user.id != input.user {
        return refuse(Reason::WrongUserProved);
    }
    let Some(active) = ActiveUser::check(user) else { return refuse(Reason::UserInactive) };
    if session.scope == SessionScope::Application {
        return refuse(Reason::SessionScope);
    }
    let own = own_methods(user, &input.facts.connections, context.policy);
    match check_proof_by(context, user, &own, input.proof) {
        Ok(()) => {}
        Err(Reason::SecondFactorNeeded) => return ask_factor(user.id),
        Err(reason) => return refuse(reason),
    }
    let mut draft = Draft::new(context, input.facts);
    draft.push(Change::ExpectUser { user: user.id, version: user.version });
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.expect_method(input.proof.method());
    draft.push(Change::EndSession { hash: session.hash });
    let session = match mint_by(&mut draft, active, input.proof, input.terms) {
        Ok(session) => session,
        Err(reason) => return refuse(reason),
    };
    for key in input.clear {
        draft.push(Change::ClearThrottle { key: key.clone() });
    }
    let told = Told { session: Some(session), proofs: vec![reference(input.proof)], ..Told::default() };
    draft.own_event(user, EventKind::SteppedUp, Reason::SteppedUp, told);
    let outcome = LocalOutcome::SignedIn { user: user.id };
    Decision { outcome, reason: Reason::SteppedUp, row: None, plan: draft.into_plan() }
}

/// Ends the session of this browser. Signing out twice is not an error.
pub fn decide_sign_out(context: &Context<'_>, facts: &Facts) -> Decision<()> {
    let Some((session, user)) = facts.live_session(context.now) else {
        return Decision::without_plan((), Reason::SessionExpired, None);
    };
    let mut draft = Draft::new(context, facts);
    draft.push(Change::EndSession { hash: session.hash });
    let told = Told { session: Some(session.id), ..Told::default() };
    draft.own_event(user, EventKind::SignedOut, Reason::SignedOut, told);
    Decision { outcome: (), reason: Reason::SignedOut, row: None, plan: draft.into_plan() }
}

/// Sets or changes the password from settings: every other session ends (T24), every pending change dies with the raised
/// version (T26).
pub fn decide_set_password(
    context: &Context<'_>,
    facts: &Facts,
    session: SessionId,
    phc: &Secret<String>,
    terms: &SessionTerms,
) -> Decision<LocalOutcome> {
    let refuse = |reason| Decision::without_plan(LocalOutcome::Refused, reason, None);
    let Some((session, user)) = facts.live_session(context.now).filter(|(live, _)| live.id == session) else {
        return refuse(Reason::SessionExpired);
    };
    if !context.policy.local.password {
        return refuse(Reason::MethodNotAllowed);
    }
    if let Err(reason) = may_change_account(context, session, user) {
        return refuse(reason);
    }
    let mut draft = Draft::new(context, facts);
    draft.push(Change::ExpectSession { hash: session.hash });
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    draft.push(Change::SetPassword { user: user.id, phc: phc.clone(), at: context.now });
    draft.push(Change::EndSessionsOfUser { user: user.id });
    let proofs = vec![session_reference(session)];
    let session = crate::session::renew(&mut draft, session, terms);
    let told = Told { session: Some(session), proofs, ..Told::default() };
    draft.own_event(user, EventKind::PasswordSet, Reason::PasswordSet, told);
    draft.notify(user, MailKind::PasswordSet, &[]);
    let outcome = LocalOutcome::SignedIn { user: user.id };
    Decision { outcome, reason: Reason::PasswordSet, row: None, plan: draft.into_plan() }
}

/// A session for an application, from the live session of a browser.
#[derive(Clone, Copy)]
pub struct HandoverInput<'a> {
    pub facts: &'a Facts,
    /// SHA-256 of the browser's session secret.
    pub session: &'a [u8; 32],
    pub terms: &'a SessionTerms,
}

/// The application's session rests on the same method, level and time as the browser's, which must still live.
pub fn decide_handover(context: &Context<'_>, input: &HandoverInput<'_>) -> Decision<Option<UserId>> {
    let no = |reason| Decision::without_plan(None, reason, None);
    let Some((session, user)) = input.facts.live_session(context.now).filter(|(live, _)| live.hash == *input.session)
    else {
        return no(Reason::SessionExpired);
    };
    let Some(active) = ActiveUser::check(user) else { return no(Reason::UserInactive) };
    let mut draft = Draft::new(context, input.facts);
    draft.push(Change::ExpectUser { user: user.id, version: user.version });
    draft.push(Change::ExpectSession { hash: session.hash });
    let id = match crate::session::extend(&mut draft, active, session, input.terms) {
        Ok(id) => id,
        Err(reason) => return no(reason),
    };
    let proofs = vec![session_reference(session)];
    draft.own_event(
        user,
        EventKind::SignedIn,
        Reason::HandedOver,
        Told { session: Some(id), proofs, ..Told::default() },
    );
    Decision { outcome: Some(user.id), reason: Reason::HandedOver, row: None, plan: draft.into_plan() }
}
