package web

import (
	"encoding/csv"
	"encoding/json"
	gohtml "html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"letterlock/internal/brand"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	mailrule "letterlock/internal/rule"
)

// inGerman has a browser of somebody who likes German best come to a server that offers
// it to staff.
func inGerman(t *testing.T) (*world, *browser) {
	t.Helper()
	offer, err := language.NewStaffOffer([]string{"en", "de"})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *Options) { o.StaffLanguages = offer })
	b := w.browser()
	b.header.Set("Accept-Language", "de-AT,de;q=0.9,en;q=0.5")
	return w, b
}

// english finds words that no German sentence has, nor any of the names in these tests.
var english = regexp.MustCompile(`(?i)\b(the|is|are|and|of|with|has|have|this|that|you|your|from|to|or|by|it|for|not|nothing)\b`)

// catalogues are the texts of English and German by their names, in each of their forms.
func catalogues(t *testing.T) (all [2]map[string]map[string]string) {
	t.Helper()
	german, _ := language.Find(language.German)
	for i, w := range []language.Words{{}, german} {
		if err := json.Unmarshal([]byte(w.ForScript("")), &all[i]); err != nil || len(all[i]) < 500 {
			t.Fatalf("%d texts, %v", len(all[i]), err)
		}
	}
	return all
}

// onlyEnglish are the texts of the catalogue that no German page has.
func onlyEnglish(t *testing.T) map[string]bool {
	t.Helper()
	all, only := catalogues(t), map[string]bool{}
	for id, forms := range all[0] {
		for form, text := range forms {
			only[text] = text != all[1][id][form]
		}
	}
	for _, forms := range all[1] {
		for _, text := range forms {
			delete(only, text)
		}
	}
	return only
}

