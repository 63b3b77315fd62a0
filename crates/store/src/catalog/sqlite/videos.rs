//! Films of screens.

use crate::catalog::errors::Video;
use crate::{Error, Result};
use model::{ReplayId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

const MAX_VIDEOS_OF_SEGMENT: i64 = 10;

pub fn put(db: &Connection, replay: ReplayId, video: &Video) -> Result<Video> {
    let segment = i64::try_from(video.segment).unwrap_or(i64::MAX);
    if super::deletion::gone(db, replay)?.is_some() {
        return Err(Error::Conflict("films of a replay that is gone".to_owned()));
    }
    let same = "SELECT id FROM videos WHERE replay = ? AND segment = ? AND content_hash = ?";
    let hash = video.content_hash.cast_signed();
    let known: Option<String> = db
        .prepare_cached(same)?
        .query_row(params![replay.as_bytes(), segment, hash], |row| row.get(0))
        .optional()?;
    let mut video = video.clone();
    if let Some(id) = known {
        video.id = id;
        return Ok(video);
    }
    let count: i64 = db
        .prepare_cached("SELECT count(*) FROM videos WHERE replay = ? AND segment = ?")?
        .query_row(params![replay.as_bytes(), segment], |row| row.get(0))?;
    if count >= MAX_VIDEOS_OF_SEGMENT {
        return Err(Error::Conflict(format!("films of segment {segment}")));
    }
    video.id = match count {
        0 => segment.to_string(),
        count => format!("{segment}.{count}"),
    };
    db.prepare_cached("INSERT INTO videos VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![
            replay.as_bytes(),
            video.id,
            segment,
            hash,
            video.at.micros(),
            i64::try_from(video.duration_ms).unwrap_or(i64::MAX),
            video.width_px,
            video.height_px,
            i64::try_from(video.size_bytes).unwrap_or(i64::MAX),
            video.blob_key,
        ])?;
    Ok(video)
}

pub fn list(db: &Connection, replay: ReplayId) -> Result<Vec<Video>> {
    let mut statement = db.prepare_cached(
        "SELECT id, segment, content_hash, at, duration_ms, width_px, height_px, size_bytes, blob_key
         FROM videos WHERE replay = ? ORDER BY at, segment, id",
    )?;
    let found = statement.query_map([replay.as_bytes()], |row| {
        Ok(Video {
            id: row.get(0)?,
            segment: row.get::<_, i64>(1)?.unsigned_abs(),
            content_hash: row.get::<_, i64>(2)?.cast_unsigned(),
            at: Timestamp::from_micros(row.get(3)?),
            duration_ms: row.get::<_, i64>(4)?.unsigned_abs(),
            width_px: row.get(5)?,
            height_px: row.get(6)?,
            size_bytes: row.get::<_, i64>(7)?.unsigned_abs(),
            blob_key: row.get(8)?,
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
