//! `modelcheck commit | full | deep | mutants | guards | lockout | oracle | traces`: explores the decisions and says what
//! it saw. Exit code 0: every invariant held and every fault was caught; 1: not; 2: the command line is wrong.

use clap::{Parser, ValueEnum};
use linking::Reason;
use modelcheck::explore::{Found, Report};
use modelcheck::runs::{self, COMMIT, Caught, DEEP, FULL, Size};
use modelcheck::{lockout, oracle, setup, words};
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Everything, small: seconds, on every change.
    Commit,
    /// Ten million states and more of the decisions as they are.
    Full,
    /// Each setup to its end, or to twenty million states.
    Deep,
    /// Every published fault, one at a time.
    Mutants,
    /// Every guard of every plan left out, one at a time.
    Guards,
    /// From everywhere the victim gets back in.
    Lockout,
    /// Worlds with and without the victim look the same.
    Oracle,
    /// Writes the shortest story of each fault to a directory.
    Traces,
}

#[derive(Debug, Parser)]
#[command(about = "Explores the decisions against victim, attacker, providers, operator and crashes")]
struct Arguments {
    what: What,
    /// Setups, faults or guards by name; all without any.
    only: Vec<String>,
    #[arg(long)]
    json: bool,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Where `traces` writes.
    #[arg(long, default_value = "docs/traces")]
    to: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let began = Instant::now();
    let mut result = Result { good: true, json: serde_json::Map::new(), text: String::new() };
    run(&arguments, &mut result);
    clear();
    result.json.insert("seconds".into(), json!(began.elapsed().as_secs_f64()));
    result.json.insert("peak_memory_bytes".into(), json!(peak_memory()));
    result.json.insert("good".into(), json!(result.good));
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result.json).unwrap_or_default());
    } else {
        print!("{}", result.text);
        println!("{:.1} s, {} MiB at most", began.elapsed().as_secs_f64(), peak_memory() / (1 << 20));
    }
    if result.good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Result {
    good: bool,
    json: serde_json::Map<String, Value>,
    text: String,
}

impl Result {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn must(&mut self, holds: bool) {
        self.good &= holds;
    }
}

fn run(arguments: &Arguments, result: &mut Result) {
    let (threads, only) = (arguments.threads, &arguments.only[..]);
    let size = match arguments.what {
        What::Commit => COMMIT,
        What::Deep => DEEP,
        _ => FULL,
    };
    match arguments.what {
        What::Commit => {
            let seen = explored(size, threads, only, result);
            faults(size, threads, &[], result);
            guards(size, threads, &seen, &[], result);
            lockouts(size, threads, only, result);
            oracles(size, only, result);
        }
        What::Full | What::Deep => {
            let seen = explored(size, threads, only, result);
            if only.is_empty() {
                complete(&seen, result);
            }
        }
        What::Mutants => faults(size, threads, only, result),
        What::Guards => {
            let seen = runs::explore(Size { states: 150_000, ..size }, threads, &[], &progress);
            guards(size, threads, &seen, only, result);
        }
        What::Lockout => lockouts(size, threads, only, result),
        What::Oracle => oracles(size, only, result),
        What::Traces => traces(size, threads, arguments, result),
    }
}

/// A line that is written over, for people who watch.
fn progress(what: &str, done: usize, all: usize) {
    if std::io::stderr().is_terminal() {
        let width = 30 * done / all.max(1);
        eprint!("\r{what:<28} [{:<30}] {done}/{all}   ", "#".repeat(width));
        let _ = std::io::stderr().flush();
    }
}

fn clear() {
    if std::io::stderr().is_terminal() {
        eprint!("\r{:90}\r", "");
    }
}

/// Of this process, from the system; 0 where it does not say.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn story(setup_name: &str, found: &Found) -> String {
    let setup = setup::all().into_iter().find(|setup| setup.name == setup_name).expect("a setup of this name");
    words::story(&setup, &found.start, &found.trace)
}

