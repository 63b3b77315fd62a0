use super::*;
use serde_json::{Value as Json, json};

fn converted(event: &Json) -> Vec<Json> {
    let converted = convert(&event.to_string(), true).unwrap().unwrap();
    assert_eq!(converted.dropped, 0);
    let parse = |event: &String| serde_json::from_str(event).unwrap();
    converted.events.iter().map(parse).collect()
}

fn screen(wireframes: Json) -> Json {
    json!({ "type": 2, "data": { "wireframes": wireframes }, "timestamp": 7 })
}

/// The nodes of the body.
fn nodes(wireframes: Json) -> Json {
    let mut events = converted(&screen(wireframes));
    assert_eq!(events.len(), 1);
    let document = &mut events[0]["data"]["node"];
    document["childNodes"][1]["childNodes"][1]["childNodes"].take()
}

#[track_caller]
fn check_one(wireframe: Json, expected: Json) {
    let mut nodes = nodes(json!([wireframe]));
    let node = &mut nodes[0];
    for key in ["class", "style"] {
        node["attributes"].as_object_mut().unwrap().remove(key);
    }
    let found = json!([
        node["tagName"],
        node["attributes"],
        node["childNodes"].as_array().unwrap().len(),
        node["id"],
    ]);
    assert_eq!(found, expected);
}

#[test]
fn a_screen_is_a_document() {
    let event = json!({ "timestamp": 7, "delay": 1, "type": 2, "data": {
        "wireframes": [
            { "id": 101, "x": 0, "y": 0, "width": 10, "height": 20.5, "childWireframes": [
                { "id": 102, "x": 1, "y": 2, "width": "100vw", "height": 3, "type": "text", "text": "Hi" },
                { "id": 103, "type": "rectangle" },
            ] },
            { "id": 104 },
        ],
        "initialOffset": { "top": 3, "left": 4 },
    } });
    let text = |id: i64| part_id(id, 0);
    let events = converted(&event);
    assert_eq!(
        (&events[0]["timestamp"], &events[0]["delay"]),
        (&json!(7), &json!(1))
    );
    assert_eq!(
        events[0]["data"]["initialOffset"],
        json!({ "top": 3, "left": 4 })
    );
    let body = &events[0]["data"]["node"]["childNodes"][1]["childNodes"][1];
    let expected = json!({ "type": 2, "tagName": "body", "attributes": {}, "id": 5, "childNodes": [
        { "type": 2, "tagName": "div", "id": 101,
          "attributes": { "class": "wf", "style": "position:fixed;left:0px;top:0px;width:10px;height:20.5px;" },
          "childNodes": [
            { "type": 2, "tagName": "div", "id": 102,
              "attributes": { "class": "wf wf-text", "style": "position:fixed;left:1px;top:2px;width:100vw;height:3px;" },
              "childNodes": [{ "type": 3, "textContent": "Hi", "id": text(102) }] },
            { "type": 2, "tagName": "div", "id": 103,
              "attributes": { "class": "wf", "style": "position:fixed;left:0px;top:0px;" }, "childNodes": [] },
          ] },
        { "type": 2, "tagName": "div", "id": 104,
          "attributes": { "class": "wf", "style": "position:fixed;left:0px;top:0px;" }, "childNodes": [] },
    ] });
    assert_eq!(body, &expected);
}

