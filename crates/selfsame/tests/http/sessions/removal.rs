//! What removing a link ends, when it is refused, and who hears of it.

use crate::on_both_engines;
use model::{Address, AddressProof, Change, LinkId, Plan, UserId, UserStatus};
use selfsame::admin::Operation;
use selfsame::config::Config;
use serde_json::json;
use std::time::Duration;
use testkit::{Engine, ORIGIN, Options, World};

on_both_engines!(
    t67_sessions_through_a_removed_link_end,
    t72_the_last_method_stays,
    t73_only_usable_methods_count,
    t125_every_proven_address_hears_of_a_change,
);

async fn t67_sessions_through_a_removed_link_end(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.connect(&mut ada, "a", "a-ada").await;
    world.connect(&mut ada, "b", "b-ada").await;
    let (mut through_a, mut through_b) = (world.browser(), world.browser());
    world.provider_sign_in(&mut through_a, "a", "a-ada").await;
    world.provider_sign_in(&mut through_b, "b", "b-ada").await;
    let token = world.token(&mut through_a).await;
    let pending = world.handover_code(&mut through_a).await;
    let ticket = through_a.get("/account/methods/connect?connection=b").await;
    let secrets = [&ada, &through_a, &through_b].map(|browser| browser.session().unwrap());
    for secret in &secrets {
        assert!(world.is_live(secret).await);
    }
    assert!(world.opens(&token).await);
    let link = world.link_of("ada@example.test", "a").await;
    let page = world.remove(&mut ada, link).await;
    assert_eq!(page.path(), "/account", "{}", page.body);

    assert!(!world.is_live(&secrets[1]).await, "a session through the link lives on");
    assert!(!world.opens(&token).await, "an application's session through the link lives on");
    assert_eq!(world.redeem(&pending).await.status, 401, "t68: a code from an ended session opens");
    let page = through_a.press(ticket.form("/account/methods/connect"), "connection", "b").await;
    assert_eq!(page.path(), "/sign-in", "{}", page.body);
    assert!(world.is_live(&secrets[2]).await, "a session through another link ended");
    assert!(world.is_live(&ada.session().unwrap()).await);
    // I6: nobody comes back through it.
    let mut again = world.browser();
    world.provider_sign_in(&mut again, "a", "a-ada").await;
    assert_eq!(world.who(&mut again).await, None);
    // Removing the method one is signed in with ends one's own session, and says so.
    let link = world.link_of("ada@example.test", "b").await;
    let page = world.remove(&mut through_b, link).await;
    assert_eq!(page.path(), "/signed-out", "{}", page.body);
    assert_eq!(through_b.session(), None);
    assert!(!world.is_live(&secrets[2]).await);
}

/// Every door to a removal refuses with the reason, and the link is still there.
async fn cannot_remove(world: &World, browser: &mut testkit::Browser, link: LinkId, why: &str) {
    let page = browser.get("/account").await;
    let csrf = page.hidden("csrf").unwrap();
    assert!(!page.body.contains(&format!("/account/methods/remove?method={link}")), "{why}: offered");
    let form = [("csrf", csrf.as_str()), ("method", &link.to_string())];
    let page = browser.post("/account/methods/remove", &form).await;
    assert_eq!(page.path(), "/account/methods/remove", "{why}: {}", page.body);
    assert!(!page.has_form("/account/methods/remove"), "{why}: {}", page.body);
    let call = browser.api("DELETE", &format!("/api/v1/account/methods/{link}"), None, Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (409, &json!("last_method")), "{why}: {call:?}");
    let overview = browser.api("GET", "/api/v1/account", None, None).await;
    let methods = overview.json["methods"].as_array().unwrap();
    let row = methods.iter().find(|row| row["link"]["id"] == link.to_string().as_str()).unwrap();
    assert_eq!((&row["removable"], &row["why"]), (&json!(false), &json!("last_method")), "{why}");
    // The operator is told as well.
    let user = world.named(&overview_user(world, link).await);
    let refused = world.operate(Operation::LinkRemove { user, link, force: false }).await;
    assert_eq!(refused.unwrap_err().code, "last_method", "{why}");
}

