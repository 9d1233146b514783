//! The OpenAPI document: printed by `nhipcau openapi`, served at `/api/openapi.json`, kept in `web/openapi.json`, from which the user
//! interface's types are generated.

use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

/// Pretty-printed, with a last newline.
#[must_use]
pub fn written(described: &OpenApi) -> String {
    let mut document = serde_json::to_value(described).unwrap_or_default();
    name_operations(&mut document);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.values_mut().for_each(absent_not_null);
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// `show` of `sessions` becomes `sessions_show`: operation ids are unique in a document, function names are not.
fn name_operations(document: &mut Value) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let tag = operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default();
        let name = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
        let unique = format!("{tag}_{name}");
        if let Some(operation) = operation.as_object_mut() {
            operation.insert("operationId".to_owned(), Value::String(unique));
        }
    }
}

/// An optional field is left out when it has no value; it is never `null`. Serde reads `null` as absent too, but says nothing of it.
fn absent_not_null(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Array(kinds)) = fields.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [only] = kinds.as_slice() {
                    let only = only.clone();
                    fields.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = fields.get_mut("oneOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    fields.remove("oneOf");
                    fields.extend(only);
                }
            }
            fields.values_mut().for_each(absent_not_null);
        }
        Value::Array(items) => items.iter_mut().for_each(absent_not_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_document_in_the_repository_is_the_one_the_server_describes() {
        let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json")).unwrap();
        // Not `assert_eq`: a hundred kilobytes twice tell nobody anything.
        assert!(
            kept == crate::http::document(),
            "run `cargo run -p web -- openapi > web/openapi.json`, then `npm run generate` in web/ui"
        );
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document: Value = serde_json::from_str(&crate::http::document()).unwrap();
        let mut seen = HashSet::new();
        for operation in
            document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
        {
            assert!(seen.insert(operation["operationId"].as_str().unwrap().to_owned()), "{}", operation["operationId"]);
        }
        assert!(seen.len() > 40);
    }
}
