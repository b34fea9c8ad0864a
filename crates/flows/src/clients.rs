//! Clients: where they are looked up, and how they come and go while the server runs (OpenID Connect Registration 1.0, RFC
//! 7591, RFC 7592). What one may be is `protocol`'s, what its coming and going rests on is `linking`'s.

use crate::authorize::destination;
use crate::commit::hex;
use crate::journeys::Journeys;
use crate::{ApplyError, Unavailable};
use async_trait::async_trait;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use linking::{
    Context, Decision, Reason, decide_client_change, decide_client_creation, decide_client_removal,
    decide_registration_token, decide_token_revocation,
};
use model::{
    Actor, Facts, Micros, Random, RegisteredBy, RegistrationToken, RegistryFacts, RegistryQuery, Secret, StoredClient,
};
use protocol::oauth::{Client, Metadata, MetadataFault, Registrant, plain_name};
use serde_json::{Map, Value};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// Clients as they are known here: those of the configuration, which stay as they are, and those that the store keeps.
#[async_trait]
pub trait Clients: Send + Sync {
    /// Those of the configuration.
    fn declared(&self) -> &[Arc<Client>];
    /// From memory: for what is shown.
    fn known(&self, id: &str) -> Option<Arc<Client>>;
    /// As it stands. Nothing is read while memory can be trusted.
    async fn find(&self, id: &str) -> Result<Option<Arc<Client>>, Unavailable>;
    /// It is not as it is known here: read it again before it is found.
    fn doubt(&self, id: &str);
}

/// Why nothing was registered or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryFault {
    Metadata(Vec<MetadataFault>),
    Refused(Reason),
    /// The configuration has it, and there it is changed.
    Declared,
    /// The token is none of ours, or not for this client.
    Token,
    Unavailable,
}

impl From<Unavailable> for RegistryFault {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Vec<MetadataFault>> for RegistryFault {
    fn from(faults: Vec<MetadataFault>) -> Self {
        Self::Metadata(faults)
    }
}

/// A client after it was registered or changed. The secrets are shown now or never.
#[derive(Clone)]
pub struct Registered {
    pub client: StoredClient,
    pub metadata: Metadata,
    pub secret: Option<Secret<String>>,
    /// RFC 7592 §3.
    pub access_token: Option<Secret<String>>,
}

/// A registration token after it was made.
#[derive(Clone)]
pub struct NewToken {
    pub token: RegistrationToken,
    pub secret: Secret<String>,
}

fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    hash
}

/// 256 random bits as they are handed out, with what is kept of them.
fn secret(random: &dyn Random) -> (Secret<String>, [u8; 32]) {
    let text = URL_SAFE_NO_PAD.encode(random.bytes::<32>());
    let hash = sha256(&text);
    (Secret::new(text), hash)
}

/// The hash of something that [`secret`] may have made. Anything else is not looked up.
fn hash_of(text: &str) -> Option<[u8; 32]> {
    (text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok()).then(|| sha256(text))
}

/// Of a token, by which it is found and named.
fn token_id(hash: &[u8; 32]) -> String {
    hex(&hash[..8])
}

fn same(left: &[u8; 32], right: &[u8; 32]) -> bool {
    left.as_slice().ct_eq(right.as_slice()).into()
}

/// An id that no `sub` looks like and that nobody chose (RFC 9700 §4.15).
fn new_id(random: &dyn Random) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    format!("c-{}", random.bytes::<26>().iter().map(letter).collect::<String>())
}

fn parsed(stored: &StoredClient) -> Result<Metadata, Vec<MetadataFault>> {
    let members: Map<String, Value> = serde_json::from_str(&stored.metadata).unwrap_or_default();
    Metadata::read(&members, Registrant::Operator)
}

fn merged(stored: &StoredClient, changes: &Map<String, Value>) -> Map<String, Value> {
    let mut members: Map<String, Value> = serde_json::from_str(&stored.metadata).unwrap_or_default();
    members.extend(changes.clone());
    // Null is read as if it were not there.
    members
}

/// The client that the store keeps, by the rules of today.
pub fn client_of(stored: &StoredClient) -> Result<Client, Vec<MetadataFault>> {
    let client = parsed(stored)?.client(&stored.id, stored.secrets.clone(), Registrant::Operator)?;
    let unverified = stored.registered_by == RegisteredBy::Itself && !client.first_party;
    Ok(Client { version: Some(stored.version), unverified, ..client })
}

/// A name that may be shown, and where there is none the place that people are sent to.
fn shown_name(metadata: &mut Metadata) {
    let name = metadata.client_name.take().map(|name| plain_name(&name)).filter(|name| !name.is_empty());
    let place = || metadata.redirect_uris.first().map(|uri| plain_name(&destination(uri)));
    metadata.client_name = name.or_else(|| place().filter(|place| !place.is_empty()));
}

