use crate::samples::NOW;
use model::{EventKind, Micros};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use web::texts::{self, Lang, REASONS};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Key → the names of its values.
fn entries(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join(format!("locales/{}.ftl", lang.code()))).unwrap();
    let mut entries: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if !line.starts_with(' ') {
            line.split(" =").next().unwrap().clone_into(&mut current);
            assert!(entries.insert(current.clone(), BTreeSet::new()).is_none(), "{current} twice in {}", lang.code());
        }
        let values = line
            .split('$')
            .skip(1)
            .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>());
        entries.get_mut(&current).unwrap().extend(values);
    }
    entries
}

fn files(directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// Templates and the code of this crate.
fn sources() -> Vec<String> {
    let mut found = Vec::new();
    files(&root().join("templates"), &mut found);
    files(&root().join("src"), &mut found);
    found
}

/// What a look-up is called with, literally.
fn asked(source: &str) -> impl Iterator<Item = &str> {
    const CALLS: [&str; 8] =
        [".t(\"", ".t1(\"", ".tn(\"", "::t(lang, \"", " t(lang, \"", "::t(self.lang, \"", "self.lang, \"", "(lang, \""];
    CALLS.into_iter().flat_map(move |call| source.split(call).skip(1)).filter_map(|rest| rest.split('"').next())
}

/// Notices by what happened.
const MAILS: [&str; 16] = [
    "linked",
    "unlinked",
    "recycled-identity",
    "password-set",
    "passkey-added",
    "passkey-removed",
    "totp-added",
    "totp-removed",
    "recovery-codes-made",
    "recovery-code-used",
    "user-disabled",
    "user-deleted",
    "moved",
    "merged",
    "undone",
    "recovered",
];

/// Keys that are put together from closed lists.
fn composed() -> BTreeSet<String> {
    let mut keys: BTreeSet<String> = REASONS.iter().map(|code| format!("reason-{}", code.replace('_', "-"))).collect();
    keys.extend(EventKind::ALL.map(|kind| format!("event-{}", kind.name().replace('_', "-"))));
    keys.extend((1..=12).map(|month| format!("month-{month}")));
    for action in [
        "sign-in",
        "sign-in-unknown",
        "sign-up",
        "sign-up-known",
        "connect",
        "prove",
        "confirm",
        "recover",
        "recover-unknown",
    ] {
        keys.extend(["lead", "follows"].map(|part| format!("mail-code-{part}-{action}")));
    }
    for change in ["factor-off", "factor-codes"] {
        keys.extend(["title", "change", "stay", "do"].map(|part| format!("{change}-{part}")));
    }
    for what in MAILS {
        keys.extend(["subject", "heading", "lead", "not-you"].map(|part| format!("mail-{what}-{part}")));
    }
    keys
}

#[test]
fn every_language_has_every_key_with_the_same_values() {
    let english = entries(Lang::En);
    assert!(english.len() > 250);
    for lang in Lang::ALL {
        let other = entries(lang);
        let keys = |entries: &BTreeMap<String, BTreeSet<String>>| entries.keys().cloned().collect::<BTreeSet<_>>();
        let missing: Vec<_> = keys(&english).symmetric_difference(&keys(&other)).cloned().collect();
        assert!(missing.is_empty(), "{}: {missing:?}", lang.code());
        for (key, values) in &english {
            assert_eq!(values, &other[key], "{key} in {}", lang.code());
        }
    }
}

#[test]
fn every_key_that_is_asked_for_exists() {
    let known = entries(Lang::En);
    let sources = sources();
    let literal = sources.iter().flat_map(|source| asked(source)).filter(|key| !key.contains('{'));
    let missing: BTreeSet<String> =
        literal.map(str::to_owned).chain(composed()).filter(|key| !known.contains_key(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_key_is_used() {
    let sources = sources().concat();
    let composed = composed();
    let unused: Vec<String> = entries(Lang::En)
        .into_keys()
        .filter(|key| !composed.contains(key) && !sources.contains(&format!("\"{key}\"")))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn translations_are_translated() {
    let english = Lang::En;
    for lang in Lang::ALL.into_iter().filter(|lang| *lang != english) {
        for code in REASONS {
            assert_ne!(texts::reason(lang, code), texts::reason(english, code), "{code} in {}", lang.code());
        }
    }
}

#[test]
fn a_link_is_never_called_a_merge() {
    for (lang, words) in [
        (Lang::En, ["merge", "combine"]),
        (Lang::De, ["zusammenführ", "verschmelz"]),
        (Lang::Fr, ["fusion", "regroup"]),
        (Lang::Es, ["fusion", "combina"]),
        (Lang::Ja, ["統合", "マージ"]),
    ] {
        let text = fs::read_to_string(root().join(format!("locales/{}.ftl", lang.code()))).unwrap().to_lowercase();
        // Keys are ours and name what a person never reads.
        let text: String = text.lines().map(|line| line.split_once(" = ").map_or(line, |(_, words)| words)).collect();
        assert!(words.iter().all(|word| !text.contains(word)), "{}", lang.code());
    }
}

#[test]
fn every_reason_has_a_sentence_and_an_unknown_one_a_general_one() {
    for lang in Lang::ALL {
        let general = texts::reason(lang, "<script>");
        assert!(!general.contains("reason") && general.len() > 20);
        for code in REASONS {
            let sentence = texts::reason(lang, code);
            assert!(!sentence.starts_with("reason-") && sentence != general, "{code}");
            assert!(!sentence.contains('_') && sentence.ends_with(['.', '。']), "{code}: {sentence}");
            assert!(!texts::title(lang, code).starts_with("error-title"), "{code}");
        }
    }
}

#[test]
fn the_same_sentence_for_a_wrong_password_and_an_unknown_address() {
    for word in ["unknown", "exist", "not found", "registered"] {
        assert!(!texts::reason(Lang::En, "wrong_password").contains(word));
    }
}

#[test]
fn languages_are_negotiated_by_weight() {
    for (header, lang) in [
        (None, Lang::En),
        (Some(""), Lang::En),
        (Some("de"), Lang::De),
        (Some("de-AT,en;q=0.5"), Lang::De),
        (Some("en;q=0.5, fr-CH;q=0.9"), Lang::Fr),
        (Some("pt, es;q=0.3, ja;q=0.2"), Lang::Es),
        (Some("xx, *;q=0.1"), Lang::En),
        (Some("ja;q=0, es;q=0.1"), Lang::Es),
        (Some("JA"), Lang::Ja),
        (Some("de;q=nonsense, fr;q=0.1"), Lang::Fr),
        (Some("*;q=NaN;;;,,,=\u{0},de;q=0.1"), Lang::De),
    ] {
        assert_eq!(Lang::negotiate(header), lang, "{header:?}");
    }
    assert_eq!(Lang::negotiate(Some(&"de;q=0.1,".repeat(100_000))), Lang::De);
}

#[test]
fn moments_are_written_in_the_order_of_the_language() {
    let written = Lang::ALL.map(|lang| texts::moment(lang, NOW));
    let expected = [
        "22 Nov 2026, 14:05 UTC",
        "22. Nov. 2026, 14:05 UTC",
        "22 nov. 2026, 14:05 UTC",
        "22 nov 2026, 14:05 UTC",
        "2026年11月22日 14:05（UTC）",
    ];
    assert_eq!(written, expected);
    assert_eq!(texts::day(Lang::En, NOW), "22 Nov 2026");
    assert_eq!(texts::machine_time(NOW), "2026-11-22T14:05:00Z");
    assert_eq!(texts::machine_time(Micros(i64::MAX)), "1970-01-01T00:00:00Z");
}

#[test]
fn values_cannot_reorder_a_sentence() {
    let text = texts::t(Lang::En, "continue-with", &[("provider", texts::Arg::Text("A\u{202e}bc\r\nd"))]);
    assert_eq!(text, "Continue with Abc d");
    let text = texts::t(Lang::En, "continue-with", &[("provider", texts::Arg::Text("עדה"))]);
    assert_eq!(text, "Continue with \u{2068}עדה\u{2069}");
}
