//! Methods, levels and providers as they stand in JSON.

use crate::ProviderInfo;
use model::{ConnectionId, Level, Method, MethodKind};
use serde::Serialize;
use utoipa::ToSchema;

/// Authenticator assurance level, after NIST SP 800-63B-4 §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionLevel {
    Aal1,
    Aal2,
    Aal3,
}

impl From<Level> for SessionLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::One => Self::Aal1,
            Level::Two => Self::Aal2,
            Level::Three => Self::Aal3,
        }
    }
}

/// How somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Password,
    EmailCode,
    Link,
    Passkey,
}

impl From<MethodKind> for Kind {
    fn from(kind: MethodKind) -> Self {
        match kind {
            MethodKind::Password => Self::Password,
            MethodKind::EmailCode => Self::EmailCode,
            MethodKind::Link => Self::Link,
            MethodKind::Passkey => Self::Passkey,
        }
    }
}

/// A method that was used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MethodView {
    pub kind: Kind,
    /// For a link: the connection it came through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
}

impl From<&Method> for MethodView {
    fn from(method: &Method) -> Self {
        let connection = match method {
            Method::Link { connection, .. } => Some(connection.to_string()),
            Method::Password | Method::EmailCode { .. } | Method::Passkey { .. } => None,
        };
        Self { kind: method.kind().into(), connection }
    }
}

/// A provider as people know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Provider {
    /// The connection, as actions name it.
    #[schema(example = "google")]
    pub id: String,
    #[schema(example = "Google")]
    pub name: String,
    /// The name of its brand mark.
    pub mark: String,
}

impl From<&ProviderInfo> for Provider {
    fn from(info: &ProviderInfo) -> Self {
        Self { id: info.id.to_string(), name: info.name.clone(), mark: info.mark.clone() }
    }
}

/// One that is not configured any more keeps its short name.
pub(crate) fn provider(known: &[ProviderInfo], id: &ConnectionId) -> Provider {
    known
        .iter()
        .find(|info| info.id == *id)
        .map_or_else(|| Provider { id: id.to_string(), name: id.to_string(), mark: "key".to_owned() }, Provider::from)
}
