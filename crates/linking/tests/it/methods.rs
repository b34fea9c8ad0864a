//! Every kind of method in every state it can be in: whether it is usable, and that each decision that asks for a way in
//! says the same.

use crate::tables::{add_guild, must};
use crate::world::{
    MAIL, NOW, Read, SESSION, VERA, World, code_method, connection, link, link_id, link_method, namespace,
    organisation, passkey, passkey_id, proven, session,
};
use linking::{
    PASSKEY_LEVEL, PasskeyRemoval, Reason, RecoverOutcome, UNDO, UnlinkOutcome, decide_remove_passkey, may_go,
    own_methods, stranded_without, usable_methods, ways_in, why_unusable,
};
use model::{AddressProof, Change, DAY, Level, LinkState, MINUTE, Method, Proof, Purpose, SECOND};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

mod beside;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Password,
    EmailCode,
    Link,
    Passkey,
}

const KINDS: [(Kind, &str); 4] =
    [(Kind::Password, "password"), (Kind::EmailCode, "e-mail code"), (Kind::Link, "link"), (Kind::Passkey, "passkey")];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ready,
    OffByPolicy,
    Unproven,
    ConnectionOff,
    ConnectionGone,
    OldEpoch,
    NotForSignIn,
    Held,
    Removed,
    OtherHost,
    Organisations,
    Expired,
    LevelTwo,
    Protected,
    Lately,
}

const STATES: [(State, &str); 15] = [
    (State::Ready, "enabled, proven, working"),
    (State::OffByPolicy, "disabled by policy"),
    (State::Unproven, "address unproven"),
    (State::ConnectionOff, "connection off"),
    (State::ConnectionGone, "connection not stored"),
    (State::OldEpoch, "of an old epoch"),
    (State::NotForSignIn, "not for sign-in"),
    (State::Held, "held"),
    (State::Removed, "removed"),
    (State::OtherHost, "of another host"),
    (State::Organisations, "an organisation's"),
    (State::Expired, "proof expired"),
    (State::LevelTwo, "user needs level two"),
    (State::Protected, "user is protected"),
    (State::Lately, "added lately"),
];

fn method(kind: Kind) -> Method {
    match kind {
        Kind::Password => Method::Password,
        Kind::EmailCode => code_method(MAIL),
        Kind::Link => link_method(10, "acme"),
        Kind::Passkey => Method::Passkey { passkey: passkey_id(1) },
    }
}

/// Vera with this method in this state and with nothing else; `None` where a kind cannot be in a state.
fn world(kind: Kind, state: State) -> Option<World> {
    let mut world = World::new();
    let vera = world.user(VERA);
    vera.addresses.clear();
    if kind != Kind::Password {
        vera.password = None;
    }
    match kind {
        Kind::Password | Kind::EmailCode => vera.addresses.push(proven(MAIL, AddressProof::Loop, NOW - DAY.times(60))),
        Kind::Link => {
            vera.links.push(link(10, "acme", "4711", LinkState::Active));
            vera.links[0].linked_at = NOW - DAY.times(60);
        }
        Kind::Passkey => {
            vera.passkeys.push(passkey(1));
            vera.passkeys[0].added_at = NOW - DAY.times(60);
        }
    }
    world.policy.local.email_code = kind == Kind::EmailCode;
    let mut own = session(VERA, Method::Password);
    own.level = Level::Two;
    world.session = Some(own);
    put(&mut world, kind, state)?;
    Some(world)
}

fn put(world: &mut World, kind: Kind, state: State) -> Option<()> {
    match (state, kind) {
        (State::Ready | State::Expired, _) => {}
        (State::LevelTwo, _) => world.user(VERA).required_level = Level::Two,
        (State::Protected, _) => world.user(VERA).protected = true,
        (State::OffByPolicy, Kind::Password) => world.policy.local.password = false,
        (State::OffByPolicy, Kind::EmailCode) => world.policy.local.email_code = false,
        (State::OffByPolicy, Kind::Passkey) => world.policy.local.passkey = false,
        (State::OffByPolicy, Kind::Link) => drop(world.policy.connections.remove(&connection("acme"))),
        (State::Unproven, Kind::Password | Kind::EmailCode) => world.user(VERA).addresses.clear(),
        (State::OtherHost, Kind::Passkey) => "old.example".clone_into(&mut world.user(VERA).passkeys[0].host),
        (State::Lately, Kind::Passkey) => world.user(VERA).passkeys[0].added_at = NOW - UNDO + SECOND,
        (State::Lately, Kind::Link) => world.user(VERA).links[0].linked_at = NOW - UNDO + SECOND,
        (State::ConnectionOff, Kind::Link) => world.acme().enabled = false,
        (State::ConnectionGone, Kind::Link) => world.connections.retain(|known| known.id != connection("acme")),
        (State::OldEpoch, Kind::Link) => world.acme().namespace = namespace("acme", 2),
        (State::NotForSignIn, Kind::Link) => world.rules().purpose = Purpose::LinkOnly,
        (State::Held, Kind::Link) => world.user(VERA).links[0].state = LinkState::Held,
        (State::Removed, Kind::Link) => world.user(VERA).links[0].state = LinkState::Removed,
        (State::Organisations, Kind::Link) => {
            add_guild(world);
            world.rules().organisation = Some(organisation("guild"));
            world.user(VERA).organisations.push(organisation("guild"));
        }
        _ => return None,
    }
    Some(())
}

