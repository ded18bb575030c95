-- +goose Up
-- What administrators need: to find any message, to see what happened to it, to
-- act on many at once, and to let programs do the same.

-- seq is a message's place in the order of all: its second times 2^20, plus a
-- number. It is the time of acceptance, the key of pages and the row number of the
-- search index in one. NULL while incoming: an index of those above 0 alone would be
-- used only by queries that say so, and they would begin there and not at their page.
ALTER TABLE messages ADD COLUMN seq INTEGER;
ALTER TABLE messages ADD COLUMN brand TEXT NOT NULL DEFAULT ''; -- encryption template; '' is the default one
UPDATE messages SET seq = n.seq FROM (
  SELECT id, accepted_at * 1048576 + row_number() OVER (PARTITION BY accepted_at ORDER BY id) - 1 AS seq
  FROM messages WHERE status <> 'incoming') AS n
WHERE n.id = messages.id;
CREATE UNIQUE INDEX messages_by_seq ON messages (seq);
CREATE INDEX messages_by_reference ON messages (reference) WHERE reference <> '';
CREATE INDEX messages_destroyed ON messages (seq) WHERE status = 'destroyed';
CREATE INDEX messages_with_end ON messages (seq, expires_at) WHERE expires_at > 0;
DROP INDEX messages_by_sender;
CREATE INDEX messages_by_sender ON messages (sender, seq);

-- A recipient repeats the seq of the message, so that each index below is in the
-- order of the pages.
ALTER TABLE recipients ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipients ADD COLUMN domain TEXT NOT NULL DEFAULT '';
ALTER TABLE recipients ADD COLUMN revoked_batch TEXT NOT NULL DEFAULT ''; -- which batch removed access; '': none
UPDATE recipients SET
  seq = COALESCE((SELECT m.seq FROM messages m WHERE m.id = recipients.message), 0),
  domain = substr(address, length(rtrim(address, replace(address, '@', ''))) + 1);
DROP INDEX recipients_by_address;
CREATE INDEX recipients_by_address ON recipients (address, seq);
CREATE INDEX recipients_by_seq ON recipients (seq, domain);
CREATE INDEX recipients_unread ON recipients (seq)
  WHERE experience = 'link' AND first_read_at = 0 AND revoked_at = 0 AND bounced_at = 0;
CREATE INDEX recipients_revoked ON recipients (seq) WHERE revoked_at > 0;
CREATE INDEX recipients_bounced ON recipients (seq) WHERE bounced_at > 0;
CREATE INDEX recipients_read ON recipients (seq) WHERE first_read_at > 0;
CREATE INDEX recipients_inline ON recipients (seq) WHERE experience = 'inline';
CREATE INDEX recipients_in_batch ON recipients (revoked_batch) WHERE revoked_batch <> '';

-- Deleting a message looks for its notices.
CREATE INDEX outbox_by_message ON outbox (message);

