//! Steps of a flow: every form posts here, and every answer is a redirect.

use super::{Page, Site, Visit, see_other};
use crate::pages::route;
use axum::extract::{ConnectInfo, Form, Path, Query, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use flows::{Action, CallbackParams, Fault, FaultKind, Flow, Journeys, PasskeyAnswer};
use model::{ConnectionId, FlowId, Secret};
use serde::Deserialize;
use std::net::SocketAddr;

/// Everything a form of a flow may hold; unknown fields are ignored, known ones are bounded by the body limit.
#[derive(Deserialize)]
pub(super) struct Fields {
    flow: Option<FlowId>,
    connection: Option<String>,
    email: Option<String>,
    name: Option<String>,
    password: Option<Secret<String>>,
    code: Option<String>,
    recovery_code: Option<String>,
    method: Option<String>,
    choice: Option<String>,
    mailbox: Option<String>,
    ceremony: Option<String>,
    passkey: Option<String>,
}

impl Fields {
    fn passkey(&mut self) -> Option<Action> {
        let (ceremony, answer) = self.ceremony.take().zip(self.passkey.take())?;
        Some(Action::Passkey(PasskeyAnswer { ceremony, answer }))
    }
}

pub(super) type Peer = ConnectInfo<SocketAddr>;

async fn act(site: &Site, peer: Peer, headers: &HeaderMap, flow: Option<FlowId>, action: Option<Action>) -> Page {
    let visit = Visit::from_headers(site, headers, Some(peer.0.ip()));
    let Some((id, action)) = flow.zip(action) else { return visit.error(400, "bad_request") };
    let next = match site.journeys.open_flow(visit.cookies(), id) {
        Ok(flow) => site.journeys.act(flow, action, &visit.browser).await,
        Err(fault) => Err(fault),
    };
    visit.land(next, Some(id))
}

type Posted = Form<Fields>;

pub(super) async fn start_provider(
    State(site): State<Site>,
    peer: Peer,
    headers: HeaderMap,
    Form(fields): Posted,
) -> Page {
    let action = provider(&fields);
    act(&site, peer, &headers, fields.flow, action).await
}

fn provider(fields: &Fields) -> Option<Action> {
    fields.connection.as_deref().and_then(ConnectionId::parse).map(Action::Provider)
}

pub(super) async fn email(State(site): State<Site>, peer: Peer, headers: HeaderMap, Form(fields): Posted) -> Page {
    act(&site, peer, &headers, fields.flow, fields.email.map(Action::Email)).await
}

pub(super) async fn password(State(site): State<Site>, peer: Peer, headers: HeaderMap, Form(fields): Posted) -> Page {
    act(&site, peer, &headers, fields.flow, local(fields.method.as_deref(), fields.password)).await
}

fn mailbox(fields: &Fields) -> Option<Action> {
    fields.mailbox.as_deref().and_then(|which| which.parse().ok()).map(Action::SendCodeTo)
}

fn local(method: Option<&str>, password: Option<Secret<String>>) -> Option<Action> {
    match method {
        Some("code") => Some(Action::SendCode),
        _ => password.map(Action::Password),
    }
}

pub(super) async fn code(State(site): State<Site>, peer: Peer, headers: HeaderMap, Form(fields): Posted) -> Page {
    act(&site, peer, &headers, fields.flow, fields.code.map(Action::Code)).await
}

pub(super) async fn second_factor(
    State(site): State<Site>,
    peer: Peer,
    headers: HeaderMap,
    Form(mut fields): Posted,
) -> Page {
    let action = fields
        .passkey()
        .or_else(|| fields.recovery_code.take().map(Action::RecoveryCode))
        .or_else(|| fields.code.take().map(Action::Totp));
    act(&site, peer, &headers, fields.flow, action).await
}

pub(super) async fn resend(State(site): State<Site>, peer: Peer, headers: HeaderMap, Form(fields): Posted) -> Page {
    let action = fields.email.map_or(Action::Resend, Action::Email);
    act(&site, peer, &headers, fields.flow, Some(action)).await
}

pub(super) async fn passkey(
    State(site): State<Site>,
    peer: Peer,
    headers: HeaderMap,
    Form(mut fields): Posted,
) -> Page {
    let action = fields.passkey();
    act(&site, peer, &headers, fields.flow, action).await
}

pub(super) async fn prove(State(site): State<Site>, peer: Peer, headers: HeaderMap, Form(mut fields): Posted) -> Page {
    let named = fields.passkey().or_else(|| provider(&fields)).or_else(|| mailbox(&fields));
    let action = named.or_else(|| local(fields.method.as_deref(), fields.password));
    act(&site, peer, &headers, fields.flow, action).await
}

pub(super) async fn continue_without(
    State(site): State<Site>,
    peer: Peer,
    headers: HeaderMap,
    Form(fields): Posted,
) -> Page {
    act(&site, peer, &headers, fields.flow, Some(Action::Separate)).await
}

pub(super) async fn go_on(State(site): State<Site>, peer: Peer, headers: HeaderMap, Form(fields): Posted) -> Page {
    let action = if fields.choice.as_deref() == Some("switch") { Action::Switch } else { Action::Continue };
    act(&site, peer, &headers, fields.flow, Some(action)).await
}

pub(super) async fn confirm_link(
    State(site): State<Site>,
    peer: Peer,
    headers: HeaderMap,
    Form(fields): Posted,
) -> Page {
    let action = match fields.choice.as_deref() {
        Some("connect") => Some(Action::Confirm),
        Some("cancel") => Some(Action::Cancel),
        _ => None,
    };
    act(&site, peer, &headers, fields.flow, action).await
}

pub(super) async fn switch_user(
    State(site): State<Site>,
    peer: Peer,
    headers: HeaderMap,
    Form(fields): Posted,
) -> Page {
    let action = match fields.choice.as_deref() {
        Some("switch") => Some(Action::Switch),
        Some("stay") => Some(Action::Stay),
        _ => None,
    };
    act(&site, peer, &headers, fields.flow, action).await
}

pub(super) async fn sign_up(site: &Site, peer: Peer, headers: &HeaderMap, fields: Fields) -> Page {
    let action = match (fields.name, fields.email, fields.password) {
        (name, Some(email), Some(password)) => Some(Action::SignUp { name: name.unwrap_or_default(), email, password }),
        _ => None,
    };
    act(site, peer, headers, fields.flow, action).await
}

/// Shows where the flow stands. Asking changes nothing, however often (T48).
pub(super) async fn show(State(site): State<Site>, Path(id): Path<String>, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let Ok(id) = id.parse::<FlowId>() else { return visit.error(404, "not_found") };
    let flow = match site.journeys.open_flow(visit.cookies(), id) {
        Ok(flow) => flow,
        Err(fault) => return visit.failed(&fault, None),
    };
    if let Some(fault) = flow.error.as_ref().filter(|fault| ended(fault)) {
        return visit.failed(fault, Some(&flow));
    }
    let present = if needs_person(&flow) { visit.present().await } else { Ok(None) };
    match present {
        Ok(present) => visit.page(&flow, present.as_ref()),
        Err(fault) => visit.failed(&fault, Some(&flow)),
    }
}

/// The journey ended with this; anything else is corrected on the page of the step.
fn ended(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Refused | FaultKind::Flow | FaultKind::Unavailable)
}

