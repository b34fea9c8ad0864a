//! The file as it is written. The doc comments here are the descriptions in the JSON Schema.

use super::checked::{
    ClientAccessTokens, ClientAlgorithm, ClientAuth, ClientGrant, EmailEvidence, IdTokenAlgorithm, LocalMethod,
    TokenAuth,
};
use model::{LinkOnMatch, MethodSelection, ProfileSync, Purpose, Secret, SignUp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Configuration of Selfsame. Every key can be overridden by the environment: `server.listen` by
/// `SELFSAME__SERVER__LISTEN`, `connections[0].client_id` by `SELFSAME__CONNECTIONS__0__CLIENT_ID` or, with the
/// connection's id, `SELFSAME__CONNECTIONS__GOOGLE__CLIENT_ID`. Relative paths start at the directory of the file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "selfsame.toml")]
pub(super) struct Settings {
    pub server: ServerSettings,
    pub database: DatabaseSettings,
    pub secrets: SecretsSettings,
    pub mail: MailSettings,
    #[serde(default)]
    pub policy: PolicySettings,
    #[serde(default)]
    pub sessions: SessionsSettings,
    #[serde(default)]
    pub branding: BrandingSettings,
    /// Identity providers people can sign in with, in the order they are shown.
    #[serde(default)]
    pub connections: Vec<ConnectionSettings>,
    /// Tenants: members and identity providers of their own.
    #[serde(default)]
    pub organisations: Vec<OrganisationSettings>,
    /// Applications that people are sent back to.
    #[serde(default)]
    pub applications: Vec<ApplicationSettings>,
    /// Applications that sign people in through OpenID Connect.
    #[serde(default)]
    pub clients: Vec<ClientSettings>,
    #[serde(default)]
    pub registration: RegistrationSettings,
}

/// Where the server is and who may talk to it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerSettings {
    /// The origin people see, like `https://id.example.org`. Links, redirect addresses and cookies come from it, never
    /// from a request.
    pub public_origin: String,
    /// Address and port to listen on.
    #[serde(default = "default_listen")]
    pub listen: String,
    /// Local socket through which the command line talks to the running server. By default beside an SQLite database.
    pub admin_socket: Option<PathBuf>,
    /// Origins of single-page applications that may call the self-service API from a browser.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// Where the pages of `docs/reasons` are published, with `{code}` where the reason's code stands, like
    /// `https://docs.example.org/reasons/{code}`. Error pages and the API's problems link there.
    pub help_url: Option<String>,
    /// Header in which a trusted proxy writes the address of the client, like `x-forwarded-for`.
    pub client_ip_header: Option<String>,
    /// Addresses or networks of the proxies whose header is believed, like `10.0.0.0/8`.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
}

fn default_listen() -> String {
    "127.0.0.1:8080".to_owned()
}

/// Where data is kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseSettings {
    /// `sqlite:PATH` or `postgres://USER@HOST/NAME?sslmode=verify-full`.
    #[schemars(with = "String")]
    pub url: Secret<String>,
    /// Password of the PostgreSQL role, when it is not in the address.
    pub password: Option<SecretReference>,
}

/// Where a secret comes from: exactly one of the two.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretReference {
    /// File that holds the secret; a newline at its end is not part of it.
    pub file: Option<PathBuf>,
    /// Environment variable that holds the secret.
    pub env: Option<String>,
}

/// The keys everything secret at rest is sealed with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretsSettings {
    /// The first seals, all of them open. To rotate, put a new key first.
    #[schemars(length(min = 1))]
    pub keys: Vec<RootKeySettings>,
}

/// One root key: 32 random bytes in base64 or hexadecimal, by file or environment variable.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RootKeySettings {
    /// Name that is stored beside everything the key has sealed: 1 to 32 of a–z, 0–9 and -.
    pub id: String,
    pub file: Option<PathBuf>,
    pub env: Option<String>,
}

