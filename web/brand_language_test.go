package web

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/brand"
	"letterlock/internal/language"
)

// TestTheBrandSpeaksWhereNobodyHasSaidWhichLanguage asks the gate and both mails, and a page
// about no message.
func TestTheBrandSpeaksWhereNobodyHasSaidWhichLanguage(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Languages, _ = language.NewOffer([]string{"en", "de", "ar"}) })
	w.brand("legal", brand.Changes{brand.Language: "de"})
	w.brand("northwind", brand.Changes{brand.Language: "ja"}) // which is not offered
	w.brand("plain", nil)
	for _, tt := range []struct {
		id, accept, chosen string
		want, wantMail     string
	}{
		{"legal", "", "", "de", "de"},
		{"legal", "ko", "", "de", "de"},
		{"legal", "ar", "", "ar", "de"},
		{"legal", "ar", "en", "en", "de"},
		{"northwind", "", "", "en", "en"},
		{"plain", "", "", "en", "en"},
	} {
		w.sendWith(tt.id, marta)
		b, link := w.browser(), w.link(marta)
		b.header.Set("Accept-Language", tt.accept)
		if tt.chosen != "" {
			b.cookies[hostPrefix+languageCookie] = tt.chosen
		}
		what := tt.id + " to " + tt.accept + tt.chosen
		w.spokenIn(what+", notification", tt.wantMail, "")
		a := b.get(link)
		if got := a.header.Get("Content-Language"); got != tt.want || !strings.Contains(a.body, `<html lang="`+tt.want) {
			t.Errorf("%s: the gate is in %q, want %q", what, got, tt.want)
		}
		if got := strings.Join(a.header.Values("Vary"), " "); strings.Count(got, "Cookie") != 1 || strings.Count(got, "Accept-Language") != 1 {
			t.Errorf("%s: Vary is %q", what, got)
		}
		b.post(link+"/passcode", nil)
		w.spokenIn(what+", passcode", tt.want, "") // that of the page
	}
	if err := w.server.Brands.Change(t.Context(), administrator, brand.Default, 0, brand.Changes{brand.Language: "ar"}); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	for path, want := range map[string]string{"/check": "ar", "/m/" + strings.Repeat("x", 43): "ar", w.link(marta): "ar"} { // the last message is of plain
		if got := b.get(path).header.Get("Content-Language"); got != want {
			t.Errorf("%s is in %q, want %q", path, got, want)
		}
	}
}

func TestABrandSaysItsTextsInTheLanguageOfWhoeverReads(t *testing.T) {
	w := newWorld(t, everyLanguage)
	w.brand("legal", brand.Changes{
		brand.Name: "Legal", "name.de": "Recht", brand.PortalText: "For all.", "portal.de": "Für {{.Deutsche}} <b>&", "button.de": "Öffnen", brand.Button: "Open",
		"disclaimer.ar": "إخلاء", brand.Privacy: "https://legal.example/en", "privacy.de": "https://legal.example/de",
	})
	id := w.sendWith("legal", marta)
	link := w.link(marta)
	german, arabic := w.browser(), w.browser()
	german.header.Set("Accept-Language", "de")
	arabic.header.Set("Accept-Language", "ar")
	if a := german.get(link); !strings.Contains(a.body, `<p class="brand-text">Für {{.Deutsche}} &lt;b&gt;&amp;</p>`) || !strings.Contains(a.body, "legal.example/de") || !strings.HasPrefix(a.heading(), "Recht hat Ihnen") {
		t.Errorf("the German gate says %q", texts(a.body))
	}
	if a := arabic.get(link); !strings.Contains(a.body, `<p class="brand-text" dir="auto" lang="">For all.</p>`) || !strings.Contains(a.body, "legal.example/en") || !strings.Contains(a.body, "<bdi>Legal</bdi>") {
		t.Errorf("the Arabic gate says %q", texts(a.body))
	}
	if m := w.box.Mails(marta)[0]; !strings.Contains(m.HTML(), `<span lang="" dir="auto">Open</span>`) || !strings.Contains(m.Sender(), "via Legal") {
		t.Errorf("the English notification is from %q", m.Sender())
	}
	german.post(languageURL, url.Values{"language": {"de"}, "return": {link}})
	german.prove(marta)
	w.sendWith("legal", marta)
	w.deliver()
	if m := w.box.Mails(marta)[0]; !strings.Contains(m.HTML(), ">Öffnen</a>") || !strings.Contains(m.Sender(), "Recht") || !strings.Contains(m.Text(), "Öffnen:") {
		t.Errorf("the notification to whom German is remembered for is from %q", m.Sender())
	}
	if err := w.server.Access.Revoke(t.Context(), administrator, id, ""); err != nil {
		t.Fatal(err)
	}
	if a := german.get("/read/" + string(id)); !strings.Contains(a.body, "<bdi>Recht</bdi>") {
		t.Errorf("the end of it does not name the brand: %q", a.heading())
	}
}

