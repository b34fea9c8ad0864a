//! Explores every interleaving of victim, attacker, providers, operator, restores and crashes against the *real*
//! decisions of `linking` and their plans, and checks the invariants of the product's meaning on the way.

pub mod act;
pub mod check;
pub mod commit;
pub mod decide;
pub mod explore;
pub mod facts;
pub mod lockout;
pub mod mutants;
pub mod names;
pub mod oracle;
pub mod plan;
pub mod runs;
pub mod setup;
pub mod shapes;
pub mod state;
pub mod step;
pub mod store;
pub mod words;
