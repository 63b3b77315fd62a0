//! Nodes and their places.

use super::build::*;
use rrweb::mirror::AttributeValue;
use rrweb::{Limits, Mirror, NodeKey, Observer, Problem};
use serde_json::{Value, json};

#[test]
fn lists_are_applied_in_their_order() {
    let event = mutation(json!({
        "texts": [{"id": 12, "value": "first"}, {"id": 12, "value": "new"}],
        "attributes": [{"id": 10, "attributes": {"class": "b", "id": null}}],
        "adds": [add(4, json!(null), text(12, "old")), add(4, json!(12), element(10, "p", json!({"class": "a", "id": "x"}), vec![]))],
        "removes": [{"parentId": 4, "id": 10}, {"parentId": 4, "id": 10}, {"parentId": 10, "id": 11}],
    }));
    let mirror = page(
        vec![element(10, "p", json!({}), vec![text(11, "gone")])],
        &[event],
    );
    assert_eq!(shape(&mirror, 4), "body4[p10 new12]");
    let p = mirror.node_by_id(10).unwrap();
    let attributes: Vec<_> = mirror.attributes(p).collect();
    assert_eq!(attributes, [("class", AttributeValue::Text("b"))]);
    assert!(mirror.node_by_id(11).is_none());
    assert!(mirror.integrity().is_clean(), "{:?}", mirror.integrity());
}

#[test]
fn adds_come_in_any_order() {
    let list = vec![
        add(12, json!(null), text(13, "x")),
        add(4, json!(11), div(10)),
        add(4, json!(12), div(11)),
        add(4, json!(null), div(12)),
        add(99, json!(null), div(98)),
        add(4, json!(97), div(96)),
        add(96, json!(null), div(95)),
    ];
    let mirror = page(vec![], &[adds(list)]);
    assert_eq!(shape(&mirror, 4), "body4[div10 div11 div12[x13]]");
    assert_eq!(count(&mirror, Problem::OrphanAddDropped), 3);
}

#[test]
fn a_sibling_elsewhere_means_at_the_end() {
    let body = vec![element(10, "div", json!({}), vec![div(11)]), div(12)];
    let mirror = page(body, &[adds(vec![add(4, json!(11), div(13))])]);
    assert_eq!(shape(&mirror, 4), "body4[div10[div11] div12 div13]");
}

#[test]
fn previous_id_wins_if_it_is_there() {
    let mut first = add(4, json!(null), div(20));
    first["previousId"] = json!(10);
    let mut second = add(4, json!(10), div(21));
    second["previousId"] = json!(77);
    let mirror = page(vec![div(10), div(11)], &[adds(vec![first, second])]);
    assert_eq!(shape(&mirror, 4), "body4[div21 div10 div20 div11]");
}

#[test]
fn nodes_wait_for_the_sibling_that_names_them() {
    let mut aside = add(4, json!(-1), div(20));
    aside["previousId"] = json!(-1);
    let inner = add(20, json!(null), text(22, "inner"));
    let mut naming = add(4, json!(20), div(21));
    naming["previousId"] = json!(10);
    let events = [adds(vec![aside, inner]), adds(vec![naming])];
    let mirror = page(vec![div(10), div(11)], &events[..1]);
    assert_eq!(shape(&mirror, 4), "body4[div10 div11]");
    let mirror = page(vec![div(10), div(11)], &events);
    assert_eq!(shape(&mirror, 4), "body4[div10 div21 div20[inner22] div11]");
}

#[test]
fn an_equal_node_is_moved_and_another_replaces_it() {
    let body = || {
        vec![
            element(10, "p", json!({"a": "b"}), vec![text(11, "x")]),
            div(12),
        ]
    };
    let mirror = page(
        body(),
        &[adds(vec![add(
            12,
            json!(null),
            element(10, "p", json!({"a": "b"}), vec![]),
        )])],
    );
    assert_eq!(shape(&mirror, 4), "body4[div12[p10[x11]]]");
    let mirror = page(
        body(),
        &[adds(vec![add(
            12,
            json!(null),
            element(10, "p", json!({"a": "c"}), vec![]),
        )])],
    );
    assert_eq!(shape(&mirror, 4), "body4[div12[p10]]");
    assert_eq!(count(&mirror, Problem::DuplicateId), 1);
    // Before itself it stays where it is.
    let mirror = page(body(), &[adds(vec![add(4, json!(12), div(12))])]);
    assert_eq!(shape(&mirror, 4), "body4[p10[x11] div12]");
}

#[test]
fn a_node_cannot_be_under_itself() {
    let body = vec![element(10, "div", json!({}), vec![div(11)])];
    let list = vec![
        add(11, json!(null), div(10)),
        add(10, json!(null), div(10)),
        add(
            4,
            json!(null),
            json!({"type": 0, "id": 1, "childNodes": []}),
        ),
    ];
    let mirror = page(body, &[adds(list)]);
    assert_eq!(shape(&mirror, 4), "body4[div10[div11]]");
    assert_eq!(count(&mirror, Problem::Cycle), 2);
}

