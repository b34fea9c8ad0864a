//! What a session may be used for, and which methods are a person's own.

use crate::tables::{add_guild, through_organisation};
use crate::world::{
    MAIL, MALLORY, NOW, PRESENT, Read, SESSION, SUBJECT, VERA, World, code_method, connection, link, link_id,
    link_method, organisation, session,
};
use linking::{
    HandoverInput, LinkOutcome, Membership, Reason, SignInOutcome, UnlinkOutcome, decide_handover, decide_membership,
    own_methods, required_level, usable_methods, ways_in,
};
use model::{Change, Level, LinkState, Method, OrganisationPolicy, Proof, SessionScope};

fn of_guild() -> SessionScope {
    SessionScope::Organisation { organisation: organisation("guild") }
}

/// Vera is a member and linked through the organisation's connection, which comes back.
fn member() -> World {
    World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active)).with(|w| {
        w.rules().organisation = Some(organisation("guild"));
        w.user(VERA).organisations.push(organisation("guild"));
    })
}

#[test]
fn t97_an_organisation_s_connection_signs_in_to_its_clients_only() {
    assert_eq!(member().sign_in().plan.sessions()[0].scope, of_guild());
    let elsewhere = World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active));
    assert_eq!(elsewhere.sign_in().plan.sessions()[0].scope, SessionScope::Account);
    // Whoever is no member any more does not come in.
    let outside = member().with(|w| w.user(VERA).organisations.clear()).sign_in();
    assert_eq!((outside.reason, outside.plan.is_empty()), (Reason::OutsideOrganisation, true));
}

#[test]
fn t97_an_organisation_s_connection_makes_members_and_finds_members() {
    let world = World::new().evidence(model::Evidence::Vouched).with(|w| {
        w.rules().organisation = Some(organisation("guild"));
    });
    // Vera is outside: nothing of hers matches, and her address stays hers.
    let plan = world.sign_in().plan;
    let new = plan.sessions()[0];
    assert_eq!((new.user, &new.scope), (crate::world::NEW, &of_guild()));
    let joins = Change::AddMember { organisation: organisation("guild"), user: crate::world::NEW, at: NOW };
    assert!(plan.has(&joins) && !plan.any(|c| matches!(c, Change::ProveAddress { .. })));
    assert!(!World::new().with(|w| w.parts.mail = None).sign_in().plan.any(|c| matches!(c, Change::AddMember { .. })));
    // A member is found.
    let inside = world.with(|w| w.user(VERA).organisations.push(organisation("guild"))).sign_in();
    assert_eq!(inside.reason, Reason::ProofNeeded);
}

#[test]
fn t97_a_narrow_session_changes_nothing_about_the_account() {
    for scope in [SessionScope::Application, of_guild()] {
        let world = World::new()
            .linked(VERA, link(20, "other", "x", LinkState::Active))
            .signed_in(VERA)
            .with(|w| w.session.as_mut().unwrap().scope = scope.clone());
        let link = world.link();
        assert_eq!((link.outcome, link.reason), (LinkOutcome::StepUpFirst, Reason::SessionScope));
        let unlink = world.unlink(link_id(20));
        assert_eq!((unlink.outcome, unlink.reason), (UnlinkOutcome::StepUpFirst, Reason::SessionScope));
        assert!(link.plan.is_empty() && unlink.plan.is_empty());
    }
}

#[test]
fn t97_a_step_up_to_the_account_needs_a_method_of_one_s_own() {
    let narrow = |world: World| world.with(|w| w.session.as_mut().unwrap().scope = of_guild());
    let world = narrow(World::new().signed_in(VERA));
    // The organisation's own connection does not widen what it narrowed.
    let mut theirs = world.clone();
    let method = through_organisation(&mut theirs);
    assert_eq!(theirs.proof_of(VERA, method).step_up(VERA).reason, Reason::MethodNotAllowed);
    let own = world.clone().proof_of(VERA, Method::Password).step_up(VERA);
    assert_eq!(own.plan.sessions()[0].scope, SessionScope::Account);
    // An application's session is nobody's browser.
    let application = world.with(|w| w.session.as_mut().unwrap().scope = SessionScope::Application);
    assert_eq!(application.proof_of(VERA, Method::Password).step_up(VERA).reason, Reason::SessionScope);
}

#[test]
fn t97_t103_no_application_takes_over_an_organisation_s_session() {
    let to = |scope: SessionScope| {
        let world = World::new().signed_in(VERA).with(|w| w.session.as_mut().unwrap().scope = scope);
        let facts = world.facts();
        let decision = world.context(|context, terms, _| {
            decide_handover(context, &HandoverInput { facts: &facts, session: &PRESENT, terms })
        });
        decision.plan.sessions().first().map(|session| session.scope.clone()).ok_or(decision.reason)
    };
    assert_eq!(to(SessionScope::Account), Ok(SessionScope::Application));
    assert_eq!(to(of_guild()), Err(Reason::SessionScope));
    assert_eq!(to(SessionScope::Application), Err(Reason::SessionScope));
}

