//! Every rule of the playback wall, each with a neighbour that must stay.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use privacy::Preparer;
use serde_json::{Value, json};

fn element(tag: &str, attributes: Value) -> Value {
    json!({ "type": 2, "id": 5, "tagName": tag, "attributes": attributes, "childNodes": [] })
}

fn snapshot(node: Value) -> Value {
    let document =
        json!({ "type": 0, "id": 1, "childNodes": [{ "type": 1, "name": "html", "id": 2 }, node] });
    json!({ "type": 2, "timestamp": 1, "data": { "node": document, "initialOffset": { "left": 0, "top": 0 } } })
}

fn added(node: Value) -> Value {
    let adds = json!([{ "parentId": 1, "nextId": null, "node": node }]);
    json!({ "type": 3, "timestamp": 1, "data": { "source": 0, "texts": [], "attributes": [], "removes": [], "adds": adds } })
}

fn changed(attributes: Value) -> Value {
    let attributes = json!([{ "id": 5, "attributes": attributes }]);
    json!({ "type": 3, "timestamp": 1, "data": { "source": 0, "texts": [], "attributes": attributes, "removes": [], "adds": [] } })
}

/// With the events that follow it, separated by commas.
fn for_player(json: &str) -> String {
    let mut preparer = Preparer::new(None);
    preparer.text(json);
    preparer.take().into_recorded_json()
}

/// Without the events that follow it.
fn first_for_player(json: &str) -> Value {
    let events: Vec<Value> = serde_json::from_str(&format!("[{}]", for_player(json))).unwrap();
    events.into_iter().next().unwrap()
}

/// `None` when nothing had to change.
fn sanitised(event: &Value) -> Option<Value> {
    let clean = first_for_player(&event.to_string());
    (clean != *event).then_some(clean)
}

/// The element loses exactly the attributes named in `lost`, in a snapshot and when
/// it is added later.
#[track_caller]
fn check_element(tag: &str, attributes: Value, lost: &[&str]) {
    let mut kept = attributes.clone();
    kept.as_object_mut()
        .unwrap()
        .retain(|name, _| !lost.contains(&name.as_str()));
    let (given, kept) = (element(tag, attributes), element(tag, kept));
    let expected = |event: Value| (!lost.is_empty()).then_some(event);
    assert_eq!(
        sanitised(&snapshot(given.clone())),
        expected(snapshot(kept.clone()))
    );
    assert_eq!(sanitised(&added(given)), expected(added(kept)));
}

/// The same for a change of attributes.
#[track_caller]
fn check_change(attributes: Value, lost: &[&str]) {
    let mut kept = attributes.clone();
    kept.as_object_mut()
        .unwrap()
        .retain(|name, _| !lost.contains(&name.as_str()));
    assert_eq!(
        sanitised(&changed(attributes)),
        (!lost.is_empty()).then(|| changed(kept))
    );
}

#[test]
fn handlers_go_whatever_their_case() {
    let attributes = json!({ "onclick": "a()", "ONLOAD": "a()", "onwhatever": true, "data-on": "x", "one": "1", "class": "online" });
    // `one` starts like a handler; nobody misses it.
    check_element(
        "div",
        attributes.clone(),
        &["onclick", "ONLOAD", "onwhatever", "one"],
    );
    check_change(attributes, &["onclick", "ONLOAD", "onwhatever", "one"]);
}

#[test]
fn attributes_that_act_go_everywhere() {
    let attributes = json!({ "srcdoc": "<p>", "target": "_top", "PING": "/x", "autofocus": true, "nonce": "n", "title": "target", "srcset": "a 1x" });
    check_element(
        "a",
        attributes.clone(),
        &["srcdoc", "target", "PING", "autofocus", "nonce"],
    );
    check_change(
        attributes,
        &["srcdoc", "target", "PING", "autofocus", "nonce"],
    );
}

