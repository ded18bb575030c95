package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// bulkCommand revokes many messages. What a batch touches is settled when it is
// planned, so that what was looked at is what happens.
type bulkCommand struct {
	Revoke  bulkRevoke  `cmd:"" help:"Plan, show the plan, and run it once you said yes."`
	Plan    bulkPlan    `cmd:"" help:"Settle which messages would be revoked, show them, and change nothing."`
	Start   bulkStart   `cmd:"" help:"Run a plan."`
	Status  bulkStatus  `cmd:"" help:"Show how far a batch is, and what it touches."`
	Approve bulkApprove `cmd:"" help:"Let a batch run that waits for a second administrator."`
	Undo    bulkUndo    `cmd:"" help:"Give back the access that a batch removed, except where somebody changed it since."`
	Discard bulkDiscard `cmd:"" help:"Make sure that a plan never runs."`
	List    bulkList    `cmd:"" help:"List the batches, the newest first."`
}

// planned is what a plan is made from; commands embed it.
type planned struct {
	search
	Message   []string `name:"message" sep:"none" placeholder:"ID" help:"This message, by its whole Message-ID; may be given several times, and goes with nothing that is looked for."`
	Everybody bool     `name:"everybody" help:"Take access from all recipients of the messages found, not only from those that match --recipient, --state and --identity."`
	Reason    string   `name:"reason" placeholder:"TEXT" help:"Why, for the audit log. Recipients never see it."`
}

func (p planned) batch(in dates) (api.NewBatch, error) {
	b := api.NewBatch{Everybody: p.Everybody, Reason: p.Reason}
	if len(p.Message) == 0 {
		q, err := p.search.search(in)
		b.Search = &q
		return b, err
	}
	if p.search != (search{}) || p.Everybody {
		return b, &letterlock.Error{Code: letterlock.Invalid, Key: "usage", Err: errors.New("--message names the messages, and nothing is looked for beside them")}
	}
	for _, id := range p.Message {
		b.Messages = append(b.Messages, api.Target{MessageID: id})
	}
	return b, nil
}

type bulkPlan struct {
	place
	planned
	JSON bool `name:"json" help:"Print JSON: the batch, without its messages."`
}

// Run plans a batch.
func (c *bulkPlan) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		b, err := d.plan(ctx, c.planned)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, b)
		}
		if err := d.touches(ctx, b, ""); err != nil {
			return err
		}
		return d.say("Nothing is changed. 'letterlock bulk start %s' revokes them, 'letterlock bulk discard %[1]s' throws the plan away.", b.ID)
	})
}

func (d desk) plan(ctx context.Context, p planned) (api.Batch, error) {
	n, err := p.batch(d.dates())
	if err != nil {
		return api.Batch{}, err
	}
	return d.PlanBatch(ctx, n)
}

// touches shows every message of a batch, or those with a result, with the recipients
// whose access it removes.
func (d desk) touches(ctx context.Context, b api.Batch, result string) error {
	t := newTable(d.out, "DATE", "SENDER", "RECIPIENTS", "KEEP IT", "READ", "SUBJECT", "RESULT", "MESSAGE-ID")
	for next := ""; ; {
		p, err := d.BatchItems(ctx, b.ID, result, next, maxPage)
		if err != nil {
			return err
		}
		for _, i := range p.Items {
			var to []string
			for _, r := range i.Message.Recipients {
				to = append(to, reader(r))
			}
			t.row(d.when(i.Message.Date), i.Message.Sender, strings.Join(to, " "), untouched(i), i.Read, i.Message.Subject, strings.TrimSpace(i.Result+" "+i.Undo), i.Message.MessageID)
		}
		if next = p.Next; next == "" {
			break
		}
	}
	if err := t.end(); err != nil {
		return err
	}
	return d.say("\n%s with %s, of whom %d had read when it was planned.%s", count(b.Messages, "message"), count(b.Recipients, "recipient"), b.Read, about(b))
}

// untouched says who of a message is not touched: who received it inline, and how many others.
func untouched(i api.BatchItem) string {
	words := append([]string{}, i.Inline...)
	if i.Others > 0 {
		words = append(words, count(i.Others, "other"))
	}
	return strings.Join(words, " ")
}