#[test]
fn t97_a_renewed_session_stays_as_wide_as_it_was() {
    let world = World::new().signed_in(VERA);
    assert_eq!(world.link().plan.sessions()[0].scope, SessionScope::Account);
    let through = World::new().linked(VERA, link(20, "other", "x", LinkState::Active)).with(|w| {
        w.session = Some(session(VERA, link_method(20, "other")));
    });
    assert_eq!(through.link().plan.sessions()[0].method, link_method(20, "other"));
    assert_ne!(through.link().plan.sessions()[0].id, SESSION, "another session");
}

#[test]
fn t73_own_methods_leave_out_what_is_the_organisation_s() {
    let mut world = World::new().linked(VERA, link(20, "other", "x", LinkState::Active));
    let theirs = through_organisation(&mut world);
    let (user, connections, policy) = (world.of(VERA), &world.connections, &world.policy);
    let usable = usable_methods(user, connections, policy);
    assert!(usable.contains(&theirs));
    let own = own_methods(user, connections, policy);
    assert_eq!(own, usable.into_iter().filter(|method| *method != theirs).collect::<Vec<_>>());
    assert_eq!(own.len(), 4, "password, two codes, and a link");
}

#[test]
fn t72_a_way_in_reaches_the_level_the_user_requires() {
    let at = |required, level| {
        let world = World::new().linked(VERA, link(20, "other", "x", LinkState::Active)).with(|w| {
            w.user(VERA).required_level = required;
            w.policy.connections.get_mut(&connection("other")).unwrap().level = level;
        });
        ways_in(world.of(VERA), &world.connections, &world.policy)
    };
    assert_eq!(at(Level::One, Level::One).len(), 4);
    assert_eq!(at(Level::Two, Level::Two), [link_method(20, "other")]);
    assert_eq!(at(Level::Two, Level::Three), [link_method(20, "other")]);
    assert!(at(Level::Two, Level::One).is_empty() && at(Level::Three, Level::Two).is_empty());
    // So it counts when the last of these is to go.
    let strong = World::new().linked(VERA, link(20, "other", "x", LinkState::Active)).signed_in(VERA).with(|w| {
        w.user(VERA).required_level = Level::Two;
        w.session.as_mut().unwrap().level = Level::Two;
        w.policy.connections.get_mut(&connection("other")).unwrap().level = Level::Two;
    });
    assert_eq!(strong.unlink(link_id(20)).outcome, UnlinkOutcome::LastMethod);
}

#[test]
fn t96_the_level_is_the_highest_of_user_policy_and_organisations() {
    let level = |own, policy, guild: Option<Level>, is_member: bool| {
        let world = World::new().with(|w| {
            add_guild(w);
            (w.user(VERA).required_level, w.policy.required_level) = (own, policy);
            let rules = OrganisationPolicy { required_level: guild, ..OrganisationPolicy::default() };
            w.policy.organisations.insert(organisation("guild"), rules);
            if is_member {
                w.user(VERA).organisations = vec![organisation("gone"), organisation("guild")];
            }
        });
        required_level(world.of(VERA), &world.policy)
    };
    let (one, two, three) = (Level::One, Level::Two, Level::Three);
    assert_eq!(level(one, one, None, true), one);
    assert_eq!(level(two, one, Some(one), true), two);
    assert_eq!(level(one, two, None, true), two);
    assert_eq!(level(one, one, Some(three), true), three);
    assert_eq!(level(one, one, Some(three), false), one);
    assert_eq!(level(two, three, Some(two), true), three);
}

#[test]
fn t74_an_organisation_s_members_are_stranded_without_its_connection() {
    // Not a way in of their own, but the one they have.
    let world = member().with(|w| (w.user(VERA).password, w.policy.local.email_code) = (None, false));
    let users = || world.users.iter();
    let stranded = linking::stranded_without(users(), &connection("acme"), &world.connections, &world.policy);
    assert_eq!(stranded, [VERA]);
    assert!(!world.of(MALLORY).addresses.is_empty() && code_method(MAIL).link().is_none());
}

#[test]
fn t97_an_organisation_s_connection_proves_nothing_beyond_it() {
    // Vera's user name is known; whoever runs her organisation can be her there.
    let mut world = World::new().looped().with(|w| {
        (w.rules().match_on.user_name, w.named) = (true, Some(VERA));
        w.user(VERA).addresses.clear();
    });
    let theirs = through_organisation(&mut world);
    world.user(VERA).organisations.push(organisation("guild"));
    let asked = world.sign_in();
    assert!(
        matches!(&asked.outcome, SignInOutcome::AskProof { user: VERA, methods } if !methods.contains(&theirs)),
        "{:?}",
        asked.outcome
    );
    let refused = world.clone().proof_of(VERA, theirs.clone()).sign_in();
    assert_eq!((refused.reason, refused.plan.is_empty()), (Reason::MethodNotAllowed, true));
    // Another connection of the same organisation is within it.
    let within = world.with(|w| w.rules().organisation = Some(organisation("guild")));
    assert_eq!(within.proof_of(VERA, theirs).sign_in().reason, Reason::ProvenByOwner);
}

