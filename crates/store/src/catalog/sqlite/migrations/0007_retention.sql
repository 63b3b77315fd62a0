-- How long what arrives is kept, in days from its arrival. What is kept already keeps
-- the time that it was given.
ALTER TABLE projects ADD COLUMN retention_days INTEGER NOT NULL DEFAULT 30;
-- When its deletion was asked for: from then on nothing leads to it.
ALTER TABLE projects ADD COLUMN deleted_at INTEGER;

-- Given when a row is made. What is there before this migration counts as if it came
-- today, so that nothing is lost by an update of the program.
ALTER TABLE replays ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
-- A pinned replay does not expire.
ALTER TABLE replays ADD COLUMN pinned_at INTEGER;
ALTER TABLE replays ADD COLUMN pinned_by INTEGER REFERENCES users (id);
ALTER TABLE events ADD COLUMN received_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE errors ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE spans ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN last_received_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
UPDATE replays SET expires_at = (unixepoch() + 30 * 86400) * 1000000;
UPDATE events SET received_at = unixepoch() * 1000000, expires_at = (unixepoch() + 30 * 86400) * 1000000;
UPDATE errors SET expires_at = (unixepoch() + 30 * 86400) * 1000000;
UPDATE spans SET expires_at = (unixepoch() + 30 * 86400) * 1000000;
UPDATE people SET last_received_at = unixepoch() * 1000000, expires_at = (unixepoch() + 30 * 86400) * 1000000;

-- Serve the search for what has expired.
CREATE INDEX replays_by_expiry ON replays (expires_at) WHERE pinned_at IS NULL;
CREATE INDEX events_by_expiry ON events (expires_at);
CREATE INDEX errors_by_expiry ON errors (expires_at);
CREATE INDEX spans_by_expiry ON spans (expires_at);
CREATE INDEX people_by_expiry ON people (expires_at);
-- Serve the deletion of a replay.
CREATE INDEX events_by_replay ON events (replay) WHERE replay IS NOT NULL;
CREATE INDEX errors_by_replay ON errors (replay) WHERE replay IS NOT NULL;
CREATE INDEX spans_by_replay ON spans (replay) WHERE replay IS NOT NULL;
CREATE INDEX issue_replays_by_replay ON issue_replays (replay);
CREATE INDEX listed_errors_by_replay ON listed_errors (replay);

-- Jobs that delete.
CREATE TABLE deletions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    -- replays, user, project or expiry.
    kind TEXT NOT NULL,
    -- The user id while the job is not done; null afterwards.
    user_id TEXT,
    -- Tells whether two jobs mean the same, without saying whom.
    target_hash TEXT NOT NULL,
    -- waiting, running, done or failed.
    state TEXT NOT NULL,
    -- Null: the server itself.
    requested_by INTEGER,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    error TEXT,
    replay_total INTEGER NOT NULL DEFAULT 0,
    -- What was deleted so far, a JSON object of numbers.
    counts TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX deletions_by_organisation ON deletions (organisation_id, id DESC);
-- Serves the question for work.
CREATE INDEX deletions_open ON deletions (id) WHERE state IN ('waiting', 'running');

-- Replays that a job has still to delete.
CREATE TABLE deletion_replays (
    deletion_id INTEGER NOT NULL REFERENCES deletions (id) ON DELETE CASCADE,
    replay BLOB NOT NULL,
    PRIMARY KEY (deletion_id, replay)
) STRICT, WITHOUT ROWID;

-- What is left of replays that are gone: an id that says nothing, and why. Uploads for
-- them are refused.
CREATE TABLE gone_replays (
    replay BLOB PRIMARY KEY,
    project_id INTEGER NOT NULL,
    -- deleted or expired.
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    retention_days INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX gone_replays_by_time ON gone_replays (at);

-- Who deleted, pinned or changed what. Never whose data it was.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- Null: the server itself.
    user_id INTEGER,
    action TEXT NOT NULL,
    -- A JSON object.
    detail TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_organisation ON audit (organisation_id, id DESC);

-- All parts of a style sheet; `referrer` knows only the first sheet that named a part.
CREATE TABLE asset_parts (
    sheet_id INTEGER NOT NULL REFERENCES asset_jobs (id) ON DELETE CASCADE,
    part_id INTEGER NOT NULL REFERENCES asset_jobs (id) ON DELETE CASCADE,
    PRIMARY KEY (sheet_id, part_id)
) STRICT, WITHOUT ROWID;
INSERT INTO asset_parts (sheet_id, part_id) SELECT s.id, p.id FROM asset_jobs p
    JOIN asset_jobs s ON s.project_id = p.project_id AND s.url = p.referrer AND s.kind = 'style_sheet';

-- Serves the deletion of a part.
CREATE INDEX asset_parts_by_part ON asset_parts (part_id);
