package intake_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/brand"
	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
)

func TestNobodyIsSentWhatTheyCouldNeverOpen(t *testing.T) {
	mail := simple("<1@contoso.example>", "Hi")
	asking := "X-Letterlock-Proof: openid\r\n" + mail
	byRule := []rule.Rule{then("partners", rule.Actions{Asks: letterlock.ByProvider})}
	const jonas, nora = letterlock.Address("jonas@riverside.example"), letterlock.Address("nora@contoso.example")
	for _, tt := range []struct {
		name    string
		mail    string
		rules   []rule.Rule
		social  bool // the brand wants providers
		to      []letterlock.Address
		without []letterlock.Address
	}{
		{"a passcode is enough", mail, nil, true, []letterlock.Address{marta, jonas}, nil},
		{"a provider vouches", asking, nil, true, []letterlock.Address{marta}, nil},
		{"none does", asking, nil, true, []letterlock.Address{marta, jonas}, []letterlock.Address{jonas}},
		{"a rule asks", mail, byRule, true, []letterlock.Address{jonas, marta}, []letterlock.Address{jonas}},
		{"one of the organisation", asking, nil, true, []letterlock.Address{marta, nora}, nil},
		{"the brand wants none", asking, nil, false, []letterlock.Address{marta}, []letterlock.Address{marta}},
	} {
		h := newHouse(t, eml.Limits{})
		h.intake.Vouched = func(a letterlock.Address) bool { return a == marta }
		h.intake.BrandNamed = func(string) (brand.Choice, bool) { return brand.Choice{Use: brand.Use{NoSocial: !tt.social}}, true }
		h.rules(tt.rules...)
		before := h.rows()
		_, err := h.accept(ada, to(tt.to...), tt.mail)
		trial, tryErr := h.intake.Try(t.Context(), olga, ada, to(tt.to...), strings.NewReader(tt.mail), int64(len(tt.mail)))
		for what, err := range map[string]error{"sending": err, "trying": errors.Join(tryErr, trial.Err)} {
			var without *intake.Unprovable
			if errors.As(err, &without) != (tt.without != nil) || without != nil && !slices.Equal(without.To, tt.without) || (err == nil) != (tt.without == nil) {
				t.Errorf("%s, %s: %v; want %v named", tt.name, what, err, tt.without)
			}
		}
		if tt.without != nil {
			h.checkNothingNew(tt.name, before)
		}
	}
}

// A relay that splits an envelope must not let through one by one what is refused as a whole.
func TestARetryAddsNobodyWhoCouldNeverOpenIt(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.intake.Vouched = func(a letterlock.Address) bool { return a == marta }
	asking := "X-Letterlock-Proof: openid\r\n" + simple("<1@contoso.example>", "Hi")
	h.mustAccept(ada, to(marta), asking)
	var without *intake.Unprovable
	if _, err := h.accept(ada, to("jonas@riverside.example"), asking); !errors.As(err, &without) {
		t.Errorf("adding one by a retry: %v", err)
	}
}

func TestARuleAddsToWhatTheSenderAsksFor(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.intake.Vouched = func(letterlock.Address) bool { return true }
	h.rules(then("fresh", rule.Actions{Asks: letterlock.FreshPasscode}))
	m, _ := h.message(h.mustAccept(ada, to(marta), "X-Letterlock-Proof: openid\r\n"+simple("<1@contoso.example>", "Hi")).ID)
	if m.Asks != "openid+passcode" || !m.Portal {
		t.Errorf("it asks for %q, in the portal: %v", m.Asks, m.Portal)
	}
	h.rules(then("fresh", rule.Actions{Asks: letterlock.FreshPasscode}), then("provider", rule.Actions{Asks: letterlock.ByProvider}))
	m, _ = h.message(h.mustAccept(ada, to(marta), simple("<2@contoso.example>", "Hi")).ID)
	if m.Asks != "openid+passcode" {
		t.Errorf("two rules ask for %q", m.Asks)
	}
}
