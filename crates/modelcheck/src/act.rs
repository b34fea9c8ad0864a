//! What can happen: everything that the people, the providers, the operator and the machines do.

use crate::names::{ATTACKERS, HONEST, IDENTITY, OPEN, VICTIMS};
use crate::setup::Setup;
use crate::state::{
    ABSORBED, ACTIVE, ADDRESSES, APPLICATION, BROWSERS, CODE, CONFIRMING, DISABLED, Db, HALF_WAY, IDENTITIES, LINK,
    LINKING, METHODS, NO_FLOW, NO_USER, ORGANISATION, PASSKEYS, PASSWORD, Person, SESSIONS, SIGN_IN, State, USERS,
    owner, passkey_of,
};

/// `b` is a browser, `i` an identity, `a` an address (in claims: and one), `m` a method, `u` a user, `c` a connection,
/// `k` an authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Comes back from a provider to sign in.
    Return {
        b: u8,
        i: u8,
        a: u8,
        verified: bool,
    },
    /// Enters the code that went to a mailbox.
    Code {
        b: u8,
        a: u8,
    },
    /// Proves a user in the middle of a journey.
    Prove {
        b: u8,
        u: u8,
        m: u8,
    },
    /// Shows a second factor: that of this user.
    Factor {
        b: u8,
        u: u8,
    },
    /// Asks for a user of their own.
    Separate {
        b: u8,
    },
    /// Agrees to switch from the user who is signed in.
    Switch {
        b: u8,
    },
    SignUp {
        b: u8,
        a: u8,
    },
    SignIn {
        b: u8,
        u: u8,
        m: u8,
    },
    StepUp {
        b: u8,
        m: u8,
    },
    SignOut {
        b: u8,
    },
    StartLink {
        b: u8,
    },
    /// Comes back from a provider to link.
    ReturnToLink {
        b: u8,
        i: u8,
        a: u8,
        verified: bool,
    },
    /// Moves the identity that came back from another user, proven by a method of that one.
    Move {
        b: u8,
        u: u8,
        m: u8,
    },
    Unlink {
        b: u8,
        i: u8,
    },
    SetPassword {
        b: u8,
    },
    AddPasskey {
        b: u8,
        k: u8,
    },
    RemovePasskey {
        b: u8,
        k: u8,
    },
    /// Sets a second factor up, or another in its place.
    SetFactor {
        b: u8,
    },
    RemoveFactor {
        b: u8,
    },
    /// Types an address and a password that is wrong.
    Guess {
        b: u8,
        a: u8,
    },
    Merge {
        b: u8,
        u: u8,
        m: u8,
    },
    Unmerge {
        b: u8,
        u: u8,
        m: u8,
    },
    Undo {
        b: u8,
    },
    Freeze {
        b: u8,
    },
    /// With one proof, or with two.
    Recover {
        b: u8,
        u: u8,
        m: u8,
        second: Option<u8>,
    },
    Release {
        b: u8,
        i: u8,
    },
    HandOver,
    /// Presents a spent flow again.
    Again {
        b: u8,
    },
    /// The operator switches a connection off (also when it strands somebody) or on.
    Disable {
        c: u8,
        force: bool,
    },
    Enable {
        c: u8,
    },
    MoveConnection {
        second: bool,
    },
    SetUser {
        u: u8,
        status: u8,
    },

    Commit,
    Crash,
    Minutes,
    Months,
    Recycle,
    Restore,
}

/// An act, done at once or read now and committed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    pub act: Act,
    pub split: bool,
}

impl Act {
    /// The browser that acts, if one does. The application counts as the third.
    pub fn browser(self) -> Option<u8> {
        match self {
            Self::Return { b, .. }
            | Self::Code { b, .. }
            | Self::Prove { b, .. }
            | Self::Factor { b, .. }
            | Self::SetFactor { b }
            | Self::RemoveFactor { b }
            | Self::Separate { b }
            | Self::Switch { b }
            | Self::SignUp { b, .. }
            | Self::SignIn { b, .. }
            | Self::StepUp { b, .. }
            | Self::SignOut { b }
            | Self::StartLink { b }
            | Self::ReturnToLink { b, .. }
            | Self::Move { b, .. }
            | Self::Unlink { b, .. }
            | Self::SetPassword { b }
            | Self::AddPasskey { b, .. }
            | Self::RemovePasskey { b, .. }
            | Self::Guess { b, .. }
            | Self::Merge { b, .. }
            | Self::Unmerge { b, .. }
            | Self::Undo { b }
            | Self::Freeze { b }
            | Self::Recover { b, .. }
            | Self::Release { b, .. }
            | Self::Again { b } => Some(b),
            Self::HandOver => Some(0),
            _ => None,
        }
    }

