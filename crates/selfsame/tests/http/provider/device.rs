//! The device authorization grant (RFC 8628): a device asks, and somebody at another browser answers.

use super::checks::{narrow_scopes, narrow_session};
use super::{Client, claims, options, text};
use crate::on_both_engines;
use crate::sessions::removal::under;
use model::{DAY, MINUTE, SECOND, UserStatus};
use selfsame::admin::Operation;
use serde_json::Value;
use testkit::{ApiCall, Browser, Engine, ORIGIN, PASSWORD, Page, World};

on_both_engines!(
    a_device_is_let_in,
    whoever_is_not_signed_in_signs_in_first,
    t97_who_falls_short_types_no_code,
    t52_one_session_sees_and_answers_a_code,
    t52_a_device_links_creates_and_recovers_nothing,
    t52_codes_are_guessed_slowly,
    t52_requests_are_short_lived_and_limited,
    a_no_is_told,
    a_code_is_for_its_client_and_once,
    who_polls_too_often_slows_down,
    t68_a_device_ends_with_what_it_rests_on,
    t68_what_ended_before_the_device_came_gives_nothing,
    of_two_answers_one_counts,
    a_code_counts_as_people_type_it,
);

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

struct Asked<'a> {
    client: Client<'a>,
    device_code: String,
    user_code: String,
}

impl<'a> Asked<'a> {
    async fn by(world: &'a World, client: &'a str, scope: &str) -> Asked<'a> {
        let client = Client::new(world, client);
        let call = client.post("/oauth2/device_authorization", &[("scope", scope)]).await;
        assert_eq!(call.status, 200, "{call:?}");
        let (device_code, user_code) = (text(&call.json, "device_code"), text(&call.json, "user_code"));
        Asked { client, device_code, user_code }
    }

    async fn poll(&self) -> ApiCall {
        self.poll_as(self.client).await
    }

    async fn poll_as(&self, client: Client<'_>) -> ApiCall {
        client.post("/oauth2/token", &[("grant_type", GRANT), ("device_code", &self.device_code)]).await
    }

    async fn error(&self) -> String {
        let call = self.poll().await;
        assert_eq!(call.status, 400, "{call:?}");
        text(&call.json, "error")
    }

    /// Types the code in a browser that is signed in: ends at the question.
    async fn typed(&self, browser: &mut Browser) -> Page {
        type_code(browser, &self.user_code).await
    }

    async fn answered(&self, browser: &mut Browser, choice: &str) -> Page {
        let page = self.typed(browser).await;
        browser.press(page.form("/device/answer"), "choice", choice).await
    }

    async fn tokens(&self, browser: &mut Browser) -> Value {
        let page = self.answered(browser, "allow").await;
        assert!(page.all_text().contains("The device is signed in"), "{}", page.all_text());
        let call = self.poll().await;
        assert_eq!(call.status, 200, "{call:?}");
        call.json
    }
}

async fn type_code(browser: &mut Browser, code: &str) -> Page {
    let page = browser.get("/device").await;
    browser.submit(page.form("/device").with("code", code)).await
}

async fn signed_up(engine: Engine) -> (World, Browser) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    (world, browser)
}

