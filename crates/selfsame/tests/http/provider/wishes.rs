//! What a client may wish for beside a sign-in: a level, claims by name, a resource.

use super::{Client, claims, error_at, options, parameter, text};
use crate::on_both_engines;
use model::{DAY, MINUTE};
use serde_json::json;
use testkit::{Engine, ORIGIN, World};

on_both_engines!(
    a_level_that_can_be_reached_is_asked_for,
    t90_a_level_that_cannot_be_reached_is_not_claimed,
    claims_by_name_are_asked_for_as_their_scope,
    t133_a_client_hears_nothing_before_it_was_let_in,
    tokens_are_meant_for_a_resource,
    t133_identities_are_told_by_consent_alone,
    t41_a_program_on_the_device_is_let_in_with_a_yes_each_time,
    a_refresh_token_that_nobody_uses_ends,
);

const AAL2: &str = "urn:selfsame:aal2";

async fn a_level_that_can_be_reached_is_asked_for(engine: Engine) {
    let mut options = options(engine);
    options.connection_a.push_str("\nlevel = 2\n");
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    world.connect(&mut browser, "a", "a-ada").await;
    world.sign_out(&mut browser).await;
    world.password_sign_in(&mut browser, "ada@example.test", testkit::PASSWORD).await;
    let own = Client::new(&world, "own");
    let essential = json!({ "id_token": { "acr": { "essential": true, "values": [AAL2] } } }).to_string();
    assert_eq!(
        error_at(&browser.get(&own.request(&[("acr_values", AAL2), ("prompt", "none")])).await),
        "login_required"
    );
    for wish in [("acr_values", AAL2), ("claims", essential.as_str())] {
        world.password_sign_in(&mut browser, "ada@example.test", testkit::PASSWORD).await;
        let page = browser.get(&own.request(&[wish])).await;
        // Only what reaches it is offered.
        assert!(
            page.all_text().contains("Example A") && !page.body.contains("type=\"password\""),
            "{}",
            page.all_text()
        );
        browser.be(&world.a, "a-ada");
        let page = browser.press(page.form("/account/step-up"), "connection", "a").await;
        let code = parameter(&page.url, "code").unwrap_or_else(|| panic!("{} {}", page.url, page.all_text()));
        let told = claims(&text(&own.exchange(&code).await.json, "id_token"));
        assert_eq!((&told["acr"], &told["amr"][0]), (&AAL2.into(), &"fed".into()));
        world.sign_out(&mut browser).await;
    }
    // Whoever signs in for the request is asked once more where that did not reach it.
    let mut fresh = world.browser();
    let page = fresh.get(&own.request(&[("acr_values", AAL2)])).await;
    let page = fresh.submit(page.form("/sign-in/email").with("email", "ada@example.test")).await;
    let form = page.form("/sign-in/password").with("password", testkit::PASSWORD);
    let page = fresh.press(form, "method", "password").await;
    assert!(page.has_form("/account/step-up"), "{} {}", page.url, page.all_text());
}

async fn t90_a_level_that_cannot_be_reached_is_not_claimed(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let own = Client::new(&world, "own");
    // Welcome is not essential: the client hears what was reached.
    for values in [AAL2, "urn:else:gold", "urn:selfsame:aal3 urn:selfsame:aal1"] {
        let told = claims(&text(&own.tokens(&mut browser, &[("acr_values", values)]).await, "id_token"));
        assert_eq!(told["acr"], "urn:selfsame:aal1", "{values}");
    }
    for value in [AAL2, "urn:else:gold"] {
        let essential = json!({ "id_token": { "acr": { "essential": true, "value": value } } }).to_string();
        let page = browser.get(&own.request(&[("claims", &essential)])).await;
        assert_eq!(error_at(&page), "unmet_authentication_requirements", "{value}");
    }
    let reached = json!({ "id_token": { "acr": { "essential": true, "value": "urn:selfsame:aal1" } } }).to_string();
    own.tokens(&mut browser, &[("claims", &reached)]).await;
}

