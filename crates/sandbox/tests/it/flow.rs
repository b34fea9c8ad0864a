//! The honest provider.

use crate::world::{ADA, Answer, CHALLENGE, CLIENT_ID, CLIENT_SECRET, VERIFIER, World, id_token, json, parts};
use base64::Engine as _;
use sandbox::provider::Endpoint;
use scraper::{Html, Selector};
use serde_json::{Value, json};

#[tokio::test]
async fn whole_sign_in() {
    let world = World::start().await;
    let metadata = world.discovery().await;
    assert_eq!(metadata["issuer"], world.origin);
    assert_eq!(metadata["token_endpoint"], format!("{}/token", world.origin));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    let answer = world.ada().await;
    assert_eq!(answer.get("state"), Some("the state"));
    assert_eq!(answer.get("iss"), Some(world.origin.as_str()));
    let (status, body) = world.token(&[("code", answer.code())]).await;
    assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")));
    assert!(world.is_signed(id_token(&body)).await);
    let (header, claims) = parts(id_token(&body));
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("JWT")));
    let expected = json!({
        "iss": world.origin, "aud": CLIENT_ID, "sub": ADA, "nonce": "the nonce",
        "iat": 1_800_000_000, "auth_time": 1_800_000_000, "exp": 1_800_003_600, "at_hash": claims["at_hash"],
        "email": "ada@example.test", "email_verified": true, "name": "Ada Lovelace", "preferred_username": "ada",
    });
    assert_eq!(claims, expected);
    let userinfo = json(world.userinfo(body["access_token"].as_str().unwrap()).await).await;
    assert_eq!((&userinfo["sub"], &userinfo["email_verified"]), (&json!(ADA), &json!(true)));
    let logged = world.provider.log();
    let token = logged.iter().find(|request| request.endpoint == Endpoint::Token).unwrap();
    assert_eq!(token.parameter("code_verifier"), Some(VERIFIER));
    assert_eq!(token.parameter("client_secret"), None);
    assert_eq!(world.provider.count(Endpoint::Keys), 1);
}

#[tokio::test]
async fn a_code_is_good_once_and_a_second_use_ends_what_the_first_gave() {
    let world = World::start().await;
    let answer = world.ada().await;
    let (_, first) = world.token(&[("code", answer.code())]).await;
    let access_token = first["access_token"].as_str().unwrap();
    assert_eq!(world.userinfo(access_token).await.status(), 200);
    let (status, second) = world.token(&[("code", answer.code())]).await;
    assert_eq!((status, &second["error"]), (400, &json!("invalid_grant")));
    assert_eq!(world.userinfo(access_token).await.status(), 401);
}

