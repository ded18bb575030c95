package vouch

import (
	"encoding/hex"
	"errors"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// unbound is the entry of the revocation journal that says that an address was unbound. The
// journal names nobody who reads: here by a keyed hash, as what it is about.
func (s *Service) unbound(a letterlock.Address, provider string) journal.Entry {
	return journal.Entry{Act: journal.Binding, Name: provider, With: letterlock.ID(hex.EncodeToString(s.Pepper.Hash("binding", string(a))))}
}

// Replay undoes the bindings that an entry of the revocation journal says were undone since
// the backup, in the transaction that a start does such entries in. It reports whether there
// were any. Nobody is signed in then, nor is a browser remembered.
func (s *Service) Replay(tx *store.Tx, e journal.Entry) (changed bool, err error) {
	all, err := tx.BoundAddresses()
	for _, a := range all {
		if s.unbound(a, e.Name).With != e.With {
			continue
		}
		n, err1 := tx.Unbind(a, e.Name)
		err = errors.Join(err, err1)
		if n > 0 {
			changed = true
			err = errors.Join(err, tx.Audit(letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.System}, Action: actForget, Target: string(a),
				Reason: journal.Replayed, Allowed: true}))
		}
	}
	return changed, err
}
