//! Which check runs at which endpoint of the provider is a promise too: every row says where the check is and names a
//! test that fails without it, and both exist.

use super::catalogues::{Tests, function, quoted};
use super::{Offence, Tree};

const LIST: &str = "docs/checks.md";
const RULE: &str = "checks";

/// Behind the columns of the endpoints.
const LAST: [&str; 3] = ["where", "test", "section"];

pub fn check(tree: &Tree) -> Vec<Offence> {
    let Some(file) = tree.file(LIST) else {
        return vec![Offence::new(LIST, 0, RULE, "the list is missing")];
    };
    let tests = Tests::of(tree);
    let mut found = Vec::new();
    let (mut columns, mut rows) = (0, 0);
    for (line, text) in file.text.lines().enumerate() {
        let Some(cells) = cells(text) else { continue };
        let mut offend = |text: String| found.push(Offence::new(LIST, line + 1, RULE, text));
        if cells.first() == Some(&"check") {
            columns = cells.len();
            if !cells.ends_with(&LAST) {
                offend(format!("the last columns are {}", LAST.join(", ")));
            }
        } else {
            rows += 1;
            faults(tree, &tests, &cells, columns).into_iter().for_each(offend);
        }
    }
    if rows == 0 {
        found.push(Offence::new(LIST, 0, RULE, "the list has no rows"));
    }
    found
}

/// The cells of a row, and of the head; not of the line below it.
fn cells(text: &str) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix('|')?;
    let cells: Vec<&str> = inner.strip_suffix('|').unwrap_or(inner).split('|').map(str::trim).collect();
    let is_rule = cells.iter().all(|cell| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':')));
    (!is_rule).then_some(cells)
}

fn faults(tree: &Tree, tests: &Tests<'_>, cells: &[&str], columns: usize) -> Vec<String> {
    let [name, endpoints @ .., places, shown, section] = cells else {
        return vec!["a row is a check, its endpoints, and where, test and section".to_owned()];
    };
    let mut faults = Vec::new();
    if cells.len() != columns {
        faults.push(format!("{name}: the head has {columns} cells, this row {}", cells.len()));
    } else if endpoints.iter().any(|cell| !matches!(*cell, "" | "●")) || endpoints.iter().all(|cell| cell.is_empty())
    {
        faults.push(format!("{name}: mark with ● where it runs, and leave the rest empty"));
    }
    if section.is_empty() {
        faults.push(format!("{name}: say which section asks for it, or –"));
    }
    for (cell, what) in [(places, "where"), (shown, "test")] {
        if quoted(cell).is_empty() {
            faults.push(format!("{name}: {what}?"));
        }
    }
    let gone = quoted(places).into_iter().filter(|place| !is_there(tree, place));
    faults.extend(gone.map(|place| format!("{name}: there is no `{place}`")));
    let gone = quoted(shown).into_iter().filter(|test| !tests.exists(tree, test));
    faults.extend(gone.map(|test| format!("{name}: there is no test `{test}`")));
    faults
}

/// `crate/src/file.rs::function`, and not in its tests.
fn is_there(tree: &Tree, place: &str) -> bool {
    let Some((path, wanted)) = place.split_once("::") else { return false };
    let path = format!("crates/{path}");
    tree.rust().filter(|(file, _)| file.path == path).any(|(file, source)| {
        source.code().any(|(line, code)| !file.is_test_line(line) && function(code) == Some(wanted))
    })
}
