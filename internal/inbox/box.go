// Package inbox is the outside world's mail servers, for the demo and the tests:
// a Mailer that delivers nothing and remembers everything, so that a person or a
// test can look into any mailbox as its owner would.
//
// It keeps mails as they came, readable, with the links and passcodes in them.
// It must never stand where mail of real people passes.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"letterlock/internal/letterlock"
)

// Bounds of a Box. Beyond the first two the oldest mails are dropped.
const (
	maxMails = 10_000
	maxBytes = 256 << 20
	maxMail  = 64 << 20 // of one mail; larger ones are refused
)

// A Box holds the mailboxes of everybody. It is safe for concurrent use.
type Box struct {
	now    func() time.Time
	dir    folder
	limits limits

	mu      sync.Mutex
	all     []Mail                        // oldest first
	boxes   map[letterlock.Address][]Mail // the same by recipient; oldest first, never empty
	seq     int64                         // of the newest mail ever delivered
	bytes   int64                         // of all mails
	refused map[letterlock.Address]error
	down    error
	changed chan struct{} // closed, and replaced, at every delivery
}

// limits are fields for the tests' sake.
type limits struct {
	mails        int
	bytes, aMail int64
}

// A Mail is one delivered copy. Its Raw is shared and must not be changed.
type Mail struct {
	Seq  int64  // counts deliveries from 1, over all mailboxes
	From string // sender of the envelope; empty for a bounce
	To   letterlock.Address
	At   time.Time // of delivery
	Raw  []byte
}

// A Mailbox is an address that mail was delivered to.
type Mailbox struct {
	Address letterlock.Address
	Count   int       // of mails kept; at least 1
	Newest  time.Time // delivery of the newest mail
}

// Open returns a box that keeps its mails in the folder dir, which it makes if
// need be, and holds those that are there already. With an empty dir it keeps
// them in memory only. Two open boxes must not share a folder.
func Open(dir string, now func() time.Time) (*Box, error) {
	return open(dir, now, limits{mails: maxMails, bytes: maxBytes, aMail: maxMail})
}

func open(dir string, now func() time.Time, l limits) (*Box, error) {
	b := &Box{
		now:     now,
		dir:     folder(dir),
		limits:  l,
		boxes:   make(map[letterlock.Address][]Mail),
		refused: make(map[letterlock.Address]error),
		changed: make(chan struct{}),
	}
	mails, err := b.dir.load()
	if err != nil {
		return nil, fmt.Errorf("opening the inbox: %w", err)
	}
	for _, m := range mails {
		b.add(m)
	}
	return b, nil
}

// Send delivers mail to the mailbox of to, unless that refuses it or the relay
// is down. When it returns nil the mail is in the box; when it returns an error,
// it is not.
func (b *Box) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	if err := b.refusal(to); err != nil {
		return err
	}
	raw, err := io.ReadAll(io.LimitReader(mail, b.limits.aMail+1))
	if err != nil {
		return fmt.Errorf("reading the mail: %w", err)
	}
	if int64(len(raw)) > b.limits.aMail {
		return &letterlock.Error{Code: letterlock.TooLarge, Err: errors.New("mail is larger than the inbox takes")}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := ctx.Err(); err != nil { // under the lock: one who gave up must not find it delivered
		return err
	}
	m := Mail{Seq: b.seq + 1, From: from, To: to, At: b.now().UTC().Round(0), Raw: raw}
	if err := b.dir.save(m); err != nil {
		return fmt.Errorf("keeping the mail: %w", err)
	}
	b.add(m)
	close(b.changed)
	b.changed = make(chan struct{})
	return nil
}

func (b *Box) refusal(to letterlock.Address) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down != nil {
		return b.down
	}
	return b.refused[to]
}

// add files a mail that is saved, and drops the oldest ones that no longer fit.
func (b *Box) add(m Mail) {
	b.seq = m.Seq
	b.bytes += int64(len(m.Raw))
	b.all = append(b.all, m)
	b.boxes[m.To] = append(b.boxes[m.To], m)
	for len(b.all) > b.limits.mails || b.bytes > b.limits.bytes {
		b.drop()
	}
}

// drop removes the oldest mail, which is also the oldest of its mailbox.
func (b *Box) drop() {
	m := b.all[0]
	b.bytes -= int64(len(m.Raw))
	b.all = behead(b.all)
	if rest := behead(b.boxes[m.To]); len(rest) > 0 {
		b.boxes[m.To] = rest
	} else {
		delete(b.boxes, m.To)
	}
	// The error does not concern whoever sends the next mail, and does no harm:
	// a file that stays is loaded at the next start and dropped again.
	_ = b.dir.remove(m.Seq)
}

// behead returns mails without the first, and lets go of its bytes, which the
// array beneath would hold on to.
func behead(mails []Mail) []Mail {
	mails[0] = Mail{}
	return mails[1:]
}

// Refuse makes the mailbox of to answer every mail with err from now on; nil
// makes it take mail again.
func (b *Box) Refuse(to letterlock.Address, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		delete(b.refused, to)
		return
	}
	b.refused[to] = err
}

// Fail makes the relay itself fail with err, whoever a mail is for; nil brings
// it back.
func (b *Box) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = err
}

// Mailboxes returns all mailboxes that hold mail, the one with the newest first.
func (b *Box) Mailboxes() []Mailbox {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Mailbox
	seen := make(map[letterlock.Address]bool)
	for _, m := range slices.Backward(b.all) {
		if !seen[m.To] {
			seen[m.To] = true
			list = append(list, Mailbox{Address: m.To, Count: len(b.boxes[m.To]), Newest: m.At})
		}
	}
	return list
}

// Mails returns the mails of a mailbox, newest first. One that never had mail is
// simply empty.
func (b *Box) Mails(of letterlock.Address) []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.newestFirst(of)
}

func (b *Box) newestFirst(of letterlock.Address) []Mail {
	mails := slices.Clone(b.boxes[of])
	slices.Reverse(mails)
	return mails
}

// Mail returns one mail of a mailbox, or NotFound: also when the mail is there
// but in another mailbox.
func (b *Box) Mail(of letterlock.Address, seq int64) (Mail, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.boxes[of] {
		if m.Seq == seq {
			return m, nil
		}
	}
	return Mail{}, &letterlock.Error{Code: letterlock.NotFound}
}

// Wait returns the mails of a mailbox, newest first, as soon as there are at
// least n of them. It gives up when ctx ends.
func (b *Box) Wait(ctx context.Context, of letterlock.Address, n int) ([]Mail, error) {
	for {
		b.mu.Lock()
		mails, changed := b.newestFirst(of), b.changed
		b.mu.Unlock()
		if len(mails) >= n {
			return mails, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for mail: %s has %d of %d: %w", of, len(mails), n, ctx.Err())
		}
	}
}
