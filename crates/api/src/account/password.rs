//! Setting the password. Every other session ends, and this one gets a new secret (T24).

use super::second_factor::renewed;
use crate::Answer;
use crate::body::Body;
use crate::caller::Caller;
use crate::problem::Problem;
use axum::response::IntoResponse as _;
use http::StatusCode;
use model::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
}

/// Set or change the password.
#[utoipa::path(
    put,
    path = "/api/v1/account/password",
    operation_id = "set_password",
    tag = "account",
    request_body = NewPassword,
    responses(
        (status = 204, description = "The password is set, every other session has ended, and this one has a new cookie"),
        (status = 403, description = "`step_up_needed`: begin a `step_up` flow first", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "The password is too easy to guess; `code` says why", body = Problem,
            content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn set(caller: Caller, Body(asked): Body<NewPassword>) -> Answer {
    let journeys = &caller.api.journeys;
    let finished =
        journeys.set_password(asked.password, &caller.browser).await.map_err(|fault| caller.api.fault(&fault))?;
    renewed(&caller, finished, StatusCode::NO_CONTENT.into_response())
}
