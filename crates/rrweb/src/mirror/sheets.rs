//! Style sheets that scripts edit rule by rule.
//!
//! Without a CSS parser the state of such a sheet is its text and the edits since,
//! in order. A long list is folded: from the number of rules in the text alone
//! follows which of them still exist and where the inserted ones are.

use super::node::text_cost;
use crate::tape::Value;

/// Beyond this many rules in the text a list is not folded: the fold takes time in
/// proportion to edits times rules.
const MAX_FOLDED_RULES: usize = 50_000;

/// Rules nested deeper than this do not occur; the player would walk them all.
const MAX_PATH: usize = 32;

/// The edits of one sheet since its text was set.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Sheet {
    edits: Vec<Edit>,
    bytes: usize,
    /// Fold when there are as many edits as this.
    fold_at: usize,
}

/// Where a rule is: `first` in the sheet, then down through grouping rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub first: u32,
    pub inner: Box<[u32]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edit {
    Insert {
        path: Path,
        rule: Box<str>,
    },
    Delete {
        path: Path,
    },
    /// The whole text of a constructed sheet.
    Replace {
        text: Box<str>,
    },
    Set {
        path: Path,
        property: Box<str>,
        value: Box<str>,
        priority: Box<str>,
    },
    Unset {
        path: Path,
        property: Box<str>,
    },
}

impl Edit {
    fn path_mut(&mut self) -> Option<&mut Path> {
        match self {
            Self::Insert { path, .. }
            | Self::Delete { path }
            | Self::Set { path, .. }
            | Self::Unset { path, .. } => Some(path),
            Self::Replace { .. } => None,
        }
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Insert { path, .. }
            | Self::Delete { path }
            | Self::Set { path, .. }
            | Self::Unset { path, .. } => Some(path),
            Self::Replace { .. } => None,
        }
    }

    fn cost(&self) -> usize {
        let texts = match self {
            Self::Insert { rule: text, .. } | Self::Replace { text } => text_cost(text),
            Self::Delete { .. } => 0,
            Self::Set {
                property,
                value,
                priority,
                ..
            } => text_cost(property) + text_cost(value) + text_cost(priority),
            Self::Unset { property, .. } => text_cost(property),
        };
        let inner = self.path().map_or(0, |path| path.inner.len() * 4);
        size_of::<Self>() + texts + inner
    }

    /// The rule and property that a declaration edit sets or removes.
    fn declaration(&self) -> Option<(&Path, &str)> {
        match self {
            Self::Set { path, property, .. } | Self::Unset { path, property } => {
                Some((path, property))
            }
            _ => None,
        }
    }
}

impl Path {
    /// `index` of an event: absent, a number, or a list of numbers.
    fn read(index: Option<Value<'_>>) -> Option<Self> {
        let number = |value: Value<'_>| value.as_i64().and_then(|n| u32::try_from(n).ok());
        let Some(index) = index.filter(|index| !index.is_null()) else {
            return Some(Self::top(0));
        };
        if !index.is_array() {
            return number(index).map(Self::top);
        }
        if index.items().len() > MAX_PATH {
            return None;
        }
        let mut steps = index.items().map(number);
        let first = steps.next()??;
        let inner = steps.collect::<Option<Box<[u32]>>>()?;
        Some(Self { first, inner })
    }

    pub(crate) fn top(first: u32) -> Self {
        Self {
            first,
            inner: Box::default(),
        }
    }
}

impl Sheet {
    pub(crate) fn edits(&self) -> &[Edit] {
        &self.edits
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.bytes
    }

    pub(crate) fn push(&mut self, edit: Edit) {
        if let Edit::Replace { .. } = edit {
            self.edits.clear();
            self.bytes = 0;
        }
        // Animations set one property again and again.
        let repeats = |last: &&mut Edit| {
            edit.declaration().is_some() && last.declaration() == edit.declaration()
        };
        self.bytes += edit.cost();
        if let Some(last) = self.edits.last_mut().filter(repeats) {
            self.bytes -= last.cost();
            *last = edit;
        } else {
            self.edits.push(edit);
        }
    }

