//! The token request and its answer (RFC 6749 §4.1.3–§5.2, OpenID Connect Core §3.1.3).

use super::{Attempt, ClientSettings, Document, Metadata, OidcError, ProviderErrorCode, TokenAuth, json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Secret;
use url::Url;
use url::form_urlencoded::byte_serialize;

/// One POST to a token endpoint.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    pub url: Url,
    /// `application/x-www-form-urlencoded`
    pub body: Secret<String>,
    /// The `Authorization` header.
    pub authorization: Option<Secret<String>>,
}

/// What a token endpoint gave for a code.
#[derive(Debug, Clone)]
pub struct TokenResponse {
    pub id_token: Secret<String>,
    pub access_token: Secret<String>,
}

/// The request that turns a code into tokens.
pub fn token_request(
    settings: &ClientSettings,
    metadata: &Metadata,
    attempt: &Attempt,
    code: &Secret<String>,
) -> Result<TokenRequest, OidcError> {
    attempt.check_belongs(settings)?;
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code.expose())
        .append_pair("redirect_uri", &settings.redirect_uri);
    if settings.pkce {
        form.append_pair("code_verifier", attempt.verifier.expose());
    }
    let secret = settings.client_secret.as_ref().map(Secret::expose);
    let authorization = match (settings.token_auth, secret) {
        (TokenAuth::Basic, Some(secret)) => Some(basic(&settings.client_id, secret)),
        (TokenAuth::Post, Some(secret)) => {
            form.append_pair("client_id", &settings.client_id).append_pair("client_secret", secret);
            None
        }
        (TokenAuth::None, _) => {
            form.append_pair("client_id", &settings.client_id);
            None
        }
        (TokenAuth::Basic | TokenAuth::Post, None) => return Err(OidcError::BadSettings),
    };
    Ok(TokenRequest { url: metadata.token_endpoint().clone(), body: Secret::new(form.finish()), authorization })
}

/// RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
fn basic(client_id: &str, secret: &str) -> Secret<String> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    Secret::new(format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret)))))
}

/// The answer to a token request that succeeded (RFC 6749 §5.1).
pub fn parse_token_response(bytes: &[u8]) -> Result<TokenResponse, OidcError> {
    let response = json::object(bytes).ok_or(OidcError::Malformed(Document::TokenResponse))?;
    // Some providers answer 200 with an error inside.
    if let Some(error) = json::text(&response, "error") {
        return Err(OidcError::TokenRefused(ProviderErrorCode::parse(error)));
    }
    let bearer = response
        .get("token_type")
        .is_none_or(|kind| kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")));
    let access_token = json::text(&response, "access_token").filter(|token| !token.is_empty());
    let (true, Some(access_token)) = (bearer, access_token) else {
        return Err(OidcError::Malformed(Document::TokenResponse));
    };
    let id_token = json::text(&response, "id_token").ok_or(OidcError::IdTokenMissing)?;
    Ok(TokenResponse { id_token: Secret::new(id_token.to_owned()), access_token: Secret::new(access_token.to_owned()) })
}

/// The answer to a token request that was refused (RFC 6749 §5.2).
pub fn parse_token_error(bytes: &[u8]) -> OidcError {
    let document = json::object(bytes);
    let code = document.as_ref().and_then(|document| json::text(document, "error"));
    OidcError::TokenRefused(code.map_or(ProviderErrorCode::Other, ProviderErrorCode::parse))
}
