//! Merges and their undo, decided by `linking` on facts of the store: undoing gives back exactly what was, and keeps with
//! the survivor what came since.

use crate::races::lane::Lane;
use linking::{
    Context, LinkInput, LinkOutcome, LocalOutcome, MergeInput, MergeOutcome, Reason, SessionTerms, UnlinkInput,
    UnlinkOutcome, UnmergeInput, decide_link, decide_merge, decide_set_password, decide_unlink, decide_unmerge,
};
use model::{
    Actor, Address, AddressProof, Assertion, AssertionParts, ChainHead, Change, ConnectionId, DisplayClaims, EventId,
    Facts, FactsQuery, HOUR, Level, LinkFacts, LinkId, LinkState, Method, NewLink, Proof, Secret, SessionId, UserFacts,
    UserId, UserStatus,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use selfsame::os::OsRandom;
use testkit::{Engine, Options};

const CONNECTIONS: [&str; 2] = ["a", "b"];
const STATES: [LinkState; 3] = [LinkState::Active, LinkState::Held, LinkState::Removed];

/// What a user has when the story begins.
#[derive(Debug, Clone)]
struct Shape {
    level: Level,
    password: bool,
    addresses: usize,
    /// Connection and state.
    links: Vec<(usize, usize)>,
}

/// What the survivor does between merge and undo.
#[derive(Debug, Clone)]
enum Since {
    Unlink(usize),
    Link,
    Password,
    /// Absorbs one more.
    Merge,
}

fn shape(links: usize) -> impl Strategy<Value = Shape> {
    // No configuration gives a method the second level yet; what levels do to a merge is decided, and tested, in `linking`.
    let level = Just(Level::One);
    let links = prop::collection::vec((0..2_usize, 0..3_usize), 0..=links);
    (level, any::<bool>(), 1..3_usize, links).prop_map(|(level, password, addresses, links)| Shape {
        level,
        password,
        addresses,
        links,
    })
}

fn since() -> impl Strategy<Value = Since> {
    prop_oneof![(0..4_usize).prop_map(Since::Unlink), Just(Since::Link), Just(Since::Password), Just(Since::Merge)]
}

/// Writes a user; the changes are in the order of what happened to them.
async fn made(lane: &Lane, shape: &Shape) -> UserId {
    let mut changes = Vec::new();
    let user = lane.create(&mut changes);
    changes.push(Change::SetRequiredLevel { user, level: shape.level });
    if shape.password {
        changes.push(Change::SetPassword { user, phc: Secret::new("phc".to_owned()), at: lane.now() });
    }
    for n in 0..shape.addresses {
        let address = Address::parse(&format!("m{n}-{user}@example.test")).expect("an address");
        changes.push(Change::ProveAddress { address, user, proof: AddressProof::Loop, at: lane.now() });
    }
    for (n, (through, state)) in shape.links.iter().enumerate() {
        let through = CONNECTIONS[*through];
        let identity = lane.identity_through(through, &format!("{n}-{user}"));
        let link = LinkId::generate(lane.now(), &OsRandom);
        changes.push(Change::AddLink(NewLink {
            id: link,
            user,
            connection: ConnectionId::parse(through).expect("a connection's name"),
            identity: identity.clone(),
            reason: "linked_by_owner",
            proofs: Vec::new(),
            policy_version: lane.policy().version.clone(),
            at: lane.now(),
        }));
        match STATES[*state] {
            LinkState::Active => {}
            LinkState::Held => changes.push(Change::HoldLink { link, user }),
            LinkState::Removed => changes.push(Change::RemoveLink { link, user, identity, at: lane.now() }),
        }
    }
    lane.done(changes).await;
    user
}

/// The user without what every change moves.
async fn plain(lane: &Lane, user: UserId) -> UserFacts {
    let facts = lane.users(&[user]).await;
    let known = facts.user(user).expect("they exist").clone();
    UserFacts { version: 0, chain: ChainHead::default(), ..known }
}

/// The survivor in their session, which rests on their password and reaches every level.
struct Survivor<'a> {
    lane: &'a Lane,
    user: UserId,
    session: [u8; 32],
    actor: Actor,
}

