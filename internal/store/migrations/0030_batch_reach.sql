-- +goose Up
-- Whom of what was found a batch touches, and how much of it it leaves out. Batches of
-- earlier releases touch everybody.
ALTER TABLE batches ADD COLUMN everybody INTEGER NOT NULL DEFAULT 1;      -- 0: those recipients that match the search
ALTER TABLE batches ADD COLUMN found INTEGER NOT NULL DEFAULT 0;          -- messages; 0 is not known
ALTER TABLE batches ADD COLUMN left_inline INTEGER NOT NULL DEFAULT 0;    -- messages that nobody got a link to
ALTER TABLE batches ADD COLUMN left_revoked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN left_destroyed INTEGER NOT NULL DEFAULT 0;

-- +goose Down
SELECT 1;
