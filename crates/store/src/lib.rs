//! The one room that knows a database: facts are read in one snapshot, a plan is applied whole or not at all.
//!
//! Nobody outside ever holds a transaction. Callers read [`Facts`], decide, and hand in a [`Plan`] whose guards carry
//! the versions the decision rests on; a guard that no longer holds is a [`Conflict`] and nothing was written.
//! SQLite (one writer thread with group commit) and PostgreSQL (pipelined) run the same statements.
//!
//! [`Conflict`]: model::Conflict

mod admin;
mod applications;
mod audit;
mod changes;
mod clients;
mod codec;
mod doctor;
mod domains;
mod error;
mod facts;
mod housekeeping;
mod listen;
mod logouts;
mod memberships;
mod migrate;
mod postgres;
mod queue;
mod rows;
mod script;
mod sqlite;
mod statements;
mod tls;
mod value;

pub use applications::StoredKey;
pub use audit::{AuditChain, AuditFault, AuditFaultKind, AuditReport, AuditRow};
pub use clients::REMOVED_CLIENT_KEPT;
pub use doctor::{Cursor, DoctorPage, Part, Stored, StoredEvent, StoredLink, StoredSession};
pub use domains::KnownDomain;
pub use error::StoreError;
pub use housekeeping::{DEVICE_KEPT, DueMail, GRANT_KEPT, LOGOUT_KEPT, SENT_MAIL_KEPT, THROTTLE_KEPT};
pub use listen::{EVERYBODY, Heard, Listener, TRUST, Trust, changed_clients};
pub use logouts::{UntoldLogouts, tells_clients};
pub use memberships::Member;
pub use migrate::MigrationStatus;
pub use rows::{Cohort, FoundLink, LinkRecord, Page, SessionRow, UserFilter, UserSummary};
pub use statements::{Sql, all as statements};

use facts::{ClientScript, FactsScript, HandoverScript};
use model::{ClientFacts, ClientQuery, Facts, FactsQuery, Plan};
use script::{Script, Single};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use value::{Bound, Query, Row, Value};

/// A handle on the database. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    counts: Counts,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

#[derive(Default)]
struct Counts {
    reads: AtomicU64,
    writes: AtomicU64,
    background_reads: AtomicU64,
    background_writes: AtomicU64,
}

/// What the store has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Snapshots read for requests.
    pub reads: u64,
    /// Plans handed in by requests, conflicts included.
    pub writes: u64,
    /// Snapshots read by jobs.
    pub background_reads: u64,
    /// Plans handed in by jobs.
    pub background_writes: u64,
    /// Transactions committed. On SQLite several plans share one.
    pub commits: u64,
}

/// On whose account a read or write is counted.
#[derive(Clone, Copy)]
pub(crate) enum For {
    Request,
    Background,
}

