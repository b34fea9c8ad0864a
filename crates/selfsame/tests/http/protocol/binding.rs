//! The browser that began is the browser that ends, with the connection, the session and the code it began with.

use super::code_of;
use crate::on_both_engines;
use model::MINUTE;
use std::sync::Arc;
use testkit::{Browser, Endpoint, Engine, ORIGIN, PASSWORD, Person, World};
use tokio::task::JoinSet;
use url::Url;

on_both_engines!(
    t31_an_answer_without_the_browsers_cookie_is_nobodys,
    t31_a_login_never_replaces_another_without_a_word,
    t32_t33_a_link_is_finished_by_the_session_that_asked,
    t32_nothing_but_the_form_starts_a_link,
    t34_t35_t36_an_answer_fits_one_attempt_of_one_connection,
    t38_a_code_from_elsewhere_is_refused,
    t42_an_answer_works_once,
    t43_a_proof_is_of_the_identity_it_was_made_for,
    t44_no_part_of_an_answer_makes_a_session,
    t51_many_at_once_stay_who_they_are,
);

const ADA: &str = "ada@example.test";

/// The same answer with other parameters.
fn with_query(back: &Url, change: impl Fn(&str, String) -> Option<String>) -> Url {
    let pairs: Vec<(String, String)> = back
        .query_pairs()
        .filter_map(|(name, value)| Some((name.to_string(), change(&name, value.into_owned())?)))
        .collect();
    let mut url = back.clone();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url
}

fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Signed in, on the consent page, sent to the provider and about to come back.
async fn link_about_to_return(world: &World, browser: &mut Browser, which: &str, subject: &str) -> Url {
    browser.be(if which == "a" { &world.a } else { &world.b }, subject);
    let page = browser.get(&format!("/account/methods/connect?connection={which}")).await;
    let csrf = page.hidden("csrf").expect("a form of this session");
    let page = browser.post_once("/account/methods/connect", &[("csrf", &csrf), ("connection", which)]).await;
    world.back_from_provider(browser, page).await
}

async fn t31_an_answer_without_the_browsers_cookie_is_nobodys(engine: Engine) {
    let world = World::new(engine).await;
    let mut mallory = world.browser();
    let back = world.until_callback(&mut mallory, "a", "a-mallory").await;
    let redeemed = world.a.count(Endpoint::Token);
    // The victim opens Mallory's answer: in a fresh browser, in one with flows of her own, in one that is signed in.
    let mut fresh = world.browser();
    let mut busy = world.browser();
    busy.get("/sign-in").await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let before = world.accounts().await;
    for victim in [&mut fresh, &mut busy] {
        let page = victim.get(back.as_str()).await;
        assert_eq!((page.status.as_u16(), code_of(&page)), (400, "flow_expired".to_owned()), "{}", page.body);
        assert_eq!(victim.session(), None);
    }
    let hers = ada.session();
    ada.get(back.as_str()).await;
    assert_eq!(ada.session(), hers);
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
    // The cookie under the right name, but sealed for another flow.
    let own = busy.our_cookies().into_iter().find(|(name, _)| name.starts_with("__Host-flow-s-")).expect("a flow");
    let name = mallory.our_cookies().into_keys().find(|name| name.starts_with("__Host-flow-s-")).expect("a flow");
    for value in [own.1.as_str(), "", "AAAA"] {
        busy.set_cookie(&name, value);
        let page = busy.get(back.as_str()).await;
        assert_eq!((page.status.as_u16(), code_of(&page)), (400, "flow_forged".to_owned()), "{}", page.body);
        assert_eq!(busy.session(), None);
    }
    assert_eq!(world.a.count(Endpoint::Token), redeemed, "no code was sent anywhere");
    assert_eq!(world.accounts().await, before);
}

