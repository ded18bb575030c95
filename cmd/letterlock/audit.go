package main

import (
	"context"
	"errors"

	"letterlock/internal/api"
)

// auditCommand shows who did what, and exports it for others to check.
type auditCommand struct {
	List        auditList        `cmd:"" help:"Show who did what, the newest first."`
	Export      auditExport      `cmd:"" help:"Write the whole audit log, for 'audit verify'."`
	Checkpoints auditCheckpoints `cmd:"" help:"Write the signed checkpoints of the audit log."`
	PublicKey   auditPublicKey   `cmd:"" name:"public-key" help:"Write the key that checkpoints and proofs are checked with."`
	Proof       auditProof       `cmd:"" help:"Write a signed statement that a recipient never opened a message."`
	Verify      auditVerify      `cmd:"" help:"Check an exported audit log, or a proof of non-access. It needs the files alone: no server, settings or data folder."`
}

type auditList struct {
	place
	Actor   filled `name:"actor" placeholder:"ADDRESS" help:"Who acted: an address, or a part of what an operator is called."`
	Action  filled `name:"action" placeholder:"ACTION" help:"What was tried, like revoke."`
	Message filled `name:"message-id" placeholder:"ID" help:"The message that it was about."`
	From    filled `name:"from" placeholder:"DATE" help:"Then or later: 2026-11-20, '2026-11-20 14:00', or 7d for seven days ago."`
	Until   filled `name:"until" placeholder:"DATE" help:"Until then; a day counts whole."`
	Refused bool   `name:"refused" help:"Only what was refused."`
	Limit   int    `name:"limit" short:"n" default:"50" placeholder:"COUNT" help:"So many entries, the newest; 0 means all. Default: ${default}."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Run lists entries of the audit log.
func (c *auditList) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		q := api.AuditQuery{Actor: string(c.Actor), Action: string(c.Action), MessageID: string(c.Message), Refused: c.Refused}
		var err1, err2 error
		q.From, err1 = d.dates().from("--from", string(c.From))
		q.Until, err2 = d.dates().until("--until", string(c.Until))
		if err := errors.Join(err1, err2); err != nil {
			return alone(err)
		}
		p, err := c.collect(ctx, d, q)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, p)
		}
		return d.entries(p.Entries)
	})
}

// collect asks for pages until there are as many entries as are wanted.
func (c *auditList) collect(ctx context.Context, d desk, q api.AuditQuery) (api.AuditPage, error) {
	all := api.AuditPage{Entries: []api.AuditEntry{}}
	for {
		limit := maxPage
		if c.Limit > 0 {
			limit = min(limit, c.Limit-len(all.Entries))
		}
		p, err := d.Audit(ctx, q, all.Next, limit)
		if err != nil {
			return all, err
		}
		all.Entries, all.Next = append(all.Entries, p.Entries...), p.Next
		if p.Next == "" || c.Limit > 0 && len(all.Entries) >= c.Limit {
			return all, nil
		}
	}
}

func (d desk) entries(list []api.AuditEntry) error {
	if len(list) == 0 {
		return d.say("There is no such entry.")
	}
	t := newTable(d.out, "NUMBER", "DATE", "WHO", "ACTION", "RESULT", "TARGET", "MESSAGE-ID", "REASON")
	for _, e := range list {
		result := "done"
		if !e.Allowed {
			result = "refused"
		}
		t.row(e.Seq, d.when(e.At), whose(e), e.Action, result, e.Target, e.MessageID, e.Reason)
	}
	return t.end()
}

// whose says who acted: by address, or as what, and by which program.
func whose(e api.AuditEntry) string {
	switch {
	case e.Token != "":
		return e.Actor + " by token " + e.Token
	case e.Actor != "":
		return e.Actor
	case e.Name != "":
		return e.Kind + " " + e.Name
	}
	return e.Kind
}

type auditExport struct {
	place
	output
}

// Run writes the audit log.
func (c *auditExport) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		from, err := d.AuditExport(ctx)
		return c.write(d, from, err)
	})
}

type auditCheckpoints struct {
	place
	output
}

// Run writes the checkpoints.
func (c *auditCheckpoints) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		from, err := d.Checkpoints(ctx)
		return c.write(d, from, err)
	})
}

type auditPublicKey struct {
	place
	output
}

// Run writes the public key.
func (c *auditPublicKey) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		from, err := d.PublicKey(ctx)
		return c.write(d, from, err)
	})
}

type auditProof struct {
	place
	messageArgument
	Recipient string `arg:"" help:"Address of the recipient."`
	output
}

// Run writes a proof of non-access.
func (c *auditProof) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		from, err := d.Proof(ctx, c.MessageID, c.Recipient)
		return c.write(d, from, err)
	})
}
