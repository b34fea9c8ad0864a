//! Errors as RFC 9457 problems: a stable code, an English sentence, and what to do about it where a number says it.

use crate::flow::view::FlowView;
use crate::{Answer, Shared};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use flows::{Fault, FaultKind, Field};
use http::{HeaderValue, StatusCode, header};
use model::Micros;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong (RFC 9457 §3.1). Branch on `code`; `title` is for logs and developers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The page that explains the code.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// Stable.
    #[schema(example = "wrong_password")]
    pub code: String,
    /// What was wrong with this very request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The member that has to be corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<ProblemField>,
    /// Seconds to wait, as in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<i64>,
    /// Guesses that are left after a wrong code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<i64>,
    /// With `step_up_needed` at the start of a link: the step-up that comes first, begun already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub flow: Option<Box<FlowView>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProblemField {
    Email,
    Password,
    Name,
    Code,
}

impl From<Field> for ProblemField {
    fn from(field: Field) -> Self {
        match field {
            Field::Email => Self::Email,
            Field::Password => Self::Password,
            Field::Name => Self::Name,
            Field::Code => Self::Code,
        }
    }
}

/// Long enough for a fail-over to begin, short enough to be tried by a person.
const RETRY_SECONDS: i64 = 2;

impl Problem {
    pub fn new(errors_url: &str, status: u16, code: &str) -> Self {
        Self {
            kind: kind(errors_url, code),
            title: title(code),
            status,
            code: code.to_owned(),
            detail: None,
            field: None,
            retry_after: None,
            attempts_left: None,
            flow: None,
        }
    }

    pub fn of_fault(errors_url: &str, fault: &Fault, now: Micros) -> Self {
        let retry_after = match fault.kind {
            FaultKind::Wait => {
                let until = fault.number.map_or(now, Micros);
                Some((until - now).seconds().saturating_add(1).max(1))
            }
            FaultKind::Unavailable => Some(RETRY_SECONDS),
            FaultKind::Input | FaultKind::Refused | FaultKind::Provider | FaultKind::Flow => None,
        };
        Self {
            field: fault.field.map(Into::into),
            retry_after,
            attempts_left: fault.number.filter(|_| fault.kind == FaultKind::Input),
            ..Self::new(errors_url, status_of(fault), &fault.code)
        }
    }

