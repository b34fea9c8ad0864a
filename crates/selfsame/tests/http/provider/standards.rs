//! What the standards ask of a provider, where no story of a person or a client comes by: `docs/conformance.md` names
//! these tests.

use super::keys::header_of;
use super::{Client, claims, error_at, options, parameter, redirect_of, signed_up, text};
use crate::on_both_engines;
use model::{MINUTE, Micros};
use serde_json::{Value, json};
use testkit::{ApiCall, CLIENT_SECRET, Engine, ORIGIN, PASSWORD, World};

on_both_engines!(
    the_document_says_what_the_standards_ask_for,
    every_endpoint_in_the_document_answers,
    answers_may_be_read_from_another_origin_but_not_those_to_people,
    what_means_nothing_here_does_no_harm,
    a_request_says_in_which_language_the_person_is_asked,
    prompt_consent_asks_also_who_has_allowed_it,
    without_openid_nobody_is_told_who_it_is,
    errors_travel_by_form_too,
    an_answer_with_tokens_says_how_long_and_is_kept_nowhere,
    a_refresh_may_ask_for_less_and_then_for_all,
    a_refreshed_id_token_is_about_the_same_sign_in,
    an_access_token_that_can_be_read_says_whom_and_what_it_is_for,
    of_what_is_not_to_be_known_there_is_one_word,
    the_kind_of_a_token_is_found_whatever_the_hint_says,
    a_client_signs_people_out_by_form,
    a_sign_in_is_young_enough_to_the_moment,
);

async fn get(world: &World, path: &str) -> ApiCall {
    world.browser().call("GET", path, None, &[]).await
}

fn header<'a>(call: &'a ApiCall, name: &str) -> &'a str {
    call.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// OpenID Connect Discovery 1.0 §3, RFC 8414 §2, RFC 9126 §5, RFC 9207 §3, RFC 9449 §5.1: member by member, and none
