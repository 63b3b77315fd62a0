//! What must hold for any input, one module per fuzz target. The targets call these
//! functions with libFuzzer's bytes; a test calls them with the inputs that once
//! broke something (`crashes/<target>/`), on a stable compiler.

pub mod columns;
pub mod dictionary;
pub mod event;
pub mod made;
pub mod mirror_made;
pub mod mirror_text;
pub mod privacy;
pub mod recording;
pub mod seeds;
pub mod tape;
pub mod upload;

/// All targets by name.
pub const TARGETS: [(&str, fn(&[u8])); 9] = [
    ("columns", columns::check),
    ("dictionary", dictionary::check),
    ("event", event::check),
    ("mirror_made", mirror_made::check),
    ("mirror_text", mirror_text::check),
    ("privacy", privacy::check),
    ("recording", recording::check),
    ("tape", tape::check),
    ("upload", upload::check),
];
