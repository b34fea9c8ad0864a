//! The server is killed, or its database is, at random moments while people link and unlink over HTTP. Afterwards every
//! change that was acknowledged is there, none is there by half, and the audit log is whole.

use crate::owner::{Load, Owner, accounts, everybody};
use crate::support::{BINARY, random_below, random_moment, rounds};
use model::Micros;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::Store;
use testkit::Engine;
use testkit::deployment::Deployment;
use testkit::postgres::Cluster;
use tokio::sync::Barrier;

/// People who change their methods at once.
const PEOPLE: usize = 6;
/// Rounds on one database; then the next begins empty, so that reading all of it stays quick.
const ROUNDS_PER_DATABASE: u64 = 50;
/// Changes that are acknowledged before the blow, at most; how many is left to chance.
const CHANGES: u64 = 12;
/// And so much later it comes, at most: about the time of a change.
const LATER: Duration = Duration::from_millis(25);

/// What came of the rounds.
#[derive(Debug, Default)]
struct Totals {
    rounds: u64,
    acknowledged: u64,
    /// Requests under way when the blow came, that had committed.
    unanswered_but_done: u64,
    /// And those that had not.
    unanswered_and_not_done: u64,
    /// Answers that said the database is gone.
    unavailable: u64,
}

impl Totals {
    fn print(&self, name: &str, begun: Instant) {
        println!("{name}: {:.1} s: {self:?}", begun.elapsed().as_secs_f64());
        assert!(self.acknowledged >= self.rounds, "too little was under way: {self:?}");
    }
}

async fn deployment(engine: Engine) -> Deployment {
    Deployment::new(BINARY, engine, accounts(PEOPLE)).await
}

/// Everybody changes their methods until the blow, which `strike` deals, stops them.
async fn under_load<T>(
    people: Vec<Owner>,
    deployment: &Deployment,
    strike: impl AsyncFnOnce() -> T,
) -> (Vec<Owner>, Load, T) {
    let start = Arc::new(Barrier::new(PEOPLE + 1));
    let over = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = people
        .into_iter()
        .map(|mut person| {
            let (start, over, mut visitor) = (Arc::clone(&start), Arc::clone(&over), deployment.visitor());
            let acknowledged = Arc::clone(&acknowledged);
            tokio::spawn(async move {
                person.comes_back(&mut visitor).await;
                start.wait().await;
                let load = person.changes_methods(&mut visitor, &over, &acknowledged).await;
                (person, load)
            })
        })
        .collect();
    start.wait().await;
    let enough = random_below(CHANGES) + 1;
    while acknowledged.load(Ordering::SeqCst) < enough && tasks.iter().any(|task| !task.is_finished()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(random_moment(LATER)).await;
    let struck = strike().await;
    over.store(true, Ordering::SeqCst);
    let (mut people, mut all) = (Vec::new(), Load::default());
    for task in tasks {
        let (person, load) = task.await.expect("a person's day ends");
        all.unavailable += load.unavailable;
        people.push(person);
    }
    (people, all, struck)
}

/// Compares the database with what was acknowledged, and each table with the others.
async fn check(people: &mut [Owner], store: &Store, deployment: &Deployment, totals: &mut Totals) {
    let report = store.audit_verify(&mut |_| {}).await.expect("the log is read");
    assert!(report.is_clean(), "{:?}", report.faults);
    let mut notices = 0;
    for person in people {
        let count = person.check(store, deployment.a.issuer()).await;
        totals.acknowledged += count.acknowledged;
        totals.unanswered_but_done += u64::from(count.pending == Some(true));
        totals.unanswered_and_not_done += u64::from(count.pending == Some(false));
        notices += count.notices;
    }
    // The relay does not answer, so that every notice still waits: one for each change, in the same commit.
    let waiting = store.due_mail(Micros(i64::MAX), 1_000_000).await.expect("the outbox is read");
    assert_eq!(waiting.len() as u64, notices, "a notice for every change, and for nothing else");
    totals.rounds += 1;
}

async fn killed(engine: Engine) {
    let (mut totals, begun) = (Totals::default(), Instant::now());
    let all = rounds("SELFSAME_CRASH_ROUNDS", 200);
    for first in (0..all).step_by(ROUNDS_PER_DATABASE as usize) {
        let deployment = deployment(engine).await;
        let mut server = deployment.serve().await;
        let mut people = everybody(&deployment, PEOPLE).await;
        for _ in first..all.min(first + ROUNDS_PER_DATABASE) {
            (people, _, ()) = under_load(people, &deployment, async || server.kill()).await;
            if engine == Engine::Postgres {
                // What its connections had handed over may still commit; whatever it is, it is decided then.
                deployment.wait_until_alone().await;
            }
            server = deployment.serve().await;
            let store = deployment.store().await;
            check(&mut people, &store, &deployment, &mut totals).await;
        }
        drop(server);
        let verified = deployment.run(&["audit", "verify"]).await;
        assert!(verified.success(), "{verified}: {}", deployment.log());
    }
    totals.print(&format!("kill -9 on {engine:?}"), begun);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_kill_of_the_server_on_sqlite() {
    killed(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_kill_of_the_server_on_postgres() {
    killed(Engine::Postgres).await;
}

/// The database stops as by a power cut and comes back; the server lives on and recovers by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_immediate_stop_of_postgres() {
    let (mut totals, begun) = (Totals::default(), Instant::now());
    let all = rounds("SELFSAME_CRASH_ROUNDS", 200).div_ceil(10);
    let (mut cluster, database) = tokio::task::spawn_blocking(|| {
        let cluster = Cluster::start();
        let database = cluster.database();
        (cluster, database)
    })
    .await
    .expect("a cluster");
    let deployment = Deployment::over(BINARY, database, accounts(PEOPLE)).await;
    let server = deployment.serve().await;
    let mut people = everybody(&deployment, PEOPLE).await;
    for _ in 0..all {
        let strike = async || {
            tokio::task::spawn_blocking(move || {
                cluster.stop_immediate();
                cluster
            })
            .await
            .expect("it stops")
        };
        let (calmed, load, stopped) = under_load(people, &deployment, strike).await;
        people = calmed;
        totals.unavailable += load.unavailable;
        cluster = tokio::task::spawn_blocking(move || {
            let mut cluster = stopped;
            cluster.restart();
            cluster
        })
        .await
        .expect("it starts");
        wait_until_ready(&deployment).await;
        let store = deployment.store().await;
        check(&mut people, &store, &deployment, &mut totals).await;
    }
    assert!(totals.unavailable > 0, "nobody was told that the database is gone: {totals:?}");
    totals.print("immediate stop of PostgreSQL", begun);
    drop(server);
}

async fn wait_until_ready(deployment: &Deployment) {
    for _ in 0..2_000 {
        if deployment.visitor().get("/health/ready").await.is_ok_and(|reply| reply.status == 200) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the server does not find its database again: {}", deployment.log());
}
