//! Local methods: sign-in, sign-up, step-up, sign-out, password, handover.

use crate::world::{
    FRESH_SECRET, HOME, MAIL, MALLORY, NEW, NOW, PRESENT, Read, SESSION, VERA, World, address, code_method, link,
    link_id, link_method, session,
};
use linking::{
    Decision, HandoverInput, LocalOutcome, Reason, SignUpOutcome, decide_handover, decide_set_password, decide_sign_out,
};
use model::{
    AddressProof, Change, EventKind, HOUR, Level, LinkState, MINUTE, MailKind, Method, Personal, Proof, SECOND, Secret,
    SessionId, SignUp, UserId, UserStatus,
};

const INACTIVE: [UserStatus; 3] = [UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted];

fn set_password(world: &World, session: SessionId) -> Decision<LocalOutcome> {
    let (facts, phc) = (world.facts(), Secret::new("$argon2id$new".to_owned()));
    world.context(|context, terms, _| decide_set_password(context, &facts, session, &phc, terms))
}

fn handover(world: &World, session: &[u8; 32]) -> Decision<Option<UserId>> {
    let facts = world.facts();
    world.context(|context, terms, _| decide_handover(context, &HandoverInput { facts: &facts, session, terms }))
}

fn sign_out(world: &World) -> Decision<()> {
    let facts = world.facts();
    world.context(|context, _, _| decide_sign_out(context, &facts))
}

#[track_caller]
fn refused<O: std::fmt::Debug>(decision: &Decision<O>, reason: Reason) {
    assert_eq!(decision.reason, reason, "{decision:?}");
    assert!(decision.plan.is_empty(), "{decision:?}");
}

#[test]
fn sign_in_with_a_password() {
    let world = World::new().proof_of(VERA, Method::Password);
    let decision = world.local_sign_in();
    assert_eq!(decision.outcome, LocalOutcome::SignedIn { user: VERA });
    let plan = decision.plan;
    assert!(plan.well_begun() && plan.expects(&world.users[0]));
    assert!(plan.has(&Change::ClearThrottle { key: b"pair:1".to_vec() }));
    let session = plan.sessions()[0];
    assert_eq!((session.user, session.hash, &session.method), (VERA, FRESH_SECRET, &Method::Password));
    assert_eq!(session.authenticated_at, NOW - SECOND, "as old as the proof");
    assert_eq!((session.at, session.expires_at), (NOW, NOW + HOUR), "and lives as long as its terms say");
    assert!(plan.event(EventKind::SignedIn).is_some_and(|event| event.by_self() && event.proofs.len() == 1));
}

#[test]
fn sign_in_with_a_code_renews_the_address() {
    let plan = World::new().proof_of(VERA, code_method(HOME)).local_sign_in().plan;
    let renewed = Change::RenewAddress { address: address(HOME), user: VERA, proof: AddressProof::Loop, at: NOW };
    assert!(plan.has(&renewed));
    refused(&World::new().proof_of(VERA, code_method("x@y.example")).local_sign_in(), Reason::MethodNotAllowed);
}

#[test]
fn sign_in_by_local_methods_that_policy_forbids_is_refused() {
    let world = World::new().with(|w| (w.policy.local.password, w.policy.local.email_code) = (false, false));
    refused(&world.clone().proof_of(VERA, Method::Password).local_sign_in(), Reason::MethodNotAllowed);
    refused(&world.proof_of(VERA, code_method(MAIL)).local_sign_in(), Reason::MethodNotAllowed);
}

#[test]
fn stale_proofs_sign_nobody_in() {
    let old = |ago| {
        let proof = Proof::of_checked(VERA, Method::Password, Level::One, NOW - ago);
        World::new().signed_in(VERA).with(|w| w.proof = Some((proof, VERA)))
    };
    let limit = MINUTE.times(5);
    refused(&old(limit + SECOND).local_sign_in(), Reason::NotFresh);
    refused(&old(limit + SECOND).step_up(VERA), Reason::NotFresh);
    // What was carried along does not become fresher by it.
    for decision in [old(limit - SECOND).local_sign_in(), old(limit - SECOND).step_up(VERA)] {
        assert_eq!(decision.plan.sessions()[0].authenticated_at, NOW - (limit - SECOND));
    }
}

