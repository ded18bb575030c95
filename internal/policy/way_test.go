package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

// kinds are addresses of every identity type, and what is known of their domains. The
// last are of no type of their own: the DNS said something else, or nothing.
var kinds = []struct {
	name    string
	address letterlock.Address
	hosting policy.Hosting
	want    letterlock.IdentityType
}{
	{"organization", "b@contoso.example", policy.NotLookedUp, letterlock.Organization},
	{"organization at Microsoft", "b@contoso.example", policy.AtMicrosoft365, letterlock.Organization},
	{"work", "b@work.example", policy.AtMicrosoft365, letterlock.Microsoft365},
	{"work, IDN", "b@xn--mnchen-3ya.example", policy.AtMicrosoft365, letterlock.Microsoft365},
	{"outlook", "b@outlook.com", policy.NotLookedUp, letterlock.MicrosoftAccount},
	{"google", "b@gmail.com", policy.NotLookedUp, letterlock.Google},
	{"google, says the DNS Microsoft", "b@gmail.com", policy.AtMicrosoft365, letterlock.Google},
	{"yahoo", "b@yahoo.co.jp", policy.NotLookedUp, letterlock.Yahoo},
	{"other", "b@there.example", policy.Elsewhere, letterlock.Other},
	{"filtered", "b@there.example", policy.PartlyThere, letterlock.Other},
	{"no mail", "b@there.example", policy.NoMail, letterlock.Other},
	{"DNS down", "b@there.example", policy.NoAnswer, letterlock.Other},
	{"not looked up", "b@there.example", policy.NotLookedUp, letterlock.Other},
}

// ways are settings and what a message wants. want says of each kind, in order, what
// it gets and why, in letters: see letters.
var ways = []struct {
	name     string
	settings func(s *policy.Settings)
	way      policy.Way
	want     string
}{
	//                                                       organization  work        outlook  google  yahoo  others
	{"default", func(*policy.Settings) {}, policy.Way{}, "O O T T T p p p p p p ? p"},
	{"REQUIRETLS", func(s *policy.Settings) { s.InlineAssured = false }, policy.Way{Assured: true}, "O O T T T p p p p p p ? p"},
	{"no TLS", func(s *policy.Settings) { s.InlineAssured = false }, policy.Way{}, "O O t t t p p p p p p ? p"},
	{"everyone in the portal", func(*policy.Settings) {}, policy.Way{Portal: true}, "O O f f f p p p p p p ? p"},
	{"do not forward", func(*policy.Settings) {}, policy.Way{Protection: letterlock.DoNotForward}, "O O d d d p p p p p p ? p"},
	{"promised", func(*policy.Settings) {}, policy.Way{Promised: true}, "O O k k k p p p p p p ? p"},
	{"the organisation alone inline", func(s *policy.Settings) { s.InlineTypes = []letterlock.IdentityType{letterlock.Organization} }, policy.Way{},
		"O O p p p p p p p p p p p"},
	{"nobody inline", func(s *policy.Settings) { s.InlineTypes = nil }, policy.Way{}, "p p p p p p p p p p p p p"},
	{"everybody inline", func(s *policy.Settings) {
		s.InlineTypes = []letterlock.IdentityType{letterlock.Organization, letterlock.Microsoft365, letterlock.MicrosoftAccount, letterlock.Google, letterlock.Yahoo, letterlock.Other}
	}, policy.Way{}, "O O T T T T T T T T T T T"},
	{"everybody inline, do not forward", func(s *policy.Settings) {
		s.InlineTypes = []letterlock.IdentityType{letterlock.Organization, letterlock.Microsoft365, letterlock.MicrosoftAccount, letterlock.Google, letterlock.Yahoo, letterlock.Other}
	}, policy.Way{Protection: letterlock.DoNotForward}, "O O d d d d d d d d d d d"},
	{"exceptions for a link", func(s *policy.Settings) { s.LinkDomains = []string{"work.example", "outlook.com", "gmail.com"} }, policy.Way{},
		"O O l T l l l p p p p ? p"},
	{"exceptions for inline", func(s *policy.Settings) { s.InlineDomains = []string{"there.example", "gmail.com"} }, policy.Way{},
		"O O T T T D D p D D D D D"},
	{"exceptions for inline, no TLS", func(s *policy.Settings) {
		s.InlineDomains, s.InlineAssured = []string{"there.example", "gmail.com"}, false
	}, policy.Way{}, "O O t t t t t p t t t t t"},
	{"exceptions for inline, do not forward", func(s *policy.Settings) { s.InlineDomains = []string{"there.example", "gmail.com"} },
		policy.Way{Protection: letterlock.DoNotForward}, "O O d d d d d p d d d d d"},
	{"exceptions for inline, everyone in the portal", func(s *policy.Settings) { s.InlineDomains = []string{"there.example"} },
		policy.Way{Portal: true}, "O O f f f p p p f f f f f"},
	{"exceptions under another domain", func(s *policy.Settings) { s.InlineDomains, s.LinkDomains = []string{"example"}, []string{"com"} }, policy.Way{},
		"O O T T T p p p p p p ? p"},
}

