-- +goose Up
-- The mail with a passcode, so that its page can say what became of it.
ALTER TABLE passcodes ADD COLUMN notice INTEGER NOT NULL DEFAULT 0; -- the newest in the outbox; 0: not known

-- +goose Down
SELECT 1;