#[test]
fn t23_a_sign_up_exists_only_after_the_mailbox_and_never_on_a_taken_address() {
    let free = World::new().looped().with(|w| drop(w.users.remove(0)));
    let decision = free.sign_up();
    assert_eq!(decision.outcome, SignUpOutcome::Created { user: NEW });
    let plan = decision.plan;
    let proven = Change::ProveAddress { address: address(MAIL), user: NEW, proof: AddressProof::Loop, at: NOW };
    assert!(plan.well_begun() && plan.has(&proven) && plan.sessions()[0].user == NEW);
    assert!(plan.any(|c| matches!(c, Change::SetPassword { user: NEW, .. })));
    // Somebody has it: the password that was typed is dropped.
    let taken = World::new().looped().sign_up();
    assert_eq!(taken.outcome, SignUpOutcome::AddressTaken);
    refused(&taken, Reason::AddressBelongsToAccount);
}

#[test]
fn sign_up_refusals() {
    let refusal =
        |change: fn(&mut World)| World::new().looped().with(|w| drop(w.users.remove(0))).with(change).sign_up();
    refused(&refusal(|w| w.policy.sign_up = SignUp::Invited), Reason::SignUpInvited);
    refused(&refusal(|w| w.policy.sign_up = SignUp::Closed), Reason::SignUpClosed);
    refused(&refusal(|w| w.policy.local.password = false), Reason::MethodNotAllowed);
    refused(&refusal(|w| w.policy.required_level = Level::Two), Reason::LevelTooLow);
}

#[test]
fn t24_t26_a_new_password_ends_every_session_and_every_ticket() {
    let world = World::new().signed_in(VERA);
    let plan = set_password(&world, SESSION).plan;
    assert!(plan.raises(&world.users[0]), "tickets die with the version");
    let all = plan.place(&Change::EndSessionsOfUser { user: VERA });
    let new = plan.changes.iter().position(|c| matches!(c, Change::CreateSession(_))).unwrap();
    assert!(all < new && plan.sessions().len() == 1, "the one that asked goes on under a new secret");
    assert_eq!(plan.sessions()[0].hash, FRESH_SECRET);
    assert!(plan.has(&Change::ExpectSession { hash: PRESENT }));
    assert_eq!(plan.notices(), [(MailKind::PasswordSet, MAIL), (MailKind::PasswordSet, HOME)]);
}

#[test]
fn t88_a_new_password_needs_a_fresh_session_of_one_s_own() {
    let world = |change: fn(&mut World)| World::new().signed_in(VERA).with(change);
    let old = |w: &mut World| w.session.as_mut().unwrap().authenticated_at = NOW - MINUTE.times(5);
    refused(&set_password(&world(old), SESSION), Reason::StepUpNeeded);
    refused(&set_password(&world(|w| w.user(VERA).required_level = Level::Two), SESSION), Reason::StepUpNeeded);
    refused(&set_password(&world(|_| {}), SessionId::from_bytes([8; 16])), Reason::SessionExpired);
    refused(&set_password(&world(|w| w.session = None), SESSION), Reason::SessionExpired);
    refused(&set_password(&world(|w| w.policy.local.password = false), SESSION), Reason::MethodNotAllowed);
}

#[test]
fn t31_local_ways_ask_before_they_replace_a_session() {
    let world = World::new().signed_in(MALLORY).proof_of(VERA, Method::Password);
    let decision = world.local_sign_in();
    assert_eq!(decision.outcome, LocalOutcome::AskSwitch { current: MALLORY, other: VERA });
    refused(&decision, Reason::OtherUserSignedIn);
    let switched = world.with(|w| w.switch = true).local_sign_in();
    assert!(switched.plan.ends_present() && switched.plan.sessions()[0].user == VERA);
    let sign_up = World::new().looped().signed_in(MALLORY).with(|w| drop(w.users.remove(0)));
    let decision = sign_up.sign_up();
    assert_eq!(decision.outcome, SignUpOutcome::AskSwitch { current: MALLORY });
    refused(&decision, Reason::OtherUserSignedIn);
    assert!(sign_up.with(|w| w.switch = true).sign_up().plan.ends_present());
}

