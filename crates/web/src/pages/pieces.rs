//! What several pages share.

use crate::assets;
use crate::pages::display::{DisplayName, display_address, display_name};
use crate::texts::{self, Arg, Lang};
use model::Micros;

/// What surrounds every page.
#[derive(Debug, Clone)]
pub struct Shell {
    pub lang: Lang,
    pub signed_in: Option<SignedIn>,
    /// Goes into every form.
    pub csrf: String,
    /// Path and query of this page, to which a switch of the language leads back.
    pub here: String,
}

#[derive(Debug, Clone)]
pub struct SignedIn {
    pub name: String,
    pub address: String,
}

// Templates pass everything by reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the caller is generated")]
impl Shell {
    pub(crate) fn t(&self, key: &str) -> String {
        texts::t(self.lang, key, &[])
    }

    pub(crate) fn t1(&self, key: &str, name: &'static str, value: &str) -> String {
        texts::t(self.lang, key, &[(name, Arg::Text(value))])
    }

    pub(crate) fn tn(&self, key: &str, count: &u32) -> String {
        texts::t(self.lang, key, &[("count", Arg::Number(i64::from(*count)))])
    }

    pub(crate) fn language_href(&self, lang: &Lang) -> String {
        let joint = if self.here.contains('?') { '&' } else { '?' };
        format!("{}{joint}{}={}", self.here, crate::pages::route::LANGUAGE, lang.code())
    }

    pub(crate) fn moment(&self, at: &Micros) -> String {
        texts::moment(self.lang, *at)
    }

    pub(crate) fn day(&self, at: &Micros) -> String {
        texts::day(self.lang, *at)
    }

    pub(crate) fn machine_time(at: &Micros) -> String {
        texts::machine_time(*at)
    }
}

/// A provider's or a method's sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    Google,
    Github,
    Microsoft,
    Apple,
    /// Any OpenID provider without a sign of its own.
    Key,
    /// An organisation's own sign-in.
    Building,
    /// The two example providers of the demo.
    A,
    B,
    Password,
    Mail,
}

impl Mark {
    pub const ALL: [Self; 10] = [
        Self::Google,
        Self::Github,
        Self::Microsoft,
        Self::Apple,
        Self::Key,
        Self::Building,
        Self::A,
        Self::B,
        Self::Password,
        Self::Mail,
    ];

    /// As an operator writes it in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Github => "github",
            Self::Microsoft => "microsoft",
            Self::Apple => "apple",
            Self::Key => "key",
            Self::Building => "building",
            Self::A => "a",
            Self::B => "b",
            Self::Password => "password",
            Self::Mail => "mail",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.name() == name)
    }

    pub(crate) fn path(self) -> &'static str {
        assets::path_of(&format!("mark-{}.svg", self.name()))
    }

    /// Brands whose sign is black have a white one for dark pages.
    pub(crate) fn dark_path(self) -> Option<&'static str> {
        match self {
            Self::Github | Self::Apple => Some(assets::path_of(&format!("mark-{}-dark.svg", self.name()))),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct ProviderButton {
    /// The connection's id.
    pub id: String,
    pub name: String,
    pub mark: Mark,
    pub last_used: bool,
}

/// Which input an error belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Email,
    Password,
    Name,
    Code,
    RecoveryCode,
}

impl Field {
    /// Both `id` and `name` of the input.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Password => "password",
            Self::Name => "name",
            Self::Code => "code",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

#[derive(Debug, Clone)]
pub struct ErrorText {
    /// Reason code, snake_case. Not shown; stands in the page for support and tests.
    pub code: String,
    pub sentence: String,
    pub field: Option<Field>,
}

impl ErrorText {
    /// The sentence of a reason code.
    pub fn reason(lang: Lang, code: &str) -> Self {
        Self { code: code.to_owned(), sentence: texts::reason(lang, code), field: None }
    }

    #[must_use]
    pub fn at(mut self, field: Field) -> Self {
        self.field = Some(field);
        self
    }

    /// What the person did on purpose is no error: it is said, and the page goes on.
    pub(crate) fn is_calm(&self) -> bool {
        self.code == "provider_cancelled"
    }

    pub(crate) fn is_at(&self, field: &str) -> bool {
        self.field.is_some_and(|at| at.name() == field)
    }
}

/// Feedback that the error does not say already.
pub(crate) fn unless_said<'a>(feedback: Option<&'a str>, error: Option<&ErrorText>) -> Option<&'a str> {
    feedback.filter(|feedback| error.is_none_or(|error| error.sentence != *feedback))
}

