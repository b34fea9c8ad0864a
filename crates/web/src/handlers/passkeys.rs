//! Passkeys on the account page: one is added, one is removed.

use super::account::{answer, is_own_form};
use super::flow::Peer;
use super::{Page, Site, Visit, html, see_other};
use crate::pages::{AddPasskey, ErrorText, PasskeyForm, device_name, route};
use axum::extract::{Form, Request, State};
use axum::http::HeaderMap;
use flows::{Fault, FaultKind, PasskeyAnswer};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Posted {
    csrf: Option<String>,
    ceremony: Option<String>,
    passkey: Option<String>,
    name: Option<String>,
}

pub(super) async fn page(State(site): State<Site>, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    show(&visit, None, None).await
}

async fn show(visit: &Visit, name: Option<String>, fault: Option<&Fault>) -> Page {
    let asked = match visit.site.journeys.ask_new_passkey(&visit.browser).await {
        Ok(asked) => asked,
        Err(fault) => return answer(visit, fault, route::ADD_PASSKEY).await,
    };
    let present = match visit.present().await {
        Ok(Some(present)) => present,
        Ok(None) => return answer(visit, Fault::refused(flows::Reason::SessionExpired), route::ADD_PASSKEY).await,
        Err(fault) => return visit.failed(&fault, None),
    };
    let page = AddPasskey {
        shell: visit.shell_for(&present.name, &super::show::address_of(&present)),
        form: PasskeyForm { options: asked.options, ceremony: asked.ceremony },
        name: name.unwrap_or_else(|| device_name(visit.lang, &visit.browser.user_agent)),
        error: fault.map(|fault| ErrorText::reason(visit.lang, &fault.code)),
    };
    html(if fault.is_some() { 422 } else { 200 }, page.render())
}

pub(super) async fn add(State(site): State<Site>, peer: Peer, headers: HeaderMap, Form(posted): Form<Posted>) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(route::ADD_PASSKEY, &[]);
    }
    let Some((ceremony, given)) = posted.ceremony.zip(posted.passkey) else { return visit.error(400, "bad_request") };
    let name = posted.name.unwrap_or_default();
    let given = PasskeyAnswer { ceremony, answer: given };
    match site.journeys.add_passkey(&given, &name, &visit.browser).await {
        Ok(_) => see_other(&format!("{}?done=passkey", route::ACCOUNT), &[]),
        Err(fault) if fault.kind == FaultKind::Input || fault.code == "passkey_taken" => {
            show(&visit, Some(name), Some(&fault)).await
        }
        Err(fault) => answer(&visit, fault, route::ADD_PASSKEY).await,
    }
}

pub(super) async fn remove(visit: &Visit, passkey: &str, csrf: Option<&str>) -> Page {
    let Ok(passkey) = passkey.parse() else { return visit.error(400, "bad_request") };
    let to = format!("{}?method={passkey}", route::REMOVE);
    if !is_own_form(visit, csrf) {
        return see_other(&to, &[]);
    }
    let journeys = &visit.site.journeys;
    match journeys.remove_passkey(passkey, &visit.browser).await {
        Ok(true) => see_other(route::SIGNED_OUT, &[journeys.forget_session(visit.cookies())]),
        Ok(false) => see_other(&format!("{}?done=no-passkey", route::ACCOUNT), &[]),
        Err(fault) if matches!(fault.code.as_str(), "last_method" | "step_up_needed" | "session_scope") => {
            see_other(&to, &[])
        }
        Err(fault) => answer(visit, fault, &to).await,
    }
}
