//! The authorization endpoint: who is asked what, and where the answer goes.

use super::{Client, claims, error_at, options, parameter, text};
use crate::on_both_engines;
use model::{HOUR, MINUTE};
use testkit::{Behaviour, Engine, ORIGIN, PASSWORD, World};

on_both_engines!(
    a_person_signs_in_to_an_application,
    t41_only_a_registered_redirect_is_led_to,
    what_is_asked_for_without_a_word,
    a_fresh_sign_in_is_a_fresh_one,
    another_account_and_a_new_one,
    saying_no_is_told_and_kept_nowhere,
    an_answer_by_form,
    t31_a_request_goes_on_in_its_own_browser_and_time,
    signing_out_for_an_application,
    applications_with_access,
    a_hint_is_about_one_person,
    t91_a_fresh_sign_in_is_one_at_the_provider_too,
    t111_large_requests_shut_nobody_out,
);

async fn a_person_signs_in_to_an_application(engine: Engine) {
    let world = World::with(options(engine)).await;
    world.sign_up(&mut world.browser(), "Ada", "ada@example.test").await;
    let mut browser = world.browser();
    let shop = Client::new(&world, "shop");
    let page = browser.get(&shop.request(&[("login_hint", "ada@example.test")])).await;
    assert!(page.all_text().contains("to continue to Shop"), "{}", page.all_text());
    let form = page.form("/sign-in/email");
    assert!(form.fields.iter().any(|(name, value)| name == "email" && value == "ada@example.test"), "{form:?}");
    let page = browser.submit(form).await;
    let page = browser.press(page.form("/sign-in/password").with("password", PASSWORD), "method", "password").await;
    assert!(page.all_text().contains("Shop wants to know who you are"), "{}", page.all_text());
    assert!(page.all_text().contains("Your e-mail address") && page.all_text().contains("ada@example.test"));
    let page = browser.press(page.form("/oauth2/consent"), "choice", "allow").await;
    assert_eq!(page.url.host_str(), Some("shop.example"));
    assert_eq!(parameter(&page.url, "state").as_deref(), Some("st & te"));
    assert_eq!(parameter(&page.url, "iss").as_deref(), Some(ORIGIN), "RFC 9207");
    let code = parameter(&page.url, "code").unwrap();
    let call = shop.exchange(&code).await;
    assert_eq!((call.status.as_u16(), call.headers["cache-control"].to_str().unwrap()), (200, "no-store"), "{call:?}");
    let id_token = claims(&text(&call.json, "id_token"));
    assert_eq!((&id_token["iss"], &id_token["aud"]), (&ORIGIN.into(), &"shop".into()));
    assert_eq!((&id_token["nonce"], &id_token["email"]), (&"n-1".into(), &"ada@example.test".into()));
    assert_eq!((&id_token["acr"], &id_token["amr"][0]), (&"urn:selfsame:aal1".into(), &"pwd".into()));
    let told = shop.userinfo(&text(&call.json, "access_token")).await;
    assert_eq!((told.status.as_u16(), &told.json["sub"]), (200, &id_token["sub"]), "t60: {told:?}");
    assert_eq!((&told.json["name"], &told.json["email_verified"]), (&"Ada".into(), &true.into()));
    // The second time nobody is asked anything.
    let page = browser.get(&shop.request(&[])).await;
    assert!(parameter(&page.url, "code").is_some(), "{}", page.url);
    // More than was allowed is asked for, and what was allowed is marked.
    let page = browser.get(&shop.request(&[("scope", "openid email offline_access")])).await;
    assert!(
        page.all_text().contains("allowed before") && page.all_text().contains("while you are away"),
        "{}",
        page.all_text()
    );
}

async fn t41_only_a_registered_redirect_is_led_to(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    let shop = Client::new(&world, "shop");
    for more in [
        ("redirect_uri", "https://shop.example/cb/"),
        ("redirect_uri", "https://shop.example/cb?x=1"),
        ("redirect_uri", "https://evil.example/cb"),
        ("redirect_uri", "https://shop.example@evil.example/cb"),
        ("redirect_uri", "https://board.example/cb"),
        ("redirect_uri", ""),
        ("client_id", "nobody"),
        ("client_id", ""),
    ] {
        let page = browser.get(&shop.request(&[more])).await;
        assert_eq!((page.status.as_u16(), page.url.host_str()), (400, Some("id.example.test")), "{more:?}");
        assert!(!page.all_text().contains("evil.example"), "t47: nothing of the request is shown");
    }
    // The rest is the client's to know.
    for (more, code) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "unheard_of"), "invalid_scope"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("request", "e30.e30."), "request_not_supported"),
        (("state", &"x".repeat(3000)), "invalid_request"),
    ] {
        let page = browser.get(&shop.request(&[more])).await;
        assert_eq!(error_at(&page), code, "{more:?}");
    }
}

