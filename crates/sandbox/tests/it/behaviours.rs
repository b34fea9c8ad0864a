//! Each scripted fault is the fault it names, and nothing else is wrong.

use crate::world::{ADA, Answer, World, id_token, json, parts};
use sandbox::provider::Behaviour::{self, *};
use sandbox::provider::Endpoint;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn scripted(world: &World, behaviour: Behaviour) -> Value {
    world.provider.script([behaviour]);
    let answer = world.sign_in().await;
    world.provider.script([]);
    answer
}

/// The claims whose values differ between two tokens, with the values of the second.
fn difference(honest: &Value, other: &Value) -> Value {
    let (honest, other) = (honest.as_object().unwrap(), other.as_object().unwrap());
    let names = honest.keys().chain(other.keys());
    let differ = names.filter(|name| *name != "at_hash" && honest.get(*name) != other.get(*name));
    differ.map(|name| (name.clone(), other.get(name).cloned().unwrap_or(json!("left out")))).collect()
}

#[tokio::test]
async fn claims_of_the_id_token() {
    let world = World::start().await;
    let honest = parts(id_token(&world.sign_in().await)).1;
    let now = 1_800_000_000;
    let other = world.origin.replace("provider-a", "elsewhere");
    for (behaviour, expected) in [
        (WrongIssuerInToken, json!({ "iss": other })),
        (WrongAudience, json!({ "aud": "another-client" })),
        (ExtraAudience, json!({ "aud": ["selfsame", "another-client"], "azp": "selfsame" })),
        (WrongAzp, json!({ "azp": "another-client" })),
        (MissingNonce, json!({ "nonce": "left out" })),
        (Expired, json!({ "iat": now - 360, "exp": now - 300 })),
        (IssuedInFuture, json!({ "iat": now + 3600, "exp": now + 7200 })),
        (AuthTimeMissing, json!({ "auth_time": "left out" })),
        (StaleAuthTime, json!({ "auth_time": now - 86400 })),
        (EmailVerified(json!("true")), json!({ "email_verified": "true" })),
        (EmailVerified(json!(1)), json!({ "email_verified": 1 })),
        (EmailVerified(Value::Null), json!({ "email_verified": null })),
        (EmailVerified(json!([true])), json!({ "email_verified": [true] })),
        (EmailVerified(json!({ "a": true })), json!({ "email_verified": { "a": true } })),
        (NoEmail, json!({ "email": "left out", "email_verified": "left out" })),
        (Subject("x".repeat(300)), json!({ "sub": "x".repeat(300) })),
    ] {
        let answer = scripted(&world, behaviour.clone()).await;
        assert_eq!(difference(&honest, &parts(id_token(&answer)).1), expected, "{behaviour:?}");
        assert!(world.is_signed(id_token(&answer)).await, "{behaviour:?}");
    }
    let claims = parts(id_token(&scripted(&world, WrongNonce).await)).1;
    assert_ne!(claims["nonce"], "the nonce");
    assert!(claims["nonce"].is_string());
}

#[tokio::test]
async fn signature_and_header() {
    let world = World::start().await;
    let announced = world.keys().await.keys[0].common.key_id.clone().unwrap();

    let answer = scripted(&world, Unsigned).await;
    assert_eq!(parts(id_token(&answer)).0["alg"], "none");
    assert!(id_token(&answer).ends_with('.'));

    let answer = scripted(&world, HmacWithPublicKey).await;
    assert_eq!(parts(id_token(&answer)).0, json!({ "alg": "HS256", "typ": "JWT", "kid": announced }));
    assert_eq!(id_token(&answer).rsplit('.').next().unwrap().len(), 43);

    let answer = scripted(&world, WrongKey).await;
    assert_eq!(parts(id_token(&answer)).0["kid"], announced);
    assert!(!world.is_signed(id_token(&answer)).await);

    let answer = scripted(&world, UnknownKid).await;
    assert_ne!(parts(id_token(&answer)).0["kid"], announced);
    assert!(!world.is_signed(id_token(&answer)).await);

    let answer = scripted(&world, LogoutTokenType).await;
    assert_eq!(parts(id_token(&answer)).0["typ"], "logout+jwt");
    assert!(world.is_signed(id_token(&answer)).await);
}

