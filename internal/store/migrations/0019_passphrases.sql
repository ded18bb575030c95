-- +goose Up
-- Passphrases, which senders tell the recipients of a message by another way than mail.

CREATE TABLE passphrases (
  message TEXT PRIMARY KEY,
  sealed  BLOB NOT NULL                       -- its argon2id hash and the hint
) STRICT;

-- Wrong tries of a recipient, all browsers together.
CREATE TABLE passphrase_tries (
  recipient TEXT PRIMARY KEY,
  tries     INTEGER NOT NULL,                 -- since the last cool-down
  failures  INTEGER NOT NULL DEFAULT 0,       -- cool-downs in a row
  until     INTEGER NOT NULL DEFAULT 0        -- no try counts before
) STRICT;
CREATE INDEX passphrase_tries_by_end ON passphrase_tries (until);

-- For which message the reader has given the passphrase, and when; '': for none.
ALTER TABLE sessions ADD COLUMN told_for TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN told_at INTEGER NOT NULL DEFAULT 0;

-- +goose Down
SELECT 1;
