package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/browsertest"
)

const (
	revokedWords = "The message has been revoked by the sender"
	awayWords    = "We cannot show the message right now"
	liveSecret   = "84,000" // in the text of the mail
)

// A house is the demo with a reader and a sender who are signed in.
type house struct {
	t       *testing.T
	p       *program
	browser *browsertest.Browser
	reader  *browsertest.Page // Nora
	sender  *browsertest.Page // Ada
	mails   int
}

func newHouse(t *testing.T, browser ...browsertest.Option) *house {
	t.Helper()
	h := &house{t: t, p: start(t), browser: browsertest.New(t, browser...)}
	h.reader, h.sender = h.browser.Page(t), h.browser.Page(t)
	h.p.send(realMail, nora)
	readByLink(t, h.p, h.reader)
	h.p.signIn(h.sender, "ada@contoso.example")
	return h
}

// send sends another mail and returns its id. Nora's browser needs no other proof.
func (h *house) send(t *testing.T) (id string) {
	t.Helper()
	h.mails++
	subject := fmt.Sprintf("Live %d", h.mails)
	h.p.send(strings.NewReplacer(
		"journey-1", fmt.Sprintf("live-%d", h.mails), "=?UTF-8?Q?Gehaltserh=C3=B6hung?=", subject,
	).Replace(realMail), nora)
	list := h.reader.Tab(t)
	list.Goto(h.p.site + "/messages")
	var path string
	list.Eval(fmt.Sprintf(`[...document.querySelectorAll("a.item")].find(a => a.textContent.includes("%s"))?.getAttribute("href") ?? ""`, subject), &path)
	id, ok := strings.CutPrefix(path, "/read/")
	if !ok {
		t.Fatalf("no message %q among Nora's: %q", subject, path)
	}
	return id
}

// open has Nora open a message in a tab of its own.
func (h *house) open(t *testing.T, id string, noScript bool) *browsertest.Page {
	t.Helper()
	tab := h.reader.Tab(t)
	tab.NoScript(noScript)
	tab.Goto(h.p.site + "/read/" + id)
	if tab.Status() != 200 || !strings.Contains(tab.FrameText("iframe"), liveSecret) {
		t.Fatalf("the message is not shown (status %d): this test would prove nothing", tab.Status())
	}
	return tab
}

// revoke has Ada remove access, and returns when she has the answer.
func (h *house) revoke(t *testing.T, id string) time.Time {
	t.Helper()
	h.sender.Goto(h.p.site + "/sent/" + id + "/remove")
	h.sender.Click("main .button--seal")
	if !strings.Contains(h.sender.Text("main"), "External access has been removed") {
		t.Fatalf("access was not removed:\n%s", h.sender.Text("main"))
	}
	return time.Now()
}

// wantDark waits until a page says that the message has been revoked, and
// requires that nothing of it is left.
func wantDark(t *testing.T, page *browsertest.Page, since time.Time, within time.Duration) {
	t.Helper()
	page.WaitText(revokedWords)
	took := time.Since(since)
	t.Logf("dark %v after the revocation was answered", took.Round(time.Millisecond))
	if took > within {
		t.Errorf("the page was dark after %v, want %v at most", took, within)
	}
	wantNothingLeft(t, page)
	wantPage(t, page, 410, revokedWords)
}

// wantNothingLeft requires that neither the page nor its title tells anything of
// the message.
func wantNothingLeft(t *testing.T, page *browsertest.Page) {
	t.Helper()
	var title string
	page.Eval("document.title", &title)
	if page.Count("iframe") > 0 || strings.Contains(page.HTML(), liveSecret) || strings.Contains(page.HTML(), "table.csv") || strings.Contains(title, "Live ") {
		t.Errorf("the page still holds the message; its title is %q", title)
	}
}

func TestOpenPagesGoDark(t *testing.T) {
	t.Parallel()
	h := newHouse(t, browsertest.Light)
	for _, tt := range []struct {
		name string
		test func(*testing.T, *house)
	}{
		{"two open tabs", darkInTwoTabs},
		{"the server cannot be reached", darkWithoutServer},
		{"a hidden tab that is shown", darkWhenShown},
		{"Back, to a page from the browser's memory", darkFromMemory},
		{"nothing happened", brightWhileAccessLasts},
		{"signed out in another tab", darkAfterSignOut}, // last: nobody reads after it
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, h) })
	}
}

