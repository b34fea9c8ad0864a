//! The whole server over HTTP, in the process, on both databases, with real providers and a real mailbox.

mod abuse;
mod api;
mod attacker;
mod bad_input;
mod budgets;
mod concurrency;
mod doctor;
mod domains;
mod explain;
mod findings;
mod freshness;
mod identity;
mod journeys;
mod operator;
mod organisations;
mod outage;
mod pages;
mod passkeys;
mod prehijack;
mod protocol;
mod provider;
mod recover;
mod replicas;
mod second_factor;
mod selection;
mod sessions;
mod undo;

/// Each function, which takes an engine, as a test on either one.
#[macro_export]
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
