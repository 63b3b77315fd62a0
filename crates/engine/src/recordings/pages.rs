//! The pages of a replay: one mirror per tab.

use rrweb::tape::{Kind, Value, write_json_string};
use rrweb::{Limits, Mirror};

/// A visitor with more tabs in one session is a script; they share the last mirror.
const MAX_TABS: usize = 16;

/// State of all tabs at a moment.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    tabs: Vec<Tab>,
    /// The tab that had the last event.
    last: usize,
}

#[derive(Debug)]
struct Tab {
    key: Option<String>,
    mirror: Mirror,
}

impl Pages {
    /// The mirror that an event belongs to, and the tab's number.
    pub fn of(&mut self, event: Value<'_>) -> (usize, &mut Mirror) {
        let key = analysis::tab_key(event);
        let found = self
            .tabs
            .iter()
            .position(|tab| tab.key.as_deref() == key.as_deref());
        let at = match found {
            Some(at) => at,
            None if self.tabs.len() >= MAX_TABS => MAX_TABS - 1,
            None => {
                self.tabs.push(Tab {
                    key: key.map(Into::into),
                    mirror: Mirror::new(Limits::default()),
                });
                self.tabs.len() - 1
            }
        };
        self.last = at;
        (at, &mut self.tabs[at].mirror)
    }

    pub fn apply(&mut self, at_us: i64, event: Value<'_>) {
        self.of(event).1.apply(event, at_us, &mut ());
    }

    pub fn has_page(&self) -> bool {
        self.tabs.iter().any(|tab| tab.mirror.has_page())
    }

    pub fn count(&self) -> usize {
        self.tabs.len()
    }

    pub fn memory_bytes(&self) -> usize {
        self.tabs.iter().map(|tab| tab.mirror.memory_bytes()).sum()
    }

    /// Tab and mirror, for those who continue from here.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, &Mirror)> {
        self.tabs
            .iter()
            .map(|tab| (tab.key.as_deref(), &tab.mirror))
    }

    /// The key of a tab by its number, or of the one that had the last event.
    pub fn key(&self, tab: Option<usize>) -> Option<Option<String>> {
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

    /// Events that restore all tabs, the last used one last.
    pub fn keyframe(&self, at_ms: i64) -> Vec<String> {
        let others = (0..self.tabs.len()).filter(|at| *at != self.last);
        others
            .chain([self.last])
            .filter_map(|at| self.tabs.get(at))
            .flat_map(|tab| tab.state(at_ms))
            .collect()
    }
}

impl Tab {
    fn state(&self, at_ms: i64) -> Vec<String> {
        let events = rrweb::keyframe(&self.mirror, at_ms);
        let mut mark = String::new();
        if let Some(key) = &self.key {
            mark.push_str("{\"windowId\":");
            write_json_string(key, &mut mark);
            mark.push(',');
        }
        events
            .lines()
            .map(|event| match event.strip_prefix('{') {
                Some(rest) if !mark.is_empty() => format!("{mark}{rest}"),
                _ => event.to_owned(),
            })
            .collect()
    }
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
    match event.get("type")?.kind() {
        Kind::Integer(kind) => Some(kind),
        _ => None,
    }
}
