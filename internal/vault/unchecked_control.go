//go:build control

package vault

import "letterlock/internal/store"

// Unchecked returns the key under the name of the sender's copy, which no
// revocation takes away.
func (k Key) Unchecked() Key {
	k.holder = store.SenderCopy
	return k
}
