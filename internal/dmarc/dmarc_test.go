package dmarc

import (
	"reflect"
	"strings"
	"testing"
)

func TestWhatARecordSays(t *testing.T) {
	for text, want := range map[string]Record{
		"v=DMARC1; p=reject":                        {Policy: "reject", Below: "reject"},
		"v=DMARC1;p=Reject;sp=none;":                {Policy: "reject", Below: "none"},
		" v = DMARC1 ; p = quarantine ; adkim=s":    {Policy: "quarantine", Below: "quarantine", StrictDKIM: true},
		"v=DMARC1; p=none; aspf=s; adkim=r; pct=20": {Policy: "none", Below: "none", StrictSPF: true},
		"v=DMARC1; p=none; rua=mailto:a@b.example!10m, mailto:c@d.example; ruf=https://e.example/; fo=1:d; ri=86400; rf=afrf; np=reject": {Policy: "none", Below: "none"},

		"v=DMARC1":                   {},
		"v=DMARC1; sp=none":          {Below: "none"},
		"v=DMARC1; p=rejct":          {Faults: []string{"p is neither none, quarantine nor reject"}},
		"v=DMARC1; p=none; sp=x":     {Policy: "none", Below: "none", Faults: []string{"sp is neither none, quarantine nor reject"}},
		"v=DMARC1; p=none; p=reject": {Policy: "none", Below: "none", Faults: []string{"p is there twice"}},
		"v=dmarc1; p=none":           {Policy: "none", Below: "none", Faults: []string{"it must begin with v=DMARC1, in capitals"}},
		"v=DMARC1 p=none":            {Faults: []string{"it must begin with v=DMARC1, in capitals"}},
		"v=DMARC1; none":             {Faults: []string{`"none" is no tag with a value`}},
		"v=DMARC1; p=none, sp=none":  {Faults: []string{"p is neither none, quarantine nor reject"}},
		"v=DMARC1; p=none; pct=101; ri=x; adkim=strict; aspf=; fo=2; rua=dmarc@b.example; ruf=mailto:b.example": {Policy: "none", Below: "none", Faults: []string{
			"pct is not a number up to 100", "ri is not a number of seconds", "adkim is neither r nor s", "aspf is neither r nor s", "fo has other than 0, 1, d and s",
			"rua has what is no address like mailto:dmarc@example.org", "ruf has what is no address like mailto:dmarc@example.org"}},
	} {
		if got := Read(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %+v\nwant %+v", text, got, want)
		}
		if !Is(text) {
			t.Errorf("%q is taken for no record", text)
		}
	}
	for _, text := range []string{"", "v=spf1 -all", "v=DMARC10; p=none", "p=none; v=DMARC1", "google-site-verification=x"} {
		if Is(text) {
			t.Errorf("%q is taken for a record", text)
		}
	}
}

func TestWhoVouchesForWhom(t *testing.T) {
	for _, tt := range []struct {
		from, by     string
		relaxed, own bool
	}{
		{"contoso.example", "contoso.example", true, true},
		{"contoso.example", "mail.contoso.example", true, false},
		{"mail.contoso.example", "contoso.example", true, false},
		{"contoso.co.uk", "mail.contoso.co.uk", true, false},
		{"contoso.co.uk", "fabrikam.co.uk", false, false},
		{"contoso.example", "xcontoso.example", false, false},
		{"co.uk", "co.uk", true, true},
	} {
		if got := Aligned(tt.from, tt.by, false); got != tt.relaxed {
			t.Errorf("%s by %s: %v, want %v", tt.from, tt.by, got, tt.relaxed)
		}
		if got := Aligned(tt.from, tt.by, true); got != tt.own {
			t.Errorf("%s by %s, strictly: %v, want %v", tt.from, tt.by, got, tt.own)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("v=DMARC1; p=none; rua=mailto:a@b.example!10m; fo=1:d")
	f.Fuzz(func(t *testing.T, text string) {
		r := Read(text)
		if len(r.Faults) > strings.Count(text, ";")+2 || r.Policy != "" && r.Below == "" {
			t.Errorf("%+v", r)
		}
	})
}
