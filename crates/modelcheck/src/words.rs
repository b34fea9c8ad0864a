//! Traces in words a person can follow.

use crate::act::{Act, Step};
use crate::names::IDENTITY;
use crate::setup::Setup;
use crate::state::{CODE, LINK, PASSWORD, Person, State, owner, passkey_of};
use std::fmt::Write as _;

fn who(setup: &Setup, browser: u8) -> &'static str {
    match browser {
        0 => "The victim",
        1 if setup.two_devices => "The victim, on another device,",
        1 => "The attacker",
        _ => "The application",
    }
}

fn whose(user: u8) -> String {
    match (owner(user), user) {
        (Person::Victim, 0) => "the victim's user".to_owned(),
        (Person::Victim, _) => "the victim's second user".to_owned(),
        (Person::Attacker, _) => "the attacker's user".to_owned(),
    }
}

fn address(at: u8) -> &'static str {
    ["vera@home.example", "mallory@home.example"][usize::from(at)]
}

fn passkey(key: u8) -> &'static str {
    ["the victim's passkey", "the attacker's passkey"][usize::from(key)]
}

fn method(setup: &Setup, number: u8) -> String {
    match number {
        key if passkey_of(key).is_some() => passkey(passkey_of(key).unwrap_or(0)).to_owned(),
        PASSWORD => "the password".to_owned(),
        code if code < LINK => format!("a code to {}", address(code - CODE)),
        link => identity(setup, link - LINK).to_owned(),
    }
}

fn identity(setup: &Setup, number: u8) -> &'static str {
    match number {
        1 if setup.second_accounts => "the victim's second account at the honest provider",
        3 if setup.second_accounts => "the victim's second account at the open provider",
        number => IDENTITY[usize::from(number)].0,
    }
}

fn claim(a: u8, verified: bool) -> String {
    match a.checked_sub(1) {
        None => "without an address".to_owned(),
        Some(at) if verified => format!("with {}, called verified", address(at)),
        Some(at) => format!("with {}, not verified", address(at)),
    }
}

const CONNECTIONS: [&str; 3] = ["the honest provider", "the open provider", "the tenant's provider"];

/// One step as a sentence.
pub fn sentence(setup: &Setup, step: Step) -> String {
    let act = match step.act {
        Act::Return { b, i, a, verified } => {
            format!("{} comes back to sign in as {}, {}.", who(setup, b), identity(setup, i), claim(a, verified))
        }
        Act::Code { b, a } => format!("{} enters the code that went to {}.", who(setup, b), address(a)),
        Act::Prove { b, u, m } => format!("{} proves {} with {}.", who(setup, b), whose(u), method(setup, m)),
        Act::Factor { b, u } => format!("{} shows the second factor of {}.", who(setup, b), whose(u)),
        Act::SetFactor { b } => format!("{} sets up a second factor.", who(setup, b)),
        Act::RemoveFactor { b } => format!("{} turns the second factor off.", who(setup, b)),
        Act::Separate { b } => format!("{} asks for a separate account.", who(setup, b)),
        Act::Switch { b } => format!("{} agrees to switch accounts.", who(setup, b)),
        Act::SignUp { b, a } => format!("{} signs up with {} and a password.", who(setup, b), address(a)),
        Act::SignIn { b, u, m } => format!("{} signs in to {} with {}.", who(setup, b), whose(u), method(setup, m)),
        Act::StepUp { b, m } => format!("{} confirms with {}.", who(setup, b), method(setup, m)),
        Act::SignOut { b } => format!("{} signs out.", who(setup, b)),
        Act::StartLink { b } => format!("{} starts to connect an account.", who(setup, b)),
        Act::ReturnToLink { b, i, a, verified } => {
            format!("{} comes back to connect {}, {}.", who(setup, b), identity(setup, i), claim(a, verified))
        }
        Act::Move { b, u, m } => {
            format!("{} moves it here from {}, proven with {}.", who(setup, b), whose(u), method(setup, m))
        }
        Act::Unlink { b, i } => format!("{} removes {}.", who(setup, b), identity(setup, i)),
        Act::SetPassword { b } => format!("{} sets a password.", who(setup, b)),
        Act::AddPasskey { b, k } => format!("{} adds {}.", who(setup, b), passkey(k)),
        Act::RemovePasskey { b, k } => format!("{} removes {}.", who(setup, b), passkey(k)),
        Act::Guess { b, a } => format!("{} tries a password at {}.", who(setup, b), address(a)),
        Act::Merge { b, u, m } => {
            format!("{} merges in {}, proven with {}.", who(setup, b), whose(u), method(setup, m))
        }
        Act::Unmerge { b, u, m } => {
            format!("{} takes the merge back, proving {} with {}.", who(setup, b), whose(u), method(setup, m))
        }
        Act::Undo { b } => format!("{} undoes the last change.", who(setup, b)),
        Act::Freeze { b } => format!("{} clicks *this was not me* in the notice.", who(setup, b)),
        Act::Recover { b, u, m, second: None } => {
            format!("{} recovers {} with {}.", who(setup, b), whose(u), method(setup, m))
        }
        Act::Recover { b, u, m, second: Some(second) } => {
            format!("{} recovers {} with {} and {}.", who(setup, b), whose(u), method(setup, m), method(setup, second))
        }
        Act::Release { b, i } => format!("{} says that {} is theirs after all.", who(setup, b), identity(setup, i)),
        Act::HandOver => "The victim lets an application take over.".to_owned(),
        Act::Again { b } => format!("{} presents the finished journey again.", who(setup, b)),
        Act::Disable { c, .. } => format!("The operator switches {} off.", CONNECTIONS[usize::from(c)]),
        Act::Enable { c } => format!("The operator switches {} on.", CONNECTIONS[usize::from(c)]),
        Act::MoveConnection { second: true } => "The operator gives the honest connection another issuer.".to_owned(),
        Act::MoveConnection { second: false } => "The operator goes back to the issuer from before.".to_owned(),
        Act::SetUser { u, status } => {
            let what = match status {
                crate::state::ACTIVE => "enables",
                crate::state::DISABLED => "disables",
                _ => "deletes",
            };
            format!("The operator {what} {}.", whose(u))
        }
        Act::Commit => "The write that waited is committed.".to_owned(),
        Act::Crash => "The server is killed before the write.".to_owned(),
        Act::Minutes => "Ten minutes pass.".to_owned(),
        Act::Months => "Two months pass.".to_owned(),
        Act::Recycle => "The victim's mailbox passes to the attacker.".to_owned(),
        Act::Restore => "A backup is restored.".to_owned(),
    };
    if step.split { format!("{act} (Decided on what was read; the write waits.)") } else { act }
}