#[test]
fn script_urls_go_however_they_are_written() {
    for url in [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "\u{1}javascript\t:alert(1)",
        "vbscript:x",
        "VBSCRIPT:x",
        "data:text/html,<script>",
        "data: text/html;base64,xx",
        "DATA:TEXT/HTML",
        "data:application/xhtml+xml,x",
        "data:text/xml,x",
    ] {
        for name in [
            "href",
            "src",
            "action",
            "formaction",
            "xlink:href",
            "poster",
            "background",
            "to",
            "from",
            "values",
        ] {
            check_element("x", json!({ name: url, "id": "kept" }), &[name]);
            check_change(json!({ name: url, "id": "kept" }), &[name]);
        }
    }
    check_element(
        "animate",
        json!({ "attributeName": "x", "values": "1; javascript:alert(1)" }),
        &["values"],
    );
}

#[test]
fn ordinary_urls_and_innocent_words_stay() {
    for url in [
        "https://a.test/javascript:alert(1)",
        "/javascript",
        "#javascript:",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:image/png;base64,xx",
        "data:text/css,a",
        "blob:https://a.test/1",
        "mailto:a@b.test",
        "",
        "javascript&colon;alert(1)",
    ] {
        for name in ["href", "src", "action", "xlink:href", "poster"] {
            check_element("img", json!({ name: url }), &[]);
            check_change(json!({ name: url }), &[]);
        }
    }
    check_element(
        "p",
        json!({ "title": "javascript:alert(1)", "aria-label": "data:text/html", "value": "vbscript:" }),
        &[],
    );
}

#[test]
fn documents_in_documents_are_not_loaded() {
    for tag in ["iframe", "FRAME", "embed", "object"] {
        check_element(
            tag,
            json!({ "src": "https://a.test", "data": "/x.swf", "rr_width": "3px", "name": "f" }),
            &["src", "data"],
        );
    }
    check_element(
        "iframe",
        json!({ "rr_src": "https://a.test", "SRCDOC": "<p>" }),
        &["SRCDOC"],
    );
    check_element(
        "img",
        json!({ "src": "https://a.test/x.png", "data": "x" }),
        &[],
    );
    check_element("video", json!({ "src": "https://a.test/x.mp4" }), &[]);
    // The element of a change is unknown; only objects have `data`.
    check_change(
        json!({ "data": "/x.swf", "src": "https://a.test", "data-x": "y" }),
        &["data"],
    );
}

#[test]
fn a_base_loses_its_address_and_a_link_keeps_it() {
    check_element(
        "base",
        json!({ "href": "https://a.test", "target": "_top", "id": "b" }),
        &["href", "target"],
    );
    check_element("a", json!({ "href": "https://a.test" }), &[]);
}

#[test]
fn a_meta_that_acts_loses_its_content() {
    check_element(
        "meta",
        json!({ "http-equiv": "refresh", "content": "0;url=https://a.test" }),
        &["content"],
    );
    check_element(
        "META",
        json!({ "HTTP-EQUIV": "Content-Security-Policy", "CONTENT": "x" }),
        &["CONTENT"],
    );
    check_element(
        "meta",
        json!({ "name": "viewport", "content": "width=device-width" }),
        &[],
    );
    check_element("p", json!({ "http-equiv": "refresh", "content": "x" }), &[]);
    check_change(
        json!({ "http-equiv": "refresh", "content": "0;url=https://a.test", "name": "x" }),
        &["http-equiv", "content"],
    );
}

#[test]
fn scripts_become_empty_noscripts() {
    for tag in ["script", "SCRIPT", "svg:script"] {
        let script = json!({ "type": 2, "id": 5, "tagName": tag, "attributes": { "src": "/x.js", "type": "module" },
            "childNodes": [{ "type": 3, "id": 6, "textContent": "SCRIPT_PLACEHOLDER" }] });
        let expected = json!({ "type": 2, "id": 5, "tagName": "noscript", "attributes": { "type": "module" }, "childNodes": [] });
        assert_eq!(
            sanitised(&snapshot(script.clone())),
            Some(snapshot(expected.clone()))
        );
        assert_eq!(sanitised(&added(script)), Some(added(expected)));
    }
    check_element("scripture", json!({ "src": "/x.js" }), &[]);
    let text = json!({ "type": 3, "id": 5, "textContent": "<script>alert(1)</script> javascript: onclick" });
    assert_eq!(sanitised(&snapshot(text)), None);
}

