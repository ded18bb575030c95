-- +goose Up
-- What a remembered browser is remembered for, so that it goes with the provider whose word
-- that was.
ALTER TABLE browsers ADD COLUMN proof TEXT NOT NULL DEFAULT ''; -- how the mailbox was proved; '': from before it was kept

-- +goose Down
SELECT 1;
