//! Random sequences of plans against a model of a few maps: the same outcome, the same conflict, the same facts.

use crate::support::*;
use model::{
    AddressProof, Change, Conflict, ExternalIdentity, FactsQuery, FlowId, LinkId, LinkState, Method, Micros, Plan,
    Undoable, UserId,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use store::{Page, StoreError};

const USERS: u64 = 3;
const NAMES: [&str; 2] = ["one", "two"];

/// A change in small numbers; ids are made from them and the number of the case.
#[derive(Debug, Clone)]
enum Step {
    Expect { user: u64, version: i64 },
    Raise { user: u64, version: i64 },
    Spend { flow: u64 },
    Prove { address: u64, user: u64 },
    Renew { address: u64, user: u64, strong: bool },
    Link { link: u64, user: u64, identity: u64 },
    Unlink { link: u64, user: u64, identity: u64 },
    Hold { link: u64, user: u64 },
    Release { link: u64, user: u64 },
    Restore { link: u64, user: u64, identity: u64 },
    MoveLink { link: u64, identity: u64, from: u64, to: u64 },
    MoveAddress { address: u64, from: u64, to: u64 },
    Grant { event: u64, user: u64 },
    SpendGrant { event: u64 },
    Touch { link: u64, user: u64 },
    Open { session: u64, user: u64, link: u64 },
    Close { session: u64 },
    CloseLink { user: u64, link: u64 },
    CloseAll { user: u64 },
    ExpectOpen { session: u64 },
    Throttle { was: i64 },
    Issue { flow: u64 },
    Guess { flow: u64, left: i64 },
    Redeem { flow: u64, left: i64 },
    Erase { user: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let user = || 0..USERS;
    prop_oneof![
        2 => (user(), 1..4_i64).prop_map(|(user, version)| Step::Expect { user, version }),
        4 => (user(), 1..4_i64).prop_map(|(user, version)| Step::Raise { user, version }),
        1 => (0..6_u64).prop_map(|flow| Step::Spend { flow }),
        2 => (0..3_u64, user()).prop_map(|(address, user)| Step::Prove { address, user }),
        2 => (0..3_u64, user(), any::<bool>()).prop_map(|(address, user, strong)| Step::Renew { address, user, strong }),
        6 => (0..5_u64, user(), 0..3_u64).prop_map(|(link, user, identity)| Step::Link { link, user, identity }),
        4 => (0..5_u64, user(), 0..3_u64).prop_map(|(link, user, identity)| Step::Unlink { link, user, identity }),
        2 => (0..5_u64, user()).prop_map(|(link, user)| Step::Hold { link, user }),
        2 => (0..5_u64, user()).prop_map(|(link, user)| Step::Release { link, user }),
        3 => (0..5_u64, user(), 0..3_u64).prop_map(|(link, user, identity)| Step::Restore { link, user, identity }),
        4 => (0..5_u64, 0..3_u64, user(), user())
            .prop_map(|(link, identity, from, to)| Step::MoveLink { link, identity, from, to }),
        2 => (0..3_u64, user(), user()).prop_map(|(address, from, to)| Step::MoveAddress { address, from, to }),
        2 => (0..3_u64, user()).prop_map(|(event, user)| Step::Grant { event, user }),
        2 => (0..3_u64).prop_map(|event| Step::SpendGrant { event }),
        2 => (0..5_u64, user()).prop_map(|(link, user)| Step::Touch { link, user }),
        3 => (0..4_u64, user(), 0..5_u64).prop_map(|(session, user, link)| Step::Open { session, user, link }),
        1 => (0..4_u64).prop_map(|session| Step::Close { session }),
        1 => (user(), 0..5_u64).prop_map(|(user, link)| Step::CloseLink { user, link }),
        1 => user().prop_map(|user| Step::CloseAll { user }),
        2 => (0..4_u64).prop_map(|session| Step::ExpectOpen { session }),
        2 => (0..3_i64).prop_map(|was| Step::Throttle { was }),
        2 => (0..2_u64).prop_map(|flow| Step::Issue { flow }),
        2 => (0..2_u64, 0..3_i64).prop_map(|(flow, left)| Step::Guess { flow, left }),
        1 => (0..2_u64, 0..3_i64).prop_map(|(flow, left)| Step::Redeem { flow, left }),
        1 => user().prop_map(|user| Step::Erase { user }),
    ]
}

/// The ids of one case.
#[derive(Clone, Copy)]
struct Case(u64);

impl Case {
    fn number(self, small: u64) -> u64 {
        self.0 * 100 + small
    }

    fn user(self, small: u64) -> UserId {
        user(self.number(small))
    }

    fn link(self, small: u64) -> LinkId {
        link_id(self.number(small))
    }

    fn flow(self, small: u64) -> FlowId {
        flow(self.number(small))
    }

    fn identity(self, small: u64) -> ExternalIdentity {
        identity("https://one.example", &self.number(small).to_string())
    }

    fn address(self, small: u64) -> String {
        format!("a{}@example.org", self.number(small))
    }

    fn throttle(self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }

    fn change(self, step: &Step) -> Change {
        match *step {
            Step::Expect { user, version } => Change::ExpectUser { user: self.user(user), version },
            Step::Raise { user, version } => raise(self.user(user), version),
            Step::Spend { flow } => spend(self.number(flow)),
            Step::Prove { address, user } => Change::ProveAddress {
                address: super::support::address(&self.address(address)),
                user: self.user(user),
                proof: AddressProof::Authoritative,
                at: AT,
            },
            Step::Renew { address, user, strong } => Change::RenewAddress {
                address: super::support::address(&self.address(address)),
                user: self.user(user),
                proof: if strong { AddressProof::Loop } else { AddressProof::Vouched },
                at: AT + Micros(1),
            },
            Step::Link { link, user, identity } => {
                add_link(self.number(link), self.user(user), NAMES[(link % 2) as usize], self.identity(identity))
            }
            Step::Unlink { link, user, identity } => {
                remove_link(self.number(link), self.user(user), self.identity(identity))
            }
            Step::Hold { link, user } => Change::HoldLink { link: self.link(link), user: self.user(user) },
            Step::Release { link, user } => Change::ReleaseLink { link: self.link(link), user: self.user(user) },
            Step::Restore { link, user, identity } => {
                Change::RestoreLink { link: self.link(link), user: self.user(user), identity: self.identity(identity) }
            }
            Step::MoveLink { link, identity, from, to } => {
                move_link(self.number(link), self.identity(identity), self.user(from), self.user(to))
            }
            Step::MoveAddress { address, from, to } => Change::MoveAddress {
                address: super::support::address(&self.address(address)),
                from: self.user(from),
                to: self.user(to),
            },
            Step::Grant { event, user } => {
                let (link, identity) = (self.link(0), self.identity(0));
                let what = Undoable::Link { link, connection: connection("one"), identity };
                grant(self.number(event), self.user(user), what)
            }
            Step::SpendGrant { event } => Change::SpendGrant { event: event_id(self.number(event)) },
            Step::Touch { link, user } => {
                Change::TouchLink { link: self.link(link), user: self.user(user), at: AT + Micros(2) }
            }
            Step::Open { session: number, user, link } => {
                session(self.number(number), self.user(user), through_link(self.number(link), "one"))
            }
            Step::Close { session } => Change::EndSession { hash: hash(self.number(session)) },
            Step::CloseLink { user, link } => {
                Change::EndSessionsOfLink { link: self.link(link), user: self.user(user) }
            }
            Step::CloseAll { user } => Change::EndSessionsOfUser { user: self.user(user) },
            Step::ExpectOpen { session } => Change::ExpectSession { hash: hash(self.number(session)) },
            Step::Throttle { was } => {
                Change::Throttle { key: self.throttle(), was, failures: was + 1, blocked_until: AT, at: AT }
            }
            Step::Issue { flow } => Change::IssueCode {
                flow: self.flow(flow),
                address: super::support::address("code@example.org"),
                hash: hash(flow),
                attempts: 2,
                expires_at: AT,
            },
            Step::Guess { flow, left } => Change::CountGuess { flow: self.flow(flow), left },
            Step::Redeem { flow, left } => Change::RedeemCode { flow: self.flow(flow), left },
            Step::Erase { user } => Change::EraseUser { user: self.user(user), at: AT },
        }
    }
}

/// What the rules say, in maps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Model {
    versions: BTreeMap<u64, i64>,
    erased: BTreeSet<u64>,
    spent: BTreeSet<u64>,
    addresses: BTreeMap<u64, (u64, AddressProof)>,
    /// `(user, link)` to identity and state.
    links: BTreeMap<(u64, u64), (u64, LinkState)>,
    /// Event to user and whether it is spent.
    grants: BTreeMap<u64, (u64, bool)>,
    holders: BTreeMap<u64, (u64, u64)>,
    sessions: BTreeMap<u64, (u64, u64)>,
    failures: Option<i64>,
    codes: BTreeMap<u64, i64>,
}

fn ok_or(holds: bool, conflict: Conflict) -> Result<(), Conflict> {
    if holds { Ok(()) } else { Err(conflict) }
}

impl Model {
    fn plan(&mut self, steps: &[Step]) -> Result<(), Conflict> {
        let mut next = self.clone();
        steps.iter().try_for_each(|step| next.step(step))?;
        *self = next;
        Ok(())
    }

    fn living(&mut self, link: u64, user: u64, identity: u64) -> Option<&mut (u64, LinkState)> {
        self.links.get_mut(&(user, link)).filter(|known| known.0 == identity && known.1 != LinkState::Removed)
    }

    fn turn(&mut self, link: u64, user: u64, from: LinkState, to: LinkState) -> Result<(), Conflict> {
        let known = self.links.get_mut(&(user, link)).filter(|known| known.1 == from).ok_or(Conflict::Stale)?;
        known.1 = to;
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), Conflict> {
        use Conflict::{AddressTaken, FlowSpent, GrantSpent, IdentityTaken, SessionGone, Stale};
        use LinkState::{Active, Held, Removed};
        match *step {
            Step::Expect { user, version } => ok_or(self.versions[&user] == version, Stale),
            Step::Raise { user, version } => {
                ok_or(self.versions[&user] == version, Stale)?;
                self.versions.insert(user, version + 1);
                Ok(())
            }
            Step::Spend { flow } => ok_or(self.spent.insert(flow), FlowSpent),
            Step::Prove { address, user } => {
                ok_or(!self.addresses.contains_key(&address), AddressTaken)?;
                self.addresses.insert(address, (user, AddressProof::Authoritative));
                Ok(())
            }
            Step::Renew { address, user, strong } => {
                let known = self.addresses.get_mut(&address).filter(|known| known.0 == user).ok_or(Stale)?;
                let proof = if strong { AddressProof::Loop } else { AddressProof::Vouched };
                known.1 = known.1.max(proof);
                Ok(())
            }
            Step::Link { link, user, identity } => {
                ok_or(!self.holders.contains_key(&identity), IdentityTaken)?;
                ok_or(!self.links.contains_key(&(user, link)), Stale)?;
                self.holders.insert(identity, (user, link));
                self.links.insert((user, link), (identity, Active));
                Ok(())
            }
            Step::Unlink { link, user, identity } => {
                let known = self.living(link, user, identity).ok_or(Stale)?;
                known.1 = Removed;
                self.holders.remove(&identity);
                Ok(())
            }
            Step::Hold { link, user } => self.turn(link, user, Active, Held),
            Step::Release { link, user } => self.turn(link, user, Held, Active),
            Step::Restore { link, user, identity } => {
                let known = self.links.get_mut(&(user, link)).filter(|known| **known == (identity, Removed));
                let known = known.ok_or(Stale)?;
                ok_or(!self.holders.contains_key(&identity), IdentityTaken)?;
                known.1 = Active;
                self.holders.insert(identity, (user, link));
                Ok(())
            }
            Step::MoveLink { link, identity, from, to } => {
                let moved = *self.living(link, from, identity).ok_or(Stale)?;
                ok_or(!self.links.contains_key(&(to, link)), Stale)?;
                self.links.remove(&(from, link));
                self.links.insert((to, link), moved);
                self.holders.insert(identity, (to, link));
                Ok(())
            }
            Step::MoveAddress { address, from, to } => {
                self.addresses.get_mut(&address).filter(|known| known.0 == from).ok_or(Stale)?.0 = to;
                Ok(())
            }
            Step::Grant { event, user } => {
                ok_or(!self.grants.contains_key(&event), Stale)?;
                self.grants.insert(event, (user, false));
                Ok(())
            }
            Step::SpendGrant { event } => {
                self.grants.get_mut(&event).filter(|known| !known.1).ok_or(GrantSpent)?.1 = true;
                Ok(())
            }
            Step::Touch { link, user } => {
                ok_or(self.links.get(&(user, link)).is_some_and(|known| known.1 == Active), Stale)
            }
            Step::Open { session, user, link } => {
                ok_or(!self.sessions.contains_key(&session), Stale)?;
                self.sessions.insert(session, (user, link));
                Ok(())
            }
            Step::Close { session } => {
                self.sessions.remove(&session);
                Ok(())
            }
            Step::CloseLink { user, link } => {
                self.sessions.retain(|_, of| *of != (user, link));
                Ok(())
            }
            Step::CloseAll { user } => {
                self.sessions.retain(|_, of| of.0 != user);
                Ok(())
            }
            Step::ExpectOpen { session } => ok_or(self.sessions.contains_key(&session), SessionGone),
            Step::Throttle { was } => {
                ok_or(self.failures.unwrap_or(0) == was, Stale)?;
                self.failures = Some(was + 1);
                Ok(())
            }
            Step::Issue { flow } => {
                self.codes.insert(flow, 2);
                Ok(())
            }
            Step::Guess { flow, left } => {
                let known = self.codes.get_mut(&flow).filter(|known| **known == left && left > 0).ok_or(Stale)?;
                *known -= 1;
                Ok(())
            }
            Step::Redeem { flow, left } => {
                ok_or(self.codes.get(&flow) == Some(&left), Stale)?;
                self.codes.remove(&flow);
                Ok(())
            }
            Step::Erase { user } => {
                self.erased.insert(user);
                self.addresses.retain(|_, of| of.0 != user);
                self.sessions.retain(|_, of| of.0 != user);
                self.holders.retain(|_, of| of.0 != user);
                self.links.iter_mut().filter(|(of, _)| of.0 == user).for_each(|(_, link)| link.1 = Removed);
                self.grants.retain(|_, of| of.0 != user);
                Ok(())
            }
        }
    }
}

/// The same, as the store's facts tell it.
async fn observe(db: &Database, case: Case) -> Model {
    let mut seen = Model::default();
    let small = |number: u64| number - case.number(0);
    let of_id = |bytes: &[u8; 16]| small(u64::from_be_bytes(bytes[8..].try_into().unwrap()));
    let users = (0..USERS).map(|n| case.user(n)).collect();
    let facts = db.facts(FactsQuery { users, throttles: vec![case.throttle()], ..FactsQuery::default() }).await;
    seen.failures = facts.throttles.first().map(|throttle| throttle.failures);
    for user in &facts.users {
        let number = of_id(user.id.as_bytes());
        seen.versions.insert(number, user.version);
        if user.status == model::UserStatus::Deleted {
            seen.erased.insert(number);
        }
        for known in &user.addresses {
            let digits: String = known.address.local().chars().skip(1).collect();
            seen.addresses.insert(small(digits.parse().unwrap()), (number, known.proof));
        }
        for link in &user.links {
            let identity = small(link.identity.subject.as_str().parse().unwrap());
            seen.links.insert((number, of_id(link.id.as_bytes())), (identity, link.state));
        }
        for session in db.store.sessions_of(user.id).await.unwrap() {
            let Method::Link { link, .. } = session.method else { panic!("{session:?}") };
            let session = small(u64::from_be_bytes(session.hash[..8].try_into().unwrap()));
            seen.sessions.insert(session, (number, of_id(link.as_bytes())));
        }
    }
    for n in 0..3 {
        let facts = db.identity(&case.identity(n)).await;
        let known = facts.identity;
        if let Some((link, user, state)) = known.as_ref().and_then(|known| known.link) {
            let holder = (of_id(user.as_bytes()), of_id(link.as_bytes()));
            assert_eq!(seen.links[&holder], (n, state), "who holds an identity has a living link to it");
            seen.holders.insert(n, holder);
        }
        let tombstone =
            seen.links.iter().any(|(of, link)| *link == (n, LinkState::Removed) && !seen.erased.contains(&of.0));
        let removed = tombstone && !seen.holders.contains_key(&n);
        assert_eq!(known.is_some_and(|known| known.was_removed), removed, "tombstone of {n}");
    }
    for n in 0..3 {
        let event = Some(event_id(case.number(n)));
        let facts = db.facts(FactsQuery { grant: event, ..FactsQuery::default() }).await;
        seen.grants.extend(facts.grant.map(|grant| (n, (of_id(grant.user.as_bytes()), grant.spent))));
    }
    for n in 0..6 {
        let facts = db.facts(FactsQuery { flow: Some(case.flow(n)), ..FactsQuery::default() }).await;
        if facts.flow_spent {
            seen.spent.insert(n);
        }
        if let Some(code) = facts.code {
            seen.codes.insert(n, code.attempts_left);
        }
    }
    seen
}

fn compare(db: &Database, runtime: &tokio::runtime::Runtime) {
    let plans = prop::collection::vec(prop::collection::vec(step(), 1..5), 1..40);
    let config = Config { cases: 40, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let outcome = TestRunner::new(config).run(&plans, |plans| {
        runtime.block_on(async {
            let case = Case(fresh() % (1 << 40));
            let mut model = Model::default();
            for n in 0..USERS {
                db.done([create(case.user(n))]).await;
                model.versions.insert(n, 1);
            }
            for steps in &plans {
                let expected = model.plan(steps).map_err(StoreError::Conflict);
                let changes: Vec<Change> = steps.iter().map(|step| case.change(step)).collect();
                let outcome = db.store.apply(Plan { changes }).await;
                prop_assert_eq!(&outcome, &expected, "{:?}", steps);
            }
            prop_assert_eq!(observe(db, case).await, model);
            for name in NAMES {
                let cohort = db.store.cohort(&connection(name), Page { after: None, limit: 1 }).await.unwrap();
                prop_assert!(cohort.fingerprint >= 0);
            }
            Ok(())
        })
    });
    outcome.unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn random_plans_on_sqlite_match_the_model() {
    let runtime = runtime();
    let db = runtime.block_on(Database::sqlite());
    compare(&db, &runtime);
}

#[test]
fn random_plans_on_postgres_match_the_model() {
    let runtime = runtime();
    let db = runtime.block_on(Database::postgres());
    compare(&db, &runtime);
}