impl<'a> Survivor<'a> {
    async fn of(lane: &'a Lane, shape: &Shape) -> Self {
        let user = made(lane, &Shape { password: true, ..shape.clone() }).await;
        let mut changes = Vec::new();
        let session = lane.session(&mut changes, user, Method::Password);
        if let Some(Change::CreateSession(made)) = changes.last_mut() {
            made.level = Level::Two;
        }
        lane.done(changes).await;
        Self { lane, user, session, actor: Actor::User { user } }
    }

    fn context(&self) -> Context<'_> {
        self.lane.context(&self.actor)
    }

    fn terms(&self) -> SessionTerms {
        SessionTerms { hash: self.lane.fresh_hash(), lifetime: HOUR, user_agent: "merge".to_owned() }
    }

    /// Facts, the session's id and the survivor's version.
    async fn read(&self, query: FactsQuery) -> (Facts, SessionId, i64) {
        let facts = self.lane.facts(&FactsQuery { session: Some(self.session), ..query }).await;
        let session = facts.session.as_ref().expect("the session lives").id;
        let version = facts.user(self.user).expect("its user is read with it").version;
        (facts, session, version)
    }

    /// The event whose grant undoes it; `None` when there are too many links for one user.
    async fn merge(&mut self, absorbed: UserId) -> Option<EventId> {
        let query = FactsQuery { users: vec![absorbed], ..FactsQuery::default() };
        let (facts, session, user_version) = self.read(query).await;
        let other = facts.user(absorbed).expect("they exist");
        let method = Method::EmailCode { address: other.addresses[0].address.clone() };
        let terms = self.terms();
        let input = MergeInput {
            facts: &facts,
            user: self.user,
            session,
            user_version,
            absorbed,
            absorbed_version: other.version,
            proof: &Proof::of_checked(absorbed, method, Level::Two, self.lane.now()),
            terms: &terms,
        };
        let decision = decide_merge(&self.context(), &input);
        if decision.reason == Reason::LinkLimit {
            return None;
        }
        assert_eq!(decision.outcome, MergeOutcome::Merged, "{:?}", decision.reason);
        let grant = decision.plan.changes.iter().find_map(|change| match change {
            Change::Grant(grant) => Some(grant.event),
            _ => None,
        });
        self.lane.apply(decision.plan, &facts).await.expect("nobody is in its way");
        self.session = terms.hash;
        Some(grant.expect("a merge can be undone"))
    }

    /// By the mailbox that came with the absorbed user, or by the password that stayed behind.
    async fn undo(&mut self, event: EventId, before: &UserFacts, by_password: bool) -> (MergeOutcome, Reason) {
        let (facts, session, _) = self.read(FactsQuery { grant: Some(event), ..FactsQuery::default() }).await;
        let now = self.lane.now();
        let proof = if by_password && before.password.is_some() {
            Proof::of_checked(before.id, Method::Password, Level::Two, now)
        } else {
            let address = before.addresses[0].address.clone();
            Proof::of_checked(self.user, Method::EmailCode { address }, Level::Two, now)
        };
        let terms = self.terms();
        let input = UnmergeInput { facts: &facts, session, proof: &proof, terms: &terms };
        let decision = decide_unmerge(&self.context(), &input);
        if decision.outcome == MergeOutcome::Merged {
            self.lane.apply(decision.plan, &facts).await.expect("nobody is in its way");
            self.session = terms.hash;
        }
        (decision.outcome, decision.reason)
    }

    /// Removes one of the living links, if there is any.
    async fn unlink(&mut self, which: usize) {
        let (facts, session, _) = self.read(FactsQuery::default()).await;
        let user = facts.user(self.user).expect("they exist");
        let living: Vec<&LinkFacts> = user.links.iter().filter(|link| link.state != LinkState::Removed).collect();
        let Some(link) = living.get(which % living.len().max(1)) else { return };
        let input = UnlinkInput { facts: &facts, user: self.user, link: link.id, session: Some(session), force: false };
        let decision = decide_unlink(&self.context(), &input);
        assert!(matches!(decision.outcome, UnlinkOutcome::Removed { .. }), "{decision:?}");
        self.lane.apply(decision.plan, &facts).await.expect("nobody is in its way");
    }

    async fn link(&mut self) {
        let identity =
            self.lane.identity_through("a", &format!("new-{}", LinkId::generate(self.lane.now(), &OsRandom)));
        let query = FactsQuery { identity: Some(identity.clone()), ..FactsQuery::default() };
        let (facts, session, user_version) = self.read(query).await;
        let assertion = Assertion::from_verified(AssertionParts {
            connection: ConnectionId::parse("a").expect("a connection's name"),
            epoch: 1,
            identity,
            mail: None,
            display: DisplayClaims::default(),
            authenticated_at: Some(self.lane.now()),
            verified_at: self.lane.now(),
            level: Level::One,
        });
        let terms = self.terms();
        let (user, assertion) = (self.user, &assertion);
        let input = LinkInput { facts: &facts, assertion, user, session, user_version, terms: &terms };
        let decision = decide_link(&self.context(), &input);
        if decision.reason == Reason::LinkLimit {
            return;
        }
        assert!(matches!(decision.outcome, LinkOutcome::Linked { .. }), "{decision:?}");
        self.lane.apply(decision.plan, &facts).await.expect("nobody is in its way");
        self.session = terms.hash;
    }

    async fn set_password(&mut self) {
        let (facts, session, _) = self.read(FactsQuery::default()).await;
        let terms = self.terms();
        let phc = Secret::new(format!("phc-{session}"));
        let decision = decide_set_password(&self.context(), &facts, session, &phc, &terms);
        assert!(matches!(decision.outcome, LocalOutcome::SignedIn { .. }), "{decision:?}");
        self.lane.apply(decision.plan, &facts).await.expect("nobody is in its way");
        self.session = terms.hash;
    }
}

