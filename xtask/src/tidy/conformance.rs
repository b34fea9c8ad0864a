//! What the standards ask for, row by row, is a promise like the lists of threats and features: every row says whether it
//! is so, and what is so is shown by a test that exists.

use super::catalogues::{Tests, quoted};
use super::{Offence, Tree};

const LIST: &str = "docs/conformance.md";
const RULE: &str = "conformance";

/// Section, requirement, status, and the tests or the reason.
const CELLS: usize = 4;

pub fn check(tree: &Tree) -> Vec<Offence> {
    let Some(file) = tree.file(LIST) else {
        return vec![Offence::new(LIST, 0, RULE, "the list is missing")];
    };
    let tests = Tests::of(tree);
    let mut found = Vec::new();
    let mut rows = 0;
    for (line, text) in file.text.lines().enumerate() {
        let Some(cells) = row(text) else { continue };
        rows += 1;
        found.extend(faults(tree, &tests, &cells).into_iter().map(|text| Offence::new(LIST, line + 1, RULE, text)));
    }
    if rows == 0 {
        found.push(Offence::new(LIST, 0, RULE, "the list has no rows"));
    }
    found
}

/// The cells of a row; not of the head of a table, nor of the line below it.
fn row(text: &str) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix('|')?;
    let cells: Vec<&str> = inner.strip_suffix('|').unwrap_or(inner).split('|').map(str::trim).collect();
    let is_head = cells.first() == Some(&"section");
    let is_rule = cells.iter().all(|cell| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':')));
    (!is_head && !is_rule).then_some(cells)
}

fn faults(tree: &Tree, tests: &Tests<'_>, cells: &[&str]) -> Vec<String> {
    let [section, requirement, status, shown] = cells else {
        return vec![format!("a row has {CELLS} cells, this one has {}", cells.len())];
    };
    let mut faults = Vec::new();
    if section.is_empty() || requirement.is_empty() {
        faults.push("say which section asks for what".to_owned());
    }
    let named = quoted(shown);
    match *status {
        "met" if named.is_empty() => {
            faults.push(format!("{section}: met, as which test shows? Or write met, untested"));
        }
        "landing" if *shown != "?" => faults.push(format!("{section}: what is landing has ? for its tests")),
        "met, untested" | "not needed" | "no" if shown.is_empty() || *shown == "?" => {
            faults.push(format!("{section}: say why it is {status}"));
        }
        "met" | "met, untested" | "landing" | "not needed" | "no" => {}
        _ => faults.push(format!("{section}: its status is one of met; met, untested; landing; not needed; no")),
    }
    faults.extend(
        named
            .iter()
            .filter(|name| !tests.exists(tree, name))
            .map(|name| format!("{section}: there is no test `{name}`")),
    );
    faults
}