    pub fn unavailable(errors_url: &str) -> Self {
        // No time is needed: what is unavailable has no end that is known.
        Self::of_fault(errors_url, &Fault::unavailable(), Micros(0))
    }

    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Reasons of decisions have pages of their own; other codes are told by their title alone.
fn kind(errors_url: &str, code: &str) -> String {
    if !errors_url.contains("{code}") {
        format!("{errors_url}#{code}")
    } else if flows::Reason::from_code(code).is_some() {
        errors_url.replace("{code}", code)
    } else {
        format!("urn:selfsame:error#{code}")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        set_retry_after(headers, retry_after);
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §11.6.1 asks for one; RFC 6750 §3 says how.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Box<Problem> {
    fn into_response(self) -> Response {
        (*self).into_response()
    }
}

pub(crate) fn set_retry_after(headers: &mut http::HeaderMap, seconds: Option<i64>) {
    if let Some(seconds) = seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

pub(crate) async fn not_found(State(api): State<Shared>) -> Answer {
    Err(api.problem(404, "not_found"))
}

pub(crate) async fn unsupported_method(State(api): State<Shared>) -> Answer {
    Err(api.problem(405, "unsupported_method"))
}

/// One mapping from faults to status codes, for problems and for flows that show an error.
pub(crate) fn status_of(fault: &Fault) -> u16 {
    let code = fault.code.as_str();
    match fault.kind {
        FaultKind::Input => 422,
        FaultKind::Wait => 429,
        FaultKind::Unavailable => 503,
        FaultKind::Provider => match code {
            "provider_down" | "provider_answer_invalid" => 502,
            "unknown_connection" => 404,
            "provider_cancelled" => 400,
            _ => 403,
        },
        FaultKind::Flow => match code {
            "flow_expired" => 410,
            "flow_spent" => 409,
            _ => 400,
        },
        FaultKind::Refused => match code {
            "session_expired" => 401,
            "undo_expired" => 410,
            "link_not_found" | "unknown_connection" | "user_not_found" | "undo_unknown" => 404,
            "last_method"
            | "already_linked"
            | "link_limit"
            | "identity_of_other_user"
            | "same_user"
            | "undo_spent"
            | "address_belongs_to_account" => 409,
            _ => 403,
        },
    }
}

/// The sentences developers read. People read the app's own, by code.
const TITLES: &[(&str, &str)] = &[
    ("address_belongs_to_account", "The address already belongs to an account."),
    ("already_linked", "The identity is linked to this account already."),
    ("bad_request", "The request cannot be read, or does not fit the state of the flow."),
    ("body_too_large", "The body is larger than 64 KiB."),
    ("busy", "Too much is happening at once. Try again."),
    ("code_attempts_used_up", "Too many wrong guesses. Ask for a new code."),
    ("code_expired", "The code has expired. Ask for a new one."),
    ("connection_disabled", "The connection is switched off."),
    ("content_type_not_json", "The body must be application/json."),
    ("database_unavailable", "The database cannot be reached. Nothing was lost; try again."),
    ("flow_expired", "The flow has expired, or was not started in this browser."),
    ("flow_forged", "The flow was not started in this browser."),
    ("flow_spent", "The flow is finished already."),
    ("handover_invalid", "The one-time code is unknown, expired or spent, or the verifier does not fit."),
    ("identity_held", "The identity is on hold."),
    ("identity_of_other_user", "The identity is linked to another account."),
    ("invalid_address", "This is not one complete e-mail address."),
    ("invalid_name", "The name is too long, or holds a character that cannot be shown."),
    ("last_method", "It is the only way into the account. Add another first."),
    ("level_too_low", "A stronger way to sign in is needed."),
    ("link_limit", "The account has as many links of this connection as allowed."),
    ("link_not_found", "The account has no such link."),
    ("mail_limit", "Too many mails were sent to this address."),
    ("match_inactive", "Signing in this way is not possible."),
    ("method_not_allowed", "The method is not allowed here."),
    ("more_proofs_needed", "Another proof is needed, one that does not hang on the first."),
    ("no_account_here", "No account has this address."),
    ("not_found", "There is nothing here."),
    ("not_fresh", "The provider did not ask the person to sign in again."),
    ("old_epoch", "The connection was set up anew since the identity was linked."),
    (
        "organisation_forces_connection",
        "The organisation lets its members prove themselves through its own provider only.",
    ),
    ("origin_mismatch", "A request with cookies must come from an origin that is allowed."),
    ("outside_organisation", "The provider is for members of its organisation only."),
    ("proof_by_same_identity", "The identity being linked cannot prove the account."),
    ("provider_answer_invalid", "The provider's answer did not pass the checks."),
    ("provider_cancelled", "The sign-in was cancelled at the provider."),
    ("provider_down", "The provider cannot be reached."),
    ("purpose_forbids", "The connection is not meant for this."),
    ("redirect_not_registered", "The redirect is not registered for this application."),
    ("same_provider_other_subject", "The account has another identity at the same provider."),
    ("same_user", "Both are the same account."),
    ("session_expired", "Nobody is signed in with this credential."),
    ("session_scope", "The session is not one that may change the account."),
    ("several_matches", "More than one account matches. Sign in to one of them and add the identity there."),
    ("sign_up_closed", "New accounts cannot be created."),
    ("sign_up_invited", "New accounts are by invitation."),
    ("step_up_needed", "The person must authenticate again first."),
    ("throttled", "Too many attempts. Wait."),
    ("ticket_outdated", "The account has changed since the flow began. Start again."),
    ("undo_expired", "The time in which it could be undone is over."),
    ("undo_spent", "It was undone already."),
    ("undo_unknown", "There is nothing to undo here."),
    ("unknown_application", "No such application is registered."),
    ("unknown_connection", "There is no such connection."),
    ("unsupported_method", "The resource does not support this HTTP method."),
    ("user_inactive", "The account cannot be used."),
    ("wrong_code", "The code is not the one that was sent last."),
    ("wrong_password", "Address and password do not match."),
    ("wrong_user_proved", "Another account was proven than the one asked for."),
];

/// A code without a sentence is read as words.
fn title(code: &str) -> String {
    if let Ok(at) = TITLES.binary_search_by_key(&code, |(known, _)| known) {
        return TITLES[at].1.to_owned();
    }
    let mut words = code.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words + "."
}

#[cfg(test)]
mod tests {
    use super::*;
    use flows::Reason;
    use http_body_util::BodyExt as _;

    const NOW: Micros = Micros(5_000_000);

    fn problem(fault: &Fault) -> Problem {
        Problem::of_fault("https://id.example.com/errors", fault, NOW)
    }

    #[test]
    fn titles_are_in_order_and_every_reason_has_one() {
        assert!(TITLES.is_sorted_by(|a, b| a.0 < b.0));
        for reason in Reason::ALL {
            let title = title(reason.code());
            assert!(title.ends_with('.') && !title.contains('_') && !title.starts_with(char::is_lowercase), "{title}");
        }
        assert_eq!(title("keyboard_row"), "Keyboard row.");
        assert_eq!(title(""), ".");
    }

    #[test]
    fn faults_become_statuses() {
        let refused = |reason| problem(&Fault::refused(reason)).status;
        assert_eq!(refused(Reason::SessionExpired), 401);
        assert_eq!(refused(Reason::StepUpNeeded), 403);
        assert_eq!(refused(Reason::LastMethod), 409);
        assert_eq!(refused(Reason::LinkNotFound), 404);
        assert_eq!(refused(Reason::MatchInactive), 403);
        assert_eq!(problem(&Fault::flow("flow_expired")).status, 410);
        assert_eq!(problem(&Fault::flow("flow_spent")).status, 409);
        assert_eq!(problem(&Fault::flow("flow_forged")).status, 400);
        assert_eq!(problem(&Fault::new(FaultKind::Provider, "provider_down")).status, 502);
        let input = problem(&Fault::input(Field::Password, "wrong_password"));
        assert_eq!((input.status, input.field), (422, Some(ProblemField::Password)));
    }

    #[tokio::test]
    async fn waiting_says_how_long() {
        let wait = problem(&Fault::wait("throttled", Micros(NOW.0 + 90_000_000)));
        assert_eq!((wait.status, wait.retry_after), (429, Some(91)));
        // A clock that ran on meanwhile still gives a second.
        assert_eq!(problem(&Fault::wait("throttled", Micros(0))).retry_after, Some(1));
        assert_eq!(problem(&Fault::wait("throttled", Micros(i64::MAX))).status, 429);
        let response = Problem::unavailable("/e").into_response();
        assert_eq!(
            (response.status().as_u16(), &response.headers()[header::RETRY_AFTER]),
            (503, &HeaderValue::from(2))
        );
        let mut wrong = Fault::input(Field::Code, "wrong_code");
        wrong.number = Some(3);
        let wrong = problem(&wrong);
        assert_eq!((wrong.attempts_left, wrong.retry_after), (Some(3), None));
    }

    #[test]
    fn a_reason_leads_to_its_page_and_no_other_code_leads_astray() {
        let pages = "https://docs.example.org/reasons/{code}.md";
        assert_eq!(Problem::new(pages, 409, "last_method").kind, "https://docs.example.org/reasons/last_method.md");
        assert_eq!(Problem::new(pages, 410, "flow_expired").kind, "urn:selfsame:error#flow_expired");
        assert_eq!(Problem::new("/errors", 409, "last_method").kind, "/errors#last_method");
    }

    #[tokio::test]
    async fn a_problem_on_the_wire() {
        let response = problem(&Fault::refused(Reason::SessionExpired)).into_response();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        insta::assert_json_snapshot!(value, @r#"
        {
          "code": "session_expired",
          "status": 401,
          "title": "Nobody is signed in with this credential.",
          "type": "https://id.example.com/errors#session_expired"
        }
        "#);
    }
}
