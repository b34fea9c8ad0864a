//! SQLite: plans that come together share a commit, and whoever was answered finds the change on disk.

use crate::support::*;
use model::{Conflict, FactsQuery};
use std::sync::Arc;
use store::StoreError;

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
