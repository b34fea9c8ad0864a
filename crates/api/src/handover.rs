//! The end of a hand-over: an application turns its one-time code into a session of its own, with the secret whose
//! digest it named at the start. Neither cookie nor origin is looked at.

use crate::body::Body;
use crate::problem::Problem;
use crate::session::UserView;
use crate::time::rfc3339;
use crate::{Answer, Shared};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use model::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redemption {
    /// From the `code` parameter of the application's redirect.
    #[schema(value_type = String)]
    code: Secret<String>,
    /// The secret whose S256 digest (RFC 7636 §4.2) was the `challenge`.
    #[schema(value_type = String)]
    verifier: Secret<String>,
}

/// A session of the application's own.
#[derive(Serialize, ToSchema)]
pub(crate) struct Handed {
    /// For `Authorization: Bearer`. Shown once.
    token: String,
    #[schema(format = DateTime)]
    expires_at: String,
    user: UserView,
}

/// Redeem a one-time code.
#[utoipa::path(
    post,
    path = "/api/v1/handover",
    operation_id = "redeem_handover",
    tag = "session",
    request_body = Redemption,
    responses(
        (status = 200, description = "The application has a session", body = Handed),
        (status = 400, description = "`handover_invalid`: unknown, expired or spent, or the verifier does not fit",
            body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
pub(crate) async fn redeem(State(api): State<Shared>, Body(asked): Body<Redemption>) -> Answer {
    let handed = api
        .journeys
        .redeem_handover(asked.code.expose(), asked.verifier.expose())
        .await
        .map_err(|fault| api.fault(&fault))?;
    let answer = Handed {
        expires_at: rfc3339(handed.expires_at),
        user: UserView {
            sub: handed.sub,
            name: handed.name,
            address: handed.address.map(|address| address.to_string()),
        },
        token: handed.token.into_exposed(),
    };
    Ok(Json(answer).into_response())
}