async fn a_device_is_let_in(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    let tv = Client::new(&world, "tv");
    let agent = ("user-agent", "Mozilla/5.0 (Linux; Tizen 6.0) Safari/537".to_owned());
    let fields = [("client_id", "tv"), ("scope", "openid profile offline_access unheard_of")];
    let call = world.browser().send_form("/oauth2/device_authorization", &fields, &[agent]).await;
    assert_eq!((call.status.as_u16(), call.headers["cache-control"].to_str().unwrap()), (200, "no-store"), "{call:?}");
    let user_code = text(&call.json, "user_code");
    assert!(user_code.len() == 9 && user_code.as_bytes()[4] == b'-', "{user_code}");
    assert_eq!(text(&call.json, "verification_uri"), format!("{ORIGIN}/device"));
    let complete = text(&call.json, "verification_uri_complete");
    assert_eq!(complete, format!("{ORIGIN}/device?user_code={user_code}"));
    assert_eq!((&call.json["expires_in"], &call.json["interval"]), (&600.into(), &5.into()));
    let asked = Asked { client: tv, device_code: text(&call.json, "device_code"), user_code: user_code.clone() };
    assert!(!asked.device_code.contains(&user_code));
    assert_eq!(asked.error().await, "authorization_pending");
    // The address fills the field and does nothing more.
    let page = browser.get(&complete).await;
    assert!(page.all_text().contains("Is this the code"), "{}", page.all_text());
    let form = page.form("/device");
    assert!(form.fields.iter().any(|(name, value)| name == "code" && *value == user_code), "{form:?}");
    let page = browser.submit(form).await;
    let told = page.all_text();
    for shown in ["Television", &user_code, "Safari on Linux", "In the same network as you", "Your name", "Ada"] {
        assert!(told.contains(shown), "{shown}: {told}");
    }
    assert!(told.contains("Only go on if you started this yourself, just now"), "{told}");
    let page = browser.press(page.form("/device/answer"), "choice", "allow").await;
    assert!(page.all_text().contains("Go on with Television there"), "{}", page.all_text());
    world.advance(SECOND.times(5));
    let tokens = asked.poll().await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert_eq!(text(&tokens.json, "scope"), "openid profile offline_access");
    let id_token = claims(&text(&tokens.json, "id_token"));
    assert_eq!((&id_token["aud"], &id_token["amr"][0]), (&"tv".into(), &"pwd".into()));
    let own = Client::new(&world, "own").tokens(&mut browser, &[]).await;
    let of_browser = claims(&text(&own, "id_token"));
    assert_eq!((&id_token["sub"], &id_token["auth_time"]), (&of_browser["sub"], &of_browser["auth_time"]));
    assert_ne!(id_token["sid"], of_browser["sid"], "it is no part of the browser's session");
    let told = tv.userinfo(&text(&tokens.json, "access_token")).await;
    assert_eq!((told.status.as_u16(), &told.json["name"]), (200, &"Ada".into()), "{told:?}");
    let refreshed = tv.refresh(&text(&tokens.json, "refresh_token")).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    // The owner finds it among the applications, and in the activity.
    assert!(browser.get("/account/applications").await.all_text().contains("Television"));
    let user = world.user("ada@example.test").await["id"].as_str().unwrap().parse().unwrap();
    let events = world.server.store.audit(store::AuditChain::User(user), 50, None).await.unwrap();
    assert!(events.iter().any(|event| event.reason == "device_let_in"));
}

async fn whoever_is_not_signed_in_signs_in_first(engine: Engine) {
    let (world, _) = signed_up(engine).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    let mut browser = world.browser();
    let page = browser.get(&format!("/device?user_code={}", asked.user_code.to_lowercase())).await;
    assert!(page.has_form("/sign-in/email"), "{}", page.all_text());
    let page = browser.submit(page.form("/sign-in/email").with("email", "ada@example.test")).await;
    let page = browser.press(page.form("/sign-in/password").with("password", PASSWORD), "method", "password").await;
    assert_eq!(page.url.query(), Some(&*format!("user_code={}", asked.user_code)), "{}", page.url);
    let page = browser.submit(page.form("/device")).await;
    browser.press(page.form("/device/answer"), "choice", "allow").await;
    assert_eq!(asked.poll().await.status, 200);
    // A form of nobody's session, and the question without one, lead to the field by way of a sign-in.
    let mut nobody = world.browser();
    let page = nobody.post("/device", &[("code", &asked.user_code)]).await;
    assert!(page.has_form("/sign-in/email") && page.way.iter().any(|url| url.path() == "/device"), "{}", page.url);
    let request = page_request(&world, &mut browser).await;
    let page = nobody.get(&format!("/device/answer?request={request}")).await;
    assert!(page.has_form("/sign-in/email"), "{}", page.all_text());
    assert_eq!(nobody.get("/device/answer?request=forged").await.status, 400);
    assert_eq!(nobody.get("/device/answer").await.status, 400);
    assert_eq!(nobody.get("/device/done?answer=forged").await.status, 404);
    assert_eq!(nobody.post("/device/answer", &[("request", &request), ("choice", "perhaps")]).await.status, 400);
}

