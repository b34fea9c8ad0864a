//! What a schema cannot say: meanings, references, and keys that must agree with each other.

mod forward_auth;
mod levels;
mod organisations;
mod selection;

use super::ConfigError;
use super::checked::{
    Application, Branding, ClientAccessTokens, ClientAlgorithm, ClientAuth, ClientGrant, ClientIp, Config, Connection,
    Database, EmailEvidence, Mail, RootKey, Server, Smtp, SmtpSecurity, TokenAuth,
};
use super::names::{IpNetwork, Origin, domain, https_or_loopback};
use super::settings::{
    ApplicationSettings, BrandingSettings, ClientSettings, ConnectionSettings, DatabaseSettings, MailSettings,
    SecretReference, SecretsSettings, ServerSettings, Settings, default_client_scopes, default_grants,
};
use super::source::{Source, below};
use crate::os;
use flows::oauth::{
    Client, GrantType, Metadata, Registrant, Schemes, SigningAlgorithm, has_user_info, is_loopback, is_scope,
    redirect_uri_fault,
};
use model::{ConnectionId, ConnectionPolicy, HOUR, Level, LocalMethods, MailAuthority, MatchOn, Secret};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use url::Url;

/// A client's secret is stored by a fast hash, so it has to be long.
const CLIENT_SECRET_MIN: usize = 32;
/// A secret in a file or variable is a line, not a document.
const SECRET_MAX: usize = 64 * 1024;

pub(super) fn check(
    settings: Settings,
    source: &Source,
    base: &Path,
    env: &BTreeMap<String, String>,
) -> Result<Config, Vec<ConfigError>> {
    let mut check = Check { source, base, env, errors: Vec::new() };
    let database = check.database(&settings.database);
    let server = check.server(&settings.server, database.as_ref());
    let root_keys = check.root_keys(&settings.secrets);
    let mail = check.mail(&settings.mail);
    let branding = check.branding(settings.branding);
    let mut connections = check.connections(settings.connections);
    let applications = check.applications(settings.applications);
    let clients = check.clients(settings.clients, server.as_ref());
    let policy = settings.policy;
    let required_level = Level::try_from(policy.required_level).ok();
    if !policy.password && !policy.email_code && connections.is_empty() && check.errors.is_empty() {
        check.at("policy", "leaves no way to sign in: allow a local method or add a connection");
    }
    // Passkeys belong to a host name (WebAuthn Level 3 §5.1.2).
    let named = |server: &Server| Url::parse(&server.public_origin.to_string()).is_ok_and(|url| url.domain().is_some());
    let passkey = policy.passkey && server.as_ref().is_some_and(named);
    let local = LocalMethods { password: policy.password, email_code: policy.email_code, passkey, totp: policy.totp };
    let organisations = check.organisations(settings.organisations, local, &mut connections);
    let selection = check.selection("policy", policy.method_selection, &policy.fallback, local);
    match (server, database, mail, required_level, check.errors) {
        (Some(server), Some(database), Some(mail), Some(required_level), errors) if errors.is_empty() => Ok(Config {
            server,
            database,
            root_keys,
            mail,
            local,
            sign_up: policy.sign_up,
            selection,
            required_level,
            session_lifetime: HOUR.times(settings.sessions.lifetime_hours),
            branding,
            organisations,
            connections,
            applications,
            clients,
            registration: settings.registration.enabled,
        }),
        (.., errors) => Err(errors),
    }
}

struct Check<'a> {
    source: &'a Source,
    base: &'a Path,
    env: &'a BTreeMap<String, String>,
    errors: Vec<ConfigError>,
}

