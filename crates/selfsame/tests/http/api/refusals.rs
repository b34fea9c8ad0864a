//! What the API refuses, and that it always says so in the same form.

use super::App;
use crate::on_both_engines;
use serde_json::{Value, json};
use testkit::{ApiCall, Engine, ORIGIN, Options, PASSWORD, World};

on_both_engines!(
    t32_only_listed_origins_change_anything,
    t55_an_upstream_token_is_nobody,
    t93_unknown_members_are_refused,
    every_refusal_is_a_problem,
);

const SPA: &str = "https://app.example.test";

async fn t32_only_listed_origins_change_anything(engine: Engine) {
    let server = format!("allowed_origins = [\"{SPA}\"]");
    let world = World::with(Options { server, ..Options::on(engine) }).await;
    let mut app = App::new(&world);
    app.sign_up("Ada", "ada@example.test").await;
    let mut browser = app.browser.clone();
    let strangers = [None, Some("null"), Some("https://evil.example"), Some("https://evil.app.example.test"), Some("")];
    let changes = [
        ("POST", "/api/v1/flows", Some(json!({ "kind": "link", "connection": "a" }))),
        ("PUT", "/api/v1/account/password", Some(json!({ "password": "another heron lantern 77 gravel" }))),
        ("DELETE", "/api/v1/session", None),
    ];
    let before = world.reads_and_writes();
    for origin in strangers {
        for (method, path, body) in &changes {
            let call = browser.api(method, path, body.clone(), origin).await;
            assert_eq!(
                (call.status.as_u16(), &call.json["code"]),
                (403, &json!("origin_mismatch")),
                "{origin:?} {path}"
            );
            assert!(!call.headers.contains_key("access-control-allow-origin"), "{origin:?} {path}");
        }
        let read = browser.api("GET", "/api/v1/session", None, origin).await;
        assert!(!read.headers.contains_key("access-control-allow-origin"), "{origin:?} may read");
    }
    // Sessions are read and nothing else.
    assert_eq!(world.reads_and_writes().1, before.1);
    assert_eq!(app.name().await.as_deref(), Some("Ada"));
    // A form cannot be made to look like JSON.
    let cookies = browser.our_cookies().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let headers =
            [("cookie", cookies.join("; ")), ("origin", ORIGIN.to_owned()), ("content-type", kind.to_owned())];
        let call = browser.call("POST", "/api/v1/flows", None, &headers).await;
        assert_eq!((call.status.as_u16(), &call.json["code"]), (415, &json!("content_type_not_json")), "{kind}");
    }
    let preflight = [("origin", SPA.to_owned()), ("access-control-request-method", "PUT".to_owned())];
    let call = browser.call("OPTIONS", "/api/v1/account/password", None, &preflight).await;
    assert_eq!(call.status, 204);
    assert_eq!(call.headers["access-control-allow-origin"], SPA);
    assert_eq!(call.headers["access-control-allow-credentials"], "true");
    let call = browser.api("DELETE", "/api/v1/session", None, Some(SPA)).await;
    assert_eq!(call.status, 204, "{call:?}");
    assert_eq!(call.headers["access-control-allow-origin"], SPA);
}

