//! What an app is shown of a journey: as much as the pages show, and what may be posted next.

use crate::ProviderInfo;
use crate::caller::Caller;
use crate::method::{Provider, provider};
use crate::problem::Problem;
use crate::time::rfc3339;
use flows::{Flow, Goal, ProofMethod, Proves, SecondFactor, Step};
use model::{ConnectionId, LocalMethods, Micros, Policy, SignUp, masked};
use serde::Serialize;
use utoipa::ToSchema;

/// A journey and where it stands. Members that the state does not name are absent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FlowView {
    #[schema(format = "uuid")]
    pub id: String,
    pub kind: FlowKind,
    pub state: FlowState,
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// What may be posted now.
    pub actions: Vec<ActionName>,
    /// What went wrong last; the flow stands where it stood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// For the action `provider`, in the operator's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<Provider>,
    /// The address that was typed, or that a code went to; masked where somebody else may be reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The account this is about: its masked address, or the name of whoever is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The account that the person would become.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_account: Option<String>,
    /// The application that takes over afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// What proves the account.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<ProofOption>,
    /// For the action `passkey`: a fresh question each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkey: Option<PasskeyQuestion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<External>,
    /// Whether an account of its own may be created instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_separate: Option<bool>,
    /// Whether the person may go on into the account that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_continue: Option<bool>,
}

/// What a journey is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FlowKind {
    SignIn,
    SignUp,
    Link,
    StepUp,
    Recover,
}

/// Where a journey stands.
///
/// - `identify`: who are you? Choose one of `providers`, or say an address; in a `sign_up`, fill in the form.
/// - `password`: the password of `address`, or a code instead. Whether anybody has the address shows nowhere.
/// - `sign_in_with`: the person has shown who they are, and signs in through one of `providers`.
/// - `away`: the browser is at a provider. The members are those of the state it left, and the person may go on there.
/// - `mail_code`: a code was sent to `address`.
/// - `ask_proof`: `external` brought the address of an existing `account`, which one of `methods` has to prove before
///   the two are linked. `may_separate` says whether a separate account is possible.
/// - `second_factor`: one factor was shown, and the account has two. `actions` names what may be shown beside it; nobody is
///   signed in before that.
/// - `other_account`: the account is connected to another identity of the same provider. Sign in to it, then add this.
/// - `address_taken`: the address belongs to an account. `may_continue`: sign in to it; `may_separate`: a separate one.
/// - `ask_create`: `external` was removed from an account once. A new account is made only when asked for.
/// - `ask_switch`: `account` is signed in here. Become `other_account`, or stay?
/// - `confirm_link`: the provider answered without asking the person. Is `external` the identity they meant?
/// - `provider_again`: the answer of the one of `providers` is too old by now. Go there once more; the rest is kept.
/// - `step_up`: show again that it is you, by one of `methods`.
/// - `recover_proof`: on the way back in, another proof by one of `methods`, which hang on nothing that was shown; where
///   there is none, whoever runs the server has to help.
/// - `continue`: signed in as `account` already; continue to `application`?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FlowState {
    Identify,
    Password,
    SignInWith,
    Away,
    MailCode,
    AskProof,
    SecondFactor,
    OtherAccount,
    AddressTaken,
    AskCreate,
    AskSwitch,
    ConfirmLink,
    ProviderAgain,
    StepUp,
    RecoverProof,
    Continue,
}

impl From<&Step> for FlowState {
    fn from(step: &Step) -> Self {
        match step {
            Step::Identify => Self::Identify,
            Step::Password { .. } => Self::Password,
            Step::SignInWith { .. } => Self::SignInWith,
            Step::Away { .. } => Self::Away,
            Step::MailCode { .. } => Self::MailCode,
            Step::AskProof { .. } => Self::AskProof,
            Step::SecondFactor { .. } => Self::SecondFactor,
            Step::OtherAccount { .. } => Self::OtherAccount,
            Step::AddressTaken { .. } => Self::AddressTaken,
            Step::AskCreate => Self::AskCreate,
            Step::AskSwitch { .. } => Self::AskSwitch,
            Step::ConfirmLink => Self::ConfirmLink,
            Step::ProviderAgain { .. } => Self::ProviderAgain,
            Step::StepUp { .. } => Self::StepUp,
            Step::Continue { .. } => Self::Continue,
            Step::RecoverProof { .. } => Self::RecoverProof,
        }
    }
}

/// What may be posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionName {
    Provider,
    Email,
    Passkey,
    Totp,
    RecoveryCode,
    Password,
    SignUp,
    SendCode,
    SendCodeTo,
    Resend,
    Code,
    Separate,
    Confirm,
    Switch,
    Stay,
    Continue,
    Cancel,
}

/// A method that proves the account, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ProofOption {
    /// The action `passkey`.
    Passkey {},
    /// The action `password`.
    Password {},
    /// The action `send_code`; in `recover_proof` the action `send_code_to`.
    EmailCode {
        /// Masked.
        address: String,
    },
    /// The action `provider`.
    Connection { provider: Provider },
}

