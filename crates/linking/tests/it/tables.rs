//! The tables of every decision, and the document they make.

mod connections;
mod links;
mod sessions;
mod users;

use crate::fold::Table;
use crate::world::{PRESENT, VERA, World, link_method, organisation, session};
use crate::{matrix, world};
use linking::Reason;
use model::{DAY, Level, MINUTE, Method, SECOND, SessionScope};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Who asks for a change, in which session.
pub const ASKING: &[&str] =
    &["vera", "vera_stale", "vera_below_level", "application", "organisation", "expired", "mallory", "nobody"];

/// Puts the session of `value` of [`ASKING`] into a world.
pub fn asked(world: &mut World, value: usize) {
    let mut own = session(VERA, Method::Password);
    match value {
        1 => own.authenticated_at = world.now - MINUTE.times(5),
        2 => world.user(VERA).required_level = Level::Two,
        3 => own.scope = SessionScope::Application,
        4 => own.scope = SessionScope::Organisation { organisation: organisation("guild") },
        5 => own.expires_at = world.now,
        6 => own.user = world::MALLORY,
        _ => {}
    }
    world.session = (value < 7).then_some(own);
}

/// Whether a session of [`ASKING`] may change Vera's account.
pub fn may_change(value: usize) -> bool {
    value == 0
}

/// What a person is left with besides what a decision is about.
pub const REST: &[&str] = &["password", "other_link", "organisation_link", "disabled_link", "held_link", "nothing"];

/// Whether that opens the account.
pub fn opens(value: usize) -> bool {
    value < 2
}

/// Leaves `user` with a value of [`REST`]: addresses stay, the mailbox code is off.
pub fn left_with(world: &mut World, user: model::UserId, value: usize) {
    world.policy.local.email_code = false;
    if value != 0 {
        world.user(user).password = None;
    }
    if (1..=4).contains(&value) {
        let state = if value == 4 { model::LinkState::Held } else { model::LinkState::Active };
        world.user(user).links.push(world::link(40, "other", "rest", state));
    }
    let rules = world.policy.connections.get_mut(&world::connection("other")).unwrap();
    if value == 2 {
        rules.organisation = Some(organisation("guild"));
    }
    if value == 3 {
        world.connections[1].enabled = false;
    }
}

