package vouch_test

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/oidc"
	"letterlock/internal/oidctest"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
	"letterlock/internal/vouch"
)

const (
	marta   = letterlock.Address("marta@quillfeather.example")
	firefox = "the name of a browser, 256 random bits"
)

var olga = letterlock.Actor{Kind: letterlock.Staff, Address: "olga@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}

// A house is a provider and what believes it, on a real database.
type house struct {
	t       *testing.T
	now     time.Time
	dir     string
	db      *store.DB
	at      *oidctest.Provider
	service *vouch.Service
	metrics *metrics.Metrics
	message letterlock.ID
	marta   letterlock.ID
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), dir: t.TempDir(), message: letterlock.NewID(), marta: letterlock.NewID()}
	clock := func() time.Time { return h.now }
	storetest.Empty(t, h.dir)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	h.db, err = store.Open(t.Context(), h.dir, clock)
	check(err)
	t.Cleanup(func() { h.db.Close() })
	keys, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: h.dir}.Start(false)
	check(err)
	h.at = oidctest.New(t, clock)
	h.at.Redirect = "https://mail.contoso.example/portal/openid/quill"
	h.at.Set(func(b *oidctest.Behaviour) {
		b.User = map[string]any{"sub": "4711", "email": string(marta), "email_verified": true}
	})
	p, err := oidc.New(oidc.Settings{ID: "quill", Name: "Quill", Issuer: h.at.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret,
		Redirect: h.at.Redirect, Domains: []string{marta.Domain()}, Loopback: true, Now: clock})
	check(err)
	h.metrics = metrics.New(metrics.Options{})
	h.service = &vouch.Service{DB: h.db, Pepper: keys.Pepper, Providers: []*oidc.Provider{p}, IPKey: ratelimit.IPKey, Metrics: h.metrics.OpenID}
	check(h.db.Write(t.Context(), func(tx *store.Tx) error {
		m := letterlock.Message{ID: h.message, MessageID: "<1@contoso.example>"}
		r := letterlock.Recipient{ID: h.marta, Message: m.ID, Mailbox: letterlock.Mailbox{Address: marta}, Experience: letterlock.Link, Field: letterlock.To}
		return errors.Join(tx.BeginMessage(m.ID), tx.AcceptMessage(m, nil, store.Sealed{}), tx.AddRecipient(r, 0, []byte("link")))
	}))
	return h
}

// ask sends a browser to the provider and returns what it brings back.
func (h *house) ask(change func(*vouch.Ask)) url.Values {
	h.t.Helper()
	a := vouch.Ask{Provider: "quill", Recipient: h.marta, Browser: firefox, Link: "/m/token", IP: "192.0.2.1"}
	if change != nil {
		change(&a)
	}
	to, err := h.service.Begin(h.t.Context(), a)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.at.Visit(h.t, to)
}

func (h *house) finish(back url.Values) (vouch.Result, error) {
	return h.service.Finish(h.t.Context(), "quill", firefox, back, letterlock.Actor{IP: "192.0.2.0", Agent: "Firefox"})
}

func TestAProofIsThatOfTheMailbox(t *testing.T) {
	h := newHouse(t)
	r, err := h.finish(h.ask(nil))
	if err != nil || r.Reader == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	if by := *r.Reader; by.Kind != letterlock.Reader || by.Address != marta || by.Proof != letterlock.ByOpenID("quill") || by.ProvedFor != "" || r.Message != h.message || r.Link != "/m/token" || r.Remember {
		t.Errorf("%+v of %+v", r, by)
	}
	r, err = h.finish(h.ask(func(a *vouch.Ask) { a.Fresh, a.Remember = true, true }))
	if err != nil || r.Reader == nil || r.Reader.ProvedFor != h.message || !r.Remember {
		t.Errorf("signed in anew: %+v, %v; want a proof for the message", r, err)
	}
}

// Ten answers come at the same time: one of them counts.
func TestAnAnswerCountsOnceHoweverOftenItComes(t *testing.T) {
	h := newHouse(t)
	back := h.ask(nil)
	var proofs, others int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			r, err := h.finish(back)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case r.Reader != nil:
				proofs++
			default:
				others++
			}
		})
	}
	all.Wait()
	if proofs != 1 || others != 9 || h.at.Asked("/token") != 1 {
		t.Errorf("%d proofs, %d others, the provider was asked %d times; want one proof", proofs, others, h.at.Asked("/token"))
	}
}

func TestAnAnswerCountsAtTheProviderThatWasAskedAlone(t *testing.T) {
	h := newHouse(t)
	s := h.service.Providers[0].Settings
	s.ID = "inkwell"
	other, err := oidc.New(s)
	if err != nil {
		t.Fatal(err)
	}
	h.service.Providers = append(h.service.Providers, other)
	back := h.ask(nil)
	if r, err := h.service.Finish(t.Context(), "inkwell", firefox, back, letterlock.Actor{}); letterlock.KeyOf(err) != vouch.Elsewhere {
		t.Errorf("at another provider: %+v, %v", r, err)
	}
	if r, err := h.finish(back); err != nil || r.Reader == nil {
		t.Errorf("at the one that was asked, afterwards: %+v, %v", r, err)
	}
}

func TestNothingThatCouldBeUsedIsReadableInTheDatabase(t *testing.T) {
	h := newHouse(t)
	back := h.ask(nil)
	last := h.at.Last()
	if last.Get("state") != back.Get("state") || last.Get("nonce") == "" {
		t.Fatal("nothing is asked: this test would prove nothing")
	}
	for name, s := range map[string]string{"state": back.Get("state"), "nonce": last.Get("nonce"), "the browser's name": firefox, "the link": "/m/token"} {
		if h.onDisk(s) {
			t.Errorf("%s is readable", name)
		}
	}
	if !h.onDisk("quill") {
		t.Error("what is known to be there is not found: this test proves nothing")
	}
}

