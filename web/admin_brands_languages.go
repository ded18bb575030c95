package web

import (
	"net/url"
	"slices"
	"strings"

	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/language"
	"letterlock/views"
)

// readSpoken reads what was typed for single languages. What the form had no field for stays
// as it is, and what is left empty is not said.
func (b *brandEdit) readSpoken(f url.Values, tidy func(string) string) {
	for _, w := range language.All() {
		for _, field := range brand.Spoken(w.Tag()) {
			value := b.entry.Changes[field]
			if typed, is := f[string(field)]; is {
				value = tidy(typed[0])
			}
			if slices.Contains(f["inherit"], string(field)) {
				value = ""
			}
			if b.typed[field] = value; value != "" {
				b.changes[field] = value
			}
		}
	}
}

// spokenForm adds to a form what concerns languages, where there is a choice of them.
func (p speaker) spokenForm(v *views.BrandForm, b brandEdit) {
	if len(p.Languages.All()) > 1 {
		for _, w := range p.Languages.All() {
			v.PreviewIn = append(v.PreviewIn, views.Option{Value: w.Tag(), Text: w.Name(), Selected: w.Tag() == p.previewIn(b).Tag()})
		}
	}
	for _, w := range language.All() {
		l := p.brandLanguage(b, w)
		if slices.ContainsFunc(b.errors, func(e views.FieldError) bool { return inLanguage(e.Field, w) }) {
			l.Open = true
		}
		if l.Open || v.PreviewIn != nil && p.Languages.Has(w.Tag()) {
			v.Languages = append(v.Languages, l)
		}
	}
	speaks := b.value(brand.Language)
	if own, is := b.changes[brand.Language]; is && own == "" {
		speaks = speaksNone
	}
	if v.PreviewIn != nil || speaks != "" {
		v.Speaks = p.brandSpeaks(b.entry, speaks)
	}
}

func inLanguage(field string, w language.Words) bool {
	_, tag := brand.Field(field).Cut()
	return tag == w.Tag()
}

// value is a field as it was typed, or as the brand says it itself.
func (b brandEdit) value(f brand.Field) string {
	if typed, is := b.typed[f]; is {
		return typed
	}
	return b.changes[f]
}

// previewIn is the language in which a brand is shown while it is edited: the one that was
// chosen, else its own.
func (s *Server) previewIn(b brandEdit) language.Words {
	if w, is := s.Languages.Find(b.in); is {
		return w
	}
	speaks, own := b.changes[brand.Language]
	if !own {
		speaks = b.entry.Base.Language
	}
	return s.Languages.Or(speaks)
}

// brandLanguage is what a brand says in one language.
func (p speaker) brandLanguage(b brandEdit, w language.Words) views.BrandLanguage {
	l := views.BrandLanguage{
		Language: views.Language{Tag: w.Tag(), Name: w.Name(), Direction: w.Direction()}, Fields: map[string]views.BrandSpoken{},
	}
	said := 0
	for _, field := range brand.Spoken(w.Tag()) {
		general, _ := field.Cut()
		f := views.BrandSpoken{Value: b.value(field), Own: b.entry.Changes[field] != ""}
		f.From, f.Base = b.without(p.Words, field, w)
		if f.Value != "" {
			said++
		}
		l.Fields[string(general)] = f
	}
	var notes []string
	if l.Open = said > 0; l.Open {
		notes = append(notes, p.Count("count.text", said))
	}
	if !p.Languages.Has(w.Tag()) {
		notes = append(notes, p.Text("brands.notOfferedHere"))
	}
	l.Note = strings.Join(notes, ", ")
	return l
}

// without says what a text in one language is where the brand does not say it, and from
// where that comes.
func (b brandEdit) without(say language.Words, field brand.Field, w language.Words) (from, text string) {
	general, _ := field.Cut()
	own, is := b.changes[general]
	base := b.entry.Base
	switch {
	case is:
		from, text = say.Text("brands.asForAllLanguages"), own
	case base.Value(field) != "":
		from, text = say.Text("brands.asInTheDefaultBrand"), base.Value(field)
	case b.entry.ID == brand.Default:
		from, text = say.Text("brands.asForAllLanguages"), base.Value(general)
	default:
		from, text = say.Text("brands.asInTheDefaultBrand"), base.Value(general)
	}
	if ours := map[brand.Field]string{brand.Introduction: "mail.introduction", brand.Button: "mail.read"}[general]; text == "" && ours != "" {
		return say.Text("brands.ourOwnWords"), w.Text(ours)
	}
	return from, text
}

// speaksNone is what the form says of a brand that speaks none, though it would inherit one.
const speaksNone = "none"

// brandSpeaks are the languages that a brand can speak where nobody has said which, and the
// one that it names even if that is not offered.
func (p speaker) brandSpeaks(e brandbook.Entry, chosen string) []views.Option {
	inherited := p.Languages.Or(e.Base.Language).Name()
	list := []views.Option{{Text: p.Text("brands.asInTheDefaultBrandLanguage", "Language", inherited), Selected: chosen == ""}}
	if e.ID == brand.Default {
		list[0].Text = p.Text("brands.theFirstThatIsOffered", "Language", inherited)
	}
	if e.Base.Language != "" || chosen == speaksNone {
		first := p.Languages.All()[0].Name()
		list = append(list, views.Option{Value: speaksNone, Text: p.Text("brands.theFirstThatIsOffered", "Language", first), Selected: chosen == speaksNone})
	}
	for _, w := range p.Languages.All() {
		list = append(list, views.Option{Value: w.Tag(), Text: w.Name(), Selected: w.Tag() == chosen})
	}
	if w, is := language.Find(chosen); is && !p.Languages.Has(chosen) {
		list = append(list, views.Option{Value: chosen, Text: p.Text("brands.notOfferedAnyMore", "Language", w.Name(), "Spoken", p.Languages.All()[0].Name()), Selected: true})
	}
	return list
}

// brandFieldName is a field of a brand as a list names it.
func brandFieldName(say language.Words, f brand.Field) string {
	general, tag := f.Cut()
	name := say.Text(fieldNames[general])
	if w, is := language.Find(tag); is {
		return say.Text("brands.field.inLanguage", "Field", name, "Language", w.Name())
	}
	return name
}
