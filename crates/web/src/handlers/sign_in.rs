//! Where journeys begin: sign in, sign up, and the end of one.

use super::{Page, Site, Visit, add_cookies, html, see_other};
use crate::pages::{Shell, SignedOut, route};
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use flows::{Destination, Fault, Flow, Goal, local_path};
use serde::Deserialize;
use std::collections::BTreeSet;
use url::Url;

/// Seconds that a browser without script waits for pages of clients, once they are loaded.
const FRAMES_TIME: u32 = 1;

/// What may stand in the address of the sign-in page.
#[derive(Deserialize)]
pub(super) struct Start {
    return_to: Option<String>,
    application: Option<String>,
    redirect_uri: Option<String>,
    challenge: Option<String>,
    state: Option<String>,
    /// A client's, sealed.
    request: Option<String>,
    /// Whose people's page it is.
    organisation: Option<String>,
    /// With any value: the page with all choices.
    choose: Option<String>,
}

impl Start {
    /// Checked here, sealed into the flow, and checked again at the end (T40).
    fn destination(&self, visit: &Visit) -> Result<Destination, Fault> {
        if let Some(sealed) = &self.request {
            let request = visit.site.journeys.open_request(sealed)?;
            return Ok(Destination::Client(Box::new(request)));
        }
        match &self.application {
            Some(application) => {
                let text = |field: &Option<String>| field.clone().unwrap_or_default();
                let (redirect, challenge, state) = (text(&self.redirect_uri), text(&self.challenge), text(&self.state));
                let request = visit.site.journeys.handover_request(application, &redirect, &challenge, &state)?;
                Ok(Destination::Application(request))
            }
            None => {
                let wanted = self.return_to.as_deref().and_then(local_path);
                Ok(Destination::path(wanted.unwrap_or(route::ACCOUNT)))
            }
        }
    }
}

type Asked = Result<Query<Start>, axum::extract::rejection::QueryRejection>;

pub(super) async fn sign_in(State(site): State<Site>, asked: Asked, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let chooses = matches!(&asked, Ok(Query(start)) if start.choose.is_some());
    let (mut flow, present) = match begin(&visit, asked, |to| Goal::SignIn { to }).await {
        Ok(begun) => begun,
        Err(fault) => return visit.failed(&fault, None),
    };
    flow.routing.asks = site.journeys.named_before(visit.cookies());
    // Whoever is signed in and comes by themselves may want to be somebody else.
    let for_client = matches!(flow.goal.destination(), Some(Destination::Client(_)));
    let wants_page = chooses || (present.is_some() && !for_client);
    match visit.site.journeys.lead(&flow, wants_page, &visit.browser, visit.cookies()).await {
        Some(next) => visit.land(next, Some(flow.id)),
        None => first_page(&visit, &flow, present.as_ref()),
    }
}

pub(super) async fn sign_up(State(site): State<Site>, asked: Asked, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    match begin(&visit, asked, |to| Goal::SignUp { to }).await {
        Ok((flow, present)) => first_page(&visit, &flow, present.as_ref()),
        Err(fault) => visit.failed(&fault, None),
    }
}

async fn begin(
    visit: &Visit,
    asked: Asked,
    goal: impl Fn(Destination) -> Goal,
) -> Result<(Flow, Option<flows::Present>), Fault> {
    let Ok(Query(start)) = asked else { return Err(Fault::flow("bad_request")) };
    let journeys = &visit.site.journeys;
    let to = start.destination(visit)?;
    let present = visit.present().await?;
    let goal = goal(to);
    if let (Some(person), Goal::SignIn { to: to @ Destination::Application(_) }) = (&present, &goal) {
        let flow = journeys.continue_flow(to.clone(), &person.name);
        return Ok((flow, present));
    }
    let mut flow = journeys.begin(goal);
    if let Some(organisation) = &start.organisation {
        flow = journeys.of_organisation(flow, organisation)?;
    }
    Ok((flow, present))
}

/// The first page is shown where it was asked for, with the flow's cookie.
fn first_page(visit: &Visit, flow: &Flow, present: Option<&flows::Present>) -> Page {
    match visit.site.journeys.keep(flow, visit.cookies()) {
        Ok(cookies) => {
            let mut page = visit.page(flow, present);
            add_cookies(&mut page, &cookies);
            page
        }
        Err(fault) => visit.failed(&fault, None),
    }
}

pub(super) async fn submit_sign_up(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    Form(fields): Form<super::flow::Fields>,
) -> Page {
    super::flow::sign_up(&site, peer, &headers, fields).await
}

/// "Not you?": this browser forgets whom it knew.
pub(super) async fn forget(State(site): State<Site>, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let cookie = visit.site.journeys.forget_device(visit.cookies());
    see_other(route::SIGN_IN, &[cookie])
}

pub(super) async fn signed_out(State(site): State<Site>, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let choices = site.journeys.would_lead(&visit.browser);
    html(200, SignedOut { shell: visit.shell(), frames: Vec::new(), next: None, choices }.render())
}

/// The session has ended. Where clients hear of it by the browser, it loads their pages before it goes on to `next`.
pub(super) fn out(visit: &Visit, frames: &[Url], next: Option<String>) -> Page {
    let forget = visit.site.journeys.forget_session(visit.cookies());
    if frames.is_empty() {
        return see_other(next.as_deref().unwrap_or(route::SIGNED_OUT), &[forget]);
    }
    let origins: BTreeSet<String> = frames.iter().map(|frame| frame.origin().ascii_serialization()).collect();
    let shell = Shell { here: route::SIGNED_OUT.to_owned(), csrf: String::new(), ..visit.shell() };
    let go_on = next.as_ref().and_then(|next| HeaderValue::from_str(&format!("{FRAMES_TIME}; url={next}")).ok());
    let frames = frames.iter().map(Url::to_string).collect();
    let mut page = html(200, SignedOut { shell, frames, next, choices: false }.render());
    page.headers_mut().extend(go_on.map(|value| (header::REFRESH, value)));
    page.extensions_mut().insert(super::guard::Frames(origins.into_iter().collect::<Vec<_>>().join(" ")));
    add_cookies(&mut page, &[forget]);
    page
}
