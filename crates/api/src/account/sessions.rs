//! Where a person is signed in, and ending that.

use crate::Answer;
use crate::caller::{Caller, Id, add_cookies};
use crate::credential::Credential;
use crate::method::{MethodView, SessionLevel};
use crate::problem::Problem;
use crate::time::rfc3339;
use axum::Json;
use axum::response::IntoResponse;
use flows::EndSessions;
use http::StatusCode;
use model::{SessionFacts, SessionId};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sessions {
    sessions: Vec<SessionRow>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionRow {
    #[schema(format = "uuid")]
    id: String,
    /// The one this request was made in.
    current: bool,
    /// The browser in its own words, or the application that the session was handed to.
    device: String,
    level: SessionLevel,
    method: MethodView,
    #[schema(format = DateTime)]
    authenticated_at: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

impl SessionRow {
    fn of(session: &SessionFacts, application: Option<String>, current: SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            current: session.id == current,
            device: application.unwrap_or_else(|| session.user_agent.clone()),
            level: session.level.into(),
            method: (&session.method).into(),
            authenticated_at: rfc3339(session.authenticated_at),
            created_at: rfc3339(session.created_at),
            expires_at: rfc3339(session.expires_at),
        }
    }
}

/// Where am I signed in?
#[utoipa::path(
    get,
    path = "/api/v1/account/sessions",
    operation_id = "list_sessions",
    tag = "account",
    responses(
        (status = 200, description = "Every live session", body = Sessions),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list(caller: Caller) -> Answer {
    let present = caller.present().await?;
    let sessions = caller.api.reads.sessions_of(present.user).await.map_err(|error| caller.api.unavailable(error))?;
    let sessions = sessions
        .iter()
        .map(|session| {
            let application = caller.api.journeys.application_of(&session.user_agent);
            SessionRow::of(session, application, present.session)
        })
        .collect();
    Ok(Json(Sessions { sessions }).into_response())
}

/// End a session. Ending one that has ended is fine.
#[utoipa::path(
    delete,
    path = "/api/v1/account/sessions/{id}",
    operation_id = "end_other_session",
    tag = "account",
    params(("id" = String, Path, description = "The session, from the list", format = "uuid")),
    responses(
        (status = 204, description = "The person has no such session any more"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn end(caller: Caller, Id(id): Id<SessionId>) -> Answer {
    let present = caller.present().await?;
    let journeys = &caller.api.journeys;
    journeys.end_session(EndSessions::One(id), &caller.browser).await.map_err(|fault| caller.api.fault(&fault))?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if present.session == id && matches!(caller.credential, Credential::Cookie(_)) {
        add_cookies(&mut response, &[journeys.forget_session(caller.cookies())]);
    }
    Ok(response)
}
