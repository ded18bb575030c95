package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/letterlock"
)

// journalCommand is about the revocation journal.
type journalCommand struct {
	Accept journalAccept `cmd:"" help:"Go on without a revocation journal that is lost. Mail that was revoked may be readable again."`
}

type journalAccept struct {
	settings
	Words string `arg:"" help:"That you know what it means: '${accept}'."`
}

// Run begins the journal anew. It works on the data folder itself, for with such a
// journal no server starts.
func (c *journalAccept) Run(ctx context.Context, o *operator) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if err := ownFolder(cfg.DataDir); err != nil {
		return err
	}
	by := letterlock.Actor{Kind: letterlock.Operator, Name: "uid " + strconv.Itoa(os.Geteuid())}
	kept, err := app.AcceptLostJournal(ctx, cfg, time.Now, by, c.Words)
	if err != nil {
		return err
	}
	if kept != "" {
		fmt.Fprintf(o.out, "What was left of the journal is kept as %s.\n", kept)
	}
	_, err = fmt.Fprintf(o.out, "A new journal is in %s. It knows what the database knows; remove again whatever access was removed since.\n", cfg.JournalFile())
	return err
}
