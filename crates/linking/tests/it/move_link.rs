//! Moving one identity from another user of the same person.

use crate::changes::mergeable;
use crate::world::{
    FRESH_SECRET, HOME, MAIL, MALLORY, NOW, PRESENT, Read, VERA, World, code_method, identity, link_id, link_method,
};
use linking::{MoveOutcome, Reason, UNDO};
use model::{Change, EventKind, Level, LinkState, MINUTE, MailKind, Method, Personal, Proof, Undoable, UserStatus};

/// Vera is signed in, `acme` brought an identity of Mallory's, and Mallory's password was just given.
fn asking() -> World {
    mergeable().with(|w| w.parts.identity = identity("acme", "m"))
}

#[track_caller]
fn refuses(world: &World, outcome: &MoveOutcome, reason: Reason) {
    let decision = world.move_here(41);
    assert_eq!((&decision.outcome, decision.reason, decision.row), (outcome, reason, Some(3)));
    assert!(decision.plan.is_empty());
}

#[test]
fn t125_an_identity_moves_in_one_plan_and_both_are_told() {
    let world = asking();
    let decision = world.move_here(41);
    let plan = &decision.plan;
    let new = plan.links()[0];
    assert_eq!((decision.outcome, decision.reason), (MoveOutcome::Moved { link: new.id }, Reason::Moved));
    assert!(plan.well_begun() && plan.raises(world.of(VERA)) && plan.raises(world.of(MALLORY)));
    assert!(plan.has(&Change::ExpectSession { hash: PRESENT }) && plan.guards_connection("acme"));
    let removed = Change::RemoveLink { link: link_id(30), user: MALLORY, identity: identity("acme", "m"), at: NOW };
    assert!(plan.place(&removed) < plan.place(&Change::AddLink(new.clone())), "free before it is taken");
    assert!(plan.has(&Change::EndSessionsOfLink { link: link_id(30), user: MALLORY }));
    assert_eq!((new.user, &new.identity, new.proofs.len()), (VERA, &identity("acme", "m"), 3));
    // The session goes on under a new secret, with the evidence it had.
    assert_eq!((plan.sessions().len(), plan.sessions()[0].hash, plan.sessions()[0].user), (1, FRESH_SECRET, VERA));
    let (moved, lost) = (plan.event(EventKind::LinkMoved).unwrap(), plan.event(EventKind::Unlinked).unwrap());
    assert_eq!((moved.subject, moved.link), (Some(VERA), Some(new.id)));
    assert_eq!((lost.subject, lost.link), (Some(MALLORY), Some(link_id(30))));
    for event in [moved, lost] {
        assert_eq!((event.session, event.proofs.len()), (Some(plan.sessions()[0].id), 3));
        assert_eq!(event.connection, Some(crate::world::connection("acme")));
        let Personal::Plain(personal) = &event.personal else { panic!("sealed already") };
        assert_eq!(personal["subject"], "m");
    }
    let told = [(MailKind::Moved, MAIL), (MailKind::Moved, HOME), (MailKind::Moved, "mallory@elsewhere.example")];
    assert_eq!(plan.notices(), told);
    // Each side may undo its own half, for a week.
    let mut grants = Vec::new();
    for change in &plan.changes {
        if let Change::Grant(grant) = change {
            assert_eq!(grant.expires_at, NOW + UNDO);
            grants.push((grant.user, grant.event, matches!(grant.what, Undoable::Link { .. })));
        }
    }
    assert_eq!(grants, [(VERA, moved.id, true), (MALLORY, lost.id, false)]);
}

