//! The same thing twice, at the same time.

use crate::on_both_engines;
use model::UserStatus;
use selfsame::admin::Operation;
use serde_json::{Value, json};
use testkit::{Browser, Endpoint, Engine, ORIGIN, Options, PASSWORD, Page, World};

on_both_engines!(
    t79_two_accounts_link_one_identity,
    t81_two_sign_up_with_one_address,
    t82_a_code_proves_the_address_it_was_sent_to,
    t83_a_removed_link_is_not_revived,
    t85_every_form_twice_has_one_effect,
    two_tabs_go_their_own_ways,
);

/// What a person may be told about a second try: never a fault of ours.
fn is_typed(page: &Page, what: &str) {
    assert!(page.status.as_u16() < 500, "{what}: {} {}", page.status, page.body);
    assert!(page.status.is_success() || page.error_code().is_some() || page.has("h1"), "{what}: {}", page.body);
}

/// What there is: users with their links, methods and the number of events.
async fn everything(world: &World) -> Value {
    let users = world.operate(Operation::UserList { address: None, after: None, limit: 50 }).await.unwrap();
    let mut all = Vec::new();
    for user in users.as_array().unwrap() {
        let user = world.named(user["id"].as_str().unwrap());
        let shown = world.operate(Operation::UserShow { user: user.clone() }).await.unwrap();
        let events = Operation::AuditShow { user: Some(user), limit: 200, before: None };
        let events = world.operate(events).await.unwrap();
        let kinds: Vec<Value> = events.as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
        all.push(json!({ "user": shown["id"], "links": shown["links"], "kinds": kinds, "version": shown["version"] }));
    }
    json!(all)
}

fn count(all: &Value, kind: &str) -> usize {
    all.as_array()
        .unwrap()
        .iter()
        .flat_map(|user| user["kinds"].as_array().unwrap())
        .filter(|known| **known == kind)
        .count()
}

/// A link in `browser`, stopped where the next request commits it.
async fn ready_to_link(
    world: &World,
    browser: &mut Browser,
    which: &str,
    subject: &str,
) -> (String, Vec<(String, String)>) {
    browser.be(if which == "a" { &world.a } else { &world.b }, subject);
    let page = browser.get(&format!("/account/methods/connect?connection={which}")).await;
    let csrf = page.hidden("csrf").unwrap();
    let page = browser.post_once("/account/methods/connect", &[("csrf", &csrf), ("connection", which)]).await;
    let back = world.back_from_provider(browser, page).await;
    // The consent page comes where the provider did not say that the person picked this account.
    let page = browser.get(back.as_str()).await;
    let flow = page.hidden("flow").unwrap_or_else(|| panic!("no consent page: {}", page.body));
    let fields = vec![("flow".to_owned(), flow), ("choice".to_owned(), "connect".to_owned())];
    ("/sign-in/confirm-link".to_owned(), fields)
}

async fn send(browser: &mut Browser, (path, fields): &(String, Vec<(String, String)>)) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(path, &fields).await
}

async fn t79_two_accounts_link_one_identity(engine: Engine) {
    let world = World::new(engine).await;
    world.a.script([testkit::Behaviour::AuthTimeMissing]);
    for round in 0..5 {
        let (one, two) = (format!("one{round}@example.test"), format!("two{round}@example.test"));
        let (mut first, mut second) = (world.browser(), world.browser());
        world.advance(model::HOUR.times(13));
        world.sign_up(&mut first, "One", &one).await;
        world.sign_up(&mut second, "Two", &two).await;
        let subject = "a-linus";
        let mut left = ready_to_link(&world, &mut first, "a", subject).await;
        let mut right = ready_to_link(&world, &mut second, "a", subject).await;
        let (a, b) = tokio::join!(send(&mut first, &left), send(&mut second, &right));
        is_typed(&a, "first");
        is_typed(&b, "second");
        let links =
            |user: Value| user["links"].as_array().unwrap().iter().filter(|link| link["state"] == "active").count();
        let (at_one, at_two) = (links(world.user(&one).await), links(world.user(&two).await));
        assert_eq!(at_one + at_two, 1, "one identity, one user");
        let loser = if at_one == 1 { &b } else { &a };
        assert!(loser.body.contains("identity_of_other_user"), "{}", loser.body);
        left.1.clear();
        right.1.clear();
        // Make room for the next round.
        let winner = if at_one == 1 { &one } else { &two };
        let operation = Operation::UserStatus { user: world.named(winner), to: UserStatus::Deleted };
        world.operate(operation).await.unwrap();
    }
}

