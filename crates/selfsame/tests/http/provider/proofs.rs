//! Pushed requests, assertions of clients, and tokens that are bound to a key.

use super::keys::Key;
use super::{Client, claims, error_at, options, parameter, redirect_of, signed_up, text};
use crate::on_both_engines;
use model::{MINUTE, SECOND};
use testkit::{ApiCall, Engine, Options, VERIFIER, World, challenge};

on_both_engines!(
    a_pushed_request_begins_one_sign_in,
    some_clients_have_to_push,
    t62_an_assertion_is_used_once,
    tokens_are_bound_to_the_key_that_was_shown,
    t62_a_proof_is_used_once,
    a_code_waits_for_its_key,
    a_client_of_fapi,
    two_proofs_are_one_too_many,
    a_clock_may_be_ten_seconds_ahead,
    what_is_pushed_is_for_the_endpoint_and_kept_nowhere,
    what_a_key_costs,
);

pub(super) const ASSERTION: (&str, &str) =
    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

/// Clients with a key of their own: `bank` as FAPI 2.0 wants it, `keyed` without more.
pub(super) fn keyed(engine: Engine, key: &Key) -> Options {
    let mut options = options(engine);
    for (id, more) in [
        ("firm", "first_party = true\n"),
        ("bank", "fapi = true\naccess_tokens = \"jwt\"\nfirst_party = true\n"),
        ("keyed", "grants = [\"client_credentials\"]\nscopes = [\"things\"]\nintrospection = true\n"),
        ("held", "auth = \"none\"\ndpop = true\nfirst_party = true\n"),
        ("pushing", "auth = \"none\"\nrequire_pushed = true\nfirst_party = true\n"),
    ] {
        let public = more.contains("\"none\"");
        let auth = if public { String::new() } else { format!("auth = \"private_key_jwt\"\n{}", key.line()) };
        let redirect = format!("redirect_uris = [\"https://{id}.example/cb\"]");
        let client = format!("\n[[clients]]\nid = \"{id}\"\nname = \"{id}\"\n{redirect}\n{auth}{more}");
        options.more.push_str(&client);
    }
    options
}

pub(super) async fn post(world: &World, path: &str, fields: &[(&str, &str)], proof: Option<String>) -> ApiCall {
    let headers: Vec<(&str, String)> = proof.into_iter().map(|proof| ("dpop", proof)).collect();
    world.browser().send_form(path, fields, &headers).await
}

pub(super) fn error_of(call: &ApiCall) -> (u16, &str) {
    (call.status.as_u16(), call.json["error"].as_str().unwrap_or_default())
}

/// What a request says, as a form.
pub(super) fn request_fields(client: &str) -> Vec<(&'static str, String)> {
    [
        ("client_id", client.to_owned()),
        ("redirect_uri", redirect_of(client)),
        ("response_type", "code".to_owned()),
        ("scope", "openid email".to_owned()),
        ("state", "pushed".to_owned()),
        ("code_challenge", challenge()),
        ("code_challenge_method", "S256".to_owned()),
    ]
    .to_vec()
}

pub(super) fn borrowed<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

pub(super) fn by_reference(client: &str, request_uri: &str) -> String {
    let fields =
        [("client_id", client), ("request_uri", request_uri), ("scope", "openid offline_access"), ("state", "x")];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("/oauth2/authorize?{query}")
}