    /// Reads the edits of a StyleSheetRule event; the number of unusable ones.
    pub(super) fn push_rule_edits(&mut self, data: Value<'_>) -> u64 {
        let mut unusable = 0;
        for add in data.get("adds").into_iter().flat_map(Value::items) {
            unusable += u64::from(!self.push_insert(add));
        }
        for remove in data.get("removes").into_iter().flat_map(Value::items) {
            match Path::read(remove.get("index")) {
                Some(path) => self.push(Edit::Delete { path }),
                None => unusable += 1,
            }
        }
        for key in ["replace", "replaceSync"] {
            if let Some(text) = data.get(key).and_then(Value::as_str) {
                self.push(Edit::Replace { text: text.into() });
            }
        }
        unusable
    }

    /// Reads one `{rule, index?}`.
    pub(super) fn push_insert(&mut self, add: Value<'_>) -> bool {
        let rule = add.get("rule").and_then(Value::as_str);
        let (Some(rule), Some(path)) = (rule, Path::read(add.get("index"))) else {
            return false;
        };
        let rule = rule.into();
        self.push(Edit::Insert { path, rule });
        true
    }

    /// Reads a StyleDeclaration event; whether it was usable.
    pub(super) fn push_declaration_edits(&mut self, data: Value<'_>) -> bool {
        let Some(path) = data.get("index").and_then(|index| Path::read(Some(index))) else {
            return false;
        };
        let text = |value: Value<'_>, key: &str| -> Option<Box<str>> {
            value.get(key).and_then(Value::as_str).map(Into::into)
        };
        if let Some(set) = data.get("set").filter(|set| set.is_object())
            && let Some(property) = text(set, "property")
        {
            self.push(Edit::Set {
                path: path.clone(),
                property,
                value: text(set, "value").unwrap_or_default(),
                priority: text(set, "priority").unwrap_or_default(),
            });
        }
        if let Some(remove) = data.get("remove").filter(|remove| remove.is_object())
            && let Some(property) = text(remove, "property")
        {
            self.push(Edit::Unset { path, property });
        }
        true
    }

    pub(super) fn needs_fold(&self, limit: usize) -> bool {
        self.edits.len() > self.fold_at.max(limit)
    }

    /// Rewrites the list as: rules of the text that are gone, rules that came, and
    /// declarations. `text_rules` is the number of rules in the sheet's text.
    pub(crate) fn fold(&mut self, text_rules: usize) {
        let replaced = match self.edits.first() {
            Some(Edit::Replace { text }) => Some(count_rules([&**text])),
            _ => None,
        };
        let text_rules = replaced.unwrap_or(text_rules);
        if text_rules <= MAX_FOLDED_RULES {
            let rest = self.edits.split_off(usize::from(replaced.is_some()));
            self.edits.append(&mut folded(rest, text_rules));
            self.bytes = self.edits.iter().map(Edit::cost).sum();
        }
        self.fold_at = self.edits.len() * 2;
    }
}

/// A rule of a sheet while folding.
struct Rule {
    /// None: the next of those in the text.
    inserted: Option<Box<str>>,
    edits: Vec<Edit>,
}

