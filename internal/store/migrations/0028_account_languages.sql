-- +goose Up
-- In which language the holder of an account reads, pages and mails alike, as they have
-- chosen it or their browser liked it when they first came in. '': not known.
ALTER TABLE accounts ADD COLUMN language TEXT NOT NULL DEFAULT ''; -- BCP 47: 'de'

-- +goose Down
SELECT 1;
