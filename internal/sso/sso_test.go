package sso_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/oidctest"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/sso"
	"letterlock/internal/store"
)

const (
	redirect = "https://mail.contoso.example/sign-in/sso"
	firefox  = "the name of a browser"
	ada      = letterlock.Address("ada@contoso.example")
	grace    = letterlock.Address("grace@contoso.example")
	mallory  = letterlock.Address("mallory@contoso.example")
)

var morning = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

type claims = map[string]any

// A house is single sign-on with a provider, for Ada, who sends, and Grace, who administers.
type house struct {
	t       *testing.T
	now     time.Time
	db      *store.DB
	at      *oidctest.Provider
	service *sso.Service
}

func newHouse(t *testing.T, change func(*sso.Settings)) *house {
	t.Helper()
	return newHouseAt(t, change, func(*oidc.Settings) {})
}

// newHouseAt is newHouse with a provider of other settings.
func newHouseAt(t *testing.T, change func(*sso.Settings), provider func(*oidc.Settings)) *house {
	t.Helper()
	h := &house{t: t, now: morning}
	clock := func() time.Time { return h.now }
	var err error
	if h.db, err = store.Open(t.Context(), t.TempDir(), clock); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	keys, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: t.TempDir()}.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	h.at = oidctest.New(t, clock)
	h.at.Redirect = redirect
	h.service = &sso.Service{DB: h.db, Pepper: keys.Pepper, IPKey: ratelimit.IPKey, Settings: sso.Settings{Domains: []string{"contoso.example"}}}
	if change != nil {
		change(&h.service.Settings)
	}
	s := oidc.Settings{ID: "sso", Name: "Contoso ID", Issuer: h.at.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret, Redirect: redirect,
		Domains: h.service.Settings.Domains, Profile: true, Loopback: true, Now: clock}
	if h.service.Settings.Roles != nil {
		s.RolesClaim = "groups"
	}
	provider(&s)
	if h.service.Provider, err = oidc.New(s); err != nil {
		t.Fatal(err)
	}
	h.put(ada, letterlock.Sender)
	h.put(grace, letterlock.Admin)
	return h
}

// put writes an account as it is to be.
func (h *house) put(a letterlock.Address, roles ...letterlock.Role) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		return tx.PutAccount(store.Account{Mailbox: letterlock.Mailbox{Address: a}, Roles: roles})
	})
}

func (h *house) write(f func(*store.Tx) error) {
	h.t.Helper()
	if err := h.db.Write(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// be has somebody signed in at the provider.
func (h *house) be(a letterlock.Address, subject string, more claims) {
	user := claims{"sub": subject, "email": string(a), "email_verified": true}
	maps.Copy(user, more)
	h.at.Set(func(b *oidctest.Behaviour) { b.User, b.Info = user, user })
}

// away sends the browser to the provider and returns what it brings back.
func (h *house) away(a sso.Ask) url.Values {
	h.t.Helper()
	a.Browser, a.IP = firefox, "192.0.2.1"
	to, err := h.service.Begin(h.t.Context(), a)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.at.Visit(h.t, to)
}

// signIn goes to the provider and back; of a result that lets nobody in it returns why.
func (h *house) signIn(a sso.Ask) (sso.Result, string) {
	h.t.Helper()
	r, err := h.service.Finish(h.t.Context(), firefox, h.away(a), a.Account, letterlock.Actor{IP: "192.0.2.1"})
	if err != nil {
		h.t.Fatal(err)
	}
	return r, h.came(r)
}

// came is why a result lets nobody in.
func (h *house) came(r sso.Result) string {
	h.t.Helper()
	o, err := h.service.Came(h.t.Context(), firefox)
	if err != nil || (o.Key == "") != (r.By != nil) {
		h.t.Fatalf("%+v came of %+v: %v", o, r, err)
	}
	return o.Key
}

// check signs in and compares who is let in, with which proof, or why nobody is.
func (h *house) check(name string, want letterlock.Address, proof letterlock.Proof, why string) {
	h.t.Helper()
	r, key := h.signIn(sso.Ask{})
	var got letterlock.Actor
	if r.By != nil {
		got = *r.By
	}
	if key != why || got.Address != want || got.Proof != proof {
		h.t.Errorf("%s: %q by %q (%s), want %q by %q (%s)", name, got.Address, got.Proof, key, want, proof, why)
	}
}

func (h *house) roles(a letterlock.Address) (roles []letterlock.Role) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		row, err := tx.Account(a)
		roles = row.Roles
		return err
	})
	return roles
}

