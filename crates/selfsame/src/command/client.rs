//! `client`: applications that sign people in, and the tokens that let them register themselves.

use crate::admin::Operation;
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use std::io::Read as _;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Client {
    /// Those of the configuration and those of the store.
    List {
        /// Of the store, continue after this client.
        #[arg(long)]
        after: Option<String>,
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Everything about one client.
    Show { client: String },
    /// Add a client. Its secret is shown now and never again.
    Create {
        /// The `client_id`; a random one without.
        #[arg(long)]
        id: Option<String>,
        #[command(flatten)]
        metadata: MetadataOptions,
    },
    /// Change what is named, and nothing else.
    Update {
        client: String,
        #[command(flatten)]
        metadata: MetadataOptions,
    },
    /// Make a new secret. The one before stays good beside it until the next change.
    RotateSecret {
        client: String,
        /// The one before ends now.
        #[arg(long)]
        at_once: bool,
    },
    /// Remove a client with everything that it was given and that people allowed it.
    Remove {
        client: String,
        /// Yes, with everything.
        #[arg(long)]
        yes: bool,
    },
    /// Tokens with which clients register themselves.
    #[command(subcommand)]
    Token(Token),
}

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    List,
    /// Make a token. It is shown now and never again.
    Create {
        /// How many clients it registers.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
        uses: i64,
        /// How long it is good.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(i64).range(1..=8760))]
        hours: i64,
        /// Its clients may speak for themselves (`client_credentials`).
        #[arg(long)]
        client_credentials: bool,
    },
    /// Take a token back. What was registered with it stays.
    Revoke {
        token: String,
    },
}

/// Client metadata (OpenID Connect Registration §2). Options go before what the file says.
#[derive(Debug, Args)]
pub(super) struct MetadataOptions {
    /// A JSON file with metadata under the names of the standards; `-` reads it from standard input.
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    /// Name people see.
    #[arg(long)]
    name: Option<String>,
    /// Where people may be sent with a code. Repeat it for more.
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Where people may be sent after they signed out.
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Vec<String>,
    /// `authorization_code`, `refresh_token` or `client_credentials`. Without, a new client has the first two.
    #[arg(long)]
    grant: Vec<String>,
    /// What the client may ask for.
    #[arg(long)]
    scope: Vec<String>,
    /// `client_secret_basic`, `client_secret_post` or `none`.
    #[arg(long, value_name = "METHOD")]
    auth: Option<String>,
    /// Algorithm of its ID tokens and JWT access tokens: `ES256`, `EdDSA` or `RS256`. A new client has the first.
    #[arg(long)]
    algorithm: Option<String>,
    /// `opaque` or `jwt`.
    #[arg(long, value_name = "FORMAT")]
    access_tokens: Option<String>,
    /// `public`, or `pairwise`: its users have subjects of their own there.
    #[arg(long, value_name = "TYPE")]
    subject_type: Option<String>,
    /// `web` or `native`.
    #[arg(long, value_name = "TYPE")]
    application_type: Option<String>,
    /// `false` lets a confidential client send a nonce in place of PKCE.
    #[arg(long, value_name = "true|false")]
    require_pkce: Option<bool>,
    /// The client is yours: nobody is asked for consent.
    #[arg(long, value_name = "true|false")]
    first_party: Option<bool>,
    /// It may ask about tokens of other clients.
    #[arg(long, value_name = "true|false")]
    introspection: Option<bool>,
}

impl MetadataOptions {
    fn members(&self) -> Result<Map<String, Value>, String> {
        let mut members = self.file()?;
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        let list = |texts: &Vec<String>| (!texts.is_empty()).then(|| texts.clone().into());
        let text = |text: &Option<String>| text.clone().map(Value::from);
        put("client_name", text(&self.name));
        put("redirect_uris", list(&self.redirect_uri));
        put("post_logout_redirect_uris", list(&self.post_logout_redirect_uri));
        put("grant_types", list(&self.grant));
        put("scope", (!self.scope.is_empty()).then(|| self.scope.join(" ").into()));
        put("token_endpoint_auth_method", text(&self.auth));
        put("id_token_signed_response_alg", text(&self.algorithm));
        put("access_token_format", text(&self.access_tokens));
        put("subject_type", text(&self.subject_type));
        put("application_type", text(&self.application_type));
        put("require_pkce", self.require_pkce.map(Value::from));
        put("first_party", self.first_party.map(Value::from));
        put("introspection", self.introspection.map(Value::from));
        Ok(members)
    }

    fn file(&self) -> Result<Map<String, Value>, String> {
        let Some(path) = &self.metadata else { return Ok(Map::new()) };
        let read = if path.as_os_str() == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        } else {
            std::fs::read_to_string(path)
        };
        let text = read.map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: no JSON object: {error}", path.display()))
    }

    /// What a new client has as one of the configuration has it, where neither option nor file says otherwise.
    fn of_new(&self) -> Result<Map<String, Value>, String> {
        let mut members = self.members()?;
        if self.metadata.is_none() {
            let grants = || vec!["authorization_code".to_owned(), "refresh_token".to_owned()].into();
            members.entry("grant_types").or_insert_with(grants);
            members.entry("id_token_signed_response_alg").or_insert_with(|| "ES256".into());
        }
        Ok(members)
    }
}

pub(super) fn operation(command: &Client) -> Result<Operation, String> {
    Ok(match command {
        Client::List { after, limit } => Operation::ClientList { after: after.clone(), limit: *limit },
        Client::Show { client } => Operation::ClientShow { client: client.clone() },
        Client::Create { id, metadata } => Operation::ClientCreate { id: id.clone(), metadata: metadata.of_new()? },
        Client::Update { client, metadata } => {
            let metadata = metadata.members()?;
            if metadata.is_empty() {
                return Err("name what to change; `selfsame client update --help` shows what there is".to_owned());
            }
            Operation::ClientUpdate { client: client.clone(), metadata }
        }
        Client::RotateSecret { client, at_once } => {
            Operation::ClientRotateSecret { client: client.clone(), at_once: *at_once }
        }
        Client::Remove { client, yes } => {
            if !yes {
                return Err("everything the client was given ends with it; repeat with --yes".to_owned());
            }
            Operation::ClientRemove { client: client.clone() }
        }
        Client::Token(Token::List) => Operation::ClientTokenList {},
        Client::Token(Token::Create { uses, hours, client_credentials }) => {
            Operation::ClientTokenCreate { uses: *uses, hours: *hours, client_credentials: *client_credentials }
        }
        Client::Token(Token::Revoke { token }) => Operation::ClientTokenRevoke { token: token.clone() },
    })
}
