//! Tag and attribute names, each stored once; and the hasher of all our maps.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A tag or attribute name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name(pub u32);

macro_rules! known_names {
    ($($constant:ident $text:literal)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Position { $($constant),* }
        /// Names that mean something to the mirror, the same in every one.
        pub(crate) mod known {
            use super::{Name, Position};
            $(pub(crate) const $constant: Name = Name(Position::$constant as u32);)*
        }
        const KNOWN: &[&str] = &[$($text),*];
    };
}

known_names! {
    NONE ""
    STYLE "style" LINK "link" IFRAME "iframe" TEXTAREA "textarea" INPUT "input"
    SELECT "select" OPTION "option" CANVAS "canvas" DIALOG "dialog" HTML "html" BODY "body"
    SCRIPT "script" CLASS "class" VALUE "value" CHECKED "checked" SELECTED "selected"
    CSS_TEXT "_cssText" RR_DATA_URL "rr_dataURL" OPEN "open"
    OPEN_MODE "rr_open_mode" WIDTH "width" HEIGHT "height" PUBLIC_ID "publicId"
    SYSTEM_ID "systemId" COMPAT_MODE "compatMode"
}

pub(crate) struct Names {
    texts: Vec<Box<str>>,
    index: HashMap<Box<str>, Name, Seeded>,
    bytes: usize,
}

impl Names {
    pub(crate) fn new() -> Self {
        let mut names = Self {
            texts: Vec::with_capacity(2 * KNOWN.len()),
            index: HashMap::default(),
            bytes: 0,
        };
        for text in KNOWN {
            names.insert(text);
        }
        names
    }

    /// None when there are `limit` names already.
    pub(crate) fn intern(&mut self, text: &str, limit: usize) -> Option<Name> {
        match self.index.get(text) {
            Some(name) => Some(*name),
            None if self.texts.len() < limit => Some(self.insert(text)),
            None => None,
        }
    }

    pub(crate) fn find(&self, text: &str) -> Option<Name> {
        self.index.get(text).copied()
    }

    pub(crate) fn text(&self, name: Name) -> &str {
        self.texts.get(name.0 as usize).map_or("", |text| text)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes
    }

    fn insert(&mut self, text: &str) -> Name {
        let name = Name(self.texts.len() as u32);
        self.texts.push(text.into());
        self.index.insert(text.into(), name);
        // Two copies, their allocations, and their places in the list and the map.
        self.bytes += 2 * text.len() + 80;
        name
    }
}

/// A quick hasher with a secret start, so that nobody can choose colliding keys.
#[derive(Clone)]
pub(crate) struct Seeded(u64);

impl Default for Seeded {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0u8))
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        Folding {
            state: self.0,
            seed: self.0 | 1,
        }
    }
}

pub(crate) struct Folding {
    state: u64,
    seed: u64,
}

impl Folding {
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.seed ^ 0x9e37_79b9_7f4a_7c15);
        self.state = (product as u64) ^ ((product >> 64) as u64) ^ self.seed.rotate_left(23);
    }
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.fold(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.fold(u64::from_le_bytes(last) ^ ((bytes.len() as u64) << 56));
    }

    fn write_u8(&mut self, byte: u8) {
        // Ends a string: keep it apart from what follows.
        self.state = self.state.rotate_left(9) ^ u64::from(byte);
    }

    fn write_u32(&mut self, word: u32) {
        self.fold(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.fold(word);
    }

    fn write_i64(&mut self, word: i64) {
        self.fold(word as u64);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}
