-- +goose Up
-- Which passphrase a message asks for now: another one, another name. The session of a
-- reader names the one that was given, which is then worth nothing any more. And how
-- much of what a message asks for a rule has asked for: of those that are there nobody
-- knows, so all of it.

ALTER TABLE messages ADD COLUMN passphrase TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN ruled_asks TEXT NOT NULL DEFAULT '';
UPDATE messages SET ruled_asks = asks WHERE asks <> '';
UPDATE messages SET passphrase = id WHERE id IN (SELECT message FROM passphrases); -- as sessions have it

-- +goose Down
SELECT 1;
