package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

const administrator = "grace@contoso.example"

// TestAdministratorFindsAndRevokes goes the administrator's way, from the search to
// the page that the recipient then sees.
func TestAdministratorFindsAndRevokes(t *testing.T) {
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
			download(t, recipient)

			p.signIn(admin, administrator)
			admin.Goto(p.site + "/trace")
			admin.Fill("Subject", "Gehaltserhöhung")
			admin.Fill("Recipient", nora)
			admin.Click("form[action='/trace'] .button--primary")
			admin.ClickText("Gehaltserhöhung")
			moreInformation(t, admin)
			revokeTraced(t, admin)
			recipient.Reload()
			wantPage(t, recipient, 410, "The message has been revoked by the sender")
			if said := recipient.Text("main"); !strings.Contains(said, "an administrator of Contoso") || strings.Contains(said, "Lost laptop") {
				t.Errorf("the revoked page says:\n%s", said)
			}
			admin.ClickText("Restore access")
			admin.WaitText("1 recipient has access.")
			recipient.Reload()
			wantPage(t, recipient, 200, "Gehaltserhöhung")
			admin.CheckProblems()
		})
	}
}

// moreInformation opens the rest of what is known, and nothing of what it says.
func moreInformation(t *testing.T, page *browsertest.Page) {
	t.Helper()
	page.ClickText("More information")
	said := page.Text(".trace-details")
	for _, want := range []string{"<journey-1@contoso.example>", "Accepted", "Policy matched", "Notified", "Passcode sent", "Wrong passcode", "Read", "Downloaded", "signed in by one-time passcode"} {
		if !strings.Contains(said, want) {
			t.Errorf("More information does not say %q:\n%s", want, said)
		}
	}
	for _, secret := range []string{"84,000", "table.csv", "Gehalt übersicht.bin"} {
		if strings.Contains(page.HTML(), secret) {
			t.Errorf("the trace shows %q, which is content of the message", secret)
		}
	}
}

// revokeTraced goes through the question and has its result shown.
func revokeTraced(t *testing.T, page *browsertest.Page) {
	t.Helper()
	page.ClickText("Revoke message")
	wantPage(t, page, 200, "Revoke message?")
	if said := page.Text("main"); !strings.Contains(said, "Downloaded: 1 of 2 attachments") || !strings.Contains(said, "Copies cannot be called back.") {
		t.Errorf("the confirmation says:\n%s", said)
	}
	page.Fill("Reason", "Lost laptop")
	page.Click("main .button--seal")
	wantPage(t, page, 200, "Message trace")
	for _, want := range []string{"Revoked.", "by you, Grace Okoye", "Lost laptop", "Restore access", " Change expiry"} {
		if !strings.Contains(page.Text(".trace-details"), want) {
			t.Errorf("after Revoke message the page does not say %q:\n%s", want, page.Text(".trace-details"))
		}
	}
	if n := page.Count(".trace-found tr[aria-current]"); n != 1 {
		t.Errorf("what was found is gone from beside the message: %d rows are the chosen one", n)
	}
}

// TestAdministratorRevokesAllThatWasFound plans, looks, starts, and undoes.
func TestAdministratorRevokesAllThatWasFound(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	admin, recipient := browser.Page(t), browser.Page(t)
	p.send(realMail, nora)
	readByLink(t, p, recipient)

	p.signIn(admin, administrator)
	admin.Goto(p.site + "/trace?recipient=" + nora)
	admin.ClickText("Revoke all found…")
	wantPage(t, admin, 200, "Revoke many messages")
	admin.Fill("Reason", "Stolen account")
	admin.ClickText("Show what it would touch")
	wantPage(t, admin, 200, "Bulk revocation")
	for _, want := range []string{"Nothing has been touched yet.", "1 message with 1 recipient", "1 recipient had already read it", "Gehaltserhöhung", nora, "read "} {
		if !strings.Contains(admin.Text("main"), want) {
			t.Errorf("the plan does not say %q:\n%s", want, admin.Text("main"))
		}
	}
	recipient.Reload()
	wantPage(t, recipient, 200, "Gehaltserhöhung")
	admin.Fill("Type the number of messages to revoke them", "1")
	admin.ClickText("Revoke 1 message")
	admin.WaitText("Access has been removed.") // the page asks by itself how far it is
	recipient.Reload()
	wantPage(t, recipient, 410, "The message has been revoked by the sender")
	admin.ClickText("Undo the whole batch")
	admin.ClickText("Restore access to 1 message")
	admin.WaitText("Undone.")
	recipient.Reload()
	wantPage(t, recipient, 200, "Gehaltserhöhung")
	admin.CheckProblems()
}

