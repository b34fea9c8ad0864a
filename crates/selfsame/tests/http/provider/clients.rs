//! Clients that an operator adds, changes and removes while the server runs.

use super::{Client, error_at, options, parameter, text};
use crate::on_both_engines;
use crate::operator::{done, ran, refused};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::{Browser, Engine, Options, World};

on_both_engines!(
    t68_a_client_comes_works_and_goes_with_its_tokens,
    t38_a_rotated_secret_is_good_beside_the_new_one_until_it_ends,
    t41_a_redirect_that_was_taken_away_is_led_to_no_more,
    a_client_of_the_file_is_changed_there,
    t113_secrets_are_shown_once_and_stored_as_hashes,
    n34_what_a_client_may_be_is_one_set_of_rules,
    a_stored_client_costs_what_one_of_the_file_costs,
    t68_tokens_of_a_robot_end_with_it,
    the_command_line_speaks_of_clients,
);

const REDIRECT: &str = "https://late.example/cb";

async fn create(world: &World, id: &str, more: Value) -> Value {
    let mut metadata = json!({
        "client_name": "Late",
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"],
        "id_token_signed_response_alg": "ES256",
    });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    operate(world, json!({ "operation": "client_create", "id": id, "metadata": metadata })).await.unwrap()
}

/// As the socket hands it on.
async fn operate(world: &World, operation: Value) -> Result<Value, String> {
    let operation = serde_json::from_value(operation).unwrap();
    world.operate(operation).await.map_err(|refusal| refusal.code)
}

async fn t68_a_client_comes_works_and_goes_with_its_tokens(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let plain = Client::of(&world, "late", "", REDIRECT);
    assert_eq!(browser.get(&plain.request(&[])).await.status, 400, "nobody knows it yet");
    let secret = text(&create(&world, "late", json!({})).await, "client_secret");
    let late = Client::of(&world, "late", &secret, REDIRECT);
    let tokens = late.tokens(&mut browser, &[("scope", "openid email offline_access")]).await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    assert_eq!(late.userinfo(&access).await.json["email"], "ada@example.test");
    let refresh = text(&late.refresh(&refresh).await.json, "refresh_token");
    let applications = browser.get("/account/applications").await;
    assert!(applications.all_text().contains("Late"));
    // A code and a page of consent that are under way end too.
    let code = late.code(&mut browser, &[]).await;
    let mut grace = world.browser();
    world.sign_up(&mut grace, "Grace", "grace@example.test").await;
    let asked = grace.get(&late.request(&[])).await;

    let gone = operate(&world, json!({ "operation": "client_remove", "client": "late" })).await.unwrap();
    assert_eq!(gone["removed"], true);
    assert_eq!(late.userinfo(&access).await.status, 401);
    assert_eq!(late.exchange(&code).await.json["error"], "invalid_client");
    assert_eq!(late.refresh(&refresh).await.json["error"], "invalid_client");
    let robot = Client::new(&world, "robot");
    assert!(!robot.is_active(&access).await && !robot.is_active(&refresh).await);
    let page = grace.press(asked.form("/oauth2/consent"), "choice", "allow").await;
    assert_eq!(parameter(&page.url, "code"), None, "{}", page.url);
    let applications = browser.get("/account/applications").await;
    assert!(!applications.all_text().contains("Late"));
    let again = operate(&world, json!({ "operation": "client_create", "id": "late", "metadata": {} })).await;
    assert_eq!(again.unwrap_err(), "client_metadata", "even so a client keeps the rules");
    let metadata = json!({ "redirect_uris": [REDIRECT] });
    let again = operate(&world, json!({ "operation": "client_create", "id": "late", "metadata": metadata })).await;
    assert_eq!(again.unwrap_err(), "client_id_taken");
}

