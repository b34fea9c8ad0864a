//! Undoing a link or an unlink, and putting a link on hold from its notice.

use crate::changes::{EVENT, grant, undo_link, undo_unlink};
use crate::world::{
    HOME, MAIL, MALLORY, NOW, PRESENT, Read, SESSION, SUBJECT, VERA, World, connection, identity, link, link_id,
    namespace, organisation, session,
};
use linking::{Reason, UndoOutcome};
use model::{
    Change, EventKind, IdentityFacts, Level, LinkState, MINUTE, MailKind, Method, Personal, Purpose, Undoable,
    UserStatus,
};

/// A link of Vera's was made, and may be undone; her password is another way in.
fn made() -> World {
    World::new()
        .linked(VERA, link(10, "acme", SUBJECT, LinkState::Active))
        .signed_in(VERA)
        .with(|w| w.grant = Some(grant(undo_link(10, "acme", SUBJECT))))
}

/// A link of Vera's was removed, and may come back.
fn removed() -> World {
    World::new()
        .linked(VERA, link(10, "acme", SUBJECT, LinkState::Removed))
        .signed_in(VERA)
        .with(|w| w.grant = Some(grant(undo_unlink(10, "acme", SUBJECT))))
}

#[track_caller]
fn stays(world: &World, outcome: &UndoOutcome, reason: Reason) {
    let decision = world.undo();
    assert_eq!((&decision.outcome, decision.reason, decision.row), (outcome, reason, None));
    assert!(decision.plan.is_empty());
}

#[track_caller]
fn thaws(world: &World, outcome: &UndoOutcome, reason: Reason) {
    let decision = world.freeze();
    assert_eq!((&decision.outcome, decision.reason, decision.row), (outcome, reason, None));
    assert!(decision.plan.is_empty());
}

/// What is wrong with a grant, and with which reason it is refused.
type Spoiled = (Reason, fn(&mut World));

/// No local method and no other link.
fn nothing_else(world: &mut World) {
    (world.user(VERA).password, world.policy.local.email_code) = (None, false);
}

#[test]
fn t67_an_undone_link_goes_with_its_sessions() {
    let world = made();
    let decision = world.undo();
    assert_eq!((decision.outcome, decision.reason), (UndoOutcome::Undone, Reason::LinkUndone));
    let plan = &decision.plan;
    assert!(plan.well_begun() && plan.raises(world.of(VERA)) && plan.has(&Change::SpendGrant { event: EVENT }));
    assert!(plan.has(&Change::ExpectSession { hash: PRESENT }));
    let gone = Change::RemoveLink { link: link_id(10), user: VERA, identity: identity("acme", SUBJECT), at: NOW };
    assert!(plan.has(&gone) && plan.has(&Change::EndSessionsOfLink { link: link_id(10), user: VERA }));
    let event = plan.event(EventKind::ChangeUndone).unwrap();
    assert_eq!((event.subject, event.link, event.proofs.len()), (Some(VERA), Some(link_id(10)), 2));
    assert!(event.proofs[1].starts_with("grant:"));
    assert_eq!((event.session, &event.connection), (Some(SESSION), &Some(connection("acme"))));
    assert_eq!(event.personal, Personal::Plain([("subject", SUBJECT.to_owned())].into()));
    assert_eq!(plan.notices(), [(MailKind::Undone, MAIL), (MailKind::Undone, HOME)]);
    // One on hold goes as well.
    let held = made().with(|w| w.user(VERA).links[0].state = LinkState::Held).undo();
    assert_eq!(held.outcome, UndoOutcome::Undone);
    let gone: [fn(&mut World); 2] =
        [|w| w.user(VERA).links[0].state = LinkState::Removed, |w| w.user(VERA).links.clear()];
    for change in gone {
        stays(&made().with(change), &UndoOutcome::Refused, Reason::LinkNotFound);
    }
}

#[test]
fn t72_neither_undo_nor_hold_takes_the_last_way_in() {
    let last = made().with(nothing_else);
    stays(&last, &UndoOutcome::LastMethod, Reason::LastMethod);
    thaws(&last, &UndoOutcome::LastMethod, Reason::LastMethod);
    // What remains through a connection is guarded with it.
    let other = last.linked(VERA, link(20, "other", "x", LinkState::Active));
    for plan in [other.undo().plan, other.freeze().plan] {
        assert!(plan.guards_connection("other") && plan.raises(other.of(VERA)));
    }
    // An organisation's connection is no way in of one's own.
    let theirs = other.with(|w| {
        let rules = w.policy.connections.get_mut(&connection("other")).unwrap();
        rules.organisation = Some(organisation("guild"));
    });
    stays(&theirs, &UndoOutcome::LastMethod, Reason::LastMethod);
    thaws(&theirs, &UndoOutcome::LastMethod, Reason::LastMethod);
}

