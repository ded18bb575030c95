package language

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	tags "golang.org/x/text/language"
)

//go:embed texts/*.toml texts/staff/*.toml
var texts embed.FS

// catalogues returns those of all languages, in the order of tongues. To read them takes
// a tenth of a second, which a command that says nothing of this has no use for. They were
// compiled in: a fault in them is one of ours, and every test would have met it.
var catalogues = sync.OnceValue(func() []*catalogue {
	all, err := load(texts, "texts")
	if err != nil {
		panic("language: internal error: " + err.Error())
	}
	return all
})

// A catalogue is all that is said in one language.
type catalogue struct {
	*tongue
	localizer *i18n.Localizer // knows which plural form a number takes
	forms     []string        // the plural forms that whole numbers take
	texts     map[string]map[string][]Part
}

// other is the plural form that every language has, and the only one of a text
// without plurals. The others have the names that CLDR gives them.
const other = "other"

// load reads the texts of all languages in dir, and refuses them with a sentence if
// one of them is not what it should be.
func load(files fs.FS, dir string) ([]*catalogue, error) {
	var all []*catalogue
	for i := range tongues {
		all = append(all, &catalogue{tongue: &tongues[i]})
	}
	for _, c := range all {
		var err error
		if c.localizer, err = plurals(c.tag); err != nil {
			return nil, err
		}
		c.forms = c.formsUsed() // once: each text with plurals asks for them
		c.texts = map[string]map[string][]Part{}
		if err := c.read(files, dir); err != nil {
			return nil, err
		}
	}
	if err := compareAll(all); err != nil {
		return nil, err
	}
	// What only the organisation's own people read comes second, and in fewer languages.
	ofStaff := slices.DeleteFunc(slices.Clone(all), func(c *catalogue) bool { return !forStaff(c.tag) })
	for _, c := range ofStaff {
		if err := c.read(files, path.Join(dir, "staff")); err != nil {
			return nil, err
		}
	}
	return all, compareAll(ofStaff)
}

// forStaff reports whether the pages of staff are there in a language.
func forStaff(tag string) bool { return tag == English || tag == German }

// compareAll compares each language with the first, which is English.
func compareAll(all []*catalogue) error {
	for _, c := range all {
		if err := c.compare(all[0]); err != nil {
			return err
		}
	}
	return nil
}

// read takes in the files of one language in dir.
func (c *catalogue) read(files fs.FS, dir string) error {
	names, err := fs.Glob(files, path.Join(dir, "*."+c.tag+".toml"))
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		file, err := i18n.ParseMessageFileBytes(text, name, map[string]i18n.UnmarshalFunc{"toml": toml.Unmarshal})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, m := range file.Messages {
			if c.texts[m.ID] != nil {
				return fmt.Errorf("%s: %s is there twice", name, m.ID)
			}
			if c.texts[m.ID], err = compile(m); err != nil {
				return fmt.Errorf("%s: %s %w", name, m.ID, err)
			}
		}
	}
	return nil
}

// placeholder is the only thing of templates that a text may have.
var placeholder = regexp.MustCompile(`\{\{\.([A-Z][A-Za-z]*)\}\}`)

// compile takes the forms of a text apart.
func compile(m *i18n.Message) (map[string][]Part, error) {
	forms := map[string][]Part{}
	for form, text := range map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, other: m.Other} {
		if text == "" {
			continue
		}
		parts, err := split(text)
		if err != nil {
			return nil, err
		}
		forms[form] = parts
	}
	if forms[other] == nil {
		return nil, errors.New("is empty")
	}
	return forms, nil
}

// split divides a text at its placeholders, and refuses what is more than text.
func split(text string) ([]Part, error) {
	var parts []Part
	plain := func(s string) error {
		switch {
		case strings.ContainsAny(s, "<>&"):
			return errors.New("has markup in it")
		case strings.Contains(s, "{{") || strings.Contains(s, "}}"):
			return errors.New("has something in braces that is no placeholder")
		case strings.ContainsFunc(s, func(r rune) bool { return turnsText(r) || unicode.IsControl(r) }):
			return errors.New("has a control character in it")
		}
		if s != "" {
			parts = append(parts, Part{Text: s})
		}
		return nil
	}
	at := 0
	for _, found := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		if err := plain(text[at:found[0]]); err != nil {
			return nil, err
		}
		parts = append(parts, Part{Slot: text[found[2]:found[3]]})
		at = found[1]
	}
	return parts, plain(text[at:])
}

// compare says what c lacks of English, or has beyond it.
func (c *catalogue) compare(english *catalogue) error {
	for id := range c.texts {
		if english.texts[id] == nil {
			return fmt.Errorf("%s: %s is no text of English", c.tag, id)
		}
	}
	ids := make([]string, 0, len(english.texts))
	for id := range english.texts {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		if err := c.compareText(id, english.texts[id]); err != nil {
			return fmt.Errorf("%s: %s %w", c.tag, id, err)
		}
	}
	return nil
}

// compareText says what is wrong with one text beside that of English.
func (c *catalogue) compareText(id string, english map[string][]Part) error {
	forms := c.texts[id]
	if forms == nil {
		return errors.New("is missing")
	}
	wanted := []string{other}
	if len(english) > 1 {
		wanted = c.forms
	}
	for _, form := range wanted {
		if forms[form] == nil {
			return fmt.Errorf("lacks the form %q", form)
		}
	}
	want := slots(english[other])
	for form, parts := range forms {
		if !slices.Contains(wanted, form) {
			return fmt.Errorf("has the form %q, which nothing takes", form)
		}
		got := slots(parts)
		if form != other { // "one message" needs no number
			if i := slices.Index(want, "Count"); i >= 0 && !slices.Contains(got, "Count") {
				got = slices.Insert(got, i, "Count")
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("has the placeholders %q and not %q", got, want)
		}
	}
	return nil
}

// slots returns the names of the placeholders, sorted.
func slots(parts []Part) []string {
	names := []string{}
	for _, p := range parts {
		if p.Slot != "" {
			names = append(names, p.Slot)
		}
	}
	sort.Strings(names)
	return names
}

// plurals returns what names the plural form of a number in a language. go-i18n keeps
// the rules of CLDR to itself and picks a text by them: ours are the forms' own names.
func plurals(tag string) (*i18n.Localizer, error) {
	in := tags.Make(tag)
	bundle := i18n.NewBundle(in)
	err := bundle.AddMessages(in, &i18n.Message{ID: "form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: other})
	return i18n.NewLocalizer(bundle, tag), err
}

// formOf returns the plural form that a number takes.
func (c *catalogue) formOf(n int) string {
	form, err := c.localizer.Localize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n})
	if err != nil {
		return other
	}
	return form
}

// formsUsed returns the plural forms that whole numbers take.
func (c *catalogue) formsUsed() []string {
	var used []string
	for n := range 1002 {
		if n == 1001 {
			n = 1_000_000 // in French and Spanish a number of its own
		}
		if form := c.formOf(n); !slices.Contains(used, form) {
			used = append(used, form)
		}
	}
	return used
}
