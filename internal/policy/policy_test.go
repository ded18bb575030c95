package policy_test

import (
	"errors"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

var settings = policy.Settings{
	Domains:       []string{"contoso.example", "xn--bcher-kva.example"},
	InlineTypes:   policy.DefaultInlineTypes,
	InlineAssured: true,
	SenderScope:   policy.SingleRecipient,
}

func TestIdentityFollowsTheDomainAlone(t *testing.T) {
	tests := map[letterlock.IdentityType][]string{
		letterlock.Organization: {"contoso.example", "xn--bcher-kva.example"},
		letterlock.MicrosoftAccount: {"outlook.com", "outlook.de", "outlook.com.br", "hotmail.com", "hotmail.co.uk", "hotmail.fr",
			"live.nl", "live.com", "live.co.za", "msn.com", "passport.com"},
		letterlock.Google: {"gmail.com", "googlemail.com"},
		letterlock.Yahoo:  {"yahoo.com", "yahoo.co.jp", "yahoo.ne.jp", "yahoo.com.au", "yahoo.de", "ymail.com", "rocketmail.com", "myyahoo.com"},
		letterlock.Other: {
			"quillfeather.example", "sub.contoso.example", "contoso.example.com", "notcontoso.example", "example",
			"outlook.evil.example", "outlook.co.evil", "outlook.co.com", "outlook.info", "live.example", "hotmail.evil.uk",
			"mail.outlook.com", "outlook.com.evil.example", "xoutlook.com", "outlook-com.de", "com.outlook",
			"gmail.de", "gmail.co.uk", "mail.gmail.com", "gmail.com.evil.example", "msn.de", "passport.de", "ymail.de",
			"yahoo.co.uk.evil.example", "outlook", "co.uk", "",
		},
	}
	for want, domains := range tests {
		for _, d := range domains {
			a := letterlock.Address("ada@" + d)
			if got := settings.Identity(a); got != want {
				t.Errorf("Identity(%q) = %q, want %q", a, got, want)
			}
		}
	}
	// The local part has no say in it, however much it looks like an address.
	if got := settings.Identity(`"x@contoso.example"@quillfeather.example`); got != letterlock.Other {
		t.Errorf("an organisation's address in quotes is %q, want other", got)
	}
}

func TestOwnDomainsComeBeforeProviders(t *testing.T) {
	s := policy.Settings{Domains: []string{"gmail.com"}}
	if got := s.Identity("ada@gmail.com"); got != letterlock.Organization {
		t.Errorf("Identity = %q, want the organisation's own", got)
	}
}

func TestRecipientGetsTheLinkWhereverInlineIsNotCertain(t *testing.T) {
	unassured, allLinks := settings, settings
	unassured.InlineAssured = false
	allLinks.InlineTypes = nil
	tests := []struct {
		name       string
		settings   policy.Settings
		to         letterlock.Address
		protection letterlock.Protection
		portal     bool
		want       letterlock.Experience
		why        string
	}{
		{"own", settings, "b@contoso.example", "", false, letterlock.Inline, policy.WhyOrganization},
		{"own, everybody in the portal", settings, "b@contoso.example", "", true, letterlock.Inline, policy.WhyOrganization},
		{"own, do not forward", settings, "b@contoso.example", letterlock.DoNotForward, false, letterlock.Inline, policy.WhyOrganization},
		{"own, no TLS beyond the relay", unassured, "b@contoso.example", "", false, letterlock.Inline, policy.WhyOrganization},
		{"own, no inline types", allLinks, "b@contoso.example", "", false, letterlock.Link, policy.WhyPortal},
		{"Microsoft", settings, "b@outlook.com", letterlock.EncryptOnly, false, letterlock.Inline, policy.WhyInlineType},
		{"Microsoft, everybody in the portal", settings, "b@outlook.com", "", true, letterlock.Link, policy.WhyForced},
		{"Microsoft, do not forward", settings, "b@outlook.com", letterlock.DoNotForward, false, letterlock.Link, policy.WhyDoNotForward},
		{"Microsoft, no TLS", unassured, "b@outlook.com", "", false, letterlock.Link, policy.WhyNoTLS},
		{"Microsoft, no inline types", allLinks, "b@outlook.com", "", false, letterlock.Link, policy.WhyPortal},
		{"Google", settings, "b@gmail.com", "", false, letterlock.Link, policy.WhyPortal},
		{"Yahoo", settings, "b@yahoo.de", "", false, letterlock.Link, policy.WhyPortal},
		{"other", settings, "b@quillfeather.example", "", false, letterlock.Link, policy.WhyPortal},
		{"other, everybody in the portal", settings, "b@quillfeather.example", "", true, letterlock.Link, policy.WhyPortal},
		{"under the own domain", settings, "b@sub.contoso.example", "", false, letterlock.Link, policy.WhyPortal},
		{"zero settings", policy.Settings{}, "b@outlook.com", "", false, letterlock.Link, policy.WhyPortal},
	}
	for _, tt := range tests {
		v := tt.settings.Recipient(tt.to, policy.Way{Protection: tt.protection, Portal: tt.portal})
		if v.Experience != tt.want || v.Why != tt.why || v.Address != tt.to {
			t.Errorf("%s: %+v, want %q because %q", tt.name, v, tt.want, tt.why)
		}
	}
}

func TestProtectTakesTheStrictestWish(t *testing.T) {
	const eo, dnf = letterlock.EncryptOnly, letterlock.DoNotForward
	tests := []struct {
		name       string
		in         policy.Request
		protection letterlock.Protection
		method     letterlock.Method
		by         string
		subject    string
	}{
		{"nothing said", policy.Request{Subject: "Hi"}, eo, letterlock.ByPolicy, "submission default", "Hi"},
		{"Compose", policy.Request{Asked: dnf}, dnf, letterlock.ByUser, "Compose", ""},
		{"header", policy.Request{Headers: 1, Header: " Do-Not-Forward "}, dnf, letterlock.ByUser, "X-Letterlock-Protection header", ""},
		{"header raises Compose", policy.Request{Asked: eo, Headers: 1, Header: "do-not-forward"}, dnf, letterlock.ByUser, "X-Letterlock-Protection header", ""},
		{"header does not lower Compose", policy.Request{Asked: dnf, Headers: 1, Header: "encrypt-only"}, dnf, letterlock.ByUser, "Compose", ""},
		{"tag", policy.Request{Subject: "[Encrypt] Offer"}, eo, letterlock.ByUser, "subject tag [encrypt]", "Offer"},
		{"tag inside", policy.Request{Subject: "Re: [SECURE] Offer "}, eo, letterlock.ByUser, "subject tag [secure]", "Re: Offer"},
		{"tag at the end", policy.Request{Subject: "Offer [secure]"}, eo, letterlock.ByUser, "subject tag [secure]", "Offer"},
		{"tag alone", policy.Request{Subject: "[encrypt]"}, eo, letterlock.ByUser, "subject tag [encrypt]", ""},
		{"tag beside other scripts", policy.Request{Subject: "İstanbul [encrypt] 東京"}, eo, letterlock.ByUser, "subject tag [encrypt]", "İstanbul 東京"},
		{"tag in a subject that is not UTF-8", policy.Request{Subject: "a\xff [encrypt] b"}, eo, letterlock.ByUser, "subject tag [encrypt]", "a\xff b"},
		{"tag does not lower", policy.Request{Asked: dnf, Subject: "[encrypt] Offer"}, dnf, letterlock.ByUser, "Compose", "Offer"},
		{"no tag", policy.Request{Subject: "(encrypt) [ encrypt ] [encrypted]"}, eo, letterlock.ByPolicy, "submission default", "(encrypt) [ encrypt ] [encrypted]"},
		{"sensitivity", policy.Request{Sensitivity: " company-confidential"}, eo, letterlock.ByUser, "Sensitivity header", ""},
		{"other sensitivity", policy.Request{Sensitivity: "Personal"}, eo, letterlock.ByPolicy, "submission default", ""},
		{"sensitivity does not lower", policy.Request{Headers: 1, Header: "do-not-forward", Sensitivity: "Company-Confidential"}, dnf, letterlock.ByUser, "X-Letterlock-Protection header", ""},
	}
	for _, tt := range tests {
		d, err := policy.Protect(tt.in)
		want := policy.Decision{Protection: tt.protection, Method: tt.method, DecidedBy: tt.by, Subject: tt.subject}
		if err != nil || d != want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, d, err, want)
		}
	}
}

