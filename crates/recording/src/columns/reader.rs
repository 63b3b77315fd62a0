//! Putting values together again.

use super::place::{Places, Step};
use super::streams::{Source, unzigzag};
use super::{Decimal, MAX_COLUMNS, MAX_KEYS, MAX_SHAPE_KEYS, MAX_SHAPES, kind, pattern};
use crate::Dictionary;
use foldhash::HashMap;
use rrweb::Tape;
use std::rc::Rc;

/// Reads the items of a block, in the order they were written.
#[derive(Debug)]
pub struct Reader<'a> {
    dictionary: &'a Dictionary,
    places: Places,
    columns: Vec<Column<'a>>,
    items_left: u64,
    keys: Vec<&'a str>,
    shapes: Vec<Box<[u32]>>,
    layouts: HashMap<(u32, u32), Rc<Layout<'a>>>,
    /// Bytes of JSON that may still come. Without it a few bytes that name a long
    /// string again and again could fill the memory.
    budget: u64,
    number_text: String,
}

/// The content of a block is not what a writer writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damage(pub &'static str);

type Result<T, E = Damage> = std::result::Result<T, E>;

#[derive(Debug, Default)]
struct Column<'a> {
    layout: u8,
    kinds: Source<'a>,
    numbers: Source<'a>,
    fresh: Source<'a>,
    text: Source<'a>,
    before: Decimal,
    dictionary_before: i64,
    strings: Vec<Text<'a>>,
    shapes: Vec<u32>,
}

#[derive(Debug, Clone)]
enum Text<'a> {
    Borrowed(&'a str),
    /// Put together from a pattern.
    Owned(Rc<str>),
}

/// Keys and columns of an object's values.
#[derive(Debug)]
struct Layout<'a> {
    fields: Vec<(&'a str, u32)>,
}

enum Open<'a> {
    Array(u64, u64, u32),
    Object(Rc<Layout<'a>>, usize),
}

const SHORT: Damage = Damage("a column ends too early");

impl<'a> Reader<'a> {
    /// `json_bytes` is how large all items are together as JSON.
    ///
    /// # Errors
    /// When the head is damaged. A stream of a column may still be too short.
    pub fn new(content: &'a [u8], dictionary: &'a Dictionary, json_bytes: u64) -> Result<Self> {
        let mut head = Source::new(content);
        let items_left = head.number().ok_or(Damage("no head"))?;
        let mut reader = Self {
            dictionary,
            places: Places::default(),
            columns: Vec::new(),
            items_left,
            keys: Vec::new(),
            shapes: Vec::new(),
            layouts: HashMap::default(),
            budget: json_bytes,
            number_text: String::new(),
        };
        reader.read_names(&mut head)?;
        reader.read_columns(&mut head)?;
        Ok(reader)
    }

    fn read_names(&mut self, head: &mut Source<'a>) -> Result<()> {
        const BAD: Damage = Damage("bad list of keys or shapes");
        let count = head
            .length()
            .filter(|count| *count <= MAX_KEYS)
            .ok_or(BAD)?;
        for _ in 0..count {
            let length = head.length().ok_or(BAD)?;
            self.keys.push(head.text(length).ok_or(BAD)?);
        }
        let key_count = (self.dictionary.keys().len() + self.keys.len()) as u64;
        let count = head
            .length()
            .filter(|count| *count <= MAX_SHAPES)
            .ok_or(BAD)?;
        for _ in 0..count {
            let length = head
                .length()
                .filter(|keys| *keys <= MAX_SHAPE_KEYS)
                .ok_or(BAD)?;
            let keys = (0..length).map(|_| {
                let key = head.number().filter(|key| *key < key_count);
                key.map(|key| key as u32)
            });
            self.shapes.push(keys.collect::<Option<_>>().ok_or(BAD)?);
        }
        Ok(())
    }

