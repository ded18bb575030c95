-- +goose Up
-- What people of the organisation show beside a password.

CREATE TABLE factors (
  kind       TEXT NOT NULL,                 -- totp, passkey
  handle     BLOB NOT NULL,                 -- of a passkey what its device calls it; of totp the address: there is one
  address    TEXT NOT NULL,                 -- of the account
  id         TEXT NOT NULL UNIQUE,          -- names it in addresses of pages
  name       TEXT NOT NULL,                 -- as its holder calls it
  sealed     BLOB NOT NULL,                 -- what answers are held against
  counter    INTEGER NOT NULL DEFAULT 0,    -- of the newest answer that was taken: none is taken twice
  created_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, handle)
) STRICT;
CREATE INDEX factors_by_address ON factors (address);

-- For whoever has lost the rest.
CREATE TABLE recovery_codes (
  address TEXT NOT NULL,
  hash    BLOB NOT NULL,
  used_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (address, hash)
) STRICT;

-- What was begun and waits for one more answer: a sign-in after the password, a factor
-- that is being set up, the question to a passkey.
CREATE TABLE pending (
  hash       BLOB PRIMARY KEY,              -- of what its browser knows it by
  kind       TEXT NOT NULL,
  address    TEXT NOT NULL,                 -- of the account; '': a passkey is to say
  sealed     BLOB,                          -- what the answer is held against
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_by_address ON pending (address);
CREATE INDEX pending_by_expiry ON pending (expires_at);

-- Wrong answers in a row, and until when no further one is looked at.
CREATE TABLE factor_locks (
  address  TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  until    INTEGER NOT NULL
) STRICT;

-- +goose Down
SELECT 1;