async fn t81_two_sign_up_with_one_address(engine: Engine) {
    let world = World::new(engine).await;
    let address = "ada@example.test";
    let mut ready = Vec::new();
    for _ in 0..2 {
        let mut browser = world.browser();
        let seen = world.mailbox.messages().len();
        let page = browser.get("/sign-up").await;
        let form = page.form("/sign-up").with("name", "Ada").with("email", address).with("password", PASSWORD);
        let page = browser.submit(form).await;
        let code = world.code_after(address, seen).await;
        ready.push((browser, page.form("/sign-in/code").with("code", &code)));
    }
    let (mut second, other) = ready.pop().unwrap();
    let (mut first, form) = ready.pop().unwrap();
    let (a, b) = tokio::join!(first.submit(form), second.submit(other));
    is_typed(&a, "first");
    is_typed(&b, "second");
    let all = everything(&world).await;
    assert_eq!((all.as_array().unwrap().len(), count(&all, "user_created")), (1, 1), "{all}");
    let signed_in = [world.who(&mut first).await, world.who(&mut second).await];
    assert_eq!(signed_in.iter().flatten().count(), 1, "the second one is asked, not let in");
    // The same with one external identity.
    let (mut third, mut fourth) = (world.browser(), world.browser());
    let left = world.until_callback(&mut third, "a", "a-grace").await;
    let right = world.until_callback(&mut fourth, "a", "a-grace").await;
    let (a, b) = tokio::join!(third.get(left.as_str()), fourth.get(right.as_str()));
    is_typed(&a, "third");
    is_typed(&b, "fourth");
    let all = everything(&world).await;
    assert_eq!((all.as_array().unwrap().len(), count(&all, "user_created")), (2, 2), "{all}");
    // Both are the same person, and retried as a sign-in.
    assert_eq!(world.who(&mut third).await.as_deref(), Some("Grace"));
    assert_eq!(world.who(&mut fourth).await.as_deref(), Some("Grace"));
    // Two identities that bring one address: it is proven for one of them, and the other is asked.
    for round in 0..5 {
        let address = format!("same{round}@example.test");
        let subjects = ["left", "right"].map(|side| format!("a-{side}-{round}"));
        for subject in &subjects {
            world.a.put_person(testkit::Person::new(subject, subject).mail(&address, json!(true)));
        }
        let (mut left, mut right) = (world.browser(), world.browser());
        let to_left = world.until_callback(&mut left, "a", &subjects[0]).await;
        let to_right = world.until_callback(&mut right, "a", &subjects[1]).await;
        let (a, b) = tokio::join!(left.get(to_left.as_str()), right.get(to_right.as_str()));
        is_typed(&a, "left");
        is_typed(&b, "right");
        assert_eq!(count(&everything(&world).await, "user_created"), 3 + round, "{} {}", a.body, b.body);
        let signed_in = [world.who(&mut left).await, world.who(&mut right).await];
        assert_eq!(signed_in.iter().flatten().count(), 1, "{signed_in:?}");
    }
}

async fn t82_a_code_proves_the_address_it_was_sent_to(engine: Engine) {
    let world = World::new(engine).await;
    let (mine, theirs) = ("mallory@example.test", "victim@example.test");
    // One flow: first a code to one's own mailbox, then another address in its place.
    let mut mallory = world.browser();
    world.b.put_person(testkit::Person::new("b-m", "Mallory").mail(mine, json!(true)));
    let seen = world.mailbox.messages().len();
    let page = world.provider_sign_in(&mut mallory, "b", "b-m").await;
    let own = world.code_after(mine, seen).await;
    let flow = page.hidden("flow").unwrap();
    let tab = mallory.clone();
    let seen = world.mailbox.messages().len();
    mallory.post("/sign-in/code/resend", &[("flow", &flow), ("email", theirs)]).await;
    let real = world.code_after(theirs, seen).await;
    if own != real {
        for mut browser in [mallory.clone(), tab] {
            let page = browser.post("/sign-in/code", &[("flow", &flow), ("code", &own)]).await;
            assert_eq!(page.status, 422, "{}", page.body);
            assert_eq!(world.who(&mut browser).await, None);
        }
    }
    // Two answers at the same time are one, for the address in the mailbox.
    let mut twin = mallory.clone();
    let fields = [("flow", flow.as_str()), ("code", real.as_str())];
    let (a, b) = tokio::join!(mallory.post("/sign-in/code", &fields), twin.post("/sign-in/code", &fields));
    is_typed(&a, "one");
    is_typed(&b, "two");
    let user = world.user(theirs).await;
    let proven: Vec<&Value> = user["addresses"].as_array().unwrap().iter().map(|known| &known["address"]).collect();
    assert_eq!(proven, [theirs]);
    let refused = world.operate(Operation::UserShow { user: world.named(mine) }).await;
    assert_eq!(refused.unwrap_err().code, "user_not_found", "the address that was left is nobody's");
    assert_eq!(count(&everything(&world).await, "user_created"), 1);
    // The other way round: the cookie of when the victim's code was on its way, and the code of one's own mailbox.
    let other = "another.victim@example.test";
    world.b.put_person(testkit::Person::new("b-n", "Mallory").mail(mine, json!(true)));
    let mut mallory = world.browser();
    let page = world.provider_sign_in(&mut mallory, "b", "b-n").await;
    let flow = page.hidden("flow").unwrap();
    let seen = world.mailbox.messages().len();
    mallory.post("/sign-in/code/resend", &[("flow", &flow), ("email", other)]).await;
    world.code_after(other, seen).await;
    let mut at_the_victim = mallory.clone();
    let seen = world.mailbox.messages().len();
    mallory.post("/sign-in/code/resend", &[("flow", &flow), ("email", mine)]).await;
    let own = world.code_after(mine, seen).await;
    let page = at_the_victim.post("/sign-in/code", &[("flow", &flow), ("code", &own)]).await;
    assert_eq!(page.status, 422, "{}", page.body);
    assert_eq!(world.who(&mut at_the_victim).await, None);
    assert_eq!(count(&everything(&world).await, "user_created"), 1);
}

