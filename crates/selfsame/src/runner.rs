//! The runner that empties a queue of things to be sent: at least once, patient with a receiver that is down.

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use model::{Clock, HOUR, MINUTE, Micros, Random, SECOND};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify};

/// Read at a time.
const BATCH: usize = 16;
/// Nobody tells us about what another replica wrote or what waits for its next attempt: look.
const POLL: Duration = Duration::from_secs(5);
/// For so long a thing belongs to who is sending it: longer than a send can take.
const CLAIM: Micros = Micros(2 * MINUTE.0);
/// A receiver that refuses for good is asked again only so often, because some call a full disk permanent.
pub const MAX_PERMANENT_ATTEMPTS: i64 = 3;

/// The queue could not be read or written; it is asked again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the queue is unavailable: {0}")]
pub struct QueueError(pub String);

/// Why something did not go out. Holds no address and no content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct SendError {
    /// The receiver said that trying again is useless, or it cannot be written.
    pub permanent: bool,
    pub detail: String,
}

/// Another task runs this runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue is already being emptied")]
pub struct AlreadyRunning;

/// What waits, where it is kept and how it is sent.
#[async_trait]
pub trait Queue: Send + Sync {
    type Item: Send + Sync;

    /// For the log.
    const WHAT: &'static str;
    /// After so many it is of no use any more.
    const MAX_ATTEMPTS: i64;
    /// Sent at a time.
    const PARALLEL: usize;

    /// Names an item in the log, without anything secret.
    fn name(&self, item: &Self::Item) -> String;
    /// Attempts made so far.
    fn attempts(&self, item: &Self::Item) -> i64;
    /// What has its next attempt not after `now`, the longest due first.
    async fn due(&self, now: Micros, limit: usize) -> Result<Vec<Self::Item>, QueueError>;
    /// Counts the attempt up to `attempts` and hides the item until then. `false` when another sender was quicker.
    async fn claim(&self, item: &Self::Item, attempts: i64, until: Micros) -> Result<bool, QueueError>;
    async fn send(&self, item: &Self::Item) -> Result<(), SendError>;
    async fn sent(&self, item: &Self::Item, at: Micros) -> Result<(), QueueError>;
    async fn put_off(&self, item: &Self::Item, attempts: i64, next_at: Micros) -> Result<(), QueueError>;
    async fn give_up(&self, item: &Self::Item, attempts: i64, at: Micros) -> Result<(), QueueError>;
}

/// Sends what is due. Make one per process and queue.
pub struct Runner {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    wake: Arc<Notify>,
    running: Mutex<()>,
}

impl Runner {
    /// `wake` is notified after each commit that wrote to the queue.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>, wake: Arc<Notify>) -> Self {
        Self { clock, random, wake, running: Mutex::new(()) }
    }

    /// Runs until dropped. Dropping it loses nothing: what was claimed is due again after the claim.
    pub async fn run<Q: Queue>(&self, queue: &Q) -> Result<(), AlreadyRunning> {
        let _running = self.running.try_lock().map_err(|_| AlreadyRunning)?;
        let mut down = false;
        loop {
            match self.empty(queue).await {
                Ok(()) => down = false,
                Err(error) => {
                    // Once per outage, at the boundary.
                    if !down {
                        tracing::warn!(%error, "{} waits", Q::WHAT);
                    }
                    down = true;
                }
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Sends everything that is due now.
    async fn empty<Q: Queue>(&self, queue: &Q) -> Result<(), QueueError> {
        loop {
            let due = queue.due(self.clock.now(), BATCH).await?;
            if due.is_empty() {
                return Ok(());
            }
            let outcomes: Vec<_> =
                stream::iter(due).map(|item| self.deliver(queue, item)).buffer_unordered(Q::PARALLEL).collect().await;
            outcomes.into_iter().collect::<Result<(), _>>()?;
        }
    }

    /// Claims, sends, and notes the outcome. The attempt is counted before it is made, so that what kills the process is
    /// not tried for ever.
    async fn deliver<Q: Queue>(&self, queue: &Q, item: Q::Item) -> Result<(), QueueError> {
        let attempts = queue.attempts(&item) + 1;
        if !queue.claim(&item, attempts, self.clock.now() + CLAIM).await? {
            return Ok(());
        }
        let outcome = queue.send(&item).await;
        let now = self.clock.now();
        let Err(error) = outcome else {
            return queue.sent(&item, now).await;
        };
        let given_up = attempts >= Q::MAX_ATTEMPTS || (error.permanent && attempts >= MAX_PERMANENT_ATTEMPTS);
        let (what, item_name, permanent) = (Q::WHAT, queue.name(&item), error.permanent);
        tracing::warn!(what, item = item_name, attempts, given_up, permanent, %error, "not sent");
        if given_up {
            queue.give_up(&item, attempts, now).await
        } else {
            queue.put_off(&item, attempts, now + backoff(attempts, &*self.random)).await
        }
    }
}

/// Time to the next attempt: 5 s, doubled with each attempt to one hour, and up to a quarter more by chance, so that what
/// failed together does not come back together.
pub fn backoff(attempts: i64, random: &dyn Random) -> Micros {
    let doublings = attempts.clamp(1, 20) - 1;
    let base = ((5 * SECOND.0) << doublings).min(HOUR.0);
    let share = i64::from(u16::from_be_bytes(random.bytes::<2>()));
    Micros(base + base / 4 * share / i64::from(u16::MAX))
}
