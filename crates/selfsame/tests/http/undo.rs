//! From a notice to the way back: a link put on hold, removed, or brought back; and what is on hold released.

use crate::on_both_engines;
use crate::sessions::removal::under;
use model::{DAY, LinkState, MINUTE};
use selfsame::admin::Operation;
use serde_json::json;
use std::time::Duration;
use testkit::{Browser, Engine, ORIGIN, PASSWORD, Page, World};

on_both_engines!(
    t48_looking_at_a_notice_changes_nothing,
    t48_what_a_notice_carries_cannot_be_made_up,
    t125_a_notice_puts_a_link_on_hold,
    t125_holding_at_the_same_time_holds_once,
    t88_only_the_owner_s_fresh_session_undoes,
    t125_what_is_on_hold_is_released_or_removed_by_its_owner,
    t67_an_undone_link_ends_its_sessions,
    t98_a_removed_link_comes_back_where_it_could_be_made_today,
    t72_a_notice_never_takes_the_last_way_in,
    the_api_undoes_as_the_pages_do,
);

const ADA: &str = "ada@example.test";

/// What the newest notice to Ada with these words in its subject leads to: the path.
async fn notice(world: &World, seen: usize, subject: &str) -> String {
    for _ in 0..500 {
        let of_ada = |mail: &&testkit::Message| mail.is_to(ADA) && mail.subject.contains(subject);
        let mail = world.mailbox.messages().into_iter().skip(seen).filter(|mail| of_ada(&mail)).last();
        if let Some(mail) = mail {
            let text = mail.text.unwrap_or_default();
            let start = text.find(&format!("{ORIGIN}/undo/")).unwrap_or_else(|| panic!("no way back: {text}"));
            let url = text[start..].split_whitespace().next().unwrap();
            assert!(mail.html.unwrap_or_default().contains(url), "both bodies lead to the same page");
            return url[ORIGIN.len()..].to_owned();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no notice of `{subject}`: {:?}", world.mailbox.messages());
}

/// Ada has a password and was linked to `a-ada` a moment ago; where the notice leads.
async fn linked(engine: Engine) -> (World, Browser, String) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let seen = world.mailbox.messages().len();
    world.connect(&mut ada, "a", "a-ada").await;
    let path = notice(&world, seen, "was connected").await;
    (world, ada, path)
}

/// As [`linked`], and the link was removed again: the confirmation and the notice both lead back.
async fn unlinked(engine: Engine) -> (World, Browser, String) {
    let (world, mut ada, _) = Box::pin(linked(engine)).await;
    let seen = world.mailbox.messages().len();
    let link = world.link_of(ADA, "a").await;
    let page = world.remove(&mut ada, link).await;
    assert!(page.links().iter().any(|href| href.starts_with("/undo/")), "the confirmation leads back: {}", page.body);
    let path = notice(&world, seen, "was removed").await;
    (world, ada, path)
}

fn token(path: &str) -> &str {
    path.strip_prefix("/undo/").unwrap()
}

async fn hold(browser: &mut Browser, path: &str) -> Page {
    let page = browser.get(path).await;
    browser.press(page.form_with("/undo", ("choice", "hold")), "choice", "hold").await
}

async fn undo(browser: &mut Browser, path: &str) -> Page {
    let page = browser.get(path).await;
    browser.press(page.form_with("/undo", ("choice", "undo")), "choice", "undo").await
}

async fn state(world: &World) -> LinkState {
    world.accounts().await.user(ADA).links[0].state
}

#[track_caller]
fn is_error(page: &Page, status: u16, code: &str) {
    assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (status, Some(code)), "{}", page.body);
}

async fn t48_looking_at_a_notice_changes_nothing(engine: Engine) {
    for (world, ada, path) in [linked(engine).await, unlinked(engine).await] {
        let before = world.accounts().await;
        let mut scanner = world.browser();
        for _ in 0..3 {
            let cost = world.reads_and_writes();
            let page = scanner.get(&path).await;
            let after = world.reads_and_writes();
            assert_eq!(page.status, 200, "{}", page.body);
            assert_eq!((after.0 - cost.0, after.1 - cost.1), (1, 0));
        }
        let mut here = ada.clone();
        here.get(&path).await;
        // A form of somebody else's, or a beacon: not our origin.
        for origin in ["https://evil.example", "null"] {
            let fields = [("token", token(&path)), ("choice", "hold")];
            let call = scanner.send_form("/undo", &fields, &[("origin", origin.to_owned())]).await;
            assert_eq!(call.status, 403, "{call:?}");
        }
        // What posts to the address itself finds nothing there.
        let page = scanner.post(&path, &[("choice", "hold")]).await;
        assert_eq!(page.status, 404, "{}", page.body);
        assert_eq!(world.accounts().await, before);
    }
}

