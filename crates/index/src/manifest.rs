//! What belongs to the index of a project: one small file, replaced as a whole.

use crate::file::{FORMAT, replace};
use crate::{Error, Fed, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::path::Path;

pub const NAME: &str = "manifest";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub next_file: u64,
    #[serde(default)]
    pub fed: Fed,
    /// Later ones replace values of earlier ones.
    pub rows: Vec<u64>,
    pub events: Vec<Listed>,
    pub facts: Vec<Listed>,
    pub texts: Vec<Listed>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listed {
    pub file: u64,
    /// A roaring bitmap.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dead: String,
}

impl Listed {
    pub fn new(file: u64, dead: &RoaringBitmap) -> Self {
        let mut bytes = Vec::new();
        if !dead.is_empty() {
            // Writing to memory does not fail.
            let _ = dead.serialize_into(&mut bytes);
        }
        let dead = BASE64_STANDARD.encode(bytes);
        Self { file, dead }
    }

    pub fn dead(&self) -> Result<RoaringBitmap> {
        if self.dead.is_empty() {
            return Ok(RoaringBitmap::new());
        }
        let damaged = || Error::damaged("deleted rows");
        let bytes = BASE64_STANDARD.decode(&self.dead).map_err(|_| damaged())?;
        RoaringBitmap::deserialize_from(&bytes[..]).map_err(|_| damaged())
    }
}

/// `None` when there is none yet.
pub fn read(folder: &Path) -> Result<Option<Manifest>> {
    let path = folder.join(NAME);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(&path)(error)),
    };
    let (crc, json) = text.split_once('\n').ok_or(Error::damaged("manifest"))?;
    if crc != format!("{:08x}", crc32fast::hash(json.as_bytes())) {
        return Err(Error::damaged("manifest"));
    }
    let manifest: Manifest = serde_json::from_str(json).map_err(Error::json)?;
    if manifest.format != FORMAT {
        return Err(Error::damaged("format version"));
    }
    Ok(Some(manifest))
}

pub fn write(folder: &Path, manifest: &Manifest) -> Result<()> {
    let json = serde_json::to_string(manifest).map_err(Error::json)?;
    let crc = crc32fast::hash(json.as_bytes());
    replace(&folder.join(NAME), format!("{crc:08x}\n{json}").as_bytes())
}

/// The file of a piece.
pub fn file_name(number: u64) -> String {
    format!("{number:010}.rnx")
}