#[test]
fn shadow_roots_are_a_second_list() {
    let shadow = |id| with(div(id), "isShadow", json!(true));
    let host = with(
        element(10, "x-a", json!({}), vec![div(11), shadow(12)]),
        "isShadowHost",
        json!(true),
    );
    let events = [
        adds(vec![
            add(10, json!(12), shadow(13)),
            add(10, json!(null), div(14)),
        ]),
        adds(vec![
            add(15, json!(null), shadow(16)),
            add(4, json!(null), div(15)),
        ]),
        mutation(json!({"removes": [{"parentId": 10, "id": 12, "isShadow": true}]})),
    ];
    let mirror = page(vec![host], &events);
    assert_eq!(
        shape(&mirror, 4),
        "body4[x-a10[div11 div14]{div13} div15{div16}]"
    );
    let inner = mirror.node_by_id(16).unwrap();
    assert!(mirror.is_in_shadow(inner) && mirror.is_shadow_host(mirror.parent(inner).unwrap()));
    assert!(!mirror.is_in_shadow(mirror.node_by_id(11).unwrap()));
}

#[test]
fn documents_of_frames_replace_each_other_and_may_be_early() {
    let frame = || element(10, "iframe", json!({}), vec![]);
    let inner = |id| {
        with(
            with(element(id, "html", json!({}), vec![]), "rootId", json!(20)),
            "x",
            json!(0),
        )
    };
    let attach = |document, parent| {
        let mut event = adds(vec![add(parent, json!(null), document)]);
        event["data"]["isAttachIframe"] = json!(true);
        event
    };
    let nested = element(21, "iframe", json!({}), vec![]);
    let events = [
        attach(frame_document(30, vec![div(31)]), 21),
        attach(frame_document(20, vec![nested]), 10),
    ];
    let mut mirror = page(vec![frame()], &events);
    let document = mirror
        .frame_document(mirror.node_by_id(10).unwrap())
        .unwrap();
    assert_eq!(shape(&mirror, 20), "20[iframe21]");
    assert_eq!(shape(&mirror, 30), "30[div31]");
    assert_eq!(
        mirror.parent(document).map(|frame| mirror.id(frame)),
        Some(10)
    );
    assert_eq!(
        mirror.document_of(mirror.node_by_id(31).unwrap()),
        mirror.node_by_id(30)
    );
    apply_to(
        &mut mirror,
        &attach(frame_document(40, vec![inner(41)]), 10),
        &mut (),
    );
    assert!(mirror.node_by_id(31).is_none() && mirror.node_by_id(20).is_none());
    assert_eq!(shape(&mirror, 40), "40[html41]");
    // A node of a document that is gone.
    apply_to(
        &mut mirror,
        &adds(vec![add(40, json!(null), inner(42))]),
        &mut (),
    );
    assert_eq!(count(&mirror, Problem::UnknownRoot), 1);
    apply_to(
        &mut mirror,
        &mutation(json!({"removes": [{"parentId": 4, "id": 10}]})),
        &mut (),
    );
    assert_eq!(mirror.node_count(), 4);
    // Early by a whole snapshot.
    let mut early = Mirror::new(Limits::default());
    apply_to(
        &mut early,
        &attach(frame_document(20, vec![div(21)]), 10),
        &mut (),
    );
    apply_to(&mut early, &snapshot(vec![frame()]), &mut ());
    assert_eq!(shape(&early, 20), "20[div21]");
}

#[test]
fn the_document_has_one_root_element() {
    let event = adds(vec![
        add(1, json!(null), element(20, "html", json!({}), vec![])),
        add(
            1,
            json!(20),
            json!({"type": 1, "name": "html", "publicId": "p", "systemId": "", "id": 21}),
        ),
    ]);
    let mirror = page(vec![], &[event]);
    assert_eq!(shape(&mirror, 1), "1[html21 html20]");
}

/// Keeps the ids of what was announced, each exactly once.
#[derive(Default)]
struct Announced(Vec<i64>);

impl Observer for Announced {
    fn snapshot(&mut self, mirror: &Mirror) {
        self.0 = mirror.walk().map(|node| mirror.id(node)).collect();
    }
    fn added(&mut self, mirror: &Mirror, node: NodeKey) {
        let new = mirror.descendants(node).map(|node| mirror.id(node));
        self.0.extend(new);
    }
    fn removing(&mut self, mirror: &Mirror, node: NodeKey) {
        for node in mirror.descendants(node) {
            let id = mirror.id(node);
            let at = self.0.iter().position(|known| *known == id);
            self.0.swap_remove(at.expect("removed but never added"));
        }
    }
}

/// Applies the events and compares what was announced with what is in the page.
fn observed(events: &[Value]) -> Mirror {
    let mut mirror = Mirror::new(Limits::default());
    let mut announced = Announced::default();
    for event in events {
        apply_to(&mut mirror, event, &mut announced);
        let mut ids: Vec<i64> = mirror.walk().map(|node| mirror.id(node)).collect();
        ids.sort_unstable();
        announced.0.sort_unstable();
        assert_eq!(announced.0, ids, "after {event}");
    }
    mirror
}

