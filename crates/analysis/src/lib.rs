//! What a recording says: clicks and whether they did anything, text on screen,
//! errors, requests, pages, gaps.
//!
//! An [`Analysis`] walks the events of one tab in time order, in the same pass that
//! keeps the [`Mirror`](rrweb::mirror::Mirror): it applies each event to the mirror,
//! listens to what changes, and turns it into [`Fact`]s. A fact is written when it
//! is complete; [`Analysis::finish`] writes what is not, marked `open`, and
//! [`Analysis::resume`] goes on from there, so that a replay can be analysed piece
//! by piece as it arrives. Open facts of a piece are replaced by those of the next.
//! [`summarise`] makes of all facts what lists and the player's timeline show.
//!
//! A replay can hold several tabs whose events interleave. Each tab has a page of
//! its own, so the caller keeps one mirror and one analysis per tab, and
//! [`Tabs`] says which tab an event is of.
//!
//! Pure: no clock, no I/O, and the order of facts is all that may differ between two
//! runs. Every event takes time in proportion to its size; every list, text and map
//! is bounded by a named constant. It knows no storage and no HTTP.

mod activity;
mod background;
mod changes;
mod chunks;
mod clicks;
mod console;
mod custom;
mod element;
mod exchange;
mod fact;
mod fields;
mod frustration;
mod gaps;
mod network;
mod pages;
mod selector;
mod settings;
mod strings;
mod summary;
mod tabs;
mod text_unit;
mod texts;
mod walk;

pub use fact::{
    Activity, Body, Click, Console, Custom, Error, Fact, FactError, Frustration, Gap, GapReason,
    Input, Integrity, Network, PageView, Signal, Source, Text, Via, WebVital,
};
pub use selector::Selector;
pub use settings::{RageRule, Settings};
pub use summary::{
    ActivityBins, Counts, GapRange, IntegrityMark, MAX_BINS, Marker, MarkerKind, PageMark, Range,
    STRIP_CELLS, Summary, TabRange, ViewportMark, summarise,
};
pub use tabs::{Tabs, tab_key};
pub use walk::Analysis;