async fn t31_a_login_never_replaces_another_without_a_word(engine: Engine) {
    let world = World::new(engine).await;
    world.provider_sign_in(&mut world.browser(), "a", "a-joan").await;
    world.sign_up(&mut world.browser(), "Mallory", "mallory@evil.test").await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let hers = ada.session();
    let page = ada.get("/account").await;
    assert!(page.all_text().contains("Ada") && page.all_text().contains(ADA), "who is signed in: {}", page.body);
    for path in ["", "/activity", "/password", "/methods/connect?connection=a"] {
        let page = ada.get(&format!("/account{path}")).await;
        assert!(page.has(&format!(".who [title=\"{ADA}\"]")), "{path}: who is signed in: {}", page.body);
    }
    // A provider, a password, a new identity, a sign-up: each asks first, and names both.
    let linked = world.provider_sign_in(&mut ada.clone(), "a", "a-joan").await;
    assert!(linked.all_text().contains("Joan") && linked.all_text().contains("Ada"), "{}", linked.all_text());
    let password = world.password_sign_in(&mut ada.clone(), "mallory@evil.test", PASSWORD).await;
    let new = world.provider_sign_in(&mut ada.clone(), "a", "a-linus").await;
    let sign_up = world.sign_up(&mut ada.clone(), "Mallory", "mallory@second.test").await;
    for page in [linked, password, new, sign_up] {
        assert!(page.has_form("/sign-in/switch"), "{}", page.body);
    }
    assert_eq!(ada.session(), hers);
    assert!(world.is_live(&hers.clone().expect("a session")).await);
    // Staying stays, switching switches and ends the other.
    let page = world.provider_sign_in(&mut ada, "a", "a-joan").await;
    let page = ada.press(page.form("/sign-in/switch"), "choice", "switch").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Joan"));
    assert!(!world.is_live(&hers.expect("a session")).await);
}

async fn t32_t33_a_link_is_finished_by_the_session_that_asked(engine: Engine) {
    let world = World::new(engine).await;
    let mut mallory = world.browser();
    world.sign_up(&mut mallory, "Mallory", "mallory@evil.test").await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let before = world.accounts().await;
    let back = link_about_to_return(&world, &mut mallory, "b", "b-linus").await;
    // Mallory's ticket in Ada's browser: without his cookie, and with it planted.
    let mut victim = ada.clone();
    victim.get(back.as_str()).await;
    let (name, value) = mallory.our_cookies().into_iter().find(|(name, _)| name.contains("flow-l-")).expect("a ticket");
    victim.set_cookie(&name, &value);
    let page = victim.get(back.as_str()).await;
    let page = victim.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert_eq!((page.status.as_u16(), code_of(&page)), (401, "session_expired".to_owned()), "{}", page.body);
    // A browser in which nobody is signed in any more, or again but in another session.
    let back = link_about_to_return(&world, &mut mallory, "b", "b-linus").await;
    let mut gone = mallory.clone();
    gone.cookies.get_mut("id.example.test").expect("cookies").remove("__Host-session");
    let page = gone.get(back.as_str()).await;
    let page = gone.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert_eq!(page.status, 401, "{}", page.body);
    let after = world.accounts().await;
    assert_eq!(after.users, before.users);
    let back = link_about_to_return(&world, &mut mallory, "b", "b-linus").await;
    world.sign_out(&mut mallory).await;
    world.password_sign_in(&mut mallory, "mallory@evil.test", PASSWORD).await;
    let page = mallory.get(back.as_str()).await;
    let page = mallory.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert_eq!(page.status, 401, "{}", page.body);
    let links: usize = world.accounts().await.users.iter().map(|user| user.links.len()).sum();
    assert_eq!(links, 0);
}

