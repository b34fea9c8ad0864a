//! Bad input gets a clear answer and nothing is lost.

use crate::on_both_engines;
use axum::http::Method;
use model::{HOUR, MINUTE};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Accounts, Behaviour, Browser, Endpoint, Engine, ORIGIN, PASSWORD, Page, World};
use url::Url;

on_both_engines!(
    a_provider_that_fails,
    a_provider_that_says_no,
    t02_only_true_is_true,
    twice_back_and_in_two_tabs,
    forms_that_are_not_ours,
    forms_with_nonsense,
    an_old_form_in_a_signed_out_browser,
);

const ADA: &str = "ada@example.test";

fn code_of(page: &Page) -> String {
    let code = page.error_code().unwrap_or_default();
    code.split(' ').next().unwrap_or_default().to_owned()
}

/// A failure as it has to be: no server error of ours, a stable code, a way on, and nobody signed in.
fn explains(page: &Page, codes: &[&str], case: &str) {
    assert!((400..500).contains(&page.status.as_u16()), "{case}: {} {}", page.status, page.body);
    assert!(codes.contains(&&*code_of(page)), "{case}: {:?} {}", code_of(page), page.body);
    assert!(page.has("main a[href]") || page.has("main form button"), "{case}: {}", page.body);
    assert!(!page.h1().is_empty(), "{case}: {}", page.body);
}

/// As [`explains`]; what the person did on purpose is said and is no error.
fn explains_or_says(page: &Page, code: &str, case: &str) {
    if code != "provider_cancelled" {
        return explains(page, &[code], case);
    }
    assert_eq!((page.status.as_u16(), code_of(page).as_str()), (200, code), "{case}: {}", page.body);
    assert!(page.has("main form button"), "{case}: {}", page.body);
}

async fn ada(world: &World) -> (Browser, Accounts) {
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    world.connect(&mut ada, "a", "a-ada").await;
    // The code and the notice of the link.
    world.mails_to(ADA, 2).await;
    (ada, world.accounts().await)
}

async fn a_provider_that_fails(engine: Engine) {
    let world = World::new(engine).await;
    let (_, before) = ada(&world).await;
    let answers = ["provider_down", "provider_answer_invalid"];
    let faults = [
        Behaviour::HugeAnswer,
        Behaviour::Garbage,
        Behaviour::ServerError,
        Behaviour::CloseConnection,
        Behaviour::RedirectFromToken,
    ];
    for endpoint in [Endpoint::Discovery, Endpoint::Keys, Endpoint::Token] {
        for fault in &faults {
            if *fault == Behaviour::RedirectFromToken && endpoint != Endpoint::Token {
                continue;
            }
            // Provider B has no document in memory; its failures are remembered for seconds only.
            world.advance(HOUR.times(25));
            world.b.script_at(endpoint, [fault.clone()]);
            let case = format!("{fault:?} at {endpoint:?}");
            let mut browser = world.browser();
            let page = world.provider_sign_in(&mut browser, "b", "b-linus").await;
            explains(&page, &answers, &case);
            assert_eq!(browser.session(), None, "{case}");
            // The page it left is still good: the same button, once the provider is well, and the other ways meanwhile.
            let other = browser.clone().get("/sign-in").await;
            assert!(other.has_form("/sign-in/email"), "{case}");
            world.b.script([]);
            world.advance(MINUTE);
            browser.be(&world.b, "b-grace");
            let page = browser.press(page.form("/sign-in/start-provider"), "connection", "b").await;
            assert!(page.has_form("/sign-in/code"), "{case}: {}", page.body);
        }
    }
    assert_eq!(world.accounts().await.users, before.users);
    // 5xx, no connection and silence are the provider's; all else is an answer that we do not accept.
    world.a.script_at(Endpoint::Token, [Behaviour::ServerError]);
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
    explains(&page, &["provider_down"], "5xx");
    world.a.script_at(Endpoint::Token, [Behaviour::Slow(Duration::from_mins(1))]);
    let started = std::time::Instant::now();
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
    explains(&page, &["provider_down"], "slow");
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
}

