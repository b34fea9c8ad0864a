//! Passkeys, with an authenticator made by hand (WebAuthn Level 3 §6), so that it can lie. A real browser's is in
//! `e2e/tests/passkeys.test.mjs`.

use crate::on_both_engines;
use crate::provider::{Client, claims, logout, options, text};
use model::MINUTE;
use serde_json::{Value, json};
use testkit::passkey::{Authenticator, USER_PRESENT, USER_VERIFIED, asked};
use testkit::{Browser, Engine, Form, ORIGIN, Options, Page, World};

on_both_engines!(
    a_passkey_opens_the_account,
    m026_a_passkey_is_a_proof_for_a_link_and_for_a_step_up,
    n09_an_answer_that_is_not_for_us_now_opens_nothing,
    n09_a_passkey_that_cannot_be_taken_is_not_added,
    t67_what_rests_on_a_passkey_ends_with_it,
    t67_clients_hear_of_a_session_that_came_to_rest_on_a_passkey,
    a_new_root_key_locks_nobody_out,
    t73_a_passkey_of_another_host_is_no_way_in,
    m047_the_last_way_in_stays,
    t73_a_passkey_counts_while_policy_allows_it,
    what_a_passkey_costs,
    the_api_takes_a_passkey,
);

const ADA: &str = "ada@example.test";

pub(crate) async fn add(browser: &mut Browser, authenticator: &mut Authenticator) -> Page {
    let page = browser.get("/account/passkeys/add").await;
    let (options, form) = asked(&page, "/account/passkeys/add");
    let answer = authenticator.create(&options);
    browser.submit(form.with("passkey", &answer).with("name", "Ada\u{202e}’s phone")).await
}

async fn sign_in(browser: &mut Browser, authenticator: &Authenticator) -> Page {
    let page = browser.get("/sign-in").await;
    let (options, form) = asked(&page, "/sign-in/passkey");
    browser.submit(form.with("passkey", &authenticator.get(&options))).await
}

async fn with_passkey(engine: Engine) -> (World, Browser, Authenticator) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", ADA).await;
    let mut authenticator = Authenticator::new();
    let page = add(&mut browser, &mut authenticator).await;
    assert!(page.all_text().contains("Your passkey is added."), "{}", page.all_text());
    (world, browser, authenticator)
}

