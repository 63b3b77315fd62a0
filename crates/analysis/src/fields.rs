//! Scrolling and typing: one fact for a burst of events.

use crate::fact::{Body, Input, to_ms};
use serde::{Deserialize, Serialize};

const SCROLL_PAUSE_US: i64 = 1_000_000;
const INPUT_PAUSE_US: i64 = 2_000_000;
/// Nobody fills in two fields so quickly: a script did ("select all").
const SCRIPT_US: i64 = 5_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Scrolling {
    node_id: i64,
    from_us: i64,
    last_us: i64,
    x: i64,
    y: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Typing {
    from_us: i64,
    last_us: i64,
    input: Input,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Fields {
    scrolling: Option<Scrolling>,
    typing: Option<Typing>,
}

impl Fields {
    pub fn scroll(
        &mut self,
        at_us: i64,
        node_id: i64,
        x: i64,
        y: i64,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        match &mut self.scrolling {
            Some(scrolling) if scrolling.node_id == node_id => {
                (scrolling.last_us, scrolling.x, scrolling.y) = (at_us, x, y);
            }
            other => {
                let next = Scrolling {
                    node_id,
                    from_us: at_us,
                    last_us: at_us,
                    x,
                    y,
                };
                if let Some(before) = other.replace(next) {
                    before.write(false, out);
                }
            }
        }
    }

    /// Whether this continues the typing in a field, or is none; else `start_typing` is
    /// needed.
    pub fn continue_typing(&mut self, at_us: i64, node_id: i64, masked: bool, length: u32) -> bool {
        match &mut self.typing {
            Some(typing) if typing.input.node_id == node_id => {
                typing.last_us = at_us;
                typing.input.masked = masked;
                typing.input.length = length;
                true
            }
            Some(typing) => at_us.saturating_sub(typing.last_us) <= SCRIPT_US,
            None => false,
        }
    }

    pub fn start_typing(
        &mut self,
        at_us: i64,
        input: Input,
        out: &mut impl FnMut(i64, bool, Body),
    ) {
        let next = Typing {
            from_us: at_us,
            last_us: at_us,
            input,
        };
        if let Some(before) = self.typing.replace(next) {
            before.write(false, out);
        }
    }

    /// Ids are about to lose their meaning.
    pub fn close(&mut self, out: &mut impl FnMut(i64, bool, Body)) {
        if let Some(scrolling) = self.scrolling.take() {
            scrolling.write(false, out);
        }
        if let Some(typing) = self.typing.take() {
            typing.write(false, out);
        }
    }

    pub fn advance(&mut self, at_us: i64, out: &mut impl FnMut(i64, bool, Body)) {
        let is_over = |last_us: i64, pause_us| at_us.saturating_sub(last_us) > pause_us;
        if let Some(scrolling) = self
            .scrolling
            .take_if(|it| is_over(it.last_us, SCROLL_PAUSE_US))
        {
            scrolling.write(false, out);
        }
        if let Some(typing) = self
            .typing
            .take_if(|it| is_over(it.last_us, INPUT_PAUSE_US))
        {
            typing.write(false, out);
        }
    }

    pub fn write_open(&self, out: &mut impl FnMut(i64, bool, Body)) {
        if let Some(scrolling) = self.scrolling.clone() {
            scrolling.write(true, out);
        }
        if let Some(typing) = self.typing.clone() {
            typing.write(true, out);
        }
    }
}

impl Scrolling {
    fn write(self, is_open: bool, out: &mut impl FnMut(i64, bool, Body)) {
        let body = Body::Scroll {
            node_id: self.node_id,
            x: self.x,
            y: self.y,
            until_ms: to_ms(self.last_us),
        };
        out(self.from_us, is_open, body);
    }
}

impl Typing {
    fn write(self, is_open: bool, out: &mut impl FnMut(i64, bool, Body)) {
        out(self.from_us, is_open, Body::Input(Box::new(self.input)));
    }
}
