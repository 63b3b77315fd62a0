//! Making an archive of a build's files.

use crate::{Error, debug_id, resolve};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};

/// How far from the end of a script its comments are looked for.
const COMMENT_REACH_BYTES: usize = 4096;

/// A file of the build folder.
pub struct FileOfBuild {
    /// Below the folder, with `/`.
    pub path: String,
    pub content: Vec<u8>,
}

/// A script with its map.
pub struct Collected {
    pub address: String,
    pub debug_id: Option<String>,
    pub script: Vec<u8>,
    pub map_address: String,
    pub map: Vec<u8>,
}

impl Collected {
    pub fn size_bytes(&self) -> usize {
        self.script.len() + self.map.len()
    }
}

/// Finds the scripts that name a map, and the maps. `prefix` is where the folder is on
/// the site, like `~/assets`. The rest comes back with the reason.
pub fn collect(
    files: Vec<FileOfBuild>,
    prefix: &str,
) -> (Vec<Collected>, Vec<(String, &'static str)>) {
    let prefix = prefix.trim_end_matches('/');
    let mut maps: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut scripts = Vec::new();
    for file in files {
        let address = format!("{prefix}/{}", file.path);
        match file.path.rsplit('.').next() {
            Some("map") => {
                maps.insert(address, file.content);
            }
            Some("js" | "mjs" | "cjs") => scripts.push((address, file.content)),
            _ => {}
        }
    }
    let (mut collected, mut skipped) = (Vec::new(), Vec::new());
    for (address, script) in scripts {
        let tail = &script[script.len().saturating_sub(COMMENT_REACH_BYTES)..];
        let tail = String::from_utf8_lossy(tail);
        let reference = comment(&tail, "sourceMappingURL=");
        if reference.is_some_and(|it| it.starts_with("data:")) {
            skipped.push((address, "its map is inside of it: build with maps in files"));
            continue;
        }
        let map_address = match reference {
            Some(reference) => resolve(&address, reference),
            None => format!("{address}.map"),
        };
        let Some(map) = maps.get(&map_address) else {
            skipped.push((
                address,
                match reference {
                    Some(_) => "the map that it names is not in the folder",
                    None => "it has no source map",
                },
            ));
            continue;
        };
        let in_script = comment(&tail, "debugId=").and_then(debug_id);
        let in_map = || {
            let map: Value = serde_json::from_slice(map).ok()?;
            let id = map.get("debugId").or_else(|| map.get("debug_id"))?;
            debug_id(id.as_str()?)
        };
        collected.push(Collected {
            debug_id: in_script.or_else(in_map),
            map: map.clone(),
            address,
            script,
            map_address,
        });
    }
    (collected, skipped)
}

/// The value of the last `//# name=value` comment.
fn comment<'t>(tail: &'t str, name: &str) -> Option<&'t str> {
    let lines = tail.lines().rev();
    lines
        .filter_map(|line| {
            line.trim()
                .strip_prefix("//# ")
                .or(line.trim().strip_prefix("//@ "))
        })
        .find_map(|rest| rest.strip_prefix(name))
        .map(str::trim)
}

/// An archive that [`Bundle::read`](crate::Bundle::read) understands.
pub fn write_bundle(
    release: Option<&str>,
    dist: Option<&str>,
    files: &[Collected],
) -> Result<Vec<u8>, Error> {
    let failed = |error: zip::result::ZipError| Error::Archive(error.to_string());
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let mut listed = serde_json::Map::new();
    let mut add = |name: String, content: &[u8]| {
        archive.start_file(name, options).map_err(failed)?;
        archive
            .write_all(content)
            .map_err(|error| Error::Archive(error.to_string()))
    };
    for (number, file) in files.iter().enumerate() {
        let (script, map) = (
            format!("files/{number}.js"),
            format!("files/{number}.js.map"),
        );
        add(script.clone(), &file.script)?;
        add(map.clone(), &file.map)?;
        let mut headers = json!({ "sourcemap": file.map_address });
        let mut map_headers = json!({});
        if let Some(id) = &file.debug_id {
            headers["debug-id"] = id.as_str().into();
            map_headers["debug-id"] = id.as_str().into();
        }
        listed.insert(
            script,
            json!({ "url": file.address, "type": "minified_source", "headers": headers }),
        );
        listed.insert(
            map,
            json!({ "url": file.map_address, "type": "source_map", "headers": map_headers }),
        );
    }
    let manifest = json!({ "release": release, "dist": dist, "files": listed });
    add("manifest.json".to_owned(), manifest.to_string().as_bytes())?;
    Ok(archive.finish().map_err(failed)?.into_inner())
}
