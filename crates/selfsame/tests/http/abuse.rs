//! Exhaustion, requests to forbidden places, secrets in logs.

use crate::on_both_engines;
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use testkit::{Engine, ORIGIN, Options, PASSWORD, VERIFIER, World};

on_both_engines!(
    t109_no_upstream_token_is_kept,
    t110_providers_at_private_addresses_are_not_asked,
    t111_what_is_too_large_or_too_much_costs_nothing,
);

/// Everything that a look at the database would show, as one run of bytes.
fn stored(world: &World) -> Vec<u8> {
    match world.options.engine {
        Engine::Sqlite => {
            let directory = std::fs::read_dir(world.directory.path()).unwrap();
            let files = directory.map(|entry| entry.unwrap().path());
            files
                .filter(|path| path.to_string_lossy().contains(".db"))
                .flat_map(|path| std::fs::read(path).unwrap())
                .collect()
        }
        Engine::Postgres => {
            let text = std::fs::read_to_string(world.directory.path().join("selfsame.toml")).unwrap();
            let url = text.lines().find_map(|line| line.strip_prefix("url = \"postgres")).unwrap();
            let url = format!("postgres{}", url.trim_end_matches('"'));
            let dump = std::process::Command::new("pg_dump").args(["--data-only", "-d", &url]).output();
            let dump = dump.expect("`pg_dump` starts: install PostgreSQL's client");
            assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
            dump.stdout
        }
    }
}

/// As text, and as the hexadecimal in which a dump shows bytes.
fn holds(haystack: &[u8], needle: &str) -> bool {
    use std::fmt::Write as _;
    let hex = needle.bytes().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    [needle, &hex].iter().any(|needle| haystack.windows(needle.len()).any(|window| window == needle.as_bytes()))
}

/// A person's whole life, with every secret that passed by.
async fn life(world: &World) -> Vec<(&'static str, String)> {
    let mut secrets = vec![("password", PASSWORD.to_owned())];
    let mut ada = world.browser();
    let seen = world.mailbox.messages().len();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    secrets.push(("code", world.code_after("ada@example.test", seen).await));
    secrets.extend(ada.session().map(|secret| ("session", secret)));
    world.connect(&mut ada, "a", "a-ada").await;
    secrets.extend(ada.session().map(|secret| ("session", secret)));
    let token = world.token(&mut ada).await;
    secrets.push(("token", token));
    let code = world.handover_code(&mut ada).await;
    secrets.push(("one-time code", code));
    secrets.push(("verifier", VERIFIER.to_owned()));
    let mut wrong = world.browser();
    world.password_sign_in(&mut wrong, "ada@example.test", "canary wrong password 31").await;
    secrets.push(("wrong password", "canary wrong password 31".to_owned()));
    let body = json!({ "kind": "sign_in", "canary field 77": "canary value 78" });
    world.browser().call("POST", "/api/v1/flows", Some(body), &[]).await;
    secrets.push(("misplaced value", "canary value 78".to_owned()));
    // A provider that fails, and answers that are refused.
    world.a.script([testkit::Behaviour::WrongNonce]);
    world.provider_sign_in(&mut wrong, "a", "a-ada").await;
    world.a.script([]);
    let link = world.link_of("ada@example.test", "a").await;
    world.remove(&mut ada, link).await;
    world.set_password(&mut ada, "canary heron lantern 77 gravel").await;
    secrets.push(("new password", "canary heron lantern 77 gravel".to_owned()));
    secrets.extend(ada.session().map(|secret| ("session", secret)));
    for provider in [&world.a, &world.b] {
        secrets.extend(provider.issued().into_iter().map(|token| ("upstream token", token)));
        let parameters = provider.log().into_iter().flat_map(|request| request.parameters);
        let secret = |(name, value): (String, String)| match name.as_str() {
            "code" => Some(("upstream code", value)),
            "code_verifier" => Some(("PKCE verifier", value)),
            _ => None,
        };
        secrets.extend(parameters.filter_map(secret));
    }
    secrets.extend(["secret of a", "secret of b"].map(|secret| ("client secret", secret.to_owned())));
    secrets.push(("root key", "00".repeat(32)));
    for name in ["session", "token", "upstream token", "PKCE verifier", "code"] {
        assert!(secrets.iter().any(|(known, _)| *known == name), "{name} was not seen");
    }
    secrets
}

