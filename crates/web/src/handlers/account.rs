//! The account's pages: sign-in methods, sessions, activity, and what changes them.

use super::show::{card_of, local_mark};
use super::{Page, Site, Visit, add_cookies, html, see_other};
use crate::pages::{
    Access, Account, Activity, AddressRow, ApplicationRow, Applications, Badge, ConfirmRemove, ConnectStart, ErrorText,
    EventRow, FactorRow, Field, Flash, MethodRow, Removal, SessionRow, SetPassword, Shared, device_name, route,
};
use crate::texts;
use axum::extract::{Form, Query, Request, State};
use axum::http::HeaderMap;
use flows::{AccountView, Element, EndSessions, Fault, FaultKind, Journeys, MethodView, Place, UnusableBecause};

use model::{ConnectionId, LinkFacts, LinkId, Method, MethodKind, Secret, SessionId};
use serde::Deserialize;

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    linked: Option<String>,
    removed: Option<String>,
    undo: Option<String>,
    restored: Option<String>,
    released: Option<String>,
    cancelled: Option<String>,
    done: Option<String>,
    connection: Option<String>,
    method: Option<String>,
    before: Option<i64>,
    to: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Posted {
    csrf: Option<String>,
    connection: Option<String>,
    method: Option<String>,
    session: Option<String>,
    client: Option<String>,
    passkey: Option<String>,
    password: Option<Secret<String>>,
}

type Query_ = Result<Query<Asked>, axum::extract::rejection::QueryRejection>;

