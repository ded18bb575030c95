// Package brandbook keeps the brands: what each says of itself, who may change that, and
// which of them a message bears.
//
// Every brand inherits field by field from the default one, and that from the settings
// file. Its one invariant: whatever it has saved can be shown, and lets recipients in.
package brandbook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"letterlock/internal/brand"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// MaxBrands is how many brands there may be beside the default one.
const MaxBrands = 200

// Keys of refusals. Those of fields are "brand-" and the field.
const (
	notAdmin  = "not-administrator"
	noBrand   = "no-brand"
	changed   = "brand-changed"
	exists    = "brand-exists"
	tooMany   = "brands"
	isDefault = "brand-default"
)

// A Service keeps the brands. It is safe for concurrent use. All that is asked of it
// while messages come and go is answered out of memory: there is one process for a
// database, and all changes go through it.
type Service struct {
	// Vouched reports whether an OpenID provider could vouch for an address; nil: none is
	// set up.
	Vouched func(letterlock.Address) bool

	db   *store.DB
	file brand.Settings
	mu   sync.Mutex // held while a brand is changed
	now  atomic.Pointer[shelf]
}

// A shelf is all brands at one moment. It does not change.
type shelf struct {
	brands map[string]*kept
	ids    []string // sorted, the default one left out
}

// A kept is one brand. Its looks are made when they are wanted first, for drawing an
// emblem takes longer than everything else.
type kept struct {
	store.Brand
	settings brand.Settings
	senders  []brand.SenderPlace
	looks    func() *brand.Brand
}

// New returns the brands that are kept, over what the settings file says, which
// [brand.New] accepts. They are read by Load; until then there is the file's alone.
func New(db *store.DB, file brand.Settings) (*Service, error) {
	s := &Service{db: db, file: file}
	first, err := s.shelve(nil)
	if err != nil {
		return nil, err
	}
	s.now.Store(first)
	return s, nil
}

// Load reads what is kept.
func (s *Service) Load(ctx context.Context) error {
	return s.db.Read(ctx, func(tx *store.Tx) error {
		list, err := tx.Brands()
		if err != nil {
			return err
		}
		now, err := s.shelve(list)
		if err != nil {
			return err
		}
		s.now.Store(now)
		return nil
	})
}

// shelve makes what can be asked of the brands that are kept.
func (s *Service) shelve(list []store.Brand) (*shelf, error) {
	out := &shelf{brands: map[string]*kept{}}
	base := store.Brand{ID: brand.Default}
	if i := at(list, brand.Default); i >= 0 {
		base = list[i]
	}
	first, err := keep(base, s.file)
	if err != nil {
		return nil, err
	}
	out.brands[brand.Default] = first
	for _, b := range list {
		if b.ID == brand.Default {
			continue
		}
		k, err := keep(b, first.settings)
		if err != nil {
			return nil, err
		}
		out.brands[b.ID] = k
		out.ids = append(out.ids, b.ID)
	}
	slices.Sort(out.ids)
	return out, nil
}

func keep(b store.Brand, under brand.Settings) (*kept, error) {
	k := &kept{Brand: b}
	var err error
	if k.settings, err = b.Changes.Over(under); err == nil {
		err = k.settings.Check()
	}
	if err == nil {
		k.senders, err = brand.ParseSenders(b.Changes[brand.Senders])
	}
	if err != nil {
		return nil, fmt.Errorf("brand %s: %w", b.ID, err)
	}
	settings := k.settings
	k.looks = sync.OnceValue(func() *brand.Brand {
		look, err := brand.New(settings)
		if err != nil { // a picture that somebody has put there past us
			settings.Logo = nil
			look, _ = brand.New(settings) // everything else was checked
		}
		return look
	})
	return k, nil
}

func at(list []store.Brand, id string) int {
	return slices.IndexFunc(list, func(b store.Brand) bool { return b.ID == id })
}

// kept returns the brand that a message names. One that there is none of is the default.
func (s *shelf) kept(id string) *kept {
	if k := s.brands[id]; k != nil {
		return k
	}
	return s.brands[brand.Default]
}

// Of returns the looks of the brand that a message names; of one that is deleted, or
// named by nothing, those of the default brand.
func (s *Service) Of(id string) *brand.Brand { return s.now.Load().kept(id).looks() }

// NameOf is what the brand calls the organisation, without a look at anything else of it.
func (s *Service) NameOf(id string) string { return s.now.Load().kept(id).settings.Name }

