//! Rows 1 to 15 of the table, one test each, refusals included.

use crate::world::{
    FRESH_SECRET, HOME, MAIL, MALLORY, NEW, NOW, Read, SUBJECT, VERA, World, address, code_method, connection, link,
    link_id, link_method, namespace, organisation, proven, session,
};
use linking::{Reason, SignInOutcome};
use model::{
    AddressProof, Change, DAY, EventKind, Evidence, Level, LinkOnMatch, LinkState, LocalMethods, MINUTE, MailKind,
    Method, OrganisationPolicy, Personal, Proof, Purpose, SECOND, SignUp, UserStatus,
};

/// The identity that comes back is Vera's.
fn linked() -> World {
    World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active))
}

/// Outcome, reason and row; nothing may be written.
#[track_caller]
fn asks(world: &World, outcome: &SignInOutcome, reason: Reason, row: u8) {
    let decision = world.sign_in();
    assert_eq!((&decision.outcome, decision.reason, decision.row), (outcome, reason, Some(row)));
    assert!(decision.plan.is_empty(), "{:?}", decision.plan);
}

#[track_caller]
fn refuses(world: &World, reason: Reason, row: u8) {
    asks(world, &SignInOutcome::Refused, reason, row);
}

fn ask_vera() -> SignInOutcome {
    let methods = vec![Method::Password, code_method(MAIL), code_method(HOME)];
    SignInOutcome::AskProof { user: VERA, methods }
}

#[test]
fn row_1_linked_identity_signs_in() {
    let world = linked();
    let decision = world.sign_in();
    let outcome = SignInOutcome::SignedIn { user: VERA, link: link_id(10), linked_now: false, created: false };
    assert_eq!((decision.outcome, decision.reason, decision.row), (outcome, Reason::LinkedIdentity, Some(1)));
    let plan = decision.plan;
    assert!(plan.well_begun() && plan.expects(&world.users[0]) && plan.guards_connection("acme"));
    let sessions = plan.sessions();
    assert_eq!((sessions[0].user, &sessions[0].method), (VERA, &link_method(10, "acme")));
    assert_eq!((sessions[0].level, sessions[0].hash, sessions[0].store_epoch), (Level::One, FRESH_SECRET, 3));
    let event = plan.event(EventKind::SignedIn).unwrap();
    assert!(event.by_self() && event.subject == Some(VERA) && event.after == world.users[0].chain);
    assert_eq!((event.link, event.session), (Some(link_id(10)), Some(sessions[0].id)));
    assert!(plan.links().is_empty());
}

#[test]
fn row_1_refusals() {
    let changed = |change: fn(&mut World)| linked().with(change);
    refuses(&changed(|w| w.acme().enabled = false), Reason::ConnectionDisabled, 1);
    refuses(&changed(|w| w.acme().epoch = 2), Reason::OldEpoch, 1);
    refuses(&changed(|w| w.parts.epoch = 0), Reason::OldEpoch, 1);
    refuses(&changed(|w| w.acme().namespace = namespace("acme", 2)), Reason::OldEpoch, 1);
    refuses(&changed(|w| w.rules().purpose = Purpose::LinkOnly), Reason::PurposeForbids, 1);
    refuses(&changed(|w| w.rules().purpose = Purpose::DataOnly), Reason::PurposeForbids, 1);
    refuses(&changed(|w| drop(w.policy.connections.remove(&connection("acme")))), Reason::UnknownConnection, 1);
    refuses(&changed(|w| drop(w.connections.remove(0))), Reason::UnknownConnection, 1);
    refuses(&changed(|w| w.user(VERA).required_level = Level::Two), Reason::LevelTooLow, 1);
    refuses(&changed(|w| w.policy.required_level = Level::Two), Reason::LevelTooLow, 1);
    for status in [UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted] {
        refuses(&linked().with(|w| w.user(VERA).status = status), Reason::UserInactive, 1);
    }
}