fn folded(edits: Vec<Edit>, text_rules: usize) -> Vec<Edit> {
    let mut rules: Vec<Rule> = (0..text_rules)
        .map(|_| Rule {
            inserted: None,
            edits: Vec::new(),
        })
        .collect();
    // Which rules of the text are gone, by their place in it.
    let mut is_gone = vec![false; text_rules];
    for edit in edits {
        let Some(at) = edit.path().map(|path| path.first as usize) else {
            continue;
        };
        let is_top = edit.path().is_some_and(|path| path.inner.is_empty());
        match edit {
            Edit::Insert { rule, .. } if is_top => rules.insert(
                at.min(rules.len()),
                Rule {
                    inserted: Some(rule),
                    edits: Vec::new(),
                },
            ),
            Edit::Delete { .. } if is_top => {
                if at < rules.len() {
                    if rules[at].inserted.is_none() {
                        mark_gone(&mut is_gone, &rules, at);
                    }
                    rules.remove(at);
                }
            }
            other => {
                if let Some(rule) = rules.get_mut(at) {
                    push_declaration(&mut rule.edits, other);
                }
            }
        }
    }
    let deletions = (0..text_rules).rev().filter(|at| is_gone[*at]);
    let mut result: Vec<Edit> = deletions
        .map(|at| Edit::Delete {
            path: Path::top(at as u32),
        })
        .collect();
    let mut declarations = Vec::new();
    for (at, rule) in rules.into_iter().enumerate() {
        if let Some(text) = rule.inserted {
            result.push(Edit::Insert {
                path: Path::top(at as u32),
                rule: text,
            });
        }
        for mut edit in rule.edits {
            if let Some(path) = edit.path_mut() {
                path.first = at as u32;
            }
            declarations.push(edit);
        }
    }
    result.append(&mut declarations);
    result
}

/// The rules of the text keep their order, so the one at `at` is the n-th of those
/// not yet gone.
fn mark_gone(is_gone: &mut [bool], rules: &[Rule], at: usize) {
    let before = rules[..at]
        .iter()
        .filter(|rule| rule.inserted.is_none())
        .count();
    let mut remaining = is_gone.iter_mut().filter(|gone| !**gone);
    if let Some(gone) = remaining.nth(before) {
        *gone = true;
    }
}

/// Of the declarations of one rule only the last per property counts, as long as no
/// nested rule came or went.
fn push_declaration(edits: &mut Vec<Edit>, edit: Edit) {
    if edit.declaration().is_some() {
        let same = edits
            .iter()
            .rposition(|old| old.declaration() == edit.declaration());
        let moved = edits.iter().rposition(|old| old.declaration().is_none());
        // A nested change in between shifts the paths. A shorthand in between could
        // have overwritten the property: hence to the end of the list.
        if let Some(same) = same
            && moved.is_none_or(|moved| moved < same)
        {
            edits.remove(same);
        }
    }
    edits.push(edit);
}

/// The number of top-level rules in the text of a sheet.
pub(crate) fn count_rules<'t>(pieces: impl IntoIterator<Item = &'t str>) -> usize {
    let mut scanner = Scanner::default();
    let bytes = pieces.into_iter().flat_map(str::bytes);
    bytes.filter(|byte| scanner.ends_rule(*byte)).count()
}

/// The top-level rules in the text of a sheet.
pub(crate) fn split_rules(text: &str) -> impl Iterator<Item = &str> {
    let mut scanner = Scanner::default();
    let mut start = 0;
    let ends = text
        .bytes()
        .enumerate()
        .filter(move |(_, byte)| scanner.ends_rule(*byte));
    ends.map(move |(at, _)| {
        let rule = text[start..=at].trim();
        start = at + 1;
        rule
    })
}

/// Finds the ends of blocks and at-statements, outside of strings and comments.
#[derive(Default)]
struct Scanner {
    depth: usize,
    quote: Option<u8>,
    in_comment: bool,
    has_content: bool,
    before: u8,
}

