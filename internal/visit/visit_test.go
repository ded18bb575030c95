package visit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A house is a service with its database and recipients whose links are visited.
type house struct {
	t          *testing.T
	db         *store.DB
	visits     *Service
	log        strings.Builder
	recipients []letterlock.ID
}

func newHouse(t *testing.T, recipients int) *house {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &house{t: t, db: db}
	h.visits = &Service{DB: db, Log: slog.New(slog.NewTextHandler(&h.log, nil))}
	m := letterlock.Message{ID: letterlock.NewID(), MessageID: "<1@contoso.example>", Sender: letterlock.Mailbox{Address: "ada@contoso.example"}}
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		errs := []error{tx.BeginMessage(m.ID), tx.AcceptMessage(m, []byte("hash"), store.Sealed{})}
		for i := range recipients {
			r := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Experience: letterlock.Link,
				Mailbox: letterlock.Mailbox{Address: letterlock.Address(fmt.Sprintf("r%d@riverside.example", i))}}
			h.recipients = append(h.recipients, r.ID)
			errs = append(errs, tx.AddRecipient(r, i, []byte(r.ID)))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// kept is what is kept of the visits to one link, as "guess count".
func (h *house) kept(recipient int) (list []string) {
	h.t.Helper()
	if err := h.visits.Flush(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		counts, err := tx.VisitCounts(h.recipients[recipient])
		for _, v := range counts {
			list = append(list, fmt.Sprintf("%s %d", v.Guess, v.Count))
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func look(recipient letterlock.ID, but func(*Look)) Look {
	l := person()
	l.Recipient, l.Network, l.IP = recipient, "192.0.2.7", "192.0.2.0/24"
	if but != nil {
		but(&l)
	}
	return l
}

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("kept:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestVisitsThatAreAlikeAreCountedTogether(t *testing.T) {
	s, r := &Service{}, letterlock.NewID()
	got := s.judge([]Look{
		look(r, func(l *Look) { l.Agent = "Mozilla/5.0 (compatible; Mimecast URL Protect)" }),
		look(r, func(l *Look) { l.At = noon.Add(time.Minute) }),
		look(r, func(l *Look) { l.At = noon.Add(2 * time.Minute) }),
	})
	want := []row{
		{r, letterlock.Visit{Guess: letterlock.Scanner, Why: WhyProgram, Agent: "Mimecast", IP: "192.0.2.0/24", First: noon, Last: noon, Count: 1}},
		{r, letterlock.Visit{Guess: letterlock.Person, Why: WhyBrowser, Agent: "Chrome", IP: "192.0.2.0/24",
			First: noon.Add(time.Minute), Last: noon.Add(2 * time.Minute), Count: 2}},
	}
	if !slices.Equal(got, want) {
		t.Errorf("judged\n%+v\nwant\n%+v", got, want)
	}
}

func TestFirstOfManyLinksIsTakenForAScannerLikeTheLast(t *testing.T) {
	h := newHouse(t, 5)
	for i, r := range h.recipients[:4] {
		h.visits.Note(look(r, func(l *Look) { l.At = noon.Add(time.Duration(i) * time.Second) }))
	}
	h.visits.Note(look(h.recipients[4], func(l *Look) { l.Network = "198.51.100.1" }))
	for i := range 4 {
		check(t, h.kept(i), "scanner 1")
	}
	check(t, h.kept(4), "person 1")
}

func TestLinksThatAreOpenedOneAfterTheOtherAreAPersons(t *testing.T) {
	h := newHouse(t, 5)
	for i, r := range h.recipients {
		h.visits.Note(look(r, func(l *Look) { l.At = noon.Add(time.Duration(i) * 20 * time.Second) }))
		check(t, h.kept(i), "person 1")
	}
}

func TestFloodOfVisitsNeitherGrowsNorWaits(t *testing.T) {
	h := newHouse(t, 1)
	// The writer is busy all the while: Note does not wait for it.
	began, done := make(chan struct{}), make(chan struct{})
	go h.db.Write(context.WithoutCancel(t.Context()), func(*store.Tx) error { close(began); <-done; return nil })
	<-began
	name := strings.Repeat("x", 1<<20)
	for i := range 3 * maxPending {
		h.visits.Note(look(h.recipients[0], func(l *Look) { l.Agent, l.Network = name, fmt.Sprint(i) }))
	}
	close(done)
	if n := len(h.visits.pending); n != maxPending {
		t.Errorf("%d looks wait, want %d", n, maxPending)
	}
	if n := len(h.visits.pending[0].Agent); n != maxAgent {
		t.Errorf("%d bytes of a name are kept, want %d", n, maxAgent)
	}
	check(t, h.kept(0), fmt.Sprintf("person %d", maxPending))
	if !strings.Contains(h.log.String(), fmt.Sprint("forgotten=", 2*maxPending)) || strings.Contains(h.log.String(), "192.0.2") {
		t.Errorf("the log says %q", h.log.String())
	}
	for i := range 2 * maxNetworks {
		h.visits.remember(look(h.recipients[0], func(l *Look) { l.Network = fmt.Sprint("network ", i) }))
	}
	if n := len(h.visits.recent); n > maxNetworks {
		t.Errorf("%d networks are remembered, want %d at most", n, maxNetworks)
	}
}

func TestVisitsThatCannotBeWrittenAreForgotten(t *testing.T) {
	h := newHouse(t, 1)
	h.visits.Note(look(h.recipients[0], nil))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.visits.Flush(ctx); err == nil {
		t.Error("Flush = nil, want the reason")
	}
	check(t, h.kept(0))
}

func TestRunEndsWithItsContext(t *testing.T) {
	h := newHouse(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.visits.Run(ctx) }()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestLongHeadersAreNotKeptInMemory(t *testing.T) {
	h := newHouse(t, 1)
	long := strings.Repeat("x", 32<<10)
	for range 100 {
		h.visits.Note(Look{Recipient: h.recipients[0], At: noon, Agent: strings.Clone(long), Mode: strings.Clone(long), Purpose: strings.Clone(long)})
	}
	for _, l := range h.visits.pending {
		for _, s := range []string{l.Agent, l.Mode, l.Purpose} {
			if len(s) > maxAgent {
				t.Fatalf("%d bytes of a header are kept", len(s))
			}
		}
	}
}