#[test]
fn every_kind_of_control() {
    let input = |kind: &str, rest: Json| {
        let mut wireframe = json!({ "id": 100, "type": "input", "inputType": kind });
        for (key, value) in rest.as_object().unwrap() {
            wireframe[key] = value.clone();
        }
        wireframe
    };
    check_one(
        input("email", json!({ "value": "***", "disabled": true })),
        json!(["input", { "disabled": true, "type": "email", "value": "***" }, 0, 100]),
    );
    check_one(
        input("file", json!({})),
        json!(["input", { "type": "text", "value": "" }, 0, 100]),
    );
    check_one(
        input("text_area", json!({ "value": "a\nb" })),
        json!(["textarea", { "value": "a\nb" }, 0, 100]),
    );
    check_one(
        input("checkbox", json!({ "checked": true })),
        json!(["input", { "type": "checkbox", "checked": true }, 0, 100]),
    );
    check_one(
        input("checkbox", json!({ "label": "Remember" })),
        json!(["label", {}, 2, 100]),
    );
    check_one(
        input("toggle", json!({ "checked": true })),
        json!(["span", {}, 1, 100]),
    );
    check_one(
        input("button", json!({ "value": "Buy" })),
        json!(["button", {}, 1, 100]),
    );
    check_one(
        input("button", json!({ "label": "Buy" })),
        json!(["button", {}, 1, 100]),
    );
    check_one(
        input(
            "select",
            json!({ "value": "France", "options": ["Japan", "France"] }),
        ),
        json!(["select", {}, 2, 100]),
    );
    let progress = |bar: &str| {
        input(
            "progress",
            json!({ "value": 3.5, "max": 5, "style": { "bar": bar } }),
        )
    };
    check_one(progress("horizontal"), json!(["div", {}, 1, 100]));
    check_one(progress("circular"), json!(["div", {}, 0, 100]));
    let rating = nodes(json!([progress("rating")]));
    assert_eq!(rating[0]["childNodes"][0]["textContent"], "★★★★☆");
}

#[test]
fn pictures_are_shown_when_they_are_pictures() {
    let source = |base64: &str| {
        let nodes = nodes(json!([{ "id": 100, "type": "screenshot", "base64": base64 }]));
        nodes[0]["attributes"]["src"].as_str().map(str::to_owned)
    };
    let png = |base64: &str| Some(format!("data:image/png;base64,{base64}"));
    assert_eq!(source("iVBO/+Rw0="), png("iVBO/+Rw0="));
    assert_eq!(source("data:image/png;base64,iVBO"), png("iVBO"));
    assert_eq!(source("iVBO\nRw0=\n"), png("iVBORw0="));
    assert_eq!(
        source("data:image/webp;base64,UklG").as_deref(),
        Some("data:image/webp;base64,UklG")
    );
    for refused in [
        "",
        "https://evil.test/x.png",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:text/html;base64,AAAA",
        "javascript:alert(1)",
    ] {
        assert_eq!(source(refused), None, "{refused}");
    }
}

#[test]
fn no_value_leaves_its_declaration() {
    let wireframe = json!([{ "id": 100, "x": "1;x:y", "y": 1e300, "width": "12px", "style": {
        "color": "red;background:url(//evil.test)", "backgroundColor": "rgba(1, 2, 3, .5)",
        "fontFamily": "\"Evil\"", "fontSize": "14px", "borderWidth": [1], "backgroundImage": "x\")",
        "verticalAlign": "center", "horizontalAlign": "right",
    } }]);
    assert_eq!(
        nodes(wireframe)[0]["attributes"]["style"],
        "position:fixed;left:0px;top:0px;width:12px;background-color:rgba(1, 2, 3, .5);font-size:14px;align-items:center;justify-content:flex-end;"
    );
}

