package model_test

import (
	"context"
	"errors"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/model"
)

// What histories have found, told once more without chance.

func TestWhoAskedIsToldWhenAccessComesBackAfterAll(t *testing.T) {
	h, err := newPlot(t).build(false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.tearDown(); err != nil {
			t.Error(err)
		}
	}()
	id, err := h.send(model.Mail{From: ada, To: []letterlock.Address{marta}, Protection: letterlock.EncryptOnly}, "a lease")
	if err != nil {
		t.Fatal(err)
	}
	u, ctx := useCases{h}, context.Background()
	revoke := func() error { return u.app.Access.Revoke(ctx, u.actor(ada), id, "") }
	restore := func() error { return u.app.Access.Restore(ctx, u.actor(ada), id) }
	ask := func() error { return u.app.Access.Ask(ctx, readerOf(marta), id, "") }
	// What she asked for is given and, before the mail that says so has left, taken.
	for i, step := range []func() error{h.sweep, revoke, ask, restore, revoke, h.sweep, restore, h.sweep} {
		if err := step(); err != nil {
			t.Fatal(errors.Join(errors.New("step"), err), i)
		}
	}
	links := 0
	for _, m := range h.box.Mails(marta) {
		if m.Link() != "" {
			links++
		}
	}
	if links != 2 {
		t.Errorf("Marta has %d mails with a link, want the first one and the one that says that she can read again", links)
	}
}
