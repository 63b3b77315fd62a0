//! Events as columns: the short form in which our own SDK sends them. `docs/sdk.md`
//! describes the format, `sdk/src/transport/columns.ts` writes it.
//!
//! Reading costs time and memory in proportion to the body and to what comes out,
//! and what comes out is bounded. It need not be JSON when the body is hostile: the
//! reader of single events comes after.

use crate::Rejection;
use model::ingest::Reason;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Every body in columns begins with this. No JSON text does.
pub(crate) const HEAD: &str = "[columns 1]\n\n";

/// Our SDK sends deeper events as they are.
const MAX_DEPTH: usize = 512;
/// Fifteen digits are a number in every language.
const MAX_NUMBER: i64 = 999_999_999_999_999;
const MAX_NUMBER_DIGITS: usize = 15;
/// Ids of the keys that hold nodes, wherever they stand.
const NODE: usize = 0;
const CHILD_NODES: usize = 1;

/// A column: the key, the one around it, and how many lists deep.
type Name = (Option<usize>, Option<usize>, usize);
const ROOT: Name = (None, None, 0);
const NODES: Name = (Some(NODE), Some(NODE), 0);

struct Column<'a> {
    tokens: std::str::Split<'a, char>,
    last: i64,
}

/// A text and its numbers; the texts that follow change only these.
struct Template<'a> {
    between: Vec<&'a str>,
    numbers: Vec<i64>,
}

/// What a value was, for what stands around it.
#[derive(Default, Clone, Copy)]
struct Seen {
    integer: Option<i64>,
    /// The value of `id` in an object.
    id: Option<i64>,
}

/// Small, because it stands in every frame of the recursion.
enum Refused {
    Unfit,
    TooDeep,
    TooLarge,
}

struct Reader<'a> {
    waiting: std::str::Split<'a, &'static str>,
    columns: Vec<Column<'a>>,
    column_of: HashMap<Name, usize>,
    key_ids: HashMap<&'a str, usize>,
    shapes: Vec<Vec<(&'a str, usize)>>,
    templates: Vec<Template<'a>>,
    /// Added nodes, each the parent of the next.
    path: Vec<i64>,
    out: String,
    /// Of all events together.
    limit_bytes: usize,
    depth: usize,
}

/// Calls `each` for every event of a body that begins with [`HEAD`].
pub(crate) fn for_each_event(
    body: &str,
    limit_bytes: usize,
    each: impl FnMut(String),
) -> Result<(), Rejection> {
    read_all(body, limit_bytes, each).map_err(|refused| match refused {
        Refused::Unfit => Rejection::new(Reason::InvalidJson, "the columns do not fit together"),
        Refused::TooDeep => Rejection::new(Reason::TooDeep, "the events nest too deep"),
        Refused::TooLarge => {
            let message = "the events are larger than a request may be";
            Rejection::new(Reason::TooLarge, message)
        }
    })
}

fn read_all(body: &str, limit_bytes: usize, mut each: impl FnMut(String)) -> Result<(), Refused> {
    let columns = body.strip_prefix(HEAD).ok_or(Refused::Unfit)?;
    let mut reader = Reader {
        waiting: columns.split("\n\n"),
        columns: Vec::new(),
        column_of: HashMap::new(),
        key_ids: HashMap::from([("\"node\"", NODE), ("\"childNodes\"", CHILD_NODES)]),
        shapes: Vec::new(),
        templates: Vec::new(),
        path: Vec::new(),
        out: String::new(),
        limit_bytes,
        depth: 0,
    };
    let first = reader.column(ROOT)?;
    while let Some(token) = reader
        .columns
        .get_mut(first)
        .and_then(|it| it.tokens.next())
    {
        reader.value(token, first, ROOT, None)?;
        reader.limit_bytes -= reader.out.len();
        each(std::mem::take(&mut reader.out));
    }
    let is_done = reader.waiting.next().is_none()
        && reader
            .columns
            .iter_mut()
            .all(|column| column.tokens.next().is_none());
    is_done.then_some(()).ok_or(Refused::Unfit)
}

