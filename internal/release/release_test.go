package release_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/ratelimit"
	"letterlock/internal/release"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
)

const (
	firefox = "a browser's cookie, 256 random bits"
	chrome  = "another browser's cookie"
	marta   = letterlock.Address("marta@quillfeather.example")
)

var (
	ada    = letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
	caller = letterlock.Actor{IP: "192.0.2.0/24", Agent: "Firefox"}
)

// A house is release codes on a real database with a clock that stands still, for one
// message of Ada's to Marta.
type house struct {
	t       *testing.T
	now     time.Time
	dir     string
	db      *store.DB
	codes   *release.Service
	message letterlock.ID
	marta   letterlock.ID
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), dir: t.TempDir(), message: letterlock.NewID(), marta: letterlock.NewID()}
	storetest.Empty(t, h.dir)
	var err error
	if h.db, err = store.Open(t.Context(), h.dir, func() time.Time { return h.now }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	keys, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: h.dir}.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	h.codes = &release.Service{DB: h.db, Pepper: keys.Pepper, Offered: true, IPKey: ratelimit.IPKey, Wake: func() {}}
	h.write(func(tx *store.Tx) error {
		m := letterlock.Message{ID: h.message, MessageID: "<1@contoso.example>", Sender: letterlock.Mailbox{Address: ada.Address}}
		r := letterlock.Recipient{ID: h.marta, Message: m.ID, Mailbox: letterlock.Mailbox{Address: marta}, Experience: letterlock.Link, Field: letterlock.To}
		return errors.Join(tx.PutAccount(store.Account{Mailbox: m.Sender, Roles: ada.Roles}), tx.BeginMessage(m.ID), tx.AcceptMessage(m, nil, store.Sealed{}), tx.AddRecipient(r, 0, []byte(r.ID)))
	})
	return h
}

func (h *house) write(f func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.db.Write(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) pass(d time.Duration) { h.now = h.now.Add(d) }

func (h *house) ask(browser string) {
	h.t.Helper()
	if err := h.codes.Ask(h.t.Context(), h.marta, browser, "192.0.2.1", caller); err != nil {
		h.t.Fatalf("Ask: %v", err)
	}
}

// request is the only request that Ada sees.
func (h *house) request() release.Request {
	h.t.Helper()
	list, _, err := h.codes.Requests(h.t.Context(), ada, h.message)
	if err != nil || len(list) != 1 {
		h.t.Fatalf("Ada sees %+v, %v; want one request", list, err)
	}
	return list[0]
}

// show has Ada see the code of the only request.
func (h *house) show() string {
	h.t.Helper()
	if err := h.codes.Show(h.t.Context(), ada, h.message, h.request().ID); err != nil {
		h.t.Fatalf("Show: %v", err)
	}
	return h.request().Code.Reveal()
}

func (h *house) state(browser string) release.State {
	h.t.Helper()
	a, err := h.codes.Pending(h.t.Context(), h.marta, browser)
	if err != nil {
		h.t.Fatalf("Pending: %v", err)
	}
	return a.State
}

func (h *house) verify(browser, code string) error {
	h.t.Helper()
	a, err := h.codes.Verify(h.t.Context(), h.marta, browser, code, caller)
	if (err == nil) != (a == marta) || err != nil && a != "" {
		h.t.Errorf("Verify = %q, %v", a, err)
	}
	return err
}

func (h *house) checkRefused(name string, err error, code letterlock.Code, key string) {
	h.t.Helper()
	if err == nil || letterlock.CodeOf(err) != code || letterlock.KeyOf(err) != key {
		h.t.Errorf("%s: %v; want %v %q", name, err, code, key)
	}
}

// other returns eight digits that are not code.
func other(code string) string {
	b := []byte(code)
	b[7] = '0' + (b[7]-'0'+1)%10
	return string(b)
}

// done are the entries of the audit log, as "action, whether allowed".
func (h *house) done() (list []string) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		all, err := tx.Entries(h.message)
		for _, e := range all {
			is := " refused"
			if e.Allowed {
				is = ""
			}
			list = append(list, e.Action+is)
		}
		return err
	})
	return list
}

