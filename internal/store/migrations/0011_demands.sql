-- +goose Up
-- What a message asks of its readers beyond that the mailbox is theirs; '': nothing.
ALTER TABLE messages ADD COLUMN asks TEXT NOT NULL DEFAULT '';
-- For which message the passcode was typed that began a session; '': another proof did.
ALTER TABLE sessions ADD COLUMN message TEXT NOT NULL DEFAULT '';

-- +goose Down
SELECT 1;
