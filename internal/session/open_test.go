package session_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/session"
	"letterlock/internal/store"
)

var (
	holder = letterlock.Actor{Kind: letterlock.Staff, Address: ada, Roles: []letterlock.Role{letterlock.Sender}}
	boss   = letterlock.Actor{Kind: letterlock.Staff, Address: "olga@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}
)

// begin starts a session of Ada's in a browser.
func (h *house) begin(agent string) string {
	h.t.Helper()
	id, _, err := h.sessions.Start(h.t.Context(), letterlock.Actor{Kind: letterlock.Staff, Address: ada, Agent: agent, IP: "192.0.2.7"})
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// open lists Ada's sessions, seen from the one with that id.
func (h *house) open(here string) []session.Open {
	h.t.Helper()
	list, err := h.sessions.Open(h.t.Context(), holder, ada, here)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func TestSessionsAreListedAsTheirHolderKnowsThem(t *testing.T) {
	h := newHouse(t)
	old := h.begin("Safari")
	h.now = h.now.Add(11 * time.Hour)
	here := h.begin("Firefox")
	list := h.open(here)
	if len(list) != 2 || list[0].Agent != "Firefox" || !list[0].Here || list[1].Agent != "Safari" || list[1].Here || list[1].IP != "192.0.2.7" || !list[1].Begun.Equal(h.now.Add(-11*time.Hour)) {
		t.Errorf("Open = %+v", list)
	}
	h.now = h.now.Add(time.Hour)
	h.checkFound("idle", old, "", "")
	if list := h.open(here); len(list) != 1 {
		t.Errorf("one that nobody used for 12 hours is still listed: %+v", list)
	}
	reader := h.start(letterlock.Reader, ada)
	if list := h.open(reader); len(list) != 1 || list[0].Here {
		t.Errorf("with a reader's: %+v", list)
	}
}

func TestEndingOneSessionLeavesTheOthers(t *testing.T) {
	h := newHouse(t)
	one, two := h.begin("Safari"), h.begin("Firefox")
	var id letterlock.ID
	for _, o := range h.open(one) {
		if !o.Here {
			id = o.ID
		}
	}
	stranger := letterlock.Actor{Kind: letterlock.Staff, Address: "eve@contoso.example", Roles: []letterlock.Role{letterlock.Sender, letterlock.Revoker}}
	program, reader := boss, letterlock.Actor{Kind: letterlock.Reader, Address: ada}
	program.Address, program.Token, program.Roles = ada, "t", nil
	for name, by := range map[string]letterlock.Actor{"a stranger": stranger, "nobody": {}, "a program": program, "a reader": reader} {
		if err := h.sessions.EndNamed(t.Context(), by, ada, id); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s ends it: %v, want Denied", name, err)
		}
		if _, err := h.sessions.Open(t.Context(), by, ada, ""); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s lists them: %v, want Denied", name, err)
		}
	}
	// In the name of one's own account nobody ends that of another.
	if err := h.sessions.EndNamed(t.Context(), stranger, stranger.Address, id); err != nil {
		t.Errorf("ending what is not one's own: %v, want nothing", err)
	}
	h.checkFound("after strangers", two, letterlock.Staff, ada)
	if err := h.sessions.EndNamed(t.Context(), boss, ada, id); err != nil {
		t.Fatal(err)
	}
	h.checkFound("ended", two, "", "")
	h.checkFound("the other", one, letterlock.Staff, ada)
	if err := h.sessions.EndNamed(t.Context(), boss, ada, id); err != nil {
		t.Errorf("again: %v", err)
	}
	if err := h.sessions.EndNamed(t.Context(), boss, ada, ""); err != nil {
		t.Errorf("no name: %v", err)
	}
	h.checkFound("the other", one, letterlock.Staff, ada)
}

// TestASessionThatNobodyCouldEndByItselfEnds has one of before sessions had names.
func TestASessionThatNobodyCouldEndByItselfEnds(t *testing.T) {
	h := newHouse(t)
	here := h.begin("Firefox")
	for kind, want := range map[letterlock.Kind]letterlock.Kind{letterlock.Staff: "", letterlock.Reader: letterlock.Reader} {
		id := strings.Repeat(string(kind[0]), 43)
		hash := sha256.Sum256([]byte(id))
		err := h.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.AddSession(hash[:], store.Session{Kind: kind, Address: ada, Expires: h.now.Add(time.Hour)})
		})
		if err != nil {
			t.Fatal(err)
		}
		a := letterlock.Address("")
		if want != "" {
			a = ada
		}
		h.checkFound(string(kind), id, want, a)
	}
	for _, o := range h.open(here) {
		if o.ID == "" {
			t.Errorf("it is listed: %+v", o)
		}
	}
}

func TestEndingTheOthersKeepsThisOne(t *testing.T) {
	h := newHouse(t)
	here, other := h.begin("Safari"), h.begin("Firefox")
	reader, colleague := h.start(letterlock.Reader, ada), h.start(letterlock.Staff, boss.Address)
	for name, id := range map[string]string{"none": "", "nonsense": "x"} {
		if err := h.sessions.EndOthers(t.Context(), holder, id); !errors.Is(err, letterlock.Denied) {
			t.Errorf("here is %s: %v, want Denied", name, err)
		}
	}
	if err := h.sessions.EndOthers(t.Context(), holder, here); err != nil {
		t.Fatal(err)
	}
	h.checkFound("this one", here, letterlock.Staff, ada)
	h.checkFound("the other", other, "", "")
	h.checkFound("a reader's", reader, letterlock.Reader, ada)
	h.checkFound("a colleague's", colleague, letterlock.Staff, boss.Address)
}
