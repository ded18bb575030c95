-- +goose Up
-- In which language the holder of an address reads, as they have chosen it.

CREATE TABLE languages (
  address TEXT PRIMARY KEY,
  tag     TEXT NOT NULL,                      -- BCP 47: 'de'
  at      INTEGER NOT NULL                    -- when it was chosen
) STRICT;

-- +goose Down
SELECT 1;
