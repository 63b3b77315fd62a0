//! Style sheets.

use super::build::*;
use rrweb::{Limits, Mirror, keyframe};
use serde_json::json;

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
fn a_sheet_is_defined_with_nested_rules() {
    let rules = json!([{"rule": "@media all{}", "index": 0}, {"rule": "a{}", "index": [0, 0]}]);
    // An event cannot edit the sheet 0.
    let adopt = json!({"type": 3, "data": {"source": 15, "id": 1, "styleIds": [0], "styles": [{"styleId": 0, "rules": rules}]}});
    let mirror = page(vec![], &[adopt]);
    assert!(
        keyframe(&mirror, 0).contains(
            r#""rules":[{"rule":"@media all{}","index":0},{"rule":"a{}","index":[0,0]}]"#
        )
    );
}

#[test]
fn a_sheet_outlives_the_node_that_defined_it() {
    let adopt = json!({"type": 3, "data": {"source": 15, "id": 10, "styleIds": [1], "styles": [{"styleId": 1, "rules": [{"rule": "a{}", "index": 0}]}]}});
    let remove = mutation(json!({"removes": [{"parentId": 4, "id": 10}]}));
    let mut first = snapshot(vec![with(div(10), "isShadowHost", json!(true))]);
    first["data"]
        .as_object_mut()
        .unwrap()
        .remove("initialOffset");
    let mut mirror = Mirror::new(Limits::default());
    for event in [first, adopt, remove] {
        apply_to(&mut mirror, &event, &mut ());
    }
    assert!(keyframe(&mirror, 0).contains(r#""source":15,"id":1,"styleIds":[],"styles":[{"styleId":1,"rules":[{"rule":"a{}","index":0}]}]"#));
}
