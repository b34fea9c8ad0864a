//! Measurements of the shipped binary beside their aims. `cargo run --release -p bench -- figures [--json]`.
#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock, the environment and waits")]

mod figures;
mod machine;
mod server;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo run --release -p bench -- figures [--json]

  figures   size of the binary, time from start to ready, memory when idle";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["figures"] => figures::run(false),
        ["figures", "--json"] => figures::run(true),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
