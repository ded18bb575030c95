//go:build control

package access

import "letterlock/internal/vault"

const checked = false

// keyFor returns a key whose chunks are read whatever becomes of its holder.
func keyFor(k vault.Key) vault.Key { return k.Unchecked() }
