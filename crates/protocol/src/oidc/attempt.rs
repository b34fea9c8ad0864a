//! The leg out: what we remember of one attempt to sign in at a provider, and the URL we send the browser to.

use super::{ClientSettings, Metadata, OidcError};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{ConnectionId, Micros, Random, Secret};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use url::Url;

/// One attempt. It travels in sealed flow state only: serialising it exposes its secrets.
///
/// Connection and epoch are part of it, so that an answer is only ever checked against the provider the browser was
/// sent to (T35).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub connection: ConnectionId,
    pub epoch: i64,
    pub state: String,
    #[serde(serialize_with = "exposed")]
    pub nonce: Secret<String>,
    /// PKCE code verifier (RFC 7636 §4.1).
    #[serde(serialize_with = "exposed")]
    pub verifier: Secret<String>,
    /// Seconds since the last authentication that are acceptable; asks for `auth_time` and has it checked (T59).
    pub max_age: Option<i64>,
    /// Ask the provider to let the person choose an account.
    pub select_account: bool,
    pub login_hint: Option<String>,
    pub started_at: Micros,
}

fn exposed<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("connection", &self.connection)
            .field("epoch", &self.epoch)
            .field("max_age", &self.max_age)
            .field("select_account", &self.select_account)
            .field("started_at", &self.started_at)
            .finish_non_exhaustive()
    }
}

impl Attempt {
    /// A new attempt with 256 random bits each for state, nonce and verifier (T63). The optional wishes start
    /// empty: set `max_age`, `select_account` and `login_hint` on the result.
    pub fn new(random: &dyn Random, now: Micros, connection: &ConnectionId, epoch: i64) -> Self {
        let text = || URL_SAFE_NO_PAD.encode(random.bytes::<32>());
        Self {
            connection: connection.clone(),
            epoch,
            state: text(),
            nonce: Secret::new(text()),
            verifier: Secret::new(text()),
            max_age: None,
            select_account: false,
            login_hint: None,
            started_at: now,
        }
    }

    /// The attempt belongs to this connection as it is today.
    pub(super) fn check_belongs(&self, settings: &ClientSettings) -> Result<(), OidcError> {
        let same = self.connection == settings.connection && self.epoch == settings.epoch;
        same.then_some(()).ok_or(OidcError::StaleAttempt)
    }

    /// S256 code challenge (RFC 7636 §4.2).
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.verifier.expose().as_bytes()))
    }
}

/// The authorization request (OpenID Connect Core §3.1.2.1).
pub fn authorization_url(settings: &ClientSettings, metadata: &Metadata, attempt: &Attempt) -> Result<Url, OidcError> {
    attempt.check_belongs(settings)?;
    let mut parameters: Vec<(&str, String)> = vec![
        ("response_type", "code".to_owned()),
        ("client_id", settings.client_id.clone()),
        ("redirect_uri", settings.redirect_uri.clone()),
        ("scope", scope(&settings.scopes)),
        ("state", attempt.state.clone()),
        ("nonce", attempt.nonce.expose().clone()),
    ];
    if settings.pkce {
        parameters.push(("code_challenge", attempt.challenge()));
        parameters.push(("code_challenge_method", "S256".to_owned()));
    }
    if attempt.select_account {
        parameters.push(("prompt", "select_account".to_owned()));
    }
    if let Some(seconds) = attempt.max_age {
        parameters.push(("max_age", seconds.to_string()));
    }
    if let Some(hint) = &attempt.login_hint {
        parameters.push(("login_hint", hint.clone()));
    }
    // A query that the endpoint brings along stays, except where it would double or contradict ours.
    let mut url = metadata.authorization_endpoint().clone();
    let own: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !parameters.iter().any(|(ours, _)| ours == name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(own).extend_pairs(parameters);
    Ok(url)
}

fn scope(scopes: &[String]) -> String {
    let mut all: Vec<&str> = scopes.iter().map(String::as_str).collect();
    if !all.contains(&"openid") {
        all.insert(0, "openid");
    }
    all.join(" ")
}