func TestPagesGoDarkThatSleptOrWereLeft(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	t.Run("a tab that slept", func(t *testing.T) { darkAfterSleep(t, h) })
	t.Run("Back", func(t *testing.T) { darkAfterBack(t, h, false) })
	t.Run("Back without script", func(t *testing.T) { darkAfterBack(t, h, true) })
}

func TestOpenPagesWithoutScriptGoDark(t *testing.T) {
	t.Parallel()
	darkWithoutScript(t, newHouse(t, browsertest.Light))
}

func darkInTwoTabs(t *testing.T, h *house) {
	id := h.send(t)
	first, second := h.open(t, id, false), h.open(t, id, false)
	at := h.revoke(t, id)
	wantDark(t, first, at, 10*time.Second)
	wantDark(t, second, at, 10*time.Second)
	first.CheckProblems()
}

func darkWithoutScript(t *testing.T, h *house) {
	id := h.send(t)
	page, alone := h.open(t, id, true), h.reader.Tab(t)
	alone.Goto(h.p.site + "/read/" + id + "/body")
	if !strings.Contains(alone.Text("body"), liveSecret) {
		t.Fatal("the text on a page of its own is not shown: this test would prove nothing")
	}
	at := h.revoke(t, id)
	wantDark(t, page, at, 13*time.Second)
	wantDark(t, alone, at, 13*time.Second)
}

// turn waits for one turn of the page's own timers, which are a second apart.
const turn = `new Promise(done => setTimeout(done, 1100))`

func darkWithoutServer(t *testing.T, h *house) {
	page := h.open(t, h.send(t), false)
	h.pause(t)
	for range 3 {
		page.Later(15 * time.Second)
		page.Eval(turn, nil)
	}
	if page.Count("iframe") != 1 {
		t.Error("the message is gone 45 seconds after the last word of the server; it may stay for 60")
	}
	page.Later(15 * time.Second)
	page.WaitText(awayWords)
	wantNothingLeft(t, page)
	if text := page.Text("main"); strings.Contains(text, "revoked") || !strings.Contains(text, "It comes back as soon as") {
		t.Errorf("the page says:\n%s", text)
	}
	for _, v := range page.Axe() {
		t.Errorf("%s: %s %v", v.Rule, v.Help, v.Elements)
	}
	h.resume(t)
	page.WaitText("Protected message.")
	for range 50 { // the frame is there before what is in it
		if strings.Contains(page.FrameText("iframe"), liveSecret) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("the message did not come back with the server")
}

// pause stops the program without ending it: connections stay, nothing answers.
func (h *house) pause(t *testing.T) {
	t.Helper()
	if err := h.p.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.resume(t) })
}

func (h *house) resume(t *testing.T) {
	t.Helper()
	if err := h.p.process.Signal(syscall.SIGCONT); err != nil {
		t.Error(err)
	}
}

// shown reports whether the message can be seen, as opposed to being in the page.
const shown = `document.querySelector(".read")?.checkVisibility({visibilityProperty: true}) ?? false`

func darkAfterSleep(t *testing.T, h *house) {
	id := h.send(t)
	page := h.open(t, id, false)
	page.Freeze(true)
	at := h.revoke(t, id)
	if page.Status() != 200 {
		t.Fatal("the tab did not sleep: this test would prove nothing")
	}
	page.Freeze(false)
	wantDark(t, page, at, 10*time.Second)
}

// A tab whose timers stood still for long shows nothing until it has an answer.
func darkWhenShown(t *testing.T, h *house) {
	id := h.send(t)
	page := h.open(t, id, false)
	h.pause(t)
	page.Later(30 * time.Second)
	var visible bool
	page.Eval(`document.dispatchEvent(new Event("visibilitychange")), (`+shown+`)`, &visible)
	if visible || page.Count("iframe") != 1 {
		t.Errorf("a tab that was hidden for 30 seconds shows the message (%v) before it has asked", visible)
	}
	h.resume(t)
	page.Eval(`new Promise(done => { const t = setInterval(() => { if (`+shown+`) { clearInterval(t); done() } }, 20) })`, nil)
	at := h.revoke(t, id)
	wantDark(t, page, at, 10*time.Second)
}

