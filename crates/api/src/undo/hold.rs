//! Putting a new link on hold. It gives nobody anything, so the notice is enough.

use crate::Answer;
use crate::caller::{Caller, Id};
use crate::problem::Problem;
use axum::response::IntoResponse;
use http::StatusCode;

/// Put a new link on hold. Nobody has to be signed in; twice is fine.
#[utoipa::path(
    post,
    path = "/api/v1/undo/{token}/hold",
    operation_id = "hold_link",
    tag = "undo",
    params(("token" = String, Path, description = "From the notice of the link")),
    responses(
        (status = 204, description = "The link is on hold and its sessions have ended"),
        (status = 404, description = "`undo_unknown`, or `link_not_found`: it is gone already", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "`last_method`: it is the only way in; or `undo_spent`", body = Problem,
            content_type = "application/problem+json"),
        (status = 410, description = "`undo_expired`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
pub(crate) async fn hold(caller: Caller, Id(token): Id<String>) -> Answer {
    let api = &caller.api;
    api.journeys.hold(&token, &caller.browser).await.map_err(|fault| api.fault(&fault))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
