//! Back into an account that its owner cannot sign in to.

use crate::on_both_engines;
use crate::passkeys::add;
use model::{Address, AddressProof, Change, HOUR, Level, LinkState, MINUTE, Plan, UserId};
use selfsame::admin::Operation;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Duration;
use testkit::passkey::Authenticator;
use testkit::{Browser, Engine, ORIGIN, Options, PASSWORD, Page, World};

on_both_engines!(
    t24_t25_whoever_is_back_finds_sessions_ended_and_late_methods_held,
    t26_what_was_begun_before_a_recovery_ends_with_it,
    t31_somebody_else_s_session_is_asked_about,
    t94_one_code_is_not_enough_where_two_proofs_are_asked_for,
    t94_a_second_mailbox_or_a_fresh_provider_is_a_second_proof,
    t94_where_nothing_else_is_left_nobody_gets_in,
    t91_a_proof_grows_old_and_is_asked_for_again,
    t123_before_the_code_nothing_tells_who_is_here,
    of_two_recoveries_one_stands,
    without_codes_the_page_says_who_helps,
    the_api_recovers_as_the_pages_do,
);

const ADA: &str = "ada@example.test";
const HOME: &str = "ada@second.test";

async fn world(engine: Engine) -> World {
    World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await
}

async fn id_of(world: &World) -> UserId {
    world.user(ADA).await["id"].as_str().unwrap().parse().unwrap()
}

async fn second_address(world: &World) {
    let (user, at) = (id_of(world).await, model::Clock::now(&*world.clock));
    let address = Address::parse(HOME).unwrap();
    let change = Change::ProveAddress { address, user, proof: AddressProof::Loop, at };
    world.server.store.apply(Plan { changes: vec![change] }).await.unwrap();
}

/// From now on Ada needs the second level; what was signed in below it ends.
async fn strict(world: &World) {
    let user = id_of(world).await;
    let changes = vec![Change::SetRequiredLevel { user, level: Level::Two }, Change::EndSessionsOfUser { user }];
    world.server.store.apply(Plan { changes }).await.unwrap();
}

/// Up to the page that asks for the code.
async fn ask(browser: &mut Browser, address: &str) -> Page {
    let page = browser.get("/sign-in").await;
    assert!(page.links().contains(&"/recover".to_owned()), "reachable from sign-in: {}", page.body);
    let page = browser.get("/recover").await;
    browser.submit(page.form("/sign-in/email").with("email", address)).await
}

/// With the code from the mailbox.
async fn recover(world: &World, browser: &mut Browser, address: &str) -> Page {
    world.advance(HOUR.times(13));
    let seen = world.mailbox.messages().len();
    let page = ask(browser, address).await;
    assert!(page.has_form("/sign-in/code"), "{}", page.body);
    world.enter_code(browser, &page, address, seen).await
}

async fn events(world: &World, kind: &str) -> usize {
    let events = Operation::AuditShow { user: Some(world.named(ADA)), limit: 100, before: None };
    let events = world.operate(events).await.unwrap();
    events.as_array().unwrap().iter().filter(|event| event["kind"] == kind).count()
}

async fn level(browser: &mut Browser) -> Value {
    browser.api("GET", "/api/v1/session", None, None).await.json["session"]["level"].clone()
}

fn code_of(page: &Page) -> String {
    page.error_code().unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
}

