package passcode

import (
	"errors"
	"strings"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Fate is how it stands with the mail with a passcode, as far as whoever waits for it
// may know: nothing that a server has said is in it.
type Fate int

const (
	Unknown Fate = iota
	Leaving      // it is about to be tried for the first time
	Trying       // it was tried in vain, and will be again
	Handed       // a server has taken it
	Delayed      // one has, and says that it cannot pass it on yet
	Refused      // it is not tried any more
)

// Mail is the newest mail with a passcode.
type Mail struct {
	Fate Fate
	// At is when it was handed over or given up, or when it is tried next; zero: that is
	// not known, or it is being tried now.
	At time.Time
	// First is that no other mail had this passcode: before it is handed over, nobody can
	// have anything to enter.
	First bool
}

// mail says what has become of the mail with a browser's passcode.
func (s *Service) mail(tx *store.Tx, recipient letterlock.ID, browser string, p store.Passcode) (Mail, error) {
	m, err := tx.PasscodeMail(recipient, s.browserKey(browser))
	if errors.Is(err, letterlock.NotFound) { // it was sent before an upgrade
		return Mail{}, nil
	}
	return Mail{Fate: fate(m), At: moment(m), First: p.Sent.Equal(p.Created)}, err
}

func fate(m store.PasscodeMail) Fate {
	switch {
	case m.Outcome == store.Sent && strings.HasPrefix(m.Reply, letterlock.FurtherOn):
		return Delayed
	case m.Outcome == store.Sent:
		return Handed
	case m.Outcome == store.Failed:
		return Refused
	case m.Outcome != "":
		return Unknown
	case m.Answered == 0:
		return Leaving
	}
	return Trying
}

func moment(m store.PasscodeMail) time.Time {
	switch fate(m) {
	case Handed, Delayed, Refused:
		return m.Done
	case Trying:
		if m.Attempts == m.Answered { // else it is being tried: what is due is the end of its lease
			return m.Due
		}
	}
	return time.Time{}
}