async fn t38_a_rotated_secret_is_good_beside_the_new_one_until_it_ends(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let first = text(&create(&world, "late", json!({})).await, "client_secret");
    let rotate = |at_once: bool| {
        operate(&world, json!({ "operation": "client_rotate_secret", "client": "late", "at_once": at_once }))
    };
    let second = text(&rotate(false).await.unwrap(), "client_secret");
    for secret in [&first, &second] {
        Client::of(&world, "late", secret, REDIRECT).tokens(&mut browser, &[]).await;
    }
    let third = text(&rotate(true).await.unwrap(), "client_secret");
    for (secret, good) in [(&first, false), (&second, false), (&third, true)] {
        let client = Client::of(&world, "late", secret, REDIRECT);
        let call = client.post("/oauth2/introspect", &[("token", "x")]).await;
        assert_eq!(call.status == 200, good);
    }
    let public = json!({ "operation": "client_update", "client": "late",
        "metadata": { "token_endpoint_auth_method": "none" } });
    let answer = operate(&world, public).await.unwrap();
    assert_eq!((&answer["secrets"], answer.get("client_secret")), (&json!(0), None));
    Client::of(&world, "late", "", REDIRECT).tokens(&mut browser, &[]).await;
    assert_eq!(rotate(false).await.unwrap_err(), "client_metadata");
    let confidential = json!({ "operation": "client_update", "client": "late",
        "metadata": { "token_endpoint_auth_method": null } });
    let fourth = text(&operate(&world, confidential).await.unwrap(), "client_secret");
    Client::of(&world, "late", &fourth, REDIRECT).tokens(&mut browser, &[]).await;
}

async fn t41_a_redirect_that_was_taken_away_is_led_to_no_more(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let other = "https://late.example/other";
    let secret = text(&create(&world, "late", json!({ "redirect_uris": [REDIRECT, other] })).await, "client_secret");
    let at_other = Client::of(&world, "late", &secret, other);
    let code = at_other.code(&mut browser, &[]).await;
    // The question of consent is open while the redirect goes.
    let asked = browser.get(&at_other.request(&[("prompt", "consent")])).await;
    let update = json!({ "operation": "client_update", "client": "late", "metadata": { "redirect_uris": [REDIRECT] } });
    let changed = operate(&world, update).await.unwrap();
    assert_eq!(changed["metadata"]["client_name"], "Late", "what is not named stays");
    let page = browser.press(asked.form("/oauth2/consent"), "choice", "allow").await;
    assert_eq!((page.status.as_u16(), page.url.path()), (400, "/oauth2/consent"), "{}", page.url);
    assert_eq!(browser.get(&at_other.request(&[])).await.status, 400);
    assert_eq!(at_other.exchange(&code).await.json["error"], "invalid_grant");
    Client::of(&world, "late", &secret, REDIRECT).tokens(&mut browser, &[]).await;
}

async fn a_client_of_the_file_is_changed_there(engine: Engine) {
    let world = World::with(options(engine)).await;
    let metadata = json!({ "redirect_uris": [REDIRECT] });
    for operation in [
        json!({ "operation": "client_create", "id": "shop", "metadata": metadata }),
        json!({ "operation": "client_update", "client": "shop", "metadata": metadata }),
        json!({ "operation": "client_rotate_secret", "client": "shop", "at_once": true }),
        json!({ "operation": "client_remove", "client": "shop" }),
    ] {
        assert_eq!(operate(&world, operation).await.unwrap_err(), "client_in_file");
    }
    for operation in [
        json!({ "operation": "client_show", "client": "nothing" }),
        json!({ "operation": "client_update", "client": "nothing", "metadata": metadata }),
        json!({ "operation": "client_remove", "client": "nothing" }),
    ] {
        assert_eq!(operate(&world, operation).await.unwrap_err(), "client_unknown");
    }
}

