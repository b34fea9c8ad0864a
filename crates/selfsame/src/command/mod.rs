//! The command line: verbs people expect, `--json` everywhere, errors that say what to do.
//!
//! Exit codes: 0 done; 1 refused or failed; 2 the command or the configuration is wrong; 3 a check found something.
//! `doctor verify` has its own: 0 nothing found, 1 something found, 2 not checked to the end.

mod client;
mod doctor;
mod explain;
mod organisation;
mod render;
mod run;

use crate::admin::{Operation, Who};
use clap::{Args, Parser, Subcommand};
use model::{Address, ConnectionId, LinkId, SessionId, UpstreamSubject, UserId, UserStatus};
use std::path::PathBuf;

pub use run::main;
use run::print;
#[cfg(feature = "demo")]
pub(crate) use run::stopped;

#[derive(Debug, Parser)]
#[command(name = "selfsame", version, about = "One person, many sign-ins, one account.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The configuration file.
    #[arg(long, short, global = true, default_value = "selfsame.toml", value_name = "FILE")]
    config: PathBuf,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    /// What to log: error, warn, info, debug, or a filter.
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(Serve),
    /// Run the server with example providers, an example application and a mailbox.
    #[cfg(feature = "demo")]
    Demo(crate::demo::Demo),
    /// The database's schema.
    #[command(subcommand)]
    Migrate(Migrate),
    /// The configuration file.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Users and their sessions.
    #[command(subcommand)]
    User(User),
    /// Links between external identities and users.
    #[command(subcommand)]
    Link(Link),
    /// Connections to identity providers.
    #[command(subcommand)]
    Connection(Connection),
    /// Organisations and their members.
    #[command(subcommand)]
    Organisation(organisation::Organisation),
    /// Applications that sign people in.
    #[command(subcommand)]
    Client(Box<client::Client>),
    /// The keys that sign what applications are told.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Why: of an event, of a link, of a sign-in.
    #[command(subcommand)]
    Explain(explain::Explain),
    /// Whether everything stored agrees.
    #[command(subcommand)]
    Doctor(explain::Doctor),
}

#[derive(Debug, Args)]
struct Serve {
    /// Bring the schema up to date first.
    #[arg(long)]
    migrate: bool,
    /// Allow providers and pages over plain HTTP on this machine. Never in production.
    #[arg(long)]
    insecure_loopback: bool,
    /// Log lines as JSON objects.
    #[arg(long)]
    log_json: bool,
}

#[derive(Debug, Subcommand)]
enum Migrate {
    /// What is applied and what is pending. Exit code 3 when something is pending.
    Status,
    /// Apply what is pending.
    Up,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Explain every mistake with its line and key.
    Check,
    /// The JSON Schema of the file.
    Schema,
}

#[derive(Debug, Subcommand)]
enum User {
    List {
        /// Only who has proven or claimed this address.
        #[arg(long)]
        email: Option<Address>,
        /// Continue after this user.
        #[arg(long)]
        after: Option<UserId>,
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Everything about one user: id or address.
    Show {
        user: Who,
    },
    /// End all sessions and let nobody sign in.
    Disable {
        user: Who,
    },
    Enable {
        user: Who,
    },
    /// Erase what is personal, for good.
    Delete {
        user: Who,
        /// Yes, for good.
        #[arg(long)]
        yes: bool,
    },
    /// Live sessions; with --end, end one or all.
    Sessions {
        user: Who,
        /// A session's id, or `all`.
        #[arg(long, value_name = "SESSION|all")]
        end: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum Link {
    /// Links of a user, removed ones included.
    List { user: Who },
    /// Remove a link. Refused when it is the user's last usable method.
    Remove {
        user: Who,
        link: LinkId,
        /// Even the last one.
        #[arg(long)]
        force: bool,
    },
    /// Whose is this external identity?
    Find {
        #[arg(long)]
        issuer: String,
        #[arg(long, value_parser = subject)]
        subject: UpstreamSubject,
    },
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Which key signs, which will, and which only verifies.
    List,
    /// Make a new key for each algorithm. It signs once every key set that is cached somewhere has it.
    Rotate,
}

#[derive(Debug, Subcommand)]
enum Connection {
    List,
    Enable {
        #[arg(value_parser = connection)]
        connection: ConnectionId,
    },
    /// Refused while users would lose their last usable method.
    Disable {
        #[arg(value_parser = connection)]
        connection: ConnectionId,
        /// Even so.
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Events of a user, or of the whole store.
    Show {
        user: Option<Who>,
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Only events before this number.
        #[arg(long)]
        before: Option<i64>,
    },
    /// Check every chain. Exit code 3 when one is broken.
    Verify,
}

fn subject(text: &str) -> Result<UpstreamSubject, String> {
    UpstreamSubject::parse(text).map_err(|error| error.to_string())
}

fn connection(text: &str) -> Result<ConnectionId, String> {
    ConnectionId::parse(text).ok_or_else(|| "a connection's name is 1 to 32 of a–z, 0–9 and -".to_owned())
}

/// The operation of a command, where it is one.
fn operation(command: &Command) -> Result<Option<Operation>, String> {
    let operation = match command {
        Command::User(User::List { email, after, limit }) => {
            Operation::UserList { address: email.clone(), after: *after, limit: *limit }
        }
        Command::User(User::Show { user }) => Operation::UserShow { user: user.clone() },
        Command::User(User::Disable { user }) => Operation::UserStatus { user: user.clone(), to: UserStatus::Disabled },
        Command::User(User::Enable { user }) => Operation::UserStatus { user: user.clone(), to: UserStatus::Active },
        Command::User(User::Delete { user, yes }) => {
            if !yes {
                return Err("deleting is for good; repeat with --yes".to_owned());
            }
            Operation::UserStatus { user: user.clone(), to: UserStatus::Deleted }
        }
        Command::User(User::Sessions { user, end }) => match end.as_deref() {
            None => Operation::UserSessions { user: user.clone() },
            Some("all") => Operation::EndSessions { user: user.clone(), session: None },
            Some(id) => {
                let session: SessionId = id.parse().map_err(|error| format!("--end: {error}, or `all`"))?;
                Operation::EndSessions { user: user.clone(), session: Some(session) }
            }
        },
        Command::Link(Link::List { user }) => Operation::LinkList { user: user.clone() },
        Command::Link(Link::Remove { user, link, force }) => {
            Operation::LinkRemove { user: user.clone(), link: *link, force: *force }
        }
        Command::Link(Link::Find { issuer, subject }) => {
            Operation::LinkFind { issuer: issuer.clone(), subject: subject.clone() }
        }
        Command::Organisation(command) => organisation::operation(command),
        Command::Client(command) => client::operation(command)?,
        Command::Keys(KeysCommand::List) => Operation::KeysList {},
        Command::Keys(KeysCommand::Rotate) => Operation::KeysRotate {},
        Command::Connection(Connection::List) => Operation::ConnectionList {},
        Command::Connection(Connection::Enable { connection }) => {
            Operation::ConnectionEnable { connection: connection.clone() }
        }
        Command::Connection(Connection::Disable { connection, force }) => {
            Operation::ConnectionDisable { connection: connection.clone(), force: *force }
        }
        Command::Audit(Audit::Show { user, limit, before }) => {
            Operation::AuditShow { user: user.clone(), limit: *limit, before: *before }
        }
        Command::Audit(Audit::Verify) => Operation::AuditVerify {},
        Command::Explain(command) => explain::operation(command),
        _ => return Ok(None),
    };
    Ok(Some(operation))
}
