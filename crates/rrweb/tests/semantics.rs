//! What rrweb's player does with unusual data, case by case.

#![allow(clippy::unwrap_used)]

use rrweb::mirror::{AttributeValue, Comparison, StyleChange};
use rrweb::{Limits, Mirror, NodeKey, Observer, Problem, Tape, keyframe};
use serde_json::{Value, json};

fn apply_to(mirror: &mut Mirror, event: &Value, observer: &mut impl Observer) {
    let mut tape = Tape::new();
    tape.parse(&event.to_string()).unwrap();
    mirror.apply(tape.root(), 0, observer);
}

fn element(id: i64, tag: &str, attributes: Value, children: Vec<Value>) -> Value {
    json!({"type": 2, "tagName": tag, "attributes": attributes, "childNodes": children, "id": id})
}

fn text(id: i64, content: &str) -> Value {
    json!({"type": 3, "textContent": content, "id": id})
}

fn with(mut node: Value, key: &str, value: Value) -> Value {
    node[key] = value;
    node
}

fn snapshot(body: Vec<Value>) -> Value {
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

fn mutation(lists: Value) -> Value {
    let mut data = json!({"source": 0, "removes": [], "adds": [], "texts": [], "attributes": []});
    for (key, value) in lists.as_object().unwrap() {
        data[key] = value.clone();
    }
    json!({"type": 3, "data": data})
}

fn add(parent: i64, next: Value, node: Value) -> Value {
    json!({"parentId": parent, "nextId": next, "node": node})
}

fn adds(list: Vec<Value>) -> Value {
    mutation(json!({ "adds": list }))
}

fn page(body: Vec<Value>, events: &[Value]) -> Mirror {
    page_with(Limits::default(), body, events)
}

fn page_with(limits: Limits, body: Vec<Value>, events: &[Value]) -> Mirror {
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
fn shape(mirror: &Mirror, id: i64) -> String {
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

fn count(mirror: &Mirror, problem: Problem) -> u64 {
    mirror.integrity().count(problem)
}

fn div(id: i64) -> Value {
    element(id, "div", json!({}), vec![])
}

fn style_of(mirror: &Mirror, id: i64) -> String {
    mirror.style_text(mirror.node_by_id(id).unwrap())
}

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

fn frame_document(id: i64, children: Vec<Value>) -> Value {
    json!({"type": 0, "childNodes": children, "id": id})
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

#[test]
fn sheet_text_is_cut_among_the_texts() {
    let style = |children| {
        element(
            10,
            "style",
            json!({"_cssText": "a{}/* rr_split */b{}/* rr_split */c{}"}),
            children,
        )
    };
    let two = || vec![style(vec![text(11, ""), text(12, "")])];
    let change = mutation(json!({"texts": [{"id": 11, "value": "x{}"}]}));
    let mirror = page(two(), &[change]);
    assert_eq!(style_of(&mirror, 10), "x{}b{}c{}");
    let removal = mutation(json!({"removes": [{"parentId": 10, "id": 12}]}));
    let mirror = page(two(), &[removal]);
    assert_eq!(style_of(&mirror, 10), "a{}");
    let addition = || adds(vec![add(10, json!(null), text(13, "d{}"))]);
    let mirror = page(two(), &[addition()]);
    assert_eq!(style_of(&mirror, 10), "a{}b{}c{}d{}");
    // The first text takes the place of the one without an id.
    let mirror = page(vec![style(vec![])], &[addition()]);
    assert_eq!(
        style_of(&mirror, 10),
        "a{}/* rr_split */b{}/* rr_split */c{}"
    );
    assert_eq!(shape(&mirror, 10), "style10[13]");
}

#[test]
fn edited_rules_go_when_the_text_changes() {
    let style = element(10, "style", json!({}), vec![text(11, "a{}")]);
    let rules = json!({"type": 3, "data": {"source": 8, "id": 10, "adds": [{"rule": "b{}", "index": 1}, {"rule": "c{}", "index": [0, 2]}], "removes": [{"index": 0}]}});
    let declaration = json!({"type": 3, "data": {"source": 13, "id": 10, "index": [0], "set": {"property": "color", "value": "red", "priority": "important"}}});
    let mirror = page(vec![style.clone()], &[rules.clone(), declaration.clone()]);
    let events = keyframe(&mirror, 0);
    assert!(events.contains(
        r#""source":8,"id":10,"adds":[{"rule":"b{}","index":1},{"rule":"c{}","index":[0,2]}]"#
    ));
    assert!(events.contains(r#""source":13,"id":10,"index":[0],"set":{"property":"color","value":"red","priority":"important"}"#));
    let change = mutation(json!({"texts": [{"id": 11, "value": "x{}"}]}));
    let mirror = page(vec![style], &[rules, declaration, change]);
    assert!(!keyframe(&mirror, 0).contains(r#""source":8"#));
}

#[test]
fn a_sheet_can_load_late() {
    let link = element(
        10,
        "link",
        json!({"rel": "stylesheet", "href": "http://a/b.css"}),
        vec![],
    );
    let late = mutation(
        json!({"attributes": [{"id": 10, "attributes": {"media": "all", "_cssText": "a{}"}}]}),
    );
    let mirror = page(vec![link], &[late]);
    assert_eq!(style_of(&mirror, 10), "a{}");
}

#[test]
fn constructed_sheets_in_both_dialects() {
    let adopt = json!({"type": 3, "data": {"source": 15, "id": 1, "styleIds": [1, 2], "styles": [{"styleId": 1, "rules": [{"rule": "a{}", "index": 0}]}, {"styleId": 2, "rules": []}]}});
    let edit = json!({"type": 3, "data": {"source": 8, "styleId": 2, "replaceSync": "b{} c{}"}});
    let share = json!({"type": 3, "data": {"source": 15, "id": 10, "styleIds": [2]}});
    let host = with(div(10), "isShadowHost", json!(true));
    let mirror = page(vec![host], &[adopt, edit, share]);
    assert_eq!(mirror.adopted_sheets(mirror.root().unwrap()), [1, 2]);
    assert_eq!(mirror.adopted_sheets(mirror.node_by_id(10).unwrap()), [2]);
    let inline = json!([{"styleId": 5, "rules": [{"rule": "a{}", "index": 0}]}]);
    let host = with(
        with(div(10), "isShadowHost", json!(true)),
        "adoptedStyleSheets",
        inline,
    );
    let mirror = page(vec![host], &[]);
    assert_eq!(mirror.adopted_sheets(mirror.node_by_id(10).unwrap()), [5]);
    assert!(keyframe(&mirror, 0).contains(r#""source":15,"id":10,"styleIds":[5],"styles":[{"styleId":5,"rules":[{"rule":"a{}","index":0}]}]"#));
}

#[test]
fn sheets_of_frames_are_defined_with_their_edits() {
    let mut attach = adds(vec![add(10, json!(null), frame_document(20, vec![]))]);
    attach["data"]["isAttachIframe"] = json!(true);
    let adopt = json!({"type": 3, "data": {"source": 15, "id": 20, "styleIds": [1], "styles": [{"styleId": 1, "rules": []}]}});
    let replace = json!({"type": 3, "data": {"source": 8, "styleId": 1, "replaceSync": "b{} c{}"}});
    let edit = json!({"type": 3, "data": {"source": 8, "styleId": 1, "removes": [{"index": 0}], "adds": [{"rule": "d{}", "index": 2}]}});
    let mut mirror = Mirror::new(Limits::default());
    let frame = element(10, "iframe", json!({}), vec![]);
    for event in [snapshot(vec![frame]), attach, adopt, replace, edit] {
        apply_to(&mut mirror, &event, &mut ());
    }
    assert!(
        keyframe(&mirror, 0)
            .contains(r#""rules":[{"rule":"c{}","index":0},{"rule":"d{}","index":1}]"#)
    );
}

#[test]
fn fields_keep_what_was_entered_apart_from_attributes() {
    let body = vec![
        element(
            10,
            "input",
            json!({"value": "given", "type": "text"}),
            vec![],
        ),
        element(
            11,
            "textarea",
            json!({"value": "long"}),
            vec![text(12, "old")],
        ),
        element(
            13,
            "select",
            json!({"value": "b"}),
            vec![
                element(14, "option", json!({}), vec![text(15, "a")]),
                element(16, "option", json!({"selected": true}), vec![text(17, "b")]),
            ],
        ),
        element(
            18,
            "input",
            json!({"type": "checkbox", "checked": true}),
            vec![],
        ),
    ];
    let input = |id: i64, text: &str, checked: bool| json!({"type": 3, "data": {"source": 5, "id": id, "text": text, "isChecked": checked}});
    let value = |mirror: &Mirror, id| {
        mirror
            .form_value(mirror.node_by_id(id).unwrap())
            .unwrap()
            .to_owned()
    };
    let mirror = page(body.clone(), &[]);
    assert_eq!(
        [10, 11, 13].map(|id| value(&mirror, id)),
        ["given", "long", "b"]
    );
    assert!(mirror.is_checked(mirror.node_by_id(18).unwrap()));
    assert!(mirror.node_by_id(12).is_none());
    let attribute = mutation(
        json!({"attributes": [{"id": 10, "attributes": {"value": "later"}}, {"id": 11, "attributes": {"value": "short"}}]}),
    );
    let mirror = page(
        body,
        &[
            input(10, "typed", false),
            input(18, "on", false),
            attribute,
            input(99, "gone", false),
        ],
    );
    assert_eq!([10, 11].map(|id| value(&mirror, id)), ["typed", "short"]);
    assert!(!mirror.is_checked(mirror.node_by_id(18).unwrap()));
    assert!(mirror.integrity().is_clean());
}

#[test]
fn a_whole_frame_of_a_canvas_replaces_the_commands() {
    let canvas = element(10, "canvas", json!({}), vec![]);
    let draw = |commands: Value| json!({"type": 3, "data": {"source": 9, "id": 10, "type": 0, "commands": commands}});
    let line = || draw(json!([{"property": "lineTo", "args": [1, 2]}]));
    let frame = draw(
        json!([{"property": "clearRect", "args": [0, 0, 9, 9]}, {"property": "drawImage", "args": [{"rr_type": "ImageBitmap", "args": []}, 0, 0]}]),
    );
    let events = |mirror: &Mirror| mirror.canvas_events(mirror.node_by_id(10).unwrap()).len();
    assert_eq!(events(&page(vec![canvas.clone()], &[line(), line()])), 2);
    assert_eq!(
        events(&page(vec![canvas.clone()], &[line(), frame, line()])),
        2
    );
    let resize = mutation(json!({"attributes": [{"id": 10, "attributes": {"width": "50"}}]}));
    assert_eq!(events(&page(vec![canvas.clone()], &[line(), resize])), 0);
    let limits = Limits {
        canvas_bytes: 1_000,
        ..Limits::default()
    };
    let mirror = page_with(limits, vec![canvas], &vec![line(); 100]);
    assert!((2..15).contains(&events(&mirror)));
    assert!(count(&mirror, Problem::CanvasLimit) > 0);
}

#[test]
fn media_play_on() {
    let video = element(
        10,
        "video",
        json!({"rr_mediaState": "played", "rr_mediaCurrentTime": 1.5, "rr_mediaPlaybackRate": 2}),
        vec![],
    );
    let mirror = page(vec![video], &[]);
    let media = mirror.media_state(mirror.node_by_id(10).unwrap()).unwrap();
    assert_eq!(media.current_time_at(3_000_000), Some(7.5));
    assert!(keyframe(&mirror, 3_000).contains(
        r#""rr_mediaState":"played","rr_mediaCurrentTime":7.5,"rr_mediaPlaybackRate":2"#
    ));
}

#[test]
fn a_closed_dialog_forgets_how_it_was_opened() {
    let dialog = element(
        10,
        "dialog",
        json!({"open": "", "rr_open_mode": "modal"}),
        vec![],
    );
    let close = mutation(json!({"attributes": [{"id": 10, "attributes": {"open": null}}]}));
    let mirror = page(vec![dialog], &[close]);
    assert_eq!(mirror.attributes(mirror.node_by_id(10).unwrap()).count(), 0);
}

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