async fn t97_who_falls_short_types_no_code(engine: Engine) {
    let (world, browser) = signed_up(engine).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    let start = format!("/device?user_code={}", asked.user_code);
    for (number, scope) in narrow_scopes() {
        let mut narrow = world.browser();
        narrow.set_cookie("__Host-session", &narrow_session(&world, number, scope).await);
        let page = narrow.get(&start).await;
        assert!(page.has_form("/sign-in/email") && !page.has_form("/device"), "{}", page.all_text());
    }
    // Signed in well enough until the operator asked for more (T92).
    let mut later = under(&world, |text| text.replace("[policy]", "[policy]\nrequired_level = 2")).await;
    later.cookies.clone_from(&browser.cookies);
    let page = later.get(&start).await;
    assert!(!page.has_form("/device"), "{} {}", page.url, page.all_text());
}

async fn page_request(world: &World, browser: &mut Browser) -> String {
    let asked = Asked::by(world, "tv", "openid").await;
    asked.typed(browser).await.hidden("request").unwrap()
}

async fn t52_one_session_sees_and_answers_a_code(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    let mut mallory = world.browser();
    world.provider_sign_in(&mut mallory, "a", "a-joan").await;
    let asked = Asked::by(&world, "tv", "openid").await;
    let page = asked.typed(&mut browser).await;
    let (address, request) = (page.url.clone(), page.hidden("request").unwrap());
    // Neither by the code nor by the address of the question: not for another person, not for another session of hers.
    let mut other = world.browser();
    world.password_sign_in(&mut other, "ada@example.test", PASSWORD).await;
    for stranger in [&mut mallory, &mut other] {
        let page = asked.typed(stranger).await;
        assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (422, Some("device_code_unknown")));
        let page = stranger.get(address.as_str()).await;
        assert_eq!((page.status.as_u16(), page.all_text().contains("Television")), (404, false));
        let csrf = stranger.get("/device").await.hidden("csrf").unwrap();
        for choice in ["allow", "refuse"] {
            let fields = [("request", &*request), ("choice", choice), ("csrf", &*csrf)];
            assert_eq!(stranger.post("/device/answer", &fields).await.status, 404, "{choice}");
        }
    }
    // A form from elsewhere, or without the token of the session, claims and answers nothing.
    let page = browser.post("/device", &[("code", &asked.user_code)]).await;
    assert!(page.has_form("/device") && !page.has_form("/device/answer"), "typed again: {}", page.url);
    let page = browser.post("/device/answer", &[("request", &request), ("choice", "allow")]).await;
    assert!(page.has_form("/device/answer"), "asked again: {}", page.url);
    world.advance(SECOND.times(6));
    assert_eq!(asked.error().await, "authorization_pending");
    let page = browser.press(page.form("/device/answer"), "choice", "allow").await;
    assert!(page.all_text().contains("The device is signed in"), "{}", page.all_text());
    assert_eq!(asked.poll().await.status, 200);
    // Signed out and in again it is another session: the code that was typed before is nobody's.
    let asked = Asked::by(&world, "tv", "openid").await;
    asked.typed(&mut browser).await;
    world.sign_out(&mut browser).await;
    world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    assert_eq!(asked.typed(&mut browser).await.status, 422);
}

async fn t52_a_device_links_creates_and_recovers_nothing(engine: Engine) {
    let (world, mut owner) = signed_up(engine).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    let start = format!("/device?user_code={}", asked.user_code);
    let links = async || world.user("ada@example.test").await["links"].as_array().map_or(0, Vec::len);
    let by_path = format!("/sign-in?return_to={}", start.replace('?', "%3F").replace('=', "%3D"));
    let dotted = format!("/sign-in?return_to=/account/..{}", start.replace('?', "%3F").replace('=', "%3D"));
    for to in [&start, &by_path, &dotted] {
        // Vouched for Ada's address, below that, nobody's address, and no address at all.
        for person in ["a-ada", "a-mallory", "a-joan", "a-linus"] {
            let mut browser = world.browser();
            browser.be(&world.a, person);
            let page = browser.get(to).await;
            assert!(!page.links().iter().any(|link| link.starts_with("/sign-up")), "{to}: {:?}", page.links());
            let page =
                browser.press(page.form_with("/sign-in/start-provider", ("connection", "a")), "connection", "a").await;
            assert!(page.all_text().contains("not done on the way to a device"), "{to} {person}: {}", page.all_text());
            assert_eq!((page.status.as_u16(), world.who(&mut browser).await), (403, None), "{to} {person}");
        }
        assert_eq!(links().await, 0, "{to}");
    }
    assert!(world.mailbox.messages().iter().filter(|message| message.code(6).is_some()).count() == 1, "her sign-up's");
    // What is linked already opens its account.
    world.connect(&mut owner, "a", "a-ada").await;
    let mut browser = world.browser();
    browser.be(&world.a, "a-ada");
    let page = browser.get(&start).await;
    let page = browser.press(page.form_with("/sign-in/start-provider", ("connection", "a")), "connection", "a").await;
    assert_eq!(page.path(), "/device", "{}", page.all_text());
    let page = browser.submit(page.form("/device")).await;
    browser.press(page.form("/device/answer"), "choice", "allow").await;
    let told = asked.poll().await;
    assert_eq!(claims(&text(&told.json, "id_token"))["amr"][0], "fed", "{told:?}");
}

