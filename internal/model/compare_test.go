package model_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"letterlock/internal/letterlock"
	"letterlock/internal/model"
	"letterlock/internal/policy"
	"letterlock/internal/store"
	"letterlock/internal/track"
)

// compare looks at all messages as some, in one way each, and from step to step as
// others and in other ways; or as everybody in all ways.
func (h *history) compare(all bool) {
	h.t.Helper()
	ways, each := 1, 3
	if all {
		ways, each = allWays, 1
	}
	for _, m := range h.world.Messages {
		for range ways {
			h.way++
			for i, who := range outside {
				if (h.way+i)%each == 0 {
					h.compareReader(who, m)
				}
			}
			if p := staff[h.way%len(staff)]; all || h.way%each == 0 {
				h.compareSender(p, m)
			}
		}
	}
	for i, who := range outside {
		if (h.way+i)%each == 0 {
			h.compareList(who)
		}
	}
	h.compareStates()
	h.compareCounts()
}

// allWays is how many ways of looking there are, at the most.
const allWays = 7

func (h *history) compareSender(p model.Person, m *model.Message) {
	h.t.Helper()
	want := h.world.SenderSees(p, m)
	shown, err := h.product.senderSees(p, h.ids[m.Number], want, h.way)
	h.must(naming(err, p.Address, m))
	h.only(shown, p.Address, m, want)
}

func naming(err error, who letterlock.Address, m *model.Message) error {
	if err != nil {
		return fmt.Errorf("%s, message %d: %w", who, m.Number, err)
	}
	return nil
}

func (h *history) compareReader(who letterlock.Address, m *model.Message) {
	h.t.Helper()
	want := h.world.Sees(who, m)
	if h.product.reading(m, h.way) {
		want = h.world.Reads(who, m)
	}
	shown, err := h.product.sees(who, h.ids[m.Number], m, want, h.way)
	h.must(naming(err, who, m))
	h.only(shown, who, m, want)
	if want != model.Revoked && strings.Contains(shown, string(model.Revoked)) {
		h.t.Fatalf("%s reads that message %d was revoked, which is %q", who, m.Number, want)
	}
}

// only requires that nothing is shown of any message but of the one that was asked
// for, and of that only to whom may read it.
func (h *history) only(shown string, who letterlock.Address, m *model.Message, want model.Answer) {
	h.t.Helper()
	var may []string
	if want == model.Content {
		may = m.Words()
	}
	for _, other := range h.world.Messages {
		if !slices.Contains(may, other.Own) && strings.Contains(shown, textOf(other.Own)) {
			h.t.Fatalf("%s is shown text of message %d where message %d was asked for, which is %q", who, other.Number, m.Number, want)
		}
		if want != model.Content && strings.Contains(shown, subjectOf(other.Own)) {
			h.t.Fatalf("%s is shown the subject of message %d where message %d was asked for, which is %q", who, other.Number, m.Number, want)
		}
	}
}

// compareList requires that a recipient's list names the subjects of what they have
// or had until it expired, and of nothing else.
func (h *history) compareList(who letterlock.Address) {
	h.t.Helper()
	shown, err := h.product.list(who)
	h.must(err)
	may := map[*model.Message]bool{}
	for _, m := range h.world.Messages {
		if a := h.world.Sees(who, m); a == model.Content || a == model.Expired {
			may[m.First()] = true
		}
	}
	for _, m := range h.world.Messages {
		if got := strings.Contains(shown, subjectOf(m.Own)); got != may[m] {
			h.t.Fatalf("the list of %s names the subject of message %d: %t, want %t", who, m.Number, got, may[m])
		}
		if strings.Contains(shown, textOf(m.Own)) {
			h.t.Fatalf("the list of %s shows text of message %d", who, m.Number)
		}
	}
}

// compareStates looks into what trace and command line say of each message, and at
// its keys: whoever has no access has none.
func (h *history) compareStates() {
	h.t.Helper()
	by := useCases{h.house}.actor(nora)
	for i, m := range h.world.Messages {
		d, err := h.house.app.Track.Traced(context.Background(), by, h.ids[i])
		h.must(err)
		if got, want := policy.StateOf(d.Message, d.Recipients, h.house.Now()), h.world.State(m); got != want {
			h.t.Fatalf("message %d is %q, want %q", i, got, want)
		}
		if got, want := policy.IsRevocable(d.Message, d.Recipients), h.world.Revocable(m); got != want {
			h.t.Fatalf("message %d can be revoked: %t, want %t", i, got, want)
		}
		if got, want := len(d.Requests), len(m.Open()); got != want {
			h.t.Fatalf("%d requests for message %d are open, want %d", got, i, want)
		}
		if d.Message.Sender.Address != m.Owner || d.Message.Writer().Address != m.Writer || !d.Message.Expires.Equal(m.Expires) {
			h.t.Fatalf("message %d is %+v", i, d.Message)
		}
		for j, r := range d.Recipients {
			h.compareRecipient(m, m.Recipients[j], r)
		}
	}
}

func (h *history) compareRecipient(m *model.Message, want *model.Recipient, r letterlock.Recipient) {
	h.t.Helper()
	if r.Mailbox.Address != want.Address || (r.Experience == letterlock.Inline) != want.Inline || r.Revocation.Revoked() != (want.Removed != nil) {
		h.t.Fatalf("message %d: recipient is %+v, want %+v", m.Number, r, want)
	}
	err := h.house.read(func(tx *store.Tx) error { _, err := tx.Wrapped(r.Message, string(r.ID)); return err })
	if err != nil && !errors.Is(err, letterlock.NotFound) {
		h.t.Fatal(err)
	}
	if live := h.world.Sees(want.Address, m) == model.Content; live && err != nil || err == nil && (want.Removed != nil || m.Destroyed || want.Inline) {
		h.t.Fatalf("message %d: there is a key of %s: %t, and they see %q", m.Number, want.Address, err == nil, h.world.Sees(want.Address, m))
	}
}

// compareCounts compares what the lists count.
func (h *history) compareCounts() {
	h.t.Helper()
	for _, p := range []model.Person{ada, eve, grace} {
		page, err := h.house.app.Track.Sent(context.Background(), useCases{h.house}.actor(p), track.Query{})
		h.must(err)
		for filter, want := range h.world.Sent(p) {
			if got := page.Counts[filter]; got != want {
				h.t.Fatalf("in the Sent folder of %s %d are %s, want %d", p.Address, got, filter, want)
			}
		}
	}
	by := useCases{h.house}.actor(nora)
	page, err := h.house.app.Track.Trace(context.Background(), by, track.TraceQuery{})
	h.must(err)
	report, err := h.house.app.Track.Report(context.Background(), by, track.ReportQuery{From: begin.AddDate(0, 0, -1), Until: h.house.Now().AddDate(0, 0, 1)})
	h.must(err)
	if n := len(h.ids); page.Total != n || report.Total != n {
		h.t.Fatalf("the trace has %d messages and the report %d, want %d", page.Total, report.Total, n)
	}
}
