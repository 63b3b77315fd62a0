//! Columns: a dictionary of values in order, and a code for each row.
//!
//! A column covers the rows from the first to the last that have a value. Rows of one
//! type stand together, so a property of one type costs the other types nothing.

use crate::value::Value;
use crate::{Error, Result};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

/// Code of a row without a value. Code `n` is the value `n - 1` of the dictionary.
pub const MISSING: u32 = 0;

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub first_row: u32,
    /// Sorted, each value once.
    pub dictionary: Vec<Value>,
    pub codes: Codes,
}

/// As narrow as the largest code allows.
#[derive(Debug, Clone, PartialEq)]
pub enum Codes {
    Byte(Vec<u8>),
    Short(Vec<u16>),
    Long(Vec<u32>),
}

impl Codes {
    pub fn of(codes: &[u32]) -> Self {
        match codes.iter().max().copied().unwrap_or(0) {
            0..=0xff => Self::Byte(codes.iter().map(|code| *code as u8).collect()),
            0x100..=0xffff => Self::Short(codes.iter().map(|code| *code as u16).collect()),
            _ => Self::Long(codes.to_vec()),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Byte(codes) => codes.len(),
            Self::Short(codes) => codes.len(),
            Self::Long(codes) => codes.len(),
        }
    }

    pub fn get(&self, at: usize) -> u32 {
        match self {
            Self::Byte(codes) => codes.get(at).map_or(MISSING, |code| u32::from(*code)),
            Self::Short(codes) => codes.get(at).map_or(MISSING, |code| u32::from(*code)),
            Self::Long(codes) => codes.get(at).copied().unwrap_or(MISSING),
        }
    }

    /// Calls with each place and its code.
    pub fn each(&self, mut each: impl FnMut(usize, u32)) {
        match self {
            Self::Byte(codes) => codes
                .iter()
                .enumerate()
                .for_each(|(at, code)| each(at, u32::from(*code))),
            Self::Short(codes) => codes
                .iter()
                .enumerate()
                .for_each(|(at, code)| each(at, u32::from(*code))),
            Self::Long(codes) => codes
                .iter()
                .enumerate()
                .for_each(|(at, code)| each(at, *code)),
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Byte(_) => 1,
            Self::Short(_) => 2,
            Self::Long(_) => 4,
        }
    }
}

impl Column {
    pub fn code(&self, row: u32) -> u32 {
        match row.checked_sub(self.first_row) {
            Some(at) => self.codes.get(at as usize),
            None => MISSING,
        }
    }

    pub fn value(&self, row: u32) -> Option<&Value> {
        let code = self.code(row) as usize;
        self.dictionary.get(code.checked_sub(1)?)
    }

    /// The code of a value, if any row may have it.
    pub fn find(&self, value: &Value) -> Option<u32> {
        let found = self
            .dictionary
            .binary_search_by(|known| known.compare(value));
        found.ok().map(|at| at as u32 + 1)
    }

    pub fn heap_bytes(&self) -> usize {
        let texts = self.dictionary.iter().map(|value| match value {
            Value::Text(text) => text.capacity() + 16,
            Value::Flag(_) | Value::Number(_) => 0,
        });
        self.codes.len() * self.codes.width()
            + self.dictionary.len() * size_of::<Value>()
            + texts.sum::<usize>()
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, self.dictionary.len() as u64);
        for value in &self.dictionary {
            match value {
                Value::Flag(flag) => out.push(u8::from(*flag)),
                Value::Number(number) => {
                    out.push(2);
                    out.extend(number.to_le_bytes());
                }
                Value::Text(text) => {
                    out.push(3);
                    put_text(&mut out, text);
                }
            }
        }
        let width = self.codes.width();
        out.push(width as u8);
        out.reserve(width * self.codes.len());
        // Low bytes of all codes first, then the next: equal high bytes pack well.
        for plane in 0..width {
            self.codes
                .each(|_, code| out.push(code.to_le_bytes()[plane]));
        }
        out
    }

    pub fn decode(first_row: u32, rows: usize, bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        let count = take_varint(&mut rest)? as usize;
        // Each takes a byte at least.
        if count > rest.len() {
            return Err(Error::damaged("dictionary"));
        }
        let mut dictionary = Vec::with_capacity(count);
        for _ in 0..count {
            dictionary.push(match take(&mut rest, 1)?[0] {
                tag @ (0 | 1) => Value::Flag(tag == 1),
                2 => {
                    let bytes = take(&mut rest, 8)?;
                    let bytes = bytes.try_into().map_err(|_| Error::damaged("number"))?;
                    Value::Number(f64::from_le_bytes(bytes))
                }
                3 => Value::Text(take_text(&mut rest)?),
                _ => return Err(Error::damaged("value")),
            });
        }
        let width = usize::from(take(&mut rest, 1)?[0]);
        if !matches!(width, 1 | 2 | 4) || rest.len() != rows * width {
            return Err(Error::damaged("codes"));
        }
        let plane = |at: usize, number: usize| u32::from(rest[number * rows + at]) << (8 * number);
        let codes = match width {
            1 => Codes::Byte(rest.to_vec()),
            2 => Codes::Short(
                (0..rows)
                    .map(|at| (plane(at, 0) | plane(at, 1)) as u16)
                    .collect(),
            ),
            _ => Codes::Long(
                (0..rows)
                    .map(|at| plane(at, 0) | plane(at, 1) | plane(at, 2) | plane(at, 3))
                    .collect(),
            ),
        };
        let largest = (0..rows).map(|at| codes.get(at)).max().unwrap_or(0);
        if largest as usize > count {
            return Err(Error::damaged("code"));
        }
        Ok(Self {
            first_row,
            dictionary,
            codes,
        })
    }

    /// Of rows in ascending order with their values.
    pub fn build(cells: &[(u32, &Value)]) -> Self {
        // Few values stand in many rows: each gets a number when it comes first, and only
        // these are sorted.
        let mut numbers: HashMap<ByValue<'_>, u32, foldhash::fast::RandomState> =
            HashMap::default();
        let mut distinct: Vec<(&Value, u32)> = Vec::new();
        let mut number_of = |value| {
            let next = distinct.len() as u32;
            *numbers.entry(ByValue(value)).or_insert_with(|| {
                distinct.push((value, next));
                next
            })
        };
        let first_row = cells.first().map_or(0, |(row, _)| *row);
        let end = cells.last().map_or(0, |(row, _)| row + 1);
        let mut codes = vec![MISSING; (end - first_row) as usize];
        for (row, value) in cells {
            codes[(row - first_row) as usize] = number_of(*value) + 1;
        }
        distinct.sort_unstable_by(|one, two| one.0.compare(two.0));
        let mut sorted = vec![MISSING; distinct.len() + 1];
        for (at, (_, number)) in distinct.iter().enumerate() {
            sorted[*number as usize + 1] = at as u32 + 1;
        }
        for code in &mut codes {
            *code = sorted[*code as usize];
        }
        Self {
            first_row,
            dictionary: distinct.into_iter().map(|(it, _)| it.clone()).collect(),
            codes: Codes::of(&codes),
        }
    }
}