/// that nobody has looked at.
async fn the_document_says_what_the_standards_ask_for(engine: Engine) {
    let world = World::with(options(engine)).await;
    let call = get(&world, "/.well-known/openid-configuration").await;
    assert_eq!((header(&call, "content-type"), header(&call, "cache-control")), ("application/json", KEPT));
    let all = json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]);
    let confidential = json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]);
    let proofs = json!(["ES256", "Ed25519", "EdDSA", "PS256", "ES384", "RS256"]);
    let at = |path: &str| json!(format!("{ORIGIN}{path}"));
    let expected = [
        ("issuer", json!(ORIGIN)),
        ("authorization_endpoint", at("/oauth2/authorize")),
        ("token_endpoint", at("/oauth2/token")),
        ("userinfo_endpoint", at("/oauth2/userinfo")),
        ("jwks_uri", at("/oauth2/jwks")),
        ("introspection_endpoint", at("/oauth2/introspect")),
        ("revocation_endpoint", at("/oauth2/revoke")),
        ("end_session_endpoint", at("/oauth2/logout")),
        ("pushed_authorization_request_endpoint", at("/oauth2/par")),
        ("require_pushed_authorization_requests", json!(false)),
        ("device_authorization_endpoint", at("/oauth2/device_authorization")),
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query", "form_post"])),
        ("grant_types_supported", json!(["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE])),
        ("subject_types_supported", json!(["public", "pairwise"])),
        ("id_token_signing_alg_values_supported", json!(["RS256", "ES256", "EdDSA"])),
        ("token_endpoint_auth_methods_supported", all.clone()),
        ("token_endpoint_auth_signing_alg_values_supported", proofs.clone()),
        ("introspection_endpoint_auth_methods_supported", confidential),
        ("introspection_endpoint_auth_signing_alg_values_supported", proofs.clone()),
        ("revocation_endpoint_auth_methods_supported", all),
        ("revocation_endpoint_auth_signing_alg_values_supported", proofs.clone()),
        ("dpop_signing_alg_values_supported", proofs),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("scopes_supported", json!(["openid", "profile", "email", "offline_access", "identities", "aliases"])),
        ("acr_values_supported", json!(["urn:selfsame:aal1"])),
        ("prompt_values_supported", json!(["none", "login", "consent", "select_account", "create"])),
        ("claims_parameter_supported", json!(true)),
        ("backchannel_logout_supported", json!(true)),
        ("backchannel_logout_session_supported", json!(true)),
        ("frontchannel_logout_supported", json!(true)),
        ("frontchannel_logout_session_supported", json!(true)),
        ("request_parameter_supported", json!(false)),
        ("request_uri_parameter_supported", json!(false)),
        ("ui_locales_supported", json!(["en", "de", "fr", "es", "ja"])),
    ];
    let mut said = call.json.as_object().unwrap().clone();
    for (name, value) in expected {
        assert_eq!(said.remove(name), Some(value), "{name}");
    }
    // The claims that are promised are those of an ID token and of UserInfo.
    let promised = said.remove("claims_supported").unwrap();
    assert_eq!(said.keys().collect::<Vec<_>>(), Vec::<&String>::new(), "look these up in their standard");
    let mut browser = signed_up(&world).await;
    let shop = Client::new(&world, "shop");
    let told = claims(&text(&shop.tokens(&mut browser, &[]).await, "id_token"));
    for name in told.as_object().unwrap().keys() {
        assert!(promised.as_array().unwrap().contains(&json!(name)), "{name} is told, but not in {promised}");
    }
    for name in promised.as_array().unwrap().iter().filter_map(Value::as_str) {
        assert!(told.get(name).is_some() || ["identities", "aliases"].contains(&name), "{name} is not told");
    }
    // The algorithms are those that there is a key for.
    let keys = get(&world, "/oauth2/jwks").await;
    assert_eq!(header(&keys, "content-type"), "application/jwk-set+json");
    assert_eq!(header(&keys, "cache-control"), KEPT, "Core §10.1.1");
    let mut algorithms: Vec<String> =
        keys.json["keys"].as_array().unwrap().iter().map(|key| text(key, "alg")).collect();
    algorithms.sort_unstable_by_key(|name| name != "RS256");
    assert_eq!(json!(algorithms), call.json["id_token_signing_alg_values_supported"]);
}

/// RFC 8628 §3.4.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Shorter than a new key is known before it signs.
const KEPT: &str = "public, max-age=300";

async fn every_endpoint_in_the_document_answers(engine: Engine) {
    let world = World::with(options(engine)).await;
    let document = get(&world, "/.well-known/openid-configuration").await.json;
    let path = |name: &str| text(&document, name).strip_prefix(ORIGIN).unwrap().to_owned();
    for name in
        ["token_endpoint", "introspection_endpoint", "revocation_endpoint", "pushed_authorization_request_endpoint"]
    {
        let path = path(name);
        let call = world.browser().send_form(&path, &[], &[]).await;
        assert_eq!((call.status.as_u16(), &call.json["error"]), (401, &"invalid_client".into()), "{name}: {call:?}");
        assert_eq!(header(&call, "content-type"), "application/json", "{name}");
        assert_eq!((header(&call, "cache-control"), header(&call, "pragma")), ("no-store", "no-cache"), "{name}");
        // RFC 6749 §3.2, RFC 7009 §2.1, RFC 7662 §2.1, RFC 9126 §2: by POST alone.
        for method in ["GET", "PUT", "DELETE"] {
            let call = world.browser().call(method, &path, None, &[]).await;
            assert_eq!(call.status, 405, "{method} {name}");
            assert!(header(&call, "allow").contains("POST") && !header(&call, "allow").contains("GET"), "{call:?}");
        }
    }
    let userinfo = get(&world, &path("userinfo_endpoint")).await;
    assert_eq!((userinfo.status.as_u16(), header(&userinfo, "www-authenticate")), (401, "Bearer realm=\"userinfo\""));
    assert_eq!(header(&userinfo, "content-type"), "application/json", "Core §5.3.2");
    assert_eq!(get(&world, &path("jwks_uri")).await.status, 200);
    let mut browser = world.browser();
    let page = browser.get(&path("authorization_endpoint")).await;
    assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (400, Some("unknown_application")));
    assert_eq!(browser.get(&path("end_session_endpoint")).await.path(), "/signed-out");
}

/// Core §5.3, RFC 7009 §2.3; RFC 9700 §2.6: not the authorization endpoint.
async fn answers_may_be_read_from_another_origin_but_not_those_to_people(engine: Engine) {
    let world = World::with(options(engine)).await;
    let browser = world.browser();
    let origin = [("origin", "https://board.example".to_owned())];
    for path in ["/oauth2/token", "/oauth2/userinfo", "/oauth2/revoke", "/oauth2/par"] {
        let preflight = browser.call("OPTIONS", path, None, &origin).await;
        assert_eq!(preflight.status, 204, "{path}");
        let answer = browser.send_form(path, &[], &origin).await;
        assert_eq!(answer.status, 401, "{path}");
        for call in [&preflight, &answer] {
            assert_eq!(header(call, "access-control-allow-origin"), "*", "{path}");
            assert_eq!(header(call, "access-control-allow-credentials"), "", "{path}: no cookie of ours counts there");
        }
        for name in ["Authorization", "Content-Type", "DPoP"] {
            assert!(header(&preflight, "access-control-allow-headers").contains(name), "{path}: {name}");
        }
        assert_eq!(header(&answer, "access-control-expose-headers"), "WWW-Authenticate", "{path}");
    }
    for path in ["/oauth2/authorize", "/oauth2/authorize/resume", "/oauth2/consent", "/oauth2/logout"] {
        for method in ["OPTIONS", "GET", "POST"] {
            let call = browser.call(method, path, None, &origin).await;
            let cross = call.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(cross, None, "{method} {path}");
        }
    }
}

/// RFC 6749 §3.1 and §3.2, Core §3.1.2.1 and §15.1.
async fn what_means_nothing_here_does_no_harm(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    let shop = Client::new(&world, "shop");
    shop.tokens(&mut browser, &[]).await;
    for more in [
        ("unheard_of", "x"),
        ("display", "page"),
        ("display", "popup"),
        ("display", "wap"),
        ("display", "unheard_of"),
        ("ui_locales", "tlh x-y-z"),
        ("claims_locales", "tlh de"),
    ] {
        let code = shop.code(&mut browser, &[more]).await;
        let redirect = redirect_of("shop");
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", &*redirect),
            ("code_verifier", testkit::VERIFIER),
            more,
        ];
        let call = shop.post("/oauth2/token", &fields).await;
        assert_eq!((call.status.as_u16(), &call.json["scope"]), (200, &"openid profile email".into()), "{more:?}");
    }
}

