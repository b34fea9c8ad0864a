//! Where a person lands afterwards: a path of ours and nothing else (T40).

/// A same-origin path that parses to path (and query) only; anything else is `None`.
///
/// The same check runs when the flow starts and when it ends.
pub fn local_path(text: &str) -> Option<&str> {
    let plain = text.len() <= 512
        && text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && text.bytes().all(|b| (0x21..0x7f).contains(&b));
    if !plain {
        return None;
    }
    // What a browser would make of it must still be ours: the parser is the one that knows all spellings.
    let base = url::Url::parse("https://origin.invalid").ok()?;
    let joined = base.join(text).ok()?;
    (joined.origin() == base.origin()
        && joined.username().is_empty()
        && joined.path().starts_with('/')
        && !joined.path().starts_with("//"))
    .then_some(text)
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn t40_only_local_paths() {
        for good in ["/", "/account", "/account?x=1&y=https://a", "/a/b%20c#d"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\tevil",
            "/\n/evil.example",
            "/..//evil.example",
            "/.//evil.example",
            " /account",
            "/%09/\u{2028}",
            "http:account",
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(600))), None);
    }
}