async fn a_provider_that_says_no(engine: Engine) {
    let world = World::new(engine).await;
    let (mut ada, before) = ada(&world).await;
    for (error, code) in [
        ("access_denied", "provider_cancelled"),
        ("server_error", "provider_answer_invalid"),
        ("temporarily_unavailable", "provider_answer_invalid"),
        ("invalid_scope", "provider_answer_invalid"),
        ("login_required", "provider_answer_invalid"),
        ("something else <b>", "provider_answer_invalid"),
    ] {
        world.b.script([Behaviour::ErrorAnswer(error.to_owned())]);
        let mut browser = world.browser();
        let page = world.provider_sign_in(&mut browser, "b", "b-grace").await;
        explains_or_says(&page, code, error);
        assert!(page.has_form("/sign-in/start-provider"), "{error}: the choice again: {}", page.body);
        assert_eq!(browser.session(), None);
        // While linking: back to the account, which is as it was.
        let page = ada.get("/account/methods/connect?connection=b").await;
        let page = ada.press(page.form("/account/methods/connect"), "connection", "b").await;
        if code == "provider_cancelled" {
            assert_eq!((page.path(), page.status.as_u16()), ("/account", 200), "{}", page.body);
        } else {
            explains(&page, &[code], error);
        }
        let page = ada.get("/account").await;
        assert_eq!(page.status, 200, "{error}");
    }
    // On the conflict page: the prompt stays.
    world.b.script([]);
    world.advance(HOUR.times(13));
    let mut browser = world.browser();
    let page = world.sign_in_with_code(&mut browser, "b", "b-ada", ADA).await;
    world.a.script([Behaviour::ErrorAnswer("access_denied".to_owned())]);
    let page = browser.press(page.form_with("/sign-in/prove", ("connection", "a")), "connection", "a").await;
    explains_or_says(&page, "provider_cancelled", "prove");
    let form = page.form_with("/sign-in/prove", ("method", "password")).with("password", PASSWORD);
    assert_eq!(world.accounts().await.users, before.users);
    let page = browser.press(form, "method", "password").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
}

async fn t02_only_true_is_true(engine: Engine) {
    let world = World::new(engine).await;
    let flags = [
        Value::Null,
        json!(false),
        json!("true"),
        json!("TRUE"),
        json!(1),
        json!(1.0),
        json!("1"),
        json!([]),
        json!([true]),
        json!({}),
        json!({ "true": true }),
        json!(""),
    ];
    for flag in flags {
        world.advance(HOUR.times(13));
        world.a.script([Behaviour::EmailVerified(flag.clone())]);
        let mut browser = world.browser();
        let page = world.provider_sign_in(&mut browser, "a", "a-grace").await;
        assert_eq!(page.status, 200, "{flag}");
        assert!(page.has_form("/sign-in/code"), "{flag}: {}", page.body);
        assert_eq!(browser.session(), None, "{flag}");
    }
    assert_eq!(world.accounts().await.users.len(), 0);
    // No address at all is an account without one; and `true` is true.
    world.a.script([Behaviour::NoEmail]);
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-joan").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    world.a.script([]);
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-grace").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let accounts = world.accounts().await;
    assert_eq!((accounts.named("Joan").addresses.len(), accounts.named("Grace").addresses.len()), (0, 1));
}

