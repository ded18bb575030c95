package web

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"

	"letterlock/internal/brand"
	"letterlock/internal/letterlock"
)

// brandBetween is a brand that can be changed and deleted.
func (w *world) brandBetween() string {
	w.t.Helper()
	id := string(letterlock.NewID())
	w.brand(id, nil)
	return id
}

// postBrand posts the form of a brand, with a picture if there is one.
func (b *browser) postBrand(path string, fields url.Values, logo []byte) answer {
	b.w.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for name, values := range fields {
		for _, v := range values {
			if err := m.WriteField(name, v); err != nil {
				b.w.t.Fatal(err)
			}
		}
	}
	if logo != nil {
		p, err := m.CreateFormFile("logo", "logo.png")
		if err == nil {
			_, err = p.Write(logo)
		}
		if err != nil {
			b.w.t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		b.w.t.Fatal(err)
	}
	return b.do(http.MethodPost, path, &body, m.FormDataContentType())
}

// formOf are the fields of the page's form as a browser would post them unchanged.
func formOf(t *testing.T, a answer) url.Values {
	t.Helper()
	root, err := nethtml.Parse(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	f := url.Values{}
	get := func(n *nethtml.Node, key string) (string, bool) {
		for _, x := range n.Attr {
			if x.Key == key {
				return x.Val, true
			}
		}
		return "", false
	}
	for n := range root.Descendants() {
		name, _ := get(n, "name")
		kind, _ := get(n, "type")
		value, _ := get(n, "value")
		_, checked := get(n, "checked")
		switch {
		case n.Data == "textarea" && n.FirstChild != nil:
			f.Add(name, strings.TrimPrefix(n.FirstChild.Data, "\n"))
		case n.Data == "textarea":
			f.Add(name, "")
		case n.Data != "input" || kind == "file" || kind == "checkbox" && !checked:
		default:
			f.Add(name, value)
		}
	}
	return f
}

func aPicture(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var previewURL = regexp.MustCompile(`/brands/previews/[a-z2-7]{26}/`)

func TestAnAdministratorMakesABrandAndSeesIt(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(grace)
	fields := formOf(t, b.get("/brands/new"))
	if fields.Get("name") != "Contoso" || fields.Get("passcode") != "yes" || fields.Get("force-portal") != "" {
		t.Errorf("a new brand does not inherit: %v", fields)
	}
	fields.Set("id", "legal")
	fields.Set("colour", "#3b2a5c")
	fields.Set("portal", "Words of legal.\r\nMore.")
	fields.Set("do", "preview")
	a := b.postBrand("/brands", fields, aPicture(t, 300, 100))
	says(t, "the preview", a, "Words on the colour", "4.5 needed")
	if at := previewURL.FindString(a.body); at == "" || len(w.server.Brands.IDs()) != 0 {
		t.Fatalf("preview %q, saved %v: %d %s", at, w.server.Brands.IDs(), a.status, a.heading())
	} else {
		note, page := b.get(at+"mail.html"), b.get(at+"portal.html")
		if note.status != 200 || !strings.Contains(note.body, "#3b2a5c") || !strings.Contains(note.body, `src="data:image/png;base64,`) || !strings.Contains(note.header.Get("Content-Security-Policy"), "frame-ancestors 'self'") {
			t.Errorf("the notification: %d %s", note.status, note.header.Get("Content-Security-Policy"))
		}
		if page.status != 200 || !strings.Contains(page.body, "Words of legal.") || !strings.Contains(page.body, at+"brand.css") || !strings.Contains(page.header.Get("Content-Security-Policy"), "form-action 'none'") {
			t.Errorf("the page: %d", page.status)
		}
		if css := b.get(at + "brand.css"); css.status != 200 || !strings.Contains(css.body, "#3b2a5c") {
			t.Errorf("its style: %d", css.status)
		}
		if logo := b.get(at + "logo.png"); logo.status != 200 || logo.header.Get("Content-Type") != "image/png" {
			t.Errorf("its logo: %d", logo.status)
		}
		if other := w.browser().signIn(olga).get(at + "mail.html"); other.status != http.StatusNotFound {
			t.Errorf("another administrator sees what is not saved: %d", other.status)
		}
		if none := b.get(at + "secret.txt"); none.status != http.StatusNotFound {
			t.Errorf("a file that there is not: %d", none.status)
		}
	}
	fields = formOf(t, a) // with the picture in it
	fields.Set("do", followPreview)
	fields.Set("colour", "#3b2")
	if half := b.postBrand("/brands", fields, nil); half.status != http.StatusOK || previewURL.MatchString(half.body) || !strings.Contains(half.body, `id="colour-error"`) {
		t.Errorf("a colour that is half typed: %d", half.status)
	}
	fields.Set("colour", "#3b2a5c")
	if a := b.postBrand("/brands", fields, nil); a.status != http.StatusOK || !previewURL.MatchString(a.body) || len(w.server.Brands.IDs()) != 0 {
		t.Errorf("while somebody types: %d, saved %v", a.status, w.server.Brands.IDs())
	}
	fields.Set("do", "save")
	if a = b.postBrand("/brands", fields, nil); a.status != http.StatusSeeOther || a.location() != "/brands/legal?done=added" {
		t.Fatalf("%d %s: %s", a.status, a.location(), strings.Join(texts2(a.body), " "))
	}
	e, err := w.server.Brands.Brand(t.Context(), administrator, "legal")
	if err != nil || len(e.Changes) != 3 || e.Changes[brand.Colour] != "#3b2a5c" || e.Changes[brand.PortalText] != "Words of legal.\nMore." || len(e.Changes[brand.Logo]) == 0 {
		t.Errorf("saved: %v %v, want what differs and nothing else", e.Changes, err)
	}
	says(t, "the list", b.get("/brands"), "Colour, logo, text on the page of the link", "Nothing: all is as in the settings file")

	fields = formOf(t, b.get("/brands/legal"))
	fields.Set("do", "save")
	fields["inherit"] = []string{"portal", "logo"}
	if a = b.postBrand("/brands/legal", fields, nil); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if e, err = w.server.Brands.Brand(t.Context(), administrator, "legal"); err != nil || len(e.Changes) != 1 {
		t.Errorf("taken back: %v %v, want the colour alone", e.Changes, err)
	}
	if a = b.postBrand("/brands/legal", fields, nil); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a form of an older version: %d", a.status)
	}
	says(t, "a form of an older version", a, "Somebody has changed this brand since you opened it")
}

func TestTheDefaultBrandGoesBackToTheSettingsFile(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(grace)
	fields := formOf(t, b.get("/brands/default"))
	fields.Set("name", "Contoso plc")
	fields.Set("do", "save")
	if a := b.postBrand("/brands/default", fields, nil); a.status != http.StatusSeeOther {
		t.Fatalf("%d", a.status)
	}
	page := b.get("/brands/default")
	says(t, "the form", page, "Sender name: As in the settings file There: Contoso")
	w.send(ada, letterlock.EncryptOnly, marta)
	if got := w.browser().get(w.link(marta)).heading(); got != "Contoso plc has sent you a protected message" {
		t.Errorf("the gate says %q", got)
	}
	fields = formOf(t, page)
	fields.Set("inherit", "name")
	fields.Set("do", "save")
	if a := b.postBrand("/brands/default", fields, nil); a.status != http.StatusSeeOther || w.server.house() != "Contoso" {
		t.Errorf("taken back: %d, %q", a.status, w.server.house())
	}
}

func TestABrandThatCannotBeShownSaysWhyAtItsField(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(grace)
	w.brand("legal", brand.Changes{brand.Senders: "legal.example"})
	for _, tt := range []struct {
		field, value, says string
		logo               []byte
	}{
		{"id", "legal", "Another brand has this name", nil},
		{"id", "../legal", "Use small letters, digits and hyphens", nil},
		{"id", "new", "Use small letters, digits and hyphens", nil},
		{"colour", "#777777", "the contrast is 4.48 to 1 and must be 4.5 to 1; #", nil},
		{"colour", "red}", "# and six digits", nil},
		{"name", "", "It is missing", nil},
		{"button", "a\u202eb", "a character that cannot be shown (U+202E)", nil},
		{"name", "Contoso\r\nBcc: x", "U+000A", nil},
		{"privacy", "javascript:alert(1)", "is not a web address", nil},
		{"expiry", "soon", "12h or 7d", nil},
		{"senders", "LEGAL.example", "Another brand, legal, has the sender legal.example already", nil},
		{"passcode", "", "The one-time passcode cannot be off, for no OpenID provider is set up here, and nobody could read these messages", nil},
		{"logo", "", "The file is not a PNG or JPEG picture. An SVG can hold more than a picture", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},
		{"logo", "", "measures 8000 by 1 pixels", aPicture(t, 8000, 1)},
		{"logo", "", "512 KB are allowed", make([]byte, 550<<10)},
	} {
		for _, do := range []string{"save", "preview"} {
			if tt.field == "id" && do == "preview" {
				continue
			}
			fields := formOf(t, b.get("/brands/new"))
			fields.Set("id", "fresh")
			fields.Set("do", do)
			fields.Set(tt.field, tt.value)
			a := b.postBrand("/brands", fields, tt.logo)
			if a.status != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(a.body), tt.says) || !strings.Contains(a.body, `id="`+tt.field+`-error"`) {
				t.Errorf("%s, %s = %q: %d, not %q: %q", do, tt.field, tt.value, a.status, tt.says, texts2(a.body))
			}
		}
	}
	if len(w.server.Brands.IDs()) != 1 {
		t.Errorf("brands: %v", w.server.Brands.IDs())
	}
	if a := b.post("/brands", url.Values{"id": {"x"}}); a.status != http.StatusUnprocessableEntity || strings.Contains(a.body, "id-error") {
		t.Errorf("a form that is none: %d", a.status)
	}
	if a := b.postBrand("/brands/legal", url.Values{"do": {"save"}, "x": {strings.Repeat("x", 4<<20)}}, nil); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form without end: %d", a.status)
	}
}

