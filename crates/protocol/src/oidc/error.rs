//! Everything that can go wrong between us and a provider, as one closed list.
//!
//! No variant carries text that came from outside: what a provider or a browser wrote is never echoed.

use std::fmt;

/// The document in which something was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Document {
    Metadata,
    Keys,
    TokenResponse,
    IdToken,
    UserInfo,
    Callback,
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metadata => "discovery document",
            Self::Keys => "key set",
            Self::TokenResponse => "token response",
            Self::IdToken => "ID token",
            Self::UserInfo => "UserInfo response",
            Self::Callback => "authorization response",
        })
    }
}

/// An error code a provider may send: RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderErrorCode {
    InvalidRequest,
    UnauthorizedClient,
    AccessDenied,
    UnsupportedResponseType,
    InvalidScope,
    ServerError,
    TemporarilyUnavailable,
    InteractionRequired,
    LoginRequired,
    AccountSelectionRequired,
    ConsentRequired,
    InvalidClient,
    InvalidGrant,
    UnsupportedGrantType,
    /// Any other text.
    Other,
}

impl ProviderErrorCode {
    pub fn parse(text: &str) -> Self {
        match text {
            "invalid_request" => Self::InvalidRequest,
            "unauthorized_client" => Self::UnauthorizedClient,
            // The last two are what LinkedIn and Apple send for the same thing.
            "access_denied" | "user_cancelled_login" | "user_cancelled_authorize" => Self::AccessDenied,
            "unsupported_response_type" => Self::UnsupportedResponseType,
            "invalid_scope" => Self::InvalidScope,
            "server_error" => Self::ServerError,
            "temporarily_unavailable" => Self::TemporarilyUnavailable,
            "interaction_required" => Self::InteractionRequired,
            "login_required" => Self::LoginRequired,
            "account_selection_required" => Self::AccountSelectionRequired,
            "consent_required" => Self::ConsentRequired,
            "invalid_client" => Self::InvalidClient,
            "invalid_grant" => Self::InvalidGrant,
            "unsupported_grant_type" => Self::UnsupportedGrantType,
            _ => Self::Other,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InteractionRequired => "interaction_required",
            Self::LoginRequired => "login_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Other => "other",
        }
    }
}

/// Why a step with a provider did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    #[error("no such connection")]
    UnknownConnection,
    #[error("the attempt was started for another connection or another epoch of it")]
    StaleAttempt,
    #[error("the connection's settings cannot work")]
    BadSettings,

    #[error("the provider could not be reached or failed")]
    Down,
    #[error("the provider did not answer in time")]
    Slow,
    #[error("too many requests wait for this provider")]
    Busy,

    #[error("the provider answered with a redirect")]
    Redirected,
    #[error("the provider's host is not one we may send requests to")]
    AddressForbidden,
    #[error("the {0} is too large")]
    TooLarge(Document),
    #[error("the {0} is not JSON")]
    NotJson(Document),
    #[error("the {0} is malformed")]
    Malformed(Document),
    #[error("the provider refused to give its {0}")]
    Refused(Document),

    #[error("the {0} names another issuer")]
    IssuerMismatch(Document),
    #[error("the issuer announced in the discovery document is missing from the authorization response")]
    IssuerMissing,
    #[error("an endpoint in the discovery document is on a host that was not approved")]
    EndpointForbidden,

    #[error("the person cancelled at the provider")]
    Denied,
    #[error("the provider reported {}", .0.as_str())]
    ProviderError(ProviderErrorCode),
    #[error("the state is not that of the attempt")]
    StateMismatch,
    #[error("a parameter is there more than once")]
    DuplicateParameter,
    #[error("the authorization response holds no code")]
    CodeMissing,

    #[error("the token endpoint reported {}", .0.as_str())]
    TokenRefused(ProviderErrorCode),
    #[error("the token response holds no ID token")]
    IdTokenMissing,

    #[error("the key set holds no key we can use")]
    NoUsableKey,
    #[error("no key fits the token")]
    UnknownKey,
    #[error("more than one key fits the token")]
    AmbiguousKey,
    #[error("the token is signed with another algorithm than the connection's")]
    AlgorithmMismatch,
    #[error("the token's header asks for something we do not do")]
    HeaderRefused,
    #[error("the token is of another type")]
    TypeMismatch,
    #[error("the signature does not verify")]
    BadSignature,

    #[error("the token is for another audience")]
    AudienceMismatch,
    #[error("the token was issued to another client")]
    AuthorizedPartyMismatch,
    #[error("a time claim is missing")]
    TimeMissing,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token was issued too long ago")]
    TooOld,
    #[error("the nonce is not that of the attempt")]
    NonceMismatch,
    #[error("the subject is missing or has a forbidden form")]
    BadSubject,
    #[error("the authentication is not as fresh as was asked for")]
    NotFresh,
    #[error("the access token is not the one the ID token was issued with")]
    AccessTokenMismatch,
    #[error("the UserInfo response is about another subject")]
    UserInfoMismatch,
}

