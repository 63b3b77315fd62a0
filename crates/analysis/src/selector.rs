//! CSS selectors of one element: `button.print`, `#help`, `[data-quiet]`, `a[href$=".pdf"]`.
//! No combinators: a click is matched with everything around it.

use crate::element::attribute;
use rrweb::mirror::{Mirror, NodeKey};

/// Levels above a click that are looked at.
const MAX_CLIMB: usize = 32;
const MAX_BYTES: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Tag(String),
    Class(String),
    Attribute(String, Is, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    There,
    Equal,
    Begins,
    Ends,
    Contains,
}

impl Selector {
    /// # Errors
    /// Says what is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("{text:?}: {why}"));
        let mut rest = text.trim();
        if rest.is_empty() || rest.len() > MAX_BYTES {
            return wrong(&format!("a selector has 1 to {MAX_BYTES} characters"));
        }
        let mut parts = Vec::new();
        while let Some(first) = rest.chars().next() {
            if first == '[' {
                let Some((inside, after)) = rest[1..].split_once(']') else {
                    return wrong("a bracket is not closed");
                };
                let Some(part) = attribute_part(inside) else {
                    return wrong("an attribute is [name] or [name=\"value\"]");
                };
                parts.push(part);
                rest = after;
                continue;
            }
            let marked = matches!(first, '.' | '#');
            let from = usize::from(marked);
            let is_name = |sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '_');
            let length = rest[from..].find(|sign| !is_name(sign));
            let until = length.map_or(rest.len(), |length| from + length);
            let name = rest[from..until].to_owned();
            if name.is_empty() || (!marked && !parts.is_empty()) {
                return wrong("only tag, #id, .class and [attribute] of one element can be given");
            }
            parts.push(match first {
                '.' => Part::Class(name),
                '#' => Part::Attribute("id".to_owned(), Is::Equal, name),
                _ => Part::Tag(name.to_ascii_lowercase()),
            });
            rest = &rest[until..];
        }
        Ok(Self(parts))
    }

    fn matches(&self, mirror: &Mirror, node: NodeKey) -> bool {
        self.0.iter().all(|part| match part {
            Part::Tag(tag) => mirror.tag(node) == tag,
            Part::Class(class) => attribute(mirror, node, "class")
                .is_some_and(|all| all.split_ascii_whitespace().any(|one| one == class)),
            Part::Attribute(name, Is::There, _) => mirror.attribute(node, name).is_some(),
            Part::Attribute(name, is, wanted) => {
                attribute(mirror, node, name).is_some_and(|value| match is {
                    Is::There => true,
                    Is::Equal => value == wanted,
                    Is::Begins => value.starts_with(wanted),
                    Is::Ends => value.ends_with(wanted),
                    Is::Contains => value.contains(wanted),
                })
            }
        })
    }
}

fn attribute_part(inside: &str) -> Option<Part> {
    let Some((name, value)) = inside.split_once('=') else {
        return is_attribute(inside)
            .then(|| Part::Attribute(inside.to_owned(), Is::There, String::new()));
    };
    let (name, is) = match name.chars().last()? {
        '^' => (&name[..name.len() - 1], Is::Begins),
        '$' => (&name[..name.len() - 1], Is::Ends),
        '*' => (&name[..name.len() - 1], Is::Contains),
        _ => (name, Is::Equal),
    };
    let quoted = |mark| {
        value
            .strip_prefix(mark)
            .and_then(|rest| rest.strip_suffix(mark))
    };
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    // An empty value would match everything.
    (is_attribute(name) && !value.is_empty())
        .then(|| Part::Attribute(name.to_owned(), is, value.to_owned()))
}

fn is_attribute(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_' | ':'))
}

/// Whether the node or an element around it is one of these.
pub fn is_in(selectors: &[Selector], mirror: &Mirror, node: NodeKey) -> bool {
    !selectors.is_empty()
        && mirror
            .ancestors(node)
            .take(MAX_CLIMB)
            .any(|node| selectors.iter().any(|one| one.matches(mirror, node)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_one_element_is_read() {
        for good in [
            "button",
            ".print",
            "#help",
            "a.big[download]",
            "[data-x]",
            r#"a[href$=".pdf"]"#,
            "[role=tab]",
            "my-button.a.b",
        ] {
            assert!(Selector::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            " ",
            "a b",
            "a > b",
            "a,b",
            "a:hover",
            "[",
            "[=x]",
            "[a=]",
            ".",
            "a[b]c",
            "*",
            "[a^=\"\"]",
        ] {
            assert!(Selector::parse(bad).is_err(), "{bad}");
        }
    }
}
