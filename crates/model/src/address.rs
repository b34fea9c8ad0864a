//! E-mail addresses in canonical form: the one canonicaliser (T15–T18).
//!
//! The form is chosen so that two addresses are equal here only when every mail system treats them as one mailbox,
//! except for ASCII case in the local part, which no provider distinguishes:
//! ASCII letters fold to lower case, the domain becomes its A-labels (UTS #46, strict), and nothing else is folded:
//! no dots, no plus signs, no accents, no compatibility characters. What would change under compatibility
//! normalisation is refused, and so is whatever UTS #46 maps beyond case: no look-alike of `@`, of a dot or of a letter
//! gets in, and nothing invisible.

use std::fmt;
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;

/// An address in canonical form. Equality is byte equality.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: String,
    at: usize,
}

/// Why a text is not one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    Empty,
    TooLong,
    /// Not exactly one `@`, or one of its sides is empty.
    NotOneAddress,
    /// A character that a local part may not hold unquoted (RFC 5322 §3.2.3, RFC 6531 §3.3).
    BadLocalPart,
    /// A domain that is not a registrable host name (RFC 5321 §4.1.2, RFC 5890).
    BadDomain,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "enter an e-mail address",
            Self::TooLong => "this address is too long",
            Self::NotOneAddress => "enter exactly one address, like name@example.org",
            Self::BadLocalPart => "the part before @ holds a character that cannot be used",
            Self::BadDomain => "the part after @ is not a domain name",
        })
    }
}

impl std::error::Error for AddressError {}

/// RFC 5321 §4.5.3.1.1: octets before the `@`.
const LOCAL_MAX: usize = 64;
/// RFC 5321 §4.5.3.1.3: octets of a path without its brackets.
const ADDRESS_MAX: usize = 254;

impl Address {
    /// Parses and canonicalises. Idempotent: parsing the result gives the same bytes.
    pub fn parse(input: &str) -> Result<Self, AddressError> {
        let input = input.trim_matches([' ', '\t', '\r', '\n']);
        if input.is_empty() {
            return Err(AddressError::Empty);
        }
        if input.len() > 4 * ADDRESS_MAX {
            return Err(AddressError::TooLong);
        }
        let (local, domain) = input.split_once('@').ok_or(AddressError::NotOneAddress)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(AddressError::NotOneAddress);
        }
        let local = canonical_local(local)?;
        let domain = canonical_domain(domain)?;
        let at = local.len();
        let text = format!("{local}@{domain}");
        if text.len() > ADDRESS_MAX {
            return Err(AddressError::TooLong);
        }
        Ok(Self { text, at })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The domain in A-labels.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }
}

fn canonical_local(local: &str) -> Result<String, AddressError> {
    let composed: String = local.nfc().collect();
    // A character that compatibility normalisation would turn into another is a look-alike, never a letter of a name.
    if !composed.chars().eq(composed.nfkc()) {
        return Err(AddressError::BadLocalPart);
    }
    let allowed = |c: char| {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || (!c.is_ascii() && c.is_alphanumeric())
    };
    let dots_ok = !composed.starts_with('.') && !composed.ends_with('.') && !composed.contains("..");
    if !dots_ok || !composed.chars().all(allowed) {
        return Err(AddressError::BadLocalPart);
    }
    if composed.len() > LOCAL_MAX {
        return Err(AddressError::TooLong);
    }
    Ok(composed.to_ascii_lowercase())
}

fn canonical_domain(domain: &str) -> Result<String, AddressError> {
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| AddressError::BadDomain)?;
    let labels: Vec<&str> = ascii.split('.').collect();
    // UTS #46 maps look-alikes to ASCII letters, the full stops of other scripts to dots, and leaves out what is
    // invisible; a domain that needs mapping beyond case is refused instead.
    if domain.split('.').count() != labels.len() || !domain.split('.').zip(&labels).all(|(g, l)| is_written_as(g, l)) {
        return Err(AddressError::BadDomain);
    }
    let label_ok = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_is_name = labels.last().is_some_and(|label| !label.bytes().all(|b| b.is_ascii_digit()));
    if labels.len() < 2 || !labels.iter().all(label_ok) || !last_is_name {
        return Err(AddressError::BadDomain);
    }
    Ok(ascii)
}

