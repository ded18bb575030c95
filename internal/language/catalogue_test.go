package language

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// TestEveryLanguageHasEveryText reads what is in the program: it would not start
// with less, and here is the sentence why.
func TestEveryLanguageHasEveryText(t *testing.T) {
	all, err := load(texts, "texts")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 6 || len(all[0].texts) < 30 {
		t.Fatalf("%d languages with %d texts: this test would prove nothing", len(all), len(all[0].texts))
	}
}

func TestFaultyTextsAreRefused(t *testing.T) {
	tests := []struct {
		name   string
		change func(fstest.MapFS)
		want   string
	}{
		{"a text is missing", set("de", `[a]
plain = "Ja"`), "de: a.count is missing"},
		{"a text too many", set("de", "more = \"x\"\n"+german), "de: more is no text of English"},
		{"markup", set("de", strings.Replace(german, "Ja", "<b>Ja</b>", 1)), "a.plain has markup"},
		{"an entity", set("fr", strings.Replace(french, "Oui", "&lt;", 1)), "a.plain has markup"},
		{"a template", set("de", strings.Replace(german, "Ja", `{{printf 1}}`, 1)), "no placeholder"},
		{"a brace alone", set("de", strings.Replace(german, "Ja", `{{.Name`, 1)), "no placeholder"},
		{"another placeholder", set("de", strings.Replace(german, "{{.Name}}", "{{.Nam}}", 1)), `["Nam"] and not ["Name"]`},
		{"no placeholder", set("de", strings.Replace(german, "{{.Name}}", "", 1)), `[] and not ["Name"]`},
		{"a plural form that is missing", set("fr", strings.Replace(french, "many", "#", 1)), `fr: a.count lacks the form "many"`},
		{"one that nothing takes", set("de", german+"\nfew = \"x\""), `has the form "few"`},
		{"an empty text", set("de", strings.Replace(german, "Ja", "", 1)), "a.plain is empty"},
		{"a mark that turns text", set("de", strings.Replace(german, "Ja", "\u202e", 1)), "control character"},
		{"a line break", set("de", strings.Replace(german, "Ja", `\n`, 1)), "control character"},
		{"no TOML", set("de", "]"), "texts/x.de.toml"},
		{"a text for staff that German lacks", setStaff("en", `b = "Sent"`), "de: b is missing"},
		{"one that French has", func(m fstest.MapFS) {
			setStaff("en", `b = "Sent"`)(m)
			setStaff("de", `b = "x"`)(m)
			set("fr", french+"\n[b]\nother = \"x\"")(m)
		}, "fr: b is no text"},
		{"no file", func(m fstest.MapFS) { delete(m, "texts/x.ja.toml") }, "ja: "},
	}
	if _, err := load(sound(), "texts"); err != nil {
		t.Fatalf("sound texts are refused: %v", err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := sound()
			tt.change(files)
			if _, err := load(files, "texts"); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("load: %v, want an error with %q", err, tt.want)
			}
		})
	}
}

const (
	english = `[a]
plain = "Yes"
named = "To {{.Name}}"
[a.count]
one = "1 file"
other = "{{.Count}} files"`
	german = `[a]
plain = "Ja"
named = "An {{.Name}}"
[a.count]
one = "1 Datei"
other = "{{.Count}} Dateien"`
	french = `[a]
plain = "Oui"
named = "À {{.Name}}"
[a.count]
one = "{{.Count}} fichier"
many = "{{.Count}} de fichiers"
other = "{{.Count}} fichiers"`
	arabic = `[a]
plain = "نعم"
named = "إلى {{.Name}}"
count = {zero="0", one="1", two="2", few="{{.Count}}", many="{{.Count}}", other="{{.Count}}"}`
	japanese = `[a]
plain = "はい"
named = "{{.Name}}へ"
count = "{{.Count}}個"`
)

// sound returns texts without a fault.
func sound() fstest.MapFS {
	files := fstest.MapFS{}
	for tag, text := range map[string]string{English: english, German: german, French: french, Spanish: french, Arabic: arabic, Japanese: japanese} {
		set(tag, text)(files)
	}
	return files
}