func darkAfterBack(t *testing.T, h *house, noScript bool) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><title>Elsewhere</title><h1>Elsewhere</h1>")
	}))
	defer other.Close()
	id := h.send(t)
	here, elsewhere := h.open(t, id, noScript), h.open(t, id, noScript)
	here.ClickText("My messages")
	elsewhere.Goto(other.URL)
	at := h.revoke(t, id)
	here.Back()
	wantDark(t, here, at, 10*time.Second)
	elsewhere.Back()
	wantDark(t, elsewhere, at, 10*time.Second)
}

// This browser does not keep pages in memory that have asked for something which
// must not be stored. Others do, and tell the page so.
func darkFromMemory(t *testing.T, h *house) {
	id := h.send(t)
	page := h.open(t, id, false)
	page.Eval(`window.dispatchEvent(new PageTransitionEvent("pagehide", {persisted: true}))`, nil)
	wantNothingLeft(t, page)
	at := h.revoke(t, id)
	page.Eval(`window.dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}))`, nil)
	wantDark(t, page, at, 10*time.Second)
}

func darkAfterSignOut(t *testing.T, h *house) {
	page, other := h.open(t, h.send(t), false), h.reader.Tab(t)
	other.Goto(h.p.site + "/messages")
	other.ClickText("Sign out")
	page.Later(21 * time.Second) // past the next sign of life
	page.WaitText("You are signed out")
	wantNothingLeft(t, page)
}

// A page that nothing happened to stays as it is.
func brightWhileAccessLasts(t *testing.T, h *house) {
	page := h.open(t, h.send(t), false)
	page.Eval("window.untouched = true", nil)
	page.Later(70 * time.Second) // as after a sleep
	page.Eval(turn, nil)
	page.Eval(turn, nil)
	var same bool
	page.Eval("window.untouched === true && ("+shown+")", &same)
	if !same || !strings.Contains(page.FrameText("iframe"), liveSecret) {
		t.Error("the page was loaded again, or is dark, while access lasts")
	}
	page.CheckProblems()
}

// waitRecipient waits until the Sent folder gives the message's only recipient,
// and the message in the list, a state.
func waitRecipient(page *browsertest.Page, state string) {
	page.Eval(fmt.Sprintf(`new Promise(done => { const t = setInterval(() => {
		const said = selector => document.querySelector(selector + " .state")?.textContent.trim();
		if (said(".recipient") === %[1]q && said(".item[aria-current]") === %[1]q) { clearInterval(t); done() }
	}, 20) })`, state), nil)
}

func TestSentFolderShowsWhatHappensWhileItIsOpen(t *testing.T) {
	t.Parallel()
	h := newHouse(t, browsertest.Light)
	id := h.send(t)
	page := h.sender.Tab(t)
	page.Goto(h.p.site + "/sent/" + id)
	page.Fill("Search sent messages", "half a wo")
	page.ClickText("More information")
	page.FrameEval("iframe", "document.body.dataset.mark = 'same'", nil)
	page.Eval("window.untouched = true", nil)
	waitRecipient(page, "Unread")
	if text := page.Text("main"); strings.Contains(text, ", downloaded") {
		t.Fatalf("the page says of a download before there was one:\n%s", text)
	}

	reader := h.open(t, id, false)
	waitRecipient(page, "Read")
	reader.Download(func() { reader.ClickText("table.csv") })
	page.WaitText(", downloaded")
	h.revoke(t, id)
	page.WaitText("External access has been removed")
	waitRecipient(page, "Revoked")

	var kept struct {
		Same, Open  bool
		Typed, News string
	}
	page.Eval(`({same: window.untouched === true, open: document.querySelector("details.more").open, `+
		`typed: document.getElementById("q").value, news: document.getElementById("news").textContent})`, &kept)
	if !kept.Same || !kept.Open || kept.Typed != "half a wo" || !strings.Contains(kept.News, "Revoked") {
		t.Errorf("after three changes the page has %+v", kept)
	}
	var mark string
	page.FrameEval("iframe", "document.body.dataset.mark ?? ''", &mark)
	if mark != "same" {
		t.Error("the message's own frame was loaded again")
	}
	page.CheckProblems()
}
