package web

import (
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/letterlock"
	"letterlock/internal/oidctest"
)

var aBlock = regexp.MustCompile(`(?s)<code[^>]* id="block"[^>]*>(.*?)</code>`)

// filledIn is a guide that somebody has filled in right.
func filledIn() url.Values {
	return url.Values{"id": {"riverside"}, "name": {"Riverside <Staff>"}, "issuer": {"https://login.riverside.example/realms/staff"}, "domains": {"riverside.example\r\nriver.example"},
		"client_id": {`letterlock "x"`}, "client_secret_file": {"/etc/letterlock/riverside.secret"}}
}

func TestAGuideMakesABlockThatAServerStartsWith(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	for _, g := range guides {
		at := providersURL + "/set-up/" + g.id
		if a := b.get(at); a.status != http.StatusOK || aBlock.MatchString(a.body) {
			t.Errorf("%s: %d, with a block that nobody has asked for", g.id, a.status)
		}
		a := b.post(at, filledIn())
		m := aBlock.FindStringSubmatch(a.body)
		if a.status != http.StatusOK || m == nil {
			t.Fatalf("%s: %d, no block:\n%s", g.id, a.status, texts(a.body))
		}
		says(t, g.id, a, "sudo install -m 0600 -o letterlock /dev/stdin /etc/letterlock/riverside.secret")
		file := filepath.Join(t.TempDir(), "letterlock.toml")
		if err := os.WriteFile(file, []byte(html.UnescapeString(m[1])), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(file, []string{"LETTERLOCK_PUBLIC_URL=" + publicURL})
		if err != nil {
			t.Fatalf("%s: %v\n%s", g.id, err, m[1])
		}
		var about []string
		if err := cfg.Validate(); err != nil {
			for line := range strings.Lines(err.Error()) {
				if strings.Contains(line, "signin") || strings.Contains(line, "sso") {
					about = append(about, line)
				}
			}
		}
		if len(about) > 0 {
			t.Errorf("%s: a server refuses it: %q", g.id, about)
		}
		callback, secret := cfg.SSOCallbackURL(), cfg.SSO.ClientSecretFile
		if g.id != singleGuide {
			callback, secret = cfg.CallbackURL(cfg.SignIn[0]), cfg.SignIn[0].ClientSecretFile
		}
		if secret != "/etc/letterlock/riverside.secret" || !strings.Contains(a.body, ">"+callback+"</code>") {
			t.Errorf("%s: the secret is in %q, and the page does not say that %s is to be registered", g.id, secret, callback)
		}
	}
}

func TestWhatAServerWouldRefuseIsSaidAtItsField(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	at := providersURL + "/set-up/another"
	for field, values := range map[string][]string{
		"id":                 {"", "A b", "../x", strings.Repeat("a", 33)},
		"name":               {"", "a\nb", strings.Repeat("x", 61), "a\u202eb"},
		"issuer":             {"", "http://login.riverside.example", "https://user@x.example", "javascript:alert(1)", "https://x.example?y"},
		"domains":            {"", "not a domain", "Riverside.example"},
		"client_id":          {"", "a\nb", strings.Repeat("x", 301)},
		"client_secret_file": {"", "riverside.secret", "/etc/x; rm -rf /", "/etc/$(id)", "/etc/`id`", "/a\nb"},
	} {
		for _, value := range values {
			f := filledIn()
			f.Set(field, value)
			a := b.post(at, f)
			if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="`+field+`-error"`) || strings.Count(a.body, "-error\"") < 2 || aBlock.MatchString(a.body) {
				t.Errorf("%s = %q: %d", field, value, a.status)
			}
			if strings.Contains(texts(a.body), "; rm -rf") || strings.Contains(texts(a.body), "$(id)") || strings.Contains(texts(a.body), "`id`") {
				t.Errorf("%q stands in a command to copy", value)
			}
			checkInert(t, field+" = "+value, a.body)
		}
	}
	a := b.post(at, nil)
	if n := strings.Count(a.body, `<li><a href="#`); n != 6 {
		t.Errorf("%d fields are listed above an empty form", n)
	}
	if a := b.get(providersURL + "/set-up/moon"); a.status != http.StatusNotFound {
		t.Errorf("a guide that there is not: %d", a.status)
	}
}

func TestAGuideLeadsToTheTestOfWhatTheServerWasStartedWith(t *testing.T) {
	w, at := vouching(t)
	b := w.browser().signIn(olga)
	f := filledIn()
	if page := texts(b.post(providersURL+"/set-up/another", f).body); !strings.Contains(page, "This server was started without it") {
		t.Errorf("one that is not in the settings:\n%s", page)
	}
	f.Set("id", "quill")
	a := b.post(providersURL+"/set-up/another", f)
	if page := texts(a.body); !strings.Contains(page, "The settings have it already") || !strings.Contains(page, at.URL) || !strings.Contains(a.body, `action="/sign-in-providers/quill/try"`) {
		t.Errorf("one that is in the settings:\n%s", page)
	}
	if strings.Contains(a.body, oidctest.Secret) || at.Asked("/keys") > 0 {
		t.Error("the page shows the secret, or asks the provider")
	}
}

func TestSingleSignOnIsLookedAtAmongTheProviders(t *testing.T) {
	w, at := single(t, nil)
	b := w.browser().signIn(olga)
	page := texts(b.post(providersURL, nil).body)
	for _, want := range []string{"Single sign-on: ", "your own people, of " + ada.Domain(), "Client and secret Works"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	at.Set(func(b *oidctest.Behaviour) { b.Intercept = http.NotFound })
	if page := texts(b.post(providersURL, nil).body); !strings.Contains(page, "What it says of itself Wrong") || strings.Contains(page, "Client and secret") {
		t.Errorf("a provider that is gone:\n%s", page)
	}
}

func TestATrialOfSingleSignOnSignsNobodyIn(t *testing.T) {
	w, at := single(t, nil)
	b := w.browser().signIn(grace)
	session := b.cookies[hostPrefix+staffCookie]
	try := func() string {
		t.Helper()
		a := b.post(providersURL+"/try-single-sign-on", nil)
		to, ok := strings.CutPrefix(a.header.Get("Refresh"), "0; url=")
		if !ok {
			t.Fatalf("trying: %d %s", a.status, texts(a.body))
		}
		a = b.get(ssoCallback + "?" + at.Visit(t, to).Encode())
		if a.location() != providersURL+"?"+triedSSO {
			t.Fatalf("tried: %d to %q", a.status, a.location())
		}
		if other := texts(w.browser().signIn(olga).get(a.location()).body); strings.Contains(other, "Nobody was signed in") {
			t.Error("another browser is told what came of it")
		}
		return texts(b.get(a.location()).body)
	}
	if page := try(); !strings.Contains(page, "Contoso ID lets ada@contoso.example in. Roles: Sender. Nobody was signed in, and nothing is changed.") {
		t.Errorf("tried as Ada:\n%s", page)
	}
	if b.cookies[hostPrefix+staffCookie] != session || session == "" || slices.ContainsFunc(w.audit(), func(e letterlock.Entry) bool { return e.Action == "bind account" }) {
		t.Error("a trial has changed the session, or bound an account")
	}
	isThere(at, "eve@elsewhere.example", "1")
	if page := try(); !strings.Contains(page, "At Contoso ID you are eve@elsewhere.example") || !strings.Contains(page, "Whoever signs in there like this is told so.") {
		t.Errorf("tried as somebody else:\n%s", page)
	}
	at.Set(func(o *oidctest.Behaviour) { o.Intercept = http.NotFound })
	w.clock.advance(2 * time.Hour)
	if a := w.browser().signIn(grace).post(providersURL+"/try-single-sign-on", nil); a.status != http.StatusServiceUnavailable || !strings.Contains(texts(a.body), "Contoso ID") {
		t.Errorf("a provider that is gone: %d", a.status)
	}
}
