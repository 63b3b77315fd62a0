//! Addresses to archive, and what they held.

use super::SqliteCatalog;
use super::collaboration::no_replay;
use crate::Result;
use crate::catalog::assets::{
    Asset, AssetCatalog, AssetJob, AssetOutcome, AssetState, WantedAsset, WantedLimits,
};
use model::{ProjectId, ReplayId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

#[async_trait::async_trait]
impl AssetCatalog for SqliteCatalog {
    async fn want_assets(
        &self,
        project: ProjectId,
        replay: Option<ReplayId>,
        wanted: &[WantedAsset],
        limits: WantedLimits,
        now: Timestamp,
    ) -> Result<u64> {
        let wanted = wanted.to_vec();
        self.write(move |db| {
            let count = "SELECT count(*) FROM asset_jobs WHERE project_id = ?";
            let count: i64 = db.prepare_cached(count)?.query_row([project.0], |row| row.get(0))?;
            let mut room = limits.max_per_project.saturating_sub(u64::try_from(count).unwrap_or(0));
            let mut refresh = db.prepare_cached(
                "UPDATE asset_jobs SET due_at = ?3, attempts = 0
                 WHERE project_id = ?1 AND url = ?2 AND due_at IS NULL AND last_tried_at < ?4",
            )?;
            let mut known = db.prepare_cached("SELECT id FROM asset_jobs WHERE project_id = ? AND url = ?")?;
            let mut add = db.prepare_cached(
                "INSERT INTO asset_jobs (project_id, url, kind, referrer, added_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            )?;
            let mut refer = db.prepare_cached(
                "INSERT INTO replay_assets (replay_id, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            )?;
            let mut add_part = db.prepare_cached(
                "INSERT INTO asset_parts (sheet_id, part_id)
                 SELECT id, ?3 FROM asset_jobs WHERE project_id = ?1 AND url = ?2 ON CONFLICT DO NOTHING",
            )?;
            let mut refused = 0;
            for one in &wanted {
                let id: Option<i64> = known
                    .query_row(params![project.0, one.url], |row| row.get(0))
                    .optional()?;
                let id = match id {
                    Some(id) => {
                        refresh.execute(params![project.0, one.url, now.micros(), limits.refresh_before.micros()])?;
                        id
                    }
                    None if room == 0 => {
                        refused += 1;
                        continue;
                    }
                    None => {
                        room -= 1;
                        add.execute(params![project.0, one.url, one.kind, one.referrer, now.micros()])?;
                        db.last_insert_rowid()
                    }
                };
                match (replay, &one.referrer) {
                    (Some(replay), _) => {
                        refer.execute(params![replay.as_bytes(), id]).map_err(no_replay)?;
                    }
                    (None, Some(sheet)) => {
                        add_part.execute(params![project.0, sheet, id])?;
                    }
                    (None, None) => {}
                }
            }
            Ok(refused)
        })
        .await
    }

    async fn due_assets(&self, now: Timestamp, limit: usize) -> Result<Vec<AssetJob>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |db| {
            let sql = "SELECT id, project_id, url, kind, referrer, attempts FROM asset_jobs
                 WHERE due_at <= ? ORDER BY due_at, id LIMIT ?";
            let mut statement = db.prepare_cached(sql)?;
            let found = statement.query_map([now.micros(), limit], |row| {
                Ok(AssetJob {
                    id: row.get(0)?,
                    project: ProjectId(row.get(1)?),
                    wanted: WantedAsset {
                        url: row.get(2)?,
                        kind: row.get(3)?,
                        referrer: row.get(4)?,
                    },
                    attempts: row.get(5)?,
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn finish_asset(
        &self,
        job: &AssetJob,
        outcome: &AssetOutcome,
        now: Timestamp,
    ) -> Result<()> {
        let (job, outcome) = (job.clone(), outcome.clone());
        self.write(move |db| {
            match outcome {
                AssetOutcome::Archived(asset) => archive(db, &job, &asset, now)?,
                AssetOutcome::Failed { reason, retry_at } => {
                    db.execute(
                        "UPDATE asset_jobs SET attempts = attempts + 1, last_tried_at = ?, reason = ?, due_at = ? WHERE id = ?",
                        params![now.micros(), reason, retry_at.map(Timestamp::micros), job.id],
                    )?;
                }
            }
            Ok(())
        })
        .await
    }

    async fn asset_states(
        &self,
        project: ProjectId,
        urls: &[String],
        at: Timestamp,
    ) -> Result<Vec<AssetState>> {
        let urls = urls.to_vec();
        self.read(move |db| {
            urls.iter()
                .map(|url| state_of(db, project, url, at))
                .collect()
        })
        .await
    }

    async fn assets_of_replay(
        &self,
        replay: ReplayId,
        limit: usize,
    ) -> Result<Vec<(String, AssetState)>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |db| {
            let of_replay = "SELECT project_id, last_received_at FROM replays WHERE id = ?";
            let found = db
                .prepare_cached(of_replay)?
                .query_row([replay.as_bytes()], |row| {
                    Ok((ProjectId(row.get(0)?), Timestamp::from_micros(row.get(1)?)))
                })
                .optional()?;
            let Some((project, at)) = found else {
                return Ok(Vec::new());
            };
            // A sheet may import another one, and so on; UNION ends circles.
            let sql = "WITH RECURSIVE parts (url, kind) AS (
                 SELECT j.url, j.kind FROM replay_assets r JOIN asset_jobs j ON j.id = r.job_id WHERE r.replay_id = ?1
                 UNION
                 SELECT j.url, j.kind FROM parts p JOIN asset_jobs j ON j.project_id = ?2 AND j.referrer = p.url
                     WHERE p.kind = 'style_sheet'
                 LIMIT ?3)
                 SELECT DISTINCT url FROM parts ORDER BY url";
            let mut statement = db.prepare_cached(sql)?;
            let urls = statement.query_map(params![replay.as_bytes(), project.0, limit], |row| row.get(0))?;
            urls.map(|url| {
                let url: String = url?;
                let state = state_of(db, project, &url, at)?;
                Ok((url, state))
            })
            .collect()
        })
        .await
    }

    async fn asset(&self, project: ProjectId, key: &str) -> Result<Option<Asset>> {
        let key = key.to_owned();
        self.read(move |db| {
            let sql = "SELECT key, content_type, size_bytes, base_url, created_at FROM assets
                 WHERE project_id = ? AND key = ?";
            let mut statement = db.prepare_cached(sql)?;
            let found = statement.query_row(params![project.0, key], |row| {
                Ok(Asset {
                    key: row.get(0)?,
                    content_type: row.get(1)?,
                    size_bytes: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0),
                    base_url: row.get(3)?,
                    created_at: Timestamp::from_micros(row.get(4)?),
                })
            });
            Ok(found.optional()?)
        })
        .await
    }

    async fn assets_size_bytes(&self, project: ProjectId) -> Result<u64> {
        self.read(move |db| {
            let sql = "SELECT coalesce(sum(size_bytes), 0) FROM assets WHERE project_id = ?";
            let sum: i64 = db
                .prepare_cached(sql)?
                .query_row([project.0], |row| row.get(0))?;
            Ok(u64::try_from(sum).unwrap_or(0))
        })
        .await
    }
}

fn archive(db: &Connection, job: &AssetJob, asset: &Asset, now: Timestamp) -> Result<()> {
    db.execute(
        "INSERT INTO assets (project_id, key, content_type, size_bytes, base_url, created_at)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        params![
            job.project.0,
            asset.key,
            asset.content_type,
            i64::try_from(asset.size_bytes).unwrap_or(i64::MAX),
            asset.base_url,
            now.micros()
        ],
    )?;
    // The same content as the time before is no new version.
    let again = db.execute(
        "UPDATE asset_versions SET last_at = ?2 WHERE job_id = ?1 AND key = ?3
         AND first_at = (SELECT max(first_at) FROM asset_versions WHERE job_id = ?1)",
        params![job.id, now.micros(), asset.key],
    )?;
    if again == 0 {
        db.execute(
            "INSERT OR REPLACE INTO asset_versions (job_id, first_at, last_at, key) VALUES (?1, ?2, ?2, ?3)",
            params![job.id, now.micros(), asset.key],
        )?;
    }
    db.execute(
        "UPDATE asset_jobs SET attempts = 0, last_tried_at = ?, reason = NULL, due_at = NULL WHERE id = ?",
        params![now.micros(), job.id],
    )?;
    Ok(())
}

fn state_of(db: &Connection, project: ProjectId, url: &str, at: Timestamp) -> Result<AssetState> {
    let job =
        "SELECT id, due_at IS NOT NULL, reason FROM asset_jobs WHERE project_id = ? AND url = ?";
    let job: Option<(i64, bool, Option<String>)> = db
        .prepare_cached(job)?
        .query_row(params![project.0, url], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((id, is_waiting, reason)) = job else {
        return Ok(AssetState::Unknown);
    };
    let version = "SELECT v.key, a.content_type FROM asset_versions v
         JOIN assets a ON a.project_id = ?1 AND a.key = v.key WHERE v.job_id = ?2
         ORDER BY max(v.first_at - ?3, ?3 - v.last_at, 0), v.first_at LIMIT 1";
    let version = db
        .prepare_cached(version)?
        .query_row(params![project.0, id, at.micros()], |row| {
            Ok(AssetState::Archived {
                key: row.get(0)?,
                content_type: row.get(1)?,
            })
        })
        .optional()?;
    Ok(version.unwrap_or(match reason {
        Some(reason) if !is_waiting => AssetState::Failed { reason },
        _ => AssetState::Waiting,
    }))
}
