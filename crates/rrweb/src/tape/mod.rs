//! JSON as a flat list of entries: parsed once, walked by everyone.
//!
//! An event is looked at by the mirror, by the facts of a replay and by the
//! writer of the recording. A [`Tape`] is the one parse they share. It owns its
//! text and is reused from event to event, so that a walk allocates nothing; the
//! reader of a recording fills one from columns, without JSON in between.
//!
//! Values come out as they went in: key order, duplicate keys, and numbers that
//! are not plain integers (by their text) are kept.

mod parser;
#[cfg(test)]
mod tests;

use crate::MAX_DEPTH;
use parser::Parser;

/// A parsed JSON document, see the module.
#[derive(Debug, Default, Clone)]
pub struct Tape {
    entries: Vec<Entry>,
    /// Content of strings and of numbers that are no plain integers.
    text: String,
    /// Containers that are still open, as positions in `entries`.
    open: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: Tag,
    /// Strings and numbers: start in `text`. Integers: low half. Containers: how
    /// many items or pairs.
    a: u32,
    /// Strings and numbers: length. Integers: high half. Containers: the entry
    /// after the last one inside.
    b: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Null,
    False,
    True,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// What a [`Value`] is.
#[derive(Debug, Clone, Copy)]
pub enum Kind<'t> {
    Null,
    Bool(bool),
    /// A number whose text is exactly this integer's.
    Integer(i64),
    /// Any other number, as written.
    Number(&'t str),
    String(&'t str),
    Array(Items<'t>),
    Object(Pairs<'t>),
}

/// Why a text cannot be put on a tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TapeError {
    #[error("not JSON at byte {at}")]
    Syntax { at: usize },
    #[error("nested deeper than {MAX_DEPTH}")]
    TooDeep,
    #[error("larger than 4 GB")]
    TooLarge,
}

/// A place on a tape. Small and free to copy.
#[derive(Clone, Copy)]
pub struct Value<'t> {
    tape: &'t Tape,
    at: u32,
}

impl Tape {
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one JSON document, forgetting what was on the tape. Half a surrogate
    /// pair becomes U+FFFD.
    ///
    /// # Errors
    /// [`TapeError`]; the tape is empty then.
    pub fn parse(&mut self, json: &str) -> Result<(), TapeError> {
        self.clear();
        let result = self.push_json(json);
        if result.is_err() {
            self.clear();
        }
        result
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.text.clear();
        self.open.clear();
    }

    /// The document's outermost value; null while the tape is empty.
    pub fn root(&self) -> Value<'_> {
        Value { tape: self, at: 0 }
    }

    /// Bytes that the tape holds on to.
    pub fn memory_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.text.capacity()
    }

    // Building, for readers of other formats. Inside an object, a key is a string
    // followed by its value.

    pub fn push_null(&mut self) {
        self.push(Tag::Null, 0, 0);
    }

    pub fn push_bool(&mut self, value: bool) {
        self.push(if value { Tag::True } else { Tag::False }, 0, 0);
    }

    pub fn push_integer(&mut self, value: i64) {
        self.push(Tag::Integer, value as u32, (value >> 32) as u32);
    }

    /// `text` must be a JSON number.
    pub fn push_number(&mut self, text: &str) {
        self.push_text(Tag::Number, text);
    }

    pub fn push_string(&mut self, text: &str) {
        self.push_text(Tag::String, text);
    }

    /// Puts a value behind what is on the tape already.
    ///
    /// # Errors
    /// [`TapeError`]; the tape is not usable any more then.
    pub fn push_json(&mut self, json: &str) -> Result<(), TapeError> {
        let room = (u32::MAX as usize).saturating_sub(self.text.len());
        if json.len() > room {
            return Err(TapeError::TooLarge);
        }
        Parser {
            bytes: json.as_bytes(),
            json,
            at: 0,
        }
        .document(self)
    }

    pub fn open_array(&mut self) {
        self.open_container(Tag::Array);
    }

    pub fn open_object(&mut self) {
        self.open_container(Tag::Object);
    }

    /// Closes the innermost container with its number of items or pairs.
    pub fn close(&mut self, count: u32) {
        if let Some(at) = self.open.pop() {
            let end = self.entries.len() as u32;
            let entry = &mut self.entries[at as usize];
            entry.a = count;
            entry.b = end;
        }
    }

