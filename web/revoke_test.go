package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
)

// content are the routes that hold something of a message, below /read/<id>.
func (w *world) content(id letterlock.ID) []string {
	base := "/read/" + string(id)
	n := string(rune('0' + w.attachment(id)))
	return []string{base, base + "/body", base + "/part/" + n, base + "/message.eml"}
}

func TestRevokedMessageIsGoneForItsReader(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	b.prove(marta)
	paths := w.content(id)
	for _, p := range paths {
		if a := b.get(p); a.status != 200 {
			t.Fatalf("GET %s before: %d: this test would prove nothing", p, a.status)
		}
	}
	w.clock.advance(time.Minute)
	sender := w.browser().as(letterlock.Staff, ada)
	for range 2 { // the second time is not an error and changes nothing
		if a := sender.post("/sent/"+string(id)+"/remove", url.Values{"reason": {"wrong version"}}); a.status != 303 {
			t.Fatalf("remove: %d %q", a.status, a.heading())
		}
		w.clock.advance(time.Minute)
	}
	for _, p := range paths {
		a := b.get(p)
		if a.status != http.StatusGone || a.heading() != revoked {
			t.Errorf("GET %s: %d %q, want 410 and the revoked sentence", p, a.status, a.heading())
		}
		for _, secret := range []string{secretSubject, secretText, secretFile, "wrong version"} {
			if strings.Contains(a.body, secret) {
				t.Errorf("GET %s: the end page shows %q", p, secret)
			}
		}
	}
	end := b.get(paths[0]).body
	for _, want := range []string{"Ada Lovelace, the sender", "20 November 2026, 10:01 UTC", "mailto:" + string(ada)} {
		if !strings.Contains(end, want) {
			t.Errorf("the end page does not say %q", want)
		}
	}
	late := w.browser()
	if a := late.get(w.link(marta)); a.status != 200 {
		t.Errorf("gate of a revoked message: %d, want the page as ever", a.status)
	}
	if a := late.get(late.prove(marta)); a.status != 410 || a.heading() != revoked {
		t.Errorf("after proof: %d %q", a.status, a.heading())
	}
}

func TestRestoredMessageCanBeReadAgain(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	sender := w.browser().as(letterlock.Staff, ada)
	sender.post("/sent/"+string(id)+"/remove", nil)
	if a := b.get(path); a.status != 410 {
		t.Fatalf("after remove: %d", a.status)
	}
	sender.post("/sent/"+string(id)+"/restore", nil)
	if a := b.get(path); a.status != 200 || a.heading() != secretSubject {
		t.Errorf("after restore: %d %q", a.status, a.heading())
	}
}

func TestAdministratorIsNotNamedToTheRecipient(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	if err := w.server.Access.Revoke(t.Context(), w.actors[grace], id, ""); err != nil {
		t.Fatal(err)
	}
	a := b.get(path)
	if a.heading() != revoked || !strings.Contains(a.body, "an administrator of Contoso") || strings.Contains(a.body, "Hopper") {
		t.Errorf("%q, and it should say an administrator of Contoso and no name", a.heading())
	}
}

func TestNobodyElseRevokes(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	reader := w.browser()
	path := reader.prove(marta)
	remove := "/sent/" + string(id) + "/remove"
	sender := func() *browser { return w.browser().as(letterlock.Staff, ada) }
	crossSite := sender()
	crossSite.header.Set("Sec-Fetch-Site", "cross-site")
	oldBrowser := sender()
	oldBrowser.header.Set("Origin", "https://evil.example")
	null := sender()
	null.header.Set("Origin", "null")
	tests := []struct {
		name   string
		b      *browser
		method string
		path   string
		want   int
	}{
		{"nobody", w.browser(), "POST", remove, 303},
		{"the recipient", reader, "POST", remove, 303},
		{"another sender", w.browser().as(letterlock.Staff, eve), "POST", remove, 404},
		{"by GET", sender(), "GET", remove, 200},
		{"by HEAD", sender(), "HEAD", remove, 200},
		{"a form of another site", crossSite, "POST", remove, 403},
		{"a form of another site, old browser", oldBrowser, "POST", remove, 403},
		{"a form without an origin", null, "POST", remove, 403},
		{"restore by another sender", w.browser().as(letterlock.Staff, eve), "POST", "/sent/" + string(id) + "/restore", 404},
	}
	for _, tt := range tests {
		a := tt.b.do(tt.method, tt.path, strings.NewReader(""), "application/x-www-form-urlencoded")
		if a.status != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, a.status, tt.want)
		}
		if got := reader.get(path); got.status != 200 {
			t.Fatalf("%s: the message is gone: %d %q", tt.name, got.status, got.heading())
		}
	}
	if a := crossSite.post(remove, nil); a.heading() != "This form came from another site" {
		t.Errorf("cross-site form: %q", a.heading())
	}
}

