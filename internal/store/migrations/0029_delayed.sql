-- +goose Up
-- What is delayed can be looked for. Nearly all leave this index as soon as their
-- notification has left, and come back only if a server further on puts it off.
CREATE INDEX recipients_delayed ON recipients (seq)
  WHERE first_read_at = 0 AND bounced_at = 0 AND (notified_at = 0 OR reply <> '');

-- +goose Down
SELECT 1;
