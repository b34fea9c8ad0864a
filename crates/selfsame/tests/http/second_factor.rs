//! The second factor: an authenticator app made by hand (RFC 6238), and the recovery codes in its place.

use crate::on_both_engines;
use crate::provider::{Client, claims, options, text};
use aws_lc_rs::hmac;
use model::{MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Browser, Engine, ORIGIN, Options, PASSWORD, Page, World};

on_both_engines!(
    t24_t89_a_second_factor_is_set_up_and_asked_for,
    t92_who_showed_one_factor_is_nobody_yet,
    t92_a_second_factor_is_shown_where_the_first_was,
    t42_a_code_counts_once_even_at_the_same_time,
    a_recovery_code_opens_the_account_once,
    t89_a_provider_s_sign_in_does_not_skip_the_second_factor,
    t90_what_a_provider_says_is_worth_what_the_operator_says,
    n09_t75_the_account_says_what_its_ways_in_hang_on,
    m027_a_link_waits_for_the_second_factor,
    t95_guesses_at_the_second_factor_count_with_all_others,
    t95_a_mailbox_code_buys_no_guesses_at_the_second_factor,
    t88_t94_the_second_factor_is_changed_by_whoever_has_it,
    t26_setting_up_is_for_one_person_now,
    t87_the_first_factor_grows_old,
    t72_where_two_are_required_the_second_stays,
    switched_off_it_is_not_asked_for,
    what_a_second_factor_costs,
    the_api_offers_all_of_it,
);

const ADA: &str = "ada@example.test";

/// An app: what it was told, and the code it shows (RFC 6238 §4, RFC 4226 §5.3).
#[derive(Clone)]
pub(crate) struct App(Vec<u8>);

impl App {
    /// From the key that people type: base32 (RFC 4648 §6).
    pub fn typed(secret: &str) -> Self {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let digits = secret.chars().filter(|c| !c.is_whitespace()).map(|c| alphabet.find(c).unwrap());
        let bits: Vec<u8> = digits.flat_map(|five| (0..5).rev().map(move |at| (five >> at) as u8 & 1)).collect();
        Self(bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit)).collect())
    }

    pub fn code(&self, world: &World, steps_from_now: i64) -> String {
        let step = model::Clock::now(&*world.clock).seconds() / 30 + steps_from_now;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[19] & 0xf);
        let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }

    /// One that is none of the window's.
    fn wrong(&self, world: &World) -> String {
        let near: Vec<String> = (-1..=1).map(|step| self.code(world, step)).collect();
        (0..4).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
    }
}

/// Sets an app up on the account page; the codes that were said.
pub(crate) async fn set_up(world: &World, browser: &mut Browser) -> (App, Vec<String>) {
    let page = browser.get("/account/second-factor/add").await;
    let app = App::typed(&page.text("code.secret").unwrap_or_else(|| panic!("{}", page.all_text())));
    let form = page.form("/account/second-factor/add").with("code", &app.code(world, 0));
    let page = browser.submit(form).await;
    let codes = page.texts(".codes code");
    assert_eq!((page.status.as_u16(), codes.len()), (200, 10), "{}", page.all_text());
    (app, codes)
}

async fn with_app(options: Options) -> (World, Browser, App, Vec<String>) {
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", ADA).await;
    let (app, codes) = set_up(&world, &mut browser).await;
    // The code it was set up with is used; the next one comes.
    world.advance(SECOND.times(60));
    (world, browser, app, codes)
}

const FACTOR: &str = "/sign-in/second-factor";

async fn type_totp(browser: &mut Browser, page: &Page, code: &str) -> Page {
    let form = page.forms().into_iter().find(|form| form.fields.iter().any(|(name, _)| name == "code")).unwrap();
    assert_eq!(form.action.path(), FACTOR);
    browser.submit(form.with("code", code)).await
}

async fn type_recovery(browser: &mut Browser, page: &Page, code: &str) -> Page {
    let has = |form: &testkit::Form| form.fields.iter().any(|(name, _)| name == "recovery_code");
    let form = page.forms().into_iter().find(has).unwrap_or_else(|| panic!("{}", page.all_text()));
    browser.submit(form.with("recovery_code", code)).await
}

async fn first(world: &World, browser: &mut Browser) -> Page {
    let page = world.password_sign_in(browser, ADA, PASSWORD).await;
    assert!(page.has_form(FACTOR), "{}", page.all_text());
    page
}

