-- +goose Up
-- How those who read one mailbox between them want to be known, where a sender asks for it:
-- said for a session, kept with a remembered browser, and written beside what they did.
-- Nobody has shown that it is so. '': not said, or not asked for.
ALTER TABLE sessions ADD COLUMN called TEXT NOT NULL DEFAULT '';
ALTER TABLE browsers ADD COLUMN called TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN called TEXT NOT NULL DEFAULT '';

-- +goose Down
SELECT 1;
