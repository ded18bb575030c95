package account_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

const chosen = "a password of my own"

// mail takes the newest link out of the outbox, as the mail to its holder would.
func (h *house) mail(to letterlock.Address) letterlock.Token {
	h.t.Helper()
	var token letterlock.Token
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		n, err := tx.Claim(time.Hour)
		if err != nil {
			return err
		}
		if n.Kind != store.AccountNotice || n.Address != to || n.Message != "" {
			h.t.Errorf("notice %+v, want one to %s", n, to)
		}
		if token, err = vault.OpenAccountToken(h.pepper, n.Address, n.Secret); err != nil {
			return err
		}
		return tx.Finish(n.ID, store.Sent)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

func (h *house) invite(m letterlock.Mailbox) letterlock.Token {
	h.t.Helper()
	if _, err := h.accounts.Add(h.t.Context(), system, m, letterlock.Sender); err != nil {
		h.t.Fatal(err)
	}
	return h.mail(m.Address)
}

func (h *house) reset(a letterlock.Address) letterlock.Token {
	h.t.Helper()
	if _, err := h.accounts.Reset(h.t.Context(), system, a); err != nil {
		h.t.Fatal(err)
	}
	return h.mail(a)
}

func (h *house) set(t letterlock.Token, password string) error {
	return h.accounts.SetPassword(h.t.Context(), letterlock.Actor{IP: ip}, t, password, "")
}

func TestWhoIsInvitedSetsAPasswordAndComesIn(t *testing.T) {
	h := newHouse(t)
	until, err := h.accounts.Add(t.Context(), system, bob, letterlock.Sender, letterlock.Auditor)
	if err != nil || !until.Equal(h.now.Add(72*time.Hour)) || h.woken != 1 {
		t.Fatalf("Add: %v, %v, outbox woken %d times; want a link for 72 hours on its way", until, err, h.woken)
	}
	if row := h.row(bob.Address); row.PasswordSet || !row.LinkExpires.Equal(until) || !row.Created.Equal(h.now) {
		t.Errorf("invited: %+v, want no password and a link", row)
	}
	for _, guess := range []string{"", chosen, password} {
		if err := h.signIn(bob.Address, guess, ip); !errors.Is(err, letterlock.Denied) {
			t.Errorf("signing in before a password is set, with %q: %v, want Denied", guess, err)
		}
	}
	token := h.mail(bob.Address)
	for range 3 { // looking uses nothing up
		if err := h.accounts.CheckLink(t.Context(), token); err != nil {
			t.Fatalf("CheckLink: %v", err)
		}
	}
	if err := h.set(token, "1234567"); !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "password" {
		t.Errorf("a short password: %v, want Invalid", err)
	}
	if err := h.set(token, chosen); err != nil {
		t.Fatalf("SetPassword: %v", err)
	}
	if e := h.last(); e.Action != "set password" || e.Target != string(bob.Address) || e.Actor.IP != ip || !e.Allowed {
		t.Errorf("entry %+v, want that Bob's password was set", e)
	}
	if err := h.signIn(bob.Address, chosen, ip); err != nil {
		t.Errorf("signing in with the new password: %v", err)
	}
	if row := h.row(bob.Address); !row.PasswordSet || !row.LinkExpires.IsZero() {
		t.Errorf("afterwards: %+v, want a password and no link", row)
	}
}

func TestAResetEndsTheOldPasswordAndItsSessions(t *testing.T) {
	h := newHouse(t)
	alive := h.session(ada.Address)
	if !alive() {
		t.Fatal("no session: this test would prove nothing")
	}
	until, err := h.accounts.Reset(t.Context(), system, ada.Address)
	if err != nil || !until.Equal(h.now.Add(24*time.Hour)) || h.woken != 1 {
		t.Errorf("Reset: %v, %v, outbox woken %d times; want a link for a day on its way", until, err, h.woken)
	}
	if err := h.signIn(ada.Address, password, ip); !errors.Is(err, letterlock.Denied) || alive() {
		t.Errorf("the old password: %v, session alive: %v; want neither", err, alive())
	}
	second := h.session(ada.Address)
	if err := h.set(h.mail(ada.Address), chosen); err != nil {
		t.Fatal(err)
	}
	if second() {
		t.Error("a session outlives the new password")
	}
	if err := h.signIn(ada.Address, chosen, ip); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

func TestLinksThatDoNotWorkAreAllAlike(t *testing.T) {
	tests := []struct {
		name string
		link func(h *house) letterlock.Token
	}{
		{"unknown", func(*house) letterlock.Token { return vault.NewToken() }},
		{"empty", func(*house) letterlock.Token { return "" }},
		{"endless", func(*house) letterlock.Token { return letterlock.Token(strings.Repeat("x", 1<<16)) }},
		{"used", func(h *house) letterlock.Token {
			token := h.reset(ada.Address)
			if err := h.set(token, chosen); err != nil {
				h.t.Fatal(err)
			}
			return token
		}},
		{"replaced", func(h *house) letterlock.Token { old := h.reset(ada.Address); h.reset(ada.Address); return old }},
		{"expired", func(h *house) letterlock.Token {
			token := h.reset(ada.Address)
			h.now = h.now.Add(24 * time.Hour)
			return token
		}},
		{"expired invitation", func(h *house) letterlock.Token {
			token := h.invite(bob)
			h.now = h.now.Add(72 * time.Hour)
			return token
		}},
		{"of a disabled account", func(h *house) letterlock.Token { token := h.reset(ada.Address); h.disable(ada.Address); return token }},
		{"of an account that was given a password", func(h *house) letterlock.Token {
			token := h.reset(ada.Address)
			if err := h.accounts.Put(h.t.Context(), system, ada, password, letterlock.Sender); err != nil {
				h.t.Fatal(err)
			}
			return token
		}},
		{"of one that was disabled and enabled", func(h *house) letterlock.Token {
			token := h.reset(ada.Address)
			h.disable(ada.Address)
			if err := h.accounts.Enable(h.t.Context(), system, ada.Address); err != nil {
				h.t.Fatal(err)
			}
			return token
		}},
	}
	for _, tt := range tests {
		h := newHouse(t)
		token := tt.link(h)
		for what, err := range map[string]error{
			"CheckLink":                         h.accounts.CheckLink(t.Context(), token),
			"SetPassword":                       h.set(token, "yet another password"),
			"SetPassword with one that is none": h.set(token, "x"),
		} {
			if !errors.Is(err, letterlock.NotFound) || letterlock.KeyOf(err) != "account-link" {
				t.Errorf("%s: %s: %v, want NotFound account-link", tt.name, what, err)
			}
		}
		if err := h.signIn(ada.Address, "yet another password", ip); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s: it has set a password: %v", tt.name, err)
		}
	}
}

func TestWhoHasNotAnsweredAnInvitationIsInvitedAgain(t *testing.T) {
	h := newHouse(t)
	old := h.invite(bob)
	h.now = h.now.AddDate(0, 0, 10)
	if row := h.row(bob.Address); !row.LinkExpires.IsZero() {
		t.Errorf("a link that has expired is shown: %+v", row)
	}
	for _, tt := range []struct {
		who   letterlock.Address
		lasts time.Duration
	}{{bob.Address, 72 * time.Hour}, {bob.Address, 72 * time.Hour}, {ada.Address, 24 * time.Hour}, {ada.Address, 24 * time.Hour}} {
		until, err := h.accounts.Reset(t.Context(), system, tt.who)
		if got := until.Sub(h.now); err != nil || got != tt.lasts {
			t.Errorf("a new link for %s works for %v, %v; want %v", tt.who, got, err, tt.lasts)
		}
	}
	if err := h.set(old, chosen); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("the invitation of before: %v, want NotFound", err)
	}
}

