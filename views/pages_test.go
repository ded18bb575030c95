package views

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"letterlock/internal/language"
	"letterlock/static"
)

// render returns every sample page as HTML, by name.
func render(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for name, page := range samples(language.Words{}) {
		var b strings.Builder
		if err := page.Render(t.Context(), &b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		pages[name] = b.String()
	}
	return pages
}

// parse returns all elements of a page in document order.
func parse(t *testing.T, text string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func inside(n *html.Node, is func(*html.Node) bool) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Type == html.ElementNode && is(p) {
			return true
		}
	}
	return false
}

func inert(n *html.Node) bool { _, ok := attr(n, "inert"); return ok }

// kept reports whether an element waits in a template for script to show it.
func kept(n *html.Node) bool {
	return inside(n, func(p *html.Node) bool { return p.Data == "template" })
}

func TestEveryPageHasOneHeadingAndATitle(t *testing.T) {
	for name, page := range render(t) {
		var headings []string
		title, lang := "", ""
		for _, n := range parse(t, page) {
			switch n.Data {
			case "h1":
				if !kept(n) {
					headings = append(headings, text(n))
				}
			case "title":
				title = text(n)
			case "html":
				lang, _ = attr(n, "lang")
			}
		}
		if len(headings) != 1 || headings[0] == "" {
			t.Errorf("%s: h1 %q, want exactly one", name, headings)
		}
		if title == "" || lang == "" {
			t.Errorf("%s: title %q and lang %q, want both", name, title, lang)
		}
	}
}

func TestHeadingsSayWhatTheProductPromises(t *testing.T) {
	want := map[string]string{
		"gate": "Halden Law has sent you a protected message", "check": "Is this message genuine?", "passcode": "Enter your one-time passcode",
		"revoked": "The message has been revoked by the sender", "expired": "The message has expired",
		"not-available": "This message is not available", "different-address": "This message was sent to a different address",
		"too-many-tries": "Too many tries", "passcode-expired": "The passcode has expired",
		"fault": "We cannot show the message right now", "busy": "We cannot show the message right now",
		"read": "Settlement agreement, third draft", "my-messages": "My messages", "sign-in": "Sign in to Halden Law",
		"sent-list": "Sent", "sent": "Settlement agreement, third draft", "sent-confirm": "Remove external access?", "compose": "Compose",
	}
	pages := render(t)
	for name, heading := range want {
		for _, n := range parse(t, pages[name]) {
			if n.Data == "h1" && !kept(n) && text(n) != heading {
				t.Errorf("%s: h1 %q, want %q", name, text(n), heading)
			}
		}
	}
}

func TestOnlyARevocationShowsTheRevokedSentenceAndPacket(t *testing.T) {
	pages := render(t)
	if !strings.Contains(pages["revoked"], "packet-seal--red") {
		t.Fatal("the revoked page shows no revoked packet: this test would prove nothing")
	}
	for name, page := range pages {
		if strings.HasPrefix(name, "revoked") {
			continue
		}
		if strings.Contains(page, "packet-seal--red") || strings.Contains(page, "packet-strip--red") {
			t.Errorf("%s shows the revoked packet", name)
		}
		if !strings.HasPrefix(name, "sent-confirm") && strings.Contains(page, "has been revoked by the sender") {
			t.Errorf("%s shows the revoked sentence", name)
		}
	}
	if got := endHeading(language.Words{}, "a kind from the future"); got != "We cannot show the message right now" {
		t.Errorf("unknown end says %q, want the words for a fault", got)
	}
}

func TestNoPageHasInlineStyleOrScript(t *testing.T) {
	for name, page := range render(t) {
		for _, n := range parse(t, page) {
			_, src := attr(n, "src")
			if n.Data == "style" || n.Data == "script" && (!src || n.FirstChild != nil) {
				t.Errorf("%s: inline <%s>", name, n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.TrimSpace(a.Val), "javascript:") {
					t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
				}
			}
		}
	}
}

func TestGateAndEndPagesHaveNoScript(t *testing.T) {
	pages := render(t)
	names := []string{"gate", "check", "check-known", "check-unknown", "check-error", "passcode", "passcode-wrong", "my-messages", "sign-in", "walkthrough", "inboxes", "inbox", "compose-no-script"}
	for _, kind := range endKinds {
		names = append(names, string(kind))
	}
	for _, name := range names {
		if strings.Contains(pages[name], "<script") {
			t.Errorf("%s has a script", name)
		}
	}
	if !strings.Contains(pages["read"], "<script") {
		t.Error("read has no script: the frame would never grow")
	}
}

func TestEveryFieldHasALabelAndItsDescriptionsExist(t *testing.T) {
	for name, page := range render(t) {
		nodes := parse(t, page)
		ids, labels := map[string]bool{}, map[string]bool{}
		for _, n := range nodes {
			if id, ok := attr(n, "id"); ok {
				if ids[id] {
					t.Errorf("%s: id %q twice", name, id)
				}
				ids[id] = true
			}
			if target, ok := attr(n, "for"); ok && n.Data == "label" && text(n) != "" {
				labels[target] = true
			}
		}
		for _, n := range nodes {
			checkReferences(t, name, n, ids)
			kind, _ := attr(n, "type")
			if !slices.Contains([]string{"input", "select", "textarea"}, n.Data) || kind == "hidden" {
				continue
			}
			id, _ := attr(n, "id")
			aria, _ := attr(n, "aria-label")
			wrapped := inside(n, func(p *html.Node) bool { return p.Data == "label" })
			if !labels[id] && aria == "" && !wrapped {
				t.Errorf("%s: <%s id=%q> has no label", name, n.Data, id)
			}
		}
	}
}

