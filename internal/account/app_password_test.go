package account_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

var (
	holder = letterlock.Actor{Kind: letterlock.Staff, Address: ada.Address, Roles: []letterlock.Role{letterlock.Sender}}
	boss   = letterlock.Actor{Kind: letterlock.Staff, Address: "olga@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}
	eve    = letterlock.Actor{Kind: letterlock.Staff, Address: "eve@contoso.example", Roles: []letterlock.Role{letterlock.Sender, letterlock.Auditor, letterlock.Revoker}}
)

// program makes an app password of Ada's and returns it.
func (h *house) program(name string) (account.AppPassword, string) {
	h.t.Helper()
	p, secret, err := h.accounts.MakeAppPassword(h.t.Context(), holder, name)
	if err != nil {
		h.t.Fatal(err)
	}
	return p, secret.Reveal()
}

// open signs a mail program in, which must work.
func (h *house) open(m account.MailPrograms, secret string) letterlock.Actor {
	h.t.Helper()
	by, err := m.Authenticate(h.t.Context(), ada.Address, secret, ip)
	if err != nil {
		h.t.Fatalf("signing a mail program in: %v", err)
	}
	return by
}

func (h *house) programs() account.MailPrograms { return account.MailPrograms{Accounts: h.accounts} }

func TestAnAppPasswordLetsMailProgramsInAndNobodyElse(t *testing.T) {
	h := newHouse(t)
	p, secret := h.program("Thunderbird")
	if !regexp.MustCompile(`^([a-z]{4}-){5}[a-z]{4}$`).MatchString(secret) {
		t.Errorf("the secret has the form of %q", regexp.MustCompile(`[a-z]`).ReplaceAllString(secret, "x"))
	}
	for _, typed := range []string{secret, strings.ReplaceAll(secret, "-", ""), strings.ReplaceAll(strings.ToUpper(secret), "-", " ")} {
		if by := h.open(h.programs(), typed); by.Token != p.ID || by.Address != ada.Address || !by.Is(letterlock.Sender) {
			t.Errorf("Authenticate = %+v, want Ada by that app password", by)
		}
	}
	if err := h.signIn(ada.Address, secret, ip); !errors.Is(err, letterlock.Denied) {
		t.Errorf("signing in to the portal with it: %v, want Denied", err)
	}
	if _, _, err := h.accounts.TokenActor(t.Context(), secret); !errors.Is(err, letterlock.Denied) {
		t.Errorf("using it as a token: %v, want Denied", err)
	}
	for name, a := range map[string]letterlock.Address{"another account": "olga@contoso.example", "no account": "nobody@contoso.example"} {
		if err := h.accounts.Put(t.Context(), system, letterlock.Mailbox{Address: "olga@contoso.example"}, password, letterlock.Admin); err != nil {
			t.Fatal(err)
		}
		if _, err := h.programs().Authenticate(t.Context(), a, secret, ip); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s: %v, want Denied", name, err)
		}
	}
	for _, wrong := range []string{"", secret[1:], secret + "a", strings.Repeat("a", 24), "é" + secret[2:]} {
		if _, err := h.programs().Authenticate(t.Context(), ada.Address, wrong, "192.0.2.77"); !errors.Is(err, letterlock.Denied) {
			t.Errorf("a wrong one: %v, want Denied", err)
		}
	}
	h.open(h.programs(), password) // that of the account is good enough
}

