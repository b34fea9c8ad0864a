//! Sessions begin, change and end.

pub(crate) mod removal;
mod throttle;

use crate::on_both_engines;
use model::UserStatus;
use selfsame::admin::Operation;
use serde_json::json;
use testkit::{Browser, Engine, ORIGIN, Options, PASSWORD, World};

on_both_engines!(
    t65_every_authentication_gives_a_new_secret,
    t24_a_new_password_ends_every_other_session,
    t66_a_step_up_as_somebody_else_changes_nothing,
    t68_whoever_is_disabled_is_refused_everywhere,
    t69_no_sign_in_wakes_a_disabled_or_deleted_user,
    t88_a_link_needs_a_fresh_session,
    t92_a_sign_in_that_is_not_finished_is_no_session,
    t92_a_method_below_the_required_level_gives_no_session,
);

const NEW_PASSWORD: &str = "another heron lantern 77 gravel";

/// The secret of now opens, all earlier ones do not; each was in the cache.
async fn renewed(world: &World, browser: &Browser, old: &mut Vec<String>, what: &str) {
    let new = browser.session().unwrap_or_else(|| panic!("{what}: no session"));
    assert!(!old.contains(&new), "{what}: the secret stayed");
    for secret in old.iter() {
        assert!(!world.is_live(secret).await, "{what}: an old secret still opens");
    }
    assert!(world.is_live(&new).await, "{what}: the new secret does not open");
    assert!(world.is_live(&new).await);
    old.push(new);
}

