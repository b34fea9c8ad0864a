//! The decisions, seen from outside: rows, threats, and every combination of classes of facts.

mod administer;
mod application;
mod changes;
mod clients;
mod connection;
mod device;
mod epoch;
mod explain;
mod fold;
mod link;
mod local;
mod matrix;
mod merge;
mod move_link;
mod oracle;
mod properties;
mod reasons;
mod recover;
mod scope;
mod sign_in;
mod tables;
mod threats;
mod throttle;
mod undo;
mod unlink;
mod world;
