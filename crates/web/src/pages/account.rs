//! The account: sign-in methods, sessions, activity, and what changes them.

use crate::pages::pieces::{ErrorText, Mark, PasskeyForm, ProofMethod, ProviderButton, Shell};
use crate::pages::{FactorRow, renders};
use crate::texts::{self, Arg, Lang};
use askama::Template;
use model::{EventKind, MethodKind, Micros};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Badge {
    UsedNow,
    NeedsAttention,
    /// Opens nothing until its owner has looked.
    OnHold,
    ProviderDisabled,
}

impl Badge {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::UsedNow => "badge-used-now",
            Self::NeedsAttention => "badge-needs-attention",
            Self::OnHold => "badge-on-hold",
            Self::ProviderDisabled => "badge-provider-disabled",
        }
    }

    pub(crate) fn calm(self) -> bool {
        self == Self::UsedNow
    }
}

/// Whether a method may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    Allowed,
    /// With the reason, shown in place of the button.
    Refused(String),
    /// Not the person's to remove (an e-mail code is policy, a password is changed), with the reason.
    NotOffered(String),
}

/// One way in.
#[derive(Debug, Clone)]
pub struct MethodRow {
    pub kind: MethodKind,
    /// What `method` carries in the removal form: the link's id.
    pub id: String,
    pub mark: Mark,
    /// The provider's name, or the local method's.
    pub name: String,
    /// Address or user name there.
    pub detail: String,
    /// Shown where two rows are alike or names can deceive.
    pub id_tail: Option<String>,
    pub linked_on: Option<Micros>,
    pub last_used: Option<Micros>,
    pub badges: Vec<Badge>,
    pub removal: Removal,
    pub remove_href: String,
    /// Of one on hold: where its owner looks at it.
    pub release_href: Option<String>,
}

impl MethodRow {
    pub(crate) fn shown_detail(&self) -> crate::pages::DisplayName {
        crate::pages::display::display_detail(&self.detail)
    }

    pub(crate) fn refused(&self) -> Option<&str> {
        match &self.removal {
            Removal::Refused(reason) => Some(reason),
            Removal::Allowed | Removal::NotOffered(_) => None,
        }
    }

    /// Why it cannot be removed, whether or not a button says so.
    pub(crate) fn stays_because(&self) -> Option<&str> {
        match &self.removal {
            Removal::Refused(reason) | Removal::NotOffered(reason) => Some(reason),
            Removal::Allowed => None,
        }
    }

    pub(crate) fn removable(&self) -> bool {
        self.removal == Removal::Allowed
    }

    pub(crate) fn is_password(&self) -> bool {
        self.kind == MethodKind::Password
    }

    pub(crate) fn is_passkey(&self) -> bool {
        self.kind == MethodKind::Passkey
    }

    /// Uses of passwords and codes are not kept, so that nothing said is not the same as never.
    pub(crate) fn never_used(&self) -> bool {
        matches!(self.kind, MethodKind::Link | MethodKind::Passkey)
            && self.last_used.is_none()
            && !self.badges.contains(&Badge::UsedNow)
    }
}

#[derive(Debug, Clone)]
pub struct AddressRow {
    pub address: String,
    pub proven_at: Micros,
}

/// The access graph in numbers: how many ways in open the account, and what several of them hang on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    pub usable: u32,
    pub shared: Option<Shared>,
}

/// What ways in have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    pub ways: u32,
    /// Otherwise it is a mailbox.
    pub provider: Option<String>,
}

/// What just happened, once.
#[derive(Debug, Clone)]
pub struct Flash {
    pub sentence: String,
    /// The confirmation page of the opposite.
    pub undo_href: Option<String>,
}

impl Flash {
    /// `account` is the name or address at the provider.
    pub fn linked(lang: Lang, provider: &str, account: &str, undo_href: Option<String>) -> Self {
        let args = [("provider", Arg::Text(provider)), ("account", Arg::Text(account))];
        Self { sentence: texts::t(lang, "flash-linked", &args), undo_href }
    }

    pub fn removed(lang: Lang, provider: &str, undo_href: Option<String>) -> Self {
        Self { sentence: texts::t(lang, "flash-removed", &[("provider", Arg::Text(provider))]), undo_href }
    }

