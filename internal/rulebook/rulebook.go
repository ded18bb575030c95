// Package rulebook keeps the rules of the administrators: who may change them, in
// which order they stand, and what holds for the next mail.
//
// Its one invariant: whatever it has saved can be applied. A rule that cannot be, or
// that contradicts itself, is refused when somebody wants to save it.
package rulebook

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
	"letterlock/internal/store"
)

// A Service keeps the rules. It is safe for concurrent use.
type Service struct {
	DB      *store.DB
	Brand   func(id string) bool // whether there is a brand of that name; nil: any
	MaxSize int64                // bytes that a mail may have, so that a rule for larger ones never matches; 0: nobody knows

	mu  sync.Mutex
	set *rule.Set // the newest that was read; nil: none was
}

// Keys of refusals.
const (
	notAdmin      = "not-administrator"
	noRule        = "no-rule"
	changed       = "rule-changed"
	othersChanged = "rules-changed"
	tooMany       = "rules"
	same          = "rule-name"
	atEnd         = "rule-at-end"
)

// A Faulty is the refusal to save a rule, and says why. It is Invalid "rule".
type Faulty struct{ Problems []rule.Problem }

func (*Faulty) Error() string { return "a rule that cannot be applied" }

// Unwrap yields Invalid.
func (*Faulty) Unwrap() error { return &letterlock.Error{Code: letterlock.Invalid, Key: "rule"} }

// Set returns the rules that hold, ready to be applied. They are read anew only if
// the newest known have the version not: whoever stores a mail sees whether it was
// judged by the rules that hold, and asks for others if it was not.
func (s *Service) Set(ctx context.Context, not int64) (*rule.Set, error) {
	s.mu.Lock()
	known := s.set
	s.mu.Unlock()
	if known != nil && known.Version != not {
		return known, nil
	}
	var set *rule.Set
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		version, list, err := tx.Rules()
		if err != nil {
			return err
		}
		set, err = rule.NewSet(version, list)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set == nil || s.set.Version < set.Version {
		s.set = set
	}
	return set, nil
}

// List returns all rules in their order, for an administrator.
func (s *Service) List(ctx context.Context, by letterlock.Actor) (list []rule.Rule, err error) {
	_, list, err = s.Now(ctx, by)
	return list, err
}

// Now is List with the version of all rules together, which says in Up and Down what
// order somebody has seen.
func (s *Service) Now(ctx context.Context, by letterlock.Actor) (version int64, list []rule.Rule, err error) {
	if !mayKeep(by) {
		return 0, nil, &letterlock.Error{Code: letterlock.Denied, Key: notAdmin}
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error { version, list, err = tx.Rules(); return err })
	return version, list, err
}

// Rule returns one of them, or NotFound.
func (s *Service) Rule(ctx context.Context, by letterlock.Actor, id letterlock.ID) (rule.Rule, error) {
	list, err := s.List(ctx, by)
	if err != nil {
		return rule.Rule{}, err
	}
	i := at(list, id)
	if i < 0 {
		return rule.Rule{}, &letterlock.Error{Code: letterlock.NotFound, Key: noRule}
	}
	return list[i], nil
}

func mayKeep(by letterlock.Actor) bool {
	return by.Is(letterlock.Admin)
}

func at(list []rule.Rule, id letterlock.ID) int {
	return slices.IndexFunc(list, func(r rule.Rule) bool { return r.ID == id })
}

// Add saves a new rule behind all others and returns its ID. [Faulty]: it cannot be
// applied. Invalid "rule-name": another has its name. TooLarge "rules": there are as
// many as there may be.
func (s *Service) Add(ctx context.Context, by letterlock.Actor, r rule.Rule) (letterlock.ID, error) {
	r.ID, r.Version = letterlock.NewID(), 0
	return r.ID, s.change(ctx, by, "add rule", func(_ int64, list []rule.Rule) ([]rule.Rule, rule.Rule, error) {
		if len(list) >= rule.MaxRules {
			return nil, r, &letterlock.Error{Code: letterlock.TooLarge, Key: tooMany}
		}
		return append(list, r), r, s.check(list, r)
	})
}

// Change replaces a rule that the administrator has seen in its Version. Invalid
// "rule-changed": somebody has changed it since. Otherwise the errors are those of
// Add, and NotFound.
func (s *Service) Change(ctx context.Context, by letterlock.Actor, r rule.Rule) error {
	return s.changeSeen(ctx, by, r.ID, r.Version, "change rule", func(list []rule.Rule, i int) error {
		r.Version = 0
		list[i] = r
		return s.check(list, r)
	})
}

// Enable has a rule hold from the next mail on that the administrator has seen in that
// version. Invalid "rule-changed": somebody has changed it since.
func (s *Service) Enable(ctx context.Context, by letterlock.Actor, id letterlock.ID, seen int64) error {
	return s.changeSeen(ctx, by, id, seen, "enable rule", func(list []rule.Rule, i int) error {
		list[i].Enabled, list[i].Version = true, 0
		return s.check(list, list[i])
	})
}

// Disable keeps a rule and does not apply it any more; otherwise it is as Enable.
func (s *Service) Disable(ctx context.Context, by letterlock.Actor, id letterlock.ID, seen int64) error {
	return s.changeSeen(ctx, by, id, seen, "disable rule", func(list []rule.Rule, i int) error {
		list[i].Enabled, list[i].Version = false, 0
		return nil
	})
}

