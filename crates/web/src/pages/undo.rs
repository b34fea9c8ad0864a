//! Undoing a link or its removal, and what is on hold until its owner has looked.

use crate::pages::account::MethodRow;
use crate::pages::pieces::{Action, Mark, Shell};
use crate::pages::renders;
use askama::Template;
use model::Micros;

/// How the way to sign in stands that the notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was connected and opens the account.
    Connected,
    OnHold,
    /// It was connected, and is not any more.
    Gone,
    /// It was removed.
    Removed,
    /// It was removed, and opens the account again.
    Back,
}

/// What its owner can do beside the one button that needs no sign-in.
#[derive(Debug, Clone)]
pub enum OwnerStep {
    /// The button does it.
    Ready,
    /// Sign in, or confirm, on the way there.
    First(Action),
    /// Not possible, with the reason and its code.
    Refused { sentence: String, code: String },
    /// There is nothing left to do.
    Nothing,
}

/// Reached from the notice. Looking at it changes nothing.
#[derive(Debug, Clone, Template)]
#[template(path = "undo.html", whitespace = "minimize")]
pub struct Undo {
    pub shell: Shell,
    /// What the notice carried.
    pub token: String,
    pub standing: Standing,
    pub provider: String,
    pub mark: Mark,
    /// Name or address at the provider; only to its owner.
    pub detail: Option<String>,
    pub at: Micros,
    pub until: Micros,
    /// The button that needs nobody signed in; otherwise why it is not there, with its code.
    pub hold: Result<(), Option<(String, String)>>,
    pub owner: OwnerStep,
    /// Somebody else is signed in here.
    pub other: Option<String>,
    /// The owner's way to say that it was them.
    pub keep_href: Option<String>,
}

impl Undo {
    fn heading(&self) -> String {
        let key = match self.standing {
            Standing::Connected => "undo-connected-title",
            Standing::OnHold => "undo-on-hold-title",
            Standing::Gone => "undo-gone-title",
            Standing::Removed => "undo-removed-title",
            Standing::Back => "undo-back-title",
        };
        self.shell.t1(key, "provider", &self.provider)
    }

    fn lead(&self) -> String {
        let key = match self.standing {
            Standing::Connected => "undo-connected-lead",
            Standing::OnHold => "undo-on-hold-lead",
            Standing::Gone => "undo-gone-lead",
            Standing::Removed => "undo-removed-lead",
            Standing::Back => "undo-back-lead",
        };
        self.shell.t1(key, "provider", &self.provider)
    }

    fn connected(&self) -> bool {
        self.standing == Standing::Connected
    }

    fn may_hold(&self) -> bool {
        self.connected() && self.hold.is_ok()
    }

    fn why_no_hold(&self) -> Option<&(String, String)> {
        self.hold.as_ref().err().and_then(Option::as_ref).filter(|_| self.connected())
    }

    fn shown_detail(&self) -> Option<String> {
        self.detail.as_deref().map(|text| crate::pages::display::display_detail(text).text)
    }

    fn owner_do(&self) -> String {
        let key = if self.standing == Standing::Removed { "undo-restore" } else { "undo-remove" };
        self.shell.t1(key, "provider", &self.provider)
    }
}

/// The owner looks at one on hold before it opens the account again.
#[derive(Debug, Clone, Template)]
#[template(path = "confirm_release.html", whitespace = "minimize")]
pub struct ConfirmRelease {
    pub shell: Shell,
    pub method: MethodRow,
}

renders!(Undo, ConfirmRelease);