/// The user who has the link.
async fn overview_user(world: &World, link: LinkId) -> String {
    let users = world.operate(Operation::UserList { address: None, after: None, limit: 50 }).await.unwrap();
    for user in users.as_array().unwrap() {
        let id = user["id"].as_str().unwrap();
        let links = world.operate(Operation::LinkList { user: world.named(id) }).await.unwrap();
        if links.as_array().unwrap().iter().any(|known| known["id"] == link.to_string().as_str()) {
            return id.to_owned();
        }
    }
    panic!("nobody has {link}");
}

async fn t72_the_last_method_stays(engine: Engine) {
    let world = World::new(engine).await;
    let mut linus = world.browser();
    world.provider_sign_in(&mut linus, "a", "a-linus").await;
    let users = world.operate(Operation::UserList { address: None, after: None, limit: 5 }).await.unwrap();
    let id = users[0]["id"].as_str().unwrap().to_owned();
    let link = world.link_of(&id, "a").await;
    cannot_remove(&world, &mut linus, link, "the only link").await;
    // With a second one either may go, and then the other may not.
    let page = world.connect(&mut linus, "b", "b-linus").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let second = world.link_of(&id, "b").await;
    let call = linus.api("DELETE", &format!("/api/v1/account/methods/{second}"), None, Some(ORIGIN)).await;
    assert_eq!(call.status, 200, "{call:?}");
    cannot_remove(&world, &mut linus, link, "the other is gone").await;
}

/// The same database under another policy, as after a restart.
pub(crate) async fn under(world: &World, change: impl Fn(String) -> String) -> testkit::Browser {
    let file = world.directory.path().join("selfsame.toml");
    let text = change(std::fs::read_to_string(&file).unwrap());
    let other = world.directory.path().join("other.toml");
    std::fs::write(&other, text).unwrap();
    let config = Config::load(&other, std::iter::empty()).unwrap_or_else(|errors| panic!("{errors:?}"));
    let server = World::start(&config, world.clock.clone(), 2).await;
    testkit::Browser::of(server.router.clone())
}

