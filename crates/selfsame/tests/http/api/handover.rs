//! Native and single-page applications take a session of their own over.

use super::App;
use crate::on_both_engines;
use model::{
    Change, Clock as _, ConnectionId, Level, Method, NewSession, OrganisationId, Plan, SessionId, SessionScope,
};
use serde_json::{Value, json};
use testkit::{Engine, ORIGIN, Options, PASSWORD, VERIFIER, World, challenge};
use url::Url;

on_both_engines!(
    a_native_app_takes_a_session_over,
    t88_an_applications_session_changes_nothing,
    t97_an_organisations_session_changes_nothing_before_a_step_up,
    t38_a_code_alone_is_worth_nothing,
    t40_only_registered_redirects_are_led_to,
    t22_applications_know_a_person_by_one_sub,
);

/// The request of the application `notes`.
pub(super) fn notes(redirect: &str) -> Value {
    json!({ "id": "notes", "redirect_uri": redirect, "challenge": challenge(), "state": "st & te" })
}

fn native(engine: Engine) -> Options {
    let mut options = Options::on(engine);
    options.more.push_str(
        "[[applications]]\nid = \"desk\"\nname = \"Desk\"\n\
         redirect_uris = [\"http://127.0.0.1/done\"]\n",
    );
    options
}

fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    found.unwrap_or_else(|| panic!("no {name} in {url}"))
}

async fn a_native_app_takes_a_session_over(engine: Engine) {
    let world = World::with(native(engine)).await;
    let mut app = App::new(&world);
    app.sign_up("Ada", "ada@example.test").await;
    // Signed in nowhere: the whole journey ends at the application, on the port it listens on today.
    app.call("DELETE", "/session", None).await;
    let mut asked = notes("http://127.0.0.1:49152/done");
    asked["id"] = json!("desk");
    app.start(json!({ "kind": "sign_in", "application": asked })).await;
    app.act(json!({ "action": "email", "email": "ada@example.test" })).await;
    let done = app.act(json!({ "action": "password", "password": PASSWORD })).await;
    let to = done.json["redirect_to"].as_str().unwrap_or_else(|| panic!("{done:?}")).to_owned();
    assert!(to.starts_with("http://127.0.0.1:49152/done?"), "{to}");
    assert_eq!(parameter(&to, "state"), "st & te");
    // The application has neither cookie nor origin.
    let handed = world.redeem(&parameter(&to, "code")).await;
    assert_eq!((handed.status.as_u16(), &handed.json["user"]["name"]), (200, &json!("Ada")), "{handed:?}");
    assert_eq!(handed.headers["cache-control"], "no-store");
    assert!(!handed.headers.contains_key("set-cookie"));
    let token = handed.json["token"].as_str().unwrap().to_owned();
    // Its session is one of its own: listed, ended by itself, and the browser's stays.
    let list = world.with_token("GET", "/api/v1/account/sessions", None, &token).await;
    assert_eq!(list.json["sessions"].as_array().unwrap().len(), 2, "{list:?}");
    let account = world.with_token("GET", "/api/v1/account", None, &token).await;
    assert_eq!(account.status, 200, "{account:?}");
    let other = world.token(&mut app.browser).await;
    let me = list.json["sessions"].as_array().unwrap().iter().find(|row| row["current"] == json!(true)).unwrap();
    let path = format!("/api/v1/account/sessions/{}", me["id"].as_str().unwrap());
    assert_eq!(app.call("DELETE", path.trim_start_matches("/api/v1"), None).await.status, 204);
    assert!(!world.opens(&token).await && world.opens(&other).await);
    assert_eq!(world.with_token("DELETE", "/api/v1/session", None, &other).await.status, 204);
    assert!(!world.opens(&other).await);
    assert_eq!(app.name().await.as_deref(), Some("Ada"));
}

/// Every operation of the document that is no mere read: one that joins is asked too, and here it gets its body.
fn changing(link: &str, session: &str, flow: &str) -> Vec<(String, String, Option<Value>)> {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap().iter().filter(|(method, _)| *method != "get") {
            let body = match operation["operationId"].as_str().unwrap() {
                // Ends nothing but itself; opens nothing by a session.
                // The last two look at what a notice carries first: `undo.rs` has them with one.
                "end_session" | "redeem_handover" | "hold_link" | "undo_change" => continue,
                "set_second_factor" => Some(json!({ "setup": "", "code": "000000" })),
                "start_flow" => Some(json!({ "kind": "link", "connection": "b" })),
                "step_flow" => Some(json!({ "action": "password", "password": PASSWORD })),
                "set_password" => Some(json!({ "password": "another heron lantern 77 gravel" })),
                _ => None,
            };
            let id = if path.contains("/flows/") { flow } else { session };
            found.push((method.to_uppercase(), path.replace("{link}", link).replace("{id}", id), body));
        }
    }
    assert!(found.len() >= 5, "{found:?}");
    found
}

