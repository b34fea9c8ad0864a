//! Our signing keys: kept sealed in the store, shared by all replicas, made when they are first needed.
//!
//! A new key is known to everybody for as long as key sets are cached before it signs, and stays known until nothing it
//! signed counts any more. The first of each algorithm signs at once: nobody has a key set without it.

use async_trait::async_trait;
use downstream::KeySets;
use flows::oauth::{PublicKeys, SigningAlgorithm, SigningKey};
use flows::{KeyRing, Signer, Unavailable};
use model::{Clock, DAY, HOUR, MINUTE, Micros, Random, SECOND};
use serde_json::{Map, Value, json};
use std::sync::{Arc, RwLock};
use store::{Store, StoredKey};

/// Longer than any cache of the key set: its `max-age`, and the time between two looks of a replica.
const KNOWN_BEFORE: Micros = MINUTE.times(15);
/// How long what a key signed may count.
const KNOWN_AFTER: Micros = HOUR.times(2);
/// How often a replica looks for keys of others.
const LOOK_EVERY: Micros = MINUTE.times(5);
/// And how soon again for a token that no known key signed.
const LOOK_AGAIN_AFTER: Micros = SECOND.times(5);

/// A key and its place in the store.
struct Known {
    key: SigningKey,
    number: i64,
    signs_from: Micros,
}

#[derive(Default)]
struct Held {
    keys: Vec<Arc<Known>>,
    jwks: Option<Arc<str>>,
    looked_at: Option<Micros>,
}

/// The keys of this installation.
pub struct Keys {
    store: Store,
    ring: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    held: RwLock<Held>,
    /// One maker of keys at a time.
    making: tokio::sync::Mutex<()>,
}

/// A key as `keys list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct KeySummary {
    pub kid: String,
    pub algorithm: &'static str,
    pub signs_from: Micros,
    pub state: &'static str,
}

fn context(algorithm: &str, number: i64) -> Vec<u8> {
    format!("signing_keys.sealed.{algorithm}.{number}").into_bytes()
}

impl Keys {
    pub fn new(store: Store, ring: Arc<KeyRing>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { store, ring, clock, random, held: RwLock::default(), making: tokio::sync::Mutex::default() }
    }

    fn held(&self) -> std::sync::RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The key that signs with this algorithm now: of those whose time has come the newest.
    fn signing(&self, algorithm: SigningAlgorithm) -> Option<Arc<Known>> {
        let now = self.clock.now();
        let held = self.held();
        let ready = held.keys.iter().filter(|known| known.key.algorithm == algorithm && known.signs_from <= now);
        ready.max_by_key(|known| known.number).cloned()
    }

    fn looked_within(&self, time: Micros) -> bool {
        let now = self.clock.now();
        self.held().looked_at.is_some_and(|at| at + time > now)
    }

    fn opened(&self, typ: &str, token: &str) -> Option<Map<String, Value>> {
        let held = self.held();
        let keys: Vec<&SigningKey> = held.keys.iter().map(|known| &known.key).collect();
        PublicKeys(&keys).open(typ, token)
    }

    /// Reads all keys. Those that are retired for good are forgotten here, and by the sweeper in the store.
    async fn look(&self) -> Result<(), Unavailable> {
        let stored = self.store.signing_keys().await.map_err(|error| failed(&error))?;
        let mut keys = Vec::new();
        for row in &stored {
            match self.open(row) {
                Some(known) => keys.push(Arc::new(known)),
                None => {
                    tracing::error!(algorithm = row.algorithm, number = row.number, "a signing key cannot be opened");
                }
            }
        }
        let now = self.clock.now();
        keys.retain(|known| retired_at(&stored, known).is_none_or(|at| at > now));
        let public: Vec<&Value> = keys.iter().map(|known| known.key.jwk()).collect();
        let jwks = json!({ "keys": public }).to_string().into();
        let mut held = self.held.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *held = Held { keys, jwks: Some(jwks), looked_at: Some(now) };
        Ok(())
    }

    fn open(&self, row: &StoredKey) -> Option<Known> {
        let algorithm = SigningAlgorithm::from_name(&row.algorithm)?;
        let plain = self.ring.open("signing-key", &context(&row.algorithm, row.number), &row.sealed).ok()?;
        let key = SigningKey::from_pkcs8(algorithm, &plain).ok()?;
        Some(Known { key, number: row.number, signs_from: row.signs_from })
    }

