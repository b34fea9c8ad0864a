//! The one test command: each part with a heading and its time, a table at the end, and no part that skips.

use crate::install::{Need, provide, python_environment};
use crate::postgres::Cluster;
use crate::process::{Surroundings, output, succeed, succeed_keeping};
use crate::tidy;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Fmt,
    Clippy,
    Tidy,
    Model,
    Rust,
    Demo,
    Browser,
}

impl Part {
    pub const ALL: [Self; 7] =
        [Self::Fmt, Self::Clippy, Self::Tidy, Self::Model, Self::Rust, Self::Demo, Self::Browser];

    fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Tidy => "tidy",
            Self::Model => "model",
            Self::Rust => "rust",
            Self::Demo => "demo",
            Self::Browser => "browser",
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Fmt => "formatting of all Rust sources",
            Self::Clippy => "clippy over every target and feature, warnings are errors",
            Self::Tidy => "rules over the tree",
            Self::Model => "the decisions explored, with every fault and every guard left out",
            Self::Rust => "Rust tests on SQLite and PostgreSQL",
            Self::Demo => "the binary without and with the demo",
            Self::Browser => "Chromium over the binary on both databases",
        }
    }

    fn needs(self) -> &'static [Need] {
        match self {
            Self::Fmt | Self::Clippy | Self::Tidy | Self::Model | Self::Demo => &[],
            Self::Rust => &[Need::Postgres, Need::Strace, Need::Setpriv],
            Self::Browser => &[
                Need::Chromium,
                Need::Node,
                Need::Postgres,
                Need::Setpriv,
                Need::Nginx,
                Need::Caddy,
                Need::Apache,
                Need::Python,
            ],
        }
    }
}

/// The parts that `--only` names, in their order; the browser tests bring the binary they drive.
pub fn named(names: &str) -> Result<Vec<Part>, String> {
    let mut chosen = Vec::new();
    for name in names.split(',') {
        let part = Part::ALL.into_iter().find(|part| part.name() == name);
        chosen.push(
            part.ok_or_else(|| {
                format!("there is no part `{name}`: use fmt, clippy, tidy, model, rust, demo, browser")
            })?,
        );
    }
    if chosen.contains(&Part::Browser) {
        chosen.push(Part::Demo);
    }
    Ok(Part::ALL.into_iter().filter(|part| chosen.contains(part)).collect())
}

struct Row {
    part: Part,
    outcome: Result<(), String>,
    took: Duration,
    closing: Vec<String>,
}

/// Races and crashes take most of the time of all tests; what a change may break shows in fewer rounds.
const EVERYDAY_ROUNDS: [(&str, &str); 2] = [("SELFSAME_RACE_ROUNDS", "2000"), ("SELFSAME_CRASH_ROUNDS", "80")];

/// Everything that one part hands to the next.
struct Run {
    surroundings: Surroundings,
    cluster: Option<Cluster>,
    binary: Option<PathBuf>,
    full: bool,
}

