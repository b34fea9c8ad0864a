//! The database goes away and comes back.

use crate::provider::{Client, error_at, options, parameter, text};
use serde_json::json;
use std::time::Duration;
use testkit::{Browser, Engine, ORIGIN, Options, PASSWORD, Page, World};

/// What people are told, on each surface: try again, and when.
async fn is_told_to_wait(world: &World, browser: &mut Browser, what: &str) {
    let pages = ["/account", "/account/activity"];
    for path in pages {
        let page = browser.get_once(path).await;
        assert_eq!(page.status, 503, "{what}: {path}: {}", page.body);
        assert!(page.headers.contains_key("retry-after"), "{what}: {path}");
        assert!(page.has("h1") && !page.has_form("/sign-in/email"), "{what}: {path} is a page");
    }
    let call = browser.api("GET", "/api/v1/account", None, None).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (503, &json!("database_unavailable")), "{what}: {call:?}");
    assert!(call.headers.contains_key("retry-after"), "{what}");
    assert!(browser.session().is_some(), "{what}: the session's cookie was thrown away");
    let ready = world.browser().get_once("/health/ready").await;
    assert_eq!(ready.status, 503, "{what}");
    // What needs no database goes on.
    for path in ["/sign-in", "/health/live"] {
        assert_eq!(world.browser().get_once(path).await.status, 200, "{what}: {path}");
    }
}

/// The same form again, until the database is back.
async fn again(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    for _ in 0..200 {
        let page = browser.post(path, fields).await;
        if page.status != 503 {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} does not recover");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_goes_away_in_the_middle_and_nothing_is_lost() {
    let mut cluster = tokio::task::spawn_blocking(testkit::postgres::Cluster::start).await.unwrap();
    let world = World::on_cluster(&cluster, Options::on(Engine::Postgres)).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    // In the middle: a link at its callback, a sign-in with the password typed, an unlink on its page.
    world.connect(&mut ada, "a", "a-ada").await;
    let link = world.link_of("ada@example.test", "a").await.to_string();
    let remove = ada.get(&format!("/account/methods/remove?method={link}")).await;
    let csrf = remove.hidden("csrf").unwrap();
    let page = ada.get("/account/methods/connect?connection=b").await;
    ada.be(&world.b, "b-ada");
    let form = page.form("/account/methods/connect");
    let page = ada.post_once("/account/methods/connect", &[("csrf", &form_csrf(&form)), ("connection", "b")]).await;
    let callback = world.back_from_provider(&mut ada, page).await;
    let mut other = world.browser();
    let page = other.get("/sign-in").await;
    let page = other.submit(page.form("/sign-in/email").with("email", "ada@example.test")).await;
    let flow = page.hidden("flow").unwrap();
    let sign_in = [("flow", flow.as_str()), ("method", "password"), ("password", PASSWORD)];
    let before = world.user("ada@example.test").await;

    cluster = tokio::task::spawn_blocking(move || {
        cluster.stop_immediate();
        cluster
    })
    .await
    .unwrap();
    is_told_to_wait(&world, &mut ada, "stopped").await;
    let page = other.post("/sign-in/password", &sign_in).await;
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.headers.contains_key("retry-after"));
    assert_eq!(other.session(), None);
    let unlink = [("csrf", csrf.as_str()), ("method", link.as_str())];
    assert_eq!(ada.post_once("/account/methods/remove", &unlink).await.status, 503);
    let call = ada.api("DELETE", "/api/v1/session", None, Some(ORIGIN)).await;
    assert_eq!(call.status, 503, "a sign-out that was not stored is not acknowledged");

    let cluster = tokio::task::spawn_blocking(move || {
        cluster.restart();
        cluster
    })
    .await
    .unwrap();
    // By itself, with the forms that were open: nobody starts again, nothing happened twice or half.
    let page = again(&mut other, "/sign-in/password", &sign_in).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.user("ada@example.test").await["links"], before["links"]);
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"), "the session lives on");
    ada.get(callback.as_str()).await;
    let page = ada.get("/account").await;
    if page.all_text().contains("Example B") {
        // linked by the callback that was opened late
    } else {
        world.connect(&mut ada, "b", "b-ada").await;
    }
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    let page = again(&mut ada, "/account/methods/remove", &[("csrf", &csrf), ("method", &link)]).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let report = world.operate(selfsame::admin::Operation::AuditVerify {}).await.unwrap();
    assert_eq!(report["clean"], json!(true), "{report}");
    // Mails that waited are sent.
    let notice =
        world.mailbox.wait_for("ada@example.test", |mail| mail.code(6).is_none(), Duration::from_secs(10)).await;
    assert!(notice.is_some());
    drop(world);
    tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
}