async fn a_pushed_request_begins_one_sign_in(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = signed_up(&world).await;
    let own = Client::new(&world, "own");
    let fields = request_fields("own");
    let pushed = own.post("/oauth2/par", &borrowed(&fields)).await;
    assert_eq!((pushed.status.as_u16(), &pushed.json["expires_in"]), (201, &60.into()), "{pushed:?}");
    let uri = text(&pushed.json, "request_uri");
    let page = browser.get(&by_reference("own", &uri)).await;
    assert_eq!(parameter(&page.url, "state").as_deref(), Some("pushed"), "the address adds nothing: {}", page.url);
    let code = parameter(&page.url, "code").unwrap();
    let second = parameter(&browser.get(&by_reference("own", &uri)).await.url, "code").unwrap();
    let tokens = own.exchange(&code).await;
    assert_eq!((tokens.status.as_u16(), &tokens.json["scope"]), (200, &"openid email".into()), "{tokens:?}");
    // It led to a sign-in: neither the request nor another code of it leads to a second one.
    assert_eq!(error_at(&browser.get(&by_reference("own", &uri)).await), "invalid_request_uri");
    assert_eq!(own.exchange(&second).await.status, 400);
    assert_eq!(own.userinfo(&text(&tokens.json, "access_token")).await.status, 200, "and the first one stands");
    // A minute.
    let uri = text(&own.post("/oauth2/par", &borrowed(&fields)).await.json, "request_uri");
    world.advance(SECOND.times(59));
    assert!(parameter(&browser.get(&by_reference("own", &uri)).await.url, "code").is_some());
    world.advance(SECOND);
    assert_eq!(error_at(&browser.get(&by_reference("own", &uri)).await), "invalid_request_uri");
    // Of somebody else, or of nobody.
    let uri = text(&own.post("/oauth2/par", &borrowed(&fields)).await.json, "request_uri");
    for (client, uri) in
        [("shop", uri.as_str()), ("own", &uri[..uri.len() - 1]), ("own", "urn:ietf:params:oauth:request_uri:x")]
    {
        let page = browser.get(&by_reference(client, uri)).await;
        assert_eq!((page.status.as_u16(), page.url.host_str()), (400, Some("id.example.test")), "{uri}");
    }
    let elsewhere = browser.get(&own.request(&[("request_uri", "https://own.example/request")])).await;
    assert_eq!(error_at(&elsewhere), "request_uri_not_supported", "nothing is fetched (T110)");
    // What is wrong is said at once, and to the client alone.
    for (name, value, error) in [
        ("redirect_uri", "https://evil.example/cb", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("request_uri", uri.as_str(), "invalid_request"),
        ("client_id", "shop", "invalid_request"),
        ("id_token_hint", "x", "invalid_request"),
    ] {
        let mut fields = fields.clone();
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value.to_owned()));
        let call = own.post("/oauth2/par", &borrowed(&fields)).await;
        assert_eq!(error_of(&call), (400, error), "{name}");
    }
    assert_eq!(error_of(&post(&world, "/oauth2/par", &borrowed(&fields), None).await), (401, "invalid_client"));
    assert_eq!(world.browser().get("/oauth2/par").await.status, 405);
    // Somebody who is not signed in is led through, and asked for nothing twice.
    let mut stranger = world.browser();
    let uri = text(&own.post("/oauth2/par", &borrowed(&fields)).await.json, "request_uri");
    let page = stranger.get(&by_reference("own", &uri)).await;
    let page = stranger.submit(page.form("/sign-in/email").with("email", "ada@example.test")).await;
    world.advance(MINUTE.times(2));
    let page =
        stranger.press(page.form("/sign-in/password").with("password", testkit::PASSWORD), "method", "password").await;
    let code = parameter(&page.url, "code").unwrap_or_else(|| panic!("{} {}", page.url, page.all_text()));
    assert_eq!(own.exchange(&code).await.status, 200, "the minute is for coming, not for signing in");
}

async fn some_clients_have_to_push(engine: Engine) {
    let world = World::with(keyed(engine, &Key::new())).await;
    let mut browser = signed_up(&world).await;
    let pushing = Client::new(&world, "pushing");
    assert_eq!(error_at(&browser.get(&pushing.request(&[])).await), "invalid_request");
    let uri = text(&post(&world, "/oauth2/par", &borrowed(&request_fields("pushing")), None).await.json, "request_uri");
    assert!(parameter(&browser.get(&by_reference("pushing", &uri)).await.url, "code").is_some());
}

