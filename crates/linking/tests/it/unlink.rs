//! Unlink: what remains, what ends, who is told; and which methods are usable at all.

use crate::world::{
    HOME, MAIL, MALLORY, NOW, PRESENT, Read, SESSION, VERA, World, code_method, connection, link, link_id, link_method,
    namespace, session,
};
use linking::{Reason, UnlinkOutcome, UnusableBecause, usable_methods, why_unusable};
use model::{
    Change, EventKind, Level, LinkFacts, LinkState, MINUTE, MailKind, Method, Personal, Purpose, SessionId, UserStatus,
};

/// Vera has a link at `acme` and one at `other`, and signed in with her password.
fn linked() -> World {
    World::new()
        .linked(VERA, link(10, "acme", "4711", LinkState::Active))
        .linked(VERA, link(20, "other", "x", LinkState::Active))
        .signed_in(VERA)
}

/// As [`linked`], without any local method.
fn links_alone() -> World {
    linked().with(|w| (w.user(VERA).password, w.policy.local.email_code) = (None, false))
}

#[track_caller]
fn refuses(world: &World, outcome: &UnlinkOutcome, reason: Reason) {
    let decision = world.unlink(link_id(10));
    assert_eq!((&decision.outcome, decision.reason), (outcome, reason));
    assert!(decision.plan.is_empty());
}

#[test]
fn unlink_removes_in_one_plan() {
    let world = linked();
    let decision = world.unlink(link_id(10));
    let UnlinkOutcome::Removed { connection: of, own_session_ended, .. } = &decision.outcome else {
        panic!("{:?}", decision.outcome)
    };
    assert_eq!((of, *own_session_ended), (&connection("acme"), false));
    let plan = &decision.plan;
    assert!(plan.well_begun() && plan.raises(&world.users[0]));
    assert!(plan.has(&Change::ExpectSession { hash: PRESENT }));
    let removed = |c: &Change| matches!(c, Change::RemoveLink { link, user: VERA, .. } if *link == link_id(10));
    assert!(plan.any(removed));
    let event = plan.event(EventKind::Unlinked).unwrap();
    assert_eq!((event.subject, event.link, event.proofs.len()), (Some(VERA), Some(link_id(10)), 1));
    assert_eq!((event.session, &event.connection), (Some(SESSION), &Some(connection("acme"))));
    assert!(matches!(&event.personal, Personal::Plain(personal) if personal["subject"] == "4711"));
}

#[test]
fn t67_sessions_through_the_link_end_with_it() {
    let ends = Change::EndSessionsOfLink { link: link_id(10), user: VERA };
    assert!(linked().unlink(link_id(10)).plan.has(&ends));
    assert!(linked().unlink_by(link_id(10), None, false).plan.has(&ends));
    let through = linked().with(|w| w.session.as_mut().unwrap().method = link_method(10, "acme"));
    let own = matches!(through.unlink(link_id(10)).outcome, UnlinkOutcome::Removed { own_session_ended: true, .. });
    assert!(own);
}

#[test]
fn t72_the_last_usable_method_stays() {
    let last = links_alone().with(|w| drop(w.user(VERA).links.pop()));
    refuses(&last, &UnlinkOutcome::LastMethod, Reason::LastMethod);
    // What remains must still work at commit: the connection it goes through is guarded.
    let plan = links_alone().unlink(link_id(10)).plan;
    assert!(plan.guards_connection("other") && plan.raises(&links_alone().users[0]));
    // A link that cannot sign in any more is no method, and may go whenever another remains.
    let disabled = links_alone().with(|w| w.connections[1].enabled = false);
    refuses(&disabled, &UnlinkOutcome::LastMethod, Reason::LastMethod);
    assert!(matches!(disabled.unlink(link_id(20)).outcome, UnlinkOutcome::Removed { .. }));
}

