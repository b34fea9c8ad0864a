//! The one client for outgoing requests (T110): https, addresses checked at connect time, no redirects, no proxy,
//! caps on time and size. TLS is always verified; there is no switch (T64).

use crate::address_allowed;
use crate::resolver::{GuardedResolver, HostForbidden, NameResolver, SystemResolver};
use model::Secret;
use protocol::oidc::is_loopback_host;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use url::{Host, Url};

/// What requests may do.
#[derive(Debug, Clone)]
pub struct EgressPolicy {
    /// Only for `demo` and tests: http, and loopback by literal address or `*.localhost`.
    pub allow_loopback: bool,
    pub connect_timeout: Duration,
    /// From the first step to the last byte of the answer.
    pub total_timeout: Duration,
    /// Bytes of an answer's body.
    pub max_bytes: usize,
}

impl Default for EgressPolicy {
    fn default() -> Self {
        Self {
            allow_loopback: false,
            connect_timeout: Duration::from_secs(3),
            total_timeout: Duration::from_secs(10),
            max_bytes: 256 * 1024,
        }
    }
}

/// An answer that is neither a redirect nor a failure of the server.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    /// The content type is `application/json` or ends in `+json`.
    pub is_json: bool,
    pub body: Vec<u8>,
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// No connection, a broken one, or 5xx.
    Down,
    /// 429: what a browser makes us ask too often is no failure of the provider (T78).
    Busy,
    Slow,
    Redirected,
    Forbidden,
    TooLarge,
    /// What the provider gave us cannot be put into a request.
    Unsendable,
}

/// Why no answer came, with the cause for the log: it never holds a URL, a header or a body.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{cause}")]
pub struct EgressError {
    pub kind: Failed,
    pub cause: String,
}

/// The client. Cloning it shares its connections.
#[derive(Clone)]
pub struct Egress {
    inner: Arc<Inner>,
}

struct Inner {
    policy: EgressPolicy,
    resolver: Arc<GuardedResolver>,
    /// Made at the first request that needs it: reading the system's roots takes longer than starting the server.
    verified: OnceCell<Client>,
    /// For http on loopback; it trusts no certificate at all.
    plain: OnceCell<Client>,
}

impl Egress {
    pub fn new(policy: EgressPolicy) -> Self {
        Self::with_resolver(policy, Arc::new(SystemResolver))
    }

    pub fn with_resolver(policy: EgressPolicy, names: Arc<dyn NameResolver>) -> Self {
        let resolver = Arc::new(GuardedResolver { names, allow_loopback: policy.allow_loopback });
        let inner = Inner { policy, resolver, verified: OnceCell::new(), plain: OnceCell::new() };
        Self { inner: Arc::new(inner) }
    }

    pub fn policy(&self) -> &EgressPolicy {
        &self.inner.policy
    }

    /// GET, with a bearer token where one is given (RFC 6750 §2.1).
    pub async fn get(&self, url: &Url, bearer: Option<&Secret<String>>) -> Result<Answer, EgressError> {
        let request = self.client(url).await?.get(url.clone());
        let authorization = bearer.map(|token| Secret::new(format!("Bearer {}", token.expose())));
        self.answer(authorized(request, authorization.as_ref())?).await
    }

    /// POST of a form that is encoded already.
    pub async fn post_form(
        &self,
        url: &Url,
        body: &Secret<String>,
        authorization: Option<&Secret<String>>,
    ) -> Result<Answer, EgressError> {
        let request = self
            .client(url)
            .await?
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.expose().clone());
        self.answer(authorized(request, authorization)?).await
    }

    async fn client(&self, url: &Url) -> Result<&Client, EgressError> {
        let allow_loopback = self.inner.policy.allow_loopback;
        if !url_allowed(url, allow_loopback) {
            return Err(failed(Failed::Forbidden, "the URL is not one that requests may be sent to"));
        }
        let builder = || builder(&self.inner.policy, &self.inner.resolver);
        let client = if url.scheme() == "http" {
            self.inner.plain.get_or_try_init(|| async { builder().tls_certs_only([]).build() }).await
        } else {
            let build = || async {
                let builder = builder().https_only(true);
                // Reading the system's certificates is file work.
                tokio::task::spawn_blocking(move || builder.build()).await.map_err(|_| None)?.map_err(Some)
            };
            match self.inner.verified.get_or_try_init(build).await {
                Ok(client) => Ok(client),
                Err(Some(error)) => Err(error),
                Err(None) => return Err(failed(Failed::Down, "building the client was cut short")),
            }
        };
        client.map_err(from_client)
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Answer, EgressError> {
        let response = request.header(ACCEPT, "application/json").send().await.map_err(from_client)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(failed(Failed::Redirected, "answered with a redirect"));
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            let kind = if status.is_server_error() { Failed::Down } else { Failed::Busy };
            return Err(failed(kind, format!("answered {}", status.as_u16())));
        }
        let is_json = is_json(response.headers());
        let body = capped_body(response, self.inner.policy.max_bytes).await?;
        Ok(Answer { status: status.as_u16(), is_json, body })
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the one egress client")]
fn builder(policy: &EgressPolicy, resolver: &Arc<GuardedResolver>) -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(concat!("selfsame/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // A code is redeemed once; whether to ask again is never the client's decision.
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(policy.connect_timeout)
        .timeout(policy.total_timeout)
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(4)
        .dns_resolver(Arc::clone(resolver))
}

/// What can be said before a name is resolved. The client asks no resolver about literal addresses, so they are
/// checked here.
fn url_allowed(url: &Url, allow_loopback: bool) -> bool {
    let loopback = is_loopback_host(url);
    let scheme_ok = url.scheme() == "https" || (url.scheme() == "http" && allow_loopback && loopback);
    let host_ok = match url.host() {
        _ if loopback => allow_loopback,
        Some(Host::Ipv4(address)) => address_allowed(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => address_allowed(IpAddr::V6(address)),
        Some(Host::Domain(name)) => !name.is_empty(),
        None => false,
    };
    scheme_ok && host_ok && url.username().is_empty() && url.password().is_none()
}

fn authorized(request: RequestBuilder, value: Option<&Secret<String>>) -> Result<RequestBuilder, EgressError> {
    let Some(value) = value else { return Ok(request) };
    // A token is the provider's text: it may hold what no header can.
    let mut value = HeaderValue::from_str(value.expose())
        .map_err(|_| failed(Failed::Unsendable, "the credentials do not fit into a header"))?;
    value.set_sensitive(true);
    Ok(request.header(AUTHORIZATION, value))
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads until the cap and not a chunk further (T111).
async fn capped_body(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, EgressError> {
    let too_large = || failed(Failed::TooLarge, format!("the body is larger than {max_bytes} bytes"));
    if response.content_length().is_some_and(|length| length > max_bytes as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(from_client)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn failed(kind: Failed, cause: impl Into<String>) -> EgressError {
    EgressError { kind, cause: cause.into() }
}

fn from_client(error: reqwest::Error) -> EgressError {
    let error = error.without_url();
    let mut cause = error.to_string();
    let mut kind = if error.is_timeout() { Failed::Slow } else { Failed::Down };
    let mut next = error.source();
    while let Some(source) = next {
        if source.is::<HostForbidden>() {
            kind = Failed::Forbidden;
        }
        cause = format!("{cause}: {source}");
        next = source.source();
    }
    EgressError { kind, cause }
}
