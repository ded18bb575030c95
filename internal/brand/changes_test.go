package brand

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// hostile are texts that would break out of a page, a mail or a header if anything let
// them, and can be shown as what they are.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</td></table><h1>Paid</h1>`, `{{ 7*7 }}`, `javascript:alert(1)`, `' style='position:fixed`, `<!--`, `=?utf-8?q?=0d=0aBcc:x?=`,
}

// unshown are texts that no brand may have.
var unshown = map[string]string{"override": "a\u202eb", "isolate": "a\u2066b", "NUL": "a\x00b", "escape": "a\x1b[31mb", "not UTF-8": "a\xffb", "line separator": "a\u2028b"}

func TestEachTextTakesWhatCanBeShownAndNothingElse(t *testing.T) {
	for _, f := range []Field{Name, Introduction, Button, Email, Disclaimer, PortalText} {
		for what, text := range unshown {
			_, err := Changes{f: text}.Tidy(Settings{Name: "Contoso"})
			if letterlock.KeyOf(err) != "brand-"+string(f) || !errors.Is(err, letterlock.Invalid) {
				t.Errorf("%s with %s: %v, want Invalid", f, what, err)
			}
		}
		for _, text := range hostile {
			limit := map[bool]string{true: text[:min(len(text), 40)], false: text}[f == Button]
			c, err := Changes{f: limit}.Tidy(Settings{Name: "Contoso"})
			if err != nil || c[f] != limit {
				t.Errorf("%s = %q: %q, %v", f, limit, c[f], err)
			}
		}
		if _, err := (Changes{f: strings.Repeat("ä", 1001)}).Tidy(Settings{Name: "Contoso"}); letterlock.KeyOf(err) != "brand-"+string(f) {
			t.Errorf("%s of 1001 characters: %v", f, err)
		}
	}
	for _, f := range []Field{Name, Button} {
		if _, err := (Changes{f: "a\r\nBcc: x"}).Tidy(Settings{Name: "Contoso"}); letterlock.KeyOf(err) != "brand-"+string(f) {
			t.Errorf("line break in %s: %v", f, err)
		}
	}
}

func TestChangesAreRefusedInTheFieldThatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		field       Field
		value, says string
	}{
		{Colour, "#777777", "4.48 to 1 and must be 4.5 to 1; #7"},
		{Colour, "red", "six digits"},
		{Logo, "<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG or JPEG"},
		{Logo, string(bomb(8000, 8000)), "8000 by 8000 pixels"},
		{Passcode, "maybe", "neither yes nor no"},
		{Social, "", "neither yes nor no"},
		{ForcePortal, "true", "neither yes nor no"},
		{Expiry, "soon", "as 12h or 7d"},
		{Expiry, "0", "as 12h or 7d"},
		{Expiry, "9999d", "as 12h or 7d"},
		{Privacy, "javascript:alert(1)", "is not a web address"},
		{Senders, "northwind.example\nnobody at all", `no domain: "nobody at all"`},
		{Senders, "a b@c", "no mail address"},
		{Senders, strings.Repeat("x.example\n", 101), "101 lines"},
		{"moon", "full", "no field of a brand"},
	} {
		_, err := Changes{tt.field: tt.value}.Tidy(Settings{Name: "Contoso"})
		if letterlock.KeyOf(err) != "brand-"+string(tt.field) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s = %.40q: %v, want %q", tt.field, tt.value, err, tt.says)
		}
	}
}

func TestABrandInheritsWhatItDoesNotChange(t *testing.T) {
	file := Settings{Name: "Contoso", Color: "#0c5463", Texts: Texts{Disclaimer: "Contoso AG"}, Privacy: "https://contoso.example/privacy",
		Use: Use{Expiry: letterlock.Span(24 * time.Hour), ForcePortal: true}}
	s, err := Changes{Colour: "#3b2a5c", Disclaimer: "", ForcePortal: "no", Button: "Open"}.Over(file)
	if err != nil {
		t.Fatal(err)
	}
	want := file
	want.Color, want.Disclaimer, want.ForcePortal, want.Button = "#3b2a5c", "", false, "Open"
	want.Spoken = map[Field]string{}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("Over = %+v\nwant %+v", s, want)
	}
	for _, f := range Fields { // what a field says, said again, changes nothing
		if again, err := (Changes{f: s.Value(f)}).Over(s); err != nil || f != Logo && !reflect.DeepEqual(again, s) {
			t.Errorf("%s = %q: %+v, %v", f, s.Value(f), again, err)
		}
	}
}

func TestChangesComeBackFromJSON(t *testing.T) {
	c := Changes{Name: "Müller & Söhne <b>", Logo: "\x89PNG\x00\xff", Email: "", Senders: "a.example\n*.b.example"}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var again Changes
	if err := json.Unmarshal(b, &again); err != nil || !reflect.DeepEqual(again, c) {
		t.Errorf("%s becomes %v, %v", b, again, err)
	}
	if err := json.Unmarshal([]byte(`{"logo":"*"}`), &again); err == nil {
		t.Error("a logo that is no base64 is taken")
	}
}

func TestTheLogoIsKeptAsWeEncodeIt(t *testing.T) {
	own, err := New(Settings{Name: "x", Color: "#b91c1c"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Changes{Logo: string(own.Logo) + "trailing <script>"}.Tidy(Settings{Name: "Contoso"})
	if err != nil || strings.Contains(c[Logo], "script") || !strings.HasPrefix(c[Logo], "\x89PNG") {
		t.Errorf("kept: %.20q, %v", c[Logo], err)
	}
}

func TestASenderIsNamedByAddressDomainOrAllBelowIt(t *testing.T) {
	list, err := ParseSenders(" Ada@Contoso.example \n\nnorthwind.example\n*.fabrikam.example\nmüller.example")
	if err != nil || len(list) != 4 {
		t.Fatal(list, err)
	}
	for address, want := range map[letterlock.Address]int{
		"Ada@contoso.example": 0, "ada@contoso.example": -1, "x@northwind.example": 1, "x@a.northwind.example": -1,
		"x@a.b.fabrikam.example": 2, "x@fabrikam.example": -1, "x@evilfabrikam.example": -1, "x@xn--mller-kva.example": 3,
	} {
		got := -1
		for i, p := range list {
			if p.Fit(address) > 0 {
				got = i
			}
		}
		if got != want {
			t.Errorf("%s is named by %d, want %d", address, got, want)
		}
	}
}

func TestNamesOfBrandsAreSafeInAddresses(t *testing.T) {
	for _, id := range []string{"legal", "northwind-2", "a"} {
		if _, err := ParseID(id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	for _, id := range []string{"", "-a", "a-", "Legal", "a b", "a/b", "..", "a.css", "ä", strings.Repeat("a", 41), "a\n", "new", "previews"} {
		if _, err := ParseID(id); letterlock.KeyOf(err) != "brand-id" {
			t.Errorf("%q: %v, want Invalid", id, err)
		}
	}
}