    fn read_columns(&mut self, head: &mut Source<'a>) -> Result<()> {
        const BAD: Damage = Damage("bad list of columns");
        let count = head
            .length()
            .filter(|count| *count <= MAX_COLUMNS)
            .ok_or(BAD)?;
        let layouts = head.bytes(count).ok_or(BAD)?;
        let mut lengths = [const { Vec::new() }; 4];
        for stream in &mut lengths {
            for _ in 0..count {
                stream.push(head.length().ok_or(BAD)?);
            }
        }
        self.columns.extend(layouts.iter().map(|layout| Column {
            layout: *layout,
            ..Column::default()
        }));
        let [kinds, numbers, fresh, text] = lengths;
        type Stream<'a> = for<'c> fn(&'c mut Column<'a>) -> &'c mut Source<'a>;
        let streams: [(&[usize], Stream<'a>); 4] = [
            (&kinds, |column| &mut column.kinds),
            (&fresh, |column| &mut column.fresh),
            (&numbers, |column| &mut column.numbers),
            (&text, |column| &mut column.text),
        ];
        for (lengths, stream) in streams {
            for (column, length) in self.columns.iter_mut().zip(lengths) {
                *stream(column) = Source::new(head.bytes(*length).ok_or(BAD)?);
            }
        }
        if head.is_empty() { Ok(()) } else { Err(BAD) }
    }

    /// Puts the next item on the tape and returns its time in microseconds; None
    /// behind the last one.
    ///
    /// # Errors
    /// When the block is damaged; nothing can be read from it any more then.
    pub fn next(&mut self, tape: &mut Tape) -> Result<Option<i64>> {
        tape.clear();
        if self.items_left == 0 {
            return Ok(None);
        }
        self.items_left -= 1;
        let column = self.places.time();
        let time = self.number(column)?;
        let event_kind = self.item_kind(0)?;
        let source = self.item_kind(1)?;
        let column = self.places.item(event_kind, source);
        if let Some(timestamp) = self.places.timestamp() {
            self.column(timestamp)?.before = time;
        }
        self.read(column, time, tape)?;
        Ok(Some(match time.places {
            0 => time.digits.wrapping_mul(1000),
            _ => time.digits,
        }))
    }

    fn spend(&mut self, bytes: usize) -> Result<()> {
        self.budget = self
            .budget
            .checked_sub(bytes as u64)
            .ok_or(Damage("larger than announced"))?;
        Ok(())
    }

    fn item_kind(&mut self, step: u8) -> Result<i64> {
        let time = self.places.time();
        let column = self.places.part(time, Step::Lane(step));
        Ok(self.number(column)?.digits)
    }

    fn column(&mut self, at: u32) -> Result<&mut Column<'a>> {
        self.columns
            .get_mut(at as usize)
            .ok_or(Damage("more columns than there are"))
    }

    fn number(&mut self, column: u32) -> Result<Decimal> {
        let column = self.column(column)?;
        let kind = column.kind()?;
        column.number(kind)
    }

    fn read(&mut self, mut column: u32, time: Decimal, tape: &mut Tape) -> Result<()> {
        let mut open: Vec<Open<'a>> = Vec::new();
        loop {
            // The least that any value takes; quotes of a string are part of it.
            self.spend(1)?;
            let from = self.column(column)?;
            match from.kind()? {
                kind::NULL => tape.push_null(),
                kind::FALSE => tape.push_bool(false),
                kind::TRUE => tape.push_bool(true),
                kind::STRING => {
                    let text = self.string(column)?;
                    self.spend(text.as_str().len())?;
                    tape.push_string(text.as_str());
                }
                kind::ARRAY => {
                    let length = from.numbers.number().ok_or(SHORT)?;
                    let elements = self.places.element(column);
                    tape.open_array();
                    open.push(Open::Array(length, length, elements));
                }
                kind::OBJECT => {
                    let shape = from.shape()?;
                    let layout = self.layout(column, shape, time)?;
                    tape.open_object();
                    open.push(Open::Object(layout, 0));
                }
                kind::JSON => {
                    let text = self.string(column)?;
                    self.spend(text.as_str().len().saturating_sub(1))?;
                    tape.push_json(text.as_str())
                        .map_err(|_| Damage("a stored value is no JSON"))?;
                }
                kind::NUMBER => {
                    let text = self.string(column)?;
                    self.spend(text.as_str().len().saturating_sub(1))?;
                    // Parsed, because a damaged block may hold any text.
                    tape.push_json(text.as_str())
                        .map_err(|_| Damage("a stored number is no JSON"))?;
                }
                kind::NUMERIC => {
                    let part = self.places.part(column, Step::Number);
                    let number = self.number(part)?;
                    self.number_text.clear();
                    number.write(&mut self.number_text);
                    tape.push_string(&self.number_text);
                }
                kind::PATTERN => {
                    let text = self.pattern(column)?;
                    self.spend(text.len())?;
                    tape.push_string(&text);
                    self.column(column)?.strings.push(Text::Owned(text));
                }
                other => {
                    let number = from.number(other)?;
                    if number.places == 0 {
                        tape.push_integer(number.digits);
                    } else {
                        self.number_text.clear();
                        number.write(&mut self.number_text);
                        tape.push_number(&self.number_text);
                    }
                }
            }
            loop {
                match open.last_mut() {
                    None => return Ok(()),
                    Some(Open::Array(length, left, elements)) => {
                        if *left > 0 {
                            *left -= 1;
                            column = *elements;
                            break;
                        }
                        tape.close(*length as u32);
                    }
                    Some(Open::Object(layout, at)) => {
                        if let Some((key, into)) = layout.fields.get(*at) {
                            *at += 1;
                            self.spend(key.len())?;
                            tape.push_string(key);
                            column = *into;
                            break;
                        }
                        tape.close(*at as u32);
                    }
                }
                open.pop();
            }
        }
    }

