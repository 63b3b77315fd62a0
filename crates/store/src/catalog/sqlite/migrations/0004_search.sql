-- Two logs that the search index is fed from, each in the order of a number that is
-- never used again, also when what had it is deleted.

-- Of events: the table itself, made again so that numbers are not reused.
CREATE TABLE events_in_order (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
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
INSERT INTO events_in_order SELECT id, project_id, device_id, insert_id, event_type, timestamp, user_id, session_id,
    replay, json FROM events ORDER BY id;
DROP TABLE events;
ALTER TABLE events_in_order RENAME TO events;

-- Serves list_events with a type.
CREATE INDEX events_by_type ON events (project_id, event_type, timestamp DESC);
-- Serves user_of.
CREATE INDEX events_by_session ON events (project_id, device_id, session_id) WHERE user_id IS NOT NULL;
-- Serves events_after.
CREATE INDEX events_by_project ON events (project_id, id);

-- Of replays: the last change of each. Triggers write it, so no statement can forget to.
CREATE TABLE replay_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL,
    replay BLOB NOT NULL UNIQUE
) STRICT;
INSERT INTO replay_changes (project_id, replay) SELECT project_id, id FROM replays ORDER BY last_received_at;

-- Serves replays_changed_after.
CREATE INDEX replay_changes_by_project ON replay_changes (project_id, id);

CREATE TRIGGER replay_added AFTER INSERT ON replays BEGIN
    INSERT INTO replay_changes (project_id, replay) VALUES (new.project_id, new.id);
END;
CREATE TRIGGER replay_changed AFTER UPDATE ON replays BEGIN
    DELETE FROM replay_changes WHERE replay = new.id;
    INSERT INTO replay_changes (project_id, replay) VALUES (new.project_id, new.id);
END;
CREATE TRIGGER replay_deleted AFTER DELETE ON replays BEGIN
    DELETE FROM replay_changes WHERE replay = old.id;
END;

-- Serves looking people up by a property, such as their e-mail address.
CREATE INDEX person_properties_by_value ON person_properties (name, lower(substr(value, 1, 200)));
