//! Every rule is shown an offence in a small tree of its own and must see it; the same tree without it must be clean.

use super::{Offence, offences};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

struct Planted(PathBuf);

impl Planted {
    fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("selfsame-tidy-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let tree = Self(std::env::temp_dir().join(name));
        for (path, text) in &clean() {
            tree.write(path, text);
        }
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.0.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

const CHECKS: &str = "| check | token | where | test | section |\n|---|---|---|---|---|\n";
const CHECKED: &str = "| what | ● | `flows/src/lib.rs::a` | `b` | – |\n";
const STANDARD: &str = "| section | requirement | status | shown by, or why |\n|---|---|---|---|\n";

/// A tree without offences.
fn clean() -> Vec<(String, String)> {
    let threats = (1..=134).map(|number| format!("| T{number:02} | name | open |")).collect::<Vec<_>>().join("\n");
    let mut features = String::new();
    for (letter, width, ranges) in
        [("S", 2, vec![1..=15, 20..=26, 30..=39, 40..=48]), ("M", 3, vec![1..=112]), ("N", 2, vec![1..=20])]
    {
        for number in ranges.into_iter().flatten() {
            features.extend([&format!("| {letter}{number:0width$}"), " | what | open | |\n"]);
        }
    }
    let manifest = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n\n{rest}");
    let files = [
        ("crates/model/Cargo.toml", manifest("model", "[dependencies]\nserde = \"1\"\n")),
        ("crates/flows/Cargo.toml", manifest("flows", "[dependencies]\nmodel.workspace = true\n")),
        ("crates/testkit/Cargo.toml", manifest("testkit", "[dependencies]\nflows.workspace = true\n")),
        ("crates/sandbox/Cargo.toml", manifest("sandbox", "")),
        (
            "crates/selfsame/Cargo.toml",
            manifest(
                "selfsame",
                "[dependencies]\nflows.workspace = true\nsandbox = { workspace = true, optional = true }\n\n[dev-dependencies]\ntestkit.workspace = true\n",
            ),
        ),
        ("crates/flows/src/lib.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { x.unwrap(); }\n}\n".to_owned()),
        ("crates/store/src/lib.rs", format!("const A: &str = \"{} id FROM users\";\n", concat!("SEL", "ECT"))),
        ("docs/threats.md", threats),
        ("docs/features.md", features),
        ("docs/checks.md", format!("{CHECKS}{CHECKED}")),
        ("docs/conformance.md", format!("{STANDARD}| 1 | what | no | a reason |\n")),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect()
}

fn found(files: &[(&str, &str)]) -> Vec<Offence> {
    let tree = Planted::new(files);
    offences(Path::new(&tree.0)).unwrap()
}

/// Exactly one offence, of this rule, at this place.
#[track_caller]
fn one(files: &[(&str, &str)], place: &str, rule: &str) {
    let found = found(files);
    assert_eq!(found.len(), 1, "{found:#?}");
    let shown = found[0].to_string();
    assert!(shown.starts_with(&format!("{place}: [{rule}] ")), "{shown}");
}

#[test]
fn a_clean_tree_has_no_offences() {
    assert_eq!(found(&[]), []);
}

#[test]
fn arrows_are_kept() {
    let flows = "[package]\nname = \"flows\"\n[dependencies]\nmodel.workspace = true\nsandbox.workspace = true\n";
    one(&[("crates/flows/Cargo.toml", flows)], "crates/flows/Cargo.toml:5", "arrows");
    let renamed = "[package]\nname = \"flows\"\n[target.'cfg(unix)'.dependencies]\nx = { path = \"../testkit\", package = \"testkit\" }\n";
    one(&[("crates/flows/Cargo.toml", renamed)], "crates/flows/Cargo.toml:4", "arrows");
    let model = "[package]\nname = \"model\"\n[dev-dependencies]\nflows.workspace = true\n";
    one(&[("crates/model/Cargo.toml", model)], "crates/model/Cargo.toml:4", "arrows");
    let always = "[package]\nname = \"selfsame\"\n[dependencies]\nsandbox.workspace = true\n";
    one(&[("crates/selfsame/Cargo.toml", always)], "crates/selfsame/Cargo.toml:4", "arrows");
    let testkit = "[package]\nname = \"selfsame\"\n[dependencies]\ntestkit.workspace = true\n";
    one(&[("crates/selfsame/Cargo.toml", testkit)], "crates/selfsame/Cargo.toml:4", "arrows");
    let unknown = "[package]\nname = \"brandnew\"\n";
    one(&[("crates/brandnew/Cargo.toml", unknown)], "crates/brandnew/Cargo.toml:1", "arrows");
}

#[test]
fn sql_stays_in_the_store() {
    let statement = concat!("SEL", "ECT a\n  FROM t");
    let rust = format!("fn a() {{\n    run(r#\"{statement}\"#);\n}}\n");
    one(&[("crates/flows/src/x.rs", &rust)], "crates/flows/src/x.rs:2", "sql");
    one(&[("crates/flows/tests/it/main.rs", &rust)], "crates/flows/tests/it/main.rs:2", "sql");
    let script = format!("await run(`{statement}`);\n");
    one(&[("e2e/lib/x.mjs", &script)], "e2e/lib/x.mjs:1", "sql");
    let comment = format!("// {statement}\n", statement = statement.replace('\n', " "));
    assert_eq!(found(&[("crates/flows/src/x.rs", &comment)]), []);
}

#[test]
fn sealed_constructors_stay_at_home() {
    let call = "fn a() {\n    let _ = Proof::of_checked(user);\n}\n";
    assert_eq!(found(&[("crates/flows/src/x.rs", call)]), []);
    assert_eq!(found(&[("crates/model/tests/it/main.rs", call)]), []);
    one(&[("crates/selfsame/src/x.rs", call)], "crates/selfsame/src/x.rs:2", "constructors");
    let alias = "use model::Assertion as A;\nfn a() { A::from_verified(parts) }\n";
    one(&[("crates/flows/src/x.rs", alias)], "crates/flows/src/x.rs:2", "constructors");
}

#[test]
fn long_files_need_a_written_exception() {
    let long = "fn a() {}\n".repeat(601);
    one(&[("crates/flows/src/x.rs", &long)], "crates/flows/src/x.rs:601", "length");
    assert_eq!(found(&[("crates/flows/tests/it/x.rs", &long)]), []);
    let longer = "fn a() {}\n".repeat(901);
    one(&[("crates/flows/tests/it/x.rs", &longer)], "crates/flows/tests/it/x.rs:901", "length");
    let exception = "[[length]]\npath = \"crates/flows/src/x.rs\"\nlines = 700\nreason = \"a table\"\n";
    assert_eq!(found(&[("crates/flows/src/x.rs", &long), ("xtask/tidy-exceptions.toml", exception)]), []);
    one(&[("xtask/tidy-exceptions.toml", exception)], "xtask/tidy-exceptions.toml:1", "length");
}

#[test]
fn nothing_is_left_half_done() {
    for code in ["fn a() { todo!() }", "fn a() { unimplemented!() }", "fn a() { dbg!(1); }", "#[ignore = \"slow\"]"] {
        one(&[("crates/selfsame/src/x.rs", code)], "crates/selfsame/src/x.rs:1", "leftovers");
    }
    let comment = concat!("fn a() {}\n// FIX", "ME later\n");
    one(&[("crates/selfsame/src/x.rs", comment)], "crates/selfsame/src/x.rs:2", "leftovers");
    one(&[("e2e/tests/x.test.mjs", concat!("test.sk", "ip('x', () => {});\n"))], "e2e/tests/x.test.mjs:1", "leftovers");
    assert_eq!(found(&[("crates/selfsame/src/x.rs", "fn a() { say(\"todo!()\") }\n")]), []);
}

#[test]
fn crates_that_face_the_network_do_not_panic() {
    one(&[("crates/flows/src/x.rs", "fn a() {\n    x.unwrap();\n}\n")], "crates/flows/src/x.rs:2", "panics");
    one(&[("crates/flows/src/x.rs", "fn a() {\n    x.expect(\"y\");\n}\n")], "crates/flows/src/x.rs:2", "panics");
    let excused = "fn a() {\n    // cannot fail: the text is a constant\n    x.unwrap();\n    y.unwrap(); // cannot fail: checked above\n}\n";
    assert_eq!(found(&[("crates/flows/src/x.rs", excused)]), []);
    assert_eq!(found(&[("crates/sandbox/src/x.rs", "fn a() { x.unwrap(); }\n")]), []);
    let module = [
        ("crates/flows/src/y.rs", "#[cfg(test)]\nmod far;\n"),
        ("crates/flows/src/y/far.rs", "fn a() { x.unwrap(); }\n"),
    ];
    assert_eq!(found(&module), []);
}

#[test]
fn threats_name_tests_that_exist() {
    let list = |row: &str| -> String {
        {
            let line = |n: usize| if n == 7 { row.to_owned() } else { format!("| T{n:02} | name | open |") };
            (1..=134).map(line).collect::<Vec<_>>().join(
                "
",
            )
        }
    };
    let test = ("crates/flows/tests/it/main.rs", "#[test]\nfn t07_no_way() {}\n");
    assert_eq!(found(&[("docs/threats.md", &list("| T07 | name | `flows::t07_no_way` |")), test]), []);
    one(&[("docs/threats.md", &list("| T07 | name | `t07_gone` (open) |"))], "docs/threats.md:7", "threats");
    one(&[("docs/threats.md", &list("| T07 | open redirect | later |"))], "docs/threats.md:7", "threats");
    one(&[("docs/threats.md", &list(""))], "docs/threats.md:1", "threats");
    one(&[("docs/threats.md", &list("| T07 | a | open |\n| T135 | a | open |"))], "docs/threats.md:8", "threats");
    one(&[("docs/threats.md", &list("| T07 | a | open |\n| T07 | a | open |"))], "docs/threats.md:8", "threats");
    let without_id = ("crates/flows/tests/it/main.rs", "#[test]\nfn no_way() {}\n");
    one(&[("docs/threats.md", &list("| T07 | a | `no_way` |")), without_id], "docs/threats.md:7", "threats");
    let with_comment = ("crates/flows/tests/it/main.rs", "// T07\n#[test]\nfn no_way() {}\n");
    assert_eq!(found(&[("docs/threats.md", &list("| T07 | a | `no_way` |")), with_comment]), []);
}

#[test]
fn features_name_status_and_tests() {
    let (_, all) = clean().into_iter().find(|(path, _)| path == "docs/features.md").unwrap();
    let with = |row: &str| all.replace("| S01 | what | open | |\n", row);
    one(&[("docs/features.md", &with(""))], "docs/features.md:1", "features");
    one(&[("docs/features.md", &with("| S01 | what | perhaps | |\n"))], "docs/features.md:1", "features");
    one(&[("docs/features.md", &with("| S01 | what | done | |\n"))], "docs/features.md:1", "features");
    one(&[("docs/features.md", &with("| S01 | what | done | `gone` |\n"))], "docs/features.md:1", "features");
    let story = ("e2e/tests/x.test.mjs", "test('two providers, one account', () => {});\n");
    let done = with("| S01 | what | done | `two providers, one account` |\n");
    assert_eq!(found(&[("docs/features.md", &done), story]), []);
}

#[test]
fn checks_say_where_they_are_and_name_tests_that_exist() {
    assert_eq!(found(&[("docs/checks.md", &format!("{CHECKS}{CHECKED}"))]), []);
    for row in [
        "| what | ● | `flows/src/lib.rs::a` | `gone` | – |",
        "| what | ● | `flows/src/lib.rs::a` | `b` `gone` | – |",
        "| what | ● | `flows/src/lib.rs::a` | by hand | – |",
        "| what | ● | `flows/src/lib.rs::gone` | `b` | – |",
        "| what | ● | `flows/src/gone.rs::a` | `b` | – |",
        "| what | ● | `flows/src/lib.rs::b` | `b` | – |",
        "| what | ● | `flows/src/lib.rs` | `b` | – |",
        "| what | ● | here | `b` | – |",
        "| what | | `flows/src/lib.rs::a` | `b` | – |",
        "| what | yes | `flows/src/lib.rs::a` | `b` | – |",
        "| what | ● | `flows/src/lib.rs::a` | `b` | |",
        "| what | ● | | `flows/src/lib.rs::a` | `b` | – |",
        "| what | `b` |",
    ] {
        one(&[("docs/checks.md", &format!("{CHECKS}{row}\n"))], "docs/checks.md:3", "checks");
    }
    one(&[("docs/checks.md", CHECKS)], "docs/checks.md:1", "checks");
    let head = "| check | token | test | where | section |\n";
    one(&[("docs/checks.md", &format!("{head}{CHECKED}"))], "docs/checks.md:1", "checks");
}

#[test]
fn what_the_standards_ask_for_has_a_status_and_tests_that_exist() {
    let list = |row: &str| format!("{STANDARD}{row}\n");
    let test = ("crates/flows/tests/it/main.rs", "#[test]\nfn no_way() {}\n");
    for row in [
        "| 4.1 | what | met | `no_way` |",
        "| 4.1 | what | met, untested | nobody looks |",
        "| 4.1 | what | met, untested | a part of it by `no_way` |",
        "| 4.1 | what | landing | ? |",
        "| 4.1 | what | not needed | binds clients |",
    ] {
        assert_eq!(found(&[("docs/conformance.md", &list(row)), test]), [], "{row}");
    }
    for row in [
        "| 4.1 | what | met | |",
        "| 4.1 | what | met | by hand |",
        "| 4.1 | what | met | `gone` |",
        "| 4.1 | what | met | `no_way` `gone` |",
        "| 4.1 | what | no | as `gone` shows |",
        "| 4.1 | what | no | |",
        "| 4.1 | what | no | ? |",
        "| 4.1 | what | met, untested | |",
        "| 4.1 | what | landing | soon |",
        "| 4.1 | what | perhaps | a reason |",
        "| 4.1 | what | | a reason |",
        "| 4.1 | | no | a reason |",
        "| 4.1 | what | no |",
        "| 4.1 | what | no | a | reason |",
    ] {
        one(&[("docs/conformance.md", &list(row)), test], "docs/conformance.md:3", "conformance");
    }
    one(&[("docs/conformance.md", STANDARD)], "docs/conformance.md:1", "conformance");
}

#[test]
fn names_say_something() {
    one(&[("crates/flows/src/session_manager.rs", "")], "crates/flows/src/session_manager.rs:1", "names");
    one(&[("crates/flows/tests/common/x.rs", "")], "crates/flows/tests/common/x.rs:1", "names");
    one(&[("crates/flows/src/x.rs", "pub mod utils {}\n")], "crates/flows/src/x.rs:1", "names");
    assert_eq!(found(&[("crates/flows/src/commonplace.rs", "")]), []);
}

#[test]
fn no_trace_of_one_machine() {
    let lock = "{\n  \"resolved\": \"somewhere\"\n}\n";
    one(&[("e2e/package-lock.json", lock)], "e2e/package-lock.json:2", "addresses");
    let path = concat!("see /wo", "rk/main\n");
    one(&[("docs/x.md", path)], "docs/x.md:1", "addresses");
    let host = concat!("from https://registry.", "npmjs.org/x\n");
    one(&[("docs/x.md", host)], "docs/x.md:1", "addresses");
    let url = concat!("https://example.org/wo", "rk/\n");
    assert_eq!(found(&[("docs/x.md", url)]), []);
}
