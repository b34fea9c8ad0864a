//! The outbox as a queue.

use super::transport::{Mailer, Rendered};
use crate::runner::{AlreadyRunning, Queue, QueueError, SendError};
use async_trait::async_trait;
use model::{Clock, MailId, Micros, Random};
use std::sync::Arc;
use tokio::sync::Notify;

/// After so many attempts (about a day and a half) a mail is of no use any more.
pub const MAX_ATTEMPTS: i64 = 40;
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

/// The table of waiting mail, and the key that opens it.
#[async_trait]
pub trait OutboxPort: Send + Sync {
    /// Mail whose next attempt is not after `now`, oldest first.
    async fn due(&self, now: Micros, limit: usize) -> Result<Vec<DueMail>, QueueError>;
    async fn sent(&self, id: MailId, at: Micros) -> Result<(), QueueError>;
    /// Counts the attempt up to `attempts` and hides the mail until then. `false` when another sender was quicker.
    async fn claim(&self, id: MailId, attempts: i64, until: Micros) -> Result<bool, QueueError>;
    /// Notes when to try again after `attempts` attempts; [`NEVER`] gives up.
    async fn failed(&self, id: MailId, attempts: i64, next_at: Micros) -> Result<(), QueueError>;
    /// `None` when no key opens it.
    fn open(&self, mail: &DueMail) -> Option<Rendered>;
}

/// Sends the mail that is due. Make one per process.
pub struct Runner {
    mailer: Mailer,
    runner: crate::runner::Runner,
}

impl Runner {
    /// `wake` is notified after each commit that wrote mail.
    pub fn new(mailer: Mailer, clock: Arc<dyn Clock>, random: Arc<dyn Random>, wake: Arc<Notify>) -> Self {
        Self { mailer, runner: crate::runner::Runner::new(clock, random, wake) }
    }

    /// Runs until dropped.
    pub async fn run(&self, port: impl OutboxPort) -> Result<(), AlreadyRunning> {
        self.runner.run(&Outgoing { mailer: &self.mailer, port }).await
    }
}

struct Outgoing<'a, P> {
    mailer: &'a Mailer,
    port: P,
}

#[async_trait]
impl<P: OutboxPort> Queue for Outgoing<'_, P> {
    type Item = DueMail;

    const WHAT: &'static str = "mail";
    const MAX_ATTEMPTS: i64 = MAX_ATTEMPTS;
    const PARALLEL: usize = 4;

    fn name(&self, mail: &DueMail) -> String {
        mail.id.to_string()
    }

    fn attempts(&self, mail: &DueMail) -> i64 {
        mail.attempts
    }

    async fn due(&self, now: Micros, limit: usize) -> Result<Vec<DueMail>, QueueError> {
        self.port.due(now, limit).await
    }

    async fn claim(&self, mail: &DueMail, attempts: i64, until: Micros) -> Result<bool, QueueError> {
        self.port.claim(mail.id, attempts, until).await
    }

    async fn send(&self, mail: &DueMail) -> Result<(), SendError> {
        match self.port.open(mail) {
            Some(rendered) => self.mailer.send(mail.id, mail.written_at, &rendered).await,
            None => Err(SendError { permanent: true, detail: "no key opens it".to_owned() }),
        }
    }

    async fn sent(&self, mail: &DueMail, at: Micros) -> Result<(), QueueError> {
        self.port.sent(mail.id, at).await
    }

    async fn put_off(&self, mail: &DueMail, attempts: i64, next_at: Micros) -> Result<(), QueueError> {
        self.port.failed(mail.id, attempts, next_at).await
    }

    async fn give_up(&self, mail: &DueMail, attempts: i64, _: Micros) -> Result<(), QueueError> {
        self.port.failed(mail.id, attempts, NEVER).await
    }
}
