//! Beginning a journey. Nothing is stored: the flow is in the cookie.

use super::view::FlowView;
use crate::Answer;
use crate::body::Body;
use crate::caller::{Caller, add_cookies};
use crate::credential::Credential;
use crate::problem::Problem;
use axum::Json;
use axum::response::IntoResponse;
use flows::{Destination, Flow, Goal, local_path};
use http::{HeaderValue, StatusCode, header};
use model::ConnectionId;
use serde::Deserialize;
use utoipa::ToSchema;

/// What the journey is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Start {
    /// Sign in.
    SignIn {
        /// A path of this origin to go to afterwards. An app on another origin names its `application` instead.
        return_to: Option<String>,
        application: Option<ApplicationRequest>,
        /// Whose people sign in: with the organisation's own providers, and as it asks.
        organisation: Option<String>,
    },
    /// Create an account.
    SignUp {
        /// A path of this origin to go to afterwards. An app on another origin names its `application` instead.
        return_to: Option<String>,
        application: Option<ApplicationRequest>,
    },
    /// Add a provider to the account that is signed in. This request is the person's consent, so send it only when
    /// they asked for it. Needs the browser's cookie.
    Link {
        /// The connection to add.
        #[schema(value_type = String, example = "google")]
        connection: ConnectionId,
        /// A path of this origin, where a step-up that has to come first leads.
        return_to: Option<String>,
    },
    /// Authenticate again. Needs the browser's cookie.
    StepUp {
        /// A path of this origin to go to afterwards.
        return_to: Option<String>,
    },
    /// Get back into an account that the person cannot sign in to. It ends all their other sessions.
    Recover {},
}

/// An application that takes over a session of its own, as it is registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationRequest {
    id: String,
    /// Exactly as registered; a loopback address may use any port (RFC 8252 §7.3).
    redirect_uri: String,
    /// S256 digest of a secret that only the application knows (RFC 7636 §4.2).
    challenge: String,
    /// Comes back with the code.
    state: String,
}

/// Where people go who said nothing.
const ACCOUNT: &str = "/account";

/// Begin a journey.
#[utoipa::path(
    post,
    path = "/api/v1/flows",
    operation_id = "start_flow",
    tag = "flows",
    request_body = Start,
    responses(
        (status = 201, description = "The flow has begun; the answer sets the cookie that it lives in", body = FlowView,
            headers(("Location" = String, description = "The flow"))),
        (status = 401, description = "`link` and `step_up` need somebody who is signed in", body = Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "`step_up_needed`: the step-up in `flow` was begun and must be finished first; or a \
            refusal", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security((), ("session" = [])),
)]
pub(crate) async fn start(caller: Caller, Body(asked): Body<Start>) -> Answer {
    caller.in_a_browser().await?;
    let journeys = &caller.api.journeys;
    let flow = match asked {
        Start::SignIn { return_to, application, organisation } => {
            let to = caller.destination(return_to.as_deref(), application)?;
            let flow = caller.sign_in(to).await?;
            match organisation {
                Some(one) => journeys.of_organisation(flow, &one).map_err(|fault| caller.api.fault(&fault))?,
                None => flow,
            }
        }
        Start::SignUp { return_to, application } => {
            let to = caller.destination(return_to.as_deref(), application)?;
            journeys.begin(Goal::SignUp { to })
        }
        Start::Link { connection, return_to } => {
            let to = caller.path(return_to.as_deref())?;
            match journeys.begin_link(&connection, &to, &caller.browser).await {
                Ok(Ok(flow)) => flow,
                Ok(Err(step_up)) => return caller.step_up_first(&step_up),
                Err(fault) => return Err(caller.api.fault(&fault)),
            }
        }
        Start::Recover {} => journeys.begin(Goal::Recover),
        Start::StepUp { return_to } => {
            let to = caller.path(return_to.as_deref())?;
            journeys.begin_step_up(&to, &caller.browser).await.map_err(|fault| caller.api.fault(&fault))?
        }
    };
    let cookies = caller.keep(&flow)?;
    let mut response = (StatusCode::CREATED, Json(caller.view(&flow))).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/flows/{}", flow.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    add_cookies(&mut response, &cookies);
    Ok(response)
}

impl Caller {
    /// A sign-in gives the browser a cookie, and a link is made where the provider's answer arrives: journeys belong to
    /// a browser's own session. What an application holds tells who signed in and changes nothing.
    pub(super) async fn in_a_browser(&self) -> Result<(), Box<Problem>> {
        if !self.is_bearer() {
            return Ok(());
        }
        self.present().await?;
        let problem = Problem::new(&self.api.errors_url, 403, "session_scope");
        Err(Box::new(problem.with_detail("journeys happen in a browser; a bearer token takes part in none")))
    }

    /// Checked here, sealed into the flow, and checked again at the end (T40).
    fn path(&self, return_to: Option<&str>) -> Result<String, Box<Problem>> {
        let Some(text) = return_to else { return Ok(ACCOUNT.to_owned()) };
        local_path(text).map(str::to_owned).ok_or_else(|| {
            let problem = Problem::new(&self.api.errors_url, 400, "bad_request");
            Box::new(problem.with_detail("return_to must be a path of this origin; other origins use `application`"))
        })
    }

    fn destination(
        &self,
        return_to: Option<&str>,
        application: Option<ApplicationRequest>,
    ) -> Result<Destination, Box<Problem>> {
        match (return_to, application) {
            (None, Some(asked)) => self
                .api
                .journeys
                .handover_request(&asked.id, &asked.redirect_uri, &asked.challenge, &asked.state)
                .map(Destination::Application)
                .map_err(|fault| self.api.fault(&fault)),
            (Some(_), Some(_)) => {
                let problem = Problem::new(&self.api.errors_url, 400, "bad_request");
                Err(Box::new(problem.with_detail("return_to and application exclude each other")))
            }
            (return_to, None) => self.path(return_to).map(|path| Destination::path(&path)),
        }
    }

    /// Whoever is signed in already only has to say yes to an application.
    async fn sign_in(&self, to: Destination) -> Result<Flow, Box<Problem>> {
        let journeys = &self.api.journeys;
        if let (Credential::Cookie(hash), Destination::Application(_)) = (self.credential, &to) {
            let present = self.api.reads.session(&hash).await.map_err(|error| self.api.unavailable(error))?;
            if let Some(person) = present {
                return Ok(journeys.continue_flow(to, &person.name));
            }
        }
        Ok(journeys.begin(Goal::SignIn { to }))
    }

    fn keep(&self, flow: &Flow) -> Result<Vec<String>, Box<Problem>> {
        self.api.journeys.keep(flow, self.cookies()).map_err(|fault| self.api.fault(&fault))
    }

    fn step_up_first(&self, step_up: &Flow) -> Answer {
        let cookies = self.keep(step_up)?;
        let mut problem = self.api.problem(403, "step_up_needed");
        problem.flow = Some(Box::new(self.view(step_up)));
        let mut response = problem.into_response();
        add_cookies(&mut response, &cookies);
        Ok(response)
    }
}