// set replaces the texts of one language.
func set(tag, text string) func(fstest.MapFS) {
	return func(m fstest.MapFS) { m["texts/x."+tag+".toml"] = &fstest.MapFile{Data: []byte(text)} }
}

// asked finds, in source, what asks for a text by its name.
var asked = regexp.MustCompile(`\.(?:Text|Count|Parts)\("([a-zA-Z0-9]+\.[a-zA-Z0-9.]+)"`)

// TestTextsAreThoseThatAreAskedFor compares the catalogue with the source: a text that
// is asked for exists, and one that exists is named somewhere, whole or by what its
// name begins with.
func TestTextsAreThoseThatAreAskedFor(t *testing.T) {
	english, source := catalogues()[0], sources(t)
	for _, found := range asked.FindAllStringSubmatch(source, -1) {
		id := found[1]
		if english.texts[id] == nil && !strings.HasSuffix(id, ".") {
			t.Errorf("the text %s is asked for and does not exist", id)
		}
	}
	for id := range english.texts {
		start := id[:strings.LastIndexByte(id, '.')+1]
		if !strings.Contains(source, `"`+id+`"`) && !strings.Contains(source, `"`+start+`"`) {
			t.Errorf("nothing asks for the text %s", id)
		}
	}
}

// sources returns all source that may ask for a text, generated files and tests aside.
func sources(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, dir := range []string{"../../web", "../../views", "../../internal", "../../cmd"} {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") ||
				!strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".templ") {
				return err
			}
			text, err := os.ReadFile(name)
			b.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// TestTheRevokedSentenceStandsForARevocationAlone in every language: nothing else of a
// catalogue says it, or has it within.
func TestTheRevokedSentenceStandsForARevocationAlone(t *testing.T) {
	const revoked = "end.heading.revoked"
	for _, c := range catalogues() {
		sentence := Words{c.tongue}.Text(revoked)
		for id, forms := range c.texts {
			for _, parts := range forms {
				if text := (Words{c.tongue}).fill(parts, nil); id != revoked && strings.Contains(text, sentence) {
					t.Errorf("%s: %s says %q, too", c.tag, id, text)
				}
			}
		}
	}
	if got := (Words{}).Text(revoked); got != "The message has been revoked by the sender" {
		t.Errorf("in English it is %q", got)
	}
}

// TestFrenchKeepsItsSigns finds signs that could begin a line, or stand close to a word.
func TestFrenchKeepsItsSigns(t *testing.T) {
	wrong := regexp.MustCompile(`[^\x{202F}][?!;]|[^\x{A0}\x{202F}]:|«[^\x{A0}]|[^\x{A0}]»|'`)
	french, _ := Find(French)
	for id, forms := range french.catalogue().texts {
		for _, parts := range forms {
			if text := french.fill(parts, nil); wrong.MatchString(text) {
				t.Errorf("%s: %q", id, text)
			}
		}
	}
}

// setStaff replaces the texts for staff of one language.
func setStaff(tag, text string) func(fstest.MapFS) {
	return func(m fstest.MapFS) { m["texts/staff/x."+tag+".toml"] = &fstest.MapFile{Data: []byte(text)} }
}

// TestNoTextIsLeftInEnglish looks for Latin letters in the languages that are written in
// others: what is left of them are names.
func TestNoTextIsLeftInEnglish(t *testing.T) {
	names := regexp.MustCompile(`\b(?:OpenID|Letterlock|Google|Microsoft|https|Cookie|Cc|zip|KB|MB)\b`)
	for _, c := range catalogues() {
		if c.tag != Arabic && c.tag != Japanese {
			continue
		}
		for id, forms := range c.texts {
			for _, parts := range forms {
				text := names.ReplaceAllString(Words{c.tongue}.fill(parts, nil), "")
				if strings.ContainsFunc(text, func(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }) {
					t.Errorf("%s: %s has Latin letters: %q", c.tag, id, text)
				}
			}
		}
	}
}
