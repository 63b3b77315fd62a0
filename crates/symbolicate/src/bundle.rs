//! Taking an uploaded archive apart. It comes from somebody with an API token, but
//! through build tools: sizes and counts are bounded all the same.

use crate::{Error, address_forms, debug_id, resolve};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read};

pub const MAX_FILES: usize = 20_000;
/// Of one file, unpacked.
pub const MAX_FILE_BYTES: u64 = 64 << 20;
/// Of all files, unpacked.
pub const MAX_BUNDLE_BYTES: u64 = 256 << 20;

#[derive(Debug, Default)]
pub struct Bundle {
    pub release: Option<String>,
    pub dist: Option<String>,
    pub artifacts: Vec<Artifact>,
    /// Files that lead nowhere, and why.
    pub skipped: Vec<(String, &'static str)>,
}

/// A map, and how it is found.
#[derive(Debug)]
pub struct Artifact {
    /// Of the script, as the upload names it.
    pub address: String,
    pub debug_id: Option<String>,
    pub map: Vec<u8>,
    pub script: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct Manifest {
    release: Option<String>,
    dist: Option<String>,
    debug_id: Option<String>,
    #[serde(default)]
    files: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    url: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

impl Entry {
    fn header(&self, names: &[&str]) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| {
            let name = name.to_ascii_lowercase();
            names.contains(&name.as_str())
        });
        found.map(|(_, value)| value.as_str())
    }

    fn debug_id(&self) -> Option<String> {
        debug_id(self.header(&["debug-id"])?)
    }
}

impl Bundle {
    /// # Errors
    /// When it is no archive with a manifest, or holds more than is allowed.
    pub fn read(archive: &[u8]) -> Result<Self, Error> {
        // Tools of the vendor write `SYSB` and a version before the archive, and count
        // it in the archive's places or not: what is before the archive is skipped here.
        let mut archive = zip::ZipArchive::new(Cursor::new(archive))
            .map_err(|error| Error::Archive(error.to_string()))?;
        if archive.len() > MAX_FILES {
            return Err(Error::TooLarge("20,000 files"));
        }
        let mut left_bytes = MAX_BUNDLE_BYTES;
        let manifest = unpack(&mut archive, "manifest.json", &mut left_bytes)?
            .ok_or_else(|| Error::Manifest("there is none".to_owned()))?;
        let manifest: Manifest = serde_json::from_slice(&manifest)
            .map_err(|error| Error::Manifest(error.to_string()))?;
        let mut bundle = Self {
            release: manifest.release.filter(|it| !it.is_empty()),
            dist: manifest.dist.filter(|it| !it.is_empty()),
            ..Self::default()
        };
        let of_bundle = manifest.debug_id.as_deref().and_then(debug_id);
        let mut maps = Maps::of(&manifest.files);
        for (path, entry) in &manifest.files {
            if !matches!(entry.kind.as_str(), "minified_source" | "script") {
                continue;
            }
            let own_id = entry.debug_id().or_else(|| of_bundle.clone());
            let Some(map_path) = maps.find(entry, own_id.as_deref()) else {
                bundle
                    .skipped
                    .push((entry.url.clone(), "it has no source map"));
                continue;
            };
            let Some(map) = unpack(&mut archive, &map_path, &mut left_bytes)? else {
                bundle
                    .skipped
                    .push((entry.url.clone(), "its source map is not in the archive"));
                continue;
            };
            bundle.artifacts.push(Artifact {
                address: entry.url.clone(),
                debug_id: own_id.or_else(|| id_in_map(&map)),
                script: unpack(&mut archive, path, &mut left_bytes)?,
                map,
            });
        }
        // A map alone still leads back, by its id or by the address it is named after.
        for (path, entry) in &manifest.files {
            if entry.kind != "source_map" || maps.used.contains(path) {
                continue;
            }
            let Some(map) = unpack(&mut archive, path, &mut left_bytes)? else {
                continue;
            };
            bundle.artifacts.push(Artifact {
                address: entry
                    .url
                    .strip_suffix(".map")
                    .unwrap_or(&entry.url)
                    .to_owned(),
                debug_id: entry.debug_id().or_else(|| id_in_map(&map)),
                map,
                script: None,
            });
        }
        Ok(bundle)
    }
}

fn id_in_map(map: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Ids {
        #[serde(alias = "debugId")]
        debug_id: Option<String>,
    }
    let ids: Ids = serde_json::from_slice(map).ok()?;
    debug_id(&ids.debug_id?)
}

/// The maps of a manifest by what leads to them.
struct Maps {
    by_address: HashMap<String, String>,
    by_debug_id: HashMap<String, String>,
    used: std::collections::HashSet<String>,
}

impl Maps {
    fn of(files: &BTreeMap<String, Entry>) -> Self {
        let mut maps = Self {
            by_address: HashMap::new(),
            by_debug_id: HashMap::new(),
            used: std::collections::HashSet::new(),
        };
        for (path, entry) in files.iter().filter(|(_, entry)| entry.kind == "source_map") {
            if let Some(id) = entry.debug_id() {
                maps.by_debug_id.insert(id, path.clone());
            }
            for form in address_forms(&entry.url) {
                maps.by_address.insert(form, path.clone());
            }
        }
        maps
    }

    fn find(&mut self, script: &Entry, debug_id: Option<&str>) -> Option<String> {
        let by_id = debug_id.and_then(|id| self.by_debug_id.get(id));
        let reference = script.header(&["sourcemap", "x-sourcemap"]).map_or_else(
            || format!("{}.map", script.url),
            |it| resolve(&script.url, it),
        );
        let by_address = || self.by_address.get(&reference);
        let path = by_id.or_else(by_address)?.clone();
        self.used.insert(path.clone());
        Some(path)
    }
}

fn unpack(
    archive: &mut zip::ZipArchive<Cursor<&[u8]>>,
    path: &str,
    left_bytes: &mut u64,
) -> Result<Option<Vec<u8>>, Error> {
    let file = match archive.by_name(path) {
        Ok(file) => file,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(Error::Archive(error.to_string())),
    };
    let mut bytes = Vec::new();
    // What the archive says about its sizes is not believed.
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::Archive(error.to_string()))?;
    let size_bytes = bytes.len() as u64;
    if size_bytes > MAX_FILE_BYTES {
        return Err(Error::TooLarge("64 MiB in one file"));
    }
    *left_bytes = left_bytes
        .checked_sub(size_bytes)
        .ok_or(Error::TooLarge("256 MiB in all"))?;
    Ok(Some(bytes))
}
