//! The leg back: the authorization response (RFC 6749 §4.1.2, RFC 9207) against the attempt it claims to answer.

use super::{Attempt, ClientSettings, Document, Metadata, OidcError, ProviderErrorCode};
use model::Secret;
use std::borrow::Cow;
use std::fmt;
use subtle::ConstantTimeEq as _;

/// Longer than any provider's code.
const VALUE_BYTES_MAX: usize = 8 * 1024;

/// The parameters of an authorization response that mean something to us.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct CallbackParams {
    pub code: Option<Secret<String>>,
    pub state: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
    /// Written by whoever wrote the URL: never shown, never logged.
    pub error_description: Option<String>,
}

impl fmt::Debug for CallbackParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackParams")
            .field("code", &self.code)
            .field("iss", &self.iss)
            .field("error", &self.error.as_deref().map(ProviderErrorCode::parse))
            .finish_non_exhaustive()
    }
}

impl CallbackParams {
    /// From decoded name–value pairs. A parameter that comes twice is refused (RFC 6749 §3.1); unknown ones are
    /// ignored.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> Result<Self, OidcError> {
        let mut params = Self::default();
        let mut code = None;
        for (name, value) in pairs {
            let slot = match name.as_ref() {
                "code" => &mut code,
                "state" => &mut params.state,
                "iss" => &mut params.iss,
                "error" => &mut params.error,
                "error_description" => &mut params.error_description,
                _ => continue,
            };
            if value.len() > VALUE_BYTES_MAX {
                return Err(OidcError::TooLarge(Document::Callback));
            }
            if slot.replace(value.into_owned()).is_some() {
                return Err(OidcError::DuplicateParameter);
            }
        }
        params.code = code.map(Secret::new);
        Ok(params)
    }

    /// From a query string or a form body.
    pub fn from_query(query: &str) -> Result<Self, OidcError> {
        Self::from_pairs(url::form_urlencoded::parse(query.as_bytes()))
    }
}

/// Checks the response and yields the code.
///
/// The order matters: before state and issuer are known to be right, nothing else in the response is looked at, an
/// error included.
pub fn check_callback(
    settings: &ClientSettings,
    metadata: &Metadata,
    attempt: &Attempt,
    params: &CallbackParams,
) -> Result<Secret<String>, OidcError> {
    attempt.check_belongs(settings)?;
    let state = params.state.as_deref().unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(attempt.state.as_bytes())) {
        return Err(OidcError::StateMismatch);
    }
    match params.iss.as_deref() {
        // RFC 9207 §2.4: simple string comparison, whether it was announced or not.
        Some(issuer) if issuer != settings.issuer => return Err(OidcError::IssuerMismatch(Document::Callback)),
        None if metadata.announces_issuer() => return Err(OidcError::IssuerMissing),
        _ => {}
    }
    if let Some(error) = params.error.as_deref() {
        return Err(match ProviderErrorCode::parse(error) {
            ProviderErrorCode::AccessDenied => OidcError::Denied,
            code => OidcError::ProviderError(code),
        });
    }
    params.code.clone().filter(|code| !code.expose().is_empty()).ok_or(OidcError::CodeMissing)
}