// Language is the tag of that which the brand has recipients spoken to in who have said
// nothing of their own; empty: it does not say.
func (s *Service) Language(id string) string { return s.now.Load().kept(id).settings.Language }

// Named returns the brand of that name as a message may bear it, and whether there is one.
func (s *Service) Named(id string) (brand.Choice, bool) {
	now := s.now.Load()
	if id == brand.Default || id == "" {
		return brand.Choice{Use: now.kept(brand.Default).settings.Use}, true
	}
	k := now.brands[id]
	if k == nil {
		return brand.Choice{Use: now.kept(brand.Default).settings.Use}, false
	}
	return brand.Choice{ID: id, Use: k.settings.Use}, true
}

// Is reports whether there is a brand of that name.
func (s *Service) Is(id string) bool {
	_, is := s.Named(id)
	return is
}

// Asks is what a message asks of its readers: what it says itself, and what its brand does.
func (s *Service) Asks(m letterlock.Message) letterlock.Demand {
	return s.now.Load().kept(m.Brand).settings.Asks(m.Asks)
}

// Passcode reports whether recipients can sign in with a passcode under the brand that a
// message names.
func (s *Service) Passcode(id string) bool { return !s.now.Load().kept(id).settings.NoPasscode }

// WithoutPasscode are the brands under which they cannot, and which ask more of whoever
// has proved the mailbox. What names none that there is goes with the default one.
func (s *Service) WithoutPasscode() store.Brands {
	now := s.now.Load()
	list := store.Brands{Others: now.kept(brand.Default).settings.NoPasscode}
	for _, id := range now.ids {
		if now.brands[id].settings.NoPasscode != list.Others {
			list.IDs = append(list.IDs, id)
		}
	}
	return list
}

// Provider reports whether recipients can sign in with an OpenID provider under the brand that
// a message names.
func (s *Service) Provider(id string) bool { return !s.now.Load().kept(id).settings.NoSocial }

// OfSender returns the brand of whoever sends: the one whose senders name them most
// exactly, else the default.
func (s *Service) OfSender(a letterlock.Address) brand.Choice {
	now := s.now.Load()
	best, fit := "", 0
	for _, id := range now.ids {
		for _, p := range now.brands[id].senders {
			if f := p.Fit(a); f > fit {
				best, fit = id, f
			}
		}
	}
	c, _ := s.Named(best)
	return c
}

// IDs are the names of all brands but the default one, sorted.
func (s *Service) IDs() []string { return s.now.Load().ids }

// An Entry is one brand as an administrator sees it.
type Entry struct {
	ID       string
	Version  int64          // 0: nobody has changed anything yet
	Changes  brand.Changes  // its own
	Settings brand.Settings // with what it inherits
	Base     brand.Settings // what it inherits
	Messages int            // that bear it
}

func (s *Service) entry(now *shelf, id string) (Entry, error) {
	k := now.brands[id]
	if k == nil {
		return Entry{}, &letterlock.Error{Code: letterlock.NotFound, Key: noBrand, Err: fmt.Errorf("there is no brand %q", id)}
	}
	e := Entry{ID: id, Version: k.Version, Changes: maps.Clone(k.Changes), Settings: k.settings, Base: s.file}
	if id != brand.Default {
		e.Base = now.kept(brand.Default).settings
	}
	return e, nil
}

// List returns all brands, the default one first, for an administrator.
func (s *Service) List(ctx context.Context, by letterlock.Actor) (list []Entry, err error) {
	if !by.Is(letterlock.Admin) {
		return nil, &letterlock.Error{Code: letterlock.Denied, Key: notAdmin}
	}
	now := s.now.Load()
	var count map[string]int
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		count, err = tx.CountBrands(tx.Now.AddDate(-100, 0, 0), tx.Now.AddDate(1, 0, 0))
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, id := range append([]string{brand.Default}, now.ids...) {
		e, err := s.entry(now, id)
		if err != nil {
			return nil, err
		}
		e.Messages = count[id]
		list = append(list, e)
	}
	list[0].Messages = count[""]
	return list, nil
}

// Brand returns one of them, or NotFound.
func (s *Service) Brand(ctx context.Context, by letterlock.Actor, id string) (Entry, error) {
	list, err := s.List(ctx, by)
	if err != nil {
		return Entry{}, err
	}
	for _, e := range list {
		if e.ID == id {
			return e, nil
		}
	}
	return s.entry(s.now.Load(), id)
}

// Blank is a brand that is to be added: it inherits everything.
func (s *Service) Blank() Entry {
	base := s.now.Load().kept(brand.Default).settings
	return Entry{Settings: base, Base: base}
}

