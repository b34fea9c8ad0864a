//! Times as they stand in JSON: RFC 3339, UTC.

use jiff::Timestamp;
use model::Micros;

/// Times beyond what a calendar can write are the last it can.
pub(crate) fn rfc3339(at: Micros) -> String {
    Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(rfc3339(Micros(0)), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(Micros(1_700_000_000_250_000)), "2023-11-14T22:13:20.25Z");
        assert!(rfc3339(Micros(i64::MAX)).starts_with("9999-12-"));
    }
}
