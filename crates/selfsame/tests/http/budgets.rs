//! Reads and writes per request, counted: the budget of DESIGN.md for every route.
//!
//! A read is one snapshot, a write is one plan. The store counts what requests cause; jobs have counters of their own.

use crate::on_both_engines;
use serde_json::{Value, json};
use std::fmt::Write as _;
use testkit::{ApiCall, Browser, Engine, ORIGIN, Options, PASSWORD, Page, VERIFIER, World, challenge};

on_both_engines!(pages_keep_their_budget, journeys_keep_their_budget, the_api_keeps_its_budget);

type Cost = (u64, u64);

/// What changes nothing and asks for nobody.
const FREE: Cost = (0, 0);
/// One snapshot.
const LOOK: Cost = (1, 0);
/// A returning external sign-in, a link, an unlink, a step that mails.
const CHANGE: Cost = (1, 1);
/// The attempt is reserved before the hash is computed.
const SECRET: Cost = (1, 2);

struct Meter<'w> {
    world: &'w World,
    rows: Vec<(String, Cost, Cost)>,
}

impl<'w> Meter<'w> {
    fn of(world: &'w World) -> Self {
        Self { world, rows: Vec::new() }
    }

    async fn measured<T>(&mut self, what: &str, budget: Cost, request: impl Future<Output = T>) -> T {
        let before = self.world.reads_and_writes();
        let answer = request.await;
        let after = self.world.reads_and_writes();
        self.rows.push((what.to_owned(), budget, (after.0 - before.0, after.1 - before.1)));
        answer
    }

    async fn get(&mut self, budget: Cost, browser: &mut Browser, path: &str) -> Page {
        let shown = path.split('?').next().unwrap_or(path);
        let page = self.measured(&format!("GET {shown}"), budget, browser.get_once(path)).await;
        assert!(page.status.as_u16() < 500, "{path}: {}", page.body);
        page
    }

