//! The OpenID Provider side: applications of every kind sign people in.

mod authorize;
mod budgets;
mod checks;
mod clients;
mod device;
mod forward_auth;
mod keys;
mod lifetime;
pub(crate) mod logout;
mod proofs;
mod registration;
mod standards;
mod tokens;
mod wishes;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use testkit::{ApiCall, Browser, CLIENT_SECRET, Engine, ORIGIN, Options, Page, VERIFIER, World, challenge};
use url::Url;

const CLIENTS: &str = r#"
[[clients]]
id = "shop"
name = "Shop"
secret = { file = "client-secret" }
redirect_uris = ["https://shop.example/cb"]
post_logout_redirect_uris = ["https://shop.example/bye"]

[[clients]]
id = "spa"
name = "Board"
redirect_uris = ["https://board.example/cb"]

[[clients]]
id = "own"
name = "Own"
secret = { file = "client-secret" }
redirect_uris = ["https://own.example/cb"]
first_party = true
require_pkce = false
access_tokens = "jwt"
algorithm = "EdDSA"

[[clients]]
id = "apart"
name = "Apart"
secret = { file = "client-secret" }
redirect_uris = ["https://apart.example/cb"]
first_party = true
pairwise = true
algorithm = "RS256"

[[clients]]
id = "robot"
name = "Robot"
secret = { file = "client-secret" }
grants = ["client_credentials"]
scopes = ["things:read", "things:write"]
introspection = true

[[clients]]
id = "tv"
name = "Television"
grants = ["device_code", "refresh_token"]

[[clients]]
id = "box"
name = "Box"
secret = { file = "client-secret" }
grants = ["device_code"]
first_party = true
"#;

pub(crate) fn options(engine: Engine) -> Options {
    let mut options = Options::on(engine);
    options.more.push_str(CLIENTS);
    options
}

/// A client's side of things.
#[derive(Clone, Copy)]
pub(crate) struct Client<'a> {
    pub world: &'a World,
    pub id: &'a str,
    /// Of one that the configuration does not have.
    own: Option<Own<'a>>,
}

#[derive(Clone, Copy)]
struct Own<'a> {
    secret: &'a str,
    redirect: &'a str,
}

pub(crate) fn redirect_of(client: &str) -> String {
    let host = if client == "spa" { "board" } else { client };
    format!("https://{host}.example/cb")
}

impl<'a> Client<'a> {
    pub fn new(world: &'a World, id: &'a str) -> Self {
        Self { world, id, own: None }
    }

    /// A client with this secret, and none where it is empty.
    pub fn of(world: &'a World, id: &'a str, secret: &'a str, redirect: &'a str) -> Self {
        Self { world, id, own: Some(Own { secret, redirect }) }
    }

    fn redirect(&self) -> String {
        self.own.map_or_else(|| redirect_of(self.id), |own| own.redirect.to_owned())
    }

    fn secret(&self) -> &'a str {
        self.own.map_or(if matches!(self.id, "spa" | "tv") { "" } else { CLIENT_SECRET }, |own| own.secret)
    }

    /// The address of a request, with what `more` changes or adds.
    pub fn request(&self, more: &[(&str, &str)]) -> String {
        let (redirect, challenge) = (self.redirect(), challenge());
        let mut fields = vec![
            ("client_id", self.id),
            ("redirect_uri", &redirect),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("state", "st & te"),
            ("nonce", "n-1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("/oauth2/authorize?{query}")
    }

    /// Asks in a browser that is signed in, says yes where asked, and gives where the browser ends.
    pub async fn ask(&self, browser: &mut Browser, more: &[(&str, &str)]) -> Page {
        let page = browser.get(&self.request(more)).await;
        if page.has_form("/oauth2/consent") {
            return browser.press(page.form("/oauth2/consent"), "choice", "allow").await;
        }
        page
    }

    /// The code at the end of [`Self::ask`].
    pub async fn code(&self, browser: &mut Browser, more: &[(&str, &str)]) -> String {
        let page = self.ask(browser, more).await;
        parameter(&page.url, "code").unwrap_or_else(|| panic!("no code: {} {}", page.url, page.body))
    }

    fn authorization(&self) -> Vec<(&'static str, String)> {
        if self.secret().is_empty() {
            return Vec::new();
        }
        let pair = STANDARD.encode(format!("{}:{}", self.id, self.secret()));
        vec![("authorization", format!("Basic {pair}"))]
    }

    /// A form to one of the endpoints, authenticated as the client is registered.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> ApiCall {
        let mut fields = fields.to_vec();
        if self.secret().is_empty() {
            fields.push(("client_id", self.id));
        }
        self.world.browser().send_form(path, &fields, &self.authorization()).await
    }

    pub async fn exchange(&self, code: &str) -> ApiCall {
        let redirect = self.redirect();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect),
            ("code_verifier", VERIFIER),
        ];
        self.post("/oauth2/token", &fields).await
    }

    /// Tokens for whoever is signed in in this browser.
    pub async fn tokens(&self, browser: &mut Browser, more: &[(&str, &str)]) -> Value {
        let code = self.code(browser, more).await;
        let call = self.exchange(&code).await;
        assert_eq!(call.status, 200, "{call:?}");
        call.json
    }

    pub async fn refresh(&self, token: &str) -> ApiCall {
        self.post("/oauth2/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub async fn userinfo(&self, token: &str) -> ApiCall {
        let bearer = [("authorization", format!("Bearer {token}"))];
        self.world.browser().call("GET", "/oauth2/userinfo", None, &bearer).await
    }

    pub async fn is_active(&self, token: &str) -> bool {
        let call = self.post("/oauth2/introspect", &[("token", token)]).await;
        assert_eq!(call.status, 200, "{call:?}");
        call.json["active"] == true
    }
}

/// Ada, signed in.
pub(crate) async fn signed_up(world: &World) -> Browser {
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", "ada@example.test").await;
    browser
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// What a token says; whether its signature is good is the business of the clients of `e2e`.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_else(|| panic!("no JWT: {token}"));
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// An error that went to the client by redirect.
pub(crate) fn error_at(page: &Page) -> String {
    assert_eq!(parameter(&page.url, "iss").as_deref(), Some(ORIGIN), "{}", page.url);
    parameter(&page.url, "error").unwrap_or_else(|| panic!("no error: {} {}", page.url, page.body))
}