impl<'a> Reader<'a> {
    fn column(&mut self, name: Name) -> Result<usize, Refused> {
        if let Some(column) = self.column_of.get(&name) {
            return Ok(*column);
        }
        let tokens = self.waiting.next().ok_or(Refused::Unfit)?.split('\n');
        self.columns.push(Column { tokens, last: 0 });
        self.column_of.insert(name, self.columns.len() - 1);
        Ok(self.columns.len() - 1)
    }

    fn read(&mut self, name: Name, owner: Option<usize>) -> Result<Seen, Refused> {
        let column = self.column(name)?;
        let tokens = self.columns.get_mut(column).map(|it| &mut it.tokens);
        let token = tokens.and_then(Iterator::next).ok_or(Refused::Unfit)?;
        self.value(token, column, name, owner)
    }

    fn push(&mut self, text: &str) -> Result<(), Refused> {
        if text.len() > self.limit_bytes - self.out.len() {
            return Err(Refused::TooLarge);
        }
        self.out.push_str(text);
        Ok(())
    }

    fn value(
        &mut self,
        token: &'a str,
        column: usize,
        name: Name,
        owner: Option<usize>,
    ) -> Result<Seen, Refused> {
        let Some(kind) = token.chars().next() else {
            return Err(Refused::Unfit);
        };
        let rest = token.get(kind.len_utf8()..).unwrap_or_default();
        match kind {
            'n' => self.push("null")?,
            't' => self.push("true")?,
            'f' => self.push("false")?,
            '"' => self.push(token)?,
            '=' => self.push(rest)?,
            '$' => {
                self.templates.push(Template::of(rest));
                self.push(rest)?;
            }
            '%' => self.similar_text(rest)?,
            '-' | '0'..='9' => {
                let more: i64 = token.parse().map_err(|_| Refused::Unfit)?;
                let column = self.columns.get_mut(column).ok_or(Refused::Unfit)?;
                column.last = column.last.checked_add(more).ok_or(Refused::Unfit)?;
                let integer = column.last;
                self.push(&integer.to_string())?;
                return Ok(Seen {
                    integer: Some(integer),
                    id: None,
                });
            }
            '[' | '{' | '&' | '^' => return self.container(kind, rest, name, owner),
            _ => return Err(Refused::Unfit),
        }
        Ok(Seen::default())
    }

