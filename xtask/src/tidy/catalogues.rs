//! The lists of threats and features are promises: every id is there, and whatever counts as done names a test that
//! exists in the tree.

use super::{Offence, Tree};
use std::collections::{BTreeMap, HashSet};

const THREATS: &str = "docs/threats.md";
const FEATURES: &str = "docs/features.md";

/// A table row: `| ID | … | tests or status |`.
struct Row<'a> {
    line: usize,
    cells: Vec<&'a str>,
}

impl Row<'_> {
    fn last(&self) -> &str {
        self.cells.last().copied().unwrap_or_default()
    }

    fn quoted(&self) -> Vec<&str> {
        quoted(self.last())
    }
}

/// What stands between backticks in a cell.
pub(super) fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Every test that there is.
pub(super) struct Tests<'a> {
    functions: HashSet<&'a str>,
    titles: HashSet<String>,
    /// Ids such as `T01` in comments and titles of test code.
    ids: HashSet<String>,
}

impl<'a> Tests<'a> {
    pub(super) fn of(tree: &'a Tree) -> Self {
        let mut tests = Self { functions: HashSet::new(), titles: HashSet::new(), ids: HashSet::new() };
        for (file, source) in tree.rust().filter(|(file, _)| !file.path.starts_with("xtask/")) {
            let in_tests = |line: &usize| file.is_test_line(*line);
            tests
                .functions
                .extend(source.code().filter(|(line, _)| in_tests(line)).filter_map(|(_, code)| function(code)));
            for (_, comment) in source.comments().filter(|(line, _)| in_tests(line)) {
                tests.ids.extend(ids_in(comment));
            }
        }
        for file in tree.files.iter().filter(|file| file.path.ends_with(".test.mjs")) {
            for line in file.text.lines() {
                tests.titles.extend(title(line));
                tests.ids.extend(ids_in(line));
            }
        }
        tests
    }

    pub(super) fn exists(&self, tree: &Tree, name: &str) -> bool {
        let function = name.rsplit("::").next().unwrap_or(name);
        self.functions.contains(function)
            || self.titles.contains(name)
            || tree.file(name).is_some_and(|file| file.is_test)
    }

    /// A test carries the id in its name, or a comment beside it does.
    fn carry(&self, id: &str) -> bool {
        let prefix = format!("{}_", id.to_lowercase());
        self.ids.contains(id)
            || self.functions.iter().any(|name| name.starts_with(&prefix) || name.contains(&format!("_{prefix}")))
    }
}

pub fn threats(tree: &Tree) -> Vec<Offence> {
    let expected: Vec<String> = (1..=134).map(|number| format!("T{number:02}")).collect();
    let (rows, mut found) = rows(tree, THREATS, "threats", &expected);
    let tests = Tests::of(tree);
    for (id, row) in rows {
        let named = row.quoted();
        let open = row.last().split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("open"));
        let mut offend = |text: String| found.push(Offence::new(THREATS, row.line, "threats", text));
        for name in named.iter().filter(|name| !tests.exists(tree, name)) {
            offend(format!("{id}: there is no test `{name}`"));
        }
        if named.is_empty() && !open {
            offend(format!("{id}: name its test or write open"));
        }
        if !named.is_empty() && !open && !tests.carry(id) {
            offend(format!("{id}: no test carries the id, as `fn {}_…` or in a comment", id.to_lowercase()));
        }
    }
    found
}

/// The list of threats with its last column written from the names of the tests that there are.
pub fn threats_from_tests(tree: &Tree) -> Option<String> {
    let tests = Tests::of(tree);
    let list = tree.file(THREATS)?;
    let row = |line: &str| {
        let id = line.strip_prefix("| ").and_then(|rest| rest.split(' ').next()).filter(|id| is_id(id))?;
        let (kept, _) = line.trim_end_matches(['|', ' ']).rsplit_once(" | ")?;
        let prefix = format!("{}_", id.to_lowercase());
        let mut names: Vec<&str> = tests
            .functions
            .iter()
            .copied()
            .filter(|name| name.starts_with(&prefix) || name.contains(&format!("_{prefix}")))
            .collect();
        names.sort_unstable();
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let shown = if names.is_empty() { "open".to_owned() } else { names.join(" ") };
        Some(format!("{kept} | {shown} |"))
    };
    let lines: Vec<String> = list.text.lines().map(|line| row(line).unwrap_or_else(|| line.to_owned())).collect();
    Some(lines.join("\n") + "\n")
}

