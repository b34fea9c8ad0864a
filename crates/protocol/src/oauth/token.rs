//! The token request (RFC 6749 §4.1.3, §4.4.2, §6; RFC 8628 §3.4).

use super::authorization::resources;
use super::{Client, ErrorCode, GrantType, Parameters, Refused};

/// What a client wants tokens for. `resource`: where they are to be meant for (RFC 8707 §2.2), of what it may name.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenRequest {
    Code {
        code: String,
        redirect_uri: String,
        verifier: Option<String>,
        resource: Vec<String>,
    },
    /// `scope`: narrower than before, or the same without.
    Refresh {
        token: String,
        scope: Option<Vec<String>>,
        resource: Vec<String>,
    },
    ClientCredentials {
        scope: Vec<String>,
        resource: Vec<String>,
    },
    Device {
        code: String,
        resource: Vec<String>,
    },
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.grant().name())
    }
}

impl TokenRequest {
    pub fn parse(form: &Parameters, client: &Client) -> Result<Self, Refused> {
        let grant = form.need("grant_type", "grant_type is missing")?;
        let unsupported = Refused::new(ErrorCode::UnsupportedGrantType, "this grant_type is not supported");
        let resource = resources(form, client)?;
        Ok(match GrantType::from_name(grant).ok_or(unsupported)? {
            GrantType::AuthorizationCode => Self::Code {
                code: form.need("code", "code is missing")?.to_owned(),
                redirect_uri: form.need("redirect_uri", "redirect_uri is missing")?.to_owned(),
                verifier: form.get("code_verifier").map(str::to_owned),
                resource,
            },
            GrantType::RefreshToken => Self::Refresh {
                token: form.need("refresh_token", "refresh_token is missing")?.to_owned(),
                scope: form.get("scope").map(|_| form.words("scope")),
                resource,
            },
            GrantType::ClientCredentials => Self::ClientCredentials { scope: form.words("scope"), resource },
            GrantType::DeviceCode => {
                Self::Device { code: form.need("device_code", "device_code is missing")?.to_owned(), resource }
            }
        })
    }

    pub fn grant(&self) -> GrantType {
        match self {
            Self::Code { .. } => GrantType::AuthorizationCode,
            Self::Refresh { .. } => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
            Self::Device { .. } => GrantType::DeviceCode,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_grant_needs_its_parameters() {
        let mut client = Client::new("shop", "Shop");
        client.resources = vec!["https://api.example".to_owned()];
        let parse = |text: &str| {
            Parameters::parse(text.as_bytes())
                .and_then(|form| TokenRequest::parse(&form, &client))
                .map_err(|refused| refused.code)
        };
        let whole = "grant_type=authorization_code&code=c&redirect_uri=r&code_verifier=v";
        let expected = TokenRequest::Code {
            code: "c".to_owned(),
            redirect_uri: "r".to_owned(),
            verifier: Some("v".to_owned()),
            resource: Vec::new(),
        };
        assert_eq!(parse(whole), Ok(expected));
        let again = TokenRequest::Refresh {
            token: "t".to_owned(),
            scope: Some(vec!["a".to_owned(), "b".to_owned()]),
            resource: vec!["https://api.example".to_owned()],
        };
        let text = "grant_type=refresh_token&refresh_token=t&scope=a+b+a&resource=https://api.example";
        assert_eq!(parse(text), Ok(again));
        for (text, code) in [
            ("", ErrorCode::InvalidRequest),
            ("grant_type=password&username=a&password=b", ErrorCode::UnsupportedGrantType),
            ("grant_type=authorization_code&redirect_uri=r", ErrorCode::InvalidRequest),
            ("grant_type=authorization_code&code=c", ErrorCode::InvalidRequest),
            ("grant_type=authorization_code&code=c&redirect_uri=", ErrorCode::InvalidRequest),
            ("grant_type=refresh_token", ErrorCode::InvalidRequest),
            ("grant_type=client_credentials&resource=https://else.example", ErrorCode::InvalidTarget),
            ("grant_type=client_credentials&grant_type=client_credentials", ErrorCode::InvalidRequest),
        ] {
            assert_eq!(parse(text), Err(code), "{text}");
        }
        assert!(!format!("{:?}", parse(whole).unwrap()).contains("verifier"), "secrets are not printed (T113)");
    }
}
