//! Rows 7 to 14: an identity that is linked to nobody, and an address or user name that is somebody's.

use crate::draft::{Draft, Told, reference};
use crate::link::at_link_limit;
use crate::methods::{check_proof_by, usable_methods};
use crate::organisation::{counts_for, link_on_match, worth};
use crate::record::{assertion_reference, identity_values, push_link, push_seen, tell_of_link};
use crate::selection::{mailbox_opens, proves_locally};
use crate::session::{end_present, mint};
use crate::sign_in::{SignInDecision, SignInInput, SignInOutcome, ask, create, in_scope, refuse, switch_first};
use crate::{Context, Decision, LOOP_PROOF_MAX_AGE, Reason};
use model::{
    ActiveUser, Address, AddressProof, Assertion, Change, ConnectionId, ConnectionPolicy, EventKind, Evidence,
    LinkOnMatch, LinkState, MailKind, Method, Proof, SignUp, UserFacts, UserId, UserStatus,
};

/// The address a match may be made by, and what it is worth in this flow.
fn address_of<'a>(input: &SignInInput<'a>, rules: &ConnectionPolicy) -> Option<(&'a Address, Evidence, bool)> {
    let asserted = input.assertion.mail();
    let upstream = |address: &Address| {
        asserted
            .filter(|mail| mail.address == *address)
            .map_or(Evidence::Unproven, |mail| worth(input.facts, rules, mail))
    };
    match input.mailbox {
        Some(address) => Some((address, upstream(address), true)),
        None => asserted.map(|mail| (&mail.address, worth(input.facts, rules, mail), false)),
    }
}

/// Rows 5 to 15: the session in this browser attracts nothing.
pub(crate) fn sign_in_unlinked(
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
    let owner = input.facts.address_owner.and_then(|id| input.facts.user(id));
    let reachable = |user: &&UserFacts| in_scope(context.policy, input.assertion.connection(), user);
    let by_address = owner.filter(|_| rules.match_on.address).filter(reachable);
    let named = input.facts.user_name_owner.and_then(|id| input.facts.user(id));
    let by_name = named
        .filter(|_| rules.match_on.user_name && rules.purpose.links() && rules.link_on_match != LinkOnMatch::Off)
        .filter(reachable)
        .filter(|user| by_address.is_none_or(|other| other.id != user.id));
    let alone = by_address.is_none() || by_name.is_none();
    let found = |owner, by_name| Match { address, evidence, proven, owner, by_name, alone, was_removed };
    match (by_address, by_name) {
        (Some(owner), None) => matched(context, input, rules, &found(owner, false)),
        (None, Some(owner)) => matched(context, input, rules, &found(owner, true)),
        (Some(one), Some(other)) => several(context, input, rules, &[found(one, false), found(other, true)]),
        // An address that is somebody's out of reach stays theirs: the new user starts without it.
        (None, None) => create(context, input, rules, owner.is_none().then_some((address, proven)), was_removed),
    }
}

