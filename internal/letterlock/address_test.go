package letterlock_test

import (
	"errors"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

func TestParseAddressMakesOneCanonicalForm(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "ada@contoso.example", "ada@contoso.example"},
		{"plus", "ada+tag@contoso.example", "ada+tag@contoso.example"},
		{"dots", "a.d.a@contoso.example", "a.d.a@contoso.example"},
		{"domain in capitals", "ada@CONTOSO.Example", "ada@contoso.example"},
		{"local part in capitals", "Ada@contoso.example", "Ada@contoso.example"},
		{"needless quotes", `"ada.l"@contoso.example`, "ada.l@contoso.example"},
		{"needless escapes", `"a\d\a"@contoso.example`, "ada@contoso.example"},
		{"needed quotes", `"ada l"@contoso.example`, `"ada l"@contoso.example`},
		{"at sign in quotes", `"a@b"@contoso.example`, `"a@b"@contoso.example`},
		{"escapes that are needed", `"a\"\\b"@contoso.example`, `"a\"\\b"@contoso.example`},
		{"leading dot in quotes", `".ada"@contoso.example`, `".ada"@contoso.example`},
		{"all symbols", "!#$%&'*+-/=?^_`{|}~@x.example", "!#$%&'*+-/=?^_`{|}~@x.example"},
		{"letters of other scripts", "jürgen.東@x.example", "jürgen.東@x.example"},
		{"international domain", "a@bücher.example", "a@xn--bcher-kva.example"},
		{"punycode", "a@XN--Bcher-KVA.example", "a@xn--bcher-kva.example"},
		{"look-alike domain shows as punycode", "a@аpple.com", "a@xn--pple-43d.com"},
		{"sharp s is not ss", "a@faß.example", "a@xn--fa-hia.example"},
		{"longest local part", strings.Repeat("a", 64) + "@x.example", strings.Repeat("a", 64) + "@x.example"},
		{"digits and a top level with letters", "a@192.0.2.x1", "a@192.0.2.x1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := letterlock.ParseAddress(tt.in)
			if err != nil || string(got) != tt.want {
				t.Errorf("ParseAddress(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
			}
		})
	}
}

func TestParseAddressRefusesWhatCanMislead(t *testing.T) {
	long := strings.Repeat("a", 63)
	tests := []struct{ name, in string }{
		{"empty", ""},
		{"no at sign", "ada"},
		{"no local part", "@contoso.example"},
		{"no domain", "ada@"},
		{"single label", "ada@localhost"},
		{"address literal", "ada@[192.0.2.1]"},
		{"IPv6 literal", "ada@[IPv6:2001:db8::1]"},
		{"IP address without brackets", "ada@192.0.2.1"},
		{"trailing dot", "ada@contoso.example."},
		{"two dots", "a..da@contoso.example"},
		{"dot first", ".ada@contoso.example"},
		{"dot last", "ada.@contoso.example"},
		{"empty label", "ada@contoso..example"},
		{"label with a hyphen first", "ada@-contoso.example"},
		{"label with an underscore", "ada@con_toso.example"},
		{"two at signs", "ada@eve@contoso.example"},
		{"local part too long", strings.Repeat("a", 65) + "@x.example"},
		{"address too long", "a@" + long + "." + long + "." + long + "." + long + ".example"},
		{"label too long", "a@" + strings.Repeat("a", 64) + ".example"},
		{"one megabyte", strings.Repeat("a", 1<<20) + "@x.example"},
		{"full-width domain", "ada@ｃontoso.example"},
		{"full-width at sign", "ada＠contoso.example"},
		{"ideographic full stop", "ada@contoso。example.com"},
		{"soft hyphen", "ada@con\u00adtoso.example"},
		{"zero-width joiner in the domain", "ada@con\u200dtoso.example"},
		{"zero-width space", "a\u200bda@contoso.example"},
		{"capital that is not ASCII in the domain", "a@BÜCHER.example"},
		{"kelvin sign in the domain", "a@\u212aontoso.example"},
		{"false punycode", "a@xn--a.example"},
		{"empty punycode", "a@xn--.example"},
		{"space", "a da@contoso.example"},
		{"space around", " ada@contoso.example"},
		{"tab in quotes", "\"a\tb\"@contoso.example"},
		{"newline", "ada@contoso.example\n"},
		{"header injection", "ada@contoso.example\r\nBcc: eve@evil.example"},
		{"newline in quotes", "\"a\nb\"@contoso.example"},
		{"escaped newline in quotes", "\"a\\\nb\"@contoso.example"},
		{"NUL", "a\x00da@contoso.example"},
		{"delete", "a\x7fda@contoso.example"},
		{"C1 control", "a\u0085da@contoso.example"},
		{"bidi override", "a\u202eda@contoso.example"},
		{"bidi isolate in quotes", "\"a\u2066 da\"@contoso.example"},
		{"line separator in quotes", "\"a\u2028b\"@contoso.example"},
		{"no-break space in quotes", "\"a\u00a0b\"@contoso.example"},
		{"private use in quotes", "\"a\ue000b\"@contoso.example"},
		{"what a decoder could not read", "a\ufffdda@contoso.example"},
		{"bad UTF-8", "a\xffda@contoso.example"},
		{"unclosed quotes", `"ada@contoso.example`},
		{"quotes that end in an escape", `"ada\"@contoso.example`},
		{"empty quotes", `""@contoso.example`},
		{"quote in the middle", `a"d"a@contoso.example`},
		{"angle brackets", "<ada@contoso.example>"},
		{"comment", "ada(x)@contoso.example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := letterlock.ParseAddress(tt.in)
			if !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "address" || got != "" {
				t.Errorf("ParseAddress(%.80q) = %q, %v; want Invalid", tt.in, got, err)
			}
		})
	}
}

