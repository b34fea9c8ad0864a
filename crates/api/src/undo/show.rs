//! Looking at a change that can be undone. Asking changes nothing, however often (T48).

use crate::Answer;
use crate::caller::{Caller, Id};
use crate::method::Provider;
use crate::problem::Problem;
use crate::time::rfc3339;
use axum::Json;
use axum::response::IntoResponse;
use flows::{UndoAsked, UndoStep};
use model::LinkState;
use serde::Serialize;
use utoipa::ToSchema;

/// A change that can be undone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UndoView {
    what: Changed,
    provider: Provider,
    /// How the link stands now; absent when it went to another account.
    #[serde(skip_serializing_if = "Option::is_none")]
    link_state: Option<State>,
    #[schema(format = DateTime)]
    at: String,
    /// Until when it can be undone.
    #[schema(format = DateTime)]
    until: String,
    /// Whether it may be put on hold, which needs nobody signed in.
    can_hold: bool,
    /// What undoing it takes in this browser.
    undo: Takes,
    /// With `refused`, the code of the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "last_method")]
    why: Option<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Changed {
    Linked,
    Unlinked,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Active,
    Held,
    Removed,
}

/// - `ready`: post it
/// - `sign_in`: as the owner, whoever else is signed in here
/// - `step_up`: the owner has to authenticate again first
/// - `refused`: not possible; `why` says the reason
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Takes {
    Ready,
    SignIn,
    StepUp,
    Refused,
}

impl UndoView {
    fn of(asked: &UndoAsked, provider: Provider) -> Self {
        let (undo, why) = match &asked.step {
            UndoStep::Ready => (Takes::Ready, None),
            UndoStep::SignIn { .. } => (Takes::SignIn, None),
            UndoStep::StepUp => (Takes::StepUp, None),
            UndoStep::Refused(reason) => (Takes::Refused, Some(reason.code())),
        };
        Self {
            what: if asked.made { Changed::Linked } else { Changed::Unlinked },
            provider,
            link_state: asked.state().map(|state| match state {
                LinkState::Active => State::Active,
                LinkState::Held => State::Held,
                LinkState::Removed => State::Removed,
            }),
            at: rfc3339(asked.at),
            until: rfc3339(asked.until),
            can_hold: asked.hold.is_ok(),
            undo,
            why,
        }
    }
}

/// Look at a change that can be undone.
#[utoipa::path(
    get,
    path = "/api/v1/undo/{token}",
    operation_id = "get_undo",
    tag = "undo",
    params(("token" = String, Path, description = "From the notice, or from the removal of a link")),
    responses(
        (status = 200, description = "What it is and what can be done", body = UndoView),
        (status = 404, description = "`undo_unknown`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`undo_spent`", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`undo_expired`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security((), ("session" = [])),
)]
pub(crate) async fn show(caller: Caller, Id(token): Id<String>) -> Answer {
    let api = &caller.api;
    let asked = api.journeys.undo_asked(&token, &caller.browser).await.map_err(|fault| api.fault(&fault))?;
    let provider = crate::method::provider(&api.providers, &asked.connection);
    Ok(Json(UndoView::of(&asked, provider)).into_response())
}
