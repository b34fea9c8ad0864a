//! A whole deployment in one process: the real server on a real database, two real providers, a real mailbox.

use crate::ambient::{SeededRandom, TestClock};
use crate::browser::Browser;
use crate::checkup::Checkup;
use crate::names::ScriptedNames;
use crate::page::Page;
use crate::postgres::{self, TestDatabase};
use model::{Clock, Micros, Random, Secret};
use sandbox::Accent;
use sandbox::mailbox::Mailbox;
use sandbox::provider::{Person, Provider, ProviderSettings};
use selfsame::config::Config;
use selfsame::os::{OsRandom, SystemClock};
use selfsame::passwords::PoolSettings;
use selfsame::server::{Server, Surroundings, open_store, open_store_for_migration};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Where the server believes to be; nothing listens there.
pub const ORIGIN: &str = "https://id.example.test";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// What tests vary. Texts are lines of the configuration's sections.
#[derive(Debug, Clone)]
pub struct Options {
    pub engine: Engine,
    pub seed: u64,
    /// Lines of `[policy]`.
    pub policy: String,
    /// Lines of the connections `a` and `b`.
    pub connection_a: String,
    pub connection_b: String,
    /// Lines of `[server]`.
    pub server: String,
    /// More sections.
    pub more: String,
}

impl Options {
    pub fn on(engine: Engine) -> Self {
        Self {
            engine,
            seed: 1,
            policy: "email_code = false".to_owned(),
            connection_a: "email_evidence = \"vouched\"".to_owned(),
            connection_b: String::new(),
            server: String::new(),
            more:
                "[[applications]]\nid = \"notes\"\nname = \"Notes\"\nredirect_uris = [\"https://notes.example/cb\"]\n"
                    .to_owned(),
        }
    }
}

/// A deployment.
pub struct World {
    /// First, so that the data is looked at while it is there.
    checkup: Checkup,
    /// Boxed, like its configuration: futures of tests carry the world.
    pub server: Box<Server>,
    pub config: Box<Config>,
    pub a: Provider,
    pub b: Provider,
    pub mailbox: Mailbox,
    pub clock: Arc<TestClock>,
    pub names: Arc<ScriptedNames>,
    pub options: Options,
    pub directory: TempDir,
    /// Kept for as long as the world lives.
    _database: Option<TestDatabase>,
    _tasks: JoinSet<()>,
}

/// The secret of clients, in the file `client-secret`.
pub const CLIENT_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A password that the strength check accepts.
pub const PASSWORD: &str = "correct tapir battery 41 staple";

fn person(sub: &str, name: &str, address: &str, verified: bool) -> Person {
    Person::new(sub, name).mail(address, serde_json::json!(verified))
}

fn people(which: &str) -> Vec<Person> {
    vec![
        person(&format!("{which}-ada"), "Ada", "ada@example.test", true),
        person(&format!("{which}-ada-2"), "Ada again", "ada@example.test", true),
        person(&format!("{which}-grace"), "Grace", "grace@example.test", true),
        person(&format!("{which}-mallory"), "Mallory", "ada@example.test", false),
        Person::new(&format!("{which}-linus"), "Linus"),
        person(&format!("{which}-joan"), "Joan", "joan@example.test", true),
    ]
}

async fn provider(which: &str, clock: &Arc<TestClock>, seed: u64, tasks: &mut JoinSet<()>) -> Provider {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let settings = ProviderSettings {
        issuer: format!("http://provider-{which}.localhost:{port}"),
        name: format!("Example {}", which.to_uppercase()),
        mark: which.to_uppercase(),
        accent: Accent::Teal,
        people: people(which),
        client_id: format!("client-{which}"),
        client_secret: Secret::new(format!("secret of {which}")),
        redirect_uris: vec![format!("{ORIGIN}/callback/{which}"), format!("{ORIGIN}/callback/other")],
        claims_in_id_token: true,
    };
    let random = Arc::new(SeededRandom::new(seed.wrapping_add(u64::from(which.as_bytes()[0]) << 32)));
    let provider = Provider::new(settings, clock.clone(), random);
    let router = provider.router();
    tasks.spawn(async move {
        // Ends with the world.
        let _ = sandbox::serve(listener, router).await;
    });
    provider
}

