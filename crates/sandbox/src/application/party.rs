//! What the example application asks of the server, by a library of OpenID Connect with its defaults: discovery, code
//! with PKCE, ID token, UserInfo, refresh and revocation.

use super::ApplicationSettings;
use crate::bounded::token;
use chrono::{DateTime, Utc};
use model::{Clock, Random, Secret};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
    CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalProviderMetadata, AsyncHttpClient, AuthorizationCode, ClientId,
    ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl,
    Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, SubjectIdentifier, TokenResponse as _, UserInfoError,
};
use serde::{Deserialize, Serialize};
use std::pin::Pin;
use std::sync::Arc;
use url::Url;

/// The most that is read of an answer of the server.
const ANSWER_LIMIT: usize = 64 * 1024;

/// Why the server gave nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The session has ended there, or the code was not good.
    Refused,
    Unreachable,
}

/// A sign-in that is under way.
#[derive(Clone)]
pub(super) struct Attempt {
    pub state: String,
    nonce: String,
    verifier: Secret<String>,
}

/// What the application holds of somebody who is signed in.
#[derive(Clone)]
pub(super) struct Held {
    sub: String,
    access: Secret<String>,
    refresh: Option<Secret<String>>,
    pub method: String,
}

/// Who somebody is.
pub(super) struct Known {
    pub sub: String,
    pub name: String,
    pub address: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Revocation {
    revocation_endpoint: Option<String>,
}

impl AdditionalProviderMetadata for Revocation {}

type Metadata = ProviderMetadata<
    Revocation,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

#[derive(Debug, thiserror::Error)]
enum HttpError {
    #[error("only servers of this machine are asked")]
    Elsewhere,
    #[error("the answer is too large")]
    TooLarge,
    #[error(transparent)]
    Reqwest(#[from] reqwest::Error),
    #[error(transparent)]
    Http(#[from] openidconnect::http::Error),
}

pub(super) struct Party {
    settings: ApplicationSettings,
    clock: Arc<dyn Clock>,
    http: Http,
}

/// The library's way to the outside.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Http {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let origin = Url::parse(&request.uri().to_string()).map(|url| url.origin().ascii_serialization());
        if !origin.is_ok_and(|origin| crate::loopback::is_loopback_origin(&origin)) {
            return Err(HttpError::Elsewhere);
        }
        let (parts, body) = request.into_parts();
        let request = self.0.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
        let mut response = request.send().await?;
        let mut answer = openidconnect::http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            *headers = response.headers().clone();
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if bytes.len() + chunk.len() > ANSWER_LIMIT {
                return Err(HttpError::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(answer.body(bytes)?)
    }
}

impl Party {
    pub fn new(settings: ApplicationSettings, clock: Arc<dyn Clock>) -> Self {
        Self { settings, clock, http: Http(crate::loopback::client()) }
    }

    pub fn settings(&self) -> &ApplicationSettings {
        &self.settings
    }

    /// The server as it describes itself now, so that its keys may change.
    async fn client(&self) -> Result<(Client, Revocation), Trouble> {
        let issuer = IssuerUrl::new(self.settings.server_origin.clone()).map_err(unreachable)?;
        let metadata = Metadata::discover_async(issuer, &self.http).await.map_err(unreachable)?;
        let revocation = metadata.additional_metadata().clone();
        let redirect = RedirectUrl::new(format!("{}/callback", self.settings.own_origin)).map_err(unreachable)?;
        let (id, secret) = (self.settings.id.clone(), self.settings.secret.expose().clone());
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(id), Some(ClientSecret::new(secret)));
        Ok((client.set_redirect_uri(redirect), revocation))
    }

    /// Where to send the browser. Whoever is signed in there is asked whether they mean that account.
    pub async fn start(&self, random: &dyn Random) -> Result<(Url, Attempt), Trouble> {
        let (client, _) = self.client().await?;
        let (state, nonce, verifier) = (token(random), token(random), token(random));
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
        let (for_state, for_nonce) = (CsrfToken::new(state.clone()), Nonce::new(nonce.clone()));
        let (to, ..) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || for_state, move || for_nonce)
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .add_prompt(CoreAuthPrompt::SelectAccount)
            .set_pkce_challenge(challenge)
            .url();
        Ok((to, Attempt { state, nonce, verifier: Secret::new(verifier) }))
    }

