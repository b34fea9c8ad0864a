//! Two decide on the same facts and apply at once: never both, never neither.
//!
//! Plans are built by hand in the shape that linking builds them.

#![expect(clippy::disallowed_methods, reason = "the count of rounds is set by the environment of the test run")]

use crate::support::*;
use futures_util::future::join_all;
use model::{Change, Conflict, EventKind, FactsQuery, LinkState, Plan, Undoable, UserFacts, UserId, UserStatus};
use std::sync::Arc;
use store::{Page, StoreError};

crate::on_both_engines!(
    t80_of_two_removals_of_the_last_two_methods_one_wins,
    t79_of_two_users_linking_one_identity_one_wins,
    t80_of_unlink_and_disabling_the_other_connection_one_wins,
    t129_of_two_undos_of_one_grant_one_wins,
    t128_of_a_merge_and_an_unlink_one_wins,
    t79_of_two_moves_of_one_identity_one_wins,
);

/// Rounds that share a set-up plan.
const BLOCK: u64 = 100;
/// Races that run beside one another.
const LANES: u64 = 4;

/// The full number runs with `linking`'s own decisions, in the durability suite of `selfsame`.
fn rounds() -> u64 {
    std::env::var("SELFSAME_RACE_ROUNDS").map_or(1_000, |text| text.parse().expect("a count of rounds"))
}

/// Runs `block` for numbers from 0, in lanes; each call has `BLOCK` rounds.
async fn in_lanes<F, W>(db: Database, block: F)
where
    F: Fn(Arc<Database>, u64) -> W,
    W: Future<Output = ()> + Send + 'static,
{
    let db = Arc::new(db);
    let blocks = rounds().div_ceil(BLOCK);
    for first in (0..blocks).step_by(LANES as usize) {
        let lanes = (first..blocks.min(first + LANES)).map(|number| tokio::spawn(block(Arc::clone(&db), number)));
        for lane in join_all(lanes).await {
            lane.unwrap();
        }
        // What the server does by itself within a minute: plans that were made for empty tables are made again.
        if let Raw::Postgres(url) = &db.raw {
            connect(url).await.batch_execute("ANALYZE").await.unwrap();
        }
    }
    let report = db.store.audit_verify(&mut |_| ()).await.unwrap();
    assert!(report.is_clean(), "{:?}", report.faults);
}

/// Both read and decide, and only then both apply, at once, each with its turn to be sent first.
async fn race(
    db: &Database,
    round: u64,
    one: impl Future<Output = Plan>,
    two: impl Future<Output = Plan>,
) -> [Result<(), StoreError>; 2] {
    let (one, two) = tokio::join!(one, two);
    if round.is_multiple_of(2) {
        tokio::join!(db.store.apply(one), db.store.apply(two)).into()
    } else {
        let (two, one) = tokio::join!(db.store.apply(two), db.store.apply(one));
        [one, two]
    }
}

/// One of the two, and the other with this conflict.
fn one_won(outcomes: &[Result<(), StoreError>; 2], conflict: Conflict) -> usize {
    let lost = Err(StoreError::Conflict(conflict));
    match outcomes {
        [Ok(()), other] if *other == lost => 0,
        [other, Ok(())] if *other == lost => 1,
        other => panic!("never both, never neither, and the loser is told: {other:?}"),
    }
}

async fn read(db: &Database, user: UserId) -> (UserFacts, model::Facts) {
    let facts = db.store.facts(&FactsQuery { users: vec![user], ..FactsQuery::default() }).await.unwrap();
    (facts.user(user).unwrap().clone(), facts)
}

/// A removal as `linking` plans it: on the condition that the other link stays usable.
async fn unlink(db: &Database, user: UserId, through: &str) -> Plan {
    let (user, facts) = read(db, user).await;
    let link = user.active_links().find(|link| link.connection.as_str() == through).unwrap();
    let other = user.active_links().find(|other| other.id != link.id).expect("the other method is there");
    let remaining = facts.connection(&other.connection).unwrap();
    assert!(remaining.enabled);
    plan([
        Change::ExpectStoreEpoch { epoch: facts.store_epoch },
        raise(user.id, user.version),
        Change::ExpectConnection { connection: remaining.id.clone(), version: remaining.version },
        Change::RemoveLink { link: link.id, user: user.id, identity: link.identity.clone(), at: AT },
        Change::EndSessionsOfLink { link: link.id, user: user.id },
        Change::Audit(event(Some(&user), EventKind::Unlinked)),
    ])
}

/// Users with a link through each of two connections.
fn users_with_two_links(block: u64, one: &str, two: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    for n in block * BLOCK..(block + 1) * BLOCK {
        let user = user(n);
        changes.extend([create(user), first_event(user, EventKind::UserCreated)]);
        for (number, through) in [(2 * n, one), (2 * n + 1, two)] {
            let identity = identity(&format!("https://{through}.example"), &number.to_string());
            changes.push(add_link(number, user, through, identity));
            changes.push(session(number, user, through_link(number, through)));
        }
    }
    changes
}

