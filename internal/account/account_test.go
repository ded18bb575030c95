package account_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
)

const (
	password = "correct horse battery"
	ip       = "192.0.2.1"
)

var (
	system = letterlock.Actor{Kind: letterlock.System}
	ada    = letterlock.Mailbox{Name: "Ada Lovell", Address: "ada@contoso.example"}
)

// A house is accounts on a real database with a clock that stands still, and
// with one account, Ada's.
type house struct {
	t        *testing.T
	now      time.Time
	db       *store.DB
	pepper   seal.Pepper
	accounts *account.Service
	woken    int // how often the outbox was
}

// morning is when the clock of each house stands at first.
var morning = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// furnished is the database of a house in which nothing has happened.
var furnished = storetest.Template{Now: morning, Fill: func(ctx context.Context, db *store.DB) error {
	return account.New(db, seal.Pepper{}, ratelimit.IPKey, nil).Put(ctx, system, ada, password, letterlock.Sender)
}}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: morning}
	dir := t.TempDir()
	furnished.Copy(t, dir)
	var err error
	if h.db, err = store.Open(t.Context(), dir, func() time.Time { return h.now }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	keys, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: t.TempDir()}.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	h.pepper = keys.Pepper
	h.accounts = account.New(h.db, keys.Pepper, ratelimit.IPKey, func() { h.woken++ })
	return h
}

func (h *house) signIn(a letterlock.Address, password, ip string) error {
	_, err := h.accounts.Authenticate(h.t.Context(), a, password, ip)
	return err
}

// fail signs in wrongly n times, which must be denied each time.
func (h *house) fail(n int, a letterlock.Address, ip string) {
	h.t.Helper()
	for i := range n {
		if err := h.signIn(a, "wrong password", ip); !errors.Is(err, letterlock.Denied) {
			h.t.Fatalf("failure %d of %d: %v, want Denied", i+1, n, err)
		}
	}
}

func (h *house) disable(a letterlock.Address) {
	h.t.Helper()
	if err := h.accounts.Disable(h.t.Context(), system, a); err != nil {
		h.t.Fatal(err)
	}
}

func TestTheHolderSignsIn(t *testing.T) {
	h := newHouse(t)
	got, err := h.accounts.Authenticate(t.Context(), ada.Address, password, ip)
	if err != nil || got.Kind != letterlock.Staff || got.Address != ada.Address || got.Name != ada.Name || !got.Is(letterlock.Sender) || got.Is(letterlock.Auditor) {
		t.Errorf("Authenticate = %+v, %v; want Ada, a sender", got, err)
	}
	if again, err := h.accounts.Actor(t.Context(), ada.Address); err != nil || fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("Actor = %+v, %v; want %+v", again, err, got)
	}
}

func TestRefusalsAreAllAlike(t *testing.T) {
	h := newHouse(t)
	if err := h.accounts.Put(t.Context(), system, letterlock.Mailbox{Address: "old@contoso.example"}, password, letterlock.Sender); err != nil {
		t.Fatal(err)
	}
	h.disable("old@contoso.example")
	tests := []struct {
		name     string
		address  letterlock.Address
		password string
	}{
		{"wrong password", ada.Address, "wrong password"},
		{"no password", ada.Address, ""},
		{"part of it", ada.Address, password[:20]},
		{"more than it", ada.Address, password + "!"},
		{"another case", ada.Address, strings.ToUpper(password)},
		{"NUL after it", ada.Address, password + "\x00"},
		{"a megabyte", ada.Address, strings.Repeat("x", 1<<20)},
		{"unknown address", "nobody@contoso.example", password},
		{"address in another case", "Ada@contoso.example", password},
		{"no address", "", password},
		{"no address, no password", "", ""},
		{"disabled", "old@contoso.example", password},
		{"disabled, wrong password", "old@contoso.example", "wrong password"},
	}
	texts := make(map[string]bool)
	for _, tt := range tests {
		got, err := h.accounts.Authenticate(t.Context(), tt.address, tt.password, "203.0.113.7")
		if !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != "sign-in" || got.Kind != letterlock.Nobody {
			t.Errorf("%s: %+v, %v; want Denied", tt.name, got, err)
			continue
		}
		texts[err.Error()] = true
	}
	if len(texts) != 1 {
		t.Errorf("refusals differ: %v", texts)
	}
	for _, a := range []letterlock.Address{"old@contoso.example", "nobody@contoso.example", ""} {
		if got, err := h.accounts.Actor(t.Context(), a); !errors.Is(err, letterlock.Denied) || got.Kind != letterlock.Nobody {
			t.Errorf("Actor of %q = %+v, %v; want Denied", a, got, err)
		}
	}
}

