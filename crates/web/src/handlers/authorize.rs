//! Where clients send people: the authorization endpoint, the question of consent, and signing out for a client.
//!
//! The one question, whether this request may have its code now, is `flows`'; here its answers become pages.

use super::show::card;
use super::{Page, Site, Visit, add_cookies, html, see_other};
use crate::pages::{Consent, FormPost, LeaveFor, ReturnToApp, route};
use axum::extract::{Form, Query, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue};
use flows::oauth::{AuthorizationRequest, ErrorCode, Invalid, Parameters, Refused, ResponseMode};
use flows::{Action, Authorized, Destination, Fault, FaultKind, Flow, Reply, Step};
use model::ConnectionId;
use serde::Deserialize;

/// RFC 6749 §3.1: by GET. What comes by POST is turned into that, because the cookies of a form that somebody else's
/// page sends stay behind.
pub(super) async fn authorize(State(site): State<Site>, RawQuery(query): RawQuery, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    match parse(&site, query.as_deref().unwrap_or_default().as_bytes()).await {
        Ok(asked) => {
            let answer = asked.answer.clone();
            let next = site.journeys.authorize(asked, &visit.browser).await;
            match next {
                // Whoever waits in a frame hears of it too.
                Err(fault) if fault.kind == FaultKind::Unavailable => {
                    let refused = Refused::new(ErrorCode::TemporarilyUnavailable, "try again in a moment");
                    visit.invalid(&Invalid::Client(answer, refused))
                }
                next => visit.authorized(next).await,
            }
        }
        // Nobody is led from here to where only a client that nobody vouches for would have them (RFC 9700 §4.11.2).
        Err(Invalid::Client(_, refused))
            if visit.browser.session.is_none() && is_unverified(&site, query.as_deref()) =>
        {
            visit.invalid(&Invalid::Page(refused))
        }
        Err(invalid) => visit.invalid(&invalid),
    }
}

fn is_unverified(site: &Site, query: Option<&str>) -> bool {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let client = parameters.get("client_id").and_then(|id| site.journeys.client(id));
    client.is_some_and(|client| client.unverified)
}

pub(super) async fn authorize_by_form(body: String) -> Page {
    see_other(&format!("{}?{body}", route::AUTHORIZE), &[])
}

async fn parse(site: &Site, text: &[u8]) -> Result<AuthorizationRequest, Invalid> {
    let parameters = Parameters::parse(text).map_err(Invalid::Page)?;
    site.journeys.authorization_request(&parameters).await
}

#[derive(Deserialize)]
pub(super) struct Resumed {
    request: Option<String>,
}

