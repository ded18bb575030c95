package policy

import (
	"time"

	"letterlock/internal/letterlock"
)

// IsRevocable reports whether an administrator could still remove somebody's
// access to m. An expired recipient counts: expiry is undone by nobody, but a
// revocation says that somebody decided. Pages, API and command line all say it so.
func IsRevocable(m letterlock.Message, all []letterlock.Recipient) bool {
	return !m.Destroyed && countRevoked(all) < countLinks(all)
}

// Revoked reports whether every recipient with a link has lost access because
// somebody removed it. Where nobody got a link nothing was removed, and destruction
// is an end of its own.
func Revoked(m letterlock.Message, all []letterlock.Recipient) bool {
	return !m.Destroyed && countLinks(all) > 0 && countRevoked(all) == countLinks(all)
}

// StateOf is what has become of m by now, in one word for all its recipients:
// revoked only when all with a link are, and live where nobody got one, for what
// was delivered inline does not end.
func StateOf(m letterlock.Message, all []letterlock.Recipient, now time.Time) letterlock.State {
	switch {
	case m.Destroyed:
		return letterlock.Destroyed
	case Revoked(m, all):
		return letterlock.Revoked
	case m.Ended(now) && countLinks(all) > 0:
		return letterlock.Expired
	}
	return letterlock.Live
}

func countRevoked(all []letterlock.Recipient) (n int) {
	for _, r := range all {
		if r.Experience == letterlock.Link && r.Revocation.Revoked() {
			n++
		}
	}
	return n
}