func TestAccessThatEndsDuringADownloadCutsIt(t *testing.T) {
	w := newWorld(t)
	raw := strings.Replace(mail(ada, marta), "JVBERi0xLjQK\r\n", strings.Repeat(strings.Repeat("QUFB", 19)+"\r\n", 20_000), 1)
	id := w.submit(ada, intakeTo(marta), raw)
	b := w.browser()
	b.prove(marta)
	part := w.content(id)[2]
	if a := b.get(part); len(a.body) != 20_000*19*3 {
		t.Fatalf("attachment: %d %d bytes", a.status, len(a.body))
	}
	rec := &cutter{ResponseRecorder: httptest.NewRecorder(), at: 256 << 10, do: func() {
		if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
			t.Error(err)
		}
	}}
	r := httptest.NewRequestWithContext(t.Context(), "GET", part, nil)
	r.Host = b.host
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	aborted := func() (aborted bool) {
		defer func() {
			err, ok := recover().(error)
			aborted = ok && errors.Is(err, http.ErrAbortHandler)
		}()
		w.server.Handler().ServeHTTP(rec, r)
		return false
	}()
	if !aborted {
		t.Error("the connection was not cut: a part of the file looks like all of it")
	}
	// What had been decoded before the revocation may still be in the chunk.
	if got := rec.Body.Len(); got < 256<<10 || got > 256<<10+4*chunk {
		t.Errorf("%d bytes came, want no more than a few chunks after 256 KiB", got)
	}
}

// A chunk that is gone says only that; which end it is, the page finds out.
func TestRevocationWhileAPageIsMadeIsShownAsOne(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	c := w.server.echo.NewContext(httptest.NewRequestWithContext(t.Context(), "GET", publicURL+"/read/"+string(id), nil), rec)
	c.SetPath("/read/:id")
	c.SetParamNames("id")
	c.SetParamValues(string(id))
	c.Set(ruleKey, reader)
	c.Set(actorKey, letterlock.Actor{Kind: letterlock.Reader, Address: marta})
	w.server.fail(&letterlock.Error{Code: letterlock.Gone}, c)
	if a := (answer{rec.Code, rec.Result().Header, rec.Body.String()}); a.status != 410 || a.heading() != revoked {
		t.Errorf("%d %q", a.status, a.heading())
	}
}

// A cutter does something once, when so much of an answer has been written.
type cutter struct {
	*httptest.ResponseRecorder
	at int
	do func()
}

func (c *cutter) Write(p []byte) (int, error) {
	n, err := c.ResponseRecorder.Write(p)
	if c.do != nil && c.Body.Len() >= c.at {
		c.do()
		c.do = nil
	}
	return n, err
}

// Each end has a status and words of its own, and only a revocation has the
// revoked sentence.
func TestOnlyARevocationPrintsTheRevokedSentence(t *testing.T) {
	w := newWorld(t)
	m := letterlock.Message{Sender: letterlock.Mailbox{Name: "Ada", Address: ada}, Accepted: w.clock.Now(), Expires: w.clock.Now()}
	e := func(code letterlock.Code, key string) error {
		return &letterlock.Error{Code: code, Key: key, RetryAfter: time.Minute, Err: errors.New("cause: " + revoked)}
	}
	tests := []struct {
		name    string
		err     error
		status  int
		heading string
	}{
		{"revoked", &access.Ended{State: letterlock.Revoked, Message: m}, 410, revoked},
		{"expired", &access.Ended{State: letterlock.Expired, Message: m}, 410, "The message has expired"},
		{"destroyed", &access.Ended{State: letterlock.Destroyed, Message: m}, 410, "This message is not available"},
		{"gone, nobody knows why", e(letterlock.Gone, ""), 410, "This message is not available"},
		{"gone with the key only", e(letterlock.Gone, "revoked"), 410, "This message is not available"},
		{"unknown", e(letterlock.NotFound, ""), 404, "This message is not available"},
		{"another mailbox", e(letterlock.Denied, "different-address"), 403, "This message was sent to a different address"},
		{"not allowed", e(letterlock.Denied, ""), 403, "You may not do this"},
		{"passcode expired", e(letterlock.Gone, "passcode-expired"), 410, "The passcode has expired"},
		{"too many tries", e(letterlock.Throttled, "too-many-tries"), 429, "Too many tries"},
		{"locked", e(letterlock.Throttled, "locked"), 429, "Too many tries"},
		{"too many mails", e(letterlock.Throttled, "budget"), 429, "Too many passcodes"},
		{"too many of something", e(letterlock.Throttled, ""), 429, "Too many requests"},
		{"malformed", e(letterlock.Invalid, ""), 422, "Something is wrong with the form"},
		{"too large", e(letterlock.TooLarge, ""), 413, "This is too large"},
		{"busy", e(letterlock.Busy, ""), 503, "We cannot show the message right now"},
		{"a fault", errors.New("disk on fire"), 500, "We cannot show the message right now"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			c := w.server.echo.NewContext(httptest.NewRequestWithContext(t.Context(), "GET", publicURL+"/m/x", nil), rec)
			c.SetPath("/m/:token")
			c.Set(ruleKey, holder)
			w.server.fail(tt.err, c)
			a := answer{rec.Code, rec.Result().Header, rec.Body.String()}
			if a.status != tt.status || a.heading() != tt.heading {
				t.Errorf("%d %q, want %d %q", a.status, a.heading(), tt.status, tt.heading)
			}
			if tt.name != "revoked" && strings.Contains(a.body, revoked) {
				t.Error("the page prints the revoked sentence")
			}
			if strings.Contains(a.body, "cause") || strings.Contains(a.body, "disk on fire") {
				t.Error("the page prints the cause")
			}
			if again := a.header.Get("Retry-After"); (a.status == 503 || a.status == 429) && again == "" {
				t.Errorf("no Retry-After with %d", a.status)
			}
		})
	}
}
