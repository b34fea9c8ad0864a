//! Local ways in and what sessions are made of: sign-in, step-up, sign-up, password, hand-over.

use super::{ASKING, SECRETS, asked, fresh, given_at, may_change, must, through_organisation};
use crate::fold::{Axes, Said, Table};
use crate::world::{
    FRESH_SECRET, HOME, MALLORY, NEW, PRESENT, Read, SESSION, VERA, World, code_method, link, link_method, session,
};
use linking::{
    Decision, HandoverInput, LocalOutcome, SignUpOutcome, decide_handover, decide_set_password, required_level,
};
use model::{Change, Level, LinkState, Method, Plan, Proof, Secret, SessionScope, SignUp, UserStatus};

const STATUSES: [UserStatus; 5] =
    [UserStatus::Active, UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted, UserStatus::Absorbed];
const STATUS: &[&str] = &["active", "disabled", "held", "deleted", "absorbed"];
const PROOFS: &[&str] = &[
    "password",
    "code",
    "link",
    "organisation_link",
    "disabled_link",
    "held_link",
    "unknown_code",
    "stale",
    "of_mallory",
    "at_level_2",
];

/// Puts the proof of a value of [`PROOFS`] into a world.
fn proven(world: &mut World, value: usize) {
    let state = if value == 5 { LinkState::Held } else { LinkState::Active };
    world.user(VERA).links.push(link(20, "other", "x", state));
    world.connections[1].enabled = value != 4;
    let method = match value {
        1 => code_method(HOME),
        2 | 4 | 5 => link_method(20, "other"),
        3 => through_organisation(world),
        6 => code_method("x@y.example"),
        _ => Method::Password,
    };
    let (of, level) = (if value == 8 { MALLORY } else { VERA }, if value == 9 { Level::Two } else { Level::One });
    world.proof = Some((Proof::of_checked(of, method, level, given_at(world, value == 7)), VERA));
}

fn usable(value: usize) -> bool {
    matches!(value, 0..=3 | 9)
}

fn required(world: &mut World, value: usize) {
    match value {
        1 => world.user(VERA).required_level = Level::Two,
        2 => world.policy.required_level = Level::Two,
        _ => {}
    }
}

const REQUIRED: &[&str] = &["1", "2_by_user", "2_by_policy"];

/// One new session with the new secret, no stronger, no wider and no fresher than what it rests on.
fn check_session(world: &World, plan: &Plan) -> Result<(), String> {
    let [new] = plan.sessions()[..] else { return Err("not one session".to_owned()) };
    let proof = &world.proof.as_ref().unwrap().0;
    let user = world.of(new.user);
    must(new.hash == FRESH_SECRET && user.status == UserStatus::Active, "an old secret, or a user not active")?;
    must(new.user == proof.user() && new.method == *proof.method(), "rests on something else")?;
    must(new.level == proof.level() && new.authenticated_at == proof.at(), "stronger or fresher than the proof")?;
    must(new.level >= required_level(user, &world.policy), "below the level")?;
    let narrow = matches!(&new.method, Method::Link { connection, .. } if connection.as_str() == "guild");
    must((new.scope != SessionScope::Account) == narrow, "reaches further than its method")?;
    must(plan.expects(user), "no guard on the user")
}