async fn t62_an_assertion_is_used_once(engine: Engine) {
    let key = Key::new();
    let world = World::with(keyed(engine, &key)).await;
    let grant = ("grant_type", "client_credentials");
    let ask = async |path: &str, assertion: &str, more: (&str, &str)| {
        post(&world, path, &[ASSERTION, ("client_assertion", assertion), more], None).await
    };
    let assertion = key.assertion(&world, "keyed");
    let first = ask("/oauth2/token", &assertion, grant).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(error_of(&ask("/oauth2/token", &assertion, grant).await), (401, "invalid_client"));
    let token = text(&first.json, "access_token");
    assert_eq!(error_of(&ask("/oauth2/introspect", &assertion, ("token", &token)).await), (401, "invalid_client"));
    assert_eq!(error_of(&ask("/oauth2/revoke", &assertion, ("token", &token)).await), (401, "invalid_client"));
    // At the same time only one counts.
    for (path, more) in [("/oauth2/token", grant), ("/oauth2/introspect", ("token", token.as_str()))] {
        let assertion = key.assertion(&world, "keyed");
        let (one, other) = tokio::join!(ask(path, &assertion, more), ask(path, &assertion, more));
        let mut both = [one.status.as_u16(), other.status.as_u16()];
        both.sort_unstable();
        assert_eq!(both, [200, 401], "{path}");
    }
    assert_eq!(ask("/oauth2/revoke", &key.assertion(&world, "keyed"), ("token", &token)).await.status, 200);
    let told = ask("/oauth2/introspect", &key.assertion(&world, "keyed"), ("token", &token)).await;
    assert_eq!(told.json["active"], false);
    // Another key, another client, another way; and one whose time is over.
    let stranger = Key::new().assertion(&world, "keyed");
    let late = key.assertion(&world, "keyed");
    world.advance(SECOND.times(60));
    let other = key.assertion(&world, "robot");
    for assertion in [&stranger, &late, &other] {
        assert_eq!(error_of(&ask("/oauth2/token", assertion, grant).await), (401, "invalid_client"));
    }
    let named = [grant, ASSERTION, ("client_assertion", &key.assertion(&world, "keyed")), ("client_id", "shop")];
    assert_eq!(error_of(&post(&world, "/oauth2/token", &named, None).await), (401, "invalid_client"));
    let untyped = [grant, ("client_assertion", &*key.assertion(&world, "keyed"))];
    assert_eq!(error_of(&post(&world, "/oauth2/token", &untyped, None).await), (401, "invalid_client"));
    let secret = [grant, ("client_id", "keyed"), ("client_secret", testkit::CLIENT_SECRET)];
    assert_eq!(error_of(&post(&world, "/oauth2/token", &secret, None).await), (401, "invalid_client"));
}

/// A client without a secret that shows a key.
pub(super) struct Holder<'a> {
    pub(super) world: &'a World,
    pub(super) id: &'a str,
    pub(super) key: &'a Key,
}

impl Holder<'_> {
    async fn token(&self, fields: &[(&str, &str)]) -> ApiCall {
        let fields = [fields, &[("client_id", self.id)]].concat();
        let proof = self.key.proof(self.world, "POST", "/oauth2/token", None);
        post(self.world, "/oauth2/token", &fields, Some(proof)).await
    }

    pub(super) async fn exchange(&self, code: &str) -> ApiCall {
        let redirect = redirect_of(self.id);
        let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &*redirect)];
        self.token(&[&fields[..], &[("code_verifier", VERIFIER)]].concat()).await
    }

    pub(super) async fn refresh(&self, token: &str) -> ApiCall {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn userinfo(&self, token: &str, scheme: &str) -> ApiCall {
        let proof = self.key.proof(self.world, "GET", "/oauth2/userinfo", Some(token));
        let headers = [("authorization", format!("{scheme} {token}")), ("dpop", proof)];
        self.world.browser().call("GET", "/oauth2/userinfo", None, &headers).await
    }
}

