-- +goose Up
-- What was decided about access, in the order of the revocation journal: a file
-- outside the database, which gets each entry after the commit. A database that
-- was restored from a backup learns from it what it has missed.

CREATE TABLE journal (
  seq   INTEGER PRIMARY KEY,
  entry TEXT NOT NULL,                      -- canonical JSON
  hash  BLOB NOT NULL,                      -- SHA-256(entry), which names the hash before it
  held  INTEGER NOT NULL                    -- how far the file was on the disk then, at least
) STRICT;

-- +goose Down
SELECT 1;
