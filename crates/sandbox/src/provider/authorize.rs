//! The authorization endpoint (OpenID Connect Core §3.1.2) and the page on which a person picks an account.

use super::token::Grant;
use super::wire::Parameters;
use super::{Behaviour, Person, Provider, Session};
use crate::bounded::{encode, sha256};
use crate::page;
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use model::{MINUTE, Micros};
use serde_json::Value;

/// A request that was checked.
#[derive(Debug, Clone)]
pub(super) struct AuthorizationRequest {
    redirect_uri: String,
    state: Option<String>,
    nonce: Option<String>,
    scope: String,
    challenge: String,
    prompt: Vec<String>,
    /// In seconds.
    max_age: Option<i64>,
    login_hint: Option<String>,
    at: Micros,
}

/// How long the account page can be answered.
const PAGE_LIFETIME: Micros = MINUTE.times(10);

#[derive(Template)]
#[template(path = "provider_chooser.html")]
struct ChooserPage<'a> {
    name: &'a str,
    mark: &'a str,
    client_host: String,
    request: String,
    people: Vec<PersonRow>,
    hint: &'a str,
}

struct PersonRow {
    sub: String,
    initial: String,
    name: String,
    address: String,
    signed_in: bool,
    hinted: bool,
}

#[derive(Template)]
#[template(path = "provider_error.html")]
struct ErrorPage<'a> {
    name: &'a str,
    mark: &'a str,
    sentence: &'a str,
}

fn error_page(provider: &Provider, sentence: &str) -> Response {
    let settings = provider.settings();
    page::page_with(StatusCode::BAD_REQUEST, &ErrorPage { name: &settings.name, mark: &settings.mark, sentence })
}

pub(super) async fn authorize(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Extension(parameters): Extension<Parameters>,
) -> Response {
    if parameters.get("client_id") != Some(provider.settings().client_id.as_str()) {
        return error_page(&provider, "This provider does not know the application that sent you.");
    }
    let redirect_uri = parameters.get("redirect_uri").unwrap_or_default();
    if !provider.settings().redirect_uris.iter().any(|known| known == redirect_uri) {
        return error_page(&provider, "The application wants its answer at an address that is not registered.");
    }
    let request = match check(&provider, redirect_uri, &parameters) {
        Ok(request) => request,
        Err(error) => {
            return redirect(&provider, redirect_uri, parameters.get("state"), &[("error", error)]);
        }
    };
    // Only in a sandbox: a test picks the person without the page.
    let picked = parameters.get("x_person").or_else(|| headers.get("x-person").and_then(|value| value.to_str().ok()));
    match scripted_answer(&provider, &request) {
        Some(response) => response,
        None => match picked {
            Some(sub) => match provider.person(sub) {
                Some(person) => grant(&provider, &request, &person, provider.now()),
                None => error_page(&provider, "There is no such person here."),
            },
            None => by_session(&provider, &headers, request),
        },
    }
}

fn check(
    provider: &Provider,
    redirect_uri: &str,
    parameters: &Parameters,
) -> Result<AuthorizationRequest, &'static str> {
    let text = |name: &str| parameters.get(name).map(str::to_owned);
    if parameters.repeated() {
        return Err("invalid_request");
    }
    if parameters.get("request").is_some() {
        return Err("request_not_supported");
    }
    if parameters.get("request_uri").is_some() {
        return Err("request_uri_not_supported");
    }
    if parameters.get("response_type") != Some("code") {
        return Err("unsupported_response_type");
    }
    if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err("invalid_request");
    }
    let scope = text("scope").unwrap_or_default();
    if !scope.split(' ').any(|part| part == "openid") {
        return Err("invalid_scope");
    }
    let challenge = text("code_challenge").filter(|challenge| challenge.len() == 43).ok_or("invalid_request")?;
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err("invalid_request");
    }
    let prompt: Vec<_> = parameters.get("prompt").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if prompt.len() > 1 && prompt.iter().any(|word| word == "none") {
        return Err("invalid_request");
    }
    let max_age = match parameters.get("max_age") {
        None => None,
        Some(text) => Some(text.parse::<i64>().ok().filter(|age| *age >= 0).ok_or("invalid_request")?),
    };
    Ok(AuthorizationRequest {
        redirect_uri: redirect_uri.to_owned(),
        state: text("state"),
        nonce: text("nonce"),
        scope,
        challenge,
        prompt,
        max_age,
        login_hint: text("login_hint"),
        at: provider.now(),
    })
}

