//! The second factor: an authenticator app, and the recovery codes in its place.

use crate::Answer;
use crate::body::Body;
use crate::caller::{Caller, add_cookies};
use crate::problem::Problem;
use axum::Json;
use axum::response::{IntoResponse, Response};
use flows::{Finished, Next, Place};
use http::StatusCode;
use model::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A new secret. Nothing is kept before `set_second_factor`.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppSecret {
    /// For a QR code, or for the app on the same device.
    #[schema(example = "otpauth://totp/id.example:ada@example.org?secret=GEZDGNBV&issuer=id.example")]
    uri: String,
    /// For somebody who types it.
    secret: String,
    /// Sealed: it goes back with the first code, within 15 minutes.
    setup: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstCode {
    setup: String,
    /// What the app shows now.
    #[schema(value_type = String, example = "123456")]
    code: Secret<String>,
}

/// Said once; each counts once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    #[schema(example = json!(["abcd-efgh-ijkl-mnop"]))]
    recovery_codes: Vec<String>,
}

/// Begin to set up an authenticator app.
#[utoipa::path(
    post,
    path = "/api/v1/account/second-factor",
    operation_id = "begin_second_factor",
    tag = "account",
    responses(
        (status = 200, description = "What the app needs", body = AppSecret),
        (status = 403, description = "`step_up_needed`: begin a `step_up` flow first", body = Problem,
            content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn begin(caller: Caller) -> Answer {
    let asked = caller.api.journeys.ask_totp(&caller.browser).await.map_err(|fault| caller.api.fault(&fault))?;
    Ok(Json(AppSecret { uri: asked.uri, secret: asked.secret, setup: asked.setup }).into_response())
}

/// Turn two-step sign-in on, or put another app in the place of the one there is.
#[utoipa::path(
    put,
    path = "/api/v1/account/second-factor",
    operation_id = "set_second_factor",
    tag = "account",
    request_body = FirstCode,
    responses(
        (status = 200, description = "It is on; every other session has ended, and this one has a new cookie",
            body = RecoveryCodes),
        (status = 403, description = "`step_up_needed`: begin a `step_up` flow first", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "`wrong_totp`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn set(caller: Caller, Body(given): Body<FirstCode>) -> Answer {
    let set = caller.api.journeys.set_totp(&given.setup, given.code.expose(), &caller.browser).await;
    let (finished, codes) = set.map_err(|fault| caller.api.fault(&fault))?;
    renewed(&caller, finished, Json(RecoveryCodes { recovery_codes: codes.0 }).into_response())
}

/// Turn two-step sign-in off.
#[utoipa::path(
    delete,
    path = "/api/v1/account/second-factor",
    operation_id = "remove_second_factor",
    tag = "account",
    responses(
        (status = 204, description = "It is off; every other session has ended, and this one has a new cookie"),
        (status = 403, description = "`step_up_needed`: begin a `step_up` flow first", body = Problem,
            content_type = "application/problem+json"),
        (status = "default", description = "A problem: `no_second_factor`, or `last_method` where a second factor is required",
            body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn remove(caller: Caller) -> Answer {
    let removed = caller.api.journeys.remove_totp(&caller.browser).await;
    let finished = removed.map_err(|fault| caller.api.fault(&fault))?;
    renewed(&caller, finished, StatusCode::NO_CONTENT.into_response())
}

/// Make new recovery codes. Those from before count no more.
#[utoipa::path(
    post,
    path = "/api/v1/account/recovery-codes",
    operation_id = "make_recovery_codes",
    tag = "account",
    responses(
        (status = 200, description = "The new codes", body = RecoveryCodes),
        (status = 403, description = "`step_up_needed`: begin a `step_up` flow first", body = Problem,
            content_type = "application/problem+json"),
        (status = "default", description = "A problem: `no_second_factor`", body = Problem,
            content_type = "application/problem+json"),
    ),
    security(("session" = [])),
)]
pub(crate) async fn codes(caller: Caller) -> Answer {
    let made = caller.api.journeys.new_recovery_codes(&caller.browser).await;
    let codes = made.map_err(|fault| caller.api.fault(&fault))?;
    Ok(Json(RecoveryCodes { recovery_codes: codes.0 }).into_response())
}

/// An answer with the new secret of the session.
pub(super) fn renewed(caller: &Caller, finished: Finished, mut response: Response) -> Answer {
    let done = Ok(Next::Finished(finished));
    let landing = caller.api.journeys.land(done, None, &caller.browser, caller.cookies());
    if let Place::Failed { fault, .. } = &landing.place {
        return Err(caller.api.fault(fault));
    }
    add_cookies(&mut response, &landing.cookies);
    Ok(response)
}
