//! Merging two users of one person, and taking them apart again.

use crate::changes::{EVENT, mergeable, merged, undo_link};
use crate::world::{
    FRESH_SECRET, HOME, MAIL, MALLORY, NEW, NOW, Read, VERA, World, address, code_method, link, link_id, link_method,
    organisation, proven, session,
};
use linking::{MergeOutcome, Reason, UNDO_MERGE, preview_merge};
use model::{
    AddressProof, Change, EventKind, Level, LinkState, MINUTE, MailKind, Method, Proof, SECOND, Undoable, UserFacts,
    UserStatus,
};

const MALLORYS: &str = "mallory@elsewhere.example";

#[track_caller]
fn refuses(world: &World, reason: Reason) {
    let decision = world.merge();
    assert_eq!((decision.outcome, decision.reason, decision.row), (MergeOutcome::Refused, reason, Some(3)));
    assert!(decision.plan.is_empty());
}

#[track_caller]
fn stays(world: &World, outcome: &MergeOutcome, reason: Reason) {
    let decision = world.unmerge();
    assert_eq!((&decision.outcome, decision.reason, decision.row), (outcome, reason, None));
    assert!(decision.plan.is_empty());
}

fn grants(plan: &model::Plan) -> Vec<&model::NewGrant> {
    let mut found = Vec::new();
    for change in &plan.changes {
        if let Change::Grant(grant) = change {
            found.push(grant);
        }
    }
    found
}

#[test]
fn t125_a_merge_is_one_plan_and_both_are_told() {
    let world = mergeable();
    let decision = world.merge();
    assert_eq!((decision.outcome, decision.reason), (MergeOutcome::Merged, Reason::Merged));
    let plan = &decision.plan;
    assert!(plan.well_begun() && plan.raises(world.of(VERA)) && plan.raises(world.of(MALLORY)));
    let told = [(MailKind::Merged, MAIL), (MailKind::Merged, HOME), (MailKind::Merged, MALLORYS)];
    assert_eq!(plan.notices(), told);
    let events: Vec<_> = plan.events().iter().map(|event| (event.subject, event.kind, event.proofs.len())).collect();
    assert_eq!(events, [(Some(VERA), EventKind::UsersMerged, 2), (Some(MALLORY), EventKind::UsersMerged, 2)]);
    assert!(plan.events().iter().all(|event| event.session == Some(plan.sessions()[0].id) && event.by_self()));
    // Every session of both ends, and the one that asked goes on under a new secret.
    let ends = plan.place(&Change::EndSessionsOfUser { user: VERA });
    let new = plan.changes.iter().position(|c| matches!(c, Change::CreateSession(_))).unwrap();
    assert!(ends < new && plan.has(&Change::EndSessionsOfUser { user: MALLORY }));
    assert_eq!((plan.sessions().len(), plan.sessions()[0].hash), (1, FRESH_SECRET));
    let grant = grants(plan)[0];
    assert_eq!((grant.user, grant.event, grant.expires_at), (VERA, plan.events()[0].id, NOW + UNDO_MERGE));
}

#[test]
fn t80_two_users_are_raised_in_one_order_whoever_survives() {
    let order = |world: World| {
        let raised = |c: &Change| if let Change::RaiseUser { user, .. } = c { Some(*user) } else { None };
        world.merge().plan.changes.iter().filter_map(raised).collect::<Vec<_>>()
    };
    assert_eq!(order(mergeable()), [VERA, MALLORY]);
    // The ids change places: still the lower first.
    let swapped = mergeable().with(|w| {
        for user in &mut w.users {
            user.id = if user.id == VERA { NEW } else { user.id };
        }
        w.users[0].id = model::UserId::from_bytes([1; 16]);
        w.users[1].id = model::UserId::from_bytes([0; 16]);
        let low = w.users[1].id;
        w.proof = Some((Proof::of_checked(low, Method::Password, Level::One, NOW), low));
    });
    assert_eq!(order(swapped), [model::UserId::from_bytes([0; 16]), VERA]);
}