/// The users of a block as they are now, in the order of their numbers.
async fn users_of(db: &Database, numbers: std::ops::Range<u64>) -> Vec<UserFacts> {
    let query = FactsQuery { users: numbers.map(user).collect(), ..FactsQuery::default() };
    db.facts(query).await.users
}

async fn t80_of_two_removals_of_the_last_two_methods_one_wins(db: Database) {
    db.done([declare("one", "https://one.example"), declare("two", "https://two.example")]).await;
    in_lanes(db, |db, block| async move {
        db.done(users_with_two_links(block, "one", "two")).await;
        let numbers = block * BLOCK..(block + 1) * BLOCK;
        for n in numbers.clone() {
            let (one, two) = (unlink(&db, user(n), "one"), unlink(&db, user(n), "two"));
            one_won(&Box::pin(race(&db, n, one, two)).await, Conflict::Stale);
        }
        for user in users_of(&db, numbers).await {
            assert_eq!((user.active_links().count(), user.version, user.chain.seq), (1, 2, 2));
        }
    })
    .await;
}

async fn t79_of_two_users_linking_one_identity_one_wins(db: Database) {
    db.done([declare("one", "https://one.example")]).await;
    in_lanes(db, |db, block| async move {
        let numbers = 2 * block * BLOCK..2 * (block + 1) * BLOCK;
        let created = numbers.clone().flat_map(|n| [create(user(n)), first_event(user(n), EventKind::UserCreated)]);
        db.done(created.collect::<Vec<_>>()).await;
        let link = async |number: u64| {
            let (user, facts) = read(&db, user(number)).await;
            plan([
                Change::ExpectStoreEpoch { epoch: facts.store_epoch },
                raise(user.id, user.version),
                Change::ExpectConnection { connection: connection("one"), version: facts.connections[0].version },
                add_link(number, user.id, "one", identity("https://one.example", &(number / 2).to_string())),
                Change::Audit(event(Some(&user), EventKind::Linked)),
            ])
        };
        let mut winners = Vec::new();
        for n in numbers.clone().step_by(2) {
            let outcomes = Box::pin(race(&db, n / 2, link(n), link(n + 1))).await;
            winners.push(user(n + one_won(&outcomes, Conflict::IdentityTaken) as u64));
        }
        for user in users_of(&db, numbers).await {
            let won = usize::from(winners.contains(&user.id));
            assert_eq!((user.active_links().count(), user.version), (won, 1 + won as i64));
        }
    })
    .await;
}

async fn t80_of_unlink_and_disabling_the_other_connection_one_wins(db: Database) {
    in_lanes(db, |db, block| async move {
        let (one, two) = (format!("one-{block}"), format!("two-{block}"));
        db.done([declare(&one, "https://one.example"), declare(&two, "https://two.example")]).await;
        db.done(users_with_two_links(block, &one, &two)).await;
        let numbers = block * BLOCK..(block + 1) * BLOCK;
        let (mut version, mut unlinked) = (1, Vec::new());
        for n in numbers.clone() {
            let disable = async {
                // Of the others some have lost their other link by now; the race is about this one.
                let page = Page { after: (n > 0).then(|| user(n - 1)), limit: 1 };
                let cohort = db.store.cohort(&connection(&two), page).await.unwrap();
                assert_eq!(cohort.users[0].id, user(n));
                assert_eq!(cohort.users[0].active_links().count(), 2, "the user keeps another method");
                plan([
                    Change::ExpectStoreEpoch { epoch: 1 },
                    enable(&two, version, false),
                    Change::ExpectCohort { connection: connection(&two), fingerprint: cohort.fingerprint },
                ])
            };
            let outcomes = Box::pin(race(&db, n, unlink(&db, user(n), &one), disable)).await;
            if one_won(&outcomes, Conflict::Stale) == 0 {
                unlinked.push(user(n));
            } else {
                // Holds only if the connection was disabled, by this plan and no other.
                db.done([enable(&two, version + 1, true)]).await;
                version += 2;
            }
        }
        for user in users_of(&db, numbers).await {
            assert_eq!(user.active_links().count(), if unlinked.contains(&user.id) { 1 } else { 2 });
        }
        let facts = db.facts(FactsQuery::default()).await;
        let second = facts.connection(&connection(&two)).unwrap();
        assert_eq!((second.version, second.enabled), (version, true));
    })
    .await;
}

