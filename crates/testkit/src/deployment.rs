//! A deployment whose server is a process of its own: the built binary on a real database, spoken to over TCP, so that
//! it can be killed, traced and started again.

use crate::postgres::{self, TestDatabase};
use crate::world::{Engine, ORIGIN};
use model::{LinkId, Secret};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, ORIGIN as ORIGIN_HEADER, RETRY_AFTER, SET_COOKIE};
use sandbox::Accent;
use sandbox::provider::{Person, Provider, ProviderSettings};
use selfsame::os::{OsRandom, SystemClock};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as Reserved};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Database, configuration and the providers `a` and `b`; the server is started with [`Deployment::serve`].
pub struct Deployment {
    pub a: Provider,
    pub b: Provider,
    pub directory: TempDir,
    pub listen: SocketAddr,
    /// As in the configuration.
    pub database_url: String,
    binary: PathBuf,
    client: reqwest::Client,
    /// Kept for as long as the deployment lives.
    _database: Option<TestDatabase>,
    _tasks: JoinSet<()>,
}

async fn provider(which: &str, people: Vec<Person>, tasks: &mut JoinSet<()>) -> Provider {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let settings = ProviderSettings {
        issuer: format!("http://provider-{which}.localhost:{port}"),
        name: format!("Example {which}"),
        mark: which.to_uppercase(),
        accent: Accent::Teal,
        people,
        client_id: format!("client-{which}"),
        client_secret: Secret::new(format!("secret of {which}")),
        redirect_uris: vec![format!("{ORIGIN}/callback/{which}")],
        claims_in_id_token: true,
    };
    let provider = Provider::new(settings, Arc::new(SystemClock), Arc::new(OsRandom));
    let router = provider.router();
    tasks.spawn(async move {
        // Ends with the deployment.
        let _ = sandbox::serve(listener, router).await;
    });
    provider
}

/// A port that is free now. The listening socket is closed again, so somebody else could take it before the server.
fn free_port() -> SocketAddr {
    let reserved = Reserved::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    reserved.local_addr().expect("an address")
}

impl Deployment {
    /// On a fresh database; `people` are the accounts at the two providers.
    pub async fn new(binary: &str, engine: Engine, people: [Vec<Person>; 2]) -> Self {
        match engine {
            Engine::Sqlite => Self::with(binary, "sqlite:selfsame.db".to_owned(), None, people).await,
            Engine::Postgres => {
                let database = postgres::database().await;
                Self::with(binary, database.url.clone(), Some(database), people).await
            }
        }
    }

    /// On a PostgreSQL database of the caller's.
    pub async fn over(binary: &str, database: TestDatabase, people: [Vec<Person>; 2]) -> Self {
        Self::with(binary, database.url.clone(), Some(database), people).await
    }