async fn tokens_are_bound_to_the_key_that_was_shown(engine: Engine) {
    let (key, stolen) = (Key::new(), Key::new());
    let world = World::with(keyed(engine, &Key::new())).await;
    let mut browser = signed_up(&world).await;
    for id in ["held", "spa"] {
        let client = Client::new(&world, id);
        let holder = Holder { world: &world, id, key: &key };
        let thief = Holder { world: &world, id, key: &stolen };
        let code = client.code(&mut browser, &[]).await;
        let call = holder.exchange(&code).await;
        assert_eq!((call.status.as_u16(), &call.json["token_type"]), (200, &"DPoP".into()), "{call:?}");
        let (access, refresh) = (text(&call.json, "access_token"), text(&call.json, "refresh_token"));
        assert_eq!(holder.userinfo(&access, "DPoP").await.status, 200);
        assert_eq!(holder.userinfo(&access, "dpop").await.status, 200);
        // With another key, as a bearer, or with a proof of something else it is worth nothing.
        for (who, scheme) in [(&thief, "DPoP"), (&thief, "Bearer"), (&holder, "Bearer")] {
            let call = who.userinfo(&access, scheme).await;
            assert_eq!(call.status, 401, "{scheme}");
            let challenge = call.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.starts_with(scheme) && challenge.contains("error=\"invalid_token\""), "{challenge}");
            assert_eq!(challenge.contains("algs=\"ES256"), scheme == "DPoP", "{challenge}");
        }
        for proof in [
            None,
            Some(key.proof(&world, "GET", "/oauth2/userinfo", None)),
            Some(key.proof(&world, "POST", "/oauth2/userinfo", Some(&access))),
            Some(key.proof(&world, "GET", "/oauth2/introspect", Some(&access))),
            Some(key.proof(&world, "GET", "/oauth2/userinfo", Some(&refresh))),
        ] {
            let mut headers = vec![("authorization", format!("DPoP {access}"))];
            headers.extend(proof.map(|proof| ("dpop", proof)));
            let call = world.browser().call("GET", "/oauth2/userinfo", None, &headers).await;
            assert_eq!(error_of(&call), (401, "invalid_dpop_proof"));
        }
        // A refresh token of a public client is its holder's alone.
        assert_eq!(error_of(&thief.refresh(&refresh).await), (400, "invalid_grant"));
        let bare = [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("client_id", id)];
        let code = if id == "held" { "invalid_dpop_proof" } else { "invalid_grant" };
        assert_eq!(error_of(&post(&world, "/oauth2/token", &bare, None).await), (400, code));
        let again = holder.refresh(&refresh).await;
        assert_eq!((again.status.as_u16(), &again.json["token_type"]), (200, &"DPoP".into()), "{again:?}");
        let told = Client::new(&world, "robot").post("/oauth2/introspect", &[("token", &access)]).await;
        assert_eq!(
            (&told.json["token_type"], &told.json["cnf"]["jkt"]),
            (&"DPoP".into(), &key.thumbprint.clone().into())
        );
        assert_eq!(
            (&told.json["acr"], told.json["auth_time"].is_i64()),
            (&"urn:selfsame:aal1".into(), true),
            "RFC 9470"
        );
    }
    // One that has to show a key gets nothing without.
    let held = Client::new(&world, "held");
    let code = held.code(&mut browser, &[]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", "https://held.example/cb"),
        ("code_verifier", VERIFIER),
        ("client_id", "held"),
    ];
    assert_eq!(error_of(&post(&world, "/oauth2/token", &fields, None).await), (400, "invalid_dpop_proof"));
    let twice = format!("{0}, {0}", key.proof(&world, "POST", "/oauth2/token", None));
    assert_eq!(error_of(&post(&world, "/oauth2/token", &fields, Some(twice)).await), (400, "invalid_dpop_proof"));
    // One that need not be shown a key may: a plain token stays a bearer's.
    let plain = Client::new(&world, "spa").tokens(&mut browser, &[]).await;
    assert_eq!(plain["token_type"], "Bearer");
    let holder = Holder { world: &world, id: "spa", key: &key };
    assert_eq!(holder.userinfo(&text(&plain, "access_token"), "DPoP").await.status, 401, "nor does a key make it more");
}

async fn t62_a_proof_is_used_once(engine: Engine) {
    let key = Key::new();
    let world = World::with(keyed(engine, &key)).await;
    let robot =
        [("grant_type", "client_credentials"), ("client_id", "robot"), ("client_secret", testkit::CLIENT_SECRET)];
    let proof = key.proof(&world, "POST", "/oauth2/token", None);
    assert_eq!(post(&world, "/oauth2/token", &robot, Some(proof.clone())).await.json["token_type"], "DPoP");
    let again = post(&world, "/oauth2/token", &robot, Some(proof.clone())).await;
    assert_eq!(error_of(&again), (400, "invalid_dpop_proof"));
    world.advance(SECOND.times(61));
    assert_eq!(error_of(&post(&world, "/oauth2/token", &robot, Some(proof)).await), (400, "invalid_dpop_proof"));
    let proof = key.proof(&world, "POST", "/oauth2/token", None);
    let (one, other) = tokio::join!(
        post(&world, "/oauth2/token", &robot, Some(proof.clone())),
        post(&world, "/oauth2/token", &robot, Some(proof.clone()))
    );
    let mut both = [one.status.as_u16(), other.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 400]);
    // A replayed proof costs its client the answer, not the sign-in: the code stays good.
    let mut browser = signed_up(&world).await;
    let code = Client::new(&world, "held").code(&mut browser, &[]).await;
    let used = key.proof(&world, "POST", "/oauth2/token", None);
    assert_eq!(post(&world, "/oauth2/token", &robot, Some(used.clone())).await.status, 200);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", "https://held.example/cb"),
        ("code_verifier", VERIFIER),
        ("client_id", "held"),
    ];
    assert_eq!(error_of(&post(&world, "/oauth2/token", &fields, Some(used)).await), (400, "invalid_dpop_proof"));
    let holder = Holder { world: &world, id: "held", key: &key };
    assert_eq!(holder.exchange(&code).await.status, 200);
}

