//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1, RFC 7636, RFC 9207).

use super::asked_claims::AskedClaims;
use super::{Client, ErrorCode, GrantType, Parameters, Refused};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{FlowId, Micros, SECOND};
use serde::{Deserialize, Serialize};
use url::Url;

/// The scopes of OpenID Connect that mean something here (Core §5.4, §11).
pub const STANDARD_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Those of ours: what linking and merging make known of a person.
pub const LINKING_SCOPES: [&str; 2] = ["identities", "aliases"];

/// How the answer travels (OAuth 2.0 Multiple Response Type Encoding Practices; Form Post Response Mode).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    Query,
    FormPost,
}

/// What the client wants to happen in front of the person (Core §3.1.2.1; `create`: Initiating User Registration 1.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
    Create,
}

/// Where an answer goes, success or error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub redirect_uri: String,
    pub mode: ResponseMode,
    pub state: Option<String>,
}

impl Answer {
    /// The parameters of the answer; `iss` is always one of them (RFC 9207 §2).
    pub fn parameters(&self, issuer: &str, own: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> =
            own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.extend(self.state.iter().map(|state| ("state".to_owned(), state.clone())));
        all.push(("iss".to_owned(), issuer.to_owned()));
        all
    }

    /// The redirect of a [`ResponseMode::Query`] answer. Parameters that the redirect URI has of its own stay.
    pub fn location(&self, parameters: &[(String, String)]) -> Option<String> {
        let mut url = Url::parse(&self.redirect_uri).ok()?;
        url.query_pairs_mut().extend_pairs(parameters);
        Some(url.into())
    }
}

/// A request that was checked against its client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub client: String,
    pub answer: Answer,
    /// What was asked for and the client may ask for, in the order of the request.
    pub scope: Vec<String>,
    pub nonce: Option<String>,
    /// S256.
    pub challenge: Option<String>,
    pub prompt: Vec<Prompt>,
    pub max_age: Option<Micros>,
    /// Levels that would be welcome; with `essential_acr` one of them has to be reached (Core §5.5.1.1).
    pub acr_values: Vec<String>,
    #[serde(default)]
    pub essential_acr: bool,
    /// The person was asked to sign in at such a level.
    #[serde(default)]
    pub acr_asked: bool,
    /// The person said yes to this very request, a moment ago in this browser: it goes into no address and no cookie,
    /// where it would be somebody else's yes.
    #[serde(skip)]
    pub allowed_now: bool,
    pub login_hint: Option<String>,
    /// The `sub` of the `id_token_hint` or of `claims`: nobody else is answered for (Core §3.1.2.2, §5.5.1).
    pub hinted: Option<String>,
    /// Somebody was asked to sign in as that person.
    #[serde(default)]
    pub hint_asked: bool,
    /// Where the access token is meant for (RFC 8707 §2).
    #[serde(default)]
    pub resource: Vec<String>,
    /// The key that the code is bound to (RFC 9449 §10).
    pub dpop_key: Option<String>,
    /// The id of a pushed request (RFC 9126), which one sign-in spends.
    pub pushed: Option<FlowId>,
    /// The connection to go to at once.
    pub connection: Option<String>,
    /// When it came in: what `prompt=login` asks for has to happen after.
    pub at: Micros,
}

/// Why a request leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalid {
    /// The person reads it here: client or redirect are not to be trusted (RFC 6749 §4.1.2.1).
    Page(Refused),
    /// The client hears it.
    Client(Answer, Refused),
}

const TEXT_MAX: usize = 1024;
/// Of one client at once.
const RESOURCES_MAX: usize = 8;

impl AuthorizationRequest {
    /// `client` is the one that `client_id` names, if there is one.
    pub fn parse(parameters: &Parameters, client: Option<&Client>, now: Micros) -> Result<Self, Invalid> {
        let client = client.ok_or(Invalid::Page(Refused::request("unknown client_id")))?;
        let redirect_uri =
            parameters.need("redirect_uri", "redirect_uri is missing").map_err(Invalid::Page)?.to_owned();
        if !client.redirects_to(&redirect_uri) {
            return Err(Invalid::Page(Refused::request("redirect_uri is not registered for this client")));
        }
        let mode = match parameters.get("response_mode") {
            None | Some("query") => Ok(ResponseMode::Query),
            Some("form_post") => Ok(ResponseMode::FormPost),
            Some(_) => Err(Refused::request("response_mode must be query or form_post")),
        };
        let state = parameters.get("state").map(str::to_owned);
        let answer = Answer { redirect_uri, mode: mode.unwrap_or(ResponseMode::Query), state };
        match mode.and_then(|_| Self::rest(parameters, client, answer.clone(), now)) {
            Ok(request) => Ok(request),
            Err(refused) => Err(Invalid::Client(answer, refused)),
        }
    }

