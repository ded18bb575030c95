package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

// A seed is one message of the demo and what happened to it.
type seed struct {
	ago        string // when it was sent: days before today and the time, "3 10:42"
	from       letterlock.Mailbox
	to         []letterlock.Mailbox
	cc         []letterlock.Mailbox
	subject    string
	text, html string
	files      []file
	protection letterlock.Protection // empty: encrypt only
	via        letterlock.Via        // empty: Compose
	expires    time.Duration         // after sending; 0: never
	portal     bool
	then       []act
}

// A file is an attachment of a seed.
type file struct {
	name, kind string
	body       []byte
}

// An act is something that happens to a message some time after it was sent.
type act struct {
	after time.Duration
	what  string // read, download, revoke, admin-revoke, restore
	who   letterlock.Address
	part  int    // download: which attachment, from 0
	why   string // revoke: the reason
}

// A moment is one thing that happens while the seeds are laid.
type moment struct {
	at time.Time
	do func(context.Context) error
}

// unreachable is the mailbox that the outside world does not have.
const unreachable letterlock.Address = "office@rehm-notare.example"

// seed sends, reads and revokes the demo's messages in the order in which they
// happened, with the clock at each moment in turn.
func (d *demo) seed(ctx context.Context, today time.Time) error {
	d.box.Refuse(unreachable, &letterlock.Error{Code: letterlock.Denied,
		Err: errors.New("550 5.1.1 mailbox does not exist")})
	var history []moment
	for _, s := range seeds() {
		history = append(history, d.moments(s, today)...)
	}
	slices.SortStableFunc(history, func(a, b moment) int { return a.at.Compare(b.at) })
	for _, m := range history {
		if m.at.After(today) {
			continue // has not happened yet
		}
		d.clock.put(m.at)
		if err := errors.Join(d.app.Sweep(ctx), m.do(ctx), d.app.Outbox.Flush(ctx)); err != nil {
			return err
		}
	}
	d.clock.release()
	return errors.Join(d.app.Sweep(ctx), d.app.Outbox.Flush(ctx))
}

// moments are all that happened with one message.
func (d *demo) moments(s seed, today time.Time) []moment {
	var id letterlock.ID
	sent := sentAt(s.ago, today)
	list := []moment{{sent, func(ctx context.Context) (err error) {
		id, err = d.send(ctx, s, sent)
		return err
	}}}
	for _, a := range s.then {
		list = append(list, moment{sent.Add(a.after), func(ctx context.Context) error {
			if err := d.happen(ctx, a, id); err != nil {
				return fmt.Errorf("%s of %q: %w", a.what, s.subject, err)
			}
			return nil
		}})
	}
	return list
}

func sentAt(ago string, today time.Time) time.Time {
	var days, hour, minute int
	if _, err := fmt.Sscanf(ago, "%d %d:%d", &days, &hour, &minute); err != nil {
		panic("demo: internal error: " + err.Error()) // a typing mistake in the table
	}
	y, m, day := today.Date()
	return time.Date(y, m, day-days, hour, minute, 0, 0, today.Location())
}

func (d *demo) send(ctx context.Context, s seed, at time.Time) (letterlock.ID, error) {
	by, err := d.app.Accounts.Actor(ctx, s.from.Address)
	if err != nil {
		return "", err
	}
	e := envelope(s)
	if s.expires > 0 {
		e.Expires = at.Add(s.expires)
	}
	for _, m := range append(slices.Clone(s.to), s.cc...) {
		e.Recipients = append(e.Recipients, m.Address)
	}
	var mail bytes.Buffer
	err = eml.Compose(&mail, eml.Draft{From: s.from, To: s.to, Cc: s.cc, Subject: s.subject, Date: at,
		MessageID: eml.NewMessageID("contoso.example"), Text: s.text, HTML: s.html, Files: attached(s.files)})
	if err != nil {
		return "", err
	}
	r, err := d.app.Intake.Accept(ctx, by, e, &mail)
	return r.ID, err
}

