package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"letterlock/internal/auditlog"
	"letterlock/internal/letterlock"
)

// rail is what the rail of a page leads to.
func rail(t *testing.T, page string) (urls []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "a" || n.Parent == nil || n.Parent.Data != "li" || !within(n, "nav") {
			continue
		}
		for _, a := range n.Attr {
			if a.Key == "href" {
				urls = append(urls, a.Val)
			}
		}
	}
	return urls
}

func within(n *html.Node, element string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == element {
			return true
		}
	}
	return false
}

func TestRailShowsWhatTheAccountMayOpenAndNothingElse(t *testing.T) {
	w := newWorld(t)
	sending := []string{"/sent", "/compose"}
	auditing := []string{"/trace", "/report", "/bulk", "/audit-log"}
	tests := []struct {
		name string
		as   letterlock.Address
		want [][]string
	}{
		{"sender", ada, [][]string{sending}},
		{"auditor", nora, [][]string{auditing}},
		{"revoker", rita, [][]string{auditing}},
		{"administrator", olga, [][]string{auditing, {"/rules", "/brands", "/accounts", "/tokens", "/sign-in-providers", "/doctor"}}},
		{"administrator who sends", grace, [][]string{sending, auditing, {"/rules", "/brands", "/accounts", "/tokens", "/sign-in-providers", "/doctor"}}},
	}
	for _, tt := range tests {
		// A page for senders: the others see the one that refuses, with their own rail.
		a := w.browser().signIn(tt.as).get("/sent")
		if got, want := rail(t, a.body), slices.Concat(tt.want...); !slices.Equal(got, want) {
			t.Errorf("%s: the rail leads to %v, want %v", tt.name, got, want)
		}
	}
}

func TestEveryAccountBeginsWithWhatItHas(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		as   letterlock.Address
		want string
	}{{ada, "/sent"}, {grace, "/sent"}, {nora, "/trace"}, {rita, "/trace"}, {olga, "/trace"}}
	for _, tt := range tests {
		b := w.browser()
		if a := b.post("/sign-in", signInForm(string(tt.as), password, "")); a.status != http.StatusSeeOther || a.location() != tt.want {
			t.Errorf("%s signs in: %d to %q, want %q", tt.as, a.status, a.location(), tt.want)
		}
		if a := b.get("/"); a.status != http.StatusSeeOther || a.location() != tt.want {
			t.Errorf("%s at /: %d to %q, want %q", tt.as, a.status, a.location(), tt.want)
		}
	}
	if a := w.browser().get("/"); a.status != http.StatusSeeOther || a.location() != "/sign-in" {
		t.Errorf("nobody at /: %d to %q, want /sign-in", a.status, a.location())
	}
}

// entries returns what the audit log says of an action, as "address reason
// allowed".
func (w *world) entries(action string) (list []string) {
	w.t.Helper()
	for _, e := range w.audit() {
		if e.Action == action {
			s := string(e.Actor.Address) + " " + e.Reason
			if e.Allowed {
				s += " allowed"
			}
			list = append(list, s)
		}
	}
	return list
}

func TestRefusedRoleIsToldWhyAndIsInTheAuditLog(t *testing.T) {
	w := newWorld(t)
	a := w.browser().signIn(nora).get("/sent")
	if a.status != http.StatusForbidden || a.heading() != "You may not open this" {
		t.Fatalf("an auditor at /sent: %d %q", a.status, a.heading())
	}
	for _, want := range []string{"Your account cannot send messages", "An administrator of Contoso can", "Go to Message trace"} {
		if !strings.Contains(texts(a.body), want) {
			t.Errorf("the page does not say %q:\n%s", want, texts(a.body))
		}
	}
	if strings.Contains(a.body, "<script") || strings.Contains(a.body, "Nothing sent") {
		t.Error("something of the refused page is shown")
	}
	if got := w.entries("visit /sent"); !slices.Equal(got, []string{"nora@contoso.example role"}) {
		t.Errorf("audit log: %q", got)
	}
}

func TestRefusalsWithoutEndDoNotFillTheAuditLog(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(nora)
	for range 100 {
		if a := b.get("/sent"); a.status != http.StatusForbidden {
			t.Fatalf("%d, want 403 each time", a.status)
		}
	}
	if n := len(w.entries("visit /sent")); n != 30 {
		t.Errorf("%d entries, want 30", n)
	}
}

