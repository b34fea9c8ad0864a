//! Pages between a person and an application.

use super::{AccountCard, Shell, renders};
use crate::texts::{self, Arg};
use askama::Template;
use model::Micros;

/// May this application know who you are?
#[derive(Debug, Clone, Template)]
#[template(path = "consent.html", whitespace = "minimize")]
pub struct Consent {
    pub shell: Shell,
    pub client_name: String,
    /// Where the person is sent by a client that registered itself: nobody vouches for its name.
    pub unverified: Option<String>,
    /// Sealed; it comes back with the answer.
    pub request: String,
    pub account: AccountCard,
    /// Scopes that were not allowed before.
    pub new: Vec<String>,
    pub known: Vec<String>,
}

impl Consent {
    fn unverified_line(&self) -> Option<String> {
        let place = self.unverified.as_ref()?;
        let args = [("client", Arg::Text(&self.client_name)), ("place", Arg::Text(place))];
        Some(texts::t(self.shell.lang, "consent-unverified", &args))
    }

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

/// The answer goes to a native application by its own scheme (RFC 8252 §7.1). By a link, and at once where the browser
/// follows `Refresh`: a redirect after a form would need every form to allow the scheme.
#[derive(Debug, Clone, Template)]
#[template(path = "return_to_app.html", whitespace = "minimize")]
pub struct ReturnToApp {
    pub shell: Shell,
    pub location: String,
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

renders!(Consent, FormPost, LeaveFor, ReturnToApp, Applications);
