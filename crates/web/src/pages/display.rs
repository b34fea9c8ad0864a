//! Names and addresses that somebody else made up, in a form that cannot deceive the eye (T20).

use crate::texts::{self, Arg, Lang};
use model::Address;
use unicode_security::{MixedScript, skeleton};

/// Longer names are cut: a name must not push the rest of a page away.
const NAME_MAX: usize = 80;

/// A name as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName {
    pub text: String,
    /// Alphabets are mixed or something invisible was taken out: point to the id.
    pub look_twice: bool,
}

/// Removes what is invisible or turns the writing direction, cuts what is too long, and says whether the name could be
/// taken for another (UTS #39 §5).
pub fn display_name(raw: &str) -> DisplayName {
    let cleaned = clean(raw);
    let changed = cleaned.chars().filter(|c| !c.is_whitespace()).count()
        != raw.chars().filter(|c| !c.is_whitespace() && !c.is_control()).count();
    let mut text: String = cleaned.chars().take(NAME_MAX).collect();
    if text.len() < cleaned.len() {
        text.push('…');
    }
    let look_twice = changed || mixes_scripts(&cleaned) || imitates_ascii(&cleaned);
    DisplayName { text, look_twice }
}

/// An address with its domain in A-labels, so that no letter looks like another.
pub fn display_address(raw: &str) -> String {
    Address::parse(raw).map_or_else(|_| display_name(raw).text, |address| address.as_str().to_owned())
}

/// An address or a user name, whichever it is.
pub(crate) fn display_detail(raw: &str) -> DisplayName {
    let shown = display_name(raw);
    match Address::parse(raw) {
        Ok(address) => DisplayName { text: address.as_str().to_owned(), look_twice: shown.look_twice },
        Err(_) => shown,
    }
}

/// Control and formatting characters go, runs of space become one.
pub(crate) fn clean(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut last = ' ';
    for c in raw.chars() {
        let c = if c.is_control() || c.is_whitespace() { ' ' } else { c };
        // Joiners are letters' business in many scripts and among emoji, and have none beside ASCII.
        let joiner = matches!(c, '\u{200c}' | '\u{200d}');
        if is_invisible(c) || (joiner && last.is_ascii()) || (c == ' ' && last == ' ') {
            continue;
        }
        text.push(c);
        last = c;
    }
    text.truncate(text.trim_end().len());
    text
}

/// For a value inside a sentence: right-to-left text is isolated so that it cannot reorder what surrounds it (UAX #9).
pub(crate) fn in_sentence(raw: &str) -> String {
    let text = clean(raw);
    if text.chars().any(is_right_to_left) { format!("\u{2068}{text}\u{2069}") } else { text }
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

fn is_greek_or_cyrillic(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{1f00}'..='\u{1fff}' | '\u{2de0}'..='\u{2dff}'
        | '\u{a640}'..='\u{a69f}')
}

/// One word in several scripts, or Latin beside the two alphabets that share its shapes.
fn mixes_scripts(text: &str) -> bool {
    let latin = text.chars().any(|c| c.is_ascii_alphabetic());
    let alike = text.chars().any(is_greek_or_cyrillic);
    (latin && alike) || text.split(|c: char| !c.is_alphanumeric()).any(word_mixes_scripts)
}

/// Latin letters within Chinese, Japanese or Korean are everyday writing (UTS #39 §5.2, highly restrictive).
fn word_mixes_scripts(word: &str) -> bool {
    let beside = |c: &char| !c.is_ascii_alphabetic();
    if word.chars().any(is_east_asian) {
        return !word.chars().filter(beside).collect::<String>().as_str().is_single_script();
    }
    !word.is_single_script()
}

fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3105}'..='\u{312f}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{323af}')
}

/// Written without Latin letters and yet drawn with nothing but them.
fn imitates_ascii(text: &str) -> bool {
    text.chars().any(is_greek_or_cyrillic) && skeleton(text).all(|c| c.is_ascii())
}

/// Browser and system out of a `User-Agent`, in words; unknown parts are left out.
pub fn device_name(lang: Lang, user_agent: &str) -> String {
    const BROWSERS: [(&str, &str); 9] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let first =
        |list: &[(&str, &'static str)]| list.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name);
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => {
            texts::t(lang, "device", &[("browser", Arg::Text(browser)), ("system", Arg::Text(system))])
        }
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => texts::t(lang, "device-unknown", &[]),
    }
}
