//! The runner that empties the outbox: at least once, patient with a relay that is down.

use super::transport::{Mailer, Rendered, SendError};
use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use model::{Clock, HOUR, MINUTE, MailId, Micros, Random, SECOND};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify};

/// Mails read at a time, and sent at a time.
const BATCH: usize = 16;
const PARALLEL: usize = 4;
/// Nobody tells us about mail that another replica wrote or that waits for its next attempt: look.
const POLL: Duration = Duration::from_secs(5);
/// For so long a mail belongs to who is sending it: longer than a send can take.
const CLAIM: Micros = Micros(2 * MINUTE.0);
/// After so many attempts (about a day and a half) a mail is of no use any more.
pub const MAX_ATTEMPTS: i64 = 40;
/// A relay that refuses for good is asked again only so often, because some call a full disk permanent.
pub const MAX_PERMANENT_ATTEMPTS: i64 = 3;
/// The next attempt of a mail that was given up.
pub const NEVER: Micros = Micros(i64::MAX);

/// One mail that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMail {
    pub id: MailId,
    pub sealed: Vec<u8>,
    pub written_at: Micros,
    /// Made so far.
    pub attempts: i64,
}

/// The outbox could not be read or written; it is asked again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the outbox is unavailable: {0}")]
pub struct OutboxError(pub String);

/// The table of waiting mail, and the key that opens it.
#[async_trait]
pub trait OutboxPort: Send + Sync {
    /// Mail whose next attempt is not after `now`, oldest first.
    async fn due(&self, now: Micros, limit: usize) -> Result<Vec<DueMail>, OutboxError>;
    async fn sent(&self, id: MailId, at: Micros) -> Result<(), OutboxError>;
    /// Counts the attempt up to `attempts` and hides the mail until then. `false` when another sender was quicker.
    async fn claim(&self, id: MailId, attempts: i64, until: Micros) -> Result<bool, OutboxError>;
    /// Notes when to try again after `attempts` attempts; [`NEVER`] gives up.
    async fn failed(&self, id: MailId, attempts: i64, next_at: Micros) -> Result<(), OutboxError>;
    /// `None` when no key opens it.
    fn open(&self, mail: &DueMail) -> Option<Rendered>;
}

/// Another task runs this runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the outbox is already being emptied")]
pub struct AlreadyRunning;

/// Sends what is due. Make one per process.
pub struct Runner {
    mailer: Mailer,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    wake: Arc<Notify>,
    running: Mutex<()>,
}

impl Runner {
    /// `wake` is notified after each commit that wrote mail.
    pub fn new(mailer: Mailer, clock: Arc<dyn Clock>, random: Arc<dyn Random>, wake: Arc<Notify>) -> Self {
        Self { mailer, clock, random, wake, running: Mutex::new(()) }
    }

    /// Runs until dropped. Dropping it loses nothing: what was claimed is due again after the claim.
    pub async fn run(&self, port: impl OutboxPort) -> Result<(), AlreadyRunning> {
        let _running = self.running.try_lock().map_err(|_| AlreadyRunning)?;
        let mut down = false;
        loop {
            match self.empty(&port).await {
                Ok(()) => down = false,
                Err(error) => {
                    // Once per outage, at the boundary.
                    if !down {
                        tracing::warn!(%error, "mail waits");
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
    async fn empty(&self, port: &impl OutboxPort) -> Result<(), OutboxError> {
        loop {
            let due = port.due(self.clock.now(), BATCH).await?;
            if due.is_empty() {
                return Ok(());
            }
            let outcomes: Vec<_> =
                stream::iter(due).map(|mail| self.deliver(port, mail)).buffer_unordered(PARALLEL).collect().await;
            outcomes.into_iter().collect::<Result<(), _>>()?;
        }
    }

    /// Claims, sends, and notes the outcome. The attempt is counted before it is made, so that a mail that kills the
    /// process is not tried for ever.
    async fn deliver(&self, port: &impl OutboxPort, mail: DueMail) -> Result<(), OutboxError> {
        let attempts = mail.attempts + 1;
        if !port.claim(mail.id, attempts, self.clock.now() + CLAIM).await? {
            return Ok(());
        }
        let outcome = match port.open(&mail) {
            Some(rendered) => self.mailer.send(mail.id, mail.written_at, &rendered).await,
            None => Err(SendError { permanent: true, detail: "no key opens it".to_owned() }),
        };
        let now = self.clock.now();
        let Err(error) = outcome else {
            return port.sent(mail.id, now).await;
        };
        let given_up = attempts >= MAX_ATTEMPTS || (error.permanent && attempts >= MAX_PERMANENT_ATTEMPTS);
        let next_at = if given_up { NEVER } else { now + backoff(attempts, &*self.random) };
        tracing::warn!(mail = %mail.id, attempts, given_up, permanent = error.permanent, %error, "mail not sent");
        port.failed(mail.id, attempts, next_at).await
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
