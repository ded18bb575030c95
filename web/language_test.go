package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
)

// everyLanguage offers all of them.
func everyLanguage(o *Options) {
	var err error
	if o.Languages, err = language.NewOffer([]string{"en", "de", "fr", "es", "ar", "ja"}); err != nil {
		panic(err)
	}
}

func TestPagesAreInTheLanguageThatTheBrowserLikes(t *testing.T) {
	w := newWorld(t, everyLanguage)
	w.send(ada, letterlock.EncryptOnly, marta)
	tests := []struct{ accept, lang, dir, heading string }{
		{"", "en", "ltr", "Contoso has sent you a protected message"},
		{"de-AT,de;q=0.8,en;q=0.5", "de", "ltr", "Contoso hat Ihnen eine geschützte Nachricht gesendet"},
		{"ar", "ar", "rtl", "أرسلت إليك"},
		{"ko", "en", "ltr", "Contoso has sent you a protected message"},
		{"<b>;q=9", "en", "ltr", "Contoso has sent you a protected message"},
	}
	for _, tt := range tests {
		b := w.browser()
		b.header.Set("Accept-Language", tt.accept)
		a := b.get(w.link(marta))
		if !strings.Contains(a.body, `<html lang="`+tt.lang+`" dir="`+tt.dir+`"`) || !strings.HasPrefix(a.heading(), tt.heading) {
			t.Errorf("Accept-Language %q: %q in %.60s", tt.accept, a.heading(), a.body)
		}
		if got := a.header.Get("Content-Language"); got != tt.lang {
			t.Errorf("Accept-Language %q: Content-Language %q, want %q", tt.accept, got, tt.lang)
		}
		if got := strings.Join(a.header.Values("Vary"), ", "); !strings.Contains(got, "Accept-Language") || !strings.Contains(got, "Cookie") {
			t.Errorf("Vary is %q", got)
		}
		if len(b.cookies) != 0 {
			t.Errorf("looking at the gate left cookies: %v", b.cookies)
		}
	}
}

func TestOnlyLanguagesThatAreOfferedAreSpoken(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	b.header.Set("Accept-Language", "de")
	b.cookies[hostPrefix+languageCookie] = "de"
	if a := b.get(w.link(marta)); a.heading() != "Contoso has sent you a protected message" || strings.Contains(a.body, languageURL) {
		t.Errorf("English alone is offered, and the gate says %q or offers a choice", a.heading())
	}
	if a := b.post(languageURL, url.Values{"language": {"de"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a language that is not offered was chosen: %d", a.status)
	}
}

func TestLanguageIsChosenOnThePage(t *testing.T) {
	w := newWorld(t, everyLanguage)
	w.send(ada, letterlock.EncryptOnly, marta)
	b, link := w.browser(), w.link(marta)
	b.header.Set("Accept-Language", "fr")
	tests := []struct {
		name, tag, back, to string
		status              int
	}{
		{"a language", "de", link, link, http.StatusSeeOther},
		{"another site to go back to", "de", "https://evil.example/", "/check", http.StatusSeeOther},
		{"another host to go back to", "de", "//evil.example/", "/check", http.StatusSeeOther},
		{"a header to go back to", "de", "/check\r\nSet-Cookie: a=b", "/check", http.StatusSeeOther},
		{"a language that there is not", "tlh", link, "", http.StatusUnprocessableEntity},
		{"none", "", link, "", http.StatusUnprocessableEntity},
		{"markup", "<b>", link, "", http.StatusUnprocessableEntity},
	}
	for _, tt := range tests {
		a := b.post(languageURL, url.Values{"language": {tt.tag}, "return": {tt.back}})
		if a.status != tt.status || a.location() != tt.to {
			t.Errorf("%s: %d to %q, want %d to %q", tt.name, a.status, a.location(), tt.status, tt.to)
		}
	}
	if got := b.get(link).header.Get("Content-Language"); got != "de" {
		t.Errorf("after the choice the gate is in %q, want de", got)
	}
	b.cookies[hostPrefix+languageCookie] = "<script>"
	if got := b.get(link).header.Get("Content-Language"); got != "fr" {
		t.Errorf("with a cookie that means nothing the gate is in %q, want fr", got)
	}
	b.header.Set("Origin", "https://evil.example")
	if a := b.post(languageURL, url.Values{"language": {"ja"}}); a.status != http.StatusForbidden {
		t.Errorf("another site chose a language: %d", a.status)
	}
}

func TestLanguageIsRememberedForTheAddress(t *testing.T) {
	w := newWorld(t, everyLanguage)
	w.send(ada, letterlock.EncryptOnly, marta)
	w.send(ada, letterlock.EncryptOnly, jonas)
	spoken := func(a letterlock.Address) string {
		t.Helper()
		tag, err := w.server.Sessions.Spoken(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return tag
	}
	first := w.browser()
	first.post(languageURL, url.Values{"language": {"ja"}, "return": {w.link(marta)}})
	if got := spoken(marta); got != "" {
		t.Fatalf("before anything is proved %q is remembered", got)
	}
	first.prove(marta)
	if got := spoken(marta); got != "ja" {
		t.Errorf("the choice at the gate is remembered as %q, want ja", got)
	}
	second := w.browser()
	second.header.Set("Accept-Language", "fr")
	path := second.prove(marta)
	if got := second.get(path).header.Get("Content-Language"); got != "ja" {
		t.Errorf("in another browser the message is in %q, want ja", got)
	}
	second.post(languageURL, url.Values{"language": {"es"}, "return": {path}})
	if got := spoken(marta); got != "es" {
		t.Errorf("a choice after the proof is remembered as %q, want es", got)
	}
	third := w.browser()
	third.header.Set("Accept-Language", "fr")
	third.prove(jonas)
	if got := spoken(jonas); got != "" {
		t.Errorf("nobody chose a language for Jonas, and %q is remembered", got)
	}
}

func TestAReleaseCodeChoosesNoLanguageForTheAddress(t *testing.T) {
	w := newWorld(t, everyLanguage)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link, b := w.link(marta), w.browser()
	b.post(languageURL, url.Values{"language": {"de"}, "return": {link}})
	b.askRelease(link)
	w.deliver()
	if page := b.get(link + "/release"); !strings.Contains(texts(page.body), "Geben Sie den Freigabecode ein") {
		t.Errorf("the page for the code:\n%s", texts(page.body))
	}
	b.release(link, w.releaseCode(id))
	if a := b.post(languageURL, url.Values{"language": {"ja"}, "return": {"/read/" + string(id)}}); a.location() != "/read/"+string(id) {
		t.Errorf("choosing with the message open: %d to %q", a.status, a.location())
	}
	if tag, err := w.server.Sessions.Spoken(t.Context(), marta); err != nil || tag != "" {
		t.Errorf("whoever was read a code has chosen %q for the address: %v", tag, err)
	}
}
