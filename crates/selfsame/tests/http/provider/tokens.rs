//! The token endpoint and the endpoints beside it.

use super::{Client, claims, options, redirect_of, text};
use crate::on_both_engines;
use flows::oauth::s256;
use model::{MINUTE, SECOND};
use testkit::{CLIENT_SECRET, Engine, ORIGIN, VERIFIER, World};

on_both_engines!(
    t38_a_code_is_for_one_client_one_redirect_and_one_use,
    t39_challenge_and_verifier_belong_together,
    clients_authenticate_in_one_way,
    t68_a_refresh_token_works_once,
    who_may_ask_about_a_token,
    a_client_for_itself,
    what_the_provider_says_of_itself,
    t61_tokens_are_taken_for_what_they_are,
    keys_are_changed_without_a_gap,
    t68_every_replica_knows_a_token,
);

async fn t38_a_code_is_for_one_client_one_redirect_and_one_use(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let (shop, own) = (Client::new(&world, "shop"), Client::new(&world, "own"));
    let code = shop.code(&mut browser, &[]).await;
    let with = |name: &'static str, value: &str| {
        let mut fields = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.clone()),
            ("redirect_uri", redirect_of("shop")),
            ("code_verifier", VERIFIER.to_owned()),
        ];
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value.to_owned()));
        fields
    };
    // Another client, another redirect, another verifier, another text: nothing, and the code stays good.
    for (client, fields) in [
        (own, with("code", &code)),
        (shop, with("redirect_uri", "https://shop.example/other")),
        (shop, with("code_verifier", "a-verifier-that-is-as-long-but-quite-another-one")),
        (shop, with("code", &code[1..])),
        (shop, with("code_verifier", "")),
        (shop, with("code_verifier", "short")),
    ] {
        let sent: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let call = client.post("/oauth2/token", &sent).await;
        assert_eq!((call.status.as_u16(), &call.json["error"]), (400, &"invalid_grant".into()), "{fields:?}");
    }
    let tokens = shop.exchange(&code).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let access = text(&tokens.json, "access_token");
    assert_eq!(shop.userinfo(&access).await.status, 200);
    // The second use gives nothing and ends what the first one gave.
    assert_eq!(shop.exchange(&code).await.json["error"], "invalid_grant");
    assert_eq!(shop.userinfo(&access).await.status, 401);
    assert_eq!(shop.refresh(&text(&tokens.json, "refresh_token")).await.json["error"], "invalid_grant");
    assert_eq!(
        shop.exchange(&code).await.json["error"],
        "invalid_grant",
        "nor does a third, when nothing is left to end"
    );
    // A minute, and no longer; a second use is one also later.
    let code = shop.code(&mut browser, &[]).await;
    world.advance(SECOND.times(59));
    let given = shop.exchange(&code).await;
    assert_eq!(given.status, 200);
    world.advance(SECOND.times(2));
    assert_eq!(shop.exchange(&code).await.json["error"], "invalid_grant");
    assert_eq!(shop.userinfo(&text(&given.json, "access_token")).await.status, 401);
    let code = shop.code(&mut browser, &[]).await;
    world.advance(SECOND.times(61));
    assert_eq!(shop.exchange(&code).await.json["error"], "invalid_grant");
    // Nothing for a session that has ended.
    let code = shop.code(&mut browser, &[]).await;
    world.sign_out(&mut browser).await;
    assert_eq!(shop.exchange(&code).await.json["error"], "invalid_grant");
}