// texts2 is what a failed page says of its problems.
func texts2(body string) []string {
	return regexp.MustCompile(`<span>[^<]{5,200}</span>`).FindAllString(body, 10)
}

func TestABrandIsDeletedAfterItHasBeenSaidWhoUsesIt(t *testing.T) {
	w := newWorld(t)
	w.twoBrands()
	b := w.browser().signIn(grace)
	if a := b.post("/rules", url.Values{"name": {"Contracts"}, "enabled": {"yes"}, "senders": {"contoso.example"}, "brand": {"legal"}}); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	says(t, "the question", b.get("/brands/legal/delete"), "Delete brand?", "The rule “Contracts” names it", "It cannot be brought back.")
	if a := b.post("/brands/legal/delete", nil); a.status != http.StatusSeeOther || w.server.Brands.Is("legal") {
		t.Errorf("%d, there: %t", a.status, w.server.Brands.Is("legal"))
	}
	for _, path := range []string{"/brands/legal", "/brands/legal/delete", "/brands/moon", "/brands/default/delete"} {
		if a := b.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := b.post("/brands/default/delete", nil); a.status != http.StatusNotFound || !w.server.Brands.Is("default") {
		t.Errorf("deleting the default brand: %d", a.status)
	}
}

func TestATestMailIsTheNotificationOfTheBrand(t *testing.T) {
	w := newWorld(t)
	w.twoBrands()
	b := w.browser().signIn(grace)
	if a := b.post("/brands/legal/test", nil); a.location() != "/brands/legal?done=tested" {
		t.Fatalf("%d %s", a.status, a.heading())
	}
	m := w.box.Mails(grace)[0]
	if !strings.Contains(m.Sender(), "via Contoso Legal") || !strings.Contains(m.HTML(), "Open with legal") {
		t.Errorf("from %q", m.Sender())
	}
	if a := b.get(strings.TrimPrefix(m.Link(), publicURL)); a.status != http.StatusNotFound {
		t.Errorf("its link: %d", a.status)
	}
}

// TestHostileTextsOfABrandStayTexts puts what others have broken out of pages with into
// every field, and looks at all that shows it.
func TestHostileTextsOfABrandStayTexts(t *testing.T) {
	w := newWorld(t)
	payloads := []string{`"><script>alert(1)</script>`, `</td></table></body><img src=x onerror=alert(1)>`, `</style><script>alert(1)</script>`, `' onmouseover='alert(1)`, `<!-- -->]]><svg onload=alert(1)>`, `cid:brand-logo" onerror="alert(1)`}
	files, _ := filepath.Glob(filepath.FromSlash("../../shared/corpora/xss/payloads/*.txt")) // where there are none, our own are enough
	for _, f := range files[:min(len(files), 3)] {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(raw), "\n") {
			if i%97 == 0 && len(line) < 300 && len(payloads) < 60 {
				payloads = append(payloads, line)
			}
		}
	}
	b := w.browser().signIn(grace)
	for i, p := range payloads {
		short := []rune(p)
		short = short[:min(len(short), 40)]
		c := brand.Changes{brand.Name: string(short), brand.Button: string(short), brand.Introduction: p, brand.Email: p, brand.Disclaimer: p, brand.PortalText: p}
		id := fmt.Sprint("evil-", i)
		if err := w.server.Brands.Add(t.Context(), administrator, id, c); err != nil {
			continue // it cannot even be said
		}
		w.sendWith(id, marta)
		link := w.link(marta)
		mail := w.box.Mails(marta)[0]
		raw, _, _ := strings.Cut(string(mail.Raw), "\r\n\r\n")
		if n := strings.Count("\n"+raw, "\nFrom: "); n != 1 || strings.Contains(raw, "\nBcc:") {
			t.Errorf("%q: the header has %d From: %s", p, n, raw)
		}
		page := b.get(brandURL(id))
		at := previewURL.FindString(page.body)
		for what, body := range map[string]string{"notification": mail.HTML(), "gate": w.browser().get(link).body, "form": page.body, "list": b.get("/brands").body,
			"preview of the mail": b.get(at + "mail.html").body, "preview of the page": b.get(at + "portal.html").body} {
			checkInert(t, what+" with "+p, body)
		}
	}
	if len(w.server.Brands.IDs()) < 5 {
		t.Fatal("hardly any text was taken: this test proves nothing")
	}
}

