package brand

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"letterlock/internal/language"
)

// spoken are the fields that a brand can say in each language apart.
var spoken = []Field{Name, Introduction, Button, Email, Disclaimer, PortalText, Privacy}

// In is a field as it is said to whoever reads in one language: "introduction.de".
func (f Field) In(tag string) Field { return f + "." + Field(tag) }

// Cut takes such a field apart. One that is for all languages has no tag.
func (f Field) Cut() (general Field, tag string) {
	name, tag, _ := strings.Cut(string(f), ".")
	return Field(name), tag
}

// Spoken are the fields that a brand can say in one language, in the order of [Fields].
func Spoken(tag string) (list []Field) {
	for _, f := range spoken {
		list = append(list, f.In(tag))
	}
	return list
}

// AllFields are [Fields], each followed by itself in every language that there is.
func AllFields() (list []Field) {
	for _, f := range Fields {
		list = append(list, f)
		if !slices.Contains(spoken, f) {
			continue
		}
		for _, w := range language.All() {
			list = append(list, f.In(w.Tag()))
		}
	}
	return list
}

// isField says why there is no such field.
func isField(field Field) error {
	general, tag := field.Cut()
	_, isLanguage := language.Find(tag)
	switch {
	case slices.Contains(Fields, field):
		return nil
	case !slices.Contains(spoken, general):
		return errors.New("is no field of a brand")
	case !isLanguage:
		return errors.New("is in no language that there is")
	}
	return nil
}

// spokenOver is what is said in single languages with the changes made. Whoever says a
// text for all languages says it in place of everything that was there, or readers in one
// language would be told what the brand has replaced.
func (c Changes) spokenOver(in map[Field]string) map[Field]string {
	out := map[Field]string{}
	for field, value := range in {
		general, _ := field.Cut()
		if _, own := c[general]; !own {
			out[field] = value
		}
	}
	for field, value := range c {
		if _, tag := field.Cut(); tag != "" && value != "" {
			out[field] = value
		}
	}
	return out
}

// tidySpoken is tidy for what is said in single languages. A text of nothing is none.
func (s *Settings) tidySpoken() error {
	in := map[Field]string{}
	for _, field := range slices.Sorted(maps.Keys(s.Spoken)) {
		general, _ := field.Cut()
		text, err := tidyField(general, s.Spoken[field])
		if err != nil {
			return invalid(field, err)
		}
		if text != "" {
			in[field] = text
		}
	}
	s.Spoken = in
	return nil
}

// In returns the brand, as New has made it, as whoever reads in a language sees it.
func (b *Brand) In(tag string) *Brand {
	in := *b
	in.tag = tag
	for field, at := range map[Field]*string{
		Name: &in.Name, Introduction: &in.Introduction, Button: &in.Button, Email: &in.Email,
		Disclaimer: &in.Disclaimer, PortalText: &in.Portal, Privacy: &in.Privacy,
	} {
		if text := b.spoken[field.In(tag)]; text != "" {
			*at = text
		}
	}
	return &in
}

// Tongue is the tag of the language that a field is in, if In has found it said in that;
// empty: it is said for all languages, in whichever it is.
func (b *Brand) Tongue(field Field) string {
	if b.spoken[field.In(b.tag)] != "" {
		return b.tag
	}
	return ""
}
