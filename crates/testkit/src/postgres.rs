//! A PostgreSQL for tests: fresh databases in a server that is named by the environment, or else in a cluster of our
//! own that goes away with the process, however the process ends.

#![expect(clippy::disallowed_methods, reason = "the environment of tests names the server")]

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

/// A URL of a superuser, in whose server tests make their databases.
const SERVER: &str = "SELFSAME_TEST_POSTGRES";
const SUPERUSER: &str = "selfsame";

/// A database that holds nothing yet.
pub struct TestDatabase {
    pub url: String,
}

/// A fresh database in the server of [`SERVER`], or in the one cluster of this process.
pub async fn database() -> TestDatabase {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    let made = tokio::task::spawn_blocking(|| match std::env::var(SERVER) {
        Ok(server) => create_database(&server),
        Err(_) => CLUSTER.get_or_init(Cluster::start).database(),
    });
    made.await.expect("the database was made")
}

/// A PostgreSQL cluster of our own on a Unix socket, with `fsync` on.
pub struct Cluster {
    directory: PathBuf,
    account: Option<Account>,
    /// Runs the server and stops it as soon as the pipe to it closes.
    keeper: Option<Child>,
}

/// Whom the server runs as when we are root, who it refuses to run as.
#[derive(Clone)]
struct Account {
    user: String,
    group: String,
}

/// Runs the server in the background; a line tells it to stop at once (as by a power cut), the end of the pipe to
/// stop and clean up.
const KEEPER: &str = r#"
directory=$1; shift
"$@" </dev/null >"$directory/log" 2>&1 &
server=$!
if read -r word; then
    kill -QUIT $server; wait $server
else
    kill -INT $server; wait $server; rm -rf "$directory"
fi
"#;

impl Cluster {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    /// When a program of PostgreSQL is missing or fails: a test that needs it must not pass without.
    pub fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("selfsame-pg-{}", unique()));
        let account = unprivileged();
        fs::create_dir(&directory).expect("a directory for the test cluster");
        let data = directory.join("data");
        copy_template(&template(account.as_ref()), &data);
        give_to(&directory, account.as_ref());
        let mut cluster = Self { directory, account, keeper: None };
        cluster.restart();
        cluster
    }

    /// Starts the server again after [`Cluster::stop_immediate`], and waits until it answers.
    pub fn restart(&mut self) {
        assert!(self.keeper.is_none(), "the cluster is running");
        let data = self.directory.join("data");
        let socket = self.directory.to_str().expect("a UTF-8 path");
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper", socket]);
        command.args(as_account(self.account.as_ref(), "postgres"));
        command.arg("-D").arg(&data).args(["-k", socket, "-c", "listen_addresses="]);
        // `fsync` stays on: crash tests rest on it. The rest keeps a test machine responsive.
        command.args(["-c", "max_connections=100", "-c", "shared_buffers=32MB", "-c", "max_wal_size=256MB"]);
        let keeper = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.keeper = Some(keeper.expect("`sh` starts"));
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        for _ in 0..600 {
            if psql(&self.url("postgres"), "SELECT 1").is_ok_and(|output| output.status.success()) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        panic!("PostgreSQL did not come up; its log:\n{log}");
    }

    /// Stops the server without a checkpoint and without waiting for anybody, as a crash does.
    pub fn stop_immediate(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            let mut pipe = keeper.stdin.take().expect("the keeper's pipe");
            pipe.write_all(b"stop\n").expect("the keeper hears");
            keeper.wait().expect("the keeper ends");
        }
    }

    /// A fresh database.
    pub fn database(&self) -> TestDatabase {
        create_database(&self.url("postgres"))
    }

    fn url(&self, database: &str) -> String {
        format!("postgresql:///{database}?user={SUPERUSER}&host={}", self.directory.display())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            drop(keeper.wait());
        }
        // The keeper has done it, unless the server was stopped already.
        drop(fs::remove_dir_all(&self.directory));
    }
}

