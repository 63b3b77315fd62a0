//! Data that nobody's browser wrote: nothing panics, time and memory stay bounded.

#![allow(clippy::unwrap_used)]

mod support;

use proptest::prelude::*;
use rrweb::{Limits, Mirror, NodeKey, Observer, Problem, Tape, keyframe};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Far above what a debug build on a busy machine needs, far below what a quadratic
/// walk would take.
const PATIENCE: Duration = Duration::from_secs(20);

fn apply(mirror: &mut Mirror, json: &str) {
    let mut tape = Tape::new();
    tape.parse(json).unwrap();
    mirror.apply(tape.root(), 0, &mut ());
}

const PAGE: &str = r#"{"type":2,"data":{"node":{"type":0,"id":1,"childNodes":[{"type":2,"tagName":"html","attributes":{},"id":3,"childNodes":[{"type":2,"tagName":"body","attributes":{},"id":4,"childNodes":[]}]}]}}}"#;

fn page(limits: Limits) -> Mirror {
    let mut mirror = Mirror::new(limits);
    apply(&mut mirror, PAGE);
    mirror
}

fn adds(list: impl Iterator<Item = String>) -> String {
    let list: Vec<String> = list.collect();
    format!(
        r#"{{"type":3,"data":{{"source":0,"adds":[{}],"removes":[],"texts":[],"attributes":[]}}}}"#,
        list.join(",")
    )
}

fn add(parent: u64, next: &str, id: u64) -> String {
    format!(
        r#"{{"parentId":{parent},"nextId":{next},"node":{{"type":2,"tagName":"i","attributes":{{}},"childNodes":[],"id":{id}}}}}"#
    )
}