fn scripted_answer(provider: &Provider, request: &AuthorizationRequest) -> Option<Response> {
    let script = provider.state().script.clone();
    script.all().find_map(|behaviour| match behaviour {
        Behaviour::ErrorAnswer(error) => Some(redirect(
            provider,
            &request.redirect_uri,
            request.state.as_deref(),
            &[("error", error), ("error_description", "<b>as scripted</b>")],
        )),
        Behaviour::SilentlyPick(sub) => {
            let person = provider.person(sub)?;
            Some(grant(provider, request, &person, provider.now()))
        }
        _ => None,
    })
}

/// A silent answer where the browser's session here and `prompt` allow one, the page otherwise.
fn by_session(provider: &Provider, headers: &HeaderMap, request: AuthorizationRequest) -> Response {
    let now = provider.now();
    let session = provider.session(headers);
    let wants = |word: &str| request.prompt.iter().any(|prompt| prompt == word);
    let fresh = |since: Micros| request.max_age.is_none_or(|age| now - since <= Micros::from_seconds(age));
    let silent = session
        .people
        .iter()
        .rev()
        .filter(|(_, since)| fresh(*since))
        .filter_map(|(sub, since)| Some((provider.person(sub)?, *since)))
        .find(|(person, _)| request.login_hint.as_deref().is_none_or(|hint| is_hinted(person, hint)));
    match silent {
        Some((person, since)) if !wants("login") && !wants("select_account") => {
            grant(provider, &request, &person, since)
        }
        _ if wants("none") => {
            let parameters = [("error", "login_required")];
            redirect(provider, &request.redirect_uri, request.state.as_deref(), &parameters)
        }
        _ => chooser(provider, &session, request),
    }
}

fn is_hinted(person: &Person, hint: &str) -> bool {
    let is = |text: Option<&str>| text.is_some_and(|text| text.eq_ignore_ascii_case(hint));
    person.sub == hint || is(person.email.as_deref()) || is(person.preferred_username.as_deref())
}

fn chooser(provider: &Provider, session: &Session, request: AuthorizationRequest) -> Response {
    let settings = provider.settings();
    let hint = request.login_hint.clone().unwrap_or_default();
    let typed = session.people.iter().filter(|(sub, _)| settings.people.iter().all(|known| known.sub != *sub));
    let typed: Vec<Person> = typed.filter_map(|(sub, _)| provider.person(sub)).collect();
    let mut people: Vec<PersonRow> =
        settings.people.iter().chain(&typed).map(|person| row(person, session, &hint)).collect();
    people.sort_by_key(|person| !person.hinted);
    let client_host = url::Url::parse(&request.redirect_uri).ok().and_then(|url| url.host_str().map(str::to_owned));
    let id = provider.token();
    provider.state().requests.insert(id.clone(), request);
    let hint = if people.iter().any(|person| person.hinted) { "" } else { &hint };
    page::page(&ChooserPage {
        name: &settings.name,
        mark: &settings.mark,
        client_host: client_host.unwrap_or_default(),
        request: id,
        people,
        hint,
    })
}

fn row(person: &Person, session: &Session, hint: &str) -> PersonRow {
    let address = match (&person.email, &person.email_verified) {
        (None, _) => "no e-mail address".to_owned(),
        (Some(email), Value::Bool(true)) => email.clone(),
        (Some(email), Value::Bool(false)) => format!("{email} (not confirmed)"),
        (Some(email), Value::Null) => format!("{email} (not said whether confirmed)"),
        (Some(email), other) => format!("{email} (confirmed: {other})"),
    };
    PersonRow {
        sub: person.sub.clone(),
        initial: person.name.chars().next().unwrap_or('?').to_string(),
        name: person.name.clone(),
        address,
        signed_in: session.since(&person.sub).is_some(),
        hinted: !hint.is_empty() && is_hinted(person, hint),
    }
}

