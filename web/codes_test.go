package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// entering returns a browser in which Marta has asked for a passcode, and the link.
func entering(w *world) (*browser, string) {
	w.t.Helper()
	return enteringFor(w, marta)
}

func enteringFor(w *world, of letterlock.Address) (*browser, string) {
	w.t.Helper()
	link := w.link(of)
	b := w.browser()
	if a := b.post(link+"/passcode", nil); a.status != http.StatusSeeOther {
		w.t.Fatalf("asking for a passcode: %d %q", a.status, a.heading())
	}
	return b, link
}

func enter(b *browser, link, code string) answer {
	return b.post(link+"/verify", url.Values{"code": {code}})
}

// wrongCode is eight digits that are not the passcode.
func wrongCode(code string) string {
	first := "1"
	if code[0] == '1' {
		first = "2"
	}
	return first + code[1:]
}

func TestFiveWrongPasscodesEndIt(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b, link := entering(w)
	code := w.passcode(marta)
	for i := range 20 {
		a := enter(b, link, wrongCode(code))
		switch {
		case i < 4:
			left := []string{"4 tries", "3 tries", "2 tries", "1 try"}[i]
			if a.status != 422 || !strings.Contains(a.body, "The passcode is not right ("+left+" left)") {
				t.Errorf("try %d: %d, want 422 and %s left", i+1, a.status, left)
			}
			if !strings.Contains(a.body, wrongCode(code)) {
				t.Errorf("try %d: the field does not keep what was typed", i+1)
			}
		case a.status != 429 || a.heading() != "Too many tries" || a.header.Get("Retry-After") == "":
			t.Errorf("try %d: %d %q, Retry-After %q", i+1, a.status, a.heading(), a.header.Get("Retry-After"))
		}
	}
	if a := enter(b, link, code); a.status != 429 {
		t.Errorf("the right passcode after too many tries: %d, want 429", a.status)
	}
	if a := b.get("/read/" + string(id)); a.status != 403 {
		t.Errorf("message after all that: %d, want 403", a.status)
	}
	if a := b.get(link + "/passcode"); a.status != 429 || !strings.Contains(texts(a.body), "was wrong 5 times") || !strings.Contains(a.body, "1 minute, at 10:01 UTC") {
		t.Errorf("page of the passcode: %d, want 429 and how long to wait\n%s", a.status, texts(a.body))
	}
	for name, who := range map[string]*browser{"here": b, "in another browser": w.browser()} {
		a := who.post(link+"/passcode", nil)
		if a.status != 429 || a.heading() != "Too many tries" || strings.Contains(a.body, "was wrong 5 times") || !strings.Contains(a.body, `href="`+link+`"`) {
			t.Errorf("asking at once for another, %s: %d, want 429, no blame and a way on\n%s", name, a.status, texts(a.body))
		}
	}
	w.clock.advance(16 * time.Minute)
	if a := b.get(link + "/passcode"); a.status != 303 || a.location() != link {
		t.Errorf("page of the passcode after the wait: %d, want 303 to the gate", a.status)
	}
	if path := b.prove(marta); b.get(path).status != 200 {
		t.Error("the lock never ends")
	}
}

func TestPasscodeWorksOnlyInTheBrowserThatAsked(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	_, link := entering(w)
	code := w.passcode(marta)
	other := w.browser()
	if a := enter(other, link, code); a.status != 303 || a.location() != link+"?"+askHere {
		t.Errorf("passcode in a browser that never asked: %d to %q, want 303 to the gate", a.status, a.location())
	}
	other.cookies[hostPrefix+browserCookie] = strings.Repeat("A", 43)
	if a := enter(other, link, code); a.status != 303 || a.location() != link+"?"+askHere {
		t.Errorf("passcode in a browser with another name: %d to %q, want 303 to the gate", a.status, a.location())
	}
	if a := other.get("/read/" + string(id)); a.status != 403 {
		t.Errorf("message in that browser: %d, want 403", a.status)
	}
}

