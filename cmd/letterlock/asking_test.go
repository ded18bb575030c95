package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"letterlock/internal/browsertest"
)

// TestARecipientAsksForMore goes the way of a recipient whose message has expired, and
// whose access is removed later: they ask, and the sender approves and declines.
func TestARecipientAsksForMore(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	end := time.Now().Add(4 * time.Second).UTC().Format(time.RFC3339)
	p.send(fmt.Sprintf("X-Letterlock-Expires: %s\n", end)+strings.Replace(realMail, "journey-1", "asking-1", 1), nora)
	reader, staff := browser.Page(t), browser.Page(t)
	mailIn(t, p, reader, nora, "Ada Lindqvist has sent you a protected message")
	var link string
	reader.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	p.prove(t, reader, strings.TrimPrefix(link, p.site), nora)
	waitUntilEnded(t, reader)
	wantPage(t, reader, http.StatusGone, "The message has expired")
	read := reader.Path()
	sent := strings.Replace(read, "/read/", "/sent/", 1)

	reader.Fill("textarea[name=reason]", "I was away <b>until</b> today.")
	reader.ClickText("Ask for more time")
	reader.WaitText("You asked on")
	p.signIn(staff, "ada@contoso.example")
	staff.Goto(p.site + sent)
	staff.WaitText("I was away <b>until</b> today.")
	staff.Fill("select[name=expiry]", "Without end") // as long again would be over soon
	staff.ClickText("Approve")
	mailIn(t, p, reader, nora, "You can read the protected message from Ada Lindqvist again")
	reader.Goto(p.site + read)
	wantPage(t, reader, http.StatusOK, "Gehaltserhöhung")

	staff.Goto(p.site + sent + "/remove")
	staff.Click("main .button--seal")
	reader.Goto(p.site + read)
	wantPage(t, reader, http.StatusGone, "The message has been revoked by the sender")
	reader.ClickText("Ask for access")
	reader.WaitText("You asked on")
	staff.Goto(p.site + sent)
	staff.ClickText("Decline")
	reader.Goto(p.site + read)
	wantPage(t, reader, http.StatusGone, "The message has been revoked by the sender")
	reader.WaitText("What you asked for was declined on")
	reader.CheckAxe()
}

// waitUntilEnded asks for a page again until what it shows has ended.
func waitUntilEnded(t *testing.T, page *browsertest.Page) {
	t.Helper()
	for deadline := time.Now().Add(browsertest.Patience); page.Status() != http.StatusGone; page.Reload() {
		if time.Now().After(deadline) {
			t.Fatalf("%s has not ended", page.URL())
		}
	}
}
