//! The names that a filter may use.

use super::Problem;

/// What a value is, and so how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    Number(Unit),
    Time,
    Flag,
    /// Whatever was sent: decided by how the operand is written.
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Plain,
    Milliseconds,
    Bytes,
}

/// Where the values of a field come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The row of the replay, under this name.
    Row(&'a str),
    /// A property of what happened.
    Happening(&'a str, &'a str),
    Screen,
    Cohort,
}

#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    pub name: &'a str,
    pub kind: FieldKind,
    pub origin: Origin<'a>,
}

/// A kind of thing that happens in a replay, with its properties.
#[derive(Debug)]
pub struct Happening {
    pub kind: &'static str,
    /// Its occurrences have names of their own, as events do.
    pub is_named: bool,
    /// Other properties than these are possible.
    pub is_open: bool,
    pub properties: &'static [(&'static str, FieldKind)],
}

use FieldKind::{Flag, Number, Open, Text, Time};
const COUNT: FieldKind = Number(Unit::Plain);
const MILLISECONDS: FieldKind = Number(Unit::Milliseconds);
const BYTES: FieldKind = Number(Unit::Bytes);

pub const HAPPENINGS: &[Happening] = &[
    Happening {
        kind: "event",
        is_named: true,
        is_open: true,
        properties: &[],
    },
    Happening {
        kind: "page",
        is_named: false,
        is_open: false,
        properties: &[("url", Text), ("title", Text), ("via", Text)],
    },
    Happening {
        kind: "click",
        is_named: false,
        is_open: false,
        properties: &[
            ("selector", Text),
            ("label", Text),
            ("role", Text),
            ("tag", Text),
            ("text", Text),
            ("pointer", Text),
            ("rage", COUNT),
            ("dead", Flag),
            ("slow", Flag),
            ("error_after", MILLISECONDS),
            ("changed_after", MILLISECONDS),
        ],
    },
    Happening {
        kind: "request",
        is_named: false,
        is_open: false,
        properties: &[
            ("url", Text),
            ("method", Text),
            ("status", COUNT),
            ("duration", MILLISECONDS),
            ("failed", Flag),
            ("slow", Flag),
            ("response_size", BYTES),
        ],
    },
    Happening {
        kind: "error",
        is_named: false,
        is_open: false,
        properties: &[("name", Text), ("message", Text), ("source", Text)],
    },
    Happening {
        kind: "console",
        is_named: false,
        is_open: false,
        properties: &[("level", Text), ("message", Text)],
    },
    Happening {
        kind: "vital",
        is_named: false,
        is_open: false,
        properties: &[("name", Text), ("value", COUNT), ("rating", Text)],
    },
    Happening {
        kind: "frustration",
        is_named: false,
        is_open: false,
        properties: &[
            ("signal", Text),
            ("label", Text),
            ("lasted", MILLISECONDS),
            ("count", COUNT),
        ],
    },
    Happening {
        kind: "custom",
        is_named: true,
        is_open: false,
        properties: &[("payload", Text)],
    },
];

const fn row(name: &'static str, kind: FieldKind) -> Field<'static> {
    Field {
        name,
        kind,
        origin: Origin::Row(name),
    }
}

/// Fields with fixed names.
pub const FIELDS: &[Field<'static>] = &[
    row("id", Text),
    row("user", Text),
    row("device", Text),
    row("session", Text),
    row("visitor", Text),
    row("browser", Text),
    row("os", Text),
    row("country", Text),
    row("device_type", Text),
    row("device_model", Text),
    row("release", Text),
    row("environment", Text),
    row("source", Text),
    row("sdk", Text),
    row("sdk_version", Text),
    row("referrer", Text),
    row("first_url", Text),
    row("last_url", Text),
    row("integrity", Text),
    row("recorded", Flag),
    row("playable", Flag),
    row("started", Time),
    row("ended", Time),
    row("received", Time),
    row("expires", Time),
    row("duration", MILLISECONDS),
    row("delay", MILLISECONDS),
    row("active", MILLISECONDS),
    row("activity", COUNT),
    row("events", COUNT),
    row("clicks", COUNT),
    row("pages", COUNT),
    row("errors", COUNT),
    row("console_errors", COUNT),
    row("rage_clicks", COUNT),
    row("dead_clicks", COUNT),
    row("frustration", COUNT),
    row("requests", COUNT),
    row("failed_requests", COUNT),
    row("tabs", COUNT),
    row("size", BYTES),
    Field {
        name: "url",
        kind: Text,
        origin: Origin::Happening("page", "url"),
    },
    Field {
        name: "text",
        kind: Text,
        origin: Origin::Screen,
    },
    Field {
        name: "cohort",
        kind: COUNT,
        origin: Origin::Cohort,
    },
];

/// Beginnings of fields whose names continue with what was sent.
const OPEN: &[&str] = &["tag", "user"];

/// # Errors
/// Names the nearest field.
pub fn field(name: &str) -> Result<Field<'_>, Problem> {
    if let Some(found) = FIELDS.iter().find(|field| field.name == name) {
        return Ok(*found);
    }
    if let Some((before, after)) = name.split_once('.')
        && !after.is_empty()
    {
        if OPEN.contains(&before) {
            return Ok(Field {
                name,
                kind: Open,
                origin: Origin::Row(name),
            });
        }
        if let Some(happening) = HAPPENINGS.iter().find(|known| known.kind == before) {
            return Ok(Field {
                name,
                kind: happening.property(after)?,
                origin: Origin::Happening(happening.kind, after),
            });
        }
    }
    let names = FIELDS.iter().map(|field| field.name);
    let kinds = HAPPENINGS.iter().map(|known| known.kind);
    Err(Problem {
        message: format!("there is no field {}", quoted(name)),
        nearest: nearest(name, names.chain(kinds)),
    })
}

/// # Errors
/// Names the nearest kind.
pub fn happening(kind: &str) -> Result<&'static Happening, Problem> {
    let found = HAPPENINGS.iter().find(|known| known.kind == kind);
    found.ok_or_else(|| Problem {
        message: format!("nothing that happens is called {}", quoted(kind)),
        nearest: nearest(kind, HAPPENINGS.iter().map(|known| known.kind)),
    })
}

impl Happening {
    /// The kind of a property.
    ///
    /// # Errors
    /// Names the nearest property.
    pub fn property(&self, name: &str) -> Result<FieldKind, Problem> {
        if let Some((_, kind)) = self.properties.iter().find(|(known, _)| *known == name) {
            return Ok(*kind);
        }
        if self.is_open && !name.is_empty() {
            return Ok(Open);
        }
        Err(Problem {
            message: format!("{} has no property {}", self.kind, quoted(name)),
            nearest: nearest(name, self.properties.iter().map(|(known, _)| *known)),
        })
    }
}

/// Short enough for a message.
fn quoted(name: &str) -> String {
    let short: String = name.chars().take(40).collect();
    format!("{short:?}")
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    // Comparing takes the product of the lengths.
    if name.len() > 64 {
        return None;
    }
    known
        .map(|known| (strsim::osa_distance(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(name.len()).div_ceil(3))
        .min()
        .map(|(_, known)| known.to_owned())
}
