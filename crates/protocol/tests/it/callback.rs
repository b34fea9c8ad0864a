//! The authorization request and its response.

use crate::support::*;
use aws_lc_rs::digest;
use model::{ConnectionId, Secret};
use protocol::oidc::{
    Algorithm, Attempt, CallbackParams, ClientSettings, Document, OidcError, ProviderErrorCode, authorization_url,
    check_callback,
};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

fn checked(query: &str, announces_issuer: bool) -> Result<String, OidcError> {
    let params = CallbackParams::from_query(&query.replace("STATE", &attempt().state))?;
    check_callback(&settings(Algorithm::RS256), &metadata(announces_issuer), &attempt(), &params)
        .map(Secret::into_exposed)
}

fn request(settings: &ClientSettings, attempt: &Attempt) -> BTreeMap<String, String> {
    let url = authorization_url(settings, &metadata(false), attempt).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let map: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(map.len(), pairs.len(), "a parameter comes twice: {url}");
    map
}

#[test]
fn a_good_answer_yields_the_code() {
    assert_eq!(checked("code=c&state=STATE", false).unwrap(), "c");
    assert_eq!(checked("code=c&state=STATE&iss=https%3A%2F%2Fid.example&session_state=x", true).unwrap(), "c");
}

#[test]
fn a_forged_or_broken_answer_is_refused() {
    for (query, expected) in [
        ("code=c", OidcError::StateMismatch),
        ("code=c&state=", OidcError::StateMismatch),
        ("code=c&state=STATEx", OidcError::StateMismatch),
        ("error=access_denied&state=x", OidcError::StateMismatch),
        ("state=STATE", OidcError::CodeMissing),
        ("state=STATE&code=", OidcError::CodeMissing),
        ("state=STATE&code=a&code=a", OidcError::DuplicateParameter),
        ("state=STATE&state=STATE&code=a", OidcError::DuplicateParameter),
        ("state=STATE&error=access_denied", OidcError::Denied),
        ("state=STATE&error=access_denied&code=c", OidcError::Denied),
        ("state=STATE&error=user_cancelled_login", OidcError::Denied),
        ("state=STATE&error=server_error", OidcError::ProviderError(ProviderErrorCode::ServerError)),
        ("state=STATE&error=%3Cscript%3E", OidcError::ProviderError(ProviderErrorCode::Other)),
    ] {
        assert_eq!(checked(query, false).unwrap_err(), expected, "{query}");
    }
    let long = format!("state=STATE&code={}", "a".repeat(9000));
    assert_eq!(checked(&long, false).unwrap_err(), OidcError::TooLarge(Document::Callback));
    // What a browser brings is never taken for a failure that our own server saw.
    assert!(!checked("state=STATE&error=temporarily_unavailable", false).unwrap_err().is_unavailable());
}

#[test]
fn t35_issuer_of_the_response_is_the_expected_one() {
    let mismatch = OidcError::IssuerMismatch(Document::Callback);
    for (query, announced, expected) in [
        ("code=c&state=STATE", true, OidcError::IssuerMissing),
        ("error=access_denied&state=STATE", true, OidcError::IssuerMissing),
        ("code=c&state=STATE&iss=https://evil.example", true, mismatch),
        ("code=c&state=STATE&iss=https://evil.example", false, mismatch),
        ("code=c&state=STATE&iss=https://id.example/", true, mismatch),
        ("code=c&state=STATE&iss=", false, mismatch),
        ("error=access_denied&state=STATE&iss=https://evil.example", false, mismatch),
    ] {
        assert_eq!(checked(query, announced).unwrap_err(), expected, "{query}");
    }
    // The attempt was started elsewhere, or in another epoch of this connection.
    let params = CallbackParams::from_query(&format!("code=c&state={}", attempt().state)).unwrap();
    for stale in
        [Attempt { connection: ConnectionId::parse("other").unwrap(), ..attempt() }, Attempt { epoch: 2, ..attempt() }]
    {
        let connection = settings(Algorithm::RS256);
        let result = check_callback(&connection, &metadata(false), &stale, &params);
        assert_eq!(result.unwrap_err(), OidcError::StaleAttempt);
        let result = authorization_url(&connection, &metadata(false), &stale);
        assert_eq!(result.unwrap_err(), OidcError::StaleAttempt);
    }
}

#[test]
fn t38_request_carries_challenge_and_nonce() {
    let attempt = attempt();
    let sent = request(&settings(Algorithm::RS256), &attempt);
    let challenge = b64(digest::digest(&digest::SHA256, attempt.verifier.expose().as_bytes()));
    assert_eq!(sent["code_challenge"], challenge);
    assert_eq!(sent["code_challenge_method"], "S256");
    assert_eq!(sent["nonce"], *attempt.nonce.expose());
    assert_eq!(sent["state"], attempt.state);
    assert_eq!(sent["response_type"], "code");
    assert_eq!(sent["client_id"], CLIENT);
    assert_eq!(sent["redirect_uri"], "https://selfsame.example/callback/idp");
    assert_eq!(sent["tenant"], "7", "the endpoint's own query stays");
    assert!(!sent.values().any(|value| value == attempt.verifier.expose()));
    for name in ["prompt", "max_age", "login_hint"] {
        assert!(!sent.contains_key(name), "{name}");
    }
    let exception = ClientSettings { pkce: false, ..settings(Algorithm::RS256) };
    assert!(!request(&exception, &attempt).contains_key("code_challenge"));
}

#[test]
fn wishes_of_the_attempt_are_sent() {
    let attempt =
        Attempt { select_account: true, max_age: Some(0), login_hint: Some("a&b@c.example".into()), ..attempt() };
    let connection = ClientSettings { scopes: vec!["email".into()], ..settings(Algorithm::RS256) };
    let sent = request(&connection, &attempt);
    assert_eq!(sent["prompt"], "select_account");
    assert_eq!(sent["max_age"], "0");
    assert_eq!(sent["login_hint"], "a&b@c.example");
    assert_eq!(sent["scope"], "openid email");
}

#[test]
fn t63_attempt_holds_256_bits_each_from_the_given_source() {
    let random = Counting::default();
    let id = ConnectionId::parse("idp").unwrap();
    let (a, b) = (Attempt::new(&random, NOW, &id, 1), Attempt::new(&random, NOW, &id, 1));
    assert_eq!(random.0.load(Ordering::Relaxed), 2 * 3 * 32);
    let mut values: Vec<&str> = [&a, &b]
        .into_iter()
        .flat_map(|attempt| [attempt.state.as_str(), attempt.nonce.expose(), attempt.verifier.expose()])
        .collect();
    assert!(values.iter().all(|value| value.len() == 43), "RFC 7636 §4.1 wants 43 to 128");
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 6);
}

#[test]
fn attempt_survives_sealing_and_hides_from_logs() {
    let attempt = Attempt { max_age: Some(60), login_hint: Some("ada@example.org".into()), ..attempt() };
    let sealed = serde_json::to_vec(&attempt).unwrap();
    assert_eq!(serde_json::from_slice::<Attempt>(&sealed).unwrap(), attempt);
    let logged = format!("{attempt:?}");
    for secret in [&attempt.state, attempt.nonce.expose(), attempt.verifier.expose(), "ada@example.org"] {
        assert!(!logged.contains(secret), "{logged}");
    }
    let params = CallbackParams::from_query("code=hush&state=hush&error_description=hush").unwrap();
    assert!(!format!("{params:?}").contains("hush"));
}
