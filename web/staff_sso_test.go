package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/oidc"
	"letterlock/internal/oidctest"
	"letterlock/internal/sso"
	"letterlock/internal/store"
)

const ssoCallback = "/sign-in/sso"

// single is a world with single sign-on, in which Grace alone has a password, and Ada is
// signed in at the provider.
func single(t *testing.T, change func(*sso.Settings)) (*world, *oidctest.Provider) {
	t.Helper()
	var at *oidctest.Provider
	w := newWorld(t, func(o *Options) {
		at = oidctest.New(t, o.Now)
		at.Redirect = publicURL + ssoCallback
		p, err := oidc.New(oidc.Settings{ID: "sso", Name: "Contoso ID", Issuer: at.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret,
			Redirect: at.Redirect, Domains: []string{ada.Domain()}, Profile: true, Loopback: true, Now: o.Now})
		if err != nil {
			t.Fatal(err)
		}
		o.SSO = &sso.Service{DB: o.Vouch.DB, Pepper: o.Vouch.Pepper, Provider: p, IPKey: o.Vouch.IPKey, Settings: sso.Settings{Domains: []string{ada.Domain()}, BreakGlass: grace}}
		if change != nil {
			change(&o.SSO.Settings)
		}
		o.Accounts.OnlyPassword, o.Accounts.FactorShown, o.Accounts.FactorRoles = grace, o.SSO.FactorShown, o.SSO.Settings.FactorRoles
		o.Accounts.Complete = o.SSO.Complete
	})
	isThere(at, ada, "4711")
	return w, at
}

// bySSO goes to the provider from a page and brings back what it says.
func (b *browser) bySSO(at *oidctest.Provider, from string, fields url.Values) answer {
	b.w.t.Helper()
	return b.get(ssoCallback + "?" + at.Visit(b.w.t, b.toSSO(from, fields)).Encode())
}

// toSSO has a page send the browser to the provider, and returns where that is.
func (b *browser) toSSO(from string, fields url.Values) string {
	b.w.t.Helper()
	a := b.post(from, fields)
	to, ok := strings.CutPrefix(a.header.Get("Refresh"), "0; url=")
	if a.status != http.StatusOK || !ok {
		b.w.t.Fatalf("going to the provider from %s: %d %q", from, a.status, texts(a.body))
	}
	return to
}

func TestStaffSignInAtTheProviderAndAreWhereTheyWantedToGo(t *testing.T) {
	w, at := single(t, nil)
	b := w.browser()
	if page := b.get("/sign-in?next=/compose"); !strings.Contains(texts(page.body), "Sign in with Contoso ID") || !strings.Contains(page.body, `name="next" value="/compose"`) {
		t.Fatalf("the page for signing in offers:\n%s", texts(page.body))
	}
	if a := b.bySSO(at, "/sign-in/sso", url.Values{"next": {"/compose"}}); a.status != http.StatusSeeOther || a.location() != "/compose" {
		t.Fatalf("back from the provider: %d to %q", a.status, a.location())
	}
	if a := b.get("/compose"); a.status != http.StatusOK {
		t.Errorf("the page that was asked for: %d", a.status)
	}
	if page := texts(b.get("/account/security").body); !strings.Contains(page, "(this browser)") {
		t.Errorf("the session is not listed:\n%s", page)
	}
	for _, evil := range []string{"https://evil.example/", "//evil.example", "/\\evil.example"} {
		if a := w.browser().bySSO(at, "/sign-in/sso", url.Values{"next": {evil}}); a.location() != "/sent" {
			t.Errorf("next=%s leads to %q", evil, a.location())
		}
	}
	if a := b.post("/sign-out", nil); a.status != http.StatusSeeOther || b.get("/sent").status != http.StatusSeeOther {
		t.Errorf("signing out: %d", a.status)
	}
}

// refused brings back what lets nobody in, and returns what the page says.
func (b *browser) refused(at *oidctest.Provider) string {
	b.w.t.Helper()
	a := b.bySSO(at, "/sign-in/sso", nil)
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), "/sign-in?sso=refused") {
		b.w.t.Fatalf("back from the provider: %d to %q", a.status, a.location())
	}
	if sent := b.get("/sent"); sent.status != http.StatusSeeOther {
		b.w.t.Errorf("somebody is signed in: /sent is %d", sent.status)
	}
	return texts(b.get(a.location()).body)
}

