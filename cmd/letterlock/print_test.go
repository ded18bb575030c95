package main

import (
	"fmt"
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

// longMail has so many paragraphs.
func longMail(id, header string, paragraphs int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sFrom: Ada Lindqvist <ada@contoso.example>\nTo: %s\nSubject: %s\nMessage-ID: <%s@contoso.example>\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n", header, nora, id, id)
	for n := range paragraphs {
		fmt.Fprintf(&b, "<p>Clause %d. The parties agree.</p>\n", n)
	}
	return b.String()
}

// TestPaperHasTheWholeMessageOrNone prints messages of many sheets, one of a single
// sheet, and one that must not be on paper.
func TestPaperHasTheWholeMessageOrNone(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	p.send(longMail("short", "", 3), nora)
	p.send(longMail("forbidden", "X-Letterlock-Protection: do-not-forward\n", 300), nora)
	p.send("X-Letterlock-Protection: do-not-forward\nFrom: <ada@contoso.example>\nTo: "+nora+"\nSubject: carrier\nMIME-Version: 1.0\n"+
		"Content-Type: multipart/mixed; boundary=o\n\n--o\n\nSee the other one.\n--o\nContent-Type: message/rfc822\n\n"+longMail("inner", "", 300)+"\n--o--\n", nora)
	p.send(strings.Replace(longMail("plain", "", 300), "text/html", "text/plain", 1), nora)
	p.send(longMail("long", "", 300), nora)
	reader, box := browser.Page(t), browser.Page(t)
	mailIn(t, p, box, nora, "has sent you a protected message")
	var link string
	box.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	p.prove(t, reader, strings.TrimPrefix(link, p.site), nora)
	for _, tt := range []struct {
		subject      string
		fewest, most int // sheets
	}{{"short", 1, 1}, {"forbidden", 1, 1}, {"plain", 5, 20}, {"long", 8, 20}} {
		reader.Goto(p.site + "/messages")
		reader.ClickText(tt.subject)
		if n := reader.Sheets(); tt.subject == "forbidden" && n != 1 || tt.subject == "long" && n < tt.fewest {
			t.Errorf("%s: the page around it takes %d sheets", tt.subject, n)
		}
		path := reader.Path()
		reader.Goto(p.site + path + "/body")
		if n := reader.Sheets(); n < tt.fewest || n > tt.most {
			t.Errorf("%s: %d sheets, want %d to %d", tt.subject, n, tt.fewest, tt.most)
		}
	}
	reader.Goto(p.site + "/messages")
	reader.ClickText("carrier")
	reader.Click("a[href$='/mail']")
	if n := reader.Sheets(); n != 1 || reader.Text("h1") != "inner" {
		t.Errorf("the page of a mail attached to one that must not be on paper takes %d sheets", n)
	}
}