/// A link that leads on. The first of a list is drawn as the primary one.
#[derive(Debug, Clone)]
pub struct Action {
    pub label: String,
    pub href: String,
}

/// The ways on that have a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    SignIn,
    OtherSignIn,
    SignUp,
    TryAgain,
    StartOver,
    Account,
    Home,
    Back,
    Recover,
}

impl Way {
    pub const ALL: [Self; 9] = [
        Self::SignIn,
        Self::OtherSignIn,
        Self::SignUp,
        Self::TryAgain,
        Self::StartOver,
        Self::Account,
        Self::Home,
        Self::Back,
        Self::Recover,
    ];

    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::SignIn => "way-sign-in",
            Self::OtherSignIn => "way-other-sign-in",
            Self::SignUp => "way-sign-up",
            Self::TryAgain => "way-try-again",
            Self::StartOver => "way-start-over",
            Self::Account => "way-account",
            Self::Home => "way-home",
            Self::Back => "way-back",
            Self::Recover => "way-recover",
        }
    }
}

impl Action {
    pub fn new(lang: Lang, way: Way, href: impl Into<String>) -> Self {
        Self { label: texts::t(lang, way.key(), &[]), href: href.into() }
    }
}

/// The account at a provider that was just used. Names and addresses there can be made up, so the id tail always shows.
#[derive(Debug, Clone)]
pub struct ExternalCard {
    /// The connection's name as people know it.
    pub provider: String,
    pub mark: Mark,
    pub address: Option<String>,
    pub name: Option<String>,
    /// [`model::UpstreamSubject::tail`].
    pub id_tail: String,
    pub address_confirmed: bool,
}

impl ExternalCard {
    pub(crate) fn shown_name(&self) -> Option<DisplayName> {
        self.name.as_deref().map(display_name).filter(|name| !name.text.is_empty())
    }

    pub(crate) fn shown_address(&self) -> Option<String> {
        self.address.as_deref().map(display_address).filter(|address| !address.is_empty())
    }

    /// T20: a name that mixes alphabets asks for a second look at the id.
    pub(crate) fn look_twice(&self) -> bool {
        self.shown_name().is_some_and(|name| name.look_twice)
            || self.address.as_deref().is_some_and(|address| display_name(address).look_twice)
    }
}

/// The account here, as much of it as may be shown.
#[derive(Debug, Clone)]
pub struct AccountCard {
    /// [`model::masked`] before proof, the whole one to its owner.
    pub address: String,
    pub initial: String,
    /// Only to its owner.
    pub name: Option<String>,
}

impl AccountCard {
    pub(crate) fn shown_name(&self) -> Option<String> {
        self.name.as_deref().map(|name| display_name(name).text).filter(|name| !name.is_empty())
    }
}

/// What a form for passkeys carries: the question, and its sealed other half.
#[derive(Debug, Clone)]
pub struct PasskeyForm {
    /// JSON for the browser.
    pub options: String,
    pub ceremony: String,
}

/// A way to prove whose account this is.
#[derive(Debug, Clone)]
pub enum ProofKind {
    Passkey(PasskeyForm),
    Password,
    Code,
    Provider { id: String, name: String, mark: Mark },
}

#[derive(Debug, Clone)]
pub struct ProofMethod {
    pub kind: ProofKind,
    /// One of them is drawn first and filled.
    pub primary: bool,
}

impl ProofMethod {
    pub(crate) fn is_password(&self) -> bool {
        matches!(self.kind, ProofKind::Password)
    }

    pub(crate) fn is_code(&self) -> bool {
        matches!(self.kind, ProofKind::Code)
    }

    pub(crate) fn provider(&self) -> Option<(&str, &str, Mark)> {
        match &self.kind {
            ProofKind::Provider { id, name, mark } => Some((id, name, *mark)),
            ProofKind::Passkey(_) | ProofKind::Password | ProofKind::Code => None,
        }
    }

    pub(crate) fn passkey(&self) -> Option<&PasskeyForm> {
        match &self.kind {
            ProofKind::Passkey(form) => Some(form),
            ProofKind::Password | ProofKind::Code | ProofKind::Provider { .. } => None,
        }
    }
}
