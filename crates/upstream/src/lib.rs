//! Connections to upstream providers: the requests, their limits and caches around the pure checks of `protocol`.
//!
//! Every outgoing request of a connection goes through one [`Egress`]; what comes back is decided by `protocol`.

mod address;
mod cache;
mod connections;
mod egress;
mod resolver;
mod txt;

pub use address::address_allowed;
pub use connections::Connections;
pub use egress::{Answer, Egress, EgressError, EgressPolicy, Failed};
pub use resolver::{NameResolver, SystemResolver};
pub use txt::{SystemTxt, TxtFailed, TxtResolver};
