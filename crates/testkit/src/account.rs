//! Shortcuts to accounts: what an operator asks, what a session check answers, the steps that many tests take.

use crate::browser::{ApiCall, Browser};
use crate::page::Page;
use crate::world::{ORIGIN, World};
use axum::http::{Method, header};
use model::LinkId;
use selfsame::admin::{Operation, Refusal, Who};
use serde_json::Value;
use url::Url;

/// The secret of the application in tests; its digest is [`challenge`].
pub const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";

/// S256 of [`VERIFIER`].
pub fn challenge() -> String {
    flows::s256(VERIFIER)
}

impl World {
    /// As the operator `tester`.
    pub async fn operate(&self, operation: Operation) -> Result<Value, Refusal> {
        self.server.admin.run(operation, "tester").await
    }

    pub fn named(&self, address: &str) -> Who {
        address.parse().expect("an address or a user's id")
    }

    /// What `user show` says.
    pub async fn user(&self, address: &str) -> Value {
        let shown = self.operate(Operation::UserShow { user: self.named(address) }).await;
        shown.unwrap_or_else(|refusal| panic!("{address}: {refusal}"))
    }

    /// The newest link of this user through `connection` that was not removed.
    pub async fn link_of(&self, address: &str, connection: &str) -> LinkId {
        let user = self.user(address).await;
        let links = user["links"].as_array().expect("a list");
        let found = links.iter().rfind(|link| link["connection"] == connection && link["state"] != "removed");
        let found = found.unwrap_or_else(|| panic!("no link through {connection}: {user}"));
        found["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
    }

    /// Whether the session check of a browser with this secret says that somebody is signed in.
    pub async fn is_live(&self, secret: &str) -> bool {
        let cookie = format!("__Host-session={secret}");
        let call = self.browser().call("GET", "/api/v1/session", None, &[("cookie", cookie)]).await;
        assert!(matches!(call.status.as_u16(), 200 | 401), "{call:?}");
        call.status == 200
    }

    /// Whether an application with this token is told that somebody is signed in.
    pub async fn opens(&self, token: &str) -> bool {
        let call = self.with_token("GET", "/api/v1/session", None, token).await;
        assert!(matches!(call.status.as_u16(), 200 | 401), "{call:?}");
        call.status == 200
    }

    /// A call of an application.
    pub async fn with_token(&self, method: &str, path: &str, json: Option<Value>, token: &str) -> ApiCall {
        self.browser().call(method, path, json, &[("authorization", format!("Bearer {token}"))]).await
    }

    /// Reads and writes that requests have caused so far.
    pub fn reads_and_writes(&self) -> (u64, u64) {
        let counters = self.server.store.counters();
        (counters.reads, counters.writes)
    }

    /// Removes a link from the account page; a fresh session is needed.
    pub async fn remove(&self, browser: &mut Browser, link: LinkId) -> Page {
        let page = browser.get(&format!("/account/methods/remove?method={link}")).await;
        let form = page.form("/account/methods/remove");
        browser.submit(form).await
    }

    /// Steps up with the password, from wherever a step-up is asked for.
    pub async fn step_up(&self, browser: &mut Browser, password: &str) -> Page {
        let page = browser.get("/account/step-up").await;
        let form = page.form_with("/account/step-up", ("method", "password")).with("password", password);
        browser.press(form, "method", "password").await
    }

    pub async fn set_password(&self, browser: &mut Browser, password: &str) -> Page {
        let page = browser.get("/account/password").await;
        browser.submit(page.form("/account/password").with("password", password)).await
    }

    /// Starts a sign-in with a provider in `browser` and goes on until the provider sends it back: the URL it would open
    /// next.
    pub async fn until_callback(&self, browser: &mut Browser, which: &str, subject: &str) -> Url {
        browser.be(if which == "a" { &self.a } else { &self.b }, subject);
        let page = browser.get("/sign-in").await;
        let flow = page.hidden("flow").expect("a flow");
        let page = browser.post_once("/sign-in/start-provider", &[("flow", &flow), ("connection", which)]).await;
        self.back_from_provider(browser, page).await
    }

    /// From the redirect to a provider to the redirect back.
    pub async fn back_from_provider(&self, browser: &mut Browser, mut page: Page) -> Url {
        for _ in 0..6 {
            let location = page.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            let location = location.unwrap_or_else(|| panic!("no redirect: {} {}", page.url, page.body));
            let next = page.url.join(location).expect("a URL");
            if next.as_str().starts_with(&format!("{ORIGIN}/callback/")) {
                return next;
            }
            page = browser.once(Method::GET, next, None).await;
        }
        panic!("the provider does not send the person back");
    }

    /// Whoever is signed in in `browser` continues to the application `notes`: the one-time code.
    pub async fn handover_code(&self, browser: &mut Browser) -> String {
        let page = browser.get(&self.handover_start()).await;
        let page = browser.press(page.form("/sign-in/continue"), "choice", "continue").await;
        assert_eq!(page.url.host_str(), Some("notes.example"), "{}", page.body);
        let code = page.url.query_pairs().find(|(name, _)| name == "code");
        code.expect("a code").1.into_owned()
    }

    /// Where the application `notes` sends people.
    pub fn handover_start(&self) -> String {
        format!("/sign-in?application=notes&redirect_uri=https://notes.example/cb&challenge={}&state=st", challenge())
    }

    pub async fn redeem(&self, code: &str) -> ApiCall {
        let body = serde_json::json!({ "code": code, "verifier": VERIFIER });
        self.browser().call("POST", "/api/v1/handover", Some(body), &[]).await
    }

    /// The application's own session beside the one in `browser`.
    pub async fn token(&self, browser: &mut Browser) -> String {
        let code = self.handover_code(browser).await;
        let call = self.redeem(&code).await;
        call.json["token"].as_str().unwrap_or_else(|| panic!("{call:?}")).to_owned()
    }
}