#[test]
fn t72_an_operator_needs_a_second_word_for_the_last_method() {
    let last = links_alone().with(|w| drop(w.user(VERA).links.pop()));
    let by = |session, force| last.unlink_by(link_id(10), session, force).outcome;
    assert_eq!(by(None, false), UnlinkOutcome::LastMethod);
    assert!(matches!(by(None, true), UnlinkOutcome::Removed { own_session_ended: false, .. }));
    // The word is an operator's alone.
    assert_eq!(by(Some(SESSION), true), UnlinkOutcome::LastMethod);
    let decision = last.unlink_by(link_id(10), None, true);
    assert_eq!(decision.reason, Reason::UnlinkedByOperator);
    assert!(decision.plan.raises(&last.users[0]));
}

#[test]
fn t73_what_remains_must_be_usable() {
    let spoils: [fn(&mut World); 6] = [
        |w| w.connections[1].enabled = false,
        |w| w.connections[1].namespace = namespace("other", 2),
        |w| drop(w.connections.pop()),
        |w| drop(w.policy.connections.remove(&connection("other"))),
        |w| w.policy.connections.get_mut(&connection("other")).unwrap().purpose = Purpose::LinkOnly,
        |w| w.user(VERA).links[1].state = LinkState::Held,
    ];
    for spoil in spoils {
        refuses(&links_alone().with(spoil), &UnlinkOutcome::LastMethod, Reason::LastMethod);
        // A password that policy allows is enough, one that it forbids is not, one without an address neither.
        let password = linked().with(spoil).with(|w| w.policy.local.email_code = false);
        assert!(matches!(password.unlink(link_id(10)).outcome, UnlinkOutcome::Removed { .. }));
        let forbidden = password.clone().with(|w| w.policy.local.password = false);
        refuses(&forbidden, &UnlinkOutcome::LastMethod, Reason::LastMethod);
        let nameless = password.with(|w| w.user(VERA).addresses.clear());
        refuses(&nameless, &UnlinkOutcome::LastMethod, Reason::LastMethod);
        // A mailbox code needs a proven address.
        let code = links_alone().with(spoil).with(|w| w.policy.local.email_code = true);
        assert!(matches!(code.unlink(link_id(10)).outcome, UnlinkOutcome::Removed { .. }));
        refuses(&code.with(|w| w.user(VERA).addresses.clear()), &UnlinkOutcome::LastMethod, Reason::LastMethod);
    }
}

#[test]
fn t73_usable_methods_over_all_kinds_and_states() {
    for bits in 0u32..1 << 8 {
        let on = |bit: u32| bits & (1 << bit) != 0;
        let world = linked().with(|w| {
            w.policy.local.password = on(0);
            w.policy.local.email_code = on(1);
            if !on(2) {
                w.user(VERA).password = None;
            }
            if !on(3) {
                w.user(VERA).addresses.clear();
            }
            w.acme().enabled = on(4);
            if !on(5) {
                w.acme().namespace = namespace("acme", 2);
            }
            w.rules().purpose = if on(6) { Purpose::SignInOnly } else { Purpose::LinkOnly };
            w.user(VERA).links[0].state = if on(7) { LinkState::Active } else { LinkState::Removed };
            w.user(VERA).links.truncate(1);
        });
        let mut expected = Vec::new();
        if on(0) && on(2) && on(3) {
            expected.push(Method::Password);
        }
        if on(1) && on(3) {
            expected.extend([code_method(MAIL), code_method(HOME)]);
        }
        if on(4) && on(5) && on(6) && on(7) {
            expected.push(link_method(10, "acme"));
        }
        assert_eq!(usable_methods(&world.users[0], &world.connections, &world.policy), expected, "{bits:08b}");
    }
}