// Try returns the looks that a brand would have with these changes, and saves nothing.
// Its errors are those of Change, but that it does not look at who has messages.
func (s *Service) Try(by letterlock.Actor, id string, c brand.Changes) (*brand.Brand, error) {
	if !by.Is(letterlock.Admin) {
		return nil, &letterlock.Error{Code: letterlock.Denied, Key: notAdmin}
	}
	base := s.base(id)
	if _, err := s.check(id, c, base); err != nil {
		return nil, err
	}
	if err := s.now.Load().parted(id, c); err != nil {
		return nil, err
	}
	settings, err := c.Over(base)
	if err != nil {
		return nil, err
	}
	return brand.New(settings)
}

// Faults are all errors of Try for one field each, and that of a new brand's name; id is
// empty for one that is to be added as name. They are for an administrator's form.
func (s *Service) Faults(by letterlock.Actor, id, name string, c brand.Changes) (list []error) {
	if !by.Is(letterlock.Admin) {
		return nil
	}
	if id == "" {
		if _, err := brand.ParseID(name); err != nil {
			list = append(list, err)
		}
	}
	list = append(list, c.Faults(s.base(id))...)
	signIn := maps.Clone(c)
	maps.DeleteFunc(signIn, func(f brand.Field, _ string) bool { return f != brand.Passcode && f != brand.Social })
	if settings, err := signIn.Over(s.base(id)); err == nil {
		list = append(list, s.lets(settings))
	}
	list = append(list, s.now.Load().parted(id, c))
	return slices.DeleteFunc(list, func(err error) bool { return err == nil })
}

// base is what a brand inherits.
func (s *Service) base(id string) brand.Settings {
	if id == brand.Default {
		return s.file
	}
	return s.now.Load().kept(brand.Default).settings
}

// check returns the changes as they are kept, or why they cannot be, whatever other
// brands there are.
func (s *Service) check(id string, c brand.Changes, base brand.Settings) (brand.Changes, error) {
	c, err := c.Tidy(base)
	if err != nil {
		return nil, err
	}
	settings, err := c.Over(base)
	if err != nil {
		return nil, err
	}
	if err := s.lets(settings); err != nil {
		return nil, err
	}
	if id == brand.Default && c[brand.Senders] != "" {
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "brand-" + string(brand.Senders),
			Err: fmt.Errorf("senders of the brand: %w", brand.Because("sendersOfDefault", "the default brand is for all whom no other names"))}
	}
	return c, nil
}

// parted refuses a sender whom another brand names in the same words: it would be chance
// which of the two holds.
func (s *shelf) parted(id string, c brand.Changes) error {
	mine, err := brand.ParseSenders(c[brand.Senders])
	if err != nil {
		return err
	}
	for _, other := range s.ids {
		if other == id {
			continue
		}
		for _, p := range s.brands[other].senders {
			if slices.Contains(mine, p) {
				return &letterlock.Error{Code: letterlock.Invalid, Key: "brand-" + string(brand.Senders),
					Err: fmt.Errorf("senders of the brand: %w", brand.Because("taken", fmt.Sprintf("another brand, %s, has the sender %s already", other, p), "Brand", other, "Sender", p.String()))}
			}
		}
	}
	return nil
}

// Add saves a new brand. Invalid "brand-id": it cannot be named so; Invalid
// "brand-exists": another is; TooLarge "brands": there are as many as there may be. The
// other errors are those of Change.
func (s *Service) Add(ctx context.Context, by letterlock.Actor, id string, c brand.Changes) error {
	return s.change(ctx, by, "add brand", id, c, func(list []store.Brand) error {
		if id == brand.Default || at(list, id) >= 0 {
			return &letterlock.Error{Code: letterlock.Invalid, Key: exists, Err: fmt.Errorf("there is a brand %q already", id)}
		}
		return nil
	})
}

// Change saves what a brand says of itself, which the administrator has seen in that
// version. Invalid "brand-changed": somebody has changed it since; Invalid "brand-" and a
// field: that cannot be shown, or would keep recipients out. The cause says why, in words
// for people.
func (s *Service) Change(ctx context.Context, by letterlock.Actor, id string, version int64, c brand.Changes) error {
	return s.change(ctx, by, "change brand", id, c, func(list []store.Brand) error {
		i := at(list, id)
		if i < 0 && id != brand.Default {
			return &letterlock.Error{Code: letterlock.NotFound, Key: noBrand, Err: fmt.Errorf("there is no brand %q", id)}
		}
		if i < 0 && version != 0 || i >= 0 && list[i].Version != version {
			return &letterlock.Error{Code: letterlock.Invalid, Key: changed}
		}
		return nil
	})
}