/// How mail is sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailSettings {
    /// `smtps://HOST` (TLS), `smtp+starttls://HOST` (STARTTLS is required) or `smtp://HOST` (no TLS, for a relay of your own
    /// network, without password).
    pub url: String,
    /// Sender, like `Example <no-reply@example.org>`.
    pub from: String,
    pub user: Option<String>,
    pub password: Option<SecretReference>,
}

/// What is allowed to everybody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PolicySettings {
    /// People may have a password.
    pub password: bool,
    /// People may sign in with a code sent to a proven address, and get back into an account that they cannot sign in to.
    pub email_code: bool,
    /// People may add passkeys and sign in with them (WebAuthn). They are bound to the host of `server.public_origin`.
    pub passkey: bool,
    /// People may set up an authenticator app as second factor (TOTP), with recovery codes. Whoever has one is asked for
    /// it at every sign-in; switching this off makes one factor enough for them.
    pub totp: bool,
    /// Who may sign up without an identity provider.
    #[schemars(schema_with = "sign_up")]
    pub sign_up: SignUp,
    /// Who chooses the way in: `choose` shows all, `prefer_linked` goes to the connection that was used last in the
    /// browser, `force_linked` sends whoever has a link to it once the address is typed.
    #[schemars(schema_with = "method_selection")]
    pub method_selection: MethodSelection,
    /// With `force_linked`: what whoever has a link may use instead while the server itself sees the provider fail.
    pub fallback: Vec<LocalMethod>,
    /// Assurance level every session must reach (NIST SP 800-63B-4).
    #[schemars(range(min = 1, max = 3))]
    pub required_level: i64,
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self {
            password: true,
            email_code: true,
            passkey: true,
            totp: true,
            sign_up: SignUp::Open,
            method_selection: MethodSelection::Choose,
            fallback: Vec::new(),
            required_level: 1,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SessionsSettings {
    /// Hours after which a session ends and the person signs in again.
    #[schemars(range(min = 1, max = 8760))]
    pub lifetime_hours: i64,
}

impl Default for SessionsSettings {
    fn default() -> Self {
        Self { lifetime_hours: 720 }
    }
}

/// How the pages present themselves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BrandingSettings {
    /// Name of your service.
    #[schemars(length(min = 1, max = 60))]
    pub name: String,
    /// Where people find help: an `https:` or `mailto:` address.
    pub support_url: Option<String>,
}

impl Default for BrandingSettings {
    fn default() -> Self {
        Self { name: "Selfsame".to_owned(), support_url: None }
    }
}

/// One identity provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectionSettings {
    /// Short name; part of the redirect URI and never changed: 1 to 32 of a–z, 0–9 and -.
    pub id: String,
    /// Name on the button.
    #[schemars(length(min = 1, max = 60))]
    pub name: String,
    /// Brand mark on the button, like `google`, `github`, `microsoft`, `apple`, `building` or `key`.
    #[serde(default = "default_mark")]
    pub mark: String,
    /// Issuer exactly as the provider writes it.
    pub issuer: String,
    #[schemars(length(min = 1))]
    pub client_id: String,
    pub client_secret: Option<SecretReference>,
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// Algorithm of ID tokens. A token that names another is refused.
    #[serde(default)]
    pub algorithm: IdTokenAlgorithm,
    /// How the client authenticates at the token endpoint. By default `basic` with a secret, `none` without.
    pub token_auth: Option<TokenAuth>,
    /// The claim that names the person and never changes for them.
    #[serde(default = "default_subject_claim")]
    pub subject_claim: String,
    /// The provider gives each client other subjects, so they have meaning for this client alone.
    #[serde(default)]
    pub pairwise: bool,
    /// Audiences an ID token may carry beside the client id.
    #[serde(default)]
    pub allowed_audiences: Vec<String>,
    /// Hosts outside the issuer's that the provider's endpoints may be on.
    #[serde(default)]
    pub approved_hosts: Vec<String>,
    /// Ask the UserInfo endpoint as well.
    #[serde(default)]
    pub fetch_userinfo: bool,
    /// What happens when an unknown identity brings an address that is proven for somebody here.
    #[serde(default)]
    #[schemars(schema_with = "link_on_match")]
    pub link_on_match: LinkOnMatch,
    /// Who may sign up through this connection.
    #[serde(default)]
    #[schemars(schema_with = "sign_up")]
    pub sign_up: SignUp,
    #[serde(default)]
    #[schemars(schema_with = "purpose")]
    pub purpose: Purpose,
    /// Assurance level of a sign-in through this connection: more than 1 only where the provider asks everybody for a
    /// second factor.
    #[serde(default = "level_one")]
    #[schemars(range(min = 1, max = 3))]
    pub level: i64,
    /// What the provider's `acr` values are worth here, as assurance levels. One that is not listed is worth nothing.
    #[serde(default)]
    pub acr_levels: BTreeMap<String, i64>,
    /// What the methods in the provider's `amr` are worth here, `mfa` say.
    #[serde(default)]
    pub amr_levels: BTreeMap<String, i64>,
    /// How many identities of this connection one user may have.
    #[serde(default = "default_max_links")]
    #[schemars(range(min = 1, max = 100))]
    pub max_links_per_user: u32,
    /// When name and picture are copied onto the identity.
    #[serde(default)]
    #[schemars(schema_with = "profile_sync")]
    pub profile_sync: ProfileSync,
    /// `vouched` says that this provider sends a code of its own before it calls an address verified.
    #[serde(default)]
    pub email_evidence: EmailEvidence,
    /// Domains whose mailboxes this provider hosts.
    #[serde(default)]
    pub authoritative_domains: Vec<String>,
    /// The organisation whose connection it is: it reaches that organisation's members and nobody else.
    pub organisation: Option<String>,
}

