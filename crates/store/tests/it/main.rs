//! One suite, two engines.

mod clients;
mod conformance;
mod durability;
mod interleavings;
mod migrations;
mod moves;
mod outage;
mod races;
mod reads;
mod statements;
mod support;
mod tampering;

/// The file of the test kit that stands on its own; the kit itself knows this crate.
#[path = "../../../testkit/src/postgres.rs"]
mod postgres;

/// Each function, which takes a fresh database, as a test on either engine.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::support::Database::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::support::Database::postgres().await).await;
            })*
        }
    };
}
