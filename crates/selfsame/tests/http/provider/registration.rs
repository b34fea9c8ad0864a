//! Clients that register themselves (OpenID Connect Dynamic Client Registration 1.0, RFC 7591, RFC 7592).

use super::{Client, options, parameter, text};
use crate::on_both_engines;
use model::HOUR;
use selfsame::admin::Operation;
use serde_json::{Value, json};
use testkit::{ApiCall, Browser, Engine, World};

on_both_engines!(
    a_client_registers_itself_signs_in_and_leaves,
    without_the_setting_there_is_no_door,
    n34_only_a_token_that_counts_registers_and_only_so_often,
    t41_n18_n30_redirects_are_checked_like_those_of_the_file,
    a_native_application_is_returned_to_by_its_own_scheme,
    t110_nothing_a_client_names_is_fetched,
    t47_names_are_shown_as_what_they_are,
    t111_the_door_takes_no_more_than_it_can_carry,
    t68_a_registered_client_gets_no_privilege,
    of_two_for_the_last_use_one_is_registered,
    t133_a_client_takes_no_sector_of_others,
    t41_nobody_is_led_to_a_client_that_nobody_vouches_for,
);

const REDIRECT: &str = "https://itself.example/cb";

async fn world(engine: Engine) -> World {
    let mut options = options(engine);
    options.more.push_str("\n[registration]\nenabled = true\n");
    World::with(options).await
}

async fn token(world: &World, uses: i64, client_credentials: bool) -> String {
    let made = world.operate(Operation::ClientTokenCreate { uses, hours: 1, client_credentials }).await.unwrap();
    text(&made, "token")
}

fn bearer(token: &str) -> [(&'static str, String); 1] {
    [("authorization", format!("Bearer {token}"))]
}

async fn register(browser: &Browser, token: &str, metadata: Value) -> ApiCall {
    browser.call("POST", "/oauth2/register", Some(metadata), &bearer(token)).await
}

fn plain() -> Value {
    json!({ "redirect_uris": [REDIRECT], "client_name": "Itself" })
}

async fn a_client_registers_itself_signs_in_and_leaves(engine: Engine) {
    let world = world(engine).await;
    let mut browser = world.browser();
    let found = browser.call("GET", "/.well-known/openid-configuration", None, &[]).await.json;
    let endpoint = text(&found, "registration_endpoint");
    assert!(endpoint.ends_with("/oauth2/register"), "{endpoint}");
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let initial = token(&world, 1, false).await;
    // What libraries send.
    let metadata = json!({
        "application_type": "web",
        "client_name": "Itself",
        "client_uri": "https://itself.example",
        "contacts": ["dev@itself.example"],
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": [REDIRECT],
        "response_types": ["code"],
        "scope": "openid email offline_access",
        "token_endpoint_auth_method": "client_secret_basic",
    });
    let before = world.reads_and_writes();
    let call = register(&browser, &initial, metadata).await;
    let after = world.reads_and_writes();
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1));
    assert_eq!(call.status, 201, "{call:?}");
    assert_eq!(call.headers["cache-control"], "no-store");
    let mine = call.json;
    assert_eq!(
        (&mine["id_token_signed_response_alg"], &mine["client_secret_expires_at"]),
        (&json!("RS256"), &json!(0))
    );
    assert_eq!(mine.get("contacts"), None, "what is not kept is not said");
    let (id, secret) = (text(&mine, "client_id"), text(&mine, "client_secret"));
    assert!(id.starts_with("c-") && id.len() == 28, "{id}");
    let client = Client::of(&world, &id, &secret, REDIRECT);
    let tokens = client.tokens(&mut browser, &[("scope", "openid email offline_access")]).await;
    let head = text(&tokens, "id_token");
    assert!(head.starts_with("eyJ") && super::claims(&head)["aud"] == id.as_str());
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let refresh = text(&client.refresh(&refresh).await.json, "refresh_token");
    // It looks at itself, by its own token and no other.
    let at = text(&mine, "registration_client_uri");
    let path = at.strip_prefix(testkit::ORIGIN).unwrap().to_owned();
    let own = text(&mine, "registration_access_token");
    let read = browser.call("GET", &path, None, &bearer(&own)).await;
    assert_eq!((read.status.as_u16(), &read.json["client_id"]), (200, &json!(id)), "{read:?}");
    assert!(read.json.get("client_secret").is_none() && read.json.get("registration_access_token").is_none());
    for wrong in [&initial, &secret, &access] {
        for method in ["GET", "DELETE"] {
            assert_eq!(browser.call(method, &path, None, &bearer(wrong)).await.status, 401);
        }
    }
    assert_eq!(browser.call("DELETE", &path, None, &bearer(&own)).await.status, 204);
    assert_eq!(browser.call("GET", &path, None, &bearer(&own)).await.status, 401);
    assert_eq!(client.userinfo(&access).await.status, 401);
    assert_eq!(client.refresh(&refresh).await.json["error"], "invalid_client");
    let events = world.operate(Operation::AuditShow { user: None, limit: 9, before: None }).await.unwrap();
    let by_itself = events.as_array().unwrap().iter().filter(|event| event["reason"] == "by_client_itself").count();
    assert_eq!(by_itself, 2, "{events}");
}

