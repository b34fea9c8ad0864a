//! No change is acknowledged before the disk has it: the server's system calls are traced while many people link and
//! unlink at once, and each answer is compared with the sync, or the reply of PostgreSQL, that covers its commit.

use crate::owner::{Owner, accounts, everybody};
use crate::support::{BINARY, rounds};
use crate::trace::{self, Call, find};
use futures_util::future::join_all;
use model::{EventKind, LinkId};
use std::collections::BTreeMap;
use testkit::Engine;
use testkit::deployment::{Deployment, Visitor};

const PEOPLE: usize = 8;

/// Everybody links, and then everybody unlinks at the same moment, so that commits wait for one another's sync.
async fn work(deployment: &Deployment, cycles: u64) -> Vec<(EventKind, LinkId)> {
    let people = everybody(deployment, PEOPLE).await;
    let mut people: Vec<(Owner, Visitor)> = people.into_iter().map(|person| (person, deployment.visitor())).collect();
    join_all(people.iter_mut().map(async |(person, visitor)| person.comes_back(visitor).await)).await;
    for _ in 0..cycles {
        let linking = people.iter_mut().map(async |(person, visitor)| person.link(visitor).await.expect("a link"));
        join_all(linking).await;
        let ending = people.iter_mut().map(async |(person, visitor)| person.unlink(visitor).await.expect("gone"));
        join_all(ending).await;
    }
    people.iter().flat_map(|(person, _)| person.acknowledged().to_vec()).collect()
}

/// Runs the work on a traced server: what was acknowledged, and the calls of the server.
async fn traced(deployment: &Deployment, bytes: usize) -> (Vec<(EventKind, LinkId)>, Vec<Call>) {
    let file = deployment.path("trace");
    let arguments = trace::arguments(&file, bytes);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let server = deployment.serve_under(&arguments).await;
    let acknowledged = work(deployment, rounds("SELFSAME_SYNC_ROUNDS", 8)).await;
    let text = std::fs::read_to_string(&file).expect("a trace");
    let process = trace::first_process(&text);
    let text = tokio::task::spawn_blocking(move || {
        server.terminate(process);
        std::fs::read_to_string(&file).expect("a trace")
    });
    (acknowledged, trace::read(&text.await.expect("it ended")))
}

/// The call that writes the answer which acknowledges the change.
fn answer(calls: &[Call], kind: EventKind, link: LinkId) -> &Call {
    let named = |call: &&Call, text: &str| call.file.is_none() && call.holds(text.as_bytes());
    let answer = if kind == EventKind::Linked {
        let body = format!("\"linked\":\"{link}\"");
        calls.iter().find(|call| call.writes() && named(call, &body))
    } else {
        let line = format!("DELETE /api/v1/account/methods/{link}");
        let request = calls.iter().find(|call| call.reads() && named(call, &line)).expect("the request was read");
        calls.iter().find(|call| call.writes() && call.fd == request.fd && call.begun > request.ended)
    };
    answer.unwrap_or_else(|| panic!("the answer about {kind:?} {link} was not traced"))
}

/// Whether these bytes carry the audit event of the change: its kind, and soon after it the link.
fn tells_of(data: &[u8], kind: EventKind, link: LinkId) -> bool {
    // `linked` is the end of `unlinked`; the reason tells a link from its removal.
    let name: &[u8] = if kind == EventKind::Linked { b"linked_by_owner" } else { b"unlinked" };
    let mut from = 0;
    while let Some(at) = find(&data[from..], name) {
        let near = &data[from + at..data.len().min(from + at + 400)];
        if find(near, link.as_bytes()).is_some() {
            return true;
        }
        from += at + name.len();
    }
    false
}

const WAL: &str = "selfsame.db-wal";

