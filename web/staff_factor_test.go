package web

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// An app is what an authenticator app knows.
type app struct {
	w   *world
	key []byte
}

// code is what the app shows, as RFC 6238 says, for a clock that is so wrong.
func (a app) code(wrong time.Duration) string {
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(a.w.clock.Now().Add(wrong).Unix()/30))
	mac := hmac.New(sha1.New, a.key)
	mac.Write(at[:])
	sum := mac.Sum(nil)
	from := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[from:])&0x7fffffff%1e6)
}

var (
	keyShown  = regexp.MustCompile(`id="key">([A-Z2-7 ]+)<`)
	codeShown = regexp.MustCompile(`<li class="mono">([A-Z0-9-]+)</li>`)
)

// keyOf is the key on the page that tells an app.
func keyOf(t *testing.T, page string) []byte {
	t.Helper()
	shown := keyShown.FindStringSubmatch(page)
	if shown == nil {
		t.Fatal("no key on the page")
	}
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(shown[1], " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// setUp gives whoever uses the browser an app, and returns their recovery codes.
func (b *browser) setUp() (app, []string) {
	b.w.t.Helper()
	page := b.get("/account/security/app")
	if !strings.Contains(page.body, `src="data:image/png;base64,`) {
		b.w.t.Fatalf("no picture on the page: %d", page.status)
	}
	a := app{b.w, keyOf(b.w.t, page.body)}
	done := b.post("/account/security/app", url.Values{"code": {a.code(0)}, "password": {password}})
	var codes []string
	for _, m := range codeShown.FindAllStringSubmatch(done.body, -1) {
		codes = append(codes, m[1])
	}
	if done.status != http.StatusOK || len(codes) != 10 {
		b.w.t.Fatalf("setting up: %d, %d recovery codes", done.status, len(codes))
	}
	b.w.clock.advance(time.Minute) // that code is used
	return a, codes
}

// halfWay is a browser in which the password of an account was typed.
func (w *world) halfWay(a letterlock.Address) *browser {
	w.t.Helper()
	b := w.browser()
	if got := b.post("/sign-in", signInForm(string(a), password, "")); got.status != http.StatusSeeOther || got.location() != "/sign-in/second" {
		w.t.Fatalf("the password of %s: %d to %q, want the second step", a, got.status, got.location())
	}
	return b
}

func (b *browser) show(code string) answer {
	return b.post("/sign-in/second", url.Values{"code": {code}})
}

func TestPasswordAndCodeSignIn(t *testing.T) {
	w := newWorld(t)
	before := w.browser().signIn(ada)
	b := w.browser().signIn(ada)
	phone, codes := b.setUp()
	if a := b.get("/account/security"); a.status != http.StatusOK || !strings.Contains(a.body, "10 recovery codes are left") {
		t.Errorf("after setting up: %d", a.status)
	}
	if a := before.get("/sent"); a.status != http.StatusSeeOther {
		t.Errorf("a session from before is open still: %d", a.status)
	}
	for _, code := range []string{phone.code(0), " " + strings.ToLower(codes[3]) + " ", codes[4][:5] + codes[4][6:]} {
		second := w.halfWay(ada)
		if a := second.show(code); a.status != http.StatusSeeOther || a.location() != "/sent" {
			t.Fatalf("code %q: %d to %q", code, a.status, a.location())
		}
		if a := second.get("/sent"); a.status != http.StatusOK {
			t.Errorf("after both: %d", a.status)
		}
		if second.cookies[hostPrefix+stepCookie] != "" {
			t.Error("the step has kept its cookie")
		}
	}
	if a := b.get("/account/security"); !strings.Contains(a.body, "8 recovery codes are left") {
		t.Error("the page does not say that two were used")
	}
}

// Whoever knows the password alone gets nowhere.
func TestHalfWayOpensNoPage(t *testing.T) {
	w := newWorld(t)
	w.browser().signIn(ada).setUp()
	half, nobody := w.halfWay(ada), w.browser()
	step := half.cookies[hostPrefix+stepCookie]
	thief := w.browser()
	thief.cookies[hostPrefix+staffCookie] = step
	w.send(ada, letterlock.EncryptOnly, marta)
	n := 0
	for to, e := range w.server.rules {
		if !e.rule.ofStaff() || to.method == http.MethodHead {
			continue
		}
		n++
		path := strings.NewReplacer(":address", string(ada), ":id", "x", ":n", "1", ":brand", "default").Replace(to.path)
		want := nobody.do(to.method, path, nil, "")
		for _, b := range []*browser{half, thief} {
			if got := b.do(to.method, path, nil, ""); got.status != want.status || got.location() != want.location() || got.body != want.body {
				t.Errorf("%s %s: %d to %q, want what nobody gets, %d to %q", to.method, path, got.status, got.location(), want.status, want.location())
			}
			b.cookies[hostPrefix+stepCookie] = step
		}
	}
	if n < 50 {
		t.Fatalf("only %d routes for people of the organisation", n)
	}
	if a := half.get("/sign-in/second"); a.status != http.StatusOK {
		t.Errorf("the second step itself: %d", a.status)
	}
	w.clock.advance(10 * time.Minute)
	if a := half.get("/sign-in/second"); a.status != http.StatusSeeOther || a.location() != "/sign-in" {
		t.Errorf("ten minutes later: %d to %q, want to begin anew", a.status, a.location())
	}
}

func TestCodesThatAreNotTaken(t *testing.T) {
	w := newWorld(t)
	phone, codes := w.browser().signIn(ada).setUp()
	others, othersCodes := w.browser().signIn(eve).setUp()
	taken := phone.code(0)
	if a := w.halfWay(ada).show(taken); a.status != http.StatusSeeOther {
		t.Fatalf("a right code: %d", a.status)
	}
	if a := w.halfWay(ada).show(codes[0]); a.status != http.StatusSeeOther {
		t.Fatalf("a recovery code: %d", a.status)
	}
	w.clock.advance(90 * time.Second)
	fresh := phone.code(0)
	for name, code := range map[string]string{
		"nothing": "", "replayed": taken, "used recovery code": codes[0], "of another account": others.code(0),
		"recovery code of another account": othersCodes[0], "too old": phone.code(-time.Minute), "of the future": phone.code(time.Minute),
		"full-width": strings.Map(func(r rune) rune { return r - '0' + '０' }, fresh), "with NUL": fresh + "\x00", "shorter": fresh[:5],
	} {
		a := w.halfWay(ada).show(code)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "That code is not right") {
			t.Errorf("%s: %d", name, a.status)
		}
		w.clock.advance(24 * time.Hour) // past any wait
	}
	b := w.halfWay(ada)
	if a := b.show(phone.code(-30 * time.Second)); a.status != http.StatusSeeOther {
		t.Errorf("a clock that is half a minute late: %d", a.status)
	}
	if a := b.show(phone.code(0)); a.status != http.StatusSeeOther || a.location() != "/sign-in" {
		t.Errorf("a step that is over: %d to %q", a.status, a.location())
	}
}

// Who has watched somebody type a code has half a minute, and perhaps the step's cookie.
func TestACodeAndAStepServeOnce(t *testing.T) {
	w := newWorld(t)
	phone, _ := w.browser().signIn(ada).setUp()
	b := w.halfWay(ada)
	step := b.cookies[hostPrefix+stepCookie]
	if step == "" {
		t.Fatal("there is no step")
	}
	if a := b.show(phone.code(0)); a.status != http.StatusSeeOther || a.location() != "/sent" {
		t.Fatalf("a right code: %d to %q", a.status, a.location())
	}
	for name, code := range map[string]string{"the same code": phone.code(0), "the one before": phone.code(-30 * time.Second)} {
		if a := w.halfWay(ada).show(code); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s at once: %d, want it refused", name, a.status)
		}
	}
	w.clock.advance(30 * time.Second)
	thief := w.browser()
	thief.cookies[hostPrefix+stepCookie] = step
	if a := thief.show(phone.code(0)); a.status != http.StatusSeeOther || a.location() != "/sign-in" {
		t.Errorf("a step that is over, with another code: %d to %q", a.status, a.location())
	}
}

