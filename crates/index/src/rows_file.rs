//! Rows in a file. Later files replace what earlier ones say about a row.

use crate::codes::{put_text, put_varint, take, take_text, take_varint};
use crate::file::{Blocks, Writer};
use crate::value::Value;
use crate::{Error, Result, Row};
use model::ReplayId;
use std::path::Path;

pub fn write(path: &Path, rows: &[Row], gone: &[ReplayId]) -> Result<()> {
    let mut out = Vec::new();
    put_varint(&mut out, rows.len() as u64);
    for row in rows {
        out.extend(row.id.as_bytes());
        put_varint(&mut out, row.values.len() as u64);
        for (name, value) in &row.values {
            put_text(&mut out, name);
            match value {
                None => out.push(4),
                Some(Value::Flag(flag)) => out.push(u8::from(*flag)),
                Some(Value::Number(number)) => {
                    out.push(2);
                    out.extend(number.to_le_bytes());
                }
                Some(Value::Text(text)) => {
                    out.push(3);
                    put_text(&mut out, text);
                }
            }
        }
    }
    put_varint(&mut out, gone.len() as u64);
    out.extend(gone.iter().flat_map(|id| id.as_bytes()));
    let mut writer = Writer::create(path)?;
    writer.block("rows", 0, rows.len() as u32, &out)?;
    writer.finish(())
}

/// Calls with each row and whether it is gone.
pub fn read(path: &Path, mut each: impl FnMut(Row, bool)) -> Result<()> {
    let (blocks, ()) = Blocks::open::<()>(path)?;
    let (_, plain) = blocks.read("rows")?.ok_or(Error::damaged("rows"))?;
    let mut rest = &plain[..];
    for _ in 0..take_varint(&mut rest)? {
        let id = take_id(&mut rest)?;
        let mut values = Vec::new();
        for _ in 0..take_varint(&mut rest)? {
            let name = take_text(&mut rest)?;
            let value = match take(&mut rest, 1)?[0] {
                tag @ (0 | 1) => Some(Value::Flag(tag == 1)),
                2 => {
                    let bytes = take(&mut rest, 8)?.try_into();
                    let bytes = bytes.map_err(|_| Error::damaged("number"))?;
                    Some(Value::Number(f64::from_le_bytes(bytes)))
                }
                3 => Some(Value::Text(take_text(&mut rest)?)),
                _ => None,
            };
            values.push((name, value));
        }
        each(Row { id, values }, false);
    }
    for _ in 0..take_varint(&mut rest)? {
        let id = take_id(&mut rest)?;
        let values = Vec::new();
        each(Row { id, values }, true);
    }
    Ok(())
}

fn take_id(rest: &mut &[u8]) -> Result<ReplayId> {
    let bytes = take(rest, 16)?.try_into();
    let bytes = bytes.map_err(|_| Error::damaged("replay id"))?;
    Ok(ReplayId::from_bytes(bytes))
}
