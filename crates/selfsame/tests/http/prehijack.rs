//! An attacker who was here first keeps nothing.

use crate::on_both_engines;
use model::{HOUR, MINUTE};
use serde_json::json;
use testkit::{Accounts, Browser, Engine, ORIGIN, Options, PASSWORD, Page, Person, World};

on_both_engines!(
    t23_t77_an_unproven_sign_up_reserves_nothing,
    t24_a_new_password_ends_every_other_session,
    t25_nothing_of_a_stranger_hangs_on_a_new_account,
    t26_what_was_pending_dies_with_the_change,
    t27_t28_an_unproven_identity_waits_for_nobody,
    t29_the_victims_code_confirms_nothing_of_the_attackers,
    t105_nobody_calls_an_address_proven_but_the_verifier,
    t106_who_is_bound_stands_in_the_ticket_alone,
);

const ADA: &str = "ada@example.test";
const HERS: &str = "another tapir battery 42 staple";

fn code_of(page: &Page) -> String {
    let code = page.error_code().unwrap_or_default();
    code.split(' ').next().unwrap_or_default().to_owned()
}

/// Ada signs up with a password of her own, whatever happened before. `sent` mails have gone to her address before.
async fn ada_signs_up(world: &World, sent: usize) -> Browser {
    world.mails_to(ADA, sent).await;
    world.advance(HOUR.times(13));
    let mut ada = world.browser();
    let page = ada.get("/sign-up").await;
    let seen = world.mailbox.messages().len();
    let form = page.form("/sign-up").with("name", "Ada").with("email", ADA).with("password", HERS);
    let page = ada.submit(form).await;
    let page = world.enter_code(&mut ada, &page, ADA, seen).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    ada
}

/// Only she is in it.
fn is_only_hers(accounts: &Accounts, links: usize) {
    assert_eq!(accounts.users.len(), 1);
    let ada = accounts.user(ADA);
    assert_eq!((ada.name.as_str(), ada.addresses.len(), ada.links.len()), ("Ada", 1, links));
}

async fn mallory_begins(mallory: &mut Browser) -> Page {
    let page = mallory.get("/sign-up").await;
    let form = page.form("/sign-up").with("name", "Mallory").with("email", ADA).with("password", PASSWORD);
    mallory.submit(form).await
}

async fn t23_t77_an_unproven_sign_up_reserves_nothing(engine: Engine) {
    let world = World::new(engine).await;
    let mut pending = Vec::new();
    for _ in 0..3 {
        let mut mallory = world.browser();
        let page = mallory_begins(&mut mallory).await;
        assert!(page.has_form("/sign-in/code"), "{}", page.body);
        assert_eq!(mallory.session(), None);
        pending.push((mallory, page));
    }
    assert_eq!(world.accounts().await.users.len(), 0, "nothing exists but sealed flows");
    // The password of a sign-up that was never confirmed opens nothing.
    let page = world.password_sign_in(&mut world.browser(), ADA, PASSWORD).await;
    assert_eq!(code_of(&page), "wrong_password", "{}", page.body);

    let mut ada = ada_signs_up(&world, 3).await;
    let hers = world.accounts().await;
    is_only_hers(&hers, 0);
    for (mut mallory, page) in pending {
        // Guessed or not, the flow is over.
        let page = mallory.submit(page.form("/sign-in/code").with("code", "123456")).await;
        assert_eq!(mallory.session(), None, "{}", page.body);
    }
    // Even with a code: a mailbox that is Ada's leads to Ada's account, and Mallory's password is gone.
    let mut shared = world.browser();
    let seen = world.mailbox.messages().len();
    let page = mallory_begins(&mut shared).await;
    let page = world.enter_code(&mut shared, &page, ADA, seen).await;
    assert_eq!(code_of(&page), "address_belongs_to_account", "{}", page.body);
    assert_eq!(shared.session(), None);
    assert_eq!(world.accounts().await, hers);
    world.advance(HOUR.times(13));
    let page = world.password_sign_in(&mut world.browser(), ADA, PASSWORD).await;
    assert_eq!(code_of(&page), "wrong_password", "{}", page.body);
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
}

