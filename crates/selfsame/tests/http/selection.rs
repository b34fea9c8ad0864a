//! Who chooses the way in: the person, this browser's last sign-in, or a link.

use crate::on_both_engines;
use sandbox::provider::{Behaviour, Endpoint};
use std::time::{Duration, Instant};
use testkit::{Browser, Engine, Options, PASSWORD, Page, World};

on_both_engines!(
    one_connection_and_nothing_else_is_gone_to_at_once,
    a_provider_that_hangs_gives_the_choice_back_in_time,
    prefer_linked_goes_where_this_browser_was_last,
    t123_force_linked_leads_everybody_somewhere,
    t123_force_linked_says_the_same_after_coming_back,
    t78_a_cancelled_sign_in_is_no_failure,
    t78_a_failure_that_we_saw_opens_what_is_listed,
    t78_a_link_that_works_is_still_the_way,
    t78_whoever_did_not_come_through_is_asked_here,
    the_mailbox_shows_how_one_signs_in,
    whoever_has_no_link_comes_in_by_the_mailbox,
);

fn options(engine: Engine, policy: &str) -> Options {
    Options {
        policy: policy.to_owned(),
        // Its word about addresses is enough here to create accounts.
        connection_b: "email_evidence = \"vouched\"".to_owned(),
        ..Options::on(engine)
    }
}

const FORCED: &str = "method_selection = \"force_linked\"\nfallback = [\"password\"]";

/// Whether the way to this page went over the provider.
fn passed(page: &Page, provider: &sandbox::provider::Provider) -> bool {
    page.way.iter().any(|url| url.as_str().starts_with(provider.issuer()))
}

/// The page with its choices, where the person was not led anywhere.
fn is_choice(page: &Page, world: &World) {
    assert!(page.has_form("/sign-in/start-provider"), "{}: {}", page.url, page.body);
    assert!(!passed(page, &world.a) && !passed(page, &world.b), "{:?}", page.way);
}

/// Types an address at a fresh sign-in page.
async fn type_address(browser: &mut Browser, address: &str) -> Page {
    let page = browser.get("/sign-in?choose=true").await;
    browser.submit(page.form("/sign-in/email").with("email", address)).await
}

fn cancels() -> [Behaviour; 1] {
    [Behaviour::ErrorAnswer("access_denied".to_owned())]
}

fn only_a(engine: Engine) -> Options {
    Options {
        connection_b: "purpose = \"link_only\"".to_owned(),
        ..options(engine, "password = false\nemail_code = false\npasskey = false")
    }
}

async fn one_connection_and_nothing_else_is_gone_to_at_once(engine: Engine) {
    let world = World::with(only_a(engine)).await;
    // Nothing is read or written on the way there.
    let before = world.reads_and_writes();
    let page = world.browser().get_once("/sign-in").await;
    assert_eq!(page.status, 303, "{}", page.body);
    assert_eq!(world.reads_and_writes(), before);
    let mut grace = world.browser();
    grace.be(&world.a, "a-grace");
    let page = grace.get("/sign-in?return_to=/account/activity").await;
    assert_eq!(page.path(), "/account/activity", "{}", page.body);
    assert!(passed(&page, &world.a));
    world.sign_out(&mut grace).await;
    // Signing out says how to come in as somebody else, and the choice is shown when asked for.
    let page = grace.get("/signed-out").await;
    assert!(page.links().contains(&"/sign-in?choose=true".to_owned()), "{}", page.body);
    is_choice(&grace.get("/sign-in?choose=true").await, &world);

    // Whoever comes back without having signed in is asked, then and afterwards: nobody goes in circles.
    for (behaviours, endpoint, code) in [
        (vec![Behaviour::ErrorAnswer("access_denied".to_owned())], None, "provider_cancelled"),
        (vec![Behaviour::ErrorAnswer("server_error".to_owned())], None, "provider_answer_invalid"),
        (vec![Behaviour::ServerError], Some(Endpoint::Token), "provider_down"),
        (vec![Behaviour::SecretExpired], Some(Endpoint::Token), "provider_answer_invalid"),
    ] {
        match endpoint {
            Some(endpoint) => world.a.script_at(endpoint, behaviours),
            None => world.a.script(behaviours),
        }
        let mut browser = world.browser();
        browser.be(&world.a, "a-grace");
        let page = browser.get("/sign-in").await;
        assert!(passed(&page, &world.a) && page.path().starts_with("/flow/"), "{code}: {:?}", page.way);
        assert_eq!(page.error_code().as_deref(), Some(code), "{}", page.body);
        assert!(page.has_form("/sign-in/start-provider"), "{code}: {}", page.body);
        is_choice(&browser.get(page.url.path()).await, &world);
        let again = browser.get("/sign-in").await;
        is_choice(&again, &world);
        world.a.script([]);
        let form = again.form_with("/sign-in/start-provider", ("connection", "a"));
        let page = browser.press(form, "connection", "a").await;
        assert_eq!(page.path(), "/account", "{code}: {}", page.body);
    }
}

