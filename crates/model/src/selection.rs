//! How a person who may sign in in several ways is led to one of them.

use crate::{ConnectionId, MethodKind, Micros};
use std::collections::BTreeSet;

/// Who chooses the way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodSelection {
    /// The person, on the page.
    #[default]
    Choose,
    /// This browser's last used connection at once, with a way back to the page.
    PreferLinked,
    /// Whoever has a link goes to it at once, and everybody else somewhere that looks the same.
    ForceLinked,
}

/// What policy says about it.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct SelectionPolicy {
    pub method_selection: MethodSelection,
    /// With [`MethodSelection::ForceLinked`]: local methods for whoever has a link, while this server sees the provider
    /// fail. None, unless named.
    pub fallback: BTreeSet<MethodKind>,
}

impl SelectionPolicy {
    /// Whether a local method may stand in for a link whose provider fails.
    pub fn allows_instead(&self, kind: MethodKind) -> bool {
        self.method_selection != MethodSelection::ForceLinked || self.fallback.contains(&kind)
    }
}

/// This server could not get an answer from a provider: no connection, a time-out, 5xx, or our own client refused
/// because its secret has expired. It says something for as long as an authentication is fresh.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ProviderFailure {
    pub connection: ConnectionId,
    pub at: Micros,
}
