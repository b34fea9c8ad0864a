//! OAuth 2.0 and OpenID Connect as the provider: requests of applications, their registrations, and what we sign.
//!
//! Parsers and checks only. Who a person is, whether they agreed and whether a token still lives is decided elsewhere.

mod asked_claims;
mod authorization;
mod claims;
mod client;
mod client_metadata;
mod device;
mod discovery;
mod error;
mod forward_auth;
mod parameters;
mod proof;
mod registration;
mod registration_keys;
mod sign;
mod token;

pub use authorization::{Answer, AuthorizationRequest, Invalid, LINKING_SCOPES, Prompt, ResponseMode, STANDARD_SCOPES};
pub use claims::{
    Access, Evidence, Frame, Person, access_token, audience, confirmation, id_token, logout_token, userinfo,
};
pub use client::{AccessTokenFormat, Authentication, Client, Credential, GrantType, Presented, redirect_matches, s256};
pub use client_metadata::Metadata;
pub use device::{DeviceRequest, UserCode};
pub use discovery::{Endpoints, metadata};
pub use error::{ErrorCode, Refused};
pub use forward_auth::identity_headers;
pub use parameters::Parameters;
pub use proof::{ASSERTION_TYPE, Asked, Possession, proof_algorithms, verify_possession};
pub use registration::{
    MetadataFault, Registrant, Schemes, has_user_info, is_loopback, is_scope, plain_name, redirect_uri_fault,
};
pub use sign::{KeyError, PublicKeys, SigningAlgorithm, SigningKey};
pub use token::TokenRequest;
