//! Source maps: kept by project, applied when an error is read.
//!
//! Everything is in the blob store. An upload is a folder of maps and scripts with an
//! `about.json`; a small object per debug id, and per release and address, says which
//! of them is meant, so that finding a map costs one read. A newer upload wins.

mod chunks;

use crate::{Error, Result};
use bytes::Bytes;
use chunks::Chunks;
use model::{ProjectId, Timestamp};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use store::Kind;
use store::blobs::Blobs;
use symbolicate::{Artifact, Bundle, MAX_FILE_BYTES, Map, address_forms, debug_id};

pub use chunks::{CHUNK_BYTES, MAX_ARCHIVE_BYTES};

/// Of one project.
const MAX_UPLOADS: usize = 2_000;
const ZSTD_LEVEL: i32 = 6;
/// JSON of maps whose parsed form is kept, which takes a few times as much memory.
const CACHED_MAP_BYTES: u64 = 48 << 20;
/// Places of maps, and that there is none, in memory.
const CACHED_POINTERS: usize = 20_000;
/// One answer reads no more maps than this; the frames of others stay as they are.
const MAX_MAPS_PER_ANSWER: usize = 40;

/// An upload as it is listed.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct UploadOfMaps {
    pub id: String,
    pub uploaded_at: Timestamp,
    pub release: Option<String>,
    pub dist: Option<String>,
    pub map_count: usize,
    pub size_bytes: u64,
    /// Files that led nowhere, and why.
    pub skipped: Vec<(String, String)>,
    /// The pointers that this upload has written.
    keys: Vec<String>,
}

/// Where a map is.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
struct Pointer {
    upload: String,
    number: usize,
    has_script: bool,
}

pub struct SourceMaps {
    /// Of archives that are being uploaded.
    pub chunks: Chunks,
    blobs: Arc<dyn Blobs>,
    pointers: Cache<String, Option<Pointer>>,
    maps: Cache<String, Arc<Loaded>, BySize>,
}

struct Loaded {
    /// `None` when it cannot be read.
    map: Option<Map>,
    size_bytes: u64,
}

#[derive(Clone)]
struct BySize;

impl Weighter<String, Arc<Loaded>> for BySize {
    fn weight(&self, _key: &String, loaded: &Arc<Loaded>) -> u64 {
        loaded.size_bytes.max(1)
    }
}

fn folder(project: ProjectId, upload: &str) -> String {
    format!("source-maps/{}/uploads/{upload}", project.0)
}

fn pointer_key(project: ProjectId, what: &str) -> String {
    let hash = blake3::hash(what.as_bytes()).to_hex();
    format!("source-maps/{}/by/{hash}", project.0)
}

fn by_address(release: &str, dist: Option<&str>, address: &str) -> String {
    format!("at\0{release}\0{}\0{address}", dist.unwrap_or_default())
}

/// What leads to a map of an upload.
fn names_of(bundle: &Bundle, artifact: &Artifact) -> Vec<String> {
    let mut names = Vec::new();
    if let Some(id) = &artifact.debug_id {
        names.push(format!("id\0{id}"));
    }
    if let Some(release) = &bundle.release {
        names.push(by_address(
            release,
            bundle.dist.as_deref(),
            &artifact.address,
        ));
    }
    names
}

impl SourceMaps {
    pub(crate) fn new(blobs: Arc<dyn Blobs>) -> Self {
        Self {
            chunks: Chunks::default(),
            blobs,
            pointers: Cache::new(CACHED_POINTERS),
            maps: Cache::with_weighter(64, CACHED_MAP_BYTES, BySize),
        }
    }

