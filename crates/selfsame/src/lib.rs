//! The binary's parts: configuration, wiring, jobs, command line. Everything is here so that tests run the same server.

pub mod admin;
pub mod cache;
pub mod clients;
pub mod command;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
mod domains;
pub mod logging;
mod logouts;
pub mod mail;
pub mod os;
mod passkeys;
pub mod passwords;
pub mod runner;
pub mod server;
pub mod signing;
pub mod socket;
pub mod wiring;
