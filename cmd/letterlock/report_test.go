package main

import (
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

// TestAdministratorRevokesFromTheReport revokes what a row shows, and what was
// ticked, each without script as well.
func TestAdministratorRevokesFromTheReport(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		noScript bool
	}{{"with JavaScript", false}, {"without JavaScript", true}} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t)
			browser := browsertest.New(t, browsertest.Light)
			admin, recipient := browser.Page(t), browser.Page(t)
			admin.NoScript(tt.noScript)
			p.send(realMail, nora)
			readByLink(t, p, recipient)

			p.signIn(admin, administrator)
			admin.Goto(p.site + "/report")
			first := ".report-table tbody tr:first-child"
			if said := admin.Text(first); !strings.Contains(said, nora) || !strings.Contains(said, "Gehaltserhöhung") || !strings.Contains(said, "Revocable") {
				t.Fatalf("the newest row is not the message:\n%s", said)
			}
			admin.Click(first + " .link-seal")
			wantPage(t, admin, 200, "Revoke message?")
			admin.Fill("Reason", "Wrong address")
			admin.Click("main .button--seal")
			wantPage(t, admin, 200, "Message trace")
			recipient.Reload()
			wantPage(t, recipient, 410, "The message has been revoked by the sender")
			admin.Goto(p.site + "/report")
			if said := admin.Text(first); !strings.Contains(said, "Revoked") || strings.Contains(said, "Revoke message") {
				t.Errorf("the row of the revoked message says:\n%s", said)
			}

			admin.Click(".report-table tbody tr:nth-child(2) input:not([disabled]), .report-table tbody tr:nth-child(3) input:not([disabled])")
			if said := admin.Text(".bulk"); !strings.Contains(said, "Revoke message") {
				t.Errorf("the bar of the selection says:\n%s", said)
			}
			admin.Click(".bulk .button--seal")
			if h := admin.Text("h1"); h != "Revoke message?" && h != "Revoke many messages" {
				t.Errorf("the selection leads to %q", h)
			}
			admin.CheckProblems()
		})
	}
}

// TestEveryReportPageCanBeUsedByEverybody looks at the report as
// TestEveryPageCanBeUsedByEverybody looks at the others.
func TestEveryReportPageCanBeUsedByEverybody(t *testing.T) {
	t.Parallel()
	p := start(t)
	page := browsertest.New(t, browsertest.Light).Page(t)
	p.signIn(page, administrator)
	for _, s := range []stop{
		{name: "report", page: page, path: "/report"},
		{name: "report-90", page: page, path: "/report?days=90&by=template"},
		{name: "report-table", page: page, path: "/report?days=30", then: func() { page.ClickText("Show as a table") }},
		{name: "report-selection", page: page, path: "/report?days=30", then: func() {
			page.Eval(`[...document.querySelectorAll("tbody input:not([disabled])")].slice(0, 2).forEach(i => i.checked = true)`, nil)
		}},
		{name: "report-nothing", page: page, path: "/report?from=1990-01-01&until=1990-01-02"},
		{name: "report-wrong", page: page, path: "/report?from=x&until=y"},
	} {
		s.everywhere(t, p)
	}
}