/// Whether `given` is this label (in its A-form), but for case and composition.
fn is_written_as(given: &str, label: &str) -> bool {
    if given.is_ascii() {
        return given.eq_ignore_ascii_case(label);
    }
    let (unicode, valid) = idna::domain_to_unicode(label);
    valid.is_ok() && given.chars().flat_map(char::to_lowercase).nfc().eq(unicode.chars())
}

/// What may be shown of an address to somebody who has not proven it: first character and domain.
pub fn masked(address: &Address) -> String {
    let first: String = address.local().chars().take(1).collect();
    format!("{first}•••@{}", address.domain())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.text)
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canon(text: &str) -> Result<String, AddressError> {
        Address::parse(text).map(|a| a.as_str().to_owned())
    }

    #[test]
    fn folds_ascii_case_and_domain_only() {
        assert_eq!(canon(" Ada.Lovelace@Example.ORG ").unwrap(), "ada.lovelace@example.org");
        assert_eq!(canon("ada@Bücher.example").unwrap(), "ada@xn--bcher-kva.example");
    }

    #[test]
    fn t15_no_case_or_compatibility_collision() {
        // U+0131 and U+017F fold to ASCII letters in other systems; U+FF20 and U+FE6B look like @.
        for text in ["ada\u{17f}@example.org", "ﬁrst@example.org", "ada＠example.org", "ada\u{fe6b}example.org"] {
            assert!(canon(text).is_err(), "{text}");
        }
        let dotless = canon("ad\u{131}@example.org").unwrap();
        assert_ne!(dotless, canon("adi@example.org").unwrap());
        assert!(canon("ada@exampl\u{212f}.org").is_err());
        // Full stops of other scripts, and what UTS #46 leaves out.
        for domain in ["example\u{3002}org", "example\u{ff0e}org", "example\u{ff61}org", "exam\u{ad}ple.org"] {
            assert!(canon(&format!("ada@{domain}")).is_err(), "{domain:?}");
        }
        assert!(canon("ada@exam\u{200b}ple.org").is_err());
        // Case is no look-alike, in any script, and both forms of one name are one name.
        assert_eq!(canon("ada@ΟΔΟΣ.example").unwrap(), canon("ada@οδοσ.example").unwrap());
        assert_eq!(canon("ada@XN--Bcher-KVA.example").unwrap(), canon("ada@bu\u{308}cher.example").unwrap());
    }

    #[test]
    fn t16_accents_stay_apart() {
        assert_ne!(canon("á@example.org").unwrap(), canon("a@example.org").unwrap());
        assert_ne!(canon("a@á.example").unwrap(), canon("a@a.example").unwrap());
        // One letter written in two ways is one letter.
        assert_eq!(canon("a\u{301}@example.org").unwrap(), canon("\u{e1}@example.org").unwrap());
    }

    #[test]
    fn t17_dots_and_plus_are_not_folded() {
        assert_ne!(canon("a.b+c@gmail.com").unwrap(), canon("ab@gmail.com").unwrap());
    }

    #[test]
    fn t18_exactly_one_address() {
        for text in [
            "",
            "a@x.example,b@y.example",
            "a@x.example b@y.example",
            "a@b@c.example",
            "\"a@b\"@c.example",
            "a(comment)@c.example",
            "a@(comment)c.example",
            "Ada <a@c.example>",
            "a@",
            "@c.example",
            "a@localhost",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@c..example",
            "a@-c.example",
            "a..b@c.example",
            ".a@c.example",
            "a@c.example\nbcc:b@d.example",
            "a\u{0}@c.example",
            "a@c.example;b@d.example",
        ] {
            assert!(canon(text).is_err(), "{text:?}");
        }
        assert!(canon(&format!("{}@example.org", "a".repeat(65))).is_err());
        assert!(canon(&format!("a@{}.example", "b".repeat(260))).is_err());
    }

    proptest! {
        #[test]
        fn t15_canonicaliser_is_idempotent(text in "\\PC{1,20}@\\PC{1,20}\\.\\PC{1,5}") {
            if let Ok(once) = canon(&text) {
                prop_assert_eq!(canon(&once).unwrap(), once);
            }
        }

        #[test]
        fn t17_distinct_locals_stay_distinct(a in "[a-z0-9.+_-]{1,12}", b in "[a-z0-9.+_-]{1,12}") {
            if let (Ok(x), Ok(y)) = (canon(&format!("{a}@example.org")), canon(&format!("{b}@example.org"))) {
                prop_assert_eq!(x == y, a == b);
            }
        }
    }
}
