//! What a list of replays wants to know about one event, at the price of reading
//! only payloads that are small.

use crate::envelope::{Envelope, as_number, kind};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Longer addresses are cut; nobody reads them in a list.
const MAX_HREF_CHARS: usize = 2_048;

/// There is no Meta event when a single-page application navigates; this plugin of
/// the Amplitude recorder is the only sign of it.
const AMPLITUDE_URL_PLUGIN: &str = "amplitude/url-tracking@1";

const MOUSE_INTERACTION: u64 = 2;
const VIEWPORT_RESIZE: u64 = 4;
/// Of a mouse interaction: press and release at the same place.
const CLICK: f64 = 2.0;

/// Size of the visitor's window in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewport {
    pub width: u32,
    pub height: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFacts {
    pub full_snapshot: bool,
    /// The page's address, when this event says that it is a new page.
    pub href: Option<String>,
    pub is_click: bool,
    /// The visitor did something: pointer, keyboard, scroll, window size.
    pub is_user_activity: bool,
    pub viewport: Option<Viewport>,
}

/// The facts of an event whose kind is known already. Most events are increments,
/// and of most of these the first bytes tell all, so the payload is not read again.
/// Of a repeated `data`, which no recorder writes, the first may count here.
pub fn facts_of(kind: u8, json: &str) -> EventFacts {
    if kind == kind::INCREMENTAL
        && let Some(source) = quick_source(json)
        && !matches!(source, MOUSE_INTERACTION | VIEWPORT_RESIZE)
    {
        let is_user_activity = is_user_source(source);
        return EventFacts {
            is_user_activity,
            ..EventFacts::default()
        };
    }
    if !matches!(kind, kind::INCREMENTAL | kind::META | kind::PLUGIN) {
        return EventFacts {
            full_snapshot: kind == kind::FULL_SNAPSHOT,
            ..EventFacts::default()
        };
    }
    crate::read_envelope(json)
        .map(|envelope| event_facts(&envelope))
        .unwrap_or_default()
}

