//! A person at a browser: the requests of a journey, by pages or by the API.

use crate::cast::provider;
use crate::shown::Shown;
use axum::http::{Method, header};
use model::ConnectionId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::passkey::{Authenticator, asked};
use testkit::{Browser, ORIGIN, Page, World};
use url::Url;

/// By which surface a person walks. The provider's answer arrives at a page in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Pages,
    Api,
}

/// One request of a journey.
#[derive(Debug, Clone)]
pub enum Doing<'a> {
    Email(&'a str),
    Password(&'a str),
    SendCode,
    Code(&'a str),
    Separate,
    Switch,
    Confirm,
    SignUp { email: &'a str, password: &'a str },
}

/// A request that may be sent again, with the flows the browser held when it was sent first.
#[derive(Debug, Clone)]
pub struct Sent {
    what: Request,
    cookies: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
enum Request {
    Callback(Url),
    Form(String, Vec<(String, String)>),
    Api(String, Value),
}

/// A sign-in that came back from a provider and goes on.
#[derive(Debug, Clone)]
pub struct Journey {
    pub shown: Shown,
    /// The code that was mailed for it.
    pub code: Option<String>,
}

/// A link that was started: where the browser is sent, or why it is not.
#[derive(Debug, Clone)]
pub enum LinkStart {
    Away(Url),
    Refused(Shown),
}

pub struct Seat<'w> {
    pub world: &'w World,
    pub browser: Browser,
    pub by: By,
    pub journey: Option<Journey>,
    pub link: Option<LinkStart>,
    /// The last request that was sent in a journey.
    pub last: Option<Sent>,
    /// That of the journey which [`modelcheck::act::Act::Again`] presents once more.
    pub spent: Option<Sent>,
}

impl<'w> Seat<'w> {
    pub fn new(world: &'w World, browser: Browser, by: By) -> Self {
        Self { world, browser, by, journey: None, link: None, last: None, spent: None }
    }

    pub async fn call(&mut self, method: &str, path: &str, json: Option<Value>) -> testkit::ApiCall {
        self.browser.api(method, &format!("/api/v1{path}"), json, Some(ORIGIN)).await
    }

    /// Begins `sign_in`, `sign_up` or `step_up`.
    pub async fn begin(&mut self, kind: &str) -> Shown {
        match self.by {
            By::Pages => {
                let path = match kind {
                    "sign_up" => "/sign-up",
                    "step_up" => "/account/step-up",
                    _ => "/sign-in",
                };
                Shown::of_page(&self.browser.get(path).await)
            }
            By::Api => Shown::of_call(&self.call("POST", "/flows", Some(json!({ "kind": kind }))).await),
        }
    }

    fn remember(&mut self, what: Request) {
        self.last = Some(Sent { what, cookies: self.browser.our_cookies() });
    }

    /// One step of the journey that stands in `at`.
    pub async fn act(&mut self, at: &Shown, doing: Doing<'_>) -> Shown {
        let flow = at.flow().unwrap_or_default().to_owned();
        let request = match self.by {
            By::Pages => {
                let (path, fields) = form(at.state().unwrap_or_default(), &doing);
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
                Request::Form(path.to_owned(), std::iter::once(("flow".to_owned(), flow)).chain(fields).collect())
            }
            By::Api => Request::Api(flow, body(&doing)),
        };
        self.remember(request.clone());
        self.send(request).await
    }

    /// The answer of an authenticator to the question that stands here, whatever it asks of whom.
    pub async fn show_passkey(&mut self, at: &Shown, authenticator: &Authenticator) -> Shown {
        let flow = at.flow().unwrap_or_default().to_owned();
        let refused = || Shown::Refused("no passkey is asked for".to_owned());
        let request = match self.by {
            By::Pages => {
                let (page, form) = match at.state() {
                    Some("identify") => ("/sign-in".to_owned(), "/sign-in/passkey"),
                    Some("step_up") => ("/account/step-up".to_owned(), "/account/step-up"),
                    _ => (format!("/flow/{flow}"), "/sign-in/prove"),
                };
                let page = self.browser.get(&page).await;
                if !page.body.contains("data-passkey") {
                    return refused();
                }
                let (options, form) = asked(&page, form);
                let form = form.with("passkey", &authenticator.get(&options));
                Request::Form(form.action.path().to_owned(), form.fields)
            }
            By::Api => {
                let question = self.call("GET", &format!("/flows/{flow}"), None).await.json["passkey"].clone();
                if question.is_null() {
                    return refused();
                }
                let answer = authenticator.get(&question["options"]);
                let credential: Value = serde_json::from_str(&answer).expect("an answer is JSON");
                let ceremony = &question["ceremony"];
                let body = json!({ "action": "passkey", "ceremony": ceremony, "credential": credential });
                Request::Api(flow, body)
            }
        };
        self.remember(request.clone());
        self.send(request).await
    }

    /// Makes a credential for whoever is signed in, as the page asks for it. A user handle is kept only with a
    /// credential that was taken.
    pub async fn add_passkey(&mut self, authenticator: &mut Authenticator) -> Shown {
        let page = self.browser.get("/account/passkeys/add").await;
        if !page.body.contains("data-passkey") {
            return Shown::of_page(&page);
        }
        let (options, form) = asked(&page, "/account/passkeys/add");
        let before = authenticator.handle.clone();
        let form = form.with("passkey", &authenticator.create(&options)).with("name", "A phone");
        let shown = Shown::of_page(&self.browser.submit(form).await);
        if shown != Shown::Finished {
            authenticator.handle = before;
        }
        shown
    }

    async fn send(&mut self, request: Request) -> Shown {
        match request {
            Request::Callback(url) => self.arrive(url).await,
            Request::Form(path, fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                Shown::of_page(&self.browser.post(&path, &fields).await)
            }
            Request::Api(flow, body) => {
                let call = self.call("POST", &format!("/flows/{flow}"), Some(body)).await;
                Shown::of_call(&call)
            }
        }
    }

    /// Presents a spent journey again: the request that finished it, with the cookie the browser had then.
    pub async fn again(&mut self) -> Option<Shown> {
        let sent = self.spent.clone()?;
        let flows = sent.cookies.iter().filter(|(name, _)| name.starts_with("__Host-flow-"));
        flows.for_each(|(name, value)| self.browser.set_cookie(name, value));
        Some(self.send(sent.what).await)
    }

    /// Asks to be sent to a provider; `Err` is what came instead.
    pub async fn leave(&mut self, at: &Shown, connection: &str) -> Result<Url, Shown> {
        let flow = at.flow().unwrap_or_default().to_owned();
        match self.by {
            By::Pages => {
                let path = match at.state() {
                    Some("ask_proof") => "/sign-in/prove",
                    Some("step_up") => "/account/step-up",
                    _ => "/sign-in/start-provider",
                };
                let page = self.browser.post_once(path, &[("flow", &flow), ("connection", connection)]).await;
                self.away(page).await
            }
            By::Api => {
                let body = json!({ "action": "provider", "connection": connection });
                let call = self.call("POST", &format!("/flows/{flow}"), Some(body)).await;
                away_of(&call)
            }
        }
    }

    async fn away(&mut self, page: Page) -> Result<Url, Shown> {
        match location(&page) {
            Some(url) if url.origin().ascii_serialization() != ORIGIN => Ok(url),
            Some(url) => Err(Shown::of_page(&self.browser.get(url.as_str()).await)),
            None => Err(Shown::of_page(&page)),
        }
    }

    /// The consent page's button, or its request.
    pub async fn start_link(&mut self, id: &str) -> LinkStart {
        let started = match self.by {
            By::Pages => {
                let page = self.browser.get(&format!("/account/methods/connect?connection={id}")).await;
                match page.hidden("csrf").filter(|_| page.has_form("/account/methods/connect")) {
                    Some(csrf) => {
                        let fields = [("csrf", csrf.as_str()), ("connection", id)];
                        let page = self.browser.post_once("/account/methods/connect", &fields).await;
                        self.away(page).await
                    }
                    None => Err(Shown::of_page(&page)),
                }
            }
            By::Api => {
                let body = json!({ "kind": "link", "connection": ConnectionId::parse(id) });
                let begun = Shown::of_call(&self.call("POST", "/flows", Some(body)).await);
                match begun {
                    at @ Shown::At { .. } => self.leave(&at, id).await,
                    other => Err(other),
                }
            }
        };
        match started {
            Ok(url) => LinkStart::Away(url),
            Err(shown) => LinkStart::Refused(shown),
        }
    }

    /// At the provider as `identity`, who is sent back: the URL the browser would open next.
    pub async fn at_provider(&mut self, url: Url, identity: u8, subject: &str) -> Url {
        self.browser.be(provider(self.world, identity), subject);
        let mut next = url;
        for _ in 0..6 {
            if next.as_str().starts_with(&format!("{ORIGIN}/callback/")) {
                return next;
            }
            let page = self.browser.once(Method::GET, next, None).await;
            next = location(&page).unwrap_or_else(|| panic!("no redirect: {} {}", page.url, page.body));
        }
        panic!("the provider does not send the person back");
    }

    /// Opens the callback.
    pub async fn come_back(&mut self, callback: Url) -> Shown {
        self.remember(Request::Callback(callback.clone()));
        self.arrive(callback).await
    }

    async fn arrive(&mut self, callback: Url) -> Shown {
        let page = self.browser.once(Method::GET, callback, None).await;
        let Some(next) = location(&page) else { return Shown::of_page(&page) };
        match next.path().strip_prefix("/flow/").filter(|_| self.by == By::Api) {
            Some(flow) => {
                let path = format!("/flows/{flow}");
                Shown::of_call(&self.call("GET", &path, None).await)
            }
            None => Shown::of_page(&self.browser.get(next.as_str()).await),
        }
    }
}

fn away_of(call: &testkit::ApiCall) -> Result<Url, Shown> {
    let url = call.json["url"].as_str().and_then(|url| Url::parse(url).ok());
    url.filter(|_| call.json["state"] == "away").ok_or_else(|| Shown::of_call(call))
}

pub fn location(page: &Page) -> Option<Url> {
    let text = page.headers.get(header::LOCATION)?.to_str().ok()?;
    page.url.join(text).ok()
}

/// Where a form of this state posts, and what it holds beside the flow.
fn form<'a>(state: &str, doing: &Doing<'a>) -> (&'static str, Vec<(&'static str, &'a str)>) {
    let proving = match state {
        "ask_proof" => "/sign-in/prove",
        "step_up" => "/account/step-up",
        _ => "/sign-in/password",
    };
    match *doing {
        Doing::Email(email) => ("/sign-in/email", vec![("email", email)]),
        Doing::Password(password) => (proving, vec![("method", "password"), ("password", password)]),
        Doing::SendCode => (proving, vec![("method", "code")]),
        Doing::Code(code) => ("/sign-in/code", vec![("code", code)]),
        Doing::Separate => ("/sign-in/continue-without", Vec::new()),
        Doing::Switch => ("/sign-in/switch", vec![("choice", "switch")]),
        Doing::Confirm => ("/sign-in/confirm-link", vec![("choice", "connect")]),
        Doing::SignUp { email, password } => ("/sign-up", vec![("name", ""), ("email", email), ("password", password)]),
    }
}

fn body(doing: &Doing<'_>) -> Value {
    match doing {
        Doing::Email(email) => json!({ "action": "email", "email": email }),
        Doing::Password(password) => json!({ "action": "password", "password": password }),
        Doing::SendCode => json!({ "action": "send_code" }),
        Doing::Code(code) => json!({ "action": "code", "code": code }),
        Doing::Separate => json!({ "action": "separate" }),
        Doing::Switch => json!({ "action": "switch" }),
        Doing::Confirm => json!({ "action": "confirm" }),
        Doing::SignUp { email, password } => json!({ "action": "sign_up", "email": email, "password": password }),
    }
}
