//! What the command runs: all setups, every fault, every guard left out, the way back in, the two worlds side by side.

use crate::decide::{Faultless, Kind, Mutation};
use crate::explore::{Bound, Coverage, Exploration, Found, Report};
use crate::mutants::{self, Mutant, Unguarded};
use crate::names::Names;
use crate::plan::Guard;
use crate::setup::{self, Setup};
use crate::{lockout, oracle};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How large a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub name: &'static str,
    /// Distinct states of each setup.
    pub states: usize,
    /// Of each setup for the way back in.
    pub lockout: usize,
    /// Of each setup in which a fault or a missing guard is looked for.
    pub fault: usize,
    pub pairs: usize,
    pub time: Duration,
}

pub const COMMIT: Size =
    Size { name: "commit", states: 6_000, lockout: 1_500, fault: 120_000, pairs: 2_000, time: Duration::from_secs(20) };
pub const FULL: Size = Size {
    name: "full",
    states: 320_000,
    lockout: 20_000,
    fault: 600_000,
    pairs: 20_000,
    time: Duration::from_mins(2),
};
pub const DEEP: Size = Size {
    name: "deep",
    states: 20_000_000,
    lockout: 1_000_000,
    fault: 5_000_000,
    pairs: 1_000_000,
    time: Duration::from_hours(1),
};

/// Who hears of progress: what is being done, how much of it is done, how much there is.
pub type Progress<'a> = &'a (dyn Fn(&str, usize, usize) + Sync);

pub fn explore(size: Size, threads: usize, only: &[String], tell: Progress<'_>) -> Vec<Report> {
    let names = Names::new();
    chosen(only)
        .iter()
        .map(|setup| {
            let run = Exploration::new(setup, &names, &Faultless);
            let bound = Bound { states: size.states, time: size.time, threads };
            run.run(bound, &|states, _, _| tell(setup.name, states.min(size.states), size.states))
        })
        .collect()
}

fn chosen(only: &[String]) -> Vec<Setup> {
    setup::all().into_iter().filter(|setup| only.is_empty() || only.iter().any(|name| name == setup.name)).collect()
}

pub fn lockouts(size: Size, threads: usize, only: &[String], tell: Progress<'_>) -> Vec<lockout::Report> {
    let names = Names::new();
    let setups = chosen(only);
    let all = setups.len();
    (1..)
        .zip(&setups)
        .map(|(number, setup)| {
            tell("way back in", number, all);
            let run = Exploration::new(setup, &names, &Faultless);
            lockout::run(&run, Bound { states: size.lockout, time: size.time, threads }).1
        })
        .collect()
}

/// The setups in which an attacker who shows nothing can try: all whose first states have the victim in them.
pub fn oracles(size: Size, only: &[String]) -> Vec<oracle::Report> {
    let names = Names::new();
    chosen(only)
        .iter()
        .filter(|setup| {
            !setup.two_devices && !setup.known && !setup.left_open && !setup.events.recycle && !setup.vouched
        })
        // User names are not secret where an operator matches by them, and a tenant knows its own members.
        .filter(|setup| !setup.events.user_names && setup.start.iter().all(|start| !start.db.users[0].member))
        // Guesses go where an address is known to be somebody's.
        .filter(|setup| !setup.events.guesses)
        .map(|setup| oracle::run(setup, &names, &Faultless, size.pairs))
        .collect()
}

/// A fault and what became of it.
pub struct Caught {
    pub name: String,
    pub after: &'static str,
    pub rule: &'static str,
    pub setup: &'static str,
    pub states: usize,
    pub found: Option<Found>,
}