#[test]
fn t31_a_replaced_session_leaves_a_trace_on_its_own_user_s_chain() {
    let switched = World::new().signed_in(MALLORY).with(|w| w.switch = true);
    let sign_in = switched.clone().proof_of(VERA, Method::Password).local_sign_in();
    let sign_up = switched.looped().with(|w| drop(w.users.remove(0))).sign_up();
    for plan in [sign_in.plan, sign_up.plan] {
        let event = plan.event(EventKind::SessionEnded).unwrap();
        assert_eq!((event.subject, event.session, event.proofs.len()), (Some(MALLORY), Some(SESSION), 1));
        assert!(event.by_self() && plan.ends_present());
    }
    // One's own is renewed and not replaced.
    let own = World::new().signed_in(VERA).proof_of(VERA, Method::Password).local_sign_in().plan;
    assert!(own.ends_present() && own.event(EventKind::SessionEnded).is_none());
}

#[test]
fn t65_sign_in_and_step_up_make_a_new_secret_and_end_the_old() {
    let world = World::new().signed_in(VERA).proof_of(VERA, code_method(MAIL));
    for decision in [world.local_sign_in(), world.step_up(VERA)] {
        assert!(decision.plan.ends_present());
        let sessions = decision.plan.sessions();
        assert_eq!((sessions.len(), sessions[0].hash, &sessions[0].method), (1, FRESH_SECRET, &code_method(MAIL)));
    }
    let plan = world.step_up(VERA).plan;
    let guard = plan.place(&Change::ExpectSession { hash: PRESENT });
    assert!(guard < plan.place(&Change::EndSession { hash: PRESENT }) && plan.event(EventKind::SteppedUp).is_some());
}

#[test]
fn t66_a_step_up_ends_with_the_same_user_or_not_at_all() {
    let as_vera = World::new().signed_in(VERA);
    // Mallory authenticates in Vera's session; Vera in Mallory's; the ticket names somebody else.
    refused(&as_vera.clone().proof_of(MALLORY, Method::Password).step_up(VERA), Reason::WrongUserProved);
    refused(&as_vera.clone().proof_of(MALLORY, Method::Password).step_up(MALLORY), Reason::WrongUserProved);
    refused(&as_vera.clone().proof_of(VERA, Method::Password).step_up(MALLORY), Reason::WrongUserProved);
    let as_mallory = World::new().signed_in(MALLORY);
    refused(&as_mallory.proof_of(VERA, Method::Password).step_up(VERA), Reason::WrongUserProved);
    refused(&World::new().proof_of(VERA, Method::Password).step_up(VERA), Reason::SessionExpired);
    let weak = as_vera.with(|w| w.user(VERA).required_level = Level::Two).proof_of(VERA, Method::Password);
    refused(&weak.step_up(VERA), Reason::LevelTooLow);
}

#[test]
fn t69_no_local_way_signs_in_a_user_who_is_not_active() {
    for status in INACTIVE {
        let world = World::new().signed_in(VERA).with(|w| w.user(VERA).status = status);
        for method in [Method::Password, code_method(MAIL)] {
            let world = world.clone().proof_of(VERA, method);
            refused(&world.local_sign_in(), Reason::UserInactive);
            refused(&world.step_up(VERA), Reason::SessionExpired);
        }
        refused(&handover(&world, &PRESENT), Reason::SessionExpired);
        refused(&set_password(&world, SESSION), Reason::SessionExpired);
        // Their address is still taken: nobody signs up with it.
        refused(&world.with(|w| w.session = None).looped().sign_up(), Reason::AddressBelongsToAccount);
    }
    refused(&World::new().proof_of(NEW, Method::Password).local_sign_in(), Reason::UserInactive);
}

#[test]
fn t96_levels_are_compared_when_a_session_is_made() {
    let world = World::new().signed_in(VERA).proof_of(VERA, Method::Password);
    for raised in [
        world.clone().with(|w| w.user(VERA).required_level = Level::Two),
        world.with(|w| w.policy.required_level = Level::Two),
    ] {
        refused(&raised.local_sign_in(), Reason::LevelTooLow);
        refused(&raised.step_up(VERA), Reason::LevelTooLow);
        refused(&handover(&raised, &PRESENT), Reason::LevelTooLow);
    }
}