/// Everything here needs somebody who is signed in; without one the way leads to sign-in and back.
fn sign_in_first(to: &str) -> Page {
    see_other(&format!("{}?return_to={}", route::SIGN_IN, encoded(to)), &[])
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Session faults lead to sign-in, step-up faults to the step-up, everything else to a page.
pub(super) async fn answer(visit: &Visit, fault: Fault, to: &str) -> Page {
    match fault.code.as_str() {
        "session_expired" => sign_in_first(to),
        "step_up_needed" => begin_step_up(visit, to).await,
        _ => visit.failed(&fault, None),
    }
}

pub(super) async fn begin_step_up(visit: &Visit, to: &str) -> Page {
    match visit.site.journeys.begin_step_up(to, &visit.browser).await {
        Ok(flow) => visit.land(Ok(flows::Next::Show(Box::new(flow))), None),
        Err(fault) if fault.code == "session_expired" => sign_in_first(to),
        Err(fault) => visit.failed(&fault, None),
    }
}

/// A form of this session (T32): the origin was checked for every request, this ties the form to the session too.
pub(super) fn is_own_form(visit: &Visit, csrf: Option<&str>) -> bool {
    !visit.form_token().is_empty() && csrf == Some(visit.form_token().as_str())
}

pub(super) async fn account(State(site): State<Site>, asked: Query_, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let asked = asked.map(|query| query.0).unwrap_or_default();
    let view = match site.journeys.account(&visit.browser).await {
        Ok(view) => view,
        Err(fault) => return answer(&visit, fault, route::ACCOUNT).await,
    };
    let sessions = match site.reads.sessions_of(view.user.id).await {
        Ok(sessions) => sessions,
        Err(fault) => return visit.failed(&fault.into(), None),
    };
    html(200, account_page(&visit, &view, &sessions, &asked).render())
}

fn account_page(visit: &Visit, view: &AccountView, sessions: &[model::SessionFacts], asked: &Asked) -> Account {
    let methods: Vec<MethodRow> = view.methods.iter().map(|method| visit.row(view, method)).collect();
    let access = visit.access(view);
    let has_password = view.methods.iter().any(|method| method.method == Method::Password);
    Account {
        shell: visit.account_shell(view),
        name: view.name.clone(),
        methods,
        can_add: visit.buttons(|id| view.can_connect.contains(id)),
        can_set_password: visit.site.journeys.policy().local.password && !view.user.addresses.is_empty(),
        has_password,
        can_add_passkey: visit.site.journeys.policy().local.passkey && view.user.passkeys.len() < flows::PASSKEYS_MAX,
        second_factor: view
            .user
            .totp
            .as_ref()
            .map(|totp| FactorRow { added_at: totp.added_at, codes_left: totp.codes.len() as u32 }),
        can_add_totp: visit.site.journeys.policy().local.totp,
        addresses: Journeys::addresses(&view.user)
            .into_iter()
            .map(|known| AddressRow { address: known.address.to_string(), proven_at: known.proven_at })
            .collect(),
        access,
        sessions: sessions
            .iter()
            .map(|session| SessionRow {
                id: session.id.to_string(),
                device: visit
                    .site
                    .journeys
                    .application_of(&session.user_agent)
                    .unwrap_or_else(|| device_name(visit.lang, &session.user_agent)),
                method: visit.method_name(&session.method),
                since: session.created_at,
                current: session.id == view.session.id,
            })
            .collect(),
        notice: flash(visit, view, asked),
        error: None,
    }
}

fn flash(visit: &Visit, view: &AccountView, asked: &Asked) -> Option<Flash> {
    if let Some(link) = asked.linked.as_deref().and_then(|id| id.parse::<LinkId>().ok()) {
        let link = view.user.link(link)?;
        let (provider, _) = visit.provider(&link.connection);
        let undo = format!("{}?method={}", route::REMOVE, link.id);
        return Some(Flash::linked(visit.lang, &provider, &detail(link), Some(undo)));
    }
    if let Some(removed) = asked.removed.as_deref().and_then(ConnectionId::parse) {
        let undo = asked.undo.as_deref().filter(|token| visit.site.journeys.is_undo(token));
        let undo = undo.map(|token| format!("{}/{token}", route::UNDO));
        return Some(Flash::removed(visit.lang, &visit.provider(&removed).0, undo));
    }
    if let Some(restored) = asked.restored.as_deref().and_then(ConnectionId::parse) {
        return Some(Flash::restored(visit.lang, &visit.provider(&restored).0));
    }
    if let Some(released) = asked.released.as_deref().and_then(ConnectionId::parse) {
        return Some(Flash::released(visit.lang, &visit.provider(&released).0));
    }
    if let Some(left) = asked.cancelled.as_deref().and_then(ConnectionId::parse) {
        return Some(Flash::cancelled(visit.lang, &visit.provider(&left).0));
    }
    match asked.done.as_deref()? {
        "password" => Some(Flash::password_set(visit.lang)),
        "passkey" => Some(Flash::passkey_added(visit.lang)),
        "no-passkey" => Some(Flash::passkey_removed(visit.lang)),
        "no-second-factor" => Some(Flash::second_factor_off(visit.lang)),
        "session" => Some(Flash::session_ended(visit.lang)),
        _ => None,
    }
}

/// What tells this account at the provider apart: address, user name, or the tail of its id.
pub(super) fn detail(link: &LinkFacts) -> String {
    let display = &link.display;
    link.address
        .as_ref()
        .map(ToString::to_string)
        .or_else(|| display.user_name.clone())
        .or_else(|| display.name.clone())
        .unwrap_or_else(|| format!("…{}", link.identity.subject.tail()))
}

impl Visit {
    pub(super) fn account_shell(&self, view: &AccountView) -> crate::pages::Shell {
        let address = view.user.addresses.first().map(|known| known.address.to_string()).unwrap_or_default();
        self.shell_for(&view.name, &address)
    }

    fn method_name(&self, method: &Method) -> String {
        match method {
            Method::Password => texts::t(self.lang, "method-password", &[]),
            Method::EmailCode { .. } => texts::t(self.lang, "method-email-code", &[]),
            Method::Passkey { .. } => texts::t(self.lang, "method-passkey", &[]),
            Method::Link { connection, .. } => self.provider(connection).0,
        }
    }

    /// The element that most ways in hang on, a mailbox before a provider.
    fn access(&self, view: &AccountView) -> Access {
        let shared = view.access.shared.first().map(|(element, count)| Shared {
            ways: *count as u32,
            provider: match element {
                Element::Mailbox(_) => None,
                Element::Provider(connection) => Some(self.provider(connection).0),
            },
        });
        Access { usable: view.access.ways as u32, shared }
    }

    /// Why a local method has no "Remove".
    fn stays(&self, view: &AccountView, method: &MethodView) -> String {
        let another = |other: &MethodView| other.unusable.is_none() && other.method != method.method;
        match method.method {
            _ if !view.methods.iter().any(another) => texts::reason(self.lang, flows::Reason::LastMethod.code()),
            Method::Password => texts::t(self.lang, "method-password-stays", &[]),
            _ => texts::t(self.lang, "method-email-code-stays", &[]),
        }
    }

    pub(super) fn row(&self, view: &AccountView, method: &MethodView) -> MethodRow {
        let mut badges = Vec::new();
        if method.used_now {
            badges.push(Badge::UsedNow);
        }
        match method.unusable {
            Some(UnusableBecause::ConnectionDisabled | UnusableBecause::ConnectionNotConfigured) => {
                badges.push(Badge::ProviderDisabled);
            }
            Some(UnusableBecause::LinkNotActive) => badges.push(Badge::OnHold),
            Some(_) => badges.push(Badge::NeedsAttention),
            None => {}
        }
        let removal = match (method.method.kind(), method.removable) {
            (MethodKind::Password | MethodKind::EmailCode, _) => Removal::NotOffered(self.stays(view, method)),
            (MethodKind::Link | MethodKind::Passkey, Ok(())) => Removal::Allowed,
            (_, Err(reason)) => Removal::Refused(texts::reason(self.lang, reason.code())),
        };
        let passkey = method.method.passkey().and_then(|id| view.user.passkey(id));
        let (mark, detail, id) = match (&method.method, &method.link) {
            (Method::Link { connection, .. }, Some(link)) => {
                (self.provider(connection).1, detail(link), link.id.to_string())
            }
            (Method::EmailCode { address }, _) => {
                (local_mark(MethodKind::EmailCode), address.to_string(), String::new())
            }
            (Method::Passkey { passkey: id }, _) => {
                let name = passkey.map(|passkey| passkey.name.clone()).unwrap_or_default();
                (local_mark(MethodKind::Passkey), name, id.to_string())
            }
            (other, _) => (local_mark(other.kind()), String::new(), String::new()),
        };
        let alike =
            |link: &LinkFacts| view.user.active_links().filter(|other| other.connection == link.connection).count() > 1;
        MethodRow {
            kind: method.method.kind(),
            mark,
            name: self.method_name(&method.method),
            detail,
            id_tail: method
                .link
                .as_ref()
                .filter(|link| alike(link))
                .map(|link| link.identity.subject.tail().to_owned()),
            linked_on: method
                .link
                .as_ref()
                .map(|link| link.linked_at)
                .or_else(|| passkey.map(|passkey| passkey.added_at))
                .or_else(|| (method.method == Method::Password).then(|| Some(view.user.password.as_ref()?.set_at))?),
            last_used: method.link.as_ref().map_or_else(|| passkey?.last_used_at, |link| link.last_used_at),
            badges,
            removal,
            remove_href: format!("{}?method={id}", route::REMOVE),
            release_href: (method.unusable == Some(UnusableBecause::LinkNotActive))
                .then(|| format!("{}?method={id}", route::RELEASE)),
            id,
        }
    }
}

/// The consent page: what will happen, and the one button that starts it.
pub(super) async fn connect(State(site): State<Site>, asked: Query_, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let asked = asked.map(|query| query.0).unwrap_or_default();
    let Some(connection) = asked.connection.as_deref().and_then(ConnectionId::parse) else {
        return visit.error(404, "not_found");
    };
    let to = format!("{}?connection={connection}", route::CONNECT);
    let present = match visit.present().await {
        Ok(Some(present)) => present,
        Ok(None) => return sign_in_first(&to),
        Err(fault) => return visit.failed(&fault, None),
    };
    if site.journeys.policy().connection(&connection).is_none() {
        return visit.error(404, "unknown_connection");
    }
    let (provider, mark) = visit.provider(&connection);
    let page = ConnectStart {
        shell: visit.shell_for(&present.name, &super::show::address_of(&present)),
        connection: connection.to_string(),
        provider,
        mark,
        user: card_of(&present),
        error: None,
    };
    html(200, page.render())
}

/// The POST is the consent (T32, T126).
pub(super) async fn start_connect(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let Some(connection) = posted.connection.as_deref().and_then(ConnectionId::parse) else {
        return visit.error(400, "bad_request");
    };
    let to = format!("{}?connection={connection}", route::CONNECT);
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(&to, &[]);
    }
    match site.journeys.begin_link(&connection, &to, &visit.browser).await {
        Ok(Ok(flow)) => {
            let next = site.journeys.act(flow, flows::Action::Provider(connection), &visit.browser).await;
            match next {
                Ok(flows::Next::Show(flow)) => {
                    visit.failed(&flow.error.clone().unwrap_or_else(Fault::unavailable), Some(&flow))
                }
                other => visit.land(other, None),
            }
        }
        Ok(Err(step_up)) => visit.land(Ok(flows::Next::Show(step_up)), None),
        Err(fault) => answer(&visit, fault, &to).await,
    }
}

