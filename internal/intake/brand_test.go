package intake_test

import (
	"testing"

	"letterlock/internal/brand"
	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
)

// brands has the house know a few, of which "northwind" is Ada's.
func (h *house) brands() {
	known := map[string]brand.Use{"": {}, "default": {}, "legal": {}, "northwind": {}, "strict": {ForcePortal: true, Expiry: week}}
	h.intake.BrandNamed = func(id string) (brand.Choice, bool) {
		use, is := known[id]
		if id == brand.Default || !is {
			id = ""
		}
		return brand.Choice{ID: id, Use: use}, is
	}
	h.intake.BrandOfSender = func(a letterlock.Address) brand.Choice {
		if a == ada.Address {
			return brand.Choice{ID: "northwind"}
		}
		return brand.Choice{}
	}
}

func TestAMessageBearsTheBrandThatIsAskedForElseItsSenders(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.brands()
	for i, tt := range []struct {
		name, header, chosen, want string
		expires                    letterlock.Span
	}{
		{"nothing", "", "", "northwind", 0},
		{"Compose", "", "legal", "legal", 0},
		{"the default one in Compose", "", "default", "", 0},
		{"header", "X-Letterlock-Brand: legal", "", "legal", 0},
		{"header in capitals", "x-letterlock-BRAND:  Legal ", "", "legal", 0},
		{"the default one by header", "X-Letterlock-Brand: default", "", "", 0},
		{"one that ends and stays", "X-Letterlock-Brand: strict", "", "strict", week},
		{"one that ends, and the mail sooner", "X-Letterlock-Brand: strict\r\nX-Letterlock-Expires: 1d", "", "strict", day},
		{"one that ends, and the mail never", "X-Letterlock-Brand: strict\r\nX-Letterlock-Expires: never", "", "strict", 0},
	} {
		mail := simple("<"+string(rune('a'+i))+"@contoso.example>", "Hi")
		if tt.header != "" {
			mail = tt.header + "\r\n" + mail
		}
		e := to(carol) // who has the message itself unless something keeps it
		e.Brand = tt.chosen
		m, all := h.message(h.mustAccept(ada, e, mail).ID)
		var end letterlock.Span
		if !m.Expires.IsZero() {
			end = letterlock.Span(m.Expires.Sub(m.Accepted))
		}
		if m.Brand != tt.want || end != tt.expires {
			t.Errorf("%s: brand %q until %v, want %q until %v", tt.name, m.Brand, end, tt.want, tt.expires)
		}
		if strict := tt.want == "strict"; m.Portal != strict || (all[0].Experience == letterlock.Link) != strict {
			t.Errorf("%s: %s, portal %t", tt.name, all[0].Experience, m.Portal)
		}
	}
}

func TestABrandThatThereIsNotIsRefused(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	before := h.rows()
	refused := func(name string, e intake.Envelope, header string) {
		t.Helper()
		_, err := h.accept(ada, e, header+simple("<1@contoso.example>", "Hi"))
		if letterlock.CodeOf(err) != letterlock.Invalid || letterlock.KeyOf(err) != "brand" {
			t.Errorf("%s: %v, want Invalid brand", name, err)
		}
		h.checkNothingNew(name, before)
	}
	refused("where there are none", to(marta), "X-Letterlock-Brand: legal\r\n")
	h.brands()
	for _, header := range []string{"moon", "", "legal, legal", "../legal", "legal\r\nX-Letterlock-Brand: legal"} {
		refused(header, to(marta), "X-Letterlock-Brand: "+header+"\r\n")
	}
	gone := to(marta)
	gone.Brand = "moon"
	refused("deleted while it was written", gone, "")
}

// Only a protected message has a brand to show.
func TestAMailOfTheGatewayThatAsksForABrandIsNotPassedOn(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.people()
	h.brands()
	var passed []string
	r := h.mustAccept(front, byGateway(&passed, marta), "X-Letterlock-Brand: legal\r\n"+simple("<1@contoso.example>", "Hi"))
	if m, _ := h.message(r.ID); m.Brand != "legal" || m.DecidedBy != "X-Letterlock-Brand header" || len(passed) > 0 {
		t.Errorf("brand %q, decided by %q, passed on %q", m.Brand, m.DecidedBy, passed)
	}
	r = h.mustAccept(front, byGateway(&passed, marta), "X-Letterlock-Protection: encrypt-only\r\n"+simple("<2@contoso.example>", "Hi"))
	if m, _ := h.message(r.ID); m.Brand != "northwind" {
		t.Errorf("brand %q, want that of the author", m.Brand)
	}
}

func TestTheFirstRuleThatNamesABrandDecides(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.brands()
	h.rules(then("words", rule.Actions{Protection: letterlock.EncryptOnly}), then("first", rule.Actions{Brand: "strict"}), then("second", rule.Actions{Brand: "legal"}))
	m, all := h.message(h.mustAccept(ada, to(carol), "X-Letterlock-Brand: legal\r\n"+simple("<1@contoso.example>", "Hi")).ID)
	if m.Brand != "strict" || !m.Portal || all[0].Experience != letterlock.Link {
		t.Errorf("brand %q, portal %t, %s", m.Brand, m.Portal, all[0].Experience)
	}
	if _, err := h.accept(ada, to(carol), "X-Letterlock-Brand: moon\r\n"+simple("<2@contoso.example>", "Hi")); letterlock.KeyOf(err) != "brand" {
		t.Errorf("a name that there is not, under a rule: %v", err)
	}
	h.rules(then("gone", rule.Actions{Brand: "moon"}))
	if m, _ := h.message(h.mustAccept(ada, to(carol), simple("<3@contoso.example>", "Hi")).ID); m.Brand != "" {
		t.Errorf("a rule whose brand is deleted gives %q, want the default one", m.Brand)
	}
	// Whom a retry adds must get it in the portal now.
	h.rules(then("none", rule.Actions{Protection: letterlock.EncryptOnly}))
	mail := simple("<4@contoso.example>", "Hi")
	h.mustAccept(ada, to(marta), mail)
	h.rules(then("strict", rule.Actions{Brand: "strict"}))
	if _, err := h.accept(ada, to(marta, carol), mail); letterlock.KeyOf(err) != "rules" {
		t.Errorf("a retry of what was accepted with less: %v, want Denied rules", err)
	}
}
