//! Clients hear that a session has ended: from us (Back-Channel Logout 1.0) at a server that really listens, and from the
//! browser that signs out (Front-Channel Logout 1.0).

use super::{Client, claims, options, parameter, text};
use crate::on_both_engines;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use model::{Clock as _, HOUR, UserStatus};
use protocol::oauth::SigningAlgorithm;
use selfsame::admin::Operation;
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{Browser, CLIENT_SECRET, Engine, ORIGIN, Options, PASSWORD, World};
use url::Url;

on_both_engines!(
    n46_a_logout_token_says_what_the_standard_asks_for,
    clients_hear_of_every_end_of_a_session,
    a_client_that_fails_is_told_again,
    a_client_that_refuses_is_given_up_and_shown,
    t71_a_late_logout_ends_no_newer_sign_in,
    an_end_that_could_not_be_told_hides_no_later_one,
    t61_a_logout_token_is_nothing_else,
    browsers_load_the_pages_of_clients_as_they_sign_out,
);

/// The server of a client: answers as it was told to, and keeps what it gets.
#[derive(Clone, Default)]
pub(crate) struct Listener {
    answers: Arc<Mutex<VecDeque<u16>>>,
    got: Arc<Mutex<Vec<(String, String)>>>,
}

impl Listener {
    async fn start() -> (Self, String) {
        async fn take(State(listener): State<Listener>, headers: HeaderMap, body: String) -> StatusCode {
            let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            listener.got.lock().unwrap().push((kind.to_owned(), body));
            let answer = listener.answers.lock().unwrap().pop_front().unwrap_or(200);
            StatusCode::from_u16(answer).unwrap()
        }
        let listener = Self::default();
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/out?kept=1", socket.local_addr().unwrap());
        let router = Router::new().route("/out", post(take)).with_state(listener.clone());
        tokio::spawn(async move { axum::serve(socket, router).await });
        (listener, uri)
    }

    pub fn count(&self) -> usize {
        self.got.lock().unwrap().len()
    }

    /// What came, once it is so much.
    pub async fn tokens(&self, count: usize) -> Vec<String> {
        for _ in 0..800 {
            if self.count() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let got = self.got.lock().unwrap().clone();
        assert_eq!(got.len(), count, "logout tokens that arrived");
        let token = |(kind, body): (String, String)| {
            assert_eq!(kind, "application/x-www-form-urlencoded");
            let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            assert_eq!((fields.len(), fields[0].0.as_str()), (1, "logout_token"));
            fields[0].1.clone()
        };
        got.into_iter().map(token).collect()
    }

    fn forget(&self) {
        self.got.lock().unwrap().clear();
    }
}

const MORE: &str = r#"
[[clients]]
id = "mail"
name = "Mail"
secret = { file = "client-secret" }
redirect_uris = ["https://mail.example/cb"]
post_logout_redirect_uris = ["https://mail.example/bye"]
frontchannel_logout_uri = "https://mail.example/gone?tenant=1"
first_party = true

[[clients]]
id = "chat"
name = "Chat"
secret = { file = "client-secret" }
redirect_uris = ["https://chat.example/cb"]
frontchannel_logout_uri = "https://chat.example/gone"
first_party = true
pairwise = true
"#;

/// `wiki` with public subjects and `desk` with its own both listen.
pub(crate) async fn listening(engine: Engine) -> (Options, Listener) {
    let (listener, uri) = Listener::start().await;
    let mut options = options(engine);
    options.more.push_str(MORE);
    for (id, more) in [("wiki", "algorithm = \"EdDSA\""), ("desk", "pairwise = true")] {
        let client = format!(
            "[[clients]]\nid = \"{id}\"\nname = \"{id}\"\nsecret = {{ file = \"client-secret\" }}\n\
             redirect_uris = [\"https://{id}.example/cb\"]\nbackchannel_logout_uri = \"{uri}\"\nfirst_party = true\n{more}\n"
        );
        options.more.push_str(&client);
    }
    (options, listener)
}

pub(crate) fn client<'a>(world: &'a World, id: &'a str, redirect: &'a str) -> Client<'a> {
    Client::of(world, id, CLIENT_SECRET, redirect)
}

async fn id_token(client: Client<'_>, browser: &mut Browser, scope: &str) -> Value {
    claims(&text(&client.tokens(browser, &[("scope", scope)]).await, "id_token"))
}

