//! Methods, levels and the types that carry proof.

use crate::{Address, ConnectionId, LinkId, Micros, PasskeyId, UserFacts, UserId, UserStatus};

/// Authenticator assurance level, after NIST SP 800-63B-4 §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "i64", try_from = "i64")]
pub enum Level {
    One = 1,
    Two = 2,
    Three = 3,
}

impl From<Level> for i64 {
    fn from(level: Level) -> Self {
        level as Self
    }
}

impl TryFrom<i64> for Level {
    type Error = &'static str;
    fn try_from(level: i64) -> Result<Self, Self::Error> {
        match level {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            _ => Err("an assurance level is 1, 2 or 3"),
        }
    }
}

/// A way to sign in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Method {
    Password,
    EmailCode { address: Address },
    Link { link: LinkId, connection: ConnectionId },
    Passkey { passkey: PasskeyId },
}

/// The kind of a method, without which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    Password,
    EmailCode,
    Link,
    Passkey,
}

impl Method {
    pub fn kind(&self) -> MethodKind {
        match self {
            Self::Password => MethodKind::Password,
            Self::EmailCode { .. } => MethodKind::EmailCode,
            Self::Link { .. } => MethodKind::Link,
            Self::Passkey { .. } => MethodKind::Passkey,
        }
    }

    pub fn link(&self) -> Option<LinkId> {
        match self {
            Self::Link { link, .. } => Some(*link),
            Self::Password | Self::EmailCode { .. } | Self::Passkey { .. } => None,
        }
    }

    pub fn passkey(&self) -> Option<PasskeyId> {
        match self {
            Self::Passkey { passkey } => Some(*passkey),
            Self::Password | Self::EmailCode { .. } | Self::Link { .. } => None,
        }
    }

    /// How it is written in sessions, audit events and JSON.
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }
}

impl MethodKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::EmailCode => "email_code",
            Self::Link => "link",
            Self::Passkey => "passkey",
        }
    }
}

/// What is shown beside a method, and opens nothing alone: the second factor (NIST SP 800-63B-4 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// One of those that were written down when the app was set up.
    RecoveryCode,
}

impl Factor {
    /// How it is written in audit events and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// Evidence that this browser just showed a second factor of one user. It is no [`Proof`]: nothing opens by it alone (T92).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorProof {
    user: UserId,
    factor: Factor,
    at: Micros,
}

impl FactorProof {
    /// Called only where a factor was checked (tidy).
    pub fn of_checked(user: UserId, factor: Factor, at: Micros) -> Self {
        Self { user, factor, at }
    }

    pub fn user(&self) -> UserId {
        self.user
    }

    pub fn factor(&self) -> Factor {
        self.factor
    }

    pub fn at(&self) -> Micros {
        self.at
    }
}

/// Evidence that this browser just controlled one method of one user.
///
/// Made where the check happened (`flows`, beside the password, code or session check; tidy holds the list) and
/// consumed by a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    user: UserId,
    method: Method,
    factor: Option<Factor>,
    level: Level,
    at: Micros,
}

impl Proof {
    /// Called only where a method was checked (tidy).
    pub fn of_checked(user: UserId, method: Method, level: Level, at: Micros) -> Self {
        Self { user, method, factor: None, level, at }
    }

    /// With a second factor of the same user beside it: two factors are worth level two (NIST SP 800-63B-4 §2.2), and as
    /// fresh as the older of them. Somebody else's adds nothing.
    #[must_use]
    pub fn with(self, second: &FactorProof) -> Self {
        if second.user != self.user {
            return self;
        }
        let level = self.level.max(Level::Two);
        Self { factor: Some(second.factor), level, at: self.at.min(second.at), ..self }
    }

    pub fn factor(&self) -> Option<Factor> {
        self.factor
    }

    pub fn user(&self) -> UserId {
        self.user
    }

    pub fn method(&self) -> &Method {
        &self.method
    }

    pub fn level(&self) -> Level {
        self.level
    }

    pub fn at(&self) -> Micros {
        self.at
    }
}

/// A user whose status was checked: the only input of the function that mints sessions (T69).
#[derive(Debug, Clone, Copy)]
pub struct ActiveUser<'a>(&'a UserFacts);

impl<'a> ActiveUser<'a> {
    pub fn check(user: &'a UserFacts) -> Option<Self> {
        (user.status == UserStatus::Active).then_some(Self(user))
    }

    pub fn facts(&self) -> &'a UserFacts {
        self.0
    }
}
