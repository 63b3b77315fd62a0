//! Checkouts, faults and observers.

use super::build::*;
use rrweb::mirror::{AttributeValue, Comparison, StyleChange};
use rrweb::{Limits, Mirror, NodeKey, Observer, Problem, Tape};
use serde_json::{Value, json};

#[test]
fn a_checkout_is_compared() {
    let body = |label: &str| {
        vec![element(
            30,
            "p",
            json!({"class": "a", "style": "color:red"}),
            vec![text(20, label)],
        )]
    };
    let mut mirror = page(body("x"), &[]);
    let check = |mirror: &Mirror, event: &Value| {
        let mut tape = Tape::new();
        tape.parse(&event["data"].to_string()).unwrap();
        mirror.equals_snapshot(tape.root())
    };
    assert_eq!(check(&mirror, &snapshot(body("x"))), Comparison::Equal);
    assert_eq!(check(&mirror, &snapshot(body("y"))), Comparison::Differs);
    assert_eq!(check(&mirror, &snapshot(vec![])), Comparison::NewPage);
    assert_eq!(
        check(&Mirror::new(Limits::default()), &snapshot(body("x"))),
        Comparison::NewPage
    );
    apply_to(&mut mirror, &snapshot(body("y")), &mut ());
    assert_eq!(count(&mirror, Problem::CheckoutDiffers), 1);
}

#[test]
fn what_is_not_understood_is_counted() {
    let mut mirror = Mirror::new(Limits::default());
    apply_to(&mut mirror, &mutation(json!({})), &mut ());
    assert_eq!(count(&mirror, Problem::NoFullSnapshot), 1);
    let wireframes = json!({"type": 2, "data": {"wireframes": [{"id": 1, "type": "screenshot"}]}});
    apply_to(&mut mirror, &wireframes, &mut ());
    assert_eq!(count(&mirror, Problem::UnsupportedContent), 1);
    assert!(!mirror.has_page());
    let events = [
        mutation(json!({"adds": [{"parentId": 4, "wireframe": {"id": 7}}], "updates": []})),
        mutation(json!({"adds": "packed"})),
        mutation(json!({"texts": [{"id": 77, "value": "x"}]})),
        mutation(json!({"removes": [{"parentId": 77, "id": 4}]})),
        adds(vec![
            add(4, json!(null), div(1 << 53)),
            add(4, json!(null), div(-5)),
            add(4, json!(null), json!({"type": 9, "id": 50})),
        ]),
        json!({"type": 3, "data": 5}),
    ];
    let mirror = page(vec![], &events);
    let problems: Vec<_> = mirror.integrity().iter().collect();
    assert_eq!(
        problems,
        [
            (Problem::MissingNode, 1),
            (Problem::MissingParent, 1),
            (Problem::InvalidId, 2),
            (Problem::UnsupportedContent, 5)
        ]
    );
}

/// Writes down what it is told.
#[derive(Default)]
struct Log(Vec<String>);

impl Observer for Log {
    fn snapshot(&mut self, mirror: &Mirror) {
        self.0.push(format!("snapshot {}", mirror.node_count()));
    }
    fn added(&mut self, mirror: &Mirror, node: NodeKey) {
        self.0
            .push(format!("added {}", shape(mirror, mirror.id(node))));
    }
    fn removing(&mut self, mirror: &Mirror, node: NodeKey) {
        self.0
            .push(format!("removing {}", shape(mirror, mirror.id(node))));
    }
    fn text_changed(&mut self, mirror: &Mirror, node: NodeKey, old: &str) {
        self.0.push(format!("text {old} to {}", mirror.text(node)));
    }
    fn attribute_changed(&mut self, mirror: &Mirror, node: NodeKey, name: &str, old: Option<&str>) {
        let new = mirror.attribute(node, name);
        self.0.push(format!(
            "{name} {old:?} to {:?}",
            new.and_then(AttributeValue::as_str)
        ));
    }
    fn style_changed(&mut self, _: &Mirror, change: StyleChange) {
        let what = match change {
            StyleChange::Sheet(_) => "sheet",
            StyleChange::Constructed { .. } => "constructed",
            StyleChange::Adopted(_) => "adopted",
        };
        self.0.push(what.to_owned());
    }
    fn input(&mut self, mirror: &Mirror, node: NodeKey, old_value: &str, old_checked: bool) {
        let new = mirror.form_value(node).unwrap_or_default();
        self.0
            .push(format!("input {old_value} {old_checked} to {new}"));
    }
    fn scrolled(&mut self, mirror: &Mirror, node: NodeKey) {
        self.0
            .push(format!("scrolled {:?}", mirror.scroll(node).map(|to| to.y)));
    }
}

#[test]
fn observers_hear_of_everything() {
    let mut log = Log::default();
    let mut mirror = Mirror::new(Limits::default());
    let body = vec![
        element(10, "p", json!({"id": "a"}), vec![text(11, "x")]),
        element(12, "input", json!({"value": "v"}), vec![]),
        element(13, "style", json!({}), vec![]),
    ];
    let events = [
        snapshot(body),
        mutation(json!({
            "removes": [{"parentId": 4, "id": 10}],
            "adds": [add(4, json!(12), element(10, "p", json!({"id": "a"}), vec![])), add(10, json!(null), text(11, "x"))],
            "texts": [{"id": 11, "value": "y"}, {"id": 11, "value": "y"}],
            "attributes": [{"id": 10, "attributes": {"id": null, "class": "c", "style": {"a": "b"}}}],
        })),
        json!({"type": 3, "data": {"source": 5, "id": 12, "text": "w", "isChecked": false}}),
        json!({"type": 3, "data": {"source": 3, "id": 1, "x": 0, "y": 9}}),
        json!({"type": 3, "data": {"source": 8, "id": 13, "adds": [{"rule": "a{}"}]}}),
        json!({"type": 3, "data": {"source": 15, "id": 1, "styleIds": []}}),
    ];
    for event in &events {
        apply_to(&mut mirror, event, &mut log);
    }
    assert_eq!(
        log.0,
        [
            "snapshot 8",
            "removing p10[x11]",
            "added p10",
            "added x11",
            "text x to y",
            "id Some(\"a\") to None",
            "class None to Some(\"c\")",
            "style None to Some(\"a: b;\")",
            "input v false to w",
            "scrolled Some(9.0)",
            "sheet",
            "adopted",
        ]
    );
}
