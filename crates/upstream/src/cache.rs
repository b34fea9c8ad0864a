//! A document of a provider, fetched once for everybody who waits, kept while it is good, and not asked for again
//! at once when the provider failed.

use model::{Clock, DAY, HOUR, MINUTE, Micros, SECOND};
use protocol::oidc::OidcError;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// How long a document is used without asking.
const FRESH: Micros = HOUR;
/// How long the last good one is used when asking fails.
const KEPT: Micros = DAY;
/// How long a failure is answered with itself.
const FAILED: Micros = SECOND.times(5);
/// At most one forced fetch in this time (T58).
const FORCED: Micros = MINUTE;

/// An error for the caller, and its cause for the log.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: OidcError,
    pub(crate) cause: Option<String>,
}

impl From<OidcError> for Failure {
    fn from(error: OidcError) -> Self {
        Self { error, cause: None }
    }
}

pub(crate) struct Cached<T> {
    entry: RwLock<Option<Entry<T>>>,
    /// Held while one caller fetches; the others wait for what it brings.
    fetching: Mutex<Fetching>,
    /// After which failures the last good document may still be used.
    keep_after: fn(OidcError) -> bool,
}

struct Entry<T> {
    value: Arc<T>,
    fetched_at: Micros,
}

#[derive(Default)]
struct Fetching {
    failed: Option<(Micros, OidcError)>,
    forced_at: Option<Micros>,
}

impl<T> Cached<T> {
    pub(crate) fn new(keep_after: fn(OidcError) -> bool) -> Self {
        Self { entry: RwLock::new(None), fetching: Mutex::new(Fetching::default()), keep_after }
    }

    /// The document without waiting, if it is fresh.
    pub(crate) fn fresh(&self, now: Micros) -> Option<Arc<T>> {
        self.younger_than(FRESH, now)
    }

    /// The last good document, fresh or not.
    pub(crate) fn last(&self, now: Micros) -> Option<Arc<T>> {
        self.younger_than(KEPT, now)
    }

    /// The document: from memory while fresh, else fetched by exactly one of the callers.
    pub(crate) async fn get(
        &self,
        clock: &dyn Clock,
        fetch: impl AsyncFnOnce() -> Result<T, Failure>,
    ) -> Result<Arc<T>, Failure> {
        if let Some(value) = self.fresh(clock.now()) {
            return Ok(value);
        }
        let mut fetching = match self.fetching.try_lock() {
            Ok(fetching) => fetching,
            // Somebody fetches already: an old document now is better than a queue behind a slow provider.
            Err(_) => match self.last(clock.now()) {
                Some(value) => return Ok(value),
                None => self.fetching.lock().await,
            },
        };
        let now = clock.now();
        if let Some(value) = self.fresh(now) {
            return Ok(value);
        }
        if let Some((at, error)) = fetching.failed
            && now - at < FAILED
        {
            return self.kept(error, now).ok_or_else(|| error.into());
        }
        match fetch().await {
            Ok(value) => Ok(self.store(&mut fetching, value, clock.now())),
            Err(failure) => {
                let now = clock.now();
                fetching.failed = Some((now, failure.error));
                let kept = self.kept(failure.error, now).ok_or(failure.clone())?;
                tracing::warn!(
                    code = failure.error.code(),
                    cause = failure.cause,
                    "a provider's document could not be renewed; the last good one is used"
                );
                Ok(kept)
            }
        }
    }

    /// Fetches although `seen` is fresh, because it did not do. `None` when that may not help or is not allowed yet.
    pub(crate) async fn newer_than(
        &self,
        seen: &Arc<T>,
        clock: &dyn Clock,
        fetch: impl AsyncFnOnce() -> Result<T, Failure>,
    ) -> Option<Arc<T>> {
        let mut fetching = self.fetching.lock().await;
        let now = clock.now();
        if let Some(current) = self.last(now)
            && !Arc::ptr_eq(&current, seen)
        {
            return Some(current);
        }
        if fetching.forced_at.is_some_and(|at| now - at < FORCED) {
            return None;
        }
        fetching.forced_at = Some(now);
        match fetch().await {
            Ok(value) => Some(self.store(&mut fetching, value, clock.now())),
            Err(failure) => {
                tracing::warn!(
                    code = failure.error.code(),
                    cause = failure.cause,
                    "a provider's document could not be fetched again; the last good one stays"
                );
                None
            }
        }
    }

    fn store(&self, fetching: &mut Fetching, value: T, now: Micros) -> Arc<T> {
        let value = Arc::new(value);
        fetching.failed = None;
        let entry = Entry { value: Arc::clone(&value), fetched_at: now };
        *self.entry.write().unwrap_or_else(PoisonError::into_inner) = Some(entry);
        value
    }

    fn kept(&self, error: OidcError, now: Micros) -> Option<Arc<T>> {
        if (self.keep_after)(error) { self.last(now) } else { None }
    }

    fn younger_than(&self, age: Micros, now: Micros) -> Option<Arc<T>> {
        let entry = self.entry.read().unwrap_or_else(PoisonError::into_inner);
        entry.as_ref().filter(|entry| now - entry.fetched_at < age).map(|entry| Arc::clone(&entry.value))
    }
}
