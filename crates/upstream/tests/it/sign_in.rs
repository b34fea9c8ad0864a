//! A provider that does as it should.

use crate::provider::{KEYS, METADATA, Provider, TOKEN, USERINFO, policy};
use model::{ConnectionId, Secret};
use protocol::oidc::{Attempt, CallbackParams, ClientSettings, OidcError, TokenAuth};
use upstream::{Connections, EgressPolicy};

#[tokio::test]
async fn a_sign_in_goes_through() {
    let provider = Provider::start_with(|settings| ClientSettings {
        token_auth: TokenAuth::Basic,
        client_secret: Some(Secret::new("s3cret".into())),
        fetch_userinfo: true,
        ..settings
    })
    .await;
    let attempt = provider.attempt();
    let url = provider.connections.authorize(&provider.id, &attempt).await.unwrap();
    assert!(url.as_str().starts_with(&format!("{}/authorize?", provider.issuer())), "{url}");

    let assertion = provider.redeem().await.unwrap();
    assert_eq!(assertion.identity().subject.as_str(), "subject-1");
    assert_eq!(assertion.mail().unwrap().address.as_str(), "ada@example.org");
    assert!(assertion.mail().unwrap().verified);
    assert_eq!(assertion.parts().display.name.as_deref(), Some("Ada Lovelace"));

    let requests = provider.take_requests();
    let paths: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, [METADATA, TOKEN, KEYS, USERINFO]);
    assert!(requests[1].authorization.as_deref().unwrap().starts_with("Basic "));
    assert!(requests[1].body.contains("code=the-code") && requests[1].body.contains("code_verifier="));
    assert_eq!(requests[3].authorization.as_deref(), Some("Bearer at-1"));
    assert!(requests[0].authorization.is_none() && requests[2].authorization.is_none());

    // Warm, starting sends nothing, and redeeming asks only for what belongs to this person.
    provider.connections.authorize(&provider.id, &attempt).await.unwrap();
    assert_eq!(provider.total(), 0);
    provider.redeem().await.unwrap();
    let paths: Vec<String> = provider.take_requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, [TOKEN, USERINFO]);
}

#[tokio::test]
async fn a_forged_callback_never_reaches_the_token_endpoint() {
    let provider = Provider::start().await;
    let attempt = provider.attempt();
    for (query, expected) in [
        ("code=c&state=forged".to_owned(), OidcError::StateMismatch),
        (format!("code=c&iss=https://evil.example&state={}", attempt.state), {
            OidcError::IssuerMismatch(protocol::oidc::Document::Callback)
        }),
        (format!("error=access_denied&state={}", attempt.state), OidcError::Denied),
    ] {
        let params = CallbackParams::from_query(&query).unwrap();
        let result = provider.connections.redeem(&provider.id, &attempt, &params).await;
        assert_eq!(result.unwrap_err(), expected, "{query}");
    }
    let stale = Attempt { epoch: 0, ..provider.attempt() };
    let params = CallbackParams::from_query(&format!("code=c&state={}", stale.state)).unwrap();
    let result = provider.connections.redeem(&provider.id, &stale, &params).await;
    assert_eq!(result.unwrap_err(), OidcError::StaleAttempt);
    assert_eq!(provider.count(TOKEN), 0);
    let unknown = ConnectionId::parse("nobody").unwrap();
    let result = provider.connections.authorize(&unknown, &attempt).await;
    assert_eq!(result.unwrap_err(), OidcError::UnknownConnection);
}

#[tokio::test]
async fn settings_are_checked_when_built() {
    let provider = Provider::start().await;
    let settings = provider.connections.settings(&provider.id).unwrap().clone();
    assert_eq!(provider.connections.ids().collect::<Vec<_>>(), [&provider.id]);
    let build = |settings, policy| Connections::new(settings, policy, provider.clock.clone()).map(|_| ());
    build(vec![settings.clone()], policy()).unwrap();
    assert!(build(vec![settings.clone(), settings.clone()], policy()).is_err(), "one id twice");
    assert!(build(vec![settings], EgressPolicy::default()).is_err(), "http outside the demonstration");
}
