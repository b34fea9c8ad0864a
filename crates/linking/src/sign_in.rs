//! Sign-in with an external identity: the table of the product's meaning, first matching row wins.
//!
//! Before proof, everything visible depends only on connection, policy and assertion: below Vouched every world, with
//! or without a matching user, gets [`SignInOutcome::AskMailbox`] first (I12, T123).

use crate::draft::{Draft, Told};
use crate::matched::sign_in_unlinked;
use crate::methods::{FACTOR_LEVEL, has_factor, required_level, wants_factor};
use crate::record::{assertion_reference, create_user, identity_values, push_link, push_seen};
use crate::session::{NewUser, SessionTerms, end_present, mint, mint_for_new};
use crate::{Context, Decision, Reason, is_fresh_at};
use model::{
    ActiveUser, Address, AddressProof, Assertion, Change, ConnectionPolicy, ConnectionState, EventKind, FactorProof,
    Facts, Level, LinkId, LinkState, Method, Micros, Proof, SignUp, UserFacts, UserId,
};

/// Everything a returning external sign-in is decided on.
#[derive(Clone, Copy)]
pub struct SignInInput<'a> {
    pub facts: &'a Facts,
    pub assertion: &'a Assertion,
    /// An address whose mailbox code was entered in this very flow. It may differ from the asserted one.
    pub mailbox: Option<&'a Address>,
    /// Proof of the existing user, given in this very flow, and the user the flow's ticket named (T43).
    pub proof: Option<(&'a Proof, UserId)>,
    /// The second factor of the user whom the identity or the proof leads to, given in this very flow.
    pub factor: Option<&'a FactorProof>,
    /// The person saw who is signed in here and chose to switch (T31).
    pub switch_confirmed: bool,
    /// The person asked for a user of their own, after seeing that an account exists or that the identity was removed.
    pub separate_confirmed: bool,
    /// A device waits at the end (RFC 8628): only an account that is linked already is opened. Whoever sent a code to
    /// somebody must not win more by it than that (T52).
    pub for_device: bool,
    pub terms: &'a SessionTerms,
    pub new_user: &'a NewUser,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInOutcome {
    /// Signed in; the session is in the plan.
    SignedIn {
        user: UserId,
        link: LinkId,
        linked_now: bool,
        created: bool,
    },
    /// The person is already signed in as this user: nothing to do but go on.
    AlreadySignedIn {
        user: UserId,
        link: LinkId,
    },
    /// Somebody else is signed in in this browser: switch or stay.
    AskSwitch {
        current: UserId,
        other: Option<UserId>,
    },
    /// "We sent a code to …": always the same page.
    AskMailbox {
        address: Address,
    },
    /// An account exists; ask for one of these methods of it.
    AskProof {
        user: UserId,
        methods: Vec<Method>,
    },
    /// The second factor of this user is all that is missing.
    AskFactor {
        user: UserId,
    },
    /// Several accounts match; which one is decided by proving one of them (row 11).
    AskProofOfOne {
        candidates: Vec<(UserId, Vec<Method>)>,
    },
    /// Same provider, other subject: sign in to the other account, then add this.
    OtherAccount,
    /// The address belongs to an account and this connection links nothing by itself.
    AddressTaken {
        may_separate: bool,
    },
    /// The identity was removed from an account once: only the person's word makes a new user of it.
    AskCreate,
    Refused,
}

pub(crate) type SignInDecision = Decision<SignInOutcome>;

pub(crate) fn refuse(reason: Reason, row: u8) -> SignInDecision {
    Decision::without_plan(SignInOutcome::Refused, reason, Some(row))
}

pub(crate) fn ask(outcome: SignInOutcome, reason: Reason, row: u8) -> SignInDecision {
    Decision::without_plan(outcome, reason, Some(row))
}

/// An organisation's connection reaches its members and nobody else (I9).
pub(crate) fn in_scope(policy: &model::Policy, connection: &model::ConnectionId, user: &UserFacts) -> bool {
    policy.organisation_of(connection).is_none_or(|organisation| user.is_member(organisation))
}

