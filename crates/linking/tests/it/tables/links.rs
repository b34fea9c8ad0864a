//! Changes of one link: link, unlink, move, undo, freeze, release.

use super::{
    ASKING, REST, add_guild, asked, fresh, given_at, left_with, long_ago, may_change, must, opens, through_organisation,
};
use crate::changes::{check_plan, grant, undo_link, undo_unlink};
use crate::fold::{Axes, Said, Table};
use crate::world::{
    MALLORY, NOW, Read, SESSION, SUBJECT, VERA, World, code_method, connection, identity, link, link_id, link_method,
    namespace, organisation,
};
use linking::{LinkOutcome, MoveOutcome, UndoOutcome, UnlinkOutcome};
use model::{Change, IdentityFacts, Level, LinkState, Method, Proof, Purpose, Undoable, UserId, UserStatus};

const PURPOSES: [Purpose; 4] = [Purpose::SignInAndLink, Purpose::SignInOnly, Purpose::LinkOnly, Purpose::DataOnly];
const CONNECTIONS: &[&str] =
    &["open", "disabled", "old_epoch", "other_namespace", "unknown", "organisation's+member", "organisation's+outside"];

/// Makes `acme` what a value of [`CONNECTIONS`] says, towards Vera.
fn connected(world: &mut World, value: usize) {
    match value {
        1 => world.acme().enabled = false,
        2 => world.acme().epoch = 2,
        3 => world.acme().namespace = namespace("acme", 2),
        4 => drop(world.policy.connections.remove(&connection("acme"))),
        5 | 6 => {
            world.rules().organisation = Some(organisation("guild"));
            if value == 5 {
                world.user(VERA).organisations.push(organisation("guild"));
            }
        }
        _ => {}
    }
}

fn open(value: usize) -> bool {
    matches!(value, 0 | 5)
}

pub fn link_here() -> Table {
    const AXES: Axes = &[
        ("asking", ASKING),
        ("connection", CONNECTIONS),
        ("purpose", &["sign_in_and_link", "sign_in_only", "link_only", "data_only"]),
        ("identity", &["none", "of_vera", "of_mallory", "of_mallory+disabled", "held", "removed"]),
        ("ticket", &["current", "outdated"]),
        ("links", &["room", "full"]),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh();
        asked(&mut world, class[0]);
        match class[3] {
            1 => world.user(VERA).links.push(link_of(LinkState::Active)),
            2 | 3 => world.user(MALLORY).links.push(link_of(LinkState::Active)),
            4 => world.user(VERA).links.push(link_of(LinkState::Held)),
            5 => world.user(VERA).links.push(link_of(LinkState::Removed)),
            _ => {}
        }
        if class[3] == 3 {
            world.user(MALLORY).status = UserStatus::Disabled;
        }
        world.rules().purpose = PURPOSES[class[2]];
        if class[5] == 1 {
            world.rules().max_links_per_user = 1;
            world.user(VERA).links.push(link(21, "acme", "another", LinkState::Held));
        }
        connected(&mut world, class[1]);
        let version = world.version(VERA) - i64::try_from(class[4]).unwrap();
        let decision = world.link_ticket(VERA, SESSION, version);
        let linked = matches!(decision.outcome, LinkOutcome::Linked { .. });
        must(linked != decision.plan.is_empty(), "links without a plan, or the reverse")?;
        if linked {
            check_plan(&world, &decision.plan)?;
            must(may_change(class[0]) && open(class[1]) && class[4..] == [0, 0], "links where it must not")?;
            must(matches!(class[2], 0 | 2) && matches!(class[3], 0 | 5), "links what is held")?;
            must(decision.plan.guards_connection("acme"), "the connection is not guarded")?;
            let [new] = decision.plan.links()[..] else { return Err("not one link".to_owned()) };
            must(new.user == VERA && new.proofs.len() == 2, "another user, or without both proofs")?;
        }
        Ok(Said::of(&decision))
    })
}

fn link_of(state: LinkState) -> model::LinkFacts {
    link(10, "acme", SUBJECT, state)
}

