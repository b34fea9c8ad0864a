//! PostgreSQL: a pool of connections, prepared statements, everything of one step in one flight.
//!
//! A connection goes back to the pool only when its transaction is known to be over; whoever leaves early, by an error
//! or because the caller went away, closes it instead.

use crate::StoreError;
use crate::migrate;
use crate::script::{Rows, Script, Step};
use crate::value::{Bound, Query, Row, Value};
use crate::{Sql, tls};
use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
    TimeoutType,
};
use futures_util::future::{BoxFuture, MaybeDone, maybe_done};
use model::Conflict;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio_postgres::error::{Error, SqlState};
use tokio_postgres::{SimpleQueryMessage, Statement};

const CONNECTIONS: usize = 8;
const ACQUIRE: Duration = Duration::from_secs(2);
/// Longer than the server's own limits below: only a dead network reaches it.
const CONVERSATION: Duration = Duration::from_secs(15);

/// Limits are set per transaction, so that they hold behind a pooler and leave nothing on its connections.
const BEGIN_PLAN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
    SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '10s'";
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '10s'";

pub(crate) struct Postgres {
    pool: Pool,
    commits: AtomicU64,
}

/// A connection that is closed when dropped, unless it is given back.
struct Lease(Option<Object>);

impl Lease {
    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

impl Deref for Lease {
    type Target = Object;

    fn deref(&self) -> &Object {
        // Taken only by `give_back` and `drop`, which end the lease.
        self.0.as_ref().expect("a lease holds its connection until it ends")
    }
}

impl Postgres {
    /// Connects lazily: the first read or write finds out whether the database is there.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let (mut config, tls) = tls::parse(url)?;
        if config.get_application_name().is_none() {
            config.application_name("selfsame");
        }
        config.connect_timeout(ACQUIRE);
        config.keepalives_idle(Duration::from_secs(30));
        let manager = Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .wait_timeout(Some(ACQUIRE))
            .create_timeout(Some(ACQUIRE))
            .recycle_timeout(Some(ACQUIRE))
            .runtime(Runtime::Tokio1)
            // Of every connection: the setting may change while we run.
            .post_create(Hook::async_fn(|client, _| Box::pin(check_durable(client))))
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { pool, commits: AtomicU64::new(0) })
    }

    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    async fn lease(&self) -> Result<Lease, StoreError> {
        match self.pool.get().await {
            Ok(object) => Ok(Lease(Some(object))),
            Err(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error))) => {
                Err(failure(&error))
            }
            Err(PoolError::PostCreateHook(HookError::Message(_))) => Err(StoreError::NotDurable),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(unavailable("all connections are busy")),
            Err(PoolError::Timeout(_)) => Err(unavailable("it does not answer")),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    pub async fn read<S: Script>(&self, mut script: S) -> Result<S::Out, StoreError> {
        let lease = self.lease().await?;
        let conversation = async {
            let out = converse(&lease, &mut script).await;
            (lease, out)
        };
        let (lease, out) = in_time(conversation).await?;
        let out = out?;
        lease.give_back();
        Ok(out)
    }

    pub async fn write(&self, statements: Vec<Bound>) -> Result<Vec<u64>, StoreError> {
        let lease = self.lease().await?;
        let conversation = async {
            let outcome = commit(&lease, &statements).await;
            (lease, outcome)
        };
        let (lease, outcome) = in_time(conversation).await?;
        match &outcome {
            Ok(_) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                lease.give_back();
            }
            // Rolled back and answered: the connection is as good as before.
            Err(StoreError::Conflict(_)) => lease.give_back(),
            Err(_) => {}
        }
        outcome
    }

    pub async fn schema_version(&self) -> Result<i64, StoreError> {
        let lease = self.lease().await?;
        let version = match lease.query_opt(migrate::READ_VERSION, &[]).await {
            Ok(row) => row.map_or(Ok(0), |row| row.try_get(0)).map_err(|error| failure(&error))?,
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => 0,
            Err(error) => return Err(failure(&error)),
        };
        lease.give_back();
        Ok(version)
    }

    /// The version's row is the lock: it is made first, in a transaction of its own.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        let lease = self.lease().await?;
        self.create_meta(&lease).await?;
        let mut applied = Vec::new();
        loop {
            execute(&lease, "BEGIN ISOLATION LEVEL READ COMMITTED").await?;
            let lock = format!("{} FOR UPDATE", migrate::READ_VERSION);
            let row = lease.query_one(&lock, &[]).await.map_err(|error| failure(&error))?;
            let version: i64 = row.try_get(0).map_err(|error| failure(&error))?;
            let Some((name, text)) = migrate::after(version) else {
                execute(&lease, "ROLLBACK").await?;
                lease.give_back();
                return Ok(applied);
            };
            execute(&lease, &migrate::for_postgres(text)).await?;
            lease.execute(migrate::SET_VERSION, &[&(version + 1)]).await.map_err(|error| failure(&error))?;
            execute(&lease, "COMMIT").await?;
            applied.push(name.to_owned());
        }
    }

    async fn create_meta(&self, lease: &Lease) -> Result<(), StoreError> {
        let create = migrate::for_postgres(migrate::CREATE_META);
        // Two at once can both find no table, and one of them fails on the catalogue's unique index: then it is there.
        if let Err(error) = lease.batch_execute(&create).await
            && !matches!(error.code(), Some(&SqlState::UNIQUE_VIOLATION | &SqlState::DUPLICATE_TABLE))
        {
            return Err(failure(&error));
        }
        execute(lease, migrate::FIRST_VERSION).await
    }
}