#[test]
fn t43_t127_a_move_needs_an_ordinary_proof_of_the_user_the_ticket_named() {
    let by = |of, method, named| {
        let proof = Proof::of_checked(of, method, Level::One, NOW);
        asking().with(|w| w.proof = Some((proof, named)))
    };
    let refused = |world: &World, reason| refuses(world, &MoveOutcome::Refused, reason);
    refused(&by(VERA, Method::Password, MALLORY), Reason::WrongUserProved);
    refused(&by(MALLORY, Method::Password, VERA), Reason::WrongUserProved);
    refused(&by(MALLORY, link_method(30, "acme"), MALLORY), Reason::ProofBySameIdentity);
    refused(&by(MALLORY, code_method(MAIL), MALLORY), Reason::MethodNotAllowed);
    refused(&asking().with(|w| w.user(MALLORY).required_level = Level::Two), Reason::LevelTooLow);
    let old = Proof::of_checked(MALLORY, Method::Password, Level::One, NOW - MINUTE.times(5));
    refused(&asking().with(|w| w.proof = Some((old, MALLORY))), Reason::NotFresh);
    let code = by(MALLORY, code_method("mallory@elsewhere.example"), MALLORY);
    assert!(matches!(code.move_here(41).outcome, MoveOutcome::Moved { .. }));
    // What proved the other user through a connection is guarded with it.
    let through = asking()
        .linked(MALLORY, crate::world::link(31, "other", "m", LinkState::Active))
        .proof_of(MALLORY, link_method(31, "other"));
    assert!(through.move_here(41).plan.guards_connection("other"));
}

#[test]
fn t72_a_move_leaves_the_other_user_a_way_in() {
    let alone = |w: &mut World| w.user(MALLORY).addresses.clear();
    // Proven by a link of their own, which then is the last.
    let through = asking()
        .linked(MALLORY, crate::world::link(31, "other", "m", LinkState::Active))
        .proof_of(MALLORY, link_method(31, "other"))
        .with(alone);
    assert!(matches!(through.move_here(41).outcome, MoveOutcome::Moved { .. }));
    let weak = through.with(|w| {
        w.user(MALLORY).required_level = Level::Two;
        w.proof = Some((Proof::of_checked(MALLORY, link_method(31, "other"), Level::Two, NOW), MALLORY));
    });
    refuses(&weak, &MoveOutcome::LastMethod, Reason::LastMethod);
}

#[test]
fn what_is_not_the_other_user_s_active_identity_does_not_move() {
    let refused = |reason, change: fn(&mut World)| refuses(&asking().with(change), &MoveOutcome::Refused, reason);
    refused(Reason::IdentityHeld, |w| w.user(MALLORY).links[0].state = LinkState::Held);
    refused(Reason::LinkNotFound, |w| w.user(MALLORY).links[0].state = LinkState::Removed);
    refused(Reason::LinkNotFound, |w| w.user(MALLORY).links.clear());
    refused(Reason::UserInactive, |w| w.user(MALLORY).status = UserStatus::Disabled);
    refused(Reason::LinkLimit, |w| w.rules().max_links_per_user = 0);
    refused(Reason::AlreadyLinked, |w| {
        let link = w.user(MALLORY).links.remove(0);
        w.user(VERA).links.push(link);
    });
    // A link the facts do not have any more.
    let mut facts = asking().facts();
    facts.users[1].links.clear();
    let world = asking();
    let assertion = model::Assertion::from_verified(world.parts.clone());
    let (proof, from) = world.proof.clone().unwrap();
    let decision = world.context(|context, terms, _| {
        let input = linking::MoveInput {
            facts: &facts,
            assertion: &assertion,
            user: VERA,
            session: crate::world::SESSION,
            user_version: 41,
            from,
            proof: &proof,
            terms,
        };
        linking::decide_move(context, &input)
    });
    assert_eq!((decision.outcome, decision.reason), (MoveOutcome::Refused, Reason::LinkNotFound));
}

#[test]
fn t26_t32_t88_a_move_needs_the_session_and_the_version_that_asked() {
    let asks = asking;
    let gone = (MoveOutcome::SignInFirst, Reason::SessionExpired);
    refuses(&asks().with(|w| w.session = None), &gone.0, gone.1);
    refuses(&asks().signed_in(MALLORY), &gone.0, gone.1);
    refuses(&asks().with(|w| w.session.as_mut().unwrap().id = model::SessionId::from_bytes([8; 16])), &gone.0, gone.1);
    let old = asks().with(|w| w.session.as_mut().unwrap().authenticated_at = NOW - MINUTE.times(5));
    refuses(&old, &MoveOutcome::StepUpFirst, Reason::StepUpNeeded);
    assert_eq!(asks().move_here(40).reason, Reason::TicketOutdated);
    assert_eq!(asks().move_here(42).reason, Reason::TicketOutdated);
}