    pub fn restored(lang: Lang, provider: &str) -> Self {
        Self { sentence: texts::t(lang, "flash-restored", &[("provider", Arg::Text(provider))]), undo_href: None }
    }

    pub fn released(lang: Lang, provider: &str) -> Self {
        Self { sentence: texts::t(lang, "flash-released", &[("provider", Arg::Text(provider))]), undo_href: None }
    }

    pub fn passkey_added(lang: Lang) -> Self {
        Self { sentence: texts::t(lang, "flash-passkey-added", &[]), undo_href: None }
    }

    pub fn passkey_removed(lang: Lang) -> Self {
        Self { sentence: texts::t(lang, "flash-passkey-removed", &[]), undo_href: None }
    }

    pub fn second_factor_off(lang: Lang) -> Self {
        Self { sentence: texts::t(lang, "flash-second-factor-off", &[]), undo_href: None }
    }

    pub fn password_set(lang: Lang) -> Self {
        Self { sentence: texts::t(lang, "flash-password-set", &[]), undo_href: None }
    }

    pub fn session_ended(lang: Lang) -> Self {
        Self { sentence: texts::t(lang, "flash-session-ended", &[]), undo_href: None }
    }

    /// Linking was stopped at the provider or on our page; nothing changed.
    pub fn cancelled(lang: Lang, provider: &str) -> Self {
        Self { sentence: texts::t(lang, "flash-cancelled", &[("provider", Arg::Text(provider))]), undo_href: None }
    }

    /// Already a method of this account.
    pub fn already_linked(lang: Lang, provider: &str) -> Self {
        Self { sentence: texts::t(lang, "flash-already-linked", &[("provider", Arg::Text(provider))]), undo_href: None }
    }
}

#[derive(Debug, Clone)]
pub struct SessionRow {
    pub id: String,
    /// [`crate::pages::device_name`].
    pub device: String,
    /// Name of the method it was opened with.
    pub method: String,
    pub since: Micros,
    pub current: bool,
}

#[derive(Debug, Clone, Template)]
#[template(path = "account.html", whitespace = "minimize")]
pub struct Account {
    pub shell: Shell,
    pub name: String,
    pub methods: Vec<MethodRow>,
    pub can_add: Vec<ProviderButton>,
    pub can_set_password: bool,
    pub has_password: bool,
    pub can_add_passkey: bool,
    pub second_factor: Option<FactorRow>,
    pub can_add_totp: bool,
    /// Proven ones.
    pub addresses: Vec<AddressRow>,
    pub access: Access,
    pub sessions: Vec<SessionRow>,
    pub notice: Option<Flash>,
    pub error: Option<ErrorText>,
}

impl Account {
    fn shown_name(&self) -> String {
        crate::pages::display::display_name(&self.name).text
    }

    fn access_sentence(&self) -> String {
        let all = self.shell.tn("access-usable", &self.access.usable);
        let Some(shared) = &self.access.shared else { return all };
        let everything = shared.ways >= self.access.usable;
        let on = match &shared.provider {
            Some(provider) if everything => self.shell.t1("access-all-one-provider", "provider", provider),
            Some(provider) => {
                let args = [("count", Arg::Number(i64::from(shared.ways))), ("provider", Arg::Text(provider))];
                texts::t(self.shell.lang, "access-one-provider", &args)
            }
            None if everything => self.shell.t("access-all-one-mailbox"),
            None => self.shell.tn("access-one-mailbox", &shared.ways),
        };
        format!("{all} {on}")
    }

    /// Whoever loses what all ways in hang on has none left.
    fn hangs_on_one(&self) -> bool {
        self.access.shared.as_ref().is_some_and(|shared| shared.ways >= self.access.usable)
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "confirm_remove.html", whitespace = "minimize")]
pub struct ConfirmRemove {
    pub shell: Shell,
    pub method: MethodRow,
    /// Names of the ways in that remain.
    pub remaining: Vec<String>,
    pub sessions_ending: u32,
    /// One of them is the one that asks.
    pub ends_this_session: bool,
    pub needs_step_up: bool,
    pub error: Option<ErrorText>,
}

