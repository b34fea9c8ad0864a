//! Disabling a connection, and the people it would strand.

use crate::world::{NOW, Read, SUBJECT, VERA, World, connection, link};
use linking::{ChangeOutcome, Decision, Reason, Stranded, decide_connection_change, stranded_without};
use model::{ChainHead, Change, EventKind, LinkState};

const CHAIN: ChainHead = ChainHead { seq: 9, hash: [9; 32] };

fn change(world: &World, name: &str, enabled: bool, stranded: Stranded, force: bool) -> Decision<ChangeOutcome> {
    let facts = world.facts();
    world.context(|context, _, _| {
        decide_connection_change(context, &facts, &connection(name), enabled, stranded, 77, force, CHAIN)
    })
}

/// Vera signs in through `acme` and by nothing else.
fn dependent() -> World {
    World::new()
        .linked(VERA, link(10, "acme", SUBJECT, LinkState::Active))
        .with(|w| (w.user(VERA).password, w.policy.local.email_code) = (None, false))
}

fn stranded(world: &World, name: &str) -> Vec<model::UserId> {
    stranded_without(world.users.iter(), &connection(name), &world.connections, &world.policy)
}

#[test]
fn t74_who_would_lose_the_last_usable_method_is_shown_first() {
    assert_eq!(stranded(&dependent(), "acme"), [VERA]);
    let world = dependent();
    let who = Stranded { users: stranded(&world, "acme") };
    let decision = change(&world, "acme", false, who.clone(), false);
    assert_eq!(
        (&decision.outcome, decision.reason),
        (&ChangeOutcome::WouldStrand(who.clone()), Reason::WouldStrandUsers)
    );
    assert!(decision.plan.is_empty());
    let forced = change(&world, "acme", false, who, true);
    assert_eq!(forced.outcome, ChangeOutcome::Changed);
}

#[test]
fn t74_stranded_counts_usable_methods_alone() {
    assert!(stranded(&dependent(), "other").is_empty());
    let second = dependent().linked(VERA, link(20, "other", "x", LinkState::Active));
    assert!(stranded(&second, "acme").is_empty());
    let broken = second.clone().with(|w| w.connections[1].enabled = false);
    assert_eq!(stranded(&broken, "acme"), [VERA]);
    let held = second.with(|w| w.user(VERA).links[1].state = LinkState::Held);
    assert_eq!(stranded(&held, "acme"), [VERA]);
    // Who has no way in anyway loses none.
    assert!(stranded(&dependent().with(|w| w.acme().enabled = false), "acme").is_empty());
    assert!(stranded(&dependent().with(|w| w.policy.local.email_code = true), "acme").is_empty());
}

#[test]
fn t72_t80_disabling_is_guarded_against_everybody_s_unlink() {
    let plan = change(&World::new(), "acme", false, Stranded::default(), false).plan;
    assert!(plan.well_begun());
    assert!(plan.has(&Change::SetConnectionEnabled {
        connection: connection("acme"),
        version: 11,
        enabled: false,
        at: NOW
    }));
    assert!(plan.has(&Change::ExpectCohort { connection: connection("acme"), fingerprint: 77 }));
    // Who is stranded was judged with the others as they are.
    assert!(plan.guards_connection("other"));
    let event = plan.event(EventKind::ConnectionDisabled).unwrap();
    assert_eq!((event.subject, event.after, &event.connection), (None, CHAIN, &Some(connection("acme"))));
}

#[test]
fn connections_are_guarded_in_one_order() {
    let order = |name| {
        let plan =
            change(&World::new().with(|w| w.connections.reverse()), name, false, Stranded::default(), false).plan;
        let named = |c: &Change| match c {
            Change::ExpectConnection { connection, .. } | Change::SetConnectionEnabled { connection, .. } => {
                Some(connection.to_string())
            }
            _ => None,
        };
        plan.changes.iter().filter_map(named).collect::<Vec<_>>()
    };
    assert_eq!(order("acme"), ["acme", "other"]);
    assert_eq!(order("other"), ["acme", "other"]);
}

#[test]
fn enabling_asks_nobody_and_unknown_or_equal_changes_nothing() {
    let disabled = World::new().with(|w| w.acme().enabled = false);
    let decision = change(&disabled, "acme", true, Stranded::default(), false);
    assert_eq!(decision.outcome, ChangeOutcome::Changed);
    assert!(decision.plan.event(EventKind::ConnectionEnabled).is_some());
    let same = change(&disabled, "acme", false, Stranded::default(), true);
    assert_eq!((&same.outcome, same.plan.is_empty()), (&ChangeOutcome::Nothing, true));
    let unknown = change(&disabled, "gone", false, Stranded::default(), true);
    assert_eq!((&unknown.outcome, unknown.plan.is_empty()), (&ChangeOutcome::NotFound, true));
}
