//! Columns and their order, once per table.

use crate::catalog::{Event, Project, User};
use model::replay::{ACTIVITY_CELLS, Replay, Signals};
use model::{OrganisationId, ProjectId, ReplayId, Timestamp, UserId};
use rusqlite::{CachedStatement, Result, Row, params};
use serde_json::{Map, Value};

pub const USER_COLUMNS: &str = "id, organisation_id, email, name, password_hash, role";

pub fn user(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: UserId(row.get(0)?),
        organisation_id: OrganisationId(row.get(1)?),
        email: row.get(2)?,
        name: row.get(3)?,
        password_hash: row.get(4)?,
        role: row.get(5)?,
    })
}

pub const PROJECT_COLUMNS: &str = "p.id, p.organisation_id, p.name, p.ingest_key, p.time_zone, p.capture_enabled, p.capture, p.retention_days, p.frustration";

pub fn project(row: &Row<'_>) -> Result<Project> {
    Ok(Project {
        id: ProjectId(row.get(0)?),
        organisation_id: OrganisationId(row.get(1)?),
        name: row.get(2)?,
        ingest_key: row.get(3)?,
        time_zone: row.get(4)?,
        capture_enabled: row.get(5)?,
        capture: row.get(6)?,
        retention_days: row.get(7)?,
        frustration: row.get(8)?,
    })
}

pub const REPLAY_COLUMNS: &str = "id, project_id, device_id, session_id, user_id, source, sdk, sdk_version, started_at, \
     first_event_at, last_event_at, first_received_at, last_received_at, event_count, interaction_count, click_count, \
     size_bytes, first_url, last_url, page_count, country, browser, os, device_type, playable, recording_version, \
     error_count, console_error_count, rage_click_count, dead_click_count, request_count, failed_request_count, \
     active_ms, activity, tab_count, integrity, device, release, environment, visitor_id, tags, reported_start, \
     linked_error_count, frustration_count, expires_at, pinned_at IS NOT NULL";

/// A user id that an event brought stays when the row is written without one. An event
/// of the session, or the visitor's log-in, may have come before the row.
pub const PUT_REPLAY: &str = "INSERT INTO replays
     (id, project_id, device_id, session_id, user_id, source, sdk, sdk_version, started_at,
     first_event_at, last_event_at, first_received_at, last_received_at, event_count, interaction_count, click_count,
     size_bytes, first_url, last_url, page_count, country, browser, os, device_type, playable, recording_version,
     error_count, console_error_count, rage_click_count, dead_click_count, request_count, failed_request_count,
     active_ms, activity, tab_count, integrity, device, release, environment, visitor_id, tags, reported_start,
     linked_error_count, frustration_count, expires_at)
     VALUES
     (?1, ?2, ?3, ?4,
     coalesce(?5, (SELECT e.user_id FROM events e WHERE e.project_id = ?2 AND e.device_id = ?3 AND e.session_id = ?4
         AND e.user_id IS NOT NULL ORDER BY e.id DESC LIMIT 1),
     (SELECT p.user_id FROM identities i JOIN people p ON p.id = i.person_id
         WHERE i.project_id = ?2 AND i.identity = ?40)),
     ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26,
     ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42,
     (SELECT count(*) FROM error_replays WHERE replay = ?1), ?43, ?44)
     ON CONFLICT (id) DO UPDATE SET
     user_id = coalesce(excluded.user_id, user_id), source = excluded.source, sdk = excluded.sdk,
     sdk_version = excluded.sdk_version, started_at = excluded.started_at, first_event_at = excluded.first_event_at,
     last_event_at = excluded.last_event_at, first_received_at = excluded.first_received_at,
     last_received_at = excluded.last_received_at, event_count = excluded.event_count,
     interaction_count = excluded.interaction_count, click_count = excluded.click_count,
     size_bytes = excluded.size_bytes, first_url = excluded.first_url, last_url = excluded.last_url,
     page_count = excluded.page_count, country = excluded.country, browser = excluded.browser, os = excluded.os,
     device_type = excluded.device_type, playable = excluded.playable, recording_version = excluded.recording_version,
     error_count = excluded.error_count, console_error_count = excluded.console_error_count,
     rage_click_count = excluded.rage_click_count, dead_click_count = excluded.dead_click_count,
     request_count = excluded.request_count, failed_request_count = excluded.failed_request_count,
     active_ms = excluded.active_ms, activity = excluded.activity, tab_count = excluded.tab_count,
     integrity = excluded.integrity, device = excluded.device, release = excluded.release,
     environment = excluded.environment, visitor_id = excluded.visitor_id, tags = excluded.tags,
     reported_start = excluded.reported_start, frustration_count = excluded.frustration_count";

pub fn put_replay(statement: &mut CachedStatement<'_>, replay: &Replay) -> Result<usize> {
    statement.execute(params![
        replay.id.as_bytes(),
        replay.project_id.0,
        replay.device_id,
        replay.session_id,
        replay.user_id,
        replay.source,
        replay.sdk,
        replay.sdk_version,
        replay.started_at.micros(),
        replay.first_event_at.micros(),
        replay.last_event_at.micros(),
        replay.first_received_at.micros(),
        replay.last_received_at.micros(),
        count(replay.event_count),
        count(replay.interaction_count),
        count(replay.click_count),
        count(replay.size_bytes),
        replay.first_url,
        replay.last_url,
        count(replay.page_count),
        replay.country,
        replay.browser,
        replay.os,
        replay.device_type,
        replay.playable,
        count(replay.recording_version),
        count(replay.signals.error_count),
        count(replay.signals.console_error_count),
        count(replay.signals.rage_click_count),
        count(replay.signals.dead_click_count),
        count(replay.signals.request_count),
        count(replay.signals.failed_request_count),
        count(replay.signals.active_ms),
        replay.signals.activity,
        count(replay.signals.tab_count),
        list_json(&replay.signals.integrity),
        replay.device,
        replay.release,
        replay.environment,
        replay.visitor_id,
        tags_json(&replay.tags),
        replay.reported_start.map(Timestamp::micros),
        count(replay.signals.frustration_count),
        replay.expires_at.micros(),
    ])
}