#[test]
fn t98_a_proof_through_a_link_needs_its_connection() {
    let world = World::new()
        .linked(VERA, link(20, "other", "x", LinkState::Active))
        .signed_in(VERA)
        .proof_of(VERA, link_method(20, "other"));
    for decision in [world.local_sign_in(), world.step_up(VERA)] {
        assert!(decision.plan.guards_connection("other"), "disabled meanwhile");
        assert_eq!(decision.plan.sessions()[0].method, link_method(20, "other"));
    }
    let disabled = world.with(|w| w.connections[1].enabled = false);
    refused(&disabled.local_sign_in(), Reason::MethodNotAllowed);
    refused(&disabled.step_up(VERA), Reason::MethodNotAllowed);
}

#[test]
fn signing_out_ends_the_session_and_twice_is_no_error() {
    let decision = sign_out(&World::new().signed_in(VERA));
    assert!(decision.plan.ends_present() && decision.plan.event(EventKind::SignedOut).is_some());
    refused(&sign_out(&World::new()), Reason::SessionExpired);
    refused(
        &sign_out(&World::new().signed_in(VERA).with(|w| w.session.as_mut().unwrap().expires_at = NOW)),
        Reason::SessionExpired,
    );
}

#[test]
fn a_handover_rests_on_the_browser_s_session() {
    let mut present = session(VERA, code_method(MAIL));
    present.authenticated_at = NOW - MINUTE;
    let world = World::new().with(|w| w.session = Some(present.clone()));
    let decision = handover(&world, &PRESENT);
    assert_eq!(decision.outcome, Some(VERA));
    let plan = decision.plan;
    assert!(plan.has(&Change::ExpectSession { hash: PRESENT }) && plan.expects(&world.users[0]));
    // Beside the browser's, and no fresher than it.
    let new = plan.sessions()[0];
    assert!(!plan.ends_present());
    assert_eq!((&new.method, new.level, new.authenticated_at), (&present.method, present.level, NOW - MINUTE));
    refused(&handover(&world, &[1; 32]), Reason::SessionExpired);
    refused(&handover(&World::new(), &PRESENT), Reason::SessionExpired);
}

#[test]
fn an_event_names_its_proofs_with_method_level_and_time() {
    let at = NOW - SECOND;
    let proofs = |method| {
        let world = World::new().linked(VERA, link(20, "other", "x", LinkState::Active)).proof_of(VERA, method);
        world.local_sign_in().plan.event(EventKind::SignedIn).unwrap().proofs.clone()
    };
    assert_eq!(proofs(Method::Password), [format!("password@{at}/aal1")]);
    assert_eq!(proofs(code_method(HOME)), [format!("email_code@{at}/aal1")]);
    assert_eq!(proofs(link_method(20, "other")), [format!("link:{}@{at}/aal1", link_id(20))]);
}

#[test]
fn every_event_of_a_local_way_names_its_session() {
    let world = World::new().signed_in(VERA).proof_of(VERA, Method::Password);
    let free = World::new().looped().with(|w| drop(w.users.remove(0)));
    for (kind, plan) in [
        (EventKind::SignedIn, world.local_sign_in().plan),
        (EventKind::SteppedUp, world.step_up(VERA).plan),
        (EventKind::PasswordSet, set_password(&world, SESSION).plan),
        (EventKind::SignedIn, handover(&world, &PRESENT).plan),
        (EventKind::UserCreated, free.sign_up().plan),
    ] {
        let event = plan.event(kind).unwrap();
        assert_eq!((event.session, event.proofs.len()), (Some(plan.sessions()[0].id), 1), "{kind:?}");
        assert!(event.by_self());
    }
    let created = free.sign_up().plan;
    let personal = &created.event(EventKind::UserCreated).unwrap().personal;
    assert_eq!(*personal, Personal::Plain([("proven_address", MAIL.to_owned())].into()));
    assert_eq!(sign_out(&world).plan.event(EventKind::SignedOut).unwrap().session, Some(SESSION));
}
