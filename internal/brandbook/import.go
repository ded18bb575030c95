package brandbook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"letterlock/internal/brand"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// refusedImport is the Key of an import of which nothing is kept.
const refusedImport = "brand-import"

// A Page is a whole brand, as it goes from one book into another.
type Page struct {
	ID      string
	Version int64         // that whoever hands it in has seen; 0: whichever there is
	Own     brand.Changes // what it says itself
	// Inherits is what it had from others where it comes from. What it would not have
	// here from others it says itself, so that it looks the same.
	Inherits brand.Changes
}

// An ImportMode says what may come of an import.
type ImportMode struct {
	Dry bool // nothing is saved
	New bool // no brand may be there already
}

// A Fate is what an import has done with a brand.
type Fate struct {
	ID    string
	Was   string        // "added", "changed" or "same"
	Fixed []brand.Field // that it now says itself, and inherited where it comes from
}

// Export returns these brands with everything of them; without names, all. It is for an
// administrator.
func (s *Service) Export(by letterlock.Actor, ids ...string) ([]Page, error) {
	if !by.Is(letterlock.Admin) {
		return nil, &letterlock.Error{Code: letterlock.Denied, Key: notAdmin}
	}
	now := s.now.Load()
	if len(ids) == 0 {
		ids = append([]string{brand.Default}, now.ids...)
	}
	var list []Page
	for _, id := range ids {
		e, err := s.entry(now, id)
		if err != nil {
			return nil, err
		}
		p := Page{ID: id, Version: e.Version, Own: e.Changes, Inherits: brand.Changes{}}
		for _, f := range brand.Fields {
			if _, own := p.Own[f]; !own && f != brand.Senders {
				p.Inherits[f] = e.Settings.Value(f)
			}
		}
		for f, text := range e.Settings.Spoken {
			if _, own := p.Own[f]; !own {
				p.Inherits[f] = text
			}
		}
		if _, own := p.Own[brand.Logo]; !own {
			p.Inherits[brand.Logo] = string(now.brands[id].looks().Logo) // the emblem, too
		}
		list = append(list, p)
	}
	return list, nil
}

