package brand

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// TestWhoeverReadsIsToldTheNearestText has the default brand and one that inherits from it
// say an introduction in some ways, and asks what readers see.
func TestWhoeverReadsIsToldTheNearestText(t *testing.T) {
	const general, german = Introduction, Introduction + ".de"
	for _, tt := range []struct {
		name       string
		base, own  Changes
		in         string
		want, says string // says: the language that it is known to be in
	}{
		{"nobody", nil, nil, "de", "", ""},
		{"default for all", Changes{general: "D"}, nil, "de", "D", ""},
		{"default in German", Changes{general: "D", german: "Dd"}, nil, "de", "Dd", "de"},
		{"default in another", Changes{general: "D", german: "Dd"}, nil, "fr", "D", ""},
		{"default in German alone", Changes{german: "Dd"}, nil, "fr", "", ""},
		{"own for all before the default's German", Changes{general: "D", german: "Dd"}, Changes{general: "O"}, "de", "O", ""},
		{"own of nothing before the default's German", Changes{general: "D", german: "Dd"}, Changes{general: ""}, "de", "", ""},
		{"own German", Changes{general: "D", german: "Dd"}, Changes{german: "Od"}, "de", "Od", "de"},
		{"own German, in another", Changes{general: "D", "introduction.fr": "Df"}, Changes{german: "Od"}, "fr", "Df", "fr"},
		{"own German, in a third", Changes{general: "D", "introduction.fr": "Df"}, Changes{german: "Od"}, "es", "D", ""},
		{"own both", Changes{german: "Dd"}, Changes{general: "O", german: "Od"}, "de", "Od", "de"},
		{"own both, in another", Changes{"introduction.fr": "Df"}, Changes{general: "O", german: "Od"}, "fr", "O", ""},
		{"another field for all", Changes{german: "Dd"}, Changes{Email: "O"}, "de", "Dd", "de"},
	} {
		base, err := tt.base.Over(Settings{Name: "Contoso"})
		if err != nil {
			t.Fatal(err)
		}
		before := maps.Clone(base.Spoken)
		s, err := tt.own.Over(base)
		if err != nil {
			t.Fatal(err)
		}
		b := newBrand(t, s).In(tt.in)
		if got, tag := b.Introduction, b.Tongue(Introduction); got != tt.want || tag != tt.says {
			t.Errorf("%s: in %s it says %q, known to be in %q; want %q, %q", tt.name, tt.in, got, tag, tt.want, tt.says)
		}
		if !maps.Equal(base.Spoken, before) {
			t.Errorf("%s: the default brand says %v since", tt.name, base.Spoken)
		}
	}
}

func TestEachTextCanBeSaidInEachLanguage(t *testing.T) {
	for _, f := range Spoken("ar") {
		text := map[bool]string{true: "https://contoso.example/ar", false: " نص "}[f == Privacy.In("ar")]
		c, err := Changes{f: text}.Tidy(Settings{Name: "Contoso"})
		if err != nil || c[f] != strings.TrimSpace(text) {
			t.Errorf("%s: %v, %v", f, c, err)
		}
		s, _ := c.Over(Settings{Name: "Contoso"})
		b := newBrand(t, s)
		arabic, general := b.In("ar"), b.In("de")
		got := []string{arabic.Name, arabic.Introduction, arabic.Button, arabic.Email, arabic.Disclaimer, arabic.Portal, arabic.Privacy}
		if !slices.Contains(got, c[f]) || general.Name != "Contoso" || general.Texts != b.Texts || general.Privacy != "" {
			t.Errorf("%s: Arabic %q, German %+v", f, got, general)
		}
		base, _ := f.Cut()
		if !slices.Contains(AllFields(), f) || s.Value(f) != c[f] || arabic.Tongue(base) != "ar" || general.Tongue(base) != "" {
			t.Errorf("%s: value %q, in %q and %q", f, s.Value(f), arabic.Tongue(base), general.Tongue(base))
		}
	}
}

func TestTextsInALanguageHaveTheBoundsOfTheOthers(t *testing.T) {
	try := func(f Field, text string) (string, error) {
		s, err := Changes{f: text}.Over(Settings{Name: "Contoso"})
		if err == nil {
			err = s.tidy()
		}
		return s.Value(f), err
	}
	for f, limit := range map[Field]int{Name: 80, Introduction: 500, Button: 40, Email: 1000, Disclaimer: 1000, PortalText: 500} {
		f = f.In("de")
		if _, err := try(f, strings.Repeat("ä", limit)); err != nil {
			t.Errorf("%s of %d characters: %v", f, limit, err)
		}
		refused := map[string]string{"too long": strings.Repeat("ä", limit+1), "nothing that is seen": "\u2800\u200d"}
		maps.Copy(refused, unshown)
		for what, text := range refused {
			if _, err := try(f, text); letterlock.KeyOf(err) != "brand-"+string(f) || !errors.Is(err, letterlock.Invalid) {
				t.Errorf("%s, %s: %v, want Invalid", f, what, err)
			}
		}
		for _, text := range hostile {
			text = text[:min(len(text), 40)]
			if got, err := try(f, text); err != nil || got != text {
				t.Errorf("%s = %q: %q, %v", f, text, got, err)
			}
		}
	}
	if _, err := try(Privacy.In("de"), "javascript:alert(1)"); letterlock.KeyOf(err) != "brand-privacy.de" {
		t.Errorf("a script as privacy statement: %v", err)
	}
	for f, says := range map[Field]string{
		"introduction.xx": "in no language", "introduction.DE": "in no language", "introduction.": "in no language", "introduction.de.de": "in no language",
		"colour.de": "no field", "logo.de": "no field", "senders.de": "no field", "language.de": "no field", ".de": "no field", "privacy.de": "U+000A", "name.de": "U+000A", Language: "none that there is",
	} {
		_, err := Changes{f: "java\nscript:x"}.Tidy(Settings{Name: "Contoso"})
		if letterlock.KeyOf(err) != "brand-"+string(f) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", f, err, says)
		}
	}
}

func TestATextOfNothingInALanguageIsNone(t *testing.T) {
	base := Settings{Name: "Contoso", Language: "fr", Spoken: map[Field]string{"email.de": "Dd"}}
	c, err := Changes{"email.de": " \n", "name.de": "", Language: ""}.Tidy(Settings{Name: "Contoso"})
	if err != nil || len(c) != 0 {
		t.Errorf("%v, %v", c, err)
	}
	c, err = Changes{"email.de": " \n", Language: ""}.Tidy(base)
	if speaks, is := c[Language]; err != nil || len(c) != 1 || speaks != "" || !is {
		t.Errorf("no language where one would be inherited: %v, %v", c, err)
	}
	if c, err = (Changes{Language: "ja"}).Tidy(base); err != nil || c[Language] != "ja" {
		t.Errorf("%v, %v", c, err)
	}
}
