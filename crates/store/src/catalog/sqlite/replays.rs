//! Rows of replays: written whole, listed in pages, summed up.

use super::rows::{self, REPLAY_COLUMNS};
use crate::Result;
use crate::catalog::{Order, ReplayQuery, ReplaySums};
use model::replay::Replay;
use model::{ProjectId, ReplayId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use std::ops::Range;

pub fn put(db: &Connection, replays: &[Replay]) -> Result<()> {
    let mut insert = db.prepare_cached(rows::PUT_REPLAY)?;
    for replay in replays {
        rows::put_replay(&mut insert, replay)?;
    }
    Ok(())
}

pub fn one(db: &Connection, id: ReplayId) -> Result<Option<Replay>> {
    let sql = format!("SELECT {REPLAY_COLUMNS} FROM replays WHERE id = ?");
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement
        .query_row([id.as_bytes()], rows::replay)
        .optional()?)
}

pub fn list(db: &Connection, project: ProjectId, query: &ReplayQuery) -> Result<Vec<Replay>> {
    let (behind, direction, start) = match query.order {
        Order::NewestFirst => ("<", "DESC", (i64::MAX, [255; 16])),
        Order::OldestFirst => (">", "ASC", (i64::MIN, [0; 16])),
    };
    let unseen = match query.unseen_by {
        // Served by the primary key of `seen`.
        Some(_) => {
            "AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.replay_id = replays.id AND s.user_id = ?7)"
        }
        None => "AND ?7 IS NULL",
    };
    // Row values let the index replays_by_start serve range and cursor alike.
    let sql = format!(
        "SELECT {REPLAY_COLUMNS} FROM replays
         WHERE project_id = ?1 AND started_at >= ?2 AND started_at < ?3 AND (started_at, id) {behind} (?4, ?5) {unseen}
         AND (?8 IS NULL OR expires_at > ?8 OR pinned_at IS NOT NULL)
         ORDER BY started_at {direction}, id {direction} LIMIT ?6"
    );
    let from = query.from.map_or(i64::MIN, Timestamp::micros);
    let to = query.to.map_or(i64::MAX, Timestamp::micros);
    let (after, after_id) = query.after.map_or(start, |cursor| {
        (cursor.started_at.micros(), *cursor.id.as_bytes())
    });
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let unseen_by = query.unseen_by.map(|user| user.0);
    let kept_at = query.kept_at.map(Timestamp::micros);
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map(
        params![
            project.0, from, to, after, after_id, limit, unseen_by, kept_at
        ],
        rows::replay,
    )?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

pub fn sums(
    db: &Connection,
    project: ProjectId,
    stretches: &[Range<Timestamp>],
) -> Result<Vec<ReplaySums>> {
    // Served by the index replays_by_start.
    let sql = "SELECT count(*), count(DISTINCT coalesce('u' || user_id, 'd' || device_id)),
             coalesce(sum(event_count), 0), coalesce(sum(error_count + linked_error_count), 0), coalesce(sum(rage_click_count), 0),
             coalesce(sum(dead_click_count), 0), coalesce(sum(size_bytes), 0)
         FROM replays WHERE project_id = ? AND started_at >= ? AND started_at < ?";
    let mut statement = db.prepare_cached(sql)?;
    let mut sums = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        let bounds = params![project.0, stretch.start.micros(), stretch.end.micros()];
        sums.push(statement.query_row(bounds, |row| {
            let number = |at| {
                row.get::<_, i64>(at)
                    .map(|value| u64::try_from(value).unwrap_or(0))
            };
            Ok(ReplaySums {
                replay_count: number(0)?,
                user_count: number(1)?,
                event_count: number(2)?,
                error_count: number(3)?,
                rage_click_count: number(4)?,
                dead_click_count: number(5)?,
                size_bytes: number(6)?,
            })
        })?);
    }
    Ok(sums)
}
