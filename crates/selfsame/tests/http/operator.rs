//! What operators do: the real program, against a running server by its socket and against the database by itself.

use crate::on_both_engines;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use testkit::{Engine, Options, PASSWORD, World};

on_both_engines!(
    a_running_server_is_asked_by_its_socket,
    without_a_server_the_database_is_opened,
    t134_operators_are_named_and_tampering_shows,
    t13_a_changed_connection_refuses_to_start,
    a_wrong_configuration_is_explained,
    a_newer_or_missing_schema_is_refused,
);

/// Statements that only somebody with the database in their hands could run.
pub fn tampering(line: usize) -> &'static str {
    include_str!("../../../store/tests/tampering.sql")
        .lines()
        .filter(|line| !line.starts_with("--"))
        .nth(line)
        .expect("a statement")
}

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }

    pub fn error(&self) -> Value {
        let last = self.err.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {}", self.err))
    }
}

/// No command takes longer; a server that was to refuse and serves instead would never end.
const LONGEST: Duration = Duration::from_mins(1);

fn run(file: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selfsame"));
    command.arg("--config").arg(file).args(arguments).env_remove("SUDO_USER").env("USER", "olga");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program starts");
    let pid = child.id().to_string();
    let (end, ended) = mpsc::channel();
    std::thread::spawn(move || end.send(child.wait_with_output()));
    let Ok(output) = ended.recv_timeout(LONGEST) else {
        Command::new("kill").arg("-KILL").arg(pid).status().expect("`kill` starts");
        panic!("{arguments:?} does not end by itself");
    };
    let Output { status, stdout, stderr } = output.expect("its output is read");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: status.code().expect("it ends by itself"), out: text(stdout), err: text(stderr) }
}

/// Runs beside the world, whose server goes on.
pub async fn ran(world: &World, arguments: &[&str]) -> Ran {
    let file = world.directory.path().join("selfsame.toml");
    let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
    let work = move || run(&file, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(work).await.unwrap()
}

pub async fn done(world: &World, arguments: &[&str]) -> Value {
    let ran = ran(world, &[arguments, &["--json"]].concat()).await;
    assert_eq!(ran.code, 0, "{arguments:?}: {} {}", ran.out, ran.err);
    ran.json()
}

/// Exit code 1 and a code that scripts can branch on.
pub async fn refused(world: &World, arguments: &[&str], code: &str) {
    let ran = ran(world, &[arguments, &["--json"]].concat()).await;
    assert_eq!((ran.code, &*ran.out), (1, ""), "{arguments:?}: {}", ran.err);
    let message = ran.error()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with(&format!("({code})")), "{arguments:?}: {message}");
}

/// Ada with a password and two links, signed in twice; Linus with one link and nothing else.
pub async fn people(world: &World) -> (testkit::Browser, testkit::Browser) {
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.connect(&mut ada, "a", "a-ada").await;
    world.connect(&mut ada, "b", "b-ada").await;
    let mut linus = world.browser();
    world.provider_sign_in(&mut linus, "a", "a-linus").await;
    (ada, linus)
}

