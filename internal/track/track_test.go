package track_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/track"
)

// matches says in Go what the filters say in SQL.
func matches(filter string, m track.Sent, now time.Time) bool {
	expired := m.Message.Ended(now)
	soon := !m.Message.Expires.IsZero() && !expired && !m.Message.Expires.After(now.Add(48*time.Hour))
	some := func(f func(r letterlock.Recipient) bool) bool { return slices.ContainsFunc(m.Recipients, f) }
	held := func(r letterlock.Recipient) bool {
		return !m.Message.Destroyed && r.Experience == letterlock.Link && !r.Revocation.Revoked()
	}
	switch filter {
	case "all":
		return true
	case "unread":
		return !expired && some(func(r letterlock.Recipient) bool { return held(r) && r.FirstRead.IsZero() && r.Bounced.IsZero() })
	case "read":
		return some(func(r letterlock.Recipient) bool { return !r.FirstRead.IsZero() && !r.Revocation.Revoked() })
	case "revoked":
		return some(func(r letterlock.Recipient) bool { return r.Revocation.Revoked() })
	case "expires-soon":
		return soon && some(held)
	case "expired":
		return expired && some(held)
	case "inline":
		return some(func(r letterlock.Recipient) bool { return r.Experience == letterlock.Inline })
	case "bounced":
		return some(func(r letterlock.Recipient) bool { return !r.Bounced.IsZero() })
	}
	return false
}

func TestWhatIsAskedForIsCountedUntilItIsAnswered(t *testing.T) {
	h := newHouse(t)
	h.random(rand.New(rand.NewPCG(1, 2)), 20)
	request := letterlock.NewID()
	all := h.sent(ada, track.Query{})
	m := all.Messages[len(all.Messages)/2]
	write := func(f func(tx *store.Tx) error) {
		t.Helper()
		if err := h.db.Write(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		return tx.AddRequest(letterlock.Request{ID: request, Message: m.Message.ID, Recipient: m.Recipients[0].ID, Kind: letterlock.MoreTime})
	})
	asked := h.sent(ada, track.Query{Filter: "asked"})
	if asked.Counts["asked"] != 1 || len(asked.Messages) != 1 || asked.Messages[0].Message.ID != m.Message.ID {
		t.Errorf("%d are counted and %d shown, want the one", asked.Counts["asked"], len(asked.Messages))
	}
	write(func(tx *store.Tx) error { return tx.AnswerRequest(request, letterlock.Declined, ada.Address) })
	if asked = h.sent(ada, track.Query{Filter: "asked"}); asked.Counts["asked"] != 0 || len(asked.Messages) != 0 {
		t.Errorf("answered, %d are counted and %d shown", asked.Counts["asked"], len(asked.Messages))
	}
	code := store.Release{ID: letterlock.NewID(), Message: m.Message.ID, Recipient: m.Recipients[0].ID, Browser: []byte("browser"), Expires: h.now.Add(time.Hour)}
	write(func(tx *store.Tx) error { return tx.AskRelease(code) })
	if asked = h.sent(ada, track.Query{Filter: "asked"}); asked.Counts["asked"] != 1 || len(asked.Messages) != 1 || asked.Messages[0].Message.ID != m.Message.ID {
		t.Errorf("a code that is waited for: %d are counted and %d shown, want the one", asked.Counts["asked"], len(asked.Messages))
	}
	write(func(tx *store.Tx) error { return tx.GiveRelease(code.ID, []byte("sealed"), h.now.Add(time.Hour)) })
	if asked = h.sent(ada, track.Query{Filter: "asked"}); asked.Counts["asked"] != 0 || len(asked.Messages) != 0 {
		t.Errorf("a code that was given: %d are counted and %d shown", asked.Counts["asked"], len(asked.Messages))
	}
}

