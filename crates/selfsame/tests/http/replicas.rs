//! Two servers over one PostgreSQL: what one revokes the other sees within the stated bound.

use std::time::{Duration, Instant};
use testkit::{Browser, Engine, World};

/// Answers 200 or 401 at the session check.
async fn signed_in(browser: &Browser, cookie: &str) -> bool {
    let call = browser.call("GET", "/api/v1/session", None, &[("cookie", cookie.to_owned())]).await;
    call.status.is_success()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t67_a_revocation_reaches_the_other_replica_in_time() {
    let world = World::new(Engine::Postgres).await;
    let other = World::start(&world.config, world.clock.clone(), 2).await;
    let there = Browser::of(other.router.clone());
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    let cookie = format!("__Host-session={}", ada.session().expect("a session"));

    // The other replica answers from memory as soon as it hears its own heartbeat.
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        assert!(signed_in(&there, &cookie).await);
        let before = other.store.counters().reads;
        assert!(signed_in(&there, &cookie).await);
        if other.store.counters().reads == before {
            break;
        }
        assert!(Instant::now() < deadline, "the cache was never trusted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    world.sign_out(&mut ada).await;
    let signed_out = Instant::now();
    while signed_in(&there, &cookie).await {
        assert!(signed_out.elapsed() < Duration::from_secs(2), "the other replica still believes in the session");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("revoked elsewhere after {:?}; the bound is {:?}", signed_out.elapsed(), store::TRUST);
}
