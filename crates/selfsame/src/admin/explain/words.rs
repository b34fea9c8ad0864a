//! The words of an explanation: dates, people, proofs, kinds of events.

use linking::Reason;
use model::{Actor, ConnectionId, EventKind, Facts, Micros, UserFacts, UserId, UserStatus};
use std::collections::BTreeMap;
use store::AuditChain;

pub(super) fn date(at: Micros) -> String {
    let text = web::texts::machine_time(at);
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {} UTC", time.get(..5).unwrap_or(time))
}

pub(super) fn nameless(user: UserId) -> String {
    format!("the account …{}", user.tail())
}

pub(super) fn account(user: &UserFacts) -> String {
    if user.status == UserStatus::Deleted {
        format!("{}, which was deleted", nameless(user.id))
    } else if !user.name.is_empty() {
        format!("the account of {}", user.name)
    } else {
        user.addresses.first().map_or_else(|| nameless(user.id), |known| format!("the account of {}", known.address))
    }
}

/// The operator's sentence of a reason.
pub(super) fn reason(code: &str) -> String {
    Reason::from_code(code).map_or_else(
        || format!("The log gives the reason `{code}`, which this version does not know."),
        |reason| reason.happened().to_owned(),
    )
}

pub(super) fn actor(actor: &Actor, chain: AuditChain, facts: &Facts) -> String {
    match actor {
        Actor::User { user } if chain == AuditChain::User(*user) => "the person themselves".to_owned(),
        Actor::User { user } => facts.user(*user).map_or_else(|| nameless(*user), account),
        Actor::Operator { name } => format!("the operator {name}"),
        Actor::System => "the system".to_owned(),
    }
}

pub(super) fn capital(sentence: &str) -> String {
    let mut text = format!("{sentence}.");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

pub(super) fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::UserCreated => "an account was created",
        EventKind::UserDisabled => "the account was disabled",
        EventKind::UserEnabled => "the account was enabled",
        EventKind::UserDeleted => "the account was deleted",
        EventKind::SignedIn => "somebody signed in",
        EventKind::SignedOut => "somebody signed out",
        EventKind::SteppedUp => "somebody confirmed who they are",
        EventKind::SessionEnded => "a session was ended",
        EventKind::AddressProven => "an address was proven",
        EventKind::PasswordSet => "a password was set",
        EventKind::PasskeyAdded => "a passkey was added",
        EventKind::PasskeyRemoved => "a passkey was removed",
        EventKind::TotpAdded => "a second factor was set up",
        EventKind::TotpRemoved => "the second factor was turned off",
        EventKind::RecoveryCodesMade => "new recovery codes were made",
        EventKind::Linked => "an identity was linked",
        EventKind::Unlinked => "a link was removed",
        EventKind::LinkRefused => "a link was refused",
        EventKind::RecycledIdentityNoticed => "another identity of a linked provider came with the address",
        EventKind::ConnectionDeclared => "a connection was declared",
        EventKind::ConnectionEnabled => "a connection was switched on",
        EventKind::ConnectionDisabled => "a connection was switched off",
        EventKind::LinkMoved => "an identity came from another account",
        EventKind::UsersMerged => "two accounts became one",
        EventKind::LinkHeld => "a link was put on hold",
        EventKind::LinkReleased => "a link on hold was confirmed",
        EventKind::ChangeUndone => "a change was undone",
        EventKind::Recovered => "somebody came back by recovery",
        EventKind::ConnectionMoved => "a connection was moved to another epoch",
        EventKind::ApplicationSignedIn => "an application was told who signed in",
        EventKind::ConsentGiven => "an application was allowed in",
        EventKind::ConsentWithdrawn => "an application's access was taken back",
        EventKind::TokenReused => "a code or token came a second time",
        EventKind::ClientRegistered => "a client was registered",
        EventKind::ClientChanged => "a client was changed",
        EventKind::ClientRemoved => "a client was removed",
        EventKind::RegistrationTokenMade => "a token for registrations was made",
        EventKind::RegistrationTokenRevoked => "a token for registrations was taken back",
        EventKind::MemberAdded => "somebody became a member of an organisation",
        EventKind::MemberRemoved => "somebody is a member of an organisation no more",
    }
}

/// A reference to a proof, as the log has it, in words; what is not understood stands as it is.
pub(super) fn proof(reference: &str, name_of: &dyn Fn(&ConnectionId) -> String) -> String {
    known_proof(reference, name_of).unwrap_or_else(|| reference.to_owned())
}

fn known_proof(reference: &str, name_of: &dyn Fn(&ConnectionId) -> String) -> Option<String> {
    if let Some(event) = reference.strip_prefix("grant:") {
        return Some(format!("the right to undo the event {event}"));
    }
    let (what, rest) = reference.split_once('@')?;
    let (at, level) = rest.split_once("/aal")?;
    let at = date(Micros(at.parse().ok()?));
    let method = |method: &str| match method {
        "password" => "the password".to_owned(),
        "email_code" => "a mailbox code".to_owned(),
        "link" => "a linked identity".to_owned(),
        other => other.to_owned(),
    };
    let mut words = what.split(':');
    let shown = match (words.next()?, words.next(), words.next()) {
        ("assertion", Some(connection), None) => {
            format!("the word of {}", name_of(&ConnectionId::parse(connection)?))
        }
        ("session", Some(_), Some(by)) => format!("a session signed in by {}", method(by)),
        ("link", Some(_), None) => method("link"),
        (by, None, None) => method(by),
        _ => return None,
    };
    Some(format!("{shown} ({at}, level {level})"))
}

/// What the personal values of an event say.
pub(super) fn personal(values: Option<&BTreeMap<String, String>>) -> Option<String> {
    let label = |key: &str| match key {
        "subject" => "the subject at the provider".to_owned(),
        "asserted_address" => "the address the provider gave".to_owned(),
        "proven_address" => "the address that was proven".to_owned(),
        other => other.replace('_', " "),
    };
    let told: Vec<String> = values?
        .iter()
        .filter(|(key, _)| *key != "namespace")
        .map(|(key, value)| format!("{} was {value}", label(key)))
        .collect();
    (!told.is_empty()).then(|| capital(&told.join(", ")))
}
