//! One deployment that races are run on, and the users they are about. Users are made many at a time by plans written
//! by hand; what races is decided by `linking`.

use super::ask::{Answer, Ask, SessionHash, contend};
use flows::KeyRing;
use linking::Context;
use model::{
    Actor, AuditEvent, ChainHead, Change, Clock as _, Conflict, ConnectionId, DisplayClaims, EventId, EventKind,
    ExternalIdentity, Facts, FactsQuery, HOUR, Level, LinkId, Method, Micros, Namespace, NewLink, NewSession, Personal,
    Plan, Policy, Random, Secret, SessionId, UpstreamSubject, UserId,
};
use selfsame::config::Database;
use selfsame::os::OsRandom;
use selfsame::server::key_ring;
use std::collections::BTreeMap;
use std::process::Command;
use store::{Store, StoreError};
use testkit::{Engine, Options, World};

pub struct Lane {
    world: World,
    keys: KeyRing,
    no_session: SessionId,
}

/// A user with a link through `a` and one through `b`.
pub struct Linked {
    pub user: UserId,
    pub links: [LinkId; 2],
    /// Made by a password, which policy does not allow any more: it lives, and no method stands behind it.
    pub session: SessionHash,
    /// Made by the first link.
    pub session_by_link: SessionHash,
}

/// A user without any link.
#[derive(Clone, Copy)]
pub struct Single {
    pub user: UserId,
    pub session: SessionHash,
}

fn random() -> &'static dyn Random {
    &OsRandom
}

impl Lane {
    /// Without local methods: what is left of the links is what is left.
    pub async fn new(engine: Engine) -> Self {
        let policy = "password = false\nemail_code = false".to_owned();
        Self::with(Options { policy, ..Options::on(engine) }).await
    }

    pub async fn with(options: Options) -> Self {
        let world = World::with(options).await;
        world.allow_made_up_links();
        let keys = key_ring(&world.config).expect("a key");
        let no_session = SessionId::generate(world.clock.now(), random());
        Self { world, keys, no_session }
    }

    pub fn store(&self) -> &Store {
        &self.world.server.store
    }

    pub fn policy(&self) -> &Policy {
        self.world.server.journeys.policy()
    }

    pub fn now(&self) -> Micros {
        self.world.clock.now()
    }

    pub fn no_session(&self) -> SessionId {
        self.no_session
    }

    pub fn fresh_hash(&self) -> SessionHash {
        random().bytes()
    }

    pub fn context<'a>(&'a self, actor: &'a Actor) -> Context<'a> {
        Context { now: self.now(), random: random(), policy: self.policy(), actor, flow: None, device: "" }
    }

    pub async fn facts(&self, query: &FactsQuery) -> Facts {
        self.store().facts(query).await.expect("facts are read")
    }

    pub async fn users(&self, users: &[UserId]) -> Facts {
        self.facts(&FactsQuery { users: users.to_vec(), ..FactsQuery::default() }).await
    }

    pub async fn identity(&self, subject: &str) -> Facts {
        self.facts(&FactsQuery { identity: Some(self.identity_key(subject)), ..FactsQuery::default() }).await
    }

    pub fn identity_key(&self, subject: &str) -> ExternalIdentity {
        identity(self.world.a.issuer(), subject)
    }

    pub fn identity_through(&self, connection: &str, subject: &str) -> ExternalIdentity {
        let through = if connection == "a" { &self.world.a } else { &self.world.b };
        identity(through.issuer(), subject)
    }