async fn t24_a_new_password_ends_every_other_session(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let mut thief = world.browser();
    world.password_sign_in(&mut thief, ADA, PASSWORD).await;
    let token = world.token(&mut thief).await;
    assert_eq!(world.who(&mut thief).await.as_deref(), Some("Ada"));
    assert!(world.opens(&token).await);
    let before = ada.session();
    let page = world.set_password(&mut ada, HERS).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_ne!(ada.session(), before, "t65: a new secret");
    assert_eq!(world.who(&mut thief).await, None);
    assert!(!world.opens(&token).await, "what an application took over ends too");
    assert!(!world.is_live(&before.expect("a session")).await, "the old secret is dead");
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
    assert_eq!(world.accounts().await.sessions.len(), 1);
    let page = world.password_sign_in(&mut thief, ADA, PASSWORD).await;
    assert_eq!(code_of(&page), "wrong_password", "{}", page.body);
}

async fn t25_nothing_of_a_stranger_hangs_on_a_new_account(engine: Engine) {
    let world = World::new(engine).await;
    // Before she comes: a sign-up in her name, an identity with her address, and one flow that does both.
    let mut mallory = world.browser();
    mallory_begins(&mut mallory).await;
    world.provider_sign_in(&mut mallory, "b", "b-mallory").await;
    let flow = mallory.get("/sign-up").await.hidden("flow").expect("a flow");
    let fields = [("flow", &*flow), ("name", "Mallory"), ("email", ADA), ("password", PASSWORD), ("connection", "b")];
    mallory.post("/sign-up", &fields).await;
    mallory.post("/sign-in/start-provider", &[("flow", &flow), ("connection", "b")]).await;
    let mut ada = ada_signs_up(&world, 3).await;
    is_only_hers(&world.accounts().await, 0);
    let page = ada.get("/account").await;
    assert!(!page.body.contains("/account/methods/remove"), "no method that she did not add: {}", page.body);
    // Mallory's identity is still linked to nobody.
    let page = world.provider_sign_in(&mut mallory, "b", "b-mallory").await;
    assert!(page.has_form("/sign-in/code"), "{}", page.body);
    assert_eq!(mallory.session(), None);
}

async fn t26_what_was_pending_dies_with_the_change(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    // In a stolen session the thief is at the provider already, about to come back.
    let mut thief = world.browser();
    world.password_sign_in(&mut thief, ADA, PASSWORD).await;
    thief.be(&world.b, "b-mallory");
    let page = thief.get("/account/methods/connect?connection=b").await;
    let csrf = page.hidden("csrf").expect("a form of this session");
    let page = thief.post_once("/account/methods/connect", &[("csrf", &csrf), ("connection", "b")]).await;
    let back = world.back_from_provider(&mut thief, page).await;
    // The same in the session that will change the password: a second tab of hers.
    ada.be(&world.a, "a-ada");
    let page = ada.get("/account/methods/connect?connection=a").await;
    let csrf = page.hidden("csrf").expect("a form of this session");
    let page = ada.post_once("/account/methods/connect", &[("csrf", &csrf), ("connection", "a")]).await;
    let own_back = world.back_from_provider(&mut ada, page).await;

    world.set_password(&mut ada, HERS).await;
    let page = thief.get(back.as_str()).await;
    let page = if page.has_form("/sign-in/confirm-link") {
        thief.press(page.form("/sign-in/confirm-link"), "choice", "connect").await
    } else {
        page
    };
    assert!(page.status.is_client_error(), "{}", page.body);
    let page = ada.get(own_back.as_str()).await;
    let page = ada.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert!(["session_expired", "ticket_outdated"].contains(&&*code_of(&page)), "{}", page.body);
    is_only_hers(&world.accounts().await, 0);
}