#[test]
fn row_2_own_identity_never_makes_a_second_session() {
    let with_link = |seconds| {
        linked().with(|w| {
            w.session = Some(session(VERA, link_method(10, "acme")));
            w.session.as_mut().unwrap().authenticated_at = NOW - SECOND.times(seconds);
        })
    };
    let already = SignInOutcome::AlreadySignedIn { user: VERA, link: link_id(10) };
    asks(&with_link(60), &already, Reason::OwnIdentity, 2);
    asks(&with_link(299), &already, Reason::OwnIdentity, 2);
    // No longer fresh, or by another method: the present session ends with the plan that makes the new one.
    for world in [with_link(300), linked().signed_in(VERA)] {
        let decision = world.sign_in();
        assert_eq!((decision.reason, decision.row), (Reason::OwnIdentity, Some(2)));
        assert!(decision.plan.ends_present() && decision.plan.sessions().len() == 1);
    }
    // A session below the level that is required today is nothing to go on with.
    refuses(&with_link(60).with(|w| w.policy.required_level = Level::Two), Reason::LevelTooLow, 2);
}

#[test]
fn t91_a_session_is_as_old_as_the_authentication_upstream() {
    let since = |at| linked().with(|w| w.parts.authenticated_at = at).sign_in().plan.sessions()[0].authenticated_at;
    assert_eq!(since(Some(NOW - DAY)), NOW - DAY, "a silent answer is no fresh proof");
    assert_eq!(since(None), NOW - SECOND, "where the provider does not say, when its answer was verified");
    assert_eq!(since(Some(NOW + MINUTE)), NOW, "nothing is authenticated later than now");
}

#[test]
fn row_3_another_users_identity_asks_to_switch() {
    let world = linked().signed_in(MALLORY);
    let ask = SignInOutcome::AskSwitch { current: MALLORY, other: Some(VERA) };
    asks(&world, &ask, Reason::OtherUserSignedIn, 3);
    let switched = world.clone().with(|w| w.switch = true).sign_in();
    assert!(matches!(switched.outcome, SignInOutcome::SignedIn { user: VERA, .. }));
    assert!(switched.plan.ends_present() && switched.plan.sessions()[0].user == VERA);
    // That other user inactive: refuse, and say nothing of a switch.
    for status in [UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted] {
        refuses(&world.clone().with(|w| w.user(VERA).status = status), Reason::UserInactive, 1);
    }
}

#[test]
fn row_5_the_session_attracts_nothing() {
    // Nobody has the address: a user of their own, after a question, and never a link to who is signed in.
    let stranger = World::new().evidence(Evidence::Vouched).signed_in(MALLORY).with(|w| {
        w.user(VERA).addresses.clear();
    });
    let ask = SignInOutcome::AskSwitch { current: MALLORY, other: None };
    asks(&stranger, &ask, Reason::OtherUserSignedIn, 5);
    let plan = stranger.with(|w| w.switch = true).sign_in().plan;
    assert!(plan.ends_present() && plan.links()[0].user == NEW && plan.sessions()[0].user == NEW);
    // The match itself is signed in: a session is no proof of this flow.
    asks(&World::new().evidence(Evidence::Vouched).signed_in(VERA), &ask_vera(), Reason::ProofNeeded, 13);
    // After proof the question comes as well.
    let proven = World::new().evidence(Evidence::Vouched).signed_in(MALLORY).proof_of(VERA, Method::Password);
    let ask = SignInOutcome::AskSwitch { current: MALLORY, other: Some(VERA) };
    asks(&proven, &ask, Reason::OtherUserSignedIn, 5);
}

#[test]
fn row_6_held_identity_is_refused() {
    let held = World::row_12().linked(VERA, link(10, "acme", SUBJECT, LinkState::Held));
    refuses(&held, Reason::IdentityHeld, 6);
    refuses(&held.signed_in(VERA).proof_of(VERA, Method::Password), Reason::IdentityHeld, 6);
}

#[test]
fn row_6_removed_identity_comes_back_by_nothing_automatic() {
    let tombstone = link(10, "acme", SUBJECT, LinkState::Removed);
    asks(&World::row_12().linked(VERA, tombstone.clone()), &ask_vera(), Reason::ProofNeeded, 13);
    // Without a match the person's word is needed before a user of their own is made.
    let alone = World::new().linked(VERA, tombstone).with(|w| w.parts.mail = None);
    asks(&alone, &SignInOutcome::AskCreate, Reason::IdentityWasRemoved, 6);
    let asked = alone.with(|w| w.separate = true).sign_in();
    assert!(matches!(asked.outcome, SignInOutcome::SignedIn { user: NEW, created: true, .. }));
}