async fn t24_t25_whoever_is_back_finds_sessions_ended_and_late_methods_held(engine: Engine) {
    let world = world(engine).await;
    let mut mallory = world.browser();
    world.sign_up(&mut mallory, "Ada", ADA).await;
    second_address(&world).await;
    // Long ago one provider; lately, in a session that somebody else may have had, another and a passkey.
    world.connect(&mut mallory, "b", "b-linus").await;
    world.advance(model::DAY.times(8));
    world.password_sign_in(&mut mallory, ADA, PASSWORD).await;
    world.connect(&mut mallory, "a", "a-mallory").await;
    let page = add(&mut mallory, &mut Authenticator::new()).await;
    assert!(page.all_text().contains("Your passkey is added."), "{}", page.all_text());
    let token = world.token(&mut mallory).await;
    let secret = mallory.session().unwrap();
    let mut ada = world.browser();
    let page = recover(&world, &mut ada, ADA).await;
    assert_eq!(page.path(), "/account/recovered", "{}", page.body);
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
    assert!(!world.is_live(&secret).await && !world.opens(&token).await, "a session was left open");
    let accounts = world.accounts().await;
    let user = accounts.user(ADA);
    let stands =
        |connection: &str| user.links.iter().find(|link| link.connection.as_str() == connection).map(|link| link.state);
    assert_eq!((stands("a"), stands("b")), (Some(LinkState::Held), Some(LinkState::Active)));
    assert!(user.passkeys.is_empty(), "a passkey of late still opens the account");
    assert_eq!(accounts.sessions.len(), 1);
    // The page lists what is held, and offers what is next.
    let text = page.all_text();
    assert!(text.contains("Example A") && !text.contains("Example B"), "{text}");
    let link = world.link_of(ADA, "a").await;
    let links = page.links();
    for href in [format!("/account/methods/release?method={link}"), format!("/account/methods/remove?method={link}")] {
        assert!(links.contains(&href), "{links:?}");
    }
    assert!(links.contains(&"/account/password".to_owned()), "{links:?}");
    // Every address hears of it.
    for address in [ADA, HOME] {
        let told = |mail: &testkit::Message| mail.is_to(address) && mail.subject.contains("got back into");
        let heard = world.mailbox.wait_for(address, told, Duration::from_secs(10)).await;
        assert!(heard.is_some(), "{address} heard nothing");
    }
    // The held one opens nothing, and points here.
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-mallory").await;
    assert_eq!(code_of(&page), "identity_held", "{}", page.body);
    assert!(page.links().contains(&"/recover".to_owned()), "{}", page.body);
    // It is fresh: what is not hers goes, and a new password comes, without another question.
    let page = world.remove(&mut ada, link).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let page = world.set_password(&mut ada, "another heron lantern 77 gravel").await;
    assert!(page.all_text().contains("Your password is set."), "{}", page.all_text());
    let page = world.password_sign_in(&mut mallory, ADA, PASSWORD).await;
    assert_eq!(code_of(&page), "wrong_password", "{}", page.body);
}

async fn t26_what_was_begun_before_a_recovery_ends_with_it(engine: Engine) {
    let world = world(engine).await;
    let mut mallory = world.browser();
    world.sign_up(&mut mallory, "Ada", ADA).await;
    world.advance(HOUR.times(13));
    world.password_sign_in(&mut mallory, ADA, PASSWORD).await;
    // A link that only has to come back from the provider.
    mallory.be(&world.b, "b-mallory");
    let page = mallory.get("/account/methods/connect?connection=b").await;
    let csrf = page.hidden("csrf").unwrap();
    let page = mallory.post_once("/account/methods/connect", &[("csrf", &csrf), ("connection", "b")]).await;
    let back = world.back_from_provider(&mut mallory, page).await;
    let mut ada = world.browser();
    let seen = world.mailbox.messages().len();
    let page = ask(&mut ada, ADA).await;
    let page = world.enter_code(&mut ada, &page, ADA, seen).await;
    assert_eq!(page.path(), "/account/recovered", "{}", page.body);
    let before = world.accounts().await;
    let page = mallory.get(back.as_str()).await;
    let page = if page.has_form("/sign-in/confirm-link") {
        mallory.press(page.form("/sign-in/confirm-link"), "choice", "connect").await
    } else {
        page
    };
    assert!(page.status.is_client_error(), "{} {}", page.status, page.body);
    assert_eq!(world.accounts().await, before);
}

async fn t31_somebody_else_s_session_is_asked_about(engine: Engine) {
    let world = world(engine).await;
    world.sign_up(&mut world.browser(), "Ada", ADA).await;
    let mut here = world.browser();
    world.sign_up(&mut here, "Grace", "grace@example.test").await;
    let before = world.accounts().await;
    let asked = recover(&world, &mut here, ADA).await;
    assert!(asked.has_form("/sign-in/switch"), "{}", asked.body);
    assert!(asked.all_text().contains("Grace") && asked.all_text().contains("Ada"), "{}", asked.all_text());
    assert_eq!(world.accounts().await, before, "asked, and nothing done");
    let mut stays = here.clone();
    let page = stays.press(asked.form("/sign-in/switch"), "choice", "stay").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.who(&mut stays).await.as_deref(), Some("Grace"));
    assert_eq!(world.accounts().await, before);
    let secret = here.session().unwrap();
    let page = here.press(asked.form("/sign-in/switch"), "choice", "switch").await;
    assert_eq!(page.path(), "/account/recovered", "{}", page.body);
    assert_eq!(world.who(&mut here).await.as_deref(), Some("Ada"));
    assert!(!world.is_live(&secret).await);
    let (is, was) = (world.accounts().await, before);
    let grace = |accounts: &testkit::Accounts| accounts.user("grace@example.test").version;
    assert_eq!(grace(&is), grace(&was), "nothing of Grace's account has changed");
}