    /// As every caller of the store does it: sealed first.
    pub async fn apply(&self, plan: Plan, facts: &Facts) -> Result<(), Conflict> {
        let sealed = self.world.server.journeys.sealed(plan, facts, None, "en").expect("it can be sealed");
        match self.store().apply(sealed).await {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict(conflict)) => Err(conflict),
            Err(error) => panic!("{error}"),
        }
    }

    /// Without anybody to race against.
    pub async fn alone(&self, ask: &Ask) -> Answer {
        contend(self, ask, None).await.answer
    }

    pub async fn done(&self, changes: Vec<Change>) {
        self.apply(Plan { changes }, &Facts::default()).await.expect("nothing is in its way");
    }

    /// One user for each number, by one plan.
    pub async fn users_with_two_links(&self, numbers: &[u64]) -> Vec<Linked> {
        self.analyze(numbers[0]);
        let (mut changes, mut made) = (Vec::new(), Vec::new());
        for number in numbers {
            let user = self.create(&mut changes);
            let issuers = [("a", self.world.a.issuer()), ("b", self.world.b.issuer())];
            let links = issuers.map(|(through, issuer)| {
                let link = NewLink {
                    id: LinkId::generate(self.now(), random()),
                    user,
                    connection: ConnectionId::parse(through).expect("a connection's name"),
                    identity: identity(issuer, &format!("{through}-{number}")),
                    reason: "linked_by_owner",
                    proofs: Vec::new(),
                    policy_version: self.policy().version.clone(),
                    at: self.now(),
                };
                let id = link.id;
                changes.push(Change::AddLink(link));
                id
            });
            let through = Method::Link { link: links[0], connection: ConnectionId::parse("a").expect("a name") };
            let session = self.session(&mut changes, user, Method::Password);
            let session_by_link = self.session(&mut changes, user, through);
            made.push(Linked { user, links, session, session_by_link });
        }
        self.done(changes).await;
        made
    }

    /// Two users for each number. Of every second number the identity they will want has been seen before.
    pub async fn pairs_of_users(&self, numbers: &[u64]) -> Vec<[Single; 2]> {
        self.analyze(numbers[0]);
        let (mut changes, mut made) = (Vec::new(), Vec::new());
        for number in numbers {
            made.push([(); 2].map(|()| {
                let user = self.create(&mut changes);
                Single { user, session: self.session(&mut changes, user, Method::Password) }
            }));
            if number % 2 == 1 {
                changes.push(Change::SeeIdentity {
                    identity: self.identity_key(&format!("shared-{number}")),
                    display: DisplayClaims::default(),
                    address: None,
                    at: self.now(),
                });
            }
        }
        self.done(changes).await;
        made
    }

    /// A user with a data key that opens, and the first event of their chain.
    pub fn create(&self, changes: &mut Vec<Change>) -> UserId {
        let user = UserId::generate(self.now(), random());
        let context = [b"users.sealed_key.".as_slice(), user.as_bytes()].concat();
        let key = self.keys.seal("user-key", &context, &random().bytes::<32>(), random()).expect("it can be sealed");
        changes.push(Change::CreateUser {
            user,
            name: "Ada".to_owned(),
            required_level: Level::One,
            sealed_key: Secret::new(key),
            at: self.now(),
        });
        changes.push(Change::Audit(AuditEvent {
            id: EventId::generate(self.now(), random()),
            subject: Some(user),
            after: ChainHead::default(),
            at: self.now(),
            kind: EventKind::UserCreated,
            actor: Actor::System,
            reason: "new_user",
            policy_version: self.policy().version.clone(),
            link: None,
            connection: None,
            session: None,
            proofs: Vec::new(),
            personal: Personal::Plain(BTreeMap::new()),
        }));
        user
    }

    pub fn session(&self, changes: &mut Vec<Change>, user: UserId, method: Method) -> SessionHash {
        let hash = self.fresh_hash();
        let id = SessionId::generate(self.now(), random());
        changes.push(Change::CreateSession(NewSession {
            id,
            sid: id,
            hash,
            user,
            level: Level::One,
            scope: model::SessionScope::Account,
            method,
            authenticated_at: self.now(),
            at: self.now(),
            expires_at: self.now() + HOUR,
            store_epoch: 1,
            user_agent: "race".to_owned(),
        }));
        hash
    }

    /// What PostgreSQL does by itself within a minute: plans that were made for empty tables are made again.
    fn analyze(&self, number: u64) {
        if let Database::Postgres(url) = &self.world.config.database
            && [100, 1000].contains(&number)
        {
            let done = Command::new("psql").args(["-X", "-q", "-d", url.expose(), "-c", "ANALYZE"]).status();
            assert!(done.expect("`psql` starts").success());
        }
    }
}

fn identity(issuer: &str, subject: &str) -> ExternalIdentity {
    ExternalIdentity {
        namespace: Namespace::new(issuer, None, 1),
        subject: UpstreamSubject::parse(subject).expect("a subject"),
    }
}
