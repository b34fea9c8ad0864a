//! What a provider says is checked before anything of it is believed.

use super::code_of;
use crate::on_both_engines;
use serde_json::Value;
use testkit::{Accounts, Behaviour, Browser, Endpoint, Engine, ORIGIN, Options, PASSWORD, Page, World};

on_both_engines!(
    t35_t37_a_provider_that_points_elsewhere_is_not_followed,
    t54_t61_no_faulty_token_is_believed,
    t58_keys_are_renewed_but_not_flooded,
    t59_t91_a_proof_needs_a_fresh_authentication,
    t60_userinfo_of_somebody_else_is_discarded,
    t55_t56_no_token_is_taken_from_a_browser,
    t124_a_link_is_of_the_account_the_person_picked,
    t126_linking_is_a_page_and_a_consent_of_its_own,
);

const ADA: &str = "ada@example.test";

/// Ada with a password and provider A; Grace at B.
async fn people(world: &World) -> (Browser, Accounts) {
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    world.connect(&mut ada, "a", "a-ada").await;
    let accounts = world.accounts().await;
    (ada, accounts)
}

/// The page of a failure: an error code, a way on, and no secret in its address.
fn explains(page: &Page, code: &str, case: &dyn std::fmt::Debug) {
    assert!(page.status.is_client_error(), "{case:?}: {} {}", page.status, page.body);
    assert_eq!(code_of(page), code, "{case:?}: {}", page.body);
    assert!(page.has("main a[href]") || page.has("main form button"), "{case:?}: {}", page.body);
    assert!(!page.url.as_str().contains("code="), "{case:?}: {}", page.url);
}

async fn t35_t37_a_provider_that_points_elsewhere_is_not_followed(engine: Engine) {
    // What is asked for at the start: another issuer's document, another host's endpoint.
    for behaviour in [Behaviour::DiscoveryIssuerOther, Behaviour::TokenEndpointOnOtherHost] {
        let world = World::new(engine).await;
        world.a.script([behaviour.clone()]);
        let mut browser = world.browser();
        let page = world.provider_sign_in(&mut browser, "a", "a-ada").await;
        explains(&page, "provider_answer_invalid", &behaviour);
        assert_eq!(world.a.count(Endpoint::Authorize), 0, "{behaviour:?}: nobody was sent there");
        assert_eq!(browser.session(), None);
        // Other ways stay open.
        let page = browser.press(page.form("/sign-in/start-provider"), "connection", "b").await;
        assert!(page.url.as_str().starts_with(world.b.issuer()), "{}", page.url);
    }
    // What the browser brings back.
    let world = World::new(engine).await;
    let (_, before) = people(&world).await;
    let redeemed = world.a.count(Endpoint::Token);
    for behaviour in [Behaviour::WrongIssuerInResponse, Behaviour::MissingIssInResponse] {
        world.a.script([behaviour.clone()]);
        let mut browser = world.browser();
        let page = world.provider_sign_in(&mut browser, "a", "a-ada").await;
        explains(&page, "provider_answer_invalid", &behaviour);
        assert_eq!(browser.session(), None);
        // An error is not even looked at before the issuer is known to be right.
        world.a.script([behaviour.clone(), Behaviour::ErrorAnswer("access_denied".to_owned())]);
        let page = world.provider_sign_in(&mut browser, "a", "a-ada").await;
        explains(&page, "provider_answer_invalid", &behaviour);
    }
    assert_eq!(world.a.count(Endpoint::Token), redeemed, "the code stayed here");
    assert_eq!(world.accounts().await, before);
}

async fn t54_t61_no_faulty_token_is_believed(engine: Engine) {
    let world = World::new(engine).await;
    let (ada, before) = people(&world).await;
    let writes = world.server.store.counters().writes;
    let faults = [
        Behaviour::WrongIssuerInToken,
        Behaviour::WrongAudience,
        Behaviour::ExtraAudience,
        Behaviour::WrongAzp,
        Behaviour::WrongNonce,
        Behaviour::MissingNonce,
        Behaviour::Expired,
        Behaviour::IssuedInFuture,
        Behaviour::Unsigned,
        Behaviour::HmacWithPublicKey,
        Behaviour::WrongKey,
        Behaviour::UnknownKid,
        Behaviour::LogoutTokenType,
    ];
    for fault in faults {
        world.a.script([fault.clone()]);
        // Somebody who is linked, somebody new, and somebody who is signed in and links.
        for subject in ["a-ada", "a-joan", "a-linus"] {
            let mut browser = world.browser();
            let page = world.provider_sign_in(&mut browser, "a", subject).await;
            explains(&page, "provider_answer_invalid", &(&fault, subject));
            assert_eq!(browser.session(), None, "{fault:?}");
        }
        let mut linking = ada.clone();
        let page = world.connect(&mut linking, "a", "a-grace").await;
        assert!(page.status.is_client_error(), "{fault:?}: {}", page.body);
        assert_eq!(code_of(&page), "provider_answer_invalid", "{fault:?}: {}", page.body);
        assert_eq!(linking.session(), ada.session(), "{fault:?}: whoever was signed in still is");
    }
    assert_eq!(world.accounts().await, before);
    assert_eq!(world.server.store.counters().writes, writes, "nothing was even tried");
    world.a.script([]);
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "honest again: {}", page.body);
}