#[test]
fn t125_a_notice_holds_the_link_and_gives_nothing() {
    let world = made().with(|w| w.session = None);
    let decision = world.freeze();
    assert_eq!((decision.outcome, decision.reason), (UndoOutcome::Held, Reason::LinkFrozen));
    let plan = &decision.plan;
    assert!(plan.raises(world.of(VERA)) && plan.has(&Change::HoldLink { link: link_id(10), user: VERA }));
    assert!(plan.has(&Change::EndSessionsOfLink { link: link_id(10), user: VERA }));
    assert!(plan.sessions().is_empty() && !plan.any(|c| matches!(c, Change::SpendGrant { .. })));
    let event = plan.event(EventKind::LinkHeld).unwrap();
    assert!(event.proofs[0].starts_with("grant:") && event.link == Some(link_id(10)));
    assert_eq!(event.connection, Some(connection("acme")));
    assert_eq!(plan.notices(), [(MailKind::Undone, MAIL), (MailKind::Undone, HOME)]);
    for state in [LinkState::Held, LinkState::Removed] {
        thaws(&made().with(|w| w.user(VERA).links[0].state = state), &UndoOutcome::Refused, Reason::LinkNotFound);
    }
    thaws(&made().with(|w| w.user(VERA).links.clear()), &UndoOutcome::Refused, Reason::LinkNotFound);
    thaws(&removed(), &UndoOutcome::Refused, Reason::UndoUnknown);
    for status in [UserStatus::Disabled, UserStatus::Absorbed] {
        thaws(&made().with(|w| w.user(VERA).status = status), &UndoOutcome::Refused, Reason::UserInactive);
    }
}

#[test]
fn a_grant_counts_once_and_for_some_days() {
    let changes: [Spoiled; 3] = [
        (Reason::UndoUnknown, |w| w.grant = None),
        (Reason::UndoSpent, |w| w.grant.as_mut().unwrap().spent = true),
        (Reason::UndoExpired, |w| w.grant.as_mut().unwrap().expires_at = NOW),
    ];
    for (reason, change) in changes {
        stays(&made().with(change), &UndoOutcome::Refused, reason);
        thaws(&made().with(change), &UndoOutcome::Refused, reason);
    }
    let merge = Undoable::Merge {
        absorbed: MALLORY,
        links: Vec::new(),
        addresses: Vec::new(),
        required_level: (Level::One, Level::One),
    };
    let merge = made().with(|w| w.grant = Some(grant(merge)));
    stays(&merge, &UndoOutcome::Refused, Reason::MoreProofsNeeded);
    thaws(&merge, &UndoOutcome::Refused, Reason::UndoUnknown);
}

#[test]
fn t88_an_undo_needs_the_owner_s_fresh_session() {
    let gone = (UndoOutcome::SignInFirst, Reason::SessionExpired);
    for world in [made(), removed()] {
        stays(&world.clone().with(|w| w.session = None), &gone.0, gone.1);
        stays(&world.clone().with(|w| w.session = Some(session(MALLORY, Method::Password))), &gone.0, gone.1);
        let other = world.clone().with(|w| w.session.as_mut().unwrap().id = model::SessionId::from_bytes([8; 16]));
        stays(&other, &gone.0, gone.1);
        // The grant is another's: whoever lost an address because somebody else proved it gets none.
        stays(&world.clone().with(|w| w.grant.as_mut().unwrap().user = MALLORY), &gone.0, gone.1);
        let old = world.clone().with(|w| w.session.as_mut().unwrap().authenticated_at = NOW - MINUTE.times(5));
        stays(&old, &UndoOutcome::StepUpFirst, Reason::StepUpNeeded);
        let weak = world.with(|w| w.user(VERA).required_level = Level::Two);
        stays(&weak, &UndoOutcome::StepUpFirst, Reason::StepUpNeeded);
    }
}

#[test]
fn t98_a_link_comes_back_only_where_it_could_be_made_today() {
    let world = removed();
    let decision = world.undo();
    assert_eq!((decision.outcome, decision.reason), (UndoOutcome::Undone, Reason::LinkRestored));
    let back = Change::RestoreLink { link: link_id(10), user: VERA, identity: identity("acme", SUBJECT) };
    assert!(decision.plan.has(&back) && decision.plan.guards_connection("acme"));
    let refused = |reason, change: fn(&mut World)| stays(&removed().with(change), &UndoOutcome::Refused, reason);
    refused(Reason::LinkNotFound, |w| w.user(VERA).links[0].state = LinkState::Active);
    refused(Reason::LinkNotFound, |w| w.user(VERA).links.clear());
    refused(Reason::UnknownConnection, |w| w.policy.connections.clear());
    refused(Reason::UnknownConnection, |w| drop(w.connections.remove(0)));
    refused(Reason::ConnectionDisabled, |w| w.acme().enabled = false);
    refused(Reason::OldEpoch, |w| w.acme().namespace = namespace("acme", 2));
    refused(Reason::PurposeForbids, |w| w.rules().purpose = Purpose::SignInOnly);
    refused(Reason::OutsideOrganisation, |w| w.rules().organisation = Some(organisation("guild")));
    refused(Reason::LinkLimit, |w| w.rules().max_links_per_user = 0);
    // Somebody has it by now; what is known of another identity says nothing.
    let held = |of| {
        let mut facts = removed().facts();
        let link = Some((link_id(30), MALLORY, LinkState::Active));
        facts.identity = Some(IdentityFacts { identity: of, link, was_removed: true });
        removed().undo_on(&facts).outcome
    };
    assert_eq!(held(identity("acme", SUBJECT)), UndoOutcome::OtherUsers);
    assert_eq!(held(identity("acme", "else")), UndoOutcome::Undone);
}
