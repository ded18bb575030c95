package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

// A stop is a page to look at, and how to get there.
type stop struct {
	name string
	page *browsertest.Page
	path string // empty: only what then does leads there
	then func()
}

// shots names the folder for pictures, in the environment.
const shots = "LETTERLOCK_SHOTS"

// seen is what axe-core has looked at in any test.
var seen browsertest.Seen

// TestEveryPageCanBeUsedByEverybody opens every page of the demo, wide and
// narrow, light and dark, and requires that axe-core finds nothing and the
// browser complains of nothing. axe-core looks at pages that have something which none
// before them had, in whichever test and at whichever width; with LETTERLOCK_STRESS=1 at
// all. With
// LETTERLOCK_SHOTS set to a folder it leaves a picture of each there.
func TestEveryPageCanBeUsedByEverybody(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	for _, s := range stops(t, p, browser) {
		s.everywhere(t, p)
	}
}

// everywhere goes to a page and looks at it in every way.
func (s stop) everywhere(t *testing.T, p *program) {
	t.Helper()
	if s.path != "" {
		s.page.Goto(p.site + s.path)
	}
	if s.then != nil {
		s.then()
	}
	s.page.ForgetProblems()
	s.inEveryWay(t)
	s.page.CheckProblems()
}

// inEveryWay looks at the page that is shown, wide and narrow, light and dark, and
// leaves it wide and light.
func (s stop) inEveryWay(t *testing.T) {
	t.Helper()
	s.page.Dark(false)
	for _, width := range s.widths() {
		s.page.SetViewport(width, 900)
		s.look(t, width, false)
		if width < 1280 && os.Getenv(shots) == "" {
			continue // colours do not depend on the width
		}
		s.page.Dark(true)
		s.look(t, width, true)
		s.page.Dark(false)
	}
	s.page.SetViewport(1280, 900)
}

// widths are those to look at a page in; 640 is 1280 at 200 %, where axe-core looks with
// LETTERLOCK_STRESS=1 alone: it finds nothing between two widths that it looks at. Ends are
// all made alike, and a page that something was done on was looked at before.
func (s stop) widths() []int {
	if s.then != nil || s.page.Count(".end") > 0 {
		return []int{1280, 360}
	}
	return []int{1280, 640, 360}
}

// rulesOf are those that may find something there which they do not find elsewhere:
// dark changes colours alone, and 640 is between two widths that are looked at whole.
func rulesOf(width int, dark bool) browsertest.Rules {
	switch {
	case dark:
		return browsertest.Colours
	case width == 640:
		return browsertest.AllButThem
	}
	return browsertest.AllRules
}