/// As the system names whoever runs this test.
fn unix_user() -> String {
    let output = Command::new("id").arg("-un").output().expect("`id` starts");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn operator_of(event: &Value) -> String {
    let actor = &event["actor"];
    let name = actor["operator"]["name"].as_str().or(actor["name"].as_str());
    name.unwrap_or_else(|| panic!("no operator: {event}")).to_owned()
}

async fn the_story(world: &World, live: bool) {
    let (ada, linus) = people(world).await;
    let user = "ada@example.test";
    let list = done(world, &["user", "list"]).await;
    assert_eq!(list.as_array().unwrap().len(), 2);
    let found = done(world, &["user", "list", "--email", user]).await;
    assert_eq!((found[0]["name"].as_str(), found[0]["links"].as_i64()), (Some("Ada"), Some(2)), "{found}");
    let shown = done(world, &["user", "show", user]).await;
    let id = shown["id"].as_str().unwrap().to_owned();
    assert_eq!(done(world, &["user", "show", &id]).await, shown);
    assert_eq!(shown["usable_methods"].as_array().unwrap().len(), 3, "{shown}");
    let text = ran(world, &["user", "show", user]).await;
    assert!(text.out.contains("Ada") && text.out.contains(user), "{}", text.out);
    refused(world, &["user", "show", "nobody@example.test"], "user_not_found").await;

    // Sessions: listed, ended.
    let secret = ada.session().unwrap();
    assert!(world.is_live(&secret).await);
    let sessions = done(world, &["user", "sessions", user]).await;
    assert_eq!(sessions.as_array().unwrap().len(), 1, "{sessions}");
    done(world, &["user", "sessions", user, "--end", sessions[0]["id"].as_str().unwrap()]).await;
    if live {
        assert!(!world.is_live(&secret).await, "at once, by the server that has it cached");
    }
    assert_eq!(done(world, &["user", "sessions", user]).await, json!([]));

    // Links: listed, found, removed, the last one only by force.
    let links = done(world, &["link", "list", user]).await;
    let link = |which: &str| {
        let row = links.as_array().unwrap().iter().find(|row| row["connection"] == which).unwrap();
        row["id"].as_str().unwrap().to_owned()
    };
    let issuer = world.a.issuer().to_owned();
    let found = done(world, &["link", "find", "--issuer", &issuer, "--subject", "a-ada"]).await;
    assert_eq!((&found[0]["user"], &found[0]["link"]), (&json!(id), &json!(link("a"))), "{found}");
    assert_eq!(done(world, &["link", "find", "--issuer", &issuer, "--subject", "A-ada"]).await, json!([]));
    done(world, &["link", "remove", user, &link("b")]).await;
    refused(world, &["link", "remove", user, &link("b")], "link_not_found").await;
    let linus_id = list.as_array().unwrap().iter().find(|row| row["name"] == "Linus").unwrap()["id"].as_str().unwrap();
    let last = world.link_of(linus_id, "a").await.to_string();
    refused(world, &["link", "remove", linus_id, &last], "last_method").await;
    refused(world, &["link", "remove", user, &last], "link_not_found").await;

    // Connections: nobody may be stranded unawares.
    let connections = done(world, &["connection", "list"]).await;
    assert_eq!(connections.as_array().unwrap().len(), 2, "{connections}");
    refused(world, &["connection", "disable", "a"], "would_strand_users").await;
    refused(world, &["connection", "disable", "nothing"], "unknown_connection").await;
    done(world, &["connection", "disable", "b"]).await;
    assert_eq!(done(world, &["connection", "disable", "b"]).await["changed"], json!(false));
    done(world, &["connection", "enable", "b"]).await;
    done(world, &["link", "remove", linus_id, &last, "--force"]).await;
    if live {
        assert!(!world.is_live(&linus.session().unwrap()).await, "t67: its session ends with it");
    }
    done(world, &["connection", "disable", "a"]).await;
    done(world, &["connection", "enable", "a"]).await;

    // Users: disabled, enabled, deleted for good.
    done(world, &["user", "disable", user]).await;
    refused(world, &["user", "disable", user], "nothing_to_change").await;
    assert_eq!(done(world, &["user", "show", user]).await["status"], "disabled");
    done(world, &["user", "enable", user]).await;
    let unsure = ran(world, &["user", "delete", user]).await;
    assert_eq!(unsure.code, 2, "{}", unsure.err);
    assert!(unsure.err.contains("--yes"), "{}", unsure.err);
    done(world, &["user", "delete", user, "--yes"]).await;
    refused(world, &["user", "show", user], "user_not_found").await;
    refused(world, &["user", "enable", &id], "user_not_found").await;
    let mut again = world.browser();
    world.password_sign_in(&mut again, user, PASSWORD).await;
    assert_eq!(world.who(&mut again).await, None);
    let verified = done(world, &["audit", "verify"]).await;
    assert_eq!((&verified["clean"], &verified["faults"]), (&json!(true), &json!([])), "{verified}");
}

async fn a_running_server_is_asked_by_its_socket(engine: Engine) {
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("admin.sock");
    let server = format!("admin_socket = \"{}\"", socket.display());
    let world = World::with(Options { server, ..Options::on(engine) }).await;
    let bound = selfsame::socket::Socket::bind(&socket).await.unwrap();
    assert!(selfsame::socket::Socket::bind(&socket).await.is_err(), "a living server's socket is not taken");
    let serving = tokio::spawn(bound.serve(world.server.admin.clone()));
    the_story(&world, true).await;
    // T134: the server names the user at the other end of the socket, not whom the command says.
    let events = done(&world, &["audit", "show"]).await.to_string();
    assert!(events.contains(&unix_user()) && !events.contains("olga"), "{events}");
    serving.abort();
}

async fn without_a_server_the_database_is_opened(engine: Engine) {
    let world = World::new(engine).await;
    the_story(&world, false).await;
}

async fn t134_operators_are_named_and_tampering_shows(engine: Engine) {
    let world = World::new(engine).await;
    let (mut ada, _) = people(&world).await;
    let user = "ada@example.test";
    // T84: the link, its end and the mail about it are one; the log has each change once, with who did it.
    let link = world.link_of(user, "b").await.to_string();
    done(&world, &["link", "remove", user, &link]).await;
    done(&world, &["connection", "disable", "b"]).await;
    let events = done(&world, &["audit", "show", user]).await;
    let of = |kind: &str| -> Vec<Value> {
        events.as_array().unwrap().iter().filter(|event| event["kind"] == kind).cloned().collect()
    };
    let unlinked = of("unlinked");
    assert_eq!(unlinked.len(), 1, "{events}");
    assert_eq!(operator_of(&unlinked[0]), unix_user());
    assert_eq!(unlinked[0]["link"], json!(link));
    for linked in of("linked") {
        assert!(linked["actor"].get("operator").is_none(), "{linked}");
        assert!(!linked["proofs"].as_array().unwrap().is_empty(), "every change names its proofs: {linked}");
    }
    let seqs: Vec<i64> = events.as_array().unwrap().iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] == pair[1] + 1), "no gap: {seqs:?}");
    let store = done(&world, &["audit", "show"]).await;
    assert!(store.to_string().contains(&unix_user()), "{store}");
    assert!(!events.to_string().contains("olga") && !store.to_string().contains("olga"), "anybody can say `USER=olga`");
    // The person sees that an operator did it.
    let page = ada.get("/account/activity").await;
    assert_eq!(page.status, 200, "{}", page.body);

    world.is_tampered_with();
    let verify = async || ran(&world, &["audit", "verify", "--json"]).await;
    assert_eq!(verify().await.code, 0);
    for change in (0..3).map(tampering) {
        edit(&world, change).await;
        let broken = verify().await;
        if change.contains("unlinked_by_operator") {
            assert_eq!(broken.code, 0, "put back as it was: {}", broken.out);
            continue;
        }
        assert_eq!(broken.code, 3, "{change}: {} {}", broken.out, broken.err);
        let report = broken.json();
        assert_eq!(report["clean"], json!(false));
        assert!(!report["faults"].as_array().unwrap().is_empty(), "{report}");
    }
}

