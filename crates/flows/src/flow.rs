//! The state of one journey, and what can happen in it.

use crate::{PasskeyAnswer, Routing, SecondFactor};
use model::{
    Address, Assertion, ConnectionId, Factor, FactorProof, Facts, FlowId, Level, Method, Micros, Policy, Proof, Secret,
    SessionId, UserId,
};
use protocol::oauth::{AuthorizationRequest, UserCode};
use protocol::oidc::Attempt;
use serde::{Deserialize, Serialize};

/// One journey of one browser. Sealed, it travels in a cookie that only this flow's id opens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flow {
    pub id: FlowId,
    pub started_at: Micros,
    pub expires_at: Micros,
    pub goal: Goal,
    pub step: Step,
    pub material: Material,
    /// How the browser was led.
    #[serde(default)]
    pub routing: Routing,
    /// What went wrong last, shown on the next page and then forgotten.
    pub error: Option<Fault>,
}

impl Flow {
    /// Whether the address an external identity brought may be shown without a warning: its code was entered here, or
    /// somebody we trust has seen the mailbox.
    pub fn address_confirmed(&self, policy: &Policy) -> bool {
        let Some(assertion) = &self.material.external else { return false };
        let Some(mail) = assertion.mail() else { return false };
        let looped = self.material.mailbox.as_ref().is_some_and(|(address, _)| *address == mail.address);
        let rules = policy.connection(assertion.connection());
        looped || rules.is_some_and(|rules| linking::evidence(mail, &rules.mail_authority).shows_mailbox())
    }
}

/// What the journey is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    SignIn {
        to: Destination,
    },
    SignUp {
        to: Destination,
    },
    /// The ticket of a link: who asked, in which session, at which version of the user, for which connection.
    Link {
        user: UserId,
        session: SessionId,
        user_version: i64,
        connection: ConnectionId,
    },
    StepUp {
        user: UserId,
        session: SessionId,
        to: Destination,
    },
    /// Back into an account that the person cannot sign in to.
    Recover,
}

impl Goal {
    /// Where it leads, but for a link, which leads to the account.
    pub fn destination(&self) -> Option<&Destination> {
        match self {
            Self::SignIn { to } | Self::SignUp { to } | Self::StepUp { to, .. } => Some(to),
            Self::Link { .. } | Self::Recover => None,
        }
    }
}

/// Where a person goes afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// A path of ours, checked.
    Path(String),
    /// An application that takes over a session of its own.
    Application(HandoverRequest),
    /// A client that asked who somebody is.
    Client(Box<AuthorizationRequest>),
    /// The page where a device's code is typed, with the code if it came along (RFC 8628 §3.3).
    Device(Option<String>),
}

impl Destination {
    /// Of a path of ours, checked. Whoever is on the way to answer a device is on that way whatever link brought them.
    pub fn path(path: &str) -> Self {
        // As a browser would read it.
        let url = url::Url::parse("https://origin.invalid").and_then(|base| base.join(path));
        let of_device = |url: &url::Url| {
            url.path().strip_prefix(crate::DEVICE_PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let Some(url) = url.ok().filter(of_device) else { return Self::Path(path.to_owned()) };
        let typed = url.query_pairs().find(|(name, _)| name == "user_code");
        Self::Device(typed.and_then(|(_, code)| UserCode::parse(&code)).map(|code| code.to_string()))
    }

    pub(crate) fn is_device(&self) -> bool {
        matches!(self, Self::Device(_))
    }
}

/// An application's request, checked against its registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverRequest {
    pub application: String,
    pub redirect_uri: String,
    /// S256 of a secret that only the application knows.
    pub challenge: String,
    pub state: String,
}

/// Where the journey stands. Serialised names are the API's `state`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Who are you? Providers, an address, or the form to sign up.
    Identify,
    /// The address was typed; whether anybody has it shows nowhere.
    Password { address: Address },
    /// The person has shown who they are, and signs in through one of these.
    SignInWith { connections: Vec<ConnectionId> },
    /// The browser is at a provider.
    Away { attempt: Attempt, proving: bool, back: Box<Step> },
    /// A code was sent.
    MailCode { address: Address, proves: Proves, back: Box<Step> },
    /// An account exists and must be proven by one of these methods.
    AskProof { user: UserId, account: String, methods: Vec<ProofMethod>, may_separate: bool },
    /// One factor was shown, and the account has a second one. No session is there yet.
    SecondFactor { user: UserId, methods: Vec<SecondFactor>, back: Box<Step> },
    /// Same provider, another subject (row 10).
    OtherAccount { may_separate: bool },
    /// The address belongs to an account (row 14, and sign-up).
    AddressTaken { may_separate: bool, may_continue: bool },
    /// The identity was removed from an account once (row 6).
    AskCreate,
    /// Somebody else is signed in here.
    AskSwitch { current: String, other: Option<String> },
    /// The provider came back with this identity: link it?
    ConfirmLink,
    /// Everything is in order but for the time: the provider's answer is too old to act on, and has to be given again.
    ProviderAgain { connection: ConnectionId },
    /// Show again that it is you.
    StepUp { methods: Vec<ProofMethod> },
    /// Signed in already: continue to the application?
    Continue { name: String },
    /// On the way back in: another proof, by one of these methods, which hang on nothing that was shown. There may be none.
    RecoverProof { user: UserId, methods: Vec<ProofMethod> },
}