/// A question to whichever passkey is there (WebAuthn Level 3 §7.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PasskeyQuestion {
    /// `publicKey` is for `PublicKeyCredential.parseRequestOptionsFromJSON`.
    #[schema(value_type = Object)]
    pub options: serde_json::Value,
    /// Sealed: it goes back with the answer, within ten minutes.
    pub ceremony: String,
}

/// The identity that came back from a provider. Names and addresses there can be made up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct External {
    pub provider: Provider,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The end of the provider's own id, to tell two of one name apart.
    pub id_tail: String,
    /// Whether a code went through this mailbox here, or somebody we trust has seen it.
    pub address_confirmed: bool,
}

/// What a view depends on beside the flow.
pub(crate) struct Frame<'a> {
    pub policy: &'a Policy,
    /// Local methods of this journey.
    pub local: LocalMethods,
    /// Whether a code is sent, as a method or to learn of the methods.
    pub codes: bool,
    pub asks_address: bool,
    pub providers: &'a [ProviderInfo],
    pub errors_url: &'a str,
    pub now: Micros,
    pub application: Option<String>,
}

impl Caller {
    pub(crate) fn view(&self, flow: &Flow) -> FlowView {
        let journeys = &self.api.journeys;
        let application = journeys.awaited_by(&flow.goal);
        let frame = Frame {
            policy: journeys.policy(),
            local: journeys.local_methods(flow),
            codes: journeys.sends_codes(flow),
            asks_address: journeys.asks_address(flow),
            providers: &self.api.providers,
            errors_url: &self.api.errors_url,
            now: journeys.now(),
            application,
        };
        let mut view = frame.view(flow);
        if view.actions.contains(&ActionName::Passkey)
            && let Some(asked) = journeys.ask_passkey()
        {
            let options = serde_json::from_str(&asked.options).unwrap_or_default();
            view.passkey = Some(PasskeyQuestion { options, ceremony: asked.ceremony });
        }
        view
    }
}