/// Back from a journey.
pub(super) async fn resume(
    State(site): State<Site>,
    query: Result<Query<Resumed>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Page {
    let visit = Visit::of(&site, &request);
    let Some(sealed) = query.ok().and_then(|query| query.0.request) else { return visit.error(400, "bad_request") };
    let next = site.journeys.resume(&sealed, &visit.browser).await;
    visit.authorized(next).await
}

#[derive(Deserialize)]
pub(super) struct Answered {
    csrf: Option<String>,
    request: Option<String>,
    choice: Option<String>,
}

pub(super) async fn consent(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    Form(answered): Form<Answered>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let (Some(sealed), Some(choice)) = (answered.request, answered.choice) else {
        return visit.error(400, "bad_request");
    };
    let allowed = choice == "allow";
    if allowed && !super::account::is_own_form(&visit, answered.csrf.as_deref()) {
        // The session changed under the page: look at it again.
        return see_other(&format!("{}?request={sealed}", flows::RESUME_PATH), &[]);
    }
    let next = site.journeys.consent(&sealed, allowed, &visit.browser).await;
    visit.authorized(next).await
}

impl Visit {
    fn invalid(&self, invalid: &Invalid) -> Page {
        match invalid {
            Invalid::Page(refused) => self.error(400, page_code(refused)),
            Invalid::Client(answer, refused) => match self.site.journeys.refusal(answer, *refused) {
                Ok(reply) => self.reply(&reply),
                Err(fault) => self.failed(&fault, None),
            },
        }
    }

    async fn authorized(&self, next: Result<Authorized, Fault>) -> Page {
        match next {
            Ok(Authorized::Reply(reply)) => self.reply(&reply),
            Ok(Authorized::Journey(flow)) => self.journey(flow).await,
            Ok(Authorized::Consent(asked)) => {
                let address = asked.address.as_ref().map(ToString::to_string).unwrap_or_default();
                let page = Consent {
                    shell: self.shell_for(&asked.person, &address),
                    client_name: asked.name,
                    unverified: asked.unverified,
                    request: asked.request,
                    account: card(&address, Some(&asked.person)),
                    new: asked.new,
                    known: asked.known,
                };
                html(200, page.render())
            }
            Err(fault) => self.failed(&fault, None),
        }
    }

    /// 303 (T53), a form that sends itself, or a page that leads to an application on this device.
    fn reply(&self, reply: &Reply) -> Page {
        match reply.mode {
            ResponseMode::Query if flows::by_web(&reply.redirect_uri) => see_other(&reply.location, &[]),
            ResponseMode::Query => {
                let location = reply.location.clone();
                let refresh = HeaderValue::try_from(format!("0;url={location}"));
                let mut page = html(200, ReturnToApp { shell: self.shell(), location }.render());
                if let Ok(refresh) = refresh {
                    page.headers_mut().insert(axum::http::header::REFRESH, refresh);
                }
                page
            }
            ResponseMode::FormPost => {
                let (action, fields) = (reply.redirect_uri.clone(), reply.parameters.clone());
                html(200, FormPost { shell: self.shell(), action, fields }.render())
            }
        }
    }

    pub(super) async fn journey(&self, flow: Box<Flow>) -> Page {
        // Straight to the connection that the client named, if there is one.
        if let (Step::Identify, Some(Destination::Client(request))) = (&flow.step, flow.goal.destination())
            && let Some(connection) = request.connection.as_deref().and_then(ConnectionId::parse)
            && self.site.providers.iter().any(|provider| provider.id == connection)
        {
            let id = flow.id;
            let next = self.site.journeys.act(*flow, Action::Provider(connection), &self.browser).await;
            return self.land(next, Some(id));
        }
        match self.site.journeys.keep(&flow, self.cookies()) {
            Ok(cookies) => {
                let mut page = see_other(&format!("/flow/{}", flow.id), &[]);
                add_cookies(&mut page, &cookies);
                page
            }
            Err(fault) => self.failed(&fault, None),
        }
    }
}

/// What the person reads where the client cannot be told.
fn page_code(refused: &Refused) -> &'static str {
    if refused.because.starts_with("unknown client") {
        "unknown_application"
    } else if refused.because.starts_with("redirect_uri") {
        "redirect_not_registered"
    } else {
        "bad_request"
    }
}

/// OpenID Connect RP-Initiated Logout 1.0 §2. A hint that we signed for this very session is the person's own way out
/// of the client; anything else asks first (T71).
pub(super) async fn leave(State(site): State<Site>, RawQuery(query): RawQuery, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    leave_with(&visit, query.as_deref().unwrap_or_default(), None).await
}

/// The same by form: from a client's page, or with the person's answer from ours.
pub(super) async fn leave_by_form(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    body: String,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let Ok(form) = Parameters::parse(body.as_bytes()) else { return visit.error(400, "bad_request") };
    match form.get("choice") {
        // Cookies of a form from elsewhere stay behind: ask again as a page of our own.
        None => see_other(&format!("{}?{body}", route::LEAVE), &[]),
        Some(_) => {
            let text = form.get("asked").unwrap_or_default().to_owned();
            leave_with(&visit, &text, Some(&form)).await
        }
    }
}

async fn leave_with(visit: &Visit, asked: &str, answer: Option<&Parameters>) -> Page {
    let journeys = &visit.site.journeys;
    let Ok(parameters) = Parameters::parse(asked.as_bytes()) else { return visit.error(400, "bad_request") };
    let wanted = match journeys.leaving(&parameters).await {
        Ok(wanted) => wanted,
        Err(refused) => return visit.error(400, page_code(&refused)),
    };
    let present = match visit.present().await {
        Ok(present) => present,
        Err(fault) => return visit.failed(&fault, None),
    };
    let after = wanted.to.clone().unwrap_or_else(|| route::SIGNED_OUT.to_owned());
    let Some(present) = present else { return see_other(&after, &[]) };
    let own = answer.is_some_and(|form| super::account::is_own_form(visit, form.get("csrf")));
    let stays = own && answer.and_then(|form| form.get("choice")) == Some("stay");
    if stays {
        return see_other(route::ACCOUNT, &[]);
    }
    if !own && !wanted.is_about(journeys, present.sid) {
        let address = super::show::address_of(&present);
        let page = LeaveFor {
            shell: visit.shell_for(&present.name, &address),
            client_name: wanted.client,
            account: super::show::card_of(&present),
            asked: asked.to_owned(),
        };
        return html(200, page.render());
    }
    match journeys.sign_out(&visit.browser).await {
        Ok(frames) => super::sign_in::out(visit, &frames, wanted.to),
        Err(fault) => visit.failed(&fault, None),
    }
}