async fn t39_challenge_and_verifier_belong_together(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let own = Client::new(&world, "own");
    let code = own.code(&mut browser, &[("code_challenge", ""), ("code_challenge_method", "")]).await;
    let call = own.exchange(&code).await;
    assert_eq!(call.json["error"], "invalid_grant", "a verifier where there was no challenge: {call:?}");
    let redirect = redirect_of("own");
    let bare = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", &redirect)];
    assert_eq!(own.post("/oauth2/token", &bare).await.status, 200, "excused, with its nonce");
    let code = own.code(&mut browser, &[]).await;
    let bare = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", &redirect)];
    assert_eq!(
        own.post("/oauth2/token", &bare).await.json["error"],
        "invalid_grant",
        "a challenge asks for its verifier"
    );
    // One that could be guessed is none, even where it fits (RFC 7636 §4.1).
    for verifier in ["short", "with spaces, which no verifier has, and quite long"] {
        let code = own.code(&mut browser, &[("code_challenge", &s256(verifier))]).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", &redirect),
            ("code_verifier", verifier),
        ];
        assert_eq!(own.post("/oauth2/token", &fields).await.json["error"], "invalid_grant", "{verifier}");
    }
}

async fn clients_authenticate_in_one_way(engine: Engine) {
    let world = World::with(options(engine)).await;
    let browser = world.browser();
    let basic = |text: &str| {
        use base64::Engine as _;
        vec![("authorization", format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text)))]
    };
    let good = format!("robot:{CLIENT_SECRET}");
    let grant = ("grant_type", "client_credentials");
    let by_form = [grant, ("client_id", "robot"), ("client_secret", CLIENT_SECRET)];
    assert_eq!(browser.send_form("/oauth2/token", &[grant], &basic(&good)).await.status, 200);
    assert_eq!(browser.send_form("/oauth2/token", &by_form, &[]).await.status, 200);
    for (fields, headers, code) in [
        (vec![grant], basic("robot:wrong"), "invalid_client"),
        (vec![grant], basic("nobody:wrong"), "invalid_client"),
        (vec![grant], vec![("authorization", "Bearer x".to_owned())], "invalid_client"),
        (vec![grant], vec![], "invalid_client"),
        (vec![grant, ("client_id", "robot")], vec![], "invalid_client"),
        (by_form.to_vec(), basic(&good), "invalid_request"),
        (vec![grant, ("client_id", "spa")], vec![], "unauthorized_client"),
        (vec![grant, ("client_id", "spa"), ("client_secret", "x")], vec![], "invalid_client"),
    ] {
        let call = browser.send_form("/oauth2/token", &fields, &headers).await;
        assert_eq!(call.json["error"], code, "{fields:?} {headers:?} {call:?}");
        assert_eq!(call.headers.contains_key("www-authenticate"), code == "invalid_client");
        assert_eq!(call.status.as_u16(), if code == "invalid_client" { 401 } else { 400 });
    }
    // A form and nothing else, so that no page sends one without being asked.
    let json = serde_json::json!({ "grant_type": "client_credentials" });
    let call = browser.call("POST", "/oauth2/token", Some(json), &basic(&good)).await;
    assert_eq!(call.json["error"], "invalid_request");
    let secrets = format!("{:?}", world.config.clients);
    assert!(!secrets.contains(CLIENT_SECRET), "t113");
}

