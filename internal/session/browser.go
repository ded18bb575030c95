package session

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Browsers are those in which a reader need not prove their mailbox anew. A
// browser is known by a random id in a cookie, of which the database has the hash;
// it is remembered for each address apart. It is safe for concurrent use.
type Browsers struct {
	DB *store.DB
	// Lasts is how long a browser is remembered after a mailbox was proved in it. 0:
	// no browser is, those of before included.
	Lasts time.Duration
	// Vouches is as that of a [Service]: a browser that is remembered for the word of
	// another provider is not.
	Vouches func(provider string) bool
}

// A Browser is one that is remembered, as its owner sees it.
type Browser struct {
	ID      letterlock.ID
	Agent   string // browser family; empty: not known
	Created time.Time
	Seen    time.Time
	Expires time.Time
	Here    bool // it is the one that asks
}

// mostListed is how many browsers a list shows.
const mostListed = 100

var errUnknown = &letterlock.Error{Code: letterlock.NotFound}

// Remember remembers the browser of somebody who has just proved their mailbox. It
// returns the id that its cookie is to hold from now on: a new one each time, so
// that an id that somebody else has put there gains nothing. What the old one
// stands for goes with it.
func (s *Browsers) Remember(ctx context.Context, by letterlock.Actor, old string) (id string, err error) {
	if s.Lasts <= 0 || !owns(by) || by.Address == "" {
		return "", &letterlock.Error{Code: letterlock.Denied}
	}
	id = newID()
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		if len(old) == idLength {
			if err := tx.RenameBrowser(hash(old), hash(id)); err != nil {
				return err
			}
		}
		b := store.Browser{ID: letterlock.NewID(), Hash: hash(id), Address: by.Address, Agent: by.Agent, Proof: by.Proof, Expires: tx.Now.Add(s.Lasts)}
		return errors.Join(tx.PutBrowser(b),
			tx.Audit(letterlock.Entry{Actor: by, Action: "remember browser", Target: string(by.Address), Allowed: true}))
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// Known reports whether the browser with that id is remembered for an address. It
// changes nothing.
func (s *Browsers) Known(ctx context.Context, id string, a letterlock.Address) (known bool, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		_, err := s.find(tx, id, a)
		return err
	})
	if errors.Is(err, letterlock.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Called is how the user of a remembered browser wanted to be known last, with that
// address; empty: they have not said, or it is not remembered.
func (s *Browsers) Called(ctx context.Context, id string, a letterlock.Address) (called string, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		b, err := s.find(tx, id, a)
		called = b.Called
		return err
	})
	if errors.Is(err, letterlock.NotFound) {
		return "", nil
	}
	return called, err
}

// Call keeps with a browser, if it is remembered for the address of a reader, how they want
// to be known. It is offered to them in their next session, and counts in none.
func (s *Browsers) Call(ctx context.Context, by letterlock.Actor, id, called string) error {
	if !owns(by) {
		return nil
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		b, err := s.find(tx, id, by.Address)
		if err != nil {
			return err
		}
		return tx.CallBrowser(b.ID, called)
	})
	if errors.Is(err, letterlock.NotFound) {
		return nil
	}
	return err
}

// Prove accepts a remembered browser as proof of an address, in the place of a
// passcode, or is NotFound. From says where it came from, for the audit log, and
// message whose link is being followed. It returns the proof with which the session is
// to begin: that ends when the browser would not be accepted any more.
func (s *Browsers) Prove(ctx context.Context, id string, a letterlock.Address, message letterlock.ID, from letterlock.Actor) (p letterlock.Proof, err error) {
	by := letterlock.Actor{Kind: letterlock.Reader, Address: a, Proof: letterlock.ByBrowser, IP: from.IP, Agent: from.Agent}
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		b, err := s.find(tx, id, a)
		if err != nil {
			return err
		}
		p = b.Proof.Remembered()
		return errors.Join(tx.TouchBrowser(b.ID),
			tx.Audit(letterlock.Entry{Actor: by, Action: "prove mailbox by browser", Message: message, Target: string(a), Allowed: true}))
	})
	return p, err
}

