-- Times are microseconds since the epoch, UTC.
CREATE TABLE organisations (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id),
    email TEXT NOT NULL COLLATE NOCASE UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE projects (
    id INTEGER PRIMARY KEY,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    ingest_key TEXT NOT NULL UNIQUE,
    time_zone TEXT NOT NULL,
    capture_enabled INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    csrf_token TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE replays (
    id BLOB PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    device_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    user_id TEXT,
    source TEXT NOT NULL,
    sdk TEXT,
    sdk_version TEXT,
    started_at INTEGER NOT NULL,
    first_event_at INTEGER NOT NULL,
    last_event_at INTEGER NOT NULL,
    first_received_at INTEGER NOT NULL,
    last_received_at INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    interaction_count INTEGER NOT NULL,
    click_count INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    first_url TEXT,
    last_url TEXT,
    page_count INTEGER NOT NULL,
    country TEXT,
    browser TEXT,
    os TEXT,
    device_type TEXT,
    playable INTEGER NOT NULL,
    recording_version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Serves list_replays: newest first within a project, with a keyset cursor.
CREATE INDEX replays_by_start ON replays (project_id, started_at DESC, id DESC);
-- Serves the user id that an event brings to replays of its session.
CREATE INDEX replays_by_device ON replays (project_id, device_id, session_id);

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    device_id TEXT NOT NULL,
    insert_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    user_id TEXT,
    session_id TEXT,
    replay BLOB,
    json TEXT NOT NULL,
    UNIQUE (project_id, device_id, insert_id)
) STRICT;

-- Serves list_events with a type.
CREATE INDEX events_by_type ON events (project_id, event_type, timestamp DESC);
-- Serves user_of.
CREATE INDEX events_by_session ON events (project_id, device_id, session_id) WHERE user_id IS NOT NULL;
