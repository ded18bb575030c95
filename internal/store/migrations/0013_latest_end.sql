-- +goose Up
-- The latest end that the rules allowed when a message was sent: its sender cannot set
-- a later one. 0: they set no bound, as they did to none of the messages that are here.
ALTER TABLE messages ADD COLUMN latest_end INTEGER NOT NULL DEFAULT 0;

-- +goose Down
SELECT 1;
