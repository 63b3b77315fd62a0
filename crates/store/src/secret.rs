//! A secret of this server, made once and kept in a file that only it may read.

use crate::{Error, Result};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

pub const BYTES: usize = 32;

/// Reads the secret, or writes `new` as the one to use from now on.
///
/// # Errors
/// Also when the file holds something else: guessing a new one would make
/// everything that was made with the old one useless.
pub fn read_or_create(path: &Path, new: [u8; BYTES]) -> Result<[u8; BYTES]> {
    match std::fs::read(path) {
        Ok(bytes) => {
            return bytes.try_into().map_err(|_| {
                Error::Internal(format!("{} does not hold {BYTES} bytes", path.display()))
            });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io(format!("cannot read {}", path.display()))(error)),
    }
    let failed = || Error::io(format!("cannot write {}", path.display()));
    // Whole or not at all: a stop in between must not leave half a secret.
    let unfinished = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(failed())?;
    file.write_all(&new).map_err(failed())?;
    file.sync_all().map_err(failed())?;
    std::fs::rename(&unfinished, path).map_err(failed())?;
    Ok(new)
}
