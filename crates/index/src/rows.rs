//! Replays and sessions without one: what is known about each, by field. This part
//! changes as long as a replay runs, so it lives in memory.

use crate::filter::{Clock, FIELDS, FieldKind, Test};
use crate::value::{Matcher, Value};
use crate::{Error, Result, Row};
use model::ReplayId;
use roaring::RoaringBitmap;
use std::collections::HashMap;

#[derive(Debug, Default)]
pub struct Rows {
    ids: Vec<ReplayId>,
    by_id: HashMap<ReplayId, u32, foldhash::fast::RandomState>,
    /// Numbers of rows that are there.
    pub live: RoaringBitmap,
    columns: HashMap<String, RowColumn>,
}

#[derive(Debug)]
enum RowColumn {
    /// NaN: no value.
    Numbers(Vec<f64>),
    Values {
        known: Vec<Value>,
        codes: HashMap<Box<str>, u32>,
        /// By row; code 0: no value. Rows beyond the end have none.
        rows: RowCodes,
    },
}

/// Most rows have the fixed fields, few have a label.
#[derive(Debug)]
enum RowCodes {
    Dense(Vec<u32>),
    Sparse(HashMap<u32, u32>),
}

impl RowCodes {
    fn get(&self, row: u32) -> u32 {
        match self {
            Self::Dense(codes) => codes.get(row as usize).copied().unwrap_or(0),
            Self::Sparse(codes) => codes.get(&row).copied().unwrap_or(0),
        }
    }

    fn change(&mut self, mut change: impl FnMut(u32) -> u32) {
        match self {
            Self::Dense(codes) => codes.iter_mut().for_each(|code| *code = change(*code)),
            Self::Sparse(codes) => codes.values_mut().for_each(|code| *code = change(*code)),
        }
    }

    fn set(&mut self, row: u32, code: u32) {
        match self {
            Self::Dense(codes) => {
                if codes.len() <= row as usize {
                    codes.resize(row as usize + 1, 0);
                }
                codes[row as usize] = code;
            }
            Self::Sparse(codes) if code == 0 => drop(codes.remove(&row)),
            Self::Sparse(codes) => drop(codes.insert(row, code)),
        }
    }
}

/// Values of a field that no row has any more are forgotten when there are more of them
/// than this and than rows: addresses of running replays change all the time.
const MIN_FORGET: usize = 1_000;

fn forget_unused(known: &mut Vec<Value>, codes: &mut HashMap<Box<str>, u32>, rows: &mut RowCodes) {
    let before = std::mem::take(known);
    codes.clear();
    let mut moved: HashMap<u32, u32> = HashMap::new();
    rows.change(|code| {
        let Some(value) = before.get((code as usize).wrapping_sub(1)) else {
            return 0;
        };
        *moved.entry(code).or_insert_with(|| {
            known.push(value.clone());
            codes.insert(key(value).into(), known.len() as u32);
            known.len() as u32
        })
    });
}

/// One text for each value: kinds must not run into each other.
fn key(value: &Value) -> String {
    match value {
        Value::Flag(flag) => format!("f{flag}"),
        Value::Number(number) => format!("n{number}"),
        Value::Text(text) => format!("t{text}"),
    }
}

fn is_numeric(name: &str) -> bool {
    let fixed = FIELDS.iter().find(|field| field.name == name);
    fixed.is_some_and(|field| matches!(field.kind, FieldKind::Number(_) | FieldKind::Time))
}

impl Rows {
    pub fn id(&self, row: u32) -> ReplayId {
        self.ids[row as usize]
    }

    pub fn find(&self, id: ReplayId) -> Option<u32> {
        self.by_id
            .get(&id)
            .copied()
            .filter(|row| self.live.contains(*row))
    }

    /// The number of a replay; made if there is none. It is only there after
    /// [`Rows::put`] or [`Rows::seen`].
    pub fn number(&mut self, id: ReplayId) -> u32 {
        *self.by_id.entry(id).or_insert_with(|| {
            self.ids.push(id);
            self.ids.len() as u32 - 1
        })
    }

    /// Something happened in it.
    pub fn seen(&mut self, row: u32) {
        self.live.insert(row);
    }

    /// Sets the given fields; others stay. `None` takes one away.
    pub fn put(&mut self, row: &Row) -> u32 {
        let number = self.number(row.id);
        self.live.insert(number);
        for (name, value) in &row.values {
            self.set(number, name, value.as_ref());
        }
        number
    }

    pub fn set(&mut self, row: u32, name: &str, value: Option<&Value>) {
        if !self.columns.contains_key(name) {
            if value.is_none() {
                return;
            }
            let is_fixed = FIELDS.iter().any(|field| field.name == name);
            let column = match (is_numeric(name), is_fixed) {
                (true, _) => RowColumn::Numbers(Vec::new()),
                (false, is_fixed) => RowColumn::Values {
                    known: Vec::new(),
                    codes: HashMap::new(),
                    rows: match is_fixed {
                        true => RowCodes::Dense(Vec::new()),
                        false => RowCodes::Sparse(HashMap::new()),
                    },
                },
            };
            self.columns.insert(name.to_owned(), column);
        }
        let Some(column) = self.columns.get_mut(name) else {
            return;
        };
        match column {
            RowColumn::Numbers(numbers) => {
                if numbers.len() <= row as usize {
                    numbers.resize(row as usize + 1, f64::NAN);
                }
                numbers[row as usize] = value.and_then(Value::number).unwrap_or(f64::NAN);
            }
            RowColumn::Values { known, codes, rows } => {
                let code = value.map_or(0, |value| {
                    *codes.entry(key(value).into()).or_insert_with(|| {
                        known.push(value.clone());
                        known.len() as u32
                    })
                });
                rows.set(row, code);
                if known.len() > 2 * self.ids.len() + MIN_FORGET {
                    forget_unused(known, codes, rows);
                }
            }
        }
    }