async fn t48_what_a_notice_carries_cannot_be_made_up(engine: Engine) {
    let (world, ada, path) = linked(engine).await;
    let before = world.accounts().await;
    let events = Operation::AuditShow { user: Some(world.named(ADA)), limit: 5, before: None };
    let events = world.operate(events).await.unwrap();
    let event = events[0]["id"].as_str().unwrap().to_owned();
    let mut changed = token(&path).to_owned();
    let last = if changed.ends_with('A') { 'B' } else { 'A' };
    changed.replace_range(10..11, if &changed[10..11] == "x" { "y" } else { "x" });
    let mut longer = token(&path).to_owned();
    longer.push(last);
    // Sealed by us, for another purpose.
    let flow = ada.our_cookies().into_iter().find(|(name, _)| name.contains("flow-") || name.ends_with("device"));
    let flow = flow.map(|(_, value)| value).unwrap();
    let mut bodies = Vec::new();
    let mut nobody = world.browser();
    for forged in [event.as_str(), &event.replace('-', ""), &changed, &longer, &flow, "x", "..%2f", "%00"] {
        let page = nobody.get(&format!("/undo/{forged}")).await;
        is_error(&page, 404, "undo_unknown");
        bodies.push(page.body.replace(forged, "TOKEN"));
        for choice in ["hold", "undo"] {
            let mut here = ada.clone();
            let csrf = here.get("/account").await.hidden("csrf").unwrap();
            let page = here.post("/undo", &[("csrf", &csrf), ("token", forged), ("choice", choice)]).await;
            is_error(&page, 404, "undo_unknown");
        }
    }
    assert_eq!(world.accounts().await, before);
    // One that we sealed, of an event that is nobody's any more: the same page.
    let gone = Operation::UserStatus { user: world.named(ADA), to: model::UserStatus::Deleted };
    world.operate(gone).await.unwrap();
    let page = nobody.get(&path).await;
    is_error(&page, 404, "undo_unknown");
    let erased = page.body.replace(token(&path), "TOKEN");
    for body in &bodies[..5] {
        assert_eq!(*body, erased, "it tells what exists");
    }
    // Its time is in it: nothing has to be looked up.
    world.advance(DAY.times(7));
    let cost = world.reads_and_writes();
    let page = nobody.get(&path).await;
    is_error(&page, 410, "undo_expired");
    assert_eq!(world.reads_and_writes(), cost);
    assert!(ada.session().is_some());
}

async fn t125_a_notice_puts_a_link_on_hold(engine: Engine) {
    let (world, ada, path) = linked(engine).await;
    let mut through = world.browser();
    world.provider_sign_in(&mut through, "a", "a-ada").await;
    let application = world.token(&mut through).await;
    let secret = through.session().unwrap();
    // A browser that nobody is signed in in.
    let mut nobody = world.browser();
    let page = nobody.get(&path).await;
    assert!(!page.all_text().contains("a-ada") && !page.all_text().contains(ADA), "{}", page.all_text());
    let seen = world.mailbox.messages().len();
    let page = nobody.press(page.form_with("/undo", ("choice", "hold")), "choice", "hold").await;
    assert!(page.h1().contains("on hold"), "{}", page.body);
    assert_eq!(state(&world).await, LinkState::Held);
    assert_eq!(nobody.session(), None, "it gives nobody anything");
    assert!(!world.is_live(&secret).await, "a session through the link lives on");
    assert!(!world.opens(&application).await, "an application's session through the link lives on");
    assert!(world.is_live(&ada.session().unwrap()).await);
    // It opens nothing, and nobody links it away.
    let mut again = world.browser();
    let page = world.provider_sign_in(&mut again, "a", "a-ada").await;
    assert_eq!(page.status, 403, "{}", page.body);
    assert!(page.error_code().is_some_and(|code| code.starts_with("identity_held")), "{}", page.body);
    assert_eq!(world.who(&mut again).await, None);
    // The owner hears of it.
    world.mailbox.wait_for(ADA, |mail| mail.subject.contains("undone"), Duration::from_secs(10)).await.unwrap();
    assert!(world.mailbox.messages().len() > seen);
    // Once more is no error, and no change.
    let before = world.accounts().await;
    let page = nobody.post("/undo", &[("token", token(&path)), ("choice", "hold")]).await;
    assert!(page.h1().contains("on hold"), "{}", page.body);
    assert_eq!(world.accounts().await, before);
}

