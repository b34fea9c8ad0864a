//! The session check, asked by every application for every request it serves: one cached look-up and nothing else; and
//! its end.

use crate::caller::{Caller, add_cookies};
use crate::credential::Credential;
use crate::method::{MethodView, SessionLevel};
use crate::problem::Problem;
use crate::time::rfc3339;
use crate::{Answer, Shared};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use flows::{Present, Reads};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    pub session: SessionView,
    pub user: UserView,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Names the session in lists; opens nothing.
    #[schema(format = "uuid")]
    pub id: String,
    pub level: SessionLevel,
    /// The kind of the method the session rests on.
    #[schema(example = "password")]
    pub method: &'static str,
    /// The methods the session rests on.
    pub methods: Vec<MethodView>,
    /// When the person last authenticated.
    #[schema(format = DateTime)]
    pub authenticated_at: String,
    #[schema(format = DateTime)]
    pub expires_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// Names this person to applications for good: it changes with neither name nor address and is never given to
    /// anybody else.
    #[schema(example = "5f0c1d9a7be24c0e8a63d2f4b1907e5c")]
    pub sub: String,
    pub name: String,
    /// A proven address, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Email)]
    pub address: Option<String>,
}

impl From<&Present> for SignedIn {
    fn from(present: &Present) -> Self {
        Self {
            session: SessionView {
                id: present.session.to_string(),
                level: present.level.into(),
                method: present.method.name(),
                methods: vec![(&present.method).into()],
                authenticated_at: rfc3339(present.authenticated_at),
                expires_at: rfc3339(present.expires_at),
            },
            user: UserView {
                sub: present.sub.clone(),
                name: present.name.clone(),
                address: present.address.as_ref().map(ToString::to_string),
            },
        }
    }
}

/// The live session of a credential, or 401. Only a secret that this server made is one: tokens of providers, ids and
/// hashes are strangers (T55).
pub(crate) async fn check(
    reads: &dyn Reads,
    credential: Credential,
    errors_url: &str,
) -> Result<Present, Box<Problem>> {
    let Some(hash) = credential.hash() else {
        return Err(Box::new(Problem::new(errors_url, 401, "session_expired")));
    };
    match reads.session(&hash).await {
        Ok(Some(present)) => Ok(present),
        Ok(None) => Err(Box::new(Problem::new(errors_url, 401, "session_expired"))),
        Err(flows::Unavailable) => Err(Box::new(Problem::unavailable(errors_url))),
    }
}

