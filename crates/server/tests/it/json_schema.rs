//! The part of JSON Schema that our OpenAPI document uses. A whole validator would bring
//! 34 crates and a second build of most others with it.

use serde_json::Value;

/// Says where a value is not what a schema allows. A field that a schema with `properties`
/// does not name is wrong too, unless `additionalProperties` is there.
pub fn problems(schemas: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(schemas, schema, value, "", &mut found);
    found
}

/// Every word that schemas of the document may use.
const KNOWN: [&str; 17] = [
    "$ref",
    "const",
    "enum",
    "anyOf",
    "oneOf",
    "type",
    "items",
    "properties",
    "required",
    "additionalProperties",
    "format",
    "description",
    "discriminator",
    "minimum",
    "maximum",
    "default",
    "x-scope",
];

fn look(schemas: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for key in schema.as_object().expect("a schema").keys() {
        assert!(KNOWN.contains(&key.as_str()), "{key} is not understood");
    }
    if let Some(to) = schema["$ref"].as_str() {
        let name = to.strip_prefix("#/components/schemas/").unwrap();
        return look(schemas, &schemas[name], value, at, found);
    }
    let is_good = |schema: &Value| problems(schemas, schema, value).is_empty();
    if let Some(parts) = schema["anyOf"].as_array()
        && !parts.iter().any(is_good)
    {
        // What is wrong with the first one, for the others are mostly null.
        return look(schemas, &parts[0], value, at, found);
    }
    if let Some(parts) = schema["oneOf"].as_array() {
        let count = parts.iter().filter(|part| is_good(part)).count();
        if count != 1 {
            let shown: String = value.to_string().chars().take(400).collect();
            found.push(format!("{at}: fits {count} of the alternatives: {shown}"));
        }
    }
    let mut wrong = |what: String| {
        let shown: String = value.to_string().chars().take(200).collect();
        found.push(format!("{at}: {what}: {shown}"));
    };
    if let Some(only) = schema.get("const")
        && only != value
    {
        wrong(format!("is not {only}"));
    }
    if let Some(list) = schema["enum"].as_array()
        && !list.contains(value)
    {
        wrong(format!("is none of {list:?}"));
    }
    let names = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        Value::String(name) => vec![name.as_str()],
        _ => Vec::new(),
    };
    if !names.is_empty() && !names.iter().any(|name| is_of_type(name, value)) {
        return wrong(format!("is not of type {names:?}"));
    }
    let is_time = |text: &str| text.parse::<jiff::Timestamp>().is_ok();
    if schema["format"] == "date-time" && !value.as_str().is_some_and(is_time) {
        wrong("is no time".to_owned());
    }
    match value {
        Value::Array(items) if schema["items"].is_object() => {
            for (number, item) in items.iter().enumerate() {
                look(
                    schemas,
                    &schema["items"],
                    item,
                    &format!("{at}/{number}"),
                    found,
                );
            }
        }
        Value::Object(fields) if schema["type"] == "object" => {
            for name in schema["required"].as_array().into_iter().flatten() {
                if !fields.contains_key(name.as_str().unwrap()) {
                    found.push(format!("{at}: lacks {name}"));
                }
            }
            let others = &schema["additionalProperties"];
            for (name, field) in fields {
                let at = format!("{at}/{name}");
                match schema["properties"].get(name) {
                    Some(schema) => look(schemas, schema, field, &at, found),
                    None if others.is_object() => look(schemas, others, field, &at, found),
                    None if *others == true => {}
                    None => found.push(format!("{at}: is not in the document")),
                }
            }
        }
        _ => {}
    }
}

fn is_of_type(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    }
}

#[test]
fn what_does_not_fit_is_found() {
    use serde_json::json;
    let schemas = json!({"Name": {"type": "string"}});
    let schema = json!({"type": "object", "required": ["a"], "properties": {
        "a": {"anyOf": [{"$ref": "#/components/schemas/Name"}, {"type": "null"}]},
        "b": {"type": "array", "items": {"enum": ["x"]}},
        "c": {"type": "object", "additionalProperties": {"type": "integer"}},
    }});
    for good in [
        json!({"a": null}),
        json!({"a": "", "b": ["x"], "c": {"d": 1}}),
    ] {
        assert_eq!(problems(&schemas, &schema, &good), [""; 0]);
    }
    for (bad, at) in [
        (json!([]), ": is not of type"),
        (json!({}), ": lacks \"a\""),
        (json!({"a": 1}), "/a: is not of type"),
        (json!({"a": null, "b": ["x", "y"]}), "/b/1: is none of"),
        (json!({"a": null, "c": {"d": 1.5}}), "/c/d: is not of type"),
        (json!({"a": null, "d": 1}), "/d: is not in the document"),
    ] {
        let found = problems(&schemas, &schema, &bad);
        assert!(
            found.len() == 1 && found[0].starts_with(at),
            "{bad}: {found:?}"
        );
    }
}