#[test]
fn siblings_in_the_worst_order() {
    let start = Instant::now();
    let count = 50_000;
    let mut mirror = page(Limits::default());
    // Each names the one that comes after it in the list.
    let next = |n: u64| {
        if n + 1 == count {
            "null".to_owned()
        } else {
            (11 + n).to_string()
        }
    };
    apply(
        &mut mirror,
        &adds((0..count).map(|n| add(4, &next(n), 10 + n))),
    );
    assert_eq!(mirror.node_count() as u64, count + 3);
    let body = mirror.node_by_id(4).unwrap();
    let ids: Vec<i64> = mirror.children(body).map(|node| mirror.id(node)).collect();
    assert!(ids.is_sorted() && ids.len() as u64 == count);
    // All before the first one, all removed one by one.
    apply(
        &mut mirror,
        &adds((0..count).map(|n| add(4, "10", 1_000_000 + n))),
    );
    let removes: Vec<String> = (0..count)
        .rev()
        .map(|n| format!(r#"{{"parentId":4,"id":{}}}"#, 10 + n))
        .collect();
    apply(
        &mut mirror,
        &format!(
            r#"{{"type":3,"data":{{"source":0,"removes":[{}]}}}}"#,
            removes.join(",")
        ),
    );
    assert_eq!(mirror.node_count() as u64, count + 3);
    assert!(mirror.integrity().is_clean());
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn children_before_parents_and_too_deep() {
    let start = Instant::now();
    let mut mirror = page(Limits::default());
    apply(
        &mut mirror,
        &adds(
            (0..50_000)
                .rev()
                .map(|n| add(if n == 0 { 4 } else { 9 + n }, "null", 10 + n)),
        ),
    );
    let depth = u64::from(Limits::default().depth);
    // The document and `html` are levels 0 and 1, the body is 2.
    assert_eq!(mirror.node_count() as u64, 3 + depth - 2);
    assert_eq!(mirror.integrity().count(Problem::DepthLimit), 1);
    let events = keyframe(&mirror, 0);
    let mut tape = Tape::new();
    assert!(events.lines().all(|event| tape.parse(event).is_ok()));
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn a_big_subtree_moved_to_and_fro() {
    let start = Instant::now();
    let mut mirror = page(Limits::default());
    apply(
        &mut mirror,
        &adds(
            [add(4, "null", 10), add(4, "null", 11), add(4, "null", 12)]
                .into_iter()
                .chain((0..50_000).map(|n| add(10, "null", 100 + n))),
        ),
    );
    apply(
        &mut mirror,
        &adds((0..20_000).map(|n| add(11 + n % 2, "null", 10))),
    );
    assert!(mirror.integrity().count(Problem::NodeLimit) > 0);
    assert_eq!(mirror.node_count(), 6);
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn limits_hold() {
    let limits = Limits {
        nodes: 100,
        text_bytes: 1_000,
        attributes: 5,
        names: 60,
        constructed_sheets: 3,
        fonts: 2,
        waiting: 4,
        memory_bytes: 200_000,
        ..Limits::default()
    };
    let mut mirror = page(limits);
    apply(&mut mirror, &adds((0..200).map(|n| add(4, "null", 10 + n))));
    assert_eq!(mirror.node_count(), 100);
    let long = "é".repeat(5_000);
    let attributes: Vec<String> = (0..50).map(|n| format!(r#""a{n}":"x""#)).collect();
    apply(
        &mut mirror,
        &format!(
            r#"{{"type":3,"data":{{"source":0,"attributes":[{{"id":10,"attributes":{{{},"long":"{long}"}}}}]}}}}"#,
            attributes.join(",")
        ),
    );
    assert_eq!(mirror.attributes(mirror.node_by_id(10).unwrap()).count(), 5);
    for n in 0..9 {
        apply(
            &mut mirror,
            &format!(r#"{{"type":3,"data":{{"source":10,"family":"f{n}"}}}}"#),
        );
        apply(
            &mut mirror,
            &format!(
                r#"{{"type":3,"data":{{"source":15,"id":1,"styleIds":[{n}],"styles":[{{"styleId":{n},"rules":[]}}]}}}}"#
            ),
        );
        let early = format!(
            r#"{{"parentId":{},"node":{{"type":0,"id":{},"childNodes":[]}}}}"#,
            5_000 + n,
            6_000 + n
        );
        apply(&mut mirror, &adds(std::iter::once(early)));
    }
    for _ in 0..1_000 {
        apply(
            &mut mirror,
            &format!(
                r#"{{"type":3,"data":{{"source":5,"id":10,"text":"{}"}}}}"#,
                "y".repeat(900)
            ),
        );
        apply(
            &mut mirror,
            &format!(
                r#"{{"type":3,"data":{{"source":8,"styleId":1,"adds":[{{"rule":"{}","index":0}}]}}}}"#,
                "z".repeat(900)
            ),
        );
    }
    assert!(
        mirror.memory_bytes() < 2 * 200_000,
        "{}",
        mirror.memory_bytes()
    );
    for problem in [
        Problem::NodeLimit,
        Problem::TextLimit,
        Problem::AttributeLimit,
        Problem::FontLimit,
        Problem::SheetLimit,
        Problem::WaitingLimit,
        Problem::MemoryLimit,
    ] {
        assert!(mirror.integrity().count(problem) > 0, "{problem:?}");
    }
}

#[test]
fn edited_sheets_are_folded() {
    let start = Instant::now();
    let mut mirror = page(Limits::default());
    let style = r#"{"parentId":4,"nextId":null,"node":{"type":2,"tagName":"style","attributes":{"_cssText":"a{}b{}"},"childNodes":[],"id":10}}"#;
    apply(&mut mirror, &adds(std::iter::once(style.to_owned())));
    for n in 0..30_000 {
        apply(
            &mut mirror,
            &format!(
                r#"{{"type":3,"data":{{"source":8,"id":10,"adds":[{{"rule":".r{n}{{}}","index":2}}]}}}}"#
            ),
        );
        apply(
            &mut mirror,
            r#"{"type":3,"data":{"source":13,"id":10,"index":[0],"set":{"property":"top","value":"1px"}}}"#,
        );
        apply(
            &mut mirror,
            r#"{"type":3,"data":{"source":8,"id":10,"removes":[{"index":2}]}}"#,
        );
    }
    assert!(keyframe(&mirror, 0).len() < 1_000_000);
    assert!(mirror.memory_bytes() < 2_000_000);
    assert!(start.elapsed() < PATIENCE);
}

/// Keeps the ids of all nodes that were announced and not removed.
#[derive(Default)]
struct Index(BTreeSet<i64>);

impl Observer for Index {
    fn snapshot(&mut self, mirror: &Mirror) {
        self.0 = mirror.walk().map(|node| mirror.id(node)).collect();
    }
    fn added(&mut self, mirror: &Mirror, node: NodeKey) {
        for node in mirror.descendants(node) {
            assert!(self.0.insert(mirror.id(node)), "announced twice");
        }
    }
    fn removing(&mut self, mirror: &Mirror, node: NodeKey) {
        for node in mirror.descendants(node) {
            assert!(self.0.remove(&mirror.id(node)), "was never announced");
        }
    }
}

fn ids_in_page(mirror: &Mirror) -> BTreeSet<i64> {
    mirror.walk().map(|node| mirror.id(node)).collect()
}

#[test]
fn an_index_kept_by_an_observer_is_right() {
    for session in support::sessions() {
        let mut index = Index::default();
        let mut mirror = Mirror::new(Limits::default());
        session.play(&mut mirror, i64::MIN, i64::MAX, &mut index);
        assert_eq!(index.0, ids_in_page(&mirror), "{}", session.name);
    }
}

fn some_id() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 1i64..24, 1 => Just(-1), 1 => Just(0), 1 => any::<i64>()]
}

fn some_node(depth: u32) -> BoxedStrategy<Value> {
    let tag = prop::sample::select(vec![
        "div", "style", "link", "iframe", "textarea", "input", "select", "option", "canvas",
        "html", "x-a", "video",
    ]);
    let children = if depth == 0 {
        Just(Vec::new()).boxed()
    } else {
        prop::collection::vec(some_node(depth - 1), 0..4).boxed()
    };
    let attributes = prop::sample::select(vec![
        json!({}),
        json!({"_cssText": "a{}/* rr_split */b{}", "rel": "x"}),
        json!({"value": "v", "checked": true, "rr_scrollTop": 5, "rr_mediaState": "played", "rr_mediaCurrentTime": 1}),
        json!({"style": "margin: 1px", "selected": false, "n": 1.5, "null": null, "odd": [1]}),
    ]);
    (0i64..7, some_id(), tag, attributes, children, prop::option::of(some_id()), any::<[bool; 3]>())
        .prop_map(|(kind, id, tag, attributes, children, root, [shadow, host, svg])| {
            let mut node = json!({"type": kind, "id": id, "tagName": tag, "name": tag, "attributes": attributes, "childNodes": children, "textContent": "text", "isShadow": shadow && kind != 0, "isShadowHost": host, "isSVG": svg});
            if let Some(root) = root.filter(|root| *root == 1) {
                node["rootId"] = json!(root);
            }
            node
        })
        .boxed()
}

/// An event whose finding can be read, and pasted into a test.
#[derive(Clone)]
struct Event(Value);

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn some_event() -> impl Strategy<Value = Event> {
    let next = prop_oneof![3 => Just(Value::Null), 3 => some_id().prop_map(Value::from)];
    let add = (some_id(), next, prop::option::of(some_id()), some_node(1)).prop_map(
        |(parent, next, previous, node)| {
            let mut add = json!({"parentId": parent, "nextId": next, "node": node});
            if let Some(previous) = previous {
                add["previousId"] = json!(previous);
            }
            add
        },
    );
    let remove =
        (some_id(), some_id()).prop_map(|(parent, id)| json!({"parentId": parent, "id": id}));
    let text = some_id().prop_map(|id| json!({"id": id, "value": "new"}));
    let change = prop::sample::select(vec![
        json!({"style": {"margin-top": false, "color": ["red", "important"], "x": "y"}}),
        json!({"_cssText": "z{}", "media": "all"}),
        json!({"value": "w", "open": null, "width": "5"}),
        json!({"class": "a", "_cssText": null, "bad": {"x": 1}}),
    ]);
    let attribute = (some_id(), change)
        .prop_map(|(id, attributes)| json!({"id": id, "attributes": attributes}));
    let mutation = (
        prop::collection::vec(remove, 0..3),
        prop::collection::vec(add, 0..5),
        prop::collection::vec(text, 0..2),
        prop::collection::vec(attribute, 0..2),
    )
        .prop_map(|(removes, adds, texts, attributes)| json!({"type": 3, "data": {"source": 0, "removes": removes, "adds": adds, "texts": texts, "attributes": attributes}}));
    let snapshot = some_node(3).prop_map(|mut node| {
        node["type"] = json!(0);
        node["isShadow"] = json!(false);
        json!({"type": 2, "data": {"node": node, "initialOffset": {"left": 1, "top": 2}}})
    });
    let index = prop::sample::select(vec![
        json!(0),
        json!(7),
        json!([0, 1]),
        json!([]),
        json!(null),
        json!("x"),
    ]);
    let other = (0i64..18, some_id(), index, 0i64..3).prop_map(|(source, id, index, style_id)| {
        let mut data = json!({
            "source": source, "id": id, "x": 1, "y": 2.5, "type": 2, "text": "t", "isChecked": true,
            "positions": [{"x": 3, "y": 4, "id": id, "timeOffset": -5}], "index": index, "currentTime": 2,
            "adds": [{"rule": "r{}", "index": index}], "removes": [{"index": index}], "set": {"property": "p", "value": "v"},
            "styleIds": [style_id, 2], "styles": [{"styleId": style_id, "rules": [{"rule": "s{}", "index": index}]}],
            "ranges": [{"start": id, "startOffset": 0, "end": id, "endOffset": 1}], "define": {"name": "x-a"}, "width": 5, "height": 6,
        });
        if style_id > 0 && source != 15 {
            data["styleId"] = json!(style_id);
        }
        json!({"type": 3, "data": data})
    });
    prop_oneof![4 => mutation, 1 => snapshot, 2 => other].prop_map(Event)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_events_leave_a_sound_page(events in prop::collection::vec(some_event(), 1..40)) {
        let mut mirror = page(Limits::default());
        let mut index = Index(ids_in_page(&mirror));
        let mut tape = Tape::new();
        for event in events {
            tape.parse(&event.0.to_string()).unwrap();
            mirror.apply(tape.root(), 5_000, &mut index);
            prop_assert_eq!(&index.0, &ids_in_page(&mirror));
        }
        let seen: Vec<NodeKey> = mirror.walk().collect();
        for node in &seen {
            prop_assert_eq!(mirror.node_by_id(mirror.id(*node)), Some(*node));
            let siblings = mirror.parent(*node).map(|parent| {
                let all = mirror.children(parent).chain(mirror.shadow_children(parent));
                all.chain(mirror.frame_document(parent)).collect::<Vec<_>>()
            });
            prop_assert!(siblings.is_none_or(|siblings| siblings.contains(node)));
        }
        let events = keyframe(&mirror, 5);
        let mut again = Mirror::new(Limits::default());
        for event in events.lines() {
            tape.parse(event).unwrap();
            again.apply(tape.root(), 5_000, &mut ());
        }
        let second = keyframe(&again, 5);
        let first_change = events.lines().zip(second.lines()).find(|(one, other)| one != other);
        prop_assert!(events == second, "{first_change:#?}");
        // The count of bytes has not drifted: a page taken away leaves none.
        let empty = r#"{"type":2,"data":{"node":{"type":0,"id":1,"childNodes":[]}}}"#;
        let before = mirror.memory_bytes();
        tape.parse(empty).unwrap();
        mirror.apply(tape.root(), 0, &mut ());
        prop_assert!(mirror.memory_bytes() <= before.max(20_000));
    }

    #[test]
    fn any_json_is_survived(json in r#"\{"type":[2-4],"data":\{("[a-z]{1,9}":[0-9\[\]{}"a-z,:]{0,20},?){0,6}\}\}"#) {
        let mut tape = Tape::new();
        let mut mirror = page(Limits::default());
        if tape.parse(&json).is_ok() {
            mirror.apply(tape.root(), 0, &mut ());
        }
    }
}
