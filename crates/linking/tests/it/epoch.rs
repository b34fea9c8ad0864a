//! A connection that comes to mean something else: a new epoch, or back to one before.

use crate::changes::CHAIN;
use crate::world::{NOW, Read, VERA, World, connection, namespace};
use linking::{Carry, ChangeOutcome, Decision, Declaration, Reason, Stranded, decide_declaration};
use model::{Change, ConnectionState, EventKind};

const NEXT: &str = "https://next.example";

/// `acme` is in its third epoch.
fn third() -> World {
    World::new().with(|w| (w.acme().epoch, w.acme().namespace) = (3, namespace("acme", 3)))
}

fn to(issuer: &str, epoch: i64) -> Decision<ChangeOutcome> {
    third().move_connection(issuer, epoch, Carry::Nobody, &Stranded::default(), false)
}

#[test]
fn t100_a_new_epoch_leaves_every_link_behind() {
    let decision = to(NEXT, 4);
    assert_eq!((decision.outcome, decision.reason), (ChangeOutcome::Changed, Reason::EpochOpened));
    let plan = &decision.plan;
    let moved = ConnectionState {
        version: 12,
        epoch: 4,
        namespace: model::Namespace::new(NEXT, None, 4),
        issuer: NEXT.to_owned(),
        client_id: "next".to_owned(),
        subject_claim: "oid".to_owned(),
        changed_at: NOW,
        ..third().connections[0].clone()
    };
    assert!(plan.well_begun() && plan.has(&Change::MoveConnection { to: moved, version: 11 }));
    assert!(plan.has(&Change::EndSessionsOfConnection { connection: connection("acme") }));
    assert!(!plan.any(|c| matches!(c, Change::CarryLinks { .. })));
    assert!(plan.has(&Change::ExpectCohort { connection: connection("acme"), fingerprint: 77 }));
    assert!(plan.guards_connection("other"), "who is stranded was judged with it");
    let event = plan.event(EventKind::ConnectionMoved).unwrap();
    assert_eq!((event.subject, event.after, &event.connection), (None, CHAIN, &Some(connection("acme"))));
}

#[test]
fn t100_links_are_carried_only_by_the_operator_s_word() {
    let decision = third().move_connection(NEXT, 4, Carry::SameSubjects, &Stranded { users: vec![VERA] }, false);
    let carry = Change::CarryLinks {
        connection: connection("acme"),
        from: namespace("acme", 3),
        to: model::Namespace::new(NEXT, None, 4),
        at: NOW,
    };
    assert!(decision.plan.has(&carry));
    assert!(!decision.plan.any(|c| matches!(c, Change::EndSessionsOfConnection { .. })));
}

#[test]
fn t74_who_would_be_stranded_by_a_move_is_shown_first() {
    let stranded = Stranded { users: vec![VERA] };
    let decision = third().move_connection(NEXT, 4, Carry::Nobody, &stranded, false);
    assert_eq!(decision.outcome, ChangeOutcome::WouldStrand(stranded.clone()));
    assert_eq!((decision.reason, decision.plan.is_empty()), (Reason::WouldStrandUsers, true));
    assert_eq!(third().move_connection(NEXT, 4, Carry::Nobody, &stranded, true).outcome, ChangeOutcome::Changed);
}

#[test]
fn t100_an_epoch_is_the_next_or_one_that_was() {
    for epoch in [1, 2] {
        assert_eq!(to(NEXT, epoch).reason, Reason::EpochRolledBack);
    }
    for epoch in [i64::MIN, -1, 0, 3, 5, i64::MAX] {
        let decision = to(NEXT, epoch);
        assert_eq!((decision.outcome, decision.reason), (ChangeOutcome::Nothing, Reason::OldEpoch), "{epoch}");
        assert!(decision.plan.is_empty());
    }
    // Another connection is in that key space already.
    assert_eq!(to("https://id.other.example", 1).reason, Reason::OldEpoch);
    assert_eq!(to("https://id.other.example", 4).reason, Reason::EpochOpened);
    assert_eq!(to("https://id.acme.example", 3).reason, Reason::NothingToChange);
    let unknown = third().with(|w| drop(w.connections.remove(0)));
    let decision = unknown.move_connection(NEXT, 4, Carry::Nobody, &Stranded::default(), true);
    assert_eq!((decision.outcome, decision.reason), (ChangeOutcome::NotFound, Reason::UnknownConnection));
}

#[test]
fn t100_a_declaration_that_changed_refuses_to_start() {
    let declare = |change: fn(&mut ConnectionState)| {
        let (world, mut declared) = (World::new(), World::new().connections[0].clone());
        change(&mut declared);
        let facts = world.facts();
        world.context(|context, _, _| decide_declaration(context, &facts, &declared, CHAIN))
    };
    assert_eq!(declare(|_| {}).outcome, Declaration::Known);
    let changed = |change, what, was: &str, is: &str| {
        let decision = declare(change);
        let expected = Declaration::Changed { what, was: was.to_owned(), is: is.to_owned() };
        assert_eq!((decision.outcome, decision.reason), (expected, Reason::OldEpoch));
        assert!(decision.plan.is_empty());
    };
    changed(|c| c.issuer = "x".to_owned(), "issuer", "https://id.acme.example", "x");
    changed(|c| c.client_id = "x".to_owned(), "client_id", "selfsame", "x");
    changed(|c| c.subject_claim = "x".to_owned(), "subject_claim", "sub", "x");
    let was = namespace("acme", 1);
    changed(|c| c.namespace = namespace("x", 1), "pairwise", was.as_str(), namespace("x", 1).as_str());
    changed(|c| c.id = connection("new"), "id", "acme", "new");
    let new = declare(|c| (c.id, c.namespace) = (connection("new"), namespace("new", 1)));
    assert_eq!((new.outcome, new.reason), (Declaration::New, Reason::ByOperator));
    assert!(new.plan.any(|c| matches!(c, Change::DeclareConnection(state) if state.id == connection("new"))));
    let event = new.plan.event(EventKind::ConnectionDeclared).unwrap();
    assert_eq!((&event.connection, event.after), (&Some(connection("new")), CHAIN));
}