async fn t125_holding_at_the_same_time_holds_once(engine: Engine) {
    let (world, _, path) = linked(engine).await;
    let mut clicks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (mut browser, path) = (world.browser(), path.clone());
        clicks.spawn(async move { browser.post("/undo", &[("token", token(&path)), ("choice", "hold")]).await });
    }
    for page in clicks.join_all().await {
        assert!(page.h1().contains("on hold"), "{} {}", page.status, page.body);
    }
    assert_eq!(state(&world).await, LinkState::Held);
    let events = Operation::AuditShow { user: Some(world.named(ADA)), limit: 50, before: None };
    let events = world.operate(events).await.unwrap();
    let held = events.as_array().unwrap().iter().filter(|event| event["kind"] == "link_held").count();
    assert_eq!(held, 1, "{events}");
}

async fn t88_only_the_owner_s_fresh_session_undoes(engine: Engine) {
    let (world, mut ada, path) = unlinked(engine).await;
    let before = world.accounts().await;
    // Nobody: the way leads to sign-in and back to the page.
    let mut nobody = world.browser();
    let page = nobody.get(&path).await;
    assert!(!page.has_form("/undo"), "{}", page.body);
    let href = page.links().into_iter().find(|href| href.starts_with("/sign-in?")).unwrap();
    let fields = [("csrf", ""), ("token", token(&path)), ("choice", "undo")];
    let page = nobody.post("/undo", &fields).await;
    assert_eq!(page.path(), path, "a form without the session's own value: {}", page.body);
    // Somebody else: the page says who is signed in, and leads to the right account.
    let mut grace = world.browser();
    world.sign_up(&mut grace, "Grace", "grace@example.test").await;
    let page = grace.get(&path).await;
    assert!(page.all_text().contains("You are signed in as Grace"), "{}", page.all_text());
    assert!(!page.has_form("/undo"), "{}", page.body);
    let csrf = grace.get("/account").await.hidden("csrf").unwrap();
    let fields = [("csrf", csrf.as_str()), ("token", token(&path)), ("choice", "undo")];
    let page = grace.post("/undo", &fields).await;
    assert_eq!(page.path(), "/sign-in", "{}", page.body);
    let mine = |accounts: &testkit::Accounts| accounts.user(ADA).clone();
    assert_eq!(mine(&world.accounts().await), mine(&before));
    // An old session: confirmed first, on the way back to the page.
    world.advance(MINUTE.times(6));
    let page = ada.get(&path).await;
    let step = page.links().into_iter().find(|href| href.starts_with("/account/step-up?")).unwrap();
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    let fields = [("csrf", csrf.as_str()), ("token", token(&path)), ("choice", "undo")];
    let asked = ada.post("/undo", &fields).await;
    assert!(asked.has_form("/account/step-up"), "{}", asked.body);
    let page = ada.get(&step).await;
    let form = page.form_with("/account/step-up", ("method", "password")).with("password", PASSWORD);
    let page = ada.press(form, "method", "password").await;
    assert_eq!(page.path(), path, "{}", page.body);
    assert_eq!(state(&world).await, LinkState::Removed);
    // Signed in on the way: the same page, and now it has the button.
    let page = nobody.get(&href).await;
    let page = nobody.submit(page.form("/sign-in/email").with("email", ADA)).await;
    let form = page.form("/sign-in/password").with("password", PASSWORD);
    let page = nobody.press(form, "method", "password").await;
    assert_eq!(page.path(), path, "{}", page.body);
    let page = nobody.press(page.form_with("/undo", ("choice", "undo")), "choice", "undo").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert!(page.all_text().contains("Example A opens your account again."), "{}", page.all_text());
    assert_eq!(state(&world).await, LinkState::Active);
    // Once.
    let page = nobody.get(&path).await;
    is_error(&page, 409, "undo_spent");
    let csrf = nobody.get("/account").await.hidden("csrf").unwrap();
    let fields = [("csrf", csrf.as_str()), ("token", token(&path)), ("choice", "undo")];
    is_error(&nobody.post("/undo", &fields).await, 409, "undo_spent");
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
}