// TestNothingKeepsAnAppPasswordAlive signs in with one, takes it away in some way, and
// wants it refused at once: anew, and on a connection that is open.
func TestNothingKeepsAnAppPasswordAlive(t *testing.T) {
	tests := []struct {
		name string
		act  func(h *house, p account.AppPassword) error
	}{
		{"its holder removes it", func(h *house, p account.AppPassword) error {
			return h.accounts.RemoveAppPassword(h.t.Context(), holder, ada.Address, p.ID)
		}},
		{"an administrator removes it", func(h *house, p account.AppPassword) error {
			return h.accounts.RemoveAppPassword(h.t.Context(), boss, ada.Address, p.ID)
		}},
		{"the account is disabled", func(h *house, _ account.AppPassword) error {
			return h.accounts.Disable(h.t.Context(), boss, ada.Address)
		}},
		{"signed out everywhere", func(h *house, _ account.AppPassword) error {
			return h.accounts.SignOutEverywhere(h.t.Context(), boss, ada.Address)
		}},
		{"the password is reset", func(h *house, _ account.AppPassword) error {
			_, err := h.accounts.Reset(h.t.Context(), boss, ada.Address)
			return err
		}},
		{"the account is put anew", func(h *house, _ account.AppPassword) error {
			return h.accounts.Put(h.t.Context(), system, ada, password, letterlock.Sender)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			p, secret := h.program("Thunderbird")
			by := h.open(h.programs(), secret)
			if _, err := h.programs().Still(t.Context(), by); err != nil {
				t.Fatalf("Still before: %v", err)
			}
			if err := tt.act(h, p); err != nil {
				t.Fatal(err)
			}
			if _, err := h.programs().Authenticate(t.Context(), ada.Address, secret, ip); !errors.Is(err, letterlock.Denied) {
				t.Errorf("Authenticate: %v, want Denied", err)
			}
			if _, err := h.programs().Still(t.Context(), by); !errors.Is(err, letterlock.Denied) {
				t.Errorf("Still: %v, want Denied", err)
			}
		})
	}
}

func TestAppPasswordsWorkAgainWithTheirAccount(t *testing.T) {
	h := newHouse(t)
	_, secret := h.program("Thunderbird")
	h.disable(ada.Address)
	if err := h.accounts.Enable(t.Context(), system, ada.Address); err != nil {
		t.Fatal(err)
	}
	h.open(h.programs(), secret)
}

func TestWhereOnlyAppPasswordsDoThePasswordIsRefusedWithAReason(t *testing.T) {
	h := newHouse(t)
	only := account.MailPrograms{Accounts: h.accounts, Only: true}
	_, secret := h.program("Thunderbird")
	for name, want := range map[string]string{password: "app-password", "wrong password": "sign-in"} {
		if _, err := only.Authenticate(t.Context(), ada.Address, name, ip); !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != want {
			t.Errorf("Authenticate with %q: %v, want Denied %q", name, err, want)
		}
	}
	if _, err := only.Still(t.Context(), h.open(only, secret)); err != nil {
		t.Errorf("Still with an app password: %v", err)
	}
	if _, err := only.Still(t.Context(), h.open(h.programs(), password)); !errors.Is(err, letterlock.Denied) {
		t.Errorf("Still of who signed in with the password: %v, want Denied", err)
	}
}

