-- +goose Up
-- A row that changes is deleted from these and added again, which leaves more of what was
-- destroyed between the rows of a page than the saving is worth (docs/performance.md).
DROP INDEX messages_shown;
DROP INDEX recipients_shown;

-- +goose Down
SELECT 1;
