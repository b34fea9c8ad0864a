//! The outbox against a real SMTP conversation on loopback.

use crate::Seeded;
use async_trait::async_trait;
use model::{Address, Clock, HOUR, MINUTE, MailId, Micros, SECOND};
use selfsame::config::{Mail, Smtp, SmtpSecurity};
use selfsame::mail::{DueMail, Mailer, NEVER, OutboxPort, Rendered, Runner, message_id};
use selfsame::runner::{AlreadyRunning, MAX_PERMANENT_ATTEMPTS, QueueError, backoff};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// A relay that speaks SMTP, keeps what it is given, and answers each mail as it was told to.
#[derive(Clone, Default)]
struct Relay {
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    /// Every mail that was handed over whole, accepted or not.
    mails: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    async fn start(answers: &[&'static str]) -> (Self, u16) {
        let relay = Self::default();
        relay.answers.lock().unwrap().extend(answers);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = relay.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let relay = serving.clone();
                tokio::spawn(async move { relay.converse(stream).await });
            }
        });
        (relay, port)
    }

    async fn converse(&self, stream: TcpStream) -> Option<()> {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 relay.test\r\n").await.ok()?;
        while let Some(line) = lines.next_line().await.ok()? {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "EHLO" => "250-relay.test\r\n250-SMTPUTF8\r\n250 8BITMIME",
                "DATA" => {
                    writer.write_all(b"354 go on\r\n").await.ok()?;
                    let mut mail = String::new();
                    while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                        mail.push_str(&line);
                        mail.push('\n');
                    }
                    self.mails.lock().unwrap().push(mail);
                    let answer = self.answers.lock().unwrap().pop_front();
                    answer.unwrap_or("250 taken")
                }
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            if answer == "hang up" {
                return None;
            }
            writer.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        None
    }

    fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

fn header(mail: &str, name: &str) -> String {
    let prefix = format!("{name}: ");
    mail.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default().to_owned()
}

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::SeqCst))
    }
}

/// Attempts, next attempt, sent.
type Row = (i64, Micros, Option<Micros>);

/// The rows of an outbox in memory.
#[derive(Clone, Default)]
struct Table {
    rows: Arc<Mutex<BTreeMap<MailId, Row>>>,
    down: Arc<AtomicBool>,
    reads: Arc<AtomicUsize>,
}

const WRITTEN_AT: Micros = Micros(1_795_000_000_000_000);

impl Table {
    fn row(&self, id: MailId) -> Row {
        self.rows.lock().unwrap()[&id]
    }