impl Check<'_> {
    fn at(&mut self, path: &str, message: impl Into<String>) {
        self.errors.push(self.source.error(path, message));
    }

    fn keep<T>(&mut self, path: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.at(path, message)).ok()
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    fn server(&mut self, server: &ServerSettings, database: Option<&Database>) -> Option<Server> {
        let public_origin = self.keep("server.public_origin", Origin::parse(&server.public_origin));
        let listen = server.listen.parse().map_err(|_| "write address and port, like `127.0.0.1:8080`".to_owned());
        let listen = self.keep("server.listen", listen);
        let mut allowed_origins = Vec::new();
        for (index, text) in server.allowed_origins.iter().enumerate() {
            let path = format!("server.allowed_origins[{index}]");
            allowed_origins.extend(self.keep(&path, Origin::parse(text)));
        }
        let beside = match database {
            Some(Database::Sqlite(path)) => Some(path.with_extension("sock")),
            _ => None,
        };
        let admin_socket = server.admin_socket.as_deref().map(|path| self.path(path)).or(beside);
        let client_ip = self.client_ip(server);
        let help_url = server.help_url.as_deref().and_then(|text| self.keep("server.help_url", help_url(text)));
        Some(Server {
            public_origin: public_origin?,
            listen: listen?,
            admin_socket,
            allowed_origins,
            help_url,
            client_ip,
        })
    }

    /// A header anybody may send is believed only from a proxy that is named; the one without the other is a mistake.
    fn client_ip(&mut self, server: &ServerSettings) -> Option<ClientIp> {
        let mut trusted_proxies = Vec::new();
        for (index, text) in server.trusted_proxies.iter().enumerate() {
            match IpNetwork::parse(text) {
                Some(network) => trusted_proxies.push(network),
                None => {
                    let path = format!("server.trusted_proxies[{index}]");
                    self.at(&path, "write an address or a network, like `10.0.0.0/8`");
                }
            }
        }
        let Some(header) = &server.client_ip_header else {
            if !server.trusted_proxies.is_empty() {
                self.at(
                    "server.trusted_proxies",
                    "add `client_ip_header`: the header in which these proxies name the client",
                );
            }
            return None;
        };
        if server.trusted_proxies.is_empty() {
            self.at("server.client_ip_header", "add `trusted_proxies`: without them anybody could write this header");
        }
        let Ok(name) = http::HeaderName::try_from(header.as_str()) else {
            self.at("server.client_ip_header", "is not the name of a header");
            return None;
        };
        Some(ClientIp { header: name.as_str().to_owned(), trusted_proxies })
    }

    fn database(&mut self, database: &DatabaseSettings) -> Option<Database> {
        let password = database.password.as_ref().map(|reference| self.secret("database.password", reference));
        let url = database.url.expose();
        if let Some(path) = url.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            if password.is_some() {
                self.at("database.password", "SQLite has no password; remove it");
            }
            return Some(Database::Sqlite(self.path(Path::new(path))));
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            self.at("database.url", "write `sqlite:PATH` or `postgres://USER@HOST/NAME`");
            return None;
        }
        match password {
            None => Some(Database::Postgres(database.url.clone())),
            Some(password) => {
                let joint = if url.contains('?') { '&' } else { '?' };
                let password = percent_encoded(password?.expose());
                Some(Database::Postgres(Secret::new(format!("{url}{joint}password={password}"))))
            }
        }
    }

    fn root_keys(&mut self, secrets: &SecretsSettings) -> Vec<RootKey> {
        let mut keys: Vec<RootKey> = Vec::new();
        for (index, settings) in secrets.keys.iter().enumerate() {
            let path = format!("secrets.keys[{index}]");
            self.short_name(&below(&path, "id"), &settings.id);
            if secrets.keys[..index].iter().any(|other| other.id == settings.id) {
                self.at(&below(&path, "id"), "another key has this id");
            }
            let reference = SecretReference { file: settings.file.clone(), env: settings.env.clone() };
            let Some(text) = self.secret(&path, &reference) else { continue };
            match os::parse_key(text.expose()) {
                Some(key) if keys.iter().any(|other| other.key == key) => {
                    self.at(&path, "is the same key as another; make a new one");
                }
                Some(key) => keys.push(RootKey { id: settings.id.clone(), key }),
                None => {
                    self.at(&path, "is not 32 bytes in base64 or hexadecimal; make one with `openssl rand -base64 32`");
                }
            }
        }
        keys
    }

    fn mail(&mut self, mail: &MailSettings) -> Option<Mail> {
        let from = mail.from.parse::<lettre::message::Mailbox>();
        let from = from
            .map(|_| mail.from.clone())
            .map_err(|_| "write a sender like `Example <no-reply@example.org>`".to_owned());
        let from = self.keep("mail.from", from);
        let relay = self.keep("mail.url", smtp_url(&mail.url));
        let password = mail.password.as_ref().and_then(|reference| self.secret("mail.password", reference));
        let credentials = match (&mail.user, &mail.password) {
            (Some(user), Some(_)) => password.map(|password| (user.clone(), password)),
            (None, None) => None,
            (Some(_), None) => {
                self.at("mail.user", "add `password`, as `{ file = … }` or `{ env = … }`");
                None
            }
            (None, Some(_)) => {
                self.at("mail.password", "add `user`");
                None
            }
        };
        let (url, security, port) = relay?;
        if security == SmtpSecurity::Plain && mail.user.is_some() && !loopback_name(&url) {
            self.at("mail.url", "would send the password in clear: use smtps:// or smtp+starttls://");
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Some(Mail { smtp: Smtp { host, port, security, credentials }, from: from? })
    }

    fn branding(&mut self, branding: BrandingSettings) -> Branding {
        if let Some(text) = &branding.support_url {
            let ok = Url::parse(text).is_ok_and(|url| url.scheme() == "mailto" || https_or_loopback(&url).is_ok());
            if !ok {
                self.at("branding.support_url", "write an `https:` or `mailto:` address");
            }
        }
        Branding { name: branding.name, support_url: branding.support_url }
    }

    fn connections(&mut self, settings: Vec<ConnectionSettings>) -> Vec<Connection> {
        let mut seen: Vec<(String, String, String)> = Vec::new();
        let mut connections = Vec::new();
        for (index, connection) in settings.into_iter().enumerate() {
            let path = format!("connections[{index}]");
            let issuer = self.issuer(&below(&path, "issuer"), &connection.issuer);
            for (id, text, canonical) in &seen {
                if *id == connection.id {
                    self.at(&below(&path, "id"), "another connection has this id");
                }
                // T06, RFC 9207 §4: with one issuer twice, `iss` no longer says which connection an answer belongs to.
                if *text == connection.issuer || issuer.as_ref() == Some(canonical) {
                    self.at(
                        &below(&path, "issuer"),
                        format!("connection `{id}` already has this issuer; keep one of them"),
                    );
                }
            }
            seen.push((connection.id.clone(), connection.issuer.clone(), issuer.unwrap_or_default()));
            connections.extend(self.connection(&path, connection));
        }
        connections
    }

    /// OpenID Connect Core §2: an https URL without query and fragment. Gives the form in which look-alikes are equal.
    fn issuer(&mut self, path: &str, text: &str) -> Option<String> {
        let url = Url::parse(text).map_err(|_| "write the issuer as an https address".to_owned());
        let url = self.keep(path, url)?;
        if url.query().is_some() || url.fragment().is_some() || has_user_info(&url) {
            self.at(path, "an issuer has no query, fragment or user name");
        }
        self.keep(path, https_or_loopback(&url))?;
        Some(url.as_str().trim_end_matches('/').to_ascii_lowercase())
    }

    fn connection(&mut self, path: &str, settings: ConnectionSettings) -> Option<Connection> {
        let id = ConnectionId::parse(&settings.id);
        if id.is_none() {
            self.at(&below(path, "id"), "use 1 to 32 of a–z, 0–9 and -");
        }
        self.short_name(&below(path, "mark"), &settings.mark);
        if !settings.scopes.iter().any(|scope| scope == "openid") {
            self.at(&below(path, "scopes"), "add `openid`: without it the provider sends no ID token");
        }
        if let Some(bad) = settings.scopes.iter().position(|scope| !is_scope(scope)) {
            self.at(&format!("{path}.scopes[{bad}]"), "is not a scope (RFC 6749 §3.3)");
        }
        self.subject_claim(&below(path, "subject_claim"), &settings.subject_claim);
        let reference = settings.client_secret.as_ref();
        let client_secret = reference.and_then(|reference| self.secret(&below(path, "client_secret"), reference));
        let default_auth = if reference.is_some() { TokenAuth::Basic } else { TokenAuth::None };
        let token_auth = settings.token_auth.unwrap_or(default_auth);
        match (token_auth, reference.is_some()) {
            (TokenAuth::None, true) => self.at(&below(path, "token_auth"), "is `none`, so remove `client_secret`"),
            (TokenAuth::Basic | TokenAuth::Post, false) => {
                self.at(&below(path, "client_secret"), "is missing: `token_auth` needs it");
            }
            _ => {}
        }
        let approved_hosts = self.domains(&below(path, "approved_hosts"), &settings.approved_hosts);
        let authoritative_domains =
            self.domains(&below(path, "authoritative_domains"), &settings.authoritative_domains);
        let organisation = self.organisation_of(path, &settings);
        let vouched = settings.email_evidence == EmailEvidence::Vouched;
        let policy = ConnectionPolicy {
            link_on_match: settings.link_on_match,
            sign_up: settings.sign_up,
            purpose: settings.purpose,
            // The schema has held it to 1 to 3.
            level: Level::try_from(settings.level).unwrap_or(Level::One),
            levels: self.asserted_levels(path, &settings.acr_levels, &settings.amr_levels),
            max_links_per_user: settings.max_links_per_user,
            profile_sync: settings.profile_sync,
            mail_authority: MailAuthority { issuer: settings.issuer.clone(), vouched, authoritative_domains },
            match_on: MatchOn::default(),
            organisation,
        };
        Some(Connection {
            id: id?,
            name: settings.name,
            mark: settings.mark,
            issuer: settings.issuer,
            client_id: settings.client_id,
            client_secret,
            scopes: settings.scopes,
            algorithm: settings.algorithm,
            token_auth,
            subject_claim: settings.subject_claim,
            pairwise: settings.pairwise,
            allowed_audiences: settings.allowed_audiences,
            approved_hosts,
            fetch_userinfo: settings.fetch_userinfo,
            policy,
        })
    }

    /// T01, T12: names and addresses are given to other people one day.
    fn subject_claim(&mut self, path: &str, claim: &str) {
        const CHANGING: [&str; 7] =
            ["email", "preferred_username", "upn", "unique_name", "name", "nickname", "phone_number"];
        if claim.is_empty() {
            self.at(path, "must not be empty");
        } else if CHANGING.contains(&claim) {
            self.at(path, format!("`{claim}` can pass to another person; use a claim that never changes, like `sub`"));
        }
    }

    fn domains(&mut self, path: &str, texts: &[String]) -> Vec<String> {
        let mut domains = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match domain(text) {
                Some(domain) => domains.push(domain),
                None => self.at(&format!("{path}[{index}]"), "is not a domain name, like `example.org`"),
            }
        }
        domains
    }

    fn redirect(&mut self, path: &str, text: &str) {
        if let Some((_, cure)) = redirect_uri_fault(text, Schemes::Web) {
            self.at(path, cure);
        }
    }

    fn applications(&mut self, settings: Vec<ApplicationSettings>) -> Vec<Application> {
        let mut applications: Vec<Application> = Vec::new();
        for (index, settings) in settings.into_iter().enumerate() {
            let path = format!("applications[{index}]");
            self.short_name(&below(&path, "id"), &settings.id);
            if applications.iter().any(|other| other.id == settings.id) {
                self.at(&below(&path, "id"), "another application has this id");
            }
            for (number, text) in settings.redirect_uris.iter().enumerate() {
                let path = format!("{path}.redirect_uris[{number}]");
                self.redirect(&path, text);
                if let Some(other) = applications.iter().find(|other| other.allows(text)) {
                    let message = format!("application `{}` has this address", other.id);
                    self.at(&path, message);
                }
            }
            let ApplicationSettings { id, name, redirect_uris } = settings;
            applications.push(Application { id, name, redirect_uris });
        }
        applications
    }

    fn clients(&mut self, settings: Vec<ClientSettings>, server: Option<&Server>) -> Vec<Client> {
        let mut clients: Vec<Client> = Vec::new();
        let mut ids = BTreeSet::new();
        for (index, mut settings) in settings.into_iter().enumerate() {
            let path = format!("clients[{index}]");
            let behind = match settings.forward_auth.take() {
                None => None,
                Some(text) => match self.behind_proxy(&path, &mut settings, &text, server, &clients) {
                    None => continue,
                    origin => origin,
                },
            };
            if !ids.insert(settings.id.clone()) {
                self.at(&below(&path, "id"), "another client has this id");
            }
            let mut secrets = self.client_secrets(&path, &settings);
            if settings.secret.is_some() && secrets.is_empty() {
                // It could not be read and was complained about: the rest is looked at as if it were there.
                secrets.push([0; 32]);
            }
            let jwks = settings.jwks.as_deref().map(serde_json::from_str::<serde_json::Map<_, _>>);
            let Ok(jwks) = jwks.transpose() else {
                self.at(&below(&path, "jwks"), "is no JSON object like {\"keys\": [...]}");
                continue;
            };
            let metadata = Metadata { jwks, ..client_metadata(&settings) };
            match metadata.client(&settings.id, secrets, Registrant::Operator) {
                Ok(client) => clients.push(match behind {
                    None => client,
                    Some(origin) => forward_auth::client_behind(client, &origin),
                }),
                Err(faults) => {
                    for fault in faults {
                        let field = below(&path, client_key(&fault.field));
                        let field = fault.index.map_or(field.clone(), |index| format!("{field}[{index}]"));
                        self.at(&field, fault.cure);
                    }
                }
            }
        }
        clients
    }

    /// Hashes: the secrets themselves are needed by nobody here.
    fn client_secrets(&mut self, path: &str, settings: &ClientSettings) -> Vec<[u8; 32]> {
        let mut hashes = Vec::new();
        for (field, reference) in [("secret", &settings.secret), ("previous_secret", &settings.previous_secret)] {
            let Some(reference) = reference else { continue };
            let field = below(path, field);
            let Some(secret) = self.secret(&field, reference) else { continue };
            if secret.expose().len() < CLIENT_SECRET_MIN {
                self.at(&field, "use at least 32 random characters: it is compared as fast as it can be guessed");
            }
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.expose().as_bytes());
            hashes.extend(<[u8; 32]>::try_from(digest.as_ref()));
        }
        hashes
    }

    fn short_name(&mut self, path: &str, text: &str) {
        if ConnectionId::parse(text).is_none() {
            self.at(path, "use 1 to 32 of a–z, 0–9 and -");
        }
    }

    /// The text a reference leads to. The value itself is never part of an error.
    fn secret(&mut self, path: &str, reference: &SecretReference) -> Option<Secret<String>> {
        let (text, path) = match (&reference.file, &reference.env) {
            (Some(file), None) => (os::read_secret_file(&self.path(file), SECRET_MAX), below(path, "file")),
            (None, Some(name)) => {
                let value = self.env.get(name).map(|value| Secret::new(value.clone()));
                (value.ok_or_else(|| format!("environment variable `{name}` is not set")), below(path, "env"))
            }
            _ => (Err("give either `file` or `env`".to_owned()), path.to_owned()),
        };
        let text = self.keep(&path, text)?;
        if text.expose().is_empty() {
            self.at(&path, "is empty");
            return None;
        }
        Some(text)
    }
}