// audited are the entries of the log: action, whether it was allowed, for whom and why.
func (h *house) audited() (list []string) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		entries, err := tx.Entries("")
		for _, e := range entries {
			result := "refused"
			if e.Allowed {
				result = "allowed"
			}
			list = append(list, strings.Join([]string{e.Action, result, e.Target, e.Reason}, "|"))
		}
		return err
	})
	return list
}

const proved = letterlock.Proof("sso")

func TestAnAccountBelongsToWhoeverSignedInToItFirst(t *testing.T) {
	h := newHouse(t, nil)
	h.be(ada, "4711", nil)
	h.check("at first", ada, proved, "")
	h.check("again", ada, proved, "")
	h.be("ada.new@contoso.example", "4711", nil)
	h.check("under another address", ada, proved, "")
	h.be("ada@elsewhere.example", "4711", claims{"email_verified": false})
	h.check("under one that proves nothing", ada, proved, "")
	h.be(ada, "4712", nil)
	h.check("somebody else with that address", "", "", sso.Bound)
	want := []string{"bind account|allowed|ada@contoso.example|Contoso ID", "sign in by single sign-on|refused|ada@contoso.example|sso-bound"}
	if got := h.audited(); !slices.Equal(got, want) {
		t.Errorf("audit log: %q, want %q", got, want)
	}
	h.write(func(tx *store.Tx) error { _, err := tx.UnbindStaff(ada); return err })
	h.check("after the binding was forgotten", ada, proved, "")
}

func TestWhoProvesNoAddressOfTheOrganisationIsNotLetIn(t *testing.T) {
	h := newHouse(t, func(s *sso.Settings) {
		s.Addresses, s.BreakGlass = []letterlock.Address{ada, grace, mallory}, grace
	})
	h.put("eve@contoso.example", letterlock.Sender)
	for _, tt := range []struct {
		name string
		a    letterlock.Address
		more claims
		want string
	}{
		{"not verified", ada, claims{"email_verified": false}, oidc.Unverified},
		{"not said to be verified", ada, claims{"email_verified": nil}, oidc.Unverified},
		{"no address", ada, claims{"email": nil}, oidc.NoAddress},
		{"another domain", "ada@elsewhere.example", nil, oidc.Domain},
		{"in capitals", "Ada@contoso.example", nil, sso.NotAllowed},
		{"none of those listed", "eve@contoso.example", nil, sso.NotAllowed},
		{"no account", mallory, nil, sso.NoAccount},
		{"for when the provider does not work", grace, nil, sso.BreakGlass},
	} {
		h.be(tt.a, "of "+tt.name, tt.more)
		h.check(tt.name, "", "", tt.want)
	}
	h.write(func(tx *store.Tx) error {
		for _, a := range []letterlock.Address{ada, grace, "eve@contoso.example"} {
			if list, err := tx.StaffBindings(a); err != nil || len(list) > 0 {
				t.Errorf("%s is bound: %v, %v", a, list, err)
			}
		}
		return nil
	})
	h.be(ada, "4711", nil)
	h.check("who does", ada, proved, "")
}

// Anybody can have an account at Google with an address of another's domain, and it is
// verified: the mail came. That the domain is theirs is another claim.
func TestGoogleSpeaksForDomainsThatItHostsAlone(t *testing.T) {
	h := newHouseAt(t, func(s *sso.Settings) { s.Domains = []string{"contoso.example", "gmail.com"} },
		func(s *oidc.Settings) { s.Preset = oidc.Google })
	h.put("ada@gmail.com", letterlock.Sender)
	for _, tt := range []struct {
		name string
		a    letterlock.Address
		more claims
		want string
	}{
		{"not hosted", ada, nil, oidc.Hosted},
		{"hosted for another domain", ada, claims{"hd": "evil.example"}, oidc.Hosted},
		{"hosted for one under it", ada, claims{"hd": "x.contoso.example"}, oidc.Hosted},
		{"hosted", ada, claims{"hd": "contoso.example"}, ""},
		{"of Google's own", "ada@gmail.com", nil, ""},
	} {
		h.be(tt.a, "of "+string(tt.a), tt.more)
		want, proof := tt.a, proved
		if tt.want != "" {
			want, proof = "", ""
		}
		h.check(tt.name, want, proof, tt.want)
	}
}

func TestADisabledAccountGetsNothing(t *testing.T) {
	h := newHouse(t, nil)
	h.be(ada, "4711", nil)
	h.check("before", ada, proved, "")
	h.write(func(tx *store.Tx) error {
		row, err := tx.Account(ada)
		if err != nil {
			return err
		}
		row.Disabled = tx.Now
		return tx.PutAccount(row)
	})
	h.check("disabled", "", "", sso.Disabled)
}

