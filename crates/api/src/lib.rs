//! The JSON API for single-page and native apps: the same journeys as the pages, as resources.
//!
//! No rule lives here. A request is parsed into what a person did, `flows` steps, and the outcome is written as JSON;
//! whatever a page refuses is refused here by the same function.

mod account;
mod body;
mod caller;
mod credential;
mod document;
mod flow;
mod guard;
mod handover;
mod method;
mod problem;
mod session;
mod time;
mod undo;

pub use document::openapi;

use axum::Router;
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use flows::{Journeys, Reads};
use http::HeaderMap;
use model::ConnectionId;
use problem::Problem;
use std::net::IpAddr;
use std::sync::Arc;

/// A connection as people know it.
#[derive(Debug, Clone)]
pub struct ProviderInfo {
    pub id: ConnectionId,
    pub name: String,
    /// The name of its brand mark.
    pub mark: String,
}

/// Finds out where a request really came from. Behind a proxy the operator names its header and address.
pub type ClientAddress = Arc<dyn Fn(&HeaderMap, IpAddr) -> IpAddr + Send + Sync>;

/// What the API is made of.
#[derive(Clone)]
pub struct Api {
    pub journeys: Arc<Journeys>,
    pub reads: Arc<dyn Reads>,
    /// From configuration, never from a header (T45).
    pub public_origin: Arc<str>,
    /// Origins of single-page apps that may call with credentials, exact. Session cookies are `SameSite=Lax`, so an
    /// app has to be on a sibling host to be seen as signed in; others take a session over as an application.
    pub allowed_origins: Arc<[String]>,
    /// In the operator's order.
    pub providers: Arc<[ProviderInfo]>,
    /// Cookies carry `Secure` and `__Host-`.
    pub secure: bool,
    pub client_address: ClientAddress,
    /// What explains the codes: with `{code}` in it, the page of each reason; else a problem's `type` is an anchor on it.
    pub errors_url: String,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("public_origin", &self.public_origin).finish_non_exhaustive()
    }
}

/// Shared by all requests.
type Shared = Arc<Api>;
/// What an operation answers.
type Answer = Result<Response, Box<Problem>>;

impl Api {
    fn problem(&self, status: u16, code: &str) -> Box<Problem> {
        Box::new(Problem::new(&self.errors_url, status, code))
    }

    fn fault(&self, fault: &flows::Fault) -> Box<Problem> {
        Box::new(Problem::of_fault(&self.errors_url, fault, self.journeys.now()))
    }

    fn unavailable(&self, _: flows::Unavailable) -> Box<Problem> {
        self.fault(&flows::Fault::unavailable())
    }
}

/// All operations, under `/api/v1`.
pub fn router(api: Api) -> Router {
    let guard = Arc::new(guard::Guard {
        public_origin: Arc::clone(&api.public_origin),
        allowed_origins: Arc::clone(&api.allowed_origins),
        errors_url: api.errors_url.clone(),
    });
    let operations = Router::new()
        .route("/flows", post(flow::start::start))
        .route("/flows/{id}", get(flow::show::show).post(flow::act::act))
        .route("/session", get(session::show).delete(session::end))
        .route("/handover", post(handover::redeem))
        .route("/account", get(account::overview::show))
        .route("/account/methods/{link}", delete(account::methods::remove))
        .route("/account/methods/{link}/release", post(account::release::release))
        .route("/account/password", put(account::password::set))
        .route("/account/second-factor", post(account::second_factor::begin))
        .route("/account/second-factor", put(account::second_factor::set))
        .route("/account/second-factor", delete(account::second_factor::remove))
        .route("/account/recovery-codes", post(account::second_factor::codes))
        .route("/account/sessions", get(account::sessions::list))
        .route("/account/sessions/{id}", delete(account::sessions::end))
        .route("/account/activity", get(account::activity::list))
        .route("/undo/{token}", get(undo::show::show).post(undo::carry_out::carry_out))
        .route("/undo/{token}/hold", post(undo::hold::hold))
        .route("/openapi.json", get(document::show))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::unsupported_method)
        .layer(axum::middleware::from_fn_with_state(guard, guard::guard))
        .with_state(Arc::new(api));
    Router::new().nest("/api/v1", operations)
}