/// What the file says of a client, in the words of the standards.
fn client_metadata(settings: &ClientSettings) -> Metadata {
    Metadata {
        client_name: Some(settings.name.clone()),
        redirect_uris: settings.redirect_uris.clone(),
        post_logout_redirect_uris: settings.post_logout_redirect_uris.clone(),
        grant_types: Some(settings.grants.iter().map(|grant| grant_type(*grant).name().to_owned()).collect()),
        scope: Some(settings.scopes.clone()),
        token_endpoint_auth_method: settings.auth.map(|auth| auth_method(auth).to_owned()),
        subject_type: settings.pairwise.then(|| "pairwise".to_owned()),
        id_token_signed_response_alg: Some(algorithm(settings.algorithm).name().to_owned()),
        require_pkce: Some(settings.require_pkce),
        access_token_format: (settings.access_tokens == ClientAccessTokens::Jwt).then(|| "jwt".to_owned()),
        first_party: settings.first_party,
        introspection: settings.introspection,
        application_type: settings.native.then(|| "native".to_owned()),
        require_pushed_authorization_requests: settings.require_pushed,
        dpop_bound_access_tokens: settings.dpop,
        fapi: settings.fapi,
        identity_subjects: settings.identity_subjects,
        resources: settings.resources.clone(),
        backchannel_logout_uri: settings.backchannel_logout_uri.clone(),
        frontchannel_logout_uri: settings.frontchannel_logout_uri.clone(),
        ..Metadata::default()
    }
}