// byGroups gives roles by what the provider says.
func byGroups(s *sso.Settings) {
	s.Roles = map[string][]letterlock.Role{"mail": {letterlock.Sender}, "it": {letterlock.Revoker, letterlock.Admin}}
}

func TestRolesAreThoseOfTheProviderAtEachSignIn(t *testing.T) {
	h := newHouse(t, byGroups)
	for _, tt := range []struct {
		groups []string
		want   []letterlock.Role
	}{
		{[]string{"it", "mail", "unknown"}, []letterlock.Role{letterlock.Sender, letterlock.Revoker, letterlock.Admin}},
		{[]string{"mail"}, []letterlock.Role{letterlock.Sender}},
	} {
		h.be(ada, "4711", claims{"groups": tt.groups})
		h.check(strings.Join(tt.groups, " "), ada, proved, "")
		if got := h.roles(ada); !slices.Equal(got, tt.want) {
			t.Errorf("by %v Ada has %v, want %v", tt.groups, got, tt.want)
		}
	}
	alive := h.session(ada)
	h.be(ada, "4711", claims{"groups": []string{"unknown"}})
	h.check("no role", "", "", sso.NoRole)
	if got := h.roles(ada); len(got) > 0 {
		t.Errorf("who has lost all roles at the provider still has %v", got)
	}
	if alive() {
		t.Error("a session of before goes on")
	}
	h.be(mallory, "4713", nil)
	h.check("no claim and no account", "", "", sso.NoAccount)
	want := []string{"set roles|allowed|ada@contoso.example|by single sign-on: sender -> sender revoker admin", "bind account|allowed|ada@contoso.example|Contoso ID",
		"set roles|allowed|ada@contoso.example|by single sign-on: sender revoker admin -> sender", "set roles|allowed|ada@contoso.example|by single sign-on: sender -> none",
		"sign in by single sign-on|refused|ada@contoso.example|sso-no-role", "sign in by single sign-on|refused|mallory@contoso.example|sso-no-account"}
	if got := h.audited(); !slices.Equal(got, want) {
		t.Errorf("audit log: %q, want %q", got, want)
	}
}

// Providers leave the claim out for whoever is in no group, and may have no userinfo that
// would say more; whoever is bound is known without an address.
func TestWhoLostAllGroupsLosesAllRolesAlsoWithoutUserInfo(t *testing.T) {
	h := newHouse(t, byGroups)
	h.be(ada, "4711", claims{"groups": []string{"mail"}})
	h.check("in a group", ada, proved, "")
	intercept := func(f http.HandlerFunc) { h.at.Set(func(b *oidctest.Behaviour) { b.Intercept = f }) }
	intercept(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/userinfo" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		h.at.Serve(w, r)
	})
	h.be(ada, "4711", nil)
	h.check("userinfo does not answer", "", "", oidc.Unreachable)
	if got := h.roles(ada); len(got) != 1 {
		t.Errorf("Ada has %v, and it is not known what she is to have", got)
	}
	intercept(nil)
	h.at.Set(func(b *oidctest.Behaviour) { b.Document = func(d map[string]any) { delete(d, "userinfo_endpoint") } })
	if err := h.service.Provider.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.be(ada, "4711", claims{"groups": []string{"mail"}, "email": nil})
	h.check("bound, without an address", ada, proved, "")
	h.be(grace, "1", claims{"groups": []string{"mail"}, "email": nil})
	h.check("not bound, without an address", "", "", oidc.NoAddress)
	for name, a := range map[string]any{"with an address": ada, "without one": nil} {
		h.put(ada, letterlock.Sender)
		h.be(ada, "4711", claims{"email": a})
		h.check(name, "", "", sso.NoRole)
		if got := h.roles(ada); len(got) > 0 {
			t.Errorf("%s: who is in no group any more still has %v", name, got)
		}
	}
}

// A table of settings that is there and empty takes nobody's roles away.
func TestNoRolesInTheSettingsAreGivenHere(t *testing.T) {
	h := newHouse(t, func(s *sso.Settings) { s.Roles = map[string][]letterlock.Role{} })
	if h.service.GivesRoles() {
		t.Error("the provider gives roles, by no value")
	}
	h.be(ada, "4711", claims{"groups": []string{"mail"}})
	h.check("at first", ada, proved, "")
	h.check("bound", ada, proved, "")
	if got := h.roles(ada); !slices.Equal(got, []letterlock.Role{letterlock.Sender}) {
		t.Errorf("Ada has %v, want what she had", got)
	}
}