async fn n46_a_logout_token_says_what_the_standard_asks_for(engine: Engine) {
    let (options, listener) = listening(engine).await;
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let wiki = id_token(client(&world, "wiki", "https://wiki.example/cb"), &mut browser, "openid").await;
    let desk = id_token(client(&world, "desk", "https://desk.example/cb"), &mut browser, "openid").await;
    // Twice in one session is one session; a client that does not listen is left alone.
    id_token(client(&world, "wiki", "https://wiki.example/cb"), &mut browser, "openid").await;
    id_token(Client::new(&world, "own"), &mut browser, "openid").await;
    world.sign_out(&mut browser).await;
    let tokens = listener.tokens(2).await;
    let jwks = world.browser().call("GET", "/oauth2/jwks", None, &[]).await.json;
    let mut ids = BTreeSet::new();
    for token in &tokens {
        let said = claims(token);
        let (of, algorithm) = match text(&said, "aud").as_str() {
            "wiki" => (&wiki, SigningAlgorithm::EdDsa),
            "desk" => (&desk, SigningAlgorithm::Es256),
            other => panic!("{other} was told"),
        };
        let head = super::keys::header_of(token);
        assert_eq!((text(&head, "typ").as_str(), text(&head, "alg").as_str()), ("logout+jwt", algorithm.name()));
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(jwks.clone()).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&text(&head, "kid")).unwrap()).unwrap();
        let mut checks = jsonwebtoken::Validation::new(algorithm.name().parse().unwrap());
        (checks.validate_exp, checks.validate_aud) = (false, false);
        jsonwebtoken::decode::<Value>(token, &key, &checks).expect("signed by a key that is published");
        assert_eq!((&said["iss"], &said["sub"], &said["sid"]), (&json!(ORIGIN), &of["sub"], &of["sid"]));
        assert_eq!(said["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
        assert!(said.get("nonce").is_none(), "{said}");
        let life = said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap();
        assert!((1..=120).contains(&life), "{life}");
        ids.insert(text(&said, "jti"));
    }
    assert_eq!(ids.len(), 2);
    // Once.
    world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    world.sign_out(&mut browser).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(listener.count(), 2);
}

async fn clients_hear_of_every_end_of_a_session(engine: Engine) {
    let (options, listener) = listening(engine).await;
    let world = World::with(options).await;
    let wiki = client(&world, "wiki", "https://wiki.example/cb");
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    world.connect(&mut browser, "a", "a-ada").await;
    let user = || world.named("ada@example.test");

    // A step-up, a link: the session goes on, and nobody is told.
    id_token(wiki, &mut browser, "openid").await;
    world.step_up(&mut browser, PASSWORD).await;
    world.connect(&mut browser, "b", "b-ada").await;
    world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(listener.count(), 0, "a renewal is no logout");

    // Withdrawn, and let in again.
    let page = browser.get("/account/applications").await;
    let form = page.form_with("/account/applications/withdraw", ("client", "wiki"));
    browser.press(form, "client", "wiki").await;
    listener.tokens(1).await;
    listener.forget();

    // Somebody else signs in in the same browser.
    id_token(wiki, &mut browser, "openid").await;
    let page = world.provider_sign_in(&mut browser, "a", "a-grace").await;
    browser.press(page.form("/sign-in/switch"), "choice", "switch").await;
    listener.tokens(1).await;
    listener.forget();

    // From another device; with what goes on without the session it is the same, but for the refresh token.
    let mut own = world.browser();
    world.password_sign_in(&mut own, "ada@example.test", PASSWORD).await;
    let mut far = world.browser();
    world.password_sign_in(&mut far, "ada@example.test", PASSWORD).await;
    let offline = wiki.tokens(&mut far, &[("scope", "openid offline_access")]).await;
    let page = own.get("/account").await;
    let button = scraper::Selector::parse("button[name=session]:not([value=all])").unwrap();
    let id = page.document().select(&button).next().unwrap().attr("value").unwrap().to_owned();
    own.press(page.form_with("/account/sessions/end", ("session", &id)), "session", &id).await;
    listener.tokens(1).await;
    listener.forget();
    assert_eq!(wiki.refresh(&text(&offline, "refresh_token")).await.status, 200, "Back-Channel Logout 1.0 §2.7");

    // A new password, also for this session's own clients.
    id_token(wiki, &mut own, "openid").await;
    let told = 2; // what was given for longer ends too
    world.set_password(&mut own, "another tapir battery 42 staple").await;
    listener.tokens(told).await;
    listener.forget();

    // The link that it rests on.
    let mut through = world.browser();
    world.provider_sign_in(&mut through, "a", "a-ada").await;
    id_token(wiki, &mut through, "openid").await;
    world.remove(&mut own, world.link_of("ada@example.test", "a").await).await;
    listener.tokens(1).await;
    listener.forget();

    // The user.
    for to in [UserStatus::Disabled, UserStatus::Deleted] {
        let mut browser = world.browser();
        world.password_sign_in(&mut browser, "ada@example.test", "another tapir battery 42 staple").await;
        id_token(wiki, &mut browser, "openid").await;
        let user = user();
        world.operate(Operation::UserStatus { user: user.clone(), to }).await.unwrap();
        listener.tokens(1).await;
        listener.forget();
        if to == UserStatus::Disabled {
            world.operate(Operation::UserStatus { user, to: UserStatus::Active }).await.unwrap();
        }
    }
}

