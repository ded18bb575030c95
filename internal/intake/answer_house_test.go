package intake_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

const (
	nina = letterlock.Address("nina@riverside.example")
	omar = letterlock.Address("omar@oakfield.example")
)

// grace may revoke and destroy everything.
var grace = letterlock.Actor{Kind: letterlock.Staff, Address: "grace@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}

func reader(a letterlock.Address) letterlock.Actor {
	return letterlock.Actor{Kind: letterlock.Reader, Address: a, Agent: "Firefox"}
}

// A portal is a house in which recipients read and answer.
type portal struct {
	*house
	access *access.Service
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	h := newHouse(t, eml.Limits{})
	p := &portal{house: h, access: &access.Service{DB: h.db, Vault: h.vault, Pepper: h.pepper, Wake: func() {},
		Now: func() time.Time { return h.now }, Rules: policy.Settings{SenderScope: policy.EveryLink}}}
	h.intake.Answerable = p.access.Answerable
	h.intake.Portal = letterlock.Mailbox{Name: "Contoso", Address: "portal@contoso.example"}
	return p
}

const words = "the salary is 84000"

// send has Ada send a message to Marta, with a copy for Jonas and a hidden one for Nina.
func (p *portal) send(e intake.Envelope, header ...string) letterlock.ID {
	p.t.Helper()
	if e.Recipients == nil {
		e.Recipients = []letterlock.Address{marta, jonas, nina}
	}
	e.Via = letterlock.BySubmission
	mail := lines(append([]string{"From: Ada <ada@contoso.example>", "To: Marta Lind <marta@quillfeather.example>", "Cc: jonas@riverside.example",
		"Bcc: nina@riverside.example", "Subject: Offer", "Message-ID: <" + string(letterlock.NewID()) + "@contoso.example>"},
		append(header, "", words)...)...)
	return p.mustAccept(ada, e, mail).ID
}

func (p *portal) reply(by letterlock.Address, id letterlock.ID, w intake.Writing, everybody bool) (intake.Receipt, error) {
	return p.intake.Reply(p.t.Context(), reader(by), id, w, everybody)
}

// forward sends a copy on as a page would: the original is opened as its reader.
func (p *portal) forward(by letterlock.Address, id letterlock.ID, w intake.Writing, to ...letterlock.Address) (intake.Receipt, error) {
	l, err := p.access.Open(p.t.Context(), reader(by), id)
	if err != nil {
		return intake.Receipt{}, err
	}
	defer l.Close()
	var list []letterlock.Mailbox
	for _, a := range to {
		list = append(list, letterlock.Mailbox{Address: a})
	}
	return p.intake.Forward(p.t.Context(), reader(by), id, w, list, l.Copy())
}

func (p *portal) mustForward(by letterlock.Address, id letterlock.ID, to ...letterlock.Address) letterlock.ID {
	p.t.Helper()
	r, err := p.forward(by, id, intake.Writing{Text: "for you"}, to...)
	if err != nil {
		p.t.Fatalf("Forward: %v", err)
	}
	return r.ID
}

// reads reports whether a reader can open a message, and read its text.
func (p *portal) reads(a letterlock.Address, id letterlock.ID) bool {
	p.t.Helper()
	l, err := p.access.Open(p.t.Context(), reader(a), id)
	if err != nil {
		if !errors.Is(err, letterlock.Gone) && !errors.Is(err, letterlock.NotFound) && !errors.Is(err, letterlock.Denied) {
			p.t.Errorf("Open: %v", err)
		}
		return false
	}
	defer l.Close()
	_, err = io.ReadAll(io.NewSectionReader(l.Raw, 0, l.Index.Size))
	return err == nil
}

// own is the whole mail of a message in its sender's copy.
func (p *portal) own(id letterlock.ID) string {
	p.t.Helper()
	raw, err := p.raw(id, store.SenderCopy)
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}

func (p *portal) kinds(id letterlock.ID, a letterlock.Address) (kinds []letterlock.EventKind) {
	p.t.Helper()
	p.read(func(tx *store.Tx) error {
		r, err := tx.RecipientByAddress(id, a)
		if err != nil {
			return err
		}
		all, err := tx.Events(id)
		for _, e := range all[r.ID] {
			kinds = append(kinds, e.Kind)
		}
		return err
	})
	return kinds
}

// audited counts the entries of an action about a message.
func (p *portal) audited(action string, id letterlock.ID, allowed bool) (n int) {
	p.t.Helper()
	p.read(func(tx *store.Tx) error {
		list, err := tx.Entries(id)
		for _, e := range list {
			if e.Action == action && e.Allowed == allowed {
				n++
			}
		}
		return err
	})
	return n
}

// files are attachments of a writing; before each is read, act is called.
func files(act func(), names ...string) func(yield func(eml.File, error) bool) {
	return func(yield func(eml.File, error) bool) {
		for _, name := range names {
			act()
			if !yield(eml.File{Name: name, Type: "application/pdf", Body: strings.NewReader(strings.Repeat("%PDF ", 50_000))}, nil) {
				return
			}
		}
	}
}