// A copy that a recipient forwarded stands under its original, which the folder
// lists in its place.
func TestWhatIsAskedForACopyCountsForItsOriginal(t *testing.T) {
	h := newHouse(t)
	h.add(spec{recipients: []recipient{{}}})
	first := h.add(spec{recipients: []recipient{{}, {}}})
	copied, request := letterlock.Message{
		ID: letterlock.NewID(), MessageID: "<copy@contoso.example>", Sender: letterlock.Mailbox{Address: ada.Address},
		Author: letterlock.Mailbox{Address: marta.Address}, Act: letterlock.ActForward, Original: first,
	}, letterlock.NewID()
	to := letterlock.Recipient{ID: letterlock.NewID(), Message: copied.ID, Mailbox: letterlock.Mailbox{Address: "omar@quillfeather.example"},
		Field: letterlock.To, Experience: letterlock.Link}
	write := func(f func(tx *store.Tx) error) {
		t.Helper()
		if err := h.db.Write(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		return errors.Join(tx.AddMessage(copied, nil, store.Sealed{}), tx.AddRecipient(to, 0, []byte("omar")))
	})
	wants := func(when string, n int) {
		t.Helper()
		p := h.sent(ada, track.Query{Filter: "asked"})
		if p.Counts["asked"] != n || len(p.Messages) != n || n == 1 && p.Messages[0].Message.ID != first {
			t.Errorf("%s %d are counted and %d shown, want %d", when, p.Counts["asked"], len(p.Messages), n)
		}
		d, err := h.track.SentMessage(t.Context(), ada, first)
		if err != nil || d.Asking[copied.ID] != (n == 1) || len(d.Asking) != n {
			t.Errorf("%s the original names as asking %v, %v", when, d.Asking, err)
		}
	}
	wants("before", 0)
	write(func(tx *store.Tx) error {
		return tx.AddRequest(letterlock.Request{ID: request, Message: copied.ID, Recipient: to.ID, Kind: letterlock.MoreTime})
	})
	wants("asked", 1)
	write(func(tx *store.Tx) error { return tx.AnswerRequest(request, letterlock.Declined, ada.Address) })
	wants("answered", 0)
}

func TestFiltersCountsAndListAgree(t *testing.T) {
	h := newHouse(t)
	h.random(rand.New(rand.NewPCG(1, 2)), 150)
	for _, search := range []string{"", "subject 3", "marta", "nothing has this"} {
		everything := h.sent(ada, track.Query{Search: search, Limit: 200})
		if want := []string{"all", "unread", "read", "revoked", "expires-soon", "expired", "inline", "bounced", "asked"}; !slices.Equal(everything.Filters, want) {
			t.Fatalf("filters %q, want %q", everything.Filters, want)
		}
		for _, filter := range everything.Filters {
			if filter == "asked" {
				continue // nothing of the list tells it; see TestWhatIsAskedForIsCountedUntilItIsAnswered
			}
			var want []letterlock.ID
			for _, m := range everything.Messages {
				if matches(filter, m, h.now) {
					want = append(want, m.Message.ID)
				}
			}
			if search == "" && len(want) == 0 {
				t.Errorf("no message is %s: this test would prove nothing", filter)
			}
			got := h.all(ada, track.Query{Filter: filter, Search: search, Limit: 7})
			if !slices.Equal(got, want) {
				t.Errorf("%s of %q: %d messages, want %d", filter, search, len(got), len(want))
			}
			if n := h.sent(ada, track.Query{Filter: "revoked", Search: search, Limit: 1}).Counts[filter]; n != len(want) {
				t.Errorf("%s of %q counts %d, the list has %d", filter, search, n, len(want))
			}
		}
	}
}

func TestPagesCoverEverythingOnceAndNewestFirst(t *testing.T) {
	h := newHouse(t)
	h.random(rand.New(rand.NewPCG(3, 4)), 120)
	mine := h.sent(ada, track.Query{Limit: 200})
	if mine.More != "" || len(mine.Messages) < 50 {
		t.Fatalf("%d messages, more %q: this test would prove nothing", len(mine.Messages), mine.More)
	}
	var want []letterlock.ID
	for i, m := range mine.Messages {
		if m.Message.Sender.Address != ada.Address {
			t.Errorf("a message of %s is in Ada's folder", m.Message.Sender.Address)
		}
		if i > 0 && m.Message.Accepted.After(mine.Messages[i-1].Message.Accepted) {
			t.Error("an older message comes before a newer one")
		}
		want = append(want, m.Message.ID)
	}
	for _, limit := range []int{1, 2, 3, 10, len(want) - 1, len(want), len(want) + 1} {
		if got := h.all(ada, track.Query{Limit: limit}); !slices.Equal(got, want) {
			t.Errorf("pages of %d: %d messages in another order than the %d of one page", limit, len(got), len(want))
		}
	}
}