    /// Keeps what is in an archive. The same archive again is the same upload.
    ///
    /// # Errors
    /// `Invalid` when it cannot be read or holds no map that anything leads to.
    pub async fn add(
        &self,
        project: ProjectId,
        archive: Bytes,
        now: Timestamp,
    ) -> Result<UploadOfMaps> {
        let id = blake3::hash(&archive).to_hex()[..32].to_owned();
        let known = self.list(project).await?;
        if known.len() >= MAX_UPLOADS && known.iter().all(|upload| upload.id != id) {
            return Err(Error::Conflict(format!(
                "the project has {MAX_UPLOADS} uploads of source maps: delete old ones first"
            )));
        }
        let bundle = blocking(move || Bundle::read(&archive)).await?;
        let bundle = Arc::new(bundle.map_err(|error| Error::Invalid(error.to_string()))?);
        let mut upload = UploadOfMaps {
            id: id.clone(),
            uploaded_at: now,
            release: bundle.release.clone(),
            dist: bundle.dist.clone(),
            map_count: 0,
            size_bytes: 0,
            skipped: Vec::new(),
            keys: Vec::new(),
        };
        for (address, why) in &bundle.skipped {
            upload.skipped.push((address.clone(), (*why).to_owned()));
        }
        let mut pointers = Vec::new();
        for number in 0..bundle.artifacts.len() {
            let artifact = &bundle.artifacts[number];
            let names = names_of(&bundle, artifact);
            if names.is_empty() {
                let why = "it has neither a debug id nor a release";
                upload
                    .skipped
                    .push((artifact.address.clone(), why.to_owned()));
                continue;
            }
            let has_script = artifact.script.is_some();
            let of = bundle.clone();
            let packed = blocking(move || pack(&of.artifacts[number])).await?;
            let Some((map, script)) = packed.map_err(|error| Error::Internal(error.to_string()))?
            else {
                let why = "its map cannot be read";
                upload
                    .skipped
                    .push((artifact.address.clone(), why.to_owned()));
                continue;
            };
            let path = format!("{}/{number}", folder(project, &id));
            upload.map_count += 1;
            upload.size_bytes += (map.len() + script.len()) as u64;
            self.blobs.put(&format!("{path}.map"), map).await?;
            if has_script {
                self.blobs.put(&format!("{path}.js"), script).await?;
            }
            let pointer = Pointer {
                upload: id.clone(),
                number,
                has_script,
            };
            pointers.extend(names.into_iter().map(|name| (name, pointer.clone())));
        }
        if upload.map_count == 0 {
            return Err(Error::Invalid(nothing_found(&upload)));
        }
        upload.keys = pointers
            .iter()
            .map(|(name, _)| pointer_key(project, name))
            .collect();
        // First what the pointers lead to; then they can be found and deleted again.
        let about =
            serde_json::to_vec(&upload).map_err(|error| Error::Internal(error.to_string()))?;
        let about_key = format!("{}/about.json", folder(project, &id));
        self.blobs.put(&about_key, about.into()).await?;
        for (name, pointer) in pointers {
            let text =
                serde_json::to_vec(&pointer).map_err(|error| Error::Internal(error.to_string()))?;
            self.blobs
                .put(&pointer_key(project, &name), text.into())
                .await?;
        }
        self.pointers.clear();
        Ok(upload)
    }

    /// Newest first.
    pub async fn list(&self, project: ProjectId) -> Result<Vec<UploadOfMaps>> {
        let prefix = format!("source-maps/{}/uploads", project.0);
        let mut uploads = Vec::new();
        for key in self.blobs.list(&prefix).await? {
            if key.ends_with("/about.json")
                && let Ok(upload) = serde_json::from_slice(&self.blobs.get(&key).await?)
            {
                uploads.push(upload);
            }
        }
        uploads.sort_by_key(|upload: &UploadOfMaps| std::cmp::Reverse(upload.uploaded_at));
        Ok(uploads)
    }

    /// # Errors
    /// `NotFound` when there is no such upload.
    pub async fn delete(&self, project: ProjectId, id: &str) -> Result<()> {
        let uploads = self.list(project).await?;
        let found = uploads.into_iter().find(|upload| upload.id == id);
        let upload = found.ok_or(Error::NotFound("upload of source maps"))?;
        for key in &upload.keys {
            // A newer upload may have taken it over.
            if self
                .read_pointer(key)
                .await?
                .is_some_and(|pointer| pointer.upload == id)
            {
                self.blobs.delete(key).await?;
            }
        }
        for key in self.blobs.list(&folder(project, id)).await? {
            self.blobs.delete(&key).await?;
        }
        self.pointers.clear();
        Ok(())
    }

    /// Leads the frames of errors, as the API writes them, back to their sources.
    /// What the build said stays with each frame under `built`.
    pub async fn apply(&self, project: ProjectId, errors: &mut [Value]) -> Result<()> {
        let mut known: HashMap<String, Option<Arc<Loaded>>> = HashMap::new();
        for error in errors {
            let release = error["release"].as_str().map(str::to_owned);
            let dist = error["dist"].as_str().map(str::to_owned);
            let ids = ids_of_files(&error["debug_ids"]);
            let exceptions = error["exceptions"].as_array_mut().into_iter().flatten();
            let frames = exceptions
                .flat_map(|exception| exception["frames"].as_array_mut().into_iter().flatten());
            for frame in frames {
                let names = names_of_frame(frame, release.as_deref(), dist.as_deref(), &ids);
                if names.is_empty() {
                    continue;
                }
                let key = names.join("\n");
                if !known.contains_key(&key) {
                    let read = known.values().flatten().count();
                    let loaded = match read < MAX_MAPS_PER_ANSWER {
                        true => self.find(project, &names).await?,
                        false => None,
                    };
                    known.insert(key.clone(), loaded);
                }
                if let Some(Some(loaded)) = known.get(&key)
                    && let Some(map) = &loaded.map
                {
                    rewrite(frame, map);
                }
            }
        }
        Ok(())
    }

    async fn find(&self, project: ProjectId, names: &[String]) -> Result<Option<Arc<Loaded>>> {
        for name in names {
            if let Some(pointer) = self.pointer(&pointer_key(project, name)).await? {
                return Ok(Some(self.load(project, &pointer).await?));
            }
        }
        Ok(None)
    }

