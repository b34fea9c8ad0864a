//! One PostgreSQL cluster for a run: real durability, a directory of its own, gone at the end whatever happens.

use crate::install::is_root;
use crate::process::{Surroundings, output, succeed};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const STARTS_WITHIN: Duration = Duration::from_mins(1);
const STOPS_WITHIN: Duration = Duration::from_secs(30);

/// A running cluster; dropping it stops the server and removes its files.
#[derive(Debug)]
pub struct Cluster {
    surroundings: Surroundings,
    directory: PathBuf,
    server: Option<Child>,
    pub url: String,
}

impl Cluster {
    pub fn start(surroundings: &Surroundings) -> Result<Self, String> {
        let directory = std::env::temp_dir().join(format!("selfsame-postgres-{}", std::process::id()));
        std::fs::create_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        let port = free_port()?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        // From here on `drop` cleans up.
        let mut cluster = Self { surroundings: surroundings.clone(), directory, server: None, url };
        let account = if is_root(surroundings)? { Some(unprivileged(surroundings)?) } else { None };
        if let Some(account) = &account {
            succeed(surroundings.command("chown").arg(account).arg(&cluster.directory))?;
        }
        let data = cluster.directory.join("data");
        let mut initdb = as_account(surroundings, account.as_deref(), "initdb")?;
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D"]);
        succeed(initdb.arg(&data).stdout(Stdio::null()))?;
        let log =
            std::fs::File::create(cluster.log()).map_err(|error| format!("{}: {error}", cluster.log().display()))?;
        let mut server = as_account(surroundings, account.as_deref(), "postgres")?;
        server.arg("-D").arg(&data).arg("-k").arg(&cluster.directory).args(["-p", &port.to_string()]);
        for setting in ["listen_addresses=127.0.0.1", "max_connections=200", "fsync=on", "synchronous_commit=on"] {
            server.args(["-c", setting]);
        }
        let errors = log.try_clone().map_err(|error| error.to_string())?;
        server.stdout(log).stderr(errors);
        cluster.server = Some(server.spawn().map_err(|error| format!("postgres: {error}"))?);
        cluster.wait_until_ready(&data)?;
        Ok(cluster)
    }

    fn log(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    /// The eighth line of the server's own pid file says when it takes connections.
    fn wait_until_ready(&mut self, data: &Path) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < STARTS_WITHIN {
            let state = std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            if state.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            if let Some(Ok(Some(status))) = self.server.as_mut().map(Child::try_wait) {
                let log = std::fs::read_to_string(self.log()).unwrap_or_default();
                return Err(format!("postgres ended with {status}:\n{log}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("postgres was not ready within {} s", STARTS_WITHIN.as_secs()))
    }

    fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // Fast shutdown first, then immediate, then the kernel's.
        for signal in ["-INT", "-QUIT", "-KILL"] {
            let _ = self.surroundings.command("kill").args([signal, &server.id().to_string()]).status();
            let begun = Instant::now();
            while begun.elapsed() < STOPS_WITHIN {
                if !matches!(server.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("xtask: {} could not be removed: {error}", self.directory.display());
        }
    }
}

/// PostgreSQL refuses to run as root.
fn unprivileged(surroundings: &Surroundings) -> Result<String, String> {
    ["postgres", "nobody"]
        .into_iter()
        .find(|name| output(surroundings.command("id").args(["-u", name]).stderr(Stdio::null())).is_ok())
        .map(str::to_owned)
        .ok_or_else(|| "there is no account `postgres` or `nobody` to run PostgreSQL as".to_owned())
}

/// The parent-death signal stops the server even when this process is killed.
fn as_account(surroundings: &Surroundings, account: Option<&str>, program: &str) -> Result<Command, String> {
    let program = surroundings.find(program).ok_or_else(|| format!("{program} is not installed"))?;
    let mut command = surroundings.command("setpriv");
    if let Some(account) = account {
        let group = output(surroundings.command("id").args(["-g", account]))?;
        command.args(["--reuid", account, "--regid", group.trim(), "--clear-groups"]);
    }
    command.args(["--pdeathsig", "INT", "--"]).arg(program);
    // Not the caller's own settings for libpq, and a directory that the account may enter.
    for name in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGDATA", "PGOPTIONS"] {
        command.env_remove(name);
    }
    command.current_dir("/");
    Ok(command)
}

fn free_port() -> Result<u16, String> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no free port: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::{Need, provide};

    #[test]
    fn a_cluster_answers_durably_and_leaves_nothing_behind() {
        let mut surroundings = Surroundings::new(Path::new("/"));
        provide(&mut surroundings, &[Need::Postgres, Need::Setpriv]).unwrap();
        let cluster = Cluster::start(&surroundings).unwrap();
        let show = |setting: &str| {
            let mut psql = surroundings.command("psql");
            output(psql.args(["-At", "-c", &format!("show {setting}"), &cluster.url])).unwrap().trim().to_owned()
        };
        assert_eq!((show("fsync"), show("max_connections")), ("on".to_owned(), "200".to_owned()));
        let (directory, server) = (cluster.directory.clone(), cluster.server.as_ref().unwrap().id());
        drop(cluster);
        assert!(!directory.exists());
        assert!(!Path::new(&format!("/proc/{server}")).exists());
    }
}