impl Step {
    /// The API's `state`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Password { .. } => "password",
            Self::SignInWith { .. } => "sign_in_with",
            Self::Away { .. } => "away",
            Self::MailCode { .. } => "mail_code",
            Self::AskProof { .. } => "ask_proof",
            Self::SecondFactor { .. } => "second_factor",
            Self::OtherAccount { .. } => "other_account",
            Self::AddressTaken { .. } => "address_taken",
            Self::AskCreate => "ask_create",
            Self::AskSwitch { .. } => "ask_switch",
            Self::ConfirmLink => "confirm_link",
            Self::ProviderAgain { .. } => "provider_again",
            Self::StepUp { .. } => "step_up",
            Self::Continue { .. } => "continue",
            Self::RecoverProof { .. } => "recover_proof",
        }
    }
}

/// What the right code shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proves {
    /// Control of the mailbox: for an identity or a sign-up that brought the address.
    Mailbox,
    /// The user who has the address, if there is one: sign-in with a code.
    Owner,
    /// This very user: conflict and step-up.
    User(UserId),
}

/// A method of the existing user, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ProofMethod {
    /// Any of theirs.
    Passkey,
    Password,
    /// Shown masked; whole in the sealed flow alone.
    EmailCode {
        address: Address,
    },
    Connection {
        connection: ConnectionId,
    },
}

/// A proof inside a sealed flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedProof {
    pub user: UserId,
    /// The user's version when it was given: a later change to methods, addresses or status kills it (T24, T26).
    pub user_version: i64,
    pub method: Method,
    pub level: Level,
    pub at: Micros,
}

impl SealedProof {
    pub(crate) fn of(proof: &Proof, facts: &Facts) -> Self {
        let user_version = facts.user(proof.user()).map_or(-1, |user| user.version);
        Self { user: proof.user(), user_version, method: proof.method().clone(), level: proof.level(), at: proof.at() }
    }

    /// The user is as they were when the proof was given.
    pub(crate) fn still_holds(&self, facts: &Facts) -> bool {
        facts.user(self.user).is_some_and(|user| user.version == self.user_version)
    }

    /// Only from a flow that we sealed ourselves.
    pub(crate) fn unsealed(&self) -> Proof {
        Proof::of_checked(self.user, self.method.clone(), self.level, self.at)
    }
}

/// A second factor inside a sealed flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedFactor {
    user: UserId,
    user_version: i64,
    factor: Factor,
    at: Micros,
}

impl SealedFactor {
    pub(crate) fn of(proof: &FactorProof, facts: &Facts) -> Self {
        let user_version = facts.user(proof.user()).map_or(-1, |user| user.version);
        Self { user: proof.user(), user_version, factor: proof.factor(), at: proof.at() }
    }

    pub(crate) fn user(&self) -> UserId {
        self.user
    }

    /// While the user is as they were when it was given.
    pub(crate) fn unsealed(&self, facts: &Facts) -> Option<FactorProof> {
        let holds = facts.user(self.user).is_some_and(|user| user.version == self.user_version);
        holds.then(|| FactorProof::of_checked(self.user, self.factor, self.at))
    }
}

/// A sign-up that waits for its mailbox code: the password is hashed already.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingSignUp {
    pub name: String,
    pub address: Address,
    phc: String,
}

impl PendingSignUp {
    pub fn new(name: String, address: Address, phc: Secret<String>) -> Self {
        Self { name, address, phc: phc.into_exposed() }
    }

    pub fn phc(&self) -> Secret<String> {
        Secret::new(self.phc.clone())
    }
}

impl std::fmt::Debug for PendingSignUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingSignUp").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The fields of a form that was sent back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Typed {
    pub name: String,
    pub email: String,
}

impl Typed {
    /// Bounded: it travels in a cookie.
    pub fn of(action: &Action) -> Option<Self> {
        let short = |text: &String| text.chars().take(120).collect();
        match action {
            Action::SignUp { name, email, .. } => Some(Self { name: short(name), email: short(email) }),
            Action::Email(email) => Some(Self { name: String::new(), email: short(email) }),
            _ => None,
        }
    }
}

/// What was gathered on the way: verified, and worth nothing before a decision takes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Material {
    pub external: Option<Assertion>,
    /// An address whose code was entered in this flow, and when.
    pub mailbox: Option<(Address, Micros)>,
    pub proof: Option<SealedProof>,
    pub factor: Option<SealedFactor>,
    /// On the way back in more than one may be needed.
    #[serde(default)]
    pub proofs: Vec<SealedProof>,
    /// The user the conflict page named (T43).
    pub named: Option<UserId>,
    pub sign_up: Option<PendingSignUp>,
    /// What stood in the form's fields, so that nobody types it twice.
    pub typed: Option<Typed>,
    pub switch: bool,
    pub separate: bool,
    /// The person saw the identity that came back and said yes.
    pub confirmed: bool,
}