    fn open_container(&mut self, tag: Tag) {
        self.open.push(self.entries.len() as u32);
        self.push(tag, 0, 0);
    }

    fn push_text(&mut self, tag: Tag, text: &str) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.push(tag, start, text.len() as u32);
    }

    fn push(&mut self, tag: Tag, a: u32, b: u32) {
        self.entries.push(Entry { tag, a, b });
    }
}

impl<'t> Value<'t> {
    pub fn kind(self) -> Kind<'t> {
        let Some(entry) = self.tape.entries.get(self.at as usize) else {
            return Kind::Null;
        };
        match entry.tag {
            Tag::Null => Kind::Null,
            Tag::False => Kind::Bool(false),
            Tag::True => Kind::Bool(true),
            Tag::Integer => Kind::Integer(integer(entry)),
            Tag::Number => Kind::Number(self.text(entry)),
            Tag::String => Kind::String(self.text(entry)),
            Tag::Array => Kind::Array(Items {
                tape: self.tape,
                at: self.at + 1,
                left: entry.a,
            }),
            Tag::Object => Kind::Object(Pairs {
                tape: self.tape,
                at: self.at + 1,
                left: entry.a,
            }),
        }
    }

    fn text(self, entry: &Entry) -> &'t str {
        &self.tape.text[entry.a as usize..(entry.a + entry.b) as usize]
    }

    fn entry(self) -> Option<&'t Entry> {
        self.tape.entries.get(self.at as usize)
    }

    /// The value under `key`; the last one wins, as in JavaScript. None when this
    /// is no object or has no such key.
    pub fn get(self, key: &str) -> Option<Value<'t>> {
        self.pairs()
            .filter(|(k, _)| *k == key)
            .last()
            .map(|(_, v)| v)
    }

    /// The pairs of an object, in order; none for other values.
    pub fn pairs(self) -> Pairs<'t> {
        match self.kind() {
            Kind::Object(pairs) => pairs,
            _ => Pairs {
                tape: self.tape,
                at: 0,
                left: 0,
            },
        }
    }

    /// The items of an array, in order; none for other values.
    pub fn items(self) -> Items<'t> {
        match self.kind() {
            Kind::Array(items) => items,
            _ => Items {
                tape: self.tape,
                at: 0,
                left: 0,
            },
        }
    }

    pub fn as_str(self) -> Option<&'t str> {
        match self.entry() {
            Some(entry) if entry.tag == Tag::String => Some(self.text(entry)),
            _ => None,
        }
    }

    /// An integer, also one that is written as `7.0` or `7e0`.
    pub fn as_i64(self) -> Option<i64> {
        match self.entry()? {
            entry if entry.tag == Tag::Integer => Some(integer(entry)),
            entry if entry.tag == Tag::Number => {
                let number: f64 = self.text(entry).parse().ok()?;
                // Beyond 2^53 a double is no exact integer any more.
                (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0)
                    .then_some(number as i64)
            }
            _ => None,
        }
    }

    /// Any number; None also when it is too large for a double.
    pub fn as_f64(self) -> Option<f64> {
        match self.entry()? {
            entry if entry.tag == Tag::Integer => Some(integer(entry) as f64),
            entry if entry.tag == Tag::Number => self
                .text(entry)
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    pub fn as_bool(self) -> Option<bool> {
        match self.entry()?.tag {
            Tag::True => Some(true),
            Tag::False => Some(false),
            _ => None,
        }
    }

    pub fn is_null(self) -> bool {
        self.entry().is_none_or(|entry| entry.tag == Tag::Null)
    }

    pub fn is_object(self) -> bool {
        self.entry().is_some_and(|entry| entry.tag == Tag::Object)
    }

    pub fn is_array(self) -> bool {
        self.entry().is_some_and(|entry| entry.tag == Tag::Array)
    }

    /// Appends this value as JSON, as `JSON.stringify` would write it. Does not
    /// recurse.
    pub fn write_json(self, into: &mut String) {
        let entries = &self.tape.entries;
        let end = self.end();
        // What is open: whether it is an object, where it ends.
        let mut open: Vec<(bool, u32)> = Vec::new();
        let mut at = self.at;
        let mut is_key = false;
        let mut first = true;
        if entries.is_empty() {
            into.push_str("null");
            return;
        }
        while at < end || !open.is_empty() {
            if let Some(&(object, close)) = open.last()
                && at == close
            {
                into.push(if object { '}' } else { ']' });
                open.pop();
                first = false;
                is_key = open.last().is_some_and(|(object, _)| *object);
                continue;
            }
            if let Some(&(object, _)) = open.last() {
                if object && !is_key {
                    into.push(':');
                } else if !first {
                    into.push(',');
                }
            }
            let value = Value {
                tape: self.tape,
                at,
            };
            let in_object = open.last().is_some_and(|(object, _)| *object);
            first = false;
            let next_is_key = in_object && !is_key;
            match value.kind() {
                Kind::Null => into.push_str("null"),
                Kind::Bool(value) => into.push_str(if value { "true" } else { "false" }),
                Kind::Integer(value) => {
                    use std::fmt::Write as _;
                    // Writing to a string cannot fail.
                    let _ = write!(into, "{value}");
                }
                Kind::Number(text) => into.push_str(text),
                Kind::String(text) => write_json_string(text, into),
                Kind::Array(_) | Kind::Object(_) => {
                    let object = value.is_object();
                    into.push(if object { '{' } else { '[' });
                    open.push((object, value.end()));
                    is_key = object;
                    first = true;
                    at += 1;
                    continue;
                }
            }
            is_key = next_is_key;
            at += 1;
        }
    }

    pub fn to_json(self) -> String {
        let mut json = String::new();
        self.write_json(&mut json);
        json
    }

    /// The position behind this value.
    fn end(self) -> u32 {
        match self.entry() {
            Some(entry) if matches!(entry.tag, Tag::Array | Tag::Object) => entry.b,
            Some(_) => self.at + 1,
            None => self.at,
        }
    }
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_json())
    }
}