func TestGateSaysWhySomebodyIsThereAgain(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	asked := b.post(w.link(marta)+"/passcode", nil)
	without := w.browser()
	a := without.get(asked.location())
	if said := without.get(a.location()); a.status != 303 || !strings.Contains(said.body, "Allow cookies for mail.contoso.example, and ask again.") {
		t.Errorf("a browser that keeps no cookie: %d to %s", a.status, a.location())
	}
	a = enter(w.browser(), w.link(marta), "12345678")
	if said := w.browser().get(a.location()); !strings.Contains(said.body, "Ask for a passcode in this browser.") {
		t.Errorf("a browser that never asked is not told to, at %s", a.location())
	}
	if a := b.get(asked.location()); a.status != 200 {
		t.Errorf("a browser that keeps the cookie: %d, want 200", a.status)
	}
	for _, odd := range []string{"", "?cookies=on", "?passcode=<b>"} {
		if a := w.browser().get(w.link(marta) + odd); strings.Contains(a.body, "gate-again") {
			t.Errorf("gate with %q explains itself", odd)
		}
	}
}

func TestPasscodeOfOneLinkOpensNoOther(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, jonas)
	b, _ := enteringFor(w, jonas)
	code := w.passcode(jonas)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	if a := enter(b, link, code); a.status != 303 || a.location() != link+"?"+askHere {
		t.Errorf("passcode of another recipient: %d to %q, want 303 to the gate", a.status, a.location())
	}
}

func TestPasscodeLivesTenMinutes(t *testing.T) {
	tests := []struct {
		name   string
		after  time.Duration
		status int
	}{
		{"just before", 9*time.Minute + 59*time.Second, 303},
		{"just after", 10*time.Minute + time.Second, 410},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.send(ada, letterlock.EncryptOnly, marta)
			b, link := entering(w)
			code := w.passcode(marta)
			w.clock.advance(tt.after)
			a := enter(b, link, code)
			if a.status != tt.status {
				t.Fatalf("after %s: %d, want %d", tt.after, a.status, tt.status)
			}
			if tt.status == 303 {
				return
			}
			if a.heading() != "The passcode has expired" || !strings.Contains(a.body, `action="`+link+`/passcode"`) {
				t.Errorf("after %s: %q, without the way to a new one", tt.after, a.heading())
			}
			if page := b.get(link + "/passcode"); page.status != 410 {
				t.Errorf("page of the passcode: %d, want 410", page.status)
			}
		})
	}
}

func TestPasscodeWorksOnce(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b, link := entering(w)
	code := w.passcode(marta)
	enter(b, link, code)
	delete(b.cookies, hostPrefix+readerCookie)
	if a := enter(b, link, code); a.status != 303 || a.location() != link+"?"+askHere {
		t.Errorf("the same passcode again: %d to %q, want 303 to the gate", a.status, a.location())
	}
}

func TestOddPasscodesAreOnlyWrong(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	tests := []struct {
		name   string
		typed  func(code string) string
		status int
	}{
		{"spaces between", func(c string) string { return " " + c[:4] + " " + c[4:] + " " }, 303},
		{"full-width digits", fullWidth, 422},
		{"NUL at the end", func(c string) string { return c + "\x00" }, 422},
		{"nothing", func(string) string { return "" }, 422},
		{"markup", func(string) string { return `"><script>x</script>` }, 422},
		{"half a character", func(string) string { return "\xff\xfe1234" }, 422},
		{"nine digits", func(c string) string { return c + "0" }, 422},
		{"a megabyte", func(string) string { return strings.Repeat("1", 1<<20) }, 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := w.in(t)
			w.clock.advance(time.Hour)
			b, link := entering(w)
			a := enter(b, link, tt.typed(w.passcode(marta)))
			if a.status != tt.status {
				t.Errorf("%d %q, want %d", a.status, a.heading(), tt.status)
			}
			if strings.Contains(a.body, "<script>x") {
				t.Error("the page holds the markup that was typed")
			}
		})
	}
}

