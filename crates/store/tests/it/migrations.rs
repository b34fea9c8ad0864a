//! The schema's version: refused when missing or newer, raised once by whoever comes first.

use crate::postgres::database;
use crate::support::*;
use model::{Change, SessionScope};
use store::{Store, StoreError};

crate::on_both_engines!(a_newer_schema_is_refused, t16_texts_compare_by_bytes);

#[tokio::test]
async fn a_missing_file_is_not_created() {
    let directory = Directory::new();
    let refused = Store::open_sqlite(&directory.file()).await;
    assert!(matches!(refused.err(), Some(StoreError::NotMigrated { found: 0, known: 9 })));
    assert!(!directory.file().exists());
}

/// What was written under the first schema is there under this one, with what it could mean then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_the_first_schema_is_carried_over() {
    let directory = Directory::new();
    let old = rusqlite::Connection::open(directory.file()).unwrap();
    old.execute_batch(concat!(
        "CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
        "INSERT INTO meta (key, value) VALUES ('schema_version', 1);",
        include_str!("../../migrations/0001_accounts.sql"),
    ))
    .unwrap();
    let (ada, session) = (user(1), hash(1));
    old.execute("INSERT INTO users VALUES (?1, 4, 'active', 0, 1, 'Ada', X'01', 5)", [ada.as_bytes()]).unwrap();
    old.execute(
        "INSERT INTO sessions VALUES (?1, ?2, ?2, 1, '{\"kind\":\"password\"}', NULL, 5, 5, 9, 1, 'test')",
        (session, ada.as_bytes()),
    )
    .unwrap();
    old.execute("INSERT INTO subjects VALUES ('public', 's', ?1, 5)", [ada.as_bytes()]).unwrap();
    drop(old);
    let store = Store::open_sqlite_for_migration(&directory.file()).await.unwrap();
    assert_eq!(
        store.migrate_up().await.unwrap(),
        [
            "0002_organisations_and_undo",
            "0003_explanations",
            "0004_applications",
            "0005_clients",
            "0006_devices",
            "0007_logouts",
            "0008_passkeys",
            "0010_domains"
        ]
    );
    let row = store.session(&session).await.unwrap().unwrap();
    assert_eq!((row.session.scope, row.user_version), (SessionScope::Account, 4));
    let bob = user(2);
    store.apply(plan([create(bob), Change::MoveSubjects { from: ada, to: bob }])).await.unwrap();
    let db = Database { store, raw: Raw::Sqlite(directory) };
    assert_eq!(db.subjects(bob).await, ["s"]);
    assert!(db.user(ada).await.organisations.is_empty());
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
    let pending = [
        "0001_accounts",
        "0002_organisations_and_undo",
        "0003_explanations",
        "0004_applications",
        "0005_clients",
        "0006_devices",
        "0007_logouts",
        "0008_passkeys",
        "0010_domains",
    ];
    assert_eq!((status.applied.len(), status.pending.as_slice()), (0, &pending.map(str::to_owned)[..]));
    let (first, second) = tokio::join!(one.migrate_up(), two.migrate_up());
    assert_eq!(first.unwrap().len() + second.unwrap().len(), 9);
    assert!(one.migrate_up().await.unwrap().is_empty());
    let status = two.migration_status().await.unwrap();
    assert_eq!((status.applied.len(), status.pending.len(), status.newer), (9, 0, None));
}

async fn a_newer_schema_is_refused(db: Database) {
    db.execute("UPDATE meta SET value = 99 WHERE key = 'schema_version'").await;
    let newer = StoreError::NewerSchema { found: 99, known: 9 };
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
