package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"letterlock/internal/brand"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// brand adds a brand.
func (w *world) brand(id string, c brand.Changes) {
	w.t.Helper()
	if err := w.server.Brands.Add(w.t.Context(), administrator, id, c); err != nil {
		w.t.Fatal(err)
	}
}

// twoBrands are as different as two can be.
func (w *world) twoBrands() {
	w.t.Helper()
	logo := func(color string) string {
		b, err := brand.New(brand.Settings{Name: "x", Color: color})
		if err != nil {
			w.t.Fatal(err)
		}
		return string(b.Logo)
	}
	w.brand("legal", brand.Changes{brand.Logo: logo("#3b2a5c"), brand.Name: "Contoso Legal", brand.Colour: "#3b2a5c", brand.PortalText: "Words of legal.", brand.Button: "Open with legal", brand.Email: "Mail of legal.", brand.Privacy: "https://legal.example/privacy"})
	w.brand("northwind", brand.Changes{brand.Logo: logo("#166534"), brand.Name: "Northwind", brand.Colour: "#166534", brand.PortalText: "Words of northwind.", brand.Introduction: "Mail of northwind."})
}

func (w *world) sendWith(id string, to letterlock.Address) letterlock.ID {
	w.t.Helper()
	return w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{to}, Brand: id}, mail(ada, to))
}

// bears requires that a page has the looks of one brand and nothing of the others.
func (a answer) bears(t *testing.T, what, id, name string) {
	t.Helper()
	if !strings.Contains(a.body, `data-brand="`+id+`"`) || !strings.Contains(a.body, "/brand/"+id+".css?v=") || !strings.Contains(a.body, "/brand/"+id+".png?v=") {
		t.Errorf("%s (%d %q) does not bear the brand %s", what, a.status, a.heading(), id)
	}
	for other, otherName := range map[string]string{"default": "Contoso<", "legal": "Contoso Legal", "northwind": "Northwind"} {
		if other != id && (strings.Contains(a.body, "/brand/"+other+".") || strings.Contains(a.body, otherName) || strings.Contains(a.body, "Words of "+other)) {
			t.Errorf("%s bears something of the brand %s beside %s", what, other, id)
		}
	}
	if !strings.Contains(a.body, name) {
		t.Errorf("%s does not name %s", what, name)
	}
}

func TestEachPageOfARecipientBearsTheBrandOfTheMessage(t *testing.T) {
	w := newWorld(t)
	w.twoBrands()
	for _, tt := range []struct{ id, name string }{{"legal", "Contoso Legal"}, {"northwind", "Northwind"}} {
		id, b := w.sendWith(tt.id, marta), w.browser()
		note := w.box.Mails(marta)[0]
		if from := note.Sender(); !strings.Contains(from, "via "+tt.name) || !strings.Contains(note.HTML(), tt.name) || !strings.Contains(note.HTML(), "Mail of "+tt.id) {
			t.Errorf("%s: the notification is from %s", tt.id, from)
		}
		link := w.link(marta)
		gate := b.get(link)
		gate.bears(t, "the gate", tt.id, tt.name)
		if !strings.Contains(gate.body, "Words of "+tt.id) {
			t.Errorf("the gate does not say what %s wants it to", tt.id)
		}
		b.post(link+"/passcode", nil)
		w.deliver()
		if from := w.box.Mails(marta)[0].Sender(); !strings.Contains(from, tt.name) {
			t.Errorf("%s: the passcode is from %s", tt.id, from)
		}
		b.get(link+"/passcode").bears(t, "the page for the passcode", tt.id, tt.name)
		b.post(link+"/verify", url.Values{"code": {"00000000"}}).bears(t, "a wrong passcode", tt.id, tt.name)
		path := b.prove(marta)
		b.get(path).bears(t, "the message", tt.id, tt.name)
		b.get(path+"/reply").bears(t, "a reply", tt.id, tt.name)
		b.get("/messages").bears(t, "My messages", "default", "Contoso")
		if err := w.server.Access.Revoke(t.Context(), administrator, id, ""); err != nil {
			t.Fatal(err)
		}
		b.get(path).bears(t, "the end", tt.id, tt.name)
		b.get("/m/"+strings.Repeat("x", 43)).bears(t, "an unknown link", "default", "Contoso")
	}
}

