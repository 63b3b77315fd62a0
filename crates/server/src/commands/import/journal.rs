//! What was sent already: one line per upload that the server has accepted, the hash
//! of where it went and what it was. The file only grows, and a line that a crash cut
//! matches nothing, so that upload is sent again, which does no harm.

use anyhow::{Context, Result};
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

pub struct Journal {
    done: HashSet<String>,
    file: Option<File>,
}

impl Journal {
    pub fn open(path: &Path) -> Result<Self> {
        let context = || format!("journal {}", path.display());
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .with_context(context)?;
        let mut done = HashSet::new();
        for line in BufReader::new(&file).lines() {
            done.insert(line.with_context(context)?);
        }
        // After a cut line the next one begins a line of its own.
        if !done.is_empty() {
            file.write_all(b"\n").with_context(context)?;
        }
        Ok(Self {
            done,
            file: Some(file),
        })
    }

    /// Knows nothing and keeps nothing.
    pub fn nowhere() -> Self {
        Self {
            done: HashSet::new(),
            file: None,
        }
    }

    pub fn holds(&self, hash: &str) -> bool {
        self.done.contains(hash)
    }

    pub fn add(&mut self, hash: String) -> Result<()> {
        if let Some(file) = &mut self.file {
            writeln!(file, "{hash}").context("cannot write the journal")?;
        }
        self.done.insert(hash);
        Ok(())
    }
}
