//! Checks that no other test would miss: without one of them one of these fails (docs/checks.md).

use super::keys::Key;
use super::proofs::{ASSERTION, Holder, borrowed, error_of, keyed, post, request_fields};
use super::{Client, claims, error_at, options, parameter, redirect_of, text};
use crate::on_both_engines;
use crate::sessions::removal::under;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{
    Change, Clock as _, HOUR, Level, MINUTE, Method, NewSession, OrganisationId, Plan, SessionId, SessionScope,
};
use serde_json::json;
use testkit::{ApiCall, Browser, CLIENT_SECRET, Engine, VERIFIER, World};

on_both_engines!(
    a_request_is_one_form_from_one_client,
    t62_what_is_shown_is_spent_wherever_it_is_shown,
    t38_of_two_exchanges_at_once_nothing_is_left,
    consent_is_asked_for_again_where_the_client_wants_it,
    userinfo_is_for_openid,
    nobody_personal_is_behind_a_client_for_itself,
    tokens_of_others_and_of_before,
    a_hint_is_answered_for_nobody_else,
    t97_a_narrower_session_lets_no_application_in,
    t92_a_level_that_is_asked_for_later_counts_at_once,
    what_a_client_may_no_longer_ask_for_it_does_not_get,
    t71_signing_out_by_form_is_ones_own_form,
);

async fn ada(world: &World) -> Browser {
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    browser
}

fn basic(client: &str) -> (&'static str, String) {
    ("authorization", format!("Basic {}", STANDARD.encode(format!("{client}:{CLIENT_SECRET}"))))
}

async fn a_request_is_one_form_from_one_client(engine: Engine) {
    let key = Key::new();
    let world = World::with(keyed(engine, &key)).await;
    let browser = world.browser();
    // JSON whose text would read as a form: no page elsewhere may send what a browser sends without being asked.
    for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/par"] {
        let text = json!("a=&grant_type=client_credentials&token=x&z=");
        let call = browser.call("POST", path, Some(text), &[basic("robot")]).await;
        assert_eq!(error_of(&call), (400, "invalid_request"), "{path}");
        assert!(call.json["error_description"].as_str().unwrap().contains("form"), "{path}: {call:?}");
    }
    let grant = ("grant_type", "client_credentials");
    let twice = [basic("robot"), basic("robot")];
    assert_eq!(error_of(&browser.send_form("/oauth2/token", &[grant], &twice).await), (401, "invalid_client"));
    let proof = || ("dpop", key.proof(&world, "POST", "/oauth2/token", None));
    let call = browser.send_form("/oauth2/token", &[grant], &[basic("robot"), proof(), proof()]).await;
    assert_eq!(error_of(&call), (400, "invalid_dpop_proof"));
    // An assertion beside a secret, whichever way the secret comes.
    let assertion = key.assertion(&world, "keyed");
    let shown = [grant, ASSERTION, ("client_assertion", assertion.as_str())];
    let both = [&shown[..], &[("client_secret", CLIENT_SECRET)]].concat();
    assert_eq!(error_of(&browser.send_form("/oauth2/token", &both, &[]).await), (400, "invalid_request"));
    let call = browser.send_form("/oauth2/token", &shown, &[basic("robot")]).await;
    assert_eq!(error_of(&call), (400, "invalid_request"));
    assert_eq!(browser.send_form("/oauth2/token", &shown, &[]).await.status, 200, "alone it is good");
    // More than any request has, at the door where nothing travels in an address yet (T111).
    let mut large = request_fields("own");
    large.retain(|(name, _)| *name != "state");
    large.extend([("state", "x".repeat(1_020)), ("nonce", "y".repeat(1_020))]);
    let call = browser.send_form("/oauth2/par", &borrowed(&large), &[basic("own")]).await;
    assert_eq!(error_of(&call), (400, "invalid_request"));
    // More parameters than any request has.
    let names: Vec<String> = (0..64).map(|number| format!("p{number}")).collect();
    let mut many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    many.push(grant);
    assert_eq!(error_of(&browser.send_form("/oauth2/token", &many, &[basic("robot")]).await), (400, "invalid_request"));
}

