//! Numbered migrations that travel in the binary. Each runs in a transaction of its own that first locks the version
//! row, so that two processes may migrate at once: the second finds the work done.

use crate::{Engine, Store, StoreError};

/// One step of the schema; its number is its place in the list, from 1.
struct Migration {
    name: &'static str,
    text: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_accounts", text: include_str!("../migrations/0001_accounts.sql") },
    Migration {
        name: "0002_organisations_and_undo",
        text: include_str!("../migrations/0002_organisations_and_undo.sql"),
    },
    Migration { name: "0003_explanations", text: include_str!("../migrations/0003_explanations.sql") },
    Migration { name: "0004_applications", text: include_str!("../migrations/0004_applications.sql") },
    Migration { name: "0005_clients", text: include_str!("../migrations/0005_clients.sql") },
    Migration { name: "0006_devices", text: include_str!("../migrations/0006_devices.sql") },
    Migration { name: "0007_logouts", text: include_str!("../migrations/0007_logouts.sql") },
    Migration { name: "0008_passkeys", text: include_str!("../migrations/0008_passkeys.sql") },
    Migration { name: "0009_second_factor", text: include_str!("../migrations/0009_second_factor.sql") },
    Migration { name: "0010_domains", text: include_str!("../migrations/0010_domains.sql") },
];

pub(crate) const CREATE_META: &str =
    "CREATE TABLE IF NOT EXISTS meta (key TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID";
pub(crate) const FIRST_VERSION: &str =
    "INSERT INTO meta (key, value) VALUES ('schema_version', 0) ON CONFLICT DO NOTHING";
pub(crate) const READ_VERSION: &str = "SELECT value FROM meta WHERE key = 'schema_version'";
pub(crate) const SET_VERSION: &str = "UPDATE meta SET value = $1 WHERE key = 'schema_version'";

/// What `migrate status` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    pub applied: Vec<String>,
    pub pending: Vec<String>,
    /// The database's schema, when it is newer than this version knows.
    pub newer: Option<i64>,
}

/// The schema this version works with.
pub(crate) fn known() -> i64 {
    MIGRATIONS.len() as i64
}

/// The migration that leads from schema `version` to the next: its name and text.
pub(crate) fn after(version: i64) -> Option<(&'static str, &'static str)> {
    let migration = MIGRATIONS.get(usize::try_from(version).ok()?)?;
    Some((migration.name, migration.text))
}

/// SQLite's type words in those of PostgreSQL. Text compares by bytes whatever the database's collation is (T16).
pub(crate) fn for_postgres(text: &str) -> String {
    let without_comments: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    without_comments
        .join("\n")
        .replace(" STRICT, WITHOUT ROWID", "")
        .replace(" STRICT", "")
        .replace(" INTEGER", " BIGINT")
        .replace(" TEXT", " TEXT COLLATE \"C\"")
        .replace(" BLOB", " BYTEA")
}

impl Store {
    pub(crate) async fn schema_version(&self) -> Result<i64, StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.schema_version().await,
            Engine::Postgres(postgres) => postgres.schema_version().await,
        }
    }

    /// Applies what is pending and gives the names. Refuses a newer schema.
    pub async fn migrate_up(&self) -> Result<Vec<String>, StoreError> {
        let (found, known) = (self.schema_version().await?, known());
        if found > known {
            return Err(StoreError::NewerSchema { found, known });
        }
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.migrate().await,
            Engine::Postgres(postgres) => postgres.migrate().await,
        }
    }

    pub async fn migration_status(&self) -> Result<MigrationStatus, StoreError> {
        let version = self.schema_version().await?;
        let done = usize::try_from(version).unwrap_or(0).min(MIGRATIONS.len());
        let names = |part: &[Migration]| part.iter().map(|migration| migration.name.to_owned()).collect();
        Ok(MigrationStatus {
            applied: names(&MIGRATIONS[..done]),
            pending: names(&MIGRATIONS[done..]),
            newer: (version > known()).then_some(version),
        })
    }
}
