//! The way back into an account that its owner cannot sign in to. The steps are those of every flow; here are its first page
//! and the one it ends on.

use super::account::answer;
use super::{Page, Site, Visit, add_cookies, html};
use crate::pages::{ErrorText, Recover, RecoverProof, Recovered, route};
use axum::extract::{Request, State};
use flows::{Flow, Goal, ProofMethod};
use model::{LinkState, Method, masked};

/// Nothing is read and nothing written.
pub(super) async fn start(State(site): State<Site>, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let flow = site.journeys.begin(Goal::Recover);
    match site.journeys.keep(&flow, visit.cookies()) {
        Ok(cookies) => {
            let mut page = visit.page(&flow, None);
            add_cookies(&mut page, &cookies);
            page
        }
        Err(fault) => visit.failed(&fault, None),
    }
}

impl Visit {
    pub(super) fn recover(&self, flow: &Flow, error: Option<ErrorText>) -> Result<String, askama::Error> {
        let typed = flow.material.typed.as_ref();
        Recover {
            shell: self.shell(),
            flow: flow.id.to_string(),
            email: typed.map(|typed| typed.email.clone()).unwrap_or_default(),
            available: self.site.journeys.policy().local.email_code,
            error,
        }
        .render()
    }

    /// Codes are offered by mailbox, because there may be several and one of them was shown already.
    pub(super) fn recover_proof(
        &self,
        flow: &Flow,
        methods: &[ProofMethod],
        error: Option<ErrorText>,
    ) -> Result<String, askama::Error> {
        let mailbox = |method: &ProofMethod| match method {
            ProofMethod::EmailCode { address } => Some(masked(address)),
            _ => None,
        };
        let others: Vec<ProofMethod> = methods.iter().filter(|method| mailbox(method).is_none()).cloned().collect();
        RecoverProof {
            shell: self.shell(),
            flow: flow.id.to_string(),
            methods: self.methods(&others),
            mailboxes: methods.iter().filter_map(mailbox).collect(),
            support_code: self.support_code("more_proofs_needed", Some(flow)),
            error,
        }
        .render()
    }
}

pub(super) async fn recovered(State(site): State<Site>, request: Request) -> Page {
    let visit = Visit::of(&site, &request);
    let view = match site.journeys.account(&visit.browser).await {
        Ok(view) => view,
        Err(fault) => return answer(&visit, fault, route::RECOVERED).await,
    };
    let is_held = |link: &model::LinkFacts| link.state == LinkState::Held;
    let held = view.methods.iter().filter(|method| method.link.as_ref().is_some_and(is_held));
    let row = |method: &flows::MethodView| {
        // Names there can be made up: the end of the id cannot (T20).
        let id_tail = method.link.as_ref().map(|link| link.identity.subject.tail().to_owned());
        crate::pages::MethodRow { id_tail, ..visit.row(&view, method) }
    };
    let page = Recovered {
        shell: visit.account_shell(&view),
        held: held.map(row).collect(),
        can_set_password: site.journeys.policy().local.password && !view.user.addresses.is_empty(),
        has_password: view.methods.iter().any(|method| method.method == Method::Password),
    };
    html(200, page.render())
}