// checkReferences reports what names an id that is not there, or a link to nowhere.
func checkReferences(t *testing.T, page string, n *html.Node, ids map[string]bool) {
	t.Helper()
	for _, key := range []string{"aria-describedby", "aria-labelledby", "popovertarget", "for"} {
		value, _ := attr(n, key)
		for id := range strings.FieldsSeq(value) {
			if !ids[id] {
				t.Errorf("%s: <%s %s=%q> names nothing", page, n.Data, key, id)
			}
		}
	}
	href, ok := attr(n, "href")
	if n.Data == "a" && (!ok || href == "" || href == "#" || strings.HasPrefix(href, "about:")) {
		t.Errorf("%s: link %q leads to %q", page, text(n), href)
	}
	if id, local := strings.CutPrefix(href, "#"); local && !ids[id] {
		t.Errorf("%s: <%s href=%q> leads nowhere", page, n.Data, href)
	}
	if action, ok := attr(n, "action"); n.Data == "form" && (!ok || action == "") {
		t.Errorf("%s: a form without action", page)
	}
}

func TestFramesRunNothing(t *testing.T) {
	want := map[string]string{
		"body-frame":  "allow-same-origin allow-popups allow-popups-to-escape-sandbox",
		"brand-frame": "allow-same-origin",
		"mail-frame":  "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation",
	}
	seen := 0
	for name, page := range render(t) {
		for _, n := range parse(t, page) {
			if n.Data != "iframe" {
				continue
			}
			seen++
			class, _ := attr(n, "class")
			sandbox, _ := attr(n, "sandbox")
			if title, _ := attr(n, "title"); title == "" {
				t.Errorf("%s: a frame without title", name)
			}
			if w := want[strings.Fields(class)[0]]; sandbox != w {
				t.Errorf("%s: sandbox %q, want %q", name, sandbox, w)
			}
		}
	}
	if seen == 0 {
		t.Fatal("no frame on any page: this test proves nothing")
	}
}

func TestDoNotForwardOffersNoCopy(t *testing.T) {
	pages := render(t)
	for _, words := range []string{"Open the text on a page of its own", "Print", ">Download<"} {
		in := func(name string) bool {
			return strings.Contains(strings.Join(strings.Fields(pages[name]), " "), words)
		}
		if words != ">Download<" && !in("read") {
			t.Errorf("read does not offer %q: this test proves nothing for it", words)
		}
		if in("read-do-not-forward") {
			t.Errorf("a do-not-forward message offers %q", words)
		}
	}
}

func TestNothingBehindAConfirmationCanBeReached(t *testing.T) {
	for _, n := range parse(t, render(t)["sent-confirm"]) {
		if _, ok := attr(n, "id"); ok && inside(n, inert) {
			t.Errorf("<%s> behind the confirmation has an id", n.Data)
		}
		if n.Data == "h1" && inside(n, inert) {
			t.Error("the page's heading is behind the confirmation")
		}
	}
}

func TestNoBlankStandsBeforeAFullStop(t *testing.T) {
	for name, page := range render(t) {
		for _, n := range parse(t, page) {
			if n.Data != "p" && n.Data != "dd" && n.Data != "span" {
				continue
			}
			for _, bad := range []string{" .", " ,", " :", " >", "..", " ;"} {
				if strings.Contains(text(n), bad) {
					t.Errorf("%s: %q", name, text(n))
				}
			}
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	v := Read{Page: signedIn(language.Words{}), Subject: evil, From: Person{Name: evil, Address: evil}, You: evil, Body: Frame{URL: "javascript:alert(1)"}, Attachments: []Attachment{{Name: evil, URL: "javascript:alert(1)"}}}
	var b strings.Builder
	if err := ReadPage(v).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, n := range parse(t, b.String()) {
		if n.Data == "script" && n.FirstChild != nil {
			t.Errorf("a subject became a script: %s", n.FirstChild.Data)
		}
		if href, _ := attr(n, "href"); strings.HasPrefix(href, "javascript:") {
			t.Errorf("a URL that is a script got through: %s", href)
		}
	}
}

func TestMonogramsAreShort(t *testing.T) {
	tests := []struct {
		p    Person
		want string
	}{
		{Person{"Marta Lind", "m@x.example"}, "ML"},
		{Person{"Ada Maria de Souza", "a@x.example"}, "AS"},
		{Person{"", "yuki.tanaka@yahoo.co.jp"}, "Y"},
		{Person{"Élodie", ""}, "É"},
		{Person{}, ""},
		{Person{"...", ""}, ""},
	}
	for _, tt := range tests {
		if got := tt.p.monogram(); got != tt.want {
			t.Errorf("monogram of %+v = %q, want %q", tt.p, got, tt.want)
		}
	}
}

// TestPagesForPictures writes every page and the files that they load into the
// folder that LETTERLOCK_VIEWS_OUT names, to be looked at.
func TestPagesForPictures(t *testing.T) {
	out := os.Getenv("LETTERLOCK_VIEWS_OUT")
	if out == "" {
		t.Skip("LETTERLOCK_VIEWS_OUT names no folder to write the pages into")
	}
	for name, page := range render(t) {
		if err := os.WriteFile(filepath.Join(out, name+".html"), []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"css/letterlock.css", "img/logo.svg", "js/frame.js", "js/compose.js", "js/words.js", "js/upload.js", "js/preview.js", "vendor/htmx.min.js"} {
		w := httptest.NewRecorder()
		url := static.Path(name)
		static.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
		file := filepath.Join(out, filepath.FromSlash(url))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, w.Body.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
