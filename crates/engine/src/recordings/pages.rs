//! The pages of a replay: one mirror per tab.

use analysis::{Tabs, tab_key};
use rrweb::tape::{Value, write_json_string};
use rrweb::{Limits, Mirror, Tape};

/// Custom event that stands first in a keyframe of several tabs and names them, so
/// that they keep their numbers. It never leaves the server.
const TABS_TAG: &str = "reenact-tabs";

/// State of all tabs at a moment.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    numbers: Tabs,
    /// By the number of the tab.
    tabs: Vec<Tab>,
    /// The tab that had the last event.
    last: usize,
}

#[derive(Debug)]
struct Tab {
    /// As the recorder calls it; empty when it has no name.
    key: String,
    mirror: Mirror,
}

impl Pages {
    /// The number of the tab that an event belongs to, and its mirror.
    pub fn of(&mut self, event: Value<'_>) -> (usize, &mut Mirror) {
        let at = self.numbers.number(event) as usize;
        while self.tabs.len() <= at {
            let whole = Limits::default();
            let limits = Limits {
                // Many tabs share what one may take.
                memory_bytes: whole.memory_bytes / (self.tabs.len() + 1),
                ..whole
            };
            self.tabs.push(Tab {
                key: String::new(),
                mirror: Mirror::new(limits),
            });
        }
        self.last = at;
        let tab = &mut self.tabs[at];
        if tab.key.is_empty() {
            tab.key = tab_key(event);
        }
        (at, &mut tab.mirror)
    }

    pub fn apply(&mut self, at_us: i64, event: Value<'_>) {
        match names_in(event) {
            None => self.of(event).1.apply(event, at_us, &mut ()),
            Some(names) => {
                for name in names.items().filter_map(Value::as_str) {
                    let mut mark = mark_of(name);
                    mark.push('}');
                    let mut tape = Tape::new();
                    if tape.parse(&mark).is_ok() {
                        self.of(tape.root());
                    }
                }
            }
        }
    }

    pub fn has_page(&self) -> bool {
        self.tabs.iter().any(|tab| tab.mirror.has_page())
    }

    pub fn count(&self) -> usize {
        self.tabs.len()
    }

    /// The mirrors by the number of their tab.
    pub fn mirrors(&self) -> impl Iterator<Item = &Mirror> {
        self.tabs.iter().map(|tab| &tab.mirror)
    }

    /// The name of a tab by its number, or of the one that had the last event.
    pub fn key(&self, tab: Option<usize>) -> Option<String> {
        let tab = self.tabs.get(tab.unwrap_or(self.last))?;
        Some(tab.key.clone())
    }

    /// Events that restore one tab: the one asked for, or the one that had the
    /// last event.
    pub fn state(&self, tab: Option<usize>, at_ms: i64) -> Vec<String> {
        self.tabs
            .get(tab.unwrap_or(self.last))
            .map_or(Vec::new(), |tab| tab.state(at_ms))
    }

    /// Events that restore all tabs.
    pub fn keyframe(&self, at_ms: i64) -> Vec<String> {
        let mut events = Vec::new();
        if self.tabs.len() > 1 {
            let mut names = format!(r#"{{"type":5,"data":{{"tag":"{TABS_TAG}","payload":["#);
            for (at, tab) in self.tabs.iter().enumerate() {
                if at > 0 {
                    names.push(',');
                }
                write_json_string(&tab.key, &mut names);
            }
            names.push_str("]}}");
            events.push(names);
        }
        events.extend(self.tabs.iter().flat_map(|tab| tab.state(at_ms)));
        events
    }
}

impl Tab {
    fn state(&self, at_ms: i64) -> Vec<String> {
        let mark = match self.key.as_str() {
            "" => String::from("{"),
            key => mark_of(key) + ",",
        };
        let events = rrweb::keyframe(&self.mirror, at_ms);
        events
            .lines()
            .map(|event| format!("{mark}{}", &event[1..]))
            .collect()
    }
}

/// The beginning of an event of a tab.
fn mark_of(key: &str) -> String {
    let mut mark = String::from("{\"windowId\":");
    write_json_string(key, &mut mark);
    mark
}

fn names_in(event: Value<'_>) -> Option<Value<'_>> {
    let data = event.get("data")?;
    let is_names = data.get("tag")?.as_str()? == TABS_TAG;
    data.get("payload")
        .filter(|names| is_names && names.is_array())
}

/// Whether an event begins a page: its address and size come right before the
/// snapshot.
pub(crate) fn is_meta(event: Value<'_>) -> bool {
    kind_of(event) == Some(i64::from(rrweb::envelope::kind::META))
}

pub(crate) fn is_full_snapshot(event: Value<'_>) -> bool {
    kind_of(event) == Some(i64::from(rrweb::envelope::kind::FULL_SNAPSHOT))
}

fn kind_of(event: Value<'_>) -> Option<i64> {
    event.get("type").and_then(Value::as_i64)
}
