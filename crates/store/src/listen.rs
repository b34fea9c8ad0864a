//! Revocations across replicas, on PostgreSQL: every plan that ends or changes sessions notifies in its own
//! transaction, and every replica listens on a connection of its own.
//!
//! Notifications arrive in the order of their commits. So a replica that hears its own heartbeat has heard every
//! revocation that committed before it was sent, and may trust its cache as of that moment; one whose heartbeat is late
//! stops trusting it. The bound on a revocation seen elsewhere is [`TRUST`].

use crate::tls;
use crate::{Engine, Store, StoreError};
use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use model::{Change, Plan, UserId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;

const CHANNEL: &str = "selfsame_revoked";
const BEAT: Duration = Duration::from_millis(80);
/// How old the newest heard heartbeat may be.
pub const TRUST: Duration = Duration::from_millis(250);
const RECONNECT: Duration = Duration::from_millis(500);

/// Stands for all users where a plan ends sessions of nobody knows how many.
pub const EVERYBODY: UserId = UserId::from_bytes([0; 16]);

/// What a replica hears of another's commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Something of this user's was revoked, or of [`EVERYBODY`].
    User(UserId),
    /// This client was registered, changed or removed.
    Client(String),
}

/// Before the id of a client. A replica of an earlier version reads no user in it and passes it over.
const CLIENT: &str = "client:";

impl Heard {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix(CLIENT) {
            Some(client) => Some(Self::Client(client.to_owned())),
            None => text.parse().ok().map(Self::User),
        }
    }
}

/// What other replicas are told of a plan, in the plan's own transaction.
pub(crate) fn told(plan: &Plan) -> Vec<String> {
    let clients = changed_clients(plan).into_iter().map(|client| format!("{CLIENT}{client}"));
    revoked_users(plan).iter().map(ToString::to_string).chain(clients).collect()
}

/// Clients that a plan registers, changes or removes.
pub fn changed_clients(plan: &Plan) -> Vec<&str> {
    let changed = plan.changes.iter().filter_map(|change| match change {
        Change::AddClient(client) => Some(client.id.as_str()),
        Change::ChangeClient { client, .. } | Change::RemoveClient { client, .. } => Some(client.as_str()),
        _ => None,
    });
    changed.collect()
}

/// Users whose sessions a plan ends or changes.
pub(crate) fn revoked_users(plan: &Plan) -> Vec<UserId> {
    let ends = plan.changes.iter().any(|change| {
        change.ends_sessions() || matches!(change, Change::RaiseUser { .. } | Change::SetUserStatus { .. })
    });
    let mut users: Vec<UserId> = plan
        .changes
        .iter()
        .filter(|_| ends)
        .filter_map(|change| match change {
            Change::EndSessionById { user, .. }
            | Change::EndSessionsOfLink { user, .. }
            | Change::EndSessionsOfPasskey { user, .. }
            | Change::EndSessionsOfUser { user }
            | Change::RaiseUser { user, .. }
            | Change::SetUserStatus { user, .. }
            | Change::EraseUser { user, .. } => Some(*user),
            Change::EndSessionsOfConnection { .. } => Some(EVERYBODY),
            // A session is ended by its hash beside an event of whose it was.
            Change::Audit(event) => event.subject,
            _ => None,
        })
        .collect();
    users.sort_unstable();
    users.dedup();
    users
}

/// Whether revocations of other replicas are being heard.
#[derive(Debug)]
pub struct Trust {
    start: Instant,
    /// Milliseconds after `start` when the newest heard heartbeat was sent, plus one; zero for none.
    beat: AtomicU64,
    /// Counts the gaps in which revocations may have been missed.
    gaps: AtomicU64,
}

impl Trust {
    /// What was read before a gap is not to be trusted after it: entries carry the count they were read under.
    pub fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Acquire)
    }

    /// The cache may be trusted now.
    pub fn holds(&self) -> bool {
        let beat = self.beat.load(Ordering::Acquire);
        beat > 0 && self.start.elapsed() < Duration::from_millis(beat - 1) + TRUST
    }

    fn heard(&self, sent: u64) {
        self.beat.fetch_max(sent + 1, Ordering::AcqRel);
    }

    fn lost(&self) {
        self.beat.store(0, Ordering::Release);
        self.gaps.fetch_add(1, Ordering::AcqRel);
    }
}

/// Listens until dropped.
pub struct Listener {
    pub trust: Arc<Trust>,
    task: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Store {
    /// Calls `heard` for every user that any replica revokes something of, and every client it changes. `None` on SQLite, where there is one
    /// process. `url` is what the store was opened with; it must lead to the server itself, not to a pooler.
    pub fn listen(
        &self,
        url: &str,
        hear: impl Fn(Heard) + Send + Sync + 'static,
    ) -> Result<Option<Listener>, StoreError> {
        if !matches!(self.inner.engine, Engine::Postgres(_)) {
            return Ok(None);
        }
        let trust = Arc::new(Trust { start: Instant::now(), beat: AtomicU64::new(0), gaps: AtomicU64::new(0) });
        let parsed = tls::parse(url)?;
        let heard = trust.clone();
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = listen_once(&parsed, &heard, &hear).await {
                    tracing::warn!(%error, "revocations of other replicas are not heard; session checks are read");
                }
                heard.lost();
                tokio::time::sleep(RECONNECT).await;
            }
        });
        Ok(Some(Listener { trust, task }))
    }
}

type Parsed = (tokio_postgres::Config, MakeRustlsConnect);

/// One connection's life.
async fn listen_once(
    (config, tls): &Parsed,
    trust: &Trust,
    hear: &(impl Fn(Heard) + Send + Sync),
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = config.connect(tls.clone()).await?;
    let (hand_on, mut notifications) = mpsc::channel::<Notification>(1024);
    let driver = tokio::spawn(async move {
        let mut messages = poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message
                && hand_on.send(notification).await.is_err()
            {
                break;
            }
        }
    });
    // Ends the driver with us, however we leave.
    let _driver = AbortOnDrop(driver);
    let pid = client.query_one("SELECT pg_backend_pid()", &[]).await?.get::<_, i32>(0);
    let own = format!("selfsame_beat_{pid}");
    client.batch_execute(&format!("LISTEN {CHANNEL}; LISTEN {own}")).await?;
    let mut ticks = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let sent = trust.start.elapsed().as_millis() as u64;
                client.batch_execute(&format!("NOTIFY {own}, '{sent}'")).await?;
            }
            notification = notifications.recv() => {
                let Some(notification) = notification else { return Ok(()) };
                if notification.channel() == own {
                    if let Ok(sent) = notification.payload().parse() {
                        trust.heard(sent);
                    }
                } else if let Some(heard) = Heard::parse(notification.payload()) {
                    hear(heard);
                }
            }
        }
    }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