/// The file's key for a word of the standards.
fn client_key(field: &str) -> &str {
    match field {
        "client_id" => "id",
        "client_name" => "name",
        "grant_types" => "grants",
        "scope" => "scopes",
        "token_endpoint_auth_method" => "auth",
        "subject_type" => "pairwise",
        "id_token_signed_response_alg" => "algorithm",
        "access_token_format" => "access_tokens",
        "application_type" => "native",
        "require_pushed_authorization_requests" => "require_pushed",
        "dpop_bound_access_tokens" => "dpop",
        same => same,
    }
}

fn grant_type(grant: ClientGrant) -> GrantType {
    match grant {
        ClientGrant::AuthorizationCode => GrantType::AuthorizationCode,
        ClientGrant::RefreshToken => GrantType::RefreshToken,
        ClientGrant::ClientCredentials => GrantType::ClientCredentials,
        ClientGrant::DeviceCode => GrantType::DeviceCode,
    }
}

fn auth_method(auth: ClientAuth) -> &'static str {
    match auth {
        ClientAuth::Basic => "client_secret_basic",
        ClientAuth::Post => "client_secret_post",
        ClientAuth::PrivateKeyJwt => "private_key_jwt",
        ClientAuth::None => "none",
    }
}

fn algorithm(algorithm: ClientAlgorithm) -> SigningAlgorithm {
    match algorithm {
        ClientAlgorithm::RS256 => SigningAlgorithm::Rs256,
        ClientAlgorithm::ES256 => SigningAlgorithm::Es256,
        ClientAlgorithm::EdDSA => SigningAlgorithm::EdDsa,
    }
}