/// A method that is to be removed, by its id: a link or a passkey.
#[derive(Clone, Copy)]
struct Removed(LinkId);

impl Removed {
    fn asked(text: Option<&str>) -> Option<Self> {
        link_asked(text).map(Self)
    }

    fn is(self, method: &Method) -> bool {
        let passkey = method.passkey().is_some_and(|passkey| passkey.as_bytes() == self.0.as_bytes());
        passkey || method.link() == Some(self.0)
    }
}

fn link_asked(text: Option<&str>) -> Option<LinkId> {
    text.and_then(|id| id.parse().ok())
}

pub(super) async fn confirm_remove(State(site): State<Site>, asked: Query_, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let asked = asked.map(|query| query.0).unwrap_or_default();
    let Some(wanted) = Removed::asked(asked.method.as_deref()) else { return visit.error(404, "link_not_found") };
    let to = format!("{}?method={}", route::REMOVE, wanted.0);
    let view = match site.journeys.account(&visit.browser).await {
        Ok(view) => view,
        Err(fault) => return answer(&visit, fault, &to).await,
    };
    let Some(method) = view.methods.iter().find(|method| wanted.is(&method.method)) else {
        return visit.error(404, "link_not_found");
    };
    if method.removable.is_ok() && !view.fresh {
        // The name is only for the sentence that says what is being confirmed.
        let named = method.link.as_ref().map_or_else(|| to.clone(), |link| format!("{to}&name={}", link.connection));
        return begin_step_up(&visit, &named).await;
    }
    let sessions = match site.reads.sessions_of(view.user.id).await {
        Ok(sessions) => sessions,
        Err(fault) => return visit.failed(&fault.into(), None),
    };
    let ending = |session: &&model::SessionFacts| wanted.is(&session.method);
    let page = ConfirmRemove {
        shell: visit.account_shell(&view),
        remaining: view
            .methods
            .iter()
            .filter(|other| other.unusable.is_none() && !wanted.is(&other.method))
            .map(|other| visit.method_name(&other.method))
            .collect(),
        sessions_ending: sessions.iter().filter(ending).count() as u32,
        ends_this_session: ending(&&view.session),
        needs_step_up: false,
        error: None,
        method: visit.row(&view, method),
    };
    html(200, page.render())
}

