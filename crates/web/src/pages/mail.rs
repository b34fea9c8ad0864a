//! Mails: what happened, where, by which proof, and what to do if it wasn't you.
//!
//! Notices carry one button: to the account page, or to the page of what can be undone, which changes nothing by being
//! opened (T48). The mail with a code carries no link at all: nothing in it acts.

use crate::pages::display::{display_address, display_name};
use crate::texts::{self, Arg, Lang};
use askama::Template;
use model::{MailKind, Micros};

/// Both bodies say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedMail {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// A mail before it is worded.
///
/// Values by name, all optional except `code`:
/// - `code`, `action` (`sign_in`, `sign_in_unknown`, `sign_up`, `sign_up_known`, `connect`, `prove`, `step_up`, `recover`,
///   `recover_unknown`), `client`, `minutes`: for [`MailKind::Code`]
/// - `deleted` (`true`): for [`MailKind::UserDisabled`]
/// - `provider`, `account` (address or name there), `id_tail`: which identity
/// - `proof`: `password`, `email_code`, or a provider's name
/// - `undo`: what [`crate::pages::route::UNDO`] takes, sealed
/// - `at` (microseconds), `device`, `place`: when and where
#[derive(Debug)]
pub struct Mail<'a> {
    pub lang: Lang,
    /// The public origin, from configuration (T45).
    pub origin: &'a str,
    pub kind: MailKind,
    pub values: &'a [(&'static str, String)],
}

#[derive(Template)]
#[template(path = "mail/mail.html", whitespace = "minimize")]
struct Html<'a> {
    lang: Lang,
    content: &'a Content,
}

#[derive(Template)]
#[template(path = "mail/mail.txt")]
struct Text<'a> {
    content: &'a Content,
}

struct Content {
    brand: String,
    subject: String,
    heading: String,
    lead: String,
    code: Option<String>,
    /// Below the code: what entering it does.
    follows: Option<String>,
    facts: Vec<(String, String)>,
    not_you: String,
    button: Option<(String, String)>,
    footer: String,
}

