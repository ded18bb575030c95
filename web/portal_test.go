package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// revoked is the sentence that is shown for a revocation and for nothing else.
const revoked = "The message has been revoked by the sender"

func TestRecipientProvesTheMailboxAndReads(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()

	if a := b.get(w.link(marta)); a.status != 200 || a.heading() != "Contoso has sent you a protected message" {
		t.Errorf("gate: %d %q", a.status, a.heading())
	}
	path := b.prove(marta)
	page := b.get(path)
	if page.status != 200 || page.heading() != secretSubject {
		t.Errorf("message: %d %q", page.status, page.heading())
	}
	for _, want := range []string{"Ada Lovelace", secretFile, "Friday 20 November 2026, 10:00 UTC", path + "/message.eml", path + "/body"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page of the message does not say %q", want)
		}
	}
	body := b.get(path + "/body")
	if body.status != 200 || !strings.Contains(body.body, secretText) {
		t.Errorf("body: %d, and it does not hold the text", body.status)
	}
	if strings.Contains(body.body, "alert(1)") || strings.Contains(body.body, "tracker.example") {
		t.Error("the body holds a script or a remote image")
	}
	list := b.get("/messages")
	if list.status != 200 || !strings.Contains(list.body, secretSubject) || !strings.Contains(list.body, path) {
		t.Errorf("My messages: %d, without the message", list.status)
	}
	if again := b.get(w.link(marta)); again.status != http.StatusSeeOther || again.location() != path {
		t.Errorf("link after proof: %d %s, want 303 to %s", again.status, again.location(), path)
	}
}

func TestAttachmentComesWholeAndIsOnlyEverSaved(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	part := regexp.MustCompile(path + `/part/\d+`).FindString(b.get(path).body)

	a := b.get(part)
	if a.status != 200 || a.body != "%PDF-1.4\n" {
		t.Fatalf("attachment: %d %q", a.status, a.body)
	}
	want := map[string]string{
		"Content-Disposition":     `attachment; filename="` + secretFile + `"`,
		"Content-Type":            "application/pdf",
		"Content-Length":          "9",
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'",
		"Cache-Control":           "no-store",
		"Accept-Ranges":           "",
		"Etag":                    "",
		"Last-Modified":           "",
	}
	for name, value := range want {
		if got := a.header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	b.header.Set("Range", "bytes=0-1")
	if a := b.get(part); a.status != 200 || len(a.body) != 9 {
		t.Errorf("part with Range: %d, %d bytes; want 200 and all of it", a.status, len(a.body))
	}
	for _, n := range []string{"-1", "0", "99", "01", "+3", "x", "99999999999999999999"} {
		if a := b.get(path + "/part/" + n); a.status != 404 {
			t.Errorf("part %s: %d, want 404", n, a.status)
		}
	}
	mail := b.get(path + "/message.eml")
	if mail.status != 200 || !strings.Contains(mail.body, secretText) || mail.header.Get("Content-Type") != "message/rfc822" {
		t.Errorf("whole message: %d %s", mail.status, mail.header.Get("Content-Type"))
	}
}

func TestDoNotForwardIsKeptByTheServer(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.DoNotForward, marta)
	b := w.browser()
	path := b.prove(marta)

	page := b.get(path)
	for _, absent := range []string{"message.eml", `target="_blank"`, "Print\n"} {
		if strings.Contains(page.body, absent) {
			t.Errorf("the page has %q", absent)
		}
	}
	if a := b.get(path + "/message.eml"); a.status != 403 || strings.Contains(a.body, secretText) ||
		!strings.Contains(a.body, "The sender does not allow this message to be forwarded, downloaded or printed.") || !strings.Contains(a.body, `href="`+path+`"`) {
		t.Errorf("whole message: %d, want 403, why, and the way back:\n%s", a.status, texts(a.body))
	}
	tests := []struct {
		dest string
		want int
	}{
		{"iframe", 200}, {"", 200}, {"document", 403}, {"empty", 403}, {"embed", 403}, {"frame", 403},
	}
	for _, tt := range tests {
		b.header.Set("Sec-Fetch-Dest", tt.dest)
		if a := b.get(path + "/body"); a.status != tt.want || (tt.want != 200 && strings.Contains(a.body, secretText)) {
			t.Errorf("body for %q: %d, want %d", tt.dest, a.status, tt.want)
		}
	}
}

func TestDoNotForwardWithoutDownloads(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		o.DownloadsUnderDoNotForward, o.Access.DownloadsUnderDoNotForward = false, false
	})
	w.send(ada, letterlock.DoNotForward, marta)
	b := w.browser()
	path := b.prove(marta)
	page := b.get(path).body
	if !strings.Contains(page, secretFile) || strings.Contains(page, "/part/") {
		t.Error("the page should name the attachment without a link")
	}
	for n := range 6 {
		if a := b.get(path + "/part/" + string(rune('0'+n))); a.status != 403 {
			t.Errorf("part %d: %d, want 403", n, a.status)
		}
	}
}

