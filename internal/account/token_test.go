package account_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// issue makes a token of Ada's, and returns its secret.
func (h *house) issue(scopes ...letterlock.Scope) (letterlock.ID, string) {
	h.t.Helper()
	k, secret, err := h.accounts.IssueToken(h.t.Context(), system, ada.Address, "nightly report", scopes, 24*time.Hour)
	if err != nil {
		h.t.Fatal(err)
	}
	return k.ID, secret.Reveal()
}

// roles gives Ada's account these.
func (h *house) roles(roles ...letterlock.Role) {
	h.t.Helper()
	if err := h.accounts.SetRoles(h.t.Context(), system, ada.Address, roles...); err != nil {
		h.t.Fatal(err)
	}
}

func TestATokenActsWithTheRolesThatItsScopesAllow(t *testing.T) {
	all := []letterlock.Role{letterlock.Sender, letterlock.Admin}
	tests := []struct {
		name   string
		roles  []letterlock.Role
		scopes []letterlock.Scope
		want   []letterlock.Role
	}{
		{"an administrator's trace", all, []letterlock.Scope{letterlock.ScopeTrace}, []letterlock.Role{letterlock.Auditor}},
		{"an administrator's revoking", all, []letterlock.Scope{letterlock.ScopeTrace, letterlock.ScopeRevoke}, []letterlock.Role{letterlock.Revoker}},
		{"an administrator's destroying", all, []letterlock.Scope{letterlock.ScopeDestroy}, []letterlock.Role{letterlock.Admin}},
		{"an administrator's accounts", all, []letterlock.Scope{letterlock.ScopeAccounts, letterlock.ScopeReport}, []letterlock.Role{letterlock.Admin}},
		{"an auditor's revoking", []letterlock.Role{letterlock.Auditor}, letterlock.Scopes, []letterlock.Role{letterlock.Auditor}},
		{"a revoker's destroying", []letterlock.Role{letterlock.Revoker}, []letterlock.Scope{letterlock.ScopeDestroy}, []letterlock.Role{letterlock.Revoker}},
		{"a sender's everything", []letterlock.Role{letterlock.Sender}, letterlock.Scopes, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.roles(tt.roles...)
			_, secret := h.issue(tt.scopes...)
			by, k, err := h.accounts.TokenActor(t.Context(), secret)
			if err != nil || !slices.Equal(by.Roles, tt.want) || by.Kind != letterlock.Staff || by.Address != ada.Address {
				t.Errorf("TokenActor = %+v, %v; want roles %v", by, err, tt.want)
			}
			if !slices.Equal(k.Scopes, tt.scopes) {
				t.Errorf("scopes %v, want %v", k.Scopes, tt.scopes)
			}
		})
	}
}

func TestATokenWorksNoMore(t *testing.T) {
	tests := []struct {
		name string
		do   func(h *house, id letterlock.ID, secret string) string // returns what is shown then
	}{
		{"when it has expired", func(h *house, _ letterlock.ID, s string) string { h.now = h.now.Add(24 * time.Hour); return s }},
		{"when it was ended", func(h *house, id letterlock.ID, s string) string {
			for range 2 {
				if err := h.accounts.EndToken(h.t.Context(), system, id); err != nil {
					h.t.Fatal(err)
				}
			}
			return s
		}},
		{"when its account is disabled", func(h *house, _ letterlock.ID, s string) string { h.disable(ada.Address); return s }},
		{"when a character is changed", func(_ *house, _ letterlock.ID, s string) string {
			return s[:46] + string("AB"[strings.Count(s[46:], "A")])
		}},
		{"without its beginning", func(_ *house, _ letterlock.ID, s string) string { return s[4:] }},
		{"when it is empty", func(*house, letterlock.ID, string) string { return "" }},
		{"when it is long", func(_ *house, _ letterlock.ID, s string) string { return s + s }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			id, secret := h.issue(letterlock.ScopeTrace)
			if _, _, err := h.accounts.TokenActor(t.Context(), secret); err != nil {
				t.Fatalf("it never worked: %v", err)
			}
			by, k, err := h.accounts.TokenActor(t.Context(), tt.do(h, id, secret))
			if !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != "token" || by.Kind != letterlock.Nobody || k.ID != "" {
				t.Errorf("TokenActor = %+v, %+v, %v; want Denied and nothing else", by, k, err)
			}
		})
	}
}

func TestARoleThatIsLostIsLostForTokensWithTheNextRequest(t *testing.T) {
	h := newHouse(t)
	h.roles(letterlock.Revoker)
	_, secret := h.issue(letterlock.ScopeRevoke)
	for _, roles := range [][]letterlock.Role{{letterlock.Revoker}, {letterlock.Auditor}, {letterlock.Revoker}} {
		h.roles(roles...)
		if by, _, err := h.accounts.TokenActor(t.Context(), secret); err != nil || !slices.Equal(by.Roles, roles) {
			t.Errorf("as %v: %v, %v", roles, by.Roles, err)
		}
	}
}

