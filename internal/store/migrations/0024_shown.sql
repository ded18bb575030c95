-- +goose Up
-- What a page of messages shows of each of them and of each recipient, as pageQuery asks
-- for it: word for word, or SQLite would not find it here. The sums keep all others away,
-- for whom messages_by_seq and recipients_by_seq are there, a tenth of the size.
CREATE INDEX messages_shown ON messages (seq + 0, concat_ws(char(30),
  id, COALESCE(message_id, ''), sender, sender_name, subject,
  protection, method, decided_by, via, accepted_at, expires_at, size, attachments,
  CASE WHEN status <> 'destroyed' AND portal = 0 AND reference = '' AND brand = '' AND author = '' AND author_name = ''
    AND original = '' AND act = '' AND source = '' AND asks = '' AND latest_end = 0
    AND passphrase = '' AND ruled_asks = '' THEN ''
  ELSE concat_ws(char(29), status = 'destroyed', portal, reference, brand,
    author, author_name, original, act, source, asks, latest_end, passphrase, ruled_asks) END))
WHERE seq + 0 IS NOT NULL;
CREATE INDEX recipients_shown ON recipients (seq + 0, position, concat_ws(char(31),
  id, address, name, field, identity, experience, why, reference, notified_at, first_read_at, last_read_at,
  CASE WHEN revoked_at = 0 AND bounced_at = 0 AND reply = '' THEN ''
  ELSE concat_ws(char(29), revoked_at, revoked_by, revoked_name, revoked_as, revoke_reason,
    revoked_batch, revoked_with, bounced_at, reply) END));

-- A search begins in every segment of an index, so that there are to be few of them:
-- two of one level are merged.
INSERT INTO search_words (search_words, rank) VALUES ('usermerge', 2);

-- +goose Down
SELECT 1;
