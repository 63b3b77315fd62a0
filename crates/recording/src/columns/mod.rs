//! The content of a block: JSON values taken apart into columns.
//!
//! A block holds items, each a time and a JSON value. A column holds all values
//! that stand at the same place of the items' trees, so that equal things lie
//! beside each other and a general compressor finds them. It is generic: an
//! event that nobody knows needs no schema, and every value comes back exactly,
//! key order and the text of numbers included.
//!
//! # Columns
//!
//! The tree of an item is walked in order. A value belongs to the column that its
//! parent's column and its key name (`place` has the few exceptions, which put
//! all nodes of a page into one column however deep they are). Columns are
//! numbered at first use; the reader walks in the same order, so no names of
//! columns are stored. A value that would need too many columns is stored as its
//! JSON text.
//!
//! # Layout
//!
//! All numbers are LEB128 varints; `zigzag` maps signed numbers to unsigned ones.
//!
//! ```text
//! items     how many
//! keys      count, then each: length, UTF-8 bytes             (behind those of the dictionary)
//! shapes    count, then each: number of keys, numbers of keys (behind those of the dictionary)
//! columns   count, then for all columns one after another:
//!           layout: the kind of all values of the column, or 255
//!           length of its kinds (0 unless the layout is 255)
//!           length of its numbers
//!           length of its fresh
//!           length of its text
//! streams   kinds of all columns, fresh of all columns, numbers of all columns,
//!           text of all columns
//! ```
//!
//! Lengths are in bytes. What a value writes, by its kind:
//!
//! | kind | | numbers | fresh, text |
//! |-|-|-|-|
//! | 0 1 2 | null, false, true | | |
//! | 3 | integer | zigzag(value - number before) | |
//! | 4 | string | its place in the column's list of strings; the list's length when it is not there yet | the string, see below |
//! | 5 | array | number of items | |
//! | 6 | object | place of its shape in the column's list of shapes; the list's length, then the number of the shape, when it is not there yet | |
//! | 7 | JSON text of a value | as a string | as a string |
//! | 8 | number that is no decimal of at most 15 digits | as a string | as a string |
//! | 9 | string that is a number | | in a column of its own, as 3 or 16 + n |
//! | 10 | string with many numbers in it, for the first time | | see `pattern`; joins the column's list of strings |
//! | 16 + n | decimal with n places | zigzag(digits - digits of the number before, brought to n places) | |
//!
//! A fresh string is `0`, its length, and its bytes in `text`; or, when the
//! dictionary has it, `1 + zigzag(number - number of the column's dictionary
//! string before - 1)`. A place in a list counts from 0. "The number before" is
//! 0 for the first of a column, and for an item's `timestamp` the item's time.
//!
//! Every item starts with its time, in a column of its own: an integer of
//! milliseconds since the epoch, or a decimal with three places.

mod pattern;
mod place;
mod reader;
mod streams;
mod writer;

pub use reader::{Damage, Reader};
pub(crate) use streams::{Source, put, put_signed};
pub use writer::Writer;

/// Kinds of values, see the module.
mod kind {
    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const INTEGER: u8 = 3;
    pub const STRING: u8 = 4;
    pub const ARRAY: u8 = 5;
    pub const OBJECT: u8 = 6;
    pub const JSON: u8 = 7;
    pub const NUMBER: u8 = 8;
    pub const NUMERIC: u8 = 9;
    pub const PATTERN: u8 = 10;
    /// Plus the number of places.
    pub const DECIMAL: u8 = 16;
    /// Layout of a column whose values are of different kinds.
    pub const MIXED: u8 = 255;
}

/// More columns cost more than they bring; a page with names made by machines
/// could make any number.
const MAX_COLUMNS: usize = 4096;
const MAX_KEYS: usize = 1 << 16;
const MAX_SHAPES: usize = 1 << 16;
/// An object with more keys is a table, not a record.
const MAX_SHAPE_KEYS: usize = 1024;

/// A decimal number as its digits and how many of them stand behind the point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Decimal {
    digits: i64,
    places: u8,
}

/// More digits would not fit a double, and leave room for shifting.
const MAX_DIGITS: usize = 15;

impl Decimal {
    /// None unless writing the number again gives exactly `text`.
    fn read(text: &str) -> Option<Self> {
        let negative = text.starts_with('-');
        let number = &text.as_bytes()[usize::from(negative)..];
        if number.len() > MAX_DIGITS + 1 {
            return None;
        }
        let mut digits: i64 = 0;
        let mut point = None;
        for (at, byte) in number.iter().enumerate() {
            match byte {
                b'0'..=b'9' => digits = digits * 10 + i64::from(byte - b'0'),
                b'.' if point.is_none() => point = Some(at),
                _ => return None,
            }
        }
        let whole = point.unwrap_or(number.len());
        let places = point.map_or(0, |at| number.len() - at - 1);
        let is_canonical = whole > 0
            && (whole == 1 || number[0] != b'0')
            && whole + places <= MAX_DIGITS
            && (point.is_none() || places > 0)
            && !(negative && digits == 0);
        is_canonical.then_some(Self {
            digits: if negative { -digits } else { digits },
            places: places as u8,
        })
    }

    fn write(self, into: &mut String) {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        if self.places == 0 {
            let _ = write!(into, "{}", self.digits);
            return;
        }
        let unit = 10u64.pow(u32::from(self.places.min(18)));
        let digits = self.digits.unsigned_abs();
        if self.digits < 0 {
            into.push('-');
        }
        let _ = write!(
            into,
            "{}.{:0width$}",
            digits / unit,
            digits % unit,
            width = usize::from(self.places)
        );
    }

    /// The digits of this number with another number of places.
    fn digits_at(self, places: u8) -> i64 {
        let shift = |by: u8| 10i64.pow(u32::from(by.min(18)));
        if self.places <= places {
            self.digits.wrapping_mul(shift(places - self.places))
        } else {
            self.digits / shift(self.places - places)
        }
    }

    fn kind(self) -> u8 {
        match self.places {
            0 => kind::INTEGER,
            places => kind::DECIMAL + places,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_or_refused() {
        for text in [
            "0",
            "7",
            "-7",
            "0.5",
            "-0.05",
            "12.340",
            "999999999999999",
            "1234567.12345678",
        ] {
            let decimal = Decimal::read(text).expect(text);
            let mut again = String::new();
            decimal.write(&mut again);
            assert_eq!(again, text);
        }
        for text in [
            "",
            "-",
            ".",
            ".5",
            "5.",
            "-0",
            "-0.0",
            "007",
            "00.5",
            "1e5",
            "+1",
            "1.2.3",
            "1234567890123456",
            " 1",
        ] {
            assert_eq!(Decimal::read(text), None, "{text}");
        }
        let half = Decimal {
            digits: 5,
            places: 1,
        };
        assert_eq!((half.digits_at(3), half.digits_at(0)), (500, 0));
    }
}