func TestProtectRefusesWhatWouldLeaveOpenOrIsUnclear(t *testing.T) {
	tests := []struct {
		name string
		in   policy.Request
		want letterlock.Code
		key  string
	}{
		{"none", policy.Request{Headers: 1, Header: "none"}, letterlock.Denied, "unprotected"},
		{"none in capitals", policy.Request{Headers: 1, Header: "\tNONE "}, letterlock.Denied, "unprotected"},
		{"none against Compose", policy.Request{Asked: letterlock.DoNotForward, Headers: 1, Header: "none"}, letterlock.Denied, "unprotected"},
		{"empty header", policy.Request{Headers: 1}, letterlock.Invalid, "protection"},
		{"unknown word", policy.Request{Headers: 1, Header: "encrypt"}, letterlock.Invalid, "protection"},
		{"two words", policy.Request{Headers: 1, Header: "encrypt-only, none"}, letterlock.Invalid, "protection"},
		{"two headers", policy.Request{Headers: 2, Header: "encrypt-only"}, letterlock.Invalid, "protection"},
		{"unknown word in Compose", policy.Request{Asked: "none"}, letterlock.Invalid, "protection"},
	}
	for _, tt := range tests {
		if d, err := policy.Protect(tt.in); !errors.Is(err, tt.want) || letterlock.KeyOf(err) != tt.key || d != (policy.Decision{}) {
			t.Errorf("%s: %+v, %v; want %v %q", tt.name, d, err, tt.want, tt.key)
		}
	}
}

