//! Diffs of inline styles. The recorder sends one when it is shorter than the whole
//! attribute: property to value, to `[value, priority]`, or to `false` (removed).
//!
//! Only a browser can split a shorthand. When one of its parts is removed, the text
//! keeps the shorthand and takes the part back by `revert-layer`, which in an inline
//! style means: as if it were not set here.

use crate::tape::{Kind, Value};

struct Declaration<'t> {
    property: &'t str,
    /// With the property, without the semicolon.
    text: std::borrow::Cow<'t, str>,
}

/// More than this are no honest style; the work is their number times the diff's.
const MAX_DECLARATIONS: usize = 2_000;

/// Applies a diff to the text of a style attribute; None if it is too large.
pub(super) fn apply(style: &str, diff: Value<'_>) -> Option<String> {
    let mut declarations: Vec<Declaration<'_>> = split(style)
        .map(|text| Declaration {
            property: property_of(text),
            text: text.into(),
        })
        .take(MAX_DECLARATIONS + 1)
        .collect();
    if declarations.len().max(diff.pairs().len()) > MAX_DECLARATIONS {
        return None;
    }
    for (property, value) in diff.pairs() {
        let (text, priority) = match value.kind() {
            Kind::Bool(false) => {
                remove(&mut declarations, property);
                continue;
            }
            Kind::String(text) => (text, ""),
            Kind::Array(mut items) => {
                let mut text = || items.next().and_then(Value::as_str).unwrap_or_default();
                (text(), text())
            }
            _ => continue,
        };
        if text.is_empty() {
            // As CSSOM does.
            remove(&mut declarations, property);
            continue;
        }
        let important = if priority.is_empty() {
            ""
        } else {
            " !important"
        };
        let declaration = Declaration {
            property,
            text: format!("{property}: {text}{important}").into(),
        };
        put(&mut declarations, declaration);
    }
    let mut text = String::with_capacity(style.len() + 32);
    for declaration in &declarations {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&declaration.text);
        text.push(';');
    }
    Some(text)
}

/// A property keeps its place, as in a browser, unless a later declaration sets the
/// same by a shorthand or a part of it: then it goes to the end, so that it wins.
fn put<'t>(declarations: &mut Vec<Declaration<'t>>, declaration: Declaration<'t>) {
    let property = declaration.property;
    let place = declarations
        .iter()
        .rposition(|old| is_same(old.property, property));
    let overlaps =
        |old: &Declaration<'_>| covers(old.property, property) || covers(property, old.property);
    match place {
        Some(place) if !declarations[place..].iter().any(overlaps) => {
            declarations[place] = declaration;
        }
        _ => {
            declarations.retain(|old| !is_same(old.property, property));
            declarations.push(declaration);
        }
    }
}

fn remove<'t>(declarations: &mut Vec<Declaration<'t>>, property: &'t str) {
    declarations.retain(|declaration| {
        !is_same(declaration.property, property) && !covers(property, declaration.property)
    });
    let shorthand = declarations
        .iter()
        .rfind(|declaration| covers(declaration.property, property));
    if let Some(shorthand) = shorthand {
        let important = if is_important(&shorthand.text) {
            " !important"
        } else {
            ""
        };
        declarations.push(Declaration {
            property,
            text: format!("{property}: revert-layer{important}").into(),
        });
    }
}

fn is_important(declaration: &str) -> bool {
    let end = declaration.rsplit('!').next().unwrap_or_default();
    declaration.contains('!') && end.trim().eq_ignore_ascii_case("important")
}

/// The declarations of a style, cut at semicolons outside of strings, parentheses
/// and comments.
fn split(style: &str) -> impl Iterator<Item = &str> {
    let mut rest = style;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = end_of_declaration(rest);
            let declaration = rest[..end].trim();
            rest = rest.get(end + 1..).unwrap_or_default();
            if declaration.contains(':') {
                return Some(declaration);
            }
        }
        None
    })
}

fn end_of_declaration(style: &str) -> usize {
    let bytes = style.as_bytes();
    let mut parentheses = 0usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' | b'\'' => {
                at += 1;
                while let Some(inner) = bytes.get(at).filter(|inner| *inner != byte) {
                    at += 1 + usize::from(*inner == b'\\');
                }
            }
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let end = style[at + 2..].find("*/");
                at = end.map_or(bytes.len(), |end| at + 2 + end + 1);
            }
            b';' if parentheses == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn property_of(declaration: &str) -> &str {
    let mut start = declaration;
    // A comment before the property is kept with it.
    while let Some(comment) = start.strip_prefix("/*") {
        start = comment
            .split_once("*/")
            .map_or("", |(_, after)| after.trim_start());
    }
    start
        .split_once(':')
        .map_or(start, |(property, _)| property.trim())
}

