//! What tests share: a clock and randomness that are turned by hand, a whole server in the process with real providers
//! and a real mailbox beside it, and a browser that parses pages and submits their forms.

mod account;
mod ambient;
mod browser;
mod checkup;
pub mod deployment;
mod names;
mod page;
pub mod passkey;
pub mod postgres;
mod snapshot;
mod world;

pub use account::{VERIFIER, challenge};
pub use ambient::{SeededRandom, TestClock};
pub use browser::{ApiCall, Browser};
pub use names::ScriptedNames;
pub use page::{Form, Page};
pub use sandbox::mailbox::Message;
pub use sandbox::provider::{Behaviour, Endpoint, Person};
pub use sandbox::seed;
pub use snapshot::Accounts;
pub use world::{CLIENT_SECRET, Engine, ORIGIN, Options, PASSWORD, World};
