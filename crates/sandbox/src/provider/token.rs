//! The token endpoint (RFC 6749 §4.1.3, RFC 7636 §4.6) and UserInfo (OpenID Connect Core §5.3).

use super::id_token::{claims, id_token};
use super::wire::Parameters;
use super::{Behaviour, Provider, json_response};
use crate::bounded::challenge;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use model::{MINUTE, Micros};
use serde_json::{Value, json};

/// What a code stands for.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) sub: String,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) authenticated_at: Micros,
    pub(super) issued_at: Micros,
    /// The access token it was redeemed for. The code stays known, so that a second use can end what the first gave
    /// (RFC 6749 §4.1.2).
    pub(super) redeemed_for: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Access {
    sub: String,
    scope: String,
    issued_at: Micros,
}

const CODE_LIFETIME: Micros = MINUTE;
const ACCESS_LIFETIME: Micros = MINUTE.times(10);

/// RFC 6749 §5.2.
struct TokenError(StatusCode, &'static str);

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let mut response = json_response(&json!({ "error": self.1 }));
        *response.status_mut() = self.0;
        if self.0 == StatusCode::UNAUTHORIZED {
            let scheme = header::HeaderValue::from_static("Basic realm=\"sandbox\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

const INVALID_REQUEST: TokenError = TokenError(StatusCode::BAD_REQUEST, "invalid_request");
const INVALID_CLIENT: TokenError = TokenError(StatusCode::UNAUTHORIZED, "invalid_client");
const INVALID_GRANT: TokenError = TokenError(StatusCode::BAD_REQUEST, "invalid_grant");

pub(super) async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Extension(parameters): Extension<Parameters>,
) -> Response {
    match answer(&provider, &headers, &parameters) {
        Ok(body) => json_response(&body),
        Err(error) => error.into_response(),
    }
}

fn answer(provider: &Provider, headers: &HeaderMap, parameters: &Parameters) -> Result<Value, TokenError> {
    if parameters.repeated() {
        return Err(INVALID_REQUEST);
    }
    authenticate_client(provider, headers, parameters)?;
    if parameters.get("grant_type") != Some("authorization_code") {
        return Err(TokenError(StatusCode::BAD_REQUEST, "unsupported_grant_type"));
    }
    let code = parameters.get("code").ok_or(INVALID_REQUEST)?;
    let verifier = parameters.get("code_verifier").ok_or(INVALID_REQUEST)?;
    let redirect_uri = parameters.get("redirect_uri").ok_or(INVALID_REQUEST)?;
    let access_token = provider.token();
    let grant = redeem(provider, code, verifier, redirect_uri, &access_token)?;
    let person = provider.person(&grant.sub).ok_or(INVALID_GRANT)?;
    let script = provider.state().script.clone();
    let id_token = id_token(provider, &grant, &person, &access_token, &script);
    remember(provider, [access_token.clone(), id_token.clone()]);
    Ok(json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": ACCESS_LIFETIME.seconds(),
        "scope": grant.scope,
        "id_token": id_token,
    }))
}

const ISSUED_LIMIT: usize = 500;

fn remember(provider: &Provider, tokens: [String; 2]) {
    let mut state = provider.state();
    state.issued.extend(tokens);
    while state.issued.len() > ISSUED_LIMIT {
        state.issued.pop_front();
    }
}

/// Takes the code out of use whatever is wrong with the rest of the request.
fn redeem(
    provider: &Provider,
    code: &str,
    verifier: &str,
    redirect_uri: &str,
    access_token: &str,
) -> Result<Grant, TokenError> {
    let now = provider.now();
    let mut state = provider.state();
    let grant = state.codes.get_mut(code).ok_or(INVALID_GRANT)?;
    if let Some(earlier) = grant.redeemed_for.replace(access_token.to_owned()) {
        state.access_tokens.remove(&earlier);
        return Err(INVALID_GRANT);
    }
    let grant = grant.clone();
    let fits = now < grant.issued_at + CODE_LIFETIME
        && grant.redirect_uri == redirect_uri
        && (43..=128).contains(&verifier.len())
        && challenge(verifier) == grant.challenge;
    if !fits {
        return Err(INVALID_GRANT);
    }
    let access = Access { sub: grant.sub.clone(), scope: grant.scope.clone(), issued_at: now };
    state.access_tokens.insert(access_token.to_owned(), access);
    Ok(grant)
}

/// RFC 6749 §2.3.1: by header or in the form, never both.
fn authenticate_client(provider: &Provider, headers: &HeaderMap, parameters: &Parameters) -> Result<(), TokenError> {
    let basic = headers.get(header::AUTHORIZATION).map(|value| basic_credentials(value.as_bytes()));
    let form = parameters.get("client_secret").map(|secret| {
        let id = parameters.get("client_id").unwrap_or_default();
        (id.to_owned(), secret.to_owned())
    });
    let (id, secret) = match (basic, form) {
        (Some(_), Some(_)) => return Err(INVALID_REQUEST),
        (Some(basic), None) => basic.ok_or(INVALID_CLIENT)?,
        (None, Some(form)) => form,
        (None, None) => return Err(INVALID_CLIENT),
    };
    let settings = provider.settings();
    let same = |a: &str, b: &str| aws_lc_rs::constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok();
    if same(&id, &settings.client_id) && same(&secret, settings.client_secret.expose()) {
        Ok(())
    } else {
        Err(INVALID_CLIENT)
    }
}

fn basic_credentials(header: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

/// Both halves are form-encoded before they are joined (RFC 6749 §2.3.1).
fn form_decoded(text: &str) -> String {
    let pair = format!("v={text}");
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

pub(super) async fn userinfo(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        bearer.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let now = provider.now();
    let access = token
        .and_then(|(_, token)| provider.state().access_tokens.get(token).cloned())
        .filter(|access| now < access.issued_at + ACCESS_LIFETIME);
    let person = access.as_ref().and_then(|access| provider.person(&access.sub));
    let (Some(access), Some(person)) = (access, person) else {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    };
    let script = provider.state().script.clone();
    let mut claims = claims(&person, &access.scope, &script);
    if script.has(&Behaviour::UserinfoOtherSub) {
        claims.insert("sub".to_owned(), json!(format!("not-{}", access.sub)));
    }
    json_response(&Value::Object(claims))
}
