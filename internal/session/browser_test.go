package session_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/session"
	"letterlock/internal/store"
)

const month = 30 * 24 * time.Hour

var martaReads = letterlock.Actor{Kind: letterlock.Reader, Address: marta, Agent: "Firefox", Proof: letterlock.ByPasscode}

func (h *house) browsers(lasts time.Duration) *session.Browsers {
	return &session.Browsers{DB: h.db, Lasts: lasts}
}

func (h *house) remember(old string, by letterlock.Actor) string {
	h.t.Helper()
	id, err := h.browsers(month).Remember(h.t.Context(), by, old)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// checkKnown requires that asking and proving agree on whether a browser is known.
func checkKnown(t *testing.T, s *session.Browsers, name, id string, a letterlock.Address, want bool) {
	t.Helper()
	known, err := s.Known(t.Context(), id, a)
	if known != want || err != nil {
		t.Errorf("%s: Known = %v, %v; want %v", name, known, err, want)
	}
	_, err = s.Prove(t.Context(), id, a, "", letterlock.Actor{})
	if (err == nil) != want || err != nil && !errors.Is(err, letterlock.NotFound) {
		t.Errorf("%s: Prove = %v; want it to work: %v", name, err, want)
	}
}

func TestABrowserIsRememberedAsLongAsItsProviderIsThere(t *testing.T) {
	h := newHouse(t)
	vouched := martaReads
	vouched.Proof = letterlock.ByOpenID("google")
	s := h.browsers(month)
	check := func(name, id string, want bool) {
		t.Helper()
		checkKnown(t, s, name, id, marta, want)
		if list, err := s.List(t.Context(), martaReads, id); err != nil || slices.ContainsFunc(list, func(b session.Browser) bool { return b.Here }) != want {
			t.Errorf("%s: listed are %+v, %v", name, list, err)
		}
	}
	id := h.remember("", vouched)
	check("nobody asks for providers", id, true)
	s.Vouches = func(p string) bool { return p == "google" }
	check("it is there", id, true)
	s.Vouches = func(string) bool { return false }
	check("it is not", id, false)
	check("a passcode since", h.remember(id, martaReads), true)
	old := martaReads
	old.Proof = ""
	check("from before proofs were kept", h.remember("", old), true)
}

func TestARememberedBrowserIsForgottenWhenItsTimeIsOver(t *testing.T) {
	h := newHouse(t)
	id := h.remember("", martaReads)
	s := h.browsers(month)
	h.now = h.now.Add(month - time.Second)
	checkKnown(t, s, "a second before", id, marta, true)
	h.now = h.now.Add(time.Second)
	checkKnown(t, s, "at the end, though it was used", id, marta, false)
	rows := func() (n int) {
		err := h.db.Write(t.Context(), func(tx *store.Tx) error {
			list, err := tx.Browsers(marta, 10)
			n = len(list)
			return errors.Join(err, tx.SweepBrowsers())
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if before, after := rows(), rows(); before != 1 || after != 0 {
		t.Errorf("%d rows before sweeping, %d after; want 1 and none", before, after)
	}
}

func TestAShorterTimeHoldsForBrowsersOfBefore(t *testing.T) {
	h := newHouse(t)
	id := h.remember("", martaReads)
	h.now = h.now.Add(time.Hour)
	checkKnown(t, h.browsers(time.Hour+time.Second), "a little more than its age", id, marta, true)
	checkKnown(t, h.browsers(time.Hour), "its age", id, marta, false)
	checkKnown(t, h.browsers(0), "off", id, marta, false)
	if _, err := h.browsers(0).Remember(t.Context(), martaReads, ""); !errors.Is(err, letterlock.Denied) {
		t.Errorf("remembering when that is off: %v, want Denied", err)
	}
}

func TestABrowserIsKnownForTheMailboxesProvedInItAndNoOther(t *testing.T) {
	h := newHouse(t)
	jonas := martaReads
	jonas.Address = "jonas@riverside.example"
	first := h.remember("", martaReads)
	second := h.remember(first, jonas)
	other := h.remember("", jonas)
	s := h.browsers(month)
	checkKnown(t, s, "the first mailbox, by the new id", second, marta, true)
	checkKnown(t, s, "the second", second, jonas.Address, true)
	checkKnown(t, s, "the id from before", first, marta, false)
	checkKnown(t, s, "another browser", other, marta, false)
	for name, bad := range map[string]string{"empty": "", "short": second[:42], "unknown": strings.Repeat("A", 43), "ten kilobytes": strings.Repeat("A", 10_000)} {
		checkKnown(t, s, name, bad, marta, false)
	}
	checkKnown(t, s, "no address", second, "", false)
	checkKnown(t, s, "in capitals", second, "MARTA@quillfeather.example", false)
	for _, who := range []letterlock.Actor{{}, {Kind: letterlock.Staff, Address: marta}, {Kind: letterlock.Reader}} {
		if _, err := s.Remember(t.Context(), who, ""); !errors.Is(err, letterlock.Denied) {
			t.Errorf("Remember for %+v: %v, want Denied", who, err)
		}
	}
}

func TestBrowsersAreForgottenByTheirOwnerOnlyAndThatIsAudited(t *testing.T) {
	h := newHouse(t)
	s := h.browsers(month)
	jonas := letterlock.Actor{Kind: letterlock.Reader, Address: "jonas@riverside.example"}
	here, there := h.remember("", martaReads), h.remember("", martaReads)
	list, err := s.List(t.Context(), martaReads, here)
	if err != nil || len(list) != 2 || list[0].Here == list[1].Here || list[0].Agent != "Firefox" {
		t.Fatalf("List = %+v, %v; want two, one of them here", list, err)
	}
	mine := list[slices.IndexFunc(list, func(b session.Browser) bool { return b.Here })].ID
	if err := errors.Join(s.Forget(t.Context(), jonas, "", mine), s.ForgetAll(t.Context(), jonas, "")); err != nil {
		t.Fatal(err)
	}
	checkKnown(t, s, "after another has forgotten it", here, marta, true)
	for range 2 {
		if err := s.Forget(t.Context(), martaReads, "", mine); err != nil {
			t.Fatal(err)
		}
	}
	checkKnown(t, s, "forgotten", here, marta, false)
	checkKnown(t, s, "the other", there, marta, true)
	if err := s.ForgetAll(t.Context(), martaReads, ""); err != nil {
		t.Fatal(err)
	}
	checkKnown(t, s, "after all were forgotten", there, marta, false)
	done := map[string]int{}
	err = h.db.Read(t.Context(), func(tx *store.Tx) error {
		entries, err := tx.Entries("")
		for _, e := range entries {
			if e.Target == string(marta) {
				done[e.Action]++
			}
		}
		return err
	})
	if err != nil || done["remember browser"] != 2 || done["forget browser"] != 1 || done["forget all browsers"] != 1 || done["prove mailbox by browser"] != 2 {
		t.Errorf("the audit log has %v, %v", done, err)
	}
}

// Who forgets a browser has perhaps lost it, with a session that goes on in it.
func TestForgettingABrowserEndsWhatIsReadElsewhere(t *testing.T) {
	tests := []struct {
		name   string
		forget func(h *house, here string) error
		want   bool // whether the session elsewhere goes on
	}{
		{"one", func(h *house, here string) error {
			list, err := h.browsers(month).List(h.t.Context(), martaReads, "")
			if err != nil || len(list) != 1 {
				h.t.Fatalf("%d browsers, %v; want one", len(list), err)
			}
			return h.browsers(month).Forget(h.t.Context(), martaReads, here, list[0].ID)
		}, false},
		{"all", func(h *house, here string) error { return h.browsers(month).ForgetAll(h.t.Context(), martaReads, here) }, false},
		{"none of hers", func(h *house, here string) error {
			return h.browsers(month).Forget(h.t.Context(), martaReads, here, "aaaaaaaaaaaaaaaaaaaaaaaaaa")
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.remember("", martaReads)
			begin := func(by letterlock.Actor) string {
				id, _, err := h.sessions.Start(t.Context(), by)
				if err != nil {
					t.Fatal(err)
				}
				return id
			}
			jonas := martaReads
			jonas.Address = "jonas@riverside.example"
			here, elsewhere, other := begin(martaReads), begin(martaReads), begin(jonas)
			if err := tt.forget(h, here); err != nil {
				t.Fatal(err)
			}
			for name, is := range map[string]struct {
				id   string
				goes bool
			}{"here": {here, true}, "elsewhere": {elsewhere, tt.want}, "of somebody else": {other, true}} {
				if _, err := h.sessions.Find(t.Context(), is.id); (err == nil) != is.goes {
					t.Errorf("the session %s: %v; want it to go on: %v", name, err, is.goes)
				}
			}
		})
	}
}

func TestAnAdministratorForgetsTheBrowsersOfAnAddress(t *testing.T) {
	h := newHouse(t)
	s := h.browsers(month)
	jonas := martaReads
	jonas.Address = "jonas@riverside.example"
	one, two, other := h.remember("", martaReads), h.remember("", martaReads), h.remember("", jonas)
	reading, _, err := h.sessions.Start(t.Context(), martaReads)
	if err != nil {
		t.Fatal(err)
	}
	admin := letterlock.Actor{Kind: letterlock.Staff, Address: "olga@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}
	revoker := admin
	revoker.Roles = []letterlock.Role{letterlock.Revoker}
	for _, by := range []letterlock.Actor{{}, martaReads, revoker} {
		if n, err := s.ForgetOf(t.Context(), by, marta); !errors.Is(err, letterlock.Denied) || n != 0 {
			t.Errorf("by %+v: %d, %v; want Denied", by, n, err)
		}
	}
	checkKnown(t, s, "after those who may not", one, marta, true)
	if n, err := s.ForgetOf(t.Context(), admin, marta); n != 2 || err != nil {
		t.Errorf("by an administrator: %d, %v; want 2", n, err)
	}
	checkKnown(t, s, "one of hers", one, marta, false)
	checkKnown(t, s, "the other", two, marta, false)
	checkKnown(t, s, "somebody else's", other, jonas.Address, true)
	if _, err := h.sessions.Find(t.Context(), reading); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("her session: %v, want NotFound", err)
	}
	if n, err := s.ForgetOf(t.Context(), admin, marta); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	var allowed, refused int
	err = h.db.Read(t.Context(), func(tx *store.Tx) error {
		entries, err := tx.Entries("")
		for _, e := range entries {
			switch {
			case e.Action != "forget browsers of recipient" || e.Target != string(marta):
			case e.Allowed:
				allowed++
			default:
				refused++
			}
		}
		return err
	})
	if err != nil || allowed != 2 || refused != 3 {
		t.Errorf("the audit log has %d done and %d refused, %v; want 2 and 3", allowed, refused, err)
	}
}

func TestANameCountsInItsSessionAndIsOfferedInItsBrowser(t *testing.T) {
	h := newHouse(t)
	s := h.browsers(month)
	id := h.remember("", martaReads)
	first := h.start(letterlock.Reader, marta)
	next, err := h.sessions.Call(t.Context(), first, "Anna Bell")
	if err != nil || next == first {
		t.Fatalf("Call: %q after %q, %v", next, first, err)
	}
	h.checkFound("the id from before", first, "", "")
	if by, err := h.sessions.Find(t.Context(), next); by.Called != "Anna Bell" || err != nil {
		t.Errorf("the session is of %q, %v", by.Called, err)
	}
	if by, err := h.sessions.Find(t.Context(), h.start(letterlock.Reader, marta)); by.Called != "" || err != nil {
		t.Errorf("another session is of %q, %v", by.Called, err)
	}
	for _, wrong := range []string{first, "", h.start(letterlock.Staff, marta)} {
		if _, err := h.sessions.Call(t.Context(), wrong, "Eve"); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("Call of %q: %v, want NotFound", wrong, err)
		}
	}
	offered := func(name, id string, a letterlock.Address, want string) {
		t.Helper()
		if got, err := s.Called(t.Context(), id, a); got != want || err != nil {
			t.Errorf("%s: offered %q, %v; want %q", name, got, err, want)
		}
	}
	jonas, released := martaReads, martaReads
	jonas.Address, released.Proof = "jonas@riverside.example", letterlock.ByRelease
	other := h.remember("", martaReads)
	for _, one := range []struct {
		by     letterlock.Actor
		id     string
		called string
	}{{martaReads, id, "Anna Bell"}, {martaReads, "", "Eve"}, {jonas, id, "Eve"}, {released, id, "Eve"}, {letterlock.Actor{}, id, "Eve"}} {
		if err := s.Call(t.Context(), one.by, one.id, one.called); err != nil {
			t.Fatal(err)
		}
	}
	offered("remembered", id, marta, "Anna Bell")
	offered("for another address", id, jonas.Address, "")
	offered("in another browser", other, marta, "")
	offered("nowhere", "", marta, "")
	h.now = h.now.Add(month)
	offered("when its time is over", id, marta, "")
}
