package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// messageArgument is the message that a command is about.
type messageArgument struct {
	MessageID string `arg:"" name:"message-id" help:"Message-ID, with or without its angle brackets; between single quotes, or the shell takes the brackets for itself."`
}

type statusCommand struct {
	place
	// MessageID is nil where none is named: an empty one is a slip in a script.
	MessageID *string `arg:"" optional:"" name:"message-id" help:"Message-ID, with or without its angle brackets; between single quotes, or the shell takes the brackets for itself. Without it: how the server on this machine, its keys and its revocation journal are."`
	JSON      bool    `name:"json" help:"Print JSON: everything that is known about the message, its recipients too."`
}

// Run says whether a message can be revoked, and whether it is; without a message,
// how the installation is.
func (c *statusCommand) Run(ctx context.Context, o *operator) error {
	if c.MessageID == nil && c.URL != "" {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "usage", Err: errors.New("name the Message-ID of a message: how a server is, is told on its own machine only")}
	}
	return o.ask(ctx, c.place, func(d desk) error {
		if c.MessageID == nil {
			return c.installation(ctx, d)
		}
		m, err := d.Status(ctx, *c.MessageID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, m)
		}
		t := newTable(d.out, "Subject", "IsRevocable", "Revoked")
		t.row(m.Subject, truthOf(m.IsRevocable), truthOf(m.Revoked))
		return t.end()
	})
}

// installation says how the server, its keys and its journal are.
func (c *statusCommand) installation(ctx context.Context, d desk) error {
	s, err := d.State(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(d.out, s)
	}
	server := "ready"
	switch {
	case !s.Running:
		server = "does not run"
	case s.Trouble != "":
		server = "not ready: " + s.Trouble
	}
	t := newTable(d.out, "ABOUT", "SAYS")
	t.row("server", server)
	t.row("passcodes, links to accounts", dueFor(s.Queue.Passcodes))
	t.row("other mail", dueFor(s.Queue.Others))
	d.waiting(t, s.Queue.Waiting)
	t.row("epoch", fmt.Sprintf("%d, %s before it not destroyed yet", s.Keys.Epoch, count(s.Keys.Ending, "epoch")))
	t.row("rotated", d.orDash(s.Keys.Rotated))
	switch {
	case !s.Keys.Next.IsZero():
		t.row("next", d.when(s.Keys.Next))
	case !s.Keys.Rotated.IsZero():
		t.row("next", "only by hand: letterlock keys rotate")
	}
	for _, number := range s.Keys.Missing {
		t.row("missing", fmt.Sprintf("the key of epoch %d: messages that are wrapped under it cannot be opened; bring it back with 'letterlock keys import'", number))
	}
	if s.Keys.Failure != "" {
		t.row("failed", "the last rotation: "+s.Keys.Failure)
	}
	t.row("journal", fmt.Sprintf("its last entry is number %d", s.Journal.Entries))
	if s.Journal.Failure != "" {
		t.row("failed", "the journal: "+s.Journal.Failure)
	}
	return t.end()
}

// waiting says which mail waits for long, and for whom.
func (d desk) waiting(t *table, w api.Waiting) {
	if w.Mails == 0 {
		says := "no mail has waited for more than an hour"
		if w.PutOff > 0 {
			says = count(w.PutOff, "mail") + " put off and tried again; none has waited for more than an hour"
		}
		t.row("waiting", says)
		return
	}
	number := count(w.Mails, "mail")
	if w.Capped {
		number = "at least " + number
	}
	t.row("waiting", number+" for more than an hour, the oldest since "+d.when(w.Since))
	for _, one := range w.Domains {
		said := "nobody has tried yet"
		if one.Reply != "" {
			said = "the last answer was: " + one.Reply
		}
		t.row("to "+one.Domain, fmt.Sprintf("%s, the oldest since %s; %s", count(one.Mails, "mail"), d.when(one.Since), said))
	}
}

