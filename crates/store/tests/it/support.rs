//! Databases that tests can also reach behind the store's back, and short words for plans.

use crate::postgres::{TestDatabase, database};
use model::{
    Actor, Address, AddressProof, AuditEvent, Change, Conflict, ConnectionId, ConnectionState, DAY, EventId, EventKind,
    Expiring, ExternalIdentity, Facts, FactsQuery, FlowId, Level, LinkId, Mail, MailBody, MailId, Method, Micros,
    Namespace, NewGrant, NewLink, NewSession, Personal, Plan, Secret, SessionId, SessionScope, Undoable,
    UpstreamSubject, UserFacts, UserId,
};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{Store, StoreError};

pub struct Database {
    pub store: Store,
    pub raw: Raw,
}

pub enum Raw {
    Sqlite(Directory),
    Postgres(String),
}

/// A directory that goes with its test.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new() -> Self {
        let name = format!("selfsame-store-{:016x}", RandomState::new().build_hasher().finish());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("selfsame.db")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

impl Database {
    pub async fn sqlite() -> Self {
        let directory = Directory::new();
        let store = Store::open_sqlite_for_migration(&directory.file()).await.unwrap();
        store.migrate_up().await.unwrap();
        Self { store, raw: Raw::Sqlite(directory) }
    }

    pub async fn postgres() -> Self {
        Self::at(database().await).await
    }

    pub async fn at(TestDatabase { url }: TestDatabase) -> Self {
        let store = Store::open_postgres_for_migration(&url).await.unwrap();
        store.migrate_up().await.unwrap();
        Self { store, raw: Raw::Postgres(url) }
    }

    /// A second store on the same database, as a second process would have it.
    pub async fn open_again(&self) -> Result<Store, StoreError> {
        match &self.raw {
            Raw::Sqlite(directory) => Store::open_sqlite(&directory.file()).await,
            Raw::Postgres(url) => Store::open_postgres(url).await,
        }
    }

    /// Behind the store's back.
    pub async fn execute(&self, sql: &str) -> u64 {
        match &self.raw {
            Raw::Sqlite(directory) => {
                rusqlite::Connection::open(directory.file()).unwrap().execute(sql, []).unwrap() as u64
            }
            Raw::Postgres(url) => {
                let sql = sql.replace("X'", "'\\x");
                connect(url).await.execute(&sql, &[]).await.unwrap()
            }
        }
    }

