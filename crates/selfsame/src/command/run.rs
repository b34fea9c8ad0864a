//! Running a command.

use super::{Cli, Command, ConfigCommand, Migrate, Serve, operation, render};
use crate::admin::{Operation, Refusal};
use crate::config::{Config, environment};
use crate::logging;
use crate::os::{OsRandom, SystemClock};
use crate::passwords::PoolSettings;
use crate::server::{self, Server, Surroundings};
use crate::socket::{self, Socket};
use clap::Parser as _;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;

/// What went wrong, for people, with the exit code it means.
pub(super) struct Failure {
    pub code: &'static str,
    pub message: String,
    pub exit: u8,
}

impl Failure {
    pub fn new(code: &'static str, message: impl std::fmt::Display) -> Self {
        Self { code, message: message.to_string(), exit: 1 }
    }

    pub fn usage(message: impl std::fmt::Display) -> Self {
        Self { code: "usage", message: message.to_string(), exit: 2 }
    }
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = cli.log.as_deref();
    let format = match &cli.command {
        Command::Serve(Serve { log_json: true, .. }) => logging::Format::Json,
        _ => logging::Format::Text,
    };
    let quiet = !matches!(cli.command, Command::Serve(_));
    if let Err(error) = logging::init(format, filter.or(quiet.then_some("warn"))) {
        return report(&cli, Failure::usage(error));
    }
    // Two workers and the database's own threads: requests wait for disks and providers, not for cores.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return report(&cli, Failure::new("no_runtime", error)),
    };
    match runtime.block_on(run(&cli)) {
        Ok(exit) => exit,
        Err(failure) => report(&cli, failure),
    }
}

fn report(cli: &Cli, failure: Failure) -> ExitCode {
    let mut err = std::io::stderr().lock();
    // Nobody is left to be told when standard error is closed.
    let _ = if cli.json {
        writeln!(err, "{}", json!({ "error": { "code": failure.code, "message": failure.message } }))
    } else {
        writeln!(err, "selfsame: {}", failure.message)
    };
    ExitCode::from(failure.exit)
}

pub(super) fn print(cli: &Cli, answer: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = if cli.json { writeln!(out, "{answer:#}") } else { writeln!(out, "{}", render::text(answer)) };
}

async fn run(cli: &Cli) -> Result<ExitCode, Failure> {
    match &cli.command {
        Command::Serve(options) => serve(cli, options).await,
        #[cfg(feature = "demo")]
        Command::Demo(options) => {
            crate::demo::run(options).await.map_err(|error| Failure::new("demo_failed", error))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Migrate(command) => migrate(cli, command).await,
        Command::Config(ConfigCommand::Schema) => {
            print_schema();
            Ok(ExitCode::SUCCESS)
        }
        Command::Config(ConfigCommand::Check) => {
            let config = load(&cli.config)?;
            print(cli, &json!({ "ok": true, "policy_version": config.policy().version }));
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor(super::explain::Doctor::Verify(options)) => super::doctor::verify(cli, options).await,
        command => {
            let operation = operation(command).map_err(Failure::usage)?;
            let operation = operation.ok_or_else(|| Failure::usage("unknown command"))?;
            let answer = Operator::of(&cli.config).await?.run(&operation).await?;
            print(cli, &answer);
            let broken = answer.get("clean") == Some(&Value::Bool(false));
            Ok(ExitCode::from(if broken { 3 } else { 0 }))
        }
    }
}

fn print_schema() {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{:#}", Config::schema());
}

pub(super) fn load(path: &Path) -> Result<Config, Failure> {
    Config::load(path, environment()).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure { code: "configuration", message: lines.join("\nselfsame: "), exit: 2 }
    })
}

/// The real clock and the operating system's randomness.
fn surroundings(allow_loopback: bool) -> Surroundings {
    Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        allow_loopback,
        pool: PoolSettings::default(),
        names: Arc::new(crate::server::SystemTxt::default()),
    }
}

