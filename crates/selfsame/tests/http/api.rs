//! The JSON API walks the same journeys.

mod handover;
mod refusals;

use crate::on_both_engines;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::{ApiCall, Behaviour, Browser, Engine, ORIGIN, Options, PASSWORD, World};

on_both_engines!(the_whole_story_by_the_api, every_state_is_reached);

/// An app in a browser: it calls the API, and opens providers' pages where it is sent.
struct App<'w> {
    world: &'w World,
    browser: Browser,
    origin: String,
    /// States that were seen.
    states: BTreeSet<String>,
    flow: String,
}

impl<'w> App<'w> {
    fn new(world: &'w World) -> Self {
        let (browser, origin) = (world.browser(), ORIGIN.to_owned());
        Self { world, browser, origin, states: BTreeSet::new(), flow: String::new() }
    }

    async fn call(&mut self, method: &str, path: &str, json: Option<Value>) -> ApiCall {
        let origin = self.origin.clone();
        let call = self.browser.api(method, &format!("/api/v1{path}"), json, Some(&origin)).await;
        let kind = call.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if call.status.is_client_error() && call.json.get("state").is_none() {
            assert_eq!(kind, "application/problem+json", "{method} {path}: {call:?}");
        } else if call.status != 204 {
            assert_eq!(kind, "application/json", "{method} {path}: {call:?}");
        }
        if let Some(state) = call.json["state"].as_str() {
            self.states.insert(state.to_owned());
        }
        call
    }

    async fn start(&mut self, body: Value) -> ApiCall {
        let call = self.call("POST", "/flows", Some(body)).await;
        if let Some(id) = call.json["id"].as_str() {
            id.clone_into(&mut self.flow);
            assert_eq!(call.status, 201, "{call:?}");
            assert_eq!(call.headers["location"], format!("/api/v1/flows/{id}").as_str());
        }
        call
    }

    async fn act(&mut self, body: Value) -> ApiCall {
        let path = format!("/flows/{}", self.flow);
        self.call("POST", &path, Some(body)).await
    }

    async fn show(&mut self) -> ApiCall {
        let path = format!("/flows/{}", self.flow);
        self.call("GET", &path, None).await
    }

    /// Goes to the provider as `subject`; back at a page of ours, the flow is read again.
    async fn provider(&mut self, which: &str, subject: &str) -> ApiCall {
        self.browser.be(if which == "a" { &self.world.a } else { &self.world.b }, subject);
        let away = self.act(json!({ "action": "provider", "connection": which })).await;
        assert_eq!(away.json["state"], "away", "{away:?}");
        assert_eq!(self.show().await.json["state"], "away");
        let page = self.browser.get(away.json["url"].as_str().unwrap()).await;
        assert!(page.status.is_success() || page.status == 422, "{}", page.body);
        self.show().await
    }

    /// Adds a provider; the consent page comes where the provider does not say that the person picked this account.
    async fn connect(&mut self, which: &str, subject: &str) {
        let begun = self.start(json!({ "kind": "link", "connection": which })).await;
        assert_eq!((&begun.json["kind"], &begun.json["state"]), (&json!("link"), &json!("identify")), "{begun:?}");
        if self.provider(which, subject).await.json["state"] == "confirm_link" {
            let done = self.act(json!({ "action": "confirm" })).await;
            assert!(done.json["linked"].is_string(), "{done:?}");
        }
        let over = self.show().await;
        assert_eq!((over.status.as_u16(), &over.json["code"]), (410, &json!("flow_expired")), "{over:?}");
    }

    async fn code(&mut self, address: &str, seen: usize) -> ApiCall {
        let code = self.world.code_after(address, seen).await;
        self.act(json!({ "action": "code", "code": code })).await
    }

    async fn sign_up(&mut self, name: &str, address: &str) -> ApiCall {
        self.start(json!({ "kind": "sign_up" })).await;
        let seen = self.world.mailbox.messages().len();
        let body = json!({ "action": "sign_up", "name": name, "email": address, "password": PASSWORD });
        let call = self.act(body).await;
        assert_eq!(call.json["state"], "mail_code", "{call:?}");
        self.code(address, seen).await
    }