fn refused(page: &Page, code: &str) {
    assert_eq!(page.error_code().as_deref(), Some(code), "{}", page.all_text());
}

async fn t24_t89_a_second_factor_is_set_up_and_asked_for(engine: Engine) {
    let world = World::with(options(engine)).await;
    let (mut browser, mut phone) = (world.browser(), world.browser());
    world.sign_up(&mut browser, "Ada", ADA).await;
    world.password_sign_in(&mut phone, ADA, PASSWORD).await;
    let page = browser.get("/account/second-factor/add").await;
    assert!(
        page.has("svg.qr path") && page.links().iter().any(|link| link.starts_with("otpauth://totp/id.example.test"))
    );
    let app = App::typed(&page.text("code.secret").unwrap());
    // A wrong code keeps the secret: nobody scans twice.
    let again = browser.submit(page.form("/account/second-factor/add").with("code", &app.wrong(&world))).await;
    refused(&again, "wrong_totp");
    assert_eq!(App::typed(&again.text("code.secret").unwrap()).0, app.0);
    let before = browser.session().unwrap();
    let page = browser.submit(again.form("/account/second-factor/add").with("code", &app.code(&world, 0))).await;
    assert_eq!(page.texts(".codes code").len(), 10, "{}", page.all_text());
    // t24, t65: every other session is over, and this one has another secret.
    assert_eq!(world.who(&mut phone).await, None);
    assert_ne!(browser.session().unwrap(), before);
    assert!(!world.is_live(&before).await);
    let page = browser.get("/account").await;
    assert!(page.all_text().contains("10 recovery codes left"), "{}", page.all_text());
    world.sign_out(&mut browser).await;

    world.advance(SECOND.times(60));
    let mut browser = world.browser();
    let page = first(&world, &mut browser).await;
    refused(&type_totp(&mut browser, &page, &app.wrong(&world)).await, "wrong_totp");
    refused(&type_totp(&mut browser, &page, "").await, "wrong_totp");
    let page = type_totp(&mut browser, &page, &format!(" {} ", app.code(&world, 0))).await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    assert_eq!(world.who(&mut browser).await.as_deref(), Some("Ada"));
    let told = claims(&text(&Client::new(&world, "own").tokens(&mut browser, &[]).await, "id_token"));
    assert_eq!((&told["acr"], &told["amr"]), (&json!("urn:selfsame:aal2"), &json!(["pwd", "mfa"])));
    let activity = browser.get("/account/activity").await.all_text();
    assert!(activity.contains("Two-step sign-in was turned on"), "{activity}");
}

async fn t92_who_showed_one_factor_is_nobody_yet(engine: Engine) {
    let (world, mut ada, app, _) = with_app(options(engine)).await;
    world.sign_out(&mut ada).await;
    let mut browser = world.browser();
    let page = first(&world, &mut browser).await;
    // Another cookie and another type: no page, no API and no client takes it for a session.
    assert_eq!((browser.session(), world.who(&mut browser).await), (None, None));
    assert_eq!(browser.api("GET", "/api/v1/account", None, None).await.status, 401);
    let flow = browser.our_cookies().into_iter().find(|(name, _)| name.contains("flow")).unwrap().1;
    let mut thief = world.browser();
    thief.set_cookie("__Host-session", &flow);
    assert_eq!(world.who(&mut thief).await, None);
    assert_eq!(browser.get("/account").await.path(), "/sign-in");
    // Whatever else the step is asked to do leads nowhere.
    for (path, name, value) in [
        ("/sign-in/continue", "choice", "continue"),
        ("/sign-in/switch", "choice", "switch"),
        ("/sign-in/continue-without", "choice", "x"),
        ("/sign-in/code", "code", "000000"),
        ("/sign-in/prove", "password", PASSWORD),
        ("/sign-in/confirm-link", "choice", "connect"),
    ] {
        let flow = page.hidden("flow").unwrap();
        let answer = browser.post(path, &[("flow", &flow), (name, value)]).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.all_text());
        assert_eq!(world.who(&mut browser).await, None, "{path}");
    }
    let page = type_totp(&mut browser, &page, &app.code(&world, 0)).await;
    assert_eq!(page.path(), "/account");
}

