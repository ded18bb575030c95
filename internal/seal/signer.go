package seal

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
)

// A Signer signs what others are to check without asking us: checkpoints of the
// audit log, and statements about it. It prints as a mask.
type Signer struct{ seed secret }

func (Signer) String() string       { return "[key]" }
func (Signer) GoString() string     { return "[key]" }
func (Signer) LogValue() slog.Value { return slog.StringValue("[key]") }

// NewSigner returns a Signer with a fresh key that is in no file.
func NewSigner() Signer { return Signer{newSecret()} }

// Public returns the key that its signatures are checked with.
func (s Signer) Public() ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(s.seed[:]).Public().(ed25519.PublicKey)
}

// Sign signs a text for one purpose, with Ed25519. Without the purpose in front, a
// signature under one kind of text could be shown under another that happens to
// have the same bytes.
func (s Signer) Sign(purpose string, text []byte) []byte {
	return ed25519.Sign(ed25519.NewKeyFromSeed(s.seed[:]), signed(purpose, text))
}

// Signed reports whether Sign made the signature for that purpose and text, with
// the key that public belongs to.
func Signed(public ed25519.PublicKey, purpose string, text, signature []byte) bool {
	return len(public) == ed25519.PublicKeySize && ed25519.Verify(public, signed(purpose, text), signature)
}

// signed is what the signature is about: a line that says what it is, and the text.
func signed(purpose string, text []byte) []byte {
	return append([]byte("letterlock/v1/"+purpose+"\n"), text...)
}

// Signer opens the key that signs the audit log. lives says that the database
// knows such a key already: then a missing one was lost, and one in its place
// would sign whatever somebody made of the log meanwhile. Otherwise the key is
// made if it is not there, which is on a first start, and on the first of an
// installation that is older than its audit key.
func (f Files) Signer(lives bool) (Signer, error) {
	if !lives {
		if _, err := createSecret(f.audit()); err != nil && !errors.Is(err, fs.ErrExist) {
			return Signer{}, fmt.Errorf("audit key: %w", err)
		}
	}
	seed, err := readSecret(f.audit())
	if errors.Is(err, fs.ErrNotExist) {
		return Signer{}, fmt.Errorf("the file %s is missing: restore it from its backup; "+
			"the audit log of this installation is signed with it", f.audit())
	}
	if err != nil {
		return Signer{}, fmt.Errorf("audit key: %w", err)
	}
	return Signer{seed}, nil
}

// LookSigner says whether the audit key is there, and what is wrong with it.
func (f Files) LookSigner() (there bool, err error) {
	_, err = readSecret(f.audit())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return true, err
}