func TestGuessingCodesWaitsLongerAndLongerAndNotForEver(t *testing.T) {
	w := newWorld(t)
	phone, codes := w.browser().signIn(ada).setUp()
	b := w.halfWay(ada)
	for i := range 5 {
		if a := b.show("000000"); a.status != http.StatusUnprocessableEntity {
			t.Fatalf("wrong code %d: %d", i+1, a.status)
		}
	}
	for _, minutes := range []int{1, 2, 4, 8, 15, 15} {
		for _, code := range []string{phone.code(0), codes[0]} { // nothing is looked at, from wherever it comes
			a := w.halfWay(ada).show(code)
			if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != fmt.Sprint(minutes*60) {
				t.Fatalf("after a wait of %d minutes began: %d, Retry-After %s", minutes, a.status, a.header.Get("Retry-After"))
			}
		}
		w.clock.advance(time.Duration(minutes) * time.Minute)
		if a := w.halfWay(ada).show("000000"); a.status != http.StatusUnprocessableEntity {
			t.Fatalf("after %d minutes: %d, want one more try", minutes, a.status)
		}
	}
	w.clock.advance(15 * time.Minute)
	if a := w.halfWay(ada).show(phone.code(0)); a.status != http.StatusSeeOther {
		t.Errorf("the right code at last: %d", a.status)
	}
	if a := w.halfWay(ada).show("000000"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("wrong once after being right: %d", a.status)
	}
}

