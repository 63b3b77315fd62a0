-- What tokens may do, separated by spaces. Those from before read, and took source maps.
ALTER TABLE api_tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read import';
-- In whose name a token acts; null: nobody's.
ALTER TABLE api_tokens ADD COLUMN created_by INTEGER REFERENCES users (id);
-- Microseconds since the epoch; null: never.
ALTER TABLE api_tokens ADD COLUMN expires_at INTEGER;
ALTER TABLE api_tokens ADD COLUMN last_used_at INTEGER;
