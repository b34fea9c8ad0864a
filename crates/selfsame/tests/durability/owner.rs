//! A person who links and unlinks over HTTP and remembers what was acknowledged.

use crate::support::coin;
use model::{
    EventKind, ExternalIdentity, FactsQuery, LinkId, LinkState, Namespace, UpstreamSubject, UserFacts, UserId,
};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use store::{AuditChain, AuditRow, Store};
use testkit::Person;
use testkit::deployment::{Deployment, Trouble, Visitor};

/// Accounts at `a` that one person has and links.
const IDENTITIES: usize = 3;

/// The accounts at `a` and `b` for so many people. Subjects have six characters, so that the tail shown is all of them. Addresses are the ones of `b`.
pub fn accounts(people: usize) -> [Vec<Person>; 2] {
    let at_a = (0..people).flat_map(subjects).map(|subject| Person::new(&subject, "Ada"));
    let at_b = (0..people)
        .map(|number| Person::new(&base(number), "Ada").mail(&format!("ada-{number}@example.test"), json!(true)));
    [at_a.collect(), at_b.collect()]
}

fn subjects(person: usize) -> impl Iterator<Item = String> {
    (0..IDENTITIES).map(move |which| format!("a{person:03}-{which}"))
}

fn base(person: usize) -> String {
    format!("b{person:03}")
}

/// A change, as the person knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Linked(String),
    Unlinked(LinkId),
}

pub struct Owner {
    number: usize,
    user: UserId,
    /// What was acknowledged since the last check, in order.
    done: Vec<Change>,
    /// What was asked for and has no answer.
    pending: Option<Change>,
    /// As the last check found them.
    version: i64,
    seq: i64,
    active: Vec<(String, LinkId)>,
    changes: u64,
    /// Every change that was ever acknowledged.
    acknowledged: Vec<(EventKind, LinkId)>,
}

/// Everybody has an account that the provider `b` signs them in to.
pub async fn everybody(deployment: &Deployment, people: usize) -> Vec<Owner> {
    let store = deployment.store().await;
    let mut all = Vec::new();
    for number in 0..people {
        all.push(Owner::arrives(deployment, &store, number).await);
    }
    all
}

/// What a person was told besides acknowledgements.
#[derive(Debug, Default)]
pub struct Load {
    pub unavailable: u64,
}

pub struct Count {
    pub acknowledged: u64,
    /// Of a request without an answer: whether it was done.
    pub pending: Option<bool>,
    /// Notices that were ever written for this person.
    pub notices: u64,
}

impl Owner {
    /// Signs up through `b`.
    async fn arrives(deployment: &Deployment, store: &Store, number: usize) -> Self {
        let arrived = deployment.visitor().sign_in("b", &base(number)).await;
        arrived.unwrap_or_else(|trouble| panic!("{trouble:?}: {}", deployment.log()));
        let subject = UpstreamSubject::parse(&base(number)).expect("a subject");
        let found = store.find_identity(deployment.b.issuer(), &subject).await.expect("it is looked for");
        let user = found.first().expect("the account was made").user;
        let mut owner = Self {
            number,
            user,
            done: vec![],
            pending: None,
            version: 0,
            seq: 0,
            active: vec![],
            changes: 0,
            acknowledged: vec![],
        };
        let (facts, events) = owner.read(store).await;
        owner.version = facts.version;
        owner.seq = last(&events);
        owner
    }

    async fn read(&self, store: &Store) -> (UserFacts, Vec<AuditRow>) {
        let query = FactsQuery { users: vec![self.user], ..FactsQuery::default() };
        let facts = store.facts(&query).await.expect("facts are read");
        let mut events = store.audit(AuditChain::User(self.user), 100_000, None).await.expect("events are read");
        events.reverse();
        (facts.user(self.user).expect("the user is there").clone(), events)
    }

    /// Signs in again, and finds their methods as the database has them.
    pub async fn comes_back(&self, visitor: &mut Visitor) {
        visitor.sign_in("b", &base(self.number)).await.expect("they can sign in");
        let shown: BTreeSet<LinkId> =
            methods(visitor).await.expect("the account is shown").into_iter().map(|(_, id)| id).collect();
        assert_eq!(shown, self.active.iter().map(|(_, id)| *id).collect());
    }

    /// Links and unlinks until the server or its database is gone, or it is `over`.
    pub async fn changes_methods(
        &mut self,
        visitor: &mut Visitor,
        over: &AtomicBool,
        acknowledged: &AtomicU64,
    ) -> Load {
        let mut load = Load::default();
        while !over.load(Ordering::SeqCst) {
            let link = self.active.is_empty() || (self.active.len() < IDENTITIES && coin());
            let outcome = if link { self.link(visitor).await } else { self.unlink(visitor).await };
            match outcome {
                Ok(()) => drop(acknowledged.fetch_add(1, Ordering::SeqCst)),
                Err(Trouble::Gone(_)) => break,
                Err(Trouble::Refused(reply)) => {
                    assert_eq!(reply.status, 503, "{reply:?}");
                    assert!(reply.retry_after.is_some(), "when to come back is said: {reply:?}");
                    load.unavailable += 1;
                    break;
                }
            }
        }
        load
    }