/// What everybody says of one cell.
struct Cell {
    usable: bool,
    own: bool,
    way_in: bool,
    why: String,
    signs_in: Reason,
    steps_up: Reason,
    recovers: Reason,
    /// Beside it, a link and a passkey go, by the decision and by the page, and the connection of that link is switched off.
    link_goes: bool,
    passkey_goes: bool,
    page_says: (bool, bool),
    connection_goes: bool,
    after_recovery: &'static str,
}

/// With a link beside it that reaches any level.
fn spare_link(world: &World) -> World {
    world.clone().linked(VERA, link(20, "other", "x", LinkState::Active)).with(|w| {
        w.policy.connections.get_mut(&connection("other")).unwrap().level = Level::Two;
    })
}

/// Whether the account page offers to remove a method.
fn page(world: &World, method: &Method) -> bool {
    let vera = &world.users[0];
    let ways = ways_in(vera, &world.connections, &world.policy);
    may_go(vera, &ways, method, &world.policy).is_ok()
}

fn look(kind: Kind, state: State, world: &World) -> Cell {
    let method = method(kind);
    let vera = &world.users[0];
    let of = |methods: Vec<Method>| methods.contains(&method);
    let ago = if state == State::Expired { MINUTE.times(6) } else { SECOND };
    let level = if kind == Kind::Passkey { PASSKEY_LEVEL } else { Level::One };
    let proof = Proof::of_checked(VERA, method.clone(), level, NOW - ago);
    let mut shown = world.clone().proof_of(VERA, method.clone());
    if let Some((given, _)) = &mut shown.proof {
        *given = proof.clone();
    }
    let mut anonymous = shown.clone();
    anonymous.session = None;
    let spare = spare_link(world);
    let connection_goes =
        stranded_without(spare.users.iter().take(1), &connection("other"), &spare.connections, &spare.policy)
            .is_empty();
    let with_passkey = world.clone().with(|w| w.user(VERA).passkeys.push(passkey(9)));
    let removal = with_passkey
        .context(|context, _, _| decide_remove_passkey(context, &with_passkey.facts(), SESSION, passkey_id(9)));
    Cell {
        usable: of(usable_methods(vera, &world.connections, &world.policy)),
        own: of(own_methods(vera, &world.connections, &world.policy)),
        way_in: of(ways_in(vera, &world.connections, &world.policy)),
        why: vera
            .links
            .first()
            .and_then(|link| why_unusable(link, &world.connections, &world.policy))
            .map_or_else(String::new, |because| format!("{because:?}")),
        signs_in: anonymous.local_sign_in().reason,
        steps_up: shown.step_up(VERA).reason,
        recovers: world.recover(VERA, &[proof]).reason,
        link_goes: matches!(spare.unlink(link_id(20)).outcome, UnlinkOutcome::Removed { .. }),
        page_says: (
            page(&spare, &link_method(20, "other")),
            page(&with_passkey, &Method::Passkey { passkey: passkey_id(9) }),
        ),
        passkey_goes: matches!(removal.outcome, PasskeyRemoval::Removed { .. }),
        connection_goes,
        after_recovery: after_recovery(world),
    }
}

/// What a recovery by two passkeys of old leaves of the method.
fn after_recovery(world: &World) -> &'static str {
    let world = world.clone().with(|w| {
        for n in [8, 9] {
            let mut old = passkey(n);
            old.added_at = NOW - DAY.times(60);
            w.user(VERA).passkeys.push(old);
        }
    });
    let by = |n| Proof::of_checked(VERA, Method::Passkey { passkey: passkey_id(n) }, PASSKEY_LEVEL, NOW - SECOND);
    let decision = world.recover(VERA, &[by(8), by(9)]);
    if !matches!(decision.outcome, RecoverOutcome::Recovered { .. }) {
        return "not by passkeys";
    }
    if decision.plan.any(|c| matches!(c, Change::HoldLink { .. })) {
        "held"
    } else if decision.plan.any(|c| matches!(c, Change::RemovePasskey { .. })) {
        "removed"
    } else {
        "stays"
    }
}

