-- +goose Up
-- Recipients answer and forward in the portal. What they write is a message of its
-- own, which belongs to the sender of the first message of the conversation.
ALTER TABLE messages ADD COLUMN author TEXT NOT NULL DEFAULT '';      -- a recipient who wrote it; '' is the sender
ALTER TABLE messages ADD COLUMN author_name TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN original TEXT NOT NULL DEFAULT '';    -- first message of the conversation; '' is itself
ALTER TABLE messages ADD COLUMN act TEXT NOT NULL DEFAULT '';         -- reply, forward, answer
ALTER TABLE messages ADD COLUMN source TEXT NOT NULL DEFAULT '';      -- the recipient as whom its author could read
CREATE INDEX messages_by_original ON messages (original, seq) WHERE original <> '';
CREATE INDEX messages_by_source ON messages (source, seq) WHERE source <> '';

-- Whose revocation took this one along, because they had forwarded the message.
ALTER TABLE recipients ADD COLUMN revoked_with TEXT NOT NULL DEFAULT '';

-- +goose Down
SELECT 1;