async fn t68_a_refresh_token_works_once(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let spa = Client::new(&world, "spa");
    let first = spa.tokens(&mut browser, &[]).await;
    let second = spa.refresh(&text(&first, "refresh_token")).await;
    assert_eq!(second.status, 200, "{second:?}");
    let (was, is) = (claims(&text(&first, "id_token")), claims(&text(&second.json, "id_token")));
    assert_eq!((&was["sub"], &was["auth_time"], &was["sid"]), (&is["sub"], &is["auth_time"], &is["sid"]));
    // Less may be asked for; what was given stays.
    let token = text(&second.json, "refresh_token");
    let narrow = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", "openid")];
    let third = spa.post("/oauth2/token", &narrow).await;
    assert_eq!(third.json["scope"], "openid");
    let told = spa.userinfo(&text(&third.json, "access_token")).await;
    assert!(told.json["email"].is_null() && told.json["sub"] == was["sub"], "{told:?}");
    let token = text(&third.json, "refresh_token");
    let wide = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", "openid offline_access")];
    assert_eq!(spa.post("/oauth2/token", &wide).await.json["error"], "invalid_scope");
    // Another client's hands are no hands.
    let shop = Client::new(&world, "shop");
    assert_eq!(shop.refresh(&token).await.json["error"], "invalid_grant");
    let fourth = spa.refresh(&token).await;
    assert_eq!(fourth.status, 200, "{fourth:?}");
    // A token from before ends everything, also for whoever came first.
    assert_eq!(spa.refresh(&text(&second.json, "refresh_token")).await.json["error"], "invalid_grant");
    assert_eq!(spa.refresh(&text(&fourth.json, "refresh_token")).await.json["error"], "invalid_grant");
    assert_eq!(spa.userinfo(&text(&fourth.json, "access_token")).await.status, 401);
    let activity = browser.get("/account/activity").await.all_text();
    assert!(activity.contains("A code or token came twice"), "{activity}");
    // At once: one of them, or nobody.
    let tokens = spa.tokens(&mut browser, &[]).await;
    let token = text(&tokens, "refresh_token");
    let (one, other) = tokio::join!(spa.refresh(&token), spa.refresh(&token));
    let good = [one, other].iter().filter(|call| call.status == 200).count();
    assert!(good <= 1);
}

async fn who_may_ask_about_a_token(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let (shop, own) = (Client::new(&world, "shop"), Client::new(&world, "own"));
    let robot = Client::new(&world, "robot");
    for client in [shop, own] {
        let tokens = client.tokens(&mut browser, &[]).await;
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        let other = if client.id == "own" { shop } else { own };
        for token in [&access, &refresh] {
            assert!(client.is_active(token).await && robot.is_active(token).await, "{}", client.id);
            assert!(!other.is_active(token).await, "t121: of others a client learns nothing");
        }
        let told = client.post("/oauth2/introspect", &[("token", &access)]).await.json;
        assert_eq!((&told["client_id"], &told["iss"]), (&client.id.into(), &ORIGIN.into()));
        assert_eq!(told["sub"], claims(&text(&tokens, "id_token"))["sub"]);
        // Revoked alone; by another client not at all.
        assert_eq!(other.post("/oauth2/revoke", &[("token", &access)]).await.status, 200);
        assert!(client.is_active(&access).await);
        assert_eq!(client.post("/oauth2/revoke", &[("token", &access)]).await.status, 200);
        assert!(!client.is_active(&access).await && client.is_active(&refresh).await);
        assert_eq!(client.userinfo(&access).await.status, 401);
        // A refresh token takes everything with it.
        let again = client.refresh(&refresh).await.json;
        let (access, refresh) = (text(&again, "access_token"), text(&again, "refresh_token"));
        assert_eq!(client.post("/oauth2/revoke", &[("token", &refresh)]).await.status, 200);
        assert!(!client.is_active(&access).await && !client.is_active(&refresh).await);
    }
    let spa = Client::new(&world, "spa");
    assert_eq!(spa.post("/oauth2/introspect", &[("token", "x")]).await.status, 401);
    for nonsense in ["x", "", "a.b.c"] {
        let call = shop.post("/oauth2/revoke", &[("token", nonsense)]).await;
        assert_eq!(call.status.as_u16(), if nonsense.is_empty() { 400 } else { 200 }, "{nonsense}");
        assert!(nonsense.is_empty() || !shop.is_active(nonsense).await);
    }
    // Ten minutes.
    let tokens = shop.tokens(&mut browser, &[]).await;
    world.advance(MINUTE.times(10));
    assert!(!shop.is_active(&text(&tokens, "access_token")).await);
}