    pub fn remove(&mut self, row: u32) {
        self.live.remove(row);
        let names: Vec<String> = self.columns.keys().cloned().collect();
        for name in names {
            self.set(row, &name, None);
        }
    }

    pub fn value(&self, row: u32, name: &str) -> Option<Value> {
        if name == "id" {
            return Some(Value::Text(self.id(row).to_string()));
        }
        match self.columns.get(name)? {
            RowColumn::Numbers(_) => self.number_of(row, name).map(Value::Number),
            RowColumn::Values { known, rows, .. } => {
                known.get((rows.get(row) as usize).checked_sub(1)?).cloned()
            }
        }
    }

    /// A field of all rows, for going through many of them; NaN where there is no value.
    pub fn numbers(&self, name: &str) -> &[f64] {
        match self.columns.get(name) {
            Some(RowColumn::Numbers(numbers)) => numbers,
            Some(RowColumn::Values { .. }) | None => &[],
        }
    }

    pub fn number_of(&self, row: u32, name: &str) -> Option<f64> {
        match self.columns.get(name)? {
            RowColumn::Numbers(numbers) => {
                let number = numbers.get(row as usize).copied()?;
                (!number.is_nan()).then_some(number)
            }
            RowColumn::Values { .. } => None,
        }
    }

    /// Everything about a row, to be stored.
    pub fn row(&self, row: u32) -> Row {
        let values = self.columns.keys().filter_map(|name| {
            let value = self.value(row, name)?;
            Some((name.clone(), Some(value)))
        });
        Row {
            id: self.id(row),
            values: values.collect(),
        }
    }

    /// Rows for which the test of a field holds.
    pub fn matching(&self, name: &str, test: &Test, clock: &Clock) -> Result<RoaringBitmap> {
        let matcher = Matcher::of(test, clock).map_err(Error::Filter)?;
        let passing: RoaringBitmap = match self.columns.get(name) {
            _ if name == "id" => {
                let passes = |row: &u32| matcher.passes(&Value::Text(self.id(*row).to_string()));
                self.live.iter().filter(passes).collect()
            }
            None => RoaringBitmap::new(),
            Some(RowColumn::Numbers(numbers)) => {
                let rows = numbers.iter().enumerate();
                let passing =
                    rows.filter(|(_, number)| !number.is_nan() && matcher.passes_number(**number));
                passing.map(|(row, _)| row as u32).collect()
            }
            Some(RowColumn::Values { known, rows, .. }) => {
                let mut passes = vec![false];
                passes.extend(known.iter().map(|value| matcher.passes(value)));
                match rows {
                    RowCodes::Dense(codes) => {
                        let rows = codes.iter().enumerate();
                        let passing = rows.filter(|(_, code)| passes[**code as usize]);
                        passing.map(|(row, _)| row as u32).collect()
                    }
                    RowCodes::Sparse(codes) => {
                        let passing = codes.iter().filter(|(_, code)| passes[**code as usize]);
                        passing.map(|(row, _)| *row).collect()
                    }
                }
            }
        };
        Ok(match matcher.is_negated {
            true => &self.live - &passing,
            false => &self.live & &passing,
        })
    }

    /// How many of these rows have each value.
    pub fn counts(&self, name: &str, among: &RoaringBitmap) -> Vec<(Value, u64)> {
        let Some(RowColumn::Values { known, rows, .. }) = self.columns.get(name) else {
            return Vec::new();
        };
        let mut counts = vec![0u64; known.len() + 1];
        match rows {
            RowCodes::Dense(codes) => {
                for row in among {
                    counts[codes.get(row as usize).copied().unwrap_or(0) as usize] += 1;
                }
            }
            RowCodes::Sparse(codes) => {
                for (row, code) in codes {
                    if among.contains(*row) {
                        counts[*code as usize] += 1;
                    }
                }
            }
        }
        let counted = known.iter().cloned().zip(counts.into_iter().skip(1));
        counted.filter(|(_, count)| *count > 0).collect()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_no_row_has_any_more_are_forgotten() {
        let mut rows = Rows::default();
        let id = |number: u8| ReplayId::from_bytes([number; 16]);
        let numbers = [1, 2, 3].map(|number| rows.number(id(number)));
        for (round, row) in (0..20_000).zip(numbers.into_iter().cycle()) {
            rows.seen(row);
            for name in ["last_url", "tag.x"] {
                rows.set(row, name, Some(&Value::text(&format!("/{round}"))));
            }
        }
        for name in ["last_url", "tag.x"] {
            let Some(RowColumn::Values { known, codes, .. }) = rows.columns.get(name) else {
                panic!("no column")
            };
            assert!(known.len() <= MIN_FORGET + 7, "{}", known.len());
            assert_eq!(known.len(), codes.len());
            for (round, row) in (19_997..20_000).zip([numbers[2], numbers[0], numbers[1]]) {
                let value = rows.value(row, name).map(|value| value.show());
                assert!(
                    value.is_some_and(|value| value.starts_with("/1999")),
                    "{round}"
                );
            }
        }
    }
}
