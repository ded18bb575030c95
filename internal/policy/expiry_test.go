package policy_test

import (
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	week, ever := letterlock.Span(7*24*time.Hour), letterlock.Span(0)
	header := func(s string) policy.Wish { return policy.Wish{Header: s, Headers: 1} }
	tests := []struct {
		name    string
		setting *letterlock.Span
		wish    policy.Wish
		want    string // RFC 3339; empty: never; "-": Invalid
	}{
		{"nothing said", nil, policy.Wish{}, ""},
		{"setting", &week, policy.Wish{}, "2026-11-27T10:00:00Z"},
		{"setting for ever", &ever, policy.Wish{}, ""},
		{"brand over the setting", &week, policy.Wish{Brand: letterlock.Span(time.Hour)}, "2026-11-20T11:00:00Z"},
		{"brand and no setting", nil, policy.Wish{Brand: letterlock.Span(time.Hour)}, "2026-11-20T11:00:00Z"},
		{"Compose over the brand", nil, policy.Wish{Compose: true, Brand: letterlock.Span(time.Hour)}, ""},
		{"header over the brand", nil, policy.Wish{Header: "12h", Headers: 1, Brand: letterlock.Span(time.Hour)}, "2026-11-20T22:00:00Z"},
		{"Compose over the setting", &week, policy.Wish{Compose: true}, ""},
		{"Compose", nil, policy.Wish{Compose: true, Chosen: now.Add(time.Hour)}, "2026-11-20T11:00:00Z"},
		{"Compose in the past", nil, policy.Wish{Compose: true, Chosen: now}, "-"},
		{"a header in Compose", nil, policy.Wish{Compose: true, Header: "rubbish", Headers: 1}, ""},
		{"header over the setting", &week, header("never"), ""},
		{"span", &week, header(" 12h "), "2026-11-20T22:00:00Z"},
		{"span in capitals", nil, header("7D"), "2026-11-27T10:00:00Z"},
		{"span of nothing", nil, header("0m"), "-"},
		{"for ever as a span", nil, header("0"), ""},
		{"moment", nil, header("2026-12-24T18:00:00+01:00"), "2026-12-24T17:00:00Z"},
		{"moment with parts of a second", nil, header("2026-12-24T18:00:00.9Z"), "2026-12-24T18:00:00Z"},
		{"moment that is over", nil, header("2026-11-20T10:00:00Z"), "-"},
		{"moment without a zone", nil, header("2026-12-24T18:00:00"), "-"},
		{"moment at the beginning of time", nil, header("0001-01-01T00:00:00Z"), "-"},
		{"date alone", nil, header("2026-12-24"), "-"},
		{"moment too far away", nil, header("2036-11-22T10:00:00Z"), "-"},
		{"empty", nil, header(""), "-"},
		{"rubbish", &week, header("tomorrow"), "-"},
		{"two of them", nil, policy.Wish{Header: "7d", Headers: 2}, "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := policy.Settings{Expiry: tt.setting}.Expires(tt.wish, now)
			if tt.want == "-" {
				if !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "expires" {
					t.Errorf("Expires = %v, %v; want Invalid", got, err)
				}
				return
			}
			text := ""
			if !got.IsZero() {
				text = got.Format(time.RFC3339)
			}
			if err != nil || text != tt.want {
				t.Errorf("Expires = %v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestWhoMayChangeTheExpiry(t *testing.T) {
	staff := func(a letterlock.Address, roles ...letterlock.Role) letterlock.Actor {
		return letterlock.Actor{Kind: letterlock.Staff, Address: a, Roles: roles}
	}
	m := letterlock.Message{Sender: letterlock.Mailbox{Address: "ada@contoso.example"}}
	links := []letterlock.Recipient{{Experience: letterlock.Link}, {Experience: letterlock.Link}}
	inline := []letterlock.Recipient{{Experience: letterlock.Inline}}
	destroyed := m
	destroyed.Destroyed = true
	sender := staff("ada@contoso.example", letterlock.Sender)
	tests := []struct {
		name string
		by   letterlock.Actor
		m    letterlock.Message
		all  []letterlock.Recipient
		want error
		key  string
	}{
		{"sender of several", sender, m, links, nil, ""},
		{"revoker", staff("rita@contoso.example", letterlock.Revoker), m, links, nil, ""},
		{"operator", letterlock.Actor{Kind: letterlock.Operator}, m, links, nil, ""},
		{"auditor", staff("audit@contoso.example", letterlock.Auditor), m, links, letterlock.Denied, "role"},
		{"another sender", staff("eve@contoso.example", letterlock.Sender), m, links, letterlock.NotFound, ""},
		{"recipient", letterlock.Actor{Kind: letterlock.Reader, Address: "ada@contoso.example"}, m, links, letterlock.NotFound, ""},
		{"nobody", letterlock.Actor{}, m, links, letterlock.NotFound, ""},
		{"nobody with a link", sender, m, inline, letterlock.Denied, "inline"},
		{"destroyed", sender, destroyed, links, letterlock.NotFound, ""},
	}
	for _, tt := range tests {
		err := policy.Settings{SenderScope: policy.SingleRecipient}.MayExpire(tt.by, tt.m, tt.all)
		if !errors.Is(err, tt.want) || letterlock.KeyOf(err) != tt.key {
			t.Errorf("%s: %v, want %v %q", tt.name, err, tt.want, tt.key)
		}
	}
}

func TestARuleBoundsTheEndForAllButAdministrators(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	in := func(days int) time.Time { return now.AddDate(0, 0, days) }
	never := time.Time{}
	revoker := staff("rita@contoso.example", letterlock.Revoker)
	tests := []struct {
		name         string
		by           letterlock.Actor
		rule, is, to time.Time
		want         time.Time // the latest that is named in the refusal; zero: allowed
	}{
		{"no rule", ada, never, in(7), never, time.Time{}},
		{"earlier", ada, in(7), in(7), in(2), time.Time{}},
		{"as late as it may be", ada, in(7), in(2), in(7), time.Time{}},
		{"a second too late", ada, in(7), in(2), in(7).Add(time.Second), in(7)},
		{"never", ada, in(7), in(7), never, in(7)},
		{"by a revoker", revoker, in(7), in(7), in(8), in(7)},
		{"by an administrator", admin, in(7), in(7), never, time.Time{}},
		{"by an administrator of what they sent", adaAdmin, in(7), in(7), never, time.Time{}},
		{"by an operator", operator, in(7), in(7), never, time.Time{}},
		{"shorter than an administrator has set it", ada, in(7), in(30), in(20), time.Time{}},
		{"longer than an administrator has set it", ada, in(7), in(30), in(31), in(30)},
		{"after an administrator has lifted it", ada, in(7), never, in(20), time.Time{}},
	}
	for _, tt := range tests {
		m := letterlock.Message{Expires: tt.is, LatestEnd: tt.rule}
		err := policy.CheckRuled(tt.by, m, tt.to)
		var past *letterlock.PastRule
		if errors.As(err, &past) != !tt.want.IsZero() || past != nil && !past.Latest.Equal(tt.want) {
			t.Errorf("%s: %v %+v, want %v named", tt.name, err, past, tt.want)
		}
		if past != nil && (!errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != letterlock.RuleEnd) {
			t.Errorf("%s: %v, want Denied", tt.name, err)
		}
	}
	m := letterlock.Message{Expires: in(2), LatestEnd: in(7)}
	if err := policy.MayEndLater(ada, m, in(7).Add(-time.Second)); err != nil {
		t.Errorf("a second before the latest end: %v", err)
	}
	if err := policy.MayEndLater(ada, m, in(7)); letterlock.KeyOf(err) != letterlock.RuleEnd {
		t.Errorf("at the latest end: %v, want a refusal", err)
	}
	if err := policy.MayEndLater(admin, m, in(8)); err != nil {
		t.Errorf("an administrator, after it: %v", err)
	}
}