/// How long a code that was entered speaks for its mailbox: as long as it could have been entered.
const MAILBOX_FRESH: Micros = crate::mailbox::CODE_LIFETIME;

impl Material {
    /// Drops what is too old to act on, so that it is asked for again: a sealed flow lives longer than what it holds may
    /// count. The provider's answer stays, because the person reads about it; it completes nothing once it is stale.
    pub(crate) fn forget_stale(&mut self, now: Micros) {
        self.mailbox.take_if(|(_, at)| *at + MAILBOX_FRESH <= now);
        self.proofs.retain(|proof| linking::is_fresh_at(proof.at, now));
        if self.external.is_some() {
            self.proof.take_if(|proof| !linking::is_fresh_at(proof.at, now));
        }
    }

    /// Whether a provider's answer is too old to complete anything.
    pub(crate) fn is_stale(&self, now: Micros) -> bool {
        self.external.as_ref().is_some_and(|answer| !linking::is_fresh_at(answer.parts().verified_at, now))
    }

    /// With this answer in place of the one before. What was shown beside another identity shows nothing for this one.
    pub(crate) fn renewed(self, answer: Assertion) -> Self {
        let same = self.external.as_ref().is_some_and(|before| before.identity() == answer.identity());
        let kept = if same { self } else { Self::default() };
        Self { external: Some(answer), ..kept }
    }
}

/// What a person can do. Which of them means something depends on the step; the others are refused.
#[derive(Debug, Clone)]
pub enum Action {
    Provider(ConnectionId),
    Email(String),
    Password(Secret<String>),
    Passkey(PasskeyAnswer),
    /// A code of an authenticator app.
    Totp(String),
    RecoveryCode(String),
    SignUp {
        name: String,
        email: String,
        password: Secret<String>,
    },
    SendCode,
    /// To which of the mailboxes that are offered, from zero.
    SendCodeTo(usize),
    Resend,
    Code(String),
    Separate,
    Confirm,
    Switch,
    Stay,
    Continue,
    Cancel,
}

/// The form field an error belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Email,
    Password,
    Name,
    Code,
}

/// How a surface answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The person can correct it here.
    Input,
    /// Try again later: 429 or 503 with the time to wait.
    Wait,
    /// A decision said no.
    Refused,
    /// The provider failed or answered with something we do not accept.
    Provider,
    /// The flow is over, was not ours, or does not fit.
    Flow,
    /// The database cannot be reached: 503.
    Unavailable,
}

/// A typed error with a stable code; sentences live with the translations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub kind: FaultKind,
    pub code: String,
    pub field: Option<Field>,
    /// Not before this time, for `Wait`; guesses left, for a wrong code.
    pub number: Option<i64>,
}

impl Fault {
    pub fn new(kind: FaultKind, code: &str) -> Self {
        Self { kind, code: code.to_owned(), field: None, number: None }
    }

    pub fn input(field: Field, code: &str) -> Self {
        Self { kind: FaultKind::Input, code: code.to_owned(), field: Some(field), number: None }
    }

    pub fn refused(reason: linking::Reason) -> Self {
        Self::new(FaultKind::Refused, reason.code())
    }

    pub fn flow(code: &str) -> Self {
        Self::new(FaultKind::Flow, code)
    }

    pub fn wait(code: &str, until: Micros) -> Self {
        Self { number: Some(until.0), ..Self::new(FaultKind::Wait, code) }
    }

    pub fn unavailable() -> Self {
        Self::new(FaultKind::Unavailable, "database_unavailable")
    }
}

impl From<crate::Unavailable> for Fault {
    fn from(_: crate::Unavailable) -> Self {
        Self::unavailable()
    }
}

/// What a finished journey leaves behind.
#[derive(Debug, Clone)]
pub struct Finished {
    /// A new session secret; `None` when the present session goes on.
    pub session: Option<Secret<String>>,
    pub user: UserId,
    /// For the last-used hint.
    pub used: Option<String>,
    /// Where to: a path of ours, or an application's redirect with its one-time code.
    pub to: String,
    /// The link this journey made, shown at once.
    pub linked: Option<model::LinkId>,
    pub created: bool,
}

/// What comes next.
#[derive(Debug, Clone)]
pub enum Next {
    /// Show the step the flow is in now.
    Show(Box<Flow>),
    /// Send the browser to a provider.
    Leave(Box<Flow>, String),
    Finished(Finished),
    /// The journey is over and nothing changed.
    Ended {
        to: String,
    },
    /// The journey is over, with an error page.
    Failed(Fault, Box<Flow>),
}
