//! Applications that speak no OpenID Connect, behind a proxy that asks us about every request (forward-auth).
//!
//! To everybody else such an application is a client like any other: its people come to the authorization endpoint with
//! PKCE, and its code becomes an authorization the way every code does. Only its client is ourselves, on paths of the
//! application's origin that the proxy hands to us; and what the browser keeps there is no token but a cookie that names
//! the authorization, so that every request asks again whether that stands.

use crate::authorize::Code;
use crate::caller::Caller;
use crate::flow::{Fault, FaultKind};
use crate::journeys::{FLOW_LIFETIME, Journeys};
use crate::surface::{Cookies, forget, set};
use crate::{ApplyError, TokenFault, Unavailable, digest, local_path};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use linking::{Reason, decide_entry};
use model::{Actor, AuthorizationId, Change, ClientQueryBy, FactsQuery, Micros, Plan};
use protocol::oauth::{Client, Parameters, Person, identity_headers, s256};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use url::{Url, form_urlencoded};

/// Asked by the proxy for each request.
pub const CHECK: &str = "/selfsame/auth";
/// The same, for proxies that hand our answer to the browser.
pub const CHECK_OR_START: &str = "/selfsame/auth-or-start";
/// Where people who are not signed in are sent, with `rd`: where they wanted to go.
pub const START: &str = "/selfsame/start";
pub const CALLBACK: &str = "/selfsame/callback";
pub const SIGN_OUT: &str = "/selfsame/sign-out";
/// All that a proxy hands to us.
const OURS: &str = "/selfsame";

/// A browser on its way in, bound to it by a secret in its cookie.
#[derive(Serialize, Deserialize)]
struct Start {
    /// RFC 7636 §4.1.
    verifier: String,
    to: String,
    expires_at: Micros,
}

/// Where the browser goes, and with which cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub to: String,
    pub cookies: Vec<String>,
}

/// What a proxy hears about one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Names and values of headers for the application.
    Open(Vec<(&'static str, String)>),
    /// Signing in may open it.
    Closed,
    /// Signing in again would not.
    Forbidden,
}

/// Cookies on the application's origin. Their names hold its id, because cookies know no ports.
fn cookies<'a>(client: &Client, header: Option<&'a str>) -> Cookies<'a> {
    Cookies::new(header, origin(client).starts_with("https://"))
}

fn origin(client: &Client) -> &str {
    client.forward_auth.as_deref().unwrap_or_default()
}

fn start_name(client: &Client) -> String {
    format!("selfsame-start-{}", client.id)
}

fn entry_name(client: &Client) -> String {
    format!("selfsame-entry-{}", client.id)
}

fn browser_of(client: &Client, secret: &str) -> [u8; 32] {
    digest(&[client.id.as_bytes(), secret.as_bytes()])
}

/// A path of the application's (T40), and none of ours there: those would lead in a circle, or out.
fn target(text: &str) -> &str {
    let own = |path: &str| path == OURS || path.starts_with(&format!("{OURS}/"));
    let parsed = Url::parse("https://origin.invalid").and_then(|base| base.join(text));
    local_path(text).filter(|_| parsed.is_ok_and(|url| !own(url.path()))).unwrap_or("/")
}

/// `rd`, up to the end of the query: nginx cannot encode what it puts there, and a path with a query has its own `&`.
fn wanted(query: &str) -> String {
    let rest = query.strip_prefix("rd=").or_else(|| query.split_once("&rd=").map(|(_, rest)| rest));
    match rest {
        None => String::new(),
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        Some(rest) => {
            let (encoded, _) = rest.split_once('&').unwrap_or((rest, ""));
            let pair = format!("rd={encoded}");
            form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
        }
    }
}

impl Journeys {
    /// The application that a proxy asks for, among those that are configured; nothing is ever made of what it says
    /// (T45). `hosts` and `schemes` are all values of the headers that name them: two applications, or plain HTTP where
    /// the application has https, are none.
    pub fn behind(&self, hosts: &[&str], schemes: &[&str]) -> Option<Arc<Client>> {
        let mut found: Option<&Arc<Client>> = None;
        for host in hosts {
            let Some(client) = self.clients().iter().find(|client| client.is_behind(host)) else { continue };
            if found.is_some_and(|other| other.id != client.id) {
                return None;
            }
            found = Some(client);
        }
        let client = found?;
        // `ws` and `wss` are what Traefik calls a connection that becomes a web socket.
        let own = if origin(client).starts_with("https://") { ["https", "wss"] } else { ["http", "ws"] };
        schemes.iter().all(|scheme| own.contains(scheme)).then(|| client.clone())
    }