/// Scheme, and the port it implies (RFC 8314 §3.3, RFC 6409 §3.1, RFC 5321).
fn smtp_url(text: &str) -> Result<(Url, SmtpSecurity, u16), String> {
    const FORM: &str = "write `smtps://HOST`, `smtp+starttls://HOST` or `smtp://HOST`, with `:PORT` where it differs";
    let url = Url::parse(text).map_err(|_| FORM.to_owned())?;
    let (security, port) = match url.scheme() {
        "smtps" => (SmtpSecurity::Tls, 465),
        "smtp+starttls" => (SmtpSecurity::StartTls, 587),
        "smtp" => (SmtpSecurity::Plain, 25),
        _ => return Err(FORM.to_owned()),
    };
    if has_user_info(&url) {
        return Err("leave user and password out of the address; use `user` and `password`".to_owned());
    }
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if url.host_str().is_none_or(str::is_empty) || !bare {
        return Err(FORM.to_owned());
    }
    let port = url.port().unwrap_or(port);
    Ok((url, security, port))
}

/// Hosts of schemes that browsers do not know stay plain text, so they are read again as a web address.
fn loopback_name(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    Url::parse(&format!("http://{host}")).is_ok_and(|url| is_loopback(&url))
}

fn percent_encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// A link for people, so it is a page over https that names the reason.
fn help_url(text: &str) -> Result<String, String> {
    let example = text.replace("{code}", "code");
    let page = url::Url::parse(&example).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    if page && text.contains("{code}") {
        Ok(text.to_owned())
    } else {
        Err("write an https address with {code} in it, like `https://docs.example.org/reasons/{code}`".to_owned())
    }
}
