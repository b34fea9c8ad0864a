//! Mechanical mutants of the decisions: every small change of `linking` must break a test of `linking`, or stand in
//! `docs/mutants.md` with the reason why none can.
//!
//! Slow, so a command of its own and no part of `cargo xtask test`.

use crate::process::{Surroundings, shown};
use std::path::{Path, PathBuf};

const LIST: &str = "docs/mutants.md";
const SOURCES: &str = "crates/linking/src";
/// Tests that decide for seconds. They look only at what the others let live, and the others, all in one process and not
/// optimised, cost less than building them.
const SLOW: [&str; 6] = [
    "tables::every_",
    "the_page_of_every_reason",
    "explanations_agree",
    "decisions_are_total",
    "t69_no_sign_in_ever",
    "attempts_are_total",
];
const NOT_OPTIMISED: &str = "profile.dev.package.linking.opt-level=0";
const TIMEOUT: &str = "300";

/// Over the named files of `linking`, or over all.
pub fn run(root: &Path, files: &[&str]) -> Result<(), String> {
    let surroundings = Surroundings::new(root);
    if surroundings.find("cargo-mutants").is_none() {
        return Err("cargo-mutants is not here: `cargo install cargo-mutants --locked`".to_owned());
    }
    if let Some(file) = files.iter().find(|file| !root.join(path_of(file)).is_file()) {
        return Err(format!("{file} is no file of {SOURCES}: name one like `merge` or `explain/what_if`"));
    }
    let listed = read_list(&read(&root.join(LIST))?)?;
    let out = std::env::temp_dir().join(format!("selfsame-mutants-{}", std::process::id()));
    std::fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    println!("mutants: the record is kept in {}", out.display());
    let quick: Vec<&str> = SLOW.iter().flat_map(|test| ["--skip", test]).collect();
    mutate(&surroundings, files, &out, &["--cargo-arg=--config", &format!("--cargo-arg={NOT_OPTIMISED}")], &quick)?;
    mutate(&surroundings, files, &out, &[], &[])?;
    let of = |name| read(&out.join("mutants.out").join(name));
    // One that never ends was noticed by no test.
    let survivors: Vec<String> = [of("missed.txt")?, of("timeout.txt")?].iter().flat_map(|text| names(text)).collect();
    let complaints = compare(&survivors, &listed, files);
    for complaint in &complaints {
        println!("{complaint}");
    }
    if complaints.is_empty() {
        println!("mutants: {} survivors, all of them listed", survivors.len());
        Ok(())
    } else {
        Err(format!("mutants: {} differences to {LIST}", complaints.len()))
    }
}

/// One run over a copy of the tree; a second one over the same record looks only at what the first let live.
fn mutate(
    surroundings: &Surroundings,
    files: &[&str],
    out: &Path,
    built: &[&str],
    tests: &[&str],
) -> Result<(), String> {
    let mut command = surroundings.cargo();
    // Built beside the copy: two trees in one target directory would take each other's builds.
    command.env_remove("CARGO_TARGET_DIR").env("CARGO_PROFILE_DEV_DEBUG", "0");
    command.args(["mutants", "--package", "linking", "--test-tool", "cargo", "--baseline", "skip", "--iterate"]);
    command.args(["--jobs", "2", "--timeout", TIMEOUT, "--no-shuffle", "--output"]).arg(out);
    for file in files {
        command.args(["--file", &path_of(file)]);
    }
    command.args(built).args(["--", "--"]).args(tests);
    let status = command.status().map_err(|error| format!("{}: {error}", shown(&command)))?;
    // 2: some were missed; 3: some ran out of time. Both are read from the record.
    if matches!(status.code(), Some(0 | 2 | 3)) {
        Ok(())
    } else {
        Err(format!("{} ended with {status}", shown(&command)))
    }
}

fn path_of(file: &str) -> String {
    format!("{SOURCES}/{}.rs", file.trim_end_matches(".rs"))
}

fn read(path: &PathBuf) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// `FILE:LINE:COLUMN: what` without the place, which moves with every edit.
fn names(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(|line| {
        let (place, what) = line.split_once(": ")?;
        Some(format!("{}: {what}", place.split(':').next()?))
    })
}

/// Rows of the Markdown table: the mutant in backticks, and why nothing can tell it from the original.
fn read_list(text: &str) -> Result<Vec<String>, String> {
    let mut listed = Vec::new();
    for row in text.lines().filter(|line| line.starts_with("| `")) {
        let (name, reason) = row[3..].split_once("` |").ok_or_else(|| format!("{LIST}: `{row}` is no row"))?;
        if reason.trim_matches([' ', '|']).is_empty() {
            return Err(format!("{LIST}: `{name}` has no reason"));
        }
        listed.push(name.to_owned());
    }
    Ok(listed)
}

/// What survived and is not listed, and what is listed and did not survive; each as often as it is there.
fn compare(survivors: &[String], listed: &[String], files: &[&str]) -> Vec<String> {
    let mut left = listed.to_vec();
    let mut complaints = Vec::new();
    for name in survivors {
        match left.iter().position(|known| known == name) {
            Some(at) => drop(left.remove(at)),
            None => complaints.push(format!("survives, and is not in {LIST}: {name}")),
        }
    }
    let looked_at =
        |name: &String| files.is_empty() || files.iter().any(|file| name.starts_with(&format!("{}:", path_of(file))));
    let caught = left.into_iter().filter(looked_at);
    complaints.extend(caught.map(|name| format!("is caught now, and still in {LIST}: {name}")));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "# Mutants\n\n| mutant | reason |\n|---|---|\n| `crates/linking/src/a.rs: replace > with >= in f` | equal never happens |\n";

    #[test]
    fn survivors_and_list_are_compared_without_lines_and_as_often_as_they_are() {
        let listed = read_list(LISTED).unwrap();
        let survivor = |text: &str| names(text).collect::<Vec<_>>();
        let one = survivor("crates/linking/src/a.rs:7:9: replace > with >= in f\n");
        assert_eq!(one, listed);
        assert!(compare(&one, &listed, &[]).is_empty());
        let twice = survivor(
            "crates/linking/src/a.rs:7:9: replace > with >= in f\ncrates/linking/src/a.rs:9:9: replace > with >= in f\n",
        );
        assert_eq!(compare(&twice, &listed, &[]).len(), 1);
        assert_eq!(compare(&[], &listed, &[]).len(), 1, "caught now");
        assert!(compare(&[], &listed, &["b"]).is_empty(), "not looked at");
        assert_eq!(compare(&[], &listed, &["a"]).len(), 1);
    }

    #[test]
    fn a_survivor_needs_a_reason() {
        let bare = LISTED.replace("equal never happens", "");
        assert!(read_list(&bare).unwrap_err().contains("no reason"));
    }
}
