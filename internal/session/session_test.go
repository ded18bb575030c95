package session_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/session"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
)

// A house is sessions on a real database with a clock that stands still.
type house struct {
	t        *testing.T
	now      time.Time
	dir      string
	db       *store.DB
	sessions *session.Service
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), dir: t.TempDir()}
	var err error
	storetest.Empty(t, h.dir)
	if h.db, err = store.Open(t.Context(), h.dir, func() time.Time { return h.now }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	h.sessions = &session.Service{DB: h.db}
	return h
}

func (h *house) start(kind letterlock.Kind, a letterlock.Address) string {
	h.t.Helper()
	id, _, err := h.sessions.Start(h.t.Context(), letterlock.Actor{Kind: kind, Address: a})
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// checkFound requires that the session is or is not there.
func (h *house) checkFound(name, id string, kind letterlock.Kind, a letterlock.Address) {
	h.t.Helper()
	got, err := h.sessions.Find(h.t.Context(), id)
	if got.Kind != kind || got.Address != a || (err == nil) != (a != "") || err != nil && !errors.Is(err, letterlock.NotFound) {
		h.t.Errorf("%s: Find = %q, %q, %v; want %q, %q", name, got.Kind, got.Address, err, kind, a)
	}
}

const (
	marta = letterlock.Address("marta@quillfeather.example")
	ada   = letterlock.Address("ada@contoso.example")
)

func TestASessionBelongsToWhomeverItWasStartedFor(t *testing.T) {
	h := newHouse(t)
	staff, reader := h.start(letterlock.Staff, ada), h.start(letterlock.Reader, marta)
	h.checkFound("staff", staff, letterlock.Staff, ada)
	h.checkFound("reader", reader, letterlock.Reader, marta)
	if again := h.start(letterlock.Reader, marta); again == reader || len(again) != 43 {
		t.Errorf("the next session has the id %q, want a new one of 43 characters", again)
	}
}

func TestOnlyStaffAndReadersHaveSessions(t *testing.T) {
	h := newHouse(t)
	for name, who := range map[string]letterlock.Actor{
		"nobody": {Address: marta}, "the program": {Kind: letterlock.System, Address: marta},
		"another kind": {Kind: "root", Address: marta}, "no address": {Kind: letterlock.Staff},
	} {
		if id, _, err := h.sessions.Start(t.Context(), letterlock.Actor{Kind: who.Kind, Address: who.Address}); !errors.Is(err, letterlock.Denied) || id != "" {
			t.Errorf("%s: Start = %q, %v; want Denied", name, id, err)
		}
	}
}

func TestASessionEndsWhenIdle(t *testing.T) {
	for kind, idle := range map[letterlock.Kind]time.Duration{letterlock.Reader: time.Hour, letterlock.Staff: 12 * time.Hour} {
		h := newHouse(t)
		used, left := h.start(kind, marta), h.start(kind, marta)
		h.now = h.now.Add(idle - time.Second)
		h.checkFound(string(kind)+" a second before", used, kind, marta)
		h.now = h.now.Add(time.Second)
		h.checkFound(string(kind)+" that was used", used, kind, marta)
		h.checkFound(string(kind)+" that was left alone", left, "", "")
		h.now = h.now.Add(idle)
		h.checkFound(string(kind)+" idle after use", used, "", "")
	}
}

func TestASessionEndsAtItsAbsoluteLimitHoweverBusy(t *testing.T) {
	for kind, limit := range map[letterlock.Kind]time.Duration{letterlock.Reader: 12 * time.Hour, letterlock.Staff: 7 * 24 * time.Hour} {
		h := newHouse(t)
		id, expires, err := h.sessions.Start(t.Context(), letterlock.Actor{Kind: kind, Address: marta})
		if want := h.now.Add(limit); err != nil || !expires.Equal(want) {
			t.Errorf("%s: ends at %v, %v; want %v", kind, expires, err, want)
		}
		for h.now.Add(30 * time.Minute).Before(expires) {
			h.now = h.now.Add(30 * time.Minute)
			if _, err := h.sessions.Find(t.Context(), id); err != nil {
				t.Fatalf("%s: %v before the end: %v", kind, expires.Sub(h.now), err)
			}
		}
		h.now = expires.Add(-time.Second)
		h.checkFound(string(kind)+" a second before", id, kind, marta)
		h.now = expires
		h.checkFound(string(kind)+" at the limit", id, "", "")
	}
}

func TestAnEndedSessionIsGoneAlsoForAReplayedCookie(t *testing.T) {
	h := newHouse(t)
	id, other := h.start(letterlock.Reader, marta), h.start(letterlock.Reader, marta)
	for range 2 {
		if err := h.sessions.End(t.Context(), id); err != nil {
			t.Errorf("End: %v", err)
		}
		h.checkFound("ended", id, "", "")
	}
	h.checkFound("another session of the same reader", other, letterlock.Reader, marta)
}

func TestMalformedIDsFindAndEndNothing(t *testing.T) {
	h := newHouse(t)
	id := h.start(letterlock.Reader, marta)
	hash := sha256.Sum256([]byte(id))
	for name, bad := range map[string]string{
		"empty": "", "one character less": id[:42], "one more": id + "A", "another case": swapCase(id),
		"unknown": strings.Repeat("A", 43), "its hash": string(hash[:]), "wildcards": strings.Repeat("%", 43),
		"NUL": id[:42] + "\x00", "one megabyte": strings.Repeat(id, 25_000),
	} {
		h.checkFound(name, bad, "", "")
		if err := h.sessions.End(t.Context(), bad); err != nil {
			t.Errorf("%s: End: %v", name, err)
		}
	}
	h.checkFound("after all that", id, letterlock.Reader, marta)
}

func swapCase(s string) string {
	if l := strings.ToLower(s); l != s {
		return l
	}
	return strings.ToUpper(s)
}

func TestTheDatabaseSignsNobodyIn(t *testing.T) {
	h := newHouse(t)
	id := h.start(letterlock.Reader, marta)
	hash := sha256.Sum256([]byte(id))
	found := make(map[string]bool)
	files, err := filepath.Glob(filepath.Join(h.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		found["hash"] = found["hash"] || bytes.Contains(b, hash[:])
		found["id"] = found["id"] || bytes.Contains(b, []byte(id))
	}
	if !found["hash"] {
		t.Fatal("the hash is not on disk: this test would prove nothing")
	}
	if found["id"] {
		t.Error("the id of a session is on disk")
	}
}

func TestStartingIsAudited(t *testing.T) {
	h := newHouse(t)
	h.start(letterlock.Staff, ada)
	err := h.db.Read(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries("")
		if len(list) != 1 || list[0].Action != "sign in" || !list[0].Allowed || list[0].Actor.Address != ada {
			t.Errorf("entries = %+v, want the sign-in", list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAProofOfAProviderThatWasRemovedCountsNoMore(t *testing.T) {
	h := newHouse(t)
	id, _, err := h.sessions.Start(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta, Proof: letterlock.ByOpenID("google")})
	if err != nil {
		t.Fatal(err)
	}
	mailed := h.start(letterlock.Reader, marta)
	for _, tt := range []struct {
		name    string
		vouches func(string) bool
		want    letterlock.Address
	}{
		{"there still is one", func(p string) bool { return p == "google" }, marta},
		{"it was removed", func(p string) bool { return p == "yahoo" }, ""},
		{"nobody asks", nil, marta},
	} {
		h.sessions.Vouches = tt.vouches
		kind := letterlock.Reader
		if tt.want == "" {
			kind = ""
		}
		h.checkFound(tt.name, id, kind, tt.want)
		h.checkFound(tt.name+", another proof", mailed, letterlock.Reader, marta)
	}
}

// Who came by a provider that is asked no more may have left there long ago.
func TestASessionBySingleSignOnCountsOnlyWhileThereIsOne(t *testing.T) {
	h := newHouse(t)
	var proofs []letterlock.Proof
	for _, anew := range []bool{false, true} {
		for _, factor := range []bool{false, true} {
			proofs = append(proofs, letterlock.BySSO(anew, factor))
		}
	}
	mailed := h.start(letterlock.Staff, ada)
	for _, proof := range proofs {
		by := letterlock.Actor{Kind: letterlock.Staff, Address: ada, Proof: proof}
		id, _, err := h.sessions.Start(t.Context(), by)
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name string
			sso  func() bool
			want letterlock.Kind
		}{
			{"on", func() bool { return true }, letterlock.Staff},
			{"off", func() bool { return false }, ""},
			{"nobody asks", nil, letterlock.Staff},
		} {
			h.sessions.SSO = tt.sso
			want, open := ada, 2
			if tt.want == "" {
				want, open = "", 1
			}
			h.checkFound(tt.name+", "+string(proof), id, tt.want, want)
			h.checkFound(tt.name+", a password", mailed, letterlock.Staff, ada)
			if list, err := h.sessions.Open(t.Context(), by, ada, ""); err != nil || len(list) != open {
				t.Errorf("%s, %s: %d sessions are listed, want %d (%v)", tt.name, proof, len(list), open, err)
			}
		}
		if err := h.sessions.End(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
}
