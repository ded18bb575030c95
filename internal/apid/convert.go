package apid

import (
	"strconv"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/track"
)

// message says what is known of a message, and of these recipients.
func message(m letterlock.Message, all []letterlock.Recipient, now time.Time) api.Message {
	a := api.Message{
		ID: string(m.ID), MessageID: m.MessageID, Reference: m.Reference, Date: m.Accepted.UTC(),
		Sender: string(m.Sender.Address), SenderName: m.Sender.Name, Subject: m.Subject,
		Protection: string(m.Protection), Asks: string(m.Asks), EncryptionMethod: string(m.Method), DecidedBy: m.DecidedBy,
		EncryptionTemplate: m.Brand, Via: string(m.Via), Size: m.Size, Attachments: m.Attachments, Expires: m.Expires,
		State: string(policy.StateOf(m, all, now)), IsRevocable: policy.IsRevocable(m, all), Revoked: policy.Revoked(m, all),
		Author: string(m.Author.Address), Act: string(m.Act), Original: string(m.Original), Recipients: []api.Recipient{},
	}
	for _, r := range all {
		a.Recipients = append(a.Recipients, recipient(m, r, now))
	}
	return a
}

func recipient(m letterlock.Message, r letterlock.Recipient, now time.Time) api.Recipient {
	return api.Recipient{
		Address: string(r.Mailbox.Address), Name: r.Mailbox.Name, Field: string(r.Field), IdentityType: string(r.Identity),
		Experience: string(r.Experience), Why: r.Why, State: stateOf(m, r, now),
		RevokedAt: r.Revocation.At, RevokedBy: person(r.Revocation.By), RevokedAs: string(r.Revocation.Standing), RevokeReason: r.Revocation.Reason,
		FirstRead: r.FirstRead, LastRead: r.LastRead, Notified: r.Notified, Bounced: r.Bounced,
		Delayed: r.Delayed(m, now), Reply: r.Reply,
	}
}

// stateOf is a recipient's state in a word. What was delivered inline has none of
// ours, but that it was.
func stateOf(m letterlock.Message, r letterlock.Recipient, now time.Time) string {
	if r.Experience == letterlock.Inline && !m.Destroyed {
		return string(letterlock.Inline)
	}
	return string(r.State(m, now))
}

// person is the address of somebody, or what an operator is called.
func person(m letterlock.Mailbox) string {
	if m.Address == "" {
		return m.Name
	}
	return string(m.Address)
}

func trace(d track.Detail, now time.Time) api.Trace {
	t := api.Trace{Message: message(d.Message, d.Recipients, now), Key: key(d.Keys[""]), History: []api.History{}}
	for _, r := range d.Recipients {
		h := api.History{Recipient: recipient(d.Message, r, now), Key: key(d.Keys[r.ID]), Events: []api.Event{}, Visits: []api.Visit{}}
		for _, e := range d.Events[r.ID] {
			h.Events = append(h.Events, event(e, d.By(r, e)))
		}
		for _, v := range d.Visits[r.ID] {
			h.Visits = append(h.Visits, api.Visit{Guess: string(v.Guess), Why: v.Why, Agent: v.Agent, IP: v.IP, First: v.First, Last: v.Last, Count: v.Count})
		}
		t.History = append(t.History, h)
	}
	return t
}

func key(k track.Key) api.Key {
	a := api.Key{State: "deleted", Epoch: k.Epoch, Since: k.Gone}
	switch {
	case k.Live:
		a.State = "live"
	case k.Epoch == 0:
		a.State = "none"
	case !k.Gone.IsZero():
		a.State = "destroyed"
	}
	return a
}

func event(e letterlock.Event, by letterlock.Revocation) api.Event {
	a := api.Event{Kind: string(e.Kind), At: e.At, Detail: e.Detail, By: person(by.By), Reason: by.Reason, Batch: string(by.Batch), Proof: string(e.Proof), Called: e.Called, Agent: e.Agent, IP: e.IP}
	if e.Kind == letterlock.Downloaded {
		a.Part = "message"
		if e.Part >= 0 {
			a.Part = strconv.Itoa(e.Part)
		}
	}
	return a
}

func batch(b letterlock.Batch) api.Batch {
	return api.Batch{
		ID: string(b.ID), State: string(b.State), Search: b.Search, Everybody: b.Everybody, Reason: b.Reason,
		Found: b.Found, Left: leftOut(b.Left),
		Messages: b.Messages, Recipients: b.Recipients, Read: b.Read, Finished: b.Finished,
		Created: b.Created, By: person(b.By), Approved: person(b.Approved), Started: b.Started, Ended: b.Ended,
		UndoneBy: person(b.UndoneBy), Undone: b.Undone,
		Results: tally(b.Results), Undos: tally(b.Undos),
	}
}

func leftOut(l letterlock.LeftOut) *api.LeftOut {
	if l.All() == 0 {
		return nil
	}
	a := api.LeftOut(l)
	return &a
}

// tally is what was counted; nil: nothing was.
func tally(t letterlock.Tally) *api.BatchTally {
	if t.All() == 0 {
		return nil
	}
	a := api.BatchTally(t)
	return &a
}

// addresses parses those that somebody typed, or returns Invalid "recipient".
func addresses(typed []string) ([]letterlock.Address, error) {
	var list []letterlock.Address
	for _, t := range typed {
		a, err := letterlock.ParseAddress(t)
		if err != nil {
			return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "recipient", Err: letterlock.Place(strconv.Quote(letterlock.Typed(t)) + " is no address")}
		}
		list = append(list, a)
	}
	return list, nil
}

// A Page says which part of a list is wanted.
type Page struct {
	Cursor string `query:"cursor" maxLength:"200" doc:"next of the page before; absent: from the newest."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many entries."`
}

// place is the cursor of lists whose places are numbers, or Invalid "cursor".
func (p Page) place() (int64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(p.Cursor, 10, 64)
	if err != nil || n <= 0 {
		return 0, &letterlock.Error{Code: letterlock.Invalid, Key: "cursor", Err: err}
	}
	return n, nil
}
