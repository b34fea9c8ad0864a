//! The one entry for all surfaces: begin a journey, act in it, come back from a provider.

use crate::clients::Clients;
use crate::flow::{
    Action, Destination, Fault, FaultKind, Field, Finished, Flow, Goal, Material, Next, Proves, Step, Typed,
};
use crate::handover::Applications;
use crate::{Browser, KeyRing, MailWriter, Passkeys, Passwords, Signer, Store, Upstream};
use linking::Context;
use model::{Actor, Address, Clock, ConnectionId, Expiring, Facts, FactsQuery, FlowId, MINUTE, Micros, Policy, Random};
use protocol::oauth;
use protocol::oidc::{Attempt, CallbackParams};
use std::sync::Arc;

/// An application that may take over sessions.
#[derive(Debug, Clone)]
pub struct Application {
    pub id: String,
    pub name: String,
    /// Exact; a loopback redirect (RFC 8252 §7.3) may use any port.
    pub redirect_uris: Vec<String>,
}

pub struct Settings {
    pub policy: Policy,
    pub session_lifetime: Micros,
    pub applications: Vec<Application>,
    pub clients: Arc<dyn Clients>,
    pub domains: Arc<dyn crate::Domains>,
    /// The issuer: our public origin.
    pub issuer: String,
}

/// The journeys with their ports. Holds no state of any journey (T51), but for when devices asked last.
pub struct Journeys {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) upstream: Arc<dyn Upstream>,
    pub(crate) passwords: Arc<dyn Passwords>,
    pub(crate) passkeys: Arc<dyn Passkeys>,
    pub(crate) mail: Arc<dyn MailWriter>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) policy: Policy,
    pub(crate) session_lifetime: Micros,
    pub(crate) applications: Applications,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) domains: Arc<dyn crate::Domains>,
    pub(crate) issuer: String,
    pub(crate) polls: crate::device::Polls,
}

/// A journey's life; long enough to fetch a mail, short enough that a forgotten tab is harmless.
pub(crate) const FLOW_LIFETIME: Micros = MINUTE.times(30);
/// Clock difference between us and a provider that is tolerated (RFC 7519 §4.1.4).
const SKEW: Micros = MINUTE;

pub(crate) type Acted = Result<Next, Fault>;