    fn container(
        &mut self,
        kind: char,
        rest: &'a str,
        name: Name,
        owner: Option<usize>,
    ) -> Result<Seen, Refused> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Refused::TooDeep);
        }
        let seen = match kind {
            '[' => self.list(rest, name, owner),
            '^' => self.placed_node(rest),
            _ => self.object(rest, owner, kind == '&'),
        };
        self.depth -= 1;
        seen
    }

    fn list(
        &mut self,
        rest: &str,
        (around, key, depth): Name,
        owner: Option<usize>,
    ) -> Result<Seen, Refused> {
        let count: usize = rest.parse().map_err(|_| Refused::Unfit)?;
        let (name, owner) = match owner {
            Some(CHILD_NODES) => (NODES, Some(NODE)),
            _ => ((around, key, depth + 1), owner),
        };
        self.push("[")?;
        for index in 0..count {
            if index > 0 {
                self.push(",")?;
            }
            self.read(name, owner)?;
        }
        self.push("]")?;
        Ok(Seen::default())
    }

    fn object(
        &mut self,
        rest: &'a str,
        owner: Option<usize>,
        is_added_node: bool,
    ) -> Result<Seen, Refused> {
        let shape = match rest.starts_with('[') {
            true => self.new_shape(rest)?,
            false => rest.parse().map_err(|_| Refused::Unfit)?,
        };
        let count = self.shapes.get(shape).ok_or(Refused::Unfit)?.len();
        let mut id = None;
        let mut place = (None, None);
        self.push("{")?;
        for index in 0..count {
            let field = self.shapes.get(shape).and_then(|keys| keys.get(index));
            let (key, key_id) = *field.ok_or(Refused::Unfit)?;
            if index > 0 {
                self.push(",")?;
            }
            self.push(key)?;
            self.push(":")?;
            let name = match key_id {
                NODE => NODES,
                _ => (owner, Some(key_id), 0),
            };
            let seen = self.read(name, Some(key_id))?;
            match key {
                "\"id\"" => id = seen.integer,
                "\"parentId\"" => place.0 = seen.integer,
                "\"node\"" => place.1 = seen.id,
                _ => {}
            }
        }
        self.push("}")?;
        if is_added_node {
            let (Some(parent_id), Some(node_id)) = place else {
                return Err(Refused::Unfit);
            };
            self.path = vec![parent_id, node_id];
        }
        Ok(Seen { integer: None, id })
    }

    fn new_shape(&mut self, keys: &'a str) -> Result<usize, Refused> {
        let keys: Vec<&RawValue> = serde_json::from_str(keys).map_err(|_| Refused::Unfit)?;
        let shape = keys.into_iter().map(|key| {
            let next = self.key_ids.len();
            (key.get(), *self.key_ids.entry(key.get()).or_insert(next))
        });
        let shape = shape.collect();
        self.shapes.push(shape);
        Ok(self.shapes.len() - 1)
    }

    /// A node below the end of the path, or before one that is so far up.
    fn placed_node(&mut self, up: &str) -> Result<Seen, Refused> {
        let up: usize = up.parse().map_err(|_| Refused::Unfit)?;
        let rest = self.path.len().checked_sub(up).ok_or(Refused::Unfit)?;
        let next_id = self.path.get(rest).copied();
        self.path.truncate(rest);
        let parent_id = *self.path.last().ok_or(Refused::Unfit)?;
        let next_id = next_id.map_or_else(|| "null".to_owned(), |id| id.to_string());
        self.push(&format!(
            "{{\"parentId\":{parent_id},\"nextId\":{next_id},\"node\":"
        ))?;
        let node = self.read(NODES, Some(NODE))?;
        self.push("}")?;
        self.path.push(node.id.ok_or(Refused::Unfit)?);
        Ok(Seen::default())
    }

    fn similar_text(&mut self, token: &str) -> Result<(), Refused> {
        let mut words = token.split(' ');
        let index: usize = words
            .next()
            .and_then(|word| word.parse().ok())
            .ok_or(Refused::Unfit)?;
        let template = self.templates.get_mut(index).ok_or(Refused::Unfit)?;
        let room_bytes = self.limit_bytes - self.out.len();
        let mut text = String::new();
        for (index, between) in template.between.iter().enumerate() {
            text.push_str(between);
            if let Some(number) = template.numbers.get_mut(index) {
                let more = words.next().and_then(|word| word.parse::<i64>().ok());
                let more = more.ok_or(Refused::Unfit)?;
                *number = number.checked_add(more).ok_or(Refused::Unfit)?;
                if !(0..=MAX_NUMBER).contains(number) {
                    return Err(Refused::Unfit);
                }
                text.push_str(&number.to_string());
            }
            if text.len() > room_bytes {
                break;
            }
        }
        self.push(&text)
    }
}

impl<'a> Template<'a> {
    /// A number has no zero before it and at most fifteen digits; of a longer run of
    /// digits it is the end.
    fn of(text: &'a str) -> Self {
        let mut template = Template {
            between: Vec::new(),
            numbers: Vec::new(),
        };
        let mut from = 0;
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let digits = bytes.iter().skip(at).take_while(|it| it.is_ascii_digit());
            let run_end = at + digits.count();
            let start = (at..run_end).find(|start| {
                let is_zero = bytes.get(*start) == Some(&b'0');
                run_end - start <= if is_zero { 1 } else { MAX_NUMBER_DIGITS }
            });
            if let Some(start) = start
                && let Some(Ok(number)) = text.get(start..run_end).map(str::parse)
            {
                template
                    .between
                    .push(text.get(from..start).unwrap_or_default());
                template.numbers.push(number);
                from = run_end;
            }
            at = run_end + 1;
        }
        template.between.push(text.get(from..).unwrap_or_default());
        template
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    const LIMIT: usize = 1_000_000;
    const GOLDEN: &str = include_str!("../tests/columns.golden.json");

