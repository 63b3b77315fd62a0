//! How deep a JSON text nests, without parsing it.

/// The deepest event that is accepted, in JSON levels.
///
/// Chromium's HTML parser stops nesting at 512 elements, each of which costs two
/// JSON levels (the node and its `childNodes`). Scripts can build deeper trees, so
/// the bound is twice that. It is what a later recursive reader of a stored event
/// must survive.
pub const MAX_DEPTH: usize = 2_048;

/// The number of brackets and braces open at the deepest point, strings excluded.
pub fn max_depth(json: &str) -> usize {
    let bytes = json.as_bytes();
    let (mut depth, mut deepest) = (0usize, 0usize);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => at = end_of_string(bytes, at + 1),
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// Whether a text nests deeper than [`MAX_DEPTH`]. Most texts have fewer brackets
/// than that in all, and counting them is many times faster than the walk.
pub fn is_too_deep(json: &str) -> bool {
    bracket_count(json) > MAX_DEPTH && max_depth(json) > MAX_DEPTH
}

/// All opening brackets, even those in strings.
fn bracket_count(json: &str) -> usize {
    // One byte counts a block without overflow, which compilers turn into SIMD code.
    let in_block = |block: &[u8]| {
        block
            .iter()
            .map(|byte| u8::from(matches!(byte, b'{' | b'[')))
            .sum::<u8>()
    };
    json.as_bytes()
        .chunks(255)
        .map(|block| usize::from(in_block(block)))
        .sum()
}

/// Index of the quote that ends the string whose content starts at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_open_levels_outside_of_strings() {
        for (json, depth) in [
            ("1", 0),
            ("{}", 1),
            (r#"{"a":[{"b":1},{"c":[]}]}"#, 4),
            (r#""[[[[""#, 0),
            (r#"["\"[[[", "\\", []]"#, 2),
            (r#"["unterminated \"#, 1),
            ("]]]][", 1),
        ] {
            assert_eq!(max_depth(json), depth, "{json}");
        }
    }

    #[test]
    fn the_bound_is_inclusive() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(!is_too_deep(&nested(MAX_DEPTH)));
        assert!(is_too_deep(&nested(MAX_DEPTH + 1)));
        assert!(!is_too_deep(&format!("[\"{}\"]", "[".repeat(MAX_DEPTH))));
    }
}
