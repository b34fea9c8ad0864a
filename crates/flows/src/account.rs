//! What a person does with the account they are signed in to.

use crate::decide::{display_name, proof_methods};
use crate::flow::{Destination, Fault, FaultKind, Finished, Flow, Goal, Step};
use crate::journeys::Journeys;
use crate::prove::not_hashed;
use crate::{Browser, local_path};
use linking::{
    Access, EndSessions, LocalOutcome, Reason, UnlinkInput, UnlinkOutcome, UnusableBecause, decide_end_session,
    decide_set_password, decide_sign_out, decide_unlink, decide_withdrawal, may_go, own_methods, required_level,
    usable_methods, ways_in, why_unusable,
};
use model::{
    Actor, AddressFacts, ConnectionId, Facts, FactsQuery, LinkFacts, LinkId, LinkState, Method, Micros, Plan, Secret,
    SessionFacts, SessionId, SessionScope, UserFacts,
};
use url::Url;

/// One row of the page: every method, external or local, so that the last-method rule is visible.
#[derive(Debug, Clone)]
pub struct MethodView {
    pub method: Method,
    pub link: Option<LinkFacts>,
    pub used_now: bool,
    pub unusable: Option<UnusableBecause>,
    /// `Err` says why it cannot be removed.
    pub removable: Result<(), Reason>,
}

/// A person's account, as one snapshot.
#[derive(Debug, Clone)]
pub struct AccountView {
    pub user: UserFacts,
    pub session: SessionFacts,
    pub name: String,
    pub methods: Vec<MethodView>,
    pub can_connect: Vec<ConnectionId>,
    pub fresh: bool,
    /// What its ways in have in common.
    pub access: Access,
}

/// What an unlink did.
#[derive(Debug, Clone)]
pub struct Removed {
    pub connection: ConnectionId,
    pub own_session_ended: bool,
    /// What the person can undo it with, as it stands in the notice.
    pub undo: Option<String>,
}

impl Journeys {
    /// Facts about the person signed in in this browser.
    pub(crate) async fn own_facts(&self, browser: &Browser) -> Result<Facts, Fault> {
        if browser.session.is_none() {
            // Nobody is signed in: there is nothing to look up.
            return Ok(Facts::default());
        }
        self.facts(&FactsQuery { session: browser.session, ..FactsQuery::default() }).await
    }

