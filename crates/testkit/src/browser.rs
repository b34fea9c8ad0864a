//! A browser in the process: cookies per host, redirects, forms. Our origin is the router itself; providers are reached
//! over loopback.

use crate::page::{Form, Page};
use crate::world::{ORIGIN, World};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use tower::ServiceExt as _;
use url::Url;

const REDIRECTS_MAX: usize = 12;

/// One browser with its own cookies. Clones are separate from then on.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    client: reqwest::Client,
    /// Host → name → value.
    pub cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// Which person to be at a provider: host → subject.
    picks: BTreeMap<String, String>,
    pub user_agent: String,
    pub language: String,
    /// Where it connects from.
    pub address: Ipv4Addr,
    /// More headers for our server.
    pub headers: Vec<(String, String)>,
}

/// A call of the JSON API.
#[derive(Debug, Clone)]
pub struct ApiCall {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
}

impl Browser {
    pub fn new(world: &World) -> Self {
        Self::of(world.server.router.clone())
    }

    pub fn of(router: Router) -> Self {
        Self {
            router,
            client: sandbox::loopback::client(),
            cookies: BTreeMap::new(),
            picks: BTreeMap::new(),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36".to_owned(),
            language: "en".to_owned(),
            address: Ipv4Addr::LOCALHOST,
            headers: Vec::new(),
        }
    }

    /// From now on this browser's person is `subject` at the provider.
    pub fn be(&mut self, provider: &sandbox::provider::Provider, subject: &str) {
        let host = Url::parse(provider.issuer()).ok().and_then(|url| url.host_str().map(str::to_owned));
        self.picks.insert(host.expect("an issuer has a host"), subject.to_owned());
    }

    fn ours(url: &Url) -> bool {
        url.origin().ascii_serialization() == ORIGIN
    }

    pub fn our_cookies(&self) -> BTreeMap<String, String> {
        self.cookies.get("id.example.test").cloned().unwrap_or_default()
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.our_cookies().get(name).cloned()
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.entry("id.example.test".to_owned()).or_default().insert(name.to_owned(), value.to_owned());
    }

    pub fn session(&self) -> Option<String> {
        self.cookie("__Host-session")
    }

    fn url(text: &str) -> Url {
        if text.starts_with('/') {
            Url::parse(&format!("{ORIGIN}{text}")).expect("a path of ours")
        } else {
            Url::parse(text).expect("a URL")
        }
    }

    /// GET, with redirects followed.
    pub async fn get(&mut self, to: &str) -> Page {
        self.follow(Method::GET, Self::url(to), None).await
    }

    /// GET of one URL, redirects not followed.
    pub async fn get_once(&mut self, to: &str) -> Page {
        self.once(Method::GET, Self::url(to), None).await
    }

    /// POST of a form, with redirects followed.
    pub async fn post(&mut self, to: &str, fields: &[(&str, &str)]) -> Page {
        let body = encode(fields.iter().copied());
        self.follow(Method::POST, Self::url(to), Some(body)).await
    }

    pub async fn post_once(&mut self, to: &str, fields: &[(&str, &str)]) -> Page {
        let body = encode(fields.iter().copied());
        self.once(Method::POST, Self::url(to), Some(body)).await
    }

    /// Submits a form with its first button.
    pub async fn submit(&mut self, form: Form) -> Page {
        let button = form.buttons.first().map(|(name, value, _)| (name.clone(), value.clone()));
        self.submit_with(form, button).await
    }

    /// Submits a form with the button that has this name and value.
    pub async fn press(&mut self, form: Form, name: &str, value: &str) -> Page {
        self.submit_with(form, Some((name.to_owned(), value.to_owned()))).await
    }

