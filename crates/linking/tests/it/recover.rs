//! The way back in, and links on hold.

use crate::world::{
    FRESH_SECRET, HOME, MAIL, MALLORY, NEW, NOW, PRESENT, Read, SESSION, VERA, World, address, code_method, connection,
    link, link_id, link_method,
};
use linking::{Decision, Reason, RecoverOutcome, UNDO};
use model::{
    Change, DAY, EventKind, Level, LinkState, MINUTE, MailKind, Method, Micros, Proof, SECOND, TotpFacts, UserStatus,
};

fn by(method: Method) -> Proof {
    Proof::of_checked(VERA, method, Level::One, NOW - SECOND)
}

fn at(method: Method, ago: Micros) -> Proof {
    Proof::of_checked(VERA, method, Level::One, NOW - ago)
}

/// Vera has a link at `other`, made `ago`, whose provider gave her first address.
fn linked(ago: Micros) -> World {
    World::new().linked(VERA, link(20, "other", "x", LinkState::Active)).with(|w| {
        let link = &mut w.user(VERA).links[0];
        (link.linked_at, link.address) = (NOW - ago, Some(address(MAIL)));
    })
}

#[track_caller]
fn refused(decision: &Decision<RecoverOutcome>, reason: Reason) {
    assert_eq!(decision.reason, reason);
    match &decision.outcome {
        RecoverOutcome::MoreProofs { .. } => assert_eq!(reason, Reason::MoreProofsNeeded),
        outcome => assert_eq!(outcome, &RecoverOutcome::Refused),
    }
    assert!(decision.plan.is_empty());
}

/// What is offered beside these proofs.
fn offered(world: &World, proofs: &[Proof]) -> Vec<Method> {
    match world.recover(VERA, proofs).outcome {
        RecoverOutcome::MoreProofs { methods } => methods,
        other => panic!("{other:?}"),
    }
}

#[test]
fn t94_offered_is_what_hangs_on_nothing_that_was_shown() {
    let world = linked(DAY).with(|w| w.user(VERA).required_level = Level::Two);
    let all = [Method::Password, code_method(MAIL), code_method(HOME), link_method(20, "other")];
    assert_eq!(offered(&world, &[]), all);
    // The provider's account is reset through the very mailbox, and the other way round.
    assert_eq!(offered(&world, &[by(code_method(MAIL))]), [Method::Password, code_method(HOME)]);
    assert_eq!(offered(&world, &[by(link_method(20, "other"))]), [Method::Password, code_method(HOME)]);
    let two = [by(code_method(MAIL)), by(link_method(20, "other"))];
    assert_eq!(offered(&world, &two), [Method::Password, code_method(HOME)]);
    assert_eq!(offered(&world, &[by(Method::Password)]), all[1..]);
    // What works no more is not offered, and there may be nothing.
    let alone = world.with(|w| {
        w.user(VERA).password = None;
        w.user(VERA).addresses.truncate(1);
    });
    assert_eq!(offered(&alone, &[by(code_method(MAIL))]), []);
}

#[test]
fn t31_whoever_else_is_signed_in_is_asked_about_first() {
    let world = linked(DAY).signed_in(MALLORY);
    let proofs = [by(code_method(HOME))];
    let decision = world.recover(VERA, &proofs);
    assert_eq!(decision.outcome, RecoverOutcome::AskSwitch { current: MALLORY });
    assert_eq!(decision.reason, Reason::OtherUserSignedIn);
    assert!(decision.plan.is_empty());
    // Not before the proofs are enough: nobody learns from a question whom they could become.
    assert!(matches!(world.recover(VERA, &[]).outcome, RecoverOutcome::MoreProofs { .. }));
    // Nobody, and oneself, is nobody else.
    for world in [linked(DAY), linked(DAY).signed_in(VERA)] {
        assert!(matches!(world.recover(VERA, &proofs).outcome, RecoverOutcome::Recovered { .. }));
    }
}

#[test]
fn t95_a_recovery_clears_what_was_counted_for_the_account() {
    let plan = linked(DAY).recover(VERA, &[by(Method::Password)]).plan;
    assert!(plan.has(&Change::ClearThrottle { key: b"pair:".to_vec() }));
}

