//! The mirror against the state that the real player showed at the same moment.

#![allow(clippy::unwrap_used)]

mod support;

use rrweb::mirror::AttributeValue;
use rrweb::{Mirror, NodeKey, NodeKind};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_state_is_the_players() {
    let (mut compared, mut different) = (0, 0);
    for session in support::sessions() {
        for moment in ["mid", "end"] {
            let golden = session.golden(moment);
            let mut lines = golden
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap());
            let head = lines.next().unwrap();
            let mirror = session.at(head["applied_up_to_timestamp"].as_i64().unwrap());
            let mut differences = Vec::new();
            let mut seen = BTreeSet::new();
            for expected in lines {
                let id = expected["id"].as_i64().unwrap();
                seen.insert(id);
                match mirror.node_by_id(id) {
                    Some(node) => compare(&mirror, node, &expected, &mut differences),
                    None => differences.push(format!("{id} is missing: {expected}")),
                }
            }
            for node in mirror.walk() {
                let id = mirror.id(node);
                if !seen.contains(&id) {
                    differences.push(format!("{id} is too many"));
                }
            }
            assert_eq!(seen.len(), mirror.node_count(), "{} {moment}", session.name);
            if !differences.is_empty() {
                eprintln!(
                    "{} {moment}: {} differences",
                    session.name,
                    differences.len()
                );
                eprintln!("{}", differences[..differences.len().min(20)].join("\n"));
            }
            different += differences.len();
            compared += seen.len();
        }
        let (_, end) = session.span_ms();
        let mirror = session.at(end);
        eprintln!(
            "{}: {} nodes, {:?}",
            session.name,
            mirror.node_count(),
            mirror.integrity()
        );
    }
    eprintln!("{compared} nodes compared");
    assert_eq!(different, 0, "differences are listed above");
}

fn compare(mirror: &Mirror, node: NodeKey, expected: &Value, differences: &mut Vec<String>) {
    let id = mirror.id(node);
    let mut check = |what: &str, own: Value, theirs: &Value| {
        if own != *theirs {
            differences.push(format!("{id} {what}: {own} instead of {theirs}"));
        }
    };
    let parent = mirror.parent(node).map_or(0, |parent| mirror.id(parent));
    check("parent", parent.into(), &expected["parent"]);
    let name = name(mirror, node);
    check("name", name.as_str().into(), &expected["name"]);
    if let Some(text) = expected.get("text") {
        check("text", mirror.text(node).into(), text);
    }
    let children = mirror.children(node).chain(mirror.shadow_children(node));
    let children: Vec<Value> = children.map(|child| mirror.id(child).into()).collect();
    let none = Value::Array(Vec::new());
    check(
        "children",
        children.into(),
        expected.get("children").unwrap_or(&none),
    );
    if mirror.kind(node) == Some(NodeKind::Element) {
        let empty = Value::Object(serde_json::Map::new());
        let theirs = expected.get("attrs").unwrap_or(&empty);
        let sorted = |object: &Value| -> BTreeMap<String, Value> {
            object.as_object().unwrap().clone().into_iter().collect()
        };
        let (own, theirs) = (sorted(&attributes(mirror, node)), sorted(theirs));
        check(
            "attributes",
            format!("{own:?}").into(),
            &format!("{theirs:?}").into(),
        );
    }
    if let Some(value) = expected
        .get("value")
        .filter(|_| mirror.tag(node) != "option")
    {
        let own = mirror.form_value(node).unwrap_or_default();
        check("value", normal_value(mirror, node, own).into(), value);
    }
    if let Some(checked) = expected.get("checked") {
        check("checked", mirror.is_checked(node).into(), checked);
    }
}

fn name(mirror: &Mirror, node: NodeKey) -> String {
    match mirror.kind(node) {
        Some(NodeKind::Document) => "#document".into(),
        Some(NodeKind::Doctype) => "#doctype".into(),
        Some(NodeKind::Text) => "#text".into(),
        Some(NodeKind::Comment) => "#comment".into(),
        Some(NodeKind::Cdata) => "#cdata-section".into(),
        _ if mirror.tag(node) == "script" => "noscript".into(),
        _ if mirror.tag(node) == "link" && mirror.attribute(node, "_cssText").is_some() => {
            "style".into()
        }
        _ => mirror.tag(node).to_owned(),
    }
}

fn attributes(mirror: &Mirror, node: NodeKey) -> Value {
    let is_listed = |name: &str| {
        ["class", "id", "role", "d", "transform", "fill", "href"].contains(&name)
            || name.starts_with("aria-")
            || name.starts_with("data-")
    };
    let pairs = mirror.attributes(node).filter(|(name, _)| is_listed(name));
    let pairs = pairs.filter_map(|(name, value)| {
        let text = match value {
            AttributeValue::Text(text) | AttributeValue::Number(text) => text.to_owned(),
            AttributeValue::Bool(_) => String::new(),
        };
        // The files have no empty classes: the player's own were taken out.
        let is_left_out = name == "class" && text.is_empty();
        (!is_left_out).then(|| (name.to_owned(), Value::from(text)))
    });
    Value::Object(pairs.collect())
}

/// What a browser makes of a field's value.
fn normal_value(mirror: &Mirror, node: NodeKey, value: &str) -> String {
    let kind = mirror
        .attribute(node, "type")
        .and_then(AttributeValue::as_str)
        .unwrap_or_default();
    let has_value = mirror.attribute(node, "value").is_some() || mirror.form_state(node).is_some();
    match kind {
        "checkbox" | "radio" if !has_value => "on".into(),
        "range" if value.parse::<f64>().is_err() => "50".into(),
        "number" if value.parse::<f64>().is_err() => String::new(),
        _ => value.to_owned(),
    }
}
