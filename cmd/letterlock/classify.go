package main

import (
	"context"

	"letterlock/internal/api"
)

type classifyCommand struct {
	here
	Addresses  []string `arg:"" name:"address" help:"Mail addresses, 100 at most."`
	Protection string   `name:"protection" enum:"encrypt-only,do-not-forward" default:"encrypt-only" placeholder:"PROTECTION" help:"Of the message: encrypt-only or do-not-forward. Default: ${default}."`
	Portal     bool     `name:"portal" help:"The sender wants everybody outside in the portal."`
	JSON       bool     `name:"json" help:"Print JSON."`
}

// Run says what each address is, and what it would get. The server answers, which
// knows what its relays offer.
func (c *classifyCommand) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place(), func(d desk) error {
		got, err := d.Classify(ctx, api.Classify{Addresses: c.Addresses, Protection: c.Protection, Portal: c.Portal})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, got)
		}
		t := newTable(d.out, "ADDRESS", "TYPE", "EXPERIENCE", "WHY")
		for _, r := range got.Recipients {
			t.row(r.Address, r.IdentityType, r.Experience, r.Reason)
		}
		return t.end()
	})
}
