//! A device asks to be let in: its code is typed, what asks is shown, and the person answers (RFC 8628 §3.3).
//!
//! Pages only. Who may type, see and answer is decided by the journeys; a code in the address fills the field and does
//! nothing more.

use super::show::card;
use super::{Page, Site, Visit, html, see_other};
use crate::pages::{DeviceAnswer, DeviceDone, ErrorText, Field, TypeCode, Way, route};
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use flows::oauth::UserCode;
use flows::{DeviceEntry, Fault, FaultKind};
use serde::Deserialize;

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    user_code: Option<String>,
    request: Option<String>,
    answer: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Posted {
    csrf: Option<String>,
    code: Option<String>,
    request: Option<String>,
    choice: Option<String>,
}

type Query_ = Result<Query<Asked>, axum::extract::rejection::QueryRejection>;

pub(super) async fn type_code(State(site): State<Site>, asked: Query_, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let given = asked.ok().and_then(|query| query.0.user_code).unwrap_or_default();
    typing(&visit, &given, None).await
}

/// The page of the field. Without a fault, `typed` is what came with the address.
async fn typing(visit: &Visit, typed: &str, fault: Option<&Fault>) -> Page {
    let (person, address) = match visit.site.journeys.device_entry(Some(typed), &visit.browser).await {
        Ok(DeviceEntry::Type { person, address }) => (person, address),
        Ok(DeviceEntry::Journey(flow)) => return visit.journey(flow).await,
        Err(fault) => return visit.failed(&fault, None),
    };
    let known = UserCode::parse(typed).map(|code| code.to_string());
    let address = address.map(|address| address.to_string()).unwrap_or_default();
    let page = TypeCode {
        shell: visit.shell_for(&person, &address),
        given: fault.is_none() && known.is_some(),
        code: known.unwrap_or_else(|| if fault.is_some() { typed.chars().take(20).collect() } else { String::new() }),
        error: fault.map(|fault| ErrorText::reason(visit.lang, &fault.code).at(Field::Code)),
    };
    let status = match fault.map(|fault| fault.kind) {
        None => 200,
        Some(FaultKind::Wait) => 429,
        Some(_) => 422,
    };
    let mut page = html(status, page.render());
    if let Some(fault) = fault.filter(|fault| fault.kind == FaultKind::Wait) {
        page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(visit.seconds_to_wait(fault)));
    }
    page
}

pub(super) async fn typed(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let typed = posted.code.unwrap_or_default();
    if !super::account::is_own_form(&visit, posted.csrf.as_deref()) {
        // The session changed under the page: the code is there, and typed again it counts.
        return typing_anew(&typed);
    }
    match site.journeys.claim_device(&typed, &visit.browser).await {
        Ok(request) => see_other(&format!("{}?request={request}", route::DEVICE_ANSWER), &[]),
        Err(fault) if matches!(fault.kind, FaultKind::Input | FaultKind::Wait) => {
            typing(&visit, &typed, Some(&fault)).await
        }
        Err(fault) => failed(&visit, &fault, &typed),
    }
}

fn typing_anew(typed: &str) -> Page {
    match UserCode::parse(typed) {
        Some(code) => see_other(&format!("{}?user_code={code}", route::DEVICE), &[]),
        None => see_other(route::DEVICE, &[]),
    }
}

/// Whoever has to sign in is asked to on the way to the field; a request that is gone has another code.
fn failed(visit: &Visit, fault: &Fault, typed: &str) -> Page {
    match fault.code.as_str() {
        "session_expired" | "session_scope" | "level_too_low" => typing_anew(typed),
        "device_code_unknown" => {
            visit.error_with(404, &fault.code, vec![(Way::TryAgain, route::DEVICE.to_owned())], None)
        }
        _ => visit.failed(fault, None),
    }
}

pub(super) async fn ask(State(site): State<Site>, asked: Query_, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let Some(sealed) = asked.ok().and_then(|query| query.0.request) else { return visit.error(400, "bad_request") };
    match site.journeys.device_asked(&sealed, &visit.browser).await {
        Ok(asked) => {
            let address = asked.address.as_ref().map(ToString::to_string).unwrap_or_default();
            let page = DeviceAnswer {
                shell: visit.shell_for(&asked.person, &address),
                client_name: asked.name,
                request: asked.request,
                account: card(&address, Some(&asked.person)),
                code: asked.code,
                user_agent: asked.user_agent,
                source: asked.source,
                same_network: asked.same_network,
                asked_at: asked.asked_at,
                new: asked.new,
                known: asked.known,
            };
            html(200, page.render())
        }
        Err(fault) => failed(&visit, &fault, ""),
    }
}

pub(super) async fn answer(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let allowed = match posted.choice.as_deref() {
        Some("allow") => true,
        Some("refuse") => false,
        _ => return visit.error(400, "bad_request"),
    };
    let Some(sealed) = posted.request else { return visit.error(400, "bad_request") };
    if !super::account::is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(&format!("{}?request={sealed}", route::DEVICE_ANSWER), &[]);
    }
    match site.journeys.answer_device(&sealed, allowed, &visit.browser).await {
        Ok(answered) => see_other(&format!("{}?answer={answered}", route::DEVICE_DONE), &[]),
        Err(fault) => failed(&visit, &fault, ""),
    }
}

pub(super) async fn done(State(site): State<Site>, asked: Query_, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let answered = asked.ok().and_then(|query| query.0.answer);
    let Some(answered) = answered.and_then(|sealed| site.journeys.device_answered(&sealed)) else {
        return visit.error(404, "not_found");
    };
    let page = DeviceDone { shell: visit.shell(), client_name: answered.name, allowed: answered.allowed };
    html(200, page.render())
}
