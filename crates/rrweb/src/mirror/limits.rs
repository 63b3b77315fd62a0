//! How much of a page the mirror is willing to hold.

/// Bounds of one [`Mirror`](super::Mirror). What passes one is left out and counted
/// in its [`Integrity`](super::Integrity); nothing fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nodes alive at once. Browsers get slow around 100,000; the rest is headroom.
    pub nodes: usize,
    /// Levels below a document. A level costs two JSON levels in a keyframe, which
    /// has to be readable again ([`MAX_DEPTH`](crate::MAX_DEPTH)).
    pub depth: u16,
    /// One text or attribute value; the largest honest ones are style sheets and
    /// inlined images.
    pub text_bytes: usize,
    /// One inline `style` after a diff; scripts set a few hundred properties at most.
    pub inline_style_bytes: usize,
    /// Different tag and attribute names; pages have a few hundred.
    pub names: usize,
    /// Attributes of one element.
    pub attributes: usize,
    /// Edits of one style sheet before they are folded into fewer.
    pub sheet_edits: usize,
    /// Constructed style sheets since the last snapshot.
    pub constructed_sheets: usize,
    /// Drawing commands of one canvas since its last whole frame.
    pub canvas_bytes: usize,
    /// Fonts loaded by script.
    pub fonts: usize,
    /// Nodes and documents that arrived before their place in the tree.
    pub waiting: usize,
    /// Everything together.
    pub memory_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            nodes: 500_000,
            depth: 1_000,
            text_bytes: 16 << 20,
            inline_style_bytes: 128 << 10,
            names: 16_384,
            attributes: 4_096,
            sheet_edits: 2_000,
            constructed_sheets: 4_096,
            canvas_bytes: 8 << 20,
            fonts: 128,
            waiting: 1_024,
            memory_bytes: 128 << 20,
        }
    }
}