async fn t113_secrets_are_shown_once_and_stored_as_hashes(engine: Engine) {
    let world = World::with(options(engine)).await;
    let secret = text(&create(&world, "late", json!({})).await, "client_secret");
    let made = json!({ "operation": "client_token_create", "uses": 2, "hours": 1, "client_credentials": false });
    let made = operate(&world, made).await.unwrap();
    let token = text(&made, "token");
    let stored = world.server.store.client("late").await.unwrap().unwrap();
    let kept = format!("{stored:?} {:?}", world.server.store.registration_tokens("", 9).await.unwrap());
    let mut shown = String::new();
    for operation in [
        json!({ "operation": "client_list", "after": null, "limit": 100 }),
        json!({ "operation": "client_show", "client": "late" }),
        json!({ "operation": "client_token_list" }),
        json!({ "operation": "audit_show", "user": null, "limit": 100, "before": null }),
    ] {
        shown.push_str(&operate(&world, operation).await.unwrap().to_string());
    }
    assert!(shown.contains("client:late") && shown.contains(&text(&made, "id")), "{shown}");
    for canary in [&secret, &token] {
        assert!(canary.len() == 43 && !kept.contains(canary.as_str()) && !shown.contains(canary.as_str()));
    }
    let id = text(&made, "id");
    operate(&world, json!({ "operation": "client_token_revoke", "token": id })).await.unwrap();
    let again = operate(&world, json!({ "operation": "client_token_revoke", "token": id })).await;
    assert_eq!(again.unwrap_err(), "token_unknown");
}

async fn n34_what_a_client_may_be_is_one_set_of_rules(engine: Engine) {
    let world = World::with(options(engine)).await;
    for (id, metadata) in [
        ("0123456789abcdef0123456789abcdef", json!({ "redirect_uris": [REDIRECT] })),
        ("Late", json!({ "redirect_uris": [REDIRECT] })),
        ("late", json!({ "redirect_uris": ["https://*.late.example/cb"] })),
        ("late", json!({ "redirect_uris": ["javascript:alert(1)"] })),
        ("late", json!({ "redirect_uris": [REDIRECT], "redirect_uri": "x" })),
        ("late", json!({ "redirect_uris": [REDIRECT], "client_name": "\u{202e}knaB" })),
        ("late", json!({ "redirect_uris": [REDIRECT], "sector_identifier_uri": "https://late.example/s" })),
        ("late", json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none", "introspection": true })),
    ] {
        let operation = json!({ "operation": "client_create", "id": id, "metadata": metadata });
        assert_eq!(operate(&world, operation).await.unwrap_err(), "client_metadata", "{id} {metadata}");
    }
    // Without an id it gets one that looks like nobody's.
    let metadata = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none" });
    let made =
        operate(&world, json!({ "operation": "client_create", "id": null, "metadata": metadata })).await.unwrap();
    let id = text(&made, "id");
    assert!(id.starts_with("c-") && id.len() == 28, "{id}");
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    Client::of(&world, &id, "", REDIRECT).tokens(&mut browser, &[]).await;
}

async fn a_stored_client_costs_what_one_of_the_file_costs(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let secret = text(&create(&world, "late", json!({})).await, "client_secret");
    let late = Client::of(&world, "late", &secret, REDIRECT);
    late.tokens(&mut browser, &[]).await;
    let plain = world.browser();
    // On PostgreSQL memory counts once the other replicas are heard.
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let before = world.reads_and_writes();
        plain.call("GET", &late.request(&[]), None, &[]).await;
        if world.reads_and_writes() == before {
            break;
        }
        assert!(Instant::now() < deadline, "memory never counts");
    }
    let cost = |before: (u64, u64)| {
        let after = world.reads_and_writes();
        (after.0 - before.0, after.1 - before.1)
    };
    let code = late.code(&mut browser, &[]).await;
    let before = world.reads_and_writes();
    let tokens = late.exchange(&code).await.json;
    assert_eq!(cost(before), (1, 1), "a code");
    let before = world.reads_and_writes();
    let tokens = late.refresh(&text(&tokens, "refresh_token")).await.json;
    assert_eq!(cost(before), (1, 1), "a refresh");
    let before = world.reads_and_writes();
    late.userinfo(&text(&tokens, "access_token")).await;
    assert_eq!(cost(before), (1, 0), "UserInfo");
    let before = world.reads_and_writes();
    assert!(late.is_active(&text(&tokens, "access_token")).await);
    assert_eq!(cost(before), (1, 0), "introspection");
    // T111: ids that somebody makes up cost no more than a bounded number of reads, and are not remembered.
    let before = world.reads_and_writes();
    for n in 0..200 {
        let page = world.browser().get(&format!("/oauth2/authorize?client_id=made-up-{n}")).await;
        assert_eq!(page.status, 400);
    }
    assert!(cost(before).0 <= 60, "{:?}", cost(before));
}