// session begins one of an account and returns whether it is still there.
func (h *house) session(a letterlock.Address) func() bool {
	h.write(func(tx *store.Tx) error {
		return tx.AddSession([]byte("session"), store.Session{Kind: letterlock.Staff, Address: a, Expires: h.now.Add(time.Hour)})
	})
	return func() bool {
		return h.db.Read(h.t.Context(), func(tx *store.Tx) error { _, err := tx.Session([]byte("session")); return err }) == nil
	}
}

func TestTheLastAdministratorStaysOneWhateverTheProviderSays(t *testing.T) {
	h := newHouse(t, byGroups)
	h.be(grace, "1", claims{"groups": []string{"mail"}})
	h.check("a role less", grace, proved, "")
	if got := h.roles(grace); !slices.Equal(got, []letterlock.Role{letterlock.Sender, letterlock.Admin}) {
		t.Errorf("Grace has %v, want to stay an administrator", got)
	}
	h.be(grace, "1", claims{"groups": []string{}})
	h.check("no role", "", "", sso.NoRole)
	if got := h.roles(grace); !slices.Equal(got, []letterlock.Role{letterlock.Admin}) {
		t.Errorf("Grace has %v, want to stay an administrator", got)
	}
	h.put(mallory, letterlock.Admin)
	h.check("no role, and another administrator", "", "", sso.NoRole)
	if got := h.roles(grace); len(got) > 0 {
		t.Errorf("Grace has %v, and there is another administrator", got)
	}
}

// The account for when the provider does not work has its password alone.
func TestABreakGlassAccountWithoutAPasswordIsNoOtherAdministrator(t *testing.T) {
	h := newHouse(t, func(s *sso.Settings) { byGroups(s); s.BreakGlass = mallory })
	h.put(mallory, letterlock.Admin)
	h.be(grace, "1", claims{"groups": []string{"mail"}})
	h.check("without a password", grace, proved, "")
	if got := h.roles(grace); !slices.Contains(got, letterlock.Admin) {
		t.Errorf("Grace has %v, and nobody who could come in administers", got)
	}
	h.write(func(tx *store.Tx) error {
		return tx.PutAccount(store.Account{Mailbox: letterlock.Mailbox{Address: mallory}, Roles: []letterlock.Role{letterlock.Admin}, PasswordHash: "x"})
	})
	h.check("with one", grace, proved, "")
	if got := h.roles(grace); slices.Contains(got, letterlock.Admin) {
		t.Errorf("Grace has %v, and there is another administrator", got)
	}
}

func TestAnAccountIsMadeOnlyForWhoeverMayDoSomething(t *testing.T) {
	h := newHouse(t, func(s *sso.Settings) { byGroups(s); s.Create = true })
	h.be(mallory, "1", claims{"groups": []string{"unknown"}})
	h.check("no role", "", "", sso.NoRole)
	h.be(mallory, "1", claims{"groups": []string{"mail"}, "email_verified": false})
	h.check("not verified", "", "", oidc.Unverified)
	h.be(mallory, "1", claims{"groups": []string{"mail"}, "name": "Mallory\r\nBcc: eve@elsewhere.example"})
	h.check("new", mallory, proved, "")
	h.be("omar@contoso.example", "2", claims{"groups": []string{"mail"}, "name": "Omar Haddad"})
	h.check("new", "omar@contoso.example", proved, "")
	h.write(func(tx *store.Tx) error {
		for a, want := range map[letterlock.Address]string{mallory: "", "omar@contoso.example": "Omar Haddad"} {
			if row, err := tx.Account(a); err != nil || row.Mailbox.Name != want || row.PasswordHash != "" || !slices.Equal(row.Roles, []letterlock.Role{letterlock.Sender}) {
				t.Errorf("%+v, %v; want the name %q, no password, and to send", row, err, want)
			}
		}
		return nil
	})
}

