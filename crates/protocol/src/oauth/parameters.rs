//! Request parameters, of which none may come twice (RFC 6749 §3.1 and §3.2).

use super::Refused;

/// The parameters of a query or a form. One without a value is as if it were not there (RFC 6749 §3.1).
#[derive(Debug, Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

/// Far more than any request needs.
const COUNT_MAX: usize = 64;

impl Parameters {
    /// From `application/x-www-form-urlencoded`.
    pub fn parse(text: &[u8]) -> Result<Self, Refused> {
        let mut seen: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if seen.len() >= COUNT_MAX {
                return Err(Refused::request("too many parameters"));
            }
            // RFC 8707 §2: only `resource` may be repeated.
            if name != "resource" && seen.iter().any(|(known, _)| *known == name) {
                return Err(Refused::request("a parameter comes twice"));
            }
            seen.push((name.into_owned(), value.into_owned()));
        }
        seen.retain(|(_, value)| !value.is_empty());
        Ok(Self(seen))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that may be repeated.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn need(&self, name: &str, because: &'static str) -> Result<&str, Refused> {
        self.get(name).ok_or(Refused::request(because))
    }

    /// Words separated by spaces, each once.
    pub fn words(&self, name: &str) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for word in self.get(name).unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
        words
    }
}
