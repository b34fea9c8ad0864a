//! SQLite: one thread writes, a few read.
//!
//! The writer takes whatever plans wait, runs each in a savepoint and commits them together; nobody is answered before
//! that commit, with its sync, has returned. One sync thus serves everybody who came while the last one ran.

use crate::StoreError;
use crate::migrate;
use crate::queue::{Queue, Refused};
use crate::script::{Rows, Script, Step};
use crate::value::{Bound, Query, Row, Value};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params_from_iter};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Plans in one commit at most: bounds how long the first of them waits.
const GROUP: usize = 256;
/// Waiting plans or reads; more are refused, which callers answer with "try later".
const ROOM: usize = 4096;
const READERS: usize = 4;
/// Another process (the command line) may hold the write lock for this long.
const BUSY: Duration = Duration::from_secs(5);
const STATEMENTS_KEPT: usize = 256;

type ReadJob = Box<dyn FnOnce(&mut Connection) + Send>;
type Counts = Result<Vec<u64>, StoreError>;

struct PlanJob {
    statements: Vec<Bound>,
    answer: oneshot::Sender<Counts>,
}

enum WriteJob {
    Plan(PlanJob),
    /// Outside any group: migrations.
    Alone(ReadJob),
}

pub(crate) struct Sqlite {
    writes: Arc<Queue<WriteJob>>,
    reads: Arc<Queue<ReadJob>>,
    commits: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Sqlite {
    /// Opens or creates the file and starts the threads.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::start(&path)).await;
        opened.map_err(|_| unavailable("opening it was interrupted"))?
    }

    fn start(path: &Path) -> Result<Self, StoreError> {
        create_private(path)?;
        let writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let mode: String = writer.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failure)?;
        if mode != "wal" {
            return Err(unavailable("its file system does not support write-ahead logging"));
        }
        writer.execute_batch("PRAGMA synchronous = FULL").map_err(failure)?;
        let mut sqlite = Self {
            writes: Arc::new(Queue::new(ROOM)),
            reads: Arc::new(Queue::new(ROOM)),
            commits: Arc::new(AtomicU64::new(0)),
            threads: Vec::with_capacity(READERS + 1),
        };
        let (queue, commits) = (Arc::clone(&sqlite.writes), Arc::clone(&sqlite.commits));
        sqlite.spawn("store-writer", move || write_loop(writer, &queue, &commits))?;
        for _ in 0..READERS {
            let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let queue = Arc::clone(&sqlite.reads);
            sqlite.spawn("store-reader", move || read_loop(reader, &queue))?;
        }
        Ok(sqlite)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        self.threads.push(thread.map_err(|error| StoreError::Unavailable(error.to_string()))?);
        Ok(())
    }

    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub async fn read<S: Script>(&self, mut script: S) -> Result<S::Out, StoreError> {
        on_thread(|job| self.reads.push(job), move |connection| run_script(connection, &mut script)).await
    }

    pub async fn write(&self, statements: Vec<Bound>) -> Counts {
        let (answer, answered) = oneshot::channel();
        self.writes.push(WriteJob::Plan(PlanJob { statements, answer })).map_err(refused)?;
        answered.await.map_err(|_| unavailable("its writer has stopped"))?
    }

    pub async fn schema_version(&self) -> Result<i64, StoreError> {
        on_thread(|job| self.reads.push(job), |connection| schema_version(connection).map_err(failure)).await
    }

    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        on_thread(|job| self.writes.push(WriteJob::Alone(job)), migrate_all).await
    }
}

impl Drop for Sqlite {
    /// What was handed in is still committed; then the threads close their connections.
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        for thread in self.threads.drain(..) {
            // A thread that panicked has told its callers already.
            thread.join().unwrap_or_default();
        }
    }
}

/// Runs `work` on a thread of the store and waits for what it gives.
async fn on_thread<T: Send + 'static>(
    push: impl FnOnce(ReadJob) -> Result<(), Refused>,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, answered) = oneshot::channel();
    let job: ReadJob = Box::new(move |connection| {
        // Whoever asked may have gone.
        drop(answer.send(work(connection)));
    });
    push(job).map_err(refused)?;
    answered.await.map_err(|_| unavailable("its thread has stopped"))?
}

/// The database holds hashes and sealed secrets: nobody but its owner reads the file. WAL and index inherit the mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| StoreError::Unavailable(error.to_string()))
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let open = || {
        let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY)?;
        // Without it, SQLite built with STAT4 plans each statement again at every binding.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        Ok(connection)
    };
    open().map_err(failure)
}

/// Closes the queue when its thread ends for whatever reason, so that callers are told and not left waiting.
struct Serving<'a, T>(&'a Queue<T>);

impl<T> Drop for Serving<'_, T> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

fn read_loop(mut connection: Connection, queue: &Queue<ReadJob>) {
    while let Some(jobs) = queue.take(1) {
        for job in jobs {
            job(&mut connection);
        }
    }
}

fn write_loop(mut connection: Connection, queue: &Queue<WriteJob>, commits: &AtomicU64) {
    let _serving = Serving(queue);
    while let Some(jobs) = queue.take(GROUP) {
        let mut group = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job {
                WriteJob::Plan(plan) => group.push(plan),
                WriteJob::Alone(work) => {
                    commit_group(&connection, std::mem::take(&mut group), commits);
                    work(&mut connection);
                }
            }
        }
        commit_group(&connection, group, commits);
    }
}

