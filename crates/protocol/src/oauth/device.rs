//! The device authorization request (RFC 8628 §3.1) and the code that people type (§6.1).

use super::{Client, ErrorCode, GrantType, Parameters, Refused};
use model::Random;
use std::fmt;

/// Consonants without those that look alike or spell words: 20 of them, so that eight make 34 bits.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// What a device shows and somebody types: `WDJB-MJHT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserCode([u8; LENGTH]);

impl UserCode {
    pub fn generate(random: &dyn Random) -> Self {
        let mut code = [0; LENGTH];
        let mut filled = 0;
        while filled < LENGTH {
            let drawn: [u8; 16] = random.bytes();
            // The greatest multiple of 20 below 256: every letter is as likely as any other.
            for byte in drawn.into_iter().filter(|byte| *byte < 240).take(LENGTH - filled) {
                code[filled] = LETTERS[usize::from(byte) % LETTERS.len()];
                filled += 1;
            }
        }
        Self(code)
    }

    /// As people type it: in any case, with whatever between the letters.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase);
        let mut code = Vec::with_capacity(LENGTH);
        for letter in letters.take(LENGTH + 1) {
            code.push(u8::try_from(letter).ok().filter(|byte| LETTERS.contains(byte))?);
        }
        code.try_into().ok().map(Self)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if at == LENGTH / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*byte))?;
        }
        Ok(())
    }
}

/// What a device asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRequest {
    /// What was asked for and the client may ask for.
    pub scope: Vec<String>,
}

impl DeviceRequest {
    pub fn parse(form: &Parameters, client: &Client) -> Result<Self, Refused> {
        client.may(GrantType::DeviceCode)?;
        // What is not understood is left out, as at the authorization endpoint.
        let scope: Vec<String> = form.words("scope").into_iter().filter(|word| client.scopes.contains(word)).collect();
        if scope.is_empty() {
            return Err(Refused::new(ErrorCode::InvalidScope, "this client may ask for none of these scopes"));
        }
        Ok(Self { scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    struct Counting(AtomicU8);

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn a_code_reads_as_it_was_written() {
        let random = Counting(AtomicU8::new(230));
        let code = UserCode::generate(&random);
        assert_eq!(code.to_string(), "NPQR-STVW", "the bytes above 239 are passed over");
        for typed in ["NPQR-STVW", "npqrstvw", " npqr stvw ", "N.P.Q.R_S-T-V-W", "NPQR\u{2011}STVW"] {
            assert_eq!(UserCode::parse(typed), Some(code), "{typed}");
        }
        for typed in ["", "NPQR-STV", "NPQR-STVWX", "NPQR-STVA", "NPQR-STV1", "NPQR-STV\u{fb06}", "ＮPQR-STVW"] {
            assert_eq!(UserCode::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn every_letter_is_as_likely_as_any_other() {
        let random = Counting(AtomicU8::new(0));
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..600 {
            for letter in UserCode::generate(&random).0 {
                *seen.entry(letter).or_insert(0) += 1;
            }
        }
        assert_eq!(seen.len(), LETTERS.len());
        let (least, most) = (seen.values().min().unwrap(), seen.values().max().unwrap());
        assert!(most - least <= 30, "{seen:?}");
    }

    #[test]
    fn a_device_asks_for_what_its_client_may() {
        let asked = |grants: &[GrantType], scope: &str| {
            let client = Client { grants: grants.to_vec(), ..Client::new("tv", "TV") };
            let form = Parameters::parse(format!("client_id=tv&scope={scope}").as_bytes()).unwrap();
            DeviceRequest::parse(&form, &client)
        };
        let device = [GrantType::DeviceCode];
        assert_eq!(asked(&device, "openid+unheard_of+openid").unwrap().scope, ["openid"]);
        assert_eq!(asked(&device, "unheard_of").unwrap_err().code, ErrorCode::InvalidScope);
        assert_eq!(asked(&[GrantType::AuthorizationCode], "openid").unwrap_err().code, ErrorCode::UnauthorizedClient);
    }
}
