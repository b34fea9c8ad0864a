//! Holds the file against its JSON Schema: unknown and missing keys, types, lists of allowed words, ranges.
//!
//! serde would stop at the first mistake; an operator wants them all. Only the words of JSON Schema that our own schema
//! uses are known here, and a test keeps it so.

use super::ConfigError;
use super::source::{Source, below, resolve};
use serde_json::{Map, Value};

pub(super) fn check(schema: &Value, source: &Source) -> Vec<ConfigError> {
    let mut walk = Walk { schema, source, errors: Vec::new() };
    walk.value(schema, source.json(), "");
    walk.errors
}

struct Walk<'a> {
    schema: &'a Value,
    source: &'a Source,
    errors: Vec<ConfigError>,
}

impl Walk<'_> {
    fn error(&mut self, path: &str, message: String) {
        self.errors.push(self.source.error(path, message));
    }

    fn value(&mut self, schema: &Value, value: &Value, path: &str) {
        let schema = resolve(self.schema, schema);
        match (schema["type"].as_str().unwrap_or_default(), value) {
            ("object", Value::Object(object)) => self.object(schema, object, path),
            ("array", Value::Array(array)) => self.array(schema, array, path),
            ("string", Value::String(text)) => self.text(schema, text, path),
            ("integer", Value::Number(number)) if number.is_i64() => self.integer(schema, number.as_i64(), path),
            ("boolean", Value::Bool(_)) => {}
            (wanted, value) => self.error(path, format!("write {}, not {}", form(wanted), kind(value))),
        }
    }

    fn object(&mut self, schema: &Value, object: &Map<String, Value>, path: &str) {
        let none = Map::new();
        let known = schema["properties"].as_object().unwrap_or(&none);
        // A table whose keys are the operator's own names.
        let named = Some(&schema["additionalProperties"]).filter(|schema| schema.is_object());
        for (key, value) in object {
            let path = below(path, key);
            match known.get(key).or(named) {
                Some(schema) => self.value(schema, value, &path),
                None => self.error(&path, unknown_key(key, known.keys().map(String::as_str).collect())),
            }
        }
        for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(key) {
                let what = if path.is_empty() { "section is missing" } else { "is missing" };
                self.error(&below(path, key), missing(what, &known[key]));
            }
        }
    }

    fn array(&mut self, schema: &Value, array: &[Value], path: &str) {
        if (array.len() as u64) < schema["minItems"].as_u64().unwrap_or(0) {
            self.error(path, "needs at least one entry".to_owned());
        }
        for (index, value) in array.iter().enumerate() {
            self.value(&schema["items"], value, &format!("{path}[{index}]"));
        }
    }

    fn text(&mut self, schema: &Value, text: &str, path: &str) {
        let length = text.chars().count() as u64;
        if length < schema["minLength"].as_u64().unwrap_or(0) {
            self.error(path, "must not be empty".to_owned());
        }
        if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
            self.error(path, format!("is longer than {most} characters"));
        }
        if let Some(words) = words(schema)
            && !words.contains(&text)
        {
            let hint = symmetric_hint(path, text);
            self.error(path, format!("`{text}` is not known; use one of {}{hint}", words.join(", ")));
        }
    }

    fn integer(&mut self, schema: &Value, number: Option<i64>, path: &str) {
        let least = schema["minimum"].as_i64().unwrap_or(i64::MIN);
        let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
        if !number.is_some_and(|number| (least..=most).contains(&number)) {
            self.error(path, format!("must be from {least} to {most}"));
        }
    }
}

/// The allowed words: `enum`, or `oneOf` of constants where each has a description.
fn words(schema: &Value) -> Option<Vec<&str>> {
    let list = schema["enum"].as_array().map(|words| words.iter().filter_map(Value::as_str).collect());
    list.or_else(|| Some(schema["oneOf"].as_array()?.iter().filter_map(|word| word["const"].as_str()).collect()))
}

/// Why HS256 and `none` are not merely absent from the list (T57).
fn symmetric_hint(path: &str, text: &str) -> &'static str {
    let symmetric = text.starts_with("HS") || text.eq_ignore_ascii_case("none");
    if path.ends_with(".algorithm") && symmetric {
        " (only asymmetric signatures: with a shared secret or none, others could make tokens)"
    } else {
        ""
    }
}

fn missing(what: &str, schema: &Value) -> String {
    match schema["description"].as_str() {
        Some(description) => format!("{what}: {}", description.replace('\n', " ")),
        None => what.to_owned(),
    }
}

fn form(wanted: &str) -> &'static str {
    match wanted {
        "object" => "a table",
        "array" => "a list",
        "integer" => "a whole number",
        "boolean" => "true or false",
        _ => "a text in quotes",
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "a table",
        Value::Array(_) => "a list",
        Value::Number(number) if number.is_i64() => "a number",
        Value::Number(_) => "a fraction",
        Value::Bool(_) => "true or false",
        Value::String(_) => "a text",
        Value::Null => "nothing",
    }
}

fn unknown_key(key: &str, known: Vec<&str>) -> String {
    let nearest = known.iter().map(|name| (distance(key, name), *name)).min();
    match nearest {
        Some((distance, name)) if distance <= 2 && distance < name.len() => {
            format!("unknown key; did you mean `{name}`?")
        }
        _ => format!("unknown key; known here: {}", known.join(", ")),
    }
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word of JSON Schema that this file does not know would be a rule nobody applies.
    #[test]
    fn our_schema_uses_only_what_is_checked_here() {
        fn visit(schema: &Value, unknown: &mut Vec<String>) {
            const CHECKED: [&str; 11] = [
                "type",
                "properties",
                "required",
                "items",
                "enum",
                "oneOf",
                "minimum",
                "maximum",
                "minLength",
                "maxLength",
                "minItems",
            ];
            const NOTES: [&str; 6] = ["$schema", "$ref", "$defs", "title", "description", "default"];
            for (word, value) in schema.as_object().into_iter().flatten() {
                match word.as_str() {
                    "properties" | "$defs" => {
                        value.as_object().into_iter().flatten().for_each(|(_, below)| visit(below, unknown));
                    }
                    "items" | "additionalProperties" => visit(value, unknown),
                    "format"
                        if value.as_str().is_some_and(|format| format.starts_with("uint") || format == "int64") => {}
                    word if CHECKED.contains(&word) || NOTES.contains(&word) => {}
                    word => unknown.push(word.to_owned()),
                }
            }
            if schema["type"] == "object" {
                let (named, known) = (schema["additionalProperties"].is_object(), schema["properties"].is_object());
                assert!(named != known, "its own keys or the operator's names: {schema}");
                let closed = schema["additionalProperties"] == false;
                assert!(named || closed, "unknown keys are refused everywhere: {schema}");
            }
        }
        let mut unknown = Vec::new();
        visit(&super::super::settings::schema(), &mut unknown);
        assert_eq!(unknown, Vec::<String>::new());
    }

    #[test]
    fn misspelt_keys_get_a_suggestion() {
        assert_eq!(
            unknown_key("pubic_origin", vec!["listen", "public_origin"]),
            "unknown key; did you mean `public_origin`?"
        );
        assert_eq!(unknown_key("zzz", vec!["listen", "port"]), "unknown key; known here: listen, port");
    }
}
