-- Mail to the owners about deletions that somebody asked for; a row goes when it is sent.
-- Nothing in it says whose data it was.
CREATE TABLE deletion_notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The same in every copy of the mail.
    message_id TEXT NOT NULL,
    organisation_id INTEGER NOT NULL,
    -- By its name: the project may be gone when it is sent.
    project_name TEXT NOT NULL,
    -- user or project.
    kind TEXT NOT NULL,
    target_count INTEGER NOT NULL,
    requested_by INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL
) STRICT;
