//! Row 4, linking from settings, and the refusals around it.

use crate::world::{
    FRESH_SECRET, HOME, MAIL, MALLORY, NOW, Read, SESSION, SUBJECT, VERA, World, connection, identity, link, link_id,
    link_method, namespace, session,
};
use linking::{LinkOutcome, Reason};
use model::{
    Change, EventKind, IdentityFacts, Level, LinkState, MINUTE, MailKind, Method, Micros, ProfileSync, Purpose, SECOND,
    SessionId, UserStatus,
};

fn asking() -> World {
    World::new().signed_in(VERA)
}

#[track_caller]
fn refuses(world: &World, outcome: &LinkOutcome, reason: Reason, row: u8) {
    let decision = world.link();
    assert_eq!((&decision.outcome, decision.reason, decision.row), (outcome, reason, Some(row)));
    assert!(decision.plan.is_empty(), "{:?}", decision.plan);
}

#[test]
fn row_4_links_in_the_session_that_asked() {
    let world = asking();
    let decision = world.link();
    let plan = decision.plan;
    let link = plan.links()[0];
    assert_eq!((decision.outcome, decision.row), (LinkOutcome::Linked { link: link.id }, Some(4)));
    assert!(plan.well_begun() && plan.raises(&world.users[0]) && plan.guards_connection("acme"));
    assert_eq!((link.user, &link.identity, link.reason), (VERA, &identity("acme", SUBJECT), "linked_by_owner"));
    // Both proofs: the session's and the assertion's.
    assert_eq!(link.proofs.len(), 2);
    assert!(link.proofs[0].starts_with("session:") && link.proofs[1].starts_with("assertion:acme@"));
    let event = plan.event(EventKind::Linked).unwrap();
    assert!(event.by_self() && event.link == Some(link.id) && event.proofs == link.proofs);
    assert_eq!(event.after, world.users[0].chain);
}

#[test]
fn row_4_a_different_or_missing_address_is_fine() {
    for mail in [None, Some("mallory@elsewhere.example")] {
        let world = asking().with(|w| match mail {
            None => w.parts.mail = None,
            Some(other) => w.parts.mail.as_mut().unwrap().address = crate::world::address(other),
        });
        let decision = world.link();
        assert!(matches!(decision.outcome, LinkOutcome::Linked { .. }));
        let addresses = |c: &Change| {
            matches!(c, Change::ProveAddress { .. } | Change::RenewAddress { .. } | Change::ClaimAddress { .. })
        };
        assert!(!decision.plan.any(addresses));
    }
}

#[test]
fn row_4_refusals() {
    let refused = |reason, change: fn(&mut World)| refuses(&asking().with(change), &LinkOutcome::Refused, reason, 4);
    refused(Reason::PurposeForbids, |w| w.rules().purpose = Purpose::SignInOnly);
    refused(Reason::PurposeForbids, |w| w.rules().purpose = Purpose::DataOnly);
    refused(Reason::LinkLimit, |w| w.rules().max_links_per_user = 0);
    refused(Reason::LinkLimit, |w| {
        w.rules().max_links_per_user = 2;
        w.user(VERA).links = vec![
            link(20, "acme", "a", LinkState::Active),
            link(21, "acme", "b", LinkState::Held),
            link(22, "acme", "c", LinkState::Removed),
        ];
    });
    // Tombstones and other connections take no room.
    let room = asking().with(|w| {
        w.rules().max_links_per_user = 1;
        w.user(VERA).links = vec![link(21, "other", "b", LinkState::Active), link(22, "acme", "c", LinkState::Removed)];
    });
    assert!(matches!(room.link().outcome, LinkOutcome::Linked { .. }));
    // A connection that is for linking alone links.
    let data = asking().with(|w| w.rules().purpose = Purpose::LinkOnly);
    assert!(matches!(data.link().outcome, LinkOutcome::Linked { .. }));
}

#[test]
fn rows_2_3_and_6_of_a_link_ticket() {
    let held_by = |user, state| asking().linked(user, link(10, "acme", SUBJECT, state));
    let own = LinkOutcome::AlreadyLinked { link: link_id(10) };
    refuses(&held_by(VERA, LinkState::Active), &own, Reason::AlreadyLinked, 2);
    refuses(&held_by(MALLORY, LinkState::Active), &LinkOutcome::OtherUsers, Reason::IdentityOfOtherUser, 3);
    for user in [VERA, MALLORY] {
        refuses(&held_by(user, LinkState::Held), &LinkOutcome::Refused, Reason::IdentityHeld, 6);
        // Only an explicit link brings a removed one back, to whoever proves both.
        let decision = held_by(user, LinkState::Removed).link();
        assert!(matches!(decision.outcome, LinkOutcome::Linked { link } if link != link_id(10)));
    }
}

#[test]
fn t05_facts_of_another_identity_do_not_count() {
    let world = asking();
    let mut facts = world.facts();
    let held = Some((link_id(10), VERA, LinkState::Active));
    facts.identity = Some(IdentityFacts { identity: identity("other", SUBJECT), link: held, was_removed: false });
    assert!(matches!(world.link_on(&facts, VERA, SESSION, 41).outcome, LinkOutcome::Linked { .. }));
}