async fn t94_one_code_is_not_enough_where_two_proofs_are_asked_for(engine: Engine) {
    let world = world(engine).await;
    let mut other = world.browser();
    world.sign_up(&mut other, "Ada", ADA).await;
    // Whoever has the mailbox has this account at the provider too.
    world.connect(&mut other, "a", "a-ada").await;
    strict(&world).await;
    let before = world.accounts().await;
    let mut ada = world.browser();
    let page = recover(&world, &mut ada, ADA).await;
    assert_eq!(page.h1(), "One more confirmation", "{}", page.body);
    assert_eq!(code_of(&page), "more_proofs_needed");
    assert_eq!(ada.session(), None, "t92: no half sessions");
    assert!(page.has_form("/sign-in/prove") && !page.body.contains("value=\"a\""), "{}", page.body);
    assert!(!page.body.contains("name=\"mailbox\""), "the mailbox that was shown is no second proof: {}", page.body);
    // What is not offered is not taken.
    let flow = page.hidden("flow").unwrap();
    for field in [("connection", "a"), ("mailbox", "0"), ("mailbox", "-1"), ("method", "code")] {
        let refused = ada.clone().post("/sign-in/prove", &[("flow", &flow), field]).await;
        assert_eq!(refused.status, 400, "{field:?}: {}", refused.body);
    }
    assert_eq!(world.accounts().await, before, "until it is enough nothing happens");
    let wrong = page.form_with("/sign-in/prove", ("method", "password")).with("password", "wrong");
    let page = ada.press(wrong, "method", "password").await;
    assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (422, Some("wrong_password")), "{}", page.body);
    let right = page.form_with("/sign-in/prove", ("method", "password")).with("password", PASSWORD);
    let page = ada.press(right, "method", "password").await;
    assert_eq!(page.path(), "/account/recovered", "{}", page.body);
    assert_eq!(level(&mut ada).await, "aal2");
    assert_eq!(world.accounts().await.user(ADA).links[0].state, LinkState::Held);
    assert_eq!(events(&world, "recovered").await, 1);
}

async fn t94_a_second_mailbox_or_a_fresh_provider_is_a_second_proof(engine: Engine) {
    let world = world(engine).await;
    world.sign_up(&mut world.browser(), "Ada", ADA).await;
    let mut ada = world.browser();
    world.password_sign_in(&mut ada, ADA, PASSWORD).await;
    world.connect(&mut ada, "a", "a-ada").await;
    second_address(&world).await;
    strict(&world).await;
    let mut first = world.browser();
    let page = recover(&world, &mut first, ADA).await;
    // The other mailbox, masked; its code is asked for like any other.
    assert!(page.all_text().contains("@second.test") && !page.all_text().contains(HOME), "{}", page.all_text());
    let seen = world.mailbox.messages().len();
    let page = first.press(page.form_with("/sign-in/prove", ("mailbox", "0")), "mailbox", "0").await;
    assert!(page.has_form("/sign-in/code"), "{}", page.body);
    let page = world.enter_code(&mut first, &page, HOME, seen).await;
    assert_eq!(page.path(), "/account/recovered", "{}", page.body);
    assert_eq!(level(&mut first).await, "aal2");
    // Held now, the provider is none; released, it is one where it does not hang on the mailbox.
    let mut second = world.browser();
    let page = recover(&world, &mut second, HOME).await;
    assert!(!page.body.contains("value=\"a\""), "on hold: {}", page.body);
    let link = world.link_of(ADA, "a").await;
    let page = recover(&world, &mut first, ADA).await;
    let form = page.form_with("/sign-in/prove", ("method", "password")).with("password", PASSWORD);
    first.press(form, "method", "password").await;
    let page = first.get(&format!("/account/methods/release?method={link}")).await;
    let page = first.submit(page.form("/account/methods/release")).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let mut third = world.browser();
    let page = recover(&world, &mut third, HOME).await;
    // Completed as somebody else: refused, and still to be proven.
    third.be(&world.a, "a-grace");
    let form = page.form_with("/sign-in/prove", ("connection", "a"));
    let page = third.press(form, "connection", "a").await;
    assert_eq!(page.error_code().as_deref(), Some("wrong_user_proved"), "{}", page.body);
    third.be(&world.a, "a-ada");
    let page = third.press(page.form_with("/sign-in/prove", ("connection", "a")), "connection", "a").await;
    assert_eq!(page.path(), "/account/recovered", "{}", page.body);
    assert_eq!(level(&mut third).await, "aal2");
    // What was shown just now is not held.
    assert_eq!(world.accounts().await.user(ADA).links[0].state, LinkState::Active);
}