async fn t88_an_applications_session_changes_nothing(engine: Engine) {
    let world = World::new(engine).await;
    let mut app = App::new(&world);
    app.sign_up("Ada", "ada@example.test").await;
    app.connect("a", "a-ada").await;
    let token = world.token(&mut app.browser).await;
    let read = world.with_token("GET", "/api/v1/session", None, &token).await;
    assert_eq!((read.status.as_u16(), &read.json["user"]["name"]), (200, &json!("Ada")), "{read:?}");
    let own = app.call("GET", "/session", None).await.json["session"]["id"].as_str().unwrap().to_owned();
    app.start(json!({ "kind": "step_up" })).await;
    let link = world.link_of("ada@example.test", "a").await.to_string();
    let before = world.accounts().await;
    let scope = |call: &testkit::ApiCall| (call.status.as_u16(), call.json["code"].clone());
    for (method, path, body) in changing(&link, &own, &app.flow) {
        let call = world.with_token(&method, &path, body.clone(), &token).await;
        assert_eq!(scope(&call), (403, json!("session_scope")), "{method} {path}: {call:?}");
        // In the place of a browser's cookie it is worth no more.
        if !path.contains("/flows/") {
            let headers = [("cookie", format!("__Host-session={token}")), ("origin", ORIGIN.to_owned())];
            let call = world.browser().call(&method, &path, body, &headers).await;
            assert_eq!(scope(&call), (403, json!("session_scope")), "{method} {path}: {call:?}");
        }
    }
    for kind in ["sign_in", "sign_up", "step_up"] {
        let call = world.with_token("POST", "/api/v1/flows", Some(json!({ "kind": kind })), &token).await;
        assert_eq!(scope(&call), (403, json!("session_scope")), "{kind}: {call:?}");
    }
    // The pages neither: a step-up that the session may not make leads nowhere.
    let mut thief = world.browser();
    thief.set_cookie("__Host-session", &token);
    for page in ["/account/step-up", "/account/password", &format!("/account/methods/remove?method={link}")] {
        let page = thief.get(page).await;
        assert!(page.body.contains("session_scope"), "{}", page.body);
    }
    assert_eq!(world.accounts().await, before);
    assert!(world.opens(&token).await);
}

/// No configuration makes such a session yet: it is written as `linking` would have it written.
async fn t97_an_organisations_session_changes_nothing_before_a_step_up(engine: Engine) {
    let world = World::new(engine).await;
    let mut app = App::new(&world);
    app.sign_up("Ada", "ada@example.test").await;
    app.connect("a", "a-ada").await;
    let link = world.link_of("ada@example.test", "a").await;
    let own = app.call("GET", "/session", None).await.json["session"]["id"].as_str().unwrap().to_owned();
    let accounts = world.accounts().await;
    let secret = "organisation-organisation-organisation-org-";
    let session = Change::CreateSession(NewSession {
        id: SessionId::from_bytes([7; 16]),
        sid: SessionId::from_bytes([7; 16]),
        hash: flows::session_hash(secret),
        user: accounts.user("ada@example.test").id,
        level: Level::One,
        scope: SessionScope::Organisation { organisation: OrganisationId::parse("acme").unwrap() },
        method: Method::Link { link, connection: ConnectionId::parse("a").unwrap() },
        authenticated_at: world.clock.now(),
        at: world.clock.now(),
        expires_at: world.clock.now() + model::HOUR,
        store_epoch: 1,
        user_agent: "clerk".to_owned(),
    });
    world.server.store.apply(Plan { changes: vec![session] }).await.unwrap();
    let before = world.accounts().await;
    app.browser = world.browser();
    app.browser.set_cookie("__Host-session", secret);
    assert_eq!(app.name().await.as_deref(), Some("Ada"));
    for (method, path, body) in changing(&link.to_string(), &own, "") {
        if path.contains("/flows/") {
            continue;
        }
        let call = app.call(&method, path.trim_start_matches("/api/v1"), body).await;
        let code = call.json["code"].as_str().unwrap_or_default();
        assert!(call.status == 403 && ["session_scope", "step_up_needed"].contains(&code), "{path}: {call:?}");
    }
    assert_eq!(world.accounts().await, before);
    // As their own, by a method of their own, they may.
    app.start(json!({ "kind": "step_up" })).await;
    let done = app.act(json!({ "action": "password", "password": PASSWORD })).await;
    assert_eq!(done.json["state"], "finished", "{done:?}");
    assert!(!world.is_live(secret).await, "the narrower one has ended");
    let call = app.call("DELETE", &format!("/account/methods/{link}"), None).await;
    assert_eq!(call.status, 200, "{call:?}");
}

