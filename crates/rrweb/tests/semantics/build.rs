//! Recorded events and pages, written short.

use rrweb::{Limits, Mirror, NodeKey, Observer, Problem, Tape, keyframe};
use serde_json::{Value, json};

pub fn apply_to(mirror: &mut Mirror, event: &Value, observer: &mut impl Observer) {
    let mut tape = Tape::new();
    tape.parse(&event.to_string()).unwrap();
    mirror.apply(tape.root(), 0, observer);
}

pub fn element(id: i64, tag: &str, attributes: Value, children: Vec<Value>) -> Value {
    json!({"type": 2, "tagName": tag, "attributes": attributes, "childNodes": children, "id": id})
}

pub fn text(id: i64, content: &str) -> Value {
    json!({"type": 3, "textContent": content, "id": id})
}

pub fn with(mut node: Value, key: &str, value: Value) -> Value {
    node[key] = value;
    node
}

pub fn snapshot(body: Vec<Value>) -> Value {
    let html = element(
        3,
        "html",
        json!({}),
        vec![element(4, "body", json!({}), body)],
    );
    let doctype = json!({"type": 1, "name": "html", "publicId": "", "systemId": "", "id": 2});
    let document = json!({"type": 0, "childNodes": [doctype, html], "id": 1});
    json!({"type": 2, "data": {"node": document, "initialOffset": {"left": 0, "top": 0}}})
}

pub fn mutation(lists: Value) -> Value {
    let mut data = json!({"source": 0, "removes": [], "adds": [], "texts": [], "attributes": []});
    for (key, value) in lists.as_object().unwrap() {
        data[key] = value.clone();
    }
    json!({"type": 3, "data": data})
}

pub fn add(parent: i64, next: Value, node: Value) -> Value {
    json!({"parentId": parent, "nextId": next, "node": node})
}

pub fn adds(list: Vec<Value>) -> Value {
    mutation(json!({ "adds": list }))
}

pub fn page(body: Vec<Value>, events: &[Value]) -> Mirror {
    page_with(Limits::default(), body, events)
}

pub fn page_with(limits: Limits, body: Vec<Value>, events: &[Value]) -> Mirror {
    let mut mirror = Mirror::new(limits);
    apply_to(&mut mirror, &snapshot(body), &mut ());
    for event in events {
        apply_to(&mut mirror, event, &mut ());
    }
    // Whatever the state, its keyframe restores it.
    let events = keyframe(&mirror, 7);
    let mut again = Mirror::new(limits);
    for event in events.lines() {
        let mut tape = Tape::new();
        tape.parse(event).unwrap();
        again.apply(tape.root(), 7_000, &mut ());
    }
    assert_eq!(keyframe(&again, 7), events);
    mirror
}

/// The body's descendants: `tag#id` or text, children in brackets, shadow in braces.
pub fn shape(mirror: &Mirror, id: i64) -> String {
    fn write(mirror: &Mirror, node: NodeKey, out: &mut String) {
        let tag = mirror.tag(node);
        out.push_str(if tag.is_empty() {
            mirror.text(node)
        } else {
            tag
        });
        out.push_str(&mirror.id(node).to_string());
        let lists: [(Vec<NodeKey>, [char; 2]); 2] = [
            (mirror.children(node).collect(), ['[', ']']),
            (mirror.shadow_children(node).collect(), ['{', '}']),
        ];
        for (children, [open, close]) in lists {
            if children.is_empty() {
                continue;
            }
            out.push(open);
            for (n, child) in children.into_iter().enumerate() {
                if n > 0 {
                    out.push(' ');
                }
                write(mirror, child, out);
            }
            out.push(close);
        }
    }
    let mut out = String::new();
    write(mirror, mirror.node_by_id(id).unwrap(), &mut out);
    out
}

pub fn count(mirror: &Mirror, problem: Problem) -> u64 {
    mirror.integrity().count(problem)
}

pub fn div(id: i64) -> Value {
    element(id, "div", json!({}), vec![])
}

pub fn style_of(mirror: &Mirror, id: i64) -> String {
    mirror.style_text(mirror.node_by_id(id).unwrap())
}

pub fn frame_document(id: i64, children: Vec<Value>) -> Value {
    json!({"type": 0, "childNodes": children, "id": id})
}
