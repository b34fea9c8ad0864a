//! The way back: from a notice to what it is about, and from the account page to what is on hold.
//!
//! Pages only; what may be done is decided by the journeys. The address that a notice carries is opened by scanners and
//! previews as well, so only a form of ours changes something (T48).

use super::account::{answer, begin_step_up, is_own_form};
use super::flow::Peer;
use super::{Page, Site, Visit, html, see_other};
use crate::pages::{Action, ConfirmRelease, OwnerStep, Standing, Undo, Way, route};
use crate::texts;
use axum::extract::{Form, Path, Query, Request, State};
use axum::http::HeaderMap;
use flows::{Fault, FaultKind, UndoAsked, UndoStep};
use model::{LinkId, LinkState};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Posted {
    csrf: Option<String>,
    token: Option<String>,
    choice: Option<String>,
}

fn address(token: &str) -> String {
    format!("{}/{token}", route::UNDO)
}

/// Nothing that could be undone, or not any more: one page for what was never there and for what was made up.
fn failed(visit: &Visit, fault: &Fault) -> Page {
    let status = match fault.code.as_str() {
        "undo_unknown" => 404,
        "undo_expired" => 410,
        _ if fault.kind == FaultKind::Refused => 409,
        _ => return visit.failed(fault, None),
    };
    visit.error_with(status, &fault.code, vec![(Way::Account, route::ACCOUNT.to_owned())], None)
}

pub(super) async fn show(State(site): State<Site>, Path(token): Path<String>, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    match site.journeys.undo_asked(&token, &visit.browser).await {
        Ok(asked) => html(200, page(&visit, token, &asked).render()),
        Err(fault) => failed(&visit, &fault),
    }
}

fn standing(asked: &UndoAsked) -> Standing {
    match (asked.made, asked.state()) {
        (true, Some(LinkState::Active)) => Standing::Connected,
        (true, Some(LinkState::Held)) => Standing::OnHold,
        (true, Some(LinkState::Removed) | None) => Standing::Gone,
        (false, Some(LinkState::Active | LinkState::Held)) => Standing::Back,
        (false, Some(LinkState::Removed) | None) => Standing::Removed,
    }
}

fn page(visit: &Visit, token: String, asked: &UndoAsked) -> Undo {
    let standing = standing(asked);
    let (provider, mark) = visit.provider(&asked.connection);
    let sentence = |reason: flows::Reason| (texts::reason(visit.lang, reason.code()), reason.code().to_owned());
    let here = address(&token);
    let first = |key: &str, href: String| {
        let label = texts::t(visit.lang, key, &[("provider", texts::Arg::Text(&provider))]);
        OwnerStep::First(Action { label, href })
    };
    let to = |path: &str, name: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        format!("{path}?{}", query.append_pair(name, &here).finish())
    };
    let restores = standing == Standing::Removed;
    let owner = match &asked.step {
        _ if matches!(standing, Standing::Gone | Standing::Back) => OwnerStep::Nothing,
        UndoStep::Ready => OwnerStep::Ready,
        UndoStep::SignIn { .. } if restores => first("undo-sign-in-restore", to(route::SIGN_IN, "return_to")),
        UndoStep::SignIn { .. } => first("undo-sign-in-remove", to(route::SIGN_IN, "return_to")),
        UndoStep::StepUp if restores => first("undo-restore", to(route::STEP_UP, "to")),
        UndoStep::StepUp => first("undo-remove", to(route::STEP_UP, "to")),
        UndoStep::Refused(reason) => {
            let (sentence, code) = sentence(*reason);
            OwnerStep::Refused { sentence, code }
        }
    };
    let is_owner = !matches!(asked.step, UndoStep::SignIn { .. });
    let link = asked.link.as_ref().filter(|_| is_owner);
    Undo {
        shell: visit.shell(),
        token,
        standing,
        provider,
        mark,
        detail: link.map(super::account::detail),
        at: asked.at,
        until: asked.until,
        hold: asked.hold.map_err(|reason| (reason == flows::Reason::LastMethod).then(|| sentence(reason))),
        owner,
        other: match &asked.step {
            UndoStep::SignIn { other } => other.clone(),
            _ => None,
        },
        keep_href: link
            .filter(|_| standing == Standing::OnHold)
            .map(|link| format!("{}?method={}", route::RELEASE, link.id)),
    }
}

