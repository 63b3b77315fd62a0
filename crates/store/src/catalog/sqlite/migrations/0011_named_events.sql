-- Names for what SDKs capture by themselves. A `definition` says in JSON which events are meant;
-- the catalog does not look into it, and no event is ever changed by it.
CREATE TABLE named_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- Null: a program made it.
    owner_id INTEGER REFERENCES users (id),
    name TEXT NOT NULL COLLATE NOCASE,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (project_id, name)
) STRICT;