#[test]
fn row_6_link_of_an_old_epoch_comes_back_by_nothing_automatic() {
    let mut old = link(10, "acme", SUBJECT, LinkState::Active);
    old.identity.namespace = namespace("acme", 0);
    asks(&World::row_12().linked(VERA, old), &ask_vera(), Reason::ProofNeeded, 13);
}

#[test]
fn row_7_inactive_match_is_refused() {
    for status in [UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted] {
        let world = World::row_12().with(|w| w.user(VERA).status = status);
        refuses(&world, Reason::MatchInactive, 7);
        refuses(&world.with(|w| w.separate = true).proof_of(VERA, Method::Password), Reason::MatchInactive, 7);
    }
}

#[test]
fn row_8_protected_match_is_asked_for_proof() {
    let world = World::row_12().with(|w| w.user(VERA).protected = true);
    asks(&world, &ask_vera(), Reason::ProofForProtected, 8);
    let proven = world.clone().proof_of(VERA, Method::Password).sign_in();
    assert_eq!((proven.reason, proven.row), (Reason::ProvenByOwner, Some(13)));
    let demanding = world.with(|w| w.user(VERA).required_level = Level::Two).proof_of(VERA, Method::Password);
    refuses(&demanding, Reason::LevelTooLow, 13);
}

#[test]
fn row_10_same_provider_other_subject_is_another_person() {
    for state in [LinkState::Active, LinkState::Held] {
        let world = World::row_12().linked(VERA, link(20, "acme", "another", state));
        let decision = world.sign_in();
        assert_eq!(decision.outcome, SignInOutcome::OtherAccount);
        assert_eq!((decision.reason, decision.row), (Reason::SameProviderOtherSubject, Some(10)));
    }
    // Once removed, it stands in nobody's way.
    let removed = World::row_12().linked(VERA, link(20, "acme", "another", LinkState::Removed)).sign_in();
    assert_eq!(removed.row, Some(12));
}

/// Vera is a member of an organisation that forces `other`, where she has a link.
fn forced() -> World {
    World::row_12().linked(VERA, link(20, "other", "x", LinkState::Active)).with(|w| {
        let club = OrganisationPolicy { forced_connection: Some(connection("other")), ..OrganisationPolicy::default() };
        w.policy.organisations.insert(organisation("club"), club);
        w.user(VERA).organisations.push(organisation("club"));
    })
}

#[test]
fn t97_row_9_only_the_forced_connection_proves_a_member() {
    let ask = SignInOutcome::AskProof { user: VERA, methods: vec![link_method(20, "other")] };
    asks(&forced(), &ask, Reason::OrganisationForces, 9);
    let proven = forced().proof_of(VERA, link_method(20, "other")).sign_in();
    assert_eq!((proven.reason, proven.row), (Reason::ProvenByOwner, Some(13)));
    for method in [Method::Password, code_method(MAIL)] {
        refuses(&forced().proof_of(VERA, method), Reason::MethodNotAllowed, 13);
    }
    let another = forced().linked(VERA, link(21, "third", "y", LinkState::Active));
    refuses(&another.proof_of(VERA, link_method(21, "third")), Reason::MethodNotAllowed, 13);
    // An organisation that forces nothing asks for nothing.
    let free = forced().with(|w| w.policy.organisations.clear());
    assert_eq!(free.sign_in().row, Some(12));
    // Protected goes before forced.
    asks(&forced().with(|w| w.user(VERA).protected = true), &ask, Reason::ProofForProtected, 8);
}

/// The address is Vera's, the user name Mallory's.
fn two_matches() -> World {
    World::row_12().with(|w| (w.rules().match_on.user_name, w.named) = (true, Some(MALLORY)))
}

