-- +goose Up
-- OpenID providers that vouch for mailboxes.

-- Who an address belonged to when a provider first vouched for it.
CREATE TABLE openid_bindings (
  address    TEXT NOT NULL,
  issuer     TEXT NOT NULL,
  subject    TEXT NOT NULL,                 -- by what the issuer knows them, always
  provider   TEXT NOT NULL,                 -- its short name in the settings
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,              -- last proof
  PRIMARY KEY (address, issuer)
) STRICT;

-- Questions that a browser has been sent to a provider with, and what came of them.
CREATE TABLE openid_requests (
  state      BLOB PRIMARY KEY,              -- hash of what comes back with the answer
  id         TEXT NOT NULL UNIQUE,          -- names it in the address of the page that says what came of it
  browser    BLOB NOT NULL,                 -- hash of the name of the browser that asked
  recipient  TEXT NOT NULL,                 -- '': an administrator tries the provider
  provider   TEXT NOT NULL,
  sealed     BLOB NOT NULL,                 -- what the answer is held against, later what came of it
  used_at    INTEGER NOT NULL DEFAULT 0,    -- when an answer came; there is one
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX openid_requests_by_expiry ON openid_requests (expires_at);

-- +goose Down
SELECT 1;
