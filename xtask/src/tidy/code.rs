//! Rules about words in code: SQL only in the store, sealed constructors only where the check happens, nothing left
//! half-done, no panic that the network could reach.

use super::{Offence, TextFile, Tree};

/// Only these folders may call a constructor that stands for a check; explanations suppose what nobody checked, and let
/// no plan out.
const SEALED: [(&str, &str, [&str; 2]); 2] = [
    ("Assertion", "from_verified", ["crates/protocol/src/", "crates/linking/src/explain.rs"]),
    ("Proof", "of_checked", ["crates/flows/src/", "crates/linking/src/explain/"]),
];

/// Makes both for people that it makes up; nothing that ships may know it (see the arrows).
const CHECKER: &str = "crates/modelcheck/src/";

/// Crates that read what strangers send.
const FACING: [&str; 7] = ["web", "api", "downstream", "flows", "linking", "protocol", "upstream"];

/// Database text lives in `crates/store`: nothing else may know tables and columns.
pub fn sql(tree: &Tree) -> Vec<Offence> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| !file.path.starts_with("crates/store/")) {
        let offence = |line: usize| Offence::new(&file.path, line + 1, "sql", "SQL outside crates/store");
        if let Some(source) = &file.rust {
            found.extend(source.strings().filter(|(_, text)| is_sql(text)).map(|(line, _)| offence(line)));
        } else if file.has_extension(&["mjs", "js", "ts"]) {
            found.extend(lines_with_sql(&file.text).into_iter().map(offence));
        } else if file.has_extension(&["sql"]) {
            found.push(offence(0));
        }
    }
    found
}

/// Capitals anywhere, small letters only at the start: English sentences also delete from and select.
fn is_sql(text: &str) -> bool {
    let text = text.replace("\\n", " ").replace('\\', " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let first = words.first().copied().unwrap_or_default();
    let small = words.iter().map(|word| word.to_ascii_uppercase()).collect::<Vec<_>>();
    let small: Vec<&str> = small.iter().map(String::as_str).collect();
    has_statement(&words) || (first.chars().all(|c| c.is_ascii_lowercase()) && starts_statement(&small))
}

fn has_statement(words: &[&str]) -> bool {
    (0..words.len()).any(|at| starts_statement(&words[at..]))
}

fn starts_statement(words: &[&str]) -> bool {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    match word(0).trim_start_matches('(') {
        "SELECT" => words.contains(&"FROM"),
        "INSERT" => word(1) == "INTO",
        "DELETE" => word(1) == "FROM",
        "CREATE" => word(1) == "TABLE",
        "UPDATE" if word(1).ends_with(',') => false,
        "UPDATE" => word(2) == "SET" || (word(2) == "AS" && word(4) == "SET"),
        _ => false,
    }
}

/// JavaScript is not lexed; a statement is looked for in a few lines together.
fn lines_with_sql(text: &str) -> Vec<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let begins =
        |line: &str| ["SELECT ", "INSERT ", "DELETE ", "UPDATE ", "CREATE "].iter().any(|word| line.contains(word));
    (0..lines.len())
        .filter(|&at| begins(lines[at]))
        .filter(|&at| {
            let window = lines[at..lines.len().min(at + 6)].join(" ");
            let words = window.replace(['`', '"', '\''], " ");
            let words: Vec<&str> = words.split_whitespace().collect();
            has_statement(&words)
        })
        .collect()
}

/// A value that proves a check is made where the check is, or in a test.
pub fn constructors(tree: &Tree) -> Vec<Offence> {
    let mut found = Vec::new();
    for (file, source) in tree.rust() {
        for (line, code) in source.code().filter(|(line, _)| !file.is_test_line(*line)) {
            for (kind, name, homes) in SEALED {
                let declared = code.contains(&format!("fn {name}"));
                let mut at_home = homes.iter().chain([&CHECKER]).map(|home| file.path.starts_with(home));
                if mentions(code, name) && !declared && !at_home.any(|at_home| at_home) {
                    let text = format!("`{kind}::{name}` may be called only in {}", homes.join(" and "));
                    found.push(Offence::new(&file.path, line + 1, "constructors", text));
                }
            }
        }
    }
    found
}

