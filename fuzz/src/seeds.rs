//! First inputs for the targets, from the recorded sessions of the repository.

use crate::upload;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use recording::{Assembler, Builder, Dictionary, columns::Writer};
use rrweb::Tape;
use std::fs;
use std::io::{Error, Result};
use std::path::Path;

/// Longer ones are slow to mutate.
const MAX_BYTES: usize = 16 << 10;
const EVENTS_IN_A_SEED: usize = 6;
/// Every session is different, but within one, events repeat.
const SEEDS_OF_A_SESSION: usize = 40;

/// Writes `corpus/<target>/<number>` for every target.
pub fn write(fixtures: &Path, corpus: &Path) -> Result<()> {
    let mut seeds = Seeds { corpus, written: 0 };
    seeds.of_requests(fixtures)?;
    for file in fs::read_dir(fixtures.join("rrweb"))? {
        let file = file?.path();
        if !file.to_string_lossy().ends_with(".jsonl.zst") {
            continue;
        }
        let text = zstd::stream::decode_all(fs::File::open(&file)?)?;
        let text = String::from_utf8(text).map_err(Error::other)?;
        let lines: Vec<&str> = text.lines().filter(|line| line.len() < MAX_BYTES).collect();
        let step = (lines.len() / SEEDS_OF_A_SESSION).max(1);
        for lines in lines
            .chunks(EVENTS_IN_A_SEED)
            .step_by(step.div_ceil(EVENTS_IN_A_SEED))
        {
            seeds.of_events(lines)?;
        }
    }
    Ok(())
}

struct Seeds<'c> {
    corpus: &'c Path,
    written: usize,
}

impl Seeds<'_> {
    fn put(&mut self, target: &str, parts: &[&[u8]]) -> Result<()> {
        let bytes = parts.concat();
        if bytes.len() > MAX_BYTES {
            return Ok(());
        }
        let folder = self.corpus.join(target);
        fs::create_dir_all(&folder)?;
        self.written += 1;
        fs::write(folder.join(format!("seed-{:05}", self.written)), bytes)
    }

    /// The bodies of captured requests.
    fn of_requests(&mut self, fixtures: &Path) -> Result<()> {
        for (family, path_end, first) in [
            ("sentry", "", upload::SENTRY),
            ("posthog", "", upload::POSTHOG),
            ("amplitude", "/httpapi", upload::EVENTS),
            ("amplitude", "/track", upload::TRACK),
        ] {
            for folder in fs::read_dir(fixtures.join(family))? {
                let folder = folder?.path();
                if !folder.is_dir() {
                    continue;
                }
                for file in fs::read_dir(folder)? {
                    let request: serde_json::Value =
                        serde_json::from_slice(&fs::read(file?.path())?)?;
                    let text = |name: &str| request[name].as_str().unwrap_or_default();
                    if !text("path").ends_with(path_end) {
                        continue;
                    }
                    let body = BASE64_STANDARD
                        .decode(text("body_base64"))
                        .map_err(Error::other)?;
                    let encoding = request["headers"]["content-encoding"].as_str();
                    let body = wire::encoding::decode_body(encoding, &body, MAX_BYTES);
                    if let Ok(body) = body.as_deref().map(<[u8]>::to_vec)
                        && !body.is_empty()
                    {
                        self.put("upload", &[&[first], &body])?;
                    }
                }
            }
        }
        let golden = fixtures.join("../crates/wire/tests/columns.golden.json");
        let golden: serde_json::Value = serde_json::from_slice(&fs::read(golden)?)?;
        for case in golden.as_array().into_iter().flatten() {
            let columns = case["columns"].as_str().unwrap_or_default();
            let columns = columns.split_once("\n\n").map_or("", |(_, rest)| rest);
            self.put("upload", &[&[upload::COLUMNS], columns.as_bytes()])?;
            let events = case["events"].as_str().unwrap_or_default();
            self.put("upload", &[&[upload::PLAIN], events.as_bytes()])?;
        }
        Ok(())
    }

    fn of_events(&mut self, lines: &[&str]) -> Result<()> {
        let Some(first) = lines.first() else {
            return Ok(());
        };
        let joined = lines.join("\n");
        let joined = joined.as_bytes();
        for target in ["tape", "event", "privacy"] {
            self.put(target, &[first.as_bytes()])?;
        }
        for (target, mark) in [
            ("mirror_text", None),
            ("recording", Some(255)),
            ("dictionary", Some(255)),
        ] {
            self.put(target, &[mark.as_slice(), joined])?;
        }
        let empty = Dictionary::default();
        let mut tape = Tape::new();
        let mut writer = Writer::new(&empty);
        let mut assembler = Assembler::new(&empty);
        for (at, line) in lines.iter().enumerate() {
            tape.parse(line).map_err(Error::other)?;
            writer.push(at as i64, tape.root());
            assembler.event(at as i64, tape.root(), line.len(), true);
        }
        let mut builder = Builder::default();
        for user in 0..3 {
            builder.add(user, &writer);
        }
        let content = writer.finish();
        self.put("columns", &[&[0xff, 0xff], &content])?;
        let object = assembler.finish().map_err(Error::other)?;
        self.put("recording", &[&[0], &object])?;
        // Without magic and trailer; one block's footer is that long.
        let body = &object[8..object.len() - 16];
        let length = u32::from_le_bytes(
            object[object.len() - 16..][..4]
                .try_into()
                .unwrap_or_default(),
        );
        self.put("recording", &[&[128, length as u8], body])?;
        let dictionary = builder.build(3).to_bytes().map_err(Error::other)?;
        self.put("dictionary", &[&[0], &dictionary])?;
        let plain = zstd::stream::decode_all(&dictionary[16..])?;
        let length = (plain.len() as u16).to_le_bytes();
        self.put("dictionary", &[&[64], &length, &plain, &content])
    }
}
