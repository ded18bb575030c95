package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// A filled is what a flag says that narrows what a command finds, or does. Who gives the
// flag says something: with a variable that a script has not set it would find more.
type filled string

// UnmarshalText implements encoding.TextUnmarshaler, for the parser.
func (f *filled) UnmarshalText(typed []byte) error {
	if strings.TrimSpace(string(typed)) == "" {
		return errors.New("nothing is given; leave the flag out, or give it a value")
	}
	*f = filled(typed)
	return nil
}

// search is what messages can be looked for by; commands embed it.
type search struct {
	Sender    filled `name:"sender" placeholder:"ADDRESS" help:"An address, @ and a domain, or a part of an address."`
	Recipient filled `name:"recipient" placeholder:"ADDRESS" help:"Likewise, of a recipient."`
	Subject   filled `name:"subject" placeholder:"WORDS" help:"Words in any order; one that ends in * stands for all that begin so."`
	MessageID filled `name:"message-id" placeholder:"ID" help:"A Message-ID, with or without its angle brackets, or a part of one."`
	From      filled `name:"from" placeholder:"DATE" help:"Sent then or later: 2026-11-20, '2026-11-20 14:00', or 7d for seven days ago."`
	Until     filled `name:"until" placeholder:"DATE" help:"Sent until then; a day counts whole."`
	State     filled `name:"state" offer:"unread,read,revoked,expires-soon,expired,inline,bounced,delayed,destroyed" placeholder:"STATE" help:"Of a recipient, the one of --recipient and --identity: unread, read, revoked, expires-soon, expired, inline, bounced, delayed or destroyed."`
	Identity  filled `name:"identity" offer:"organization,microsoft-365,microsoft-account,google,yahoo,other" placeholder:"TYPE" help:"Of a recipient, the same one: organization, microsoft-365, microsoft-account, google, yahoo or other."`
}

// search returns what is looked for. What cannot be, the server refuses.
func (s search) search(in dates) (letterlock.Search, error) {
	q := letterlock.Search{Sender: string(s.Sender), Recipient: string(s.Recipient), Subject: string(s.Subject), MessageID: string(s.MessageID),
		State: letterlock.Condition(s.State), Identity: letterlock.IdentityType(s.Identity)}
	var err error
	if q.From, err = in.from("--from", string(s.From)); err != nil {
		return q, err
	}
	q.Until, err = in.until("--until", string(s.Until))
	return q, err
}

type traceCommand struct {
	place
	search
	Limit   int    `name:"limit" short:"n" default:"50" placeholder:"COUNT" help:"So many messages, the newest; 0 means all. Default: ${default}."`
	Next    string `name:"next" placeholder:"CURSOR" help:"Go on where an answer in JSON has ended: its \"next\"."`
	Details string `name:"details" placeholder:"ID" help:"Show everything that is known about the message with this Message-ID, and nothing else."`
	CSV     bool   `name:"csv" xor:"form" help:"Everything that is found as CSV, a row for each recipient, in a form that a spreadsheet does not take for formulas."`
	JSON    bool   `name:"json" xor:"form" help:"Print JSON."`
}

// Run looks for messages, or shows one.
func (c *traceCommand) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		if c.Details != "" {
			return c.details(ctx, d)
		}
		q, err := c.search.search(d.dates())
		if err != nil {
			return err
		}
		if c.CSV {
			return d.copy(forSheets)(d.TraceExport(ctx, q, "csv"))
		}
		p, err := d.find(ctx, q, c.Next, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, p)
		}
		return d.found(p)
	})
}

// find collects pages until there are as many messages as are wanted; 0: all.
func (d desk) find(ctx context.Context, q letterlock.Search, next string, want int) (api.MessagePage, error) {
	all := api.MessagePage{Messages: []api.Message{}, Next: next}
	for {
		limit := maxPage
		if want > 0 {
			limit = min(limit, want-len(all.Messages))
		}
		p, err := d.Search(ctx, q, all.Next, limit)
		if err != nil {
			return all, err
		}
		p.Messages = append(all.Messages, p.Messages...)
		all = p
		if p.Next == "" || want > 0 && len(p.Messages) >= want {
			return all, nil
		}
	}
}

// maxPage is the most that the server puts on a page.
const maxPage = 200