async fn t52_codes_are_guessed_slowly(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    // What cannot be a code is no guess.
    for typed in ["", "AAAA-AAAA", "BCDF", "BCDF-GHJK-L"] {
        assert_eq!(type_code(&mut browser, typed).await.status, 422, "{typed}");
    }
    for n in 0..5 {
        let page = type_code(&mut browser, "BCDF-GHJK").await;
        assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (422, Some("device_code_unknown")), "{n}");
    }
    let page = asked.typed(&mut browser).await;
    assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (429, Some("throttled")), "also the right one");
    assert!(page.headers.contains_key("retry-after"));
    world.advance(SECOND.times(3));
    assert!(asked.typed(&mut browser).await.has_form("/device/answer"));
    // Who is right pays nothing, however often; somebody else behind the same address is not in the way.
    for _ in 0..8 {
        assert!(asked.typed(&mut browser).await.has_form("/device/answer"));
    }
    // A thousand guesses at once are counted one by one.
    let mut guesser = world.browser();
    world.password_sign_in(&mut guesser, "ada@example.test", PASSWORD).await;
    let csrf = guesser.get("/device").await.hidden("csrf").unwrap();
    let other = Asked::by(&world, "tv", "openid").await;
    let mut guesses = Vec::new();
    for n in 0..24 {
        let mut guesser = guesser.clone();
        let code = if n == 23 { other.user_code.clone() } else { "BCDF-GHJK".to_owned() };
        let csrf = csrf.clone();
        guesses.push(tokio::spawn(async move {
            let page = guesser.post_once("/device", &[("code", &code), ("csrf", &csrf)]).await;
            page.status.as_u16()
        }));
    }
    let mut wrong = 0;
    for guess in guesses {
        wrong += i32::from(guess.await.unwrap() == 422);
    }
    assert!(wrong <= 6, "{wrong} wrong guesses were answered");
}

async fn t52_requests_are_short_lived_and_limited(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    let late = Asked::by(&world, "tv", "openid").await;
    let forgotten = Asked::by(&world, "tv", "openid").await;
    let page = asked.typed(&mut browser).await;
    world.advance(MINUTE.times(10) - SECOND.times(2));
    for asked in [&late, &forgotten] {
        assert_eq!(asked.answered(&mut browser, "allow").await.status, 200);
    }
    world.advance(SECOND.times(10));
    assert_eq!(browser.press(page.form("/device/answer"), "choice", "allow").await.status, 404);
    assert_eq!(late.poll().await.status, 200, "an answer in the last moment is heard");
    assert_eq!(asked.error().await, "expired_token");
    assert_eq!(asked.typed(&mut browser).await.status, 422, "it is there, and counts no more");
    world.advance(MINUTE);
    assert_eq!(asked.error().await, "expired_token", "and by the code alone");
    assert_eq!(forgotten.error().await, "expired_token", "a yes waits no longer");
    world.advance(MINUTE.times(10));
    assert!(world.server.store.sweep(model::Clock::now(&*world.clock)).await.unwrap() > 0);
    assert_eq!(asked.typed(&mut browser).await.status, 422);
    // Nobody fills the store with requests: clients without a secret are counted by where they ask from.
    let tv = Client::new(&world, "tv");
    let mut statuses = Vec::new();
    for _ in 0..60 {
        statuses.push(tv.post("/oauth2/device_authorization", &[("scope", "openid")]).await.status.as_u16());
    }
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert!((5..20).contains(&refused), "{statuses:?}");
    let call = tv.post("/oauth2/device_authorization", &[("scope", "openid")]).await;
    assert_eq!((&call.json["error"], call.headers.contains_key("retry-after")), (&"slow_down".into(), true));
    Asked::by(&world, "box", "openid").await;
    // What a client may not do it is told.
    for (client, scope, error) in [
        ("shop", "openid", "unauthorized_client"),
        ("box", "unheard_of", "invalid_scope"),
        ("box", "", "invalid_scope"),
    ] {
        let call = Client::new(&world, client).post("/oauth2/device_authorization", &[("scope", scope)]).await;
        assert_eq!((call.status.as_u16(), text(&call.json, "error")), (400, error.to_owned()), "{client} {scope}");
    }
    let fields = [("client_id", "box"), ("client_secret", "wrong"), ("scope", "openid")];
    assert_eq!(world.browser().send_form("/oauth2/device_authorization", &fields, &[]).await.status, 401);
}