async fn t83_a_removed_link_is_not_revived(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    for round in 0..12 {
        // A sign-in through the link, which writes what it saw, meets its removal. It sees the link once the provider
        // has answered, so the removal waits for the provider to be asked, and in each round a little longer.
        world.connect(&mut ada, "a", "a-ada").await;
        let link = world.link_of("ada@example.test", "a").await.to_string();
        let mut through = world.browser();
        let back = world.until_callback(&mut through, "a", "a-ada").await;
        let csrf = ada.get("/account").await.hidden("csrf").unwrap();
        let unlink = [("csrf", csrf.as_str()), ("method", link.as_str())];
        let asked = world.a.count(Endpoint::Token);
        let removal = async {
            while world.a.count(Endpoint::Token) == asked {
                tokio::task::yield_now().await;
            }
            for _ in 0..round * 8 {
                tokio::task::yield_now().await;
            }
            ada.post("/account/methods/remove", &unlink).await
        };
        let (_, page) = tokio::join!(through.get(back.as_str()), removal);
        is_typed(&page, "unlink");
        let links = world.user("ada@example.test").await["links"].clone();
        assert!(links.as_array().unwrap().iter().all(|link| link["state"] == "removed"), "{round}: {links}");
        assert_eq!(world.who(&mut through).await, None, "I6: no session through it lives");
    }
    let verified = world.operate(Operation::AuditVerify {}).await.unwrap();
    assert_eq!(verified["clean"], json!(true), "{verified}");
}

/// Sends the same form twice, at the same time and once more afterwards.
async fn thrice(world: &World, browser: &mut Browser, path: &str, fields: &[(&str, &str)], kind: &str) -> Page {
    let before = count(&everything(world).await, kind);
    let mut twin = browser.clone();
    let (a, b) = tokio::join!(browser.post(path, fields), twin.post(path, fields));
    is_typed(&a, path);
    is_typed(&b, path);
    // The browser has the cookies of both answers, as a real one would.
    let first_won = a.status.is_success() && ["/account", "/signed-out"].contains(&a.path());
    let (done, mut with) = if first_won { (a, browser.clone()) } else { (b, twin) };
    let after = with.post(path, fields).await;
    is_typed(&after, path);
    assert_eq!(count(&everything(world).await, kind), before + 1, "{path}: once, whatever came how often");
    *browser = with;
    done
}

