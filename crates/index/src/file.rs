//! Files of the index: written whole, synced, renamed; read block by block, each
//! checked. The directory of the blocks stands at the end.
//!
//! ```text
//! blocks      zstd, one behind the other
//! directory   JSON: format version, what the piece says about itself, its blocks
//! 12 bytes    length and CRC-32 of the directory, "RNX1"
//! ```

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 4] = b"RNX1";
/// Version of what is in the blocks. Another one is not read; the index is made again.
pub const FORMAT: u32 = 2;
const LEVEL: i32 = 1;
/// A directory or block that says more is damaged.
const MAX_BLOCK_BYTES: u64 = 1 << 30;

#[derive(Debug, Serialize, Deserialize)]
pub struct Directory<T> {
    pub format: u32,
    pub about: T,
    pub blocks: BTreeMap<String, Block>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Block {
    offset: u64,
    packed_bytes: u64,
    plain_bytes: u64,
    crc: u32,
    /// For columns: the rows that it covers.
    pub first_row: u32,
    pub rows: u32,
}

#[derive(Debug)]
pub struct Blocks {
    file: File,
    path: PathBuf,
    pub blocks: BTreeMap<String, Block>,
}

pub struct Writer {
    path: PathBuf,
    temporary: PathBuf,
    out: std::io::BufWriter<File>,
    offset: u64,
    blocks: BTreeMap<String, Block>,
}

impl Writer {
    pub fn create(path: &Path) -> Result<Self> {
        let temporary = path.with_extension("new");
        let file = File::create(&temporary).map_err(Error::io(&temporary))?;
        Ok(Self {
            path: path.to_owned(),
            temporary,
            out: std::io::BufWriter::with_capacity(1 << 18, file),
            offset: 0,
            blocks: BTreeMap::new(),
        })
    }

    pub fn block(&mut self, name: &str, first_row: u32, rows: u32, plain: &[u8]) -> Result<()> {
        let packed = zstd::bulk::compress(plain, LEVEL).map_err(Error::io(&self.temporary))?;
        self.out
            .write_all(&packed)
            .map_err(Error::io(&self.temporary))?;
        let block = Block {
            offset: self.offset,
            packed_bytes: packed.len() as u64,
            plain_bytes: plain.len() as u64,
            crc: crc32fast::hash(&packed),
            first_row,
            rows,
        };
        self.offset += block.packed_bytes;
        self.blocks.insert(name.to_owned(), block);
        Ok(())
    }

    /// The file is complete and durable afterwards, or not there.
    pub fn finish<T: Serialize>(mut self, about: T) -> Result<()> {
        let directory = Directory {
            format: FORMAT,
            about,
            blocks: self.blocks,
        };
        let directory = serde_json::to_vec(&directory).map_err(Error::json)?;
        let fail = Error::io(&self.temporary);
        let written = (|| {
            self.out.write_all(&directory)?;
            self.out
                .write_all(&(directory.len() as u32).to_le_bytes())?;
            self.out
                .write_all(&crc32fast::hash(&directory).to_le_bytes())?;
            self.out.write_all(MAGIC)?;
            self.out.flush()?;
            self.out.get_ref().sync_all()?;
            std::fs::rename(&self.temporary, &self.path)
        })();
        written.map_err(fail)?;
        sync_folder(&self.path)
    }
}

/// Makes a rename in it durable.
pub fn sync_folder(of: &Path) -> Result<()> {
    let folder = of.parent().unwrap_or(Path::new("."));
    let opened = File::open(folder).map_err(Error::io(folder))?;
    opened.sync_all().map_err(Error::io(folder))
}

/// Writes a small file whole.
pub fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(Error::io(path))?;
    sync_folder(path)
}

impl Blocks {
    pub fn open<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<(Self, T)> {
        let file = File::open(path).map_err(Error::io(path))?;
        let length = file.metadata().map_err(Error::io(path))?.len();
        let mut end = [0; 12];
        let end_at = length.checked_sub(12).ok_or(Error::damaged("file"))?;
        file.read_exact_at(&mut end, end_at)
            .map_err(Error::io(path))?;
        let number =
            |at: usize| u32::from_le_bytes([end[at], end[at + 1], end[at + 2], end[at + 3]]);
        let directory_at = end_at.checked_sub(u64::from(number(0)));
        let directory_at = directory_at.filter(|_| end[8..] == *MAGIC);
        let directory_at = directory_at.ok_or(Error::damaged("file"))?;
        let mut directory = vec![0; number(0) as usize];
        file.read_exact_at(&mut directory, directory_at)
            .map_err(Error::io(path))?;
        if crc32fast::hash(&directory) != number(4) {
            return Err(Error::damaged("directory"));
        }
        let directory: Directory<T> = serde_json::from_slice(&directory).map_err(Error::json)?;
        if directory.format != FORMAT {
            return Err(Error::damaged("format version"));
        }
        let blocks = Self {
            file,
            path: path.to_owned(),
            blocks: directory.blocks,
        };
        Ok((blocks, directory.about))
    }

    pub fn read(&self, name: &str) -> Result<Option<(Block, Vec<u8>)>> {
        let Some(block) = self.blocks.get(name).copied() else {
            return Ok(None);
        };
        if block.packed_bytes.max(block.plain_bytes) > MAX_BLOCK_BYTES {
            return Err(Error::damaged("block"));
        }
        let mut packed = vec![0; block.packed_bytes as usize];
        self.file
            .read_exact_at(&mut packed, block.offset)
            .map_err(Error::io(&self.path))?;
        if crc32fast::hash(&packed) != block.crc {
            return Err(Error::damaged("block"));
        }
        let plain = zstd::bulk::decompress(&packed, block.plain_bytes as usize)
            .map_err(|_| Error::damaged("block"))?;
        Ok(Some((block, plain)))
    }
}