impl Scanner {
    /// Whether this byte ends a top-level rule. It is ASCII then.
    fn ends_rule(&mut self, byte: u8) -> bool {
        let last = std::mem::replace(&mut self.before, byte);
        if self.in_comment {
            if last == b'*' && byte == b'/' {
                self.in_comment = false;
                self.before = 0;
            }
            return false;
        }
        if let Some(open) = self.quote {
            if last == b'\\' {
                self.before = 0;
            } else if byte == open {
                self.quote = None;
            }
            return false;
        }
        match byte {
            b'*' if last == b'/' => {
                self.in_comment = true;
                self.before = 0;
            }
            b'"' | b'\'' if last != b'\\' => self.quote = Some(byte),
            b'{' => self.depth += 1,
            b'}' if self.depth == 1 => {
                self.depth = 0;
                self.has_content = false;
                return true;
            }
            b'}' => self.depth = self.depth.saturating_sub(1),
            b';' if self.depth == 0 && self.has_content => {
                self.has_content = false;
                return true;
            }
            b'/' => {}
            byte => self.has_content |= self.depth == 0 && !byte.is_ascii_whitespace(),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_rules() {
        for (css, count) in [
            ("", 0),
            ("a{b:c}", 1),
            (
                "/* a{} */ a { content: \"}\\\"{\" } @media x { a{} b{} } ",
                2,
            ),
            ("@import url(\"a;b\"); a{}", 2),
            ("a{}b{}/* rr_split */c{}", 3),
        ] {
            assert_eq!(count_rules([css]), count, "{css}");
            assert_eq!(split_rules(css).count(), count, "{css}");
        }
        let rules: Vec<&str> = split_rules("@import 'x'; a { b: c }\n@media d{e{}f{}}").collect();
        assert_eq!(rules, ["@import 'x';", "a { b: c }", "@media d{e{}f{}}"]);
    }

    fn insert(at: u32, rule: &str) -> Edit {
        Edit::Insert {
            path: Path::top(at),
            rule: rule.into(),
        }
    }

    fn delete(at: u32) -> Edit {
        Edit::Delete {
            path: Path::top(at),
        }
    }

    fn set(first: u32, inner: &[u32], property: &str, value: &str) -> Edit {
        Edit::Set {
            path: Path {
                first,
                inner: inner.into(),
            },
            property: property.into(),
            value: value.into(),
            priority: Box::default(),
        }
    }

    /// What a browser would hold after the edits.
    fn play(edits: &[Edit], text_rules: usize) -> Vec<(String, Vec<String>)> {
        let mut rules: Vec<_> = (0..text_rules)
            .map(|n| (format!("text {n}"), Vec::new()))
            .collect();
        for edit in edits {
            match edit {
                Edit::Insert { path, rule } => {
                    let at = (path.first as usize).min(rules.len());
                    rules.insert(at, (rule.to_string(), Vec::new()));
                }
                Edit::Delete { path } if (path.first as usize) < rules.len() => {
                    rules.remove(path.first as usize);
                }
                Edit::Set {
                    path,
                    property,
                    value,
                    ..
                } => {
                    if let Some((_, list)) = rules.get_mut(path.first as usize) {
                        list.retain(|old: &String| !old.starts_with(&format!("{property}:")));
                        list.push(format!("{property}:{value}"));
                    }
                }
                _ => {}
            }
        }
        rules
    }

    proptest::proptest! {
        #[test]
        fn a_folded_list_means_the_same(
            text_rules in 0usize..5,
            steps in proptest::collection::vec((0u8..3, 0u32..8), 0..60),
        ) {
            let edits: Vec<Edit> = steps
                .iter()
                .enumerate()
                .map(|(n, (kind, at))| match kind {
                    0 => insert(*at, &format!("rule {n}")),
                    1 => delete(*at),
                    _ => set(*at, &[], ["p", "q"][n % 2], &n.to_string()),
                })
                .collect();
            let short = folded(edits.clone(), text_rules);
            proptest::prop_assert_eq!(play(&short, text_rules), play(&edits, text_rules));
        }
    }

    #[test]
    fn repeated_declarations_take_one_place() {
        let mut sheet = Sheet::default();
        for n in 0..1000 {
            sheet.push(set(3, &[1], "left", &n.to_string()));
        }
        assert_eq!(sheet.edits().len(), 1);
        let before = sheet.memory_bytes();
        sheet.push(Edit::Replace { text: "a{}".into() });
        assert!(sheet.memory_bytes() < before);
        sheet.push(insert(9, "b{}"));
        sheet.push(delete(0));
        sheet.fold(7);
        assert_eq!(
            sheet.edits(),
            [
                Edit::Replace { text: "a{}".into() },
                delete(0),
                insert(0, "b{}")
            ]
        );
    }
}