// in returns the same world for a subtest.
func (w *world) in(t *testing.T) *world {
	other := *w
	other.t = t
	return &other
}

func fullWidth(code string) string {
	return strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
}

func TestPasscodeIsSentAgainTheSame(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b, link := entering(w)
	code := w.passcode(marta)
	mails := len(w.box.Mails(marta))
	page := b.get(link + "/passcode")
	if !strings.Contains(page.body, `action="`+link+`/passcode/again"`) || strings.Contains(page.body, "30 seconds") {
		t.Error("the page should offer to send it again, and speak of no wait before anybody asks")
	}
	early := b.post(link+"/passcode/again", nil)
	if said := b.get(early.location()); early.status != 303 || !strings.Contains(texts(said.body), "You can ask again in 30 seconds.") {
		t.Errorf("too early: %d to %q, want to be told when", early.status, early.location())
	}
	w.clock.advance(31 * time.Second)
	if a := b.get(link + "/passcode"); !strings.Contains(a.body, `action="`+link+`/passcode/again"`) {
		t.Error("no button after half a minute")
	}
	a := b.post(link+"/passcode/again", nil)
	if a.status != 303 {
		t.Fatalf("sending again: %d %q", a.status, a.heading())
	}
	if said := b.get(a.location()); !strings.Contains(said.body, "Sent again.") {
		t.Error("the page does not say that it was sent again")
	}
	if again := w.passcode(marta); again != code || len(w.box.Mails(marta)) != mails+1 {
		t.Error("what came is not the same passcode in one more mail")
	}
	if a := w.browser().post(link+"/passcode/again", nil); a.status != 303 || a.location() != link+"?"+askHere {
		t.Errorf("again in a browser that never asked: %d to %q, want 303 to the gate", a.status, a.location())
	}
}

func TestTooManyPasscodesSayWhen(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	last := answer{}
	for range 40 {
		if last = w.browser().post(link+"/passcode", nil); last.status != 303 {
			break
		}
	}
	if last.status != 429 || last.heading() != "Too many passcodes" || last.header.Get("Retry-After") == "" {
		t.Errorf("after many browsers: %d %q, Retry-After %q", last.status, last.heading(), last.header.Get("Retry-After"))
	}
}

func TestLogHoldsNoSecret(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b, link := entering(w)
	code := w.passcode(marta)
	enter(b, link, wrongCode(code))
	enter(b, link, code)
	b.get("/read/" + string(id))
	b.get("/read/" + string(id) + "/part/99")
	b.do(secretFile, link, nil, "")
	log := w.log.String()
	if !strings.Contains(log, "/m/:token/verify") {
		t.Fatal("the log does not name the route: this test would prove nothing")
	}
	secrets := []string{strings.TrimPrefix(link, "/m/"), code, wrongCode(code), secretSubject, secretText, secretFile, string(marta), "192.0.2.7"}
	for _, value := range b.cookies {
		secrets = append(secrets, value)
	}
	for _, s := range secrets {
		if strings.Contains(log, s) {
			t.Errorf("the log holds %q", s)
		}
	}
}

func TestNobodyWritesIntoTheLog(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	before := strings.Count(w.log.String(), "\n")
	hostile := "x%0aFORGED%1b[31m"
	for _, path := range []string{"/" + hostile, "/m/" + hostile, "/sent?q=" + hostile, "/read/" + hostile} {
		b.do(http.MethodGet, path, nil, "")
	}
	log := w.log.String()
	if got := strings.Count(log, "\n") - before; got != 4 {
		t.Errorf("%d lines for 4 requests", got)
	}
	if strings.Contains(log, "FORGED") || strings.Contains(log, "\x1b") {
		t.Errorf("what a stranger wrote stands in the log:\n%s", log)
	}
}