async fn t109_no_upstream_token_is_kept(engine: Engine) {
    let world = World::new(engine).await;
    let secrets = life(&world).await;
    let database = stored(&world);
    assert!(holds(&database, "audit_events") && holds(&database, "ada@example.test"), "the search sees what is there");
    for (what, secret) in &secrets {
        // Six digits stand by chance in any file; codes are looked for where they would be text.
        if *what != "code" && *what != "root key" {
            assert!(!holds(&database, secret), "a {what} is in the database");
        }
    }
    // The mail lies sealed in the outbox, its code included.
    assert!(!holds(&database, "is your code") && !holds(&database, "Your code"), "a mail is readable in the database");
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log at its most talkative, of a whole life. One test, because a process has one log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t113_no_secret_is_in_the_log_or_in_audit_rows() {
    let captured = Captured::default();
    let writer = captured.clone();
    let format = selfsame::logging::Format::Json;
    let subscriber = selfsame::logging::subscriber(format, Some("trace"), false, move || writer.clone()).unwrap();
    tracing::subscriber::set_global_default(subscriber).expect("the only log of this process");
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = World::new(engine).await;
        let secrets = life(&world).await;
        let bytes = captured.0.lock().unwrap().clone();
        // The sandbox, the test's own browser and the mailbox run in this process too; what counts is our own.
        let text = String::from_utf8_lossy(&bytes);
        let ours: Vec<&str> = text.lines().filter(|line| !is_foreign(line)).collect();
        assert!(ours.iter().any(|line| line.contains("decided")), "{engine:?}: nothing was captured");
        for (what, secret) in secrets {
            if what == "code" {
                let word = |line: &&&str| line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == secret);
                assert_eq!(ours.iter().find(word), None, "{engine:?}: a {what} is in the log");
            } else {
                let found = ours.iter().find(|line| line.contains(&secret));
                assert_eq!(found, None, "{engine:?}: a {what} is in the log");
            }
        }
        let events = selfsame::admin::Operation::AuditShow { user: None, limit: 500, before: None };
        let events = world.operate(events).await.unwrap().to_string();
        assert!(!events.contains("canary"), "{events}");
    }
}

/// HTTP libraries write what passes the wire at `trace`; which of them spoke for the test's own client cannot be told.
fn is_foreign(line: &str) -> bool {
    [
        "\"target\":\"hyper",
        "\"target\":\"h2",
        "\"target\":\"reqwest",
        "\"target\":\"sandbox",
        "\"target\":\"selectors",
        "\"target\":\"html5ever",
    ]
    .iter()
    .any(|target| line.contains(target))
}

async fn t110_providers_at_private_addresses_are_not_asked(engine: Engine) {
    let world = World::new(engine).await;
    // As `serve` runs, without the word that allows this machine's own addresses.
    let store = selfsame::server::open_store(&world.config).await.unwrap();
    let surroundings = selfsame::server::Surroundings {
        names: world.names.clone(),
        clock: world.clock.clone(),
        random: Arc::new(selfsame::os::OsRandom),
        allow_loopback: false,
        pool: selfsame::passwords::PoolSettings::default(),
    };
    let asked = world.a.log().len();
    match selfsame::server::Server::new(&world.config, store, surroundings).await {
        // Refused at the start already.
        Err(error) => assert!(error.to_string().contains("https") || error.to_string().contains("http"), "{error}"),
        Ok(server) => {
            let mut browser = testkit::Browser::of(server.router.clone());
            let page = browser.get("/sign-in").await;
            let page =
                browser.press(page.form_with("/sign-in/start-provider", ("connection", "a")), "connection", "a").await;
            assert_eq!(page.url.origin().ascii_serialization(), ORIGIN, "{}", page.body);
            assert_eq!(page.status, 400, "{}", page.body);
        }
    }
    assert_eq!(world.a.log().len(), asked, "the provider was asked");
    // No claim makes us fetch anything: pictures and profiles are never asked for.
    let mut ada = world.browser();
    world.provider_sign_in(&mut ada, "a", "a-ada").await;
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
}