/// Who runs operations: the running server where there is one, else this process on the database itself.
pub(super) enum Operator {
    Socket(std::path::PathBuf),
    Here { server: Box<Server>, name: String },
}

impl Operator {
    pub async fn of(path: &Path) -> Result<Self, Failure> {
        let config = load(path)?;
        if let Some(running) = Self::running(&config) {
            return Ok(running);
        }
        let store = server::open_store(&config).await.map_err(|error| Failure::new("database", error))?;
        let server = Server::new(&config, store, surroundings(true))
            .await
            .map_err(|error| Failure::new("start_failed", error))?;
        let name = socket::own_user().map_err(|error| Failure::new("start_failed", error))?;
        Ok(Self::Here { server: Box::new(server), name })
    }

    /// The server of this configuration, when it answers.
    pub fn running(config: &Config) -> Option<Self> {
        config.server.admin_socket.as_ref().filter(|path| socket::answers(path)).cloned().map(Self::Socket)
    }

    pub async fn run(&self, operation: &Operation) -> Result<Value, Failure> {
        let answer = match self {
            Self::Socket(path) => {
                let gone = || Failure::new("socket_failed", "the server has stopped");
                let answer = socket::ask(path, operation).await.ok_or_else(gone)?;
                answer.map_err(|error| Failure::new("socket_failed", error))?
            }
            Self::Here { server, name } => server.admin.run(operation.clone(), name).await,
        };
        answer.map_err(|refusal| refused(&refusal))
    }
}

pub(super) fn refused(refusal: &Refusal) -> Failure {
    Failure { code: "refused", message: format!("{} ({})", refusal.message, refusal.code), exit: 1 }
}

async fn migrate(cli: &Cli, command: &Migrate) -> Result<ExitCode, Failure> {
    let config = load(&cli.config)?;
    let store = server::open_store_for_migration(&config).await.map_err(|error| Failure::new("database", error))?;
    match command {
        Migrate::Status => {
            let status = store.migration_status().await.map_err(|error| Failure::new("database", error))?;
            let pending = !status.pending.is_empty();
            print(cli, &json!({ "applied": status.applied, "pending": status.pending, "newer": status.newer }));
            Ok(ExitCode::from(if pending { 3 } else { 0 }))
        }
        Migrate::Up => {
            let applied = store.migrate_up().await.map_err(|error| Failure::new("database", error))?;
            print(cli, &json!({ "applied": applied }));
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn serve(cli: &Cli, options: &Serve) -> Result<ExitCode, Failure> {
    let config = load(&cli.config)?;
    if config.server.public_origin.to_string().starts_with("http://") && !options.insecure_loopback {
        let message = "server.public_origin is plain http; put https in front, or start with --insecure-loopback on \
                       this machine alone";
        return Err(Failure { code: "configuration", message: message.to_owned(), exit: 2 });
    }
    if options.migrate {
        let store = server::open_store_for_migration(&config).await.map_err(|error| Failure::new("database", error))?;
        store.migrate_up().await.map_err(|error| Failure::new("database", error))?;
    }
    let store = server::open_store(&config).await.map_err(|error| Failure::new("database", error))?;
    let server = Server::new(&config, store, surroundings(options.insecure_loopback))
        .await
        .map_err(|error| Failure::new("start_failed", error))?;
    let mut jobs = server.jobs();
    if let Some(path) = &config.server.admin_socket {
        let socket = Socket::bind(path)
            .await
            .map_err(|error| Failure::new("socket_failed", format!("{}: {error}", path.display())))?;
        jobs.spawn(socket.serve(server.admin.clone()));
    }
    let listen = config.server.listen;
    let listener =
        TcpListener::bind(listen).await.map_err(|error| Failure::new("listen_failed", format!("{listen}: {error}")))?;
    tracing::info!(%listen, origin = %config.server.public_origin, "ready");
    server::serve(listener, server.router.clone(), stopped())
        .await
        .map_err(|error| Failure::new("serve_failed", error))?;
    jobs.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// The signals that end a server: requests under way are finished first.
pub(crate) async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
