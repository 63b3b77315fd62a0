//! LZ-String, the compression of the first browser SDKs: LZ78 over UTF-16 units, in
//! a stream of bits that is written as base64.

/// Undoes it; the result has at most `limit_units` UTF-16 units. `None` when the
/// data is not of this kind, or larger.
pub(super) fn decompress_base64(base64: &[u8], limit_units: usize) -> Option<String> {
    let mut bits = Bits {
        base64,
        at: 0,
        left: 0,
        value: 0,
    };
    let units = decompress(&mut bits, limit_units)?;
    Some(String::from_utf16_lossy(&units))
}

/// The first codes are commands: a new unit of 8 or 16 bits, and the end.
const NEW_8: usize = 0;
const NEW_16: usize = 1;
const END: usize = 2;
const FIRST_PHRASE: usize = 3;

fn decompress(bits: &mut Bits<'_>, limit_units: usize) -> Option<Vec<u16>> {
    let mut units: Vec<u16> = Vec::new();
    // Each phrase is a piece of what was written already: its start and length.
    let mut phrases: Vec<(usize, usize)> = Vec::new();
    match bits.take(2)? {
        code @ (NEW_8 | NEW_16) => units.push(bits.unit(code)?),
        END => return Some(units),
        _ => return None,
    }
    phrases.push((0, 1));
    let mut last = (0, 1);
    let mut code_width = 3;
    // The writer widens its codes one step ahead of its phrases.
    let mut until_wider: usize = 4;
    let widen = |until_wider: &mut usize, code_width: &mut u32| {
        *until_wider -= 1;
        if *until_wider == 0 {
            *until_wider = 1 << *code_width;
            *code_width += 1;
        }
    };
    loop {
        let code = bits.take(code_width)?;
        let start = units.len();
        let phrase = match code {
            NEW_8 | NEW_16 => {
                units.push(bits.unit(code)?);
                phrases.push((start, 1));
                widen(&mut until_wider, &mut code_width);
                (start, 1)
            }
            END => return Some(units),
            _ => match phrases.get(code - FIRST_PHRASE) {
                Some(&(from, length)) => {
                    if start + length > limit_units {
                        return None;
                    }
                    units.extend_from_within(from..from + length);
                    (start, length)
                }
                // The phrase that is being made: the last one and its first unit.
                None if code - FIRST_PHRASE == phrases.len() => {
                    let (from, length) = last;
                    if start + length + 1 > limit_units {
                        return None;
                    }
                    units.extend_from_within(from..from + length);
                    units.push(units[from]);
                    (start, length + 1)
                }
                None => return None,
            },
        };
        if units.len() > limit_units {
            return None;
        }
        // The last phrase and the unit after it stand next to each other.
        phrases.push((last.0, last.1 + 1));
        widen(&mut until_wider, &mut code_width);
        last = phrase;
    }
}

/// Six bits per character, the highest first; numbers have their lowest bit first.
struct Bits<'a> {
    base64: &'a [u8],
    at: usize,
    left: u32,
    value: u8,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<usize> {
        let mut number = 0;
        for power in 0..count {
            if self.left == 0 {
                self.value = sextet(*self.base64.get(self.at)?)?;
                self.at += 1;
                self.left = 6;
            }
            self.left -= 1;
            number |= usize::from((self.value >> self.left) & 1) << power;
        }
        Some(number)
    }

    fn unit(&mut self, code: usize) -> Option<u16> {
        let width = if code == NEW_8 { 8 } else { 16 };
        u16::try_from(self.take(width)?).ok()
    }
}

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        // Padding is read as zeros.
        b'=' => 0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Written by the `lz-string` package itself.
    #[test]
    fn reads_what_the_package_writes() {
        for (text, base64) in [
            ("", "Q==="),
            ("a", "IZA="),
            ("aaaaaaaaaaaaaaaa", "IY1/EA=="),
            (
                r#"{"api_key":"k","event":"x","properties":{"token":"k","distinct_id":"ä€"}}"#,
                "N4IghgDglg+g1gUwJ4gFwjiANCBA3BAOwBc0QAPbECAJwHsIEbioEBnNUYuxQszHABMobFoQDGxGFEFkAJ4BqCEAF9lQA===",
            ),
            ("😀 hello hello hello 😀", "rwbgA9gEAWCmA2MPaVgpdGiA"),
        ] {
            let found = decompress_base64(base64.as_bytes(), 1_000);
            assert_eq!(found.as_deref(), Some(text));
        }
    }

    #[test]
    fn the_limit_holds_and_rubbish_is_refused() {
        assert!(decompress_base64(b"IY1/EA==", 16).is_some());
        assert!(decompress_base64(b"IY1/EA==", 15).is_none());
        for rubbish in ["", "?", "IY", "{}"] {
            assert_eq!(decompress_base64(rubbish.as_bytes(), 1_000), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[A-Za-z0-9+/=]{0,400}") {
            let found = decompress_base64(text.as_bytes(), 5_000);
            prop_assert!(found.is_none_or(|text| text.encode_utf16().count() <= 5_000));
        }
    }
}