// A mail program cannot show a second factor: whoever learned the password could send.
func TestWithASecondFactorMailProgramsNeedAnAppPassword(t *testing.T) {
	h := newHouse(t)
	_, secret := h.program("Thunderbird")
	m := h.programs()
	before := h.open(m, password)
	if _, err := m.Still(t.Context(), before); err != nil {
		t.Errorf("Still before there is a second factor: %v", err)
	}
	err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AddFactor(store.Factor{Kind: store.TOTP, Handle: []byte(ada.Address), Address: ada.Address, ID: letterlock.NewID(), Sealed: []byte{1}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Authenticate(t.Context(), ada.Address, password, ip); letterlock.KeyOf(err) != "app-password" {
		t.Errorf("Authenticate with the password: %v, want Denied %q", err, "app-password")
	}
	if _, err := m.Still(t.Context(), before); !errors.Is(err, letterlock.Denied) {
		t.Errorf("Still of who signed in with the password: %v, want Denied", err)
	}
	if _, err := m.Still(t.Context(), h.open(m, secret)); err != nil {
		t.Errorf("Still with an app password: %v", err)
	}
}

// Whoever has to have a second factor, and has none yet, is let in nowhere with the
// password alone.
func TestWithARoleThatNeedsASecondFactorMailProgramsNeedAnAppPassword(t *testing.T) {
	h := newHouse(t)
	m := h.programs()
	before := h.open(m, password)
	h.accounts.FactorRoles = []letterlock.Role{letterlock.Admin}
	if _, err := m.Still(t.Context(), before); err != nil {
		t.Errorf("Still of a role that needs none: %v", err)
	}
	h.accounts.FactorRoles = []letterlock.Role{letterlock.Sender}
	if _, err := m.Authenticate(t.Context(), ada.Address, password, ip); letterlock.KeyOf(err) != "app-password" {
		t.Errorf("Authenticate with the password: %v, want Denied %q", err, "app-password")
	}
	if _, err := m.Still(t.Context(), before); !errors.Is(err, letterlock.Denied) {
		t.Errorf("Still of who signed in with the password: %v, want Denied", err)
	}
}

func TestUseOfAnAppPasswordIsNotedOnceAMinute(t *testing.T) {
	h := newHouse(t)
	_, secret := h.program("Thunderbird")
	for _, step := range []struct {
		after    time.Duration
		from     string
		wantFrom string
	}{{0, "192.0.2.1", "192.0.2.1"}, {59 * time.Second, "192.0.2.2", "192.0.2.1"}, {time.Second, "192.0.2.3", "192.0.2.3"}} {
		h.now = h.now.Add(step.after)
		if _, err := h.programs().Authenticate(t.Context(), ada.Address, secret, step.from); err != nil {
			t.Fatal(err)
		}
		list, err := h.accounts.AppPasswords(t.Context(), holder, ada.Address)
		if err != nil || len(list) != 1 || list[0].UsedIP != step.wantFrom {
			t.Fatalf("used from %s: %+v, %v; want %s", step.from, list, err, step.wantFrom)
		}
	}
}

func TestAppPasswordsAreTheirHoldersOwn(t *testing.T) {
	h := newHouse(t)
	p, _ := h.program("Thunderbird")
	byToken := holder
	byToken.Token = "program"
	for name, by := range map[string]letterlock.Actor{"somebody else": eve, "nobody": {}, "a program": byToken, "a reader": {Kind: letterlock.Reader, Address: ada.Address}} {
		if _, err := h.accounts.AppPasswords(t.Context(), by, ada.Address); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s lists them: %v, want Denied", name, err)
		}
		if err := h.accounts.RemoveAppPassword(t.Context(), by, ada.Address, p.ID); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s removes one: %v, want Denied", name, err)
		}
	}
	for name, by := range map[string]letterlock.Actor{"nobody": {}, "a program": byToken, "the system": system, "a reader": {Kind: letterlock.Reader, Address: ada.Address}} {
		if _, _, err := h.accounts.MakeAppPassword(t.Context(), by, "x"); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s makes one: %v, want Denied", name, err)
		}
	}
	// One's own account in the path does not open that of another.
	if err := h.accounts.RemoveAppPassword(t.Context(), eve, eve.Address, p.ID); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("removing another's as one's own: %v, want NotFound", err)
	}
	if list, err := h.accounts.AppPasswords(t.Context(), boss, ada.Address); err != nil || len(list) != 1 {
		t.Errorf("an administrator lists %+v, %v; want the one", list, err)
	}
}

func TestAppPasswordsAreTwentyAndHaveNames(t *testing.T) {
	h := newHouse(t)
	for name, typed := range map[string]string{"none": " ", "two lines": "a\nb", "too long": strings.Repeat("x", 101)} {
		if _, _, err := h.accounts.MakeAppPassword(t.Context(), holder, typed); letterlock.KeyOf(err) != "app-password-name" {
			t.Errorf("a name that is %s: %v", name, err)
		}
	}
	for i := range 20 {
		h.program(fmt.Sprint("Program ", i))
	}
	if _, _, err := h.accounts.MakeAppPassword(t.Context(), holder, "Program 0"); !errors.Is(err, letterlock.Invalid) {
		t.Errorf("one of the same name: %v, want Invalid", err)
	}
	if _, _, err := h.accounts.MakeAppPassword(t.Context(), holder, "one more"); letterlock.KeyOf(err) != "app-password-many" {
		t.Errorf("the 21st: %v", err)
	}
}

func TestTheAuditLogSaysWhichAppPasswordAndNotTheSecret(t *testing.T) {
	h := newHouse(t)
	p, secret := h.program("Thunderbird")
	if err := h.accounts.RemoveAppPassword(t.Context(), boss, ada.Address, p.ID); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	err := h.db.Read(t.Context(), func(tx *store.Tx) error {
		page, err := tx.AuditPage(store.AuditQuery{Limit: 50})
		for _, r := range page {
			fmt.Fprintf(&said, "%s by %s: %s\n", r.Action, r.Actor, r.Reason)
		}
		return err
	})
	for _, want := range []string{"make app password by ada@contoso.example: " + string(p.ID) + " Thunderbird", "remove app password by olga@contoso.example: " + string(p.ID)} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%v; the log says\n%swant %q", err, said.String(), want)
		}
	}
	if strings.Contains(said.String(), secret) {
		t.Error("the secret is in the audit log")
	}
}
