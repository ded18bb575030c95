package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

func TestAMEsOwnWordsAreUnderstood(t *testing.T) {
	model := newParser(&operator{}).Model.Node
	const get, set, trace = "Get-OMEMessageStatus", "Set-OMEMessageRevocation", "Get-MessageTrace"
	tests := []struct {
		name  string
		typed []string
		want  []string
		says  string // of an error
	}{
		{name: "nothing", typed: nil, want: nil},
		{name: "our own words", typed: []string{"status", "-x", "$true"}, want: []string{"status", "-x", "$true"}},
		{name: "one parameter", typed: []string{get, "-MessageId", "<a@b>"}, want: []string{get, "--MessageId=<a@b>"}},
		{name: "small letters", typed: []string{"get-omemessagestatus", "-messageid", "a@b"}, want: []string{get, "--MessageId=a@b"}},
		{name: "a colon", typed: []string{get, "-MessageId:a:b@c"}, want: []string{get, "--MessageId=a:b@c"}},
		{name: "a colon and a blank", typed: []string{get, "-MessageId:", "a@b"}, want: []string{get, "--MessageId=a@b"}},
		{name: "a beginning", typed: []string{get, "-m", "a@b"}, want: []string{get, "--MessageId=a@b"}},
		{name: "the dash of a typesetter", typed: []string{get, "–MessageId", "a@b"}, want: []string{get, "--MessageId=a@b"}},
		{name: "a truth", typed: []string{set, "-Revoke", "$True", "-MessageId", "a@b"}, want: []string{set, "--Revoke=true", "--MessageId=a@b"}},
		{name: "a falsehood", typed: []string{set, "-Revoke:$FALSE"}, want: []string{set, "--Revoke=false"}},
		{name: "numbers", typed: []string{set, "-Revoke", "1", "-Confirm:0"}, want: []string{set, "--Revoke=true", "--Confirm=false"}},
		{name: "switches", typed: []string{set, "-WhatIf", "-Confirm", "$false", "-Revoke", "0"}, want: []string{set, "--WhatIf=true", "--Confirm=false", "--Revoke=false"}},
		{name: "a list", typed: []string{trace, "-SenderAddress", "a@b,", "c@d", "-Subject", "x"}, want: []string{trace, "--SenderAddress=a@b,c@d", "--Subject=x"}},
		{name: "a value with a dash", typed: []string{trace, "-Subject", "-5 %"}, want: []string{trace, "--Subject=-5 %"}},
		{name: "a value like no parameter", typed: []string{trace, "-Subject", "-zebra"}, want: []string{trace, "--Subject=-zebra"}},
		{name: "flags of ours", typed: []string{get, "--json", "--url", "https://x", "-MessageId", "a@b", "--ca-file=y"}, want: []string{get, "--json", "--url", "https://x", "--MessageId=a@b", "--ca-file=y"}},
		{name: "a flag in a value", typed: []string{get, "-MessageId", "x --json"}, want: []string{get, "--MessageId=x --json"}},
		{name: "an empty address", typed: []string{trace, "-SenderAddress", ""}, says: "-SenderAddress is empty"},
		{name: "a blank address", typed: []string{trace, "-RecipientAddress", " "}, says: "-RecipientAddress is empty"},
		{name: "an empty address in a list", typed: []string{trace, "-SenderAddress", "a@b,,c@d"}, says: "-SenderAddress is empty"},
		{name: "an empty address in our words", typed: []string{trace, "--SenderAddress", ""}, says: "-SenderAddress is empty"},
		{name: "an empty address in our word", typed: []string{trace, "--SenderAddress="}, says: "-SenderAddress is empty"},
		{name: "an empty text of a brand", typed: []string{"Set-OMEConfiguration", "-Identity", "x", "-IntroductionText", ""}, want: []string{"Set-OMEConfiguration", "--Identity=x", "--IntroductionText="}},
		{name: "help", typed: []string{set, "-?"}, want: []string{set, "--help"}},
		{name: "no value", typed: []string{get, "-MessageId"}, says: "-MessageId needs a value"},
		{name: "a parameter for a value", typed: []string{trace, "-Subject", "-EndDate", "1/1/2026"}, says: "-Subject needs a value"},
		{name: "a truth that the shell ate", typed: []string{set, "-Revoke", "-MessageId", "a@b"}, says: "-Revoke takes $true or $false"},
		{name: "no truth", typed: []string{set, "-Revoke", "yes"}, says: "-Revoke takes $true or $false"},
		{name: "a switch with no truth", typed: []string{set, "-WhatIf:perhaps"}, says: "-WhatIf takes $true or $false"},
		{name: "an unknown parameter", typed: []string{get, "-Identity", "a@b"}, says: "Get-OMEMessageStatus knows no parameter -Identity; it knows -MessageId"},
		{name: "two that begin so", typed: []string{trace, "-S", "a@b"}, says: "-S could be -SenderAddress or -Subject or -SubjectFilterType or -StartDate or -StartingRecipientAddress or -Status"},
		{name: "a name that begins like another", typed: []string{trace, "-Subject", "x", "-Page", "2"}, want: []string{trace, "--Subject=x", "--Page=2"}},
		{name: "the name of the second version", typed: []string{"get-messagetracev2", "-ResultSize", "5"}, want: []string{trace, "--ResultSize=5"}},
		{name: "a parameter with no meaning here", typed: []string{trace, "-fromip", "192.0.2.1"}, says: "-FromIP has no meaning here: no message keeps"},
		{name: "a parameter of Microsoft's", typed: []string{trace, "-ProbeTag", "x"}, says: "-ProbeTag has no meaning here"},
		{name: "another cmdlet's parameter", typed: []string{get, "-ToIP", "192.0.2.1"}, says: "knows no parameter -ToIP"},
		{name: "a parameter of every cmdlet", typed: []string{set, "-ErrorAction", "Stop"}, says: "-ErrorAction has no meaning here: a command ends with its first error"},
		{name: "a value without a name", typed: []string{get, "a@b"}, says: `takes no "a@b" here`},
		{name: "our flag as a parameter", typed: []string{get, "-json"}, says: "knows no parameter -json"},
	}
	for _, tt := range tests {
		got, err := translate(model, tt.typed)
		switch {
		case tt.says == "" && (err != nil || !slices.Equal(got, tt.want)):
			t.Errorf("%s: %q becomes %q, %v; want %q", tt.name, tt.typed, got, err, tt.want)
		case tt.says != "" && (!errors.Is(err, letterlock.Invalid) || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("%s: %q: %v, want Invalid and %q", tt.name, tt.typed, err, tt.says)
		}
	}
}

func TestAddressesWithAsterisks(t *testing.T) {
	tests := []struct {
		typed, address string
		matches        bool
		search         string // what the server is asked for
	}{
		{"", "ada@contoso.example", true, ""},
		{"*", "ada@contoso.example", true, ""},
		{"*@*", "ada@contoso.example", true, ""},
		{"Ada@Contoso.example", "ada@contoso.example", true, "ada@contoso.example"},
		{"ada@contoso.example", "granada@contoso.example", false, "ada@contoso.example"},
		{"ada@contoso.example", "ada@contoso.example.org", false, "ada@contoso.example"},
		{"ada", "granada@contoso.example", true, "ada"},
		{"@contoso.example", "ada@contoso.example", true, "@contoso.example"},
		{"@contoso.example", "ada@contoso.example.org", false, "@contoso.example"},
		{"*@contoso.example", "ada@contoso.example", true, "@contoso.example"},
		{"*@contoso.example", "ada@mail.contoso.example", false, "@contoso.example"},
		{"ada@*", "ada@fabrikam.example", true, "ada"},
		{"ada@*", "granada@fabrikam.example", false, "ada"},
		{"a*a@contoso.example", "ada@contoso.example", true, "@contoso.example"},
		{"a*a@contoso.example", "a@contoso.example", false, "@contoso.example"},
		{"*@mail.*", "ada@mail.example", true, "mail."},
		{"*da*toso*", "ada@contoso.example", true, "toso"},
		{"*toso*da*", "ada@contoso.example", false, "toso"},
		{"a*", "ada@contoso.example", true, ""},
		{"*@", "ada@contoso.example", false, ""},
		{"*.example", "ada@contoso.example", true, ".example"},
	}
	for _, tt := range tests {
		p := patterns([]string{tt.typed})[0]
		if got := p.matches(tt.address); got != tt.matches {
			t.Errorf("%q matches %s: %v, want %v", tt.typed, tt.address, got, tt.matches)
		}
		if got := p.search(); got != tt.search {
			t.Errorf("%q: the server is asked for %q, want %q", tt.typed, got, tt.search)
		}
	}
}

func TestSubjectsByTheirEnds(t *testing.T) {
	tests := []struct {
		how, typed, subject string
		matches             bool
		words               string // that the server is asked for
	}{
		{"StartsWith", "Offer", "Offer for you", true, "offer*"},
		{"StartsWith", "Offer", "An offer", false, "offer*"},
		{"startswith", "Offer for y", "offer for you", true, "offer for"},
		{"StartsWith", "R", "Rents", true, ""},
		{"StartsWith", "Re: offer", "Re: Offers", true, "re: offer*"},
		{"EndsWith", "for you", "Offer for you", true, "you"},
		{"EndsWith", "for you", "Offer for you two", false, "you"},
		{"EndsWith", "or you", "Offer for you", true, "you"},
		{"EndsWith", "you", "Offer for you", true, ""},
		{"Contains", "fer for yo", "Offer for you", true, "for"},
		{"Contains", "fer for you", "Offer for your", true, "for you*"},
		{"Contains", "fer", "Offer", true, ""},
		{"Contains", "fer -- for", "Offer -- forms", true, "for*"},
		{"Contains", "offer you", "you offer", false, "you*"},
	}
	for _, tt := range tests {
		f, err := subjectFilterOf(tt.how, tt.typed)
		if err != nil {
			t.Errorf("%s %q: %v", tt.how, tt.typed, err)
			continue
		}
		if got := f.matches(tt.subject); got != tt.matches {
			t.Errorf("%q %s %q: %v, want %v", tt.subject, tt.how, tt.typed, got, tt.matches)
		}
		if got := f.words(); got != tt.words {
			t.Errorf("%s %q: the server is asked for %q, want %q", tt.how, tt.typed, got, tt.words)
		}
	}
}
