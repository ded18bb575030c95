-- +goose Up
-- What recipients ask for, and what senders want to be told.

CREATE TABLE requests (
  id          TEXT PRIMARY KEY,
  message     TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  recipient   TEXT NOT NULL REFERENCES recipients (id) ON DELETE CASCADE,
  kind        TEXT NOT NULL,               -- time, access
  reason      TEXT NOT NULL,
  asked_at    INTEGER NOT NULL,
  answered_at INTEGER NOT NULL DEFAULT 0,
  answered_by TEXT NOT NULL DEFAULT '',
  answer      TEXT NOT NULL DEFAULT ''     -- approved, declined
) STRICT;
CREATE INDEX requests_by_message ON requests (message);
CREATE INDEX requests_by_recipient ON requests (recipient, kind, asked_at);
CREATE UNIQUE INDEX requests_open ON requests (recipient, kind) WHERE answered_at = 0;

-- A link whose token has left cannot be made again: only its hash is kept. A
-- recipient who is to get one more has several.
CREATE TABLE more_links (
  token_hash BLOB PRIMARY KEY,
  recipient  TEXT NOT NULL REFERENCES recipients (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX more_links_by_recipient ON more_links (recipient);

-- What the sender of a message is still to be told, once each.
CREATE TABLE reminders (
  message TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  kind    TEXT NOT NULL,                   -- read, unread, expiring
  due_at  INTEGER,                         -- NULL: when it happens
  PRIMARY KEY (message, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX reminders_by_due ON reminders (due_at);

-- +goose Down
SELECT 1;
