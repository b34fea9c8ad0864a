//! A step of a journey: what the person did.

use super::view::FlowView;
use crate::Answer;
use crate::body::Body;
use crate::caller::{Caller, Id, add_cookies};
use crate::problem::{Problem, set_retry_after};
use axum::Json;
use axum::response::{IntoResponse, Response};
use flows::{Action, Finished, Flow, PasskeyAnswer, Place};
use http::StatusCode;
use model::{ConnectionId, FlowId, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the person did. Post only what `actions` of the flow names.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Act {
    /// Go to a provider. The answer is `away`.
    Provider {
        #[schema(value_type = String, example = "google")]
        connection: ConnectionId,
    },
    /// Say who you are, or which mailbox to use instead.
    Email { email: String },
    /// The password of the address.
    Password {
        #[schema(value_type = String, format = Password)]
        password: Secret<String>,
    },
    /// What a passkey answered to `passkey` of the flow.
    Passkey {
        ceremony: String,
        /// The credential, as its `toJSON` gives it.
        #[schema(value_type = Object)]
        credential: serde_json::Value,
    },
    /// A code of an authenticator app.
    Totp {
        #[schema(value_type = String, example = "123456")]
        code: Secret<String>,
    },
    /// One of the codes that were written down.
    RecoveryCode {
        #[schema(value_type = String, example = "abcd-efgh-ijkl-mnop")]
        code: Secret<String>,
    },
    /// Everything a new account needs.
    SignUp {
        #[serde(default)]
        name: String,
        email: String,
        #[schema(value_type = String, format = Password)]
        password: Secret<String>,
    },
    /// Have a code sent instead of a password.
    SendCode {},
    /// Have a code sent to one of the mailboxes of `methods`: which of them, from zero.
    SendCodeTo { mailbox: usize },
    /// Have another code sent.
    Resend {},
    /// The code from the mailbox.
    Code {
        #[schema(value_type = String, example = "123456")]
        code: Secret<String>,
    },
    /// Go on to an account of its own.
    Separate {},
    /// Link the identity that came back.
    Confirm {},
    /// Become the other person.
    Switch {},
    /// Stay who you are.
    Stay {},
    /// Go on with the account that was found, or to the application.
    Continue {},
    /// End the journey. Nothing has changed.
    Cancel {},
}

impl From<Act> for Action {
    fn from(act: Act) -> Self {
        match act {
            Act::Provider { connection } => Self::Provider(connection),
            Act::Email { email } => Self::Email(email),
            Act::Password { password } => Self::Password(password),
            Act::Passkey { ceremony, credential } => {
                Self::Passkey(PasskeyAnswer { ceremony, answer: credential.to_string() })
            }
            Act::Totp { code } => Self::Totp(code.into_exposed()),
            Act::RecoveryCode { code } => Self::RecoveryCode(code.into_exposed()),
            Act::SignUp { name, email, password } => Self::SignUp { name, email, password },
            Act::SendCode {} => Self::SendCode,
            Act::SendCodeTo { mailbox } => Self::SendCodeTo(mailbox),
            Act::Resend {} => Self::Resend,
            Act::Code { code } => Self::Code(code.into_exposed()),
            Act::Separate {} => Self::Separate,
            Act::Confirm {} => Self::Confirm,
            Act::Switch {} => Self::Switch,
            Act::Stay {} => Self::Stay,
            Act::Continue {} => Self::Continue,
            Act::Cancel {} => Self::Cancel,
        }
    }
}

/// The journey left this resource.
#[derive(Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Done. The answer set the new session cookie, if there is a new session.
    Finished {
        /// Where to: a path of this origin, or the application's redirect with its one-time code.
        redirect_to: String,
        /// The link that was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(format = "uuid")]
        linked: Option<String>,
        /// Whether an account was created.
        created: bool,
    },
    /// The person must go to the provider, in this very browser. They come back to our pages.
    Away {
        #[schema(format = "uri")]
        url: String,
    },
    /// Over, and nothing has changed.
    Ended {},
}

/// Where the journey is now.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant)] // written out at once, never kept
pub(crate) enum Stepped {
    Flow(FlowView),
    Outcome(Outcome),
}

/// Step a journey.
///
/// An error that the person can correct leaves the flow where it stood: the answer is the flow with `error`, under the
/// status of that error.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{id}",
    operation_id = "step_flow",
    tag = "flows",
    params(("id" = String, Path, description = "The flow", format = "uuid")),
    request_body = Act,
    responses(
        (status = 200, description = "The next state, or the end", body = Stepped),
        (status = 422, description = "The flow, with what has to be corrected in `error`", body = FlowView),
        (status = 429, description = "The flow, with the time to wait in `error` and `Retry-After`", body = FlowView,
            headers(("Retry-After" = i64, description = "Seconds"))),
        (status = 502, description = "The flow, with what the provider did in `error`", body = FlowView),
        (status = 410, description = "`flow_expired`: it is over, or this browser does not hold its cookie",
            body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached: post the same again", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = i64, description = "Seconds"))),
        (status = "default", description = "A problem; with content type `application/json` the flow and its `error`",
            body = Problem, content_type = "application/problem+json"),
    ),
    security(("flow" = [])),
)]
pub(crate) async fn act(caller: Caller, Id(id): Id<FlowId>, Body(act): Body<Act>) -> Answer {
    caller.in_a_browser().await?;
    let journeys = &caller.api.journeys;
    let flow = journeys.open_flow(caller.cookies(), id).map_err(|fault| caller.api.fault(&fault))?;
    let next = journeys.act(flow, act.into(), &caller.browser).await;
    let landing = journeys.land(next, Some(id), &caller.browser, caller.cookies());
    let mut response = match landing.place {
        Place::Flow(flow) => caller.shown(&flow),
        Place::Provider { url, .. } => outcome(Outcome::Away { url }),
        Place::Done(done) => finished(done),
        Place::Ended { .. } => outcome(Outcome::Ended {}),
        Place::Failed { fault, .. } => caller.api.fault(&fault).into_response(),
    };
    add_cookies(&mut response, &landing.cookies);
    Ok(response)
}

impl Caller {
    fn shown(&self, flow: &Flow) -> Response {
        let view = self.view(flow);
        let error = view.error.as_ref();
        let status = error.and_then(|error| StatusCode::from_u16(error.status).ok()).unwrap_or(StatusCode::OK);
        let retry_after = error.and_then(|error| error.retry_after);
        let mut response = (status, Json(Stepped::Flow(view))).into_response();
        set_retry_after(response.headers_mut(), retry_after);
        response
    }
}

fn outcome(outcome: Outcome) -> Response {
    Json(Stepped::Outcome(outcome)).into_response()
}

fn finished(done: Finished) -> Response {
    outcome(Outcome::Finished {
        redirect_to: done.to,
        linked: done.linked.map(|link| link.to_string()),
        created: done.created,
    })
}