fn configuration(options: &Options, database: &str, a: &Provider, b: &Provider, smtp: SocketAddr) -> String {
    let connection = |which: &str, provider: &Provider, lines: &str| {
        format!(
            "[[connections]]\nid = \"{which}\"\nname = \"Example {}\"\nmark = \"{which}\"\nissuer = \"{}\"\n\
             client_id = \"client-{which}\"\nclient_secret = {{ file = \"secret-{which}\" }}\nalgorithm = \"ES256\"\n\
             {lines}\n",
            which.to_uppercase(),
            provider.issuer()
        )
    };
    format!(
        "[server]\npublic_origin = \"{ORIGIN}\"\n{}\n[database]\nurl = \"{database}\"\n[[secrets.keys]]\nid = \"test\"\n\
         file = \"root-key\"\n[mail]\nurl = \"smtp://{smtp}\"\nfrom = \"Selfsame <no-reply@id.example.test>\"\n\
         [policy]\n{}\n{}{}{}",
        options.server,
        options.policy,
        connection("a", a, &options.connection_a),
        connection("b", b, &options.connection_b),
        options.more,
    )
}

impl World {
    pub async fn new(engine: Engine) -> Self {
        Self::with(Options::on(engine)).await
    }

    pub async fn with(options: Options) -> Self {
        let database = match options.engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres::database().await),
        };
        // Boxed: futures of tests carry it.
        Box::pin(Self::over(options, database)).await
    }

    /// On a PostgreSQL that the test itself stops and starts.
    pub async fn on_cluster(cluster: &postgres::Cluster, options: Options) -> Self {
        Box::pin(Self::over(options, Some(cluster.database()))).await
    }

    async fn over(options: Options, database: Option<TestDatabase>) -> Self {
        let clock = Arc::new(TestClock::at(SystemClock.now()));
        let mut tasks = JoinSet::new();
        let a = provider("a", &clock, options.seed, &mut tasks).await;
        let b = provider("b", &clock, options.seed, &mut tasks).await;
        let mailbox = Mailbox::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.expect("a mailbox");
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("selfsame.toml");
        std::fs::write(directory.path().join("root-key"), "00".repeat(32)).expect("a key");
        std::fs::write(directory.path().join("client-secret"), CLIENT_SECRET).expect("a secret");
        for which in ["a", "b"] {
            let secret = format!("secret of {which}");
            std::fs::write(directory.path().join(format!("secret-{which}")), secret).expect("a secret");
        }
        let url = database.as_ref().map_or_else(|| "sqlite:selfsame.db".to_owned(), |database| database.url.clone());
        let text = configuration(&options, &url, &a, &b, mailbox.address());
        std::fs::write(&file, &text).expect("a file");
        let config = Self::load(&file);
        open_store_for_migration(&config).await.expect("a database").migrate_up().await.expect("a schema");
        let names = Arc::new(ScriptedNames::default());
        let server = Self::start_with(&config, clock.clone(), names.clone()).await;
        tasks.spawn(run_jobs(server.jobs()));
        let checkup = Checkup::new(config.clone());
        let (server, config) = (Box::new(server), Box::new(config));
        Self {
            checkup,
            server,
            config,
            a,
            b,
            mailbox,
            clock,
            names,
            options,
            directory,
            _database: database,
            _tasks: tasks,
        }
    }

    fn load(file: &Path) -> Config {
        let errors = |errors: Vec<selfsame::config::ConfigError>| {
            errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        Config::load(file, std::iter::empty()).map_err(errors).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// A second server over the same database, as another replica would be.
    pub async fn start(config: &Config, clock: Arc<TestClock>, _seed: u64) -> Server {
        Self::start_with(config, clock, Arc::default()).await
    }

    async fn start_with(config: &Config, clock: Arc<TestClock>, names: Arc<ScriptedNames>) -> Server {
        let store = open_store(config).await.expect("a migrated database");
        let surroundings = Surroundings {
            clock,
            // Secrets and ids must differ between servers over one database.
            random: Arc::new(OsRandom) as Arc<dyn Random>,
            allow_loopback: true,
            pool: PoolSettings::default(),
            names,
        };
        Server::new(config, store, surroundings).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The test writes users with plans of its own: no event tells of their first links. All else must agree at the end.
    pub fn allow_made_up_links(&self) {
        self.checkup.allow_made_up_links();
    }

    /// What is stored does not agree at the end, on purpose: the test went behind the store's back.
    pub fn is_tampered_with(&self) {
        self.checkup.waive();
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self)
    }

    pub fn advance(&self, by: Micros) {
        self.clock.advance(by);
    }

    /// Newest code that went to `address`.
    pub async fn code(&self, address: &str) -> String {
        let message =
            self.mailbox.wait_for(address, |message| message.code(6).is_some(), Duration::from_secs(10)).await;
        let message = message.unwrap_or_else(|| panic!("no code for {address}: {:?}", self.mailbox.messages()));
        message.code(6).expect("it has one")
    }

    /// Newest code that was sent after `seen` messages were there.
    pub async fn code_after(&self, address: &str, seen: usize) -> String {
        for _ in 0..500 {
            let fresh = self.mailbox.messages().into_iter().skip(seen);
            let code = fresh.filter(|message| message.is_to(address)).filter_map(|m| m.code(6)).last();
            if let Some(code) = code {
                return code;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no new code for {address}: {:?}", self.mailbox.messages());
    }

    /// Signs up with a password and ends on the account page.
    pub async fn sign_up(&self, browser: &mut Browser, name: &str, address: &str) -> Page {
        let page = browser.get("/sign-up").await;
        let seen = self.mailbox.messages().len();
        let form = page.form("/sign-up").with("name", name).with("email", address).with("password", PASSWORD);
        let page = browser.submit(form).await;
        let code = self.code_after(address, seen).await;
        browser.submit(page.form("/sign-in/code").with("code", &code)).await
    }

    /// Types address and password.
    pub async fn password_sign_in(&self, browser: &mut Browser, address: &str, password: &str) -> Page {
        let page = browser.get("/sign-in").await;
        let page = browser.submit(page.form("/sign-in/email").with("email", address)).await;
        browser.press(page.form("/sign-in/password").with("password", password), "method", "password").await
    }

    /// Presses "Continue with …" and comes back as `subject`.
    pub async fn provider_sign_in(&self, browser: &mut Browser, which: &str, subject: &str) -> Page {
        browser.be(if which == "a" { &self.a } else { &self.b }, subject);
        let page = browser.get("/sign-in").await;
        let form = page.form_with("/sign-in/start-provider", ("connection", which));
        browser.press(form, "connection", which).await
    }

    /// Connects a provider from the account page; a fresh session is needed. Ends wherever the journey ends.
    pub async fn connect(&self, browser: &mut Browser, which: &str, subject: &str) -> Page {
        browser.be(if which == "a" { &self.a } else { &self.b }, subject);
        let page = browser.get(&format!("/account/methods/connect?connection={which}")).await;
        let page = browser.press(page.form("/account/methods/connect"), "connection", which).await;
        if page.has_form("/sign-in/confirm-link") {
            return browser.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
        }
        page
    }

    pub async fn sign_out(&self, browser: &mut Browser) -> Page {
        let page = browser.get("/account").await;
        browser.submit(page.form("/sign-out")).await
    }

    /// Whoever is signed in, by the session API.
    pub async fn who(&self, browser: &mut Browser) -> Option<String> {
        let call = browser.api("GET", "/api/v1/session", None, None).await;
        call.json["user"]["name"].as_str().map(str::to_owned)
    }
}

async fn run_jobs(mut jobs: JoinSet<()>) {
    while jobs.join_next().await.is_some() {}
}
