//! Taking values apart.

use super::place::{Places, Step};
use super::streams::{Source, put, zigzag};
use super::{Decimal, MAX_KEYS, MAX_SHAPE_KEYS, MAX_SHAPES, kind, pattern};
use crate::Dictionary;
use foldhash::HashMap;
use rrweb::tape::{Items, Kind, Pairs, Value};
use std::rc::Rc;
use xxhash_rust::xxh3::xxh3_128;

/// Collects the items of one block.
#[derive(Debug)]
pub struct Writer<'d> {
    dictionary: &'d Dictionary,
    places: Places,
    columns: Vec<Column>,
    items: u64,
    /// Keys and shapes that the dictionary does not have; numbered behind its own.
    keys: HashMap<Box<str>, u32>,
    new_keys: Vec<Box<str>>,
    shapes: HashMap<Box<[u32]>, u32>,
    new_shapes: Vec<Box<[u32]>>,
    /// The columns of an object's values, by its column and shape.
    layouts: HashMap<(u32, u32), Rc<Layout>>,
    // Reused from value to value.
    object_keys: Vec<u32>,
    skeleton: String,
    numbers: Vec<Decimal>,
}

#[derive(Debug, Default)]
struct Column {
    kinds: Vec<u8>,
    numbers: Vec<u8>,
    fresh: Vec<u8>,
    text: Vec<u8>,
    before: Decimal,
    dictionary_before: i64,
    /// Places of strings and shapes in the column's lists. Strings by a hash that
    /// is long enough not to meet by chance; who makes two meet on purpose spoils
    /// their own recording.
    strings: HashMap<u128, u32>,
    shapes: HashMap<u32, u32>,
    /// The last shapes here, the newest first: most objects look like one of them.
    recent: [Option<Rc<Layout>>; RECENT],
}

const RECENT: usize = 4;

/// An object's shape in a column.
#[derive(Debug)]
struct Layout {
    shape: u32,
    names: Vec<Box<str>>,
    columns: Vec<u32>,
}

impl Layout {
    fn fits(&self, pairs: Pairs<'_>) -> bool {
        pairs.len() == self.names.len()
            && pairs
                .zip(&self.names)
                .all(|((name, _), own)| name == &**own)
    }
}