func TestAMailOfTheGatewayIsOpenOnlyIfNothingAsksForMore(t *testing.T) {
	const eo, dnf, header, usual = letterlock.EncryptOnly, letterlock.DoNotForward, "X-Letterlock-Protection header", "gateway default"
	tests := []struct {
		name       string
		in         policy.Request
		protection letterlock.Protection
		by         string
	}{
		{"nothing said", policy.Request{}, "", usual},
		{"nothing said, encrypt-only", policy.Request{Default: eo}, eo, usual},
		{"nothing said, do-not-forward", policy.Request{Default: dnf}, dnf, usual},
		{"none", policy.Request{Headers: 1, Header: " None"}, "", header},
		{"none against the default", policy.Request{Headers: 1, Header: "none", Default: dnf}, "", header},
		{"none and a tag", policy.Request{Headers: 1, Header: "none", Default: dnf, Subject: "[secure] Hi"}, eo, "subject tag [secure]"},
		{"none and a sensitivity", policy.Request{Headers: 1, Header: "none", Sensitivity: "Company-Confidential"}, eo, "Sensitivity header"},
		{"none and an end", policy.Request{Headers: 1, Header: "none", Needs: "X-Letterlock-Expires"}, eo, "X-Letterlock-Expires header"},
		{"header", policy.Request{Headers: 1, Header: "do-not-forward"}, dnf, header},
		{"header below the default", policy.Request{Headers: 1, Header: "encrypt-only", Default: dnf}, eo, header},
		{"tag", policy.Request{Subject: "[encrypt] Hi"}, eo, "subject tag [encrypt]"},
		{"tag under a default", policy.Request{Subject: "[encrypt] Hi", Default: dnf}, dnf, "subject tag [encrypt]"},
		{"tag and header", policy.Request{Subject: "[encrypt] Hi", Headers: 1, Header: "encrypt-only", Default: dnf}, eo, header},
		{"sensitivity", policy.Request{Sensitivity: "company-confidential"}, eo, "Sensitivity header"},
		{"an end", policy.Request{Needs: "X-Letterlock-Expires"}, eo, "X-Letterlock-Expires header"},
	}
	for _, tt := range tests {
		tt.in.Gateway = true
		d, err := policy.Protect(tt.in)
		if err != nil || d.Protection != tt.protection || d.DecidedBy != tt.by {
			t.Errorf("%s: %+v, %v; want %q by %q", tt.name, d, err, tt.protection, tt.by)
		}
		opened, want := d.Opened("rule r"), d
		if d.DecidedBy == usual {
			want.Protection, want.DecidedBy = "", "rule r"
		}
		if opened != want {
			t.Errorf("%s, and a rule that lets it go: %+v, want %+v", tt.name, opened, want)
		}
		if floor := opened.AtLeast(eo, "rule s"); floor.Protection == "" {
			t.Errorf("%s, and a rule that asks for protection: %+v", tt.name, floor)
		}
	}
	for _, r := range []policy.Request{{Headers: 1, Header: "x"}, {Headers: 2, Header: "none"}, {Headers: 1}} {
		r.Gateway = true
		if d, err := policy.Protect(r); !errors.Is(err, letterlock.Invalid) {
			t.Errorf("%+v: %+v, %v; want it refused", r, d, err)
		}
	}
}