fn attach(frame: i64, document: Value) -> Value {
    adds(vec![add(frame, json!(null), document)])
}

fn waiting(parent: i64, node: Value) -> Value {
    add(parent, json!(-1), node)
}

fn frame(id: i64, children: Vec<Value>) -> Value {
    element(id, "iframe", json!({}), children)
}

#[test]
fn a_document_that_takes_a_place_or_an_id_announces_what_goes() {
    let document = || frame_document(20, vec![div(21)]);
    let mirror = observed(&[
        snapshot(vec![frame(10, vec![]), div(11)]),
        attach(10, document()),
        attach(10, document()),
        attach(10, frame_document(11, vec![div(22)])),
    ]);
    assert_eq!(shape(&mirror, 11), "11[div22]");
    assert_eq!(shape(&mirror, 4), "body4[iframe10]");
    let odd = with(div(12), "isShadow", json!(true));
    observed(&[
        snapshot(vec![frame(10, vec![odd])]),
        attach(10, frame_document(12, vec![])),
    ]);
}

#[test]
fn the_document_of_a_frame_with_a_shadow_root_is_in_the_page() {
    let odd = with(div(11), "isShadow", json!(true));
    let mirror = observed(&[
        snapshot(vec![frame(10, vec![div(12), odd]), div(13)]),
        attach(10, frame_document(20, vec![div(21)])),
    ]);
    let ids: Vec<i64> = mirror.walk().map(|node| mirror.id(node)).collect();
    assert_eq!(ids, [1, 2, 3, 4, 10, 12, 11, 20, 21, 13]);
}

#[test]
fn nodes_set_aside_are_announced_when_they_come() {
    let naming = with(add(4, json!(10), div(30)), "previousId", json!(20));
    let mirror = observed(&[
        snapshot(vec![div(10)]),
        adds(vec![waiting(4, frame(20, vec![])), waiting(4, div(24))]),
        attach(20, frame_document(21, vec![div(22)])),
        adds(vec![naming]),
    ]);
    assert_eq!(shape(&mirror, 4), "body4[iframe20 div30 div10]");
    // A document that takes the id of a waiting node ends its wait.
    let naming = with(add(4, json!(10), div(30)), "previousId", json!(20));
    let mirror = observed(&[
        snapshot(vec![div(10), frame(11, vec![])]),
        adds(vec![waiting(4, div(20))]),
        attach(11, frame_document(20, vec![div(21)])),
        adds(vec![naming]),
    ]);
    assert_eq!(shape(&mirror, 4), "body4[div30 div10 iframe11]");
    // It cannot come below itself, and goes on waiting.
    let naming = with(add(20, json!(null), div(30)), "previousId", json!(20));
    let mirror = observed(&[
        snapshot(vec![div(10)]),
        adds(vec![waiting(4, div(20))]),
        adds(vec![naming, add(20, json!(null), div(31))]),
    ]);
    assert_eq!(count(&mirror, Problem::Cycle), 1);
}

#[test]
fn an_early_document_is_lost_when_its_parent_is_no_frame() {
    let early = attach(10, frame_document(20, vec![div(21)]));
    let comes = |node| adds(vec![add(4, json!(null), node)]);
    let mirror = page(vec![], &[early.clone(), comes(div(10))]);
    assert_eq!(count(&mirror, Problem::UnsupportedContent), 1);
    let mirror = page(vec![], &[early.clone(), comes(frame(10, vec![]))]);
    assert_eq!(shape(&mirror, 20), "20[div21]");
    // Of several the last one stays, and what waits for a node in it goes on.
    let newer = attach(10, frame_document(22, vec![div(23)]));
    let inner = add(23, json!(null), div(24));
    let both = adds(vec![inner, add(4, json!(null), frame(10, vec![]))]);
    let mirror = page(vec![], &[early, newer, both]);
    assert_eq!(shape(&mirror, 22), "22[div23[div24]]");
    assert!(mirror.node_by_id(20).is_none());
}

#[test]
fn only_elements_and_doctypes_have_names() {
    let odd = with(text(10, "x"), "tagName", json!("canvas"));
    let draw = json!({"type": 3, "data": {"source": 9, "id": 10, "type": 0, "property": "fill", "args": []}});
    let mirror = page(vec![odd], &[draw]);
    assert_eq!(shape(&mirror, 4), "body4[x10]");
    assert_eq!(count(&mirror, Problem::UnsupportedContent), 1);
}

#[test]
fn a_textarea_with_a_value_has_no_place_for_elements() {
    let field = element(10, "textarea", json!({"value": "v"}), vec![]);
    let inside = |node| adds(vec![add(10, json!(null), node)]);
    let mirror = page(vec![field.clone()], &[inside(div(11))]);
    assert_eq!(shape(&mirror, 4), "body4[textarea10]");
    let mirror = page(vec![field], &[inside(text(11, "t")), inside(div(12))]);
    assert_eq!(shape(&mirror, 4), "body4[textarea10[t11 div12]]");
}