async fn t85_every_form_twice_has_one_effect(engine: Engine) {
    let world = World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await;
    let address = "ada@example.test";
    let mut ada = world.browser();
    // Sign-up's code.
    let seen = world.mailbox.messages().len();
    let page = ada.get("/sign-up").await;
    let form = page.form("/sign-up").with("name", "Ada").with("email", address).with("password", PASSWORD);
    let page = ada.submit(form).await;
    let (flow, code) = (page.hidden("flow").unwrap(), world.code_after(address, seen).await);
    let done = thrice(&world, &mut ada, "/sign-in/code", &[("flow", &flow), ("code", &code)], "user_created").await;
    assert_eq!(done.path(), "/account", "{}", done.body);
    // A link's consent.
    world.a.script([testkit::Behaviour::AuthTimeMissing]);
    let (path, fields) = ready_to_link(&world, &mut ada, "a", "a-ada").await;
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    thrice(&world, &mut ada, &path, &fields, "linked").await;
    world.a.script([]);
    // Password, step-up, unlink, sign-out.
    let page = ada.get("/account/step-up").await;
    let flow = page.hidden("flow").unwrap();
    let fields = [("flow", flow.as_str()), ("method", "password"), ("password", PASSWORD)];
    thrice(&world, &mut ada, "/account/step-up", &fields, "stepped_up").await;
    let link = world.link_of(address, "a").await.to_string();
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    let fields = [("csrf", csrf.as_str()), ("method", link.as_str())];
    thrice(&world, &mut ada, "/account/methods/remove", &fields, "unlinked").await;
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    let fields = [("csrf", csrf.as_str()), ("password", "another heron lantern 77 gravel")];
    thrice(&world, &mut ada, "/account/password", &fields, "password_set").await;
    let csrf = ada.get("/account").await.hidden("csrf").unwrap();
    thrice(&world, &mut ada, "/sign-out", &[("csrf", &csrf)], "signed_out").await;
    let page = ada.get("/sign-in").await;
    let page = ada.submit(page.form("/sign-in/email").with("email", address)).await;
    let flow = page.hidden("flow").unwrap();
    let fields = [("flow", flow.as_str()), ("method", "password"), ("password", "another heron lantern 77 gravel")];
    thrice(&world, &mut ada, "/sign-in/password", &fields, "signed_in").await;
    // The callback, opened twice.
    world.connect(&mut ada, "a", "a-ada").await;
    world.sign_out(&mut ada).await;
    let back = world.until_callback(&mut ada, "a", "a-ada").await;
    let before = count(&everything(&world).await, "signed_in");
    let mut twin = ada.clone();
    let (a, b) = tokio::join!(ada.get(back.as_str()), twin.get(back.as_str()));
    is_typed(&a, "callback");
    is_typed(&b, "callback");
    assert_eq!(count(&everything(&world).await, "signed_in"), before + 1);
    let mut with = if a.path() == "/account" { ada } else { twin };
    let again = with.get(back.as_str()).await;
    assert_eq!(again.path(), "/account", "a browser that has its session is sent on: {}", again.body);
    assert_eq!(world.who(&mut with).await.as_deref(), Some("Ada"));
    // The API says so too.
    let link = world.link_of(address, "a").await;
    let path = format!("/api/v1/account/methods/{link}");
    let mut twin = with.clone();
    let (a, b) =
        tokio::join!(with.api("DELETE", &path, None, Some(ORIGIN)), twin.api("DELETE", &path, None, Some(ORIGIN)));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert!(statuses[0] == 200 && matches!(statuses[1], 401 | 404), "{a:?} {b:?}");
}

async fn two_tabs_go_their_own_ways(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    let (left, right) = (ada.get("/sign-in").await, ada.get("/sign-in").await);
    assert_ne!(left.hidden("flow"), right.hidden("flow"));
    // Each tab keeps its own place while the other goes on.
    let left = ada.submit(left.form("/sign-in/email").with("email", "left@example.test")).await;
    let right = ada.submit(right.form("/sign-in/email").with("email", "right@example.test")).await;
    for (page, own, other) in [(&left, "left@", "right@"), (&right, "right@", "left@")] {
        let page = ada.get(page.url.as_str()).await;
        assert!(page.body.contains(own) && !page.body.contains(other), "{}", page.body);
    }
    // One tab signs in; the other, older one still ends in one session, and a page from before is a page.
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    let flow = right.hidden("flow").unwrap();
    let page = ada.post("/sign-in/email", &[("flow", &flow), ("email", "ada@example.test")]).await;
    let form = page.form_with("/sign-in/password", ("method", "password")).with("password", PASSWORD);
    let page = ada.press(form, "method", "password").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    // Two links in two tabs: the second was made for the user of before, and says so.
    world.a.script([testkit::Behaviour::AuthTimeMissing]);
    world.b.script([testkit::Behaviour::AuthTimeMissing]);
    let first = ready_to_link(&world, &mut ada, "a", "a-ada").await;
    let second = ready_to_link(&world, &mut ada, "b", "b-ada").await;
    let page = send(&mut ada, &first).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let page = send(&mut ada, &second).await;
    is_typed(&page, "the second link");
    assert_eq!(world.user("ada@example.test").await["links"].as_array().unwrap().len(), 1, "{}", page.body);
    // A stale account page after sign-out elsewhere: the way leads to sign-in and back.
    let stale = ada.get("/account").await;
    let mut tab = ada.clone();
    world.sign_out(&mut ada).await;
    let csrf = stale.hidden("csrf").unwrap();
    let link = world.link_of("ada@example.test", "a").await.to_string();
    let page = tab.post("/account/methods/remove", &[("csrf", &csrf), ("method", &link)]).await;
    assert_eq!(page.path(), "/sign-in", "{}", page.body);
    let old = ada.get("/flow/0197f3a0-0000-7000-8000-000000000000").await;
    is_typed(&old, "a flow of long ago");
}