    async fn with(binary: &str, url: String, database: Option<TestDatabase>, people: [Vec<Person>; 2]) -> Self {
        let mut tasks = JoinSet::new();
        let [people_a, people_b] = people;
        let a = provider("a", people_a, &mut tasks).await;
        let b = provider("b", people_b, &mut tasks).await;
        let directory = tempfile::tempdir().expect("a directory");
        let listen = free_port();
        // Nobody listens there: what the server wrote to its outbox stays and can be counted.
        let nowhere = free_port();
        let mut text = format!(
            "[server]\npublic_origin = \"{ORIGIN}\"\nlisten = \"{listen}\"\n[database]\nurl = \"{url}\"\n\
             [[secrets.keys]]\nid = \"test\"\nfile = \"root-key\"\n\
             [mail]\nurl = \"smtp://{nowhere}\"\nfrom = \"Selfsame <no-reply@id.example.test>\"\n\
             [policy]\nemail_code = false\n"
        );
        for (which, provider) in [("a", &a), ("b", &b)] {
            let connection = format!(
                "[[connections]]\nid = \"{which}\"\nname = \"Example {which}\"\nmark = \"{which}\"\nissuer = \"{}\"\n\
                 client_id = \"client-{which}\"\nclient_secret = {{ file = \"secret-{which}\" }}\nalgorithm = \"ES256\"\n\
                 email_evidence = \"vouched\"\n",
                provider.issuer()
            );
            text += &connection;
            let secret = directory.path().join(format!("secret-{which}"));
            std::fs::write(secret, format!("secret of {which}")).expect("a secret");
        }
        std::fs::write(directory.path().join("root-key"), "00".repeat(32)).expect("a key");
        std::fs::write(directory.path().join("selfsame.toml"), text).expect("a file");
        let deployment = Self {
            a,
            b,
            directory,
            listen,
            database_url: url,
            binary: binary.into(),
            client: sandbox::loopback::client(),
            _database: database,
            _tasks: tasks,
        };
        let migrated = deployment.run(&["migrate", "up"]).await;
        assert!(migrated.success(), "the schema: {}", deployment.log());
        deployment
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What the processes have logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn log_file(&self) -> File {
        File::options().create(true).append(true).open(self.path("log")).expect("a file for the log")
    }

    /// `wrapper` and its arguments run the binary with `arguments`.
    fn command(&self, wrapper: &[&str], arguments: &[&str]) -> Command {
        let binary = self.binary.to_str().expect("a UTF-8 path");
        let words: Vec<&str> = wrapper.iter().copied().chain([binary]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(arguments).arg("--config").arg(self.path("selfsame.toml"));
        command.stdin(Stdio::null()).stdout(self.log_file()).stderr(self.log_file());
        command
    }

    /// Runs a command of the binary to its end.
    pub async fn run(&self, arguments: &[&str]) -> ExitStatus {
        let mut command = self.command(&[], arguments);
        tokio::task::spawn_blocking(move || command.status().expect("the binary starts"))
            .await
            .expect("it was waited for")
    }

    /// Starts the server and waits until it listens.
    pub async fn serve(&self) -> Running {
        self.serve_under(&[]).await
    }

    /// As [`Deployment::serve`], started by the program and arguments of `wrapper`.
    ///
    /// # Panics
    /// When that program is missing.
    pub async fn serve_under(&self, wrapper: &[&str]) -> Running {
        let arguments = ["--log", "warn", "serve", "--insecure-loopback"];
        let child = self.command(wrapper, &arguments).spawn();
        let program = wrapper.first().copied().unwrap_or("the binary");
        let mut running = Running(child.unwrap_or_else(|error| panic!("{program} does not start: {error}")));
        for _ in 0..10_000 {
            if TcpStream::connect(self.listen).await.is_ok() {
                return running;
            }
            if let Some(status) = running.0.try_wait().expect("it can be asked") {
                panic!("the server ended with {status}: {}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        panic!("the server does not listen: {}", self.log());
    }

    /// The database beside the server. Drop it before the server is killed, or SQLite has nothing to recover.
    pub async fn store(&self) -> Store {
        let opened = match self.database_url.strip_prefix("sqlite:") {
            Some(file) => Store::open_sqlite(&self.path(file)).await,
            None => Store::open_postgres(&self.database_url).await,
        };
        opened.unwrap_or_else(|error| panic!("{error}: {}", self.log()))
    }

    /// Waits until the PostgreSQL database has no connection of a server: what was under way has committed or not.
    pub async fn wait_until_alone(&self) {
        let database = self.ask_postgres("SELECT current_database()").await;
        for _ in 0..500 {
            // The view's second column is the database, its seventh the name that an application gave itself.
            let activity = self.ask_postgres("TABLE pg_stat_activity").await;
            let is_server = |line: &str| {
                let mut columns = line.split('|');
                columns.nth(1) == Some(&database) && columns.nth(4).is_some_and(|name| name == "selfsame")
            };
            if !activity.lines().any(is_server) {
                return;
            }
        }
        panic!("a server stays connected to the database");
    }

    /// One value, asked with the server's own address, so that it is what the server's connections have as well.
    pub async fn ask_postgres(&self, sql: &str) -> String {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.database_url, "-c", sql]);
        let output = tokio::task::spawn_blocking(move || psql.output()).await.expect("it was waited for");
        let output = output.expect("`psql` starts: install PostgreSQL's client");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A browser without cookies.
    pub fn visitor(&self) -> Visitor {
        Visitor { base: format!("http://{}", self.listen), client: self.client.clone(), cookies: BTreeMap::new() }
    }
}

/// The server's process, or that of its wrapper. Killed when dropped.
pub struct Running(Child);

impl Running {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.kill_now();
    }

    fn kill_now(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }

    /// Asks process `pid` to end (SIGTERM) and waits for this one.
    pub fn terminate(mut self, pid: u32) {
        let told = Command::new("kill").arg("-TERM").arg(pid.to_string()).status().expect("`kill` starts");
        assert!(told.success(), "process {pid} is not there");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill_now();
    }
}

/// A browser that speaks to the JSON API over TCP.
pub struct Visitor {
    base: String,
    client: reqwest::Client,
    pub cookies: BTreeMap<String, String>,
}

/// An answer over TCP.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub location: Option<String>,
    pub retry_after: Option<String>,
    /// It gave this browser a session.
    pub new_session: bool,
    pub json: Value,
}

/// Why a step was not acknowledged.
#[derive(Debug)]
pub enum Trouble {
    /// No answer, or not all of one.
    Gone(reqwest::Error),
    /// Another answer than the one that acknowledges.
    Refused(Reply),
}

impl From<reqwest::Error> for Trouble {
    fn from(error: reqwest::Error) -> Self {
        Self::Gone(error)
    }
}

impl Reply {
    /// Itself when it has this status.
    pub fn expect(self, status: u16) -> Result<Self, Trouble> {
        if self.status == status { Ok(self) } else { Err(Trouble::Refused(self)) }
    }
}

fn text(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

impl Visitor {
    pub async fn send(&mut self, method: &str, path: &str, body: Option<Value>) -> Result<Reply, Trouble> {
        let method: Method = method.parse().expect("a method");
        let mut request = self.client.request(method, format!("{}{path}", self.base)).header(ORIGIN_HEADER, ORIGIN);
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?;
        let new_session = self.keep_cookies(&headers);
        Ok(Reply {
            status,
            location: text(&headers, LOCATION),
            retry_after: text(&headers, RETRY_AFTER),
            new_session,
            json: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) -> bool {
        let mut new_session = false;
        for value in headers.get_all(SET_COOKIE) {
            let text = value.to_str().expect("a cookie is text");
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
                new_session |= name == "__Host-session";
            }
        }
        new_session
    }

    pub async fn get(&mut self, path: &str) -> Result<Reply, Trouble> {
        self.send("GET", path, None).await
    }

    /// Begins a flow, goes to the provider as `person`, and comes back with the path of the callback.
    pub async fn to_provider(&mut self, start: Value, connection: &str, person: &str) -> Result<String, Trouble> {
        let flow = self.send("POST", "/api/v1/flows", Some(start)).await?.expect(201)?;
        let path = format!("/api/v1/flows/{}", flow.json["id"].as_str().expect("a flow has an id"));
        let act = json!({ "action": "provider", "connection": connection });
        let away = self.send("POST", &path, Some(act)).await?.expect(200)?;
        let url = away.json["url"].as_str().unwrap_or_else(|| panic!("not away: {away:?}"));
        let answer = self.client.get(format!("{url}&x_person={person}")).send().await?;
        let back = text(answer.headers(), LOCATION).unwrap_or_else(|| panic!("the provider keeps us: {answer:?}"));
        Ok(back.strip_prefix(ORIGIN).unwrap_or_else(|| panic!("elsewhere: {back}")).to_owned())
    }

    /// Opens the callback of a link, which leads to the question whether to link. Nothing is written yet.
    pub async fn come_back(&mut self, callback: &str) -> Result<String, Trouble> {
        let reply = self.get(callback).await?.expect(303)?;
        match reply.location.as_deref().and_then(|to| to.strip_prefix("/flow/")) {
            Some(flow) => Ok(flow.to_owned()),
            None => Err(Trouble::Refused(reply)),
        }
    }

    /// Says yes to the link: the request that commits. Its answer acknowledges the link.
    pub async fn confirm_link(&mut self, flow: &str) -> Result<LinkId, Trouble> {
        let path = format!("/api/v1/flows/{flow}");
        let reply = self.send("POST", &path, Some(json!({ "action": "confirm" }))).await?.expect(200)?;
        match reply.json["linked"].as_str().and_then(|id| id.parse().ok()) {
            Some(link) => Ok(link),
            None => Err(Trouble::Refused(reply)),
        }
    }

    /// Removes a link. The answer acknowledges it.
    pub async fn unlink(&mut self, link: LinkId) -> Result<(), Trouble> {
        self.send("DELETE", &format!("/api/v1/account/methods/{link}"), None).await?.expect(200)?;
        Ok(())
    }

    /// Signs in through a connection. With a new session the answer is an acknowledgement.
    pub async fn sign_in(&mut self, connection: &str, person: &str) -> Result<Reply, Trouble> {
        let callback = self.to_provider(json!({ "kind": "sign_in" }), connection, person).await?;
        let reply = self.get(&callback).await?.expect(303)?;
        if reply.new_session { Ok(reply) } else { Err(Trouble::Refused(reply)) }
    }
}