func TestOnlyPasswordAndCodeChangeTheSecondFactor(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	page := b.get("/account/security/app")
	if shown := keyShown.FindStringSubmatch(page.body); shown != nil {
		key, _ := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(shown[1], " ", ""))
		for _, f := range []url.Values{{"code": {app{w, key}.code(0)}, "password": {"wrong password"}}, {"code": {"000000"}, "password": {password}}} {
			if a := b.post("/account/security/app", f); a.status != http.StatusUnprocessableEntity {
				t.Errorf("setting up with %v: %d", f, a.status)
			}
		}
	}
	phone, codes := b.setUp()
	for _, what := range []string{"app/remove", "codes"} {
		for _, f := range []url.Values{{}, {"password": {password}}, {"code": {codes[0]}}, {"password": {"wrong password"}, "code": {codes[0]}}, {"password": {password}, "code": {"000000"}}} {
			if a := b.post("/account/security/"+what, f); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Nothing was changed") {
				t.Errorf("%s with %v: %d", what, f, a.status)
			}
			w.clock.advance(24 * time.Hour)
			b = w.halfWay(ada)
			if a := b.show(phone.code(0)); a.status != http.StatusSeeOther {
				t.Fatalf("signing in again: %d", a.status)
			}
			w.clock.advance(time.Minute)
		}
	}
	a := b.post("/account/security/codes", url.Values{"password": {password}, "code": {phone.code(0)}})
	if a.status != http.StatusOK || strings.Contains(a.body, codes[0]) || len(codeShown.FindAllString(a.body, -1)) != 10 {
		t.Errorf("new codes: %d", a.status)
	}
	if a := w.halfWay(ada).show(codes[1]); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a recovery code from before: %d", a.status)
	}
	w.clock.advance(time.Minute)
	if a := b.post("/account/security/app/remove", url.Values{"password": {password}, "code": {phone.code(0)}}); a.status != http.StatusSeeOther {
		t.Errorf("removing: %d", a.status)
	}
	if a := w.browser().post("/sign-in", signInForm(string(ada), password, "")); a.location() != "/sent" {
		t.Errorf("the password alone afterwards leads to %q", a.location())
	}
}

// A half-way sign-in ends with whatever ends sessions.
func TestHalfWayEndsWithTheAccountsSessions(t *testing.T) {
	w := newWorld(t)
	phone, _ := w.browser().signIn(ada).setUp()
	for _, what := range []string{"sign-out", "disable"} {
		b := w.halfWay(ada)
		if a := w.browser().signIn(olga).post(accountURL(ada)+"/"+what, nil); a.status != http.StatusSeeOther {
			t.Fatalf("%s: %d", what, a.status)
		}
		if a := b.show(phone.code(0)); a.status != http.StatusSeeOther || a.location() != "/sign-in" {
			t.Errorf("after %s a right code leads to %q", what, a.location())
		}
	}
}

