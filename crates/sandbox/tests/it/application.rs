//! The example application against a provider that does what it should, and against one that does not.

use crate::world::{ADA, CLIENT_ID, CLIENT_SECRET, Seeded, World, listener, run};
use model::Secret;
use sandbox::application::{ApplicationSettings, application};
use sandbox::provider::{Behaviour, Endpoint};
use std::sync::Arc;
use url::Url;

struct Notes {
    provider: World,
    origin: String,
    client: reqwest::Client,
}

impl Notes {
    async fn start() -> Self {
        let (on, port) = listener().await;
        let origin = format!("http://notes.localhost:{port}");
        let callback = format!("{origin}/callback");
        let provider = World::start_with(|settings| settings.redirect_uris = vec![callback]).await;
        let settings = ApplicationSettings {
            id: CLIENT_ID.to_owned(),
            secret: Secret::new(CLIENT_SECRET.to_owned()),
            name: "Notes".to_owned(),
            server_origin: provider.origin.clone(),
            own_origin: origin.clone(),
        };
        run(on, application(settings, provider.clock.clone(), Arc::new(Seeded::new(2))));
        Self { provider, origin, client: sandbox::loopback::client() }
    }

    async fn get(&self, path: &str, cookie: &str) -> reqwest::Response {
        self.client.get(format!("{}{path}", self.origin)).header("cookie", cookie).send().await.unwrap()
    }

    async fn page(&self, cookie: &str) -> String {
        self.get("/", cookie).await.text().await.unwrap()
    }

    async fn post(&self, path: &str, cookie: &str, origin: &str) -> reqwest::Response {
        let request = self.client.post(format!("{}{path}", self.origin));
        request.header("cookie", cookie).header("origin", origin).send().await.unwrap()
    }

    /// The browser's cookie, and the answer that the provider gives it to carry back.
    async fn answered(&self) -> (String, Url) {
        let response = self.post("/sign-in", "", &self.origin).await;
        assert_eq!(response.status(), 303);
        let mut to = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        to.query_pairs_mut().append_pair("x_person", ADA);
        let answer = self.client.get(to).send().await.unwrap();
        let location = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        (cookies(&response), location)
    }

    async fn come_back(&self, cookie: &str, answer: &Url) -> reqwest::Response {
        self.get(&format!("/callback?{}", answer.query().unwrap()), cookie).await
    }

    async fn sign_in(&self) -> String {
        let (cookie, answer) = self.answered().await;
        let response = self.come_back(&cookie, &answer).await;
        assert_eq!((response.status().as_u16(), &response.headers()["location"]), (303, &"/".parse().unwrap()));
        // A repeat finds nothing to finish.
        assert_eq!(self.come_back(&cookie, &answer).await.status(), 400);
        cookies(&response)
    }
}

fn cookies(response: &reqwest::Response) -> String {
    let values = response.headers().get_all("set-cookie").iter();
    let pairs = values.map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned());
    pairs.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn a_person_signs_in_and_out() {
    let notes = Notes::start().await;
    assert!(notes.page("").await.contains("Sign in"));
    let cookie = notes.sign_in().await;
    let page = notes.page(&cookie).await;
    assert!(page.contains("Hello, Ada") && page.contains("ada@example.test") && page.contains("/account"), "{page}");
    assert!(notes.provider.provider.issued().iter().all(|secret| !page.contains(secret)), "t113");

    assert_eq!(notes.post("/sign-out", &cookie, "http://evil.localhost").await.status(), 403);
    assert!(notes.page(&cookie).await.contains("Hello"));
    assert_eq!(notes.post("/sign-out", &cookie, &notes.origin).await.status(), 303);
    assert!(!notes.page(&cookie).await.contains("Hello"));
}

#[tokio::test]
async fn an_answer_to_another_browser_is_refused() {
    let notes = Notes::start().await;
    let (cookie, answer) = notes.answered().await;
    let other = Url::parse(&answer.as_str().replace("state=", "state=x")).unwrap();
    let bare = Url::parse(&format!("{}/callback?code=x", notes.origin)).unwrap();
    for (cookie, answer) in [("", &answer), (cookie.as_str(), &other), (cookie.as_str(), &bare), ("", &bare)] {
        assert_eq!(notes.come_back(cookie, answer).await.status(), 400, "{answer}");
    }
    assert_eq!(notes.post("/sign-in", "", "http://evil.localhost").await.status(), 403);
}

#[tokio::test]
async fn what_a_library_has_to_refuse_is_refused() {
    for behaviour in [
        Behaviour::WrongNonce,
        Behaviour::MissingNonce,
        Behaviour::WrongAudience,
        Behaviour::WrongIssuerInToken,
        Behaviour::Expired,
        Behaviour::Unsigned,
        Behaviour::HmacWithPublicKey,
        Behaviour::WrongKey,
    ] {
        let notes = Notes::start().await;
        notes.provider.provider.script([behaviour.clone()]);
        let (cookie, answer) = notes.answered().await;
        let response = notes.come_back(&cookie, &answer).await;
        assert_eq!(response.status(), 400, "{behaviour:?}");
        assert!(response.text().await.unwrap().contains("Sign in"), "there is a way on: {behaviour:?}");
    }
    let notes = Notes::start().await;
    let cookie = notes.sign_in().await;
    notes.provider.provider.script([Behaviour::UserinfoOtherSub]);
    assert!(notes.page(&cookie).await.contains("has ended"), "t60");
}

#[tokio::test]
async fn refusals_and_ends_have_a_way_on() {
    let notes = Notes::start().await;
    notes.provider.provider.script([Behaviour::ErrorAnswer("access_denied".to_owned())]);
    let (cookie, answer) = notes.answered().await;
    assert!(notes.come_back(&cookie, &answer).await.text().await.unwrap().contains("You were not signed in"));

    let notes = Notes::start().await;
    let (cookie, answer) = notes.answered().await;
    let wrong = Url::parse(&answer.as_str().replace("code=", "code=x")).unwrap();
    assert_eq!(notes.come_back(&cookie, &wrong).await.status(), 400);

    let cookie = notes.sign_in().await;
    for endpoint in [Endpoint::UserInfo, Endpoint::Discovery] {
        notes.provider.provider.script_at(endpoint, [Behaviour::ServerError]);
        assert_eq!(notes.get("/", &cookie).await.status(), 502, "{endpoint:?}");
        notes.provider.provider.script_at(endpoint, []);
    }
    notes.provider.provider.script_at(Endpoint::Discovery, [Behaviour::ServerError]);
    assert_eq!(notes.post("/sign-out", &cookie, &notes.origin).await.status(), 502, "and stays signed in");
    assert_eq!(notes.post("/sign-in", "", &notes.origin).await.status(), 502);
    notes.provider.provider.script_at(Endpoint::Discovery, []);
    assert!(notes.page(&cookie).await.contains("Hello"));
    // An access token that is too old, and no other way to ask.
    notes.provider.clock.turn(24 * 3600);
    assert!(notes.page(&cookie).await.contains("has ended"));
}