    #[derive(Deserialize)]
    struct Golden {
        events: String,
        columns: String,
    }

    fn golden() -> Vec<Golden> {
        serde_json::from_str(GOLDEN).unwrap()
    }

    fn expand(body: &str, limit_bytes: usize) -> Result<String, Reason> {
        let mut events = Vec::new();
        for_each_event(body, limit_bytes, |event| events.push(event)).map_err(|it| it.reason)?;
        Ok(format!("[{}]", events.join(",")))
    }

    #[test]
    fn what_the_sdk_writes_comes_back_letter_by_letter() {
        let cases = golden();
        assert!(cases.len() > 50);
        for Golden { events, columns } in cases {
            assert_eq!(expand(&columns, LIMIT).as_deref(), Ok(events.as_str()));
        }
    }

    #[test]
    fn a_damaged_body_is_refused_or_other_text_but_never_larger() {
        let mut refused = 0;
        for (case, Golden { columns, .. }) in golden().iter().enumerate() {
            let places = columns.char_indices().map(|(at, _)| at);
            for at in places.skip(HEAD.len() + case % 7).step_by(61) {
                for new in ["", "\n", "\n\n", "9", "^1", "[99999999999", "{0", "%0"] {
                    let damaged = format!("{}{new}{}", &columns[..at], &columns[at..]);
                    match expand(&damaged, 10_000) {
                        Ok(text) => assert!(text.len() < 12_000),
                        Err(_) => refused += 1,
                    }
                }
                refused += usize::from(expand(&columns[..at], LIMIT).is_err());
            }
        }
        assert!(refused > 1_000);
    }

    #[test]
    fn a_small_body_cannot_become_a_large_one() {
        let long = format!("$\"{}1\"", "x".repeat(1_000));
        let many = format!("{HEAD}{long}{}", "\n%0 1".repeat(100_000));
        assert_eq!(expand(&many, LIMIT), Err(Reason::TooLarge));
        let list = format!("{HEAD}[18446744073709551615\n\nn\nn");
        assert_eq!(expand(&list, LIMIT), Err(Reason::InvalidJson));
        let key = format!(
            "{HEAD}{{[\"{}\"]{}",
            "k".repeat(1_000),
            "\n{0".repeat(100_000)
        );
        let key = format!("{key}\n\nn{}", "\nn".repeat(100_000));
        assert_eq!(expand(&key, LIMIT), Err(Reason::TooLarge));
    }

    #[test]
    fn depth_is_bounded() {
        let lists = |depth: usize| {
            let lists = vec!["[1"; depth].join("\n\n");
            expand(&format!("{HEAD}{lists}\n\nn"), LIMIT)
        };
        assert!(lists(MAX_DEPTH).is_ok());
        assert_eq!(lists(MAX_DEPTH + 1), Err(Reason::TooDeep));
        let objects = format!(
            "{HEAD}{{[\"childNodes\"]\n\n[1\n\n{}",
            "{0\n".repeat(1_000_000)
        );
        assert!(expand(&objects, LIMIT).is_err());
    }

    #[test]
    fn a_place_that_is_not_there_is_refused() {
        for body in [
            "^0",
            "^1",
            "^9",
            "%0 1",
            "{0",
            "&[\"parentId\",\"nextId\",\"node\"]\n\n1",
        ] {
            assert_eq!(
                expand(&format!("{HEAD}{body}"), LIMIT),
                Err(Reason::InvalidJson),
                "{body}"
            );
        }
    }
}