pub(super) async fn remove(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    if let Some(passkey) = posted.passkey.as_deref() {
        return super::passkeys::remove(&visit, passkey, posted.csrf.as_deref()).await;
    }
    let Some(link) = link_asked(posted.method.as_deref()) else { return visit.error(400, "bad_request") };
    let to = format!("{}?method={link}", route::REMOVE);
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(&to, &[]);
    }
    match site.journeys.unlink(link, &visit.browser).await {
        Ok(removed) if removed.own_session_ended => {
            see_other("/signed-out", &[site.journeys.forget_session(visit.cookies())])
        }
        Ok(removed) => {
            let undo = removed.undo.map_or_else(String::new, |token| format!("&undo={token}"));
            see_other(&format!("{}?removed={}{undo}", route::ACCOUNT, removed.connection), &[])
        }
        // Shown where the person is: the page says why, or asks to confirm first.
        Err(fault) if matches!(fault.code.as_str(), "last_method" | "step_up_needed" | "session_scope") => {
            see_other(&to, &[])
        }
        Err(fault) => answer(&visit, fault, &to).await,
    }
}

pub(super) async fn step_up(State(site): State<Site>, asked: Query_, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let asked = asked.map(|query| query.0).unwrap_or_default();
    begin_step_up(&visit, asked.to.as_deref().unwrap_or(route::ACCOUNT)).await
}

const PAGE: u32 = 30;

pub(super) async fn activity(State(site): State<Site>, asked: Query_, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let before = asked.ok().and_then(|query| query.0.before);
    let present = match visit.present().await {
        Ok(Some(present)) => present,
        Ok(None) => return sign_in_first(route::ACTIVITY),
        Err(fault) => return visit.failed(&fault, None),
    };
    let events = match site.reads.events_of(present.user, before, PAGE).await {
        Ok(events) => events,
        Err(fault) => return visit.failed(&fault.into(), None),
    };
    let last = events.last().map(|event| event.seq).filter(|seq| *seq > 1 && events.len() == PAGE as usize);
    let page = Activity {
        shell: visit.shell_for(&present.name, &super::show::address_of(&present)),
        events: events
            .iter()
            .map(|event| EventRow {
                at: event.at,
                kind: event.kind,
                what: event.connection.as_ref().map(|id| visit.provider(id).0),
                method: None,
                device: None,
                by_operator: matches!(event.actor, model::Actor::Operator { .. }),
                code: event.reason.clone(),
            })
            .collect(),
        older_href: last.map(|seq| format!("{}?before={seq}", route::ACTIVITY)),
    };
    html(200, page.render())
}

