package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/internal/session"
	"letterlock/internal/store"
)

var (
	grace = letterlock.Mailbox{Name: "Grace Okoye", Address: "grace@contoso.example"}
	bob   = letterlock.Mailbox{Name: "Bob", Address: "bob@contoso.example"}
	admin = letterlock.Actor{Kind: letterlock.Staff, Address: grace.Address, Roles: []letterlock.Role{letterlock.Admin}}
)

// addGrace gives the house its administrator.
func (h *house) addGrace() {
	h.t.Helper()
	if err := h.accounts.AddWithPassword(h.t.Context(), system, grace, password, letterlock.Admin); err != nil {
		h.t.Fatal(err)
	}
}

// session begins a session for an account and returns what tells whether it lives.
func (h *house) session(a letterlock.Address) (alive func() bool) {
	h.t.Helper()
	s := &session.Service{DB: h.db}
	id, _, err := s.Start(h.t.Context(), letterlock.Actor{Kind: letterlock.Staff, Address: a})
	if err != nil {
		h.t.Fatal(err)
	}
	return func() bool {
		_, err := s.Peek(h.t.Context(), id)
		return err == nil
	}
}

// last is the newest entry of the audit log.
func (h *house) last() (e letterlock.Entry) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		all, err := tx.Entries("")
		e = all[len(all)-1]
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

// row is an account as an administrator sees it.
func (h *house) row(a letterlock.Address) account.Account {
	h.t.Helper()
	all, err := h.accounts.List(h.t.Context(), system)
	if err != nil {
		h.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(row account.Account) bool { return row.Mailbox.Address == a })
	if i < 0 {
		h.t.Fatalf("%s is not among %v", a, all)
	}
	return all[i]
}

// acts are all that can be done to the accounts of others.
func (h *house) acts() map[string]func(by letterlock.Actor) error {
	ctx := h.t.Context()
	return map[string]func(by letterlock.Actor) error{
		"invite account":  func(by letterlock.Actor) error { _, err := h.accounts.Add(ctx, by, bob, letterlock.Sender); return err },
		"put account":     func(by letterlock.Actor) error { return h.accounts.Put(ctx, by, ada, password, letterlock.Sender) },
		"disable account": func(by letterlock.Actor) error { return h.accounts.Disable(ctx, by, ada.Address) },
		"enable account":  func(by letterlock.Actor) error { return h.accounts.Enable(ctx, by, ada.Address) },
		"set roles": func(by letterlock.Actor) error {
			return h.accounts.SetRoles(ctx, by, ada.Address, letterlock.Sender, letterlock.Auditor)
		},
		"reset password": func(by letterlock.Actor) error { _, err := h.accounts.Reset(ctx, by, ada.Address); return err },
		"unbind account": func(by letterlock.Actor) error { return h.accounts.Unbind(ctx, by, ada.Address) },
		"list accounts":  func(by letterlock.Actor) error { _, err := h.accounts.List(ctx, by); return err },
	}
}

func TestOnlyAdministratorsAndTheProgramManageAccounts(t *testing.T) {
	staff := func(roles ...letterlock.Role) letterlock.Actor {
		return letterlock.Actor{Kind: letterlock.Staff, Address: "x@contoso.example", Roles: roles, IP: ip}
	}
	tests := []struct {
		name string
		by   letterlock.Actor
		want error
	}{
		{"nobody", letterlock.Actor{IP: ip}, letterlock.Denied},
		{"a sender", staff(letterlock.Sender), letterlock.Denied},
		{"an auditor", staff(letterlock.Auditor), letterlock.Denied},
		{"a revoker", staff(letterlock.Sender, letterlock.Revoker), letterlock.Denied},
		{"a reader who claims the role", letterlock.Actor{Kind: letterlock.Reader, Roles: []letterlock.Role{letterlock.Admin}}, letterlock.Denied},
		{"an administrator", staff(letterlock.Admin), nil},
		{"the program", system, nil},
	}
	for _, tt := range tests {
		h := newHouse(t)
		h.bind(ada.Address)
		h.addGrace()
		before := fmt.Sprint(h.row(ada.Address))
		for action, act := range h.acts() {
			err := act(tt.by)
			if !errors.Is(err, tt.want) {
				t.Errorf("%s: %s: %v, want %v", tt.name, action, err, tt.want)
			}
			if e := h.last(); action != "list accounts" && (e.Action != action || e.Allowed != (tt.want == nil) || e.Actor.Address != tt.by.Address) {
				t.Errorf("%s: %s left the entry %+v", tt.name, action, e)
			}
		}
		if after := fmt.Sprint(h.row(ada.Address)); tt.want != nil && (after != before || h.woken > 0) {
			t.Errorf("%s changed %s to %s", tt.name, before, after)
		}
	}
}