pub fn must(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// [`World::new`], made once: the tables ask for it some hundred thousand times.
pub fn fresh() -> World {
    static FRESH: LazyLock<World> = LazyLock::new(World::new);
    FRESH.clone()
}

/// A chapter and its table.
type Chapter = (&'static str, fn() -> Table);

const CHAPTERS: [Chapter; 18] = [
    ("Link", links::link_here),
    ("Unlink", links::unlink),
    ("Move", links::move_here),
    ("Undo", links::undo),
    ("Freeze", links::freeze),
    ("Release", links::release),
    ("Merge", users::merge),
    ("Unmerge", users::unmerge),
    ("Recover", users::recover),
    ("User status", users::status),
    ("Local sign-in", sessions::local_sign_in),
    ("Step-up", sessions::step_up),
    ("Sign-up", sessions::sign_up),
    ("Set password", sessions::set_password),
    ("Hand-over", sessions::hand_over),
    ("Connection change", connections::change),
    ("Connection move", connections::move_connection),
    ("Connection declared", connections::declaration),
];

/// Reasons of what is not in a table: the throttle, and the ends of sessions.
const ELSEWHERE: [Reason; 29] = [
    Reason::Throttled,
    Reason::AttemptAllowed,
    Reason::SignedOut,
    // Applications change nothing of an account: `application.rs` has them.
    Reason::ApplicationLetIn,
    Reason::ConsentGiven,
    Reason::ConsentWithdrawn,
    Reason::ConsentMissing,
    Reason::TokenReused,
    // `passkeys.rs` has these.
    Reason::PasskeyCorrect,
    Reason::PasskeyAdded,
    Reason::PasskeyRemoved,
    Reason::PasskeyNotFound,
    Reason::PasskeyTaken,
    Reason::TooManyPasskeys,
    // `unlink.rs` has this.
    Reason::SharedAccess,
    // `second_factor.rs` has these.
    Reason::SecondFactorNeeded,
    Reason::TotpAdded,
    Reason::TotpRemoved,
    Reason::RecoveryCodesMade,
    Reason::NoSecondFactor,
    // `device.rs` has these.
    Reason::DeviceClaimed,
    Reason::DeviceLetIn,
    Reason::DeviceRefused,
    Reason::DeviceCodeUnknown,
    Reason::DeviceNeverLinks,
    // Nor do those who register them: `clients.rs` has these.
    Reason::ByClientItself,
    Reason::ClientIdTaken,
    Reason::ClientUnknown,
    Reason::RegistrationTokenSpent,
];

const PREFACE: &str = "\
# The decision table

Generated from the decisions themselves by a test that decides every combination of classes of facts and checks the
invariants of each; `UPDATE_GENERATED=1` rewrites this page. A change of a rule shows here as a changed line, or at
least as another checksum: it is taken over the distinct outcomes with the kinds of change each writes, and over which
combination has which.

A dot means that the axis makes no difference there. The rows are those of the product's meaning: the first that matches
wins.
";

/// The second part of the document: everything but the sign-in.
fn chapters() -> String {
    CHAPTERS
        .iter()
        .fold(String::new(), |page, (title, table)| page + "\n\n## " + title + "\n\n" + &table().written(&[]))
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/decision-table.md")
}

fn updating() -> bool {
    std::env::var_os("UPDATE_GENERATED").is_some()
}

#[track_caller]
fn compare(stored: Option<&str>, current: &str) {
    let stored = stored.unwrap_or_default();
    let differs = stored.lines().zip(current.lines()).find(|(stored, current)| stored != current);
    assert!(stored == current, "docs/decision-table.md is old: run these tests with UPDATE_GENERATED=1\n{differs:#?}");
}

#[test]
fn every_sign_in_keeps_the_invariants_and_is_as_the_document_says() {
    let current = format!("{PREFACE}\n## Sign-in with an external identity\n\n{}", matrix::page());
    if updating() {
        std::fs::write(path(), format!("{current}{}", chapters())).unwrap();
    }
    let stored = std::fs::read_to_string(path()).unwrap();
    let end = stored.find("\n\n## Link\n");
    compare(end.map(|end| &stored[..end]), &current);
}

#[test]
fn every_change_keeps_the_invariants_and_is_as_the_document_says() {
    let current = chapters();
    if updating() {
        return; // the other test writes the whole
    }
    let stored = std::fs::read_to_string(path()).unwrap();
    let begin = stored.find("\n\n## Link\n");
    compare(begin.map(|begin| &stored[begin..]), &current);
    let reasons: BTreeSet<&str> = stored.split('`').collect();
    let missing: Vec<_> =
        Reason::ALL.iter().filter(|r| !ELSEWHERE.contains(r) && !reasons.contains(r.code())).collect();
    assert!(missing.is_empty(), "no combination comes to {missing:?}");
}

/// A method of Vera's that is not hers alone: through her organisation's connection.
pub fn through_organisation(world: &mut World) -> Method {
    world.user(VERA).links.push(world::link(50, "guild", "v", model::LinkState::Active));
    world.user(VERA).organisations.push(organisation("guild"));
    add_guild(world);
    link_method(50, "guild")
}

/// A third connection, an organisation's.
pub fn add_guild(world: &mut World) {
    let mut state = world.connections[1].clone();
    (state.id, state.namespace) = (world::connection("guild"), world::namespace("guild", 1));
    world.connections.push(state);
    let mut rules = world.policy.connections[&world::connection("other")].clone();
    rules.organisation = Some(organisation("guild"));
    world.policy.connections.insert(world::connection("guild"), rules);
    world.policy.organisations.insert(organisation("guild"), model::OrganisationPolicy::default());
}

/// The secret of the session that asked, and one that is nobody's.
pub const SECRETS: [[u8; 32]; 2] = [PRESENT, [1; 32]];

/// When a proof was given: fresh, or no more.
pub fn given_at(world: &World, stale: bool) -> model::Micros {
    if stale { world.now - MINUTE.times(5) - SECOND } else { world.now - SECOND }
}

/// Beyond every grant.
pub fn long_ago(world: &World) -> model::Micros {
    world.now - DAY.times(8)
}