/// The same grant from two browsers: the removed link comes back once.
async fn t129_of_two_undos_of_one_grant_one_wins(db: Database) {
    db.done([declare("one", "https://one.example")]).await;
    in_lanes(db, |db, block| async move {
        let numbers = block * BLOCK..(block + 1) * BLOCK;
        let of = |n: u64| identity("https://one.example", &n.to_string());
        let mut changes = Vec::new();
        for n in numbers.clone() {
            changes.extend([create(user(n)), first_event(user(n), EventKind::UserCreated)]);
            changes.extend([add_link(n, user(n), "one", of(n)), remove_link(n, user(n), of(n))]);
            let what = Undoable::Unlink { link: link_id(n), connection: connection("one"), identity: of(n) };
            changes.push(grant(n, user(n), what));
        }
        db.done(changes).await;
        let undo = async |n: u64| {
            let (user, facts) = read(&db, user(n)).await;
            plan([
                Change::ExpectStoreEpoch { epoch: facts.store_epoch },
                Change::SpendGrant { event: event_id(n) },
                raise(user.id, user.version),
                Change::RestoreLink { link: link_id(n), user: user.id, identity: of(n) },
                Change::Audit(event(Some(&user), EventKind::ChangeUndone)),
            ])
        };
        for n in numbers.clone() {
            one_won(&Box::pin(race(&db, n, undo(n), undo(n))).await, Conflict::GrantSpent);
        }
        for user in users_of(&db, numbers).await {
            assert_eq!((user.active_links().count(), user.version, user.chain.seq), (1, 2, 2));
        }
    })
    .await;
}

/// Everything of one goes to the other, while they remove a way in.
async fn t128_of_a_merge_and_an_unlink_one_wins(db: Database) {
    db.done([declare("one", "https://one.example"), declare("two", "https://two.example")]).await;
    in_lanes(db, |db, block| async move {
        db.done(users_with_two_links(2 * block, "one", "two")).await;
        db.done(users_with_two_links(2 * block + 1, "one", "two")).await;
        let numbers = 2 * block * BLOCK..2 * (block + 1) * BLOCK;
        let merge = async |into: u64, of: u64| {
            let ((survivor, facts), (absorbed, _)) = (read(&db, user(into)).await, read(&db, user(of)).await);
            let mut changes = vec![
                Change::ExpectStoreEpoch { epoch: facts.store_epoch },
                raise(survivor.id, survivor.version),
                raise(absorbed.id, absorbed.version),
            ];
            changes.extend(absorbed.active_links().map(|link| Change::MoveLink {
                link: link.id,
                identity: link.identity.clone(),
                from: absorbed.id,
                to: survivor.id,
            }));
            changes.extend([
                Change::SetUserStatus { user: absorbed.id, status: UserStatus::Absorbed, at: AT },
                Change::EndSessionsOfUser { user: absorbed.id },
                Change::Audit(event(Some(&survivor), EventKind::UsersMerged)),
                Change::Audit(event(Some(&absorbed), EventKind::UsersMerged)),
            ]);
            plan(changes)
        };
        for n in numbers.clone().step_by(2) {
            let unlinked = unlink(&db, user(n + 1), "one");
            let merged = one_won(&Box::pin(race(&db, n / 2, merge(n, n + 1), unlinked)).await, Conflict::Stale) == 0;
            let (survivor, absorbed) = (read(&db, user(n)).await.0, read(&db, user(n + 1)).await.0);
            let counts = (survivor.active_links().count(), absorbed.active_links().count());
            assert_eq!(counts, if merged { (4, 0) } else { (2, 1) });
            assert_eq!(absorbed.status == UserStatus::Absorbed, merged);
            assert_eq!((survivor.version, absorbed.version), (1 + i64::from(merged), 2));
        }
    })
    .await;
}

/// Two other users of the same person take the identity at once.
async fn t79_of_two_moves_of_one_identity_one_wins(db: Database) {
    db.done([declare("one", "https://one.example")]).await;
    in_lanes(db, |db, block| async move {
        let numbers = 3 * block * BLOCK..3 * (block + 1) * BLOCK;
        let of = |n: u64| identity("https://one.example", &n.to_string());
        let mut changes = Vec::new();
        for n in numbers.clone() {
            changes.extend([create(user(n)), first_event(user(n), EventKind::UserCreated)]);
        }
        changes.extend(numbers.clone().step_by(3).map(|n| add_link(n, user(n), "one", of(n))));
        db.done(changes).await;
        // As `linking` moves: removed there, linked here, both users raised in one order.
        let take = async |from: u64, to: u64| {
            let (holder, facts) = read(&db, user(from)).await;
            let (taker, _) = read(&db, user(to)).await;
            assert!(holder.id < taker.id);
            plan([
                Change::ExpectStoreEpoch { epoch: facts.store_epoch },
                raise(holder.id, holder.version),
                raise(taker.id, taker.version),
                remove_link(from, holder.id, of(from)),
                add_link(to, taker.id, "one", of(from)),
                Change::Audit(event(Some(&taker), EventKind::LinkMoved)),
                Change::Audit(event(Some(&holder), EventKind::Unlinked)),
            ])
        };
        for n in numbers.clone().step_by(3) {
            let outcomes = Box::pin(race(&db, n / 3, take(n, n + 1), take(n, n + 2))).await;
            let winner = n + 1 + one_won(&outcomes, Conflict::Stale) as u64;
            let known = db.identity(&of(n)).await.identity.unwrap();
            assert_eq!(known.link, Some((link_id(winner), user(winner), LinkState::Active)));
            let users = users_of(&db, n..n + 3).await;
            assert_eq!(users.iter().map(|user| user.active_links().count()).sum::<usize>(), 1);
            assert_eq!(users.iter().map(|user| user.version).sum::<i64>(), 5, "one raise of two users");
        }
    })
    .await;
}