func TestTheSecondFactorIsAskedForByWhomTheSettingsSay(t *testing.T) {
	for _, tt := range []struct {
		name           string
		byProvider     bool
		more           claims
		needs, has     bool
		proof          letterlock.Proof
		why            string
		asksFactorHere bool
	}{
		{"here, none set up", false, claims{"amr": []string{"otp"}}, true, false, "sso", "", false}, // they are led to set one up
		{"here, set up", false, claims{"amr": []string{"otp"}}, true, true, "sso", "", true},
		{"by the provider, which shows it by amr", true, claims{"amr": []string{"pwd", "otp"}}, true, false, "sso factor", "", false},
		{"by the provider, which shows it by acr", true, claims{"acr": "2"}, true, false, "sso factor", "", false},
		{"by the provider, which shows it, and one here", true, claims{"acr": "2"}, true, true, "sso factor", "", false},
		{"by the provider, which shows another", true, claims{"amr": []string{"pwd"}, "acr": "1"}, true, false, "", sso.NoFactor, false},
		{"by the provider, which shows nothing", true, nil, true, false, "", sso.NoFactor, false},
		{"by the provider, which shows nothing, and one here", true, nil, true, true, "sso", "", true},
		{"by the provider, and nobody needs one", true, nil, false, false, "sso", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, func(s *sso.Settings) {
				if tt.byProvider {
					s.ByProvider, s.ACR, s.AMR = true, []string{"2"}, []string{"otp", "hwk"}
				}
				if tt.needs {
					s.FactorRoles = []letterlock.Role{letterlock.Sender}
				}
			})
			if tt.has {
				h.withFactor(ada)
			}
			h.be(ada, "4711", tt.more)
			r, why := h.signIn(sso.Ask{})
			if why != tt.why || (r.Keep != nil) != tt.asksFactorHere || r.By != nil && r.By.Proof != tt.proof {
				t.Errorf("%+v, %+v (%s)", r, r.By, why)
			}
			if r.By != nil && h.service.FactorShown(*r.By) != (tt.proof == "sso factor") {
				t.Errorf("shown: %v", h.service.FactorShown(*r.By))
			}
		})
	}
}

// withFactor gives an account a second factor of its own.
func (h *house) withFactor(a letterlock.Address) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		return tx.AddFactor(store.Factor{Kind: store.TOTP, Handle: []byte(a), Address: a, ID: letterlock.NewID(), Sealed: []byte{1}})
	})
}

// Whoever the provider calls by Ada's address, and who cannot show her second factor, must
// not leave her account to themselves, nor change what she may do.
func TestNothingIsWrittenBeforeTheSecondFactorIsShownHere(t *testing.T) {
	h := newHouse(t, byGroups)
	h.withFactor(ada)
	h.be(ada, "666", claims{"groups": []string{"it"}})
	r, why := h.signIn(sso.Ask{})
	if r.By == nil || r.Keep == nil {
		t.Fatalf("%+v (%s): this test would prove nothing", r, why)
	}
	if got := h.roles(ada); !slices.Equal(got, []letterlock.Role{letterlock.Sender}) {
		t.Errorf("Ada has %v", got)
	}
	if got := h.bindings(ada); len(got) > 0 {
		t.Errorf("her account belongs to %q", got)
	}
	if got := h.audited(); len(got) > 0 {
		t.Errorf("audit log: %q", got)
	}
	if proof, key := h.complete(ada, r.Keep); proof != "sso" || key != "" {
		t.Errorf("with the second factor: %q (%s)", proof, key)
	}
	if got, roles := h.bindings(ada), h.roles(ada); !slices.Equal(got, []string{"666"}) || !slices.Equal(roles, []letterlock.Role{letterlock.Revoker, letterlock.Admin}) {
		t.Errorf("then the account belongs to %q and has %v", got, roles)
	}
}

// complete has the second factor of an account shown, and returns the proof of the session
// or why there is none.
func (h *house) complete(a letterlock.Address, keep []byte) (proof letterlock.Proof, key string) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		var err error
		if proof, err = h.service.Complete(tx, letterlock.Actor{Kind: letterlock.Staff, Address: a}, keep); letterlock.CodeOf(err) == letterlock.Denied {
			key, err = letterlock.KeyOf(err), nil
		}
		return err
	})
	return proof, key
}