/// `Ok` from [`Postgres::write`] means durable, which a role or database can be set up to break.
async fn check_durable(client: &ClientWrapper) -> Result<(), HookError> {
    let answer = client.simple_query("SHOW synchronous_commit").await.map_err(HookError::Backend)?;
    let off =
        |message: &SimpleQueryMessage| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("off"));
    if answer.iter().any(off) { Err(HookError::message("commits are not durable")) } else { Ok(()) }
}

async fn execute(lease: &Lease, sql: &str) -> Result<(), StoreError> {
    lease.batch_execute(sql).await.map_err(|error| failure(&error))
}

async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, StoreError> {
    tokio::time::timeout(CONVERSATION, work).await.map_err(|_| unavailable("it does not answer"))
}

/// Sends all at once in their order and waits for all. The driver sends when a future is first polled, so the order of
/// the first polls is the order on the wire; that is why no unordered join serves here.
async fn in_one_flight<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut flying: Vec<_> = futures.into_iter().map(|future| Box::pin(maybe_done(future))).collect();
    poll_fn(|context| {
        let mut all_done = true;
        for future in &mut flying {
            all_done &= matches!(**future, MaybeDone::Done(_)) || future.as_mut().poll(context).is_ready();
        }
        if all_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    flying.iter_mut().filter_map(|future| future.as_mut().take_output()).collect()
}

/// Prepared on this connection, each once, what is new in one flight.
async fn prepare(
    lease: &Lease,
    wanted: impl Iterator<Item = &'static Sql>,
) -> Result<BTreeMap<&'static str, Statement>, StoreError> {
    let mut texts: Vec<&'static str> = wanted.map(Sql::postgres).collect();
    texts.sort_unstable();
    texts.dedup();
    let prepared = in_one_flight(texts.iter().map(|text| lease.prepare_cached(text)).collect()).await;
    texts
        .iter()
        .zip(prepared)
        .map(|(text, statement)| Ok((*text, statement.map_err(|error| failure(&error))?)))
        .collect()
}

fn prepared<'a>(
    statements: &'a BTreeMap<&'static str, Statement>,
    sql: &'static Sql,
) -> Result<&'a Statement, StoreError> {
    statements.get(sql.postgres()).ok_or_else(|| unavailable("a statement was not prepared"))
}

/// Two round trips: the statements behind BEGIN, then COMMIT once the counts were checked. A single statement is its
/// own transaction: when it touches another count of rows than it must, it touched none.
async fn commit(lease: &Lease, statements: &[Bound]) -> Result<Vec<u64>, StoreError> {
    let known = prepare(lease, statements.iter().map(|bound| bound.sql)).await?;
    if let [bound] = statements {
        let statement = prepared(&known, bound.sql)?;
        let count = lease.execute_raw(statement, &bound.values).await.map_err(|error| failure(&error))?;
        return Ok(vec![bound.check(count)?]);
    }
    let mut flight: Vec<BoxFuture<'_, Result<u64, Error>>> =
        vec![Box::pin(async { lease.batch_execute(BEGIN_PLAN).await.map(|()| 0) })];
    for bound in statements {
        let statement = prepared(&known, bound.sql)?;
        flight.push(Box::pin(lease.execute_raw(statement, &bound.values)));
    }
    match check(in_one_flight(flight).await, statements) {
        Ok(counts) => {
            lease.batch_execute("COMMIT").await.map_err(|error| match failure(&error) {
                StoreError::Conflict(conflict) => StoreError::Conflict(conflict),
                other => StoreError::Unavailable(format!("the outcome of a commit is unknown ({other})")),
            })?;
            Ok(counts)
        }
        Err(error) => {
            execute(lease, "ROLLBACK").await?;
            Err(error)
        }
    }
}

