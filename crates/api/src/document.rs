//! The OpenAPI document, made from the operations themselves.

use crate::{account, flow, handover, session, undo};
use axum::response::{IntoResponse, Response};
use http::header;
use std::sync::LazyLock;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{Modify, OpenApi};

const DESCRIPTION: &str = "The journeys of a person (sign in, sign up, link, step up, recover) and their account, for single-page \
and native apps.

**Flows.** `POST /flows` begins a journey and sets a cookie that holds it; `POST /flows/{id}` says what the person did, \
and the answer is the next state with the `actions` that may follow. A provider is visited in the same browser, and the \
person comes back to the server's own pages.

**Origins.** A request that changes something and carries cookies needs an `Origin` header that is exactly the server's \
or one of the allowed origins. Session cookies are `SameSite=Lax`: an app on another site cannot use them and takes a \
session over as a registered `application`, by a one-time code and `POST /handover`.

**Errors** are `application/problem+json` (RFC 9457) with a stable `code`. 429 and 503 carry `Retry-After`. Unknown \
members of a body are refused.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Selfsame self-service API", description = DESCRIPTION),
    paths(
        flow::start::start,
        flow::show::show,
        flow::act::act,
        session::show,
        session::end,
        handover::redeem,
        account::overview::show,
        account::methods::remove,
        account::release::release,
        account::password::set,
        account::second_factor::begin,
        account::second_factor::set,
        account::second_factor::remove,
        account::second_factor::codes,
        account::sessions::list,
        account::sessions::end,
        account::activity::list,
        undo::show::show,
        undo::hold::hold,
        undo::carry_out::carry_out,
        show,
    ),
    tags(
        (name = "flows", description = "Journeys as a resource"),
        (name = "session", description = "Who is signed in"),
        (name = "account", description = "A person's own account"),
        (name = "undo", description = "The way back from a change"),
        (name = "document", description = "This document"),
    ),
    modifiers(&Credentials, &Closed),
)]
struct Document;

/// What opens which operation.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let cookie = |name: &str, text: &str| -> RefOr<SecurityScheme> {
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, text))).into()
        };
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A session token from `POST /handover`: it tells who signed in, and changes nothing of the account. Tokens of \
                 providers are never accepted."))
            .build();
        let schemes = &mut document.components.get_or_insert_default().security_schemes;
        schemes.insert(
            "session".to_owned(),
            cookie("__Host-session", "The browser's session. Over plain HTTP, in development, `session`."),
        );
        schemes.insert(
            "flow".to_owned(),
            cookie(
                "__Host-flow-s-{id}",
                "The flow itself, sealed; `__Host-flow-l-{id}` for `link` and `step_up`. Those two also need the \
                 session that began them.",
            ),
        );
        schemes.insert("bearer".to_owned(), SecurityScheme::Http(bearer).into());
    }
}

/// Variants of a body refuse unknown members (T93); the derive says so of structs alone.
struct Closed;

impl Modify for Closed {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let schemas = &mut document.components.get_or_insert_default().schemas;
        for name in ["Start", "Act"] {
            let Some(RefOr::T(Schema::OneOf(body))) = schemas.get_mut(name) else { continue };
            for variant in &mut body.items {
                if let RefOr::T(Schema::Object(members)) = variant {
                    members.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
                }
            }
        }
    }
}

/// The OpenAPI document of all operations.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

static JSON: LazyLock<String> = LazyLock::new(|| openapi().to_json().unwrap_or_default());

/// This document.
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    operation_id = "get_openapi",
    tag = "document",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json")),
    security(()),
)]
pub(crate) async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], JSON.as_str()).into_response()
}
