package vault

import (
	"encoding/json"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

// A Passphrase is what is kept of the passphrase of a message.
type Passphrase struct {
	Hash string `json:"hash"`           // argon2id, as a PHC string
	Hint string `json:"hint,omitempty"` // for whoever has proved the mailbox
}

// SealPassphrase encrypts what is kept of a passphrase: the database alone is nothing to
// guess at.
func SealPassphrase(p seal.Pepper, message letterlock.ID, w Passphrase) []byte {
	b, err := json.Marshal(w)
	if err != nil {
		panic("vault: internal error: " + err.Error()) // it is two texts
	}
	return p.Seal("passphrase", string(message), b)
}

// OpenPassphrase decrypts what SealPassphrase made for the same message.
func OpenPassphrase(p seal.Pepper, message letterlock.ID, sealed []byte) (w Passphrase, err error) {
	b, err := p.Open("passphrase", string(message), sealed)
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal(b, &w)
}