/// Somebody with access to the database edits it.
pub async fn edit(world: &World, sql: &str) {
    let mut command = match world.options.engine {
        Engine::Sqlite => {
            let mut command = Command::new("python3");
            let script =
                "import sqlite3,sys; c=sqlite3.connect(sys.argv[1],timeout=10); c.execute(sys.argv[2]); c.commit()";
            command.args(["-c", script]).arg(world.directory.path().join("selfsame.db")).arg(sql);
            command
        }
        Engine::Postgres => {
            let text = std::fs::read_to_string(world.directory.path().join("selfsame.toml")).unwrap();
            let url = text.lines().find_map(|line| line.strip_prefix("url = \"postgres")).unwrap();
            let mut command = Command::new("psql");
            command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d"]);
            command.arg(format!("postgres{}", url.trim_end_matches('"'))).args(["-c", sql]);
            command
        }
    };
    let output =
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().expect("a client of the database");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The configuration with a change, as another file.
fn changed(world: &World, change: impl Fn(String) -> String) -> std::path::PathBuf {
    let text = std::fs::read_to_string(world.directory.path().join("selfsame.toml")).unwrap();
    let file = world.directory.path().join("changed.toml");
    let new = change(text.clone());
    assert_ne!(new, text, "nothing was changed");
    std::fs::write(&file, new).unwrap();
    file
}

async fn t13_a_changed_connection_refuses_to_start(engine: Engine) {
    let world = World::new(engine).await;
    people(&world).await;
    let issuer = world.a.issuer().to_owned();
    for (what, old, new) in [
        ("issuer", issuer.as_str(), "http://provider-z.localhost:1"),
        ("client", "client_id = \"client-a\"", "client_id = \"client-z\""),
        ("subject claim", "id = \"a\"\n", "id = \"a\"\nsubject_claim = \"oid\"\n"),
    ] {
        let file = changed(&world, |text| text.replace(old, new));
        let serve = ["serve", "--insecure-loopback", "--json"];
        let started = tokio::task::spawn_blocking(move || run(&file, &serve)).await.unwrap();
        assert_eq!(started.code, 1, "{what}: {} {}", started.out, started.err);
        let message = started.error()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("connection `a`") && message.contains(what.split(' ').next().unwrap()), "{message}");
    }
    assert_eq!(world.user("ada@example.test").await["links"].as_array().unwrap().len(), 2);
}

