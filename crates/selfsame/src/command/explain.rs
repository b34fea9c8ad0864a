//! `selfsame explain` and `selfsame doctor`: their arguments, and an explanation as a person reads it.

use super::{connection, subject};
use crate::admin::Operation;
use clap::{ArgAction, Args, Subcommand};
use model::{Address, ConnectionId, EventId, LinkId, UpstreamSubject};
use serde_json::Value;

#[derive(Debug, Subcommand)]
pub(super) enum Explain {
    /// What an event of the audit log means: who, why, by which proofs.
    Event { event: EventId },
    /// How a link came, what happened to it, and whether it works today.
    Link { link: LinkId },
    /// What would come of a sign-in, by which rule, and what would change it.
    SignIn(SignIn),
}

#[derive(Debug, Args)]
pub(super) struct SignIn {
    #[arg(long, value_parser = connection)]
    connection: ConnectionId,
    /// The person's id at the provider.
    #[arg(long, value_parser = subject)]
    subject: UpstreamSubject,
    /// The address the provider gives.
    #[arg(long)]
    email: Option<Address>,
    /// What the provider says about the address; it says nothing by default.
    #[arg(long, value_name = "true|false", action = ArgAction::Set, requires = "email")]
    email_verified: Option<bool>,
    /// Suppose that the code which went to the address was entered.
    #[arg(long, requires = "email")]
    email_code_entered: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Doctor {
    /// Check that everything stored agrees: links and identities, sessions, addresses, the audit log.
    /// Reads only. Exit code 0 nothing found, 1 something found, 2 not checked to the end.
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Go on where the last run of this configuration was broken off.
    #[arg(long, conflicts_with = "from")]
    pub resume: bool,
    /// Go on at a place that an earlier run printed, or at a part: users, links, identities, addresses, subjects,
    /// sessions, grants, audit.
    #[arg(long, value_name = "KEY")]
    pub from: Option<String>,
    /// Rows looked at in one step.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub page: u32,
}

pub(super) fn operation(command: &Explain) -> Operation {
    match command {
        Explain::Event { event } => Operation::ExplainEvent { event: *event },
        Explain::Link { link } => Operation::ExplainLink { link: *link },
        Explain::SignIn(said) => Operation::ExplainSignIn {
            connection: said.connection.clone(),
            subject: said.subject.clone(),
            address: said.email.clone(),
            verified: said.email_verified,
            code_entered: said.email_code_entered,
        },
    }
}

/// An explanation in paragraphs: what to say, what counted, what happened, what would change it, ids. `None` for any
/// other answer.
pub(super) fn text(answer: &Value) -> Option<String> {
    answer.get("explains")?;
    let rows = |key: &str| answer[key].as_array().cloned().unwrap_or_default();
    let word = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let said: Vec<String> = rows("said").iter().filter_map(|line| line.as_str().map(str::to_owned)).collect();
    let counted: Vec<String> =
        rows("counted").iter().map(|fact| format!("  {:<22} {}", word(fact, "label"), word(fact, "value"))).collect();
    let events: Vec<String> = rows("events").iter().map(|event| format!("  {}", word(event, "sentence"))).collect();
    let what_if: Vec<String> = rows("what_if")
        .iter()
        .map(|other| {
            let row = other["row"].as_u64().map(|row| format!(", row {row}")).unwrap_or_default();
            format!("  If {}: {} ({}{row})", word(other, "if"), word(other, "then"), word(other, "reason"))
        })
        .collect();
    let reference: Vec<String> = answer["reference"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null() && **value != Value::Array(Vec::new()))
        .map(|(key, value)| format!("  {:<22} {}", key.replace('_', " "), super::render::cell(key, value)))
        .collect();
    let mut paragraphs = vec![said.join("\n")];
    for (title, lines) in [
        ("What counted", counted),
        ("What happened to it", events),
        ("What would change it", what_if),
        ("For reference", reference),
    ] {
        if !lines.is_empty() {
            paragraphs.push(format!("{title}\n{}", lines.join("\n")));
        }
    }
    Some(paragraphs.join("\n\n"))
}
