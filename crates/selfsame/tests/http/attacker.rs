//! The attacker's story fails on every path: he brings the victim's address from a provider where anybody sets any
//! address, and hopes that somebody matches by it.

use crate::on_both_engines;
use model::HOUR;
use serde_json::{Value, json};
use testkit::{Browser, Engine, ORIGIN, Options, PASSWORD, Page, Person, World};

on_both_engines!(
    where_addresses_match_nothing,
    where_a_match_asks_for_proof,
    where_a_match_may_link_by_itself,
    before_the_victim_came,
    a_link_under_the_victims_nose,
);

const ADA: &str = "ada@example.test";
/// What a provider may say about an address that it never sent a code to, by connection: `a` is vouched for, so there
/// the attacker has only unconfirmed addresses; at `b` even `true` is worth nothing.
fn lies() -> Vec<(&'static str, Value)> {
    let mut lies: Vec<_> = [json!(false), Value::Null, json!("true"), json!(1)].map(|flag| ("a", flag)).into();
    lies.extend([json!(true), json!(false), Value::Null, json!("true")].map(|flag| ("b", flag)));
    lies
}

async fn world(engine: Engine, link_on_match: &str) -> World {
    let line = format!("link_on_match = \"{link_on_match}\"");
    World::with(Options {
        policy: "email_code = true".to_owned(),
        connection_a: format!("{line}\nemail_evidence = \"vouched\""),
        connection_b: line,
        ..Options::on(engine)
    })
    .await
}

async fn where_addresses_match_nothing(engine: Engine) {
    Box::pin(story(engine, "off")).await;
}

async fn where_a_match_asks_for_proof(engine: Engine) {
    Box::pin(story(engine, "prove")).await;
}

async fn where_a_match_may_link_by_itself(engine: Engine) {
    Box::pin(story(engine, "verified_email")).await;
}

fn attacker_at(world: &World, n: usize, which: &str, flag: &Value) -> (Browser, String) {
    let subject = format!("{which}-attacker-{n}");
    let provider = if which == "a" { &world.a } else { &world.b };
    let person = Person::new(&subject, "Ada").user_name("ada").mail(ADA, flag.clone()).hosted_domain("example.test");
    provider.put_person(person);
    let mut attacker = world.browser();
    attacker.be(provider, &subject);
    (attacker, subject)
}

/// Over the JSON API: he leaves for the provider, comes back, and asks where he stands.
async fn by_api(attacker: &mut Browser, which: &str, kind: &str) -> (String, Value) {
    let call = attacker.api("POST", "/api/v1/flows", Some(json!({ "kind": kind })), Some(ORIGIN)).await;
    let flow = format!("/api/v1/flows/{}", call.json["id"].as_str().expect("a flow"));
    let act = json!({ "action": "provider", "connection": which });
    let call = attacker.api("POST", &flow, Some(act), Some(ORIGIN)).await;
    assert_eq!(call.json["state"], "away", "{call:?}");
    attacker.get(call.json["url"].as_str().expect("a URL")).await;
    let call = attacker.api("GET", &flow, None, None).await;
    (flow, call.json)
}

/// Everything he could press on the page he is on.
async fn press_everything(attacker: &mut Browser, page: &Page) {
    for form in page.forms() {
        for (name, value, _) in form.buttons.clone() {
            if form.action.path() == "/sign-in/code/resend" {
                continue;
            }
            let form = form.clone().with("code", "123456").with("password", "guess");
            let page = attacker.clone().press(form, &name, &value).await;
            assert!(page.status.as_u16() < 500, "{}", page.body);
        }
    }
    let flow = page.hidden("flow").unwrap_or_default();
    for (path, extra) in [
        ("/sign-in/prove", ("method", "code")),
        ("/sign-in/prove", ("password", "guess")),
        ("/sign-in/confirm-link", ("choice", "connect")),
        ("/sign-in/switch", ("choice", "switch")),
        ("/sign-in/continue", ("choice", "continue")),
        ("/sign-in/continue", ("choice", "switch")),
        ("/sign-in/continue-without", ("x", "y")),
        ("/account/step-up", ("password", "guess")),
    ] {
        let mut forger = attacker.clone();
        let page = forger.post(path, &[("flow", &flow), extra]).await;
        assert!(page.status.is_client_error(), "{path} {extra:?}: {} {}", page.status, page.body);
        assert_eq!(forger.session(), None, "{path}");
    }
}