#[test]
fn t94_a_user_of_one_level_comes_back_by_one_proof() {
    let world = linked(DAY).signed_in(MALLORY).with(|w| w.switch = true);
    let decision = world.recover(VERA, &[by(code_method(HOME))]);
    assert_eq!(decision.outcome, RecoverOutcome::Recovered { held: vec![link_id(20)] });
    assert_eq!(decision.reason, Reason::Recovered);
    let plan = &decision.plan;
    assert!(plan.well_begun() && plan.raises(world.of(VERA)) && plan.ends_present());
    let ends = plan.place(&Change::EndSessionsOfUser { user: VERA });
    let new = plan.changes.iter().position(|c| matches!(c, Change::CreateSession(_))).unwrap();
    assert!(ends < new && plan.has(&Change::HoldLink { link: link_id(20), user: VERA }));
    let session = plan.sessions()[0];
    assert_eq!((session.user, &session.method, session.hash), (VERA, &code_method(HOME), FRESH_SECRET));
    assert_eq!((session.level, session.authenticated_at), (Level::One, NOW - SECOND));
    let event = plan.event(EventKind::Recovered).unwrap();
    assert_eq!((event.session, event.proofs.len()), (Some(session.id), 1));
    assert!(event.by_self() && event.subject == Some(VERA));
    assert_eq!(plan.notices(), [(MailKind::Recovered, MAIL), (MailKind::Recovered, HOME)]);
}

#[test]
fn t94_who_requires_more_needs_two_that_do_not_hang_on_one_another() {
    let strict: [fn(&mut World); 2] = [|w| w.user(VERA).required_level = Level::Two, |w| w.user(VERA).protected = true];
    for change in strict {
        let world = linked(DAY).with(change);
        let needs_more = |proofs: &[Proof]| refused(&world.recover(VERA, proofs), Reason::MoreProofsNeeded);
        needs_more(&[]);
        needs_more(&[by(Method::Password)]);
        needs_more(&[by(Method::Password), by(Method::Password)]);
        // The provider's account is reset through the very mailbox.
        needs_more(&[by(code_method(MAIL)), by(link_method(20, "other"))]);
        needs_more(&[by(link_method(20, "other")), by(code_method(MAIL))]);
        for proofs in [
            [by(Method::Password), by(code_method(MAIL))],
            [by(code_method(MAIL)), by(code_method(HOME))],
            [by(link_method(20, "other")), by(code_method(HOME))],
            [by(Method::Password), by(link_method(20, "other"))],
        ] {
            let decision = world.recover(VERA, &proofs);
            assert!(matches!(decision.outcome, RecoverOutcome::Recovered { .. }), "{proofs:?}");
            let level = world.of(VERA).required_level;
            assert_eq!(decision.plan.sessions()[0].level, level, "worth what was asked for, and no more");
            assert_eq!(decision.plan.event(EventKind::Recovered).unwrap().proofs.len(), 2);
        }
    }
    refused(&linked(DAY).recover(VERA, &[]), Reason::MoreProofsNeeded);
}

#[test]
fn t94_the_session_rests_on_the_strongest_proof() {
    let world = linked(DAY).with(|w| w.user(VERA).required_level = Level::Two);
    let strong = Proof::of_checked(VERA, link_method(20, "other"), Level::Two, NOW - MINUTE);
    for proofs in [[by(Method::Password), strong.clone()], [strong, by(Method::Password)]] {
        let plan = world.recover(VERA, &proofs).plan;
        let session = plan.sessions()[0];
        assert_eq!((&session.method, session.authenticated_at), (&link_method(20, "other"), NOW - MINUTE));
        assert!(plan.guards_connection("other"));
        assert!(!plan.any(|c| matches!(c, Change::HoldLink { .. })), "what was shown is not held");
    }
}

#[test]
fn t72_recovery_holds_what_was_added_lately_and_nothing_else() {
    let held = |world: &World, proofs: &[Proof]| match world.recover(VERA, proofs).outcome {
        RecoverOutcome::Recovered { held } => held,
        other => panic!("{other:?}"),
    };
    let code = [by(code_method(HOME))];
    assert_eq!(held(&linked(UNDO - SECOND), &code), [link_id(20)]);
    assert!(held(&linked(UNDO), &code).is_empty(), "longer ago than an undo is kept");
    assert!(held(&linked(DAY), &[by(link_method(20, "other"))]).is_empty(), "shown just now");
    for state in [LinkState::Held, LinkState::Removed] {
        assert!(held(&linked(DAY).with(|w| w.user(VERA).links[0].state = state), &code).is_empty());
    }
}

#[test]
fn t69_recovery_refuses() {
    let world = linked(DAY);
    refused(&world.recover(NEW, &[by(Method::Password)]), Reason::UserInactive);
    for status in [UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted, UserStatus::Absorbed] {
        let inactive = world.clone().with(|w| w.user(VERA).status = status);
        refused(&inactive.recover(VERA, &[by(Method::Password)]), Reason::UserInactive);
    }
    let mallory = Proof::of_checked(MALLORY, Method::Password, Level::One, NOW);
    refused(&world.recover(VERA, &[by(Method::Password), mallory]), Reason::WrongUserProved);
    refused(&world.recover(VERA, &[by(code_method("x@y.example"))]), Reason::MethodNotAllowed);
    refused(&world.recover(VERA, &[at(Method::Password, MINUTE.times(5))]), Reason::NotFresh);
    let disabled = world.with(|w| w.connections[1].enabled = false);
    refused(&disabled.recover(VERA, &[by(link_method(20, "other"))]), Reason::MethodNotAllowed);
}

