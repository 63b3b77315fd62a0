//! JSON text onto a tape.

use super::{Tag, Tape, TapeError};
use crate::MAX_DEPTH;

pub(super) struct Parser<'s> {
    pub bytes: &'s [u8],
    pub json: &'s str,
    pub at: usize,
}

/// What the parser expects next inside the innermost container.
#[derive(Clone, Copy)]
enum Container {
    Array,
    Object,
}

impl Parser<'_> {
    pub fn document(&mut self, tape: &mut Tape) -> Result<(), TapeError> {
        // Kind and number of children of each open container.
        let mut open: Vec<(Container, u32)> = Vec::new();
        'value: loop {
            self.skip_space();
            match self.peek()? {
                b'{' => {
                    self.at += 1;
                    tape.open_object();
                    self.skip_space();
                    if self.peek()? == b'}' {
                        self.at += 1;
                        tape.close(0);
                    } else {
                        if open.len() >= MAX_DEPTH {
                            return Err(TapeError::TooDeep);
                        }
                        open.push((Container::Object, 0));
                        self.key(tape)?;
                        continue 'value;
                    }
                }
                b'[' => {
                    self.at += 1;
                    tape.open_array();
                    self.skip_space();
                    if self.peek()? == b']' {
                        self.at += 1;
                        tape.close(0);
                    } else {
                        if open.len() >= MAX_DEPTH {
                            return Err(TapeError::TooDeep);
                        }
                        open.push((Container::Array, 0));
                        continue 'value;
                    }
                }
                b'"' => self.string(tape)?,
                b't' => self.word("true", tape, Tag::True)?,
                b'f' => self.word("false", tape, Tag::False)?,
                b'n' => self.word("null", tape, Tag::Null)?,
                b'-' | b'0'..=b'9' => self.number(tape)?,
                _ => return Err(self.syntax()),
            }
            // A value has ended: close what it completes.
            loop {
                let Some((container, count)) = open.last_mut() else {
                    self.skip_space();
                    return if self.at == self.bytes.len() {
                        Ok(())
                    } else {
                        Err(self.syntax())
                    };
                };
                *count += 1;
                let (container, count) = (*container, *count);
                self.skip_space();
                match (self.peek()?, container) {
                    (b',', Container::Array) => {
                        self.at += 1;
                        continue 'value;
                    }
                    (b',', Container::Object) => {
                        self.at += 1;
                        self.skip_space();
                        self.key(tape)?;
                        continue 'value;
                    }
                    (b']', Container::Array) | (b'}', Container::Object) => {
                        self.at += 1;
                        tape.close(count);
                        open.pop();
                    }
                    _ => return Err(self.syntax()),
                }
            }
        }
    }

    fn key(&mut self, tape: &mut Tape) -> Result<(), TapeError> {
        if self.peek()? != b'"' {
            return Err(self.syntax());
        }
        self.string(tape)?;
        self.skip_space();
        if self.peek()? != b':' {
            return Err(self.syntax());
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self, tape: &mut Tape) -> Result<(), TapeError> {
        self.at += 1;
        let start = tape.text.len();
        loop {
            let rest = &self.bytes[self.at..];
            let Some(stop) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(TapeError::Syntax {
                    at: self.bytes.len(),
                });
            };
            // Quote and backslash are never inside a UTF-8 sequence.
            tape.text.push_str(&self.json[self.at..self.at + stop]);
            self.at += stop + 1;
            if rest[stop] == b'"' {
                break;
            }
            self.escape(tape)?;
        }
        let length = tape.text.len() - start;
        tape.push(Tag::String, start as u32, length as u32);
        Ok(())
    }

    /// Behind a backslash.
    fn escape(&mut self, tape: &mut Tape) -> Result<(), TapeError> {
        let byte = self.peek()?;
        self.at += 1;
        let plain = match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex4()?;
                match high {
                    0xd800..=0xdbff => {
                        let before = self.at;
                        if self.bytes[self.at..].starts_with(b"\\u") {
                            self.at += 2;
                            let low = self.hex4()?;
                            if (0xdc00..=0xdfff).contains(&low) {
                                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                                char::from_u32(code).unwrap_or('\u{fffd}')
                            } else {
                                // Not its other half: it stands for itself.
                                self.at = before;
                                '\u{fffd}'
                            }
                        } else {
                            '\u{fffd}'
                        }
                    }
                    code => char::from_u32(code).unwrap_or('\u{fffd}'),
                }
            }
            _ => return Err(self.syntax()),
        };
        tape.text.push(plain);
        Ok(())
    }

    fn hex4(&mut self) -> Result<u32, TapeError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = (self.peek()? as char)
                .to_digit(16)
                .ok_or_else(|| self.syntax())?;
            code = code << 4 | digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn number(&mut self, tape: &mut Tape) -> Result<(), TapeError> {
        let start = self.at;
        let negative = self.bytes[self.at] == b'-';
        self.at += usize::from(negative);
        let first_digit = self.at;
        let mut value: i64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(self.at) {
            // Wrong beyond 18 digits, and not used there.
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - first_digit;
        let leading_zero = digits > 1 && self.bytes[first_digit] == b'0';
        if digits == 0 || leading_zero {
            return Err(self.syntax());
        }
        let mut plain = digits <= 18 && !(negative && value == 0);
        if self.bytes.get(self.at) == Some(&b'.') {
            plain = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            plain = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        if plain {
            tape.push_integer(if negative { -value } else { value });
        } else {
            tape.push_number(&self.json[start..self.at]);
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), TapeError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.syntax());
        }
        Ok(())
    }

    fn word(&mut self, word: &str, tape: &mut Tape, tag: Tag) -> Result<(), TapeError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.syntax());
        }
        self.at += word.len();
        tape.push(tag, 0, 0);
        Ok(())
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Result<u8, TapeError> {
        self.bytes.get(self.at).copied().ok_or(self.syntax())
    }

    fn syntax(&self) -> TapeError {
        TapeError::Syntax { at: self.at }
    }
}