async fn what_is_asked_for_without_a_word(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    let (shop, own) = (Client::new(&world, "shop"), Client::new(&world, "own"));
    let none = [("prompt", "none")];
    assert_eq!(error_at(&browser.get(&shop.request(&none)).await), "login_required");
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    assert_eq!(error_at(&browser.get(&shop.request(&none)).await), "consent_required");
    shop.code(&mut browser, &[]).await;
    assert!(parameter(&browser.get(&shop.request(&none)).await.url, "code").is_some());
    // One of ours asks nobody.
    assert!(parameter(&browser.get(&own.request(&none)).await.url, "code").is_some());
    world.advance(HOUR);
    let page = browser.get(&shop.request(&[("prompt", "none"), ("max_age", "60")])).await;
    assert_eq!(error_at(&page), "login_required");
}

async fn a_fresh_sign_in_is_a_fresh_one(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let shop = Client::new(&world, "shop");
    let first = claims(&text(&shop.tokens(&mut browser, &[]).await, "id_token"));
    for more in [("prompt", "login"), ("max_age", "60"), ("max_age", "0")] {
        world.advance(MINUTE.times(3));
        let page = browser.get(&shop.request(&[more])).await;
        assert!(page.all_text().contains("Shop asks you to confirm"), "{}", page.all_text());
        let back = page.links().into_iter().find(|href| href.starts_with("https://shop.example/cb")).unwrap();
        assert!(back.contains("error=access_denied") && back.contains("state="), "the client hears of it: {back}");
        let form = page.form("/account/step-up").with("password", PASSWORD);
        let page = browser.press(form, "method", "password").await;
        let code = parameter(&page.url, "code").unwrap_or_else(|| panic!("{more:?}: {} {}", page.url, page.all_text()));
        let again = claims(&text(&shop.exchange(&code).await.json, "id_token"));
        assert!(again["auth_time"].as_i64() > first["auth_time"].as_i64(), "{more:?}: {again}");
        assert_eq!((&again["sub"], &again["sid"]), (&first["sub"], &first["sid"]), "the session goes on");
    }
    world.advance(MINUTE);
    let page = browser.get(&shop.request(&[("max_age", "600")])).await;
    assert!(parameter(&page.url, "code").is_some(), "young enough");
}

async fn another_account_and_a_new_one(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let own = Client::new(&world, "own");
    let page = browser.get(&own.request(&[("prompt", "select_account")])).await;
    assert!(page.all_text().contains("Continue to Own"), "{}", page.all_text());
    let stay = browser.press(page.form("/sign-in/continue"), "choice", "continue").await;
    assert!(parameter(&stay.url, "code").is_some(), "{}", stay.url);
    let page = browser.get(&own.request(&[("prompt", "select_account")])).await;
    let page = browser.press(page.form("/sign-in/continue"), "choice", "switch").await;
    assert!(page.has_form("/sign-in/email"), "{}", page.all_text());
    let page = browser.get(&own.request(&[("prompt", "create")])).await;
    assert!(page.has_form("/sign-up"), "{}", page.all_text());
    // Straight to the provider that the application names.
    browser.be(&world.a, "a-grace");
    let mut fresh = world.browser();
    fresh.be(&world.a, "a-grace");
    let page = fresh.get(&own.request(&[("idp_hint", "a")])).await;
    assert!(parameter(&page.url, "code").is_some(), "{} {}", page.url, page.all_text());
    assert_eq!(world.who(&mut fresh).await.as_deref(), Some("Grace"));
}

async fn saying_no_is_told_and_kept_nowhere(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let shop = Client::new(&world, "shop");
    let page = browser.get(&shop.request(&[])).await;
    let form = page.form("/oauth2/consent");
    let refused = browser.press(form.clone(), "choice", "refuse").await;
    assert_eq!(error_at(&refused), "access_denied");
    // Another session's form says nothing in this one.
    let mut other = world.browser();
    world.provider_sign_in(&mut other, "a", "a-grace").await;
    let page = other.press(form.clone(), "choice", "allow").await;
    assert!(page.has_form("/oauth2/consent"), "t32: asked anew, {} {}", page.url, page.all_text());
    let page = browser.get(&shop.request(&[])).await;
    assert!(page.has_form("/oauth2/consent"), "nothing was remembered");
    let again = browser.press(form, "choice", "allow").await;
    assert!(parameter(&again.url, "code").is_some(), "the page that was left open still works");
}