async fn without_the_setting_there_is_no_door(engine: Engine) {
    let world = World::with(options(engine)).await;
    let browser = world.browser();
    let found = browser.call("GET", "/.well-known/openid-configuration", None, &[]).await.json;
    assert_eq!(found.get("registration_endpoint"), None);
    let initial = token(&world, 1, false).await;
    // As at any path that is none: from elsewhere nothing is posted.
    assert_eq!(register(&browser, &initial, plain()).await.status, 403);
    assert_eq!(browser.call("GET", "/oauth2/register/shop", None, &bearer(&initial)).await.status, 404);
}

async fn n34_only_a_token_that_counts_registers_and_only_so_often(engine: Engine) {
    let world = world(engine).await;
    let browser = world.browser();
    let none = browser.call("POST", "/oauth2/register", Some(plain()), &[]).await;
    assert_eq!((none.status.as_u16(), none.json.get("error")), (401, None), "RFC 6750 §3");
    let good = token(&world, 2, false).await;
    let mut almost = good.clone();
    almost.replace_range(0..1, if good.starts_with('A') { "B" } else { "A" });
    let before = world.reads_and_writes();
    for wrong in ["", "x", "Basic", &good[1..], &format!("{good}A"), &good.replace(|_| true, " ")] {
        let call = register(&browser, wrong, plain()).await;
        assert_eq!(call.status, 401, "{wrong}: {call:?}");
    }
    assert_eq!(world.reads_and_writes(), before, "what cannot be a token is not looked up");
    let call = register(&browser, &almost, plain()).await;
    assert_eq!((call.status.as_u16(), &call.json["error"]), (401, &json!("invalid_token")), "{call:?}");
    // A client cannot name itself.
    let mut named = plain();
    named["client_id"] = "shop".into();
    named["client_secret"] = "0123456789abcdef0123456789abcdef".into();
    let call = register(&browser, &good, named).await;
    assert_eq!(call.status, 201, "{call:?}");
    assert!(call.json["client_id"] != "shop" && call.json["client_secret"] != "0123456789abcdef0123456789abcdef");
    // What was refused has used nothing.
    for _ in 0..3 {
        assert_eq!(register(&browser, &good, json!({ "redirect_uris": [] })).await.status, 400);
    }
    assert_eq!(register(&browser, &good, plain()).await.status, 201);
    assert_eq!(register(&browser, &good, plain()).await.status, 401, "it is used up");
    let late = token(&world, 9, false).await;
    world.advance(HOUR);
    assert_eq!(register(&browser, &late, plain()).await.status, 401, "its hour is over");
    let revoked =
        world.operate(Operation::ClientTokenCreate { uses: 9, hours: 1, client_credentials: false }).await.unwrap();
    world.operate(Operation::ClientTokenRevoke { token: text(&revoked, "id") }).await.unwrap();
    assert_eq!(register(&browser, &text(&revoked, "token"), plain()).await.status, 401);
}

