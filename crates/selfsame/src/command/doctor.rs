//! `selfsame doctor verify`: page after page, with a place to go on from after each.

use super::explain::Verify;
use super::run::{Failure, Operator, load, refused};
use super::{Cli, print};
use crate::admin::{Operation, doctor_page};
use crate::server;
use model::Policy;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use store::Store;

/// Who gives pages: the running server, or this process, which only reads.
enum Reader {
    Server(Operator),
    Database(Box<Store>, Policy),
}

impl Reader {
    async fn of(config: &Path) -> Result<Self, Failure> {
        let config = load(config)?;
        if let Some(running) = Operator::running(&config) {
            return Ok(Self::Server(running));
        }
        let store = server::open_store(&config).await.map_err(|error| Failure::new("database", error))?;
        Ok(Self::Database(Box::new(store), config.policy()))
    }

    async fn page(&self, from: Option<&str>, limit: u32) -> Result<Value, Failure> {
        match self {
            Self::Server(running) => running.run(&Operation::DoctorPage { from: from.map(str::to_owned), limit }).await,
            Self::Database(store, policy) => {
                doctor_page(store, policy, from, limit).await.map_err(|refusal| refused(&refusal))
            }
        }
    }
}

/// Where a run was, beside the configuration; removed when a run comes to its end.
fn place_of(config: &Path) -> PathBuf {
    let mut name = config.as_os_str().to_owned();
    name.push(".doctor");
    name.into()
}

/// It could not be checked to the end.
fn broken_off(failure: Failure, at: Option<&str>) -> Failure {
    let go_on = at.map(|at| format!("; go on with --from {at}")).unwrap_or_default();
    Failure { message: format!("{}{go_on}", failure.message), exit: 2, ..failure }
}

pub(super) async fn verify(cli: &Cli, options: &Verify) -> Result<ExitCode, Failure> {
    let place = place_of(&cli.config);
    let mut from = match (&options.from, options.resume) {
        (Some(from), _) => Some(from.clone()),
        (None, true) => {
            let read = std::fs::read_to_string(&place);
            let missing = |error| Failure::usage(format!("{}: no run was broken off here: {error}", place.display()));
            Some(read.map_err(missing)?.trim().to_owned())
        }
        (None, false) => None,
    };
    let reader = Reader::of(&cli.config).await.map_err(|failure| broken_off(failure, None))?;
    let (mut looked, mut found) = (0_u64, Vec::new());
    loop {
        let page = reader.page(from.as_deref(), options.page).await;
        let page = page.map_err(|failure| broken_off(failure, from.as_deref()))?;
        looked += page["looked"].as_u64().unwrap_or_default();
        if let Some(findings) = page["findings"].as_array() {
            found.extend(findings.iter().cloned());
        }
        if !cli.json {
            tell(&page["lines"]);
        }
        from = page["next"].as_str().map(str::to_owned);
        let Some(at) = &from else { break };
        // Nobody is left to be told when standard error is closed; a place that cannot be kept is printed all the same.
        let _ = writeln!(std::io::stderr(), "{looked} rows, {} findings, at {at}", found.len());
        let _ = std::fs::write(&place, at);
    }
    let _ = std::fs::remove_file(&place);
    if cli.json {
        print(cli, &json!({ "clean": found.is_empty(), "looked": looked, "findings": found }));
    } else {
        let _ = writeln!(std::io::stdout(), "{looked} rows looked at, {} findings.", found.len());
    }
    Ok(ExitCode::from(u8::from(!found.is_empty())))
}

fn tell(lines: &Value) {
    let mut out = std::io::stdout().lock();
    for line in lines.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let _ = writeln!(out, "{line}");
    }
}