// sayings returns what a page says that fits. What is marked as English, or is a name that
// people or programs use, is not looked at.
func sayings(t *testing.T, page string, fits func(text string) bool) (list []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	add := func(place, text string) {
		if text = strings.Join(strings.Fields(text), " "); fits(strings.Trim(text, ",:; ")) {
			list = append(list, place+text)
		}
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		for _, a := range n.Attr {
			switch {
			case a.Key == "lang" && a.Val == "en" && n.Data != "html":
				return
			case slices.Contains([]string{"aria-label", "title", "placeholder", "data-label", "alt"}, a.Key):
				add(a.Key+": ", a.Val)
			}
		}
		switch {
		case n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style" || n.Data == "code" || n.Data == "bdi"):
			return
		case n.Type == html.TextNode:
			add("", n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return list
}

// fileNamed is a name of one, which may have any words in it.
var fileNamed = regexp.MustCompile(`\S+\.[a-z]\S*`)

// left returns the sentences of a page that are still in English.
func left(t *testing.T, page string) []string {
	t.Helper()
	ours := onlyEnglish(t)
	return sayings(t, page, func(text string) bool { return ours[text] || english.MatchString(fileNamed.ReplaceAllString(text, "")) })
}

// inAnyLanguage is what is the same in every language: people and companies, addresses, what somebody has written,
// and the names that settings and programs use.
var inAnyLanguage = regexp.MustCompile(`^(Letterlock|Microsoft|Deutsch|Verträge|[A-Z]|([A-Z2-7]{4} ){7}[A-Z2-7]{4}|encrypt-only|user|trace|report|audit|revoke|destroy|accounts|brands|default|legal|(default|legal): Contoso|ada|\S+\.example|Settlement agreement, third draft, \S+)$`)

// unchanged returns what a page says in German as it does in English, and the catalogue does
// not.
func unchanged(t *testing.T, inGerman, inEnglish string) []string {
	t.Helper()
	alike := map[string]bool{}
	all := catalogues(t)
	for id, forms := range all[0] {
		if forms["other"] == all[1][id]["other"] {
			alike[forms["other"]] = true
		}
	}
	before := map[string]bool{}
	sayings(t, inEnglish, func(text string) bool { before[text] = true; return false })
	return sayings(t, inGerman, func(text string) bool {
		return before[text] && !alike[text] && !inAnyLanguage.MatchString(text) && strings.ContainsFunc(text, unicode.IsLetter)
	})
}

// TestStaffChooseTheirLanguage is what TestLanguageIsChosenOnThePage is for recipients.
func TestStaffChooseTheirLanguage(t *testing.T) {
	_, b := inGerman(t)
	if got := b.get("/sign-in").heading(); got != "Anmelden bei Contoso" {
		t.Fatalf("to a browser that likes German /sign-in says %q", got)
	}
	tests := []struct {
		name, tag, back, to string
		status              int
	}{
		{"a language", "en", "/sign-in?next=%2Fcompose", "/sign-in?next=%2Fcompose", http.StatusSeeOther},
		{"another site to go back to", "en", "https://evil.example/", "/sign-in", http.StatusSeeOther},
		{"a language for recipients", "fr", "/sign-in", "", http.StatusUnprocessableEntity},
		{"markup", "<b>", "/sign-in", "", http.StatusUnprocessableEntity},
	}
	for _, tt := range tests {
		a := b.post(staffLanguageURL, url.Values{"language": {tt.tag}, "return": {tt.back}})
		if a.status != tt.status || a.location() != tt.to {
			t.Errorf("%s: %d to %q, want %d to %q", tt.name, a.status, a.location(), tt.status, tt.to)
		}
	}
	for _, path := range []string{"/sign-in", "/password/x"} {
		if a := b.get(path); a.header.Get("Content-Language") != "en" || !strings.Contains(a.body, staffLanguageURL) {
			t.Errorf("after English was chosen %s is in %q, or offers no other", path, a.header.Get("Content-Language"))
		}
	}
	b.signIn(ada)
	for path, offers := range map[string]bool{"/account/security": true, "/compose": false, "/sent": true, "/sent/" + string(letterlock.NewID()): true} {
		a := b.get(path)
		if a.header.Get("Content-Language") != "en" || strings.Contains(a.body, staffLanguageURL) != offers {
			t.Errorf("%s is in %q; that it offers others is not %v", path, a.header.Get("Content-Language"), offers)
		}
	}
	b.header.Set("Origin", "https://evil.example")
	if a := b.post(staffLanguageURL, url.Values{"language": {"de"}}); a.status != http.StatusForbidden {
		t.Errorf("another site chose a language: %d", a.status)
	}
	one := newWorld(t).browser()
	if a := one.post(staffLanguageURL, url.Values{"language": {"de"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a language that is not offered was chosen: %d", a.status)
	}
}

// inBoth has a page shown in both languages, and finds what was forgotten.
func inBoth(t *testing.T, b *browser, path string) {
	t.Helper()
	german := b.get(path)
	accepted := b.header.Get("Accept-Language")
	b.header.Set("Accept-Language", "en")
	english := b.get(path)
	b.header.Set("Accept-Language", accepted)
	if english.header.Get("Content-Language") != language.English {
		t.Fatalf("%s is not to be had in English: this test would prove nothing", path)
	}
	for _, text := range unchanged(t, german.body, english.body) {
		t.Errorf("%s says the same in both languages: %q", path, text)
	}
}

// TestPagesOfSendersAreInGerman walks what whoever sends finds, and what is said to them
// when something is wrong.
func TestPagesOfSendersAreInGerman(t *testing.T) {
	w, b := inGerman(t)
	id := string(w.send(ada, letterlock.EncryptOnly, marta))
	post := func(path string, fields ...string) answer {
		f := url.Values{}
		for i := 0; i+1 < len(fields); i += 2 {
			f.Add(fields[i], fields[i+1])
		}
		return b.post(path, f)
	}
	check := func(name string, a answer) {
		t.Helper()
		if a.header.Get("Content-Language") != "de" {
			t.Errorf("%s (status %d) is not in German", name, a.status)
		}
		for _, text := range left(t, a.body) {
			t.Errorf("%s says in English: %q", name, text)
		}
	}
	check("the door", b.get("/sign-in"))
	check("a wrong password", post("/sign-in", "address", string(ada), "password", "x"))
	check("a link that is none", b.get("/password/x"))
	b.signIn(ada)
	for _, path := range []string{
		"/account/security", "/account/security?done=proved", "/account/security/app", "/compose",
		"/sent", "/sent?q=zzz", "/sent?q=offer", "/sent/" + id, "/sent/" + id + "/passphrase", "/sent/" + id + "/expiry", "/sent/" + id + "/remove",
		"/sent/" + string(letterlock.NewID()),
	} {
		check(path, b.get(path))
		inBoth(t, b, path)
	}
	check("an app that is not set up", post("/account/security/app", "password", "x", "code", "0"))
	check("an app that is not removed", post("/account/security/app/remove", "password", "x"))
	check("an app password without a name", post("/account/app-passwords", "app-proof", "x"))
	check("an empty message", post("/compose", "do", "send", "protection", "x"))
	check("a recipient", post("/compose", "do", "add", "to-add", "marta@gmail.com, bob, office@contoso.example", "asks", "fresh"))
	check("no passphrase", post("/sent/"+id+"/passphrase", "passphrase", "x"))
	check("an end in the past", post("/sent/"+id+"/expiry", "expiry", "date", "expiry-date", "2001-01-01"))
	if a := post("/sent/"+id+"/remove", "reason", "Falsche Fassung"); a.status != http.StatusSeeOther {
		t.Fatalf("removing access: %d", a.status)
	}
	for _, path := range []string{"/sent", "/sent/" + id, "/sent/" + id + "/expiry"} {
		check("after removing access "+path, b.get(path))
	}
}

// TestPagesOfAdministratorsAreInGermanToWhomeverLikesThat walks the pages of everybody who
// looks after others.
func TestPagesOfAdministratorsAreInGermanToWhomeverLikesThat(t *testing.T) {
	w, b := inGerman(t)
	id := string(w.send(ada, letterlock.EncryptOnly, marta, jonas))
	w.browser().prove(marta)
	w.brand("legal", brand.Changes{brand.Senders: "legal.example", "button.de": "Lesen"})
	b.signIn(grace)
	w.rule(mailrule.Rule{Name: "Verträge", Enabled: true, When: mailrule.Conditions{Subject: []string{"Vertrag"}}, Then: mailrule.Actions{Expiry: letterlock.Span(7 * 24 * time.Hour)}})
	if a := b.get("/rules"); !strings.Contains(a.body, "Ablauf: höchstens 7 Tage") {
		t.Errorf("a rule that ends messages after a week says %q", texts2(a.body))
	}
	for _, path := range []string{
		"/trace", "/trace?state=any", "/trace?sender=a", "/trace?subject=zzz", "/trace/" + id, "/trace/" + string(letterlock.NewID()),
		"/trace/" + id + "/revoke", "/trace/" + id + "/destroy", "/trace/" + id + "/expiry",
		"/report", "/report?from=x", "/bulk", "/bulk/new?sender=ada", "/audit-log", "/audit-log?from=x",
		"/tokens", "/rules", "/rules/new", "/rules/try", "/accounts", "/accounts/" + string(ada), "/accounts/" + string(ada) + "/disable",
		"/sign-in-providers", "/sign-in-providers/set-up/another", "/sign-in-providers/set-up/google", "/sign-in-providers/set-up/single-sign-on", "/doctor", "/brands", "/brands?done=deleted", "/brands/new", "/brands/default", "/brands/legal?done=changed", "/brands/legal/delete",
	} {
		a := b.get(path)
		if !strings.Contains(a.body, `lang="de"`) || a.header.Get("Content-Language") != "de" {
			t.Errorf("%s (status %d) is not in German", path, a.status)
			continue
		}
		for _, text := range left(t, a.body) {
			t.Errorf("%s says in English: %q", path, text)
		}
		inBoth(t, b, path)
	}
	if got := b.get("/trace").heading(); got != "Nachrichtenverfolgung" {
		t.Errorf("the trace is called %q", got)
	}
	if texts := left(t, w.browser().signIn(grace).get("/trace").body); len(texts) == 0 {
		t.Error("nothing English is found on the English page: this test proves nothing")
	}
}

// TestWhatIsWrongWithABrandIsSaidInGerman has every reason that a form can bring about.
func TestWhatIsWrongWithABrandIsSaidInGerman(t *testing.T) {
	w, b := inGerman(t)
	w.brand("legal", brand.Changes{brand.Senders: "legal.example"})
	b.signIn(grace)
	for _, tt := range []struct {
		field, value, says string
		logo               []byte
	}{
		{"id", "legal", "Eine andere Marke hat diesen Namen", nil},
		{"id", "../legal", "Kleinbuchstaben", nil},
		{"colour", "#777777", "ist 4,48 zu 1 und muss 4,5 zu 1 sein; #", nil},
		{"colour", "#eeeeee", "ist zu hell", nil},
		{"colour", "red}", "etwa #0c5463", nil},
		{"name", "", "Die Angabe fehlt", nil},
		{"name", strings.Repeat("x", 81), "Das sind 81 Zeichen; 80 sind erlaubt", nil},
		{"name", "\u2800", "was man sieht", nil},
		{"button", "a\u202eb", "(U+202E)", nil},
		{"introduction.de", "a\u202eb", "(U+202E)", nil},
		{"privacy", "javascript:alert(1)", "keine Webadresse", nil},
		{"expiry", "soon", "etwa 12h oder 7d", nil},
		{"language", "xx", "Diese Sprache gibt es nicht", nil},
		{"senders", "LEGAL.example", "Eine andere Marke, legal, hat den Absender legal.example schon", nil},
		{"senders", "a@", "keine E-Mail-Adresse", nil},
		{"senders", "a b", "keine Domäne", nil},
		{"senders", strings.Repeat("a.example\n", 101), "Das sind 101 Zeilen; 100 sind erlaubt", nil},
		{"passcode", "", "kein OpenID-Anbieter eingerichtet", nil},
		{"logo", "", "kein PNG- oder JPEG-Bild", []byte("<svg/>")},
		{"logo", "", "misst 8000 mal 1 Pixel; 2000 mal 2000", aPicture(t, 8000, 1)},
		{"logo", "", "512 KB sind erlaubt", make([]byte, 550<<10)},
		{"logo", "", "beschädigt", aPicture(t, 64, 64)[:60]},
	} {
		fields := formOf(t, b.get("/brands/new"))
		fields.Set("id", "fresh")
		fields.Set("do", "save")
		fields.Set(tt.field, tt.value)
		a := b.postBrand("/brands", fields, tt.logo)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(gohtml.UnescapeString(a.body), tt.says) {
			t.Errorf("%s = %.20q: %d, not %q: %q", tt.field, tt.value, a.status, tt.says, texts2(a.body))
		}
		for _, text := range left(t, a.body) {
			t.Errorf("%s = %.20q says in English: %q", tt.field, tt.value, text)
		}
	}
}

func TestExportsStayEnglish(t *testing.T) {
	w, b := inGerman(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	a := b.signIn(grace).get("/report/export.csv")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v in %q", err, a.body)
	}
	if rows[0][0] != "Date" || rows[1][6] != "Revocable" {
		t.Errorf("the export says %q, %q", rows[0][0], rows[1][6])
	}
}

func TestStaffAreSpokenToInEnglishUnlessTheSettingsNameMore(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(grace)
	b.header.Set("Accept-Language", "de")
	a := b.get("/trace")
	if a.heading() != "Message trace" || !strings.Contains(a.body, `lang="en"`) {
		t.Errorf("without a setting the trace is %q", a.heading())
	}
	if _, err := language.NewStaffOffer([]string{"fr"}); err == nil {
		t.Error("French is offered to staff")
	}
}