#[tokio::test]
async fn keys_rotate_and_crowd() {
    let world = World::start().await;
    let before = world.sign_in().await;
    let after = scripted(&world, RotateKeys).await;
    assert_eq!(world.keys().await.keys.len(), 1);
    assert!(!world.is_signed(id_token(&before)).await);
    assert!(world.is_signed(id_token(&after)).await);
    world.provider.script([JwksManyKeys]);
    assert_eq!(world.keys().await.keys.len(), 201);
    assert!(world.is_signed(id_token(&after)).await);
}

#[tokio::test]
async fn answers_in_the_browser() {
    let world = World::start().await;
    let other = world.origin.replace("provider-a", "elsewhere");
    world.provider.script([WrongIssuerInResponse]);
    assert_eq!(world.ada().await.get("iss"), Some(other.as_str()));
    world.provider.script([MissingIssInResponse]);
    let answer = world.ada().await;
    assert_eq!((answer.get("iss"), answer.get("code").is_some()), (None, true));
    world.provider.script([ErrorAnswer("server_error".to_owned())]);
    assert_eq!(world.ada().await.get("error"), Some("server_error"));
    world.provider.script([SilentlyPick(ADA.to_owned())]);
    Answer::of(&world.authorize(&[("prompt", "select_account")]).await).code();
}

#[tokio::test]
async fn configuration_and_userinfo() {
    let world = World::start().await;
    let honest = world.discovery().await;
    let other = world.origin.replace("provider-a", "elsewhere");
    world.provider.script([DiscoveryIssuerOther]);
    assert_eq!(difference(&honest, &world.discovery().await), json!({ "issuer": other }));
    world.provider.script([TokenEndpointOnOtherHost]);
    let metadata = world.discovery().await;
    assert_eq!(difference(&honest, &metadata), json!({ "token_endpoint": format!("{other}/token") }));
    // It would answer there, so that only a check of the host refuses it.
    let response = world.client.post(metadata["token_endpoint"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(response.status(), 401);
    world.provider.script([UserinfoOtherSub]);
    let answer = world.sign_in().await;
    let userinfo = json(world.userinfo(answer["access_token"].as_str().unwrap()).await).await;
    assert_eq!(userinfo["sub"], format!("not-{ADA}"));
    assert_eq!(parts(id_token(&answer)).1["sub"], ADA);
}

#[tokio::test]
async fn faults_of_transport() {
    let world = World::start().await;
    for path in ["/.well-known/openid-configuration", "/jwks"] {
        world.provider.script([HugeAnswer]);
        let response = world.get(path).await;
        assert_eq!(response.status(), 200);
        let text = response.text().await.unwrap();
        assert!(text.len() > 1024 * 1024 && serde_json::from_str::<Value>(&text).is_ok());

        world.provider.script([Garbage]);
        let response = world.get(path).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
        assert!(serde_json::from_slice::<Value>(&response.bytes().await.unwrap()).is_err());

        world.provider.script([ServerError]);
        assert_eq!(world.get(path).await.status(), 500);

        world.provider.script([CloseConnection]);
        let answer = world.client.get(format!("{}{path}", world.origin)).send().await;
        let broken = match answer {
            Ok(response) => response.bytes().await.is_err(),
            Err(_) => true,
        };
        assert!(broken);

        world.provider.script([Slow(Duration::from_millis(150))]);
        let start = Instant::now();
        assert_eq!(world.get(path).await.status(), 200);
        assert!(start.elapsed() >= Duration::from_millis(150));
    }
    // The browser's pages are spared unless they are named.
    world.provider.script([ServerError]);
    let answer = world.ada().await;
    world.provider.script_at(Endpoint::Keys, [ServerError]);
    assert_eq!(world.token(&[("code", answer.code())]).await.0, 200);
    assert_eq!(world.get("/jwks").await.status(), 500);
    world.provider.script_at(Endpoint::Authorize, [ServerError]);
    assert_eq!(world.authorize(&[]).await.status(), 500);
}

#[tokio::test]
async fn a_redirect_from_the_token_endpoint_leads_to_an_answer() {
    let world = World::start().await;
    let answer = world.ada().await;
    world.provider.script([RedirectFromToken]);
    let response = world.try_token(&[("code", answer.code())]).await.unwrap();
    assert_eq!(response.status(), 307);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let response = world.client.post(location).body("").send().await.unwrap();
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn several_at_once() {
    let world = World::start().await;
    world.provider.script([NoEmail, Subject("other".to_owned()), WrongAzp, Slow(Duration::from_millis(1))]);
    let claims = parts(id_token(&world.sign_in().await)).1;
    assert_eq!(
        (claims.get("email"), &claims["sub"], &claims["azp"]),
        (None, &json!("other"), &json!("another-client"))
    );
}