async fn t92_a_second_factor_is_shown_where_the_first_was(engine: Engine) {
    let (world, mut ada, app, _) = with_app(options(engine)).await;
    world.sign_out(&mut ada).await;
    let (mut here, mut there) = (world.browser(), world.browser());
    let page = first(&world, &mut here).await;
    let answer = type_totp(&mut there, &page, &app.code(&world, 0)).await;
    refused(&answer, "flow_expired");
    assert_eq!((world.who(&mut here).await, world.who(&mut there).await), (None, None));
    // One of somebody else.
    let mut eve = world.browser();
    world.sign_up(&mut eve, "Eve", "eve@example.test").await;
    let (hers, codes) = set_up(&world, &mut eve).await;
    world.advance(SECOND.times(60));
    refused(&type_totp(&mut here, &page, &hers.code(&world, 0)).await, "wrong_totp");
    refused(&type_recovery(&mut here, &page, &codes[0]).await, "wrong_recovery_code");
    assert_eq!(type_totp(&mut here, &page, &app.code(&world, 0)).await.path(), "/account");
}

async fn t42_a_code_counts_once_even_at_the_same_time(engine: Engine) {
    let (world, mut ada, app, _) = with_app(options(engine)).await;
    world.sign_out(&mut ada).await;
    let mut browsers = Vec::new();
    for _ in 0..4 {
        let mut browser = world.browser();
        let page = first(&world, &mut browser).await;
        browsers.push((browser, page));
    }
    let code = app.code(&world, 0);
    let (mut last, page) = browsers.pop().unwrap();
    let guess = async |(mut browser, page): (Browser, Page)| {
        type_totp(&mut browser, &page, &code).await;
        world.who(&mut browser).await
    };
    let mut rest = browsers.into_iter();
    let (one, two, three) = (rest.next().unwrap(), rest.next().unwrap(), rest.next().unwrap());
    let came_in = tokio::join!(guess(one), guess(two), guess(three));
    let came_in = [came_in.0, came_in.1, came_in.2].into_iter().flatten().count();
    assert_eq!(came_in, 1, "of three with the same code");
    let answer = type_totp(&mut last, &page, &code).await;
    refused(&answer, "wrong_totp");
    // Nor does the one before it, though it is within the window.
    refused(&type_totp(&mut last, &page, &app.code(&world, -1)).await, "wrong_totp");
    assert_eq!(type_totp(&mut last, &page, &app.code(&world, 1)).await.path(), "/account");
}