impl Frame<'_> {
    pub fn view(&self, flow: &Flow) -> FlowView {
        // A person who came back without an answer goes on with what they left.
        let step = match &flow.step {
            Step::Away { back, .. } => back,
            step => step,
        };
        let mut view = FlowView {
            id: flow.id.to_string(),
            kind: kind(&flow.goal),
            state: (&flow.step).into(),
            expires_at: rfc3339(flow.expires_at),
            actions: self.actions(flow, step),
            error: flow.error.as_ref().map(|fault| Problem::of_fault(self.errors_url, fault, self.now)),
            providers: Vec::new(),
            address: None,
            account: None,
            other_account: None,
            application: self.application.clone(),
            methods: Vec::new(),
            passkey: None,
            external: self.external(flow),
            may_separate: None,
            may_continue: None,
        };
        self.describe(&mut view, flow, step);
        view
    }

    /// The members that belong to the step.
    fn describe(&self, view: &mut FlowView, flow: &Flow, step: &Step) {
        match step {
            Step::Identify => view.providers = self.choices(flow),
            Step::Password { address } => {
                view.providers = self.choices(flow);
                view.address = Some(address.to_string());
            }
            Step::MailCode { address, proves, .. } => {
                // Masked where it was not the person themselves who named it.
                let named = !matches!(proves, Proves::User(_));
                view.address = Some(if named { address.to_string() } else { masked(address) });
            }
            Step::AskProof { account, methods, may_separate, .. } => {
                view.account = Some(account.clone());
                view.methods = self.methods(methods);
                view.may_separate = Some(*may_separate);
            }
            Step::AddressTaken { may_separate, may_continue } => {
                view.may_separate = Some(*may_separate);
                view.may_continue = Some(*may_continue);
            }
            Step::AskSwitch { current, other } => {
                view.account = Some(current.clone());
                view.other_account.clone_from(other);
            }
            Step::StepUp { methods } | Step::RecoverProof { methods, .. } => view.methods = self.methods(methods),
            Step::Continue { name } => view.account = Some(name.clone()),
            Step::AskCreate => view.may_separate = Some(true),
            Step::OtherAccount { may_separate } => view.may_separate = Some(*may_separate),
            Step::SignInWith { connections } => {
                view.providers = connections.iter().map(|id| provider(self.providers, id)).collect();
            }
            Step::ProviderAgain { connection } => view.providers = vec![provider(self.providers, connection)],
            Step::SecondFactor { .. } | Step::ConfirmLink | Step::Away { .. } => {}
        }
    }

    /// What `flows` takes in this step; anything else it refuses.
    fn actions(&self, flow: &Flow, step: &Step) -> Vec<ActionName> {
        let local = self.local;
        let signs_in = matches!(flow.goal, Goal::SignIn { .. });
        let passkey = (local.passkey && signs_in).then_some(ActionName::Passkey);
        let mut actions = match step {
            Step::Identify if matches!(flow.goal, Goal::Recover) => {
                local.email_code.then_some(ActionName::Email).into_iter().collect()
            }
            Step::RecoverProof { methods, .. } => {
                let mut actions = proofs(methods);
                if let Some(code) = actions.iter_mut().find(|action| **action == ActionName::SendCode) {
                    *code = ActionName::SendCodeTo;
                }
                actions
            }
            Step::Identify => {
                let mut actions = vec![ActionName::Provider];
                match flow.goal {
                    Goal::SignIn { .. } if self.asks_address => actions.push(ActionName::Email),
                    Goal::SignUp { .. } if local.password && self.policy.sign_up == SignUp::Open => {
                        actions.push(ActionName::SignUp);
                    }
                    _ => {}
                }
                actions.extend(passkey);
                actions
            }
            Step::Password { .. } => {
                let mut actions = vec![ActionName::Email, ActionName::Provider];
                actions.extend(passkey);
                actions.extend(local.password.then_some(ActionName::Password));
                actions.extend(self.codes.then_some(ActionName::SendCode));
                actions
            }
            Step::MailCode { proves, .. } => {
                let mut actions = vec![ActionName::Code, ActionName::Resend];
                actions.extend((*proves == Proves::Mailbox).then_some(ActionName::Email));
                actions
            }
            Step::AskProof { methods, may_separate, .. } => {
                let mut actions = proofs(methods);
                actions.extend(may_separate.then_some(ActionName::Separate));
                actions
            }
            Step::SecondFactor { methods, .. } => methods
                .iter()
                .map(|method| match method {
                    SecondFactor::Totp => ActionName::Totp,
                    SecondFactor::RecoveryCode => ActionName::RecoveryCode,
                    SecondFactor::Passkey => ActionName::Passkey,
                })
                .collect(),
            Step::StepUp { methods } => proofs(methods),
            Step::AddressTaken { may_separate, may_continue } => {
                let mut actions = Vec::new();
                actions.extend(may_continue.then_some(ActionName::Continue));
                actions.extend(may_separate.then_some(ActionName::Separate));
                actions
            }
            Step::AskCreate => vec![ActionName::Separate],
            Step::AskSwitch { .. } => vec![ActionName::Switch, ActionName::Stay],
            Step::ConfirmLink => vec![ActionName::Confirm],
            Step::SignInWith { .. } | Step::ProviderAgain { .. } => vec![ActionName::Provider],
            Step::Continue { .. } => vec![ActionName::Continue, ActionName::Switch],
            Step::OtherAccount { may_separate } => may_separate.then_some(ActionName::Separate).into_iter().collect(),
            Step::Away { .. } => Vec::new(),
        };
        actions.push(ActionName::Cancel);
        actions
    }

    /// The providers that this journey may go to.
    fn choices(&self, flow: &Flow) -> Vec<Provider> {
        let organisation = flow.routing.organisation.as_ref();
        let offered = |id: &ConnectionId| match &flow.goal {
            Goal::Link { connection, .. } => connection == id,
            Goal::Recover => false,
            _ => flows::offers(self.policy, organisation, id),
        };
        self.providers.iter().filter(|info| offered(&info.id)).map(Into::into).collect()
    }

    fn methods(&self, methods: &[ProofMethod]) -> Vec<ProofOption> {
        let shown = |method: &ProofMethod| match method {
            ProofMethod::Passkey => ProofOption::Passkey {},
            ProofMethod::Password => ProofOption::Password {},
            ProofMethod::EmailCode { address } => ProofOption::EmailCode { address: masked(address) },
            ProofMethod::Connection { connection } => {
                ProofOption::Connection { provider: provider(self.providers, connection) }
            }
        };
        methods.iter().map(shown).collect()
    }

    fn external(&self, flow: &Flow) -> Option<External> {
        let parts = flow.material.external.as_ref()?.parts();
        let asserted = parts.mail.as_ref().map(|mail| &mail.address);
        Some(External {
            provider: provider(self.providers, &parts.connection),
            name: parts.display.name.clone().or_else(|| parts.display.user_name.clone()),
            address: asserted.map(ToString::to_string).or_else(|| parts.display.raw_address.clone()),
            id_tail: parts.identity.subject.tail().to_owned(),
            address_confirmed: flow.address_confirmed(self.policy),
        })
    }
}

fn kind(goal: &Goal) -> FlowKind {
    match goal {
        Goal::SignIn { .. } => FlowKind::SignIn,
        Goal::SignUp { .. } => FlowKind::SignUp,
        Goal::Link { .. } => FlowKind::Link,
        Goal::StepUp { .. } => FlowKind::StepUp,
        Goal::Recover => FlowKind::Recover,
    }
}

/// The actions that methods are proven by, each once.
fn proofs(methods: &[ProofMethod]) -> Vec<ActionName> {
    let mut actions = Vec::new();
    for method in methods {
        let action = match method {
            ProofMethod::Passkey => ActionName::Passkey,
            ProofMethod::Password => ActionName::Password,
            ProofMethod::EmailCode { .. } => ActionName::SendCode,
            ProofMethod::Connection { .. } => ActionName::Provider,
        };
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    actions
}

#[cfg(test)]
mod tests;
