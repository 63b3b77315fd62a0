-- What a project's recorders record, as JSON; what is not there is as the server says.
ALTER TABLE projects ADD COLUMN capture TEXT NOT NULL DEFAULT '{}';