/// Row 11: the person proves one of them, and is that one; never the first.
fn several(
    context: &Context<'_>,
    input: &SignInInput<'_>,
    rules: &ConnectionPolicy,
    matches: &[Match<'_>; 2],
) -> SignInDecision {
    if let Some((proof, _)) = input.proof {
        let proven = matches.iter().find(|found| found.owner.id == proof.user());
        return proven
            .map_or_else(|| refuse(Reason::WrongUserProved, 11), |found| matched(context, input, rules, found));
    }
    if let Some(decision) = separate(context, input, rules) {
        return decision;
    }
    let candidates = matches
        .iter()
        .filter(|found| found.owner.status == UserStatus::Active)
        .map(|found| (found.owner.id, proof_methods(context, input, found.owner)))
        .collect();
    ask(SignInOutcome::AskProofOfOne { candidates }, Reason::SeveralMatches, 11)
}

struct Match<'a> {
    address: &'a Address,
    evidence: Evidence,
    proven: AddressProof,
    owner: &'a UserFacts,
    /// By the user name alone: the address is not the owner's.
    by_name: bool,
    /// Nobody else matches: of several, naming one is not proving it (row 11).
    alone: bool,
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
        // A reissued mailbox, or a second account of one person.
        return separate(context, input, rules).unwrap_or_else(|| other_account(context, input, found));
    }
    if !rules.purpose.links() || link_on_match(context.policy, rules, found.owner) == LinkOnMatch::Off {
        let may_separate = rules.sign_up == SignUp::Open;
        let taken = || ask(SignInOutcome::AddressTaken { may_separate }, Reason::AddressBelongsToAccount, 14);
        return separate(context, input, rules).unwrap_or_else(taken);
    }
    if mailbox_would_suffice(context, input, rules, found) {
        return link_and_sign_in(context, input, found, None, Reason::MailboxWouldSuffice, 12);
    }
    if let Some((proof, named)) = input.proof {
        return match check_proof(context, input, found, proof, named) {
            Ok(()) => link_and_sign_in(context, input, found, Some(proof), Reason::ProvenByOwner, 13),
            Err(Reason::SecondFactorNeeded) => {
                ask(SignInOutcome::AskFactor { user: found.owner.id }, Reason::SecondFactorNeeded, 13)
            }
            Err(reason) => refuse(reason, 13),
        };
    }
    if let Some(decision) = separate(context, input, rules) {
        return decision;
    }
    let methods = proof_methods(context, input, found.owner);
    let (reason, row) = if found.owner.protected {
        (Reason::ProofForProtected, 8)
    } else if forced_connection(context, found.owner).is_some() {
        (Reason::OrganisationForces, 9)
    } else {
        (Reason::ProofNeeded, 13)
    };
    ask(SignInOutcome::AskProof { user: found.owner.id, methods }, reason, row)
}

/// A user of their own, where the person asked for one and policy allows it. Without the address: it is proven for
/// somebody.
fn separate(context: &Context<'_>, input: &SignInInput<'_>, rules: &ConnectionPolicy) -> Option<SignInDecision> {
    let may = input.separate_confirmed && rules.sign_up == SignUp::Open;
    may.then(|| create(context, input, rules, None, false))
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
    link_on_match(context.policy, rules, found.owner) == LinkOnMatch::VerifiedEmail
        && !other_epoch
        && found.evidence == Evidence::Authoritative
        && !found.was_removed
        && !found.by_name
        && found.alone
        && forced_connection(context, found.owner).is_none()
        && context.policy.local.email_code
        && mailbox_opens(found.owner, &input.facts.connections, context.policy)
        && looped_lately
}

/// The connection through which alone a member of some organisation proves themselves (row 9).
fn forced_connection<'a>(context: &Context<'a>, owner: &UserFacts) -> Option<&'a ConnectionId> {
    let of = |organisation| context.policy.organisations.get(organisation)?.forced_connection.as_ref();
    owner.organisations.iter().find_map(of)
}

/// Methods that may prove the existing user: usable, not the identity being linked, and through the connection that an
/// organisation forces. Without that, what an organisation vouches for proves its member for its own connections alone:
/// whoever runs it could connect an account of theirs to everything else the member has (T97).
fn proof_methods(context: &Context<'_>, input: &SignInInput<'_>, owner: &UserFacts) -> Vec<Method> {
    let forced = forced_connection(context, owner);
    let asking = context.policy.organisation_of(input.assertion.connection());
    let locally = proves_locally(owner, &input.facts.connections, context.policy);
    let allowed = |method: &Method| match (forced, method) {
        (None, method @ Method::Link { .. }) => counts_for(context.policy, asking, method),
        (None, _) => locally,
        (Some(forced), Method::Link { connection, .. }) => connection == forced,
        (Some(_), _) => false,
    };
    usable_methods(owner, &input.facts.connections, context.policy)
        .into_iter()
        .filter(|method| allowed(method) && !is_same_identity(method, owner, input.assertion))
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
    } else {
        check_proof_by(context, found.owner, &proof_methods(context, input, found.owner), proof)
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
    draft.event(found.owner, EventKind::RecycledIdentityNoticed, reason, told);
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
    if found.proven == AddressProof::Loop && !found.by_name {
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
    tell_of_link(&mut draft, input.assertion, found.owner, link, session, reason, proofs);
    let outcome = SignInOutcome::SignedIn { user: found.owner.id, link, linked_now: true, created: false };
    Decision { outcome, reason, row: Some(row), plan: draft.into_plan() }
}
