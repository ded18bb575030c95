package track_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/track"
)

func TestOnlyAuditorsTrace(t *testing.T) {
	h := newHouse(t)
	id := h.add(spec{subject: "Offer", messageID: "<Offer@contoso.example>", recipients: []recipient{{}}})
	revoker := staff("rev@contoso.example", letterlock.Revoker)
	operator := letterlock.Actor{Kind: letterlock.Operator, Name: "root"}
	for name, tt := range map[string]struct {
		by      letterlock.Actor
		want    error
		entries int // refusals that are recorded, one for each of the four questions
	}{
		"auditor":  {by: audit},
		"revoker":  {by: revoker},
		"operator": {by: operator},
		"sender":   {by: ada, want: letterlock.Denied, entries: 4},
		"reader":   {by: marta, want: letterlock.Denied, entries: 4},
		"nobody":   {want: letterlock.Denied},
	} {
		before := h.refusals()
		_, err1 := h.track.Trace(t.Context(), tt.by, track.TraceQuery{})
		_, err2 := h.track.Traced(t.Context(), tt.by, id)
		_, err3 := h.track.TracedMessageID(t.Context(), tt.by, "Offer@contoso.example")
		err4 := h.track.TraceEach(t.Context(), tt.by, letterlock.Search{}, func(track.Sent) error {
			if tt.want != nil {
				t.Errorf("%s: was shown a message", name)
			}
			return nil
		})
		for i, err := range []error{err1, err2, err3, err4} {
			if !errors.Is(err, tt.want) || tt.want != nil && letterlock.KeyOf(err) != "role" {
				t.Errorf("%s: question %d: %v, want %v", name, i+1, err, tt.want)
			}
		}
		if n := h.refusals() - before; n != tt.entries {
			t.Errorf("%s: %d refusals in the audit log, want %d", name, n, tt.entries)
		}
	}
}

// refusals counts the entries of the audit log about no message that say no.
func (h *house) refusals() (n int) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries("")
		for _, e := range list {
			if !e.Allowed {
				n++
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestAMessageIDIsFoundWithAndWithoutItsBrackets(t *testing.T) {
	h := newHouse(t)
	id := h.add(spec{messageID: "<Offer+1@contoso.example>", recipients: []recipient{{read: true}}})
	for s, want := range map[string]error{
		"<Offer+1@contoso.example>": nil, "Offer+1@contoso.example": nil, "  <Offer+1@contoso.example>\n": nil,
		"<Other@contoso.example>": letterlock.NotFound, "offer+1@contoso.example": letterlock.NotFound,
		"": letterlock.Invalid, "<>": letterlock.Invalid, "<a b>": letterlock.Invalid, "a\x00b": letterlock.Invalid,
		"<<a@b>>": letterlock.Invalid, strings.Repeat("x", 1<<20): letterlock.Invalid, "\xff": letterlock.Invalid,
	} {
		d, err := h.track.TracedMessageID(t.Context(), audit, s)
		if !errors.Is(err, want) || want != nil && letterlock.KeyOf(err) != map[error]string{letterlock.Invalid: "message-id", letterlock.NotFound: "no-message"}[want] {
			t.Errorf("%.40q: %v, want %v", s, err, want)
		}
		if want == nil && (d.Message.ID != id || len(d.Recipients) != 1 || len(d.Events) != 1) {
			t.Errorf("%.40q: %+v, want the message with its history", s, d)
		}
	}
}

func TestWhatCannotBeLookedForIsRefused(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		search letterlock.Search
		key    string
	}{
		{letterlock.Search{Sender: "ab"}, "part-short"},
		{letterlock.Search{Sender: "a\x00bc"}, "sender"},
		{letterlock.Search{Recipient: strings.Repeat("x", 1<<20)}, "recipient"},
		{letterlock.Search{MessageID: "abc\ndef"}, "message-id"},
		{letterlock.Search{Subject: "!?"}, "subject"},
		{letterlock.Search{State: "read' OR 1=1"}, "state"},
		{letterlock.Search{Identity: "x"}, "identity"},
		{letterlock.Search{From: h.now, Until: h.now}, "range"},
	} {
		if _, err := h.track.Trace(t.Context(), audit, track.TraceQuery{Search: tt.search}); !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != tt.key {
			t.Errorf("%.80s: %v, want Invalid %q", fmt.Sprintf("%+v", tt.search), err, tt.key)
		}
		if err := h.track.TraceEach(t.Context(), audit, tt.search, nil); letterlock.KeyOf(err) != tt.key || h.exports() > 0 {
			t.Errorf("%.80s: an export: %v, want Invalid %q and no entry", fmt.Sprintf("%+v", tt.search), err, tt.key)
		}
	}
}

// exports counts what the audit log says of exports.
func (h *house) exports() (n int) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries("")
		for _, e := range list {
			if e.Action == "export trace" && e.Allowed && e.Actor.Address == audit.Address {
				n++
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestAnExportIsRecordedAndMayWrite(t *testing.T) {
	h := newHouse(t)
	for range 1003 {
		h.add(spec{})
	}
	n := 0
	err := h.track.TraceEach(t.Context(), audit, letterlock.Search{Sender: "ada"}, func(track.Sent) error {
		n++
		if n%500 == 7 { // somebody else writes meanwhile, and this one too
			h.add(spec{})
		}
		return nil
	})
	if err != nil || n != 1003 {
		t.Errorf("%d messages, %v; want the 1,003 that there were", n, err)
	}
	if h.exports() != 1 {
		t.Errorf("%d entries about exports, want 1", h.exports())
	}
	stop := errors.New("stop")
	if err := h.track.TraceEach(t.Context(), audit, letterlock.Search{}, func(track.Sent) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("TraceEach = %v, want the error of its function", err)
	}
}

func TestTheTraceShowsVisitsApartFromTheHistory(t *testing.T) {
	h := newHouse(t)
	id := h.add(spec{recipients: []recipient{{}, {}}})
	d, err := h.track.Traced(t.Context(), audit, id)
	if err != nil || len(d.Visits) > 0 {
		t.Fatalf("Traced = %+v, %v", d, err)
	}
	second := d.Recipients[1].ID
	visits := []letterlock.Visit{
		{Guess: letterlock.Scanner, Why: "head", Agent: "Scanner", First: h.now, Last: h.now.Add(time.Minute), Count: 3},
		{Guess: letterlock.Person, Why: "browser", Agent: "Firefox", IP: "192.0.2.0", First: h.now.Add(time.Second), Last: h.now.Add(time.Second), Count: 1},
	}
	err = h.db.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.AddVisits(second, visits[1]), tx.AddVisits(second, visits[0]))
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err = h.track.Traced(t.Context(), audit, id)
	if err != nil || len(d.Visits) != 1 || !slices.Equal(d.Visits[second], visits) || len(d.Events[second]) != 1 || !d.Recipients[1].FirstRead.IsZero() {
		t.Errorf("Traced = %+v, %v; want two visits of the second recipient, and nothing read", d, err)
	}
}
