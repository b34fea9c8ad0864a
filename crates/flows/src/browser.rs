//! What a surface knows of the browser a request came from.

use model::{ConnectionId, UserId};
use serde::{Deserialize, Serialize};

/// A device the owner has used before, as a sealed cookie: it gives its users a failure budget of their own and names
/// the method that was used last. It signs nobody in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: [u8; 16],
    pub users: Vec<UserId>,
    /// `password`, `email_code` or `connection:<id>`.
    pub last_used: Option<String>,
}

/// As many people share a device.
const USERS_MAX: usize = 5;

impl Device {
    pub fn new(random: &dyn model::Random) -> Self {
        Self { id: random.bytes(), users: Vec::new(), last_used: None }
    }

    /// Remembers a successful sign-in.
    #[must_use]
    pub fn after(mut self, user: UserId, used: &str) -> Self {
        self.users.retain(|known| *known != user);
        self.users.insert(0, user);
        self.users.truncate(USERS_MAX);
        self.last_used = Some(used.to_owned());
        self
    }

    /// The connection that was used last, if it was one.
    pub fn last_connection(&self) -> Option<ConnectionId> {
        ConnectionId::parse(self.last_used.as_deref()?.strip_prefix("connection:")?)
    }

    pub fn knows(&self, user: UserId) -> bool {
        self.users.contains(&user)
    }
}

/// One request's view of its browser.
#[derive(Debug, Clone)]
pub struct Browser {
    /// SHA-256 of the session secret it presented, whether or not that session lives.
    pub session: Option<[u8; 32]>,
    pub device: Device,
    /// Where the request came from (a network prefix).
    pub source: Vec<u8>,
    /// As the person would recognise it, bounded.
    pub user_agent: String,
    /// BCP 47 tag of the page's language; mails follow it.
    pub language: String,
}
