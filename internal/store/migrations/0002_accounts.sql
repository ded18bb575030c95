-- +goose Up
-- People of the organisation are invited, and set their passwords, by a link. The
-- mail with it leaves through the outbox like every other, but belongs to no
-- message, so a notice no longer needs one.

-- One link at most for each account: a new one takes the place of the old.
CREATE TABLE account_links (
  address    TEXT PRIMARY KEY REFERENCES accounts (address) ON DELETE CASCADE,
  token_hash BLOB NOT NULL UNIQUE,          -- keyed hash
  purpose    TEXT NOT NULL,                 -- invite, reset
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- SQLite cannot drop a NOT NULL, so the table is made anew. Foreign keys are off
-- while we migrate: dropping the old table would otherwise delete its attempts.
CREATE TABLE outbox_new (
  id         INTEGER PRIMARY KEY,
  kind       TEXT NOT NULL,                 -- passcode, notification, inline, failure, account
  priority   INTEGER NOT NULL,              -- lower leaves first
  message    TEXT REFERENCES messages (id) ON DELETE CASCADE, -- NULL for account
  recipient  TEXT NOT NULL,                 -- '' for account
  address    TEXT NOT NULL DEFAULT '',      -- of the account; '' for all others
  secret     BLOB,                          -- sealed token or passcode; erased when done
  created_at INTEGER NOT NULL,
  due_at     INTEGER NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0,
  done_at    INTEGER NOT NULL DEFAULT 0,
  outcome    TEXT NOT NULL DEFAULT '',      -- sent, failed, dropped
  CHECK ((message IS NULL) = (address <> ''))
) STRICT;
INSERT INTO outbox_new (id, kind, priority, message, recipient, secret, created_at, due_at, attempts, done_at, outcome)
  SELECT id, kind, priority, message, recipient, secret, created_at, due_at, attempts, done_at, outcome FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_new RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (priority, due_at) WHERE done_at = 0;
CREATE INDEX outbox_by_recipient ON outbox (recipient);

-- What no longer fits together stops the migration, and all of it is undone.
CREATE TEMP TABLE unsound (violations INTEGER CHECK (violations = 0)) STRICT;
INSERT INTO unsound SELECT count(*) FROM pragma_foreign_key_check;
DROP TABLE temp.unsound;

-- +goose Down
SELECT 1;
