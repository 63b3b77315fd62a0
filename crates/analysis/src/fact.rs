//! Facts and their stored form.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that happened at one moment of one tab.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Microseconds since the epoch, by the recording's clock.
    pub at_us: i64,
    pub tab: u32,
    /// Not complete: what comes after may change it. Replaced by the next piece.
    pub open: bool,
    pub body: Body,
}

/// What happened. The names are those of the public API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    PageView(Box<PageView>),
    Click(Box<Click>),
    /// A tap, as far as touches tell; a browser reports a click besides.
    Touch(Box<Click>),
    Input(Box<Input>),
    /// A burst of scrolling; the position is where it ended.
    Scroll {
        node_id: i64,
        x: i64,
        y: i64,
        until_ms: i64,
    },
    /// A key that types nothing, with its modifiers: `Ctrl+S`.
    Key {
        key: String,
    },
    Resize {
        width: u32,
        height: u32,
    },
    Focus,
    Blur,
    Visibility {
        visible: bool,
    },
    Console(Box<Console>),
    Error(Box<Error>),
    Network(Box<Network>),
    WebVital(Box<WebVital>),
    LongTask {
        duration_ms: u64,
    },
    Memory {
        used_bytes: u64,
        total_bytes: u64,
    },
    Custom(Box<Custom>),
    Feedback {
        event_id: Option<String>,
    },
    Text(Box<Text>),
    Frustration(Box<Frustration>),
    Gap(Gap),
    /// Always open: counts grow.
    Integrity(Box<Integrity>),
    Activity(Box<Activity>),
    /// First event (`at`) to last event of the tab. Always open.
    Span {
        until_ms: i64,
    },
    /// What [`Analysis::resume`](crate::Analysis::resume) needs besides the other open
    /// facts. Always open; not for anybody else.
    Carry {
        state: String,
    },
}

