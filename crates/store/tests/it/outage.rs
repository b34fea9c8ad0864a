//! PostgreSQL goes away, comes back, and callers leave early: nothing acknowledged is lost, nothing stays locked.

use crate::postgres::Cluster;
use crate::support::*;
use model::{Conflict, Micros};
use std::time::Duration;
use store::StoreError;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_loses_nothing_that_was_acknowledged_and_is_recovered_from() {
    let mut cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let db = Database::at(cluster.database()).await;
    let mut acknowledged = 0_u64;
    for round in 0..3 {
        let loads: Vec<_> = (0..4)
            .map(|lane| {
                let store = db.store.clone();
                tokio::spawn(async move {
                    let mut done = Vec::new();
                    for n in 0.. {
                        let number = round * 1_000_000 + lane * 100_000 + n;
                        match store.apply(plan([create(user(number)), spend(number)])).await {
                            Ok(()) => done.push(number),
                            Err(StoreError::Unavailable(_)) => break,
                            Err(error) => panic!("{error}"),
                        }
                    }
                    done
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(150)).await;
        cluster = tokio::task::spawn_blocking(move || {
            cluster.stop_immediate();
            cluster
        })
        .await
        .unwrap();
        let mut written = Vec::new();
        for load in loads {
            written.extend(load.await.unwrap());
        }
        let gone = db.store.due_mail(Micros(0), 1).await;
        assert!(matches!(gone, Err(StoreError::Unavailable(_))));
        cluster = tokio::task::spawn_blocking(move || {
            cluster.restart();
            cluster
        })
        .await
        .unwrap();
        // By itself, at the first try: broken connections are not handed out.
        for number in written {
            assert_eq!(db.user(user(number)).await.version, 1);
            acknowledged += 1;
        }
    }
    assert!(acknowledged > 0);
    assert_eq!(db.count("users").await, db.count("spent_flows").await, "no half plan");
    drop(db);
    tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_leaves_early_leaves_no_open_transaction() {
    let db = Database::postgres().await;
    let Raw::Postgres(url) = &db.raw else { unreachable!() };
    db.done([create(user(1))]).await;
    let holder = connect(url).await;
    holder.batch_execute("BEGIN; SELECT 1 FROM users FOR UPDATE").await.unwrap();
    for n in 0..20 {
        let waiting = db.apply([spend(n), raise(user(1), 1)]);
        assert!(tokio::time::timeout(Duration::from_millis(20), waiting).await.is_err(), "it waits for the row");
    }
    holder.batch_execute("ROLLBACK").await.unwrap();
    db.done([raise(user(1), 1), create(user(2))]).await;
    // Of this database alone, as other tests share the server; and of those who still wait for the row and will hold it
    // in their turn.
    let idle = "pg_stat_activity WHERE datname = current_database() \
        AND (state LIKE 'idle in transaction%' OR wait_event_type = 'Lock')";
    for _ in 0..100 {
        if db.count(idle).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((db.count(idle).await, db.count("spent_flows").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_held_too_long_is_a_conflict() {
    let db = Database::postgres().await;
    let Raw::Postgres(url) = &db.raw else { unreachable!() };
    db.done([create(user(1))]).await;
    let holder = connect(url).await;
    holder.batch_execute("BEGIN; SELECT 1 FROM users FOR UPDATE").await.unwrap();
    assert_eq!(db.conflict([raise(user(1), 1), spend(1)]).await, Conflict::Stale);
    holder.batch_execute("ROLLBACK").await.unwrap();
    db.done([raise(user(1), 1), spend(1)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_a_conflict_for_one_of_the_two() {
    let db = Database::postgres().await;
    db.done([create(user(1)), create(user(2))]).await;
    for version in 1..=3 {
        let (one, two) = (user(1), user(2));
        let (there, back) = tokio::join!(
            db.apply([raise(one, version), raise(two, version)]),
            db.apply([raise(two, version), raise(one, version)])
        );
        let stale = Err(StoreError::Conflict(Conflict::Stale));
        assert!((there.is_ok() && back == stale) || (back.is_ok() && there == stale), "{there:?} {back:?}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_unavailable_and_says_no_secret() {
    let error = store::Store::open_postgres("postgres://ada:hunter2@127.0.0.1:1/x?sslmode=disable").await.err();
    let Some(StoreError::Unavailable(text)) = error else { panic!("{error:?}") };
    assert!(!text.contains("hunter2"), "{text}");
    let error = store::Store::open_postgres("postgres://ada:hunter2@[bad").await.err();
    let Some(StoreError::Unavailable(text)) = error else { panic!("{error:?}") };
    assert!(!text.contains("hunter2"), "{text}");
}
