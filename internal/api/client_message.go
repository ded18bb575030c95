package api

import (
	"context"
	"io"

	"letterlock/internal/letterlock"
)

// Status returns a message, by its Message-ID with or without angle brackets, or
// by its id.
func (c *Client) Status(ctx context.Context, id string) (m Message, err error) {
	err = c.get(ctx, pathOf("messages", id), &m)
	return m, err
}

// Trace returns a message with the history of its recipients.
func (c *Client) Trace(ctx context.Context, id string) (t Trace, err error) {
	err = c.get(ctx, pathOf("messages", id, "trace"), &t)
	return t, err
}

// Search returns a page of the messages that meet all conditions, newest first.
// next is that of the page before, empty: from the newest; limit 0: as many as the
// server thinks right.
func (c *Client) Search(ctx context.Context, s letterlock.Search, next string, limit int) (p MessagePage, err error) {
	err = c.get(ctx, searched(s).page(next, limit).on("/messages"), &p)
	return p, err
}

// TraceExport returns all that a search finds, a row for each recipient, as csv or
// json.
func (c *Client) TraceExport(ctx context.Context, s letterlock.Search, format string) (io.ReadCloser, error) {
	return c.stream(ctx, searched(s).text("format", format).on("/exports/messages"))
}

func searched(s letterlock.Search) values {
	return values{}.text("sender", s.Sender).text("recipient", s.Recipient).text("subject", s.Subject).
		text("message_id", s.MessageID).time("from", s.From).time("until", s.Until).
		text("state", string(s.State)).text("identity", string(s.Identity))
}

// Revoke removes access to a message, and returns the message as it is then. dry:
// as it would be, and nothing is changed.
func (c *Client) Revoke(ctx context.Context, id string, r Revoke, dry bool) (m Message, err error) {
	err = c.post(ctx, values{}.flag("dry_run", dry).on(pathOf("messages", id, "revoke")), r, &m)
	return m, err
}

// Restore gives access back, and returns the message as it is then. dry: as it
// would be, and nothing is changed.
func (c *Client) Restore(ctx context.Context, id string, r Restore, dry bool) (m Message, err error) {
	err = c.post(ctx, values{}.flag("dry_run", dry).on(pathOf("messages", id, "restore")), r, &m)
	return m, err
}

// Expire changes until when a message can be read, and returns the message as it is
// then. dry: as it would be, and nothing is changed.
func (c *Client) Expire(ctx context.Context, id string, e Expire, dry bool) (m Message, err error) {
	err = c.post(ctx, values{}.flag("dry_run", dry).on(pathOf("messages", id, "expire")), e, &m)
	return m, err
}

// Destroy ends a message for everybody, its sender included, for good.
func (c *Client) Destroy(ctx context.Context, id string, d Destroy) (m Message, err error) {
	err = c.post(ctx, pathOf("messages", id, "destroy"), d, &m)
	return m, err
}

// PlanBatch settles what a revocation of many messages would touch. It touches
// nothing.
func (c *Client) PlanBatch(ctx context.Context, n NewBatch) (b Batch, err error) {
	err = c.post(ctx, "/batches", n, &b)
	return b, err
}

// Batch returns a batch as it is now.
func (c *Client) Batch(ctx context.Context, id string) (b Batch, err error) {
	err = c.get(ctx, pathOf("batches", id), &b)
	return b, err
}

// Batches returns a page of the batches, newest first.
func (c *Client) Batches(ctx context.Context, next string, limit int) (p BatchPage, err error) {
	err = c.get(ctx, values{}.page(next, limit).on("/batches"), &p)
	return p, err
}

// BatchItems returns a page of the messages of a batch, newest first; with a result
// of those that have it.
func (c *Client) BatchItems(ctx context.Context, id, result, next string, limit int) (p ItemPage, err error) {
	err = c.get(ctx, values{}.text("result", result).page(next, limit).on(pathOf("batches", id, "items")), &p)
	return p, err
}

// StartBatch has a planned batch run, or wait for a second administrator.
func (c *Client) StartBatch(ctx context.Context, id string) (b Batch, err error) {
	err = c.post(ctx, pathOf("batches", id, "start"), nil, &b)
	return b, err
}

// ApproveBatch has a waiting batch run.
func (c *Client) ApproveBatch(ctx context.Context, id string) (b Batch, err error) {
	err = c.post(ctx, pathOf("batches", id, "approve"), nil, &b)
	return b, err
}

// DiscardBatch makes sure that a planned or waiting batch never runs.
func (c *Client) DiscardBatch(ctx context.Context, id string) (b Batch, err error) {
	err = c.post(ctx, pathOf("batches", id, "discard"), nil, &b)
	return b, err
}

// UndoBatch restores what a batch has revoked, except where somebody has changed
// it since.
func (c *Client) UndoBatch(ctx context.Context, id string) (b Batch, err error) {
	err = c.post(ctx, pathOf("batches", id, "undo"), nil, &b)
	return b, err
}