async fn t41_n18_n30_redirects_are_checked_like_those_of_the_file(engine: Engine) {
    let world = world(engine).await;
    let browser = world.browser();
    let initial = token(&world, 20, false).await;
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://itself.example/cb",
        "https://*.itself.example/cb",
        "https://itself.example/cb#x",
        "https://me:too@itself.example/cb",
        "org.example.app:/cb",
        "/cb",
    ] {
        let call = register(&browser, &initial, json!({ "redirect_uris": [REDIRECT, bad] })).await;
        assert_eq!((call.status.as_u16(), &call.json["error"]), (400, &json!("invalid_redirect_uri")), "{bad}");
        assert_eq!(
            (&call.json["details"][0]["index"], &call.json["details"][0]["field"]),
            (&json!(1), &json!("redirect_uris"))
        );
    }
    // RFC 8252: native applications by loopback, and by a scheme of their own.
    for redirects in [json!(["http://127.0.0.1/cb", "http://[::1]/cb"]), json!(["org.example.app:/cb"])] {
        let metadata =
            json!({ "application_type": "native", "token_endpoint_auth_method": "none", "redirect_uris": redirects });
        let call = register(&browser, &initial, metadata).await;
        assert_eq!((call.status.as_u16(), call.json.get("client_secret")), (201, None), "{call:?}");
    }
}

async fn a_native_application_is_returned_to_by_its_own_scheme(engine: Engine) {
    let world = world(engine).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let initial = token(&world, 1, false).await;
    let redirect = "org.example.app:/cb";
    let metadata = json!({
        "application_type": "native", "token_endpoint_auth_method": "none", "redirect_uris": [redirect],
    });
    let mine = register(&browser, &initial, metadata).await.json;
    assert_eq!(mine["client_name"], "org.example.app", "where it leads names it");
    let id = text(&mine, "client_id");
    let client = Client::of(&world, &id, "", redirect);
    let page = browser.get(&client.request(&[])).await;
    assert!(page.all_text().contains("org.example.app"), "{}", page.all_text());
    let page = browser.press(page.form("/oauth2/consent"), "choice", "allow").await;
    let refresh = page.headers["refresh"].to_str().unwrap().to_owned();
    let to = url::Url::parse(refresh.strip_prefix("0;url=").unwrap()).unwrap();
    assert!(to.as_str().starts_with("org.example.app:/cb?code="), "{to}");
    let code = parameter(&to, "code").unwrap();
    let call = client.exchange(&code).await;
    assert_eq!(call.status, 200, "{call:?}");
}

async fn t110_nothing_a_client_names_is_fetched(engine: Engine) {
    let world = world(engine).await;
    let browser = world.browser();
    let initial = token(&world, 9, false).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let mut metadata = plain();
    for name in ["logo_uri", "client_uri", "policy_uri", "tos_uri", "jwks_uri", "software_statement"] {
        metadata[name] = address.clone().into();
    }
    let call = register(&browser, &initial, metadata.clone()).await;
    assert_eq!(call.status, 201, "{call:?}");
    assert!(!call.json.to_string().contains(&address), "nor is it kept");
    metadata["sector_identifier_uri"] = address.into();
    let call = register(&browser, &initial, metadata).await;
    assert_eq!((call.status.as_u16(), &call.json["details"][0]["code"]), (400, &json!("unsupported")), "{call:?}");
    let asked = tokio::time::timeout(std::time::Duration::from_millis(100), listener.accept()).await;
    assert!(asked.is_err(), "somebody came");
}

