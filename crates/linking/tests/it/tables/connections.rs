//! Changes of a connection: on and off, a new epoch, and what its declaration says.

use super::{fresh, must};
use crate::changes::CHAIN;
use crate::fold::{Axes, Said, Table};
use crate::world::{Read, VERA, connection, namespace};
use linking::{Carry, ChangeOutcome, Declaration, Stranded, decide_connection_change, decide_declaration};
use model::{Change, EventKind};

fn stranded(value: usize) -> Stranded {
    Stranded { users: if value == 1 { vec![VERA] } else { Vec::new() } }
}

fn guards_cohort(plan: &model::Plan) -> bool {
    plan.has(&Change::ExpectCohort { connection: connection("acme"), fingerprint: 77 })
}

pub fn change() -> Table {
    const AXES: Axes = &[
        ("connection", &["enabled", "disabled", "unknown"]),
        ("to", &["enabled", "disabled"]),
        ("stranded", &["nobody", "vera"]),
        ("force", &["no", "yes"]),
        ("other connection", &["enabled", "disabled"]),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh();
        world.acme().enabled = class[0] == 0;
        world.connections[1].enabled = class[4] == 0;
        let name = connection(if class[0] == 2 { "gone" } else { "acme" });
        let facts = world.facts();
        let enable = class[1] == 0;
        let decision = world.context(|context, _, _| {
            decide_connection_change(context, &facts, &name, enable, stranded(class[2]), 77, class[3] == 1, CHAIN)
        });
        let changed = decision.outcome == ChangeOutcome::Changed;
        must(changed != decision.plan.is_empty(), "changes without a plan, or the reverse")?;
        if changed {
            let plan = &decision.plan;
            must(class[0] != 2 && class[0] != class[1], "changes what is so")?;
            must(enable || class[2] == 0 || class[3] == 1, "strands somebody without a word")?;
            must(enable || guards_cohort(plan), "the cohort is not guarded")?;
            must(enable || class[4] == 1 || plan.guards_connection("other"), "the other is not guarded")?;
            must(plan.events().iter().all(|event| event.subject.is_none() && event.after == CHAIN), "no event")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn move_connection() -> Table {
    const AXES: Axes = &[
        ("connection", &["enabled", "disabled", "unknown"]),
        ("to epoch", &["next", "present", "one_before", "first", "zero", "two_ahead"]),
        ("to issuer", &["as_it_is", "another", "of_other_connection"]),
        ("links", &["nobody's", "same_subjects"]),
        ("stranded", &["nobody", "vera"]),
        ("force", &["no", "yes"]),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh();
        let acme = world.acme();
        (acme.epoch, acme.namespace, acme.enabled) = (3, namespace("acme", 3), class[0] == 0);
        let epoch = [4, 3, 2, 1, 0, 5][class[1]];
        let issuer = ["https://id.acme.example", "https://new.example", "https://id.other.example"][class[2]];
        if class[0] == 2 {
            world.connections.remove(0);
        }
        let carry = [Carry::Nobody, Carry::SameSubjects][class[3]];
        let decision = world.move_connection(issuer, epoch, carry, &stranded(class[4]), class[5] == 1);
        let changed = decision.outcome == ChangeOutcome::Changed;
        must(changed != decision.plan.is_empty(), "moves without a plan, or the reverse")?;
        if changed {
            let plan = &decision.plan;
            must(class[0] != 2 && matches!(class[1], 0 | 2 | 3), "an epoch that is not next and never was")?;
            must(!(class[1] == 3 && class[2] == 2), "two connections in one key space")?;
            let asked = class[3] == 1 || class[4] == 0 || class[5] == 1;
            must(asked, "strands somebody without a word")?;
            must(guards_cohort(plan) && plan.guards_connection("other"), "the cohort or the other is not guarded")?;
            let ends = plan.any(|c| matches!(c, Change::EndSessionsOfConnection { .. }));
            let carries = plan.any(|c| matches!(c, Change::CarryLinks { .. }));
            must(ends != carries && carries == (class[3] == 1), "sessions live on over nothing, or links go along")?;
            let to = |c: &Change| {
                matches!(c, Change::MoveConnection { to, version: 11 }
                    if to.epoch == epoch && to.namespace != world.connections[0].namespace && to.version == 12
                        && to.enabled == (class[0] == 0))
            };
            must(plan.any(to) && plan.event(EventKind::ConnectionMoved).is_some(), "another move")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn declaration() -> Table {
    const AXES: Axes = &[
        ("connection", &["known", "new"]),
        ("issuer", &["same", "another"]),
        ("client", &["same", "another"]),
        ("subject claim", &["same", "another"]),
        ("namespace", &["same", "another", "of_other_connection"]),
    ];
    Table::of(AXES, |class| {
        let world = fresh();
        let mut declared = world.connections[0].clone();
        if class[0] == 1 {
            declared.id = connection("new");
        }
        for (value, field) in [
            (class[1], &mut declared.issuer),
            (class[2], &mut declared.client_id),
            (class[3], &mut declared.subject_claim),
        ] {
            if value == 1 {
                field.push('x');
            }
        }
        match class[4] {
            1 => declared.namespace = namespace("new", 1),
            2 => declared.namespace = namespace("other", 1),
            _ => {}
        }
        let facts = world.facts();
        let decision = world.context(|context, _, _| decide_declaration(context, &facts, &declared, CHAIN));
        let new = decision.outcome == Declaration::New;
        must(new != decision.plan.is_empty(), "declares without a plan, or the reverse")?;
        must(new == (class[0] == 1 && class[4] == 1), "a second door to one key space")?;
        let known = decision.outcome == Declaration::Known;
        must(known == (class[..] == [0, 0, 0, 0, 0]), "what changed is not seen")?;
        let said = match &decision.outcome {
            Declaration::Changed { what, .. } => format!("refuses to start, {what} changed"),
            Declaration::Known => "known".to_owned(),
            Declaration::New => "declared".to_owned(),
        };
        Ok(Said::with(&said, &decision))
    })
}
