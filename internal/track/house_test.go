package track_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/track"
)

var (
	ada   = staff("ada@contoso.example", letterlock.Sender)
	eve   = staff("eve@contoso.example", letterlock.Sender)
	audit = staff("audit@contoso.example", letterlock.Auditor)
	marta = letterlock.Actor{Kind: letterlock.Reader, Address: "marta@quillfeather.example"}
)

func staff(a letterlock.Address, roles ...letterlock.Role) letterlock.Actor {
	return letterlock.Actor{Kind: letterlock.Staff, Address: a, Roles: roles}
}

// A house is the read side on a real database with a clock that stands still.
type house struct {
	t     *testing.T
	now   time.Time
	db    *store.DB
	track *track.Service
	count int
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}
	var err error
	if h.db, err = store.Open(t.Context(), t.TempDir(), func() time.Time { return h.now }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	h.track = &track.Service{DB: h.db}
	return h
}

// A spec says what a message is to be; the zero spec is a plain one of Ada's
// without recipients.
type spec struct {
	sender     letterlock.Address
	subject    string
	messageID  string
	expires    time.Time
	incoming   bool
	destroyed  bool
	recipients []recipient
}

// A recipient says what has become of one recipient; inline ones are never revoked.
type recipient struct {
	address                        letterlock.Address
	name                           string
	inline, read, revoked, bounced bool
}

func (h *house) add(s spec) letterlock.ID {
	h.t.Helper()
	h.count++
	if s.sender == "" {
		s.sender = ada.Address
	}
	if s.messageID == "" {
		s.messageID = fmt.Sprintf("<%d@contoso.example>", h.count)
	}
	m := letterlock.Message{ID: letterlock.NewID(), MessageID: s.messageID, Sender: letterlock.Mailbox{Address: s.sender}, Subject: s.subject, Expires: s.expires}
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		if err := tx.BeginMessage(m.ID); err != nil || s.incoming {
			return err
		}
		err := tx.AcceptMessage(m, nil, store.Sealed{})
		for i, r := range s.recipients {
			err = errors.Join(err, h.addRecipient(tx, m, i, r))
		}
		if s.destroyed {
			err = errors.Join(err, tx.Destroy(m.ID))
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return m.ID
}

func (h *house) addRecipient(tx *store.Tx, m letterlock.Message, position int, s recipient) error {
	r := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Name: s.name, Address: s.address},
		Field: letterlock.To, Experience: letterlock.Link}
	if s.address == "" {
		r.Mailbox.Address = letterlock.Address(fmt.Sprintf("r%d@quillfeather.example", position))
	}
	token := []byte(r.ID)
	if s.inline {
		r.Experience, token = letterlock.Inline, nil
	}
	err := errors.Join(tx.AddRecipient(r, position, token), tx.AddEvent(r, letterlock.Event{Kind: letterlock.Accepted}))
	if s.read {
		err = errors.Join(err, tx.AddEvent(r, letterlock.Event{Kind: letterlock.Read}))
	}
	if s.bounced {
		err = errors.Join(err, tx.AddEvent(r, letterlock.Event{Kind: letterlock.Bounced, Detail: "550"}))
	}
	if s.revoked {
		err = errors.Join(err, tx.Revoke(r.ID, letterlock.Revocation{At: tx.Now, Standing: letterlock.BySender}))
	}
	return err
}

// sent returns a page of by's Sent folder.
func (h *house) sent(by letterlock.Actor, q track.Query) track.Page {
	h.t.Helper()
	p, err := h.track.Sent(h.t.Context(), by, q)
	if err != nil {
		h.t.Fatalf("Sent(%+v): %v", q, err)
	}
	return p
}

// all follows the pages of a query to the end.
func (h *house) all(by letterlock.Actor, q track.Query) (ids []letterlock.ID) {
	h.t.Helper()
	for {
		p := h.sent(by, q)
		for _, m := range p.Messages {
			ids = append(ids, m.Message.ID)
		}
		if p.More == "" {
			return ids
		}
		if len(p.Messages) != q.Limit {
			h.t.Errorf("a page of %d with more to come, want %d", len(p.Messages), q.Limit)
		}
		if len(ids) > h.count {
			h.t.Fatalf("the pages of %+v do not end", q)
		}
		q.Before = p.More
	}
}

// random adds n messages in all states, several in one second, of two senders.
func (h *house) random(r *rand.Rand, n int) {
	for range n {
		if r.IntN(3) == 0 {
			h.now = h.now.Add(time.Duration(r.IntN(7200)) * time.Second)
		}
		s := spec{sender: []letterlock.Address{ada.Address, ada.Address, ada.Address, eve.Address}[r.IntN(4)], subject: fmt.Sprintf("subject %d", r.IntN(5))}
		if r.IntN(2) == 0 {
			s.expires = h.now.Add(time.Duration(r.IntN(100)-20) * time.Hour)
		}
		for range r.IntN(4) {
			x := recipient{inline: r.IntN(4) == 0, bounced: r.IntN(6) == 0, name: []string{"", "Marta", "Jonas"}[r.IntN(3)]}
			if !x.inline {
				x.read, x.revoked = r.IntN(2) == 0, r.IntN(3) == 0
			}
			s.recipients = append(s.recipients, x)
		}
		s.incoming, s.destroyed = r.IntN(10) == 0, r.IntN(8) == 0
		h.add(s)
	}
}