#[test]
fn an_update_takes_out_and_puts_in() {
    let event = json!({ "type": 3, "timestamp": 7, "data": { "source": 0,
        "removes": [{ "parentId": 101, "id": 120 }, { "parentId": 101, "id": 120 }],
        "updates": [{ "parentId": 0, "wireframe": { "id": 104, "type": "text", "text": "x" } }],
        "adds": [{ "parentId": 101, "wireframe": { "id": 130, "childWireframes": [{ "id": 131 }] } }],
    } });
    let data = converted(&event)[0]["data"].take();
    assert_eq!(
        data["removes"],
        json!([{ "parentId": 101, "id": 120 }, { "parentId": 5, "id": 104 }])
    );
    let adds: Vec<Json> = data["adds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|add| json!([add["parentId"], add["node"]["id"]]))
        .collect();
    assert_eq!(
        adds,
        [
            json!([5, 104]),
            json!([104, part_id(104, 0)]),
            json!([101, 130]),
            json!([130, 131])
        ]
    );
    assert_eq!(
        (&data["texts"], &data["attributes"]),
        (&json!([]), &json!([]))
    );
}

#[test]
fn the_keyboard_comes_and_goes() {
    let keyboard = |payload: Json| {
        let event =
            json!({ "type": 5, "data": { "tag": "keyboard", "payload": payload }, "timestamp": 7 });
        let events = converted(&event);
        assert_eq!((events.len(), &events[0]), (2, &event));
        events[1]["data"].clone()
    };
    let open = keyboard(json!({ "open": true, "height": 300 }));
    assert_eq!(open["adds"][0]["parentId"], 5);
    assert_eq!(
        open["adds"][0]["node"]["attributes"]["style"],
        "position:fixed;left:0px;bottom:0;width:100%;height:300px;"
    );
    let closed = keyboard(json!({ "open": false }));
    assert_eq!(closed["adds"], json!([]));
    assert_eq!(closed["removes"], json!([{ "parentId": 5, "id": 6 }]));
}

#[test]
fn ids_never_meet() {
    let mut ids = HashSet::new();
    let odd = [0, 1, 5, 15, -1, -7, i64::MAX, i64::MIN, WIREFRAME_IDS];
    for wireframe in odd.into_iter().chain(16..200) {
        let id = node_id(wireframe);
        assert!(ids.insert(id) && id >= FIRST_FREE, "{wireframe}");
        for part in 0..PARTS {
            let part = part_id(id, part);
            // JavaScript counts in ones up to here.
            assert!(ids.insert(part) && part < (1 << 53), "{wireframe}");
        }
    }
}

#[test]
fn broken_and_endless_screens_are_bounded() {
    let dropped = |wireframes: Json| {
        let event = screen(wireframes).to_string();
        convert(&event, false).unwrap().unwrap().dropped
    };
    assert_eq!(
        dropped(json!([{ "x": 1 }, { "id": 100 }, { "id": 100 }, 7, null])),
        4
    );
    let many: Vec<Json> = (0..MAX_WIREFRAMES + 5)
        .map(|id| json!({ "id": id + 100 }))
        .collect();
    assert_eq!(dropped(json!(many)), 5);

    let depth = 800;
    let deep = "{\"id\":100,\"childWireframes\":[".repeat(depth) + &"]}".repeat(depth);
    let event = format!("{{\"type\":2,\"data\":{{\"wireframes\":[{deep}]}}}}");
    let converted = convert(&event, false).unwrap().unwrap();
    assert_eq!(converted.dropped, 1);
    let deeper = "{\"id\":1,\"childWireframes\":[".repeat(2_000) + &"]}".repeat(2_000);
    let event = format!("{{\"type\":2,\"data\":{{\"wireframes\":[{deeper}]}}}}");
    assert_eq!(convert(&event, false), Err(Reason::TooDeep));
}

#[test]
fn events_of_the_web_are_left_alone() {
    for event in [
        r#"{"type":2,"data":{"node":{}}}"#,
        r#"{"type":3,"data":{"source":0,"adds":[]}}"#,
        r#"{"type":5,"data":{"tag":"keyboard","payload":{"open":true}}}"#,
    ] {
        assert_eq!(convert(event, false), Ok(None), "{event}");
    }
    for event in [
        r#"{"type":3,"data":{"source":2,"id":104}}"#,
        r#"{"type":4,"data":{"href":"Login"}}"#,
        r#"{"type":5,"data":{"tag":"other","payload":{}}}"#,
    ] {
        assert_eq!(convert(event, true), Ok(None), "{event}");
    }
}
