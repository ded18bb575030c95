package brandbook_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/language"
	"letterlock/internal/store"
)

func TestABrandSpeaksEachLanguageAsTheDefaultOneUnlessItSaysOtherwise(t *testing.T) {
	h := newHouse(t)
	h.add("legal", brand.Changes{"button.fr": "Ouvrir", brand.Language: "fr"})
	h.add("plain", brand.Changes{brand.Disclaimer: "Plain"})
	h.change(brand.Default, brand.Changes{"disclaimer.de": "Contoso AG, Hinweis", "name.de": "Contoso Deutschland", brand.Language: "de"})
	h.Service = open(t, h.db, file) // all of it is kept
	for _, tt := range []struct{ id, in, want string }{
		{"", "en", "Contoso: Contoso AG, "}, {"", "de", "Contoso Deutschland: Contoso AG, Hinweis, "},
		{"legal", "de", "Contoso Deutschland: Contoso AG, Hinweis, "}, {"legal", "fr", "Contoso: Contoso AG, Ouvrir"},
		{"plain", "de", "Contoso Deutschland: Plain, "},
	} {
		b := h.Of(tt.id).In(tt.in)
		if got := b.Name + ": " + b.Disclaimer + ", " + b.Button; got != tt.want {
			t.Errorf("%q says in %s %q, want %q", tt.id, tt.in, got, tt.want)
		}
	}
	if a, b, c := h.Language("legal"), h.Language("plain"), h.Language("gone"); a != "fr" || b != "de" || c != "de" {
		t.Errorf("spoken is %q, %q and %q", a, b, c)
	}
	h.change("legal", nil)
	if got := h.Language("legal"); got != "de" {
		t.Errorf("taken back: %q", got)
	}
}

// TestABrandSpeaksTheSameInAnotherBook carries brands into books that say this and that
// themselves, and asks all of both in every language.
func TestABrandSpeaksTheSameInAnotherBook(t *testing.T) {
	there := map[string]brand.Changes{
		brand.Default: {brand.Email: "D", "email.de": "Dd", "email.fr": "Df", "button.ja": "Dj", brand.Language: "de"},
		"legal":       {"email.de": "Od", brand.Button: "O"},
		"plain":       {},
	}
	others := brand.Changes{"email.de": "Xd", "email.es": "Xe", "button.ar": "Xa", "disclaimer.de": "Xd", "name.fr": "Xf", "privacy.de": "https://x.example/"}
	for _, tt := range []struct {
		what string
		here brand.Changes
		ids  []string
	}{
		{"into a book of the same", there[brand.Default], []string{"legal"}},
		{"with the default brand, into a book of others", others, nil},
		{"into a book of others", others, []string{"legal", "plain"}},
	} {
		from, to := newHouse(t), newHouse(t)
		for _, id := range slices.Sorted(maps.Keys(there)) {
			if err := from.Put(t.Context(), olga, id, there[id]); err != nil {
				t.Fatal(err)
			}
		}
		if err := to.Put(t.Context(), olga, brand.Default, tt.here); err != nil {
			t.Fatal(err)
		}
		pages, err := from.Export(olga, tt.ids...)
		for i := range pages {
			pages[i].Version = 0
		}
		if err == nil {
			err = to.take(olga, pages)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			for _, w := range language.All() {
				a, b := from.Of(p.ID).In(w.Tag()), to.Of(p.ID).In(w.Tag())
				if a.Name != b.Name || a.Texts != b.Texts || a.Privacy != b.Privacy {
					t.Errorf("%s: %s says in %s\n%q %+v %q there, and here\n%q %+v %q", tt.what, p.ID, w.Tag(), a.Name, a.Texts, a.Privacy, b.Name, b.Texts, b.Privacy)
				}
			}
			if a, b := from.Language(p.ID), to.Language(p.ID); a != b {
				t.Errorf("%s: %s speaks %q there, and %q here", tt.what, p.ID, a, b)
			}
		}
	}
}

// TestAnExportFromBeforeLanguagesIsTheSame takes a page that knows nothing of languages.
func TestAnExportFromBeforeLanguagesIsTheSame(t *testing.T) {
	h := newHouse(t)
	h.change(brand.Default, brand.Changes{"disclaimer.de": "Hinweis"})
	old := brandbook.Page{ID: "old", Own: brand.Changes{brand.Button: "Open"}, Inherits: brand.Changes{brand.Name: "Contoso", brand.Disclaimer: "Contoso AG", brand.Email: ""}}
	if err := h.take(olga, []brandbook.Page{old, {ID: "bare"}}); err != nil {
		t.Fatal(err)
	}
	if got := h.Of("old").In("de").Disclaimer; got != "Contoso AG" {
		t.Errorf("it says in German %q", got)
	}
	if got := h.Of("bare").In("de").Disclaimer; got != "Hinweis" {
		t.Errorf("one that says nothing of what it inherits says in German %q", got)
	}
}

func TestTheAuditLogNamesEachFieldAndLanguage(t *testing.T) {
	h := newHouse(t)
	c := brand.Changes{}
	for _, w := range language.All() {
		for _, f := range brand.Spoken(w.Tag()) {
			c[f] = strings.Repeat("ä", 40)
			if general, _ := f.Cut(); general == brand.Privacy {
				c[f] = "https://contoso.example/" + strings.Repeat("x", 400)
			}
		}
	}
	h.add("legal", c)
	err := h.db.Read(t.Context(), func(tx *store.Tx) error {
		entries, err := tx.Entries("")
		if err != nil {
			return err
		}
		reason := entries[len(entries)-1].Reason
		named := map[string]string{}
		if err := json.Unmarshal([]byte(reason), &named); err != nil || len(named) != len(c) || utf8.RuneCountInString(reason) > 2100 {
			t.Errorf("%d fields of %d are named in %d characters: %v", len(named), len(c), utf8.RuneCountInString(reason), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