async fn t111_what_is_too_large_or_too_much_costs_nothing(engine: Engine) {
    let world = World::with(Options::on(engine)).await;
    world.until_callback(&mut world.browser(), "a", "a-ada").await;
    let before = world.reads_and_writes();
    // A thousand sign-ins are started and left.
    let mut crowd = world.browser();
    for _ in 0..1000 {
        let flow = crowd.get_once("/sign-in").await.hidden("flow").unwrap();
        let fields = [("flow", flow.as_str()), ("connection", "a")];
        assert_eq!(crowd.post_once("/sign-in/start-provider", &fields).await.status, 303);
        let flows = crowd.our_cookies().keys().filter(|name| name.contains("flow")).count();
        assert!(flows <= 4, "{flows} flows in one browser");
    }
    assert_eq!(world.reads_and_writes(), before, "a sign-in that is only started costs something");
    let size: usize = crowd.our_cookies().iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(size < 12_000, "{size} bytes of cookies");

    // Cookies, fields, bodies and queries that nobody honest sends.
    let long = "x".repeat(60_000);
    let mut huge = world.browser();
    huge.set_cookie("__Host-session", &long);
    let page = huge.get_once("/account").await;
    assert!(page.status.as_u16() < 500, "{}", page.status);
    let mut many = world.browser();
    for number in 0..2000 {
        many.set_cookie(&format!("__Host-flow-s-{number}"), "x");
    }
    assert!(many.get_once("/sign-in").await.status.as_u16() < 500);
    let mut agent = world.browser();
    agent.user_agent.clone_from(&long);
    agent.language.clone_from(&long);
    let page = agent.get_once("/sign-in").await;
    assert_eq!(page.status, 200);
    let flow = page.hidden("flow").unwrap();
    for (name, value) in
        [("email", &long), ("password", &long), ("code", &long), ("connection", &long), ("flow", &long)]
    {
        for path in ["/sign-in/email", "/sign-in/password", "/sign-in/code", "/sign-in/start-provider", "/sign-up"] {
            let fields = [("flow", flow.as_str()), (name, value.as_str())];
            let page = agent.post_once(path, &fields).await;
            assert!(page.status.as_u16() < 500, "{path} {name}: {}", page.status);
        }
    }
    let larger = "x".repeat(100_000);
    let page = agent.post_once("/sign-in/email", &[("flow", &flow), ("email", &larger)]).await;
    assert_eq!(page.status, 413, "{}", page.body);
    let pairs: Vec<(String, String)> = (0..5000).map(|n| (format!("f{n}"), "x".to_owned())).collect();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(agent.post_once("/sign-in/email", &pairs).await.status.as_u16() < 500);
    let long = "x".repeat(30_000);
    for path in [
        format!("/sign-in?return_to=/{long}"),
        format!("/callback/a?state={long}&code={long}"),
        format!("/flow/{long}"),
        format!("/{long}"),
    ] {
        assert!(agent.get_once(&path).await.status.as_u16() < 500, "{}", &path[..20]);
    }
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let body = json!({ "kind": "sign_in", "return_to": long });
    for body in [json!(deep), body] {
        let call = world.browser().call("POST", "/api/v1/flows", Some(body), &[]).await;
        assert_eq!(call.status, 400, "{}", call.status);
    }
    let larger = Some(json!({ "kind": "sign_in", "return_to": larger }));
    assert_eq!(world.browser().call("POST", "/api/v1/flows", larger, &[]).await.status, 413);
    assert_eq!(world.reads_and_writes().1, before.1, "something was written");
    // A password of any length costs at most one hash, and a long one none.
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
}
