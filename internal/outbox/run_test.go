package outbox_test

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// checkAttempts requires that so many attempts were kept, the last without a reply.
func (h *house) checkAttempts(want int) {
	h.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, store.File)+"?mode=ro")
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	var n, taken, secrets int
	err = db.QueryRow(`SELECT count(*), count(CASE reply WHEN '' THEN 1 END), (SELECT count(secret) FROM outbox) FROM attempts`).Scan(&n, &taken, &secrets)
	if err != nil || n != want || taken != 1 || secrets != 0 {
		h.t.Errorf("%d attempts, %d of them taken, %d secrets left, %v; want %d, 1 and none", n, taken, secrets, err, want)
	}
}

// A gate is a Mailer that says when a mail comes and waits before it takes it.
type gate struct {
	came chan letterlock.Address
	open chan struct{}
}

func newGate() *gate { return &gate{make(chan letterlock.Address), make(chan struct{})} }

func (g *gate) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	_, err := io.Copy(io.Discard, mail)
	g.came <- to
	<-g.open
	if err == nil {
		err = ctx.Err()
	}
	return err
}

func TestRunDeliversWhenWokenAndStops(t *testing.T) {
	h := newHouse(t)
	g := newGate()
	close(g.open)
	h.outbox.Mailer = g
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.outbox.Run(ctx) }()
	for _, a := range []letterlock.Address{marta, jonas, carol} {
		h.send(intake.Envelope{}, a)
		if got := <-g.came; got != a {
			t.Errorf("a mail to %s, want to %s", got, a)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestRunFinishesTheAttemptItHasBegun(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	g := newGate()
	h.outbox.Mailer = g
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.outbox.Run(ctx) }()
	<-g.came
	cancel()
	close(g.open)
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if kinds, _ := h.history(id, marta); kinds[len(kinds)-1] != letterlock.Notified {
		t.Errorf("history %v, want the attempt noted", kinds)
	}
}

// A logged is a log whose lines can be waited for.
type logged chan string

func (l logged) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

func TestRunLogsAnErrorAndGoesOn(t *testing.T) {
	h := newHouse(t)
	h.send(intake.Envelope{}, marta)
	log := make(logged)
	h.outbox.Log = slog.New(slog.NewTextHandler(log, nil))
	h.outbox.Mailer = crash{h}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.outbox.Run(ctx) }()
	for _, want := range []string{"settling notice", "claiming a notice"} {
		line := <-log
		if !strings.Contains(line, want) || strings.Contains(line, string(marta)) || strings.Contains(line, secret) {
			t.Errorf("log line %q, want %q and nobody's address", line, want)
		}
		if want == "settling notice" {
			h.outbox.Wake()
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}