func TestDifferentMailboxesAreNeverEqual(t *testing.T) {
	pairs := [][2]string{
		{"ada@contoso.example", "Ada@contoso.example"},
		{"a.da@contoso.example", "ada@contoso.example"},
		{"ada@contoso.example", "ada+x@contoso.example"},
		{"kate@contoso.example", "\u212aate@contoso.example"}, // equal under strings.EqualFold
		{"ada@fass.example", "ada@faß.example"},
	}
	for _, p := range pairs {
		a, errA := letterlock.ParseAddress(p[0])
		b, errB := letterlock.ParseAddress(p[1])
		if errA != nil || errB != nil || a == b {
			t.Errorf("ParseAddress(%q) = %q, %v and of %q = %q, %v; want two different ones", p[0], a, errA, p[1], b, errB)
		}
	}
}

func TestMaskedAddressTellsNoMoreThanItsFirstCharacter(t *testing.T) {
	tests := []struct{ in, want string }{
		{"ada@contoso.example", "a••••@contoso.example"},
		{"a@contoso.example", "a••••@contoso.example"},
		{"東京@x.example", "東••••@x.example"},
		{`"b c"@x.example`, "b••••@x.example"},
		{`"a@secret"@x.example`, "a••••@x.example"},
	}
	for _, tt := range tests {
		if got := letterlock.Address(tt.in).Masked(); got != tt.want {
			t.Errorf("Masked of %q = %q, want %q", tt.in, got, tt.want)
		}
	}
	if a := letterlock.Address("no at sign"); a.Local() != "no at sign" || a.Domain() != "" {
		t.Errorf("Local, Domain of %q = %q, %q", a, a.Local(), a.Domain())
	}
}

func TestParseMailboxesReadsWhatPeopleType(t *testing.T) {
	tests := []struct {
		name, in, good, bad string
	}{
		{"empty", " , ;\r\n ,", "", ""},
		{"commas", "a@x.example, b@x.example", "|a@x.example |b@x.example", ""},
		{"semicolons and lines", "a@x.example; b@x.example\nc@x.example\r\n", "|a@x.example |b@x.example |c@x.example", ""},
		{"name", "Ada L <a@x.example>", "Ada L|a@x.example", ""},
		{"quoted name with separators", `"L, Ada; her" <a@x.example>, b@x.example`, "L, Ada; her|a@x.example |b@x.example", ""},
		{"escaped quote in a name", `"Ada \", L" <a@x.example>`, `Ada ", L|a@x.example`, ""},
		{"quoted local part", `"a,b"@x.example`, `|"a,b"@x.example`, ""},
		{"encoded name", "=?utf-8?q?J=C3=BCrgen?= <a@x.example>", "Jürgen|a@x.example", ""},
		{"only brackets", "<a@x.example>", "|a@x.example", ""},
		{"two in brackets", "<a@x.example> <b@y.example>", "<a@x.example>|b@y.example", ""},
		{"one bad among good", "a@x.example, nobody, b@x.example", "|a@x.example |b@x.example", "nobody"},
		{"bad in brackets", "Ada <nobody>", "", "Ada <nobody>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			good, bad := letterlock.ParseMailboxes(tt.in)
			var list []string
			for _, m := range good {
				list = append(list, m.Name+"|"+string(m.Address))
			}
			if got := strings.Join(list, " "); got != tt.good {
				t.Errorf("ParseMailboxes(%q): good %q, want %q", tt.in, got, tt.good)
			}
			if got := strings.Join(bad, " "); got != tt.bad {
				t.Errorf("ParseMailboxes(%q): bad %q, want %q", tt.in, got, tt.bad)
			}
		})
	}
}

func TestParseMailboxesReturnsTheUnreadableVerbatim(t *testing.T) {
	for _, in := range []string{"a\xffb@x.example", "a\ue000b@x.example", "\"open, quote; a@x.example", "a b", "a@[192.0.2.1]"} {
		good, bad := letterlock.ParseMailboxes(in)
		if len(good) != 0 || len(bad) != 1 || bad[0] != in {
			t.Errorf("ParseMailboxes(%q) = %q, %q; want it back verbatim", in, good, bad)
		}
	}
	good, bad := letterlock.ParseMailboxes("\"open, a@x.example\nb@x.example")
	if len(good) != 1 || good[0].Address != "b@x.example" || len(bad) != 1 {
		t.Errorf("an open quote = %q, %q; want the next line read", good, bad)
	}
}

func TestMailboxIsCalledByItsName(t *testing.T) {
	for want, m := range map[string]letterlock.Mailbox{
		"Ada":         {Name: "Ada", Address: "a@x.example"},
		"a@x.example": {Address: "a@x.example"},
	} {
		if got := m.Called(); got != want {
			t.Errorf("Called of %v = %q, want %q", m, got, want)
		}
	}
}