    async fn pointer(&self, key: &str) -> Result<Option<Pointer>> {
        if let Some(known) = self.pointers.get(key) {
            return Ok(known);
        }
        let found = self.read_pointer(key).await?;
        self.pointers.insert(key.to_owned(), found.clone());
        Ok(found)
    }

    async fn read_pointer(&self, key: &str) -> Result<Option<Pointer>> {
        match self.blobs.get(key).await {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn load(&self, project: ProjectId, pointer: &Pointer) -> Result<Arc<Loaded>> {
        let path = format!("{}/{}", folder(project, &pointer.upload), pointer.number);
        if let Some(loaded) = self.maps.get(&path) {
            return Ok(loaded);
        }
        let map = match self.blobs.get(&format!("{path}.map")).await {
            Ok(bytes) => bytes,
            // It was deleted a moment ago.
            Err(error) if error.kind() == Kind::NotFound => Bytes::new(),
            Err(error) => return Err(error.into()),
        };
        let script = match pointer.has_script {
            true => self
                .blobs
                .get(&format!("{path}.js"))
                .await
                .unwrap_or_default(),
            false => Bytes::new(),
        };
        let loaded = Arc::new(blocking(move || unpack(&map, &script)).await?);
        self.maps.insert(path, loaded.clone());
        Ok(loaded)
    }
}

fn nothing_found(upload: &UploadOfMaps) -> String {
    match upload.skipped.first() {
        Some((address, why)) => format!("no source map can be used; {address}: {why}"),
        None => "the archive holds no source map".to_owned(),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(error.to_string()))
}

/// Map and script, packed; `None` for a map that could not be used later.
fn pack(artifact: &Artifact) -> std::io::Result<Option<(Bytes, Bytes)>> {
    if Map::read(&artifact.map, None).is_err() {
        return Ok(None);
    }
    let map = zstd::bulk::compress(&artifact.map, ZSTD_LEVEL)?;
    let script = artifact.script.as_deref().unwrap_or_default();
    Ok(Some((
        map.into(),
        zstd::bulk::compress(script, ZSTD_LEVEL)?.into(),
    )))
}

fn unpack(map: &[u8], script: &[u8]) -> Loaded {
    let limit = usize::try_from(MAX_FILE_BYTES).unwrap_or(usize::MAX);
    let plain = |packed: &[u8]| zstd::bulk::decompress(packed, limit).unwrap_or_default();
    let (map, script) = (plain(map), plain(script));
    let script = String::from_utf8(script)
        .ok()
        .filter(|text| !text.is_empty());
    Loaded {
        size_bytes: (map.len() + script.as_ref().map_or(0, String::len)) as u64,
        map: Map::read(&map, script.as_deref()).ok(),
    }
}

/// `[[file, debug id], …]`
fn ids_of_files(list: &Value) -> HashMap<String, String> {
    let pairs = list.as_array().into_iter().flatten();
    pairs
        .filter_map(|pair| Some((pair[0].as_str()?.to_owned(), debug_id(pair[1].as_str()?)?)))
        .collect()
}

/// What may lead to a frame's map, the surest first.
fn names_of_frame(
    frame: &Value,
    release: Option<&str>,
    dist: Option<&str>,
    ids: &HashMap<String, String>,
) -> Vec<String> {
    let text = |key: &str| frame[key].as_str().filter(|text| !text.is_empty());
    if frame["line"].as_u64().is_none() {
        return Vec::new();
    }
    let addresses: Vec<&str> = [text("absolute_path"), text("file")]
        .into_iter()
        .flatten()
        .collect();
    let mut names = Vec::new();
    let of_file = || {
        addresses
            .iter()
            .find_map(|address| ids.get(*address).cloned())
    };
    if let Some(id) = text("debug_id").and_then(debug_id).or_else(of_file) {
        names.push(format!("id\0{id}"));
    }
    if let Some(release) = release {
        for address in addresses.iter().flat_map(|address| address_forms(address)) {
            names.push(by_address(release, dist, &address));
            if dist.is_some() {
                names.push(by_address(release, None, &address));
            }
        }
    }
    names
}

fn rewrite(frame: &mut Value, map: &Map) {
    let number = |key: &str| {
        frame[key]
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
    };
    let (Some(line), column) = (number("line"), number("column").unwrap_or(1)) else {
        return;
    };
    let Some(place) = map.place(line, column, frame["function"].as_str()) else {
        return;
    };
    frame["built"] = json!({
        "file": frame["file"],
        "line": frame["line"],
        "column": frame["column"],
        "function": frame["function"],
    });
    frame["is_in_app"] = (!place.file.contains("node_modules/")).into();
    frame["file"] = place.file.into();
    frame["line"] = place.line.into();
    frame["column"] = place.column.into();
    if let Some(function) = place.function {
        frame["function"] = function.into();
    }
    if let Some(line) = place.context_line {
        frame["context_line"] = line.into();
    }
}
