//! A device that asks to be let in by somebody at another browser (RFC 8628).

use crate::{AuthorizationId, Micros, SessionId};

/// What became of a device's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceState {
    /// Nobody has answered.
    Pending,
    /// Somebody let it in: its authorization is there, and no token yet.
    Approved,
    Denied,
    /// The device has its tokens.
    Redeemed,
}

impl DeviceState {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Denied, Self::Redeemed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Redeemed => "redeemed",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A new request (RFC 8628 §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeviceRequest {
    /// What people type, hashed under a key of ours.
    pub code: [u8; 32],
    /// The id of the authorization that it may become.
    pub id: AuthorizationId,
    pub client: String,
    pub scope: Vec<String>,
    /// The device as it calls itself, and the network it asked from.
    pub user_agent: String,
    pub source: Vec<u8>,
    /// How long it waits between two polls.
    pub interval: Micros,
    pub at: Micros,
    pub expires_at: Micros,
}

/// A request as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFacts {
    pub code: [u8; 32],
    pub id: AuthorizationId,
    pub client: String,
    pub scope: Vec<String>,
    pub user_agent: String,
    pub source: Vec<u8>,
    pub state: DeviceState,
    /// The session, by its `sid`, in which the code was typed: no other sees or answers the request from then on (T52).
    pub claimed_by: Option<SessionId>,
    pub interval: Micros,
    pub created_at: Micros,
    pub expires_at: Micros,
}

impl DeviceFacts {
    /// Whether somebody may still answer.
    pub fn is_open(&self, now: Micros) -> bool {
        self.state == DeviceState::Pending && self.expires_at > now
    }
}