async fn story(engine: Engine, link_on_match: &str) {
    let world = world(engine, link_on_match).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let before = world.accounts().await;
    let mut sent = 1;
    for (n, (which, flag)) in lies().into_iter().enumerate() {
        for (start, kind) in [("/sign-in", "sign_in"), ("/sign-up", "sign_up")] {
            let case = format!("{link_on_match} {which} {flag} {kind}");
            // The pages.
            world.advance(HOUR.times(13));
            let (mut attacker, _) = attacker_at(&world, n, which, &flag);
            let page = attacker.get(start).await;
            let form = page.form_with("/sign-in/start-provider", ("connection", which));
            let page = attacker.press(form, "connection", which).await;
            assert!(page.has_form("/sign-in/code"), "{case}: {}", page.body);
            assert_eq!(attacker.session(), None, "{case}");
            assert!(!page.all_text().contains("account exists"), "{case}");
            if kind == "sign_in" {
                press_everything(&mut attacker, &page).await;
            }
            // The victim is told by the mail with the code, which says who asks.
            sent += 1;
            world.mails_to(ADA, sent).await;
            let provider = format!("Example {}", which.to_uppercase());
            let mail = world.mailbox.messages().pop().and_then(|mail| mail.text).unwrap_or_default();
            assert!(mail.contains(&provider), "{case}: {mail}");
            // The API.
            world.advance(HOUR.times(13));
            let (mut attacker, _) = attacker_at(&world, n, which, &flag);
            let (flow, view) = by_api(&mut attacker, which, kind).await;
            assert_eq!(view["state"], "mail_code", "{case}: {view}");
            sent += 1;
            world.mails_to(ADA, sent).await;
            for act in [
                json!({ "action": "code", "code": "000000" }),
                json!({ "action": "confirm" }),
                json!({ "action": "separate" }),
                json!({ "action": "continue" }),
                json!({ "action": "switch" }),
                json!({ "action": "password", "password": PASSWORD }),
            ] {
                let call = attacker.api("POST", &flow, Some(act.clone()), Some(ORIGIN)).await;
                assert!(call.status.is_client_error(), "{case} {act}: {call:?}");
                assert_eq!(attacker.session(), None, "{case} {act}");
            }
        }
    }
    let after = world.accounts().await;
    assert_eq!(after, before, "{link_on_match}: no link, no method, no version, no session, no event");
    // Another mailbox of his own gives him an account of his own and nothing else.
    world.advance(HOUR.times(13));
    let (mut attacker, subject) = attacker_at(&world, 99, "b", &json!(true));
    let page = world.provider_sign_in(&mut attacker, "b", &subject).await;
    let seen = world.mailbox.messages().len();
    let form = page.form("/sign-in/code/resend").with("email", "attacker@evil.test");
    let page = attacker.submit(form).await;
    let page = world.enter_code(&mut attacker, &page, "attacker@evil.test", seen).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let after = world.accounts().await;
    assert_eq!(after.user(ADA), before.user(ADA));
    assert_eq!(after.users.len(), 2);
    assert_eq!(after.user("attacker@evil.test").addresses.len(), 1);
}

async fn before_the_victim_came(engine: Engine) {
    for link_on_match in ["off", "prove", "verified_email"] {
        let world = world(engine, link_on_match).await;
        let mut waiting = Vec::new();
        for (n, (which, flag)) in lies().into_iter().enumerate() {
            let (mut attacker, subject) = attacker_at(&world, n, which, &flag);
            let page = world.provider_sign_in(&mut attacker, which, &subject).await;
            // The same page as when nobody had the address: nothing tells him.
            assert!(page.has_form("/sign-in/code"), "{which} {flag}: {}", page.body);
            world.advance(HOUR.times(13));
            let (mut by, _) = attacker_at(&world, n, which, &flag);
            let (_, view) = by_api(&mut by, which, "sign_in").await;
            assert_eq!(view["state"], "mail_code", "{view}");
            world.advance(HOUR.times(13));
            waiting.push((attacker, which, subject));
        }
        assert_eq!(world.accounts().await.users.len(), 0);
        world.mails_to(ADA, 2 * lies().len()).await;
        let mut ada = world.browser();
        let page = world.sign_up(&mut ada, "Ada", ADA).await;
        assert_eq!(page.path(), "/account", "{}", page.body);
        let hers = world.accounts().await;
        assert_eq!((hers.users.len(), hers.user(ADA).links.len()), (1, 0));
        for (mut attacker, which, subject) in waiting {
            world.advance(HOUR.times(13));
            let page = world.provider_sign_in(&mut attacker, which, &subject).await;
            // The same page as when nobody had the address: nothing tells him.
            assert!(page.has_form("/sign-in/code"), "{which}: {}", page.body);
            assert_eq!(attacker.session(), None);
        }
        assert_eq!(world.accounts().await, hers, "{link_on_match}");
    }
}

/// The address is not the way in, so he wants his identity on her account, or hers on his.
async fn a_link_under_the_victims_nose(engine: Engine) {
    let world = world(engine, "prove").await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    world.advance(HOUR.times(13));
    // Signed in as himself, he links an identity that claims her address: it is his own identity and stays that.
    let mut mallory = world.browser();
    world.sign_up(&mut mallory, "Mallory", "mallory@evil.test").await;
    let before = world.accounts().await;
    let page = world.connect(&mut mallory, "b", "b-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let after = world.accounts().await;
    assert_eq!(after.user(ADA), before.user(ADA));
    assert_eq!(after.user("mallory@evil.test").addresses.len(), 1, "t27: it proves no address");
    // It signs him in, never her.
    let mut again = world.browser();
    let page = world.provider_sign_in(&mut again, "b", "b-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.who(&mut again).await.as_deref(), Some("Mallory"));
    // Her browser, with his identity at the provider, in the session that is hers: asked, not taken over.
    let live = ada.session();
    let page = world.provider_sign_in(&mut ada, "b", "b-ada").await;
    assert!(page.has_form("/sign-in/switch"), "{}", page.body);
    assert_eq!(ada.session(), live);
    let page = ada.press(page.form("/sign-in/switch"), "choice", "stay").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
    // And she cannot link what is his.
    let page = ada.get("/account/methods/connect?connection=b").await;
    let page = ada.press(page.form("/account/methods/connect"), "connection", "b").await;
    let page = if page.has_form("/account/step-up") {
        let form = page.form_with("/account/step-up", ("method", "password")).with("password", PASSWORD);
        let page = ada.press(form, "method", "password").await;
        ada.press(page.form("/account/methods/connect"), "connection", "b").await
    } else {
        page
    };
    let page = ada.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert_eq!(page.status, 403, "{}", page.body);
    assert!(page.error_code().is_some_and(|code| code.starts_with("identity_of_other_user")), "{}", page.body);
    assert_eq!(world.accounts().await.user(ADA).links.len(), 0);
}
