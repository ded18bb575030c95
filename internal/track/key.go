package track

import (
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Key says what has become of somebody's key to a message.
type Key struct {
	Epoch uint32    // of the keyring, under which it is wrapped, or was last; 0: not known to have been
	Live  bool      // it is there
	Gone  time.Time // since when nothing on the disk is left of it that can be opened; zero: something is, or it is there
}

// keysOf returns the states of the keys to a message.
func keysOf(tx *store.Tx, id letterlock.ID) (map[letterlock.ID]Key, error) {
	list, err := tx.KeyStates(id)
	all := make(map[letterlock.ID]Key, len(list))
	for _, k := range list {
		holder := letterlock.ID(k.Holder)
		if k.Holder == store.SenderCopy {
			holder = ""
		}
		all[holder] = Key{Epoch: k.Epoch, Live: k.Live, Gone: k.Destroyed}
	}
	return all, err
}