async fn t68_tokens_of_a_robot_end_with_it(engine: Engine) {
    let world = World::with(options(engine)).await;
    for format in ["opaque", "jwt"] {
        let id = format!("late-{format}");
        let metadata = json!({ "grant_types": ["client_credentials"], "scope": "things:read",
            "access_token_format": format, "redirect_uris": [] });
        let secret = text(&create(&world, &id, metadata).await, "client_secret");
        let robot = Client::of(&world, &id, &secret, REDIRECT);
        let call = robot.post("/oauth2/token", &[("grant_type", "client_credentials"), ("scope", "things:read")]).await;
        let token = text(&call.json, "access_token");
        let other = Client::new(&world, "robot");
        assert!(robot.is_active(&token).await && other.is_active(&token).await);
        // Another server over the same database has its memory, and looks.
        let replica = World::start(&world.config, world.clock.clone(), 2).await;
        operate(&world, json!({ "operation": "client_remove", "client": id })).await.unwrap();
        assert!(!other.is_active(&token).await);
        let call = robot.post("/oauth2/token", &[("grant_type", "client_credentials")]).await;
        assert_eq!(call.json["error"], "invalid_client");
        let there = Browser::of(replica.router.clone());
        let fields = [("token", token.as_str())];
        let call = there.send_form("/oauth2/introspect", &fields, &other.authorization()).await;
        assert_eq!(call.json["active"], false, "{call:?}");
    }
}

async fn the_command_line_speaks_of_clients(engine: Engine) {
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("admin.sock");
    let mut options: Options = options(engine);
    options.server = format!("admin_socket = \"{}\"", socket.display());
    let world = World::with(options).await;
    the_story(&world).await;
    // The same again, of the server that runs.
    let bound = selfsame::socket::Socket::bind(&socket).await.unwrap();
    let serving = tokio::spawn(bound.serve(world.server.admin.clone()));
    let made = done(&world, &["client", "create", "--id", "served", "--redirect-uri", REDIRECT]).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let secret = text(&made, "client_secret");
    Client::of(&world, "served", &secret, REDIRECT).tokens(&mut browser, &[]).await;
    done(&world, &["client", "remove", "served", "--yes"]).await;
    let page = browser.get(&Client::of(&world, "served", &secret, REDIRECT).request(&[])).await;
    assert_eq!(page.status, 400, "the server that runs knows at once");
    serving.abort();
}

