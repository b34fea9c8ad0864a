//! Rust text split into what is code, what is comment and what is a string, line by line. A lexer of a few states is
//! enough for rules about words, and it does not mistake a sentence for a statement.

/// A file as the rules see it. Lines count from 0.
#[derive(Debug, Default)]
pub struct Source {
    /// Code with strings, characters and comments left out.
    code: Vec<String>,
    comments: Vec<String>,
    /// String literals with the line they begin on.
    strings: Vec<(usize, String)>,
    test: Vec<bool>,
}

impl Source {
    pub fn read(text: &str) -> Self {
        let mut lexer = Lexer { rest: text, source: Self::default() };
        lexer.source.new_line();
        lexer.run();
        let mut source = lexer.source;
        source.mark_tests();
        source
    }

    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.iter().map(String::as_str).enumerate()
    }

    pub fn strings(&self) -> impl Iterator<Item = (usize, &str)> {
        self.strings.iter().map(|(line, text)| (*line, text.as_str()))
    }

    pub fn comments(&self) -> impl Iterator<Item = (usize, &str)> {
        self.comments.iter().map(String::as_str).enumerate()
    }

    pub fn comment(&self, line: usize) -> &str {
        self.comments.get(line).map_or("", String::as_str)
    }

    pub fn is_test(&self, line: usize) -> bool {
        self.test.get(line).copied().unwrap_or(false)
    }

    /// How many lines are not test code.
    pub fn lines_outside_tests(&self) -> usize {
        self.test.iter().filter(|test| !**test).count()
    }

    /// Names of modules that are declared here for tests only and live in files of their own.
    pub fn test_modules(&self) -> Vec<String> {
        let words = |line: &str| line.trim().trim_start_matches("pub ").strip_prefix("mod ").map(str::to_owned);
        self.code()
            .filter(|(line, _)| self.is_test(*line))
            .filter_map(|(_, code)| words(code)?.strip_suffix(';').map(|name| name.trim().to_owned()))
            .collect()
    }

    fn new_line(&mut self) {
        self.code.push(String::new());
        self.comments.push(String::new());
    }

    fn line(&self) -> usize {
        self.code.len().saturating_sub(1)
    }

    /// Marks each item under `#[cfg(test)]`, to its closing brace or semicolon.
    fn mark_tests(&mut self) {
        self.test = vec![false; self.code.len()];
        let mut line = 0;
        while line < self.code.len() {
            let code = &self.code[line];
            if let Some(column) = ["#[cfg(test)]", "#[cfg(all(test"].iter().find_map(|mark| code.find(mark)) {
                let last = self.end_of_item(line, column);
                self.test[line..=last].fill(true);
                line = last;
            }
            line += 1;
        }
    }

    fn end_of_item(&self, line: usize, column: usize) -> usize {
        let mut depth = 0_usize;
        let mut brackets = 0_usize;
        for (number, code) in self.code.iter().enumerate().skip(line) {
            let start = if number == line { column } else { 0 };
            for c in code[start..].chars() {
                match c {
                    '[' | '(' => brackets += 1,
                    ']' | ')' => brackets = brackets.saturating_sub(1),
                    '{' => depth += 1,
                    '}' => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            return number;
                        }
                    }
                    ';' if depth == 0 && brackets == 0 => return number,
                    _ => {}
                }
            }
        }
        self.line()
    }
}

struct Lexer<'a> {
    rest: &'a str,
    source: Source,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(c) = self.rest.chars().next() {
            if self.rest.starts_with("//") {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.comment(end);
            } else if self.rest.starts_with("/*") {
                let end = block_comment(self.rest);
                self.comment(end);
            } else if let Some((opening, closing)) = raw_string(self.rest) {
                self.take(opening);
                let end = self.rest.find(&closing).unwrap_or(self.rest.len());
                self.string(end);
                self.take(closing.len().min(self.rest.len()));
            } else if c == '"' {
                self.take(1);
                let end = quoted(self.rest, '"');
                self.string(end);
                self.take(1.min(self.rest.len()));
            } else if let Some(length) = character(self.rest) {
                self.code(' ');
                self.take(length);
            } else {
                self.code(c);
                self.rest = &self.rest[c.len_utf8()..];
            }
        }
    }

    fn take(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn code(&mut self, c: char) {
        if c == '\n' {
            self.source.new_line();
        } else if let Some(line) = self.source.code.last_mut() {
            line.push(c);
        }
    }

    fn comment(&mut self, bytes: usize) {
        for c in self.rest[..bytes].chars() {
            if c == '\n' {
                self.source.new_line();
            } else if let Some(line) = self.source.comments.last_mut() {
                line.push(c);
            }
        }
        self.take(bytes);
    }

    /// Leaves `""` in the code so that calls keep their shape.
    fn string(&mut self, bytes: usize) {
        let text = self.rest[..bytes].to_owned();
        let line = self.source.line();
        self.code('"');
        for _ in text.matches('\n') {
            self.source.new_line();
        }
        self.code('"');
        self.source.strings.push((line, text));
        self.take(bytes);
    }
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of `r#"`, `br"` and the like, and what closes it.
fn raw_string(text: &str) -> Option<(usize, String)> {
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| text.starts_with(prefix))?;
    let hashes = text[prefix.len()..].bytes().take_while(|b| *b == b'#').count();
    let opening = prefix.len() + hashes + 1;
    text[prefix.len() + hashes..].starts_with('"').then(|| (opening, format!("\"{}", "#".repeat(hashes))))
}

/// Bytes up to the closing quote that no backslash escapes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal; `None` for a lifetime or anything else.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    if first == '\\' {
        return Some(quoted(inner, '\'') + 2);
    }
    inner[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_strings_and_comments_are_told_apart() {
        let source = Source::read(concat!(
            "let a = \"one // not a comment\"; // a comment \"not a string\"\n",
            "let b = r#\"two \" still\nthree\"#; let c = '\"'; let d: &'static str = \"\\\"\";\n",
            "/* outer /* inner */ still */ call();\n",
        ));
        let strings: Vec<_> = source.strings().collect();
        assert_eq!(strings, [(0, "one // not a comment"), (1, "two \" still\nthree"), (2, "\\\"")]);
        assert_eq!(source.comment(0), "// a comment \"not a string\"");
        let code: Vec<_> = source.code().map(|(_, code)| code).collect();
        assert_eq!(code[0], "let a = \"\"; ");
        assert_eq!(code[3].trim(), "call();");
    }

    #[test]
    fn test_items_end_where_they_end() {
        let source = Source::read(
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\"; }\n}\nfn c() {}\n#[cfg(test)]\nmod far;\nfn d() {}\n",
        );
        let marked: Vec<_> = (0..9).filter(|line| source.is_test(*line)).collect();
        assert_eq!(marked, [1, 2, 3, 4, 6, 7]);
        assert_eq!(source.test_modules(), ["far"]);
    }
}