pub fn unlink() -> Table {
    const AXES: Axes = &[
        ("by", &["owner", "owner+force", "operator", "operator+force"]),
        ("asking", ASKING),
        ("link", &["active", "held", "removed", "of_mallory", "none"]),
        ("rest", REST),
        ("level of acme", &["1", "2"]),
        ("required", &["1", "2+session_too"]),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh();
        asked(&mut world, class[1]);
        match class[2] {
            0 => world.user(VERA).links.push(link_of(LinkState::Active)),
            1 => world.user(VERA).links.push(link_of(LinkState::Held)),
            2 => world.user(VERA).links.push(link_of(LinkState::Removed)),
            3 => world.user(MALLORY).links.push(link_of(LinkState::Active)),
            _ => {}
        }
        left_with(&mut world, VERA, class[3]);
        if class[4] == 1 {
            world.rules().level = Level::Two;
        }
        if class[5] == 1 {
            world.user(VERA).required_level = Level::Two;
            world.session.iter_mut().filter(|_| class[1] != 2).for_each(|session| session.level = Level::Two);
        }
        let by_operator = class[0] > 1;
        let decision = world.unlink_by(link_id(10), (!by_operator).then_some(SESSION), matches!(class[0], 1 | 3));
        let removed = matches!(decision.outcome, UnlinkOutcome::Removed { .. });
        must(removed != decision.plan.is_empty(), "removes without a plan, or the reverse")?;
        if removed {
            let kept = opens(class[3]) && class[5] == 0;
            must(class[2] < 2, "removes what is not there")?;
            must(by_operator || may_change(class[1]), "removes without a session that may")?;
            must(class[0] == 3 || kept && class[1] != 2, "removes the last way in")?;
            if class[0] != 3 {
                check_plan(&world, &decision.plan)?;
            }
            let ends = Change::EndSessionsOfLink { link: link_id(10), user: VERA };
            must(decision.plan.raises(world.of(VERA)) && decision.plan.has(&ends), "sessions through it live on")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn move_here() -> Table {
    const AXES: Axes = &[
        ("asking", ASKING),
        ("connection", &["open", "disabled", "organisation's+member", "organisation's+outside", "open+sign_in_only"]),
        ("identity", &["of_mallory", "of_mallory+disabled", "of_mallory+held", "removed", "of_vera", "none"]),
        ("ticket", &["current", "outdated", "names_vera"]),
        ("proof", &["password", "code", "same_identity", "organisation_link", "stale", "below_level", "of_vera"]),
        ("mallory keeps", &["password", "other_link", "nothing"]),
        ("links", &["room", "full"]),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh();
        asked(&mut world, class[0]);
        let holder = if class[2] == 4 { VERA } else { MALLORY };
        let state = [LinkState::Active, LinkState::Active, LinkState::Held, LinkState::Removed, LinkState::Active];
        if let Some(state) = state.get(class[2]) {
            world.user(holder).links.push(link_of(*state));
        }
        if class[2] == 1 {
            world.user(MALLORY).status = UserStatus::Disabled;
        }
        left_with(&mut world, MALLORY, [0, 1, 5][class[5]]);
        world.policy.local.email_code = class[4] == 1 && class[5] != 2;
        let (of, method) = match class[4] {
            1 => (MALLORY, code_method("mallory@elsewhere.example")),
            2 => (MALLORY, link_method(10, "acme")),
            3 => (MALLORY, {
                world.user(MALLORY).links.push(link(50, "guild", "m", LinkState::Active));
                add_guild(&mut world);
                link_method(50, "guild")
            }),
            6 => (VERA, Method::Password),
            _ => (MALLORY, Method::Password),
        };
        if class[4] == 5 {
            world.user(MALLORY).required_level = Level::Two;
        }
        let named = if class[3] == 2 { VERA } else { MALLORY };
        let proof = Proof::of_checked(of, method, Level::One, given_at(&world, class[4] == 4));
        world.proof = Some((proof, named));
        world.rules().purpose = PURPOSES[usize::from(class[1] == 4)];
        if class[6] == 1 {
            world.rules().max_links_per_user = 1;
            world.user(VERA).links.push(link(21, "acme", "another", LinkState::Active));
        }
        connected(&mut world, [0, 1, 5, 6, 0][class[1]]);
        let decision = world.move_here(world.version(VERA) - i64::from(class[3] == 1));
        let moved = matches!(decision.outcome, MoveOutcome::Moved { .. });
        must(moved != decision.plan.is_empty(), "moves without a plan, or the reverse")?;
        if moved {
            check_plan(&world, &decision.plan)?;
            must(may_change(class[0]) && matches!(class[1], 0 | 2), "moves where it must not")?;
            must(class[2] == 0 && class[3] == 0 && class[6] == 0, "moves what is not the other user's")?;
            must(class[4] < 2, "moves without an ordinary proof of the other user")?;
            let plan = &decision.plan;
            let ends = Change::EndSessionsOfLink { link: link_id(10), user: MALLORY };
            must(plan.has(&ends) && plan.guards_connection("acme"), "sessions through it live on, or no guard")?;
            must(plan.links()[0].user == VERA && plan.links()[0].proofs.len() == 3, "without all its proofs")?;
            must(world.after(plan).of(MALLORY).active_links().all(|link| link.id != link_id(10)), "it is at both")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn undo() -> Table {
    const AXES: Axes = &[
        ("grant", &["open", "spent", "expired", "of_mallory", "none"]),
        ("undo of", &["link", "unlink", "merge"]),
        ("asking", ASKING),
        ("link", &["active", "held", "removed", "none"]),
        (
            "connection",
            &["open", "disabled", "other_namespace", "unknown", "organisation's+outside", "open+sign_in_only"],
        ),
        ("identity", &["free", "of_mallory"]),
        ("rest", &["password", "other_link", "nothing"]),
        ("links", &["room", "full"]),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh();
        asked(&mut world, class[2]);
        grant_of(&mut world, class[0], undoable(class[1]));
        let state = [LinkState::Active, LinkState::Held, LinkState::Removed];
        if let Some(state) = state.get(class[3]) {
            world.user(VERA).links.push(link_of(*state));
        }
        left_with(&mut world, VERA, [0, 1, 5][class[6]]);
        world.rules().purpose = PURPOSES[usize::from(class[4] == 5)];
        if class[7] == 1 {
            world.rules().max_links_per_user = 1;
            world.user(VERA).links.push(link(21, "acme", "another", LinkState::Held));
        }
        connected(&mut world, [0, 1, 3, 4, 6, 0][class[4]]);
        let mut facts = world.facts();
        if class[5] == 1 {
            let taken = Some((link_id(30), MALLORY, LinkState::Active));
            facts.identity =
                Some(IdentityFacts { identity: identity("acme", SUBJECT), link: taken, was_removed: true });
        } else if class[1] == 1 {
            facts.identity = None;
        }
        let decision = world.undo_on(&facts);
        let undone = decision.outcome == UndoOutcome::Undone;
        must(undone != decision.plan.is_empty(), "undoes without a plan, or the reverse")?;
        if undone {
            check_plan(&world, &decision.plan)?;
            must(class[0] == 0 && may_change(class[2]), "undoes without a right to it")?;
            let spent = Change::SpendGrant { event: crate::changes::EVENT };
            must(decision.plan.has(&spent), "the grant is not spent")?;
            let removing = class[1] == 0 && class[3] < 2;
            let restoring = class[1] == 1 && class[3] == 2 && class[4] == 0 && class[5] == 0 && class[7] == 0;
            must(removing || restoring, "undoes what is not so")?;
            must(removing || decision.plan.guards_connection("acme"), "the connection is not guarded")?;
            must(!removing || class[6] != 2, "the last way in is undone")?;
        }
        Ok(Said::of(&decision))
    })
}

fn undoable(value: usize) -> Undoable {
    match value {
        0 => undo_link(10, "acme", SUBJECT),
        1 => undo_unlink(10, "acme", SUBJECT),
        _ => Undoable::Merge {
            absorbed: MALLORY,
            links: Vec::new(),
            addresses: Vec::new(),
            required_level: (Level::One, Level::One),
        },
    }
}

fn grant_of(world: &mut World, value: usize, what: Undoable) {
    let mut given = grant(what);
    match value {
        1 => given.spent = true,
        2 => given.expires_at = NOW,
        3 => given.user = MALLORY,
        _ => {}
    }
    world.grant = (value < 4).then_some(given);
}

pub fn freeze() -> Table {
    const AXES: Axes = &[
        ("grant", &["open", "spent", "expired", "of_mallory", "none"]),
        ("undo of", &["link", "unlink", "merge"]),
        ("user", &["active", "disabled", "gone"]),
        ("link", &["active", "held", "removed", "none"]),
        ("rest", REST),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh();
        grant_of(&mut world, class[0], undoable(class[1]));
        let state = [LinkState::Active, LinkState::Held, LinkState::Removed];
        if let Some(state) = state.get(class[3]) {
            world.user(VERA).links.push(link_of(*state));
        }
        left_with(&mut world, VERA, class[4]);
        match class[2] {
            1 => world.user(VERA).status = UserStatus::Disabled,
            2 => drop(world.users.remove(0)),
            _ => {}
        }
        let decision = world.freeze();
        let held = decision.outcome == UndoOutcome::Held;
        must(held != decision.plan.is_empty(), "holds without a plan, or the reverse")?;
        if held {
            check_plan(&world, &decision.plan)?;
            let plan = &decision.plan;
            must(class[..4] == [0, 0, 0, 0] && opens(class[4]), "holds what it must not")?;
            // One click in a mail gives nobody anything and spends nothing.
            must(plan.sessions().is_empty() && plan.links().is_empty(), "a notice gives something")?;
            must(!plan.any(|c| matches!(c, Change::SpendGrant { .. })), "the undo itself is spent")?;
            must(plan.has(&Change::EndSessionsOfLink { link: link_id(10), user: VERA }), "its sessions live on")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn release() -> Table {
    const AXES: Axes = &[
        ("asking", ASKING),
        ("link", &["held", "active", "removed", "held+of_mallory", "none"]),
        ("made", &["lately", "long_ago"]),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh();
        asked(&mut world, class[0]);
        let holder: UserId = if class[1] == 3 { MALLORY } else { VERA };
        let state = [LinkState::Held, LinkState::Active, LinkState::Removed, LinkState::Held];
        if let Some(state) = state.get(class[1]) {
            let linked_at = if class[2] == 1 { long_ago(&world) } else { NOW };
            world.user(holder).links.push(model::LinkFacts { linked_at, ..link_of(*state) });
        }
        let decision = world.release(link_id(10));
        must(decision.outcome.is_some() != decision.plan.is_empty(), "releases without a plan, or the reverse")?;
        if decision.outcome.is_some() {
            check_plan(&world, &decision.plan)?;
            // Whoever is signed in releases their own.
            let own = may_change(class[0]) && class[1] == 0 || class[0] == 6 && class[1] == 3;
            must(own, "releases what it must not")?;
            must(decision.plan.has(&Change::ReleaseLink { link: link_id(10), user: holder }), "another link")?;
        }
        let outcome = if decision.outcome.is_some() { "released" } else { "refused" };
        Ok(Said::with(outcome, &decision))
    })
}

/// The organisation's own connection is no way of one's own to prove an account (row 1).
#[test]
fn t97_no_change_of_a_link_rests_on_an_organisation_s_connection() {
    let mut world = fresh().linked(MALLORY, link_of(LinkState::Active)).signed_in(VERA);
    let method = through_organisation(&mut world);
    let theirs = world.user(VERA).links.pop().unwrap();
    world.user(MALLORY).links.push(theirs);
    let decision = world.proof_of(MALLORY, method);
    let decision = decision.move_here(41);
    assert_eq!((decision.outcome, decision.reason), (MoveOutcome::Refused, linking::Reason::MethodNotAllowed));
}