/// RFC 6749 §4.1.2.1, RFC 7009 §2.2.1: clients are told to come again, and find what they had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_told_to_come_again() {
    let mut cluster = tokio::task::spawn_blocking(testkit::postgres::Cluster::start).await.unwrap();
    let world = World::on_cluster(&cluster, options(Engine::Postgres)).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    let (shop, robot) = (Client::new(&world, "shop"), Client::new(&world, "robot"));
    let tokens = shop.tokens(&mut ada, &[]).await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let code = shop.code(&mut ada, &[]).await;

    cluster = tokio::task::spawn_blocking(move || {
        cluster.stop_immediate();
        cluster
    })
    .await
    .unwrap();
    let itself = [("grant_type", "client_credentials")];
    for (what, call) in [
        ("code", shop.exchange(&code).await),
        ("refresh", shop.refresh(&refresh).await),
        ("client credentials", robot.post("/oauth2/token", &itself).await),
        ("introspection", shop.post("/oauth2/introspect", &[("token", &access)]).await),
        ("revocation", shop.post("/oauth2/revoke", &[("token", &access)]).await),
        ("revocation of a refresh token", shop.post("/oauth2/revoke", &[("token", &refresh)]).await),
        ("userinfo", shop.userinfo(&access).await),
    ] {
        assert_eq!((call.status.as_u16(), &call.json["error"]), (503, &json!("temporarily_unavailable")), "{what}");
        let seconds = call.headers["retry-after"].to_str().unwrap().parse::<u32>();
        assert!(seconds.is_ok_and(|seconds| seconds > 0), "{what}: {call:?}");
        assert_eq!(call.headers["cache-control"], "no-store", "{what}");
    }
    // The person goes back to the application, in the way that it asked for, rather than stand before a 503.
    for more in [&[][..], &[("prompt", "none")]] {
        let page = ada.get(&shop.request(more)).await;
        assert_eq!(error_at(&page), "temporarily_unavailable", "{more:?}");
        assert_eq!(parameter(&page.url, "state").as_deref(), Some("st & te"));
    }
    let page = ada.get(&shop.request(&[("response_mode", "form_post")])).await;
    let error = ("error".to_owned(), "temporarily_unavailable".to_owned());
    assert!(page.form("/cb").fields.contains(&error), "{}", page.body);

    let cluster = tokio::task::spawn_blocking(move || {
        cluster.restart();
        cluster
    })
    .await
    .unwrap();
    let mut call = shop.userinfo(&access).await;
    for _ in 0..200 {
        if call.status != 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        call = shop.userinfo(&access).await;
    }
    assert_eq!(call.status, 200, "what was not acknowledged was not done: {call:?}");
    assert_eq!(shop.refresh(&refresh).await.status, 200);
    assert_eq!(shop.exchange(&code).await.status, 200);
    drop(world);
    tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
}

fn form_csrf(form: &testkit::Form) -> String {
    form.fields.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.clone()).unwrap()
}

/// Another process holds SQLite's write lock for longer than anybody waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_cannot_be_written_and_nothing_is_lost() {
    let world = World::new(testkit::Engine::Sqlite).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    let script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1],timeout=30,isolation_level=None); \
                  c.execute('BEGIN IMMEDIATE'); print('held',flush=True); sys.stdin.readline(); c.execute('ROLLBACK')";
    let mut holder = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(world.directory.path().join("selfsame.db"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(holder.stdout.take().unwrap()), &mut line).unwrap();
    assert_eq!(line, "held\n");
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    // Reading goes on; what has to be written waits as long as SQLite does, then says so.
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
    let page = ada.post_once("/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.headers.contains_key("retry-after"));
    assert!(world.is_live(&ada.session().unwrap()).await, "not acknowledged, not done");
    drop(holder.stdin.take());
    holder.wait().unwrap();
    let page = again(&mut ada, "/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!(page.path(), "/signed-out", "{}", page.body);
    assert_eq!(world.who(&mut ada).await, None);
}