func TestAMailThatComesWhilePagingMovesNothing(t *testing.T) {
	h := newHouse(t)
	for range 6 {
		h.add(spec{})
	}
	before := h.all(ada, track.Query{Limit: 10})
	first := h.sent(ada, track.Query{Limit: 3})
	h.now = h.now.Add(time.Second)
	h.add(spec{})
	rest := h.all(ada, track.Query{Limit: 3, Before: first.More})
	if !slices.Equal(rest, before[3:]) {
		t.Errorf("the second page is %v, want %v", rest, before[3:])
	}
}

func TestHostileQueriesAreHarmless(t *testing.T) {
	h := newHouse(t)
	h.random(rand.New(rand.NewPCG(5, 6)), 20)
	all := len(h.sent(ada, track.Query{}).Messages)
	for _, before := range []string{"-", "x", "1", "1-", "-1-x", "99999999999999999999-" + string(letterlock.NewID()), "' OR 1=1 --", "1700000000-'", strings.Repeat("9", 1<<20)} {
		if p := h.sent(ada, track.Query{Before: before}); len(p.Messages) != all {
			t.Errorf("cursor %.40q: %d messages, want all %d", before, len(p.Messages), all)
		}
	}
	for _, filter := range []string{"x", "ALL", "all' OR '1'='1", "\x00"} {
		if p := h.sent(ada, track.Query{Filter: filter}); len(p.Messages) != all {
			t.Errorf("filter %q: %d messages, want all %d", filter, len(p.Messages), all)
		}
	}
	for _, limit := range []int{-1, 0, 201, 1 << 40} {
		if p := h.sent(ada, track.Query{Limit: limit}); len(p.Messages) != all {
			t.Errorf("limit %d: %d messages, want all %d", limit, len(p.Messages), all)
		}
	}
	for _, search := range []string{"'; DROP TABLE messages; --", "\xff", "\\", "%%", `\%`} {
		if p := h.sent(ada, track.Query{Search: search}); len(p.Messages) != 0 {
			t.Errorf("search %q: %d messages, want none", search, len(p.Messages))
		}
	}
	for _, search := range []string{strings.Repeat("x", 201), "\x00", "s\x00x"} {
		if _, err := h.track.Sent(t.Context(), ada, track.Query{Search: search}); !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "search" {
			t.Errorf("search %q: %v, want Invalid", search, err)
		}
	}
}