impl Store {
    /// Opens a SQLite file that was migrated. A missing file is [`StoreError::NotMigrated`] and is not created.
    pub async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::NotMigrated { found: 0, known: migrate::known() });
        }
        Self::open(Engine::Sqlite(sqlite::Sqlite::open(path).await?)).checked().await
    }

    /// Opens or creates a SQLite file whatever its schema, so that [`Store::migrate_up`] can run on it.
    pub async fn open_sqlite_for_migration(path: &Path) -> Result<Self, StoreError> {
        Ok(Self::open(Engine::Sqlite(sqlite::Sqlite::open(path).await?)))
    }

    /// Connects to a PostgreSQL database that was migrated.
    ///
    /// `url` is a libpq URL or key–value string. `sslmode` is `disable`, `prefer` (the default), `require` (encrypted,
    /// the server not authenticated, as in libpq) or `verify-full` (certificate and name, against the system's roots).
    pub async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        Self::open(Engine::Postgres(postgres::Postgres::open(url)?)).checked().await
    }

    /// Connects whatever the schema, so that [`Store::migrate_up`] can run.
    pub async fn open_postgres_for_migration(url: &str) -> Result<Self, StoreError> {
        let store = Self::open(Engine::Postgres(postgres::Postgres::open(url)?));
        store.schema_version().await?;
        Ok(store)
    }

    fn open(engine: Engine) -> Self {
        Self { inner: Arc::new(Inner { engine, counts: Counts::default() }) }
    }

    async fn checked(self) -> Result<Self, StoreError> {
        let (found, known) = (self.schema_version().await?, migrate::known());
        match found.cmp(&known) {
            std::cmp::Ordering::Less => Err(StoreError::NotMigrated { found, known }),
            std::cmp::Ordering::Equal => Ok(self),
            std::cmp::Ordering::Greater => Err(StoreError::NewerSchema { found, known }),
        }
    }

    /// Everything `query` asks for and leads to, in one snapshot. Counted as one read.
    pub async fn facts(&self, query: &FactsQuery) -> Result<Facts, StoreError> {
        self.read(For::Request, FactsScript::new(query)).await
    }

    /// [`Store::facts`], and what applications know the user of the session by, in the same snapshot.
    pub async fn facts_for_handover(&self, query: &FactsQuery) -> Result<(Facts, Option<String>), StoreError> {
        self.read(For::Request, HandoverScript::new(query)).await
    }

    /// [`Store::facts`], and what a client and the user have to do with each other, in the same snapshot.
    pub async fn facts_for_client(
        &self,
        query: &FactsQuery,
        client: &ClientQuery,
    ) -> Result<(Facts, ClientFacts), StoreError> {
        self.read(For::Request, ClientScript::new(query, client)).await
    }

    /// [`Store::facts`] on a job's account.
    pub async fn facts_background(&self, query: &FactsQuery) -> Result<Facts, StoreError> {
        self.read(For::Background, FactsScript::new(query)).await
    }

    /// Commits the plan whole, or nothing of it. Counted as one write. `Ok` means durable.
    pub async fn apply(&self, plan: Plan) -> Result<(), StoreError> {
        self.write(For::Request, self.statements(&plan)?).await.map(drop)
    }

    /// [`Store::apply`] on a job's account.
    pub async fn apply_background(&self, plan: Plan) -> Result<(), StoreError> {
        self.write(For::Background, self.statements(&plan)?).await.map(drop)
    }

    /// The plan's statements and, where other replicas must hear of it, the notification in the same transaction.
    fn statements(&self, plan: &Plan) -> Result<Vec<Bound>, StoreError> {
        let mut statements = changes::statements(plan)?;
        if matches!(self.inner.engine, Engine::Postgres(_)) {
            statements.extend(listen::told(plan).into_iter().map(|text| Bound {
                sql: &statements::write::NOTIFY_REVOKED,
                values: vec![Value::Text(text)],
                expect: value::Expect::Any,
            }));
        }
        Ok(statements)
    }

    pub fn counters(&self) -> Counters {
        let counts = &self.inner.counts;
        Counters {
            reads: counts.reads.load(Relaxed),
            writes: counts.writes.load(Relaxed),
            background_reads: counts.background_reads.load(Relaxed),
            background_writes: counts.background_writes.load(Relaxed),
            commits: match &self.inner.engine {
                Engine::Sqlite(sqlite) => sqlite.commits(),
                Engine::Postgres(postgres) => postgres.commits(),
            },
        }
    }

    pub(crate) async fn read<S: Script>(&self, on: For, script: S) -> Result<S::Out, StoreError> {
        let counts = &self.inner.counts;
        match on {
            For::Request => counts.reads.fetch_add(1, Relaxed),
            For::Background => counts.background_reads.fetch_add(1, Relaxed),
        };
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.read(script).await,
            Engine::Postgres(postgres) => postgres.read(script).await,
        }
    }

    /// The rows of one statement.
    pub(crate) async fn rows(&self, on: For, sql: &'static Sql, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.read(on, Single::new(Query { sql, values })).await
    }

    /// Runs the statements in one transaction and gives the count of rows each touched.
    pub(crate) async fn write(&self, on: For, statements: Vec<Bound>) -> Result<Vec<u64>, StoreError> {
        let counts = &self.inner.counts;
        match on {
            For::Request => counts.writes.fetch_add(1, Relaxed),
            For::Background => counts.background_writes.fetch_add(1, Relaxed),
        };
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.write(statements).await,
            Engine::Postgres(postgres) => postgres.write(statements).await,
        }
    }
}