#[test]
fn row_11_several_matches_are_decided_by_proof_alone() {
    let methods = |own: &[&str]| {
        let codes = own.iter().map(|mail| code_method(mail));
        std::iter::once(Method::Password).chain(codes).collect::<Vec<_>>()
    };
    let mallory = (MALLORY, methods(&["mallory@elsewhere.example"]));
    let candidates = vec![(VERA, methods(&[MAIL, HOME])), mallory.clone()];
    asks(&two_matches(), &SignInOutcome::AskProofOfOne { candidates }, Reason::SeveralMatches, 11);
    for who in [VERA, MALLORY] {
        let decision = two_matches().proof_of(who, Method::Password).sign_in();
        assert!(matches!(decision.outcome, SignInOutcome::SignedIn { user, linked_now: true, .. } if user == who));
        assert_eq!(decision.plan.links()[0].user, who);
    }
    refuses(&two_matches().proof_of(NEW, Method::Password), Reason::WrongUserProved, 11);
    // Who takes no part is no candidate, and is not proven either.
    let alone = two_matches().with(|w| w.user(VERA).status = UserStatus::Disabled);
    asks(&alone, &SignInOutcome::AskProofOfOne { candidates: vec![mallory] }, Reason::SeveralMatches, 11);
    refuses(&alone.proof_of(VERA, Method::Password), Reason::MatchInactive, 7);
    let separate = two_matches().with(|w| w.separate = true);
    let plan = separate.sign_in().plan;
    assert!(plan.links()[0].user == NEW && !plan.any(|c| matches!(c, Change::ProveAddress { .. })));
    let closed = separate.with(|w| w.rules().sign_up = SignUp::Closed);
    assert_eq!(closed.sign_in().row, Some(11));
}

#[test]
fn row_11_a_user_name_may_only_lead_to_proof() {
    let by_name = || {
        newcomer(Evidence::Authoritative).with(|w| {
            (w.rules().match_on.user_name, w.named) = (true, Some(VERA));
            w.rules().link_on_match = LinkOnMatch::VerifiedEmail;
        })
    };
    let ask = SignInOutcome::AskProof { user: VERA, methods: vec![Method::Password, code_method(HOME)] };
    asks(&by_name(), &ask, Reason::ProofNeeded, 13);
    // The address that came along becomes nobody's by it.
    let plan = by_name().looped().proof_of(VERA, Method::Password).sign_in().plan;
    assert!(plan.links()[0].user == VERA && !plan.any(|c| matches!(c, Change::RenewAddress { .. })));
    // Where it is not allowed to match, or cannot lead to proof, it is nothing.
    let nothing: [fn(&mut World); 3] = [
        |w| w.rules().match_on.user_name = false,
        |w| w.rules().link_on_match = LinkOnMatch::Off,
        |w| w.rules().purpose = Purpose::SignInOnly,
    ];
    for change in nothing {
        let decision = by_name().with(change).sign_in();
        assert_eq!((decision.reason, decision.row), (Reason::NewUser, Some(15)));
    }
    // One user by both is one match.
    let both = World::row_12().with(|w| (w.rules().match_on.user_name, w.named) = (true, Some(VERA)));
    assert_eq!(both.sign_in().row, Some(12));
    // Out of reach of an organisation's connection, it is nobody's.
    let outside = by_name().with(|w| w.rules().organisation = Some(organisation("guild")));
    assert_eq!(outside.sign_in().row, Some(15));
    let unmatched = World::row_12().with(|w| w.rules().match_on.address = false).sign_in();
    assert_eq!(unmatched.row, Some(15));
}

#[test]
fn row_11_a_proof_that_does_not_hold_makes_no_one_of_several_the_match() {
    // Row 12 is for one match: with two, naming one of them is not proving it.
    let stale = Proof::of_checked(VERA, Method::Password, Level::One, NOW - MINUTE.times(6));
    refuses(&two_matches().with(|w| w.proof = Some((stale, VERA))), Reason::NotFresh, 13);
    let other_ticket = Proof::of_checked(VERA, Method::Password, Level::One, NOW - SECOND);
    refuses(&two_matches().with(|w| w.proof = Some((other_ticket, MALLORY))), Reason::WrongUserProved, 13);
    let decision = two_matches().proof_of(VERA, Method::Password).sign_in();
    assert_eq!((decision.reason, decision.row), (Reason::ProvenByOwner, Some(13)));
}

