-- +goose Up
-- Who at the provider of single sign-on an account of the organisation belongs to, since
-- they first signed in there.
CREATE TABLE sso_bindings (
  issuer     TEXT NOT NULL,
  subject    TEXT NOT NULL,                 -- by what the issuer knows them, always
  address    TEXT NOT NULL,                 -- of the account
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,              -- last sign-in
  PRIMARY KEY (issuer, subject),
  UNIQUE (address, issuer)
) STRICT;

-- +goose Down
SELECT 1;