async fn an_answer_by_form(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let own = Client::new(&world, "own");
    let page = browser.get(&own.request(&[("response_mode", "form_post")])).await;
    let form = page.form("/cb");
    let field = |name: &str| form.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    assert_eq!(field("state").as_deref(), Some("st & te"));
    assert_eq!(field("iss").as_deref(), Some(ORIGIN));
    assert_eq!(own.exchange(&field("code").unwrap()).await.status, 200);
    // A request by form from the client's page is the same request.
    let query = own.request(&[]);
    let query = query.split_once('?').unwrap().1;
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = browser.post("/oauth2/authorize", &fields).await;
    assert!(parameter(&page.url, "code").is_some(), "{}", page.url);
}

async fn t31_a_request_goes_on_in_its_own_browser_and_time(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let shop = Client::new(&world, "shop");
    let page = browser.get(&shop.request(&[])).await;
    let form = page.form("/oauth2/consent");
    let sealed = form.fields.iter().find(|(name, _)| name == "request").unwrap().1.clone();
    // Elsewhere the sealed request is a request like any other: whoever opens it is asked themselves.
    let mut other = world.browser();
    let page = other.get(&format!("/oauth2/authorize/resume?request={sealed}")).await;
    assert!(page.has_form("/sign-in/email"), "{}", page.all_text());
    for forged in ["x", "", &sealed[..sealed.len() - 1]] {
        let page = browser.get(&format!("/oauth2/authorize/resume?request={forged}")).await;
        assert_eq!(page.status, 400, "{forged}");
    }
    world.advance(HOUR);
    let page = browser.get(&format!("/oauth2/authorize/resume?request={sealed}")).await;
    assert_eq!(page.status, 400, "its time is over");
}

async fn signing_out_for_an_application(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let shop = Client::new(&world, "shop");
    let hint = text(&shop.tokens(&mut browser, &[]).await, "id_token");
    let leave = |fields: &[(&str, &str)]| {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("/oauth2/logout?{query}")
    };
    let bye = ("post_logout_redirect_uri", "https://shop.example/bye");
    // t71: without a hint for this very session the person is asked.
    for asked in [vec![("client_id", "shop"), bye], vec![]] {
        let page = browser.get(&leave(&asked)).await;
        assert!(page.has_form("/oauth2/logout"), "{}", page.all_text());
        assert_eq!(world.who(&mut browser).await.as_deref(), Some("Ada"));
        let page = browser.press(page.form("/oauth2/logout"), "choice", "stay").await;
        assert_eq!(page.url.path(), "/account");
    }
    let mut other = world.browser();
    world.provider_sign_in(&mut other, "a", "a-grace").await;
    let page = other.get(&leave(&[("id_token_hint", &hint), bye])).await;
    assert!(page.has_form("/oauth2/logout"), "the hint is for somebody else's session");
    // t40: only where the client may lead.
    for bad in [
        vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://evil.example/bye")],
        vec![("post_logout_redirect_uri", "https://shop.example/bye")],
        vec![("client_id", "own"), bye],
        vec![("id_token_hint", hint.as_str()), ("client_id", "own")],
    ] {
        let page = browser.get(&leave(&bad)).await;
        assert_eq!((page.status.as_u16(), page.url.host_str()), (400, Some("id.example.test")), "{bad:?}");
        assert_eq!(world.who(&mut browser).await.as_deref(), Some("Ada"));
    }
    let page = browser.get(&leave(&[("id_token_hint", &hint), bye, ("state", "s")])).await;
    assert_eq!(page.url.as_str(), "https://shop.example/bye?state=s");
    assert_eq!(world.who(&mut browser).await, None);
    let page = browser.get(&leave(&[("id_token_hint", &hint), bye])).await;
    assert_eq!(page.url.as_str(), "https://shop.example/bye", "twice is no error");
}

