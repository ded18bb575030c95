-- +goose Up
-- The brands of the organisation. 'default' is there once somebody has changed what the
-- settings file says. Fields are those in which a brand differs from the default one, or
-- the default one from the file; they are read as a whole, and are JSON.
CREATE TABLE brands (
  id         TEXT PRIMARY KEY,
  version    INTEGER NOT NULL,              -- grows with each change of this brand
  fields     TEXT NOT NULL,
  logo       BLOB,                          -- PNG; NULL: that of the brand that it inherits from
  changed_at INTEGER NOT NULL
) STRICT;

-- +goose Down
SELECT 1;
