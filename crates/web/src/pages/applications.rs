//! Pages between a person and an application.

use super::{AccountCard, Shell, renders};
use askama::Template;
use model::Micros;

/// May this application know who you are?
#[derive(Debug, Clone, Template)]
#[template(path = "consent.html", whitespace = "minimize")]
pub struct Consent {
    pub shell: Shell,
    pub client_name: String,
    /// Sealed; it comes back with the answer.
    pub request: String,
    pub account: AccountCard,
    /// Scopes that were not allowed before.
    pub new: Vec<String>,
    pub known: Vec<String>,
}

impl Consent {
    fn new_lines(&self) -> Vec<String> {
        lines(&self.shell, &self.new)
    }

    fn known_lines(&self) -> Vec<String> {
        lines(&self.shell, &self.known)
    }
}

/// What a scope means to a person. One that the operator made up is shown by its name.
pub(super) fn lines(shell: &Shell, scopes: &[String]) -> Vec<String> {
    let line = |scope: &String| match scope.as_str() {
        "openid" => shell.t("scope-openid"),
        "profile" => shell.t("scope-profile"),
        "email" => shell.t("scope-email"),
        "offline_access" => shell.t("scope-offline-access"),
        "identities" => shell.t("scope-identities"),
        "aliases" => shell.t("scope-aliases"),
        other => shell.t1("scope-other", "scope", other),
    };
    scopes.iter().map(line).collect()
}

/// The answer travels in a form (OAuth 2.0 Form Post Response Mode). Without script the person sends it.
#[derive(Debug, Clone, Template)]
#[template(path = "form_post.html", whitespace = "minimize")]
pub struct FormPost {
    pub shell: Shell,
    pub action: String,
    pub fields: Vec<(String, String)>,
}

/// The answer travels to a program on the device. Without script the person follows it.
#[derive(Debug, Clone, Template)]
#[template(path = "go_back.html", whitespace = "minimize")]
pub struct GoBack {
    pub shell: Shell,
    pub href: String,
}

/// A client asks to sign out, and it is not known whether the person does.
#[derive(Debug, Clone, Template)]
#[template(path = "leave_for.html", whitespace = "minimize")]
pub struct LeaveFor {
    pub shell: Shell,
    pub client_name: Option<String>,
    pub account: AccountCard,
    /// What was asked, to be asked again with the answer.
    pub asked: String,
}

/// An application that was let in.
#[derive(Debug, Clone)]
pub struct ApplicationRow {
    pub client: String,
    pub name: String,
    pub scope: Vec<String>,
    pub since: Micros,
}

impl ApplicationRow {
    fn lines(&self, shell: &Shell) -> Vec<String> {
        lines(shell, &self.scope)
    }
}

/// Applications with access, each to be taken back.
#[derive(Debug, Clone, Template)]
#[template(path = "applications.html", whitespace = "minimize")]
pub struct Applications {
    pub shell: Shell,
    pub rows: Vec<ApplicationRow>,
    pub withdrawn: bool,
}

renders!(Consent, FormPost, GoBack, LeaveFor, Applications);