async fn applications_with_access(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let page = browser.get("/account/applications").await;
    assert!(page.all_text().contains("No application has access."), "{}", page.all_text());
    let (shop, own) = (Client::new(&world, "shop"), Client::new(&world, "own"));
    let of_shop = shop.tokens(&mut browser, &[]).await;
    let of_own = own.tokens(&mut browser, &[]).await;
    let page = browser.get("/account/applications").await;
    assert!(page.all_text().contains("Shop") && page.all_text().contains("Own"), "{}", page.all_text());
    let form = page.form_with("/account/applications/withdraw", ("client", "shop"));
    let page = browser.press(form, "client", "shop").await;
    assert!(page.all_text().contains("Access taken back.") && !page.all_text().contains("Shop"), "{}", page.all_text());
    let alive =
        |client, token| async move { Client::userinfo(client, &text(token, "access_token")).await.status == 200 };
    assert!(!alive(&shop, &of_shop).await && alive(&own, &of_own).await);
    assert_eq!(shop.refresh(&text(&of_shop, "refresh_token")).await.json["error"], "invalid_grant");
    let page = browser.get(&shop.request(&[])).await;
    assert!(page.has_form("/oauth2/consent"), "asked again");
    let activity = browser.get("/account/activity").await.all_text();
    assert!(
        activity.contains("Access of an application taken back") && activity.contains("An application was allowed in")
    );
}

/// OpenID Connect Core §3.1.2.2: nobody else is answered for.
async fn a_hint_is_about_one_person(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let own = Client::new(&world, "own");
    let hint = text(&own.tokens(&mut browser, &[]).await, "id_token");
    let silent = |hint: &str| own.request(&[("prompt", "none"), ("id_token_hint", hint)]);
    assert!(parameter(&browser.get(&silent(&hint)).await.url, "code").is_some());
    assert_eq!(error_at(&browser.get(&silent("e30.e30.e30")).await), "invalid_request");
    let shop = Client::new(&world, "shop");
    let of_shop = text(&shop.tokens(&mut browser, &[]).await, "id_token");
    assert_eq!(error_at(&browser.get(&silent(&of_shop)).await), "invalid_request", "made for another client");
    let mut other = world.browser();
    world.provider_sign_in(&mut other, "a", "a-grace").await;
    assert_eq!(error_at(&other.get(&silent(&hint)).await), "login_required");
    // Asked aloud, they may sign in as that person, and nobody else is told of.
    world.advance(MINUTE);
    let page = other.get(&own.request(&[("id_token_hint", &hint)])).await;
    let page = other.submit(page.form("/sign-in/email").with("email", "ada@example.test")).await;
    let page = other.press(page.form("/sign-in/password").with("password", PASSWORD), "method", "password").await;
    let page = other.press(page.form("/sign-in/switch"), "choice", "switch").await;
    assert!(parameter(&page.url, "code").is_some(), "{} {}", page.url, page.all_text());
}

/// Signed out here, but not there: the provider's own session is no sign-in that the client asked for.
async fn t91_a_fresh_sign_in_is_one_at_the_provider_too(engine: Engine) {
    let world = World::with(options(engine)).await;
    let own = Client::new(&world, "own");
    let mut browser = world.browser();
    world.provider_sign_in(&mut browser, "a", "a-grace").await;
    world.sign_out(&mut browser).await;
    world.a.script([Behaviour::StaleAuthTime]);
    for more in [("prompt", "login"), ("max_age", "0"), ("max_age", "60")] {
        let page = browser.get(&own.request(&[more, ("idp_hint", "a")])).await;
        assert_eq!(parameter(&page.url, "code"), None, "{more:?}: {}", page.url);
        assert_eq!(world.who(&mut browser).await, None);
    }
    world.a.script([]);
    let page = browser.get(&own.request(&[("prompt", "login"), ("idp_hint", "a")])).await;
    assert!(parameter(&page.url, "code").is_some(), "{} {}", page.url, page.all_text());
}

/// Somebody's page sends a person here again and again with as much as a request may hold.
async fn t111_large_requests_shut_nobody_out(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let shop = Client::new(&world, "shop");
    let state = "x".repeat(900);
    for prompt in ["select_account", "create", "login", "select_account", "create", "login", "create", "select_account"]
    {
        world.advance(MINUTE);
        let page = browser.get(&shop.request(&[("prompt", prompt), ("state", &state)])).await;
        assert_eq!(page.status, 200, "{prompt}: {}", page.all_text());
        let cookies = browser.our_cookies();
        let header: usize = cookies.iter().map(|(name, value)| name.len() + value.len() + 3).sum();
        assert!(header < 16_000, "{header}");
        assert!(cookies.values().all(|value| value.len() <= 4_000));
        assert_eq!(world.who(&mut browser).await.as_deref(), Some("Ada"));
    }
    let page = browser.get(&shop.request(&[("state", &"x".repeat(1_020)), ("nonce", &"y".repeat(1_020))])).await;
    assert_eq!(error_at(&page), "invalid_request");
}
