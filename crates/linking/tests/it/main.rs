//! The decisions, seen from outside: rows, threats, and every combination of classes of facts.

mod administer;
mod changes;
mod connection;
mod explain;
mod fold;
mod link;
mod local;
mod matrix;
mod oracle;
mod properties;
mod reasons;
mod sign_in;
mod tables;
mod threats;
mod throttle;
mod unlink;
mod world;