func TestExpiredMessageSaysSoAfterProof(t *testing.T) {
	w := newWorld(t)
	end := w.clock.Now().Add(48 * time.Hour)
	w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Expires: end}, mail(ada, marta))
	b := w.browser()
	path := b.prove(marta)
	if a := b.get(path); !strings.Contains(a.body, "22 November 2026 at 10:00 UTC") {
		t.Error("the page does not say when the message expires")
	}
	w.clock.advance(48 * time.Hour)
	late := w.browser()
	if a := late.get(w.link(marta)); a.status != 200 {
		t.Errorf("gate of an expired message: %d, want the page as ever", a.status)
	}
	late.prove(marta)
	for _, p := range []string{path, path + "/body", path + "/part/3", path + "/message.eml"} {
		a := late.get(p)
		if a.status != http.StatusGone || a.heading() != "The message has expired" || strings.Contains(a.body, secretText) {
			t.Errorf("GET %s: %d %q", p, a.status, a.heading())
		}
	}
}

func TestMyMessagesShowsOfRevokedMailOnlyThatItIs(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	b.prove(marta)
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	list := b.get("/messages")
	if strings.Contains(list.body, secretSubject) || !strings.Contains(list.body, "Access has been removed") {
		t.Error("the list should say that access has been removed, and no subject")
	}
}

func TestWhoeverIsNotSignedInLearnsNothingOfMessages(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	known := b.get("/read/" + string(id))
	if known.status != 403 || known.heading() != "You are signed out" || !strings.Contains(known.body, "open the link in its notification") {
		t.Errorf("known message: %d %q", known.status, known.heading())
	}
	for _, other := range []string{"/read/" + string(letterlock.NewID()), "/read/nonsense", "/messages", "/read/" + string(id) + "/part/1"} {
		if a := b.get(other); a.status != known.status || a.body != known.body {
			t.Errorf("%s answers differently from a known message", other)
		}
	}
}

func TestSecondRecipientInOneBrowserSignsOutFirst(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	w.send(ada, letterlock.EncryptOnly, jonas)
	b := w.browser()
	path := b.prove(marta)
	link := w.link(jonas)

	a := b.get(link)
	if a.status != 403 || a.heading() != "This message was sent to a different address" {
		t.Fatalf("link of somebody else: %d %q", a.status, a.heading())
	}
	out := "/portal/sign-out?return=" + url.QueryEscape(link)
	if !strings.Contains(a.body, `action="`+out+`"`) {
		t.Errorf("the page has no form that leads to %s", out)
	}
	if a := b.post(link+"/passcode", nil); a.status != 403 {
		t.Errorf("passcode while signed in as another: %d, want 403", a.status)
	}
	if a := b.post(out, nil); a.status != http.StatusSeeOther || a.location() != link {
		t.Errorf("sign out: %d to %q, want 303 to the link", a.status, a.location())
	}
	if a := b.get(path); a.status != 403 {
		t.Errorf("the first recipient's message after signing out: %d, want 403", a.status)
	}
	if other := b.prove(jonas); other == path {
		t.Error("the second recipient came to the first one's message")
	}
	if a := b.get(path); a.status != 403 || strings.Contains(a.body, secretSubject) {
		t.Errorf("the first recipient's message for the second: %d, want 403", a.status)
	}
}

func TestSignOutLeadsOnlyBackToALink(t *testing.T) {
	w := newWorld(t)
	for _, to := range []string{"//evil.example", "https://evil.example", "/sent", "/m/short", "/m/" + strings.Repeat("a", 43) + "/../../sent", `/m/\evil`} {
		a := w.browser().post("/portal/sign-out?return="+url.QueryEscape(to), nil)
		if a.status != http.StatusSeeOther || a.location() != "/portal/signed-out" {
			t.Errorf("return to %s: %d to %q", to, a.status, a.location())
		}
	}
}

func TestReplayedCookieOfAnEndedSessionIsWorthNothing(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	id := b.cookies[hostPrefix+readerCookie]
	if len(id) != secretLength {
		t.Fatalf("session cookie %q: this test would prove nothing", id)
	}
	b.post("/portal/sign-out", nil)
	if _, left := b.cookies[hostPrefix+readerCookie]; left {
		t.Error("the cookie is still there after signing out")
	}
	b.cookies[hostPrefix+readerCookie] = id
	if a := b.get(path); a.status != 403 {
		t.Errorf("message with the old cookie: %d, want 403", a.status)
	}
	b.cookies[hostPrefix+staffCookie] = id
	if a := b.get("/sent"); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), "/sign-in") {
		t.Errorf("Sent with a reader's cookie: %d", a.status)
	}
}

func TestReadersIDInTheStaffCookieSignsNobodyIn(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	b.prove(marta)
	b.cookies[hostPrefix+staffCookie] = b.cookies[hostPrefix+readerCookie]
	if a := b.get("/sent"); a.status != http.StatusSeeOther {
		t.Errorf("Sent: %d, want 303 to the sign-in page", a.status)
	}
}

func TestIdleReaderSessionEnds(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	w.clock.advance(61 * time.Minute)
	if a := b.get(path); a.status != 403 {
		t.Errorf("message after an idle hour: %d, want 403", a.status)
	}
	if a := b.post("/portal/sign-out", nil); a.status != http.StatusSeeOther {
		t.Errorf("sign-out of a session that has ended: %d, want 303", a.status)
	}
}
