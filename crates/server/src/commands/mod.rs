//! One module per command.

pub mod doctor;
pub mod export;
pub mod import;
pub mod serve;
pub mod source_maps;

use anyhow::{Context, Result};
use std::io::Write;

/// Writes to standard output, which others read: at once and with its errors.
pub fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write to standard output")
}
