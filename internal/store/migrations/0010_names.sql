-- +goose Up
-- A message that is destroyed keeps the addresses of who sent it to whom. What they
-- are called in it goes with it now, and goes here where it has stayed so far.

UPDATE messages SET sender_name = '', author_name = '' WHERE status = 'destroyed';

UPDATE recipients SET name = '' WHERE message IN (SELECT id FROM messages WHERE status = 'destroyed');

-- +goose Down
SELECT 1;
