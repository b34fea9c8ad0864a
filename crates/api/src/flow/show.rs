//! Where a journey stands. Asking changes nothing, however often (T48).

use super::view::FlowView;
use crate::Answer;
use crate::caller::{Caller, Id};
use crate::problem::Problem;
use axum::Json;
use axum::response::IntoResponse;
use model::FlowId;

/// Look at a journey.
#[utoipa::path(
    get,
    path = "/api/v1/flows/{id}",
    operation_id = "get_flow",
    tag = "flows",
    params(("id" = String, Path, description = "The flow", format = "uuid")),
    responses(
        (status = 200, description = "Where the flow stands", body = FlowView),
        (status = 410, description = "`flow_expired`: it is over, or this browser does not hold its cookie",
            body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("flow" = [])),
)]
pub(crate) async fn show(caller: Caller, Id(id): Id<FlowId>) -> Answer {
    let flow = caller.api.journeys.open_flow(caller.cookies(), id).map_err(|fault| caller.api.fault(&fault))?;
    Ok(Json(caller.view(&flow)).into_response())
}
