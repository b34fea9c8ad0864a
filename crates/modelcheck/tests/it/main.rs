//! What is checked in about the faults is what the checker finds.

use modelcheck::{mutants, runs, setup, words};
use std::collections::BTreeSet;
use std::path::Path;

/// The shortest story of each fault stands beside the code, and nothing else does. Written anew by
/// `cargo run --release -p modelcheck -- traces --threads 1`.
#[test]
fn every_fault_is_caught_and_has_its_story() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/traces");
    let setups = setup::all();
    let list = runs::faults(runs::COMMIT, 1, &[], &|_, _, _| {});
    assert!(list.len() >= 30 && list.len() == mutants::all().len());
    for fault in &list {
        let found = fault.found.as_ref().unwrap_or_else(|| panic!("{} is not caught", fault.name));
        let setup = setups.iter().find(|setup| setup.name == fault.setup).unwrap();
        let story = words::story(setup, &found.start, &found.trace);
        let stored = std::fs::read_to_string(directory.join(format!("{}.md", fault.name)));
        let stored = stored.unwrap_or_else(|error| panic!("docs/traces/{}.md: {error}", fault.name));
        assert!(stored.ends_with(&story), "docs/traces/{}.md is old; the story is now:\n{story}", fault.name);
    }
    let names: BTreeSet<String> = list.iter().map(|fault| format!("{}.md", fault.name)).collect();
    let files = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), names);
}

/// What is left out with a reason is still there to be left out.
#[test]
fn backed_guards_and_setups_of_faults_exist() {
    let names: BTreeSet<&str> = setup::all().iter().map(|setup| setup.name).collect();
    for mutant in mutants::all() {
        assert!(mutant.setups.iter().all(|name| names.contains(name)), "{}", mutant.name);
    }
    assert!(runs::BACKED.iter().all(|(name, why)| name.contains('/') && !why.is_empty()));
}

/// No guard goes missing unseen. `UPDATE_GENERATED=1` writes the page anew.
#[test]
fn the_guards_of_plans_are_as_the_document_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/plan-guards.md");
    let current = modelcheck::shapes::document();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == current,
        "docs/plan-guards.md is old: run this test with UPDATE_GENERATED=1; it is now:\n{current}"
    );
}