#[test]
fn row_12_links_at_once_and_tells() {
    let world = World::row_12();
    let decision = world.sign_in();
    assert!(matches!(decision.outcome, SignInOutcome::SignedIn { user: VERA, linked_now: true, created: false, .. }));
    assert_eq!((decision.reason, decision.row), (Reason::MailboxWouldSuffice, Some(12)));
    let plan = decision.plan;
    assert!(plan.well_begun() && plan.raises(&world.users[0]) && plan.guards_connection("acme"));
    let (link, session) = (plan.links()[0], plan.sessions()[0]);
    assert_eq!((link.user, link.reason, link.policy_version.as_str()), (VERA, "mailbox_would_suffice", "p1"));
    assert_eq!(session.method, Method::Link { link: link.id, connection: connection("acme") });
    assert_eq!(plan.notices(), [(MailKind::Linked, MAIL), (MailKind::Linked, HOME)]);
    assert!(plan.event(EventKind::Linked).is_some_and(|event| event.link == Some(link.id) && event.proofs.len() == 1));
}

#[test]
fn row_13_asks_for_proof_then_links() {
    for (evidence, mode) in [
        (Evidence::Vouched, LinkOnMatch::Prove),
        (Evidence::Authoritative, LinkOnMatch::Prove),
        (Evidence::Vouched, LinkOnMatch::VerifiedEmail),
    ] {
        let world = World::new().evidence(evidence).with(|w| w.rules().link_on_match = mode);
        asks(&world, &ask_vera(), Reason::ProofNeeded, 13);
        let world = world.proof_of(VERA, Method::Password);
        let decision = world.sign_in();
        assert!(matches!(
            decision.outcome,
            SignInOutcome::SignedIn { user: VERA, linked_now: true, created: false, .. }
        ));
        assert_eq!((decision.reason, decision.row), (Reason::ProvenByOwner, Some(13)));
        let plan = decision.plan;
        assert!(plan.well_begun() && plan.raises(&world.users[0]) && plan.guards_connection("acme"));
        assert_eq!(plan.sessions()[0].method, Method::Password);
        assert_eq!(plan.sessions()[0].authenticated_at, NOW - SECOND, "as old as the proof");
        assert_eq!((plan.links()[0].reason, plan.links()[0].proofs.len()), ("proven_by_owner", 2));
    }
}

#[test]
fn row_13_proof_through_another_link_guards_its_connection() {
    let world = World::new()
        .evidence(Evidence::Vouched)
        .linked(VERA, link(20, "other", "x", LinkState::Active))
        .proof_of(VERA, link_method(20, "other"));
    let plan = world.sign_in().plan;
    assert!(plan.guards_connection("acme") && plan.guards_connection("other"));
    let refused = |change: fn(&mut World)| refuses(&world.clone().with(change), Reason::MethodNotAllowed, 13);
    refused(|w| w.connections[1].enabled = false);
    refused(|w| w.user(VERA).links[0].state = LinkState::Held);
    refused(|w| w.user(VERA).links[0].identity.namespace = namespace("other", 0));
    refused(|w| w.policy.connections.get_mut(&connection("other")).unwrap().purpose = Purpose::LinkOnly);
}