    /// Where a browser starts that wanted to go to `path` of the application.
    pub fn start_of(client: &Client, path: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("rd", target(path)).finish();
        format!("{}{START}?{query}", origin(client))
    }

    /// To our authorization endpoint, as this client (RFC 6749 §4.1.1, RFC 7636). Nothing is stored: what comes back is
    /// sealed in `state`, and opens for this browser alone (T31).
    pub fn start_entry(
        &self,
        client: &Client,
        cookie: Option<&str>,
        query: &str,
        authorization_endpoint: &str,
    ) -> Result<Moved, Fault> {
        let cookies = cookies(client, cookie);
        let text = || URL_SAFE_NO_PAD.encode(self.random().bytes::<32>());
        // Several tabs start at once, and each comes back: they share the browser's secret.
        let secret =
            cookies.get(&start_name(client)).filter(|known| known.len() == 43).map_or_else(text, str::to_owned);
        let wanted = wanted(query);
        let start = Start { verifier: text(), to: target(&wanted).to_owned(), expires_at: self.now() + FLOW_LIFETIME };
        let browser = browser_of(client, &secret);
        let sealed = self.keys.seal_value("forward-start", &browser, &start, self.random());
        let state = sealed.map_err(|_| Fault::unavailable())?;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", client.redirect_uris.first().map_or("", |uri| uri))
            .append_pair("response_type", "code")
            .append_pair("scope", &client.scopes.join(" "))
            .append_pair("code_challenge", &s256(&start.verifier))
            .append_pair("code_challenge_method", "S256")
            .append_pair("state", &state)
            .finish();
        Ok(Moved {
            to: format!("{}{authorization_endpoint}?{query}", self.issuer),
            cookies: vec![set(cookies.secure, &start_name(client), &secret, FLOW_LIFETIME)],
        })
    }

    /// The browser is back with a code. It is redeemed as at the token endpoint: one read, one write.
    pub async fn enter(&self, client: &Arc<Client>, cookie: Option<&str>, query: &str) -> Result<Moved, Fault> {
        let cookies = cookies(client, cookie);
        let answer = Parameters::parse(query.as_bytes()).map_err(|_| Fault::flow("bad_request"))?;
        let start = self.open_start(client, cookies, &answer)?;
        if answer.get("iss") != Some(&*self.issuer) {
            return Err(Fault::flow("flow_forged"));
        }
        let Some(code) = answer.get("code") else {
            return Err(match answer.get("error") {
                Some("access_denied") => Fault::new(FaultKind::Provider, "provider_cancelled"),
                Some("temporarily_unavailable" | "server_error") => Fault::unavailable(),
                _ => Fault::flow("bad_request"),
            });
        };
        let redirect_uri = client.redirect_uris.first().map_or("", |uri| uri);
        let caller = Caller::ourselves(client);
        let code: Code = self
            .open_code(&caller, code, redirect_uri, Some(&start.verifier))
            .map_err(|_| Fault::flow("flow_forged"))?;
        // The same checks at the end as at the start (T40).
        let to = format!("{}{}", origin(client), target(&start.to));
        if self.entry_of(client, cookies) == Some(AuthorizationId::from_bytes(*code.id.as_bytes())) {
            // The address was opened again by the browser that it let in: no second use of the code.
            return Ok(Moved { to, cookies: Vec::new() });
        }
        let new = match self.redeem(&caller, &code).await {
            Ok(redeemed) => redeemed.new,
            Err(TokenFault::Unavailable | TokenFault::Wait(_)) => return Err(Fault::unavailable()),
            Err(TokenFault::Refused(_)) => return Err(Fault::flow("flow_expired")),
        };
        let sealed = self.keys.seal_value("forward-auth", client.id.as_bytes(), &new.id, self.random());
        let sealed = sealed.map_err(|_| Fault::unavailable())?;
        let cookies = vec![set(cookies.secure, &entry_name(client), &sealed, new.expires_at - self.now())];
        Ok(Moved { to, cookies })
    }