async fn t73_only_usable_methods_count(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.connect(&mut ada, "a", "a-ada").await;
    let a = world.link_of("ada@example.test", "a").await;
    // A password that policy forbids does not count.
    let mut elsewhere = under(&world, |text| text.replace("[policy]", "[policy]\npassword = false")).await;
    elsewhere.cookies.clone_from(&ada.cookies);
    let call = elsewhere.api("DELETE", &format!("/api/v1/account/methods/{a}"), None, Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (409, &json!("last_method")), "{call:?}");

    let mut linus = world.browser();
    world.provider_sign_in(&mut linus, "a", "a-linus").await;
    // A password of somebody without an address opens nothing: nobody could name them at the form.
    let body = json!({ "password": super::NEW_PASSWORD });
    let call = linus.api("PUT", "/api/v1/account/password", Some(body), Some(ORIGIN)).await;
    assert!(call.status.is_success(), "{call:?}");
    let overview = linus.api("GET", "/api/v1/account", None, None).await;
    let only = overview.json["methods"].as_array().unwrap().iter().find_map(|row| row["link"]["id"].as_str());
    let path = format!("/api/v1/account/methods/{}", only.unwrap());
    let call = linus.api("DELETE", &path, None, Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["code"]), (409, &json!("last_method")), "{call:?}");
    world.connect(&mut linus, "b", "b-linus").await;
    let users = world.operate(Operation::UserList { address: None, after: None, limit: 5 }).await.unwrap();
    let users = users.as_array().unwrap();
    let linus_id = users.iter().find(|user| user["name"] == "Linus").unwrap()["id"].as_str().unwrap().to_owned();
    let (first, second) = (world.link_of(&linus_id, "a").await, world.link_of(&linus_id, "b").await);
    // Neither does a link whose connection is switched off …
    let connection = model::ConnectionId::parse("b").unwrap();
    let off = Operation::ConnectionDisable { connection: connection.clone(), force: false };
    world.operate(off).await.unwrap();
    cannot_remove(&world, &mut linus, first, "the other provider is switched off").await;
    // … nor one that is for linking only, nor one whose connection is not configured any more.
    world.operate(Operation::ConnectionEnable { connection: connection.clone() }).await.unwrap();
    let link_only = |text: String| text.replace("id = \"b\"\n", "id = \"b\"\npurpose = \"link_only\"\n");
    let gone = |text: String| {
        let (before, after) = text.split_once("[[connections]]\nid = \"b\"").unwrap();
        format!("{before}{}", &after[after.find("[[applications]]").unwrap()..])
    };
    for mut elsewhere in [under(&world, link_only).await, under(&world, gone).await] {
        elsewhere.cookies.clone_from(&linus.cookies);
        let call = elsewhere.api("DELETE", &format!("/api/v1/account/methods/{first}"), None, Some(ORIGIN)).await;
        assert_eq!((call.status.as_u16(), &call.json["code"]), (409, &json!("last_method")), "{call:?}");
    }
    // The useless one itself may go.
    world.operate(Operation::ConnectionDisable { connection: connection.clone(), force: false }).await.unwrap();
    let page = world.remove(&mut linus, second).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    // Now the other provider may not be switched off: that is the same removal.
    let off = Operation::ConnectionDisable { connection: model::ConnectionId::parse("a").unwrap(), force: false };
    assert_eq!(world.operate(off).await.unwrap_err().code, "would_strand_users");
}

/// Both addresses get a new mail with this subject.
async fn both_hear(world: &World, seen: usize, subject: &str) {
    for address in ["ada@example.test", "ada@second.test"] {
        let told = |message: &testkit::Message| message.subject == subject;
        let found = async {
            loop {
                let messages = world.mailbox.messages();
                if messages.iter().skip(seen).any(|message| message.is_to(address) && told(message)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), found).await;
        assert!(waited.is_ok(), "{subject}: {address} heard nothing");
    }
}

async fn t125_every_proven_address_hears_of_a_change(engine: Engine) {
    let world = World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    let shown = world.user("ada@example.test").await;
    let user: UserId = shown["id"].as_str().unwrap().parse().unwrap();
    let second = Change::ProveAddress {
        address: Address::parse("ada@second.test").unwrap(),
        user,
        proof: AddressProof::Loop,
        at: model::Clock::now(&*world.clock),
    };
    world.server.store.apply(Plan { changes: vec![second] }).await.unwrap();

    let seen = world.mailbox.messages().len();
    world.connect(&mut ada, "a", "a-linus").await;
    both_hear(&world, seen, "Example A was connected to your account").await;
    let seen = world.mailbox.messages().len();
    let link = world.link_of("ada@example.test", "a").await;
    world.remove(&mut ada, link).await;
    both_hear(&world, seen, "Example A was removed from your account").await;
    let seen = world.mailbox.messages().len();
    world.set_password(&mut ada, super::NEW_PASSWORD).await;
    both_hear(&world, seen, "Your password was set").await;
    // An operator's change is no quieter.
    world.connect(&mut ada, "a", "a-linus").await;
    let link = world.link_of("ada@example.test", "a").await;
    let seen = world.mailbox.messages().len();
    let named = world.named("ada@example.test");
    world.operate(Operation::LinkRemove { user: named.clone(), link, force: false }).await.unwrap();
    both_hear(&world, seen, "Example A was removed from your account").await;
    let seen = world.mailbox.messages().len();
    world.operate(Operation::UserStatus { user: named, to: UserStatus::Disabled }).await.unwrap();
    both_hear(&world, seen, "Your account was switched off").await;
}
