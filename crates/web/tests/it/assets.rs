use std::collections::BTreeMap;
use web::assets;

#[test]
fn every_path_serves_its_file_and_nothing_else_does() {
    for (path, asset) in assets::all() {
        assert_eq!(assets::get(path), Some(asset));
        assert!(path.starts_with("/assets/") && !asset.bytes.is_empty(), "{path}");
    }
    assert!(assets::css_path().contains("style-"));
    assert_eq!(assets::get("/assets/style.css"), None);
    assert_eq!(assets::get("/assets/../Cargo.toml"), None);
}

fn style() -> &'static str {
    let css = assets::get(assets::css_path()).unwrap();
    std::str::from_utf8(css.bytes).unwrap()
}

#[test]
fn the_style_sheet_asks_nobody_else_and_knows_no_left_or_right() {
    for word in ["url(", "@import", "-left:", "-right:", "text-align: left", "text-align: right", "!important"] {
        assert!(!style().contains(word), "{word}");
    }
}

#[test]
fn signs_hold_no_script_and_no_reference() {
    for (path, asset) in assets::all().filter(|(_, asset)| asset.content_type == "image/svg+xml") {
        let text = std::str::from_utf8(asset.bytes).unwrap();
        for word in ["<script", "href", "<style", " on", "<foreignObject"] {
            assert!(!text.contains(word), "{path}: {word}");
        }
    }
}

fn colours(block: &str) -> BTreeMap<&str, [f64; 3]> {
    let colour = |text: &str| {
        let byte = |at: usize| f64::from(u8::from_str_radix(&text[at..at + 2], 16).unwrap()) / 255.0;
        [byte(1), byte(3), byte(5)]
    };
    let declaration = |line: &'static str| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": ")?;
        let value = value.trim_end_matches(';');
        (value.len() == 7 && value.starts_with('#')).then_some((name, value))
    };
    let block: &'static str = Box::leak(block.to_owned().into_boxed_str());
    block.lines().filter_map(declaration).map(|(name, value)| (name, colour(value))).collect()
}

/// WCAG 2.2, relative luminance and contrast ratio.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |rgb: [f64; 3]| {
        let linear = rgb.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn colours_reach_contrast_aa_in_light_and_dark() {
    let (light, rest) = style().split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = rest.split_once("}\n}").unwrap().0;
    for (scheme, block) in [("light", light), ("dark", dark)] {
        let colours = colours(block);
        let check = |front: &str, back: &str, least: f64| {
            let ratio = contrast(colours[front], colours[back]);
            assert!(ratio >= least, "{scheme}: {front} on {back} is {ratio:.2}, needs {least}");
        };
        for ground in ["ground", "surface", "sunken"] {
            for ink in ["ink", "ink-soft", "accent", "danger", "warn"] {
                check(ink, ground, 4.5);
            }
            check("line-strong", ground, 3.0);
            check("focus", ground, 3.0);
        }
        for (front, back) in [
            ("on-accent", "accent"),
            ("on-accent", "accent-strong"),
            ("on-danger", "danger"),
            ("on-danger", "danger-strong"),
            ("accent", "accent-soft"),
            ("ink", "accent-soft"),
            ("ink", "danger-soft"),
            ("warn", "warn-soft"),
        ] {
            check(front, back, 4.5);
        }
    }
}