    async fn password(&mut self, address: &str, password: &str) -> ApiCall {
        self.start(json!({ "kind": "sign_in" })).await;
        let call = self.act(json!({ "action": "email", "email": address })).await;
        assert_eq!(call.json["state"], "password", "{call:?}");
        self.act(json!({ "action": "password", "password": password })).await
    }

    async fn name(&mut self) -> Option<String> {
        self.call("GET", "/session", None).await.json["user"]["name"].as_str().map(str::to_owned)
    }

    async fn link(&mut self, which: &str) -> Option<String> {
        let account = self.call("GET", "/account", None).await;
        let methods = account.json["methods"].as_array().cloned().unwrap_or_default();
        let row = methods.iter().find(|row| row["link"]["provider"]["id"] == which)?;
        row["link"]["id"].as_str().map(str::to_owned)
    }
}

async fn the_whole_story_by_the_api(engine: Engine) {
    // A single-page app on a sibling host, and the same story on our own origin.
    let server = "allowed_origins = [\"https://app.example.test\"]".to_owned();
    for origin in [ORIGIN, "https://app.example.test"] {
        let world = World::with(Options { server: server.clone(), ..Options::on(engine) }).await;
        let mut app = App { origin: origin.to_owned(), ..App::new(&world) };
        let done = app.sign_up("Ada", "ada@example.test").await;
        assert_eq!((&done.json["state"], &done.json["created"]), (&json!("finished"), &json!(true)), "{done:?}");
        assert_eq!(done.json["redirect_to"], "/account");
        assert!(done.json.get("token").is_none(), "a browser's secret is in its cookie alone");
        assert_eq!(app.name().await.as_deref(), Some("Ada"));
        assert_eq!(done.headers.contains_key("access-control-allow-origin"), origin != ORIGIN);

        // Links provider A.
        app.connect("a", "a-ada").await;
        let link = app.link("a").await.expect("linked");

        // Out, and in with either.
        assert_eq!(app.call("DELETE", "/session", None).await.status, 204);
        assert_eq!(app.name().await, None);
        assert_eq!(app.call("DELETE", "/session", None).await.status, 204, "twice is fine");
        app.start(json!({ "kind": "sign_in" })).await;
        app.provider("a", "a-ada").await;
        assert_eq!(app.name().await.as_deref(), Some("Ada"));
        app.call("DELETE", "/session", None).await;
        let wrong = app.password("ada@example.test", "wrong").await;
        assert_eq!((wrong.status.as_u16(), &wrong.json["error"]["code"]), (422, &json!("wrong_password")), "{wrong:?}");
        let done = app.act(json!({ "action": "password", "password": PASSWORD })).await;
        assert_eq!(done.json["state"], "finished", "{done:?}");
        app.call("DELETE", "/session", None).await;

        // Provider B brings the same address: the mailbox first, then the proof.
        app.start(json!({ "kind": "sign_in" })).await;
        let seen = world.mailbox.messages().len();
        let call = app.provider("b", "b-ada").await;
        assert_eq!(call.json["state"], "mail_code", "{call:?}");
        let call = app.code("ada@example.test", seen).await;
        assert_eq!(call.json["state"], "ask_proof", "{call:?}");
        assert_eq!(call.json["external"]["address_confirmed"], json!(true));
        assert_eq!(app.name().await, None, "no session before the proof");
        let done = app.act(json!({ "action": "password", "password": PASSWORD })).await;
        assert_eq!(done.json["state"], "finished", "{done:?}");
        assert!(done.json["linked"].is_string(), "{done:?}");

        // Unlinks; what was removed signs nobody in.
        let second = app.link("b").await.expect("linked");
        for link in [&second, &link] {
            let gone = app.call("DELETE", &format!("/account/methods/{link}"), None).await;
            assert_eq!((gone.status.as_u16(), &gone.json["own_session_ended"]), (200, &json!(false)), "{gone:?}");
            let again = app.call("DELETE", &format!("/account/methods/{link}"), None).await;
            assert_eq!((again.status.as_u16(), &again.json["code"]), (404, &json!("link_not_found")));
        }
        let events = app.call("GET", "/account/activity", None).await;
        let kinds: Vec<&str> =
            events.json["events"].as_array().unwrap().iter().filter_map(|event| event["kind"].as_str()).collect();
        for kind in ["user_created", "linked", "unlinked", "signed_in", "signed_out"] {
            assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
        }
        app.call("DELETE", "/session", None).await;
        app.start(json!({ "kind": "sign_in" })).await;
        let call = app.provider("a", "a-ada").await;
        assert_eq!(call.json["state"], "ask_proof", "{call:?}");
        assert_eq!(app.name().await, None);
    }
}