    fn layout(&mut self, column: u32, shape: u32, time: Decimal) -> Result<Rc<Layout<'a>>> {
        if let Some(layout) = self.layouts.get(&(column, shape)) {
            return Ok(layout.clone());
        }
        let known = self.dictionary.shapes().len();
        let keys = match (shape as usize).checked_sub(known) {
            None => &self.dictionary.shapes()[shape as usize],
            Some(at) => self.shapes.get(at).ok_or(Damage("unknown shape"))?,
        };
        let known = self.dictionary.keys().len();
        let had_timestamp = self.places.timestamp().is_some();
        let mut fields = Vec::with_capacity(keys.len());
        for key in keys {
            let name = match (*key as usize).checked_sub(known) {
                None => self.dictionary.keys()[*key as usize].as_ref(),
                Some(at) => self.keys.get(at).ok_or(Damage("unknown key"))?,
            };
            fields.push((name, self.places.under(column, *key, name)));
        }
        if let (false, Some(timestamp)) = (had_timestamp, self.places.timestamp()) {
            self.column(timestamp)?.before = time;
        }
        let layout = Rc::new(Layout { fields });
        self.layouts.insert((column, shape), layout.clone());
        Ok(layout)
    }

    fn string(&mut self, column: u32) -> Result<Text<'a>> {
        let dictionary = self.dictionary;
        let from = self.column(column)?;
        let place = from.numbers.length().ok_or(SHORT)?;
        if let Some(text) = from.strings.get(place) {
            return Ok(text.clone());
        }
        if place != from.strings.len() {
            return Err(Damage("a string that was not there before"));
        }
        let text = match from.fresh.number().ok_or(SHORT)? {
            0 => {
                let length = from.fresh.length().ok_or(SHORT)?;
                from.text
                    .text(length)
                    .ok_or(Damage("text is too short or no UTF-8"))?
            }
            delta => {
                let number = (from.dictionary_before + 1).wrapping_add(unzigzag(delta - 1));
                from.dictionary_before = number;
                usize::try_from(number)
                    .ok()
                    .and_then(|number| dictionary.text(number))
                    .ok_or(Damage("unknown string of the dictionary"))?
            }
        };
        from.strings.push(Text::Borrowed(text));
        Ok(Text::Borrowed(text))
    }

    fn pattern(&mut self, column: u32) -> Result<Rc<str>> {
        let part = self.places.part(column, Step::Skeleton);
        if self.column(part)?.kind()? != kind::STRING {
            return Err(Damage("a skeleton is no string"));
        }
        let skeleton = self.string(part)?;
        let mut text = String::with_capacity(skeleton.as_str().len() * 2);
        for (n, piece) in skeleton.as_str().split(pattern::MARK).enumerate() {
            if n > 0 {
                let part = self.places.part(column, Step::Lane(pattern::lane(n - 1)));
                self.number(part)?.write(&mut text);
            }
            text.push_str(piece);
        }
        Ok(text.into())
    }
}

impl Text<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl Column<'_> {
    fn kind(&mut self) -> Result<u8> {
        match self.layout {
            kind::MIXED => self.kinds.byte().ok_or(SHORT),
            kind => Ok(kind),
        }
    }

    fn number(&mut self, kind: u8) -> Result<Decimal> {
        let places = match kind {
            kind::INTEGER => 0,
            _ => kind
                .checked_sub(kind::DECIMAL)
                .filter(|places| (1..=super::MAX_DIGITS as u8).contains(places))
                .ok_or(Damage("unknown kind of value"))?,
        };
        let delta = unzigzag(self.numbers.number().ok_or(SHORT)?);
        let number = Decimal {
            digits: self.before.digits_at(places).wrapping_add(delta),
            places,
        };
        self.before = number;
        Ok(number)
    }

    fn shape(&mut self) -> Result<u32> {
        let place = self.numbers.length().ok_or(SHORT)?;
        if let Some(shape) = self.shapes.get(place) {
            return Ok(*shape);
        }
        if place != self.shapes.len() {
            return Err(Damage("a shape that was not there before"));
        }
        let shape = self.numbers.number().ok_or(SHORT)?;
        let shape = u32::try_from(shape).map_err(|_| Damage("unknown shape"))?;
        self.shapes.push(shape);
        Ok(shape)
    }
}
