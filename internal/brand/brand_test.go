package brand

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

var update = flag.Bool("update", false, "write the golden files")

func TestNewRefusesWhatCannotBeShown(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Settings)
		field  string
		says   string // part of the reason
	}{
		{"a name that nobody sees", func(s *Settings) { s.Name = "\u3164\u200d\u2800" }, "name", "nothing that can be seen"},
		{"a button that nobody sees", func(s *Settings) { s.Button = "\u200d" }, "button", "nothing that can be seen"},
		{"no name", func(s *Settings) { s.Name = " \t" }, "name", "is missing"},
		{"long name", func(s *Settings) { s.Name = strings.Repeat("é", 81) }, "name", "has 81 characters; 80 are allowed"},
		{"line break in the name", func(s *Settings) { s.Name = "Halden\nBcc: x" }, "name", "cannot be shown (U+000A)"},
		{"text turned around", func(s *Settings) { s.Name = "Halden \u202ewaL" }, "name", "cannot be shown (U+202E)"},
		{"not UTF-8", func(s *Settings) { s.Name = "Halden \xff" }, "name", "is not UTF-8"},
		{"colour by name", func(s *Settings) { s.Color = "rebeccapurple" }, "colour", "# and six digits"},
		{"short colour", func(s *Settings) { s.Color = "#abc" }, "colour", "# and six digits"},
		{"signed colour", func(s *Settings) { s.Color = "#+12345" }, "colour", "# and six digits"},
		{"style after the colour", func(s *Settings) { s.Color = "#123456;}" }, "colour", "# and six digits"},
		{"yellow", func(s *Settings) { s.Color = "#f5d90a" }, "colour", "too light for a button on white paper: its contrast is 1.4 to 1"},
		{"white", func(s *Settings) { s.Color = "#ffffff" }, "colour", "too light"},
		{"middling grey", func(s *Settings) { s.Color = "#777777" }, "colour", "neither with white nor with black"},
		{"long disclaimer", func(s *Settings) { s.Disclaimer = strings.Repeat("a", 1001) }, "disclaimer", "1000 are allowed"},
		{"tab in the disclaimer", func(s *Settings) { s.Disclaimer = "a\tb" }, "disclaimer", "U+0009"},
		{"script as privacy", func(s *Settings) { s.Privacy = "javascript:alert(1)" }, "privacy", "is not a web address"},
		{"user in privacy", func(s *Settings) { s.Privacy = "https://bank.example@evil.example/" }, "privacy", "is not a web address"},
		{"relative privacy", func(s *Settings) { s.Privacy = "//evil.example/" }, "privacy", "is not a web address"},
		{"text as logo", func(s *Settings) { s.Logo = []byte("<svg/>") }, "logo", "is not a PNG or JPEG picture"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Settings{Name: "Halden Law", Color: "#3b2a5c"}
			tt.change(&s)
			b, err := New(s)
			if b != nil || !errors.Is(err, letterlock.Invalid) {
				t.Fatalf("New = %v, %v; want Invalid", b, err)
			}
			if got, want := letterlock.KeyOf(err), "brand-"+tt.field; got != want {
				t.Errorf("key = %q, want %q", got, want)
			}
			for _, want := range []string{tt.field + " of the brand", tt.says} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestNewKeepsWhatItIsGiven(t *testing.T) {
	b := newBrand(t, Settings{
		Name:    " Halden Law ",
		Color:   "#3B2A5C",
		Texts:   Texts{Disclaimer: "Line one.\r\nLine two."},
		Privacy: "https://halden.example/privacy",
	})
	if b.Name != "Halden Law" {
		t.Errorf("name = %q", b.Name)
	}
	if got := b.Color.String(); got != "#3b2a5c" {
		t.Errorf("colour = %s, want the organisation's own", got)
	}
	if b.Disclaimer != "Line one.\nLine two." {
		t.Errorf("disclaimer = %q", b.Disclaimer)
	}
	if b.Privacy != "https://halden.example/privacy" {
		t.Errorf("privacy = %q", b.Privacy)
	}
}

func TestNamesOfAllScriptsAreAccepted(t *testing.T) {
	for _, name := range []string{"Müller & Söhne", "山田法律事務所", "شركة المحاماة", "خانه\u200cی کتاب", "Ünal\u00a0Hukuk"} {
		if _, err := New(Settings{Name: name}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestABrandWithoutColorHasTheProductsOwn(t *testing.T) {
	if got := newBrand(t, Settings{Name: "Contoso"}).Color.String(); got != DefaultColor {
		t.Errorf("colour = %s, want %s", got, DefaultColor)
	}
}

func TestCSS(t *testing.T) {
	for _, tt := range []struct{ name, color string }{
		{"contoso", ""},
		{"halden", "#3b2a5c"},
		{"dark-words", "#d97706"},
		{"black", "#000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			golden(t, "testdata/"+tt.name+".css", newBrand(t, Settings{Name: "X", Color: tt.color}).CSS())
		})
	}
}

func newBrand(t *testing.T, s Settings) *Brand {
	t.Helper()
	b, err := New(s)
	if err != nil {
		t.Fatalf("New(%+v): %v", s, err)
	}
	return b
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run with -update if that is meant. Got:\n%s", file, got)
	}
}