    /// Makes a key and keeps it. Of two replicas the first one's stays.
    async fn make(&self, algorithm: SigningAlgorithm, signs_from: Micros) -> Result<(), Unavailable> {
        // After all that are stored, also those that no root key opens any more.
        let stored = self.store.signing_keys().await.map_err(|error| failed(&error))?;
        let of_algorithm = stored.iter().filter(|row| row.algorithm == algorithm.name());
        let number = of_algorithm.map(|row| row.number).max().unwrap_or(0) + 1;
        let pkcs8 = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm)).await;
        let pkcs8 = pkcs8.ok().and_then(Result::ok).ok_or(Unavailable)?;
        let name = algorithm.name();
        let sealed = self
            .ring
            .seal("signing-key", &context(name, number), pkcs8.expose(), &*self.random)
            .map_err(|_| Unavailable)?;
        let row = StoredKey { algorithm: name.to_owned(), number, sealed, signs_from };
        self.store.add_signing_key(&row).await.map(drop).map_err(|error| failed(&error))
    }

    /// Sees to it that each of these algorithms has a key.
    async fn ensure(&self, algorithms: &[SigningAlgorithm]) -> Result<(), Unavailable> {
        let missing = |keys: &Self| {
            let held = keys.held();
            let has = |wanted: &SigningAlgorithm| held.keys.iter().any(|known| known.key.algorithm == *wanted);
            algorithms.iter().copied().filter(|wanted| !has(wanted)).collect::<Vec<_>>()
        };
        if self.looked_within(LOOK_EVERY) && missing(self).is_empty() {
            return Ok(());
        }
        let _one = self.making.lock().await;
        // Another replica may have made them since.
        self.look().await?;
        let wanted = missing(self);
        if wanted.is_empty() {
            return Ok(());
        }
        for algorithm in wanted {
            self.make(algorithm, self.clock.now()).await?;
        }
        self.look().await?;
        if missing(self).is_empty() { Ok(()) } else { Err(Unavailable) }
    }

    /// A new key for each algorithm: known now, signing when everybody knows it.
    pub async fn rotate(&self) -> Result<Vec<KeySummary>, Unavailable> {
        self.ensure(&SigningAlgorithm::ALL).await?;
        let _one = self.making.lock().await;
        self.look().await?;
        for algorithm in SigningAlgorithm::ALL {
            self.make(algorithm, self.clock.now() + KNOWN_BEFORE).await?;
        }
        self.look().await?;
        Ok(self.summaries())
    }

    pub async fn list(&self) -> Result<Vec<KeySummary>, Unavailable> {
        self.look().await?;
        Ok(self.summaries())
    }

    fn summaries(&self) -> Vec<KeySummary> {
        let now = self.clock.now();
        let signing = SigningAlgorithm::ALL.map(|algorithm| self.signing(algorithm).map(|known| known.key.kid.clone()));
        let state = |known: &Known| {
            if signing.iter().flatten().any(|kid| *kid == known.key.kid) {
                "signs"
            } else if known.signs_from > now {
                "next"
            } else {
                "verifies"
            }
        };
        let summary = |known: &Arc<Known>| KeySummary {
            kid: known.key.kid.clone(),
            algorithm: known.key.algorithm.name(),
            signs_from: known.signs_from,
            state: state(known),
        };
        self.held().keys.iter().map(summary).collect()
    }

    /// Deletes keys that nothing rests on any more.
    pub async fn sweep(&self) -> Result<(), Unavailable> {
        let stored = self.store.signing_keys().await.map_err(|error| failed(&error))?;
        let now = self.clock.now();
        for row in &stored {
            let after = stored.iter().filter(|other| other.algorithm == row.algorithm && other.number > row.number);
            if after.map(|other| other.signs_from).min().is_some_and(|from| from + KNOWN_AFTER + DAY <= now) {
                self.store.drop_signing_key(&row.algorithm, row.number).await.map_err(|error| failed(&error))?;
            }
        }
        Ok(())
    }
}

/// When nothing that the key signed counts any more: some time after the next one signs.
fn retired_at(stored: &[StoredKey], known: &Known) -> Option<Micros> {
    let name = known.key.algorithm.name();
    let next = stored.iter().filter(|row| row.algorithm == name && row.number > known.number);
    next.map(|row| row.signs_from + KNOWN_AFTER).min()
}

fn failed(error: &store::StoreError) -> Unavailable {
    tracing::error!(%error, "signing keys could not be read or kept");
    Unavailable
}

#[async_trait]
impl Signer for Keys {
    async fn sign(
        &self,
        algorithm: SigningAlgorithm,
        typ: &str,
        claims: &Map<String, Value>,
    ) -> Result<String, Unavailable> {
        self.ensure(&[algorithm]).await?;
        let known = self.signing(algorithm).ok_or(Unavailable)?;
        known.key.jwt(typ, claims).map_err(|_| Unavailable)
    }

    async fn ready(&self, algorithm: SigningAlgorithm) -> Result<(), Unavailable> {
        self.ensure(&[algorithm]).await
    }

    async fn open(&self, typ: &str, token: &str) -> Result<Option<Map<String, Value>>, Unavailable> {
        self.ensure(&[]).await?;
        if let Some(claims) = self.opened(typ, token) {
            return Ok(Some(claims));
        }
        // Another replica may have signed it with a key made since; nonsense makes nobody look more often than this.
        if self.looked_within(LOOK_AGAIN_AFTER) {
            return Ok(None);
        }
        let _one = self.making.lock().await;
        if !self.looked_within(LOOK_AGAIN_AFTER) {
            self.look().await?;
        }
        Ok(self.opened(typ, token))
    }
}

#[async_trait]
impl KeySets for Keys {
    async fn jwks(&self) -> Result<Arc<str>, Unavailable> {
        self.ensure(&SigningAlgorithm::ALL).await?;
        self.held().jwks.clone().ok_or(Unavailable)
    }
}