#[test]
fn t127_both_sides_are_proven_at_their_own_level() {
    let proof = |of, method, level, at| {
        mergeable().with(|w| w.proof = Some((Proof::of_checked(of, method, level, at), MALLORY)))
    };
    refuses(&proof(VERA, Method::Password, Level::One, NOW), Reason::WrongUserProved);
    refuses(&proof(MALLORY, code_method(MAIL), Level::One, NOW), Reason::MethodNotAllowed);
    refuses(&proof(MALLORY, link_method(20, "other"), Level::One, NOW), Reason::MethodNotAllowed);
    refuses(&proof(MALLORY, Method::Password, Level::One, NOW - MINUTE.times(5)), Reason::NotFresh);
    refuses(&mergeable().with(|w| w.user(MALLORY).required_level = Level::Two), Reason::LevelTooLow);
    // The proof is strong enough, the session is not: it would go on below the level.
    let strong = proof(MALLORY, Method::Password, Level::Two, NOW).with(|w| {
        w.user(MALLORY).required_level = Level::Two;
    });
    refuses(&strong, Reason::LevelTooLow);
    let both = strong.with(|w| w.session.as_mut().unwrap().level = Level::Two);
    let plan = both.merge().plan;
    assert!(plan.has(&Change::SetRequiredLevel { user: VERA, level: Level::Two }));
    assert_eq!(plan.sessions()[0].level, Level::Two);
    // A proof through a connection is guarded with it.
    let through = proof(MALLORY, link_method(30, "acme"), Level::One, NOW).merge().plan;
    assert!(through.guards_connection("acme") && !mergeable().merge().plan.guards_connection("acme"));
    for who in [VERA, MALLORY] {
        refuses(&mergeable().with(|w| w.user(who).protected = true), Reason::ProofForProtected);
    }
}

#[test]
fn t26_t32_t88_a_merge_needs_the_session_and_both_versions_that_were_seen() {
    let at = |survivor, absorbed| mergeable().merge_at(survivor, absorbed).reason;
    assert_eq!([at(40, 42), at(42, 42), at(41, 41), at(41, 43)], [Reason::TicketOutdated; 4]);
    let asked = |change: fn(&mut World)| {
        let decision = mergeable().with(change).merge();
        (decision.outcome, decision.reason)
    };
    let gone = (MergeOutcome::SignInFirst, Reason::SessionExpired);
    assert_eq!(asked(|w| w.session = None), gone);
    assert_eq!(asked(|w| w.session = Some(session(MALLORY, Method::Password))), gone);
    assert_eq!(asked(|w| w.session.as_mut().unwrap().id = model::SessionId::from_bytes([8; 16])), gone);
    let old = asked(|w| w.session.as_mut().unwrap().authenticated_at = NOW - MINUTE.times(5));
    assert_eq!(old, (MergeOutcome::StepUpFirst, Reason::StepUpNeeded));
    refuses(&mergeable().with(|w| w.user(MALLORY).status = UserStatus::Absorbed), Reason::UserInactive);
    let oneself = Proof::of_checked(VERA, Method::Password, Level::One, NOW);
    refuses(&mergeable().with(|w| w.proof = Some((oneself, VERA))), Reason::SameUser);
}

#[test]
fn a_merge_exceeds_no_limit() {
    // One at `acme` each: two is the limit, one is not.
    let limit = |links| {
        mergeable().linked(VERA, link(21, "acme", "v", LinkState::Held)).with(|w| w.rules().max_links_per_user = links)
    };
    refuses(&limit(1), Reason::LinkLimit);
    assert_eq!(limit(2).merge().outcome, MergeOutcome::Merged);
    // Tombstones count for nothing, and neither do links of the survivor's alone.
    let removed = limit(1).with(|w| w.user(VERA).links[1].state = LinkState::Removed);
    assert_eq!(removed.merge().outcome, MergeOutcome::Merged);
    let others = mergeable().with(|w| {
        w.policy.connections.get_mut(&crate::world::connection("other")).unwrap().max_links_per_user = 0;
    });
    assert_eq!(others.merge().outcome, MergeOutcome::Merged);
    refuses(&mergeable().with(|w| w.policy.connections.clear()), Reason::LinkLimit);
}