// Within ten minutes much may happen: what was kept says who came, not that they may.
func TestWhatWasKeptOfASignInIsHeldAgainstHowThingsAreNow(t *testing.T) {
	wait := func(h *house, subject string, groups ...string) []byte {
		h.be(ada, subject, claims{"groups": groups})
		r, why := h.signIn(sso.Ask{})
		if r.Keep == nil {
			t.Fatalf("%s does not wait for the second factor: %s", subject, why)
		}
		return r.Keep
	}
	for _, tt := range []struct {
		name, key string
		happens   func(*house)
		want      []string // the subjects to which the account belongs afterwards
	}{
		{"nothing", "", func(*house) {}, []string{"1"}},
		{"somebody else has shown the factor", sso.Bound, func(h *house) { h.complete(ada, wait(h, "2", "mail")) }, []string{"2"}},
		{"the account was disabled", sso.Disabled, func(h *house) {
			h.write(func(tx *store.Tx) error {
				row, err := tx.Account(ada)
				row.Disabled = h.now
				return errors.Join(err, tx.PutAccount(row))
			})
		}, nil},
		{"they are bound to another account", sso.Another, func(h *house) {
			h.write(func(tx *store.Tx) error {
				return tx.BindStaff(store.StaffBinding{Issuer: h.at.URL, Subject: "1", Account: grace})
			})
		}, nil},
	} {
		h := newHouse(t, byGroups)
		h.withFactor(ada)
		keep := wait(h, "1", "it")
		tt.happens(h)
		if proof, key := h.complete(ada, keep); key != tt.key || (proof == "") == (key == "") {
			t.Errorf("%s: %q (%s), want %s", tt.name, proof, key, tt.key)
		}
		if got := h.bindings(ada); !slices.Equal(got, tt.want) {
			t.Errorf("%s: the account belongs to %q", tt.name, got)
		}
		if refused := "sign in by single sign-on|refused|" + string(h.accountOf(tt.key)) + "|" + tt.key; tt.key != "" && !slices.Contains(h.audited(), refused) {
			t.Errorf("%s: audit log: %q", tt.name, h.audited())
		}
	}
	h := newHouse(t, byGroups)
	h.withFactor(ada)
	late := wait(h, "1", "it")
	h.complete(ada, wait(h, "1", "mail"))
	if _, key := h.complete(ada, late); key != "" || !slices.Equal(h.roles(ada), []letterlock.Role{letterlock.Sender}) {
		t.Errorf("a sign-in that waited longer gives the roles of before: %v (%s)", h.roles(ada), key)
	}
	err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := h.service.Complete(tx, letterlock.Actor{Address: grace}, late)
		return err
	})
	if err == nil {
		t.Error("what was kept for Ada signs in Grace")
	}
	err = h.db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := (*sso.Service)(nil).Complete(tx, letterlock.Actor{Address: ada}, late)
		return err
	})
	if letterlock.CodeOf(err) != letterlock.Denied {
		t.Errorf("without single sign-on: %v", err)
	}
}

// accountOf is whose account a refusal is about.
func (h *house) accountOf(key string) letterlock.Address {
	if key == sso.Another {
		return grace
	}
	return ada
}

// bindings are the subjects to which an account belongs.
func (h *house) bindings(a letterlock.Address) (list []string) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		all, err := tx.StaffBindings(a)
		for _, b := range all {
			list = append(list, b.Subject)
		}
		return err
	})
	return list
}

func TestWhatTheProviderShowedCountsNoMoreWhenItIsNotAskedForIt(t *testing.T) {
	by := letterlock.Actor{Proof: letterlock.BySSO(false, true)}
	if !(&sso.Service{Settings: sso.Settings{ByProvider: true}}).FactorShown(by) {
		t.Fatal("it does not count at all: this test would prove nothing")
	}
	if (&sso.Service{}).FactorShown(by) || (*sso.Service)(nil).FactorShown(by) {
		t.Error("the factor of the provider counts where the settings say that it is asked for here")
	}
}

// A whole house comes at nine from one network; and whoever there uses that up keeps nobody
// who is signed in from proving again who they are.
func TestANetworkIsSentToTheProviderAtMostSoOften(t *testing.T) {
	h := newHouse(t, nil)
	begin := func(a letterlock.Address) error {
		_, err := h.service.Begin(t.Context(), sso.Ask{Browser: firefox, IP: "192.0.2.1", Account: a})
		return err
	}
	check := func(name string, err error, wait time.Duration) {
		t.Helper()
		if (letterlock.CodeOf(err) == letterlock.Throttled) != (wait > 0) || wait == 0 && err != nil || letterlock.RetryAfterOf(err) != wait {
			t.Errorf("%s: %v after %v, want Throttled for %v", name, err, letterlock.RetryAfterOf(err), wait)
		}
	}
	for i := range 300 {
		if err := begin(""); err != nil {
			t.Fatalf("sign-in %d: %v", i+1, err)
		}
	}
	check("one too many", begin(""), time.Second)
	for range 30 {
		check("proving again", begin(ada), 0)
	}
	check("proving again too often", begin(ada), time.Minute)
	check("somebody else", begin(grace), 0)
	h.now = h.now.Add(time.Second)
	check("a second later", begin(""), 0)
}

