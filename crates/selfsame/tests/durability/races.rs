//! Two decide on the same facts, and only then both apply: one wins, and the other, deciding again, gets its typed
//! answer. Facts, decisions and plans are the real ones; only the barrier between decision and apply is the test's.

mod ask;
pub mod lane;

use ask::{Answer, Ask, End, race};
use lane::Lane;
use linking::usable_methods;
use model::{Conflict, ConnectionId, UserId, UserStatus};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use testkit::Engine;

/// Databases that race beside one another, so that the disk is not waited for alone.
const LANES: u64 = 4;
/// Rounds whose users are made by one plan.
const BLOCK: u64 = 100;

/// Runs `rounds` on each of the lanes and prints what came of it: outcome → how often.
async fn in_lanes<F, W>(name: &str, engine: Engine, rounds: F)
where
    F: Fn(Arc<Lane>, u64) -> W,
    W: Future<Output = Tally> + Send + 'static,
{
    let all = crate::support::rounds("SELFSAME_RACE_ROUNDS", 10_000);
    let mut lanes = Vec::new();
    for _ in 0..LANES {
        lanes.push(Arc::new(Lane::new(engine).await));
    }
    let begun = Instant::now();
    let running: Vec<_> =
        lanes.iter().map(|lane| tokio::spawn(rounds(Arc::clone(lane), all.div_ceil(LANES)))).collect();
    let mut tally = Tally::default();
    for lane in running {
        for (outcome, count) in lane.await.expect("a lane runs to its end").0 {
            *tally.0.entry(outcome).or_default() += count;
        }
    }
    let took = begun.elapsed();
    for lane in lanes {
        let report = lane.store().audit_verify(&mut |_| {}).await.expect("the log is read");
        assert!(report.is_clean(), "{:?}", report.faults);
    }
    let total: u64 = tally.0.values().sum();
    assert!(total >= all, "only {total} of {all} rounds");
    println!("{name} on {engine:?}: {total} rounds in {:.1} s: {tally:?}", took.as_secs_f64());
    assert!(tally.0.len() > 1, "only one of the two ever wins: {tally:?}");
}

#[derive(Debug, Default)]
struct Tally(BTreeMap<String, u64>);

impl Tally {
    fn count(&mut self, outcome: String) {
        *self.0.entry(outcome).or_default() += 1;
    }
}

/// Never both, never neither: the place of the winner, whose first plan committed, and the end of the other, whose plan
/// met a conflict before it got its answer.
fn one_won(ends: [End; 2]) -> (usize, End) {
    let won = ends.iter().position(|end| end.answer == Answer::Done && end.conflicts.is_empty());
    let winner = won.unwrap_or_else(|| panic!("neither won: {ends:?}"));
    let [first, second] = ends;
    let loser = if winner == 0 { second } else { first };
    assert!(loser.answer != Answer::Done, "both won; conflicts met: {:?}", loser.conflicts);
    assert!(!loser.conflicts.is_empty(), "the loser's plan was never refused: {loser:?}");
    (winner, loser)
}

macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(testkit::Engine::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(testkit::Engine::Postgres).await;
            })*
        }
    };
}

on_both_engines!(
    race_t80_two_unlinks_of_the_last_two_methods,
    race_t80_unlink_and_disabling_the_other_connection,
    race_t80_two_connections_disabled_at_once,
    race_t79_two_users_linking_one_identity,
);

fn connection(name: &str) -> ConnectionId {
    ConnectionId::parse(name).expect("a connection's name")
}

/// By turns: the owner in two tabs of a session that no link carries, two operators, owner and operator, and the owner
/// in a session that rests on one of the two links.
async fn race_t80_two_unlinks_of_the_last_two_methods(engine: Engine) {
    in_lanes("two unlinks of the last two methods", engine, |lane, rounds| async move {
        let mut tally = Tally::default();
        for first in (0..rounds).step_by(BLOCK as usize) {
            let numbers: Vec<u64> = (first..rounds.min(first + BLOCK)).collect();
            let made = lane.users_with_two_links(&numbers).await;
            for (number, made) in numbers.iter().zip(&made) {
                let owner = Some(if number % 4 == 3 { made.session_by_link } else { made.session });
                let by = match number % 4 {
                    0 | 3 => [owner, owner],
                    1 => [None, None],
                    _ => [owner, None],
                };
                let ask = |place: usize| Ask::Unlink { user: made.user, link: made.links[place], session: by[place] };
                let (winner, loser) = one_won(race(&lane, *number, [ask(0), ask(1)]).await);
                // The session that rested on the first link ended with it.
                let gone = number % 4 == 3 && winner == 0;
                assert_eq!(loser.answer, if gone { Answer::SignInFirst } else { Answer::LastMethod }, "{number}");
                assert!(loser.conflicts.iter().all(|met| matches!(met, Conflict::Stale | Conflict::SessionGone)));
                tally.count(format!("{} won, then {:?}", ["a", "b"][winner], loser.answer));
            }
            let users: Vec<UserId> = made.iter().map(|made| made.user).collect();
            let facts = lane.users(&users).await;
            for user in &facts.users {
                let usable = usable_methods(user, &facts.connections, lane.policy());
                assert_eq!((user.active_links().count(), usable.len()), (1, 1), "exactly one way in is left");
                assert_eq!((user.version, user.chain.seq), (2, 2), "one change was written, with its event");
            }
        }
        tally
    })
    .await;
}

