package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

// A stop is a page to look at, and how to get there.
type stop struct {
	name string
	page *browsertest.Page
	path string
}

// TestEveryPageCanBeUsedByEverybody opens every page of the demo, wide and
// narrow, light and dark, and requires that axe-core finds nothing and the
// browser complains of nothing. With LETTERLOCK_SHOTS set to a folder it leaves a
// picture of each there.
func TestEveryPageCanBeUsedByEverybody(t *testing.T) {
	p := start(t)
	browser := browsertest.New(t)
	for _, s := range stops(t, p, browser) {
		s.page.Goto(p.site + s.path)
		s.page.ForgetProblems()
		for _, width := range []int{1280, 640, 360} {
			s.page.SetViewport(width, 900)
			for _, dark := range []bool{false, true} {
				s.page.Dark(dark)
				if width == 640 && dark {
					continue // colours do not depend on the width; 640 is 1280 at 200 %
				}
				s.look(t, width, dark)
			}
		}
		s.page.SetViewport(1280, 900)
		s.page.CheckProblems()
	}
}

func (s stop) look(t *testing.T, width int, dark bool) {
	t.Helper()
	if s.name == "read-body" {
		// Its policy lets nothing run in it, axe-core included; package sanitize
		// answers for how the document is made.
		s.picture(width, dark)
		return
	}
	for _, v := range s.page.Axe() {
		t.Errorf("%s, %d wide, dark %v: %s: %s %v", s.name, width, dark, v.Rule, v.Help, v.Elements)
	}
	var overflow int
	s.page.Eval(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &overflow)
	if overflow > 0 {
		t.Errorf("%s, %d wide: scrolls sideways by %d pixels", s.name, width, overflow)
	}
	s.picture(width, dark)
}

// picture leaves a picture of the page where they are asked for.
func (s stop) picture(width int, dark bool) {
	if dir := os.Getenv("LETTERLOCK_SHOTS"); dir != "" {
		scheme := map[bool]string{false: "light", true: "dark"}[dark]
		s.page.Screenshot(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", s.name, width, scheme)))
	}
}

// stops are all pages, each reached as its visitor would reach it.
func stops(t *testing.T, p *program, browser *browsertest.Browser) []stop {
	t.Helper()
	nobody, staff, reader := browser.Page(t), browser.Page(t), browser.Page(t)
	link := func(mailbox string) string {
		nobody.Goto(p.site + "/inbox/" + mailbox)
		for _, i := range []string{"1", "2", "3", "4"} {
			nobody.Click("li:nth-of-type(" + i + ") > a.item")
			if nobody.Count("iframe") > 0 {
				var href string
				nobody.FrameEval("iframe", `document.querySelector('a[href*="/m/"]')?.href ?? ""`, &href)
				if href != "" {
					return strings.TrimPrefix(href, p.site)
				}
			}
			nobody.Goto(p.site + "/inbox/" + mailbox)
		}
		t.Fatalf("no link in the mailbox of %s", mailbox)
		return ""
	}
	p.signIn(staff, "ada@contoso.example")
	sent := func(subject string) string {
		staff.Goto(p.site + "/sent?q=" + strings.ReplaceAll(subject, " ", "+"))
		staff.Click("a.item")
		return strings.Split(staff.Path(), "?")[0]
	}
	offer := sent("Offer letter")
	p.prove(t, browser, reader, link("marta@quillfeather.example"), "marta@quillfeather.example")
	read := reader.Path()
	samuel, late := browser.Page(t), browser.Page(t)
	p.prove(t, browser, samuel, link("samuel.adeyemi@hearthside.example"), "samuel.adeyemi@hearthside.example")
	gate := link("priya.raman@gmail.com")
	late.Goto(p.site + gate)
	late.ClickText("Sign in with a one-time passcode")

	return []stop{
		{"walkthrough", nobody, "/"},
		{"inbox", nobody, "/inbox/"},
		{"inbox-mailbox", nobody, "/inbox/marta@quillfeather.example"},
		{"sign-in", nobody, "/sign-in"},
		{"gate", nobody, gate},
		{"not-available", nobody, "/m/" + strings.Repeat("A", 43)},
		{"passcode", late, strings.TrimPrefix(late.URL(), p.site)},
		{"read", reader, read},
		{"read-body", reader, read + "/body"},
		{"my-messages", reader, "/messages"},
		{"different-address", samuel, read},
		{"my-messages-samuel", samuel, "/messages"},
		{"revoked", samuel, firstRevoked(t, samuel, p)},
		{"sent-list", staff, "/sent"},
		{"sent-search", staff, "/sent?q=nothing+has+this+name"},
		{"sent-revoked-filter", staff, "/sent?show=revoked"},
		{"sent", staff, offer},
		{"sent-confirm", staff, offer + "/remove"},
		{"sent-many", staff, sent("Board minutes")},
		{"sent-revoked", staff, sent("Account details for the deposit&show=revoked")},
		{"sent-by-admin", staff, sent("Bank details")},
		{"sent-bounced", staff, sent("Power of attorney")},
		{"sent-inline", staff, sent("Engagement letter")},
		{"compose", staff, "/compose"},
		{"no-page", staff, "/sent/aaaaaaaaaaaaaaaaaaaaaaaaaa"},
	}
}

// prove takes a page from a link through the passcode.
func (p *program) prove(t *testing.T, browser *browsertest.Browser, page *browsertest.Page, link, mailbox string) {
	t.Helper()
	page.Goto(p.site + link)
	page.ClickText("Sign in with a one-time passcode")
	mail := browser.Page(t)
	code := ""
	for deadline := 0; code == "" && deadline < 200; deadline++ {
		mail.Goto(p.site + "/inbox/" + mailbox)
		if !strings.Contains(mail.Text("a.item"), "Your one-time passcode") {
			continue
		}
		mail.Click("a.item")
		for line := range strings.SplitSeq(mail.FrameText("iframe"), "\n") {
			if d := strings.ReplaceAll(strings.TrimSpace(line), " ", ""); len(d) == 8 && strings.Trim(d, "0123456789") == "" {
				code = d
			}
		}
	}
	page.Fill("Passcode", code)
	page.ClickText("Read the message")
}

// firstRevoked finds the revoked message among a reader's messages.
func firstRevoked(t *testing.T, page *browsertest.Page, p *program) string {
	t.Helper()
	page.Goto(p.site + "/messages")
	var href string
	page.Eval(`[...document.querySelectorAll("a.item")].find(a => a.textContent.includes("Revoked"))?.getAttribute("href") ?? ""`, &href)
	if href == "" {
		t.Fatal("no revoked message to look at")
	}
	return href
}
