//! The file as a tree that knows where each value stands, with the environment's overrides laid over it.

use super::{ConfigError, PREFIX};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Line(usize),
    Variable(String),
}

pub(super) struct Source {
    file: String,
    json: Value,
    /// By path, as `connections[1].issuer`.
    places: BTreeMap<String, Place>,
}

/// Path of a key below a path.
pub(super) fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl Source {
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<ConfigError>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let error = |error: toml::de::Error| ConfigError {
                origin: file.to_owned(),
                line: error.span().map(|span| line_of(text, &span)),
                key: String::new(),
                message: format!("not TOML: {}", error.message()),
            };
            return Err(errors.into_iter().map(error).collect());
        }
        let mut reader = Reader { text, places: BTreeMap::new() };
        let json = reader.table("", table.get_ref());
        Ok(Self { file: file.to_owned(), json, places: reader.places })
    }

    pub fn json(&self) -> &Value {
        &self.json
    }

    /// An error at this path, or at the nearest table around it that was written.
    pub fn error(&self, path: &str, message: impl Into<String>) -> ConfigError {
        let mut at = path;
        let place = loop {
            match self.places.get(at) {
                Some(place) => break Some(place),
                None => match at.rfind(['.', '[']) {
                    Some(end) => at = &at[..end],
                    None => break None,
                },
            }
        };
        let (origin, line) = match place {
            Some(Place::Variable(name)) => (name.clone(), None),
            Some(Place::Line(line)) => (self.file.clone(), Some(*line)),
            None => (self.file.clone(), Some(1)),
        };
        ConfigError { origin, line, key: path.to_owned(), message: message.into() }
    }

    /// Lays every `SELFSAME__…` variable over the file. Texts stand as they are; whatever the schema wants to be a
    /// number, a boolean or a list is read as a TOML value. Unknown keys are left for the schema to refuse.
    pub fn override_from(&mut self, env: &BTreeMap<String, String>, schema: &Value) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        for (name, value) in env.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            let segments: Vec<String> = name[PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect();
            let target = descend(&mut self.json, schema, schema, "", &segments, name, &mut self.places);
            match target {
                Ok((path, slot, shape)) => {
                    *slot = if shape["type"] == "string" { Value::from(value.as_str()) } else { typed(value) };
                    self.places.insert(path, Place::Variable(name.clone()));
                }
                Err(message) => {
                    errors.push(ConfigError { origin: name.clone(), line: None, key: segments.join("."), message });
                }
            }
        }
        errors
    }
}

/// Follows `$ref` to the definition.
pub(super) fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

/// Finds, or makes, the place a variable names.
fn descend<'j, 's>(
    json: &'j mut Value,
    root: &'s Value,
    schema: &'s Value,
    path: &str,
    segments: &[String],
    variable: &str,
    places: &mut BTreeMap<String, Place>,
) -> Result<(String, &'j mut Value, &'s Value), String> {
    let schema = resolve(root, schema);
    let Some((segment, rest)) = segments.split_first() else {
        return Ok((path.to_owned(), json, schema));
    };
    if segment.is_empty() {
        return Err("names no key: write sections and keys with two underscores between them".to_owned());
    }
    if json.is_null() {
        *json = if schema["type"] == "array" { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        places.entry(path.to_owned()).or_insert_with(|| Place::Variable(variable.to_owned()));
    }
    match json {
        Value::Object(object) => {
            let path = below(path, segment);
            let schema = schema["properties"].get(segment).unwrap_or(&Value::Null);
            let slot = object.entry(segment.clone()).or_insert(Value::Null);
            descend(slot, root, schema, &path, rest, variable, places)
        }
        Value::Array(array) => {
            let by_id = |entry: &Value| entry["id"].as_str().is_some_and(|id| id.replace('-', "_") == *segment);
            let known = array.iter().position(by_id);
            let index =
                known.or_else(|| segment.parse().ok()).ok_or("names no entry of this list: use its number or id")?;
            if index > array.len() {
                return Err(format!("there are {} entries; the next has number {}", array.len(), array.len()));
            }
            if index == array.len() {
                array.push(Value::Null);
            }
            descend(&mut array[index], root, &schema["items"], &format!("{path}[{index}]"), rest, variable, places)
        }
        _ => Err(format!("`{path}` holds one value and has no keys")),
    }
}

fn typed(text: &str) -> Value {
    match DeValue::parse(text) {
        Ok(value) => Reader { text, places: BTreeMap::new() }.value("", value.get_ref()),
        Err(_) => Value::from(text),
    }
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()
}

/// From spanned TOML to plain JSON and the lines it came from.
struct Reader<'t> {
    text: &'t str,
    places: BTreeMap<String, Place>,
}

impl Reader<'_> {
    fn note(&mut self, path: &str, span: &Range<usize>) {
        self.places.insert(path.to_owned(), Place::Line(line_of(self.text, span)));
    }

    fn table(&mut self, path: &str, table: &DeTable<'_>) -> Value {
        let mut object = Map::new();
        for (key, value) in table {
            let path = below(path, key.get_ref());
            self.note(&path, &key.span());
            object.insert(key.get_ref().to_string(), self.value(&path, value.get_ref()));
        }
        Value::Object(object)
    }

    fn value(&mut self, path: &str, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::from(text.as_ref()),
            // A number out of range stays what it was written as, and the schema refuses it.
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::from(number),
                Err(_) => Value::from(number.to_string()),
            },
            DeValue::Float(number) => Value::from(number.as_str().parse::<f64>().unwrap_or_default()),
            DeValue::Boolean(truth) => Value::from(*truth),
            // No key takes a date; as a list it has the wrong type everywhere.
            DeValue::Datetime(_) => Value::Array(vec![Value::Null]),
            DeValue::Array(array) => {
                let element = |(index, element): (usize, &toml::Spanned<DeValue<'_>>)| {
                    let path = format!("{path}[{index}]");
                    self.note(&path, &element.span());
                    self.value(&path, element.get_ref())
                };
                Value::Array(array.iter().enumerate().map(element).collect())
            }
            DeValue::Table(table) => self.table(path, table),
        }
    }
}
