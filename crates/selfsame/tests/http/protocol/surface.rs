//! What every page and every cookie keeps, whoever asks and however.

use super::code_of;
use crate::on_both_engines;
use crate::provider::{Client, options};
use axum::http::{HeaderValue, Method, header};
use testkit::{Behaviour, Browser, Endpoint, Engine, ORIGIN, Options, PASSWORD, Page, Person, World};

on_both_engines!(
    t40_people_land_on_paths_of_ours,
    t45_links_come_from_the_configuration,
    t46_t53_every_answer_is_hardened,
    t47_nothing_from_outside_becomes_markup,
    t48_reading_changes_nothing,
    t50_cookies_are_ours_alone,
);

const ADA: &str = "ada@example.test";

async fn t40_people_land_on_paths_of_ours(engine: Engine) {
    let world = World::new(engine).await;
    world.sign_up(&mut world.browser(), "Ada", ADA).await;
    let bad = [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example\t",
        "/\t/evil.example",
        "/..//evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "https:evil.example",
        "@evil.example",
        ".evil.example",
        "/\r\nLocation: https://evil.example",
    ];
    for text in bad {
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let mut ada = world.browser();
        let page = ada.get(&format!("/sign-in?return_to={encoded}")).await;
        assert_eq!(page.status, 200, "{text}");
        let page = ada.submit(page.form("/sign-in/email").with("email", ADA)).await;
        let page = ada.press(page.form("/sign-in/password").with("password", PASSWORD), "method", "password").await;
        assert_eq!((page.url.host_str(), page.path()), (Some("id.example.test"), "/account"), "{text}: {}", page.url);
        // The step-up, and the end of a flow that fails or is given up.
        let page = ada.get(&format!("/account/step-up?to={encoded}")).await;
        let form = page.form_with("/account/step-up", ("method", "password")).with("password", PASSWORD);
        let page = ada.press(form, "method", "password").await;
        assert_eq!((page.url.host_str(), page.path()), (Some("id.example.test"), "/account"), "{text}: {}", page.url);
        let mut other = world.browser();
        other.be(&world.a, "a-linus");
        let page = other.get(&format!("/sign-up?return_to={encoded}")).await;
        world.a.script([Behaviour::ErrorAnswer("access_denied".to_owned())]);
        let page = other.press(page.form("/sign-in/start-provider"), "connection", "a").await;
        assert_eq!(page.url.host_str(), Some("id.example.test"), "{text}: {}", page.url);
        assert!(!page.body.contains("evil.example"), "{text}: {}", page.body);
        world.a.script([]);
        let call = ada
            .api(
                "POST",
                "/api/v1/flows",
                Some(serde_json::json!({ "kind": "sign_in", "return_to": text })),
                Some(ORIGIN),
            )
            .await;
        assert_eq!(call.status, 400, "{text}: {call:?}");
    }
    // What is ours is kept, on the way through a provider too.
    let mut linus = world.browser();
    linus.be(&world.a, "a-linus");
    let page = linus.get("/sign-in?return_to=/account/activity%3Fbefore=9").await;
    let page = linus.press(page.form("/sign-in/start-provider"), "connection", "a").await;
    assert_eq!(page.url.as_str(), format!("{ORIGIN}/account/activity?before=9"));
    // Applications: the registered redirect and no other.
    for redirect in ["https://notes.example/cb/", "https://notes.example.evil.example/cb", "https://evil.example", ""] {
        let page = linus
            .get(&format!(
                "/sign-in?application=notes&redirect_uri={redirect}&challenge={}&state=s",
                testkit::challenge()
            ))
            .await;
        assert_eq!(code_of(&page), "redirect_not_registered", "{redirect}: {}", page.body);
    }
}