// envelope says what the sender's program does: Compose always names a protection,
// a mail program leaves it to us.
func envelope(s seed) intake.Envelope {
	e := intake.Envelope{Via: letterlock.ByCompose, Protection: s.protection, Portal: s.portal}
	switch {
	case s.via != "":
		e.Via = s.via
	case e.Protection == "":
		e.Protection = letterlock.EncryptOnly
	}
	return e
}

func attached(files []file) iter.Seq2[eml.File, error] {
	if len(files) == 0 {
		return nil
	}
	return func(yield func(eml.File, error) bool) {
		for _, f := range files {
			if !yield(eml.File{Name: f.name, Type: f.kind, Body: bytes.NewReader(f.body)}, nil) {
				return
			}
		}
	}
}

func (d *demo) happen(ctx context.Context, a act, id letterlock.ID) error {
	switch a.what {
	case "read", "download":
		return d.read(ctx, a, id)
	case "revoke", "restore":
		by, err := d.app.Accounts.Actor(ctx, ada.Address)
		if err != nil {
			return err
		}
		if a.what == "restore" {
			return d.app.Access.Restore(ctx, by, id)
		}
		return d.app.Access.Revoke(ctx, by, id, a.why)
	case "admin-revoke":
		by, err := d.app.Accounts.Actor(ctx, grace.Address)
		if err != nil {
			return err
		}
		return d.app.Access.Revoke(ctx, by, id, a.why)
	}
	return fmt.Errorf("nobody can %q", a.what)
}

// read does what a recipient does: follow the link, ask for a passcode, find it
// in the mailbox, type it, read.
func (d *demo) read(ctx context.Context, a act, id letterlock.ID) error {
	link, err := d.newest(a.who, func(m inbox.Mail) bool { return d.leadsTo(ctx, m, id) })
	if err != nil {
		return err
	}
	gate, err := d.app.Access.Gate(ctx, tokenOf(link))
	if err != nil {
		return err
	}
	browser, ip := "browser of "+string(a.who), "198.51.100.24"
	if _, err := d.app.Passcodes.Ask(ctx, gate.Recipient.ID, browser, ip); err != nil {
		return err
	}
	if err := d.app.Outbox.Flush(ctx); err != nil {
		return err
	}
	mail, err := d.newest(a.who, func(m inbox.Mail) bool { return m.Passcode() != "" })
	if err != nil {
		return err
	}
	from := letterlock.Actor{IP: policy.NetworkIP.Of(ip), Agent: "Firefox"}
	address, err := d.app.Passcodes.Verify(ctx, gate.Recipient.ID, browser, mail.Passcode(), from)
	if err != nil {
		return err
	}
	by := letterlock.Actor{Kind: letterlock.Reader, Address: address, IP: from.IP, Agent: from.Agent}
	letter, err := d.app.Access.Read(ctx, by, id)
	if err != nil {
		return err
	}
	defer letter.Close()
	if a.what == "read" {
		return nil
	}
	saved, _, content, err := d.app.Access.Download(ctx, by, id, letter.Attachments()[a.part].Part)
	if err != nil {
		return err
	}
	defer saved.Close()
	_, err = io.Copy(io.Discard, content)
	return err
}

// newest finds the newest mail in a mailbox that fits.
func (d *demo) newest(a letterlock.Address, fits func(inbox.Mail) bool) (inbox.Mail, error) {
	for _, m := range d.box.Mails(a) {
		if fits(m) {
			return m, nil
		}
	}
	return inbox.Mail{}, fmt.Errorf("no such mail for %s", a)
}

func (d *demo) leadsTo(ctx context.Context, m inbox.Mail, id letterlock.ID) bool {
	if m.Link() == "" {
		return false
	}
	gate, err := d.app.Access.Gate(ctx, tokenOf(m))
	return err == nil && gate.Message.ID == id
}

// tokenOf cuts the token out of the link in a notification.
func tokenOf(m inbox.Mail) string {
	link := m.Link()
	return link[max(0, len(link)-43):]
}