pub fn features(tree: &Tree) -> Vec<Offence> {
    let spans =
        [("S", 2, 1, 15), ("S", 2, 20, 26), ("S", 2, 30, 39), ("S", 2, 40, 48), ("M", 3, 1, 112), ("N", 2, 1, 20)];
    let expected: Vec<String> = spans
        .iter()
        .flat_map(|(letter, width, first, last)| {
            (*first..=*last).map(move |number| format!("{letter}{number:0width$}"))
        })
        .collect();
    let (rows, mut found) = rows(tree, FEATURES, "features", &expected);
    let tests = Tests::of(tree);
    for (id, row) in rows {
        let status = row.cells.iter().find(|cell| matches!(**cell, "done" | "part" | "open"));
        let named = row.quoted();
        let mut offend = |text: String| found.push(Offence::new(FEATURES, row.line, "features", text));
        match status {
            None => offend(format!("{id}: its status is one of done, part, open")),
            Some(&"done") if named.is_empty() => offend(format!("{id}: done by which test?")),
            Some(&"open") => {}
            Some(_) => {
                for name in named.iter().filter(|name| !tests.exists(tree, name)) {
                    offend(format!("{id}: there is no test `{name}`"));
                }
            }
        }
    }
    found
}

/// The rows of a list by id; ids that are missing, unknown or there twice are offences.
fn rows<'a>(
    tree: &'a Tree,
    path: &'static str,
    rule: &'static str,
    expected: &'a [String],
) -> (BTreeMap<&'a str, Row<'a>>, Vec<Offence>) {
    let Some(file) = tree.file(path) else {
        return (BTreeMap::new(), vec![Offence::new(path, 0, rule, "the list is missing")]);
    };
    let mut rows = BTreeMap::new();
    let mut found = Vec::new();
    for (line, text) in file.text.lines().enumerate() {
        let Some(inner) = text.trim().strip_prefix('|') else { continue };
        let cells: Vec<&str> = inner.trim_end_matches('|').split('|').map(str::trim).collect();
        let Some(first) = cells.first().copied().filter(|first| is_id(first)) else { continue };
        let line = line + 1;
        match expected.iter().find(|id| id.as_str() == first) {
            None => found.push(Offence::new(path, line, rule, format!("{first} is not an id of this list"))),
            Some(id) if rows.contains_key(id.as_str()) => {
                found.push(Offence::new(path, line, rule, format!("{id} is listed twice")));
            }
            Some(id) => drop(rows.insert(id.as_str(), Row { line, cells })),
        }
    }
    let missing = expected.iter().filter(|id| !rows.contains_key(id.as_str()));
    found.extend(missing.map(|id| Offence::new(path, 0, rule, format!("{id} is missing"))));
    (rows, found)
}

fn is_id(cell: &str) -> bool {
    let mut chars = cell.chars();
    chars.next().is_some_and(|c| matches!(c, 'T' | 'S' | 'M' | 'N'))
        && (3..=4).contains(&cell.len())
        && chars.all(|c| c.is_ascii_digit())
}

fn ids_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| is_id(word) && word.starts_with('T')).map(str::to_owned).collect()
}

pub(super) fn function(code: &str) -> Option<&str> {
    let (_, rest) = code.split_once("fn ")?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty())
}

/// The title in `test('title', …)`.
fn title(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("test(").or_else(|| line.split_once("it("))?;
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    rest[1..].split(quote).next().map(str::to_owned)
}