async fn t62_what_is_shown_is_spent_wherever_it_is_shown(engine: Engine) {
    let key = Key::new();
    let world = World::with(keyed(engine, &key)).await;
    let send = async |path: &str, assertion: &str, fields: &[(&str, &str)]| {
        let fields = [fields, &[ASSERTION, ("client_assertion", assertion)]].concat();
        post(&world, path, &fields, None).await
    };
    // At the endpoint for pushed requests.
    let fields = request_fields("bank");
    let assertion = key.assertion(&world, "bank");
    assert_eq!(send("/oauth2/par", &assertion, &borrowed(&fields)).await.status, 201);
    assert_eq!(error_of(&send("/oauth2/par", &assertion, &borrowed(&fields)).await), (401, "invalid_client"));
    // Where nothing else is left to change: a token that was revoked before.
    let grant = [("grant_type", "client_credentials")];
    let first = send("/oauth2/token", &key.assertion(&world, "keyed"), &grant).await;
    let token = text(&first.json, "access_token");
    for _ in 0..2 {
        let assertion = key.assertion(&world, "keyed");
        assert_eq!(send("/oauth2/revoke", &assertion, &[("token", &token)]).await.status, 200);
        assert_eq!(error_of(&send("/oauth2/token", &assertion, &grant).await), (401, "invalid_client"));
    }
    // With a refresh token, of which the answer is lost and the sign-in is not.
    let mut browser = ada(&world).await;
    let holder = Holder { world: &world, id: "held", key: &key };
    let code = Client::new(&world, "held").code(&mut browser, &[]).await;
    let refresh = text(&holder.exchange(&code).await.json, "refresh_token");
    let proof = key.proof(&world, "POST", "/oauth2/token", None);
    let robot = [("grant_type", "client_credentials"), ("client_id", "robot"), ("client_secret", CLIENT_SECRET)];
    assert_eq!(post(&world, "/oauth2/token", &robot, Some(proof.clone())).await.status, 200);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("client_id", "held")];
    assert_eq!(error_of(&post(&world, "/oauth2/token", &fields, Some(proof)).await), (400, "invalid_dpop_proof"));
    assert_eq!(holder.refresh(&refresh).await.status, 200);
}

/// Neither of two that come at once can know which of them is the thief.
async fn t38_of_two_exchanges_at_once_nothing_is_left(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = ada(&world).await;
    let own = Client::new(&world, "own");
    for _ in 0..12 {
        let code = own.code(&mut browser, &[]).await;
        let (one, other) = tokio::join!(own.exchange(&code), own.exchange(&code));
        let good: Vec<&ApiCall> = [&one, &other].into_iter().filter(|call| call.status == 200).collect();
        assert!(good.len() <= 1, "{one:?} {other:?}");
        for call in good {
            assert_eq!(own.userinfo(&text(&call.json, "access_token")).await.status, 401);
            assert_eq!(own.refresh(&text(&call.json, "refresh_token")).await.status, 400);
        }
    }
}

async fn consent_is_asked_for_again_where_the_client_wants_it(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = ada(&world).await;
    for id in ["shop", "own"] {
        let client = Client::new(&world, id);
        client.code(&mut browser, &[]).await;
        let page = browser.get(&client.request(&[("prompt", "consent")])).await;
        assert!(page.has_form("/oauth2/consent"), "{id}: {} {}", page.url, page.all_text());
        let page = browser.press(page.form("/oauth2/consent"), "choice", "allow").await;
        assert!(parameter(&page.url, "code").is_some(), "once: {}", page.url);
    }
}