/// The name as a whole word.
fn mentions(code: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(word) && !code[at + name.len()..].chars().next().is_some_and(word)
    })
}

/// Nothing half-done, and no test that does not run.
pub fn leftovers(tree: &Tree) -> Vec<Offence> {
    let rule = "leftovers";
    let later = [concat!("FIX", "ME"), concat!("TO", "DO")];
    let mut found = Vec::new();
    for (file, source) in tree.rust() {
        for (line, code) in source.code() {
            for word in ["todo", "unimplemented", "dbg"] {
                if mentions(code, word) && code.contains(&format!("{word}!")) {
                    found.push(Offence::new(&file.path, line + 1, rule, format!("`{word}!` is left here")));
                }
            }
            if code.contains("#[ignore") {
                found.push(Offence::new(&file.path, line + 1, rule, "an ignored test: make it run or remove it"));
            }
        }
        for (line, comment) in source.comments() {
            found.extend(
                later
                    .iter()
                    .filter(|word| mentions(comment, word))
                    .map(|word| Offence::new(&file.path, line + 1, rule, format!("{word}: do it, or file an issue"))),
            );
        }
    }
    let texts = |file: &&TextFile| file.has_extension(&["mjs", "js", "html", "css", "ftl", "toml", "sh"]);
    for file in tree.files.iter().filter(texts) {
        for (line, text) in file.text.lines().enumerate() {
            found.extend(
                later
                    .iter()
                    .filter(|word| mentions(text, word))
                    .map(|word| Offence::new(&file.path, line + 1, rule, format!("{word}: do it, or file an issue"))),
            );
            if file.path.ends_with(".test.mjs") && skips(text) {
                found.push(Offence::new(&file.path, line + 1, rule, "a test that may not run"));
            }
        }
    }
    found
}

fn skips(line: &str) -> bool {
    ["test.skip(", "test.only(", "test.todo(", "t.skip(", "t.todo(", "skip:", "todo:", "only:"]
        .iter()
        .any(|mark| line.contains(mark))
}

/// What strangers send must not reach a panic.
pub fn panics(tree: &Tree) -> Vec<Offence> {
    let mut found = Vec::new();
    for (file, source) in tree.rust() {
        if !FACING.iter().any(|name| file.path.starts_with(&format!("crates/{name}/src/"))) {
            continue;
        }
        for (line, code) in source.code().filter(|(line, _)| !file.is_test_line(*line)) {
            let excused = |line: usize| source.comment(line).contains("cannot fail: ");
            let panics = code.contains(".unwrap()") || code.contains(".expect(");
            if panics && !excused(line) && !line.checked_sub(1).is_some_and(excused) {
                let text = "may panic: return an error, or write `// cannot fail: …` with the reason";
                found.push(Offence::new(&file.path, line + 1, "panics", text));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::is_sql;

    #[test]
    fn statements_are_told_from_sentences() {
        let select = concat!("SEL", "ECT");
        for text in [
            format!("{select} id FROM users"),
            format!("WITH x AS ({select} 1\n FROM t) x"),
            format!("{} id\n  from users", select.to_lowercase()),
            concat!("INSERT", " INTO users VALUES ($1)").to_owned(),
            concat!("UPDATE", " users SET version = 1").to_owned(),
            concat!("DELETE", " FROM users").to_owned(),
        ] {
            assert!(is_sql(&text), "{text}");
        }
        for text in
            ["Select an account from the list", "delete an account from here", "UPDATE", "update now, set later"]
        {
            assert!(!is_sql(text), "{text}");
        }
    }
}