async fn t27_t28_an_unproven_identity_waits_for_nobody(engine: Engine) {
    let world = World::new(engine).await;
    // Provider B lets anybody type any address; nobody vouches for it. First the attacker, by federation alone.
    let mut attackers = Vec::new();
    for subject in ["b-mallory", "b-ada"] {
        let mut mallory = world.browser();
        let page = world.provider_sign_in(&mut mallory, "b", subject).await;
        assert!(page.has_form("/sign-in/code"), "{}", page.body);
        attackers.push((mallory, page));
    }
    assert_eq!(world.accounts().await.users.len(), 0);
    // Then the victim, by another provider: her own account at once, with nothing else on it.
    let mut ada = world.browser();
    let page = world.provider_sign_in(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let hers = world.accounts().await;
    is_only_hers(&hers, 1);
    world.advance(MINUTE.times(5));
    for (mut mallory, page) in attackers {
        let page = mallory.submit(page.form("/sign-in/code").with("code", "000000")).await;
        assert_eq!(mallory.session(), None, "{}", page.body);
        let page = mallory.get("/sign-in").await;
        let page = mallory.press(page.form("/sign-in/start-provider"), "connection", "b").await;
        assert!(page.has_form("/sign-in/code") || page.status == 429, "{}", page.body);
    }
    let after = world.accounts().await;
    assert_eq!(after.user(ADA), hers.user(ADA));
    is_only_hers(&after, 1);
}

async fn t29_the_victims_code_confirms_nothing_of_the_attackers(engine: Engine) {
    let world = World::new(engine).await;
    let mut mallory = world.browser();
    mallory.user_agent = String::from("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0");
    let seen = world.mailbox.messages().len();
    let mallorys = world.provider_sign_in(&mut mallory, "b", "b-mallory").await;
    let code = world.code_after(ADA, seen).await;
    // The mail names who asks, and nothing in it acts.
    let mail = world.mailbox.messages().pop().expect("a mail");
    for body in [mail.text.clone().unwrap_or_default(), mail.html.clone().unwrap_or_default()] {
        assert!(body.contains("Example B") && body.contains("allory") && body.contains("Firefox"), "{body}");
        assert!(body.contains("not your") || body.contains("not you") || body.contains("wasn"), "{body}");
        assert!(!body.contains("<a ") && !body.contains(&format!("{ORIGIN}/")), "no link: {body}");
    }
    // She enters it in her own browser: where she asked herself, and where she forges the form.
    let mut ada = world.browser();
    let own_seen = world.mailbox.messages().len();
    let page = ada.get("/sign-up").await;
    let form = page.form("/sign-up").with("name", "Ada").with("email", ADA).with("password", HERS);
    let own = ada.submit(form).await;
    let own_code = world.code_after(ADA, own_seen).await;
    if code != own_code {
        let page = ada.submit(own.form("/sign-in/code").with("code", &code)).await;
        assert_eq!(code_of(&page), "wrong_code", "{}", page.body);
    }
    let flow = mallorys.hidden("flow").expect("a flow");
    let page = ada.post("/sign-in/code", &[("flow", &flow), ("code", &code)]).await;
    assert_eq!((page.status.as_u16(), code_of(&page)), (400, "flow_expired".to_owned()), "{}", page.body);
    assert_eq!(world.accounts().await.users.len(), 0, "a code in the wrong browser makes nothing");
    let page = ada.submit(own.form("/sign-in/code").with("code", &own_code)).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    is_only_hers(&world.accounts().await, 0);
    // Whoever tricks her out of the code gets as far as the prompt for her password.
    let page = mallory.submit(mallorys.form("/sign-in/code").with("code", &code)).await;
    assert!(page.has_form("/sign-in/prove"), "{}", page.body);
    assert_eq!(mallory.session(), None);
    is_only_hers(&world.accounts().await, 0);
}

async fn t105_nobody_calls_an_address_proven_but_the_verifier(engine: Engine) {
    let world = World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await;
    let claims = [
        ("email_verified", "true"),
        ("verified", "true"),
        ("proven", "1"),
        ("mailbox", ADA),
        ("proof", "loop"),
        ("code_verified", "true"),
    ];
    let mut mallory = world.browser();
    let page = mallory.get("/sign-up").await;
    let mut form = page.form("/sign-up").with("name", "Mallory").with("email", ADA).with("password", PASSWORD);
    for (name, value) in claims {
        form = form.with(name, value);
    }
    let page = mallory.submit(form).await;
    let mut form = page.form("/sign-in/code").with("code", "");
    for (name, value) in claims {
        form = form.with(name, value);
    }
    mallory.submit(form).await;
    assert_eq!(mallory.session(), None);
    // The API knows no such member, and says so.
    let mut app = world.browser();
    for (name, _) in claims {
        let start = json!({ "kind": "sign_up", name: true });
        let call = app.api("POST", "/api/v1/flows", Some(start), Some(ORIGIN)).await;
        assert!(call.status.is_client_error(), "{name}: {call:?}");
        let call = app.api("POST", "/api/v1/flows", Some(json!({ "kind": "sign_up" })), Some(ORIGIN)).await;
        let flow = format!("/api/v1/flows/{}", call.json["id"].as_str().expect("a flow"));
        let act = json!({ "action": "sign_up", "name": "M", "email": ADA, "password": PASSWORD, name: true });
        let call = app.api("POST", &flow, Some(act), Some(ORIGIN)).await;
        assert!(call.status.is_client_error(), "{name}: {call:?}");
    }
    assert_eq!(world.accounts().await.users.len(), 0);
    // Nor does somebody who is signed in add one to their account.
    world.sign_up(&mut app, "Mallory", "mallory@evil.test").await;
    let mine = world.accounts().await;
    for method in ["POST", "PUT", "PATCH"] {
        for path in ["/api/v1/account", "/api/v1/account/addresses", "/api/v1/session"] {
            let body = json!({ "address": ADA, "email": ADA, "addresses": [ADA], "email_verified": true });
            let call = app.api(method, path, Some(body), Some(ORIGIN)).await;
            assert!(call.status.is_client_error(), "{method} {path}: {call:?}");
        }
    }
    assert_eq!(world.accounts().await, mine);
}

async fn t106_who_is_bound_stands_in_the_ticket_alone(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let mut mallory = world.browser();
    world.sign_up(&mut mallory, "Mallory", "mallory@evil.test").await;
    world.set_password(&mut mallory, HERS).await;
    let before = world.accounts().await;
    let hers = before.user(ADA).clone();
    let id = hers.id.to_string();
    // Mallory links an identity of his own and names Ada wherever a name could stand.
    mallory.be(&world.b, "b-linus");
    let page = mallory.get(&format!("/account/methods/connect?connection=b&user={id}")).await;
    let form = page.form("/account/methods/connect").with("user", &id).with("email", ADA).with("named", &id);
    mallory.set_cookie("user", &id);
    mallory.set_cookie("__Host-user", &id);
    let page = mallory.press(form, "connection", "b").await;
    let form = page.form("/sign-in/confirm-link").with("user", &id).with("session", &id);
    let page = mallory.press(form, "choice", "connect").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let after = world.accounts().await;
    assert_eq!(after.user(ADA), &hers);
    assert_eq!(after.user("mallory@evil.test").active_links().count(), 1);
    // An identity with Ada's address, proven by Mallory's own password: the ticket names Ada, so it proves nothing.
    world.b.put_person(Person::new("b-m2", "M").mail(ADA, json!(true)));
    let mut other = world.browser();
    let seen = world.mailbox.messages().len();
    let page = world.provider_sign_in(&mut other, "b", "b-m2").await;
    let page = world.enter_code(&mut other, &page, ADA, seen).await;
    let mallorys = after.user("mallory@evil.test").id.to_string();
    let mut form = page.form_with("/sign-in/prove", ("method", "password")).with("password", HERS);
    for name in ["user", "named", "email", "account"] {
        form = form.with(name, &mallorys);
    }
    let page = other.press(form, "method", "password").await;
    assert_eq!(code_of(&page), "wrong_password", "{}", page.body);
    assert_eq!(other.session(), None);
    assert_eq!(world.accounts().await.user(ADA).links, hers.links);
}