async fn t65_every_authentication_gives_a_new_secret(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    // A secret that somebody else chose is not taken over.
    ada.set_cookie("__Host-session", "chosen-by-somebody-else");
    let mut old = vec!["chosen-by-somebody-else".to_owned()];
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    renewed(&world, &ada, &mut old, "sign-up").await;
    world.password_sign_in(&mut ada, "ada@example.test", PASSWORD).await;
    renewed(&world, &ada, &mut old, "password").await;
    world.step_up(&mut ada, PASSWORD).await;
    renewed(&world, &ada, &mut old, "step-up").await;
    let page = world.connect(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    renewed(&world, &ada, &mut old, "link").await;
    let page = world.set_password(&mut ada, NEW_PASSWORD).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    renewed(&world, &ada, &mut old, "password change").await;
    let last = ada.session().unwrap();
    world.sign_out(&mut ada).await;
    assert!(!world.is_live(&last).await, "signing out ends it at once");
    let page = world.provider_sign_in(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    renewed(&world, &ada, &mut old, "provider").await;
}

async fn t24_a_new_password_ends_every_other_session(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.connect(&mut ada, "a", "a-ada").await;
    let mut intruder = world.browser();
    world.password_sign_in(&mut intruder, "ada@example.test", PASSWORD).await;
    let mut by_link = world.browser();
    world.provider_sign_in(&mut by_link, "a", "a-ada").await;
    let token = world.token(&mut intruder).await;
    let pending = world.handover_code(&mut intruder).await;
    let secrets = [intruder.session().unwrap(), by_link.session().unwrap()];
    for secret in &secrets {
        assert!(world.is_live(secret).await);
    }
    assert!(world.opens(&token).await);
    world.set_password(&mut ada, NEW_PASSWORD).await;
    for secret in &secrets {
        assert!(!world.is_live(secret).await, "another session outlived the new password");
    }
    assert!(!world.opens(&token).await, "an application's session outlived the new password");
    assert_ne!(world.redeem(&pending).await.status, 200, "a code from an ended session opens");
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
    // The old password is worth nothing any more.
    world.password_sign_in(&mut intruder, "ada@example.test", PASSWORD).await;
    assert_eq!(world.who(&mut intruder).await, None);
    world.password_sign_in(&mut intruder, "ada@example.test", NEW_PASSWORD).await;
    assert_eq!(world.who(&mut intruder).await.as_deref(), Some("Ada"));
}

async fn t66_a_step_up_as_somebody_else_changes_nothing(engine: Engine) {
    let world = World::new(engine).await;
    let mut grace = world.browser();
    let page = world.provider_sign_in(&mut grace, "a", "a-grace").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.connect(&mut ada, "a", "a-ada").await;
    world.advance(model::MINUTE.times(6));
    let before = ada.session().unwrap();
    // The person at the provider is Grace, who has an account here, or Joan, who has none.
    for stranger in ["a-grace", "a-joan"] {
        ada.be(&world.a, stranger);
        let page = ada.get("/account/step-up").await;
        let form = page.form_with("/account/step-up", ("connection", "a"));
        let page = ada.press(form, "connection", "a").await;
        assert!(page.has_form("/account/step-up"), "{stranger}: {}", page.body);
        assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"), "{stranger}");
        assert_eq!(ada.session().as_deref(), Some(&*before), "{stranger}: the session was renewed");
        let page = ada.get("/account/password").await;
        assert!(page.has_form("/account/step-up"), "{stranger}: the session became fresh\n{}", page.body);
    }
    // Mallory's step-up, begun in his session and proven by his password, makes nothing of hers fresh: he put her
    // session in the place of his meanwhile.
    let mut mallory = world.browser();
    world.sign_up(&mut mallory, "Mallory", "mallory@evil.test").await;
    let page = mallory.get("/account/step-up").await;
    mallory.set_cookie("__Host-session", &before);
    let form = page.form_with("/account/step-up", ("method", "password")).with("password", PASSWORD);
    let page = mallory.press(form, "method", "password").await;
    assert_eq!(page.status, 403, "{}", page.body);
    assert!(page.error_code().is_some_and(|code| code.starts_with("wrong_user_proved")), "{}", page.body);
    assert_eq!(mallory.session().as_deref(), Some(&*before), "the session was renewed");
    let page = ada.get("/account/password").await;
    assert!(page.has_form("/account/step-up"), "the session became fresh\n{}", page.body);
    // As herself it works.
    ada.be(&world.a, "a-ada");
    let page = ada.get("/account/step-up").await;
    let form = page.form_with("/account/step-up", ("connection", "a"));
    let page = ada.press(form, "connection", "a").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_ne!(ada.session().as_deref(), Some(&*before));
}

async fn t68_whoever_is_disabled_is_refused_everywhere(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.connect(&mut ada, "a", "a-ada").await;
    let link = world.link_of("ada@example.test", "a").await;
    let token = world.token(&mut ada).await;
    let pending = world.handover_code(&mut ada).await;
    let secret = ada.session().unwrap();
    // Pages that were open before.
    let remove_page = ada.get(&format!("/account/methods/remove?method={link}")).await;
    let connect_page = ada.get("/account/methods/connect?connection=b").await;
    assert!(world.is_live(&secret).await && world.opens(&token).await);
    let user = world.named("ada@example.test");
    world.operate(Operation::UserStatus { user: user.clone(), to: UserStatus::Disabled }).await.unwrap();

    assert!(!world.is_live(&secret).await && !world.opens(&token).await, "at once, the cached check included");
    assert_eq!(world.redeem(&pending).await.status, 401, "a pending code gives no session");
    for path in ["/account", "/account/sessions", "/account/activity"] {
        let call = world.with_token("GET", &format!("/api/v1{path}"), None, &token).await;
        assert_eq!(call.status, 401, "{path}: {call:?}");
    }
    let change = json!({ "password": NEW_PASSWORD });
    let calls = [
        ("PUT", "/api/v1/account/password".to_owned(), Some(change)),
        ("DELETE", format!("/api/v1/account/methods/{link}"), None),
        ("POST", "/api/v1/flows".to_owned(), Some(json!({ "kind": "step_up" }))),
    ];
    for (method, path, body) in calls {
        let call = world.with_token(method, &path, body, &token).await;
        assert_eq!(call.status, 401, "{path}: {call:?}");
    }
    ada.set_cookie("__Host-session", &secret);
    let page = ada.submit(remove_page.form("/account/methods/remove")).await;
    assert_eq!(page.path(), "/sign-in", "{}", page.body);
    ada.set_cookie("__Host-session", &secret);
    let page = ada.press(connect_page.form("/account/methods/connect"), "connection", "b").await;
    assert_eq!(page.path(), "/sign-in", "{}", page.body);
    for path in ["/account", "/account/activity", "/account/password", "/account/step-up"] {
        ada.set_cookie("__Host-session", &secret);
        assert_eq!(ada.get(path).await.path(), "/sign-in", "{path}");
    }
    let now = world.user("ada@example.test").await;
    assert_eq!((&now["sessions"], &now["status"]), (&json!(0), &json!("disabled")));
    assert_eq!(now["links"].as_array().unwrap().len(), 1, "nothing was removed or added");
    // Enabling revives nothing.
    world.operate(Operation::UserStatus { user, to: UserStatus::Active }).await.unwrap();
    assert!(!world.is_live(&secret).await && !world.opens(&token).await);
    assert_ne!(world.redeem(&pending).await.status, 200);
}

/// A browser at each step before a session, for the account of Ada.
struct Pending {
    callback: (Browser, url::Url),
    password: (Browser, testkit::Page),
    code: (Browser, testkit::Page, String),
    conflict: (Browser, testkit::Page),
    at_sign_up: (Browser, testkit::Page, String),
}

async fn everywhere_pending(world: &World) -> Pending {
    let address = "ada@example.test";
    let mut callback = world.browser();
    let url = world.until_callback(&mut callback, "a", "a-ada").await;
    let mut password = world.browser();
    let page = password.get("/sign-in").await;
    let password_page = password.submit(page.form("/sign-in/email").with("email", address)).await;
    let mut code = world.browser();
    let page = code.get("/sign-in").await;
    let page = code.submit(page.form("/sign-in/email").with("email", address)).await;
    let seen = world.mailbox.messages().len();
    let form = page.form_with("/sign-in/password", ("method", "code")).without("password");
    let code_page = code.press(form, "method", "code").await;
    let digits = world.code_after(address, seen).await;
    // The other vouched identity with the same address would be another person (row 10), so the claimed one it is.
    let mut conflict = world.browser();
    let seen = world.mailbox.messages().len();
    let page = world.provider_sign_in(&mut conflict, "b", "b-ada").await;
    let proof = world.code_after(address, seen).await;
    let conflict_page = conflict.submit(page.form("/sign-in/code").with("code", &proof)).await;
    assert!(conflict_page.has_form("/sign-in/prove"), "{}", conflict_page.body);
    world.advance(model::MINUTE.times(3));
    let mut sign_up = world.browser();
    let seen = world.mailbox.messages().len();
    let page = sign_up.get("/sign-up").await;
    let form = page.form("/sign-up").with("name", "Ada").with("email", address).with("password", NEW_PASSWORD);
    let at_sign_up = sign_up.submit(form).await;
    let new = world.code_after(address, seen).await;
    Pending {
        callback: (callback, url),
        password: (password, password_page),
        code: (code, code_page, digits),
        conflict: (conflict, conflict_page),
        at_sign_up: (sign_up, at_sign_up, new),
    }
}

async fn t69_no_sign_in_wakes_a_disabled_or_deleted_user(engine: Engine) {
    for to in [UserStatus::Disabled, UserStatus::Deleted] {
        let world = World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await;
        let mut ada = world.browser();
        world.sign_up(&mut ada, "Ada", "ada@example.test").await;
        world.connect(&mut ada, "a", "a-ada").await;
        let id = world.user("ada@example.test").await["id"].as_str().unwrap().to_owned();
        let user = world.named(&id);
        let pending_code = world.handover_code(&mut ada).await;
        let mut pending = everywhere_pending(&world).await;
        world.operate(Operation::UserStatus { user: user.clone(), to }).await.unwrap();

        let (browser, url) = &mut pending.callback;
        browser.get(url.as_str()).await;
        let (password, page) = &mut pending.password;
        let form = page.form_with("/sign-in/password", ("method", "password")).with("password", PASSWORD);
        password.press(form, "method", "password").await;
        let (code, page, digits) = &mut pending.code;
        code.submit(page.form("/sign-in/code").with("code", digits)).await;
        let (conflict, page) = &mut pending.conflict;
        let form = page.form_with("/sign-in/prove", ("method", "password")).with("password", PASSWORD);
        conflict.press(form, "method", "password").await;
        let fresh = &mut world.browser();
        world.provider_sign_in(fresh, "a", "a-ada").await;
        let browsers = [browser, password, code, conflict, fresh];
        for (at, browser) in browsers.into_iter().enumerate() {
            if to == UserStatus::Disabled || at != 4 {
                assert_eq!(world.who(browser).await, None, "{to:?}: path {at} gave a session");
            }
        }
        assert_ne!(world.redeem(&pending_code).await.status, 200);
        let (sign_up, page, digits) = &mut pending.at_sign_up;
        sign_up.submit(page.form("/sign-in/code").with("code", digits)).await;
        if to == UserStatus::Disabled {
            assert_eq!(world.who(sign_up).await, None, "the address belongs to a disabled user");
        }
        // Whatever came into being is not the old user.
        let shown = world.operate(Operation::UserShow { user: user.clone() }).await;
        let shown = shown.unwrap_or_else(|_| json!({ "status": "deleted", "sessions": 0 }));
        assert_eq!(shown["sessions"], json!(0), "{shown}");
        assert_eq!(shown["status"], json!(to), "{shown}");
        assert!(world.operate(Operation::UserStatus { user, to }).await.is_err());
    }
}

async fn t88_a_link_needs_a_fresh_session(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    // Begun fresh, confirmed late: the provider's answer still counts, and yet it links nothing.
    world.advance(model::MINUTE.times(3));
    let page = ada.get("/account/methods/connect?connection=a").await;
    let csrf = page.hidden("csrf").unwrap();
    ada.be(&world.a, "a-ada");
    let form = [("csrf", csrf.as_str()), ("connection", "a")];
    let page = ada.post("/account/methods/connect", &form).await;
    world.advance(model::MINUTE.times(3));
    let page = ada.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert!(page.error_code().is_some_and(|code| code.starts_with("step_up_needed")), "{}", page.body);
    assert_eq!(world.user("ada@example.test").await["links"], json!([]));
    // Begun late: no provider is asked before the step-up.
    let asked = world.a.log().len();
    let page = ada.post_once("/account/methods/connect", &form).await;
    assert!(page.headers["location"].to_str().unwrap().starts_with("/flow/"), "{:?}", page.headers);
    let begin = json!({ "kind": "link", "connection": "a" });
    let call = ada.api("POST", "/api/v1/flows", Some(begin), Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (403, &json!("step_up_needed")), "{call:?}");
    assert_eq!(call.json["flow"]["state"], "step_up");
    assert_eq!(world.a.log().len(), asked, "the provider was asked before the step-up");
    // The other door to a method: a password needs it as much.
    let body = json!({ "password": NEW_PASSWORD });
    let call = ada.api("PUT", "/api/v1/account/password", Some(body), Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (403, &json!("step_up_needed")), "{call:?}");
    let page = ada.post("/account/password", &[("csrf", &csrf), ("password", NEW_PASSWORD)]).await;
    assert!(page.has_form("/account/step-up"), "{}", page.body);
    // Removing needs it too; and the new secret that a link gives is as old as the authentication before it.
    world.step_up(&mut ada, PASSWORD).await;
    world.advance(model::MINUTE.times(3));
    let page = world.connect(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    world.advance(model::MINUTE.times(3));
    let link = world.link_of("ada@example.test", "a").await.to_string();
    let call = ada.api("DELETE", &format!("/api/v1/account/methods/{link}"), None, Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (403, &json!("step_up_needed")), "{call:?}");
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    let page = ada.post("/account/methods/remove", &[("csrf", &csrf), ("method", &link)]).await;
    assert!(page.has_form("/account/step-up"), "{}", page.body);
    assert_eq!(world.user("ada@example.test").await["links"][0]["state"], "active");
}

/// Nothing that this browser holds is a session, in whatever place it is shown.
async fn holds_no_session(world: &World, browser: &Browser, when: &str) {
    assert_eq!(browser.session(), None, "{when}");
    for (name, value) in browser.our_cookies() {
        assert!(!world.is_live(&value).await, "{when}: {name} opens as a session");
        assert!(!world.opens(&value).await, "{when}: {name} opens as a token");
    }
}

async fn t92_a_sign_in_that_is_not_finished_is_no_session(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    let page = ada.get("/sign-up").await;
    let form = page.form("/sign-up").with("name", "Ada").with("email", "ada@example.test").with("password", PASSWORD);
    ada.submit(form).await;
    holds_no_session(&world, &ada, "sign-up before the code").await;
    let mut ada = world.browser();
    world.advance(model::MINUTE.times(5));
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    let mut pending = world.browser();
    let page = pending.get("/sign-in").await;
    let page = pending.submit(page.form("/sign-in/email").with("email", "ada@example.test")).await;
    holds_no_session(&world, &pending, "address typed").await;
    let form = page.form_with("/sign-in/password", ("method", "password")).with("password", "wrong");
    pending.press(form, "method", "password").await;
    holds_no_session(&world, &pending, "wrong password").await;
    let seen = world.mailbox.messages().len();
    let page = world.provider_sign_in(&mut pending, "b", "b-ada").await;
    holds_no_session(&world, &pending, "back from a provider").await;
    let code = world.code_after("ada@example.test", seen).await;
    pending.submit(page.form("/sign-in/code").with("code", &code)).await;
    holds_no_session(&world, &pending, "mailbox proven, account not").await;
}

async fn t92_a_method_below_the_required_level_gives_no_session(engine: Engine) {
    let policy = "email_code = true\nrequired_level = 2".to_owned();
    let world = World::with(Options { policy, ..Options::on(engine) }).await;
    let mut ada = world.browser();
    let page = world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    assert!(!page.status.is_success(), "{}", page.body);
    holds_no_session(&world, &ada, "sign-up at level one").await;
    let mut linus = world.browser();
    world.provider_sign_in(&mut linus, "a", "a-linus").await;
    holds_no_session(&world, &linus, "provider at level one").await;
    // The same for people who were here before more was required of them.
    let world = World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.connect(&mut ada, "a", "a-ada").await;
    let strict = |text: String| text.replace("[policy]", "[policy]\nrequired_level = 2");
    let mut later = removal::under(&world, strict).await;
    let page = world.password_sign_in(&mut later, "ada@example.test", PASSWORD).await;
    assert!(page.error_code().is_some_and(|code| code.starts_with("level_too_low")), "{}", page.body);
    holds_no_session(&world, &later, "password below the required level").await;
    let page = world.provider_sign_in(&mut later, "a", "a-ada").await;
    assert!(page.error_code().is_some_and(|code| code.starts_with("level_too_low")), "{}", page.body);
    holds_no_session(&world, &later, "provider below the required level").await;
}
