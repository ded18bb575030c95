package main

import (
	"fmt"
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

// TestAdministratorRevokesFromTheReport compares the chart with the database, and
// revokes what a row shows, and what was ticked, each without script as well.
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
			checkChart(t, p, admin)
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

			pages := p.sendAndRead(recipient, "Rota", "Rents")
			tickAll(t, p, admin, tt.noScript)
			revokeSelection(t, p, admin, "Rota", "Rents")
			for _, page := range pages {
				recipient.Goto(page)
				wantPage(t, recipient, 410, "The message has been revoked by the sender")
			}
			admin.CheckProblems()
		})
	}
}

// sendAndRead sends Nora a message of each subject and opens them one after the other
// where she has signed in. It returns where they are read.
func (p *program) sendAndRead(recipient *browsertest.Page, subjects ...string) (pages []string) {
	p.t.Helper()
	for _, s := range subjects {
		p.send(strings.NewReplacer("journey-1", s, "=?UTF-8?Q?Gehaltserh=C3=B6hung?=", s).Replace(realMail), nora)
		recipient.Goto(p.site + "/messages")
		recipient.ClickText(s)
		wantPage(p.t, recipient, 200, s)
		pages = append(pages, recipient.URL())
	}
	return pages
}

// tickAll ticks all rows of the report at once, and none again.
func tickAll(t *testing.T, p *program, admin *browsertest.Page, noScript bool) {
	t.Helper()
	admin.Goto(p.site + "/report")
	rows := admin.Count(".report-table tbody input")
	admin.ClickText("Select all on this page")
	if n := admin.Count(".report-table tbody input:checked"); rows < 3 || n != rows {
		t.Errorf("%d of %d rows are ticked", n, rows)
	}
	if said, want := admin.Text("[data-selected]"), fmt.Sprintf("Rows selected: %d", rows); !noScript && said != want {
		t.Errorf("a screen reader says %q, want %q", said, want)
	}
	admin.ClickText("Clear")
	if n := admin.Count(".report-table tbody input:checked"); n != 0 {
		t.Errorf("%d rows are ticked after Clear", n)
	}
}

// revokeSelection ticks the rows of these subjects in the report, follows "Revoke
// message" to the end, and looks at the rows again.
func revokeSelection(t *testing.T, p *program, admin *browsertest.Page, subjects ...string) {
	t.Helper()
	row := func(subject string) string {
		return fmt.Sprintf(`.report-table tr:has(input[aria-label*=%q])`, subject)
	}
	admin.Goto(p.site + "/report")
	for _, s := range subjects {
		if said := admin.Text(row(s)); !strings.Contains(said, "Revocable") {
			t.Errorf("the row of %s says:\n%s", s, said)
		}
		admin.Click(row(s) + " input")
	}
	if said := admin.Text(".bulk"); !strings.Contains(said, "Revoke message") {
		t.Errorf("the bar of the selection says:\n%s", said)
	}
	admin.Click(".bulk .button--seal")
	wantPage(t, admin, 200, "Revoke many messages")
	if said := admin.Text("main"); !strings.Contains(said, "2 messages with 2 recipients") {
		t.Errorf("what was ticked is called:\n%s", said)
	}
	admin.Fill("Reason", "Wrong list")
	admin.ClickText("Show what it would touch")
	wantPage(t, admin, 200, "Bulk revocation")
	if said := admin.Text("main"); !strings.Contains(said, "Nothing has been touched yet.") || !strings.Contains(said, "2 recipients had already read it") {
		t.Errorf("the plan says:\n%s", said)
	}
	admin.Fill("Type the number of messages to revoke them", "2")
	admin.ClickText("Revoke 2 messages")
	admin.WaitText("Access has been removed.") // the page asks by itself how far it is
	admin.Goto(p.site + "/report")
	for _, s := range subjects {
		if said := admin.Text(row(s)); !strings.Contains(said, "Revoked") || strings.Contains(said, "Revoke message") {
			t.Errorf("the row of %s says after that:\n%s", s, said)
		}
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
