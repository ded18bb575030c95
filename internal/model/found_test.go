package model_test

import (
	"context"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/model"
)

// What histories have found, told once more without chance.

// A story is what happens to one message from Ada to Marta, until the house is torn
// down.
type story struct {
	useCases
	t  *testing.T
	id letterlock.ID
}

func newStory(t *testing.T, expires time.Time) story {
	t.Helper()
	h, err := newPlot(t).build(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.tearDown(); err != nil {
			t.Error(err)
		}
	})
	mail := model.Mail{From: ada, To: []letterlock.Address{marta}, Protection: letterlock.EncryptOnly, Expires: expires}
	id, err := h.send(mail, "a lease")
	if err != nil {
		t.Fatal(err)
	}
	return story{useCases{h}, t, id}
}

// happen takes the steps, one after the other.
func (s story) happen(steps ...func() error) {
	s.t.Helper()
	for i, step := range steps {
		if err := step(); err != nil {
			s.t.Fatalf("step %d: %v", i, err)
		}
	}
}

func (s story) revoked() error {
	return s.app.Access.Revoke(context.Background(), s.actor(ada), s.id, "")
}
func (s story) restored() error {
	return s.app.Access.Restore(context.Background(), s.actor(ada), s.id)
}
func (s story) asked() error {
	return s.app.Access.Ask(context.Background(), readerOf(marta), s.id, "")
}
func (s story) endLifted() error {
	return s.app.Access.SetExpiry(context.Background(), s.actor(ada), s.id, time.Time{})
}

// links is how many mails with a link Marta has.
func (s story) links() (n int) {
	for _, m := range s.box.Mails(marta) {
		if m.Link() != "" {
			n++
		}
	}
	return n
}

func TestWhoAskedIsToldWhenAccessComesBackAfterAll(t *testing.T) {
	s := newStory(t, time.Time{})
	// What she asked for is given and, before the mail that says so has left, taken.
	s.happen(s.sweep, s.revoked, s.asked, s.restored, s.revoked, s.sweep, s.restored, s.sweep)
	if n := s.links(); n != 2 {
		t.Errorf("Marta has %d mails with a link, want the first one and the one that says that she can read again", n)
	}
}

func TestWhoWasNeverReachedIsToldWhenAccessComesBack(t *testing.T) {
	s := newStory(t, begin.Add(time.Hour))
	// The message expires before the mail about it has left.
	s.advance(time.Hour)
	s.happen(s.sweep, s.revoked, s.endLifted, s.restored, s.sweep)
	if n := s.links(); n != 1 {
		t.Errorf("Marta has %d mails with a link, want one: she can read, and does not know of it", n)
	}
}