// dueFor says how long mail has been due that has not left.
func dueFor(since time.Time) string {
	if since.IsZero() {
		return "none is due"
	}
	return "due for " + time.Since(since).Truncate(time.Second).String()
}

// truthOf spells a truth as PowerShell does, and so AME.
func truthOf(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// change is what revoking and restoring take beside the message.
type change struct {
	place
	messageArgument
	changing
}

// changing is how a message is changed.
type changing struct {
	Recipient []string `name:"recipient" sep:"none" placeholder:"ADDRESS" help:"Only this recipient; may be given several times. Default: all who got a link."`
	Reason    string   `name:"reason" placeholder:"TEXT" help:"Why, for the audit log. Recipients never see it."`
	DryRun    bool     `name:"dry-run" help:"Say what would happen, and change nothing."`
	JSON      bool     `name:"json" help:"Print JSON: the message as it is afterwards."`
}

type revokeCommand struct{ change }

// Run revokes a message.
func (c *revokeCommand) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		m, err := d.Revoke(ctx, c.MessageID, api.Revoke{Recipients: c.Recipient, Reason: c.Reason}, c.DryRun)
		if err != nil {
			return err
		}
		return c.print(d, m)
	})
}

// restoreCommand restores access to a message; with --into it restores a backup.
type restoreCommand struct {
	place
	MessageID string `arg:"" optional:"" name:"message-id" help:"Message-ID, with or without its angle brackets; between single quotes, or the shell takes the brackets for itself."`
	changing
	Into     string `name:"into" type:"path" placeholder:"FOLDER" help:"Restore a backup instead, into this folder, which is empty or not there yet."`
	From     string `name:"from" type:"path" placeholder:"FILE" help:"With --into: the backup."`
	Identity string `name:"identity" short:"i" type:"path" placeholder:"FILE" help:"With --into: file with the age identity that opens it."`
}

// Run restores access to a message, or a data folder.
func (c *restoreCommand) Run(ctx context.Context, o *operator) error {
	switch {
	case c.Into != "":
		return c.restoreFolder(ctx, o)
	case c.MessageID == "" || c.From != "" || c.Identity != "":
		return &letterlock.Error{Code: letterlock.Invalid, Key: "usage", Err: errors.New("name the Message-ID of a message, or --into, --from and --identity for a backup")}
	}
	return o.ask(ctx, c.place, func(d desk) error {
		m, err := d.Restore(ctx, c.MessageID, api.Restore{Recipients: c.Recipient, Reason: c.Reason}, c.DryRun)
		if err != nil {
			return err
		}
		return c.print(d, m)
	})
}

// print says how a message is after a change, or would be.
func (c *changing) print(d desk, m api.Message) error {
	if c.JSON {
		return printJSON(d.out, m)
	}
	if c.DryRun {
		if err := d.would(m); err != nil {
			return err
		}
	}
	if err := d.say("Revoked: %s", truthOf(m.Revoked)); err != nil {
		return err
	}
	return d.remains(m)
}

// would shows what would become of each recipient's access.
func (d desk) would(m api.Message) error {
	if err := d.say("Nothing is changed. Afterwards it would be so:"); err != nil {
		return err
	}
	t := newTable(d.out, "RECIPIENT", "FIRST READ", "ACCESS")
	for _, r := range m.Recipients {
		t.row(r.Address, d.orNever(r.FirstRead), r.State)
	}
	return t.end()
}

// remains says in a sentence who can still read a message that was revoked, where
// that is somebody.
func (d desk) remains(m api.Message) error {
	gone := 0
	var inline []string
	for _, r := range m.Recipients {
		switch r.State {
		case "revoked":
			gone++
		case "inline":
			inline = append(inline, r.Address)
		}
	}
	if gone == 0 || gone == len(m.Recipients) {
		return nil
	}
	said := fmt.Sprintf("%d of %s can no longer read it", gone, count(len(m.Recipients), "recipient"))
	if len(inline) > 0 {
		said += "; " + strings.Join(inline, ", ") + " received it inline, which nobody can take back"
	}
	return d.say("%s.", plain(said))
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
