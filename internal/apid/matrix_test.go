package apid

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// rank says which role includes which.
var rank = map[letterlock.Role]int{letterlock.Sender: 0, letterlock.Auditor: 1, letterlock.Revoker: 2, letterlock.Admin: 3}

// pathOf fills a pattern with what does not exist, so that nothing can happen.
func pathOf(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, strings.NewReplacer("{id}", "none@nowhere.example", "{address}", "nobody@nowhere.example").Replace(path)
}

// TestEveryOperationIsForItsScopeAndRoleAlone asks for every operation there is with
// every role and every scope. What may not be is refused with the reason; what may be
// gets as far as the use case, which finds nothing to act on.
func TestEveryOperationIsForItsScopeAndRoleAlone(t *testing.T) {
	h := newHouse(t)
	h.send("Hello", marta)
	type holder struct {
		of    letterlock.Address
		role  letterlock.Role
		scope letterlock.Scope
	}
	tokens := map[holder]string{}
	for of, role := range roles {
		for _, scope := range letterlock.Scopes {
			_, tokens[holder{of, role, scope}] = h.issue(of, scope)
		}
	}
	cells := 0
	for pattern, o := range h.server.all {
		if o.scope == "" || o.role == "" || rank[o.role] == 0 {
			t.Fatalf("%s has scope %q and role %q", pattern, o.scope, o.role)
		}
		method, path := pathOf(pattern)
		for who, token := range tokens {
			cells++
			a := h.ask(method, path, "", token)
			want := ""
			switch {
			case who.scope != o.scope:
				want = "scope"
			case rank[who.role] < rank[o.role]:
				want = "role"
			}
			if want != "" && (a.status != http.StatusForbidden || a.problem() != want) || want == "" && (a.status == http.StatusForbidden || a.status == http.StatusUnauthorized) {
				t.Errorf("%s by %s with %s: %d %s, want it refused for %q", pattern, who.role, who.scope, a.status, a.problem(), want)
			}
		}
	}
	if want := len(h.server.all) * len(roles) * len(letterlock.Scopes); cells != want || len(h.server.all) < 25 {
		t.Errorf("%d cells of %d were looked at", cells, want)
	}
}

func TestWhoeverHasNoTokenThatWorksGetsNothing(t *testing.T) {
	h := newHouse(t)
	ended, endedSecret := h.issue(olga, letterlock.Scopes...)
	_, expired := h.issue(olga, letterlock.Scopes...)
	h.clock.move(24 * time.Hour)
	_, disabled := h.issue(guard, letterlock.Scopes...)
	works := h.token(olga)
	if a := h.ask("GET", "/api/v1/accounts", "", works); a.status != 200 {
		t.Fatalf("with a token that works: %d %s", a.status, a.body)
	}
	for _, err := range []error{
		h.options.Accounts.EndToken(t.Context(), system, ended),
		h.options.Accounts.Disable(t.Context(), system, guard),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	headers := map[string]string{
		"none": "", "an empty one": "Bearer ", "another scheme": "Basic " + works, "no scheme": works, "a space more": "Bearer  " + works,
		"ended": "Bearer " + endedSecret, "expired": "Bearer " + expired, "disabled": "Bearer " + disabled,
		"guessed": "Bearer llt_" + strings.Repeat("A", 43), "very long": "Bearer " + strings.Repeat("A", 10_000),
	}
	patterns := append(slices.Collect(maps.Keys(h.server.all)), "GET /api/v1/nothing", "DELETE /api/v1/accounts", "GET /api/v1/", "GET /api/v1//accounts")
	for _, pattern := range patterns {
		method, path := pathOf(pattern)
		for name, value := range headers {
			a := h.ask(method, path, "", "", "Authorization", value, "Cookie", "session="+works)
			if a.status != 401 || a.problem() != "token" || a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s with a token that is %s: %d %s, want 401", pattern, name, a.status, a.body)
			}
		}
	}
	if n := len(h.audited("use token")); n != 1 {
		t.Errorf("%d rows for all of that, want one an hour", n)
	}
	h.clock.move(time.Hour)
	h.ask("GET", "/api/v1/accounts", "", expired)
	rows := h.audited("use token")
	if len(rows) != 2 || !strings.HasSuffix(rows[0].Target, "times") || rows[0].Target == "1 times" || rows[0].Allowed {
		t.Errorf("an hour later: %+v", rows)
	}
	if strings.Contains(h.log.String(), "llt_") || strings.Contains(h.log.String(), "@") {
		t.Error("a token or an address is in the log")
	}
}

func TestARefusalIsRecordedAndNothingElseChanges(t *testing.T) {
	h := newHouse(t)
	id := h.send("Hello", marta)
	tests := []struct{ name, token, key string }{
		{"a role too small", h.token(nora), "role"},
		{"a scope too small", func() string { _, s := h.issue(olga, letterlock.ScopeTrace); return s }(), "scope"},
	}
	for _, tt := range tests {
		a := h.ask("POST", "/api/v1/messages/"+escape(id)+"/revoke", `{}`, tt.token)
		if a.status != 403 || a.problem() != tt.key {
			t.Errorf("%s: %d %s", tt.name, a.status, a.body)
		}
		rows := h.audited("api revoke-message")
		if len(rows) == 0 || rows[0].Reason != tt.key || rows[0].Allowed || rows[0].Actor.Token == "" {
			t.Errorf("%s: recorded as %+v", tt.name, rows)
		}
		about, err := h.client(h.token(olga)).Audit(t.Context(), api.AuditQuery{MessageID: id, Refused: true}, "", 1)
		if err != nil || len(about.Entries) != 1 || about.Entries[0].Action != "api revoke-message" || about.Entries[0].Reason != tt.key {
			t.Errorf("%s: of the message the log has %+v, %v", tt.name, about.Entries, err)
		}
	}
	if m, err := h.client(h.token(nora)).Status(t.Context(), id); err != nil || m.Revoked {
		t.Errorf("afterwards: %+v, %v", m, err)
	}
	// What somebody makes up stands in no log.
	h.ask("POST", "/api/v1/messages/"+escape("<made-up@contoso.example>")+"/destroy", `{}`, h.token(nora))
	h.ask("POST", "/api/v1/accounts/"+escape("made-up@contoso.example")+"/disable", `{}`, h.token(nora))
	h.ask("POST", "/api/v1/accounts/"+escape(string(olga))+"/disable", `{}`, h.token(nora))
	if rows := h.audited("api destroy-message"); len(rows) != 1 || rows[0].Message != "" || rows[0].Target != "" {
		t.Errorf("a message that was made up is recorded as %+v", rows)
	}
	if rows := h.audited("api disable-account"); len(rows) != 2 || rows[0].Target != string(olga) || rows[1].Target != "" {
		t.Errorf("accounts are recorded as %+v", rows)
	}
}
