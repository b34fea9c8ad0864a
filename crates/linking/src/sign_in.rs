//! Sign-in with an external identity: the table of the product's meaning, first matching row wins.
//!
//! Before proof, everything visible depends only on connection, policy and assertion: below Vouched every world, with
//! or without a matching user, gets [`SignInOutcome::AskMailbox`] first (I12, T123).

use crate::draft::{Draft, Told, reference};
use crate::evidence::evidence;
use crate::link::at_link_limit;
use crate::methods::{required_level, usable_methods};
use crate::session::{NewUser, SessionTerms, end_present, mint, mint_for_new};
use crate::{Context, Decision, LOOP_PROOF_MAX_AGE, Reason, is_fresh_at};
use model::{
    ActiveUser, Address, AddressProof, Assertion, Change, ConnectionPolicy, ConnectionState, EventKind, Evidence,
    Facts, LinkId, LinkOnMatch, LinkState, MailKind, Method, NewLink, ProfileSync, Proof, SignUp, UserFacts, UserId,
    UserStatus,
};
use std::collections::BTreeMap;

/// Everything a returning external sign-in is decided on.
#[derive(Clone, Copy)]
pub struct SignInInput<'a> {
    pub facts: &'a Facts,
    pub assertion: &'a Assertion,
    /// An address whose mailbox code was entered in this very flow. It may differ from the asserted one.
    pub mailbox: Option<&'a Address>,
    /// Proof of the existing user, given in this very flow, and the user the flow's ticket named (T43).
    pub proof: Option<(&'a Proof, UserId)>,
    /// The person saw who is signed in here and chose to switch (T31).
    pub switch_confirmed: bool,
    /// The person asked for a user of their own, after seeing that an account exists or that the identity was removed.
    pub separate_confirmed: bool,
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

type SignInDecision = Decision<SignInOutcome>;

fn refuse(reason: Reason, row: u8) -> SignInDecision {
    Decision::without_plan(SignInOutcome::Refused, reason, Some(row))
}

fn ask(outcome: SignInOutcome, reason: Reason, row: u8) -> SignInDecision {
    Decision::without_plan(outcome, reason, Some(row))
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
    // What is known of another identity says nothing about this one (T05, T43).
    let known = input.facts.identity.as_ref().filter(|known| known.identity == *input.assertion.identity());
    match known.and_then(|identity| identity.link) {
        Some((_, _, LinkState::Held)) => refuse(Reason::IdentityHeld, 6),
        Some((link, user, LinkState::Active)) => sign_in_linked(context, input, link, user),
        Some((_, _, LinkState::Removed)) | None => {
            sign_in_unlinked(context, input, rules, known.is_some_and(|k| k.was_removed))
        }
    }
}

/// Rows 1 to 3.
fn sign_in_linked(context: &Context<'_>, input: &SignInInput<'_>, link: LinkId, user: UserId) -> SignInDecision {
    let Some(user) = input.facts.user(user) else { return refuse(Reason::UserInactive, 1) };
    let Some(active) = ActiveUser::check(user) else { return refuse(Reason::UserInactive, 1) };
    if let Some((session, signed_in)) = input.facts.live_session(context.now) {
        if signed_in.id != user.id && !input.switch_confirmed {
            let outcome = SignInOutcome::AskSwitch { current: signed_in.id, other: Some(user.id) };
            return ask(outcome, Reason::OtherUserSignedIn, 3);
        }
        let enough = session.level >= required_level(user, context.policy);
        if signed_in.id == user.id && session.method.link() == Some(link) && enough && !is_stale(context, session) {
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
    let session = match mint(
        &mut draft,
        active,
        &method,
        input.assertion.parts().level,
        authenticated_at(context, input),
        input.terms,
    ) {
        Ok(session) => session,
        Err(reason) => return refuse(reason, row),
    };
    push_seen(&mut draft, context, input.assertion, false);
    draft.push(Change::TouchLink { link, user: user.id, at: context.now });
    let told = Told {
        link: Some(link),
        connection: Some(input.assertion.connection().clone()),
        session: Some(session),
        proofs: vec![assertion_reference(input.assertion)],
        ..Told::default()
    };
    draft.own_event(user, EventKind::SignedIn, reason, told);
    let outcome = SignInOutcome::SignedIn { user: user.id, link, linked_now: false, created: false };
    Decision { outcome, reason, row: Some(row), plan: draft.into_plan() }
}

/// A returning identity refreshes its own session when the last authentication is no longer fresh.
fn is_stale(context: &Context<'_>, session: &model::SessionFacts) -> bool {
    !is_fresh_at(session.authenticated_at, context.now)
}

/// When the person authenticated, by the provider's word: a silent answer from its own session is no fresh proof (T91).
/// Where the provider does not say, the moment its answer was verified is all there is.
fn authenticated_at(context: &Context<'_>, input: &SignInInput<'_>) -> model::Micros {
    let parts = input.assertion.parts();
    parts.authenticated_at.unwrap_or(parts.verified_at).min(context.now)
}

/// The address a match may be made by, and what it is worth in this flow.
fn address_of<'a>(input: &SignInInput<'a>, rules: &ConnectionPolicy) -> Option<(&'a Address, Evidence, bool)> {
    let asserted = input.assertion.mail();
    let upstream = |address: &Address| {
        asserted
            .filter(|mail| mail.address == *address)
            .map_or(Evidence::Unproven, |mail| evidence(mail, &rules.mail_authority))
    };
    match input.mailbox {
        Some(address) => Some((address, upstream(address), true)),
        None => asserted.map(|mail| (&mail.address, evidence(mail, &rules.mail_authority), false)),
    }
}

/// Rows 5 to 15: the session in this browser attracts nothing.
fn sign_in_unlinked(
    context: &Context<'_>,
    input: &SignInInput<'_>,
    rules: &ConnectionPolicy,
    was_removed: bool,
) -> SignInDecision {
    let Some((address, evidence, looped)) = address_of(input, rules) else {
        return create(context, input, rules, None, was_removed);
    };
    if !looped && !evidence.shows_mailbox() {
        return ask(SignInOutcome::AskMailbox { address: address.clone() }, Reason::MailboxUnproven, 13);
    }
    let proven = if looped {
        AddressProof::Loop
    } else if evidence == Evidence::Authoritative {
        AddressProof::Authoritative
    } else {
        AddressProof::Vouched
    };
    let Some(owner) = input.facts.address_owner.and_then(|id| input.facts.user(id)) else {
        return create(context, input, rules, Some((address, proven)), was_removed);
    };
    matched(context, input, rules, &Match { address, evidence, proven, owner, was_removed })
}

struct Match<'a> {
    address: &'a Address,
    evidence: Evidence,
    proven: AddressProof,
    owner: &'a UserFacts,
    was_removed: bool,
}

/// Rows 7 to 14: the address is proven for exactly one user.
fn matched(
    context: &Context<'_>,
    input: &SignInInput<'_>,
    rules: &ConnectionPolicy,
    found: &Match<'_>,
) -> SignInDecision {
    if found.owner.status != UserStatus::Active {
        return refuse(Reason::MatchInactive, 7);
    }
    let identity = input.assertion.identity();
    let same_provider = found
        .owner
        .links
        .iter()
        .any(|link| link.state != LinkState::Removed && link.identity.namespace == identity.namespace);
    if same_provider {
        // A reissued mailbox, or a second account of one person: a user of their own, without that address.
        if input.separate_confirmed && rules.sign_up == SignUp::Open {
            return create(context, input, rules, None, false);
        }
        return other_account(context, input, found);
    }
    if !rules.purpose.links() || rules.link_on_match == LinkOnMatch::Off {
        // A separate user can only have another address: this one is proven for somebody.
        let may_separate = rules.sign_up == SignUp::Open;
        if input.separate_confirmed && may_separate {
            return create(context, input, rules, None, false);
        }
        return ask(SignInOutcome::AddressTaken { may_separate }, Reason::AddressBelongsToAccount, 14);
    }
    if mailbox_would_suffice(context, input, rules, found) {
        return link_and_sign_in(context, input, found, None, Reason::MailboxWouldSuffice, 12);
    }
    if let Some((proof, named)) = input.proof {
        return match check_proof(context, input, found, proof, named) {
            Ok(()) => link_and_sign_in(context, input, found, Some(proof), Reason::ProvenByOwner, 13),
            Err(reason) => refuse(reason, 13),
        };
    }
    if input.separate_confirmed && rules.sign_up == SignUp::Open {
        return create(context, input, rules, None, false);
    }
    let methods = proof_methods(context, input, found.owner);
    let (reason, row) = if found.owner.protected { (Reason::ProofForProtected, 8) } else { (Reason::ProofNeeded, 13) };
    ask(SignInOutcome::AskProof { user: found.owner.id, methods }, reason, row)
}

/// Row 12: the link gives nothing that the mailbox would not give.
fn mailbox_would_suffice(
    context: &Context<'_>,
    input: &SignInInput<'_>,
    rules: &ConnectionPolicy,
    found: &Match<'_>,
) -> bool {
    let looped_lately = found
        .owner
        .address(found.address)
        .is_some_and(|known| known.proof == AddressProof::Loop && known.proven_at + LOOP_PROOF_MAX_AGE > context.now);
    // Row 6: what was linked in another epoch of this connection comes back by nothing automatic.
    let other_epoch = found.owner.links.iter().any(|link| {
        link.connection == *input.assertion.connection()
            && link.identity.namespace != input.assertion.identity().namespace
    });
    rules.link_on_match == LinkOnMatch::VerifiedEmail
        && !other_epoch
        && found.evidence == Evidence::Authoritative
        && !found.was_removed
        && !found.owner.protected
        && context.policy.local.email_code
        && required_level(found.owner, context.policy) == model::Level::One
        && looped_lately
}

/// Methods that may prove the existing user: usable, and not the identity being linked.
fn proof_methods(context: &Context<'_>, input: &SignInInput<'_>, owner: &UserFacts) -> Vec<Method> {
    usable_methods(owner, &input.facts.connections, context.policy)
        .into_iter()
        .filter(|method| !is_same_identity(method, owner, input.assertion))
        .collect()
}

fn is_same_identity(method: &Method, owner: &UserFacts, assertion: &Assertion) -> bool {
    method.link().and_then(|id| owner.link(id)).is_some_and(|link| link.identity == *assertion.identity())
}

fn check_proof(
    context: &Context<'_>,
    input: &SignInInput<'_>,
    found: &Match<'_>,
    proof: &Proof,
    named: UserId,
) -> Result<(), Reason> {
    if proof.user() != found.owner.id || named != found.owner.id {
        Err(Reason::WrongUserProved)
    } else if is_same_identity(proof.method(), found.owner, input.assertion) {
        Err(Reason::ProofBySameIdentity)
    } else if !proof_methods(context, input, found.owner).contains(proof.method()) {
        Err(Reason::MethodNotAllowed)
    } else if !is_fresh_at(proof.at(), context.now) {
        Err(Reason::NotFresh)
    } else if proof.level() < required_level(found.owner, context.policy) {
        Err(Reason::LevelTooLow)
    } else {
        Ok(())
    }
}

/// Key under which the one notice of row 10 is remembered.
pub fn recycled_notice_key(assertion: &Assertion) -> Vec<u8> {
    let identity = assertion.identity();
    let mut key = b"recycled:".to_vec();
    key.extend_from_slice(identity.namespace.as_str().as_bytes());
    key.push(0);
    key.extend_from_slice(identity.subject.as_bytes());
    key
}

/// Row 10: another person, or another account of the same person; never a suggestion (T08).
fn other_account(context: &Context<'_>, input: &SignInInput<'_>, found: &Match<'_>) -> SignInDecision {
    let reason = Reason::SameProviderOtherSubject;
    let key = recycled_notice_key(input.assertion);
    let told_before = input.facts.throttles.iter().any(|throttle| throttle.key == key && throttle.failures > 0);
    // A code that went through the mailbox here is worth more than any provider's word.
    let shown = found.evidence.shows_mailbox() || found.proven == AddressProof::Loop;
    if !shown || told_before {
        return ask(SignInOutcome::OtherAccount, reason, 10);
    }
    // Not spent: the person may go on from the page. The counter makes the notice happen once.
    let context = Context { flow: None, ..*context };
    let mut draft = Draft::new(&context, input.facts);
    draft.push(Change::Throttle {
        key,
        was: 0,
        failures: 1,
        blocked_until: context.now + LOOP_PROOF_MAX_AGE,
        at: context.now,
    });
    let told = Told {
        connection: Some(input.assertion.connection().clone()),
        proofs: vec![assertion_reference(input.assertion)],
        personal: identity_values(input.assertion),
        ..Told::default()
    };
    draft.event(found.owner.id, found.owner.chain, EventKind::RecycledIdentityNoticed, reason, told);
    let values = [("connection", input.assertion.connection().to_string())];
    draft.notify(found.owner, MailKind::RecycledIdentity, &values);
    Decision { outcome: SignInOutcome::OtherAccount, reason, row: Some(10), plan: draft.into_plan() }
}

/// Rows 12 and 13: link to the existing user and sign in, in one plan.
fn link_and_sign_in(
    context: &Context<'_>,
    input: &SignInInput<'_>,
    found: &Match<'_>,
    proof: Option<&Proof>,
    reason: Reason,
    row: u8,
) -> SignInDecision {
    let Some(active) = ActiveUser::check(found.owner) else { return refuse(Reason::MatchInactive, 7) };
    if let Some(decision) = switch_first(context, input, Some(found.owner.id)) {
        return decision;
    }
    if at_link_limit(context, found.owner, input.assertion.connection()) {
        return refuse(Reason::LinkLimit, row);
    }
    let mut draft = Draft::new(context, input.facts);
    draft.push(Change::RaiseUser { user: found.owner.id, from: found.owner.version });
    end_present(&mut draft, Some(found.owner.id));
    let mut proofs = vec![assertion_reference(input.assertion)];
    proofs.extend(proof.map(reference));
    push_seen(&mut draft, context, input.assertion, true);
    let link = push_link(&mut draft, input.assertion, found.owner.id, reason, &proofs);
    if found.proven == AddressProof::Loop {
        draft.push(Change::RenewAddress {
            address: found.address.clone(),
            user: found.owner.id,
            proof: AddressProof::Loop,
            at: context.now,
        });
    }
    // The session rests on what proved the user; where nothing else did (row 12), on the new link.
    let method = proof.map_or_else(
        || Method::Link { link, connection: input.assertion.connection().clone() },
        |proof| proof.method().clone(),
    );
    let level = proof.map_or(input.assertion.parts().level, Proof::level);
    let at = proof.map_or(context.now, Proof::at);
    if let Some(proof) = proof {
        draft.expect_method(proof.method());
    }
    let session = match mint(&mut draft, active, &method, level, at, input.terms) {
        Ok(session) => session,
        Err(reason) => return refuse(reason, row),
    };
    let connection = input.assertion.connection();
    let told = Told {
        link: Some(link),
        connection: Some(connection.clone()),
        session: Some(session),
        proofs,
        personal: identity_values(input.assertion),
    };
    draft.own_event(found.owner, EventKind::Linked, reason, told);
    draft.notify(found.owner, MailKind::Linked, &[("connection", connection.to_string())]);
    let outcome = SignInOutcome::SignedIn { user: found.owner.id, link, linked_now: true, created: false };
    Decision { outcome, reason, row: Some(row), plan: draft.into_plan() }
}

/// A live session of somebody else is never replaced without a word (T31).
fn switch_first(context: &Context<'_>, input: &SignInInput<'_>, other: Option<UserId>) -> Option<SignInDecision> {
    let (_, signed_in) = input.facts.live_session(context.now)?;
    if other == Some(signed_in.id) || input.switch_confirmed {
        return None;
    }
    Some(ask(SignInOutcome::AskSwitch { current: signed_in.id, other }, Reason::OtherUserSignedIn, 5))
}

/// Row 15: a user of their own, with or without a proven address.
fn create(
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

/// A user and the subject clients know them by.
pub(crate) fn create_user(draft: &mut Draft<'_>, new: &NewUser, name: String) {
    let (now, required_level) = (draft.context.now, draft.context.policy.required_level);
    draft.push(Change::CreateUser { user: new.id, name, required_level, sealed_key: new.sealed_key.clone(), at: now });
    draft.push(Change::CreateSubject { sector: "public".to_owned(), sub: new.sub.clone(), user: new.id, at: now });
}

/// The link itself, with the record of its proofs and of the policy that allowed it. The connection is guarded, so
/// that a connection disabled meanwhile links nobody (T98).
pub(crate) fn push_link(
    draft: &mut Draft<'_>,
    assertion: &Assertion,
    user: UserId,
    reason: Reason,
    proofs: &[String],
) -> LinkId {
    draft.expect_connection(assertion.connection());
    let id = LinkId::generate(draft.context.now, draft.context.random);
    draft.push(Change::AddLink(NewLink {
        id,
        user,
        connection: assertion.connection().clone(),
        identity: assertion.identity().clone(),
        reason: reason.code(),
        proofs: proofs.to_vec(),
        policy_version: draft.context.policy.version.clone(),
        at: draft.context.now,
    }));
    id
}

/// What the provider said, onto the external identity: never onto the user (T112).
pub(crate) fn push_seen(draft: &mut Draft<'_>, context: &Context<'_>, assertion: &Assertion, linking: bool) {
    let sync = context.policy.connection(assertion.connection()).map(|rules| rules.profile_sync).unwrap_or_default();
    let wanted = if linking { sync != ProfileSync::Never } else { sync == ProfileSync::OnSignIn };
    if wanted {
        draft.push(Change::SeeIdentity {
            identity: assertion.identity().clone(),
            display: assertion.parts().display.clone(),
            address: assertion.mail().map(|mail| mail.address.clone()),
            at: context.now,
        });
    }
}

pub(crate) fn assertion_reference(assertion: &Assertion) -> String {
    let parts = assertion.parts();
    format!("assertion:{}@{}/aal{}", parts.connection, parts.verified_at, i64::from(parts.level))
}

/// Personal values of an event about an identity; sealed with the user's key before they are stored.
pub(crate) fn identity_values(assertion: &Assertion) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::new();
    values.insert("subject", assertion.identity().subject.as_str().to_owned());
    if let Some(mail) = assertion.mail() {
        values.insert("asserted_address", mail.address.to_string());
    }
    values
}