/// One organisation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganisationSettings {
    /// Short name, never changed: 1 to 32 of a–z, 0–9 and -.
    pub id: String,
    /// Name people see.
    #[schemars(length(min = 1, max = 60))]
    pub name: String,
    /// Its domains. Each counts while the name system shows that it is the organisation's: `selfsame organisation list`
    /// says by which record. Addresses there lead to its connection, which then speaks for them.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Assurance level every session of a member must reach.
    #[schemars(range(min = 1, max = 3))]
    pub required_level: Option<i64>,
    /// The organisation's connection through which alone members prove themselves when something is linked.
    pub forced_connection: Option<String>,
    /// Who chooses the way in for members, in place of `policy.method_selection`.
    #[serde(default)]
    #[schemars(schema_with = "method_selection")]
    pub method_selection: Option<MethodSelection>,
    /// As `policy.fallback`, for members.
    #[serde(default)]
    pub fallback: Vec<LocalMethod>,
    /// The most that a match may link to a member by; of the organisation's own connections, what they do.
    #[serde(default)]
    #[schemars(schema_with = "link_on_match")]
    pub link_on_match: Option<LinkOnMatch>,
}

fn default_mark() -> String {
    "key".to_owned()
}

fn default_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

fn default_subject_claim() -> String {
    "sub".to_owned()
}

fn level_one() -> i64 {
    1
}

fn default_max_links() -> u32 {
    5
}

/// One application.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApplicationSettings {
    /// 1 to 32 of a–z, 0–9 and -.
    pub id: String,
    /// Name people see.
    #[schemars(length(min = 1, max = 60))]
    pub name: String,
    /// Where people may be sent, compared exactly; `http` only to loopback addresses, where any port is accepted.
    #[schemars(length(min = 1))]
    pub redirect_uris: Vec<String>,
}