/// Core §3.1.2.1 and RP-Initiated Logout §2: `ui_locales`, the best first.
async fn a_request_says_in_which_language_the_person_is_asked(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    let shop = Client::new(&world, "shop");
    let language = |page: &testkit::Page| page.document().root_element().attr("lang").map(str::to_owned);
    let page = browser.get(&shop.request(&[("ui_locales", "tlh fr-CA de")])).await;
    assert_eq!(language(&page).as_deref(), Some("fr"), "{}", page.body);
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let page = browser.get(&shop.request(&[("ui_locales", "de")])).await;
    assert_eq!(language(&page).as_deref(), Some("de"), "{}", page.body);
    let page = browser.press(page.form("/oauth2/consent"), "choice", "allow").await;
    let back = page.url.query_pairs().map(|(name, _)| name.into_owned()).collect::<Vec<_>>();
    assert_eq!(back, ["code", "state", "iss"], "and the client gets its answer, without it");
    let page = browser.get("/oauth2/logout?ui_locales=ja").await;
    assert!(page.has_form("/oauth2/logout"), "{}", page.body);
    assert_eq!(language(&page).as_deref(), Some("ja"), "{}", page.body);
}

/// Core §3.1.2.1.
async fn prompt_consent_asks_also_who_has_allowed_it(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    let ask = [("prompt", "consent")];
    for id in ["shop", "own"] {
        let client = Client::new(&world, id);
        client.tokens(&mut browser, &[]).await;
        assert!(parameter(&browser.get(&client.request(&[])).await.url, "code").is_some(), "{id}: nothing to ask");
        let page = browser.get(&client.request(&ask)).await;
        let form = page.form("/oauth2/consent");
        assert_eq!(error_at(&browser.press(form.clone(), "choice", "refuse").await), "access_denied", "{id}");
        let page = browser.press(form, "choice", "allow").await;
        assert!(parameter(&page.url, "code").is_some(), "{id}: asked once: {} {}", page.url, page.all_text());
    }
    // Whoever signs in for it is asked as well.
    let mut stranger = world.browser();
    let page = stranger.get(&Client::new(&world, "own").request(&ask)).await;
    let page = stranger.submit(page.form("/sign-in/email").with("email", "ada@example.test")).await;
    let form = page.form("/sign-in/password").with("password", PASSWORD);
    let page = stranger.press(form, "method", "password").await;
    assert!(page.has_form("/oauth2/consent"), "{} {}", page.url, page.all_text());
}

