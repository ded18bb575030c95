// Package language has what the product says to recipients, in each language it
// speaks: the texts, their plurals, dates, times, durations and sizes, and which
// language somebody wants.
//
// Texts are in texts/, one file for each subject and language, in TOML as go-i18n
// reads it: {{.Name}} is a placeholder, and a text with plurals is a table of the
// forms that the language has. They are plain text and never markup. Every language
// has every text that English has, with the same placeholders: [load] refuses
// anything else, so a server whose texts have a hole does not start.
//
// What only the organisation's own people read is in texts/staff, in English and German.
//
// What is put in for a placeholder is somebody else's text: a name, an address. It
// is shut in (Unicode's first strong isolate) wherever it could turn the sentence
// around it.
package language

import (
	"strconv"
	"strings"
	"unicode"
)

// The languages, by their tags (BCP 47).
const (
	English  = "en"
	German   = "de"
	French   = "fr"
	Spanish  = "es"
	Arabic   = "ar"
	Japanese = "ja"
)

// A tongue is a language as it is known without its texts.
type tongue struct {
	at          int // among all
	tag, name   string
	rightToLeft bool
}

// tongues are all languages.
var tongues = []tongue{
	{0, English, "English", false},
	{1, German, "Deutsch", false},
	{2, French, "Français", false},
	{3, Spanish, "Español", false},
	{4, Arabic, "العربية", true},
	{5, Japanese, "日本語", false},
}

// Words are all texts in one language. The zero Words are English. They never
// change and may be used by several goroutines.
type Words struct{ in *tongue }

// A Part of a text is either plain or the name of a placeholder.
type Part struct {
	Text string
	Slot string // of the placeholder, like "Address"; empty: Text it is
}

// Load reads the texts, as whatever asks for the first of them does otherwise. A server
// calls it at its start, where a fault in them belongs and where nobody waits.
func Load() { catalogues() }

// All returns the words of every language there is, English first.
func All() []Words {
	var all []Words
	for i := range tongues {
		all = append(all, Words{&tongues[i]})
	}
	return all
}

// Find returns the words of the language with this tag, exactly as in the constants.
func Find(tag string) (Words, bool) {
	for _, w := range All() {
		if w.in.tag == tag {
			return w, true
		}
	}
	return Words{}, false
}

// tongue returns that of w.
func (w Words) tongue() *tongue {
	if w.in == nil {
		return &tongues[0]
	}
	return w.in
}

// catalogue returns that of w.
func (w Words) catalogue() *catalogue { return catalogues()[w.tongue().at] }

// Tag returns the language's tag: "en".
func (w Words) Tag() string { return w.tongue().tag }

// Name returns what the language calls itself: "English".
func (w Words) Name() string { return w.tongue().name }

// Direction returns "ltr" or "rtl", as the attribute dir wants it.
func (w Words) Direction() string {
	if w.tongue().rightToLeft {
		return "rtl"
	}
	return "ltr"
}

// Has reports whether there is a text of that name.
func (w Words) Has(id string) bool { return w.catalogue().texts[id] != nil }

// Text returns a text. Values are pairs: the name of a placeholder and what stands
// in its place. No link belongs into them: what shuts a value in would stick to it.
func (w Words) Text(id string, values ...string) string {
	return w.fill(w.forms(id)[other], values)
}

// Count returns a text whose form goes by a number, which is its {{.Count}}. n is
// not negative.
func (w Words) Count(id string, n int, values ...string) string {
	forms := w.forms(id)
	parts := forms[w.catalogue().formOf(n)]
	return w.fill(parts, append([]string{"Count", strconv.Itoa(n)}, values...))
}

// Parts returns a text in pieces, for whoever puts an element in the place of a
// placeholder. What it returns is not to be changed.
func (w Words) Parts(id string) []Part { return w.forms(id)[other] }

// forms returns those of a text. A text that does not exist is an error of ours: a
// test finds what asks for one.
func (w Words) forms(id string) map[string][]Part {
	forms := w.catalogue().texts[id]
	if forms == nil {
		panic("language: internal error: no text " + id)
	}
	return forms
}

// fill puts values into the places of a text.
func (w Words) fill(parts []Part, values []string) string {
	if len(parts) == 1 && parts[0].Slot == "" {
		return parts[0].Text
	}
	var b strings.Builder
	for _, p := range parts {
		if p.Slot == "" {
			b.WriteString(p.Text)
			continue
		}
		for i := 0; i+1 < len(values); i += 2 {
			if values[i] == p.Slot {
				b.WriteString(w.Isolate(values[i+1]))
				break
			}
		}
	}
	return b.String()
}

// Marks that shut a piece of text in: what is between them decides its own
// direction and nobody else's (Unicode Standard Annex 9, section 2.4).
const (
	isolate = '\u2068' // FIRST STRONG ISOLATE
	release = '\u2069' // POP DIRECTIONAL ISOLATE
)

// Isolate returns s, shut in where it could turn the text around it: in a language
// that is written from right to left unless it is a number, and elsewhere when
// something of s is written so. Marks of its own that do the same are left out: they
// could open the lock.
func (w Words) Isolate(s string) string {
	turns := false
	s = strings.Map(func(r rune) rune {
		if turnsText(r) {
			return -1
		}
		turns = turns || unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
		return r
	}, s)
	if !turns && (!w.tongue().rightToLeft || strings.Trim(s, "0123456789.,") == "") {
		return s
	}
	return string(isolate) + s + string(release)
}

// turnsText reports whether r does nothing but change the direction of text.
func turnsText(r rune) bool { return '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069' }
