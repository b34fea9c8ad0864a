//! What applications were given dies with what it rests on (T67, T68, T132), and one person stays one person.

use super::{Client, claims, options, text};
use crate::on_both_engines;
use model::{DAY, MINUTE, UserStatus};
use selfsame::admin::Operation;
use testkit::{Engine, Options, PASSWORD, World};

on_both_engines!(
    t67_tokens_die_with_the_link,
    t68_tokens_die_with_session_user_and_password,
    t132_nothing_of_a_deleted_user_is_left,
    offline_access_outlives_the_session,
    t22_one_person_has_one_sub_by_every_method,
);

struct Given<'a> {
    client: Client<'a>,
    access: String,
    refresh: String,
}

impl Given<'_> {
    async fn of<'a>(world: &'a World, browser: &mut testkit::Browser, client: &'a str, scope: &str) -> Given<'a> {
        let client = Client::new(world, client);
        let tokens = client.tokens(browser, &[("scope", scope)]).await;
        Given { client, access: text(&tokens, "access_token"), refresh: text(&tokens, "refresh_token") }
    }

    async fn is_dead(&self) -> bool {
        let userinfo = self.client.userinfo(&self.access).await.status;
        let active = self.client.is_active(&self.access).await || self.client.is_active(&self.refresh).await;
        let refreshed = self.client.refresh(&self.refresh).await.status;
        assert_eq!((userinfo == 200, refreshed == 200), (active, active), "they agree");
        !active
    }
}

const OFFLINE: &str = "openid offline_access";

async fn t67_tokens_die_with_the_link(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    world.connect(&mut browser, "a", "a-ada").await;
    let by_password = Given::of(&world, &mut browser, "own", OFFLINE).await;
    let mut other = world.browser();
    world.provider_sign_in(&mut other, "a", "a-ada").await;
    let through = Given::of(&world, &mut other, "own", "openid").await;
    let through_offline = Given::of(&world, &mut other, "own", OFFLINE).await;
    let told = claims(&text(&Client::new(&world, "own").tokens(&mut other, &[]).await, "id_token"));
    assert_eq!(told["amr"][0], "fed");
    world.remove(&mut browser, world.link_of("ada@example.test", "a").await).await;
    assert!(through.is_dead().await && through_offline.is_dead().await);
    assert!(!by_password.is_dead().await, "what does not rest on the link stays");
}

async fn t68_tokens_die_with_session_user_and_password(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    // Signing out ends what was not given for longer.
    let in_session = Given::of(&world, &mut browser, "own", "openid").await;
    let offline = Given::of(&world, &mut browser, "own", OFFLINE).await;
    world.sign_out(&mut browser).await;
    assert!(in_session.is_dead().await && !offline.is_dead().await);
    // A new password ends what everybody holds.
    world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    let mut thief = world.browser();
    world.password_sign_in(&mut thief, "ada@example.test", PASSWORD).await;
    let stolen = Given::of(&world, &mut thief, "own", "openid").await;
    let stolen_offline = Given::of(&world, &mut thief, "own", OFFLINE).await;
    let mine = Given::of(&world, &mut browser, "own", "openid").await;
    let page = browser.get("/account/password").await;
    let form = page.form("/account/password").with("password", "another tapir battery 42 staple");
    browser.submit(form).await;
    assert!(stolen.is_dead().await && stolen_offline.is_dead().await);
    assert!(mine.is_dead().await, "also what was given here: a thief of this session may have taken it");
    assert!(!Given::of(&world, &mut browser, "own", "openid").await.is_dead().await, "and asks for it again");
    // Disabled: at once, and enabling revives nothing.
    let (given, given_offline) =
        (Given::of(&world, &mut browser, "own", "openid").await, Given::of(&world, &mut browser, "own", OFFLINE).await);
    let user = world.named("ada@example.test");
    world.operate(Operation::UserStatus { user: user.clone(), to: UserStatus::Disabled }).await.unwrap();
    assert_eq!(given.client.userinfo(&given.access).await.status, 401);
    world.operate(Operation::UserStatus { user, to: UserStatus::Active }).await.unwrap();
    assert!(given.is_dead().await && given_offline.is_dead().await);
}