fn is_living(link: &LinkFacts) -> bool {
    link.state != LinkState::Removed
}

/// What an undo must leave: to the absorbed user what they brought and what is still there, to the survivor the rest.
fn expected(before: [&UserFacts; 2], merged: &UserFacts, now: &UserFacts) -> [UserFacts; 2] {
    let [survivor, absorbed] = before;
    let brought = |link: &LinkFacts| is_living(link) && absorbed.links.iter().any(|was| is_living(was) && was == link);
    let (back, stay): (Vec<_>, Vec<_>) = now.links.iter().cloned().partition(|link| brought(link));
    let mut links: Vec<LinkFacts> = absorbed.links.iter().filter(|link| !is_living(link)).cloned().collect();
    links.extend(back);
    links.sort_by_key(|link| (link.linked_at, link.id));
    let mut rest = now.addresses.clone();
    rest.retain(|known| !absorbed.addresses.contains(known));
    let lowered = survivor.required_level != merged.required_level && now.required_level == merged.required_level;
    let required_level = if lowered { survivor.required_level } else { now.required_level };
    [UserFacts { links: stay, addresses: rest, required_level, ..now.clone() }, UserFacts { links, ..absorbed.clone() }]
}

/// Every living link of a user holds its identity, for this user.
async fn links_hold(lane: &Lane, user: &UserFacts) {
    for link in user.links.iter().filter(|link| is_living(link)) {
        let query = FactsQuery { identity: Some(link.identity.clone()), ..FactsQuery::default() };
        let held = lane.facts(&query).await.identity.and_then(|known| known.link);
        assert_eq!(held, Some((link.id, user.id, link.state)));
    }
}