/// Whoever is signed in, and whatever is asked about them.
async fn t133_a_client_hears_nothing_before_it_was_let_in(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let sub = text(&claims(&text(&Client::new(&world, "own").tokens(&mut browser, &[]).await, "id_token")), "sub");
    let shop = Client::new(&world, "shop");
    for wish in [
        json!({ "id_token": { "sub": { "value": sub } } }),
        json!({ "id_token": { "sub": { "value": "somebody-else" } } }),
        json!({ "id_token": { "acr": { "essential": true, "value": AAL2 } } }),
        json!({ "id_token": { "acr": { "essential": true, "value": "urn:selfsame:aal1" } } }),
    ] {
        let wish = wish.to_string();
        let page = browser.get(&shop.request(&[("claims", &wish), ("prompt", "none")])).await;
        assert_eq!(error_at(&page), "consent_required", "{wish}");
    }
    world.advance(model::HOUR);
    let page = browser.get(&shop.request(&[("max_age", "60"), ("prompt", "none")])).await;
    assert_eq!(error_at(&page), "consent_required", "nor how long ago it was");
    // And with the person at the browser: first the question, then what cannot be had.
    let essential = json!({ "id_token": { "acr": { "essential": true, "value": AAL2 } } }).to_string();
    let page = browser.get(&shop.request(&[("claims", &essential)])).await;
    assert!(page.has_form("/oauth2/consent"), "{}", page.all_text());
    let page = browser.press(page.form("/oauth2/consent"), "choice", "allow").await;
    assert_eq!(error_at(&page), "unmet_authentication_requirements");
}

async fn claims_by_name_are_asked_for_as_their_scope(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let shop = Client::new(&world, "shop");
    let email = json!({ "userinfo": { "email": { "essential": true }, "picture": null } }).to_string();
    let page = browser.get(&shop.request(&[("scope", "openid"), ("claims", &email)])).await;
    assert!(page.all_text().contains("Your e-mail address"), "the person is asked: {}", page.all_text());
    let tokens = shop.tokens(&mut browser, &[("scope", "openid"), ("claims", &email)]).await;
    assert_eq!(tokens["scope"], "openid email");
    let told = shop.userinfo(&text(&tokens, "access_token")).await;
    assert_eq!((&told.json["email"], told.json.get("name")), (&"ada@example.test".into(), None), "and nothing else");
    // About one person, or nobody.
    let sub = claims(&text(&tokens, "id_token"))["sub"].as_str().unwrap().to_owned();
    for (sub, error) in [(sub.as_str(), None), ("somebody-else", Some("login_required"))] {
        let claims = json!({ "id_token": { "sub": { "value": sub } } }).to_string();
        let page = browser.get(&shop.request(&[("scope", "openid"), ("claims", &claims), ("prompt", "none")])).await;
        assert_eq!(parameter(&page.url, "error").as_deref(), error, "{}", page.url);
    }
    // Not about two people either.
    let hint = text(&tokens, "id_token");
    for (sub, error) in [(sub.as_str(), None), ("somebody-else", Some("invalid_request"))] {
        let claims = json!({ "id_token": { "sub": { "value": sub } } }).to_string();
        let both = [("scope", "openid"), ("claims", &*claims), ("prompt", "none"), ("id_token_hint", &*hint)];
        let page = browser.get(&shop.request(&both)).await;
        assert_eq!(parameter(&page.url, "error").as_deref(), error, "{}", page.url);
    }
    assert_eq!(error_at(&browser.get(&shop.request(&[("claims", "{")])).await), "invalid_request");
}

