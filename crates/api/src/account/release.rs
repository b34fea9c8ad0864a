//! Saying that a link on hold is one's own.

use crate::Answer;
use crate::caller::{Caller, Id};
use crate::problem::Problem;
use axum::response::IntoResponse;
use http::StatusCode;
use model::LinkId;

/// Use a link again that is on hold.
#[utoipa::path(
    post,
    path = "/api/v1/account/methods/{link}/release",
    operation_id = "release_method",
    tag = "account",
    params(("link" = String, Path, description = "The link, from the account's methods", format = "uuid")),
    responses(
        (status = 204, description = "It opens the account again"),
        (status = 403, description = "`step_up_needed`: begin a `step_up` flow first", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "`link_not_found`: no such link is on hold", body = Problem,
            content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn release(caller: Caller, Id(link): Id<LinkId>) -> Answer {
    let api = &caller.api;
    api.journeys.release(link, &caller.browser).await.map_err(|fault| api.fault(&fault))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