async fn the_story(world: &World) {
    let listed = done(world, &["client", "list"]).await;
    assert!(listed.as_array().unwrap().iter().all(|line| line["source"] == "file"), "{listed}");
    let create = ["client", "create", "--id", "late", "--name", "Late", "--redirect-uri", REDIRECT];
    let made = done(world, &create).await;
    assert_eq!(made["metadata"]["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(made["metadata"]["id_token_signed_response_alg"], "ES256");
    let secret = text(&made, "client_secret");
    refused(world, &create, "client_id_taken").await;
    let wrong = ["client", "create", "--redirect-uri", "http://late.example/cb"];
    refused(world, &wrong, "client_metadata").await;
    let told = ran(world, &wrong).await.err;
    assert!(told.contains("redirect_uris[0]: use https") && told.contains("(redirect_uri_not_https)"), "{told}");
    let ran_text = ran(world, &["client", "show", "late"]).await;
    assert!(ran_text.out.contains("Late") && !ran_text.out.contains(&secret), "{}", ran_text.out);
    let listed = done(world, &["client", "list"]).await;
    assert!(listed.as_array().unwrap().iter().any(|line| line["id"] == "late" && line["source"] == "store"));
    let file = world.directory.path().join("metadata.json");
    std::fs::write(&file, json!({ "client_name": "Later", "subject_type": "pairwise" }).to_string()).unwrap();
    let file = file.to_str().unwrap();
    let changed = done(world, &["client", "update", "late", "--metadata", file, "--first-party", "true"]).await;
    assert_eq!(
        (&changed["metadata"]["client_name"], &changed["metadata"]["first_party"]),
        (&json!("Later"), &json!(true))
    );
    assert_eq!(changed["version"], 2);
    assert_eq!(ran(world, &["client", "update", "late"]).await.code, 2, "nothing is named");
    let rotated = done(world, &["client", "rotate-secret", "late"]).await;
    assert!(rotated["secrets"] == 2 && rotated["client_secret"] != made["client_secret"]);
    let token = done(world, &["client", "token", "create", "--uses", "3", "--hours", "2"]).await;
    let tokens = done(world, &["client", "token", "list"]).await;
    assert_eq!((&tokens[0]["id"], &tokens[0]["uses_left"]), (&token["id"], &json!(3)), "{tokens}");
    done(world, &["client", "token", "revoke", &text(&token, "id")]).await;
    refused(world, &["client", "token", "revoke", &text(&token, "id")], "token_unknown").await;
    let unsure = ran(world, &["client", "remove", "late"]).await;
    assert!(unsure.code == 2 && unsure.err.contains("--yes"), "{}", unsure.err);
    done(world, &["client", "remove", "late", "--yes"]).await;
    refused(world, &["client", "show", "late"], "client_unknown").await;
    let events = done(world, &["audit", "show"]).await;
    for kind in [
        "client_registered",
        "client_changed",
        "client_removed",
        "registration_token_made",
        "registration_token_revoked",
    ] {
        let found =
            events.as_array().unwrap().iter().any(|event| event["kind"] == kind && event["reason"] == "by_operator");
        assert!(found, "{kind}: {events}");
    }
    assert_eq!(done(world, &["audit", "verify"]).await["clean"], true);
}

/// What one replica changes the other sees within the bound, and until then gives nothing that lasts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t68_another_replica_hears_of_a_client_in_time() {
    let world = World::with(options(Engine::Postgres)).await;
    let replica = World::start(&world.config, world.clock.clone(), 2).await;
    let there = Browser::of(replica.router.clone());
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let secret = text(&create(&world, "late", json!({})).await, "client_secret");
    let late = Client::of(&world, "late", &secret, REDIRECT);
    let asks = async || there.call("GET", &late.request(&[("prompt", "none")]), None, &[]).await;
    // At once, heard of or not: what nobody knows is looked for.
    let call = asks().await;
    assert_eq!(call.status, 303, "{call:?}");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let before = replica.store.counters().reads;
        asks().await;
        if replica.store.counters().reads == before {
            break;
        }
        assert!(Instant::now() < deadline, "memory never counts");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let page = browser.get(&late.request(&[("prompt", "none")])).await;
    assert_eq!(error_at(&page), "consent_required");
    // What the first replica has promised by the client as it was the other does not keep.
    let code = late.code(&mut browser, &[]).await;
    let basic = late.authorization();
    let rotate = json!({ "operation": "client_rotate_secret", "client": "late", "at_once": true });
    operate(&world, rotate).await.unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", testkit::VERIFIER),
    ];
    let call = there.send_form("/oauth2/token", &fields, &basic).await;
    assert!(call.status == 401 || call.status == 503, "an old secret opens nothing: {call:?}");
    operate(&world, json!({ "operation": "client_remove", "client": "late" })).await.unwrap();
    let removed = Instant::now();
    while asks().await.status != 400 {
        assert!(removed.elapsed() < Duration::from_secs(2), "the other replica still believes in the client");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("removed elsewhere after {:?}; the bound is {:?}", removed.elapsed(), store::TRUST);
}