async fn userinfo_is_for_openid(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = ada(&world).await;
    let shop = Client::new(&world, "shop");
    let tokens = shop.tokens(&mut browser, &[("scope", "profile email")]).await;
    assert!(tokens["id_token"].is_null(), "nor an ID token");
    let told = shop.userinfo(&text(&tokens, "access_token")).await;
    assert_eq!(error_of(&told), (403, "insufficient_scope"));
    assert!(told.headers["www-authenticate"].to_str().unwrap().contains("insufficient_scope"));
    // A claim by name is one of OpenID Connect, and of nothing else.
    let wish = json!({ "userinfo": { "name": null } }).to_string();
    let tokens = shop.tokens(&mut browser, &[("scope", "email"), ("claims", &wish)]).await;
    assert_eq!(tokens["scope"], "email");
}

/// What is about people is for the code flow alone, also where a client may use both.
async fn nobody_personal_is_behind_a_client_for_itself(engine: Engine) {
    let mut options = options(engine);
    let both =
        "grants = [\"authorization_code\", \"client_credentials\"]\nscopes = [\"openid\", \"identities\", \"x\"]\n";
    options.more = options.more.replace("name = \"Own\"\n", &format!("name = \"Own\"\n{both}"));
    let world = World::with(options).await;
    let own = Client::new(&world, "own");
    for (scope, status) in [("x", 200), ("openid", 400), ("identities x", 400)] {
        let call = own.post("/oauth2/token", &[("grant_type", "client_credentials"), ("scope", scope)]).await;
        assert_eq!(call.status.as_u16(), status, "{scope}: {call:?}");
    }
}

async fn tokens_of_others_and_of_before(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = ada(&world).await;
    let (shop, own, robot) = (Client::new(&world, "shop"), Client::new(&world, "own"), Client::new(&world, "robot"));
    let first = text(&shop.tokens(&mut browser, &[]).await, "refresh_token");
    // Of another client: answered like a token that is none, and left as it is.
    assert_eq!(own.post("/oauth2/revoke", &[("token", &first)]).await.status, 200);
    assert!(shop.is_active(&first).await);
    // One that was replaced is nobody's; to ask about it is no use of it.
    let second = text(&shop.refresh(&first).await.json, "refresh_token");
    assert!(!shop.is_active(&first).await && !robot.is_active(&first).await);
    assert!(shop.is_active(&second).await);
    // Of a session that has ended.
    world.sign_out(&mut browser).await;
    assert!(!shop.is_active(&second).await && !robot.is_active(&second).await);
}

/// OpenID Connect Core §3.1.2.2: whoever signs in for the request and is somebody else is told of to nobody.
async fn a_hint_is_answered_for_nobody_else(engine: Engine) {
    let world = World::with(options(engine)).await;
    let own = Client::new(&world, "own");
    let mut browser = ada(&world).await;
    let hint = text(&own.tokens(&mut browser, &[]).await, "id_token");
    let mut other = world.browser();
    other.be(&world.a, "a-grace");
    let page = other.get(&own.request(&[("id_token_hint", &hint), ("idp_hint", "a")])).await;
    assert_eq!(error_at(&page), "login_required");
    assert_eq!(world.who(&mut other).await.as_deref(), Some("Grace"), "who may stay for others");
}

/// No configuration makes such a session yet: it is written as `linking` would have it written.
/// Sessions of less than the account, with a number for each.
pub(super) fn narrow_scopes() -> [(u8, SessionScope); 2] {
    let organisation = OrganisationId::parse("acme").unwrap();
    [(7, SessionScope::Application), (8, SessionScope::Organisation { organisation })]
}

/// Ada's session of that scope: its secret.
pub(super) async fn narrow_session(world: &World, number: u8, scope: SessionScope) -> String {
    let secret = format!("narrow-narrow-narrow-narrow-narrow-narrow-{number}");
    let (now, id) = (world.clock.now(), SessionId::from_bytes([number; 16]));
    let session = Change::CreateSession(NewSession {
        id,
        sid: id,
        hash: flows::session_hash(&secret),
        user: world.accounts().await.user("ada@example.test").id,
        level: Level::One,
        scope,
        method: Method::Password,
        authenticated_at: now,
        at: now,
        expires_at: now + HOUR,
        store_epoch: 1,
        user_agent: "clerk".to_owned(),
    });
    world.server.store.apply(Plan { changes: vec![session] }).await.unwrap();
    secret
}