/// Until a mail with these words in its subject came to Ada.
async fn heard(world: &World, subject: &str) {
    for _ in 0..400 {
        let of_ada = |mail: &testkit::Message| {
            mail.is_to(ADA) && mail.header("Subject").is_some_and(|text| text.contains(subject))
        };
        if world.mailbox.messages().iter().any(of_ada) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no mail says that a {subject}");
}

async fn a_passkey_opens_the_account(engine: Engine) {
    let (world, mut browser, mut authenticator) = with_passkey(engine).await;
    let page = browser.get("/account").await;
    assert!(page.all_text().contains("Ada’s phone") && page.all_text().contains("Passkey"), "{}", page.all_text());
    world.sign_out(&mut browser).await;
    for _ in 0..2 {
        let mut browser = world.browser();
        authenticator.counter += 1;
        let page = sign_in(&mut browser, &authenticator).await;
        assert_eq!(page.path(), "/account", "{}", page.all_text());
        assert_eq!(world.who(&mut browser).await.as_deref(), Some("Ada"));
        assert!(page.all_text().contains("Used now"), "{}", page.all_text());
        // Two factors in one, and said so.
        let told = claims(&text(&Client::new(&world, "own").tokens(&mut browser, &[]).await, "id_token"));
        assert_eq!((&told["acr"], &told["amr"]), (&json!("urn:selfsame:aal2"), &json!(["pop", "user", "mfa"])));
        world.sign_out(&mut browser).await;
    }
    // t125: every address hears of it.
    heard(&world, "passkey was added").await;
    let activity = {
        let mut browser = world.browser();
        sign_in(&mut browser, &Authenticator { counter: 9, ..authenticator }).await;
        browser.get("/account/activity").await.all_text()
    };
    assert!(activity.contains("A passkey was added"), "{activity}");
}

async fn m026_a_passkey_is_a_proof_for_a_link_and_for_a_step_up(engine: Engine) {
    let (world, mut browser, mut authenticator) = with_passkey(engine).await;
    world.sign_out(&mut browser).await;
    // A provider comes with Ada's address: she proves by passkey that it is her, and the two are one.
    let mut other = world.browser();
    let page = world.provider_sign_in(&mut other, "a", "a-ada").await;
    let (options, form) = asked(&page, "/sign-in/prove");
    assert_eq!(options["publicKey"]["allowCredentials"].as_array().map_or(0, Vec::len), 0, "strangers see no passkeys");
    authenticator.counter += 1;
    let page = other.submit(form.with("passkey", &authenticator.get(&options))).await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    assert!(page.all_text().contains("Example A"), "{}", page.all_text());
    // Not by somebody else's.
    let mut eve = world.browser();
    world.sign_up(&mut eve, "Eve", "eve@example.test").await;
    let mut hers = Authenticator::new();
    add(&mut eve, &mut hers).await;
    world.advance(MINUTE.times(10));
    let page = other.get("/account/step-up").await;
    let (options, form) = asked(&page, "/account/step-up");
    hers.counter += 1;
    let page = other.submit(form.with("passkey", &hers.get(&options))).await;
    assert_eq!(page.error_code().as_deref(), Some("passkey_not_found"), "{}", page.all_text());
    let (options, form) = asked(&page, "/account/step-up");
    authenticator.counter += 1;
    let page = other.submit(form.with("passkey", &authenticator.get(&options))).await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    let page = other.get("/account/password").await;
    assert!(page.has_form("/account/password"), "fresh again");
}

/// What a page says about the answer of an authenticator that was changed.
async fn refused(world: &World, authenticator: &Authenticator) -> String {
    let mut browser = world.browser();
    let page = sign_in(&mut browser, authenticator).await;
    assert_eq!((page.status.as_u16(), world.who(&mut browser).await), (422, None), "{}", page.all_text());
    page.error_code().unwrap()
}

async fn n09_an_answer_that_is_not_for_us_now_opens_nothing(engine: Engine) {
    let (world, mut browser, mut honest) = with_passkey(engine).await;
    world.sign_out(&mut browser).await;
    honest.counter = 5;
    let lies: [fn(&mut Authenticator); 6] = [
        |one| "https://evil.example".clone_into(&mut one.origin),
        |one| "http://id.example.test".clone_into(&mut one.origin),
        |one| "evil.example".clone_into(&mut one.rp_id),
        |one| one.flags = USER_PRESENT,
        |one| one.flags = USER_VERIFIED,
        |one| one.flags = 0,
    ];
    for (at, lie) in lies.into_iter().enumerate() {
        let (origin, rp_id, flags) = (honest.origin.clone(), honest.rp_id.clone(), honest.flags);
        lie(&mut honest);
        assert_eq!(refused(&world, &honest).await, "passkey_failed", "{at}");
        (honest.origin, honest.rp_id, honest.flags) = (origin, rp_id, flags);
    }
    // A key that nobody has, and ours under another's handle.
    let mut stranger = Authenticator::new();
    stranger.handle = honest.handle.clone();
    assert_eq!(refused(&world, &stranger).await, "passkey_not_found");
    let handle = std::mem::replace(&mut honest.handle, vec![7; 16]);
    assert_eq!(refused(&world, &honest).await, "passkey_not_found");
    honest.handle = handle;
    // Signed by another key than the one that is known.
    let id = std::mem::replace(&mut stranger.id, honest.id.clone());
    assert_eq!(refused(&world, &stranger).await, "passkey_failed");
    stranger.id = id;
    // For another challenge; twice; too late; and what is no answer at all.
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await;
    let (first, form) = asked(&page, "/sign-in/passkey");
    let (second, _) = asked(&browser.get("/sign-in").await, "/sign-in/passkey");
    assert_ne!(first["publicKey"]["challenge"], second["publicKey"]["challenge"]);
    let failed = |page: &Page| assert_eq!(page.error_code().as_deref(), Some("passkey_failed"), "{}", page.all_text());
    for nonsense in ["", "{}", "[]", "null", &"x".repeat(40_000), &honest.get(&second)] {
        failed(&browser.submit(form.clone().with("passkey", nonsense)).await);
    }
    failed(&browser.submit(form.clone().with("passkey", &honest.get(&first)).with("ceremony", "AAAA")).await);
    honest.counter += 1;
    let good = form.clone().with("passkey", &honest.get(&first));
    let mut thief = browser.clone();
    let page = browser.submit(good.clone()).await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    let page = thief.submit(good).await;
    assert!(page.error_code().is_some(), "an answer counts once: {}", page.all_text());
    assert_eq!(world.who(&mut thief).await, None);
    let mut late = world.browser();
    let (options, form) = asked(&late.get("/sign-in").await, "/sign-in/passkey");
    world.advance(MINUTE.times(11));
    honest.counter += 1;
    failed(&late.submit(form.with("passkey", &honest.get(&options))).await);
    // A copy whose counter stands behind.
    honest.counter = 2;
    assert_eq!(refused(&world, &honest).await, "passkey_failed");
}

async fn n09_a_passkey_that_cannot_be_taken_is_not_added(engine: Engine) {
    let (world, mut browser, mut known) = with_passkey(engine).await;
    let refused = async |browser: &mut Browser, one: &mut Authenticator| {
        let page = add(browser, one).await;
        assert!(page.path() == "/account/passkeys/add", "{}", page.all_text());
        page.error_code().unwrap()
    };
    // Ed25519 is not verified here, and said so by the options already.
    let offered = asked(&browser.get("/account/passkeys/add").await, "/account/passkeys/add").0;
    let offered = offered["publicKey"]["pubKeyCredParams"].as_array().unwrap().clone();
    assert!(offered.iter().any(|one| one["alg"] == -7) && !offered.iter().any(|one| one["alg"] == -8), "{offered:?}");
    let mut odd = Authenticator { algorithm: -8, ..Authenticator::new() };
    assert_eq!(refused(&mut browser, &mut odd).await, "passkey_failed");
    let mut elsewhere = Authenticator { origin: "https://evil.example".to_owned(), ..Authenticator::new() };
    assert_eq!(refused(&mut browser, &mut elsewhere).await, "passkey_failed");
    let mut unverified = Authenticator { flags: USER_PRESENT, ..Authenticator::new() };
    assert_eq!(refused(&mut browser, &mut unverified).await, "passkey_failed");
    // Twice: authenticators refuse to, and so do we. By another person.
    assert_eq!(refused(&mut browser, &mut known).await, "passkey_failed");
    let mut eve = world.browser();
    world.sign_up(&mut eve, "Eve", "eve@example.test").await;
    assert_eq!(refused(&mut eve, &mut known).await, "passkey_taken");
    // The challenge of one person is no other's.
    let (options, form) = asked(&browser.get("/account/passkeys/add").await, "/account/passkeys/add");
    let of_eve = asked(&eve.get("/account/passkeys/add").await, "/account/passkeys/add").1;
    let stolen = form.fields.iter().find(|(name, _)| name == "ceremony").unwrap().1.clone();
    let page =
        eve.submit(of_eve.with("passkey", &Authenticator::new().create(&options)).with("ceremony", &stolen)).await;
    assert_eq!(page.error_code().as_deref(), Some("passkey_failed"), "{}", page.all_text());
    // t88: only in a fresh session, and within five minutes.
    world.advance(MINUTE.times(6));
    let page = browser.get("/account/passkeys/add").await;
    assert!(page.has_form("/account/step-up") && page.all_text().contains("add a passkey"), "{}", page.all_text());
    let page = browser.submit(form.with("passkey", &Authenticator::new().create(&options))).await;
    assert!(page.has_form("/account/step-up"), "{}", page.all_text());
    let mut out = world.browser();
    assert_eq!(out.get("/account/passkeys/add").await.path(), "/sign-in");
}

async fn t67_what_rests_on_a_passkey_ends_with_it(engine: Engine) {
    let (world, mut browser, mut authenticator) = with_passkey(engine).await;
    let mut through = world.browser();
    authenticator.counter += 1;
    sign_in(&mut through, &authenticator).await;
    let own = Client::new(&world, "own");
    let given = own.tokens(&mut through, &[("scope", "openid offline_access")]).await;
    let by_password = own.tokens(&mut browser, &[("scope", "openid offline_access")]).await;
    let page = browser.get("/account").await;
    let link = page.links().into_iter().find(|link| link.contains("/account/methods/remove")).unwrap();
    let page = browser.get(&link).await;
    assert!(page.all_text().contains("Password"), "what remains: {}", page.all_text());
    let page = browser.submit(page.form("/account/methods/remove")).await;
    assert!(page.all_text().contains("The passkey is removed."), "{}", page.all_text());
    assert_eq!(world.who(&mut through).await, None);
    assert!(
        !own.is_active(&text(&given, "refresh_token")).await
            && own.is_active(&text(&by_password, "refresh_token")).await
    );
    authenticator.counter += 1;
    assert_eq!(refused(&world, &authenticator).await, "passkey_not_found");
    heard(&world, "passkey was removed").await;
    // Its own session goes too.
    add(&mut browser, &mut authenticator).await;
    world.sign_out(&mut browser).await;
    authenticator.counter += 1;
    sign_in(&mut browser, &authenticator).await;
    let page = browser.get("/account").await;
    let link = page.links().into_iter().find(|link| link.contains("/methods/remove"));
    let page = browser.get(&link.unwrap_or_else(|| panic!("{}", page.all_text()))).await;
    let page = browser.submit(page.form("/account/methods/remove")).await;
    assert_eq!((page.path(), world.who(&mut browser).await), ("/signed-out", None));
}

/// Let in by password, stepped up by passkey: the session rests on the passkey, and goes with it.
async fn t67_clients_hear_of_a_session_that_came_to_rest_on_a_passkey(engine: Engine) {
    let (options, listener) = logout::listening(engine).await;
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", ADA).await;
    let mut authenticator = Authenticator::new();
    add(&mut browser, &mut authenticator).await;
    let wiki = logout::client(&world, "wiki", "https://wiki.example/cb");
    wiki.tokens(&mut browser, &[("scope", "openid")]).await;
    let (options, form) = asked(&browser.get("/account/step-up").await, "/account/step-up");
    authenticator.counter += 1;
    browser.submit(form.with("passkey", &authenticator.get(&options))).await;
    assert_eq!(listener.count(), 0, "a step-up ends nothing");
    let page = browser.get("/account").await;
    let link = page.links().into_iter().find(|link| link.contains("/account/methods/remove")).unwrap();
    let page = browser.get(&link).await;
    browser.submit(page.form("/account/methods/remove")).await;
    assert_eq!(world.who(&mut browser).await, None);
    listener.tokens(1).await;
}

/// What authenticators keep does not hang on the key that was the first when they were added.
async fn a_new_root_key_locks_nobody_out(engine: Engine) {
    let (world, _browser, mut authenticator) = with_passkey(engine).await;
    let mut config = (*world.config).clone();
    let mut fresh = config.root_keys[0].clone();
    fresh.key = model::Secret::new([9; 32]);
    config.root_keys.insert(0, fresh);
    let server = World::start(&config, world.clock.clone(), 2).await;
    let mut browser = Browser::of(server.router.clone());
    authenticator.counter += 1;
    let page = sign_in(&mut browser, &authenticator).await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    // One that is added now is for the same user.
    let mut second = Authenticator::new();
    let page = add(&mut browser, &mut second).await;
    assert!(page.all_text().contains("Your passkey is added."), "{}", page.all_text());
    assert_eq!(second.handle, authenticator.handle);
}

async fn t73_a_passkey_of_another_host_is_no_way_in(engine: Engine) {
    let (world, _browser, _authenticator) = with_passkey(engine).await;
    let user = world.user(ADA).await["id"].as_str().unwrap().parse().unwrap();
    let query = model::FactsQuery { users: vec![user], ..model::FactsQuery::default() };
    let facts = world.server.store.facts(&query).await.unwrap();
    let ada = facts.user(user).unwrap();
    let here = world.server.journeys.policy().clone();
    let elsewhere = model::Policy { host: "id.elsewhere.example".to_owned(), ..here.clone() };
    let ways = |policy| linking::usable_methods(ada, &facts.connections, policy).len();
    assert_eq!((ways(&here), ways(&elsewhere)), (2, 1));
}

async fn m047_the_last_way_in_stays(engine: Engine) {
    let mut options: Options = options(engine);
    options.policy.push_str("\npassword = false");
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.provider_sign_in(&mut browser, "a", "a-grace").await;
    let mut authenticator = Authenticator::new();
    let page = add(&mut browser, &mut authenticator).await;
    let links: Vec<String> = page.links().into_iter().filter(|link| link.contains("/account/methods/remove")).collect();
    assert_eq!(links.len(), 2, "with a passkey the link may go, and with the link the passkey: {}", page.all_text());
    let link =
        links.iter().find(|link| page.body.contains(&format!("{link}\" aria-label=\"Remove Example A"))).unwrap();
    let confirm = browser.get(link).await;
    let page = browser.submit(confirm.form("/account/methods/remove")).await;
    let page = if page.path() == "/signed-out" {
        authenticator.counter += 1;
        sign_in(&mut browser, &authenticator).await
    } else {
        page
    };
    assert!(page.all_text().contains("only way in"), "{}", page.all_text());
    assert!(!page.links().iter().any(|link| link.contains("/account/methods/remove")), "the passkey stays");
}

async fn t73_a_passkey_counts_while_policy_allows_it(engine: Engine) {
    let mut options: Options = options(engine);
    options.policy.push_str("\npasskey = false");
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", ADA).await;
    assert!(!browser.get("/account").await.links().iter().any(|link| link.contains("passkeys")));
    let page = browser.get("/account/passkeys/add").await;
    assert_eq!(page.status.as_u16(), 403, "{}", page.all_text());
    world.sign_out(&mut browser).await;
    assert!(!browser.get("/sign-in").await.body.contains("data-passkey"));
}

async fn what_a_passkey_costs(engine: Engine) {
    let (world, mut browser, mut authenticator) = with_passkey(engine).await;
    let cost = async |browser: &mut Browser, form: Form| {
        let before = world.reads_and_writes();
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let page = browser.post_once(form.action.path(), &fields).await;
        let after = world.reads_and_writes();
        assert!(page.status.as_u16() == 303, "{} {}", page.status, page.all_text());
        (after.0 - before.0, after.1 - before.1)
    };
    let (options, form) = asked(&browser.get("/account/passkeys/add").await, "/account/passkeys/add");
    let answer = Authenticator::new().create(&options);
    assert_eq!(cost(&mut browser, form.with("passkey", &answer)).await, (1, 1));
    let mut other = world.browser();
    let before = world.reads_and_writes();
    let page = other.get("/sign-in").await;
    assert_eq!(world.reads_and_writes(), before, "asking costs nothing");
    let (options, form) = asked(&page, "/sign-in/passkey");
    authenticator.counter += 1;
    assert_eq!(cost(&mut other, form.with("passkey", &authenticator.get(&options))).await, (1, 1));
}

async fn the_api_takes_a_passkey(engine: Engine) {
    let (world, _browser, mut authenticator) = with_passkey(engine).await;
    let mut other = world.browser();
    let flow = other.api("POST", "/api/v1/flows", Some(json!({ "kind": "sign_in" })), Some(ORIGIN)).await;
    assert_eq!(flow.status, 201, "{flow:?}");
    assert!(flow.json["actions"].as_array().unwrap().contains(&json!("passkey")), "{flow:?}");
    let asked = &flow.json["passkey"];
    authenticator.counter += 1;
    let credential: Value = serde_json::from_str(&authenticator.get(&asked["options"])).unwrap();
    let act = json!({ "action": "passkey", "ceremony": asked["ceremony"], "credential": credential });
    let path = format!("/api/v1/flows/{}", flow.json["id"].as_str().unwrap());
    let done = other.api("POST", &path, Some(act), Some(ORIGIN)).await;
    assert_eq!((done.status.as_u16(), &done.json["state"]), (200, &json!("finished")), "{done:?}");
    let session = other.api("GET", "/api/v1/session", None, Some(ORIGIN)).await.json["session"].clone();
    assert_eq!((&session["method"], &session["level"]), (&json!("passkey"), &json!("aal2")), "{session}");
}
