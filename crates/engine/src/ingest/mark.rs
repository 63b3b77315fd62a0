//! What is noted about an event when it arrives, small enough to keep for all.

use model::Timestamp;
use model::ingest::RawEvent;

/// The facts of one event that a replay's row is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Equal events are the same event: SDKs send batches twice, and none of
    /// them numbers events.
    pub hash: u64,
    pub timestamp: Timestamp,
    pub size_bytes: usize,
    pub full_snapshot: bool,
    /// Stands for a film of the screen, which is kept beside the recording.
    pub is_film: bool,
    pub click: bool,
    pub active: bool,
    pub href: Option<String>,
    viewport: Option<rrweb::Viewport>,
    /// Says an address without being the start of a page.
    is_plugin: bool,
}

impl Mark {
    pub fn of(event: &RawEvent) -> Self {
        let facts = rrweb::facts_of(event.kind, &event.json);
        Self {
            hash: xxhash_rust::xxh3::xxh3_64(event.json.as_bytes()),
            timestamp: event.timestamp,
            size_bytes: event.json.len(),
            full_snapshot: facts.full_snapshot,
            is_film: event.kind == rrweb::envelope::kind::CUSTOM
                && event.json.contains("\"tag\":\"video\"")
                && event.json.contains("\"segmentId\""),
            click: facts.is_click,
            active: facts.is_user_activity,
            href: facts.href,
            viewport: facts.viewport,
            is_plugin: event.kind == rrweb::envelope::kind::PLUGIN,
        }
    }
}

/// Tells the addresses of pages from those of frames inside of them.
///
/// Amplitude's address plugin also runs in same-origin frames and reports into the
/// page's stream (`fixtures/amplitude/plugin`); only the size of its window gives
/// it away. Feed it the marks in time order.
#[derive(Debug, Default)]
pub struct Pages {
    viewport: Option<rrweb::Viewport>,
}

impl Pages {
    /// The address if the event says that the page has a new one.
    pub fn href<'a>(&mut self, mark: &'a Mark) -> Option<&'a String> {
        if mark.is_plugin {
            let is_frame = self.viewport.is_some()
                && mark.viewport.is_some()
                && self.viewport != mark.viewport;
            return mark.href.as_ref().filter(|_| !is_frame);
        }
        self.viewport = mark.viewport.or(self.viewport);
        mark.href.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_frame_is_not_a_page() {
        let event = |kind: u8, json: &str| RawEvent {
            kind,
            timestamp: Timestamp::default(),
            json: json.to_owned(),
        };
        let plugin = |href: &str, width: u32| {
            let payload =
                format!(r#"{{"href":"{href}","viewportWidth":{width},"viewportHeight":80}}"#);
            event(
                6,
                &format!(
                    r#"{{"type":6,"data":{{"plugin":"amplitude/url-tracking@1","payload":{payload}}}}}"#
                ),
            )
        };
        let mut pages = Pages::default();
        let mut hrefs = Vec::new();
        for event in [
            event(
                4,
                r#"{"type":4,"data":{"href":"/one","width":900,"height":80}}"#,
            ),
            plugin("/frame", 300),
            plugin("/two", 900),
            event(
                3,
                r#"{"type":3,"data":{"source":4,"width":300,"height":80}}"#,
            ),
            plugin("/three", 300),
        ] {
            hrefs.extend(pages.href(&Mark::of(&event)).cloned());
        }
        assert_eq!(hrefs, ["/one", "/two", "/three"]);
    }
}
