package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/brand"
	"letterlock/internal/intake"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/oidctest"
	"letterlock/internal/store"
	"letterlock/internal/vouch"
)

const callback = "/portal/openid/quill"

// vouching is a world in which a provider may vouch for Marta's domain.
func vouching(t *testing.T) (*world, *oidctest.Provider) {
	t.Helper()
	var at *oidctest.Provider
	w := newWorld(t, func(o *Options) {
		at = oidctest.New(t, o.Now)
		at.Redirect = publicURL + callback
		p, err := oidc.New(oidc.Settings{ID: "quill", Name: "Quill", Issuer: at.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret,
			Redirect: at.Redirect, Domains: []string{marta.Domain()}, Loopback: true, Now: o.Now})
		if err != nil {
			t.Fatal(err)
		}
		o.Vouch.Providers = []*oidc.Provider{p}
		o.Intake.Vouched, o.Brands.Vouched = o.Vouch.Vouches, o.Vouch.Vouches
	})
	isThere(at, marta, "4711")
	return w, at
}

// isThere signs somebody in at the provider.
func isThere(at *oidctest.Provider, a letterlock.Address, subject string) {
	at.Set(func(b *oidctest.Behaviour) {
		b.User = map[string]any{"sub": subject, "email": string(a), "email_verified": true}
	})
}

// leave has the gate send the browser to the provider, and returns where that is.
func (b *browser) leave(from string, fields url.Values) string {
	b.w.t.Helper()
	if fields == nil {
		fields = url.Values{}
	}
	fields.Set("provider", "quill")
	a := b.post(from+"/openid", fields)
	to, ok := strings.CutPrefix(a.header.Get("Refresh"), "0; url=")
	if a.status != http.StatusOK || !ok {
		b.w.t.Fatalf("going to the provider: %d %q", a.status, texts(a.body))
	}
	return to
}

// returns brings back what the provider says.
func (b *browser) returns(at *oidctest.Provider, to string) answer {
	b.w.t.Helper()
	return b.get(callback + "?" + at.Visit(b.w.t, to).Encode())
}

// said is what the gate says to a browser that comes there from the provider.
func (b *browser) said(a answer) string {
	b.w.t.Helper()
	if a.status != http.StatusSeeOther || !strings.Contains(a.location(), "?"+openIDQuery) {
		b.w.t.Fatalf("back from the provider: %d to %q: %s", a.status, a.location(), texts(a.body))
	}
	return texts(b.get(a.location()).body)
}