func TestWhoeverIsNotLetInBySSOIsToldWhyAndNobodyElseIs(t *testing.T) {
	w, at := single(t, nil)
	b := w.browser()
	at.Set(func(o *oidctest.Behaviour) { o.Claims = func(c map[string]any) { c["nonce"] = "another" } })
	if says := b.refused(at); !strings.Contains(says, "The answer of Contoso ID belongs to another sign-in.") {
		t.Errorf("it says:\n%s", says)
	}
	at.Set(func(o *oidctest.Behaviour) { o.Claims = nil })
	if page := texts(w.browser().get("/sign-in?sso=refused").body); strings.Contains(page, "belongs to another sign-in") {
		t.Errorf("another browser is told, too:\n%s", page)
	}
	isThere(at, "<b>@contoso.example", "1")
	if says := b.refused(at); strings.Contains(says, "<b>") {
		t.Errorf("what the provider says of an address is on the page as it came:\n%s", says)
	}
	isThere(at, grace, "2")
	if says := b.refused(at); !strings.Contains(says, "The account of grace@contoso.example is for when Contoso ID does not work") {
		t.Errorf("it says:\n%s", says)
	}
	isThere(at, ada, "4711")
	back := at.Visit(t, b.toSSO("/sign-in/sso", nil))
	if a := w.browser().get(ssoCallback + "?" + back.Encode()); a.location() != "/sign-in?sso=elsewhere" {
		t.Errorf("in another browser: %d to %q", a.status, a.location())
	}
	if page := texts(b.get("/sign-in?sso=elsewhere").body); !strings.Contains(page, "That sign-in was begun in another browser") {
		t.Errorf("it says:\n%s", page)
	}
	if a := b.get(ssoCallback + "?" + back.Encode()); a.location() != "/sent" {
		t.Errorf("in its own browser: %d to %q", a.status, a.location())
	}
}

func TestAProviderThatIsDownLocksOutWhoHasNoOtherWayAndLetsNobodyIn(t *testing.T) {
	w, at := single(t, nil)
	at.Set(func(o *oidctest.Behaviour) {
		o.Intercept = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }
	})
	b := w.browser()
	a := b.post("/sign-in/sso", nil)
	if says := texts(a.body); a.status != http.StatusServiceUnavailable || !strings.Contains(says, "Contoso ID") || a.header.Get("Retry-After") == "" {
		t.Errorf("%d:\n%s", a.status, says)
	}
	if a := b.post("/sign-in", signInForm(string(ada), password, "")); a.status != http.StatusUnprocessableEntity {
		t.Errorf("the password of somebody: %d", a.status)
	}
	if a := b.post("/sign-in", signInForm(string(grace), password, "")); a.status != http.StatusSeeOther {
		t.Errorf("the password of the one account that has one: %d", a.status)
	}
}

