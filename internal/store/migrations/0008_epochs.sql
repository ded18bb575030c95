-- +goose Up
-- The epochs of the keyring. Their keys are files and never here; this says when
-- each was made and destroyed, and so what can still be opened by whom.

CREATE TABLE epochs (
  number       INTEGER PRIMARY KEY,
  made_at      INTEGER NOT NULL,
  destroyed_at INTEGER NOT NULL DEFAULT 0  -- when its key was seen to be gone
) STRICT;

-- Under which epoch a key was wrapped when it was deleted; 0: it never was.
ALTER TABLE recipients ADD COLUMN key_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN key_epoch INTEGER NOT NULL DEFAULT 0; -- of the sender's copy

-- +goose Down
SELECT 1;