async fn a_recovery_code_opens_the_account_once(engine: Engine) {
    let (world, mut ada, _, codes) = with_app(options(engine)).await;
    world.sign_out(&mut ada).await;
    let mut browser = world.browser();
    let page = first(&world, &mut browser).await;
    refused(&type_recovery(&mut browser, &page, "aaaa-bbbb-cccc-dddd").await, "wrong_recovery_code");
    let typed = codes[3].replace('-', " ").to_uppercase();
    let page = type_recovery(&mut browser, &page, &typed).await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    assert!(page.all_text().contains("9 recovery codes left"), "{}", page.all_text());
    // t125: the owner hears of it.
    for _ in 0..400 {
        let said = |mail: &testkit::Message| {
            mail.header("Subject").is_some_and(|text| text.contains("recovery code was used"))
        };
        if world.mailbox.messages().iter().any(|mail| mail.is_to(ADA) && said(mail)) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let mails = world.mailbox.messages();
    let told =
        mails.iter().find(|mail| mail.header("Subject").is_some_and(|text| text.contains("recovery code was used")));
    let text = told.unwrap().text.clone().unwrap();
    assert!(text.contains("Codes left: 9"), "{text}");
    world.sign_out(&mut browser).await;
    let page = first(&world, &mut browser).await;
    refused(&type_recovery(&mut browser, &page, &codes[3]).await, "wrong_recovery_code");
    assert_eq!(type_recovery(&mut browser, &page, &codes[4]).await.path(), "/account");
}

async fn t89_a_provider_s_sign_in_does_not_skip_the_second_factor(engine: Engine) {
    let (world, mut ada, app, _) = with_app(options(engine)).await;
    let page = world.connect(&mut ada, "a", "a-ada").await;
    assert!(page.all_text().contains("Example A"), "{}", page.all_text());
    world.sign_out(&mut ada).await;
    let mut browser = world.browser();
    let page = world.provider_sign_in(&mut browser, "a", "a-ada").await;
    assert!(page.has_form(FACTOR), "{}", page.all_text());
    assert!(!page.all_text().contains("Ada") && world.who(&mut browser).await.is_none(), "{}", page.all_text());
    refused(&type_totp(&mut browser, &page, &app.wrong(&world)).await, "wrong_totp");
    let page = type_totp(&mut browser, &page, &app.code(&world, 0)).await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    assert_eq!(world.who(&mut browser).await.as_deref(), Some("Ada"));
    // In a browser where somebody else is signed in: who it is shows after both, and nothing is replaced without a word.
    let mut eve = world.browser();
    world.sign_up(&mut eve, "Eve", "eve@example.test").await;
    let page = world.provider_sign_in(&mut eve, "a", "a-ada").await;
    assert!(page.has_form(FACTOR), "{}", page.all_text());
    world.advance(SECOND.times(30));
    let page = type_totp(&mut eve, &page, &app.code(&world, 0)).await;
    assert!(page.has_form("/sign-in/switch") && page.all_text().contains("Eve"), "{}", page.all_text());
    eve.press(page.form("/sign-in/switch"), "choice", "switch").await;
    assert_eq!(world.who(&mut eve).await.as_deref(), Some("Ada"));
}

async fn t90_what_a_provider_says_is_worth_what_the_operator_says(engine: Engine) {
    let mut with_map = options(engine);
    with_map.connection_a.push_str("\namr_levels = { mfa = 2 }");
    let (world, mut ada, _, _) = with_app(with_map).await;
    world.connect(&mut ada, "a", "a-ada").await;
    world.sign_out(&mut ada).await;
    let said = |acr: Value, amr: Value| {
        world
            .a
            .script_at(sandbox::provider::Endpoint::Token, [sandbox::provider::Behaviour::Authenticated { acr, amr }]);
    };
    let mut browser = world.browser();
    said(json!("urn:selfsame:aal3"), json!(["pwd"]));
    let page = world.provider_sign_in(&mut browser, "a", "a-ada").await;
    assert!(page.has_form(FACTOR), "a word nobody mapped is worth nothing: {}", page.all_text());
    said(json!(null), json!(["pwd", "mfa"]));
    let page = world.provider_sign_in(&mut browser, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    let told = claims(&text(&Client::new(&world, "own").tokens(&mut browser, &[]).await, "id_token"));
    assert_eq!((&told["acr"], &told["amr"]), (&json!("urn:selfsame:aal2"), &json!(["fed", "mfa"])));
    // It was worth that once: the next time is asked anew.
    world.a.script_at(sandbox::provider::Endpoint::Token, []);
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
    assert!(page.has_form(FACTOR), "{}", page.all_text());
}

async fn n09_t75_the_account_says_what_its_ways_in_hang_on(engine: Engine) {
    let world =
        World::with(Options { policy: "email_code = true\npassword = false".to_owned(), ..options(engine) }).await;
    let mut ada = world.browser();
    world.provider_sign_in(&mut ada, "a", "a-grace").await;
    let page = ada.get("/account").await;
    assert!(page.all_text().contains("All of them depend on the same mailbox."), "{}", page.all_text());
    assert!(page.all_text().contains("Add a way in that doesn’t depend on it"), "{}", page.all_text());
    let account = ada.api("GET", "/api/v1/account", None, None).await;
    let shared = json!({ "ways": 2, "shared": [{ "mailbox": "grace@example.test", "ways": 2 }] });
    assert_eq!(account.json["access"], shared, "{account:?}");
    let page = world.connect(&mut ada, "b", "b-linus").await;
    assert!(
        page.all_text().contains("Any of these 3 opens your account. 2 of them depend on the same mailbox."),
        "{}",
        page.all_text()
    );
    assert!(!page.all_text().contains("doesn’t depend on it"));
}

async fn m027_a_link_waits_for_the_second_factor(engine: Engine) {
    let (world, mut ada, app, codes) = with_app(options(engine)).await;
    world.sign_out(&mut ada).await;
    for (connection, subject, by_app) in [("a", "a-ada", true), ("b", "b-ada", false)] {
        let mut browser = world.browser();
        let seen = world.mailbox.messages().len();
        let mut page = world.provider_sign_in(&mut browser, connection, subject).await;
        if page.has_form("/sign-in/code") {
            let code = world.code_after(ADA, seen).await;
            page = browser.submit(page.form("/sign-in/code").with("code", &code)).await;
        }
        let form = page.form_with("/sign-in/prove", ("method", "password")).with("password", PASSWORD);
        let page = browser.press(form, "method", "password").await;
        assert!(page.has_form(FACTOR), "{}", page.all_text());
        let links = world.user(ADA).await["links"].as_array().unwrap().len();
        let page = if by_app {
            type_totp(&mut browser, &page, &app.code(&world, 0)).await
        } else {
            type_recovery(&mut browser, &page, &codes[0]).await
        };
        assert_eq!(page.path(), "/account", "{}", page.all_text());
        assert_eq!(
            world.user(ADA).await["links"].as_array().unwrap().len(),
            links + 1,
            "linked with both, and not before"
        );
    }
}

async fn t95_guesses_at_the_second_factor_count_with_all_others(engine: Engine) {
    let (world, mut ada, app, _) = with_app(options(engine)).await;
    world.sign_out(&mut ada).await;
    // A stranger who knows the password.
    let mut browser = world.browser();
    let page = first(&world, &mut browser).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(type_totp(&mut browser, &page, &app.wrong(&world)).await.status.as_u16());
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    // The right one is not looked at meanwhile, a recovery code neither, and the password's door is shut too.
    refused(&type_totp(&mut browser, &page, &app.code(&world, 0)).await, "throttled");
    refused(&type_recovery(&mut browser, &page, "aaaa-bbbb-cccc-dddd").await, "throttled");
    let waiting = type_totp(&mut browser, &page, &app.code(&world, 0)).await;
    assert!(waiting.headers.contains_key("retry-after"), "says for how long");
    refused(&world.password_sign_in(&mut browser, ADA, PASSWORD).await, "throttled");
    // t76: a device that Ada has used answers for itself alone.
    let page = first(&world, &mut ada).await;
    assert_eq!(type_totp(&mut ada, &page, &app.code(&world, 0)).await.path(), "/account");
}

async fn t95_a_mailbox_code_buys_no_guesses_at_the_second_factor(engine: Engine) {
    let with_codes = Options { policy: "email_code = true".to_owned(), ..options(engine) };
    let (world, mut ada, app, _) = with_app(with_codes).await;
    world.sign_out(&mut ada).await;
    let mut guesses = 0;
    let mut browser = world.browser();
    for _ in 0..3 {
        let seen = world.mailbox.messages().len();
        let page = browser.get("/sign-in").await;
        let page = browser.submit(page.form("/sign-in/email").with("email", ADA)).await;
        let page = browser.press(page.form("/sign-in/password"), "method", "code").await;
        if page.status == 429 {
            break;
        }
        let code = world.code_after(ADA, seen).await;
        let page = browser.submit(page.form("/sign-in/code").with("code", &code)).await;
        if !page.has_form(FACTOR) {
            refused(&page, "throttled");
            break;
        }
        while type_totp(&mut browser, &page, &app.wrong(&world)).await.status == 422 {
            guesses += 1;
            assert!(guesses < 8, "whoever reads the mailbox guesses on");
        }
    }
    assert!((1..=6).contains(&guesses), "{guesses}");
}

async fn t88_t94_the_second_factor_is_changed_by_whoever_has_it(engine: Engine) {
    let (world, mut ada, app, codes) = with_app(options(engine)).await;
    world.advance(MINUTE.times(10));
    // A session that grew old steps up by both.
    for path in ["/account/second-factor/codes", "/account/second-factor/remove", "/account/second-factor/add"] {
        let page = ada.get(path).await;
        assert!(page.all_text().contains("To change two-step sign-in"), "{path}: {}", page.all_text());
    }
    let page = ada.get("/account/second-factor/codes").await;
    let form = page.form_with("/account/step-up", ("method", "password")).with("password", PASSWORD);
    let page = ada.press(form, "method", "password").await;
    assert!(page.has_form(FACTOR), "{}", page.all_text());
    let page = type_totp(&mut ada, &page, &app.code(&world, 0)).await;
    assert_eq!(page.path(), "/account/second-factor/codes", "{}", page.all_text());
    let page = ada.submit(page.form("/account/second-factor/codes")).await;
    let new = page.texts(".codes code");
    assert!(new.len() == 10 && !new.contains(&codes[0]), "{}", page.all_text());
    // Another app in the place of this one: the old one shows nothing any more.
    let (other, codes) = set_up(&world, &mut ada).await;
    world.sign_out(&mut ada).await;
    world.advance(SECOND.times(60));
    let page = first(&world, &mut ada).await;
    refused(&type_totp(&mut ada, &page, &app.code(&world, 0)).await, "wrong_totp");
    refused(&type_recovery(&mut ada, &page, &new[0]).await, "wrong_recovery_code");
    let page = type_totp(&mut ada, &page, &other.code(&world, 0)).await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    // Off again: every other session ends, and one factor is enough.
    let mut phone = world.browser();
    let page = first(&world, &mut phone).await;
    assert_eq!(type_recovery(&mut phone, &page, &codes[0]).await.path(), "/account");
    let page = ada.get("/account/second-factor/remove").await;
    let page = ada.submit(page.form("/account/second-factor/remove")).await;
    assert!(page.path() == "/account" && page.all_text().contains("Two-step sign-in is off."), "{}", page.all_text());
    assert_eq!(world.who(&mut phone).await, None);
    assert_eq!(world.password_sign_in(&mut phone, ADA, PASSWORD).await.path(), "/account");
    assert_eq!(ada.get("/account/second-factor/remove").await.status, 404);
}

async fn t26_setting_up_is_for_one_person_now(engine: Engine) {
    let world = World::with(options(engine)).await;
    let (mut ada, mut eve) = (world.browser(), world.browser());
    world.sign_up(&mut ada, "Ada", ADA).await;
    world.sign_up(&mut eve, "Eve", "eve@example.test").await;
    let page = ada.get("/account/second-factor/add").await;
    let app = App::typed(&page.text("code.secret").unwrap());
    let setup = page.hidden("setup").unwrap();
    // Eve finishes with what was made for Ada, or with what nobody made.
    let hers = eve.get("/account/second-factor/add").await;
    for foreign in [setup.as_str(), "", "AAAA"] {
        let form = hers.form("/account/second-factor/add").with("setup", foreign).with("code", &app.code(&world, 0));
        refused(&eve.submit(form).await, "totp_setup_over");
    }
    // Without the token of her own session nothing happens (T32).
    let form = hers.form("/account/second-factor/add").with("csrf", "x").with("code", "000000");
    assert_eq!(eve.submit(form).await.path(), "/account/second-factor/add");
    // A second time with the same secret: the first answer was it.
    let form = page.form("/account/second-factor/add").with("code", &app.code(&world, 0));
    assert_eq!(ada.submit(form.clone()).await.texts(".codes code").len(), 10);
    let again = ada.submit(form).await;
    assert!(again.texts(".codes code").is_empty(), "{}", again.all_text());
    // Too late.
    let late = eve.get("/account/second-factor/add").await;
    let hers = App::typed(&late.text("code.secret").unwrap());
    world.advance(MINUTE.times(16));
    let form = late.form("/account/second-factor/add").with("code", &hers.code(&world, 0));
    let answer = eve.submit(form).await;
    assert!(answer.texts(".codes code").is_empty(), "{}", answer.all_text());
    assert_eq!(world.user("eve@example.test").await["second_factor"], Value::Null);
}

async fn t87_the_first_factor_grows_old(engine: Engine) {
    let (world, mut ada, app, _) = with_app(options(engine)).await;
    world.sign_out(&mut ada).await;
    let mut browser = world.browser();
    let page = first(&world, &mut browser).await;
    world.advance(MINUTE.times(6));
    let page = type_totp(&mut browser, &page, &app.code(&world, 0)).await;
    assert!(page.has_form("/sign-in/password"), "back to the first: {}", page.all_text());
    refused(&page, "not_fresh");
    let form = page.form_with("/sign-in/password", ("method", "password")).with("password", PASSWORD);
    let page = browser.press(form, "method", "password").await;
    assert_eq!(type_totp(&mut browser, &page, &app.code(&world, 0)).await.path(), "/account");
}

async fn t72_where_two_are_required_the_second_stays(engine: Engine) {
    let (world, _, app, _) = with_app(options(engine)).await;
    let mut config = (*world.config).clone();
    config.required_level = model::Level::Two;
    // Under another first root key, too: what the old one sealed still opens.
    let mut fresh = config.root_keys[0].clone();
    fresh.key = model::Secret::new([9; 32]);
    config.root_keys.insert(0, fresh);
    let server = World::start(&config, world.clock.clone(), 2).await;
    let mut ada = Browser::of(server.router.clone());
    let page = first(&world, &mut ada).await;
    let page = type_totp(&mut ada, &page, &app.code(&world, 0)).await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    let page = ada.get("/account/second-factor/remove").await;
    let page = ada.submit(page.form("/account/second-factor/remove")).await;
    assert_eq!((page.status.as_u16(), page.path()), (409, "/account/second-factor/remove"), "{}", page.all_text());
    assert!(page.all_text().contains("only way in"), "{}", page.all_text());
}

async fn switched_off_it_is_not_asked_for(engine: Engine) {
    let world = World::with(Options { policy: "totp = false".to_owned(), ..options(engine) }).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let page = ada.get("/account").await;
    assert!(!page.all_text().contains("Two-step"), "{}", page.all_text());
    refused(&ada.get("/account/second-factor/add").await, "method_not_allowed");
}

async fn what_a_second_factor_costs(engine: Engine) {
    let (world, mut ada, app, _) = with_app(options(engine)).await;
    world.sign_out(&mut ada).await;
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await;
    let page = browser.submit(page.form("/sign-in/email").with("email", ADA)).await;
    let form = page.form_with("/sign-in/password", ("method", "password")).with("password", PASSWORD);
    let cost = |before: (u64, u64), after: (u64, u64)| (after.0 - before.0, after.1 - before.1);
    let before = world.reads_and_writes();
    let page = browser.press(form, "method", "password").await;
    assert_eq!(cost(before, world.reads_and_writes()), (1, 1), "the attempt alone: nothing is decided yet");
    let before = world.reads_and_writes();
    let flow = page.hidden("flow").unwrap();
    browser.post_once(FACTOR, &[("flow", &flow), ("code", &app.code(&world, 0))]).await;
    assert_eq!(cost(before, world.reads_and_writes()), (1, 2), "the attempt, and the outcome with the code in it");
    assert_eq!(world.who(&mut browser).await.as_deref(), Some("Ada"));
    let before = world.reads_and_writes();
    browser.get_once("/account/second-factor/add").await;
    assert_eq!(cost(before, world.reads_and_writes()).1, 0, "nothing is written before the first code");
}

async fn the_api_offers_all_of_it(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let path = "/api/v1/account/second-factor";
    let begun = ada.api("POST", path, None, Some(ORIGIN)).await;
    let app = App::typed(begun.json["secret"].as_str().unwrap());
    let setup = begun.json["setup"].clone();
    let wrong = ada.api("PUT", path, Some(json!({ "setup": setup, "code": app.wrong(&world) })), Some(ORIGIN)).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json["code"]), (422, &json!("wrong_totp")), "{wrong:?}");
    let set = json!({ "setup": setup, "code": app.code(&world, 0) });
    let set = ada.api("PUT", path, Some(set), Some(ORIGIN)).await;
    assert_eq!((set.status.as_u16(), set.json["recovery_codes"].as_array().map(Vec::len)), (200, Some(10)), "{set:?}");
    let account = ada.api("GET", "/api/v1/account", None, None).await;
    assert_eq!(account.json["second_factor"]["recovery_codes_left"], 10, "{account:?}");
    let made = ada.api("POST", "/api/v1/account/recovery-codes", None, Some(ORIGIN)).await;
    let code = made.json["recovery_codes"][0].as_str().unwrap().to_owned();
    world.sign_out(&mut ada).await;

    let mut browser = world.browser();
    let begun = browser.api("POST", "/api/v1/flows", Some(json!({ "kind": "sign_in" })), Some(ORIGIN)).await;
    let flow = format!("/api/v1/flows/{}", begun.json["id"].as_str().unwrap());
    let mut act = async |action: Value| browser.api("POST", &flow, Some(action), Some(ORIGIN)).await;
    act(json!({ "action": "email", "email": ADA })).await;
    let asked = act(json!({ "action": "password", "password": PASSWORD })).await;
    assert_eq!(asked.json["state"], "second_factor", "{asked:?}");
    assert_eq!(asked.json["actions"], json!(["totp", "recovery_code", "cancel"]));
    let wrong = act(json!({ "action": "totp", "code": app.wrong(&world) })).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json["error"]["code"]), (422, &json!("wrong_totp")), "{wrong:?}");
    let done = act(json!({ "action": "recovery_code", "code": code })).await;
    assert_eq!(done.json["state"], "finished", "{done:?}");
    let removed = browser.api("DELETE", path, None, Some(ORIGIN)).await;
    assert_eq!(removed.status, 204, "{removed:?}");
    let again = browser.api("DELETE", path, None, Some(ORIGIN)).await;
    assert_eq!(again.json["code"], "no_second_factor", "{again:?}");
}
