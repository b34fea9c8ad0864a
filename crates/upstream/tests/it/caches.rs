//! What is asked how often, and what is kept when asking fails.

use crate::provider::{Answer, KEYS, METADATA, Provider, TOKEN};
use model::{DAY, HOUR, Micros, SECOND};
use protocol::oidc::OidcError;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn t58_rotated_keys_are_found_and_a_flood_of_unknown_ids_is_not_passed_on() {
    let provider = Provider::start().await;
    provider.redeem().await.unwrap();
    assert_eq!(provider.count(KEYS), 1);

    // The provider rotates: the first token with the new id fetches the new keys.
    provider.sign_with("k2");
    provider.publish("k2");
    provider.redeem().await.unwrap();
    assert_eq!(provider.count(KEYS), 2);

    // Tokens with ids that nobody published: no fetch before a minute has passed, then one.
    provider.sign_with("flood");
    for minute in 0..3 {
        for _ in 0..20 {
            assert_eq!(provider.redeem().await.unwrap_err(), OidcError::UnknownKey);
        }
        assert_eq!(provider.count(KEYS), 2 + minute, "minute {minute}");
        provider.clock.advance(SECOND.times(59));
        provider.redeem().await.unwrap_err();
        assert_eq!(provider.count(KEYS), 2 + minute, "still minute {minute}");
        provider.clock.advance(SECOND);
    }
    // The good keys are still there.
    provider.sign_with("k2");
    provider.redeem().await.unwrap();
}

#[tokio::test]
async fn t58_last_good_keys_stay_when_new_ones_are_bad() {
    for bad in [
        Answer::Json(500, json!({})),
        Answer::Json(200, json!({"keys": []})),
        Answer::Text(200, "text/html", "<html>".into()),
        Answer::Redirect("https://evil.example/jwks".into()),
    ] {
        let provider = Provider::start().await;
        provider.redeem().await.unwrap();
        provider.answer(KEYS, bad);
        provider.sign_with("unknown");
        assert_eq!(provider.redeem().await.unwrap_err(), OidcError::UnknownKey);
        provider.sign_with("k1");
        provider.redeem().await.unwrap();
        // Stale as well, but not for ever: a key that was withdrawn must not live on.
        provider.clock.advance(HOUR.times(2));
        provider.redeem().await.unwrap();
        provider.clock.advance(DAY);
        provider.redeem().await.unwrap_err();
        provider.answer_properly(KEYS);
        provider.clock.advance(SECOND.times(5));
        provider.redeem().await.unwrap();
    }
}

#[tokio::test]
async fn many_callers_make_one_fetch() {
    let provider = Provider::start().await;
    provider.delay(Duration::from_millis(100));
    let attempt = provider.attempt();
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let (connections, id, attempt) = (provider.connections.clone(), provider.id.clone(), attempt.clone());
            tokio::spawn(async move { connections.authorize(&id, &attempt).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(provider.count(METADATA), 1);
}

#[tokio::test]
async fn metadata_is_asked_for_once_an_hour() {
    let provider = Provider::start().await;
    let attempt = provider.attempt();
    provider.connections.authorize(&provider.id, &attempt).await.unwrap();
    provider.clock.advance(HOUR - Micros(1));
    provider.connections.authorize(&provider.id, &attempt).await.unwrap();
    assert_eq!(provider.count(METADATA), 1);
    provider.clock.advance(Micros(1));
    provider.connections.authorize(&provider.id, &attempt).await.unwrap();
    assert_eq!(provider.count(METADATA), 2);

    // Down: the last good one serves. Wrong: it does not.
    provider.clock.advance(HOUR);
    provider.answer(METADATA, Answer::Json(503, json!({})));
    provider.connections.authorize(&provider.id, &attempt).await.unwrap();
    provider.clock.advance(SECOND.times(5));
    let mut foreign = provider.metadata();
    foreign["issuer"] = "https://evil.example".into();
    provider.answer(METADATA, Answer::Json(200, foreign));
    let result = provider.connections.authorize(&provider.id, &attempt).await;
    assert_eq!(result.unwrap_err().code(), "upstream_issuer_mismatch");
}

#[tokio::test]
async fn a_down_provider_is_left_alone_for_some_seconds() {
    let provider = Provider::start().await;
    provider.answer(METADATA, Answer::Json(500, json!({})));
    let attempt = provider.attempt();
    for _ in 0..10 {
        let result = provider.connections.authorize(&provider.id, &attempt).await;
        assert_eq!(result.unwrap_err(), OidcError::Down);
    }
    assert_eq!(provider.count(METADATA), 1);
    provider.answer_properly(METADATA);
    provider.clock.advance(SECOND.times(5));
    provider.connections.authorize(&provider.id, &attempt).await.unwrap();
    assert_eq!(provider.count(METADATA), 2);
}

#[tokio::test]
async fn t111_callers_of_a_slow_provider_do_not_pile_up() {
    let provider = Provider::start().await;
    provider.redeem().await.unwrap();
    provider.answer(TOKEN, Answer::Slow(Duration::from_secs(5)));
    let provider = std::sync::Arc::new(provider);
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let provider = std::sync::Arc::clone(&provider);
            tokio::spawn(async move { provider.redeem().await.unwrap_err() })
        })
        .collect();
    let (mut busy, mut slow) = (0, 0);
    for call in calls {
        match call.await.unwrap() {
            OidcError::Busy => busy += 1,
            OidcError::Slow => slow += 1,
            other => panic!("{other}"),
        }
    }
    assert!(busy >= 100 && slow >= 64, "{busy} turned away, {slow} waited");
    // Nobody is locked out afterwards.
    provider.answer_properly(TOKEN);
    provider.redeem().await.unwrap();
}