/// RFC 6749 §3.3; Core §3.1.2.1 and §3.1.3.2; RFC 6750 §3.1.
async fn without_openid_nobody_is_told_who_it_is(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    let shop = Client::new(&world, "shop");
    let bare = shop.request(&[]).replace("scope=openid+profile+email&", "");
    for request in [shop.request(&[("scope", "")]), bare] {
        assert!(!request.contains("openid"), "{request}");
        assert_eq!(error_at(&browser.get(&request).await), "invalid_scope", "{request}");
    }
    let tokens = shop.tokens(&mut browser, &[("scope", "profile email")]).await;
    assert_eq!((&tokens["scope"], tokens.get("id_token")), (&"profile email".into(), None));
    let again = shop.refresh(&text(&tokens, "refresh_token")).await.json;
    assert_eq!((&again["scope"], again.get("id_token")), (&"profile email".into(), None));
    let told = shop.userinfo(&text(&again, "access_token")).await;
    assert_eq!((told.status.as_u16(), &told.json), (403, &json!({ "error": "insufficient_scope" })));
    assert_eq!(header(&told, "www-authenticate"), "Bearer error=\"insufficient_scope\", scope=\"openid\"");
}

/// Form Post Response Mode §2.
async fn errors_travel_by_form_too(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    let own = Client::new(&world, "own");
    let by_form = ("response_mode", "form_post");
    for (more, error) in [
        (("prompt", "none"), "login_required"),
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "unheard_of"), "invalid_scope"),
        (("claims", "[]"), "invalid_request"),
    ] {
        let page = browser.get(&own.request(&[by_form, more])).await;
        assert_eq!((page.status.as_u16(), page.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
        let form = page.form("/cb");
        assert_eq!(form.action.as_str(), redirect_of("own"));
        let mut fields = form.fields;
        // RFC 6749 §4.1.2.1: in the characters that it may have.
        let because = fields.remove(1);
        let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && !b"\"\\".contains(&byte);
        assert!(because.0 == "error_description" && because.1.bytes().all(is_plain), "{because:?}");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(fields, [pair("error", error), pair("state", "st & te"), pair("iss", ORIGIN)], "{more:?}");
    }
    let page = browser.get(&own.request(&[by_form, ("redirect_uri", "https://evil.example/cb")])).await;
    assert_eq!((page.status.as_u16(), page.forms().iter().any(|form| form.action.path() == "/cb")), (400, false));
}

/// RFC 6749 §2.3.1 and §5.1.
async fn an_answer_with_tokens_says_how_long_and_is_kept_nowhere(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    let (shop, robot) = (Client::new(&world, "shop"), Client::new(&world, "robot"));
    let code = shop.code(&mut browser, &[]).await;
    let by_code = shop.exchange(&code).await;
    let by_refresh = shop.refresh(&text(&by_code.json, "refresh_token")).await;
    let for_itself = robot.post("/oauth2/token", &[("grant_type", "client_credentials")]).await;
    for call in [by_code, by_refresh, for_itself] {
        assert_eq!((call.status.as_u16(), &call.json["token_type"]), (200, &"Bearer".into()), "{call:?}");
        assert_eq!((header(&call, "cache-control"), header(&call, "pragma")), ("no-store", "no-cache"));
        assert_eq!(header(&call, "content-type"), "application/json");
        // As long as it says, and not a moment longer.
        assert_eq!(call.json["expires_in"], MINUTE.times(10).seconds());
        let token = text(&call.json, "access_token");
        let told = robot.post("/oauth2/introspect", &[("token", &token)]).await.json;
        let lives = told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap();
        assert_eq!(call.json["expires_in"], lives, "{told}");
    }
    // Addresses are written down on the way: a secret or a token in one counts for nothing.
    let grant = ("grant_type", "client_credentials");
    let secret = format!("client_secret={CLIENT_SECRET}");
    for (address, fields) in [
        (format!("/oauth2/token?client_id=robot&{secret}"), vec![grant]),
        (format!("/oauth2/token?{secret}"), vec![grant, ("client_id", "robot")]),
    ] {
        let call = world.browser().send_form(&address, &fields, &[]).await;
        assert_eq!((call.status.as_u16(), &call.json["error"]), (401, &"invalid_client".into()), "{address}");
    }
    let token = text(&shop.tokens(&mut browser, &[]).await, "access_token");
    assert_eq!(get(&world, &format!("/oauth2/userinfo?access_token={token}")).await.status, 401);
}

/// RFC 6749 §6: what was asked for once does not narrow what may be asked for later.
async fn a_refresh_may_ask_for_less_and_then_for_all(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    for id in ["shop", "spa", "own"] {
        let client = Client::new(&world, id);
        let mut tokens = client.tokens(&mut browser, &[]).await;
        for (asked, given) in [
            (Some("openid"), "openid"),
            (None, "openid profile email"),
            (Some("email openid"), "email openid"),
            (Some("profile"), "profile"),
            (Some("openid profile email"), "openid profile email"),
        ] {
            let refresh = text(&tokens, "refresh_token");
            let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
            fields.extend(asked.map(|scope| ("scope", scope)));
            let call = client.post("/oauth2/token", &fields).await;
            assert_eq!((call.status.as_u16(), &call.json["scope"]), (200, &given.into()), "{id}: {asked:?}");
            assert_eq!(call.json.get("id_token").is_some(), given.contains("openid"), "{id}: {asked:?}");
            let told = client.userinfo(&text(&call.json, "access_token")).await.json;
            let knows = given.contains("openid") && given.contains("email");
            assert_eq!(told.get("email").is_some(), knows, "{id}: {asked:?}: {told}");
            tokens = call.json;
        }
    }
}

/// Core §12.2, and §2 of what an ID token says of itself.
async fn a_refreshed_id_token_is_about_the_same_sign_in(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    for id in ["shop", "own", "apart"] {
        let client = Client::new(&world, id);
        let first = client.tokens(&mut browser, &[]).await;
        world.advance(MINUTE.times(5));
        let second = client.refresh(&text(&first, "refresh_token")).await.json;
        let (was, is) = (claims(&text(&first, "id_token")), claims(&text(&second, "id_token")));
        for name in ["iss", "aud", "sub", "auth_time", "acr", "amr", "sid"] {
            assert_eq!((was.get(name).is_some(), &is[name]), (true, &was[name]), "{id}: {name}");
        }
        let number = |claims: &Value, name: &str| claims[name].as_i64().unwrap();
        assert_eq!(number(&is, "iat") - number(&was, "iat"), 300, "{id}");
        assert_eq!(number(&is, "exp") - number(&is, "iat"), 3600, "{id}");
        assert_eq!((&was["nonce"], is.get("nonce")), (&"n-1".into(), None), "{id}: nobody waits for it any more");
        assert_ne!(is["at_hash"], was["at_hash"], "{id}");
        let sub = text(&is, "sub");
        assert!((1..=255).contains(&sub.len()) && sub.is_ascii(), "{id}: {sub}");
        // A key is named, never brought: nothing in a token leads to what verifies it.
        for tokens in [&first, &second] {
            let header = header_of(&text(tokens, "id_token"));
            assert_eq!(header.as_object().unwrap().keys().collect::<Vec<_>>(), ["alg", "kid", "typ"], "{id}");
        }
    }
}

/// RFC 9068 §2.1 and §2.2, RFC 9470 §6.1.
async fn an_access_token_that_can_be_read_says_whom_and_what_it_is_for(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    let own = Client::new(&world, "own");
    let first = own.tokens(&mut browser, &[]).await;
    world.advance(MINUTE.times(5));
    let second = own.refresh(&text(&first, "refresh_token")).await.json;
    let mut ids = Vec::new();
    for tokens in [&first, &second] {
        let (id_token, access) = (claims(&text(tokens, "id_token")), text(tokens, "access_token"));
        let header = header_of(&access);
        assert_eq!(header.as_object().unwrap().keys().collect::<Vec<_>>(), ["alg", "kid", "typ"]);
        assert_eq!((&header["typ"], &header["alg"]), (&"at+jwt".into(), &"EdDSA".into()));
        let said = claims(&access);
        assert_eq!((&said["iss"], &said["aud"], &said["client_id"]), (&ORIGIN.into(), &ORIGIN.into(), &"own".into()));
        // It is about the same person and sign-in as the ID token, also after a refresh.
        for name in ["sub", "auth_time", "acr", "amr"] {
            assert_eq!((said.get(name).is_some(), &said[name]), (true, &id_token[name]), "{name}");
        }
        assert_eq!((&said["acr"], &said["amr"]), (&"urn:selfsame:aal1".into(), &json!(["pwd"])));
        assert_eq!(said["auth_time"], claims(&text(&first, "id_token"))["auth_time"]);
        assert_eq!(said["scope"], "openid profile email");
        assert_eq!(said["iat"], id_token["iat"]);
        assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 600);
        ids.push(text(&said, "jti"));
    }
    assert_ne!(ids[0], ids[1], "each has an id of its own");
}