func TestTenFailuresFromOneNetworkMakeItWait(t *testing.T) {
	h := newHouse(t)
	h.fail(10, ada.Address, "2001:db8::1")
	for _, neighbour := range []string{"2001:db8::1", "2001:db8::2"} {
		err := h.signIn(ada.Address, password, neighbour)
		if !errors.Is(err, letterlock.Throttled) || letterlock.RetryAfterOf(err) != time.Minute {
			t.Errorf("the right password after ten failures from %s: %v, wait %v; want to wait a minute", neighbour, err, letterlock.RetryAfterOf(err))
		}
	}
	if err := h.signIn(ada.Address, password, ip); err != nil {
		t.Errorf("the holder elsewhere: %v, want in", err)
	}
	h.fail(1, "eve@contoso.example", "2001:db8::1")
	h.now = h.now.Add(59 * time.Second)
	if err := h.signIn(ada.Address, password, "2001:db8::1"); !errors.Is(err, letterlock.Throttled) {
		t.Errorf("after 59 s: %v, want Throttled", err)
	}
	h.now = h.now.Add(time.Second)
	if err := h.signIn(ada.Address, password, "2001:db8::1"); err != nil {
		t.Errorf("a minute later: %v, want in", err)
	}
}

func TestFiftyFailuresFromOneNetworkAtAllAccountsMakeItWait(t *testing.T) {
	h := newHouse(t)
	for i := range 50 {
		h.fail(1, letterlock.Address(fmt.Sprintf("x%d@contoso.example", i)), ip)
	}
	if err := h.signIn(ada.Address, password, ip); !errors.Is(err, letterlock.Throttled) || letterlock.RetryAfterOf(err) != 20*time.Second {
		t.Errorf("the 51st: %v, wait %v; want to wait 20 s", err, letterlock.RetryAfterOf(err))
	}
}

func TestSuccessDoesNotCount(t *testing.T) {
	h := newHouse(t)
	h.fail(9, ada.Address, ip)
	for range 15 {
		if err := h.signIn(ada.Address, password, ip); err != nil {
			t.Fatalf("signing in after nine failures: %v", err)
		}
	}
	h.fail(1, ada.Address, ip)
}

func TestParallelGuessesShareTenFailures(t *testing.T) {
	h := newHouse(t)
	var mu sync.Mutex
	counts := make(map[letterlock.Code]int)
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			err := h.signIn(ada.Address, "wrong password", ip)
			mu.Lock()
			defer mu.Unlock()
			counts[letterlock.CodeOf(err)]++
		})
	}
	wg.Wait()
	if counts[letterlock.Denied] != 10 || counts[letterlock.Throttled] != 20 {
		t.Errorf("%v, want ten guesses answered and the others throttled", counts)
	}
}