/// A container whose values are being written.
enum Open<'t> {
    Array(Items<'t>, u32),
    Object(Pairs<'t>, Rc<Layout>, usize),
}

impl<'d> Writer<'d> {
    pub fn new(dictionary: &'d Dictionary) -> Self {
        Self {
            dictionary,
            places: Places::default(),
            columns: Vec::new(),
            items: 0,
            keys: HashMap::default(),
            new_keys: Vec::new(),
            shapes: HashMap::default(),
            new_shapes: Vec::new(),
            layouts: HashMap::default(),
            object_keys: Vec::new(),
            skeleton: String::new(),
            numbers: Vec::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    pub fn items(&self) -> u64 {
        self.items
    }

    /// Adds an item with its time in microseconds since the epoch.
    pub fn push(&mut self, at_us: i64, value: Value<'_>) {
        self.items += 1;
        let time = Decimal::of_micros(at_us);
        let column = self.places.time();
        self.column(column).number(time);
        let number = |value: Option<Value<'_>>| value.and_then(Value::as_i64).unwrap_or(-1);
        let event_kind = number(value.get("type"));
        let source = number(value.get("data").and_then(|data| data.get("source")));
        let column = self.item_column(event_kind, source);
        if let Some(timestamp) = self.places.timestamp() {
            self.column(timestamp).before = time;
        }
        self.write(column, value, time);
    }

    /// The kinds stand before the item, because the reader needs its column first.
    fn item_column(&mut self, event_kind: i64, source: i64) -> u32 {
        for (step, number) in [(0, event_kind), (1, source)] {
            let time = self.places.time();
            let column = self.places.part(time, Step::Lane(step));
            self.column(column).number(Decimal {
                digits: number,
                places: 0,
            });
        }
        self.places.item(event_kind, source)
    }

    fn column(&mut self, at: u32) -> &mut Column {
        let at = at as usize;
        if at >= self.columns.len() {
            self.columns.resize_with(at + 1, Column::default);
        }
        &mut self.columns[at]
    }

    fn write(&mut self, mut column: u32, mut value: Value<'_>, time: Decimal) {
        let mut open: Vec<Open<'_>> = Vec::new();
        loop {
            match value.kind() {
                Kind::Null => self.column(column).kinds.push(kind::NULL),
                Kind::Bool(false) => self.column(column).kinds.push(kind::FALSE),
                Kind::Bool(true) => self.column(column).kinds.push(kind::TRUE),
                Kind::Integer(number) => self.column(column).number(Decimal {
                    digits: number,
                    places: 0,
                }),
                Kind::Number(text) => match Decimal::read(text) {
                    Some(number) => self.column(column).number(number),
                    None => self.string(column, kind::NUMBER, text),
                },
                Kind::String(text) => self.text(column, text),
                Kind::Array(items) => match self.array(column, items.len()) {
                    Some(elements) => open.push(Open::Array(items, elements)),
                    None => self.string(column, kind::JSON, &value.to_json()),
                },
                Kind::Object(pairs) => match self.object(column, pairs, time) {
                    Some(layout) => open.push(Open::Object(pairs, layout, 0)),
                    None => self.string(column, kind::JSON, &value.to_json()),
                },
            }
            loop {
                match open.last_mut() {
                    None => return,
                    Some(Open::Array(items, elements)) => {
                        if let Some(next) = items.next() {
                            (column, value) = (*elements, next);
                            break;
                        }
                    }
                    Some(Open::Object(pairs, layout, at)) => {
                        if let Some((_, next)) = pairs.next() {
                            (column, value) = (layout.columns[*at], next);
                            *at += 1;
                            break;
                        }
                    }
                }
                open.pop();
            }
        }
    }

    /// Begins an array and says where its items go; None when there is no room.
    fn array(&mut self, column: u32, length: usize) -> Option<u32> {
        if !self.places.has_room(1) {
            return None;
        }
        let into = self.column(column);
        into.kinds.push(kind::ARRAY);
        put(&mut into.numbers, length as u64);
        let elements = self.places.element(column);
        self.column(elements);
        Some(elements)
    }

    /// Begins an object and says where its values go; None when there is no room.
    fn object(&mut self, column: u32, pairs: Pairs<'_>, time: Decimal) -> Option<Rc<Layout>> {
        let recent = &mut self.column(column).recent;
        let found = recent
            .iter()
            .position(|known| known.as_ref().is_some_and(|known| known.fits(pairs)));
        let layout = match found.and_then(|at| recent[at].clone()) {
            Some(layout) => layout,
            None => {
                let layout = self.layout(column, pairs, time)?;
                let recent = &mut self.column(column).recent;
                recent.rotate_right(1);
                recent[0] = Some(layout.clone());
                layout
            }
        };
        let into = self.column(column);
        into.kinds.push(kind::OBJECT);
        into.shape(layout.shape);
        Some(layout)
    }

    fn layout(&mut self, column: u32, pairs: Pairs<'_>, time: Decimal) -> Option<Rc<Layout>> {
        let shape = self.shape(pairs)?;
        if let Some(layout) = self.layouts.get(&(column, shape)) {
            return Some(layout.clone());
        }
        if !self.places.has_room(pairs.len()) {
            return None;
        }
        let had_timestamp = self.places.timestamp().is_some();
        let columns: Vec<u32> = pairs
            .zip(&self.object_keys)
            .map(|((name, _), key)| self.places.under(column, *key, name))
            .collect();
        if let Some(last) = columns.iter().max() {
            self.column(*last);
        }
        if let (false, Some(timestamp)) = (had_timestamp, self.places.timestamp()) {
            self.column(timestamp).before = time;
        }
        let layout = Rc::new(Layout {
            shape,
            names: pairs.map(|(name, _)| name.into()).collect(),
            columns,
        });
        self.layouts.insert((column, shape), layout.clone());
        Some(layout)
    }

    /// The number of the shape with these keys, left in `object_keys`; None when
    /// it has too many keys or there are too many shapes already.
    fn shape(&mut self, pairs: Pairs<'_>) -> Option<u32> {
        if pairs.len() > MAX_SHAPE_KEYS {
            return None;
        }
        self.object_keys.clear();
        for (name, _) in pairs {
            let key = match self
                .dictionary
                .key(name)
                .or_else(|| self.keys.get(name).copied())
            {
                Some(key) => key,
                None => {
                    if self.new_keys.len() >= MAX_KEYS {
                        return None;
                    }
                    let key = (self.dictionary.keys().len() + self.new_keys.len()) as u32;
                    self.keys.insert(name.into(), key);
                    self.new_keys.push(name.into());
                    key
                }
            };
            self.object_keys.push(key);
        }
        let keys = self.object_keys.as_slice();
        if let Some(shape) = self
            .dictionary
            .shape(keys)
            .or_else(|| self.shapes.get(keys).copied())
        {
            return Some(shape);
        }
        if self.new_shapes.len() >= MAX_SHAPES {
            return None;
        }
        let shape = (self.dictionary.shapes().len() + self.new_shapes.len()) as u32;
        self.shapes.insert(keys.into(), shape);
        self.new_shapes.push(keys.into());
        Some(shape)
    }

    /// A string, in the way that suits it best.
    fn text(&mut self, column: u32, text: &str) {
        if let Some(number) = Decimal::read(text).filter(|_| self.places.has_room(1)) {
            self.column(column).kinds.push(kind::NUMERIC);
            let part = self.places.part(column, Step::Number);
            return self.column(part).number(number);
        }
        let hash = xxh3_128(text.as_bytes());
        let is_new = !self.column(column).strings.contains_key(&hash);
        if is_new
            && self.dictionary.string(hash).is_none()
            && self.places.has_room(3)
            && pattern::split(text, &mut self.skeleton, &mut self.numbers)
        {
            return self.pattern(column, hash);
        }
        let number = self.dictionary.string(hash);
        self.column(column).string(kind::STRING, text, hash, number);
    }

    /// Writes what `pattern::split` has left in `skeleton` and `numbers`.
    fn pattern(&mut self, column: u32, hash: u128) {
        let into = self.column(column);
        let place = into.strings.len() as u32;
        into.strings.insert(hash, place);
        into.kinds.push(kind::PATTERN);
        let skeleton = std::mem::take(&mut self.skeleton);
        let part = self.places.part(column, Step::Skeleton);
        self.string(part, kind::STRING, &skeleton);
        self.skeleton = skeleton;
        let numbers = std::mem::take(&mut self.numbers);
        for (n, number) in numbers.iter().enumerate() {
            let part = self.places.part(column, Step::Lane(pattern::lane(n)));
            self.column(part).number(*number);
        }
        self.numbers = numbers;
    }

    fn string(&mut self, column: u32, kind: u8, text: &str) {
        let hash = xxh3_128(text.as_bytes());
        let number = self.dictionary.string(hash);
        self.column(column).string(kind, text, hash, number);
    }

    /// The strings that stand in the text of the columns, column by column.
    pub(crate) fn fresh_strings(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().flat_map(|column| {
            let mut fresh = Source::new(&column.fresh);
            let mut text = Source::new(&column.text);
            std::iter::from_fn(move || {
                while !text.is_empty() {
                    if fresh.number()? == 0 {
                        let length = fresh.length()?;
                        return text.text(length);
                    }
                }
                None
            })
        })
    }

    /// The keys of the shapes that the dictionary does not have.
    pub(crate) fn new_shapes(&self) -> impl Iterator<Item = Vec<&str>> {
        let known = self.dictionary.keys();
        let name = move |key: &u32| match (*key as usize).checked_sub(known.len()) {
            None => known[*key as usize].as_ref(),
            Some(at) => self.new_keys[at].as_ref(),
        };
        self.new_shapes
            .iter()
            .map(move |shape| shape.iter().map(name).collect())
    }

    /// The block's content, see the module's layout.
    pub fn finish(self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, self.items);
        put(&mut out, self.new_keys.len() as u64);
        for key in &self.new_keys {
            put(&mut out, key.len() as u64);
            out.extend_from_slice(key.as_bytes());
        }
        put(&mut out, self.new_shapes.len() as u64);
        for shape in &self.new_shapes {
            put(&mut out, shape.len() as u64);
            for key in shape {
                put(&mut out, u64::from(*key));
            }
        }
        let mut columns = self.columns;
        columns.resize_with(self.places.len(), Column::default);
        put(&mut out, columns.len() as u64);
        for column in &mut columns {
            let first = column.kinds.first().copied().unwrap_or(kind::NULL);
            if column.kinds.iter().all(|kind| *kind == first) {
                column.kinds.clear();
                out.push(first);
            } else {
                out.push(kind::MIXED);
            }
        }
        let streams: [fn(&Column) -> &Vec<u8>; 4] = [
            |column| &column.kinds,
            |column| &column.numbers,
            |column| &column.fresh,
            |column| &column.text,
        ];
        for stream in streams {
            for column in &columns {
                put(&mut out, stream(column).len() as u64);
            }
        }
        let [kinds, numbers, fresh, text] = streams;
        for stream in [kinds, fresh, numbers, text] {
            for column in &columns {
                out.extend_from_slice(stream(column));
            }
        }
        out
    }
}

impl Column {
    fn number(&mut self, number: Decimal) {
        self.kinds.push(number.kind());
        let before = self.before.digits_at(number.places);
        put(
            &mut self.numbers,
            zigzag(number.digits.wrapping_sub(before)),
        );
        self.before = number;
    }

    fn string(&mut self, kind: u8, text: &str, hash: u128, in_dictionary: Option<u32>) {
        self.kinds.push(kind);
        let next = self.strings.len() as u32;
        let place = *self.strings.entry(hash).or_insert(next);
        put(&mut self.numbers, u64::from(place));
        if place < next {
            return;
        }
        match in_dictionary {
            Some(number) => {
                let number = i64::from(number);
                put(
                    &mut self.fresh,
                    1 + zigzag(number - self.dictionary_before - 1),
                );
                self.dictionary_before = number;
            }
            None => {
                put(&mut self.fresh, 0);
                put(&mut self.fresh, text.len() as u64);
                self.text.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn shape(&mut self, shape: u32) {
        let next = self.shapes.len() as u32;
        let place = *self.shapes.entry(shape).or_insert(next);
        put(&mut self.numbers, u64::from(place));
        if place == next {
            put(&mut self.numbers, u64::from(shape));
        }
    }
}

impl Decimal {
    /// Milliseconds; with three places when they are not whole.
    fn of_micros(micros: i64) -> Self {
        if micros % 1000 == 0 {
            Self {
                digits: micros / 1000,
                places: 0,
            }
        } else {
            Self {
                digits: micros,
                places: 3,
            }
        }
    }
}
