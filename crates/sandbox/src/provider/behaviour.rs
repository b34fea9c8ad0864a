//! The ways in which the provider breaks a rule. Each breaks one rule and keeps all others, so that a test that is
//! refused was refused for the reason it names.

use serde_json::Value;
use std::time::Duration;

/// What a relying party or a browser asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Discovery,
    Keys,
    Authorize,
    /// The answer to the account page.
    Choose,
    Token,
    UserInfo,
}

impl Endpoint {
    /// Fetched by the relying party itself, not by a browser.
    fn is_back_channel(self) -> bool {
        !matches!(self, Self::Authorize | Self::Choose)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Behaviour {
    // The answer in the browser.
    /// `iss` of the answer names another issuer (RFC 9207).
    WrongIssuerInResponse,
    /// `iss` is left out of the answer although it was announced.
    MissingIssInResponse,
    /// Answers every request with this error code.
    ErrorAnswer(String),
    /// Answers at once as this person, whatever `prompt` says.
    SilentlyPick(String),

    // The ID token.
    WrongIssuerInToken,
    WrongAudience,
    /// The client and one more; `azp` names the client.
    ExtraAudience,
    WrongAzp,
    WrongNonce,
    MissingNonce,
    /// Ended five minutes ago.
    Expired,
    /// Issued an hour from now.
    IssuedInFuture,
    /// `alg` is `none` (RFC 7518 §3.6), no signature.
    Unsigned,
    /// `alg` is HS256, keyed with the public key as PEM text.
    HmacWithPublicKey,
    /// Signed with a key that was never announced, under the name of the one that was.
    WrongKey,
    /// Signed with a key that was never announced, under its own name.
    UnknownKid,
    /// `typ` is that of a logout token.
    LogoutTokenType,
    /// `auth_time` is left out although `max_age` asked for it.
    AuthTimeMissing,
    /// Says the person authenticated a day ago.
    StaleAuthTime,

    // What is said about the person, in ID token and UserInfo alike.
    /// This very value, `null` included.
    EmailVerified(Value),
    NoEmail,
    Subject(String),
    /// How the person authenticated, in the ID token: any JSON as `acr` and `amr`.
    Authenticated {
        acr: Value,
        amr: Value,
    },
    /// UserInfo speaks of somebody else than the ID token.
    UserinfoOtherSub,

    // Configuration and keys.
    /// The configuration names another issuer.
    DiscoveryIssuerOther,
    TokenEndpointOnOtherHost,
    /// Two hundred keys before the right one.
    JwksManyKeys,
    /// From the moment it is scripted: a new key, and only that is announced.
    RotateKeys,

    // Transport.
    /// A right answer with a megabyte of padding.
    HugeAnswer,
    /// Waits before it answers.
    Slow(Duration),
    /// 200 and `application/json`, but no JSON.
    Garbage,
    /// 500.
    ServerError,
    /// 401 and `invalid_client`: the client's secret has expired (RFC 6749 §5.2).
    SecretExpired,
    /// Ends the connection in the middle of the answer.
    CloseConnection,
    /// 307 from the token endpoint to a place that would answer rightly.
    RedirectFromToken,
}

impl Behaviour {
    fn is_of_transport(&self) -> bool {
        matches!(
            self,
            Self::HugeAnswer
                | Self::Slow(_)
                | Self::Garbage
                | Self::ServerError
                | Self::SecretExpired
                | Self::CloseConnection
                | Self::RedirectFromToken
        )
    }
}

/// What is scripted now.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    endpoint: Option<Endpoint>,
    behaviours: Vec<Behaviour>,
}

impl Script {
    pub(super) fn new(endpoint: Option<Endpoint>, behaviours: Vec<Behaviour>) -> Self {
        Self { endpoint, behaviours }
    }

    pub(super) fn has(&self, behaviour: &Behaviour) -> bool {
        self.behaviours.contains(behaviour)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Behaviour> {
        self.behaviours.iter()
    }

    /// The faults of transport that hold at an endpoint.
    pub(super) fn faults(&self, endpoint: Endpoint) -> Vec<Behaviour> {
        let holds = match self.endpoint {
            Some(only) => only == endpoint,
            None => endpoint.is_back_channel(),
        };
        self.behaviours.iter().filter(|behaviour| holds && behaviour.is_of_transport()).cloned().collect()
    }
}
