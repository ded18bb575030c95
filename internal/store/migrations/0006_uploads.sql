-- +goose Up
-- Files on their way into a message that is being written: they arrive piece by
-- piece, so that a broken line costs no more than what was under way.

CREATE TABLE uploads (
  id         TEXT PRIMARY KEY,
  account    TEXT NOT NULL,                 -- whose it is; '': nobody's any more, and its pieces are to be removed
  epoch      INTEGER NOT NULL,
  wrapped    BLOB,                          -- its key; NULL with the account
  head       BLOB NOT NULL,                 -- name and type, sealed
  size       INTEGER NOT NULL,              -- bytes that were announced
  received   INTEGER NOT NULL DEFAULT 0,    -- bytes that have arrived
  touched_at INTEGER NOT NULL
) STRICT;
CREATE INDEX uploads_by_account ON uploads (account, touched_at);
CREATE INDEX uploads_by_age ON uploads (touched_at) WHERE account <> '';
CREATE INDEX uploads_by_epoch ON uploads (epoch);

CREATE TABLE upload_pieces (
  upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
  seq    INTEGER NOT NULL,                  -- all but the last are of one length
  data   BLOB NOT NULL,                     -- sealed
  PRIMARY KEY (upload, seq)
) STRICT;

-- +goose Down
SELECT 1;
