//! Clients in memory: those of the configuration, and those that the store keeps, for as long as it is known that they are
//! as they were read.

use flows::Pace;
use flows::oauth::Client;
use model::{Micros, StoredClient};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use store::{Store, StoreError};

/// Clients are read in pages of so many when the server starts.
const PAGE: u32 = 500;
/// Reads for ids that nobody here has heard of, in a second and at once: a client that was registered a moment ago is found,
/// and somebody who makes up ids costs the database next to nothing (T111).
const UNKNOWN: (i64, i64) = (20, 50);

#[derive(Clone)]
struct Entry {
    /// `None` where another replica has said that there is something to read.
    client: Option<Arc<Client>>,
    /// Nothing was heard of it since it was read.
    fresh: bool,
    /// Gaps in hearing other replicas when it was read.
    gaps: u64,
}

struct Stored {
    entries: BTreeMap<String, Entry>,
    /// Counts what was heard, so that a read that was under way meanwhile is not taken for fresh.
    heard: u64,
}

/// What is known of clients.
pub struct ClientCache {
    /// Few, and looked through.
    declared: Vec<Arc<Client>>,
    stored: RwLock<Stored>,
    unknown: Pace,
}

/// What memory says of a client.
pub enum Remembered {
    As(Option<Arc<Client>>),
    /// Read it; the number goes with what was read to [`ClientCache::put`].
    Read(u64),
}

impl ClientCache {
    pub fn new(declared: Vec<Client>) -> Self {
        Self {
            declared: declared.into_iter().map(Arc::new).collect(),
            stored: RwLock::new(Stored { entries: BTreeMap::new(), heard: 0 }),
            unknown: Pace::new(UNKNOWN.0, UNKNOWN.1),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Stored> {
        self.stored.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Stored> {
        self.stored.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn declared(&self) -> &[Arc<Client>] {
        &self.declared
    }

    fn of_file(&self, id: &str) -> Option<&Arc<Client>> {
        self.declared.iter().find(|client| client.id == id)
    }

    /// However old.
    pub fn known(&self, id: &str) -> Option<Arc<Client>> {
        let declared = self.of_file(id).cloned();
        declared.or_else(|| self.read().entries.get(id).and_then(|entry| entry.client.clone()))
    }

    /// `gaps`: of hearing other replicas; `None` while they are not heard at all.
    pub fn get(&self, id: &str, gaps: Option<u64>, now: Micros) -> Remembered {
        if let Some(client) = self.of_file(id) {
            return Remembered::As(Some(client.clone()));
        }
        let stored = self.read();
        match stored.entries.get(id) {
            Some(entry) if entry.fresh && gaps == Some(entry.gaps) => Remembered::As(entry.client.clone()),
            Some(_) => Remembered::Read(stored.heard),
            None if self.unknown.admits(now) => Remembered::Read(stored.heard),
            None => Remembered::As(None),
        }
    }

    /// What was read. An id that is nobody's is not remembered, or memory would be whatever people make up.
    pub fn put(&self, id: &str, client: Option<Arc<Client>>, heard: u64, gaps: Option<u64>) {
        let mut stored = self.write();
        let fresh = gaps.is_some() && stored.heard == heard;
        match client {
            Some(_) => {
                let entry = Entry { client, fresh, gaps: gaps.unwrap_or_default() };
                stored.entries.insert(id.to_owned(), entry);
            }
            None if fresh => {
                stored.entries.remove(id);
            }
            None => {}
        }
    }

    /// Here or elsewhere it was registered, changed or removed.
    pub fn changed(&self, id: &str) {
        let mut stored = self.write();
        stored.heard += 1;
        let unread = Entry { client: None, fresh: false, gaps: 0 };
        stored.entries.entry(id.to_owned()).or_insert(unread).fresh = false;
    }

    /// Reads all that the store keeps, so that the first request finds them and pages know their names.
    pub async fn load(&self, store: &Store, gaps: Option<u64>) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let heard = self.read().heard;
            let page = store.clients(&after, PAGE).await?;
            let last = page.len() < PAGE as usize;
            for stored in page {
                if self.of_file(&stored.id).is_some() {
                    tracing::warn!(
                        client = stored.id,
                        "the configuration and the store have a client of this id: the first counts"
                    );
                }
                self.put(&stored.id, parsed(&stored), heard, gaps);
                after = stored.id;
            }
            if last {
                return Ok(());
            }
        }
    }
}

/// A stored client by the rules of today. One that does not keep them any more is none, until an operator has changed it.
pub fn parsed(stored: &StoredClient) -> Option<Arc<Client>> {
    match flows::client_of(stored) {
        Ok(client) => Some(Arc::new(client)),
        Err(faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            tracing::error!(client = stored.id, faults = faults.join("; "), "a stored client does not keep the rules");
            None
        }
    }
}
