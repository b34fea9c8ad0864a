//! Answers for people: tables where there are rows, lines where there is one thing.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// Times are stored as microseconds; people read dates.
fn is_time(key: &str) -> bool {
    key == "at" || key.ends_with("_at") || key == "last_sign_in"
}

pub(super) fn cell(key: &str, value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) if is_time(key) => {
            number.as_i64().map_or_else(String::new, |micros| web::texts::machine_time(model::Micros(micros)))
        }
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(|item| cell("", item)).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| format!("{key}={}", cell(key, value))).collect::<Vec<_>>().join(" ")
        }
        Value::Number(number) => number.to_string(),
    }
}

/// What people look for first stands first; the rest follows by name.
const FIRST: &[&str] = &[
    "seq",
    "at",
    "kind",
    "id",
    "name",
    "user",
    "user_name",
    "address",
    "status",
    "user_status",
    "state",
    "enabled",
    "connection",
    "reason",
    "actor",
    "proofs",
];

fn columns(rows: &[Value], first: &serde_json::Map<String, Value>) -> Vec<String> {
    let empty = |column: &str| {
        rows.iter().all(|row| match &row[column] {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            _ => false,
        })
    };
    let mut columns: Vec<String> = first.keys().filter(|column| !empty(column)).cloned().collect();
    let place = |column: &String| FIRST.iter().position(|known| known == column).unwrap_or(FIRST.len());
    columns.sort_by(|a, b| place(a).cmp(&place(b)).then(a.cmp(b)));
    columns
}

fn table(rows: &[Value]) -> String {
    let Some(Value::Object(first)) = rows.first() else {
        return rows.iter().map(|row| cell("", row)).collect::<Vec<_>>().join("\n");
    };
    let columns = columns(rows, first);
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.iter().map(|column| column.replace('_', " ")));
    for row in rows {
        table.add_row(columns.iter().map(|column| cell(column, &row[column.as_str()])));
    }
    table.to_string()
}

/// The answer of an operation, as a person reads it.
pub fn text(answer: &Value) -> String {
    if let Some(explained) = super::explain::text(answer) {
        return explained;
    }
    match answer {
        Value::Array(rows) if rows.is_empty() => "Nothing found.".to_owned(),
        Value::Array(rows) => table(rows),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match value {
                Value::Array(rows) if rows.first().is_some_and(Value::is_object) => {
                    format!("{}\n{}", key.replace('_', " "), table(rows))
                }
                value => format!("{:<18} {}", key.replace('_', " "), cell(key, value)),
            })
            .collect::<Vec<_>>()
            .join("\n"),
        other => cell("", other),
    }
}