impl ConfirmRemove {
    fn remaining_list(&self) -> String {
        let names: Vec<String> =
            self.remaining.iter().map(|name| crate::pages::display::display_name(name).text).collect();
        names.join(&self.shell.t("list-separator"))
    }
}

/// What the fresh proof is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepUpWhy {
    Connect {
        provider: String,
    },
    Remove {
        provider: String,
    },
    SetPassword,
    AddPasskey,
    SecondFactor,
    /// A client wants it.
    Client {
        name: String,
    },
    Continue,
}

#[derive(Debug, Clone, Template)]
#[template(path = "step_up.html", whitespace = "minimize")]
pub struct StepUp {
    pub shell: Shell,
    pub flow: String,
    pub why: StepUpWhy,
    pub methods: Vec<ProofMethod>,
    /// Where somebody goes who would rather not.
    pub back_href: String,
    pub error: Option<ErrorText>,
}

impl StepUp {
    fn why_sentence(&self) -> String {
        match &self.why {
            StepUpWhy::Connect { provider } => self.shell.t1("step-up-connect", "provider", provider),
            StepUpWhy::Remove { provider } => self.shell.t1("step-up-remove", "provider", provider),
            StepUpWhy::AddPasskey => self.shell.t("step-up-add-passkey"),
            StepUpWhy::SecondFactor => self.shell.t("step-up-second-factor"),
            StepUpWhy::SetPassword => self.shell.t("step-up-set-password"),
            StepUpWhy::Client { name } => self.shell.t1("step-up-client", "client", name),
            StepUpWhy::Continue => self.shell.t("step-up-continue"),
        }
    }
}

/// One line of the activity.
#[derive(Debug, Clone)]
pub struct EventRow {
    pub at: Micros,
    pub kind: EventKind,
    /// Provider, address or other object of the sentence.
    pub what: Option<String>,
    /// Name of the method it rested on.
    pub method: Option<String>,
    pub device: Option<String>,
    /// Not done by the person themselves.
    pub by_operator: bool,
    /// For support.
    pub code: String,
}

impl EventRow {
    fn sentence(&self, shell: &Shell) -> String {
        let key = format!("event-{}", self.kind.name().replace('_', "-"));
        let generic = shell.t("event-what-unknown");
        shell.t1(&key, "what", self.what.as_deref().unwrap_or(&generic))
    }

    fn tone(&self) -> &'static str {
        match self.kind {
            EventKind::Linked
            | EventKind::AddressProven
            | EventKind::PasswordSet
            | EventKind::PasskeyAdded
            | EventKind::TotpAdded
            | EventKind::RecoveryCodesMade
            | EventKind::UserCreated
            | EventKind::LinkReleased
            | EventKind::ChangeUndone => "change",
            EventKind::Unlinked
            | EventKind::PasskeyRemoved
            | EventKind::TotpRemoved
            | EventKind::LinkRefused
            | EventKind::RecycledIdentityNoticed
            | EventKind::LinkMoved
            | EventKind::UsersMerged
            | EventKind::LinkHeld
            | EventKind::Recovered
            | EventKind::TokenReused
            | EventKind::UserDisabled
            | EventKind::UserDeleted
            | EventKind::ConnectionDisabled => "warn",
            _ => "plain",
        }
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "activity.html", whitespace = "minimize")]
pub struct Activity {
    pub shell: Shell,
    /// Newest first.
    pub events: Vec<EventRow>,
    pub older_href: Option<String>,
}

#[derive(Debug, Clone, Template)]
#[template(path = "set_password.html", whitespace = "minimize")]
pub struct SetPassword {
    pub shell: Shell,
    pub flow: String,
    /// For password managers.
    pub address: String,
    pub has_password: bool,
    pub feedback: Option<String>,
    pub error: Option<ErrorText>,
}

impl SetPassword {
    fn hint(&self) -> Option<&str> {
        crate::pages::pieces::unless_said(self.feedback.as_deref(), self.error.as_ref())
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "add_passkey.html", whitespace = "minimize")]
pub struct AddPasskey {
    pub shell: Shell,
    pub form: PasskeyForm,
    /// What it is called unless the person has a better idea.
    pub name: String,
    pub error: Option<ErrorText>,
}

renders!(AddPasskey, Account, ConfirmRemove, StepUp, Activity, SetPassword);
