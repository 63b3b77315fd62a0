-- Replays that stay and lost an error to a deletion: until what the index says of them
-- was made again, words of the error are in its files.
CREATE TABLE deletion_changes (
    project_id INTEGER NOT NULL,
    replay BLOB NOT NULL,
    PRIMARY KEY (project_id, replay)
) STRICT, WITHOUT ROWID;
