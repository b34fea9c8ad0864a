//! Applications behind a proxy: what the proxy hears about every request, and the way in and out on their own origin.

use super::{Client, options as provider_options, parameter};
use crate::on_both_engines;
use model::{DAY, MINUTE, SECOND, UserStatus};
use selfsame::admin::Operation;
use selfsame::config::Config;
use testkit::{Browser, Engine, ORIGIN, Options, PASSWORD, Page, World};

on_both_engines!(
    a_proxy_lets_a_person_in,
    who_opens_a_page_is_sent_to_sign_in,
    t31_only_the_browser_that_started_comes_in,
    t34_a_callback_counts_once_and_for_its_own_start,
    t40_the_way_in_leads_to_the_application_alone,
    t45_an_application_is_found_by_what_is_configured,
    t47_a_name_stays_in_its_header,
    t50_what_opens_one_door_opens_no_other,
    t67_a_door_closes_with_the_link,
    t68_a_door_closes_with_session_password_and_user,
    t68_a_door_closes_with_consent_and_client,
    t132_a_deleted_user_is_let_in_nowhere,
    who_would_not_get_further_by_signing_in_is_refused,
    t71_a_page_elsewhere_signs_nobody_out,
    nobody_speaks_for_an_application_behind_a_proxy,
);

const BEHIND: &str = r#"
[[clients]]
id = "wiki"
name = "Wiki"
forward_auth = "https://wiki.example"

[[clients]]
id = "blog"
name = "Blog"
forward_auth = "https://blog.example"
post_logout_redirect_uris = ["https://blog.example/bye"]
scopes = ["openid", "email"]
first_party = true
pairwise = true
"#;

pub(super) fn options(engine: Engine) -> Options {
    let mut options = provider_options(engine);
    options.more.push_str(BEHIND);
    options
}

/// A browser at an application, as its proxy hands it on: with the cookies of that origin, which are not ours.
#[derive(Clone)]
pub(super) struct At {
    host: &'static str,
    pub browser: Browser,
}

impl At {
    pub fn new(world: &World, host: &'static str) -> Self {
        Self { host, browser: world.browser() }
    }

    /// One request with more headers, of which a later one replaces an earlier one.
    async fn ask_with(&mut self, path: &str, more: &[(&str, &str)]) -> Page {
        self.browser.headers.clear();
        for (name, value) in [("host", self.host), ("x-forwarded-proto", "https")].iter().chain(more) {
            self.browser.headers.push(((*name).to_owned(), (*value).to_owned()));
        }
        self.browser.get_once(path).await
    }

    pub async fn ask(&mut self, path: &str) -> Page {
        self.ask_with(path, &[]).await
    }

    pub async fn check(&mut self) -> u16 {
        self.ask("/selfsame/auth").await.status.as_u16()
    }

    /// From the start to the callback that the browser is sent to, with consent where it is asked for.
    pub async fn way_in(&mut self, browser: &mut Browser, query: &str) -> String {
        let start = self.ask(&format!("/selfsame/start{query}")).await;
        assert_eq!(start.status, 303, "{}", start.body);
        let page = browser.get(&location(&start)).await;
        let page = if page.has_form("/oauth2/consent") {
            browser.press(page.form("/oauth2/consent"), "choice", "allow").await
        } else {
            page
        };
        assert_eq!(page.url.host_str(), Some(self.host), "{} {}", page.url, page.body);
        format!("{}?{}", page.url.path(), page.url.query().unwrap_or_default())
    }

    /// All the way in.
    pub async fn sign_in(&mut self, browser: &mut Browser) -> Page {
        let callback = self.way_in(browser, "?rd=/page").await;
        let page = self.ask(&callback).await;
        assert_eq!((page.status.as_u16(), location(&page)), (303, format!("https://{}/page", self.host)));
        assert_eq!(self.check().await, 202);
        page
    }
}