/// RFC 7662 §2.2 and §4.
async fn of_what_is_not_to_be_known_there_is_one_word(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    let (shop, own, robot) = (Client::new(&world, "shop"), Client::new(&world, "own"), Client::new(&world, "robot"));
    let nothing = async |of: &str, client: Client<'_>, token: &str| {
        let call = client.post("/oauth2/introspect", &[("token", token)]).await;
        assert_eq!((call.status.as_u16(), &call.json), (200, &json!({ "active": false })), "{of}");
        assert_eq!((header(&call, "cache-control"), header(&call, "content-type")), ("no-store", "application/json"));
    };
    nothing("no token", robot, "x").await;
    nothing("no JWT", robot, "a.b.c").await;
    for (client, other) in [(shop, own), (own, shop)] {
        let tokens = client.tokens(&mut browser, &[]).await;
        nothing("an ID token", client, &text(&tokens, "id_token")).await;
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        for token in [&access, &refresh] {
            nothing("another client's", other, token).await;
            let call = robot.post("/oauth2/introspect", &[("token", token)]).await;
            assert!(call.json["sub"].is_string() && call.json["active"] == true, "{call:?}");
            assert_eq!(header(&call, "cache-control"), "no-store");
        }
        client.post("/oauth2/revoke", &[("token", &access)]).await;
        nothing("taken back", client, &access).await;
        let again = client.refresh(&refresh).await.json;
        nothing("a refresh token that was used", client, &refresh).await;
        world.advance(MINUTE.times(10));
        nothing("expired", client, &text(&again, "access_token")).await;
        world.sign_out(&mut browser).await;
        nothing("of a session that has ended", client, &text(&again, "refresh_token")).await;
        world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    }
}