/// SQLite's integers are signed; no counter of ours gets near the limit.
fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn list_json(list: &[String]) -> String {
    let quoted = list
        .iter()
        .map(|code| format!("\"{}\"", code.replace(|c: char| !is_code(c), "_")));
    format!("[{}]", quoted.collect::<Vec<_>>().join(","))
}

/// Codes are of these characters, so that they need no escaping in JSON.
fn is_code(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn list_of(json: &str) -> Vec<String> {
    json.split(|c: char| !is_code(c))
        .filter(|code| !code.is_empty())
        .map(str::to_owned)
        .collect()
}

pub fn replay(row: &Row<'_>) -> Result<Replay> {
    let time = |at| row.get(at).map(Timestamp::from_micros);
    let number = |at| {
        row.get::<_, i64>(at)
            .map(|value| u64::try_from(value).unwrap_or(0))
    };
    Ok(Replay {
        id: ReplayId::from_bytes(row.get(0)?),
        project_id: ProjectId(row.get(1)?),
        device_id: row.get(2)?,
        session_id: row.get(3)?,
        user_id: row.get(4)?,
        source: row.get(5)?,
        sdk: row.get(6)?,
        sdk_version: row.get(7)?,
        started_at: time(8)?,
        first_event_at: time(9)?,
        last_event_at: time(10)?,
        first_received_at: time(11)?,
        last_received_at: time(12)?,
        event_count: number(13)?,
        interaction_count: number(14)?,
        click_count: number(15)?,
        size_bytes: number(16)?,
        first_url: row.get(17)?,
        last_url: row.get(18)?,
        page_count: number(19)?,
        country: row.get(20)?,
        browser: row.get(21)?,
        os: row.get(22)?,
        device_type: row.get(23)?,
        playable: row.get(24)?,
        recording_version: number(25)?,
        signals: Signals {
            error_count: number(26)?,
            console_error_count: number(27)?,
            rage_click_count: number(28)?,
            dead_click_count: number(29)?,
            frustration_count: number(43)?,
            request_count: number(30)?,
            failed_request_count: number(31)?,
            active_ms: number(32)?,
            activity: strip(&row.get::<_, Vec<u8>>(33)?),
            tab_count: number(34)?,
            integrity: list_of(&row.get::<_, String>(35)?),
        },
        device: row.get(36)?,
        release: row.get(37)?,
        environment: row.get(38)?,
        visitor_id: row.get(39)?,
        tags: tags_of(&row.get::<_, String>(40)?),
        reported_start: row.get::<_, Option<i64>>(41)?.map(Timestamp::from_micros),
        linked_error_count: number(42)?,
        expires_at: time(44)?,
        is_pinned: row.get(45)?,
    })
}

fn tags_json(tags: &[(String, String)]) -> String {
    let tags: Map<String, Value> = tags
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    Value::Object(tags).to_string()
}

fn tags_of(json: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(tags)) = serde_json::from_str(json) else {
        return Vec::new();
    };
    let tags = tags.into_iter();
    tags.filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .collect()
}

fn strip(stored: &[u8]) -> [u8; ACTIVITY_CELLS] {
    let mut cells = [0; ACTIVITY_CELLS];
    for (cell, value) in cells.iter_mut().zip(stored) {
        *cell = *value;
    }
    cells
}

pub const EVENT_COLUMNS: &str =
    "insert_id, event_type, timestamp, device_id, user_id, session_id, replay, json, received_at";

/// Nothing is added to a replay that is gone.
pub const PUT_EVENT: &str = "INSERT INTO events
     (project_id, insert_id, event_type, timestamp, device_id, user_id, session_id, replay, json, received_at, expires_at)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
         ?10 + coalesce((SELECT retention_days FROM projects WHERE id = ?1), 30) * 86400000000
     WHERE ?8 IS NULL OR NOT EXISTS (SELECT 1 FROM gone_replays WHERE replay = ?8)
     ON CONFLICT DO NOTHING";

pub fn put_event(
    statement: &mut CachedStatement<'_>,
    project: ProjectId,
    event: &Event,
) -> Result<usize> {
    statement.execute(params![
        project.0,
        event.insert_id,
        event.event_type,
        event.timestamp.micros(),
        event.device_id,
        event.user_id,
        event.session_id,
        event.replay.as_ref().map(ReplayId::as_bytes),
        event.json,
        event.received_at.micros(),
    ])
}

/// [`EVENT_COLUMNS`] and the number behind them.
pub fn numbered_event(row: &Row<'_>) -> Result<(u64, Event)> {
    Ok((row.get::<_, i64>(9)?.unsigned_abs(), event(row)?))
}

pub fn event(row: &Row<'_>) -> Result<Event> {
    Ok(Event {
        insert_id: row.get(0)?,
        event_type: row.get(1)?,
        timestamp: Timestamp::from_micros(row.get(2)?),
        device_id: row.get(3)?,
        user_id: row.get(4)?,
        session_id: row.get(5)?,
        replay: row.get::<_, Option<[u8; 16]>>(6)?.map(ReplayId::from_bytes),
        json: row.get(7)?,
        received_at: Timestamp::from_micros(row.get(8)?),
    })
}