    async fn post(
        &mut self,
        note: &str,
        budget: Cost,
        browser: &mut Browser,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Page {
        let page = self.measured(&format!("POST {path} {note}"), budget, browser.post_once(path, fields)).await;
        assert!(page.status.is_redirection(), "{path} {note}: {} {}", page.status, page.body);
        page
    }

    async fn api(
        &mut self,
        note: &str,
        budget: Cost,
        browser: &mut Browser,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> ApiCall {
        let shown: String =
            path.split('/').map(|part| if part.len() == 36 { "{id}" } else { part }).collect::<Vec<_>>().join("/");
        let call = browser.api(method, path, body, Some(ORIGIN));
        let call = self.measured(&format!("{method} {shown} {note}"), budget, call).await;
        assert!(call.status.as_u16() < 500, "{path}: {call:?}");
        call
    }

    /// Prints the table, and fails where more was used than allowed.
    fn settle(self) {
        let mut table = format!("{:<58} {:>6} {:>6}\n", "request", "budget", "used");
        let mut over = Vec::new();
        for (what, budget, used) in &self.rows {
            let cost = |cost: &Cost| format!("{}/{}", cost.0, cost.1);
            writeln!(table, "{what:<58} {:>6} {:>6}", cost(budget), cost(used)).unwrap();
            if used.0 > budget.0 || used.1 > budget.1 {
                over.push(what);
            }
        }
        println!("{table}");
        assert!(over.is_empty(), "over budget: {over:#?}\n{table}");
    }
}

/// The session check: free from the cache. On PostgreSQL a replica that has not heard its own heartbeat yet, or lately,
/// reads instead.
fn check(engine: Engine) -> u64 {
    match engine {
        Engine::Sqlite => 0,
        Engine::Postgres => 1,
    }
}

fn with_codes(engine: Engine) -> Options {
    Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }
}

async fn pages_keep_their_budget(engine: Engine) {
    let world = World::new(engine).await;
    let mut meter = Meter::of(&world);
    let mut nobody = world.browser();
    for path in
        ["/", "/sign-in", "/sign-up", "/signed-out", "/favicon.ico", "/health/live", "/nowhere", "/account/password"]
    {
        meter.get(FREE, &mut nobody, path).await.status.as_u16();
    }
    let css = nobody.get("/sign-in").await;
    let document = css.document();
    let sheet = scraper::Selector::parse("link[rel=stylesheet]").unwrap();
    let href = document.select(&sheet).next().and_then(|link| link.value().attr("href")).unwrap().to_owned();
    drop(document);
    assert_eq!(meter.get(FREE, &mut nobody, &href).await.status, 200);
    meter.get(LOOK, &mut nobody, "/health/ready").await;
    // A secret that opens nothing costs one look and no more.
    let mut forged = world.browser();
    forged.set_cookie("__Host-session", "forged");
    for path in ["/account", "/account/activity", "/account/password", "/account/step-up", "/sign-in"] {
        meter.get(LOOK, &mut forged, path).await;
    }

    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.connect(&mut ada, "a", "a-ada").await;
    let link = world.link_of("ada@example.test", "a").await;
    let secret = ada.session().unwrap();
    world.is_live(&secret).await;
    let check = check(engine);
    meter.get((check, 0), &mut ada, "/sign-in").await;
    meter.get(FREE, &mut ada, "/").await;
    // One snapshot of the account, one list of its sessions.
    meter.get((2, 0), &mut ada, "/account").await;
    meter.get((2, 0), &mut ada, &format!("/account/methods/remove?method={link}")).await;
    meter.get((check, 0), &mut ada, "/account/methods/connect?connection=b").await;
    meter.get((check + 1, 0), &mut ada, "/account/activity").await;
    meter.get(LOOK, &mut ada, "/account/password").await;
    meter.get(LOOK, &mut ada, "/account/step-up").await;
    meter.get((check, 0), &mut ada, &world.handover_start()).await;
    meter.settle();
}

async fn journeys_keep_their_budget(engine: Engine) {
    let world = World::with(with_codes(engine)).await;
    let mut meter = Meter::of(&world);
    let address = "ada@example.test";
    let mut ada = world.browser();
    let page = ada.get("/sign-up").await;
    let flow = page.hidden("flow").unwrap();
    let id = ("flow", flow.as_str());
    let seen = world.mailbox.messages().len();
    let form = [id, ("name", "Ada"), ("email", address), ("password", PASSWORD)];
    meter.post("(mails)", CHANGE, &mut ada, "/sign-up", &form).await;
    meter.get(FREE, &mut ada, &format!("/flow/{flow}")).await;
    meter.post("(wrong)", CHANGE, &mut ada, "/sign-in/code", &[id, ("code", "000000")]).await;
    world.code_after(address, seen).await;
    let seen = world.mailbox.messages().len();
    meter.post("", CHANGE, &mut ada, "/sign-in/code/resend", &[id]).await;
    let code = world.code_after(address, seen).await;
    meter.post("(creates the user)", SECRET, &mut ada, "/sign-in/code", &[id, ("code", &code)]).await;

    // A link from settings.
    world.until_callback(&mut world.browser(), "a", "a-joan").await; // metadata and keys are cached from here on
    world.until_callback(&mut world.browser(), "b", "b-joan").await;
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    ada.be(&world.a, "a-ada");
    let form = [("csrf", csrf.as_str()), ("connection", "a")];
    let page = meter.post("(starts a link)", LOOK, &mut ada, "/account/methods/connect", &form).await;
    let back = world.back_from_provider(&mut ada, page).await;
    let page = meter.get(CHANGE, &mut ada, back.as_str().strip_prefix(ORIGIN).unwrap()).await;
    let to = page.headers["location"].to_str().unwrap().to_owned();
    if let Some(flow) = to.strip_prefix("/flow/") {
        let form = [("flow", flow), ("choice", "connect")];
        meter.post("", CHANGE, &mut ada, "/sign-in/confirm-link", &form).await;
    }
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    meter.post("", CHANGE, &mut ada, "/sign-out", &[("csrf", &csrf)]).await;

    // Passwords.
    let flow = ada.get("/sign-in").await.hidden("flow").unwrap();
    let id = ("flow", flow.as_str());
    meter.post("", FREE, &mut ada, "/sign-in/email", &[id, ("email", address)]).await;
    meter.post("(wrong)", SECRET, &mut ada, "/sign-in/password", &[id, ("password", "wrong")]).await;
    meter.post("(nobody's)", SECRET, &mut ada, "/sign-in/password", &[id, ("password", "wrong")]).await;
    meter.post("", SECRET, &mut ada, "/sign-in/password", &[id, ("password", PASSWORD)]).await;
    let page = ada.get("/account/step-up").await;
    let form = [("flow", &*page.hidden("flow").unwrap()), ("password", PASSWORD)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    meter.post("", SECRET, &mut ada, "/account/step-up", &form).await;
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    let form = [("csrf", csrf.as_str()), ("password", "another heron lantern 77 gravel")];
    meter.post("", CHANGE, &mut ada, "/account/password", &form).await;
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    meter.post("", FREE, &mut ada, "/sign-in/forget", &[]).await;

    // Unlink, from another browser's session too.
    let link = world.link_of(address, "a").await.to_string();
    meter.post("", CHANGE, &mut ada, "/account/methods/remove", &[("csrf", &csrf), ("method", &link)]).await;
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    meter.post("(all)", CHANGE, &mut ada, "/account/sessions/end", &[("csrf", &csrf), ("session", "all")]).await;

    // Providers: a new user, a returning one, one whose mailbox is asked, one who must prove the account.
    for note in ["new", "returning"] {
        let mut grace = world.browser();
        grace.be(&world.a, "a-grace");
        let flow = grace.get("/sign-in").await.hidden("flow").unwrap();
        let form = [("flow", flow.as_str()), ("connection", "a")];
        let page = meter.post(note, FREE, &mut grace, "/sign-in/start-provider", &form).await;
        let back = world.back_from_provider(&mut grace, page).await;
        meter.get(CHANGE, &mut grace, back.as_str().strip_prefix(ORIGIN).unwrap()).await;
        assert!(grace.session().is_some());
    }
    let mut other = world.browser();
    other.address = std::net::Ipv4Addr::new(198, 51, 100, 1);
    world.advance(model::HOUR.times(13));
    let back = world.until_callback(&mut other, "b", "b-ada").await;
    let seen = world.mailbox.messages().len();
    let page = meter.get(CHANGE, &mut other, back.as_str().strip_prefix(ORIGIN).unwrap()).await;
    let flow = page.headers["location"].to_str().unwrap().strip_prefix("/flow/").unwrap().to_owned();
    let id = ("flow", flow.as_str());
    let code = world.code_after(address, seen).await;
    meter.post("(conflict)", SECRET, &mut other, "/sign-in/code", &[id, ("code", &code)]).await;
    let form = [id, ("method", "password"), ("password", "another heron lantern 77 gravel")];
    meter.post("(links)", SECRET, &mut other, "/sign-in/prove", &form).await;
    // A second person in the same browser.
    let back = world.until_callback(&mut other, "a", "a-grace").await;
    let page = meter.get(LOOK, &mut other, back.as_str().strip_prefix(ORIGIN).unwrap()).await;
    let flow = page.headers["location"].to_str().unwrap().strip_prefix("/flow/").unwrap().to_owned();
    let form = [("flow", flow.as_str()), ("choice", "switch")];
    meter.post("", CHANGE, &mut other, "/sign-in/switch", &form).await;
    // On to an application.
    let flow = other.get(&world.handover_start()).await.hidden("flow").unwrap();
    let form = [("flow", flow.as_str()), ("choice", "continue")];
    meter.post("", LOOK, &mut other, "/sign-in/continue", &form).await;
    // A code as proof of a step-up mails too.
    let page = other.get("/account/step-up").await;
    let flow = page.hidden("flow").unwrap();
    if page.body.contains("value=\"code\"") {
        let form = [("flow", flow.as_str()), ("method", "code")];
        meter.post("(mails)", CHANGE, &mut other, "/account/step-up", &form).await;
    }
    meter.settle();
}

async fn the_api_keeps_its_budget(engine: Engine) {
    let world = World::with(with_codes(engine)).await;
    let mut meter = Meter::of(&world);
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.connect(&mut ada, "a", "a-ada").await;
    let check = check(engine);
    let mut nobody = world.browser();
    meter.api("", FREE, &mut nobody, "GET", "/api/v1/openapi.json", None).await;
    meter.api("(nobody)", FREE, &mut nobody, "GET", "/api/v1/session", None).await;
    meter.api("(nobody)", FREE, &mut nobody, "DELETE", "/api/v1/session", None).await;
    let begun =
        meter.api("sign_in", FREE, &mut nobody, "POST", "/api/v1/flows", Some(json!({ "kind": "sign_in" }))).await;
    let path = format!("/api/v1/flows/{}", begun.json["id"].as_str().unwrap());
    meter.api("", FREE, &mut nobody, "GET", &path, None).await;
    for (note, budget, body) in [
        ("email", FREE, json!({ "action": "email", "email": "ada@example.test" })),
        ("wrong password", SECRET, json!({ "action": "password", "password": "wrong" })),
        ("provider", FREE, json!({ "action": "provider", "connection": "a" })),
        ("password", SECRET, json!({ "action": "password", "password": PASSWORD })),
    ] {
        meter.api(note, budget, &mut nobody, "POST", &path, Some(body)).await;
    }
    assert!(nobody.session().is_some());
    meter.api("(first)", LOOK, &mut nobody, "GET", "/api/v1/session", None).await;
    for _ in 0..3 {
        meter.api("(again)", (check, 0), &mut nobody, "GET", "/api/v1/session", None).await;
    }
    meter.api("", LOOK, &mut nobody, "GET", "/api/v1/account", None).await;
    let list = meter.api("", (check + 1, 0), &mut nobody, "GET", "/api/v1/account/sessions", None).await;
    meter.api("", (check + 1, 0), &mut nobody, "GET", "/api/v1/account/activity", None).await;
    meter
        .api("link", LOOK, &mut nobody, "POST", "/api/v1/flows", Some(json!({ "kind": "link", "connection": "b" })))
        .await;
    meter.api("step_up", LOOK, &mut nobody, "POST", "/api/v1/flows", Some(json!({ "kind": "step_up" }))).await;
    let other = list.json["sessions"].as_array().unwrap().iter().find(|row| row["current"] == json!(false)).unwrap();
    let path = format!("/api/v1/account/sessions/{}", other["id"].as_str().unwrap());
    meter.api("", (check + 1, 1), &mut nobody, "DELETE", &path, None).await;
    let application =
        json!({ "id": "notes", "redirect_uri": "https://notes.example/cb", "challenge": challenge(), "state": "s" });
    nobody.api("GET", "/api/v1/session", None, None).await;
    let begun = json!({ "kind": "sign_in", "application": application });
    meter.api("application", (check, 0), &mut nobody, "POST", "/api/v1/flows", Some(begun)).await;
    let code = world.handover_code(&mut nobody).await;
    let body = json!({ "code": code, "verifier": "wrong" });
    meter.api("(wrong)", FREE, &mut nobody, "POST", "/api/v1/handover", Some(body)).await;
    let body = json!({ "code": code, "verifier": VERIFIER });
    meter.api("", CHANGE, &mut nobody, "POST", "/api/v1/handover", Some(body.clone())).await;
    meter.api("(again)", LOOK, &mut nobody, "POST", "/api/v1/handover", Some(body)).await;
    let body = json!({ "password": "another heron lantern 77 gravel" });
    meter.api("", CHANGE, &mut nobody, "PUT", "/api/v1/account/password", Some(body)).await;
    let link = world.link_of("ada@example.test", "a").await;
    meter.api("", CHANGE, &mut nobody, "DELETE", &format!("/api/v1/account/methods/{link}"), None).await;
    meter.api("", CHANGE, &mut nobody, "DELETE", "/api/v1/session", None).await;
    meter.settle();
}
