//! What is not in the tree: fields, canvases, media, scroll.

use super::build::*;
use rrweb::{Limits, Mirror, Problem, keyframe};
use serde_json::{Value, json};

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
fn a_scrolled_window_forgets_where_its_root_element_was() {
    let scrolled = |mode: &str, tag| {
        let mut event = snapshot(vec![]);
        let document = &mut event["data"]["node"];
        if !mode.is_empty() {
            document["compatMode"] = json!(mode);
        }
        let html = &mut document["childNodes"][1];
        let node = if tag == "html" {
            html
        } else {
            &mut html["childNodes"][0]
        };
        node["attributes"] = json!({"rr_scrollTop": 50});
        let scroll = json!({"type": 3, "data": {"source": 3, "id": 1, "x": 0, "y": 90}});
        let mut mirror = Mirror::new(Limits::default());
        apply_to(&mut mirror, &event, &mut ());
        assert!(keyframe(&mirror, 0).contains(r#""rr_scrollTop":50"#));
        apply_to(&mut mirror, &scroll, &mut ());
        keyframe(&mirror, 0)
    };
    for (mode, tag) in [("", "html"), ("BackCompat", "html"), ("BackCompat", "body")] {
        let events = scrolled(mode, tag);
        assert!(events.contains(r#""initialOffset":{"left":0,"top":90}"#));
        assert!(!events.contains("50"), "{mode} {tag}: {events}");
    }
    // This body scrolls by itself.
    assert!(scrolled("", "body").contains(r#""rr_scrollTop":50"#));
}
