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
		{name: "help", typed: []string{set, "-?"}, want: []string{set, "--help"}},
		{name: "no value", typed: []string{get, "-MessageId"}, says: "-MessageId needs a value"},
		{name: "a parameter for a value", typed: []string{trace, "-Subject", "-EndDate", "1/1/2026"}, says: "-Subject needs a value"},
		{name: "a truth that the shell ate", typed: []string{set, "-Revoke", "-MessageId", "a@b"}, says: "-Revoke takes $true or $false"},
		{name: "no truth", typed: []string{set, "-Revoke", "yes"}, says: "-Revoke takes $true or $false"},
		{name: "a switch with no truth", typed: []string{set, "-WhatIf:perhaps"}, says: "-WhatIf takes $true or $false"},
		{name: "an unknown parameter", typed: []string{get, "-Identity", "a@b"}, says: "Get-OMEMessageStatus knows no parameter -Identity; it knows -MessageId"},
		{name: "two that begin so", typed: []string{trace, "-S", "a@b"}, says: "-S could be -SenderAddress or -Subject or -StartDate or -Status"},
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