func (s stop) look(t *testing.T, width int, dark bool) {
	t.Helper()
	if s.name == "read-body" {
		// Its policy lets nothing run in it, axe-core included; package sanitize
		// answers for how the document is made.
		s.picture(width, dark)
		return
	}
	if os.Getenv("LETTERLOCK_STRESS") == "1" || width != 640 && seen.Anew(s.page, fmt.Sprint(dark)) {
		for _, v := range s.page.AxeOf(rulesOf(width, dark)) {
			t.Errorf("%s, %d wide, dark %v: %s: %s %v", s.name, width, dark, v.Rule, v.Help, v.Elements)
		}
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
	if dir := os.Getenv(shots); dir != "" {
		scheme := map[bool]string{false: "light", true: "dark"}[dark]
		s.page.Screenshot(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", s.name, width, scheme)))
	}
}

// visitors are people whose pages are looked at.
type visitors struct {
	t                                   *testing.T
	p                                   *program
	nobody, staff, reader, samuel, late *browsertest.Page
	nora, admin                         *browsertest.Page
	gate, read                          string // paths: of a link that late waits at, of the message that reader reads
	reference                           string // of the former
	plans, enclosed                     string // of the message that Nora reads, and of the mail in it
}

// stops are all pages, each reached as its visitor would reach it.
func stops(t *testing.T, p *program, browser *browsertest.Browser) []stop {
	t.Helper()
	v := visitors{t: t, p: p, nobody: browser.Page(t), staff: browser.Page(t), reader: browser.Page(t), samuel: browser.Page(t), late: browser.Page(t)}
	p.signIn(v.staff, "ada@contoso.example")
	p.prove(t, v.reader, v.link("marta@quillfeather.example"), "marta@quillfeather.example")
	v.read = v.reader.Path()
	p.prove(t, v.samuel, v.link("samuel.adeyemi@hearthside.example"), "samuel.adeyemi@hearthside.example")
	v.gate = v.link("priya.raman@gmail.com")
	v.late.Goto(p.site + v.gate)
	v.reference = v.late.Text(".reference")
	v.late.ClickText("Sign in with a one-time passcode")
	return slices.Concat(v.portal(), v.house(), v.answers())
}

// link is the path of the newest link in a mailbox.
func (v visitors) link(mailbox string) string {
	v.t.Helper()
	for _, i := range []string{"1", "2", "3", "4"} {
		v.nobody.Goto(v.p.site + "/inbox/" + mailbox)
		v.nobody.Click("li:nth-of-type(" + i + ") > a.item")
		var href string
		v.nobody.FrameEval("iframe", `document.querySelector('a[href*="/m/"]')?.href ?? ""`, &href)
		if href != "" {
			return strings.TrimPrefix(href, v.p.site)
		}
	}
	v.t.Fatalf("no link in the mailbox of %s", mailbox)
	return ""
}

// sent is the path of a message in Ada's folder.
func (v visitors) sent(subject string) string {
	v.staff.Goto(v.p.site + "/sent?q=" + strings.ReplaceAll(subject, " ", "+"))
	v.staff.Click("a.item")
	return strings.Split(v.staff.Path(), "?")[0]
}

// portal are the pages of recipients and of the demo.
func (v visitors) portal() []stop {
	return []stop{
		{name: "walkthrough", page: v.nobody, path: "/"},
		{name: "inbox", page: v.nobody, path: "/inbox/"},
		{name: "inbox-mailbox", page: v.nobody, path: "/inbox/marta@quillfeather.example"},
		{name: "sign-in", page: v.nobody, path: "/sign-in"},
		{name: "gate", page: v.nobody, path: v.gate},
		{name: "check", page: v.nobody, path: "/check"},
		{name: "not-available", page: v.nobody, path: "/m/" + strings.Repeat("A", 43)},
		{name: "passcode", page: v.late, path: strings.TrimPrefix(v.late.URL(), v.p.site)},
		{name: "read", page: v.reader, path: v.read},
		{name: "read-body", page: v.reader, path: v.read + "/body"},
		{name: "reply", page: v.reader, path: v.read + "/reply"},
		{name: "reply-all", page: v.reader, path: v.read + "/reply-all"},
		{name: "forward", page: v.reader, path: v.read + "/forward"},
		{name: "forward-errors", page: v.reader, path: v.read + "/forward", then: func() {
			v.reader.Fill("To", "nonsense")
			v.reader.ClickText("Forward the message")
		}},
		{name: "my-messages", page: v.reader, path: "/messages"},
		{name: "different-address", page: v.samuel, path: v.read},
		{name: "my-messages-samuel", page: v.samuel, path: "/messages"},
		{name: "revoked", page: v.samuel, path: firstThatIs(v.t, v.samuel, v.p, "Revoked")},
	}
}

// house are the pages of the organisation's people.
func (v visitors) house() []stop {
	offer := v.sent("Offer letter")
	return []stop{
		{name: "sent-list", page: v.staff, path: "/sent"},
		{name: "sent-search", page: v.staff, path: "/sent?q=nothing+has+this+name"},
		{name: "sent-revoked-filter", page: v.staff, path: "/sent?show=revoked"},
		{name: "sent", page: v.staff, path: offer},
		{name: "sent-confirm", page: v.staff, path: offer + "/remove"},
		{name: "sent-expiry", page: v.staff, path: offer + "/expiry"},
		{name: "sent-many", page: v.staff, path: v.sent("Board minutes")},
		{name: "sent-revoked", page: v.staff, path: v.sent("Account details for the deposit&show=revoked")},
		{name: "sent-by-admin", page: v.staff, path: v.sent("Bank details")},
		{name: "sent-bounced", page: v.staff, path: v.sent("Power of attorney")},
		{name: "sent-inline", page: v.staff, path: v.sent("Engagement letter")},
		{name: "compose", page: v.staff, path: "/compose"},
		{name: "no-page", page: v.staff, path: "/sent/aaaaaaaaaaaaaaaaaaaaaaaaaa"},
	}
}

// answers are ends, and what forms say to what was typed into them.
func (v visitors) answers() []stop {
	return []stop{
		{name: "expired", page: v.reader, path: firstThatIs(v.t, v.reader, v.p, "Expired")},
		{name: "signed-out", page: v.nobody, path: v.read},
		{name: "passcode-wrong", page: v.late, then: func() { typeWrong(v.late, 1) }},
		{name: "passcode-early", page: v.late, then: func() {
			v.late.ClickText("Send it again")
			v.late.ClickText("Send it again") // at once after it was sent
		}},
		{name: "too-many-tries", page: v.late, then: func() { typeWrong(v.late, 4) }},
		{name: "sign-in-wrong", page: v.nobody, path: "/sign-in", then: func() {
			v.nobody.Fill("Address", "ada@contoso.example")
			v.nobody.Fill("Password", "wrong")
			v.nobody.ClickText("Sign in")
		}},
		{name: "check-known", page: v.nobody, path: "/check", then: func() { lookUp(v.nobody, v.reference, "was sent by") }},
		{name: "check-unknown", page: v.nobody, path: "/check", then: func() { lookUp(v.nobody, "KX7-4QP-B7M-RTA", "We do not know this reference") }},
		{name: "check-wrong", page: v.nobody, path: "/check", then: func() { lookUp(v.nobody, "KX7-4QP", "A reference has twelve") }},
		{name: "compose-tokens", page: v.staff, path: "/compose", then: func() {
			v.staff.Fill("To", "carol@outlook.com, priya.raman@gmail.com")
			v.staff.Click("#recipients button[value=add]")
			v.staff.WaitText("1 of 2 recipients can be taken back")
			v.staff.ClickText("Who gets what, and why")
		}},
		{name: "compose-errors", page: v.staff, path: "/compose", then: func() {
			v.staff.Fill("To", "nonsense")
			v.staff.Click(".send-bar button")
		}},
	}
}

// lookUp asks whether a message with a reference was sent, and waits for the answer.
func lookUp(page *browsertest.Page, reference, answer string) {
	page.Fill("Reference", reference)
	page.ClickText("Look it up")
	page.WaitText(answer)
}

// typeWrong enters a passcode that is wrong, as sure as one in 10^8.
func typeWrong(page *browsertest.Page, times int) {
	for range times {
		page.Fill("Passcode", "00000000")
		page.ClickText("Read the message")
	}
}

// prove takes a page from a link through the passcode.
func (p *program) prove(t *testing.T, page *browsertest.Page, link, mailbox string) {
	t.Helper()
	page.Goto(p.site + link)
	page.ClickText("Sign in with a one-time passcode")
	page.Fill("Passcode", p.passcode(t, mailbox))
	page.ClickText("Read the message")
}

// firstThatIs finds a message in that state among a reader's messages.
func firstThatIs(t *testing.T, page *browsertest.Page, p *program, state string) string {
	t.Helper()
	page.Goto(p.site + "/messages")
	var href string
	page.Eval(`[...document.querySelectorAll("a.item")].find(a => a.textContent.includes("`+state+`"))?.getAttribute("href") ?? ""`, &href)
	if href == "" {
		t.Fatalf("no message that is %s to look at", state)
	}
	return href
}