fn is_same(a: &str, b: &str) -> bool {
    if a.starts_with("--") || b.starts_with("--") {
        a == b
    } else {
        a.eq_ignore_ascii_case(b)
    }
}

/// Whether `shorthand` sets `longhand` among others.
fn covers(shorthand: &str, longhand: &str) -> bool {
    const MORE: [(&str, &[&str]); 9] = [
        ("inset", &["top", "right", "bottom", "left"]),
        ("gap", &["row-gap", "column-gap"]),
        ("flex-flow", &["flex-direction", "flex-wrap"]),
        ("columns", &["column-width", "column-count"]),
        ("font", &["line-height"]),
        ("place-content", &["align-content", "justify-content"]),
        ("place-items", &["align-items", "justify-items"]),
        ("place-self", &["align-self", "justify-self"]),
        ("white-space", &["text-wrap-mode", "white-space-collapse"]),
    ];
    if shorthand.starts_with("--") || longhand.starts_with("--") {
        return false;
    }
    if shorthand == "all" || is_part(shorthand, longhand) {
        return true;
    }
    MORE.iter()
        .any(|(name, parts)| *name == shorthand && parts.contains(&longhand))
}

/// `border-color` sets `border-top-color`: same start, and the words in order.
fn is_part(shorthand: &str, longhand: &str) -> bool {
    let mut words = longhand.split('-');
    let mut parts = shorthand.split('-');
    let is_of_its_own = ["radius", "spacing", "collapse"]
        .iter()
        .any(|word| shorthand == "border" && longhand.ends_with(word));
    longhand.len() > shorthand.len()
        && !is_of_its_own
        && parts.next() == words.next()
        && parts.all(|part| words.any(|word| word == part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tape;

    fn check(style: &str, diff: &str, expected: &str) {
        let mut tape = Tape::new();
        tape.parse(diff).unwrap();
        let changed = apply(style, tape.root()).unwrap();
        assert_eq!(changed, expected, "{style} {diff}");
    }

    #[test]
    fn sets_and_removes() {
        check("", r#"{"a":"1"}"#, "a: 1;");
        check(
            "a: 1; b: 2 !important",
            r#"{"a":["3","important"],"b":false}"#,
            "a: 3 !important;",
        );
        check(
            "A:1;--x:1;--X:2",
            r#"{"a":"2","--X":false}"#,
            "a: 2; --x:1;",
        );
        check(
            r#"background: url("data:image/png;base64,A;B"); a: url(x;y); /* c: d; */ e: "\";" ; ;x"#,
            r#"{"a":"1"}"#,
            r#"background: url("data:image/png;base64,A;B"); a: 1; /* c: d; */ e: "\";";"#,
        );
        check("u: url(a;b", r#"{"c":"d"}"#, "u: url(a;b; c: d;");
    }

    #[test]
    fn a_part_of_a_shorthand_is_taken_back() {
        let taken_back = "margin: 1px; margin-top: revert-layer;";
        check("margin: 1px", r#"{"margin-top":false}"#, taken_back);
        check(taken_back, r#"{"margin-top":false}"#, taken_back);
        check(
            taken_back,
            r#"{"margin-top":"2px"}"#,
            "margin: 1px; margin-top: 2px;",
        );
        check(
            "border-color: red !important",
            r#"{"border-top-color":false}"#,
            "border-color: red !important; border-top-color: revert-layer !important;",
        );
        check("margin-top: 1px", r#"{"margin":false}"#, "");
        check(
            "border: 0; border-radius: 1px",
            r#"{"border":false}"#,
            "border-radius: 1px;",
        );
        check("margin: 1px", r#"{"max-height":false}"#, "margin: 1px;");
    }

    #[test]
    fn a_style_without_end_is_refused() {
        let mut tape = Tape::new();
        tape.parse(r#"{"a":"b"}"#).unwrap();
        assert!(apply(&"a:b;".repeat(MAX_DECLARATIONS + 1), tape.root()).is_none());
    }
}