/// The source of an event written as all known recorders do: `data` among the
/// first keys, after numbers only, and `source` first in it.
fn quick_source(json: &str) -> Option<u64> {
    const HEAD_BYTES: usize = 96;
    let mut end = json.len().min(HEAD_BYTES);
    while !json.is_char_boundary(end) {
        end -= 1;
    }
    let (before, data) = json[..end].split_once(r#""data":"#)?;
    // A string or an object before it could hold the same text.
    let is_flat = before.bytes().filter(|byte| *byte == b'{').count() == 1
        && before
            .split(',')
            .all(|member| member.trim_start_matches('{').is_empty() || is_number_member(member));
    is_flat.then(|| leading_source(data))?
}

fn is_number_member(member: &str) -> bool {
    let Some((key, value)) = member.trim_start_matches('{').split_once(':') else {
        return false;
    };
    key.len() > 1
        && !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

pub fn event_facts(envelope: &Envelope<'_>) -> EventFacts {
    let mut facts = EventFacts {
        full_snapshot: envelope.kind == kind::FULL_SNAPSHOT,
        ..EventFacts::default()
    };
    let Some(data) = envelope.data.map(RawValue::get) else {
        return facts;
    };
    match envelope.kind {
        kind::INCREMENTAL => {
            let source = leading_source(data).or_else(|| incremental_source(data));
            facts.is_user_activity = source.is_some_and(is_user_source);
            facts.is_click = source == Some(MOUSE_INTERACTION) && is_click(data);
            if source == Some(VIEWPORT_RESIZE) {
                facts.viewport = serde_json::from_str(data)
                    .ok()
                    .and_then(|page: Page<'_>| page.viewport());
            }
        }
        kind::META => add_page(&mut facts, data),
        kind::PLUGIN => {
            if let Some(payload) = url_plugin_payload(data) {
                add_page(&mut facts, payload);
            }
        }
        _ => {}
    }
    facts
}

/// The `source` of an incremental event's data, wherever the key stands. Of two
/// the last one counts, as for the player.
pub fn incremental_source(data: &str) -> Option<u64> {
    // A map tolerates a repeated key where a derived struct would not.
    let members: std::collections::HashMap<String, &RawValue> = serde_json::from_str(data).ok()?;
    let number = as_number(members.get("source")?)?;
    (number >= 0.0 && number.fract() == 0.0 && number < 1e9).then_some(number as u64)
}

/// The `source` if it is the first key, as every known recorder writes it: a
/// mutation of megabytes need not be read to learn that it is one.
fn leading_source(data: &str) -> Option<u64> {
    let rest = data.strip_prefix(r#"{"source":"#)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    matches!(rest.as_bytes()[digits], b',' | b'}').then(|| rest[..digits].parse().ok())?
}

/// Mouse move, mouse interaction, scroll, viewport, input, touch move, media, drag,
/// selection. The others happen without the visitor.
fn is_user_source(source: u64) -> bool {
    matches!(source, 1..=7 | 12 | 14)
}

fn is_click(data: &str) -> bool {
    #[derive(Deserialize)]
    struct Interaction<'a> {
        #[serde(rename = "type", borrow)]
        kind: Option<&'a RawValue>,
    }
    let interaction: Option<Interaction<'_>> = serde_json::from_str(data).ok();
    interaction.and_then(|it| it.kind).and_then(as_number) == Some(CLICK)
}

fn url_plugin_payload(data: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Plugin<'a> {
        #[serde(borrow)]
        plugin: Cow<'a, str>,
        #[serde(borrow)]
        payload: &'a RawValue,
    }
    let plugin: Plugin<'_> = serde_json::from_str(data).ok()?;
    (plugin.plugin == AMPLITUDE_URL_PLUGIN).then(|| plugin.payload.get())
}

/// Meta, a resize and the address plugin name the same two things differently.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    href: Option<&'a RawValue>,
    #[serde(borrow, alias = "viewportWidth")]
    width: Option<&'a RawValue>,
    #[serde(borrow, alias = "viewportHeight")]
    height: Option<&'a RawValue>,
}

impl Page<'_> {
    fn viewport(&self) -> Option<Viewport> {
        Some(Viewport {
            width: as_pixels(self.width?)?,
            height: as_pixels(self.height?)?,
        })
    }
}

fn add_page(facts: &mut EventFacts, json: &str) {
    let Ok(page) = serde_json::from_str::<Page<'_>>(json) else {
        return;
    };
    facts.viewport = page.viewport();
    let href: Option<String> = page
        .href
        .and_then(|href| serde_json::from_str(href.get()).ok());
    facts.href = href
        .filter(|href| !href.is_empty())
        .map(|href| href.chars().take(MAX_HREF_CHARS).collect());
}