async fn story(lane: &Lane, shapes: &[Shape; 3], since: &[Since], by_password: bool) {
    let mut survivor = Survivor::of(lane, &shapes[0]).await;
    let (absorbed, third) = (made(lane, &shapes[1]).await, made(lane, &shapes[2]).await);
    let [was, other, more] = [survivor.user, absorbed, third].map(|user| plain(lane, user));
    let (was, other, more) = (was.await, other.await, more.await);
    let event = survivor.merge(absorbed).await.expect("few links");
    let merged = plain(lane, survivor.user).await;
    let tombstone = plain(lane, absorbed).await;
    assert_eq!(tombstone.status, UserStatus::Absorbed);
    assert!(tombstone.addresses.is_empty() && !tombstone.links.iter().any(is_living));

    let mut again = None;
    for change in since {
        match change {
            Since::Unlink(which) => survivor.unlink(*which).await,
            Since::Link => survivor.link().await,
            Since::Password => survivor.set_password().await,
            Since::Merge if again.is_none() => again = survivor.merge(third).await,
            Since::Merge => {}
        }
    }
    let now = plain(lane, survivor.user).await;
    assert_eq!(survivor.undo(event, &other, by_password).await, (MergeOutcome::Merged, Reason::MergeUndone));
    let after = [plain(lane, survivor.user).await, plain(lane, absorbed).await];
    assert_eq!(after, expected([&was, &other], &merged, &now));
    if since.is_empty() {
        assert_eq!(after, [was, other.clone()], "undo after merge is nothing");
    }
    for user in &after {
        links_hold(lane, user).await;
    }
    assert_eq!(survivor.undo(event, &other, by_password).await, (MergeOutcome::Refused, Reason::UndoSpent));
    if let Some(event) = again {
        let kept: Vec<_> = after[0].links.iter().map(|link| link.id).collect();
        let (outcome, reason) = survivor.undo(event, &more, by_password).await;
        assert_eq!((outcome, reason), (MergeOutcome::Merged, Reason::MergeUndone));
        let returned = plain(lane, third).await;
        assert_eq!((&returned.addresses, returned.status), (&more.addresses, UserStatus::Active));
        assert!(returned.links.iter().all(|link| !is_living(link) || kept.contains(&link.id)));
        assert_eq!(plain(lane, absorbed).await, after[1], "the one who left before is not touched");
    }
}

fn stories(engine: Engine, longest: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("threads can be started");
    let policy = "password = true\nemail_code = true".to_owned();
    let options = Options { policy, ..Options::on(engine) };
    let lane = runtime.block_on(Lane::with(options));
    let shapes = [shape(2), shape(2), shape(1)];
    let between = prop::collection::vec(since(), usize::from(longest > 0)..=longest);
    let config = Config { cases: 32, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let run = |(shapes, since, by_password): ([Shape; 3], Vec<Since>, bool)| {
        runtime.block_on(story(&lane, &shapes, &since, by_password));
        Ok(())
    };
    let [one, two, three] = shapes;
    let all = ((one, two, three).prop_map(|(one, two, three)| [one, two, three]), between, any::<bool>());
    TestRunner::new(config).run(&all, run).expect("every story ends as it must");
    let report = runtime.block_on(lane.store().audit_verify(&mut |_| {})).expect("the log is read");
    assert!(report.is_clean(), "{:?}", report.faults);
}

#[test]
fn t129_an_undone_merge_leaves_everything_as_it_was_on_sqlite() {
    stories(Engine::Sqlite, 0);
}

#[test]
fn t129_an_undone_merge_leaves_everything_as_it_was_on_postgres() {
    stories(Engine::Postgres, 0);
}

#[test]
fn t129_what_came_since_a_merge_stays_with_the_survivor_on_sqlite() {
    stories(Engine::Sqlite, 5);
}

#[test]
fn t129_what_came_since_a_merge_stays_with_the_survivor_on_postgres() {
    stories(Engine::Postgres, 5);
}
