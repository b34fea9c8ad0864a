//! The decisions, seen from outside: rows, threats, and every combination of classes of facts.

mod administer;
mod connection;
mod explain;
mod link;
mod local;
mod matrix;
mod oracle;
mod properties;
mod reasons;
mod sign_in;
mod threats;
mod throttle;
mod unlink;
mod world;
