-- What people keep of their searching: named searches, playlists, cohorts, alerts. What
-- a `definition` says is JSON that the catalog does not look into.
CREATE TABLE saved_searches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- Null: a program made it.
    owner_id INTEGER REFERENCES users (id),
    name TEXT NOT NULL,
    -- 0: only the owner sees it.
    is_shared INTEGER NOT NULL,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX saved_searches_by_project ON saved_searches (project_id, name);

CREATE TABLE playlists (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    owner_id INTEGER REFERENCES users (id),
    name TEXT NOT NULL,
    is_shared INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX playlists_by_project ON playlists (project_id, name);

-- The replay may be gone: then the list shows that.
CREATE TABLE playlist_replays (
    playlist_id INTEGER NOT NULL REFERENCES playlists (id) ON DELETE CASCADE,
    replay BLOB NOT NULL,
    position INTEGER NOT NULL,
    note TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (playlist_id, replay)
) STRICT, WITHOUT ROWID;

CREATE TABLE cohorts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    owner_id INTEGER REFERENCES users (id),
    name TEXT NOT NULL COLLATE NOCASE,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (project_id, name)
) STRICT;

-- Of cohorts that are lists: user ids, device ids and e-mail addresses as they were given.
CREATE TABLE cohort_lines (
    cohort_id INTEGER NOT NULL REFERENCES cohorts (id) ON DELETE CASCADE,
    line TEXT NOT NULL,
    PRIMARY KEY (cohort_id, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    owner_id INTEGER REFERENCES users (id),
    saved_search_id INTEGER NOT NULL REFERENCES saved_searches (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    -- Null: it runs. Otherwise why not.
    paused TEXT,
    -- Only what arrives from here on is reported.
    since INTEGER NOT NULL,
    -- Deliveries in a row that were given up.
    failures INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX alerts_by_project ON alerts (project_id, name);
CREATE INDEX alerts_by_saved_search ON alerts (saved_search_id);

-- A message on its way or arrived. What it says is made from `alert_matches` when it is
-- sent, so that nothing of a recording is kept here.
CREATE TABLE alert_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    -- By which a receiver knows a second copy.
    message_id TEXT NOT NULL,
    -- `webhook` or `email`
    channel TEXT NOT NULL,
    is_test INTEGER NOT NULL,
    -- `pending`, `delivered` or `failed`
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- When to try next; null when there is nothing to do.
    due_at INTEGER,
    -- What the last try came to.
    outcome TEXT,
    created_at INTEGER NOT NULL,
    tried_at INTEGER
) STRICT;

-- Serves the question for work.
CREATE INDEX alert_deliveries_by_due ON alert_deliveries (due_at) WHERE due_at IS NOT NULL;
-- Serves the log of an alert.
CREATE INDEX alert_deliveries_by_alert ON alert_deliveries (alert_id, id);

-- Replays that an alert has found, each once.
CREATE TABLE alert_matches (
    alert_id INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    replay BLOB NOT NULL,
    matched_at INTEGER NOT NULL,
    -- Null: not reported yet.
    message_id TEXT,
    PRIMARY KEY (alert_id, replay)
) STRICT, WITHOUT ROWID;

-- Serves what is not reported yet.
CREATE INDEX alert_matches_waiting ON alert_matches (alert_id, matched_at) WHERE message_id IS NULL;
CREATE INDEX alert_matches_by_message ON alert_matches (message_id) WHERE message_id IS NOT NULL;