async fn t32_nothing_but_the_form_starts_a_link(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let page = ada.get("/account/methods/connect?connection=b").await;
    let csrf = page.hidden("csrf").expect("a form of this session");
    let asked = world.b.count(Endpoint::Authorize);
    // A GET shows; a form without this session's token leads back to the page that says what will happen.
    let mut mallory = world.browser();
    world.sign_up(&mut mallory, "Mallory", "mallory@evil.test").await;
    let of_his = mallory.get("/account").await.hidden("csrf").expect("a form of his session");
    let fields = [("connection", "b"), ("csrf", "")];
    for page in [
        ada.post_once("/account/methods/connect", &fields[..1]).await,
        ada.post_once("/account/methods/connect", &fields).await,
        ada.post_once("/account/methods/connect", &[("connection", "b"), ("csrf", &of_his)]).await,
    ] {
        assert_eq!(page.headers["location"], "/account/methods/connect?connection=b", "{}", page.body);
    }
    for (path, back) in [("/sign-out", "/account"), ("/account/password", "/account/password")] {
        let page = ada.post_once(path, &[("csrf", &of_his), ("password", "another heron lantern 77 gravel")]).await;
        assert_eq!(page.headers["location"], back, "{path}: {}", page.body);
    }
    // Elsewhere's forms: nobody says whose, or the origin is somebody else's.
    let cookies: Vec<String> = ada.our_cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let paths = ["/account/methods/connect", "/sign-out", "/account/password", "/sign-in/start-provider", "/sign-up"];
    for path in paths {
        let call = ada.call("POST", path, None, &[("cookie", cookies.join("; "))]).await;
        assert!(call.status == 403 && call.json.to_string().contains("origin_mismatch"), "{path}: {call:?}");
    }
    for origin in
        ["https://evil.example", "https://sub.id.example.test", "https://id.example.test.evil.example", "null"]
    {
        let mut foreign = ada.clone();
        foreign.headers.push(("origin".to_owned(), origin.to_owned()));
        for path in paths {
            let page = foreign.post_once(path, &[("csrf", &csrf), ("connection", "b"), ("password", PASSWORD)]).await;
            assert_eq!((page.status.as_u16(), code_of(&page)), (403, "origin_mismatch".to_owned()), "{origin} {path}");
        }
    }
    // A session that is no longer fresh authenticates again first.
    world.advance(MINUTE.times(6));
    let page = ada.post("/account/methods/connect", &[("csrf", &csrf), ("connection", "b")]).await;
    assert!(page.has_form("/account/step-up"), "{}", page.body);
    assert_eq!(world.b.count(Endpoint::Authorize), asked, "nobody was sent to the provider");
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
}

async fn t34_t35_t36_an_answer_fits_one_attempt_of_one_connection(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    let of_a = world.until_callback(&mut browser, "a", "a-joan").await;
    let of_b = world.until_callback(&mut browser, "b", "b-joan").await;
    let other = world.until_callback(&mut browser, "a", "a-grace").await;
    for name in ["state", "code"] {
        assert!(parameter(&of_a, name).len() >= 43);
        assert_ne!(parameter(&of_a, name), parameter(&other, name), "{name} is new for each attempt");
    }
    let sent: Vec<_> = world.a.log().into_iter().filter(|request| request.endpoint == Endpoint::Authorize).collect();
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(sent[0].parameter(name), sent[1].parameter(name), "{name}");
    }
    let tokens = (world.a.count(Endpoint::Token), world.b.count(Endpoint::Token));
    let (state_a, state_b) = (parameter(&of_a, "state"), parameter(&of_b, "state"));
    let flow_of = |state: &str| state.split('.').next().unwrap_or_default().to_owned();
    let at_b = Url::parse(&of_a.as_str().replace("/callback/a", "/callback/b")).expect("a URL");
    let replace = |back: &Url, name: &'static str, value: String| {
        with_query(back, move |known, old| Some(if known == name { value.clone() } else { old }))
    };
    let tail = format!("{}.{}", flow_of(&state_a), state_b.split('.').nth(1).unwrap_or_default());
    let forged = [
        // At the other connection's address, as it is and with the other's state.
        at_b.clone(),
        replace(&at_b, "iss", world.b.issuer().to_owned()),
        replace(&of_a, "state", state_b.clone()),
        replace(&at_b, "state", state_b),
        // The right flow with another attempt's secret, cut, grown, and none.
        replace(&of_a, "state", tail),
        replace(&of_a, "state", state_a[..state_a.len() - 1].to_owned()),
        replace(&of_a, "state", format!("{state_a}A")),
        replace(&of_a, "state", flow_of(&state_a)),
        replace(&of_a, "state", String::new()),
        // T35: the answer of an honest provider under another's name, look-alikes, and none.
        replace(&of_a, "iss", world.b.issuer().to_owned()),
        replace(&of_a, "iss", format!("{}/", world.a.issuer())),
        replace(&of_a, "iss", world.a.issuer().to_uppercase()),
        with_query(&of_a, |name, value| (name != "iss").then_some(value)),
        // Twice is not once.
        Url::parse(&format!("{of_a}&state={state_a}")).expect("a URL"),
        Url::parse(&format!("{of_a}&code=x")).expect("a URL"),
    ];
    for url in forged {
        let mut copy = browser.clone();
        let page = copy.get(url.as_str()).await;
        assert_eq!(page.status, 400, "{url}: {}", page.body);
        assert!(!code_of(&page).is_empty(), "{url}");
        assert_eq!(copy.session(), None, "{url}");
    }
    assert_eq!((world.a.count(Endpoint::Token), world.b.count(Endpoint::Token)), tokens, "t35: no code went anywhere");
    assert_eq!(world.accounts().await.users.len(), 0);
    // Several tabs: each true answer still works, and the second one asks before it replaces the first.
    let page = browser.get(of_a.as_str()).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let page = browser.get(other.as_str()).await;
    assert!(page.has_form("/sign-in/switch"), "{}", page.body);
}