/// Every fault, each in the setups it is looked for in.
pub fn faults(size: Size, threads: usize, only: &[String], tell: Progress<'_>) -> Vec<Caught> {
    let setups = setup::all();
    let mutants = mutants::all();
    let chosen: Vec<&Mutant> =
        mutants.iter().filter(|mutant| only.is_empty() || only.iter().any(|name| name == mutant.name)).collect();
    (1..)
        .zip(&chosen)
        .map(|(number, mutant)| {
            tell("faults", number, chosen.len());
            let among = mutant
                .setups
                .iter()
                .map(|name| setups.iter().find(|setup| setup.name == *name).expect("a setup of this name"));
            let (setup, states, found) = look(size, threads, among, &mutant.fault);
            Caught { name: mutant.name.to_owned(), after: mutant.after, rule: mutant.rule, setup, states, found }
        })
        .collect()
}

fn look<'a>(
    size: Size,
    threads: usize,
    among: impl Iterator<Item = &'a Setup>,
    mutation: &dyn Mutation,
) -> (&'static str, usize, Option<Found>) {
    let names = Names::new();
    let mut states = 0;
    let mut last = "";
    for setup in among {
        let run = Exploration::new(setup, &names, mutation);
        let report = run.run(Bound { states: size.fault, time: size.time, threads }, &|_, _, _| {});
        states += report.states;
        last = setup.name;
        if report.found.is_some() {
            return (setup.name, states, report.found);
        }
    }
    (last, states, None)
}

/// Every guard that ever refused a plan, left out of that decision's plans, in the setups where it refused.
pub fn guards(size: Size, threads: usize, seen: &[Report], only: &[String], tell: Progress<'_>) -> Vec<Caught> {
    let setups = setup::all();
    let mut refused: BTreeMap<(Kind, Guard), Vec<&Setup>> = BTreeMap::new();
    for report in seen {
        let setup = setups.iter().find(|setup| setup.name == report.setup).expect("a setup of this name");
        for guard in &report.coverage.refusals {
            refused.entry(*guard).or_default().push(setup);
        }
    }
    let name = |kind: &Kind, guard: &Guard| format!("{kind:?}/{guard:?}");
    refused.retain(|(kind, guard), _| {
        let name = name(kind, guard);
        if only.is_empty() { !BACKED.iter().any(|(backed, _)| *backed == name) } else { only.contains(&name) }
    });
    let all = refused.len();
    (1..)
        .zip(&refused)
        .map(|(number, ((kind, guard), among))| {
            tell("guards", number, all);
            let fault = Unguarded(*kind, *guard);
            let (setup, states, found) = look(size, threads, among.iter().copied(), &fault);
            Caught { name: name(kind, guard), after: "", rule: "", setup, states, found }
        })
        .collect()
}

/// Guards without which nothing goes wrong here, and why they stay: another guard holds, or this world is too small to
/// show it and other tests do. Naming one on the command line looks for it all the same.
pub const BACKED: &[(&str, &str)] = &[
    ("HandOver/ExpectUser", "whatever makes it wrong ends the session that hands over, which is guarded too"),
    (
        "ConnectionChange/ConnectionVersion",
        "of two switches that cross the later one stands; who would be stranded is guarded by the cohort and by the \
         other connections",
    ),
    ("SignIn/IdentityFree", "two newcomers by one identity need more users than fit here; the races of T79 show it"),
    ("Unlink/LinkStands", "the raise of the user's version refuses first"),
    ("SetPassword/RaiseUser", "whatever makes it wrong ends the session that asks, which is guarded too"),
    ("AddPasskey/RaiseUser", "whatever makes it wrong ends the session that asks, which is guarded too"),
    ("Unmerge/RaiseUser", "whatever makes it wrong ends the session that asks, or moves a row that must stand"),
];

/// Guards that stood in committed plans and never refused one: nothing is known of them from this run.
pub fn idle_guards(seen: &[Report]) -> BTreeSet<(Kind, Guard)> {
    let total = joined(seen);
    total.guards.difference(&total.refusals).copied().collect()
}

pub fn joined(seen: &[Report]) -> Coverage {
    let mut total = Coverage::default();
    for report in seen {
        total.join(&report.coverage);
    }
    total
}