// found shows what was found.
func (d desk) found(p api.MessagePage) error {
	t := newTable(d.out, "DATE", "SENDER", "RECIPIENTS", "SUBJECT", "STATE", "MESSAGE-ID")
	for _, m := range p.Messages {
		t.row(d.when(m.Date), m.Sender, recipients(m), m.Subject, m.State, m.MessageID)
	}
	if len(p.Messages) > 0 {
		if err := t.end(); err != nil {
			return err
		}
	}
	total := count(p.Total, "message")
	if p.TotalCapped {
		total = "more than " + total
	}
	switch {
	case p.Next != "":
		return d.say("%d of %s; --limit 0 shows all.", len(p.Messages), total)
	case len(p.Messages) == 0:
		return d.say("There is no such message.")
	}
	return d.say("%s.", count(len(p.Messages), "message"))
}

// recipients are the first of a message, and how many more there are.
func recipients(m api.Message) string {
	switch n := len(m.Recipients); n {
	case 0:
		return ""
	case 1:
		return m.Recipients[0].Address
	default:
		return fmt.Sprintf("%s and %d more", m.Recipients[0].Address, n-1)
	}
}

// details shows one message with its whole history.
func (c *traceCommand) details(ctx context.Context, d desk) error {
	if c.search != (search{}) {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "usage", Err: fmt.Errorf("--details names one message, and nothing is looked for beside it")}
	}
	t, err := d.Trace(ctx, c.Details)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(d.out, t)
	}
	return d.chain(t)
}

// chain shows a message, and for each recipient what has happened, oldest first.
func (d desk) chain(t api.Trace) error {
	m := t.Message
	f := newTable(d.out)
	for _, fact := range [][2]string{
		{"Message-ID", m.MessageID}, {"Came with", m.Reference}, {"Sent", d.when(m.Date)}, {"Sender", named(m.SenderName, m.Sender)},
		{"Subject", m.Subject}, {"State", m.State}, {"IsRevocable", truthOf(m.IsRevocable)}, {"Revoked", truthOf(m.Revoked)},
		{"Protection", m.Protection}, {"Asks for", m.Asks}, {"Encryption method", m.EncryptionMethod}, {"Decided by", m.DecidedBy},
		{"Encryption template", m.EncryptionTemplate}, {"Came by", m.Via}, {"Size", fmt.Sprintf("%d bytes, %s", m.Size, count(m.Attachments, "attachment"))},
		{"Expires", d.orNever(m.Expires)}, {"Sender's key", d.key(t.Key)},
	} {
		if fact[1] != "" {
			f.row(fact[0], fact[1])
		}
	}
	if err := f.end(); err != nil {
		return err
	}
	for _, h := range t.History {
		if err := d.history(h); err != nil {
			return err
		}
	}
	return nil
}

// history shows what happened to one recipient's copy. Visits of somebody who has
// proved nothing stand apart: they are no reading.
func (d desk) history(h api.History) error {
	r := h.Recipient
	state := r.State
	if r.Delayed {
		state += ", delayed"
	}
	if err := d.say("\n%s (%s, %s, %s): %s", plain(named(r.Name, r.Address)), r.Field, r.IdentityType, r.Experience, state); err != nil {
		return err
	}
	t := newTable(d.out)
	if says := d.key(h.Key); says != "" {
		t.row(" ", "Key", says)
	}
	for _, e := range h.Events {
		called := ""
		if e.Called != "" {
			called = "named themselves “" + e.Called + "”" // which has none itself
		}
		t.row(" ", d.when(e.At), e.Kind, listed(e.Detail, e.By, inBatch(e.Batch), e.Reason, e.Part, e.Proof, called, e.Agent, e.IP))
	}
	for _, v := range h.Visits {
		t.row(" ", d.when(v.First), "visit before proof", listed(count(v.Count, "time")+" until "+d.when(v.Last), "taken for a "+v.Guess, v.Why, v.Agent, v.IP))
	}
	return t.end()
}

// inBatch says that something was done with many messages.
func inBatch(id string) string {
	if id == "" {
		return ""
	}
	return "in batch " + id
}

// key says what has become of a key; "" if nothing is known of one.
func (d desk) key(k api.Key) string {
	switch k.State {
	case "live":
		return fmt.Sprintf("in epoch %d", k.Epoch)
	case "deleted":
		return fmt.Sprintf("deleted; what is left of it on the disk is destroyed with epoch %d, at the next rotation", k.Epoch)
	case "destroyed":
		return fmt.Sprintf("destroyed in epoch %d, unrecoverable from the disk since %s", k.Epoch, d.when(k.Since))
	}
	return ""
}

// listed puts commas between the words that there are.
func listed(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", ")
}

func named(name, address string) string {
	if name == "" {
		return address
	}
	return name + " <" + address + ">"
}

func (d desk) orNever(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return d.when(t)
}