fn header<'a>(page: &'a Page, name: &str) -> Option<&'a str> {
    page.headers.get(name).map(|value| value.to_str().unwrap())
}

fn location(page: &Page) -> String {
    header(page, "location").unwrap_or_else(|| panic!("no redirect: {} {}", page.status, page.body)).to_owned()
}

/// Where a way in that failed says why: on our own origin, with a sentence that is known.
fn why(page: &Page) -> String {
    let url = url::Url::parse(&location(page)).unwrap();
    assert!(url.as_str().starts_with(&format!("{ORIGIN}/sign-in/failed?")), "{url}");
    parameter(&url, "reason").unwrap()
}

async fn ada(engine: Engine) -> (World, Browser) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    (world, browser)
}

async fn a_proxy_lets_a_person_in(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut wiki = At::new(&world, "wiki.example");
    assert_eq!(wiki.check().await, 401);
    // Nobody is signed in: the way in leads through the sign-in page and the question of consent.
    let start = wiki.ask("/selfsame/start?rd=/page").await;
    let mut browser = world.browser();
    let page = browser.get(&location(&start)).await;
    assert!(page.all_text().contains("Wiki"), "{}", page.all_text());
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let page = wiki.sign_in(&mut browser).await;
    let cookie = header(&page, "set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-selfsame-entry-wiki="), "{cookie}");
    for part in ["; Path=/;", "; HttpOnly", "; Secure", "; SameSite=Lax"] {
        assert!(cookie.contains(part), "t50: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "t50: {cookie}");
    // What a client says of itself is not what the application hears.
    let forged = [("x-auth-request-user", "root"), ("x-auth-request-email", "root@example.test")];
    let open = wiki.ask_with("/selfsame/auth", &forged).await;
    assert_eq!(open.status, 202);
    let user = world.user("ada@example.test").await;
    assert_eq!(header(&open, "x-auth-request-email"), Some("ada@example.test"));
    assert_eq!(header(&open, "x-auth-request-name"), Some("Ada"));
    let told = Client::new(&world, "shop").tokens(&mut browser, &[]).await;
    let sub = super::text(&super::claims(&super::text(&told, "id_token")), "sub");
    assert_eq!(header(&open, "x-auth-request-user"), Some(&*sub), "the same as by OpenID Connect");
    assert_ne!(Some(&*sub), user["id"].as_str());
    assert_eq!((header(&open, "cache-control"), header(&open, "set-cookie")), (Some("no-store"), None));
    assert!(header(&open, "x-auth-request-access-token").is_none() && open.body.is_empty());
    // Signed in already, and nothing to ask: a client of ours opens without a page, and hears what it may.
    let mut blog = At::new(&world, "blog.example");
    blog.sign_in(&mut browser).await;
    let open = blog.ask("/selfsame/auth").await;
    assert_eq!(header(&open, "x-auth-request-email"), Some("ada@example.test"));
    assert_eq!(header(&open, "x-auth-request-name"), None, "without the scope profile");
    assert_ne!(header(&open, "x-auth-request-user"), Some(&*sub), "t133: pairwise");
    let shown = browser.get("/account/applications").await.all_text();
    assert!(shown.contains("Wiki") && shown.contains("Blog"), "{shown}");
}

async fn who_opens_a_page_is_sent_to_sign_in(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    let mut wiki = At::new(&world, "wiki.example");
    let page = [
        ("x-forwarded-host", "wiki.example"),
        ("host", "selfsame.internal:8080"),
        ("x-forwarded-method", "GET"),
        ("x-forwarded-uri", "/page?a=1&b=https://evil.example"),
        ("accept", "text/html,*/*;q=0.8"),
        ("sec-fetch-mode", "navigate"),
    ];
    let sent = wiki.ask_with("/selfsame/auth-or-start", &page).await;
    let expected = "https://wiki.example/selfsame/start?rd=%2Fpage%3Fa%3D1%26b%3Dhttps%3A%2F%2Fevil.example";
    assert_eq!((sent.status.as_u16(), location(&sent).as_str()), (303, expected));
    assert_eq!(wiki.ask_with("/selfsame/auth", &page).await.status, 401, "nginx understands no redirect");
    for (name, value) in [("x-forwarded-method", "POST"), ("accept", "application/json"), ("sec-fetch-mode", "cors")] {
        let mut other = page.to_vec();
        other.push((name, value));
        assert_eq!(wiki.ask_with("/selfsame/auth-or-start", &other).await.status, 401, "{name}: {value}");
    }
    // What is no path of the application's leads to its front page (T40).
    for uri in ["https://evil.example/", "//evil.example", "/selfsame/sign-out", ""] {
        let mut other = page.to_vec();
        other.push(("x-forwarded-uri", uri));
        let sent = wiki.ask_with("/selfsame/auth-or-start", &other).await;
        assert_eq!(location(&sent), "https://wiki.example/selfsame/start?rd=%2F", "{uri}");
    }
    wiki.sign_in(&mut browser).await;
    assert_eq!(wiki.ask_with("/selfsame/auth-or-start", &page).await.status, 202);
    let socket = [("host", "x"), ("x-forwarded-host", "wiki.example"), ("x-forwarded-proto", "wss")];
    assert_eq!(wiki.ask_with("/selfsame/auth-or-start", &socket).await.status, 202, "Traefik's web sockets");
}

async fn t31_only_the_browser_that_started_comes_in(engine: Engine) {
    let (world, mut mallory) = ada(engine).await;
    let mut at_home = At::new(&world, "wiki.example");
    let callback = at_home.way_in(&mut mallory, "").await;
    // The victim is led to the attacker's callback: without a start of their own, and with one.
    let mut victim = At::new(&world, "wiki.example");
    let page = victim.ask(&callback).await;
    assert_eq!((why(&page).as_str(), header(&page, "set-cookie")), ("flow_expired", None));
    victim.ask("/selfsame/start").await;
    let page = victim.ask(&callback).await;
    assert_eq!((why(&page).as_str(), header(&page, "set-cookie")), ("flow_forged", None));
    assert_eq!(victim.check().await, 401);
    // At another application it is nothing, though it is the same browser.
    let mut elsewhere = At { host: "blog.example", browser: at_home.browser.clone() };
    assert_eq!(why(&elsewhere.ask(&callback).await), "flow_expired");
    assert_eq!(at_home.ask(&callback).await.status, 303, "whose it is comes in");
    assert_eq!(at_home.check().await, 202);
}

async fn t34_a_callback_counts_once_and_for_its_own_start(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    let mut wiki = At::new(&world, "wiki.example");
    let first = wiki.way_in(&mut browser, "?rd=/first").await;
    let second = wiki.way_in(&mut browser, "?rd=/second").await;
    let url = |path: &str| url::Url::parse(&format!("https://wiki.example{path}")).unwrap();
    let part = |path: &str, name: &str| parameter(&url(path), name).unwrap();
    let with = |name: &str, value: Option<&str>| {
        let pairs: Vec<(String, String)> =
            url(&first).query_pairs().into_owned().filter(|(known, _)| known != name).collect();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .extend_pairs(value.map(|value| (name, value)))
            .finish();
        format!("/selfsame/callback?{query}")
    };
    for (path, reason) in [
        // The other start's code has another challenge (T39).
        (with("code", Some(&part(&second, "code"))), "flow_forged"),
        (with("code", Some("x")), "flow_forged"),
        (with("state", Some(&part(&first, "state")[1..])), "flow_forged"),
        (with("state", None), "flow_forged"),
        (with("iss", Some("https://evil.example")), "flow_forged"),
        (with("iss", None), "flow_forged"),
        (with("code", None), "bad_request"),
        (format!("{first}&state=again"), "bad_request"),
        (with("code", None) + "&error=access_denied", "provider_cancelled"),
    ] {
        let page = wiki.ask(&path).await;
        assert_eq!((why(&page).as_str(), header(&page, "set-cookie")), (reason, None), "{path}");
    }
    assert_eq!(wiki.check().await, 401);
    // Two tabs, each back where it wanted to go; the last one counts.
    let mut before = wiki.clone();
    assert_eq!(location(&wiki.ask(&second).await), "https://wiki.example/second");
    assert_eq!(location(&wiki.ask(&first).await), "https://wiki.example/first");
    // Opened again by the browser it let in, the address leads on and gives nothing new.
    let again = wiki.ask(&first).await;
    assert_eq!((location(&again).as_str(), header(&again, "set-cookie")), ("https://wiki.example/first", None));
    assert_eq!(wiki.check().await, 202);
    // By anybody who has the cookie of the start but not of the entry, it is a second use, and ends the first.
    assert_eq!(why(&before.ask(&first).await), "flow_expired");
    assert_eq!(wiki.check().await, 401, "t68");
    // Half an hour to sign in, no longer, however young the code is.
    let start = location(&wiki.ask("/selfsame/start").await);
    world.advance(MINUTE.times(30) - SECOND.times(20));
    let page = browser.get(&start).await;
    let late = format!("{}?{}", page.url.path(), page.url.query().unwrap());
    world.advance(SECOND.times(30));
    assert_eq!(why(&wiki.ask(&late).await), "flow_expired");
}

async fn t40_the_way_in_leads_to_the_application_alone(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    let mut wiki = At::new(&world, "wiki.example");
    // As long a path as there may be fits into everything it travels in.
    let whole = format!("/{}", "a".repeat(511));
    let (fits, long) = (format!("?rd={whole}"), format!("?rd={whole}a"));
    for (query, to) in [
        ("", "/"),
        ("?rd=/page?a=1&b=2", "/page?a=1&b=2"),
        ("?rd=https://evil.example/", "/"),
        ("?rd=//evil.example/", "/"),
        ("?rd=%2F%5Cevil.example", "/"),
        ("?rd=%2Fa%0D%0ASet-Cookie:x=1", "/"),
        ("?rd=/selfsame/sign-out", "/"),
        (&fits, &whole),
        (&long, "/"),
    ] {
        let callback = wiki.way_in(&mut browser, query).await;
        assert_eq!(location(&wiki.ask(&callback).await), format!("https://wiki.example{to}"), "{query}");
    }
}

async fn t45_an_application_is_found_by_what_is_configured(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    let mut wiki = At::new(&world, "wiki.example");
    wiki.sign_in(&mut browser).await;
    let (host, forwarded, scheme) = ("host", "x-forwarded-host", "x-forwarded-proto");
    for (headers, status) in [
        (vec![], 202),
        (vec![(forwarded, "WIKI.example:443")], 202),
        (vec![(host, "selfsame.internal"), (forwarded, "wiki.example")], 202),
        // The proxy's word and the client's: they have to agree, or one has to mean nothing.
        (vec![(forwarded, "blog.example")], 403),
        (vec![(forwarded, "evil.example")], 202),
        (vec![(host, "evil.example")], 403),
        (vec![(host, "evil.wiki.example")], 403),
        (vec![(host, "wiki.example:8443")], 403),
        (vec![(host, "x"), (forwarded, "wiki.example, blog.example")], 403),
        (vec![(host, "id.example.test")], 403),
        // Plain HTTP.
        (vec![(scheme, "http")], 403),
        (vec![(scheme, "https, http")], 403),
    ] {
        for path in ["/selfsame/auth", "/selfsame/auth-or-start"] {
            assert_eq!(wiki.ask_with(path, &headers).await.status.as_u16(), status, "{headers:?}");
        }
        for path in ["/selfsame/start", "/selfsame/callback", "/selfsame/sign-out"] {
            let page = wiki.clone().ask_with(path, &headers).await;
            if status == 202 {
                let target = location(&page);
                assert!(target.starts_with(ORIGIN) && !target.contains("evil"), "{target}");
            } else {
                assert_eq!(page.status.as_u16(), 404, "{path} {headers:?}");
                assert_eq!(page.error_code().as_deref(), Some("unknown_application"));
                assert!(header(&page, "set-cookie").is_none() && !page.body.contains("evil"));
            }
        }
    }
    // A header that comes twice is read whole.
    let cookie = format!("__Host-selfsame-entry-wiki={}", wiki.browser.cookie("__Host-selfsame-entry-wiki").unwrap());
    for (second, status) in [("wiki.example", 202), ("blog.example", 403)] {
        let headers = [
            (forwarded, "wiki.example".to_owned()),
            (forwarded, second.to_owned()),
            (scheme, "https".to_owned()),
            ("cookie", cookie.clone()),
        ];
        let call = world.browser().call("GET", "/selfsame/auth", None, &headers).await;
        assert_eq!(call.status.as_u16(), status, "{second}");
    }
    // The way in names what is configured, whatever the proxy said.
    let start = wiki.ask_with("/selfsame/start", &[(forwarded, "WIKI.example:443")]).await;
    let redirect = parameter(&url::Url::parse(&location(&start)).unwrap(), "redirect_uri");
    assert_eq!(redirect.as_deref(), Some("https://wiki.example/selfsame/callback"));
}

async fn t47_a_name_stays_in_its_header(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Zoë 100% 山田", "zoë@example.test").await;
    let mut wiki = At::new(&world, "wiki.example");
    wiki.sign_in(&mut browser).await;
    let open = wiki.ask("/selfsame/auth").await;
    assert_eq!(header(&open, "x-auth-request-name"), Some("Zo%C3%AB 100%25 %E5%B1%B1%E7%94%B0"));
    assert_eq!(header(&open, "x-auth-request-email"), Some("zo%C3%AB@example.test"));
}

async fn t50_what_opens_one_door_opens_no_other(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    let (mut wiki, mut blog) = (At::new(&world, "wiki.example"), At::new(&world, "blog.example"));
    wiki.sign_in(&mut browser).await;
    let cookie = wiki.browser.cookie("__Host-selfsame-entry-wiki").unwrap();
    // The wiki's operator carries what they were sent to the blog.
    for (name, value) in [
        ("__Host-selfsame-entry-wiki", cookie.as_str()),
        ("__Host-selfsame-entry-blog", &cookie),
        ("selfsame-entry-wiki", &cookie),
    ] {
        blog.browser.set_cookie(name, value);
        assert_eq!(blog.check().await, 401, "{name}");
    }
    // Without the prefix a sibling host could have planted it.
    let mut planted = At::new(&world, "wiki.example");
    planted.browser.set_cookie("selfsame-entry-wiki", &cookie);
    assert_eq!(planted.check().await, 401);
    planted.browser.set_cookie("__Host-selfsame-entry-wiki", &cookie[1..]);
    assert_eq!(planted.check().await, 401);
    // Nor is it a token, and nothing else of ours is an entry.
    assert!(!Client::new(&world, "robot").is_active(&cookie).await);
    let session = browser.session().unwrap();
    let access = super::text(&Client::new(&world, "shop").tokens(&mut browser, &[]).await, "access_token");
    for other in [session, access] {
        planted.browser.set_cookie("__Host-selfsame-entry-wiki", &other);
        assert_eq!(planted.check().await, 401, "t61");
    }
}

async fn t67_a_door_closes_with_the_link(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    world.connect(&mut browser, "a", "a-ada").await;
    let (mut by_password, mut through) = (At::new(&world, "blog.example"), At::new(&world, "blog.example"));
    by_password.sign_in(&mut browser).await;
    let mut other = world.browser();
    world.provider_sign_in(&mut other, "a", "a-ada").await;
    through.sign_in(&mut other).await;
    world.remove(&mut browser, world.link_of("ada@example.test", "a").await).await;
    assert_eq!((through.check().await, by_password.check().await), (401, 202));
}

async fn t68_a_door_closes_with_session_password_and_user(engine: Engine) {
    let mut options = options(engine);
    options.more.push_str("\n[sessions]\nlifetime_hours = 24\n");
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let mut wiki = At::new(&world, "wiki.example");
    // Signed out with us.
    wiki.sign_in(&mut browser).await;
    world.sign_out(&mut browser).await;
    assert_eq!(wiki.check().await, 401);
    // A new password ends what a thief was let in by.
    world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    let mut thief = world.browser();
    world.password_sign_in(&mut thief, "ada@example.test", PASSWORD).await;
    wiki.sign_in(&mut thief).await;
    let page = browser.get("/account/password").await;
    browser.submit(page.form("/account/password").with("password", "another tapir battery 42 staple")).await;
    assert_eq!(wiki.check().await, 401);
    // A day, as the session.
    wiki.sign_in(&mut browser).await;
    world.advance(DAY);
    assert_eq!(wiki.check().await, 401);
    world.password_sign_in(&mut browser, "ada@example.test", "another tapir battery 42 staple").await;
    wiki.sign_in(&mut browser).await;
    // Disabled: at once, and enabling revives nothing.
    for status in [UserStatus::Disabled, UserStatus::Active] {
        let user = world.named("ada@example.test");
        world.operate(Operation::UserStatus { user, to: status }).await.unwrap();
        assert_eq!(wiki.check().await, 401, "{status:?}");
    }
}

/// Another replica, with a configuration that was changed.
async fn changed(world: &World, from: &str, to: &str) -> axum::Router {
    let text = std::fs::read_to_string(world.directory.path().join("selfsame.toml")).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    let file = world.directory.path().join("changed.toml");
    std::fs::write(&file, text.replace(from, to)).unwrap();
    let config = Config::load(&file, std::iter::empty()).unwrap_or_else(|errors| panic!("{errors:?}"));
    World::start(&config, world.clock.clone(), 2).await.router
}

async fn t68_a_door_closes_with_consent_and_client(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    let mut wiki = At::new(&world, "wiki.example");
    wiki.sign_in(&mut browser).await;
    let page = browser.get("/account/applications").await;
    browser.submit(page.form_with("/account/applications/withdraw", ("client", "wiki"))).await;
    assert_eq!(wiki.check().await, 401);
    wiki.sign_in(&mut browser).await;
    // The client is gone, or has another name; what it may know has become less.
    let there = |router: axum::Router| {
        let mut browser = Browser::of(router);
        browser.cookies = wiki.browser.cookies.clone();
        At { host: "wiki.example", browser }
    };
    let gone = changed(&world, "forward_auth = \"https://wiki.example\"", "forward_auth = \"https://w.example\"").await;
    assert_eq!(there(gone).check().await, 403);
    let renamed = changed(&world, "id = \"wiki\"", "id = \"other\"").await;
    assert_eq!(there(renamed).check().await, 401);
    let less = changed(&world, "name = \"Wiki\"", "name = \"Wiki\"\nscopes = [\"openid\"]").await;
    let open = there(less).ask("/selfsame/auth").await;
    assert_eq!((open.status.as_u16(), header(&open, "x-auth-request-email")), (202, None));
    assert_eq!(wiki.check().await, 202);
}

async fn t132_a_deleted_user_is_let_in_nowhere(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    let mut wiki = At::new(&world, "wiki.example");
    wiki.sign_in(&mut browser).await;
    let user = world.named("ada@example.test");
    world.operate(Operation::UserStatus { user, to: UserStatus::Deleted }).await.unwrap();
    assert_eq!(wiki.check().await, 401);
}

async fn who_would_not_get_further_by_signing_in_is_refused(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    world.connect(&mut browser, "a", "a-ada").await;
    let mut through = world.browser();
    world.provider_sign_in(&mut through, "a", "a-ada").await;
    let mut blog = At::new(&world, "blog.example");
    blog.sign_in(&mut through).await;
    // The operator decides that nobody signs in through this provider any more.
    let vouched = "email_evidence = \"vouched\"";
    let router = changed(&world, vouched, &format!("{vouched}\npurpose = \"link_only\"")).await;
    let mut refused = At { host: "blog.example", browser: Browser::of(router) };
    refused.browser.cookies = blog.browser.cookies.clone();
    assert_eq!((refused.check().await, blog.check().await), (403, 202));
    let page = [("x-forwarded-method", "GET"), ("accept", "text/html")];
    assert_eq!(refused.ask_with("/selfsame/auth-or-start", &page).await.status, 403, "and is not sent in a circle");
}

async fn t71_a_page_elsewhere_signs_nobody_out(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    let (mut wiki, mut blog) = (At::new(&world, "wiki.example"), At::new(&world, "blog.example"));
    wiki.sign_in(&mut browser).await;
    blog.sign_in(&mut browser).await;
    for site in ["cross-site", "same-site", ""] {
        let page = wiki.ask_with("/selfsame/sign-out", &[("sec-fetch-site", site)]).await;
        assert_eq!(location(&page), format!("{ORIGIN}/oauth2/logout?client_id=wiki"));
        assert!(header(&page, "set-cookie").is_none());
        assert_eq!(wiki.check().await, 202, "{site}");
    }
    // From the application itself: out there at once, and asked about all the rest.
    let kept = wiki.browser.clone();
    let page = wiki.ask_with("/selfsame/sign-out", &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!((wiki.browser.our_cookies().len(), wiki.check().await), (0, 401));
    assert_eq!(At { host: "wiki.example", browser: kept }.check().await, 401, "not only the cookie is gone");
    assert_eq!(blog.check().await, 202);
    let asked = browser.get(&location(&page)).await;
    assert!(asked.has_form("/oauth2/logout") && asked.all_text().contains("Wiki"), "{}", asked.all_text());
    let page = blog.ask_with("/selfsame/sign-out", &[("sec-fetch-site", "cross-site")]).await;
    let asked = browser.get(&location(&page)).await;
    let bye = browser.press(asked.form("/oauth2/logout"), "choice", "leave").await;
    assert_eq!(bye.url.as_str(), "https://blog.example/bye");
    assert_eq!((world.who(&mut browser).await, blog.check().await), (None, 401));
}

async fn nobody_speaks_for_an_application_behind_a_proxy(engine: Engine) {
    let (world, mut browser) = ada(engine).await;
    let mut wiki = At::new(&world, "wiki.example");
    let callback = wiki.way_in(&mut browser, "").await;
    let code = parameter(&url::Url::parse(&format!("https://wiki.example{callback}")).unwrap(), "code").unwrap();
    let redirect = "https://wiki.example/selfsame/callback";
    for secret in ["", "x"] {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", redirect),
            ("client_id", "wiki"),
            ("client_secret", secret),
        ];
        let call = world.browser().send_form("/oauth2/token", &fields, &[]).await;
        assert_eq!((call.status.as_u16(), &call.json["error"]), (401, &"invalid_client".into()), "{secret:?}");
    }
    // Its code stays good for us, and PKCE is asked of it like of anybody.
    assert_eq!(wiki.ask(&callback).await.status, 303);
    let bare = format!("/oauth2/authorize?client_id=wiki&response_type=code&scope=openid&redirect_uri={redirect}");
    assert_eq!(super::error_at(&browser.get(&bare).await), "invalid_request");
}