    async fn submit_with(&mut self, form: Form, button: Option<(String, String)>) -> Page {
        let mut fields = form.fields;
        fields.extend(button.filter(|(name, _)| !name.is_empty()));
        let body = encode(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        self.follow(Method::POST, form.action, Some(body)).await
    }

    async fn follow(&mut self, mut method: Method, mut url: Url, mut body: Option<String>) -> Page {
        let mut way = Vec::new();
        for _ in 0..REDIRECTS_MAX {
            way.push(url.clone());
            let mut page = self.once(method, url.clone(), body).await;
            let location = page.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            let Some(next) = location.filter(|_| page.status.is_redirection()) else {
                page.way = way;
                return page;
            };
            assert_ne!(page.status, StatusCode::TEMPORARY_REDIRECT, "t53: 307 would send the form on");
            url = url.join(next).expect("a redirect leads to a URL");
            if url
                .host_str()
                .is_some_and(|host| host.ends_with(".example") || host == "app.invalid" || host == "127.0.0.1")
            {
                // An application that is not there: the redirect itself is the answer.
                page.way = way;
                page.url = url;
                return page;
            }
            method = Method::GET;
            body = None;
        }
        panic!("more than {REDIRECTS_MAX} redirects: {way:?}");
    }

    /// One request and its answer.
    pub async fn once(&mut self, method: Method, mut url: Url, body: Option<String>) -> Page {
        let host = url.host_str().unwrap_or_default().to_owned();
        if let Some(subject) = self.picks.get(&host).filter(|_| url.path().ends_with("/authorize")) {
            url.query_pairs_mut().append_pair("x_person", subject);
        }
        let mut request = Request::builder().method(method.clone()).uri(url.as_str());
        if let Some(cookies) = self.cookies.get(&host).filter(|cookies| !cookies.is_empty()) {
            let text: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, text.join("; "));
        }
        request = request.header(header::USER_AGENT, &self.user_agent).header(header::ACCEPT_LANGUAGE, &self.language);
        if method != Method::GET {
            request = request
                .header(header::ORIGIN, url.origin().ascii_serialization())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let mut request = request.body(Body::from(body.unwrap_or_default())).expect("a request");
        let ours = Self::ours(&url);
        let (status, headers, body) = if ours {
            self.add_headers(request.headers_mut());
            self.ask_us(request).await
        } else {
            self.ask_elsewhere(request).await
        };
        self.keep_cookies(&host, &headers);
        Page { status, headers, body, way: vec![url.clone()], url }
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().expect("a header name");
            headers.insert(name, HeaderValue::from_str(value).expect("a header value"));
        }
    }

    async fn ask_us(&self, mut request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let peer = SocketAddr::from((self.address, 4242));
        request.extensions_mut().insert(ConnectInfo(peer));
        // A router's errors are answers.
        let response: Response<Body> = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
    }

    async fn ask_elsewhere(&self, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let response = self
            .client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .send()
            .await
            .unwrap_or_else(|error| panic!("{}: {error:?}", parts.uri));
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, response.text().await.unwrap_or_default())
    }

    fn keep_cookies(&mut self, host: &str, headers: &HeaderMap) {
        let jar = self.cookies.entry(host.to_owned()).or_default();
        for value in headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().expect("a cookie is text");
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if attributes.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// A call of the JSON API with this browser's cookies and `origin`.
    pub async fn api(&mut self, method: &str, path: &str, json: Option<Value>, origin: Option<&str>) -> ApiCall {
        let mut headers: Vec<(&str, String)> = Vec::new();
        if let Some(origin) = origin {
            headers.push(("origin", origin.to_owned()));
        }
        let cookies: Vec<String> = self.our_cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            headers.push(("cookie", cookies.join("; ")));
        }
        let call = self.call(method, path, json, &headers).await;
        self.keep_cookies("id.example.test", &call.headers);
        call
    }

    /// A form that somebody's server sends: without cookies, with the headers given.
    pub async fn send_form(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, String)]) -> ApiCall {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{ORIGIN}{path}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(encode(fields.iter().copied()))).expect("a request");
        let (status, headers, body) = self.ask_us(request).await;
        let json =
            if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap_or(Value::String(body)) };
        ApiCall { status, headers, json }
    }

    /// A call without cookies, with the headers given.
    pub async fn call(&self, method: &str, path: &str, json: Option<Value>, headers: &[(&str, String)]) -> ApiCall {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{ORIGIN}{path}"))
            .header(header::USER_AGENT, &self.user_agent);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = match json {
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        let mut request = request.body(body).expect("a request");
        self.add_headers(request.headers_mut());
        let (status, headers, body) = self.ask_us(request).await;
        let json =
            if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap_or(Value::String(body)) };
        ApiCall { status, headers, json }
    }
}

fn encode<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