func TestTheCodeThatTheSenderReadsOutLetsInOnce(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	q := h.request()
	a, err := h.codes.Pending(t.Context(), h.marta, firefox)
	if err != nil || a.Reference != q.Reference || len(q.Reference) != 4 || a.State != release.Waiting {
		t.Errorf("the browser sees %+v, %v; the sender %+v; want one reference", a, err, q)
	}
	if q.Recipient != h.marta || q.Agent != "Firefox" || q.IP != "192.0.2.0/24" || !q.Asked.Equal(h.now) || q.Code != "" {
		t.Errorf("the sender sees %+v before they have asked for the code", q)
	}
	h.checkRefused("before there is a code", h.verify(firefox, "00000000"), letterlock.Gone, "release")
	code := h.show()
	if h.state(firefox) != release.Given || len(code) != 8 {
		t.Errorf("state %v, code %q", h.state(firefox), code)
	}
	h.checkRefused("a wrong code", h.verify(firefox, other(code)), letterlock.Invalid, "release-code")
	if err := h.verify(firefox, code[:4]+" "+code[4:]); err != nil {
		t.Errorf("the code: %v", err)
	}
	h.checkRefused("replayed", h.verify(firefox, code), letterlock.NotFound, "")
	if list, _, err := h.codes.Requests(t.Context(), ada, h.message); err != nil || len(list) != 0 {
		t.Errorf("the sender still sees %+v, %v", list, err)
	}
	want := []string{"ask for release code", "show release code", "use release code refused", "use release code"}
	if got := h.done(); !slices.Equal(got, want) {
		t.Errorf("the audit log has %q, want %q", got, want)
	}
	h.write(func(tx *store.Tx) error {
		events, err := tx.Events(h.message)
		var kinds []letterlock.EventKind
		for _, e := range events[h.marta] {
			if kinds = append(kinds, e.Kind); e.Detail != q.Reference || (e.Kind == letterlock.ReleaseShown) != (e.IP == "") {
				t.Errorf("the history has %+v", e)
			}
		}
		if want := []letterlock.EventKind{letterlock.ReleaseAsked, letterlock.ReleaseShown, letterlock.ReleaseWrong, letterlock.ReleaseUsed}; !slices.Equal(kinds, want) {
			t.Errorf("the history is %v, want %v", kinds, want)
		}
		return err
	})
}

func TestACodeWorksOnlyInTheBrowserThatHasAsked(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	code := h.show()
	h.checkRefused("in a browser that has asked for nothing", h.verify(chrome, code), letterlock.NotFound, "")
	h.ask(chrome)
	h.checkRefused("in one that has asked for another", h.verify(chrome, code), letterlock.Gone, "release")
	h.checkRefused("in none", h.verify("", code), letterlock.NotFound, "")
	h.checkRefused("asked for without a cookie", h.codes.Ask(t.Context(), h.marta, "", "192.0.2.1", caller), letterlock.Invalid, "browser")
	if err := h.verify(firefox, code); err != nil {
		t.Errorf("in its own: %v", err)
	}
}

func TestACodeLivesAQuarterOfAnHourFromWhenItIsShown(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	h.pass(3*time.Hour + 59*time.Minute)
	code := h.show()
	h.pass(14*time.Minute + 59*time.Second)
	if got := h.show(); got != code {
		t.Errorf("shown again it is %q, want the same", got)
	}
	h.pass(time.Second)
	h.checkRefused("15 minutes after", h.verify(firefox, code), letterlock.Gone, "release")
	if got := h.state(firefox); got != release.Over {
		t.Errorf("state %v, want Over", got)
	}
	h.ask(firefox)
	h.pass(4 * time.Hour)
	if list, _, err := h.codes.Requests(t.Context(), ada, h.message); err != nil || len(list) != 0 || h.state(firefox) != release.Over {
		t.Errorf("after 4 hours the sender sees %+v, %v, and the browser %v", list, err, h.state(firefox))
	}
}

func TestFiveWrongCodesEndIt(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	code := h.show()
	for range 4 {
		h.checkRefused("a wrong code", h.verify(firefox, other(code)), letterlock.Invalid, "release-code")
	}
	if a, err := h.codes.Pending(t.Context(), h.marta, firefox); err != nil || a.TriesLeft != 1 {
		t.Errorf("%d tries left, %v; want 1", a.TriesLeft, err)
	}
	h.checkRefused("the fifth", h.verify(firefox, "not a code"), letterlock.Gone, "release")
	h.checkRefused("the right one after it", h.verify(firefox, code), letterlock.Gone, "release")
	if q := h.request(); h.state(firefox) != release.Spent || q.Code != "" || q.TriesLeft != 0 {
		t.Errorf("state %v, and the sender sees %+v", h.state(firefox), q)
	}
	if err := h.codes.Show(t.Context(), ada, h.message, h.request().ID); err != nil || h.request().Code != "" {
		t.Errorf("the sender gets another code for it: %v", err)
	}
}