async fn t38_a_code_alone_is_worth_nothing(engine: Engine) {
    let world = World::new(engine).await;
    let mut app = App::new(&world);
    app.sign_up("Ada", "ada@example.test").await;
    let code = world.handover_code(&mut app.browser).await;
    let redeem = async |code: &str, verifier: &str| {
        let body = json!({ "code": code, "verifier": verifier });
        let call = world.browser().call("POST", "/api/v1/handover", Some(body), &[]).await;
        (call.status.as_u16(), call.json["code"].as_str().unwrap_or_default().to_owned())
    };
    let invalid = (400, "handover_invalid".to_owned());
    for wrong in ["", "wrong", &challenge(), &code, &VERIFIER.to_uppercase()] {
        assert_eq!(redeem(&code, wrong).await, invalid, "{wrong}");
    }
    let mut forged = code.clone();
    forged.replace_range(20..21, if forged.as_bytes()[20] == b'A' { "B" } else { "A" });
    for bad in ["", "x", &forged, &app.browser.session().unwrap()] {
        assert_eq!(redeem(bad, VERIFIER).await, invalid, "{bad}");
    }
    assert!(!world.opens(&code).await && !world.is_live(&code).await, "a code is no session");
    // The right secret opens it once, of two at the same time exactly one.
    let (one, two) = tokio::join!(world.redeem(&code), world.redeem(&code));
    let opened = [&one, &two].iter().filter(|call| call.status == 200).count();
    assert_eq!(opened, 1, "{one:?} {two:?}");
    assert_eq!(redeem(&code, VERIFIER).await, invalid, "a second time");
    let late = world.handover_code(&mut app.browser).await;
    world.advance(model::MINUTE);
    assert_eq!(redeem(&late, VERIFIER).await, invalid, "after its minute");
    // A code from a session that ended.
    let orphan = world.handover_code(&mut app.browser).await;
    app.call("DELETE", "/session", None).await;
    assert_eq!(redeem(&orphan, VERIFIER).await, (401, "session_expired".to_owned()));
}

async fn t40_only_registered_redirects_are_led_to(engine: Engine) {
    let world = World::with(native(engine)).await;
    let mut app = App::new(&world);
    for bad in [
        "https://notes.example/cb/",
        "https://notes.example/cb?x=1",
        "https://notes.example.evil.example/cb",
        "https://notes.example@evil.example/cb",
        "http://notes.example/cb",
        "https://notes.example:444/cb",
        "http://127.0.0.1:4000/done",
        "//evil.example",
        "javascript:alert(1)",
        "",
    ] {
        let call = app.start(json!({ "kind": "sign_in", "application": notes(bad) })).await;
        assert_eq!((call.status.as_u16(), &call.json["code"]), (400, &json!("redirect_not_registered")), "{bad}");
        let start = world.handover_start().replace("https://notes.example/cb", &encoded(bad));
        let page = app.browser.get_once(&start).await;
        assert_eq!((page.status.as_u16(), page.headers.get("location")), (400, None), "{bad}: {}", page.body);
    }
    for (member, value) in [("id", "nobody"), ("challenge", "short"), ("state", &*"s".repeat(600))] {
        let mut asked = notes("https://notes.example/cb");
        asked[member] = json!(value);
        let call = app.start(json!({ "kind": "sign_in", "application": asked })).await;
        assert_eq!(call.status, 400, "{member}: {call:?}");
    }
    for bad in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "account"] {
        let call = app.start(json!({ "kind": "sign_in", "return_to": bad })).await;
        assert_eq!((call.status.as_u16(), &call.json["code"]), (400, &json!("bad_request")), "{bad}: {call:?}");
    }
    let both = json!({ "kind": "sign_in", "return_to": "/account", "application": notes("https://notes.example/cb") });
    assert_eq!(app.start(both).await.status, 400);
    assert_eq!(app.origin, ORIGIN);
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Neither name, address nor session: what an application keys its own data by.
async fn t22_applications_know_a_person_by_one_sub(engine: Engine) {
    let world = World::new(engine).await;
    let mut app = App::new(&world);
    app.sign_up("Ada", "ada@example.test").await;
    let of_cookie = app.browser.api("GET", "/api/v1/session", None, None).await.json["user"]["sub"].clone();
    let sub = of_cookie.as_str().expect("a sub").to_owned();
    assert!(sub.len() >= 32, "{sub}");
    let code = world.handover_code(&mut app.browser).await;
    let handed = world.redeem(&code).await;
    assert_eq!(handed.json["user"]["sub"], json!(sub), "{handed:?}");
    let token = handed.json["token"].as_str().unwrap().to_owned();
    let checked = world.with_token("GET", "/api/v1/session", None, &token).await;
    assert_eq!(checked.json["user"]["sub"], json!(sub), "{checked:?}");
    // It is no id of ours.
    let user = world.user("ada@example.test").await;
    assert_ne!(user["id"].as_str().unwrap().replace('-', ""), sub);
    // Another sign-in by another method: the same person. Another person: another.
    world.connect(&mut app.browser, "a", "a-ada").await;
    let mut again = world.browser();
    world.provider_sign_in(&mut again, "a", "a-ada").await;
    let call = again.api("GET", "/api/v1/session", None, None).await;
    assert_eq!(call.json["user"]["sub"], json!(sub), "{call:?}");
    let mut joan = world.browser();
    world.provider_sign_in(&mut joan, "a", "a-joan").await;
    let call = joan.api("GET", "/api/v1/session", None, None).await;
    assert!(call.json["user"]["sub"].is_string() && call.json["user"]["sub"] != json!(sub), "{call:?}");
}