async fn t58_keys_are_renewed_but_not_flooded(engine: Engine) {
    let world = World::new(engine).await;
    people(&world).await;
    // Unknown key ids cause one fetch a minute, however many come.
    let fetched = world.a.count(Endpoint::Keys);
    world.a.script([Behaviour::UnknownKid]);
    for _ in 0..5 {
        let page = world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
        explains(&page, "provider_answer_invalid", &"unknown key");
    }
    assert!(world.a.count(Endpoint::Keys) <= fetched + 1, "{} fetches", world.a.count(Endpoint::Keys) - fetched);
    // A real rotation is followed as soon as the minute is over.
    world.advance(model::MINUTE.times(2));
    world.a.script([Behaviour::RotateKeys]);
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
}

/// Ada's conflict page: identity `b-ada` wants to be linked, and provider A can prove who she is.
async fn conflict(world: &World, browser: &mut Browser) -> Page {
    world.advance(model::HOUR.times(13));
    let page = world.sign_in_with_code(browser, "b", "b-ada", ADA).await;
    assert!(page.has_form("/sign-in/prove"), "{}", page.body);
    page
}

async fn t59_t91_a_proof_needs_a_fresh_authentication(engine: Engine) {
    let world = World::new(engine).await;
    let (_, before) = people(&world).await;
    for behaviour in [Behaviour::AuthTimeMissing, Behaviour::StaleAuthTime] {
        let mut browser = world.browser();
        browser.be(&world.a, "a-ada");
        let page = conflict(&world, &mut browser).await;
        world.a.script([behaviour.clone()]);
        let page = browser.press(page.form_with("/sign-in/prove", ("connection", "a")), "connection", "a").await;
        explains(&page, "provider_answer_invalid", &behaviour);
        assert!(page.has_form("/sign-in/prove"), "the prompt is still there: {}", page.body);
        assert_eq!(browser.session(), None, "{behaviour:?}");
        world.a.script([]);
    }
    // T66: another person's authentication proves nothing about Ada, a stranger's nothing about anybody.
    let mut browser = world.browser();
    let page = conflict(&world, &mut browser).await;
    for subject in ["a-joan", "a-ada-2"] {
        browser.be(&world.a, subject);
        let page = browser.press(page.form_with("/sign-in/prove", ("connection", "a")), "connection", "a").await;
        explains(&page, "wrong_user_proved", &subject);
        assert_eq!(browser.session(), None, "{subject}");
    }
    assert_eq!(world.accounts().await.users, before.users);
    // Hers does.
    browser.be(&world.a, "a-ada");
    let page = browser.press(page.form_with("/sign-in/prove", ("connection", "a")), "connection", "a").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let sent = world.a.log().into_iter().rfind(|request| request.endpoint == Endpoint::Authorize).expect("a request");
    assert_eq!(sent.parameter("max_age"), Some("0"));
}

async fn t60_userinfo_of_somebody_else_is_discarded(engine: Engine) {
    let world = World::with(Options {
        connection_a: "email_evidence = \"vouched\"\nfetch_userinfo = true".to_owned(),
        ..Options::on(engine)
    })
    .await;
    let (_, before) = people(&world).await;
    world.a.script([Behaviour::UserinfoOtherSub]);
    for subject in ["a-ada", "a-joan"] {
        let mut browser = world.browser();
        let page = world.provider_sign_in(&mut browser, "a", subject).await;
        explains(&page, "provider_answer_invalid", &subject);
        assert_eq!(browser.session(), None);
    }
    assert_eq!(world.accounts().await, before);
}

