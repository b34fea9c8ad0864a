//! The pool under load, and the table of passwords that are refused.

use crate::Seeded;
use futures_util::future::join_all;
use model::Secret;
use selfsame::passwords::{FEEDBACK_KEYS, PasswordError, PasswordPool, PoolSettings, strength};
use std::time::{Duration, Instant};

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn pool(threads: usize, queue: usize, idle: Duration) -> PasswordPool {
    PasswordPool::new(PoolSettings { threads, queue, idle })
}

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn hashes_and_verifies() {
    let pool = PasswordPool::new(PoolSettings::default());
    assert_eq!(pool.threads(), 0, "nothing starts before the first password");
    let phc = pool.hash(&secret("correct horse"), &Seeded::new(1)).await.unwrap();
    assert!(phc.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(!PasswordPool::needs_rehash(&phc));
    assert_eq!(pool.verify(&secret("correct horse"), Some(&phc)).await, Ok(true));
    for wrong in ["correct horse ", "Correct horse", "correcthorse", ""] {
        assert_eq!(pool.verify(&secret(wrong), Some(&phc)).await, Ok(false), "{wrong:?}");
    }
    let again = pool.hash(&secret("correct horse"), &Seeded::new(2)).await.unwrap();
    assert!(again != phc, "each hash has its own salt");
}

#[tokio::test]
async fn two_spellings_of_one_text_are_one_password() {
    let pool = pool(1, 4, MINUTE);
    let phc = pool.hash(&secret("caf\u{e9} au lait"), &Seeded::new(1)).await.unwrap();
    assert_eq!(pool.verify(&secret("cafe\u{301} au lait"), Some(&phc)).await, Ok(true));
    assert_eq!(pool.verify(&secret("cafe au lait"), Some(&phc)).await, Ok(false));
    let phc = pool.hash(&secret("\u{ff21}bc"), &Seeded::new(1)).await.unwrap();
    assert_eq!(pool.verify(&secret("Abc"), Some(&phc)).await, Ok(false), "nothing a person can see is folded");
}

/// Vectors of the reference implementation and of other cost settings, as an import would bring them.
#[tokio::test]
async fn verifies_imported_hashes_and_wants_them_made_anew() {
    let pool = pool(1, 4, MINUTE);
    let phc = secret("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
    assert_eq!(pool.verify(&secret("password"), Some(&phc)).await, Ok(true));
    assert_eq!(pool.verify(&secret("Password"), Some(&phc)).await, Ok(false));
    assert!(PasswordPool::needs_rehash(&phc));
    for unusable in [
        "",
        "$2b$10$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ] {
        assert_eq!(pool.verify(&secret("password"), Some(&secret(unusable))).await, Ok(false));
        assert!(PasswordPool::needs_rehash(&secret(unusable)));
    }
}

#[tokio::test]
async fn t111_long_passwords_cost_nothing() {
    let pool = pool(1, 4, MINUTE);
    let long = secret(&"x".repeat(1025));
    assert_eq!(pool.hash(&long, &Seeded::new(1)).await, Err(PasswordError::TooLong));
    assert_eq!(pool.verify(&long, None).await, Ok(false));
    assert_eq!(pool.threads(), 0);
    assert!(pool.hash(&secret(&"x".repeat(1024)), &Seeded::new(1)).await.is_ok());
}

#[tokio::test]
async fn t123_unknown_users_cost_the_same() {
    let pool = pool(1, 4, MINUTE);
    let phc = pool.hash(&secret("correct horse"), &Seeded::new(1)).await.unwrap();
    let unusable = secret("$2b$10$abcdefghijklmnopqrstuv");
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..15 {
        for (times, phc) in times.iter_mut().zip([Some(&phc), None, Some(&unusable)]) {
            let start = Instant::now();
            assert_eq!(pool.verify(&secret("wrong"), phc).await, Ok(false));
            times.push(start.elapsed());
        }
    }
    // The least of each: whatever else runs on this machine only adds.
    let [known, unknown, unusable] = times.map(|times| times.into_iter().min().unwrap().as_secs_f64());
    for other in [unknown, unusable] {
        assert!((0.7..1.4).contains(&(other / known)), "known {known}, unknown {unknown}, unusable {unusable}");
    }
}

#[tokio::test]
async fn a_full_queue_says_so_at_once() {
    let pool = pool(1, 2, MINUTE);
    let (password, random) = (secret("correct horse"), Seeded::new(1));
    let results = join_all((0..10).map(|_| pool.hash(&password, &random))).await;
    let done = results.iter().filter(|result| result.is_ok()).count();
    assert!((2..=3).contains(&done), "one at work and two waiting, not {done}");
    assert!(results.iter().all(|result| !matches!(result, Err(error) if *error != PasswordError::Busy)));
    assert_eq!(pool.threads(), 1);
    assert!(pool.hash(&password, &random).await.is_ok(), "and it recovers");
}

/// Whoever was let in is not turned away, and who holds a place keeps others out of it.
#[tokio::test]
async fn t111_a_place_is_held_until_it_is_used_or_left() {
    let pool = pool(1, 2, MINUTE);
    let (password, random) = (secret("correct horse"), Seeded::new(1));
    let (first, second) = (pool.admit().unwrap(), pool.admit().unwrap());
    assert_eq!(pool.admit().err(), Some(PasswordError::Busy));
    assert_eq!(pool.hash(&password, &random).await, Err(PasswordError::Busy));
    drop(first);
    assert!(pool.hash(&password, &random).await.is_ok(), "a place was left");
    assert_eq!(second.verify(&password, None).await, Ok(false));
    assert!(pool.admit().is_ok() && pool.admit().is_ok());
}

/// Judging a password is the pool's work too, within the pool's bounds.
#[tokio::test]
async fn t111_passwords_are_judged_on_the_pool() {
    let pool = pool(1, 1, MINUTE);
    let random = Seeded::new(1);
    let weak = pool.hash_strong(&secret("lovelace2026"), &["Ada Lovelace"], &random).await;
    assert!(matches!(weak, Err(PasswordError::Weak(_))), "it was accepted");
    assert_eq!(pool.threads(), 1, "it was judged somewhere else");
    let place = pool.admit().unwrap();
    let full = pool.hash_strong(&secret("lovelace2026"), &["Ada Lovelace"], &random).await;
    assert_eq!(full, Err(PasswordError::Busy));
    drop(place);
    assert!(pool.hash_strong(&secret("kite-lamp-7-violin"), &[], &random).await.is_ok());
}

#[tokio::test]
async fn whoever_has_gone_away_holds_no_place() {
    let pool = pool(1, 2, MINUTE);
    let (password, random) = (secret("correct horse"), Seeded::new(1));
    for _ in 0..20 {
        // Polled once, so queued, then dropped.
        let hash = pool.hash(&password, &random);
        let _ = tokio::time::timeout(Duration::ZERO, hash).await;
    }
    let results = join_all((0..2).map(|_| pool.hash(&password, &random))).await;
    assert!(results.iter().all(Result::is_ok));
}

fn resident_mib() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096.0 / 1024.0 / 1024.0
}

async fn fifty(pool: &PasswordPool) {
    let (password, random) = (secret("correct horse"), Seeded::new(1));
    let results = join_all((0..50).map(|_| pool.hash(&password, &random))).await;
    assert!(results.iter().all(Result::is_ok));
}

/// The pool's memory is one block for each thread, however much is hashed, and none when nothing is.
#[tokio::test]
async fn memory_is_bounded_reused_and_given_back() {
    let before = resident_mib();
    let pool = pool(2, 64, Duration::from_millis(300));
    for round in 0..3 {
        fifty(&pool).await;
        let warm = resident_mib();
        fifty(&pool).await;
        assert!(resident_mib() - warm < 3.0, "round {round}: grew from {warm} to {} MiB", resident_mib());
        assert!(warm - before < 2.0 * 19.0 + 6.0, "round {round}: from {before} to {warm} MiB");
        assert!(warm - before > 15.0, "round {round}: from {before} to {warm} MiB");
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert_eq!(pool.threads(), 0);
        assert!(resident_mib() - before < 6.0, "round {round}: from {before} to {} MiB when idle", resident_mib());
    }
}

#[test]
fn strength_by_table() {
    let inputs = ["Ada Lovelace", "ada.lovelace@example.org", "Notekeeper"];
    let refused = [
        ("", "too_short"),
        ("x8#Kq2!", "too_short"),
        ("vT9#qLw2", "guessable"),
        ("password", "common_password"),
        ("12345678", "common_password"),
        ("qwertyuiop", "common_password"),
        ("aaaaaaaaaaaa", "repeated_character"),
        ("abcabcabcabc", "repeated_pattern"),
        ("P@ssw0rd", "similar_to_common"),
        ("lovelace", ""),
        ("notekeeper", ""),
        ("ada.lovelace@example.org", ""),
        ("lovelace2026", ""),
    ];
    for (password, key) in refused {
        let weak = strength(password, &inputs).expect_err(password);
        assert!(FEEDBACK_KEYS.contains(&weak.feedback_key));
        assert!(key.is_empty() || weak.feedback_key == key, "{password}: {weak:?}");
        assert!(weak.score < 3 || key == "too_short", "{password}: {weak:?}");
    }
    for password in [
        "correct horse battery staple",
        "vT9#qLw2z",
        "grüne Fahrräder im Regen",
        "いつもの青い自転車で行く",
        "kite-lamp-7-violin",
    ] {
        assert_eq!(strength(password, &inputs), Ok(()), "{password}");
    }
    assert_eq!(strength(&"x".repeat(1025), &[]).unwrap_err().feedback_key, "too_long");
}

/// An answer must not take long whatever is typed (T111).
#[test]
fn t111_judging_a_password_is_quick() {
    let hostile = ["a1".repeat(500), "qwerty".repeat(170), "p4ssw0rd".repeat(120), "é".repeat(500), "19".repeat(500)];
    for password in hostile {
        let start = Instant::now();
        let _ = strength(&password, &["ada", "example"]);
        assert!(start.elapsed() < Duration::from_secs(2), "{}…: {:?}", &password[..8], start.elapsed());
    }
}