/// `full`: every race and crash in all its rounds.
pub fn run(root: &Path, parts: &[Part], full: bool) -> Result<(), String> {
    let begun = Instant::now();
    let mut surroundings = Surroundings::new(root);
    let needs: Vec<Need> = parts.iter().flat_map(|part| part.needs()).copied().collect();
    provide(&mut surroundings, &needs)?;
    let mut run = Run { surroundings, cluster: None, binary: None, full };
    let rows: Vec<Row> = parts.iter().map(|&part| run.one(part)).collect();
    drop(run);
    report(&rows, begun.elapsed());
    let failed: Vec<&str> = rows.iter().filter(|row| row.outcome.is_err()).map(|row| row.part.name()).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

impl Run {
    fn one(&mut self, part: Part) -> Row {
        println!("\n━━ {} ━━ {}", part.name(), part.what());
        let begun = Instant::now();
        let (outcome, closing) = match part {
            Part::Fmt => (succeed(self.surroundings.cargo().args(["fmt", "--all", "--check"])), Vec::new()),
            Part::Clippy => (self.clippy(), Vec::new()),
            Part::Tidy => (tidy::run(&self.surroundings.root), Vec::new()),
            Part::Model => self.model(),
            Part::Rust => self.rust(),
            Part::Demo => (self.demo(), Vec::new()),
            Part::Browser => self.browser(),
        };
        let took = begun.elapsed();
        match &outcome {
            Ok(()) => println!("── {} passed in {:.1} s", part.name(), took.as_secs_f64()),
            Err(error) => println!("── {} FAILED after {:.1} s: {error}", part.name(), took.as_secs_f64()),
        }
        Row { part, outcome, took, closing }
    }

    fn clippy(&self) -> Result<(), String> {
        let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
        succeed(self.surroundings.cargo().args(arguments))
    }

    fn model(&self) -> (Result<(), String>, Vec<String>) {
        let mut command = self.surroundings.cargo();
        command.args(["run", "--quiet", "--release", "-p", "modelcheck", "--", "commit"]);
        succeed_keeping(&mut command, |line| line.contains("distinct states") || line.ends_with(" caught"))
    }

    /// One cluster serves the Rust tests and the browser tests.
    fn postgres(&mut self) -> Result<String, String> {
        if self.cluster.is_none() {
            self.cluster = Some(Cluster::start(&self.surroundings)?);
        }
        self.cluster.as_ref().map(|cluster| cluster.url.clone()).ok_or_else(|| "no cluster".to_owned())
    }

    fn rust(&mut self) -> (Result<(), String>, Vec<String>) {
        let url = match self.postgres() {
            Ok(url) => url,
            Err(error) => return (Err(error), Vec::new()),
        };
        let mut command = self.surroundings.cargo();
        if self.surroundings.find("cargo-nextest").is_some() {
            command.args(["nextest", "run", "--workspace", "--all-features"]);
        } else {
            println!("cargo-nextest is not installed: running `cargo test`, slower but the same tests");
            command.args(["test", "--workspace", "--all-features", "--no-fail-fast"]);
        }
        if !self.full {
            for (name, rounds) in EVERYDAY_ROUNDS {
                if std::env::var_os(name).is_none() {
                    println!("{name}={rounds} (all rounds with --full)");
                    command.env(name, rounds);
                }
            }
        }
        succeed_keeping(command.env("SELFSAME_TEST_POSTGRES", url), |line| {
            let line = line.trim_start();
            line.contains("Summary [") || line.starts_with("test result:")
        })
    }

    /// Checked without the demo as well: what ships must build when nothing of the sandbox is there.
    fn demo(&mut self) -> Result<(), String> {
        succeed(self.surroundings.cargo().args(["check", "-p", "selfsame"]))?;
        let mut command = self.surroundings.cargo();
        command.args(["build", "-p", "selfsame", "--features", "demo", "--message-format=json-render-diagnostics"]);
        let messages = output(&mut command)?;
        let binary = messages.lines().filter_map(executable).next_back();
        // A copy of its own: another build in the same target directory must not change it under the browser.
        let built = binary.ok_or("the build gave no binary")?;
        let copy = built.with_file_name("selfsame-demo");
        std::fs::copy(&built, &copy).map_err(|error| format!("{}: {error}", copy.display()))?;
        self.binary = Some(copy);
        Ok(())
    }

    fn browser(&mut self) -> (Result<(), String>, Vec<String>) {
        let prepared = self.prepare_browser();
        let Browsing { url, binary, python, files } = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return (Err(error), Vec::new()),
        };
        let mut command = self.surroundings.command("node");
        command.args(["--test", "--test-concurrency=1", "--test-timeout=600000", "--test-reporter=tap"]).args(files);
        command.env("SELFSAME_TEST_POSTGRES", url).env("SELFSAME_BIN", binary).env("SELFSAME_E2E_PYTHON", python);
        succeed_keeping(&mut command, |line| {
            ["# tests ", "# pass ", "# fail ", "# cancelled ", "# skipped "].iter().any(|start| line.starts_with(start))
        })
    }

    fn prepare_browser(&mut self) -> Result<Browsing, String> {
        let binary = self.binary.clone().ok_or("not run: there is no binary")?;
        let url = self.postgres()?;
        let directory = self.surroundings.root.join("e2e");
        succeed(self.surroundings.command("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&directory))?;
        let python = python_environment(&self.surroundings)?;
        let entries = std::fs::read_dir(directory.join("tests")).map_err(|error| format!("e2e/tests: {error}"))?;
        let is_test = |path: &PathBuf| path.to_str().is_some_and(|path| path.ends_with(".test.mjs"));
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_test).collect();
        files.sort();
        if files.is_empty() {
            return Err("e2e/tests holds no tests".to_owned());
        }
        Ok(Browsing { url, binary, python, files })
    }
}

/// What the browser tests are given.
struct Browsing {
    url: String,
    binary: PathBuf,
    python: PathBuf,
    files: Vec<PathBuf>,
}

/// The program that a line of cargo's JSON messages announces.
fn executable(line: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    message.get("executable")?.as_str().map(PathBuf::from)
}

fn report(rows: &[Row], total: Duration) {
    println!("\n━━ what ran ━━");
    for Row { part, outcome, took, .. } in rows {
        let result = if outcome.is_ok() { "passed" } else { "FAILED" };
        println!("{:<8} {result} {:>8.1} s  {}", part.name(), took.as_secs_f64(), part.what());
        if let Err(error) = outcome {
            println!("         {}", error.lines().next().unwrap_or_default());
        }
    }
    println!();
    for line in rows.iter().flat_map(|row| &row.closing) {
        println!("{line}");
    }
    println!("total time: {:.1} s", total.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_part_is_refused() {
        assert!(named("tidy,nonsense").unwrap_err().contains("`nonsense`"));
        assert!(named("").is_err());
    }

    #[test]
    fn parts_keep_their_order_and_browser_brings_the_binary() {
        assert_eq!(named("browser,fmt").unwrap(), [Part::Fmt, Part::Demo, Part::Browser]);
    }

    #[test]
    fn the_binary_is_read_from_cargos_messages() {
        assert_eq!(
            executable(r#"{"reason":"compiler-artifact","executable":"/x/selfsame"}"#),
            Some("/x/selfsame".into())
        );
        assert_eq!(executable(r#"{"reason":"compiler-artifact","executable":null}"#), None);
        assert_eq!(executable("noise"), None);
    }
}
