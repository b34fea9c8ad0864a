//! Identifiers: UUIDv7 (RFC 9562 §5.7) in 16 bytes, made from a time and randomness that are passed in.
//!
//! A user id is internal: no `sub` is ever made from it.

use crate::{Micros, Random};
use std::fmt;
use std::str::FromStr;

/// A text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdError;

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id: expected 32 hexadecimal digits in the form of a UUID")
    }
}

impl std::error::Error for IdError {}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new id: 48 bits of milliseconds, 74 bits of randomness.
            pub fn generate(now: Micros, random: &dyn Random) -> Self {
                let mut bytes = [0; 16];
                random.fill(&mut bytes);
                let millis = now.0.max(0).unsigned_abs() / 1000;
                bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
                bytes[6] = (bytes[6] & 0x0f) | 0x70;
                bytes[8] = (bytes[8] & 0x3f) | 0x80;
                Self(bytes)
            }

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// From a database column; `None` when it does not hold 16 bytes.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// The last six digits, enough for a person to tell two accounts apart (T20).
            pub fn tail(&self) -> String {
                let text = self.to_string();
                text[text.len() - 6..].to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                uuid::Uuid::try_parse(text).map(|id| Self(id.into_bytes())).map_err(|_| IdError)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// One person's account here.
    UserId
);
id!(
    /// One joining of an external identity to a user, with its history.
    LinkId
);
id!(
    /// One passkey of a user; never its credential id.
    PasskeyId
);
id!(
    /// A session as it is named in lists and logs; never its secret.
    SessionId
);
id!(
    /// One journey of one browser. Spent by the plan that commits the journey's outcome.
    FlowId
);
id!(
    /// One audit event.
    EventId
);
id!(
    /// What one application was given by one person at one time. Its tokens name it.
    AuthorizationId
);
id!(
    /// One mail in the outbox.
    MailId
);