async fn t45_links_come_from_the_configuration(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    for name in ["x-forwarded-host", "x-host", "x-original-host", "x-forwarded-server"] {
        ada.headers.push((name.to_owned(), "evil.example".to_owned()));
    }
    ada.headers.push(("host".to_owned(), "evil.example".to_owned()));
    ada.headers.push(("forwarded".to_owned(), "host=evil.example;proto=http".to_owned()));
    ada.headers.push(("x-forwarded-proto".to_owned(), "http".to_owned()));
    let page = world.sign_up(&mut ada, "Ada", ADA).await;
    assert!(!page.body.contains("evil.example"), "{}", page.body);
    let page = world.connect(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert!(page.way.iter().chain([&page.url]).all(|url| url.host_str() != Some("evil.example")), "{:?}", page.way);
    world.mails_to(ADA, 2).await;
    for mail in world.mailbox.messages() {
        let raw = String::from_utf8_lossy(&mail.raw).into_owned();
        assert!(!raw.contains("evil.example"), "{raw}");
        assert!(mail.text.is_some_and(|text| text.contains(ORIGIN)), "{raw}");
    }
    let sent = world.a.log().into_iter().rfind(|request| request.endpoint == Endpoint::Authorize).expect("a request");
    assert_eq!(sent.parameter("redirect_uri"), Some(&*format!("{ORIGIN}/callback/a")));
}

fn hardened(page: &Page) {
    let header = |name: &str| page.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let at = page.url.as_str();
    let policy = header("content-security-policy");
    for part in
        ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self'", "style-src 'self'"]
    {
        assert!(policy.contains(part), "t46: {at}: {part} is not in {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "t47: {at}: {policy}");
    assert_eq!(header("x-frame-options"), "DENY", "t46: {at}");
    // No other origin is ever told an address of ours.
    assert!(["no-referrer", "same-origin"].contains(&header("referrer-policy")), "t53: {at}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{at}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{at}");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{at}");
    assert!(header("permissions-policy").contains("browsing-topics=()"), "{at}");
    assert_eq!(header("strict-transport-security"), "max-age=31536000", "{at}");
    assert!(!page.status.is_redirection() || page.status == 303, "t53: {at}: {}", page.status);
    if !page.url.path().starts_with("/assets/") {
        assert_eq!(header("cache-control"), "no-store", "{at}");
    }
    let cross = page.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
    assert_eq!(cross, None, "no page is for another origin to read: {at}");
    let inline = page.has("script:not([src])") || page.has("style") || page.has("[style]") || page.has("[onclick]");
    assert!(!inline, "t47: {at}: {}", page.body);
}

/// Paths that show something, for somebody with this link.
fn paths(world: &World, link: &str) -> Vec<String> {
    let fixed = [
        "/",
        "/sign-in",
        "/sign-up",
        "/signed-out",
        "/account",
        "/account/activity",
        "/account/password",
        "/account/step-up",
        "/account/methods/connect?connection=a",
        "/account/methods/connect?connection=zz",
        "/account/methods/remove",
        "/flow/x",
        "/flow/01a20220-9928-7cad-aa33-ddeb538b8427",
        "/callback/a",
        "/callback/a?code=x&state=y",
        "/callback/zz?code=x&state=y",
        "/health/live",
        "/nowhere",
        "/sign-in/code",
        "/sign-in/confirm-link",
        "/account/sessions/end",
        "/sign-out",
        "/sign-in/start-provider?connection=a",
        "/oauth2/authorize",
        "/oauth2/authorize/resume?request=x",
        "/oauth2/consent",
        "/oauth2/logout",
        "/oauth2/logout?client_id=shop&post_logout_redirect_uri=https://shop.example/bye",
        "/api/v1/session",
        "/api/v1/account",
    ];
    let mut paths: Vec<String> = fixed.map(str::to_owned).into();
    paths.push(format!("/account/methods/remove?method={link}"));
    // Consent, a code by redirect and by form, an error by redirect and by form.
    for (client, more) in [
        ("shop", vec![]),
        ("own", vec![]),
        ("own", vec![("response_mode", "form_post")]),
        ("own", vec![("response_type", "token")]),
        ("own", vec![("response_type", "token"), ("response_mode", "form_post")]),
    ] {
        paths.push(Client::new(world, client).request(&more));
    }
    paths
}

async fn t46_t53_every_answer_is_hardened(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    world.connect(&mut ada, "a", "a-ada").await;
    let link = world.link_of(ADA, "a").await.to_string();
    for mut browser in [ada.clone(), world.browser()] {
        for path in paths(&world, &link).iter().filter(|path| !path.starts_with("/api/")) {
            hardened(&browser.get_once(path).await);
            hardened(&browser.post_once(path, &[]).await);
        }
    }
    // Those of the provider are the ones that are meant.
    let (shop, own) = (Client::new(&world, "shop"), Client::new(&world, "own"));
    let page = ada.get_once(&shop.request(&[])).await;
    assert!(page.has_form("/oauth2/consent"), "{}", page.body);
    let page = ada.get_once(&own.request(&[("response_mode", "form_post")])).await;
    assert_eq!(page.form("/cb").action.host_str(), Some("own.example"));
    assert!(ada.get_once("/oauth2/logout").await.has_form("/oauth2/logout"));
    // What is turned away at the door too.
    let mut foreign = ada.clone();
    foreign.headers.push(("origin".to_owned(), "https://evil.example".to_owned()));
    let page = foreign.post_once("/sign-out", &[]).await;
    assert_eq!((page.status.as_u16(), code_of(&page)), (403, "origin_mismatch".to_owned()), "{}", page.body);
    hardened(&page);
    // The API's answers are no pages and hold as much.
    for (method, path, origin) in [
        ("GET", "/session", None),
        ("GET", "/account", None),
        ("GET", "/nowhere", None),
        ("PATCH", "/session", Some(ORIGIN)),
        ("DELETE", "/session", Some("https://evil.example")),
        ("OPTIONS", "/session", Some("https://evil.example")),
    ] {
        let call = ada.clone().api(method, &format!("/api/v1{path}"), None, origin).await;
        for (name, value) in [
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(call.headers.get(name).map(HeaderValue::as_bytes), Some(value.as_bytes()), "{name}: {call:?}");
        }
    }
    // A journey, answer by answer: every redirect is a 303 without a body, and the code is gone from the address before
    // any page is shown.
    let mut joan = world.browser();
    let back = world.until_callback(&mut joan, "a", "a-joan").await;
    let failed = joan.clone().get(&back.as_str().replace("code=", "code=x")).await;
    let page = joan.get_once(back.as_str()).await;
    assert_eq!((page.status.as_u16(), page.body.as_str()), (303, ""), "{}", page.body);
    hardened(&page);
    let location = page.headers[header::LOCATION].to_str().expect("text");
    assert_eq!(location, "/account");
    assert!(failed.has("h1") && !failed.url.as_str().contains("code="), "{}", failed.url);
    // The same where the answer is nobody's, or too late.
    for mut browser in [world.browser(), ada] {
        let page = browser.get(back.as_str()).await;
        assert!(page.has("h1") && !page.url.as_str().contains("code="), "{}", page.url);
        hardened(&page);
    }
}

async fn t47_nothing_from_outside_becomes_markup(engine: Engine) {
    let nasty = "<script>alert(1)</script>";
    let attribute = "\"'><img src=x onerror=alert(1)>";
    let more = format!(
        "{}\n[[connections]]\nid = \"c\"\nname = \"{nasty}\"\nissuer = \"http://provider-c.localhost:9\"\nclient_id = \"c\"\n",
        Options::on(engine).more
    );
    let world = World::with(Options { more, ..Options::on(engine) }).await;
    let clean = |page: &Page| {
        assert!(!page.body.contains("<script>") && !page.body.contains("<img src=x"), "{}", page.body);
        assert!(!page.body.contains("onerror=alert(1)>"), "{}", page.body);
    };
    let mut ada = world.browser();
    let page = ada.get("/sign-in").await;
    assert!(page.body.contains("alert(1)"), "the name is shown: {}", page.body);
    clean(&page);
    let page = world.sign_up(&mut ada, nasty, ADA).await;
    clean(&page);
    for path in ["/account", "/account/activity", "/account/password", "/account/methods/connect?connection=c"] {
        clean(&ada.get(path).await);
    }
    // Claims: on the confirm page, in the account, on the conflict page, in the mail.
    world.b.put_person(Person::new("<b>subject", attribute).user_name(nasty).mail(ADA, serde_json::json!(true)));
    ada.be(&world.b, "<b>subject");
    let page = ada.get("/account/methods/connect?connection=b").await;
    let page = ada.press(page.form("/account/methods/connect"), "connection", "b").await;
    clean(&page);
    assert!(!page.body.contains("<b>subject"), "{}", page.body);
    let page = world.sign_in_with_code(&mut world.browser(), "b", "<b>subject", ADA).await;
    assert!(page.has_form("/sign-in/prove"), "{}", page.body);
    clean(&page);
    for mail in world.mailbox.messages() {
        let html = mail.html.unwrap_or_default();
        assert!(!html.contains("<script") && !html.contains("<img src=x"), "{html}");
    }
    // Error parameters are not repeated at all.
    for error in [nasty, attribute, "access_denied"] {
        world.a.script([Behaviour::ErrorAnswer(error.to_owned())]);
        let page = world.provider_sign_in(&mut world.browser(), "a", "a-joan").await;
        clean(&page);
        assert!(!page.body.contains("as scripted"), "{}", page.body);
    }
    let encoded: String = url::form_urlencoded::byte_serialize(nasty.as_bytes()).collect();
    for path in [
        format!("/callback/a?error={encoded}&error_description={encoded}&state={encoded}"),
        format!("/callback/{encoded}?state=x"),
        format!("/sign-in?return_to={encoded}"),
        format!("/sign-in?application={encoded}"),
        format!("/sign-in/failed?kind=flow&reason={encoded}"),
        format!("/sign-in/failed?kind={encoded}&reason=flow_expired"),
        format!("/flow/{encoded}"),
        format!("/{encoded}"),
        format!("/account?linked={encoded}&removed={encoded}&done={encoded}"),
    ] {
        let page = ada.get(&path).await;
        clean(&page);
        assert!(
            !page.body.contains("alert(1)") || path.starts_with("/account") || page.path() == "/sign-in",
            "{path}: {}",
            page.body
        );
    }
}

async fn t48_reading_changes_nothing(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    world.connect(&mut ada, "a", "a-ada").await;
    let link = world.link_of(ADA, "a").await.to_string();
    // Flows on the way: a conflict, a confirm page, a code page, an answer that was not opened yet.
    let page = world.sign_in_with_code(&mut ada.clone(), "b", "b-ada", ADA).await;
    assert!(page.has_form("/sign-in/prove"), "{}", page.body);
    ada.be(&world.b, "b-linus");
    let consent = ada.get("/account/methods/connect?connection=b").await;
    let confirm = ada.press(consent.form("/account/methods/connect"), "connection", "b").await;
    assert!(confirm.has_form("/sign-in/confirm-link"), "{}", confirm.body);
    let mut code = world.browser();
    let code_page = world.provider_sign_in(&mut code, "b", "b-grace").await;
    let back = world.until_callback(&mut world.browser(), "a", "a-joan").await;
    let (before, writes) = (world.accounts().await, world.server.store.counters().writes);
    let session = ada.session();
    let mut all = paths(&world, &link);
    all.push(confirm.url.as_str().to_owned());
    all.push(back.as_str().to_owned());
    let sent = (world.a.count(Endpoint::Token), world.b.count(Endpoint::Token));
    for path in &all {
        for method in [Method::GET, Method::HEAD] {
            let url = url::Url::parse(ORIGIN).expect("a URL").join(path).expect("a URL");
            let page = ada.once(method.clone(), url, None).await;
            assert!(page.status.as_u16() < 500, "{method} {path}: {}", page.status);
            assert_eq!(ada.session(), session, "{method} {path}");
        }
    }
    // Form values in the address are no form.
    let csrf = ada.get("/account").await.hidden("csrf").expect("a form");
    let flow = confirm.hidden("flow").expect("a flow");
    for path in [
        format!("/account/methods/remove?method={link}&csrf={csrf}"),
        format!("/sign-in/confirm-link?flow={flow}&choice=connect"),
        format!("/account/sessions/end?session=all&csrf={csrf}"),
        format!("/sign-out?csrf={csrf}"),
        format!("/flow/{flow}?choice=connect"),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let url = url::Url::parse(&format!("{ORIGIN}{path}")).expect("a URL");
            ada.once(method, url, None).await;
        }
    }
    // A scanner that opens the page of a code.
    code.clone().get(code_page.url.as_str()).await;
    world.browser().get(code_page.url.as_str()).await;
    assert_eq!(world.accounts().await, before);
    assert_eq!(world.server.store.counters().writes, writes);
    assert_eq!((world.a.count(Endpoint::Token), world.b.count(Endpoint::Token)), sent);
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
}

fn set_cookies(page: &Page) -> Vec<String> {
    page.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().expect("text").to_owned()).collect()
}

async fn t50_cookies_are_ours_alone(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    let mut seen = set_cookies(&ada.get_once("/sign-in").await);
    let back = world.until_callback(&mut ada, "a", "a-ada").await;
    seen.extend(set_cookies(&ada.get_once(back.as_str()).await));
    let first = ada.session().expect("a session");
    let page = ada.get("/account/methods/connect?connection=b").await;
    let csrf = page.hidden("csrf").expect("a form");
    ada.be(&world.b, "b-linus");
    seen.extend(set_cookies(&ada.post_once("/account/methods/connect", &[("csrf", &csrf), ("connection", "b")]).await));
    world.connect(&mut ada, "b", "b-linus").await;
    let second = ada.session().expect("a session");
    assert_ne!(first, second, "t65: a link gives a new secret");
    assert!(!world.is_live(&first).await && world.is_live(&second).await);
    for kind in ["__Host-session=", "__Host-flow-s-", "__Host-flow-l-", "__Host-device="] {
        assert!(seen.iter().any(|cookie| cookie.starts_with(kind)), "{kind}: {seen:?}");
    }
    for cookie in &seen {
        for part in ["; Path=/;", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
            assert!(cookie.contains(part), "{part}: {cookie}");
        }
        assert!(cookie.starts_with("__Host-") && !cookie.to_ascii_lowercase().contains("domain"), "{cookie}");
    }
    // What a sibling host can plant has no prefix, and counts for nothing.
    let mut victim = world.browser();
    let live = ada.our_cookies();
    for (name, value) in &live {
        victim.set_cookie(name.trim_start_matches("__Host-"), value);
        victim.set_cookie(&name.replace("__Host-", "__Secure-"), value);
        victim.set_cookie(&name.replace("__Host-", "__host-"), value);
    }
    assert_eq!(world.who(&mut victim).await, None);
    assert_eq!(victim.get("/account").await.path(), "/sign-in");
    let mut mallory: Browser = world.browser();
    let back = world.until_callback(&mut mallory, "a", "a-joan").await;
    for (name, value) in mallory.our_cookies() {
        victim.set_cookie(name.trim_start_matches("__Host-"), &value);
    }
    let page = victim.get(back.as_str()).await;
    assert_eq!(code_of(&page), "flow_expired", "{}", page.body);
    assert_eq!(victim.session(), None);
}