#[test]
fn links_that_fetch_lose_their_address() {
    for rel in [
        "import",
        "preload",
        "PREFETCH",
        "modulepreload",
        "dns-prefetch",
        "preconnect",
        "stylesheet preload",
    ] {
        check_element(
            "link",
            json!({ "rel": rel, "href": "/x", "as": "script" }),
            &["href"],
        );
        check_change(json!({ "rel": rel, "id": "x" }), &["rel"]);
    }
    check_element(
        "link",
        json!({ "rel": "stylesheet", "href": "/x.css" }),
        &[],
    );
    check_element("link", json!({ "_cssText": "a { color: red }" }), &[]);
    check_element("a", json!({ "rel": "prefetch", "href": "/x" }), &[]);
    check_change(json!({ "rel": "stylesheet", "href": "/x.css" }), &[]);
}

#[test]
fn animations_of_addresses_and_handlers_are_stopped() {
    for tag in ["animate", "set", "animateTransform"] {
        for name in ["href", "xlink:href", "onclick", " HREF "] {
            check_element(
                tag,
                json!({ "attributeName": name, "to": "x", "values": "a;b", "dur": "1s" }),
                &["attributeName", "to", "values"],
            );
        }
        check_element(
            tag,
            json!({ "attributeName": "opacity", "from": "0", "to": "1" }),
            &[],
        );
    }
    check_element("rect", json!({ "attributeName": "href", "to": "x" }), &[]);
    check_change(
        json!({ "attributeName": "href", "dur": "1s" }),
        &["attributeName"],
    );
    check_change(json!({ "attributeName": "opacity" }), &[]);
}

#[test]
fn a_structure_cannot_pass_as_text() {
    check_element(
        "a",
        json!({ "href": ["javascript:alert(1)"], "style": { "color": "red" }, "title": { "a": 1 } }),
        &["href", "title"],
    );
    check_change(
        json!({ "href": ["javascript:alert(1)"], "style": { "color": ["red", "important"], "top": false } }),
        &["href"],
    );
    check_change(
        json!({ "checked": true, "value": null, "rr_scrollTop": 7, "open": false }),
        &[],
    );
}

#[test]
fn nested_nodes_and_attached_frames_are_cleaned() {
    let frame = json!({ "type": 0, "id": 9, "rootId": 9, "childNodes": [element("a", json!({ "onclick": "x" }))] });
    let clean = json!({ "type": 0, "id": 9, "rootId": 9, "childNodes": [element("a", json!({}))] });
    assert_eq!(sanitised(&added(frame)), Some(added(clean)));
}