// Whoever reads the log is to see that somebody was made administrator, and by whom.
func TestAuditLogSaysWhichRolesAnAccountHadAndHas(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	tests := []struct {
		name string
		act  func() error
		want string
	}{
		{"invite", func() error {
			_, err := h.accounts.Add(ctx, system, bob, letterlock.Sender, letterlock.Auditor)
			return err
		}, "sender auditor"},
		{"set roles", func() error { return h.accounts.SetRoles(ctx, system, bob.Address, letterlock.Revoker) }, "sender auditor -> revoker"},
		{"with a password", func() error { return h.accounts.AddWithPassword(ctx, system, grace, password, letterlock.Admin) }, "none -> admin"},
		{"put again", func() error { return h.accounts.Put(ctx, system, bob, password, letterlock.Admin) }, "revoker -> admin"},
	}
	for _, tt := range tests {
		if err := tt.act(); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if e := h.last(); e.Reason != tt.want || !e.Allowed {
			t.Errorf("%s: the entry says %q, want %q", tt.name, e.Reason, tt.want)
		}
	}
}

func TestDisablingTakesEffectAtOnceAndEnablingUndoesIt(t *testing.T) {
	h := newHouse(t)
	alive := h.session(ada.Address)
	if _, err := h.accounts.Actor(t.Context(), ada.Address); err != nil || !alive() {
		t.Fatal("Ada is not in: this test would prove nothing")
	}
	h.disable(ada.Address)
	first := h.row(ada.Address).Disabled
	if _, err := h.accounts.Actor(t.Context(), ada.Address); !errors.Is(err, letterlock.Denied) {
		t.Errorf("Actor of a disabled account: %v, want Denied", err)
	}
	if err := h.signIn(ada.Address, password, ip); !errors.Is(err, letterlock.Denied) || alive() {
		t.Errorf("signing in: %v, session alive: %v; want Denied and no session", err, alive())
	}
	h.now = h.now.AddDate(0, 0, 1)
	h.disable(ada.Address)
	if again := h.row(ada.Address).Disabled; first.IsZero() || !again.Equal(first) {
		t.Errorf("disabled at %v, and again at %v; want the first time kept", first, again)
	}
	for range 2 {
		if err := h.accounts.Enable(t.Context(), system, ada.Address); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.signIn(ada.Address, password, ip); err != nil || alive() {
		t.Errorf("after enabling: %v, old session alive: %v; want in with the old password, by a new session", err, alive())
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	h := newHouse(t)
	h.addGrace()
	less := map[string]func(a letterlock.Address) error{
		"disabled": func(a letterlock.Address) error { return h.accounts.Disable(t.Context(), system, a) },
		"given other roles": func(a letterlock.Address) error {
			return h.accounts.SetRoles(t.Context(), admin, a, letterlock.Sender, letterlock.Revoker)
		},
		"replaced": func(a letterlock.Address) error {
			return h.accounts.Put(t.Context(), system, letterlock.Mailbox{Address: a}, password, letterlock.Sender)
		},
	}
	refused := func(why string) {
		t.Helper()
		for name, act := range less {
			err := act(grace.Address)
			if !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != "last-administrator" {
				t.Errorf("%s: the last administrator is %s: %v", why, name, err)
			}
			if e := h.last(); e.Allowed || e.Reason != "last-administrator" || e.Target != string(grace.Address) {
				t.Errorf("%s: the refusal is noted as %+v", why, e)
			}
		}
	}
	refused("alone")
	if err := h.accounts.SetRoles(t.Context(), system, ada.Address, letterlock.Admin); err != nil {
		t.Fatal(err)
	}
	h.disable(ada.Address)
	refused("the other is disabled")
	if err := h.accounts.Enable(t.Context(), system, ada.Address); err != nil {
		t.Fatal(err)
	}
	for name, act := range less {
		if err := act(grace.Address); err != nil {
			t.Errorf("with another administrator, %s: %v", name, err)
		}
		if err := h.accounts.Put(t.Context(), system, grace, password, letterlock.Admin); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRolesTakeEffectWithTheNextRequest(t *testing.T) {
	h := newHouse(t)
	alive := h.session(ada.Address)
	if err := h.accounts.SetRoles(t.Context(), system, ada.Address, letterlock.Auditor); err != nil {
		t.Fatal(err)
	}
	if a, err := h.accounts.Actor(t.Context(), ada.Address); err != nil || !a.Is(letterlock.Auditor) || a.Is(letterlock.Sender) || !alive() {
		t.Errorf("Ada is %+v, %v, session alive: %v; want an auditor, still signed in", a, err, alive())
	}
}

func TestWhatIsNoAccountIsRefused(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	add := func(m letterlock.Mailbox, roles ...letterlock.Role) error {
		_, err := h.accounts.Add(ctx, system, m, roles...)
		return err
	}
	reset := func(a letterlock.Address) error { _, err := h.accounts.Reset(ctx, system, a); return err }
	tests := []struct {
		name string
		err  error
		want error
		key  string
	}{
		{"no address", add(letterlock.Mailbox{}, letterlock.Sender), letterlock.Invalid, "account"},
		{"no role", add(bob), letterlock.Invalid, "account"},
		{"an unknown role", add(bob, "owner"), letterlock.Invalid, "role"},
		{"two roles in one", add(bob, "sender admin"), letterlock.Invalid, "role"},
		{"a line end in the name", add(letterlock.Mailbox{Name: "Bob\r\nBcc: x", Address: bob.Address}, letterlock.Sender), letterlock.Invalid, "account"},
		{"an address that has one", add(ada, letterlock.Admin), letterlock.Invalid, "account-exists"},
		{"a password for one that exists", h.accounts.AddWithPassword(ctx, system, ada, "another password", letterlock.Admin), letterlock.Invalid, "account-exists"},
		{"a password that an administrator would know", h.accounts.AddWithPassword(ctx, admin, bob, password, letterlock.Admin), letterlock.Denied, "not-operator"},
		{"a short password", h.accounts.AddWithPassword(ctx, system, bob, "1234567", letterlock.Admin), letterlock.Invalid, "password"},
		{"roles of nobody", h.accounts.SetRoles(ctx, system, bob.Address, letterlock.Sender), letterlock.NotFound, "no-account"},
		{"no roles at all", h.accounts.SetRoles(ctx, system, ada.Address), letterlock.Invalid, "account"},
		{"disabling nobody", h.accounts.Disable(ctx, system, bob.Address), letterlock.NotFound, "no-account"},
		{"enabling nobody", h.accounts.Enable(ctx, system, bob.Address), letterlock.NotFound, "no-account"},
		{"resetting nobody", reset(bob.Address), letterlock.NotFound, "no-account"},
	}
	for _, tt := range tests {
		if !errors.Is(tt.err, tt.want) || letterlock.KeyOf(tt.err) != tt.key {
			t.Errorf("%s: %v, want %v %q", tt.name, tt.err, tt.want, tt.key)
		}
	}
	if err := h.signIn(ada.Address, password, ip); err != nil || h.woken != 0 {
		t.Errorf("Ada after all that: %v; %d mails", err, h.woken)
	}
	if all, err := h.accounts.List(ctx, system); err != nil || len(all) != 1 {
		t.Errorf("accounts %+v, %v; want Ada's alone", all, err)
	}
}

func TestTheAuditLogNamesTheOperatorAndNoSecret(t *testing.T) {
	h := newHouse(t)
	operator := letterlock.Actor{Kind: letterlock.System, Name: "uid 1000"}
	if err := h.accounts.AddWithPassword(t.Context(), operator, bob, password, letterlock.Sender); err != nil {
		t.Fatal(err)
	}
	if _, err := h.accounts.Reset(t.Context(), operator, bob.Address); err != nil {
		t.Fatal(err)
	}
	if e := h.last(); e.Actor.Kind != letterlock.System || e.Actor.Name != "uid 1000" || e.Target != string(bob.Address) {
		t.Errorf("entry %+v, want one of the operator", e)
	}
	err := h.db.Read(context.Background(), func(tx *store.Tx) error {
		all, err := tx.Entries("")
		if text := fmt.Sprintf("%#v", all); strings.Contains(text, password) || strings.Contains(text, "argon2") {
			t.Errorf("a secret is in the audit log: %s", text)
		}
		_, broken := tx.VerifyAudit()
		return errors.Join(err, broken)
	})
	if err != nil {
		t.Error(err)
	}
}