func TestProvingAgainIsByTheSamePersonAndAnew(t *testing.T) {
	h := newHouse(t, nil)
	h.be(ada, "4711", nil)
	h.check("at first", ada, proved, "")
	again := sso.Ask{Account: ada, Next: "/account/security"}
	r, why := h.signIn(again)
	if why != "" || r.By.Address != ada || !r.By.Proof.Anew() || !r.Anew || r.Next != again.Next {
		t.Errorf("%+v, %+v, %s", r, r.By, why)
	}
	if last := h.at.Last(); last.Get("prompt") != "login" || last.Get("max_age") != "0" || last.Get("login_hint") != string(ada) {
		t.Errorf("the provider was asked for %v", last)
	}
	for _, tt := range []struct {
		name string
		lie  claims
		want string
	}{
		{"signed in before", claims{"auth_time": morning.Add(-time.Hour).Unix()}, oidc.NotFresh},
		{"nobody knows when", claims{"auth_time": 0}, oidc.NoSignInTime},
	} {
		h.be(ada, "4711", tt.lie)
		if _, why := h.signIn(again); why != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, why, tt.want)
		}
	}
	h.be(grace, "1", nil)
	if _, why := h.signIn(again); why != sso.Another {
		t.Errorf("somebody else: %q", why)
	}
	h.be(ada, "4711", nil)
	for _, now := range []letterlock.Address{"", grace} {
		r, err := h.service.Finish(t.Context(), firefox, h.away(again), now, letterlock.Actor{})
		if err != nil || h.came(r) != sso.Over {
			t.Errorf("in a session of %q: %+v, %v", now, r, err)
		}
	}
	if h.at.Asked("/token") == 0 {
		t.Error("nothing was asked: this test proves nothing")
	}
}