fn as_pixels(value: &RawValue) -> Option<u32> {
    let pixels = as_number(value)?.round();
    (1.0..=f64::from(u32::MAX))
        .contains(&pixels)
        .then_some(pixels as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_envelope;

    fn facts(json: &str) -> EventFacts {
        event_facts(&read_envelope(json).unwrap())
    }

    #[test]
    fn pages_come_from_meta_and_from_the_address_plugin() {
        let page = EventFacts {
            href: Some("https://a.test/x".into()),
            viewport: Some(Viewport {
                width: 1180,
                height: 761,
            }),
            ..EventFacts::default()
        };
        assert_eq!(
            facts(r#"{"type":4,"data":{"href":"https://a.test/x","width":1180,"height":760.6}}"#),
            page
        );
        let plugin = |name: &str| {
            format!(
                r#"{{"type":6,"data":{{"plugin":"{name}","payload":{{"href":"https://a.test/x","title":"",
                "viewportHeight":761,"viewportWidth":1180}}}}}}"#
            )
        };
        assert_eq!(facts(&plugin("amplitude/url-tracking@1")), page);
        assert_eq!(facts(&plugin("rrweb/network@1")), EventFacts::default());
        assert_eq!(
            facts(r#"{"type":5,"data":{"href":"https://a.test/x"}}"#),
            EventFacts::default()
        );
    }

    #[test]
    fn the_quick_way_says_the_same_as_the_whole_event() {
        for (json, quick) in [
            (
                r#"{"type":3,"data":{"source":1,"positions":[]},"timestamp":5}"#,
                Some(1),
            ),
            (r#"{"type":3,"timestamp":5.5,"data":{"source":0}}"#, Some(0)),
            (
                r#"{"type":3,"timestamp":5,"delay":2,"data":{"source":3,"x":1}}"#,
                Some(3),
            ),
            (
                r#"{"type":3,"a":"\"data\":{\"source\":1,","data":{"source":8}}"#,
                None,
            ),
            (
                r#"{"x":{"data":{"source":1,"y":2}},"type":3,"data":{"source":0}}"#,
                None,
            ),
            (r#"{"type":3,"data":{"x":1,"source":1}}"#, None),
            (r#"{"type":3,"data":{"source":"#, None),
            ("{}", None),
        ] {
            assert_eq!(quick_source(json), quick, "{json}");
            let whole = read_envelope(json)
                .map(|envelope| event_facts(&envelope))
                .unwrap_or_default();
            assert_eq!(facts_of(3, json), whole, "{json}");
        }
    }

    #[test]
    fn an_address_is_cut_and_an_odd_one_ignored() {
        let href = facts(&format!(
            r#"{{"type":4,"data":{{"href":"{}"}}}}"#,
            "ü".repeat(3_000)
        ))
        .href
        .unwrap();
        assert_eq!(href.chars().count(), MAX_HREF_CHARS);
        for data in [
            r#"{"href":""}"#,
            r#"{"href":7}"#,
            r#"{"href":null,"width":0,"height":-1}"#,
            "[]",
            "null",
        ] {
            assert_eq!(
                facts(&format!(r#"{{"type":4,"data":{data}}}"#)),
                EventFacts::default(),
                "{data}"
            );
        }
    }

    #[test]
    fn activity_is_what_a_visitor_does() {
        let active: Vec<u64> = (0..20)
            .filter(|source| {
                facts(&format!(
                    r#"{{"type":3,"data":{{"source":{source},"x":1}}}}"#
                ))
                .is_user_activity
            })
            .collect();
        assert_eq!(active, [1, 2, 3, 4, 5, 6, 7, 12, 14]);
    }

    #[test]
    fn clicks_are_told_from_other_interactions_in_any_key_order() {
        assert!(facts(r#"{"type":3,"data":{"source":2,"type":2,"id":5}}"#).is_click);
        assert!(facts(r#"{"type":3,"data":{"type":2, "id":5, "source": 2 }}"#).is_click);
        assert!(!facts(r#"{"type":3,"data":{"source":2,"type":1,"id":5}}"#).is_click);
        assert!(!facts(r#"{"type":3,"data":{"source":7,"type":2,"id":5}}"#).is_click);
        assert!(!facts(r#"{"type":2,"data":{"source":2,"type":2}}"#).is_click);
    }

    #[test]
    fn snapshots_and_resizes() {
        assert!(facts(r#"{"type":2,"data":{"node":{}}}"#).full_snapshot);
        let resize = facts(r#"{"type":3,"data":{"source":4,"width":300,"height":200}}"#);
        assert_eq!(
            resize.viewport,
            Some(Viewport {
                width: 300,
                height: 200
            })
        );
    }

    #[test]
    fn the_last_source_counts() {
        assert_eq!(
            incremental_source(r#"{"source":1,"adds":[],"source":0.0}"#),
            Some(0)
        );
        assert_eq!(incremental_source(r#"{"source":-0}"#), Some(0));
        assert_eq!(incremental_source(r#"{"source":"0"}"#), None);
        assert_eq!(incremental_source("[]"), None);
    }
}