impl OidcError {
    /// A stable name for logs, metrics and pages.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownConnection => "upstream_unknown_connection",
            Self::StaleAttempt => "upstream_stale_attempt",
            Self::BadSettings => "upstream_bad_settings",
            Self::Down => "upstream_down",
            Self::Slow => "upstream_slow",
            Self::Busy => "upstream_busy",
            Self::Redirected => "upstream_redirected",
            Self::AddressForbidden => "upstream_address_forbidden",
            Self::TooLarge(_) => "upstream_answer_too_large",
            Self::NotJson(_) => "upstream_answer_not_json",
            Self::Malformed(_) => "upstream_answer_malformed",
            Self::Refused(_) => "upstream_answer_refused",
            Self::IssuerMismatch(_) => "upstream_issuer_mismatch",
            Self::IssuerMissing => "upstream_issuer_missing",
            Self::EndpointForbidden => "upstream_endpoint_forbidden",
            Self::Denied => "upstream_denied",
            Self::ProviderError(_) => "upstream_provider_error",
            Self::StateMismatch => "upstream_state_mismatch",
            Self::DuplicateParameter => "upstream_duplicate_parameter",
            Self::CodeMissing => "upstream_code_missing",
            Self::TokenRefused(_) => "upstream_token_refused",
            Self::IdTokenMissing => "upstream_id_token_missing",
            Self::NoUsableKey => "upstream_no_usable_key",
            Self::UnknownKey => "upstream_unknown_key",
            Self::AmbiguousKey => "upstream_ambiguous_key",
            Self::AlgorithmMismatch => "upstream_algorithm_mismatch",
            Self::HeaderRefused => "upstream_header_refused",
            Self::TypeMismatch => "upstream_type_mismatch",
            Self::BadSignature => "upstream_bad_signature",
            Self::AudienceMismatch => "upstream_audience_mismatch",
            Self::AuthorizedPartyMismatch => "upstream_authorized_party_mismatch",
            Self::TimeMissing => "upstream_time_missing",
            Self::Expired => "upstream_expired",
            Self::NotYetValid => "upstream_not_yet_valid",
            Self::TooOld => "upstream_too_old",
            Self::NonceMismatch => "upstream_nonce_mismatch",
            Self::BadSubject => "upstream_bad_subject",
            Self::NotFresh => "upstream_not_fresh",
            Self::AccessTokenMismatch => "upstream_access_token_mismatch",
            Self::UserInfoMismatch => "upstream_userinfo_mismatch",
        }
    }

    /// Our own server saw the provider fail: no connection, time-out, 5xx. Never true for what a browser brought,
    /// which anybody can write.
    pub const fn is_unavailable(self) -> bool {
        matches!(self, Self::Down | Self::Slow | Self::Busy)
    }

    /// Fetching the keys again may help: the provider may have rotated them.
    pub const fn keys_may_be_stale(self) -> bool {
        matches!(self, Self::UnknownKey | Self::AmbiguousKey | Self::BadSignature)
    }
}