async fn t125_what_is_on_hold_is_released_or_removed_by_its_owner(engine: Engine) {
    let (world, mut ada, path) = linked(engine).await;
    hold(&mut world.browser(), &path).await;
    let link = world.link_of(ADA, "a").await;
    let release = format!("/account/methods/release?method={link}");
    // Not anybody's, and not for anybody.
    let mut grace = world.browser();
    world.sign_up(&mut grace, "Grace", "grace@example.test").await;
    is_error(&grace.get(&release).await, 404, "link_not_found");
    let csrf = grace.get("/account").await.hidden("csrf").unwrap();
    let fields = [("csrf", csrf.as_str()), ("method", &link.to_string())];
    is_error(&grace.post("/account/methods/release", &fields).await, 404, "link_not_found");
    assert_eq!(world.browser().get(&release).await.path(), "/sign-in");
    // Not without a fresh session.
    world.advance(MINUTE.times(6));
    let page = ada.get("/account").await;
    assert!(page.texts(".tag").contains(&"On hold".to_owned()), "{}", page.body);
    assert!(page.links().contains(&release), "{}", page.body);
    let csrf = page.hidden("csrf").unwrap();
    let fields = [("csrf", csrf.as_str()), ("method", &link.to_string())];
    let page = ada.post("/account/methods/release", &fields).await;
    assert!(page.has_form("/account/step-up"), "{}", page.body);
    assert_eq!(state(&world).await, LinkState::Held);
    let form = page.form_with("/account/step-up", ("method", "password")).with("password", PASSWORD);
    let page = ada.press(form, "method", "password").await;
    // Which account it is stands on the page, with what cannot be made up.
    assert_eq!(page.path(), "/account/methods/release", "{}", page.body);
    assert!(page.all_text().contains("…a-ada"), "{}", page.all_text());
    let page = ada.submit(page.form("/account/methods/release")).await;
    assert!(page.all_text().contains("Example A is no longer on hold."), "{}", page.all_text());
    assert_eq!(state(&world).await, LinkState::Active);
    is_error(&ada.get(&release).await, 404, "link_not_found");
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    // On hold once more, and removed.
    hold(&mut world.browser(), &path).await;
    let page = world.remove(&mut ada, link).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(state(&world).await, LinkState::Removed);
    // What the notice led to has nothing left to do, and says so.
    let page = world.browser().get(&path).await;
    assert!(page.status.is_success() && !page.has_form("/undo"), "{}", page.body);
    assert!(page.h1().contains("is not connected any more"), "{}", page.body);
}

async fn t67_an_undone_link_ends_its_sessions(engine: Engine) {
    let (world, mut ada, path) = linked(engine).await;
    let mut through = world.browser();
    world.provider_sign_in(&mut through, "a", "a-ada").await;
    let secret = through.session().unwrap();
    let page = undo(&mut ada, &path).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert!(page.all_text().contains("Example A no longer opens your account."), "{}", page.all_text());
    assert_eq!(state(&world).await, LinkState::Removed);
    assert!(!world.is_live(&secret).await, "a session through the link lives on");
    is_error(&ada.get(&path).await, 409, "undo_spent");
    // By the very session that came through it: it ends, and the page says so.
    let seen = world.mailbox.messages().len();
    world.connect(&mut ada, "b", "b-ada").await;
    let path = notice(&world, seen, "was connected").await;
    world.provider_sign_in(&mut through, "b", "b-ada").await;
    let secret = through.session().unwrap();
    let page = undo(&mut through, &path).await;
    assert_eq!(page.path(), "/signed-out", "{}", page.body);
    assert_eq!(through.session(), None);
    assert!(!world.is_live(&secret).await);
}