func TestPutIsForAdministratorsAndTheProgram(t *testing.T) {
	h := newHouse(t)
	bob := letterlock.Mailbox{Address: "bob@contoso.example"}
	admin := letterlock.Actor{Kind: letterlock.Staff, Address: "grace@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}
	tests := []struct {
		name     string
		by       letterlock.Actor
		who      letterlock.Mailbox
		password string
		roles    []letterlock.Role
		want     error
		key      string
	}{
		{"nobody", letterlock.Actor{}, bob, password, []letterlock.Role{letterlock.Sender}, letterlock.Denied, "not-administrator"},
		{"a sender", letterlock.Actor{Kind: letterlock.Staff, Roles: []letterlock.Role{letterlock.Sender}}, bob, password, []letterlock.Role{letterlock.Admin}, letterlock.Denied, "not-administrator"},
		{"a reader with a role", letterlock.Actor{Kind: letterlock.Reader, Roles: []letterlock.Role{letterlock.Admin}}, bob, password, []letterlock.Role{letterlock.Sender}, letterlock.Denied, "not-administrator"},
		{"no address", admin, letterlock.Mailbox{}, password, []letterlock.Role{letterlock.Sender}, letterlock.Invalid, "account"},
		{"a line end in the name", admin, letterlock.Mailbox{Name: "Bob\r\nBcc: x", Address: bob.Address}, password, []letterlock.Role{letterlock.Sender}, letterlock.Invalid, "account"},
		{"a name that turns the text around", admin, letterlock.Mailbox{Name: "\u202eboB", Address: bob.Address}, password, []letterlock.Role{letterlock.Sender}, letterlock.Invalid, "account"},
		{"a name without end", admin, letterlock.Mailbox{Name: strings.Repeat("b", 201), Address: bob.Address}, password, []letterlock.Role{letterlock.Sender}, letterlock.Invalid, "account"},
		{"no role", admin, bob, password, nil, letterlock.Invalid, "account"},
		{"a short password", admin, bob, "1234567", []letterlock.Role{letterlock.Sender}, letterlock.Invalid, "password"},
		{"a long password", admin, bob, strings.Repeat("x", account.MaxPassword+1), []letterlock.Role{letterlock.Sender}, letterlock.Invalid, "password"},
		{"the longest password", admin, bob, strings.Repeat("x", account.MaxPassword), []letterlock.Role{letterlock.Sender}, nil, ""},
		{"the shortest password", admin, bob, "12345678", []letterlock.Role{letterlock.Sender, letterlock.Auditor}, nil, ""},
	}
	for _, tt := range tests {
		err := h.accounts.Put(t.Context(), tt.by, tt.who, tt.password, tt.roles...)
		if !errors.Is(err, tt.want) || letterlock.KeyOf(err) != tt.key {
			t.Errorf("%s: %v, want %v %q", tt.name, err, tt.want, tt.key)
		}
		if signed := h.signIn(bob.Address, tt.password, ip); (signed == nil) != (tt.want == nil) {
			t.Errorf("%s: signing in afterwards: %v", tt.name, signed)
		}
		h.now = h.now.Add(time.Hour)
	}
	if a, err := h.accounts.Actor(t.Context(), bob.Address); err != nil || !a.Is(letterlock.Auditor) {
		t.Errorf("Bob = %+v, %v; want the roles of the last Put", a, err)
	}
}

func TestPasswordsAreKeptAsSaltedArgon2id(t *testing.T) {
	h := newHouse(t)
	eve := letterlock.Mailbox{Address: "eve@contoso.example"}
	if err := h.accounts.Put(t.Context(), system, eve, password, letterlock.Sender); err != nil {
		t.Fatal(err)
	}
	var hashes []string
	err := h.db.Read(t.Context(), func(tx *store.Tx) error {
		for _, a := range []letterlock.Address{ada.Address, eve.Address} {
			row, err := tx.Account(a)
			if err != nil {
				return err
			}
			hashes = append(hashes, row.PasswordHash)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	for _, s := range hashes {
		if !form.MatchString(s) {
			t.Errorf("%q is not a PHC string of argon2id with 19 MiB and two passes", s)
		}
	}
	if hashes[0] == hashes[1] {
		t.Error("one password has one hash: there is no salt")
	}
}

func TestFailuresAreAuditedWithoutThePassword(t *testing.T) {
	h := newHouse(t)
	h.fail(1, ada.Address, ip)
	err := h.db.Read(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries("")
		last := list[len(list)-1]
		if last.Action != "sign in" || last.Allowed || last.Target != string(ada.Address) || last.Actor.IP != ip {
			t.Errorf("entry %+v, want the refused sign-in", last)
		}
		if strings.Contains(fmt.Sprint(list), "wrong password") {
			t.Errorf("a password is in the audit log: %v", list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