async fn a_client_for_itself(engine: Engine) {
    let world = World::with(options(engine)).await;
    let robot = Client::new(&world, "robot");
    let call = robot.post("/oauth2/token", &[("grant_type", "client_credentials"), ("scope", "things:read")]).await;
    assert_eq!((call.status.as_u16(), &call.json["scope"]), (200, &"things:read".into()), "{call:?}");
    assert!(call.json["refresh_token"].is_null() && call.json["id_token"].is_null());
    let token = text(&call.json, "access_token");
    let told = robot.post("/oauth2/introspect", &[("token", &token)]).await.json;
    assert_eq!((&told["active"], &told["sub"]), (&true.into(), &"robot".into()));
    assert_eq!(robot.userinfo(&token).await.status, 401, "nobody is behind it");
    robot.post("/oauth2/revoke", &[("token", &token)]).await;
    assert!(!robot.is_active(&token).await);
    for scope in ["openid", "email", "things:read unheard_of"] {
        let call = robot.post("/oauth2/token", &[("grant_type", "client_credentials"), ("scope", scope)]).await;
        assert_eq!(call.json["error"], "invalid_scope", "{scope}");
    }
    let shop = Client::new(&world, "shop");
    let call = shop.post("/oauth2/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(call.json["error"], "unauthorized_client");
    let call = robot.post("/oauth2/token", &[("grant_type", "password"), ("username", "a"), ("password", "b")]).await;
    assert_eq!(call.json["error"], "unsupported_grant_type");
}

async fn what_the_provider_says_of_itself(engine: Engine) {
    let world = World::with(options(engine)).await;
    let browser = world.browser();
    let call = browser.call("GET", "/.well-known/openid-configuration", None, &[]).await;
    assert_eq!((call.status.as_u16(), &call.json["issuer"]), (200, &ORIGIN.into()));
    assert_eq!(call.headers["access-control-allow-origin"], "*");
    let same = browser.call("GET", "/.well-known/oauth-authorization-server", None, &[]).await;
    assert_eq!(same.json, call.json);
    // Whatever it names is there.
    for (name, value) in call.json.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let path = value.as_str().unwrap().strip_prefix(ORIGIN).unwrap();
            let there = browser.call("GET", path, None, &[]).await;
            assert_ne!(there.status, 404, "{name}");
        }
    }
    let keys =
        browser.call("GET", call.json["jwks_uri"].as_str().unwrap().strip_prefix(ORIGIN).unwrap(), None, &[]).await;
    let algorithms: Vec<&str> =
        keys.json["keys"].as_array().unwrap().iter().filter_map(|key| key["alg"].as_str()).collect();
    assert_eq!(algorithms, ["ES256", "EdDSA", "RS256"]);
    assert!(keys.json["keys"].as_array().unwrap().iter().all(|key| key["d"].is_null()), "public halves only");
    let preflight =
        browser.call("OPTIONS", "/oauth2/token", None, &[("origin", "https://board.example".to_owned())]).await;
    assert_eq!(
        (preflight.status.as_u16(), preflight.headers["access-control-allow-origin"].to_str().unwrap()),
        (204, "*")
    );
    assert!(!preflight.headers.contains_key("access-control-allow-credentials"));
}