/// Where the sync begins that covers the change, which must have returned before the answer is written.
fn covering_sync(calls: &[Call], kind: EventKind, link: LinkId) -> Result<usize, String> {
    let what = format!("{kind:?} {link}");
    let mut log = calls.iter().filter(|call| call.is_on(WAL));
    // The page that carried the event first; whatever else the plan wrote came before the end of its commit, and one
    // sync after the last page covers them all.
    let frame = log.find(|call| call.writes() && tells_of(&call.data, kind, link));
    let frame = frame.ok_or_else(|| format!("{what} was not written to the log"))?;
    let sync = log.find(|call| call.syncs() && call.begun > frame.ended);
    let sync = sync.ok_or_else(|| format!("{what}: nothing was synced after it was written"))?;
    let answer = answer(calls, kind, link);
    if sync.ended < answer.begun {
        Ok(sync.begun)
    } else {
        Err(format!("{what} was acknowledged in line {} and synced in line {}", answer.begun, sync.ended))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sync_comes_before_the_answer_on_sqlite() {
    let deployment = Deployment::new(BINARY, Engine::Sqlite, accounts(PEOPLE)).await;
    // A page has 4096 bytes.
    let (acknowledged, calls) = traced(&deployment, 4_200).await;
    let mut groups: BTreeMap<usize, usize> = BTreeMap::new();
    for (kind, link) in &acknowledged {
        let sync = covering_sync(&calls, *kind, *link).unwrap_or_else(|fault| panic!("{fault}"));
        *groups.entry(sync).or_default() += 1;
    }
    let largest = groups.values().max().copied().unwrap_or_default();
    println!(
        "SQLite: {} changes acknowledged after {} syncs that covered them, up to {largest} by one",
        acknowledged.len(),
        groups.len(),
    );
    assert!(largest > 1 && groups.len() < acknowledged.len(), "no commit held more than one plan: {groups:?}");
}

/// The check itself sees what it is there to see.
#[test]
fn sync_check_sees_an_answer_that_is_too_early() {
    let link = LinkId::from_bytes(*b"sixteen bytes id");
    let hex =
        |bytes: &[u8]| bytes.iter().flat_map(|byte| ["\\x".to_owned(), format!("{byte:02x}")]).collect::<String>();
    let request = hex(format!("DELETE /api/v1/account/methods/{link} HTTP/1.1").as_bytes());
    let page = hex(&[b"..unlinked, by its owner..".as_slice(), link.as_bytes()].concat());
    let begin = format!(
        "1 openat(AT_FDCWD, \"{}\", O_RDWR) = 9\n1 recvfrom(12, \"{request}\", 8192, 0, NULL, NULL) = 80\n",
        hex(b"/tmp/selfsame.db-wal")
    );
    let write = format!("2 pwrite64(9, \"{page}\", 4096, 56) = 4096\n");
    let answer = format!("1 writev(12, [{{iov_base=\"{}\", iov_len=8}}], 1) = 8\n", hex(b"HTTP/1.1"));
    let (sync, half, rest) =
        ("2 fdatasync(9) = 0\n", "2 fdatasync(9 <unfinished ...>\n", "2 <... fdatasync resumed>) = 0\n");
    let check = |lines: &[&str]| covering_sync(&trace::read(&lines.concat()), EventKind::Unlinked, link);
    assert_eq!(check(&[&begin, &write, sync, &answer]), Ok(3));
    assert_eq!(check(&[&begin, &write, half, rest, &answer]), Ok(3));
    for wrong in [
        vec![begin.as_str(), &write, &answer],
        vec![&begin, &write, &answer, sync],
        vec![&begin, &write, half, &answer, rest],
        vec![&begin, sync, &write, &answer, sync],
        vec![&begin, half, &write, rest, &answer, sync],
        vec![&begin, &write, "2 fdatasync(9) = -1 EIO (Input/output error)\n", &answer],
    ] {
        assert!(check(&wrong).is_err(), "{wrong:?}");
    }
}

/// The read after `commit` that completes PostgreSQL's answer to it, which may come in pieces: the tag that is sent
/// after the log was synced.
fn reply<'a>(talks: &[&'a Call], commit: &Call) -> Option<&'a Call> {
    let mut heard = Vec::new();
    let after = talks.iter().filter(|call| call.fd == commit.fd && call.begun > commit.ended);
    after.copied().take_while(|call| !call.writes()).find(|call| {
        heard.extend_from_slice(&call.data);
        find(&heard, b"C\0\0\0\x0bCOMMIT\0").is_some()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sync_comes_before_the_answer_on_postgres() {
    let deployment = Deployment::new(BINARY, Engine::Postgres, accounts(PEOPLE)).await;
    for (setting, value) in [("synchronous_commit", "on"), ("fsync", "on"), ("full_page_writes", "on")] {
        assert_eq!(deployment.ask_postgres(&format!("SHOW {setting}")).await, value, "{setting}");
    }
    let (acknowledged, calls) = traced(&deployment, 32_768).await;
    // Nor does the server set anything weaker than what its role and database have: it only looks.
    let talks: Vec<&Call> = calls.iter().filter(|call| call.file.is_none()).collect();
    let set = |call: &&Call| call.holds(b"SET synchronous_commit") || call.holds(b"synchronous_commit=");
    assert!(!talks.iter().any(|call| call.writes() && set(call)));
    assert!(talks.iter().any(|call| call.writes() && call.holds(b"SHOW synchronous_commit")));
    for (kind, link) in &acknowledged {
        let what = format!("{kind:?} {link}");
        // A plan that met a conflict was rolled back, and came again with the next facts.
        let plans = talks.iter().filter(|call| call.writes() && tells_of(&call.data, *kind, *link));
        let next =
            |plan: &Call| talks.iter().find(|call| call.writes() && call.fd == plan.fd && call.begun > plan.ended);
        let commit = plans.filter_map(|plan| next(plan)).find(|next| next.holds(b"Q\0\0\0\x0bCOMMIT\0"));
        let commit = commit.unwrap_or_else(|| panic!("{what} was not committed"));
        let done = reply(&talks, commit).unwrap_or_else(|| panic!("{what}: the commit was not answered"));
        let answer = answer(&calls, *kind, *link);
        assert!(done.ended < answer.begun, "{what} was acknowledged before its commit: {done:?}, then {answer:?}");
    }
    let rolled_back = talks.iter().filter(|call| call.writes() && call.holds(b"Q\0\0\0\x0dROLLBACK\0")).count();
    println!(
        "PostgreSQL: {} changes, each acknowledged after the reply to its COMMIT; {rolled_back} plans rolled back before",
        acknowledged.len()
    );
}