    fn check(&self) -> Result<(), QueueError> {
        if self.down.load(Ordering::SeqCst) { Err(QueueError("gone".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl OutboxPort for Table {
    async fn due(&self, now: Micros, limit: usize) -> Result<Vec<DueMail>, QueueError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.check()?;
        let rows = self.rows.lock().unwrap();
        let due = rows.iter().filter(|(_, (_, next_at, sent))| sent.is_none() && *next_at <= now).take(limit);
        Ok(due
            .map(|(id, (attempts, ..))| DueMail {
                id: *id,
                sealed: id.as_bytes().to_vec(),
                written_at: WRITTEN_AT,
                attempts: *attempts,
            })
            .collect())
    }

    async fn sent(&self, id: MailId, at: Micros) -> Result<(), QueueError> {
        self.check()?;
        self.rows.lock().unwrap().get_mut(&id).unwrap().2 = Some(at);
        Ok(())
    }

    async fn claim(&self, id: MailId, attempts: i64, until: Micros) -> Result<bool, QueueError> {
        self.check()?;
        let mut rows = self.rows.lock().unwrap();
        let row = rows.get_mut(&id).unwrap();
        let first = row.0 + 1 == attempts;
        if first {
            (row.0, row.1) = (attempts, until);
        }
        Ok(first)
    }

    async fn failed(&self, id: MailId, attempts: i64, next_at: Micros) -> Result<(), QueueError> {
        self.check()?;
        let mut rows = self.rows.lock().unwrap();
        let row = rows.get_mut(&id).unwrap();
        assert_eq!(row.0, attempts, "only a claimed attempt fails");
        row.1 = next_at;
        Ok(())
    }

    fn open(&self, mail: &DueMail) -> Option<Rendered> {
        (mail.id != MailId::from_bytes([0xff; 16])).then(rendered)
    }
}

fn rendered() -> Rendered {
    Rendered {
        to: Address::parse("ada@example.org").unwrap(),
        subject: "Ihr Code: 123456\r\nBcc: eve@evil.example ✉".to_owned(),
        text: "Grüße,\n.\nIhr Code ist 123456.".to_owned(),
        html: "<p>Ihr Code ist <b>123456</b>.</p>".to_owned(),
    }
}

fn mailer(port: u16) -> Mailer {
    let smtp = Smtp { host: "127.0.0.1".to_owned(), port, security: SmtpSecurity::Plain, credentials: None };
    Mailer::new(Mail { smtp, from: "Beispiel <no-reply@example.org>".to_owned() }, "id.example.org").unwrap()
}

struct World {
    relay: Relay,
    table: Table,
    clock: Arc<TestClock>,
    wake: Arc<Notify>,
    runner: Arc<Runner>,
}

async fn world(answers: &[&'static str], mails: u8) -> World {
    let (relay, port) = Relay::start(answers).await;
    let clock = Arc::new(TestClock(AtomicI64::new(WRITTEN_AT.0)));
    let wake = Arc::new(Notify::new());
    let runner = Arc::new(Runner::new(mailer(port), clock.clone(), Arc::new(Seeded::new(1)), wake.clone()));
    let table = Table::default();
    for number in 1..=mails {
        table.rows.lock().unwrap().insert(MailId::from_bytes([number; 16]), (0, WRITTEN_AT, None));
    }
    let (running, port) = (runner.clone(), table.clone());
    tokio::spawn(async move { running.run(port).await });
    World { relay, table, clock, wake, runner }
}

impl World {
    /// Waits for the runner to have done this, at most a few seconds.
    async fn until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        for _ in 0..400 {
            if done(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what} did not happen: {:?}", self.table.rows.lock().unwrap());
    }

    fn later(&self, by: Micros) {
        self.clock.0.fetch_add(by.0, Ordering::SeqCst);
        self.wake.notify_one();
    }
}

const FIRST: MailId = MailId::from_bytes([1; 16]);

#[tokio::test]
async fn a_mail_that_is_refused_for_now_is_sent_again_under_the_same_id() {
    let world = world(&["451 come back"], 1).await;
    world
        .until("the first attempt", |world| {
            world.table.row(FIRST).0 == 1 && world.table.row(FIRST).1 < WRITTEN_AT + MINUTE
        })
        .await;
    let (attempts, next_at, sent) = world.table.row(FIRST);
    assert_eq!((attempts, sent), (1, None));
    assert!(next_at >= WRITTEN_AT + SECOND.times(5) && next_at <= WRITTEN_AT + SECOND.times(7), "{next_at}");
    world.later(SECOND);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.relay.mails().len(), 1, "not before its time");
    world.later(MINUTE);
    world.until("the second attempt", |world| world.table.row(FIRST).2.is_some()).await;
    let mails = world.relay.mails();
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        assert_eq!(header(mail, "Message-ID"), message_id(FIRST, "id.example.org"));
        assert_eq!(header(mail, "Date"), header(&mails[0], "Date"));
    }
    world.later(HOUR);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.relay.mails().len(), 2, "what was sent is not sent again");
}

#[tokio::test]
async fn a_mail_is_written_as_the_standards_say() {
    let world = world(&[], 1).await;
    world.until("it", |world| world.table.row(FIRST).2.is_some()).await;
    let mail = world.relay.mails().remove(0);
    assert_eq!(header(&mail, "Message-ID"), "<01010101-0101-0101-0101-010101010101@id.example.org>");
    assert_eq!(header(&mail, "From"), "Beispiel <no-reply@example.org>");
    assert_eq!(header(&mail, "To"), "ada@example.org");
    assert_eq!(header(&mail, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&mail, "Date"), "Wed, 18 Nov 2026 11:06:40 +0000");
    assert!(header(&mail, "Content-Type").starts_with("multipart/alternative"), "{mail}");
    assert!(
        mail.contains("Content-Type: text/plain; charset=utf-8")
            && mail.contains("Content-Type: text/html; charset=utf-8")
    );
    assert!(
        mail.find("text/plain").unwrap() < mail.find("text/html").unwrap(),
        "the last is preferred (RFC 2046 §5.1.4)"
    );
    assert!(!mail.lines().any(|line| line.starts_with("Bcc")), "no header from a subject: {mail}");
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_given_up() {
    let world = world(&["550 no such user"; 10], 1).await;
    for attempt in 1..=MAX_PERMANENT_ATTEMPTS {
        // Claimed is not done: a claim ends two minutes from now, a back-off of few attempts much sooner.
        world
            .until("an attempt", |world| {
                let (attempts, next_at, _) = world.table.row(FIRST);
                attempts == attempt && (next_at == NEVER || next_at < world.clock.now() + MINUTE)
            })
            .await;
        world.later(HOUR.times(2));
    }
    assert_eq!(world.table.row(FIRST), (MAX_PERMANENT_ATTEMPTS, NEVER, None));
    world.later(HOUR.times(1000));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.relay.mails().len(), 3);
}

#[tokio::test]
async fn a_broken_connection_and_a_lost_key_are_no_end() {
    let world = world(&["hang up"], 1).await;
    let lost = MailId::from_bytes([0xff; 16]);
    world.table.rows.lock().unwrap().insert(lost, (2, WRITTEN_AT, None));
    world.wake.notify_one();
    world
        .until("the failure", |world| world.table.row(FIRST).0 == 1 && world.table.row(FIRST).1 < WRITTEN_AT + MINUTE)
        .await;
    world.later(HOUR);
    world.until("the second attempt", |world| world.table.row(FIRST).2.is_some()).await;
    world.until("giving up", |world| world.table.row(lost) == (3, NEVER, None)).await;
    assert_eq!(world.relay.mails().len(), 2);
}

#[tokio::test]
async fn many_mails_are_sent_once_each() {
    let world = world(&[], 60).await;
    world.until("all", |world| world.table.rows.lock().unwrap().values().all(|row| row.2.is_some())).await;
    let mut ids: Vec<String> = world.relay.mails().iter().map(|mail| header(mail, "Message-ID")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), world.relay.mails().len()), (60, 60));
}

