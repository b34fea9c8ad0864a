//! Time-based one-time passwords (RFC 6238) in the one form that every authenticator app knows: HMAC-SHA-1, six digits,
//! thirty seconds.

use model::Micros;
use totp_rs::{Builder, Secret, Totp};

/// Bytes of a secret: as long as the hash (RFC 4226 §4 R6).
pub const SECRET: usize = 20;
/// Clocks of phones differ, and people type slowly: one step either way (RFC 6238 §5.2).
const SKEW: u16 = 1;

/// The time step whose code was typed, if it is near `now`. Whether that code was used before is the caller's to know.
pub fn step_of(secret: &[u8], typed: &str, now: Micros) -> Option<i64> {
    let code: String = typed.chars().filter(char::is_ascii_digit).collect();
    let seconds = u64::try_from(now.seconds()).ok()?;
    let step = builder(secret).build_noncompliant().check(&code, seconds)?;
    i64::try_from(step).ok()
}

/// What an app reads from a QR code, or is given on the same device: `otpauth://totp/…`. `None` where a name does not go into one.
pub fn uri(secret: &[u8], issuer: &str, account: &str) -> Option<String> {
    // A colon would part label and issuer elsewhere.
    let plain = |name: &str| name.replace(':', " ");
    built(builder(secret).with_issuer(Some(plain(issuer))).with_account_name(plain(account)))?.to_url().ok()
}

/// The secret as somebody types it who cannot scan: base32 (RFC 4648 §6) in groups of four.
pub fn typed_form(secret: &[u8]) -> String {
    let text = Secret::from(secret.to_vec()).to_base32();
    let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(" ")
}

fn builder(secret: &[u8]) -> Builder {
    Builder::new().with_secret(secret.to_vec()).with_skew(SKEW)
}

fn built(builder: Builder) -> Option<Totp> {
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Micros {
        Micros(seconds * 1_000_000)
    }

    /// RFC 6238, appendix B, the last six digits of the SHA-1 column.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let known = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in known {
            assert_eq!(step_of(KEY, code, at(seconds)), Some(seconds / 30), "at {seconds}");
        }
    }

    #[test]
    fn a_code_counts_for_its_step_and_one_either_way() {
        let step = 1_234_567_890 / 30;
        for (later, counts) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let found = step_of(KEY, "005924", at(1_234_567_890 + later));
            assert_eq!(found, counts.then_some(step), "{later} s later");
        }
    }

    #[test]
    fn people_type_spaces_and_wrong_things() {
        assert_eq!(step_of(KEY, " 005 924 ", at(1_234_567_890)), Some(41_152_263));
        for wrong in ["", "5924", "0059240", "abcdef", "００５９２４"] {
            assert_eq!(step_of(KEY, wrong, at(1_234_567_890)), None, "{wrong:?}");
        }
        assert_eq!(step_of(KEY, "005924", at(-1)), None);
    }

    #[test]
    fn an_app_is_told_secret_issuer_and_account() {
        let uri = uri(KEY, "id.example:8443", "ada@home.example").unwrap();
        let url = url::Url::parse(&uri).unwrap();
        let value = |name| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        assert_eq!((url.scheme(), url.host_str()), ("otpauth", Some("totp")));
        assert_eq!(value("secret").as_deref(), Some("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
        assert_eq!(value("issuer").as_deref(), Some("id.example 8443"));
        assert!(url.path().ends_with("ada%40home.example") || url.path().ends_with("ada@home.example"), "{url}");
        assert_eq!(typed_form(KEY), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }
}