func TestNothingButAnErrorYieldsNoProtection(t *testing.T) {
	asked := []letterlock.Protection{"", letterlock.EncryptOnly, letterlock.DoNotForward, "none", "Do-Not-Forward", "x"}
	headers := []string{"", "encrypt-only", "do-not-forward", "none", "NONE", "x", "none;encrypt-only"}
	subjects := []string{"", "[encrypt]", "[secure] a [encrypt] b", "[none] a", "a\xff[encrypt]"}
	for _, a := range asked {
		for _, h := range headers {
			for n := range 3 {
				for _, s := range subjects {
					for _, sensitivity := range []string{"", "Company-Confidential"} {
						r := policy.Request{Asked: a, Header: h, Headers: n, Subject: s, Sensitivity: sensitivity}
						checkProtected(t, r)
					}
				}
			}
		}
	}
}

func checkProtected(t *testing.T, r policy.Request) {
	t.Helper()
	d, err := policy.Protect(r)
	if err != nil {
		return
	}
	if d.Protection != letterlock.EncryptOnly && d.Protection != letterlock.DoNotForward {
		t.Errorf("Protect(%+v) = %+v, which is no protection", r, d)
	}
	forbids := r.Asked == letterlock.DoNotForward || r.Headers == 1 && r.Header == "do-not-forward"
	if forbids != (d.Protection == letterlock.DoNotForward) {
		t.Errorf("Protect(%+v) = %+v, not the strictest wish", r, d)
	}
	if d.Method == "" || d.DecidedBy == "" {
		t.Errorf("Protect(%+v) = %+v, which does not say what decided", r, d)
	}
}

func FuzzProtect(f *testing.F) {
	f.Add("", "none", 1, "[encrypt]", "")
	f.Add("do-not-forward", "encrypt-only", 1, "a [SECURE] b", "Company-Confidential")
	f.Add("none", "", 0, "\xff[encrypt]", "x")
	f.Fuzz(func(t *testing.T, asked, header string, headers int, subject, sensitivity string) {
		if header == "do-not-forward" || asked == string(letterlock.DoNotForward) {
			t.Skip() // spelled exactly, the table covers them
		}
		d, err := policy.Protect(policy.Request{
			Asked: letterlock.Protection(asked), Header: header, Headers: headers, Subject: subject, Sensitivity: sensitivity,
		})
		if err == nil && d.Protection != letterlock.EncryptOnly && d.Protection != letterlock.DoNotForward {
			t.Errorf("no protection and no error: %+v", d)
		}
		if len(d.Subject) > len(subject) {
			t.Errorf("subject %q grew to %q", subject, d.Subject)
		}
	})
}

func TestAMailAsksForAProofByOneField(t *testing.T) {
	for _, tt := range []struct {
		name, chosen, header string
		headers              int
		want                 letterlock.Demand
		refused              bool
	}{
		{"nothing", "", "", 0, letterlock.NoDemand, false},
		{"by Compose", "passcode", "", 0, letterlock.FreshPasscode, false},
		{"by the mail", "", " Passcode ", 1, letterlock.FreshPasscode, false},
		{"a provider", "", "OpenID", 1, letterlock.ByProvider, false},
		{"what rules make together", "", "openid+passcode", 1, "", true},
		{"something else by Compose", "blood", "", 0, "", true},
		{"something else by the mail", "", "blood", 1, "", true},
		{"an empty field", "", "", 1, "", true},
		{"two fields", "", "passcode", 2, "", true},
	} {
		got, err := policy.Asks(letterlock.Demand(tt.chosen), tt.header, tt.headers)
		if got != tt.want || tt.refused != (letterlock.KeyOf(err) == "proof") {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}
