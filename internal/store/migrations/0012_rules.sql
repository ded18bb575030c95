-- +goose Up
-- What administrators ask of mails, in the order of the page. Conditions and actions
-- are read and applied as a whole, and are JSON.
CREATE TABLE rules (
  position   INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  enabled    INTEGER NOT NULL,
  version    INTEGER NOT NULL,              -- of all rules, when this one was changed last
  conditions TEXT NOT NULL,
  actions    TEXT NOT NULL
) STRICT;

-- The version of all rules together: it grows with each change. A mail is stored only
-- if it was judged by the rules that hold.
CREATE TABLE rule_version (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;
INSERT INTO rule_version (one, version) VALUES (1, 1);

-- +goose Down
SELECT 1;