fn explored(size: Size, threads: usize, only: &[String], result: &mut Result) -> Vec<Report> {
    let seen = runs::explore(size, threads, only, &progress);
    let mut rows = Vec::new();
    for report in &seen {
        let Report { setup, states, transitions, depth, frontier, time, found, .. } = report;
        result.line(&format!(
            "{setup:<28} {states:>9} states {transitions:>10} steps, depth {depth:>2}, {frontier:>8} left, {:.1} s",
            time.as_secs_f64()
        ));
        rows.push(json!({
            "setup": setup, "states": states, "transitions": transitions, "depth": depth, "frontier": frontier,
            "seconds": time.as_secs_f64(),
            "violation": found.as_ref().map(violated),
        }));
        if let Some(found) = found {
            result.must(false);
            result.line(&format!("  {}: {}\n{}", found.violation.invariant, found.violation.what, story(setup, found)));
        }
    }
    let total = runs::joined(&seen);
    let states: usize = seen.iter().map(|report| report.states).sum();
    let transitions: usize = seen.iter().map(|report| report.transitions).sum();
    result.line(&format!("{states} distinct states, {transitions} steps, in {} setups", seen.len()));
    result.line(&format!("rows: {:?}", total.rows));
    let unseen = unseen_reasons(&seen);
    result.line(&format!("reasons: {} of {}; not here: {unseen:?}", total.reasons.len(), Reason::ALL.len()));
    result.line(&format!("guards: {} stood, {} refused", total.guards.len(), total.refusals.len()));
    result.json.insert("distinct_states".into(), json!(states));
    result.json.insert("transitions".into(), json!(transitions));
    result.json.insert("depth".into(), json!(seen.iter().map(|report| report.depth).max()));
    result.json.insert("frontier".into(), json!(seen.iter().map(|report| report.frontier).sum::<usize>()));
    result.json.insert("setups".into(), json!(rows));
    result.json.insert(
        "coverage".into(),
        json!({
            "rows": total.rows,
            "reasons": total.reasons.iter().map(|reason| reason.code()).collect::<Vec<_>>(),
            "reasons_elsewhere": unseen.iter().map(|reason| reason.code()).collect::<Vec<_>>(),
            "guards": total.guards.iter().collect::<Vec<_>>(),
            "guards_that_refused": total.refusals.iter().collect::<Vec<_>>(),
        }),
    );
    let invariants = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12", "I13"];
    let broken: Vec<&str> =
        seen.iter().filter_map(|report| report.found.as_ref()).map(|found| found.violation.invariant).collect();
    result.json.insert(
        "invariants".into(),
        invariants.iter().map(|name| ((*name).to_owned(), json!(!broken.contains(name)))).collect(),
    );
    seen
}

fn violated(found: &Found) -> Value {
    json!({"invariant": found.violation.invariant, "what": found.violation.what, "steps": found.trace.len()})
}

/// Reasons that no decision of this world can give: they are of configurations that do not start, of numbers that do not
/// fit here, or of outcomes that only a caller's mistake brings about.
const ELSEWHERE: &[Reason] = &[
    Reason::UnknownConnection,
    Reason::UserNotFound,
    Reason::UnlinkedByOperator,
    Reason::SameUser,
    Reason::UndoUnknown,
    Reason::UndoSpent,
    Reason::UndoExpired,
    Reason::NotFresh,
    Reason::NothingToChange,
    Reason::TooManyPasskeys,
    Reason::NoSecondFactor,
    Reason::RecoveryCodesMade,
    // Applications sign in; nothing of an account changes.
    Reason::ApplicationLetIn,
    Reason::DeviceClaimed,
    Reason::DeviceLetIn,
    Reason::DeviceRefused,
    Reason::DeviceCodeUnknown,
    Reason::DeviceNeverLinks,
    Reason::ConsentGiven,
    Reason::ConsentWithdrawn,
    Reason::ConsentMissing,
    Reason::TokenReused,
    Reason::ByClientItself,
    Reason::ClientIdTaken,
    Reason::ClientUnknown,
    Reason::RegistrationTokenSpent,
];

fn unseen_reasons(seen: &[Report]) -> Vec<Reason> {
    let total = runs::joined(seen);
    Reason::ALL.iter().copied().filter(|reason| !total.reasons.contains(reason)).collect()
}

