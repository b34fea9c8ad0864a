//! Styles, script and signs, inside the binary, under names that change with their content so that they may be cached
//! for ever.

use std::sync::LazyLock;

/// One file as it is served. `Cache-Control: public, max-age=31536000, immutable` is right for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    pub bytes: &'static [u8],
    pub content_type: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($(($name:literal, $kind:expr)),+ $(,)?) => {
        &[$(($name, Asset { bytes: include_bytes!(concat!("../assets/", $name)), content_type: $kind })),+]
    };
}

static FILES: &[(&str, Asset)] = files![
    ("style.css", CSS),
    ("page.js", JAVASCRIPT),
    ("brand.svg", SVG),
    ("link.svg", SVG),
    ("mark-google.svg", SVG),
    ("mark-github.svg", SVG),
    ("mark-github-dark.svg", SVG),
    ("mark-microsoft.svg", SVG),
    ("mark-apple.svg", SVG),
    ("mark-apple-dark.svg", SVG),
    ("mark-key.svg", SVG),
    ("mark-building.svg", SVG),
    ("mark-a.svg", SVG),
    ("mark-b.svg", SVG),
    ("mark-password.svg", SVG),
    ("mark-mail.svg", SVG),
];

struct Entry {
    name: &'static str,
    path: String,
    asset: Asset,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let entry = |&(name, asset): &(&'static str, Asset)| {
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        Entry { name, path: format!("/assets/{stem}-{:016x}.{ending}", fnv1a(asset.bytes)), asset }
    };
    FILES.iter().map(entry).collect()
});

/// FNV-1a, 64 bit: tells versions of our own files apart, nothing more.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The style sheet's path.
pub fn css_path() -> &'static str {
    path_of("style.css")
}

/// The script's path.
pub fn script_path() -> &'static str {
    path_of("page.js")
}

/// The path of a file by its plain name; the favicon's for a name that does not exist.
pub fn path_of(name: &str) -> &'static str {
    let found = ENTRIES.iter().find(|entry| entry.name == name);
    debug_assert!(found.is_some(), "no asset {name}");
    found.map_or("/favicon.ico", |entry| entry.path.as_str())
}

/// The file behind a path, as `/assets/…`.
pub fn get(path: &str) -> Option<Asset> {
    ENTRIES.iter().find(|entry| entry.path == path).map(|entry| entry.asset)
}

/// Every path with its file.
pub fn all() -> impl Iterator<Item = (&'static str, Asset)> {
    ENTRIES.iter().map(|entry| (entry.path.as_str(), entry.asset))
}
