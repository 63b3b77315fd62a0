//! A small vocabulary for JSON schemas and operations.

use super::Access;
use serde_json::{Map, Value, json};

/// Marks a field that may be missing, until [`object`] takes the mark away.
const OPTIONAL: &str = "x-optional";

pub fn integer() -> Value {
    json!({ "type": "integer" })
}

pub fn number() -> Value {
    json!({ "type": "number" })
}

pub fn text() -> Value {
    json!({ "type": "string" })
}

pub fn flag() -> Value {
    json!({ "type": "boolean" })
}

/// Anything, as it was sent to the server.
pub fn anything() -> Value {
    json!({})
}

pub fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// Milliseconds since the epoch.
pub fn at_ms() -> Value {
    says(integer(), "Milliseconds since the epoch.")
}

pub fn one_of(names: &[&str]) -> Value {
    json!({ "type": "string", "enum": names })
}

pub fn array(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// An object with any names and values of one type.
pub fn map(values: Value) -> Value {
    json!({ "type": "object", "additionalProperties": values })
}

/// Every field is there, unless it is [`optional`].
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let mut required = Vec::new();
    let mut properties = Map::new();
    for (name, mut schema) in fields {
        let mark = schema.as_object_mut().and_then(|it| it.remove(OPTIONAL));
        if mark.is_none() {
            required.push(name);
        }
        properties.insert(name.to_owned(), schema);
    }
    let mut object = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// The fields of both.
pub fn with<const N: usize>(mut base: Value, fields: [(&str, Value); N]) -> Value {
    let more = object(fields);
    if let (Some(all), Some(more)) = (
        base["properties"].as_object_mut(),
        more["properties"].as_object(),
    ) {
        all.extend(more.clone());
    }
    let mut required = base["required"].as_array().cloned().unwrap_or_default();
    required.extend(more["required"].as_array().cloned().unwrap_or_default());
    base["required"] = json!(required);
    base
}

pub fn optional(mut schema: Value) -> Value {
    schema[OPTIONAL] = json!(true);
    schema
}

pub fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

pub fn says(mut schema: Value, description: &str) -> Value {
    schema["description"] = json!(description);
    schema
}

/// One of the named schemas.
pub fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

pub fn one(name: &'static str, of: Value) -> Value {
    object([(name, of)])
}

pub struct Operation {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
    summary: &'static str,
    parameters: Vec<Value>,
    body: Option<(&'static str, Value)>,
    /// Status, media type and schema; without the latter two there is no body.
    answer: (u16, Option<(&'static str, Value)>),
    /// Another media type of the answer, if it is asked for.
    other_answer: Option<&'static str>,
}

pub fn operation(
    method: &'static str,
    path: &'static str,
    access: Access,
    summary: &'static str,
) -> Operation {
    let mut operation = Operation {
        method,
        path,
        access,
        summary,
        parameters: Vec::new(),
        body: None,
        answer: (204, None),
        other_answer: None,
    };
    for name in path.split(['{', '}']).skip(1).step_by(2) {
        let is_text = name != "id" || path.contains("/replays/") || path.contains("/source-maps/");
        let schema = if is_text { text() } else { integer() };
        operation.parameters.push(json!({
            "name": name, "in": "path", "required": true, "schema": schema,
        }));
    }
    operation
}

impl Operation {
    pub fn asks(mut self, name: &str, schema: Value, description: &str) -> Self {
        let mut parameter = json!({ "name": name, "in": "query", "schema": schema });
        if !description.is_empty() {
            parameter["description"] = json!(description);
        }
        self.parameters.push(parameter);
        self
    }

    pub fn requires(mut self, name: &str, schema: Value, description: &str) -> Self {
        self = self.asks(name, schema, description);
        if let Some(parameter) = self.parameters.last_mut() {
            parameter["required"] = json!(true);
        }
        self
    }

    pub fn project(self) -> Self {
        let description = "The project to look in. A token knows its own; for a person it is the first one, or any that has what the path names.";
        self.asks("project_id", integer(), description)
    }

    pub fn limit(self, most: usize, default: usize) -> Self {
        let schema =
            json!({ "type": "integer", "minimum": 1, "maximum": most, "default": default });
        self.asks("limit", schema, "How many at most.")
    }

    pub fn paged(self, most: usize, default: usize) -> Self {
        self.limit(most, default).asks(
            "cursor",
            text(),
            "`next_cursor` of the page before, with the same other parameters.",
        )
    }

    pub fn paged_by_number(self, most: usize, default: usize) -> Self {
        self.limit(most, default)
            .asks("cursor", integer(), "`next_cursor` of the page before.")
    }

    pub fn takes(mut self, schema: Value) -> Self {
        self.body = Some(("application/json", schema));
        self
    }

    pub fn takes_bytes(mut self, kind: &'static str) -> Self {
        self.body = Some((kind, json!({})));
        self
    }

    pub fn gives(self, schema: Value) -> Self {
        self.gives_as(200, "application/json", schema)
    }

    pub fn creates(self, schema: Value) -> Self {
        self.gives_as(201, "application/json", schema)
    }

    pub fn gives_as(mut self, status: u16, kind: &'static str, schema: Value) -> Self {
        self.answer = (status, Some((kind, schema)));
        self
    }

    pub fn or_gives(mut self, kind: &'static str) -> Self {
        self.other_answer = Some(kind);
        self
    }

    pub fn to_json(&self) -> Value {
        let content =
            |(kind, schema): &(&'static str, Value)| json!({ *kind: { "schema": schema } });
        let (status, answer) = &self.answer;
        let mut good = json!({ "description": "Done." });
        if let Some(answer) = answer {
            good["content"] = content(answer);
        }
        if let Some(kind) = self.other_answer {
            good["content"][kind] = json!({});
        }
        let error = json!({ "application/json": { "schema": schema("Error") } });
        let bad = json!({ "description": "What went wrong.", "content": error });
        let mut operation = json!({
            "operationId": self.id(),
            "tags": [self.tag()],
            "summary": self.summary,
            "security": self.security(),
            "responses": { status.to_string(): good, "default": bad },
        });
        if let Access::Scope(scope) = self.access {
            operation["x-scope"] = json!(scope.name());
        }
        if !self.parameters.is_empty() {
            operation["parameters"] = json!(self.parameters);
        }
        if let Some(body) = &self.body {
            operation["requestBody"] = json!({ "required": true, "content": content(body) });
        }
        operation
    }

    fn security(&self) -> Value {
        match self.access {
            Access::Anyone => json!([]),
            Access::Person => json!([{ "cookie": [] }]),
            Access::Scope(_) => json!([{ "token": [] }, { "cookie": [] }]),
            Access::IngestKey => json!([{ "ingestKey": [] }]),
        }
    }

    fn segments(&self) -> impl Iterator<Item = &'static str> {
        let own = self.path.trim_start_matches("/api/v1/");
        own.split('/').filter(|segment| !segment.is_empty())
    }

    fn tag(&self) -> &'static str {
        self.segments().next().unwrap_or_default()
    }

    /// `get_replays_by_id_facts`.
    fn id(&self) -> String {
        let mut id = self.method.to_owned();
        for segment in self.segments() {
            id.push('_');
            match segment.strip_prefix('{') {
                Some(name) => id.extend(["by_", name.trim_end_matches('}')]),
                None => id.push_str(segment),
            }
        }
        id.replace(['-', '.'], "_")
    }
}