/// Wakes who tells clients of logouts: by another one.
async fn another_sign_out(world: &World) {
    let mut browser = world.browser();
    world.provider_sign_in(&mut browser, "a", "a-grace").await;
    world.sign_out(&mut browser).await;
}

async fn a_client_that_fails_is_told_again(engine: Engine) {
    let (options, listener) = listening(engine).await;
    listener.answers.lock().unwrap().extend([503, 404]);
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    id_token(client(&world, "wiki", "https://wiki.example/cb"), &mut browser, "openid").await;
    world.sign_out(&mut browser).await;
    for count in 1..=3 {
        let tokens = listener.tokens(count).await;
        let ids: BTreeSet<String> = tokens.iter().map(|token| text(&claims(token), "jti")).collect();
        assert_eq!(ids.len(), count, "each has an id of its own");
        // The outcome is written down after the answer.
        tokio::time::sleep(Duration::from_millis(200)).await;
        another_sign_out(&world).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(listener.count(), count, "not before its time, and not after it was told");
        world.advance(HOUR);
        another_sign_out(&world).await;
    }
    listener.tokens(3).await;
    let shown = world.operate(Operation::ClientShow { client: "wiki".to_owned() }).await.unwrap();
    assert_eq!(shown["logouts"], json!({ "waiting": 0, "given_up": 0 }));
}

