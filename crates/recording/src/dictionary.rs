//! What the recordings of a project have in common: strings, keys and shapes.
//!
//! Style sheets, labels and class names are the same for all visitors, so they
//! are stored once per project. A string is admitted only when recordings of at
//! least [`MIN_USERS`] different users hold it: what fewer have is nobody else's
//! business. A dictionary never changes; a better one gets another id. The old one
//! stays until one of the recordings that it was made from is deleted: then those that
//! refer to it are written again ([`crate::with_dictionary`]), and it goes.
//!
//! # Format, version 1
//!
//! ```text
//! magic "REENDIC1", CRC-32 of the plain content, length of the plain content
//! (both 4 bytes, little endian), then the plain content as one zstd frame:
//! strings, keys: count, then each: length, UTF-8 bytes
//! shapes: count, then each: number of keys, numbers of keys
//! ```
//! Numbers are LEB128 varints. The id is the first 8 bytes of the BLAKE3 hash of
//! the plain content, little endian.

use crate::columns::{Source, Writer, put};
use crate::{Error, Result};
use foldhash::{HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_128;

/// A string that fewer users have is nobody else's business.
pub const MIN_USERS: usize = 3;
const MAGIC: &[u8; 8] = b"REENDIC1";
/// Dictionaries are kept in memory while their project is used.
const MAX_TEXT_BYTES: usize = 8 << 20;
/// A longer string is rather one visitor's document than a page's.
const MAX_STRING_BYTES: usize = 1 << 20;
const MAX_PLAIN_BYTES: usize = 64 << 20;
const ZSTD_LEVEL: i32 = 19;

/// Names a dictionary; 0 is the empty one.
pub type DictionaryId = u64;

#[derive(Debug, Default)]
pub struct Dictionary {
    id: DictionaryId,
    strings: Vec<Box<str>>,
    string_numbers: HashMap<u128, u32>,
    keys: Vec<Box<str>>,
    key_numbers: HashMap<Box<str>, u32>,
    shapes: Vec<Box<[u32]>>,
    shape_numbers: HashMap<Box<[u32]>, u32>,
}

impl Dictionary {
    pub fn id(&self) -> DictionaryId {
        self.id
    }

    pub(crate) fn text(&self, number: usize) -> Option<&str> {
        self.strings.get(number).map(AsRef::as_ref)
    }

    /// The number of the string with this hash (XXH3, 128 bits).
    pub(crate) fn string(&self, hash: u128) -> Option<u32> {
        self.string_numbers.get(&hash).copied()
    }

    pub(crate) fn keys(&self) -> &[Box<str>] {
        &self.keys
    }

    pub(crate) fn key(&self, name: &str) -> Option<u32> {
        self.key_numbers.get(name).copied()
    }

    pub(crate) fn shapes(&self) -> &[Box<[u32]>] {
        &self.shapes
    }

    pub(crate) fn shape(&self, keys: &[u32]) -> Option<u32> {
        self.shape_numbers.get(keys).copied()
    }

    /// Bytes that it takes in memory, roughly.
    pub fn memory_bytes(&self) -> usize {
        let text: usize = self.strings.iter().map(|text| text.len() + 48).sum();
        let shapes: usize = self.shapes.iter().map(|keys| keys.len() * 8 + 64).sum();
        text + shapes + self.keys.len() * 96
    }

    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let plain = self.plain();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&crc32fast::hash(&plain).to_le_bytes());
        bytes.extend_from_slice(&(plain.len() as u32).to_le_bytes());
        let packed = zstd::bulk::compress(&plain, ZSTD_LEVEL)
            .map_err(|error| Error::Dictionary(error.to_string()))?;
        bytes.extend_from_slice(&packed);
        Ok(bytes)
    }

    fn plain(&self) -> Vec<u8> {
        let mut plain = Vec::new();
        for list in [&self.strings, &self.keys] {
            put(&mut plain, list.len() as u64);
            for text in list {
                put(&mut plain, text.len() as u64);
                plain.extend_from_slice(text.as_bytes());
            }
        }
        put(&mut plain, self.shapes.len() as u64);
        for shape in &self.shapes {
            put(&mut plain, shape.len() as u64);
            for key in shape {
                put(&mut plain, u64::from(*key));
            }
        }
        plain
    }

    /// # Errors
    /// [`Error::Dictionary`] when the bytes are no dictionary, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let bad = |why: &str| Error::Dictionary(why.to_owned());
        let rest = bytes.strip_prefix(MAGIC).ok_or(bad("no dictionary"))?;
        let (crc, rest) = rest.split_first_chunk::<4>().ok_or(bad("cut short"))?;
        let (size, rest) = rest.split_first_chunk::<4>().ok_or(bad("cut short"))?;
        let size = u32::from_le_bytes(*size) as usize;
        if size > MAX_PLAIN_BYTES {
            return Err(bad("too large"));
        }
        let plain = zstd::bulk::decompress(rest, size).map_err(|error| bad(&error.to_string()))?;
        if crc32fast::hash(&plain) != u32::from_le_bytes(*crc) {
            return Err(bad("checksum differs"));
        }
        Self::from_plain(&plain).ok_or(bad("unreadable"))
    }

    fn from_plain(plain: &[u8]) -> Option<Self> {
        let mut from = Source::new(plain);
        let mut lists = [const { Vec::<Box<str>>::new() }; 2];
        for list in &mut lists {
            for _ in 0..from.length()? {
                let length = from.length()?;
                list.push(from.text(length)?.into());
            }
        }
        let [strings, keys] = lists;
        let mut shapes = Vec::new();
        for _ in 0..from.length()? {
            let count = from.length()?;
            let mut shape = Vec::new();
            for _ in 0..count {
                let key = u32::try_from(from.number()?).ok()?;
                shape.push(key);
                keys.get(key as usize)?;
            }
            shapes.push(shape.into());
        }
        from.is_empty().then(|| Self::new(strings, keys, shapes))
    }

    fn new(strings: Vec<Box<str>>, keys: Vec<Box<str>>, shapes: Vec<Box<[u32]>>) -> Self {
        let numbered = |at: usize| at as u32;
        let mut dictionary = Self {
            id: 0,
            string_numbers: strings
                .iter()
                .enumerate()
                .map(|(at, text)| (xxh3_128(text.as_bytes()), numbered(at)))
                .collect(),
            strings,
            key_numbers: keys
                .iter()
                .enumerate()
                .map(|(at, key)| (key.clone(), numbered(at)))
                .collect(),
            keys,
            shape_numbers: shapes
                .iter()
                .enumerate()
                .map(|(at, shape)| (shape.clone(), numbered(at)))
                .collect(),
            shapes,
        };
        if !(dictionary.strings.is_empty() && dictionary.keys.is_empty()) {
            let mut id = [0; 8];
            id.copy_from_slice(&blake3::hash(&dictionary.plain()).as_bytes()[..8]);
            dictionary.id = u64::from_le_bytes(id);
        }
        dictionary
    }
}