    fn rest(parameters: &Parameters, client: &Client, answer: Answer, now: Micros) -> Result<Self, Refused> {
        client.may(GrantType::AuthorizationCode)?;
        if parameters.get("request").is_some() {
            return Err(Refused::new(ErrorCode::RequestNotSupported, "request objects are not supported"));
        }
        if parameters.get("request_uri").is_some() {
            let because = "request_uri is only what the endpoint for pushed requests gave";
            return Err(Refused::new(ErrorCode::RequestUriNotSupported, because));
        }
        if parameters.get("registration").is_some() {
            let because = "clients do not register with a request";
            return Err(Refused::new(ErrorCode::RegistrationNotSupported, because));
        }
        match parameters.need("response_type", "response_type is missing")? {
            "code" => {}
            _ => return Err(Refused::new(ErrorCode::UnsupportedResponseType, "response_type must be code")),
        }
        let short = |name: &str| match parameters.get(name) {
            Some(text) if text.len() > TEXT_MAX => Err(Refused::request("a parameter is too long")),
            other => Ok(other.map(str::to_owned)),
        };
        short("state")?;
        let claims = AskedClaims::parse(parameters.get("claims"))?;
        let mut asked = parameters.words("scope");
        // A claim by name is its scope: what people are asked about, and what they give.
        let more = claims.scope.iter().filter(|_| asked.iter().any(|word| word == "openid"));
        let more: Vec<String> = more.map(|scope| (*scope).to_owned()).collect();
        asked.extend(more.into_iter().filter(|scope| !parameters.words("scope").contains(scope)));
        if asked.iter().any(|word| word.len() > 100) {
            return Err(Refused::new(ErrorCode::InvalidScope, "a scope is too long"));
        }
        // What is not understood is left out (Core §3.1.2.1), and what is given is said in the token answer.
        let scope: Vec<String> = asked.into_iter().filter(|word| client.scopes.contains(word)).collect();
        if scope.is_empty() {
            return Err(Refused::new(ErrorCode::InvalidScope, "this client may ask for none of these scopes"));
        }
        let dpop_key = short("dpop_jkt")?;
        if dpop_key.as_ref().is_some_and(|key| !is_digest(key)) {
            return Err(Refused::request("dpop_jkt is no thumbprint of a key"));
        }
        let essential_acr = !claims.essential_acr.is_empty();
        let acr_values = if essential_acr {
            claims.essential_acr
        } else {
            parameters.words("acr_values").into_iter().chain(claims.acr).collect()
        };
        let nonce = short("nonce")?;
        let challenge = challenge(parameters, client, &scope, nonce.as_deref())?;
        Ok(Self {
            client: client.id.clone(),
            answer,
            scope,
            nonce,
            challenge,
            prompt: prompts(parameters)?,
            max_age: max_age(parameters)?,
            acr_values,
            essential_acr,
            acr_asked: false,
            allowed_now: false,
            login_hint: short("login_hint")?,
            hinted: claims.sub,
            hint_asked: false,
            resource: resources(parameters, client)?,
            dpop_key,
            pushed: None,
            connection: short("idp_hint")?.or(short("connection")?),
            at: now,
        })
    }

    /// The person of an `id_token_hint` is the one that `claims` names, if it names one (Core §3.1.2.2, §5.5.1).
    pub fn is_about(&mut self, sub: String) -> Result<(), Refused> {
        if self.hinted.as_ref().is_some_and(|named| *named != sub) {
            return Err(Refused::request("id_token_hint and claims are about two people"));
        }
        self.hinted = Some(sub);
        Ok(())
    }

    pub fn asks(&self, prompt: Prompt) -> bool {
        self.prompt.contains(&prompt)
    }
}