async fn t55_an_upstream_token_is_nobody(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    let page = world.provider_sign_in(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    // What we ourselves got from the provider for this very person.
    let issued = world.a.issued();
    assert!(issued.len() >= 2, "an access token and an ID token: {issued:?}");
    for token in issued {
        assert!(!world.opens(&token).await && !world.is_live(&token).await);
        for (method, path) in [("GET", "/api/v1/account"), ("GET", "/api/v1/account/activity")] {
            let call = world.with_token(method, path, None, &token).await;
            assert_eq!((call.status.as_u16(), &call.json["code"]), (401, &json!("session_expired")), "{path}");
        }
        assert_eq!(world.redeem(&token).await.json["code"], "handover_invalid");
        for body in [
            json!({ "kind": "sign_in", "access_token": token }),
            json!({ "kind": "sign_in", "id_token": token }),
            json!({ "kind": "link", "connection": "a", "token": token }),
        ] {
            let call = world.browser().call("POST", "/api/v1/flows", Some(body), &[]).await;
            assert_eq!((call.status.as_u16(), &call.json["code"]), (400, &json!("bad_request")));
        }
    }
}

async fn t93_unknown_members_are_refused(engine: Engine) {
    let world = World::new(engine).await;
    let mut app = App::new(&world);
    app.sign_up("Ada", "ada@example.test").await;
    let before = world.user("ada@example.test").await;
    for extra in ["admin", "protected", "required_level", "user", "link_on_match", "version"] {
        let with = |mut body: Value| {
            body[extra] = json!(true);
            body
        };
        let mut calls = vec![app.start(with(json!({ "kind": "sign_in" }))).await];
        calls.push(app.start(with(json!({ "kind": "link", "connection": "a" }))).await);
        app.start(json!({ "kind": "step_up" })).await;
        calls.push(app.act(with(json!({ "action": "password", "password": PASSWORD }))).await);
        calls.push(app.act(with(json!({ "action": "cancel" }))).await);
        let body = with(json!({ "password": "another heron lantern 77 gravel" }));
        calls.push(app.call("PUT", "/account/password", Some(body)).await);
        calls.push(app.call("POST", "/handover", Some(with(json!({ "code": "c", "verifier": "v" })))).await);
        for call in calls {
            assert_eq!((call.status.as_u16(), &call.json["code"]), (400, &json!("bad_request")), "{extra}: {call:?}");
        }
    }
    assert_eq!(world.user("ada@example.test").await, before);
}

fn is_problem(call: &ApiCall, status: u16, code: &str) {
    assert_eq!(call.status.as_u16(), status, "{call:?}");
    assert_eq!(call.headers["content-type"], "application/problem+json", "{call:?}");
    assert_eq!(call.headers["cache-control"], "no-store");
    let problem = &call.json;
    assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{problem}");
    assert!(problem["type"].as_str().is_some_and(|kind| kind.ends_with(&format!("#{code}"))), "{problem}");
    assert!(problem["title"].as_str().is_some_and(|title| title.ends_with('.')), "{problem}");
}

async fn every_refusal_is_a_problem(engine: Engine) {
    let world = World::new(engine).await;
    let mut app = App::new(&world);
    let id = "0197f3a0-0000-7000-8000-000000000000";
    let anonymous = [
        ("GET", "/session".to_owned(), None, 401, "session_expired"),
        ("GET", "/account".to_owned(), None, 401, "session_expired"),
        ("GET", "/account/sessions".to_owned(), None, 401, "session_expired"),
        ("GET", "/account/activity".to_owned(), None, 401, "session_expired"),
        ("DELETE", format!("/account/sessions/{id}"), None, 401, "session_expired"),
        ("DELETE", format!("/account/methods/{id}"), None, 401, "session_expired"),
        ("PUT", "/account/password".to_owned(), Some(json!({ "password": PASSWORD })), 401, "session_expired"),
        ("POST", "/flows".to_owned(), Some(json!({ "kind": "step_up" })), 401, "session_expired"),
        ("POST", "/flows".to_owned(), Some(json!({ "kind": "link", "connection": "a" })), 401, "session_expired"),
        ("POST", "/flows".to_owned(), Some(json!({ "kind": "merge" })), 400, "bad_request"),
        ("POST", "/flows".to_owned(), Some(json!([])), 400, "bad_request"),
        ("GET", format!("/flows/{id}"), None, 410, "flow_expired"),
        ("POST", format!("/flows/{id}"), Some(json!({ "action": "cancel" })), 410, "flow_expired"),
        ("GET", "/nowhere".to_owned(), None, 404, "not_found"),
        ("PATCH", "/session".to_owned(), None, 405, "unsupported_method"),
    ];
    for (method, path, body, status, code) in anonymous {
        is_problem(&app.call(method, &path, body).await, status, code);
    }
    let huge = Some(json!({ "kind": "sign_in", "return_to": "x".repeat(70_000) }));
    is_problem(&app.call("POST", "/flows", huge).await, 413, "body_too_large");
    app.sign_up("Ada", "ada@example.test").await;
    is_problem(&app.call("DELETE", &format!("/account/methods/{id}"), None).await, 404, "link_not_found");
    let unknown = json!({ "kind": "link", "connection": "nobody" });
    is_problem(&app.start(unknown).await, 404, "unknown_connection");
    let weak = Some(json!({ "password": "password1" }));
    let call = app.call("PUT", "/account/password", weak).await;
    assert_eq!((call.status.as_u16(), &call.json["field"]), (422, &json!("password")), "{call:?}");
    // Another browser's flow is nobody's.
    app.start(json!({ "kind": "step_up" })).await;
    let mut thief = App { flow: app.flow.clone(), ..App::new(&world) };
    is_problem(&thief.show().await, 410, "flow_expired");
    is_problem(&thief.act(json!({ "action": "password", "password": PASSWORD })).await, 410, "flow_expired");
    // Actions that do not fit the state change nothing.
    for action in ["confirm", "switch", "stay", "continue", "separate", "resend"] {
        let call = app.act(json!({ "action": action })).await;
        is_problem(&call, 400, "bad_request");
    }
    assert_eq!(app.show().await.json["state"], "step_up");
}