#[tokio::test]
async fn a_code_is_bound_to_verifier_address_and_time() {
    let world = World::start().await;
    for change in [
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx"),
        ("code_verifier", CHALLENGE),
        ("code_verifier", "short"),
        ("redirect_uri", "http://server.localhost:7000/callback/example-b"),
    ] {
        let answer = world.ada().await;
        let (status, body) = world.token(&[("code", answer.code()), change]).await;
        assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")), "{change:?}");
        // And it is spent.
        assert_eq!(world.token(&[("code", answer.code())]).await.0, 400);
    }
    let answer = world.ada().await;
    world.clock.turn(60);
    assert_eq!(world.token(&[("code", answer.code())]).await.1["error"], "invalid_grant");
    assert_eq!(world.token(&[("code", "made up")]).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn the_client_has_to_say_who_it_is() {
    let world = World::start().await;
    let answer = world.ada().await;
    let code = answer.code();
    for changes in [
        vec![("client_secret", "wrong")],
        vec![("client_secret", "")],
        vec![("client_id", "somebody"), ("client_secret", CLIENT_SECRET)],
    ] {
        let (status, body) = world.token(&[vec![("code", code)], changes].concat()).await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    }
    let (status, body) = world.token(&[("code", code), ("grant_type", "password")]).await;
    assert_eq!((status, &body["error"]), (400, &json!("unsupported_grant_type")));
    // By header, encoded as RFC 6749 §2.3.1 says.
    let encoded: String = url::form_urlencoded::byte_serialize(CLIENT_SECRET.as_bytes()).collect();
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT_ID}:{encoded}"));
    let form = [
        ("grant_type", "authorization_code"),
        ("redirect_uri", crate::world::REDIRECT_URI),
        ("code_verifier", VERIFIER),
        ("code", code),
    ];
    let request = world.client.post(format!("{}/token", world.origin)).form(&form);
    let response = request.header("authorization", format!("Basic {credentials}")).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn wrong_requests_are_answered_where_that_is_safe() {
    let world = World::start().await;
    for change in [("client_id", "somebody"), ("redirect_uri", "http://elsewhere.localhost/"), ("redirect_uri", "")] {
        let response = world.authorize(&[change]).await;
        assert_eq!(response.status(), 400, "{change:?}");
        assert!(response.headers().get("location").is_none());
    }
    for (change, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "email"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("prompt", "none"), "login_required"),
        (("max_age", "-1"), "invalid_request"),
        (("request", "x"), "request_not_supported"),
    ] {
        let answer = Answer::of(&world.authorize(&[change]).await);
        assert_eq!(answer.get("error"), Some(error), "{change:?}");
        assert_eq!((answer.get("state"), answer.get("code")), (Some("the state"), None));
        assert_eq!(answer.get("iss"), Some(world.origin.as_str()));
    }
    let url = world.authorization(&[]).to_string() + "&scope=openid";
    let answer = Answer::of(&world.client.get(url).send().await.unwrap());
    assert_eq!(answer.get("error"), Some("invalid_request"));
}

/// The page's hidden request id and its text.
async fn chooser(world: &World, changes: &[(&str, &str)], cookie: &str) -> (String, String) {
    let request = world.client.get(world.authorization(changes)).header("cookie", cookie);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    let page = Html::parse_document(&text);
    let field = Selector::parse("input[name=request]").unwrap();
    (page.select(&field).next().unwrap().attr("value").unwrap().to_owned(), text)
}

fn cookie_of(response: &reqwest::Response) -> String {
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    cookie.split(';').next().unwrap().to_owned()
}

async fn claims_of(world: &World, answer: &Answer) -> Value {
    let (status, body) = world.token(&[("code", answer.code())]).await;
    assert_eq!(status, 200, "{body}");
    parts(id_token(&body)).1
}

#[tokio::test]
async fn a_person_picks_an_account_and_is_known_the_next_time() {
    let world = World::start().await;
    let (request, text) = chooser(&world, &[], "").await;
    assert!(text.contains("Ada Lovelace") && text.contains("Example provider"));
    let response = world.post("/authorize/choose", &[("request", &request), ("sub", ADA)], "").await;
    let cookie = cookie_of(&response);
    assert_eq!(claims_of(&world, &Answer::of(&response)).await["sub"], ADA);

    world.clock.turn(120);
    let with_cookie =
        |changes: &[(&str, &str)]| world.client.get(world.authorization(changes)).header("cookie", &cookie).send();
    // Silent, and honest about when she authenticated.
    for changes in [&[][..], &[("prompt", "none")], &[("max_age", "120")], &[("login_hint", "ADA@example.test")]] {
        let claims = claims_of(&world, &Answer::of(&with_cookie(changes).await.unwrap())).await;
        assert_eq!(claims["auth_time"], 1_800_000_000, "{changes:?}");
    }
    // Not silent.
    for changes in [
        &[("prompt", "login")][..],
        &[("prompt", "select_account")],
        &[("max_age", "119")],
        &[("login_hint", "grace@example.test")],
    ] {
        assert_eq!(with_cookie(changes).await.unwrap().status(), 200, "{changes:?}");
    }
    let answer = Answer::of(&with_cookie(&[("prompt", "none"), ("max_age", "119")]).await.unwrap());
    assert_eq!(answer.get("error"), Some("login_required"));
    // Choosing again without a new login keeps the time, with one it is new; the session's id changes each time.
    let mut cookie = cookie;
    for (prompt, at) in [("select_account", 1_800_000_000), ("login", 1_800_000_120)] {
        let (request, text) = chooser(&world, &[("prompt", prompt)], &cookie).await;
        assert!(text.contains("signed in"));
        let response = world.post("/authorize/choose", &[("request", &request), ("sub", ADA)], &cookie).await;
        assert_eq!(claims_of(&world, &Answer::of(&response)).await["auth_time"], at);
        let old = std::mem::replace(&mut cookie, cookie_of(&response));
        assert_eq!(silent(&world, &old).await.get("error"), Some("login_required"));
        silent(&world, &cookie).await.code();
    }
}

/// What `prompt=none` answers to a browser.
async fn silent(world: &World, cookie: &str) -> Answer {
    let request = world.client.get(world.authorization(&[("prompt", "none")])).header("cookie", cookie);
    Answer::of(&request.send().await.unwrap())
}

#[tokio::test]
async fn signing_out_of_the_provider_ends_silent_answers() {
    let world = World::start().await;
    let (request, _) = chooser(&world, &[], "").await;
    let response = world.post("/authorize/choose", &[("request", &request), ("sub", ADA)], "").await;
    let cookie = cookie_of(&response);
    let home = world.client.get(format!("{}/", world.origin)).header("cookie", &cookie).send().await.unwrap();
    assert!(home.text().await.unwrap().contains("Ada Lovelace"));
    let sign_out = |origin: &str| {
        let request = world.client.post(format!("{}/sign-out", world.origin));
        request.header("cookie", &cookie).header("origin", origin.to_owned()).send()
    };
    sign_out("http://elsewhere.localhost").await.unwrap();
    silent(&world, &cookie).await.code();
    sign_out(&world.origin).await.unwrap();
    assert_eq!(silent(&world, &cookie).await.get("error"), Some("login_required"));
}

#[tokio::test]
async fn cancelling_is_an_answer_and_a_page_does_not_stay_open_for_ever() {
    let world = World::start().await;
    let (request, _) = chooser(&world, &[], "").await;
    let answer = Answer::of(&world.post("/authorize/choose", &[("request", &request), ("cancel", "1")], "").await);
    assert_eq!((answer.get("error"), answer.get("state")), (Some("access_denied"), Some("the state")));
    for form in [[("request", request.as_str()), ("sub", "nobody")], [("request", "made up"), ("sub", ADA)]] {
        assert_eq!(world.post("/authorize/choose", &form, "").await.status(), 400);
    }
    world.clock.turn(600);
    assert_eq!(world.post("/authorize/choose", &[("request", &request), ("sub", ADA)], "").await.status(), 400);
}

#[tokio::test]
async fn any_address_can_be_typed_with_any_flag() {
    let world = World::start().await;
    let mut subjects = Vec::new();
    for (flag, expected) in
        [("false", Some(json!(false))), ("true", Some(json!(true))), ("text", Some(json!("true"))), ("absent", None)]
    {
        let (request, _) = chooser(&world, &[("login_hint", "mallory")], "").await;
        let form = [
            ("request", request.as_str()),
            ("other", "1"),
            ("name", "Mallory <script>"),
            ("address", "ada@example.test"),
            ("verified", flag),
        ];
        let claims = claims_of(&world, &Answer::of(&world.post("/authorize/choose", &form, "").await)).await;
        assert_eq!(claims["email"], "ada@example.test");
        assert_eq!(claims.get("email_verified"), expected.as_ref());
        subjects.push(claims["sub"].clone());
    }
    // The same account each time, and none that was there before.
    assert!(subjects.iter().all(|sub| sub == &subjects[0] && sub != ADA));
    let (request, _) = chooser(&world, &[], "").await;
    let form = [("request", request.as_str()), ("other", "1"), ("address", " ")];
    let claims = claims_of(&world, &Answer::of(&world.post("/authorize/choose", &form, "").await)).await;
    assert_eq!((claims.get("email"), claims.get("email_verified")), (None, None));
}

#[tokio::test]
async fn claims_follow_scope_and_setting() {
    let world = World::start_with(|settings| settings.claims_in_id_token = false).await;
    let answer = Answer::of(&world.authorize(&[("x_person", ADA), ("scope", "openid email")]).await);
    let (_, body) = world.token(&[("code", answer.code())]).await;
    assert_eq!(parts(id_token(&body)).1.get("email"), None);
    let userinfo = json(world.userinfo(body["access_token"].as_str().unwrap()).await).await;
    assert_eq!((&userinfo["email"], userinfo.get("name")), (&json!("ada@example.test"), None));
    world.clock.turn(600);
    assert_eq!(world.userinfo(body["access_token"].as_str().unwrap()).await.status(), 401);
}
