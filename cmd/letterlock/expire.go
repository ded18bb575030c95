package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

type expireCommand struct {
	place
	messageArgument
	In     string `name:"in" required:"" xor:"end" placeholder:"SPAN" help:"So long from now: 30m, 12h or 7d."`
	At     string `name:"at" required:"" xor:"end" placeholder:"DATE" help:"At this moment: 2026-12-24T18:00:00Z or '2026-12-24 18:00'; 2026-12-24 is that day's end."`
	Never  bool   `name:"never" required:"" xor:"end" help:"Not at all."`
	DryRun bool   `name:"dry-run" help:"Say what would happen, and change nothing."`
	JSON   bool   `name:"json" help:"Print JSON: the message as it is afterwards."`
}

// Run changes until when a message can be read.
func (c *expireCommand) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		end, err := c.end(d.dates())
		if err != nil {
			return err
		}
		m, err := d.Expire(ctx, c.MessageID, api.Expire{Expires: end}, c.DryRun)
		if err != nil {
			return err
		}
		return c.print(d, m)
	})
}

// end is the end as the server reads it. The server counts a span from its own
// clock, and 0 is none: somebody could mean it as at once.
func (c *expireCommand) end(in dates) (string, error) {
	if c.Never {
		return "never", nil
	}
	if c.In != "" {
		span, err := letterlock.ParseSpan(strings.ToLower(c.In))
		if err != nil || span == 0 {
			return "", &letterlock.Error{Code: letterlock.Invalid, Key: "expires", Err: fmt.Errorf("--in is no span: %q", c.In)}
		}
		return span.String(), nil
	}
	at, err := in.until("--at", c.At)
	if err != nil || at.IsZero() {
		return "", &letterlock.Error{Code: letterlock.Invalid, Key: "expires", Err: fmt.Errorf("--at is no date: %q", c.At)}
	}
	return at.UTC().Format(time.RFC3339), nil
}

// print says until when a message can be read after a change, or could be.
func (c *expireCommand) print(d desk, m api.Message) error {
	if c.JSON {
		return printJSON(d.out, m)
	}
	if c.DryRun {
		if err := d.would(m); err != nil {
			return err
		}
	}
	if err := d.say("Expires: %s\nRevoked: %s", d.orNever(m.Expires), truthOf(m.Revoked)); err != nil {
		return err
	}
	return d.remains(m)
}