/// That all of them say the same, and what the product's meaning says.
fn agree(kind: Kind, state: State, cell: &Cell) -> Result<(), String> {
    use State::{Expired, Lately, LevelTwo, Organisations, Protected, Ready};
    let usable = matches!(state, Ready | Organisations | Expired | LevelTwo | Protected | Lately);
    must(cell.usable == usable, "usable = enabled by policy for this user now, proven, and working")?;
    must(cell.own == (usable && state != Organisations), "an organisation's connection is not the user's own")?;
    let reaches = state != LevelTwo || kind == Kind::Passkey;
    must(cell.way_in == (cell.own && reaches), "a way in reaches the level the user needs")?;
    must(kind != Kind::Link || cell.usable == cell.why.is_empty(), "a link that is not usable says why")?;
    let refused = |reason: Reason| reason == Reason::MethodNotAllowed;
    must(refused(cell.signs_in) != cell.usable, "what is usable signs in, and nothing else")?;
    must(refused(cell.steps_up) != cell.own, "what is the user's own steps up, and nothing else")?;
    must(refused(cell.recovers) != cell.own, "what is the user's own recovers, and nothing else")?;
    let fresh = |reason: Reason| (reason == Reason::NotFresh) == (state == Expired && !refused(reason));
    must([cell.signs_in, cell.steps_up, cell.recovers].into_iter().all(fresh), "an expired proof proves nothing")?;
    must((cell.signs_in == Reason::LevelTooLow) == (cell.usable && !reaches), "no session below the level")?;
    let alone = cell.own && !matches!(state, LevelTwo | Protected | Expired);
    must((cell.recovers == Reason::Recovered) == alone, "one proof recovers who needs one level, and nobody else")?;
    // Of a protected user more has to remain than what hangs on one mailbox or one provider (T75).
    let remains = cell.way_in && (state != Protected || matches!(kind, Kind::Password | Kind::Passkey));
    must(cell.link_goes == remains, "the last way in stays when a link goes")?;
    must(cell.passkey_goes == remains, "the last way in stays when a passkey goes")?;
    must(cell.page_says == (cell.link_goes, cell.passkey_goes), "the page says what the decisions do")?;
    // An operator who switches a connection off strands nobody who can still sign in at all.
    must(cell.connection_goes == (cell.usable && reaches), "nobody is stranded unasked")
}

const PREFACE: &str = "\
<!-- Generated by `UPDATE_GENERATED=1 cargo nextest run -p linking -E 'test(every_method_in_every_state)'`. -->
# Methods and their states

What each decision says of a user who has this one method in this state. *Way in*: usable, the user's own, and at the
level the user needs. The next three columns: what signing in, a step-up and a recovery with it alone come to. Then
whether, with it beside, a link may be removed, a passkey may be removed, and the connection of that link may be switched
off without stranding its user. The last: what a recovery by something else leaves of it. A kind that is missing in a
state cannot be in it. The pages list methods by the same functions.

| method | state | usable | own | way in | why not | signs in | steps up | recovers | a link goes | a passkey goes | a connection goes | after a recovery |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
";

#[test]
fn t72_t73_t94_every_method_in_every_state() {
    let mut page = PREFACE.to_owned();
    let mut met = BTreeSet::new();
    for (kind, name) in KINDS {
        for (state, words) in STATES {
            let Some(world) = world(kind, state) else { continue };
            let cell = look(kind, state, &world);
            agree(kind, state, &cell).unwrap_or_else(|what| panic!("{name}, {words}: {what}"));
            met.insert(state);
            let yes = |yes: bool| if yes { "yes" } else { "no" };
            let code = |reason: Reason| format!("`{}`", reason.code());
            let why = if cell.why.is_empty() { String::new() } else { format!("`{}`", cell.why) };
            let cells = [
                yes(cell.usable).to_owned(),
                yes(cell.own).to_owned(),
                yes(cell.way_in).to_owned(),
                why,
                code(cell.signs_in),
                code(cell.steps_up),
                code(cell.recovers),
                yes(cell.link_goes).to_owned(),
                yes(cell.passkey_goes).to_owned(),
                yes(cell.connection_goes).to_owned(),
                cell.after_recovery.to_owned(),
            ];
            let _ = writeln!(page, "| {name} | {words} | {} |", cells.join(" | "));
        }
    }
    assert_eq!(met.len(), STATES.len(), "every state is some method's");
    page.push_str(&beside::section());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/methods-table.md");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = stored.lines().zip(page.lines()).find(|(stored, page)| stored != page);
    assert!(stored == page, "docs/methods-table.md is old: run this test with UPDATE_GENERATED=1\n{differs:#?}");
}
