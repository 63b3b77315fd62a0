//! Blank pages: nothing to see for seconds, in a page that is visible.

use super::Found;
use crate::changes::is_shown;
use crate::fact::Signal;
use crate::settings::Settings;
use crate::strings;
use rrweb::mirror::{Mirror, NodeKind};
use serde::{Deserialize, Serialize};

/// A page with more nodes than this has something to see.
const MAX_NODES: usize = 1_000;
/// A page that changes all the time is looked at so often.
const LOOK_US: i64 = 1_000_000;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Blank {
    /// Since when there is nothing.
    since: Option<(i64, Option<String>)>,
    /// Time of the event before: since then the page is what it is.
    last_us: Option<i64>,
    looked_us: Option<i64>,
    is_unlooked: bool,
}

impl Blank {
    pub fn enter(&mut self, at_us: i64) {
        self.last_us = Some(at_us);
        self.is_unlooked = true;
    }

    /// Nodes came or went.
    pub fn changed(&mut self) {
        self.is_unlooked = true;
    }

    /// Looks at the page as it was after the event before.
    pub fn look(&mut self, at_us: i64, mirror: &Mirror, settings: &Settings) -> Option<Found> {
        let last_us = self.last_us.replace(at_us).unwrap_or(at_us);
        if !self.is_unlooked
            || !mirror.has_page()
            || self
                .looked_us
                .is_some_and(|looked| (0..LOOK_US).contains(&at_us.saturating_sub(looked)))
        {
            return None;
        }
        self.is_unlooked = false;
        self.looked_us = Some(at_us);
        if has_content(mirror) {
            return self.end(last_us, settings);
        }
        if self.since.is_none() {
            self.since = Some((last_us, mirror.href().map(strings::text)));
        }
        None
    }

    pub fn end(&mut self, at_us: i64, settings: &Settings) -> Option<Found> {
        let (from_us, href) = self.since.take()?;
        let is_long = at_us.saturating_sub(from_us) >= i64::from(settings.blank_ms) * 1_000;
        is_long.then_some(Found {
            from_us,
            until_us: at_us,
            signal: Signal::BlankPage,
            node_id: None,
            label: href,
            count: 1,
        })
    }
}

fn has_content(mirror: &Mirror) -> bool {
    let Some(root) = mirror.root() else {
        return true;
    };
    let html = mirror
        .children(root)
        .find(|node| mirror.kind(*node) == Some(NodeKind::Element));
    let body = html.and_then(|html| {
        mirror
            .children(html)
            .find(|node| matches!(mirror.tag(*node), "body" | "frameset"))
    });
    let Some(body) = body else {
        return true;
    };
    let mut seen = 0;
    mirror.descendants(body).skip(1).any(|node| {
        seen += 1;
        seen > MAX_NODES
            || match mirror.kind(node) {
                Some(NodeKind::Text) => {
                    !mirror.text(node).trim_ascii().is_empty() && is_shown(mirror, node)
                }
                Some(NodeKind::Element) => {
                    let is_box = mirror.attribute(node, "rr_width").is_some();
                    let has_picture = matches!(
                        mirror.tag(node),
                        "img"
                            | "svg"
                            | "canvas"
                            | "video"
                            | "iframe"
                            | "object"
                            | "embed"
                            | "input"
                            | "textarea"
                            | "select"
                    );
                    (is_box || has_picture) && is_shown(mirror, node)
                }
                _ => false,
            }
    })
}