#[test]
fn t97_an_organisation_s_connection_recovers_nobody() {
    let mut world = World::new();
    let theirs = through_organisation(&mut world);
    let by = |method: Method| Proof::of_checked(VERA, method, Level::One, NOW);
    for proofs in [vec![by(theirs.clone())], vec![by(Method::Password), by(theirs)]] {
        let decision = world.recover(VERA, &proofs);
        assert_eq!((decision.reason, decision.plan.is_empty()), (Reason::MethodNotAllowed, true));
    }
}

/// I9: with a membership end the organisation's links, and nothing of the person's own.
#[test]
fn t97_who_leaves_an_organisation_loses_its_links_and_no_other() {
    let mut world = World::new().linked(VERA, link(20, "other", "x", LinkState::Active));
    through_organisation(&mut world);
    let change = |world: &World, member, force| {
        let facts = world.facts();
        world.context(|context, _, _| decide_membership(context, &facts, VERA, &organisation("guild"), member, force))
    };
    let left = change(&world, false, false);
    assert_eq!(left.outcome, Membership::Changed);
    let removed: Vec<_> = left
        .plan
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::RemoveLink { link, .. } => Some(*link),
            _ => None,
        })
        .collect();
    assert_eq!(removed, [link_id(50)]);
    assert!(left.plan.has(&Change::EndSessionsOfLink { link: link_id(50), user: VERA }));
    assert!(left.plan.has(&Change::RemoveMember { organisation: organisation("guild"), user: VERA }));
    assert!(!left.plan.any(|change| matches!(change, Change::EndSessionsOfUser { .. } | Change::Grant(_))));
    assert_eq!(left.plan.notices().len(), 2, "every proven address hears of it: {:?}", left.plan.notices());
    assert_eq!(change(&world, true, false).outcome, Membership::Nothing);
    // Whoever has nothing of their own is not put out by one word.
    let stranded = world.clone().with(|w| {
        w.policy.local = model::LocalMethods { password: false, email_code: false, passkey: false, totp: true };
        w.user(VERA).links.retain(|known| known.id == link_id(50));
    });
    assert_eq!(change(&stranded, false, false).outcome, Membership::LastMethod);
    assert_eq!(change(&stranded, false, true).outcome, Membership::Changed);
    let outside = World::new();
    let joined = change(&outside, true, false);
    assert!(joined.plan.has(&Change::AddMember { organisation: organisation("guild"), user: VERA, at: NOW }));
    assert!(joined.plan.sessions().is_empty() && joined.plan.links().is_empty());
    assert_eq!(change(&outside, false, false).outcome, Membership::Nothing);
}

/// I9: a link through an organisation's connection is usable by members only, and proves nothing elsewhere.
#[test]
fn t97_an_organisation_s_link_is_no_method_outside_it() {
    let mut world = World::new().evidence(model::Evidence::Vouched);
    let theirs = through_organisation(&mut world);
    let usable = |world: &World| usable_methods(world.of(VERA), &world.connections, &world.policy).contains(&theirs);
    assert!(usable(&world));
    assert!(!usable(&world.clone().with(|w| w.user(VERA).organisations.clear())));
    let asked = |world: &World| match world.sign_in().outcome {
        linking::SignInOutcome::AskProof { methods, .. } => methods,
        other => panic!("{other:?}"),
    };
    assert!(!asked(&world).contains(&theirs), "another connection asks");
    world.rules().organisation = Some(organisation("guild"));
    assert!(asked(&world).contains(&theirs), "a connection of the same organisation asks");
}

/// An organisation allows less for its members, never more.
#[test]
fn t98_an_organisation_narrows_what_a_match_may_do() {
    use model::LinkOnMatch::{Off, Prove, VerifiedEmail};
    let reason = |of_connection, of_organisation| {
        let world = World::row_12().with(|w| {
            w.rules().link_on_match = of_connection;
            w.user(VERA).organisations.push(organisation("guild"));
            let rules = OrganisationPolicy { link_on_match: of_organisation, ..OrganisationPolicy::default() };
            w.policy.organisations.insert(organisation("guild"), rules);
        });
        world.sign_in().reason
    };
    for (of_connection, of_organisation, expect) in [
        (VerifiedEmail, None, Reason::MailboxWouldSuffice),
        (VerifiedEmail, Some(VerifiedEmail), Reason::MailboxWouldSuffice),
        (VerifiedEmail, Some(Prove), Reason::ProofNeeded),
        (VerifiedEmail, Some(Off), Reason::AddressBelongsToAccount),
        (Prove, Some(VerifiedEmail), Reason::ProofNeeded),
        (Off, Some(VerifiedEmail), Reason::AddressBelongsToAccount),
    ] {
        assert_eq!(reason(of_connection, of_organisation), expect, "{of_connection:?} {of_organisation:?}");
    }
}
