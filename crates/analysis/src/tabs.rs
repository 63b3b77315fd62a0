//! Which tab an event is of.

use rrweb::tape::{Kind, Value};
use serde::{Deserialize, Serialize};

/// Further tabs are counted as the last of these.
const MAX_TABS: usize = 64;
const MAX_KEY_BYTES: usize = 128;

/// Names at the top level of an event: PostHog's, and ours.
const KEYS: [&str; 3] = ["windowId", "tabId", "tab"];

/// The name that the recorder gave to the tab; empty when it gave none.
pub fn tab_key(event: Value<'_>) -> String {
    let value = KEYS.iter().find_map(|key| event.get(key));
    match value.map(Value::kind) {
        Some(Kind::String(key)) => crate::strings::cut(key, MAX_KEY_BYTES).to_owned(),
        Some(Kind::Integer(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Numbers of tabs from 0, in order of appearance. Events without a tab's name
/// belong to the first tab.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tabs {
    keys: Vec<String>,
}

impl Tabs {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn number(&mut self, event: Value<'_>) -> u32 {
        let key = tab_key(event);
        if key.is_empty() {
            return 0;
        }
        let known = self.keys.iter().position(|known| *known == key);
        let at = known.unwrap_or_else(|| {
            if self.keys.len() < MAX_TABS {
                self.keys.push(key);
            }
            self.keys.len() - 1
        });
        at as u32
    }

    pub fn count(&self) -> usize {
        self.keys.len().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rrweb::Tape;

    #[test]
    fn tabs_are_numbered_in_order_of_appearance() {
        let mut tabs = Tabs::new();
        let mut tape = Tape::new();
        let mut number = |json: &str| {
            tape.parse(json).unwrap();
            tabs.number(tape.root())
        };
        assert_eq!(number(r#"{"type":4}"#), 0);
        assert_eq!(number(r#"{"windowId":"b"}"#), 0);
        assert_eq!(number(r#"{"windowId":"a"}"#), 1);
        assert_eq!(number(r#"{"tabId":7}"#), 2);
        assert_eq!(number(r#"{"windowId":"b"}"#), 0);
    }

    #[test]
    fn the_number_of_tabs_is_bounded() {
        let mut tabs = Tabs::new();
        let mut tape = Tape::new();
        for at in 0..1_000 {
            tape.parse(&format!(r#"{{"tab":{at}}}"#)).unwrap();
            assert!(tabs.number(tape.root()) < MAX_TABS as u32);
        }
    }
}