    /// Done by the victim alone, or by nobody in particular: what recovery from a lock-out may rest on.
    pub fn is_honest(self) -> bool {
        matches!(self, Self::Minutes | Self::Commit | Self::Crash) || self.browser() == Some(0)
    }
}

/// Whether a person can open a mailbox.
pub fn reads(person: Person, address: u8, recycled: bool) -> bool {
    match (address, person) {
        (VICTIMS, Person::Victim) => !recycled,
        (VICTIMS, Person::Attacker) => recycled,
        (ATTACKERS, person) => person == Person::Attacker,
        _ => false,
    }
}

/// Who holds an authenticator.
pub fn holds(person: Person, key: u8) -> bool {
    (key == 0) == (person == Person::Victim)
}

/// Whether a person can show the second factor of a user: nobody else ever can.
pub fn shows_factor(db: &Db, person: Person, user: u8) -> bool {
    db.users[usize::from(user)].factor == person as u8 + 1
}

/// Whether a person can show a method of a user right now.
pub fn can_show(setup: &Setup, db: &Db, person: Person, user: u8, method: u8) -> bool {
    if let Some(key) = passkey_of(method) {
        let known = db.passkeys[usize::from(key)];
        return known.of() == Some(user) && !known.elsewhere && holds(person, key);
    }
    match method {
        PASSWORD => {
            let password = db.users[usize::from(user)].password;
            password == person as u8 + 1 || setup.known && password > 0 && owner(user) == Person::Victim
        }
        code if code < LINK => {
            let at = code - CODE;
            db.addresses[usize::from(at)].owner == user + 1 && reads(person, at, db.recycled)
        }
        link => {
            let identity = link - LINK;
            db.identities[usize::from(identity)].active() == Some(user)
                && setup.takes_part(identity)
                && setup.controls(person, identity)
                && in_epoch(db, identity)
        }
    }
}

/// An identity can come back only while its issuer is the connection's.
fn in_epoch(db: &Db, identity: u8) -> bool {
    let (_, connection, epoch, _) = IDENTITY[usize::from(identity)];
    connection != HONEST || (epoch == 2) == db.second_epoch
}

/// What a provider may say of an identity's address, when this person is behind it: the address and one, and whether it
/// calls it verified.
fn claims(setup: &Setup, db: &Db, person: Person, identity: u8) -> &'static [(u8, bool)] {
    const MINE: u8 = VICTIMS + 1;
    const THEIRS: u8 = ATTACKERS + 1;
    match (identity, person) {
        (0 | 2, _) | (4 | 5, Person::Victim) => &[(MINE, true)],
        // A second account of the same person.
        (1 | 3, Person::Victim) => &[(0, false), (MINE, true)],
        // The honest provider follows the mailbox when it passes on.
        (1, _) if db.recycled => &[(THEIRS, true), (MINE, true)],
        (1, _) | (5, Person::Attacker) => &[(THEIRS, true)],
        // Here anybody sets anything, but where it is vouched for: that provider sends a code before it says *verified*.
        (3, _) if setup.vouched => &[(0, false), (MINE, false), (THEIRS, true)],
        (3, _) => &[(0, false), (MINE, true), (MINE, false), (THEIRS, true)],
        _ => &[(0, false), (MINE, true), (THEIRS, true)],
    }
}

/// Everything that can happen next.
pub fn steps(setup: &Setup, state: &State) -> Vec<Step> {
    let mut list = Vec::with_capacity(48);
    let mut acts = Vec::with_capacity(48);
    for browser in 0..BROWSERS as u8 {
        of_browser(setup, state, browser, &mut acts);
    }
    if setup.events.hand_over {
        of_application(setup, state, &mut acts);
    }
    of_operator(setup, state, &mut acts);
    let waiting = state.pending.plan != 0;
    for act in acts {
        list.push(Step { act, split: false });
        if setup.events.split && !waiting && !matches!(act, Act::StartLink { .. }) {
            list.push(Step { act, split: true });
        }
    }
    let mut now = |act| list.push(Step { act, split: false });
    if waiting {
        now(Act::Commit);
        now(Act::Crash);
    } else {
        if setup.events.time {
            now(Act::Minutes);
        }
        if setup.events.months {
            now(Act::Months);
        }
    }
    if setup.events.recycle && !state.db.recycled {
        now(Act::Recycle);
    }
    if setup.events.restore && state.sessions.iter().all(|session| !session.dead) {
        now(Act::Restore);
    }
    list
}