#[test]
fn t97_t128_an_organisation_s_link_stays_behind_unless_the_survivor_is_a_member() {
    let world = mergeable().with(|w| {
        w.policy.connections.get_mut(&crate::world::connection("other")).unwrap().organisation =
            Some(organisation("guild"));
        w.user(MALLORY).organisations = vec![organisation("guild")];
        w.user(MALLORY).links = vec![link(30, "other", "m", LinkState::Active)];
    });
    let moves = |world: &World| world.merge().plan.any(|c| matches!(c, Change::MoveLink { .. }));
    assert_eq!(world.merge().outcome, MergeOutcome::Merged);
    assert!(!moves(&world));
    let preview = preview_merge(&world.policy, world.of(VERA), world.of(MALLORY));
    assert_eq!((preview.links, preview.links_left), (vec![], vec![link_id(30)]));
    assert!(moves(&world.with(|w| w.user(VERA).organisations = vec![organisation("guild")])));
}

#[test]
fn t128_the_preview_is_what_the_plan_does() {
    let world = mergeable().linked(MALLORY, link(31, "acme", "gone", LinkState::Removed)).with(|w| {
        w.user(MALLORY).organisations = vec![organisation("club"), organisation("guild")];
        w.user(VERA).organisations = vec![organisation("guild")];
        w.user(MALLORY).required_level = Level::Two;
    });
    let preview = preview_merge(&world.policy, world.of(VERA), world.of(MALLORY));
    assert_eq!(preview.links, [link_id(30)], "no tombstones");
    assert_eq!(preview.addresses, [address(MALLORYS)]);
    assert!(preview.password_dropped);
    assert_eq!(preview.memberships_dropped, [organisation("club")]);
    assert_eq!(preview.required_level, Level::Two);
    let password = world.clone().with(|w| w.user(MALLORY).password = None);
    assert!(!preview_merge(&password.policy, password.of(VERA), password.of(MALLORY)).password_dropped);
    // Nothing else comes along: no membership, no password, no tombstone.
    let merged = merged();
    let vera = merged.of(VERA);
    assert_eq!(vera.links.iter().map(|link| link.id).collect::<Vec<_>>(), [link_id(20), link_id(30)]);
    assert!(vera.organisations.is_empty());
    assert_eq!(merged.of(MALLORY).status, UserStatus::Absorbed);
    let rights = |c: &Change| matches!(c, Change::AddMember { .. } | Change::SetPassword { .. });
    assert!(!mergeable().merge().plan.any(rights));
}

#[test]
fn t130_subjects_go_along_and_come_back() {
    assert!(mergeable().merge().plan.has(&Change::MoveSubjects { from: MALLORY, to: VERA }));
    assert!(apart().unmerge().plan.has(&Change::ReturnSubjects { from: VERA, to: MALLORY }));
    // No other subject is made or taken.
    assert!(!mergeable().merge().plan.any(|c| matches!(c, Change::CreateSubject { .. })));
}

/// Merged, and asking to take them apart: Vera's password in the session, Mallory's given now.
fn apart() -> World {
    merged().proof_of(MALLORY, Method::Password)
}

/// Without what every change changes.
fn settled(world: &World) -> Vec<UserFacts> {
    world.users.iter().map(|user| UserFacts { version: 0, ..user.clone() }).collect()
}

