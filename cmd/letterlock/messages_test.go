package main

import (
	"bytes"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

var (
	ada   = letterlock.Mailbox{Name: "Ada Lindqvist", Address: "ada@contoso.example"}
	grace = letterlock.Mailbox{Name: "Grace Okoye", Address: "grace@contoso.example"}
)

// People outside who get a link without a question to DNS, and one inside.
const (
	yuki   = "yuki.tanaka@yahoo.com"
	inside = "lena.voss@contoso.example"
)

// staffed gives the console a sender and an administrator.
func (c *console) staffed() {
	c.t.Helper()
	c.must(adasPassword+"\n", "add", string(ada.Address), "--name", ada.Name, "--role", "sender", "--password-file", "-")
	c.must(adasPassword+"\n", "add", string(grace.Address), "--name", grace.Name, "--role", "admin", "--password-file", "-")
}

// sends has Ada send a message, and returns its Message-ID.
func (c *console) sends(name, subject string, valid time.Duration, to ...string) string {
	c.t.Helper()
	by, err := c.app.Accounts.Actor(c.t.Context(), ada.Address)
	if err != nil {
		c.t.Fatal(err)
	}
	now := time.Now().Add(time.Duration(c.ahead.Load()))
	e := intake.Envelope{Via: letterlock.ByCompose, Protection: letterlock.EncryptOnly}
	if valid > 0 {
		e.Expires = now.Add(valid)
	}
	d := eml.Draft{From: ada, Subject: subject, Date: now, MessageID: "<" + name + "@contoso.example>", Text: "Secret text."}
	for _, a := range to {
		e.Recipients = append(e.Recipients, letterlock.Address(a))
		d.To = append(d.To, letterlock.Mailbox{Address: letterlock.Address(a)})
	}
	var mail bytes.Buffer
	if err := eml.Compose(&mail, d); err != nil {
		c.t.Fatal(err)
	}
	r, err := c.app.Intake.Accept(c.t.Context(), by, e, &mail)
	if err != nil {
		c.t.Fatal(err)
	}
	return r.MessageID
}

// A situation is a message in one state, and what everybody has to say of it.
type situation struct {
	name               string
	to                 []string
	valid              time.Duration
	then               func(c *console, id string)
	revocable, revoked bool
	states             []string // of the recipients, in their order
}

// Expired messages lived an hour; the clock is two ahead when anybody asks.
var situations = []situation{
	{name: "single", to: []string{nora}, revocable: true, states: []string{"live"}},
	{name: "several", to: []string{nora, yuki}, revocable: true, states: []string{"live", "live"}},
	{name: "mixed", to: []string{nora, inside}, revocable: true, states: []string{"live", "inline"}},
	{name: "inline-only", to: []string{inside}, states: []string{"inline"}},
	{name: "revoked", to: []string{nora, yuki}, revoked: true, states: []string{"revoked", "revoked"},
		then: func(c *console, id string) { c.does("revoke", id) }},
	{name: "revoked-in-part", to: []string{nora, yuki}, revocable: true, states: []string{"revoked", "live"},
		then: func(c *console, id string) { c.does("revoke", id, "--recipient", nora) }},
	{name: "mixed-revoked", to: []string{nora, inside}, revoked: true, states: []string{"revoked", "inline"},
		then: func(c *console, id string) { c.does("revoke", id) }},
	{name: "restored", to: []string{nora}, revocable: true, states: []string{"live"},
		then: func(c *console, id string) { c.does("revoke", id); c.does("restore", id) }},
	{name: "expired", to: []string{nora}, valid: time.Hour, revocable: true, states: []string{"expired"}},
	{name: "expired-and-revoked", to: []string{nora}, valid: time.Hour, revoked: true, states: []string{"revoked"},
		then: func(c *console, id string) { c.does("revoke", id) }},
	{name: "prolonged", to: []string{nora}, valid: time.Hour, revocable: true, states: []string{"live"},
		then: func(c *console, id string) { c.does("expire", id, "--in", "7d") }},
	{name: "unlimited", to: []string{nora, inside}, valid: time.Hour, revocable: true, states: []string{"live", "inline"},
		then: func(c *console, id string) { c.does("expire", id, "--never") }},
	{name: "destroyed", to: []string{nora, yuki}, states: []string{"destroyed", "destroyed"},
		then: func(c *console, id string) { c.does("destroy", id, "--confirm", id) }},
}

// does runs a command that has to succeed.
func (c *console) does(args ...string) string {
	c.t.Helper()
	out, errs, code := c.run("", args...)
	if code != 0 {
		c.t.Fatalf("%q ended with %d: %s", args, code, errs)
	}
	return out
}

// settle makes every situation, and returns the Message-IDs by their names.
func (c *console) settle() map[string]string {
	c.t.Helper()
	ids := map[string]string{}
	for _, s := range situations {
		ids[s.name] = c.sends(s.name, "About "+s.name, s.valid, s.to...)
	}
	c.ahead.Store(int64(2 * time.Hour))
	for _, s := range situations {
		if s.then != nil {
			s.then(c, ids[s.name])
		}
	}
	return ids
}