async fn a_no_is_told(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    let page = asked.typed(&mut browser).await;
    let form = page.form("/device/answer");
    let page = browser.press(form.clone(), "choice", "refuse").await;
    assert!(page.all_text().contains("The device was not let in"), "{}", page.all_text());
    assert_eq!(asked.error().await, "access_denied");
    assert_eq!(browser.press(form, "choice", "allow").await.status, 404, "and there is no second answer");
    assert_eq!(asked.error().await, "access_denied");
    assert!(!browser.get("/account/applications").await.all_text().contains("Television"));
}

async fn a_code_is_for_its_client_and_once(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    for answered in [false, true] {
        if answered {
            asked.answered(&mut browser, "allow").await;
        }
        let stranger = asked.poll_as(Client::new(&world, "box")).await;
        assert_eq!((stranger.status.as_u16(), text(&stranger.json, "error")), (400, "invalid_grant".to_owned()));
    }
    let unregistered = asked.poll_as(Client::new(&world, "shop")).await;
    assert_eq!(text(&unregistered.json, "error"), "unauthorized_client");
    let forged = Asked { device_code: asked.device_code.replace(&asked.device_code[40..42], "xx"), ..asked };
    assert_eq!(forged.error().await, "invalid_grant");
    let by_user_code = Asked { device_code: forged.user_code.clone(), ..forged };
    assert_eq!(by_user_code.error().await, "invalid_grant", "what people type gives no tokens");
    let asked = Asked::by(&world, "box", "openid").await;
    let tokens = asked.tokens(&mut browser).await;
    let access = text(&tokens, "access_token");
    assert_eq!(asked.client.userinfo(&access).await.status, 200);
    assert!(tokens.get("refresh_token").is_none(), "it is not registered for one");
    // A second use is somebody else's: everything ends.
    assert_eq!(asked.error().await, "invalid_grant");
    assert_eq!(asked.client.userinfo(&access).await.status, 401);
    assert_eq!(asked.error().await, "invalid_grant");
}

async fn who_polls_too_often_slows_down(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    let after = async |seconds: i64| {
        world.advance(SECOND.times(seconds));
        asked.error().await
    };
    assert_eq!(after(0).await, "authorization_pending");
    assert_eq!(after(5).await, "authorization_pending");
    assert_eq!(after(2).await, "slow_down");
    assert_eq!(after(5).await, "slow_down", "ten now");
    assert_eq!(after(10).await, "slow_down", "fifteen now");
    assert_eq!(after(20).await, "authorization_pending");
    // Somebody else's pace is their own; and an answer that is there is given at any time.
    let other = Asked::by(&world, "tv", "openid").await;
    assert_eq!(other.error().await, "authorization_pending");
    asked.answered(&mut browser, "allow").await;
    assert_eq!(asked.poll().await.status, 200);
}

