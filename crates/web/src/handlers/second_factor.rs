//! The second factor on the account page: set up, renewed, turned off; and its step in a sign-in.

use super::account::{answer, begin_step_up, is_own_form};
use super::flow::Peer;
use super::{Page, Site, Visit, add_cookies, html, see_other};
use crate::pages::{AddTotp, ConfirmFactor, ErrorText, FactorChange, Field, QrCode, RecoveryCodes, Shell, route};
use crate::texts;
use axum::extract::{Form, Request, State};
use axum::http::HeaderMap;
use flows::{Fault, FaultKind, Finished, Place, Reason, TotpAsked};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Posted {
    csrf: Option<String>,
    setup: Option<String>,
    code: Option<String>,
}

async fn frame(visit: &Visit) -> Result<Shell, Fault> {
    match visit.present().await? {
        Some(present) => Ok(visit.shell_for(&present.name, &super::show::address_of(&present))),
        None => Err(Fault::refused(Reason::SessionExpired)),
    }
}

pub(super) async fn add_page(State(site): State<Site>, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let asked = site.journeys.ask_totp(&visit.browser).await;
    show_add(&visit, asked, None).await
}

async fn show_add(visit: &Visit, asked: Result<TotpAsked, Fault>, fault: Option<&Fault>) -> Page {
    let found = match asked {
        Ok(asked) => frame(visit).await.map(|shell| (asked, shell)),
        Err(fault) => Err(fault),
    };
    let (asked, shell) = match found {
        Ok(found) => found,
        Err(fault) => return answer(visit, fault, route::ADD_TOTP).await,
    };
    let page = AddTotp {
        shell,
        qr: QrCode::of(&asked.uri),
        uri: asked.uri,
        secret: asked.secret,
        setup: asked.setup,
        error: fault.map(|fault| ErrorText::reason(visit.lang, &fault.code).at(Field::Code)),
    };
    html(if fault.is_some() { 422 } else { 200 }, page.render())
}

/// The codes are in the answer itself: nothing keeps them for another page.
pub(super) async fn add(State(site): State<Site>, peer: Peer, headers: HeaderMap, Form(posted): Form<Posted>) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(route::ADD_TOTP, &[]);
    }
    let Some((setup, code)) = posted.setup.zip(posted.code) else { return visit.error(400, "bad_request") };
    match site.journeys.set_totp(&setup, &code, &visit.browser).await {
        Ok((finished, codes)) => {
            // Without who is signed in: this request's session has ended, and the next one is in the answer.
            let page = RecoveryCodes { shell: visit.shell(), set_up: true, codes: codes.0 };
            renewed(&visit, finished, html(200, page.render()))
        }
        Err(fault) if fault.kind == FaultKind::Input => {
            let asked = site.journeys.ask_totp_again(&setup, &visit.browser).await;
            show_add(&visit, asked, Some(&fault)).await
        }
        Err(fault) => answer(&visit, fault, route::ADD_TOTP).await,
    }
}

/// An answer with the new secret of the session.
fn renewed(visit: &Visit, finished: Finished, mut page: Page) -> Page {
    let done = Ok(flows::Next::Finished(finished));
    let landing = visit.site.journeys.land(done, None, &visit.browser, visit.cookies());
    match landing.place {
        Place::Done(_) => add_cookies(&mut page, &landing.cookies),
        _ => page = visit.failed(&Fault::unavailable(), None),
    }
    page
}

pub(super) async fn remove_page(State(site): State<Site>, request: Request) -> Page {
    confirm(&Visit::of(&site, &request), FactorChange::TurnOff, None).await
}

pub(super) async fn codes_page(State(site): State<Site>, request: Request) -> Page {
    confirm(&Visit::of(&site, &request), FactorChange::NewCodes, None).await
}

fn path_of(change: FactorChange) -> &'static str {
    match change {
        FactorChange::TurnOff => route::REMOVE_TOTP,
        FactorChange::NewCodes => route::RECOVERY_CODES,
    }
}

async fn confirm(visit: &Visit, change: FactorChange, refused: Option<&Fault>) -> Page {
    let to = path_of(change);
    let view = match visit.site.journeys.account(&visit.browser).await {
        Ok(view) => view,
        Err(fault) => return answer(visit, fault, to).await,
    };
    if view.user.totp.is_none() {
        return visit.error(404, Reason::NoSecondFactor.code());
    }
    if !view.fresh {
        return begin_step_up(visit, to).await;
    }
    let shell = visit.account_shell(&view);
    let refused = refused.map(|fault| texts::reason(visit.lang, &fault.code));
    html(if refused.is_some() { 409 } else { 200 }, ConfirmFactor { shell, change, refused }.render())
}

pub(super) async fn remove(
    State(site): State<Site>,
    peer: Peer,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(route::REMOVE_TOTP, &[]);
    }
    match site.journeys.remove_totp(&visit.browser).await {
        Ok(finished) => {
            let to = format!("{}?done=no-second-factor", route::ACCOUNT);
            renewed(&visit, finished, see_other(&to, &[]))
        }
        Err(fault) if [Reason::LastMethod, Reason::SharedAccess].map(Reason::code).contains(&fault.code.as_str()) => {
            confirm(&visit, FactorChange::TurnOff, Some(&fault)).await
        }
        Err(fault) => answer(&visit, fault, route::REMOVE_TOTP).await,
    }
}

pub(super) async fn codes(
    State(site): State<Site>,
    peer: Peer,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(route::RECOVERY_CODES, &[]);
    }
    match site.journeys.new_recovery_codes(&visit.browser).await {
        Ok(codes) => match frame(&visit).await {
            Ok(shell) => html(200, RecoveryCodes { shell, set_up: false, codes: codes.0 }.render()),
            Err(fault) => answer(&visit, fault, route::RECOVERY_CODES).await,
        },
        Err(fault) => answer(&visit, fault, route::RECOVERY_CODES).await,
    }
}