#[tokio::test]
async fn a_database_that_is_gone_loses_nothing() {
    let world = world(&[], 0).await;
    world.until("a look", |world| world.table.reads.load(Ordering::SeqCst) == 1).await;
    world.table.down.store(true, Ordering::SeqCst);
    world.table.rows.lock().unwrap().insert(FIRST, (0, WRITTEN_AT, None));
    world.wake.notify_one();
    world.until("a failed look", |world| world.table.reads.load(Ordering::SeqCst) == 2).await;
    world.table.down.store(false, Ordering::SeqCst);
    world.wake.notify_one();
    world.until("the mail", |world| world.table.row(FIRST).2.is_some()).await;
}

#[tokio::test]
async fn two_runners_do_not_run() {
    let world = world(&[], 0).await;
    world.until("a look", |world| world.table.reads.load(Ordering::SeqCst) == 1).await;
    assert_eq!(world.runner.run(world.table.clone()).await, Err(AlreadyRunning));
}

#[tokio::test]
async fn without_a_relay_the_mail_waits() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = mailer(free).send(FIRST, WRITTEN_AT, &rendered()).await.unwrap_err();
    assert!(!error.permanent);
    assert_eq!(error.detail, "no connection to the relay");
}

#[test]
fn the_wait_doubles_to_an_hour_with_a_little_chance() {
    let random = Seeded::new(7);
    for (attempts, base) in [(0, 5), (1, 5), (2, 10), (3, 20), (10, 2560), (11, 3600), (40, 3600), (i64::MAX, 3600)] {
        for _ in 0..50 {
            let wait = backoff(attempts, &random);
            let base = Micros::from_seconds(base);
            assert!(wait >= base && wait.0 <= base.0 + base.0 / 4, "{attempts}: {wait}");
        }
    }
    assert_ne!(backoff(5, &random), backoff(5, &random));
}