async fn twice_back_and_in_two_tabs(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    // The code form twice: once it makes an account, then it leads to it.
    let page = ada.get("/sign-up").await;
    let sign_up = page.form("/sign-up").with("name", "Ada").with("email", ADA).with("password", PASSWORD);
    let seen = world.mailbox.messages().len();
    let page = ada.submit(sign_up.clone()).await;
    let code = world.code_after(ADA, seen).await;
    let form = page.form("/sign-in/code").with("code", &code);
    let tab = ada.clone();
    let done = ada.submit(form.clone()).await;
    assert_eq!(done.path(), "/account", "{}", done.body);
    let made = world.accounts().await;
    let again = ada.submit(form.clone()).await;
    assert!(again.path() == "/account" || again.status.is_client_error(), "{} {}", again.status, again.body);
    // Another tab sent the same at the same moment: it has the flow, and the session of this browser.
    let mut late = tab.clone();
    late.set_cookie("__Host-session", &ada.session().expect("a session"));
    let page = late.submit(form.clone()).await;
    assert_eq!(page.path(), "/account", "t85: {}", page.body);
    let mut stranger = tab;
    let page = stranger.submit(form).await;
    explains(&page, &["flow_spent", "code_expired"], "a spent flow elsewhere");
    assert_eq!(stranger.session(), None);
    // Back to the form and once more.
    let page = ada.submit(sign_up).await;
    explains(&page, &["flow_expired"], "back button");
    let after = world.accounts().await;
    assert_eq!((after.users.len(), after.user(ADA)), (1, made.user(ADA)));

    // Two tabs of the same removal, and of the same link.
    world.connect(&mut ada, "a", "a-ada").await;
    let link = world.link_of(ADA, "a").await;
    let page = ada.get(&format!("/account/methods/remove?method={link}")).await;
    let form = page.form("/account/methods/remove");
    let page = ada.submit(form.clone()).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let page = ada.submit(form).await;
    assert!(page.path().starts_with("/account") && page.status.as_u16() < 500, "{} {}", page.status, page.body);
    ada.be(&world.b, "b-linus");
    let page = ada.get("/account/methods/connect?connection=b").await;
    let (one, two) = (page.form("/account/methods/connect"), page.form("/account/methods/connect"));
    let one = ada.press(one, "connection", "b").await;
    let two = ada.press(two, "connection", "b").await;
    let page = ada.press(one.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let page = ada.press(two.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert!((400..500).contains(&page.status.as_u16()), "{} {}", page.status, page.body);
    let page = ada.press(one.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert!(page.status.as_u16() < 500, "{} {}", page.status, page.body);
    assert_eq!(world.accounts().await.user(ADA).active_links().count(), 1);
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
}

async fn forms_that_are_not_ours(engine: Engine) {
    let world = World::new(engine).await;
    let (_, before) = ada(&world).await;
    let steps = [
        "/sign-in/start-provider",
        "/sign-in/email",
        "/sign-in/password",
        "/sign-up",
        "/sign-in/code",
        "/sign-in/code/resend",
        "/sign-in/prove",
        "/account/step-up",
        "/sign-in/continue-without",
        "/sign-in/continue",
        "/sign-in/confirm-link",
        "/sign-in/switch",
    ];
    let everything = [
        ("connection", "a"),
        ("email", ADA),
        ("name", "X"),
        ("password", PASSWORD),
        ("code", "123456"),
        ("method", "code"),
        ("choice", "connect"),
    ];
    for path in steps {
        // A flow of nobody's, of another browser, and none; a form that was open for too long.
        let mut other = world.browser();
        let foreign = other.get("/sign-in").await.hidden("flow").expect("a flow");
        for flow in ["", "x", "01a20220-9928-7cad-aa33-ddeb538b8427", &foreign] {
            let mut fields = everything.to_vec();
            fields.push(("flow", flow));
            let page = world.browser().post(path, &fields).await;
            assert!((400..500).contains(&page.status.as_u16()), "{path} {flow:?}: {} {}", page.status, page.body);
        }
        let mut old = other.clone();
        world.advance(MINUTE.times(31));
        let mut fields = everything.to_vec();
        fields.push(("flow", &*foreign));
        let page = old.post(path, &fields).await;
        explains(&page, &["flow_expired", "bad_request"], path);
        // A live flow, and a step that it does not stand at.
        let mut live = world.browser();
        let flow = live.get("/sign-in").await.hidden("flow").expect("a flow");
        if !["/sign-in/start-provider", "/sign-in/email"].contains(&path) {
            let mut fields = everything.to_vec();
            fields.push(("flow", &*flow));
            let page = live.post(path, &fields).await;
            if !["/sign-in/code/resend", "/sign-in/prove", "/account/step-up"].contains(&path) {
                explains(&page, &["bad_request"], path);
            }
            assert!(page.status.as_u16() < 500 && live.session().is_none(), "{path}: {}", page.body);
        }
    }
    assert_eq!(world.accounts().await, before);
    // A callback that was made up.
    for query in
        ["", "?", "?state=", "?state=x.y&code=z", "?code=x", "?error=x", "?state=%00&code=%ff", "?state=a&state=b"]
    {
        let page = world.browser().get(&format!("/callback/a{query}")).await;
        explains(&page, &["flow_forged", "flow_expired", "bad_request"], query);
    }
    assert_eq!(world.browser().get("/callback/UPPER!?state=x").await.status, 404);
    let page = world.browser().get(&format!("/callback/a?state={}", "x".repeat(9000))).await;
    explains(&page, &["bad_request", "flow_forged"], "long");
}

async fn forms_with_nonsense(engine: Engine) {
    let world = World::new(engine).await;
    let (mut ada, before) = ada(&world).await;
    let long = "x".repeat(2000);
    let mut browser = world.browser();
    // Sign-up: the field that is wrong is named, and nothing is sent.
    let seen = world.mailbox.messages().len();
    for (name, email, password, code) in [
        ("Eve", "eve", PASSWORD, "invalid_address"),
        ("Eve", "", PASSWORD, "invalid_address"),
        (&*long, "eve@example.test", PASSWORD, "invalid_name"),
        ("E\u{202e}ve", "eve@example.test", PASSWORD, "invalid_name"),
    ] {
        let page = browser.get("/sign-up").await;
        let form = page.form("/sign-up").with("name", name).with("email", email).with("password", password);
        let page = browser.submit(form).await;
        explains(&page, &[code], code);
        assert!(page.has("[aria-invalid=true]"), "{code}: {}", page.body);
        assert!(!page.body.contains(PASSWORD), "a password is never repeated");
    }
    for password in ["", "a", "password", "12345678", "eve@example.test"] {
        let page = browser.get("/sign-up").await;
        let form = page.form("/sign-up").with("name", "E").with("email", "eve@example.test").with("password", password);
        let page = browser.submit(form).await;
        assert_eq!(page.status, 422, "{password:?}: {}", page.body);
        assert!(page.has("[aria-invalid=true]") && !code_of(&page).is_empty(), "{password:?}: {}", page.body);
    }
    assert_eq!(world.mailbox.messages().len(), seen);
    // Passwords and codes that are none.
    for password in ["", "wrong", &*long, "\u{0}\u{1}", "ünïcödé"] {
        world.advance(HOUR.times(13));
        let page = world.password_sign_in(&mut browser, ADA, password).await;
        explains(&page, &["wrong_password"], password);
    }
    world.advance(HOUR.times(13));
    let page = world.provider_sign_in(&mut browser, "b", "b-grace").await;
    for code in ["", "abc", "12345", "1234567", "٣٤٥٦٧٨"] {
        let page = browser.submit(page.form("/sign-in/code").with("code", code)).await;
        explains(&page, &["wrong_code", "code_attempts_used_up"], code);
    }
    // Account forms.
    let page = ada.get("/account").await;
    let csrf = page.hidden("csrf").expect("a form of this session");
    for (path, field) in [
        ("/account/methods/connect", "connection"),
        ("/account/methods/remove", "method"),
        ("/account/sessions/end", "session"),
    ] {
        for value in ["", "x", "../../etc", "01a20220-9928-7cad-aa33-ddeb538b8427", "UPPER"] {
            let page = ada.post(path, &[("csrf", &csrf), (field, value)]).await;
            assert!(page.status.as_u16() < 500, "{path} {value}: {} {}", page.status, page.body);
            assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"), "{path} {value}");
        }
    }
    let after = world.accounts().await;
    assert_eq!(after.user(ADA).links, before.user(ADA).links);
    assert_eq!(after.users.len(), before.users.len());
    // Bodies that are no forms.
    for body in ["%%%", "flow", "flow=%ff%fe", "flow[]=1", "{\"flow\":1}", &*"a".repeat(100_000)] {
        for path in ["/sign-in/email", "/account/password", "/callback/a"] {
            let url = Url::parse(&format!("{ORIGIN}{path}")).expect("a URL");
            let page = ada.once(Method::POST, url, Some(body.to_owned())).await;
            assert!(page.status.as_u16() < 500, "{path} {}: {}", &body[..body.len().min(20)], page.status);
        }
    }
}

async fn an_old_form_in_a_signed_out_browser(engine: Engine) {
    let world = World::new(engine).await;
    let (mut ada, _) = ada(&world).await;
    let link = world.link_of(ADA, "a").await;
    let remove = ada.get(&format!("/account/methods/remove?method={link}")).await.form("/account/methods/remove");
    let connect = ada.get("/account/methods/connect?connection=b").await.form("/account/methods/connect");
    let password =
        ada.get("/account/password").await.form("/account/password").with("password", "another tapir 99 staple");
    world.sign_out(&mut ada).await;
    let before = world.accounts().await;
    for form in [remove, connect, password] {
        let page = ada.submit(form).await;
        assert!(page.has_form("/sign-in/email") || page.status.is_client_error(), "{} {}", page.url, page.body);
    }
    assert_eq!(world.accounts().await, before);
    // Signed in again, an old form is still no form of this session.
    let page = world.password_sign_in(&mut ada, ADA, PASSWORD).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
}