/// The time that one request to a provider may take, and what a busy machine adds.
const EGRESS_MAX: Duration = Duration::from_secs(10 + 5);

async fn a_provider_that_hangs_gives_the_choice_back_in_time(engine: Engine) {
    let world = World::with(only_a(engine)).await;
    world.a.script_at(Endpoint::Discovery, [Behaviour::Slow(Duration::from_mins(1))]);
    let mut browser = world.browser();
    let asked = Instant::now();
    let page = browser.get("/sign-in").await;
    assert!(asked.elapsed() < EGRESS_MAX, "{:?}", asked.elapsed());
    is_choice(&page, &world);
    assert_eq!(page.error_code().as_deref(), Some("provider_down"), "{}", page.body);
    is_choice(&browser.get("/sign-in").await, &world);
}

async fn prefer_linked_goes_where_this_browser_was_last(engine: Engine) {
    let world = World::with(options(engine, "email_code = false\nmethod_selection = \"prefer_linked\"")).await;
    let mut grace = world.browser();
    // A browser that nobody has used is asked.
    is_choice(&grace.get("/sign-in").await, &world);
    let page = world.provider_sign_in(&mut grace, "b", "b-grace").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    // Whoever is signed in and comes by themselves may want to be somebody else.
    is_choice(&grace.get("/sign-in").await, &world);
    world.sign_out(&mut grace).await;
    let page = grace.get("/signed-out").await;
    assert!(page.links().contains(&"/sign-in?choose=true".to_owned()), "{}", page.body);
    let page = grace.get("/sign-in").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert!(passed(&page, &world.b) && !passed(&page, &world.a), "{:?}", page.way);
    world.sign_out(&mut grace).await;

    // The way back: asked for, after coming back, and by forgetting.
    is_choice(&grace.get("/sign-in?choose=true").await, &world);
    world.b.script(cancels());
    let page = grace.get("/sign-in").await;
    assert!(passed(&page, &world.b) && page.has_form("/sign-in/email"), "{}", page.body);
    assert_eq!(page.error_code().as_deref(), Some("provider_cancelled"));
    world.b.script([]);
    let page = grace.get("/sign-in").await;
    is_choice(&page, &world);
    let page = grace.submit(page.form("/sign-in/forget")).await;
    is_choice(&page, &world);
    // An application that sends a person here does not change the rule, nor does another browser learn of it.
    is_choice(&world.browser().get("/sign-in").await, &world);
    // What was used last and is no provider leads nowhere.
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.sign_out(&mut ada).await;
    world.password_sign_in(&mut ada, "ada@example.test", PASSWORD).await;
    world.sign_out(&mut ada).await;
    let page = ada.get("/sign-in").await;
    is_choice(&page, &world);
    // Local methods stay what they are.
    let page = ada.submit(page.form("/sign-in/email").with("email", "ada@example.test")).await;
    assert!(page.has_form("/sign-in/password") && page.has("#password"), "{}", page.body);
}

