//! JSON trees of any depth. serde_json's own reader, writer and destructor recurse,
//! and a recorded page may nest thousands of levels on a small thread's stack.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A parsed document that can be read, written and dropped at any depth.
pub(crate) struct Tree(pub(crate) Value);

impl Tree {
    /// `None` when the text is not JSON or deeper than any event that is accepted.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        if rrweb::depth::is_too_deep(json) {
            return None;
        }
        let mut deserializer = serde_json::Deserializer::from_str(json);
        deserializer.disable_recursion_limit();
        let value = Value::deserialize(serde_stacker::Deserializer::new(&mut deserializer)).ok()?;
        let tree = Self(value);
        deserializer.end().ok()?;
        Some(tree)
    }

    pub(crate) fn to_json(&self) -> Option<String> {
        let mut json = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut json);
        self.0
            .serialize(serde_stacker::Serializer::new(&mut serializer))
            .ok()?;
        String::from_utf8(json).ok()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        dismantle(self.0.take());
    }
}

/// Drops a value level by level instead of recursively.
pub(crate) fn dismantle(value: Value) {
    let mut remaining = vec![value];
    while let Some(value) = remaining.pop() {
        match value {
            Value::Array(items) => remaining.extend(items),
            Value::Object(members) => {
                remaining.extend(members.into_iter().map(|(_, member)| member))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