async fn t61_tokens_are_taken_for_what_they_are(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let own = Client::new(&world, "own");
    let code = own.code(&mut browser, &[]).await;
    let tokens = own.exchange(&code).await.json;
    let (id, access, refresh) =
        (text(&tokens, "id_token"), text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    assert_eq!(claims(&access)["client_id"], "own");
    for wrong in [&id, &refresh, &code] {
        assert_eq!(own.userinfo(wrong).await.status, 401);
    }
    for wrong in [&id, &access, &code] {
        assert_eq!(own.refresh(wrong).await.json["error"], "invalid_grant");
    }
    for wrong in [&id, &access, &refresh] {
        assert_eq!(own.exchange(wrong).await.json["error"], "invalid_grant");
    }
    // The session API and the endpoints do not know each other's tokens.
    assert!(!world.opens(&access).await);
    let session = browser.session().unwrap();
    assert_eq!(own.userinfo(&session).await.status, 401);
    let bye = browser.get(&format!("/oauth2/logout?id_token_hint={access}")).await;
    assert!(bye.has_form("/oauth2/logout"), "an access token is no hint");
    // Two tokens in one request are one too many.
    let headers = [("authorization", format!("Bearer {access}"))];
    let call = browser.send_form("/oauth2/userinfo", &[("access_token", &access)], &headers).await;
    assert_eq!(call.status, 400);
    let twice = [("authorization", format!("Bearer {access}")), ("authorization", format!("Bearer {access}"))];
    assert_eq!(browser.call("GET", "/oauth2/userinfo", None, &twice).await.status, 400);
    assert_eq!(browser.send_form("/oauth2/userinfo", &[("access_token", &access)], &[]).await.status, 200);
    assert_eq!(
        browser.send_form("/oauth2/userinfo", &[], &[]).await.headers["www-authenticate"],
        "Bearer realm=\"userinfo\""
    );
}

async fn keys_are_changed_without_a_gap(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let own = Client::new(&world, "own");
    let kid_of = |token: &str| {
        use base64::Engine as _;
        let header = token.split('.').next().unwrap();
        let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
        text(&serde_json::from_slice(&header).unwrap(), "kid")
    };
    let first = own.tokens(&mut browser, &[]).await;
    let old = kid_of(&text(&first, "id_token"));
    // A replica that was there before the change, and knows nothing of it yet.
    let replica = World::start(&world.config, world.clock.clone(), 2).await;
    let elsewhere = testkit::Browser::of(replica.router.clone());
    let known = |browser: testkit::Browser| async move {
        let keys = browser.call("GET", "/oauth2/jwks", None, &[]).await.json;
        keys["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect::<Vec<_>>()
    };
    assert!(known(elsewhere.clone()).await.contains(&old), "both have the same keys");
    let shown = world.operate(selfsame::admin::Operation::KeysRotate {}).await.unwrap();
    assert_eq!(shown.as_array().unwrap().len(), 6, "{shown}");
    let still = kid_of(&text(&own.tokens(&mut browser, &[]).await, "id_token"));
    assert_eq!(still, old, "the new key is known before it signs");
    world.advance(MINUTE.times(16));
    let new = kid_of(&text(&own.tokens(&mut browser, &[]).await, "id_token"));
    assert_ne!(new, old);
    for keys in [known(world.browser()).await, known(elsewhere).await] {
        assert!(keys.contains(&new) && keys.contains(&old), "{keys:?}");
    }
    world.advance(model::HOUR.times(3));
    assert!(!known(world.browser()).await.contains(&old), "nothing it signed counts any more");
}

/// A replica that has signed nothing yet, and one that has not heard of the newest key.
async fn t68_every_replica_knows_a_token(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let own = Client::new(&world, "own");
    let basic = {
        use base64::Engine as _;
        let text = format!("own:{CLIENT_SECRET}");
        [("authorization", format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text)))]
    };
    let tokens = own.tokens(&mut browser, &[]).await;
    let access = text(&tokens, "access_token");
    let fresh = World::start(&world.config, world.clock.clone(), 2).await;
    let elsewhere = testkit::Browser::of(fresh.router.clone());
    let bearer = [("authorization", format!("Bearer {access}"))];
    assert_eq!(elsewhere.call("GET", "/oauth2/userinfo", None, &bearer).await.status, 200);
    let revoked = elsewhere.send_form("/oauth2/revoke", &[("token", &access)], &basic).await;
    assert_eq!(revoked.status, 200);
    assert!(!own.is_active(&access).await, "it was really revoked");
    // The keys change after that replica looked; half a minute later somebody brings it a token of the new one.
    world.operate(selfsame::admin::Operation::KeysRotate {}).await.unwrap();
    world.advance(MINUTE.times(16));
    elsewhere.call("GET", "/oauth2/jwks", None, &[]).await;
    let access = text(&own.tokens(&mut browser, &[]).await, "access_token");
    let bearer = [("authorization", format!("Bearer {access}"))];
    assert_eq!(elsewhere.call("GET", "/oauth2/userinfo", None, &bearer).await.status, 200);
}