// checkInert requires that a page holds no element or attribute that we never write.
func checkInert(t *testing.T, what, body string) {
	t.Helper()
	root, err := nethtml.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != nethtml.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || (a.Key == "href" || a.Key == "src" || a.Key == "action") && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("%s: <%s %s=%q>", what, n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "script" && n.FirstChild != nil || n.Data == "object" || n.Data == "embed" || n.Data == "base" || n.Data == "math" || n.Data == "video" {
			t.Errorf("%s: <%s>", what, n.Data)
		}
	}
}

func TestAllThatIsWrongWithABrandIsListedAboveItsForm(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(grace)
	w.brand("legal", brand.Changes{brand.Senders: "legal.example"})
	for _, tt := range []struct {
		fields map[string]string
		first  string   // which takes the cursor
		wrong  []string // fields that the list leads to, as in the form
	}{
		{map[string]string{"colour": "red", "expiry": "soon"}, "colour", nil},
		{map[string]string{"privacy": "x", "expiry": "soon", "id": "A b", "senders": "legal.example", "button.de": strings.Repeat("ö", 41), "passcode": "", "colour": "#777777"},
			"id", []string{"id", "colour", "button.de", "privacy", "passcode", "expiry", "senders"}},
	} {
		fields := formOf(t, b.get("/brands/new"))
		fields.Set("id", "fresh")
		fields.Set("do", "preview")
		for name, value := range tt.fields {
			fields.Set(name, value)
		}
		a := b.postBrand("/brands", fields, nil)
		list, _, _ := strings.Cut(a.body, `class="sheet admin-sheet stack"`)
		var got []string
		for _, m := range regexp.MustCompile(`<li><a href="#([^"]+)"`).FindAllStringSubmatch(list, -1) {
			got = append(got, m[1])
			if !strings.Contains(a.body, `id="`+m[1]+`"`) {
				t.Errorf("no field %s", m[1])
			}
		}
		if a.status != http.StatusUnprocessableEntity || !slices.Equal(got, tt.wrong) {
			t.Errorf("%v: %d, the list leads to %q, want %q", tt.fields, a.status, got, tt.wrong)
		}
		for name := range tt.fields {
			if !strings.Contains(a.body, `id="`+name+`-error"`) {
				t.Errorf("%v: no reason at %s", tt.fields, name)
			}
		}
		if cursor := regexp.MustCompile(`<input[^>]* id="([^"]+)"[^>]* autofocus`).FindStringSubmatch(a.body); cursor == nil || cursor[1] != tt.first {
			t.Errorf("%v: the cursor goes to %q, want %s", tt.fields, cursor, tt.first)
		}
	}
}
