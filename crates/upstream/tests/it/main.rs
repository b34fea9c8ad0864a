//! One binary: a real provider on loopback, well-behaved and hostile, and the rules for outgoing requests.

mod caches;
mod hostile;
mod provider;
mod requests;
mod sign_in;