func TestAnAnswerCountsOnceInItsBrowserForTenMinutes(t *testing.T) {
	h := newHouse(t, nil)
	h.be(ada, "4711", nil)
	finish := func(browser string, back url.Values) string {
		_, err := h.service.Finish(t.Context(), browser, back, "", letterlock.Actor{})
		return letterlock.KeyOf(err)
	}
	back := h.away(sso.Ask{})
	for name, browser := range map[string]string{"another browser": "another", "no browser": ""} {
		if got := finish(browser, back); got != sso.Elsewhere {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, state := range []string{"", "x", strings.Repeat("x", 10000)} {
		if got := finish(firefox, url.Values{"state": {state}, "code": back["code"]}); got != sso.Elsewhere {
			t.Errorf("the state %.10q: %q", state, got)
		}
	}
	if got := finish(firefox, back); got != "" {
		t.Errorf("its browser: %q", got)
	}
	if got := finish(firefox, back); got != sso.Elsewhere {
		t.Errorf("again: %q", got)
	}
	late := h.away(sso.Ask{})
	h.now = h.now.Add(10 * time.Minute)
	if got := finish(firefox, late); got != sso.Elsewhere {
		t.Errorf("after ten minutes: %q", got)
	}
}

func TestWhatIsWrongWithAnAnswerLetsNobodyInAndSaysWhy(t *testing.T) {
	h := newHouse(t, nil)
	h.be(ada, "4711", nil)
	lie := func(name string, value any) func(*oidctest.Behaviour) {
		return func(b *oidctest.Behaviour) { b.Claims = func(c map[string]any) { c[name] = value } }
	}
	other := "https://elsewhere.example"
	for _, tt := range []struct {
		want string
		lie  func(*oidctest.Behaviour)
	}{
		{oidc.Nonce, lie("nonce", "another")},
		{oidc.WrongIssuer, lie("iss", other)},
		{oidc.Audience, lie("aud", "another client")},
		{oidc.Expired, lie("exp", morning.Add(-2*time.Minute).Unix())},
		{oidc.NotYet, lie("iat", morning.Add(2*time.Minute).Unix())},
		{oidc.Malformed, lie("sub", "")},
		{oidc.WrongSender, func(b *oidctest.Behaviour) { b.Answer = func(v url.Values) { v.Set("iss", other) } }},
		{oidc.Cancelled, func(b *oidctest.Behaviour) { b.Answer = func(v url.Values) { v.Set("error", "access_denied") } }},
		{oidc.Signature, func(b *oidctest.Behaviour) {
			b.Sign = func(p *oidctest.Provider, c map[string]any) string {
				s := p.Sign(c)
				return s[:len(s)-8] + "AAAAAAAA"
			}
		}},
	} {
		h.at.Set(tt.lie)
		h.check(tt.want, "", "", tt.want)
		h.at.Set(func(b *oidctest.Behaviour) { b.Claims, b.Answer, b.Sign = nil, nil, nil })
	}
	h.check("the truth", ada, proved, "")
}

func TestNothingAboutASignInIsReadableInTheDatabase(t *testing.T) {
	h := newHouse(t, nil)
	h.be(ada, "4711", claims{"email": "secret@elsewhere.example"})
	_, _ = h.signIn(sso.Ask{})
	back := h.away(sso.Ask{Next: "/sent/secret"})
	h.write(func(tx *store.Tx) error {
		for _, kind := range []store.PendingKind{store.PendingSSO, store.PendingCame} {
			key := h.service.Pepper.Hash("sso-state", back.Get("state"))
			if kind == store.PendingCame {
				key = h.service.Pepper.Hash("sso-came", firefox)
			}
			p, err := tx.Pending(kind, key)
			if err != nil {
				return err
			}
			for _, s := range []string{h.at.Last().Get("nonce"), "secret"} {
				if strings.Contains(string(p.Sealed), s) {
					t.Errorf("%s of %s is readable", s, kind)
				}
			}
		}
		return nil
	})
}

// TestATrialSaysWhatWouldFollowAndChangesNothing tries what a sign-in would have changed
// most: an account that is made, one that is bound, and one that loses its roles.
func TestATrialSaysWhatWouldFollowAndChangesNothing(t *testing.T) {
	h := newHouse(t, func(s *sso.Settings) { byGroups(s); s.Create = true })
	h.withFactor(grace)
	h.be(ada, "1", claims{"groups": []string{"mail"}})
	h.signIn(sso.Ask{Browser: firefox})
	boss := letterlock.Actor{Kind: letterlock.Staff, Address: grace, Roles: []letterlock.Role{letterlock.Admin}}
	goesOn, before := h.session(ada), h.audited()
	for _, tt := range []struct {
		name    string
		who     letterlock.Address
		subject string
		groups  []string
		want    sso.Trial
	}{
		{"who came before", ada, "1", []string{"mail"}, sso.Trial{Account: ada, Roles: []letterlock.Role{letterlock.Sender}}},
		{"who has lost all roles", ada, "1", nil, sso.Trial{Outcome: sso.Outcome{Key: sso.NoRole, Email: string(ada)}}},
		{"somebody else under the address", ada, "2", []string{"mail"}, sso.Trial{Outcome: sso.Outcome{Key: sso.Bound, Email: string(ada)}}},
		{"who has no account", "nia@contoso.example", "3", []string{"mail"}, sso.Trial{Account: "nia@contoso.example", New: true, Roles: []letterlock.Role{letterlock.Sender}}},
		{"who has a second factor", grace, "4", []string{"it"}, sso.Trial{Account: grace, Roles: []letterlock.Role{letterlock.Revoker, letterlock.Admin}, Factor: true}},
	} {
		h.be(tt.who, tt.subject, claims{"groups": tt.groups})
		to, err := h.service.Try(t.Context(), boss, firefox)
		if err != nil {
			t.Fatal(err)
		}
		r, err := h.service.Finish(t.Context(), firefox, h.at.Visit(t, to), "", letterlock.Actor{})
		if err != nil || !r.Trial || r.By != nil || r.Keep != nil {
			t.Errorf("%s: %+v %v, want nobody", tt.name, r, err)
		}
		got, was, err := h.service.Tried(t.Context(), firefox)
		if tt.want.Key == "" {
			tt.want.Email = string(tt.who)
		}
		if err != nil || !was || got.Outcome != tt.want.Outcome || got.Account != tt.want.Account || got.New != tt.want.New || got.Factor != tt.want.Factor || !slices.Equal(got.Roles, tt.want.Roles) {
			t.Errorf("%s: %+v %v, want %+v", tt.name, got, err, tt.want)
		}
	}
	if got := h.audited(); !slices.Equal(got, before) {
		t.Errorf("trials left %q", got[len(before):])
	}
	if got := h.roles(ada); !goesOn() || !slices.Equal(got, []letterlock.Role{letterlock.Sender}) || len(h.bindings(grace)) > 0 {
		t.Errorf("after the trials Ada has %v, and her session goes on: %t", got, goesOn())
	}
	if err := h.db.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.Account("nia@contoso.example"); return err }); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("a trial has made an account: %v", err)
	}
	if _, was, _ := h.service.Tried(t.Context(), "another browser"); was {
		t.Error("another browser is told")
	}
	if o, _ := h.service.Came(t.Context(), firefox); o.Key != "" {
		t.Errorf("the sign-in page is told: %+v", o)
	}
	if _, err := h.service.Try(t.Context(), letterlock.Actor{Kind: letterlock.Staff, Address: ada, Roles: []letterlock.Role{letterlock.Sender}}, firefox); !errors.Is(err, letterlock.Denied) {
		t.Errorf("whoever is no administrator tries: %v", err)
	}
}