async fn t55_t56_no_token_is_taken_from_a_browser(engine: Engine) {
    let world = World::new(engine).await;
    let (_, before) = people(&world).await;
    // Whatever a browser brings besides a code: it is not read, least of all an issuer. Not even an honest token of hers,
    // by whatever name.
    let honest = world.a.issued();
    assert!(honest.len() >= 2, "an access token and an ID token: {honest:?}");
    let asked = world.a.count(Endpoint::Token);
    let names = ["id_token", "access_token", "token", "assertion"];
    let values = honest.iter().map(String::as_str).chain(["e30.e30."]);
    for (value, name) in values.flat_map(|value| names.map(|name| (value, name))) {
        let mut browser = world.browser();
        let mut back = world.until_callback(&mut browser, "a", "a-ada").await;
        let pairs: Vec<_> = back.query_pairs().into_owned().filter(|(known, _)| known != "code").collect();
        back.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
        let page = browser.get(back.as_str()).await;
        explains(&page, "provider_answer_invalid", &name);
        assert_eq!(browser.session(), None);
        // As a form, which only providers with `form_post` send.
        let fields = [("state", "x"), (name, value), ("iss", world.a.issuer())];
        let page = world.browser().post("/callback/a", &fields).await;
        assert!(page.status.is_client_error(), "{}", page.body);
        let call = world.with_token("GET", "/api/v1/session", None, value).await;
        assert_eq!(call.status, 401, "{call:?}");
    }
    assert_eq!(world.a.count(Endpoint::Token), asked, "the provider was asked about a token");
    assert_eq!(world.accounts().await, before);
}

async fn t124_a_link_is_of_the_account_the_person_picked(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    // The provider answers at once with whoever is signed in there.
    world.b.script([Behaviour::SilentlyPick("b-grace".to_owned())]);
    let page = ada.get("/account/methods/connect?connection=b").await;
    let page = ada.press(page.form("/account/methods/connect"), "connection", "b").await;
    let sent = world.b.log().into_iter().rfind(|request| request.endpoint == Endpoint::Authorize).expect("a request");
    assert_eq!(sent.parameter("prompt"), Some("select_account"));
    // Before anything is linked she sees whose account it is.
    assert!(page.has_form("/sign-in/confirm-link"), "{}", page.body);
    let text = page.all_text();
    for shown in ["Example B", "Grace", "grace@example.test", "…-grace", "Ada"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert_eq!(world.accounts().await.user(ADA).links.len(), 0);
    let page = ada.press(page.form("/sign-in/confirm-link"), "choice", "cancel").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.accounts().await.user(ADA).links.len(), 0);
}

async fn t126_linking_is_a_page_and_a_consent_of_its_own(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let links = async |world: &World| world.accounts().await.user(ADA).links.len();
    // Signing in with something new beside a session: the session attracts nothing.
    let mut other = ada.clone();
    let page = world.provider_sign_in(&mut other, "b", "b-linus").await;
    assert!(page.has_form("/sign-in/switch"), "{}", page.body);
    assert_eq!(links(&world).await, 0);
    // The consent page: which provider, which account, what changes, and one button for it.
    let page = ada.get("/account/methods/connect?connection=b").await;
    let form = page.form("/account/methods/connect");
    assert_eq!(form.buttons.len(), 1, "{form:?}");
    let text = page.all_text();
    assert!(text.contains("Example B") && text.contains("Ada") && text.contains(ADA), "{text}");
    ada.be(&world.b, "b-linus");
    let page = ada.press(form, "connection", "b").await;
    assert!(page.has_form("/sign-in/confirm-link"), "{}", page.body);
    assert_eq!(links(&world).await, 0);
    // A GET of the page, and a press of neither button, link nothing.
    let flow = page.hidden("flow").expect("a flow");
    ada.get(&format!("/flow/{flow}")).await;
    let unclear = ada.post("/sign-in/confirm-link", &[("flow", &flow), ("choice", "maybe")]).await;
    assert_eq!(unclear.status, 400, "{}", unclear.body);
    assert_eq!(links(&world).await, 0);
    ada.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert_eq!(links(&world).await, 1);
    // No request of the API does both either.
    let call = ada
        .api(
            "POST",
            "/api/v1/flows",
            Some(serde_json::json!({ "kind": "link", "connection": "a", "password": PASSWORD })),
            Some(ORIGIN),
        )
        .await;
    assert!(call.status.is_client_error(), "{call:?}");
    assert_ne!(call.json, Value::Null);
}
