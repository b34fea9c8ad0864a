//! The writer under a full disk, which a test can only make from within.

use super::*;
use crate::statements::write;
use crate::value::Expect;

fn mail(id: u8, size: usize) -> (PlanJob, oneshot::Receiver<Counts>) {
    let (answer, answered) = oneshot::channel();
    let values = vec![Value::Bytes(vec![id; 16]), Value::Bytes(vec![id; size]), Value::Int(0)];
    let expect = Expect::One(model::Conflict::Stale);
    (PlanJob { statements: vec![Bound { sql: &write::SEND_MAIL, values, expect }], answer }, answered)
}

#[test]
fn a_full_disk_is_unavailable_and_the_writer_lives_on() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate_all(&mut connection).unwrap();
    let commits = AtomicU64::new(0);
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    connection.query_row(&format!("PRAGMA max_page_count = {}", pages + 4), [], |_| Ok(())).unwrap();

    let (small, small_answer) = mail(1, 10);
    let (large, large_answer) = mail(2, 1_000_000);
    commit_group(&connection, vec![small, large], &commits);
    let large = large_answer.blocking_recv().unwrap();
    assert!(matches!(large, Err(StoreError::Unavailable(_))), "{large:?}");
    let small = small_answer.blocking_recv().unwrap();
    let stored: i64 = connection.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)).unwrap();
    assert_eq!(stored, i64::from(small.is_ok()), "who was told it is there is there, and nobody else");

    connection.query_row("PRAGMA max_page_count = 100000", [], |_| Ok(())).unwrap();
    let (again, answer) = mail(2, 1_000_000);
    commit_group(&connection, vec![again], &commits);
    assert_eq!(answer.blocking_recv().unwrap(), Ok(vec![1]));
}

#[test]
fn a_failed_plan_leaves_its_neighbours() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate_all(&mut connection).unwrap();
    let commits = AtomicU64::new(0);
    let (jobs, answers): (Vec<_>, Vec<_>) = [1, 1, 2].into_iter().map(|id| mail(id, 1)).unzip();
    commit_group(&connection, jobs, &commits);
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect();
    assert_eq!(answers, [Ok(vec![1]), Err(StoreError::Conflict(model::Conflict::Stale)), Ok(vec![1])]);
    assert_eq!(commits.into_inner(), 1);
}