func TestWithoutAPasswordTheProviderIsAskedAgainBeforeTheAccountIsChanged(t *testing.T) {
	w, at := single(t, nil)
	b := w.browser()
	b.bySSO(at, "/sign-in/sso", nil)
	name := url.Values{"app-name": {"phone"}}
	page := texts(b.get("/account/security").body)
	if !strings.Contains(page, "Sign in with Contoso ID again") || strings.Contains(page, "Set up an authenticator app") || strings.Contains(page, "Make an app password") {
		t.Errorf("Security offers:\n%s", page)
	}
	if a := b.get("/account/security/app"); a.location() != "/account/security" {
		t.Errorf("setting up an app: %d to %q", a.status, a.location())
	}
	if a := b.post("/account/app-passwords", name); a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), "Prove first that it is you") {
		t.Errorf("making an app password: %d", a.status)
	}
	at.Set(func(o *oidctest.Behaviour) {
		o.Claims = func(c map[string]any) { c["auth_time"] = w.clock.Now().Add(-time.Hour).Unix() }
	})
	if a := b.bySSO(at, "/account/security/prove", nil); a.location() != "/account/security?sso=refused" || !strings.Contains(texts(b.get(a.location()).body), "did not ask you to sign in anew") {
		t.Errorf("signed in long ago: %d to %q", a.status, a.location())
	}
	at.Set(func(o *oidctest.Behaviour) { o.Claims = nil })
	if a := b.bySSO(at, "/account/security/prove", nil); a.location() != "/account/security?done=proved" {
		t.Fatalf("signed in anew: %d to %q", a.status, a.location())
	}
	if a := b.post("/account/app-passwords", name); a.status != http.StatusOK || !strings.Contains(texts(a.body), "Make an app password") {
		t.Errorf("making an app password: %d", a.status)
	}
	app, codes := b.setUp()
	if len(codes) != 10 {
		t.Error("no app is set up")
	}
	w.clock.advance(11 * time.Minute)
	if a := b.post("/account/app-passwords", url.Values{"app-name": {"other"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("making an app password eleven minutes later: %d", a.status)
	}
	// From now on a code is asked for, of whoever comes by the provider, too.
	late := w.browser()
	if a := late.bySSO(at, "/sign-in/sso", nil); a.location() != "/sign-in/second" {
		t.Errorf("back from the provider: %d to %q", a.status, a.location())
	}
	if a := late.show(app.code(0)); a.location() != "/sent" || late.get("/sent").status != http.StatusOK {
		t.Errorf("with the code: %d to %q", a.status, a.location())
	}
}

// ssoCounted is how many sign-ins by single sign-on the metrics have with a result.
func ssoCounted(t *testing.T, m *metrics.Metrics, result string) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	_, after, found := strings.Cut(w.Body.String(), `letterlock_sign_ins_total{by="sso",result="`+result+`"} `)
	if !found {
		t.Fatalf("the metrics say nothing of %s", result)
	}
	n, _, _ := strings.Cut(after, "\n")
	return n
}

func TestASignInAtTheProviderIsCountedWhetherOrNotASecondFactorFollows(t *testing.T) {
	w, at := single(t, nil)
	m := metrics.New(metrics.Options{})
	w.server.SignIns = m.SignIns
	b := w.browser()
	for _, step := range []struct {
		name, done, refused string
		do                  func()
	}{
		{"nobody has come yet", "0", "0", func() {}},
		{"no second factor", "1", "0", func() { b.bySSO(at, "/sign-in/sso", nil) }},
		{"proved again", "2", "0", func() { b.bySSO(at, "/account/security/prove", nil) }},
		{"a second factor follows", "3", "0", func() {
			b.setUp()
			if a := w.browser().bySSO(at, "/sign-in/sso", nil); a.location() != "/sign-in/second" {
				t.Fatalf("back from the provider: %d to %q", a.status, a.location())
			}
		}},
		{"somebody else", "3", "1", func() {
			isThere(at, ada, "4712")
			w.browser().refused(at)
		}},
	} {
		step.do()
		if done, refused := ssoCounted(t, m, "done"), ssoCounted(t, m, "refused"); done != step.done || refused != step.refused {
			t.Errorf("%s: %s done and %s refused, want %s and %s", step.name, done, refused, step.done, step.refused)
		}
	}
}