func TestAProviderSignsInWhoeverItVouchesFor(t *testing.T) {
	w, at := vouching(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b, link := w.browser(), w.link(marta)
	if gate := texts(b.get(link).body); !strings.Contains(gate, "Sign in with Quill") || !strings.Contains(gate, "Sign in with a one-time passcode") {
		t.Fatalf("the gate offers:\n%s", gate)
	}
	to := b.leave(link, nil)
	if last, err := url.Parse(to); err != nil || last.Query().Has("login_hint") || last.Query().Has("prompt") {
		t.Errorf("the provider is asked by %s", to)
	}
	a := b.returns(at, to)
	if a.status != http.StatusSeeOther || a.location() != "/read/"+string(id) {
		t.Fatalf("back from the provider: %d to %q", a.status, a.location())
	}
	if page := b.get(a.location()); page.status != http.StatusOK || !strings.Contains(page.body, secretSubject) {
		t.Errorf("the message: %d", page.status)
	}
	if got := w.openIDEntries(id); !slices.Equal(got, []string{string(marta) + " quill allowed"}) {
		t.Errorf("audit log: %q", got)
	}
	admin := w.browser().signIn(grace)
	if page := texts(admin.get("/trace/" + string(id)).body); !strings.Contains(page, "signed in with Quill") {
		t.Errorf("the trace does not say how she signed in:\n%s", page)
	}
	sender := w.browser().signIn(ada)
	if page := texts(sender.get("/sent/" + string(id)).body); !strings.Contains(page, "signed in with Quill") {
		t.Errorf("Sent does not say how she signed in:\n%s", page)
	}
}

// openIDEntries are what the audit log says of proofs by a provider for a message.
func (w *world) openIDEntries(id letterlock.ID) (list []string) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), func(tx *store.Tx) error {
		entries, err := tx.Entries(id)
		for _, e := range entries {
			if e.Action == "prove mailbox by OpenID" {
				s := string(e.Actor.Address) + " " + e.Reason
				if e.Allowed {
					s += " allowed"
				}
				list = append(list, s)
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// Whoever has the link alone is to learn no whole address from the way to a provider.
func TestTheWayToAProviderTellsNoAddressToWhoeverHasNotProvedIt(t *testing.T) {
	w, at := vouching(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	tells := func(b *browser) bool {
		t.Helper()
		a := b.post(link+"/openid", url.Values{"provider": {"quill"}})
		if a.status != http.StatusOK {
			t.Fatalf("going to the provider: %d", a.status)
		}
		return strings.Contains(a.body+a.header.Get("Refresh"), marta.Local())
	}
	b := w.browser()
	if tells(b) {
		t.Error("the page that leads to the provider has the address")
	}
	b.returns(at, b.leave(link, url.Values{"remember": {"yes"}}))
	b.post("/portal/sign-out", nil)
	if !tells(b) {
		t.Error("in a browser that is remembered the provider is not told whom to expect")
	}
}

func TestAProviderIsOfferedOnlyToThoseItMayVouchFor(t *testing.T) {
	w, _ := vouching(t)
	w.send(ada, letterlock.EncryptOnly, jonas)
	b, link := w.browser(), w.link(jonas)
	if gate := texts(b.get(link).body); strings.Contains(gate, "Quill") {
		t.Error("it is offered to another domain")
	}
	for _, id := range []string{"quill", "nobody", ""} {
		if a := b.post(link+"/openid", url.Values{"provider": {id}}); a.status != http.StatusNotFound {
			t.Errorf("asking %q nevertheless: %d, want 404", id, a.status)
		}
	}
}

func TestABrandMayWantNoProvider(t *testing.T) {
	w, at := vouching(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b, link := w.browser(), w.link(marta)
	if gate := texts(b.get(link).body); !strings.Contains(gate, "Quill") {
		t.Fatal("it is not offered where the brand says nothing")
	}
	back := at.Visit(t, b.leave(link, nil)).Encode()
	if err := w.server.Brands.Put(t.Context(), administrator, brand.Default, brand.Changes{brand.Social: "no"}); err != nil {
		t.Fatal(err)
	}
	if gate := texts(b.get(link).body); strings.Contains(gate, "Quill") {
		t.Error("it is offered")
	}
	if a := b.post(link+"/openid", url.Values{"provider": {"quill"}}); a.status != http.StatusNotFound {
		t.Errorf("asking it nevertheless: %d, want 404", a.status)
	}
	if said := b.said(b.get(callback + "?" + back)); !strings.Contains(said, "Signing in with Quill is not possible for this message any more. Sign in with a one-time passcode instead.") {
		t.Errorf("who was away at it meanwhile is told:\n%s", said)
	}
	if a := b.get("/read/" + string(id)); a.status != http.StatusForbidden {
		t.Errorf("and signed in: %d", a.status)
	}
	if got := w.openIDEntries(id); !slices.Equal(got, []string{" quill: " + vouch.Off}) {
		t.Errorf("audit log: %q", got)
	}
}

func TestWhatAProviderSaysCountsOnceInOneBrowserForTenMinutes(t *testing.T) {
	w, at := vouching(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	b := w.browser()
	back := at.Visit(t, b.leave(link, nil)).Encode()

	// Another browser, with and without a cookie, gets nothing and uses nothing up.
	other := w.browser()
	for range 2 {
		a := other.get(callback + "?" + back)
		if a.status != http.StatusForbidden || a.heading() != "This sign-in cannot be finished here" || strings.Contains(a.body, string(marta)) {
			t.Errorf("in another browser: %d %q", a.status, a.heading())
		}
		other.nameAs(strings.Repeat("A", 43))
	}
	if a := b.do(http.MethodHead, callback+"?"+back, nil, ""); a.status != http.StatusNotFound {
		t.Errorf("HEAD: %d", a.status)
	}
	for name, query := range map[string]string{
		"no state": "code=x", "an empty state": "state=&code=x", "another state": "state=" + strings.Repeat("A", 43) + "&code=x", "nothing": "",
		"a long state": "state=" + strings.Repeat("A", 10_000),
	} {
		if a := b.get(callback + "?" + query); a.status != http.StatusForbidden || a.heading() != "This sign-in cannot be finished here" {
			t.Errorf("%s: %d %q", name, a.status, a.heading())
		}
	}
	if a := b.get("/portal/openid/another?" + back); a.status != http.StatusNotFound {
		t.Errorf("as another provider's: %d", a.status)
	}
	if a := b.get(callback + "?" + back); a.location() != "/read/"+string(id) {
		t.Fatalf("in the browser that asked: %d to %q", a.status, a.location())
	}
	b.post("/portal/sign-out", nil)
	if said := b.said(b.get(callback + "?" + back)); !strings.Contains(said, "The answer of Quill was used already.") {
		t.Errorf("a second time:\n%s", said)
	}
	to := b.leave(link, nil)
	back = at.Visit(t, to).Encode()
	w.clock.advance(10 * time.Minute)
	if said := b.said(b.get(callback + "?" + back)); !strings.Contains(said, "It took more than 10 minutes at Quill. Sign in with a one-time passcode instead.") {
		t.Errorf("ten minutes later:\n%s", said)
	}
	if a := b.get("/read/" + string(id)); a.status != http.StatusForbidden {
		t.Errorf("and signed in: %d", a.status)
	}
}

// nameAs gives the browser a name.
func (b *browser) nameAs(name string) { b.cookies[hostPrefix+browserCookie] = name }

func TestAnotherAddressProvesNothingAndIsSaid(t *testing.T) {
	w, at := vouching(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	for name, tt := range map[string]struct {
		change func(*oidctest.Behaviour)
		want   string
	}{
		"another mailbox": {func(b *oidctest.Behaviour) {
			b.User = map[string]any{"sub": "1", "email": "eve@quillfeather.example", "email_verified": true}
		}, "You have proved eve@quillfeather.example at Quill. This message was sent to m••••@quillfeather.example. Sign in with a one-time passcode instead."},
		"her own in capitals": {func(b *oidctest.Behaviour) {
			b.User = map[string]any{"sub": "1", "email": "Marta.Lind@quillfeather.example", "email_verified": true}
		}, "You have proved Marta.Lind@quillfeather.example at Quill."},
		"unverified": {func(b *oidctest.Behaviour) {
			b.User = map[string]any{"sub": "1", "email": string(marta), "email_verified": false}
		}, "Quill has not verified that marta.lind@quillfeather.example is yours."},
		"markup": {func(b *oidctest.Behaviour) {
			b.User = map[string]any{"sub": "1", "email": "<b>x</b>", "email_verified": true}
		}, "Quill did not say which mail address is yours."},
		"cancelled": {func(b *oidctest.Behaviour) {
			b.Answer = func(v url.Values) { v.Del("code"); v.Set("error", "access_denied") }
		}, "You have not signed in at Quill. Sign in with a one-time passcode instead."},
		"another nonce": {func(b *oidctest.Behaviour) { b.Claims = func(c map[string]any) { c["nonce"] = "x" } },
			"The answer of Quill belongs to another sign-in."},
	} {
		t.Run(name, func(t *testing.T) {
			isThere(at, marta, "4711")
			at.Set(tt.change)
			defer at.Set(func(b *oidctest.Behaviour) { b.Answer, b.Claims = nil, nil })
			b := w.browser()
			a := b.returns(at, b.leave(link, nil))
			if said := b.said(a); !strings.Contains(said, tt.want) {
				t.Errorf("the gate says:\n%s\nwant %s", said, tt.want)
			}
			if strings.Contains(texts(w.browser().get(a.location()).body), "Quill.") || strings.Contains(w.browser().get(a.location()).body, "eve@") {
				t.Error("another browser is told so, too")
			}
			if page := b.get("/read/" + string(id)); page.status != http.StatusForbidden {
				t.Errorf("the message: %d", page.status)
			}
		})
	}
	list := w.openIDEntries(id)
	for _, e := range list {
		if !strings.HasPrefix(e, " quill: openid-") || strings.HasSuffix(e, "allowed") {
			t.Errorf("audit log: %q", e)
		}
	}
	if len(list) != 6 {
		t.Errorf("%d refusals are in the audit log, want 6", len(list))
	}
}

func TestTheFirstProofBindsTheAddressUntilItIsForgotten(t *testing.T) {
	w, at := vouching(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	proves := func(subject string) bool {
		t.Helper()
		isThere(at, marta, subject)
		b := w.browser()
		a := b.returns(at, b.leave(link, nil))
		if strings.HasPrefix(a.location(), "/read/") {
			return true
		}
		if said := b.said(a); !strings.Contains(said, "was proved before by another account at Quill") {
			t.Errorf("the gate says:\n%s", said)
		}
		return false
	}
	reader := w.browser()
	isThere(at, marta, "4711")
	read := reader.returns(at, reader.leave(link, url.Values{"remember": {"yes"}})).location()
	if reader.get(read).status != http.StatusOK || !proves("4711") {
		t.Fatal("the first account proves nothing")
	}
	if proves("0815") {
		t.Error("another account proves the same address")
	}
	if passcode := w.browser().prove(marta); passcode == "" {
		t.Error("the passcode does not work")
	}
	admin := w.browser().signIn(olga)
	forget := providersURL + "/forget"
	if a := admin.post(forget, url.Values{"address": {"marta"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), "Type a whole mail address") {
		t.Errorf("forgetting what is no address: %d", a.status)
	}
	if a := w.browser().signIn(rita).post(forget, url.Values{"address": {string(marta)}}); a.status != http.StatusForbidden || proves("0815") {
		t.Errorf("a revoker forgets: %d", a.status)
	}
	if a := admin.post(forget, url.Values{"address": {string(marta)}}); a.status != http.StatusOK || !strings.Contains(texts(a.body), "Forgotten.") {
		t.Errorf("forgetting: %d", a.status)
	}
	if a := reader.get(read); a.status != http.StatusForbidden {
		t.Errorf("who was signed in by the forgotten account still is: %d", a.status)
	}
	if a := reader.post(link+"/continue", nil); strings.HasPrefix(a.location(), "/read/") {
		t.Error("the browser of the forgotten account still proves the address")
	}
	if !proves("0815") || proves("4711") {
		t.Error("after forgetting, the new account proves it and the old one does not")
	}
	if a := admin.post(forget, url.Values{"address": {"nobody@riverside.example"}}); !strings.Contains(texts(a.body), "nothing to forget") {
		t.Errorf("forgetting nobody:\n%s", texts(a.body))
	}
	if got := w.entries("forget OpenID binding"); len(got) != 2 {
		t.Errorf("audit log: %q", got)
	}
}

func TestALockOnPasscodesLeavesProvidersOpen(t *testing.T) {
	w, at := vouching(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b, link := entering(w)
	var a answer
	for range 5 {
		a = enter(b, link, "00000000")
	}
	if a.status != http.StatusTooManyRequests || !strings.Contains(texts(a.body), "Sign in with Quill") {
		t.Fatalf("locked: %d\n%s", a.status, texts(a.body))
	}
	if a := b.post(link+"/passcode", nil); a.status != http.StatusTooManyRequests {
		t.Fatalf("a passcode while locked: %d", a.status)
	}
	if a := b.returns(at, b.leave(link, nil)); !strings.HasPrefix(a.location(), "/read/") {
		t.Errorf("the provider: %d to %q", a.status, a.location())
	}
}

func TestAMessageThatAsksForANewProofTakesANewSignIn(t *testing.T) {
	w, at := vouching(t)
	id := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Asks: letterlock.FreshPasscode}, mail(ada, marta))
	b, link := w.browser(), w.link(marta)
	to := b.leave(link, nil)
	if strings.Contains(to, "prompt=login") {
		t.Error("who has proved nothing learns what the message asks for")
	}
	read := b.returns(at, to).location()
	prove := b.get(read).location()
	if prove != "/read/"+string(id)+"/prove" {
		t.Fatalf("after an old sign-in the message is shown, or leads to %q", prove)
	}
	at.Set(func(b *oidctest.Behaviour) {
		b.Claims = func(c map[string]any) { c["auth_time"] = morning.Add(-time.Hour).Unix() }
	})
	to = b.leave(prove, nil)
	if !strings.Contains(to, "prompt=login") || !strings.Contains(to, "max_age=0") {
		t.Errorf("the provider is asked by %s", to)
	}
	if said := b.said(b.returns(at, to)); !strings.Contains(said, "Quill did not ask you to sign in anew") {
		t.Errorf("an old sign-in:\n%s", said)
	}
	at.Set(func(b *oidctest.Behaviour) { b.Claims = nil })
	if a := b.get(b.returns(at, b.leave(prove, nil)).location()); a.status != http.StatusOK || !strings.Contains(a.body, secretSubject) {
		t.Errorf("after a new sign-in: %d", a.status)
	}
	w.clock.advance(letterlock.FreshFor)
	if a := b.get(read); a.location() != prove {
		t.Errorf("half an hour later: %d to %q", a.status, a.location())
	}
}

func TestABrowserIsRememberedAfterAProviderToo(t *testing.T) {
	w, at := vouching(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b, link := w.browser(), w.link(marta)
	b.returns(at, b.leave(link, url.Values{"remember": {"yes"}}))
	b.post("/portal/sign-out", nil)
	if a := b.post(link+"/continue", nil); !strings.HasPrefix(a.location(), "/read/") {
		t.Errorf("continuing in it: %d to %q", a.status, a.location())
	}
	b = w.browser()
	b.returns(at, b.leave(link, nil))
	b.post("/portal/sign-out", nil)
	if a := b.post(link+"/continue", nil); strings.HasPrefix(a.location(), "/read/") {
		t.Error("a browser is remembered unasked")
	}
}

func TestAProviderThatIsDownLeavesThePasscode(t *testing.T) {
	w, at := vouching(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b, link := w.browser(), w.link(marta)
	at.Set(func(b *oidctest.Behaviour) {
		b.Intercept = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	})
	a := b.post(link+"/openid", url.Values{"provider": {"quill"}})
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || !strings.Contains(texts(a.body), "Quill does not answer right now. Sign in with a one-time passcode instead.") {
		t.Errorf("down before: %d\n%s", a.status, texts(a.body))
	}
	at.Set(func(b *oidctest.Behaviour) { b.Intercept = nil })
	w.clock.advance(time.Minute)
	back := at.Visit(t, b.leave(link, nil)).Encode()
	at.Set(func(b *oidctest.Behaviour) {
		b.Intercept = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	})
	if said := b.said(b.get(callback + "?" + back)); !strings.Contains(said, "Quill does not answer right now.") {
		t.Errorf("down after:\n%s", said)
	}
	if b.prove(marta) == "" {
		t.Error("the passcode does not work")
	}
}

func TestNobodyAsksAProviderWithoutEnd(t *testing.T) {
	w, _ := vouching(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	for i := range 40 {
		a := w.browser().post(link+"/openid", url.Values{"provider": {"quill"}})
		if (a.status == http.StatusOK) != (i < 30) {
			t.Fatalf("try %d: %d", i+1, a.status)
		}
		if i >= 30 && (a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "") {
			t.Errorf("try %d: %d", i+1, a.status)
		}
	}
}

func TestEveryRefusalHasItsOwnSentence(t *testing.T) {
	seen := map[string]string{}
	for _, key := range vouch.Keys {
		o := vouch.Outcome{Key: key, Provider: "Quill", Email: "marta@quillfeather.example"}
		says := speaker{}.openIDSays(o, "m••••@quillfeather.example")
		if key == vouch.Tried {
			says = triedSays(language.Words{}, o)
		}
		if strings.Contains(says, "{{") || says == "" || seen[says] != "" {
			t.Errorf("%s says %q, as does %q", key, says, seen[says])
		}
		seen[says] = key
	}
}

func TestThePageOfProvidersTestsThem(t *testing.T) {
	w, at := vouching(t)
	b := w.browser().signIn(olga)
	page := texts(b.get(providersURL).body)
	for _, want := range []string{"Quill", publicURL + callback, at.URL, oidctest.ClientID, "quillfeather.example"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, oidctest.Secret) || at.Asked("/keys") > 0 {
		t.Error("looking at the page shows the secret, or asks the provider")
	}
	if page := texts(b.post(providersURL, nil).body); !strings.Contains(page, "Client and secret Works") || at.Asked("/keys") == 0 || at.Asked("/token") != 1 {
		t.Errorf("looked at:\n%s", page)
	}
	at.Redirect += "/another"
	if page := texts(b.post(providersURL, nil).body); !strings.Contains(page, "Redirect URI Wrong It is not registered there") {
		t.Errorf("looked at where the redirect URI is another:\n%s", page)
	}
	at.Redirect = publicURL + callback
	try := func() string {
		t.Helper()
		a := b.post(providersURL+"/quill/try", nil)
		to, ok := strings.CutPrefix(a.header.Get("Refresh"), "0; url=")
		if !ok {
			t.Fatalf("trying: %d", a.status)
		}
		a = b.returns(at, to)
		if !strings.HasPrefix(a.location(), providersURL+"?"+triedQuery) {
			t.Fatalf("tried: %d to %q", a.status, a.location())
		}
		if other := texts(w.browser().signIn(grace).get(a.location()).body); strings.Contains(other, "vouches for") {
			t.Error("another browser is told what came of it")
		}
		return texts(b.get(a.location()).body)
	}
	if page := try(); !strings.Contains(page, "Quill vouches for marta.lind@quillfeather.example, and is believed") {
		t.Errorf("tried:\n%s", page)
	}
	isThere(at, "eve@elsewhere.example", "1")
	if page := try(); !strings.Contains(page, "Quill is not believed here for eve@elsewhere.example. A recipient would be told so") {
		t.Errorf("tried with another address:\n%s", page)
	}
	for _, c := range []string{hostPrefix + readerCookie} {
		if _, ok := b.cookies[c]; ok {
			t.Error("trying has signed somebody in as a reader")
		}
	}
	err := w.db.Read(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Bindings(marta)
		if len(list) > 0 {
			t.Errorf("trying has bound %+v", list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	at.Set(func(b *oidctest.Behaviour) {
		b.Document = func(d map[string]any) { d["issuer"] = "https://evil.example" }
	})
	if page := texts(b.post(providersURL, nil).body); !strings.Contains(page, "What Quill says of itself is not right") {
		t.Errorf("looked at when it is another:\n%s", page)
	}
}

// Neither what a browser is remembered by, nor a session that began with that.
func TestWithAProviderGoWhoItsWordHadRemembered(t *testing.T) {
	w, at := vouching(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b, mailed := w.browser(), remembering(w, marta)
	b.returns(at, b.leave(w.link(marta), url.Values{"remember": {"yes"}}))
	b.post("/portal/sign-out", nil)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link, again := w.link(marta), w.browser().withRemembered(b)
	checkContinues(t, "while it is there", b, link, true)
	if a := b.get("/read/" + string(id)); a.status != http.StatusOK {
		t.Fatalf("while it is there: %d", a.status)
	}
	w.server.Vouch.Providers = nil
	if a := b.get("/read/" + string(id)); a.status == http.StatusOK || strings.Contains(a.body, secretSubject) {
		t.Errorf("in a session that the browser had opened: %d %q", a.status, a.heading())
	}
	checkContinues(t, "after it was removed", again, link, false)
	checkContinues(t, "remembered by a passcode", mailed, link, true)
}