// about says whom a batch is about, and what of the messages found it leaves out.
func about(b api.Batch) (text string) {
	if b.Search.Narrows() {
		text = "\nOnly recipients that match the search lose access."
		if b.Everybody {
			text = "\nAll recipients of the messages found lose access, also those that do not match."
		}
	}
	if b.Left == nil {
		return text
	}
	var why []string
	for _, l := range []struct {
		n  int
		is string
	}{{b.Left.Inline, "inline"}, {b.Left.Revoked, "revoked"}, {b.Left.Destroyed, "destroyed"}} {
		if l.n > 0 {
			why = append(why, strconv.Itoa(l.n)+" "+l.is)
		}
	}
	all := b.Left.Inline + b.Left.Revoked + b.Left.Destroyed
	return text + "\n" + count(b.Found, "message") + " found; left out: " + strconv.Itoa(all) + " (" + strings.Join(why, ", ") + ")."
}

// reader is the address of a recipient, and that they have read: from them nothing can be
// taken but what they have not kept.
func reader(r api.Recipient) string {
	if r.FirstRead.IsZero() {
		return r.Address
	}
	return r.Address + " (read)"
}

type bulkRevoke struct {
	place
	planned
	DryRun bool `name:"dry-run" xor:"run" help:"Show what would be revoked, and change nothing. The plan is thrown away."`
	Yes    bool `name:"yes" xor:"run" help:"Do not ask."`
	JSON   bool `name:"json" help:"Print JSON: the batch at its end. Goes with --dry-run or --yes."`
}

// Run plans a batch, and runs it.
func (c *bulkRevoke) Run(ctx context.Context, o *operator) error {
	if c.JSON && !c.DryRun && !c.Yes {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "usage", Err: errors.New("--json goes with --dry-run or --yes: nothing can be asked in it")}
	}
	return o.ask(ctx, c.place, func(d desk) error {
		b, err := d.plan(ctx, c.planned)
		if err != nil {
			return err
		}
		if !c.JSON {
			if err := d.touches(ctx, b, ""); err != nil {
				return err
			}
		}
		agreed := c.Yes
		if !c.Yes && !c.DryRun {
			typed, err := o.typed(ctx, "Type the number of messages to revoke them: ")
			if err != nil {
				return err
			}
			agreed = typed == strconv.Itoa(b.Messages)
		}
		if !agreed {
			return c.leave(ctx, d, b)
		}
		if b, err = d.StartBatch(ctx, b.ID); err != nil {
			return err
		}
		return d.follow(ctx, b, c.JSON)
	})
}

// leave throws the plan away.
func (c *bulkRevoke) leave(ctx context.Context, d desk, b api.Batch) error {
	b, err := d.DiscardBatch(ctx, b.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(d.out, b)
	}
	if err := d.say("Nothing is changed."); err != nil || c.DryRun {
		return err
	}
	return &letterlock.Error{Code: letterlock.Invalid, Key: "number", Err: errors.New("that is not the number of messages")}
}

// pause is how long to wait before asking again how far a batch is.
const pause = 500 * time.Millisecond

// follow says how far a batch is until it has come to its end, or waits for
// somebody, and returns an error if it has not done all it was to do: a script goes by
// that. Where no server runs, nothing happens until one does.
func (d desk) follow(ctx context.Context, b api.Batch, asJSON bool) error {
	for said := -1; d.served && under(b); {
		if !asJSON && b.Finished != said {
			said = b.Finished
			if err := d.say("%d of %d", b.Finished, b.Messages); err != nil {
				return err
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), d.say("The server goes on with it; 'letterlock bulk status %s' says how far it is.", b.ID))
		}
		var err error
		if b, err = d.Batch(ctx, b.ID); err != nil {
			return err
		}
	}
	say := d.stands
	if asJSON {
		say = func(b api.Batch) error { return printJSON(d.out, b) }
	}
	if err := say(b); err != nil {
		return err
	}
	return unfinished(b)
}

// errWaits is for a batch that does nothing before a second administrator has approved it.
var errWaits = errors.New("nothing is revoked before a second administrator approves it")

// unfinished returns what is to be done about a batch.
func unfinished(b api.Batch) error {
	results, again := b.Results, "start"
	if b.State == "undone" {
		results, again = b.Undos, "undo"
	}
	switch {
	case b.State == "waiting":
		return errWaits
	case results != nil && results.Failed > 0:
		return fmt.Errorf("%s failed: 'letterlock bulk %s %s' tries again", count(results.Failed, "message"), again, b.ID)
	}
	return nil
}

func under(b api.Batch) bool { return b.State == "running" || b.State == "undoing" }