#[test]
fn t73_why_a_link_is_unusable() {
    let why = |change: fn(&mut World)| {
        let world = linked().with(change);
        why_unusable(&world.users[0].links[0], &world.connections, &world.policy)
    };
    assert_eq!(why(|_| {}), None);
    assert_eq!(why(|w| w.user(VERA).links[0].state = LinkState::Held), Some(UnusableBecause::LinkNotActive));
    assert_eq!(why(|w| w.user(VERA).links[0].state = LinkState::Removed), Some(UnusableBecause::LinkNotActive));
    assert_eq!(why(|w| w.policy.connections.clear()), Some(UnusableBecause::ConnectionNotConfigured));
    assert_eq!(why(|w| w.connections.clear()), Some(UnusableBecause::ConnectionNotConfigured));
    assert_eq!(why(|w| w.acme().enabled = false), Some(UnusableBecause::ConnectionDisabled));
    assert_eq!(why(|w| w.acme().namespace = namespace("acme", 2)), Some(UnusableBecause::OldEpoch));
    assert_eq!(why(|w| w.rules().purpose = Purpose::DataOnly), Some(UnusableBecause::NotForSignIn));
}

#[test]
fn unlink_needs_the_owner_s_live_and_fresh_session() {
    let gone = (UnlinkOutcome::SignInFirst, Reason::SessionExpired);
    let refused = |change: fn(&mut World), (outcome, reason): &(UnlinkOutcome, Reason)| {
        refuses(&linked().with(change), outcome, *reason);
    };
    refused(|w| w.session = None, &gone);
    refused(|w| w.session = Some(session(MALLORY, Method::Password)), &gone);
    refused(|w| w.session.as_mut().unwrap().id = SessionId::from_bytes([8; 16]), &gone);
    refused(|w| w.session.as_mut().unwrap().expires_at = NOW, &gone);
    refused(|w| w.user(VERA).status = UserStatus::Disabled, &gone);
    let step_up = (UnlinkOutcome::StepUpFirst, Reason::StepUpNeeded);
    refused(|w| w.session.as_mut().unwrap().authenticated_at = NOW - MINUTE.times(5), &step_up);
    refused(|w| w.user(VERA).required_level = Level::Two, &step_up);
    // A session through the very link is as good as any.
    let own = linked().with(|w| w.session.as_mut().unwrap().method = link_method(10, "acme"));
    assert!(matches!(own.unlink(link_id(10)).outcome, UnlinkOutcome::Removed { .. }));
}

#[test]
fn unlink_finds_only_living_links_of_this_user() {
    refuses(
        &linked().with(|w| w.user(VERA).links[0].state = LinkState::Removed),
        &UnlinkOutcome::NotFound,
        Reason::LinkNotFound,
    );
    let of_mallory = World::new().signed_in(VERA).linked(MALLORY, link(10, "acme", "4711", LinkState::Active));
    refuses(&of_mallory, &UnlinkOutcome::NotFound, Reason::LinkNotFound);
    let held = linked().with(|w| w.user(VERA).links[0].state = LinkState::Held);
    assert!(matches!(held.unlink(link_id(10)).outcome, UnlinkOutcome::Removed { .. }));
}

#[test]
fn t125_every_address_is_told_of_an_unlink() {
    let told = [(MailKind::Unlinked, MAIL), (MailKind::Unlinked, HOME)];
    assert_eq!(linked().unlink(link_id(10)).plan.notices(), told);
    assert_eq!(linked().unlink_by(link_id(10), None, false).plan.notices(), told);
}

/// Vera is an administrator; what opens her account is a code to her mailbox and these links.
fn protected(links: &[(u8, &str, Option<&str>)]) -> World {
    let mut world = World::new().signed_in(VERA).with(|w| {
        w.policy.local.password = false;
        w.user(VERA).protected = true;
        w.user(VERA).addresses.truncate(1);
    });
    for (n, connection, mail) in links {
        let known = mail.map(crate::world::address);
        world = world
            .linked(VERA, LinkFacts { address: known, ..link(*n, connection, &format!("s{n}"), LinkState::Active) });
    }
    world
}