    /// Links an account that is not linked.
    pub async fn link(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        let idle = subjects(self.number).find(|subject| !self.active.iter().any(|(active, _)| active == subject));
        let subject = idle.expect("not all of them are linked");
        let start = json!({ "kind": "link", "connection": "a" });
        let callback = visitor.to_provider(start, "a", &subject).await?;
        let flow = visitor.come_back(&callback).await?;
        self.pending = Some(Change::Linked(subject.clone()));
        let linked = visitor.confirm_link(&flow).await?;
        self.done.extend(self.pending.take());
        self.acknowledged.push((EventKind::Linked, linked));
        self.active.push((subject, linked));
        Ok(())
    }

    /// Unlinks the account that was linked first.
    pub async fn unlink(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        let (_, link) = self.active[0];
        self.pending = Some(Change::Unlinked(link));
        visitor.unlink(link).await?;
        self.done.extend(self.pending.take());
        self.acknowledged.push((EventKind::Unlinked, link));
        self.active.remove(0);
        Ok(())
    }

    pub fn acknowledged(&self) -> &[(EventKind, LinkId)] {
        &self.acknowledged
    }

    /// Every acknowledged change is there, in its order, with its event, and nothing is there by half.
    pub async fn check(&mut self, store: &Store, issuer: &str) -> Count {
        let (user, events) = self.read(store).await;
        let happened: Vec<Change> =
            events.iter().filter(|event| event.seq > self.seq).filter_map(|event| change(event, &user)).collect();
        let mut expected = self.done.clone();
        let pending = self.pending.take();
        let done = happened.len() > expected.len();
        expected.extend(pending.clone().filter(|_| done));
        assert_eq!(happened, expected, "what was acknowledged, and at most the request that was under way");
        self.changes += happened.len() as u64;
        assert_eq!(user.version, self.version + happened.len() as i64, "the version counts the changes");
        assert_eq!(user.chain.seq, events.len() as i64);
        self.check_links(store, issuer, &user, &events).await;
        let at_a = user.active_links().filter(|link| link.connection.as_str() == "a");
        self.active = at_a.map(|link| (link.identity.subject.as_str().to_owned(), link.id)).collect();
        let count =
            Count { acknowledged: self.done.len() as u64, pending: pending.map(|_| done), notices: self.changes };
        (self.version, self.seq) = (user.version, last(&events));
        self.done.clear();
        count
    }

    /// Links, holders of identities, sessions and events tell the same story.
    async fn check_links(&self, store: &Store, issuer: &str, user: &UserFacts, events: &[AuditRow]) {
        let mut told = BTreeSet::new();
        for event in events {
            match (event.kind, event.link) {
                (EventKind::UserCreated | EventKind::Linked, Some(link)) => assert!(told.insert(link)),
                (EventKind::Unlinked, Some(link)) => assert!(told.remove(&link)),
                _ => {}
            }
        }
        let active: BTreeSet<LinkId> = user.active_links().map(|link| link.id).collect();
        assert_eq!(active, told, "replaying the log gives the links");
        for link in &user.links {
            assert_eq!(link.removed_at.is_some(), link.state == LinkState::Removed, "{link:?}");
        }
        for subject in subjects(self.number) {
            let identity = ExternalIdentity {
                namespace: Namespace::new(issuer, None, 1),
                subject: UpstreamSubject::parse(&subject).expect("a subject"),
            };
            let query = FactsQuery { identity: Some(identity.clone()), ..FactsQuery::default() };
            let facts = store.facts(&query).await.expect("facts are read");
            let holder = facts.identity.and_then(|known| known.link);
            let link = user.active_links().find(|link| link.identity == identity);
            assert_eq!(holder, link.map(|link| (link.id, user.id, LinkState::Active)), "{subject}");
        }
        for session in store.sessions_of(user.id).await.expect("sessions are read") {
            assert!(session.method.link().is_none_or(|link| active.contains(&link)), "{session:?}");
        }
    }
}

fn last(events: &[AuditRow]) -> i64 {
    events.last().map_or(0, |event| event.seq)
}

/// The event as the change that its owner asked for.
fn change(event: &AuditRow, user: &UserFacts) -> Option<Change> {
    let link = event.link?;
    match event.kind {
        EventKind::Linked => {
            let row = user.link(link).expect("a link that is told of has its row");
            Some(Change::Linked(row.identity.subject.as_str().to_owned()))
        }
        EventKind::Unlinked => Some(Change::Unlinked(link)),
        _ => None,
    }
}

/// The links through `a` that the account shows: the end of the subject, and the link.
async fn methods(visitor: &mut Visitor) -> Result<Vec<(String, LinkId)>, Trouble> {
    let account = visitor.get("/api/v1/account").await?.expect(200)?;
    let rows = account.json["methods"].as_array().expect("methods are listed");
    let at_a = rows.iter().map(|row| &row["link"]).filter(|link| link["provider"]["id"] == "a");
    let of = |link: &serde_json::Value| {
        let id = link["id"].as_str().and_then(|id| id.parse().ok()).expect("a link has an id");
        (link["id_tail"].as_str().expect("a link has its tail").to_owned(), id)
    };
    Ok(at_a.map(of).collect())
}
