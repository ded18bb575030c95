package brandbook_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
)

var (
	olga = letterlock.Actor{Kind: letterlock.Staff, Address: "olga@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}
	rita = letterlock.Actor{Kind: letterlock.Staff, Address: "rita@contoso.example", Roles: []letterlock.Role{letterlock.Revoker, letterlock.Auditor, letterlock.Sender}}
	file = brand.Settings{Name: "Contoso", Texts: brand.Texts{Disclaimer: "Contoso AG"}}
)

type house struct {
	*brandbook.Service
	t  *testing.T
	db *store.DB
}

func newHouse(t *testing.T) *house {
	t.Helper()
	dir := t.TempDir()
	storetest.Empty(t, dir)
	db, err := store.Open(t.Context(), dir, func() time.Time { return time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &house{open(t, db, file), t, db}
}

func open(t *testing.T, db *store.DB, file brand.Settings) *brandbook.Service {
	t.Helper()
	s, err := brandbook.New(db, file)
	if err == nil {
		err = s.Load(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (h *house) add(id string, c brand.Changes) {
	h.t.Helper()
	if err := h.Add(h.t.Context(), olga, id, c); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) change(id string, c brand.Changes) {
	h.t.Helper()
	e, err := h.Brand(h.t.Context(), olga, id)
	if err == nil {
		err = h.Change(h.t.Context(), olga, id, e.Version, c)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) audited() (list []string) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		entries, err := tx.Entries("")
		for _, e := range entries {
			list = append(list, fmt.Sprintf("%s %s %s %t", e.Action, e.Target, e.Reason, e.Allowed))
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func TestBrandsInheritFromTheDefaultAndThatFromTheFile(t *testing.T) {
	h := newHouse(t)
	h.add("legal", brand.Changes{brand.Name: "Contoso Legal", brand.Colour: "#3b2a5c"})
	say := func() string {
		d, l := h.Of(""), h.Of("legal")
		return fmt.Sprintf("%s %s %q, %s %s %q", d.Name, d.Color, d.Disclaimer, l.Name, l.Color, l.Disclaimer)
	}
	if got, want := say(), `Contoso #0c5463 "Contoso AG", Contoso Legal #3b2a5c "Contoso AG"`; got != want {
		t.Errorf("from the file: %s, want %s", got, want)
	}
	h.change(brand.Default, brand.Changes{brand.Disclaimer: "Edited", brand.Colour: "#166534"})
	want := `Contoso #166534 "Edited", Contoso Legal #3b2a5c "Edited"`
	if got := say(); got != want {
		t.Errorf("edited: %s, want %s", got, want)
	}
	h.Service = open(t, h.db, file) // the next start
	if got := say(); got != want {
		t.Errorf("after a start: %s, want %s", got, want)
	}
	h.Service = open(t, h.db, brand.Settings{Name: "Contoso plc", Color: "#b91c1c"}) // another file
	if got, want := say(), `Contoso plc #166534 "Edited", Contoso Legal #3b2a5c "Edited"`; got != want {
		t.Errorf("with another file: %s, want %s", got, want)
	}
	h.change(brand.Default, brand.Changes{}) // as in the settings file
	h.change("legal", brand.Changes{brand.Name: "Contoso Legal"})
	if got, want := say(), `Contoso plc #b91c1c "", Contoso Legal #b91c1c ""`; got != want {
		t.Errorf("taken back: %s, want %s", got, want)
	}
}

func TestOnlyAdministratorsKeepBrands(t *testing.T) {
	h := newHouse(t)
	h.add("legal", nil)
	before := len(h.audited())
	for _, by := range []letterlock.Actor{rita, {}, {Kind: letterlock.Reader, Address: "marta@quillfeather.example"}} {
		_, list := h.List(t.Context(), by)
		_, one := h.Brand(t.Context(), by, "legal")
		_, try := h.Try(by, "legal", nil)
		for what, err := range map[string]error{
			"list": list, "see one": one, "try": try,
			"add": h.Add(t.Context(), by, "x", nil), "change": h.Change(t.Context(), by, "legal", 1, nil),
			"put": h.Put(t.Context(), by, "legal", nil), "import": h.take(by, nil), "export": h.give(by), "delete": h.Delete(t.Context(), by, "legal"),
		} {
			if !errors.Is(err, letterlock.Denied) {
				t.Errorf("%s may %s: %v", by.Address, what, err)
			}
		}
	}
	if got := h.audited()[before:]; len(got) != 15 || !strings.HasSuffix(got[0], "not-administrator false") {
		t.Errorf("audited: %q, want each of the fifteen tries to change something", got)
	}
	if len(h.IDs()) != 1 {
		t.Errorf("brands: %v", h.IDs())
	}
}

func TestEachChangeIsAudited(t *testing.T) {
	h := newHouse(t)
	h.add("legal", brand.Changes{brand.Colour: "#3b2a5c"})
	h.change("legal", brand.Changes{brand.Button: "Open"})
	if err := h.Delete(t.Context(), olga, "legal"); err != nil {
		t.Fatal(err)
	}
	want := []string{`add brand legal {"colour":"#3b2a5c"} true`, `change brand legal {"button":"Open"} true`, `delete brand legal  true`}
	if got := h.audited(); !slices.Equal(got, want) {
		t.Errorf("audited %q\nwant %q", got, want)
	}
}

func TestWhatWouldKeepRecipientsOutIsRefused(t *testing.T) {
	h := newHouse(t)
	h.add("legal", brand.Changes{brand.Senders: "legal.example"})
	before := h.audited()
	for _, tt := range []struct {
		id        string
		c         brand.Changes
		key, says string
	}{
		{"x", brand.Changes{brand.Passcode: "no"}, "brand-passcode", "no OpenID provider is set up here"},
		{brand.Default, brand.Changes{brand.Passcode: "no"}, "brand-passcode", "no OpenID provider is set up here"},
		{"x", brand.Changes{brand.Colour: "#777777"}, "brand-colour", "4.48 to 1"},
		{brand.Default, brand.Changes{brand.Senders: "a.example"}, "brand-senders", "for all whom no other names"},
		{"x", brand.Changes{brand.Senders: "a.example\nLEGAL.example"}, "brand-senders", "another brand, legal, has the sender legal.example already"},
		{"x y", nil, "brand-id", "small letters"},
		{"legal", nil, "brand-exists", "already"},
		{"x", brand.Changes{"moon": "full"}, "brand-moon", "no field"},
	} {
		err := h.Add(t.Context(), olga, tt.id, tt.c)
		if tt.id == brand.Default {
			err = h.Change(t.Context(), olga, tt.id, 0, tt.c)
		}
		if letterlock.KeyOf(err) != tt.key || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s %v: %v, want %s %q", tt.id, tt.c, err, tt.key, tt.says)
		}
	}
	if err := h.Change(t.Context(), olga, "legal", 7, nil); letterlock.KeyOf(err) != "brand-changed" {
		t.Errorf("a change of what somebody else has changed: %v", err)
	}
	if err := h.Delete(t.Context(), olga, brand.Default); letterlock.KeyOf(err) != "brand-default" {
		t.Errorf("deleting the default brand: %v", err)
	}
	if err := h.Delete(t.Context(), olga, "x"); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("deleting what is not there: %v", err)
	}
	if got := h.audited(); !slices.Equal(got, before) || len(h.IDs()) != 1 {
		t.Errorf("refusals left %q, %v", got, h.IDs())
	}
}

func TestADeletedBrandLeavesItsMessagesTheDefault(t *testing.T) {
	h := newHouse(t)
	h.add("legal", brand.Changes{brand.Name: "Legal", brand.ForcePortal: "yes", brand.Senders: "legal.example"})
	if c, is := h.Named("legal"); !is || !c.ForcePortal || c.ID != "legal" || h.Of("legal").Name != "Legal" {
		t.Errorf("Named = %+v, %t", c, is)
	}
	if err := h.Delete(t.Context(), olga, "legal"); err != nil {
		t.Fatal(err)
	}
	if c, is := h.Named("legal"); is || c != (brand.Choice{}) || h.Of("legal") != h.Of("") {
		t.Errorf("deleted: %+v, %t, looks %q", c, is, h.Of("legal").Name)
	}
	if c := h.OfSender("ada@legal.example"); c.ID != "" {
		t.Errorf("its senders have %q", c.ID)
	}
}

func TestWhoSendsHasTheBrandThatNamesThemMostExactly(t *testing.T) {
	h := newHouse(t)
	h.add("below", brand.Changes{brand.Senders: "*.northwind.example"})
	h.add("domain", brand.Changes{brand.Senders: "contoso.example\n*.contoso.example"})
	h.add("address", brand.Changes{brand.Senders: "ada@contoso.example"})
	for a, want := range map[letterlock.Address]string{
		"ada@contoso.example": "address", "ben@contoso.example": "domain", "ada@de.contoso.example": "domain", "x@de.northwind.example": "below", "x@northwind.example": "", "x@example.org": "",
	} {
		if got := h.OfSender(a).ID; got != want {
			t.Errorf("%s has %q, want %q", a, got, want)
		}
	}
}

// Everybody's pages look brands up while an administrator changes them.
func TestBrandsAreLookedUpWhileTheyChange(t *testing.T) {
	h := newHouse(t)
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			for j := range 5 {
				if err := h.Put(t.Context(), olga, fmt.Sprint("b", i), brand.Changes{brand.Button: fmt.Sprint(j)}); err != nil {
					t.Error(err)
				}
			}
		})
		wait.Go(func() {
			for range 50 {
				if h.Of(fmt.Sprint("b", i)).Name != "Contoso" {
					t.Error("no looks")
				}
			}
		})
	}
	wait.Wait()
	for i := range 4 {
		if got := h.Of(fmt.Sprint("b", i)).Button; got != "4" {
			t.Errorf("brand %d says %q, want what was put last", i, got)
		}
	}
}

func TestThereAreNoMoreBrandsThanMayBe(t *testing.T) {
	h := newHouse(t)
	err := h.db.Write(t.Context(), func(tx *store.Tx) (err error) {
		for i := range brandbook.MaxBrands {
			_, err1 := tx.PutBrand(fmt.Sprint("b", i), nil)
			err = errors.Join(err, err1)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Service = open(t, h.db, file)
	if err := h.Put(t.Context(), olga, "one-more", nil); letterlock.KeyOf(err) != "brands" {
		t.Errorf("one more: %v, want TooLarge", err)
	}
	h.change("b0", brand.Changes{brand.Button: "Open"})
	h.change(brand.Default, brand.Changes{brand.Button: "Open"})
}
