//! Changes of users: merge, unmerge, recovery, status.

use super::{ASKING, asked, fresh, given_at, may_change, must};
use crate::changes::{check_plan, mergeable, merged};
use crate::fold::{Axes, Said, Table};
use crate::world::{
    HOME, MAIL, MALLORY, NEW, NOW, Read, SESSION, VERA, World, code_method, link, link_method, session,
};
use linking::{MergeOutcome, RecoverOutcome, decide_user_status};
use model::{Change, DAY, Level, LinkState, Method, Proof, Undoable, UserStatus};

pub fn merge() -> Table {
    const AXES: Axes = &[
        ("asking", ASKING),
        ("absorbed", &["mallory", "mallory+disabled", "vera", "nobody"]),
        ("tickets", &["current", "of_survivor_outdated", "of_absorbed_outdated"]),
        ("protected", &["nobody", "survivor", "absorbed"]),
        ("proof", &["password", "link", "organisation_link", "unknown_code", "stale", "of_vera"]),
        (
            "required",
            &["1", "absorbed_2", "absorbed_2+proof_too", "absorbed_2+proof_and_session_too", "policy_2+session_too"],
        ),
        ("links", &["room", "full"]),
    ];
    let apart = mergeable();
    Table::of(AXES, |class| {
        let mut world = apart.clone();
        asked(&mut world, class[0]);
        super::add_guild(&mut world);
        world.user(MALLORY).links.push(link(50, "guild", "m", LinkState::Active));
        let absorbed = [MALLORY, MALLORY, VERA, NEW][class[1]];
        if class[1] == 1 {
            world.user(MALLORY).status = UserStatus::Disabled;
        }
        match class[3] {
            1 => world.user(VERA).protected = true,
            2 => world.user(MALLORY).protected = true,
            _ => {}
        }
        let of = if class[4] == 5 || class[1] == 2 { VERA } else { MALLORY };
        let method = match class[4] {
            1 => link_method(30, "acme"),
            2 => link_method(50, "guild"),
            3 => code_method("x@y.example"),
            _ => Method::Password,
        };
        match class[5] {
            1..=3 => world.user(MALLORY).required_level = Level::Two,
            4 => world.policy.required_level = Level::Two,
            _ => {}
        }
        // Vera keeps a way in at the level, so that nothing else stands in the way.
        world.policy.connections.values_mut().for_each(|rules| rules.level = Level::Two);
        let level = if matches!(class[5], 2 | 3) { Level::Two } else { Level::One };
        world.proof = Some((Proof::of_checked(of, method, level, given_at(&world, class[4] == 4)), absorbed));
        if let Some(session) = world.session.as_mut().filter(|_| class[5] > 2) {
            session.level = Level::Two;
        }
        if class[6] == 1 {
            world.rules().max_links_per_user = 1;
            world.user(VERA).links.push(link(21, "acme", "another", LinkState::Held));
        }
        let late = |of: usize| i64::from(class[2] == of);
        let decision = world.merge_at(world.version(VERA) - late(1), world.version(absorbed) - late(2));
        let done = decision.outcome == MergeOutcome::Merged;
        must(done != decision.plan.is_empty(), "merges without a plan, or the reverse")?;
        if done {
            let plan = &decision.plan;
            check_plan(&world, plan)?;
            let strong = class[0] == 2 && class[5] > 2;
            must(may_change(class[0]) || strong, "merges without a session that may")?;
            must(class[1..4] == [0, 0, 0] && class[4] < 2 && class[6] == 0, "merges what it must not")?;
            must(matches!(class[5], 0 | 3), "merges below the level of one of them")?;
            let after = world.after(plan);
            must(after.of(MALLORY).status == UserStatus::Absorbed, "the absorbed user lives on")?;
            // The organisation's link stays: the survivor is no member.
            let left: Vec<&str> = after.of(MALLORY).links.iter().map(|link| link.connection.as_str()).collect();
            must(left == ["guild"] && after.of(MALLORY).addresses.is_empty(), "something stays")?;
            for user in [VERA, MALLORY] {
                must(plan.has(&Change::EndSessionsOfUser { user }), "a session lives on")?;
            }
            let grants = |c: &Change| matches!(c, Change::Grant(new) if matches!(new.what, Undoable::Merge { .. }));
            must(plan.any(grants) && plan.sessions().len() == 1, "no undo, or not one session")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn unmerge() -> Table {
    const AXES: Axes = &[
        ("asking", &["vera", "stale", "by_what_was_mallory's", "application", "another_session", "nobody"]),
        ("grant", &["open", "spent", "expired", "of_a_link", "none"]),
        ("absorbed", &["absorbed", "active", "deleted"]),
        (
            "proof",
            &[
                "password_that_stayed",
                "link_that_came",
                "code_that_came",
                "vera's_password",
                "vera's_link",
                "other_password",
                "stale",
                "mallory's_link_as_mallory",
            ],
        ),
        ("since", &["nothing", "link_left", "address_left", "another_came", "level_raised", "another_merge"]),
        ("required", &["1", "mallory_2", "mallory_2+proof_too"]),
        ("left", &["both_have_a_way_in", "vera_none", "mallory_none"]),
    ];
    let fresh = merged();
    Table::of(AXES, |class| {
        let mut world = fresh.clone();
        let now = world.now;
        let mut given = world.grant.clone().unwrap();
        match class[1] {
            1 => given.spent = true,
            2 => given.expires_at = now,
            3 => given.what = crate::changes::undo_link(30, "acme", "m"),
            _ => {}
        }
        if class[4] == 5 {
            given.followed = true;
        }
        if let Undoable::Merge { required_level, .. } = &mut given.what {
            required_level.1 = Level::Two;
        }
        world.user(VERA).required_level = if class[4] == 4 { Level::Three } else { Level::Two };
        world.policy.connections.values_mut().for_each(|rules| rules.level = Level::Three);
        world.grant = (class[1] < 4).then_some(given);
        world.user(MALLORY).status = [UserStatus::Absorbed, UserStatus::Active, UserStatus::Deleted][class[2]];
        match class[4] {
            1 => world.user(VERA).links.retain(|link| link.id != crate::world::link_id(30)),
            2 => world.user(VERA).addresses.retain(|known| known.address.as_str() != "mallory@elsewhere.example"),
            3 => world.user(VERA).links.push(link(60, "acme", "since", LinkState::Active)),
            _ => {}
        }
        if class[5] > 0 {
            world.user(MALLORY).required_level = Level::Two;
        }
        match class[6] {
            1 => {
                world.user(VERA).links.retain(|link| link.id != crate::world::link_id(20));
                world.user(VERA).addresses.retain(|known| ![MAIL, HOME].contains(&known.address.as_str()));
            }
            2 => {
                world.user(VERA).links.retain(|link| link.id != crate::world::link_id(30));
                (world.policy.local.email_code, world.user(MALLORY).password) = (false, None);
            }
            _ => {}
        }
        let mut own = session(VERA, Method::Password);
        own.level = Level::Three;
        match class[0] {
            1 => own.authenticated_at = given_at(&world, true),
            2 => own.method = link_method(30, "acme"),
            3 => own.scope = model::SessionScope::Application,
            _ => {}
        }
        world.session = (class[0] < 5).then_some(own);
        let level = if class[5] == 2 { Level::Two } else { Level::One };
        let (of, method) = match class[3] {
            0 | 6 => (MALLORY, Method::Password),
            1 => (VERA, link_method(30, "acme")),
            2 => (VERA, code_method("mallory@elsewhere.example")),
            3 => (VERA, Method::Password),
            4 => (VERA, link_method(20, "other")),
            5 => (NEW, Method::Password),
            _ => (MALLORY, link_method(30, "acme")),
        };
        world.proof = Some((Proof::of_checked(of, method, level, given_at(&world, class[3] == 6)), MALLORY));
        let decision = if class[0] == 4 { unmerge_in_another_session(&world) } else { world.unmerge() };
        let done = decision.outcome == MergeOutcome::Merged;
        must(done != decision.plan.is_empty(), "unmerges without a plan, or the reverse")?;
        if done {
            let plan = &decision.plan;
            must(matches!(class[0], 0) && class[1] == 0 && class[2] == 0, "unmerges without a right to it")?;
            must(class[3] < 3 && class[5] != 1, "unmerges without a proof of the absorbed user at their level")?;
            must(class[6] != 1, "unmerges where it leaves Vera without a way in")?;
            let after = world.after(plan);
            let back = after.of(MALLORY);
            must(back.status == UserStatus::Active, "the absorbed user stays absorbed")?;
            must(after.ways_in(MALLORY) > 0 && after.ways_in(VERA) > 0, "somebody has no way in")?;
            must(back.links.iter().all(|link| link.id == crate::world::link_id(30)), "something else is taken")?;
            let raised = class[4] == 4;
            let kept = if raised {
                Level::Three
            } else if class[4] == 5 {
                Level::Two
            } else {
                Level::One
            };
            must(after.of(VERA).required_level == kept, "the level is not what it was")?;
            let spent = |c: &Change| matches!(c, Change::SpendGrant { .. });
            must(plan.any(spent) && plan.sessions().len() == 1, "the grant is not spent")?;
        }
        Ok(Said::of(&decision))
    })
}

fn unmerge_in_another_session(world: &World) -> linking::Decision<MergeOutcome> {
    let facts = world.facts();
    world.context(|context, terms, _| {
        let session = model::SessionId::from_bytes([8; 16]);
        let proof = &world.proof.as_ref().unwrap().0;
        linking::decide_unmerge(context, &linking::UnmergeInput { facts: &facts, session, proof, terms })
    })
}

pub fn recover() -> Table {
    const AXES: Axes = &[
        ("user", &["active", "disabled", "held", "unknown"]),
        ("required", &["1", "2", "1+protected", "3"]),
        (
            "proofs",
            &[
                "none",
                "password",
                "code",
                "link",
                "password+code",
                "code+code_again",
                "code+other_code",
                "code+link_with_that_mailbox",
                "password+link",
                "of_mallory",
                "password+of_mallory",
                "stale",
                "unusable",
                "code+password+link",
            ],
        ),
        ("other link", &["none", "made_lately", "made_long_ago", "held_already"]),
        ("signed in", &["nobody", "vera", "mallory"]),
        ("switch", &["not_asked", "confirmed"]),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh().linked(VERA, link(20, "other", "x", LinkState::Active));
        world.user(VERA).links[0].address = Some(crate::world::address(MAIL));
        let status = [UserStatus::Active, UserStatus::Disabled, UserStatus::Held, UserStatus::Active];
        let (level, protected) =
            [(Level::One, false), (Level::Two, false), (Level::One, true), (Level::Three, false)][class[1]];
        let vera = world.user(VERA);
        (vera.status, vera.required_level, vera.protected) = (status[class[0]], level, protected);
        if class[3] > 0 {
            let mut other = link(21, "acme", "y", if class[3] == 3 { LinkState::Held } else { LinkState::Active });
            other.linked_at = if class[3] == 2 { NOW - DAY.times(7) } else { NOW - DAY.times(7) + DAY };
            world.user(VERA).links.push(other);
        }
        world.session = match class[4] {
            0 => None,
            1 => Some(session(VERA, Method::Password)),
            _ => Some(session(MALLORY, Method::Password)),
        };
        world.switch = class[5] == 1;
        let at = |stale| given_at(&world, stale);
        let by = |method| Proof::of_checked(VERA, method, Level::One, at(false));
        let (password, code, through) = (by(Method::Password), by(code_method(MAIL)), by(link_method(20, "other")));
        let mallory = Proof::of_checked(MALLORY, Method::Password, Level::One, at(false));
        let proofs = match class[2] {
            0 => vec![],
            1 => vec![password],
            2 => vec![code],
            3 => vec![through],
            4 => vec![password, code],
            5 => vec![code.clone(), code],
            6 => vec![code, by(code_method(HOME))],
            7 => vec![code, through],
            8 => vec![password, through],
            9 => vec![mallory],
            10 => vec![password, mallory],
            11 => vec![Proof::of_checked(VERA, Method::Password, Level::One, at(true))],
            12 => vec![by(code_method("x@y.example"))],
            _ => vec![code, password, through],
        };
        let decision = world.recover(if class[0] == 3 { NEW } else { VERA }, &proofs);
        let done = matches!(decision.outcome, RecoverOutcome::Recovered { .. });
        must(done != decision.plan.is_empty(), "recovers without a plan, or the reverse")?;
        if let RecoverOutcome::Recovered { held } = &decision.outcome {
            let plan = &decision.plan;
            must(class[0] == 0, "recovers who takes no part")?;
            must(class[4] != 2 || class[5] == 1, "replaces somebody's session without a word")?;
            must(plan.raises(world.of(VERA)) && plan.has(&Change::EndSessionsOfUser { user: VERA }), "no raise")?;
            must(matches!(class[2], 1..=8 | 13), "recovers without a proof")?;
            let independent = matches!(class[2], 4 | 6 | 8 | 13);
            must(class[1] == 0 || independent, "recovers below the rules of the level")?;
            must(plan.sessions().len() == 1 && plan.sessions()[0].user == VERA, "not one session")?;
            let shown = matches!(class[2], 3 | 7 | 8 | 13);
            must(held.contains(&crate::world::link_id(21)) == (class[3] == 1), "a link of late is not held")?;
            must(held.contains(&crate::world::link_id(20)) != shown, "what was shown is held, or the reverse")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn status() -> Table {
    const AXES: Axes = &[
        ("user", &["active", "disabled", "held", "deleted", "absorbed", "unknown"]),
        ("to", &["active", "disabled", "held", "deleted", "absorbed"]),
    ];
    const ALL: [UserStatus; 5] =
        [UserStatus::Active, UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted, UserStatus::Absorbed];
    Table::of(AXES, |class| {
        let mut world = fresh().signed_in(VERA);
        if let Some(status) = ALL.get(class[0]) {
            world.user(VERA).status = *status;
        }
        let (facts, user) = (world.facts(), if class[0] == 5 { NEW } else { VERA });
        let decision = world.context(|context, _, _| decide_user_status(context, &facts, user, ALL[class[1]]));
        let plan = &decision.plan;
        if !plan.is_empty() {
            must(plan.raises(world.of(VERA)) && plan.events().len() == 1, "no raise, or no event")?;
            let ends = plan.has(&Change::EndSessionsOfUser { user: VERA });
            must(ends == (class[1] != 0), "a session of who takes no part lives on")?;
            must(class[1] != 4 && class[0] != 3, "absorbed by hand, or brought back from the dead")?;
            let erased = plan.any(|c| matches!(c, Change::EraseUser { .. }));
            must(erased == (class[1] == 3), "erased by anything but a deletion")?;
        }
        Ok(Said::with(if plan.is_empty() { "nothing" } else { "changed" }, &decision))
    })
}

#[test]
fn the_session_of_these_tables_is_the_one_that_asks() {
    assert_eq!(merged().session.map(|session| session.user), Some(VERA));
    assert_ne!(merged().session.map(|session| session.id), Some(SESSION), "the merge renewed it");
}