async fn race_t80_unlink_and_disabling_the_other_connection(engine: Engine) {
    in_lanes("unlink against disabling the other connection", engine, |lane, rounds| async move {
        let mut tally = Tally::default();
        let mut made = lane.users_with_two_links(&[0]).await.remove(0);
        for number in 0..rounds {
            let session = (number % 2 == 0).then_some(made.session);
            let unlink = Ask::Unlink { user: made.user, link: made.links[0], session };
            let (winner, loser) = one_won(race(&lane, number, [unlink, Ask::Disable(connection("b"))]).await);
            assert!(loser.conflicts.iter().all(|met| *met == Conflict::Stale), "{loser:?}");
            one_way_in_is_left(&lane, made.user).await;
            if winner == 0 {
                assert_eq!(loser.answer, Answer::WouldStrand(vec![made.user]), "{number}");
                tally.count("unlink won, then WouldStrand".to_owned());
                let delete = Ask::Status { user: made.user, to: UserStatus::Deleted };
                assert_eq!(lane.alone(&delete).await, Answer::Done);
                made = lane.users_with_two_links(&[number + 1]).await.remove(0);
            } else {
                assert_eq!(loser.answer, Answer::LastMethod, "{number}");
                tally.count("disable won, then LastMethod".to_owned());
                assert_eq!(lane.alone(&Ask::Enable(connection("b"))).await, Answer::Done);
            }
        }
        tally
    })
    .await;
}

async fn race_t80_two_connections_disabled_at_once(engine: Engine) {
    in_lanes("two connections disabled at once", engine, |lane, rounds| async move {
        let mut tally = Tally::default();
        let made = lane.users_with_two_links(&[0]).await.remove(0);
        for number in 0..rounds {
            let asks = ["a", "b"].map(|name| Ask::Disable(connection(name)));
            let (winner, loser) = one_won(race(&lane, number, asks).await);
            assert_eq!(loser.answer, Answer::WouldStrand(vec![made.user]), "{number}");
            one_way_in_is_left(&lane, made.user).await;
            let disabled = ["a", "b"][winner];
            tally.count(format!("{disabled} was disabled, then WouldStrand"));
            assert_eq!(lane.alone(&Ask::Enable(connection(disabled))).await, Answer::Done);
        }
        tally
    })
    .await;
}

async fn one_way_in_is_left(lane: &Lane, user: UserId) {
    let facts = lane.users(&[user]).await;
    let methods = usable_methods(facts.user(user).expect("they exist"), &facts.connections, lane.policy());
    assert_eq!(methods.len(), 1, "{methods:?}");
}

/// By turns an identity that nobody has seen and one that was linked once and is free again.
async fn race_t79_two_users_linking_one_identity(engine: Engine) {
    in_lanes("two users link one identity", engine, |lane, rounds| async move {
        let mut tally = Tally::default();
        for first in (0..rounds).step_by(BLOCK as usize) {
            let numbers: Vec<u64> = (first..rounds.min(first + BLOCK)).collect();
            let pairs = lane.pairs_of_users(&numbers).await;
            for (number, pair) in numbers.iter().zip(&pairs) {
                let asks = [0, 1].map(|place| Ask::Link {
                    user: pair[place].user,
                    session: pair[place].session,
                    subject: format!("shared-{number}"),
                });
                let (winner, loser) = one_won(race(&lane, *number, asks).await);
                assert_eq!(loser.answer, Answer::OtherUsers, "{number}");
                assert_eq!(loser.conflicts, [Conflict::IdentityTaken], "{number}");
                tally.count(format!("{} won, then OtherUsers", ["the first", "the second"][winner]));
                let facts = lane.identity(&format!("shared-{number}")).await;
                let (_, holder, _) = facts.identity.and_then(|known| known.link).expect("somebody holds it");
                assert_eq!(holder, pair[winner].user);
                let links = [0, 1].map(|place| pair[place].user);
                let facts = lane.users(&links).await;
                let count = |user| facts.user(user).map(|user| (user.active_links().count(), user.version));
                assert_eq!(count(links[winner]), Some((1, 2)));
                assert_eq!(count(links[1 - winner]), Some((0, 1)));
            }
        }
        tally
    })
    .await;
}