/// Whom the tests of `force_linked` know: Ada with a link to `b`, Joan without one.
async fn forced(engine: Engine, more: &str) -> World {
    let world = World::with(options(engine, &format!("{FORCED}\n{more}"))).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    let page = world.connect(&mut ada, "b", "b-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    world.sign_up(&mut world.browser(), "Joan", "joan@example.test").await;
    // Limits of mails to one address are another matter.
    world.advance(model::HOUR.times(13));
    world
}

/// A browser with an empty page of choices.
async fn visitor(world: &World) -> (Browser, String) {
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await;
    let flow = page.hidden("flow").expect("a flow");
    (browser, flow)
}

/// What an observer sees of typing an address: where it leads, what the answer is made of, and what it cost.
async fn typed(world: &World, address: &str) -> (String, Vec<(String, usize)>, (u64, u64)) {
    let (mut browser, flow) = visitor(world).await;
    let before = world.reads_and_writes();
    let page = browser.post_once("/sign-in/email", &[("flow", &flow), ("email", address)]).await;
    let after = world.reads_and_writes();
    assert_eq!(page.status, 303, "{}", page.body);
    let to = page.headers["location"].to_str().unwrap();
    // Nothing about the person is told to the provider either.
    assert!(!to.contains("login_hint") && !to.contains("%40"), "{to}");
    let to = if to.starts_with(world.a.issuer()) { "a" } else { "b" }.to_owned();
    let headers = page.headers.iter().map(|(name, value)| (name.to_string(), value.len())).collect();
    (to, headers, (after.0 - before.0, after.1 - before.1))
}

async fn t123_force_linked_leads_everybody_somewhere(engine: Engine) {
    let world = forced(engine, "").await;
    // All are as long as Ada's, so that nothing but whose they are differs.
    let strangers: Vec<String> = ('a'..='p').map(|c| format!("a{c}a@example.test")).collect();
    let ada = typed(&world, "ada@example.test").await;
    assert_eq!(ada.0, "b", "whoever has a link goes to it");
    let mut seen = std::collections::BTreeMap::new();
    for address in &strangers {
        let one = typed(&world, address).await;
        assert_eq!(one, typed(&world, address).await, "{address} leads to one place");
        assert_eq!(one.2, (1, 0), "{address}");
        seen.insert(one.0.clone(), one);
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["a", "b"], "decoys of both kinds");
    assert_eq!(seen["b"], ada, "in headers, their lengths and cost nobody differs from somebody");
    let joan = typed(&world, "joan@example.test").await;
    assert_eq!((joan.2, joan.1.len()), (ada.2, ada.1.len()), "somebody without a link");
}

/// The body with what is random in it taken out.
fn shape(page: &Page) -> String {
    let flow = page.hidden("flow").expect("a flow");
    page.body.replace(&flow, "FLOW")
}

async fn t123_force_linked_says_the_same_after_coming_back(engine: Engine) {
    let world = forced(engine, "").await;
    for (script, code) in [(Some(cancels()), "provider_cancelled"), (None, "provider_down")] {
        match script {
            Some(script) => [&world.a, &world.b].map(|provider| provider.script(script.clone())),
            None => [&world.a, &world.b].map(|p| p.script_at(Endpoint::Token, [Behaviour::ServerError])),
        };
        let mut shapes = Vec::new();
        for address in ["ada@example.test", "ana@example.test", "joan@example.test"] {
            let mut browser = world.browser();
            browser.be(&world.a, "a-linus");
            browser.be(&world.b, "b-linus");
            let page = type_address(&mut browser, address).await;
            assert_eq!(page.error_code().as_deref(), Some(code), "{}", page.body);
            shapes.push(shape(&page).replace(address, "ADDRESS"));
        }
        assert_eq!(shapes[0], shapes[1], "{code}: nobody has it");
        assert_eq!(shapes[0], shapes[2], "{code}: whoever has it has no link");
    }
}

async fn t78_a_cancelled_sign_in_is_no_failure(engine: Engine) {
    let world = forced(engine, "").await;
    // What a browser brings is never evidence, whatever it says of the provider.
    for error in ["access_denied", "server_error", "temporarily_unavailable"] {
        world.b.script([Behaviour::ErrorAnswer(error.to_owned())]);
        let mut ada = world.browser();
        let page = type_address(&mut ada, "ada@example.test").await;
        assert!(passed(&page, &world.b), "{error}: {:?}", page.way);
        assert!(!page.has("#password"), "{error}: {}", page.body);
        assert!(page.has_form("/sign-in/start-provider"), "{error}: every provider stays a choice");
        let flow = page.hidden("flow").unwrap();
        let fields = [("flow", flow.as_str()), ("method", "password"), ("password", PASSWORD)];
        let page = ada.post("/sign-in/password", &fields).await;
        assert_eq!((page.status.as_u16(), world.who(&mut ada).await), (400, None), "{error}: {}", page.body);
    }
    // Nor is a code that the browser made up.
    world.b.script([]);
    let mut ada = world.browser();
    ada.be(&world.b, "b-ada");
    let page = ada.get("/sign-in").await;
    let page = ada
        .post_once("/sign-in/email", &[("flow", &page.hidden("flow").unwrap()), ("email", "ada@example.test")])
        .await;
    let back = world.back_from_provider(&mut ada, page).await;
    let forged = back.as_str().replace("code=", "code=x");
    let page = ada.get(&forged).await;
    assert_eq!(page.error_code().as_deref(), Some("provider_answer_invalid"), "{}", page.body);
    assert!(!page.has("#password"), "{}", page.body);
    // The JSON API takes no other way.
    let mut app = world.browser();
    let call =
        app.api("POST", "/api/v1/flows", Some(serde_json::json!({ "kind": "sign_in" })), Some(testkit::ORIGIN)).await;
    let path = format!("/api/v1/flows/{}", call.json["id"].as_str().unwrap());
    let act = |json| Some(json);
    let email = serde_json::json!({ "action": "email", "email": "ada@example.test" });
    let call = app.api("POST", &path, act(email), Some(testkit::ORIGIN)).await;
    assert_eq!(call.json["state"], "away", "{call:?}");
    let password = serde_json::json!({ "action": "password", "password": PASSWORD });
    let call = app.api("POST", &path, act(password), Some(testkit::ORIGIN)).await;
    assert_eq!((call.status.as_u16(), app.session()), (400, None), "{call:?}");
}

async fn t78_a_failure_that_we_saw_opens_what_is_listed(engine: Engine) {
    let world = forced(engine, "").await;
    for behaviour in [Behaviour::ServerError, Behaviour::CloseConnection, Behaviour::SecretExpired] {
        world.b.script_at(Endpoint::Token, [behaviour.clone()]);
        let mut ada = world.browser();
        ada.be(&world.b, "b-ada");
        let page = type_address(&mut ada, "ada@example.test").await;
        assert!(page.has("#password"), "{behaviour:?}: {}", page.body);
        // Not for longer than it says something.
        let mut late = ada.clone();
        let form = page.form_with("/sign-in/password", ("method", "password")).with("password", PASSWORD);
        let page = ada.press(form.clone(), "method", "password").await;
        assert_eq!(page.path(), "/account", "{behaviour:?}: {}", page.body);
        world.advance(model::MINUTE.times(6));
        late.press(form, "method", "password").await;
        assert_eq!(late.session(), None, "{behaviour:?}");
        // Another browser saw nothing.
        let mut other = world.browser();
        let page = other.get("/sign-in").await;
        let fields = [
            ("flow", page.hidden("flow").unwrap()),
            ("method", "password".to_owned()),
            ("password", PASSWORD.to_owned()),
        ];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        other.post("/sign-in/password", &fields).await;
        assert_eq!(other.session(), None);
    }
    // What is not listed stays shut.
    let shut = World::with(options(engine, "method_selection = \"force_linked\"")).await;
    let mut ada = shut.browser();
    shut.sign_up(&mut ada, "Ada", "ada@example.test").await;
    shut.connect(&mut ada, "b", "b-ada").await;
    shut.b.script_at(Endpoint::Token, [Behaviour::ServerError]);
    let mut ada = shut.browser();
    ada.be(&shut.b, "b-ada");
    let page = type_address(&mut ada, "ada@example.test").await;
    assert_eq!(page.error_code().as_deref(), Some("provider_down"), "{}", page.body);
    assert!(!page.has("#password"), "{}", page.body);
}

/// A provider's page that leads nowhere: going back is the only way, and an address leads away once.
async fn t78_whoever_did_not_come_through_is_asked_here(engine: Engine) {
    let world = forced(engine, "").await;
    for address in ["joan@example.test", "ada@example.test", "nobody@example.test"] {
        let mut browser = world.browser();
        let flow = browser.get("/sign-in").await.hidden("flow").unwrap();
        let away = browser.post_once("/sign-in/email", &[("flow", &flow), ("email", address)]).await;
        assert_eq!(away.status, 303, "{address}: {}", away.body);
        // In the same page, or on a new one.
        let again = browser.post("/sign-in/email", &[("flow", &flow), ("email", address)]).await;
        let page = type_address(&mut browser, address).await;
        for page in [again, page] {
            assert!(page.has_form("/sign-in/password"), "{address}: {}", page.body);
            assert!(!page.has("#password"), "{address}: {}", page.body);
            assert!(
                page.links().contains(&"/sign-in?choose=true".to_owned()),
                "every provider is a choice: {}",
                page.body
            );
        }
    }
}

/// Somebody else's provider fails: that opens nothing of hers.
async fn t78_a_link_that_works_is_still_the_way(engine: Engine) {
    let world = forced(engine, "").await;
    world.a.script_at(Endpoint::Token, [Behaviour::ServerError]);
    let mut mallory = world.browser();
    mallory.be(&world.a, "a-mallory");
    let page = mallory.get("/sign-in").await;
    let form = page.form_with("/sign-in/start-provider", ("connection", "a"));
    let page = mallory.press(form, "connection", "a").await;
    assert_eq!(page.error_code().as_deref(), Some("provider_down"), "{}", page.body);
    world.b.script(cancels());
    let page = mallory.submit(page.form("/sign-in/email").with("email", "ada@example.test")).await;
    // Offered, because a failure was seen; taken only from whom it concerns.
    let form = page.form_with("/sign-in/password", ("method", "password")).with("password", PASSWORD);
    let page = mallory.press(form, "method", "password").await;
    assert_eq!(mallory.session(), None, "{}", page.body);
    let form = page.form("/sign-in/start-provider");
    let ways: Vec<&str> = form.buttons.iter().map(|(_, value, _)| value.as_str()).collect();
    assert_eq!(ways, ["b"], "whoever has the password may know: {}", page.body);
    world.b.script([]);
    mallory.be(&world.b, "b-ada");
    let page = mallory.press(form, "connection", "b").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
}

/// Asks for a code on the page that came back from a provider, and enters it.
async fn by_mailbox(world: &World, browser: &mut Browser, address: &str) -> Page {
    for provider in [&world.a, &world.b] {
        provider.script(cancels());
    }
    let page = type_address(browser, address).await;
    let seen = world.mailbox.messages().len();
    let page = browser.press(page.form_with("/sign-in/password", ("method", "code")), "method", "code").await;
    let code = world.code_after(address, seen).await;
    for provider in [&world.a, &world.b] {
        provider.script([]);
    }
    browser.submit(page.form("/sign-in/code").with("code", &code)).await
}

/// Recovery is always there: the mailbox shows who it is, and then the methods may be named.
async fn the_mailbox_shows_how_one_signs_in(engine: Engine) {
    for codes in [true, false] {
        let world = forced(engine, &format!("email_code = {codes}")).await;
        let mut ada = world.browser();
        let page = by_mailbox(&world, &mut ada, "ada@example.test").await;
        assert_eq!(ada.session(), None, "a mailbox is not her way in: {}", page.body);
        let form = page.form("/sign-in/start-provider");
        assert_eq!(form.buttons.len(), 1, "{}", page.body);
        ada.be(&world.b, "b-ada");
        let page = ada.press(form, "connection", "b").await;
        assert_eq!(page.path(), "/account", "{}", page.body);
        // Nobody has this one, which only whoever reads its mailbox learns.
        let page = by_mailbox(&world, &mut world.browser(), "nobody@example.test").await;
        assert_eq!(page.error_code().as_deref(), Some("no_account_here"), "{}", page.body);
    }
}

async fn whoever_has_no_link_comes_in_by_the_mailbox(engine: Engine) {
    let world = forced(engine, "email_code = true").await;
    let mut joan = world.browser();
    let page = by_mailbox(&world, &mut joan, "joan@example.test").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.who(&mut joan).await.as_deref(), Some("Joan"));
    // Where codes are no method, the mailbox leads to the password.
    let world = forced(engine, "email_code = false").await;
    let mut joan = world.browser();
    let page = by_mailbox(&world, &mut joan, "joan@example.test").await;
    assert_eq!(joan.session(), None, "{}", page.body);
    let form = page.form_with("/sign-in/password", ("method", "password")).with("password", PASSWORD);
    let page = joan.press(form, "method", "password").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    // Which shows nothing for anybody else: the address that is typed next begins anew.
    let mut joan = world.browser();
    by_mailbox(&world, &mut joan, "joan@example.test").await;
    let page = type_address(&mut joan, "ada@example.test").await;
    assert!(!page.has("#password"), "{}", page.body);
}