pub fn local_sign_in() -> Table {
    const AXES: Axes = &[
        ("user", STATUS),
        ("proof", PROOFS),
        ("required", REQUIRED),
        ("local methods", &["on", "off"]),
        ("signed in", &["nobody", "vera", "mallory", "mallory+switch", "mallory+expired"]),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh();
        proven(&mut world, class[1]);
        world.user(VERA).status = STATUSES[class[0]];
        required(&mut world, class[2]);
        if class[3] == 1 {
            (world.policy.local.password, world.policy.local.email_code) = (false, false);
        }
        world.session = match class[4] {
            0 => None,
            1 => Some(session(VERA, Method::Password)),
            _ => Some(session(MALLORY, Method::Password)),
        };
        world.switch = class[4] == 3;
        if class[4] == 4 {
            world.session.as_mut().unwrap().expires_at = world.now;
        }
        let decision = world.local_sign_in();
        let done = matches!(decision.outcome, LocalOutcome::SignedIn { .. });
        must(done != decision.plan.is_empty(), "signs in without a session, or the reverse")?;
        if done {
            check_session(&world, &decision.plan)?;
            must(class[1] == 8 || usable(class[1]), "signs in by what is not usable")?;
            let live = class[4] == 2 || class[4] == 1 && class[0] == 0;
            let other = live && (class[4] == 1) == (class[1] == 8);
            must(!other, "somebody else's session is replaced without a word")?;
            must(class[4] == 0 || decision.plan.ends_present(), "the old secret lives on")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn step_up() -> Table {
    const AXES: Axes = &[
        ("asking", ASKING),
        ("user", STATUS),
        ("ticket names", &["vera", "mallory"]),
        ("proof", PROOFS),
        ("required", REQUIRED),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh();
        proven(&mut world, class[3]);
        asked(&mut world, class[0]);
        world.user(VERA).status = STATUSES[class[1]];
        required(&mut world, class[4]);
        let decision = world.step_up([VERA, MALLORY][class[2]]);
        let done = matches!(decision.outcome, LocalOutcome::SignedIn { .. });
        must(done != decision.plan.is_empty(), "steps up without a session, or the reverse")?;
        if done {
            check_session(&world, &decision.plan)?;
            let as_mallory = class[0] == 6 && class[2] == 1 && class[3] == 8;
            must(class[0] < 3 || class[0] == 4 || as_mallory, "steps up without a session of one's own")?;
            must(as_mallory || class[2] == 0 && usable(class[3]), "steps up by what is not usable")?;
            must(class[3] != 3, "an organisation's method opens the account")?;
            must(decision.plan.ends_present(), "the old secret lives on")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn sign_up() -> Table {
    const AXES: Axes = &[
        ("password", &["allowed", "forbidden"]),
        ("sign up", &["open", "invited", "closed"]),
        ("address", &["nobody's", "vera's", "vera's+disabled"]),
        ("required", &["1", "2"]),
        ("signed in", &["nobody", "mallory", "mallory+switch", "mallory+expired"]),
    ];
    Table::of(AXES, |class| {
        let mut world = fresh().looped();
        world.policy.local.password = class[0] == 0;
        world.policy.sign_up = [SignUp::Open, SignUp::Invited, SignUp::Closed][class[1]];
        match class[2] {
            0 => world.user(VERA).addresses.clear(),
            1 => {}
            _ => world.user(VERA).status = UserStatus::Disabled,
        }
        world.policy.required_level = [Level::One, Level::Two][class[3]];
        world.session = (class[4] > 0).then(|| session(MALLORY, Method::Password));
        world.switch = class[4] == 2;
        if class[4] == 3 {
            world.session.as_mut().unwrap().expires_at = world.now;
        }
        let decision = world.sign_up();
        let created = decision.outcome == SignUpOutcome::Created { user: NEW };
        must(created != decision.plan.is_empty(), "signs up without a plan, or the reverse")?;
        if created {
            let plan = &decision.plan;
            must(class[..4] == [0, 0, 0, 0] && class[4] != 1, "signs up where it must not")?;
            must(plan.any(|c| matches!(c, Change::ProveAddress { user: NEW, .. })), "no proven address")?;
            must(plan.sessions()[0].user == NEW && plan.sessions()[0].method == Method::Password, "another session")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn set_password() -> Table {
    const AXES: Axes = &[("asking", ASKING), ("user", STATUS), ("password", &["allowed", "forbidden"])];
    Table::of(AXES, |class| {
        let mut world = fresh();
        asked(&mut world, class[0]);
        world.user(VERA).status = STATUSES[class[1]];
        world.policy.local.password = class[2] == 0;
        let (facts, phc) = (world.facts(), Secret::new("$argon2id$new".to_owned()));
        let decision: Decision<LocalOutcome> =
            world.context(|context, terms, _| decide_set_password(context, &facts, SESSION, &phc, terms));
        let done = matches!(decision.outcome, LocalOutcome::SignedIn { .. });
        must(done != decision.plan.is_empty(), "sets without a plan, or the reverse")?;
        if done {
            // Whoever is signed in sets their own: the session is the ticket.
            let user = if class[0] == 6 { MALLORY } else { VERA };
            must(may_change(class[0]) || class[0] == 6, "sets without a session that may")?;
            must(user == MALLORY || class[1] == 0, "sets for who takes no part")?;
            must(decision.plan.raises(world.of(user)), "tickets live on")?;
            must(decision.plan.has(&Change::EndSessionsOfUser { user }), "sessions live on")?;
        }
        Ok(Said::of(&decision))
    })
}

pub fn hand_over() -> Table {
    const AXES: Axes =
        &[("asking", ASKING), ("user", STATUS), ("secret", &["of_the_session", "another"]), ("required", REQUIRED)];
    Table::of(AXES, |class| {
        let mut world = fresh();
        asked(&mut world, class[0]);
        world.user(VERA).status = STATUSES[class[1]];
        required(&mut world, class[3]);
        let facts = world.facts();
        let session = &SECRETS[class[2]];
        let decision = world
            .context(|context, terms, _| decide_handover(context, &HandoverInput { facts: &facts, session, terms }));
        must(decision.outcome.is_some() != decision.plan.is_empty(), "hands over without a plan, or the reverse")?;
        if decision.outcome.is_some() {
            let [new] = decision.plan.sessions()[..] else { return Err("not one session".to_owned()) };
            let old = world.session.as_ref().unwrap();
            must(
                new.user == old.user && new.level == old.level && new.method == old.method,
                "more than the browser's",
            )?;
            must(new.authenticated_at == old.authenticated_at, "fresher than the browser's")?;
            let narrow = class[0] == 4 && new.scope == old.scope || new.scope == SessionScope::Application;
            must(narrow && class[0] != 3, "wider than for an application")?;
            must(decision.plan.has(&Change::ExpectSession { hash: PRESENT }), "the browser's is not guarded")?;
        }
        let outcome = if decision.outcome.is_some() { "handed over" } else { "refused" };
        Ok(Said::with(outcome, &decision))
    })
}