func TestALinkWorksUntilItsLastSecond(t *testing.T) {
	h := newHouse(t)
	token := h.reset(ada.Address)
	h.now = h.now.Add(24*time.Hour - time.Second)
	if err := h.set(token, chosen); err != nil {
		t.Errorf("a second before the end: %v", err)
	}
}

func TestOneOfTwoWhoUseALinkAtOnceComesIn(t *testing.T) {
	h := newHouse(t)
	token := h.reset(ada.Address)
	var wins atomic.Int32
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if h.set(token, chosen) == nil {
				wins.Add(1)
			}
		})
	}
	wg.Wait()
	if n := wins.Load(); n != 1 {
		t.Errorf("%d have set a password with one link, want 1", n)
	}
}

func TestANewerLinkDropsTheMailWithTheOlder(t *testing.T) {
	h := newHouse(t)
	for range 3 {
		if _, err := h.accounts.Reset(t.Context(), system, ada.Address); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.set(h.mail(ada.Address), chosen); err != nil {
		t.Errorf("the one mail that is left: %v", err)
	}
	var waiting []store.NoticeKind
	err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		for {
			n, err := tx.Claim(time.Hour)
			if err != nil {
				return err
			}
			waiting = append(waiting, n.Kind)
		}
	})
	if !errors.Is(err, letterlock.NotFound) || !slices.Equal(waiting, []store.NoticeKind{store.ChangeNotice}) {
		t.Errorf("%q wait, %v; want the mail that a password was set", waiting, err)
	}
}

func TestADisabledAccountIsMailedNoLink(t *testing.T) {
	h := newHouse(t)
	h.disable(ada.Address)
	if _, err := h.accounts.Reset(t.Context(), system, ada.Address); !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "account-disabled" || h.woken > 0 {
		t.Errorf("Reset of a disabled account: %v, %d mails; want Invalid and none", err, h.woken)
	}
}
