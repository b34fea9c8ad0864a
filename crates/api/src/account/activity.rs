//! What happened to the account, newest first.

use crate::caller::Caller;
use crate::problem::Problem;
use crate::time::rfc3339;
use crate::{Answer, Shared};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use flows::Event;
use model::{Actor, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Events of one answer.
const PAGE: u32 = 30;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `next_before` of the answer before.
    before: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Activity {
    events: Vec<EventRow>,
    /// Ask with this for older events; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventRow {
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = DateTime)]
    at: String,
    #[schema(example = "linked")]
    kind: &'static str,
    by: By,
    /// Stable code of why it came out so.
    #[schema(example = "linked_by_owner")]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    link: Option<String>,
}

/// Who did it.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    You,
    OtherUser,
    Operator,
    System,
}

impl By {
    fn of(actor: &Actor, user: UserId) -> Self {
        match actor {
            Actor::User { user: who } if *who == user => Self::You,
            Actor::User { .. } => Self::OtherUser,
            Actor::Operator { .. } => Self::Operator,
            Actor::System => Self::System,
        }
    }
}

impl EventRow {
    fn of(event: &Event, user: UserId) -> Self {
        Self {
            id: event.id.to_string(),
            at: rfc3339(event.at),
            kind: event.kind.name(),
            by: By::of(&event.actor, user),
            reason: event.reason.clone(),
            connection: event.connection.as_ref().map(ToString::to_string),
            link: event.link.map(|link| link.to_string()),
        }
    }
}

/// What happened to my account?
#[utoipa::path(
    get,
    path = "/api/v1/account/activity",
    operation_id = "list_activity",
    tag = "account",
    params(Asked),
    responses(
        (status = 200, description = "Newest first", body = Activity),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(api): State<Shared>,
    caller: Caller,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Answer {
    let Ok(Query(asked)) = asked else {
        let problem = Problem::new(&api.errors_url, 400, "bad_request");
        return Err(Box::new(problem.with_detail("the query may hold `before`, a number, and nothing else")));
    };
    let present = caller.present().await?;
    let events = api.reads.events_of(present.user, asked.before, PAGE).await.map_err(|error| api.unavailable(error))?;
    // Sequences start at one.
    let next_before = events.last().map(|event| event.seq).filter(|seq| *seq > 1 && events.len() == PAGE as usize);
    let events = events.iter().map(|event| EventRow::of(event, present.user)).collect();
    Ok(Json(Activity { events, next_before }).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t134_who_did_it_is_told_as_it_was_recorded() {
        let me = UserId::from_bytes([1; 16]);
        assert_eq!(By::of(&Actor::User { user: me }, me), By::You);
        assert_eq!(By::of(&Actor::User { user: UserId::from_bytes([2; 16]) }, me), By::OtherUser);
        assert_eq!(By::of(&Actor::Operator { name: "ops".to_owned() }, me), By::Operator);
        assert_eq!(By::of(&Actor::System, me), By::System);
    }
}