/// One OAuth 2.0 or OpenID Connect client.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientSettings {
    /// The `client_id`: 1 to 32 of a–z, 0–9 and -.
    pub id: String,
    /// Name people see.
    #[schemars(length(min = 1, max = 60))]
    pub name: String,
    /// The client's secret, at least 32 characters of randomness. Without one the client is public.
    pub secret: Option<SecretReference>,
    /// The secret before this one: both are good while the client changes over.
    pub previous_secret: Option<SecretReference>,
    /// How the client authenticates: by default by header or form with a secret, `none` without.
    pub auth: Option<ClientAuth>,
    /// Where people may be sent with a code, compared exactly; `http` only to loopback addresses, where any port is
    /// accepted.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after they signed out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    #[serde(default = "default_grants")]
    #[schemars(length(min = 1))]
    pub grants: Vec<ClientGrant>,
    /// What the client may ask for.
    #[serde(default = "default_client_scopes")]
    pub scopes: Vec<String>,
    /// `false` lets a confidential client send a `nonce` in place of PKCE.
    #[serde(default = "yes")]
    pub require_pkce: bool,
    /// Algorithm of its ID tokens and JWT access tokens.
    #[serde(default)]
    pub algorithm: ClientAlgorithm,
    #[serde(default)]
    pub access_tokens: ClientAccessTokens,
    /// The client is yours: nobody is asked for consent.
    #[serde(default)]
    pub first_party: bool,
    /// An application on people's devices: its redirects may have a scheme of its own (RFC 8252 §7.1).
    #[serde(default)]
    pub native: bool,
    /// The client may ask about tokens of other clients, as a resource server does.
    #[serde(default)]
    pub introspection: bool,
    /// The client's public keys, a JWK set as JSON text: for `auth = "private_key_jwt"`.
    pub jwks: Option<String>,
    /// With the scope `identities` the client learns what its people are called at their providers.
    #[serde(default)]
    pub identity_subjects: bool,
    /// Servers of resources that the client may ask tokens for, by their addresses (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    /// Requests have to be pushed (RFC 9126).
    #[serde(default)]
    pub require_pushed: bool,
    /// Tokens are bound to a key that the client shows (DPoP, RFC 9449).
    #[serde(default)]
    pub dpop: bool,
    /// The FAPI 2.0 Security Profile: `private_key_jwt`, pushed requests, DPoP, no RS256.
    #[serde(default)]
    pub fapi: bool,
    /// Where the client is told, by us, that a session has ended (OpenID Connect Back-Channel Logout 1.0).
    pub backchannel_logout_uri: Option<String>,
    /// A page of the client's that browsers load as they sign out (OpenID Connect Front-Channel Logout 1.0).
    pub frontchannel_logout_uri: Option<String>,
    /// Its users have subjects of their own there. All redirect URIs have to be on one host.
    #[serde(default)]
    pub pairwise: bool,
    /// The origin of an application that speaks no OpenID Connect and stands behind a proxy that asks here about every
    /// request. Secret, redirect URIs and all about tokens are left out then.
    pub forward_auth: Option<String>,
}

/// Clients that register themselves (OpenID Connect Dynamic Client Registration 1.0).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RegistrationSettings {
    /// Clients may register themselves, with a token from `selfsame client token create`.
    pub enabled: bool,
}

pub(super) fn default_grants() -> Vec<ClientGrant> {
    vec![ClientGrant::AuthorizationCode, ClientGrant::RefreshToken]
}

pub(super) fn default_client_scopes() -> Vec<String> {
    ["openid", "profile", "email", "offline_access"].map(str::to_owned).to_vec()
}

fn yes() -> bool {
    true
}

fn link_on_match(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["off", "prove", "verified_email"] })
}

fn method_selection(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["choose", "prefer_linked", "force_linked"] })
}

fn sign_up(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["open", "invited", "closed"] })
}

fn purpose(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["sign_in_and_link", "link_only", "sign_in_only", "data_only"] })
}

fn profile_sync(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["never", "on_link", "on_sign_in"] })
}

pub(super) fn schema() -> Value {
    let mut schema = schemars::schema_for!(Settings).to_value();
    without_null(&mut schema);
    schema
}

/// TOML has no null: an optional key is one that may be left out.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            drop_null(object);
            object.values_mut().for_each(without_null);
        }
        Value::Array(values) => values.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn drop_null(object: &mut Map<String, Value>) {
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(mut variants)) = object.remove("anyOf") {
        variants.retain(|variant| variant["type"] != "null");
        match (variants.len(), variants.pop()) {
            (1, Some(Value::Object(only))) => object.extend(only),
            (_, last) => {
                variants.extend(last);
                object.insert("anyOf".to_owned(), Value::Array(variants));
            }
        }
    }
}