async fn a_code_waits_for_its_key(engine: Engine) {
    let (key, stolen) = (Key::new(), Key::new());
    let world = World::with(keyed(engine, &key)).await;
    let mut browser = signed_up(&world).await;
    let (holder, thief) =
        (Holder { world: &world, id: "spa", key: &key }, Holder { world: &world, id: "spa", key: &stolen });
    let spa = Client::new(&world, "spa");
    let code = spa.code(&mut browser, &[("dpop_jkt", &key.thumbprint)]).await;
    assert_eq!(error_of(&thief.exchange(&code).await), (400, "invalid_grant"));
    assert_eq!(error_of(&spa.exchange(&code).await), (400, "invalid_grant"), "no key at all");
    assert_eq!(holder.exchange(&code).await.status, 200);
    // A proof beside a pushed request promises the same.
    let fields = request_fields("spa");
    let mut named = fields.clone();
    named.push(("dpop_jkt", stolen.thumbprint.clone()));
    let proof = || Some(key.proof(&world, "POST", "/oauth2/par", None));
    assert_eq!(error_of(&post(&world, "/oauth2/par", &borrowed(&named), proof()).await), (400, "invalid_request"));
    let uri = text(&post(&world, "/oauth2/par", &borrowed(&fields), proof()).await.json, "request_uri");
    let page = browser.get(&by_reference("spa", &uri)).await;
    let code = parameter(&page.url, "code").unwrap_or_else(|| panic!("{} {}", page.url, page.all_text()));
    assert_eq!(error_of(&thief.exchange(&code).await), (400, "invalid_grant"));
    assert_eq!(holder.exchange(&code).await.status, 200);
}

