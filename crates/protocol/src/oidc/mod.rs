//! OpenID Connect as a relying party: authorization code flow with PKCE, state, nonce and RFC 9207.
//!
//! The connection fixes issuer, keys, algorithm and client before anything that came from outside is read (T56).
//! What leaves this module is an [`model::Assertion`], and there is no way to one around the checks: each step
//! takes the result of the step before, and those results cannot be made elsewhere.

mod algorithm;
mod assertion;
mod attempt;
mod callback;
mod error;
mod id_token;
mod json;
mod jws;
mod keys;
mod metadata;
mod settings;
mod token;
mod userinfo;

pub use algorithm::Algorithm;
pub use assertion::assertion;
pub use attempt::{Attempt, authorization_url};
pub use callback::{CallbackParams, check_callback};
pub use error::{Document, OidcError, ProviderErrorCode};
pub use id_token::{IdTokenClaims, verify_id_token};
pub(crate) use json::object as json_object;
pub(crate) use jws::Jws;
pub use keys::KeySet;
pub(crate) use keys::{brought, thumbprint};
pub use metadata::{Metadata, discovery_url, is_loopback_host};
pub use settings::{ClientSettings, InvalidSettings, TokenAuth};
pub use token::{TokenRequest, TokenResponse, parse_token_error, parse_token_response, token_request};
pub use userinfo::merge_userinfo;