/// How a visitor came to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    Load,
    Navigation,
    BackForward,
    Hash,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageView {
    pub href: String,
    pub title: Option<String>,
    pub via: Via,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Click {
    /// CSS pixels, in the frame of the node.
    pub x: f64,
    pub y: f64,
    pub node_id: i64,
    /// Of the element that reacts to clicks, if the node is in one.
    pub selector: String,
    pub label: Option<String>,
    pub role: Option<String>,
    pub tag: String,
    /// Text of the node itself.
    pub text: Option<String>,
    pub pointer: Option<String>,
    /// First visible change after it.
    pub changed_after_ms: Option<u32>,
    /// Clicks of the burst that this click starts.
    pub rage: u32,
    /// In a burst, but not its first click.
    #[serde(default, skip_serializing_if = "is_false")]
    pub in_rage: bool,
    pub dead: bool,
    /// It was answered, but late.
    #[serde(default, skip_serializing_if = "is_false")]
    pub slow: bool,
    /// First error after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_after_ms: Option<u32>,
}

/// A sign of trouble that is not a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    ThrashedCursor,
    QuickBack,
    EndlessSpinner,
    BrokenImage,
    BlankPage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frustration {
    pub signal: Signal,
    pub until_ms: i64,
    /// The spinner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<i64>,
    /// Address of the page or image, selector of the spinner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Turns of the pointer; otherwise 1.
    pub count: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    pub node_id: i64,
    pub selector: String,
    pub label: Option<String>,
    pub masked: bool,
    /// Of the value, in UTF-16 units.
    pub length: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Console {
    pub level: String,
    pub message: String,
    pub args: Vec<String>,
    pub stack: Vec<String>,
}

/// Where an error was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Console,
    Event,
    Backend,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    pub name: String,
    pub message: String,
    pub stack: Vec<String>,
    pub source: Source,
    pub event_id: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Network {
    pub method: String,
    pub url: String,
    pub status: Option<u16>,
    pub duration_ms: Option<u64>,
    pub start_ms: i64,
    pub initiator: Option<String>,
    pub request_headers: BTreeMap<String, String>,
    pub response_headers: BTreeMap<String, String>,
    pub request_body: Option<String>,
    pub response_body: Option<String>,
    pub request_size_bytes: Option<u64>,
    pub response_size_bytes: Option<u64>,
    pub failed: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub slow: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebVital {
    pub name: String,
    pub value: f64,
    pub rating: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custom {
    pub tag: String,
    /// JSON, cut at 4 KB.
    pub payload: String,
}

/// Text that stood on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub text: String,
    /// The block-level element that it stands in.
    pub node_id: i64,
    /// None: it is still there.
    pub until_ms: Option<i64>,
    /// A long text comes in several parts, counted from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    NoFullSnapshot,
    LostData,
    DamagedBlock,
    NotRecorded,
    PageHidden,
    ClockJump,
    UnsupportedContent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub reason: GapReason,
    pub until_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integrity {
    pub reason: String,
    pub count: u64,
}

/// User actions in ten seconds, a number per second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Pointer, scroll, clicks, keys, touches.
    pub counts: [u16; 10],
    /// Of these: clicks, touches, input.
    pub strong: [u16; 10],
}

/// Why a stored fact cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read fact: {0}")]
pub struct FactError(#[from] serde_json::Error);

#[derive(Serialize)]
struct Stored<'a> {
    #[serde(flatten)]
    body: &'a Body,
    tab: u32,
    #[serde(skip_serializing_if = "is_false")]
    open: bool,
}

#[derive(Deserialize)]
struct Read {
    #[serde(flatten)]
    body: Body,
    #[serde(default)]
    tab: u32,
    #[serde(default)]
    open: bool,
}

impl Fact {
    /// One line of JSON, without the time.
    pub fn to_json(&self) -> String {
        let stored = Stored {
            body: &self.body,
            tab: self.tab,
            open: self.open,
        };
        serde_json::to_string(&stored).expect("facts hold nothing that JSON cannot")
    }

    /// # Errors
    /// [`FactError`] when it is not what [`Fact::to_json`] writes.
    pub fn from_json(at_us: i64, json: &str) -> Result<Self, FactError> {
        let Read { body, tab, open } = serde_json::from_str(json)?;
        Ok(Self {
            at_us,
            tab,
            open,
            body,
        })
    }

    pub fn at_ms(&self) -> i64 {
        to_ms(self.at_us)
    }
}

/// Milliseconds from microseconds, downwards.
pub(crate) fn to_ms(us: i64) -> i64 {
    us.div_euclid(1_000)
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_form_has_the_names_of_the_api() {
        let fact = Fact {
            at_us: 5,
            tab: 1,
            open: false,
            body: Body::PageView(Box::new(PageView {
                href: "https://a/b".into(),
                title: None,
                via: Via::BackForward,
            })),
        };
        let json = fact.to_json();
        assert_eq!(
            json,
            r#"{"kind":"page_view","href":"https://a/b","title":null,"via":"back_forward","tab":1}"#
        );
        assert_eq!(Fact::from_json(5, &json).unwrap(), fact);
        assert!(Fact::from_json(5, "{}").is_err());
    }

    #[test]
    fn facts_without_fields_and_with_arrays_come_back() {
        let bodies = [
            Body::Focus,
            Body::Activity(Box::new(Activity {
                counts: [1; 10],
                strong: [0; 10],
            })),
            Body::Click(Box::new(Click {
                x: 1.5,
                in_rage: true,
                ..Click::default()
            })),
            Body::Gap(Gap {
                reason: GapReason::PageHidden,
                until_ms: -7,
            }),
        ];
        for body in bodies {
            let fact = Fact {
                at_us: -1,
                tab: 0,
                open: true,
                body,
            };
            assert_eq!(Fact::from_json(-1, &fact.to_json()).unwrap(), fact);
        }
    }
}