/// PKCE with S256 and nothing else (T39). A confidential OpenID client that is excused from it sends a nonce, which
/// protects as well (RFC 9700 §2.1.1).
fn challenge(
    parameters: &Parameters,
    client: &Client,
    scope: &[String],
    nonce: Option<&str>,
) -> Result<Option<String>, Refused> {
    let Some(challenge) = parameters.get("code_challenge") else {
        if parameters.get("code_challenge_method").is_some() {
            return Err(Refused::request("code_challenge_method without code_challenge"));
        }
        let excused = !client.require_pkce && !client.is_public();
        let openid = scope.iter().any(|word| word == "openid");
        return if excused && openid && nonce.is_some() {
            Ok(None)
        } else if excused {
            Err(Refused::request("without PKCE an OpenID request needs a nonce"))
        } else {
            Err(Refused::request("code_challenge is missing: this client has to use PKCE with S256"))
        };
    };
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(Refused::request("code_challenge_method must be S256"));
    }
    if is_digest(challenge) {
        Ok(Some(challenge.to_owned()))
    } else {
        Err(Refused::request("code_challenge is not that of S256"))
    }
}

/// SHA-256 in base64url.
fn is_digest(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Where tokens are meant for, of what the client may name (RFC 8707 §2). Also at the token endpoint.
pub(super) fn resources(parameters: &Parameters, client: &Client) -> Result<Vec<String>, Refused> {
    let mut resources: Vec<String> = Vec::new();
    for resource in parameters.all("resource") {
        if !client.resources.iter().any(|known| known == resource) || resources.len() == RESOURCES_MAX {
            let because = "this client is not registered for this resource";
            return Err(Refused::new(ErrorCode::InvalidTarget, because));
        }
        if !resources.iter().any(|known| known == resource) {
            resources.push(resource.to_owned());
        }
    }
    Ok(resources)
}

fn prompts(parameters: &Parameters) -> Result<Vec<Prompt>, Refused> {
    let mut prompts = Vec::new();
    for word in parameters.words("prompt") {
        prompts.push(match word.as_str() {
            "none" => Prompt::None,
            "login" => Prompt::Login,
            "consent" => Prompt::Consent,
            "select_account" => Prompt::SelectAccount,
            "create" => Prompt::Create,
            _ => return Err(Refused::request("prompt has an unknown value")),
        });
    }
    if prompts.len() > 1 && prompts.contains(&Prompt::None) {
        return Err(Refused::request("prompt=none stands alone"));
    }
    Ok(prompts)
}

fn max_age(parameters: &Parameters) -> Result<Option<Micros>, Refused> {
    let Some(text) = parameters.get("max_age") else { return Ok(None) };
    let seconds: u32 = text.parse().map_err(|_| Refused::request("max_age is not a number of seconds"))?;
    Ok(Some(SECOND.times(i64::from(seconds))))
}

#[cfg(test)]
mod tests {
    use super::super::Authentication;
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn client(require_pkce: bool, public: bool) -> Client {
        Client {
            authentication: if public { Authentication::None } else { Authentication::Secret },
            redirect_uris: vec!["https://app.example/cb?tenant=1".to_owned()],
            scopes: ["openid", "email"].map(str::to_owned).to_vec(),
            require_pkce,
            ..Client::new("notes", "Notes")
        }
    }

    fn parse(
        client: &Client,
        change: impl FnOnce(&mut Vec<(&'static str, String)>),
    ) -> Result<AuthorizationRequest, Invalid> {
        let mut fields = vec![
            ("client_id", "notes".to_owned()),
            ("redirect_uri", "https://app.example/cb?tenant=1".to_owned()),
            ("response_type", "code".to_owned()),
            ("scope", "openid email unheard_of".to_owned()),
            ("state", "st".to_owned()),
            ("nonce", "n".to_owned()),
            ("code_challenge", CHALLENGE.to_owned()),
            ("code_challenge_method", "S256".to_owned()),
        ];
        change(&mut fields);
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let parameters = Parameters::parse(text.as_bytes()).map_err(Invalid::Page)?;
        AuthorizationRequest::parse(&parameters, Some(client), Micros(7))
    }

    fn without(name: &'static str) -> impl FnOnce(&mut Vec<(&'static str, String)>) {
        move |fields| fields.retain(|(known, _)| *known != name)
    }

    fn with(name: &'static str, value: &str) -> impl FnOnce(&mut Vec<(&'static str, String)>) {
        let value = value.to_owned();
        move |fields| {
            fields.retain(|(known, _)| *known != name);
            fields.push((name, value));
        }
    }

    #[test]
    fn a_good_request_is_kept_with_what_the_client_may_ask_for() {
        let request = parse(&client(true, true), with("prompt", "login consent")).unwrap();
        assert_eq!(request.scope, ["openid", "email"]);
        assert_eq!(request.prompt, [Prompt::Login, Prompt::Consent]);
        assert_eq!(request.at, Micros(7));
        let parameters = request.answer.parameters("https://id.example", &[("code", "c")]);
        let location = request.answer.location(&parameters).unwrap();
        assert_eq!(location, "https://app.example/cb?tenant=1&code=c&state=st&iss=https%3A%2F%2Fid.example");
    }

    #[test]
    fn t41_nothing_is_sent_to_a_redirect_that_is_not_registered() {
        for change in [with("redirect_uri", "https://evil.example/cb"), with("redirect_uri", "https://app.example/cb")]
        {
            assert!(matches!(parse(&client(true, true), change), Err(Invalid::Page(_))));
        }
        assert!(matches!(parse(&client(true, true), without("redirect_uri")), Err(Invalid::Page(_))));
        let twice =
            |fields: &mut Vec<(&'static str, String)>| fields.push(("redirect_uri", "https://evil.example".to_owned()));
        assert!(matches!(parse(&client(true, true), twice), Err(Invalid::Page(_))));
        let nobody = AuthorizationRequest::parse(&Parameters::default(), None, Micros(0));
        assert!(matches!(nobody, Err(Invalid::Page(_))));
    }

    #[test]
    fn t39_pkce_is_s256_and_only_a_nonce_of_a_confidential_client_takes_its_place() {
        let code = |result: Result<AuthorizationRequest, Invalid>| match result {
            Ok(request) => Ok(request.challenge.is_some()),
            Err(Invalid::Client(_, refused)) => Err(refused.code),
            Err(Invalid::Page(_)) => panic!("the client hears of it"),
        };
        let bad = Err(ErrorCode::InvalidRequest);
        assert_eq!(code(parse(&client(true, true), |_| {})), Ok(true));
        assert_eq!(code(parse(&client(false, false), |_| {})), Ok(true));
        assert_eq!(code(parse(&client(true, true), with("code_challenge_method", "plain"))), bad);
        assert_eq!(code(parse(&client(true, true), without("code_challenge_method"))), bad);
        assert_eq!(code(parse(&client(true, true), with("code_challenge", "short"))), bad);
        assert_eq!(code(parse(&client(true, true), without("code_challenge"))), bad);
        let plain = |fields: &mut Vec<(&'static str, String)>| fields.retain(|(name, _)| !name.starts_with("code_"));
        assert_eq!(code(parse(&client(true, false), plain)), bad, "asked of new clients by default");
        assert_eq!(code(parse(&client(false, true), plain)), bad, "never excused for a public client");
        assert_eq!(code(parse(&client(false, false), plain)), Ok(false));
        let bare = |fields: &mut Vec<(&'static str, String)>| {
            fields.retain(|(name, _)| !name.starts_with("code_") && *name != "nonce");
        };
        assert_eq!(code(parse(&client(false, false), bare)), bad);
        let plain_oauth = |fields: &mut Vec<(&'static str, String)>| {
            plain(fields);
            with("scope", "email")(fields);
        };
        assert_eq!(code(parse(&client(false, false), plain_oauth)), bad, "a nonce is looked at in ID tokens alone");
        assert_eq!(code(parse(&client(false, false), without("code_challenge"))), bad, "half of it is a mistake");
    }

    #[test]
    fn a_claim_by_name_is_its_scope_and_a_level_can_be_essential() {
        let client = client(true, true);
        let claims = r#"{"userinfo":{"email":{"essential":true},"name":null},
            "id_token":{"sub":{"value":"s1"},"acr":{"essential":true,"value":"urn:selfsame:aal2"}}}"#;
        let asked = |fields: &mut Vec<(&'static str, String)>| {
            fields.retain(|(name, _)| *name != "scope");
            fields.push(("scope", "openid".to_owned()));
            fields.push(("claims", claims.to_owned()));
            fields.push(("acr_values", "urn:selfsame:aal1".to_owned()));
        };
        let request = parse(&client, asked).unwrap();
        assert_eq!(request.scope, ["openid", "email"], "of what the client may ask for");
        assert_eq!((request.hinted.as_deref(), request.essential_acr), (Some("s1"), true));
        assert_eq!(request.acr_values, ["urn:selfsame:aal2"], "what is essential is what counts");
        let welcome = parse(&client, with("acr_values", "urn:selfsame:aal3 urn:selfsame:aal2")).unwrap();
        assert!(!welcome.essential_acr);
        assert_eq!(welcome.acr_values.len(), 2);
    }

    #[test]
    fn a_token_is_meant_for_what_the_client_may_name() {
        let mut client = client(true, true);
        client.resources = ["https://api.example/a", "https://api.example/b"].map(str::to_owned).to_vec();
        let both = |fields: &mut Vec<(&'static str, String)>| {
            for resource in ["https://api.example/b", "https://api.example/a", "https://api.example/b"] {
                fields.push(("resource", resource.to_owned()));
            }
        };
        let request = parse(&client, both).unwrap();
        assert_eq!(request.resource, ["https://api.example/b", "https://api.example/a"]);
        client.resources.extend((0..7).map(|number| format!("https://api.example/{number}")));
        let known = client.resources.clone();
        let first = |count: usize| {
            let asked = known[..count].to_vec();
            move |fields: &mut Vec<(&'static str, String)>| {
                fields.extend(asked.into_iter().map(|resource| ("resource", resource)));
            }
        };
        assert!(parse(&client, first(8)).is_ok());
        let many = parse(&client, first(9));
        assert!(matches!(many, Err(Invalid::Client(_, refused)) if refused.code == ErrorCode::InvalidTarget));
        let other = parse(&client, with("resource", "https://api.example/c"));
        assert!(matches!(other, Err(Invalid::Client(_, refused)) if refused.code == ErrorCode::InvalidTarget));
    }

    #[test]
    fn what_is_wrong_is_told_to_the_client_by_its_name() {
        let (long, long_scope) = ("n".repeat(1_025), format!("openid {}", "x".repeat(101)));
        for (name, value, expected) in [
            ("nonce", long.as_str(), ErrorCode::InvalidRequest),
            ("login_hint", &long, ErrorCode::InvalidRequest),
            ("scope", &long_scope, ErrorCode::InvalidScope),
            ("response_type", "", ErrorCode::InvalidRequest),
            ("response_type", "token", ErrorCode::UnsupportedResponseType),
            ("response_type", "code id_token", ErrorCode::UnsupportedResponseType),
            ("response_mode", "fragment", ErrorCode::InvalidRequest),
            ("scope", "unheard_of", ErrorCode::InvalidScope),
            ("prompt", "none login", ErrorCode::InvalidRequest),
            ("prompt", "dance", ErrorCode::InvalidRequest),
            ("max_age", "-1", ErrorCode::InvalidRequest),
            ("registration", "{}", ErrorCode::RegistrationNotSupported),
            ("claims", "[]", ErrorCode::InvalidRequest),
            ("dpop_jkt", "short", ErrorCode::InvalidRequest),
            ("resource", "https://api.example", ErrorCode::InvalidTarget),
            ("request", "e30.e30.", ErrorCode::RequestNotSupported),
            ("request_uri", "https://app.example/r", ErrorCode::RequestUriNotSupported),
        ] {
            let Err(Invalid::Client(answer, refused)) = parse(&client(true, true), with(name, value)) else {
                panic!("{name}={value} was accepted");
            };
            assert_eq!(refused.code, expected, "{name}={value}");
            assert_eq!(answer.state.as_deref(), Some("st"));
        }
        let mut other = client(true, true);
        other.grants = vec![GrantType::ClientCredentials];
        assert!(matches!(
            parse(&other, |_| {}),
            Err(Invalid::Client(_, Refused { code: ErrorCode::UnauthorizedClient, .. }))
        ));
    }
}
