//! ID token validation (OpenID Connect Core §3.1.3.7), one small check per rule.

use super::{Attempt, ClientSettings, Document, KeySet, OidcError, TokenResponse, json, jws};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{ConnectionId, MINUTE, Micros, Secret, UpstreamSubject};
use serde_json::{Map, Value};
use std::fmt;
use subtle::ConstantTimeEq as _;

/// How far the provider's clock may be from ours.
const SKEW_SECONDS: i64 = MINUTE.seconds();
/// A token for a code that was just redeemed is new.
const AGE_SECONDS_MAX: i64 = MINUTE.times(10).seconds();

/// The claims of an ID token that passed every check. There is no other way to make one.
#[derive(Clone)]
pub struct IdTokenClaims {
    pub(super) connection: ConnectionId,
    /// `sub`, whatever the connection's subject claim is.
    pub(super) sub: UpstreamSubject,
    pub(super) claims: Map<String, Value>,
    /// Claims from the UserInfo endpoint, about the same `sub`.
    pub(super) userinfo: Option<Map<String, Value>>,
    /// `auth_time`, where the attempt asked for it.
    pub(super) authenticated_at: Option<Micros>,
}

impl fmt::Debug for IdTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenClaims").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl IdTokenClaims {
    pub fn sub(&self) -> &UpstreamSubject {
        &self.sub
    }
}

/// Verifies the ID token of a token response against the connection, its keys and the attempt.
pub fn verify_id_token(
    settings: &ClientSettings,
    keys: &KeySet,
    attempt: &Attempt,
    tokens: &TokenResponse,
    now: Micros,
) -> Result<IdTokenClaims, OidcError> {
    attempt.check_belongs(settings)?;
    let claims = jws::verified_claims(tokens.id_token.expose(), keys, settings.algorithm)?;
    if json::text(&claims, "iss") != Some(&settings.issuer) {
        return Err(OidcError::IssuerMismatch(Document::IdToken));
    }
    check_audience(&claims, settings)?;
    check_times(&claims, now)?;
    check_nonce(&claims, &attempt.nonce)?;
    check_access_token(&claims, settings, &tokens.access_token)?;
    let sub = json::text(&claims, "sub").ok_or(OidcError::BadSubject)?;
    let sub = UpstreamSubject::parse(sub).map_err(|_| OidcError::BadSubject)?;
    let authenticated_at = check_authentication_time(&claims, attempt, now)?;
    Ok(IdTokenClaims { connection: settings.connection.clone(), sub, claims, userinfo: None, authenticated_at })
}

/// `aud` holds our client id and nothing that is not on the connection's list; `azp`, if there, is us (T54).
fn check_audience(claims: &Map<String, Value>, settings: &ClientSettings) -> Result<(), OidcError> {
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(audience)) => vec![audience],
        Some(Value::Array(audiences)) => audiences
            .iter()
            .map(|audience| audience.as_str().ok_or(OidcError::AudienceMismatch))
            .collect::<Result<_, _>>()?,
        _ => return Err(OidcError::AudienceMismatch),
    };
    let known = |audience: &&str| {
        *audience == settings.client_id || settings.allowed_audiences.iter().any(|allowed| allowed == audience)
    };
    if !audiences.contains(&settings.client_id.as_str()) || !audiences.iter().all(known) {
        return Err(OidcError::AudienceMismatch);
    }
    match claims.get("azp") {
        None => Ok(()),
        Some(party) if *party == *settings.client_id => Ok(()),
        Some(_) => Err(OidcError::AuthorizedPartyMismatch),
    }
}

/// `exp` and `iat` are required, `nbf` counts where it is there (T59).
fn check_times(claims: &Map<String, Value>, now: Micros) -> Result<(), OidcError> {
    let now = now.seconds();
    let expires = seconds(claims, "exp")?.ok_or(OidcError::TimeMissing)?;
    let issued = seconds(claims, "iat")?.ok_or(OidcError::TimeMissing)?;
    let not_before = seconds(claims, "nbf")?.unwrap_or(issued);
    if expires.saturating_add(SKEW_SECONDS) <= now {
        return Err(OidcError::Expired);
    }
    if issued.max(not_before) > now.saturating_add(SKEW_SECONDS) {
        return Err(OidcError::NotYetValid);
    }
    if issued < now.saturating_sub(AGE_SECONDS_MAX) {
        return Err(OidcError::TooOld);
    }
    Ok(())
}

fn check_nonce(claims: &Map<String, Value>, expected: &Secret<String>) -> Result<(), OidcError> {
    let nonce = json::text(claims, "nonce").unwrap_or_default();
    let same = bool::from(nonce.as_bytes().ct_eq(expected.expose().as_bytes()));
    same.then_some(()).ok_or(OidcError::NonceMismatch)
}

/// OpenID Connect Core §3.1.3.8: the left half of the access token's hash.
fn check_access_token(
    claims: &Map<String, Value>,
    settings: &ClientSettings,
    access_token: &Secret<String>,
) -> Result<(), OidcError> {
    let Some(claimed) = claims.get("at_hash") else { return Ok(()) };
    let hash = digest::digest(settings.algorithm.digest(), access_token.expose().as_bytes());
    let half = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2]);
    let claimed = claimed.as_str().unwrap_or_default();
    let same = bool::from(claimed.as_bytes().ct_eq(half.as_bytes()));
    same.then_some(()).ok_or(OidcError::AccessTokenMismatch)
}

/// Where `max_age` was sent, `auth_time` must be there and fresh (T59). Freshness counts from when we asked, so
/// that a person who takes time to consent is not sent round again.
fn check_authentication_time(
    claims: &Map<String, Value>,
    attempt: &Attempt,
    now: Micros,
) -> Result<Option<Micros>, OidcError> {
    let Some(max_age) = attempt.max_age else { return Ok(None) };
    let at = seconds(claims, "auth_time")?.ok_or(OidcError::NotFresh)?;
    let oldest = attempt.started_at.seconds().saturating_sub(max_age.max(0)).saturating_sub(SKEW_SECONDS);
    let newest = now.seconds().saturating_add(SKEW_SECONDS);
    let fresh = (oldest..=newest).contains(&at);
    fresh.then_some(Some(Micros::from_seconds(at))).ok_or(OidcError::NotFresh)
}

/// A NumericDate (RFC 7519 §2) in whole seconds; it may have a fraction. Anything that is not a number is malformed.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, OidcError> {
    const BEYOND: f64 = 1e12;
    let Some(value) = claims.get(name) else { return Ok(None) };
    let fraction = || value.as_f64().filter(|seconds| seconds.abs() < BEYOND).map(|seconds| seconds.floor() as i64);
    value.as_i64().or_else(fraction).map(Some).ok_or(OidcError::Malformed(Document::IdToken))
}
