package once

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// A house is a Service on a real database with a clock that stands still.
type house struct {
	*Service
	now  time.Time
	done int // how often something was done
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}
	db, err := store.Open(t.Context(), t.TempDir(), func() time.Time { return h.now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: t.TempDir()}.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	h.Service = &Service{DB: db, Pepper: keys.Pepper}
	return h
}

// act is what is done, and answered with its number.
func (h *house) act() Answer {
	h.done++
	return Answer{Status: 200, Body: []byte(strings.Repeat("x", h.done))}
}

func TestTheSameCallIsDoneOnce(t *testing.T) {
	h := newHouse(t)
	first := Call{Who: "token 1", Key: "k", Request: "POST /revoke {}"}
	tests := []struct {
		name  string
		call  Call
		after time.Duration
		done  int
		again bool
		err   error
	}{
		{name: "first", call: first, done: 1},
		{name: "again", call: first, done: 1, again: true},
		{name: "again, a little before it is forgotten", call: first, after: Lasts - time.Second, done: 1, again: true},
		{name: "without a key", call: Call{Who: "token 1", Request: first.Request}, done: 2},
		{name: "without a key again", call: Call{Who: "token 1", Request: first.Request}, done: 3},
		{name: "another key", call: Call{Who: "token 1", Key: "other", Request: first.Request}, done: 4},
		{name: "another caller", call: Call{Who: "token 2", Key: "k", Request: first.Request}, done: 5},
		{name: "another request", call: Call{Who: "token 1", Key: "k", Request: "POST /destroy {}"}, done: 5, err: letterlock.Invalid},
		{name: "a key that is none", call: Call{Who: "token 1", Key: "a\nb"}, done: 5, err: letterlock.Invalid},
		{name: "a long key", call: Call{Who: "token 1", Key: strings.Repeat("k", 256)}, done: 5, err: letterlock.Invalid},
		{name: "a day later", call: first, after: time.Second, done: 6},
	}
	for _, tt := range tests {
		h.now = h.now.Add(tt.after)
		a, again, err := h.Do(t.Context(), tt.call, h.act)
		if again != tt.again || h.done != tt.done || !errors.Is(err, tt.err) {
			t.Errorf("%s: again %v, done %d times, %v; want %v, %d, %v", tt.name, again, h.done, err, tt.again, tt.done, tt.err)
		}
		if tt.again && (a.Status != 200 || string(a.Body) != "x") {
			t.Errorf("%s: another answer: %+v", tt.name, a)
		}
	}
}

func TestACallThatIsBeingAnsweredWaits(t *testing.T) {
	h := newHouse(t)
	c := Call{Who: "token 1", Key: "k"}
	_, _, err := h.Do(t.Context(), c, func() Answer {
		_, _, err := h.Do(t.Context(), c, h.act)
		if !errors.Is(err, letterlock.Busy) || letterlock.RetryAfterOf(err) == 0 {
			t.Errorf("meanwhile: %v", err)
		}
		h.now = h.now.Add(stuck) // as if this had ended in a crash
		if _, _, err := h.Do(t.Context(), c, h.act); err != nil || h.done != 1 {
			t.Errorf("after a crash: done %d times, %v", h.done, err)
		}
		return Answer{Status: 200}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPassingAnswersAreNotKept(t *testing.T) {
	h := newHouse(t)
	c := Call{Who: "token 1", Key: "k"}
	ctx, cancel := context.WithCancel(t.Context())
	if _, _, err := h.Do(ctx, c, func() Answer { cancel(); return Answer{Status: 503, Passing: true} }); err != nil {
		t.Errorf("whoever asked has left: %v", err)
	}
	if _, again, err := h.Do(t.Context(), c, h.act); err != nil || again || h.done != 1 {
		t.Errorf("asked again: %v, %v", again, err)
	}
}

func TestNoAnswerIsKeptAboutAMessageThatWasDestroyedMeanwhile(t *testing.T) {
	h := newHouse(t)
	id := letterlock.NewID()
	write := func(f func(*store.Tx) error) {
		if err := h.DB.Write(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		return tx.AddMessage(letterlock.Message{ID: id, MessageID: "<1@contoso.example>", Subject: "Offer"}, nil, store.Sealed{Head: []byte("head"), Index: []byte("index")})
	})
	c := Call{Who: "token 1", Key: "k"}
	about := func() Answer { h.done++; return Answer{Status: 200, Body: []byte("Offer"), Message: id} }
	for range 2 {
		if _, _, err := h.Do(t.Context(), c, about); err != nil || h.done != 1 {
			t.Fatalf("while it is there: done %d times, %v", h.done, err)
		}
	}
	c.Key = "late"
	if _, _, err := h.Do(t.Context(), c, func() Answer {
		a := about()
		write(func(tx *store.Tx) error { return tx.Destroy(id) })
		return a
	}); err != nil {
		t.Fatal(err)
	}
	if _, again, err := h.Do(t.Context(), c, h.act); again || err != nil {
		t.Errorf("asked again: answered from what was kept %v, %v", again, err)
	}
}

func TestAnswersAreForgottenInTime(t *testing.T) {
	h := newHouse(t)
	if _, _, err := h.Do(t.Context(), Call{Who: "token 1", Key: "k"}, h.act); err != nil {
		t.Fatal(err)
	}
	count := func() (n int64) {
		if err := h.DB.Write(t.Context(), func(tx *store.Tx) (err error) { n, err = tx.SweepAnswers(h.now.Add(-Lasts)); return err }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	h.now = h.now.Add(Lasts)
	if n := count(); n != 0 {
		t.Errorf("forgotten too early: %d", n)
	}
	h.now = h.now.Add(time.Second)
	if n := count(); n != 1 {
		t.Errorf("not forgotten: %d", n)
	}
}