impl Mail<'_> {
    pub fn render(&self) -> Result<RenderedMail, askama::Error> {
        let content = if self.kind == MailKind::Code { self.code() } else { self.notice() };
        Ok(RenderedMail {
            html: Html { lang: self.lang, content: &content }.render()?,
            text: Text { content: &content }.render()?,
            subject: content.subject,
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// A name somebody else chose. One that could become a link in a mail reader is not repeated.
    fn name(&self, name: &str) -> Option<String> {
        let raw = self.value(name)?;
        let shown = if raw.contains('@') { display_address(raw) } else { display_name(raw).text };
        let linkish = |text: &str| {
            let text = text.to_ascii_lowercase();
            text.contains("://") || text.contains("www.") || text.contains('/')
        };
        (!shown.is_empty() && !linkish(&shown)).then_some(shown)
    }

    fn t(&self, key: &str, args: &[(&'static str, &str)]) -> String {
        let args: Vec<(&'static str, Arg<'_>)> = args.iter().map(|(name, value)| (*name, Arg::Text(value))).collect();
        texts::t(self.lang, key, &args)
    }

    fn provider(&self) -> String {
        self.name("provider").unwrap_or_else(|| self.t("mail-a-provider", &[]))
    }

    fn code(&self) -> Content {
        let action = match self.value("action") {
            Some("sign_in_unknown") => "sign-in-unknown",
            Some("sign_up") => "sign-up",
            Some("sign_up_known") => "sign-up-known",
            Some("connect") => "connect",
            Some("prove") => "prove",
            Some("step_up") => "confirm",
            Some("recover") => "recover",
            Some("recover_unknown") => "recover-unknown",
            _ => "sign-in",
        };
        let provider = self.provider();
        let mut facts = Vec::new();
        if let Some(client) = self.name("client") {
            facts.push((self.t("mail-fact-client", &[]), client));
        }
        if self.value("provider").is_some() {
            facts.extend(self.identity(&provider));
        }
        facts.extend(self.where_and_when());
        let minutes = self.value("minutes").and_then(|minutes| minutes.parse().ok()).unwrap_or(10);
        let valid = texts::t(self.lang, "mail-code-valid", &[("count", Arg::Number(minutes))]);
        let follows = self.t(&format!("mail-code-follows-{action}"), &[("provider", &provider)]);
        Content {
            brand: self.t("brand", &[]),
            subject: self.t("mail-code-subject", &[]),
            heading: self.t("mail-code-heading", &[]),
            lead: self.t(&format!("mail-code-lead-{action}"), &[("provider", &provider)]),
            code: self.value("code").map(str::to_owned),
            follows: Some(format!("{valid} {follows}")),
            facts,
            not_you: self.t("mail-code-not-you", &[]),
            button: None,
            footer: self.t("mail-code-footer", &[("origin", self.origin)]),
        }
    }

    fn notice(&self) -> Content {
        let what = match self.kind {
            MailKind::Code | MailKind::Linked => "linked",
            MailKind::Unlinked => "unlinked",
            MailKind::RecycledIdentity => "recycled-identity",
            MailKind::PasswordSet => "password-set",
            MailKind::PasskeyAdded => "passkey-added",
            MailKind::PasskeyRemoved => "passkey-removed",
            MailKind::TotpAdded => "totp-added",
            MailKind::TotpRemoved => "totp-removed",
            MailKind::RecoveryCodesMade => "recovery-codes-made",
            MailKind::RecoveryCodeUsed => "recovery-code-used",
            MailKind::Moved => "moved",
            MailKind::Merged => "merged",
            MailKind::Undone => "undone",
            MailKind::Recovered => "recovered",
            MailKind::UserDisabled if self.value("deleted") == Some("true") => "user-deleted",
            MailKind::UserDisabled => "user-disabled",
        };
        let provider = self.provider();
        let args = [("provider", provider.as_str()), ("left", self.value("left").unwrap_or("0"))];
        let mut facts = self.identity(&provider);
        facts.extend(self.where_and_when());
        if let Some(proof) = self.proof() {
            facts.push((self.t("mail-fact-proof", &[]), proof));
        }
        Content {
            brand: self.t("brand", &[]),
            subject: self.t(&format!("mail-{what}-subject"), &args),
            heading: self.t(&format!("mail-{what}-heading"), &args),
            lead: self.t(&format!("mail-{what}-lead"), &args),
            code: None,
            follows: None,
            facts,
            not_you: match (self.value("undo"), self.kind) {
                (Some(_), MailKind::Unlinked) => self.t("mail-unlinked-undo", &args),
                (Some(_), _) => self.t("mail-linked-undo", &args),
                (None, _) => self.t(&format!("mail-{what}-not-you"), &args),
            },
            button: Some(self.button()),
            footer: self.t("mail-footer", &[("origin", self.origin)]),
        }
    }

    /// The one thing to do.
    fn button(&self) -> (String, String) {
        use crate::pages::route;
        let origin = self.origin.trim_end_matches('/');
        match (self.value("undo"), self.kind) {
            (Some(token), MailKind::Unlinked) => {
                (self.t("mail-button-restore", &[]), format!("{origin}{}/{token}", route::UNDO))
            }
            (Some(token), _) => (self.t("mail-button-not-me", &[]), format!("{origin}{}/{token}", route::UNDO)),
            (None, _) => (self.t("mail-button", &[]), format!("{origin}{}", route::ACCOUNT)),
        }
    }

    /// Which account at the provider.
    fn identity(&self, provider: &str) -> Vec<(String, String)> {
        let account = self.name("account").map(|name| (self.t("mail-fact-account", &[("provider", provider)]), name));
        let tail = self.name("id_tail").map(|tail| (self.t("mail-fact-id", &[]), format!("…{tail}")));
        account.into_iter().chain(tail).collect()
    }

    fn where_and_when(&self) -> Vec<(String, String)> {
        let at = self.value("at").and_then(|at| at.parse().ok()).map(|at| texts::moment(self.lang, Micros(at)));
        let device = self.value("device").map(|device| display_name(device).text);
        let place = self.value("place").map(|place| display_name(place).text);
        [("mail-fact-at", at), ("mail-fact-device", device), ("mail-fact-place", place)]
            .into_iter()
            .filter_map(|(key, value)| value.map(|value| (self.t(key, &[]), value)))
            .collect()
    }

    fn proof(&self) -> Option<String> {
        match self.value("proof")? {
            "password" => Some(self.t("method-password", &[])),
            "email_code" => Some(self.t("method-email-code", &[])),
            _ => self.name("proof"),
        }
    }
}