/// The answer to the page. The request's id is unguessable, so nobody else's page can send it.
pub(super) async fn choose(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Extension(parameters): Extension<Parameters>,
) -> Response {
    let now = provider.now();
    let open = parameters.get("request").and_then(|id| provider.state().requests.get(id).cloned());
    let Some(request) = open.filter(|request| now < request.at + PAGE_LIFETIME) else {
        return error_page(&provider, "This page has been open for too long.");
    };
    if parameters.get("cancel").is_some() {
        let answer = [("error", "access_denied")];
        return redirect(&provider, &request.redirect_uri, request.state.as_deref(), &answer);
    }
    let person = if parameters.get("other").is_some() {
        typed_person(&provider, &parameters)
    } else {
        let Some(person) = parameters.get("sub").and_then(|sub| provider.person(sub)) else {
            return error_page(&provider, "There is no such person here.");
        };
        person
    };
    let mut session = provider.session(&headers);
    let again = request.prompt.iter().any(|word| word == "login")
        || request
            .max_age
            .is_some_and(|age| session.since(&person.sub).is_none_or(|since| now - since > Micros::from_seconds(age)));
    let authenticated_at = session.since(&person.sub).filter(|_| !again).unwrap_or(now);
    session.sign_in(&person.sub, authenticated_at);
    let mut response = grant(&provider, &request, &person, authenticated_at);
    // A new id at each sign-in.
    let id = provider.token();
    if let Some(old) = page::cookie(&headers, &provider.0.cookie) {
        provider.state().sessions.remove(&old);
    }
    provider.state().sessions.insert(id.clone(), session);
    response.headers_mut().append(header::SET_COOKIE, page::set_cookie(&provider.0.cookie, &id));
    response
}

/// The same typed account is the same subject the next time.
fn typed_person(provider: &Provider, parameters: &Parameters) -> Person {
    let bounded = |name: &str, limit| {
        let text = parameters.get(name).unwrap_or_default();
        text.trim().chars().take(limit).collect::<String>()
    };
    let address = bounded("address", 320);
    let name = bounded("name", 200);
    let key = format!("{address}\n{name}");
    let sub = format!("typed-{}", encode(&sha256(key.as_bytes())[..12]));
    let shown = if name.is_empty() { "Somebody" } else { &name };
    let mut person = Person::new(&sub, shown);
    if !address.is_empty() {
        let verified = match parameters.get("verified") {
            Some("true") => Value::Bool(true),
            Some("text") => Value::String("true".to_owned()),
            Some("absent") => Value::Null,
            _ => Value::Bool(false),
        };
        person = person.mail(&address, verified);
    }
    provider.state().typed.insert(sub, person.clone());
    person
}

fn grant(provider: &Provider, request: &AuthorizationRequest, person: &Person, authenticated_at: Micros) -> Response {
    let code = provider.token();
    let grant = Grant {
        sub: person.sub.clone(),
        scope: request.scope.clone(),
        nonce: request.nonce.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        authenticated_at,
        issued_at: provider.now(),
        redeemed_for: None,
    };
    provider.state().codes.insert(code.clone(), grant);
    redirect(provider, &request.redirect_uri, request.state.as_deref(), &[("code", &code)])
}

/// RFC 6749 §4.1.2 with `iss` (RFC 9207 §2).
fn redirect(provider: &Provider, redirect_uri: &str, state: Option<&str>, parameters: &[(&str, &str)]) -> Response {
    let Ok(mut url) = url::Url::parse(redirect_uri) else {
        return error_page(provider, "The application's address for the answer cannot be read.");
    };
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(parameters);
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        if provider.scripted(&Behaviour::WrongIssuerInResponse) {
            query.append_pair("iss", &provider.other_origin());
        } else if !provider.scripted(&Behaviour::MissingIssInResponse) {
            query.append_pair("iss", provider.issuer());
        }
    }
    page::see_other(url.as_str())
}