async fn t38_a_code_from_elsewhere_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
    let before = world.accounts().await;
    // Ada's code was stolen before it was used; Mallory puts it into an answer of his own.
    let stolen = world.until_callback(&mut world.browser(), "a", "a-ada").await;
    let mut mallory = world.browser();
    let own = world.until_callback(&mut mallory, "a", "a-mallory").await;
    let code = parameter(&stolen, "code");
    let mixed = with_query(&own, |name, value| Some(if name == "code" { code.clone() } else { value }));
    let page = mallory.get(mixed.as_str()).await;
    assert_eq!(code_of(&page), "provider_answer_invalid", "{}", page.body);
    assert_eq!(mallory.session(), None);
    assert_eq!(world.accounts().await, before);
    let sent = world.a.log().into_iter().rfind(|request| request.endpoint == Endpoint::Authorize).expect("a request");
    assert_eq!(sent.parameter("code_challenge_method"), Some("S256"));
    assert!(sent.parameter("nonce").is_some_and(|nonce| nonce.len() >= 43));
}

async fn t42_an_answer_works_once(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    let back = world.until_callback(&mut ada, "a", "a-ada").await;
    let thief = ada.clone();
    let page = ada.get(back.as_str()).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let done = world.accounts().await;
    // In her own browser: sent on. With her old cookies but without the session: an error.
    let session = ada.session();
    let page = ada.get(back.as_str()).await;
    assert_eq!((page.path(), ada.session()), ("/account", session), "{}", page.body);
    let mut replay = thief.clone();
    let page = replay.get(back.as_str()).await;
    assert!(page.status.is_client_error(), "{}", page.body);
    assert_eq!(replay.session(), None);
    // Even a new code for the spent flow: the flow itself is over.
    let mut rewound = thief;
    let flow = rewound.our_cookies().into_keys().find(|name| name.contains("flow-s-")).expect("a flow");
    let flow = flow.trim_start_matches("__Host-flow-s-").to_owned();
    let page = rewound.post_once("/sign-in/start-provider", &[("flow", &flow), ("connection", "a")]).await;
    let again = world.back_from_provider(&mut rewound, page).await;
    let page = rewound.get(again.as_str()).await;
    assert_eq!((page.status.as_u16(), code_of(&page)), (400, "flow_spent".to_owned()), "{}", page.body);
    assert_eq!(rewound.session(), None);
    assert_eq!(world.accounts().await, done);
}

