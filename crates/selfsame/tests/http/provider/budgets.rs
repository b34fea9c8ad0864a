//! Reads and writes of the provider's endpoints.

use super::forward_auth::{At, options};
use super::{Client, text};
use crate::on_both_engines;
use testkit::{Engine, World};

on_both_engines!(the_provider_keeps_its_budget);

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn the_provider_keeps_its_budget(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let (shop, robot) = (Client::new(&world, "shop"), Client::new(&world, "robot"));
    let (tv, boxed) = (Client::new(&world, "tv"), Client::new(&world, "box"));
    // Consent and keys are there.
    shop.tokens(&mut browser, &[]).await;
    let counted = |name: &'static str, before: (u64, u64), most: (u64, u64)| {
        let after = world.reads_and_writes();
        let cost = (after.0 - before.0, after.1 - before.1);
        println!("{name}: {} reads, {} writes", cost.0, cost.1);
        assert!(cost.0 <= most.0 && cost.1 <= most.1, "{name}: {cost:?} is more than {most:?}");
    };
    let start = || world.reads_and_writes();
    let plain = world.browser();

    let at = start();
    plain.call("GET", "/.well-known/openid-configuration", None, &[]).await;
    plain.call("GET", "/oauth2/jwks", None, &[]).await;
    counted("discovery and keys", at, (0, 0));
    let at = start();
    world.browser().get(&shop.request(&[])).await;
    counted("authorize, nobody signed in", at, (0, 0));
    let at = start();
    let code = shop.code(&mut browser, &[]).await;
    counted("authorize, signed in", at, (1, 0));
    let at = start();
    let tokens = shop.exchange(&code).await.json;
    counted("token by code", at, (1, 1));
    let at = start();
    let tokens = shop.refresh(&text(&tokens, "refresh_token")).await.json;
    counted("token by refresh", at, (1, 1));
    let at = start();
    let by_public = tv.post("/oauth2/device_authorization", &[("scope", "openid")]).await.json;
    counted("device authorization, no secret", at, (1, 1));
    let at = start();
    boxed.post("/oauth2/device_authorization", &[("scope", "openid")]).await;
    counted("device authorization", at, (0, 1));
    let poll = [("grant_type", DEVICE_GRANT), ("device_code", by_public["device_code"].as_str().unwrap())];
    let at = start();
    tv.post("/oauth2/token", &poll).await;
    counted("token by device code, pending", at, (1, 0));
    let at = start();
    tv.post("/oauth2/token", &poll).await;
    counted("token by device code, too early", at, (1, 1));
    let page = browser.get("/device").await;
    let at = start();
    let page = browser.submit(page.form("/device").with("code", by_public["user_code"].as_str().unwrap())).await;
    counted("a device's code typed, and its question", at, (2, 1));
    browser.press(page.form("/device/answer"), "choice", "allow").await;
    let at = start();
    assert_eq!(tv.post("/oauth2/token", &poll).await.status, 200);
    counted("token by device code", at, (1, 1));
    let at = start();
    tv.post("/oauth2/token", &poll).await;
    counted("token by device code, used before", at, (1, 1));
    let at = start();
    robot.post("/oauth2/token", &[("grant_type", "client_credentials")]).await;
    counted("token for itself", at, (1, 0));
    let at = start();
    shop.userinfo(&text(&tokens, "access_token")).await;
    counted("userinfo", at, (1, 0));
    let at = start();
    assert!(shop.is_active(&text(&tokens, "access_token")).await);
    counted("introspection", at, (1, 0));
    let at = start();
    shop.post("/oauth2/revoke", &[("token", &text(&tokens, "access_token"))]).await;
    counted("revocation of an access token", at, (0, 1));
    let at = start();
    shop.post("/oauth2/revoke", &[("token", &text(&tokens, "refresh_token"))]).await;
    counted("revocation of a refresh token", at, (1, 1));
    let at = start();
    browser.get("/account/applications").await;
    counted("applications", at, (2, 0));

    let mut wiki = At::new(&world, "wiki.example");
    wiki.sign_in(&mut browser).await;
    let at = start();
    assert_eq!(At::new(&world, "wiki.example").check().await, 401);
    wiki.ask("/selfsame/start").await;
    counted("forward-auth, nobody there, and the start", at, (0, 0));
    let callback = wiki.way_in(&mut browser, "").await;
    let at = start();
    wiki.ask(&callback).await;
    counted("the way in, by code", at, (1, 1));
    let at = start();
    assert_eq!(wiki.check().await, 202);
    counted("forward-auth", at, (1, 0));
    let at = start();
    wiki.browser.headers.push(("sec-fetch-site".to_owned(), "same-origin".to_owned()));
    wiki.browser.get_once("/selfsame/sign-out").await;
    counted("the way out", at, (0, 1));
    assert_eq!(wiki.check().await, 401);
}
