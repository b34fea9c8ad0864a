//! The `claims` parameter (OpenID Connect Core §5.5).

use super::Refused;
use crate::oidc::json_object;
use serde_json::{Map, Value};

/// More than any honest request (T111).
const BYTES_MAX: usize = 4 * 1024;

/// What a client asks for by name, as far as it means something here. Everything else is left out, as §5.5 wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AskedClaims {
    /// The scopes that hold what was asked for: people are asked in their words, and get nothing else.
    pub scope: Vec<&'static str>,
    /// Levels one of which has to be reached (§5.5.1.1).
    pub essential_acr: Vec<String>,
    /// Levels that would be welcome.
    pub acr: Vec<String>,
    /// Nobody else is to be answered for.
    pub sub: Option<String>,
}

const SCOPES: [(&str, &str); 5] = [
    ("name", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("identities", "identities"),
    ("aliases", "aliases"),
];

impl AskedClaims {
    pub fn parse(text: Option<&str>) -> Result<Self, Refused> {
        let Some(text) = text else { return Ok(Self::default()) };
        if text.len() > BYTES_MAX {
            return Err(Refused::request("claims is too long"));
        }
        let malformed = Refused::request("claims is not the JSON object of OpenID Connect Core, section 5.5");
        let all = json_object(text.as_bytes()).ok_or(malformed)?;
        let mut asked = Self::default();
        for place in ["userinfo", "id_token"] {
            match all.get(place) {
                None | Some(Value::Null) => {}
                Some(Value::Object(members)) => asked.read(members).ok_or(malformed)?,
                Some(_) => return Err(malformed),
            }
        }
        Ok(asked)
    }

    fn read(&mut self, members: &Map<String, Value>) -> Option<()> {
        for (name, wish) in members {
            let none = Map::new();
            let wish = match wish {
                Value::Null => &none,
                Value::Object(wish) => wish,
                _ => return None,
            };
            let scope = SCOPES.iter().find(|(claim, _)| claim == name).map(|(_, scope)| *scope);
            self.scope.extend(scope.filter(|scope| !self.scope.contains(scope)));
            if name == "sub" {
                self.sub = values(wish)?.into_iter().next().or(self.sub.take());
            }
            if name == "acr" {
                let levels = values(wish)?;
                let essential = wish.get("essential") == Some(&Value::Bool(true));
                if essential { self.essential_acr.extend(levels) } else { self.acr.extend(levels) }
            }
        }
        Some(())
    }
}

/// `value`, or each of `values`: texts of a length that makes sense.
fn values(wish: &Map<String, Value>) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().filter(|text| text.len() <= 256).map(str::to_owned);
    match (wish.get("value"), wish.get("values")) {
        (Some(one), _) => Some(vec![text(one)?]),
        (None, Some(Value::Array(several))) => several.iter().map(text).collect(),
        (None, Some(_)) => None,
        (None, None) => Some(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_kept_and_the_rest_left_out() {
        let parse = |text: &str| AskedClaims::parse(Some(text));
        assert_eq!(AskedClaims::parse(None), Ok(AskedClaims::default()));
        let asked = parse(
            r#"{"userinfo":{"email":{"essential":true},"email_verified":null,"picture":null,"http://x/y":{"value":1}},
                "id_token":{"name":null,"acr":{"essential":true,"values":["urn:selfsame:aal2","urn:selfsame:aal3"]},
                            "sub":{"value":"s"},"auth_time":{"essential":true}},"else":7}"#,
        )
        .unwrap();
        let mut scope = asked.scope.clone();
        scope.sort_unstable();
        assert_eq!(scope, ["email", "profile"]);
        assert_eq!(asked.essential_acr, ["urn:selfsame:aal2", "urn:selfsame:aal3"]);
        assert_eq!(asked.sub.as_deref(), Some("s"));
        let welcome = parse(r#"{"id_token":{"acr":{"value":"urn:selfsame:aal2"}}}"#).unwrap();
        assert_eq!((welcome.acr.len(), welcome.essential_acr.len()), (1, 0));
        for bad in [
            "",
            "7",
            "[]",
            r#"{"userinfo":7}"#,
            r#"{"userinfo":{"email":7}}"#,
            r#"{"userinfo":{},"userinfo":{}}"#,
            r#"{"id_token":{"acr":{"values":"x"}}}"#,
            r#"{"id_token":{"sub":{"value":7}}}"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&format!(r#"{{"x":"{}"}}"#, "x".repeat(BYTES_MAX))).is_err());
    }
}
