package brandbook_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/letterlock"
)

func (h *house) take(by letterlock.Actor, list []brandbook.Page) error {
	_, err := h.Import(h.t.Context(), by, list, brandbook.ImportMode{})
	return err
}

func (h *house) give(by letterlock.Actor) error {
	_, err := h.Export(by)
	return err
}

// carry exports everything from h, and imports it into another house.
func (h *house) carry(to *house, mode brandbook.ImportMode) []brandbook.Fate {
	h.t.Helper()
	all, err := h.Export(olga)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := range all {
		all[i].Version = 0 // of another book
	}
	fates, err := to.Import(h.t.Context(), olga, all, mode)
	if err != nil {
		h.t.Fatal(err)
	}
	return fates
}

func square(t *testing.T, side int) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := range side {
		m.Set(i, i, color.NRGBA{R: uint8(i), G: 99, B: 7, A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestABrandIsTheSameInAnotherBook(t *testing.T) {
	from := newHouse(t)
	from.change(brand.Default, brand.Changes{brand.Logo: square(t, 300), brand.Button: "Open it", brand.Expiry: "7d"})
	from.add("legal", brand.Changes{brand.Name: "Contoso Legal", brand.Colour: "#3b2a5c", brand.Senders: "legal.example"})
	from.add("plain", nil)
	to := newHouse(t)
	to.Service = open(t, to.db, brand.Settings{Name: "Northwind", Color: "#166534"})
	before := to.audited()
	if got := from.carry(to, brandbook.ImportMode{Dry: true}); len(got) != 3 || got[1].Was != "added" || len(to.IDs()) != 0 || !slices.Equal(to.audited(), before) {
		t.Fatalf("a dry run: %+v, %v", got, to.IDs())
	}
	got := from.carry(to, brandbook.ImportMode{})
	if fmt.Sprint(got) != "[{default changed [name colour disclaimer]} {legal added []} {plain added []}]" {
		t.Errorf("fates %v", got)
	}
	for _, id := range []string{"", "legal", "plain"} {
		if a, b := from.Of(id), to.Of(id); a.Name != b.Name || a.Color.String() != b.Color.String() || a.Texts != b.Texts || !bytes.Equal(a.Logo, b.Logo) {
			t.Errorf("%q is %s %s %+v there, and here %s %s %+v", id, a.Name, a.Color, a.Texts, b.Name, b.Color, b.Texts)
		}
	}
	if c := to.OfSender("ada@legal.example"); c.ID != "legal" || c.Expiry.String() != "7d" {
		t.Errorf("its senders have %+v", c)
	}
	want := []string{"change brand default", "add brand legal", "add brand plain {} true", "import brands  2 added, 1 changed, 0 the same true"}
	if said := to.audited()[len(before):]; !slices.EqualFunc(said, want, strings.HasPrefix) {
		t.Errorf("audited %q", said)
	}
	to.Service = open(t, to.db, brand.Settings{Name: "Northwind", Color: "#166534"})
	for _, f := range from.carry(to, brandbook.ImportMode{}) {
		if f.Was != "same" {
			t.Errorf("once more: %+v", f)
		}
	}
}

// A brand without a language does not get that of the default brand of here, and is again
// as it was where it comes from.
func TestABrandWithoutALanguageIsCarriedWithout(t *testing.T) {
	from, to := newHouse(t), newHouse(t)
	from.add("legal", nil)
	to.change(brand.Default, brand.Changes{brand.Language: "de"})
	for _, step := range []struct {
		from, to *house
		own      brand.Changes
		was      string
	}{
		{from, to, brand.Changes{brand.Language: ""}, "added"},
		{from, to, brand.Changes{brand.Language: ""}, "same"},
		{to, from, brand.Changes{}, "same"},
	} {
		list, err := step.from.Export(olga, "legal")
		if err != nil {
			t.Fatal(err)
		}
		list[0].Version = 0
		fates, err := step.to.Import(t.Context(), olga, list, brandbook.ImportMode{})
		if err != nil || fates[0].Was != step.was {
			t.Fatalf("imported: %+v %v, want %s", fates, err, step.was)
		}
		if e, _ := step.to.Brand(t.Context(), olga, "legal"); step.to.Language("legal") != "" || !maps.Equal(e.Changes, step.own) {
			t.Errorf("it speaks %q, and says %v itself", step.to.Language("legal"), e.Changes)
		}
	}
}

// A brand that inherits a drawn emblem where it comes from does not get the logo of here.
func TestAnEmblemIsCarriedWhereAnotherLogoWouldBeInherited(t *testing.T) {
	from, to := newHouse(t), newHouse(t)
	from.add("legal", brand.Changes{brand.Colour: "#3b2a5c"})
	to.change(brand.Default, brand.Changes{brand.Logo: square(t, 64)})
	all, err := from.Export(olga, "legal")
	if err != nil || len(all) != 1 {
		t.Fatal(err, len(all))
	}
	all[0].Version = 0
	if err := to.take(olga, all); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(from.Of("legal").Logo, to.Of("legal").Logo) {
		t.Error("it has another logo")
	}
	if _, err := from.Export(olga, "moon"); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("export of what is not there: %v", err)
	}
}

func TestAnImportIsAllOrNothing(t *testing.T) {
	h := newHouse(t)
	h.add("legal", brand.Changes{brand.Senders: "legal.example"})
	before := h.audited()
	page := func(id string, own brand.Changes) brandbook.Page { return brandbook.Page{ID: id, Own: own} }
	good := page("good", brand.Changes{brand.Button: "Open"})
	var many []brandbook.Page
	for i := range brandbook.MaxBrands {
		many = append(many, page(fmt.Sprint("b", i), nil))
	}
	for name, tt := range map[string]struct {
		list []brandbook.Page
		mode brandbook.ImportMode
		says []string
	}{
		"an SVG and a colour": {[]brandbook.Page{page("a", brand.Changes{brand.Logo: "<svg/>"}), good, page("b", brand.Changes{brand.Colour: "#777777"})}, brandbook.ImportMode{},
			[]string{`Brand "a": logo of the brand: is not a PNG or JPEG picture.`, `Brand "b": colour of the brand: `}},
		"8,000 pixels":            {[]brandbook.Page{good, page("a", brand.Changes{brand.Logo: square(t, 2001)})}, brandbook.ImportMode{}, []string{"measures 2001 by 2001 pixels"}},
		"an invisible name":       {[]brandbook.Page{good, page("a", brand.Changes{brand.Name: "\u2800"})}, brandbook.ImportMode{}, []string{"nothing that can be seen"}},
		"a lock-out":              {[]brandbook.Page{good, page("a", brand.Changes{brand.Passcode: "no", brand.Social: "no"})}, brandbook.ImportMode{}, []string{"passcode"}},
		"no name":                 {[]brandbook.Page{good, page("A b", nil)}, brandbook.ImportMode{}, []string{"small letters"}},
		"no language":             {[]brandbook.Page{good, page("a", brand.Changes{"button.xx": "Open"})}, brandbook.ImportMode{}, []string{"button.xx of the brand: is in no language that there is"}},
		"unknown speech":          {[]brandbook.Page{good, page("a", brand.Changes{brand.Language: "xx"})}, brandbook.ImportMode{}, []string{"language of the brand: is none that there is"}},
		"too long a German":       {[]brandbook.Page{good, page("a", brand.Changes{"button.de": strings.Repeat("ö", 41)})}, brandbook.ImportMode{}, []string{"button.de of the brand: has 41 characters; 40 are allowed"}},
		"a turned Arabic":         {[]brandbook.Page{good, page("a", brand.Changes{"email.ar": "a\u202eb"})}, brandbook.ImportMode{}, []string{"email.ar of the brand: has a character that cannot be shown"}},
		"a bad German, inherited": {[]brandbook.Page{good, {ID: "a", Inherits: brand.Changes{"button.xx": "x"}}}, brandbook.ImportMode{}, []string{"in no language"}},
		"no field":                {[]brandbook.Page{good, page("a", brand.Changes{"moon": "full"})}, brandbook.ImportMode{}, []string{"no field"}},
		"one twice":               {[]brandbook.Page{good, good}, brandbook.ImportMode{}, []string{"there twice"}},
		"senders of another": {[]brandbook.Page{page("a", brand.Changes{brand.Senders: "x.example"}), page("b", brand.Changes{brand.Senders: "x.example"})},
			brandbook.ImportMode{}, []string{"another brand, b, has the sender", "another brand, a, has the sender"}},
		"senders of one here": {[]brandbook.Page{page("a", brand.Changes{brand.Senders: "legal.example"})}, brandbook.ImportMode{}, []string{"another brand, legal, has the sender"}},
		"too many":            {many, brandbook.ImportMode{}, []string{"201 brands"}},
		"the default anew":    {[]brandbook.Page{good, page(brand.Default, nil)}, brandbook.ImportMode{New: true}, []string{"there is a brand of this name already"}},
		"not new":             {[]brandbook.Page{good, page("legal", nil)}, brandbook.ImportMode{New: true}, []string{"there is a brand of this name already"}},
		"changed meanwhile":   {[]brandbook.Page{good, {ID: "legal", Version: 7}}, brandbook.ImportMode{}, []string{"changed it meanwhile"}},
		"a bad inheritance":   {[]brandbook.Page{good, {ID: "a", Inherits: brand.Changes{brand.Colour: "mauve"}}}, brandbook.ImportMode{}, []string{"six digits"}},
	} {
		_, err := h.Import(t.Context(), olga, tt.list, tt.mode)
		var said letterlock.Sentences
		if letterlock.KeyOf(err) != "brand-import" || !errors.As(err, &said) || len(said) != len(tt.says) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range tt.says {
			if !strings.Contains(said.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, said, want)
			}
		}
	}
	if got := h.audited(); !slices.Equal(got, before) || len(h.IDs()) != 1 {
		t.Errorf("refusals left %q, %v", got, h.IDs())
	}
	if fates, err := h.Import(t.Context(), olga, []brandbook.Page{page(brand.Default, nil)}, brandbook.ImportMode{}); err != nil || fates[0].Was != "same" {
		t.Errorf("a default brand as in the settings: %+v, %v", fates, err)
	}
	// Two may change places in one import: what counts is how all stand in the end.
	swap := []brandbook.Page{page("legal", nil), page("other", brand.Changes{brand.Senders: "legal.example"})}
	if err := h.take(olga, swap); err != nil || h.OfSender("x@legal.example").ID != "other" {
		t.Errorf("exchanged: %v", err)
	}
	if e, _ := h.Brand(t.Context(), olga, "legal"); len(maps.Clone(e.Changes)) != 0 {
		t.Errorf("it keeps %v", e.Changes)
	}
}