#[test]
fn row_13_refusals_never_fall_through_to_sign_up() {
    let world = World::new().evidence(Evidence::Vouched).proof_of(VERA, Method::Password);
    let refused = |reason, change: fn(&mut World)| refuses(&world.clone().with(change), reason, 13);
    refused(Reason::MethodNotAllowed, |w| w.policy.local.password = false);
    refused(Reason::MethodNotAllowed, |w| w.user(VERA).password = None);
    refused(Reason::LevelTooLow, |w| w.user(VERA).required_level = Level::Two);
    refused(Reason::LevelTooLow, |w| w.policy.required_level = Level::Three);
    refused(Reason::LinkLimit, |w| w.rules().max_links_per_user = 0);
    refused(Reason::NotFresh, |w| w.now = NOW + MINUTE.times(5));
    refused(Reason::NotFresh, |w| w.now = NOW - MINUTE.times(2));
    let world = World::new().evidence(Evidence::Vouched);
    refuses(&world.clone().proof_of(VERA, code_method("mallory@elsewhere.example")), Reason::MethodNotAllowed, 13);
    refuses(&world.proof_of(MALLORY, Method::Password), Reason::WrongUserProved, 13);
    let own_tombstone = World::new()
        .evidence(Evidence::Vouched)
        .linked(VERA, link(10, "acme", SUBJECT, LinkState::Removed))
        .proof_of(VERA, link_method(10, "acme"));
    refuses(&own_tombstone, Reason::ProofBySameIdentity, 13);
}

#[test]
fn row_13_a_separate_user_only_when_asked_for_and_open() {
    let world = World::new().evidence(Evidence::Vouched).with(|w| w.separate = true);
    let decision = world.sign_in();
    assert!(matches!(decision.outcome, SignInOutcome::SignedIn { user: NEW, created: true, .. }));
    // The address is Vera's and stays hers.
    assert!(!decision.plan.any(|c| matches!(c, Change::ProveAddress { .. } | Change::RenewAddress { .. })));
    for sign_up in [SignUp::Invited, SignUp::Closed] {
        asks(&world.clone().with(|w| w.rules().sign_up = sign_up), &ask_vera(), Reason::ProofNeeded, 13);
    }
}

#[test]
fn row_14_an_address_that_belongs_to_an_account() {
    let off = World::row_12().with(|w| w.rules().link_on_match = LinkOnMatch::Off);
    let single = World::row_12().with(|w| w.rules().purpose = Purpose::SignInOnly);
    for world in [off, single] {
        let taken = |may_separate| SignInOutcome::AddressTaken { may_separate };
        asks(&world, &taken(true), Reason::AddressBelongsToAccount, 14);
        // Proof changes nothing: this connection links nothing by itself.
        let proven = world.clone().proof_of(VERA, Method::Password);
        asks(&proven, &taken(true), Reason::AddressBelongsToAccount, 14);
        let closed = world.clone().with(|w| (w.rules().sign_up, w.separate) = (SignUp::Closed, true));
        asks(&closed, &taken(false), Reason::AddressBelongsToAccount, 14);
        let separate = world.with(|w| w.separate = true).sign_in();
        assert!(matches!(separate.outcome, SignInOutcome::SignedIn { user: NEW, created: true, .. }));
        assert!(!separate.plan.any(|c| matches!(c, Change::ProveAddress { .. })));
    }
}

/// Nobody has the address.
fn newcomer(evidence: Evidence) -> World {
    World::new().evidence(evidence).with(|w| w.user(VERA).addresses.retain(|known| known.address.as_str() == HOME))
}

#[test]
fn row_15_creates_user_and_link() {
    for (evidence, proof) in
        [(Evidence::Vouched, AddressProof::Vouched), (Evidence::Authoritative, AddressProof::Authoritative)]
    {
        let decision = newcomer(evidence).sign_in();
        assert!(matches!(decision.outcome, SignInOutcome::SignedIn { user: NEW, linked_now: true, created: true, .. }));
        assert_eq!((decision.reason, decision.row), (Reason::NewUser, Some(15)));
        let plan = decision.plan;
        assert!(plan.well_begun() && plan.guards_connection("acme"));
        assert!(plan.has(&Change::ProveAddress { address: address(MAIL), user: NEW, proof, at: NOW }));
        assert!(plan.any(|c| matches!(c, Change::CreateSubject { user: NEW, sub, .. } if sub == "s-new")));
        assert_eq!((plan.links()[0].user, plan.sessions()[0].user), (NEW, NEW));
        assert!(plan.event(EventKind::UserCreated).is_some_and(|event| event.by_self() && event.after.seq == 0));
    }
}