// Up moves a rule before the one that stands before it. The administrator has seen the
// rules in that version of all of them together: Invalid "rules-changed" if there is
// another, for the rule before it may be one that they know nothing of. Invalid
// "rule-at-end": there is none.
func (s *Service) Up(ctx context.Context, by letterlock.Actor, id letterlock.ID, seen int64) error {
	return s.move(ctx, by, id, seen, -1)
}

// Down moves it behind the one after it.
func (s *Service) Down(ctx context.Context, by letterlock.Actor, id letterlock.ID, seen int64) error {
	return s.move(ctx, by, id, seen, 1)
}

func (s *Service) move(ctx context.Context, by letterlock.Actor, id letterlock.ID, seen int64, step int) error {
	return s.changeOne(ctx, by, id, "move rule", func(version int64, list []rule.Rule, i int) error {
		if version != seen {
			return &letterlock.Error{Code: letterlock.Invalid, Key: othersChanged}
		}
		to := i + step
		if to < 0 || to >= len(list) {
			return &letterlock.Error{Code: letterlock.Invalid, Key: atEnd}
		}
		list[i], list[to] = list[to], list[i]
		return nil
	})
}

// Delete removes a rule that the administrator has seen in that version. Invalid
// "rule-changed": somebody has changed it since.
func (s *Service) Delete(ctx context.Context, by letterlock.Actor, id letterlock.ID, seen int64) error {
	return s.change(ctx, by, "delete rule", func(_ int64, list []rule.Rule) ([]rule.Rule, rule.Rule, error) {
		i := at(list, id)
		if i < 0 {
			return nil, rule.Rule{ID: id}, &letterlock.Error{Code: letterlock.NotFound, Key: noRule}
		}
		gone := list[i]
		if gone.Version != seen {
			return nil, gone, &letterlock.Error{Code: letterlock.Invalid, Key: changed}
		}
		return slices.Delete(list, i, i+1), gone, nil
	})
}

// changeSeen is changeOne of a rule that is still as it was seen.
func (s *Service) changeSeen(ctx context.Context, by letterlock.Actor, id letterlock.ID, seen int64, action string, f func(list []rule.Rule, i int) error) error {
	return s.changeOne(ctx, by, id, action, func(_ int64, list []rule.Rule, i int) error {
		if list[i].Version != seen {
			return &letterlock.Error{Code: letterlock.Invalid, Key: changed}
		}
		return f(list, i)
	})
}

func (s *Service) changeOne(ctx context.Context, by letterlock.Actor, id letterlock.ID, action string, f func(version int64, list []rule.Rule, i int) error) error {
	return s.change(ctx, by, action, func(version int64, list []rule.Rule) ([]rule.Rule, rule.Rule, error) {
		i := at(list, id)
		if i < 0 {
			return nil, rule.Rule{ID: id}, &letterlock.Error{Code: letterlock.NotFound, Key: noRule}
		}
		was := list[i]
		err := f(version, list, i)
		if action == "change rule" && err == nil {
			was = list[i]
		}
		return list, was, err
	})
}

// change decides on a change of the rules, and records it in the same transaction,
// whether it was allowed or not. f is given the version of all of them, gives the rules
// as they are to be, and which of them it is about.
func (s *Service) change(ctx context.Context, by letterlock.Actor, action string, f func(int64, []rule.Rule) ([]rule.Rule, rule.Rule, error)) error {
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		entry := letterlock.Entry{Actor: by, Action: action}
		if !mayKeep(by) {
			refusal = &letterlock.Error{Code: letterlock.Denied, Key: notAdmin}
			entry.Reason = notAdmin
			return tx.Audit(entry)
		}
		version, list, err := tx.Rules()
		if err != nil {
			return err
		}
		list, about, err := f(version, list)
		if refusal = err; refusal != nil {
			return nil // what cannot be saved is no act, and leaves no entry
		}
		entry.Target, entry.Reason, entry.Allowed = about.Name, told(action, about, list), true
		if _, err := tx.PutRules(list); err != nil {
			return err
		}
		return tx.Audit(entry)
	})
	if err != nil {
		return err
	}
	if refusal == nil {
		s.mu.Lock()
		s.set = nil // the next mail is judged by what is there now
		s.mu.Unlock()
	}
	return refusal
}

// check refuses a rule that cannot be applied, and one that has another's name.
func (s *Service) check(list []rule.Rule, r rule.Rule) error {
	problems := rule.Check(r)
	if s.MaxSize > 0 && r.When.LargerThan >= s.MaxSize {
		problems = append(problems, rule.Problem{Field: "size", Key: rule.NeverMatches})
	}
	if s.Brand != nil && r.Then.Brand != "" && !s.Brand(r.Then.Brand) {
		problems = append(problems, rule.Problem{Field: "brand", Key: rule.Unknown})
	}
	if len(problems) > 0 {
		return &Faulty{Problems: problems}
	}
	for _, other := range list {
		if other.ID != r.ID && strings.EqualFold(other.Name, r.Name) { // names are for people, and decide nothing
			return &letterlock.Error{Code: letterlock.Invalid, Key: same, Err: errors.New("another rule has this name")}
		}
	}
	return nil
}
