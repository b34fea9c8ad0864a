use modelcheck::decide::{Faultless, Mutation};
use modelcheck::explore::{Bound, Coverage, Exploration};
use modelcheck::names::Names;
fn main() {
    let names = Names::new();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let setups = modelcheck::setup::all();
    if args.first().is_some_and(|a| a == "mutants") {
        for m in modelcheck::mutants::all() {
            if args.len() > 1 && !args[1..].iter().any(|a| a == m.name) {
                continue;
            }
            let mut caught = false;
            for s in m.setups {
                let setup = setups.iter().find(|x| x.name == *s).unwrap();
                let run = Exploration::new(setup, &names, &m.fault);
                let report = run.run(
                    Bound { states: 400_000, time: std::time::Duration::from_secs(20), threads: 2 },
                    &|_, _, _| {},
                );
                if let Some(f) = report.found {
                    println!(
                        "{:40} {} {} ({} states, {} steps)",
                        m.name,
                        f.violation.invariant,
                        f.violation.what,
                        report.states,
                        f.trace.len()
                    );
                    if args.len() > 1 {
                        println!("{}", modelcheck::words::story(setup, &f.start, &f.trace));
                    }
                    caught = true;
                    break;
                }
            }
            if !caught {
                println!("{:40} SURVIVED", m.name);
            }
        }
        return;
    }
    let _ = Coverage::default();
    for setup in setups {
        if !args.is_empty() && !args.iter().any(|o| o == setup.name) {
            continue;
        }
        let none: &dyn Mutation = &Faultless;
        let run = Exploration::new(&setup, &names, none);
        let bound = Bound { states: 1_500_000, time: std::time::Duration::from_secs(5), threads: 2 };
        let report = run.run(bound, &|_, _, _| {});
        println!(
            "{:24} {:>9} states {:>10} transitions depth {:>3} frontier {:>8} {:?}",
            report.setup, report.states, report.transitions, report.depth, report.frontier, report.time
        );
        if let Some(found) = report.found {
            println!("   {} {}", found.violation.invariant, found.violation.what);
            println!("{}", modelcheck::words::story(&setup, &found.start, &found.trace));
        }
    }
}