    fn open_start(&self, client: &Client, cookies: Cookies<'_>, answer: &Parameters) -> Result<Start, Fault> {
        let name = start_name(client);
        let secret = cookies.get(&name).ok_or_else(|| Fault::flow("flow_expired"))?;
        let state = answer.get("state").ok_or_else(|| Fault::flow("flow_forged"))?;
        let opened = self.keys.open_value("forward-start", &browser_of(client, secret), state);
        let start: Start = opened.map_err(|_| Fault::flow("flow_forged"))?;
        if start.expires_at > self.now() { Ok(start) } else { Err(Fault::flow("flow_expired")) }
    }

    /// The authorization that the browser's cookie names, whether it stands or not.
    fn entry_of(&self, client: &Client, cookies: Cookies<'_>) -> Option<AuthorizationId> {
        let name = entry_name(client);
        self.keys.open_value("forward-auth", client.id.as_bytes(), cookies.get(&name)?).ok()
    }

    /// May this request pass? One read; none without a cookie of ours.
    pub async fn entry(&self, client: &Arc<Client>, cookie: Option<&str>) -> Result<Entry, Unavailable> {
        let Some(id) = self.entry_of(client, cookies(client, cookie)) else { return Ok(Entry::Closed) };
        let of_client = Self::client_query(client, ClientQueryBy::Authorization(id));
        let (facts, known) = self.store.facts_for_client(&FactsQuery::default(), &of_client).await?;
        let Some(given) = &known.authorization else { return Ok(Entry::Closed) };
        let (actor, browser) = (Actor::System, Caller::ourselves(client).browser());
        let context = self.context(None, &actor, &browser);
        let terms = Self::terms(client, &given.scope, "", self.session_lifetime);
        let decision = decide_entry(&context, &facts, &known, &terms);
        if !decision.outcome {
            return Ok(match decision.reason {
                Reason::UserInactive | Reason::MethodNotAllowed => Entry::Forbidden,
                _ => Entry::Closed,
            });
        }
        let user = facts.user(given.user);
        let address = user.and_then(|user| user.addresses.first()).map(|known| known.address.to_string());
        // What the client may not ask for any more it does not get any more.
        let scope = client.still_allowed(&given.scope);
        let name = user.map_or("", |user| &*user.name);
        let person = Person { sub: &given.sub, name, address: address.as_deref(), scope: &scope };
        Ok(Entry::Open(identity_headers(&person)))
    }

    /// Ends what this browser was let in by, and gives the cookies that forget it. One write.
    pub async fn leave_entry(&self, client: &Client, cookie: Option<&str>) -> Result<Vec<String>, Fault> {
        let cookies = cookies(client, cookie);
        if let Some(authorization) = self.entry_of(client, cookies) {
            self.end_entry(authorization).await?;
        }
        Ok(vec![forget(cookies.secure, &entry_name(client)), forget(cookies.secure, &start_name(client))])
    }

    /// A race that was lost has written nothing, so the door would still be open.
    async fn end_entry(&self, authorization: AuthorizationId) -> Result<(), Fault> {
        for _ in 0..3 {
            let plan = Plan { changes: vec![Change::EndAuthorization { authorization }] };
            match self.store.apply(plan).await {
                Ok(()) => return Ok(()),
                Err(ApplyError::Conflict(_)) => {}
                Err(ApplyError::Unavailable(_)) => break,
            }
        }
        Err(Fault::unavailable())
    }
}

#[cfg(test)]
mod tests {
    use super::{target, wanted};

    #[test]
    fn t40_whoever_comes_in_goes_to_a_path_of_the_application() {
        for (query, to) in [
            ("rd=/page?a=1&b=/x", "/page?a=1&b=/x"),
            ("rd=%2Fpage%3Fa%3D1%26b%3D2", "/page?a=1&b=2"),
            ("x=1&rd=/page", "/page"),
            ("rd=%2Fpage&x=1", "/page"),
            ("", "/"),
            ("rd=", "/"),
            ("rd=https://evil.example/", "/"),
            ("rd=//evil.example/", "/"),
            ("rd=%2F%2Fevil.example", "/"),
            ("rd=/%5Cevil.example", "/%5Cevil.example"),
            ("rd=%2F%5Cevil.example", "/"),
            ("rd=/\\evil.example", "/"),
            ("rd=%2Fa%0D%0Ab", "/"),
            ("rd=/selfsame/sign-out", "/"),
            ("rd=/x/../selfsame/sign-out", "/"),
            ("rd=/x/%2e%2e/selfsame", "/"),
            ("rd=/selfsame-notes", "/selfsame-notes"),
        ] {
            assert_eq!(target(&wanted(query)), to, "{query}");
        }
    }
}