func TestTheFilesOfBrandsDoNotMixAndChangeWithThem(t *testing.T) {
	w := newWorld(t)
	w.twoBrands()
	b := w.browser()
	urls := func(id string) (css, logo string) { p := w.server.looksOf(id).page; return p.CSSURL, p.LogoURL }
	seen := map[string]string{}
	for _, id := range []string{"default", "legal", "northwind"} {
		css, logo := urls(id)
		for _, u := range []string{css, logo} {
			a := b.get(u)
			if a.status != http.StatusOK || seen[a.body] != "" {
				t.Errorf("%s: %d, as %q", u, a.status, seen[a.body])
			}
			seen[a.body] = u
		}
	}
	was, logo := urls("legal")
	other, _ := urls("northwind")
	admin := w.browser().signIn(olga)
	if !strings.Contains(admin.get("/brands").body, logo) {
		t.Errorf("the list of brands shows no %s", logo)
	}
	if err := w.server.Brands.Put(t.Context(), administrator, "legal", brand.Changes{brand.Colour: "#b91c1c"}); err != nil {
		t.Fatal(err)
	}
	if now, _ := urls("legal"); now == was || !strings.Contains(b.get(now).body, "#b91c1c") {
		t.Errorf("a brand that was changed is at %s still", now)
	}
	if _, now := urls("legal"); now == logo || !strings.Contains(admin.get("/brands").body, now) {
		t.Errorf("the list of brands shows the logo from before, not %s", now)
	}
	if now, _ := urls("northwind"); now != other {
		t.Errorf("and another one at %s instead of %s", now, other)
	}
	for _, path := range []string{"/brand/moon.css", "/brand/legal", "/brand/legal.svg", "/brand/.css", "/brand/LEGAL.css", "/brand/..%2Flegal.css", "/brand/legal.css.png"} {
		if a := b.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	w.sendWith("legal", marta)
	if err := w.server.Brands.Delete(t.Context(), administrator, "legal"); err != nil {
		t.Fatal(err)
	}
	b.get(w.link(marta)).bears(t, "the gate of a deleted brand", "default", "Contoso")
	if a := b.get("/brand/legal.css"); a.status != http.StatusNotFound {
		t.Errorf("a deleted brand has a style: %d", a.status)
	}
}

func TestAWardrobeForgetsBrandsThatWereDeleted(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		w.brand(fmt.Sprint("b", i), nil)
		w.server.looksOf(fmt.Sprint("b", i))
	}
	for i := range 2 * maxWorn {
		w.server.wardrobe.worn[fmt.Sprint("gone", i)] = &looks{}
	}
	w.brand("other", nil)
	w.server.looksOf("other")
	if n := len(w.server.wardrobe.worn); n != 1 {
		t.Errorf("%d looks are kept", n)
	}
}

func TestComposeOffersBrandsWhereThereIsAChoice(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	if a := b.get("/compose"); strings.Contains(a.body, `name="brand"`) {
		t.Error("with one brand there is a choice")
	}
	w.twoBrands()
	w.brand("strict", brand.Changes{brand.ForcePortal: "yes", brand.Expiry: "7d"})
	if a := b.get("/compose"); !strings.Contains(a.body, `<option value="default" selected>default: Contoso<`) || !strings.Contains(a.body, `<option value="legal">legal: Contoso Legal<`) {
		t.Errorf("%d: no choice of brands", a.status)
	}
	fields := func(id string) url.Values {
		return url.Values{"to": {string(carol)}, "subject": {"Hello"}, "text": {"Hi"}, "protection": {"encrypt-only"}, "brand": {id}}
	}
	send := func(id string) letterlock.Message {
		t.Helper()
		a := b.post("/compose", fields(id))
		d, err := w.server.Track.Traced(t.Context(), administrator, letterlock.ID(strings.TrimPrefix(a.location(), "/sent/")))
		if err != nil {
			t.Fatalf("%d %s %v", a.status, a.heading(), err)
		}
		return d.Message
	}
	if m := send("legal"); m.Brand != "legal" || m.Portal {
		t.Errorf("chosen legal: %q, portal %t", m.Brand, m.Portal)
	}
	if m := send("default"); m.Brand != "" {
		t.Errorf("chosen default: %q", m.Brand)
	}
	if m := send("strict"); m.Brand != "strict" || !m.Portal || m.Expires.Sub(m.Accepted).Hours() < 7*24 || m.Expires.Sub(m.Accepted).Hours() > 8*24 {
		t.Errorf("chosen strict: %q, portal %t, until %v", m.Brand, m.Portal, m.Expires)
	}
	again := fields("strict")
	again.Set("do", "add")
	if a := b.post("/compose", again); !strings.Contains(a.body, `value="strict" selected`) || strings.Contains(a.body, "cannot be taken back, because outlook") || !strings.Contains(a.body, `value="7" selected`) {
		t.Errorf("%d: the page does not show what its brand asks for", a.status)
	}
	if a := b.post("/compose", fields("moon")); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "There is no such brand any more") {
		t.Errorf("a brand that there is not: %d %q", a.status, a.heading())
	}
}

func TestARuleChoosesABrand(t *testing.T) {
	w := newWorld(t)
	w.twoBrands()
	b := w.browser().signIn(grace)
	if a := b.get("/rules/new"); !strings.Contains(a.body, `<option value="legal">legal: Contoso Legal<`) {
		t.Error("the form of a rule offers no brands")
	}
	fields := url.Values{"name": {"Contracts"}, "enabled": {"yes"}, "senders": {"contoso.example"}, "brand": {"legal"}}
	if a := b.post("/rules", fields); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.body)
	}
	says(t, "the list", b.get("/rules"), "Brand legal")
	w.sendWith("northwind", marta)
	w.browser().get(w.link(marta)).bears(t, "the gate", "legal", "Contoso Legal")
	a := b.post("/rules/try", url.Values{"sender": {string(ada)}, "mail": {"From: <ada@contoso.example>\r\nTo: <marta@quillfeather.example>\r\n\r\nHi"}})
	says(t, "the trial", a, "legal")
	fields.Set("name", "Other")
	fields.Set("brand", "moon")
	if a := b.post("/rules", fields); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Choose among what there is") {
		t.Errorf("a brand that there is not: %d", a.status)
	}
	if err := w.server.Brands.Delete(t.Context(), administrator, "legal"); err != nil {
		t.Fatal(err)
	}
	w.sendWith("", marta)
	w.browser().get(w.link(marta)).bears(t, "the gate under a rule whose brand is gone", "default", "Contoso")
}