#[test]
fn t129_taking_apart_restores_both_exactly() {
    let variants: [fn(&mut World); 5] = [
        |_| {},
        |w| w.user(MALLORY).links.push(link(31, "other", "m", LinkState::Held)),
        |w| w.user(MALLORY).addresses.push(proven("m@two.example", AddressProof::Vouched, NOW - MINUTE)),
        |w| w.user(MALLORY).organisations.push(organisation("club")),
        |w| {
            w.user(MALLORY).required_level = Level::Two;
            w.proof = Some((Proof::of_checked(MALLORY, Method::Password, Level::Two, NOW - SECOND), MALLORY));
            w.session.as_mut().unwrap().level = Level::Two;
            w.policy.connections.values_mut().for_each(|rules| rules.level = Level::Two);
        },
    ];
    for (at, change) in variants.into_iter().enumerate() {
        let before = mergeable().with(change);
        let decision = before.merge();
        assert_eq!(decision.outcome, MergeOutcome::Merged, "{at}");
        let together = before.after(&decision.plan).with(|w| w.proof = before.proof.clone());
        assert_ne!(settled(&together), settled(&before));
        let undone = together.unmerge();
        assert_eq!((undone.outcome, undone.reason), (MergeOutcome::Merged, Reason::MergeUndone), "{at}");
        let after = together.after(&undone.plan);
        assert_eq!(settled(&after), settled(&before), "{at}");
        assert!(after.grant.as_ref().is_some_and(|grant| grant.spent));
        assert_eq!(after.unmerge().reason, Reason::UndoSpent);
    }
}

#[test]
fn t129_what_came_since_stays_and_what_left_is_not_taken_back() {
    let since = apart().linked(VERA, link(60, "other", "since", LinkState::Active)).with(|w| {
        w.user(VERA).links.retain(|link| link.id != link_id(30));
        w.user(VERA).addresses.push(proven("since@x.example", AddressProof::Loop, NOW));
    });
    let plan = since.unmerge().plan;
    let after = since.after(&plan);
    assert!(after.of(MALLORY).links.is_empty());
    assert!(after.of(VERA).link(link_id(60)).is_some());
    let moved = |c: &Change| if let Change::MoveAddress { address, .. } = c { Some(address.clone()) } else { None };
    assert_eq!(plan.changes.iter().filter_map(moved).collect::<Vec<_>>(), [address(MALLORYS)]);
    // A tombstone of what was moved stays where it fell.
    let removed = apart().with(|w| w.user(VERA).links[1].state = LinkState::Removed);
    assert!(!removed.unmerge().plan.any(|c| matches!(c, Change::MoveLink { .. })));
}

#[test]
fn t129_the_level_goes_back_only_where_nobody_else_asked_for_it() {
    let raised = |now, followed| {
        let world = apart().with(|w| {
            let grant = w.grant.as_mut().unwrap();
            grant.followed = followed;
            if let Undoable::Merge { required_level, .. } = &mut grant.what {
                *required_level = (Level::One, Level::Two);
            }
            w.user(VERA).required_level = now;
            w.session.as_mut().unwrap().level = Level::Three;
            w.policy.connections.values_mut().for_each(|rules| rules.level = Level::Three);
        });
        let decision = world.unmerge();
        assert_eq!(decision.outcome, MergeOutcome::Merged, "{:?}", decision.reason);
        world.after(&decision.plan).of(VERA).required_level
    };
    assert_eq!(raised(Level::Two, false), Level::One);
    assert_eq!(raised(Level::Two, true), Level::Two, "another merge may have asked for it");
    assert_eq!(raised(Level::Three, false), Level::Three, "changed since");
}

