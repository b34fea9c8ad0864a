//! Rules over the tree that no compiler knows: which crate may know which, where SQL and sealed constructors live, how
//! long a file grows, and that the lists of threats, features and what the standards ask for name tests that exist.

mod arrows;
mod catalogues;
mod checks;
mod code;
mod conformance;
mod files;
#[cfg(test)]
mod planted;
mod source;

use source::Source;
use std::collections::HashSet;
use std::fmt;
use std::path::Path;

/// One break of one rule. A line of 0 means the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offence {
    path: String,
    line: usize,
    rule: &'static str,
    text: String,
}

impl Offence {
    fn new(path: &str, line: usize, rule: &'static str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, text: text.into() }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.path, self.line.max(1), self.rule, self.text)
    }
}

/// A text file; `path` is relative to the top of the tree, with `/`.
#[derive(Debug)]
struct TextFile {
    path: String,
    text: String,
    /// Read as Rust, for `.rs` files.
    rust: Option<Source>,
    /// The whole file is test code.
    is_test: bool,
}

impl TextFile {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    fn has_extension(&self, extensions: &[&str]) -> bool {
        Path::new(&self.path).extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e))
    }

    /// Whether this line (from 0) is compiled for tests only.
    fn is_test_line(&self, line: usize) -> bool {
        self.is_test || self.rust.as_ref().is_some_and(|source| source.is_test(line))
    }
}

/// Every text file of the project.
#[derive(Debug)]
struct Tree {
    files: Vec<TextFile>,
}

/// Built, fetched or left by a run; never written by us.
const NOT_OURS: [&str; 6] = [".git", "target", "node_modules", "e2e/screenshots", "demo-data", ".idea"];

impl Tree {
    fn load(root: &Path) -> Result<Self, String> {
        let mut paths = Vec::new();
        walk(root, "", &mut paths)?;
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let bytes = std::fs::read(root.join(&path)).map_err(|error| format!("{path}: {error}"))?;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let is_rust = Path::new(&path).extension().is_some_and(|extension| extension == "rs");
            let rust = is_rust.then(|| Source::read(&text));
            let is_test = in_test_folder(&path);
            files.push(TextFile { path, text, rust, is_test });
        }
        let test_modules: HashSet<String> = files.iter().flat_map(modules_for_tests).collect();
        for file in &mut files {
            file.is_test |= test_modules.contains(&file.path);
        }
        Ok(Self { files })
    }

    fn file(&self, path: &str) -> Option<&TextFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Every `.rs` file with what the lexer saw in it.
    fn rust(&self) -> impl Iterator<Item = (&TextFile, &Source)> {
        self.files.iter().filter_map(|file| Some((file, file.rust.as_ref()?)))
    }
}

fn walk(root: &Path, folder: &str, paths: &mut Vec<String>) -> Result<(), String> {
    let entries = std::fs::read_dir(root.join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("{folder}: {error}"))?;
        let Ok(name) = entry.file_name().into_string() else {
            return Err(format!("{folder}: a file name that is not UTF-8"));
        };
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if NOT_OURS.contains(&name.as_str()) || NOT_OURS.contains(&path.as_str()) || name.contains(".sqlite") {
            continue;
        }
        let kind = entry.file_type().map_err(|error| format!("{path}: {error}"))?;
        if kind.is_dir() {
            walk(root, &path, paths)?;
        } else if kind.is_file() {
            paths.push(path);
        }
    }
    Ok(())
}

fn in_test_folder(path: &str) -> bool {
    path.starts_with("crates/testkit/")
        || path.ends_with(".test.mjs")
        || path.split('/').any(|part| matches!(part, "tests" | "benches" | "examples"))
}

/// The files that `#[cfg(test)] mod name;` brings in.
fn modules_for_tests(file: &TextFile) -> Vec<String> {
    let Some(source) = &file.rust else { return Vec::new() };
    let stem = file.path.trim_end_matches(".rs");
    let home = match file.name() {
        "lib.rs" | "main.rs" | "mod.rs" => stem.rsplit_once('/').map_or("", |(folder, _)| folder),
        _ => stem,
    };
    let names = source.test_modules();
    names.iter().flat_map(|name| [format!("{home}/{name}.rs"), format!("{home}/{name}/mod.rs")]).collect()
}

/// All rules, in the order in which they are explained.
fn offences(root: &Path) -> Result<Vec<Offence>, String> {
    let tree = Tree::load(root)?;
    let mut found = arrows::check(&tree);
    found.extend(code::sql(&tree));
    found.extend(code::constructors(&tree));
    found.extend(code::leftovers(&tree));
    found.extend(code::panics(&tree));
    found.extend(files::length(&tree));
    found.extend(files::names(&tree));
    found.extend(files::addresses(&tree));
    found.extend(catalogues::threats(&tree));
    found.extend(catalogues::features(&tree));
    found.extend(checks::check(&tree));
    found.extend(conformance::check(&tree));
    found.sort();
    Ok(found)
}

/// Prints every offence; any is an error.
pub fn run(root: &Path) -> Result<(), String> {
    let found = offences(root)?;
    for offence in &found {
        println!("{offence}");
    }
    if found.is_empty() {
        println!("tidy: no offences");
        Ok(())
    } else {
        Err(format!("tidy: {} offences", found.len()))
    }
}

/// Rewrites the list of threats from the tests that there are.
pub fn write_threats(root: &Path) -> Result<(), String> {
    let tree = Tree::load(root)?;
    let text = catalogues::threats_from_tests(&tree).ok_or("docs/threats.md is missing")?;
    std::fs::write(root.join("docs/threats.md"), text).map_err(|error| format!("docs/threats.md: {error}"))
}