async fn a_client_of_fapi(engine: Engine) {
    let key = Key::new();
    let world = World::with(keyed(engine, &key)).await;
    let mut browser = signed_up(&world).await;
    let bank = Client::new(&world, "bank");
    assert_eq!(error_at(&browser.get(&bank.request(&[])).await), "invalid_request", "it has to push");
    let send = async |path: &str, fields: Vec<(&str, &str)>, proof: bool| {
        let assertion = key.assertion(&world, "bank");
        let fields = [&fields[..], &[ASSERTION, ("client_assertion", &assertion)]].concat();
        post(&world, path, &fields, proof.then(|| key.proof(&world, "POST", path, None))).await
    };
    let fields = request_fields("bank");
    let pushed = send("/oauth2/par", borrowed(&fields), false).await;
    let page = browser.get(&by_reference("bank", &text(&pushed.json, "request_uri"))).await;
    let code = parameter(&page.url, "code").unwrap();
    let exchange = vec![
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", "https://bank.example/cb"),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(error_of(&send("/oauth2/token", exchange.clone(), false).await), (400, "invalid_dpop_proof"));
    // Nor do others' algorithms do (FAPI 2.0 §5.4.1), which are good enough elsewhere.
    let odd = Key::p384();
    let assertion = key.assertion(&world, "bank");
    let fields = [&exchange[..], &[ASSERTION, ("client_assertion", &assertion)]].concat();
    let proof = || Some(odd.proof(&world, "POST", "/oauth2/token", None));
    assert_eq!(error_of(&post(&world, "/oauth2/token", &fields, proof()).await), (400, "invalid_dpop_proof"));
    let robot =
        [("grant_type", "client_credentials"), ("client_id", "robot"), ("client_secret", testkit::CLIENT_SECRET)];
    assert_eq!(post(&world, "/oauth2/token", &robot, proof()).await.status, 200);
    let tokens = send("/oauth2/token", exchange, true).await;
    assert_eq!((tokens.status.as_u16(), &tokens.json["token_type"]), (200, &"DPoP".into()), "{tokens:?}");
    let access = claims(&text(&tokens.json, "access_token"));
    assert_eq!((&access["cnf"]["jkt"], &access["aud"]), (&key.thumbprint.clone().into(), &testkit::ORIGIN.into()));
    assert_eq!(super::keys::header_of(&text(&tokens.json, "id_token"))["alg"], "ES256");
    // Its refresh token stays the same: an answer that was lost costs nothing (§5.3.2.1).
    let refresh = text(&tokens.json, "refresh_token");
    for _ in 0..2 {
        let again =
            send("/oauth2/token", vec![("grant_type", "refresh_token"), ("refresh_token", &refresh)], true).await;
        assert_eq!((again.status.as_u16(), again.json.get("refresh_token")), (200, None), "{again:?}");
    }
    // It ends like any other.
    world.sign_out(&mut browser).await;
    let after = send("/oauth2/token", vec![("grant_type", "refresh_token"), ("refresh_token", &refresh)], true).await;
    assert_eq!(error_of(&after), (400, "invalid_grant"), "t68");
}

/// RFC 9449 §4.3: each of them would do alone.
async fn two_proofs_are_one_too_many(engine: Engine) {
    let key = Key::new();
    let world = World::with(keyed(engine, &key)).await;
    let robot =
        [("grant_type", "client_credentials"), ("client_id", "robot"), ("client_secret", testkit::CLIENT_SECRET)];
    let proof = |path| ("dpop", key.proof(&world, "POST", path, None));
    let both = [proof("/oauth2/token"), proof("/oauth2/token")];
    let call = world.browser().send_form("/oauth2/token", &robot, &both).await;
    assert_eq!(error_of(&call), (400, "invalid_dpop_proof"));
    for one in &both {
        let call = world.browser().send_form("/oauth2/token", &robot, std::slice::from_ref(one)).await;
        assert_eq!((call.status.as_u16(), &call.json["token_type"]), (200, &"DPoP".into()), "{call:?}");
    }
    let fields = request_fields("spa");
    let both = [proof("/oauth2/par"), proof("/oauth2/par")];
    let call = world.browser().send_form("/oauth2/par", &borrowed(&fields), &both).await;
    assert_eq!(error_of(&call), (400, "invalid_dpop_proof"));
    let mut browser = signed_up(&world).await;
    let code = Client::new(&world, "held").code(&mut browser, &[]).await;
    let holder = Holder { world: &world, id: "held", key: &key };
    let token = text(&holder.exchange(&code).await.json, "access_token");
    let proof = || ("dpop", key.proof(&world, "GET", "/oauth2/userinfo", Some(&token)));
    let headers = [("authorization", format!("DPoP {token}")), proof(), proof()];
    let call = world.browser().call("GET", "/oauth2/userinfo", None, &headers).await;
    assert_eq!(error_of(&call), (401, "invalid_dpop_proof"));
    let call = world.browser().call("GET", "/oauth2/userinfo", None, &headers[..2]).await;
    assert_eq!(call.status, 200, "{call:?}");
}

/// FAPI 2.0 §5.3.2.1: ten seconds are taken, more than sixty refused.
async fn a_clock_may_be_ten_seconds_ahead(engine: Engine) {
    let key = Key::new();
    let world = World::with(keyed(engine, &key)).await;
    let grant = ("grant_type", "client_credentials");
    let signed = |ahead: i64| {
        let assertion = key.assertion_with(&world, "keyed", testkit::ORIGIN, ahead);
        let proof = key.proof_with(&world, "POST", "/oauth2/token", None, ahead);
        (assertion, proof)
    };
    for (ahead, status) in [(0, 200), (10, 200), (61, 401)] {
        let (assertion, _) = signed(ahead);
        let fields = [grant, ASSERTION, ("client_assertion", &*assertion)];
        assert_eq!(post(&world, "/oauth2/token", &fields, None).await.status, status, "an assertion, {ahead} s");
    }
    for (ahead, expected) in [(0, (200, "")), (10, (200, "")), (61, (400, "invalid_dpop_proof"))] {
        let ((assertion, _), (_, proof)) = (signed(0), signed(ahead));
        let fields = [grant, ASSERTION, ("client_assertion", &*assertion)];
        let call = post(&world, "/oauth2/token", &fields, Some(proof)).await;
        assert_eq!(error_of(&call), expected, "a proof, {ahead} s");
    }
}

/// RFC 9126 §2, §2.2 and §2.3; FAPI 2.0 §5.3.2.2.
async fn what_is_pushed_is_for_the_endpoint_and_kept_nowhere(engine: Engine) {
    let key = Key::new();
    let world = World::with(keyed(engine, &key)).await;
    let mut browser = signed_up(&world).await;
    let token = format!("{}/oauth2/token", testkit::ORIGIN);
    let par = format!("{}/oauth2/par", testkit::ORIGIN);
    let push = async |client: &str, audience: &str, more: (&'static str, &str)| {
        let assertion = key.assertion_with(&world, client, audience, 0);
        let mut fields = request_fields(client);
        fields.extend([(ASSERTION.0, ASSERTION.1.to_owned()), ("client_assertion", assertion)]);
        fields.push((more.0, more.1.to_owned()));
        let call = post(&world, "/oauth2/par", &borrowed(&fields), None).await;
        for (name, value) in
            [("cache-control", "no-store"), ("pragma", "no-cache"), ("content-type", "application/json")]
        {
            assert_eq!(call.headers[name], value, "{client}: {audience}");
        }
        call
    };
    // A client of FAPI names the issuer and nothing else.
    for (audience, firm, bank) in [
        (testkit::ORIGIN, 201, 201),
        (&*token, 201, 401),
        (&*par, 201, 401),
        ("https://id.example.test/oauth2/introspect", 401, 401),
    ] {
        for (client, status) in [("firm", firm), ("bank", bank)] {
            let call = push(client, audience, ("unheard_of", "x")).await;
            assert_eq!(call.status.as_u16(), status, "{client}: {audience}: {call:?}");
        }
    }
    let nonce = "n".repeat(64);
    let pushed = push("bank", testkit::ORIGIN, ("nonce", &nonce)).await;
    let page = browser.get(&by_reference("bank", &text(&pushed.json, "request_uri"))).await;
    let code = parameter(&page.url, "code").unwrap_or_else(|| panic!("{} {}", page.url, page.all_text()));
    let assertion = key.assertion(&world, "bank");
    let fields = [ASSERTION, ("client_assertion", &*assertion), ("client_id", "bank")];
    let exchange =
        [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", "https://bank.example/cb")];
    let fields = [&fields[..], &exchange, &[("code_verifier", VERIFIER)]].concat();
    let proof = key.proof(&world, "POST", "/oauth2/token", None);
    let tokens = post(&world, "/oauth2/token", &fields, Some(proof)).await;
    assert_eq!(claims(&text(&tokens.json, "id_token"))["nonce"], *nonce);
    // More than a request can be is not even read.
    let call = push("firm", testkit::ORIGIN, ("state", &"x".repeat(2_000))).await;
    assert_eq!(error_of(&call), (400, "invalid_request"));
    let huge = "x".repeat(100_000);
    assert_eq!(post(&world, "/oauth2/par", &[("state", &huge)], None).await.status, 413);
}

async fn what_a_key_costs(engine: Engine) {
    let key = Key::new();
    let world = World::with(keyed(engine, &key)).await;
    let counted = async |name: &str, most: (u64, u64), path: &str, fields: &[(&str, &str)], proof: bool| {
        let assertion = key.assertion(&world, "keyed");
        let fields = [fields, &[ASSERTION, ("client_assertion", &assertion)]].concat();
        let proof = proof.then(|| key.proof(&world, "POST", path, None));
        let before = world.reads_and_writes();
        let call = post(&world, path, &fields, proof).await;
        let after = world.reads_and_writes();
        let cost = (after.0 - before.0, after.1 - before.1);
        println!("{name}: {} reads, {} writes", cost.0, cost.1);
        assert!(call.status.is_success() && cost.0 <= most.0 && cost.1 <= most.1, "{name}: {cost:?} {call:?}");
        call
    };
    let grant = [("grant_type", "client_credentials")];
    let token = counted("token by assertion", (1, 1), "/oauth2/token", &grant, false).await;
    counted("token by assertion and proof", (1, 1), "/oauth2/token", &grant, true).await;
    let token = [("token", &*text(&token.json, "access_token"))];
    counted("introspection by assertion", (1, 1), "/oauth2/introspect", &token, false).await;
    counted("revocation by assertion", (0, 1), "/oauth2/revoke", &token, false).await;
    let (own, fields) = (Client::new(&world, "own"), request_fields("own"));
    let before = world.reads_and_writes();
    assert_eq!(own.post("/oauth2/par", &borrowed(&fields)).await.status, 201);
    assert_eq!(world.reads_and_writes(), before, "a pushed request is kept nowhere");
}