func TestTokensAreIssuedByAdministratorsAndWithinBounds(t *testing.T) {
	admin := letterlock.Actor{Kind: letterlock.Staff, Address: "grace@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}
	revoker := letterlock.Actor{Kind: letterlock.Staff, Address: "grace@contoso.example", Roles: []letterlock.Role{letterlock.Revoker}}
	trace := []letterlock.Scope{letterlock.ScopeTrace}
	tests := []struct {
		name   string
		by     letterlock.Actor
		of     letterlock.Address
		called string
		scopes []letterlock.Scope
		valid  time.Duration
		code   letterlock.Code
		key    string
	}{
		{"an administrator", admin, ada.Address, "x", trace, time.Hour, "", ""},
		{"the longest", admin, ada.Address, strings.Repeat("ü", 100), letterlock.Scopes, 400 * 24 * time.Hour, "", ""},
		{"a revoker", revoker, ada.Address, "x", trace, time.Hour, letterlock.Denied, "not-administrator"},
		{"nobody", letterlock.Actor{}, ada.Address, "x", trace, time.Hour, letterlock.Denied, "not-administrator"},
		{"no such account", admin, "bob@contoso.example", "x", trace, time.Hour, letterlock.NotFound, "no-account"},
		{"no name", admin, ada.Address, " ", trace, time.Hour, letterlock.Invalid, "token"},
		{"a long name", admin, ada.Address, strings.Repeat("ü", 101), trace, time.Hour, letterlock.Invalid, "token"},
		{"a name with a line end", admin, ada.Address, "a\nb", trace, time.Hour, letterlock.Invalid, "token"},
		{"no scope", admin, ada.Address, "x", nil, time.Hour, letterlock.Invalid, "token"},
		{"an unknown scope", admin, ada.Address, "x", []letterlock.Scope{"everything"}, time.Hour, letterlock.Invalid, "token"},
		{"a scope twice", admin, ada.Address, "x", append(trace, trace...), time.Hour, letterlock.Invalid, "token"},
		{"too short", admin, ada.Address, "x", trace, time.Hour - time.Second, letterlock.Invalid, "token"},
		{"too long", admin, ada.Address, "x", trace, 400*24*time.Hour + time.Second, letterlock.Invalid, "token"},
	}
	for _, tt := range tests {
		h := newHouse(t)
		_, secret, err := h.accounts.IssueToken(t.Context(), tt.by, tt.of, tt.called, tt.scopes, tt.valid)
		if tt.code == "" && (err != nil || len(secret.Reveal()) != 47) || tt.code != "" && (!errors.Is(err, tt.code) || letterlock.KeyOf(err) != tt.key || secret != "") {
			t.Errorf("%s: %v, want %v %q", tt.name, err, tt.code, tt.key)
		}
		entries := h.audited()
		last := entries[len(entries)-1]
		if last.Action != "issue token" || last.Allowed != (tt.code == "") || last.Target != string(tt.of) || strings.Contains(last.Reason, secret.Reveal()) && secret != "" {
			t.Errorf("%s: audited as %+v", tt.name, last)
		}
	}
}

// audited are the entries of the audit log that are about no message.
func (h *house) audited() (list []letterlock.Entry) {
	h.t.Helper()
	if err := h.db.Read(h.t.Context(), func(tx *store.Tx) (err error) { list, err = tx.Entries(""); return err }); err != nil {
		h.t.Fatal(err)
	}
	return list
}

func TestTheUseOfATokenIsNotedByTheHour(t *testing.T) {
	h := newHouse(t)
	start := h.now
	_, secret := h.issue(letterlock.ScopeTrace)
	for _, tt := range []struct{ after, want time.Duration }{{0, 0}, {59 * time.Minute, 0}, {time.Minute, time.Hour}} {
		h.now = h.now.Add(tt.after)
		if _, _, err := h.accounts.TokenActor(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		all, err := h.accounts.Tokens(t.Context(), system)
		if err != nil || len(all) != 1 || !all[0].Used.Equal(start.Add(tt.want)) {
			t.Errorf("after %v: %+v, %v; want last use %v after the start", tt.after, all, err, tt.want)
		}
	}
}

func TestOfManyProgramsTurnedAwayFewAreRecorded(t *testing.T) {
	h := newHouse(t)
	before := len(h.audited())
	by := letterlock.Actor{Kind: letterlock.Staff, Address: ada.Address}
	for range 100 {
		if err := h.accounts.TurnedAway(t.Context(), by, "revoke", "scope", account.About{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.audited()) - before; n != 30 {
		t.Errorf("%d entries, want 30", n)
	}
}