// letters stand for the reasons; capitals are inline.
var letters = map[string]string{
	policy.WhyOrganization: "O", policy.WhyInlineType: "T", policy.WhyInlineDomain: "D", policy.WhyPortal: "p", policy.WhyLinkDomain: "l",
	policy.WhyForced: "f", policy.WhyPromised: "k", policy.WhyDoNotForward: "d", policy.WhyNoTLS: "t", policy.WhyNoAnswer: "?",
}

func TestEachIdentityTypeByEachSetting(t *testing.T) {
	for _, w := range ways {
		s := settings
		w.settings(&s)
		var got []string
		for _, k := range kinds {
			way := w.way
			way.Hosting = k.hosting
			v := s.Recipient(k.address, way)
			letter := letters[v.Why]
			got = append(got, letter)
			if v.Identity != k.want || v.Address != k.address {
				t.Errorf("%s, %s: %+v, want the type %s", w.name, k.name, v, k.want)
			}
			inline := v.Experience == letterlock.Inline
			if inline != (letter == strings.ToUpper(letter) && letter != "?") {
				t.Errorf("%s, %s: %+v contradicts itself", w.name, k.name, v)
			}
			if outside := k.want != letterlock.Organization; inline && outside && (w.way.Portal || w.way.Protection == letterlock.DoNotForward || !s.InlineAssured && !way.Assured) {
				t.Errorf("%s, %s: %+v leaves for good", w.name, k.name, v)
			}
			if !strings.HasPrefix(v.Reason(), map[bool]string{true: "receives the message itself, ", false: "reads in the portal, "}[inline]) {
				t.Errorf("%s, %s: the reason is %q", w.name, k.name, v.Reason())
			}
		}
		if fmt.Sprint(got) != "["+w.want+"]" {
			t.Errorf("%s: %v\nwant %s%s", w.name, got, strings.Repeat(" ", len(w.name)), w.want)
		}
	}
}

// Postfix and others send what is for such an address of their own on to the other mailbox.
func TestAnAddressThatMayLeadElsewhereGetsALinkWhateverTheSettings(t *testing.T) {
	for _, a := range []letterlock.Address{"nora%gmail.com@contoso.example", "gmail.com!nora@contoso.example", `"nora@gmail.com"@contoso.example`,
		"nora%gmail.com@work.example", "nora%gmail.com@outlook.com"} {
		if _, err := letterlock.ParseAddress(string(a)); err != nil {
			t.Logf("%s cannot be written: %v", a, err)
		}
		for _, w := range ways {
			s := settings
			w.settings(&s)
			way := w.way
			way.Hosting = policy.AtMicrosoft365
			if v := s.Recipient(a, way); v.Experience != letterlock.Link || v.Why != policy.WhyRouted || v.Identity != letterlock.Other {
				t.Errorf("%s, %s: %+v", w.name, a, v)
			}
		}
		if list := settings.ToLookUp([]letterlock.Address{a}); len(list) > 0 {
			t.Errorf("%s: %q are looked up", a, list)
		}
	}
}

func TestOnlyWhatTheNameDoesNotSayIsLookedUp(t *testing.T) {
	got := settings.ToLookUp([]letterlock.Address{"a@contoso.example", "b@outlook.com", "c@work.example", "d@gmail.com", "e@work.example", "f@there.example", "g@yahoo.de"})
	if !slices.Equal(got, []string{"work.example", "there.example"}) {
		t.Errorf("ToLookUp = %q", got)
	}
}

func TestAMailWantsEverybodyInThePortalByOneField(t *testing.T) {
	for _, tt := range []struct {
		name, header string
		headers      int
		want         bool
		refused      bool
	}{
		{"nothing", "", 0, false, false},
		{"yes", " Yes ", 1, true, false},
		{"no", "no", 1, false, false},
		{"true", "true", 1, false, true},
		{"empty", "", 1, false, true},
		{"two words", "yes, no", 1, false, true},
		{"a look-alike", "yeſ", 1, false, true},
		{"two fields", "yes", 2, false, true},
		{"two fields that say no", "no", 2, false, true},
	} {
		got, err := policy.ForcesPortal(tt.header, tt.headers)
		if got != tt.want || tt.refused != (errors.Is(err, letterlock.Invalid) && letterlock.KeyOf(err) == "portal") {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}

func FuzzHostingOf(f *testing.F) {
	for _, s := range []string{"a.mail.protection.outlook.com", "a.mx.microsoft.", ".mx.microsoft", "mx.microsoft", "a.mail.protection.outlook.com.evil.example", "a.mail.protection.outloo\u212a.com", "a..mx.microsoft", `a\.mx.microsoft`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		h := policy.HostingOf([]string{host})
		if h == policy.AtMicrosoft365 {
			labels := strings.Split(strings.ToLower(strings.TrimSuffix(host, ".")), ".")
			n := len(labels)
			if strings.Contains(host, `\`) || n < 3 || !(labels[n-2] == "mx" && labels[n-1] == "microsoft") && (n < 5 || strings.Join(labels[n-4:], ".") != "mail.protection.outlook.com") {
				t.Errorf("%q is taken for Microsoft's", host)
			}
		}
		if both := policy.HostingOf([]string{host, "mx.there.example."}); both == policy.AtMicrosoft365 {
			t.Errorf("%q beside somebody else's is all Microsoft's", host)
		}
	})
}
