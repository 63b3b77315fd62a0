//! An event on its way to a player: everything that can be done before it is known
//! what is archived, with one reading of its text.

use crate::assets::{Reference, loads_of, may_refer};
use crate::follow_up::{follow_ups_of, may_have_follow_ups};
use crate::playback::{may_hold_nodes, sanitise_tree, unreadable};
use crate::tree::Tree;
use std::borrow::Cow;

/// See [`prepare_event`].
#[derive(Debug, PartialEq, Eq)]
pub struct Prepared<'j> {
    /// Sanitised.
    pub json: Cow<'j, str>,
    /// Events to play right after it.
    pub follow_ups: Vec<String>,
    /// Of the event and its follow-ups.
    pub references: Vec<Reference>,
    /// Both still have to go through [`rewrite_event`](crate::rewrite_event).
    pub loads: bool,
}

/// The same as [`sanitise_event`](crate::sanitise_event),
/// [`follow_ups`](crate::follow_ups) and
/// [`collect_references`](crate::collect_references) of what the first one left.
pub fn prepare_event<'j>(kind: u8, json: &'j str, page_url: Option<&str>) -> Prepared<'j> {
    let plain = |json| Prepared {
        json,
        follow_ups: Vec::new(),
        references: Vec::new(),
        loads: false,
    };
    let holds_nodes = may_hold_nodes(kind, json);
    let (has_follow_ups, refers) = (may_have_follow_ups(kind, json), may_refer(kind, json));
    if !holds_nodes && !has_follow_ups && !refers {
        return plain(Cow::Borrowed(json));
    }
    let Some(mut tree) = Tree::parse(json) else {
        return plain(match holds_nodes {
            true => Cow::Owned(unreadable(json)),
            false => Cow::Borrowed(json),
        });
    };
    let is_changed = holds_nodes && sanitise_tree(&mut tree.0);
    let follow_ups = match has_follow_ups {
        true => follow_ups_of(kind, &tree.0),
        false => Vec::new(),
    };
    let (references, loads) = match refers {
        true => loads_of(&mut tree.0, page_url),
        false => (Vec::new(), false),
    };
    Prepared {
        json: match is_changed {
            true => Cow::Owned(tree.to_json().unwrap_or_else(|| unreadable(json))),
            false => Cow::Borrowed(json),
        },
        follow_ups,
        references,
        loads,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{collect_references, follow_ups, sanitise_event};
    use serde_json::json;

    #[test]
    fn one_reading_does_what_three_did() {
        let image = json!({"type": 2, "id": 3, "tagName": "img", "attributes": {"src": "/a.png", "onload": "x()"}});
        let sheet = json!({"styleId": 1, "rules": [{"rule": "a { background: url(/b.png) }"}]});
        let root =
            json!({"type": 0, "id": 1, "childNodes": [image], "adoptedStyleSheets": [sheet]});
        let snapshot = json!({"type": 2, "timestamp": 1, "data": {"node": root}}).to_string();
        let mutation = json!({"type": 3, "timestamp": 1, "data": {"source": 0, "adds": [{"parentId": 1, "node": root}]}}).to_string();
        let rule = json!({"type": 3, "timestamp": 1, "data": {"source": 8, "replace": "a { background: url(/b.png) }"}}).to_string();
        let moved =
            json!({"type": 3, "timestamp": 1, "data": {"source": 1, "positions": []}}).to_string();
        for (kind, json, changed) in [
            (2, snapshot.as_str(), true),
            (3, &mutation, true),
            (3, &rule, false),
            (3, &moved, false),
            (
                4,
                r#"{"type":4,"data":{"href":"https://shop.test/src"}}"#,
                false,
            ),
            (2, "no json", true),
            (3, "no json src", true),
        ] {
            let page = Some("https://shop.test/");
            let prepared = prepare_event(kind, json, page);
            let safe = sanitise_event(kind, json);
            assert_eq!(prepared.json, safe, "{json}");
            assert_eq!(matches!(prepared.json, Cow::Owned(_)), changed, "{json}");
            assert_eq!(prepared.follow_ups, follow_ups(kind, &safe), "{json}");
            assert_eq!(
                prepared.references,
                collect_references(kind, &safe, page),
                "{json}"
            );
        }
        let on_page = prepare_event(2, &snapshot, Some("https://shop.test/"));
        assert_eq!((on_page.references.len(), on_page.loads), (2, true));
        let nowhere = prepare_event(2, &snapshot, None);
        assert_eq!((nowhere.references.len(), nowhere.loads), (0, true));
    }
}
