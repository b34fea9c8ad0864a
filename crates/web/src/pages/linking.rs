//! Pages around a link: the conflict, the consent, the confirmation, what came of it.

use crate::pages::pieces::{AccountCard, Action, ErrorText, ExternalCard, Mark, ProofMethod, ProviderButton, Shell};
use crate::pages::renders;
use askama::Template;

/// An unknown external identity brought the address of an existing user: what was used, what was found, what will
/// happen, what will not.
#[derive(Debug, Clone, Template)]
#[template(path = "conflict.html", whitespace = "minimize")]
pub struct Conflict {
    pub shell: Shell,
    pub flow: String,
    pub external: ExternalCard,
    pub account: AccountCard,
    /// Usable ones that are not reached through the identity at hand; exactly one is primary.
    pub methods: Vec<ProofMethod>,
    pub can_continue_without: bool,
    pub support_code: String,
    pub error: Option<ErrorText>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Row 10: the match already has another account of this provider.
    OtherAccount,
    /// Row 14: the address belongs to an account.
    AddressTaken,
    /// Row 6: connected once, removed since, and nobody's now.
    Returning,
    Refused,
}

/// A dead end with ways on.
#[derive(Debug, Clone, Template)]
#[template(path = "notice.html", whitespace = "minimize")]
pub struct Notice {
    pub shell: Shell,
    pub kind: NoticeKind,
    pub external: Option<ExternalCard>,
    /// From [`crate::texts::reason`].
    pub sentence: String,
    pub support_code: Option<String>,
    pub ways_on: Vec<Action>,
    /// For the two forms below; empty when neither shows.
    pub flow: String,
    /// The mailbox was shown: sign in to the account it belongs to.
    pub may_continue: bool,
    /// Make a user of its own.
    pub may_separate: bool,
}

impl Notice {
    fn heading(&self) -> String {
        match self.kind {
            NoticeKind::OtherAccount => self.shell.t("notice-other-account-title"),
            NoticeKind::AddressTaken => self.shell.t("notice-address-taken-title"),
            NoticeKind::Returning => self.shell.t("notice-returning-title"),
            NoticeKind::Refused => self.shell.t("notice-refused-title"),
        }
    }
}

/// Asked before the link is made when the provider answered silently with an account nobody picked.
#[derive(Debug, Clone, Template)]
#[template(path = "confirm_link.html", whitespace = "minimize")]
pub struct ConfirmLink {
    pub shell: Shell,
    pub flow: String,
    pub external: ExternalCard,
    pub user: AccountCard,
    pub silent: bool,
}

/// The provider's answer is too old to act on: once more, and nothing else is asked again.
#[derive(Debug, Clone, Template)]
#[template(path = "provider_again.html", whitespace = "minimize")]
pub struct ProviderAgain {
    pub shell: Shell,
    pub flow: String,
    pub external: ExternalCard,
    /// The one to go to.
    pub providers: Vec<ProviderButton>,
    pub error: Option<ErrorText>,
}

/// The consent page: its POST is what starts a link from settings.
#[derive(Debug, Clone, Template)]
#[template(path = "connect_start.html", whitespace = "minimize")]
pub struct ConnectStart {
    pub shell: Shell,
    /// The connection's id.
    pub connection: String,
    pub provider: String,
    pub mark: Mark,
    pub user: AccountCard,
    pub error: Option<ErrorText>,
}

#[derive(Debug, Clone, Template)]
#[template(path = "linked_done.html", whitespace = "minimize")]
pub struct LinkedDone {
    pub shell: Shell,
    pub external: ExternalCard,
    pub user: AccountCard,
    /// Where the person was going.
    pub continue_href: String,
    /// The confirmation page of its removal.
    pub undo_href: Option<String>,
}

renders!(Conflict, Notice, ConfirmLink, ProviderAgain, ConnectStart, LinkedDone);