func (h *house) onDisk(s string) bool {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.dir, store.File+"*"))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			h.t.Fatal(err)
		}
		if bytes.Contains(b, []byte(s)) {
			return true
		}
	}
	return false
}

func TestWhatCameOfItIsToldToItsBrowserForAnHour(t *testing.T) {
	h := newHouse(t)
	h.at.Set(func(b *oidctest.Behaviour) { b.User["email"] = "eve@quillfeather.example" })
	r, err := h.finish(h.ask(nil))
	if err != nil || r.Reader != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	tell := func(id, recipient letterlock.ID, browser string) string {
		o, err := h.service.Outcome(t.Context(), id, recipient, browser)
		if err != nil && !errors.Is(err, letterlock.NotFound) {
			t.Fatal(err)
		}
		return o.Key
	}
	for name, got := range map[string]string{
		"another browser":   tell(r.ID, h.marta, "another"),
		"no browser":        tell(r.ID, h.marta, ""),
		"another recipient": tell(r.ID, letterlock.NewID(), firefox),
		"an administrator":  tell(r.ID, "", firefox),
		"another question":  tell(letterlock.NewID(), h.marta, firefox),
	} {
		if got != "" {
			t.Errorf("%s is told %s", name, got)
		}
	}
	sweep := func() {
		if err := h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.SweepOpenIDRequests() }); err != nil {
			t.Fatal(err)
		}
	}
	h.now = h.now.Add(70*time.Minute - time.Second)
	sweep()
	if got := tell(r.ID, h.marta, firefox); got != vouch.Another {
		t.Errorf("it is told %q, want %q", got, vouch.Another)
	}
	h.now = h.now.Add(time.Second)
	if got := tell(r.ID, h.marta, firefox); got != "" {
		t.Errorf("seventy minutes later it is told %q", got)
	}
	sweep()
	err = h.db.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.OpenIDRequestByID(r.ID); return err })
	if !errors.Is(err, letterlock.NotFound) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestOnlyAdministratorsTryAndForget(t *testing.T) {
	h := newHouse(t)
	if _, err := h.finish(h.ask(nil)); err != nil {
		t.Fatal(err)
	}
	for name, by := range map[string]letterlock.Actor{
		"nobody": {}, "the reader": {Kind: letterlock.Reader, Address: marta},
		"a revoker": {Kind: letterlock.Staff, Roles: []letterlock.Role{letterlock.Revoker, letterlock.Sender}},
	} {
		if _, err := h.service.Try(t.Context(), by, "quill", firefox); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s tries: %v", name, err)
		}
		if _, err := h.service.Forget(t.Context(), by, marta, ""); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s forgets: %v", name, err)
		}
	}
	if n, err := h.service.Forget(t.Context(), olga, marta, "another"); n != 0 || err != nil {
		t.Errorf("at another provider: %d, %v", n, err)
	}
	if n, err := h.service.Forget(t.Context(), olga, marta, "quill"); n != 1 || err != nil {
		t.Errorf("Forget = %d, %v; want one", n, err)
	}
}

func TestWithoutANameABrowserIsNotSentAnywhere(t *testing.T) {
	h := newHouse(t)
	a := vouch.Ask{Provider: "quill", Recipient: h.marta, Link: "/m/token", IP: "192.0.2.1"}
	if _, err := h.service.Begin(t.Context(), a); !errors.Is(err, letterlock.Invalid) {
		t.Errorf("Begin = %v, want Invalid", err)
	}
}

func TestWhoComesBackIsCounted(t *testing.T) {
	h := newHouse(t)
	if _, err := h.finish(h.ask(nil)); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*oidctest.Behaviour){
		func(b *oidctest.Behaviour) { b.Answer = func(v url.Values) { v.Set("error", "access_denied") } },
		func(b *oidctest.Behaviour) {
			b.Answer, b.User = nil, map[string]any{"sub": "1", "email": "eve@quillfeather.example", "email_verified": true}
		},
	} {
		h.at.Set(change)
		if _, err := h.finish(h.ask(nil)); err != nil {
			t.Fatal(err)
		}
	}
	w := httptest.NewRecorder()
	h.metrics.Handler(nil).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, result := range []string{"done", "cancelled", "refused"} {
		if want := `letterlock_openid_sign_ins_total{provider="other",result="` + result + `"} 1`; !strings.Contains(w.Body.String(), want) {
			t.Errorf("the metrics do not say %s", want)
		}
	}
}

// Anybody can bring answers to nothing: they do not wait for whoever writes, nor hold them
// up.
func TestAnAnswerToNothingTakesNoTurnToWrite(t *testing.T) {
	h := newHouse(t)
	came := make(chan error, 1)
	err := h.db.Write(t.Context(), func(*store.Tx) error {
		go func() {
			_, err := h.service.Finish(t.Context(), "quill", firefox, url.Values{"state": {"nobody's"}, "code": {"1"}}, letterlock.Actor{})
			came <- err
		}()
		select {
		case err := <-came:
			if letterlock.KeyOf(err) != vouch.Elsewhere {
				t.Errorf("while somebody writes: %v, want %q", err, vouch.Elsewhere)
			}
		case <-time.After(10 * time.Second):
			t.Error("it waits for who writes")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
