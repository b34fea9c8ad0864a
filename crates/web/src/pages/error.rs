//! What went wrong, in words, with a way on.

use crate::pages::pieces::{Action, Shell};
use crate::pages::renders;
use crate::texts;
use askama::Template;

#[derive(Debug, Clone, Template)]
#[template(path = "error.html", whitespace = "minimize")]
pub struct ErrorPage {
    pub shell: Shell,
    /// HTTP status, for the handler; not shown.
    pub status: u16,
    pub title: String,
    pub sentence: String,
    /// Reason code, shown small for support.
    pub code: String,
    /// The page that explains the reason to whoever runs this, where the operator publishes them.
    pub help: Option<String>,
    pub way_on: Vec<Action>,
    /// The same address may be asked again in a moment.
    pub retry: bool,
}

impl ErrorPage {
    /// Title and sentence by reason code.
    pub fn reason(shell: Shell, status: u16, code: &str, way_on: Vec<Action>) -> Self {
        Self {
            title: texts::title(shell.lang, code),
            sentence: texts::reason(shell.lang, code),
            code: code.to_owned(),
            help: None,
            retry: status == 503,
            shell,
            status,
            way_on,
        }
    }
}

renders!(ErrorPage);