// TestWhatIsRefusedAfterTheSecondFactorIsSaidOnTheSignInPage changes who may sign in while
// somebody is half way.
func TestWhatIsRefusedAfterTheSecondFactorIsSaidOnTheSignInPage(t *testing.T) {
	w, at := single(t, nil)
	b := w.browser()
	b.bySSO(at, "/sign-in/sso", nil)
	b.bySSO(at, "/account/security/prove", nil)
	phone, _ := b.setUp()
	half := w.browser()
	if a := half.bySSO(at, "/sign-in/sso", nil); a.location() != "/sign-in/second" {
		t.Fatalf("back from the provider: %d to %q", a.status, a.location())
	}
	w.server.SSO.Settings.Addresses = []letterlock.Address{grace}
	if a := half.show("000000"); a.status != http.StatusUnprocessableEntity || strings.Contains(texts(a.body), "The settings do not let") {
		t.Errorf("a wrong code is told: %d %s", a.status, texts(a.body))
	}
	a := half.show(phone.code(0))
	if says := texts(a.body); a.status != http.StatusForbidden || a.heading() != "Sign in to Contoso" || !strings.Contains(says, "The settings do not let") || strings.Contains(says, "elsewhere") {
		t.Errorf("refused after the second factor: %d\n%s", a.status, says)
	}
	if half.cookies[hostPrefix+stepCookie] != "" || half.get("/sent").status != http.StatusSeeOther {
		t.Error("the step is kept, or somebody is signed in")
	}
	if a := half.show(phone.code(30 * time.Second)); a.status != http.StatusSeeOther || half.get("/sent").status != http.StatusSeeOther {
		t.Errorf("once more: %d to %q", a.status, a.location())
	}
}

func TestAFactorOfTheProviderOpensWhatNeedsOne(t *testing.T) {
	w, at := single(t, func(s *sso.Settings) {
		s.ByProvider, s.AMR, s.FactorRoles = true, []string{"otp"}, []letterlock.Role{letterlock.Sender}
	})
	b := w.browser()
	if says := b.refused(at); !strings.Contains(says, "asks for a second factor, and Contoso ID does not say that you have shown one") {
		t.Errorf("it says:\n%s", says)
	}
	at.Set(func(o *oidctest.Behaviour) { o.Claims = func(c map[string]any) { c["amr"] = []string{"pwd", "otp"} } })
	b.bySSO(at, "/sign-in/sso", nil)
	if a := b.get("/sent"); a.status != http.StatusOK {
		t.Errorf("with a factor of the provider: %d to %q", a.status, a.location())
	}
	w.server.SSO.Settings.ByProvider = false // after a start with other settings
	if a := b.get("/sent"); a.location() != "/account/security" {
		t.Errorf("when it counts no more: %d to %q", a.status, a.location())
	}
}

func TestAnAccountIsUnboundByAnAdministrator(t *testing.T) {
	w, at := single(t, nil)
	b := w.browser()
	b.bySSO(at, "/sign-in/sso", nil)
	boss := w.browser().signIn(grace)
	to := accountURL(ada)
	if page := texts(boss.get(to).body); !strings.Contains(page, "Contoso ID, last") || !strings.Contains(page, "Unbind from single sign-on") {
		t.Errorf("the account's page says:\n%s", page)
	}
	if a := boss.post(to+"/unbind", nil); a.location() != to+"?done=unbind" {
		t.Fatalf("unbinding: %d to %q", a.status, a.location())
	}
	if a := b.get("/sent"); a.status != http.StatusSeeOther {
		t.Errorf("its session goes on: %d", a.status)
	}
	isThere(at, ada, "4712")
	if a := b.bySSO(at, "/sign-in/sso", nil); a.location() != "/sent" {
		t.Errorf("the new one at the provider: %d to %q", a.status, a.location())
	}
	invited := boss.post("/accounts", url.Values{"name": {"Nia"}, "address": {"nia@contoso.example"}, "role": {"sender"}})
	if !strings.HasSuffix(invited.location(), "?done=added") {
		t.Errorf("an invitation: %d to %q", invited.status, invited.location())
	}
	err := w.db.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.Account("nia@contoso.example"); return err })
	if err != nil {
		t.Error(err)
	}
}

func TestEachRefusalOfSSOHasItsSentence(t *testing.T) {
	w, _ := single(t, nil)
	seen := map[string]string{}
	for _, key := range append([]string{sso.Elsewhere}, sso.Keys...) {
		says := speaker{Server: w.server}.ssoSays(sso.Outcome{Key: key, Email: string(ada)})
		if says == "" || seen[says] != "" || strings.Contains(says, "message") {
			t.Errorf("%s says %q, as does %q", key, says, seen[says])
		}
		seen[says] = key
	}
	if says := (speaker{Server: w.server}).ssoSays(sso.Outcome{Key: "x"}); says != "" {
		t.Errorf("nothing says %q", says)
	}
}