func TestParallelGuessesShareTheTries(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	code := h.show()
	var wg sync.WaitGroup
	var mu sync.Mutex
	wrong := 0
	for range 30 {
		wg.Go(func() {
			_, err := h.codes.Verify(t.Context(), h.marta, firefox, other(code), caller)
			mu.Lock()
			defer mu.Unlock()
			if letterlock.KeyOf(err) == "release-code" {
				wrong++
			}
		})
	}
	wg.Wait()
	if wrong != 4 || h.state(firefox) != release.Spent {
		t.Errorf("%d of 30 were told that there are tries left, state %v; want 4 and Spent", wrong, h.state(firefox))
	}
}

func TestOnlyTheSenderOfTheMessageSeesACode(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	id := h.request().ID
	for name, by := range map[string]letterlock.Actor{
		"nobody":                 {},
		"another sender":         {Kind: letterlock.Staff, Address: "eve@contoso.example", Roles: []letterlock.Role{letterlock.Sender, letterlock.Admin}},
		"an administrator":       {Kind: letterlock.Staff, Address: "olga@contoso.example", Roles: []letterlock.Role{letterlock.Admin}},
		"the operator":           {Kind: letterlock.Operator, Address: ada.Address},
		"the recipient":          {Kind: letterlock.Reader, Address: marta},
		"a reader as Ada":        {Kind: letterlock.Reader, Address: ada.Address},
		"a program of Ada's":     {Kind: letterlock.Staff, Address: ada.Address, Roles: ada.Roles, Token: "t"},
		"Ada, who sends no more": {Kind: letterlock.Staff, Address: ada.Address, Roles: []letterlock.Role{letterlock.Auditor}},
	} {
		if list, _, err := h.codes.Requests(t.Context(), by, h.message); !errors.Is(err, letterlock.Denied) || len(list) > 0 {
			t.Errorf("%s sees %+v, %v; want Denied", name, list, err)
		}
		h.checkRefused(name+" shows", h.codes.Show(t.Context(), by, h.message, id), letterlock.Denied, "not-sender")
		h.checkRefused(name+" refuses", h.codes.Refuse(t.Context(), by, h.message, id), letterlock.Denied, "not-sender")
	}
	if h.state(firefox) != release.Waiting {
		t.Errorf("state %v, want Waiting", h.state(firefox))
	}
	if got := h.done(); len(got) != 17 || got[16] == "ask for release code" {
		t.Errorf("the audit log has %q, want the 16 refusals after the request", got)
	}
}

func TestARefusedRequestTakesItsCodeAlong(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	id := h.request().ID
	code := h.show()
	for range 2 {
		if err := h.codes.Refuse(t.Context(), ada, h.message, id); err != nil {
			t.Fatal(err)
		}
	}
	h.checkRefused("the code that was shown", h.verify(firefox, code), letterlock.Gone, "release")
	if err := h.codes.Show(t.Context(), ada, h.message, id); err != nil || h.state(firefox) != release.Refused {
		t.Errorf("shown after it was refused: %v, state %v", err, h.state(firefox))
	}
	if got := h.done(); len(got) != 3 {
		t.Errorf("the audit log has %q, want one refusal", got)
	}
}

func TestNoCodeIsShownForWhatHasEnded(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		return tx.Revoke(h.marta, letterlock.Revocation{At: h.now, Standing: letterlock.BySender})
	})
	h.ask(firefox)
	h.checkRefused("Show", h.codes.Show(t.Context(), ada, h.message, h.request().ID), letterlock.Gone, "revoked")
	if h.state(firefox) != release.Waiting {
		t.Errorf("whoever asks learns of it: state %v, want Waiting", h.state(firefox))
	}
	if err := h.codes.Refuse(t.Context(), ada, h.message, h.request().ID); err != nil {
		t.Errorf("Refuse: %v", err)
	}
}

// mails empties the outbox, and returns how many mails about requests were in it.
func (h *house) mails() (n int) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		for {
			q, err := tx.Claim(time.Hour)
			if errors.Is(err, letterlock.NotFound) {
				return nil
			}
			if err != nil || q.Kind != store.ReleaseNotice {
				return errors.Join(err, errors.New("claimed "+string(q.Kind)))
			}
			n++
			if err := tx.Finish(q.ID, store.Sent); err != nil {
				return err
			}
		}
	})
	return n
}

func TestRequestsAreBoundedAndMailedOnceAnHour(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	first := h.request().ID
	h.ask(firefox)
	if got := h.request().ID; got != first {
		t.Error("asking again has made another request")
	}
	for _, browser := range []string{"b", "c", "d"} {
		h.ask(browser)
	}
	h.checkRefused("a fifth browser", h.codes.Ask(t.Context(), h.marta, "e", "192.0.2.1", caller), letterlock.Throttled, "release-budget")
	if n := h.mails(); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
	h.pass(time.Hour)
	h.ask("e")
	if n := h.mails(); n != 1 {
		t.Errorf("%d mails an hour later, want 1", n)
	}
}