async fn t47_names_are_shown_as_what_they_are(engine: Engine) {
    let world = world(engine).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let initial = token(&world, 9, false).await;
    let mut metadata = plain();
    metadata["client_name"] = "\u{202e}Your\u{200b} Bank\n<script>alert(1)</script>".into();
    let mine = register(&browser, &initial, metadata).await.json;
    assert_eq!(mine["client_name"], "Your Bank <script>alert(1)</script>");
    let id = text(&mine, "client_id");
    let client = Client::of(&world, &id, "", REDIRECT);
    let page = browser.get(&client.request(&[])).await;
    assert!(page.has_form("/oauth2/consent"), "{}", page.body);
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    let words = page.all_text();
    assert!(words.contains("registered itself") && words.contains("itself.example"), "{words}");
    // Where nobody is signed in the place stands beside the name.
    let page = world.browser().get(&client.request(&[])).await;
    assert!(page.all_text().contains("(itself.example)"), "{}", page.all_text());
    // One of the operator's is shown without a warning.
    let page = browser.get(&Client::new(&world, "shop").request(&[])).await;
    assert!(!page.all_text().contains("registered itself"));
    // A client without a name is known by where it leads.
    let mine = register(&browser, &initial, json!({ "redirect_uris": [REDIRECT] })).await.json;
    assert_eq!(mine["client_name"], "itself.example");
    let long = json!({ "redirect_uris": [REDIRECT], "client_name": "a".repeat(500) });
    assert_eq!(text(&register(&browser, &initial, long).await.json, "client_name").len(), 60);
}

async fn t111_the_door_takes_no_more_than_it_can_carry(engine: Engine) {
    let world = world(engine).await;
    let browser = world.browser();
    let initial = token(&world, 9, false).await;
    let mut large = plain();
    large["x"] = "y".repeat(17 * 1024).into();
    let before = world.reads_and_writes();
    assert_eq!(register(&browser, &initial, large).await.status, 400);
    let mut largest = plain();
    largest["x"] = "y".repeat(100 * 1024).into();
    assert_eq!(register(&browser, &initial, largest).await.status, 413);
    let form = browser.send_form("/oauth2/register", &[("client_name", "x")], &bearer(&initial)).await;
    assert_eq!((form.status.as_u16(), &form.json["error"]), (400, &json!("invalid_client_metadata")));
    assert_eq!(register(&browser, &initial, json!([plain()])).await.status, 400);
    // What reads as JSON and does not say so, as a page elsewhere could send it without being asked.
    let [token] = bearer(&initial);
    let text = [token, ("content-type", "text/plain".to_owned())];
    assert_eq!(browser.call("POST", "/oauth2/register", Some(plain()), &text).await.status, 400);
    assert_eq!(world.reads_and_writes(), before);
    let many: Vec<String> = (0..51).map(|n| format!("https://itself.example/{n}")).collect();
    let call = register(&browser, &initial, json!({ "redirect_uris": many })).await;
    assert_eq!(call.json["details"][0]["code"], "too_many", "{call:?}");
    let mut fast = 0;
    for _ in 0..60 {
        let call = register(&browser, &"A".repeat(43), plain()).await;
        assert!(call.status == 401 || call.status == 429, "{call:?}");
        if call.status == 429 {
            assert_eq!(call.headers["retry-after"], "2");
            fast += 1;
        }
    }
    assert!(fast >= 20, "{fast} of 60 were told to wait");
    for method in ["GET", "DELETE"] {
        let call = browser.call(method, "/oauth2/register/shop", None, &bearer(&"A".repeat(43))).await;
        assert_eq!(call.status, 429, "{method}: {call:?}");
    }
    world.advance(model::MINUTE);
    assert_eq!(register(&browser, &initial, plain()).await.status, 201);
}

