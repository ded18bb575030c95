-- +goose Up
-- Recipients whose passcode does not come ask the sender for a code, who reads it to them
-- by telephone. Of one recipient each browser has one request, the newest.
CREATE TABLE releases (
  id         TEXT PRIMARY KEY,
  message    TEXT NOT NULL,
  recipient  TEXT NOT NULL,
  browser    BLOB NOT NULL,               -- keyed hash of its cookie
  reference  TEXT NOT NULL,               -- both sides see it
  agent      TEXT NOT NULL,               -- browser family that asked
  ip         TEXT NOT NULL,               -- and from where, as far as the settings keep it
  sealed     BLOB,                        -- the code; NULL until the sender has it shown
  asked_at   INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,            -- of the request, and once there is one of the code
  tries      INTEGER NOT NULL DEFAULT 0,
  outcome    TEXT NOT NULL DEFAULT ''     -- used, refused; '': neither
) STRICT;
CREATE UNIQUE INDEX releases_by_browser ON releases (recipient, browser);
CREATE INDEX releases_by_message ON releases (message, asked_at);
CREATE INDEX releases_by_expiry ON releases (expires_at);

-- +goose Down
SELECT 1;