func TestRoleTakenAwayIsGoneWithTheNextRequest(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	if a := b.get("/sent"); a.status != http.StatusOK {
		t.Fatalf("before: %d", a.status)
	}
	if err := w.server.Accounts.SetRoles(t.Context(), w.actors[grace], ada, letterlock.Auditor); err != nil {
		t.Fatal(err)
	}
	if a := b.get("/sent"); a.status != http.StatusForbidden || strings.Contains(a.body, "/compose") {
		t.Errorf("after: %d, want 403", a.status)
	}
}

// Whoever posts a form after their session has ended comes back to its page, and nowhere else.
func TestAFormWithoutASessionLeadsBackToItsPage(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{
		"/trace/x/revoke":                       "/trace/x/revoke",
		"/trace/x/revoke?recipient=a%40b.c":     "/trace/x/revoke",
		"/trace/x/restore":                      "/trace/x",
		"/trace/x/requests/y/approve":           "/trace/x",
		"/bulk/x/start":                         "/bulk/x",
		"/bulk/chosen":                          "/bulk",
		"/accounts/ada%40contoso.example/roles": "/accounts/ada%40contoso.example",
		"/trace/%2f%2fevil.example/restore":     "/trace/%2f%2fevil.example",
		"/account/security/passkeys":            "/account/security",
		"/account/app-passwords":                "",
	} {
		a := w.browser().post(path, url.Values{"reason": {"typed"}})
		to, err := url.Parse(a.location())
		if err != nil || a.status != http.StatusSeeOther || to.Path != "/sign-in" || to.Query().Get("next") != want {
			t.Errorf("%s: %d to %q, want the next page %q", path, a.status, a.location(), want)
		}
	}
}

// What a refusal is about is found by it, and what somebody makes up stands in no log.
func TestRefusalsByRoleNameWhatWasAskedFor(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	batch := w.browser().signIn(rita).post("/bulk", url.Values{"sender": {string(ada)}}).location()
	trace, other := "/trace/"+string(id), "/trace/"+string(letterlock.NewID())
	b := w.browser().signIn(nora)
	tests := []struct {
		method, path string
		action       string
		message      letterlock.ID
		target       string
		batch        string
	}{
		{"GET", trace + "/revoke", "visit /trace/:id/revoke", id, "", ""},
		{"POST", trace + "/revoke", "submit /trace/:id/revoke", id, "", ""},
		{"POST", trace + "/destroy", "submit /trace/:id/destroy", id, "", ""},
		{"GET", "/sent/" + string(id), "visit /sent/:id", id, "", ""},
		{"POST", batch + "/start", "submit /bulk/:id/start", "", "", batch},
		{"POST", "/accounts/" + string(grace) + "/roles", "submit /accounts/:address/roles", "", string(grace), ""},
		{"POST", other + "/revoke", "submit /trace/:id/revoke", "", "", ""},
		{"POST", "/trace/=1+1%0aroot/destroy", "submit /trace/:id/destroy", "", "", ""},
		{"GET", "/accounts/who@contoso.example", "visit /accounts/:address", "", "", ""},
	}
	for _, tt := range tests {
		if a := b.do(tt.method, tt.path, strings.NewReader(""), "application/x-www-form-urlencoded"); a.status != http.StatusForbidden {
			t.Errorf("%s %s: %d", tt.method, tt.path, a.status)
		}
		p, err := w.server.AuditLog.List(t.Context(), administrator, auditlog.Query{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		e := p.Entries[0]
		if e.Action != tt.action || e.Allowed || e.Message != tt.message || e.Target != tt.target || "/bulk/"+string(e.Batch) != cmp.Or(tt.batch, "/bulk/") {
			t.Errorf("%s %s: recorded as %+v", tt.method, tt.path, e)
		}
	}
	found := w.browser().signIn(grace).get("/audit-log?refused=yes&message-id=" + url.QueryEscape(b.messageID(id)))
	if n := strings.Count(found.body, trace+`"`); n != 4 {
		t.Errorf("the message is named by %d refusals, want 4", n)
	}
}
