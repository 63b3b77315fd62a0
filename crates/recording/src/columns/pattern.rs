//! Strings with many numbers in them: SVG paths, transforms, dates.
//!
//! Such a string is split into its skeleton, in which each number is replaced by
//! U+0001, and its numbers, which go by turns into two columns: coordinates come
//! in pairs, and a path drawn again has nearly the same ones. On pages with charts
//! this halves what a recording takes.

use super::Decimal;

/// Stands for a number in a skeleton.
pub const MARK: char = '\u{1}';
/// Shorter strings, or such with fewer digits, are not worth it.
const MIN_BYTES: usize = 12;
const MIN_DIGITS: usize = 6;
/// A string is split when at least this part of it is digits.
const DIGIT_PART: usize = 4;

/// Splits a string into `skeleton` and `numbers`; false when it is no pattern.
/// Clears what is in them first.
pub fn split(text: &str, skeleton: &mut String, numbers: &mut Vec<Decimal>) -> bool {
    skeleton.clear();
    numbers.clear();
    if text.len() < MIN_BYTES {
        return false;
    }
    let bytes = text.as_bytes();
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits < MIN_DIGITS || digits * DIGIT_PART < bytes.len() || bytes.contains(&(MARK as u8)) {
        return false;
    }
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let end_of_digits = |mut at: usize| {
        while is_digit(at) {
            at += 1;
        }
        at
    };
    // Everything before this is in the skeleton or among the numbers.
    let mut done = 0;
    let mut at = 0;
    while at < bytes.len() {
        let negative = bytes[at] == b'-' && is_digit(at + 1);
        if !negative && !is_digit(at) {
            at += 1;
            continue;
        }
        let start = at;
        at = end_of_digits(at + usize::from(negative));
        if bytes.get(at) == Some(&b'.') && is_digit(at + 1) {
            at = end_of_digits(at + 1);
        }
        // Numbers that cannot be written the same way again stay text.
        if let Some(number) = Decimal::read(&text[start..at]) {
            skeleton.push_str(&text[done..start]);
            skeleton.push(MARK);
            numbers.push(number);
            done = at;
        }
    }
    skeleton.push_str(&text[done..]);
    true
}

/// The lane of the n-th number of a string.
pub fn lane(n: usize) -> u8 {
    (n % 2) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_paths_and_leaves_text() {
        let mut skeleton = String::new();
        let mut numbers = Vec::new();
        assert!(split(
            "M10.5-20L3 4.25 é 0071.5",
            &mut skeleton,
            &mut numbers
        ));
        assert_eq!(skeleton, "M\u{1}\u{1}L\u{1} \u{1} é 0071.5");
        let written: Vec<_> = numbers
            .iter()
            .map(|number| {
                let mut text = String::new();
                number.write(&mut text);
                text
            })
            .collect();
        assert_eq!(written, ["10.5", "-20", "3", "4.25"]);
        assert!(!split(
            "a sentence with 1 number in it",
            &mut skeleton,
            &mut numbers
        ));
        assert!(!split("M1 2L3 4 5 6\u{1}", &mut skeleton, &mut numbers));
    }
}