/// `choice=hold` needs the notice and our own page; `choice=undo` the owner's fresh session as well.
pub(super) async fn act(State(site): State<Site>, peer: Peer, headers: HeaderMap, Form(posted): Form<Posted>) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let Some((token, choice)) = posted.token.zip(posted.choice) else { return visit.error(400, "bad_request") };
    if !site.journeys.is_undo(&token) {
        // Not put into an address of ours: the page that says so needs none.
        let fault = site.journeys.hold(&token, &visit.browser).await.err();
        return failed(&visit, &fault.unwrap_or_else(|| Fault::flow("bad_request")));
    }
    let to = address(&token);
    match choice.as_str() {
        "hold" => match site.journeys.hold(&token, &visit.browser).await {
            Ok(()) => see_other(&to, &[]),
            Err(fault) => failed(&visit, &fault),
        },
        "undo" if !is_own_form(&visit, posted.csrf.as_deref()) => see_other(&to, &[]),
        "undo" => match site.journeys.undo(&token, &visit.browser).await {
            Ok(undone) if undone.own_session_ended => {
                see_other(route::SIGNED_OUT, &[site.journeys.forget_session(visit.cookies())])
            }
            Ok(undone) => {
                let what = if undone.restored { "restored" } else { "removed" };
                see_other(&format!("{}?{what}={}", route::ACCOUNT, undone.connection), &[])
            }
            Err(fault) if matches!(fault.code.as_str(), "session_expired" | "step_up_needed" | "session_scope") => {
                answer(&visit, fault, &to).await
            }
            Err(fault) => failed(&visit, &fault),
        },
        _ => visit.error(400, "bad_request"),
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    method: Option<String>,
}

type Query_ = Result<Query<Asked>, axum::extract::rejection::QueryRejection>;

/// Which one is on hold, before it opens the account again.
pub(super) async fn confirm_release(State(site): State<Site>, asked: Query_, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let asked = asked.map(|query| query.0).unwrap_or_default();
    let Some(link) = asked.method.as_deref().and_then(|id| id.parse::<LinkId>().ok()) else {
        return visit.error(404, "link_not_found");
    };
    let to = format!("{}?method={link}", route::RELEASE);
    let view = match site.journeys.account(&visit.browser).await {
        Ok(view) => view,
        Err(fault) => return answer(&visit, fault, &to).await,
    };
    let is_it = |known: &&flows::MethodView| {
        known.link.as_ref().is_some_and(|known| known.id == link && known.state == LinkState::Held)
    };
    let Some(method) = view.methods.iter().find(is_it) else {
        return visit.error_with(404, "link_not_found", vec![(Way::Account, route::ACCOUNT.to_owned())], None);
    };
    if !view.fresh {
        return begin_step_up(&visit, &to).await;
    }
    let mut row = visit.row(&view, method);
    // The name there can be made up: the end of the id cannot (T20).
    row.id_tail = method.link.as_ref().map(|link| link.identity.subject.tail().to_owned());
    html(200, ConfirmRelease { shell: visit.account_shell(&view), method: row }.render())
}

#[derive(Deserialize)]
pub(super) struct Released {
    csrf: Option<String>,
    method: Option<String>,
}

pub(super) async fn release(
    State(site): State<Site>,
    peer: Peer,
    headers: HeaderMap,
    Form(posted): Form<Released>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let link = posted.method.as_deref().and_then(|id| id.parse::<LinkId>().ok());
    let Some(link) = link else { return visit.error(400, "bad_request") };
    let to = format!("{}?method={link}", route::RELEASE);
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(&to, &[]);
    }
    match site.journeys.release(link, &visit.browser).await {
        Ok(connection) => see_other(&format!("{}?released={connection}", route::ACCOUNT), &[]),
        Err(fault) if fault.code == "link_not_found" => {
            visit.error_with(404, &fault.code, vec![(Way::Account, route::ACCOUNT.to_owned())], None)
        }
        Err(fault) => answer(&visit, fault, &to).await,
    }
}
