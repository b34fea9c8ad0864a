//! Removing a link. Whether it may go is decided inside the write (T72).

use crate::Answer;
use crate::caller::{Caller, Id, add_cookies};
use crate::credential::Credential;
use crate::problem::Problem;
use axum::Json;
use axum::response::IntoResponse;
use model::LinkId;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Removed {
    /// This session rested on the link and ended with it.
    own_session_ended: bool,
    /// For `POST /undo/{token}`, for seven days.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<String>,
}

/// Remove a link.
#[utoipa::path(
    delete,
    path = "/api/v1/account/methods/{link}",
    operation_id = "remove_method",
    tag = "account",
    params(("link" = String, Path, description = "The link, from the account's methods", format = "uuid")),
    responses(
        (status = 200, description = "The link is gone, and the sessions that came through it", body = Removed),
        (status = 403, description = "`step_up_needed`: begin a `step_up` flow first", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "`link_not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`last_method`: add another method first", body = Problem,
            content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn remove(caller: Caller, Id(link): Id<LinkId>) -> Answer {
    let journeys = &caller.api.journeys;
    let removed = journeys.unlink(link, &caller.browser).await.map_err(|fault| caller.api.fault(&fault))?;
    let own_session_ended = removed.own_session_ended;
    let mut response = Json(Removed { own_session_ended, undo: removed.undo }).into_response();
    if own_session_ended && matches!(caller.credential, Credential::Cookie(_)) {
        add_cookies(&mut response, &[journeys.forget_session(caller.cookies())]);
    }
    Ok(response)
}