// Put saves a brand whether it was there or not. The errors are those of Add and Change.
func (s *Service) Put(ctx context.Context, by letterlock.Actor, id string, c brand.Changes) error {
	action := "change brand"
	if k := s.now.Load().brands[id]; k == nil {
		action = "add brand"
	}
	return s.change(ctx, by, action, id, c, func([]store.Brand) error { return nil })
}

// Delete removes a brand. Messages and rules that name it have the default brand from
// then on. The default brand itself is Invalid "brand-default".
func (s *Service) Delete(ctx context.Context, by letterlock.Actor, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if by.Is(letterlock.Admin) && id != brand.Default {
		if err := s.opens(ctx, nil, id); err != nil {
			return err
		}
	}
	return s.write(ctx, by, "delete brand", id, "", func(tx *store.Tx, list []store.Brand) error {
		if id == brand.Default {
			return &letterlock.Error{Code: letterlock.Invalid, Key: isDefault}
		}
		if at(list, id) < 0 {
			return &letterlock.Error{Code: letterlock.NotFound, Key: noBrand, Err: fmt.Errorf("there is no brand %q", id)}
		}
		return tx.DeleteBrand(id)
	})
}

func (s *Service) change(ctx context.Context, by letterlock.Actor, action, id string, c brand.Changes, may func([]store.Brand) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if by.Is(letterlock.Admin) {
		// Before the transaction: a picture takes its time, and mail would wait for it.
		if _, err := brand.ParseID(id); err != nil {
			return err
		}
		var err error
		if c, err = s.check(id, c, s.base(id)); err != nil {
			return err
		}
		if err := s.now.Load().parted(id, c); err != nil {
			return err
		}
		if err := s.opens(ctx, []store.Brand{{ID: id, Changes: c}}); err != nil {
			return err
		}
	}
	return s.write(ctx, by, action, id, told(c), func(tx *store.Tx, list []store.Brand) error {
		if err := may(list); err != nil {
			return err
		}
		if others := len(s.now.Load().ids); id != brand.Default && at(list, id) < 0 && others >= MaxBrands {
			return &letterlock.Error{Code: letterlock.TooLarge, Key: tooMany, Err: fmt.Errorf("there are %d brands, as many as there may be", others)}
		}
		_, err := tx.PutBrand(id, c)
		return err
	})
}

// errRefused undoes what a refused change has written: nothing.
var errRefused = errors.New("refused")

// write does what f does to the brands, and records it in the same transaction. What
// cannot be saved is no act, and leaves no entry; what somebody may not is one. The
// caller holds mu.
func (s *Service) write(ctx context.Context, by letterlock.Actor, action, id, reason string, f func(*store.Tx, []store.Brand) error) error {
	var refusal error
	var next *shelf
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		entry := letterlock.Entry{Actor: by, Action: action}
		if !by.Is(letterlock.Admin) {
			refusal = &letterlock.Error{Code: letterlock.Denied, Key: notAdmin}
			entry.Reason = notAdmin
			return tx.Audit(entry)
		}
		list, err := tx.Brands()
		if err != nil {
			return err
		}
		if refusal = f(tx, list); refusal != nil {
			return errRefused
		}
		if list, err = tx.Brands(); err != nil {
			return err
		}
		// Before it is kept: what cannot be shelved would keep the next start from working.
		if next, err = s.shelve(list); err != nil {
			return err
		}
		entry.Target, entry.Reason, entry.Allowed = id, reason, true
		return tx.Audit(entry)
	})
	if err != nil && !errors.Is(err, errRefused) {
		return err
	}
	if refusal == nil {
		s.now.Store(next)
	}
	return refusal
}

// told is what the audit log says of a brand: its fields, and of the logo that it has one.
// Entries are kept short, and the brand itself is in the database: texts are cut as far as
// it takes, so that each field is named.
func told(c brand.Changes) string {
	const most = 2000
	for long := most; ; long /= 2 {
		words := map[brand.Field]string{}
		for field, value := range c {
			if field == brand.Logo && value != "" {
				value = fmt.Sprintf("%d bytes", len(value))
			}
			if r := []rune(value); len(r) > long {
				value = string(r[:long]) + "…"
			}
			words[field] = value
		}
		b, err := json.Marshal(words)
		if err != nil {
			return "" // never: these are strings
		}
		if utf8.RuneCount(b) <= most || long == 0 {
			return string(b)
		}
	}
}