// stands says in a sentence how a batch stands.
func (d desk) stands(b api.Batch) error {
	switch b.State {
	case "planned":
		return d.say("Batch %s is a plan; nothing is changed.", b.ID)
	case "waiting":
		return d.say("Batch %s waits for a second administrator: 'letterlock bulk approve %[1]s'.", b.ID)
	case "running", "undoing":
		if !d.served {
			return d.say("Batch %s is started. No server runs now: it goes on once one does.", b.ID)
		}
		return d.say("Batch %s: %d of %d messages.", b.ID, b.Finished, b.Messages)
	case "done":
		return d.say("Batch %s is done: %s, %s. 'letterlock bulk undo %[1]s' gives the access back.", b.ID, count(b.Messages, "message"), resulted(b.Results))
	case "undone":
		return d.say("Batch %s is undone: %s.", b.ID, resulted(b.Undos))
	}
	return d.say("Batch %s is %s.", b.ID, plain(b.State))
}

// resulted says how many messages of a batch have which result.
func resulted(t *api.BatchTally) string {
	if t == nil {
		return "none touched"
	}
	var words []string
	for _, r := range []struct {
		n  int
		is string
	}{
		{t.Revoked, "revoked"}, {t.Already, "revoked already by somebody else"}, {t.Restored, "restored"},
		{t.Kept, "kept, for somebody has changed them since"}, {t.Destroyed, "destroyed meanwhile"}, {t.Failed, "failed"},
	} {
		if r.n > 0 {
			words = append(words, strconv.Itoa(r.n)+" "+r.is)
		}
	}
	return strings.Join(words, ", ")
}

// batchArgument is the batch that a command is about.
type batchArgument struct {
	place
	ID   string `arg:"" help:"Which one, as 'letterlock bulk list' shows it."`
	JSON bool   `name:"json" help:"Print JSON: the batch as it is afterwards."`
}

// batchChange is what changing a batch takes.
type batchChange struct {
	batchArgument
	DryRun bool `name:"dry-run" help:"Show what the batch touches, and change nothing."`
}

// act does something with a batch, and says how it stands.
func (c batchChange) act(ctx context.Context, o *operator, act func(desk) (api.Batch, error)) error {
	if c.DryRun {
		return c.show(ctx, o, "")
	}
	return o.ask(ctx, c.place, func(d desk) error {
		b, err := act(d)
		if err != nil {
			return err
		}
		return d.follow(ctx, b, c.JSON)
	})
}

type bulkStart struct{ batchChange }

// Run starts a batch.
func (c *bulkStart) Run(ctx context.Context, o *operator) error {
	return c.act(ctx, o, func(d desk) (api.Batch, error) { return d.StartBatch(ctx, c.ID) })
}

type bulkApprove struct{ batchChange }

// Run approves a batch.
func (c *bulkApprove) Run(ctx context.Context, o *operator) error {
	return c.act(ctx, o, func(d desk) (api.Batch, error) { return d.ApproveBatch(ctx, c.ID) })
}

type bulkUndo struct{ batchChange }

// Run undoes a batch.
func (c *bulkUndo) Run(ctx context.Context, o *operator) error {
	return c.act(ctx, o, func(d desk) (api.Batch, error) { return d.UndoBatch(ctx, c.ID) })
}

type bulkDiscard struct{ batchChange }

// Run discards a plan.
func (c *bulkDiscard) Run(ctx context.Context, o *operator) error {
	return c.act(ctx, o, func(d desk) (api.Batch, error) { return d.DiscardBatch(ctx, c.ID) })
}

type bulkStatus struct {
	batchArgument
	Result string `name:"result" placeholder:"RESULT" help:"Show the messages with this result alone: revoked, already-revoked, destroyed, failed, restored or kept."`
}

// Run shows a batch with its messages.
func (c *bulkStatus) Run(ctx context.Context, o *operator) error { return c.show(ctx, o, c.Result) }

// show shows a batch with its messages, or with those that have a result.
func (c batchArgument) show(ctx context.Context, o *operator, result string) error {
	return o.ask(ctx, c.place, func(d desk) error {
		b, err := d.Batch(ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, b)
		}
		if err := d.touches(ctx, b, result); err != nil {
			return err
		}
		return d.stands(b)
	})
}

type bulkList struct {
	place
	Limit int  `name:"limit" short:"n" default:"50" placeholder:"COUNT" help:"So many batches, the newest, 200 at most. Default: ${default}."`
	JSON  bool `name:"json" help:"Print JSON."`
}

// Run lists the batches.
func (c *bulkList) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		p, err := d.Batches(ctx, "", c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, p)
		}
		if len(p.Batches) == 0 {
			return d.say("There is no batch yet. Plan one with 'letterlock bulk plan'.")
		}
		t := newTable(d.out, "ID", "PLANNED", "BY", "STATE", "MESSAGES", "RECIPIENTS", "REASON")
		for _, b := range p.Batches {
			t.row(b.ID, d.when(b.Created), b.By, b.State, b.Messages, b.Recipients, b.Reason)
		}
		return t.end()
	})
}
