//! Signing in, up and out.

use crate::pages::pieces::{ErrorText, PasskeyForm, ProviderButton, Shell};
use crate::pages::renders;
use askama::Template;

#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html", whitespace = "minimize")]
pub struct SignIn {
    pub shell: Shell,
    /// "to continue to Notes".
    pub client_name: Option<String>,
    pub flow: String,
    /// In the operator's order, always the same.
    pub providers: Vec<ProviderButton>,
    /// Filled in when this browser knows it.
    pub email: String,
    pub email_enabled: bool,
    pub sign_up_allowed: bool,
    /// [`crate::pages::route::SIGN_UP`] with the same destination.
    pub sign_up_href: String,
    pub last_used_email_method: bool,
    pub passkey: Option<PasskeyForm>,
    /// Somebody is signed in already: their name, and that they will be asked.
    pub switch_notice: Option<String>,
    pub error: Option<ErrorText>,
}

impl SignIn {
    fn any_last_used(&self) -> bool {
        self.providers.iter().any(|provider| provider.last_used)
    }
}

/// After the address. The same page for addresses nobody here has.
#[derive(Debug, Clone, Template)]
#[template(path = "password.html", whitespace = "minimize")]
pub struct Password {
    pub shell: Shell,
    pub flow: String,
    pub address: String,
    pub can_code: bool,
    pub can_password: bool,
    /// Where policy leads to one of them and the person came back.
    pub providers: Vec<ProviderButton>,
    pub error: Option<ErrorText>,
}

#[derive(Debug, Clone, Template)]
#[template(path = "sign_up.html", whitespace = "minimize")]
pub struct SignUp {
    pub shell: Shell,
    pub client_name: Option<String>,
    pub flow: String,
    pub name: String,
    pub address: String,
    pub providers: Vec<ProviderButton>,
    /// [`crate::pages::route::SIGN_IN`] with the same destination.
    pub sign_in_href: String,
    /// What would make the password stronger.
    pub feedback: Option<String>,
    pub error: Option<ErrorText>,
}

impl SignUp {
    fn hint(&self) -> Option<&str> {
        crate::pages::pieces::unless_said(self.feedback.as_deref(), self.error.as_ref())
    }
}

/// The person has shown who they are; their way in is one of these.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in_with.html", whitespace = "minimize")]
pub struct SignInWith {
    pub shell: Shell,
    pub flow: String,
    pub providers: Vec<ProviderButton>,
    pub error: Option<ErrorText>,
}

/// What the code is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodePurpose {
    SignIn,
    SignUp,
    /// A provider brought this address and the mailbox has to confirm it. Says nothing about who exists here.
    External {
        provider: String,
    },
    /// The owner confirms before a change or a connection.
    Confirm,
    /// Back into the account, whether or not there is one.
    Recover,
}

#[derive(Debug, Clone, Template)]
#[template(path = "code.html", whitespace = "minimize")]
pub struct Code {
    pub shell: Shell,
    pub flow: String,
    pub address_shown: String,
    pub purpose: CodePurpose,
    pub resent: bool,
    /// Shown from two down.
    pub attempts_left: Option<u32>,
    pub error: Option<ErrorText>,
}

impl Code {
    fn purpose_sentence(&self) -> String {
        match &self.purpose {
            CodePurpose::SignIn => self.shell.t("code-purpose-sign-in"),
            CodePurpose::SignUp => self.shell.t("code-purpose-sign-up"),
            CodePurpose::External { provider } => self.shell.t1("code-purpose-external", "provider", provider),
            CodePurpose::Confirm => self.shell.t("code-purpose-confirm"),
            CodePurpose::Recover => self.shell.t("code-purpose-recover"),
        }
    }

    fn few_attempts(&self) -> Option<u32> {
        self.attempts_left.filter(|left| *left <= 2)
    }
}

/// Somebody is signed in, and somebody else just signed in.
#[derive(Debug, Clone, Template)]
#[template(path = "switch_user.html", whitespace = "minimize")]
pub struct SwitchUser {
    pub shell: Shell,
    pub flow: String,
    pub current: crate::pages::AccountCard,
    pub other: crate::pages::AccountCard,
}

/// Signed in already: continue to the application as this person?
#[derive(Debug, Clone, Template)]
#[template(path = "continue.html", whitespace = "minimize")]
pub struct Continue {
    pub shell: Shell,
    pub flow: String,
    pub client_name: String,
    pub account: crate::pages::AccountCard,
}

#[derive(Debug, Clone, Template)]
#[template(path = "signed_out.html", whitespace = "minimize")]
pub struct SignedOut {
    pub shell: Shell,
    /// Pages of clients that hear of it by being loaded (OpenID Connect Front-Channel Logout 1.0).
    pub frames: Vec<String>,
    /// Where the person goes on to, after them.
    pub next: Option<String>,
    /// Signing in again would lead somewhere at once: a way to the choices.
    pub choices: bool,
}

renders!(SignIn, Password, SignInWith, SignUp, Code, SwitchUser, Continue, SignedOut);