#[test]
fn t127_t129_taking_apart_needs_both_proofs() {
    let refused = |world: &World, reason| stays(world, &MergeOutcome::Refused, reason);
    let by = |of, method| apart().proof_of(of, method);
    // The session rests on what came with the other.
    let theirs = apart().with(|w| w.session.as_mut().unwrap().method = link_method(30, "acme"));
    refused(&theirs, Reason::MethodNotAllowed);
    refused(&by(VERA, Method::Password), Reason::MethodNotAllowed);
    refused(&by(VERA, link_method(20, "other")), Reason::MethodNotAllowed);
    refused(&by(NEW, Method::Password), Reason::WrongUserProved);
    refused(&by(MALLORY, link_method(30, "acme")), Reason::WrongUserProved);
    for method in [link_method(30, "acme"), code_method(MALLORYS)] {
        assert_eq!(by(VERA, method).unmerge().outcome, MergeOutcome::Merged);
    }
    assert!(by(VERA, link_method(30, "acme")).unmerge().plan.guards_connection("acme"));
    let through = apart().with(|w| w.session.as_mut().unwrap().method = link_method(20, "other"));
    assert!(through.unmerge().plan.guards_connection("other"));
    let old = Proof::of_checked(MALLORY, Method::Password, Level::One, NOW - MINUTE.times(5));
    refused(&apart().with(|w| w.proof = Some((old, MALLORY))), Reason::NotFresh);
    let weak = apart().with(|w| {
        w.user(MALLORY).required_level = Level::Two;
        w.policy.connections.values_mut().for_each(|rules| rules.level = Level::Two);
    });
    refused(&weak, Reason::LevelTooLow);
}

#[test]
fn t72_taking_apart_leaves_both_a_way_in() {
    let refused = |change: fn(&mut World)| stays(&apart().with(change), &MergeOutcome::Refused, Reason::LastMethod);
    refused(|w| {
        w.user(VERA).addresses.retain(|known| known.address.as_str() == MALLORYS);
        w.user(VERA).links.remove(0);
    });
    refused(|w| {
        w.user(VERA).addresses.retain(|known| known.address.as_str() != MALLORYS);
        w.user(VERA).links.retain(|link| link.id != link_id(30));
    });
}

#[test]
fn an_unmerge_needs_its_grant_its_session_and_a_tombstone() {
    let refused = |reason, change: fn(&mut World)| stays(&apart().with(change), &MergeOutcome::Refused, reason);
    refused(Reason::UndoUnknown, |w| w.grant = None);
    refused(Reason::UndoUnknown, |w| w.grant.as_mut().unwrap().what = undo_link(30, "acme", "m"));
    refused(Reason::UndoSpent, |w| w.grant.as_mut().unwrap().spent = true);
    refused(Reason::UndoExpired, |w| w.grant.as_mut().unwrap().expires_at = NOW);
    refused(Reason::UserInactive, |w| w.user(MALLORY).status = UserStatus::Active);
    refused(Reason::UserInactive, |w| w.user(MALLORY).status = UserStatus::Deleted);
    let gone = (MergeOutcome::SignInFirst, Reason::SessionExpired);
    stays(&apart().with(|w| w.session = None), &gone.0, gone.1);
    stays(&apart().with(|w| w.grant.as_mut().unwrap().user = MALLORY), &gone.0, gone.1);
    let old = apart().with(|w| w.session.as_mut().unwrap().authenticated_at = NOW - MINUTE.times(5));
    stays(&old, &MergeOutcome::StepUpFirst, Reason::StepUpNeeded);
    let plan = apart().unmerge().plan;
    let event = apart().grant.unwrap().event;
    assert!(plan.has(&Change::SpendGrant { event }) && event != EVENT);
    assert!(plan.has(&Change::EndSessionsOfUser { user: VERA }) && plan.sessions().len() == 1);
    let undone = |event: &&model::AuditEvent| {
        let full = event.session == Some(plan.sessions()[0].id) && event.proofs.len() == 2 && event.by_self();
        event.kind == EventKind::ChangeUndone && full
    };
    assert_eq!(plan.events().into_iter().filter(undone).count(), 2);
    assert_eq!(plan.notices().iter().filter(|(kind, _)| *kind == MailKind::Undone).count(), 3);
}