fn of_browser(setup: &Setup, state: &State, b: u8, acts: &mut Vec<Act>) {
    let (db, person) = (&state.db, setup.person_at(b));
    let (session, flow) = (state.sessions[usize::from(b)], state.flows[usize::from(b)]);
    let events = &setup.events;
    // Whoever left something behind comes back when it is found.
    if setup.trojan && person == Person::Attacker && left_behind(db) {
        return;
    }
    if events.guesses {
        guesses(setup, db, b, acts);
    }
    for i in 0..IDENTITIES as u8 {
        if !setup.takes_part(i) || !setup.controls(person, i) || !in_epoch(db, i) {
            continue;
        }
        for &(a, verified) in claims(setup, db, person, i) {
            acts.push(Act::Return { b, i, a, verified });
            // An account that two people share is whose it was.
            let shared = setup.known && i == 2 && person == Person::Attacker;
            if flow.kind == LINKING && flow.identity == 0 && !shared {
                acts.push(Act::ReturnToLink { b, i, a, verified });
            }
        }
    }
    let live = flow.kind == SIGN_IN && !flow.spent;
    // The victim goes on only with what they brought themselves.
    let own = flow.identity > 0 && setup.controls(person, flow.identity - 1);
    if live && own {
        for a in 0..ADDRESSES as u8 {
            if flow.mailbox == 0 && (flow.claim == 0 || flow.claim == a + 1) && reads(person, a, db.recycled) {
                acts.push(Act::Code { b, a });
            }
        }
        if flow.named > 0 && flow.proof == 0 {
            proofs(setup, db, person, |u, m| acts.push(Act::Prove { b, u, m }));
        }
        if !flow.separate {
            acts.push(Act::Separate { b });
        }
        if !flow.switch && session.user > 0 {
            acts.push(Act::Switch { b });
        }
    }
    let half_way = matches!(flow.kind, HALF_WAY | CONFIRMING);
    if setup.policy.local.totp && flow.factor == 0 && (live && own || half_way) {
        acts.extend((0..USERS as u8).filter(|u| shows_factor(db, person, *u)).map(|u| Act::Factor { b, u }));
    }
    if flow.spent && events.replay {
        acts.push(Act::Again { b });
    }
    for a in 0..ADDRESSES as u8 {
        if reads(person, a, db.recycled) && session.user == 0 {
            acts.push(Act::SignUp { b, a });
        }
    }
    proofs(setup, db, person, |u, m| {
        acts.push(Act::SignIn { b, u, m });
        if session.of() == Some(u) && !(session.fresh && session.method == m) {
            acts.push(Act::StepUp { b, m });
        }
        if events.recovery {
            acts.push(Act::Recover { b, u, m, second: None });
            for second in (m + 1)..METHODS {
                if can_show(setup, db, person, u, second) {
                    acts.push(Act::Recover { b, u, m, second: Some(second) });
                }
            }
        }
        let other = session.user > 0 && session.of() != Some(u);
        if events.moves && other && flow.kind == LINKING && flow.identity > 0 && !flow.spent && own {
            acts.push(Act::Move { b, u, m });
        }
        if events.merges && other {
            acts.push(Act::Merge { b, u, m });
        }
        if events.merges && db.grants.merged && session.of() == Some(db.grants.survivor) {
            acts.push(Act::Unmerge { b, u, m });
        }
    });
    if let Some(user) = session.of() {
        of_session(setup, state, b, user, acts);
    }
    if events.undo && db.grants.change == 1 {
        let told = (0..ADDRESSES as u8)
            .any(|a| db.addresses[usize::from(a)].owner == db.grants.user + 1 && reads(person, a, db.recycled));
        if told {
            acts.push(Act::Freeze { b });
        }
    }
}

/// Whether something of the attacker's opens the victim's user.
pub fn left_behind(db: &Db) -> bool {
    let victims = |user: Option<u8>| user.is_some_and(|user| owner(user) == Person::Victim);
    victims(db.passkeys[1].of()) || victims(db.identities[3].active())
}