impl Journeys {
    #[allow(clippy::too_many_arguments)] // the ports, named once, at the one place that wires them
    pub fn new(
        store: Arc<dyn Store>,
        upstream: Arc<dyn Upstream>,
        passwords: Arc<dyn Passwords>,
        passkeys: Arc<dyn Passkeys>,
        mail: Arc<dyn MailWriter>,
        signer: Arc<dyn Signer>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        keys: Arc<KeyRing>,
        settings: Settings,
    ) -> Self {
        Self {
            store,
            upstream,
            passwords,
            passkeys,
            mail,
            clock,
            random,
            keys,
            policy: settings.policy,
            session_lifetime: settings.session_lifetime,
            applications: Applications::new(settings.applications),
            signer,
            clients: settings.clients,
            domains: settings.domains,
            issuer: settings.issuer,
            polls: crate::device::Polls::default(),
        }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    pub fn now(&self) -> Micros {
        self.clock.now()
    }

    pub fn random(&self) -> &dyn Random {
        &*self.random
    }

    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// A new flow that has changed nothing.
    pub fn begin(&self, goal: Goal) -> Flow {
        let now = self.now();
        Flow {
            id: FlowId::generate(now, self.random()),
            started_at: now,
            expires_at: now + FLOW_LIFETIME,
            goal,
            step: Step::Identify,
            material: Material::default(),
            routing: crate::Routing::default(),
            error: None,
        }
    }

    pub(crate) fn context<'a>(&'a self, flow: Option<&Flow>, actor: &'a Actor, browser: &'a Browser) -> Context<'a> {
        Context {
            now: self.now(),
            random: self.random(),
            policy: &self.policy,
            actor,
            flow: flow.map(|flow| Expiring { flow: flow.id, expires_at: flow.expires_at }),
            device: &browser.user_agent,
        }
    }

    pub(crate) async fn facts(&self, query: &FactsQuery) -> Result<Facts, Fault> {
        let mut facts = self.store.facts(query).await?;
        facts.domain = query.address.as_ref().and_then(|address| self.proven_domain(address));
        Ok(facts)
    }

    /// A flow may be stepped while it lives.
    fn check_alive(&self, flow: &Flow) -> Result<(), Fault> {
        if flow.expires_at > self.now() { Ok(()) } else { Err(Fault::flow("flow_expired")) }
    }

    /// What a person did. Faults of input come back as [`Next::Show`] with the error in the flow.
    pub async fn act(&self, mut flow: Flow, action: Action, browser: &Browser) -> Acted {
        self.check_alive(&flow)?;
        flow.error = None;
        flow.material.forget_stale(self.now());
        let mut kept = flow.clone();
        kept.material.typed = Typed::of(&action).or(kept.material.typed);
        // Boxed: a journey's future is large, and every surface would carry it.
        match Box::pin(self.step(flow, action, browser)).await {
            Err(fault) if matches!(fault.kind, FaultKind::Input | FaultKind::Wait | FaultKind::Provider) => {
                Ok(Next::Show(Box::new(Flow { error: Some(fault), ..kept })))
            }
            other => other,
        }
    }

    async fn step(&self, mut flow: Flow, action: Action, browser: &Browser) -> Acted {
        // Cloned because arms move the flow; a step is small.
        match (flow.step.clone(), action) {
            (_, Action::Cancel) => Ok(Next::Ended { to: self.way_back(&flow) }),
            (Step::Away { back, .. }, action) => {
                // The person came back without an answer and went on with the page they left.
                flow.step = *back;
                Box::pin(self.step(flow, action, browser)).await
            }
            (step, Action::Provider(connection)) => self.leave(flow, step, connection).await,
            (Step::Identify, Action::Email(text)) if matches!(flow.goal, Goal::Recover) => {
                self.recover_address(flow, &text, browser).await
            }
            (Step::RecoverProof { methods, .. }, Action::SendCodeTo(which)) => {
                self.recover_mailbox(flow, &methods, which, browser).await
            }
            (Step::Identify | Step::Password { .. }, Action::Email(text)) => {
                let address = parse_address(&text)?;
                self.named(flow, address, browser).await
            }
            (Step::Identify | Step::Password { .. }, Action::Passkey(given))
                if matches!(flow.goal, Goal::SignIn { .. }) && self.local_methods(&flow).passkey =>
            {
                self.proven_by_passkey(flow, &given, None, browser).await
            }
            (Step::Identify, Action::SignUp { name, email, password }) => {
                self.sign_up(flow, &name, &email, password, browser).await
            }
            (Step::Password { address }, Action::Password(password)) if self.local_methods(&flow).password => {
                self.password_of_address(flow, address, password, browser).await
            }
            (Step::Password { address }, Action::SendCode) if self.sends_codes(&flow) => {
                self.send_code(flow, address, Proves::Owner, browser).await
            }
            (Step::MailCode { address, proves, back }, Action::Resend) => {
                flow.step = *back;
                self.send_code(flow, address, proves, browser).await
            }
            (Step::MailCode { address, proves, back }, Action::Code(code)) => {
                self.enter_code(flow, address, proves, *back, &code, browser).await
            }
            (Step::MailCode { proves: Proves::Mailbox, back, .. }, Action::Email(text)) => {
                // The provider's address is not theirs any more, or mistyped there: another mailbox may be proven.
                flow.step = *back;
                let address = parse_address(&text)?;
                self.send_code(flow, address, Proves::Mailbox, browser).await
            }
            (Step::AskProof { user, methods, .. } | Step::RecoverProof { user, methods }, action) => {
                self.prove(flow, user, &methods, action, browser).await
            }
            (Step::SecondFactor { user, methods, back }, action) => {
                self.second_factor(flow, user, &methods, *back, action, browser).await
            }
            (Step::StepUp { methods }, action) => {
                let Goal::StepUp { user, .. } = flow.goal else { return Err(Fault::flow("bad_request")) };
                self.prove(flow, user, &methods, action, browser).await
            }
            (
                Step::AddressTaken { may_separate: true, .. }
                | Step::OtherAccount { may_separate: true }
                | Step::AskCreate,
                Action::Separate,
            ) => {
                flow.material.separate = true;
                self.settle(flow, None, browser).await
            }
            (Step::AddressTaken { may_continue: true, .. }, Action::Continue) => {
                let address = crate::decide::flow_address(&flow).ok_or_else(|| Fault::flow("flow_expired"))?;
                flow.material.external = None;
                flow.material.sign_up = None;
                self.sign_in_by_mailbox(flow, address, browser).await
            }
            (Step::ConfirmLink, Action::Confirm) => {
                flow.material.confirmed = true;
                self.settle(flow, None, browser).await
            }
            (Step::AskSwitch { .. }, Action::Switch) => {
                flow.material.switch = true;
                self.settle(flow, None, browser).await
            }
            (Step::AskSwitch { .. }, Action::Stay) => Ok(Next::Ended { to: "/account".to_owned() }),
            (Step::Continue { .. }, Action::Continue) => self.continue_to_application(flow, browser).await,
            (Step::Continue { .. }, Action::Switch) => {
                flow.step = Step::Identify;
                Ok(Next::Show(Box::new(flow)))
            }
            _ => Err(Fault::flow("bad_request")),
        }
    }

    /// Where "back" leads when a journey ends without a change.
    pub fn way_back(&self, flow: &Flow) -> String {
        if let Some(Destination::Client(request)) = flow.goal.destination()
            && let Some(location) = self.turned_away(request)
        {
            return location;
        }
        match &flow.goal {
            Goal::SignIn { .. } | Goal::SignUp { .. } | Goal::Recover => "/sign-in".to_owned(),
            Goal::Link { .. } | Goal::StepUp { .. } => "/account".to_owned(),
        }
    }

    /// Sends the browser to a provider: nothing is read and nothing written.
    pub(crate) async fn leave(&self, mut flow: Flow, step: Step, connection: ConnectionId) -> Acted {
        let proving = match (&step, &flow.goal) {
            (Step::Identify | Step::Password { .. }, Goal::SignIn { .. } | Goal::SignUp { .. }) => false,
            (Step::SignInWith { connections }, _) if connections.contains(&connection) => false,
            (Step::Identify, Goal::Link { connection: wanted, .. }) if *wanted == connection => false,
            (Step::ProviderAgain { connection: wanted }, _) if *wanted == connection => false,
            (Step::AskProof { methods, .. } | Step::StepUp { methods } | Step::RecoverProof { methods, .. }, _) => {
                let offered = crate::flow::ProofMethod::Connection { connection: connection.clone() };
                if !methods.contains(&offered) {
                    return Err(Fault::flow("bad_request"));
                }
                true
            }
            _ => return Err(Fault::flow("bad_request")),
        };
        if self.policy.connection(&connection).is_none() {
            return Err(Self::unknown_connection());
        }
        let epoch = self.upstream.epoch(&connection).ok_or_else(Self::unknown_connection)?;
        let mut attempt = Attempt::new(self.random(), self.now(), &connection, epoch);
        attempt.state = format!("{}.{}", flow.id, attempt.state);
        if proving {
            // A link counts as proof only with a fresh authentication there (T91).
            attempt.max_age = Some(0);
        } else if let Some(Destination::Client(request)) = flow.goal.destination() {
            // A client that wants a fresh sign-in gets one, not the provider's own session (T91).
            attempt.max_age =
                if request.asks(oauth::Prompt::Login) { Some(0) } else { request.max_age.map(Micros::seconds) };
        } else if matches!(flow.goal, Goal::Link { .. }) {
            // The person picks the account that is linked; the provider's own session does not (T124).
            attempt.select_account = true;
        }
        let url = match self.upstream.authorize(&attempt).await {
            Ok(url) => url,
            Err(error) => {
                flow.step = step;
                return Ok(Next::Show(Box::new(flow.failed_at(&connection, error, self.now()))));
            }
        };
        flow.step = Step::Away { attempt, proving, back: Box::new(step) };
        Ok(Next::Leave(Box::new(flow), url))
    }

    /// The browser is back from a provider. Every failure leads to the page it left, with a way on; no account was
    /// touched.
    pub async fn returned(
        &self,
        mut flow: Flow,
        connection: &ConnectionId,
        answer: &CallbackParams,
        browser: &Browser,
    ) -> Acted {
        self.check_alive(&flow)?;
        flow.error = None;
        flow.material.forget_stale(self.now());
        let Step::Away { attempt, proving, back } = flow.step.clone() else {
            // The answer was taken already: a repeat shows where the journey stands and does nothing.
            return Ok(Next::Show(Box::new(flow)));
        };
        if attempt.connection != *connection {
            // The answer came in at another connection's address (T35, T36).
            return Err(Fault::flow("flow_forged"));
        }
        flow.step = *back;
        let shown = flow.clone();
        let assertion = match self.upstream.redeem(&attempt, answer).await {
            Ok(assertion) => assertion,
            Err(protocol::oidc::OidcError::StateMismatch) => return Err(Fault::flow("flow_forged")),
            Err(error) => {
                return Ok(Next::Show(Box::new(shown.failed_at(connection, error, self.now()))));
            }
        };
        let outcome = if proving {
            Box::pin(self.proven_by_provider(flow, &attempt, &assertion, browser)).await
        } else {
            let picked = assertion.parts().authenticated_at.is_some_and(|at| at + SKEW >= attempt.started_at);
            let linking = matches!(flow.goal, Goal::Link { .. });
            let again = matches!(flow.step, Step::ProviderAgain { .. });
            let before = if again { std::mem::take(&mut flow.material) } else { Material::default() };
            flow.material = before.renewed(assertion);
            if linking && !picked {
                // It may have answered silently, with an account the person did not pick.
                flow.step = Step::ConfirmLink;
                return Ok(Next::Show(Box::new(flow)));
            }
            Box::pin(self.settle(flow, None, browser)).await
        };
        match outcome {
            Err(fault) if matches!(fault.kind, FaultKind::Input | FaultKind::Wait | FaultKind::Provider) => {
                Ok(Next::Show(Box::new(Flow { error: Some(fault), ..shown })))
            }
            other => other,
        }
    }

    /// A journey for a person who is signed in already and only has to say yes to an application.
    pub fn continue_flow(&self, to: Destination, name: &str) -> Flow {
        let mut flow = self.begin(Goal::SignIn { to });
        flow.step = Step::Continue { name: name.to_owned() };
        flow
    }

    pub(crate) fn finished(&self, user: model::UserId, to: String) -> Finished {
        Finished { session: None, user, used: None, to, linked: None, created: false }
    }
}

pub(crate) fn parse_address(text: &str) -> Result<Address, Fault> {
    Address::parse(text).map_err(|_| Fault::input(Field::Email, "invalid_address"))
}

/// What the person reads is one of three; the log has the cause.
pub(crate) fn provider_fault(error: protocol::oidc::OidcError) -> Fault {
    let code = if error == protocol::oidc::OidcError::Denied {
        "provider_cancelled"
    } else if error.is_unavailable() {
        "provider_down"
    } else {
        "provider_answer_invalid"
    };
    tracing::warn!(cause = %error, code = error.code(), "a provider's answer was not accepted");
    Fault::new(FaultKind::Provider, code)
}