/// Makes a dictionary from sample recordings.
#[derive(Debug, Default)]
pub struct Builder {
    strings: HashMap<u128, Candidate<Box<str>>>,
    keys: HashMap<Box<str>, Candidate<()>>,
    shapes: HashMap<Vec<Box<str>>, Candidate<()>>,
    text_bytes: usize,
    next: u64,
}

#[derive(Debug)]
struct Candidate<T> {
    value: T,
    users: Vec<u64>,
    /// Position among all candidates: strings of one column stay neighbours.
    order: u64,
}

impl<T> Candidate<T> {
    fn seen_by(&mut self, user: u64) {
        if self.users.len() < MIN_USERS && !self.users.contains(&user) {
            self.users.push(user);
        }
    }
}

/// Candidates are kept until all samples are read; beyond this, new ones are not.
const MAX_CANDIDATE_BYTES: usize = 256 << 20;

impl Builder {
    /// Adds the items of one recording. `user` tells users apart, for example a
    /// hash of the user id, or of the device when nobody has logged in.
    pub fn add(&mut self, user: u64, sample: &Writer<'_>) {
        let mut mine = HashSet::default();
        for text in sample.fresh_strings() {
            let hash = xxh3_128(text.as_bytes());
            if text.len() > MAX_STRING_BYTES || !mine.insert(hash) {
                continue;
            }
            let order = self.next;
            self.next += 1;
            if let Some(known) = self.strings.get_mut(&hash) {
                known.seen_by(user);
            } else if self.text_bytes < MAX_CANDIDATE_BYTES {
                self.text_bytes += text.len() + 96;
                let candidate = Candidate {
                    value: text.into(),
                    users: vec![user],
                    order,
                };
                self.strings.insert(hash, candidate);
            }
        }
        for shape in sample.new_shapes() {
            for key in &shape {
                self.next += 1;
                let candidate = self.keys.entry((*key).into()).or_insert(Candidate {
                    value: (),
                    users: Vec::new(),
                    order: self.next,
                });
                candidate.seen_by(user);
            }
            let names = shape.into_iter().map(Into::into).collect();
            self.next += 1;
            let candidate = self.shapes.entry(names).or_insert(Candidate {
                value: (),
                users: Vec::new(),
                order: self.next,
            });
            candidate.seen_by(user);
        }
    }

    /// The dictionary of what at least `min_users` have; [`MIN_USERS`] for real
    /// data, and never more.
    pub fn build(self, min_users: usize) -> Dictionary {
        let wanted = |users: &[u64]| users.len() >= min_users.min(MIN_USERS);
        let mut strings: Vec<_> = self
            .strings
            .into_values()
            .filter(|candidate| wanted(&candidate.users))
            .collect();
        strings.sort_unstable_by_key(|candidate| candidate.order);
        let mut text_bytes = 0;
        strings.retain(|candidate| {
            text_bytes += candidate.value.len();
            text_bytes <= MAX_TEXT_BYTES
        });
        let mut keys: Vec<_> = self
            .keys
            .into_iter()
            .filter(|(_, candidate)| wanted(&candidate.users))
            .collect();
        keys.sort_unstable_by_key(|(_, candidate)| candidate.order);
        let keys: Vec<_> = keys.into_iter().map(|(key, _)| key).collect();
        let numbers: HashMap<_, _> = keys
            .iter()
            .enumerate()
            .map(|(at, key)| (key.clone(), at as u32))
            .collect();
        let mut shapes: Vec<_> = self
            .shapes
            .into_iter()
            .filter(|(_, candidate)| wanted(&candidate.users))
            .collect();
        shapes.sort_unstable_by_key(|(_, candidate)| candidate.order);
        // Who has the shape has its keys, so none is missing.
        let shapes = shapes.into_iter().filter_map(|(names, _)| {
            let numbers = names.iter().map(|name| numbers.get(name).copied());
            numbers.collect::<Option<Box<[u32]>>>()
        });
        let shapes = shapes.collect();
        let strings = strings.into_iter().map(|candidate| candidate.value);
        Dictionary::new(strings.collect(), keys, shapes)
    }
}