    fn live<'a>(&self, facts: &'a Facts) -> Result<(&'a SessionFacts, &'a UserFacts), Fault> {
        facts.live_session(self.now()).ok_or_else(|| Fault::refused(Reason::SessionExpired))
    }

    /// The session of somebody who wants to change the account. An application's never may; an organisation's leads to a
    /// step-up with a method of the person's own, so it counts as not fresh.
    pub(crate) fn changing<'a>(&self, facts: &'a Facts) -> Result<(&'a SessionFacts, &'a UserFacts), Fault> {
        let (session, user) = self.live(facts)?;
        if session.scope == SessionScope::Application {
            return Err(Fault::refused(Reason::SessionScope));
        }
        Ok((session, user))
    }

    pub(crate) fn is_fresh(&self, session: &SessionFacts, user: &UserFacts) -> bool {
        session.scope == SessionScope::Account
            && linking::is_fresh_at(session.authenticated_at, self.now())
            && session.level >= required_level(user, &self.policy)
    }

    /// The account page. One read.
    pub async fn account(&self, browser: &Browser) -> Result<AccountView, Fault> {
        let facts = self.own_facts(browser).await?;
        let (session, user) = self.live(&facts)?;
        let usable = usable_methods(user, &facts.connections, &self.policy);
        let ways = ways_in(user, &facts.connections, &self.policy);
        let mut methods: Vec<MethodView> = usable
            .iter()
            .filter(|method| method.link().is_none())
            .map(|method| MethodView {
                method: method.clone(),
                link: None,
                used_now: session.method == *method,
                unusable: None,
                removable: may_go(user, &ways, method, &self.policy),
            })
            .collect();
        for link in user.links.iter().filter(|link| link.state != LinkState::Removed) {
            let method = Method::Link { link: link.id, connection: link.connection.clone() };
            methods.push(MethodView {
                used_now: session.method == method,
                removable: may_go(user, &ways, &method, &self.policy),
                method,
                unusable: why_unusable(link, &facts.connections, &self.policy),
                link: Some(link.clone()),
            });
        }
        let access = Access::of(user, &ways, &self.policy);
        Ok(AccountView {
            access,
            name: display_name(user),
            methods,
            can_connect: self.connectable(&facts, user),
            fresh: self.is_fresh(session, user),
            session: session.clone(),
            user: user.clone(),
        })
    }

    /// Connections that may be added: enabled, meant for linking, and below the limit.
    fn connectable(&self, facts: &Facts, user: &UserFacts) -> Vec<ConnectionId> {
        let enabled = |id: &ConnectionId| facts.connection(id).is_some_and(|state| state.enabled);
        let present = |id: &ConnectionId| user.active_links().filter(|link| link.connection == *id).count();
        self.policy
            .connections
            .iter()
            .filter(|(id, rules)| {
                let reaches = rules.organisation.as_ref().is_none_or(|one| user.is_member(one));
                rules.purpose.links() && reaches && enabled(id) && present(id) < rules.max_links_per_user as usize
            })
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Authenticating again: the methods offered are the user's own.
    fn step_up(&self, facts: &Facts, session: &SessionFacts, user: &UserFacts, to: &str) -> Flow {
        let to = Destination::path(local_path(to).unwrap_or("/account"));
        self.step_up_flow(facts, session, user, to)
    }

    pub(crate) fn step_up_flow(
        &self,
        facts: &Facts,
        session: &SessionFacts,
        user: &UserFacts,
        to: Destination,
    ) -> Flow {
        let mut flow = self.begin(Goal::StepUp { user: user.id, session: session.id, to });
        let methods = proof_methods(&own_methods(user, &facts.connections, &self.policy));
        flow.step = Step::StepUp { methods };
        flow
    }

    pub async fn begin_step_up(&self, to: &str, browser: &Browser) -> Result<Flow, Fault> {
        let facts = self.own_facts(browser).await?;
        let (session, user) = self.changing(&facts)?;
        Ok(self.step_up(&facts, session, user, to))
    }

    /// Starts a link from settings: in the session that asks, fresh, for this user at this version (T32). `Err(flow)`
    /// is the step-up that must come first.
    pub async fn begin_link(
        &self,
        connection: &ConnectionId,
        back_to: &str,
        browser: &Browser,
    ) -> Result<Result<Flow, Box<Flow>>, Fault> {
        let facts = self.own_facts(browser).await?;
        let (session, user) = self.changing(&facts)?;
        if !self.connectable(&facts, user).contains(connection) {
            let present = self.policy.connection(connection).is_some();
            return Err(Fault::refused(if present { Reason::LinkLimit } else { Reason::UnknownConnection }));
        }
        if !self.is_fresh(session, user) {
            return Ok(Err(Box::new(self.step_up(&facts, session, user, back_to))));
        }
        Ok(Ok(self.begin(Goal::Link {
            user: user.id,
            session: session.id,
            user_version: user.version,
            connection: connection.clone(),
        })))
    }

    /// Removes one of the person's own links. One read, one plan; on conflict decided again (T72, T80).
    pub async fn unlink(&self, link: LinkId, browser: &Browser) -> Result<Removed, Fault> {
        for _ in 0..3 {
            let facts = self.own_facts(browser).await?;
            let (session, user) = self.changing(&facts)?;
            let actor = Actor::User { user: user.id };
            let context = self.context(None, &actor, browser);
            let input = UnlinkInput { facts: &facts, user: user.id, link, session: Some(session.id), force: false };
            let decision = decide_unlink(&context, &input);
            tracing::info!(reason = decision.reason.code(), "decided");
            let UnlinkOutcome::Removed { connection, own_session_ended, .. } = decision.outcome else {
                return Err(Fault::refused(decision.reason));
            };
            let undo = self.undo_token_of(&decision.plan);
            if self.apply(decision.plan, &facts, None, &browser.language).await?.is_none() {
                return Ok(Removed { connection, own_session_ended, undo });
            }
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    /// Ends the session of this browser. Twice is not an error. Gives the pages of clients that the browser has to load,
    /// so that they end their own sessions there.
    pub async fn sign_out(&self, browser: &Browser) -> Result<Vec<Url>, Fault> {
        let Some(hash) = browser.session else { return Ok(Vec::new()) };
        let query = FactsQuery { session: Some(hash), clients_of_session: true, ..FactsQuery::default() };
        let facts = self.facts(&query).await?;
        let clients = facts.clients_of_session.clone();
        let sid = self
            .own_change_given(Some(facts), browser, |context, facts| {
                let sid = facts.live_session(context.now).map(|(session, _)| session.sid);
                Ok((sid, decide_sign_out(context, facts).plan))
            })
            .await?;
        Ok(match sid {
            Some(sid) => self.frames(&clients, sid).await,
            None => Vec::new(),
        })
    }

    /// Takes back what a client was allowed, with everything it was given.
    pub async fn withdraw(&self, client: &str, browser: &Browser) -> Result<(), Fault> {
        self.own_change(browser, |context, facts| {
            self.changing(facts)?;
            Ok(((), decide_withdrawal(context, facts, client).plan))
        })
        .await
    }

    /// Ends another session of the same person.
    pub async fn end_session(&self, which: EndSessions, browser: &Browser) -> Result<(), Fault> {
        self.own_change(browser, |context, facts| {
            let (session, user) = self.changing(facts)?;
            if session.scope != SessionScope::Account {
                return Err(Fault::refused(Reason::SessionScope));
            }
            let actor = Actor::User { user: user.id };
            let context = linking::Context { actor: &actor, ..*context };
            Ok(((), decide_end_session(&context, facts, user.id, which).plan))
        })
        .await
    }

    /// Sets the password: every other session ends and this one gets a new secret.
    pub async fn set_password(&self, password: Secret<String>, browser: &Browser) -> Result<Finished, Fault> {
        let facts = self.own_facts(browser).await?;
        let (session, user) = self.changing(&facts)?;
        let (session, user_id): (SessionId, _) = (session.id, user.id);
        if !self.is_fresh(facts.session.as_ref().ok_or_else(|| Fault::flow("bad_request"))?, user) {
            return Err(Fault::refused(Reason::StepUpNeeded));
        }
        let mut about: Vec<&str> = vec![&user.name];
        about.extend(user.addresses.iter().map(|known| known.address.local()));
        let phc = self.passwords.hash(&password, &about).await.map_err(not_hashed)?;
        let secret = self.new_secret(browser);
        self.own_change_given(Some(facts), browser, |context, facts| {
            let decision = decide_set_password(context, facts, session, &phc, &secret.terms);
            match decision.outcome {
                LocalOutcome::SignedIn { .. } => Ok(((), decision.plan)),
                _ => Err(Fault::refused(decision.reason)),
            }
        })
        .await?;
        let finished = self.finished(user_id, "/account".to_owned());
        Ok(Finished { session: Some(secret.secret), ..finished })
    }

    /// Read, decide, apply; again on conflict.
    pub(crate) async fn own_change<O: Send>(
        &self,
        browser: &Browser,
        decide: impl Fn(&linking::Context<'_>, &Facts) -> Result<(O, Plan), Fault> + Send,
    ) -> Result<O, Fault> {
        self.own_change_given(None, browser, decide).await
    }

    /// As [`Self::own_change`], with facts that were read before; whether they still hold is decided by the plan's guards.
    pub(crate) async fn own_change_given<O: Send>(
        &self,
        mut given: Option<Facts>,
        browser: &Browser,
        decide: impl Fn(&linking::Context<'_>, &Facts) -> Result<(O, Plan), Fault> + Send,
    ) -> Result<O, Fault> {
        for _ in 0..3 {
            let facts = match given.take() {
                Some(facts) => facts,
                None => self.own_facts(browser).await?,
            };
            let actor = Actor::System;
            let (outcome, plan) = decide(&self.context(None, &actor, browser), &facts)?;
            if plan.is_empty() || self.apply(plan, &facts, None, &browser.language).await?.is_none() {
                return Ok(outcome);
            }
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    /// Addresses proven for a user, strongest proof first.
    pub fn addresses(user: &UserFacts) -> Vec<&AddressFacts> {
        let mut addresses: Vec<&AddressFacts> = user.addresses.iter().collect();
        addresses.sort_by(|a, b| b.proof.cmp(&a.proof).then(a.address.cmp(&b.address)));
        addresses
    }

    /// When this authentication stops being fresh.
    pub fn fresh_until(session: &SessionFacts) -> Micros {
        session.authenticated_at + linking::FRESH
    }
}