async fn t43_a_proof_is_of_the_identity_it_was_made_for(engine: Engine) {
    let world = World::new(engine).await;
    world.sign_up(&mut world.browser(), "Ada", ADA).await;
    let before = world.accounts().await;
    // The mailbox was shown for b-ada; then the flow goes on with another identity that claims the same address.
    let mut browser = world.browser();
    let seen = world.mailbox.messages().len();
    let page = world.provider_sign_in(&mut browser, "b", "b-ada").await;
    let away = browser.clone();
    let page = world.enter_code(&mut browser, &page, ADA, seen).await;
    assert!(page.has_form("/sign-in/prove"), "{}", page.body);
    let flow = page.hidden("flow").expect("a flow");
    // From here the same flow goes to no provider for another identity.
    browser.be(&world.b, "b-mallory");
    let page = browser.clone().post("/sign-in/start-provider", &[("flow", &flow), ("connection", "b")]).await;
    assert_eq!(page.status, 400, "{}", page.body);
    // With the flow's earlier cookie it does, and then nothing that was shown before counts.
    let mut rewound = away;
    rewound.be(&world.b, "b-mallory");
    let page = rewound.get("/sign-in").await;
    let page = rewound.press(page.form("/sign-in/start-provider"), "connection", "b").await;
    assert!(page.has_form("/sign-in/code"), "{}", page.body);
    assert_eq!(rewound.session(), None);
    // A code is the code of its flow.
    let code = world.code_after(ADA, seen).await;
    let page = rewound.submit(page.form("/sign-in/code").with("code", &code)).await;
    assert!(!page.has_form("/sign-in/prove"), "{}", page.body);
    // The proof that Ada gives links the identity that her page named.
    let page = browser.get(&format!("/flow/{flow}")).await;
    let form = page.form_with("/sign-in/prove", ("method", "password")).with("password", PASSWORD);
    let page = browser.press(form, "method", "password").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let after = world.accounts().await;
    let links: Vec<_> = after.user(ADA).links.iter().map(|link| link.identity.subject.as_str()).collect();
    assert_eq!(links, ["b-ada"]);
    assert_eq!(after.users.len(), before.users.len());
}

async fn t44_no_part_of_an_answer_makes_a_session(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    let back = world.until_callback(&mut browser, "a", "a-joan").await;
    let names = ["code", "state", "iss", "error"];
    let value = |name: &str| if name == "error" { "access_denied".to_owned() } else { parameter(&back, name) };
    let subsets =
        |part: u32| names.iter().enumerate().filter(move |(bit, _)| part >> bit & 1 == 1).map(|(_, name)| *name);
    for part in 0..16u32 {
        let present: Vec<&str> = subsets(part).collect();
        for empty in [false, true] {
            if present == ["code", "state", "iss"] && !empty {
                continue;
            }
            let mut url = Url::parse(&format!("{ORIGIN}/callback/a")).expect("a URL");
            for name in &present {
                let value = if empty { String::new() } else { value(name) };
                url.query_pairs_mut().append_pair(name, &value);
            }
            let mut copy = browser.clone();
            let page = copy.get(url.as_str()).await;
            // "No" is an answer that is taken, and said without alarm.
            let said_no = code_of(&page) == "provider_cancelled" && page.status == 200;
            assert!(page.status.is_client_error() || said_no, "{present:?}: {} {}", page.status, page.body);
            assert!(!code_of(&page).is_empty(), "{present:?}: {}", page.body);
            assert!(page.has("a[href]") || page.has("form"), "a way on: {}", page.body);
            assert_eq!(copy.session(), None, "{present:?}");
        }
    }
    assert_eq!(world.accounts().await.users.len(), 0);
    assert_eq!(world.a.count(Endpoint::Token), 0);
    // All of it, and nothing else, does.
    let page = browser.get(back.as_str()).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
}

async fn t51_many_at_once_stay_who_they_are(engine: Engine) {
    let world = Arc::new(World::new(engine).await);
    let people: Vec<String> = (0..20).map(|n| format!("Person {n}")).collect();
    for (n, name) in people.iter().enumerate() {
        for (provider, which) in [(&world.a, "a"), (&world.b, "b")] {
            provider.put_person(Person::new(&format!("{which}-p{n}"), &format!("{name} of {which}")));
        }
    }
    // First time and coming back, at two providers, all at once and on two threads.
    for _ in 0..2 {
        let mut journeys = JoinSet::new();
        for (n, name) in people.iter().enumerate() {
            for which in ["a", "b"] {
                let (world, name) = (world.clone(), format!("{name} of {which}"));
                journeys.spawn(async move {
                    let mut browser = world.browser();
                    let page = world.provider_sign_in(&mut browser, which, &format!("{which}-p{n}")).await;
                    assert_eq!(page.path(), "/account", "{}", page.body);
                    assert_eq!(world.who(&mut browser).await, Some(name));
                });
            }
        }
        journeys.join_all().await;
    }
    let accounts = world.accounts().await;
    assert_eq!(accounts.users.len(), 40);
    assert!(accounts.users.iter().all(|user| user.links.len() == 1));
}