/// A full run must have reached everything there is.
fn complete(seen: &[Report], result: &mut Result) {
    let total = runs::joined(seen);
    let rows: Vec<u8> = (1..=15).filter(|row| !total.rows.contains(row)).collect();
    let reasons: Vec<Reason> = unseen_reasons(seen).into_iter().filter(|reason| !ELSEWHERE.contains(reason)).collect();
    let wrong: Vec<&Reason> = ELSEWHERE.iter().filter(|reason| total.reasons.contains(reason)).collect();
    for (what, missing) in [
        ("rows", format!("{rows:?}")),
        ("reasons", format!("{reasons:?}")),
        ("reached after all", format!("{wrong:?}")),
    ] {
        if missing != "[]" {
            result.must(false);
            result.line(&format!("not reached: {what} {missing}"));
        }
    }
}

fn caught(kind: &str, list: &[Caught], result: &mut Result) {
    let mut rows = Vec::new();
    for fault in list {
        let Caught { name, after, rule, setup, states, found } = fault;
        result.must(found.is_some());
        let end = found.as_ref().map_or_else(
            || format!("SURVIVED {states} states"),
            |found| {
                let steps = found.trace.len();
                format!(
                    "{} {} ({setup}, {steps} steps, {states} states)",
                    found.violation.invariant, found.violation.what
                )
            },
        );
        result.line(&format!("{name:<44} {end}"));
        rows.push(json!({
            "name": name, "after": after, "rule": rule, "setup": setup, "states": states,
            "caught": found.as_ref().map(violated),
        }));
    }
    let number = list.iter().filter(|fault| fault.found.is_some()).count();
    result.line(&format!("{number} of {} {kind} caught", list.len()));
    result.json.insert(kind.into(), json!(rows));
    result.json.insert(format!("{kind}_caught"), json!(number));
}

fn faults(size: Size, threads: usize, only: &[String], result: &mut Result) {
    let list = runs::faults(size, threads, only, &progress);
    caught("mutants", &list, result);
}

fn guards(size: Size, threads: usize, seen: &[Report], only: &[String], result: &mut Result) {
    let list = runs::guards(size, threads, seen, only, &progress);
    caught("guards", &list, result);
    for (name, why) in runs::BACKED {
        result.line(&format!("{name:<44} backed: {why}"));
    }
    result.line(&format!("never refused here: {:?}", runs::idle_guards(seen)));
}

fn lockouts(size: Size, threads: usize, only: &[String], result: &mut Result) {
    let mut rows = Vec::new();
    for report in runs::lockouts(size, threads, only, &progress) {
        let lockout::Report { setup, states, promised, longest, found } = report;
        result.must(found.is_none());
        result.line(&format!("{setup:<28} {promised} of {states} states promise a way in; at most {longest} steps"));
        if let Some(found) = &found {
            result.line(&format!("  {}\n{}", found.violation.what, story(setup, found)));
        }
        rows.push(json!({
            "setup": setup, "states": states, "promised": promised, "longest": longest,
            "violation": found.as_ref().map(violated),
        }));
    }
    result.json.insert("lockout".into(), json!(rows));
}

fn oracles(size: Size, only: &[String], result: &mut Result) {
    let mut rows = Vec::new();
    for oracle::Report { setup, pairs, found } in runs::oracles(size, only) {
        result.must(found.is_none());
        result.line(&format!("{setup:<28} {pairs} pairs of states look the same"));
        if let Some((violation, path)) = &found {
            result.line(&format!("  {}\n  {path:?}", violation.what));
        }
        rows.push(json!({"setup": setup, "pairs": pairs, "violation": found.map(|(violation, _)| violation.what)}));
    }
    result.json.insert("oracle".into(), json!(rows));
}

fn traces(size: Size, threads: usize, arguments: &Arguments, result: &mut Result) {
    let list = runs::faults(size, threads, &arguments.only, &progress);
    caught("mutants", &list, result);
    if let Err(error) = std::fs::create_dir_all(&arguments.to) {
        result.must(false);
        result.line(&format!("{}: {error}", arguments.to.display()));
        return;
    }
    for fault in &list {
        let Some(found) = &fault.found else { continue };
        let text = format!(
            "# {}\n\nAfter {}. The rule that prevents it: {}.\n\nWith this fault, {} is broken: {}.\n\n{}",
            fault.name.replace('_', " "),
            fault.after,
            fault.rule,
            found.violation.invariant,
            found.violation.what,
            story(fault.setup, found)
        );
        let path = arguments.to.join(format!("{}.md", fault.name));
        if let Err(error) = std::fs::write(&path, text) {
            result.must(false);
            result.line(&format!("{}: {error}", path.display()));
        }
    }
}