pub(super) async fn password(State(site): State<Site>, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    password_page(&visit, None).await
}

async fn password_page(visit: &Visit, fault: Option<&Fault>) -> Page {
    let view = match visit.site.journeys.account(&visit.browser).await {
        Ok(view) => view,
        Err(fault) => return answer(visit, fault, route::SET_PASSWORD).await,
    };
    if !view.fresh {
        return begin_step_up(visit, route::SET_PASSWORD).await;
    }
    let weak = fault.is_some_and(|fault| fault.field == Some(flows::Field::Password));
    let page = SetPassword {
        shell: visit.account_shell(&view),
        flow: String::new(),
        address: view.user.addresses.first().map(|known| known.address.to_string()).unwrap_or_default(),
        has_password: view.methods.iter().any(|method| method.method == Method::Password),
        feedback: fault.filter(|_| weak).map(|fault| texts::reason(visit.lang, &fault.code)),
        error: fault.map(|fault| ErrorText::reason(visit.lang, &fault.code).at(Field::Password)),
    };
    html(if fault.is_some() { 422 } else { 200 }, page.render())
}

pub(super) async fn set_password(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let Some(password) = posted.password.clone() else { return visit.error(400, "bad_request") };
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(route::SET_PASSWORD, &[]);
    }
    match site.journeys.set_password(password, &visit.browser).await {
        Ok(finished) => {
            let done = Ok(flows::Next::Finished(finished));
            let landing = site.journeys.land(done, None, &visit.browser, visit.cookies());
            let mut response = match landing.place {
                Place::Done(_) => see_other("/account?done=password", &[]),
                _ => visit.failed(&Fault::unavailable(), None),
            };
            add_cookies(&mut response, &landing.cookies);
            response
        }
        Err(fault) if fault.kind == FaultKind::Input => password_page(&visit, Some(&fault)).await,
        Err(fault) => answer(&visit, fault, route::SET_PASSWORD).await,
    }
}

pub(super) async fn end_session(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let which = match posted.session.as_deref() {
        Some("all") => Some(EndSessions::All),
        Some(id) => id.parse::<SessionId>().ok().map(EndSessions::One),
        None => None,
    };
    let Some(which) = which else { return visit.error(400, "bad_request") };
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(route::ACCOUNT, &[]);
    }
    match site.journeys.end_session(which, &visit.browser).await {
        Ok(()) => see_other("/account?done=session", &[]),
        Err(fault) => answer(&visit, fault, route::ACCOUNT).await,
    }
}

pub(super) async fn applications(State(site): State<Site>, asked: Query_, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let present = match visit.present().await {
        Ok(Some(present)) => present,
        Ok(None) => return sign_in_first(route::APPLICATIONS),
        Err(fault) => return visit.failed(&fault, None),
    };
    let clients = match site.reads.clients_of(present.user).await {
        Ok(clients) => clients,
        Err(fault) => return visit.failed(&fault.into(), None),
    };
    let row = |known: model::ClientOfUser| ApplicationRow {
        name: site.journeys.client(&known.client).map_or_else(|| known.client.clone(), |client| client.name.clone()),
        client: known.client,
        scope: known.scope,
        since: known.since,
    };
    let shell = visit.shell_for(&present.name, &super::show::address_of(&present));
    let withdrawn = asked.is_ok_and(|query| query.0.done.is_some());
    html(200, Applications { shell, rows: clients.into_iter().map(row).collect(), withdrawn }.render())
}

pub(super) async fn withdraw(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    let Some(client) = posted.client else { return visit.error(400, "bad_request") };
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(route::APPLICATIONS, &[]);
    }
    match site.journeys.withdraw(&client, &visit.browser).await {
        Ok(()) => see_other(&format!("{}?done=withdrawn", route::APPLICATIONS), &[]),
        Err(fault) => answer(&visit, fault, route::APPLICATIONS).await,
    }
}

pub(super) async fn sign_out(
    State(site): State<Site>,
    peer: super::flow::Peer,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let visit = Visit::from_headers(&site, &headers, Some(peer.0.ip()));
    if !is_own_form(&visit, posted.csrf.as_deref()) {
        return see_other(route::ACCOUNT, &[]);
    }
    match site.journeys.sign_out(&visit.browser).await {
        Ok(frames) => super::sign_in::out(&visit, &frames, None),
        Err(fault) => visit.failed(&fault, None),
    }
}
