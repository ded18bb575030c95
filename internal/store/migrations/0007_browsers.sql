-- +goose Up
-- Browsers in which somebody has asked not to prove their mailbox anew. One cookie
-- may stand for several mailboxes.

CREATE TABLE browsers (
  hash       BLOB NOT NULL,                 -- SHA-256 of the id in the cookie
  address    TEXT NOT NULL,
  id         TEXT NOT NULL UNIQUE,          -- names it in the list of its owner
  agent      TEXT NOT NULL,                 -- browser family
  created_at INTEGER NOT NULL,              -- when the mailbox was proved
  seen_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (hash, address)
) STRICT;
CREATE INDEX browsers_by_address ON browsers (address, seen_at);
CREATE INDEX browsers_by_expiry ON browsers (expires_at);

ALTER TABLE sessions ADD COLUMN proof TEXT NOT NULL DEFAULT ''; -- how a reader proved the mailbox

-- +goose Down
SELECT 1;
