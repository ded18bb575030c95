package web

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
)

func TestAuditLogShowsWhoDidWhatAndNarrows(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	other := w.send(ada, letterlock.EncryptOnly, jonas)
	rita, nora := w.browser().signIn(rita), w.browser().signIn(nora)
	rita.post("/trace/"+string(id)+"/revoke", url.Values{"reason": {"Lost laptop"}})
	nora.post("/trace/"+string(other)+"/revoke", nil) // refused
	all := nora.get("/audit-log")
	says(t, "the log", all, "rita@contoso.example", "Revoke", "Lost laptop", string(marta), "Trace of the message",
		"Send the form /trace/…/revoke Refused the account has no role for this")
	messageID := url.QueryEscape(nora.messageID(id))
	tests := []struct {
		name, query string
		has, hasNot string // in the table
	}{
		{"by who", "?who=rita@contoso.example", "Lost laptop", "Accept a message"},
		{"by what", "?what=accept", "Accept a message", "Lost laptop"},
		{"by what nobody has done", "?what=destroy", "No entry matches", "Lost laptop"},
		{"by message", "?message-id=" + messageID, "Lost laptop", string(jonas)},
		{"refusals only", "?refused=yes", "Refused", "Lost laptop"},
		{"by day", "?from=2026-11-20&until=2026-11-20", "Lost laptop", "No entry matches"},
		{"another day", "?from=2026-11-21", "No entry matches", "Lost laptop"},
	}
	for _, tt := range tests {
		a := nora.get("/audit-log" + tt.query)
		_, table, _ := strings.Cut(texts(a.body), "Clear")
		if a.status != http.StatusOK || !strings.Contains(table, tt.has) || strings.Contains(table, tt.hasNot) {
			t.Errorf("%s: %d %s; want %q and not %q", tt.name, a.status, table, tt.has, tt.hasNot)
		}
	}
}

func TestAuditLogSaysWhatABulkRevocationIsAboutAndCameTo(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	w.send(ada, letterlock.EncryptOnly, marta, jonas)
	b := w.browser().signIn(rita)
	batch := b.post("/bulk", url.Values{"recipient": {string(marta)}, "reason": {"stolen account"}}).location()
	b.post(batch+"/start", url.Values{"messages": {"2"}})
	w.runBatch(batch, letterlock.BatchDone)
	b.get("/trace/export.csv?subject=%3D1%2B1&state=unread")
	note := "Recipient: " + string(marta) + " Only recipients that match the search 2 messages with 2 recipients"
	log := b.get("/audit-log?who=rita@contoso.example")
	says(t, "the log", log, "Plan a bulk revocation stolen account "+note+" The bulk revocation", "Start a bulk revocation stolen account "+note,
		"Finish a bulk revocation stolen account "+note+" Access removed: 2 messages The bulk revocation", "Export the trace Subject: =1+1 State: Unread")
	if n := strings.Count(log.body, `href="`+batch+`"`); n != 5 { // each message has an entry, too
		t.Errorf("%d links to the batch, want 5", n)
	}
}

func TestAuditLogSaysWhatCannotBeLookedFor(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(nora)
	for query, want := range map[string]string{
		"?from=yesterday":                   "Type a date, as 2026-11-20",
		"?until=2026-13-40":                 "Type a date, as 2026-11-20",
		"?from=2026-11-20&until=2026-11-1":  "Type a date, as 2026-11-20",
		"?from=2026-11-20&until=2026-11-19": "Until is before From",
		"?who=not@an@address":               "That is not a mail address",
		"?message-id=%3Cunknown@x%3E":       "There is no message with this Message-ID",
		"?message-id=a%00b":                 "There is no message with this Message-ID",
		"?what=dance":                       "Choose one of these",
		"?what=Revoke":                      "Choose one of these",
		"?before=x":                         "Something is wrong with the form",
		"?before=-1":                        "Something is wrong with the form",
	} {
		a := b.get("/audit-log" + query)
		if a.status != http.StatusUnprocessableEntity || strings.Contains(a.body, "<tbody") {
			t.Errorf("%s: %d, want 422 and no table", query, a.status)
		}
		says(t, query, a, want)
	}
}

var (
	numberCell = regexp.MustCompile(`data-label="Number">(\d+)<`)
	olderLink  = regexp.MustCompile(`href="([^"]*)">Show older`)
)

func TestAuditLogIsPagedByKey(t *testing.T) {
	w := newWorld(t)
	for range 60 {
		w.send(ada, letterlock.EncryptOnly, marta)
	}
	b, seen := w.browser().signIn(nora), map[string]bool{}
	path := "/audit-log?who=ada%40contoso.example&what=accept"
	for pages := 0; path != "" && pages < 5; pages++ {
		a := b.get(path)
		for _, n := range numberCell.FindAllStringSubmatch(a.body, -1) {
			if seen[n[1]] {
				t.Errorf("entry %s is on two pages", n[1])
			}
			seen[n[1]] = true
		}
		path = ""
		if older := olderLink.FindStringSubmatch(a.body); older != nil {
			path = html.UnescapeString(older[1])
		}
	}
	if len(seen) != 60 {
		t.Errorf("%d entries, want 60", len(seen))
	}
}

func TestAuditExportsAreCheckedWithTheirFilesAlone(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	if err := w.server.AuditLog.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := w.browser().signIn(nora)
	file := func(name string) string {
		a := b.get("/audit-log/" + name)
		if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment; ") {
			t.Fatalf("%s: %d %v", name, a.status, a.header)
		}
		return a.body
	}
	log, checkpoints := file("export.jsonl"), file("checkpoints.jsonl")
	keys, err := audit.ParseKeys([]byte(file("public-key.pem")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Verify(strings.NewReader(log), strings.NewReader(checkpoints), keys, nil); err != nil {
		t.Errorf("the export does not verify: %v", err)
	}
	changed := strings.Replace(log, "ada@contoso.example", "eve@contoso.example", 1)
	if _, err := audit.Verify(strings.NewReader(changed), strings.NewReader(checkpoints), keys, nil); err == nil {
		t.Error("a changed export verifies: this test proves nothing")
	}
	if got := w.entries("export audit log"); len(got) != 1 {
		t.Errorf("the log has %q of the export", got)
	}
}