#[test]
fn row_15_by_sign_up_policy() {
    for (sign_up, reason) in [(SignUp::Invited, Reason::SignUpInvited), (SignUp::Closed, Reason::SignUpClosed)] {
        let world = newcomer(Evidence::Authoritative).with(|w| w.rules().sign_up = sign_up);
        refuses(&world, reason, 15);
        refuses(&world.clone().with(|w| w.separate = true), reason, 15);
        refuses(&world.with(|w| w.parts.mail = None), reason, 15);
    }
    refuses(&newcomer(Evidence::Vouched).with(|w| w.policy.required_level = Level::Two), Reason::LevelTooLow, 15);
}

#[test]
fn row_15_after_the_mailbox_code_where_the_provider_is_not_believed() {
    for evidence in [Evidence::Unproven, Evidence::Claimed] {
        let ask = SignInOutcome::AskMailbox { address: address(MAIL) };
        asks(&newcomer(evidence), &ask, Reason::MailboxUnproven, 13);
        let plan = newcomer(evidence).looped().sign_in().plan;
        assert!(plan.has(&Change::ProveAddress {
            address: address(MAIL),
            user: NEW,
            proof: AddressProof::Loop,
            at: NOW
        }));
        // Another address than the asserted one is proven as itself; the asserted one is not.
        let plan = newcomer(evidence).with(|w| w.mailbox = Some(address("else@example.org"))).sign_in().plan;
        let proven = |c: &Change| matches!(c, Change::ProveAddress { address, .. } if address.as_str() == MAIL);
        assert!(!plan.any(proven) && plan.links()[0].user == NEW);
    }
}

#[test]
fn row_15_without_an_address_creates_without_one() {
    let plan = World::new().with(|w| w.parts.mail = None).sign_in().plan;
    assert!(!plan.any(|c| matches!(c, Change::ProveAddress { .. } | Change::ClaimAddress { .. })));
    assert_eq!(plan.links()[0].user, NEW);
}

#[test]
fn a_code_through_the_mailbox_renews_the_address_of_a_match() {
    let world = World::new().looped().proof_of(VERA, code_method(MAIL)).with(|w| {
        w.user(VERA).addresses = vec![proven(MAIL, AddressProof::Vouched, NOW - DAY)];
        w.policy.local = LocalMethods { password: false, email_code: true, passkey: true, totp: true };
    });
    let plan = world.sign_in().plan;
    let renewed = Change::RenewAddress { address: address(MAIL), user: VERA, proof: AddressProof::Loop, at: NOW };
    assert!(plan.has(&renewed) && plan.raises(&world.users[0]));
}

#[test]
fn every_event_of_a_sign_in_names_connection_session_and_identity() {
    let proven = World::new().evidence(Evidence::Vouched).proof_of(VERA, Method::Password);
    let recycled = World::row_12().linked(VERA, link(20, "acme", "another", LinkState::Active));
    for (kind, world) in [
        (EventKind::SignedIn, linked()),
        (EventKind::Linked, proven),
        (EventKind::Linked, World::row_12()),
        (EventKind::UserCreated, newcomer(Evidence::Vouched)),
        (EventKind::RecycledIdentityNoticed, recycled),
    ] {
        let plan = world.sign_in().plan;
        let event = plan.event(kind).unwrap();
        assert_eq!(event.connection, Some(connection("acme")), "{kind:?}");
        assert_eq!(event.session, plan.sessions().first().map(|session| session.id), "{kind:?}");
        assert!(!event.proofs.is_empty());
        let Personal::Plain(personal) = &event.personal else { panic!("sealed already") };
        let subject = (kind != EventKind::SignedIn).then_some(SUBJECT);
        assert_eq!(personal.get("subject").map(String::as_str), subject, "{kind:?}");
        let address = (kind == EventKind::UserCreated).then_some(MAIL);
        assert_eq!(personal.get("proven_address").map(String::as_str), address, "{kind:?}");
    }
    let plan = World::new().signed_in(VERA).link().plan;
    let event = plan.event(EventKind::Linked).unwrap();
    assert_eq!((&event.connection, event.session), (&Some(connection("acme")), Some(plan.sessions()[0].id)));
    assert!(matches!(&event.personal, Personal::Plain(personal) if personal["subject"] == SUBJECT));
}