async fn t94_where_nothing_else_is_left_nobody_gets_in(engine: Engine) {
    let world = world(engine).await;
    let mut ada = world.browser();
    let page = world.provider_sign_in(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    strict(&world).await;
    let before = world.accounts().await;
    let mut browser = world.browser();
    let page = recover(&world, &mut browser, ADA).await;
    assert_eq!((page.status.as_u16(), page.h1()), (200, "One more confirmation".to_owned()), "{}", page.body);
    assert!(page.all_text().contains("ask whoever runs this service"), "{}", page.all_text());
    assert_eq!(code_of(&page), "more_proofs_needed");
    assert!(!page.has_form("/sign-in/prove"), "{}", page.body);
    assert_eq!(browser.session(), None);
    assert_eq!(world.accounts().await, before);
}

async fn t91_a_proof_grows_old_and_is_asked_for_again(engine: Engine) {
    let world = world(engine).await;
    world.sign_up(&mut world.browser(), "Ada", ADA).await;
    strict(&world).await;
    let mut ada = world.browser();
    let page = recover(&world, &mut ada, ADA).await;
    world.advance(MINUTE.times(6));
    let form = page.form_with("/sign-in/prove", ("method", "password")).with("password", PASSWORD);
    let page = ada.press(form, "method", "password").await;
    // The password counts; the code of before does not any more.
    assert_eq!(page.h1(), "One more confirmation", "{}", page.body);
    assert_eq!(ada.session(), None);
    let seen = world.mailbox.messages().len();
    let page = ada.press(page.form_with("/sign-in/prove", ("mailbox", "0")), "mailbox", "0").await;
    let page = world.enter_code(&mut ada, &page, ADA, seen).await;
    assert_eq!(page.path(), "/account/recovered", "{}", page.body);
}

/// What a stranger sees of a recovery: each answer without what names the flow and the address, and what it cost.
async fn seen_by(world: &World, source: u8, address: &str) -> Vec<(u16, String, u64, u64)> {
    let mut browser = world.browser();
    browser.address = Ipv4Addr::new(198, 51, 100, source);
    let mut answers = Vec::new();
    let page = browser.get("/recover").await;
    let flow = page.hidden("flow").unwrap();
    let tail = flow[flow.len() - 6..].to_owned();
    let steps: [(&str, (&str, &str)); 7] = [
        ("/sign-in/email", ("email", "no address")),
        ("/sign-in/email", ("email", address)),
        ("/sign-in/code", ("code", "x")),
        ("/sign-in/code/resend", ("x", "y")),
        ("/sign-in/code", ("code", "y")),
        ("/sign-in/prove", ("method", "code")),
        ("/sign-in/prove", ("mailbox", "0")),
    ];
    for (path, field) in steps {
        let before = world.reads_and_writes();
        let page = browser.post(path, &[("flow", &flow), field]).await;
        let after = world.reads_and_writes();
        let body = page.body.replace(&flow, "FLOW").replace(&tail, "TAIL").replace(address, "ADDRESS");
        answers.push((page.status.as_u16(), body, after.0 - before.0, after.1 - before.1));
    }
    answers
}

async fn t123_before_the_code_nothing_tells_who_is_here(engine: Engine) {
    let world = world(engine).await;
    world.sign_up(&mut world.browser(), "Ada", ADA).await;
    // As different from nobody as can be.
    second_address(&world).await;
    strict(&world).await;
    world.advance(HOUR.times(13));
    let known = seen_by(&world, 1, ADA).await;
    let unknown = seen_by(&world, 2, "joan@example.test").await;
    for (at, (known, unknown)) in known.iter().zip(&unknown).enumerate() {
        assert_eq!(known, unknown, "answer {at} tells whether the address has an account");
    }
    assert_eq!((known[1].0, known[1].2, known[1].3), (200, 1, 1), "one read, one write, and the page with the field");
    // The mailbox itself is told.
    let text = |address: &str| {
        let mails = world.mailbox.messages();
        mails.into_iter().filter(|mail| mail.is_to(address)).last().and_then(|mail| mail.text).unwrap_or_default()
    };
    world.mails_to("joan@example.test", 2).await;
    assert!(text("joan@example.test").contains("There is no account with it."), "{}", text("joan@example.test"));
    assert!(text(ADA).contains("can’t sign in"), "{}", text(ADA));
    // And whoever reads it may know.
    world.advance(HOUR.times(13));
    let mut browser = world.browser();
    let page = recover(&world, &mut browser, "joan@example.test").await;
    assert_eq!(page.error_code().as_deref(), Some("no_account_here"), "{}", page.body);
    assert_eq!(page.h1(), "Get back into your account");
    assert_eq!(browser.session(), None);
    // The API says as little.
    world.advance(HOUR.times(13));
    let mut calls = Vec::new();
    for (source, address) in [(3, ADA), (4, "kate@example.test")] {
        let mut browser = world.browser();
        browser.address = Ipv4Addr::new(198, 51, 100, source);
        let begun = browser.api("POST", "/api/v1/flows", Some(json!({ "kind": "recover" })), Some(ORIGIN)).await;
        let id = begun.json["id"].as_str().unwrap().to_owned();
        let mut texts = Vec::new();
        for body in [
            json!({ "action": "email", "email": address }),
            json!({ "action": "code", "code": "x" }),
            json!({ "action": "resend" }),
            json!({ "action": "send_code_to", "mailbox": 0 }),
        ] {
            let before = world.reads_and_writes();
            let call = browser.api("POST", &format!("/api/v1/flows/{id}"), Some(body), Some(ORIGIN)).await;
            let after = world.reads_and_writes();
            let text = call.json.to_string().replace(&id, "FLOW").replace(address, "ADDRESS");
            texts.push((call.status, text, after.0 - before.0, after.1 - before.1));
        }
        calls.push(texts);
    }
    assert_eq!(calls[0], calls[1]);
}

async fn of_two_recoveries_one_stands(engine: Engine) {
    let world = world(engine).await;
    world.sign_up(&mut world.browser(), "Ada", ADA).await;
    // Both have the right code, at the same time.
    world.advance(HOUR.times(13));
    let mut ready = Vec::new();
    for source in 1..=2 {
        let mut browser = world.browser();
        browser.address = Ipv4Addr::new(198, 51, 100, source);
        let seen = world.mailbox.messages().len();
        let page = ask(&mut browser, ADA).await;
        let code = world.code_after(ADA, seen).await;
        ready.push((browser, page.form("/sign-in/code").with("code", &code)));
    }
    let (mut second, other) = ready.pop().unwrap();
    let (mut first, form) = ready.pop().unwrap();
    let (a, b) = tokio::join!(first.submit(form), second.submit(other));
    for page in [&a, &b] {
        let typed = page.path() == "/account/recovered"
            || page.path() == "/sign-in"
            || matches!(code_of(page).as_str(), "ticket_outdated" | "busy");
        assert!(typed, "{} {}", page.url, page.body);
    }
    assert_eq!(world.accounts().await.sessions.len(), 1, "one of them is signed in");
    assert!(events(&world, "recovered").await >= 1);
    // One has finished while the other was still showing a second proof.
    strict(&world).await;
    let (mut early, mut late) = (world.browser(), world.browser());
    let waiting = recover(&world, &mut late, ADA).await;
    let before = events(&world, "recovered").await;
    let seen = world.mailbox.messages().len();
    let page = ask(&mut early, ADA).await;
    let page = world.enter_code(&mut early, &page, ADA, seen).await;
    let prove = |page: &Page| page.form_with("/sign-in/prove", ("method", "password")).with("password", PASSWORD);
    let form = prove(&page);
    let page = early.press(form, "method", "password").await;
    assert_eq!(page.path(), "/account/recovered", "{}", page.body);
    let form = prove(&waiting);
    let page = late.press(form, "method", "password").await;
    assert_eq!((page.status.as_u16(), code_of(&page).as_str()), (403, "ticket_outdated"), "{}", page.body);
    assert!(page.links().contains(&"/recover".to_owned()), "a way to start again: {}", page.body);
    assert_eq!(late.session(), None);
    assert_eq!(events(&world, "recovered").await, before + 1);
    assert_eq!(world.who(&mut early).await.as_deref(), Some("Ada"));
}

async fn without_codes_the_page_says_who_helps(engine: Engine) {
    let world = World::new(engine).await;
    world.sign_up(&mut world.browser(), "Ada", ADA).await;
    let mut browser = world.browser();
    let page = browser.get("/recover").await;
    assert_eq!(
        (page.status.as_u16(), page.error_code().as_deref()),
        (200, Some("method_not_allowed")),
        "{}",
        page.body
    );
    assert!(page.all_text().contains("ask whoever runs this service") && !page.has_form("/sign-in/email"));
    let seen = world.mailbox.messages().len();
    let begun = browser.api("POST", "/api/v1/flows", Some(json!({ "kind": "recover" })), Some(ORIGIN)).await;
    assert_eq!(begun.json["actions"], json!(["cancel"]), "{begun:?}");
    let flow = format!("/api/v1/flows/{}", begun.json["id"].as_str().unwrap());
    let body = json!({ "action": "email", "email": ADA });
    let call = browser.api("POST", &flow, Some(body), Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (403, &json!("method_not_allowed")), "{call:?}");
    assert_eq!(world.mailbox.messages().len(), seen);
}

async fn the_api_recovers_as_the_pages_do(engine: Engine) {
    let world = world(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    second_address(&world).await;
    strict(&world).await;
    world.advance(HOUR.times(13));
    let mut browser = world.browser();
    let begun = browser.api("POST", "/api/v1/flows", Some(json!({ "kind": "recover" })), Some(ORIGIN)).await;
    assert_eq!((begun.status.as_u16(), &begun.json["state"]), (201, &json!("identify")), "{begun:?}");
    assert_eq!((&begun.json["kind"], &begun.json["actions"]), (&json!("recover"), &json!(["email", "cancel"])));
    let flow = format!("/api/v1/flows/{}", begun.json["id"].as_str().unwrap());
    let mut act = async |body: Value| browser.api("POST", &flow, Some(body), Some(ORIGIN)).await;
    let seen = world.mailbox.messages().len();
    let call = act(json!({ "action": "email", "email": ADA })).await;
    assert_eq!(call.json["state"], "mail_code", "{call:?}");
    let code = world.code_after(ADA, seen).await;
    let call = act(json!({ "action": "code", "code": code })).await;
    assert_eq!(call.json["state"], "recover_proof", "{call:?}");
    assert_eq!(call.json["actions"], json!(["password", "send_code_to", "cancel"]), "{call:?}");
    let kinds: Vec<&Value> = call.json["methods"].as_array().unwrap().iter().map(|method| &method["kind"]).collect();
    assert_eq!(kinds, ["password", "email_code"]);
    let call = act(json!({ "action": "send_code_to", "mailbox": 1 })).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (400, &json!("bad_request")), "{call:?}");
    let seen = world.mailbox.messages().len();
    let call = act(json!({ "action": "send_code_to", "mailbox": 0 })).await;
    assert_eq!(call.json["state"], "mail_code", "{call:?}");
    assert!(!call.json.to_string().contains(HOME), "{call:?}");
    let code = world.code_after(HOME, seen).await;
    let call = act(json!({ "action": "code", "code": code })).await;
    assert_eq!((&call.json["state"], &call.json["redirect_to"]), (&json!("finished"), &json!("/account/recovered")));
    assert_eq!(level(&mut browser).await, "aal2");
    assert_eq!(world.who(&mut ada).await, None);
}
