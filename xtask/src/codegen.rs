//! TypeScript types of the API, from `docs/openapi.json`.

use crate::shell::{root, run_with};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

const HEAD: &str = "\
// Written by `cargo xtask codegen` from docs/openapi.json; do not change it by hand.

";
const OPERATIONS: &str = "
/** What can be asked: names in the path, parameters of the query, the body that is sent, the body of the answer. */
export interface Operations {
";

fn document_path() -> PathBuf {
    root().join("docs/openapi.json")
}

fn types_path() -> PathBuf {
    root().join("client/src/schema.ts")
}

/// Writes the document from the Rust code, and the types from the document.
pub fn write() -> Result<()> {
    let test = "openapi::tests::the_document_that_is_checked_in_is_this_one";
    let arguments = ["test", "--quiet", "--package", "api", "--lib", test];
    run_with("cargo", &arguments, &[("REENACT_WRITE_GOLDEN", "1")])?;
    let path = types_path();
    fs::write(&path, types()?).with_context(|| format!("cannot write {}", path.display()))
}

/// That the types are those of the document. That the document is current is a test of
/// the crate `api`.
pub fn check() -> Result<()> {
    if fs::read_to_string(types_path()).unwrap_or_default() != types()? {
        bail!("client/src/schema.ts is out of date: run `cargo xtask codegen`");
    }
    Ok(())
}

fn types() -> Result<String> {
    let path = document_path();
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let document: Value = serde_json::from_str(&text).context("docs/openapi.json")?;
    let mut out = HEAD.to_owned();
    for (name, schema) in fields(&document["components"]["schemas"]) {
        comment(&mut out, schema, "");
        match schema["properties"].is_object() {
            true => writeln!(out, "export interface {name} {}\n", typed(schema, ""))?,
            false => writeln!(out, "export type {name} = {};\n", typed(schema, ""))?,
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out.push_str(OPERATIONS);
    for (path, methods) in fields(&document["paths"]) {
        for (method, operation) in fields(methods) {
            let answer = good_answer(operation);
            let body = &operation["requestBody"]["content"];
            let summary = operation["summary"].as_str().unwrap_or_default();
            writeln!(out, "  /** {summary}. {}. */", access(operation))?;
            writeln!(out, "  '{} {path}': {{", method.to_uppercase())?;
            writeln!(out, "    path: {};", parameters(operation, "path"))?;
            writeln!(out, "    query: {};", parameters(operation, "query"))?;
            writeln!(out, "    body: {};", content(body))?;
            writeln!(out, "    answer: {};\n  }};", content(answer))?;
        }
    }
    out.push_str("}\n");
    Ok(out)
}

fn fields(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flat_map(Map::iter)
}

fn good_answer(operation: &Value) -> &Value {
    let mut answers = fields(&operation["responses"]);
    let good = answers.find(|(status, _)| status.starts_with('2'));
    good.map_or(&Value::Null, |(_, answer)| &answer["content"])
}

/// What is not JSON has no type.
fn content(content: &Value) -> String {
    if content.is_null() {
        return "undefined".to_owned();
    }
    union(fields(content).map(|(kind, content)| match kind.as_str() {
        "application/json" => typed(&content["schema"], "    "),
        _ => "Blob".to_owned(),
    }))
}

fn access(operation: &Value) -> String {
    let security = operation["security"].as_array();
    let first = security.and_then(|all| fields(all.first()?).next());
    match (operation["x-scope"].as_str(), first) {
        (Some(scope), _) => format!("Scope `{scope}`"),
        (None, None) => "For anyone".to_owned(),
        (None, Some((name, _))) if name == "ingestKey" => "With an ingest key".to_owned(),
        (None, Some(_)) => "Only for people, not with a token".to_owned(),
    }
}

fn parameters(operation: &Value, place: &str) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters: Vec<_> = parameters
        .filter(|it| it["in"] == place)
        .filter_map(|it| {
            let mark = if it["required"] == true { "" } else { "?" };
            let typed = typed(&it["schema"], "    ");
            Some(format!("{}{mark}: {typed}", it["name"].as_str()?))
        })
        .collect();
    match parameters.is_empty() {
        true => "Record<string, never>".to_owned(),
        false => format!("{{ {} }}", parameters.join("; ")),
    }
}

fn comment(out: &mut String, schema: &Value, indent: &str) {
    let Some(text) = schema["description"].as_str() else {
        return;
    };
    // Writing to a string cannot fail.
    let _ = match text.contains('\n') {
        false => writeln!(out, "{indent}/** {text} */"),
        true => {
            let lines = text.replace('\n', &format!("\n{indent} * "));
            writeln!(out, "{indent}/**\n{indent} * {lines}\n{indent} */")
        }
    };
}

fn union(parts: impl Iterator<Item = String>) -> String {
    let mut parts: Vec<_> = parts.collect();
    parts.dedup();
    parts.join(" | ")
}

fn typed(schema: &Value, indent: &str) -> String {
    let list = |name: &str| schema[name].as_array();
    if let Some(to) = schema["$ref"].as_str() {
        return to.rsplit('/').next().unwrap_or(to).to_owned();
    }
    if let Some(value) = schema.get("const") {
        return literal(value);
    }
    if let Some(values) = list("enum") {
        return union(values.iter().map(literal));
    }
    if let Some(parts) = list("anyOf").or(list("oneOf")) {
        return union(parts.iter().map(|part| typed(part, indent)));
    }
    if let Some(names) = list("type") {
        return union(names.iter().filter_map(|name| Some(named(name.as_str()?))));
    }
    match schema["type"].as_str() {
        None => "unknown".to_owned(),
        Some("array") => {
            let items = typed(&schema["items"], indent);
            match items.contains(" | ") && !items.starts_with('{') {
                true => format!("({items})[]"),
                false => format!("{items}[]"),
            }
        }
        Some("object") => object(schema, indent),
        Some(name) => named(name),
    }
}

fn object(schema: &Value, indent: &str) -> String {
    let open = match &schema["additionalProperties"] {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some("unknown".to_owned()),
        values => Some(typed(values, indent)),
    };
    let Some(properties) = schema["properties"].as_object() else {
        let values = open.unwrap_or_else(|| "unknown".to_owned());
        return format!("Record<string, {values}>");
    };
    let required = schema["required"].as_array();
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|it| it.as_str() == Some(name)));
    let inner = format!("{indent}  ");
    let mut out = "{\n".to_owned();
    for (name, property) in properties {
        comment(&mut out, property, &inner);
        let mark = if is_required(name) { "" } else { "?" };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{inner}{name}{mark}: {};", typed(property, &inner));
    }
    if open.is_some() {
        let _ = writeln!(out, "{inner}[name: string]: unknown;");
    }
    out + indent + "}"
}

fn named(name: &str) -> String {
    match name {
        "integer" => "number",
        other => other,
    }
    .to_owned()
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn schemas_become_types() {
        for (schema, expected) in [
            (json!({}), "unknown"),
            (json!({"type": "integer"}), "number"),
            (json!({"type": ["string", "null"]}), "string | null"),
            (json!({"type": "string", "enum": ["a", "b"]}), "'a' | 'b'"),
            (json!({"$ref": "#/components/schemas/Replay"}), "Replay"),
            (
                json!({"anyOf": [{"$ref": "#/x/Person"}, {"type": "null"}]}),
                "Person | null",
            ),
            (
                json!({"type": "array", "items": {"enum": [1, 2]}}),
                "(1 | 2)[]",
            ),
            (
                json!({"type": "object", "additionalProperties": {"type": "string"}}),
                "Record<string, string>",
            ),
            (
                json!({"type": "object", "required": ["a"], "properties": {"a": {"const": "x"}, "b": {"type": "boolean"}}}),
                "{\n  a: 'x';\n  b?: boolean;\n}",
            ),
        ] {
            assert_eq!(typed(&schema, ""), expected);
        }
    }
}
