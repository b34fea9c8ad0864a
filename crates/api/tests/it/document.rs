//! The OpenAPI document is whole, says what the router serves, and the copy in the repository is current.

use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::Path;

fn document() -> Value {
    serde_json::to_value(api::openapi()).unwrap()
}

/// Every object of the document.
fn objects<'a>(value: &'a Value, found: &mut Vec<&'a Map<String, Value>>) {
    match value {
        Value::Object(object) => {
            found.push(object);
            object.values().for_each(|value| objects(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| objects(value, found)),
        _ => {}
    }
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'_ Value)| -> Vec<String> {
        item.as_object().unwrap().keys().map(|method| format!("{method} {path}")).collect()
    };
    let names: Vec<String> = paths.iter().flat_map(of_path).collect();
    let operations = paths.values().flat_map(|item| item.as_object().unwrap().values());
    names.into_iter().zip(operations).collect()
}

#[test]
fn every_reference_resolves() {
    let document = document();
    let mut found = Vec::new();
    objects(&document, &mut found);
    let references: BTreeSet<&str> = found.iter().filter_map(|object| object.get("$ref")?.as_str()).collect();
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("no reference leaves the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    // And nothing is described that nobody names.
    let text = document.to_string();
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is used nowhere");
    }
}

#[test]
fn every_operation_is_described() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap_or_else(|| panic!("{name} has no responses"));
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        assert!(responses.values().all(|response| response["description"].is_string()), "{name}");
        assert!(responses.contains_key("default") || name.ends_with("openapi.json"), "{name}");
        assert!(operation["summary"].is_string(), "{name}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}");
        assert!(tags.contains(&&operation["tags"][0]), "{name}");
        let security = operation["security"].as_array().unwrap_or_else(|| panic!("{name} names no credential"));
        for scheme in security.iter().flat_map(|one| one.as_object().unwrap().keys()) {
            assert!(schemes.contains_key(scheme), "{name}: {scheme}");
        }
        let declared: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let path = name.split_once(' ').unwrap().1;
        let in_path: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(declared, in_path, "{name}");
    }
}

#[test]
fn t93_bodies_list_their_members() {
    let document = document();
    for name in ["Start", "Act", "Redemption", "NewPassword", "ApplicationRequest"] {
        let schema = &document["components"]["schemas"][name];
        let variants = schema["oneOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
        assert!(!variants.is_empty());
        for variant in variants {
            assert_eq!(variant["additionalProperties"], false, "{name}: {variant}");
        }
    }
}

/// Read from the router's own text: a route that is not described is a route nobody checks.
#[test]
fn the_router_serves_what_is_described() {
    let source = include_str!("../../src/lib.rs");
    let mut served = BTreeSet::new();
    for line in source.lines().filter_map(|line| line.trim().strip_prefix(".route(\"")) {
        let (path, handlers) = line.split_once('"').unwrap();
        for method in ["get", "post", "put", "delete"].iter().filter(|method| handlers.contains(&format!("{method}(")))
        {
            served.insert(format!("{method} /api/v1{path}"));
        }
    }
    let document = document();
    let described: BTreeSet<String> = operations(&document).into_iter().map(|(name, _)| name).collect();
    assert_eq!(served, described);
}

/// `UPDATE_GENERATED=1` writes it anew.
#[test]
fn the_document_in_the_repository_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let current = api::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == current, "docs/openapi.json is old: run this test with UPDATE_GENERATED=1");
}
