//! The project's own commands: `cargo xtask test` proves everything from a fresh clone, `cargo xtask tidy` keeps the
//! rules that no compiler knows.
#![allow(clippy::disallowed_methods, reason = "a build tool reads the environment and waits for processes")]

mod install;
mod mutants;
mod parts;
mod postgres;
mod process;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask test [--only NAME[,NAME]]   run every check, or the named ones
       cargo xtask test --full                 the same, with all rounds of every race and crash
       cargo xtask tidy                        check the rules over the tree
       cargo xtask threats                     write docs/threats.md from the names of the tests
       cargo xtask mutants [FILE …]            change `linking` a little in every place; a test must break (slow)

Parts of `test`, in order: fmt, clippy, tidy, model, rust, demo, browser.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => parts::run(&root(), &parts::Part::ALL, false),
        ["test", "--full"] => parts::run(&root(), &parts::Part::ALL, true),
        ["test", "--only", names] => parts::named(names).and_then(|parts| parts::run(&root(), &parts, false)),
        ["tidy"] => tidy::run(&root()),
        ["threats"] => tidy::write_threats(&root()),
        ["mutants", files @ ..] => mutants::run(&root(), files),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [] => Err(format!("no command given\n\n{USAGE}")),
        _ => Err(format!("unknown arguments `{}`\n\n{USAGE}", words.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The top of the tree. Asked of cargo at run time: a shared target directory outlives a clone.
fn root() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest.parent().map_or_else(|| manifest.clone(), Path::to_path_buf)
}
