//! Reading a JSON body: bounded, of the one content type that no plain form can send (T32), unknown members refused
//! (T93).

use crate::Shared;
use crate::problem::Problem;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

/// No honest body is larger.
const LIMIT: usize = 64 * 1024;

/// Why a body was not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Not `application/json`.
    ContentType,
    TooLarge,
    /// Says what was wrong, without any value of the body.
    Invalid(String),
}

impl Unreadable {
    fn problem(self, errors_url: &str) -> Problem {
        match self {
            Self::ContentType => Problem::new(errors_url, 415, "content_type_not_json"),
            Self::TooLarge => Problem::new(errors_url, 413, "body_too_large"),
            Self::Invalid(detail) => Problem::new(errors_url, 400, "bad_request").with_detail(detail),
        }
    }
}

pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Box<Problem>;

    async fn from_request(request: Request, api: &Shared) -> Result<Self, Box<Problem>> {
        read(request).await.map(Self).map_err(|why| Box::new(why.problem(&api.errors_url)))
    }
}

async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Unreadable> {
    if !is_json(request.headers()) {
        return Err(Unreadable::ContentType);
    }
    let bytes = to_bytes(request.into_body(), LIMIT).await.map_err(|_| Unreadable::TooLarge)?;
    serde_json::from_slice(&bytes).map_err(|error| Unreadable::Invalid(without_values(&error.to_string())))
}

/// `application/json`, with parameters or without.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// The parser quotes values that do not fit; a password in the wrong place is one (T113).
fn without_values(message: &str) -> String {
    for start in ["invalid type", "invalid value"] {
        if message.starts_with(start) {
            let expected = message.rfind(", expected").map_or("", |at| &message[at..]);
            return format!("{start}{expected}");
        }
    }
    message.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::act::Act;
    use crate::flow::start::Start;
    use crate::handover::Redemption;
    use axum::body::Body as HttpBody;

    async fn read_as<T: DeserializeOwned>(content_type: &str, body: String) -> Result<T, Unreadable> {
        let request = http::Request::builder().header(header::CONTENT_TYPE, content_type);
        read(request.body(HttpBody::from(body)).unwrap()).await
    }

    async fn json<T: DeserializeOwned>(body: &str) -> Result<T, Unreadable> {
        read_as("application/json; charset=utf-8", body.to_owned()).await
    }

    #[tokio::test]
    async fn t32_only_json_is_read() {
        let body = r#"{"kind":"sign_in"}"#;
        for form in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jsonx"]
        {
            let read = read_as::<Start>(form, body.to_owned()).await;
            assert!(matches!(read, Err(Unreadable::ContentType)), "{form}");
        }
        assert!(matches!(
            json::<Start>(body).await,
            Ok(Start::SignIn { return_to: None, application: None, organisation: None })
        ));
        assert_eq!(Unreadable::ContentType.problem("").status, 415);
    }

    #[tokio::test]
    async fn a_body_is_bounded() {
        let huge = format!(r#"{{"action":"email","email":"{}"}}"#, "a".repeat(LIMIT));
        let read = read_as::<Act>("application/json", huge).await;
        assert!(matches!(read, Err(Unreadable::TooLarge)));
    }

    #[tokio::test]
    async fn t93_members_that_are_not_listed_are_refused() {
        for body in [
            r#"{"action":"cancel","user":"x"}"#,
            r#"{"action":"confirm","confirmed":true,"material":{}}"#,
            r#"{"action":"email","email":"a@b.example","verified":true}"#,
            r#"{"action":"password","password":"x","level":3}"#,
            r#"{"action":"email","email":"a@b.example","email":"c@d.example"}"#,
            r#"{"action":"become_admin"}"#,
            r#"{"action":"provider","connection":"../x"}"#,
            r#"{"action":"email"}"#,
            "[]",
            "",
        ] {
            let read = json::<Act>(body).await;
            assert!(matches!(read, Err(Unreadable::Invalid(_))), "{body}: {read:?}");
        }
        for body in [
            r#"{"kind":"sign_in","user":"x"}"#,
            r#"{"kind":"sign_in","connection":"acme"}"#,
            r#"{"kind":"link"}"#,
            r#"{"kind":"step_up","level":3}"#,
            r#"{"kind":"sign_in","application":{"id":"a","redirect_uri":"b","challenge":"c","state":"d","trusted":1}}"#,
            r#"{"kind":"recover","user":"x"}"#,
            r#"{"kind":"become_admin"}"#,
        ] {
            let read = json::<Start>(body).await;
            assert!(matches!(read, Err(Unreadable::Invalid(_))), "{body}: {read:?}");
        }
        let named = json::<Act>(r#"{"action":"cancel","user":"x"}"#).await;
        let Err(Unreadable::Invalid(detail)) = named else { panic!("read") };
        assert!(detail.contains("unknown field `user`"), "{detail}");
    }

    #[tokio::test]
    async fn t113_secrets_are_neither_repeated_nor_printed() {
        for body in [
            r#"{"action":"password","password":["canary"]}"#,
            r#"{"action":"password","password":{"canary":1}}"#,
            r#"{"action":"canary, expected"}"#,
            r#""canary""#,
        ] {
            if let Err(Unreadable::Invalid(detail)) = json::<Act>(body).await {
                assert!(!detail.contains("canary") || body.contains("expected"), "{body}: {detail}");
            } else {
                panic!("read: {body}");
            }
        }
        let number = json::<Act>(r#"{"action":"password","password":424242}"#).await;
        let Err(Unreadable::Invalid(detail)) = number else { panic!("read") };
        assert!(!detail.contains("424242") && detail.contains("expected a string"), "{detail}");

        let act = json::<Act>(r#"{"action":"password","password":"canary"}"#).await.unwrap();
        let code = json::<Act>(r#"{"action":"code","code":"canary"}"#).await.unwrap();
        let handover = json::<Redemption>(r#"{"code":"canary","verifier":"canary"}"#).await.unwrap();
        let new = json::<crate::account::password::NewPassword>(r#"{"password":"canary"}"#).await.unwrap();
        assert!(!format!("{act:?}{code:?}{handover:?}{new:?}").contains("canary"));
    }
}