async fn a_wrong_configuration_is_explained(engine: Engine) {
    let world = World::new(engine).await;
    assert_eq!(done(&world, &["config", "check"]).await["ok"], json!(true));
    let schema = ran(&world, &["config", "schema"]).await;
    assert_eq!((schema.code, schema.json()["type"].as_str()), (0, Some("object")));
    let file = changed(&world, |text| text.replace("[policy]", "[policy]\nemail_codes = true"));
    let line =
        std::fs::read_to_string(&file).unwrap().lines().position(|line| line.starts_with("email_codes")).unwrap() + 1;
    for command in [["config", "check"], ["user", "list"], ["migrate", "status"]] {
        let ran = run(&file, &command);
        assert_eq!(ran.code, 2, "{command:?}: {} {}", ran.out, ran.err);
        assert!(ran.err.contains(&format!("changed.toml:{line}: policy.email_codes: unknown key")), "{}", ran.err);
        assert!(ran.err.contains("did you mean `email_code`"), "{}", ran.err);
    }
    let missing = run(&world.directory.path().join("nothing.toml"), &["config", "check"]);
    assert_eq!(missing.code, 2, "{}", missing.err);
    assert_eq!(run(&file, &["user", "shwo"]).code, 2);
    assert_eq!(ran(&world, &["user", "show", "neither id nor address"]).await.code, 2);
    // T64, T110: a plain-http issuer or origin needs the word that says so.
    let plain = changed(&world, |text| text.replace("https://id.example.test", "http://id.example.test"));
    assert_eq!(run(&plain, &["serve"]).code, 2);
}

async fn a_newer_or_missing_schema_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    let status = done(&world, &["migrate", "status"]).await;
    assert_eq!((&status["pending"], &status["newer"]), (&json!([]), &Value::Null), "{status}");
    assert_eq!(done(&world, &["migrate", "up"]).await["applied"], json!([]));
    if engine == Engine::Sqlite {
        let file = changed(&world, |text| text.replace("sqlite:selfsame.db", "sqlite:fresh.db"));
        let early = run(&file, &["user", "list", "--json"]);
        assert_eq!(early.code, 1, "{}", early.err);
        assert!(!world.directory.path().join("fresh.db").exists(), "looking creates nothing");
        let status = run(&file, &["migrate", "status", "--json"]);
        assert_eq!(status.code, 3, "something is pending: {} {}", status.out, status.err);
        let up = run(&file, &["migrate", "up", "--json"]);
        assert_eq!((up.code, up.json()["applied"].as_array().unwrap().is_empty()), (0, false), "{}", up.err);
        assert_eq!(run(&file, &["user", "list", "--json"]).json(), json!([]));
    }
    world.is_tampered_with();
    edit(&world, tampering(3)).await;
    for command in [
        &["serve", "--insecure-loopback", "--json"][..],
        &["user", "list", "--json"],
        &["serve", "--migrate", "--insecure-loopback", "--json"],
    ] {
        let newer = ran(&world, command).await;
        assert_eq!(newer.code, 1, "{command:?}: {} {}", newer.out, newer.err);
        assert!(newer.err.contains("newer"), "{command:?}: {}", newer.err);
    }
}