/// Numbers are equal when their bits are, as in [`Value::compare`].
struct ByValue<'a>(&'a Value);

impl PartialEq for ByValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.compare(other.0).is_eq()
    }
}

impl Eq for ByValue<'_> {}

impl Hash for ByValue<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Value::Flag(flag) => flag.hash(state),
            Value::Number(number) => number.to_bits().hash(state),
            Value::Text(text) => text.hash(state),
        }
    }
}

/// The rows of each code, for looking for one value among millions.
#[derive(Debug)]
pub struct Postings {
    /// Of code `n` in `starts[n]..starts[n + 1]`.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl Postings {
    pub fn of(column: &Column) -> Self {
        let codes = (0..column.codes.len()).map(|at| column.codes.get(at) as usize);
        let mut starts = vec![0u32; column.dictionary.len() + 2];
        for code in codes.clone() {
            starts[code + 1] += 1;
        }
        // Rows without a value are not wanted by anybody.
        starts[1] = 0;
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let count = starts.last().copied().unwrap_or(0);
        let mut rows = vec![0; count as usize];
        for (at, code) in codes
            .enumerate()
            .filter(|(_, code)| *code != MISSING as usize)
        {
            rows[next[code] as usize] = column.first_row + at as u32;
            next[code] += 1;
        }
        Self { starts, rows }
    }

    /// Ascending.
    pub fn rows(&self, code: u32) -> &[u32] {
        let code = code as usize;
        &self.rows[self.starts[code] as usize..self.starts[code + 1] as usize]
    }

    pub fn heap_bytes(&self) -> usize {
        (self.starts.len() + self.rows.len()) * 4
    }
}

/// Times in microseconds; differences, in milliseconds where all are whole ones.
pub fn encode_times(times: &[i64]) -> Vec<u8> {
    let unit = if times.iter().all(|at| at % 1000 == 0) {
        1000
    } else {
        1
    };
    let mut out = Vec::with_capacity(times.len() * 3);
    put_varint(&mut out, unit as u64);
    let mut before = 0i64;
    for at in times {
        let at = at / unit;
        let step = at.wrapping_sub(before);
        put_varint(&mut out, ((step << 1) ^ (step >> 63)) as u64);
        before = at;
    }
    out
}

pub fn decode_times(rows: usize, bytes: &[u8]) -> Result<Vec<i64>> {
    let mut rest = bytes;
    let unit = take_varint(&mut rest)? as i64;
    if rows > rest.len() {
        return Err(Error::damaged("times"));
    }
    let mut times = Vec::with_capacity(rows);
    let mut before = 0i64;
    for _ in 0..rows {
        let step = take_varint(&mut rest)?;
        before = before.wrapping_add(((step >> 1) as i64) ^ -((step & 1) as i64));
        times.push(before.wrapping_mul(unit));
    }
    Ok(times)
}

pub fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub fn take_varint(rest: &mut &[u8]) -> Result<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Error::damaged("number"))
}

pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend(text.as_bytes());
}

pub fn take_text(rest: &mut &[u8]) -> Result<String> {
    let length = take_varint(rest)? as usize;
    let bytes = take(rest, length)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::damaged("text"))
}

pub fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    if length > rest.len() {
        return Err(Error::damaged("end"));
    }
    let (taken, behind) = rest.split_at(length);
    *rest = behind;
    Ok(taken)
}
