package track

import (
	"slices"
	"strings"

	"letterlock/internal/letterlock"
)

// acts are what the audit log calls what events of recipients tell.
var acts = map[letterlock.EventKind]string{
	letterlock.RevokedEvent: "revoke", letterlock.Restored: "restore", letterlock.DestroyedEvent: "destroy",
}

// By returns who is behind an event of a recipient, and why: a removal of access, its
// return, or the destruction of the message. A recipient keeps the last removal alone;
// the audit log has the others. The zero value: nobody is, or neither knows.
func (d Detail) By(r letterlock.Recipient, e letterlock.Event) letterlock.Revocation {
	if e.Kind == letterlock.RevokedEvent && r.Revocation.At.Equal(e.At) {
		return r.Revocation
	}
	for _, a := range d.Acts {
		if a.Action != acts[e.Kind] || a.At != e.At.Unix() || !slices.Contains(strings.Fields(a.Target), string(r.Mailbox.Address)) {
			continue
		}
		by := letterlock.Revocation{At: e.At, By: letterlock.Mailbox{Name: a.Name, Address: a.Actor}, Standing: letterlock.BySender, Batch: a.Batch, Reason: a.Reason}
		if e.Kind == letterlock.DestroyedEvent || strings.HasPrefix(e.Detail, string(letterlock.ByAdministrator)) {
			by.Standing = letterlock.ByAdministrator
		}
		return by
	}
	return letterlock.Revocation{}
}
