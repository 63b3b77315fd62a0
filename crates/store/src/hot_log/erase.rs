//! Overwriting frames in a file that holds others which are still needed. Nothing
//! moves, so whoever knows a frame's place still finds it there.

use super::{BLANK, ERASED, HEADER_BYTES, u32_at};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

struct Frame {
    offset: u64,
    size_bytes: u32,
}

/// Erases the frames before `size` whose places are not among the needed; returns how
/// many bytes it overwrote. A file that is gone has nothing to erase.
pub fn file(path: &Path, size: u64, needed: &BTreeMap<u64, u32>) -> Result<u64> {
    let failed = Error::io("cannot erase frames of the hot log");
    let opened = OpenOptions::new().read(true).write(true).open(path);
    let file = match opened {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        other => other.map_err(failed)?,
    };
    let erase = || -> std::io::Result<u64> {
        let frames = released(&file, size, needed)?;
        if frames.is_empty() {
            return Ok(0);
        }
        // First they count for nothing, or a start after a crash would take a half
        // overwritten one for damage and give up what lies behind it.
        mark(&file, &frames, ERASED)?;
        let mut erased_bytes = 0;
        for frame in &frames {
            blank(&file, frame)?;
            erased_bytes += u64::from(frame.size_bytes);
        }
        file.sync_data()?;
        mark(&file, &frames, ERASED | BLANK)?;
        Ok(erased_bytes)
    };
    erase().map_err(Error::io("cannot erase frames of the hot log"))
}

fn released(file: &File, size: u64, needed: &BTreeMap<u64, u32>) -> std::io::Result<Vec<Frame>> {
    let mut frames = Vec::new();
    let mut offset = HEADER_BYTES;
    while offset + 8 <= size {
        let mut head = [0; 8];
        file.read_exact_at(&mut head, offset)?;
        let word = u32_at(&head, 0);
        let size_bytes = word & !(ERASED | BLANK);
        if word & BLANK == 0 && !needed.contains_key(&offset) {
            frames.push(Frame { offset, size_bytes });
        }
        offset += 8 + u64::from(size_bytes);
    }
    Ok(frames)
}

/// The bits are in the last byte of the length, so one byte changes at a time.
fn mark(file: &File, frames: &[Frame], bits: u32) -> std::io::Result<()> {
    for frame in frames {
        let last = (frame.size_bytes | bits).to_le_bytes()[3];
        file.write_all_at(&[last], frame.offset + 3)?;
    }
    file.sync_data()
}

fn blank(file: &File, frame: &Frame) -> std::io::Result<()> {
    // The checksum goes, too: it says something about what was there.
    let mut at = frame.offset + 4;
    let end = frame.offset + 8 + u64::from(frame.size_bytes);
    while at < end {
        let part = (end - at).min(ZEROS.len() as u64) as usize;
        file.write_all_at(&ZEROS[..part], at)?;
        at += part as u64;
    }
    Ok(())
}
