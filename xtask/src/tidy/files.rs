//! Rules about files: a length that fits in a head, names that say something, no trace of one machine.

use super::{Offence, TextFile, Tree};

/// Where the written exceptions are.
const EXCEPTIONS: &str = "xtask/tidy-exceptions.toml";
const LONGEST: usize = 600;
/// Tests and generated files, and a source file together with its tests.
const LONGEST_WITH_TESTS: usize = 900;

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Exceptions {
    length: Vec<LongFile>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct LongFile {
    path: String,
    lines: usize,
    reason: String,
}

pub fn length(tree: &Tree) -> Vec<Offence> {
    let rule = "length";
    let exceptions = match tree.file(EXCEPTIONS).map(|file| toml::from_str::<Exceptions>(&file.text)) {
        None => Exceptions::default(),
        Some(Ok(exceptions)) => exceptions,
        Some(Err(error)) => return vec![Offence::new(EXCEPTIONS, 0, rule, error.message())],
    };
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| is_written_by_hand(file)) {
        let excess = excess(file);
        let exception = exceptions.length.iter().find(|exception| exception.path == file.path);
        let lines = file.text.lines().count();
        match (excess, exception) {
            (Some(_), Some(exception)) if lines <= exception.lines => {}
            (Some(text), _) => found.push(Offence::new(&file.path, lines, rule, text)),
            (None, Some(_)) => {
                found.push(Offence::new(EXCEPTIONS, 0, rule, format!("{} needs no exception", file.path)));
            }
            (None, None) => {}
        }
    }
    for LongFile { path, reason, .. } in &exceptions.length {
        if reason.trim().is_empty() || tree.file(path).is_none() {
            found.push(Offence::new(EXCEPTIONS, 0, rule, format!("{path}: the file is gone or the reason is missing")));
        }
    }
    found
}

fn is_written_by_hand(file: &TextFile) -> bool {
    file.has_extension(&["rs", "mjs", "js", "css", "html", "sql", "sh"])
}

fn excess(file: &TextFile) -> Option<String> {
    let all = file.text.lines().count();
    if all > LONGEST_WITH_TESTS {
        return Some(format!("{all} lines, at most {LONGEST_WITH_TESTS} with tests"));
    }
    let generated = file.text.lines().take(5).any(|line| line.contains("@generated"));
    let ours = file.rust.as_ref().map_or(all, super::Source::lines_outside_tests);
    (!file.is_test && !generated && ours > LONGEST).then(|| format!("{ours} lines outside tests, at most {LONGEST}"))
}

/// Words that name a drawer, not a thing.
const DRAWERS: [&str; 10] =
    ["manager", "managers", "helper", "helpers", "util", "utils", "utility", "utilities", "common", "misc"];

pub fn names(tree: &Tree) -> Vec<Offence> {
    let rule = "names";
    let mut found = Vec::new();
    for file in &tree.files {
        let words = file.path.split(['/', '.', '_', '-']);
        found.extend(
            words
                .filter(|word| DRAWERS.contains(&word.to_lowercase().as_str()))
                .map(|word| Offence::new(&file.path, 0, rule, format!("`{word}` says nothing about what is inside"))),
        );
    }
    for (file, source) in tree.rust() {
        for (line, code) in source.code() {
            let Some(name) = module_name(code) else { continue };
            found.extend(name.split('_').filter(|word| DRAWERS.contains(word)).map(|word| {
                Offence::new(&file.path, line + 1, rule, format!("module `{name}`: `{word}` says nothing about it"))
            }));
        }
    }
    found
}

fn module_name(code: &str) -> Option<&str> {
    let mut words = code.split_whitespace().skip_while(|word| word.starts_with("pub") || word.starts_with("#["));
    (words.next() == Some("mod")).then(|| words.next()).flatten().map(|name| name.trim_end_matches([';', '{']))
}

/// Where something was built or fetched from belongs to one machine, not to the project.
pub fn addresses(tree: &Tree) -> Vec<Offence> {
    let rule = "addresses";
    let places = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tmp", "/brief")];
    let hosts = [
        concat!("registry.", "npmjs.org"),
        concat!("index.", "crates.io"),
        concat!("static.", "crates.io"),
        concat!("files.", "pythonhosted.org"),
        concat!("deb.", "debian.org"),
    ];
    let mut found = Vec::new();
    for file in &tree.files {
        let is_lock = matches!(file.name(), "package-lock.json" | "npm-shrinkwrap.json");
        for (line, text) in file.text.lines().enumerate() {
            if is_lock && text.trim_start().starts_with("\"resolved\"") {
                found.push(Offence::new(&file.path, line + 1, rule, "a lock file that names where packages came from"));
            }
            if let Some(place) = places.iter().find(|place| has_path(text, place)) {
                found.push(Offence::new(&file.path, line + 1, rule, format!("`{place}` is a path of one machine")));
            }
            if let Some(host) = hosts.iter().find(|host| text.contains(**host)) {
                found.push(Offence::new(
                    &file.path,
                    line + 1,
                    rule,
                    format!("`{host}` is a package registry's address"),
                ));
            }
        }
    }
    found
}

/// The path itself, not the tail of a URL or of a relative path.
fn has_path(text: &str, place: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '}' | ')');
    text.match_indices(place).any(|(at, _)| !text[..at].chars().next_back().is_some_and(inside))
}