#[test]
fn t88_the_owner_confirms_a_link_on_hold() {
    let world = linked(DAY).signed_in(VERA).with(|w| w.user(VERA).links[0].state = LinkState::Held);
    let decision = world.release(link_id(20));
    assert_eq!((decision.outcome, decision.reason), (Some(link_id(20)), Reason::LinkConfirmed));
    let plan = &decision.plan;
    assert!(plan.raises(world.of(VERA)) && plan.has(&Change::ReleaseLink { link: link_id(20), user: VERA }));
    assert!(plan.has(&Change::ExpectSession { hash: PRESENT }));
    let event = plan.event(EventKind::LinkReleased).unwrap();
    assert_eq!((event.link, event.session, event.proofs.len()), (Some(link_id(20)), Some(SESSION), 1));
    assert_eq!(event.connection, Some(connection("other")));
    assert_eq!(plan.notices(), [(MailKind::Linked, MAIL), (MailKind::Linked, HOME)]);
    let refused = |change: fn(&mut World), reason| {
        let decision = world.clone().with(change).release(link_id(20));
        assert_eq!((decision.outcome, decision.reason), (None, reason));
        assert!(decision.plan.is_empty());
    };
    refused(|w| w.user(VERA).links[0].state = LinkState::Active, Reason::LinkNotFound);
    refused(|w| w.user(VERA).links[0].state = LinkState::Removed, Reason::LinkNotFound);
    refused(|w| w.user(VERA).links.clear(), Reason::LinkNotFound);
    refused(|w| w.session = None, Reason::SessionExpired);
    refused(|w| w.session.as_mut().unwrap().id = model::SessionId::from_bytes([8; 16]), Reason::SessionExpired);
    refused(|w| w.session.as_mut().unwrap().authenticated_at = NOW - MINUTE.times(5), Reason::StepUpNeeded);
}

#[test]
fn t25_a_second_factor_of_late_goes_where_a_way_in_remains() {
    let with = |ago: Micros| {
        linked(DAY).with(|w| {
            let (secret, codes) = (b"sealed".to_vec(), Vec::new());
            w.user(VERA).totp = Some(TotpFacts { secret, last_step: 0, codes, added_at: NOW - ago });
        })
    };
    let gone = Change::RemoveTotp { user: VERA };
    let two = [by(Method::Password), by(code_method(MAIL))];
    // Whoever set one up in somebody's session asks no more of the owner by it: it goes as a link or a passkey does.
    let plan = with(UNDO - SECOND).recover(VERA, &two[1..]).plan;
    assert!(plan.has(&gone) && plan.sessions()[0].level == Level::One);
    // Longer ago than an undo it is kept, and asks for two proofs.
    refused(&with(UNDO).recover(VERA, &two[..1]), Reason::MoreProofsNeeded);
    let plan = with(UNDO).recover(VERA, &two).plan;
    assert!(!plan.has(&gone) && plan.sessions()[0].level == Level::Two);
    // Without it nothing would reach what policy asks for.
    let needed = with(DAY).with(|w| w.policy.required_level = Level::Two);
    refused(&needed.recover(VERA, &two[..1]), Reason::MoreProofsNeeded);
    let plan = needed.recover(VERA, &two).plan;
    assert!(!plan.is_empty() && !plan.has(&gone));
}

#[test]
fn t94_two_proofs_are_worth_two_levels_and_no_third() {
    let world = linked(DAY).with(|w| w.user(VERA).required_level = Level::Three);
    let two = [by(Method::Password), by(code_method(MAIL))];
    refused(&world.recover(VERA, &two), Reason::LevelTooLow);
}

#[test]
fn t94_a_mailbox_and_the_provider_that_hosts_it_are_one_proof() {
    let apart = linked(DAY).with(|w| {
        w.user(VERA).required_level = Level::Two;
        w.user(VERA).links[0].address = None;
    });
    let two = [by(code_method(MAIL)), by(link_method(20, "other"))];
    assert!(matches!(apart.recover(VERA, &two).outcome, RecoverOutcome::Recovered { .. }));
    let hosted = apart.with(|w| {
        let rules = w.policy.connections.get_mut(&connection("other")).unwrap();
        rules.mail_authority.authoritative_domains = vec![address(MAIL).domain().to_owned()];
    });
    refused(&hosted.recover(VERA, &two), Reason::MoreProofsNeeded);
}