func TestSearchFindsPartsAndTakesWildcardsAtTheirWord(t *testing.T) {
	h := newHouse(t)
	percent := h.add(spec{subject: "100% sure"})
	under := h.add(spec{subject: "snake_case"})
	slash := h.add(spec{subject: `C:\temp`})
	plain := h.add(spec{subject: "snakeXcase 100 sure", messageID: "<Find-Me@contoso.example>",
		recipients: []recipient{{address: "marta@quillfeather.example", name: "Marta Feder"}}})
	h.add(spec{sender: eve.Address, subject: "100% sure snake_case"})
	tests := map[string][]letterlock.ID{
		"100%":         {percent},
		"%":            {percent},
		"_":            {under},
		"e_c":          {under},
		`\`:            {slash},
		`:\t`:          {slash},
		"SNAKE":        {under, plain},
		"find-me":      {plain},
		"<find-me@":    {plain},
		"feder":        {plain},
		"@quillf":      {plain},
		"  sure  ":     {percent, plain},
		"   ":          {percent, under, slash, plain},
		"sure snake":   nil,
		"eve@contoso":  nil,
		"marta%feder":  nil,
		"marta_feder":  nil,
		"snake' OR '1": nil,
	}
	for search, want := range tests {
		got := h.all(ada, track.Query{Search: search, Limit: 10})
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("search %q finds %d messages, want %d", search, len(got), len(want))
		}
	}
}

func TestOtherPeoplesMessagesDoNotExist(t *testing.T) {
	h := newHouse(t)
	id := h.add(spec{subject: "Offer", recipients: []recipient{{address: marta.Address, read: true}, {inline: true}}})
	incoming := h.add(spec{incoming: true})
	d, err := h.track.SentMessage(t.Context(), ada, id)
	if err != nil || d.Message.Subject != "Offer" || len(d.Recipients) != 2 || len(d.Events[d.Recipients[0].ID]) != 2 {
		t.Errorf("SentMessage = %+v, %v; want the message with its history", d, err)
	}
	adaReads := letterlock.Actor{Kind: letterlock.Reader, Address: ada.Address}
	formerSender := staff(ada.Address, letterlock.Auditor)
	for name, by := range map[string]letterlock.Actor{"another sender": eve, "auditor": audit, "recipient": marta, "nobody": {},
		"sender's address as a reader": adaReads, "former sender": formerSender, "the program": {Kind: letterlock.System}} {
		if d, err := h.track.SentMessage(t.Context(), by, id); !errors.Is(err, letterlock.NotFound) || d.Message.ID != "" || d.Recipients != nil {
			t.Errorf("%s: SentMessage = %+v, %v; want NotFound and nothing", name, d, err)
		}
		if by.Is(letterlock.Sender) {
			continue
		}
		if p, err := h.track.Sent(t.Context(), by, track.Query{}); !errors.Is(err, letterlock.Denied) || p.Messages != nil {
			t.Errorf("%s: Sent = %+v, %v; want Denied", name, p, err)
		}
	}
	for name, id := range map[string]letterlock.ID{"unknown": letterlock.NewID(), "empty": "", "still coming in": incoming} {
		if _, err := h.track.SentMessage(t.Context(), ada, id); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("%s: %v, want NotFound", name, err)
		}
	}
	if p := h.sent(eve, track.Query{}); len(p.Messages) != 0 || p.Counts["all"] != 0 {
		t.Errorf("Eve's folder holds %d messages, counts %v", len(p.Messages), p.Counts)
	}
}

func TestReceivedListsLinkMessagesInEveryState(t *testing.T) {
	h := newHouse(t)
	to := func(r recipient) []recipient {
		r.address = marta.Address
		return []recipient{{address: "jonas@riverside.example"}, r}
	}
	live := h.add(spec{subject: "live", recipients: to(recipient{})})
	h.now = h.now.Add(time.Second)
	h.add(spec{subject: "inline", recipients: to(recipient{inline: true})})
	revoked := h.add(spec{subject: "revoked", recipients: to(recipient{revoked: true})})
	h.now = h.now.Add(time.Second)
	expired := h.add(spec{subject: "expired", expires: h.now, recipients: to(recipient{})})
	h.add(spec{subject: "somebody else's", recipients: []recipient{{address: "Marta@quillfeather.example"}}})
	list, _, err := h.track.Received(t.Context(), marta, "", "")
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		id    letterlock.ID
		state letterlock.State
	}{{expired, letterlock.Expired}, {revoked, letterlock.Revoked}, {live, letterlock.Live}}
	if len(list) != len(want) {
		t.Fatalf("%d messages, want %d", len(list), len(want))
	}
	for i, w := range want {
		if got := list[i]; got.Message.ID != w.id || got.Recipient.State(got.Message, h.now) != w.state || got.Recipient.Mailbox.Address != marta.Address {
			t.Errorf("message %d = %+v, want the %s one with Marta's own state", i, got, w.state)
		}
	}
	for name, by := range map[string]letterlock.Actor{"nobody": {}, "staff with that address": staff(marta.Address, letterlock.Sender, letterlock.Admin),
		"reader without an address": {Kind: letterlock.Reader}, "the program": {Kind: letterlock.System, Address: marta.Address}} {
		if list, _, err := h.track.Received(t.Context(), by, "", ""); !errors.Is(err, letterlock.Denied) || list != nil {
			t.Errorf("%s: %d messages, %v; want Denied", name, len(list), err)
		}
	}
}

func TestAllFiltersAreOffered(t *testing.T) {
	if got := newHouse(t).sent(ada, track.Query{}); len(got.Filters) != len(store.Filters) || len(got.Counts) != len(store.Filters) {
		t.Errorf("an empty folder offers %v and counts %v", got.Filters, got.Counts)
	}
}
