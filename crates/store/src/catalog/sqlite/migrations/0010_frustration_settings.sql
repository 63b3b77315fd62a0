-- By which numbers a project's signs of frustration are judged, as JSON; what is not there is as by default.
ALTER TABLE projects ADD COLUMN frustration TEXT NOT NULL DEFAULT '{}';