// Import saves brands that come from elsewhere, all of them or none. Everything is looked
// at as Change does. Invalid "brand-import": its cause is [letterlock.Sentences], one for
// each brand that is refused.
func (s *Service) Import(ctx context.Context, by letterlock.Actor, list []Page, mode ImportMode) ([]Fate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var plan importPlan
	if by.Is(letterlock.Admin) {
		// Before the transaction: pictures take their time, and mail would wait for it.
		var err error
		if plan, err = s.plan(ctx, list, mode); err != nil || mode.Dry {
			return plan.fates, err
		}
	}
	err := s.write(ctx, by, "import brands", "", plan.told(), func(tx *store.Tx, _ []store.Brand) error {
		for _, b := range plan.put {
			if _, err := tx.PutBrand(b.ID, b.Changes); err != nil {
				return err
			}
			action := "change brand"
			if s.now.Load().brands[b.ID] == nil {
				action = "add brand"
			}
			if err := tx.Audit(letterlock.Entry{Actor: by, Action: action, Target: b.ID, Reason: told(b.Changes), Allowed: true}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return plan.fates, nil
}

// An importPlan is what an import would do.
type importPlan struct {
	fates []Fate
	put   []store.Brand
}

func (p importPlan) told() string {
	n := map[string]int{}
	for _, f := range p.fates {
		n[f.Was]++
	}
	return fmt.Sprintf("%d added, %d changed, %d the same", n["added"], n["changed"], n["same"])
}

// plan looks at every brand of an import, and then at all brands as they would stand
// beside each other. The caller holds mu.
func (s *Service) plan(ctx context.Context, list []Page, mode ImportMode) (importPlan, error) {
	if len(list) > MaxBrands+1 {
		return importPlan{}, &letterlock.Error{Code: letterlock.TooLarge, Key: tooMany, Err: fmt.Errorf("an import of %d brands", len(list))}
	}
	var p importPlan
	var wrong letterlock.Sentences
	refuse := func(id string, err error) { wrong = append(wrong, sentence(id, err)) }
	now := s.now.Load()
	next := now.list()
	base := now.kept(brand.Default).settings
	seen := map[string]bool{}
	for _, page := range defaultFirst(list) {
		under := base
		if page.ID == brand.Default {
			under = s.file
		}
		own, fate, err := s.fit(now, page, under, mode)
		if err == nil && seen[page.ID] {
			err = errors.New("it is there twice")
		}
		seen[page.ID] = true
		if err != nil {
			refuse(page.ID, err)
			continue
		}
		p.fates = append(p.fates, fate)
		if fate.Was == "same" {
			continue
		}
		b := store.Brand{ID: page.ID, Changes: own}
		p.put = append(p.put, b)
		next = slices.DeleteFunc(next, func(x store.Brand) bool { return x.ID == b.ID })
		next = append(next, b)
		if page.ID == brand.Default {
			base, _ = own.Over(s.file) // fit has found nothing wrong with it
		}
	}
	if len(wrong) == 0 {
		wrong = s.beside(next, p.put)
	}
	if len(wrong) == 0 && len(p.put) > 0 {
		if err := s.opens(ctx, p.put); letterlock.CodeOf(err) == letterlock.Invalid && err != nil {
			wrong = letterlock.Sentences{reason(err)}
		} else if err != nil {
			return importPlan{}, err
		}
	}
	if len(wrong) > 0 {
		return importPlan{}, &letterlock.Error{Code: letterlock.Invalid, Key: refusedImport, Err: wrong}
	}
	return p, nil
}

// fit returns what a brand has to say itself here, and what becomes of it.
func (s *Service) fit(now *shelf, page Page, under brand.Settings, mode ImportMode) (brand.Changes, Fate, error) {
	fate := Fate{ID: page.ID, Was: "added"}
	if _, err := brand.ParseID(page.ID); err != nil {
		return nil, fate, err
	}
	there := now.brands[page.ID]
	switch {
	case mode.New && there != nil:
		return nil, fate, errors.New("there is a brand of this name already")
	case page.Version != 0 && (there == nil || there.Version != page.Version):
		return nil, fate, errors.New("somebody has changed it meanwhile")
	}
	own, err := settle(page, under)
	if err != nil {
		return nil, fate, err
	}
	if own, err = s.check(page.ID, own, under); err != nil {
		return nil, fate, err
	}
	for _, f := range brand.AllFields() {
		_, is := own[f]
		if _, was := page.Own[f]; is && !was {
			fate.Fixed = append(fate.Fixed, f)
		}
	}
	switch {
	case there != nil && maps.Equal(there.Changes, own):
		fate.Was = "same"
	case there != nil:
		fate.Was = "changed"
	}
	return own, fate, nil
}

// settle has a brand say itself what it would not inherit here as it did where it comes
// from. The logo comes last: without one it is drawn from the rest.
func settle(page Page, under brand.Settings) (brand.Changes, error) {
	own := brand.Changes{}
	maps.Copy(own, page.Own)
	for f, value := range page.Inherits {
		if _, is := own[f]; is || f == brand.Logo || f == brand.Senders {
			continue
		}
		if _, tag := f.Cut(); tag == "" && (under.Value(f) != value || page.speaksElse(f, under)) {
			own[f] = value
		}
	}
	for f, value := range page.Inherits {
		general, tag := f.Cut()
		_, is := own[f]
		if _, alone := own[general]; tag != "" && !is && (alone || under.Value(f) != value) {
			own[f] = value
		}
	}
	logo := page.Inherits[brand.Logo]
	if own[brand.Logo] != "" || logo == "" {
		return own, nil
	}
	settings, err := own.Over(under)
	if err != nil {
		return nil, err
	}
	look, err := brand.New(settings)
	if err != nil {
		return nil, err
	}
	if string(look.Logo) != logo {
		own[brand.Logo] = logo
	}
	return own, nil
}

// speaksElse reports whether a page would inherit a field in some language otherwise than
// it did where it comes from. Then it says the field itself in all of them: a language in
// which nothing is to be inherited can be had in no other way.
func (p Page) speaksElse(general brand.Field, under brand.Settings) bool {
	for _, w := range language.All() {
		f := general.In(w.Tag())
		if _, own := p.Own[f]; !own && p.Inherits[f] != under.Value(f) {
			return true
		}
	}
	return false
}

// beside looks at all brands as they would be, and says what they cannot be together.
func (s *Service) beside(next, put []store.Brand) (wrong letterlock.Sentences) {
	all, err := s.shelve(next)
	if err != nil {
		return letterlock.Sentences{reason(err)}
	}
	if n := len(all.ids); n > MaxBrands {
		wrong = append(wrong, fmt.Sprintf("There would be %d brands beside the default one; %d are allowed.", n, MaxBrands))
	}
	for _, b := range put {
		if err := all.parted(b.ID, b.Changes); err != nil {
			wrong = append(wrong, sentence(b.ID, err))
		}
	}
	return wrong
}

// list is what the shelf was made of.
func (s *shelf) list() (list []store.Brand) {
	for _, id := range append([]string{brand.Default}, s.ids...) {
		if k := s.brands[id]; id != brand.Default || k.Version != 0 {
			list = append(list, k.Brand)
		}
	}
	return list
}

// defaultFirst puts the default brand before those that inherit from it.
func defaultFirst(list []Page) []Page {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Page) int {
		switch {
		case a.ID == brand.Default && b.ID != brand.Default:
			return -1
		case b.ID == brand.Default && a.ID != brand.Default:
			return 1
		}
		return 0
	})
	return list
}

// Refused is the error of an import because of one brand.
func Refused(id string, err error) error {
	return &letterlock.Error{Code: letterlock.Invalid, Key: refusedImport, Err: letterlock.Sentences{sentence(id, err)}}
}

func sentence(id string, err error) string {
	text := fmt.Sprintf("Brand %.60q: %s", id, reason(err))
	return strings.TrimSuffix(text, ".") + "."
}

// reason is the cause of a refusal, which is for people.
func reason(err error) string {
	if e := (*letterlock.Error)(nil); errors.As(err, &e) && e.Err != nil {
		return e.Err.Error()
	}
	return err.Error()
}