impl Journeys {
    /// Those of the configuration.
    pub fn clients(&self) -> &[Arc<Client>] {
        self.clients.declared()
    }

    /// As it is known here, for what is shown.
    pub fn client(&self, id: &str) -> Option<Arc<Client>> {
        self.clients.known(id)
    }

    /// As it stands.
    pub async fn find_client(&self, id: &str) -> Result<Option<Arc<Client>>, Unavailable> {
        self.clients.find(id).await
    }

    async fn registry_change<T>(
        &self,
        actor: &Actor,
        query: &RegistryQuery,
        decide: impl Fn(&Context<'_>, &RegistryFacts) -> Result<(Decision<bool>, T), RegistryFault>,
    ) -> Result<T, RegistryFault> {
        for _ in 0..3 {
            let known = self.store.registry(query).await?;
            let context =
                Context { now: self.now(), random: self.random(), policy: &self.policy, actor, flow: None, device: "" };
            let (decision, outcome) = decide(&context, &known)?;
            if !decision.outcome {
                return Err(RegistryFault::Refused(decision.reason));
            }
            if decision.plan.is_empty() {
                return Ok(outcome);
            }
            let sealed = self.sealed(decision.plan, &Facts::default(), None, "en");
            match self.store.apply(sealed.map_err(|_| RegistryFault::Unavailable)?).await {
                Ok(()) => return Ok(outcome),
                Err(ApplyError::Conflict(_)) => {}
                Err(ApplyError::Unavailable(_)) => return Err(RegistryFault::Unavailable),
            }
        }
        Err(RegistryFault::Unavailable)
    }

    fn undeclared(&self, id: &str) -> Result<(), RegistryFault> {
        let declared = self.clients.declared().iter().any(|client| client.id == id);
        if declared { Err(RegistryFault::Declared) } else { Ok(()) }
    }

    /// A client with its secrets, checked and not yet written.
    fn draft(&self, id: String, metadata: Metadata, registrant: Registrant) -> Result<Registered, RegistryFault> {
        let now = self.now();
        let (shown, kept) = metadata.wants_secret().then(|| secret(self.random())).unzip();
        let secrets: Vec<[u8; 32]> = kept.into_iter().collect();
        metadata.client(&id, secrets.clone(), registrant)?;
        let itself = matches!(registrant, Registrant::Itself { .. });
        let (access_token, access_hash) = itself.then(|| secret(self.random())).unzip();
        let client = StoredClient {
            id,
            version: 1,
            metadata: Value::Object(metadata.write()).to_string(),
            secrets,
            registered_by: if itself { RegisteredBy::Itself } else { RegisteredBy::Operator },
            access_token: access_hash,
            created_at: now,
            changed_at: now,
        };
        Ok(Registered { client, metadata, secret: shown, access_token })
    }

    /// An operator adds a client; without an id it gets a random one.
    pub async fn add_client(
        &self,
        actor: &Actor,
        id: Option<String>,
        metadata: &Map<String, Value>,
    ) -> Result<Registered, RegistryFault> {
        let metadata = Metadata::read(metadata, Registrant::Operator)?;
        let id = id.unwrap_or_else(|| new_id(self.random()));
        self.undeclared(&id)?;
        let new = self.draft(id, metadata, Registrant::Operator)?;
        let query = RegistryQuery { client: Some(new.client.id.clone()), token: None };
        self.registry_change(actor, &query, |context, known| {
            Ok((decide_client_creation(context, known, &new.client), new.clone()))
        })
        .await
    }

    /// A client registers itself (RFC 7591 §3.1). One read and one write; nothing that its metadata names is fetched.
    pub async fn register_client(
        &self,
        token: &str,
        metadata: &Map<String, Value>,
    ) -> Result<Registered, RegistryFault> {
        let hash = hash_of(token).ok_or(RegistryFault::Token)?;
        let id = new_id(self.random());
        let query = RegistryQuery { client: Some(id.clone()), token: Some(token_id(&hash)) };
        self.registry_change(&Actor::System, &query, |context, known| {
            let given = known.token.as_ref().filter(|given| same(&given.hash, &hash)).ok_or(RegistryFault::Token)?;
            let registrant = Registrant::Itself { client_credentials: given.client_credentials };
            let mut metadata = Metadata::read(metadata, registrant)?;
            shown_name(&mut metadata);
            let new = self.draft(id.clone(), metadata, registrant)?;
            Ok((decide_client_creation(context, known, &new.client), new))
        })
        .await
    }

    /// Other metadata: what is named is changed, what is null is taken away (RFC 7396), the rest stays. A client that is to
    /// have a secret and has none gets one.
    pub async fn change_client(
        &self,
        actor: &Actor,
        id: &str,
        changes: &Map<String, Value>,
    ) -> Result<Registered, RegistryFault> {
        self.undeclared(id)?;
        let query = RegistryQuery { client: Some(id.to_owned()), token: None };
        let fresh = secret(self.random());
        self.registry_change(actor, &query, |context, known| {
            let client = known.client.clone().ok_or(RegistryFault::Refused(Reason::ClientUnknown))?;
            let metadata = Metadata::read(&merged(&client, changes), Registrant::Operator)?;
            let (secrets, shown) = match (metadata.wants_secret(), client.secrets.is_empty()) {
                (false, _) => (Vec::new(), None),
                (true, false) => (client.secrets.clone(), None),
                (true, true) => (vec![fresh.1], Some(fresh.0.clone())),
            };
            metadata.client(id, secrets.clone(), Registrant::Operator)?;
            let text = Value::Object(metadata.write()).to_string();
            let decision = decide_client_change(context, known, &text, &secrets);
            let client = StoredClient { metadata: text, secrets, version: client.version + 1, ..client };
            Ok((decision, Registered { client, metadata, secret: shown, access_token: None }))
        })
        .await
    }

    /// A new secret. The one before is good beside it until the next change, unless it has to end at once.
    pub async fn rotate_client_secret(
        &self,
        actor: &Actor,
        id: &str,
        at_once: bool,
    ) -> Result<Registered, RegistryFault> {
        self.undeclared(id)?;
        let query = RegistryQuery { client: Some(id.to_owned()), token: None };
        let fresh = secret(self.random());
        self.registry_change(actor, &query, |context, known| {
            let client = known.client.clone().ok_or(RegistryFault::Refused(Reason::ClientUnknown))?;
            let metadata = parsed(&client)?;
            let mut secrets = vec![fresh.1];
            secrets.extend(client.secrets.first().filter(|_| !at_once));
            // A public client has none to rotate, and the rules say so.
            metadata.client(id, secrets.clone(), Registrant::Operator)?;
            let decision = decide_client_change(context, known, &client.metadata, &secrets);
            let client = StoredClient { secrets, version: client.version + 1, ..client };
            Ok((decision, Registered { client, metadata, secret: Some(fresh.0.clone()), access_token: None }))
        })
        .await
    }

    /// The client goes with all that it was given and allowed.
    pub async fn remove_client(&self, actor: &Actor, id: &str) -> Result<(), RegistryFault> {
        self.undeclared(id)?;
        let query = RegistryQuery { client: Some(id.to_owned()), token: None };
        self.registry_change(actor, &query, |context, known| Ok((decide_client_removal(context, known), ()))).await
    }

    /// What a client that registered itself may still know of its registration (RFC 7592 §2.1). One read.
    pub async fn registration(&self, id: &str, token: &str) -> Result<Registered, RegistryFault> {
        let known = self.store.registry(&RegistryQuery { client: Some(id.to_owned()), token: None }).await?;
        let client = Self::own(&known, token)?;
        let metadata = parsed(&client)?;
        Ok(Registered { client, metadata, secret: None, access_token: None })
    }

    /// The client takes its registration back (RFC 7592 §2.3).
    pub async fn unregister_client(&self, id: &str, token: &str) -> Result<(), RegistryFault> {
        let query = RegistryQuery { client: Some(id.to_owned()), token: None };
        self.registry_change(&Actor::System, &query, |context, known| {
            Self::own(known, token)?;
            Ok((decide_client_removal(context, known), ()))
        })
        .await
    }

    /// The client whose registration access token this is. That there is none is told in no other way (RFC 7592 §2.1).
    fn own(known: &RegistryFacts, token: &str) -> Result<StoredClient, RegistryFault> {
        let hash = hash_of(token).ok_or(RegistryFault::Token)?;
        let own = known.client.as_ref().filter(|client| client.access_token.is_some_and(|kept| same(&kept, &hash)));
        own.cloned().ok_or(RegistryFault::Token)
    }

    /// An operator lets clients register themselves, so often and for so long.
    pub async fn make_registration_token(
        &self,
        actor: &Actor,
        uses: i64,
        lifetime: Micros,
        client_credentials: bool,
    ) -> Result<NewToken, RegistryFault> {
        let (shown, hash) = secret(self.random());
        let created_by = match actor {
            Actor::Operator { name } => name.clone(),
            Actor::User { .. } | Actor::System => String::new(),
        };
        let token = RegistrationToken {
            id: token_id(&hash),
            hash,
            uses_left: uses,
            client_credentials,
            created_by,
            created_at: self.now(),
            expires_at: self.now() + lifetime,
        };
        let new = NewToken { token, secret: shown };
        self.registry_change(actor, &RegistryQuery::default(), |context, known| {
            Ok((decide_registration_token(context, known, &new.token), new.clone()))
        })
        .await
    }

    /// What was registered with it stays.
    pub async fn revoke_registration_token(&self, actor: &Actor, id: &str) -> Result<(), RegistryFault> {
        let query = RegistryQuery { client: None, token: Some(id.to_owned()) };
        self.registry_change(actor, &query, |context, known| Ok((decide_token_revocation(context, known), ()))).await
    }
}
