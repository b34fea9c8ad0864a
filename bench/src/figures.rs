//! What an operator sees before the first request: how large, how soon, how much memory.

use crate::machine::{Machine, field, first_number};
use crate::server::{Site, build};
use std::time::Duration;

const STARTS: usize = 11;
const IDLE: Duration = Duration::from_secs(5);

#[derive(Debug, serde::Serialize)]
struct Figure {
    name: &'static str,
    unit: &'static str,
    measured: f64,
    aim: f64,
    met: bool,
}

impl Figure {
    fn new(name: &'static str, unit: &'static str, measured: f64, aim: f64) -> Self {
        Self { name, unit, measured, aim, met: measured <= aim }
    }
}

#[derive(Debug, serde::Serialize)]
struct Report {
    machine: Machine,
    figures: Vec<Figure>,
    /// Every start in milliseconds, in the order measured.
    starts_ms: Vec<f64>,
}

pub fn run(json: bool) -> Result<(), String> {
    let report = measure()?;
    if json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        println!("{text}");
    } else {
        print(&report);
    }
    Ok(())
}

fn measure() -> Result<Report, String> {
    let binary = build()?;
    let size = std::fs::metadata(&binary).map_err(|error| format!("{}: {error}", binary.display()))?.len();
    let site = Site::prepare(&binary)?;
    // The first start fills the page cache; it is not one of the eleven.
    drop(site.start()?);
    let mut starts_ms = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let (running, took) = site.start()?;
        drop(running);
        starts_ms.push(took.as_secs_f64() * 1000.0);
    }
    let (running, _) = site.start()?;
    std::thread::sleep(IDLE);
    let status = running.status()?;
    let resident_kib = field(&status, "VmRSS").and_then(|value| first_number(&value));
    let resident_kib = resident_kib.ok_or("the kernel gave no VmRSS")?;
    let figures = vec![
        Figure::new("binary size", "MiB", size as f64 / 1_048_576.0, 25.0),
        Figure::new("start to ready, median of 11", "ms", median(&starts_ms), 50.0),
        Figure::new("idle memory, resident", "MiB", resident_kib as f64 / 1024.0, 20.0),
    ];
    Ok(Report { machine: Machine::here(), figures, starts_ms })
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn print(report: &Report) {
    let Machine { date, processor, cores, memory_mib, system, compiler } = &report.machine;
    println!("{date}\n{processor}, {cores} cores, {memory_mib} MiB\n{system}\n{compiler}\n");
    println!("{:<30} {:>10} {:>10}", "", "measured", "aim");
    for Figure { name, unit, measured, aim, met } in &report.figures {
        let verdict = if *met { "pass" } else { "FAIL" };
        println!("{name:<30} {measured:>6.1} {unit:<3} {aim:>6.0} {unit:<3} {verdict}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median(&[9.0, 1.0, 5.0]) - 5.0).abs() < f64::EPSILON);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn an_aim_is_met_up_to_and_including_it() {
        assert!(Figure::new("x", "ms", 50.0, 50.0).met);
        assert!(!Figure::new("x", "ms", 50.1, 50.0).met);
    }
}