/// Who is signed in?
#[utoipa::path(
    get,
    path = "/api/v1/session",
    operation_id = "get_session",
    tag = "session",
    responses(
        (status = 200, description = "Somebody is signed in", body = SignedIn),
        (status = 401, description = "Nobody is", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn show(State(api): State<Shared>, headers: HeaderMap) -> Answer {
    let credential = Credential::of(&headers, api.secure);
    let present = check(&*api.reads, credential, &api.errors_url).await?;
    Ok(Json(SignedIn::from(&present)).into_response())
}

/// Sign out. Doing it twice is fine.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    operation_id = "end_session",
    tag = "session",
    responses(
        (status = 204, description = "Nobody is signed in with this credential any more"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn end(caller: Caller) -> Answer {
    if caller.credential != Credential::Nothing {
        caller.api.journeys.sign_out(&caller.browser).await.map_err(|fault| caller.api.fault(&fault))?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Credential::Cookie(_) = caller.credential {
        add_cookies(&mut response, &[caller.api.journeys.forget_session(caller.cookies())]);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use flows::{Event, Unavailable, session_hash};
    use http::{HeaderValue, header};
    use model::{ConnectionId, Level, LinkId, Method, Micros, SessionFacts, SessionId, UserId};
    use std::sync::atomic::{AtomicUsize, Ordering};

    const SECRET: &str = "vYWqZ0m8p3KJ8bQm2yT1xw4uS6d9aHcE5rFgN7LiOkU";

    /// One session lives, as the store's cache would say.
    #[derive(Default)]
    struct OneSession {
        asked: AtomicUsize,
        down: bool,
    }

    #[async_trait]
    impl Reads for OneSession {
        async fn session(&self, hash: &[u8; 32]) -> Result<Option<Present>, Unavailable> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.down {
                return Err(Unavailable);
            }
            Ok((*hash == session_hash(SECRET)).then(|| Present {
                session: SessionId::from_bytes([1; 16]),
                sid: SessionId::from_bytes([1; 16]),
                user: UserId::from_bytes([2; 16]),
                sub: "5f0c1d9a".to_owned(),
                name: "Ada".to_owned(),
                address: "ada@example.org".parse().ok(),
                level: Level::One,
                method: Method::Link {
                    link: LinkId::from_bytes([3; 16]),
                    connection: ConnectionId::parse("acme").unwrap(),
                },
                authenticated_at: Micros(0),
                expires_at: Micros(1_000_000),
            }))
        }
        async fn sessions_of(&self, _: UserId) -> Result<Vec<SessionFacts>, Unavailable> {
            Err(Unavailable)
        }
        async fn clients_of(&self, _: UserId) -> Result<Vec<model::ClientOfUser>, Unavailable> {
            Err(Unavailable)
        }
        async fn events_of(&self, _: UserId, _: Option<i64>, _: u32) -> Result<Vec<Event>, Unavailable> {
            Err(Unavailable)
        }
        async fn ready(&self) -> bool {
            false
        }
    }

    fn bearer(token: &str) -> Credential {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        Credential::of(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]), true)
    }

    #[tokio::test]
    async fn t55_only_a_session_secret_of_ours_is_a_bearer_token() {
        let reads = OneSession::default();
        let hash = session_hash(SECRET);
        let half = |at: usize| u128::from_be_bytes(hash[at..at + 16].try_into().unwrap());
        let hash = format!("{:032x}{:032x}", half(0), half(16));
        let session_id = SessionId::from_bytes([1; 16]).to_string();
        let foreign = [
            // A provider's access token, ID token, our own hash and ids, and near misses.
            "ya29.a0AfH6SMBx-example-access-token",
            "gho_16C7e42F292c6912E7710c838347Ae178B4a",
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            hash.as_str(),
            session_id.as_str(),
            &SECRET[1..],
            "",
        ];
        for token in foreign {
            let problem = check(&reads, bearer(token), "/errors").await.unwrap_err();
            assert_eq!((problem.status, problem.code.as_str()), (401, "session_expired"), "{token}");
        }
        let present = check(&reads, bearer(SECRET), "/errors").await.unwrap();
        assert_eq!(present.name, "Ada");
    }

    #[tokio::test]
    async fn the_check_is_one_look_up() {
        let reads = OneSession::default();
        check(&reads, bearer(SECRET), "").await.unwrap();
        assert_eq!(reads.asked.load(Ordering::Relaxed), 1);
        assert_eq!(check(&reads, Credential::Nothing, "").await.unwrap_err().status, 401);
        assert_eq!(reads.asked.load(Ordering::Relaxed), 1);
        let down = OneSession { down: true, ..OneSession::default() };
        let problem = check(&down, bearer(SECRET), "").await.unwrap_err();
        assert_eq!((problem.status, problem.retry_after), (503, Some(2)));
    }

    #[tokio::test]
    async fn what_an_application_sees() {
        let present = check(&OneSession::default(), bearer(SECRET), "").await.unwrap();
        insta::assert_json_snapshot!(SignedIn::from(&present), @r#"
        {
          "session": {
            "id": "01010101-0101-0101-0101-010101010101",
            "level": "aal1",
            "method": "link",
            "methods": [
              {
                "kind": "link",
                "connection": "acme"
              }
            ],
            "authenticated_at": "1970-01-01T00:00:00Z",
            "expires_at": "1970-01-01T00:00:01Z"
          },
          "user": {
            "sub": "5f0c1d9a",
            "name": "Ada",
            "address": "ada@example.org"
          }
        }
        "#);
    }
}