/// The first outcome that is not as expected names the error: after it PostgreSQL answers the rest with "aborted".
fn check(outcomes: Vec<Result<u64, Error>>, statements: &[Bound]) -> Result<Vec<u64>, StoreError> {
    let mut outcomes = outcomes.into_iter();
    if let Some(Err(error)) = outcomes.next() {
        return Err(failure(&error));
    }
    outcomes.zip(statements).map(|(outcome, bound)| bound.check(outcome.map_err(|error| failure(&error))?)).collect()
}

async fn converse<S: Script>(lease: &Lease, script: &mut S) -> Result<S::Out, StoreError> {
    let mut answers = Vec::new();
    let mut begun = false;
    loop {
        let (queries, last) = match script.next(answers)? {
            Step::Done(out) => {
                if begun {
                    execute(lease, "COMMIT").await?;
                }
                return Ok(out);
            }
            Step::Ask(queries) => (queries, false),
            Step::Last(queries) => (queries, true),
        };
        let needs_snapshot = !last || queries.len() > 1;
        let begins = needs_snapshot && !begun;
        let ends = last && (begun || begins);
        answers = ask(lease, &queries, begins, ends).await?;
        begun = (begun || begins) && !ends;
    }
}

/// The queries in one flight, with the beginning and end of their snapshot where asked.
async fn ask(lease: &Lease, queries: &[Query], begins: bool, ends: bool) -> Result<Vec<Rows>, StoreError> {
    let known = prepare(lease, queries.iter().map(|query| query.sql)).await?;
    let frame = |text: &'static str| -> BoxFuture<'_, Result<Rows, StoreError>> {
        Box::pin(async move { execute(lease, text).await.map(|()| Vec::new()) })
    };
    let mut flight = Vec::with_capacity(queries.len() + 2);
    if begins {
        flight.push(frame(BEGIN_READ));
    }
    for query in queries {
        let statement = prepared(&known, query.sql)?;
        flight.push(Box::pin(async move {
            let parameters: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
                query.values.iter().map(|value| value as _).collect();
            let rows = lease.query(statement, &parameters).await.map_err(|error| failure(&error))?;
            rows.iter().map(row).collect()
        }));
    }
    if ends {
        flight.push(frame("COMMIT"));
    }
    let mut answers = in_one_flight(flight).await.into_iter().collect::<Result<Vec<Rows>, StoreError>>()?;
    if begins {
        answers.remove(0);
    }
    answers.truncate(queries.len());
    Ok(answers)
}

fn row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let values = (0..row.len()).map(|column| row.try_get(column)).collect::<Result<Vec<Value>, Error>>();
    values.map(Row::new).map_err(|error| failure(&error))
}

fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable(why.to_owned())
}

/// Who lost a race reads again; what may pass is unavailable; the rest is a fault. Details of the server's messages
/// quote values and are left out.
fn failure(error: &Error) -> StoreError {
    let Some(answer) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        return StoreError::Unavailable(format!("{error} {cause}").trim_end().to_owned());
    };
    let code = answer.code();
    let lost_race =
        [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::LOCK_NOT_AVAILABLE];
    let text = format!("{} ({})", answer.message(), code.code());
    if lost_race.contains(code) {
        return StoreError::Conflict(Conflict::Stale);
    }
    // 22: data; 23: constraint; 42: syntax, missing tables or rights; XX: broken. Everything else is about the state
    // the server is in: connections, resources, shutdown, read-only standby, cancellation.
    let fault = ["22", "23", "42", "XX"].iter().any(|class| code.code().starts_with(class));
    if fault { StoreError::Corrupt(text) } else { StoreError::Unavailable(text) }
}