/// The attacker guesses at whatever addresses the victim's user has.
fn guesses(setup: &Setup, db: &Db, b: u8, acts: &mut Vec<Act>) {
    let known = |a: &u8| db.addresses[usize::from(*a)].owner == 1;
    if setup.person_at(b) == Person::Attacker {
        acts.extend((0..ADDRESSES as u8).filter(known).map(|a| Act::Guess { b, a }));
    }
}

/// What a signed-in browser, or the application, asks for.
fn of_session(setup: &Setup, state: &State, b: u8, user: u8, acts: &mut Vec<Act>) {
    let events = &setup.events;
    let db = &state.db;
    if usize::from(b) < BROWSERS {
        acts.push(Act::SignOut { b });
        if state.flows[usize::from(b)].kind == NO_FLOW || state.flows[usize::from(b)].spent {
            acts.push(Act::StartLink { b });
        }
    }
    for i in 0..IDENTITIES as u8 {
        let identity = db.identities[usize::from(i)];
        if identity.living() == Some(user) {
            acts.push(Act::Unlink { b, i });
        }
        // Nobody says that a stranger's account is theirs.
        let theirs = setup.person_at(b) == Person::Attacker || setup.controls(Person::Victim, i) || !setup.trojan;
        if (events.undo || events.recovery) && identity.held() == Some(user) && theirs {
            acts.push(Act::Release { b, i });
        }
    }
    if events.passkeys {
        for k in 0..PASSKEYS as u8 {
            if holds(setup.person_at(b), k) {
                acts.push(Act::AddPasskey { b, k });
            }
            // Anybody may ask for it, by an id that was guessed.
            acts.push(Act::RemovePasskey { b, k });
        }
    }
    if events.factors {
        acts.push(Act::SetFactor { b });
        // Who is attacked knows what it is there for.
        let keeps = setup.known && owner(user) == Person::Victim;
        if db.users[usize::from(user)].factor > 0 && !keeps {
            acts.push(Act::RemoveFactor { b });
        }
    }
    if events.passwords {
        acts.push(Act::SetPassword { b });
    }
    if events.undo && db.grants.change != 0 && db.grants.user == user {
        acts.push(Act::Undo { b });
    }
    if events.hand_over && b == 0 && state.sessions[2].user == 0 {
        acts.push(Act::HandOver);
    }
}

/// An application that was handed a session tries everything a browser could.
fn of_application(setup: &Setup, state: &State, acts: &mut Vec<Act>) {
    let b = SESSIONS as u8 - 1;
    let session = state.sessions[usize::from(b)];
    debug_assert!(session.user == 0 || session.scope == APPLICATION || session.scope == ORGANISATION);
    if let Some(user) = session.of() {
        of_session(setup, state, b, user, acts);
    }
}

/// Every user and method that a person can show now.
fn proofs(setup: &Setup, db: &Db, person: Person, mut each: impl FnMut(u8, u8)) {
    for u in 0..USERS as u8 {
        if matches!(db.users[usize::from(u)].status, NO_USER) {
            continue;
        }
        for m in 0..METHODS {
            // The password of a user who was absorbed still says whose it was, while a merge can be undone.
            let absorbed = db.users[usize::from(u)].status == ABSORBED && m != PASSWORD;
            if !absorbed && can_show(setup, db, person, u, m) {
                each(u, m);
            }
        }
    }
}

fn of_operator(setup: &Setup, state: &State, acts: &mut Vec<Act>) {
    let db = &state.db;
    if setup.events.operator {
        for c in [HONEST, OPEN] {
            if db.is_on(c) {
                acts.push(Act::Disable { c, force: false });
            } else {
                acts.push(Act::Enable { c });
            }
        }
        for u in 0..USERS as u8 {
            match db.users[usize::from(u)].status {
                ACTIVE => {
                    acts.push(Act::SetUser { u, status: DISABLED });
                    if owner(u) == Person::Victim {
                        acts.push(Act::SetUser { u, status: crate::state::DELETED });
                    }
                }
                DISABLED => acts.push(Act::SetUser { u, status: ACTIVE }),
                _ => {}
            }
        }
    }
    if setup.events.epoch.is_some() {
        acts.push(Act::MoveConnection { second: !db.second_epoch });
    }
}