/// RFC 7009 §2.1, RFC 7662 §2.1: `token_type_hint` helps to look, and changes nothing.
async fn the_kind_of_a_token_is_found_whatever_the_hint_says(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    let (shop, own, robot) = (Client::new(&world, "shop"), Client::new(&world, "own"), Client::new(&world, "robot"));
    for (client, other) in [(shop, own), (own, shop)] {
        for hint in ["access_token", "refresh_token", "unheard_of", ""] {
            let tokens = client.tokens(&mut browser, &[]).await;
            for kind in ["access_token", "refresh_token"] {
                let token = text(&tokens, kind);
                let fields = [("token", token.as_str()), ("token_type_hint", hint)];
                let told = robot.post("/oauth2/introspect", &fields).await.json;
                assert_eq!(told["active"], true, "{} {kind} as {hint}", client.id);
                // Another client is answered as if it were gone, and it is not.
                let call = other.post("/oauth2/revoke", &fields).await;
                assert_eq!((call.status.as_u16(), &call.json), (200, &json!({})), "{kind} as {hint}");
                assert!(robot.is_active(&token).await, "{} {kind} as {hint}", client.id);
                let call = client.post("/oauth2/revoke", &fields).await;
                assert_eq!((call.status.as_u16(), &call.json), (200, &json!({})), "{kind} as {hint}");
                assert_eq!(header(&call, "cache-control"), "no-store");
                assert!(!robot.is_active(&token).await, "{} {kind} as {hint}", client.id);
            }
        }
    }
}