func TestWhatConcernsTheSecondFactorIsAuditedWithoutSecrets(t *testing.T) {
	w := newWorld(t)
	phone, codes := w.browser().signIn(ada).setUp()
	w.halfWay(ada).show("000000")
	code := phone.code(0)
	w.halfWay(ada).show(code)
	w.halfWay(ada).show(codes[0])
	said := fmt.Sprint(w.audit())
	for _, want := range []string{"set up app", "show second factor", "recovery code"} {
		if !strings.Contains(said, want) {
			t.Errorf("the audit log does not say %q", want)
		}
	}
	for _, secret := range []string{code, codes[0], strings.ReplaceAll(codes[0], "-", ""), base32.StdEncoding.EncodeToString(phone.key)} {
		if strings.Contains(said, secret) || strings.Contains(w.log.String(), secret) {
			t.Errorf("%q is in the audit log or the log", secret)
		}
	}
}

func TestAnAdministratorResetsASecondFactorAndTheHolderIsTold(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	phone, codes := b.setUp()
	half := w.halfWay(ada)
	reset := accountURL(ada) + "/reset-factor"
	if a := w.browser().signIn(rita).post(reset, nil); a.status != http.StatusForbidden {
		t.Errorf("a revoker: %d", a.status)
	}
	boss := w.browser().signIn(olga)
	boss.setUp()
	if a := boss.post(accountURL(olga)+"/reset-factor", nil); a.status != http.StatusForbidden {
		t.Errorf("their own: %d", a.status)
	}
	page := boss.get(accountURL(ada))
	if !strings.Contains(page.body, reset) || strings.Contains(page.body, codes[0]) {
		t.Error("the account's page does not offer it, or says a code")
	}
	w.deliver()
	before := len(w.box.Mails(ada)) // that the factor was set up
	if a := boss.post(reset, nil); a.status != http.StatusSeeOther {
		t.Fatalf("resetting: %d", a.status)
	}
	if a := b.get("/sent"); a.status != http.StatusSeeOther {
		t.Errorf("a session from before: %d", a.status)
	}
	if a := half.show(phone.code(0)); a.location() != "/sign-in" {
		t.Errorf("a step from before leads to %q", a.location())
	}
	if a := w.browser().post("/sign-in", signInForm(string(ada), password, "")); a.location() != "/sent" {
		t.Errorf("the password leads to %q", a.location())
	}
	w.deliver()
	mails := w.box.Mails(ada)
	if len(mails) != before+1 || !strings.Contains(mails[0].Subject(), "second factor") {
		t.Errorf("the holder got %d mails", len(mails))
	}
	if got := w.entries("reset second factor"); len(got) != 2 {
		t.Errorf("audited: %q", got)
	}
}

// Where a role needs a second factor, whoever lacks it gets to where one is set up and
// nowhere else.
func TestWhoHasToSetUpASecondFactorGetsNowhereElse(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Accounts.FactorRoles = []letterlock.Role{letterlock.Admin, letterlock.Revoker} })
	before := w.browser().as(letterlock.Staff, olga)
	n := 0
	for to, e := range w.server.rules {
		if !e.rule.ofStaff() || to.method == http.MethodHead {
			continue
		}
		path := strings.NewReplacer(":address", string(ada), ":id", "x", ":n", "1", ":brand", "default").Replace(to.path)
		if got := before.do(to.method, path, nil, ""); e.rule == securing {
			n++
			if got.status == http.StatusSeeOther {
				t.Errorf("%s %s: led away to %q", to.method, path, got.location())
			}
		} else if got.status != http.StatusSeeOther || got.location() != "/account/security" {
			t.Errorf("%s %s: %d to %q, want to be led to Security", to.method, path, got.status, got.location())
		}
	}
	if n != 6 {
		t.Errorf("%d routes are open, want the page, two where an app is set up, two where a passkey is added, and the one that proves it is they", n)
	}
	if a := before.get("/account/security"); !strings.Contains(a.body, "nothing else opens before") {
		t.Error("the page does not say why")
	}
	before.setUp()
	if a := before.get("/accounts"); a.status != http.StatusOK {
		t.Errorf("with a second factor: %d", a.status)
	}
	if a := w.browser().signIn(ada).get("/sent"); a.status != http.StatusOK {
		t.Errorf("a sender, who needs none: %d", a.status)
	}
}