async fn t98_a_removed_link_comes_back_where_it_could_be_made_today(engine: Engine) {
    let (world, ada, path) = unlinked(engine).await;
    let refused = async |mut browser: Browser, status: u16, code: &str| {
        let page = browser.get(&path).await;
        assert!(!page.has_form("/undo"), "{}", page.body);
        assert_eq!(page.error_code().as_deref(), Some(code), "{}", page.body);
        let csrf = browser.get("/account").await.hidden("csrf").unwrap();
        let fields = [("csrf", csrf.as_str()), ("token", token(&path)), ("choice", "undo")];
        is_error(&browser.post("/undo", &fields).await, status, code);
        let call = browser.api("POST", &format!("/api/v1{path}"), None, Some(ORIGIN)).await;
        assert_eq!(call.json["code"], code, "{call:?}");
    };
    let connection = model::ConnectionId::parse("a").unwrap();
    world.operate(Operation::ConnectionDisable { connection: connection.clone(), force: false }).await.unwrap();
    refused(ada.clone(), 409, "connection_disabled").await;
    world.operate(Operation::ConnectionEnable { connection }).await.unwrap();
    let sign_in_only = |text: String| text.replace("id = \"a\"\n", "id = \"a\"\npurpose = \"sign_in_only\"\n");
    let mut elsewhere = under(&world, sign_in_only).await;
    elsewhere.cookies.clone_from(&ada.cookies);
    refused(elsewhere, 409, "purpose_forbids").await;
    // Somebody else has it by now.
    let mut grace = world.browser();
    world.sign_up(&mut grace, "Grace", "grace@example.test").await;
    let page = world.connect(&mut grace, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    refused(ada.clone(), 409, "identity_of_other_user").await;
    // And free again.
    let theirs = world.link_of("grace@example.test", "a").await;
    world.remove(&mut grace, theirs).await;
    let mut ada = ada;
    let page = undo(&mut ada, &path).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(state(&world).await, LinkState::Active);
}

async fn t72_a_notice_never_takes_the_last_way_in(engine: Engine) {
    let (world, ada, path) = linked(engine).await;
    // The password stops counting: the link is the only way in.
    let mut elsewhere = under(&world, |text| text.replace("[policy]", "[policy]\npassword = false")).await;
    elsewhere.cookies.clone_from(&ada.cookies);
    let before = world.accounts().await;
    let page = elsewhere.get(&path).await;
    assert!(!page.has_form("/undo"), "{}", page.body);
    assert_eq!(page.error_code().as_deref(), Some("last_method"), "{}", page.body);
    let csrf = elsewhere.get("/account").await.hidden("csrf").unwrap();
    for choice in ["hold", "undo"] {
        let fields = [("csrf", csrf.as_str()), ("token", token(&path)), ("choice", choice)];
        is_error(&elsewhere.post("/undo", &fields).await, 409, "last_method");
    }
    let call = elsewhere.api("POST", &format!("/api/v1{path}/hold"), None, Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (409, &json!("last_method")), "{call:?}");
    assert_eq!(world.accounts().await, before);
}

async fn the_api_undoes_as_the_pages_do(engine: Engine) {
    let (world, mut ada, path) = linked(engine).await;
    let at = format!("/api/v1{path}");
    let mut nobody = world.browser();
    let call = nobody.api("GET", &at, None, None).await;
    assert_eq!(call.status, 200, "{call:?}");
    let told = |call: &testkit::ApiCall| {
        json!([call.json["what"], call.json["link_state"], call.json["can_hold"], call.json["undo"]])
    };
    assert_eq!(told(&call), json!(["linked", "active", true, "sign_in"]));
    assert_eq!(call.json["provider"]["id"], "a");
    let call = nobody.api("POST", &at, None, Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (401, &json!("session_expired")), "{call:?}");
    for _ in 0..2 {
        let call = nobody.api("POST", &format!("{at}/hold"), None, Some(ORIGIN)).await;
        assert_eq!(call.status, 204, "{call:?}");
    }
    assert_eq!(state(&world).await, LinkState::Held);
    let call = ada.api("GET", &at, None, None).await;
    assert_eq!(told(&call), json!(["linked", "held", false, "ready"]));
    let link = world.link_of(ADA, "a").await;
    let release = format!("/api/v1/account/methods/{link}/release");
    let call = nobody.api("POST", &release, None, Some(ORIGIN)).await;
    assert_eq!(call.status, 401, "{call:?}");
    let call = ada.api("POST", &release, None, Some(ORIGIN)).await;
    assert_eq!(call.status, 204, "{call:?}");
    let call = ada.api("POST", &release, None, Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (404, &json!("link_not_found")), "{call:?}");
    // A removal answers what undoes it.
    let call = ada.api("DELETE", &format!("/api/v1/account/methods/{link}"), None, Some(ORIGIN)).await;
    assert_eq!(call.status, 200, "{call:?}");
    let back = format!("/api/v1/undo/{}", call.json["undo"].as_str().unwrap());
    world.advance(MINUTE.times(6));
    let call = ada.api("GET", &back, None, None).await;
    assert_eq!(told(&call), json!(["unlinked", "removed", false, "step_up"]));
    let call = ada.api("POST", &back, None, Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (403, &json!("step_up_needed")), "{call:?}");
    world.step_up(&mut ada, PASSWORD).await;
    let call = ada.api("POST", &back, None, Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["restored"]), (200, &json!(true)), "{call:?}");
    assert_eq!(state(&world).await, LinkState::Active);
    let call = ada.api("POST", &back, None, Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (409, &json!("undo_spent")), "{call:?}");
    let call = ada.api("GET", "/api/v1/undo/forged", None, None).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (404, &json!("undo_unknown")), "{call:?}");
}