/// The connection as it must be for anything to come through it.
pub(crate) fn open_connection<'a>(
    context: &Context<'a>,
    facts: &'a Facts,
    assertion: &Assertion,
) -> Result<(&'a ConnectionPolicy, &'a ConnectionState), Reason> {
    let rules = context.policy.connection(assertion.connection()).ok_or(Reason::UnknownConnection)?;
    let state = facts.connection(assertion.connection()).ok_or(Reason::UnknownConnection)?;
    if !state.enabled {
        Err(Reason::ConnectionDisabled)
    } else if state.epoch != assertion.parts().epoch || state.namespace != assertion.identity().namespace {
        Err(Reason::OldEpoch)
    } else {
        Ok((rules, state))
    }
}

pub fn decide_sign_in(context: &Context<'_>, input: &SignInInput<'_>) -> SignInDecision {
    let (rules, _) = match open_connection(context, input.facts, input.assertion) {
        Ok(open) => open,
        Err(reason) => return refuse(reason, 1),
    };
    if !rules.purpose.signs_in() {
        return refuse(Reason::PurposeForbids, 1);
    }
    let known = input.facts.identity_of(input.assertion.identity());
    match known.and_then(|identity| identity.link) {
        Some((_, _, LinkState::Held)) => refuse(Reason::IdentityHeld, 6),
        Some((link, user, LinkState::Active)) => sign_in_linked(context, input, link, user),
        _ if input.for_device => Decision::without_plan(SignInOutcome::Refused, Reason::DeviceNeverLinks, None),
        Some((_, _, LinkState::Removed)) | None => {
            sign_in_unlinked(context, input, rules, known.is_some_and(|known| known.was_removed))
        }
    }
}

/// Rows 1 to 3.
fn sign_in_linked(context: &Context<'_>, input: &SignInInput<'_>, link: LinkId, user: UserId) -> SignInDecision {
    let Some(user) = input.facts.user(user) else { return refuse(Reason::UserInactive, 1) };
    let Some(active) = ActiveUser::check(user) else { return refuse(Reason::UserInactive, 1) };
    if !in_scope(context.policy, input.assertion.connection(), user) {
        return refuse(Reason::OutsideOrganisation, 1);
    }
    let shown = linked_evidence(context, input, user);
    let goes_on = in_own_session(context, input, user, link);
    // Before anything about this user is shown (T89).
    if !goes_on && wants_factor(user, context.policy, shown.level) {
        return ask(SignInOutcome::AskFactor { user: user.id }, Reason::SecondFactorNeeded, 1);
    }
    if let Some((_, signed_in)) = input.facts.live_session(context.now) {
        if signed_in.id != user.id && !input.switch_confirmed {
            let outcome = SignInOutcome::AskSwitch { current: signed_in.id, other: Some(user.id) };
            return ask(outcome, Reason::OtherUserSignedIn, 3);
        }
        if goes_on {
            // Row 2 and nothing newer to record: never a second session.
            return ask(SignInOutcome::AlreadySignedIn { user: user.id, link }, Reason::OwnIdentity, 2);
        }
    }
    let mut draft = Draft::new(context, input.facts);
    draft.push(Change::ExpectUser { user: user.id, version: user.version });
    draft.expect_connection(input.assertion.connection());
    let own = input.facts.session.as_ref().is_some_and(|session| session.user == user.id);
    let (row, reason) = if own { (2, Reason::OwnIdentity) } else { (1, Reason::LinkedIdentity) };
    end_present(&mut draft, Some(user.id));
    let method = Method::Link { link, connection: input.assertion.connection().clone() };
    let session = match mint(&mut draft, active, &method, shown.level, shown.at, input.terms) {
        Ok(session) => session,
        Err(reason) => return refuse(reason, row),
    };
    push_seen(&mut draft, context, input.assertion, false);
    draft.push(Change::TouchLink { link, user: user.id, at: context.now });
    let told = Told {
        link: Some(link),
        connection: Some(input.assertion.connection().clone()),
        session: Some(session),
        proofs: shown.proofs,
        ..Told::default()
    };
    draft.own_event(user, EventKind::SignedIn, reason, told);
    let outcome = SignInOutcome::SignedIn { user: user.id, link, linked_now: false, created: false };
    Decision { outcome, reason, row: Some(row), plan: draft.into_plan() }
}

/// What a linked identity and a second factor beside it are worth together.
struct LinkedEvidence {
    level: Level,
    at: Micros,
    proofs: Vec<String>,
}

