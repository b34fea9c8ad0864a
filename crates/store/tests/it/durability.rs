//! Whoever was answered finds the change on disk. SQLite: plans that come together share a commit. PostgreSQL: a
//! database that acknowledges earlier is refused.

use crate::support::*;
use model::{Conflict, FactsQuery};
use std::sync::Arc;
use store::{Store, StoreError};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grouped_commits_are_durable_and_fewer_than_plans() {
    const PLANS: u64 = 2000;
    let db = Arc::new(Database::sqlite().await);
    let before = db.store.counters().commits;
    let tasks: Vec<_> = (0..PLANS)
        .map(|n| {
            let db = Arc::clone(&db);
            // Every tenth fails among its neighbours.
            let flow = if n % 10 == 9 { n - 1 } else { n };
            tokio::spawn(async move { (n, db.apply([create(user(n)), spend(flow)]).await) })
        })
        .collect();
    let mut written = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (n, Ok(())) => written.push(n),
            (_, Err(StoreError::Conflict(Conflict::FlowSpent))) => {}
            (n, Err(error)) => panic!("{n}: {error}"),
        }
    }
    assert_eq!(written.len() as u64, PLANS - PLANS / 10);
    let commits = db.store.counters().commits - before;
    assert!(commits < PLANS / 2, "{commits} commits for {PLANS} plans");

    let again = db.open_again().await.unwrap();
    for users in written.chunks(100) {
        let query = FactsQuery { users: users.iter().map(|n| user(*n)).collect(), ..FactsQuery::default() };
        assert_eq!(again.facts(&query).await.unwrap().users.len(), users.len());
    }
    assert_eq!(db.count("users").await, written.len() as i64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_may_write_one_file() {
    let db = Database::sqlite().await;
    let other = db.open_again().await.unwrap();
    db.done([create(user(1))]).await;
    let writes = (1..=50).map(|n| {
        let store = if n % 2 == 0 { &db.store } else { &other };
        store.apply(plan([create(user(100 + n))]))
    });
    for outcome in futures_util::future::join_all(writes).await {
        outcome.unwrap();
    }
    assert_eq!(db.count("users").await, 51);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_handed_in_is_committed_at_close() {
    let db = Database::sqlite().await;
    let store = db.open_again().await.unwrap();
    let handed = tokio::spawn(async move { store.apply(plan([create(user(1))])).await });
    handed.await.unwrap().unwrap();
    assert_eq!(db.user(user(1)).await.version, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_acknowledges_too_early_is_refused() {
    let db = Database::postgres().await;
    let Raw::Postgres(url) = &db.raw else { panic!("this is PostgreSQL") };
    let name: String = connect(url).await.query_one("SELECT current_database()", &[]).await.unwrap().get(0);
    let of_role = format!("ALTER ROLE CURRENT_USER IN DATABASE {name} SET synchronous_commit");
    db.execute(&format!("{of_role} = off")).await;
    let refused = db.open_again().await.err();
    assert_eq!(refused, Some(StoreError::NotDurable));
    assert!(refused.unwrap().to_string().contains("synchronous_commit is off"));
    assert_eq!(Store::open_postgres_for_migration(url).await.err(), Some(StoreError::NotDurable));
    // A disk here is enough; a second one elsewhere is the operator's choice.
    for enough in ["local", "on"] {
        db.execute(&format!("{of_role} = {enough}")).await;
        let store = db.open_again().await.unwrap();
        store.apply(plan([create(user(enough.len() as u64))])).await.unwrap();
    }
    assert_eq!(db.count("users").await, 2);
}
