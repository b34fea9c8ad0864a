//! Undoing a link or its removal, in the fresh session of its owner.

use crate::Answer;
use crate::caller::{Caller, Id, add_cookies};
use crate::credential::Credential;
use crate::problem::Problem;
use axum::Json;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Undone {
    /// The link is back; otherwise it is gone.
    restored: bool,
    /// This session rested on the link and ended with it.
    own_session_ended: bool,
}

/// Undo a change.
#[utoipa::path(
    post,
    path = "/api/v1/undo/{token}",
    operation_id = "undo_change",
    tag = "undo",
    params(("token" = String, Path, description = "From the notice, or from the removal of a link")),
    responses(
        (status = 200, description = "It is undone", body = Undone),
        (status = 401, description = "`session_expired`: its owner has to sign in", body = Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "`step_up_needed`: begin a `step_up` flow first; or a refusal", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "`undo_unknown` or `link_not_found`", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "`undo_spent`, `last_method` or `identity_of_other_user`", body = Problem,
            content_type = "application/problem+json"),
        (status = 410, description = "`undo_expired`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn carry_out(caller: Caller, Id(token): Id<String>) -> Answer {
    let journeys = &caller.api.journeys;
    let undone = journeys.undo(&token, &caller.browser).await.map_err(|fault| caller.api.fault(&fault))?;
    let own_session_ended = undone.own_session_ended;
    let mut response = Json(Undone { restored: undone.restored, own_session_ended }).into_response();
    if own_session_ended && matches!(caller.credential, Credential::Cookie(_)) {
        add_cookies(&mut response, &[journeys.forget_session(caller.cookies())]);
    }
    Ok(response)
}