#[test]
fn t26_t43_a_ticket_dies_with_the_version_it_was_made_at() {
    for version in [40, 42, i64::MIN, i64::MAX] {
        let decision = asking().link_ticket(VERA, SESSION, version);
        assert_eq!((decision.outcome, decision.reason), (LinkOutcome::Refused, Reason::TicketOutdated));
        assert!(decision.plan.is_empty());
    }
    assert!(matches!(asking().link_ticket(VERA, SESSION, 41).outcome, LinkOutcome::Linked { .. }));
}

#[test]
fn t32_t33_the_ticket_s_user_and_session_are_the_live_ones() {
    let refused = |world: &World, user, session| {
        let decision = world.link_ticket(user, session, 41);
        assert_eq!((decision.outcome, decision.reason), (LinkOutcome::SignInFirst, Reason::SessionExpired));
        assert!(decision.plan.is_empty());
    };
    let other = SessionId::from_bytes([8; 16]);
    // Somebody else's ticket in Vera's browser, hers in theirs, another session of hers, none at all.
    refused(&asking(), MALLORY, SESSION);
    refused(&World::new().signed_in(MALLORY), VERA, SESSION);
    refused(&asking(), VERA, other);
    refused(&World::new(), VERA, SESSION);
    refused(&asking().with(|w| w.session.as_mut().unwrap().expires_at = NOW), VERA, SESSION);
    refused(&asking().with(|w| w.session.as_mut().unwrap().store_epoch = 2), VERA, SESSION);
    // And still the live one when the plan commits.
    assert!(asking().link().plan.has(&Change::ExpectSession { hash: crate::world::PRESENT }));
}

#[test]
fn t65_a_link_renews_the_secret_and_nothing_else() {
    let plan = asking().link().plan;
    let new = plan.sessions()[0];
    let old = session(VERA, Method::Password);
    assert!(plan.ends_present() && plan.sessions().len() == 1);
    assert_eq!((new.hash, new.user, new.level), (FRESH_SECRET, VERA, old.level));
    // The link is no authentication: method and time stay.
    assert_eq!((&new.method, new.authenticated_at), (&old.method, old.authenticated_at));
    let guard = plan.place(&Change::ExpectSession { hash: old.hash });
    assert!(guard < plan.place(&Change::EndSession { hash: old.hash }), "guarded before it ends");
}

#[test]
fn t69_only_an_active_user_links() {
    for status in [UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted] {
        let world = asking().with(|w| w.user(VERA).status = status);
        refuses(&world, &LinkOutcome::SignInFirst, Reason::SessionExpired, 4);
    }
}

#[test]
fn t88_linking_needs_a_fresh_session_at_the_user_s_own_level() {
    let at = |ago: Micros| asking().with(|w| w.session.as_mut().unwrap().authenticated_at = NOW - ago);
    let step_up = LinkOutcome::StepUpFirst;
    refuses(&at(MINUTE.times(5)), &step_up, Reason::StepUpNeeded, 4);
    refuses(&at(MINUTE.times(60)), &step_up, Reason::StepUpNeeded, 4);
    assert!(matches!(at(MINUTE.times(5) - SECOND).link().outcome, LinkOutcome::Linked { .. }));
    refuses(&asking().with(|w| w.user(VERA).required_level = Level::Two), &step_up, Reason::StepUpNeeded, 4);
    refuses(&asking().with(|w| w.policy.required_level = Level::Two), &step_up, Reason::StepUpNeeded, 4);
    let strong = asking().with(|w| {
        w.user(VERA).required_level = Level::Two;
        w.session.as_mut().unwrap().level = Level::Two;
    });
    assert_eq!(strong.link().plan.sessions()[0].level, Level::Two);
}

#[test]
fn t98_a_connection_that_is_not_open_links_nobody() {
    let refused = |reason, change: fn(&mut World)| refuses(&asking().with(change), &LinkOutcome::Refused, reason, 4);
    refused(Reason::ConnectionDisabled, |w| w.acme().enabled = false);
    refused(Reason::OldEpoch, |w| w.acme().epoch = 2);
    refused(Reason::OldEpoch, |w| w.acme().namespace = namespace("acme", 2));
    refused(Reason::UnknownConnection, |w| drop(w.policy.connections.remove(&connection("acme"))));
    refused(Reason::UnknownConnection, |w| drop(w.connections.remove(0)));
}

#[test]
fn t112_claims_land_on_the_identity() {
    for (sync, wanted) in [(ProfileSync::Never, false), (ProfileSync::OnLink, true), (ProfileSync::OnSignIn, true)] {
        let plan = asking().with(|w| w.rules().profile_sync = sync).link().plan;
        assert_eq!(plan.any(|c| matches!(c, Change::SeeIdentity { .. })), wanted, "{sync:?}");
    }
}

#[test]
fn t125_every_address_is_told_of_a_link() {
    assert_eq!(asking().link().plan.notices(), [(MailKind::Linked, MAIL), (MailKind::Linked, HOME)]);
}

#[test]
fn a_session_through_a_link_may_ask_for_another() {
    let world = asking().linked(VERA, link(20, "other", "x", LinkState::Active)).with(|w| {
        w.session.as_mut().unwrap().method = link_method(20, "other");
    });
    let plan = world.link().plan;
    assert_eq!(plan.sessions()[0].method, link_method(20, "other"));
}
