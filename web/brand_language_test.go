package web

import (
	"net/url"
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
