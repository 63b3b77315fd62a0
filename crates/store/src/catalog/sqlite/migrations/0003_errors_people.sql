-- What SDKs that send more than replays say about a replay; see model::replay.
ALTER TABLE replays ADD COLUMN device TEXT;
ALTER TABLE replays ADD COLUMN release TEXT;
ALTER TABLE replays ADD COLUMN environment TEXT;
ALTER TABLE replays ADD COLUMN visitor_id TEXT;
-- A JSON object.
ALTER TABLE replays ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';
ALTER TABLE replays ADD COLUMN reported_start INTEGER;
-- Rows of error_replays; kept by the statements that add them.
ALTER TABLE replays ADD COLUMN linked_error_count INTEGER NOT NULL DEFAULT 0;

-- Serve the replays of a person.
CREATE INDEX replays_by_user ON replays (project_id, user_id, started_at DESC) WHERE user_id IS NOT NULL;
CREATE INDEX replays_by_visitor ON replays (project_id, visitor_id, started_at DESC) WHERE visitor_id IS NOT NULL;

-- Errors that are taken for the same fault.
CREATE TABLE issues (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    fingerprint TEXT NOT NULL,
    title TEXT NOT NULL,
    kind TEXT,
    culprit TEXT,
    level TEXT NOT NULL,
    platform TEXT,
    is_server_side INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    first_release TEXT,
    last_release TEXT,
    event_count INTEGER NOT NULL,
    user_count INTEGER NOT NULL,
    session_count INTEGER NOT NULL,
    replay_count INTEGER NOT NULL,
    UNIQUE (project_id, fingerprint)
) STRICT;

-- Serves the list in its usual order. Other orders sort the issues of the project,
-- of which there are few.
CREATE INDEX issues_by_last_seen ON issues (project_id, last_seen DESC, id DESC);

-- Hashes of the users and sessions that an issue was counted for.
CREATE TABLE issue_people (
    issue_id INTEGER NOT NULL REFERENCES issues (id) ON DELETE CASCADE,
    -- 0 a user, 1 a session.
    kind INTEGER NOT NULL,
    who INTEGER NOT NULL,
    PRIMARY KEY (issue_id, kind, who)
) STRICT, WITHOUT ROWID;

CREATE TABLE errors (
    -- Never used again: issue_replays may name an error that was forgotten.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    issue_id INTEGER NOT NULL REFERENCES issues (id),
    event_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    -- The replay that the error names, there or not.
    replay BLOB,
    trace_id TEXT,
    span_id TEXT,
    source TEXT NOT NULL,
    level TEXT NOT NULL,
    kind TEXT,
    message TEXT,
    title TEXT NOT NULL,
    culprit TEXT,
    platform TEXT,
    release TEXT,
    dist TEXT,
    environment TEXT,
    is_server_side INTEGER NOT NULL,
    is_handled INTEGER,
    url TEXT,
    transaction_name TEXT,
    sdk TEXT,
    sdk_version TEXT,
    -- JSON, bounded by the engine.
    user TEXT,
    tags TEXT NOT NULL,
    exceptions TEXT NOT NULL,
    debug_ids TEXT NOT NULL,
    -- The event as it was sent; null when it was too large.
    event TEXT,
    UNIQUE (project_id, event_id)
) STRICT;

-- Serves the events of an issue, newest first.
CREATE INDEX errors_by_issue ON errors (issue_id, at DESC, id DESC);
-- Serves errors that only their trace leads to a replay.
CREATE INDEX errors_by_trace ON errors (project_id, trace_id) WHERE trace_id IS NOT NULL AND replay IS NULL;

-- Which errors belong to which replays.
CREATE TABLE error_replays (
    replay BLOB NOT NULL,
    at INTEGER NOT NULL,
    error_id INTEGER NOT NULL REFERENCES errors (id) ON DELETE CASCADE,
    -- 0 the error names the replay, 1 the replay lists the error, 2 by their trace.
    via INTEGER NOT NULL,
    PRIMARY KEY (replay, at, error_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX error_replays_by_error ON error_replays (error_id);

CREATE TABLE issue_replays (
    issue_id INTEGER NOT NULL REFERENCES issues (id) ON DELETE CASCADE,
    replay BLOB NOT NULL,
    -- The error that was linked first.
    error_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    via INTEGER NOT NULL,
    PRIMARY KEY (issue_id, replay)
) STRICT, WITHOUT ROWID;

-- Serves the replays of an issue, newest first.
CREATE INDEX issue_replays_by_time ON issue_replays (issue_id, at DESC);

-- What replays say belongs to them; the other side may come later or never.
CREATE TABLE listed_errors (
    project_id INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    replay BLOB NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, event_id, replay)
) STRICT, WITHOUT ROWID;

CREATE TABLE replay_traces (
    project_id INTEGER NOT NULL,
    trace_id TEXT NOT NULL,
    replay BLOB NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, trace_id, replay)
) STRICT, WITHOUT ROWID;

-- Serves the traces of a replay.
CREATE INDEX replay_traces_by_replay ON replay_traces (replay);

CREATE TABLE spans (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL,
    trace_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    parent_span_id TEXT,
    is_segment INTEGER NOT NULL,
    segment_name TEXT,
    operation TEXT,
    name TEXT,
    status TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    replay BLOB,
    platform TEXT,
    release TEXT,
    environment TEXT,
    is_server_side INTEGER NOT NULL,
    -- A JSON array.
    measurements TEXT NOT NULL,
    UNIQUE (project_id, trace_id, span_id)
) STRICT;

-- Serves forgetting old ones.
CREATE INDEX spans_by_arrival ON spans (received_at);

-- Visitors of the recorded sites; `users` are those of this program.
CREATE TABLE people (
    -- Never used again: a merged person's id leads on.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    -- Null: never logged in.
    user_id TEXT,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL
) STRICT;

CREATE INDEX people_by_last_seen ON people (project_id, last_seen DESC, id DESC);

CREATE TABLE identities (
    project_id INTEGER NOT NULL REFERENCES projects (id),
    identity TEXT NOT NULL,
    person_id INTEGER NOT NULL REFERENCES people (id),
    -- 1 when somebody logged in with it.
    is_user INTEGER NOT NULL,
    since INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (project_id, identity)
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_by_person ON identities (person_id);

CREATE TABLE person_properties (
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- JSON.
    value TEXT NOT NULL,
    at INTEGER NOT NULL,
    is_once INTEGER NOT NULL,
    PRIMARY KEY (person_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_groups (
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (person_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_properties (
    project_id INTEGER NOT NULL REFERENCES projects (id),
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (project_id, kind, key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_history (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    -- The same change is not written twice.
    change_key TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- JSON.
    detail TEXT NOT NULL,
    UNIQUE (project_id, change_key)
) STRICT;

CREATE INDEX person_history_by_person ON person_history (person_id, at DESC);

-- Where a person went that was found to be another one.
CREATE TABLE merged_people (
    id INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX merged_people_by_person ON merged_people (person_id);

-- Films of screens; the bytes are in blobs under `video/<project>/…`.
CREATE TABLE videos (
    replay BLOB NOT NULL,
    id TEXT NOT NULL,
    segment INTEGER NOT NULL,
    content_hash INTEGER NOT NULL,
    at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    blob_key TEXT NOT NULL,
    PRIMARY KEY (replay, id),
    UNIQUE (replay, segment, content_hash)
) STRICT, WITHOUT ROWID;