/// Pages that name who is signed in.
fn needs_person(flow: &Flow) -> bool {
    matches!(flow.step, flows::Step::ConfirmLink | flows::Step::StepUp { .. } | flows::Step::Continue { .. })
}

/// The provider's answer. The one GET that may change something: guarded by the browser's cookie for this very flow,
/// the state, the connection in the path, and the spent flow in the plan (T31–T36).
pub(super) async fn callback(
    State(site): State<Site>,
    Path(connection): Path<String>,
    RawQuery(query): RawQuery,
    peer: Peer,
    headers: HeaderMap,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let Some(connection) = ConnectionId::parse(&connection) else { return visit.error(404, "not_found") };
    let Ok(answer) = CallbackParams::from_query(query.as_deref().unwrap_or_default()) else {
        return at_its_own_address("", &Fault::flow("bad_request"));
    };
    let Some(id) = answer.state.as_deref().and_then(Journeys::flow_of_state) else {
        return at_its_own_address("", &Fault::flow("flow_forged"));
    };
    let next = match site.journeys.open_flow(visit.cookies(), id) {
        Ok(flow) => site.journeys.returned(flow, &connection, &answer, &visit.browser).await,
        Err(fault) => match visit.present().await {
            // A callback that was opened twice, by a browser that already has its session: it goes on (T85).
            Ok(Some(_)) if fault.code == "flow_expired" => return see_other("/account", &[]),
            _ => Err(fault),
        },
    };
    match next {
        Ok(flows::Next::Failed(fault, flow)) => {
            let ended = Flow { error: Some(fault), ..*flow };
            visit.land(Ok(flows::Next::Show(Box::new(ended))), Some(id))
        }
        // Opening the same address once more may help.
        Err(fault) if fault.kind != FaultKind::Unavailable => at_its_own_address("", &fault),
        next => visit.land(next, Some(id)),
    }
}

/// What a page that explains a failed answer stands for.
#[derive(Deserialize)]
pub(super) struct Failure {
    kind: FaultKind,
    reason: String,
}

/// No page is shown at the address that holds the provider's code: it would stay in the browser's history (T53). `origin` is
/// ours, or empty where the browser is there.
pub(super) fn at_its_own_address(origin: &str, fault: &Fault) -> Page {
    let kind = match fault.kind {
        FaultKind::Refused => "refused",
        FaultKind::Provider => "provider",
        FaultKind::Input | FaultKind::Wait | FaultKind::Flow | FaultKind::Unavailable => "flow",
    };
    see_other(&format!("{origin}{}?kind={kind}&reason={}", route::FAILED, fault.code), &[])
}

/// Anybody can write this address, so it says nothing but known sentences.
pub(super) async fn failed(
    State(site): State<Site>,
    asked: Result<Query<Failure>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Page {
    let visit = Visit::of(&site, &request);
    match asked {
        Ok(Query(failure)) if crate::texts::is_reason(&failure.reason) => {
            visit.failed(&Fault::new(failure.kind, &failure.reason), None)
        }
        _ => visit.error(404, "not_found"),
    }
}

/// `response_mode=form_post`: the same answer as a GET, where Lax cookies travel.
pub(super) async fn callback_by_form(Path(connection): Path<String>, body: String) -> Page {
    if ConnectionId::parse(&connection).is_none() || CallbackParams::from_query(&body).is_err() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    see_other(&format!("/callback/{connection}?{body}"), &[])
}
