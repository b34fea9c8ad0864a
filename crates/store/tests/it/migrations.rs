//! The schema's version: refused when missing or newer, raised once by whoever comes first.

use crate::postgres::database;
use crate::support::*;
use store::{Store, StoreError};

crate::on_both_engines!(a_newer_schema_is_refused, t16_texts_compare_by_bytes);

#[tokio::test]
async fn a_missing_file_is_not_created() {
    let directory = Directory::new();
    let refused = Store::open_sqlite(&directory.file()).await;
    assert!(matches!(refused.err(), Some(StoreError::NotMigrated { found: 0, known: 2 })));
    assert!(!directory.file().exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_may_migrate_a_file_at_once() {
    let directory = Directory::new();
    let one = Store::open_sqlite_for_migration(&directory.file()).await.unwrap();
    let two = Store::open_sqlite_for_migration(&directory.file()).await.unwrap();
    assert!(matches!(Store::open_sqlite(&directory.file()).await.err(), Some(StoreError::NotMigrated { .. })));
    migrated_once(&one, &two).await;
    Store::open_sqlite(&directory.file()).await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(directory.file()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_may_migrate_a_server_at_once() {
    for _ in 0..5 {
        let url = database().await.url;
        let one = Store::open_postgres_for_migration(&url).await.unwrap();
        let two = Store::open_postgres_for_migration(&url).await.unwrap();
        assert!(matches!(Store::open_postgres(&url).await.err(), Some(StoreError::NotMigrated { found: 0, .. })));
        migrated_once(&one, &two).await;
        Store::open_postgres(&url).await.unwrap();
    }
}

async fn migrated_once(one: &Store, two: &Store) {
    let status = one.migration_status().await.unwrap();
    let pending = ["0001_accounts", "0002_organisations_and_undo"];
    assert_eq!((status.applied.len(), status.pending.as_slice()), (0, &pending.map(str::to_owned)[..]));
    let (first, second) = tokio::join!(one.migrate_up(), two.migrate_up());
    assert_eq!(first.unwrap().len() + second.unwrap().len(), 2);
    assert!(one.migrate_up().await.unwrap().is_empty());
    let status = two.migration_status().await.unwrap();
    assert_eq!((status.applied.len(), status.pending.len(), status.newer), (2, 0, None));
}

async fn a_newer_schema_is_refused(db: Database) {
    db.execute("UPDATE meta SET value = 99 WHERE key = 'schema_version'").await;
    let newer = StoreError::NewerSchema { found: 99, known: 2 };
    assert_eq!(db.open_again().await.err(), Some(newer.clone()));
    assert_eq!(db.store.migrate_up().await.err(), Some(newer));
    assert_eq!(db.store.migration_status().await.unwrap().newer, Some(99));
}

/// Whatever collation a database was made with.
async fn t16_texts_compare_by_bytes(db: Database) {
    match &db.raw {
        Raw::Sqlite(directory) => {
            let connection = rusqlite::Connection::open(directory.file()).unwrap();
            let sql = "SELECT count(*) FROM sqlite_master WHERE sql LIKE '%COLLATE%'";
            assert_eq!(connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
            let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%STRICT%'";
            assert_eq!(connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        }
        Raw::Postgres(url) => {
            let sql = "SELECT table_name::text || '.' || column_name::text FROM information_schema.columns \
                WHERE table_schema = 'public' AND data_type IN ('text', 'character varying') \
                AND collation_name IS DISTINCT FROM 'C'";
            let wrong: Vec<String> =
                connect(url).await.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
            assert_eq!(wrong, Vec::<String>::new());
        }
    }
}