// TestMessageIDOfThePageIsTakenByCommands copies one, and revokes by it in a shell.
func TestMessageIDOfThePageIsTakenByCommands(t *testing.T) {
	t.Parallel()
	p := start(t)
	page := browsertest.New(t).Page(t)
	p.send("X-Letterlock-Proof: passcode\n"+realMail, nora)
	p.signIn(page, administrator)
	page.Goto(p.site + "/trace?subject=Gehaltserhöhung")
	page.ClickText("Gehaltserhöhung")
	page.ClickText("More information")
	page.ClickText("Copy the Message-ID")
	page.WaitText("Copied")
	page.CheckProblems()

	id := regexp.MustCompile(`Message-ID\s+(<\S+>)`).FindStringSubmatch(page.Text("main"))[1]
	for _, tt := range []struct {
		words []string
		want  string
	}{{[]string{"status", id, "--json"}, `"asks": "passcode"`}, {[]string{"trace", "--details", id}, "Asks for"}} {
		out, err := exec.Command(binary, append(tt.words, "--config", p.settings)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), tt.want) {
			t.Errorf("%q does not say %s: %v\n%s", tt.words, tt.want, err, out)
		}
	}
	out, err := exec.Command(binary, "revoke", id, "--config", p.settings).CombinedOutput()
	if err != nil || string(out) != "Revoked: True\n" {
		t.Errorf("revoke %s: %v\n%s", id, err, out)
	}
	page.Reload()
	if got := page.Text("main"); !strings.Contains(got, "External access has been removed") {
		t.Errorf("the page does not say that it is revoked:\n%s", got)
	}
}

// TestEveryTracePageCanBeUsedByEverybody looks at the administrators' pages as
// TestEveryPageCanBeUsedByEverybody looks at the others.
func TestEveryTracePageCanBeUsedByEverybody(t *testing.T) {
	t.Parallel()
	p := start(t)
	page := browsertest.New(t, browsertest.Light).Page(t)
	p.signIn(page, administrator)
	unfold := func() {
		page.Eval(`document.querySelectorAll("main details").forEach(d => d.open = true)`, nil)
	}
	at := func(subject, end string) func() {
		return func() {
			page.Goto(p.site + "/trace?subject=" + strings.ReplaceAll(subject, " ", "+"))
			page.Click("a.row-link")
			if end != "" {
				page.Goto(strings.Split(page.Path(), "?")[0] + end)
			}
			unfold()
		}
	}
	plan := func(query string) func() {
		return func() {
			page.Goto(p.site + "/bulk/new?" + query)
			page.ClickText("Show what it would touch")
		}
	}
	run := func() {
		page.Fill("Type the number of messages to revoke them", "1")
		page.ClickText("Revoke 1 message")
		page.WaitText("Access has been removed.")
		unfold()
	}
	for _, s := range []stop{
		{name: "trace", page: page, path: "/trace"},
		{name: "trace-found", page: page, path: "/trace?sender=ada"},
		{name: "trace-nothing", page: page, path: "/trace?subject=nothinghasthisname&sender=ada"},
		{name: "trace-wrong", page: page, path: "/trace?from=x&until=y"},
		{name: "trace-message", page: page, then: at("Offer letter", "")},
		{name: "trace-many", page: page, then: at("Board minutes", "")},
		{name: "trace-revoked", page: page, then: at("Bank details", "")},
		{name: "trace-bounced", page: page, then: at("Power of attorney", "")},
		{name: "trace-inline", page: page, then: at("Engagement letter", "")},
		{name: "trace-refused", page: page, then: at("Engagement letter", "/revoke")},
		{name: "trace-revoke", page: page, then: at("Board minutes", "/revoke")},
		{name: "trace-destroy", page: page, then: at("Offer letter", "/destroy")},
		{name: "trace-unknown", page: page, path: "/trace/aaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{name: "bulk-new", page: page, path: "/bulk/new?sender=ada"},
		{name: "bulk-everything", page: page, path: "/bulk/new"},
		{name: "bulk-nothing", page: page, then: plan("subject=nothinghasthisname")},
		{name: "bulk-list-empty", page: page, path: "/bulk"},
		{name: "bulk-planned", page: page, then: plan("sender=ada@contoso.example")},
		{name: "bulk-one", page: page, then: plan("subject=offer+letter")},
		{name: "bulk-done", page: page, then: run},
		{name: "bulk-list", page: page, path: "/bulk"},
	} {
		s.everywhere(t, p)
	}
}
