-- +goose Up
-- Passwords with which mail programs sign in to an account, each of them for one program.
CREATE TABLE app_passwords (
  id         TEXT PRIMARY KEY,
  hash       BLOB NOT NULL UNIQUE,          -- keyed, of the password
  account    TEXT NOT NULL,
  name       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL DEFAULT 0,    -- last sign-in, to within a minute; 0: none
  used_ip    TEXT NOT NULL DEFAULT ''       -- where that came from
) STRICT;
CREATE INDEX app_passwords_by_account ON app_passwords (account, created_at);

-- By what the owner of a session knows it again. Of those from before, and of readers',
-- it is ''.
ALTER TABLE sessions ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT ''; -- browser family
ALTER TABLE sessions ADD COLUMN ip TEXT NOT NULL DEFAULT '';    -- where it began

-- +goose Down
SELECT 1;
