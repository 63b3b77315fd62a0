-- What analysis found in a replay; see model::replay::Signals.
ALTER TABLE replays ADD COLUMN error_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replays ADD COLUMN console_error_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replays ADD COLUMN rage_click_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replays ADD COLUMN dead_click_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replays ADD COLUMN request_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replays ADD COLUMN failed_request_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replays ADD COLUMN active_ms INTEGER NOT NULL DEFAULT 0;
-- 48 bytes of 0 to 9; shorter counts as filled up with zeros.
ALTER TABLE replays ADD COLUMN activity BLOB NOT NULL DEFAULT x'';
ALTER TABLE replays ADD COLUMN tab_count INTEGER NOT NULL DEFAULT 0;
-- A JSON array of reason codes.
ALTER TABLE replays ADD COLUMN integrity TEXT NOT NULL DEFAULT '[]';

CREATE TABLE comments (
    id INTEGER PRIMARY KEY,
    replay_id BLOB NOT NULL REFERENCES replays (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    at_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Serves comments of a replay in time order, and their count in lists.
CREATE INDEX comments_by_replay ON comments (replay_id, at_ms, id);

CREATE TABLE seen (
    replay_id BLOB NOT NULL REFERENCES replays (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (replay_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE ratings (
    replay_id BLOB NOT NULL REFERENCES replays (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    project_id INTEGER NOT NULL REFERENCES projects (id),
    rating TEXT NOT NULL,
    reason TEXT,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (replay_id, user_id)
) STRICT, WITHOUT ROWID;

-- Serves the operators' list of ratings.
CREATE INDEX ratings_by_project ON ratings (project_id, created_at DESC);

CREATE TABLE person_settings (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    json TEXT NOT NULL
) STRICT;

-- Addresses that recordings refer to. `due_at` is when to fetch next, null when
-- there is nothing to do; `reason` says why the last try failed.
CREATE TABLE asset_jobs (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    url TEXT NOT NULL,
    kind TEXT NOT NULL,
    referrer TEXT,
    added_at INTEGER NOT NULL,
    due_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_tried_at INTEGER,
    reason TEXT,
    UNIQUE (project_id, url)
) STRICT;

-- Serves the fetcher's question for work.
CREATE INDEX asset_jobs_by_due ON asset_jobs (due_at) WHERE due_at IS NOT NULL;

-- Archived contents; the bytes are in blobs under `assets/<project>/<key>`.
CREATE TABLE assets (
    project_id INTEGER NOT NULL REFERENCES projects (id),
    key TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    -- What references inside of a style sheet are relative to.
    base_url TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, key)
) STRICT, WITHOUT ROWID;

-- What an address held from the first to the last time that it was fetched: a site
-- changes under the same address, and a replay shows what was there in its time.
CREATE TABLE asset_versions (
    job_id INTEGER NOT NULL REFERENCES asset_jobs (id) ON DELETE CASCADE,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (job_id, first_at)
) STRICT, WITHOUT ROWID;

-- What a recording refers to by itself; parts of style sheets are found by referrer.
CREATE TABLE replay_assets (
    replay_id BLOB NOT NULL REFERENCES replays (id) ON DELETE CASCADE,
    job_id INTEGER NOT NULL REFERENCES asset_jobs (id) ON DELETE CASCADE,
    PRIMARY KEY (replay_id, job_id)
) STRICT, WITHOUT ROWID;

-- Serves the parts of a style sheet.
CREATE INDEX asset_jobs_by_referrer ON asset_jobs (project_id, referrer);
-- Serves the deletion of an address.
CREATE INDEX replay_assets_by_job ON replay_assets (job_id);