fn unique() -> String {
    format!("{}_{:016x}", std::process::id(), RandomState::new().build_hasher().finish())
}

fn create_database(server: &str) -> TestDatabase {
    let name = format!("selfsame_{}", unique());
    let output = psql(server, &format!("CREATE DATABASE {name}")).expect("`psql` starts: install PostgreSQL's client");
    demand(&output, "CREATE DATABASE in the test server");
    // scheme://authority/database?parameters
    let (before, parameters) = server.split_once('?').unwrap_or((server, ""));
    let authority = before.find("://").map_or(0, |at| at + 3);
    let slash = before[authority..].find('/').map_or(before.len(), |at| authority + at);
    let url = format!("{}/{name}?{parameters}", &before[..slash]);
    TestDatabase { url: url.trim_end_matches('?').to_owned() }
}

fn psql(url: &str, sql: &str) -> std::io::Result<Output> {
    Command::new("psql").args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]).output()
}

fn demand(output: &Output, what: &str) {
    assert!(output.status.success(), "{what} failed: {}", String::from_utf8_lossy(&output.stderr));
}

/// `initdb` takes seconds, a copy of its result does not: the first test of a machine makes it for all.
fn template(account: Option<&Account>) -> PathBuf {
    let version = Command::new("postgres").arg("--version").output();
    let version = version.expect("`postgres` is on the PATH: install PostgreSQL's server");
    let version: String =
        String::from_utf8_lossy(&version.stdout).chars().filter(char::is_ascii_alphanumeric).collect();
    let owner = account.map_or("self", |account| account.user.as_str());
    let me = Command::new("id").arg("-u").output().expect("`id` starts");
    let me = String::from_utf8_lossy(&me.stdout).trim().to_owned();
    let template = std::env::temp_dir().join(format!("selfsame-pg-template-{version}-{me}-{owner}"));
    if template.join("PG_VERSION").exists() {
        return template;
    }
    let parent = template.with_extension(unique());
    fs::create_dir(&parent).expect("a directory for the cluster's template");
    give_to(&parent, account);
    let made = parent.join("data");
    let mut words = as_account(account, "initdb");
    let program = words.remove(0);
    let initdb = Command::new(&program)
        .args(words)
        .arg("-D")
        .arg(&made)
        .args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
        .current_dir("/")
        .output();
    demand(&initdb.expect("`initdb` is on the PATH: install PostgreSQL's server"), "initdb");
    // Another process may have been faster; its template is as good.
    if fs::rename(&made, &template).is_err() {
        assert!(template.join("PG_VERSION").exists(), "the template cannot be put in its place");
    }
    drop(fs::remove_dir_all(&parent));
    template
}

fn copy_template(template: &Path, data: &Path) {
    let copy = Command::new("cp").arg("-a").arg(template).arg(data).output();
    demand(&copy.expect("`cp` starts"), "copying the cluster");
}

/// `None` when we are somebody whom PostgreSQL accepts.
fn unprivileged() -> Option<Account> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().expect("`id` starts");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if id(&["-u"]).as_deref() != Some("0") {
        return None;
    }
    let account = ["postgres", "nobody"].iter().find_map(|user| {
        id(&["-u", user])?;
        Some(Account { user: (*user).to_owned(), group: id(&["-gn", user])? })
    });
    Some(account.expect("running as root needs a user `postgres` or `nobody` for the test server"))
}

fn give_to(path: &Path, account: Option<&Account>) {
    if let Some(Account { user, group }) = account {
        let chown = Command::new("chown").arg(format!("{user}:{group}")).arg(path).output();
        demand(&chown.expect("`chown` starts"), "handing the cluster over");
    }
}

fn as_account(account: Option<&Account>, program: &str) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(Account { user, group }) = account {
        let (user, group) = (format!("--reuid={user}"), format!("--regid={group}"));
        words.extend(["setpriv".to_owned(), user, group, "--clear-groups".to_owned()]);
    }
    words.push(program.to_owned());
    words
}
