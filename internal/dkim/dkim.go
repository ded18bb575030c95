package dkim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// A Service signs mail, and changes the keys that it signs with. Create it with Open;
// it is safe for concurrent use.
type Service struct {
	Domain string // that signs: of the address that notifications are from
	Off    bool   // no mail is signed, whatever keys there are
	// Lookup asks the DNS for the TXT records of a name.
	Lookup func(ctx context.Context, name string) ([]string, error)
	// Backup is the folder that gets a copy of the keys whenever they change; empty: none.
	Backup string

	db    *store.DB
	files seal.Files
	mu    sync.Mutex // guards the keys and their file
	keys  []Key      // the oldest first; replaced as a whole
	spent []spent    // likewise
}

// Open reads the keys. Those that are there and cannot be read are an error: mail that
// leaves unsigned from then on ends among spam, and nobody would know why.
func Open(files seal.Files, db *store.DB) (*Service, error) {
	s := &Service{db: db, files: files}
	b, err := files.DKIM()
	if err == nil {
		s.keys, s.spent, err = decode(b)
	}
	return s, err
}

// Read returns the keys, the oldest first.
func Read(files seal.Files) ([]Key, error) {
	b, err := files.DKIM()
	if err != nil {
		return nil, err
	}
	keys, _, err := decode(b)
	return keys, err
}

// most is how many keys there are at the same time.
const most = 8

var (
	errRole       = &letterlock.Error{Code: letterlock.Denied, Key: "role"}
	errNoKey      = &letterlock.Error{Code: letterlock.NotFound, Key: "no-dkim-key"}
	errSelector   = &letterlock.Error{Code: letterlock.Invalid, Key: "dkim-selector"}
	errTaken      = &letterlock.Error{Code: letterlock.Invalid, Key: "dkim-selector-taken"}
	errMany       = &letterlock.Error{Code: letterlock.Invalid, Key: "dkim-many"}
	errAlone      = &letterlock.Error{Code: letterlock.Invalid, Key: "dkim-alone"}
	errSigns      = &letterlock.Error{Code: letterlock.Invalid, Key: "dkim-signs"}
	errSettles    = &letterlock.Error{Code: letterlock.Invalid, Key: "dkim-settles"}
	errNoRecord   = &letterlock.Error{Code: letterlock.Invalid, Key: "dkim-no-record"}
	errRecord     = &letterlock.Error{Code: letterlock.Invalid, Key: "dkim-record"}
	errNoDNS      = &letterlock.Error{Code: letterlock.Busy, Key: "dkim-dns"}
	errAlgorithms = &letterlock.Error{Code: letterlock.Invalid, Key: "dkim-algorithm"}
)

// List returns all keys, the oldest first.
func (s *Service) List(by letterlock.Actor) ([]Key, error) {
	if !by.Is(letterlock.Admin) {
		return nil, errRole
	}
	return slices.Clone(s.all()), nil
}

func (s *Service) all() []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys
}

// active are the keys that sign.
func (s *Service) active() (list []Key) {
	for _, k := range s.all() {
		if k.State() == Active {
			list = append(list, k)
		}
	}
	return list
}

// Add makes a key, which signs nothing yet. An empty selector is one made of the date.
func (s *Service) Add(ctx context.Context, by letterlock.Actor, a Algorithm, selector string) (k Key, err error) {
	if a != RSA && a != Ed25519 {
		return k, errAlgorithms
	}
	if selector != "" && !validSelector(selector) {
		return k, errSelector
	}
	secret, err := newSecret(a)
	if err != nil {
		return k, err
	}
	err = s.change(ctx, by, "add DKIM key", func(keys []Key, now time.Time) ([]Key, string, error) {
		if selector == "" {
			selector = s.freeSelector(keys, now)
		}
		switch {
		case s.taken(keys, selector, now):
			return nil, selector, errTaken
		case len(keys) >= most:
			return nil, selector, errMany
		}
		k = Key{Selector: selector, Algorithm: a, Made: now, secret: secret}
		return append(keys, k), selector, nil
	})
	return k, err
}

// freeSelector is a selector that says when its key was made, which nobody needs, and
// which is told apart from every other one, which is what matters.
func (s *Service) freeSelector(keys []Key, now time.Time) string {
	day := "ll" + now.UTC().Format("20060102")
	selector := day
	for n := 2; s.taken(keys, selector, now); n++ {
		selector = fmt.Sprintf("%s-%d", day, n)
	}
	return selector
}

// taken reports whether a selector is that of a key, or of one that was retired lately:
// receivers remember the record of that one, and would check with it what another signs.
func (s *Service) taken(keys []Key, selector string, now time.Time) bool {
	return find(keys, selector) >= 0 || slices.ContainsFunc(s.spent, func(one spent) bool { return one.Selector == selector && one.lately(now) })
}