    /// Redeems the code. The library checks signature, issuer, audience, times and nonce of the ID token.
    pub async fn finish(&self, code: String, attempt: Attempt) -> Result<Held, Trouble> {
        let (client, _) = self.client().await?;
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(unreachable)?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.expose().clone()));
        let tokens = request.request_async(&self.http).await.map_err(of_token)?;
        let id_token = tokens.id_token().ok_or(Trouble::Refused)?;
        let clock = self.clock.clone();
        let now = move || DateTime::<Utc>::from_timestamp(clock.now().seconds(), 0).unwrap_or_default();
        let verifier = client.id_token_verifier().set_time_fn(now);
        let claims = id_token.claims(&verifier, &Nonce::new(attempt.nonce)).map_err(refused)?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(refused)?;
            let key = id_token.signing_key(&verifier).map_err(refused)?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).map_err(refused)?;
            if actual != *expected {
                return Err(Trouble::Refused);
            }
        }
        let methods = claims.auth_method_refs().map(Vec::as_slice).unwrap_or_default();
        let method = methods.first().map_or("", |method| shown(method.as_str())).to_owned();
        Ok(Held {
            sub: claims.subject().to_string(),
            access: Secret::new(tokens.access_token().secret().clone()),
            refresh: tokens.refresh_token().map(|token| Secret::new(token.secret().clone())),
            method,
        })
    }

    /// Who it is, as the server says now; a newer access token where the old one is too old.
    pub async fn ask(&self, held: &mut Held) -> Result<Known, Trouble> {
        let (client, _) = self.client().await?;
        match self.userinfo(&client, held).await {
            Err(Trouble::Refused) => {
                let refresh = held.refresh.clone().ok_or(Trouble::Refused)?;
                let refresh = RefreshToken::new(refresh.expose().clone());
                let request = client.exchange_refresh_token(&refresh).map_err(unreachable)?;
                let tokens = request.request_async(&self.http).await.map_err(of_token)?;
                held.access = Secret::new(tokens.access_token().secret().clone());
                held.refresh =
                    tokens.refresh_token().map(|token| Secret::new(token.secret().clone())).or(held.refresh.take());
                self.userinfo(&client, held).await
            }
            other => other,
        }
    }

    async fn userinfo(&self, client: &Client, held: &Held) -> Result<Known, Trouble> {
        let access = AccessToken::new(held.access.expose().clone());
        let request = client.user_info(access, Some(SubjectIdentifier::new(held.sub.clone()))).map_err(unreachable)?;
        let told: Result<CoreUserInfoClaims, _> = request.request_async(&self.http).await;
        let told = told.map_err(|error| match error {
            UserInfoError::Response(status, ..) if status.is_client_error() => Trouble::Refused,
            UserInfoError::ClaimsVerification(_) => Trouble::Refused,
            other => unreachable(other),
        })?;
        let name = told.name().and_then(|names| names.get(None)).map(|name| name.as_str().to_owned());
        let address = told.email().map(|address| address.as_str().to_owned());
        let sub = told.subject().to_string();
        Ok(Known { sub, name: name.unwrap_or_default(), address: address.unwrap_or_default() })
    }

    /// Gives everything back (RFC 7009). The library wants https for that, which a demonstration has not.
    pub async fn end(&self, held: &Held) -> Result<(), Trouble> {
        let (_, revocation) = self.client().await?;
        let Some(to) = revocation.revocation_endpoint else { return Ok(()) };
        let token = held.refresh.as_ref().unwrap_or(&held.access);
        let request = self.http.0.post(to).basic_auth(&self.settings.id, Some(self.settings.secret.expose()));
        let sent = request.form(&[("token", token.expose())]).send().await.map_err(unreachable)?;
        if sent.status().is_server_error() { Err(Trouble::Unreachable) } else { Ok(()) }
    }
}

/// RFC 8176, in words for people.
fn shown(method: &str) -> &str {
    match method {
        "pwd" => "password",
        "otp" => "code by e-mail",
        "fed" => "another provider",
        other => other,
    }
}

fn unreachable(error: impl std::fmt::Display) -> Trouble {
    tracing::warn!(%error, "the server could not be asked");
    Trouble::Unreachable
}

fn refused(error: impl std::fmt::Display) -> Trouble {
    tracing::warn!(%error, "an answer of the server was not believed");
    Trouble::Refused
}

fn of_token<E: std::error::Error, T: openidconnect::ErrorResponse>(error: RequestTokenError<E, T>) -> Trouble {
    match error {
        RequestTokenError::ServerResponse(_) => Trouble::Refused,
        other => unreachable(other),
    }
}