async fn t68_a_registered_client_gets_no_privilege(engine: Engine) {
    let world = world(engine).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let initial = token(&world, 9, false).await;
    for (name, value) in [
        ("first_party", json!(true)),
        ("introspection", json!(true)),
        ("identity_subjects", json!(true)),
        ("resources", json!(["https://api.example"])),
        ("require_pkce", json!(false)),
        ("grant_types", json!(["client_credentials"])),
        ("grant_types", json!(["urn:ietf:params:oauth:grant-type:device_code"])),
        ("scope", json!("openid things:write")),
    ] {
        let mut metadata = plain();
        metadata[name] = value;
        let call = register(&browser, &initial, metadata).await;
        assert_eq!((call.status.as_u16(), &call.json["error"]), (400, &json!("invalid_client_metadata")), "{name}");
        assert_eq!(call.json["details"][0]["field"], name, "{call:?}");
    }
    let mine = register(&browser, &initial, plain()).await.json;
    let (id, secret) = (text(&mine, "client_id"), text(&mine, "client_secret"));
    let client = Client::of(&world, &id, &secret, REDIRECT);
    let page = browser.get(&client.request(&[])).await;
    assert!(page.has_form("/oauth2/consent"), "people are asked");
    assert_eq!(parameter(&page.url, "code"), None);
    let of_shop = Client::new(&world, "shop").tokens(&mut browser, &[]).await;
    assert!(!client.is_active(&text(&of_shop, "access_token")).await, "it learns nothing of others");
    let call = client.post("/oauth2/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(call.json["error"], "unauthorized_client");
    // Where the operator allowed it, it speaks for itself, and its `sub` is its id.
    let allowed = token(&world, 1, true).await;
    let mut metadata = plain();
    metadata["grant_types"] = json!(["authorization_code", "client_credentials"]);
    let mine = register(&browser, &allowed, metadata).await.json;
    let (id, secret) = (text(&mine, "client_id"), text(&mine, "client_secret"));
    let robot = Client::of(&world, &id, &secret, REDIRECT);
    let access = text(&robot.post("/oauth2/token", &[("grant_type", "client_credentials")]).await.json, "access_token");
    let told = robot.post("/oauth2/introspect", &[("token", &access)]).await.json;
    assert_eq!(told["sub"], id.as_str());
    assert_eq!(robot.userinfo(&access).await.status, 401);
}

async fn of_two_for_the_last_use_one_is_registered(engine: Engine) {
    let world = world(engine).await;
    let initial = token(&world, 1, false).await;
    let browsers = [world.browser(), world.browser(), world.browser(), world.browser()];
    let [one, two, three, four] = &browsers;
    let calls = tokio::join!(
        register(one, &initial, plain()),
        register(two, &initial, plain()),
        register(three, &initial, plain()),
        register(four, &initial, plain()),
    );
    let mut statuses = [calls.0.status, calls.1.status, calls.2.status, calls.3.status].map(|status| status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401, 401, 401]);
    assert_eq!(world.server.store.clients("", 9).await.unwrap().len(), 1);
}

/// Whoever writes a redirect with a scheme of its own can write any host in it.
async fn t133_a_client_takes_no_sector_of_others(engine: Engine) {
    let world = world(engine).await;
    let initial = token(&world, 3, false).await;
    let pairwise = |redirect: &str, kind: &str| json!({ "redirect_uris": [redirect], "client_name": "X", "application_type": kind, "subject_type": "pairwise" });
    for redirect in ["com.evil.app://shop.example/cb", "com.evil.app:/cb", "http://127.0.0.1/cb"] {
        let call = register(&world.browser(), &initial, pairwise(redirect, "native")).await;
        assert_eq!((call.status.as_u16(), &call.json["error"]), (400, &"invalid_client_metadata".into()), "{redirect}");
    }
    let own = register(&world.browser(), &initial, pairwise(REDIRECT, "web")).await;
    assert_eq!(own.status, 201, "{own:?}");
}

/// An address of ours leads nobody to where only the client would have them (RFC 9700 §4.11.2).
async fn t41_nobody_is_led_to_a_client_that_nobody_vouches_for(engine: Engine) {
    let world = world(engine).await;
    let initial = token(&world, 1, false).await;
    let id = text(&register(&world.browser(), &initial, plain()).await.json, "client_id");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", id.as_str()), ("redirect_uri", REDIRECT), ("response_type", "token")])
        .finish();
    let page = world.browser().get(&format!("/oauth2/authorize?{query}")).await;
    assert_eq!((page.status.as_u16(), page.url.host_str()), (400, Some("id.example.test")), "{}", page.url);
    // Whoever is signed in asked for something, and the client may hear that it asked wrongly.
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let page = browser.get(&format!("/oauth2/authorize?{query}")).await;
    assert_eq!(super::error_at(&page), "unsupported_response_type");
}