async fn t132_nothing_of_a_deleted_user_is_left(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let given = Given::of(&world, &mut browser, "shop", OFFLINE).await;
    let user = world.user("ada@example.test").await["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(world.server.store.clients_of(user).await.unwrap().len(), 1);
    world
        .operate(Operation::UserStatus { user: world.named("ada@example.test"), to: UserStatus::Deleted })
        .await
        .unwrap();
    assert!(given.is_dead().await);
    assert!(world.server.store.clients_of(user).await.unwrap().is_empty(), "consents are erased too");
    // Whoever comes back is somebody else to every application.
    let mut again = world.browser();
    world.sign_up(&mut again, "Ada", "ada@example.test").await;
    let page = again.get(&Client::new(&world, "shop").request(&[])).await;
    assert!(page.has_form("/oauth2/consent"), "{}", page.all_text());
}

async fn offline_access_outlives_the_session(engine: Engine) {
    let mut options: Options = options(engine);
    options.more.push_str("\n[sessions]\nlifetime_hours = 24\n");
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let in_session = Given::of(&world, &mut browser, "own", "openid").await;
    let offline = Given::of(&world, &mut browser, "own", OFFLINE).await;
    world.advance(DAY + MINUTE);
    assert!(in_session.is_dead().await);
    let call = offline.client.refresh(&offline.refresh).await;
    assert_eq!(call.status, 200, "{call:?}");
    world.advance(DAY.times(90));
    assert_eq!(offline.client.refresh(&text(&call.json, "refresh_token")).await.json["error"], "invalid_grant");
}

async fn t22_one_person_has_one_sub_by_every_method(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    world.connect(&mut browser, "a", "a-ada").await;
    world.connect(&mut browser, "b", "b-ada").await;
    let (own, apart) = (Client::new(&world, "own"), Client::new(&world, "apart"));
    let mut seen = Vec::new();
    for method in ["password", "a", "b"] {
        let mut browser = world.browser();
        match method {
            "password" => world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await,
            which => world.provider_sign_in(&mut browser, which, &format!("{which}-ada")).await,
        };
        let sub = |tokens: &serde_json::Value| text(&claims(&text(tokens, "id_token")), "sub");
        let public = own.tokens(&mut browser, &[]).await;
        let pairwise = apart.tokens(&mut browser, &[]).await;
        seen.push((sub(&public), sub(&pairwise)));
        let shop = Client::new(&world, "shop").tokens(&mut browser, &[]).await;
        assert_eq!(sub(&shop), sub(&public), "public subjects are the same everywhere");
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_ne!(seen[0].0, seen[0].1, "t133: the sector has one of its own");
    let sid = |tokens: &serde_json::Value| text(&claims(&text(tokens, "id_token")), "sid");
    let (public, pairwise) = (own.tokens(&mut browser, &[]).await, apart.tokens(&mut browser, &[]).await);
    assert_ne!(sid(&public), sid(&pairwise), "t133: nor can sessions be compared");
    let hint = text(&pairwise, "id_token");
    browser.get(&format!("/oauth2/logout?id_token_hint={hint}")).await;
    assert_eq!(world.who(&mut browser).await, None, "its own it knows");
    let user = world.user("ada@example.test").await["id"].as_str().unwrap().to_owned();
    assert!(seen[0].0 != user && seen[0].1 != user, "no sub is a user's id");
    // Somebody else is somebody else in both.
    let mut other = world.browser();
    world.provider_sign_in(&mut other, "a", "a-grace").await;
    let of_other = claims(&text(&apart.tokens(&mut other, &[]).await, "id_token"));
    assert_ne!(text(&of_other, "sub"), seen[0].1);
}
