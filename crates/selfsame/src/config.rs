//! The configuration: one TOML file and overrides from the environment, typed, with every error at once.
//!
//! An operator who mistypes a key must hear of it with file, line and key before anything starts, and must hear of all
//! mistakes together. So the file is read in three steps: [`source`] remembers where each value stands, [`shape`] holds
//! the values against the JSON Schema that editors use too, and [`check`] asks what a schema cannot say.

mod check;
mod checked;
mod names;
mod settings;
mod shape;
mod source;

pub use checked::{
    Application, Branding, ClientIp, Config, Connection, Database, EmailEvidence, IdTokenAlgorithm, Mail, Organisation,
    RootKey, Server, Smtp, SmtpSecurity, TokenAuth,
};
pub use names::{IpNetwork, Origin};

use model::Policy;
use source::Source;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Environment variables that start so override the file: `SELFSAME__SERVER__LISTEN` is `server.listen`.
pub const PREFIX: &str = "SELFSAME__";

/// A configuration larger than this is a mistake.
const FILE_MAX: u64 = 1 << 20;

/// One thing to put right, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, or the environment variable that set the value.
    pub origin: String,
    /// Counted from 1; absent when the value came from the environment or the file could not be read.
    pub line: Option<usize>,
    /// As `connections[1].issuer`; empty when the file as a whole is meant.
    pub key: String,
    /// What is wrong and what to do. Never holds a value that may be secret.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

/// The variables of this process that are text.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

impl Config {
    /// Reads and checks the file. Relative paths in it start at its directory.
    pub fn load(path: &Path, env: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<ConfigError>> {
        let text = read_text(path)
            .map_err(|message| vec![ConfigError { origin: shown(path), line: None, key: String::new(), message }])?;
        Self::parse(path, &text, env)
    }

    /// Checks a text as if it stood in the file `path`.
    pub fn parse(
        path: &Path,
        text: &str,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<ConfigError>> {
        let env: BTreeMap<String, String> = env.into_iter().collect();
        let schema = Self::schema();
        let mut source = Source::parse(&shown(path), text)?;
        let mut errors = source.override_from(&env, &schema);
        errors.extend(shape::check(&schema, &source));
        if !errors.is_empty() {
            return Err(errors);
        }
        let settings = serde_json::from_value(source.json().clone())
            .map_err(|error| vec![source.error("", format!("cannot be read: {error}"))])?;
        let base = path.parent().unwrap_or_else(|| Path::new(""));
        check::check(settings, &source, base, &env)
    }

    /// The JSON Schema of the file, for editors and for `docs/config.schema.json`.
    pub fn schema() -> serde_json::Value {
        settings::schema()
    }

    /// The policy every decision is made under. Its version names exactly this content: equal policies have equal
    /// versions on every replica.
    pub fn policy(&self) -> Policy {
        let connections = self.connections.iter().map(|connection| (connection.id.clone(), connection.policy.clone()));
        let mut policy = Policy {
            version: String::new(),
            local: self.local,
            host: url::Url::parse(&self.server.public_origin.to_string())
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
                .unwrap_or_default(),
            sign_up: self.sign_up,
            selection: self.selection.clone(),
            required_level: self.required_level,
            connections: connections.collect(),
            organisations: self.organisations.iter().map(|one| (one.id.clone(), one.policy.clone())).collect(),
        };
        // Fields in the order of their declaration, maps sorted by key: one policy has one text.
        let text = serde_json::to_vec(&policy).unwrap_or_default();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &text);
        policy.version = names::hex(&digest.as_ref()[..8]);
        policy
    }

    /// The connections of the file, in its order.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// The application that declared this redirect URI, if one did.
    pub fn application_of(&self, redirect_uri: &str) -> Option<&Application> {
        self.applications.iter().find(|application| application.allows(redirect_uri))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn read_text(path: &Path) -> Result<String, String> {
    use std::io::Read;
    let file = std::fs::File::open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let mut text = String::new();
    file.take(FILE_MAX + 1).read_to_string(&mut text).map_err(|error| format!("cannot be read: {error}"))?;
    if text.len() as u64 > FILE_MAX {
        return Err("is larger than 1 MiB; this is not a configuration of Selfsame".to_owned());
    }
    Ok(text)
}