fn integer(entry: &Entry) -> i64 {
    (i64::from(entry.b as i32) << 32) | i64::from(entry.a)
}

/// The items of an array.
#[derive(Debug, Clone, Copy)]
pub struct Items<'t> {
    tape: &'t Tape,
    at: u32,
    left: u32,
}

impl Items<'_> {
    /// No items at all.
    pub fn none() -> Self {
        static EMPTY: Tape = Tape {
            entries: Vec::new(),
            text: String::new(),
            open: Vec::new(),
        };
        Items {
            tape: &EMPTY,
            at: 0,
            left: 0,
        }
    }
}

impl<'t> Iterator for Items<'t> {
    type Item = Value<'t>;

    fn next(&mut self) -> Option<Value<'t>> {
        self.left = self.left.checked_sub(1)?;
        let value = Value {
            tape: self.tape,
            at: self.at,
        };
        self.at = value.end();
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// The pairs of an object, in the order they were written.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'t> {
    tape: &'t Tape,
    at: u32,
    left: u32,
}

impl<'t> Iterator for Pairs<'t> {
    type Item = (&'t str, Value<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let key = Value {
            tape: self.tape,
            at: self.at,
        };
        let value = Value {
            tape: self.tape,
            at: self.at + 1,
        };
        self.at = value.end();
        Some((key.as_str().unwrap_or_default(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Pairs<'_> {}

/// Appends `text` as a JSON string, escaped exactly as `JSON.stringify` does.
pub fn write_json_string(text: &str, into: &mut String) {
    into.push('"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= b' ' && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        into.push_str(&text[from..at]);
        from = at + 1;
        match byte {
            b'"' => into.push_str("\\\""),
            b'\\' => into.push_str("\\\\"),
            b'\n' => into.push_str("\\n"),
            b'\r' => into.push_str("\\r"),
            b'\t' => into.push_str("\\t"),
            8 => into.push_str("\\b"),
            12 => into.push_str("\\f"),
            other => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                into.push_str("\\u00");
                into.push(HEX[usize::from(other >> 4)].into());
                into.push(HEX[usize::from(other & 15)].into());
            }
        }
    }
    into.push_str(&text[from..]);
    into.push('"');
}