func (one spent) lately(now time.Time) bool { return now.Sub(one.Retired) < remembered }

// spentWith returns the selectors that are spent when other keys take the place of ours.
func (s *Service) spentWith(keys []Key, now time.Time) (list []spent) {
	for _, one := range s.spent {
		if one.lately(now) {
			list = append(list, one)
		}
	}
	for _, k := range s.keys {
		if find(keys, k.Selector) < 0 {
			list = append(list, spent{k.Selector, now})
		}
	}
	return list[max(0, len(list)-maxSpent):]
}

// maxSpent is how many selectors are remembered: the file is bounded.
const maxSpent = 50

func find(keys []Key, selector string) int {
	return slices.IndexFunc(keys, func(k Key) bool { return k.Selector == selector })
}

// Activate makes a key sign whatever leaves from now on, in place of the one of its
// algorithm that did. A former key comes back that way. Its record must be in the DNS,
// unless unchecked: for a DNS that looks different from here than from outside.
func (s *Service) Activate(ctx context.Context, by letterlock.Actor, selector string, unchecked bool) (k Key, err error) {
	if !by.Is(letterlock.Admin) {
		return k, errRole
	}
	i := find(s.all(), selector)
	if i < 0 {
		return k, errNoKey
	}
	if !unchecked {
		if err := Published(ctx, s.Lookup, s.Domain, s.all()[i]); err != nil {
			return k, err
		}
	}
	err = s.change(ctx, by, "activate DKIM key", func(keys []Key, now time.Time) ([]Key, string, error) {
		i := find(keys, selector)
		if i < 0 {
			return nil, selector, errNoKey
		}
		k = keys[i]
		if k.Algorithm != RSA && !slices.ContainsFunc(keys, func(k Key) bool { return k.Algorithm == RSA && k.State() == Active }) {
			return nil, selector, errAlone
		}
		for j := range keys {
			if j != i && keys[j].Algorithm == k.Algorithm && keys[j].State() == Active {
				keys[j].Replaced = now
			}
		}
		if k.State() != Active {
			k.Activated, k.Replaced = now, time.Time{}
		}
		keys[i] = k
		return keys, selector, nil
	})
	return k, err
}

// Retire destroys a key that signs nothing. Of one that did, what it has signed may
// still be on its way: it is refused until that has settled, unless early.
func (s *Service) Retire(ctx context.Context, by letterlock.Actor, selector string, early bool) (k Key, err error) {
	err = s.change(ctx, by, "retire DKIM key", func(keys []Key, now time.Time) ([]Key, string, error) {
		i := find(keys, selector)
		if i < 0 {
			return nil, selector, errNoKey
		}
		k = keys[i]
		switch {
		case k.State() == Active:
			return nil, selector, errSigns
		case k.State() == Former && now.Before(k.Until()) && !early:
			return nil, selector, errSettles
		}
		return slices.Delete(keys, i, i+1), selector, nil
	})
	return k, err
}

// change changes the keys and their file. f gets a copy and returns the selector that
// it is about. The entry of the audit log comes first: a crash between the two leaves
// an entry of something that was not done, which doing it again puts right; the other
// way round a key would sign of which no entry tells. Last comes the copy of the keys; if
// it cannot be made, all the rest was done, the error is Busy "dkim-backup", and the next
// rotation of the keyring makes it.
func (s *Service) change(ctx context.Context, by letterlock.Actor, action string, f func(keys []Key, now time.Time) ([]Key, string, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []Key
	var selectors []spent
	var refusal error
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		entry := letterlock.Entry{Actor: by, Action: action}
		if refusal = errRole; by.Is(letterlock.Admin) {
			keys, entry.Target, refusal = f(slices.Clone(s.keys), tx.Now)
			selectors = s.spentWith(keys, tx.Now)
		}
		if entry.Allowed = refusal == nil; !entry.Allowed {
			entry.Reason = letterlock.KeyOf(refusal)
		}
		return tx.Audit(entry)
	})
	if err := errors.Join(err, refusal); err != nil {
		return err
	}
	b, err := encode(keys, selectors)
	if err != nil {
		return err
	}
	if err := s.files.PutDKIM(b); err != nil {
		return err
	}
	s.keys, s.spent = keys, selectors
	if s.Backup == "" {
		return nil
	}
	if err := s.files.CopyDKIM(s.Backup); err != nil {
		return &letterlock.Error{Code: letterlock.Busy, Key: "dkim-backup", Err: fmt.Errorf("copying the DKIM keys to their backup: %w", err)}
	}
	return nil
}
