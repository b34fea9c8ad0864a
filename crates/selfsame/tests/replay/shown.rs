//! What a person reads off a page, or an app off an answer, in words that both surfaces share.

use axum::http::StatusCode;
use serde_json::Value;
use testkit::{ApiCall, Page};

/// What an answer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The journey is over and did what it was for.
    Finished,
    /// It stands in this state of the API; `error` is what was wrong with the last step.
    At { state: String, flow: String, error: Option<String> },
    /// Over, with this code.
    Refused(String),
}

/// What the person at a browser knows after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Done; whether the browser got another session.
    Done { session: bool },
    /// A page of the journey, by the API's name of the state.
    Page(String),
    /// The stable code.
    Refused(String),
}

/// Forms that only one state has.
const FORMS: [(&str, &str); 8] = [
    ("/sign-in/code", "mail_code"),
    ("/sign-in/prove", "ask_proof"),
    ("/account/step-up", "step_up"),
    ("/sign-in/switch", "ask_switch"),
    ("/sign-in/confirm-link", "confirm_link"),
    ("/sign-in/password", "password"),
    ("/sign-up", "identify"),
    ("/sign-in/start-provider", "identify"),
];

/// Pages that say something and offer no proof, by their support code.
const NOTICES: [(&str, &str); 3] = [
    ("same_provider_other_subject", "other_account"),
    ("address_belongs_to_account", "address_taken"),
    ("identity_was_removed", "ask_create"),
];

impl Shown {
    pub fn of_page(page: &Page) -> Self {
        let ok = page.status == StatusCode::OK;
        if ok && matches!(page.path(), "/account" | "/signed-out") {
            return Self::Finished;
        }
        let code = page.error_code().map(|code| code.split(" · ").next().unwrap_or_default().to_owned());
        // Parsed once: a test reads thousands of pages.
        let forms = page.forms();
        let hidden = || {
            let fields = forms.iter().flat_map(|form| &form.fields);
            fields.clone().find(|(name, value)| name == "flow" && !value.is_empty()).map(|(_, value)| value.clone())
        };
        let of_url = page.path().strip_prefix("/flow/").map(str::to_owned);
        let flow = of_url.or_else(hidden).unwrap_or_default();
        let has_form = |path: &str| forms.iter().any(|form| form.action.path() == path);
        // The support code of a conflict page is no error.
        if let Some((_, state)) = FORMS.iter().find(|(path, _)| has_form(path)) {
            return Self::At { state: (*state).to_owned(), flow, error: code.filter(|_| !ok) };
        }
        let notice = NOTICES.iter().find(|(known, _)| Some(*known) == code.as_deref()).filter(|_| ok);
        match notice {
            Some((_, state)) => Self::At { state: (*state).to_owned(), flow, error: None },
            None => Self::Refused(code.unwrap_or_else(|| format!("{} {}", page.status, page.path()))),
        }
    }

    pub fn of_call(call: &ApiCall) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match text(&call.json["state"]).as_deref() {
            Some("finished") => Self::Finished,
            Some(state) => Self::At {
                state: state.to_owned(),
                flow: text(&call.json["id"]).unwrap_or_default(),
                error: text(&call.json["error"]["code"]),
            },
            None if call.status.is_success() => Self::Finished,
            None => Self::Refused(text(&call.json["code"]).unwrap_or_else(|| call.status.to_string())),
        }
    }

    pub fn state(&self) -> Option<&str> {
        match self {
            Self::At { state, .. } => Some(state),
            _ => None,
        }
    }

    pub fn flow(&self) -> Option<&str> {
        match self {
            Self::At { flow, .. } => Some(flow),
            _ => None,
        }
    }

    pub fn sight(self, session: bool) -> Sight {
        match self {
            Self::Finished => Sight::Done { session },
            Self::At { error: Some(code), .. } | Self::Refused(code) => Sight::Refused(code),
            Self::At { state, .. } => Sight::Page(state),
        }
    }
}
