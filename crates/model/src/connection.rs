//! Connections and the key space of the identities they assert.

use crate::Micros;
use std::fmt;

macro_rules! short_name {
    ($(#[$doc:meta])* $name:ident, $noun:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// `None` when the name is not 1 to 32 of `a–z`, `0–9` and `-`.
            pub fn parse(text: &str) -> Option<Self> {
                let ok = (1..=32).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                ok.then(|| Self(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| {
                    serde::de::Error::custom(format!(
                        concat!("`{}` is not ", $noun, ": use 1 to 32 of a–z, 0–9 and -"),
                        text
                    ))
                })
            }
        }
    };
}

short_name!(
    /// The short name an operator gave a connection; it is part of its redirect URI. `[a-z0-9-]{1,32}`.
    ConnectionId,
    "a connection name"
);
short_name!(
    /// The short name of an organisation: a tenant with members and connections of its own. `[a-z0-9-]{1,32}`.
    OrganisationId,
    "an organisation name"
);

/// Where an upstream subject has meaning: everywhere or in one organisation, issuer, subject scope and trust epoch.
///
/// One text, compared byte for byte. The issuer comes last because it alone may hold any character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Namespace(String);

impl Namespace {
    /// `subject_scope` is the client id where the provider's subjects depend on it (pairwise), else empty.
    pub fn new(issuer: &str, subject_scope: Option<&str>, epoch: i64) -> Self {
        Self::of(None, issuer, subject_scope, epoch)
    }

    /// As [`Self::new`], for a connection of an organisation's own: what it says about an issuer's people is never what
    /// anybody else says about them (T97, T103).
    pub fn of(organisation: Option<&OrganisationId>, issuer: &str, subject_scope: Option<&str>, epoch: i64) -> Self {
        let scope = subject_scope.unwrap_or_default();
        // No name holds a colon or a space.
        let whose = organisation.map_or_else(|| "global".to_owned(), |id| format!("organisation:{id}"));
        Self(format!("{whose} {epoch} {}:{scope} {issuer}", scope.len()))
    }

    /// From a database column.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A subject that breaks OpenID Connect Core §2: 1 to 255 ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectError;

impl fmt::Display for SubjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the subject is not 1 to 255 printable ASCII characters")
    }
}

impl std::error::Error for SubjectError {}

/// The provider's immutable name for a person: exact bytes, case-sensitive, never trimmed or parsed (T14).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct UpstreamSubject(String);

impl UpstreamSubject {
    /// OpenID Connect Core §2: at most 255 ASCII characters. Control characters are refused as well.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        let ok = (1..=255).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7f).contains(&b));
        if ok { Ok(Self(text.to_owned())) } else { Err(SubjectError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes that are stored and compared.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The last six characters, shown so that a person can tell two accounts of one name apart (T20).
    pub fn tail(&self) -> &str {
        &self.0[self.0.len().saturating_sub(6)..]
    }
}

impl<'de> serde::Deserialize<'de> for UpstreamSubject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// `(namespace, subject bytes)`: the key of everything upstream says about one person. Never an address or a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ExternalIdentity {
    pub namespace: Namespace,
    pub subject: UpstreamSubject,
}

/// What the store knows of a connection. The rest of it is configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionState {
    pub id: ConnectionId,
    /// Raised by every change; plans that rest on the connection's state guard it.
    pub version: i64,
    pub enabled: bool,
    /// Trust epoch: links of another epoch never authenticate.
    pub epoch: i64,
    pub namespace: Namespace,
    /// What was declared when the connection was first seen; a change of any refuses start.
    pub issuer: String,
    pub client_id: String,
    pub subject_claim: String,
    pub changed_at: Micros,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn t05_same_subject_at_two_issuers_is_two_keys() {
        let a = Namespace::new("https://a.example", None, 1);
        let b = Namespace::new("https://b.example", None, 1);
        assert_ne!(a, b);
        assert_ne!(Namespace::new("x", Some("c"), 1), Namespace::new("c x", None, 1));
        assert_ne!(a, Namespace::new("https://a.example", None, 2));
    }

    #[test]
    fn t103_an_organisation_s_issuer_is_nobody_else_s() {
        let [acme, bravo] = ["acme", "global"].map(|id| OrganisationId::parse(id).unwrap());
        let of = |organisation| Namespace::of(organisation, "https://a.example", None, 1);
        let all = [of(None), of(Some(&acme)), of(Some(&bravo))];
        assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2], "{all:?}");
        assert_eq!(all[0], Namespace::new("https://a.example", None, 1));
    }

    #[test]
    fn t14_subject_form() {
        for text in ["", "ü", "a\u{0}", "a\nb", &"x".repeat(256)] {
            assert_eq!(UpstreamSubject::parse(text), Err(SubjectError), "{text:?}");
        }
        assert_eq!(UpstreamSubject::parse(" 0042 ").unwrap().as_bytes(), b" 0042 ");
        assert_eq!(UpstreamSubject::parse(&"x".repeat(255)).unwrap().as_bytes().len(), 255);
    }

    proptest! {
        #[test]
        fn t14_distinct_bytes_give_distinct_keys(a in "[ -~]{1,12}", b in "[ -~]{1,12}") {
            let (x, y) = (UpstreamSubject::parse(&a).unwrap(), UpstreamSubject::parse(&b).unwrap());
            prop_assert_eq!(x == y, a == b);
            prop_assert_eq!(x.as_bytes(), a.as_bytes());
        }

        #[test]
        fn t05_namespaces_are_injective(
            a in ("[a-z :0-9]{0,8}", "[a-z :0-9]{0,4}", 0i64..3),
            b in ("[a-z :0-9]{0,8}", "[a-z :0-9]{0,4}", 0i64..3),
        ) {
            let x = Namespace::new(&a.0, Some(&a.1), a.2);
            let y = Namespace::new(&b.0, Some(&b.1), b.2);
            prop_assert_eq!(x == y, a == b);
        }
    }
}