-- What the indexes of the search were made of: SQLite erases from them only what
-- it is told to, word for word.
CREATE TABLE search_texts (
  seq        INTEGER PRIMARY KEY,
  subject    TEXT NOT NULL,
  keys       TEXT NOT NULL,                 -- one word each for sender, recipients, their domains and identity types
  message_id TEXT NOT NULL,
  sender     TEXT NOT NULL,
  recipients TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE search_words USING fts5 (subject, keys, content = 'search_texts', content_rowid = 'seq',
  columnsize = 0, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE search_parts USING fts5 (message_id, sender, recipients, content = 'search_texts', content_rowid = 'seq',
  columnsize = 0, tokenize = 'trigram');
INSERT INTO search_words (search_words, rank) VALUES ('secure-delete', 1);
INSERT INTO search_parts (search_parts, rank) VALUES ('secure-delete', 1);

-- Messages that search and report do not know yet. They come in batches, so that
-- taking mail does not wait for them.
CREATE TABLE search_due (seq INTEGER PRIMARY KEY) STRICT;
INSERT INTO search_due SELECT seq FROM messages WHERE seq IS NOT NULL;

-- The report adds up rows of these. A slot is a quarter of an hour, because every
-- zone's day begins with one; a day is one of UTC.
CREATE TABLE report_slots (
  slot     INTEGER NOT NULL,                -- since 1970
  method   TEXT NOT NULL,
  brand    TEXT NOT NULL,
  messages INTEGER NOT NULL,
  PRIMARY KEY (slot, method, brand)
) STRICT, WITHOUT ROWID;
CREATE TABLE report_domains (
  domain     TEXT NOT NULL,
  day        INTEGER NOT NULL,              -- since 1970
  recipients INTEGER NOT NULL,
  PRIMARY KEY (domain, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_domains_by_size ON report_domains (day, recipients DESC, domain);

-- How somebody signed in, with what, and from where, as far as the settings keep it.
ALTER TABLE events ADD COLUMN proof TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN ip TEXT NOT NULL DEFAULT '';

-- Visits to a link before anybody proved anything. They say little, and are bounded.
CREATE TABLE visits (
  recipient TEXT NOT NULL REFERENCES recipients (id) ON DELETE CASCADE,
  guess     TEXT NOT NULL,                  -- scanner, person
  why       TEXT NOT NULL,
  agent     TEXT NOT NULL,
  ip        TEXT NOT NULL,
  first_at  INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,
  count     INTEGER NOT NULL,
  PRIMARY KEY (recipient, guess, why, agent, ip)
) STRICT, WITHOUT ROWID;

-- Revocations of many messages, and what became of each.
CREATE TABLE batches (
  id            TEXT PRIMARY KEY,
  state         TEXT NOT NULL,              -- planning, planned, waiting, running, done, undoing, undone, discarded
  query         TEXT NOT NULL,              -- JSON; '' when the messages were chosen one by one
  reason        TEXT NOT NULL,
  messages      INTEGER NOT NULL,
  recipients    INTEGER NOT NULL,
  read          INTEGER NOT NULL,           -- recipients who had read when it was planned
  finished      INTEGER NOT NULL DEFAULT 0, -- messages that the run, or the undoing, is through with
  created_at    INTEGER NOT NULL,
  created_by    TEXT NOT NULL,
  created_name  TEXT NOT NULL,
  actor         TEXT NOT NULL DEFAULT '',   -- JSON: in whose name it runs, or is undone
  approved_by   TEXT NOT NULL DEFAULT '',
  approved_name TEXT NOT NULL DEFAULT '',
  started_at    INTEGER NOT NULL DEFAULT 0,
  finished_at   INTEGER NOT NULL DEFAULT 0,
  undone_by     TEXT NOT NULL DEFAULT '',
  undone_name   TEXT NOT NULL DEFAULT '',
  undone_at     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX batches_by_time ON batches (created_at, id);
CREATE INDEX batches_at_work ON batches (created_at) WHERE state IN ('running', 'undoing');
CREATE INDEX batches_half_planned ON batches (created_at) WHERE state = 'planning';
CREATE TABLE batch_items (
  batch      TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
  seq        INTEGER NOT NULL,
  message    TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  targets    TEXT NOT NULL,                 -- ids of recipients, separated by spaces
  read       INTEGER NOT NULL,              -- how many of them had read
  result     TEXT NOT NULL DEFAULT '',      -- '' is still to do
  undo       TEXT NOT NULL DEFAULT '',      -- what became of it when the batch was undone
  PRIMARY KEY (batch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_items_by_message ON batch_items (message);
CREATE INDEX batch_items_to_do ON batch_items (batch, seq) WHERE result = '';
CREATE INDEX batch_items_to_undo ON batch_items (batch, seq) WHERE result = 'revoked' AND undo = '';

-- Tokens of programs. Only a hash is kept.
CREATE TABLE tokens (
  id         TEXT PRIMARY KEY,
  hash       BLOB NOT NULL UNIQUE,          -- keyed hash
  account    TEXT NOT NULL REFERENCES accounts (address) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  scopes     TEXT NOT NULL,                 -- names, separated by spaces
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL DEFAULT 0,
  ended_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX tokens_by_account ON tokens (account, created_at);

-- Answers to changes that carried an idempotency key, for whoever asks again.
CREATE TABLE answers (
  key        BLOB PRIMARY KEY,              -- hash of who asked and the key
  request    BLOB NOT NULL,                 -- hash of what was asked
  status     INTEGER NOT NULL,              -- 0 while it is being answered
  body       BLOB NOT NULL,
  message    TEXT NOT NULL DEFAULT '',      -- that it is about; '' is none
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX answers_by_time ON answers (created_at);
CREATE INDEX answers_by_message ON answers (message) WHERE message <> '';

CREATE INDEX audit_by_actor ON audit (actor, seq);
CREATE INDEX audit_by_action ON audit (action, seq);
CREATE INDEX audit_by_time ON audit (at, seq);
CREATE INDEX audit_refused ON audit (seq) WHERE allowed = 0;
CREATE TABLE checkpoints (
  seq       INTEGER PRIMARY KEY,            -- of the last audit row that it covers
  at        INTEGER NOT NULL,
  entry     TEXT NOT NULL                   -- signed, as it was sent away
) STRICT;

-- The public keys of whoever signed checkpoints, the one in use last: its private
-- half is a file, and a database that knows one tells a lost file from a new start.
CREATE TABLE audit_keys (
  public  BLOB PRIMARY KEY,
  made_at INTEGER NOT NULL
) STRICT;