#[test]
fn the_order_of_what_stays_is_kept() {
    let given = r#"{"type":2,"data":{"node":{"tagName":"a","z":1,"attributes":{"d":"4","onclick":"x","c":"3","b":"2"},"y":2},"x":3},"w":4}"#;
    let expected = given.replace(r#""onclick":"x","#, "");
    assert_eq!(for_player(given), expected);
}

#[test]
fn other_events_are_not_touched() {
    let node = element("a", json!({ "onclick": "x" }));
    for event in [
        json!({ "type": 3, "data": { "source": 5, "text": "javascript:", "node": node } }),
        json!({ "type": 3, "data": { "adds": [{ "node": node }] } }),
        json!({ "type": 4, "data": { "href": "javascript:alert(1)" } }),
        json!({ "type": 5, "data": { "node": node } }),
        json!({ "type": 6, "data": { "onclick": "x" } }),
        json!([1, null, 2.5]),
    ] {
        assert_eq!(for_player(&event.to_string()), event.to_string());
    }
}

#[test]
fn a_mutation_cannot_hide_behind_its_source() {
    for source in [
        r#""source":1,"source":0"#,
        r#""adds":[],"source":-0.0"#,
        r#""source":0e5"#,
        r#""s\u006furce":0"#,
    ] {
        let event = format!(
            r#"{{"type":3,"data":{{{source},"attributes":[{{"id":1,"attributes":{{"onclick":"x"}}}}]}}}}"#
        );
        assert!(!for_player(&event).contains("onclick"), "{event}");
    }
}

#[test]
fn a_repeated_key_hides_nothing() {
    let acting = r#"{"onclick":"x"}"#;
    for node in [
        format!(r#"{{"tagName":"a","attributes":{acting},"attributes":{{}}}}"#),
        format!(r#"{{"tagName":"a","attributes":{{}},"attributes":{acting}}}"#),
        r#"{"tagName":"p","tagName":"script","childNodes":[{"onclick":1}],"childNodes":[{"onclick":2}]}"#.to_owned(),
        format!(r#"{{"tagName":"p","childNodes":[],"childNodes":[{{"tagName":"a","attributes":{acting}}}]}}"#),
    ] {
        let event = format!(r#"{{"type":2,"data":{{"node":{{}},"node":{node}}}}}"#);
        assert!(!for_player(&event).contains("onclick"), "{event}");
    }
    let two =
        format!(r#"{{"data":{{"node":{{"attributes":{acting}}}}},"type":5,"type":2,"data":{{}}}}"#);
    assert!(!for_player(&two).contains("onclick"));
}

#[test]
fn a_tag_that_is_no_text_is_none_that_acts() {
    let script = json!({ "type": 2, "id": 5, "tagName": ["script"], "attributes": { "src": "/x.js" }, "childNodes": [] });
    let clean =
        json!({ "type": 2, "id": 5, "tagName": "noscript", "attributes": {}, "childNodes": [] });
    assert_eq!(sanitised(&snapshot(script)), Some(snapshot(clean)));
    let nameless =
        json!({ "type": 2, "id": 5, "attributes": { "onclick": "x" }, "childNodes": [] });
    let clean = json!({ "type": 2, "id": 5, "attributes": {}, "childNodes": [] });
    assert_eq!(sanitised(&snapshot(nameless)), Some(snapshot(clean)));
}

#[test]
fn what_cannot_be_checked_is_not_shown() {
    for json in [
        r#"{"type":2,"timestamp":7,"data":{"node":{"attributes":{"onclick":"x"}"#,
        "onclick",
        "",
    ] {
        let event = first_for_player(json);
        assert_eq!(event["data"]["tag"], "unreadable");
    }
    let too_deep = format!(
        r#"{{"type":2,"timestamp":7,"data":{}{}}}"#,
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    let event = first_for_player(&too_deep);
    assert_eq!(
        (event["type"].as_u64(), event["timestamp"].as_f64()),
        (Some(5), Some(7.0))
    );
}

/// 2,048 levels, the deepest event that is accepted, on a small thread.
#[test]
fn the_deepest_page_fits_on_a_small_stack() {
    // The event, its data, the root node; then two levels for each nested element,
    // the innermost one's attributes, and its list of children.
    let nested = (rrweb::MAX_DEPTH - 4) / 2;
    let open = r#"{"type":2,"tagName":"div","id":1,"childNodes":["#.repeat(nested);
    let leaf = r#"{"type":2,"tagName":"p","id":2,"attributes":{"onclick":"x"},"childNodes":[]}"#;
    let json = format!(
        r#"{{"type":2,"timestamp":1,"data":{{"node":{open}{leaf}{}}}}}"#,
        "]}".repeat(nested)
    );
    assert_eq!(rrweb::max_depth(&json), rrweb::MAX_DEPTH);
    let expected = json.replace(r#""onclick":"x""#, "");
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread
        .spawn(move || assert!(for_player(&json).starts_with(&expected)))
        .unwrap()
        .join()
        .unwrap();

    let lists = format!(
        r#"{{"type":2,"data":{{"node":{{"tagName":"a","attributes":{{"x":{}{}}}}}}}}}"#,
        "[".repeat(2_044),
        "]".repeat(2_044)
    );
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let clean = thread
        .spawn(move || for_player(&lists))
        .unwrap()
        .join()
        .unwrap();
    assert_eq!(
        clean,
        r#"{"type":2,"data":{"node":{"tagName":"a","attributes":{}}}}"#
    );
}