func TestWhereNoCodesAreGivenNothingWorks(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	id, code := h.request().ID, h.show()
	h.codes.Offered = false
	h.checkRefused("Ask", h.codes.Ask(t.Context(), h.marta, chrome, "192.0.2.1", caller), letterlock.NotFound, "")
	h.checkRefused("a code from before", h.verify(firefox, code), letterlock.NotFound, "")
	h.checkRefused("Show", h.codes.Show(t.Context(), ada, h.message, id), letterlock.NotFound, "")
	if list, _, err := h.codes.Requests(t.Context(), ada, h.message); len(list) != 0 || err != nil {
		t.Errorf("the sender sees %+v, %v", list, err)
	}
}

// Whether there is none from the beginning, or none any more.
func TestNoCodeIsGivenThatNobodyCouldReadOut(t *testing.T) {
	account := func(a store.Account) func(*house) {
		a.Mailbox.Address = ada.Address
		return func(h *house) { h.write(func(tx *store.Tx) error { return tx.PutAccount(a) }) }
	}
	for name, end := range map[string]func(*house){
		"a disabled account":                account(store.Account{Roles: ada.Roles, Disabled: time.Unix(1, 0)}),
		"an account that sends no more":     account(store.Account{Roles: []letterlock.Role{letterlock.Admin}}),
		"a brand that wants no passcodes":   func(h *house) { h.codes.On = func(string) bool { return false } },
		"a sender without an account":       func(h *house) { h.message, h.marta = h.fromGateway() },
		"a brand, and then nobody any more": func(h *house) { h.codes.On = func(string) bool { return false }; account(store.Account{})(h) },
	} {
		h := newHouse(t)
		h.ask(firefox)
		code := h.show()
		h.ask(chrome)
		if offered, err := h.codes.Offers(t.Context(), h.message); !offered || err != nil {
			t.Fatalf("%s: before it none are offered, %v: this test proves nothing", name, err)
		}
		end(h)
		if offered, err := h.codes.Offers(t.Context(), h.message); offered || err != nil {
			t.Errorf("%s: codes are offered: %v, %v", name, offered, err)
		}
		h.mails()
		h.checkRefused(name+": Ask", h.codes.Ask(t.Context(), h.marta, "another", "192.0.2.1", caller), letterlock.Denied, release.Off)
		if _, err := h.codes.Pending(t.Context(), h.marta, firefox); letterlock.KeyOf(err) != release.Off {
			t.Errorf("%s: Pending: %v", name, err)
		}
		h.checkRefused(name+": a code from before", h.verify(firefox, code), letterlock.Denied, release.Off)
		if n := h.mails(); n != 0 {
			t.Errorf("%s: %d mails", name, n)
		}
	}
}

// fromGateway is a message to Marta whose sender has no account.
func (h *house) fromGateway() (message, recipient letterlock.ID) {
	h.t.Helper()
	m := letterlock.Message{ID: letterlock.NewID(), MessageID: "<2@contoso.example>", Sender: letterlock.Mailbox{Address: "scanner@contoso.example"}}
	r := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Address: marta}, Experience: letterlock.Link, Field: letterlock.To}
	h.write(func(tx *store.Tx) error {
		return errors.Join(tx.BeginMessage(m.ID), tx.AcceptMessage(m, nil, store.Sealed{}), tx.AddRecipient(r, 0, []byte(r.ID)))
	})
	return m.ID, r.ID
}

func TestASenderSeesNoCodeWhereItsBrandWantsNoPasscodes(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	h.codes.On = func(string) bool { return false }
	h.checkRefused("Show", h.codes.Show(t.Context(), ada, h.message, h.request().ID), letterlock.Gone, release.Off)
	if q := h.request(); !q.Off || q.Code != "" {
		t.Errorf("Ada sees %+v", q)
	}
	h.codes.On = nil
	h.show()
	h.codes.On = func(string) bool { return false }
	if q := h.request(); !q.Off || q.Code != "" {
		t.Errorf("of a code that was shown, Ada sees %+v", q)
	}
}

func TestNoCodeIsOnDisk(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	reference, code := h.request().Reference, h.show()
	on := func(s string) bool {
		files, err := filepath.Glob(filepath.Join(h.dir, store.File+"*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte(s)) {
				return true
			}
		}
		return false
	}
	if !on(reference) {
		t.Fatal("the reference is not on disk: this test would prove nothing")
	}
	if on(code) {
		t.Error("the code is readable on disk")
	}
}
