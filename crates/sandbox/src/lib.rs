//! Example parts to try the server with: `OpenID` providers that also misbehave on demand, a mailbox, an application
//! and a first page.
//!
//! They exist so that a newcomer meets realistic trouble in five minutes and tests meet a hostile provider without a
//! mock. Everything listens on loopback only ([`serve`]) and nothing here is reachable from a real deployment.

pub mod application;
mod bounded;
mod front;
pub mod loopback;
pub mod mailbox;
mod page;
pub mod provider;
pub mod seed;
mod serve;

pub use front::{FrontSettings, ProviderLink, front};
pub use page::Accent;
pub use serve::serve;
