package cuts

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/app"
	"letterlock/internal/cutfs"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
)

var ada = letterlock.Mailbox{Name: "Ada Lindqvist", Address: "ada@contoso.example"}

// nobody takes no mail: what leaves is not what is tested.
type nobody struct{}

func (nobody) Send(context.Context, string, letterlock.Address, io.Reader) error {
	return errors.New("nobody is there")
}

// open opens an installation in a folder as the server does, without serving.
func (s *server) open(t *testing.T, dir string) *app.App {
	t.Helper()
	a, err := app.New(t.Context(), s.settings(dir), app.Options{Mailer: nobody{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("opening what is left: %v", err)
	}
	return a
}

// seed returns a disk with an installation that knows Ada, and her session.
func (s *server) seed(t *testing.T) (*cutfs.Disk, string) {
	t.Helper()
	dir := t.TempDir()
	a := s.open(t, dir)
	err := a.Accounts.Put(t.Context(), letterlock.Actor{Kind: letterlock.System}, ada, password, letterlock.Sender)
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := a.Sessions.Start(t.Context(), letterlock.Actor{Kind: letterlock.Staff, Address: ada.Address})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	d, err := cutfs.Load(dir, cutfs.Plenty)
	if err != nil {
		t.Fatal(err)
	}
	return d, session
}

// books are what was found on a disk so far.
type books struct {
	found   map[letterlock.ID]hash
	lost    int // mails that were answered
	damaged int
	live    int // recipients whose access was removed, and that was answered
}

// mostRevoked is beyond how many messages of an installation none is revoked any more.
const mostRevoked = 1000

func newBooks() *books { return &books{found: map[letterlock.ID]hash{}} }

// audit opens a copy of a disk and compares what is there with what the clients
// know. What was found before is opened again when all is asked for.
func (b *books) audit(t *testing.T, s *server, c *crowd, r *revoker, d *cutfs.Disk, all bool) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	if err := d.Save(dir); err != nil {
		t.Fatal(err)
	}
	a := s.open(t, dir)
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	by, err := a.Accounts.Actor(t.Context(), ada.Address)
	if err != nil {
		t.Fatal(err)
	}
	before := b.found
	if all {
		before = nil
		b.found = map[letterlock.ID]hash{}
	}
	b.list(t, a, by, func(id letterlock.ID) bool {
		if _, known := before[id]; known {
			return false
		}
		b.look(t, a, by, c, id)
		if len(before) < mostRevoked {
			r.add(id)
		}
		return true
	})
	b.live += r.check(t, a, by)
	b.compare(t, c)
}

// list calls each for every message, newest first, until a whole page is known.
func (b *books) list(t *testing.T, a *app.App, by letterlock.Actor, each func(letterlock.ID) bool) {
	t.Helper()
	for q := (track.Query{Limit: 200}); ; {
		page, err := a.Track.Sent(t.Context(), by, q)
		if err != nil {
			t.Fatal(err)
		}
		fresh := 0
		for _, m := range page.Messages {
			if each(m.Message.ID) {
				fresh++
			}
		}
		if q.Before = page.More; q.Before == "" || fresh == 0 {
			return
		}
	}
}

// look reads one message as its sender does. Whether or not it was answered, it
// must be whole.
func (b *books) look(t *testing.T, a *app.App, by letterlock.Actor, c *crowd, id letterlock.ID) {
	t.Helper()
	mail, file, err := hashes(t.Context(), a.Access, by, id)
	c.mu.Lock()
	want, sent := c.sent[mail]
	c.mu.Unlock()
	if err == nil && (!sent || file != want) {
		err = errors.New("it is not as it was sent")
	}
	if err != nil {
		b.damaged++
		t.Errorf("message %s: %v", id, err)
	}
	b.found[id] = mail
}

// compare looks for mails that were answered and are not there.
func (b *books) compare(t *testing.T, c *crowd) {
	t.Helper()
	there := map[hash]bool{}
	for _, h := range b.found {
		there[h] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for h := range c.answered {
		if !there[h] {
			b.lost++
			delete(c.answered, h) // it is counted once
		}
	}
}

// hashes reads a message and its file to their ends.
func hashes(ctx context.Context, from *access.Service, by letterlock.Actor, id letterlock.ID) (mail, file hash, err error) {
	l, err := from.Open(ctx, by, id)
	if err != nil {
		return mail, file, err
	}
	defer l.Close()
	list := l.Attachments()
	if len(list) != 1 {
		return mail, file, fmt.Errorf("%d files, want 1", len(list))
	}
	whole, part := sha256.New(), sha256.New()
	_, err1 := io.Copy(whole, io.NewSectionReader(l.Raw, 0, l.Index.Size))
	_, err2 := io.Copy(part, l.File(list[0]))
	return hash(whole.Sum(nil)), hash(part.Sum(nil)), errors.Join(err1, err2)
}