async fn t97_a_narrower_session_lets_no_application_in(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = ada(&world).await;
    let own = Client::new(&world, "own");
    let code = own.code(&mut browser, &[]).await;
    let mut narrow = world.browser();
    for (number, scope) in narrow_scopes() {
        narrow.set_cookie("__Host-session", &narrow_session(&world, number, scope).await);
        let page = narrow.get(&own.request(&[("prompt", "none")])).await;
        assert_eq!(error_at(&page), "login_required");
        let page = narrow.get(&own.request(&[])).await;
        assert!(page.has_form("/sign-in/email"), "{} {}", page.url, page.all_text());
    }
    assert_eq!(own.exchange(&code).await.status, 200);
}

async fn t92_a_level_that_is_asked_for_later_counts_at_once(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = ada(&world).await;
    let own = Client::new(&world, "own");
    let refresh = text(&own.tokens(&mut browser, &[]).await, "refresh_token");
    let code = own.code(&mut browser, &[]).await;
    let mut later = under(&world, |text| text.replace("[policy]", "[policy]\nrequired_level = 2")).await;
    later.cookies.clone_from(&browser.cookies);
    let page = later.get(&own.request(&[("prompt", "none")])).await;
    assert_eq!(error_at(&page), "login_required");
    let redirect = redirect_of("own");
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", &*redirect),
        ("code_verifier", VERIFIER),
    ];
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
    for fields in [&exchange[..], &refresh[..]] {
        let call = later.send_form("/oauth2/token", fields, &[basic("own")]).await;
        assert_eq!(error_of(&call), (400, "invalid_grant"), "{call:?}");
        assert!(call.json["error_description"].as_str().unwrap().contains("higher level"), "{call:?}");
    }
}

async fn what_a_client_may_no_longer_ask_for_it_does_not_get(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = ada(&world).await;
    let own = Client::new(&world, "own");
    let tokens = own.tokens(&mut browser, &[]).await;
    assert_eq!(tokens["scope"], "openid profile email");
    let less = |text: String| text.replace("name = \"Own\"\n", "name = \"Own\"\nscopes = [\"openid\"]\n");
    let later = under(&world, less).await;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &*text(&tokens, "refresh_token"))];
    let call = later.send_form("/oauth2/token", &fields, &[basic("own")]).await;
    assert_eq!((call.status.as_u16(), &call.json["scope"]), (200, &"openid".into()), "{call:?}");
    assert!(claims(&text(&call.json, "id_token")).get("email").is_none());
    // One that is not registered any more has nothing, and nobody is told otherwise.
    let (access, refresh) = (text(&call.json, "access_token"), text(&call.json, "refresh_token"));
    let renamed = |text: String| text.replace("id = \"own\"\n", "id = \"owned\"\n");
    let gone = under(&world, renamed).await;
    let bearer = [("authorization", format!("Bearer {access}"))];
    assert_eq!(gone.call("GET", "/oauth2/userinfo", None, &bearer).await.status, 401);
    for token in [&access, &refresh] {
        let call = gone.send_form("/oauth2/introspect", &[("token", token)], &[basic("robot")]).await;
        assert_eq!(call.json, json!({ "active": false }));
    }
}

async fn t71_signing_out_by_form_is_ones_own_form(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = ada(&world).await;
    let page = browser.get("/oauth2/logout?client_id=shop").await;
    let form = page.form("/oauth2/logout");
    let forged = form.clone().with("csrf", "x");
    let page = browser.press(forged, "choice", "leave").await;
    assert!(page.has_form("/oauth2/logout"), "asked anew: {} {}", page.url, page.all_text());
    assert_eq!(world.who(&mut browser).await.as_deref(), Some("Ada"));
    world.advance(MINUTE);
    browser.press(form, "choice", "leave").await;
    assert_eq!(world.who(&mut browser).await, None);
}