/// Every state that the document names, and nothing that it does not.
async fn every_state_is_reached(engine: Engine) {
    let policy = "email_code = true".to_owned();
    let world = World::with(Options { policy, ..Options::on(engine) }).await;
    let mut app = App::new(&world);
    app.start(json!({ "kind": "sign_in" })).await;
    assert_eq!(app.show().await.json["state"], "identify");
    app.sign_up("Ada", "ada@example.test").await;

    // The provider does not say when the person authenticated: it may have answered by itself.
    world.a.script([Behaviour::AuthTimeMissing]);
    app.start(json!({ "kind": "link", "connection": "a" })).await;
    let call = app.provider("a", "a-ada").await;
    assert_eq!(call.json["state"], "confirm_link", "{call:?}");
    let done = app.act(json!({ "action": "confirm" })).await;
    assert_eq!(done.json["state"], "finished", "{done:?}");
    world.a.script([]);

    // Somebody else comes: switch, or stay.
    for choice in ["stay", "switch"] {
        app.start(json!({ "kind": "sign_in" })).await;
        let call = app.provider("a", "a-linus").await;
        assert_eq!(call.json["state"], "ask_switch", "{call:?}");
        let done = app.act(json!({ "action": choice })).await;
        assert_eq!(done.json["state"], if choice == "stay" { "ended" } else { "finished" }, "{done:?}");
    }
    assert_eq!(app.name().await.as_deref(), Some("Linus"));
    // Linus swaps his provider; the old one asks before it makes another account.
    app.connect("b", "b-linus").await;
    let first = app.link("a").await.expect("linked");
    app.call("DELETE", &format!("/account/methods/{first}"), None).await;
    app.call("DELETE", "/session", None).await;
    app.start(json!({ "kind": "sign_in" })).await;
    let call = app.provider("a", "a-linus").await;
    assert_eq!((&call.json["state"], &call.json["may_separate"]), (&json!("ask_create"), &json!(true)), "{call:?}");
    let ended = app.act(json!({ "action": "cancel" })).await;
    assert_eq!(ended.json["state"], "ended", "{ended:?}");

    // Another account of the same provider with Ada's address.
    app.start(json!({ "kind": "sign_in" })).await;
    let call = app.provider("a", "a-ada-2").await;
    assert_eq!(call.json["state"], "other_account", "{call:?}");
    // Signing up with an address that has an account.
    world.advance(model::HOUR);
    let call = app.sign_up("Ada", "ada@example.test").await;
    assert_eq!(call.json["state"], "address_taken", "{call:?}");
    assert_eq!(call.json["may_continue"], json!(true), "{call:?}");
    let done = app.act(json!({ "action": "continue" })).await;
    assert_eq!(done.json["state"], "finished", "{done:?}");
    assert_eq!(app.name().await.as_deref(), Some("Ada"));

    // A step-up, and an application for somebody who is signed in.
    world.advance(model::MINUTE.times(6));
    let call = app.start(json!({ "kind": "step_up", "return_to": "/account/activity" })).await;
    assert_eq!(call.json["state"], "step_up", "{call:?}");
    let done = app.act(json!({ "action": "password", "password": PASSWORD })).await;
    assert_eq!(done.json["redirect_to"], "/account/activity", "{done:?}");
    let application = handover::notes("https://notes.example/cb");
    let call = app.start(json!({ "kind": "sign_in", "application": application })).await;
    assert_eq!((&call.json["state"], &call.json["application"]), (&json!("continue"), &json!("Notes")), "{call:?}");
    let done = app.act(json!({ "action": "continue" })).await;
    assert!(done.json["redirect_to"].as_str().unwrap().starts_with("https://notes.example/cb?code="), "{done:?}");
    app.call("DELETE", "/session", None).await;

    // The conflict, and a password page.
    app.password("ada@example.test", "wrong").await;
    app.start(json!({ "kind": "sign_in" })).await;
    let seen = world.mailbox.messages().len();
    app.provider("b", "b-ada").await;
    app.code("ada@example.test", seen).await;
    // Six minutes later the provider's answer links nothing; given again it does, with the password that was typed.
    world.advance(model::MINUTE.times(6));
    let call = app.act(json!({ "action": "password", "password": PASSWORD })).await;
    assert_eq!(
        (&call.json["state"], &call.json["providers"][0]["id"]),
        (&json!("provider_again"), &json!("b")),
        "{call:?}"
    );
    app.provider("b", "b-ada").await;
    assert_eq!(app.name().await.as_deref(), Some("Ada"));

    // Where a link binds, whoever shows the mailbox learns through which provider they sign in.
    let policy = "email_code = true\nmethod_selection = \"force_linked\"".to_owned();
    let forced = World::with(Options { policy, ..Options::on(engine) }).await;
    let mut bound = App::new(&forced);
    bound.sign_up("Ada", "ada@example.test").await;
    bound.connect("a", "a-ada").await;
    bound.call("DELETE", "/session", None).await;
    forced.advance(model::HOUR);
    bound.start(json!({ "kind": "sign_in" })).await;
    let call = bound.act(json!({ "action": "email", "email": "ada@example.test" })).await;
    assert_eq!(call.json["state"], "away", "{call:?}");
    let seen = forced.mailbox.messages().len();
    bound.act(json!({ "action": "send_code" })).await;
    let call = bound.code("ada@example.test", seen).await;
    assert_eq!(
        (&call.json["state"], &call.json["providers"][0]["id"]),
        (&json!("sign_in_with"), &json!("a")),
        "{call:?}"
    );
    app.states.extend(bound.states);

    // Whoever has a second factor shows it too, and comes back by two proofs.
    let two = World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await;
    let mut owner = App::new(&two);
    owner.sign_up("Ada", "ada@example.test").await;
    let begun = owner.call("POST", "/account/second-factor", None).await;
    let totp = crate::second_factor::App::typed(begun.json["secret"].as_str().unwrap());
    let set = json!({ "setup": begun.json["setup"], "code": totp.code(&two, 0) });
    assert_eq!(owner.call("PUT", "/account/second-factor", Some(set)).await.status, 200);
    owner.call("DELETE", "/session", None).await;
    owner.start(json!({ "kind": "sign_in" })).await;
    owner.act(json!({ "action": "email", "email": "ada@example.test" })).await;
    let call = owner.act(json!({ "action": "password", "password": PASSWORD })).await;
    assert_eq!(call.json["state"], "second_factor", "{call:?}");
    // One that came lately would go with the recovery.
    two.advance(model::DAY.times(8));
    owner.start(json!({ "kind": "recover" })).await;
    let seen = two.mailbox.messages().len();
    owner.act(json!({ "action": "email", "email": "ada@example.test" })).await;
    let call = owner.code("ada@example.test", seen).await;
    assert_eq!(call.json["state"], "recover_proof", "{call:?}");
    app.states.extend(owner.states);

    let document = app.call("GET", "/openapi.json", None).await;
    let schemas = &document.json["components"]["schemas"];
    let named = |list: &Value| -> BTreeSet<String> {
        list.as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let mut documented = named(&schemas["FlowState"]["enum"]);
    assert!(documented.len() >= 12, "{schemas}");
    documented.extend(["finished", "away", "ended"].map(str::to_owned));
    assert_eq!(app.states, documented);
}