func TestAnAdministratorSaysATextInOneLanguageAndSeesIt(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Languages, _ = language.NewOffer([]string{"en", "de", "ar"}) })
	b := w.browser().signIn(grace)
	w.brand("legal", brand.Changes{brand.Button: "Open", "email.fr": "De l'Ile", brand.Language: "ja"})
	page := b.get("/brands/legal")
	says(t, "the form", page, "1 text, not offered here", "日本語: not offered any more, English is spoken", "As for all languages")
	hint := regexp.MustCompile(`(?s)id="button\.ar"[^>]* lang="ar" dir="rtl" aria-describedby="button\.ar-hint".*id="button\.ar-hint">[^<]*: <bdi lang="">Open</bdi>`)
	if !hint.MatchString(page.body) || !strings.Contains(page.body, `id="introduction.de"`) {
		t.Error("the form has no field for Arabic, or does not show what is inherited")
	}
	fields := formOf(t, page)
	fields.Set("button.de", "Öffnen <b>")
	fields.Set("introduction.ar", "مقدمة")
	fields.Set("preview-in", "de")
	fields.Set("do", "preview")
	a := b.postBrand("/brands/legal", fields, nil)
	at := previewURL.FindString(a.body)
	if at == "" || !strings.Contains(a.body, at+"mail.html?language=de") || !strings.Contains(a.body, `<option value="de" selected>`) {
		t.Fatalf("%d: no preview in German", a.status)
	}
	if note, gate := b.get(at+"mail.html?language=de"), b.get(at+"portal.html?language=de"); !strings.Contains(note.body, ">Öffnen &lt;b&gt;</a>") || !strings.Contains(gate.body, `<html lang="de"`) {
		t.Errorf("the German previews: %d %d", note.status, gate.status)
	}
	if note := b.get(at + "mail.html?language=ar"); !strings.Contains(note.body, `<html lang="ar" dir="rtl"`) || !strings.Contains(note.body, "مقدمة") || !strings.Contains(note.body, `<span lang="" dir="auto">Open</span>`) {
		t.Errorf("the Arabic notification: %d", note.status)
	}
	if note := b.get(at + "mail.html?language=%3Cb%3E"); !strings.Contains(note.body, `<html lang="en"`) {
		t.Errorf("a preview in no language: %d", note.status)
	}
	fields = formOf(t, a)
	fields.Set("do", "save")
	if a = b.postBrand("/brands/legal", fields, nil); a.status != http.StatusSeeOther {
		t.Fatalf("%d %v", a.status, texts2(a.body))
	}
	e, err := w.server.Brands.Brand(t.Context(), administrator, "legal")
	want := brand.Changes{brand.Button: "Open", "email.fr": "De l'Ile", brand.Language: "ja", "button.de": "Öffnen <b>", "introduction.ar": "مقدمة"}
	if err != nil || !maps.Equal(e.Changes, want) {
		t.Errorf("saved: %v %v\nwant %v", e.Changes, err, want)
	}
	says(t, "the list", b.get("/brands"), "Introduction in \u2068العربية\u2069, words on the button, words on the button in Deutsch, text below the button in Français, language")

	if a := b.post("/brands/legal/test", url.Values{"test-in": {"de"}}); a.location() != "/brands/legal?done=tested" {
		t.Fatalf("%d %s", a.status, a.heading())
	}
	if m := w.box.Mails(grace)[0]; !strings.Contains(m.HTML(), ">Öffnen &lt;b&gt;</a>") || !strings.Contains(string(m.Raw), "Content-Language: de\r\n") {
		t.Errorf("the German test mail: %q", m.Subject())
	}
	fields = formOf(t, b.get("/brands/legal"))
	fields.Set("do", "save")
	fields.Set("introduction.ar", "")
	fields["inherit"] = []string{"button.de"}
	if a = b.postBrand("/brands/legal", fields, nil); a.status != http.StatusSeeOther {
		t.Fatalf("%d", a.status)
	}
	if e, _ = w.server.Brands.Brand(t.Context(), administrator, "legal"); len(e.Changes) != 3 || e.Changes["email.fr"] == "" {
		t.Errorf("taken back: %v", e.Changes)
	}
	fields = formOf(t, b.get("/brands/legal"))
	for field, tt := range map[string][2]string{
		"button.de": {strings.Repeat("ö", 41), "41 characters; 40 are allowed"}, "email.ar": {"a\u202eb", "U+202E"}, "name.de": {"a\r\nBcc: x", "U+000A"}, "privacy.ar": {"javascript:alert(1)", "is not a web address"},
	} {
		f := maps.Clone(fields)
		f.Set(field, tt[0])
		a := b.postBrand("/brands/legal", f, nil)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, tt[1]) || !strings.Contains(a.body, `id="`+field+`-error"`) {
			t.Errorf("%s: %d, not %q: %q", field, a.status, tt[1], texts2(a.body))
		}
	}
	f := maps.Clone(fields)
	f.Set("language", "tlh")
	if a := b.postBrand("/brands/legal", f, nil); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="language-error"`) {
		t.Errorf("a language that there is not: %d", a.status)
	}
}

func TestWhereOneLanguageIsOfferedNoneIsAskedFor(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(grace)
	w.brand("legal", nil)
	if a := b.get("/brands/legal"); strings.Contains(a.body, "Language") || strings.Contains(a.body, "preview-in") {
		t.Error("the form asks for languages")
	}
	w.brand("french", brand.Changes{"button.fr": "Ouvrir"})
	says(t, "a brand that says something in another", b.get("/brands/french"), "1 text, not offered here")
}

func TestABrandCanSpeakNoLanguageThoughTheDefaultBrandDoes(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Languages, _ = language.NewOffer([]string{"en", "de", "fr"}) })
	w.brand("legal", brand.Changes{brand.Language: "de"})
	b := w.browser().signIn(grace)
	if strings.Contains(b.get("/brands/legal").body, `value="none"`) {
		t.Error("what nothing is inherited from can be left out")
	}
	d := formOf(t, b.get("/brands/default"))
	d.Set("do", "save")
	d.Set("language", "fr")
	if a := b.postBrand("/brands/default", d, nil); a.status != http.StatusSeeOther {
		t.Fatalf("%d", a.status)
	}
	for _, tt := range []struct{ typed, speaks, selected string }{{"none", "", `value="none" selected`}, {"", "fr", `value="" selected`}, {"none", "", `value="none" selected`}, {"de", "de", `value="de" selected`}} {
		fields := formOf(t, b.get("/brands/legal"))
		fields.Set("do", "save")
		fields.Set("language", tt.typed)
		if a := b.postBrand("/brands/legal", fields, nil); a.status != http.StatusSeeOther || w.server.Brands.Language("legal") != tt.speaks {
			t.Errorf("%q: %d, it speaks %q, want %q", tt.typed, a.status, w.server.Brands.Language("legal"), tt.speaks)
		}
		if a := b.get("/brands/legal"); !strings.Contains(a.body, tt.selected) {
			t.Errorf("%q is not what the form shows", tt.typed)
		}
	}
}
