package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/browsertest"
)

var (
	firstItem = regexp.MustCompile(`(?s)<a class="item" href="([^"]+)".*?</a>`)
	codeLine  = regexp.MustCompile(`\b\d{4} ?\d{4}\b`) // one group where words run from right to left
)

// waitFor waits until the newest mail in a mailbox of the demo has that in its subject. It
// asks the server itself, as passcode does: what the pages of mailboxes show is looked at
// elsewhere, and a browser does thirty times the work for it.
func (p *program) waitFor(t *testing.T, mailbox, subject string) {
	t.Helper()
	for deadline := time.Now().Add(browsertest.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if item := firstItem.FindString(p.fetch(t, "/inbox/"+mailbox)); item != "" && strings.Contains(item, subject) {
			return
		}
	}
	t.Fatalf("no mail %q came for %s", subject, mailbox)
}

// passcode returns the newest passcode in a mailbox of the demo, without the blank, as soon
// as it is there.
func (p *program) passcode(t *testing.T, mailbox string) string {
	t.Helper()
	text := ""
	for deadline := time.Now().Add(browsertest.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if item := firstItem.FindStringSubmatch(p.fetch(t, "/inbox/"+mailbox)); item != nil {
			text = p.fetch(t, item[1]+"/text")
		}
		if code := codeLine.FindString(text); code != "" && strings.Contains(text, "<h1><bdi>Your one-time passcode to view the message</bdi></h1>") {
			return strings.ReplaceAll(code, " ", "")
		}
	}
	t.Fatalf("no passcode came for %s; the newest mail is\n%s", mailbox, text)
	return ""
}

// fetch returns a page that anybody may see.
func (p *program) fetch(t *testing.T, path string) string {
	t.Helper()
	answer, err := http.Get(p.site + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, answer.Status, err)
	}
	return string(page)
}