#[test]
fn t75_a_protected_user_keeps_ways_in_that_do_not_hang_on_one_thing() {
    // Two links and a code: without the one that hangs elsewhere all hangs on the mailbox.
    let world = protected(&[(1, "acme", Some(MAIL)), (2, "other", None)]);
    let decision = world.unlink(link_id(2));
    assert_eq!((decision.outcome, decision.reason), (UnlinkOutcome::LastMethod, Reason::SharedAccess));
    assert!(matches!(world.unlink(link_id(1)).outcome, UnlinkOutcome::Removed { .. }), "a code and a link of its own");
    // A passkey hangs on nothing.
    let with_passkey = world.clone().with(|w| w.user(VERA).passkeys.push(crate::world::passkey(1)));
    assert!(matches!(with_passkey.unlink(link_id(2)).outcome, UnlinkOutcome::Removed { .. }));
    // Only one way left is one thing, unless that hangs on nothing else.
    let one = protected(&[(1, "acme", None)]);
    assert_eq!(one.unlink(link_id(1)).reason, Reason::SharedAccess, "the code alone hangs on its mailbox");
    // The mailbox is the provider's own: a code to it and a link there are one.
    let hosted = protected(&[(1, "acme", None), (2, "other", None)]).with(|w| {
        let rules = w.policy.connections.get_mut(&crate::world::connection("acme")).unwrap();
        rules.mail_authority.authoritative_domains = vec![crate::world::address(MAIL).domain().to_owned()];
    });
    assert_eq!(hosted.unlink(link_id(2)).reason, Reason::SharedAccess);
    // Others are warned and may.
    let plain = world.with(|w| w.user(VERA).protected = false);
    assert!(matches!(plain.unlink(link_id(2)).outcome, UnlinkOutcome::Removed { .. }));
}

#[test]
fn n09_t75_what_ways_in_have_in_common() {
    let of = |world: &World| {
        let user = world.users.iter().find(|user| user.id == VERA).unwrap();
        let ways = linking::ways_in(user, &world.connections, &world.policy);
        linking::Access::of(user, &ways, &world.policy)
    };
    let mailbox = || linking::Element::Mailbox(crate::world::address(MAIL));
    let world = protected(&[(1, "acme", Some(MAIL)), (2, "other", None)]);
    let access = of(&world);
    assert_eq!((access.ways, access.shared.clone()), (3, vec![(mailbox(), 2)]));
    assert_eq!(access.single_point(), None);
    let all = of(&protected(&[(1, "acme", Some(MAIL)), (2, "other", Some(MAIL))]));
    assert_eq!(all.single_point(), Some(&mailbox()));
    let twice = of(&protected(&[(1, "acme", None), (2, "acme", None)]).with(|w| w.policy.local.email_code = false));
    assert_eq!(twice.single_point(), Some(&linking::Element::Provider(crate::world::connection("acme"))));
    assert_eq!(of(&protected(&[])).single_point(), None, "one way in has nothing in common with another");
}

/// What the page says of a method is what happens.
#[test]
fn t72_the_page_and_the_guard_agree() {
    for protected in [true, false] {
        for links in 0..3_u8 {
            let world = World::new().signed_in(VERA).with(|w| {
                w.user(VERA).protected = protected;
                w.user(VERA).addresses.truncate(1);
                w.policy.local.password = false;
                w.policy.local.email_code = links % 2 == 0;
                for n in 0..=links {
                    w.user(VERA).links.push(link(n, "acme", &format!("s{n}"), LinkState::Active));
                }
            });
            let user = world.users.iter().find(|user| user.id == VERA).unwrap();
            let ways = linking::ways_in(user, &world.connections, &world.policy);
            let method = crate::world::link_method(0, "acme");
            let said = linking::may_go(user, &ways, &method, &world.policy);
            let happens = world.unlink(link_id(0));
            assert_eq!(said.is_ok(), matches!(happens.outcome, UnlinkOutcome::Removed { .. }), "{protected} {links}");
            assert_eq!(said.err().unwrap_or(Reason::Unlinked), happens.reason);
        }
    }
}