async fn t68_a_device_ends_with_what_it_rests_on(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    let given = async |browser: &mut Browser| {
        let asked = Asked::by(&world, "tv", "openid").await;
        let tokens = asked.tokens(browser).await;
        (text(&tokens, "access_token"), text(&tokens, "refresh_token"))
    };
    let tv = Client::new(&world, "tv");
    let lives = async |(access, refresh): &(String, String)| {
        let userinfo = tv.userinfo(access).await.status == 200;
        assert_eq!(Client::new(&world, "robot").is_active(refresh).await, userinfo, "they agree");
        userinfo
    };
    // A device is no part of the browser's session: signing out there ends nothing here.
    let first = given(&mut browser).await;
    world.sign_out(&mut browser).await;
    assert!(lives(&first).await);
    world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    // Access that is taken back ends.
    let page = browser.get("/account/applications").await;
    browser.press(page.form_with("/account/applications/withdraw", ("client", "tv")), "client", "tv").await;
    assert!(!lives(&first).await);
    // What came through a link ends with it.
    world.connect(&mut browser, "a", "a-ada").await;
    let mut other = world.browser();
    world.provider_sign_in(&mut other, "a", "a-ada").await;
    let (own, through) = (given(&mut browser).await, given(&mut other).await);
    world.remove(&mut browser, world.link_of("ada@example.test", "a").await).await;
    assert!(!lives(&through).await && lives(&own).await);
    // A new password ends all.
    world.set_password(&mut browser, "another tapir battery 42 staple").await;
    assert!(!lives(&own).await);
    // Without offline_access it lives as long as a session would.
    let last = given(&mut browser).await;
    world.advance(DAY.times(31));
    let call = tv.refresh(&last.1).await;
    assert_eq!(text(&call.json, "error"), "invalid_grant");
}

async fn t68_what_ended_before_the_device_came_gives_nothing(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    asked.answered(&mut browser, "allow").await;
    let user = || world.named("ada@example.test");
    world.operate(Operation::UserStatus { user: user(), to: UserStatus::Disabled }).await.unwrap();
    assert_eq!(asked.error().await, "invalid_grant");
    world.operate(Operation::UserStatus { user: user(), to: UserStatus::Active }).await.unwrap();
    assert_eq!(asked.error().await, "invalid_grant", "enabling revives nothing");
    world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    asked.answered(&mut browser, "allow").await;
    let page = browser.get("/account/applications").await;
    browser.press(page.form_with("/account/applications/withdraw", ("client", "tv")), "client", "tv").await;
    assert_eq!(asked.error().await, "invalid_grant", "taken back in time");
    // Answered by somebody who was signed out meanwhile: no answer at all.
    let asked = Asked::by(&world, "tv", "openid").await;
    let page = asked.typed(&mut browser).await;
    world.operate(Operation::UserStatus { user: user(), to: UserStatus::Disabled }).await.unwrap();
    let page = browser.press(page.form("/device/answer"), "choice", "allow").await;
    assert!(page.has_form("/sign-in/email"), "{}", page.all_text());
    assert_eq!(asked.error().await, "authorization_pending");
}

async fn of_two_answers_one_counts(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    for choices in [["allow", "allow"], ["allow", "refuse"]] {
        let asked = Asked::by(&world, "tv", "openid").await;
        let page = asked.typed(&mut browser).await;
        let (csrf, request) = (page.hidden("csrf").unwrap(), page.hidden("request").unwrap());
        let press = |choice: &'static str| {
            let (mut browser, csrf, request) = (browser.clone(), csrf.clone(), request.clone());
            async move {
                let fields = [("csrf", &*csrf), ("request", &*request), ("choice", choice)];
                browser.post_once("/device/answer", &fields).await.status.as_u16()
            }
        };
        let answers: [u16; 2] = tokio::join!(press(choices[0]), press(choices[1])).into();
        assert_eq!(answers.iter().filter(|status| **status == 303).count(), 1, "{answers:?}");
        // Of two who redeem at once at most one gets tokens, and a second use ends them.
        let (one, two) = tokio::join!(asked.poll(), asked.poll());
        let good: Vec<_> = [&one, &two].into_iter().filter(|call| call.status == 200).collect();
        assert!(good.len() <= 1, "{one:?} {two:?}");
        for call in good {
            assert_eq!(asked.client.userinfo(&text(&call.json, "access_token")).await.status, 401);
        }
    }
}

async fn a_code_counts_as_people_type_it(engine: Engine) {
    let (world, mut browser) = signed_up(engine).await;
    let asked = Asked::by(&world, "tv", "openid").await;
    let code = asked.user_code.replace('-', " ").to_lowercase();
    assert!(type_code(&mut browser, &code).await.has_form("/device/answer"), "{code}");
}
