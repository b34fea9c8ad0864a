//! What a proxy hands to an application that speaks no OpenID Connect: who is there, in headers that are named as
//! oauth2-proxy names them.

use super::Person;
use serde_json::Map;
use std::fmt::Write as _;

/// Names and values. A value is ASCII and holds no `%` of its own: what is not printable ASCII is percent-encoded UTF-8
/// (RFC 3986 §2.1), so that no name ends a header (T47) and no two addresses become one.
pub fn identity_headers(person: &Person<'_>) -> Vec<(&'static str, String)> {
    let mut claims = Map::new();
    person.claims(&mut claims);
    [("sub", "x-auth-request-user"), ("email", "x-auth-request-email"), ("name", "x-auth-request-name")]
        .into_iter()
        .filter_map(|(claim, header)| Some((header, header_value(claims.get(claim)?.as_str()?))))
        .collect()
}

/// Blanks inside stay, those around would be lost on the way (RFC 9110 §5.5).
fn header_value(text: &str) -> String {
    let last = text.len().saturating_sub(1);
    let mut value = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        let plain = byte.is_ascii_graphic() && byte != b'%' || byte == b' ' && at != 0 && at != last;
        if plain {
            value.push(char::from(byte));
        } else {
            // cannot fail: writing to a String does not
            let _ = write!(value, "%{byte:02X}");
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &str, address: Option<&str>, scope: &str) -> Vec<(&'static str, String)> {
        let scope: Vec<String> = scope.split(' ').map(str::to_owned).collect();
        identity_headers(&Person { sub: "s-1", name, address, scope: &scope })
    }

    #[test]
    fn only_what_was_given_is_handed_on() {
        let whole = [
            ("x-auth-request-user", "s-1".to_owned()),
            ("x-auth-request-email", "ada@example.org".to_owned()),
            ("x-auth-request-name", "Ada Lovelace".to_owned()),
        ];
        assert_eq!(headers("Ada Lovelace", Some("ada@example.org"), "openid profile email"), whole);
        assert_eq!(headers("Ada Lovelace", None, "openid email"), whole[..1]);
        assert_eq!(headers("", Some("ada@example.org"), "openid profile"), whole[..1]);
    }

    #[test]
    fn t47_no_name_ends_a_header_and_no_two_are_one() {
        let value = |name: &str| headers(name, None, "openid profile").pop().unwrap().1;
        for (name, expected) in [
            ("Ada\r\nX-Auth-Request-User: root", "Ada%0D%0AX-Auth-Request-User: root"),
            ("Zoë", "Zo%C3%AB"),
            ("Zo%C3%AB", "Zo%25C3%25AB"),
            (" 山田 ", "%20%E5%B1%B1%E7%94%B0%20"),
            ("\0\u{7f}\u{202e}", "%00%7F%E2%80%AE"),
        ] {
            assert_eq!(value(name), expected);
            assert!(value(name).bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        }
    }
}