async fn tokens_are_meant_for_a_resource(engine: Engine) {
    const API: &str = "https://api.example/v1";
    const OTHER: &str = "https://other.example/";
    let mut options = options(engine);
    let at = options.more.find("id = \"own\"\n").unwrap();
    let more = "scopes = [\"openid\", \"email\", \"offline_access\", \"things:read\"]\n";
    options.more.insert_str(at, &format!("resources = [\"{API}\", \"{OTHER}\"]\n{more}"));
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let own = Client::new(&world, "own");
    let audience = |tokens: &serde_json::Value| claims(&text(tokens, "access_token"))["aud"].clone();
    let plain = own.tokens(&mut browser, &[]).await;
    assert_eq!(audience(&plain), ORIGIN);
    let tokens = own.tokens(&mut browser, &[("resource", API)]).await;
    assert_eq!(audience(&tokens), API);
    // What is meant for others is no key to what is ours (N12).
    assert_eq!(own.userinfo(&text(&tokens, "access_token")).await.status, 401);
    assert_eq!(own.userinfo(&text(&plain, "access_token")).await.status, 200);
    let told = own.post("/oauth2/introspect", &[("token", &text(&tokens, "access_token"))]).await;
    assert_eq!((&told.json["active"], &told.json["aud"]), (&true.into(), &API.into()));
    // RFC 9068 §2.2.3: it says what means something there, and what is about the person means something to us alone.
    assert_eq!(claims(&text(&plain, "access_token"))["scope"], "openid email");
    assert_eq!(claims(&text(&tokens, "access_token")).get("scope"), None);
    let both = own.tokens(&mut browser, &[("resource", API), ("scope", "openid email things:read")]).await;
    assert_eq!(claims(&text(&both, "access_token"))["scope"], "things:read");
    assert_eq!(
        claims(&text(&own.refresh(&text(&both, "refresh_token")).await.json, "access_token"))["scope"],
        "things:read"
    );
    // A refresh gets what was asked for at the start, or less.
    let refresh = text(&tokens, "refresh_token");
    let more = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("resource", OTHER)];
    assert_eq!(own.post("/oauth2/token", &more).await.json["error"], "invalid_target");
    let again = own.refresh(&refresh).await;
    assert_eq!(audience(&again.json), API);
    let page = browser.get(&own.request(&[("resource", "https://else.example/")])).await;
    assert_eq!(error_at(&page), "invalid_target");
    let shop = Client::new(&world, "shop");
    assert_eq!(error_at(&browser.get(&shop.request(&[("resource", API)])).await), "invalid_target");
}

async fn t133_identities_are_told_by_consent_alone(engine: Engine) {
    let mut options = options(engine);
    options.more = options.more.replace(
        "name = \"Board\"\n",
        "name = \"Board\"\nscopes = [\"openid\", \"identities\", \"aliases\"]\nidentity_subjects = true\n",
    );
    options.more =
        options.more.replace("name = \"Shop\"\n", "name = \"Shop\"\nscopes = [\"openid\", \"identities\"]\n");
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    world.connect(&mut browser, "a", "a-ada").await;
    let (shop, spa) = (Client::new(&world, "shop"), Client::new(&world, "spa"));
    let plain = shop.tokens(&mut browser, &[("scope", "openid")]).await;
    let told = shop.userinfo(&text(&plain, "access_token")).await.json;
    assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
    let page = browser.get(&shop.request(&[("scope", "openid identities")])).await;
    assert!(page.all_text().contains("Which providers you sign in with"), "{}", page.all_text());
    let tokens = shop.tokens(&mut browser, &[("scope", "openid identities")]).await;
    let before = world.reads_and_writes();
    let told = shop.userinfo(&text(&tokens, "access_token")).await.json;
    let after = world.reads_and_writes();
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 0), "one read, whatever is asked for");
    assert_eq!(told["identities"][0]["connection"], "a");
    assert_eq!(told["identities"][0].get("subject"), None, "what others call the person is not told");
    assert_eq!((told["identities"].as_array().unwrap().len(), told.get("aliases")), (1, None));
    // A client that the operator trusts with it, asking by the name of the claim.
    let wish = json!({ "userinfo": { "identities": null, "aliases": null } }).to_string();
    let tokens = spa.tokens(&mut browser, &[("scope", "openid"), ("claims", &wish)]).await;
    let told = spa.userinfo(&text(&tokens, "access_token")).await.json;
    assert_eq!((&told["identities"][0]["subject"], &told["aliases"]), (&"a-ada".into(), &json!([])));
    // A link that is gone is told no more.
    let link = world.link_of("ada@example.test", "a").await;
    world.remove(&mut browser, link).await;
    let tokens = shop.tokens(&mut browser, &[("scope", "openid identities")]).await;
    assert_eq!(shop.userinfo(&text(&tokens, "access_token")).await.json["identities"], json!([]));
}