/// Who there is, what they have, who is signed in.
pub fn situation(setup: &Setup, state: &State) -> String {
    let mut text = String::new();
    let db = &state.db;
    let mut nobody = true;
    for (slot, user) in (0u8..).zip(db.users) {
        if user.status == crate::state::NO_USER {
            continue;
        }
        nobody = false;
        let mut has = Vec::new();
        if user.password > 0 {
            has.push("a password".to_owned());
        }
        for (at, known) in (0u8..).zip(db.addresses) {
            if known.owner == slot + 1 {
                has.push(address(at).to_owned());
            }
        }
        for (i, known) in (0u8..).zip(db.identities) {
            if known.active() == Some(slot) {
                has.push(identity(setup, i).to_owned());
            } else if known.held() == Some(slot) {
                has.push(format!("{} (held)", identity(setup, i)));
            }
        }
        for (k, known) in (0u8..).zip(db.passkeys) {
            if known.of() == Some(slot) {
                let elsewhere = if known.elsewhere { " (made for another host)" } else { "" };
                has.push(format!("{}{elsewhere}", passkey(k)));
            }
        }
        if user.factor > 0 {
            has.push("a second factor".to_owned());
        }
        if user.two {
            has.push("the second level required".to_owned());
        }
        if user.member {
            has.push("membership of the tenant".to_owned());
        }
        let has = if has.is_empty() { "nothing".to_owned() } else { has.join(", ") };
        let _ = writeln!(text, "- {} has {has}.", capital(&whose(slot)));
    }
    if nobody {
        text.push_str("- Nobody has an account.\n");
    }
    for (slot, session) in (0u8..).zip(state.sessions) {
        if let Some(user) = session.of() {
            let _ = writeln!(
                text,
                "- {} is signed in to {} through {}.",
                who(setup, slot),
                whose(user),
                method(setup, session.method)
            );
        }
    }
    text
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The whole story, as Markdown.
pub fn story(setup: &Setup, start: &State, trace: &[(Step, State)]) -> String {
    let mut text = format!("At the start (setup `{}`):\n\n{}", setup.name, situation(setup, start));
    if setup.known {
        text.push_str(
            "- The attacker knows that password, and signs in to the victim's account at the open provider.\n",
        );
    }
    text.push_str("\nThen:\n\n");
    for (number, (step, _)) in trace.iter().enumerate() {
        let _ = writeln!(text, "{}. {}", number + 1, sentence(setup, *step));
    }
    let last = trace.last().map_or(start, |(_, state)| state);
    let _ = write!(text, "\nNow:\n\n{}", situation(setup, last));
    text
}