// find returns what still counts of a browser for an address, or NotFound.
func (s *Browsers) find(tx *store.Tx, id string, a letterlock.Address) (store.Browser, error) {
	if len(id) != idLength || a == "" {
		return store.Browser{}, errUnknown
	}
	b, err := tx.Browser(hash(id), a)
	if err == nil && !s.counts(b, tx.Now) {
		err = errUnknown
	}
	return b, err
}

// counts reports whether a browser is still remembered. A shorter time than was
// promised holds at once, and so does that a provider has gone.
func (s *Browsers) counts(b store.Browser, now time.Time) bool {
	return now.Before(s.end(b)) && holds(b.Proof, s.Vouches)
}

func (s *Browsers) end(b store.Browser) time.Time {
	if end := b.Created.Add(s.Lasts); end.Before(b.Expires) {
		return end
	}
	return b.Expires
}

// owns reports whether the browsers of an address are those of whoever asks: a release
// code has proved no mailbox.
func owns(by letterlock.Actor) bool { return by.Kind == letterlock.Reader && by.Within("") }

// List returns the browsers that are remembered for whoever asks, from the one
// whose cookie holds the id.
func (s *Browsers) List(ctx context.Context, by letterlock.Actor, id string) (list []Browser, err error) {
	if !owns(by) {
		return nil, &letterlock.Error{Code: letterlock.Denied}
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Browsers(by.Address, mostListed)
		for _, b := range all {
			if s.counts(b, tx.Now) {
				here := len(id) == idLength && string(b.Hash) == string(hash(id))
				list = append(list, Browser{ID: b.ID, Agent: b.Agent, Created: b.Created, Seen: b.Seen, Expires: s.end(b), Here: here})
			}
		}
		return err
	})
	return list, err
}

// Forget forgets one browser of whoever asks, and ends what they read elsewhere: no
// session says in which browser it began, and who forgets one has perhaps lost it.
// Only the session with the id here stays. Forgetting a browser that is not there, or
// that is somebody else's, does nothing and is no error.
func (s *Browsers) Forget(ctx context.Context, by letterlock.Actor, here string, browser letterlock.ID) error {
	if !owns(by) {
		return &letterlock.Error{Code: letterlock.Denied}
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		was, err := tx.ForgetBrowser(browser, by.Address)
		if err != nil || !was {
			return err
		}
		if err := tx.EndOtherSessions(letterlock.Reader, by.Address, hash(here)); err != nil {
			return err
		}
		if err := tx.Journal(journal.Entry{Act: journal.Visits}); err != nil {
			return err
		}
		return tx.Audit(letterlock.Entry{Actor: by, Action: "forget browser", Target: string(by.Address), Allowed: true})
	})
}

// ForgetOf forgets all browsers that are remembered for an address, for an administrator,
// and ends its sessions: one of them may go on where the browser is. It returns how many
// were remembered. Denied is in the audit log, as what was done is.
func (s *Browsers) ForgetOf(ctx context.Context, by letterlock.Actor, a letterlock.Address) (n int, err error) {
	var refusal error
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		e := letterlock.Entry{Actor: by, Action: "forget browsers of recipient", Target: string(a), Allowed: true}
		if !by.Is(letterlock.Admin) {
			refusal = &letterlock.Error{Code: letterlock.Denied, Key: "not-administrator"}
			e.Allowed, e.Reason = false, letterlock.KeyOf(refusal)
			return tx.Audit(e)
		}
		var err error
		if n, err = tx.CountBrowsers(a); err != nil {
			return err
		}
		return errors.Join(tx.ForgetBrowsers(a), tx.EndSessions(letterlock.Reader, a), tx.Journal(journal.Entry{Act: journal.Visits}), tx.Audit(e))
	})
	if err == nil {
		err = refusal
	}
	return n, err
}

// ForgetAll forgets all browsers of whoever asks, and ends sessions as Forget does.
func (s *Browsers) ForgetAll(ctx context.Context, by letterlock.Actor, here string) error {
	if !owns(by) {
		return &letterlock.Error{Code: letterlock.Denied}
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.ForgetBrowsers(by.Address), tx.EndOtherSessions(letterlock.Reader, by.Address, hash(here)), tx.Journal(journal.Entry{Act: journal.Visits}),
			tx.Audit(letterlock.Entry{Actor: by, Action: "forget all browsers", Target: string(by.Address), Allowed: true}))
	})
}