fn linked_evidence(context: &Context<'_>, input: &SignInInput<'_>, user: &UserFacts) -> LinkedEvidence {
    let at = authenticated_at(context, input);
    let level = input.assertion.parts().level;
    let mut proofs = vec![assertion_reference(input.assertion)];
    let second = input.factor.filter(|second| second.user() == user.id && is_fresh_at(second.at(), context.now));
    let Some(second) = second.filter(|_| has_factor(user, context.policy)) else {
        return LinkedEvidence { level, at, proofs };
    };
    proofs.push(format!("{}@{}", second.factor().name(), second.at()));
    LinkedEvidence { level: level.max(FACTOR_LEVEL), at: at.min(second.at()), proofs }
}

/// Row 2 and nothing newer to record.
fn in_own_session(context: &Context<'_>, input: &SignInInput<'_>, user: &UserFacts, link: LinkId) -> bool {
    input.facts.live_session(context.now).is_some_and(|(session, signed_in)| {
        signed_in.id == user.id
            && session.method.link() == Some(link)
            && session.level >= required_level(user, context.policy)
            && !is_stale(context, session)
    })
}

/// A returning identity refreshes its own session when the last authentication is no longer fresh.
fn is_stale(context: &Context<'_>, session: &model::SessionFacts) -> bool {
    !is_fresh_at(session.authenticated_at, context.now)
}

/// When the person authenticated, by the provider's word: a silent answer from its own session is no fresh proof (T91).
/// Where the provider does not say, the moment its answer was verified is all there is.
fn authenticated_at(context: &Context<'_>, input: &SignInInput<'_>) -> Micros {
    let parts = input.assertion.parts();
    parts.authenticated_at.unwrap_or(parts.verified_at).min(context.now)
}

/// A live session of somebody else is never replaced without a word (T31).
pub(crate) fn switch_first(
    context: &Context<'_>,
    input: &SignInInput<'_>,
    other: Option<UserId>,
) -> Option<SignInDecision> {
    let (_, signed_in) = input.facts.live_session(context.now)?;
    if other == Some(signed_in.id) || input.switch_confirmed {
        return None;
    }
    Some(ask(SignInOutcome::AskSwitch { current: signed_in.id, other }, Reason::OtherUserSignedIn, 5))
}

/// Row 15: a user of their own, with or without a proven address.
pub(crate) fn create(
    context: &Context<'_>,
    input: &SignInInput<'_>,
    rules: &ConnectionPolicy,
    address: Option<(&Address, AddressProof)>,
    was_removed: bool,
) -> SignInDecision {
    match rules.sign_up {
        SignUp::Open => {}
        SignUp::Invited => return refuse(Reason::SignUpInvited, 15),
        SignUp::Closed => return refuse(Reason::SignUpClosed, 15),
    }
    if was_removed && !input.separate_confirmed {
        return ask(SignInOutcome::AskCreate, Reason::IdentityWasRemoved, 6);
    }
    if let Some(decision) = switch_first(context, input, None) {
        return decision;
    }
    let mut draft = Draft::new(context, input.facts);
    let user = input.new_user.id;
    end_present(&mut draft, None);
    let display = &input.assertion.parts().display;
    let name = display.name.clone().or_else(|| display.user_name.clone()).unwrap_or_default();
    create_user(&mut draft, input.new_user, name);
    if let Some(organisation) = &rules.organisation {
        draft.push(Change::AddMember { organisation: organisation.clone(), user, at: context.now });
    }
    let proofs = vec![assertion_reference(input.assertion)];
    if let Some((address, proof)) = address {
        draft.push(Change::ProveAddress { address: address.clone(), user, proof, at: context.now });
    }
    push_seen(&mut draft, context, input.assertion, true);
    let link = push_link(&mut draft, input.assertion, user, Reason::NewUser, &proofs);
    let method = Method::Link { link, connection: input.assertion.connection().clone() };
    let session = match mint_for_new(&mut draft, user, &method, input.assertion.parts().level, input.terms) {
        Ok(session) => session,
        Err(reason) => return refuse(reason, 15),
    };
    let mut personal = identity_values(input.assertion);
    if let Some((address, _)) = address {
        personal.insert("proven_address", address.to_string());
    }
    let told = Told {
        link: Some(link),
        connection: Some(input.assertion.connection().clone()),
        session: Some(session),
        proofs,
        personal,
    };
    draft.first_event(user, EventKind::UserCreated, Reason::NewUser, told);
    let outcome = SignInOutcome::SignedIn { user, link, linked_now: true, created: true };
    Decision { outcome, reason: Reason::NewUser, row: Some(15), plan: draft.into_plan() }
}