/// Commits the group and only then answers. If the commit fails, nothing of anybody was written.
fn commit_group(connection: &Connection, group: Vec<PlanJob>, commits: &AtomicU64) {
    if group.is_empty() {
        return;
    }
    match run_group(connection, &group) {
        Ok(outcomes) => {
            if outcomes.iter().any(Result::is_ok) {
                commits.fetch_add(1, Ordering::Relaxed);
            }
            for (job, outcome) in group.into_iter().zip(outcomes) {
                drop(job.answer.send(outcome));
            }
        }
        Err(error) => {
            tracing::error!(%error, plans = group.len(), "a group of plans could not be committed");
            if !connection.is_autocommit()
                && let Err(error) = execute(connection, "ROLLBACK")
            {
                tracing::error!(%error, "the group could not be rolled back");
            }
            for job in group {
                drop(job.answer.send(Err(error.clone())));
            }
        }
    }
}

fn run_group(connection: &Connection, group: &[PlanJob]) -> Result<Vec<Counts>, StoreError> {
    execute(connection, "BEGIN IMMEDIATE")?;
    let mut outcomes = Vec::with_capacity(group.len());
    for job in group {
        execute(connection, "SAVEPOINT plan")?;
        let outcome = run_plan(connection, &job.statements);
        if outcome.is_err() {
            // A full disk or a failed read may have rolled back everything.
            if connection.is_autocommit() {
                return Err(unavailable("the transaction was rolled back"));
            }
            execute(connection, "ROLLBACK TO plan")?;
        }
        execute(connection, "RELEASE plan")?;
        outcomes.push(outcome);
    }
    execute(connection, "COMMIT")?;
    Ok(outcomes)
}

fn run_plan(connection: &Connection, statements: &[Bound]) -> Counts {
    let mut counts = Vec::with_capacity(statements.len());
    for bound in statements {
        counts.push(bound.check(touched(connection, bound).map_err(failure)?)?);
    }
    Ok(counts)
}

/// Rows written, or for a guard rows found.
fn touched(connection: &Connection, bound: &Bound) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(bound.sql.sqlite())?;
    if !statement.readonly() {
        return statement.execute(params_from_iter(&bound.values)).map(|count| count as u64);
    }
    let mut rows = statement.query(params_from_iter(&bound.values))?;
    let mut count = 0;
    while rows.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])).map(drop).map_err(failure)
}

fn run_script<S: Script>(connection: &Connection, script: &mut S) -> Result<S::Out, StoreError> {
    let outcome = converse(connection, script);
    if !connection.is_autocommit() {
        execute(connection, "COMMIT")?;
    }
    outcome
}

fn converse<S: Script>(connection: &Connection, script: &mut S) -> Result<S::Out, StoreError> {
    let mut answers = Vec::new();
    loop {
        let (queries, last) = match script.next(answers)? {
            Step::Done(out) => return Ok(out),
            Step::Ask(queries) => (queries, false),
            Step::Last(queries) => (queries, true),
        };
        // One statement is a snapshot by itself.
        if connection.is_autocommit() && !(last && queries.len() == 1) {
            execute(connection, "BEGIN")?;
        }
        answers =
            queries.iter().map(|query| ask(connection, query)).collect::<rusqlite::Result<_>>().map_err(failure)?;
    }
}

fn ask(connection: &Connection, query: &Query) -> rusqlite::Result<Rows> {
    let mut statement = connection.prepare_cached(query.sql.sqlite())?;
    let columns = statement.column_count();
    let mut found = statement.query(params_from_iter(&query.values))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(Row::new((0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<Value>>>()?));
    }
    Ok(rows)
}

fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    let meta = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'";
    if connection.query_row(meta, [], |_| Ok(())).optional()?.is_none() {
        return Ok(0);
    }
    Ok(connection.query_row(migrate::READ_VERSION, [], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn migrate_all(connection: &mut Connection) -> Result<Vec<String>, StoreError> {
    let mut applied = Vec::new();
    loop {
        let behaviour = rusqlite::TransactionBehavior::Immediate;
        let transaction = connection.transaction_with_behavior(behaviour).map_err(failure)?;
        transaction.execute_batch(migrate::CREATE_META).map_err(failure)?;
        transaction.execute_batch(migrate::FIRST_VERSION).map_err(failure)?;
        let version = schema_version(&transaction).map_err(failure)?;
        let Some((name, text)) = migrate::after(version) else {
            return Ok(applied);
        };
        transaction.execute_batch(text).map_err(failure)?;
        transaction.execute(migrate::SET_VERSION, [version + 1]).map_err(failure)?;
        transaction.commit().map_err(failure)?;
        applied.push(name.to_owned());
    }
}

fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable(why.to_owned())
}

fn refused(refused: Refused) -> StoreError {
    unavailable(match refused {
        Refused::Full => "too much is waiting",
        Refused::Closed => "it was closed",
    })
}

/// Whether trying later may help.
fn failure(error: rusqlite::Error) -> StoreError {
    use ErrorCode as Code;
    match error.sqlite_error_code() {
        None
        | Some(
            Code::DatabaseCorrupt
            | Code::NotADatabase
            | Code::ConstraintViolation
            | Code::TypeMismatch
            | Code::TooBig
            | Code::ParameterOutOfRange
            | Code::ApiMisuse
            | Code::Unknown,
        ) => StoreError::Corrupt(error.to_string()),
        Some(_) => StoreError::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
