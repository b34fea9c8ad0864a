//! Which crate may know which. The table is the house of DESIGN.md; the manifests are what cargo obeys, so they are read.

use super::{Offence, TextFile, Tree};
use std::collections::{BTreeMap, BTreeSet};

const RULE: &str = "arrows";

/// What a crate may name in `[dependencies]`.
enum May {
    Know(&'static [&'static str]),
    KnowAllBut(&'static [&'static str]),
}

const TABLE: &[(&str, May)] = &[
    ("model", May::Know(&[])),
    ("linking", May::Know(&["model"])),
    // It stands beside the product: nothing that ships may know it.
    ("modelcheck", May::Know(&["model", "linking"])),
    ("protocol", May::Know(&["model"])),
    ("store", May::Know(&["model"])),
    ("flows", May::Know(&["model", "linking", "protocol"])),
    ("upstream", May::Know(&["model", "protocol"])),
    ("web", May::Know(&["model", "flows"])),
    ("api", May::Know(&["model", "flows"])),
    ("downstream", May::Know(&["model", "flows"])),
    ("sandbox", May::Know(&["model"])),
    ("testkit", May::KnowAllBut(&["modelcheck"])),
    ("selfsame", May::KnowAllBut(&["testkit", "modelcheck", "xtask", "bench"])),
    ("bench", May::KnowAllBut(&["xtask", "modelcheck", "selfsame"])),
    ("xtask", May::Know(&[])),
];

struct Dependency {
    name: String,
    line: usize,
    for_tests: bool,
    optional: bool,
}

pub fn check(tree: &Tree) -> Vec<Offence> {
    let manifests: Vec<(&TextFile, Result<toml::Table, toml::de::Error>)> = tree
        .files
        .iter()
        .filter(|file| file.name() == "Cargo.toml" && file.path != "Cargo.toml")
        .map(|file| (file, file.text.parse()))
        .collect();
    let mut found = Vec::new();
    let mut ours = BTreeMap::new();
    for (file, manifest) in &manifests {
        match manifest.as_ref().map(name_of) {
            Ok(Some(name)) => drop(ours.insert(name, (*file, manifest))),
            Ok(None) => found.push(Offence::new(&file.path, 0, RULE, "the manifest names no package")),
            Err(error) => found.push(Offence::new(&file.path, 0, RULE, error.message())),
        }
    }
    let names: BTreeSet<&str> = ours.keys().map(String::as_str).collect();
    for (name, (file, manifest)) in &ours {
        let Ok(manifest) = manifest else { continue };
        let Some((_, may)) = TABLE.iter().find(|(known, _)| known == name) else {
            let text = format!("crate `{name}` has no arrows: write them into xtask/src/tidy/arrows.rs");
            found.push(Offence::new(&file.path, 0, RULE, text));
            continue;
        };
        for dependency in dependencies(manifest, &file.text) {
            if let Some(text) =
                names.contains(dependency.name.as_str()).then(|| judge(name, may, &dependency)).flatten()
            {
                found.push(Offence::new(&file.path, dependency.line, RULE, text));
            }
        }
    }
    found
}

fn judge(name: &str, may: &May, dependency: &Dependency) -> Option<String> {
    let other = dependency.name.as_str();
    // The product's tests replay what the checker found.
    if dependency.for_tests && (other == "testkit" || (name == "selfsame" && other == "modelcheck")) {
        return None;
    }
    let allowed = match may {
        May::Know(list) => list.contains(&other),
        May::KnowAllBut(list) => !list.contains(&other),
    };
    if !allowed {
        return Some(format!("`{name}` may not know `{other}`"));
    }
    (name == "selfsame" && other == "sandbox" && !dependency.optional && !dependency.for_tests)
        .then(|| "`sandbox` may only be an optional dependency of `selfsame`: what ships must not hold it".to_owned())
}

fn name_of(manifest: &toml::Table) -> Option<String> {
    manifest.get("package")?.get("name")?.as_str().map(str::to_owned)
}

/// All tables of dependencies, those under `[target]` too.
fn dependencies(manifest: &toml::Table, text: &str) -> Vec<Dependency> {
    let mut found = Vec::new();
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let tables =
        std::iter::once(manifest).chain(targets.into_iter().flat_map(|all| all.values().filter_map(|t| t.as_table())));
    for table in tables {
        for (kind, for_tests) in [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)] {
            let Some(entries) = table.get(kind).and_then(toml::Value::as_table) else { continue };
            for (key, value) in entries {
                let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(key).to_owned();
                let optional = value.get("optional").and_then(toml::Value::as_bool).unwrap_or(false);
                found.push(Dependency { line: line_of(text, key), name, for_tests, optional });
            }
        }
    }
    found
}

fn line_of(text: &str, key: &str) -> usize {
    let starts = |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
    text.lines().position(starts).map_or(0, |line| line + 1)
}
