//! The events of a replay, one block after the other.

use super::blocking;
use crate::recordings::{Content, Sealed};
use crate::{Error, Result};
use model::Timestamp;
use model::ingest::RawEvent;
use privacy::{Prepared, Preparer};
use rrweb::Tape;
use rrweb::tape::Value;
use std::collections::VecDeque;
use std::ops::Range;

/// Events of a replay in time order, a block at a time.
pub struct EventReader {
    /// What stands before the first event: the state at the start.
    pub(super) head: Vec<RawEvent>,
    pub(super) sealed: Option<Sealed>,
    pub(super) blocks: VecDeque<usize>,
    pub(super) hot: VecDeque<RawEvent>,
    pub(super) range_us: Range<i64>,
    /// Only the events of the tab with this key.
    pub(super) tab: Option<String>,
    /// Also the keyframes of the recording.
    pub(super) with_states: bool,
}

impl EventReader {
    /// The next events, or `None` at the end. Never empty.
    pub async fn next(&mut self) -> Result<Option<Vec<RawEvent>>> {
        self.next_into(Vec::new()).await
    }

    /// The same for a player. `preparer` is used up when there is an error.
    pub async fn next_for_player(&mut self, preparer: &mut Preparer) -> Result<Option<Prepared>> {
        let filled = self.next_into(std::mem::take(preparer)).await?;
        Ok(filled.map(|mut filled| {
            let prepared = filled.take();
            *preparer = filled;
            prepared
        }))
    }

    async fn next_into<S: Sink>(&mut self, mut sink: S) -> Result<Option<S>> {
        if !self.head.is_empty() {
            let head = std::mem::take(&mut self.head);
            return texts_into(sink, head).await.map(Some);
        }
        while let (Some(sealed), Some(at)) = (&self.sealed, self.blocks.pop_front()) {
            let keyframe = sealed.index.keyframe_of(at).filter(|_| self.with_states);
            let until = sealed.index.blocks[at].to_us;
            let content = match sealed.content(at).await {
                // The rest of the replay still plays.
                Err(Error::Recording(error)) => {
                    tracing::error!(%error, "left a damaged block out of a replay");
                    continue;
                }
                other => other?,
            };
            let (range_us, tab) = (self.range_us.clone(), self.tab.clone());
            let state = match keyframe {
                Some(keyframe) => Some(sealed.content(keyframe).await?),
                None => None,
            };
            // An event at the block's very end may have equals in the next block.
            let late = self
                .hot
                .iter()
                .take_while(|event| event.timestamp.micros() < until)
                .count();
            let late: Vec<_> = self.hot.drain(..late).collect();
            let read = move || {
                let mut late = late.into_iter().peekable();
                for content in state.iter().chain([&content]) {
                    each_event(content, &range_us, &tab, |at_us, event| {
                        // Where times are equal, what came first stands first: it is sealed.
                        while let Some(event) =
                            late.next_if(|event| event.timestamp.micros() < at_us)
                        {
                            sink.text(event);
                        }
                        sink.event(at_us, event);
                    })?;
                }
                late.for_each(|event| sink.text(event));
                Ok::<_, Error>(sink)
            };
            sink = blocking(read).await??;
            if !sink.is_empty() {
                return Ok(Some(sink));
            }
        }
        let rest: Vec<_> = self.hot.drain(..).collect();
        if rest.is_empty() {
            return Ok(None);
        }
        texts_into(sink, rest).await.map(Some)
    }
}

/// Takes events in time order.
trait Sink: Send + 'static {
    fn event(&mut self, at_us: i64, event: Value<'_>);
    fn text(&mut self, event: RawEvent);
    fn is_empty(&self) -> bool;
}

/// Events as they were recorded.
impl Sink for Vec<RawEvent> {
    fn event(&mut self, at_us: i64, event: Value<'_>) {
        let json = match event.as_str() {
            // What no parser took was kept as text.
            Some(text) => text.to_owned(),
            None => event.to_json(),
        };
        let kind = event.get("type").and_then(|kind| kind.as_i64());
        self.push(RawEvent {
            kind: kind
                .and_then(|kind| u8::try_from(kind).ok())
                .unwrap_or(rrweb::UNKNOWN_KIND),
            timestamp: Timestamp::from_micros(at_us),
            json,
        });
    }

    fn text(&mut self, event: RawEvent) {
        self.push(event);
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl Sink for Preparer {
    fn event(&mut self, _at_us: i64, event: Value<'_>) {
        self.event(event);
    }

    fn text(&mut self, event: RawEvent) {
        self.text(&event.json);
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

async fn texts_into<S: Sink>(mut sink: S, events: Vec<RawEvent>) -> Result<S> {
    blocking(move || {
        events.into_iter().for_each(|event| sink.text(event));
        sink
    })
    .await
}

/// The events of a block, as JSON.
pub(crate) fn events_of(
    content: &Content,
    range_us: &Range<i64>,
    tab: &Option<String>,
) -> Result<Vec<RawEvent>> {
    let mut events = Vec::new();
    each_event(content, range_us, tab, |at_us, event| {
        Sink::event(&mut events, at_us, event);
    })?;
    Ok(events)
}

/// Calls `each` for the events of a block within a range.
fn each_event(
    content: &Content,
    range_us: &Range<i64>,
    tab: &Option<String>,
    mut each: impl FnMut(i64, Value<'_>),
) -> Result<()> {
    let mut items = content.items()?;
    let mut tape = Tape::new();
    while let Some(at_us) = items
        .next(&mut tape)
        .map_err(|damage| content.damaged(damage))?
    {
        if at_us >= range_us.end {
            break;
        }
        let event = tape.root();
        let of_tab = |tab: &String| analysis::tab_key(event) == *tab;
        if at_us >= range_us.start && tab.as_ref().is_none_or(of_tab) {
            each(at_us, event);
        }
    }
    Ok(())
}