async fn a_client_that_refuses_is_given_up_and_shown(engine: Engine) {
    let (options, listener) = listening(engine).await;
    listener.answers.lock().unwrap().extend([400, 307, 400]);
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    id_token(client(&world, "wiki", "https://wiki.example/cb"), &mut browser, "openid").await;
    world.sign_out(&mut browser).await;
    let shown = async || world.operate(Operation::ClientShow { client: "wiki".to_owned() }).await.unwrap();
    for count in 1..=3 {
        listener.tokens(count).await;
        let left = if count < 3 { (1, 0) } else { (0, 1) };
        let mut logouts = Value::Null;
        for _ in 0..200 {
            logouts = shown().await["logouts"].clone();
            if logouts == json!({ "waiting": left.0, "given_up": left.1 }) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(logouts, json!({ "waiting": left.0, "given_up": left.1 }));
        world.advance(HOUR);
        another_sign_out(&world).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    listener.tokens(3).await;
    world.advance(model::DAY.times(8));
    world.server.store.sweep(world.clock.now()).await.unwrap();
    assert_eq!(shown().await["logouts"], json!({ "waiting": 0, "given_up": 0 }));
}

async fn t71_a_late_logout_ends_no_newer_sign_in(engine: Engine) {
    let (options, listener) = listening(engine).await;
    listener.answers.lock().unwrap().extend([503]);
    let world = World::with(options).await;
    let wiki = client(&world, "wiki", "https://wiki.example/cb");
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let before = id_token(wiki, &mut browser, "openid").await;
    let page = browser.get("/account/applications").await;
    browser.press(page.form_with("/account/applications/withdraw", ("client", "wiki")), "client", "wiki").await;
    listener.tokens(1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let after = id_token(wiki, &mut browser, "openid").await;
    assert_eq!(before["sid"], after["sid"], "the same session: a token for the first would end the second");
    world.advance(HOUR);
    another_sign_out(&world).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    listener.tokens(1).await;
    world.sign_out(&mut browser).await;
    listener.tokens(2).await;
}

async fn an_end_that_could_not_be_told_hides_no_later_one(engine: Engine) {
    let (options, listener) = listening(engine).await;
    listener.answers.lock().unwrap().extend([400, 400, 400]);
    let world = World::with(options).await;
    let wiki = client(&world, "wiki", "https://wiki.example/cb");
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    id_token(wiki, &mut browser, "openid").await;
    let page = browser.get("/account/applications").await;
    browser.press(page.form_with("/account/applications/withdraw", ("client", "wiki")), "client", "wiki").await;
    for count in 1..=3 {
        listener.tokens(count).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        world.advance(HOUR);
        another_sign_out(&world).await;
    }
    let shown = world.operate(Operation::ClientShow { client: "wiki".to_owned() }).await.unwrap();
    assert_eq!(shown["logouts"]["given_up"], 1);
    id_token(wiki, &mut browser, "openid").await;
    world.sign_out(&mut browser).await;
    listener.tokens(4).await;
}

async fn t61_a_logout_token_is_nothing_else(engine: Engine) {
    let (options, listener) = listening(engine).await;
    let world = World::with(options).await;
    let wiki = client(&world, "wiki", "https://wiki.example/cb");
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    id_token(wiki, &mut browser, "openid").await;
    world.sign_out(&mut browser).await;
    let token = listener.tokens(1).await.remove(0);
    assert_eq!(wiki.userinfo(&token).await.status, 401);
    assert!(!wiki.is_active(&token).await);
    assert_eq!(wiki.refresh(&token).await.json["error"], "invalid_grant");
    assert_eq!(wiki.exchange(&token).await.json["error"], "invalid_grant");
    world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    let page = browser.get(&wiki.request(&[("id_token_hint", &token), ("prompt", "none")])).await;
    assert_eq!(super::error_at(&page), "invalid_request");
    let page = browser.get(&format!("/oauth2/logout?id_token_hint={token}")).await;
    assert!(page.has_form("/oauth2/logout"), "as if it were not there: the person is asked");
}

/// What the page frames.
fn frames(page: &testkit::Page) -> Vec<Url> {
    let document = page.document();
    let select = scraper::Selector::parse("iframe").unwrap();
    let frames = document.select(&select).map(|frame| {
        assert_eq!(frame.attr("sandbox"), Some("allow-scripts allow-same-origin"));
        Url::parse(frame.attr("src").unwrap()).unwrap()
    });
    frames.collect()
}

async fn browsers_load_the_pages_of_clients_as_they_sign_out(engine: Engine) {
    let (options, _listener) = listening(engine).await;
    let world = World::with(options).await;
    let mail = client(&world, "mail", "https://mail.example/cb");
    let chat = client(&world, "chat", "https://chat.example/cb");
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    // Nobody to tell: straight on.
    let page = world.sign_out(&mut browser).await;
    assert_eq!((page.path(), frames(&page).len()), ("/signed-out", 0));

    world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    let of_mail = mail.tokens(&mut browser, &[]).await;
    let of_chat = chat.tokens(&mut browser, &[]).await;
    let hint = text(&of_mail, "id_token");
    let bye = "post_logout_redirect_uri=https%3A%2F%2Fmail.example%2Fbye&state=s%201";
    let page = browser.get(&format!("/oauth2/logout?id_token_hint={hint}&{bye}")).await;
    assert_eq!(page.status.as_u16(), 200);
    assert_eq!(world.who(&mut browser).await, None, "signed out before anything is loaded");
    let framed = frames(&page);
    assert_eq!(framed.len(), 2);
    for (tokens, host) in [(&of_mail, "mail.example"), (&of_chat, "chat.example")] {
        let frame = framed.iter().find(|frame| frame.host_str() == Some(host)).unwrap();
        assert_eq!(parameter(frame, "iss").as_deref(), Some(ORIGIN));
        assert_eq!(parameter(frame, "sid"), Some(text(&claims(&text(tokens, "id_token")), "sid")));
        assert_eq!(parameter(frame, "tenant").as_deref(), (host == "mail.example").then_some("1"));
    }
    // t46: those origins and no others.
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("; frame-src https://chat.example https://mail.example"), "{policy}");
    let to = "https://mail.example/bye?state=s+1";
    assert_eq!(page.headers["refresh"].to_str().unwrap(), format!("1; url={to}"));
    assert!(page.links().iter().any(|link| link == to), "{:?}", page.links());
    // A page that frames nothing may frame nothing.
    let policy = browser.get("/sign-in").await.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!policy.contains("frame-src"), "{policy}");

    // Without anywhere to go.
    world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
    chat.tokens(&mut browser, &[]).await;
    let page = world.sign_out(&mut browser).await;
    assert_eq!(frames(&page).len(), 1);
    assert!(page.headers.get("refresh").is_none() && page.has("a[href='/sign-in']"), "{}", page.body);
}