/// Its redirect can be taken by any other program (RFC 8252 §8.6).
async fn t41_a_program_on_the_device_is_let_in_with_a_yes_each_time(engine: Engine) {
    let mut options = options(engine);
    options.more.push_str(
        "\n[[clients]]\nid = \"native\"\nname = \"Native\"\nnative = true\n\
         redirect_uris = [\"http://127.0.0.1/cb\", \"org.example.native:/cb\"]\n",
    );
    let world = World::with(options).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let native = Client::new(&world, "native");
    for uri in ["http://127.0.0.1:49152/cb", "http://127.0.0.1:7/cb"] {
        let page = browser.get(&native.request(&[("redirect_uri", uri)])).await;
        assert!(page.has_form("/oauth2/consent"), "asked again, for {uri}: {}", page.url);
        assert_eq!(
            error_at(&browser.get(&native.request(&[("redirect_uri", uri), ("prompt", "none")])).await),
            "consent_required"
        );
        let page = browser.press(page.form("/oauth2/consent"), "choice", "allow").await;
        assert!(page.url.as_str().starts_with(uri) && parameter(&page.url, "code").is_some(), "{}", page.url);
    }
    // No form may lead to another scheme, so the person follows a link.
    let page = browser.get(&native.request(&[("redirect_uri", "org.example.native:/cb")])).await;
    let page = browser.press(page.form("/oauth2/consent"), "choice", "allow").await;
    assert_eq!(page.status, 200);
    let to = page.links().into_iter().find(|href| href.starts_with("org.example.native:/cb?")).unwrap();
    assert!(to.contains("code=") && to.contains("iss="), "{to}");
    // A yes is not carried on: whoever makes a journey follow it is asked again at its end.
    world.advance(MINUTE.times(3));
    let wish = [("redirect_uri", "http://127.0.0.1:7/cb"), ("max_age", "60"), ("prompt", "select_account")];
    let page = browser.get(&native.request(&wish)).await;
    let page =
        browser.press(page.form("/account/step-up").with("password", testkit::PASSWORD), "method", "password").await;
    let sealed = page.way.iter().find_map(|url| parameter(url, "request")).expect("the sealed request in an address");
    let csrf = browser.get(&native.request(&[("redirect_uri", "http://127.0.0.1:7/cb")])).await;
    let asked = csrf.form("/oauth2/consent").with("request", &sealed);
    let page = browser.press(asked, "choice", "allow").await;
    let page = browser.press(page.form("/sign-in/continue"), "choice", "continue").await;
    assert!(page.has_form("/oauth2/consent"), "t41: another's yes: {} {}", page.url, page.all_text());
    // One on the web is known by its redirect, and asked about once.
    let spa = Client::new(&world, "spa");
    spa.tokens(&mut browser, &[]).await;
    assert!(parameter(&browser.get(&spa.request(&[])).await.url, "code").is_some());
}

async fn a_refresh_token_that_nobody_uses_ends(engine: Engine) {
    let world = World::with(options(engine)).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    let shop = Client::new(&world, "shop");
    let wide = [("scope", "openid offline_access")];
    let used = text(&shop.tokens(&mut browser, &wide).await, "refresh_token");
    let unused = text(&shop.tokens(&mut browser, &wide).await, "refresh_token");
    world.advance(DAY.times(29));
    let used = text(&shop.refresh(&used).await.json, "refresh_token");
    world.advance(DAY.times(2));
    assert_eq!(shop.refresh(&unused).await.json["error"], "invalid_grant", "RFC 9700 §4.14.2");
    assert_eq!(shop.refresh(&used).await.status, 200);
}