/// RP-Initiated Logout §2: a form of the client's page, which brings none of our cookies with it.
async fn a_client_signs_people_out_by_form(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    let shop = Client::new(&world, "shop");
    let hint = text(&shop.tokens(&mut browser, &[]).await, "id_token");
    let bye = ("post_logout_redirect_uri", "https://shop.example/bye");
    let fields = [("id_token_hint", hint.as_str()), bye, ("state", "a & b")];
    let mut from_shop = world.browser();
    from_shop.headers.push(("origin".to_owned(), "https://shop.example".to_owned()));
    let page = from_shop.post_once("/oauth2/logout", &fields).await;
    assert_eq!(page.status, 303, "{}", page.body);
    assert_eq!(world.who(&mut browser).await.as_deref(), Some("Ada"), "not by the form itself");
    // The browser follows as to a page of ours, with its cookies.
    let page = browser.get(page.headers["location"].to_str().unwrap()).await;
    assert_eq!(page.url.as_str(), "https://shop.example/bye?state=a+%26+b");
    assert_eq!(world.who(&mut browser).await, None);
    let mut other = world.browser();
    world.password_sign_in(&mut other, "ada@example.test", PASSWORD).await;
    let page = other.post("/oauth2/logout", &[bye, ("client_id", "shop")]).await;
    assert!(page.has_form("/oauth2/logout"), "without a hint the person is asked: {}", page.all_text());
}

/// Core §3.1.2.1: `max_age` is not rounded in anybody's favour.
async fn a_sign_in_is_young_enough_to_the_moment(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    let request = Client::new(&world, "own").request(&[("prompt", "none"), ("max_age", "60")]);
    world.advance(MINUTE);
    assert!(parameter(&browser.get(&request).await.url, "code").is_some());
    world.advance(Micros(1));
    assert_eq!(error_at(&browser.get(&request).await), "login_required");
}