    pub async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        match &self.raw {
            Raw::Sqlite(directory) => {
                let connection = rusqlite::Connection::open(directory.file()).unwrap();
                connection.query_row(&sql, [], |row| row.get(0)).unwrap()
            }
            Raw::Postgres(url) => connect(url).await.query_one(&sql, &[]).await.unwrap().get(0),
        }
    }

    /// The texts of one column, in the order of the rows.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        match &self.raw {
            Raw::Sqlite(directory) => {
                let connection = rusqlite::Connection::open(directory.file()).unwrap();
                let mut statement = connection.prepare(sql).unwrap();
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            }
            Raw::Postgres(url) => {
                let sql = sql.replace("X'", "'\\x");
                connect(url).await.query(&sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Subjects that lead to a user, of the one sector tests use.
    pub async fn subjects(&self, user: UserId) -> Vec<String> {
        let id = format!("{:032x}", u128::from_be_bytes(*user.as_bytes()));
        self.texts(&format!("SELECT s.sub FROM subjects s WHERE s.user_id = X'{id}' ORDER BY s.sub")).await
    }

    pub async fn apply(&self, changes: impl Into<Vec<Change>>) -> Result<(), StoreError> {
        self.store.apply(plan(changes)).await
    }

    /// Applies what must succeed.
    pub async fn done(&self, changes: impl Into<Vec<Change>>) {
        self.apply(changes).await.unwrap();
    }

    /// Applies what must fail, and says how.
    pub async fn conflict(&self, changes: impl Into<Vec<Change>>) -> Conflict {
        match self.apply(changes).await {
            Err(StoreError::Conflict(conflict)) => conflict,
            other => panic!("expected a conflict, got {other:?}"),
        }
    }

    pub async fn facts(&self, query: FactsQuery) -> Facts {
        self.store.facts(&query).await.unwrap()
    }

    pub async fn user(&self, user: UserId) -> UserFacts {
        let facts = self.facts(FactsQuery { users: vec![user], ..FactsQuery::default() }).await;
        facts.user(user).unwrap().clone()
    }

    pub async fn identity(&self, identity: &ExternalIdentity) -> Facts {
        self.facts(FactsQuery { identity: Some(identity.clone()), ..FactsQuery::default() }).await
    }
}

pub async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub fn plan(changes: impl Into<Vec<Change>>) -> Plan {
    Plan { changes: changes.into() }
}

pub const AT: Micros = Micros(1_700_000_000_000_000);

/// The same number, the same id.
pub fn id_bytes(number: u64) -> [u8; 16] {
    let mut bytes = [0x70; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// Never the same twice in a process.
pub fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 40);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub fn user(number: u64) -> UserId {
    UserId::from_bytes(id_bytes(number))
}

pub fn link_id(number: u64) -> LinkId {
    LinkId::from_bytes(id_bytes(number))
}

pub fn flow(number: u64) -> FlowId {
    FlowId::from_bytes(id_bytes(number))
}

pub fn hash(number: u64) -> [u8; 32] {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    hash
}

pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub fn connection(name: &str) -> ConnectionId {
    ConnectionId::parse(name).unwrap()
}

pub fn identity(issuer: &str, subject: &str) -> ExternalIdentity {
    ExternalIdentity { namespace: Namespace::new(issuer, None, 1), subject: UpstreamSubject::parse(subject).unwrap() }
}

pub fn create(user: UserId) -> Change {
    Change::CreateUser {
        user,
        name: "Ada".to_owned(),
        required_level: Level::One,
        sealed_key: Secret::new(vec![1, 2, 3]),
        at: AT,
    }
}

pub fn raise(user: UserId, from: i64) -> Change {
    Change::RaiseUser { user, from }
}

pub fn add_link(number: u64, user: UserId, through: &str, identity: ExternalIdentity) -> Change {
    Change::AddLink(NewLink {
        id: link_id(number),
        user,
        connection: connection(through),
        identity,
        reason: "link_added",
        proofs: vec!["password@1".to_owned()],
        policy_version: "p1".to_owned(),
        at: AT + Micros(number as i64 % 1000),
    })
}

pub fn remove_link(number: u64, user: UserId, identity: ExternalIdentity) -> Change {
    Change::RemoveLink { link: link_id(number), user, identity, at: AT }
}

pub fn move_link(number: u64, identity: ExternalIdentity, from: UserId, to: UserId) -> Change {
    Change::MoveLink { link: link_id(number), identity, from, to }
}

pub fn event_id(number: u64) -> EventId {
    EventId::from_bytes(id_bytes(number))
}

pub fn grant(number: u64, user: UserId, what: Undoable) -> Change {
    Change::Grant(NewGrant { event: event_id(number), user, what, at: AT, expires_at: AT + DAY })
}

pub fn prove(text: &str, user: UserId) -> Change {
    Change::ProveAddress { address: address(text), user, proof: AddressProof::Loop, at: AT }
}

pub fn session(number: u64, user: UserId, method: Method) -> Change {
    Change::CreateSession(NewSession {
        id: SessionId::from_bytes(id_bytes(number)),
        sid: SessionId::from_bytes(id_bytes(number)),
        hash: hash(number),
        user,
        level: Level::One,
        scope: SessionScope::Account,
        method,
        authenticated_at: AT,
        at: AT + Micros(1),
        expires_at: AT + model::HOUR,
        store_epoch: 1,
        user_agent: "test".to_owned(),
    })
}

pub fn through_link(number: u64, name: &str) -> Method {
    Method::Link { link: link_id(number), connection: connection(name) }
}

pub fn spend(number: u64) -> Change {
    Change::SpendFlow(Expiring { flow: flow(number), expires_at: AT + model::HOUR })
}

pub fn declare(name: &str, issuer: &str) -> Change {
    Change::DeclareConnection(ConnectionState {
        id: connection(name),
        version: 1,
        enabled: true,
        epoch: 1,
        namespace: Namespace::new(issuer, None, 1),
        issuer: issuer.to_owned(),
        client_id: "client".to_owned(),
        subject_claim: "sub".to_owned(),
        changed_at: AT,
    })
}

pub fn enable(name: &str, version: i64, enabled: bool) -> Change {
    Change::SetConnectionEnabled { connection: connection(name), version, enabled, at: AT }
}

pub fn event(subject: Option<&UserFacts>, kind: EventKind) -> AuditEvent {
    AuditEvent {
        id: EventId::from_bytes(id_bytes(fresh())),
        subject: subject.map(|user| user.id),
        after: subject.map(|user| user.chain).unwrap_or_default(),
        at: AT,
        kind,
        actor: Actor::System,
        reason: "because",
        policy_version: "p1".to_owned(),
        link: None,
        connection: None,
        session: None,
        proofs: Vec::new(),
        personal: Personal::Sealed(vec![9, 9]),
    }
}

pub fn first_event(user: UserId, kind: EventKind) -> Change {
    Change::Audit(AuditEvent { subject: Some(user), ..event(None, kind) })
}

pub fn mail(number: u64) -> Change {
    let body = MailBody::Sealed(vec![5; 40]);
    Change::Send(Mail { id: MailId::from_bytes(id_bytes(number)), at: AT, body })
}
